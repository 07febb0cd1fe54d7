/* import_index: indexes beside an import what it has stored, on a thread of its own, since no
 * server runs that would; and tells PostgreSQL's planner how tables have grown. Not for an import
 * through a running server: that has its own. */
#pragma once
#include "care/search_index.h"

#include <pthread.h>
#include <stdatomic.h>

struct import_index {
    struct search_indexer indexer;
    int64_t told_ms;       /* when PostgreSQL's planner last heard how tables have grown */
    atomic_bool is_ending; /* nothing new comes: end when nothing waits */
    pthread_t thread;
    err result;
};
err import_index_start(struct import_index *x, struct db *db, const struct config *config);
/* Returns when everything is indexed, or cannot be: the server's start goes on with it then. */
err import_index_end(struct import_index *x);
