/* hooks: what networks and machines post to us. The raw body is verified and looked at, then it
 * goes to the intake (care/intake.h); the answer leaves after the commit. A network's handshake is
 * answered without anything being stored. The rest is the receive
 * job's (the inbox row itself). Channels by capture take their network's notification mails here. A
 * body that is not the network's is refused and nothing is kept; a single malformed item inside
 * goes to quarantine later. Not here: bytes of networks (connector/), conversations
 * (care/inbound.h). Source: API "API channel"; docs/architecture.md "Inbound key". */
#include "api/hooks.h"
#include "api/input.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/access.h"
#include "care/channel_form.h"
#include "care/channel_setup.h"
#include "care/delivery.h"
#include "connector/notice.h"
#include "store/channel.h"
#include "store/door.h"
#include "store/inbox.h"
#include "store/message.h"

enum { DELIVERY_KEY_MAX = 200, ERROR_BYTES = 500, ORIGIN_BYTES = 200 };

/* The id that the sender gave this delivery; empty without one. */
static err sender_id(struct call *call, const char *header, str *id)
{
    *id = header ? http_header_get(call->req, str_from(header)) : (str){0};
    if (id->len > DELIVERY_KEY_MAX || !utf8_valid(*id))
        return fail(
            &call->cx, E_INVALID, "%s has at most %d bytes of text", header, DELIVERY_KEY_MAX);
    return OK;
}

static err find(struct call *call, const struct connector *c, str key, struct hook *hook)
{
    struct ctx *cx = &call->cx;
    hook->connector = c;
    err e = source_find(call->api->sources, cx->arena, c->name, key, &hook->source);
    if (e == E_NOT_FOUND || (e == OK && !hook->source.is_enabled))
        return fail(cx, E_NOT_FOUND, "there is no channel with this key, or it is switched off");
    return e;
}

static struct connector_hook hook_of(struct call *call, const struct hook *hook, str key)
{
    const struct source *source = &hook->source;
    struct arena *a = call->cx.arena;
    struct connector_setup *setup = NEW(a, struct connector_setup, 1);
    *setup = (struct connector_setup){.settings = source->settings,
        .secrets = source->secrets,
        .external_id = source->external_id,
        .handle = source->handle,
        .hook_url = channel_hook_url(a, call->cx.config, hook->connector->name, key),
        .hosts = call->cx.config->network_hosts,
        .secret = source->secret,
        .old_secret = source->old_secret};
    return (struct connector_hook){.req = call->req, .setup = setup, .now_ms = call->cx.now_ms};
}

err hook_verify(struct call *call, const struct connector *c, str key, struct hook *hook)
{
    struct ctx *cx = &call->cx;
    str why = {0};
    TRY(find(call, c, key, hook));
    const struct connector_hook in = hook_of(call, hook, key);
    if (c->verify(cx->arena, &in, &why) != OK)
        return fail(cx, E_UNAUTHENTICATED, "%.*s", SARG(why));
    return OK;
}

static str origin_of(struct call *call, const struct connector *c)
{
    str path, query;
    if (!c->keeps_query || !str_cut(call->req->raw_target, '?', &path, &query))
        return S("hook");
    return str_sub(str_cat(call->cx.arena, S("hook?"), query), 0, ORIGIN_BYTES);
}

static err parse(
    struct call *call, const struct connector *c, const char *header, struct hook *hook)
{
    struct ctx *cx = &call->cx;
    hook->origin = origin_of(call, c);
    const struct connector_raw raw = {.body = call->req->body,
        .content_type = http_header_get(call->req, S("Content-Type")),
        .origin = hook->origin,
        .received_ms = cx->now_ms};
    str why = {0}, id;
    if (c->parse(cx->arena, &raw, &hook->batch, &why) != OK)
        return fail(cx, E_INVALID, "%.*s", SARG(why));
    TRY(sender_id(call, header, &id));
    hook->delivery_key =
        inbox_delivery_key(cx->arena, id, hook->batch.delivery_id, call->req->body);
    return OK;
}

