/* import_index: indexes beside an import what it has stored, on threads of its own, since no server
 * runs that would; and tells PostgreSQL's planner how tables have grown. SQLite has one writer;
 * PostgreSQL's index is what an import waits for, so two write it, each its share. Not for an
 * import through a running server: that has its own. */
#pragma once
#include "care/search_index.h"

#include <pthread.h>
#include <stdatomic.h>

enum { IMPORT_INDEXERS_MOST = 2 };

struct import_index;
struct import_indexer {
    struct import_index *index;
    struct search_indexer indexer;
    pthread_t thread;
    err result;
};
struct import_index {
    struct import_indexer indexers[IMPORT_INDEXERS_MOST];
    int n;
    int64_t told_ms; /* the first one's: when PostgreSQL's planner last heard how tables grew */
    atomic_bool is_ending; /* nothing new comes: end when nothing waits */
};
err import_index_start(struct import_index *x, struct db *db, const struct config *config);
/* Returns when everything is indexed, or cannot be: the server's start goes on with it then. */
err import_index_end(struct import_index *x);
