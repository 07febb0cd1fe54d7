/* A hash map from str to pointer, in an arena (or heap when a is NULL). Keys are not copied.
 * Hash flooding: keys are hashed with a per-process seed. Thread: one at a time. */
#pragma once
#include "base/str.h"

struct map_slot {
    str key;
    void *value;
};
struct map {
    struct arena *a; /* NULL = heap: then map_free */
    struct map_slot *slots;
    ptrdiff_t count, cap;
};
void *map_get(const struct map *m, str key);      /* NULL when absent */
err map_put(struct map *m, str key, void *value); /* replaces; E_BUSY when out of memory */
void *map_take(struct map *m, str key);           /* removes and returns */
void map_free(struct map *m);
/* A key of a number and a text, made in the arena; different pairs have different keys. */
str map_key(struct arena *a, int64_t number, str text);
