/* mail: what messages of a mailbox are beside their text, and who takes part in a conversation by
 * mail. Not here: to which conversation a mail belongs (care/mail_thread.h), bytes (text/mime.h).
 * Thread: the transaction's. */
#pragma once
#include "db/db.h"
#include "model/conversation.h"
#include "model/ctx.h"

struct mail {
    message_id message_id;
    conversation_id conversation_id;
    channel_id channel_id;
    str internet_id; /* Message-ID without < > */
    str subject;
    str people; /* JSON: from, reply_to, to, cc, bcc */
    str in_reply_to;
    str refs;    /* JSON array of internet ids, oldest first; empty = none */
    str html;    /* ours, cleaned: all of it, with signature and quote */
    str body;    /* ours: the plain text beside it; empty = the message's text is all */
    str written; /* ours: what was given for it, JSON as the API takes it; empty = nothing was */
    str verdict, checks, note;
    str automatic;     /* away, list, machine, loop; empty = a person's */
    str automatic_why; /* by which rule, English */
    blob raw;          /* as it came, when it is short */
    str raw_name;      /* else the file that it is */
};
err mail_add(struct ctx *cx, const struct mail *mail);
/* E_NOT_FOUND (no words): the message is no mail. */
err mail_get(struct ctx *cx, message_id message, struct mail *mail);
/* Without raw. The newest that a person wrote to us, else the newest that came in; E_NOT_FOUND (no
 * words) without one. */
err mail_last_in(struct ctx *cx, conversation_id conversation, struct mail *mail);
/* The same of the oldest one. */
err mail_first_in(struct ctx *cx, conversation_id conversation, struct mail *mail);
/* The conversation of the newest mail with this internet id, or to which a relay gave it;
 * E_NOT_FOUND (no words). */
err mail_conversation(struct ctx *cx, str internet_id, conversation_id *id);

/* A long mail as a file, from the moment it is received: the sweep leaves it alone. */
err mail_file_add(struct ctx *cx, str name);

struct mail_member {
    str address, name;
    bool is_copied; /* gets a copy of our answers */
};
/* Adds those that are not there; who is there keeps what it has, but may become copied. */
err mail_member_add_many(
    struct ctx *cx, conversation_id conversation, const struct mail_member *rows, ptrdiff_t n);
err mail_member_remove(struct ctx *cx, conversation_id conversation, str address);
err mail_member_is(struct ctx *cx, conversation_id conversation, str address, bool *is);
/* By address; at most 200. */
err mail_member_list(
    struct ctx *cx, conversation_id conversation, struct mail_member **rows, ptrdiff_t *n);

/* Whose pictures from elsewhere are shown. */
err mail_trust_set(struct ctx *cx, str address, bool is_trusted);
err mail_trust_is(struct ctx *cx, str address, bool *is);