static err api_prepare(struct call *call)
{
    const struct connector *api = connector_find(S("api"));
    struct hook *hook = NEW(call->cx.arena, struct hook, 1);
    TRY(hook_verify(call, api, call->params[0], hook));
    TRY(parse(call, api, "Seva-Delivery", hook));
    call->prepared = hook;
    return OK;
}

err hook_take_in(struct call *call)
{
    struct arena *a = call->cx.arena;
    const struct hook *hook = call->prepared;
    str type = http_media_type(http_header_get(call->req, S("Content-Type")));
    const struct inbox_new delivery = {
        .account = hook->source.account,
        .source = hook->source.id,
        .channel = hook->source.channel,
        .network = hook->source.network,
        .delivery_key = hook->delivery_key,
        .content_type = utf8_valid(type) ? type : (str){0}, /* only told to people */
        .origin = hook->origin,
        .body = hook->body.at ? hook->body : call->req->body,
        .received_ms = call->cx.now_ms,
    };
    if (hook->answer.status)
        return call_take_in_as(call, &delivery, hook->answer.status,
            str_from(hook->answer.content_type), hook->answer.body);
    if (hook->connector && hook->connector->taken.status)
        return call_take_in_as(call, &delivery, hook->connector->taken.status,
            str_from(hook->connector->taken.content_type), hook->connector->taken.body);
    return call_take_in(call, &delivery,
        str_print(a, "{\"accepted\":%td,\"duplicates\":0}", hook->batch.n),
        str_print(a, "{\"accepted\":0,\"duplicates\":%td}", hook->batch.n));
}

/* ── every other network ── */

/* OK with hook->is_challenge: answered without a delivery. */
static err challenge(struct call *call, struct hook *hook)
{
    struct ctx *cx = &call->cx;
    str why = {0};
    if (!hook->connector->challenge)
        return OK;
    const struct connector_hook in = hook_of(call, hook, call->params[1]);
    err e = hook->connector->challenge(cx->arena, &in, &hook->answer, &why);
    if (e == E_NOT_FOUND)
        return OK;
    if (e != OK)
        return fail(cx, e == E_UNAUTHENTICATED ? E_FORBIDDEN : e, "%.*s", SARG(why));
    hook->is_challenge = true;
    return OK;
}

/* Its notification mails, to a channel that has no other way to the network. */
static bool is_notice(struct call *call, const struct connector *c)
{
    str type = http_media_type(http_header_get(call->req, S("Content-Type")));
    return c && c->notice.senders && call->req->method == HTTP_POST &&
           str_eq_nocase(type, NOTICE_TYPE);
}

static bool knows_secret(struct call *call, const struct source *source)
{
    str given = http_header_get(call->req, S("Authorization"));
    if (!str_starts(given, S("Bearer ")))
        return false;
    given = str_skip(given, 7);
    return given.len &&
           (crypto_equal(given, source->secret) || crypto_equal(given, source->old_secret));
}

static err notice_prepare(struct call *call, const struct connector *c, struct hook *hook)
{
    struct ctx *cx = &call->cx;
    str why = {0};
    TRY(find(call, c, call->params[1], hook));
    if (!knows_secret(call, &hook->source))
        return fail(cx, E_UNAUTHENTICATED,
            "Send the channel's secret along: Authorization: Bearer SECRET.");
    if (!channel_is_capture(cx->arena, hook->source.settings))
        return fail(cx, E_CONFLICT, "This channel talks to its network itself and takes no mails.");
    const struct connector_raw raw = {
        .body = call->req->body, .origin = NOTICE_ORIGIN, .received_ms = cx->now_ms};
    if (notice_parse(cx->arena, c, &raw, &hook->batch, &why) != OK)
        return fail(cx, E_INVALID, "%.*s", SARG(why));
    hook->origin = NOTICE_ORIGIN;
    hook->delivery_key =
        inbox_delivery_key(cx->arena, (str){0}, hook->batch.delivery_id, call->req->body);
    return OK;
}

