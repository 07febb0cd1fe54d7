/* See job.h. The states are 'queued', 'running', 'parked' (store/pace.h), 'dead'; a finished job's
 * row is removed. A claim is proven by (node, lease_ms): whoever ends it names both, so that a
 * claimer who was too slow finds nothing to end. Thread: the transaction's. */
#include "store/job.h"

#include "base/id.h"
#include "base/limits.h"

#include <assert.h>

struct insert_row {
    job_id id;
    int64_t account_id; /* 0 is a value here: the installation */
    str kind, key, order_key;
    int64_t run_ms, created_ms;
    str payload;
    int64_t channel_id; /* 0 is a value here too */
};
static const struct db_col insert_cols[] = {
    COL(struct insert_row, id),
    COL(struct insert_row, account_id),
    COL(struct insert_row, kind),
    COL(struct insert_row, key),
    COL(struct insert_row, order_key),
    COL(struct insert_row, run_ms),
    COL(struct insert_row, created_ms),
    COL(struct insert_row, payload),
    COL(struct insert_row, channel_id),
};

/* The network that a channel's door belongs to. */
#define NETWORK(account, channel)                                                                  \
    "COALESCE((SELECT MAX(s.network) FROM source s "                                               \
    "WHERE s.account_id = " account " AND s.channel_id = " channel "), '')"

/* A dead job with this key is raised with a clean record; a live one stays as it is. */
#define RAISE                                                                                      \
    "ON CONFLICT (account_id, kind, key) DO UPDATE SET id = excluded.id, state = 'queued', "       \
    "order_key = excluded.order_key, run_ms = excluded.run_ms, attempts = 0, kills = 0, "          \
    "first_ms = NULL, created_ms = excluded.created_ms, last_error = NULL, "                       \
    "payload = excluded.payload "                                                                  \
    "WHERE job.state = 'dead'"

err job_add_many(struct ctx *cx, const struct job_new *j, ptrdiff_t n)
{
    if (n == 0)
        return OK;
    struct insert_row *rows = NEW(cx->arena, struct insert_row, n);
    for (ptrdiff_t i = 0; i < n; i++)
        rows[i] = (struct insert_row){
            .id = {id_make(cx->now_ms)},
            .account_id = cx->account.v,
            .kind = j[i].kind,
            .key = j[i].key,
            .order_key = j[i].order_key,
            .run_ms = j[i].run_ms ? j[i].run_ms : cx->now_ms,
            .created_ms = cx->now_ms,
            .payload = j[i].payload,
            .channel_id = j[i].channel.v,
        };
    TRY(db_many(cx->db,
        S("INSERT INTO job (id, account_id, kind, key, order_key, run_ms, created_ms, payload, "
          "channel_id, network) "
          "VALUES (?1, ?2, ?3, ?4, NULLIF(?5, ''), ?6, ?7, ?8, ?9, " NETWORK(
              "?2", "?9") ") " RAISE),
        S("INSERT INTO job (id, account_id, kind, key, order_key, run_ms, created_ms, payload, "
          "channel_id, network) "
          "SELECT k.id, k.account_id, k.kind, k.key, NULLIF(k.order_key, ''), k.run_ms, "
          "k.created_ms, k.payload, k.channel_id, " NETWORK("k.account_id",
              "k.channel_id") " "
                              "FROM unnest(?1::bigint[], ?2::bigint[], ?3::text[], ?4::text[], ?5::text[], "
                              "?6::bigint[], ?7::bigint[], ?8::text[], ?9::bigint[]) "
                              "AS k (id, account_id, kind, key, order_key, run_ms, created_ms, payload, channel_id) " RAISE),
        COLS(insert_cols), rows, (ptrdiff_t)sizeof *rows, n, NULL));
    cx->effects.jobs = true;
    return OK;
}

err job_add(struct ctx *cx, const struct job_new *j)
{
    return job_add_many(cx, j, 1);
}

err job_move(struct ctx *cx, str kind, str key, int64_t run_ms)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE job SET run_ms = ?4 "
          "WHERE account_id = ?1 AND kind = ?2 AND key = ?3 AND state = 'queued'"),
        ARGS(A_INT(cx->account.v), A_TEXT(kind), A_TEXT(key), A_INT(run_ms ? run_ms : cx->now_ms)),
        &changed));
    if (changed == 0)
        return E_NOT_FOUND;
    cx->effects.jobs = true;
    return OK;
}

