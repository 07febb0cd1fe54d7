/* ask: what the jobs that ask networks share (ask.c, listen.c, reconcile.c). See ask.c.
 * Thread: the caller's. */
#pragma once
#include "base/failpoint.h"
#include "care/channel_setup.h"
#include "connector/connector.h"
#include "job/inner.h"
#include "store/channel.h"

/* How the delivery of a look-up is named: its message fills in the one that is stored. */
#define LOOKUP_KEY "lookup:"

/* And what came of asking whose a message is, before it was taken: it is not asked again. */
#define WHOSE_KEY "whose:"

struct asked {
    channel_id channel;
    account_id account;
    source_id source;
    str kind;
    int64_t created_ms; /* the channel */
    const struct connector *connector;
    struct connector_setup setup;
};
/* In a transaction. E_NOT_FOUND (no words): the channel has gone, is off, or of no known kind. */
err asked_load(struct ctx *cx, channel_id id, struct asked *q);
/* What the network gave goes into the inbox; repetitions are dropped by their keys. is_new: which
 * are none, n of them; may be NULL. */
err asked_store(struct ctx *cx, const struct asked *q, const struct connector_delivery *deliveries,
    ptrdiff_t n, bool *is_new);
/* How asking went, for the channel's health. */
err asked_note(struct ctx *cx, const struct asked *q, const struct connector_sent *end);
