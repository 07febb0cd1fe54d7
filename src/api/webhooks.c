/* webhooks: outgoing webhooks and their delivery log (API "Webhooks, jobs, quarantine"). The secret
 * is in the answer of the POST that made it and nowhere else. Not here: sending
 * (job/webhook_send.c), which events go out (job/publish.c). */
#include "api/change.h"
#include "api/events.h"
#include "api/page.h"
#include "api/server.h"
#include "base/json.h"
#include "base/limits.h"
#include "model/view_event.h"
#include "model/view_webhook.h"
#include "store/audit.h"
#include "store/delivery.h"
#include "store/webhook.h"

enum { URL_BYTES = 2048, TYPES_MOST = 32 };

struct webhook_body {
    str name, url;
    struct str_list events;
    bool is_enabled;
    bool has_name, has_url, has_events, has_is_enabled;
};
static const struct input_field post_fields[] = {
    FIELD(struct webhook_body, name, IN_TEXT, IN_REQUIRED, 1, 0, NULL),
    FIELD(struct webhook_body, url, IN_TEXT, IN_REQUIRED, 1, URL_BYTES, "http or https"),
    FIELD(struct webhook_body, events, IN_TEXT_LIST, IN_REQUIRED, 1, TYPES_MOST,
        "event types, or \"*\" for all"),
    FIELD_SEEN(struct webhook_body, is_enabled, IN_BOOL, 0, 0, 0, "true when not given"),
};
static const struct input_field patch_fields[] = {
    FIELD_SEEN(struct webhook_body, name, IN_TEXT, 0, 1, 0, NULL),
    FIELD_SEEN(struct webhook_body, url, IN_TEXT, 0, 1, URL_BYTES, "http or https"),
    FIELD_SEEN(struct webhook_body, events, IN_TEXT_LIST, 0, 1, TYPES_MOST,
        "event types, or \"*\" for all"),
    FIELD_SEEN(struct webhook_body, is_enabled, IN_BOOL, 0, 0, 0, NULL),
};
static const struct input_spec post_spec = SPEC("WebhookNew", struct webhook_body, post_fields);
static const struct input_spec patch_spec = SPEC("WebhookPatch", struct webhook_body, patch_fields);

static const struct input_field page_fields[] = {
    PAGE_ID_FIELDS(struct page_id_query),
};
static const struct input_spec page_spec = SPEC("WebhookQuery", struct page_id_query, page_fields);

/* ── values ── */

/* Where the address leads is the egress guard's to judge, at every call. */
static err url_check(struct ctx *cx, str url)
{
    str rest = str_starts(url, S("https://"))  ? str_skip(url, 8)
               : str_starts(url, S("http://")) ? str_skip(url, 7)
                                               : (str){0};
    str host, path;
    (void)str_cut(rest, '/', &host, &path); /* no path is fine */
    if (host.len == 0)
        return fail_field(cx, "url", "this is not a web address (http:// or https://)");
    if (str_find_byte(host, '@') >= 0 || str_find_byte(url, ' ') >= 0 ||
        str_find_byte(url, '#') >= 0)
        return fail_field(cx, "url", "the address must not hold a user, a space or a fragment");
    return OK;
}

static bool may_ask_for(str type)
{
    const struct event_kind *kind = event_kind_find(type, EVENT_TO_WEBHOOKS);
    return str_eq(type, S("*")) || (kind && kind->data);
}

static err events_json(struct ctx *cx, const struct str_list *types, str *json)
{
    struct json_out j = json_out_make(cx->arena, 0);
    json_arr(&j);
    for (ptrdiff_t i = 0; i < types->len; i++) {
        if (!may_ask_for(types->at[i]))
            return fail_field(cx, "events", "there is no event %.*s", SARG(types->at[i]));
        json_put_str(&j, types->at[i]);
    }
    json_arr_end(&j);
    *json = json_str(&j);
    return OK;
}

static str view_of(struct ctx *cx, const struct webhook *w)
{
    struct json_out j = json_out_make(cx->arena, 0);
    webhook_view(&j, w);
    return json_str(&j);
}

static err tell(struct ctx *cx, const struct webhook *w, str action)
{
    TRY(change_tell(cx, S("webhook.updated"), S("webhook"), w->id.v, view_of(cx, w)));
    struct json_out detail = json_out_make(cx->arena, 0);
    json_obj(&detail);
    json_kv_str(&detail, S("name"), w->name);
    json_kv_str(&detail, S("url"), w->url);
    json_obj_end(&detail);
    return audit_add(cx, action, S("webhook"), w->id.v, json_str(&detail));
}

