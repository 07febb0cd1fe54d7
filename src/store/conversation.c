/* conversation: see conversation.h. */
#include "store/conversation.h"

#include "model/view_message.h"
#include "store/set.h"

const struct db_col conversation_cols[CONVERSATION_COLS] = {
    CONVERSATION_MEMBERS,
};

bool conversation_actor_sees_all(const struct ctx *cx)
{
    return cx->actor.sees_all || cx->actor.kind == ACTOR_SYSTEM;
}

str conversation_actor_teams(const struct ctx *cx)
{
    return id_text(cx->arena, cx->actor.team_ids, cx->actor.n_teams);
}

str conversation_actor_channels(const struct ctx *cx)
{
    return id_text(cx->arena, cx->actor.channel_ids, cx->actor.n_channels);
}

static err no_such(struct ctx *cx, err e)
{
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "There is no such conversation.") : e;
}

#define ONE_SQL                                                                                    \
    "SELECT " CONVERSATION_COLUMNS " FROM " CONVERSATION_TABLES " WHERE " CONVERSATION_IS_VISIBLE
#define GET_SQL ONE_SQL " AND c.id = ?7"

/* value: ?7. What other rooms fill is empty. */
static err read_one(struct ctx *cx, str sql, int64_t value, struct conversation *c)
{
    *c = (struct conversation){0};
    return db_one(
        cx->db, sql, ARGS(CONVERSATION_SCOPE_ARGS(cx), A_INT(value)), COLS(conversation_cols), c);
}

err conversation_get(struct ctx *cx, conversation_id id, struct conversation *c)
{
    return no_such(cx, read_one(cx, S(GET_SQL), id.v, c));
}

void conversation_get_ahead(struct ctx *cx, conversation_id id)
{
    db_ahead(cx->db, S(GET_SQL), ARGS(CONVERSATION_SCOPE_ARGS(cx), A_INT(id.v)));
}

err conversation_by_number(struct ctx *cx, int64_t number, struct conversation *c)
{
    return no_such(cx, read_one(cx, S(ONE_SQL " AND c.number = ?7"), number, c));
}

err conversation_newest_of(struct ctx *cx, identity_id identity, struct conversation *c)
{
    return read_one(cx,
        S(ONE_SQL " AND c.identity_id = ?7 AND c.thread_key = '' ORDER BY c.id DESC LIMIT 1"),
        identity.v, c);
}

err conversation_lock(struct ctx *cx, conversation_id id, struct conversation *c)
{
    str sql = db_pick(cx->db, S(GET_SQL), S(GET_SQL " FOR UPDATE OF c"));
    return no_such(cx, read_one(cx, sql, id.v, c));
}

#define WRITE_PLAIN                                                                                \
    "UPDATE conversation SET priority = ?5, team_id = ?7, subject = ?8, preview = ?9,"             \
    " preview_kind = ?10, last_message_id = ?11, last_message_ms = ?12, last_in_id = ?13,"         \
    " last_in_ms = ?14, waiting_since_ms = ?15, outcome = ?19, language = ?20, resolved_ms = ?21," \
    " tag_count = ?22, updated_ms = ?23, in_count = ?26, version = version + 1"
#define WRITE_SORTED                                                                               \
    ", status = ?4, assignee_id = ?6, due_key = ?16, wait_key = ?17, snoozed_until_ms = ?18,"      \
    " recent_key = ?25"
#define WRITE_WHERE " WHERE account_id = ?1 AND id = ?2 AND status = ?3 AND version = ?24"
#define KEEPS_ITS_PLACE                                                                            \
    " AND status = ?4 AND assignee_id = ?6 AND due_key = ?16 AND wait_key = ?17"                   \
    " AND snoozed_until_ms = ?18 AND recent_key = ?25"

/* An answer in a lively conversation leaves it where it is in every list: a statement that does
 * not name what the lists are sorted by spares a write to each of their indexes. */
