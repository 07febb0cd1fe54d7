/* hook: a network's webhook made again and again: a message of a customer as the simulator posts
 * it, each time with ids of its own and another person, under the network's own signature. All ids
 * keep their length, so one body is written over in place. Thread: one. */
#pragma once
#include "bench_networks.h"
#include "net/http.h"
#include "sim.h"

/* Numbers of seven digits stand in the ids: HOOK_FIRST … 9,999,999. */
enum { HOOK_FIRST = 1000000, HOOK_PEOPLE = 100, HOOK_PATCHES = 16 };

struct hook {
    const struct bench_network *network;
    str url, path; /* where it is posted */
    str content_type;
    char *body;
    ptrdiff_t len;
    ptrdiff_t ids[HOOK_PATCHES], people[HOOK_PATCHES]; /* where the numbers begin */
    int n_ids, n_people;
};
/* Between caught_open and caught_close (caught.h). Everything lives in the arena. */
void hook_make(struct arena *a, const struct bench_network *n, str url, struct hook *h);
/* The whole request number `serial` of this network; out has room for `room` bytes. What is made on
 * the way lives in `scratch`. The length. */
ptrdiff_t hook_write(
    struct hook *h, struct arena *scratch, int64_t serial, char *out, ptrdiff_t room);
