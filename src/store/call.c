/* call: see call.h. */
#include "store/call.h"

#include "db/db.h"
#include "store/conversation.h"

#define CALL_COLUMNS                                                                               \
    " p.id, p.channel_id, p.external_id, p.contact_id, p.identity_id, p.conversation_id,"          \
    " p.message_id, p.direction, p.state, p.outcome, p.number, p.language, p.agent_id,"            \
    " p.agent_phone, p.queue_position, p.started_ms, p.taken_ms, p.answered_ms, p.ended_ms,"       \
    " p.talk_s, p.wrap_started_ms, p.wrap_ended_ms, p.note, p.error, p.client_id,"                 \
    " p.version, k.name AS contact_name, a.name AS agent_name"
#define CALL_TABLES                                                                                \
    " call p"                                                                                      \
    " LEFT JOIN contact k ON k.account_id = p.account_id AND k.id = p.contact_id"                  \
    " LEFT JOIN agent a ON a.account_id = p.account_id AND a.id = p.agent_id"
/* With CONVERSATION_SCOPE_ARGS. */
#define CALL_IS_VISIBLE                                                                            \
    " p.account_id = ?1"                                                                           \
    " AND (?2 = 1"                                                                                 \
    "  OR (?3 <> 0 AND (p.agent_id = ?3"                                                           \
    "   OR ?5 LIKE '%,' || p.channel_id || ',%'"                                                   \
    "   OR EXISTS (SELECT 1 FROM conversation c"                                                   \
    "    WHERE c.id = p.conversation_id AND" CONVERSATION_IS_VISIBLE "))))"

static const struct db_col call_cols[] = {
    COL(struct phone_call, id),
    COL(struct phone_call, channel_id),
    COL(struct phone_call, external_id),
    COL(struct phone_call, contact_id),
    COL(struct phone_call, identity_id),
    COL(struct phone_call, conversation_id),
    COL(struct phone_call, message_id),
    COL(struct phone_call, direction),
    COL(struct phone_call, state),
    COL(struct phone_call, outcome),
    COL(struct phone_call, number),
    COL(struct phone_call, language),
    COL(struct phone_call, agent_id),
    COL(struct phone_call, agent_phone),
    COL(struct phone_call, queue_position),
    COL(struct phone_call, started_ms),
    COL(struct phone_call, taken_ms),
    COL(struct phone_call, answered_ms),
    COL(struct phone_call, ended_ms),
    COL(struct phone_call, talk_s),
    COL(struct phone_call, wrap_started_ms),
    COL(struct phone_call, wrap_ended_ms),
    COL(struct phone_call, note),
    COL(struct phone_call, error),
    COL(struct phone_call, client_id),
    COL(struct phone_call, version),
    COL(struct phone_call, contact_name),
    COL(struct phone_call, agent_name),
};

#define GET_SQL "SELECT" CALL_COLUMNS " FROM" CALL_TABLES " WHERE" CALL_IS_VISIBLE " AND p.id = ?7"

static err get(struct ctx *cx, str sql, call_id id, struct phone_call *c)
{
    err e = db_one(cx->db, sql, ARGS(CONVERSATION_SCOPE_ARGS(cx), A_INT(id.v)), COLS(call_cols), c);
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "There is no such call.") : e;
}

err phone_call_get(struct ctx *cx, call_id id, struct phone_call *c)
{
    return get(cx, S(GET_SQL), id, c);
}

err phone_call_lock(struct ctx *cx, call_id id, struct phone_call *c)
{
    return get(cx, db_pick(cx->db, S(GET_SQL), S(GET_SQL " FOR UPDATE OF p")), id, c);
}

#define EXTERNAL_SQL                                                                               \
    "SELECT" CALL_COLUMNS " FROM" CALL_TABLES                                                      \
    " WHERE p.account_id = ?1 AND p.channel_id = ?2 AND p.external_id = ?3 AND p.external_id <> ''"

