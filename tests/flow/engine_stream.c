/* Live streams over real sockets: nothing missed between replay and live, nothing twice, nothing
 * that is not the listener's; rights that change reach the streams that are open. */
#include "engine_world.h"

#include "../unit/net/peer.h"
#include "api/live.h"
#include "care/audience.h"
#include "net/http_client.h"
#include "net/http_server.h"

struct air {
    struct test_app *app;
    struct api api; /* the app's, with a server and a hub */
    struct http_server *server;
    struct engine *engine;
};

static void handle(void *arg, struct http_exchange *x)
{
    api_handle(arg, x);
}

static void respond(struct http_exchange *x, const struct http_response *r)
{
    http_respond(x->server, x->handle, r);
}

static void air_open(struct air *w, struct test_app *app)
{
    const struct http_listen listens[] = {
        {.address = S("127.0.0.1:0")},
    };
    str why = {0};
    *w = (struct air){.app = app, .api = app->api};
    const struct http_server_options o = {
        .listens = listens, .listen_count = 1, .workers = 2, .arg = &w->api, .handle = handle};
    assert_ok(http_client_start());
    assert_ok(http_server_open(&app->arena, &o, &w->server, &why));
    w->api.server = w->server;
    w->api.hub = http_server_hub(w->server);
    w->api.respond = respond;
    w->api.finish = http_finish;
    const struct engine_options eo = {.db = app->db,
        .hub = w->api.hub,
        .audience = live_audience(&app->api),
        .config = &app->config,
        .threads = 1};
    assert_ok(engine_open(&app->arena, &eo, &w->engine, &why));
    assert_ok(http_server_start(w->server));
}

static void air_close(struct air *w)
{
    http_server_close(w->server);
    engine_close(w->engine);
}

static int stream(struct air *w, str token, str last)
{
    struct arena *a = &w->app->arena;
    int fd = peer_connect(http_server_port(w->server, 0));
    str head = str_print(
        a, "GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %.*s\r\n", SARG(token));
    if (last.len)
        head = str_cat(a, head, str_print(a, "Last-Event-ID: %.*s\r\n", SARG(last)));
    peer_send(fd, str_cat(a, head, S("\r\n")));
    return fd;
}

/* Everything up to and with `end`. */
static str until(struct air *w, int fd, const char *end)
{
    struct sb b = sb_make(&w->app->arena, 1 << 20);
    while (str_find(sb_str(&b), str_from(end)) < 0) {
        char piece[4096];
        ssize_t n = recv(fd, piece, sizeof piece, 0);
        if (n <= 0)
            fail_msg("no %s in: %.*s", end, SARG(sb_str(&b)));
        sb_add(&b, str_of(piece, n));
    }
    return sb_str(&b);
}

/* The id of the last block that has one. */
static str last_id(str text)
{
    str id = {0}, rest;
    for (ptrdiff_t at = 0; (at = str_find(text, S("id: "))) >= 0;) {
        text = str_skip(text, at + 4);
        (void)str_cut(text, '\n', &id, &rest);
    }
    return id;
}

static int count_of(str text, const char *what)
{
    int n = 0;
    for (ptrdiff_t at; (at = str_find(text, str_from(what))) >= 0; n++)
        text = str_skip(text, at + 1);
    return n;
}

static void message_in(struct air *w, const char *id, const char *contact, const char *text)
{
    struct world world = {.app = w->app, .engine = w->engine};
    assert_int_equal(hook_message(&world, id, contact, text), 200);
    assert_ok(engine_run_due(w->engine));
}

static void a_console_hears_what_happens_from_now_on(void **state)
{
    struct air w;
    air_open(&w, *state);
    message_in(&w, "m0", "ann", "before");
    int fd = stream(&w, w.app->owner_token, S(""));
    str hello = until(&w, fd, "event: hello\ndata: ");
    assert_true(str_find(hello, S("text/event-stream")) > 0);
    assert_true(str_find(hello, S("before")) < 0);
    message_in(&w, "m1", "ann", "after");
    str live = until(&w, fd, "event: message.created\n");
    assert_true(last_id(live).len > 0);
    close(fd);
    air_close(&w);
}

static void a_client_that_was_away_gets_what_it_missed_once_and_in_order(void **state)
{
    struct air w;
    air_open(&w, *state);
    int fd = stream(&w, w.app->owner_token, S(""));
    str place = last_id(until(&w, fd, "event: hello\n"));
    close(fd);
    message_in(&w, "m1", "ann", "missed-1");
    message_in(&w, "m2", "ann", "missed-2");
    fd = stream(&w, w.app->owner_token, place);
    str got = until(&w, fd, "missed-2");
    message_in(&w, "m3", "ann", "live-3");
    got = str_cat(&w.app->arena, got, until(&w, fd, "live-3"));
    assert_int_equal(count_of(got, "event: hello\n"), 1);
    assert_int_equal(count_of(got, "event: reset\n"), 0);
    assert_int_equal(count_of(got, "event: message.created\n"), 3);
    ptrdiff_t one = str_find(got, S("missed-1")), two = str_find(got, S("missed-2")),
              three = str_find(got, S("live-3"));
    assert_true(one < two && two < three);
    close(fd);
    air_close(&w);
}

