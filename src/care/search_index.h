/* search_index: what is queued becomes words in the index. A turn reads texts, makes words of them
 * without any lock, and writes one short transaction. Not here: when (job/index.c, the importer),
 * looking up (care/search.h). Thread: the caller's. */
#pragma once
#include "db/db.h"
#include "model/ctx.h"
#include "store/search.h"

struct search_indexer {
    struct db *db;
    const struct config *config;
    account_id at; /* the account that the last turn was for */
    struct search_share share;
    struct arena arena;
    struct db_tx *tx;   /* open now */
    int64_t renewed_ms; /* monotonic: when nothing was left to renew; 0 = not known */
};
/* One turn, each of some things of one account; *n how many left the queue, *more whether there may
 * be more to do. Its arena is the indexer's. */
err search_index_turn(struct search_indexer *x, int64_t *n, bool *more);
/* Queues some of what was indexed by other rules than today's, or never; newest first. *more: not
 * everything is queued yet. Killed anywhere, it goes on. */
err search_index_renew(struct search_indexer *x, bool *more);
/* After a jump out of the arena: what is open is undone. */
void search_index_drop(struct search_indexer *x);