err phone_call_find_external(
    struct ctx *cx, channel_id channel, str external_id, struct phone_call *c)
{
    return db_one(cx->db, db_pick(cx->db, S(EXTERNAL_SQL), S(EXTERNAL_SQL " FOR UPDATE OF p")),
        ARGS(A_ID(cx->account), A_ID(channel), A_TEXT(external_id)), COLS(call_cols), c);
}

err phone_call_find_client(struct ctx *cx, str client_id, struct phone_call *c)
{
    return db_one(cx->db,
        S("SELECT" CALL_COLUMNS " FROM" CALL_TABLES
          " WHERE p.account_id = ?1 AND p.client_id = ?2 AND p.client_id <> ''"),
        ARGS(A_ID(cx->account), A_TEXT(client_id)), COLS(call_cols), c);
}

err phone_call_add(struct ctx *cx, struct phone_call *c)
{
    c->version = 1;
    int64_t added = 0;
    TRY(db_run(cx->db,
        S("INSERT INTO call (id, account_id, channel_id, external_id, contact_id, identity_id, "
          "    conversation_id, direction, state, number, language, agent_id, agent_phone, "
          "    queue_position, started_ms, client_id, version) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) "
          "ON CONFLICT DO NOTHING"),
        ARGS(A_ID(c->id), A_ID(cx->account), A_ID(c->channel_id), A_TEXT(c->external_id),
            A_ID(c->contact_id), A_ID(c->identity_id), A_INT(c->conversation_id),
            A_TEXT(c->direction), A_TEXT(c->state), A_TEXT(c->number), A_TEXT(c->language),
            A_INT(c->agent_id), A_TEXT(c->agent_phone), A_INT(c->queue_position),
            A_INT(c->started_ms), A_TEXT(c->client_id), A_INT(c->version)),
        &added));
    return added ? OK : E_CONFLICT;
}

err phone_call_write(struct ctx *cx, struct phone_call *c)
{
    c->version++;
    return db_run(cx->db,
        S("UPDATE call "
          "SET external_id = ?3, conversation_id = ?4, message_id = ?5, state = ?6, outcome = ?7, "
          "    language = ?8, agent_id = ?9, agent_phone = ?10, queue_position = ?11, "
          "    taken_ms = ?12, answered_ms = ?13, ended_ms = ?14, talk_s = ?15, "
          "    wrap_started_ms = ?16, wrap_ended_ms = ?17, note = ?18, error = ?19, "
          "    version = ?20 "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(c->id), A_TEXT(c->external_id), A_INT(c->conversation_id),
            A_INT(c->message_id), A_TEXT(c->state), A_TEXT(c->outcome), A_TEXT(c->language),
            A_INT(c->agent_id), A_TEXT(c->agent_phone), A_INT(c->queue_position),
            A_INT(c->taken_ms), A_INT(c->answered_ms), A_INT(c->ended_ms), A_INT(c->talk_s),
            A_INT(c->wrap_started_ms), A_INT(c->wrap_ended_ms), A_TEXT(c->note), A_TEXT(c->error),
            A_INT(c->version)),
        NULL);
}

/* ── lists ── */

/* The way in decides the index; what else is asked for only drops rows. */
enum way { BY_ALL, BY_CONVERSATION, BY_CONTACT, BY_GOING, BY_AGENT, BY_CHANNEL };

#define LIST_SQL(narrow)                                                                           \
    S_INIT("SELECT" CALL_COLUMNS " FROM" CALL_TABLES " WHERE" CALL_IS_VISIBLE                      \
           " AND p.id < ?7 AND p.id >= ?16" narrow                                                 \
           " AND (?8 = 0 OR p.channel_id = ?8) AND (?9 = 0 OR p.contact_id = ?9)"                  \
           " AND (?10 = 0 OR p.conversation_id = ?10) AND (?11 = 0 OR p.agent_id = ?11)"           \
           " AND (?12 = '' OR p.state = ?12) AND (?13 = '' OR p.outcome = ?13)"                    \
           " AND (?14 = '' OR p.direction = ?14)"                                                  \
           " ORDER BY p.id DESC LIMIT ?15")
