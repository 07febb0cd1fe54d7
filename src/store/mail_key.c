/* mail_key: see mail_key.h. */
#include "store/mail_key.h"

#include "db/db.h"

static const struct db_col key_cols[] = {
    COL(struct mail_key, id),
    COL(struct mail_key, kind),
    COL(struct mail_key, name),
    COL(struct mail_key, address),
    COL(struct mail_key, fingerprint),
    COL(struct mail_key, expires_ms),
    COL(struct mail_key, data),
    COL(struct mail_key, agent_id),
    COL(struct mail_key, created_ms),
};
#define KEY_COLUMNS "id, kind, name, address, fingerprint, expires_ms, data, agent_id, created_ms"

err mail_key_add(struct ctx *cx, const struct mail_key *k)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("INSERT INTO mail_key (account_id, id, kind, name, address, fingerprint, expires_ms, "
          "    data, agent_id, created_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
          "ON CONFLICT DO NOTHING"),
        ARGS(A_ID(cx->account), A_INT(k->id), A_TEXT(k->kind), A_TEXT(k->name), A_TEXT(k->address),
            A_TEXT(k->fingerprint), A_INT(k->expires_ms), A_TEXT(k->data), A_INT(k->agent_id.v),
            A_INT(k->created_ms)),
        &changed));
    return changed ? OK : fail(cx, E_CONFLICT, "This key or certificate is in the list already.");
}

err mail_key_list(struct ctx *cx, struct mail_key **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT " KEY_COLUMNS " "
          "FROM mail_key "
          "WHERE account_id = ?1 "
          "ORDER BY name, id "
          "LIMIT ?2"),
        ARGS(A_ID(cx->account), A_INT(MAIL_KEYS_MOST)), COLS(key_cols), (ptrdiff_t)sizeof **rows,
        rows, n);
}

err mail_key_get(struct ctx *cx, int64_t id, struct mail_key *key)
{
    err e = db_one(cx->db,
        S("SELECT " KEY_COLUMNS " "
          "FROM mail_key "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_INT(id)), COLS(key_cols), key);
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "There is no such key.") : e;
}

err mail_key_remove(struct ctx *cx, int64_t id)
{
    return db_run(cx->db,
        S("DELETE FROM mail_key "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_INT(id)), NULL);
}

err mail_key_texts(struct ctx *cx, str kind, str *texts)
{
    struct mail_key *rows = NULL;
    ptrdiff_t n = 0;
    struct sb b = sb_make(cx->arena, 0);
    TRY(mail_key_list(cx, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++) {
        if (!str_eq(rows[i].kind, kind))
            continue;
        sb_add(&b, rows[i].data);
        sb_byte(&b, '\n');
    }
    *texts = sb_str(&b);
    return OK;
}
