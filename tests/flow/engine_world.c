/* See engine_world.h. */
#include "engine_world.h"

#include "api/live.h"
#include "connector/signature.h"
#include "net/http_client.h"
#include "net/http_server.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void engine_make(struct world *w)
{
    str why = {0};
    const struct egress_rules *rules = NULL;
    assert_ok(egress_rules_parse(&w->app->arena, S("*=127.0.0.0/8"), &rules, &why));
    const struct engine_options o = {.db = w->app->db,
        .config = &w->app->config,
        .rules = rules,
        .audience = live_audience(&w->app->api),
        .elsewhere = live_elsewhere(&w->app->api),
        .threads = 1,
        .fetch_ms = w->fetch_ms,
        .fetch_bytes = w->fetch_bytes};
    assert_ok(engine_open(&w->app->arena, &o, &w->engine, &why));
    w->app->api.engine = w->engine;
    w->app->api.egress = rules;
}

void world_open(struct world *w, struct test_app *app)
{
    *w = (struct world){.app = app};
    assert_ok(http_client_start());
    engine_make(w);
}

void world_engine_again(struct world *w)
{
    engine_close(w->engine);
    engine_make(w);
}

void world_close(struct world *w)
{
    engine_close(w->engine);
    w->app->api.engine = NULL;
    w->app->api.egress = NULL;
}

void world_run(struct world *w)
{
    assert_ok(engine_run_due(w->engine));
}

static int signed_post(
    struct world *w, const char *target, str secret, int64_t at_ms, const char *json)
{
    str body = str_from(json);
    const struct http_header headers[] = {
        {S("Content-Type"), S("application/json")},
        { S("Seva-Signature"), signature_make(&w->app->arena, secret, S(""), at_ms, body)},
    };
    return test_request_full(w->app, "POST", target, headers, 2, body);
}

int hook_post_as(struct world *w, str key, str secret, int64_t at_ms, const char *json)
{
    str target = str_print(&w->app->arena, "/hooks/api/%.*s", SARG(key));
    return signed_post(w, str_z(&w->app->arena, target), secret, at_ms, json);
}

int hook_post(struct world *w, const char *json)
{
    return hook_post_as(w, w->app->source_key, w->app->source_secret, clock_now_ms(), json);
}

int hook_status(struct world *w, const char *json)
{
    str target = str_print(&w->app->arena, "/hooks/api/%.*s/status", SARG(w->app->source_key));
    return signed_post(
        w, str_z(&w->app->arena, target), w->app->source_secret, clock_now_ms(), json);
}

int hook_message(struct world *w, const char *id, const char *contact, const char *text)
{
    struct arena *a = &w->app->arena;
    str json = str_print(a,
        "{\"messages\":[{\"id\":\"%s\",\"contact\":{\"id\":\"%s\",\"name\":\"Ann\"},"
        "\"text\":\"%s\"}]}",
        id, contact, text);
    return hook_post(w, str_z(a, json));
}

str conversation_newest(struct world *w)
{
    assert_int_equal(
        test_request(w->app, "GET", "/api/v1/conversations?sort=newest&status=open,resolved", NULL),
        200);
    return test_text(w->app, "items.0.id");
}

str reply(struct world *w, str conversation, const char *text)
{
    static int64_t number;
    struct arena *a = &w->app->arena;
    str get = str_print(a, "/api/v1/conversations/%.*s", SARG(conversation));
    assert_int_equal(test_request(w->app, "GET", str_z(a, get), NULL), 200);
    str seen = test_text(w->app, "last_message_id");
    str target = str_cat(a, get, S("/messages"));
    str json = str_print(a,
        "{\"kind\":\"reply\",\"text\":\"%s\",\"seen_message_id\":\"%.*s\","
        "\"client_id\":\"00000000-0000-4000-8000-%012lld\"}",
        text, SARG(seen), (long long)++number);
    int status = test_request(w->app, "POST", str_z(a, target), str_z(a, json));
    if (status != 200 && status != 201)
        fail_msg("reply answered %d %.*s", status, SARG(w->app->body));
    return test_text(w->app, "id");
}

