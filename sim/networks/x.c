/* X API v2 as of August 2026, as far as a care channel uses it; see network.h, and x.h for the
 * parts.
 *
 * Accounts: id = the account's id, name, token = the person's OAuth 2.0 token, secret = the
 * consumer secret. Settings: handle; bearer (the app's token, "x-app-token"); access ("self_serve"
 * as it begins, or "enterprise"); client ("cid:csec") and refresh ("r1") of OAuth 2.0; oauth1 (the
 * token that OAuth 1.0a shows; its signature is not looked at); events ("thin": without includes).
 * Base address: …/x or …/x/api; files of messages lie under …/x/ton. Webhooks are registered over
 * the API only. Rates are X's. say: kind "", post, mention, reply, quote, edit, dm; reply_to.
 * special: see x_say.c. */
#include "x.h"

#include <stdlib.h>

#include "base/clock.h"

/* ── answers ── */

void xnet_fail(struct sim_call *c, int status, const char *type, str detail)
{
    struct json_out j = sim_json(c);
    bool is_plain = str_eq(str_from(type), S("about:blank"));
    json_obj(&j);
    json_kv_str(&j, S("title"), str_from(http_status_phrase(status)));
    json_kv_str(&j, S("detail"), detail);
    json_kv_str(&j, S("type"),
        is_plain ? S("about:blank") : str_print(c->arena, "https://api.x.com/2/problems/%s", type));
    json_kv_int(&j, S("status"), status);
    json_obj_end(&j);
    sim_answer_json(c, status, &j);
}

bool xnet_rate(struct sim_call *c, const char *bucket, int64_t limit, int64_t window_ms)
{
    struct sim_rate r = sim_rate_take(
        c, str_print(c->arena, "%s:%.*s", bucket, SARG(c->account->id)), limit, window_ms, 1);
    sim_header_print(c, S("x-rate-limit-limit"), "%lld", (long long)r.limit);
    sim_header_print(c, S("x-rate-limit-remaining"), "%lld", (long long)r.remaining);
    sim_header_print(c, S("x-rate-limit-reset"), "%lld", (long long)((r.reset_ms + 999) / 1000));
    if (!r.is_allowed)
        xnet_fail(c, 429, "about:blank", S("Too Many Requests"));
    return r.is_allowed;
}

static void refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    if (why == SIM_REFUSE_500) {
        xnet_fail(c, 503, "about:blank", S("Service Unavailable"));
    } else if (why == SIM_REFUSE_401) {
        xnet_fail(c, 401, "about:blank", S("Unauthorized"));
    } else {
        if (why == SIM_REFUSE_429)
            sim_header_print(c, S("x-rate-limit-reset"), "%lld",
                (long long)((c->now_ms + retry_after_ms + 999) / 1000));
        xnet_fail(c, 429, "about:blank", S("Too Many Requests"));
    }
}

/* ── tokens ── */

static void open_account(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct xnet *x = sim_alloc((ptrdiff_t)sizeof *x);
    account->data = x;
}

static void close_account(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    xnet_clear(account->data);
    free(account->data);
}

static str or_standard(str s, const char *standard)
{
    return s.len > 0 ? s : str_from(standard);
}

/* Whose call it is; NULL: answered 401. *is_app: the app's own token. */
static struct sim_account *who_calls(struct sim_call *c, bool *is_app)
{
    str token = sim_bearer(c), header = http_header_get(c->req, S("Authorization"));
    *is_app = false;
    if (token.len > 0 && sim_account_by_token(c, token))
        return c->account;
    for (ptrdiff_t i = 0; !str_eq(header, S("")); i++) {
        struct sim_account *account = sim_account_at(c->sim, c->network, i);
        if (account == NULL)
            break;
        str app = or_standard(sim_setting(account, S("bearer")), "x-app-token");
        str oauth1 = str_print(c->arena, "oauth_token=\"%.*s\"",
            SARG(or_standard(sim_setting(account, S("oauth1")), "x-oauth1-token")));
        *is_app = token.len > 0 && str_eq(token, app);
        bool is_signed = str_starts(header, S("OAuth ")) && str_find(header, oauth1) > 0;
        if (account->is_revoked || (!*is_app && !is_signed))
            continue;
        c->token = token;
        return c->account = account;
    }
    xnet_fail(c, 401, "about:blank", S("Unauthorized"));
    return NULL;
}

