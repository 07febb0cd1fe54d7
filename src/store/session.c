/* session: see session.h. The cookie is 256 random bits; only its SHA-256 is stored
 * (docs/security.md point 5). */
#include "store/session.h"

#include "base/crypto.h"
#include "base/id.h"
#include "base/utf8.h"
#include "db/db.h"
#include "store/door_hash.h"

enum { USER_AGENT_BYTES = 300 };

static int64_t session_end_ms(int64_t created_ms, int64_t now_ms)
{
    int64_t idle = now_ms + SESSION_IDLE_MS, most = created_ms + SESSION_MOST_MS;
    return idle < most ? idle : most;
}

err session_open(struct ctx *cx, login_id login, agent_id agent, str ip, str user_agent,
    session_id *id, str *token)
{
    str text = crypto_token(cx->arena);
    session_id made = {id_make(cx->now_ms)};
    str browser = utf8_prefix_bytes(utf8_repair(cx->arena, user_agent), USER_AGENT_BYTES);
    TRY(db_run(cx->db,
        S("INSERT INTO session (id, token_hash, login_id, agent_id, account_id, created_ms, "
          "    last_seen_ms, expires_ms, ip, user_agent) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9)"),
        ARGS(A_ID(made), A_TEXT(door_hash(cx->arena, text)), A_ID(login), A_ID(agent),
            A_ID(cx->account), A_INT(cx->now_ms), A_INT(session_end_ms(cx->now_ms, cx->now_ms)),
            A_TEXT(ip), A_TEXT(browser)),
        NULL));
    *id = made;
    *token = text;
    return OK;
}

err session_rotate(struct ctx *cx, session_id id, str *token)
{
    str text = crypto_token(cx->arena);
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE session "
          "SET token_hash = ?3 "
          "WHERE account_id = ?1 AND id = ?2 AND ended_ms IS NULL"),
        ARGS(A_ID(cx->account), A_ID(id), A_TEXT(door_hash(cx->arena, text))), &changed));
    if (!changed)
        return fail(cx, E_UNAUTHENTICATED, "please sign in again");
    *token = text;
    return OK;
}

static const struct db_col session_cols[] = {
    COL(struct session, id),
    COL(struct session, login_id),
    COL(struct session, agent_id),
    COL(struct session, account_id),
    COL(struct session, created_ms),
    COL(struct session, last_seen_ms),
    COL(struct session, expires_ms),
    COL(struct session, ip),
    COL(struct session, user_agent),
};

err session_list(struct ctx *cx, struct session **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT id, login_id, agent_id, account_id, created_ms, last_seen_ms, expires_ms, ip, "
          "    user_agent "
          "FROM session "
          "WHERE account_id = ?1 AND agent_id = ?2 AND ended_ms IS NULL AND expires_ms > ?3 "
          "ORDER BY id DESC "
          "LIMIT 200"),
        ARGS(A_ID(cx->account), A_ID(cx->actor.agent), A_INT(cx->now_ms)), COLS(session_cols),
        sizeof(struct session), rows, n);
}

err session_end(struct ctx *cx, session_id id)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE session "
          "SET ended_ms = ?4 "
          "WHERE account_id = ?1 AND id = ?2 AND agent_id = ?3 AND ended_ms IS NULL"),
        ARGS(A_ID(cx->account), A_ID(id), A_ID(cx->actor.agent), A_INT(cx->now_ms)), &changed));
    return changed ? OK : fail(cx, E_NOT_FOUND, "there is no such session of yours");
}

err session_end_all(struct ctx *cx, agent_id agent, session_id keep, int64_t *ended)
{
    return db_run(cx->db,
        S("UPDATE session "
          "SET ended_ms = ?4 "
          "WHERE account_id = ?1 AND agent_id = ?2 AND id <> ?3 AND ended_ms IS NULL"),
        ARGS(A_ID(cx->account), A_ID(agent), A_INT(keep.v), A_INT(cx->now_ms)), ended);
}

err session_end_login(struct ctx *cx, login_id login, session_id keep)
{
    return db_run(cx->db,
        S("UPDATE session "
          "SET ended_ms = ?3 "
          "WHERE login_id = ?1 AND id <> ?2 AND ended_ms IS NULL"),
        ARGS(A_ID(login), A_INT(keep.v), A_INT(cx->now_ms)), NULL);
}

err session_touch(struct ctx *cx, session_id id)
{
    return db_run(cx->db,
        S("UPDATE session "
          "SET last_seen_ms = ?3, "
          "    expires_ms = CASE WHEN created_ms + ?5 < ?4 THEN created_ms + ?5 ELSE ?4 END "
          "WHERE account_id = ?1 AND id = ?2 AND ended_ms IS NULL"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(cx->now_ms), A_INT(cx->now_ms + SESSION_IDLE_MS),
            A_INT(SESSION_MOST_MS)),
        NULL);
}

err session_forget(struct ctx *cx, ptrdiff_t max, int64_t *removed)
{
    return db_run(cx->db,
        S("DELETE FROM session "
          "WHERE id IN (SELECT id FROM session "
          "    WHERE expires_ms < ?1 "
          "    ORDER BY expires_ms "
          "    LIMIT ?2)"),
        ARGS(A_INT(cx->now_ms - SESSION_KEEP_MS), A_INT(max)), removed);
}
