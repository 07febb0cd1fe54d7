/* import_index: see import_index.h. Shared between its threads and the import's: the mark that the
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

/* What is for one of them: new accounts are queued as made by today's rules, the planner is told.
 */
static err look_after(struct import_indexer *one, bool is_last, bool *more)
{
    enum { TELL_MS = 3000 };
    struct import_index *index = one->index;
    if (!*more)
        TRY(search_index_renew(&one->indexer, more));
    bool is_due = clock_mono_ms() > index->told_ms + TELL_MS || (is_last && !*more);
    if (!is_due)
        return OK;
    index->told_ms = clock_mono_ms();
    (void)tell_planner(&one->indexer); /* a plan may be bad for longer */
    return OK;
}

static err turn(struct import_indexer *one, bool is_last, bool *more)
{
    struct search_indexer *x = &one->indexer;
    jmp_buf escape;
    int64_t n = 0;
    if (setjmp(escape)) {
        search_index_drop(x);
        return E_BUSY;
    }
    x->arena.escape = &escape;
    err e = search_index_turn(x, &n, more);
    if (e == OK && one == one->index->indexers)
        e = look_after(one, is_last, more);
    x->arena.escape = NULL;
    return e;
}

static void *run(void *arg)
{
    struct import_indexer *one = arg;
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    int failed = 0;
    enum { FAILED_MOST = 50 };
    for (bool is_last = false; !is_last && failed < FAILED_MOST;) {
        bool more = false, is_ending = atomic_load(&one->index->is_ending);
        one->result = turn(one, is_ending, &more);
        failed = one->result == OK ? 0 : failed + 1;
        is_last = one->result == OK && !more && is_ending;
        if (!more && !is_last)
            (void)nanosleep(&pause, NULL); /* a short pause is as good */
    }
    return NULL;
}

err import_index_start(struct import_index *x, struct db *db, const struct config *config)
{
    int wanted = db_kind_of(db) == DB_SQLITE ? 1 : IMPORT_INDEXERS_MOST;
    err e = OK;
    *x = (struct import_index){0};
    while (e == OK && x->n < wanted) {
        struct import_indexer *one = &x->indexers[x->n];
        one->index = x;
        one->indexer = (struct search_indexer){
            .db = db, .config = config, .share = {x->n, wanted},
                    .arena = arena_make(0)
        };
        e = thread_start(&one->thread, "seva-index", 0, run, one);
        x->n += e == OK;
    }
    return x->n ? OK : e;
}

err import_index_end(struct import_index *x)
{
    err e = OK;
    atomic_store(&x->is_ending, true);
    for (int i = 0; i < x->n; i++) {
        struct import_indexer *one = &x->indexers[i];
        (void)pthread_join(one->thread, NULL); /* fails only for a thread that is not there */
        arena_free(&one->indexer.arena);
        e = e == OK ? one->result : e;
    }
    return e;
}
