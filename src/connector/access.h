/* access: the OAuth tokens among a channel's secrets, for networks that have them there as
 * "access_token", "refresh_token", "expires_ms" and "refresh_expires_ms". Not here: how a network
 * renews (oauth2.h), who keeps the result.
 * Errors: E_BUSY only. Thread: pure; access_refresh blocks. */
#pragma once
#include "connector/connector.h"

/* Under which names a connector has its application's id (a setting) and secret (a secret), and the
 * base address of the token call. */
struct access_names {
    const char *client_id, *client_secret, *host;
};
/* Renews with connector->oauth2. REAUTH when the network refuses for ever. A try after which the
 * old refresh token may be used up is RETRY: the next one tells. Other secrets stay. */
err access_refresh(struct http_client *client, struct arena *a, const struct connector *connector,
    const struct connector_setup *setup, const struct access_names *names, int64_t now_ms,
    struct connector_refreshed *out);
/* The object with this member set; value is JSON. An object that does not parse counts as {}. */
str access_secrets_with(struct arena *a, str secrets, str name, str value);
/* "Bearer …"; empty when there is no token. */
str access_bearer(struct arena *a, const struct connector_setup *setup);
/* What to say when there is none: REAUTH, channel-wide. */
void access_missing(struct connector_sent *sent);
