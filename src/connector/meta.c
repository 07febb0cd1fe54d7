/* meta: see meta.h. Webhooks, calls and accounts; errors and usage are in meta_answer.c. */
#include "connector/meta.h"

#include "base/limits.h"
#include "connector/reading.h"
#include "connector/sign.h"

enum {
    CHALLENGE_BYTES = 200,
    LIST_LIMIT = 100,  /* pages asked for at once; the network's most */
    LIST_ANSWERS = 10, /* asked at most */
    TOKEN_BYTES = 4096,
};

/* ── webhooks ── */

err meta_challenge(
    struct arena *a, const struct connector_hook *hook, struct connector_answer *answer, str *why)
{
    if (hook->req->method != HTTP_GET)
        return E_NOT_FOUND;
    str mode = http_query_get(hook->req, S("hub.mode"));
    str token = http_query_get(hook->req, S("hub.verify_token"));
    str challenge = http_query_get(hook->req, S("hub.challenge"));
    const str ours[] = {hook->setup->secret, hook->setup->old_secret};
    bool is_ours = token.len && sign_is_secret(token, ours, 2);
    if (!is_ours || !str_eq(mode, S("subscribe")) || challenge.len > CHALLENGE_BYTES) {
        *why = S("The verify token is not this channel's.");
        return E_UNAUTHENTICATED;
    }
    *answer = (struct connector_answer){
        .status = 200, .content_type = "text/plain", .body = str_copy(a, challenge)};
    return OK;
}

err meta_verify(struct arena *a, const struct connector_hook *hook, str *why)
{
    str secret = setup_secret(a, hook->setup, "app_secret");
    const struct sign_request given = {
        .req = hook->req, .secrets = &secret, .secret_count = 1, .now_ms = hook->now_ms};
    return sign_check(a, &sign_meta, &given, why);
}

/* ── calls ── */

static str token_of(struct arena *a, const struct meta_api *api)
{
    return api->token.len ? api->token : setup_secret(a, api->setup, "access_token");
}

struct network_call meta_call(
    struct arena *a, const struct meta_api *api, enum http_method method, str path, str query)
{
    struct sb url = sb_make(a, 0);
    str token = token_of(a, api);
    str app_secret = setup_secret(a, api->setup, "app_secret");
    sb_add(&url, connector_host_url(a, api->connector, api->setup->hosts, str_from(api->host)));
    if (str_starts(path, S("//"))) {
        path = str_skip(path, 1);
    } else {
        sb_byte(&url, '/');
        sb_add(&url, setup_setting(a, api->connector, api->setup, "api_version"));
    }
    sb_add(&url, path);
    if (query.len) {
        sb_byte(&url, '?');
        sb_add(&url, query);
    }
    if (api->has_proof && app_secret.len && token.len) {
        sb_byte(&url, query.len ? '&' : '?');
        sb_add(&url, S("appsecret_proof="));
        sb_add(&url, sign_appsecret_proof(a, app_secret, token));
    }
    return (struct network_call){
        .method = method,
        .url = sb_str(&url),
        .authorization = token.len ? str_cat(a, S("Bearer "), token) : (str){0},
    };
}

err meta_do(struct http_client *client, struct arena *a, const struct meta_api *api,
    const struct network_call *call, struct meta_answer *out)
{
    struct http_result res = {0};
    TRY(network_do(client, a, call, &res));
    meta_read_answer(a, api, &res, call->method != HTTP_GET && !call->may_repeat, out);
    return OK;
}

/* ── accounts ── */

static bool has_messaging(const struct json *tasks)
{
    for (const struct json *t = tasks ? tasks->first : NULL; t; t = t->next)
        if (str_eq(json_text(t, S("")), S("MESSAGING")) ||
            str_eq(json_text(t, S("")), S("MESSAGE")))
            return true;
    return !tasks || !tasks->first;
}

