/* listen_compare: what a stream that compares itself with its network (connector_knows) needs of
 * the database: what is here, and the ledger "nothing missed". Not here: fetching (connectors), the
 * comparison of networks that are asked (reconcile.c). Thread: the stream's; outside transactions.
 */
#pragma once
#include "job/ask.h"
#include "store/reconciliation.h"

/* What a comparison has found missing, until the ledger has it. */
struct listen_missed {
    struct arena arena;
    struct json_out details;
    int64_t n, n_told;
};
struct listen_missed listen_missed_make(void);
void listen_missed_free(struct listen_missed *m);
/* A comparison begins. */
void listen_missed_begin(struct listen_missed *m);
/* Of these deliveries, those that were not here and that a comparison has fetched. */
void listen_missed_add(struct listen_missed *m, const struct connector_delivery *deliveries,
    const bool *is_new, ptrdiff_t n);
/* Whether somebody wants a comparison now (care/compare.h). */
err listen_asked(struct engine *engine, struct arena *a, const struct asked *q, bool *is_asked);

/* Which messages of the channel are here, by id or other id; "" is unknown. */
err listen_knows(struct engine *engine, struct arena *a, const struct asked *q, const str *ids,
    ptrdiff_t n, bool *known);
/* Into the ledger; nobody waits for it any more. `missed` is begun anew. */
err listen_compared(struct engine *engine, struct arena *a, const struct asked *q,
    const struct reconciliation *result, struct listen_missed *missed);
/* In close's transaction: whoever waits for a comparison is told why there is none. */
err listen_not_compared(struct ctx *cx, channel_id channel, str why);
