/* Claiming jobs; see job.h. What is due is looked at in order, and in C it is said which of it has
 * a seat: so a look costs about what it reads, and one that finds nothing needs no write lock.
 * Claims of other nodes are passed over by state, not by waiting for them. Thread: the
 * transaction's. */
#include "store/job.h"

#include "base/limits.h"
#include "store/pace.h"

/* ── what may run ── */

struct crowd {
    int64_t channel_id, running;
    str network;
};
static const struct db_col crowd_cols[] = {
    COL(struct crowd, channel_id),
    COL(struct crowd, network),
    COL(struct crowd, running),
};

struct due {
    job_id id;
    int64_t channel_id;
    str network;
    bool is_fetch;
};
static const struct db_col due_cols[] = {
    COL(struct due, id),
    COL(struct due, channel_id),
    COL(struct due, network),
    COL(struct due, is_fetch),
};

/* Channels and networks of which as many run as may, read once for a look, so that a long queue of
 * theirs costs little to pass over. leased: how the few running ones are found. */
#define DUE(from, leased)                                                                            \
    "SELECT j.id, j.channel_id, j.network, j.kind IN ('fetch', 'export') AS is_fetch "               \
    "FROM job j " from                                                                               \
    "WHERE j.state = 'queued' AND j.run_ms <= ?1 AND (?4 > 0 OR j.kind NOT IN ('fetch', 'export')) " \
    "AND j.kills <> ?6 "                                                                             \
    "AND j.channel_id NOT IN "                                                                       \
    "(SELECT r.channel_id FROM job r " leased "WHERE r.state = 'running' AND r.channel_id <> 0 "     \
    "GROUP BY r.channel_id HAVING COUNT(*) >= ?2) "                                                  \
    "AND j.network NOT IN "                                                                          \
    "(SELECT r.network FROM job r " leased "WHERE r.state = 'running' AND r.network <> '' "          \
    "GROUP BY r.network HAVING COUNT(*) >= ?3) "                                                     \
    "AND " JOB_FOREMOST "AND (j.channel_id = 0 OR NOT EXISTS (SELECT 1 FROM pace p "                 \
    "WHERE p.channel_id = j.channel_id AND p.open_ms > ?1)) "                                        \
    "ORDER BY j.run_ms, j.id "                                                                       \
    "LIMIT ?5"
#define CROWDS(leased)                                                                             \
    "SELECT channel_id, network, COUNT(*) AS running "                                             \
    "FROM job " leased "WHERE state = 'running' "                                                  \
    "GROUP BY channel_id, network"

/* Who runs, with room for those that will. */
struct crowds {
    struct crowd *rows;
    ptrdiff_t n;
};

static int64_t running_of(const struct crowds *c, const struct due *d, bool of_network)
{
    int64_t n = 0;
    for (ptrdiff_t i = 0; i < c->n; i++)
        if (of_network ? d->network.len && str_eq(c->rows[i].network, d->network)
                       : c->rows[i].channel_id == d->channel_id)
            n += c->rows[i].running;
    return n;
}

static bool has_seat(const struct crowds *c, const struct due *d, struct job_abreast abreast)
{
    return d->channel_id == 0 ||
           (running_of(c, d, false) < abreast.channel && running_of(c, d, true) < abreast.network);
}

/* With room for so many more. */
static err read_crowds(struct db_tx *tx, ptrdiff_t more, struct crowds *crowds)
{
    struct crowd *rows = NULL;
    TRY(db_all(tx, db_pick(tx, S(CROWDS("INDEXED BY job_lease ")), S(CROWDS(""))), NO_ARGS,
        COLS(crowd_cols), (ptrdiff_t)sizeof *rows, &rows, &crowds->n));
    crowds->rows = NEW(db_tx_arena(tx), struct crowd, crowds->n + more);
    for (ptrdiff_t i = 0; i < crowds->n; i++)
        crowds->rows[i] = rows[i];
    return OK;
}

static void seat(struct crowds *c, const struct due *d)
{
    c->rows[c->n++] = (struct crowd){d->channel_id, 1, d->network};
}

/* The kills of jobs that are not taken; −1 = none are left. */
static int64_t kills_left(bool is_young)
{
    return is_young ? JOB_KILLS - 1 : -1;
}

/* Who runs, and what is due, in order. *was_cut: there may be more behind it. */
static err read_due(struct db_tx *tx, int64_t now_ms, struct job_room room,
    struct job_abreast abreast, struct crowds *crowds, struct due **due, ptrdiff_t *n,
    bool *was_cut)
{
    enum { LOOK = 64 };
    ptrdiff_t most = room.jobs + LOOK;
    TRY(read_crowds(tx, room.jobs, crowds));
    TRY(db_all(tx,
        db_pick(tx, S(DUE("INDEXED BY job_due ", "INDEXED BY job_lease ")), S(DUE("", ""))),
        ARGS(A_INT(now_ms), A_INT(abreast.channel), A_INT(abreast.network), A_INT(room.fetches),
            A_INT(most), A_INT(kills_left(room.is_young))),
        COLS(due_cols), (ptrdiff_t)sizeof **due, due, n));
    *was_cut = *n == most;
    return OK;
}

