/* mail_domain: domains of mail addresses as something that can be compared, and whether a From is
 * one clear address. Inner part of mail_auth. Sources: RFC 5321, 5322, 5890; UTS 46 by ICU 72.
 * Thread: any. */
#pragma once
#include "text/mime.h"

/* Lower-case ASCII (IDNA), without trailing dot; "" when it is no domain name. */
str mail_domain(struct arena *a, str written);

/* Both as mail_domain gives them: equal, or one is a subdomain of the other; never when the shorter
 * is a public suffix or either is "". */
bool mail_domain_is_aligned(str x, str y);

/* Exactly one From header, in it exactly one address, and that is mail->from_address. */
bool mail_from_is_clear(struct arena *a, const struct mime_mail *mail);
