/* mail_way: see mail_way.h. */
#include "store/mail_way.h"

static const struct db_col cols[] = {
    COL(struct mail_way, message_id),
    COL(struct mail_way, conversation_id),
    COL(struct mail_way, channel_id),
    COL(struct mail_way, internet_id),
    COL(struct mail_way, people),
    COL(struct mail_way, recipients),
    COL(struct mail_way, relay_id),
    COL(struct mail_way, first_try_ms),
    COL(struct mail_way, again_ms),
};
#define SELECT_WAY                                                                                 \
    "SELECT m.message_id, m.conversation_id, m.channel_id, m.internet_id, m.people, "              \
    "    m.recipients, m.relay_id, m.first_try_ms, m.again_ms "                                    \
    "FROM mail m "                                                                                 \
    "JOIN message w ON w.account_id = m.account_id AND w.id = m.message_id AND w.kind = 'out' "

err mail_way_get(struct ctx *cx, message_id message, struct mail_way *way)
{
    return db_one(cx->db, S(SELECT_WAY "WHERE m.account_id = ?1 AND m.message_id = ?2"),
        ARGS(A_ID(cx->account), A_ID(message)), COLS(cols), way);
}

err mail_way_named(struct ctx *cx, str internet_id, struct mail_way *way)
{
    err e = db_one(cx->db,
        S(SELECT_WAY "WHERE m.account_id = ?1 AND m.internet_id = ?2 "
                     "ORDER BY m.message_id DESC "
                     "LIMIT 1"),
        ARGS(A_ID(cx->account), A_TEXT(internet_id)), COLS(cols), way);
    if (e != E_NOT_FOUND || !internet_id.len)
        return e;
    return db_one(cx->db,
        S(SELECT_WAY "WHERE m.account_id = ?1 AND m.relay_id = ?2 AND m.relay_id <> '' "
                     "ORDER BY m.message_id DESC "
                     "LIMIT 1"),
        ARGS(A_ID(cx->account), A_TEXT(internet_id)), COLS(cols), way);
}

err mail_way_towards(struct ctx *cx, channel_id channel, str address, int64_t since_ms,
    struct mail_way **ways, ptrdiff_t *n)
{
    return db_all(cx->db,
        S(SELECT_WAY "JOIN mail_participant p "
                     "  ON p.account_id = m.account_id AND p.conversation_id = m.conversation_id "
                     "WHERE p.account_id = ?1 AND p.address = ?2 AND m.channel_id = ?3 "
                     "  AND m.created_ms >= ?4 "
                     "ORDER BY m.message_id DESC "
                     "LIMIT 20"),
        ARGS(A_ID(cx->account), A_TEXT(address), A_ID(channel), A_INT(since_ms)), COLS(cols),
        (ptrdiff_t)sizeof **ways, ways, n);
}

err mail_way_set(struct ctx *cx, const struct mail_way *way)
{
    return db_run(cx->db,
        S("UPDATE mail "
          "SET recipients = ?3, relay_id = ?4, first_try_ms = ?5, again_ms = ?6 "
          "WHERE account_id = ?1 AND message_id = ?2"),
        ARGS(A_ID(cx->account), A_ID(way->message_id), A_TEXT(way->recipients),
            A_TEXT(way->relay_id), A_INT(way->first_try_ms), A_INT(way->again_ms)),
        NULL);
}
