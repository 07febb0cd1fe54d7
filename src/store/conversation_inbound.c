/* conversation, the receive path: set-wise statements for batches of customer messages. See
 * conversation.h. Kept apart from conversation.c because every row operation here is paid once per
 * message received. Thread: the transaction's. */
#include "store/conversation.h"

#include "store/set.h"

struct thread_row {
    int64_t account;
    identity_id identity_id;
    str thread_key;
};
static const struct db_col thread_row_cols[] = {
    COL(struct thread_row, account),
    COL(struct thread_row, identity_id),
    COL(struct thread_row, thread_key),
};

err conversation_newest_of_threads(struct ctx *cx, const struct thread_key *keys, ptrdiff_t n,
    struct conversation **rows, ptrdiff_t *n_rows)
{
    struct thread_row *in = NEW(cx->arena, struct thread_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = (struct thread_row){cx->account.v, keys[i].identity_id, keys[i].thread_key};
    /* The order of locking is the order of ids, so that two nodes cannot wait for each other. */
    return db_many_all(cx->db,
        S("SELECT " CONVERSATION_COLUMNS " FROM " CONVERSATION_TABLES
          " WHERE c.account_id = ?1 AND c.identity_id = ?2 AND c.thread_key = ?3"
          " ORDER BY c.id DESC LIMIT 1"),
        S("SELECT " CONVERSATION_COLUMNS " FROM " CONVERSATION_TABLES
          " WHERE c.account_id = " SET_ACCOUNT " AND c.id = ANY(ARRAY(SELECT (SELECT n.id"
          "  FROM conversation n WHERE n.account_id = " SET_ACCOUNT
          "  AND n.identity_id = q.identity AND n.thread_key = q.thread ORDER BY n.id DESC LIMIT 1)"
          "  FROM unnest(?2::bigint[], ?3::text[]) AS q(identity, thread)))"
          " ORDER BY c.id FOR UPDATE OF c"),
        COLS(thread_row_cols), in, (ptrdiff_t)sizeof *in, n, conversation_cols, CONVERSATION_COLS,
        (ptrdiff_t)sizeof **rows, rows, n_rows);
}

/* A conversation's row as it is inserted: the values and its account. */
struct new_row {
    int64_t account, id, number, channel_id, identity_id, contact_id;
    str thread_key, status, priority, subject, preview, preview_kind;
    int64_t last_message_id, last_message_ms, last_in_id, last_in_ms, waiting_since_ms, due_key,
        wait_key;
    str language;
    int64_t assignee_id, team_id, previous_id, created_ms, updated_ms, recent_key, post_id;
    str visibility;
    int64_t related_id, in_count;
};
static const struct db_col new_row_cols[] = {
    COL(struct new_row, account),
    COL(struct new_row, id),
    COL(struct new_row, number),
    COL(struct new_row, channel_id),
    COL(struct new_row, identity_id),
    COL(struct new_row, contact_id),
    COL(struct new_row, thread_key),
    COL(struct new_row, status),
    COL(struct new_row, priority),
    COL(struct new_row, subject),
    COL(struct new_row, preview),
    COL(struct new_row, preview_kind),
    COL(struct new_row, last_message_id),
    COL(struct new_row, last_message_ms),
    COL(struct new_row, last_in_id),
    COL(struct new_row, last_in_ms),
    COL(struct new_row, waiting_since_ms),
    COL(struct new_row, due_key),
    COL(struct new_row, wait_key),
    COL(struct new_row, language),
    COL(struct new_row, assignee_id),
    COL(struct new_row, team_id),
    COL(struct new_row, previous_id),
    COL(struct new_row, created_ms),
    COL(struct new_row, updated_ms),
    COL(struct new_row, recent_key),
    COL(struct new_row, post_id),
    COL(struct new_row, visibility),
    COL(struct new_row, related_id),
    COL(struct new_row, in_count),
};

static struct new_row new_row(const struct ctx *cx, const struct conversation *c)
{
    return (struct new_row){
        .account = cx->account.v,
        .id = c->id.v,
        .number = c->number,
        .channel_id = c->channel_id.v,
        .identity_id = c->identity_id.v,
        .contact_id = c->contact_id.v,
        .thread_key = c->thread_key,
        .status = c->status,
        .priority = c->priority,
        .subject = c->subject,
        .preview = c->preview,
        .preview_kind = c->preview_kind,
        .last_message_id = c->last_message_id.v,
        .last_message_ms = c->last_message_ms,
        .last_in_id = c->last_in_id.v,
        .last_in_ms = c->last_in_ms,
        .waiting_since_ms = c->waiting_since_ms,
        .due_key = c->due_key,
        .wait_key = c->wait_key,
        .language = c->language,
        .assignee_id = c->assignee_id.v,
        .team_id = c->team_id.v,
        .previous_id = c->previous_id.v,
        .created_ms = c->created_ms,
        .updated_ms = c->updated_ms,
        .recent_key = conversation_recent_key(c->last_message_ms),
        .post_id = c->post_id.v,
        .visibility = c->visibility.len ? c->visibility : S("private"),
        .related_id = c->related_id.v,
        .in_count = c->in_count,
    };
}

#define NEW_COLUMNS                                                                                \
    " INTO conversation (account_id, id, number, channel_id, identity_id, contact_id,"             \
    " thread_key, status, priority, subject, preview, preview_kind, last_message_id,"              \
    " last_message_ms, last_in_id, last_in_ms, waiting_since_ms, due_key, wait_key, language,"     \
    " assignee_id, team_id, previous_id, created_ms, updated_ms, recent_key, post_id, visibility," \
    " related_id, in_count)"

/* OR FAIL: a trigger counts what is added, and SQLite would keep a copy of every page of such a
 * statement, to undo it alone: 30 µs for each conversation, with this 2. Nothing is to be undone:
 * one row whose columns are looked at before anything is written, and a count that no constraint
 * refuses (migrations/0024_counts.sql). What else goes wrong (memory, disk) ends the whole
 * transaction. */
err conversation_add_many(
    struct ctx *cx, const struct conversation *rows, ptrdiff_t n, int64_t *changed)
{
    struct new_row *in = NEW(cx->arena, struct new_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = new_row(cx, &rows[i]);
    return db_many(cx->db,
        S("INSERT OR FAIL" NEW_COLUMNS
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
          " ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)"
          " ON CONFLICT DO NOTHING"),
        S("INSERT" NEW_COLUMNS
          " SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[],"
          " ?5::bigint[], ?6::bigint[], ?7::text[], ?8::text[], ?9::text[], ?10::text[],"
          " ?11::text[], ?12::text[], ?13::bigint[], ?14::bigint[], ?15::bigint[],"
          " ?16::bigint[], ?17::bigint[], ?18::bigint[], ?19::bigint[], ?20::text[],"
          " ?21::bigint[], ?22::bigint[], ?23::bigint[], ?24::bigint[], ?25::bigint[],"
          " ?26::bigint[], ?27::bigint[], ?28::text[], ?29::bigint[], ?30::bigint[])"
          " ON CONFLICT DO NOTHING"),
        COLS(new_row_cols), in, (ptrdiff_t)sizeof *in, n, changed);
}

err conversation_add(struct ctx *cx, const struct conversation *c)
{
    int64_t changed = 0;
    TRY(conversation_add_many(cx, c, 1, &changed));
    if (!changed)
        return fail(cx, E_CONFLICT, "This person already has a conversation in progress there.");
    return OK;
}

struct inbound_row {
    int64_t account, id;
    str preview, preview_kind;
    int64_t last_message_id, last_message_ms, last_in_id, last_in_ms, updated_ms, in_count;
    str status;
    int64_t waiting_since_ms, due_key, wait_key;
    str outcome;
    int64_t recent_key;
    int64_t channel_id, identity_id;
    str thread_key, visibility;
    int64_t window_ms, post_id;
};
static const struct db_col inbound_row_cols[] = {
    COL(struct inbound_row, account),
    COL(struct inbound_row, id),
    COL(struct inbound_row, preview),
    COL(struct inbound_row, preview_kind),
    COL(struct inbound_row, last_message_id),
    COL(struct inbound_row, last_message_ms),
    COL(struct inbound_row, last_in_id),
    COL(struct inbound_row, last_in_ms),
    COL(struct inbound_row, updated_ms),
    COL(struct inbound_row, in_count),
    COL(struct inbound_row, status),
    COL(struct inbound_row, waiting_since_ms),
    COL(struct inbound_row, due_key),
    COL(struct inbound_row, wait_key),
    COL(struct inbound_row, outcome),
    COL(struct inbound_row, recent_key),
    COL(struct inbound_row, channel_id),
    COL(struct inbound_row, identity_id),
    COL(struct inbound_row, thread_key),
    COL(struct inbound_row, visibility),
    COL(struct inbound_row, window_ms),
    COL(struct inbound_row, post_id),
};
enum { LIVELY_COLS = 10 }; /* the first ten are all that a waiting conversation needs */

/* clang-format off */
#define LIVELY_SET(x)                                                                              \
    " preview = " x(3) ", preview_kind = " x(4) ", last_message_id = " x(5)                        \
    ", last_message_ms = " x(6) ", last_in_id = " x(7) ", last_in_ms = " x(8)                      \
    ", updated_ms = " x(9) ", in_count = " x(10) ", version = version + 1"
#define WHOLE_SET(x)                                                                               \
    LIVELY_SET(x)                                                                                  \
    ", status = " x(11) ", waiting_since_ms = " x(12) ", due_key = " x(13) ", wait_key = " x(14)   \
    ", outcome = " x(15) ", recent_key = " x(16) ", channel_id = " x(17) ", identity_id = " x(18)  \
    ", thread_key = " x(19) ", visibility = " x(20) ", window_ms = " x(21) ", post_id = " x(22)    \
    ", snoozed_until_ms = 0, resolved_ms = 0"
/* clang-format on */
#define AS_PARAMETER(n) "?" #n
#define AS_COLUMN(n)    "q.c" #n
#define LIVELY_UNNEST                                                                              \
    "?1::bigint[], ?2::bigint[], ?3::text[], ?4::text[], ?5::bigint[], ?6::bigint[],"              \
    " ?7::bigint[], ?8::bigint[], ?9::bigint[], ?10::bigint[]"

err conversation_write_inbound(
    struct ctx *cx, const struct conversation *rows, ptrdiff_t n, bool lively)
{
    struct inbound_row *in = NEW(cx->arena, struct inbound_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++) {
        const struct conversation *c = &rows[i];
        in[i] = (struct inbound_row){cx->account.v, c->id.v, c->preview, c->preview_kind,
            c->last_message_id.v, c->last_message_ms, c->last_in_id.v, c->last_in_ms, c->updated_ms,
            c->in_count, c->status, c->waiting_since_ms, c->due_key, c->wait_key, c->outcome,
            conversation_recent_key(c->last_message_ms), c->channel_id.v, c->identity_id.v,
            c->thread_key, c->visibility.len ? c->visibility : S("private"), c->window_ms,
            c->post_id.v};
    }
    int64_t changed = 0;
    if (lively)
        TRY(db_many(cx->db,
            S("UPDATE conversation SET" LIVELY_SET(
                AS_PARAMETER) " WHERE account_id = ?1 AND id = ?2"),
            S("UPDATE conversation c SET" LIVELY_SET(
                AS_COLUMN) " FROM unnest(" LIVELY_UNNEST
                           ") AS q(c1, c2, c3, c4, c5, c6, c7, c8, c9, c10)"
                           " WHERE c.account_id = " SET_ACCOUNT " AND c.id = q.c2"),
            inbound_row_cols, LIVELY_COLS, in, (ptrdiff_t)sizeof *in, n, &changed));
    else
        TRY(db_many(cx->db,
            S("UPDATE conversation SET" WHOLE_SET(
                AS_PARAMETER) " WHERE account_id = ?1 AND id = ?2"),
            S("UPDATE conversation c SET" WHOLE_SET(
                AS_COLUMN) " FROM unnest(" LIVELY_UNNEST
                           ", ?11::text[], ?12::bigint[], ?13::bigint[], ?14::bigint[], ?15::text[],"
                           " ?16::bigint[], ?17::bigint[], ?18::bigint[], ?19::text[], ?20::text[],"
                           " ?21::bigint[], ?22::bigint[])"
                           " AS q(c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15,"
                           " c16, c17, c18, c19, c20, c21, c22)"
                           " WHERE c.account_id = " SET_ACCOUNT " AND c.id = q.c2"),
            COLS(inbound_row_cols), in, (ptrdiff_t)sizeof *in, n, &changed));
    return OK;
}

err conversation_by_place(
    struct ctx *cx, identity_id identity, str thread_key, struct conversation *c)
{
    str sql = S("SELECT " CONVERSATION_COLUMNS " FROM " CONVERSATION_TABLES
                " JOIN conversation_place p ON p.account_id = c.account_id"
                "  AND p.conversation_id = c.id"
                " WHERE c.account_id = ?1 AND p.identity_id = ?2 AND p.thread_key = ?3"
                " AND c.status <> 'resolved'");
    str held = S("SELECT " CONVERSATION_COLUMNS " FROM " CONVERSATION_TABLES
                 " JOIN conversation_place p ON p.account_id = c.account_id"
                 "  AND p.conversation_id = c.id"
                 " WHERE c.account_id = ?1 AND p.identity_id = ?2 AND p.thread_key = ?3"
                 " AND c.status <> 'resolved' FOR UPDATE OF c");
    return db_one(cx->db, db_pick(cx->db, sql, held),
        ARGS(A_ID(cx->account), A_ID(identity), A_TEXT(thread_key)), conversation_cols,
        CONVERSATION_COLS, c);
}

struct place_row {
    identity_id identity_id;
    str thread_key;
};
static const struct db_col place_cols[] = {
    COL(struct place_row, identity_id),
    COL(struct place_row, thread_key),
};

err conversation_place_on(struct ctx *cx, conversation_id conversation, channel_id channel,
    identity_id *identity, str *thread_key)
{
    struct place_row row = {0};
    TRY(db_one(cx->db,
        S("SELECT p.identity_id, p.thread_key FROM conversation_place p"
          " JOIN identity i ON i.account_id = p.account_id AND i.id = p.identity_id"
          " WHERE p.account_id = ?1 AND p.conversation_id = ?2 AND i.channel_id = ?3"
          " ORDER BY p.created_ms DESC LIMIT 1"),
        ARGS(A_ID(cx->account), A_ID(conversation), A_ID(channel)), COLS(place_cols), &row));
    *identity = row.identity_id;
    *thread_key = row.thread_key;
    return OK;
}

err conversation_place_add(
    struct ctx *cx, identity_id identity, str thread_key, conversation_id conversation)
{
    return db_run(cx->db,
        S("INSERT INTO conversation_place"
          " (account_id, identity_id, thread_key, conversation_id, created_ms)"
          " VALUES (?1, ?2, ?3, ?4, ?5)"
          " ON CONFLICT (account_id, identity_id, thread_key) DO UPDATE"
          " SET conversation_id = excluded.conversation_id, created_ms = excluded.created_ms"),
        ARGS(A_ID(cx->account), A_ID(identity), A_TEXT(thread_key), A_ID(conversation),
            A_INT(cx->now_ms)),
        NULL);
}

err conversation_move_thread(struct ctx *cx, channel_id channel, str from, str to)
{
    return db_run(cx->db,
        S("UPDATE conversation SET thread_key = ?4, version = version + 1"
          " WHERE account_id = ?1 AND channel_id = ?2 AND thread_key = ?3"
          " AND status IN ('open', 'pending', 'snoozed')" /* the index goes by status */
          " AND NOT EXISTS (SELECT 1 FROM conversation r WHERE r.account_id = ?1"
          "  AND r.identity_id = conversation.identity_id AND r.thread_key = ?4"
          "  AND r.status <> 'resolved')"),
        ARGS(A_ID(cx->account), A_ID(channel), A_TEXT(from), A_TEXT(to)), NULL);
}
