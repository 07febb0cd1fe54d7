/* mail_way: how far mails of ours have come: what became of each recipient, who waits for another
 * try, under which name a relay has sent them. Not here: what that means (care/mail_way.h), the
 * mails themselves (mail.h). Thread: the transaction's. */
#pragma once
#include "db/db.h"
#include "model/conversation.h"
#include "model/ctx.h"

struct mail_way {
    message_id message_id;
    conversation_id conversation_id;
    channel_id channel_id;
    str internet_id;                /* Message-ID without < > */
    str people;                     /* JSON: from, reply_to, to, cc, bcc */
    str recipients;                 /* JSON array: address, state, words; empty = not tried */
    str relay_id;                   /* empty = the relay has left ours, or did not say */
    int64_t first_try_ms, again_ms; /* 0 = nobody had to wait; nobody waits */
};
/* E_NOT_FOUND (no words): the message is no mail of ours. */
err mail_way_get(struct ctx *cx, message_id message, struct mail_way *way);
/* Of ours, by either name; E_NOT_FOUND (no words) without one. */
err mail_way_named(struct ctx *cx, str internet_id, struct mail_way *way);
/* Of ours on that channel in conversations where this address takes part, written since then:
 * newest first, at most 20. */
err mail_way_towards(struct ctx *cx, channel_id channel, str address, int64_t since_ms,
    struct mail_way **ways, ptrdiff_t *n);
/* recipients, relay_id, first_try_ms, again_ms. */
err mail_way_set(struct ctx *cx, const struct mail_way *way);
