/* authorize: how a network that is connected by a page of its own (connector->oauth2, ->oauth1)
 * finds what it needs in a channel's form, and what the tokens are called among a channel's
 * secrets. The same for every network:
 *
 *   application   setting "client_id", "app_id" or "client_key" (a secret when connector->enroll
 *                 brought it); secret "client_secret" or "app_secret"; OAuth 1.0a: "consumer_key"
 * (either), secret "consumer_secret" tokens        "access_token", "refresh_token", "expires_ms",
 * "refresh_expires_ms", "issued_ms", "scope", "subject" (and the network's own name of it),
 * "api_base"; OAuth 1.0a: "oauth1_token", "oauth1_token_secret", "subject" which         a network
 * with both: OAuth 1.0a when its setting "auth" says "oauth1"
 *
 * Base addresses: connector->oauth_base where there is one; where the provider's begins with that
 * of one of connector.hosts, the operator's for that host counts (connector_host_url); else the
 * operator's for "authorize" or "token", else the provider's.
 * Not here: the steps themselves (oauth1.h, oauth2.h), keeping (store/authorization.h).
 * Thread: pure. */
#pragma once
#include "connector/connector.h"
#include "connector/oauth1.h"
#include "connector/oauth2.h"

enum authorize_way { AUTHORIZE_NONE, AUTHORIZE_OAUTH2, AUTHORIZE_OAUTH1 };
enum authorize_way authorize_way_of(
    struct arena *a, const struct connector *c, const struct connector_setup *setup);
/* Texts may be empty: then the form lacks them. */
struct oauth2_app authorize_app(struct arena *a, const struct connector *c,
    const struct connector_setup *setup, str redirect_uri);
struct oauth1_keys authorize_keys(
    struct arena *a, const struct connector *c, const struct connector_setup *setup);
str authorize_oauth1_base(
    struct arena *a, const struct connector *c, const struct connector_setup *setup);
/* secrets (JSON object) with the tokens. */
str authorize_secrets(struct arena *a, const struct connector *c, str secrets,
    const struct oauth2_tokens *tokens, int64_t now_ms);
str authorize_oauth1_secrets(struct arena *a, str secrets, const struct oauth1_token *token);
