/* view: see view.h. */
#include "store/view.h"

#include "db/db.h"

static const struct db_col view_cols[] = {
    COL(struct saved_view, id),
    COL(struct saved_view, agent_id),
    COL(struct saved_view, name),
    COL(struct saved_view, filter),
    COL(struct saved_view, sort),
    COL(struct saved_view, is_shared),
    COL(struct saved_view, position),
};

err view_list(struct ctx *cx, struct saved_view **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT id, agent_id, name, filter, sort, is_shared, position FROM saved_view"
          " WHERE account_id = ?1 AND (agent_id = ?2 OR is_shared = 1)"
          " ORDER BY position, name, id LIMIT ?3"),
        ARGS(A_INT(cx->account.v), A_INT(cx->actor.agent.v), A_INT(VIEWS_MAX)), COLS(view_cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}

err view_get(struct ctx *cx, view_id id, struct saved_view *view)
{
    err e = db_one(cx->db,
        S("SELECT id, agent_id, name, filter, sort, is_shared, position FROM saved_view"
          " WHERE account_id = ?1 AND (agent_id = ?2 OR is_shared = 1) AND id = ?3"),
        ARGS(A_INT(cx->account.v), A_INT(cx->actor.agent.v), A_INT(id.v)), COLS(view_cols), view);
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "There is no such view.") : e;
}

err view_add(struct ctx *cx, const struct saved_view *view)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("INSERT INTO saved_view (account_id, id, agent_id, name, filter, sort, is_shared,"
          " position) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8"
          " WHERE (SELECT COUNT(*) FROM saved_view WHERE account_id = ?1"
          "  AND (agent_id = ?3 OR is_shared = 1)) < ?9"),
        ARGS(A_INT(cx->account.v), A_INT(view->id.v), A_INT(view->agent_id.v), A_TEXT(view->name),
            A_TEXT(view->filter), A_TEXT(view->sort), A_BOOL(view->is_shared),
            A_INT(view->position), A_INT(VIEWS_MAX)),
        &changed));
    return changed ? OK : fail(cx, E_LIMIT, "There can be %d views at most.", (int)VIEWS_MAX);
}

err view_set(struct ctx *cx, const struct saved_view *view)
{
    return db_run(cx->db,
        S("UPDATE saved_view SET name = ?3, filter = ?4, sort = ?5, is_shared = ?6, position = ?7"
          " WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_INT(cx->account.v), A_INT(view->id.v), A_TEXT(view->name), A_TEXT(view->filter),
            A_TEXT(view->sort), A_BOOL(view->is_shared), A_INT(view->position)),
        NULL);
}

err view_remove(struct ctx *cx, view_id id)
{
    return db_run(cx->db, S("DELETE FROM saved_view WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_INT(cx->account.v), A_INT(id.v)), NULL);
}
