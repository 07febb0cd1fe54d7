/* view_event: the public JSON of an event, as streams, webhooks and reply addresses get it (API
 * "Live"). Fields are only ever added within v 1. Thread: pure. */
#pragma once
#include "base/json.h"
#include "model/ids.h"
#include "model/shape.h"

/* An event object; the shape of its data depends on the type (api/events.h). */
extern const struct shape event_shape;

struct event_shown {
    str id; /* opaque */
    str type;
    account_id account;
    str subject_type;
    int64_t subject_id;
    int64_t at_ms;
    str data; /* JSON of the subject's public view */
};
void event_view(struct json_out *j, const struct event_shown *e);
