/* The delivery log of outgoing webhooks: one row per (webhook, event), sent by the job "webhook"
 * whose key is the delivery's id. The peer can tell repetitions by that id.
 * Thread: the transaction's. */
#pragma once
#include "db/db.h"
#include "model/ctx.h"
#include "model/webhook.h"
#include "store/event.h"

enum { DELIVERY_RESPONSE_BYTES = 4096 }; /* of the peer's answer are kept */

/* Adds them with their jobs; ids are made here. */
err delivery_add_many(struct ctx *cx, struct delivery *d, ptrdiff_t n);
err delivery_get(struct ctx *cx, delivery_id id, struct delivery *d); /* E_NOT_FOUND with words */
/* Newest first, ids below `before` (0 = from the newest). */
err delivery_list(struct ctx *cx, webhook_id webhook, delivery_id before, ptrdiff_t limit,
    const struct delivery **rows, ptrdiff_t *n);
/* Writes how a try ended: state, attempts, last_status, last_error, next_ms, response. */
err delivery_set(struct ctx *cx, const struct delivery *d);
/* Queues it again now; E_CONFLICT while it is on its way already. */
err delivery_retry(struct ctx *cx, struct delivery *d);
/* Removes at most `max` rows of the account older than that. */
err delivery_forget(struct ctx *cx, int64_t before_ms, ptrdiff_t max, int64_t *removed);
