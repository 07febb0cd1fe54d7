/* See inbox.h. The states are 'new', 'done', 'quarantined', 'discarded'; a change names the old
 * one. Thread: the transaction's. */
#include "store/inbox.h"

#include "base/clock.h"
#include "base/id.h"

static err add(struct ctx *cx, const struct inbox_new *in, str state, str reason, bool *is_new)
{
    int64_t changed = 0;
    /* The id is made here, under the write lock on SQLite, so that ids follow commit order. */
    TRY(db_run(cx->db,
        S("INSERT INTO inbox (id, account_id, source_id, channel_id, delivery_key, received_ms, "
          "state, attempts, network, content_type, reason, body) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, ?10, ?11) "
          "ON CONFLICT (account_id, source_id, delivery_key) DO NOTHING"),
        ARGS(A_INT(id_make(clock_now_ms())), A_ID(cx->account), A_INT(in->source.v),
            A_INT(in->channel.v), A_TEXT(in->delivery_key), A_INT(in->received_ms), A_TEXT(state),
            A_TEXT(in->network), A_TEXT_OR_NULL(in->content_type), A_TEXT_OR_NULL(reason),
            A_BLOB(in->body)),
        &changed));
    *is_new = changed == 1;
    return OK;
}

err inbox_add(struct ctx *cx, const struct inbox_new *in, bool *is_new)
{
    TRY(add(cx, in, S("new"), (str){0}, is_new));
    if (*is_new)
        cx->effects.jobs = true;
    return OK;
}

err inbox_add_quarantined(struct ctx *cx, const struct inbox_new *in, str reason)
{
    bool is_new;
    return add(cx, in, S("quarantined"), reason, &is_new);
}

static const struct db_col row_cols[] = {
    COL(struct inbox_row, id),
    COL(struct inbox_row, account_id),
    COL(struct inbox_row, source_id),
    COL(struct inbox_row, channel_id),
    COL(struct inbox_row, received_ms),
    COL(struct inbox_row, attempts),
    COL(struct inbox_row, network),
    COL(struct inbox_row, delivery_key),
    COL(struct inbox_row, content_type),
    COL(struct inbox_row, body),
};

err inbox_waiting(struct db_tx *tx, ptrdiff_t max, const struct inbox_row **rows, ptrdiff_t *count)
{
    struct inbox_row *got = NULL;
    /* Without the hint SQLite would walk the table in id order past everything that is done. */
    str sql = db_pick(tx,
        S("SELECT id, account_id, source_id, channel_id, received_ms, attempts, network, delivery_key, "
          "content_type, body "
          "FROM inbox INDEXED BY inbox_todo "
          "WHERE state = 'new' "
          "ORDER BY id "
          "LIMIT ?1"),
        S("SELECT id, account_id, source_id, channel_id, received_ms, attempts, network, delivery_key, "
          "content_type, body "
          "FROM inbox "
          "WHERE state = 'new' "
          "ORDER BY id "
          "LIMIT ?1"));
    TRY(db_all(tx, sql, ARGS(A_INT(max)), COLS(row_cols), (ptrdiff_t)sizeof *got, &got, count));
    *rows = got;
    return OK;
}

static const struct db_col key_cols[] = {
    COL(struct inbox_row, account_id),
    COL(struct inbox_row, id),
};

err inbox_claim_many(struct db_tx *tx, const struct inbox_row *rows, ptrdiff_t n)
{
    int64_t changed = 0;
    TRY(db_many(tx,
        S("UPDATE inbox SET attempts = attempts + 1 "
          "WHERE account_id = ?1 AND id = ?2 AND state = 'new'"),
        S("UPDATE inbox SET attempts = attempts + 1 "
          "FROM unnest(?1::bigint[], ?2::bigint[]) AS k (account_id, id) "
          "WHERE inbox.account_id = k.account_id AND inbox.id = k.id AND state = 'new'"),
        COLS(key_cols), rows, (ptrdiff_t)sizeof *rows, n, &changed));
    return changed == n ? OK : E_CONFLICT;
}

err inbox_finish_many(struct db_tx *tx, const struct inbox_row *rows, ptrdiff_t n)
{
    int64_t changed = 0;
    TRY(db_many(tx,
        S("UPDATE inbox SET state = 'done' "
          "WHERE account_id = ?1 AND id = ?2 AND state = 'new'"),
        S("UPDATE inbox SET state = 'done' "
          "FROM unnest(?1::bigint[], ?2::bigint[]) AS k (account_id, id) "
          "WHERE inbox.account_id = k.account_id AND inbox.id = k.id AND state = 'new'"),
        COLS(key_cols), rows, (ptrdiff_t)sizeof *rows, n, &changed));
    return changed == n ? OK : E_CONFLICT;
}

err inbox_quarantine(struct db_tx *tx, const struct inbox_row *row, str reason)
{
    int64_t changed = 0;
    TRY(db_run(tx,
        S("UPDATE inbox SET state = 'quarantined', reason = ?3 "
          "WHERE account_id = ?1 AND id = ?2 AND state = 'new'"),
        ARGS(A_ID(row->account_id), A_ID(row->id), A_TEXT(reason)), &changed));
    return changed == 1 ? OK : E_CONFLICT;
}