err conversation_write(struct ctx *cx, struct conversation *c, str was_status)
{
    const str ways[] = {
        S(WRITE_PLAIN WRITE_WHERE KEEPS_ITS_PLACE), S(WRITE_PLAIN WRITE_SORTED WRITE_WHERE)};
    int64_t changed = 0;
    for (int i = 0; i < 2 && !changed; i++)
        TRY(db_run(cx->db, ways[i],
            ARGS(A_INT(cx->account.v), A_INT(c->id.v), A_TEXT(was_status), A_TEXT(c->status),
                A_TEXT(c->priority), A_INT(c->assignee_id.v), A_INT(c->team_id.v),
                A_TEXT(c->subject), A_TEXT(c->preview), A_TEXT(c->preview_kind),
                A_INT(c->last_message_id.v), A_INT(c->last_message_ms), A_INT(c->last_in_id.v),
                A_INT(c->last_in_ms), A_INT(c->waiting_since_ms), A_INT(c->due_key),
                A_INT(c->wait_key), A_INT(c->snoozed_until_ms), A_TEXT(c->outcome),
                A_TEXT(c->language), A_INT(c->resolved_ms), A_INT(c->tag_count),
                A_INT(c->updated_ms), A_INT(c->version),
                A_INT(conversation_recent_key(c->last_message_ms)), A_INT(c->in_count)),
            &changed));
    if (changed != 1)
        return fail_detail(
            cx, E_CONFLICT, "stale", "The conversation was changed by somebody else just now.");
    c->version++;
    return OK;
}

err conversation_set_place(struct ctx *cx, const struct conversation *c)
{
    return db_run(cx->db,
        S("UPDATE conversation SET channel_id = ?3, identity_id = ?4, thread_key = ?5,"
          " visibility = ?6, window_ms = ?7, post_id = ?8"
          " WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(c->id), A_ID(c->channel_id), A_ID(c->identity_id),
            A_TEXT(c->thread_key), A_TEXT(c->visibility), A_INT(c->window_ms), A_INT(c->post_id.v)),
        NULL);
}

err conversation_set_contact(struct ctx *cx, identity_id identity, contact_id contact)
{
    return db_run(cx->db,
        S("UPDATE conversation SET contact_id = ?3, version = version + 1, updated_ms = ?4"
          " WHERE account_id = ?1 AND identity_id = ?2"),
        ARGS(A_ID(cx->account), A_ID(identity), A_ID(contact), A_INT(cx->now_ms)), NULL);
}

