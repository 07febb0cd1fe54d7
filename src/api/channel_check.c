/* channel_check: is the network there, who are we, what may we do? (API "Networks"): with what a
 * form holds, before anything is stored, or with a channel's own credentials. */
#include "api/channel_check.h"

#include "api/channels.h"
#include "api/input.h"
#include "base/json.h"
#include "base/limits.h"
#include "care/channel_form.h"
#include "care/channel_setup.h"
#include "model/view_channel.h"
#include "store/channel.h"
#include "store/pace.h"

/* ── the answer ── */

static const char *const outcomes[] = {"sent", "final", "retry", "wait", "reauth", "unknown", NULL};
static const struct shape_field account_fields[] = {
    SHOWN("external_id", SHAPE_TEXT, 0, "the network's id of it"),
    SHOWN("handle", SHAPE_TEXT, SHAPE_NULL, "as people write it"),
    SHOWN("name", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("avatar_url", SHAPE_TEXT, SHAPE_NULL, NULL),
};
const struct shape checked_account_shape =
    SHAPE("NetworkAccount", NULL, account_fields, "An account that the credentials reach.");
static const struct shape_field checked_fields[] = {
    SHOWN_WORD("outcome", 0, outcomes,
        "sent: it works; reauth: the credentials are refused; retry and wait: not now"),
    SHOWN("why", SHAPE_TEXT, SHAPE_NULL, "words, unless it works"),
    SHOWN("note", SHAPE_TEXT, SHAPE_NULL, "what works less than it could, and what to do"),
    SHOWN("expires_at", SHAPE_TIME, SHAPE_NULL, "of the credentials"),
    SHOWN_OBJECT("accounts", SHAPE_LIST, &checked_account_shape, "one, or several to choose from"),
};
static const struct shape checked_shape =
    SHAPE("Checked", NULL, checked_fields, "What a network says to credentials.");

void checked_accounts_put(struct json_out *j, const struct connector_account *accounts, ptrdiff_t n)
{
    json_arr(j);
    for (ptrdiff_t i = 0; i < n && i < CHECKED_ACCOUNTS; i++) {
        json_obj(j);
        json_kv_str(j, S("external_id"), accounts[i].external_id);
        json_kv_text(j, S("handle"), accounts[i].handle);
        json_kv_text(j, S("name"), accounts[i].name);
        json_kv_text(j, S("avatar_url"), accounts[i].avatar_url);
        json_obj_end(j);
    }
    json_arr_end(j);
}

static err answer_checked(struct call *call, const struct connector_checked *checked)
{
    bool is_well = checked->end.outcome == CONNECTOR_SENT;
    struct json_out j = json_out_make(call->cx.arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("outcome"), str_from(connector_outcome_name(checked->end.outcome)));
    json_kv_text(&j, S("why"), is_well ? (str){0} : checked->end.why);
    json_kv_text(&j, S("note"), checked->note);
    json_kv_time(&j, S("expires_at"), checked->expires_ms);
    json_key(&j, S("accounts"));
    checked_accounts_put(&j, checked->accounts, is_well ? checked->n : 0);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

/* ── asking ── */

struct checking {
    const struct connector *connector;
    struct connector_setup setup;
    struct connector_checked checked;
};

static err ask(struct call *call, struct http_client *client, void *arg)
{
    struct checking *c = arg;
    return c->connector->check(client, call->cx.arena, &c->setup, call->cx.now_ms, &c->checked);
}

static bool find_network(str kind, struct checking *c)
{
    c->connector = connector_find(kind);
    return c->connector && c->connector->check;
}

static err load_channel(struct call *call, channel_id id, struct checking *c)
{
    struct ctx *cx = &call->cx;
    struct channel channel;
    TRY(db_scope(cx->db, cx->account));
    TRY(channel_seen(cx, id.v, &channel));
    if (!find_network(channel.kind, c) || channel_is_capture(cx->arena, channel.settings))
        return fail_detail(
            cx, E_CONFLICT, "kind", "There is nothing to check at this kind of channel.");
    return channel_setup(cx, &channel, &c->setup);
}

static err load(struct call *call, int64_t id, struct checking *c)
{
    TRY(prepare_read_begin(call));
    err e = load_channel(call, (channel_id){id}, c);
    prepare_read_end(call);
    return e;
}

/* ── a form ── */

struct check_body {
    str kind;
    const struct json *settings;
    int64_t channel_id;
};
static const struct input_field check_fields[] = {
    FIELD_ENUM(struct check_body, kind, IN_REQUIRED, channel_kind_words, NULL),
    FIELD(struct check_body, settings, IN_JSON, 0, 0, 0, "with its secrets; nothing is stored"),
    FIELD(struct check_body, channel_id, IN_ID, IN_NULLABLE, 0, 0,
        "whose settings are taken where the form has none"),
};
static const struct input_spec check_spec = SPEC("ChannelCheck", struct check_body, check_fields);

static err check_prepare(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct check_body *body = call->body;
    struct checking *c = NEW(cx->arena, struct checking, 1);
    struct channel_form form;
    c->setup = (struct connector_setup){
        .settings = S("{}"), .secrets = S("{}"), .hosts = cx->config->network_hosts};
    if (!find_network(body->kind, c))
        return fail_field(cx, "kind", "There is nothing to check at this kind of channel.");
    if (body->channel_id)
        TRY(load(call, body->channel_id, c));
    if (!str_eq(c->connector->name, body->kind))
        return fail_field(cx, "kind", "The channel is of another kind.");
    TRY(channel_form_merge(
        cx, c->connector, c->setup.settings, c->setup.secrets, body->settings, false, &form));
    if (form.is_capture)
        return fail_field(cx, "settings.way", "Capture needs no credentials.");
    c->setup.settings = form.settings;
    c->setup.secrets = form.secrets;
    call->prepared = c;
    return network_call_do(call, ask, c);
}

static err check_handle(struct call *call)
{
    const struct checking *c = call->prepared;
    return answer_checked(call, &c->checked);
}

/* ── a channel ── */

static err channel_prepare(struct call *call)
{
    struct checking *c = NEW(call->cx.arena, struct checking, 1);
    call->prepared = c;
    TRY(load(call, call->id, c));
    return network_call_do(call, ask, c);
}

/* The channel's own account, or, when the channel does not know it yet, the only one. */
static const struct connector_account *account_of(
    const struct channel *channel, const struct checking *c)
{
    for (ptrdiff_t i = 0; channel->external_id.len && i < c->checked.n; i++)
        if (str_eq(c->checked.accounts[i].external_id, channel->external_id))
            return &c->checked.accounts[i];
    return c->checked.n == 1 ? &c->checked.accounts[0] : NULL;
}

/* What belongs to this account among all that the credentials reach: a page's own token, its
 * number. The network is told again where to call, with them. */
static err take_own(struct ctx *cx, struct channel *channel,
    const struct connector_account *account, int64_t expires_ms)
{
    str secrets;
    if (!account->secrets.len && !account->settings.len)
        return OK;
    TRY(channel_network_secrets(cx, channel, &secrets));
    str settings =
        channel_form_with(cx->arena, channel->settings, account->settings, LIMIT_SEALED_BYTES);
    str merged = channel_form_with(cx->arena, secrets, account->secrets, LIMIT_SEALED_BYTES / 2);
    if (!settings.len || !merged.len)
        return fail(cx, E_INVALID, "What the network gives for this account is too long to keep.");
    bool is_same = str_eq(settings, channel->settings) && str_eq(merged, secrets);
    channel->settings = settings;
    TRY(channel_set(cx, channel));
    if (!str_eq(merged, secrets))
        TRY(channel_set_network_secrets(
            cx, channel->id, merged, expires_ms ? expires_ms : channel->secrets_expire_ms));
    return is_same ? OK : channel_plan(cx, channel);
}

static err take_account(struct ctx *cx, struct channel *channel, const struct checking *c)
{
    const struct connector_account *account = account_of(channel, c);
    if (!account)
        return OK;
    if (!channel->external_id.len) {
        TRY(channel_is_free(cx, channel->kind, account->external_id, channel->id));
        channel->external_id = account->external_id;
    }
    if (!str_eq(channel->external_id, account->external_id))
        return OK;
    if (account->handle.len)
        channel->handle = account->handle;
    if (account->avatar_url.len)
        channel->avatar_url = account->avatar_url;
    TRY(channel_set(cx, channel));
    return take_own(cx, channel, account, c->checked.expires_ms);
}

static err channel_handle(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct checking *c = call->prepared;
    struct channel channel;
    bool has_changed = false;
    TRY(channel_get(cx, (channel_id){call->id}, &channel));
    if (c->checked.end.outcome == CONNECTOR_SENT) {
        TRY(take_account(cx, &channel, c));
        TRY(channel_set_auth(cx, channel.id, (str){0}, &has_changed));
        TRY(pace_open(cx, channel.id));
        TRY(channel_changed(call, &channel, S("channel.checked")));
    } else if (c->checked.end.outcome == CONNECTOR_REAUTH) {
        TRY(channel_set_auth(cx, channel.id, c->checked.end.why, &has_changed));
        if (has_changed)
            TRY(channel_changed(call, &channel, S("channel.refused")));
    }
    return answer_checked(call, &c->checked);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_POST, "/api/v1/channels/check", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_READ | ROUTE_404 | ROUTE_409, NULL, &check_spec, check_prepare, check_handle,
     "Ask a network what it says to a form's settings; nothing is stored.", &checked_shape, 0},
    {HTTP_POST, "/api/v1/channels/{id}/check", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE | ROUTE_409, NULL, NULL, channel_prepare, channel_handle,
     "Ask the network what it says to a channel's credentials, and note it.", &checked_shape, 0},
};
/* clang-format on */
extern const struct route_table channel_check_routes;
const struct route_table channel_check_routes = ROUTES(routes);
