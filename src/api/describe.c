/* describe: see describe.h. */
#include "api/describe.h"

#include "api/events.h"
#include "api/routes.h"
#include "api/server.h"
#include "model/view_event.h"

#include <assert.h>

enum { SHAPES_MAX = 256, INPUTS_MAX = 256 };

const int described_refusals[] = {400, 401, 403, 404, 409, 413, 416, 429, 0};

const char *describe_refusal(int status)
{
    switch (status) {
    case 400:
        return "the input is wrong; `field` names what";
    case 401:
        return "nobody is signed in, or a password, code or signature is wrong";
    case 403:
        return "the capability is missing, or the request is forged";
    case 404:
        return "there is no such thing, or not for the one who asks";
    case 409:
        return "it has changed in the meantime, is taken or in use";
    case 413:
        return "too large";
    case 416:
        return "the file ends before the part that Range asks for; Content-Range says where";
    case 429:
        return "a limit was reached; Retry-After says when to come again";
    default:
        return "Seva is busy (503, with Retry-After), another service failed (502) or something "
               "went wrong inside (500)";
    }
}

bool describe_shows(const struct route *route)
{
    str path = str_from(route->path);
    return str_starts(path, S("/api/")) || str_starts(path, S("/widget/v1/")) ||
           str_starts(path, S("/hooks/"));
}

static void add_shape(struct described *d, const struct shape *shape)
{
    for (ptrdiff_t i = 0; i < d->n_shapes; i++)
        if (d->shapes[i] == shape)
            return;
    if (shape->base)
        add_shape(d, shape->base);
    for (ptrdiff_t i = 0; i < shape->n; i++)
        if (shape->fields[i].of)
            add_shape(d, shape->fields[i].of);
    assert(d->n_shapes < SHAPES_MAX);
    d->shapes[d->n_shapes++] = shape;
}

static void add_input(struct described *d, const struct input_spec *input)
{
    for (ptrdiff_t i = 0; i < d->n_inputs; i++)
        if (d->inputs[i] == input)
            return;
    assert(d->n_inputs < INPUTS_MAX);
    d->inputs[d->n_inputs++] = input;
}

struct described describe_all(struct arena *a)
{
    struct described d = {
        .shapes = NEW(a, const struct shape *, SHAPES_MAX),
        .inputs = NEW(a, const struct input_spec *, INPUTS_MAX),
    };
    add_shape(&d, &error_shape);
    for (ptrdiff_t t = 0; t < n_route_tables; t++)
        for (ptrdiff_t i = 0; i < route_tables[t]->n; i++) {
            const struct route *route = &route_tables[t]->at[i];
            if (describe_shows(route) && route->answer)
                add_shape(&d, route->answer);
            if (describe_shows(route) && route->body)
                add_input(&d, route->body);
        }
    add_shape(&d, &event_shape);
    for (ptrdiff_t i = 0; i < n_event_kinds; i++)
        if (event_kinds[i].data)
            add_shape(&d, event_kinds[i].data);
    return d;
}
