/* Addresses and requests of OAuth 2.0; see oauth2.h. Not: what answers say (oauth2_tokens.c), the
 * networks' rows (oauth2_providers.c). Thread: see oauth2.h. */
#include "connector/oauth2.h"

#include "base/crypto.h"
#include "connector/credentials.h"
#include "connector/oauth2_inner.h"

enum { FIELDS = 10 };

static const char bearer_grant[] = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/* The fields of one request, in order; empty values are left out. */
struct fields {
    struct http_pair at[FIELDS];
    ptrdiff_t n;
};

static void field_add(struct fields *f, str name, str value)
{
    if (value.len > 0)
        f->at[f->n++] = (struct http_pair){name, value};
}

static str otherwise(str s, str instead)
{
    return s.len > 0 ? s : instead;
}

str oauth2_base(str configured, str provided)
{
    return otherwise(configured, provided);
}

static str form_text(struct arena *a, const struct fields *f)
{
    struct sb b = sb_make(a, 0);
    for (ptrdiff_t i = 0; i < f->n; i++) {
        if (i > 0)
            sb_byte(&b, '&');
        sb_add(&b, http_percent_encode(a, f->at[i].name));
        sb_byte(&b, '=');
        sb_add(&b, http_percent_encode(a, f->at[i].value));
    }
    return sb_str(&b);
}

static str json_of(struct arena *a, const struct fields *f)
{
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    for (ptrdiff_t i = 0; i < f->n; i++)
        json_kv_str(&j, f->at[i].name, f->at[i].value);
    json_obj_end(&j);
    return json_str(&j);
}

static str scopes_of(struct arena *a, const struct oauth2_app *app)
{
    str scopes = str_copy(a, otherwise(app->scopes, app->provider->scopes));
    char *to = NEW(a, char, scopes.len + 1);
    for (ptrdiff_t i = 0; i < scopes.len; i++)
        to[i] = scopes.at[i] == ' ' ? app->provider->separator : scopes.at[i];
    return str_of(to, scopes.len);
}

/* ── authorising ── */

str oauth2_pkce_challenge(struct arena *a, str verifier)
{
    struct sha256 d = crypto_sha256(verifier);
    return crypto_base64url(a, str_of(d.b, (ptrdiff_t)sizeof d.b));
}

struct oauth2_pkce oauth2_pkce_make(struct arena *a)
{
    str verifier = crypto_token(a); /* 43 characters, the shortest that RFC 7636, 4.1 allows */
    return (struct oauth2_pkce){verifier, oauth2_pkce_challenge(a, verifier)};
}

err oauth2_authorize_url(
    struct arena *a, const struct oauth2_app *app, str state, str challenge, str *url)
{
    const struct oauth2_provider *p = app->provider;
    str base = oauth2_base(app->authorize_base, p->authorize_base);
    if (base.len == 0 || p->authorize_path.len == 0 || app->client_id.len == 0 ||
        app->redirect_uri.len == 0 || state.len == 0 || (p->uses_pkce && challenge.len == 0))
        return E_INVALID;
    struct fields f = {0};
    field_add(&f, S("response_type"), S("code"));
    field_add(&f, otherwise(p->authorize_id, S("client_id")), app->client_id);
    field_add(&f, S("redirect_uri"), app->redirect_uri);
    field_add(&f, S("scope"), scopes_of(a, app));
    field_add(&f, S("state"), state);
    if (p->uses_pkce) {
        field_add(&f, S("code_challenge"), challenge);
        field_add(&f, S("code_challenge_method"), S("S256"));
    }
    str query = form_text(a, &f), address = oauth_address(a, base, p->authorize_path);
    *url = str_print(
        a, "%.*s?%.*s%s%.*s", SARG(address), SARG(query), p->extra.len ? "&" : "", SARG(p->extra));
    return OK;
}

/* ── requests ── */

static str basic_of(struct arena *a, const struct oauth2_app *app)
{
    str header = {0};
    err e = credentials_basic(a, http_percent_encode(a, app->client_id),
        http_percent_encode(a, app->client_secret), &header);
    return e == OK ? header : (str){0}; /* encoded texts hold no colon or control */
}

static bool is_basic(const struct oauth2_app *app)
{
    return app->provider->client_auth == OAUTH2_BASIC && app->client_secret.len > 0;
}

