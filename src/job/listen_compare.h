/* listen_compare: what a stream that compares itself with its network (connector_knows) needs of
 * the database: what is here, and the ledger "nothing missed". Not here: fetching (connectors), the
 * comparison of networks that are asked (reconcile.c). Thread: the stream's; outside transactions.
 */
#pragma once
#include "job/ask.h"
#include "store/reconciliation.h"

/* Which messages of the channel are here, by id or other id; "" is unknown. */
err listen_knows(struct engine *engine, struct arena *a, const struct asked *q, const str *ids,
    ptrdiff_t n, bool *known);
err listen_compared(struct engine *engine, struct arena *a, const struct asked *q,
    const struct reconciliation *result);
