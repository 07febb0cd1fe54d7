/* See network_world.h. */
#include "network_world.h"

#include "care/channel_setup.h"
#include "connector/connector.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "store/job.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* One request that waits for the test's thread. */
struct knock {
    struct http_exchange *x;
    struct http_response res;
    bool is_done;
    struct knock *next;
};

static struct {
    struct http_server *server;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct knock *first, **last;
    bool is_closing;
} door = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* ── the door ── */

static void on_request(void *worker, struct http_exchange *x)
{
    struct knock k = {.x = x};
    (void)worker;
    pthread_mutex_lock(&door.lock);
    *door.last = &k;
    door.last = &k.next;
    pthread_cond_broadcast(&door.changed);
    while (!k.is_done && !door.is_closing)
        pthread_cond_wait(&door.changed, &door.lock);
    pthread_mutex_unlock(&door.lock);
    if (!k.is_done)
        k.res = (struct http_response){.status = 503};
    http_respond(x->server, x->handle, &k.res);
    http_finish(x);
}

static struct knock *next_knock(void)
{
    pthread_mutex_lock(&door.lock);
    struct knock *k = door.first;
    if (k)
        door.first = k->next;
    if (!door.first)
        door.last = &door.first;
    pthread_mutex_unlock(&door.lock);
    return k;
}

static bool door_has_knock(void)
{
    pthread_mutex_lock(&door.lock);
    bool has = door.first != NULL;
    pthread_mutex_unlock(&door.lock);
    return has;
}

/* Until somebody knocks, at most a moment: a call of ours can end without a knock. */
static void door_wait(void)
{
    enum { MOMENT_NS = 200 * 1000 };
    struct timespec end;
    (void)clock_gettime(CLOCK_REALTIME, &end); /* cannot fail */
    end.tv_nsec += MOMENT_NS;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    pthread_mutex_lock(&door.lock);
    if (!door.first)
        (void)pthread_cond_timedwait(&door.changed, &door.lock, &end); /* either way we look */
    pthread_mutex_unlock(&door.lock);
}

/* True when there was one. */
static bool answer_one(struct network_world *nw)
{
    struct knock *k = next_knock();
    if (!k)
        return false;
    const struct http_request *req = &k->x->req;
    struct arena *a = &nw->app->arena;
    int status = test_request_full(nw->app, http_method_name(req->method),
        str_z(a, req->raw_target), req->headers, req->header_count, req->body);
    pthread_mutex_lock(&door.lock);
    k->res = (struct http_response){.status = status,
        .content_type = str_copy(&k->x->arena, nw->app->content_type),
        .body = str_copy(&k->x->arena, nw->app->body)};
    k->is_done = true;
    pthread_cond_broadcast(&door.changed);
    pthread_mutex_unlock(&door.lock);
    return true;
}

/* ── life ── */

void network_world_open(
    struct network_world *nw, struct test_app *app, const struct sim_options *options)
{
    static const struct http_listen listens[] = {{.address = S_INIT("127.0.0.1:0")}};
    const struct sim_options plain = {0};
    struct arena *a = &app->arena;
    str why = {0};
    door.first = NULL;
    door.last = &door.first;
    door.is_closing = false;
    const struct http_server_options server = {
        .listens = listens, .listen_count = 1, .workers = 4, .handle = on_request};
    assert_ok(http_server_open(a, &server, &door.server, &why));
    assert_ok(http_server_start(door.server));
    *nw = (struct network_world){.app = app};
    assert_ok(sim_open(a, options ? options : &plain, &nw->sim, &why));
    app->config.base_url = str_print(a, "http://127.0.0.1:%d", http_server_port(door.server, 0));
    app->config.network_hosts = str_print(a, "*=http://127.0.0.1:%d", sim_port(nw->sim));
    world_open(&nw->w, app);
}

void network_world_close(struct network_world *nw)
{
    pthread_mutex_lock(&door.lock);
    door.is_closing = true;
    pthread_cond_broadcast(&door.changed);
    pthread_mutex_unlock(&door.lock);
    sim_close(nw->sim);
    http_server_close(door.server);
    world_close(&nw->w);
}

struct subscribing {
    struct arena *a;
    const struct connector *connector;
    struct http_client *client;
    struct connector_setup setup;
    struct connector_sent sent;
    err result;
    atomic_bool is_done;
};

/* On a thread of its own: some networks call us before they answer. */
static void *subscribe_main(void *arg)
{
    struct subscribing *s = arg;
    s->result = s->connector->subscribe(s->client, s->a, &s->setup, true, &s->sent);
    atomic_store(&s->is_done, true);
    return NULL;
}

