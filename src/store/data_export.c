/* data_export: see data_export.h. */
#include "store/data_export.h"

#include "db/db.h"

static const struct db_col cols[] = {
    COL(struct data_export, id),
    COL(struct data_export, what),
    COL(struct data_export, contact_id),
    COL(struct data_export, contact_name),
    COL(struct data_export, state),
    COL(struct data_export, error),
    COL(struct data_export, agent_id),
    COL(struct data_export, agent_name),
    COL(struct data_export, bytes),
    COL(struct data_export, lines),
    COL(struct data_export, files),
    COL(struct data_export, missing_files),
    COL(struct data_export, step),
    COL(struct data_export, step_done),
    COL(struct data_export, step_total),
    COL(struct data_export, created_ms),
    COL(struct data_export, started_ms),
    COL(struct data_export, finished_ms),
    COL(struct data_export, expires_ms),
};
#define SELECT_EXPORT                                                                              \
    "SELECT id, what, contact_id, "                                                                \
    "    COALESCE((SELECT c.name FROM contact c "                                                  \
    "              WHERE c.account_id = ?1 AND c.id = data_export.contact_id), '') "               \
    "        AS contact_name, "                                                                    \
    "    state, error, agent_id, agent_name, bytes, lines, files, missing_files, "                 \
    "    CASE state WHEN 'running' THEN step ELSE '' END AS step, "                                \
    "    CASE state WHEN 'running' THEN step_done ELSE 0 END AS step_done, "                       \
    "    CASE state WHEN 'running' THEN step_total ELSE 0 END AS step_total, created_ms, "         \
    "    started_ms, finished_ms, expires_ms "                                                     \
    "FROM data_export "

err data_export_insert(struct ctx *cx, const struct data_export *e)
{
    return db_run(cx->db,
        S("INSERT INTO data_export (id, account_id, what, contact_id, state, agent_id, agent_name, "
          "    created_ms, expires_ms) "
          "VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?6, ?7, ?8)"),
        ARGS(A_ID(e->id), A_ID(cx->account), A_TEXT(e->what), A_INT(e->contact_id.v),
            A_INT(e->agent_id.v), A_TEXT(e->agent_name), A_INT(e->created_ms),
            A_INT(e->expires_ms)),
        NULL);
}

