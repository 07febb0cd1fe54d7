/* mail_signature: who signed a mail, as far as the account's own keys and certificates say: for
 * people to see. It decides nothing: the head of a mail is not signed, so whoever has a signed mail
 * can send its words again in another thread, and with others in copy; what a mail may do is judged
 * without it (mail.h, mail_thread.h). Not here: which bytes are signed (text/mail_signed.h),
 * verifying (base/crypto_cms.h, text/pgp.h). Thread: the caller's; in its transaction. */
#pragma once
#include "model/ctx.h"
#include "text/mime.h"

struct mail_signature {
    /* verified; other (verified, but it is not the sender's); unknown, expired, revoked, altered,
     * weak, broken (enum signature_verdict); partly (not the whole mail); empty = not signed */
    str state;
    str how; /* smime, pgp */
    str name,
        address; /* whom the certificate or key names; address: the sender's own, if it does */
    str fingerprint;
    int64_t revoked_ms; /* when revoked; 0 = it is not */
};
/* bytes: the mail as it came. from: its sender. at_ms: when it came. */
err mail_signature_check(struct ctx *cx, str bytes, enum mime_guard guard, str from, int64_t at_ms,
    struct mail_signature *result);
/* What somebody gives as a key, a certificate or a list of revoked ones becomes a row; audited.
 * E_INVALID "text", E_CONFLICT, E_LIMIT. */
struct mail_key;
err mail_key_take(struct ctx *cx, str text, struct mail_key *key);