/* ── webhooks ── */

static err list(struct call *call)
{
    const struct page_id_query *query = call->query;
    ptrdiff_t limit = page_limit(query->limit), n = 0;
    const struct webhook *rows;
    TRY(webhook_list(&call->cx, (webhook_id){query->cursor}, limit + 1, &rows, &n));
    bool has_more = page_cut(limit, &n);
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        webhook_view(&j, &rows[i]);
    return answer_list_end(
        call, &j, has_more ? page_id(call->cx.arena, rows[n - 1].id.v) : (str){0});
}

static err post(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct webhook_body *body = call->body;
    struct webhook w = {.name = body->name,
        .url = body->url,
        .is_enabled = body->has_is_enabled ? body->is_enabled : true};
    const struct webhook *rows;
    ptrdiff_t n;
    str secret;
    TRY(url_check(cx, w.url));
    TRY(events_json(cx, &body->events, &w.events));
    TRY(webhook_list(cx, (webhook_id){0}, LIMIT_WEBHOOKS, &rows, &n));
    if (n >= LIMIT_WEBHOOKS)
        return fail(cx, E_LIMIT, "an account has at most %d webhooks", LIMIT_WEBHOOKS);
    TRY(webhook_add(cx, &w, &secret));
    TRY(tell(cx, &w, S("webhook.created")));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    webhook_fields(&j, &w);
    json_kv_str(&j, S("secret"), secret);
    json_obj_end(&j);
    return answer_json(call, 201, json_str(&j));
}

static err get(struct call *call)
{
    struct webhook w = {0};
    TRY(webhook_get(&call->cx, (webhook_id){call->id}, &w));
    return answer_json(call, 200, view_of(&call->cx, &w));
}

static err patch(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct webhook_body *body = call->body;
    struct webhook w = {0};
    TRY(webhook_get(cx, (webhook_id){call->id}, &w));
    bool was_enabled = w.is_enabled;
    if (body->has_name)
        w.name = body->name;
    if (body->has_url) {
        TRY(url_check(cx, body->url));
        w.url = body->url;
    }
    if (body->has_events)
        TRY(events_json(cx, &body->events, &w.events));
    if (body->has_is_enabled)
        w.is_enabled = body->is_enabled;
    TRY(webhook_set(cx, &w, was_enabled));
    TRY(webhook_get(cx, w.id, &w));
    TRY(tell(cx, &w, S("webhook.updated")));
    return answer_json(call, 200, view_of(cx, &w));
}

static err delete (struct call *call)
{
    struct ctx *cx = &call->cx;
    webhook_id id = {call->id};
    TRY(webhook_remove(cx, id));
    TRY(change_tell_gone(cx, S("webhook.updated"), S("webhook"), id.v));
    TRY(audit_add(cx, S("webhook.deleted"), S("webhook"), id.v, (str){0}));
    return answer_empty(call);
}

static err rotate_post(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct webhook w = {0};
    str secret;
    int64_t kept_until_ms;
    TRY(webhook_get(cx, (webhook_id){call->id}, &w));
    TRY(webhook_rotate_secret(cx, &w, &secret, &kept_until_ms));
    TRY(tell(cx, &w, S("webhook.secret_rotated")));
    return answer_secret(call, secret, kept_until_ms);
}

/* ── deliveries ── */

/* The bytes that were or will be sent; empty when the event has been forgotten. */
static err request_of(struct ctx *cx, const struct delivery *d, str *event, str *request)
{
    struct event_pos pos = {d->event_major, d->event_minor};
    struct event_row row = {0};
    *event = (str){0};
    *request = d->body;
    if (d->body.len)
        return OK;
    *event = event_pos_text(cx->arena, pos);
    err e = event_get(cx, pos, &row);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    *request = event_json(cx->arena, &row);
    return OK;
}

static err put_delivery(struct ctx *cx, struct json_out *j, const struct delivery *d)
{
    str event, request;
    TRY(request_of(cx, d, &event, &request));
    delivery_view(j, d, event, request);
    return OK;
}

static err answer_delivery(struct call *call, const struct delivery *d)
{
    struct json_out j = json_out_make(call->cx.arena, 0);
    TRY(put_delivery(&call->cx, &j, d));
    return answer_json(call, 200, json_str(&j));
}

