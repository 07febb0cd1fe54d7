/* conversation_page: rows of conversations with what belongs to the asking agent: how much is
 * unread and whether a reply was begun. See conversation.h. Thread: the transaction's. */
#include "model/view_message.h"
#include "store/conversation_shown.h"
#include "store/set.h"

/* ── of rows that were read ── */

struct mine_key {
    int64_t account, agent, id, last_in_id, in_count;
};
static const struct db_col mine_key_cols[] = {
    COL(struct mine_key, account),
    COL(struct mine_key, agent),
    COL(struct mine_key, id),
    COL(struct mine_key, last_in_id),
    COL(struct mine_key, in_count),
};
struct mine_row {
    conversation_id id;
    int64_t unread_count;
    bool has_draft;
};
static const struct db_col mine_row_cols[] = {
    COL(struct mine_row, id),
    COL(struct mine_row, unread_count),
    COL(struct mine_row, has_draft),
};

#define MINE(from, account, agent)                                                                 \
    "SELECT q.id," UNREAD(account, "q.id", "q.last_in_id", "q.in_count") " FROM " from MINE_JOIN(  \
        account, agent, "q.id")

err conversation_fill_mine(struct ctx *cx, struct conversation *rows, ptrdiff_t n)
{
    static const str lite =
        S_INIT(MINE("(SELECT ?3 AS id, ?4 AS last_in_id, ?5 AS in_count) q", "?1", "?2"));
    static const str pg = S_INIT(
        MINE("unnest(?3::bigint[], ?4::bigint[], ?5::bigint[]) AS q(id, last_in_id, in_count)",
            SET_ACCOUNT, "(?2::bigint[])[1]"));
    if (!n || !cx->actor.agent.v)
        return OK;
    struct mine_key *keys = NEW(cx->arena, struct mine_key, n);
    for (ptrdiff_t i = 0; i < n; i++)
        keys[i] = (struct mine_key){
            cx->account.v, cx->actor.agent.v, rows[i].id.v, rows[i].last_in_id.v, rows[i].in_count};
    struct mine_row *mine = NULL;
    ptrdiff_t n_mine = 0;
    TRY(db_many_all(cx->db, lite, pg, COLS(mine_key_cols), keys, (ptrdiff_t)sizeof *keys, n,
        COLS(mine_row_cols), (ptrdiff_t)sizeof *mine, (void *)&mine, &n_mine));
    for (ptrdiff_t i = 0; i < n; i++) {
        rows[i].is_mine_filled = true;
        for (ptrdiff_t k = 0; k < n_mine; k++)
            if (mine[k].id.v == rows[i].id.v) {
                rows[i].unread_count = mine[k].unread_count;
                rows[i].has_draft = mine[k].has_draft;
            }
    }
    return OK;
}

/* ── a page by its ids ── */

const struct db_col conversation_shown_cols[CONVERSATION_SHOWN_COLS] = {
    CONVERSATION_MEMBERS,
    COL(struct conversation, unread_count),
    COL(struct conversation, has_draft),
};

#define PAGE(from, mine, where)                                                                    \
    S_INIT("SELECT " CONVERSATION_COLUMNS "," UNREAD(                                              \
        "?1", "c.id", "c.last_in_id", "c.in_count") " FROM" from mine " WHERE" where)
#define LITE(where)                                                                                \
    PAGE(" json_each(?7) q CROSS JOIN" CONVERSATION_TABLES, MINE_JOIN("?1", "?3", "c.id"),         \
        where " AND c.id = q.value")
#define PG(where)                                                                                  \
    PAGE(CONVERSATION_TABLES, MINE_PROBES("?1", "?3", "c.id"),                                     \
        where " AND c.id = ANY(?7::bigint[])")
/* To whom is shown what he may see anyway, nothing of that is asked. */
static const str page_sql[2][2] = {
    {LITE(CONVERSATION_IS_VISIBLE), LITE(" c.account_id = ?1")},
    {PG(CONVERSATION_IS_VISIBLE),   PG(" c.account_id = ?1")  },
};

err conversation_page(
    struct ctx *cx, const int64_t *ids, ptrdiff_t n_ids, struct conversation **rows, ptrdiff_t *n)
{
    *n = 0;
    if (!n_ids)
        return OK;
    ptrdiff_t n_found = 0;
    struct conversation *found = NULL, *out = NEW(cx->arena, struct conversation, n_ids);
    bool is_pg = db_tx_kind(cx->db) != DB_SQLITE, sees_all = conversation_actor_sees_all(cx);
    TRY(db_all(cx->db, page_sql[is_pg][sees_all],
        ARGS(CONVERSATION_SCOPE_ARGS(cx), A_TEXT(set_ids(cx, ids, n_ids))),
        COLS(conversation_shown_cols), (ptrdiff_t)sizeof *found, &found, &n_found));
    for (ptrdiff_t i = 0; i < n_ids; i++)
        for (ptrdiff_t k = 0; k < n_found; k++)
            if (found[k].id.v == ids[i]) {
                out[*n] = found[k];
                out[(*n)++].is_mine_filled = cx->actor.agent.v != 0;
            }
    *rows = out;
    return OK;
}

/* One alone is found by its key: PostgreSQL keeps the plan, while a list of ids is planned anew
 * each time, for that depends on how many there are. */
#define ONE(where) PAGE(CONVERSATION_TABLES, MINE_JOIN("?1", "?3", "?7"), where " AND c.id = ?7")
static const str one_sql[2] = {ONE(CONVERSATION_IS_VISIBLE), ONE(" c.account_id = ?1")};

void conversation_get_mine_ahead(struct ctx *cx, conversation_id id)
{
    db_ahead(cx->db, one_sql[conversation_actor_sees_all(cx)],
        ARGS(CONVERSATION_SCOPE_ARGS(cx), A_INT(id.v)));
}

err conversation_get_mine(struct ctx *cx, conversation_id id, struct conversation *c)
{
    struct conversation one = {0};
    err e = db_one(cx->db, one_sql[conversation_actor_sees_all(cx)],
        ARGS(CONVERSATION_SCOPE_ARGS(cx), A_INT(id.v)), COLS(conversation_shown_cols), &one);
    if (e == E_NOT_FOUND)
        return fail(cx, E_NOT_FOUND, "There is no such conversation.");
    TRY(e);
    one.is_mine_filled = cx->actor.agent.v != 0;
    *c = one;
    return OK;
}
