/* mail_out: an answer, or a first word, by mail: subject, people, thread and name are settled when
 * it is written, so that every try sends the same mail. An answer goes to whoever wrote last;
 * copies go to those who take part. Not here: bytes (text/mail_write.h), sending (connector email).
 * Thread: the caller's; inside its transaction. */
#pragma once
#include "care/mail_words.h"
#include "connector/mail.h"
#include "model/conversation.h"
#include "model/ctx.h"

struct mail_new {
    str subject;                /* empty: that of the conversation, as an answer */
    str html;                   /* as the agent's editor gave it; empty = plain */
    const struct json *cc;      /* list of {name, address}; NULL = those who take part */
    const struct json *bcc;     /* NULL = nobody */
    const struct json *to;      /* of a mail that answers nothing; NULL = the customer */
    message_id quote;           /* the message that stands below it; {0} = none */
    str attribution;            /* the line above that; empty = one in English */
    str quote_text, quote_html; /* made of it (care/mail_source.h), before the transaction */
    str written;                /* all of this as JSON, to write it again; may be empty */
    bool is_forward;            /* it passes a mail on: for somebody else, outside its thread */
    /* Only this person gets it, and does not take part by that: an automatic mail; NULL = as above
     */
    const struct mail_person *only_to;
};
/* A message of ours in a mailbox has been written: its mail is. Sets m->external_id (before it is
 * stored). E_INVALID names the field. */
err mail_out_add(
    struct ctx *cx, const struct conversation *c, const struct mail_new *new, struct message *m);
/* What an answer would be, as it stands before anything is changed. */
struct mail_plan {
    struct mail_person from, to;
    const struct mail_person *cc;
    ptrdiff_t n_cc;
    str subject;     /* may be empty where nothing came in */
    message_id last; /* the newest that came in; {0} = none */
    struct mail_values values;
    struct mail_signature signature;
};
err mail_out_plan(struct ctx *cx, const struct conversation *c, struct mail_plan *plan);
/* The same of the first mail of a conversation with somebody. */
err mail_out_plan_new(
    struct ctx *cx, channel_id channel, const struct mail_person *to, struct mail_plan *plan);
/* What goes out, for the connector. E_NOT_FOUND (no words): the message is no mail. */
err mail_out_letter(struct ctx *cx, const struct message *m, struct connector_letter *letter);
/* local@domain with nothing in it that would end it in a header. */
bool mail_address_is_plain(str s);
/* The ids of mail.refs. */
const str *mail_references(struct arena *a, str refs, ptrdiff_t *n);
