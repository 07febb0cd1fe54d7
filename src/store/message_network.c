/* message_network: see message_network.h. */
#include "store/message_network.h"

#include "base/id.h"
#include "db/db.h"
#include "store/message.h"
#include "store/search.h"
#include "store/set.h"

struct alias_row {
    int64_t account, channel;
    str external_id;
    int64_t message;
};
static const struct db_col alias_cols[] = {
    COL(struct alias_row, account),
    COL(struct alias_row, channel),
    COL(struct alias_row, external_id),
    COL(struct alias_row, message),
};

err message_alias_add(
    struct ctx *cx, channel_id channel, message_id id, const str *aliases, ptrdiff_t n)
{
    struct alias_row *rows = NEW(cx->arena, struct alias_row, n + 1);
    ptrdiff_t n_rows = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        if (aliases[i].len)
            rows[n_rows++] = (struct alias_row){cx->account.v, channel.v, aliases[i], id.v};
    if (!n_rows)
        return OK;
    return db_many(cx->db,
        S("INSERT INTO message_alias (account_id, channel_id, external_id, message_id) "
          "VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING"),
        S("INSERT INTO message_alias (account_id, channel_id, external_id, message_id) "
          "SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::text[], ?4::bigint[]) "
          "ON CONFLICT DO NOTHING"),
        COLS(alias_cols), rows, (ptrdiff_t)sizeof *rows, n_rows, NULL);
}

struct alias_target {
    message_id message_id;
};
static const struct db_col target_cols[] = {COL(struct alias_target, message_id)};

err message_by_any_external(struct ctx *cx, channel_id channel, str external_id, struct message *m)
{
    struct alias_target target = {0};
    err e = message_by_external(cx, channel, external_id, m);
    if (e != E_NOT_FOUND)
        return e;
    TRY(db_one(cx->db,
        S("SELECT message_id "
          "FROM message_alias "
          "WHERE account_id = ?1 AND channel_id = ?2 AND external_id = ?3"),
        ARGS(A_ID(cx->account), A_ID(channel), A_TEXT(external_id)), COLS(target_cols), &target));
    return message_get(cx, target.message_id, m);
}

struct alias_key {
    int64_t account, channel;
    str external_id;
};
static const struct db_col key_cols[] = {
    COL(struct alias_key, account),
    COL(struct alias_key, channel),
    COL(struct alias_key, external_id),
};
static const struct db_col found_cols[] = {
    COL(struct message, id),
    COL(struct message, conversation_id),
    COL(struct message, channel_id),
    COL(struct message, external_id),
};

err message_find_alias(struct ctx *cx, const struct message *keys, ptrdiff_t n,
    struct message **found, ptrdiff_t *n_found)
{
    struct alias_key *in = NEW(cx->arena, struct alias_key, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = (struct alias_key){cx->account.v, keys[i].channel_id.v, keys[i].external_id};
    return db_many_all(cx->db,
        S("SELECT m.id, m.conversation_id, a.channel_id, a.external_id "
          "FROM message_alias a "
          "JOIN message m ON m.account_id = a.account_id AND m.id = a.message_id "
          "WHERE a.account_id = ?1 AND a.channel_id = ?2 AND a.external_id = ?3"),
        S("SELECT m.id, m.conversation_id, a.channel_id, a.external_id "
          "FROM unnest(?2::bigint[], ?3::text[]) AS q(channel, external) "
          "CROSS JOIN LATERAL (SELECT * FROM message_alias a WHERE a.account_id = " SET_ACCOUNT
          " AND a.channel_id = q.channel AND a.external_id = q.external OFFSET 0) a "
          "CROSS JOIN LATERAL (SELECT * FROM message m WHERE m.account_id = " SET_ACCOUNT
          " AND m.id = a.message_id OFFSET 0) m"),
        COLS(key_cols), in, (ptrdiff_t)sizeof *in, n, COLS(found_cols), (ptrdiff_t)sizeof **found,
        found, n_found);
}

static const struct db_col ours_cols[] = {
    COL(struct message, id),
    COL(struct message, conversation_id),
    COL(struct message, channel_id),
    COL(struct message, external_id),
    COL(struct message, state),
};

err message_ours_without_id(struct ctx *cx, channel_id channel, conversation_id conversation,
    str text, int64_t since_ms, struct message *m)
{
    return db_one(cx->db,
        S("SELECT id, conversation_id, channel_id, external_id, state "
          "FROM message "
          "WHERE account_id = ?1 AND conversation_id = ?2 AND kind = 'out' "
          "AND external_id IS NULL AND state IN ('sending', 'unknown', 'sent') AND text = ?3 "
          "AND id >= ?4 AND channel_id = ?5 "
          "ORDER BY id DESC "
          "LIMIT 1"),
        ARGS(A_ID(cx->account), A_ID(conversation), A_TEXT(text), A_INT(id_least(since_ms)),
            A_ID(channel)),
        COLS(ours_cols), m);
}

static const struct db_col in_pieces_cols[] = {
    COL(struct message, id),
    COL(struct message, conversation_id),
    COL(struct message, channel_id),
    COL(struct message, state),
    COL(struct message, visibility),
    COL(struct message, text),
    COL(struct message, attachments),
    COL(struct message, parts),
    COL(struct message, pieces),
};

err message_list_in_pieces(struct ctx *cx, channel_id channel, conversation_id conversation,
    int64_t since_ms, ptrdiff_t limit, struct message **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT id, conversation_id, channel_id, state, visibility, text, attachments, parts, "
          "pieces "
          "FROM message "
          "WHERE account_id = ?1 AND conversation_id = ?2 AND kind = 'out' AND pieces <> '' "
          "AND external_id IS NULL AND state IN ('sending', 'unknown') "
          "AND id >= ?3 AND channel_id = ?4 "
          "ORDER BY id DESC "
          "LIMIT ?5"),
        ARGS(A_ID(cx->account), A_ID(conversation), A_INT(id_least(since_ms)), A_ID(channel),
            A_INT(limit)),
        COLS(in_pieces_cols), (ptrdiff_t)sizeof **rows, rows, n);
}

