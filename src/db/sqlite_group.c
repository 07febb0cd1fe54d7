/* Group commit on SQLite: one write lock, one open transaction shared by up to 64 members, one
 * commit for all of them, answers only when it is on the disk (sqlite_sync.c). Not: statements,
 * checkpoints (sqlite_wal.c). Rules: docs/architecture.md "Group commit".
 *
 * A member holds the lock from db_begin to db_end. Whoever ends commits for all when nobody waits
 * for the lock, no write request is queued and no earlier commit is being synced (the next sync
 * begins after it anyhow), at 64 members, or when the group is 2 ms old; otherwise it leaves the
 * group open to the next one. The keeper thread commits a group that was left open and found no
 * next member.
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
    ALONE_LOCK_MS = 60000, /* who wants to be alone has time */
    GROUP_US = LIMIT_GROUP_MS * 1000,
};

/* ── the end of a group ── */

/* Runs the callbacks of one group, after those of all groups before it. Without the lock. */
static void serve(struct group *g, const struct group_owed *owed)
{
    (void)pthread_mutex_lock(&g->mutex);
    while (g->served != owed->ticket)
        (void)pthread_cond_wait(&g->served_cond, &g->mutex);
    (void)pthread_mutex_unlock(&g->mutex);
    for (int i = 0; i < owed->n; i++) {
        const struct group_member *m = &owed->members[i];
        if (m->done != NULL)
            m->done(m->arg, owed->result != OK ? owed->result : m->result);
    }
    (void)pthread_mutex_lock(&g->mutex);
    g->served++;
    (void)pthread_cond_broadcast(&g->served_cond);
    (void)pthread_mutex_unlock(&g->mutex);
}

static err commit(struct lite *l)
{
    struct group *g = &l->group;
    int64_t began_us = db_mono_us();
    err e = g->is_lost ? E_BUSY : lite_control(&l->writer, CONTROL_COMMIT);
    lock_committed(l, db_mono_us() - began_us);
    if (e == OK) {
        db_count(&l->db.counted.commits, 1);
        return OK;
    }
    if (sqlite3_get_autocommit(l->writer.handle) == 0)
        (void)lite_control(&l->writer, CONTROL_ROLLBACK); /* logged; the next group tries again */
    db_count(&l->db.counted.group_lost, 1);
    log_line(LOG_WARN, "a group of writes was lost; its members are told to try again",
        LOG_I("members", g->n_members));
    return E_BUSY;
}

/* Commits; who waits for that is owed an answer. With the lock. */
static void close_group(struct lite *l, struct group_owed *owed)
{
    struct group *g = &l->group;
    FAILPOINT("db.before_commit");
    g->has_pages = false;
    owed->commit = sync_announce(l);
    owed->result = commit(l);
    sync_written(l, owed->commit, g->has_pages);
    FAILPOINT("db.after_commit");
    owed->n = g->n_members;
    memcpy(owed->members, g->members, (size_t)owed->n * sizeof owed->members[0]);
    owed->ticket = g->next_ticket++;
    g->n_members = 0;
    g->is_open = g->is_lost = false;
}

/* Waits for the disk, and for the groups before. Without the lock. */
static void answer(struct lite *l, const struct group_owed *owed)
{
    sync_reach(l, owed->commit);
    serve(&l->group, owed);
}

/* With the lock, which is given on. */
static void finish(struct lite *l)
{
    struct group_owed owed;
    close_group(l, &owed);
    lock_give(l);
    answer(l, &owed);
}

/* ── members ── */

err group_begin(struct lite *l, bool is_patient, struct db_tx **tx)
{
    struct group *g = &l->group;
    if (!lock_take(l, is_patient ? "a patient write" : "a write", l->lock.wait_ms, is_patient))
        return E_BUSY;
    if (!g->is_open) {
        err e = lite_begin_fresh(&l->writer, CONTROL_BEGIN_WRITE);
        if (e != OK) {
            lock_give(l);
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

/* Somebody else will decide when the group ends. Who waits for the commit itself cannot be among
 * the requests that the group would wait for. */
static bool has_next(struct lite *l, bool waits)
{
    return turn_is_wanted(&l->lock.turn) || (!waits && db_pending(&l->db) > 0);
}

static bool is_time(struct lite *l, bool has_next)
{
    const struct group *g = &l->group;
    if (g->is_lost || g->n_members == LIMIT_GROUP_MEMBERS)
        return true;
    if (sync_is_running(l))
        return false;
    return !has_next || db_mono_us() - g->opened_us >= GROUP_US;
}

/* Gives the lock on before the keeper hears of it: a keeper that finds the lock taken believes that
 * whoever has it will decide, and looks again only when it is told. A sync that ends now is either
 * seen here or finds the group waiting for it (group_synced). */
static void leave_open(struct lite *l, bool has_next)
{
    struct group *g = &l->group;
    int64_t due_us = g->opened_us + GROUP_US;
    FAILPOINT("db.leave_open");
    lock_give(l);
    (void)pthread_mutex_lock(&g->mutex);
    if (sync_is_running(l))
        due_us = db_mono_us() + GROUP_US;
    else if (!has_next)
        due_us = db_mono_us();
    if (g->due_us == 0 || g->due_us > due_us) {
        g->due_us = due_us;
        (void)pthread_cond_signal(&g->keeper_cond);
    }
    (void)pthread_mutex_unlock(&g->mutex);
}

void group_synced(struct lite *l)
{
    struct group *g = &l->group;
    (void)pthread_mutex_lock(&g->mutex);
    if (g->due_us != 0) {
        g->due_us = db_mono_us();
        (void)pthread_cond_signal(&g->keeper_cond);
    }
    (void)pthread_mutex_unlock(&g->mutex);
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
    bool next = has_next(l, c->tx.waits);
    if (is_time(l, next))
        finish(l);
    else
        leave_open(l, next);
}

err group_enter_alone(struct lite *l, const char *what, struct group_owed *owed)
{
    struct group *g = &l->group;
    if (!lock_take(l, what, ALONE_LOCK_MS, false))
        return E_BUSY;
    owed->is_there = g->is_open;
    if (owed->is_there)
        close_group(l, owed);
    return OK;
}

void group_leave(struct lite *l, const struct group_owed *owed)
{
    lock_give(l);
    if (owed->is_there)
        answer(l, owed);
}

/* ── the keeper ── */

/* Looks at a group that was left open; the next member may have come meanwhile. */
static void commit_if_idle(struct lite *l)
{
    struct group *g = &l->group;
    if (!lock_try(l, "a group that nobody goes on with"))
        return; /* its holder decides when it ends */
    bool next = has_next(l, false);
    if (g->is_open && is_time(l, next))
        finish(l);
    else if (g->is_open)
        leave_open(l, next);
    else
        lock_give(l);
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

err group_start(struct lite *l)
{
    struct group *g = &l->group;
    bool made = lock_start(l) && pthread_mutex_init(&g->mutex, NULL) == 0 &&
                pthread_cond_init(&g->served_cond, NULL) == 0 && thread_cond_make(&g->keeper_cond);
    if (!made)
        return E_BUSY;
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
    struct group_owed owed;
    if (group_enter_alone(l, "closing the database", &owed) ==
        OK) { /* else a thread still holds it: our bug, logged */
        wal_finish(l);
        group_leave(l, &owed);
    } else {
        log_line(LOG_ERROR, "the database is closed while a transaction runs");
    }
}
