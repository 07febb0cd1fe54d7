/* Shared transactions on PostgreSQL, for DB_APPEND: writes that only add rows.
 * Up to 64 members, each in a savepoint, share one BEGIN and one COMMIT;
 * measured, that is a third of the server's work per row. Writes that change
 * rows others change stay alone: they would hold their locks for the group. Two
 * connections take turns: one group fills while the other's COMMIT is under
 * way. The rules of a group are those of sqlite_group.c; its keeper is here the
 * finisher's thread. Thread: any. Shared: struct pg_append; `open` and the
 * group belong to the lock's holder. */
#include "db/pg_driver.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/log.h"

enum { GROUP_US = LIMIT_GROUP_MS * 1000 };

/* ── the end of a group ── */

static void group_give(struct pg_group *g)
{
    struct pg_append *ap = &g->conn.pg->append;
    if (g->conn.is_lost)
        pg_disconnect(&g->conn);
    (void)pthread_mutex_lock(&ap->mutex);
    g->next_free = ap->free;
    ap->free = g;
    (void)pthread_mutex_unlock(&ap->mutex);
    turn_give(&ap->idle);
}

void pg_group_answer(struct pg_group *g, err e)
{
    struct pg_member members[LIMIT_GROUP_MEMBERS];
    struct db_counters *counted = &g->conn.pg->db.counted;
    int n = g->n_members;
    memcpy(members, g->members, (size_t)n * sizeof members[0]);
    if (e == OK) {
        db_count(&counted->commits, 1);
    } else {
        db_count(&counted->group_lost, 1);
        log_line(LOG_WARN, "a group of writes was lost; its members are told to try again",
            LOG_I("members", n));
    }
    group_give(g);
    for (int i = 0; i < n; i++)
        if (members[i].done != NULL)
            members[i].done(members[i].arg, e != OK ? E_BUSY : members[i].result);
}

/* Sends COMMIT and gives the lock on. With the lock. */
static void commit(struct pg *pg)
{
    struct pg_group *g = pg->append.open;
    struct pg_conn *c = &g->conn;
    bool is_begun = c->is_begun;
    pg->append.open = NULL;
    c->is_begun = false;
    if (c->n_prelude > 0 && c->prelude[0] == PRELUDE_MEMBER_KEEP)
        c->n_prelude = 0; /* COMMIT keeps it */
    FAILPOINT("db.before_commit");
    err e = c->is_lost ? E_BUSY : OK;
    if (is_begun && e == OK)
        e = pg_command_later(c, "COMMIT");
    turn_give(&pg->append.lock);
    if (is_begun && e == OK)
        pg_finish_later(pg->finisher, c);
    else
        pg_group_answer(g, e);
}

/* ── members ── */

static err group_open(struct pg *pg)
{
    struct pg_append *ap = &pg->append;
    if (!turn_take(&ap->idle, LIMIT_DB_WAIT_MS))
        return E_BUSY;
    (void)pthread_mutex_lock(&ap->mutex);
    struct pg_group *g = ap->free;
    ap->free = g->next_free;
    (void)pthread_mutex_unlock(&ap->mutex);
    struct pg_conn *c = &g->conn;
    err e = c->handle == NULL ? pg_connect(pg, &c->handle, NULL, NULL) : OK;
    if (e != OK) {
        group_give(g);
        return e;
    }
    g->n_members = 0;
    g->has_scope = false;
    g->opened_us = db_mono_us();
    c->is_begun = false;
    c->prelude[0] = PRELUDE_BEGIN_WRITE;
    c->n_prelude = 1;
    ap->open = g;
    return OK;
}

err pg_append_begin(struct pg *pg, struct db_tx **tx)
{
    struct pg_append *ap = &pg->append;
    if (!turn_take(&ap->lock, LIMIT_DB_WAIT_MS))
        return E_BUSY;
    err e = ap->open == NULL ? group_open(pg) : OK;
    if (e != OK) {
        turn_give(&ap->lock);
        return e;
    }
    struct pg_conn *c = &ap->open->conn;
    pg_queue(c, PRELUDE_MEMBER);
    if (ap->open->has_scope)
        pg_queue(c, PRELUDE_SCOPE); /* none, unless the member sets its own: not its
                                       neighbour's */
    *tx = &c->tx;
    return OK;
}

