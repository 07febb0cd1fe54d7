/* mail_address: addresses from which something has come back: mails that nobody takes there, and
 * complaints. Not here: when one counts as invalid (care/mail_address.h). Thread: the
 * transaction's. */
#pragma once
#include "db/db.h"
#include "model/ctx.h"

struct mail_address {
    str address; /* folded */
    int64_t bounces;
    bool is_invalid;
    str words;
    int64_t bounced_ms, complained_ms; /* 0 = never */
};
/* E_NOT_FOUND (no words): nothing is known against it. */
err mail_address_get(struct ctx *cx, str address, struct mail_address *row);
err mail_address_set(struct ctx *cx, const struct mail_address *row);
/* Those who take part in a conversation by mail; by address, at most 200. */
err mail_address_list(
    struct ctx *cx, conversation_id conversation, struct mail_address **rows, ptrdiff_t *n);
