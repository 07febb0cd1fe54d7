/* authorizations: connecting an account by the network's own page (API "Networks"): the beginning,
 * and the choice when the tokens reach several accounts. The way back from the network:
 * authorize_callback.c. OAuth 2.0 with PKCE, and OAuth 1.0a: connector/authorize.h. */
#include "api/authorize.h"
#include "api/channels.h"
#include "api/input.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/limits.h"
#include "care/channel_setup.h"
#include "connector/authorize.h"
#include "model/view_channel.h"
#include "store/audit.h"
#include "store/channel.h"
#include "store/pace.h"

enum { SECRETS_BYTES = LIMIT_SEALED_BYTES / 2 };

/* ── what is kept ── */

str authorize_redirect_uri(struct call *call)
{
    return str_cat(call->cx.arena, call->cx.config->base_url, S("/oauth/callback"));
}

struct connector_setup authorize_setup(struct call *call, const struct authorizing *it)
{
    return (struct connector_setup){
        .settings = it->settings,
        .secrets = it->secrets,
        .hosts = call->cx.config->network_hosts,
    };
}

static void put_accounts(struct json_out *j, const struct authorizing *it)
{
    json_key(j, S("accounts"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < it->n_accounts && i < CHECKED_ACCOUNTS; i++) {
        const struct connector_account *account = &it->accounts[i];
        json_obj(j);
        json_kv_str(j, S("external_id"), account->external_id);
        json_kv_str(j, S("handle"), account->handle);
        json_kv_str(j, S("name"), account->name);
        json_kv_str(j, S("avatar_url"), account->avatar_url);
        json_kv_str(j, S("secrets"), account->secrets);
        json_kv_str(j, S("settings"), account->settings);
        json_obj_end(j);
    }
    json_arr_end(j);
}

err authorize_keep(struct ctx *cx, const struct authorizing *it, str state)
{
    struct json_out j = json_out_make(cx->arena, LIMIT_SEALED_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("name"), it->name);
    json_kv_str(&j, S("settings"), it->settings);
    json_kv_str(&j, S("secrets"), it->secrets);
    json_kv_str(&j, S("verifier"), it->verifier);
    json_kv_str(&j, S("request_token"), it->request_token);
    json_kv_str(&j, S("request_secret"), it->request_secret);
    json_kv_int(&j, S("expires_ms"), it->expires_ms);
    put_accounts(&j, it);
    json_obj_end(&j);
    if (j.b.failed)
        return fail(cx, E_LIMIT, "What the network gave is too long to be kept.");
    const struct authorization row = {
        .kind = it->connector->name, .channel = it->channel, .detail = json_str(&j)};
    return authorization_add(cx, &row, state);
}

static str text_of(const struct json *v, str key)
{
    return json_text(json_get(v, key), S(""));
}

static void read_accounts(struct ctx *cx, const struct json *list, struct authorizing *it)
{
    it->accounts = NEW(cx->arena, struct connector_account, list ? list->count + 1 : 1);
    for (const struct json *v = list ? list->first : NULL; v; v = v->next)
        it->accounts[it->n_accounts++] = (struct connector_account){
            .external_id = text_of(v, S("external_id")),
            .handle = text_of(v, S("handle")),
            .name = text_of(v, S("name")),
            .avatar_url = text_of(v, S("avatar_url")),
            .secrets = text_of(v, S("secrets")),
            .settings = text_of(v, S("settings")),
        };
}

err authorize_read(struct ctx *cx, const struct authorization *row, struct authorizing *it)
{
    const struct json *root = NULL;
    str why;
    const struct connector *c = connector_find(row->kind);
    if (!c || json_parse(cx->arena, row->detail, &root, &why) != OK)
        return fail(cx, E_INTERNAL, "an authorisation cannot be read");
    *it = (struct authorizing){
        .connector = c,
        .channel = row->channel,
        .name = text_of(root, S("name")),
        .settings = text_of(root, S("settings")),
        .secrets = text_of(root, S("secrets")),
        .verifier = text_of(root, S("verifier")),
        .request_token = text_of(root, S("request_token")),
        .request_secret = text_of(root, S("request_secret")),
        .expires_ms = json_int(json_get(root, S("expires_ms")), 0),
    };
    read_accounts(cx, json_get(root, S("accounts")), it);
    return OK;
}

/* ── what comes of it ── */

static void take_account(struct channel *channel, const struct connector_account *account)
{
    channel->external_id = account->external_id;
    if (account->handle.len)
        channel->handle = account->handle;
    if (account->avatar_url.len)
        channel->avatar_url = account->avatar_url;
}

static err renew(struct call *call, const struct authorizing *it,
    const struct connector_account *account, const struct channel_form *form,
    struct channel *channel)
{
    struct ctx *cx = &call->cx;
    TRY(channel_get(cx, it->channel, channel));
    if (channel->external_id.len && !str_eq(channel->external_id, account->external_id))
        return fail_detail(cx, E_CONFLICT, "account",
            "This is another account than the channel's; connect it as a channel of its own.");
    TRY(channel_is_free(cx, channel->kind, account->external_id, channel->id));
    take_account(channel, account);
    channel->settings = form->settings;
    TRY(channel_set(cx, channel));
    TRY(channel_set_network_secrets(cx, channel->id, form->secrets, it->expires_ms));
    TRY(pace_open(cx, channel->id));
    TRY(channel_plan(cx, channel));
    return channel_changed(call, channel, S("channel.authorized"));
}

err authorize_finish(struct call *call, const struct authorizing *it,
    const struct connector_account *account, struct channel *channel)
{
    struct ctx *cx = &call->cx;
    str secret;
    struct channel_form form = {
        .settings =
            channel_form_with(cx->arena, it->settings, account->settings, LIMIT_SEALED_BYTES),
        .secrets = channel_form_with(cx->arena, it->secrets, account->secrets, SECRETS_BYTES),
    };
    if (!form.settings.len || !form.secrets.len)
        return fail(cx, E_LIMIT, "What the network gave is too long to be kept.");
    if (it->channel.v)
        return renew(call, it, account, &form, channel);
    *channel =
        (struct channel){.kind = it->connector->name, .name = it->name, .languages = S("[]")};
    take_account(channel, account);
    return channel_make(call, channel, &form, it->expires_ms, &secret);
}

/* ── beginning ── */

struct begin_body {
    str kind, name;
    const struct json *settings;
    int64_t channel_id;
};
static const struct input_field begin_fields[] = {
    FIELD_ENUM(struct begin_body, kind, IN_REQUIRED, channel_kind_words, NULL),
    FIELD(struct begin_body, name, IN_TEXT, 0, 0, 0, "of the new channel; empty: the account's"),
    FIELD(struct begin_body, settings, IN_JSON, 0, 0, 0, "what the form asks, but for the tokens"),
    FIELD(struct begin_body, channel_id, IN_ID, IN_NULLABLE, 0, 0,
        "a channel that is authorised anew; its settings are taken where the form has none"),
};
static const struct input_spec begin_spec =
    SPEC("AuthorizationNew", struct begin_body, begin_fields);

struct beginning {
    struct authorizing it;
    enum authorize_way way;
    struct oauth1_token token;
    struct oauth_end end;
    struct connector_refreshed enrolled;
};

static err load_channel(struct call *call, struct beginning *b)
{
    struct ctx *cx = &call->cx;
    const struct begin_body *body = call->body;
    struct channel channel;
    struct connector_setup setup;
    channel_id id = {body->channel_id};
    TRY(db_scope(cx->db, cx->account));
    TRY(channel_seen(cx, id.v, &channel));
    if (!str_eq(channel.kind, body->kind))
        return fail_field(cx, "kind", "The channel is of another kind.");
    TRY(channel_setup(cx, &channel, &setup));
    b->it.channel = id;
    b->it.name = channel.name;
    b->it.settings = setup.settings;
    b->it.secrets = setup.secrets;
    return OK;
}

static err ask_token(struct call *call, struct http_client *client, void *arg)
{
    struct beginning *b = arg;
    struct arena *a = call->cx.arena;
    const struct connector_setup setup = authorize_setup(call, &b->it);
    const struct oauth1_keys keys = authorize_keys(a, b->it.connector, &setup);
    return oauth1_request_token(client, a, authorize_oauth1_base(a, b->it.connector, &setup), &keys,
        authorize_redirect_uri(call), call->cx.now_ms, &b->token, &b->end);
}

static err begin_oauth1(struct call *call, struct beginning *b)
{
    struct ctx *cx = &call->cx;
    const struct connector_setup setup = authorize_setup(call, &b->it);
    const struct oauth1_keys keys = authorize_keys(cx->arena, b->it.connector, &setup);
    if (!keys.consumer_key.len || !keys.consumer_secret.len)
        return fail_field(cx,
            keys.consumer_key.len ? "settings.consumer_secret" : "settings.consumer_key",
            "This is needed.");
    TRY(network_call_do(call, ask_token, b));
    if (b->end.outcome != OAUTH_OK)
        return fail(cx, E_UPSTREAM, "%.*s", SARG(b->end.why));
    b->it.request_token = b->token.token;
    b->it.request_secret = b->token.secret;
    return OK;
}

static err ask_enroll(struct call *call, struct http_client *client, void *arg)
{
    struct beginning *b = arg;
    const struct connector_setup setup = authorize_setup(call, &b->it);
    return b->it.connector->enroll(client, call->cx.arena, &setup, authorize_redirect_uri(call),
        call->cx.now_ms, &b->enrolled);
}

/* Where the account's own server makes us known as an application. */
static err enroll(struct call *call, struct beginning *b)
{
    const struct connector_setup setup = authorize_setup(call, &b->it);
    const struct oauth2_app app =
        authorize_app(call->cx.arena, b->it.connector, &setup, authorize_redirect_uri(call));
    if (!b->it.connector->enroll || app.client_id.len)
        return OK;
    TRY(network_call_do(call, ask_enroll, b));
    if (b->enrolled.end.outcome != CONNECTOR_SENT)
        return fail(&call->cx, E_UPSTREAM, "%.*s", SARG(b->enrolled.end.why));
    b->it.secrets = b->enrolled.secrets;
    return OK;
}

static err begin_prepare(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct begin_body *body = call->body;
    struct beginning *b = NEW(cx->arena, struct beginning, 1);
    struct channel_form form;
    b->it = (struct authorizing){.connector = connector_find(body->kind),
        .settings = S("{}"),
        .secrets = S("{}"),
        .name = body->name};
    call->prepared = b;
    if (!b->it.connector || (!b->it.connector->oauth2 && !b->it.connector->oauth1))
        return fail_field(cx, "kind", "This network is connected by its form alone.");
    if (body->channel_id) {
        TRY(prepare_read_begin(call));
        err e = load_channel(call, b);
        prepare_read_end(call);
        TRY(e);
    }
    TRY(channel_form_merge(
        cx, b->it.connector, b->it.settings, b->it.secrets, body->settings, true, &form));
    b->it.settings = form.settings;
    b->it.secrets = form.secrets;
    const struct connector_setup setup = authorize_setup(call, &b->it);
    b->way = authorize_way_of(cx->arena, b->it.connector, &setup);
    if (b->way == AUTHORIZE_NONE)
        return fail_field(cx, "settings", "With these settings the form alone connects it.");
    return b->way == AUTHORIZE_OAUTH1 ? begin_oauth1(call, b) : enroll(call, b);
}

static err answer_url(struct call *call, str url)
{
    struct json_out j = json_out_make(call->cx.arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("url"), url);
    json_obj_end(&j);
    return answer_json(call, 201, json_str(&j));
}

static err begin_oauth2(struct call *call, struct beginning *b)
{
    struct ctx *cx = &call->cx;
    const struct connector_setup setup = authorize_setup(call, &b->it);
    const struct oauth2_app app =
        authorize_app(cx->arena, b->it.connector, &setup, authorize_redirect_uri(call));
    const struct oauth2_pkce pkce = oauth2_pkce_make(cx->arena);
    str state = crypto_token(cx->arena), url;
    if (!app.client_id.len)
        return fail_field(cx, "settings.client_id", "This is needed.");
    b->it.verifier = pkce.verifier;
    TRY(authorize_keep(cx, &b->it, state));
    if (oauth2_authorize_url(cx->arena, &app, state, pkce.challenge, &url) != OK)
        return fail_field(cx, "settings", "The network's address is not known.");
    return answer_url(call, url);
}

static err begin_handle(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct beginning *b = call->prepared;
    if (!cx->actor.agent.v)
        return fail(cx, E_FORBIDDEN, "An authorisation is somebody's: sign in for it.");
    struct json_out detail = json_out_make(cx->arena, 0);
    json_obj(&detail);
    json_kv_str(&detail, S("kind"), b->it.connector->name);
    json_obj_end(&detail);
    TRY(audit_add(cx, S("channel.authorizing"), S("channel"), b->it.channel.v, json_str(&detail)));
    if (b->way == AUTHORIZE_OAUTH2)
        return begin_oauth2(call, b);
    const struct connector_setup setup = authorize_setup(call, &b->it);
    TRY(authorize_keep(cx, &b->it, b->token.token));
    return answer_url(
        call, oauth1_authorize_url(cx->arena,
                  authorize_oauth1_base(cx->arena, b->it.connector, &setup), b->token.token));
}

/* ── choosing ── */

static err choices(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct authorization row;
    struct authorizing it;
    TRY(authorization_get(cx, call->params[0], &row));
    TRY(authorize_read(cx, &row, &it));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("kind"), it.connector->name);
    json_kv_text(&j, S("name"), it.name);
    json_key(&j, S("accounts"));
    checked_accounts_put(&j, it.accounts, it.n_accounts);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

struct choose_body {
    str external_id;
};
static const struct input_field choose_fields[] = {
    FIELD(struct choose_body, external_id, IN_TEXT, IN_REQUIRED, 1, 255, "one of the accounts"),
};
static const struct input_spec choose_spec =
    SPEC("AuthorizationChoice", struct choose_body, choose_fields);

static err choose(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct choose_body *body = call->body;
    struct authorization row;
    struct authorizing it;
    struct channel channel;
    TRY(authorization_take(cx, call->params[0], &row));
    TRY(authorize_read(cx, &row, &it));
    for (ptrdiff_t i = 0; i < it.n_accounts; i++) {
        if (!str_eq(it.accounts[i].external_id, body->external_id))
            continue;
        if (!it.name.len)
            it.name = it.accounts[i].name.len ? it.accounts[i].name : it.connector->title;
        TRY(authorize_finish(call, &it, &it.accounts[i], &channel));
        struct json_out j = json_out_make(cx->arena, 0);
        channel_view(&j, &channel);
        return answer_json(call, 201, json_str(&j));
    }
    return fail_field(cx, "external_id", "This is none of the accounts.");
}

static const struct shape_field begun_fields[] = {
    SHOWN("url", SHAPE_TEXT, 0, "where the browser goes; the network sends it back"),
};
static const struct shape begun_shape =
    SHAPE("AuthorizationBegun", NULL, begun_fields, "The network's page.");
static const struct shape_field choices_fields[] = {
    SHOWN("kind", SHAPE_TEXT, 0, "of the network"),
    SHOWN("name", SHAPE_TEXT, SHAPE_NULL, "of the new channel"),
    SHOWN_OBJECT("accounts", SHAPE_LIST, &checked_account_shape, NULL),
};
static const struct shape choices_shape =
    SHAPE("Authorization", NULL, choices_fields, "Accounts to choose from.");

/* clang-format off */
static const struct route routes[] = {
    {HTTP_POST, "/api/v1/authorizations", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE | ROUTE_MADE | ROUTE_404, NULL, &begin_spec, begin_prepare, begin_handle,
     "Begin to connect an account by the network's own page; only who began may go on, for 15 minutes.", &begun_shape, 0},
    {HTTP_GET, "/api/v1/authorizations/{state}", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_READ | ROUTE_404, NULL, NULL, NULL, choices,
     "The accounts to choose from, when there are several.", &choices_shape, 0},
    {HTTP_POST, "/api/v1/authorizations/{state}", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE | ROUTE_MADE | ROUTE_404 | ROUTE_409, NULL, &choose_spec, NULL, choose,
     "Connect one of them.", &channel_shape, 0},
};
/* clang-format on */
extern const struct route_table authorizations_routes;
const struct route_table authorizations_routes = ROUTES(routes);