static err network_prepare(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct hook *hook = NEW(cx->arena, struct hook, 1);
    const struct connector *c = connector_find(call->params[0]);
    call->prepared = hook;
    if (is_notice(call, c))
        return notice_prepare(call, c, hook);
    if (!c || !c->verify)
        return fail(cx, E_NOT_FOUND, "there is no network of this name that calls Seva");
    TRY(find(call, c, call->params[1], hook));
    TRY(challenge(call, hook));
    if (hook->is_challenge)
        return OK;
    if (call->req->method != HTTP_POST)
        return fail(cx, E_NOT_FOUND, "this address is for the network's messages");
    TRY(hook_verify(call, c, call->params[1], hook));
    TRY(parse(call, c, NULL, hook));
    const struct connector_hook in = hook_of(call, hook, call->params[1]);
    if (c->answer)
        hook->answer = c->answer(cx->arena, &in);
    return OK;
}

static err network_handle(struct call *call)
{
    const struct hook *hook = call->prepared;
    if (!hook->is_challenge)
        return hook_take_in(call);
    return answer_bytes(
        call, hook->answer.status, str_from(hook->answer.content_type), hook->answer.body);
}

/* ── with a token instead of a signature ── */

static err inbound_prepare(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct hook *hook = NEW(cx->arena, struct hook, 1);
    struct channel channel = {0};
    if (!access_sees_channel(cx, (channel_id){call->id}))
        return fail(cx, E_NOT_FOUND, "there is no such channel");
    TRY(prepare_read_begin(call));
    err e = db_scope(cx->db, cx->account);
    if (e == OK)
        e = channel_get(cx, (channel_id){call->id}, &channel);
    prepare_read_end(call);
    TRY(e);
    const struct connector *c = connector_find(channel.kind);
    if (!c || !c->parse)
        return fail(cx, E_INVALID, "messages cannot be posted to this kind of channel");
    e = source_find(call->api->sources, cx->arena, c->name, channel.public_key, &hook->source);
    if (e != OK || !hook->source.is_enabled || hook->source.account.v != cx->account.v)
        return fail(cx, E_NOT_FOUND, "this channel is switched off");
    TRY(parse(call, c, "Idempotency-Key", hook));
    call->prepared = hook;
    return OK;
}

/* ── what became of our replies ── */

static err status_prepare(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct hook *hook = NEW(cx->arena, struct hook, 1);
    const struct json *root = NULL;
    str why = {0};
    TRY(hook_verify(call, connector_find(S("api")), call->params[0], hook));
    if (json_parse(cx->arena, call->req->body, &root, &why) != OK)
        return fail(cx, E_INVALID, "%.*s", SARG(why));
    hook->statuses = json_get(root, S("statuses"));
    if (!hook->statuses || hook->statuses->kind != JSON_ARRAY)
        return fail_field(cx, "statuses", "statuses is not a list");
    if (hook->statuses->count > LIMIT_HOOK_STATUSES)
        return fail_field(cx, "statuses", "at most %d statuses at once", LIMIT_HOOK_STATUSES);
    call->prepared = hook;
    return OK;
}

