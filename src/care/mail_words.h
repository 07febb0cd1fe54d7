/* mail_words: words that a mailbox keeps ready: its signature and its sender's name, with
 * placeholders that are filled when a mail is written:
 *   {{agent.name}} {{agent.first_name}}      who writes; without an agent the channel's name
 *   {{channel.name}}
 *   {{contact.name}} {{contact.first_name}}  whom the conversation is with
 * Anything else in braces stays as it stands; what a value holds is never filled again. Not here:
 * templates (store/mail_template.h; the console fills them with the same values). Thread: the
 * caller's; inside its transaction. */
#pragma once
#include "model/channel.h"
#include "model/ctx.h"

enum { MAIL_VALUES = 5 };
struct mail_value {
    str name; /* "agent.name" */
    str value;
};
struct mail_values {
    struct mail_value at[MAIL_VALUES];
};
err mail_values_of(
    struct ctx *cx, const struct channel *channel, str contact_name, struct mail_values *values);
str mail_values_fill(struct arena *a, str text, const struct mail_values *values);

struct mail_signature {
    str text, html; /* both empty: the mailbox has none, or no agent writes */
};
struct mail_signature mail_signature_of(
    struct ctx *cx, const struct channel *channel, const struct mail_values *values);
