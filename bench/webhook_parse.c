/* What a webhook costs before it is stored: verify and parse of a message of about 1 KB, per
 * network with an HMAC over the body, beside the two things that cannot be spared: OpenSSL's
 * HMAC-SHA256 and json-c's parser over the same bytes. The webhooks are the simulator's, signed by
 * it and caught by a server of ours. One thread; the best of several rounds that alternate, so that
 * other work on the machine hurts both sides alike. Prints one JSON array: kind, bytes, ours and
 * bare in µs. */
#include "bare_webhook.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "bench_networks.h"
#include "connector/connector.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "sim.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 40, REPEATS = 500, BODY_BYTES = 1024, HEADERS_MOST = 32 };

/* The newest POST that came, and whose handshakes are answered. */
static struct {
    pthread_mutex_t lock;
    const struct connector *connector;
    struct connector_setup setup;
    struct arena arena;
    struct http_request req;
    bool has_post;
} caught = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void copy_request(const struct http_request *from)
{
    struct arena *a = &caught.arena;
    arena_reset(a);
    struct http_header *headers = NEW(a, struct http_header, HEADERS_MOST);
    caught.req = *from;
    caught.req.raw_target = str_copy(a, from->raw_target);
    caught.req.path = str_copy(a, from->path);
    caught.req.body = str_copy(a, from->body);
    caught.req.peer = S("127.0.0.1");
    caught.req.query = NULL;
    caught.req.query_count = 0;
    caught.req.headers = headers;
    if (caught.req.header_count > HEADERS_MOST)
        caught.req.header_count = HEADERS_MOST;
    for (ptrdiff_t i = 0; i < caught.req.header_count; i++)
        headers[i] = (struct http_header){
            str_copy(a, from->headers[i].name), str_copy(a, from->headers[i].value)};
}

static void catch_post(void *arg, struct http_exchange *x)
{
    struct http_response res = {.status = 200, .content_type = S("text/plain")};
    const struct connector_hook hook = {&x->req, &caught.setup, clock_now_ms()};
    struct connector_answer answer = {0};
    str why = {0};
    (void)arg;
    if (caught.connector->challenge &&
        caught.connector->challenge(&x->arena, &hook, &answer, &why) == OK) {
        res.content_type = str_from(answer.content_type);
        res.body = answer.body;
    }
    pthread_mutex_lock(&caught.lock);
    if (x->req.method == HTTP_POST && x->req.body.len > BODY_BYTES / 2) { /* no handshake */
        copy_request(&x->req);
        caught.has_post = true;
    }
    pthread_mutex_unlock(&caught.lock);
    http_respond(x->server, x->handle, &res);
    http_finish(x);
}

static void give_up(const char *what, str why)
{
    fprintf(stderr, "webhook_parse: %s: %.*s\n", what, SARG(why));
    exit(1);
}

/* The network hears where to call, as after the form was filled in. */
static void subscribe(struct arena *a, const struct bench_network *n)
{
    const struct egress_rules *rules;
    struct connector_sent sent = {.outcome = CONNECTOR_SENT};
    str why = {0};
    if (!caught.connector->subscribe)
        return;
    if (egress_rules_parse(a, S("*=127.0.0.0/8"), &rules, &why) != OK)
        give_up(n->kind, why);
    struct http_client *client = http_client_open(&(struct http_client_options){.rules = rules});
    if (!client || caught.connector->subscribe(client, a, &caught.setup, true, &sent) != OK ||
        sent.outcome != CONNECTOR_SENT)
        give_up(n->kind, sent.why);
    http_client_close(client);
}

