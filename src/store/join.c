/* join: see join.h. */
#include "store/join.h"

#include "base/limits.h"
#include "db/db.h"

static const struct db_col join_cols[] = {
    COL(struct join, conversation_id),
    COL(struct join, into_id),
    COL(struct join, status),
    COL(struct join, outcome),
    COL(struct join, snoozed_until_ms),
    COL(struct join, resolved_ms),
    COL(struct join, waiting_since_ms),
    COL(struct join, members),
    COL(struct join, joined_ms),
};

err join_add(struct ctx *cx, const struct join *j)
{
    return db_run(cx->db,
        S("INSERT INTO conversation_join (account_id, conversation_id, into_id, status, outcome, "
          "    snoozed_until_ms, resolved_ms, waiting_since_ms, members, joined_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"),
        ARGS(A_ID(cx->account), A_ID(j->conversation_id), A_ID(j->into_id), A_TEXT(j->status),
            A_TEXT(j->outcome), A_INT(j->snoozed_until_ms), A_INT(j->resolved_ms),
            A_INT(j->waiting_since_ms), A_TEXT(j->members), A_INT(j->joined_ms)),
        NULL);
}

err join_get(struct ctx *cx, conversation_id conversation, struct join *j)
{
    return db_one(cx->db,
        S("SELECT conversation_id, into_id, status, outcome, snoozed_until_ms, resolved_ms, "
          "    waiting_since_ms, members, joined_ms "
          "FROM conversation_join "
          "WHERE account_id = ?1 AND conversation_id = ?2"),
        ARGS(A_ID(cx->account), A_ID(conversation)), COLS(join_cols), j);
}

err join_remove(struct ctx *cx, conversation_id conversation)
{
    static const str sql[] = {
        S_INIT("DELETE FROM conversation_join_message "
               "WHERE account_id = ?1 AND conversation_id = ?2"),
        S_INIT("DELETE FROM conversation_join_agent "
               "WHERE account_id = ?1 AND conversation_id = ?2"),
        S_INIT("DELETE FROM conversation_join "
               "WHERE account_id = ?1 AND conversation_id = ?2"),
    };
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++)
        TRY(db_run(cx->db, sql[i], ARGS(A_ID(cx->account), A_ID(conversation)), NULL));
    return OK;
}

err join_mark(struct ctx *cx, conversation_id conversation, conversation_id into)
{
    return db_run(cx->db,
        S("UPDATE conversation "
          "SET joined_id = ?3 "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(conversation), A_INT(into.v)), NULL);
}

/* ── messages ── */

err join_note_messages(struct ctx *cx, conversation_id conversation, int64_t *n)
{
    return db_run(cx->db,
        S("INSERT INTO conversation_join_message (account_id, conversation_id, message_id) "
          "SELECT account_id, conversation_id, id "
          "FROM message "
          "WHERE account_id = ?1 AND conversation_id = ?2 AND kind <> 'activity'"),
        ARGS(A_ID(cx->account), A_ID(conversation)), n);
}

#define NOTED                                                                                      \
    "(SELECT j.message_id FROM conversation_join_message j "                                       \
    "WHERE j.account_id = ?1 AND j.conversation_id = ?2)"

err join_move_messages(
    struct ctx *cx, conversation_id owner, conversation_id from, conversation_id to)
{
    /* Two writers can have chosen the same client_id in two conversations; then the one that comes
     * has none: it was answered long ago. */
    static const str sql[] = {
        S_INIT("UPDATE message "
               "SET conversation_id = ?4, client_id = CASE WHEN EXISTS "
               "    (SELECT 1 FROM message o WHERE o.account_id = ?1 AND o.conversation_id = ?4 "
               "    AND o.client_id = message.client_id) THEN NULL ELSE client_id END "
               "WHERE account_id = ?1 AND conversation_id = ?3 AND id IN " NOTED),
        S_INIT("UPDATE mail "
               "SET conversation_id = ?4 "
               "WHERE account_id = ?1 AND conversation_id = ?3 AND message_id IN " NOTED),
        S_INIT("UPDATE attachment "
               "SET conversation_id = ?4 "
               "WHERE account_id = ?1 AND conversation_id = ?3 AND message_id IN " NOTED),
        S_INIT("UPDATE call "
               "SET conversation_id = ?4 "
               "WHERE account_id = ?1 AND conversation_id = ?3 AND message_id IN " NOTED),
        S_INIT("UPDATE notification "
               "SET conversation_id = ?4 "
               "WHERE account_id = ?1 AND conversation_id = ?3 AND message_id IN " NOTED),
    };
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++)
        TRY(db_run(
            cx->db, sql[i], ARGS(A_ID(cx->account), A_ID(owner), A_ID(from), A_ID(to)), NULL));
    return OK;
}

