/* token: see token.h. */
#include "store/token.h"

#include "base/id.h"
#include "db/db.h"
#include "store/door_hash.h"

enum { PREFIX_BYTES = 10 }; /* "seva_" and five characters: enough to tell apart, not to guess */

static const struct db_col token_cols[] = {
    COL(struct token, id),
    COL(struct token, agent_id),
    COL(struct token, name),
    COL(struct token, prefix),
    COL(struct token, scopes),
    COL(struct token, created_ms),
    COL(struct token, last_used_ms),
    COL(struct token, expires_ms),
};

err token_list(struct ctx *cx, struct token **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT id, agent_id, name, prefix, scopes, created_ms, last_used_ms, expires_ms "
          "FROM token "
          "WHERE account_id = ?1 AND revoked_ms IS NULL "
          "ORDER BY id DESC "
          "LIMIT 200"),
        ARGS(A_ID(cx->account)), COLS(token_cols), sizeof(struct token), rows, n);
}

err token_add(struct ctx *cx, struct token *token, str *secret)
{
    str text = str_cat(cx->arena, S("seva_"), crypto_token(cx->arena));
    token->id = (token_id){id_make(cx->now_ms)};
    token->created_ms = cx->now_ms;
    token->prefix = str_sub(text, 0, PREFIX_BYTES);
    TRY(db_run(cx->db,
        S("INSERT INTO token (id, account_id, agent_id, name, token_hash, prefix, scopes, "
          "    created_ms, expires_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
        ARGS(A_ID(token->id), A_ID(cx->account), A_ID(token->agent_id), A_TEXT(token->name),
            A_TEXT(door_hash(cx->arena, text)), A_TEXT(token->prefix), A_TEXT(token->scopes),
            A_INT(token->created_ms), A_INT_OR_NULL(token->expires_ms)),
        NULL));
    *secret = text;
    return OK;
}

err token_revoke(struct ctx *cx, token_id id)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE token "
          "SET revoked_ms = ?3 "
          "WHERE account_id = ?1 AND id = ?2 AND revoked_ms IS NULL"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(cx->now_ms)), &changed));
    return changed ? OK : fail(cx, E_NOT_FOUND, "there is no such token");
}

err token_touch(struct ctx *cx, token_id id)
{
    return db_run(cx->db,
        S("UPDATE token "
          "SET last_used_ms = ?3 "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(cx->now_ms)), NULL);
}
