/* mail_key: certificates, lists of revoked ones, and public keys by which signatures of mails are
 * verified: an account's own list. Not here: what they say (base/crypto_cms.h, text/pgp.h). Thread:
 * the transaction's. */
#pragma once
#include "model/ctx.h"

enum { MAIL_KEYS_MOST = 200 };

/* Members are named as their columns. */
struct mail_key {
    int64_t id;
    str kind; /* "smime", "pgp", "crl": a list of revoked certificates, by whom name says */
    str name, address, fingerprint;
    int64_t expires_ms;
    str data;          /* PEM, or armour */
    agent_id agent_id; /* added it; {0} = a machine did */
    int64_t created_ms;
};
/* E_CONFLICT with words: it is there. */
err mail_key_add(struct ctx *cx, const struct mail_key *key);
/* By name; at most MAIL_KEYS_MOST. */
err mail_key_list(struct ctx *cx, struct mail_key **rows, ptrdiff_t *n);
err mail_key_get(struct ctx *cx, int64_t id, struct mail_key *key); /* E_NOT_FOUND with words */
err mail_key_remove(struct ctx *cx, int64_t id);
/* data of all of a kind, one after the other. */
err mail_key_texts(struct ctx *cx, str kind, str *texts);
