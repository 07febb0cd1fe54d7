/* fetched: what a poll brings: the list of its deliveries, and small things around addresses that
 * every poll needs. Thread: pure. */
#pragma once
#include "connector/connector.h"

enum {
    FETCHED_MOST = 1000
}; /* deliveries of one poll: of what is beyond, the next one brings it */

struct fetched {
    struct arena *a;
    struct connector_delivery *at;
    ptrdiff_t n, room;
};
/* Everything must live in the arena. False: the list is full, or the body is longer than a delivery
 * may be. An empty body is not added. A key that is too long for
 * an index becomes its hash. */
bool fetched_add(struct fetched *f, str key, str origin, str body);

/* Cursors are objects of ours; what does not parse is as good as {}. NULL then. */
const struct json *cursors_read(struct arena *a, str cursors);
/* A list of a JSON object: its first entry, NULL when there is none. */
const struct json *list_first(const struct json *object, const char *key);
