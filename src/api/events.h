/* events: the types of events with the shape of their data, in one table: what streams, webhooks
 * and reply addresses may get. OpenAPI, /docs and the console's types are printed from it, and the
 * tests hold every event that the server writes against it. Not here: who gets which event
 * (care/audience.h), the writing (care/news.h, change.h).
 * Source: docs/api.md "Live". Thread: constant data. */
#pragma once
#include "model/shape.h"

enum event_to {
    EVENT_TO_CONSOLES = 1, /* GET /api/v1/stream */
    EVENT_TO_VISITORS = 2, /* GET /widget/v1/stream */
    EVENT_TO_WEBHOOKS = 4, /* what a webhook may ask for */
    EVENT_TO_REPLY_ADDRESS = 8,
    /* Only `data` is sent, not an event object: it is not kept and not replayed. */
    EVENT_IS_FLEETING = 16,
};
struct event_kind {
    const char *type, *help;
    const struct shape *data; /* NULL: {} */
    int to;
};
extern const struct event_kind event_kinds[];
extern const ptrdiff_t n_event_kinds;

/* The row of a type to one of these receivers; NULL when there is none. */
const struct event_kind *event_kind_find(str type, int to);
