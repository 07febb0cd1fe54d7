/* message: see message.h. */
#include "store/message.h"

#include "base/id.h"
#include "db/db.h"
#include "model/view_message.h"
#include "store/conversation.h"
#include "store/search.h"
#include "store/set.h"

#define MESSAGE_COLUMNS                                                                            \
    " m.id, m.conversation_id, m.channel_id, m.external_id, m.kind, m.is_automatic,"               \
    " m.author_kind, m.author_id,"                                                                 \
    " m.author_name, m.text, m.state, m.error, m.held_until_ms, m.client_id, m.visibility,"        \
    " m.activity, m.mentions, m.attachments, m.then_from, m.reply_to_id, m.sent_ms,"               \
    " m.received_ms, m.edited_ms, m.read_ms, m.parts, m.reactions, m.pieces, m.token,"             \
    " m.deleted_ms, m.planned_ms, m.letter_id, a.photo_hash AS author_photo_hash"
#define MESSAGE_TABLES                                                                             \
    " message m LEFT JOIN agent a ON m.author_kind = 'agent' AND a.account_id = m.account_id"      \
    " AND a.id = m.author_id"
static const struct db_col message_cols[] = {
    COL(struct message, id),
    COL(struct message, conversation_id),
    COL(struct message, channel_id),
    COL(struct message, external_id),
    COL(struct message, kind),
    COL(struct message, is_automatic),
    COL(struct message, author_kind),
    COL(struct message, author_id),
    COL(struct message, author_name),
    COL(struct message, text),
    COL(struct message, state),
    COL(struct message, error),
    COL(struct message, held_until_ms),
    COL(struct message, client_id),
    COL(struct message, visibility),
    COL(struct message, activity),
    COL(struct message, mentions),
    COL(struct message, attachments),
    COL(struct message, then_from),
    COL(struct message, reply_to_id),
    COL(struct message, sent_ms),
    COL(struct message, received_ms),
    COL(struct message, edited_ms),
    COL(struct message, read_ms),
    COL(struct message, parts),
    COL(struct message, reactions),
    COL(struct message, pieces),
    COL(struct message, token),
    COL(struct message, deleted_ms),
    COL(struct message, planned_ms),
    COL(struct message, letter_id),
    COL(struct message, author_photo_hash),
};

err message_get(struct ctx *cx, message_id id, struct message *m)
{
    err e = db_one(cx->db,
        S("SELECT" MESSAGE_COLUMNS " FROM" MESSAGE_TABLES
          " JOIN conversation c ON c.account_id = m.account_id AND c.id = m.conversation_id"
          " WHERE" CONVERSATION_IS_VISIBLE " AND m.account_id = ?1 AND m.id = ?7"),
        ARGS(CONVERSATION_SCOPE_ARGS(cx), A_INT(id.v)), COLS(message_cols), m);
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "There is no such message.") : e;
}

static const str older_sql =
    S_INIT("SELECT" MESSAGE_COLUMNS " FROM" MESSAGE_TABLES
           " WHERE m.account_id = ?1 AND m.conversation_id = ?2 AND m.id < ?3"
           " ORDER BY m.id DESC LIMIT ?4");
#define OLDER_ARGS(before, limit)                                                                  \
    ARGS(A_INT(cx->account.v), A_INT(conversation.v), A_INT((before).v ? (before).v : INT64_MAX),  \
        A_INT((limit) + 1))

void message_list_ahead(
    struct ctx *cx, conversation_id conversation, message_id before, ptrdiff_t limit)
{
    db_ahead(cx->db, older_sql, OLDER_ARGS(before, limit));
}

err message_list(struct ctx *cx, conversation_id conversation, message_id before, ptrdiff_t limit,
    struct message **rows, ptrdiff_t *n, bool *has_older)
{
    struct message *found = NULL;
    ptrdiff_t count = 0;
    TRY(db_all(cx->db, older_sql, OLDER_ARGS(before, limit), COLS(message_cols),
        (ptrdiff_t)sizeof *found, &found, &count));
    *has_older = count > limit;
    if (count > limit)
        count = limit;
    for (ptrdiff_t i = 0; i < count / 2; i++) {
        struct message swap = found[i];
        found[i] = found[count - 1 - i];
        found[count - 1 - i] = swap;
    }
    *rows = found;
    *n = count;
    return OK;
}

