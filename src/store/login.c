/* login: see login.h. Sign-in rules: docs/security.md points 5 and 13, docs/architecture.md
 * "Tenancy". */
#include "store/login.h"

#include "base/id.h"
#include "base/utf8.h"
#include "db/db.h"

/* SELECT list of a struct login. */
#define LOGIN_COLUMNS                                                                              \
    "id, email, password_hash, totp_sealed, totp_pending_sealed, totp_step, recovery"

static const struct db_col login_cols[] = {
    COL(struct login, id),
    COL(struct login, email),
    COL(struct login, password_hash),
    COL(struct login, totp_sealed),
    COL(struct login, totp_pending_sealed),
    COL(struct login, totp_step),
    COL(struct login, recovery),
};

err login_by_email(struct ctx *cx, str email, struct login *login)
{
    return db_one(cx->db,
        S("SELECT " LOGIN_COLUMNS " "
          "FROM login "
          "WHERE email = ?1"),
        ARGS(A_TEXT(utf8_fold(cx->arena, email))), COLS(login_cols), login);
}

err login_get(struct ctx *cx, login_id id, struct login *login)
{
    return db_one(cx->db,
        S("SELECT " LOGIN_COLUMNS " "
          "FROM login "
          "WHERE id = ?1"),
        ARGS(A_ID(id)), COLS(login_cols), login);
}

err login_ensure(struct ctx *cx, str email, struct login *login)
{
    TRY(db_run(cx->db,
        S("INSERT INTO login (id, email, totp_step, recovery, created_ms) "
          "VALUES (?1, ?2, 0, '[]', ?3) "
          "ON CONFLICT (email) DO NOTHING"),
        ARGS(A_INT(id_make(cx->now_ms)), A_TEXT(utf8_fold(cx->arena, email)), A_INT(cx->now_ms)),
        NULL));
    return login_by_email(cx, email, login);
}

err login_set_password(struct ctx *cx, login_id id, str encoded)
{
    return db_run(cx->db,
        S("UPDATE login "
          "SET password_hash = ?2 "
          "WHERE id = ?1"),
        ARGS(A_ID(id), A_TEXT(encoded)), NULL);
}

err login_set_totp_pending(struct ctx *cx, login_id id, str sealed)
{
    return db_run(cx->db,
        S("UPDATE login "
          "SET totp_pending_sealed = ?2 "
          "WHERE id = ?1"),
        ARGS(A_ID(id), A_TEXT_OR_NULL(sealed)), NULL);
}

err login_set_totp(struct ctx *cx, login_id id, str sealed, int64_t step, str recovery)
{
    return db_run(cx->db,
        S("UPDATE login "
          "SET totp_sealed = ?2, totp_pending_sealed = NULL, totp_step = ?3, recovery = ?4 "
          "WHERE id = ?1"),
        ARGS(A_ID(id), A_TEXT_OR_NULL(sealed), A_INT(step),
            A_TEXT(recovery.len ? recovery : S("[]"))),
        NULL);
}

err login_use_step(struct ctx *cx, login_id id, int64_t step)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE login "
          "SET totp_step = ?2 "
          "WHERE id = ?1 AND totp_step < ?2"),
        ARGS(A_ID(id), A_INT(step)), &changed));
    return changed ? OK : E_CONFLICT;
}

err login_use_recovery(struct ctx *cx, login_id id, str old, str left)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE login "
          "SET recovery = ?3 "
          "WHERE id = ?1 AND recovery = ?2"),
        ARGS(A_ID(id), A_TEXT(old), A_TEXT(left)), &changed));
    return changed ? OK : E_CONFLICT;
}

static const struct db_col membership_cols[] = {
    COL(struct membership, account_id),
    COL(struct membership, agent_id),
    COL(struct membership, name),
};

err login_memberships(struct ctx *cx, login_id id, struct membership **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT m.account_id, m.agent_id, a.name "
          "FROM membership m "
          "JOIN account a ON a.id = m.account_id "
          "WHERE m.login_id = ?1 "
          "ORDER BY m.account_id "
          "LIMIT 200"),
        ARGS(A_ID(id)), COLS(membership_cols), sizeof(struct membership), rows, n);
}

err login_join(struct ctx *cx, login_id id, agent_id agent)
{
    return db_run(cx->db,
        S("INSERT INTO membership (login_id, account_id, agent_id) "
          "VALUES (?1, ?2, ?3) "
          "ON CONFLICT (login_id, account_id) DO UPDATE "
          "SET agent_id = excluded.agent_id"),
        ARGS(A_ID(id), A_ID(cx->account), A_ID(agent)), NULL);
}
