/* The write lock on SQLite, and who has it: a writer that is told "busy" must leave behind who it
 * waited for. Each who takes the lock says what for; one line is written when it was held for more
 * than LOCK_LONG_MS, and one when somebody waited for it in vain. Not: whose turn it is (turn.c),
 * what is done under it (sqlite_group.c, sqlite_wal.c, sqlite_ship.c).
 * Thread: any. Shared: struct write_lock. */
#include "db/sqlite_driver.h"

#include <string.h>

#include "base/log.h"
#include "db/driver.h"

enum { LOCK_LONG_MS = 1000 };

static void hold(struct write_lock *w, const char *what)
{
    char thread[sizeof w->thread] = "";
    (void)pthread_getname_np(pthread_self(), thread, sizeof thread); /* else it has no name */
    (void)pthread_mutex_lock(&w->mutex);
    w->what = what;
    memcpy(w->thread, thread, sizeof thread);
    w->since_us = db_mono_us();
    w->commit_us = 0;
    (void)pthread_mutex_unlock(&w->mutex);
}

/* One that waited in vain. `now` may be another than it waited for all the time. */
static void tell_in_vain(struct write_lock *w, int64_t wait_ms)
{
    (void)pthread_mutex_lock(&w->mutex);
    const char *what = w->what;
    char thread[sizeof w->thread];
    memcpy(thread, w->thread, sizeof thread);
    int64_t held_ms = what != NULL ? (db_mono_us() - w->since_us) / 1000 : 0;
    (void)pthread_mutex_unlock(&w->mutex);
    log_line(LOG_WARN, "the write lock did not come free; the writer is told to try again",
        LOG_I("waited_ms", wait_ms), LOG_Z("holder", what != NULL ? what : "nobody"),
        LOG_Z("thread", thread), LOG_I("held_ms", held_ms));
}

bool lock_start(struct lite *l)
{
    struct write_lock *w = &l->lock;
    w->long_ms = LOCK_LONG_MS;
    w->wait_ms = LIMIT_DB_WAIT_MS;
    return turn_make(&w->turn, 1) && pthread_mutex_init(&w->mutex, NULL) == 0;
}

bool lock_take(struct lite *l, const char *what, int64_t wait_ms, bool is_patient)
{
    struct write_lock *w = &l->lock;
    if (!turn_take(&w->turn, wait_ms, is_patient)) {
        tell_in_vain(w, wait_ms);
        return false;
    }
    hold(w, what);
    return true;
}

bool lock_try(struct lite *l, const char *what)
{
    if (!turn_try(&l->lock.turn))
        return false;
    hold(&l->lock, what);
    return true;
}

void lock_committed(struct lite *l, int64_t us)
{
    l->lock.commit_us += us; /* only the holder touches it */
}

void lock_give(struct lite *l)
{
    struct write_lock *w = &l->lock;
    (void)pthread_mutex_lock(&w->mutex);
    const char *what = w->what;
    int64_t held_ms = (db_mono_us() - w->since_us) / 1000, commit_ms = w->commit_us / 1000;
    char thread[sizeof w->thread];
    memcpy(thread, w->thread, sizeof thread);
    w->what = NULL;
    (void)pthread_mutex_unlock(&w->mutex);
    turn_give(&w->turn);
    if (held_ms >= w->long_ms) /* after it was given on: writing the line may take a while, too */
        log_line(LOG_WARN, "the write lock was held for long", LOG_Z("holder", what),
            LOG_Z("thread", thread), LOG_I("held_ms", held_ms), LOG_I("commit_ms", commit_ms));
}

void sqlite_lock_told_at(struct db *db, int64_t long_ms, int64_t wait_ms)
{
    struct write_lock *w = &((struct lite *)db)->lock;
    w->long_ms = long_ms;
    w->wait_ms = wait_ms;
}