str message_state(struct world *w, str conversation, str message)
{
    struct arena *a = &w->app->arena;
    str target = str_print(a, "/api/v1/conversations/%.*s/messages", SARG(conversation));
    assert_int_equal(test_request(w->app, "GET", str_z(a, target), NULL), 200);
    for (const struct json *m = json_get(w->app->json, S("items"))->first; m; m = m->next)
        if (str_eq(json_text(json_get(m, S("id")), S("")), message))
            return json_text(json_get(m, S("state")), S(""));
    fail_msg("no message %.*s", SARG(message));
    return (str){0};
}

/* ── the peer ── */

struct receiver_peer {
    struct http_server *server;
    struct arena arena; /* of what the test asks for */
    pthread_mutex_t lock;
    struct posted posts[PEER_POSTS];
    ptrdiff_t n;
    int status;
    str body, retry_after;
};

/* Not by an arena: while the test lets allocations fail, the ledger goes on. */
static str ledger_copy(str s)
{
    char *to = malloc((size_t)s.len + 1);
    assert_non_null(to);
    if (s.len > 0)
        memcpy(to, s.at, (size_t)s.len);
    return str_of(to, s.len);
}

static void ledger_free(struct receiver_peer *p)
{
    for (ptrdiff_t i = 0; i < p->n; i++) {
        const str texts[] = {p->posts[i].path, p->posts[i].body, p->posts[i].event,
            p->posts[i].delivery, p->posts[i].signature};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            free((void *)(uintptr_t)texts[k].at);
    }
}

static void receive(void *arg, struct http_exchange *x)
{
    struct receiver_peer *p = arg;
    pthread_mutex_lock(&p->lock);
    if (p->n < PEER_POSTS)
        p->posts[p->n++] = (struct posted){
            .path = ledger_copy(x->req.path),
            .body = ledger_copy(x->req.body),
            .event = ledger_copy(http_header_get(&x->req, S("Seva-Event"))),
            .delivery = ledger_copy(http_header_get(&x->req, S("Seva-Delivery"))),
            .signature = ledger_copy(http_header_get(&x->req, S("Seva-Signature"))),
        };
    const struct http_header header = {S("Retry-After"), p->retry_after};
    const struct http_response res = {.status = p->status,
        .content_type = S("application/json"),
        .headers = &header,
        .header_count = p->retry_after.len ? 1 : 0,
        .body = p->body};
    http_respond(x->server, x->handle, &res);
    pthread_mutex_unlock(&p->lock);
    http_finish(x);
}

struct receiver_peer *receiver_open(void)
{
    struct receiver_peer *p = alloc_zero((ptrdiff_t)sizeof *p);
    const struct http_listen listens[] = {
        {.address = S("127.0.0.1:0")},
    };
    const struct http_server_options o = {
        .listens = listens, .listen_count = 1, .workers = 1, .arg = p, .handle = receive};
    str why = {0};
    assert_non_null(p);
    p->arena = arena_make(0);
    p->status = 200;
    pthread_mutex_init(&p->lock, NULL);
    assert_ok(http_server_open(&p->arena, &o, &p->server, &why));
    assert_ok(http_server_start(p->server));
    return p;
}

void receiver_close(struct receiver_peer *p)
{
    http_server_close(p->server);
    pthread_mutex_destroy(&p->lock);
    ledger_free(p);
    arena_free(&p->arena);
    free(p);
}

str receiver_url(struct receiver_peer *p, const char *path)
{
    pthread_mutex_lock(&p->lock);
    str url = str_print(&p->arena, "http://127.0.0.1:%d%s", http_server_port(p->server, 0), path);
    pthread_mutex_unlock(&p->lock);
    return url;
}

void receiver_answers(
    struct receiver_peer *p, int status, const char *body, const char *retry_after)
{
    pthread_mutex_lock(&p->lock);
    p->status = status;
    p->body = str_from(body);
    p->retry_after = str_from(retry_after);
    pthread_mutex_unlock(&p->lock);
}

ptrdiff_t receiver_count(struct receiver_peer *p)
{
    pthread_mutex_lock(&p->lock);
    ptrdiff_t n = p->n;
    pthread_mutex_unlock(&p->lock);
    return n;
}

struct posted receiver_post(struct receiver_peer *p, ptrdiff_t nth)
{
    pthread_mutex_lock(&p->lock);
    assert_true(nth < p->n);
    struct posted post = p->posts[nth];
    pthread_mutex_unlock(&p->lock);
    return post;
}
