/* mail_auth: what our own receiving server found out about a mail's sender, read from its
 * Authentication-Results headers (RFC 8601), and whether the address in From may be believed.
 * Nothing is checked here: no DNS, no signature. A header is evidence only when its authserv-id is
 * one that the admin trusts, and when it stands where that server writes: among the topmost trusted
 * ones, before the next Received below them (what is lower came with the mail and may be forged).
 * Of one method the topmost header that speaks of it is heard.
 *
 * Aligned: the domain that passed and the one in From are equal, or one is a subdomain of the
 * other. That is narrower than DMARC's relaxed mode: two subdomains of one organisation are not
 * aligned here (DMARC's own result covers them), so a public suffix that we do not know can never
 * join two strangers. A public suffix itself is aligned with nothing: a name of one label, the
 * usual second labels under country codes (co.uk, com.br …) and some where strangers rent names
 * (github.io …). This table is not the Public Suffix List and does not need to be.
 * SPF counts with its MAIL FROM domain only, never with HELO.
 * Names are compared as IDNA 2008 / UTS 46 ASCII, without case and trailing dot.
 * Thread: any. */
#pragma once
#include "text/mime.h"

enum {
    MAIL_AUTH_HEADERS = 20,  /* Authentication-Results looked at, from the top */
    MAIL_AUTH_RESULTS = 100, /* results looked at, over all of them */
    MAIL_AUTH_TRUSTED = 20,  /* names in `trusted` */
};

enum mail_auth {
    MAIL_AUTH_NONE, /* nobody we trust says anything that settles it */
    MAIL_AUTH_PASS, /* the From address may be believed */
    MAIL_AUTH_FAIL, /* the mail is not from where it says */
};

struct mail_auth_result {
    enum mail_auth verdict;
    /* The words of RFC 8601 (none pass fail softfail neutral policy temperror permerror); "" = not
     * said, or a word that is none of these. Of several DKIM results the one that helps most. */
    str spf, dkim, dmarc;
    str by;     /* authserv-id of the topmost header that was heard; "" = none */
    str domain; /* PASS: the domain that passed, lower case ASCII; else "" */
};

/* trusted: authserv-ids with spaces or commas between; "-" stands for a header that names no server
 * (Microsoft 365 writes such, and renames those that come from outside): then only the topmost
 * Authentication-Results of the mail is heard as one, since anybody can write a header without a
 * name, and only a server that is known to write one into each mail covers a forged one. *out is
 * always filled.
 *   PASS  dmarc=pass for the From domain; or no dmarc=fail, and dkim or spf passed, aligned
 *   FAIL  dmarc=fail; or spf=fail or dkim=fail for an aligned domain, and nothing passed
 * Only with exactly one From header that names exactly one address, mail->from_address, there can
 * be a PASS. */
void mail_auth_read(
    struct arena *a, const struct mime_mail *mail, str trusted, struct mail_auth_result *out);

/* The authserv-id of the topmost Authentication-Results, for a connection test to suggest: whoever
 * accepts it must know that this is its server. "-": it names none. "": there is no such header. */
str mail_auth_server(struct arena *a, const struct mime_mail *mail);
