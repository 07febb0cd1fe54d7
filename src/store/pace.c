/* pace: see pace.h. */
#include "store/pace.h"

#include "store/job.h"

#include <assert.h>

#define GAP "gap"
/* How many jobs of a channel may be seen at once: ?3 as a rule, with a gap what fits into a turn.
 */
#define SEATS                                                                                      \
    "CASE WHEN COALESCE(p.gap_ms, 0) = 0 THEN ?3 "                                                 \
    "WHEN p.gap_ms >= " TURN_TEXT " THEN 1 ELSE " TURN_TEXT " / p.gap_ms END"
#define TURN_TEXT "250"
static_assert(PACE_TURN_MS == 250, "as SQL says it");

enum { LOOK_JOBS = 256, LOOK_PARKED = 1000, TURNS_MOST = 32, SPARE_SHARE = 8 };

static const struct db_col pace_cols[] = {
    COL(struct pace, channel_id),
    COL(struct pace, open_ms),
    COL(struct pace, reason),
    COL(struct pace, failures),
    COL(struct pace, has_parked),
    COL(struct pace, budget_limit),
    COL(struct pace, budget_left),
    COL(struct pace, budget_reset_ms),
};
#define PACE_COLUMNS                                                                               \
    "channel_id, open_ms, reason, failures, has_parked, budget_limit, budget_left, budget_reset_ms"

struct number {
    int64_t value;
};
static const struct db_col number_cols[] = {COL(struct number, value)};

err pace_get(struct ctx *cx, channel_id channel, struct pace *pace)
{
    *pace = (struct pace){.channel_id = channel};
    err e = db_one(cx->db,
        S("SELECT " PACE_COLUMNS " "
          "FROM pace "
          "WHERE channel_id = ?1 AND account_id = ?2"),
        ARGS(A_ID(channel), A_ID(cx->account)), COLS(pace_cols), pace);
    return e == E_NOT_FOUND ? OK : e;
}

err pace_waiting(struct ctx *cx, channel_id channel, int64_t *n)
{
    struct number row = {0};
    TRY(db_one(cx->db,
        S("SELECT COUNT(*) AS value "
          "FROM job "
          "WHERE channel_id = ?1 AND channel_id <> 0 AND state IN ('queued', 'parked') "
          "AND account_id = ?2"),
        ARGS(A_ID(channel), A_ID(cx->account)), COLS(number_cols), &row));
    *n = row.value;
    return OK;
}

static err pace_ensure(struct ctx *cx, channel_id channel)
{
    return db_run(cx->db,
        S("INSERT INTO pace (channel_id, account_id) "
          "VALUES (?1, ?2) "
          "ON CONFLICT (channel_id) DO NOTHING"),
        ARGS(A_ID(channel), A_ID(cx->account)), NULL);
}

err pace_set_gap(struct ctx *cx, channel_id channel, int64_t gap_ms)
{
    if (gap_ms)
        TRY(pace_ensure(cx, channel));
    return db_run(cx->db,
        S("UPDATE pace "
          "SET gap_ms = ?3, updated_ms = ?4 "
          "WHERE channel_id = ?1 AND account_id = ?2 AND gap_ms <> ?3"),
        ARGS(A_ID(channel), A_ID(cx->account), A_INT(gap_ms), A_INT(cx->now_ms)), NULL);
}