static bool may_run(
    const struct crowds *c, const struct due *d, struct job_room room, struct job_abreast abreast)
{
    return room.jobs > 0 && (!d->is_fetch || room.fetches > 0) && has_seat(c, d, abreast);
}

/* Channels with parked jobs that go as fast as they can, as jobs that could be due. */
static err choose_parked(struct db_tx *tx, int64_t now_ms, struct due **rows, ptrdiff_t *n)
{
    struct pace_flowing *flowing = NULL;
    TRY(pace_flowing(tx, now_ms, &flowing, n));
    *rows = NEW(db_tx_arena(tx), struct due, *n);
    for (ptrdiff_t i = 0; i < *n; i++)
        (*rows)[i] =
            (struct due){.channel_id = flowing[i].channel_id.v, .network = flowing[i].network};
    return OK;
}

err job_is_claimable(struct db_tx *tx, int64_t now_ms, struct job_room room,
    struct job_abreast abreast, bool *is_there)
{
    struct crowds crowds = {0};
    struct due *due = NULL, *parked = NULL;
    ptrdiff_t n = 0, n_parked = 0;
    bool was_cut = false;
    *is_there = false;
    TRY(read_due(tx, now_ms, room, abreast, &crowds, &due, &n, &was_cut));
    for (ptrdiff_t i = 0; i < n && !*is_there; i++)
        *is_there = may_run(&crowds, &due[i], room, abreast);
    if (*is_there)
        return OK;
    TRY(choose_parked(tx, now_ms, &parked, &n_parked));
    for (ptrdiff_t i = 0; i < n_parked && !*is_there; i++)
        *is_there = may_run(&crowds, &parked[i], room, abreast);
    return OK;
}

/* ── claims ── */

static const struct db_col row_cols[] = {
    COL(struct job_row, id),
    COL(struct job_row, account_id),
    COL(struct job_row, kind),
    COL(struct job_row, key),
    COL(struct job_row, order_key),
    COL(struct job_row, payload),
    COL(struct job_row, channel_id),
    COL(struct job_row, attempts),
    COL(struct job_row, kills),
    COL(struct job_row, first_ms),
    COL(struct job_row, created_ms),
    COL(struct job_row, node),
    COL(struct job_row, lease_ms),
};

/* id ?1, node ?2, now ?3. */
#define CLAIM                                                                                                        \
    "UPDATE job SET state = 'running', attempts = attempts + 1, node = ?2, "                                         \
    "lease_ms = ?3 + CASE WHEN channel_id <> 0 OR kind = 'export' THEN ?4 WHEN kind = 'fetch' THEN ?5 ELSE ?6 END, " \
    "first_ms = COALESCE(first_ms, ?3) "
#define CLAIMED                                                                                    \
    " RETURNING id, account_id, kind, key, order_key, payload, channel_id, attempts, kills, "      \
    "first_ms, created_ms, node, lease_ms"
#define LEASES A_INT(LIMIT_NETWORK_LEASE_MS), A_INT(LIMIT_FETCH_LEASE_MS), A_INT(LIMIT_JOB_LEASE_MS)

/* *row when it was still there to be taken; else *n = 0. */
static err claim_one(
    struct db_tx *tx, int64_t node, int64_t now_ms, job_id id, struct job_row **row, ptrdiff_t *n)
{
    return db_all(tx,
        db_pick(tx, S(CLAIM "WHERE id = ?1 AND state IN ('queued', 'parked')" CLAIMED),
            S(CLAIM
                "WHERE id = (SELECT id FROM job WHERE id = ?1 AND state IN ('queued', 'parked') "
                "FOR UPDATE SKIP LOCKED)" CLAIMED)),
        ARGS(A_ID(id), A_INT(node), A_INT(now_ms), LEASES), COLS(row_cols), (ptrdiff_t)sizeof **row,
        row, n);
}

struct next {
    job_id id;
};
static const struct db_col next_cols[] = {COL(struct next, id)};

/* The first that may run of the first ?3 of a channel's in this state. Most often it is the very
 * first, and the others are not read then: both engines hand the inner rows out one by one. */
