/* template: see template.h. */
#include "store/template.h"

#include "db/db.h"

#define TEMPLATE_COLUMNS "name, language, category, state, header, body, footer, buttons, variables"

static const struct db_col template_cols[] = {
    COL(struct template, name),
    COL(struct template, language),
    COL(struct template, category),
    COL(struct template, state),
    COL(struct template, header),
    COL(struct template, body),
    COL(struct template, footer),
    COL(struct template, buttons),
    COL(struct template, variables),
};

err template_list(struct ctx *cx, channel_id channel, struct template **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT " TEMPLATE_COLUMNS " "
          "FROM channel_template "
          "WHERE account_id = ?1 AND channel_id = ?2 "
          "ORDER BY name, language "
          "LIMIT ?3"),
        ARGS(A_ID(cx->account), A_ID(channel), A_INT(TEMPLATES_MOST)), COLS(template_cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}

err template_forget(struct ctx *cx, channel_id channel)
{
    return db_run(cx->db,
        S("DELETE FROM channel_template "
          "WHERE account_id = ?1 AND channel_id = ?2"),
        ARGS(A_ID(cx->account), A_ID(channel)), NULL);
}

static err insert(struct ctx *cx, channel_id channel, const struct template *t)
{
    return db_run(cx->db,
        S("INSERT INTO channel_template (account_id, channel_id, name, language, category, state, "
          "    header, body, footer, buttons, variables, updated_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
          "ON CONFLICT (account_id, channel_id, name, language) DO NOTHING"),
        ARGS(A_ID(cx->account), A_ID(channel), A_TEXT(t->name), A_TEXT(t->language),
            A_TEXT(t->category), A_TEXT(t->state), A_TEXT(t->header), A_TEXT(t->body),
            A_TEXT(t->footer), A_TEXT(t->buttons), A_INT(t->variables), A_INT(cx->now_ms)),
        NULL);
}

err template_replace(struct ctx *cx, channel_id channel, const struct template *rows, ptrdiff_t n)
{
    TRY(template_forget(cx, channel));
    for (ptrdiff_t i = 0; i < n && i < TEMPLATES_MOST; i++)
        TRY(insert(cx, channel, &rows[i]));
    return OK;
}
