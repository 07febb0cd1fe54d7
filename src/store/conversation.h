/* conversation: rows of conversations, and the one accessor that decides which of them an actor may
 * see. Every read below obeys it; another account's, or an unseen, id is E_NOT_FOUND.
 * Visible: everything with sees_all; else assigned to the agent, in one of its teams or channels,
 * or it was mentioned there; a visitor sees its contact's. Not here: what may change
 * (care/lifecycle.h), lists (conversation_list.h). Thread: the transaction's. */
#pragma once
#include "db/db.h"
#include "model/conversation.h"
#include "model/ctx.h"

/* What an agent sees without having been mentioned. */
#define CONVERSATION_IS_OF_ACTOR(c)                                                                \
    c ".assignee_id = ?3 OR ?4 LIKE '%,' || " c ".team_id || ',%'"                                 \
      " OR ?5 LIKE '%,' || " c ".channel_id || ',%'"
/* The condition over `conversation c`. It takes ?1 account, ?2 sees_all, ?3 agent, ?4 teams,
 * ?5 channels, ?6 the visitor's contact, all given by CONVERSATION_SCOPE_ARGS(cx). */
#define CONVERSATION_IS_VISIBLE                                                                    \
    " c.account_id = ?1"                                                                           \
    " AND (?2 = 1"                                                                                 \
    "  OR (?3 <> 0 AND (" CONVERSATION_IS_OF_ACTOR(                                                \
        "c") "   OR EXISTS (SELECT 1 FROM mention v WHERE v.account_id = ?1"                       \
             "    AND v.conversation_id = c.id AND v.agent_id = ?3)))"                             \
             "  OR (?6 <> 0 AND c.contact_id = ?6))"
#define CONVERSATION_SCOPE_ARGS(cx)                                                                \
    A_INT((cx)->account.v), A_BOOL(conversation_actor_sees_all(cx)), A_INT((cx)->actor.agent.v),   \
        A_TEXT(conversation_actor_teams(cx)), A_TEXT(conversation_actor_channels(cx)),             \
        A_INT((cx)->actor.contact.v)
bool conversation_actor_sees_all(const struct ctx *cx);
str conversation_actor_teams(const struct ctx *cx); /* ",1,2," */
str conversation_actor_channels(const struct ctx *cx);

/* Columns of struct conversation and the tables they come from: its own, and those of what it
 * belongs to. */
#define CONVERSATION_OWN_COLUMNS                                                                         \
    " c.id, c.number, c.channel_id, c.identity_id, c.contact_id, c.thread_key, c.status,"                \
    " c.priority, c.assignee_id, c.team_id, c.subject, c.preview, c.preview_kind,"                       \
    " c.last_message_id, c.last_message_ms, c.last_in_id, c.last_in_ms, c.in_count, c.waiting_since_ms," \
    " c.due_key, c.wait_key, c.snoozed_until_ms, c.outcome, c.language, c.previous_id,"                  \
    " c.resolved_ms, c.tag_count, c.version, c.created_ms, c.updated_ms, c.post_id,"                     \
    " c.visibility, c.window_ms, c.related_id, c.joined_id"
#define CONVERSATION_COLUMNS                                                                       \
    CONVERSATION_OWN_COLUMNS                                                                       \
    ", h.kind AS channel_kind, h.name AS channel_name, k.name AS contact_name,"                    \
    " k.email AS contact_email, k.avatar_url AS contact_avatar_url,"                               \
    " CASE WHEN h.kind IS NULL THEN (SELECT g.kind FROM channel_removed g"                         \
    " WHERE g.account_id = c.account_id AND g.id = c.channel_id) END AS removed_kind"
#define CONVERSATION_BESIDE                                                                        \
    " LEFT JOIN contact k ON k.account_id = c.account_id AND k.id = c.contact_id"                  \
    " LEFT JOIN channel h ON h.account_id = c.account_id AND h.id = c.channel_id"
#define CONVERSATION_TABLES " conversation c" CONVERSATION_BESIDE

/* As struct db_col, for a statement that reads more than these. */
#define CONVERSATION_MEMBERS                                                                       \
    COL(struct conversation, id), COL(struct conversation, number),                                \
        COL(struct conversation, channel_id), COL(struct conversation, identity_id),               \
        COL(struct conversation, contact_id), COL(struct conversation, thread_key),                \
        COL(struct conversation, status), COL(struct conversation, priority),                      \
        COL(struct conversation, assignee_id), COL(struct conversation, team_id),                  \
        COL(struct conversation, subject), COL(struct conversation, preview),                      \
        COL(struct conversation, preview_kind), COL(struct conversation, last_message_id),         \
        COL(struct conversation, last_message_ms), COL(struct conversation, last_in_id),           \
        COL(struct conversation, last_in_ms), COL(struct conversation, in_count),                  \
        COL(struct conversation, waiting_since_ms), COL(struct conversation, due_key),             \
        COL(struct conversation, wait_key), COL(struct conversation, snoozed_until_ms),            \
        COL(struct conversation, outcome), COL(struct conversation, language),                     \
        COL(struct conversation, previous_id), COL(struct conversation, resolved_ms),              \
        COL(struct conversation, tag_count), COL(struct conversation, version),                    \
        COL(struct conversation, created_ms), COL(struct conversation, updated_ms),                \
        COL(struct conversation, post_id), COL(struct conversation, visibility),                   \
        COL(struct conversation, window_ms), COL(struct conversation, related_id),                 \
        COL(struct conversation, joined_id), COL(struct conversation, channel_kind),               \
        COL(struct conversation, removed_kind), COL(struct conversation, channel_name),            \
        COL(struct conversation, contact_name), COL(struct conversation, contact_email),           \
        COL(struct conversation, contact_avatar_url)
