/* reconciliation: the ledger "nothing missed": each comparison of a channel with what its network
 * has. Thread: the transaction's. */
#pragma once
#include "base/json.h"
#include "model/ctx.h"

struct reconciliation {
    reconciliation_id id;
    channel_id channel_id;
    int64_t from_ms, until_ms; /* the time compared */
    int64_t seen;              /* messages that the network has */
    int64_t missed;            /* of these: not here before */
    str details; /* JSON array of {external_id, at, from, text} of the missed, at most 100 */
    str error;   /* words: it could not be compared; empty = it was */
    int64_t created_ms;
};
struct reconciliation_missed {
    str external_id, from,
        text;      /* from: who wrote it; empty = the network's messages name nobody */
    int64_t at_ms; /* 0 = unknown */
};
/* One of the missed, into the array of details; *n counts all. */
void reconciliation_tell(
    struct json_out *details, int64_t *n, const struct reconciliation_missed *m);
/* Fills id and created_ms. */
err reconciliation_add(struct ctx *cx, struct reconciliation *r);
/* Newest first, ids below `before` ({0} = from the newest). */
err reconciliation_list(struct ctx *cx, channel_id channel, reconciliation_id before,
    ptrdiff_t limit, struct reconciliation **rows, ptrdiff_t *n);
/* Removes at most `max` that were made before. */
err reconciliation_forget(struct ctx *cx, int64_t before_ms, ptrdiff_t max, int64_t *removed);
