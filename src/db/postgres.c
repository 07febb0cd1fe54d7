/* The PostgreSQL driver: opening, pools, transactions, migrations. Connections
 * are made when they are first needed; a transaction costs the server nothing
 * until its first statement. DB_READ is REPEATABLE READ, one snapshot as on
 * SQLite; DB_WRITE is READ COMMITTED.
 *
 * A connection that breaks during COMMIT leaves its outcome unknown; the caller
 * is told E_BUSY and tries again, which the unique keys of what it writes make
 * harmless. Thread: any. Shared: struct pg (its pools by their mutexes). */
#include "db/pg_driver.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/log.h"

enum { READERS = 4, WRITERS = 8, MIN_VERSION = 130000 };

/* What waits too long gives up instead of holding a worker. JIT compiling costs
 * more than it saves on statements of this size. */
static const char session_sql[] = "SET statement_timeout = '30s';"
                                  "SET lock_timeout = '5s';"
                                  "SET idle_in_transaction_session_timeout = '60s';"
                                  "SET client_min_messages = 'warning';"
                                  "SET jit = off;";

/* ── connections ── */

static void quiet(void *arg, const char *message)
{
    (void)arg;
    (void)message; /* notices are for people at psql */
}

static err refused(PGconn *handle, struct arena *a, str *why)
{
    str words = str_trim(str_from(PQerrorMessage(handle)));
    if (why != NULL)
        *why = str_print(a, "the database server says: %.*s", SARG(words));
    log_line(LOG_WARN, "no connection to the database", LOG_S("words", words));
    PQfinish(handle);
    return E_BUSY;
}

err pg_connect(struct pg *pg, PGconn **handle, struct arena *a, str *why)
{
    static const char *const names[] = {"connect_timeout", "keepalives_idle", "keepalives_interval",
        "keepalives_count", "tcp_user_timeout", "client_encoding", "fallback_application_name",
        "target_session_attrs", "dbname", NULL};
    /* Of several servers in the URL only the one that takes writes. */
    const char *values[] = {
        "5", "10", "5", "3", "15000", "UTF8", "seva", "read-write", pg->url, NULL};
    PGconn *c = PQconnectdbParams(names, values, 1); /* what stands in the URL wins */
    if (c == NULL)
        return E_BUSY;
    if (PQstatus(c) != CONNECTION_OK)
        return refused(c, a, why);
    (void)PQsetNoticeProcessor(c, quiet, NULL);
    PGresult *r = PQexec(c, session_sql);
    bool is_good = PQresultStatus(r) == PGRES_COMMAND_OK;
    PQclear(r);
    if (!is_good || !pg_prepare_usual(c) || PQenterPipelineMode(c) != 1)
        return refused(c, a, why);
    *handle = c;
    return OK;
}

void pg_disconnect(struct pg_conn *c)
{
    if (c->handle != NULL)
        PQfinish(c->handle);
    c->handle = NULL;
    c->is_lost = c->is_begun = c->owes = false;
    c->n_prelude = 0;
    pg_forget_statements(c);
}

static err pool_make(struct pg *pg, struct pg_pool *pool, int n)
{
    pool->conns = alloc_zero(n * (ptrdiff_t)sizeof *pool->conns);
    if (pool->conns == NULL || !turn_make(&pool->turn, n) ||
        pthread_mutex_init(&pool->mutex, NULL) != 0)
        return E_BUSY;
    for (int i = n - 1; i >= 0; i--) {
        struct pg_conn *c = &pool->conns[i];
        c->pg = pg;
        c->pool = pool;
        TRY(stmt_cache_make(&c->cache));
        c->next_free = pool->free;
        pool->free = c;
    }
    pool->n = n;
    return OK;
}

static void pool_end(struct pg_pool *pool)
{
    for (int i = 0; i < pool->n; i++) {
        pg_disconnect(&pool->conns[i]);
        free(pool->conns[i].cache.slots);
    }
    free(pool->conns);
}