#define FIRST(state)                                                                               \
    "SELECT j.id "                                                                                 \
    "FROM (SELECT id, account_id, kind, order_key, run_ms, kills FROM job "                        \
    "WHERE channel_id = ?1 AND channel_id <> 0 AND state = '" state "' "                           \
    "ORDER BY id "                                                                                 \
    "LIMIT ?3) AS j "                                                                              \
    "WHERE j.run_ms <= ?2 AND j.kind <> 'fetch' AND j.kills <> ?4 AND " JOB_FOREMOST "LIMIT 1"

/* E_NOT_FOUND: none of them may. */
static err find_next(
    struct db_tx *tx, str sql, channel_id channel, int64_t now_ms, bool is_young, struct next *next)
{
    enum { LOOK = 32 };
    return db_one(tx, sql,
        ARGS(A_ID(channel), A_INT(now_ms), A_INT(LOOK), A_INT(kills_left(is_young))),
        COLS(next_cols), next);
}

err job_claim_next(struct db_tx *tx, int64_t node, channel_id channel, int64_t now_ms,
    bool is_young, const struct job_row **row, ptrdiff_t *n)
{
    const str firsts[] = {S(FIRST("queued")), S(FIRST("parked"))};
    struct job_row *got = NULL;
    bool is_flowing = false;
    *n = 0;
    TRY(pace_is_flowing(tx, channel, now_ms, &is_flowing));
    for (int i = 0; i < 2 && !*n && is_flowing; i++) {
        struct next next;
        err e = find_next(tx, firsts[i], channel, now_ms, is_young, &next);
        if (e == OK)
            e = claim_one(tx, node, now_ms, next.id, &got, n);
        if (e != OK && e != E_NOT_FOUND)
            return e;
    }
    *row = got;
    return OK;
}

/* What another node is claiming at this moment is passed over. */
static err claim_due(struct db_tx *tx, int64_t node, int64_t now_ms, struct job_room *room,
    struct job_abreast abreast, struct job_row *all, ptrdiff_t *n)
{
    bool was_cut = false;
    ptrdiff_t before;
    do {
        struct crowds crowds = {0};
        struct due *due = NULL;
        struct job_row *row = NULL;
        ptrdiff_t n_due = 0, n_got = 0;
        before = *n;
        TRY(read_due(tx, now_ms, *room, abreast, &crowds, &due, &n_due, &was_cut));
        for (ptrdiff_t i = 0; i < n_due && room->jobs > 0; i++) {
            if (!may_run(&crowds, &due[i], *room, abreast))
                continue;
            TRY(claim_one(tx, node, now_ms, due[i].id, &row, &n_got));
            if (!n_got)
                continue;
            seat(&crowds, &due[i]);
            room->jobs--;
            room->fetches -= due[i].is_fetch;
            all[(*n)++] = *row;
        }
    } while (was_cut && room->jobs > 0 && *n > before);
    return OK;
}

/* What is parked comes after what is due, and one of each channel after the other. */
static err claim_parked(struct db_tx *tx, int64_t node, int64_t now_ms, struct job_room *room,
    struct job_abreast abreast, struct job_row *all, ptrdiff_t *n)
{
    struct crowds crowds = {0};
    struct due *parked = NULL;
    ptrdiff_t n_parked = 0, n_got = 0;
    bool has_more = true;
    TRY(choose_parked(tx, now_ms, &parked, &n_parked));
    if (n_parked)
        TRY(read_crowds(tx, room->jobs, &crowds));
    for (ptrdiff_t i = 0; i < n_parked; i++)
        if (!parked[i].network.len)
            TRY(pace_emptied(tx, (channel_id){parked[i].channel_id}));
    while (has_more) {
        has_more = false;
        for (ptrdiff_t i = 0; i < n_parked && room->jobs; i++) {
            const channel_id channel = {parked[i].channel_id};
            const struct job_row *row = NULL;
            if (!parked[i].network.len || !has_seat(&crowds, &parked[i], abreast))
                continue;
            TRY(job_claim_next(tx, node, channel, now_ms, room->is_young, &row, &n_got));
            if (!n_got) {
                parked[i].network = (str){0}; /* all wait for earlier ones of their order key */
                continue;
            }
            TRY(pace_served(tx, channel, now_ms));
            seat(&crowds, &parked[i]);
            room->jobs--;
            all[(*n)++] = *row;
            has_more = true;
        }
    }
    return OK;
}

err job_claim(struct db_tx *tx, int64_t node, int64_t now_ms, struct job_room room,
    struct job_abreast abreast, const struct job_row **rows, ptrdiff_t *count)
{
    struct job_row *all = NEW(db_tx_arena(tx), struct job_row, room.jobs);
    *count = 0;
    TRY(claim_due(tx, node, now_ms, &room, abreast, all, count));
    if (room.jobs)
        TRY(claim_parked(tx, node, now_ms, &room, abreast, all, count));
    *rows = all;
    return OK;
}