err job_cancel(struct ctx *cx, str kind, str key)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("DELETE FROM job "
          "WHERE account_id = ?1 AND kind = ?2 AND key = ?3 AND state IN ('queued', 'parked')"),
        ARGS(A_INT(cx->account.v), A_TEXT(kind), A_TEXT(key)), &changed));
    return changed ? OK : E_NOT_FOUND;
}

struct running {
    int64_t count;
};
static const struct db_col running_cols[] = {COL(struct running, count)};

err job_is_running(struct ctx *cx, channel_id channel, str kind, int64_t upto_ms, bool *is_running)
{
    struct running row = {0};
    TRY(db_one(cx->db,
        S("SELECT COUNT(*) AS count "
          "FROM job "
          "WHERE channel_id = ?2 AND channel_id <> 0 AND state = 'running' "
          "AND account_id = ?1 AND kind = ?3 AND first_ms <= ?4"),
        ARGS(A_INT(cx->account.v), A_INT(channel.v), A_TEXT(kind), A_INT(upto_ms)),
        COLS(running_cols), &row));
    *is_running = row.count > 0;
    return OK;
}

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

#define RUNNING                                                                                    \
    "(SELECT COUNT(*) FROM job r WHERE r.channel_id = j.channel_id "                               \
    "AND r.channel_id <> 0 AND r.state = 'running')"
#define BUSY                                                                                       \
    "(SELECT COUNT(*) FROM job r WHERE r.network = j.network "                                     \
    "AND r.network <> '' AND r.state = 'running')"

/* Channels and networks of which as many run as may; read once for a whole claim, so that a long
 * queue of theirs costs little to pass over. leased: how the few running ones are found. */
#define FULL_CHANNELS(leased)                                                                      \
    "(SELECT r.channel_id FROM job r " leased "WHERE r.state = 'running' AND r.channel_id <> 0 "   \
    "GROUP BY r.channel_id HAVING COUNT(*) >= ?7) "
#define FULL_NETWORKS(leased)                                                                      \
    "(SELECT r.network FROM job r " leased "WHERE r.state = 'running' AND r.network <> '' "        \
    "GROUP BY r.network HAVING COUNT(*) >= ?9) "

/* Only an earlier id can block, and it stays until it is finished, so two claimers cannot take two
 * jobs of one order_key. */
#define DUE(leased)                                                                                \
    "WHERE j.state = 'queued' AND j.run_ms <= ?3 "                                                 \
    "AND (?5 = '' OR j.kind = ?5) AND (?6 = '' OR j.kind <> ?6) "                                  \
    "AND j.channel_id NOT IN " FULL_CHANNELS(leased) "AND j.network NOT IN " FULL_NETWORKS(        \
        leased) "AND NOT EXISTS (SELECT 1 FROM job e "                                             \
                "WHERE e.account_id = j.account_id AND e.order_key = j.order_key AND e.id < j.id " \
                "AND e.state IN ('queued', 'running', 'parked')) "                                 \
                "AND (j.channel_id = 0 OR NOT EXISTS (SELECT 1 FROM pace p "                       \
                "WHERE p.channel_id = j.channel_id AND p.open_ms > ?3)) "                          \
                "ORDER BY j.run_ms, j.id "                                                         \
                "LIMIT ?4 "

/* Of what is due, no more of a channel and of a network than may run beside what runs already. */
#define SEATED(due)                                                                                \
    "WHERE id IN (SELECT id FROM (SELECT d.id, d.channel_id, d.network, "                          \
    "d.running + ROW_NUMBER() OVER (PARTITION BY d.channel_id ORDER BY d.run_ms, d.id) "           \
    "AS abreast, "                                                                                 \
    "d.busy + ROW_NUMBER() OVER (PARTITION BY d.network ORDER BY d.run_ms, d.id) AS together "     \
    "FROM (SELECT j.id, j.channel_id, j.network, j.run_ms, " RUNNING " AS running, " BUSY          \
    " AS busy " due ") AS d) AS seated "                                                           \
    "WHERE channel_id = 0 OR (abreast <= ?7 AND (network = '' OR together <= ?9)))"
#define CLAIM                                                                                      \
    "UPDATE job SET state = 'running', attempts = attempts + 1, node = ?1, "                       \
    "lease_ms = CASE WHEN channel_id <> 0 AND ?2 < ?3 + ?8 THEN ?3 + ?8 ELSE ?2 END, "             \
    "first_ms = COALESCE(first_ms, ?3) "
