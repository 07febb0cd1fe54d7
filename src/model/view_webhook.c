/* See view_webhook.h. Thread: pure. */
#include "model/view_webhook.h"

static const struct shape_field webhook_shape_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("name", SHAPE_TEXT, 0, NULL),
    SHOWN("url", SHAPE_TEXT, 0, NULL),
    SHOWN("events", SHAPE_TEXT, SHAPE_LIST, "types, or * for all"),
    SHOWN("is_enabled", SHAPE_BOOL, 0, NULL),
    SHOWN("failing_since", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("disabled_reason", SHAPE_TEXT, SHAPE_NULL, "when Seva switched it off"),
    SHOWN("old_secret_kept_until", SHAPE_TIME, SHAPE_NULL, "after a change of the secret"),
    SHOWN("created_at", SHAPE_TIME, 0, NULL),
    SHOWN("updated_at", SHAPE_TIME, 0, NULL),
};
const struct shape webhook_shape =
    SHAPE("Webhook", NULL, webhook_shape_fields, "An address that hears events.");

void webhook_fields(struct json_out *j, const struct webhook *w)
{
    json_kv_id(j, S("id"), w->id.v);
    json_kv_str(j, S("name"), w->name);
    json_kv_str(j, S("url"), w->url);
    json_kv_raw(j, S("events"), w->events);
    json_kv_bool(j, S("is_enabled"), w->is_enabled);
    json_kv_time(j, S("failing_since"), w->failing_since_ms);
    json_kv_text(j, S("disabled_reason"), w->disabled_reason);
    json_kv_time(j, S("old_secret_kept_until"), w->old_secret_until_ms);
    json_kv_time(j, S("created_at"), w->created_ms);
    json_kv_time(j, S("updated_at"), w->updated_ms);
}

void webhook_view(struct json_out *j, const struct webhook *w)
{
    json_obj(j);
    webhook_fields(j, w);
    json_obj_end(j);
}

static const char *const delivery_states[] = {
    "queued", "sending", "delivered", "failed", "dead", NULL};
static const struct shape_field delivery_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("event_id", SHAPE_TEXT, SHAPE_NULL, "null of a ping"),
    SHOWN("event_type", SHAPE_TEXT, 0, NULL),
    SHOWN_WORD("state", 0, delivery_states, "failed: is tried again; dead: is not"),
    SHOWN("attempts", SHAPE_INT, 0, NULL),
    SHOWN("last_status", SHAPE_INT, SHAPE_NULL, "of HTTP"),
    SHOWN("last_error", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("next_attempt_at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("created_at", SHAPE_TIME, 0, NULL),
    SHOWN("request", SHAPE_TEXT, SHAPE_NULL, "the body; null once the event is forgotten"),
    SHOWN("response", SHAPE_TEXT, SHAPE_NULL, "how the last answer began"),
};
const struct shape delivery_shape =
    SHAPE("Delivery", NULL, delivery_fields, "One event on its way to one webhook.");

void delivery_view(struct json_out *j, const struct delivery *d, str event, str request)
{
    json_obj(j);
    json_kv_id(j, S("id"), d->id.v);
    json_kv_text(j, S("event_id"), event);
    json_kv_str(j, S("event_type"), d->event_type);
    json_kv_str(j, S("state"), d->state);
    json_kv_int(j, S("attempts"), d->attempts);
    json_key(j, S("last_status"));
    if (d->last_status)
        json_put_int(j, d->last_status);
    else
        json_put_null(j);
    json_kv_text(j, S("last_error"), d->last_error);
    json_kv_time(j, S("next_attempt_at"), d->next_ms);
    json_kv_time(j, S("created_at"), d->created_ms);
    json_kv_text(j, S("request"), request);
    json_kv_text(j, S("response"), d->response);
    json_obj_end(j);
}
