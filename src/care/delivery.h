/* delivery: what becomes of an outgoing message after it was held: states from the deliver job and
 * the channel's reports, and the visitor's reading. Every change is told by an event.
 * Not here: writing a reply (reply.h), connectors. Thread: the caller's; in its WRITE transaction,
 * but for delivery_load.
 */
#pragma once
#include "connector/mail.h"
#include "model/conversation.h"
#include "model/ctx.h"

/* state: sending sent delivered read failed unknown. Moves only forward by rank; anything else is
 * OK and does nothing (reports come late and twice). error: words for the agent; external_id: the
 * channel's id; both may be empty. Adds message.updated for agents; the first of
 * sent/delivered/read also adds message.created for a widget's visitor, later ones message.updated.
 */
err message_set_state(
    struct ctx *cx, message_id id, str state, str error, str external_id, int64_t at_ms);
/* The same of what a network reports. A message in pieces is more than the piece that is reported:
 * until all have gone it keeps its state, and only learns the id. */
err message_report(struct ctx *cx, message_id id, str state, str external_id, int64_t at_ms);
/* The network says after all that a message did not arrive, although it was taken before: sent goes
 * back to failed; what was delivered or read stays so. error: words for the agent. */
err message_fail(struct ctx *cx, message_id id, str error);
/* What agents are to know of a message on its way, or sent: which recipients have not got it; words
 * empty = all is well. They see it anew. One that has failed keeps its words. */
err message_explain(struct ctx *cx, message_id id, str words);
/* Whom a message of a conversation is with, and in which thread, on the message's own channel: the
 * conversation may have moved since. E_NOT_FOUND (no words): the person is not known there. */
err message_place(struct ctx *cx, const struct message *m, const struct conversation *c,
    struct identity *identity, str *thread_key);
/* What the deliver job needs: the message, its conversation, and the person's id on the channel.
 * Writes nothing: the claim of the job has noted that the message is being sent
 * (message_set_sending). E_NOT_FOUND; E_CONFLICT when it is not to be sent (cancelled, sent). */
struct delivery_work {
    struct message message;
    struct conversation conversation;
    struct contact contact;
    identity_id identity; /* on the message's channel, as thread_key is */
    str thread_key;
    str contact_external_id, contact_handle;
    str reply_to; /* the network's id of the message that it answers: the one that was chosen, else,
                   * under a post or to move on in private, the customer's last public one */
    str reply_to_parts, token; /* parts of that message, and what the network wants back with it */
    str contact_other_id;
    str post;                        /* public: the network's id of the post */
    struct message_window window;    /* the network's for private messages */
    bool is_private_reply;           /* to the author of a public message, privately */
    struct connector_letter *letter; /* of a mailbox; NULL = it is no mail */
};
err delivery_load(struct ctx *cx, message_id id, struct delivery_work *work);
/* The same of a mail, whatever has become of it: for those of its recipients who wait, or a copy.
 */
err delivery_load_again(struct ctx *cx, message_id id, struct delivery_work *work);
/* The visitor has read up to this message. */
err delivery_read_upto(struct ctx *cx, conversation_id conversation, message_id upto);
