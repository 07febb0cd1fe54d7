/* See view_event.h. Thread: pure. */
#include "model/view_event.h"

#include "model/view_access.h"

static const struct shape_field event_fields[] = {
    SHOWN("id", SHAPE_TEXT, 0, "opaque; the place to resume from"),
    SHOWN("type", SHAPE_TEXT, 0, NULL),
    SHOWN("v", SHAPE_INT, 0, "1: fields are only ever added"),
    SHOWN("at", SHAPE_TIME, 0, NULL),
    SHOWN("account", SHAPE_ID, 0, NULL),
    SHOWN_OBJECT("subject", 0, &subject_shape, NULL),
    SHOWN("data", SHAPE_FREE, 0, "the type decides"),
};
const struct shape event_shape = SHAPE("Event", NULL, event_fields, "Something that happened.");

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
