/* authorize: see authorize.h. */
#include "connector/authorize.h"

#include "connector/access.h"

static bool is_declared(const struct connector *c, str name)
{
    for (const struct connector_setting *s = c->settings; s && s->name; s++)
        if (str_eq(str_from(s->name), name))
            return true;
    return false;
}

enum authorize_way authorize_way_of(
    struct arena *a, const struct connector *c, const struct connector_setup *setup)
{
    bool wants_oauth1 = str_eq(setup_setting(a, c, setup, "auth"), S("oauth1"));
    if (c->oauth1 && (!c->oauth2 || wants_oauth1))
        return AUTHORIZE_OAUTH1;
    return c->oauth2 && !wants_oauth1 ? AUTHORIZE_OAUTH2 : AUTHORIZE_NONE;
}

/* The first of the names that has a value. */
static str setting_of(struct arena *a, const struct connector *c,
    const struct connector_setup *setup, const char *const *names)
{
    for (; *names; names++) {
        str value = setup_setting(a, c, setup, *names);
        if (value.len && is_declared(c, str_from(*names)))
            return value;
    }
    return (str){0};
}

static str secret_of(struct arena *a, const struct connector_setup *setup, const char *const *names)
{
    for (; *names; names++) {
        str value = setup_secret(a, setup, *names);
        if (value.len)
            return value;
    }
    return (str){0};
}

/* ── addresses ── */

static str base_of(struct arena *a, const struct connector *c, const struct connector_setup *setup,
    str provided, str name)
{
    if (c->oauth_base)
        return c->oauth_base(a, setup);
    for (const struct connector_host *h = c->hosts; h && h->name && provided.len; h++) {
        str url = str_from(h->url);
        bool is_below =
            str_starts(provided, url) && (provided.len == url.len || provided.at[url.len] == '/');
        if (url.len && is_below)
            return str_cat(a, connector_host_url(a, c, setup->hosts, str_from(h->name)),
                str_skip(provided, url.len));
    }
    str operators = connector_host_url(a, c, setup->hosts, name);
    if (operators.len)
        return operators;
    return provided;
}

struct oauth2_app authorize_app(struct arena *a, const struct connector *c,
    const struct connector_setup *setup, str redirect_uri)
{
    static const char *const ids[] = {"client_id", "app_id", "client_key", NULL};
    static const char *const secrets[] = {"client_secret", "app_secret", NULL};
    const struct oauth2_provider *p = c->oauth2_for ? c->oauth2_for(a, setup) : c->oauth2;
    str id = setting_of(a, c, setup, ids);
    return (struct oauth2_app){
        .provider = p,
        .client_id = id.len ? id : secret_of(a, setup, ids), /* what enroll brought */
        .client_secret = secret_of(a, setup, secrets),
        .redirect_uri = redirect_uri,
        .authorize_base = base_of(a, c, setup, p->authorize_base, S("authorize")),
        .token_base = base_of(a, c, setup, p->token_base, S("token")),
        .api_base = p->api_base.len ? base_of(a, c, setup, p->api_base, S("api")) : (str){0},
    };
}

struct oauth1_keys authorize_keys(
    struct arena *a, const struct connector *c, const struct connector_setup *setup)
{
    static const char *const keys[] = {"consumer_key", NULL};
    static const char *const secrets[] = {"consumer_secret", NULL};
    str key = setting_of(a, c, setup, keys);
    return (struct oauth1_keys){
        .consumer_key = key.len ? key : secret_of(a, setup, keys),
        .consumer_secret = secret_of(a, setup, secrets),
    };
}

str authorize_oauth1_base(
    struct arena *a, const struct connector *c, const struct connector_setup *setup)
{
    return connector_host_url(a, c, setup->hosts, str_from(c->oauth1->host));
}

/* ── tokens ── */

str authorize_secrets(struct arena *a, const struct connector *c, str secrets,
    const struct oauth2_tokens *tokens, int64_t now_ms)
{
    bool has_own_name = c->oauth2->subject_name.len && tokens->subject.len;
    /* What belonged to older tokens does not fit the new ones: it goes. */
    const struct access_member members[] = {
        {.name = S("access_token"),       .text = tokens->access                           },
        {.name = S("refresh_token"),      .text = tokens->refresh                          },
        {.name = S("expires_ms"),         .number = tokens->expires_ms                     },
        {.name = S("refresh_expires_ms"), .number = tokens->refresh_expires_ms             },
        {.name = S("issued_ms"),          .number = now_ms                                 },
        {.name = S("scope"),              .text = tokens->scope                            },
        {.name = S("subject"),            .text = tokens->subject                          },
        {.name = S("api_base"),           .text = tokens->api_base                         },
        {.name = c->oauth2->subject_name, .text = has_own_name ? tokens->subject : (str){0}},
    };
    return access_members_set(a, secrets, members, (ptrdiff_t)(sizeof members / sizeof *members));
}

str authorize_oauth1_secrets(struct arena *a, str secrets, const struct oauth1_token *token)
{
    const struct access_member members[] = {
        {.name = S("oauth1_token"),        .text = token->token  },
        {.name = S("oauth1_token_secret"), .text = token->secret },
        {.name = S("subject"),             .text = token->user_id},
    };
    return access_members_set(a, secrets, members, (ptrdiff_t)(sizeof members / sizeof *members));
}
