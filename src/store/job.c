/* See job.h; claims are in job_claim.c. The states are 'queued', 'running', 'parked'
 * (store/pace.h), 'dead'; a finished job's row is removed. A claim is proven by (node, lease_ms):
 * whoever ends it names both, so that a claimer who was too slow finds nothing to end. Thread: the
 * transaction's. */
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

err job_hold(struct ctx *cx, str kind, str key, bool *is_running)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE job SET lease_ms = lease_ms "
          "WHERE account_id = ?1 AND kind = ?2 AND key = ?3 AND state = 'running'"),
        ARGS(A_INT(cx->account.v), A_TEXT(kind), A_TEXT(key)), &changed));
    *is_running = changed > 0;
    return OK;
}

struct running {
    int64_t count;
};
static const struct db_col running_cols[] = {COL(struct running, count)};

err job_is_waiting(struct ctx *cx, str kind, str key, bool *is_waiting)
{
    struct running row = {0};
    TRY(db_one(cx->db,
        S("SELECT COUNT(*) AS count "
          "FROM job "
          "WHERE account_id = ?1 AND kind = ?2 AND key = ?3 "
          "AND (state = 'parked' OR (state = 'queued' AND attempts > 0))"),
        ARGS(A_INT(cx->account.v), A_TEXT(kind), A_TEXT(key)), COLS(running_cols), &row));
    *is_waiting = row.count > 0;
    return OK;
}

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

err job_prolong(struct db_tx *tx, const struct job_row *job, int64_t lease_ms)
{
    int64_t changed = 0;
    TRY(db_run(
        tx, S("UPDATE job SET lease_ms = ?5 " MINE), ARGS(PROOF(job), A_INT(lease_ms)), &changed));
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

err job_free_expired(struct db_tx *tx, int64_t now_ms, bool all, int64_t own, int64_t *freed)
{
    return db_run(tx,
        S("UPDATE job SET kills = CASE WHEN node = ?6 THEN kills ELSE kills + 1 END, "
          "node = NULL, lease_ms = NULL, "
          "state = CASE WHEN kills >= ?3 AND node <> ?6 THEN 'dead' ELSE 'queued' END, "
          "run_ms = CASE WHEN kills = ?3 - 2 AND node <> ?6 THEN ?1 + ?4 + id % ?5 "
          "ELSE run_ms END, "
          "last_error = CASE WHEN kills >= ?3 - 1 AND node <> ?6 "
          "THEN '" JOB_KILLED "' ELSE last_error END "
          "WHERE state = 'running' AND (?2 = 1 OR lease_ms < ?1)"),
        ARGS(A_INT(now_ms), A_BOOL(all), A_INT(JOB_KILLS), A_INT(JOB_SUSPECT_MS),
            A_INT(JOB_SUSPECT_SPREAD_MS), A_INT(own)),
        freed);
}

/* What stands on the wall clock and means a pause: between two tries, before an answer goes out. A
 * job that was put further ahead than such a pause, before it was tried, waits for a date. */
struct moment {
    int64_t at_ms;
};
static const struct db_col moment_cols[] = {COL(struct moment, at_ms)};

err job_clock_is_back(struct db_tx *tx, int64_t now_ms, bool *is_back)
{
    struct moment newest = {0};
    err e = db_one(tx,
        S("SELECT e.at_ms FROM (SELECT seq, at_ms FROM event ORDER BY seq DESC LIMIT 1) e"), NULL,
        0, COLS(moment_cols), &newest);
    *is_back = e == OK && newest.at_ms > now_ms + 1000;
    return e == E_NOT_FOUND ? OK : e;
}

err job_clock_back(
    struct db_tx *tx, int64_t now_ms, int64_t back_ms, int64_t pause_ms, int64_t *moved)
{
    int64_t jobs = 0, channels = 0;
    TRY(db_run(tx,
        S("UPDATE job SET "
          "run_ms = CASE WHEN attempts > 0 AND ?2 > 0 AND run_ms - ?2 > ?1 THEN run_ms - ?2 "
          "WHEN attempts > 0 OR run_ms < created_ms OR created_ms <= ?1 THEN ?1 "
          "ELSE ?1 + run_ms - created_ms END, "
          "first_ms = CASE WHEN first_ms > ?1 THEN ?1 ELSE first_ms END, "
          "created_ms = CASE WHEN created_ms > ?1 THEN ?1 ELSE created_ms END "
          "WHERE state IN ('queued', 'parked') AND run_ms > ?1 "
          "AND (kind IN ('upkeep', 'poll', 'reconcile', 'templates') OR (attempts > 0 AND (?2 > 0 OR first_ms > ?1)) "
          "OR (attempts = 0 AND created_ms > ?1 AND run_ms - created_ms <= ?3))"),
        ARGS(A_INT(now_ms), A_INT(back_ms), A_INT(pause_ms)), &jobs));
    TRY(db_run(tx,
        S("UPDATE pace SET "
          "open_ms = CASE WHEN open_ms <= ?1 THEN open_ms "
          "WHEN ?2 > 0 AND open_ms - ?2 > ?1 THEN open_ms - ?2 ELSE ?1 END, "
          "turn_ms = CASE WHEN turn_ms <= ?1 THEN turn_ms "
          "WHEN ?2 > 0 AND turn_ms - ?2 > ?1 THEN turn_ms - ?2 ELSE ?1 END, "
          "updated_ms = ?1 "
          "WHERE (open_ms > ?1 OR turn_ms > ?1) AND (?2 > 0 OR updated_ms > ?1)"),
        ARGS(A_INT(now_ms), A_INT(back_ms)), &channels));
    *moved = jobs + channels;
    return OK;
}

static const struct db_col times_cols[] = {
    COL(struct job_times, due_ms),
    COL(struct job_times, run_ms),
    COL(struct job_times, lease_ms),
    COL(struct job_times, turn_ms),
    COL(struct job_times, flowing),
};

err job_times(struct db_tx *tx, int64_t now_ms, struct job_times *times)
{
    return db_one(tx,
        S("SELECT (SELECT MIN(run_ms) FROM job WHERE state = 'queued') AS due_ms, "
          "(SELECT MIN(run_ms) FROM job WHERE state = 'queued' AND run_ms > ?1) AS run_ms, "
          "(SELECT MIN(lease_ms) + 1 FROM job WHERE state = 'running') AS lease_ms, "
          "(SELECT MIN(turn_ms) FROM pace WHERE has_parked = 1 "
          " AND (gap_ms > 0 OR failures > 0 OR open_ms > ?1)) AS turn_ms, "
          "(SELECT COUNT(*) FROM pace WHERE has_parked = 1 "
          " AND gap_ms = 0 AND failures = 0 AND open_ms <= ?1) AS flowing"),
        ARGS(A_INT(now_ms)), COLS(times_cols), times);
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
