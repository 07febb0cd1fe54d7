/* See inbox.h. The states of a row are 'taken' (waiting or processed: inbox_waiting says which),
 * 'quarantined', 'discarded'; a change names the old one. Thread: the transaction's. */
#include "store/inbox.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/id.h"

/* The kinds of names must not meet: a message "x" is not the delivery "x". */
static const str by_sender = S_INIT("d:"), by_message = S_INIT("m:"), by_body = S_INIT("h:");

str inbox_delivery_key(struct arena *a, str sender_id, str only_message, str body)
{
    if (sender_id.len)
        return str_cat(a, by_sender, sender_id);
    if (only_message.len)
        return str_cat(a, by_message, only_message);
    struct sha256 sum = crypto_sha256(body);
    return str_cat(a, by_body, crypto_hex(a, str_of(sum.b, (ptrdiff_t)sizeof sum.b)));
}

struct new_row {
    int64_t id, account, source, channel;
    str delivery_key;
    int64_t received_ms;
    str state, network, content_type, reason, origin;
    blob body;
};
static const struct db_col new_row_cols[] = {
    COL(struct new_row, id),
    COL(struct new_row, account),
    COL(struct new_row, source),
    COL(struct new_row, channel),
    COL(struct new_row, delivery_key),
    COL(struct new_row, received_ms),
    COL(struct new_row, state),
    COL(struct new_row, network),
    COL(struct new_row, content_type),
    COL(struct new_row, reason),
    COL(struct new_row, origin),
    COL(struct new_row, body),
};

struct added {
    inbox_id id;
};
static const struct db_col added_cols[] = {COL(struct added, id)};

#define NEW_COLUMNS                                                                                \
    "INSERT INTO inbox (id, account_id, source_id, channel_id, delivery_key, received_ms, state, " \
    "network, content_type, reason, origin, body) "
#define OR_NOTHING " ON CONFLICT (account_id, source_id, delivery_key) DO NOTHING"

/* The ids are made here, under the write lock on SQLite, so that they follow the order of commits;
 * they ascend. */
static struct new_row new_row(const struct inbox_new *in, str state, str reason)
{
    return (struct new_row){
        .id = id_make(clock_now_ms()),
        .account = in->account.v,
        .source = in->source.v,
        .channel = in->channel.v,
        .delivery_key = in->delivery_key,
        .received_ms = in->received_ms,
        .state = state,
        .network = in->network,
        .content_type = in->content_type,
        .reason = reason,
        .origin = in->origin.len ? in->origin : S("hook"),
        .body = {in->body},
    };
}

static err add_one(struct db_tx *tx, const struct new_row *row, bool *is_new)
{
    int64_t changed = 0;
    TRY(db_run(tx,
        S(NEW_COLUMNS "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)" OR_NOTHING),
        ARGS(A_INT(row->id), A_INT(row->account), A_INT(row->source), A_INT(row->channel),
            A_TEXT(row->delivery_key), A_INT(row->received_ms), A_TEXT(row->state),
            A_TEXT(row->network), A_TEXT_OR_NULL(row->content_type), A_TEXT_OR_NULL(row->reason),
            A_TEXT(row->origin), A_BLOB(row->body.bytes)),
        &changed));
    *is_new = changed == 1;
    return OK;
}

static err wait_one(struct db_tx *tx, int64_t id, int64_t account)
{
    return db_run(tx, S("INSERT INTO inbox_waiting (id, account_id) VALUES (?1, ?2)"),
        ARGS(A_INT(id), A_INT(account)), NULL);
}

static bool has_id(const struct added *added, ptrdiff_t n, int64_t id)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (added[i].id.v == id)
            return true;
    return false;
}

/* PostgreSQL: one statement. */
static err add_set(struct db_tx *tx, const struct new_row *rows, ptrdiff_t n, bool *is_new)
{
    struct added *added = NULL;
    ptrdiff_t n_added = 0;
    str sql = S(
        "WITH added AS (" NEW_COLUMNS
        "SELECT id, account, source, channel, delivery_key, received_ms, state, network, "
        "NULLIF(content_type, ''), NULLIF(reason, ''), origin, body "
        "FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::text[], "
        "?6::bigint[], ?7::text[], ?8::text[], ?9::text[], ?10::text[], ?11::text[], ?12::bytea[]) "
        "AS q (id, account, source, channel, delivery_key, received_ms, state, network, "
        "content_type, reason, origin, body)" OR_NOTHING " RETURNING id, account_id), "
        "waits AS (INSERT INTO inbox_waiting (id, account_id) SELECT id, account_id FROM added) "
        "SELECT id FROM added");
    TRY(db_many_all(tx, sql, sql, COLS(new_row_cols), rows, (ptrdiff_t)sizeof *rows, n,
        COLS(added_cols), (ptrdiff_t)sizeof *added, &added, &n_added));
    for (ptrdiff_t i = 0; i < n; i++)
        is_new[i] = n_added == n || has_id(added, n_added, rows[i].id);
    return OK;
}

