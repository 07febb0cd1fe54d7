/* authorize: see authorize.h. */
#include "connector/authorize.h"

#include "base/limits.h"

enum { SECRETS_BYTES = LIMIT_SEALED_BYTES / 2 };

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

/* ── addresses ──────────────────────────────────────────────────────────────────────────────────
 */

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
    const struct oauth2_provider *p = c->oauth2;
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

/* ── tokens ─────────────────────────────────────────────────────────────────────────────────────
 */

struct member {
    str name, text;
    int64_t number; /* when text is empty */
};

/* The object with these members in the place of what was there; without a value they are gone: what
 * belonged to older tokens does not fit the new ones. Empty when it is too long. */
static str with(struct arena *a, str object, const struct member *members, ptrdiff_t n)
{
    const struct json *root = NULL;
    str why;
    struct json_out j = json_out_make(a, SECRETS_BYTES);
    json_obj(&j);
    if (json_parse(a, object, &root, &why) == OK)
        for (const struct json *v = root->first; v; v = v->next) {
            bool is_new = false;
            for (ptrdiff_t i = 0; i < n; i++)
                is_new |= str_eq(members[i].name, v->key);
            if (!is_new) {
                json_key(&j, v->key);
                json_put_tree(&j, v);
            }
        }
    for (ptrdiff_t i = 0; i < n; i++)
        if (members[i].text.len)
            json_kv_str(&j, members[i].name, members[i].text);
        else if (members[i].number && members[i].name.len)
            json_kv_int(&j, members[i].name, members[i].number);
    json_obj_end(&j);
    return j.b.failed ? (str){0} : json_str(&j);
}

str authorize_secrets(struct arena *a, const struct connector *c, str secrets,
    const struct oauth2_tokens *tokens, int64_t now_ms)
{
    bool has_own_name = c->oauth2->subject_name.len && tokens->subject.len;
    const struct member members[] = {
        {S("access_token"),       tokens->access,                            0                         },
        {S("refresh_token"),      tokens->refresh,                           0                         },
        {S("expires_ms"),         {0},                                       tokens->expires_ms        },
        {S("refresh_expires_ms"), {0},                                       tokens->refresh_expires_ms},
        {S("issued_ms"),          {0},                                       now_ms                    },
        {S("scope"),              tokens->scope,                             0                         },
        {S("subject"),            tokens->subject,                           0                         },
        {S("api_base"),           tokens->api_base,                          0                         },
        {c->oauth2->subject_name, has_own_name ? tokens->subject : (str){0}, 0                         },
    };
    return with(a, secrets, members, (ptrdiff_t)(sizeof members / sizeof *members));
}

str authorize_oauth1_secrets(struct arena *a, str secrets, const struct oauth1_token *token)
{
    const struct member members[] = {
        {S("oauth1_token"),        token->token,   0},
        {S("oauth1_token_secret"), token->secret,  0},
        {S("subject"),             token->user_id, 0},
    };
    return with(a, secrets, members, (ptrdiff_t)(sizeof members / sizeof *members));
}