err message_list_reported(struct ctx *cx, channel_id channel, identity_id identity, int64_t upto_ms,
    ptrdiff_t limit, struct message **rows, ptrdiff_t *n)
{
    enum { DAYS = 30 };
    const int64_t last_ms = upto_ms < cx->now_ms ? upto_ms : cx->now_ms;
    const int64_t from_ms = last_ms - INT64_C(24) * 3600 * 1000 * DAYS;
    /* The newest conversations of the person: a report concerns what was just said. */
    return db_all(cx->db,
        S("SELECT m.id, m.conversation_id, m.channel_id, m.external_id, m.state "
          "FROM (SELECT id FROM conversation WHERE account_id = ?1 AND identity_id = ?2 "
          "      ORDER BY id DESC LIMIT 3) AS c "
          "JOIN message m ON m.account_id = ?1 AND m.conversation_id = c.id "
          "WHERE m.kind = 'out' AND m.visibility = 'private' AND m.state IN ('sent', 'delivered') "
          "AND m.sent_ms <= ?3 AND m.id >= ?5 AND m.channel_id = ?6 "
          "ORDER BY m.id "
          "LIMIT ?4"),
        ARGS(A_ID(cx->account), A_ID(identity), A_INT(upto_ms), A_INT(limit),
            A_INT(id_least(from_ms)), A_ID(channel)),
        COLS(ours_cols), (ptrdiff_t)sizeof **rows, rows, n);
}

static const struct db_col public_cols[] = {
    COL(struct message, id),
    COL(struct message, conversation_id),
    COL(struct message, channel_id),
    COL(struct message, external_id),
    COL(struct message, state),
    COL(struct message, parts),
    COL(struct message, token),
};

err message_last_public(struct ctx *cx, conversation_id conversation, struct message *m)
{
    *m = (struct message){0};
    err e = db_one(cx->db,
        S("SELECT id, conversation_id, channel_id, external_id, state, parts, token "
          "FROM message "
          "WHERE account_id = ?1 AND conversation_id = ?2 AND kind = 'in' "
          "AND visibility = 'public' AND external_id IS NOT NULL "
          "ORDER BY id DESC "
          "LIMIT 1"),
        ARGS(A_ID(cx->account), A_ID(conversation)), COLS(public_cols), m);
    return e == E_NOT_FOUND ? OK : e;
}

static const struct db_col opened_cols[] = {COL(struct message_window, opened_ms)};
static const struct db_col until_cols[] = {COL(struct message_window, until_ms)};