err inbox_add_many(struct db_tx *tx, const struct inbox_new *const *in, ptrdiff_t n, bool *is_new)
{
    struct new_row *rows = NEW(db_tx_arena(tx), struct new_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        rows[i] = new_row(in[i], S("taken"), (str){0});
    if (db_tx_kind(tx) == DB_POSTGRES)
        return add_set(tx, rows, n, is_new);
    /* Row by row: RETURNING opens a temporary table each time. */
    for (ptrdiff_t i = 0; i < n; i++) {
        TRY(add_one(tx, &rows[i], &is_new[i]));
        if (is_new[i])
            TRY(wait_one(tx, rows[i].id, rows[i].account));
    }
    return OK;
}

err inbox_add_quarantined(struct db_tx *tx, const struct inbox_new *in, str reason)
{
    struct new_row row = new_row(in, S("quarantined"), reason);
    bool is_new;
    return add_one(tx, &row, &is_new);
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
    COL(struct inbox_row, origin),
    COL(struct inbox_row, body),
};

err inbox_waiting(struct db_tx *tx, ptrdiff_t max, const struct inbox_row **rows, ptrdiff_t *count)
{
    struct inbox_row *got = NULL;
    TRY(db_all(tx,
        S("SELECT i.id, i.account_id, i.source_id, i.channel_id, i.received_ms, t.attempts, "
          "i.network, i.delivery_key, i.content_type, i.origin, i.body "
          "FROM (SELECT id, account_id, attempts FROM inbox_waiting ORDER BY id LIMIT ?1) AS t "
          "JOIN inbox i ON i.account_id = t.account_id AND i.id = t.id "
          "ORDER BY t.id"),
        ARGS(A_INT(max)), COLS(row_cols), (ptrdiff_t)sizeof *got, &got, count));
    *rows = got;
    return OK;
}

err inbox_hand_set(struct db_tx *tx, const struct inbox_row *rows, ptrdiff_t n)
{
    int64_t first = n ? rows[0].id.v : 1, last = n ? rows[n - 1].id.v : 0;
    return db_run(tx,
        S("INSERT INTO inbox_hand (one, first_id, last_id) VALUES (1, ?1, ?2) "
          "ON CONFLICT (one) DO UPDATE "
          "SET first_id = excluded.first_id, last_id = excluded.last_id"),
        ARGS(A_INT(first), A_INT(last)), NULL);
}

err inbox_hand_take(struct db_tx *tx)
{
    TRY(db_run(tx,
        S("UPDATE inbox_waiting SET attempts = attempts + 1 "
          "WHERE id >= (SELECT first_id FROM inbox_hand) "
          "AND id <= (SELECT last_id FROM inbox_hand)"),
        NO_ARGS, NULL));
    return inbox_hand_set(tx, NULL, 0);
}

static const struct db_col key_cols[] = {COL(struct inbox_row, id)};

err inbox_finish_many(struct db_tx *tx, const struct inbox_row *rows, ptrdiff_t n)
{
    int64_t changed = 0;
    TRY(db_many(tx, S("DELETE FROM inbox_waiting WHERE id = ?1"),
        S("DELETE FROM inbox_waiting WHERE id = ANY(?1::bigint[])"), COLS(key_cols), rows,
        (ptrdiff_t)sizeof *rows, n, &changed));
    return changed == n ? OK : E_CONFLICT;
}

err inbox_quarantine(struct db_tx *tx, const struct inbox_row *row, int64_t attempts, str reason)
{
    str key = row->delivery_key;
    if (str_starts(key, by_message))
        key = str_print(db_tx_arena(tx), "%.*s#%lld", SARG(key), (long long)row->id.v);
    TRY(inbox_finish_many(tx, row, 1));
    return db_run(tx,
        S("UPDATE inbox SET state = 'quarantined', attempts = ?3, reason = ?4, delivery_key = ?5 "
          "WHERE account_id = ?1 AND id = ?2 AND state = 'taken'"),
        ARGS(A_ID(row->account_id), A_ID(row->id), A_INT(attempts), A_TEXT(reason), A_TEXT(key)),
        NULL);
}

err inbox_again(struct ctx *cx, inbox_id id)
{
    TRY(db_run(cx->db,
        S("INSERT INTO inbox_waiting (id, account_id) "
          "SELECT i.id, i.account_id "
          "FROM inbox i "
          "WHERE i.account_id = ?1 AND i.id = ?2 AND i.state = 'taken' "
          "AND NOT EXISTS (SELECT 1 FROM inbox_waiting t WHERE t.id = i.id)"),
        ARGS(A_ID(cx->account), A_ID(id)), NULL));
    cx->effects.jobs = true;
    return OK;
}

struct number {
    int64_t value;
};
static const struct db_col number_cols[] = {COL(struct number, value)};

err inbox_oldest_waiting(struct db_tx *tx, int64_t *received_ms)
{
    struct number n = {0};
    err e = db_one(tx,
        S("SELECT i.received_ms AS value "
          "FROM (SELECT id, account_id FROM inbox_waiting ORDER BY id LIMIT 1) AS t "
          "JOIN inbox i ON i.account_id = t.account_id AND i.id = t.id"),
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
    /* Without the hint SQLite would walk the whole table. */
    TRY(db_one(tx,
        db_pick(tx,
            S("SELECT (SELECT COUNT(*) FROM inbox_waiting) AS waiting, "
              "(SELECT COUNT(*) FROM inbox INDEXED BY inbox_quarantine "
              "WHERE state = 'quarantined') AS quarantined"),
            S("SELECT (SELECT COUNT(*) FROM inbox_waiting) AS waiting, "
              "(SELECT COUNT(*) FROM inbox WHERE state = 'quarantined') AS quarantined")),
        NO_ARGS, COLS(two_cols), &n));
    *waiting = n.waiting;
    *quarantined = n.quarantined;
    return OK;
}

/* On SQLite the key is the id alone; by an index that begins with the account it would sort all. */
#define FORGET_OLD(account)                                                                        \
    "DELETE FROM inbox "                                                                           \
    "WHERE account_id = ?1 AND id IN (SELECT i.id FROM inbox i "                                   \
    "    WHERE " account " = ?1 AND i.id < ?2 AND i.state IN ('taken', 'discarded') "              \
    "    AND NOT EXISTS (SELECT 1 FROM inbox_waiting t WHERE t.id = i.id) "                        \
    "    ORDER BY i.id "                                                                           \
    "    LIMIT ?3)"

err inbox_forget(struct ctx *cx, int64_t before_ms, ptrdiff_t max, int64_t *removed)
{
    /* Ids are the times of receiving, so the old ones are one range of the key. What stays of them,
     * in quarantine or waiting, is walked past: it must never stand in the way of the rest. */
    return db_run(cx->db,
        db_pick(cx->db, S(FORGET_OLD("i.account_id + 0")), S(FORGET_OLD("i.account_id"))),
        ARGS(A_ID(cx->account), A_INT(id_least(before_ms)), A_INT(max)), removed);
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
        S("UPDATE inbox SET state = 'taken', attempts = 0, reason = NULL "
          "WHERE account_id = ?1 AND id = ?2 AND state = 'quarantined'"),
        ARGS(A_ID(cx->account), A_ID(id)), &changed));
    if (changed == 0)
        return fail(cx, E_NOT_FOUND, "This item is not in quarantine any more.");
    TRY(wait_one(cx->db, id.v, cx->account.v));
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

struct away_row {
    inbox_id id;
};
static const struct db_col away_cols[] = {COL(struct away_row, id)};

err inbox_away_retry(struct ctx *cx, ptrdiff_t max)
{
    struct away_row *rows = NULL;
    ptrdiff_t n = 0;
    TRY(db_all(cx->db,
        S("SELECT id FROM inbox "
          "WHERE account_id = ?1 AND state = 'quarantined' AND reason = ?2 "
          "ORDER BY id "
          "LIMIT ?3"),
        ARGS(A_ID(cx->account), A_TEXT(INBOX_FILE_AWAY), A_INT(max)), COLS(away_cols),
        (ptrdiff_t)sizeof *rows, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(inbox_quarantine_retry(cx, rows[i].id));
    return OK;
}
