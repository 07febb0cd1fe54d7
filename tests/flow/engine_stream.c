/* Live streams over real sockets: nothing missed between replay and live, nothing twice, nothing
 * that is not the listener's; rights that change reach the streams that are open. */
#include "engine_world.h"

#include "../unit/net/peer.h"
#include "api/events.h"
#include "api/live.h"
#include "care/elsewhere.h"
#include "files_world.h"
#include "model/view_event.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "shape_check.h"

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

static int stream_of(struct air *w, const char *base, str token, str last)
{
    struct arena *a = &w->app->arena;
    int fd = peer_connect(http_server_port(w->server, 0));
    str head =
        str_print(a, "GET %s/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %.*s\r\n", base,
            SARG(token));
    if (last.len)
        head = str_cat(a, head, str_print(a, "Last-Event-ID: %.*s\r\n", SARG(last)));
    peer_send(fd, str_cat(a, head, S("\r\n")));
    return fd;
}

static int stream(struct air *w, str token, str last)
{
    return stream_of(w, "/api", token, last);
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

/* The text with the rest of its last block. */
static str whole_blocks(struct air *w, int fd, str text)
{
    return str_ends(text, S("\n\n")) ? text : str_cat(&w->app->arena, text, until(w, fd, "\n\n"));
}

/* Every block is of a type that these listeners may get, its data of the type's shape. What comes
 * after the last whole block is left out. */
static void blocks_check(struct air *w, str text, int to)
{
    struct arena *a = &w->app->arena;
    while (text.len && !str_ends(text, S("\n\n")))
        text = str_sub(text, 0, text.len - 1);
    for (ptrdiff_t at; (at = str_find(text, S("event: "))) >= 0;) {
        str type, data, rest, why;
        const struct json *v;
        (void)str_cut(str_skip(text, at + 7), '\n', &type, &rest);
        (void)str_cut(rest, '\n', &data, &text);
        const struct event_kind *kind = event_kind_find(type, to);
        if (!kind || json_parse(a, str_skip(data, 6), &v, &why) != OK) {
            fail_msg("%.*s %.*s", SARG(type), SARG(data));
            return;
        }
        bool is_whole = !(kind->to & EVENT_IS_FLEETING);
        str fault = is_whole ? shape_fault(a, &event_shape, v) : (str){0};
        if (!fault.len && kind->data)
            fault = shape_fault(a, kind->data, is_whole ? json_get(v, S("data")) : v);
        if (fault.len)
            fail_msg("%.*s: %.*s", SARG(type), SARG(fault));
    }
}

static void what_streams_say_is_as_declared(void **state)
{
    struct air w;
    air_open(&w, *state);
    struct test_app *app = w.app;
    struct arena *a = &app->arena;
    app->api.hub = w.api.hub; /* requests of this test reach the streams */
    str ann = visitor_begin(app);
    str said = visitor_says(app, ann, "c1", "hello");
    str conversation = conversation_of_owner(app);
    char *presence =
        str_z(a, str_print(a, "/api/v1/conversations/%.*s/presence", SARG(conversation)));
    char *read = str_z(a, str_print(a, "/api/v1/conversations/%.*s/read", SARG(conversation)));
    char *upto = str_z(a, str_print(a, "{\"message_id\":\"%.*s\"}", SARG(said)));
    int agents = stream(&w, app->owner_token, S("")),
        visitors = stream_of(&w, "/widget", ann, S(""));
    str to_agents = until(&w, agents, "event: hello\ndata: {"),
        to_visitors = until(&w, visitors, "event: hello\ndata: {");
    assert_int_equal(test_request(app, "POST", presence, "{\"state\":\"typing\"}"), 204);
    assert_int_equal(visitor_post(app, ann, "typing", "{\"is_typing\":true}"), 204);
    (void)visitor_says(app, ann, "c2", "again");
    assert_ok(engine_run_due(w.engine));
    assert_int_equal(test_request(app, "POST", read, upto), 204);
    to_agents = str_cat(a, to_agents, until(&w, agents, "\"again\""));
    to_agents = whole_blocks(&w, agents, to_agents);
    to_visitors = str_cat(a, to_visitors, until(&w, visitors, "event: read\n"));
    to_visitors = whole_blocks(&w, visitors, to_visitors);
    assert_true(count_of(to_agents, "event: presence.changed\n") > 0);
    assert_int_equal(count_of(to_visitors, "event: typing\n"), 1);
    blocks_check(&w, to_agents, EVENT_TO_CONSOLES);
    blocks_check(&w, to_visitors, EVENT_TO_VISITORS);
    app->api.hub = NULL;
    close(agents);
    close(visitors);
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

/* A conversation of Ann's on the API channel; its id. */
static conversation_id conversation_in(struct air *w)
{
    struct world world = {.app = w->app, .engine = w->engine};
    conversation_id id;
    message_in(w, "m1", "ann", "hello");
    assert_ok(str_int(conversation_newest(&world), 1, INT64_MAX, &id.v));
    return id;
}

static void whose_presence_runs_out_is_told(void **state)
{
    struct air w;
    air_open(&w, *state);
    presence_reset();
    conversation_id c = conversation_in(&w);
    str path = str_print(&w.app->arena, "/api/v1/conversations/%lld/presence", (long long)c.v);
    int fd = stream(&w, w.app->owner_token, S(""));
    (void)until(&w, fd, "event: hello\n");
    assert_int_equal(
        test_request(w.app, "POST", str_z(&w.app->arena, path), "{\"state\":\"viewing\"}"), 204);
    clock_advance(PRESENCE_MS - 1);
    live_tick(&w.api, clock_now_ms()); /* not yet */
    live_tell(&w.api, w.app->account,
        &(struct live_news){.type = S("note"), .audience = EVENT_FOR_AGENTS, .data = S("{}")});
    clock_advance(1);
    live_tick(&w.api, clock_now_ms());
    live_tick(&w.api, clock_now_ms()); /* once is enough */
    live_tell(&w.api, w.app->account,
        &(struct live_news){.type = S("end"), .audience = EVENT_FOR_AGENTS, .data = S("{}")});
    str got = until(&w, fd, "event: end\n");
    assert_int_equal(count_of(got, "event: presence.changed\n"), 1);
    assert_true(str_find(got, S("event: note\n")) < str_find(got, S("presence.changed")));
    str data =
        str_print(&w.app->arena, "{\"conversation_id\":\"%lld\",\"agents\":[],", (long long)c.v);
    assert_true(str_find(got, data) > 0);
    close(fd);
    air_close(&w);
}

static void what_another_node_says_of_presence_is_known_here(void **state)
{
    struct air w;
    air_open(&w, *state);
    presence_reset();
    conversation_id c = conversation_in(&w);
    int fd = stream(&w, w.app->owner_token, S(""));
    (void)until(&w, fd, "event: hello\n");
    str said = str_print(&w.app->arena,
        "{\"node\":\"5\",\"account\":\"%lld\",\"type\":\"presence.changed\",\"audience\":%d,"
        "\"conversation\":\"%lld\",\"channel\":\"%lld\",\"data\":\"{}\",\"who\":\"77\",\"how\":2}",
        (long long)w.app->account.v, EVENT_FOR_AGENTS, (long long)c.v,
        (long long)w.app->api_channel.v);
    live_heard(&w.api, said);
    str got = until(&w, fd, "\n\n");
    assert_true(str_find(got, S("{\"agent_id\":\"77\",\"state\":\"typing\"")) > 0);
    struct presence now;
    presence_get(w.app->account, c, clock_now_ms(), &now);
    assert_int_equal(now.n, 1);
    clock_advance(PRESENCE_MS);
    live_tick(&w.api, clock_now_ms());
    assert_true(str_find(until(&w, fd, "\n\n"), S("\"agents\":[]")) > 0);
    close(fd);
    air_close(&w);
}

static void heard_of_agents(struct air *w, const char *came, const char *left)
{
    live_heard(&w->api, str_print(&w->app->arena,
                            "{\"node\":\"5\",\"account\":\"%lld\",\"came\":[%s],\"left\":[%s]}",
                            (long long)w->app->account.v, came, left));
}

static void agents_at_other_nodes_are_online_until_the_node_falls_silent(void **state)
{
    struct air w;
    const account_id stranger = {4711};
    const agent_id anna = {77}, bob = {78};
    air_open(&w, *state);
    const account_id here = w.app->account;
    heard_of_agents(&w, "\"77\",\"78\"", "");
    assert_true(live_agent_is_online(&w.api, here, anna));
    assert_false(live_agent_is_online(&w.api, stranger, anna));
    heard_of_agents(&w, "", "\"77\"");
    assert_false(live_agent_is_online(&w.api, here, anna));
    clock_advance(40000);
    heard_of_agents(&w, "\"77\"", "");
    clock_advance(40000);
    assert_true(live_agent_is_online(&w.api, here, anna));
    assert_false(live_agent_is_online(&w.api, here, bob)); /* not said again for a minute */
    air_close(&w);
}

static void heard_of_contact(struct air *w, int node, const char *word, str contact)
{
    live_heard(&w->api, str_print(&w->app->arena,
                            "{\"node\":\"%d\",\"account\":\"%lld\",\"contacts_%s\":[\"%.*s\"]}",
                            node, (long long)w->app->account.v, word, SARG(contact)));
}

static bool conversation_shows_online(struct air *w, const char *path)
{
    assert_int_equal(test_request(w->app, "GET", path, NULL), 200);
    const struct json *online = json_path(w->app->json, S("contact.is_online"));
    assert_non_null(online);
    return json_bool(online, false);
}

static void a_contact_is_online_at_whichever_node_the_chat_is_open(void **state)
{
    struct air w;
    air_open(&w, *state);
    struct arena *a = &w.app->arena;
    conversation_id c = conversation_in(&w);
    const char *path = str_z(a, str_print(a, "/api/v1/conversations/%lld", (long long)c.v));
    assert_false(conversation_shows_online(&w, path));
    str contact = test_text(w.app, "contact.id");
    heard_of_contact(&w, 5, "came", contact);
    heard_of_contact(&w, 6, "came", contact);
    assert_true(conversation_shows_online(&w, path));
    heard_of_contact(&w, 5, "left", contact);
    assert_true(conversation_shows_online(&w, path)); /* a second tab, at another node */
    heard_of_contact(&w, 6, "left", contact);
    assert_false(conversation_shows_online(&w, path));
    heard_of_contact(&w, 5, "came", contact);
    clock_advance(ELSEWHERE_MS);
    assert_false(conversation_shows_online(&w, path)); /* that node has fallen silent */
    air_close(&w);
}

/* The widget asks; the owner's console stands at another node. */
static void a_chat_is_staffed_by_agents_of_any_node(void **state)
{
    struct air w;
    air_open(&w, *state);
    str path = str_print(&w.app->arena, "/widget/v1/%.*s/config", SARG(w.app->widget_key));
    const char *config = str_z(&w.app->arena, path);
    assert_int_equal(test_request_full(w.app, "GET", config, NULL, 0, S("")), 200);
    assert_false(json_bool(json_path(w.app->json, S("is_staffed")), true));
    str owner = str_print(&w.app->arena, "\"%lld\"", (long long)w.app->owner.v);
    heard_of_agents(&w, str_z(&w.app->arena, owner), "");
    assert_int_equal(test_request_full(w.app, "GET", config, NULL, 0, S("")), 200);
    assert_true(json_bool(json_path(w.app->json, S("is_staffed")), false));
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
        TEST_APP(what_streams_say_is_as_declared),
        TEST_APP(a_stream_ends_when_its_token_does),
        TEST_APP(an_agent_who_may_not_be_here_any_more_is_cut_off),
        TEST_APP(without_a_credential_there_is_no_stream),
        TEST_APP(whose_presence_runs_out_is_told),
        TEST_APP(what_another_node_says_of_presence_is_known_here),
        TEST_APP(agents_at_other_nodes_are_online_until_the_node_falls_silent),
        TEST_APP(a_contact_is_online_at_whichever_node_the_chat_is_open),
        TEST_APP(a_chat_is_staffed_by_agents_of_any_node),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
