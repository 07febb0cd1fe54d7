/* The write-ahead log on SQLite: moving what was committed into the database file (checkpoints), so
 * that the log begins anew instead of growing. Not: commits (sqlite_group.c). Sources: SQLite's
 * "Write-Ahead Logging" and "WAL-mode File Format".
 *
 * Under load a checkpoint of 64 MB under the write lock made everybody wait for 65 to 120 ms about
 * once a second. So a thread of its own moves pages beside the writer, in passes, and takes the
 * lock only for the last small rest, after which the next write begins the log anew.
 *
 * SQLite 3.40 has a bug ("WAL-reset", fixed in 3.51.3): when a writer begins the log anew while
 * another connection enters a checkpoint, committed pages can be lost. Nothing here lets the two
 * meet: a pass beside the writer holds a reader open from before its beginning until after its end
 * (the guard; begun under the write lock while the log still has pages to move, so that it reads
 * from the log), and a log with such a reader never begins anew. The rest is moved by the writer's
 * own connection under the write lock.
 *
 * What is done under the lock is bounded, because a writer that waits for it is told "busy" after
 * five seconds: at most REST_MOST pages are moved there, and SQLite syncs the log, the database
 * file and then the new log's head, so the lock is not taken while the disk is slow (a copy, a
 * build, a backup is being written beside). A log that may not begin anew for one of these reasons
 * is tried again when it has grown by a quarter. When it has 1 GB, because the disk stays slow or
 * writers are faster than what moves their pages, it is moved however long that takes.
 *
 * Thread: the log keeper; wal_committed the committing one. Shared: struct wal (sqlite_driver.h).
 */
#include "db/sqlite_driver.h"

#include <limits.h>
#include <string.h>

#include "base/log.h"
#include "base/thread.h"

enum {
    PASS_PAGES = 1000,    /* 4 MB: so many new ones make a pass */
    ANEW_PAGES = 16000,   /* 64 MB: the log is to begin anew */
    FORCE_PAGES = 64000,  /* 256 MB: wait for readers, too, that keep it from it */
    REST_PAGES = 600,     /* few enough to be moved under the lock */
    REST_MOST = 4000,     /* 16 MB: more are never moved under the lock */
    PASSES_MOST = 4,      /* one after the other, until the rest is small */
    FORCE_BUSY_MS = 200,  /* how long readers are waited for */
    SLOW_US = 250 * 1000, /* a disk whose syncs take longer is slow */
    PATIENT_LOGS = 4,     /* bounds hold until the log has 1 GB, so many FORCE_PAGES */
};

static int move(struct lite_conn *c, int how, int *in_log, int *moved)
{
    int code = sqlite3_wal_checkpoint_v2(c->handle, NULL, how, in_log, moved);
    if (code != SQLITE_OK && code != SQLITE_BUSY)
        (void)lite_err(c, code, S("checkpoint")); /* logged; the pages stay in the log */
    return code;
}

static void guard_end(struct wal *w)
{
    if (sqlite3_get_autocommit(w->guard.handle) == 0)
        (void)lite_control(
            &w->guard, CONTROL_COMMIT); /* it wrote nothing; the next one tries again */
}

