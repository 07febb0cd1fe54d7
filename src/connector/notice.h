/* notice: a mail in which a network tells that somebody wrote ("Asha commented on your post"), as a
 * delivery like any other (connector_raw.origin NOTICE_ORIGIN, the mail as it came), for channels
 * that have no other way to the network. One reader for every network: which senders and pages are
 * a network's, its descriptor says (connector.notice).
 *
 * Networks promise nothing about these mails, so little is taken for granted: the words are the
 * subject and the mail's text without addresses and what stands at its foot; the author is looked
 * for in the sender's name ("Asha via X") and the subject, else the network itself is named; the
 * post is the first page of the network that is not about settings. Not here: how a mail comes to
 * us (api/hooks.c, app/mail_in.h). Thread: pure. */
#pragma once
#include "connector/connector.h"

#define NOTICE_ORIGIN S("notice")
#define NOTICE_TYPE   S("message/rfc822")

/* E_INVALID with words: it is no mail, or not one of this network's. Its delivery_id is the mail's
 * own id. A mail that was forwarded as an attachment counts as the one inside. */
err notice_parse(struct arena *a, const struct connector *network, const struct connector_raw *raw,
    struct connector_batch *batch, str *why);