err message_window(
    struct ctx *cx, conversation_id conversation, channel_id channel, struct message_window *window)
{
    struct message_window opened = {0}, until = {0};
    err e = db_one(cx->db,
        S("SELECT received_ms AS opened_ms "
          "FROM message "
          "WHERE account_id = ?1 AND conversation_id = ?2 AND channel_id = ?3 AND kind = 'in' "
          "AND visibility = 'private' AND window_ms >= 0 "
          "ORDER BY id DESC "
          "LIMIT 1"),
        ARGS(A_ID(cx->account), A_ID(conversation), A_ID(channel)), COLS(opened_cols), &opened);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    TRY(db_one(cx->db,
        S("SELECT COALESCE(MAX(received_ms + window_ms), 0) AS until_ms "
          "FROM message "
          "WHERE account_id = ?1 AND conversation_id = ?2 AND channel_id = ?3 AND window_ms > 0 "
          "AND kind = 'in' AND visibility = 'private'"),
        ARGS(A_ID(cx->account), A_ID(conversation), A_ID(channel)), COLS(until_cols), &until));
    *window = (struct message_window){opened.opened_ms, until.until_ms};
    return OK;
}

struct answers {
    int64_t count;
};
static const struct db_col answers_cols[] = {COL(struct answers, count)};

err message_is_answered(struct ctx *cx, conversation_id conversation, message_id after,
    message_id before, bool *is_answered)
{
    struct answers row = {0};
    TRY(db_one(cx->db,
        S("SELECT COUNT(*) AS count "
          "FROM (SELECT 1 AS one "
          "      FROM message "
          "      WHERE account_id = ?1 AND conversation_id = ?2 AND id > ?3 AND id < ?4 "
          "      AND kind = 'out' AND state IN ('sent', 'delivered', 'read') "
          "      LIMIT 1) AS first"),
        ARGS(A_ID(cx->account), A_ID(conversation), A_INT(after.v), A_INT(before.v)),
        COLS(answers_cols), &row));
    *is_answered = row.count > 0;
    return OK;
}

err message_set_sending(struct ctx *cx, message_id id)
{
    return db_run(cx->db,
        S("UPDATE message "
          "SET state = 'sending', error = '' "
          "WHERE account_id = ?1 AND id = ?2 AND kind = 'out' AND state IN ('held', 'queued')"),
        ARGS(A_ID(cx->account), A_ID(id)), NULL);
}

/* sql: account ?1, message ?2, the value ?3. */
static err set_text(struct ctx *cx, message_id id, str value, str sql)
{
    return db_run(cx->db, sql, ARGS(A_ID(cx->account), A_ID(id), A_TEXT(value)), NULL);
}

err message_set_external(struct ctx *cx, message_id id, str external_id)
{
    return set_text(cx, id, external_id,
        S("UPDATE message "
          "SET external_id = ?3 "
          "WHERE account_id = ?1 AND id = ?2 AND external_id IS NULL"));
}

err message_set_text(struct ctx *cx, message_id id, str text, int64_t edited_ms)
{
    TRY(db_run(cx->db,
        S("UPDATE message "
          "SET text = ?3, edited_ms = ?4 "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id), A_TEXT(text), A_INT(edited_ms)), NULL));
    return search_changed(cx, SEARCH_MESSAGE, id.v);
}

err message_set_deleted(struct ctx *cx, message_id id, int64_t deleted_ms)
{
    TRY(db_run(cx->db,
        S("UPDATE message "
          "SET deleted_ms = ?3 "
          "WHERE account_id = ?1 AND id = ?2 AND deleted_ms = 0"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(deleted_ms)), NULL));
    return search_changed(cx, SEARCH_MESSAGE, id.v);
}

err message_set_reactions(struct ctx *cx, message_id id, str reactions)
{
    return set_text(cx, id, reactions,
        S("UPDATE message "
          "SET reactions = ?3 "
          "WHERE account_id = ?1 AND id = ?2"));
}

err message_set_parts(struct ctx *cx, message_id id, str parts)
{
    return set_text(cx, id, parts,
        S("UPDATE message "
          "SET parts = ?3 "
          "WHERE account_id = ?1 AND id = ?2"));
}

err message_set_pieces(struct ctx *cx, message_id id, str pieces)
{
    return set_text(cx, id, pieces,
        S("UPDATE message "
          "SET pieces = ?3 "
          "WHERE account_id = ?1 AND id = ?2"));
}

err message_fill(struct ctx *cx, message_id id, str text, str attachments, str parts)
{
    TRY(db_run(cx->db,
        S("UPDATE message "
          "SET text = CASE WHEN text = '' THEN ?3 ELSE text END, "
          "    attachments = CASE WHEN attachments = '' THEN ?4 ELSE attachments END, "
          "    parts = CASE WHEN parts = '' OR parts LIKE '%\"type\":\"unsupported\"%' THEN ?5 ELSE parts END "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id), A_TEXT(text), A_TEXT(attachments), A_TEXT(parts)), NULL));
    return search_changed(cx, SEARCH_MESSAGE, id.v);
}
