/* What networks put into requests so that we know they are theirs: one `const struct sign_scheme`
 * per network, one check for all of them, and the few values that we compute for networks with the
 * same secrets. Not here: our own Seva-Signature (signature.h), tokens with public keys (jwt.h),
 * OAuth 1.0a (oauth1.h).
 *
 * A check runs on the raw bytes before anything is parsed. The given signature is decoded strictly
 * (lower-case hex or padded base64, as the network writes it) and compared in constant time with
 * the digest of every candidate secret. A header that is missing, stands there twice or is spelled
 * otherwise is refused, and so is everything when there is no secret. Words never hold a secret or
 * a signature.
 *
 * Source: each network's page of webhooks, August 2026; computed vectors in
 * tests/data/signatures.json. Thread: pure. */
#pragma once
#include "net/http.h"

enum sign_digest {
    SIGN_HMAC_SHA256,
    SIGN_HMAC_SHA1,
    SIGN_SHA256, /* of secret and text, one after the other: HubSpot's first version */
    SIGN_SECRET, /* no digest: the header is the secret itself */
};
enum sign_encoding { SIGN_HEX, SIGN_BASE64 };
/* What is signed. */
enum sign_over {
    SIGN_BODY,           /* `before`, body */
    SIGN_TIME_BODY,      /* `before`, time, `between`, body */
    SIGN_METHOD_TO_TIME, /* method, URL, body, time (HubSpot) */
    SIGN_URL_FORM,       /* URL and the form's fields, sorted (Twilio) */
};
enum sign_clock { SIGN_NO_CLOCK, SIGN_SECONDS, SIGN_MILLISECONDS, SIGN_RFC3339 };

struct sign_scheme {
    str header;      /* that holds the signature */
    str query;       /* name of a query value that may hold it instead; empty = none */
    str prefix;      /* before the encoded digest, exactly: "sha256=" */
    str time_header; /* with a clock; empty = the signature's header is "t=<time>,s=<digest>" */
    enum sign_digest digest;
    enum sign_encoding encoding;
    enum sign_over over;
    enum sign_clock clock; /* older or younger than SIGN_TOLERANCE_S is refused */
    bool secret_is_base64; /* decode the secret before use (Teams) */
    str before, between;
};

enum {
    SIGN_TOLERANCE_S = 300, /* Slack's and HubSpot's rule; ours for TikTok and Zendesk */
    SIGN_SECRETS = 8,  /* candidates looked at: rotations of a secret overlap by two or three */
    SIGN_FIELDS = 256, /* of a form that is signed; Twilio sends some 40 */
};

extern const struct sign_scheme sign_meta;        /* Messenger, Instagram, WhatsApp: app secret */
extern const struct sign_scheme sign_meta_sha1;   /* the legacy header; do not rely on it */
extern const struct sign_scheme sign_websub;      /* YouTube's feeds: hub.secret */
extern const struct sign_scheme sign_x;           /* consumer secret */
extern const struct sign_scheme sign_linkedin;    /* client secret */
extern const struct sign_scheme sign_tiktok;      /* app secret */
extern const struct sign_scheme sign_telegram;    /* secret_token of setWebhook */
extern const struct sign_scheme sign_line;        /* channel secret */
extern const struct sign_scheme sign_viber;       /* the bot's token */
extern const struct sign_scheme sign_twilio;      /* the account's auth token, with API keys too */
extern const struct sign_scheme sign_slack;       /* signing secret */
extern const struct sign_scheme sign_teams;       /* outgoing webhook's security token */
extern const struct sign_scheme sign_hubspot;     /* client secret; version 3 */
extern const struct sign_scheme sign_hubspot_v1;  /* legacy: no time, no URL */
extern const struct sign_scheme sign_shopify;     /* client secret */
extern const struct sign_scheme sign_woocommerce; /* the webhook's secret */
extern const struct sign_scheme sign_helpscout;   /* the webhook's secret */
extern const struct sign_scheme sign_zendesk;     /* signing secret, as text */
extern const struct sign_scheme sign_bot; /* our own contract with a bot: X-Seva-Signature */

struct sign_request {
    const struct http_request *req;
    /* The public address the network called, with its query: from the configuration and the
     * request's raw target, never from Host. Only for schemes that sign it; else empty. */
    str url;
    const str *secrets; /* candidates, the newest first; empty ones fit nothing */
    ptrdiff_t secret_count;
    int64_t now_ms;
};

/* E_UNAUTHENTICATED with words for the operator. The arena is for texts of this check only. */
err sign_check(
    struct arena *a, const struct sign_scheme *scheme, const struct sign_request *given, str *why);
/* The value of the signature's header for a request of ours, with the first secret and now_ms as
 * time (whose own header, if there is one, is the caller's to send). E_INVALID when the request
 * cannot be signed so. */
err sign_value(
    struct arena *a, const struct sign_scheme *scheme, const struct sign_request *ours, str *value);

/* Whether a text (a verify token, a token in a body) is one of the secrets. Constant time in the
 * content. */
bool sign_is_secret(str given, const str *secrets, ptrdiff_t n);
/* Meta's appsecret_proof: lower-case hex of HMAC-SHA256(app secret, access token). */
str sign_appsecret_proof(struct arena *a, str app_secret, str access_token);
/* X's answer to crc_token: "sha256=" and base64 of HMAC-SHA256(consumer secret, token). */
str sign_x_challenge(struct arena *a, str consumer_secret, str crc_token);
/* LinkedIn's answer to challengeCode: hex of HMAC-SHA256(client secret, code). */
str sign_linkedin_challenge(struct arena *a, str client_secret, str code);
/* Shopify's OAuth call-back: the query value `hmac` is the hex of HMAC-SHA256(client secret, all
 * other pairs sorted by name and joined by "&"). E_UNAUTHENTICATED with words. */
err sign_shopify_callback(struct arena *a, const struct http_pair *query, ptrdiff_t count,
    const str *secrets, ptrdiff_t secret_count, str *why);