/* The network hears where to call, as after the form was filled in. */
static void subscribe(struct network_world *nw, channel_id id)
{
    const struct egress_rules *rules;
    struct channel channel;
    struct arena own = arena_make(0);
    struct subscribing s = {.a = &own};
    pthread_t thread;
    str why;
    struct ctx *cx = test_begin(nw->app);
    assert_ok(channel_get(cx, id, &channel));
    assert_ok(channel_setup(cx, &channel, &s.setup));
    s.connector = connector_find(channel.kind);
    for (str *text = (str *)&s.setup; text < (str *)(&s.setup + 1); text++)
        *text = str_copy(&own, *text); /* the transaction's memory is used again */
    test_rollback(nw->app, cx);
    if (!s.connector->subscribe) {
        arena_free(&own);
        return;
    }
    assert_ok(egress_rules_parse(&nw->app->arena, S("*=127.0.0.0/8"), &rules, &why));
    s.client = http_client_open(&(struct http_client_options){.rules = rules});
    assert_non_null(s.client);
    assert_int_equal(pthread_create(&thread, NULL, subscribe_main, &s), 0);
    while (!atomic_load(&s.is_done))
        (void)answer_one(nw);
    pthread_join(thread, NULL);
    http_client_close(s.client);
    if (s.sent.outcome != CONNECTOR_SENT)
        fail_msg("%.*s: %.*s", SARG(s.connector->name), SARG(s.sent.why));
    arena_free(&own);
}

channel_id network_connect(struct network_world *nw, const struct network_channel *c)
{
    struct arena *a = &nw->app->arena;
    struct ctx *cx = test_begin(nw->app);
    struct channel channel = {.kind = str_from(c->kind),
        .name = str_from(c->kind),
        .languages = S("[]"),
        .settings = str_from(c->settings),
        .external_id = str_from(c->external_id)};
    str secret, why;
    assert_ok(channel_add(cx, &channel, &secret));
    assert_ok(channel_set_network_secrets(cx, channel.id, str_from(c->secrets), 0));
    str key = str_copy(a, channel.public_key);
    if (connector_find(channel.kind)->poll)
        assert_ok(job_add(cx, &(struct job_new){.kind = S("poll"),
                                  .key = str_print(a, "%lld", (long long)channel.id.v)}));
    test_commit(nw->app, cx);
    const struct sim_account_set set = {
        .callback =
            str_print(a, "%.*s/hooks/%s/%.*s", SARG(nw->app->config.base_url), c->kind, SARG(key)),
        .verify_token = str_from(c->verify_token),
    };
    assert_ok(sim_account_set(nw->sim, str_from(c->kind), &set, &why));
    subscribe(nw, channel.id);
    return channel.id;
}

/* ── moving ── */

void network_run(struct network_world *nw)
{
    enum { MOMENTS_MOST = 200 * 1000 };
    bool is_quiet = false;
    world_run(&nw->w);
    for (int i = 0; !is_quiet; i++) {
        bool moved = false;
        while (answer_one(nw))
            moved = true;
        if (moved) /* else there is nothing new: what the clock brings was done above */
            world_run(&nw->w);
        else
            is_quiet = sim_settle(nw->sim, 0) && !door_has_knock();
        if (!moved && !is_quiet)
            door_wait();
        if (i == MOMENTS_MOST)
            fail_msg("the networks do not come to rest");
    }
}

str network_tell(struct network_world *nw, const char *kind, const struct sim_say *say)
{
    str id = {0}, why = {0};
    if (sim_say(nw->sim, &nw->app->arena, str_from(kind), say, &id, &why) != OK)
        fail_msg("%s: %.*s", kind, SARG(why));
    return id;
}

void network_hear(struct network_world *nw, const char *kind)
{
    const struct connector *c = connector_find(str_from(kind));
    network_run(nw);
    if (c->poll && !(c->able & ABLE_HOOK)) {
        clock_fix(clock_now_ms() + (c->poll_ms ? c->poll_ms : 60 * 1000)); /* the next poll */
        network_run(nw);
    }
}

str network_say(struct network_world *nw, const char *kind, const struct sim_say *say)
{
    str id = network_tell(nw, kind, say);
    network_hear(nw, kind);
    return id;
}

int64_t network_count(struct network_world *nw, const char *kind, enum sim_count count)
{
    return sim_count(nw->sim, str_from(kind), count);
}

str network_accepted(struct network_world *nw, const char *kind)
{
    struct sim_entry *entries = NULL;
    const struct sim_query query = {
        .network = str_from(kind), .has_kind = true, .kind = SIM_KIND_MESSAGE};
    ptrdiff_t n = sim_ledger_read(nw->sim, &nw->app->arena, &query, &entries);
    struct sb b = sb_make(&nw->app->arena, 0);
    for (ptrdiff_t i = 0; i < n; i++)
        sb_print(&b, i ? "|%.*s" : "%.*s", SARG(entries[i].text));
    return sb_str(&b);
}

str network_timeline(struct network_world *nw, str conversation)
{
    struct arena *a = &nw->app->arena;
    str target = str_print(a, "/api/v1/conversations/%.*s/messages", SARG(conversation));
    assert_int_equal(test_request(nw->app, "GET", str_z(a, target), NULL), 200);
    struct sb b = sb_make(a, 0);
    for (const struct json *m = json_get(nw->app->json, S("items"))->first; m; m = m->next) {
        str kind = json_text(json_get(m, S("kind")), S(""));
        if (str_eq(kind, S("activity")))
            continue;
        sb_print(&b, b.len ? "|%.*s:%.*s" : "%.*s:%.*s", SARG(kind),
            SARG(json_text(json_get(m, S("text")), S(""))));
    }
    return sb_str(&b);
}