void pg_give(struct pg_conn *c)
{
    struct pg_pool *pool = c->pool;
    if (c->is_lost)
        pg_disconnect(c);
    (void)pthread_mutex_lock(&pool->mutex);
    c->next_free = pool->free;
    pool->free = c;
    (void)pthread_mutex_unlock(&pool->mutex);
    turn_give(&pool->turn);
}

static err conn_take(struct pg *pg, struct pg_pool *pool, bool is_patient, struct pg_conn **taken)
{
    if (!turn_take(&pool->turn, LIMIT_DB_WAIT_MS, is_patient))
        return E_BUSY;
    (void)pthread_mutex_lock(&pool->mutex);
    struct pg_conn *c = pool->free;
    pool->free = c->next_free;
    (void)pthread_mutex_unlock(&pool->mutex);
    err e = c->handle == NULL ? pg_connect(pg, &c->handle, NULL, NULL) : OK;
    if (e != OK) {
        pg_give(c);
        return e;
    }
    *taken = c;
    return OK;
}

/* ── transactions ── */

static err pg_begin(struct db *db, enum db_mode mode, struct arena *a, struct db_tx **tx)
{
    (void)a;
    struct pg *pg = (struct pg *)db;
    struct pg_conn *c = NULL;
    TRY(conn_take(pg, mode == DB_READ ? &pg->readers : &pg->writers, mode == DB_WRITE_PATIENT, &c));
    c->prelude[0] = mode == DB_READ ? PRELUDE_BEGIN_READ : PRELUDE_BEGIN_WRITE;
    c->n_prelude = 1;
    c->is_begun = false;
    c->scoped = (account_id){0};
    *tx = &c->tx;
    return OK;
}

static void answer(struct pg_conn *c, db_done *done, void *arg, err e)
{
    pg_give(c);
    if (done != NULL)
        done(arg, e);
}

/* Sends COMMIT; who waits for db_commit reads the answer himself. */
static void commit(struct pg_conn *c, db_done *done, void *arg)
{
    bool waits = c->tx.waits;
    c->done = done;
    c->done_arg = arg;
    FAILPOINT("db.before_commit");
    err e = pg_commit_later(c);
    if (e == OK && !waits) {
        pg_finish_later(c->pg->finisher, c);
        return;
    }
    if (e == OK)
        e = pg_settle(c);
    FAILPOINT("db.after_commit");
    if (e == OK)
        db_count(&c->pg->db.counted.commits, 1);
    answer(c, done, arg, e);
}

static void end_write(struct pg_conn *c, bool keep, db_done *done, void *arg)
{
    bool is_begun = c->is_begun, is_kept = keep && !c->tx.failed;
    c->is_begun = false;
    if (is_kept && is_begun && !c->is_lost) {
        commit(c, done, arg);
        return;
    }
    c->n_prelude = 0;
    if (is_begun && !c->is_lost)
        (void)pg_command(c, "ROLLBACK"); /* what breaks off is rolled back too */
    err e = OK;
    if (keep && !is_kept)
        e = E_INTERNAL;
    if (is_kept && c->is_lost)
        e = E_BUSY;
    answer(c, done, arg, e);
}

static void pg_end(struct db_tx *tx, bool keep, db_done *done, void *arg)
{
    struct pg_conn *c = pg_conn_of(tx);
    if (tx->mode == DB_WRITE) {
        end_write(c, keep, done, arg);
        return;
    }
    c->n_prelude = 0;
    pg_ahead_drop(c);
    if (c->is_begun && !c->is_lost)
        (void)pg_commit_later(c); /* a loss is seen at the next use */
    c->is_begun = false;
    answer(c, done, arg, OK);
}

void pg_queue(struct pg_conn *c, enum prelude what)
{
    assert(c->n_prelude < PRELUDES);
    c->prelude[c->n_prelude++] = what;
}