err pace_note_sent(
    struct ctx *cx, channel_id channel, int64_t limit, int64_t left, int64_t reset_ms)
{
    /* A channel that works, and is far from its limit, costs no write. */
    TRY(db_run(cx->db,
        S("UPDATE pace "
          "SET failures = 0, updated_ms = ?3, "
          "    open_ms = CASE WHEN reason = 'failing' THEN 0 ELSE open_ms END, "
          "    reason = CASE WHEN reason = 'failing' THEN '' ELSE reason END "
          "WHERE channel_id = ?1 AND account_id = ?2 AND failures > 0"),
        ARGS(A_ID(channel), A_ID(cx->account), A_INT(cx->now_ms)), NULL));
    TRY(db_run(cx->db,
        S("UPDATE pace "
          "SET open_ms = ?3 + gap_ms, reason = '" GAP "', updated_ms = ?3, "
          "    turn_ms = CASE WHEN turn_ms < ?3 + gap_ms THEN ?3 + gap_ms ELSE turn_ms END "
          "WHERE channel_id = ?1 AND account_id = ?2 AND gap_ms >= ?4 AND open_ms < ?3 + gap_ms"),
        ARGS(A_ID(channel), A_ID(cx->account), A_INT(cx->now_ms), A_INT(PACE_TURN_MS)), NULL));
    if (!limit || left > limit / SPARE_SHARE)
        return OK;
    TRY(pace_ensure(cx, channel));
    TRY(db_run(cx->db,
        S("UPDATE pace "
          "SET budget_limit = ?3, budget_left = ?4, budget_reset_ms = ?5, updated_ms = ?6 "
          "WHERE channel_id = ?1 AND account_id = ?2"),
        ARGS(A_ID(channel), A_ID(cx->account), A_INT(limit), A_INT(left), A_INT(reset_ms),
            A_INT(cx->now_ms)),
        NULL));
    return left == 0 && reset_ms > cx->now_ms ? pace_close(cx, channel, PACE_LIMIT, reset_ms) : OK;
}

err pace_note_failure(struct ctx *cx, channel_id channel, bool *closed)
{
    struct number failures = {0};
    TRY(pace_ensure(cx, channel));
    TRY(db_one(cx->db,
        S("UPDATE pace "
          "SET failures = failures + 1, updated_ms = ?3 "
          "WHERE channel_id = ?1 AND account_id = ?2 "
          "RETURNING failures AS value"),
        ARGS(A_ID(channel), A_ID(cx->account), A_INT(cx->now_ms)), COLS(number_cols), &failures));
    *closed = failures.value >= PACE_FAILURES;
    if (!*closed)
        return OK;
    int64_t pause_ms = PACE_PAUSE_MS;
    for (int64_t i = PACE_FAILURES; i < failures.value && pause_ms < PACE_PAUSE_MOST_MS; i++)
        pause_ms *= 2;
    if (pause_ms > PACE_PAUSE_MOST_MS)
        pause_ms = PACE_PAUSE_MOST_MS;
    return pace_close(cx, channel, PACE_FAILING, cx->now_ms + pause_ms);
}

err pace_close(struct ctx *cx, channel_id channel, str reason, int64_t until_ms)
{
    TRY(pace_ensure(cx, channel));
    return db_run(cx->db,
        S("UPDATE pace "
          "SET open_ms = ?3, reason = ?4, updated_ms = ?5, "
          "    turn_ms = CASE WHEN turn_ms < ?3 THEN ?3 ELSE turn_ms END "
          "WHERE channel_id = ?1 AND account_id = ?2 AND open_ms < ?3"),
        ARGS(A_ID(channel), A_ID(cx->account), A_INT(until_ms), A_TEXT(reason), A_INT(cx->now_ms)),
        NULL);
}

err pace_open(struct ctx *cx, channel_id channel)
{
    cx->effects.jobs = true;
    return db_run(cx->db,
        S("UPDATE pace "
          "SET open_ms = 0, turn_ms = ?3, reason = '', failures = 0, updated_ms = ?3 "
          "WHERE channel_id = ?1 AND account_id = ?2"),
        ARGS(A_ID(channel), A_ID(cx->account), A_INT(cx->now_ms)), NULL);
}

err pace_forget(struct ctx *cx, channel_id channel)
{
    TRY(db_run(cx->db,
        S("DELETE FROM pace "
          "WHERE channel_id = ?1 AND account_id = ?2 AND has_parked = 0"),
        ARGS(A_ID(channel), A_ID(cx->account)), NULL));
    TRY(pace_set_gap(cx, channel, 0));
    return pace_open(cx, channel);
}

