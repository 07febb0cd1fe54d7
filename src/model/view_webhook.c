/* See view_webhook.h. Thread: pure. */
#include "model/view_webhook.h"

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