struct number {
    int64_t value;
};
static const struct db_col number_cols[] = {COL(struct number, value)};

err inbox_oldest_waiting(struct db_tx *tx, int64_t *received_ms)
{
    struct number n = {0};
    err e = db_one(tx,
        db_pick(tx,
            S("SELECT received_ms AS value FROM inbox INDEXED BY inbox_todo "
              "WHERE state = 'new' ORDER BY id LIMIT 1"),
            S("SELECT received_ms AS value FROM inbox "
              "WHERE state = 'new' ORDER BY id LIMIT 1")),
        NO_ARGS, COLS(number_cols), &n);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    *received_ms = n.value;
    return OK;
}

struct two_numbers {
    int64_t waiting, quarantined;
};
static const struct db_col two_cols[] = {
    COL(struct two_numbers, waiting),
    COL(struct two_numbers, quarantined),
};

err inbox_counts(struct db_tx *tx, int64_t *waiting, int64_t *quarantined)
{
    struct two_numbers n = {0};
    TRY(db_one(tx,
        db_pick(tx,
            S("SELECT (SELECT COUNT(*) FROM inbox INDEXED BY inbox_todo WHERE state = 'new') "
              "AS waiting, "
              "(SELECT COUNT(*) FROM inbox INDEXED BY inbox_quarantine "
              "WHERE state = 'quarantined') AS quarantined"),
            S("SELECT (SELECT COUNT(*) FROM inbox WHERE state = 'new') AS waiting, "
              "(SELECT COUNT(*) FROM inbox WHERE state = 'quarantined') AS quarantined")),
        NO_ARGS, COLS(two_cols), &n));
    *waiting = n.waiting;
    *quarantined = n.quarantined;
    return OK;
}

err inbox_forget(struct db_tx *tx, int64_t before_ms, ptrdiff_t max, int64_t *removed)
{
    /* Ids sort by time, so the oldest `max` rows are found without an index on the time. */
    return db_run(tx,
        S("DELETE FROM inbox "
          "WHERE id IN (SELECT id FROM "
          "(SELECT id, received_ms, state FROM inbox ORDER BY id LIMIT ?2) AS oldest "
          "WHERE received_ms < ?1 AND state IN ('done', 'discarded'))"),
        ARGS(A_INT(before_ms), A_INT(max)), removed);
}

static const struct db_col item_cols[] = {
    COL(struct inbox_item, id),
    COL(struct inbox_item, channel_id),
    COL(struct inbox_item, received_ms),
    COL(struct inbox_item, attempts),
    COL(struct inbox_item, size_bytes),
    COL(struct inbox_item, content_type),
    COL(struct inbox_item, reason),
};

err inbox_quarantine_list(struct ctx *cx, inbox_id before, ptrdiff_t limit,
    const struct inbox_item **items, ptrdiff_t *count)
{
    struct inbox_item *got = NULL;
    TRY(db_all(cx->db,
        S("SELECT id, channel_id, received_ms, attempts, length(body) AS size_bytes, "
          "content_type, reason "
          "FROM inbox "
          "WHERE account_id = ?1 AND state = 'quarantined' AND id < ?2 "
          "ORDER BY id DESC "
          "LIMIT ?3"),
        ARGS(A_ID(cx->account), A_INT(before.v ? before.v : INT64_MAX), A_INT(limit)),
        COLS(item_cols), (ptrdiff_t)sizeof *got, &got, count));
    *items = got;
    return OK;
}

struct raw_row {
    blob body;
    str content_type;
};
static const struct db_col raw_cols[] = {
    COL(struct raw_row, body),
    COL(struct raw_row, content_type),
};

err inbox_quarantine_raw(struct ctx *cx, inbox_id id, blob *body, str *content_type)
{
    struct raw_row row = {0};
    TRY(db_one(cx->db,
        S("SELECT body, content_type FROM inbox "
          "WHERE account_id = ?1 AND id = ?2 AND state = 'quarantined'"),
        ARGS(A_ID(cx->account), A_ID(id)), COLS(raw_cols), &row));
    *body = row.body;
    *content_type = row.content_type;
    return OK;
}

err inbox_quarantine_retry(struct ctx *cx, inbox_id id)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE inbox SET state = 'new', attempts = 0, reason = NULL "
          "WHERE account_id = ?1 AND id = ?2 AND state = 'quarantined'"),
        ARGS(A_ID(cx->account), A_ID(id)), &changed));
    if (changed == 0)
        return fail(cx, E_NOT_FOUND, "This item is not in quarantine any more.");
    cx->effects.jobs = true;
    return OK;
}

err inbox_quarantine_discard(struct ctx *cx, inbox_id id)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE inbox SET state = 'discarded' "
          "WHERE account_id = ?1 AND id = ?2 AND state = 'quarantined'"),
        ARGS(A_ID(cx->account), A_ID(id)), &changed));
    return changed ? OK : fail(cx, E_NOT_FOUND, "This item is not in quarantine any more.");
}