static err pg_scope(struct db_tx *tx)
{
    struct pg_conn *c = pg_conn_of(tx);
    if (c->scoped.v != 0 && c->scoped.v != tx->account.v)
        pg_ahead_drop(c); /* was read for another one */
    for (int i = 0; i < c->n_prelude; i++)
        if (c->prelude[i] == PRELUDE_SCOPE)
            return OK; /* the account is read when it is sent */
    if (c->scoped.v == 0 || c->scoped.v != tx->account.v)
        pg_queue(c, PRELUDE_SCOPE);
    return OK;
}

static err pg_savepoint(struct db_tx *tx, enum savepoint_step step)
{
    struct pg_conn *c = pg_conn_of(tx);
    bool is_unsent = c->n_prelude > 0 && c->prelude[c->n_prelude - 1] == PRELUDE_SAVEPOINT;
    if (c->is_lost)
        return E_BUSY;
    switch (step) {
    case SAVEPOINT_SET:
        pg_queue(c, PRELUDE_SAVEPOINT);
        break;
    case SAVEPOINT_UNDO:
        if (!is_unsent)
            pg_queue(c, PRELUDE_UNDO);
        [[fallthrough]];
    case SAVEPOINT_KEEP:
        if (is_unsent)
            c->n_prelude--;
        else
            pg_queue(c, PRELUDE_RELEASE);
        break;
    }
    return OK;
}

/* ── migrations ── */

/* Many statements in one text need the simple protocol, which pipeline mode
 * does not have. */
static err simple(struct pg_conn *c, const char *text, str *why)
{
    if (PQexitPipelineMode(c->handle) != 1) {
        c->is_lost = true;
        return E_BUSY;
    }
    PGresult *r = PQexec(c->handle, text);
    ExecStatusType s = PQresultStatus(r);
    err e = OK;
    if (s != PGRES_COMMAND_OK && s != PGRES_TUPLES_OK && s != PGRES_EMPTY_QUERY) {
        e = pg_err(c->pg, r, S("migration"), false);
        *why = str_print(c->tx.arena, "%s", PQresultErrorMessage(r));
        *why = str_trim(*why);
    }
    PQclear(r);
    if (PQenterPipelineMode(c->handle) != 1)
        c->is_lost = true;
    return c->is_lost ? E_BUSY : e;
}

static err script_end(struct db_tx *tx, bool keep, str *why)
{
    struct pg_conn *c = pg_conn_of(tx);
    err e = simple(c, keep ? "COMMIT" : "ROLLBACK", why);
    c->is_begun = c->is_script = false;
    pg_give(c);
    return e;
}

static err script_begin(struct db *db, struct arena *a, struct db_tx **tx, str *why)
{
    struct pg *pg = (struct pg *)db;
    struct pg_conn *c = NULL;
    *why = S("no connection to the database; see the log");
    TRY(conn_take(pg, &pg->writers, false, &c));
    c->tx = (struct db_tx){.db = db, .arena = a, .mode = DB_WRITE};
    c->n_prelude = 0;
    c->is_begun = c->is_script = true;
    /* One lock over all nodes of this schema. A backfill may take its time. */
    err e = simple(c,
        "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; "
        "SELECT pg_advisory_xact_lock(hashtext('seva migrations'), "
        "hashtext(current_schema()))",
        why);
    if (e != OK) {
        (void)script_end(&c->tx, false, why); /* the first failure is the one to tell */
        return e;
    }
    *tx = &c->tx;
    return OK;
}

static err script_run(struct db_tx *tx, str text, str *why)
{
    char *z = arena_try(tx->arena, text.len + 1, 1);
    if (z == NULL)
        return E_BUSY;
    memcpy(z, text.at, (size_t)text.len);
    return simple(pg_conn_of(tx), z, why);
}