/* One customer's message, long enough, caught as it came over the wire. */
static void catch_one(struct sim *sim, struct arena *a, const struct bench_network *n, str callback)
{
    char text[BODY_BYTES + 1];
    str id, why = {0};
    const struct timespec pause = {.tv_nsec = 1000 * 1000};
    const struct sim_account_set set = {.callback = callback};
    struct sim_say say = {.from_id = str_print(a, "%s1", n->from),
        .from_name = S("Asha"),
        .from_handle = S("asha_r"),
        .kind = str_from(n->say)};
    if (sim_account_set(sim, str_from(n->kind), &set, &why) != OK)
        give_up(n->kind, why);
    subscribe(a, n);
    memset(text, 0, sizeof text);
    for (int len = BODY_BYTES / 4 * 3; len > 0; len -= 32) { /* shorter until the whole is 1 KB */
        for (int i = 0; i < len; i++)
            text[i] = i % 7 == 6 ? ' ' : (char)('a' + i % 26);
        say.text = str_trim(str_of(text, len));
        caught.has_post = false;
        if (sim_say(sim, a, str_from(n->kind), &say, &id, &why) != OK)
            give_up(n->kind, why);
        (void)sim_settle(sim, 2000);
        for (int i = 0; i < 100 && !caught.has_post; i++)
            nanosleep(&pause, NULL);
        if (!caught.has_post)
            give_up(n->kind, S("no webhook came"));
        if (caught.req.body.len <= BODY_BYTES)
            return;
    }
}

static void ours(const struct connector *c, const struct connector_setup *setup, struct arena *a)
{
    const struct connector_hook hook = {&caught.req, setup, clock_now_ms()};
    struct connector_batch batch = {0};
    str why = {0};
    arena_reset(a);
    if (c->verify(a, &hook, &why) != OK)
        give_up("verify", why);
    const struct connector_raw raw = {.body = caught.req.body,
        .content_type = S("application/json"),
        .origin = S("hook"),
        .received_ms = hook.now_ms};
    if (c->parse(a, &raw, &batch, &why) != OK || batch.n < 1)
        give_up("parse", why);
}

static void measure(const struct bench_network *n, bool is_first)
{
    struct arena a = arena_make(0);
    int64_t best_ours = INT64_MAX, best_bare = INT64_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t started = clock_mono_us();
        for (int i = 0; i < REPEATS; i++)
            ours(caught.connector, &caught.setup, &a);
        int64_t between = clock_mono_us();
        for (int i = 0; i < REPEATS; i++)
            bare_webhook(caught.req.body);
        int64_t ended = clock_mono_us();
        best_ours = between - started < best_ours ? between - started : best_ours;
        best_bare = ended - between < best_bare ? ended - between : best_bare;
    }
    printf("%s{\"kind\":\"%s\",\"bytes\":%td,\"ours_us\":%.2f,\"bare_us\":%.2f}",
        is_first ? "[" : ",", n->kind, caught.req.body.len, (double)best_ours / REPEATS,
        (double)best_bare / REPEATS);
    arena_free(&a);
}

int main(void)
{
    static const struct http_listen listens[] = {{.address = S_INIT("127.0.0.1:0")}};
    const struct http_server_options o = {
        .listens = listens, .listen_count = 1, .workers = 1, .handle = catch_post};
    const struct sim_options plain = {0};
    struct http_server *server;
    struct sim *sim;
    struct arena a = arena_make(0);
    str why = {0};
    caught.arena = arena_make(0);
    if (crypto_start() != OK || http_server_open(&a, &o, &server, &why) != OK ||
        http_server_start(server) != OK || sim_open(&a, &plain, &sim, &why) != OK)
        give_up("start", why);
    for (int i = 0; i < BENCH_NETWORKS; i++) {
        str url = str_print(&a, "http://127.0.0.1:%d/hooks/%s/key", http_server_port(server, 0),
            bench_networks[i].kind);
        caught.connector = connector_find(str_from(bench_networks[i].kind));
        caught.setup = (struct connector_setup){.settings = str_from(bench_networks[i].settings),
            .secrets = str_from(bench_networks[i].secrets),
            .external_id = str_from(bench_networks[i].external_id),
            .hook_url = url,
            .hosts = str_print(&a, "*=http://127.0.0.1:%d", sim_port(sim))};
        catch_one(sim, &a, &bench_networks[i], url);
        measure(&bench_networks[i], i == 0);
    }
    printf("]\n");
    sim_close(sim);
    http_server_close(server);
    arena_free(&caught.arena);
    arena_free(&a);
    return 0;
}
