/* mail_out: an answer, or a first word, by mail: subject, people, thread and name are settled when
 * it is written, so that every try sends the same mail. An answer goes to whoever wrote last;
 * copies go to those who take part. Not here: bytes (text/mail_write.h), sending (connector email).
 * Thread: the caller's; inside its transaction. */
#pragma once
#include "connector/mail.h"
#include "model/conversation.h"
#include "model/ctx.h"

struct mail_new {
    str subject;            /* empty: that of the conversation, as an answer */
    str html;               /* as the agent's editor gave it; empty = plain */
    const struct json *cc;  /* list of {name, address}; NULL = those who take part */
    const struct json *bcc; /* NULL = nobody */
};
/* A message of ours in a mailbox has been written: its mail is. Sets m->external_id (before it is
 * stored). E_INVALID names the field. */
err mail_out_add(
    struct ctx *cx, const struct conversation *c, const struct mail_new *new, struct message *m);
/* What goes out, for the connector. E_NOT_FOUND (no words): the message is no mail. */
err mail_out_letter(struct ctx *cx, const struct message *m, struct connector_letter *letter);