/* A public client names itself in the body; a confidential one by Basic or in the body. */
static void client_add(struct fields *f, const struct oauth2_app *app)
{
    field_add(f, S("client_id"), app->client_id);
    if (!is_basic(app))
        field_add(f, S("client_secret"), app->client_secret);
}

static err settings_missing(struct oauth_end *end)
{
    *end = (struct oauth_end){
        .outcome = OAUTH_SETUP, .why = S("The network's address or our client id is missing.")};
    return OK;
}

static void secrets_note(const struct fields *f, const struct oauth2_app *app, str header,
    const struct oauth2_tokens *old, struct oauth_call *call)
{
    ptrdiff_t n = 0;
    call->secrets[n++] = app->client_secret;
    call->secrets[n++] = str_skip(header, S("Basic ").len);
    call->secrets[n++] = old ? old->access : (str){0};
    call->secrets[n++] = old ? old->refresh : (str){0};
    for (ptrdiff_t i = 0; i < f->n && n < OAUTH_SECRETS; i++)
        if (str_eq(f->at[i].name, S("code")) || str_eq(f->at[i].name, S("auth_code")) ||
            str_eq(f->at[i].name, S("code_verifier")) || str_eq(f->at[i].name, S("assertion")))
            call->secrets[n++] = f->at[i].value;
}

static err ask(struct http_client *client, struct arena *a, const struct oauth2_app *app,
    const struct oauth_call *call, const struct oauth2_tokens *old, struct oauth2_tokens *tokens,
    struct oauth_end *end)
{
    struct oauth_answer answer;
    struct oauth_end got;
    TRY(oauth_call(client, a, call, &answer, &got));
    if (got.outcome == OAUTH_OK)
        got = oauth2_answer_read(a, app, call, &answer, old, tokens);
    *end = got;
    return OK;
}

static err post(struct http_client *client, struct arena *a, const struct oauth2_app *app, str path,
    const struct fields *f, const struct oauth2_tokens *old, int64_t now_ms,
    struct oauth2_tokens *tokens, struct oauth_end *end)
{
    str base = oauth2_base(app->token_base, app->provider->token_base);
    bool is_json = app->provider->body == OAUTH2_JSON;
    if (base.len == 0)
        return settings_missing(end);
    struct http_header headers[3] = {
        {S("Accept"),       S("application/json")                 },
        {S("Content-Type"), S("application/x-www-form-urlencoded")},
    };
    if (is_json)
        headers[1].value = S("application/json");
    ptrdiff_t header_count = 2;
    if (is_basic(app))
        headers[header_count++] = (struct http_header){S("Authorization"), basic_of(a, app)};
    struct oauth_call call = {
        .method = HTTP_POST,
        .url = oauth_address(a, base, path),
        .purpose = EGRESS_SIGN_IN,
        .headers = headers,
        .header_count = header_count,
        .body = is_json ? json_of(a, f) : form_text(a, f),
        .now_ms = now_ms,
    };
    secrets_note(f, app, headers[2].value, old, &call);
    return ask(client, a, app, &call, old, tokens, end);
}

/* Meta's way: everything in the query of a GET. */
static err get_exchange(struct http_client *client, struct arena *a, const struct oauth2_app *app,
    str path, const struct fields *f, const struct oauth2_tokens *old, int64_t now_ms,
    struct oauth2_tokens *tokens, struct oauth_end *end)
{
    str base = oauth2_base(app->api_base, app->provider->api_base);
    if (base.len == 0)
        return settings_missing(end);
    str query = form_text(a, f), address = oauth_address(a, base, path);
    struct oauth_call call = {
        .method = HTTP_GET,
        .url = str_print(a, "%.*s?%.*s", SARG(address), SARG(query)),
        .purpose = EGRESS_SIGN_IN,
        .now_ms = now_ms,
    };
    secrets_note(f, app, (str){0}, old, &call);
    return ask(client, a, app, &call, old, tokens, end);
}

/* ── exchanging ── */

