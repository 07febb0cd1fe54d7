/* blob: see blob.h. */
#include "store/blob.h"

#include "db/db.h"

static const struct db_col needed_cols[] = {
    COL(struct blob_needed, name), COL(struct blob_needed, size)};
static const struct db_col row_cols[] = {COL(struct blob_row, place),
    COL(struct blob_row, account_id), COL(struct blob_row, name), COL(struct blob_row, created_ms)};
struct place_row {
    int64_t place;
};
static const struct db_col place_cols[] = {COL(struct place_row, place)};
static const struct db_col name_cols[] = {COL(struct blob_name, name)};

err blob_claim(struct ctx *cx, str name, int64_t size)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("INSERT INTO blob (account_id, name, size, state, look_ms, created_ms)"
          " VALUES (?1, ?2, ?3, 'kept', ?4, ?5)"
          " ON CONFLICT (account_id, name) DO UPDATE SET look_ms = excluded.look_ms"
          " WHERE blob.state = 'kept'"),
        ARGS(A_INT(cx->account.v), A_TEXT(name), A_INT(size), A_INT(cx->now_ms + BLOB_KEEP_MS),
            A_INT(cx->now_ms)),
        &changed));
    return changed ? OK : fail(cx, E_BUSY, "An old copy of this file is just going; try again.");
}

err blob_sweep_begin(struct ctx *cx, ptrdiff_t limit, struct blob_name **rows, ptrdiff_t *n)
{
    TRY(db_run(cx->db,
        S("UPDATE blob SET state = CASE WHEN " BLOB_IS_NEEDED " THEN 'kept' ELSE 'removing' END,"
          " look_ms = ?2 + ?3"
          " WHERE account_id = ?1 AND state = 'kept' AND name IN"
          " (SELECT d.name FROM blob d WHERE d.account_id = ?1 AND d.look_ms <= ?2"
          "  ORDER BY d.look_ms LIMIT ?4)"),
        ARGS(A_INT(cx->account.v), A_INT(cx->now_ms), A_INT(BLOB_LOOK_MS), A_INT(limit)), NULL));
    return db_all(cx->db,
        S("SELECT name FROM blob WHERE account_id = ?1 AND state = 'removing' LIMIT ?2"),
        ARGS(A_INT(cx->account.v), A_INT(limit)), COLS(name_cols), (ptrdiff_t)sizeof **rows, rows,
        n);
}

err blob_sweep_end(struct ctx *cx, const struct blob_name *rows, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(db_run(cx->db,
            S("DELETE FROM blob WHERE account_id = ?1 AND name = ?2 AND state = 'removing'"),
            ARGS(A_INT(cx->account.v), A_TEXT(rows[i].name)), NULL));
    return OK;
}

err blob_needed_page(
    struct ctx *cx, str after, ptrdiff_t limit, struct blob_needed **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT name, size FROM blob"
          " WHERE account_id = ?1 AND name > ?2 AND state = 'kept' AND " BLOB_IS_NEEDED
          " ORDER BY name LIMIT ?3"),
        ARGS(A_INT(cx->account.v), A_TEXT(after), A_INT(limit)), COLS(needed_cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}

err blob_after(
    struct db_tx *tx, int64_t after, ptrdiff_t limit, struct blob_row **rows, ptrdiff_t *n)
{
    return db_all(tx,
        S("SELECT rowid AS place, account_id, name, created_ms FROM blob"
          " WHERE rowid > ?1 AND state = 'kept' ORDER BY rowid LIMIT ?2"),
        ARGS(A_INT(after), A_INT(limit)), COLS(row_cols), (ptrdiff_t)sizeof **rows, rows, n);
}

err blob_place_before(struct db_tx *tx, int64_t since_ms, int64_t *place)
{
    struct place_row row;
    TRY(db_one(tx,
        S("SELECT COALESCE((SELECT MIN(rowid) - 1 FROM blob WHERE created_ms >= ?1),"
          " (SELECT MAX(rowid) FROM blob), 0) AS place"),
        ARGS(A_INT(since_ms)), COLS(place_cols), &row));
    *place = row.place;
    return OK;
}
