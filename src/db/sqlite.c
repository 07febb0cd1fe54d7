/* The SQLite driver: opening, connections, transactions. One writer connection,
 * used by whoever holds the write lock (sqlite_group.c), and a few readers;
 * none is used by two threads at once, so they are opened without SQLite's
 * mutex. Settings: WAL; the log is synced before anybody is answered, but not by
 * SQLite (sqlite_sync.c), hence synchronous=NORMAL; no mmap (a bad sector would be SIGBUS instead
 * of an error); checkpoints only where sqlite_wal.c says. Thread: any. Shared: struct lite. */
#include "db/sqlite_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

enum { READERS = 4 };

/* The writer's cache is small on purpose: SQLite walks its whole table after every commit that has
 * moved pages (measured: 8 MB instead of 32 MB spares most of the 9 % of the receiver's time that
 * it took), and what does not fit is in the system's cache. */
static const char writer_pragmas[] = "PRAGMA journal_mode=WAL;"
                                     "PRAGMA synchronous=NORMAL;"
                                     "PRAGMA wal_autocheckpoint=0;"
                                     "PRAGMA journal_size_limit=134217728;"
                                     "PRAGMA foreign_keys=ON;"
                                     "PRAGMA temp_store=MEMORY;"
                                     "PRAGMA mmap_size=0;"
                                     "PRAGMA cache_size=-8192;";
static const char reader_pragmas[] = "PRAGMA query_only=ON;"
                                     "PRAGMA wal_autocheckpoint=0;"
                                     "PRAGMA temp_store=MEMORY;"
                                     "PRAGMA mmap_size=0;"
                                     "PRAGMA cache_size=-4096;";

/* It reads no pages through its cache. */
static const char mover_pragmas[] = "PRAGMA synchronous=FULL;"
                                    "PRAGMA wal_autocheckpoint=0;"
                                    "PRAGMA mmap_size=0;"
                                    "PRAGMA cache_size=-64;";

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void library_start(void)
{
    /* Refused when somebody initialised the library before us; then it is only
     * slower. */
    (void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)sqlite3_initialize(); /* sqlite3_open_v2 reports its failure */
}

/* ── connections ── */

static void conn_close(struct lite_conn *c)
{
    if (c->handle == NULL)
        return;
    lite_forget_statements(c);
    if (sqlite3_close(c->handle) != SQLITE_OK)
        log_line(LOG_ERROR, "a statement outlived its connection");
    c->handle = NULL;
}

