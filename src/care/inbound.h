/* inbound: what customers write becomes messages of conversations. The one way in for every
 * channel: the receive job gives batches, the widget gives one item at a time.
 * Rules: docs/product.md IN-2, CH-7, CH-9; docs/architecture.md "Inbound key", "Conversations".
 * Not here: verifying and parsing (connector/), sending (reply.h).
 * Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "connector/item.h"
#include "model/conversation.h"
#include "model/ctx.h"

struct inbound_item {
    channel_id channel;
    str channel_kind;        /* "widget", "api" */
    str external_id;         /* the message's id on the channel, unique per channel; required. The
                              * widget gives "w:<visitor>:<client uuid>" */
    str thread_key;          /* the channel's own thread; empty = one conversation per person */
    str contact_external_id; /* the person's id on the channel; required */
    str contact_name, contact_email, contact_phone, contact_location, language;
    bool is_verified;       /* the channel proved who it is */
    contact_id new_contact; /* the id that a contact made for it gets; {0} = a fresh one */
    contact_id known_as;    /* who a new one has shown to be; {0} = nobody */
    str text;               /* valid UTF-8, at most LIMIT_TEXT_BYTES */
    int64_t sent_ms; /* the channel's time; 0 = unknown; later than received counts as received */
    int64_t received_ms; /* 0 = cx->now_ms */
    str client_id;       /* widget: the client's UUID; empty = none */
    str attachments;     /* JSON array of public attachment views; empty = none */

    /* What only networks say. */
    bool is_network; /* look at the rest */
    bool is_ours;    /* written by us elsewhere: an echo of a send, or in the network's own app */
    bool is_public;
    str contact_other_id; /* an id under which the person may be known already */
    str contact_handle, contact_profile_url, contact_avatar_url;
    str token;          /* what the network wants back with an answer */
    str parts;          /* JSON array, connector/part.h; empty = none */
    str reply_to;       /* the channel's id of the message that it answers */
    const str *aliases; /* its other ids there */
    ptrdiff_t n_aliases;
    const struct connector_post *post; /* what a public one stands under; NULL = nothing */
    bool opens_nothing; /* the network does not count it as the customer's: no reply window */
    int64_t window_ms;  /* keeps the reply window open so long; 0 = as long as the rule says */
    bool is_answered;   /* somebody has dealt with it already: the conversation does not wait */
    agent_id agent;     /* ours: who it was; {0} = nobody in particular */
    str agent_name;
    bool is_quiet; /* a program's (an out-of-office): kept where it belongs as an automatic one;
                    * opens nothing, is unread by nobody, waits for nobody; a new conversation
                    * is pending */
    conversation_id into;    /* it belongs there, whoever wrote it; {0} = by identity and thread */
    conversation_id related; /* a new one: what it may belong to */
    letter_id letter;        /* a mail that answers a chat's letter */
    str subject;             /* of a new conversation; empty = none */
};

struct inbound_result {
    err result;      /* OK; E_CONFLICT = this message is already stored (the ids say where);
                      * E_INVALID = why says; E_FORBIDDEN = the contact is blocked */
    const char *why; /* literal words for E_INVALID and E_FORBIDDEN, else NULL */
    message_id message;
    conversation_id conversation;
    contact_id contact;
    bool is_new_conversation;
};

/* Ours: a message that we sent and whose id on the network was not known yet takes it (E_CONFLICT);
 * any other is stored as an outgoing one of nobody in particular: it answers the customer, and
 * opens nothing that was resolved.
 *
 * All items of one account, in the order in which they came. Set-wise: a fixed number of statements
 * per batch on PostgreSQL, about five row operations per message on SQLite. Within a conversation
 * messages keep the order of sent_ms (then of arrival); ids rise in that order and above every id
 * the conversation already has. A wrong or repeated item does not touch the others.
 *
 * Per message: finds or makes the identity and its contact; the newest conversation of (identity,
 * thread) takes it: pending and snoozed open again, resolved opens again within the account's
 * reopen_days, else a new conversation that names it in previous_id. Updates preview, last_*,
 * waiting_since, version. Events: one message.created {message, conversation} for agents (it
 * carries the new state; a new conversation adds conversation.created first), one for the visitor
 * when the channel is a widget.
 *
 * messages (may be NULL): where the stored ones are left, by item; zero for the others.
 * Errors of the whole batch: E_BUSY (raced with another node: try again), E_INTERNAL. */
err inbound_take_many(struct ctx *cx, const struct inbound_item *items, ptrdiff_t n,
    struct inbound_result *results, struct message *messages);