/* Outside of any transaction, and as long as it takes. The connection is not used again. */
static err pg_reindex(struct db *db, struct arena *a, str name, str *why)
{
    struct pg *pg = (struct pg *)db;
    struct pg_conn *c = NULL;
    *why = S("no connection to the database; see the log");
    TRY(conn_take(pg, &pg->writers, false, &c));
    c->tx = (struct db_tx){.db = db, .arena = a, .mode = DB_WRITE};
    err e = simple(c, "SET statement_timeout = 0; SET lock_timeout = 0", why);
    if (e == OK)
        e = simple(c, str_z(a, str_print(a, "REINDEX INDEX CONCURRENTLY %.*s", SARG(name))), why);
    c->is_lost = true;
    pg_give(c);
    return e;
}

/* ── opening ── */

static void pg_free(struct pg *pg)
{
    pool_end(&pg->readers);
    pool_end(&pg->writers);
    free(pg->url);
    free(pg);
}

static void pg_close(struct db *db)
{
    struct pg *pg = (struct pg *)db;
    pg_listen_stop(pg);
    pg_finish_stop(pg->finisher);
    pg_free(pg);
}

static const struct db_driver postgres_driver = {
    .close = pg_close,
    .begin = pg_begin,
    .end = pg_end,
    .savepoint = pg_savepoint,
    .exec = pg_exec,
    .ahead = pg_ahead,
    .many = pg_many,
    .scope = pg_scope,
    .wake = pg_wake,
    .tell = pg_tell,
    .listen = pg_listen,
    .script_begin = script_begin,
    .script_run = script_run,
    .script_end = script_end,
    .reindex = pg_reindex,
};

struct role {
    bool bypasses, is_utf8;
    int64_t version;
    str schema;
};
static const struct db_col role_cols[] = {COL(struct role, bypasses), COL(struct role, is_utf8),
    COL(struct role, version), COL(struct role, schema)};

static err look_at_server(struct pg *pg, struct arena *a, str *why)
{
    struct db_tx *tx = NULL;
    struct role role;
    str sql = S("SELECT rolsuper OR rolbypassrls AS bypasses,\n"
                "       current_setting('server_encoding') = 'UTF8' AS is_utf8,\n"
                "       current_setting('server_version_num')::int AS version,\n"
                "       coalesce(current_schema(), '')::text AS schema\n"
                "FROM pg_roles\n"
                "WHERE rolname = current_user");
    TRY(db_begin(&pg->db, DB_WRITE, a, &tx));
    err e = db_one(tx, sql, NO_ARGS, COLS(role_cols), &role);
    (void)db_rollback(tx); /* nothing was written */
    if (e != OK) {
        *why = S("the database server does not answer; see the log");
        return e;
    }
    if (role.version < MIN_VERSION || !role.is_utf8 || role.schema.len == 0) {
        *why = S("the database must be PostgreSQL 13 or newer, in UTF8, with a "
                 "schema that exists");
        return E_INVALID;
    }
    if (role.bypasses)
        log_line(LOG_WARN, "the database role bypasses row-level security: use one "
                           "that is neither "
                           "superuser nor BYPASSRLS");
    return OK;
}

err postgres_open(struct arena *a, const struct db_options *o, struct db **db, str *why)
{
    struct pg *pg = alloc_zero((ptrdiff_t)sizeof *pg);
    if (pg == NULL)
        return E_BUSY;
    pg->db.driver = &postgres_driver;
    pg->db.kind = DB_POSTGRES;
    pg->url = alloc_zero(o->url.len + 1);
    err e = pg->url == NULL ? E_BUSY : OK;
    if (e == OK) {
        memcpy(pg->url, o->url.at, (size_t)o->url.len);
        e = pool_make(pg, &pg->readers, o->readers > 0 ? o->readers : READERS);
    }
    if (e == OK)
        e = pool_make(pg, &pg->writers, o->writers > 0 ? o->writers : WRITERS);
    if (e == OK)
        e = pg_connect(pg, &pg->writers.free->handle, a, why);
    if (e == OK)
        e = look_at_server(pg, a, why);
    if (e == OK)
        e = pg_finish_start(pg->writers.n, &pg->finisher);
    if (e != OK) {
        pg_free(pg);
        return e;
    }
    *db = &pg->db;
    return OK;
}