/* The refresh token changes with every use. */
static void give_tokens(struct sim_call *c)
{
    str user, password;
    if (!sim_basic(c, &user, &password))
        user = sim_field(c, S("client_id"));
    for (ptrdiff_t i = 0;; i++) {
        struct sim_account *account = sim_account_at(c->sim, c->network, i);
        if (account == NULL)
            break;
        struct xnet *x = account->data;
        str client = or_standard(sim_setting(account, S("client")), "cid:csec"), id, secret;
        str refresh = x->refresh[0] ? str_from(x->refresh)
                                    : or_standard(sim_setting(account, S("refresh")), "r1");
        (void)str_cut(client, ':', &id, &secret);
        if (!str_eq(user, id) || !str_eq(password, secret) ||
            !str_eq(sim_field(c, S("grant_type")), S("refresh_token")) ||
            !str_eq(sim_field(c, S("refresh_token")), refresh) || account->is_revoked)
            continue;
        str token = sim_random_word(c->sim, c->network, c->arena, 40);
        sim_keep(x->refresh, sizeof x->refresh, sim_random_word(c->sim, c->network, c->arena, 40));
        sim_account_token(c->sim, account, token);
        c->account = account;
        sim_answer_print(c, 200,
            "{\"token_type\":\"bearer\",\"expires_in\":7200,\"access_token\":\"%.*s\",\"scope\":"
            "\"tweet.read tweet.write users.read dm.read dm.write media.write offline.access\","
            "\"refresh_token\":\"%s\"}",
            SARG(token), x->refresh);
        return;
    }
    sim_answer_print(c, 400,
        "{\"error\":\"invalid_request\",\"error_description\":\"Value passed "
        "for the token was invalid.\"}");
}

/* ── looking ── */

static bool is_after(str id, str since)
{
    return since.len == 0 || id.len > since.len || (id.len == since.len && str_cmp(id, since) > 0);
}

