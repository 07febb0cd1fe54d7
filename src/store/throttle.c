/* throttle: see throttle.h. */
#include "store/throttle.h"

#include "db/db.h"
#include "store/door_hash.h"

struct throttle_row {
    int64_t failures, first_ms, until_ms;
};
static const struct db_col throttle_cols[] = {
    COL(struct throttle_row, failures),
    COL(struct throttle_row, first_ms),
    COL(struct throttle_row, until_ms),
};

static err throttle_get(struct ctx *cx, str key, struct throttle_row *row)
{
    err e = db_one(cx->db,
        S("SELECT failures, first_ms, until_ms "
          "FROM throttle "
          "WHERE key = ?1"),
        ARGS(A_TEXT(door_hash(cx->arena, key))), COLS(throttle_cols), row);
    if (e == E_NOT_FOUND)
        *row = (struct throttle_row){0};
    else
        TRY(e);
    /* Forgotten after a quiet hour; first_ms is the time of the last failure's hour. */
    if (cx->now_ms - row->until_ms > THROTTLE_FORGET_MS &&
        cx->now_ms - row->first_ms > THROTTLE_FORGET_MS)
        *row = (struct throttle_row){0};
    return OK;
}

err throttle_wait(struct ctx *cx, str key, int64_t *wait_ms)
{
    struct throttle_row row;
    TRY(throttle_get(cx, key, &row));
    int64_t wait = row.until_ms - cx->now_ms;
    /* A clock set back must not lock people out for longer than the longest wait. */
    *wait_ms = wait <= 0 ? 0 : wait > THROTTLE_MOST_MS ? THROTTLE_MOST_MS : wait;
    return OK;
}

err throttle_fail(struct ctx *cx, str key, int64_t free)
{
    struct throttle_row row;
    TRY(throttle_get(cx, key, &row));
    row.failures++;
    int64_t wait = 0;
    if (row.failures > free) {
        int64_t doublings = row.failures - free - 1;
        wait = doublings >= 10 ? THROTTLE_MOST_MS : INT64_C(1000) << doublings;
        if (wait > THROTTLE_MOST_MS)
            wait = THROTTLE_MOST_MS;
    }
    return db_run(cx->db,
        S("INSERT INTO throttle (key, failures, first_ms, until_ms) "
          "VALUES (?1, ?2, ?3, ?4) "
          "ON CONFLICT (key) DO UPDATE "
          "SET failures = excluded.failures, first_ms = excluded.first_ms, "
          "    until_ms = excluded.until_ms"),
        ARGS(A_TEXT(door_hash(cx->arena, key)), A_INT(row.failures),
            A_INT(row.first_ms ? row.first_ms : cx->now_ms), A_INT(cx->now_ms + wait)),
        NULL);
}

err throttle_clear(struct ctx *cx, str key)
{
    return db_run(cx->db,
        S("DELETE FROM throttle "
          "WHERE key = ?1"),
        ARGS(A_TEXT(door_hash(cx->arena, key))), NULL);
}

err throttle_forget(struct ctx *cx, ptrdiff_t max, int64_t *removed)
{
    return db_run(cx->db,
        S("DELETE FROM throttle "
          "WHERE key IN (SELECT key FROM throttle "
          "    WHERE first_ms < ?1 AND until_ms < ?1 "
          "    ORDER BY first_ms "
          "    LIMIT ?2)"),
        ARGS(A_INT(cx->now_ms - THROTTLE_FORGET_MS), A_INT(max)), removed);
}