err message_list_newer(struct ctx *cx, conversation_id conversation, message_id after,
    ptrdiff_t limit, struct message **rows, ptrdiff_t *n, bool *has_newer)
{
    TRY(db_all(cx->db,
        S("SELECT" MESSAGE_COLUMNS " FROM" MESSAGE_TABLES
          " WHERE m.account_id = ?1 AND m.conversation_id = ?2 AND m.id > ?3"
          " ORDER BY m.id LIMIT ?4"),
        ARGS(A_INT(cx->account.v), A_INT(conversation.v), A_INT(after.v), A_INT(limit + 1)),
        COLS(message_cols), (ptrdiff_t)sizeof **rows, rows, n));
    *has_newer = *n > limit;
    *n -= *has_newer;
    return OK;
}

err message_list_unseen(struct ctx *cx, conversation_id conversation, message_id seen,
    struct message **rows, ptrdiff_t *n)
{
    bool is_token = cx->actor.kind == ACTOR_TOKEN;
    return db_all(cx->db,
        S("SELECT" MESSAGE_COLUMNS " FROM" MESSAGE_TABLES
          " WHERE m.account_id = ?1 AND m.conversation_id = ?2 AND m.id > ?3"
          " AND (m.kind = 'in' OR (m.kind = 'out' AND m.is_automatic = 0 AND m.state <> 'cancelled'"
          "  AND NOT (m.author_kind = ?4 AND m.author_id = ?5)))"
          " ORDER BY m.id LIMIT 50"),
        ARGS(A_INT(cx->account.v), A_INT(conversation.v), A_INT(seen.v),
            A_TEXT(is_token ? S("token") : S("agent")),
            A_INT(is_token ? cx->actor.token.v : cx->actor.agent.v)),
        COLS(message_cols), (ptrdiff_t)sizeof **rows, rows, n);
}

err message_by_client(
    struct ctx *cx, conversation_id conversation, str client_id, struct message *m)
{
    return db_one(cx->db,
        S("SELECT" MESSAGE_COLUMNS " FROM" MESSAGE_TABLES
          " WHERE m.account_id = ?1 AND m.conversation_id = ?2 AND m.client_id = ?3"),
        ARGS(A_INT(cx->account.v), A_INT(conversation.v), A_TEXT(client_id)), COLS(message_cols),
        m);
}

err message_by_external(struct ctx *cx, channel_id channel, str external_id, struct message *m)
{
    return db_one(cx->db,
        S("SELECT" MESSAGE_COLUMNS " FROM" MESSAGE_TABLES
          " WHERE m.account_id = ?1 AND m.channel_id = ?2 AND m.external_id = ?3"),
        ARGS(A_INT(cx->account.v), A_INT(channel.v), A_TEXT(external_id)), COLS(message_cols), m);
}

message_id message_next_id(const struct conversation *c, int64_t time_ms)
{
    int64_t id = id_make(time_ms);
    while (id <= c->last_message_id.v)
        id = id_make(id_time_ms(c->last_message_id.v) + 1);
    return (message_id){id};
}

/* ── writing ── */

/* A message as it is inserted, with its account. Empty external and client ids are NULL, made in
 * the statement, so that they stay out of the unique indexes. */
struct new_row {
    int64_t account, id, conversation_id, channel_id;
    str external_id, kind, author_kind;
    int64_t author_id;
    str author_name, text, state;
    int64_t held_until_ms;
    str client_id, visibility, activity, mentions, attachments, then_from;
    int64_t reply_to_id, sent_ms, received_ms;
    str parts, token;
    int64_t window_ms, planned_ms, is_automatic;
};
static const struct db_col new_row_cols[] = {
    COL(struct new_row, account),
    COL(struct new_row, id),
    COL(struct new_row, conversation_id),
    COL(struct new_row, channel_id),
    COL(struct new_row, external_id),
    COL(struct new_row, kind),
    COL(struct new_row, author_kind),
    COL(struct new_row, author_id),
    COL(struct new_row, author_name),
    COL(struct new_row, text),
    COL(struct new_row, state),
    COL(struct new_row, held_until_ms),
    COL(struct new_row, client_id),
    COL(struct new_row, visibility),
    COL(struct new_row, activity),
    COL(struct new_row, mentions),
    COL(struct new_row, attachments),
    COL(struct new_row, then_from),
    COL(struct new_row, reply_to_id),
    COL(struct new_row, sent_ms),
    COL(struct new_row, received_ms),
    COL(struct new_row, parts),
    COL(struct new_row, token),
    COL(struct new_row, window_ms),
    COL(struct new_row, planned_ms),
    COL(struct new_row, is_automatic),
};