/* What is left to be sent for this member before the next one or COMMIT. */
static void close_member(struct pg_conn *c, bool keep)
{
    for (int i = 0; i < c->n_prelude; i++) {
        if (c->prelude[i] == PRELUDE_MEMBER) { /* it sent nothing */
            c->n_prelude = i;
            return;
        }
    }
    if (!keep) {
        c->n_prelude = 0; /* of its inner savepoints: they end with it */
        pg_queue(c, PRELUDE_MEMBER_UNDO);
    }
    pg_queue(c, PRELUDE_MEMBER_KEEP);
}

static bool is_time(struct pg *pg)
{
    const struct pg_group *g = pg->append.open;
    if (g->conn.is_lost || g->n_members == LIMIT_GROUP_MEMBERS)
        return true;
    if (db_mono_us() - g->opened_us >= GROUP_US)
        return true;
    return !turn_is_wanted(&pg->append.lock) && db_pending(&pg->db) <= 0;
}

static void leave_open(struct pg *pg)
{
    struct pg_append *ap = &pg->append;
    (void)pthread_mutex_lock(&ap->mutex);
    bool is_new = ap->due_us == 0;
    if (is_new)
        ap->due_us = ap->open->opened_us + GROUP_US;
    (void)pthread_mutex_unlock(&ap->mutex);
    turn_give(&ap->lock);
    if (is_new)
        pg_finish_ring(pg->finisher);
}

void pg_append_end(struct pg_conn *c, bool keep, db_done *done, void *arg)
{
    struct pg_group *g = c->group;
    bool is_kept = keep && !c->tx.failed;
    if (!c->is_lost)
        close_member(c, is_kept);
    assert(g->n_members < LIMIT_GROUP_MEMBERS);
    g->members[g->n_members++] =
        (struct pg_member){.done = done, .arg = arg, .result = keep && !is_kept ? E_INTERNAL : OK};
    if (is_time(c->pg))
        commit(c->pg);
    else
        leave_open(c->pg);
}

/* ── the keeper's part ── */

int pg_append_keep(struct pg *pg)
{
    struct pg_append *ap = &pg->append;
    (void)pthread_mutex_lock(&ap->mutex);
    int64_t left_us = ap->due_us - db_mono_us();
    bool is_armed = ap->due_us != 0, is_due = is_armed && left_us <= 0;
    if (is_due)
        ap->due_us = 0;
    (void)pthread_mutex_unlock(&ap->mutex);
    if (!is_due)
        return is_armed ? (int)(left_us / 1000) + 1 : -1;
    if (!turn_try(&ap->lock))
        return -1; /* its holder decides when it ends */
    if (ap->open == NULL)
        turn_give(&ap->lock);
    else if (db_mono_us() - ap->open->opened_us >= GROUP_US)
        commit(pg);
    else
        leave_open(pg);
    return 0; /* look again */
}

/* ── opening and closing ── */

err pg_append_start(struct pg *pg)
{
    struct pg_append *ap = &pg->append;
    if (!turn_make(&ap->lock, 1) || !turn_make(&ap->idle, PG_GROUPS) ||
        pthread_mutex_init(&ap->mutex, NULL) != 0)
        return E_BUSY;
    for (int i = 0; i < PG_GROUPS; i++) {
        struct pg_group *g = &ap->groups[i];
        g->conn.pg = pg;
        g->conn.group = g;
        TRY(stmt_cache_make(&g->conn.cache));
        g->next_free = ap->free;
        ap->free = g;
    }
    return OK;
}

void pg_append_stop(struct pg *pg)
{
    struct pg_append *ap = &pg->append;
    if (!turn_take(&ap->lock, LIMIT_DB_WAIT_MS)) {
        log_line(LOG_ERROR, "the database is closed while a transaction runs");
        return;
    }
    if (ap->open != NULL)
        commit(pg);
    else
        turn_give(&ap->lock);
}

void pg_append_free(struct pg *pg)
{
    for (int i = 0; i < PG_GROUPS; i++) {
        struct pg_conn *c = &pg->append.groups[i].conn;
        if (c->cache.slots != NULL)
            pg_disconnect(c);
        free(c->cache.slots);
    }
}