/* Opens the guard over what is in the log now; false when there is nothing to move. */
static bool guard_begin(struct lite *l)
{
    struct wal *w = &l->wal;
    struct group_owed owed;
    if (group_enter_alone(l, "the beginning of a checkpoint", &owed) != OK)
        return false;
    (void)pthread_mutex_lock(&w->mutex);
    bool has_pages = w->pages > w->moved;
    w->tried = w->pages;
    (void)pthread_mutex_unlock(&w->mutex);
    if (has_pages) {
        int code = SQLITE_OK;
        has_pages = lite_begin_fresh(&w->guard, CONTROL_BEGIN_READ) == OK;
        if (has_pages)
            code = sqlite3_exec(
                w->guard.handle, "SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL, NULL);
        if (code != SQLITE_OK) {
            (void)lite_err(&w->guard, code, S("guard of a checkpoint")); /* logged */
            guard_end(w);
            has_pages = false;
        }
    }
    group_leave(l, &owed);
    return has_pages;
}

/* SQLite syncs the database file only when it has moved all there is, and that would be under the
 * lock: what a pass has moved is on its way to the disk before. */
static void sync_file(struct lite_conn *c)
{
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(c->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK || file == NULL || file->pMethods == NULL)
        return;
    code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    if (code != SQLITE_OK)
        (void)lite_err(c, SQLITE_IOERR_FSYNC, S("sync after a checkpoint")); /* ends */
}

/* One pass beside the writer. How many pages have come meanwhile; −1: it could not be made. */
static int pass(struct lite *l)
{
    struct wal *w = &l->wal;
    int in_log = 0, moved = 0;
    bool is_done =
        guard_begin(l) && move(&w->mover, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved) == SQLITE_OK;
    (void)pthread_mutex_lock(&w->mutex);
    if (is_done)
        w->moved = moved; /* before the guard ends: until then it is the same log */
    int rest = is_done ? w->pages - moved : -1;
    (void)pthread_mutex_unlock(&w->mutex);
    log_ship_collect(l); /* when all was moved, the next write begins the log anew */
    guard_end(w);
    if (is_done) {
        int64_t began_us = db_mono_us();
        sync_file(&w->mover);
        w->sync_us = db_mono_us() - began_us;
    }
    return rest;
}

/* With the lock: moves what is left. */
static void move_rest(struct lite *l, bool must)
{
    struct wal *w = &l->wal;
    int in_log = 0, moved = 0;
    log_ship_collect(l);
    if (must)
        (void)sqlite3_busy_timeout(l->writer.handle, FORCE_BUSY_MS);
    int code = move(
        &l->writer, must ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
    if (must)
        (void)sqlite3_busy_timeout(l->writer.handle, LITE_BUSY_MS);
    (void)pthread_mutex_lock(&w->mutex);
    if (code == SQLITE_OK) {
        w->most_rest = moved - w->moved > w->most_rest ? moved - w->moved : w->most_rest;
        w->moved = moved;
    }
    (void)pthread_mutex_unlock(&w->mutex);
}

/* With the mutex: the log is tried again when it has grown by a quarter, so that one that grows and
 * grows is not waited for ever more often. */
static void put_off(struct wal *w)
{
    w->anew_pages = w->pages + (w->pages / 4 > w->pass_pages ? w->pages / 4 : w->pass_pages);
}

static bool is_disk_slow(struct wal *w)
{
    (void)pthread_mutex_lock(&w->mutex);
    bool is_slow = w->sync_us > SLOW_US && w->pages / PATIENT_LOGS < w->force_pages;
    if (is_slow)
        put_off(w);
    (void)pthread_mutex_unlock(&w->mutex);
    return is_slow;
}

/* The rest, under the lock. A reader of older pages (a backup reads for minutes) can keep the log
 * from beginning anew. When it has just gone, all that it held back is left to move: that is for
 * the next passes. */
static void close_log(struct lite *l)
{
    struct wal *w = &l->wal;
    struct group_owed owed;
    if (is_disk_slow(w))
        return;
    log_ship_collect(l); /* so that little is left for the one under the lock */
    if (group_enter_alone(l, "the rest of a checkpoint", &owed) != OK)
        return;
    (void)pthread_mutex_lock(&w->mutex);
    bool must = w->pages >= w->force_pages, is_small = w->pages - w->moved <= w->rest_most;
    bool is_endless = w->pages / PATIENT_LOGS >= w->force_pages;
    w->tries++;
    put_off(w);
    (void)pthread_mutex_unlock(&w->mutex);
    if (is_small || is_endless)
        move_rest(l, must);
    group_leave(l, &owed);
}

static void tidy(struct lite *l)
{
    struct wal *w = &l->wal;
    int rest = pass(l), before = INT_MAX;
    (void)pthread_mutex_lock(&w->mutex);
    bool is_long = w->pages >= w->anew_pages;
    (void)pthread_mutex_unlock(&w->mutex);
    if (!is_long)
        return;
    for (int i = 1; i < PASSES_MOST && rest > REST_PAGES && rest < before; i++) {
        before = rest; /* it stays when a reader holds pages back */
        rest = pass(l);
    }
    close_log(l);
}

/* With the mutex. */
static bool has_work(const struct wal *w)
{
    return w->pages - w->tried >= w->pass_pages || w->pages >= w->anew_pages;
}

static void *wal_main(void *arg)
{
    struct lite *l = arg;
    struct wal *w = &l->wal;
    (void)pthread_mutex_lock(&w->mutex);
    while (!w->is_ending) {
        if (!has_work(w)) {
            (void)pthread_cond_wait(&w->changed, &w->mutex);
            continue;
        }
        (void)pthread_mutex_unlock(&w->mutex);
        tidy(l);
        (void)pthread_mutex_lock(&w->mutex);
    }
    (void)pthread_mutex_unlock(&w->mutex);
    return NULL;
}

/* SQLite calls it after each commit with the size of the log: the writer's thread, under the lock.
 */
static int on_commit(void *arg, sqlite3 *handle, const char *schema, int pages)
{
    (void)handle;
    (void)schema;
    struct lite *l = arg;
    struct wal *w = &l->wal;
    l->group.has_pages = true;
    (void)pthread_mutex_lock(&w->mutex);
    if (pages < w->pages) { /* it has begun anew */
        w->moved = w->tried = 0;
        w->anew_pages = w->anew_least;
    }
    w->pages = pages;
    if (has_work(w))
        (void)pthread_cond_signal(&w->changed);
    (void)pthread_mutex_unlock(&w->mutex);
    log_ship_committed(l, pages);
    return SQLITE_OK;
}

err wal_start(struct lite *l)
{
    struct wal *w = &l->wal;
    w->pass_pages = PASS_PAGES;
    w->anew_pages = w->anew_least = ANEW_PAGES;
    w->force_pages = FORCE_PAGES;
    w->rest_most = REST_MOST;
    if (pthread_mutex_init(&w->mutex, NULL) != 0 || pthread_cond_init(&w->changed, NULL) != 0)
        return E_BUSY;
    (void)sqlite3_wal_hook(l->writer.handle, on_commit, l);
    TRY(thread_start(&w->thread, "db-log", 0, wal_main, l));
    w->has_thread = true;
    return OK;
}

void wal_stop(struct lite *l)
{
    struct wal *w = &l->wal;
    if (!w->has_thread)
        return;
    (void)pthread_mutex_lock(&w->mutex);
    w->is_ending = true;
    (void)pthread_cond_signal(&w->changed);
    (void)pthread_mutex_unlock(&w->mutex);
    (void)pthread_join(w->thread, NULL); /* fails only for a thread that is not there */
    w->has_thread = false;
}

/* The writer is closed last: what it was told holds. */
static void keep_log(struct lite *l)
{
    int yes = 1;
    int code = sqlite3_file_control(l->writer.handle, "main", SQLITE_FCNTL_PERSIST_WAL, &yes);
    if (code == SQLITE_OK)
        code = sqlite3_exec(l->writer.handle, "PRAGMA journal_size_limit=-1", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        (void)lite_err(&l->writer, code, S("keep the log")); /* logged; a base is made anew */
}

void wal_finish(struct lite *l)
{
    int in_log = 0, moved = 0;
    bool keeps = l->ship.keeps_log;
    if (keeps)
        keep_log(l);
    (void)move(&l->writer, keeps ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE, &in_log,
        &moved); /* logged; the log stays */
}

void sqlite_checkpoint_at(struct db *db, int pass_pages, int anew_pages, int force_pages)
{
    struct wal *w = &((struct lite *)db)->wal;
    (void)pthread_mutex_lock(&w->mutex);
    w->pass_pages = pass_pages;
    w->anew_pages = w->anew_least = anew_pages;
    w->force_pages = force_pages;
    w->rest_most = pass_pages * (REST_MOST / PASS_PAGES);
    (void)pthread_mutex_unlock(&w->mutex);
}

int sqlite_log_tries(struct db *db)
{
    struct wal *w = &((struct lite *)db)->wal;
    (void)pthread_mutex_lock(&w->mutex);
    int tries = w->tries;
    (void)pthread_mutex_unlock(&w->mutex);
    return tries;
}

int sqlite_log_most_rest(struct db *db)
{
    struct wal *w = &((struct lite *)db)->wal;
    (void)pthread_mutex_lock(&w->mutex);
    int most = w->most_rest;
    (void)pthread_mutex_unlock(&w->mutex);
    return most;
}
