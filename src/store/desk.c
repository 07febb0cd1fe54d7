/* desk: see desk.h. */
#include "store/desk.h"

#include "db/db.h"

err read_set(struct ctx *cx, conversation_id conversation, message_id upto)
{
    return db_run(cx->db,
        S("INSERT INTO conversation_read (account_id, agent_id, conversation_id, message_id)"
          " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account_id, agent_id, conversation_id)"
          " DO UPDATE SET message_id = excluded.message_id"),
        ARGS(A_INT(cx->account.v), A_INT(cx->actor.agent.v), A_INT(conversation.v), A_INT(upto.v)),
        NULL);
}

struct newest_row {
    message_id message_id;
};
static const struct db_col newest_cols[] = {COL(struct newest_row, message_id)};

err read_newest(struct ctx *cx, conversation_id conversation, message_id *upto)
{
    struct newest_row row;
    TRY(db_one(cx->db,
        /* CROSS JOIN keeps SQLite to this order: the other way round it reads all that agents read.
         */
        S("SELECT COALESCE(MAX(r.message_id), 0) AS message_id FROM agent a"
          " CROSS JOIN conversation_read r WHERE a.account_id = ?1"
          " AND r.account_id = a.account_id AND r.agent_id = a.id AND r.conversation_id = ?2"),
        ARGS(A_INT(cx->account.v), A_INT(conversation.v)), COLS(newest_cols), &row));
    *upto = row.message_id;
    return OK;
}

static const struct db_col draft_cols[] = {
    COL(struct draft, agent_id),
    COL(struct draft, conversation_id),
    COL(struct draft, kind),
    COL(struct draft, text),
    COL(struct draft, attachment_ids),
    COL(struct draft, mail),
    COL(struct draft, updated_ms),
};

err draft_get(struct ctx *cx, conversation_id conversation, struct draft *draft)
{
    return db_one(cx->db,
        S("SELECT agent_id, conversation_id, kind, text, attachment_ids, mail, updated_ms FROM draft"
          " WHERE account_id = ?1 AND agent_id = ?2 AND conversation_id = ?3"),
        ARGS(A_INT(cx->account.v), A_INT(cx->actor.agent.v), A_INT(conversation.v)),
        COLS(draft_cols), draft);
}

err draft_set(struct ctx *cx, const struct draft *draft)
{
    return db_run(cx->db,
        S("INSERT INTO draft (account_id, agent_id, conversation_id, kind, text, attachment_ids,"
          " updated_ms, mail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
          " ON CONFLICT (account_id, agent_id, conversation_id) DO UPDATE SET kind = excluded.kind,"
          " text = excluded.text, attachment_ids = excluded.attachment_ids,"
          " mail = excluded.mail, updated_ms = excluded.updated_ms"),
        ARGS(A_INT(cx->account.v), A_INT(draft->agent_id.v), A_INT(draft->conversation_id.v),
            A_TEXT(draft->kind), A_TEXT(draft->text), A_TEXT(draft->attachment_ids),
            A_INT(draft->updated_ms), A_TEXT(draft->mail)),
        NULL);
}

err draft_remove(struct ctx *cx, conversation_id conversation)
{
    return db_run(cx->db,
        S("DELETE FROM draft WHERE account_id = ?1 AND agent_id = ?2 AND conversation_id = ?3"),
        ARGS(A_INT(cx->account.v), A_INT(cx->actor.agent.v), A_INT(conversation.v)), NULL);
}

err mention_add(struct ctx *cx, agent_id agent, conversation_id conversation, message_id message)
{
    return db_run(cx->db,
        S("INSERT INTO mention (account_id, agent_id, conversation_id, message_id)"
          " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account_id, agent_id, conversation_id)"
          " DO UPDATE SET message_id = excluded.message_id"),
        ARGS(A_INT(cx->account.v), A_INT(agent.v), A_INT(conversation.v), A_INT(message.v)), NULL);
}

