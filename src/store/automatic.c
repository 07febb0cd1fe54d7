/* automatic: see automatic.h. */
#include "store/automatic.h"

#include "base/id.h"

struct number {
    int64_t value;
};
static const struct db_col number_cols[] = {COL(struct number, value)};

static str way_word(enum automatic_way way)
{
    return way == AUTOMATIC_OUT ? S("out") : S("in");
}

err automatic_lock(struct ctx *cx, str address)
{
    struct number row;
    if (db_tx_kind(cx->db) == DB_SQLITE)
        return OK;
    return db_one(cx->db,
        S("SELECT 1 AS value "
          "FROM (SELECT pg_advisory_xact_lock(hashtextextended(?2, ?1::bigint)) AS held) AS l"),
        ARGS(A_ID(cx->account), A_TEXT(address)), COLS(number_cols), &row);
}

err automatic_add(struct ctx *cx, enum automatic_way way, str address, conversation_id conversation)
{
    return db_run(cx->db,
        S("INSERT INTO automatic_mail (account_id, id, direction, address, conversation_id, at_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
        ARGS(A_ID(cx->account), A_INT(id_make(cx->now_ms)), A_TEXT(way_word(way)), A_TEXT(address),
            A_INT(conversation.v), A_INT(cx->now_ms)),
        NULL);
}

err automatic_count(struct ctx *cx, enum automatic_way way, str address,
    conversation_id conversation, int64_t since_ms, ptrdiff_t most, int64_t *n)
{
    struct number row;
    if (address.len)
        TRY(db_one(cx->db,
            S("SELECT COUNT(*) AS value "
              "FROM (SELECT 1 FROM automatic_mail "
              "  WHERE account_id = ?1 AND direction = ?2 AND address = ?3 AND at_ms >= ?5 "
              "      AND (?4 = 0 OR conversation_id = ?4) "
              "  LIMIT ?6) x"),
            ARGS(A_ID(cx->account), A_TEXT(way_word(way)), A_TEXT(address), A_INT(conversation.v),
                A_INT(since_ms), A_INT(most)),
            COLS(number_cols), &row));
    else
        TRY(db_one(cx->db,
            S("SELECT COUNT(*) AS value "
              "FROM (SELECT 1 FROM automatic_mail "
              "  WHERE account_id = ?1 AND direction = ?2 AND conversation_id = ?3 AND at_ms >= ?4 "
              "  LIMIT ?5) x"),
            ARGS(A_ID(cx->account), A_TEXT(way_word(way)), A_INT(conversation.v), A_INT(since_ms),
                A_INT(most)),
            COLS(number_cols), &row));
    *n = row.value;
    return OK;
}

err automatic_stop_set(
    struct ctx *cx, str address, conversation_id conversation, int64_t until_ms, bool *is_new)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("INSERT INTO automatic_stop (account_id, address, conversation_id, until_ms) "
          "VALUES (?1, ?2, ?3, ?4) "
          "ON CONFLICT (account_id, address, conversation_id) DO UPDATE "
          "SET until_ms = excluded.until_ms "
          "WHERE automatic_stop.until_ms <= ?5"),
        ARGS(A_ID(cx->account), A_TEXT(address), A_INT(conversation.v), A_INT(until_ms),
            A_INT(cx->now_ms)),
        &changed));
    *is_new = changed > 0;
    return OK;
}

err automatic_is_stopped(
    struct ctx *cx, str address, conversation_id conversation, bool *is_stopped)
{
    struct number row;
    TRY(db_one(cx->db,
        S("SELECT COUNT(*) AS value "
          "FROM automatic_stop "
          "WHERE account_id = ?1 AND until_ms + 0 > ?4 " /* else SQLite reads all that stand */
          "    AND ((address = ?2 AND conversation_id = 0) "
          "        OR (address = '' AND conversation_id = ?3 AND ?3 <> 0))"),
        ARGS(A_ID(cx->account), A_TEXT(address), A_INT(conversation.v), A_INT(cx->now_ms)),
        COLS(number_cols), &row));
    *is_stopped = row.value > 0;
    return OK;
}

err automatic_forget(struct ctx *cx, int64_t before_ms, ptrdiff_t max, int64_t *removed)
{
    int64_t mails = 0;
    TRY(db_run(cx->db,
        S("DELETE FROM automatic_mail "
          "WHERE account_id = ?1 AND id IN (SELECT o.id FROM automatic_mail o "
          "    WHERE o.account_id = ?1 AND o.at_ms < ?2 ORDER BY o.at_ms LIMIT ?3)"),
        ARGS(A_ID(cx->account), A_INT(before_ms), A_INT(max)), &mails));
    TRY(db_run(cx->db,
        S("DELETE FROM automatic_stop "
          "WHERE account_id = ?1 AND until_ms <= ?2"),
        ARGS(A_ID(cx->account), A_INT(cx->now_ms)), NULL));
    *removed = mails;
    return OK;
}
