/* automatic: a day of automatic mails, ours that went out and machines' that came in, and where
 * none go for now. Not here: how many are too many (care/automatic_mail.h). Thread: the
 * transaction's. */
#pragma once
#include "db/db.h"
#include "model/ctx.h"

enum automatic_way { AUTOMATIC_OUT, AUTOMATIC_IN };

/* Until the transaction ends, nobody else counts mails with this address (PostgreSQL; one writer on
 * SQLite). */
err automatic_lock(struct ctx *cx, str address);
err automatic_add(
    struct ctx *cx, enum automatic_way way, str address, conversation_id conversation);
/* Those with this address, of this conversation ({0}: address only; address empty: conversation
 * only), at that time or later; counted up to `most`. */
err automatic_count(struct ctx *cx, enum automatic_way way, str address,
    conversation_id conversation, int64_t since_ms, ptrdiff_t most, int64_t *n);

/* No automatic mail until then: to the address wherever it is ({0}), or (address empty) into the
 * conversation. *is_new: there was none. */
err automatic_stop_set(
    struct ctx *cx, str address, conversation_id conversation, int64_t until_ms, bool *is_new);
/* To the address, or into the conversation ({0} = none). */
err automatic_is_stopped(
    struct ctx *cx, str address, conversation_id conversation, bool *is_stopped);

/* Mails before before_ms go, at most max (*removed), and stops that are over. */
err automatic_forget(struct ctx *cx, int64_t before_ms, ptrdiff_t max, int64_t *removed);