static void a_place_that_means_nothing_any_more_is_reset(void **state)
{
    struct air w;
    air_open(&w, *state);
    message_in(&w, "m1", "ann", "hello");
    int fd = stream(&w, w.app->owner_token, S("what-ever"));
    (void)until(&w, fd, "event: reset\n");
    close(fd);
    fd = stream(&w, w.app->owner_token, S("9999999999-9999999999")); /* of a later database */
    (void)until(&w, fd, "event: reset\n");
    close(fd);
    air_close(&w);
}

static void nobody_hears_another_account(void **state)
{
    struct air w;
    account_id other;
    air_open(&w, *state);
    str stranger = test_account_add(w.app, "Other", &other);
    int theirs = stream(&w, stranger, S("0-0"));
    (void)until(&w, theirs, "event: hello\n");
    message_in(&w, "m1", "ann", "secret");
    live_tell(&w.api, other,
        &(struct live_news){
            .type = S("presence.changed"), .audience = EVENT_FOR_AGENTS, .data = S("{\"n\":1}")});
    str got = until(&w, theirs, "event: presence.changed\ndata: {\"n\":1}");
    assert_true(str_find(got, S("secret")) < 0);
    assert_true(str_find(got, S("message.created")) < 0);
    close(theirs);
    air_close(&w);
}

static void passing_news_reaches_the_one_it_is_for(void **state)
{
    struct air w;
    agent_id bob;
    air_open(&w, *state);
    str token = test_agent_add(w.app, "bob@test.example", "agent", &bob);
    int owner = stream(&w, w.app->owner_token, S("")), his = stream(&w, token, S(""));
    (void)until(&w, owner, "event: hello\n");
    (void)until(&w, his, "event: hello\n");
    assert_true(live_agent_is_online(&w.api, w.app->account, bob));
    assert_false(live_contact_is_online(&w.api, w.app->account, (contact_id){1}));
    live_tell(&w.api, w.app->account,
        &(struct live_news){.type = S("note"),
            .audience = EVENT_FOR_AGENT,
            .agent = bob,
            .data = S("{\"to\":\"bob\"}")});
    live_tell(&w.api, w.app->account,
        &(struct live_news){
            .type = S("note"), .audience = EVENT_FOR_AGENTS, .data = S("{\"to\":\"all\"}")});
    assert_int_equal(count_of(until(&w, his, "\"all\""), "\"bob\""), 1);
    assert_int_equal(count_of(until(&w, owner, "\"all\""), "\"bob\""), 0);
    close(owner);
    close(his);
    air_close(&w);
}

static void a_stream_ends_when_its_token_does(void **state)
{
    struct air w;
    char byte[512];
    agent_id bob;
    ssize_t n;
    air_open(&w, *state);
    str token = test_agent_add(w.app, "bob@test.example", "agent", &bob);
    int fd = stream(&w, token, S(""));
    (void)until(&w, fd, "event: hello\n");
    live_end_agent(&w.api, w.app->account, bob);
    (void)until(&w, fd, "event: reconnect\n");
    while ((n = recv(fd, byte, sizeof byte, 0)) > 0)
        ;
    assert_int_equal(n, 0);
    close(fd);
    air_close(&w);
}

static void an_agent_who_may_not_be_here_any_more_is_cut_off(void **state)
{
    struct air w;
    agent_id bob;
    air_open(&w, *state);
    str token = test_agent_add(w.app, "bob@test.example", "agent", &bob);
    int fd = stream(&w, token, S(""));
    (void)until(&w, fd, "event: hello\n");
    str target = str_print(&w.app->arena, "/api/v1/agents/%lld", (long long)bob.v);
    assert_int_equal(
        test_request(w.app, "PATCH", str_z(&w.app->arena, target), "{\"is_active\":false}"), 200);
    assert_ok(engine_run_due(w.engine));
    (void)until(&w, fd, "event: reconnect\n");
    close(fd);
    air_close(&w);
}

static void without_a_credential_there_is_no_stream(void **state)
{
    struct air w;
    air_open(&w, *state);
    int fd = stream(&w, S("seva_nobody"), S(""));
    (void)until(&w, fd, "HTTP/1.1 401");
    close(fd);
    assert_int_equal(audience_count(live_audience(&w.api)), 0);
    air_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(a_console_hears_what_happens_from_now_on),
        TEST_APP(a_client_that_was_away_gets_what_it_missed_once_and_in_order),
        TEST_APP(a_place_that_means_nothing_any_more_is_reset),
        TEST_APP(nobody_hears_another_account),
        TEST_APP(passing_news_reaches_the_one_it_is_for),
        TEST_APP(a_stream_ends_when_its_token_does),
        TEST_APP(an_agent_who_may_not_be_here_any_more_is_cut_off),
        TEST_APP(without_a_credential_there_is_no_stream),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