extern const struct db_col conversation_cols[];
enum { CONVERSATION_COLS = 41 };

err conversation_get(struct ctx *cx, conversation_id id, struct conversation *c);
void conversation_get_ahead(struct ctx *cx, conversation_id id); /* see db_ahead */
/* The one that people call #number. */
err conversation_by_number(struct ctx *cx, int64_t number, struct conversation *c);
/* The newest of an identity outside threads; no lock. E_NOT_FOUND (no words). */
err conversation_newest_of(struct ctx *cx, identity_id identity, struct conversation *c);
/* As conversation_get, and holds the row until the transaction ends (PostgreSQL: FOR UPDATE). */
err conversation_lock(struct ctx *cx, conversation_id id, struct conversation *c);
/* Writes channel, identity, thread, visibility, window and post: it goes on elsewhere. E_CONFLICT
 * as for conversation_add. */
err conversation_set_place(struct ctx *cx, const struct conversation *c);
/* Those of the identity are this contact's from now on. */
err conversation_set_contact(struct ctx *cx, identity_id identity, contact_id contact);
/* It belongs to no other one. */
err conversation_set_unrelated(struct ctx *cx, conversation_id id);
/* E_CONFLICT when the same identity and thread has one in progress. */
err conversation_add(struct ctx *cx, const struct conversation *c);
/* Writes everything that can change and raises version, in the row and in *c. was_status guards the
 * transition: E_CONFLICT when the row has moved on. */
err conversation_write(struct ctx *cx, struct conversation *c, str was_status);
/* Tags of rows (those with tag_count > 0). */
err conversation_fill_tags(struct ctx *cx, struct conversation *rows, ptrdiff_t n);
/* unread_count (at most 100) and has_draft of the acting agent; nothing for other actors. */
err conversation_fill_mine(struct ctx *cx, struct conversation *rows, ptrdiff_t n);
/* Those of n_ids conversations that the actor may see, in the order of the ids; unread_count and
 * has_draft are filled as by conversation_fill_mine, tags are not. */
err conversation_page(
    struct ctx *cx, const int64_t *ids, ptrdiff_t n_ids, struct conversation **rows, ptrdiff_t *n);
/* As conversation_get, filled as by conversation_page. */
err conversation_get_mine(struct ctx *cx, conversation_id id, struct conversation *c);
void conversation_get_mine_ahead(struct ctx *cx, conversation_id id); /* see db_ahead */
/* Agents that wrote in it, by id; at most 50. */
struct participant {
    agent_id id;
    str name;
};
void conversation_participants_ahead(struct ctx *cx, conversation_id id); /* see db_ahead */
err conversation_participants(
    struct ctx *cx, conversation_id id, struct participant **rows, ptrdiff_t *n);
/* Is another conversation of the same identity and thread in progress? */
err conversation_has_rival(struct ctx *cx, const struct conversation *c, bool *has);
/* Conversations of a contact, newest first, before the id ({0} = from the newest). */
err conversation_list_contact(struct ctx *cx, contact_id contact, conversation_id before,
    ptrdiff_t limit, struct conversation **rows, ptrdiff_t *n);
void conversation_count_contact_ahead(struct ctx *cx, contact_id contact);
err conversation_count_contact(struct ctx *cx, contact_id contact, int64_t *n);
/* Snoozed ones whose time has come; at most limit. */
err conversation_list_due(
    struct ctx *cx, int64_t now_ms, ptrdiff_t limit, struct conversation **rows, ptrdiff_t *n);

/* ── the receive path ── */

/* One row per (identity, thread): the newest conversation of each, held until the end. */
struct thread_key {
    identity_id identity_id;
    str thread_key;
};
err conversation_newest_of_threads(struct ctx *cx, const struct thread_key *keys, ptrdiff_t n,
    struct conversation **rows, ptrdiff_t *n_rows);
/* changed < n when another node made a rival at the same moment. */
err conversation_add_many(
    struct ctx *cx, const struct conversation *rows, ptrdiff_t n, int64_t *changed);
/* The conversation in progress that goes on in this thread although it has its place elsewhere now;
 * held until the end. E_NOT_FOUND (no words). */
err conversation_by_place(
    struct ctx *cx, identity_id identity, str thread_key, struct conversation *c);
/* The network calls a thread by another key from now on: conversations in progress there follow,
 * unless their person has one under the new key already. */
err conversation_move_thread(struct ctx *cx, channel_id channel, str from, str to);
/* The place on this channel that it had last; E_NOT_FOUND (no words). */
err conversation_place_on(struct ctx *cx, conversation_id conversation, channel_id channel,
    identity_id *identity, str *thread_key);
/* From here on a message of (identity, thread) goes to this conversation, unless one of its own is
 * in progress there. */
err conversation_place_add(
    struct ctx *cx, identity_id identity, str thread_key, conversation_id conversation);
/* After customer messages. `lively` rows were waiting and open before: only preview, last_* and
 * version change (fewer indexes to touch). The rows hold the version that the write makes. */
err conversation_write_inbound(
    struct ctx *cx, const struct conversation *rows, ptrdiff_t n, bool lively);