struct number {
    int64_t value;
};
static const struct db_col number_cols[] = {COL(struct number, value)};

err join_first_unread(struct ctx *cx, conversation_id conversation, int64_t after, int64_t *id)
{
    struct number n;
    TRY(db_one(cx->db,
        S("SELECT COALESCE(MIN(id), 0) AS value "
          "FROM message "
          "WHERE account_id = ?1 AND conversation_id = ?2 AND id > ?3 AND kind = 'in' "
          "    AND is_automatic = 0"),
        ARGS(A_ID(cx->account), A_ID(conversation), A_INT(after)), COLS(number_cols), &n));
    *id = n.value;
    return OK;
}

err join_count_in(struct ctx *cx, conversation_id conversation, int64_t *n)
{
    struct number counted;
    TRY(db_one(cx->db,
        S("SELECT COUNT(*) AS value "
          "FROM message "
          "WHERE account_id = ?1 AND conversation_id = ?2 AND kind = 'in' "
          "    AND is_automatic = 0"),
        ARGS(A_ID(cx->account), A_ID(conversation)), COLS(number_cols), &counted));
    *n = counted.value;
    return OK;
}

struct last_in {
    message_id id;
    int64_t received_ms;
};
static const struct db_col last_in_cols[] = {
    COL(struct last_in, id),
    COL(struct last_in, received_ms),
};

err join_last_in(struct ctx *cx, conversation_id conversation, message_id *id, int64_t *received_ms)
{
    struct last_in last = {0};
    err e = db_one(cx->db,
        S("SELECT id, received_ms "
          "FROM message "
          "WHERE account_id = ?1 AND conversation_id = ?2 AND kind = 'in' "
          "    AND is_automatic = 0 "
          "ORDER BY id DESC "
          "LIMIT 1"),
        ARGS(A_ID(cx->account), A_ID(conversation)), COLS(last_in_cols), &last);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    *id = last.id;
    *received_ms = last.received_ms;
    return OK;
}

/* ── what agents keep ── */

static const struct db_col agent_cols[] = {
    COL(struct join_agent, agent_id),
    COL(struct join_agent, read_from),
    COL(struct join_agent, read_into),
    COL(struct join_agent, mention_from),
    COL(struct join_agent, mention_into),
    COL(struct join_agent, draft_from),
    COL(struct join_agent, draft_into),
    COL(struct join_agent, draft_from_ms),
};

err join_agents(struct ctx *cx, conversation_id from, conversation_id into,
    struct join_agent **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT a.id AS agent_id, COALESCE(rf.message_id, 0) AS read_from, "
          "    COALESCE(ri.message_id, 0) AS read_into, "
          "    COALESCE(mf.message_id, 0) AS mention_from, "
          "    COALESCE(mi.message_id, 0) AS mention_into, "
          "    COALESCE(df.kind, '') AS draft_from, COALESCE(di.kind, '') AS draft_into, "
          "    COALESCE(df.updated_ms, 0) AS draft_from_ms "
          "FROM agent a "
          "LEFT JOIN conversation_read rf ON rf.account_id = ?1 AND rf.agent_id = a.id "
          "    AND rf.conversation_id = ?2 "
          "LEFT JOIN conversation_read ri ON ri.account_id = ?1 AND ri.agent_id = a.id "
          "    AND ri.conversation_id = ?3 "
          "LEFT JOIN mention mf ON mf.account_id = ?1 AND mf.agent_id = a.id "
          "    AND mf.conversation_id = ?2 "
          "LEFT JOIN mention mi ON mi.account_id = ?1 AND mi.agent_id = a.id "
          "    AND mi.conversation_id = ?3 "
          "LEFT JOIN draft df ON df.account_id = ?1 AND df.agent_id = a.id "
          "    AND df.conversation_id = ?2 "
          "LEFT JOIN draft di ON di.account_id = ?1 AND di.agent_id = a.id "
          "    AND di.conversation_id = ?3 "
          "WHERE a.account_id = ?1 AND (ri.message_id > 0 OR mf.message_id > 0 "
          "    OR df.conversation_id > 0) "
          "ORDER BY a.id "
          "LIMIT 1000"),
        ARGS(A_ID(cx->account), A_ID(from), A_ID(into)), COLS(agent_cols), (ptrdiff_t)sizeof **rows,
        rows, n);
}

static const struct db_col change_cols[] = {
    COL(struct join_change, agent_id),
    COL(struct join_change, read_before),
    COL(struct join_change, read_after),
    COL(struct join_change, mention_before),
    COL(struct join_change, mention_after),
    COL(struct join_change, draft_ms),
};

