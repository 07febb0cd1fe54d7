/* The public functions of db.h: what both drivers share, in front of the
 * driver. Not: SQL, connections. Thread: as db.h says.
 *
 * Shared by all threads: the counters of struct db and the table of composed
 * texts (a mutex). */
#include "db/driver.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/map.h"

int64_t db_mono_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* exists on every Linux */
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void db_count(_Atomic int64_t *counter, int64_t by)
{
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

err db_open(struct arena *a, const struct db_options *o, struct db **db, str *why)
{
    struct db *opened = NULL;
    if (str_starts(o->url, S("sqlite:"))) {
        TRY(sqlite_open(a, o, &opened, why));
    } else if (str_starts(o->url, S("postgresql://")) || str_starts(o->url, S("postgres://"))) {
        TRY(postgres_open(a, o, &opened, why));
    } else {
        *why = S("a database URL begins with sqlite: or postgresql://");
        return E_INVALID;
    }
    db_pending_set(opened, o->pending, o->pending_arg);
    *db = opened;
    return OK;
}

err db_look_open(struct arena *a, str url, struct db **db, str *why)
{
    struct db_options o = {.url = url, .readers = 1, .writers = 1};
    if (str_starts(url, S("sqlite:")))
        return sqlite_look_open(a, str_skip(url, S("sqlite:").len), db, why);
    return db_open(a, &o, db, why);
}

err db_reindex(struct db *db, struct arena *a, str name, str *why)
{
    return db->driver->reindex(db, a, name, why);
}

void db_close(struct db *db)
{
    if (db != NULL)
        db->driver->close(db);
}

enum db_kind db_kind_of(const struct db *db)
{
    return db->kind;
}

void db_pending_set(struct db *db, ptrdiff_t (*pending)(void *arg), void *arg)
{
    atomic_store(&db->pending, NULL);
    atomic_store(&db->pending_arg, arg);
    atomic_store(&db->pending, pending);
}

ptrdiff_t db_pending(struct db *db)
{
    ptrdiff_t (*fn)(void *arg) = atomic_load(&db->pending);
    return fn != NULL ? fn(atomic_load(&db->pending_arg)) : 0;
}

/* ── transactions ── */

err db_begin(struct db *db, enum db_mode mode, struct arena *a, struct db_tx **tx)
{
    struct db_tx *begun = NULL;
    err e = db->driver->begin(db, mode, a, &begun);
    if (e != OK) {
        db_count(&db->counted.busy, 1);
        return e;
    }
    begun->db = db;
    begun->arena = a;
    begun->mode = mode == DB_READ ? DB_READ : DB_WRITE;
    begun->failed = begun->in_savepoint = begun->waits = false;
    begun->account = (account_id){0};
    *tx = begun;
    return OK;
}

err db_scope(struct db_tx *tx, account_id account)
{
    tx->account = account;
    return tx->db->driver->scope(tx);
}

void db_watch(struct db *db, db_hear *hear, void *arg)
{
    db->hear = hear;
    db->hear_arg = arg;
}

static void tell_watcher(struct db_tx *tx, const struct db_said *said)
{
    if (tx->db->hear != NULL)
        tx->db->hear(tx->db->hear_arg, tx, said);
}

void db_end(struct db_tx *tx, bool keep, db_done *done, void *arg)
{
    struct db *db = tx->db;
    tell_watcher(tx, &(struct db_said){.is_over = true});
    if (tx->mode != DB_READ)
        db_count(&db->counted.members, 1);
    db->driver->end(tx, keep, done, arg);
}

struct waiter {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool is_done;
    err result;
};

static void wake_waiter(void *arg, err result)
{
    struct waiter *w = arg;
    (void)pthread_mutex_lock(&w->mutex);
    w->result = result;
    w->is_done = true;
    (void)pthread_cond_signal(&w->cond); /* under the mutex: the waiter ends both afterwards */
    (void)pthread_mutex_unlock(&w->mutex);
}

static err end_and_wait(struct db_tx *tx, bool keep)
{
    tx->waits = true;
    struct waiter w = {.mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    db_end(tx, keep, wake_waiter, &w);
    (void)pthread_mutex_lock(&w.mutex);
    while (!w.is_done)
        (void)pthread_cond_wait(&w.cond, &w.mutex);
    (void)pthread_mutex_unlock(&w.mutex);
    (void)pthread_cond_destroy(&w.cond);
    (void)pthread_mutex_destroy(&w.mutex);
    return w.result;
}

err db_commit(struct db_tx *tx)
{
    return end_and_wait(tx, true);
}

err db_rollback(struct db_tx *tx)
{
    return end_and_wait(tx, false);
}

/* Every error but "no such row" leaves the transaction fit only for an undo. */
static err note(struct db_tx *tx, err e)
{
    if (e != OK && e != E_NOT_FOUND)
        tx->failed = true;
    if (e == E_BUSY)
        db_count(&tx->db->counted.busy, 1);
    return e;
}

static err refuse_failed(const struct db_tx *tx, str sql)
{
    if (!tx->failed)
        return OK;
    log_line(LOG_ERROR, "a statement after an error in its transaction", LOG_S("sql", sql));
    return E_INTERNAL;
}

err db_savepoint(struct db_tx *tx)
{
    TRY(refuse_failed(tx, S("SAVEPOINT")));
    assert(!tx->in_savepoint);
    TRY(note(tx, tx->db->driver->savepoint(tx, SAVEPOINT_SET)));
    tx->in_savepoint = true;
    return OK;
}

err db_savepoint_end(struct db_tx *tx, bool keep)
{
    assert(tx->in_savepoint);
    tx->in_savepoint = false;
    if (keep)
        TRY(refuse_failed(tx, S("RELEASE")));
    err e = tx->db->driver->savepoint(tx, keep ? SAVEPOINT_KEEP : SAVEPOINT_UNDO);
    tx->failed = false;
    return note(tx, e);
}

/* ── statements ── */

static err exec(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args,
    struct row_sink *sink, int64_t *changed)
{
    TRY(refuse_failed(tx, sql));
    db_count(&tx->db->counted.statements, 1);
    struct db_said said = {.sql = sql, .args = args, .n_args = n_args};
    tell_watcher(tx, &said);
    err e = note(tx, tx->db->driver->exec(tx, sql, args, n_args, sink, changed));
    said.is_over = true;
    tell_watcher(tx, &said);
    return e;
}

err db_run(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args, int64_t *changed)
{
    int64_t rows = 0;
    TRY(exec(tx, sql, args, n_args, NULL, &rows));
    if (changed != NULL)
        *changed = rows;
    return OK;
}

err db_one(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args,
    const struct db_col *cols, ptrdiff_t n_cols, void *row)
{
    int64_t changed = 0;
    struct row_sink sink = {.cols = cols, .n_cols = n_cols, .rows = row, .is_one = true};
    TRY(exec(tx, sql, args, n_args, &sink, &changed));
    return sink.count > 0 ? OK : E_NOT_FOUND;
}

err db_all(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args,
    const struct db_col *cols, ptrdiff_t n_cols, ptrdiff_t row_size, void *rows, ptrdiff_t *count)
{
    int64_t changed = 0;
    struct row_sink sink = {.cols = cols, .n_cols = n_cols, .row_size = row_size};
    TRY(exec(tx, sql, args, n_args, &sink, &changed));
    memcpy(rows, &sink.rows, sizeof sink.rows); /* a `struct thing **` of any thing */
    *count = sink.count;
    return OK;
}

void db_ahead(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args)
{
    if (tx->db->driver->ahead != NULL && !tx->failed)
        tx->db->driver->ahead(tx, sql, args, n_args);
}

static err many(struct db_tx *tx, str row_sql, str set_sql, const struct db_rows_in *in,
    struct row_sink *sink, int64_t *changed)
{
    TRY(refuse_failed(tx, row_sql));
    if (in->count == 0)
        return OK;
    db_count(&tx->db->counted.statements, 1);
    struct db_said said = {.sql = db_pick(tx, row_sql, set_sql), .in = in};
    tell_watcher(tx, &said);
    err e = note(tx, tx->db->driver->many(tx, row_sql, set_sql, in, sink, changed));
    said.is_over = true;
    tell_watcher(tx, &said);
    return e;
}

err db_many(struct db_tx *tx, str row_sql, str set_sql, const struct db_col *cols, ptrdiff_t n_cols,
    const void *rows, ptrdiff_t row_size, ptrdiff_t count, int64_t *changed)
{
    int64_t sum = 0;
    struct db_rows_in in = {cols, n_cols, rows, row_size, count};
    TRY(many(tx, row_sql, set_sql, &in, NULL, &sum));
    if (changed != NULL)
        *changed = sum;
    return OK;
}

err db_many_all(struct db_tx *tx, str row_sql, str set_sql, const struct db_col *cols,
    ptrdiff_t n_cols, const void *rows, ptrdiff_t row_size, ptrdiff_t count,
    const struct db_col *out_cols, ptrdiff_t n_out_cols, ptrdiff_t out_size, void *out,
    ptrdiff_t *out_count)
{
    int64_t changed = 0;
    struct db_rows_in in = {cols, n_cols, rows, row_size, count};
    struct row_sink sink = {.cols = out_cols, .n_cols = n_out_cols, .row_size = out_size};
    TRY(many(tx, row_sql, set_sql, &in, &sink, &changed));
    memcpy(out, &sink.rows, sizeof sink.rows);
    *out_count = sink.count;
    return OK;
}

static pthread_mutex_t texts_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct map texts; /* text → its bytes, never freed */

static err text_keep(str composed, str *literal)
{
    const char *kept = map_get(&texts, composed);
    if (kept == NULL && texts.count >= LIMIT_DB_TEXTS) {
        log_line(LOG_ERROR, "too many composed statements", LOG_S("sql", composed));
        return E_INTERNAL;
    }
    if (kept == NULL) {
        char *copy = alloc_zero(composed.len + 1);
        if (copy == NULL)
            return E_BUSY;
        memcpy(copy, composed.at, (size_t)composed.len);
        if (map_put(&texts, str_of(copy, composed.len), copy) != OK) {
            free(copy);
            return E_BUSY;
        }
        kept = copy;
    }
    *literal = str_of(kept, composed.len);
    return OK;
}

err db_text(str composed, str *literal)
{
    (void)pthread_mutex_lock(&texts_mutex);
    err e = text_keep(composed, literal);
    (void)pthread_mutex_unlock(&texts_mutex);
    return e;
}

enum db_kind db_tx_kind(const struct db_tx *tx)
{
    return tx->db->kind;
}

struct arena *db_tx_arena(const struct db_tx *tx)
{
    return tx->arena;
}

str db_pick(const struct db_tx *tx, str sqlite_sql, str postgres_sql)
{
    return tx->db->kind == DB_SQLITE ? sqlite_sql : postgres_sql;
}

/* ── other nodes, numbers ── */

void db_wake(struct db *db, const char *topic)
{
    db->driver->wake(db, topic);
}

void db_tell(struct db *db, str payload)
{
    db->driver->tell(db, payload);
}

err db_listen(struct db *db, db_heard *heard, void *arg)
{
    return db->driver->listen(db, heard, arg);
}

struct db_stats db_stats_of(const struct db *db)
{
    const struct db_counters *c = &db->counted;
    return (struct db_stats){
        .commits = atomic_load(&c->commits),
        .members = atomic_load(&c->members),
        .statements = atomic_load(&c->statements),
        .busy = atomic_load(&c->busy),
        .group_lost = atomic_load(&c->group_lost),
        .damaged = atomic_load(&c->damaged),
    };
}
