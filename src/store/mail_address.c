/* mail_address: see mail_address.h. */
#include "store/mail_address.h"

static const struct db_col cols[] = {
    COL(struct mail_address, address),
    COL(struct mail_address, bounces),
    COL(struct mail_address, is_invalid),
    COL(struct mail_address, words),
    COL(struct mail_address, bounced_ms),
    COL(struct mail_address, complained_ms),
};
#define SELECT_ADDRESS                                                                             \
    "SELECT a.address, a.bounces, a.is_invalid, a.words, a.bounced_ms, a.complained_ms "           \
    "FROM mail_address a "

err mail_address_get(struct ctx *cx, str address, struct mail_address *row)
{
    return db_one(cx->db, S(SELECT_ADDRESS "WHERE a.account_id = ?1 AND a.address = ?2"),
        ARGS(A_ID(cx->account), A_TEXT(address)), COLS(cols), row);
}

err mail_address_set(struct ctx *cx, const struct mail_address *row)
{
    return db_run(cx->db,
        S("INSERT INTO mail_address (account_id, address, bounces, is_invalid, words, bounced_ms, "
          "    complained_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
          "ON CONFLICT (account_id, address) DO UPDATE "
          "SET bounces = excluded.bounces, is_invalid = excluded.is_invalid, "
          "    words = excluded.words, bounced_ms = excluded.bounced_ms, "
          "    complained_ms = excluded.complained_ms"),
        ARGS(A_ID(cx->account), A_TEXT(row->address), A_INT(row->bounces), A_BOOL(row->is_invalid),
            A_TEXT(row->words), A_INT(row->bounced_ms), A_INT(row->complained_ms)),
        NULL);
}

err mail_address_list(
    struct ctx *cx, conversation_id conversation, struct mail_address **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S(SELECT_ADDRESS "JOIN mail_participant p "
                         "  ON p.account_id = a.account_id AND p.address = a.address "
                         "WHERE p.account_id = ?1 AND p.conversation_id = ?2 "
                         "ORDER BY a.address "
                         "LIMIT 200"),
        ARGS(A_ID(cx->account), A_ID(conversation)), COLS(cols), (ptrdiff_t)sizeof **rows, rows, n);
}
