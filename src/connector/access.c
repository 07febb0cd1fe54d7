/* access: see access.h. */
#include "connector/access.h"

#include "base/limits.h"
#include "connector/oauth2.h"

enum { SECRETS_BYTES = LIMIT_SEALED_BYTES / 2 }; /* sealing makes it 4/3 as long */

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

struct connector_sent access_end(const struct oauth_end *end)
{
    struct connector_sent sent = {.why = end->why};
    switch (end->outcome) {
    case OAUTH_OK:
        sent.outcome = CONNECTOR_SENT;
        return sent;
    case OAUTH_REFUSED:
        sent.outcome = CONNECTOR_REAUTH;
        break;
    case OAUTH_SETUP:
        sent.outcome = CONNECTOR_FINAL;
        break;
    case OAUTH_LATER:
        sent.outcome = end->wait_until_ms ? CONNECTOR_WAIT : CONNECTOR_RETRY;
        sent.wait_until_ms = end->wait_until_ms;
        break;
    }
    sent.is_channel_wide = true;
    return sent;
}

/* ── secrets ── */

static bool is_among(str name, const struct access_member *members, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_eq(members[i].name, name))
            return true;
    return false;
}

str access_members_set(
    struct arena *a, str object, const struct access_member *members, ptrdiff_t n)
{
    const struct json *root = NULL;
    str why;
    struct json_out j = json_out_make(a, SECRETS_BYTES);
    json_obj(&j);
    if (json_parse(a, object, &root, &why) == OK && root->kind == JSON_OBJECT)
        for (const struct json *v = root->first; v; v = v->next) {
            if (is_among(v->key, members, n))
                continue;
            json_key(&j, v->key);
            json_put_tree(&j, v);
        }
    for (ptrdiff_t i = 0; i < n; i++) {
        if (!members[i].name.len)
            continue;
        if (members[i].text.len)
            json_kv_str(&j, members[i].name, members[i].text);
        else if (members[i].json.len)
            json_kv_raw(&j, members[i].name, members[i].json);
        else if (members[i].number)
            json_kv_int(&j, members[i].name, members[i].number);
    }
    json_obj_end(&j);
    return j.b.failed ? (str){0} : json_str(&j);
}

static int64_t number_of(struct arena *a, const struct connector_setup *setup, const char *name)
{
    int64_t n = 0;
    return str_int(setup_secret(a, setup, name), 0, INT64_MAX, &n) == OK ? n : 0;
}

err access_refresh(struct http_client *client, struct arena *a, const struct connector *connector,
    const struct connector_setup *setup, const struct access_names *names, int64_t now_ms,
    struct connector_refreshed *out)
{
    const struct oauth2_app app = {
        .provider = connector->oauth2_for ? connector->oauth2_for(a, setup) : connector->oauth2,
        .client_id = setup_setting(a, connector, setup, names->client_id),
        .client_secret = setup_secret(a, setup, names->client_secret),
        .token_base = connector_host_url(a, connector, setup->hosts, str_from(names->host)),
    };
    const struct oauth2_tokens old = {
        .access = setup_secret(a, setup, "access_token"),
        .refresh = setup_secret(a, setup, "refresh_token"),
        .expires_ms = number_of(a, setup, "expires_ms"),
        .refresh_expires_ms = number_of(a, setup, "refresh_expires_ms"),
        .scope = setup_secret(a, setup, "scope"),
        .subject = setup->external_id,
    };
    struct oauth2_tokens got = {0};
    struct oauth_end end = {0};
    TRY(oauth2_refresh(client, a, &app, &old, now_ms, &got, &end));
    struct connector_refreshed made = {.end = access_end(&end), .secrets = setup->secrets};
    if (end.outcome == OAUTH_OK) {
        const struct access_member members[] = {
            {.name = S("access_token"),       .text = got.access              },
            {.name = S("refresh_token"),      .text = got.refresh             },
            {.name = S("expires_ms"),         .number = got.expires_ms        },
            {.name = S("refresh_expires_ms"), .number = got.refresh_expires_ms},
            {.name = S("scope"),              .text = got.scope               },
        };
        made.secrets = access_members_set(
            a, setup->secrets, members, (ptrdiff_t)(sizeof members / sizeof *members));
        made.expires_ms = got.expires_ms;
    }
    *out = made;
    return OK;
}
