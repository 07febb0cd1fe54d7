/* conversation_cell: see conversation_cell.h. A statement of PostgreSQL that writes sees cells and
 * changes as they were at one moment, so what it says of both is right whoever writes beside it. */
#include "store/conversation_cell.h"

#include "db/db.h"
#include "store/conversation.h"

#define DIMENSIONS "status, assignee_id, team_id, channel_id, priority"
#define NAMED      "account_id, " DIMENSIONS ", number"

struct number_row {
    int64_t value;
};
static const struct db_col number_cols[] = {COL(struct number_row, value)};

/* ── what they say ── */

#define CELLS                                                                                      \
    "SELECT " DIMENSIONS ", number FROM conversation_cell WHERE account_id = ?1"                   \
    " AND status IN (?6, ?7, ?8, ?9)"
#define CHANGES                                                                                    \
    " UNION ALL SELECT " DIMENSIONS ", number FROM conversation_cell_change WHERE account_id = ?1" \
    " AND status IN (?6, ?7, ?8, ?9)"
#define SUM_OF(cells)                                                                              \
    "SELECT CAST(COALESCE(SUM(n.number), 0) AS BIGINT) AS value FROM (" cells ") n"                \
    " WHERE (?2 = 1 OR (?3 <> 0 AND (" CONVERSATION_IS_OF_ACTOR(                                   \
        "n") ")))"                                                                                 \
             " AND (?10 = -1 OR n.assignee_id = ?10)"                                              \
             " AND (?11 = -1 OR n.team_id = ?11)"                                                  \
             " AND (?12 = 0 OR n.channel_id = ?12)"                                                \
             " AND (?13 = '' OR ?13 LIKE '%,' || n.priority || ',%')"

static struct db_arg status_arg(const struct conversation_filter *f, enum conversation_status s)
{
    return A_TEXT(f->statuses[s] ? conversation_status_name(s) : S(""));
}

err conversation_cells_sum(struct ctx *cx, const struct conversation_filter *f, int64_t *total)
{
    struct number_row row = {0};
    TRY(db_one(cx->db, db_pick(cx->db, S(SUM_OF(CELLS)), S(SUM_OF(CELLS CHANGES))),
        ARGS(A_ID(cx->account), A_BOOL(conversation_actor_sees_all(cx)), A_INT(cx->actor.agent.v),
            A_TEXT(conversation_actor_teams(cx)), A_TEXT(conversation_actor_channels(cx)),
            status_arg(f, CONVERSATION_OPEN), status_arg(f, CONVERSATION_PENDING),
            status_arg(f, CONVERSATION_SNOOZED), status_arg(f, CONVERSATION_RESOLVED),
            A_INT(f->has_assignee ? f->assignee.v : -1), A_INT(f->has_team ? f->team.v : -1),
            A_INT(f->channel.v), A_TEXT(f->priorities)),
        COLS(number_cols), &row));
    *total = row.value;
    return OK;
}

/* ── folding ── */

/* In the order of the cells, so that two nodes that fold at once wait for each other, once. */
static const str fold_sql = S_INIT(
    "WITH taken AS (DELETE FROM conversation_cell_change WHERE account_id = ?1"
    " AND id = ANY(ARRAY(SELECT id FROM conversation_cell_change WHERE account_id = ?1"
    "  ORDER BY id LIMIT ?2 FOR UPDATE SKIP LOCKED)) RETURNING " NAMED "),"
    " folded AS (INSERT INTO conversation_cell (" NAMED ") SELECT account_id, " DIMENSIONS
    ", SUM(number)::bigint FROM taken GROUP BY account_id, " DIMENSIONS " ORDER BY " DIMENSIONS
    " ON CONFLICT (account_id, status, assignee_id, team_id,"
    " channel_id, priority) DO UPDATE SET number = conversation_cell.number + excluded.number)"
    " SELECT COUNT(*) AS value FROM taken");

err conversation_cells_fold(struct ctx *cx, int64_t most, int64_t *folded)
{
    struct number_row row = {0};
    if (db_tx_kind(cx->db) == DB_POSTGRES)
        TRY(db_one(
            cx->db, fold_sql, ARGS(A_ID(cx->account), A_INT(most)), COLS(number_cols), &row));
    *folded = row.value;
    return db_run(cx->db, S("DELETE FROM conversation_cell WHERE account_id = ?1 AND number = 0"),
        ARGS(A_ID(cx->account)), NULL);
}

/* ── counting anew ── */

#define COUNTED                                                                                    \
    "SELECT " DIMENSIONS ", COUNT(*) AS number FROM conversation WHERE account_id = ?1"            \
    " GROUP BY " DIMENSIONS
#define KEPT                                                                                       \
    " UNION ALL SELECT " DIMENSIONS ", -number FROM conversation_cell WHERE account_id = ?1"
#define KEPT_BESIDE                                                                                \
    " UNION ALL SELECT " DIMENSIONS ", -number FROM conversation_cell_change WHERE account_id = ?1"
#define LACKING(kept)                                                                              \
    "SELECT CAST(?1 AS BIGINT) AS account_id, " DIMENSIONS                                         \
    ", CAST(SUM(number) AS BIGINT) AS number"                                                      \
    " FROM (" COUNTED kept ") x GROUP BY " DIMENSIONS " HAVING SUM(number) <> 0"

err conversation_cells_check(struct ctx *cx, int64_t *wrong)
{
    struct number_row row = {0};
    TRY(db_one(cx->db,
        db_pick(cx->db, S("SELECT COUNT(*) AS value FROM (" LACKING(KEPT) ") y"),
            S("SELECT COUNT(*) AS value FROM (" LACKING(KEPT KEPT_BESIDE) ") y")),
        ARGS(A_ID(cx->account)), COLS(number_cols), &row));
    *wrong = row.value;
    return OK;
}

err conversation_cells_mend(struct ctx *cx)
{
    return db_run(cx->db,
        db_pick(cx->db,
            S("INSERT INTO conversation_cell (" NAMED ") " LACKING(
                KEPT) " ON CONFLICT (account_id, status, assignee_id, team_id, channel_id,"
                      " priority) DO UPDATE SET number = number + excluded.number"),
            S("INSERT INTO conversation_cell_change (" NAMED ") " LACKING(KEPT KEPT_BESIDE))),
        ARGS(A_ID(cx->account)), NULL);
}