static err deliveries_get(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct page_id_query *query = call->query;
    ptrdiff_t limit = page_limit(query->limit), n = 0;
    struct webhook w = {0};
    const struct delivery *rows;
    TRY(webhook_get(cx, (webhook_id){call->id}, &w));
    TRY(delivery_list(cx, w.id, (delivery_id){query->cursor}, limit + 1, &rows, &n));
    bool has_more = page_cut(limit, &n);
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(put_delivery(cx, &j, &rows[i]));
    return answer_list_end(call, &j, has_more ? page_id(cx->arena, rows[n - 1].id.v) : (str){0});
}

/* A ping, so that people can try an address before they rely on it. */
static err test_post(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct webhook w = {0};
    TRY(webhook_get(cx, (webhook_id){call->id}, &w));
    struct json_out j = json_out_make(cx->arena, 0);
    event_view(&j, &(struct event_shown){.id = S("0-0"),
                       .type = S("ping"),
                       .account = cx->account,
                       .subject_type = S("webhook"),
                       .subject_id = w.id.v,
                       .at_ms = cx->now_ms,
                       .data = S("{}")});
    struct delivery d = {.webhook_id = w.id, .event_type = S("ping"), .body = json_str(&j)};
    TRY(delivery_add_many(cx, &d, 1));
    return answer_delivery(call, &d);
}

static err retry_post(struct call *call)
{
    struct delivery d = {0};
    TRY(delivery_get(&call->cx, (delivery_id){call->id}, &d));
    TRY(delivery_retry(&call->cx, &d));
    return answer_delivery(call, &d);
}

static const struct shape_field made_fields[] = {
    SHOWN("secret", SHAPE_TEXT, 0, "signs what is sent; shown this once"),
};
static const struct shape made_shape =
    SHAPE("WebhookMade", &webhook_shape, made_fields, "A new webhook with its secret.");

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/webhooks", AUTH_AGENT, CAP_WEBHOOK_MANAGE,
     ROUTE_READ | ROUTE_LIST, &page_spec, NULL, NULL, list,
     "All outgoing webhooks.", &webhook_shape, 0},
    {HTTP_POST, "/api/v1/webhooks", AUTH_AGENT, CAP_WEBHOOK_MANAGE,
     ROUTE_WRITE | ROUTE_MADE | ROUTE_429, NULL, &post_spec, NULL, post,
     "Make a webhook; its secret is shown this once.", &made_shape, 0},
    {HTTP_GET, "/api/v1/webhooks/{id}", AUTH_AGENT, CAP_WEBHOOK_MANAGE,
     ROUTE_READ, NULL, NULL, NULL, get,
     "One webhook.", &webhook_shape, 0},
    {HTTP_PATCH, "/api/v1/webhooks/{id}", AUTH_AGENT, CAP_WEBHOOK_MANAGE,
     ROUTE_WRITE, NULL, &patch_spec, NULL, patch,
     "Change a webhook; enabling starts with what happens now.", &webhook_shape, 0},
    {HTTP_DELETE, "/api/v1/webhooks/{id}", AUTH_AGENT, CAP_WEBHOOK_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, delete,
     "Remove a webhook and its delivery log.", NULL, 0},
    {HTTP_POST, "/api/v1/webhooks/{id}/test", AUTH_AGENT, CAP_WEBHOOK_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, test_post,
     "Send a ping.", &delivery_shape, 0},
    {HTTP_POST, "/api/v1/webhooks/{id}/rotate-secret", AUTH_AGENT, CAP_WEBHOOK_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, rotate_post,
     "A new secret; for 24 hours both sign.", &secret_rotated_shape, 0},
    {HTTP_GET, "/api/v1/webhooks/{id}/deliveries", AUTH_AGENT, CAP_WEBHOOK_MANAGE,
     ROUTE_READ | ROUTE_LIST, &page_spec, NULL, NULL, deliveries_get,
     "The delivery log, newest first.", &delivery_shape, 0},
    {HTTP_POST, "/api/v1/deliveries/{id}/retry", AUTH_AGENT, CAP_WEBHOOK_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, retry_post,
     "Send it again now.", &delivery_shape, 0},
};
/* clang-format on */
extern const struct route_table webhooks_routes;
const struct route_table webhooks_routes = ROUTES(routes);
