/* mail_source: the words and pictures of a message, to quote it in an answer or to pass it on. Not
 * here: how a quote is written (text/mail_reply.h). Thread: the caller's; in its transaction. A
 * long mail is read from its file: not inside a WRITE transaction. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"
#include "model/view_mail.h"
#include "store/mail.h"
#include "text/tnef_part.h"

struct mail_source {
    struct message message;
    struct mail mail; /* message_id {0}: it is no mail, and the rest is made from its text */
    str from_name, from_address, subject;
    str text, html; /* html as it came: never into a page or a mail without cleaning */
    int64_t date_ms;
    const struct mail_inline *inlines; /* pictures that the HTML shows */
    ptrdiff_t n_inlines;
};
/* Within the actor's sight: E_NOT_FOUND with words. A note is none: E_INVALID names quote_id. */
err mail_source_read(struct ctx *cx, message_id id, struct mail_source *source);

/* Parts of a mail that came, by content id, as the attachments that they have become. tnefs: what
 * tnef_part_unpack made of it. */
err mail_inlines_of(struct ctx *cx, message_id id, const struct mime_mail *mime,
    const struct tnef *tnefs, const struct mail_inline **inlines, ptrdiff_t *n);
/* The pictures of a mail of ours that its HTML shows. */
err mail_inlines_ours(
    struct ctx *cx, message_id id, str html, const struct mail_inline **inlines, ptrdiff_t *n);