err data_export_get(struct ctx *cx, data_export_id id, struct data_export *e)
{
    return db_one(cx->db, S(SELECT_EXPORT "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), COLS(cols), e);
}

err data_export_list(struct ctx *cx, bool with_account, data_export_id before, ptrdiff_t limit,
    struct data_export **rows, ptrdiff_t *n)
{
    int64_t below = before.v ? before.v : INT64_MAX;
    return db_all(cx->db,
        S(SELECT_EXPORT "WHERE account_id = ?1 AND id < ?2 AND state <> 'removing' "
                        "    AND (?4 = 1 OR what = 'contact') "
                        "ORDER BY id DESC "
                        "LIMIT ?3"),
        ARGS(A_ID(cx->account), A_INT(below), A_INT(limit), A_BOOL(with_account)), COLS(cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}

static const struct db_col held_cols[] = {
    COL(struct data_export_held, count),
    COL(struct data_export_held, is_under_way),
};

err data_export_held(struct ctx *cx, str what, contact_id contact, struct data_export_held *held)
{
    return db_one(cx->db,
        S("SELECT COUNT(*) AS count, "
          "    COALESCE(MAX(CASE WHEN what = ?2 AND contact_id = ?3 "
          "        AND state IN ('queued', 'running') THEN 1 ELSE 0 END), 0) AS is_under_way "
          "FROM data_export WHERE account_id = ?1"),
        ARGS(A_ID(cx->account), A_TEXT(what), A_INT(contact.v)), COLS(held_cols), held);
}

/* ── the ways on ── */

static err moved(struct ctx *cx, str sql, const struct db_arg *args, ptrdiff_t n, bool *is_so)
{
    int64_t changed = 0;
    TRY(db_run(cx->db, sql, args, n, &changed));
    *is_so = changed > 0;
    return OK;
}

err data_export_start(struct ctx *cx, data_export_id id, bool *is_so)
{
    return moved(cx,
        S("UPDATE data_export SET state = 'running', error = '', bytes = 0, step = '', "
          "    step_done = 0, step_total = 0, started_ms = ?3, "
          "    finished_ms = 0 "
          "WHERE account_id = ?1 AND id = ?2 AND state IN ('queued', 'running', 'failed')"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(cx->now_ms)), is_so);
}

err data_export_progress(
    struct ctx *cx, data_export_id id, const struct export_progress *p, bool *is_so)
{
    return moved(cx,
        S("UPDATE data_export SET bytes = ?3, step = ?4, step_done = ?5, step_total = ?6 "
          "WHERE account_id = ?1 AND id = ?2 AND state = 'running'"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(p->bytes), A_TEXT(str_from(p->step)),
            A_INT(p->done), A_INT(p->total)),
        is_so);
}

err data_export_ready(struct ctx *cx, const struct data_export *e, bool *is_so)
{
    return moved(cx,
        S("UPDATE data_export SET state = 'ready', bytes = ?3, lines = ?4, files = ?5, "
          "    missing_files = ?6, finished_ms = ?7, expires_ms = ?8 "
          "WHERE account_id = ?1 AND id = ?2 AND state = 'running'"),
        ARGS(A_ID(cx->account), A_ID(e->id), A_INT(e->bytes), A_INT(e->lines), A_INT(e->files),
            A_INT(e->missing_files), A_INT(cx->now_ms), A_INT(e->expires_ms)),
        is_so);
}

err data_export_fail(struct ctx *cx, data_export_id id, bool is_final, str error)
{
    return db_run(cx->db,
        S("UPDATE data_export SET state = CASE WHEN ?3 = 1 THEN 'failed' ELSE 'queued' END, "
          "    error = ?4, finished_ms = CASE WHEN ?3 = 1 THEN ?5 ELSE 0 END "
          "WHERE account_id = ?1 AND id = ?2 AND state IN ('queued', 'running')"),
        ARGS(A_ID(cx->account), A_ID(id), A_BOOL(is_final), A_TEXT(error), A_INT(cx->now_ms)),
        NULL);
}

err data_export_removing(struct ctx *cx, data_export_id id)
{
    return db_run(cx->db,
        S("UPDATE data_export SET state = 'removing' WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), NULL);
}

/* ── the parts of its file ── */

static const struct db_col part_cols[] = {
    COL(struct export_part, number),
    COL(struct export_part, hash),
    COL(struct export_part, bytes),
};

err data_export_part_add(struct ctx *cx, data_export_id id, const struct export_part *part)
{
    return db_run(cx->db,
        S("INSERT INTO data_export_part (account_id, export_id, number, hash, bytes) "
          "VALUES (?1, ?2, ?3, ?4, ?5)"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(part->number), A_TEXT(part->hash),
            A_INT(part->bytes)),
        NULL);
}

err data_export_parts(struct ctx *cx, data_export_id id, int64_t from, ptrdiff_t limit,
    struct export_part **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT number, hash, bytes FROM data_export_part "
          "WHERE account_id = ?1 AND export_id = ?2 AND number >= ?3 "
          "ORDER BY number "
          "LIMIT ?4"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(from), A_INT(limit)), COLS(part_cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}

err data_export_parts_remove(struct ctx *cx, data_export_id id, int64_t last)
{
    return db_run(cx->db,
        S("DELETE FROM data_export_part "
          "WHERE account_id = ?1 AND export_id = ?2 AND number <= ?3"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(last)), NULL);
}

err data_export_remove(struct ctx *cx, data_export_id id)
{
    return db_run(cx->db, S("DELETE FROM data_export WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), NULL);
}

static const struct db_col id_cols[] = {COL(struct data_export_id_row, id)};

err data_export_over(
    struct ctx *cx, ptrdiff_t limit, const struct data_export_id_row **rows, ptrdiff_t *n)
{
    struct data_export_id_row *found = NULL;
    TRY(db_all(cx->db,
        S("SELECT id FROM data_export "
          "WHERE account_id = ?1 AND (state = 'removing' OR expires_ms <= ?2) "
          "ORDER BY id "
          "LIMIT ?3"),
        ARGS(A_ID(cx->account), A_INT(cx->now_ms), A_INT(limit)), COLS(id_cols),
        (ptrdiff_t)sizeof *found, &found, n));
    *rows = found;
    return OK;
}