static const str list_sql[] = {
    [BY_ALL] = LIST_SQL(""),
    [BY_CONVERSATION] = LIST_SQL(" AND p.conversation_id = ?10"),
    [BY_CONTACT] = LIST_SQL(" AND p.contact_id = ?9"),
    [BY_GOING] = LIST_SQL(" AND p.state = ?12 AND p.state <> 'ended'"),
    [BY_AGENT] = LIST_SQL(" AND p.agent_id = ?11"),
    [BY_CHANNEL] = LIST_SQL(" AND p.channel_id = ?8"),
};

/* The last row of a walk. */
#define EDGE_SQL(narrow)                                                                           \
    S_INIT("SELECT p.id FROM call p WHERE p.account_id = ?1 AND p.id < ?2" narrow                  \
           " ORDER BY p.id DESC LIMIT 1 OFFSET ?4")
static const str edge_sql[] = {
    [BY_ALL] = EDGE_SQL(" AND ?3 <> ''"),
    [BY_CONVERSATION] = EDGE_SQL(" AND p.conversation_id = CAST(?3 AS BIGINT)"),
    [BY_CONTACT] = EDGE_SQL(" AND p.contact_id = CAST(?3 AS BIGINT)"),
    [BY_GOING] = EDGE_SQL(" AND p.state = ?3 AND p.state <> 'ended'"),
    [BY_AGENT] = EDGE_SQL(" AND p.agent_id = CAST(?3 AS BIGINT)"),
    [BY_CHANNEL] = EDGE_SQL(" AND p.channel_id = CAST(?3 AS BIGINT)"),
};
struct edge_row {
    call_id id;
};
static const struct db_col edge_cols[] = {COL(struct edge_row, id)};

static enum way way_of(struct ctx *cx, const struct phone_call_filter *f, str *value)
{
    bool is_going = f->state.len && !str_eq(f->state, S("ended"));
    const struct {
        enum way way;
        int64_t id;
    } ways[] = {
        {BY_CONVERSATION, f->conversation.v},
        {BY_CONTACT,      f->contact.v     },
        {BY_GOING,        is_going         },
        {BY_AGENT,        f->agent.v       },
        {BY_CHANNEL,      f->channel.v     },
    };
    *value = S("all");
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (ways[i].id) {
            *value = ways[i].way == BY_GOING ? f->state
                                             : str_print(cx->arena, "%lld", (long long)ways[i].id);
            return ways[i].way;
        }
    return BY_ALL;
}

/* Beside its way in. */
static bool drops_rows(struct ctx *cx, const struct phone_call_filter *f, enum way way)
{
    int asked = (f->conversation.v != 0) + (f->contact.v != 0) + (f->agent.v != 0) +
                (f->channel.v != 0) + (f->state.len > 0) + (f->outcome.len > 0) +
                (f->direction.len > 0);
    return asked > (way != BY_ALL) || !conversation_actor_sees_all(cx);
}

err phone_call_list(struct ctx *cx, const struct phone_call_filter *f, call_id before,
    ptrdiff_t limit, struct phone_call **rows, ptrdiff_t *n, call_id *edge)
{
    str value;
    enum way way = way_of(cx, f, &value);
    struct edge_row last = {0};
    int64_t below = before.v ? before.v : INT64_MAX;
    if (drops_rows(cx, f, way)) {
        err e = db_one(cx->db, edge_sql[way],
            ARGS(A_ID(cx->account), A_INT(below), A_TEXT(value), A_INT(CALL_WALK - 1)),
            COLS(edge_cols), &last);
        if (e != OK && e != E_NOT_FOUND)
            return e;
    }
    *edge = last.id;
    return db_all(cx->db, list_sql[way],
        ARGS(CONVERSATION_SCOPE_ARGS(cx), A_INT(below), A_INT(f->channel.v), A_INT(f->contact.v),
            A_INT(f->conversation.v), A_INT(f->agent.v), A_TEXT(f->state), A_TEXT(f->outcome),
            A_TEXT(f->direction), A_INT(limit), A_INT(last.id.v)),
        COLS(call_cols), (ptrdiff_t)sizeof **rows, rows, n);
}
