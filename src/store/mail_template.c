/* mail_template: see mail_template.h. */
#include "store/mail_template.h"

#include "base/id.h"
#include "db/db.h"

static const struct db_col template_cols[] = {
    COL(struct mail_template, id),
    COL(struct mail_template, channel_id),
    COL(struct mail_template, name),
    COL(struct mail_template, subject),
    COL(struct mail_template, html),
    COL(struct mail_template, updated_ms),
};

err mail_template_list(
    struct ctx *cx, channel_id channel, struct mail_template **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT id, channel_id, name, subject, html, updated_ms "
          "FROM mail_template "
          "WHERE account_id = ?1 AND channel_id = ?2 "
          "ORDER BY name, id "
          "LIMIT ?3"),
        ARGS(A_ID(cx->account), A_ID(channel), A_INT(MAIL_TEMPLATES_MOST)), COLS(template_cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}

err mail_template_get(struct ctx *cx, mail_template_id id, struct mail_template *t)
{
    err e = db_one(cx->db,
        S("SELECT id, channel_id, name, subject, html, updated_ms "
          "FROM mail_template "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), COLS(template_cols), t);
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "There is no such template.") : e;
}

err mail_template_add(struct ctx *cx, struct mail_template *t)
{
    int64_t changed = 0;
    t->id = (mail_template_id){id_make(cx->now_ms)};
    t->updated_ms = cx->now_ms;
    TRY(db_run(cx->db,
        S("INSERT INTO mail_template (id, account_id, channel_id, name, subject, html, updated_ms) "
          "SELECT ?2, ?1, ?3, ?4, ?5, ?6, ?7 "
          "WHERE (SELECT COUNT(*) FROM mail_template WHERE account_id = ?1 AND channel_id = ?3) < "
          "?8"),
        ARGS(A_ID(cx->account), A_ID(t->id), A_ID(t->channel_id), A_TEXT(t->name),
            A_TEXT(t->subject), A_TEXT(t->html), A_INT(t->updated_ms), A_INT(MAIL_TEMPLATES_MOST)),
        &changed));
    return changed ? OK
                   : fail(cx, E_LIMIT, "A mailbox has at most %d templates.", MAIL_TEMPLATES_MOST);
}

err mail_template_set(struct ctx *cx, struct mail_template *t)
{
    t->updated_ms = cx->now_ms;
    return db_run(cx->db,
        S("UPDATE mail_template "
          "SET name = ?3, subject = ?4, html = ?5, updated_ms = ?6 "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(t->id), A_TEXT(t->name), A_TEXT(t->subject), A_TEXT(t->html),
            A_INT(t->updated_ms)),
        NULL);
}

err mail_template_remove(struct ctx *cx, mail_template_id id)
{
    return db_run(cx->db,
        S("DELETE FROM mail_template "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), NULL);
}