err join_change_add(struct ctx *cx, conversation_id conversation, const struct join_change *c)
{
    return db_run(cx->db,
        S("INSERT INTO conversation_join_agent (account_id, conversation_id, agent_id, "
          "    read_before, read_after, mention_before, mention_after, draft_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
        ARGS(A_ID(cx->account), A_ID(conversation), A_ID(c->agent_id), A_INT(c->read_before),
            A_INT(c->read_after), A_INT(c->mention_before), A_INT(c->mention_after),
            A_INT(c->draft_ms)),
        NULL);
}

err join_change_list(
    struct ctx *cx, conversation_id conversation, struct join_change **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT agent_id, read_before, read_after, mention_before, mention_after, draft_ms "
          "FROM conversation_join_agent "
          "WHERE account_id = ?1 AND conversation_id = ?2 "
          "ORDER BY agent_id "
          "LIMIT 1000"),
        ARGS(A_ID(cx->account), A_ID(conversation)), COLS(change_cols), (ptrdiff_t)sizeof **rows,
        rows, n);
}

err join_set_read(struct ctx *cx, agent_id agent, conversation_id in, int64_t was, int64_t to)
{
    return db_run(cx->db,
        S("UPDATE conversation_read "
          "SET message_id = ?5 "
          "WHERE account_id = ?1 AND agent_id = ?2 AND conversation_id = ?3 AND message_id = ?4"),
        ARGS(A_ID(cx->account), A_ID(agent), A_ID(in), A_INT(was), A_INT(to)), NULL);
}

err join_set_mention(struct ctx *cx, agent_id agent, conversation_id in, int64_t was, int64_t to)
{
    if (!was)
        return db_run(cx->db,
            S("INSERT INTO mention (account_id, agent_id, conversation_id, message_id) "
              "VALUES (?1, ?2, ?3, ?4) "
              "ON CONFLICT DO NOTHING"),
            ARGS(A_ID(cx->account), A_ID(agent), A_ID(in), A_INT(to)), NULL);
    if (!to)
        return db_run(cx->db,
            S("DELETE FROM mention "
              "WHERE account_id = ?1 AND agent_id = ?2 AND conversation_id = ?3 "
              "AND message_id = ?4"),
            ARGS(A_ID(cx->account), A_ID(agent), A_ID(in), A_INT(was)), NULL);
    return db_run(cx->db,
        S("UPDATE mention "
          "SET message_id = ?5 "
          "WHERE account_id = ?1 AND agent_id = ?2 AND conversation_id = ?3 AND message_id = ?4"),
        ARGS(A_ID(cx->account), A_ID(agent), A_ID(in), A_INT(was), A_INT(to)), NULL);
}

err join_move_draft(struct ctx *cx, agent_id agent, conversation_id from, conversation_id to,
    int64_t unchanged_since_ms)
{
    return db_run(cx->db,
        S("UPDATE draft "
          "SET conversation_id = ?4 "
          "WHERE account_id = ?1 AND agent_id = ?2 AND conversation_id = ?3 "
          "AND (?5 = 0 OR updated_ms = ?5) AND NOT EXISTS "
          "    (SELECT 1 FROM draft o WHERE o.account_id = ?1 AND o.agent_id = ?2 "
          "    AND o.conversation_id = ?4)"),
        ARGS(A_ID(cx->account), A_ID(agent), A_ID(from), A_ID(to), A_INT(unchanged_since_ms)),
        NULL);
}

struct words {
    str text;
};
static const struct db_col words_cols[] = {COL(struct words, text)};

err join_add_draft(struct ctx *cx, agent_id agent, conversation_id from, conversation_id to)
{
    struct words words;
    TRY(db_one(cx->db,
        S("SELECT i.text || f.text AS text "
          "FROM draft f "
          "JOIN draft i ON i.account_id = f.account_id AND i.agent_id = f.agent_id "
          "    AND i.conversation_id = ?4 "
          "WHERE f.account_id = ?1 AND f.agent_id = ?2 AND f.conversation_id = ?3"),
        ARGS(A_ID(cx->account), A_ID(agent), A_ID(from), A_ID(to)), COLS(words_cols), &words));
    if (words.text.len + 2 > LIMIT_TEXT_BYTES)
        return OK;
    return db_run(cx->db,
        S("UPDATE draft "
          "SET updated_ms = ?5, text = text || ?6 || "
          "    (SELECT f.text FROM draft f WHERE f.account_id = ?1 AND f.agent_id = ?2 "
          "    AND f.conversation_id = ?3) "
          "WHERE account_id = ?1 AND agent_id = ?2 AND conversation_id = ?4"),
        ARGS(A_ID(cx->account), A_ID(agent), A_ID(from), A_ID(to), A_INT(cx->now_ms),
            A_TEXT(S("\n\n"))),
        NULL);
}
