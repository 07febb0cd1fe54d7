/* A simulator, a client that calls it as our connectors do, and a server that takes its webhooks,
 * for the tests of the simulated networks. One of each at a time; world_close ends them. */
#pragma once
#include "net/http_client.h"
#include "sim.h"
#include "test.h"

struct sim *world_open(const struct sim_options *options);
void world_close(void);
struct sim *world_sim(void);

/* A call to base + path; what is not said below it takes as a caller would. */
struct http_result world_call(enum http_method method, const char *path, const char *body);
struct http_result world_call_as(enum http_method method, const char *path,
    const char *content_type, str body, const char *authorization);
struct http_result world_call_for(const char *path, const char *body, int64_t timeout_ms);
const struct json *world_json(const struct http_result *r);
/* Full URL of a path ("/telegram/…"). */
str world_url(const char *path);

/* The server that webhooks go to. */
str world_callback(void);
enum { WORLD_HOOKS = 256 };
struct world_hook {
    enum http_method method;
    str target, body;
    str signature; /* of the header in which the network signs */
};
ptrdiff_t world_hooks(void);
struct world_hook world_hook(ptrdiff_t n);
/* What all hooks are answered from now on, as the body; NULL = "seen". Any thread. */
void world_answers_with(str (*body_of)(struct arena *a, const struct http_request *req));
/* What the next hooks are answered, in their order; after the last one 200. */
void world_answers(const int *statuses, ptrdiff_t n);
