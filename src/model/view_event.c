/* See view_event.h. Thread: pure. */
#include "model/view_event.h"

void event_view(struct json_out *j, const struct event_shown *e)
{
    json_obj(j);
    json_kv_str(j, S("id"), e->id);
    json_kv_str(j, S("type"), e->type);
    json_kv_int(j, S("v"), 1);
    json_kv_time(j, S("at"), e->at_ms);
    json_kv_id(j, S("account"), e->account.v);
    json_key(j, S("subject"));
    json_obj(j);
    json_kv_str(j, S("type"), e->subject_type);
    json_kv_id(j, S("id"), e->subject_id);
    json_obj_end(j);
    json_kv_raw(j, S("data"), e->data);
    json_obj_end(j);
}
