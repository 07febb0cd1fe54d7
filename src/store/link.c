/* link: see link.h. docs/security.md point 5: 256 bits, hashed, single purpose, single use,
 * expiring. */
#include "store/link.h"

#include "base/id.h"
#include "db/db.h"
#include "store/door_hash.h"

err link_add(
    struct ctx *cx, login_id login, agent_id agent, str purpose, str *token, int64_t *expires_ms)
{
    int64_t for_ms = str_eq(purpose, S("reset")) ? LINK_RESET_MS : LINK_INVITATION_MS;
    return link_add_for(cx, login, agent, purpose, for_ms, token, expires_ms);
}

err link_add_for(struct ctx *cx, login_id login, agent_id agent, str purpose, int64_t for_ms,
    str *token, int64_t *expires_ms)
{
    str text = crypto_token(cx->arena);
    int64_t ends = cx->now_ms + for_ms;
    TRY(link_end_all(cx, agent));
    TRY(db_run(cx->db,
        S("INSERT INTO link (id, account_id, login_id, agent_id, purpose, token_hash, expires_ms, "
          "    created_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
        ARGS(A_INT(id_make(cx->now_ms)), A_ID(cx->account), A_ID(login), A_ID(agent),
            A_TEXT(purpose), A_TEXT(door_hash(cx->arena, text)), A_INT(ends), A_INT(cx->now_ms)),
        NULL));
    *token = text;
    *expires_ms = ends;
    return OK;
}

static const struct db_col link_cols[] = {
    COL(struct link, id),
    COL(struct link, account_id),
    COL(struct link, login_id),
    COL(struct link, agent_id),
    COL(struct link, purpose),
    COL(struct link, expires_ms),
};

static err link_gone(struct ctx *cx)
{
    return fail(cx, E_NOT_FOUND, "this link has been used or has expired; ask for a new one");
}

err link_find(struct ctx *cx, str token, struct link *link)
{
    err e = db_one(cx->db,
        S("SELECT id, account_id, login_id, agent_id, purpose, expires_ms "
          "FROM link "
          "WHERE token_hash = ?1 AND used_ms IS NULL AND expires_ms > ?2"),
        ARGS(A_TEXT(door_hash(cx->arena, token)), A_INT(cx->now_ms)), COLS(link_cols), link);
    return e == E_NOT_FOUND ? link_gone(cx) : e;
}

err link_use(struct ctx *cx, link_id id)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE link "
          "SET used_ms = ?2 "
          "WHERE id = ?1 AND used_ms IS NULL AND expires_ms > ?2"),
        ARGS(A_ID(id), A_INT(cx->now_ms)), &changed));
    return changed ? OK : link_gone(cx);
}

err link_end_all(struct ctx *cx, agent_id agent)
{
    return db_run(cx->db,
        S("UPDATE link "
          "SET used_ms = ?3 "
          "WHERE account_id = ?1 AND agent_id = ?2 AND used_ms IS NULL"),
        ARGS(A_ID(cx->account), A_ID(agent), A_INT(cx->now_ms)), NULL);
}

err link_forget(struct ctx *cx, ptrdiff_t max, int64_t *removed)
{
    return db_run(cx->db,
        S("DELETE FROM link "
          "WHERE id IN (SELECT id FROM link "
          "    WHERE expires_ms < ?1 "
          "    ORDER BY expires_ms "
          "    LIMIT ?2)"),
        ARGS(A_INT(cx->now_ms - LINK_KEEP_MS), A_INT(max)), removed);
}
