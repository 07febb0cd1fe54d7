/* See sim_world.h. */
#include "sim_world.h"

#include <pthread.h>

#include "net/http_server.h"

static struct {
    struct sim *sim;
    struct http_client *client;
    struct http_server *server;
    pthread_mutex_t lock; /* guards the rest: the server's worker and the test */
    struct arena arena;
    struct world_hook hooks[WORLD_HOOKS];
    ptrdiff_t n;
    int statuses[WORLD_HOOKS];
    str (*body_of)(struct arena *a, const struct http_request *req);
    ptrdiff_t status_count;
} world = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void take(void *worker, struct http_exchange *x)
{
    (void)worker;
    static const char *const signs[] = {"X-Parrot-Signature", "X-Telegram-Bot-Api-Secret-Token",
        "X-Hub-Signature-256", "x-line-signature", "X-Viber-Content-Signature", "X-LI-Signature",
        "Tiktok-Signature", "Authorization", "X-Twilio-Signature"};
    str body = S("seen");
    pthread_mutex_lock(&world.lock);
    int status = world.n < world.status_count ? world.statuses[world.n] : 200;
    if (world.n < WORLD_HOOKS) {
        str signature = {0};
        for (size_t i = 0; i < sizeof signs / sizeof *signs && signature.len == 0; i++)
            signature = http_header_get(&x->req, str_from(signs[i]));
        world.hooks[world.n++] =
            (struct world_hook){x->req.method, str_copy(&world.arena, x->req.raw_target),
                str_copy(&world.arena, x->req.body), str_copy(&world.arena, signature)};
    }
    if (world.body_of)
        body = world.body_of(&world.arena, &x->req);
    pthread_mutex_unlock(&world.lock);
    http_respond(x->server, x->handle,
        &(struct http_response){.status = status, .content_type = S("text/plain"), .body = body});
    http_finish(x);
}

struct sim *world_open(const struct sim_options *options)
{
    struct arena *a = test_arena();
    str why = {0};
    const struct egress_rules *rules;
    world.arena = arena_make(0);
    world.n = world.status_count = 0;
    world.body_of = NULL;
    assert_ok(egress_rules_parse(a, S("*=127.0.0.0/8"), &rules, &why));
    world.client = http_client_open(&(struct http_client_options){.rules = rules});
    assert_non_null(world.client);
    const struct http_listen listens[] = {{.address = S("127.0.0.1:0")}};
    const struct http_server_options server = {
        .listens = listens, .listen_count = 1, .workers = 2, .handle = take};
    assert_ok(http_server_open(a, &server, &world.server, &why));
    assert_ok(http_server_start(world.server));
    assert_ok(sim_open(a, options, &world.sim, &why));
    return world.sim;
}

void world_close(void)
{
    sim_close(world.sim);
    http_server_close(world.server);
    http_client_close(world.client);
    arena_free(&world.arena);
}

struct sim *world_sim(void)
{
    return world.sim;
}

str world_url(const char *path)
{
    return str_print(test_arena(), "http://127.0.0.1:%d%s", sim_port(world.sim), path);
}

static struct http_result call(enum http_method method, const char *path, str content_type,
    str body, const char *authorization, int64_t timeout_ms)
{
    struct http_header headers[2];
    ptrdiff_t n = 0;
    if (content_type.len > 0)
        headers[n++] = (struct http_header){S("Content-Type"), content_type};
    if (authorization)
        headers[n++] = (struct http_header){S("Authorization"), str_from(authorization)};
    struct http_result r;
    assert_ok(http_client_call(world.client, test_arena(),
        &(struct http_call){.method = method,
            .url = world_url(path),
            .purpose = EGRESS_NETWORK,
            .headers = headers,
            .header_count = n,
            .body = body,
            .timeout_ms = timeout_ms},
        &r));
    return r;
}

struct http_result world_call(enum http_method method, const char *path, const char *body)
{
    return call(method, path, body ? S("application/json") : S(""), str_from(body), NULL, 0);
}

struct http_result world_call_as(enum http_method method, const char *path,
    const char *content_type, str body, const char *authorization)
{
    return call(method, path, str_from(content_type), body, authorization, 0);
}

struct http_result world_call_for(const char *path, const char *body, int64_t timeout_ms)
{
    return call(HTTP_POST, path, S("application/json"), str_from(body), NULL, timeout_ms);
}

const struct json *world_json(const struct http_result *r)
{
    const struct json *v = NULL;
    str why;
    assert_int_equal(r->outcome, HTTP_CALL_ANSWERED);
    assert_ok(json_parse(test_arena(), r->body, &v, &why));
    return v;
}

str world_callback(void)
{
    return str_print(
        test_arena(), "http://127.0.0.1:%d/hooks/x?a=1", http_server_port(world.server, 0));
}

ptrdiff_t world_hooks(void)
{
    pthread_mutex_lock(&world.lock);
    ptrdiff_t n = world.n;
    pthread_mutex_unlock(&world.lock);
    return n;
}

struct world_hook world_hook(ptrdiff_t n)
{
    pthread_mutex_lock(&world.lock);
    assert_true(n < world.n);
    struct world_hook hook = world.hooks[n];
    pthread_mutex_unlock(&world.lock);
    return hook;
}

void world_answers_with(str (*body_of)(struct arena *a, const struct http_request *req))
{
    pthread_mutex_lock(&world.lock);
    world.body_of = body_of;
    pthread_mutex_unlock(&world.lock);
}

void world_answers(const int *statuses, ptrdiff_t n)
{
    pthread_mutex_lock(&world.lock);
    for (ptrdiff_t i = 0; i < n && i < WORLD_HOOKS; i++)
        world.statuses[i] = statuses[i];
    world.status_count = n;
    pthread_mutex_unlock(&world.lock);
}
