/* access: see access.h. */
#include "connector/access.h"

#include "base/limits.h"
#include "connector/oauth2.h"

enum { AGAIN_MS = 60 * 1000 }; /* after a call that decided nothing */

str access_bearer(struct arena *a, const struct connector_setup *setup)
{
    str token = setup_secret(a, setup, "access_token");
    return token.len ? str_cat(a, S("Bearer "), token) : token;
}

void access_missing(struct connector_sent *sent)
{
    *sent = (struct connector_sent){
        .outcome = CONNECTOR_REAUTH,
        .is_channel_wide = true,
        .why = S("The channel is not connected: authorise it again in the settings."),
    };
}

static const struct json *object_of(struct arena *a, str text)
{
    const struct json *root = NULL;
    str why;
    return json_parse(a, text, &root, &why) == OK && root->kind == JSON_OBJECT ? root : NULL;
}

str access_secrets_with(struct arena *a, str secrets, str name, str value)
{
    const struct json *root = object_of(a, secrets);
    struct json_out j = json_out_make(a, LIMIT_SEALED_BYTES);
    json_obj(&j);
    for (const struct json *v = root ? root->first : NULL; v; v = v->next) {
        if (str_eq(v->key, name))
            continue;
        json_key(&j, v->key);
        json_put_tree(&j, v);
    }
    json_kv_raw(&j, name, value);
    json_obj_end(&j);
    return j.b.failed ? secrets : json_str(&j);
}

static str quoted(struct arena *a, str s)
{
    struct json_out j = json_out_make(a, LIMIT_SEALED_BYTES);
    json_put_str(&j, s);
    return json_str(&j);
}

static str number(struct arena *a, int64_t n)
{
    return str_print(a, "%lld", (long long)n);
}

static void read_end(const struct oauth_end *end, int64_t now_ms, struct connector_sent *sent)
{
    *sent = (struct connector_sent){.why = end->why, .is_channel_wide = true};
    switch (end->outcome) {
    case OAUTH_OK:
        sent->outcome = CONNECTOR_SENT;
        break;
    case OAUTH_REFUSED:
        sent->outcome = CONNECTOR_REAUTH;
        break;
    case OAUTH_SETUP:
        sent->outcome = CONNECTOR_FINAL;
        break;
    case OAUTH_LATER:
        sent->outcome = CONNECTOR_WAIT;
        sent->wait_until_ms = end->wait_until_ms > now_ms ? end->wait_until_ms : now_ms + AGAIN_MS;
        break;
    }
}

err access_refresh(struct http_client *client, struct arena *a, const struct connector *connector,
    const struct connector_setup *setup, const struct access_names *names, int64_t now_ms,
    struct connector_refreshed *out)
{
    const struct json *secrets = object_of(a, setup->secrets);
    const struct oauth2_app app = {
        .provider = connector->oauth2,
        .client_id = setup_setting(a, connector, setup, names->client_id),
        .client_secret = setup_secret(a, setup, names->client_secret),
        .token_base = connector_host_url(a, connector, setup->hosts, str_from(names->host)),
    };
    const struct oauth2_tokens old = {
        .access = setup_secret(a, setup, "access_token"),
        .refresh = setup_secret(a, setup, "refresh_token"),
        .expires_ms = json_int(json_get(secrets, S("expires_ms")), 0),
        .refresh_expires_ms = json_int(json_get(secrets, S("refresh_expires_ms")), 0),
        .subject = setup->external_id,
    };
    struct oauth2_tokens got = {0};
    struct oauth_end end = {0};
    struct connector_refreshed made = {0};
    TRY(oauth2_refresh(client, a, &app, &old, now_ms, &got, &end));
    read_end(&end, now_ms, &made.end);
    if (end.outcome == OAUTH_OK) {
        str all = access_secrets_with(a, setup->secrets, S("access_token"), quoted(a, got.access));
        all = access_secrets_with(a, all, S("refresh_token"), quoted(a, got.refresh));
        all = access_secrets_with(a, all, S("expires_ms"), number(a, got.expires_ms));
        made.secrets =
            access_secrets_with(a, all, S("refresh_expires_ms"), number(a, got.refresh_expires_ms));
        made.expires_ms = got.expires_ms;
    }
    *out = made;
    return OK;
}
