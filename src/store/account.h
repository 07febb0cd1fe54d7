/* account: the tenant's own row. Not here: making one (store/door.h). */
#pragma once
#include "model/access.h"
#include "model/ctx.h"

err account_get(struct ctx *cx, struct account *account);
/* Writes name, locale, time_zone, undo_seconds, reopen_days, settings, mail_channel_id. */
err account_set(struct ctx *cx, const struct account *account);
/* The next value of a number that counts up per account, from 1 ("conversation"). */
err account_count_up(struct ctx *cx, str name, int64_t by, int64_t *first);