/* Newest first; the token of the next page is how many were given. */
static void give_list(struct sim_call *c, const struct xnet_list *list, bool are_messages,
    bool (*fits)(const struct sim_call *c, const struct xnet_thing *t))
{
    int64_t most = sim_field_int(c, S("max_results"), 10), skip, from_ms = 0;
    str token = sim_field(c, S("pagination_token")), since = sim_field(c, S("since_id"));
    const struct xnet_thing **found = NEW(c->arena, const struct xnet_thing *, list->n + 1);
    ptrdiff_t n = 0;
    if (most < 1 || most > XNET_PAGE ||
        str_int(token.len > 0 ? token : S("0"), 0, XNET_THINGS_MAX, &skip) != OK) {
        xnet_fail(
            c, 400, "invalid-request", S("One or more parameters to your request was invalid."));
        return;
    }
    (void)time_parse(sim_field(c, S("start_time")), &from_ms); /* none: everything */
    for (const struct xnet_thing *t = list->oldest; t; t = t->next)
        if (!t->is_gone && fits(c, t) && is_after(str_from(t->id), since) && t->at_ms >= from_ms)
            found[n++] = t;
    const struct xnet_thing **page = NEW(c->arena, const struct xnet_thing *, most);
    ptrdiff_t given = 0;
    for (ptrdiff_t i = n - 1 - (ptrdiff_t)skip; i >= 0 && given < most; i--)
        page[given++] = found[i];
    struct json_out j = sim_json(c);
    json_obj(&j);
    if (given > 0) {
        json_key(&j, S("data"));
        json_arr(&j);
        for (ptrdiff_t i = 0; i < given; i++)
            are_messages ? xnet_put_message(&j, c->account, page[i])
                         : xnet_put_post(&j, c->account, page[i]);
        json_arr_end(&j);
        json_key(&j, S("includes"));
        xnet_put_includes(c->sim, &j, c->arena, c->account, page, given);
    }
    json_key(&j, S("meta"));
    json_obj(&j);
    json_kv_int(&j, S("result_count"), given);
    if (skip + given < n)
        json_kv_str(&j, S("next_token"), str_print(c->arena, "%lld", (long long)(skip + given)));
    json_obj_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static bool is_mention(const struct sim_call *c, const struct xnet_thing *t)
{
    return xnet_names_us(c->account, str_of(t->text, t->text_len)) &&
           !str_eq(str_from(t->author), c->account->id);
}

static bool is_own(const struct sim_call *c, const struct xnet_thing *t)
{
    return str_eq(str_from(t->author), c->account->id);
}

static bool is_any(const struct sim_call *c, const struct xnet_thing *t)
{
    (void)c;
    (void)t;
    return true;
}

static bool is_of_talk(const struct sim_call *c, const struct xnet_thing *t)
{
    str at[1];
    return sim_route(c, HTTP_GET, "/2/dm_conversations/with/{}/dm_events", at) &&
           str_eq(str_from(t->talk), at[0]);
}

/* ids: "1,2"; is_list: data is an array. */
static void give_posts(struct sim_call *c, str ids, bool is_list)
{
    const struct xnet *x = c->account->data;
    struct json_out j = sim_json(c), errors = sim_json(c);
    const struct xnet_thing *found[XNET_PAGE];
    ptrdiff_t n = 0;
    str id;
    json_arr(&errors);
    for (bool more = ids.len > 0; more && n < XNET_PAGE;) {
        more = str_cut(ids, ',', &id, &ids);
        const struct xnet_thing *post = xnet_find(&x->posts, id);
        if (post) {
            found[n++] = post;
            continue;
        }
        json_obj(&errors);
        json_kv_str(&errors, S("resource_id"), id);
        json_kv_str(&errors, S("resource_type"), S("tweet"));
        json_kv_str(&errors, S("title"), S("Not Found Error"));
        json_kv_str(&errors, S("type"), S("https://api.x.com/2/problems/resource-not-found"));
        json_obj_end(&errors);
    }
    json_arr_end(&errors);
    json_obj(&j);
    if (n > 0) {
        json_key(&j, S("data"));
        if (is_list)
            json_arr(&j);
        for (ptrdiff_t i = 0; i < n; i++)
            xnet_put_post(&j, c->account, found[i]);
        if (is_list)
            json_arr_end(&j);
        json_key(&j, S("includes"));
        xnet_put_includes(c->sim, &j, c->arena, c->account, found, n);
    }
    if (json_str(&errors).len > 2)
        json_kv_raw(&j, S("errors"), json_str(&errors));
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void give_person(struct sim_call *c, str id)
{
    const struct xnet *x = c->account->data;
    if (!str_eq(id, c->account->id) && map_get(&x->people_by_id, id) == NULL) {
        xnet_fail(c, 404, "resource-not-found", S("Could not find user."));
        return;
    }
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("data"));
    xnet_put_person(&j, c->account, id);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

/* ── calls ── */

static bool look(struct sim_call *c, str *at)
{
    const struct xnet *x = c->account->data;
    if (sim_route(c, HTTP_GET, "/2/users/me", at)) {
        if (xnet_rate(c, "me", 75, XNET_WINDOW_MS))
            give_person(c, c->account->id);
    } else if (sim_route(c, HTTP_GET, "/2/users/{}/mentions", at)) {
        if (xnet_rate(c, "mentions", 300, XNET_WINDOW_MS))
            give_list(c, &x->posts, false, is_mention);
    } else if (sim_route(c, HTTP_GET, "/2/users/{}/tweets", at)) {
        give_list(c, &x->posts, false, is_own);
    } else if (sim_route(c, HTTP_GET, "/2/users/{}", at)) {
        give_person(c, at[0]);
    } else if (sim_route(c, HTTP_GET, "/2/tweets", at)) {
        give_posts(c, sim_field(c, S("ids")), true);
    } else if (sim_route(c, HTTP_GET, "/2/tweets/{}", at)) {
        give_posts(c, at[0], false);
    } else if (sim_route(c, HTTP_GET, "/2/dm_events", at)) {
        if (xnet_rate(c, "dm_events", 15, XNET_WINDOW_MS))
            give_list(c, &x->messages, true, is_any);
    } else if (sim_route(c, HTTP_GET, "/2/dm_conversations/with/{}/dm_events", at)) {
        if (xnet_rate(c, "talk", 15, XNET_WINDOW_MS))
            give_list(c, &x->messages, true, is_of_talk);
    } else {
        return false;
    }
    return true;
}

static void write_something(struct sim_call *c, str *at)
{
    if (sim_route(c, HTTP_POST, "/2/tweets", at))
        xnet_post(c);
    else if (sim_route(c, HTTP_DELETE, "/2/tweets/{}", at))
        xnet_delete(c, at[0]);
    else if (sim_route(c, HTTP_PUT, "/2/tweets/{}/hidden", at))
        xnet_hide(c, at[0]);
    else if (sim_route(c, HTTP_POST, "/2/users/{}/likes", at))
        sim_answer_print(c, 200, "{\"data\":{\"liked\":true}}");
    else if (sim_route(c, HTTP_POST, "/2/dm_conversations/with/{}/messages", at))
        xnet_message(c, at[0]);
    else if (sim_route(c, HTTP_POST, "/2/media/upload", at))
        xnet_upload(c);
    else if (sim_route(c, HTTP_POST, "/2/media/upload/initialize", at))
        xnet_upload_begin(c);
    else if (sim_route(c, HTTP_POST, "/2/media/upload/{}/append", at))
        xnet_upload_piece(c, at[0]);
    else if (sim_route(c, HTTP_POST, "/2/media/upload/{}/finalize", at))
        xnet_upload_end(c, at[0], false);
    else if (sim_route(c, HTTP_GET, "/2/media/upload", at))
        xnet_upload_end(c, sim_field(c, S("media_id")), true);
}

static void give_file(struct sim_call *c)
{
    struct sim_media m;
    str id = sim_path(c, 5); /* ton/1.1/ton/data/dm/<id> */
    if (sim_media_get(c->sim, c->network, c->arena, id, &m))
        sim_answer_media(c, &m);
    else
        xnet_fail(c, 404, "resource-not-found", S("Could not find file."));
}

static void handle(struct sim_call *c)
{
    bool is_app;
    str at[8];
    if (str_starts(c->path, S("/api/")))
        c->path = str_skip(c->path, 4);
    if (sim_route(c, HTTP_POST, "/2/oauth2/token", at)) {
        give_tokens(c);
        return;
    }
    if (who_calls(c, &is_app) == NULL)
        return;
    if (((struct xnet *)c->account->data)->is_capped) {
        xnet_fail(c, 429, "usage-capped", S("Usage cap exceeded: Monthly product cap"));
        return;
    }
    if (c->body_fault.len > 0) {
        xnet_fail(c, 400, "invalid-request", c->body_fault);
        return;
    }
    str path = str_starts(c->path, S("/2/")) ? str_skip(c->path, 2) : (str){0};
    bool needs_app = str_starts(path, S("/webhooks")) || str_find(path, S("/stream")) > 0;
    if (needs_app && !is_app) {
        xnet_fail(c, 403, "unsupported-authentication",
            S("Authenticating with OAuth 2.0 User Context is forbidden for this endpoint."));
        return;
    }
    if (str_starts(c->path, S("/ton/")))
        give_file(c);
    else if (!xnet_hooks_handle(c, path) && is_app)
        xnet_fail(c, 403, "unsupported-authentication",
            S("Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint."));
    else if (c->status == 0 && !look(c, at))
        write_something(c, at);
}

/* Three tries within minutes; UNSURE in X's own words. */
static const int64_t retry_gaps_ms[] = {1000, 10000, 60000, 0};

const struct sim_network sim_x = {
    .name = S_INIT("x"),
    .title = S_INIT("X API v2"),
    .account = {.id = S_INIT("1111"),
                .name = S_INIT("Seva Care"),
                .token = S_INIT("x-user-token"),
                .secret = S_INIT("seva-x-consumer-secret")},
    .account_open = open_account,
    .account_close = close_account,
    .handle = handle,
    .refuse = refuse,
    .say = xnet_say,
    .special = xnet_special,
    .sign = xnet_sign,
    .answered = xnet_answered,
    .retry_gaps_ms = retry_gaps_ms,
};
