/* mail_body: what stands in a mail of ours: what was written, below it the mailbox's signature, and
 * below that what it answers or passes on; as HTML and as plain text alike. Not here: people and
 * subject (mail_out.h), reading what is quoted (mail_source.h), bytes (text/mail_write.h). Thread:
 * the caller's. */
#pragma once
#include "care/mail_words.h"
#include "model/conversation.h"
#include "store/mail.h"

/* The content id by which the HTML of a mail of ours names a picture among its files:
 * <img src="cid:<attachment id>@seva.invalid">. */
str mail_picture_id(struct arena *a, int64_t attachment);

struct mail_words {
    str html; /* as the editor gave it; empty = a plain mail */
    str quote_text, quote_html;
    struct mail_signature signature;
};
/* Fills mail->html and mail->body for message m, whose files are the pictures that may be shown.
 * E_INVALID names mail.html. */
err mail_body_make(
    struct ctx *cx, const struct message *m, const struct mail_words *words, struct mail *mail);
