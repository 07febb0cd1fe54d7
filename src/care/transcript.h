/* transcript: what was said in a conversation, as a page and as plain text, for its customer: what
 * a visitor may see, so never a note. In the reader's language and time zone. Also sent as a letter
 * (letter.h). Not here: the agents' own download (api/messages.c). Thread: the caller's. */
#pragma once
#include "care/chat_mail.h"
#include "model/letter.h"

struct transcript {
    str title, html, text;
};
/* is_theirs: the reader is the customer ("You"); else their name stands there. E_LIMIT with words:
 * it is too long. */
err transcript_write(struct ctx *cx, const struct conversation *c, const struct chat_reader *reader,
    bool is_theirs, struct transcript *t);

/* As a letter to the customer's address, or (to not empty) to another one. E_INVALID "email": the
 * customer has given none, or this is none; E_CONFLICT "mailbox": neither the chat nor the account
 * has a mailbox to send by; E_LIMIT as letter_add. In a WRITE transaction. */
err transcript_mail(struct ctx *cx, const struct conversation *c, str to, struct letter *letter);
