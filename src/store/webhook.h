/* Outgoing webhooks: addresses of an account that want its events. A webhook holds a cursor in the
 * change feed; turning events into deliveries moves it in the same transaction, so every event is
 * queued exactly once. Not here: deliveries (delivery.h), sending (job/webhook_send.c).
 * Thread: the transaction's. */
#pragma once
#include "db/db.h"
#include "model/ctx.h"
#include "model/webhook.h"
#include "store/event.h"

enum {
    WEBHOOK_OLD_SECRET_MS = 24 * 3600 * 1000,   /* after rotation both secrets sign so long */
    WEBHOOK_PATIENCE_MS = 5 * 24 * 3600 * 1000, /* of nothing but failures, then it is disabled */
};

/* name, url, events, is_enabled are given, the rest is filled; it hears what happens from now on.
 * secret: shown once. */
err webhook_add(struct ctx *cx, struct webhook *w, str *secret);
err webhook_get(struct ctx *cx, webhook_id id, struct webhook *w); /* E_NOT_FOUND with words */
err webhook_list(
    struct ctx *cx, webhook_id after, ptrdiff_t limit, const struct webhook **rows, ptrdiff_t *n);
/* Writes name, url, events, is_enabled; enabling starts at now and forgets the failures. */
err webhook_set(struct ctx *cx, const struct webhook *w, bool was_enabled);
err webhook_remove(struct ctx *cx, webhook_id id); /* with its delivery log */
err webhook_rotate_secret(struct ctx *cx, struct webhook *w, str *secret, int64_t *kept_until_ms);
/* In the clear; old empty when there is none or its time is over. */
err webhook_secrets(struct ctx *cx, const struct webhook *w, str *secret, str *old);
/* Notes how a delivery went. *disabled: the patience is over and it was switched off just now. */
err webhook_went(struct ctx *cx, webhook_id id, bool well, bool *disabled);
bool webhook_wants(struct arena *a, const struct webhook *w, str event_type);

/* All accounts' enabled ones, for the publisher. */
err webhook_live(struct db_tx *tx, const struct webhook **rows, ptrdiff_t *n);
/* E_CONFLICT when the cursor is not at `from` any more: another node was faster. */
err webhook_advance(struct ctx *cx, webhook_id id, struct event_pos from, struct event_pos to);
