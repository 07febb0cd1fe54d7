/* reply: what agents and tokens write: replies, notes, their undo and retry, and starting a
 * conversation. Rules: docs/product.md IN-4, CH-9. Not here: sending (delivery.h, job/deliver.c),
 * customer messages (inbound.h). Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "care/mail_out.h"
#include "connector/connector.h"
#include "model/conversation.h"
#include "model/ctx.h"

struct reply_new {
    bool is_note;
    str text;
    str attachments; /* JSON array of public views; empty = none */
    str parts;       /* JSON array, connector/part.h; empty = none */
    str client_id;   /* UUID, required: the same one again gives the same message for ever */
    message_id seen; /* the last message the writer saw; required for a reply */
    bool force;      /* send although something came in between */
    const int64_t *mentions; /* agents named in a note: they are told and may see it from now on */
    ptrdiff_t n_mentions;
    str then; /* "", "resolve" or "pending" */
    message_id reply_to;
    str visibility;      /* "", "private" or "public"; empty = where the customer wrote last */
    bool confirm_public; /* the writer knows that a public reply has personal data in it */
    int64_t send_ms;     /* goes out then (plan.h); 0 = as soon as it may */
    const struct mail_new *mail; /* in a mailbox: what a mail is beside its text; NULL = as usual */
};
/* By the network's rules (reply_check.h). A reply is held for the account's undo_seconds (agents;
 * tokens send at once), then job "send" (key = message id, order_key "conv:<id>") takes it. Stale:
 * E_CONFLICT "stale" with details
 * {"messages"}: what was not seen; of two at once exactly one goes, because the row is held.
 * is_repeat: the client_id was known, *m is the message of then. *c is the new state. */
err reply_add(struct ctx *cx, conversation_id id, const struct reply_new *reply, struct message *m,
    struct conversation *c, bool *is_repeat);
/* Undo while it is held: the message stays as cancelled, the conversation as it was before, also
 * what `then` did. Later: E_CONFLICT "too_late". */
err reply_cancel(struct ctx *cx, message_id id, struct message *m);
/* A failed or unknown one goes out again: the agent has decided. */
err reply_retry(struct ctx *cx, message_id id, struct message *m);

struct start_new {
    channel_id channel;
    contact_id contact; /* {0}: make one from the members below */
    str name, email, phone, language, external_id;
    str text, client_id;
    str parts;                /* JSON array (a template); empty = none */
    conversation_id previous; /* what a new conversation goes on from; {0} = nothing */
    str attachments;          /* as of a reply */
    int64_t send_ms;
    const struct mail_new *mail; /* in a mailbox; NULL = as usual */
};
/* Begins a conversation where we may write first, or goes on in the one that is in progress. The
 * person's id on the channel is external_id; else on a network that goes by phone numbers the
 * phone, on an API channel the mail address, the phone, or "contact:<id>". E_INVALID names what is
 * missing. In a mailbox it is always one of its own, about its mail's subject. *m: what was
 * written. */
err reply_start(
    struct ctx *cx, const struct start_new *start, struct conversation *c, struct message *m);
/* How a network writes a phone number ("+1 555 …" as people do); empty: it is none, or the network
 * does not go by numbers. */
str start_address(struct arena *a, const struct connector *network, str phone);
