/* channel_seal: how a channel's secrets are bound to their row, for channel.c and source.c. */
#pragma once
#include "base/crypto.h"
#include "model/ids.h"

static inline str channel_aad(
    struct arena *a, account_id account, channel_id id, const char *column)
{
    return str_print(a, "%lld/channel/%s/%lld", (long long)account.v, column, (long long)id.v);
}

struct channel_sealed {
    str secret, old_secret, identity_secret, secrets; /* sealed, or empty */
};
/* Replaces each by its plain text. */
static inline err channel_unseal(struct arena *a, const struct keyring *keys, account_id account,
    channel_id id, struct channel_sealed *s)
{
    if (s->secret.len)
        TRY(keyring_open(a, keys, channel_aad(a, account, id, "secret"), s->secret, &s->secret));
    if (s->old_secret.len)
        TRY(keyring_open(
            a, keys, channel_aad(a, account, id, "old_secret"), s->old_secret, &s->old_secret));
    if (s->identity_secret.len)
        TRY(keyring_open(a, keys, channel_aad(a, account, id, "identity_secret"),
            s->identity_secret, &s->identity_secret));
    if (s->secrets.len)
        TRY(keyring_open(a, keys, channel_aad(a, account, id, "secrets"), s->secrets, &s->secrets));
    return OK;
}
