/* access: the OAuth tokens among a channel's secrets, for networks that have them there as
 * "access_token", "refresh_token", "expires_ms" and "refresh_expires_ms". Not here: how a network
 * renews (oauth2.h), who keeps the result (authorize.h, job/credentials.h).
 * Errors: E_BUSY only. Thread: pure; access_refresh blocks. */
#pragma once
#include "connector/connector.h"
#include "connector/oauth.h"

/* Under which names a connector has its application's id (a setting) and secret (a secret), and the
 * base address of the token call. */
struct access_names {
    const char *client_id, *client_secret, *host;
};
/* Renews with connector->oauth2. A try after which the old refresh token may be used up is RETRY:
 * the next one tells. Other secrets stay. */
err access_refresh(struct http_client *client, struct arena *a, const struct connector *connector,
    const struct connector_setup *setup, const struct access_names *names, int64_t now_ms,
    struct connector_refreshed *out);
/* What became of an exchange: REAUTH when the network refuses for ever, FINAL when our application
 * is set up wrongly, WAIT when it named a time, else RETRY; all of the whole channel. */
struct connector_sent access_end(const struct oauth_end *end);

/* A member of an object of secrets: its text, else its JSON, else its number. */
struct access_member {
    str name, text, json;
    int64_t number;
};
/* The object (settings, secrets) with these members in the place of what was there; one without a
 * value is gone, one without a name is passed over. An object that does not parse counts as {}.
 * Empty when it is too long to be sealed. */
str access_members_set(
    struct arena *a, str object, const struct access_member *members, ptrdiff_t n);
/* "Bearer …"; empty when there is no token. */
str access_bearer(struct arena *a, const struct connector_setup *setup);
/* What to say when there is none: REAUTH, channel-wide. */
void access_missing(struct connector_sent *sent);