/* ── the dispatcher ── */

/* A channel's due jobs but the first `keep` that may run: one that waits for an earlier one of its
 * order key must not keep the seat of one that need not. What is to run later stands in nobody's
 * way and waits where it is. A channel that has been removed has no door any more, so the account
 * is that of its jobs. */
static err park(struct db_tx *tx, channel_id channel, int64_t keep, int64_t now_ms, int64_t turn_ms,
    int64_t *parked)
{
    int64_t n = 0;
    TRY(db_run(tx,
        S("UPDATE job "
          "SET state = 'parked' "
          "WHERE id IN (SELECT id FROM job "
          "             WHERE channel_id = ?1 AND channel_id <> 0 AND state = 'queued' "
          "             AND run_ms <= ?4 "
          "             ORDER BY id LIMIT ?3) "
          "AND id NOT IN (SELECT j.id FROM job j "
          "               WHERE j.channel_id = ?1 AND j.channel_id <> 0 AND j.state = 'queued' "
          "               AND j.run_ms <= ?4 AND " JOB_FOREMOST "ORDER BY j.id LIMIT ?2) "
          "AND state = 'queued'"),
        ARGS(A_ID(channel), A_INT(keep), A_INT(PACE_PARK_MOST), A_INT(now_ms)), &n));
    *parked += n;
    if (!n)
        return OK;
    return db_run(tx,
        S("INSERT INTO pace (channel_id, account_id, has_parked, turn_ms) "
          "SELECT ?1, account_id, 1, ?2 FROM job "
          "WHERE channel_id = ?1 AND channel_id <> 0 AND state = 'parked' LIMIT 1 "
          "ON CONFLICT (channel_id) DO UPDATE "
          "SET has_parked = 1, "
          "    turn_ms = CASE WHEN pace.open_ms > ?2 THEN pace.open_ms ELSE ?2 END"),
        ARGS(A_ID(channel), A_INT(turn_ms)), NULL);
}

struct crowd {
    channel_id channel_id;
    int64_t open_ms, keep;
};
static const struct db_col crowd_cols[] = {
    COL(struct crowd, channel_id),
    COL(struct crowd, open_ms),
    COL(struct crowd, keep),
};

/* Channels that are closed now, and have due jobs. now ?1. */
#define CLOSED                                                                                     \
    "FROM pace p "                                                                                 \
    "WHERE p.reason <> '' AND p.open_ms > ?1 "                                                     \
    "AND EXISTS (SELECT 1 FROM job j WHERE j.channel_id = p.channel_id "                           \
    "            AND j.channel_id <> 0 AND j.state = 'queued' AND j.run_ms <= ?1) "

err pace_is_crowded(struct db_tx *tx, int64_t now_ms, bool *is_crowded)
{
    struct number n = {0};
    TRY(db_one(tx,
        S("SELECT CASE WHEN EXISTS (SELECT 1 " CLOSED ") THEN 1 "
          "WHEN (SELECT COUNT(*) FROM (SELECT 1 AS one FROM job "
          "      WHERE state = 'queued' AND run_ms <= ?1 LIMIT ?2) AS several) >= ?2 THEN 1 "
          "ELSE 0 END AS value"),
        ARGS(A_INT(now_ms), A_INT(LOOK_JOBS / 2)), COLS(number_cols), &n));
    *is_crowded = n.value == 1;
    return OK;
}

