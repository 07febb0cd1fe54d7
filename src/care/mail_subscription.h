/* mail_subscription: Amazon SNS asks whether it may post mails to a mailbox: who subscribes an
 * address to a topic has to open a link that SNS posts there. The question stands beside the
 * channel's cursors, for the people who manage channels to see on the mailbox's page, until mails
 * come, somebody puts it aside, or its link is no longer good. Seva opens no such link itself. Not
 * here: what SNS posts (text/sns.h). Thread: the transaction's. */
#pragma once
#include "model/ctx.h"

/* SNS's links are good for two days (API reference, ConfirmSubscription). */
enum { MAIL_SUBSCRIPTION_MS = 48 * 3600 * 1000 };

struct mail_subscription {
    str topic, url; /* url "" = nobody asks */
    int64_t asked_ms;
};
/* The newest question; of an older one its link is gone. */
err mail_subscription_ask(struct ctx *cx, channel_id channel, str topic, str url);
err mail_subscription_get(struct ctx *cx, channel_id channel, struct mail_subscription *asked);
/* Answered, or put aside; *was_asked: there was a question. */
err mail_subscription_end(struct ctx *cx, channel_id channel, bool *was_asked);
