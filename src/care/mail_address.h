/* mail_address: addresses that take no mails, and those whose owners have called one of ours spam.
 * Two mails that came back for good, because of the address itself, make it invalid: nothing is
 * sent there until an agent says "try again", or a mail comes from it that is proven to. Not here:
 * reading reports (text/report.h), which of them count (mail_report.h). Thread: the caller's;
 * inside its transaction. */
#pragma once
#include "connector/mail.h"
#include "model/ctx.h"
#include "store/mail_address.h"

enum { MAIL_BOUNCES_MOST = 2 };

/* E_CONFLICT "bad_address" with words: it takes none. */
err mail_address_takes(struct ctx *cx, str address);
err mail_address_takes_all(struct ctx *cx, const struct mail_person *people, ptrdiff_t n);
/* The same of mails that nobody wrote: E_CONFLICT "complained" too. */
err mail_address_takes_automatic(struct ctx *cx, str address);
/* A mail came back for good, because of this address. */
err mail_address_bounced(struct ctx *cx, str address, str words);
err mail_address_complained(struct ctx *cx, str address, str words);
/* Its owner has written, or an agent wants to try: nothing is against it. *had: something was. */
err mail_address_clear(struct ctx *cx, str address, bool *had);
