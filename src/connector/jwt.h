/* JSON Web Tokens: Google's on a Pub/Sub push or a call to our webhook (RS256, verified against a
 * key set), assertions that we sign for a service account, and the time inside a token whose server
 * is the only one to judge it (AT Protocol). Not here: fetching the key set, exchanging an
 * assertion (oauth2.h). RS256 is the only algorithm taken; a header that asks for another, or for
 * anything else to be understood ("crit"), is refused. Source: RFC 7515, 7517, 7519, 8725; Google,
 * "Authenticate push subscriptions" and "Using OAuth 2.0 for server to server applications", August
 * 2026. Thread: pure. */
#pragma once
#include "base/str.h"

enum {
    JWT_BYTES = 16 * 1024, /* a whole token; Google's have about 1 KB */
    JWT_SET_BYTES = 256 * 1024,
    JWT_KEYS = 32,           /* keys looked at in a set; Google's has two or three */
    JWT_LEEWAY_S = 60,       /* clocks differ */
    JWT_LIFE_MOST_S = 86400, /* a token that claims to live longer is refused; Google's live 1 h */
};

struct jwt_rules {
    const char *const *issuers; /* ended by NULL; one must be `iss` */
    str audience;               /* must be `aud` or one of it; empty refuses everything */
    str email;                  /* must be `email`, and verified; empty = not asked */
    int64_t now_ms;
};
/* "https://accounts.google.com" and "accounts.google.com": Google writes both. */
extern const char *const jwt_google_issuers[];

struct jwt_claims {
    str issuer, subject, email;
    int64_t issued_ms, expires_ms; /* issued 0 = not said */
};

/* jwks: the bytes of a key set. OK: signature, issuer, audience, email and times hold.
 * E_UNAUTHENTICATED with words: something does not. E_NOT_FOUND: the set holds no key of the
 * token's kid: fetch the set anew, but not for every such token. E_INVALID: jwks is no key set. */
err jwt_verify(struct arena *a, str token, str jwks, const struct jwt_rules *rules,
    struct jwt_claims *claims, str *why);
/* "Bearer x" → x; empty for another scheme or none. */
str jwt_of_header(str authorization);
/* Reads `exp` without looking at the signature: only to know when to renew a token of our own.
 * E_INVALID when it is no such token. */
err jwt_expires_unverified(struct arena *a, str token, int64_t *expires_ms);

/* A service account's key file: what an assertion needs. Everything points into the arena. */
struct jwt_account {
    str email, key_id, private_key, token_url;
};
/* E_INVALID with words: no service account's key file (they never hold the key). */
err jwt_account_parse(struct arena *a, str json, struct jwt_account *account, str *why);

struct jwt_assertion {
    str issuer, subject; /* subject empty = none */
    str audience;        /* the token address, mostly */
    str scope;           /* empty = none */
    str key_id;          /* empty = none */
    int64_t now_ms;
    int64_t life_s; /* Google at most 3600, Salesforce at most 180 */
};
/* pem: an unencrypted RSA key. E_INVALID: it is none; E_BUSY. */
err jwt_sign(struct arena *a, const struct jwt_assertion *what, str pem, str *token);