static void take_accounts(const struct json *data, struct meta_accounts *out)
{
    for (const struct json *v = data ? data->first : NULL; v && out->n < META_ACCOUNTS;
         v = v->next) {
        const struct meta_account page = {
            .id = take_id(v, "id"),
            .name = take_line(v, "name", LIMIT_NAME_BYTES),
            .token = take_line(v, "access_token", TOKEN_BYTES),
            .picture_url = take_url(take_object(take_object(v, "picture"), "data"), "url"),
            .may_message = has_messaging(take_array(v, "tasks")),
            .node = v,
        };
        if (page.id.len)
            out->at[out->n++] = page;
    }
}

err meta_list_accounts(struct http_client *client, struct arena *a, const struct meta_api *api,
    const char *more, struct meta_accounts *out)
{
    struct meta_accounts got = {.at = NEW(a, struct meta_account, META_ACCOUNTS)};
    str after = {0};
    for (int i = 0; i < LIST_ANSWERS; i++) {
        struct form query = form_make(a);
        struct meta_answer answer = {0};
        form_add(&query, "fields", str_print(a, "id,name,access_token,tasks,picture{url}%s", more));
        form_add(&query, "limit", str_print(a, "%d", LIST_LIMIT));
        if (after.len)
            form_add(&query, "after", after);
        const struct network_call call =
            meta_call(a, api, HTTP_GET, S("/me/accounts"), form_str(&query));
        TRY(meta_do(client, a, api, &call, &answer));
        got.end = answer.sent;
        if (answer.sent.outcome != CONNECTOR_SENT)
            break;
        take_accounts(take_array(answer.json, "data"), &got);
        const struct json *paging = take_object(answer.json, "paging");
        after = take_url(paging, "next").len || json_get(paging, S("next"))
                    ? take_line(take_object(paging, "cursors"), "after", TOKEN_BYTES)
                    : (str){0};
        if (!after.len || got.n == META_ACCOUNTS)
            break;
    }
    *out = got;
    return OK;
}

static struct oauth2_app app_of(struct arena *a, const struct meta_api *api, str path)
{
    const struct connector *c = api->connector;
    str base = connector_host_url(a, c, api->setup->hosts, str_from(api->host));
    return (struct oauth2_app){
        .provider =
            str_eq(str_from(api->host), S("instagram")) ? &oauth2_instagram : &oauth2_facebook,
        .client_id = setup_setting(a, c, api->setup, "app_id"),
        .client_secret = setup_secret(a, api->setup, "app_secret"),
        .api_base = str_cat(a, base, path),
    };
}

err meta_extend(struct http_client *client, struct arena *a, const struct meta_api *api, str path,
    const struct oauth2_tokens *old, struct oauth2_tokens *tokens, struct oauth_end *end)
{
    const struct oauth2_app app = app_of(a, api, path);
    return oauth2_extend(client, a, &app, old, api->now_ms, tokens, end);
}

err meta_renew(struct http_client *client, struct arena *a, const struct meta_api *api, str path,
    const struct oauth2_tokens *old, struct oauth2_tokens *tokens, struct oauth_end *end)
{
    const struct oauth2_app app = app_of(a, api, path);
    return oauth2_refresh(client, a, &app, old, api->now_ms, tokens, end);
}

/* A person's token of an hour or two would give page tokens that live no longer. One that cannot be
 * exchanged (a page's own, or without an app id) is used as it is. */
err meta_long_token(struct http_client *client, struct arena *a, struct meta_api *api)
{
    const struct oauth2_tokens old = {.access = token_of(a, api)};
    struct oauth2_tokens tokens = {0};
    struct oauth_end end = {0};
    str version = setup_setting(a, api->connector, api->setup, "api_version");
    if (!setup_setting(a, api->connector, api->setup, "app_id").len)
        return OK;
    TRY(meta_extend(client, a, api, str_cat(a, S("/"), version), &old, &tokens, &end));
    if (end.outcome == OAUTH_OK && tokens.access.len)
        api->token = tokens.access;
    return OK;
}
