/* import_index: see import_index.h. Shared between its thread and the import's: the mark that the
 * import is over (an atomic). */
#include "app/import_index.h"

#include <setjmp.h>
#include <time.h>

#include "base/thread.h"

/* Queued already is what other rules for words have indexed; new accounts begin as made. */
static err turn(struct search_indexer *x, bool *more)
{
    jmp_buf escape;
    int64_t n = 0;
    if (setjmp(escape)) {
        search_index_drop(x);
        return E_BUSY;
    }
    x->arena.escape = &escape;
    err e = search_index_turn(x, &n, more);
    if (e == OK && !*more)
        e = search_index_renew(x, more);
    x->arena.escape = NULL;
    return e;
}

static void *run(void *arg)
{
    struct import_index *x = arg;
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    int failed = 0;
    enum { FAILED_MOST = 50 };
    for (bool is_last = false; !is_last && failed < FAILED_MOST;) {
        bool more = false, is_ending = atomic_load(&x->is_ending);
        x->result = turn(&x->indexer, &more);
        failed = x->result == OK ? 0 : failed + 1;
        is_last = x->result == OK && !more && is_ending;
        if (!more && !is_last)
            (void)nanosleep(&pause, NULL); /* a short pause is as good */
    }
    return NULL;
}

err import_index_start(struct import_index *x, struct db *db, const struct config *config)
{
    *x = (struct import_index){
        .indexer = {.db = db, .config = config, .arena = arena_make(0)}
    };
    return thread_start(&x->thread, "seva-index", 0, run, x);
}

err import_index_end(struct import_index *x)
{
    atomic_store(&x->is_ending, true);
    (void)pthread_join(x->thread, NULL); /* fails only for a thread that is not there */
    arena_free(&x->indexer.arena);
    return x->result;
}
