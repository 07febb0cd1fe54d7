/* When a commit is on the disk. SQLite's COMMIT writes to the log and does not sync it
 * (synchronous=NORMAL): the sync, which takes ten times as long, runs here, after the write lock
 * was given on, and one serves every commit that was written before it began. Meanwhile the next
 * group grows. Nobody is answered before the sync that covers it: not the members of a group, and
 * not a reader that has seen one, so that what is visible outside is durable, as on PostgreSQL.
 *
 * What SQLite still syncs itself: the log before a checkpoint moves its pages, the database file
 * after it, the header of a log that begins anew. A torn end of the log is found by its checksums.
 * Sources: SQLite's "Write-Ahead Logging", "PRAGMA synchronous".
 *
 * Not: when a group commits (sqlite_group.c). Thread: any. Shared: struct log_sync. */
#include "db/sqlite_driver.h"

#include <stdlib.h>

#include "base/failpoint.h"
#include "base/log.h"

err sync_start(struct lite *l)
{
    struct log_sync *s = &l->sync;
    if (pthread_mutex_init(&s->mutex, NULL) != 0 || pthread_cond_init(&s->changed, NULL) != 0)
        return E_BUSY;
    return OK;
}

uint64_t sync_announce(struct lite *l)
{
    return atomic_fetch_add(&l->sync.announced, 1) + 1;
}

uint64_t sync_announced(struct lite *l)
{
    return atomic_load(&l->sync.announced);
}

/* With the lock: the file is opened by the first commit, and closed with the writer. */
static sqlite3_file *log_of(struct lite *l)
{
    sqlite3_file *log = NULL;
    int code = sqlite3_file_control(l->writer.handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (code == SQLITE_OK && log != NULL && log->pMethods != NULL)
        return log;
    log_line(LOG_ERROR, "the log of the database cannot be synced: ending", LOG_I("code", code));
    abort(); /* nothing more could be answered */
}

void sync_written(struct lite *l, uint64_t commit, bool has_pages)
{
    struct log_sync *s = &l->sync;
    sqlite3_file *log = has_pages ? log_of(l) : NULL;
    (void)pthread_mutex_lock(&s->mutex);
    if (has_pages)
        s->log = log;
    if (!has_pages && s->synced == s->written)
        s->synced = commit;
    s->written = commit;
    (void)pthread_cond_broadcast(&s->changed);
    (void)pthread_mutex_unlock(&s->mutex);
}

/* The file belongs to the writer, which may write to it meanwhile: that is for the next sync. */
static void sync_log(sqlite3_file *log)
{
    FAILPOINT("db.before_sync");
    int code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    if (code == SQLITE_OK)
        return;
    log_line(LOG_ERROR, "the disk lost writes (fsync failed): ending", LOG_I("code", code));
    abort(); /* the kernel has dropped the pages: only a restart reads what is on the disk */
}

void sync_reach(struct lite *l, uint64_t commit)
{
    struct log_sync *s = &l->sync;
    bool has_synced = false;
    (void)pthread_mutex_lock(&s->mutex);
    while (s->synced < commit) {
        if (s->is_syncing || s->written < commit) {
            (void)pthread_cond_wait(&s->changed, &s->mutex);
            continue;
        }
        uint64_t upto = s->written;
        sqlite3_file *log = s->log;
        s->is_syncing = true;
        (void)pthread_mutex_unlock(&s->mutex);
        sync_log(log);
        (void)pthread_mutex_lock(&s->mutex);
        s->synced = upto;
        s->is_syncing = false;
        has_synced = true;
        (void)pthread_cond_broadcast(&s->changed);
    }
    (void)pthread_mutex_unlock(&s->mutex);
    if (has_synced)
        group_synced(l);
}

bool sync_is_running(struct lite *l)
{
    struct log_sync *s = &l->sync;
    (void)pthread_mutex_lock(&s->mutex);
    bool is_running = s->is_syncing;
    (void)pthread_mutex_unlock(&s->mutex);
    return is_running;
}
