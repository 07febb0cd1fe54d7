/* See caught.h. The server's workers put in what was posted, under a mutex; the driver's thread
 * takes it out. */
#include "caught.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "net/http_client.h"
#include "net/http_server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { HEADERS_MOST = 32, MARK_BYTES = 64, WAIT_MS = 2000 };

static struct {
    struct sim *sim;
    struct http_server *server;
    const struct connector *connector; /* who answers handshakes */
    const struct connector_setup *setup;
    pthread_mutex_t lock; /* guards the rest */
    struct arena arena;
    struct http_request req;
    char mark[MARK_BYTES];
    ptrdiff_t mark_len;
    bool has_post;
} caught = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void give_up(const char *what, str why)
{
    fprintf(stderr, "caught: %s: %.*s\n", what, SARG(why));
    exit(1);
}

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
    const struct connector_hook hook = {&x->req, caught.setup, clock_now_ms()};
    struct connector_answer answer = {0};
    str why = {0};
    (void)arg; /* nothing is given */
    if (caught.connector && caught.connector->challenge &&
        caught.connector->challenge(&x->arena, &hook, &answer, &why) == OK) {
        res.content_type = str_from(answer.content_type);
        res.body = answer.body;
    }
    pthread_mutex_lock(&caught.lock);
    if (caught.mark_len && str_find(x->req.body, str_of(caught.mark, caught.mark_len)) >= 0) {
        copy_request(&x->req);
        caught.has_post = true;
    }
    pthread_mutex_unlock(&caught.lock);
    http_respond(x->server, x->handle, &res);
    http_finish(x);
}

void caught_open(struct arena *a)
{
    static const struct http_listen listens[] = {{.address = S_INIT("127.0.0.1:0")}};
    const struct http_server_options o = {
        .listens = listens, .listen_count = 1, .workers = 1, .handle = catch_post};
    const struct sim_options plain = {0};
    str why = {0};
    caught.arena = arena_make(0);
    if (crypto_start() != OK || http_server_open(a, &o, &caught.server, &why) != OK ||
        http_server_start(caught.server) != OK || sim_open(a, &plain, &caught.sim, &why) != OK)
        give_up("start", why);
}

void caught_close(void)
{
    sim_close(caught.sim);
    http_server_close(caught.server);
    arena_free(&caught.arena);
}

struct sim *caught_sim(void)
{
    return caught.sim;
}

str caught_person(struct arena *a, const struct bench_network *n, int person)
{
    return str_print(a, "%s%03d", n->from, person);
}

void caught_connect(struct arena *a, const struct bench_network *n, const struct connector **c,
    struct connector_setup *setup)
{
    const struct egress_rules *rules;
    struct connector_sent sent = {.outcome = CONNECTOR_SENT};
    str why = {0}, url = str_print(a, "http://127.0.0.1:%d/hooks/%s/key",
                       http_server_port(caught.server, 0), n->kind);
    *c = connector_find(str_from(n->kind));
    *setup = (struct connector_setup){.settings = str_from(n->settings),
        .secrets = str_from(n->secrets),
        .external_id = str_from(n->external_id),
        .hook_url = url,
        .hosts = str_print(a, "*=http://127.0.0.1:%d", sim_port(caught.sim))};
    caught.connector = *c;
    caught.setup = setup;
    const struct sim_account_set set = {.callback = url};
    if (sim_account_set(caught.sim, str_from(n->kind), &set, &why) != OK)
        give_up(n->kind, why);
    if (!(*c)->subscribe)
        return;
    if (egress_rules_parse(a, S("*=127.0.0.0/8"), &rules, &why) != OK)
        give_up(n->kind, why);
    struct http_client *client = http_client_open(&(struct http_client_options){.rules = rules});
    if (!client || (*c)->subscribe(client, a, setup, true, &sent) != OK ||
        sent.outcome != CONNECTOR_SENT)
        give_up(n->kind, sent.why);
    http_client_close(client);
}

const struct http_request *caught_say(
    struct arena *a, const struct bench_network *n, int person, str text, str mark, str *id)
{
    const struct timespec pause = {.tv_nsec = 1000 * 1000};
    const struct sim_say say = {.from_id = caught_person(a, n, person),
        .from_name = S("Asha"),
        .from_handle = S("asha_r"),
        .kind = str_from(n->say),
        .text = text};
    str why = {0};
    bool has_post = false;
    pthread_mutex_lock(&caught.lock);
    caught.has_post = false;
    caught.mark_len = snprintf(caught.mark, sizeof caught.mark, "%.*s", SARG(mark));
    pthread_mutex_unlock(&caught.lock);
    if (caught.mark_len >= MARK_BYTES)
        give_up(n->kind, S("too long a mark"));
    if (sim_say(caught.sim, a, str_from(n->kind), &say, id, &why) != OK)
        give_up(n->kind, why);
    for (int i = 0; i < WAIT_MS && !has_post; i++) {
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&caught.lock);
        has_post = caught.has_post;
        pthread_mutex_unlock(&caught.lock);
    }
    if (!has_post)
        give_up(n->kind, S("no webhook came"));
    return &caught.req;
}
