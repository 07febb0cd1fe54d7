/* meta: what the networks of Meta share (Facebook pages, Instagram, WhatsApp): the handshake and
 * signature of webhooks, calls to the Graph API, what its errors mean, its usage headers, and the
 * list of a person's pages. Not here: events and bodies of one network.
 *
 * Settings read here, by these names: "api_version" ("v25.0"); secrets: "app_secret". The verify
 * token of the handshake is the channel's own secret.
 * Source: Meta, Graph API and Webhooks reference, v25.0, August 2026.
 * Errors: E_BUSY only. Thread: any; calls block. */
#pragma once
#include "connector/connector.h"
#include "connector/network.h"
#include "connector/oauth2.h"

/* ── webhooks ── */

/* GET ?hub.mode=subscribe&hub.verify_token=…&hub.challenge=…: as connector.challenge. A wrong token
 * or another mode is E_UNAUTHENTICATED, another method E_NOT_FOUND. */
err meta_challenge(
    struct arena *a, const struct connector_hook *hook, struct connector_answer *answer, str *why);
/* X-Hub-Signature-256 with the app secret: as connector.verify. */
err meta_verify(struct arena *a, const struct connector_hook *hook, str *why);

/* ── calls ── */

/* What an error code means. subcode 0 = any; code 0 with a subcode = whatever code it comes with.
 * outcome WAIT: until the usage headers or Retry-After say, else a minute. */
struct meta_error {
    int code, subcode;
    enum connector_outcome outcome;
    bool is_channel_wide;
    const char *words; /* what happened and what to do; whole sentences */
};

/* Whose API, with whose credentials. Made once per call of the connector. */
struct meta_api {
    const struct connector *connector; /* its title stands in words */
    const struct connector_setup *setup;
    const char *host;                /* name of the base address */
    str token;                       /* empty = the secret "access_token" */
    bool has_proof;                  /* adds appsecret_proof when there is an app secret */
    const struct meta_error *errors; /* rows that come before the common ones; ended by {0};
                                      * NULL = none */
    int64_t now_ms;
    int64_t first_try_ms; /* of what is sent; 0 = now */
};
struct meta_answer {
    struct connector_sent sent; /* SENT = 2xx with a JSON body */
    const struct json *json;    /* the body; NULL when it is no JSON */
    int code, subcode;          /* of the error; 0 = none was given */
};

/* A call with address, token and proof. path: "/1029384756/messages", goes after the version;
 * query: encoded (form_str), may be empty. A call without the version begins with "//". */
struct network_call meta_call(
    struct arena *a, const struct meta_api *api, enum http_method method, str path, str query);
/* Makes the call and says what became of it, by the error's code and subcode, never by its words:
 * the API's own rows, the common ones, then the HTTP status. An answer that leaves open whether a
 * call acted (5xx or 408 without an error that is known or called passing, 2xx without JSON) is
 * UNKNOWN, for a GET and a call that may_repeat RETRY. */
err meta_do(struct http_client *client, struct arena *a, const struct meta_api *api,
    const struct network_call *call, struct meta_answer *out);
/* The same from an answer at hand. is_open: an unclear end is UNKNOWN. */
void meta_read_answer(struct arena *a, const struct meta_api *api, const struct http_result *res,
    bool is_open, struct meta_answer *out);
/* X-App-Usage, X-Page-Usage, X-Business-Use-Case-Usage: percent used, the worst of all, as limit
 * 100; limit 0 (nothing to say) up to 80 percent. reset_ms: when access is regained, at least a
 * minute from now. */
struct connector_rate meta_usage(struct arena *a, const struct http_result *res, int64_t now_ms);

/* ── accounts ── */

enum { META_ACCOUNTS = 500 }; /* of one person; more are not listed */
struct meta_account {
    str id, name, token, picture_url;
    bool may_message;        /* the task MESSAGING, or no tasks were told */
    const struct json *node; /* with the further fields */
};
struct meta_accounts {
    struct connector_sent end;
    struct meta_account *at;
    ptrdiff_t n;
};
/* GET /me/accounts with a user's token, all pages of the list. more: further fields, with a comma
 * before; literal. end FINAL with nothing listed: the token may be a page's own. */
err meta_list_accounts(struct http_client *client, struct arena *a, const struct meta_api *api,
    const char *more, struct meta_accounts *out);
/* Meta's exchanges of tokens (oauth2.h) with the channel's app: a short-lived one for one of about
 * 60 days (a person's, whose pages' tokens then do not run out), and that one for a younger. path:
 * what stands after the base address, "/v25.0" or "". */
err meta_extend(struct http_client *client, struct arena *a, const struct meta_api *api, str path,
    const struct oauth2_tokens *old, struct oauth2_tokens *tokens, struct oauth_end *end);
err meta_renew(struct http_client *client, struct arena *a, const struct meta_api *api, str path,
    const struct oauth2_tokens *old, struct oauth2_tokens *tokens, struct oauth_end *end);
/* Sets api->token to a long-lived one for a person's, before their pages are listed. */
err meta_long_token(struct http_client *client, struct arena *a, struct meta_api *api);
