/* join: conversations whose messages went to another one: what went along, and what it takes to
 * separate them again exactly. Not here: when that may be (care/join.h). Thread: the transaction's.
 */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"

/* Members are named as their columns. */
struct join {
    conversation_id conversation_id; /* the one that is empty now */
    conversation_id into_id;
    str status, outcome; /* what it was before */
    int64_t snoozed_until_ms, resolved_ms, waiting_since_ms;
    str members; /* JSON array: addresses that take part there since */
    int64_t joined_ms;
};
/* What joining changed for an agent, or could: ids of messages, 0 = nothing is there. */
struct join_agent {
    agent_id agent_id;
    int64_t read_from, read_into;       /* read marks of both */
    int64_t mention_from, mention_into; /* mentions in both */
    str draft_from, draft_into;         /* kind of the drafts in both; empty = none */
    int64_t draft_from_ms;
};
/* A row of what was changed, as the table has it. */
struct join_change {
    agent_id agent_id;
    int64_t read_before, read_after, mention_before, mention_after, draft_ms;
};

err join_add(struct ctx *cx, const struct join *j);
/* E_NOT_FOUND (no words). */
err join_get(struct ctx *cx, conversation_id conversation, struct join *j);
/* Forgets it with all that belongs to it. */
err join_remove(struct ctx *cx, conversation_id conversation);
/* Writes joined_id; {0} = it stands for itself again. */
err join_mark(struct ctx *cx, conversation_id conversation, conversation_id into);

/* Notes every message but activities as going along. */
err join_note_messages(struct ctx *cx, conversation_id conversation, int64_t *n);
/* Those that were noted and are in `from` go to `to`, with everything that names them. owner: whose
 * notes. */
err join_move_messages(
    struct ctx *cx, conversation_id owner, conversation_id from, conversation_id to);
/* The first of the customer's messages behind `after`, and the newest of all; ids, 0 = none. */
err join_first_unread(struct ctx *cx, conversation_id conversation, int64_t after, int64_t *id);
/* How many messages of its customer it has: conversation.in_count. */
err join_count_in(struct ctx *cx, conversation_id conversation, int64_t *n);
err join_last_in(
    struct ctx *cx, conversation_id conversation, message_id *id, int64_t *received_ms);

/* Agents with a mark, a mention or a draft in `from`; at most 1,000. */
err join_agents(struct ctx *cx, conversation_id from, conversation_id into,
    struct join_agent **rows, ptrdiff_t *n);
err join_change_add(struct ctx *cx, conversation_id conversation, const struct join_change *change);
err join_change_list(
    struct ctx *cx, conversation_id conversation, struct join_change **rows, ptrdiff_t *n);
/* An agent's mark or mention in a conversation goes from one message to another, should it still
 * stand at the first; 0 = there is none. */
err join_set_read(struct ctx *cx, agent_id agent, conversation_id in, int64_t was, int64_t to);
err join_set_mention(struct ctx *cx, agent_id agent, conversation_id in, int64_t was, int64_t to);
/* The draft goes along, when nobody has changed it since (0 = whenever). */
err join_move_draft(struct ctx *cx, agent_id agent, conversation_id from, conversation_id to,
    int64_t unchanged_since_ms);
/* Adds the words of the draft in `from` to the one in `to`, up to LIMIT_TEXT_BYTES together. */
err join_add_draft(struct ctx *cx, agent_id agent, conversation_id from, conversation_id to);
