/* The thread that keeps the search index: whatever text has changed is found within a second. It
 * waits a moment after it was woken, so that a burst is one turn, and goes on until nothing waits.
 * Then it queues some of what other rules for words have indexed, if there is any. Thread: index.
 */
#include "base/log.h"
#include "job/inner.h"

static err index_turn(struct desk *desk, void *arg)
{
    bool *more = arg;
    int64_t n = 0;
    struct engine *e = desk->engine;
    TRY(search_index_turn(&e->indexer, &n, more));
    return *more ? OK : search_index_renew(&e->indexer, more);
}

err index_run(struct engine *e, bool *more)
{
    struct desk desk = {.engine = e, .arena = &e->indexer.arena};
    *more = false;
    err result = desk_guard(&desk, index_turn, more);
    if (result != OK)
        search_index_drop(&e->indexer);
    return result;
}

void *index_main(void *engine)
{
    struct engine *e = engine;
    /* The look covers what other processes and nodes have written. */
    enum { GATHER_MS = 100, LOOK_MS = 500, PAUSE_MS = 1000 };
    while (!atomic_load(&e->is_stopping)) {
        bool more = false;
        err result = index_run(e, &more);
        if (result != OK)
            log_line(LOG_WARN, "indexing waits", LOG_Z("error", err_name(result)));
        if (result != OK)
            engine_pause(e, PAUSE_MS);
        else if (!more && waker_wait(&e->index_waker, LOOK_MS))
            engine_pause(e, GATHER_MS);
    }
    return NULL;
}
