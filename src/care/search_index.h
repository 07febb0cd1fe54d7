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
/* The ids, of the account's next things behind `after`, that ought to be found and are not: they
 * neither stand in the index nor wait to. *last as search_unindexed. *is_building: the index is
 * being made anew, so nothing is said yet. */
err search_index_missing(struct ctx *cx, enum search_kind kind, int64_t after, int64_t **ids,
    ptrdiff_t *n, int64_t *last, bool *is_building);
/* After a jump out of the arena: what is open is undone. */
void search_index_drop(struct search_indexer *x);