err pace_park(struct db_tx *tx, int64_t now_ms, int64_t *parked)
{
    struct crowd *rows = NULL;
    ptrdiff_t n = 0;
    *parked = 0;
    TRY(db_all(tx,
        S("SELECT channel_id, open_ms, 0 AS keep " CLOSED "ORDER BY open_ms "
          "LIMIT ?2"),
        ARGS(A_INT(now_ms), A_INT(TURNS_MOST)), COLS(crowd_cols), (ptrdiff_t)sizeof *rows, &rows,
        &n));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(park(tx, rows[i].channel_id, 0, now_ms, rows[i].open_ms, parked));
    TRY(db_all(tx,
        S("SELECT channel_id, 0 AS open_ms, CASE WHEN seats > running THEN seats - running ELSE 0 END AS keep "
          "FROM (SELECT due.channel_id, due.n, " SEATS " AS seats, "
          "      CASE WHEN COALESCE(p.gap_ms, 0) = 0 THEN 0 "
          "      ELSE (SELECT COUNT(*) FROM job r WHERE r.channel_id = due.channel_id "
          "            AND r.channel_id <> 0 AND r.state = 'running') END AS running "
          "      FROM (SELECT channel_id, COUNT(*) AS n "
          "            FROM (SELECT channel_id FROM job WHERE state = 'queued' AND run_ms <= ?1 "
          "                  ORDER BY run_ms, id LIMIT ?2) AS first "
          "            WHERE channel_id <> 0 "
          "            GROUP BY channel_id) AS due "
          "      LEFT JOIN pace p ON p.channel_id = due.channel_id) AS crowd "
          "WHERE n + running > seats"),
        ARGS(A_INT(now_ms), A_INT(LOOK_JOBS), A_INT(PACE_READY)), COLS(crowd_cols),
        (ptrdiff_t)sizeof *rows, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(park(tx, rows[i].channel_id, rows[i].keep, now_ms, now_ms + PACE_TURN_MS, parked));
    return OK;
}

static const struct db_col flowing_cols[] = {
    COL(struct pace_flowing, channel_id),
    COL(struct pace_flowing, network),
};

err pace_is_flowing(struct db_tx *tx, channel_id channel, int64_t now_ms, bool *is_flowing)
{
    struct number held = {0};
    TRY(db_one(tx,
        S("SELECT COUNT(*) AS value "
          "FROM pace "
          "WHERE channel_id = ?1 AND (open_ms > ?2 OR gap_ms > 0 OR failures > 0)"),
        ARGS(A_ID(channel), A_INT(now_ms)), COLS(number_cols), &held));
    *is_flowing = held.value == 0;
    return OK;
}

err pace_flowing(struct db_tx *tx, int64_t now_ms, struct pace_flowing **rows, ptrdiff_t *n)
{
    return db_all(tx,
        S("SELECT channel_id, COALESCE((SELECT CASE WHEN j.network = '' THEN '?' ELSE j.network END "
          "    FROM job j WHERE j.channel_id = p.channel_id AND j.channel_id <> 0 "
          "    AND j.state = 'parked' LIMIT 1), '') AS network "
          "FROM pace p "
          "WHERE has_parked = 1 AND gap_ms = 0 AND failures = 0 AND open_ms <= ?1 "
          "ORDER BY turn_ms "
          "LIMIT ?2"),
        ARGS(A_INT(now_ms), A_INT(TURNS_MOST)), COLS(flowing_cols), (ptrdiff_t)sizeof **rows, rows,
        n);
}

err pace_served(struct db_tx *tx, channel_id channel, int64_t now_ms)
{
    return db_run(tx,
        S("UPDATE pace "
          "SET turn_ms = ?2 "
          "WHERE channel_id = ?1"),
        ARGS(A_ID(channel), A_INT(now_ms)), NULL);
}

static err pace_touch(struct db_tx *tx, channel_id channel)
{
    return db_run(tx,
        S("UPDATE pace "
          "SET has_parked = has_parked "
          "WHERE channel_id = ?1"),
        ARGS(A_ID(channel)), NULL);
}

err pace_emptied(struct db_tx *tx, channel_id channel)
{
    /* Another node may be parking some: its end is waited for, and then looked at. */
    TRY(pace_touch(tx, channel));
    TRY(db_run(tx,
        S("UPDATE pace "
          "SET has_parked = 0 "
          "WHERE channel_id = ?1 AND NOT EXISTS (SELECT 1 FROM job j "
          "                                      WHERE j.channel_id = ?1 "
          "                                      AND j.channel_id <> 0 AND j.state = 'parked')"),
        ARGS(A_ID(channel)), NULL));
    return db_run(tx, /* a channel that has been removed has no door any more */
        S("DELETE FROM pace "
          "WHERE channel_id = ?1 AND has_parked = 0 "
          "                      AND NOT EXISTS (SELECT 1 FROM source s "
          "                                      WHERE s.account_id = pace.account_id "
          "                                      AND s.channel_id = pace.channel_id)"),
        ARGS(A_ID(channel)), NULL);
}

struct turn {
    channel_id channel_id;
    int64_t failures, ready, seats;
};
static const struct db_col turn_cols[] = {
    COL(struct turn, channel_id),
    COL(struct turn, failures),
    COL(struct turn, ready),
    COL(struct turn, seats),
};

static err release(struct db_tx *tx, const struct turn *turn, int64_t now_ms, int64_t *released)
{
    int64_t room = turn->failures >= PACE_FAILURES ? !turn->ready : turn->seats - turn->ready,
            n = 0;
    if (room > 0)
        TRY(db_run(tx,
            S("UPDATE job "
              "SET state = 'queued', run_ms = ?3 "
              "WHERE id IN (SELECT j.id "
              "             FROM (SELECT id, account_id, order_key FROM job "
              "                   WHERE channel_id = ?1 AND channel_id <> 0 AND state = 'parked' "
              "                   ORDER BY id LIMIT ?4) AS j "
              "             WHERE " JOB_FOREMOST "ORDER BY j.id LIMIT ?2) "
              "AND state = 'parked'"),
            ARGS(A_ID(turn->channel_id), A_INT(room), A_INT(now_ms), A_INT(LOOK_PARKED)), &n));
    *released += n;
    if (room > 0 && n < room)
        TRY(pace_emptied(tx, turn->channel_id));
    return pace_served(tx, turn->channel_id, now_ms + PACE_TURN_MS);
}

/* Runs, or could now. One that waits for an earlier one of its order key that is parked or runs
 * later has no seat: it would keep the very job parked that it waits for. */
#define READY                                                                                      \
    "j.channel_id = p.channel_id AND j.channel_id <> 0 AND j.state IN ('queued', 'running') "      \
    "AND (j.state = 'running' OR (j.run_ms <= ?1 AND NOT EXISTS (SELECT 1 FROM job e "             \
    "WHERE e.account_id = j.account_id AND e.order_key = j.order_key AND e.id < j.id "             \
    "AND (e.state = 'parked' OR (e.state = 'queued' AND e.run_ms > ?1))))) "

err pace_release(struct db_tx *tx, int64_t now_ms, int64_t *released)
{
    struct turn *rows = NULL;
    ptrdiff_t n = 0;
    *released = 0;
    TRY(db_all(tx,
        S("SELECT p.channel_id, p.failures, "
          "    (SELECT COUNT(*) FROM (SELECT 1 AS one FROM job j WHERE " READY
          "     LIMIT ?3) AS several) AS ready, " SEATS " AS seats "
          "FROM pace p "
          "WHERE p.has_parked = 1 AND p.turn_ms <= ?1 AND p.open_ms <= ?1 "
          "AND (p.gap_ms > 0 OR p.failures > 0) "
          "ORDER BY p.turn_ms "
          "LIMIT ?2"),
        ARGS(A_INT(now_ms), A_INT(TURNS_MOST), A_INT(PACE_READY)), COLS(turn_cols),
        (ptrdiff_t)sizeof *rows, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(release(tx, &rows[i], now_ms, released));
    return OK;
}