static struct new_row new_row(const struct ctx *cx, const struct message *m)
{
    return (struct new_row){
        .account = cx->account.v,
        .id = m->id.v,
        .conversation_id = m->conversation_id.v,
        .channel_id = m->channel_id.v,
        .external_id = m->external_id,
        .kind = m->kind,
        .author_kind = m->author_kind,
        .author_id = m->author_id,
        .author_name = m->author_name,
        .text = m->text,
        .state = m->state,
        .held_until_ms = m->held_until_ms,
        .client_id = m->client_id,
        .visibility = m->visibility.len ? m->visibility : S("private"),
        .activity = m->activity,
        .mentions = m->mentions,
        .attachments = m->attachments,
        .then_from = m->then_from,
        .reply_to_id = m->reply_to_id.v,
        .sent_ms = m->sent_ms,
        .received_ms = m->received_ms,
        .parts = m->parts,
        .token = m->token,
        .window_ms = m->window_ms,
        .planned_ms = m->planned_ms,
        .is_automatic = m->is_automatic,
    };
}

#define NEW_COLUMNS                                                                                 \
    "INSERT INTO message (account_id, id, conversation_id, channel_id, external_id, kind,"          \
    " author_kind, author_id, author_name, text, state, held_until_ms, client_id, visibility,"      \
    " activity, mentions, attachments, then_from, reply_to_id, sent_ms, received_ms, parts, token," \
    " window_ms, planned_ms, is_automatic)"

