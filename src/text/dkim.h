/* dkim: the DKIM-Signature of a mail that we send ourselves: RFC 6376, rsa-sha256, relaxed/relaxed.
 * Not: whether to sign (the mailbox's settings), checking signatures of others (their mail server
 * does, text/mail_auth.h reads what it says).
 *
 * The mail is given once, in pieces of any size, as it will go over the wire (CRLF, no dot
 * stuffing); the signature stands before it then. A mail that text/mail_write makes can be written
 * twice, once to be signed and once to be sent: its bytes are the same.
 *
 *   signed     From, Sender, Reply-To, To, Cc, Subject, Date, Message-ID, In-Reply-To, References,
 *              MIME-Version, Content-Type, Content-Transfer-Encoding, Auto-Submitted,
 *              List-Unsubscribe, List-Unsubscribe-Post: each as often as it is there, and From once
 *              more, so that nobody can add one
 *   tags       v a c d s t h bh b; no i, l, q, x or z
 * Sources: RFC 6376 (3.4, 3.5, 5.4), RFC 8301 (keys of at least 2048 bits; crypto.h takes up to
 * 8192), RFC 8058, 4. Thread: one at a time. */
#pragma once
#include "base/str.h"

enum {
    DKIM_HEADER_BYTES = 256 * 1024, /* of the mail's header */
    DKIM_SELECTOR_BYTES = 63,
};

struct dkim_key {
    str domain;   /* "example.com"; internationalised ones are written as xn-- */
    str selector; /* "seva1": the record stands at seva1._domainkey.example.com */
    str pem;      /* an unencrypted RSA key, PKCS #8 or PKCS #1 */
};

struct dkim;
/* NULL when there is no memory. Goes with the arena. */
struct dkim *dkim_begin(struct arena *a);
void dkim_add(struct dkim *d, str piece);
/* *header: "DKIM-Signature: …" with CRLF at its end, folded at 76, to stand first. Ends *d.
 * E_INVALID with words: domain, selector or key is none, the mail has bare CR or LF, no From, or no
 * end of its header; E_LIMIT with words: a header too long; E_BUSY. */
err dkim_sign(struct arena *a, struct dkim *d, const struct dkim_key *key, int64_t now_ms,
    str *header, str *why);

/* What the admin puts into DNS: "v=DKIM1; k=rsa; p=…". E_INVALID with words: not such a key. */
err dkim_record(struct arena *a, str pem, str *record, str *why);
