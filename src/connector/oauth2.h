/* OAuth 2.0 as networks speak it: where a person authorises us, the exchange of the code, renewals,
 * and the longer life that Meta gives on request. What differs between networks is one row of
 * `struct oauth2_provider`; every base address can be replaced by the configuration. Not here:
 * OAuth 1.0a (oauth1.h), assertions (jwt.h), keeping and sealing tokens (the store), the order of
 * renewals: a rotating refresh token may be used once, so renewals of one account run one after the
 * other, and the new tokens are stored before the new access token is used.
 *
 * Words of an end never hold a token, code or secret. Source: RFC 6749, 7523, 7636; each network's
 * page, August 2026. Thread: URLs and reading are pure; calls block (job threads). */
#pragma once
#include "connector/oauth.h"
#include "net/http_client.h"

enum oauth2_client_auth { OAUTH2_IN_BODY, OAUTH2_BASIC }; /* Basic only when there is a secret */
enum oauth2_body { OAUTH2_FORM, OAUTH2_JSON };
/* How a token is renewed or made to live longer. */
enum oauth2_renewal {
    OAUTH2_REFRESH_TOKEN, /* RFC 6749, 6 */
    OAUTH2_GET_EXCHANGE,  /* GET extend_path with the access token itself (Meta) */
    OAUTH2_NEVER,         /* lives until it is revoked, or is fetched anew by client credentials */
};

struct oauth2_provider {
    str name;
    str authorize_base,
        authorize_path; /* base without "/" at its end; empty = must be configured */
    str token_base, token_path;
    str refresh_path; /* empty = token_path */
    str scopes;       /* separated by single spaces; what we ask for by default */
    char separator;   /* between scopes in the address */
    bool uses_pkce;
    bool repeats_scope;    /* also where the code is exchanged (Mastodon) */
    bool omits_grant_type; /* Shopify */
    enum oauth2_client_auth client_auth;
    enum oauth2_body body;
    str authorize_id; /* the client id's name in the address; empty = "client_id" */
    str code_name;    /* of the code in the exchange; empty = "code" */
    str extra;        /* more for the address, encoded: "access_type=offline" */
    str subject_name; /* member of the answer that names whose token it is */
    enum oauth2_renewal renewal;
    str api_base;                                /* of extend_path and renew_path */
    str extend_path, extend_grant, extend_token; /* short-lived to long-lived; token's parameter */
    bool extend_needs_id;                        /* client_id beside client_secret */
    str renew_path, renew_grant; /* a long-lived token for a younger one; empty = as extend */
};

extern const struct oauth2_provider oauth2_x, oauth2_linkedin, oauth2_tiktok, oauth2_facebook,
    oauth2_instagram, oauth2_instagram_page, oauth2_mastodon, oauth2_shopify;
extern const struct oauth2_provider oauth2_youtube, oauth2_google_business, oauth2_google_mail,
    oauth2_microsoft_mail, oauth2_dialogflow;
extern const struct oauth2_provider oauth2_salesforce, oauth2_hubspot, oauth2_zoho;
extern const struct oauth2_provider oauth2_line, oauth2_helpscout; /* client credentials only */
/* NULL when there is no such row. */
const struct oauth2_provider *oauth2_find(str name);

/* Our application at one network. */
struct oauth2_app {
    const struct oauth2_provider *provider;
    str client_id, client_secret;
    str redirect_uri;
    str scopes;                               /* space-separated; empty = the provider's */
    str authorize_base, token_base, api_base; /* the configuration's; empty = the provider's */
};

struct oauth2_tokens {
    str access;
    str refresh;                /* empty = none */
    int64_t expires_ms;         /* 0 = not said: until it is refused */
    int64_t refresh_expires_ms; /* 0 = not said */
    str scope;                  /* as the network granted it; empty = not said */
    str subject;                /* the network's id of whose token it is; empty = not said */
    str api_base; /* where this account's API is (Zoho, Salesforce); empty = not said */
};

/* ── authorising ── */

struct oauth2_pkce {
    str verifier, challenge; /* keep the verifier with the state; send the challenge */
};
struct oauth2_pkce oauth2_pkce_make(struct arena *a);
str oauth2_pkce_challenge(struct arena *a, str verifier); /* S256 */
/* state: a crypto_token() kept with the person's session. challenge: only used when the provider
 * wants PKCE. E_INVALID when a needed part is empty. */
err oauth2_authorize_url(
    struct arena *a, const struct oauth2_app *app, str state, str challenge, str *url);

/* ── exchanging ──
 * Each fills *end, and *tokens when its outcome is OK; E_BUSY only when memory ended. */

/* code: as it came back (Instagram's "#_" at its end is taken off). */
err oauth2_exchange_code(struct http_client *client, struct arena *a, const struct oauth2_app *app,
    str code, str verifier, int64_t now_ms, struct oauth2_tokens *tokens, struct oauth_end *end);
/* Renews. What the answer leaves out (refresh token, scope, subject) stays as it was in `old`.
 * REFUSED at once when there is nothing to renew with. */
err oauth2_refresh(struct http_client *client, struct arena *a, const struct oauth2_app *app,
    const struct oauth2_tokens *old, int64_t now_ms, struct oauth2_tokens *tokens,
    struct oauth_end *end);
/* A short-lived token for a long-lived one (fb_exchange_token, ig_exchange_token). */
err oauth2_extend(struct http_client *client, struct arena *a, const struct oauth2_app *app,
    const struct oauth2_tokens *old, int64_t now_ms, struct oauth2_tokens *tokens,
    struct oauth_end *end);
err oauth2_client_credentials(struct http_client *client, struct arena *a,
    const struct oauth2_app *app, int64_t now_ms, struct oauth2_tokens *tokens,
    struct oauth_end *end);
/* RFC 7523: a signed assertion (jwt.h) for an access token. The client's id and secret are not
 * sent. */
err oauth2_assertion(struct http_client *client, struct arena *a, const struct oauth2_app *app,
    str assertion, int64_t now_ms, struct oauth2_tokens *tokens, struct oauth_end *end);
