/* describe: what the API's descriptions (openapi.c, typescript.c, docs_page.c) have in common:
 * which routes are in them, and which inputs and shapes these routes and the events need. Thread:
 * pure. */
#pragma once
#include "api/route.h"

/* Routes of machines (/api, /widget/v1, /hooks), not pages. */
bool describe_shows(const struct route *route);

/* Each once, a shape after those that it is made of. */
struct described {
    const struct shape **shapes;
    const struct input_spec **inputs; /* bodies */
    ptrdiff_t n_shapes, n_inputs;
};
struct described describe_all(struct arena *a);

/* Refusals that a description lists, ascending, 0 at the end: the rest is "default". */
extern const int described_refusals[];
/* What they mean, in words; 0: everything else. */
const char *describe_refusal(int status);
