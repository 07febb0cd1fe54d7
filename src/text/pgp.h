/* pgp: OpenPGP signatures beside what they sign, and the public keys that make them count. librnp
 * 0.16 stands behind this file: it works in the process, over memory, without a key ring on disk
 * and without another program. Nothing is decrypted, no secret key is read. What it thinks of
 * broken bytes Debian's build of it writes to stderr, a line for a signature or key: so nothing is
 * given to it while no key is trusted. Not here: which bytes of a mail are signed (mail_signed.h).
 * Sources: RFC 4880, 3156. Thread: any; contexts are made per call. */
#pragma once
#include "base/crypto_cms.h"

enum {
    PGP_KEY_BYTES = 256 * 1024,       /* armour of one key */
    PGP_KEYS_BYTES = 8 * 1024 * 1024, /* of all that are looked through */
    PGP_SIGNATURES = 8,               /* beside one text */
    PGP_SIGNATURE_BYTES = 16 * 1024,  /* of all of these */
};

/* signature: armour or binary. keys: armour, one after the other. at_ms: when the key must be in
 * its time. */
void pgp_verify(
    struct arena *a, str data, str signature, str keys, int64_t at_ms, struct signature *result);

struct pgp_key {
    str armour;        /* as it is kept: the public key alone */
    str name, address; /* of its first user id; may be empty */
    str fingerprint;
    int64_t expires_ms; /* 0 = never */
};
/* The first public key in a text. E_INVALID with words: none, or too long. */
err pgp_key_read(struct arena *a, str text, struct pgp_key *key, str *why);