/* Only messages of this channel; a repeated or late report changes nothing. */
static err apply_status(struct ctx *cx, const struct hook *hook, const struct json *v, bool *taken)
{
    static const char *const states[] = {"delivered", "read", "failed"};
    str state = json_text(json_get(v, S("state")), S(""));
    str error = utf8_prefix_bytes(json_text(json_get(v, S("error")), S("")), ERROR_BYTES);
    struct message m = {0};
    message_id id;
    int64_t at_ms = cx->now_ms;
    bool is_known = false;
    *taken = false;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        is_known |= str_eq(state, str_from(states[i]));
    if (!is_known || str_int(json_text(json_get(v, S("message_id")), S("")), 1, INT64_MAX, &id.v))
        return OK;
    str at = json_text(json_get(v, S("at")), S(""));
    if (at.len && (time_parse(at, &at_ms) != OK || at_ms > cx->now_ms))
        at_ms = cx->now_ms;
    err e = message_get(cx, id, &m);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    if (m.channel_id.v != hook->source.channel.v || !str_eq(m.kind, S("out")))
        return OK;
    *taken = true;
    return message_set_state(cx, id, state, error, (str){0}, at_ms);
}

static err status_handle(struct call *call)
{
    const struct hook *hook = call->prepared;
    int64_t n = 0, unknown = 0;
    TRY(door_account(&call->cx, hook->source.account));
    for (const struct json *v = hook->statuses->first; v; v = v->next) {
        bool taken = false;
        TRY(apply_status(&call->cx, hook, v, &taken));
        n += taken;
        unknown += !taken;
    }
    return answer_json(call, 200,
        str_print(call->cx.arena, "{\"accepted\":%lld,\"unknown\":%lld}", (long long)n,
            (long long)unknown));
}

static const struct shape_field hook_answer_fields[] = {
    SHOWN("accepted", SHAPE_INT, 0, "messages that are stored and will be taken in"),
    SHOWN("duplicates", SHAPE_INT, 0, "messages of a delivery that was here before"),
};
static const struct shape hook_answer_shape =
    SHAPE("HookAnswer", NULL, hook_answer_fields, "What became of a delivery.");
static const struct shape_field status_answer_fields[] = {
    SHOWN("accepted", SHAPE_INT, 0, NULL),
    SHOWN("unknown", SHAPE_INT, 0, "not a reply of this channel, or not a state"),
};
static const struct shape status_answer_shape =
    SHAPE("HookStatusAnswer", NULL, status_answer_fields, "What became of reports on replies.");

/* clang-format off */
static const struct route routes[] = {
    {HTTP_POST, "/hooks/{network}/{key}", AUTH_HOOK, CAP_NONE,
     ROUTE_NO_DB | ROUTE_RAW_BODY | ROUTE_BYTES, NULL, NULL, network_prepare, network_handle,
     "Bring messages of a network, as it posts them.", NULL, LIMIT_WEBHOOK_BODY_BYTES},
    {HTTP_GET, "/hooks/{network}/{key}", AUTH_HOOK, CAP_NONE,
     ROUTE_NO_DB | ROUTE_BYTES | ROUTE_404, NULL, NULL, network_prepare, network_handle,
     "Answer a network's handshake.", NULL, 0},
    {HTTP_POST, "/hooks/api/{key}", AUTH_HOOK, CAP_NONE,
     ROUTE_NO_DB | ROUTE_RAW_BODY, NULL, NULL, api_prepare, hook_take_in,
     "Bring messages of an API channel; signed.", &hook_answer_shape, LIMIT_WEBHOOK_BODY_BYTES},
    {HTTP_POST, "/hooks/api/{key}/status", AUTH_HOOK, CAP_NONE,
     ROUTE_WRITE | ROUTE_RAW_BODY, NULL, NULL, status_prepare, status_handle,
     "Report what became of replies; signed.", &status_answer_shape, LIMIT_WEBHOOK_BODY_BYTES},
    {HTTP_POST, "/api/v1/channels/{id}/inbound", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_NO_DB | ROUTE_RAW_BODY, NULL, NULL, inbound_prepare, hook_take_in,
     "Bring messages of an API channel with a token.", &hook_answer_shape, LIMIT_WEBHOOK_BODY_BYTES},
};
/* clang-format on */
extern const struct route_table hooks_routes;
const struct route_table hooks_routes = ROUTES(routes);