err oauth2_exchange_code(struct http_client *client, struct arena *a, const struct oauth2_app *app,
    str code, str verifier, int64_t now_ms, struct oauth2_tokens *tokens, struct oauth_end *end)
{
    const struct oauth2_provider *p = app->provider;
    struct fields f = {0};
    if (app->client_id.len == 0)
        return settings_missing(end);
    if (str_ends(code, S("#_")))
        code.len -= 2;
    if (code.len == 0) {
        *end = (struct oauth_end){
            .outcome = OAUTH_REFUSED, .why = S("The network sent the person back without a code.")};
        return OK;
    }
    client_add(&f, app);
    if (!p->omits_grant_type)
        field_add(&f, S("grant_type"), S("authorization_code"));
    field_add(&f, otherwise(p->code_name, S("code")), code);
    if (!p->omits_grant_type)
        field_add(&f, S("redirect_uri"), app->redirect_uri);
    if (p->uses_pkce)
        field_add(&f, S("code_verifier"), verifier);
    if (p->repeats_scope)
        field_add(&f, S("scope"), scopes_of(a, app));
    return post(client, a, app, p->token_path, &f, NULL, now_ms, tokens, end);
}

static err nothing_to_renew_with(struct oauth_end *end)
{
    *end = (struct oauth_end){.outcome = OAUTH_REFUSED,
        .why = S("There is no token to renew with: the account must be connected again.")};
    return OK;
}

err oauth2_extend(struct http_client *client, struct arena *a, const struct oauth2_app *app,
    const struct oauth2_tokens *old, int64_t now_ms, struct oauth2_tokens *tokens,
    struct oauth_end *end)
{
    const struct oauth2_provider *p = app->provider;
    struct fields f = {0};
    if (p->renewal != OAUTH2_GET_EXCHANGE || old->access.len == 0)
        return nothing_to_renew_with(end);
    field_add(&f, S("grant_type"), p->extend_grant);
    if (p->extend_needs_id)
        field_add(&f, S("client_id"), app->client_id);
    field_add(&f, S("client_secret"), app->client_secret);
    field_add(&f, p->extend_token, old->access);
    return get_exchange(client, a, app, p->extend_path, &f, old, now_ms, tokens, end);
}

static err renew_long_lived(struct http_client *client, struct arena *a,
    const struct oauth2_app *app, const struct oauth2_tokens *old, int64_t now_ms,
    struct oauth2_tokens *tokens, struct oauth_end *end)
{
    const struct oauth2_provider *p = app->provider;
    struct fields f = {0};
    if (p->renew_path.len == 0 || old->access.len == 0)
        return oauth2_extend(client, a, app, old, now_ms, tokens, end);
    field_add(&f, S("grant_type"), p->renew_grant);
    field_add(&f, S("access_token"), old->access);
    return get_exchange(client, a, app, p->renew_path, &f, old, now_ms, tokens, end);
}

err oauth2_refresh(struct http_client *client, struct arena *a, const struct oauth2_app *app,
    const struct oauth2_tokens *old, int64_t now_ms, struct oauth2_tokens *tokens,
    struct oauth_end *end)
{
    const struct oauth2_provider *p = app->provider;
    struct fields f = {0};
    if (p->renewal == OAUTH2_GET_EXCHANGE)
        return renew_long_lived(client, a, app, old, now_ms, tokens, end);
    bool has_ended = old->refresh_expires_ms > 0 && now_ms >= old->refresh_expires_ms;
    if (p->renewal == OAUTH2_NEVER || old->refresh.len == 0 || has_ended)
        return nothing_to_renew_with(end);
    if (app->client_id.len == 0)
        return settings_missing(end);
    client_add(&f, app);
    field_add(&f, S("grant_type"), S("refresh_token"));
    field_add(&f, S("refresh_token"), old->refresh);
    str path = otherwise(p->refresh_path, p->token_path);
    return post(client, a, app, path, &f, old, now_ms, tokens, end);
}

err oauth2_client_credentials(struct http_client *client, struct arena *a,
    const struct oauth2_app *app, int64_t now_ms, struct oauth2_tokens *tokens,
    struct oauth_end *end)
{
    struct fields f = {0};
    if (app->client_id.len == 0)
        return settings_missing(end);
    field_add(&f, S("grant_type"), S("client_credentials"));
    client_add(&f, app);
    return post(client, a, app, app->provider->token_path, &f, NULL, now_ms, tokens, end);
}

err oauth2_assertion(struct http_client *client, struct arena *a, const struct oauth2_app *app,
    str assertion, int64_t now_ms, struct oauth2_tokens *tokens, struct oauth_end *end)
{
    struct fields f = {0};
    struct oauth2_app nobody = *app;
    nobody.client_secret = (str){0};
    field_add(&f, S("grant_type"), str_from(bearer_grant));
    field_add(&f, S("assertion"), assertion);
    return post(client, a, &nobody, app->provider->token_path, &f, NULL, now_ms, tokens, end);
}
