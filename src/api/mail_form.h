/* mail_form: what a mail is beside its text, as it is posted with a reply, a new conversation, a
 * draft or a mail that is passed on: {subject, html, to, cc, bcc, quote_id, attribution}, and
 * nothing else. Rules: care/mail_out.h. */
#pragma once
#include "api/server.h"
#include "care/mail_out.h"
#include "care/mail_source.h"

#define MAIL_FORM_HELP                                                                               \
    "in a mailbox: {subject, html, cc, bcc, quote_id, attribution}; people are {name, address}; cc " \
    "left out: those who take part; quote_id: the message that is quoted below, attribution: the "   \
    "line above it; HTML names pictures among the files as cid:<attachment id>@seva.invalid"

/* may_address: `to` may be given, too. E_INVALID names mail. */
err mail_form_read(
    struct ctx *cx, const struct json *given, bool may_address, struct mail_new *mail);
/* The same as text, for a draft: people may be half written. */
err mail_form_keep(struct ctx *cx, const struct json *given, str *text);
/* Outside of a transaction (prepare): reads what mail->quote names and makes the quote of it. in:
 * the conversation that it must stand in; {0} = any that the actor sees. *source: what it is. */
err mail_form_quote(
    struct call *call, conversation_id in, struct mail_new *mail, struct mail_source *source);
/* HTML without a text beside it: the text, as lists and search show it. */
err mail_form_text(struct ctx *cx, const struct mail_new *mail, str *text);
