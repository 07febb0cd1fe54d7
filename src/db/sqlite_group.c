/* Group commit on SQLite: one write lock, one open transaction shared by up to 64 members, one
 * fsync for all of them, answers only after it. And the checkpoints, which share the lock. Not:
 * statements. Rules: docs/architecture.md "Group commit"; SQLite's WAL documentation.
 *
 * A member holds the lock from db_begin to db_end. Whoever ends commits for all when nobody waits
 * for the lock and no write request is queued, at 64 members, or when the group is 4 ms old;
 * otherwise it leaves the group open to the next one. The keeper thread commits a group that was
 * left open and found no next member, and writes the WAL back into the database.
 *
 * Only the writer connection checkpoints: it keeps SQLite 3.40 away from the race between one
 * connection's checkpoint and another's restart of the WAL (fixed in 3.51.3).
 *
 * Thread: any; the keeper is its own. Shared: struct group (sqlite_driver.h says by which lock). */
#include "db/sqlite_driver.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/thread.h"

enum {
    GAP_PAGES = 16000,      /* 64 MB: a checkpoint at the next quiet moment */
    FORCE_PAGES = 64000,    /* 256 MB: now */
    FORCE_BUSY_MS = 200,    /* a forced checkpoint waits so long for readers */
    KEEPER_LOCK_MS = 60000, /* the keeper has time */
    GROUP_US = LIMIT_GROUP_MS * 1000,
    CALM_MS = 4, /* between two looks for a gap */
};

/* ── the end of a group ── */

/* Runs the callbacks of one group, after those of all groups before it. Without the lock. */
static void serve(
    struct group *g, uint64_t ticket, const struct group_member *members, int n, err result)
{
    (void)pthread_mutex_lock(&g->mutex);
    while (g->served != ticket)
        (void)pthread_cond_wait(&g->served_cond, &g->mutex);
    (void)pthread_mutex_unlock(&g->mutex);
    for (int i = 0; i < n; i++)
        if (members[i].done != NULL)
            members[i].done(members[i].arg, result != OK ? result : members[i].result);
    (void)pthread_mutex_lock(&g->mutex);
    g->served++;
    (void)pthread_cond_broadcast(&g->served_cond);
    (void)pthread_mutex_unlock(&g->mutex);
}

static void ask_for_checkpoint(struct group *g)
{
    if (g->wal_pages < g->gap_pages)
        return;
    (void)pthread_mutex_lock(&g->mutex);
    g->wants_checkpoint = true;
    g->must_checkpoint = g->must_checkpoint || g->wal_pages >= g->force_pages;
    (void)pthread_cond_signal(&g->keeper_cond);
    (void)pthread_mutex_unlock(&g->mutex);
}

static err commit(struct lite *l)
{
    struct group *g = &l->group;
    err e = g->is_lost ? E_BUSY : lite_control(&l->writer, CONTROL_COMMIT);
    if (e == OK) {
        db_count(&l->db.counted.commits, 1);
        return OK;
    }
    if (sqlite3_get_autocommit(l->writer.handle) == 0)
        (void)lite_control(
            &l->writer, CONTROL_ROLLBACK); /* logged; BEGIN fails if it did not help */
    db_count(&l->db.counted.group_lost, 1);
    log_line(LOG_WARN, "a group of writes was lost; its members are told to try again",
        LOG_I("members", g->n_members));
    return E_BUSY;
}

/* Commits, gives the lock on, answers. With the lock. */
static void finish(struct lite *l)
{
    struct group *g = &l->group;
    struct group_member members[LIMIT_GROUP_MEMBERS];
    int n = g->n_members;
    FAILPOINT("db.before_commit");
    err result = commit(l);
    FAILPOINT("db.after_commit");
    memcpy(members, g->members, (size_t)n * sizeof members[0]);
    uint64_t ticket = g->next_ticket++;
    g->n_members = 0;
    g->is_open = g->is_lost = false;
    ask_for_checkpoint(g);
    turn_give(&g->lock);
    serve(g, ticket, members, n, result);
}

/* ── members ── */

err group_begin(struct lite *l, struct db_tx **tx)
{
    struct group *g = &l->group;
    if (!turn_take(&g->lock, LIMIT_DB_WAIT_MS))
        return E_BUSY;
    if (!g->is_open) {
        err e = lite_control(&l->writer, CONTROL_BEGIN_WRITE);
        if (e != OK) {
            turn_give(&g->lock);
            return e;
        }
        g->is_open = true;
        g->opened_us = db_mono_us();
    }
    l->writer.is_member = false;
    l->writer.is_first = g->n_members == 0;
    *tx = &l->writer.tx;
    return OK;
}

