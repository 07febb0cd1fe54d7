/* message_network: what a network says about messages that are stored: their other ids there,
 * edits, deletions, reactions, and which of ours a report means. Not here: the timeline
 * (message.h), what follows from it (care/). Thread: the transaction's. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"

/* Other ids of a message on its channel; one that is taken already stays where it is. */
err message_alias_add(
    struct ctx *cx, channel_id channel, message_id id, const str *aliases, ptrdiff_t n);
/* The message with this id or other id there; E_NOT_FOUND (no words). */
err message_by_any_external(struct ctx *cx, channel_id channel, str external_id, struct message *m);
/* Whether each of the given other ids is known: message, or {0}. */
err message_find_alias(struct ctx *cx, const struct message *keys, ptrdiff_t n,
    struct message **found, ptrdiff_t *n_found);
/* A message of ours on this channel that its network gave no id yet, with this text, written since
 * then: the newest. E_NOT_FOUND (no words). */
err message_ours_without_id(struct ctx *cx, channel_id channel, conversation_id conversation,
    str text, int64_t since_ms, struct message *m);
/* Messages of ours in pieces of this conversation and channel that have not all been named by the
 * network, written since then: newest first, at most limit. Text, attachments, parts, pieces,
 * visibility and state are filled. */
err message_list_in_pieces(struct ctx *cx, channel_id channel, conversation_id conversation,
    int64_t since_ms, ptrdiff_t limit, struct message **rows, ptrdiff_t *n);
/* Ours to one person on a channel that are sent or delivered, written up to then and in the 30 days
 * before; oldest first, ≤ limit. */
err message_list_reported(struct ctx *cx, channel_id channel, identity_id identity, int64_t upto_ms,
    ptrdiff_t limit, struct message **rows, ptrdiff_t *n);
/* The customer's newest public message that the network gave an id; zeroed without one. */
err message_last_public(struct ctx *cx, conversation_id conversation, struct message *m);
/* What the customer's private messages on this channel have opened. */
err message_window(struct ctx *cx, conversation_id conversation, channel_id channel,
    struct message_window *window);
/* Whether a message of ours after `after` and before `before` has gone out. */
err message_is_answered(struct ctx *cx, conversation_id conversation, message_id after,
    message_id before, bool *is_answered);
/* It is on its way from now on, if it waited; nobody is told of that. */
err message_set_sending(struct ctx *cx, message_id id);
err message_set_external(struct ctx *cx, message_id id, str external_id);
err message_set_text(struct ctx *cx, message_id id, str text, int64_t edited_ms);
err message_set_deleted(struct ctx *cx, message_id id, int64_t deleted_ms);
err message_set_reactions(struct ctx *cx, message_id id, str reactions);
/* What is empty so far takes these, and so does a part of a kind that could not be shown, which
 * goes even when there are no parts instead. */
err message_fill(struct ctx *cx, message_id id, str text, str attachments, str parts);
err message_set_parts(struct ctx *cx, message_id id, str parts);
err message_set_pieces(struct ctx *cx, message_id id, str pieces);