err conversation_set_unrelated(struct ctx *cx, conversation_id id)
{
    return db_run(cx->db,
        S("UPDATE conversation SET related_id = 0"
          " WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), NULL);
}

/* ── what lists show beside the row ── */

struct id_pair {
    int64_t account, id;
};
static const struct db_col id_pair_cols[] = {
    COL(struct id_pair, account),
    COL(struct id_pair, id),
};

struct tag_of {
    conversation_id conversation_id;
    str name;
};
static const struct db_col tag_of_cols[] = {
    COL(struct tag_of, conversation_id),
    COL(struct tag_of, name),
};

static void tag_insert(struct conversation *c, str name)
{
    ptrdiff_t at = c->tags.len++;
    for (; at > 0 && str_cmp(c->tags.at[at - 1], name) > 0; at--)
        c->tags.at[at] = c->tags.at[at - 1];
    c->tags.at[at] = name;
}

err conversation_fill_tags(struct ctx *cx, struct conversation *rows, ptrdiff_t n)
{
    struct id_pair *keys = NEW(cx->arena, struct id_pair, n + 1);
    ptrdiff_t n_keys = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        rows[i].tags = (struct str_list){0};
        if (!rows[i].tag_count)
            continue;
        rows[i].tags.at = NEW(cx->arena, str, rows[i].tag_count);
        keys[n_keys++] = (struct id_pair){.account = cx->account.v, .id = rows[i].id.v};
    }
    if (!n_keys)
        return OK;
    struct tag_of *tags = NULL;
    ptrdiff_t n_tags = 0;
    TRY(db_many_all(cx->db,
        S("SELECT ct.conversation_id, t.name FROM conversation_tag ct"
          " JOIN tag t ON t.account_id = ct.account_id AND t.id = ct.tag_id"
          " WHERE ct.account_id = ?1 AND ct.conversation_id = ?2"),
        S("SELECT ct.conversation_id, t.name"
          " FROM unnest(?2::bigint[]) AS q(id)"
          " CROSS JOIN LATERAL (SELECT * FROM conversation_tag ct WHERE ct.account_id = " SET_ACCOUNT
          " AND ct.conversation_id = q.id OFFSET 0) ct"
          " JOIN tag t ON t.account_id = ct.account_id AND t.id = ct.tag_id"),
        COLS(id_pair_cols), keys, (ptrdiff_t)sizeof *keys, n_keys, COLS(tag_of_cols),
        (ptrdiff_t)sizeof *tags, (void *)&tags, &n_tags));
    for (ptrdiff_t t = 0; t < n_tags; t++)
        for (ptrdiff_t i = 0; i < n; i++)
            if (rows[i].id.v == tags[t].conversation_id.v && rows[i].tags.len < rows[i].tag_count)
                tag_insert(&rows[i], tags[t].name);
    return OK;
}

static const struct db_col participant_cols[] = {
    COL(struct participant, id),
    COL(struct participant, name),
};

/* One probe for each agent, however long the conversation is. */
static const str participants_sql =
    S_INIT("SELECT a.id, a.name FROM agent a WHERE a.account_id = ?1 AND EXISTS"
           " (SELECT 1 FROM message m WHERE m.account_id = ?1 AND m.conversation_id = ?2"
           "  AND m.author_id = a.id AND m.author_kind = 'agent' AND m.kind <> 'activity')"
           " ORDER BY a.id LIMIT 50");

void conversation_participants_ahead(struct ctx *cx, conversation_id id)
{
    db_ahead(cx->db, participants_sql, ARGS(A_INT(cx->account.v), A_INT(id.v)));
}

err conversation_participants(
    struct ctx *cx, conversation_id id, struct participant **rows, ptrdiff_t *n)
{
    return db_all(cx->db, participants_sql, ARGS(A_INT(cx->account.v), A_INT(id.v)),
        COLS(participant_cols), (ptrdiff_t)sizeof **rows, rows, n);
}

err conversation_has_rival(struct ctx *cx, const struct conversation *c, bool *has)
{
    struct conversation_one {
        conversation_id id;
    } one;
    static const struct db_col cols[] = {COL(struct conversation_one, id)};
    err e = db_one(cx->db,
        S("SELECT id FROM conversation WHERE account_id = ?1 AND identity_id = ?2"
          " AND thread_key = ?3 AND status <> 'resolved' AND id <> ?4 LIMIT 1"),
        ARGS(A_INT(cx->account.v), A_INT(c->identity_id.v), A_TEXT(c->thread_key), A_INT(c->id.v)),
        COLS(cols), &one);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    *has = e == OK;
    return OK;
}

err conversation_list_contact(struct ctx *cx, contact_id contact, conversation_id before,
    ptrdiff_t limit, struct conversation **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT " CONVERSATION_COLUMNS " FROM " CONVERSATION_TABLES
          " WHERE " CONVERSATION_IS_VISIBLE " AND c.contact_id = ?7 AND c.id < ?8"
          " ORDER BY c.id DESC LIMIT ?9"),
        ARGS(CONVERSATION_SCOPE_ARGS(cx), A_INT(contact.v), A_INT(before.v ? before.v : INT64_MAX),
            A_INT(limit)),
        COLS(conversation_cols), (ptrdiff_t)sizeof **rows, rows, n);
}

/* Of one who sees all nothing more is asked: PostgreSQL plans the rest anew for each reader. */
#define COUNT_CONTACT(where)                                                                       \
    S_INIT("SELECT COUNT(*) AS total FROM conversation c WHERE " where " AND c.contact_id = ?7")
static const str count_contact_sql[2] = {
    COUNT_CONTACT(CONVERSATION_IS_VISIBLE), COUNT_CONTACT(" c.account_id = ?1")};

void conversation_count_contact_ahead(struct ctx *cx, contact_id contact)
{
    db_ahead(cx->db, count_contact_sql[conversation_actor_sees_all(cx)],
        ARGS(CONVERSATION_SCOPE_ARGS(cx), A_INT(contact.v)));
}

err conversation_count_contact(struct ctx *cx, contact_id contact, int64_t *n)
{
    struct count {
        int64_t total;
    } row;
    static const struct db_col cols[] = {COL(struct count, total)};
    TRY(db_one(cx->db, count_contact_sql[conversation_actor_sees_all(cx)],
        ARGS(CONVERSATION_SCOPE_ARGS(cx), A_INT(contact.v)), COLS(cols), &row));
    *n = row.total;
    return OK;
}

err conversation_list_due(
    struct ctx *cx, int64_t now_ms, ptrdiff_t limit, struct conversation **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT " CONVERSATION_COLUMNS " FROM " CONVERSATION_TABLES
          " WHERE c.account_id = ?1 AND c.status = 'snoozed' AND c.snoozed_until_ms <= ?2"
          " ORDER BY c.snoozed_until_ms LIMIT ?3"),
        ARGS(A_INT(cx->account.v), A_INT(now_ms), A_INT(limit)), COLS(conversation_cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}