#define CLAIMED                                                                                    \
    " RETURNING id, account_id, kind, key, order_key, payload, channel_id, attempts, kills, "      \
    "first_ms, "                                                                                   \
    "created_ms, node, lease_ms"

static bool any_of_a_channel(const struct job_row *rows, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (rows[i].channel_id.v)
            return true;
    return false;
}

/* A statement looks at `max` due jobs only; where it passed some over because of their channel, the
 * next one sees what stands behind them. */
err job_claim(struct db_tx *tx, int64_t node, int64_t now_ms, int64_t lease_ms, ptrdiff_t max,
    str only, str but, struct job_abreast abreast, const struct job_row **rows, ptrdiff_t *count)
{
    struct job_row *all = NEW(db_tx_arena(tx), struct job_row, max), *got = NULL;
    ptrdiff_t n = 0, n_got = 0;
    str sql = db_pick(tx,
        S(CLAIM SEATED("FROM job j INDEXED BY job_due " DUE("INDEXED BY job_lease ")) CLAIMED),
        S(CLAIM SEATED("FROM job j " DUE("") "FOR UPDATE SKIP LOCKED ") CLAIMED));
    do {
        TRY(db_all(tx, sql,
            ARGS(A_INT(node), A_INT(lease_ms), A_INT(now_ms), A_INT(max - n), A_TEXT(only),
                A_TEXT(but), A_INT(abreast.channel), A_INT(LIMIT_NETWORK_LEASE_MS),
                A_INT(abreast.network)),
            COLS(row_cols), (ptrdiff_t)sizeof *got, &got, &n_got));
        for (ptrdiff_t i = 0; i < n_got; i++)
            all[n++] = got[i];
    } while (n < max && any_of_a_channel(got, n_got));
    *rows = all;
    *count = n;
    return OK;
}

#define MINE                                                                                       \
    "WHERE account_id = ?1 AND id = ?2 AND state = 'running' AND node = ?3 AND lease_ms = ?4"
#define PROOF(job)                                                                                 \
    A_INT((job)->account_id.v), A_ID((job)->id), A_INT((job)->node), A_INT((job)->lease_ms)

err job_finish(struct db_tx *tx, const struct job_row *job)
{
    int64_t changed = 0;
    TRY(db_run(tx, S("DELETE FROM job " MINE), ARGS(PROOF(job)), &changed));
    return changed ? OK : E_CONFLICT;
}

err job_put_back(struct db_tx *tx, const struct job_row *job, int64_t run_ms, str error)
{
    int64_t changed = 0;
    TRY(db_run(tx,
        S("UPDATE job SET state = 'queued', run_ms = ?5, last_error = ?6, node = NULL, "
          "lease_ms = NULL, kills = 0 " MINE),
        ARGS(PROOF(job), A_INT(run_ms), A_TEXT_OR_NULL(error)), &changed));
    return changed ? OK : E_CONFLICT;
}

err job_repeat(struct db_tx *tx, const struct job_row *job, int64_t run_ms)
{
    int64_t changed = 0;
    TRY(db_run(tx,
        S("UPDATE job SET state = 'queued', run_ms = ?5, last_error = NULL, node = NULL, "
          "lease_ms = NULL, kills = 0, attempts = 0, first_ms = NULL " MINE),
        ARGS(PROOF(job), A_INT(run_ms)), &changed));
    return changed ? OK : E_CONFLICT;
}

err job_bury(struct db_tx *tx, const struct job_row *job, str error)
{
    int64_t changed = 0;
    TRY(db_run(tx,
        S("UPDATE job SET state = 'dead', last_error = ?5, node = NULL, lease_ms = NULL " MINE),
        ARGS(PROOF(job), A_TEXT_OR_NULL(error)), &changed));
    return changed ? OK : E_CONFLICT;
}

err job_free_expired(struct db_tx *tx, int64_t now_ms, bool all, int64_t *freed)
{
    return db_run(tx,
        S("UPDATE job SET kills = kills + 1, node = NULL, lease_ms = NULL, "
          "state = CASE WHEN kills >= ?3 THEN 'dead' ELSE 'queued' END, "
          "run_ms = CASE WHEN kills = ?3 - 2 THEN ?1 + ?4 + id % ?5 ELSE run_ms END, "
          "last_error = CASE WHEN kills >= ?3 - 1 "
          "THEN '" JOB_KILLED "' ELSE last_error END "
          "WHERE state = 'running' AND (?2 = 1 OR lease_ms < ?1)"),
        ARGS(A_INT(now_ms), A_BOOL(all), A_INT(JOB_KILLS), A_INT(JOB_SUSPECT_MS),
            A_INT(JOB_SUSPECT_SPREAD_MS)),
        freed);
}

