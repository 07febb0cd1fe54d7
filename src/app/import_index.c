/* import_index: see import_index.h. Shared between its thread and the import's: the mark that the
 * import is over (an atomic). */
#include "app/import_index.h"

#include <setjmp.h>
#include <time.h>

#include "base/clock.h"
#include "base/thread.h"
#include "store/statistics.h"

static err planner_told(struct search_indexer *x, str table)
{
    struct ctx cx = {.arena = &x->arena, .config = x->config};
    TRY(db_begin(x->db, DB_WRITE_PATIENT, &x->arena, &x->tx));
    cx.db = x->tx;
    TRY(statistics_refresh(&cx, table));
    struct db_tx *tx = x->tx;
    x->tx = NULL;
    return db_commit(tx);
}

/* PostgreSQL itself looks at its tables once a minute, and not in the middle of what has not been
 * committed: until then it plans for tables as they were when the import began. */
static err tell_planner(struct search_indexer *x)
{
    struct ctx cx = {.arena = &x->arena, .config = x->config};
    const str *tables = NULL;
    ptrdiff_t n = 0;
    arena_reset(&x->arena);
    TRY(db_begin(x->db, DB_READ, &x->arena, &x->tx));
    cx.db = x->tx;
    err e = statistics_stale(&cx, &tables, &n);
    search_index_drop(x); /* it has read only */
    for (ptrdiff_t i = 0; i < n && e == OK; i++)
        e = planner_told(x, tables[i]);
    search_index_drop(x);
    return e;
}

/* Queued already is what other rules for words have indexed; new accounts begin as made. */
static err turn(struct import_index *index, bool is_last, bool *more)
{
    enum { TELL_MS = 3000 };
    struct search_indexer *x = &index->indexer;
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
    bool is_due = clock_mono_ms() > index->told_ms + TELL_MS || (is_last && !*more);
    if (e == OK && is_due) {
        index->told_ms = clock_mono_ms();
        (void)tell_planner(x); /* a plan may be bad for longer */
    }
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
        x->result = turn(x, is_ending, &more);
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
