/* OAuth 1.0a as X asks for it: the Authorization header of a request, and the three steps by which
 * a person gives us a token. HMAC-SHA1 only. Not here: OAuth 2.0 (oauth2.h).
 * Source: RFC 5849; X, "Authorizing a request", August 2026; vectors in tests/data/signatures.json.
 * Thread: the header is pure; the steps block on their client (job threads). */
#pragma once
#include "connector/oauth.h"
#include "net/http_client.h"

enum { OAUTH1_PARAMS = 128 }; /* of query, form and ours: X's longest look-up has some 20 */

/* A network whose accounts are connected by the three steps (connector/authorize.h). */
struct oauth1_provider {
    const char *host; /* the name among connector.hosts: where the steps are */
};

struct oauth1_keys {
    str consumer_key, consumer_secret;
    str token, token_secret; /* empty in the first step */
};

struct oauth1_request {
    enum http_method method;
    str url; /* absolute, http or https, with its query as it is sent */
    /* A form body's pairs, decoded. Bodies of other kinds (JSON, multipart) are not signed. */
    const struct http_pair *form;
    ptrdiff_t form_count;
    /* oauth_callback or oauth_verifier: signed and sent in the header. */
    const struct http_pair *extra;
    ptrdiff_t extra_count;
    str nonce;      /* empty = 128 random bits */
    int64_t now_ms; /* the timestamp */
};

/* E_INVALID: no such URL, a bad escape in its query, more than OAUTH1_PARAMS. */
err oauth1_header(struct arena *a, const struct oauth1_keys *keys,
    const struct oauth1_request *request, str *header);

struct oauth1_token {
    str token, secret;
    str user_id, screen_name; /* after the third step */
};

/* The three steps. base: "https://api.x.com" or the configuration's. 1: a temporary token; keys
 * hold the consumer's only. E_BUSY only when memory ended; *end says the rest, *token is set when
 * OK. */
err oauth1_request_token(struct http_client *client, struct arena *a, str base,
    const struct oauth1_keys *keys, str callback, int64_t now_ms, struct oauth1_token *token,
    struct oauth_end *end);
/* 2: where the person goes; they come back to `callback` with oauth_token and oauth_verifier. */
str oauth1_authorize_url(struct arena *a, str base, str token);
/* 3: keys hold the temporary token and its secret. */
err oauth1_access_token(struct http_client *client, struct arena *a, str base,
    const struct oauth1_keys *keys, str verifier, int64_t now_ms, struct oauth1_token *token,
    struct oauth_end *end);