static err conn_open(struct lite *l, struct lite_conn *c, const char *pragmas)
{
    c->lite = l;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(l->path, &c->handle, flags, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(c->handle, LITE_BUSY_MS);
    /* Else a value that a partial index is compared with makes every run prepare anew. */
    if (code == SQLITE_OK)
        code = sqlite3_db_config(c->handle, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    if (code == SQLITE_OK)
        code = words_register(c->handle);
    if (code == SQLITE_OK)
        code = sqlite3_exec(c->handle, pragmas, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = lite_controls_make(c);
    if (code != SQLITE_OK)
        return c->handle != NULL ? lite_err(c, code, str_from(pragmas)) : E_BUSY;
    return stmt_cache_make(&c->cache);
}

/* So that a new file's name survives a power cut. */
static err folder_sync(struct arena *a, str path)
{
    ptrdiff_t slash = path.len - 1;
    while (slash > 0 && path.at[slash] != '/')
        slash--;
    const char *folder = slash > 0 ? str_z(a, str_sub(path, 0, slash)) : ".";
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return E_BUSY;
    bool is_synced = fsync(fd) == 0;
    (void)close(fd); /* nothing was written through it */
    return is_synced ? OK : E_BUSY;
}

/* Creates the file for its owner only; SQLite gives the same rights to the WAL.
 */
static err file_make(struct arena *a, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno == ENOSPC || errno == EMFILE ? E_BUSY : E_INVALID;
    (void)close(fd); /* nothing was written */
    return folder_sync(a, str_from(path));
}

static void lite_free(struct lite *l)
{
    for (int i = 0; i < l->n_readers; i++)
        conn_close(&l->readers[i]);
    conn_close(&l->wal.guard);
    conn_close(&l->wal.mover);
    conn_close(&l->writer); /* last: it checkpoints and removes the WAL */
    free(l->readers);
    free(l->path);
    free(l);
}

static void lite_close(struct db *db)
{
    struct lite *l = (struct lite *)db;
    wal_stop(l);
    sqlite_ship_end(db);
    group_stop(l);
    lite_free(l);
}

static err readers_open(struct lite *l, int n)
{
    l->readers = alloc_zero(n * (ptrdiff_t)sizeof *l->readers);
    if (l->readers == NULL || !turn_make(&l->readers_turn, n) ||
        pthread_mutex_init(&l->readers_mutex, NULL) != 0)
        return E_BUSY;
    for (int i = 0; i < n; i++) {
        l->n_readers++;
        TRY(conn_open(l, &l->readers[i], reader_pragmas));
        l->readers[i].next_free = l->free_reader;
        l->free_reader = &l->readers[i];
    }
    return OK;
}

/* ── transactions ── */

static void reader_give(struct lite_conn *c)
{
    struct lite *l = c->lite;
    (void)pthread_mutex_lock(&l->readers_mutex);
    c->next_free = l->free_reader; /* the warmest cache is used next */
    l->free_reader = c;
    (void)pthread_mutex_unlock(&l->readers_mutex);
    turn_give(&l->readers_turn);
}

static err read_begin(struct lite *l, struct db_tx **tx)
{
    if (!turn_take(&l->readers_turn, LIMIT_DB_WAIT_MS, false))
        return E_BUSY;
    (void)pthread_mutex_lock(&l->readers_mutex);
    struct lite_conn *c = l->free_reader;
    l->free_reader = c->next_free;
    (void)pthread_mutex_unlock(&l->readers_mutex);
    err e = lite_begin_fresh(c, CONTROL_BEGIN_READ);
    if (e != OK) {
        reader_give(c);
        return e;
    }
    c->seen = 0;
    *tx = &c->tx;
    return OK;
}

/* What was read leaves only when it is on the disk. */
static void read_end(struct lite_conn *c, bool keep)
{
    struct lite *l = c->lite;
    uint64_t seen = keep ? c->seen : 0;
    if (sqlite3_get_autocommit(c->handle) == 0 && lite_control(c, CONTROL_COMMIT) != OK)
        (void)lite_control(c, CONTROL_ROLLBACK); /* a reader has nothing to lose */
    reader_give(c);
    sync_reach(l, seen);
}

static err lite_begin(struct db *db, enum db_mode mode, struct arena *a, struct db_tx **tx)
{
    (void)a;
    struct lite *l = (struct lite *)db;
    return mode == DB_READ ? read_begin(l, tx) : group_begin(l, mode == DB_WRITE_PATIENT, tx);
}

static void lite_end(struct db_tx *tx, bool keep, db_done *done, void *arg)
{
    struct lite_conn *c = conn_of(tx);
    if (tx->mode != DB_READ) {
        group_end(c, keep, done, arg);
        return;
    }
    read_end(c, keep);
    if (done != NULL)
        done(arg, OK);
}

static bool is_lost(const struct lite_conn *c)
{
    return c->tx.mode != DB_READ && !c->is_script && c->lite->group.is_lost;
}

/* After a statement. A reader's first one has fixed what it sees; a group that
 * the database rolled back is E_BUSY for its members. */
static err look(struct lite_conn *c, err e)
{
    if (c->tx.mode == DB_READ && c->seen == 0)
        c->seen = sync_announced(c->lite);
    if (e == OK || c->tx.mode == DB_READ || c->is_script)
        return e;
    group_look(c->lite);
    return is_lost(c) ? E_BUSY : e;
}

static err lite_savepoint(struct db_tx *tx, enum savepoint_step step)
{
    struct lite_conn *c = conn_of(tx);
    if (is_lost(c))
        return E_BUSY;
    err e = OK;
    switch (step) {
    case SAVEPOINT_SET:
        e = lite_member_set(c);
        if (e == OK)
            e = lite_control(c, CONTROL_SAVEPOINT_SET);
        break;
    case SAVEPOINT_UNDO:
        e = lite_control(c, CONTROL_SAVEPOINT_UNDO);
        if (e == OK)
            e = lite_control(c, CONTROL_SAVEPOINT_KEEP);
        break;
    case SAVEPOINT_KEEP:
        e = lite_control(c, CONTROL_SAVEPOINT_KEEP);
        break;
    }
    return look(c, e);
}

static err exec(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args,
    struct row_sink *sink, int64_t *changed)
{
    struct lite_conn *c = conn_of(tx);
    return is_lost(c) ? E_BUSY : look(c, lite_exec(tx, sql, args, n_args, sink, changed));
}

static err many(struct db_tx *tx, str row_sql, str set_sql, const struct db_rows_in *in,
    struct row_sink *sink, int64_t *changed)
{
    struct lite_conn *c = conn_of(tx);
    return is_lost(c) ? E_BUSY : look(c, lite_many(tx, row_sql, set_sql, in, sink, changed));
}

static err scope(struct db_tx *tx)
{
    (void)tx; /* no row-level security here: the stores' WHERE is the only wall */
    return OK;
}

/* ── one node only ── */

static void wake(struct db *db, const char *topic)
{
    (void)db;
    (void)topic;
}

static void tell(struct db *db, str payload)
{
    (void)db;
    (void)payload;
}

static err listen(struct db *db, db_heard *heard, void *arg)
{
    (void)db;
    (void)heard;
    (void)arg;
    return OK;
}

/* ── migrations ── */

static err script_begin(struct db *db, struct arena *a, struct db_tx **tx, str *why)
{
    struct lite *l = (struct lite *)db;
    struct lite_conn *c = &l->writer;
    err e = group_enter_alone(l, "a migration or an index", &l->script_owed);
    if (e == OK) {
        e = lite_control(c, CONTROL_BEGIN_WRITE);
        if (e != OK)
            group_leave(l, &l->script_owed);
    }
    if (e != OK) {
        *why = S("the database is locked by another program");
        return e;
    }
    c->is_script = true;
    c->tx = (struct db_tx){.db = db, .arena = a, .mode = DB_WRITE};
    *tx = &c->tx;
    return OK;
}

static err script_run(struct db_tx *tx, str text, str *why)
{
    struct lite_conn *c = conn_of(tx);
    char *z = arena_try(tx->arena, text.len + 1, 1);
    if (z == NULL)
        return E_BUSY;
    memcpy(z, text.at, (size_t)text.len);
    int code = sqlite3_exec(c->handle, z, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        return OK;
    err e = lite_err(c, code, S("migration"));
    *why = str_print(tx->arena, "%s", sqlite3_errmsg(c->handle));
    return e;
}

static err script_end(struct db_tx *tx, bool keep, str *why)
{
    struct lite_conn *c = conn_of(tx);
    struct lite *l = c->lite;
    l->group.has_pages = false;
    uint64_t number = sync_announce(l);
    err e = keep ? lite_control(c, CONTROL_COMMIT) : OK;
    sync_written(l, number, l->group.has_pages);
    if (e != OK)
        *why = S("the commit failed; see the log");
    if (sqlite3_get_autocommit(c->handle) == 0)
        (void)lite_control(c, CONTROL_ROLLBACK); /* logged */
    c->is_script = false;
    struct group_owed owed =
        l->script_owed; /* the next script may begin before they are answered */
    group_leave(l, &owed);
    sync_reach(l, number);
    return e;
}

static err lite_reindex(struct db *db, struct arena *a, str name, str *why)
{
    struct db_tx *tx = NULL;
    TRY(script_begin(db, a, &tx, why));
    err e = script_run(tx, str_print(a, "REINDEX %.*s", SARG(name)), why);
    err ended = script_end(tx, e == OK, why);
    return e != OK ? e : ended;
}

static const struct db_driver sqlite_driver = {
    .close = lite_close,
    .begin = lite_begin,
    .end = lite_end,
    .savepoint = lite_savepoint,
    .exec = exec,
    .many = many,
    .scope = scope,
    .wake = wake,
    .tell = tell,
    .listen = listen,
    .script_begin = script_begin,
    .script_run = script_run,
    .script_end = script_end,
    .reindex = lite_reindex,
};

static err open_all(struct lite *l, struct arena *a, const struct db_options *o)
{
    TRY(file_make(a, l->path));
    TRY(conn_open(l, &l->writer, writer_pragmas));
    TRY(conn_open(l, &l->wal.guard, reader_pragmas));
    TRY(conn_open(l, &l->wal.mover, mover_pragmas));
    TRY(readers_open(l, o->readers > 0 ? o->readers : READERS));
    TRY(sync_start(l));
    TRY(log_ship_start(l));
    TRY(group_start(l));
    err e = wal_start(l);
    if (e != OK)
        group_stop(l);
    return e;
}

err sqlite_open(struct arena *a, const struct db_options *o, struct db **db, str *why)
{
    (void)pthread_once(&library_once, library_start);
    str path = str_skip(o->url, S("sqlite:").len);
    struct lite *l = alloc_zero((ptrdiff_t)sizeof *l);
    if (l == NULL)
        return E_BUSY;
    l->db.driver = &sqlite_driver;
    l->db.kind = DB_SQLITE;
    l->path = alloc_zero(path.len + 1);
    err e = l->path == NULL ? E_BUSY : OK;
    if (e == OK) {
        memcpy(l->path, path.at, (size_t)path.len);
        e = open_all(l, a, o);
    }
    if (e != OK) {
        *why = atomic_load(&l->db.counted.damaged)
                   ? str_print(a,
                         "the database file %.*s is damaged: put a backup in its place with `seva "
                         "restore`",
                         SARG(path))
                   : str_print(a, "cannot open the database file %.*s: %s", SARG(path),
                         strerrordesc_np(errno));
        lite_free(l);
        return e;
    }
    *db = &l->db;
    return OK;
}