err notification_add(struct ctx *cx, const struct notification *n)
{
    return db_run(cx->db,
        S("INSERT INTO notification (account_id, id, agent_id, type, conversation_id, message_id,"
          " actor_name, preview, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
        ARGS(A_INT(cx->account.v), A_INT(n->id.v), A_INT(n->agent_id.v), A_TEXT(n->type),
            A_INT(n->conversation_id.v), A_INT(n->message_id.v), A_TEXT(n->actor_name),
            A_TEXT(n->preview), A_INT(n->at_ms)),
        NULL);
}

static const struct db_col notification_cols[] = {
    COL(struct notification, id),
    COL(struct notification, agent_id),
    COL(struct notification, type),
    COL(struct notification, conversation_id),
    COL(struct notification, message_id),
    COL(struct notification, actor_name),
    COL(struct notification, preview),
    COL(struct notification, at_ms),
    COL(struct notification, read_ms),
};

#define NOTIFICATIONS(which)                                                                       \
    "SELECT id, agent_id, type, conversation_id, message_id, actor_name, preview, at_ms, read_ms"  \
    " FROM notification WHERE account_id = ?1 AND agent_id = ?2 AND id < ?3" which                 \
    " ORDER BY id DESC LIMIT ?4"

err notification_list(struct ctx *cx, bool unread_only, notification_id before, ptrdiff_t limit,
    struct notification **rows, ptrdiff_t *n)
{
    static const str all = S_INIT(NOTIFICATIONS("")),
                     unread = S_INIT(NOTIFICATIONS(" AND read_ms = 0"));
    return db_all(cx->db, unread_only ? unread : all,
        ARGS(A_INT(cx->account.v), A_INT(cx->actor.agent.v), A_INT(before.v ? before.v : INT64_MAX),
            A_INT(limit)),
        COLS(notification_cols), (ptrdiff_t)sizeof **rows, rows, n);
}

err notification_read(struct ctx *cx, const int64_t *ids, ptrdiff_t n)
{
    if (!ids)
        return db_run(cx->db,
            S("UPDATE notification SET read_ms = ?3"
              " WHERE account_id = ?1 AND agent_id = ?2 AND read_ms = 0"),
            ARGS(A_INT(cx->account.v), A_INT(cx->actor.agent.v), A_INT(cx->now_ms)), NULL);
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(db_run(cx->db,
            S("UPDATE notification SET read_ms = ?3"
              " WHERE account_id = ?1 AND agent_id = ?2 AND id = ?4 AND read_ms = 0"),
            ARGS(A_INT(cx->account.v), A_INT(cx->actor.agent.v), A_INT(cx->now_ms), A_INT(ids[i])),
            NULL));
    return OK;
}

err notification_read_conversation(struct ctx *cx, conversation_id conversation)
{
    return db_run(cx->db,
        S("UPDATE notification SET read_ms = ?3 WHERE account_id = ?1 AND agent_id = ?2"
          " AND conversation_id = ?4 AND read_ms = 0"),
        ARGS(A_INT(cx->account.v), A_INT(cx->actor.agent.v), A_INT(cx->now_ms),
            A_INT(conversation.v)),
        NULL);
}

err bulk_undo_add(struct ctx *cx, int64_t id, str changes)
{
    return db_run(cx->db,
        S("INSERT INTO bulk_undo (account_id, id, agent_id, changes, created_ms)"
          " VALUES (?1, ?2, ?3, ?4, ?5)"),
        ARGS(A_INT(cx->account.v), A_INT(id), A_INT(cx->actor.agent.v), A_TEXT(changes),
            A_INT(cx->now_ms)),
        NULL);
}

err bulk_undo_take(struct ctx *cx, int64_t id, int64_t since_ms, str *changes)
{
    struct undo {
        str changes;
    } row;
    static const struct db_col cols[] = {COL(struct undo, changes)};
    TRY(db_one(cx->db,
        S("DELETE FROM bulk_undo WHERE account_id = ?1 AND agent_id = ?2 AND id = ?3"
          " AND created_ms >= ?4 RETURNING changes"),
        ARGS(A_INT(cx->account.v), A_INT(cx->actor.agent.v), A_INT(id), A_INT(since_ms)),
        COLS(cols), &row));
    *changes = row.changes;
    /* Old ones of this agent are of no use to anybody. */
    return db_run(cx->db,
        S("DELETE FROM bulk_undo WHERE account_id = ?1 AND agent_id = ?2 AND created_ms < ?3"),
        ARGS(A_INT(cx->account.v), A_INT(cx->actor.agent.v), A_INT(since_ms)), NULL);
}