void group_look(struct lite *l)
{
    if (l->group.is_open && sqlite3_get_autocommit(l->writer.handle) != 0)
        l->group.is_lost = true;
}

/* The first member's writes are all that the transaction holds. */
static err undo_all(struct lite_conn *c)
{
    TRY(lite_control(c, CONTROL_ROLLBACK));
    return lite_control(c, CONTROL_BEGIN_WRITE);
}

/* Undoes or keeps what the member wrote. When that fails nobody knows what the transaction holds.
 */
static void close_member(struct lite_conn *c, bool keep)
{
    struct lite *l = c->lite;
    err e = OK;
    if (l->group.is_lost)
        return;
    if (c->is_first && !keep)
        e = undo_all(c);
    if (c->is_member && !keep)
        e = lite_control(c, CONTROL_MEMBER_UNDO);
    if (c->is_member && e == OK)
        e = lite_control(c, CONTROL_MEMBER_KEEP);
    if (e != OK)
        l->group.is_lost = true;
}

/* Who waits for the commit itself cannot be among the requests that the group would wait for. */
static bool is_time(struct lite *l, bool waits)
{
    struct group *g = &l->group;
    if (g->is_lost || g->n_members == LIMIT_GROUP_MEMBERS)
        return true;
    if (db_mono_us() - g->opened_us >= GROUP_US)
        return true;
    return !turn_is_wanted(&g->lock) && (waits || db_pending(&l->db) <= 0);
}

static void leave_open(struct group *g)
{
    (void)pthread_mutex_lock(&g->mutex);
    if (g->due_us == 0) {
        g->due_us = g->opened_us + GROUP_US;
        (void)pthread_cond_signal(&g->keeper_cond);
    }
    (void)pthread_mutex_unlock(&g->mutex);
    turn_give(&g->lock);
}

void group_end(struct lite_conn *c, bool keep, db_done *done, void *arg)
{
    struct lite *l = c->lite;
    struct group *g = &l->group;
    bool is_kept = keep && !c->tx.failed;
    close_member(c, is_kept);
    assert(g->n_members < LIMIT_GROUP_MEMBERS);
    g->members[g->n_members++] = (struct group_member){
        .done = done, .arg = arg, .result = keep && !is_kept ? E_INTERNAL : OK};
    if (is_time(l, c->tx.waits))
        finish(l);
    else
        leave_open(g);
}

err group_enter_alone(struct lite *l)
{
    struct group *g = &l->group;
    for (int tries = 0; tries < 100; tries++) {
        if (!turn_take(&g->lock, KEEPER_LOCK_MS))
            return E_BUSY;
        if (!g->is_open)
            return OK;
        finish(l);
    }
    return E_BUSY;
}

void group_leave(struct lite *l)
{
    turn_give(&l->group.lock);
}

/* ── the keeper ── */

/* With the lock and no group open. */
static void checkpoint(struct lite *l, int how)
{
    struct group *g = &l->group;
    int in_wal = 0, written = 0;
    if (how != SQLITE_CHECKPOINT_PASSIVE)
        (void)sqlite3_busy_timeout(l->writer.handle, FORCE_BUSY_MS);
    int code = sqlite3_wal_checkpoint_v2(l->writer.handle, NULL, how, &in_wal, &written);
    if (how != SQLITE_CHECKPOINT_PASSIVE)
        (void)sqlite3_busy_timeout(l->writer.handle, LITE_BUSY_MS);
    if (code != SQLITE_OK && code != SQLITE_BUSY)
        (void)lite_err(
            l->writer.handle, code, S("checkpoint")); /* logged; the WAL stays, it is tried again */
    bool is_whole = code == SQLITE_OK && in_wal == written;
    int more = is_whole ? 0 : g->wal_pages;
    g->gap_pages = more + g->gap_least;
    g->force_pages = more + g->force_least;
    if (is_whole)
        g->wal_pages = 0;
}

/* Looks at a group that was left open; the next member may have come meanwhile. */
static void commit_if_idle(struct lite *l)
{
    struct group *g = &l->group;
    if (!turn_try(&g->lock))
        return; /* its holder decides when it ends */
    if (g->is_open && db_mono_us() - g->opened_us >= GROUP_US)
        finish(l);
    else if (g->is_open)
        leave_open(g);
    else
        turn_give(&g->lock);
}

