/* upload: see upload.h. */
#include "store/upload.h"

#include "db/db.h"

static const struct db_col upload_cols[] = {
    COL(struct upload, id),
    COL(struct upload, owner_kind),
    COL(struct upload, owner_id),
    COL(struct upload, name),
    COL(struct upload, size),
    COL(struct upload, received),
    COL(struct upload, created_ms),
};
#define COLUMNS " id, owner_kind, owner_id, name, size, received, created_ms"

struct owner owner_of(const struct ctx *cx)
{
    if (cx->actor.kind == ACTOR_VISITOR)
        return (struct owner){S("visitor"), cx->actor.visitor.v};
    return (struct owner){S("agent"), cx->actor.agent.v};
}

err upload_add(struct ctx *cx, const struct upload *u)
{
    return db_run(cx->db,
        S("INSERT INTO upload (account_id, id, owner_kind, owner_id, name, size, received,"
          " created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7)"),
        ARGS(A_INT(cx->account.v), A_INT(u->id.v), A_TEXT(u->owner_kind), A_INT(u->owner_id),
            A_TEXT(u->name), A_INT(u->size), A_INT(u->created_ms)),
        NULL);
}

err upload_get(struct ctx *cx, upload_id id, struct upload *u)
{
    struct owner owner = owner_of(cx);
    return db_one(cx->db,
        S("SELECT" COLUMNS " FROM upload WHERE account_id = ?1 AND id = ?2 AND owner_kind = ?3"
          " AND owner_id = ?4 AND created_ms > ?5"),
        ARGS(A_INT(cx->account.v), A_INT(id.v), A_TEXT(owner.kind), A_INT(owner.id),
            A_INT(cx->now_ms - UPLOAD_KEEP_MS)),
        COLS(upload_cols), u);
}

err upload_open_of(struct ctx *cx, struct upload_open *open)
{
    static const struct db_col cols[] = {
        COL(struct upload_open, count), COL(struct upload_open, bytes)};
    struct owner owner = owner_of(cx);
    return db_one(cx->db,
        S("SELECT COUNT(*) AS count, COALESCE(SUM(size), 0) AS bytes FROM"
          " (SELECT size FROM upload WHERE account_id = ?1 AND owner_kind = ?2 AND owner_id = ?3"
          "  UNION ALL SELECT size FROM attachment WHERE account_id = ?1 AND owner_kind = ?2"
          "  AND owner_id = ?3 AND message_id = 0 AND is_public = 0) AS loose"),
        ARGS(A_INT(cx->account.v), A_TEXT(owner.kind), A_INT(owner.id)), COLS(cols), open);
}

err upload_move(struct ctx *cx, upload_id id, int64_t from, int64_t to)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE upload SET received = ?4 WHERE account_id = ?1 AND id = ?2 AND received = ?3"),
        ARGS(A_INT(cx->account.v), A_INT(id.v), A_INT(from), A_INT(to)), &changed));
    return changed ? OK : E_CONFLICT;
}

err upload_end(struct ctx *cx, upload_id id, int64_t from)
{
    int64_t changed = 0;
    TRY(db_run(cx->db, S("DELETE FROM upload WHERE account_id = ?1 AND id = ?2 AND received = ?3"),
        ARGS(A_INT(cx->account.v), A_INT(id.v), A_INT(from)), &changed));
    return changed ? OK : E_CONFLICT;
}

err upload_list_old(struct ctx *cx, ptrdiff_t limit, struct upload **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT" COLUMNS " FROM upload WHERE account_id = ?1 AND created_ms <= ?2 LIMIT ?3"),
        ARGS(A_INT(cx->account.v), A_INT(cx->now_ms - UPLOAD_KEEP_MS), A_INT(limit)),
        COLS(upload_cols), (ptrdiff_t)sizeof **rows, rows, n);
}

err upload_remove(struct ctx *cx, upload_id id)
{
    return db_run(cx->db, S("DELETE FROM upload WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_INT(cx->account.v), A_INT(id.v)), NULL);
}
