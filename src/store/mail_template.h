/* mail_template: texts that a mailbox keeps ready, each with its subject. Not here: filling their
 * placeholders (care/mail_words.h). Thread: the transaction's. */
#pragma once
#include "model/ctx.h"

enum { MAIL_TEMPLATES_MOST = 500 }; /* of one mailbox */

struct mail_template {
    mail_template_id id;
    channel_id channel_id;
    str name;
    str subject; /* empty = the subject stays as it is */
    str html;    /* cleaned */
    int64_t updated_ms;
};
/* By name. */
err mail_template_list(
    struct ctx *cx, channel_id channel, struct mail_template **rows, ptrdiff_t *n);
/* E_NOT_FOUND with words. */
err mail_template_get(struct ctx *cx, mail_template_id id, struct mail_template *t);
/* Sets t->id and updated_ms. E_LIMIT with words: the mailbox has MAIL_TEMPLATES_MOST. */
err mail_template_add(struct ctx *cx, struct mail_template *t);
err mail_template_set(struct ctx *cx, struct mail_template *t);
err mail_template_remove(struct ctx *cx, mail_template_id id);
