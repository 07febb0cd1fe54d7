/* message: the rows of a conversation's timeline. Not here: when one may be written or sent
 * (care/reply.h, care/inbound.h). Thread: the transaction's. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"

/* E_NOT_FOUND with words, also when the actor may not see the conversation. */
err message_get(struct ctx *cx, message_id id, struct message *m);
/* The newest page: at most limit rows below `before` ({0} = from the end), oldest first.
 * has_older: there are more. Photos of authors are joined. */
err message_list(struct ctx *cx, conversation_id conversation, message_id before, ptrdiff_t limit,
    struct message **rows, ptrdiff_t *n, bool *has_older);
void message_list_ahead(/* see db_ahead */
    struct ctx *cx, conversation_id conversation, message_id before, ptrdiff_t limit);
/* The page behind `after`: at most limit rows above it, oldest first. has_newer: there are more. */
err message_list_newer(struct ctx *cx, conversation_id conversation, message_id after,
    ptrdiff_t limit, struct message **rows, ptrdiff_t *n, bool *has_newer);
/* What came after `seen` and is public, by others than the actor, not cancelled and no automatic
 * mail of ours; at most 50. */
err message_list_unseen(struct ctx *cx, conversation_id conversation, message_id seen,
    struct message **rows, ptrdiff_t *n);
/* The message with this client_id; E_NOT_FOUND (no words) without one. */
err message_by_client(
    struct ctx *cx, conversation_id conversation, str client_id, struct message *m);
/* The message with the channel's id; E_NOT_FOUND (no words) without one. */
err message_by_external(struct ctx *cx, channel_id channel, str external_id, struct message *m);
/* A new id above every one the conversation has: two nodes' clocks may differ. c->last_message_id
 * is not changed. */
message_id message_next_id(const struct conversation *c, int64_t time_ms);
err message_add(struct ctx *cx, const struct message *m);
err message_add_many(struct ctx *cx, const struct message *m, ptrdiff_t n);
/* The given (channel, external id) pairs that are stored; external_id, id, conversation_id filled.
 */
err message_find_external(struct ctx *cx, const struct message *keys, ptrdiff_t n,
    struct message **found, ptrdiff_t *n_found);
/* The newest in/out/note that is not cancelled and no automatic mail of ours; E_NOT_FOUND (no
 * words) without one. */
err message_last_shown(struct ctx *cx, conversation_id conversation, struct message *m);
/* The first customer message that no reply came after; 0 when all are answered. Automatic mails
 * neither wait nor answer. */
err message_waiting_since(struct ctx *cx, conversation_id conversation, int64_t *since_ms);
/* WHERE state = from; E_CONFLICT (no words) when it is another by now. */
err message_change_state(struct ctx *cx, const struct message *m, str to, str error);
/* The public views of its files, when they have changed. */
/* Of a held one: goes out then; 0 = it waits for its writer. */
err message_set_hold(struct ctx *cx, message_id id, int64_t until_ms);
/* Held until a time that was planned, in any of the conversations: id and conversation_id only. */
err message_list_planned(struct ctx *cx, const struct conversation *const *conversations,
    ptrdiff_t n, struct message **rows, ptrdiff_t *n_rows);
err message_set_attachments(struct ctx *cx, message_id id, str attachments);
/* The visitor has read everything up to this id: out messages get read_ms and state read. Gives the
 * changed ones. */
err message_mark_read(struct ctx *cx, conversation_id conversation, message_id upto, int64_t at_ms,
    struct message **changed, ptrdiff_t *n);

/* Delivery: the state moves only forward by rank (model/conversation.h); what is not a step forward
 * changes nothing and is OK. m as it was read in this transaction; it becomes what is stored, with
 * texts of the caller's. external_id: stays what it is when it is known. E_BUSY: it has changed
 * since it was read (PostgreSQL). */
err message_write_state(struct ctx *cx, struct message *m, str state, str error, str external_id,
    int64_t at_ms, bool *has_changed);
/* Ours of a chat that its visitor has not read and no letter has taken along, oldest first, sent
 * since then; at most 50. */
err message_list_unmailed(struct ctx *cx, conversation_id conversation, int64_t since_ms,
    struct message **rows, ptrdiff_t *n);
/* The letter that it has gone out with, or that it answers; once. */
err message_set_letter(struct ctx *cx, message_id id, letter_id letter);
