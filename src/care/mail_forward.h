/* mail_forward: a mail is passed on to somebody else: a new mail with what is quoted and the files
 * of the original, in a conversation of its own that goes on from it; the original's timeline says
 * so. Not here: quoting (api/mail_form.h). Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "care/reply.h"
#include "model/view_mail.h"

struct forward_new {
    message_id message;
    str text, client_id;
    const struct mail_new *mail; /* is_forward; to: at least one; quote_html names pictures as the
                                  * original does */
    const struct mail_inline *inlines; /* which of its files those are */
    ptrdiff_t n_inlines;
    const int64_t *without; /* files of the original that stay behind */
    ptrdiff_t n_without;
    int64_t send_ms;
};
/* *c: the new conversation. E_CONFLICT "kind": not of a mailbox. */
err mail_forward(
    struct ctx *cx, const struct forward_new *forward, struct conversation *c, struct message *m);
