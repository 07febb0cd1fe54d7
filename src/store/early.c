/* early: see early.h. */
#include "store/early.h"

#include "base/id.h"
#include "db/db.h"
#include "store/set.h"

#include <stdlib.h>

enum { TRIM_EVERY = 64 };

struct nothing {
    int64_t value;
};
static const struct db_col nothing_cols[] = {COL(struct nothing, value)};

err early_lock(struct ctx *cx, channel_id channel, str external_id)
{
    struct nothing row;
    if (db_tx_kind(cx->db) == DB_SQLITE)
        return OK;
    return db_one(cx->db,
        S("SELECT 1 AS value "
          "FROM (SELECT pg_advisory_xact_lock(hashtextextended(?2, ?1::bigint)) AS held) AS l"),
        ARGS(A_ID(channel), A_TEXT(external_id)), COLS(nothing_cols), &row);
}

/* About one row in TRIM_EVERY, chosen by its id: no counter to share between threads. */
static bool is_chosen(int64_t id)
{
    return (uint64_t)id * UINT64_C(0x9E3779B97F4A7C15) < UINT64_MAX / TRIM_EVERY;
}

err early_add(struct ctx *cx, const struct early *e)
{
    int64_t id = id_make(cx->now_ms);
    TRY(db_run(cx->db,
        S("INSERT INTO early (account_id, id, channel_id, external_id, slot, body, at_ms, created_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
          "ON CONFLICT (account_id, channel_id, external_id, slot) DO UPDATE "
          "SET body = excluded.body, at_ms = excluded.at_ms "
          "WHERE excluded.at_ms >= early.at_ms"),
        ARGS(A_ID(cx->account), A_INT(id), A_ID(e->channel_id), A_TEXT(e->external_id),
            A_TEXT(e->slot), A_TEXT(e->body), A_INT(e->at_ms), A_INT(cx->now_ms)),
        NULL));
    if (!is_chosen(id))
        return OK;
    return db_run(cx->db,
        S("DELETE FROM early "
          "WHERE account_id = ?1 AND channel_id = ?2 AND id <= "
          "(SELECT id FROM early WHERE account_id = ?1 AND channel_id = ?2 "
          "ORDER BY id DESC LIMIT 1 OFFSET ?3)"),
        ARGS(A_ID(cx->account), A_ID(e->channel_id), A_INT(EARLY_MOST)), NULL);
}

struct key {
    int64_t account, channel;
    str external_id;
};
static const struct db_col key_cols[] = {
    COL(struct key, account),
    COL(struct key, channel),
    COL(struct key, external_id),
};
static const struct db_col row_cols[] = {
    COL(struct early, id),
    COL(struct early, channel_id),
    COL(struct early, external_id),
    COL(struct early, slot),
    COL(struct early, body),
    COL(struct early, at_ms),
};

#define COLUMNS "id, channel_id, external_id, slot, body, at_ms"

static int by_time(const void *x, const void *y)
{
    const struct early *a = x, *b = y;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

err early_take(
    struct ctx *cx, const struct early *keys, ptrdiff_t n, struct early **rows, ptrdiff_t *n_rows)
{
    struct key *in = NEW(cx->arena, struct key, n + 1);
    struct early *found = NULL;
    ptrdiff_t n_found = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = (struct key){cx->account.v, keys[i].channel_id.v, keys[i].external_id};
    TRY(db_many_all(cx->db,
        S("SELECT " COLUMNS " "
          "FROM early "
          "WHERE account_id = ?1 AND channel_id = ?2 AND external_id = ?3"),
        S("SELECT e.id, e.channel_id, e.external_id, e.slot, e.body, e.at_ms "
          "FROM unnest(?2::bigint[], ?3::text[]) AS q(channel, external) "
          "CROSS JOIN LATERAL (SELECT * FROM early e WHERE e.account_id = " SET_ACCOUNT " "
          "AND e.channel_id = q.channel AND e.external_id = q.external OFFSET 0) AS e"),
        COLS(key_cols), in, (ptrdiff_t)sizeof *in, n, COLS(row_cols), (ptrdiff_t)sizeof *found,
        &found, &n_found));
    for (ptrdiff_t i = 0; i < n_found; i++)
        TRY(db_run(cx->db, S("DELETE FROM early WHERE account_id = ?1 AND id = ?2"),
            ARGS(A_ID(cx->account), A_INT(found[i].id)), NULL));
    if (n_found)
        qsort(found, (size_t)n_found, sizeof *found, by_time);
    *rows = found;
    *n_rows = n_found;
    return OK;
}

err early_forget(struct ctx *cx, int64_t before_ms, ptrdiff_t max, int64_t *removed)
{
    return db_run(cx->db,
        S("DELETE FROM early "
          "WHERE account_id = ?1 AND id IN (SELECT id FROM early "
          "    WHERE account_id = ?1 AND created_ms < ?2 ORDER BY created_ms LIMIT ?3)"),
        ARGS(A_ID(cx->account), A_INT(before_ms), A_INT(max)), removed);
}