static bool checkpoint_in_a_gap(struct lite *l)
{
    struct group *g = &l->group;
    if (db_pending(&l->db) > 0 || !turn_try(&g->lock))
        return false;
    bool is_gap = !g->is_open;
    if (is_gap)
        checkpoint(l, SQLITE_CHECKPOINT_PASSIVE);
    turn_give(&g->lock);
    return is_gap;
}

static void checkpoint_now(struct lite *l)
{
    if (group_enter_alone(l) != OK)
        return;
    checkpoint(l, SQLITE_CHECKPOINT_RESTART);
    group_leave(l);
}

static void wait_until(struct group *g, int64_t us)
{
    struct timespec t = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000 * 1000)};
    (void)pthread_cond_timedwait(&g->keeper_cond, &g->mutex, &t); /* early is no harm */
}

/* One turn of the keeper, with the mutex, which it gives up while it works. */
static void keep_once(struct lite *l)
{
    struct group *g = &l->group;
    int64_t now = db_mono_us();
    if (g->due_us != 0 && now >= g->due_us) {
        g->due_us = 0;
        (void)pthread_mutex_unlock(&g->mutex);
        commit_if_idle(l);
        (void)pthread_mutex_lock(&g->mutex);
    } else if (g->must_checkpoint || g->wants_checkpoint) {
        bool must = g->must_checkpoint;
        (void)pthread_mutex_unlock(&g->mutex);
        bool is_done = true;
        if (must)
            checkpoint_now(l);
        else
            is_done = checkpoint_in_a_gap(l);
        (void)pthread_mutex_lock(&g->mutex);
        if (is_done)
            g->must_checkpoint = g->wants_checkpoint = false;
        else
            wait_until(g, now + CALM_MS * 1000);
    } else if (g->due_us != 0) {
        wait_until(g, g->due_us);
    } else {
        (void)pthread_cond_wait(&g->keeper_cond, &g->mutex);
    }
}

static void *keeper_main(void *arg)
{
    struct lite *l = arg;
    struct group *g = &l->group;
    (void)pthread_mutex_lock(&g->mutex);
    while (!g->is_ending)
        keep_once(l);
    (void)pthread_mutex_unlock(&g->mutex);
    return NULL;
}

static int on_commit(void *arg, sqlite3 *handle, const char *schema, int pages)
{
    (void)handle;
    (void)schema;
    struct group *g = arg;
    g->wal_pages = pages;
    if (pages < g->gap_least) {
        g->gap_pages = g->gap_least;
        g->force_pages = g->force_least;
    }
    return SQLITE_OK;
}

err group_start(struct lite *l)
{
    struct group *g = &l->group;
    g->gap_pages = g->gap_least = GAP_PAGES;
    g->force_pages = g->force_least = FORCE_PAGES;
    pthread_condattr_t attr;
    bool made = turn_make(&g->lock, 1) && pthread_mutex_init(&g->mutex, NULL) == 0 &&
                pthread_cond_init(&g->served_cond, NULL) == 0 && pthread_condattr_init(&attr) == 0;
    if (!made)
        return E_BUSY;
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* exists on every Linux */
    made = pthread_cond_init(&g->keeper_cond, &attr) == 0;
    (void)pthread_condattr_destroy(&attr);
    if (!made)
        return E_BUSY;
    (void)sqlite3_wal_hook(l->writer.handle, on_commit, g);
    TRY(thread_start(&g->keeper, "db-keeper", 0, keeper_main, l));
    g->has_keeper = true;
    return OK;
}

void group_stop(struct lite *l)
{
    struct group *g = &l->group;
    if (!g->has_keeper)
        return;
    (void)pthread_mutex_lock(&g->mutex);
    g->is_ending = true;
    (void)pthread_cond_signal(&g->keeper_cond);
    (void)pthread_mutex_unlock(&g->mutex);
    (void)pthread_join(g->keeper, NULL);
    if (group_enter_alone(l) == OK) { /* else a thread still holds it: our bug, seen in the log */
        checkpoint(l, SQLITE_CHECKPOINT_TRUNCATE);
        group_leave(l);
    } else {
        log_line(LOG_ERROR, "the database is closed while a transaction runs");
    }
}

void sqlite_checkpoint_at(struct db *db, int gap_pages, int force_pages)
{
    struct lite *l = (struct lite *)db;
    if (group_enter_alone(l) != OK)
        return;
    l->group.gap_pages = l->group.gap_least = gap_pages;
    l->group.force_pages = l->group.force_least = force_pages;
    group_leave(l);
}
