/* shape_check: is this JSON what its declaration (model/shape.h) says? Used on every answer and
 * event that a test of the server sees, so that a view and its declaration cannot part. */
#pragma once
#include "base/json.h"
#include "model/shape.h"

struct event_row;
struct route;

/* Empty when v is of the shape: every field that may not be left out is there, none is unknown,
 * each has its type and one of its words; otherwise where and why, in the arena. */
str shape_fault(struct arena *a, const struct shape *shape, const struct json *v);
/* An answer of a route: its status is one of those it declares, its body the declared one. json:
 * NULL when the body is none. Routes that are not described pass. */
str answer_fault_of(
    struct arena *a, const struct route *route, int status, str body, const struct json *json);
/* A stored event: its type is known to its receivers and its data is of the type's shape. */
str event_fault(struct arena *a, const struct event_row *row);
/* Whether a value that is not null stood in this field in anything that was held against its shape
 * since the process began. */
bool shape_was_seen(const struct shape_field *field);