err message_add_many(struct ctx *cx, const struct message *m, ptrdiff_t n)
{
    struct new_row *in = NEW(cx->arena, struct new_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = new_row(cx, &m[i]);
    int64_t changed = 0;
    TRY(db_many(cx->db,
        S(NEW_COLUMNS
            " VALUES (?1, ?2, ?3, ?4, NULLIF(?5, ''), ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
            " NULLIF(?13, ''), ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)"
            " ON CONFLICT DO NOTHING"),
        S(NEW_COLUMNS
            " SELECT c1, c2, c3, c4, NULLIF(c5, ''), c6, c7, c8, c9, c10, c11, c12,"
            " NULLIF(c13, ''), c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26"
            " FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::text[],"
            " ?6::text[], ?7::text[], ?8::bigint[], ?9::text[], ?10::text[], ?11::text[],"
            " ?12::bigint[], ?13::text[], ?14::text[], ?15::text[], ?16::text[], ?17::text[],"
            " ?18::text[], ?19::bigint[], ?20::bigint[], ?21::bigint[], ?22::text[], ?23::text[],"
            " ?24::bigint[], ?25::bigint[], ?26::bigint[])"
            " AS q(c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17,"
            " c18, c19, c20, c21, c22, c23, c24, c25, c26) ON CONFLICT DO NOTHING"),
        COLS(new_row_cols), in, (ptrdiff_t)sizeof *in, n, &changed));
    if (changed != n) /* another node stored the same message at the same moment */
        return fail(cx, E_BUSY, "The message is being stored by another node; try again.");
    int64_t *ids = NEW(cx->arena, int64_t, n + 1);
    ptrdiff_t n_ids = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        if (m[i].text.len || m[i].attachments.len)
            ids[n_ids++] = m[i].id.v;
    return n_ids ? search_changed_many(cx, SEARCH_MESSAGE, ids, n_ids) : OK;
}

err message_add(struct ctx *cx, const struct message *m)
{
    return message_add_many(cx, m, 1);
}

struct external_key {
    int64_t account, channel;
    str external_id;
};
static const struct db_col external_key_cols[] = {
    COL(struct external_key, account),
    COL(struct external_key, channel),
    COL(struct external_key, external_id),
};
static const struct db_col external_cols[] = {
    COL(struct message, id),
    COL(struct message, conversation_id),
    COL(struct message, channel_id),
    COL(struct message, external_id),
};

err message_find_external(struct ctx *cx, const struct message *keys, ptrdiff_t n,
    struct message **found, ptrdiff_t *n_found)
{
    struct external_key *in = NEW(cx->arena, struct external_key, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = (struct external_key){cx->account.v, keys[i].channel_id.v, keys[i].external_id};
    return db_many_all(cx->db,
        S("SELECT m.id, m.conversation_id, m.channel_id, m.external_id FROM message m"
          " WHERE m.account_id = ?1 AND m.channel_id = ?2 AND m.external_id = ?3"),
        S("SELECT m.id, m.conversation_id, m.channel_id, m.external_id"
          " FROM unnest(?2::bigint[], ?3::text[]) AS q(channel, external)"
          " CROSS JOIN LATERAL (SELECT * FROM message m WHERE m.account_id = " SET_ACCOUNT
          " AND m.channel_id = q.channel AND m.external_id = q.external OFFSET 0) m"),
        COLS(external_key_cols), in, (ptrdiff_t)sizeof *in, n, COLS(external_cols),
        (ptrdiff_t)sizeof **found, found, n_found);
}

err message_last_shown(struct ctx *cx, conversation_id conversation, struct message *m)
{
    return db_one(cx->db,
        S("SELECT" MESSAGE_COLUMNS " FROM" MESSAGE_TABLES
          " WHERE m.account_id = ?1 AND m.conversation_id = ?2 AND m.kind <> 'activity'"
          " AND NOT (m.kind = 'out' AND m.is_automatic = 1)"
          " AND m.state <> 'cancelled' ORDER BY m.id DESC LIMIT 1"),
        ARGS(A_INT(cx->account.v), A_INT(conversation.v)), COLS(message_cols), m);
}

err message_waiting_since(struct ctx *cx, conversation_id conversation, int64_t *since_ms)
{
    struct since {
        int64_t since_ms;
    } row;
    static const struct db_col cols[] = {COL(struct since, since_ms)};
    TRY(db_one(cx->db,
        S("SELECT COALESCE(MIN(m.sent_ms), 0) AS since_ms FROM message m"
          " WHERE m.account_id = ?1 AND m.conversation_id = ?2 AND m.kind = 'in' AND m.is_automatic = 0"
          " AND m.id >"
          " COALESCE((SELECT MAX(o.id) FROM message o WHERE o.account_id = ?1"
          "  AND o.conversation_id = ?2 AND o.kind = 'out' AND o.is_automatic = 0"
          "  AND o.state <> 'cancelled'), 0)"
          " AND m.id > COALESCE((SELECT MAX(k.message_id) FROM call k WHERE k.account_id = ?1"
          "  AND k.conversation_id = ?2 AND k.answered_ms > 0), 0)"),
        ARGS(A_INT(cx->account.v), A_INT(conversation.v)), COLS(cols), &row));
    *since_ms = row.since_ms;
    return OK;
}

err message_change_state(struct ctx *cx, const struct message *m, str to, str error)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE message SET state = ?4, error = ?5 WHERE account_id = ?1 AND id = ?2"
          " AND state = ?3"),
        ARGS(A_INT(cx->account.v), A_INT(m->id.v), A_TEXT(m->state), A_TEXT(to), A_TEXT(error)),
        &changed));
    if (!changed)
        return E_CONFLICT;
    bool is_shown = !str_eq(to, S("cancelled")) && !str_eq(m->state, S("cancelled"));
    return is_shown ? OK : search_changed(cx, SEARCH_MESSAGE, m->id.v);
}

err message_set_hold(struct ctx *cx, message_id id, int64_t until_ms)
{
    return db_run(cx->db,
        S("UPDATE message SET held_until_ms = ?3"
          " WHERE account_id = ?1 AND id = ?2 AND state = 'held'"),
        ARGS(A_INT(cx->account.v), A_INT(id.v), A_INT(until_ms)), NULL);
}

struct planned_key {
    int64_t account, conversation;
};
static const struct db_col planned_key_cols[] = {
    COL(struct planned_key, account),
    COL(struct planned_key, conversation),
};
static const struct db_col planned_cols[] = {
    COL(struct message, id),
    COL(struct message, conversation_id),
};
#define IS_PLANNED " m.planned_ms > 0 AND m.state = 'held' AND m.held_until_ms > 0"

