/* template: the message templates of a channel's network, as they were brought last. Not here:
 * asking for them (job/subscribe.c, api/templates.c). Thread: the transaction's. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"

enum { TEMPLATES_MOST = 2000 };

struct template
{
    str name, language, category;
    str state; /* "approved", or the network's word */
    str header, body, footer;
    str buttons; /* JSON array of titles; empty = none */
    int64_t variables;
};
/* All of a channel: by name, then language. */
err template_list(struct ctx *cx, channel_id channel, struct template **rows, ptrdiff_t *n);
/* These are all that there are now; the first of a name and language counts, beyond TEMPLATES_MOST
 * none does. */
err template_replace(struct ctx *cx, channel_id channel, const struct template *rows, ptrdiff_t n);
err template_forget(struct ctx *cx, channel_id channel);