struct number {
    int64_t value;
};
static const struct db_col number_cols[] = {COL(struct number, value)};

err job_next_due(struct db_tx *tx, int64_t now_ms, int64_t *at_ms)
{
    struct number next = {0};
    TRY(db_one(tx,
        S("SELECT MIN(due) AS value FROM "
          "(SELECT MIN(run_ms) AS due FROM job WHERE state = 'queued' AND run_ms > ?1 "
          "UNION ALL "
          "SELECT MIN(lease_ms) + 1 AS due FROM job WHERE state = 'running' "
          "UNION ALL "
          "SELECT MIN(turn_ms) AS due FROM pace WHERE has_parked = 1) AS ahead"),
        ARGS(A_INT(now_ms)), COLS(number_cols), &next));
    *at_ms = next.value;
    return OK;
}

static const struct db_col count_cols[] = {
    COL(struct job_count, kind),
    COL(struct job_count, state),
    COL(struct job_count, count),
};

/* The installation's own work (account 0: upkeep) is always there and not counted. */
err job_counts(struct db_tx *tx, const struct job_count **counts, ptrdiff_t *n)
{
    struct job_count *got = NULL;
    TRY(db_all(tx,
        S("SELECT kind, state, COUNT(*) AS count FROM job WHERE account_id <> 0 GROUP BY kind, state"),
        NO_ARGS, COLS(count_cols), (ptrdiff_t)sizeof *got, &got, n));
    *counts = got;
    return OK;
}

static const struct db_col item_cols[] = {
    COL(struct job_item, id),
    COL(struct job_item, kind),
    COL(struct job_item, key),
    COL(struct job_item, state),
    COL(struct job_item, attempts),
    COL(struct job_item, run_ms),
    COL(struct job_item, created_ms),
    COL(struct job_item, last_error),
};

err job_list(struct ctx *cx, str state, job_id before, ptrdiff_t limit,
    const struct job_item **items, ptrdiff_t *count)
{
    struct job_item *got = NULL;
    TRY(db_all(cx->db,
        S("SELECT id, kind, key, state, attempts, run_ms, created_ms, last_error "
          "FROM job "
          "WHERE account_id = ?1 AND state = ?2 AND id < ?3 "
          "ORDER BY id DESC "
          "LIMIT ?4"),
        ARGS(A_INT(cx->account.v), A_TEXT(state), A_INT(before.v ? before.v : INT64_MAX),
            A_INT(limit)),
        COLS(item_cols), (ptrdiff_t)sizeof *got, &got, count));
    *items = got;
    return OK;
}

err job_get(struct ctx *cx, job_id id, struct job_item *item)
{
    err e = db_one(cx->db,
        S("SELECT id, kind, key, state, attempts, run_ms, created_ms, last_error "
          "FROM job "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_INT(cx->account.v), A_ID(id)), COLS(item_cols), item);
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "There is no such job.") : e;
}

err job_retry(struct ctx *cx, job_id id)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE job SET state = 'queued', run_ms = ?3, attempts = 0, kills = 0, first_ms = NULL "
          "WHERE account_id = ?1 AND id = ?2 AND state IN ('dead', 'queued', 'parked')"),
        ARGS(A_INT(cx->account.v), A_ID(id), A_INT(cx->now_ms)), &changed));
    if (changed == 0) {
        struct job_item item;
        TRY(job_get(cx, id, &item));
        return fail(cx, E_CONFLICT, "This job is running right now.");
    }
    cx->effects.jobs = true;
    return OK;
}

err job_remove(struct ctx *cx, job_id id)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("DELETE FROM job "
          "WHERE account_id = ?1 AND id = ?2 AND state IN ('dead', 'queued', 'parked')"),
        ARGS(A_INT(cx->account.v), A_ID(id)), &changed));
    if (changed == 0) {
        struct job_item item;
        TRY(job_get(cx, id, &item));
        return fail(cx, E_CONFLICT, "This job is running right now.");
    }
    return OK;
}