err message_list_planned(struct ctx *cx, const struct conversation *const *conversations,
    ptrdiff_t n, struct message **rows, ptrdiff_t *n_rows)
{
    struct planned_key *in = NEW(cx->arena, struct planned_key, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = (struct planned_key){cx->account.v, conversations[i]->id.v};
    return db_many_all(cx->db,
        S("SELECT m.id, m.conversation_id FROM message m"
          " WHERE m.account_id = ?1 AND m.conversation_id = ?2 AND" IS_PLANNED),
        S("SELECT m.id, m.conversation_id FROM unnest(?2::bigint[]) AS q(conversation)"
          " CROSS JOIN LATERAL (SELECT * FROM message m WHERE m.account_id = " SET_ACCOUNT
          " AND m.conversation_id = q.conversation AND" IS_PLANNED " OFFSET 0) m"),
        COLS(planned_key_cols), in, (ptrdiff_t)sizeof *in, n, COLS(planned_cols),
        (ptrdiff_t)sizeof **rows, rows, n_rows);
}

err message_set_attachments(struct ctx *cx, message_id id, str attachments)
{
    TRY(db_run(cx->db, S("UPDATE message SET attachments = ?3 WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_INT(cx->account.v), A_INT(id.v), A_TEXT(attachments)), NULL));
    return search_changed(cx, SEARCH_MESSAGE, id.v);
}

err message_mark_read(struct ctx *cx, conversation_id conversation, message_id upto, int64_t at_ms,
    struct message **changed, ptrdiff_t *n)
{
    struct message *rows = NULL;
    ptrdiff_t count = 0;
    TRY(db_all(cx->db,
        S("SELECT" MESSAGE_COLUMNS " FROM" MESSAGE_TABLES
          " WHERE m.account_id = ?1 AND m.conversation_id = ?2 AND m.id <= ?3"
          " AND m.kind = 'out' AND m.state IN ('sent', 'delivered') ORDER BY m.id LIMIT 200"),
        ARGS(A_INT(cx->account.v), A_INT(conversation.v), A_INT(upto.v)), COLS(message_cols),
        (ptrdiff_t)sizeof *rows, &rows, &count));
    for (ptrdiff_t i = 0; i < count; i++) {
        TRY(db_run(cx->db,
            S("UPDATE message SET state = 'read', read_ms = ?3 WHERE account_id = ?1 AND id = ?2"
              " AND state IN ('sent', 'delivered')"),
            ARGS(A_INT(cx->account.v), A_INT(rows[i].id.v), A_INT(at_ms)), NULL));
        rows[i].state = S("read");
        rows[i].read_ms = at_ms;
    }
    *changed = rows;
    *n = count;
    return OK;
}

err message_write_state(struct ctx *cx, struct message *m, str state, str error, str external_id,
    int64_t at_ms, bool *has_changed)
{
    if (!str_eq(m->kind, S("out")))
        return fail(cx, E_NOT_FOUND, "There is no such outgoing message.");
    *has_changed = false;
    if (message_state_rank(state) <= message_state_rank(m->state))
        return OK;
    int64_t changed = 0;
    bool is_read = str_eq(state, S("read"));
    TRY(db_run(cx->db,
        S("UPDATE message SET state = ?4, error = ?5, external_id = COALESCE(external_id, ?6),"
          " read_ms = CASE WHEN ?7 = 0 THEN read_ms ELSE ?7 END"
          " WHERE account_id = ?1 AND id = ?2 AND state = ?3"),
        ARGS(A_INT(cx->account.v), A_ID(m->id), A_TEXT(m->state), A_TEXT(state), A_TEXT(error),
            A_TEXT_OR_NULL(external_id), A_INT(is_read ? at_ms : 0)),
        &changed));
    if (changed != 1)
        return fail(cx, E_BUSY, "The message changed at the same moment; try again.");
    *has_changed = true;
    m->state = state;
    m->error = error;
    if (!m->external_id.len)
        m->external_id = external_id;
    if (is_read)
        m->read_ms = at_ms;
    return OK;
}

/* ── chats that go on by mail ── */

err message_list_unmailed(struct ctx *cx, conversation_id conversation, int64_t since_ms,
    struct message **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT" MESSAGE_COLUMNS " FROM" MESSAGE_TABLES
          " WHERE m.account_id = ?1 AND m.conversation_id = ?2 AND m.kind = 'out'"
          " AND m.state IN ('sent', 'delivered') AND m.letter_id = 0 AND m.sent_ms >= ?3"
          " ORDER BY m.id LIMIT 50"),
        ARGS(A_INT(cx->account.v), A_INT(conversation.v), A_INT(since_ms)), COLS(message_cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}

err message_set_letter(struct ctx *cx, message_id id, letter_id letter)
{
    return db_run(cx->db,
        S("UPDATE message SET letter_id = ?3 WHERE account_id = ?1 AND id = ?2 AND letter_id = 0"),
        ARGS(A_INT(cx->account.v), A_INT(id.v), A_INT(letter.v)), NULL);
}
