/* Telephone calls and agents (care/phone.h), with the network of parrot.h: the log follows what the
 * network tells, callers are taken out of the queue, calls are made, ended and wrapped up; nothing
 * is lost when the network fails. */
#include "networks_world.h"

#include "base/clock.h"

#define CALLS "/api/v1/calls"

static const char ringing[] =
    "{\"kind\":\"call\",\"id\":\"k1\",\"from\":\"+15557770001\",\"name\":\"Ann\",\"state\":\"ringing\"}";
static const char waiting[] =
    "{\"kind\":\"call\",\"id\":\"k1\",\"from\":\"+15557770001\",\"state\":\"queued\",\"position\":2}";
static const char answered[] =
    "{\"kind\":\"message\",\"id\":\"k1\",\"from\":\"+15557770001\",\"text\":\"call\",\"answered\":true},"
    "{\"kind\":\"call\",\"id\":\"k1\",\"from\":\"+15557770001\",\"state\":\"answered\"}";
static const char ended[] =
    "{\"kind\":\"call\",\"id\":\"k1\",\"from\":\"+15557770001\",\"state\":\"ended\"}";

static void open_world(struct networks *n, void **state)
{
    networks_open(n, *state);
    channel_connect(n);
}

static void own_phone(struct networks *n)
{
    assert_int_equal(ask(n, "PATCH", S("/api/v1/me"), "{\"phone\":\"+1 (555) 999-0001\"}"), 200);
    assert_str(test_text(n->app, "phone"), "+15559990001");
}

/* The newest call, shown as the last answer; its id. */
static str newest(struct networks *n)
{
    assert_int_equal(ask(n, "GET", S(CALLS), NULL), 200);
    str id = test_text(n->app, "items.0.id");
    assert_int_equal(ask(n, "GET", path(n, CALLS "/%.*s", SARG(id)), NULL), 200);
    return id;
}

static str shown(struct networks *n, const char *field)
{
    (void)newest(n);
    const struct json *v = json_get(n->app->json, str_from(field));
    return v && v->kind == JSON_STRING ? v->text : S("-");
}

static void at(struct networks *n, int64_t ms)
{
    clock_advance(ms);
    world_run(&n->w);
}

/* ── the log ── */

static void a_call_is_in_the_log_as_the_network_tells_of_it(void **state)
{
    struct networks n;
    open_world(&n, state);
    hook(&n, ringing);
    assert_str(shown(&n, "state"), "ringing");
    assert_str(shown(&n, "contact_name"), "Ann");
    assert_str(shown(&n, "number"), "+15557770001");
    assert_str(shown(&n, "direction"), "in");
    assert_str(shown(&n, "conversation_id"), "-");
    clock_advance(3000);
    int64_t version = test_int(n.app, "version");
    hook(&n, waiting);
    assert_str(shown(&n, "state"), "queued");
    assert_int_equal(test_int(n.app, "queue_position"), 2);
    assert_true(test_int(n.app, "version") > version);
    clock_advance(7000);
    hook(&n, answered);
    assert_str(shown(&n, "state"), "answered");
    assert_int_equal(test_int(n.app, "wait_s"), 10);
    str conversation = test_text(n.app, "conversation_id");
    assert_true(test_text(n.app, "message_id").len > 1);
    clock_advance(60 * 1000);
    hook(&n, ended);
    assert_str(shown(&n, "outcome"), "answered");
    assert_int_equal(test_int(n.app, "talk_s"), 60);
    hook(&n, waiting); /* late: it changes nothing */
    assert_str(shown(&n, "state"), "ended");
    assert_int_equal(
        ask(&n, "GET", path(&n, CALLS "?conversation_id=%.*s&outcome=answered", SARG(conversation)),
            NULL),
        200);
    assert_int_equal(json_get(n.app->json, S("items"))->count, 1);
    assert_int_equal(ask(&n, "GET", S(CALLS "?state=queued"), NULL), 200);
    assert_int_equal(json_get(n.app->json, S("items"))->count, 0);
    networks_close(&n);
}

static void an_answered_call_does_not_leave_the_conversation_waiting(void **state)
{
    struct networks n;
    open_world(&n, state);
    hook(&n, "{\"kind\":\"message\",\"id\":\"k0\",\"from\":\"+15557770001\",\"text\":\"missed\"}");
    str target = path(&n, "/api/v1/conversations/%.*s", SARG(conversation_newest(&n.w)));
    assert_int_equal(ask(&n, "GET", target, NULL), 200);
    assert_true(test_text(n.app, "waiting_since").len > 1);
    hook(&n, ringing);
    hook(&n, answered);
    assert_int_equal(ask(&n, "GET", target, NULL), 200);
    assert_int_equal(json_get(n.app->json, S("waiting_since"))->kind, JSON_NULL);
    networks_close(&n);
}

static void an_answered_call_is_no_message_that_waits_when_the_conversation_opens_again(
    void **state)
{
    struct networks n;
    open_world(&n, state);
    hook(&n, "{\"kind\":\"message\",\"id\":\"k0\",\"from\":\"+15557770001\",\"text\":\"missed\"}");
    hook(&n, ringing);
    hook(&n, answered);
    hook(&n, ended);
    str target = path(&n, "/api/v1/conversations/%.*s", SARG(conversation_newest(&n.w)));
    assert_int_equal(ask(&n, "PATCH", target, "{\"status\":\"resolved\"}"), 200);
    assert_int_equal(ask(&n, "PATCH", target, "{\"status\":\"open\"}"), 200);
    assert_int_equal(json_get(n.app->json, S("waiting_since"))->kind, JSON_NULL);
    hook(&n, "{\"kind\":\"message\",\"id\":\"k3\",\"from\":\"+15557770001\",\"text\":\"missed\"}");
    assert_int_equal(ask(&n, "PATCH", target, "{\"status\":\"resolved\"}"), 200);
    assert_int_equal(ask(&n, "PATCH", target, "{\"status\":\"open\"}"), 200);
    assert_true(test_text(n.app, "waiting_since").len > 1);
    networks_close(&n);
}

static void a_call_with_a_voicemail_has_ended(void **state)
{
    struct networks n;
    open_world(&n, state);
    hook(&n, ringing);
    hook(&n,
        "{\"kind\":\"message\",\"id\":\"k1\",\"from\":\"+15557770001\",\"text\":\"Call me\"},"
        "{\"kind\":\"call\",\"id\":\"k1\",\"from\":\"+15557770001\",\"outcome\":\"voicemail\"}");
    assert_str(shown(&n, "state"), "ended");
    assert_str(shown(&n, "outcome"), "voicemail");
    assert_true(shown(&n, "message_id").len > 1);
    hook(&n, ended);
    hook(&n, waiting); /* late: they change nothing */
    assert_str(shown(&n, "state"), "ended");
    assert_str(shown(&n, "outcome"), "voicemail");
    networks_close(&n);
}

static void calls_are_seen_by_those_of_their_channel_or_conversation(void **state)
{
    struct networks n;
    open_world(&n, state);
    agent_id neha, ben;
    str of_channel = test_agent_add(n.app, "neha@test.example", "agent", &neha);
    str of_other = test_agent_add(n.app, "ben@test.example", "agent", &ben);
    assert_int_equal(ask(&n, "PATCH", path(&n, "/api/v1/agents/%lld", (long long)neha.v),
                         "{\"grants\":[{\"scope\":\"channel\",\"id\":\"%.*s\"}]}", SARG(n.channel)),
        200);
    assert_int_equal(ask(&n, "PATCH", path(&n, "/api/v1/agents/%lld", (long long)ben.v),
                         "{\"grants\":[{\"scope\":\"channel\",\"id\":\"%lld\"}]}",
                         (long long)n.app->api_channel.v),
        200);
    hook(&n, waiting);
    char *target = str_z(&n.app->arena, path(&n, CALLS "/%.*s", SARG(newest(&n))));
    assert_int_equal(test_request_as(n.app, of_channel, "GET", target, NULL), 200);
    assert_int_equal(test_request_as(n.app, of_other, "GET", target, NULL), 404);
    assert_int_equal(test_request_as(n.app, of_other, "GET", CALLS, NULL), 200);
    assert_int_equal(json_get(n.app->json, S("items"))->count, 0);
    str other = test_account_add(n.app, "Other", NULL);
    assert_int_equal(test_request_as(n.app, other, "GET", target, NULL), 404);
    networks_close(&n);
}

/* ── taking ── */

static int act(struct networks *n, str call, const char *what)
{
    return ask(n, "POST", path(n, CALLS "/%.*s/%s", SARG(call), what), NULL);
}

static void a_waiting_caller_is_put_through_to_the_agents_own_phone(void **state)
{
    struct networks n;
    open_world(&n, state);
    hook(&n, waiting);
    str call = newest(&n);
    assert_int_equal(act(&n, call, "take"), 409);
    assert_true(body_has(&n, "conflict.phone"));
    own_phone(&n);
    assert_int_equal(act(&n, call, "take"), 200);
    assert_true(test_text(n.app, "agent_id").len > 1);
    agent_id neha;
    str token = test_agent_add(n.app, "neha@test.example", "agent", &neha);
    char *target = str_z(&n.app->arena, path(&n, CALLS "/%.*s/take", SARG(call)));
    assert_int_equal(test_request_as(n.app, token, "POST", target, NULL), 409);
    assert_true(body_has(&n, "conflict.taken"));
    peer_answers(n.peer, 200, "", "{}");
    world_run(&n.w);
    struct peer_heard heard = heard_last(&n);
    assert_str(heard.target, "/x/api/call");
    assert_true(str_find(heard.body, S("\"kind\":\"take\",\"id\":\"k1\"")) >= 0);
    assert_true(str_find(heard.body, S("+15559990001")) >= 0);
    hook(&n, answered);
    str conversation = shown(&n, "conversation_id");
    str owner = test_text(n.app, "agent_id");
    assert_int_equal(
        ask(&n, "GET", path(&n, "/api/v1/conversations/%.*s", SARG(conversation)), NULL), 200);
    assert_str(test_text(n.app, "assignee_id"), str_z(&n.app->arena, owner));
    networks_close(&n);
}

static void a_phone_that_does_not_answer_gives_the_caller_back(void **state)
{
    struct networks n;
    open_world(&n, state);
    own_phone(&n);
    hook(&n, waiting);
    str call = newest(&n);
    assert_int_equal(act(&n, call, "take"), 200);
    peer_answers(n.peer, 200, "", "{}");
    world_run(&n.w);
    hook(&n, "{\"kind\":\"call\",\"id\":\"k1\",\"from\":\"+15557770001\",\"state\":\"queued\","
             "\"returned\":true}");
    assert_str(shown(&n, "state"), "queued");
    assert_str(shown(&n, "agent_id"), "-");
    assert_true(str_find(shown(&n, "error"), S("did not answer")) > 0);
    assert_int_equal(act(&n, call, "take"), 200);
    peer_answers(n.peer, 200, "", "{}");
    world_run(&n.w);
    clock_advance(50 * 1000); /* nothing came of it: it waits on */
    hook(&n, "{\"kind\":\"call\",\"id\":\"k1\",\"from\":\"+15557770001\",\"state\":\"queued\","
             "\"position\":1}");
    assert_str(shown(&n, "agent_id"), "-");
    networks_close(&n);
}

static void a_take_that_the_network_refuses_says_why_and_the_caller_waits(void **state)
{
    struct networks n;
    open_world(&n, state);
    own_phone(&n);
    hook(&n, waiting);
    assert_int_equal(act(&n, newest(&n), "take"), 200);
    peer_answers(n.peer, 400, "", "{}");
    world_run(&n.w);
    assert_str(shown(&n, "agent_id"), "-");
    assert_str(shown(&n, "state"), "queued");
    assert_str(shown(&n, "error"), "Parrot answered 400.");
    networks_close(&n);
}

static void who_has_gone_cannot_be_taken(void **state)
{
    struct networks n;
    open_world(&n, state);
    own_phone(&n);
    hook(&n, waiting);
    str call = newest(&n);
    hook(&n, ended);
    assert_str(shown(&n, "outcome"), "missed");
    assert_int_equal(act(&n, call, "take"), 409);
    assert_true(body_has(&n, "conflict.not_waiting"));
    assert_int_equal(act(&n, call, "hang_up"), 409);
    assert_true(body_has(&n, "conflict.ended"));
    networks_close(&n);
}

/* ── after-call time ── */

static str answered_by_owner(struct networks *n)
{
    own_phone(n);
    hook(n, waiting);
    str call = newest(n);
    assert_int_equal(act(n, call, "take"), 200);
    peer_answers(n->peer, 200, "", "{}");
    world_run(&n->w);
    hook(n, answered);
    clock_advance(30 * 1000);
    hook(n, ended);
    return call;
}

static bool is_in_wrap_up(struct networks *n)
{
    assert_int_equal(ask(n, "GET", S("/api/v1/session"), NULL), 200);
    return json_bool(json_get(json_get(n->app->json, S("agent")), S("is_in_wrap_up")), false);
}

static void after_a_call_the_agent_writes_a_note_and_is_done(void **state)
{
    struct networks n;
    open_world(&n, state);
    str call = answered_by_owner(&n);
    assert_true(shown(&n, "wrap_started_at").len > 1);
    assert_true(is_in_wrap_up(&n));
    clock_advance(20 * 1000);
    agent_id neha;
    str token = test_agent_add(n.app, "neha@test.example", "agent", &neha);
    char *target = str_z(&n.app->arena, path(&n, CALLS "/%.*s/wrap_up", SARG(call)));
    assert_int_equal(test_request_as(n.app, token, "POST", target, "{}"), 403);
    assert_int_equal(test_request(n.app, "POST", target, "{\"note\":\"wants a refund\"}"), 200);
    assert_int_equal(test_int(n.app, "wrap_s"), 20);
    assert_str(test_text(n.app, "note"), "wants a refund");
    assert_int_equal(test_request(n.app, "POST", target, "{}"), 409);
    assert_true(body_has(&n, "conflict.wrap_up"));
    assert_false(is_in_wrap_up(&n));
    str conversation = shown(&n, "conversation_id");
    assert_int_equal(
        ask(&n, "GET", path(&n, "/api/v1/conversations/%.*s/messages", SARG(conversation)), NULL),
        200);
    assert_true(body_has(&n, "wants a refund"));
    at(&n, 200 * 1000);
    (void)newest(&n);
    assert_int_equal(test_int(n.app, "wrap_s"), 20);
    networks_close(&n);
}

static void after_call_time_ends_by_itself(void **state)
{
    struct networks n;
    open_world(&n, state);
    (void)answered_by_owner(&n);
    at(&n, 119 * 1000);
    assert_str(shown(&n, "wrap_ended_at"), "-");
    at(&n, 2 * 1000);
    (void)newest(&n);
    assert_int_equal(test_int(n.app, "wrap_s"), 121);
    assert_false(is_in_wrap_up(&n));
    networks_close(&n);
}

/* ── calling ── */

#define CLIENT_ID "11111111-1111-4111-8111-111111111111"

static int start(struct networks *n, const char *more)
{
    return ask(n, "POST", S(CALLS), "{\"channel_id\":\"%.*s\",\"client_id\":\"" CLIENT_ID "\"%s}",
        SARG(n->channel), more);
}

static void a_number_is_called_once_and_the_call_stands_in_the_conversation(void **state)
{
    struct networks n;
    open_world(&n, state);
    assert_int_equal(start(&n, ",\"number\":\"+15557770002\""), 409);
    assert_true(body_has(&n, "conflict.phone"));
    own_phone(&n);
    assert_int_equal(start(&n, ",\"number\":\"nobody\""), 400);
    assert_int_equal(start(&n, ""), 400);
    assert_int_equal(start(&n, ",\"number\":\"+1 555 777-0002\""), 201);
    str call = test_text(n.app, "id");
    assert_int_equal(start(&n, ",\"number\":\"+15557770002\""), 200);
    assert_str(test_text(n.app, "id"), str_z(&n.app->arena, call));
    peer_answers(n.peer, 200, "", "{\"id\":\"k9\"}");
    world_run(&n.w);
    struct peer_heard heard = heard_last(&n);
    assert_true(str_find(heard.body, S("\"kind\":\"dial\"")) >= 0);
    assert_true(str_find(heard.body, S("\"to\":\"+15557770002\"")) >= 0);
    assert_true(str_find(heard.body, call) >= 0);
    hook(&n, "{\"kind\":\"call\",\"id\":\"k9\",\"state\":\"answered\"}");
    clock_advance(12 * 1000);
    hook(&n, "{\"kind\":\"call\",\"id\":\"k9\",\"state\":\"ended\"}");
    assert_str(shown(&n, "outcome"), "answered");
    assert_str(shown(&n, "direction"), "out");
    str conversation = test_text(n.app, "conversation_id");
    assert_int_equal(
        ask(&n, "GET", path(&n, "/api/v1/conversations/%.*s/messages", SARG(conversation)), NULL),
        200);
    assert_str(test_text(n.app, "items.0.kind"), "out");
    assert_str(test_text(n.app, "items.0.author.kind"), "agent");
    assert_int_equal(test_int(n.app, "items.0.parts.0.seconds"), 12);
    networks_close(&n);
}

static void a_call_that_the_network_refuses_has_failed_in_words(void **state)
{
    struct networks n;
    open_world(&n, state);
    own_phone(&n);
    assert_int_equal(start(&n, ",\"number\":\"+15557770002\""), 201);
    peer_answers(n.peer, 400, "", "{}");
    world_run(&n.w);
    assert_str(shown(&n, "outcome"), "failed");
    assert_str(shown(&n, "error"), "Parrot answered 400.");
    networks_close(&n);
}

/* Refused because of the load: tried again for a minute, and not an hour later. */
static void a_phone_rings_within_a_minute_or_not_at_all(void **state)
{
    struct networks n;
    open_world(&n, state);
    own_phone(&n);
    assert_int_equal(start(&n, ",\"number\":\"+15557770002\""), 201);
    int before = peer_count(n.peer);
    for (int i = 0; i < 20; i++)
        peer_answers(n.peer, 503, "", "{}");
    for (int i = 0; i < 20; i++)
        at(&n, 30 * 1000);
    assert_str(shown(&n, "outcome"), "failed");
    assert_true(peer_count(n.peer) - before >= 2);
    assert_true(peer_count(n.peer) - before <= 6);
    networks_close(&n);
}

static void what_may_have_been_called_is_not_called_again_and_its_news_find_it(void **state)
{
    struct networks n;
    open_world(&n, state);
    own_phone(&n);
    assert_int_equal(start(&n, ",\"number\":\"+15557770002\""), 201);
    str call = test_text(n.app, "id");
    int before = peer_count(n.peer);
    peer_hangs_up(n.peer);
    world_run(&n.w);
    at(&n, 60 * 1000);
    assert_int_equal(peer_count(n.peer) - before, 1);
    assert_str(shown(&n, "state"), "ringing");
    hook(&n, str_z(&n.app->arena,
                 str_print(&n.app->arena,
                     "{\"kind\":\"call\",\"id\":\"k8\",\"ref\":\"%.*s\",\"state\":\"answered\"}",
                     SARG(call))));
    assert_str(shown(&n, "state"), "answered");
    networks_close(&n);
}

static void a_call_of_which_nothing_is_heard_has_failed(void **state)
{
    struct networks n;
    open_world(&n, state);
    own_phone(&n);
    assert_int_equal(start(&n, ",\"number\":\"+15557770002\""), 201);
    peer_hangs_up(n.peer);
    world_run(&n.w);
    at(&n, 3 * 60 * 1000);
    assert_str(shown(&n, "outcome"), "failed");
    networks_close(&n);
}

static void an_end_that_was_never_told_is_asked_for(void **state)
{
    struct networks n;
    open_world(&n, state);
    hook(&n, ringing);
    peer_answers(n.peer, 200, "", "{\"over\":false}");
    at(&n, 16 * 60 * 1000);
    assert_str(shown(&n, "state"), "ringing");
    peer_answers(n.peer, 200, "", "{\"over\":true}");
    at(&n, 16 * 60 * 1000);
    assert_str(shown(&n, "state"), "ended");
    assert_str(shown(&n, "outcome"), "missed");
    networks_close(&n);
}

static void a_call_is_ended_by_the_agent(void **state)
{
    struct networks n;
    open_world(&n, state);
    hook(&n, ringing);
    hook(&n, answered);
    assert_int_equal(act(&n, newest(&n), "hang_up"), 200);
    peer_answers(n.peer, 200, "", "{}");
    world_run(&n.w);
    assert_true(str_find(heard_last(&n).body, S("\"kind\":\"hang_up\",\"id\":\"k1\"")) >= 0);
    hook(&n, ended);
    assert_str(shown(&n, "outcome"), "answered");
    networks_close(&n);
}

static void the_agent_whose_phone_picked_up_is_known_by_it(void **state)
{
    struct networks n;
    open_world(&n, state);
    own_phone(&n);
    hook(&n, ringing);
    hook(&n, "{\"kind\":\"message\",\"id\":\"k1\",\"from\":\"+15557770001\",\"text\":\"call\"},"
             "{\"kind\":\"call\",\"id\":\"k1\",\"from\":\"+15557770001\",\"state\":\"answered\","
             "\"agent\":\"+15559990001\"}");
    assert_true(shown(&n, "agent_name").len > 1);
    hook(&n, ended);
    assert_true(shown(&n, "wrap_started_at").len > 1);
    networks_close(&n);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_call_is_in_the_log_as_the_network_tells_of_it),
        TEST_APP(an_answered_call_does_not_leave_the_conversation_waiting),
        TEST_APP(an_answered_call_is_no_message_that_waits_when_the_conversation_opens_again),
        TEST_APP(a_call_with_a_voicemail_has_ended),
        TEST_APP(calls_are_seen_by_those_of_their_channel_or_conversation),
        TEST_APP(a_waiting_caller_is_put_through_to_the_agents_own_phone),
        TEST_APP(a_phone_that_does_not_answer_gives_the_caller_back),
        TEST_APP(a_take_that_the_network_refuses_says_why_and_the_caller_waits),
        TEST_APP(who_has_gone_cannot_be_taken),
        TEST_APP(after_a_call_the_agent_writes_a_note_and_is_done),
        TEST_APP(after_call_time_ends_by_itself),
        TEST_APP(a_number_is_called_once_and_the_call_stands_in_the_conversation),
        TEST_APP(a_call_that_the_network_refuses_has_failed_in_words),
        TEST_APP(a_phone_rings_within_a_minute_or_not_at_all),
        TEST_APP(what_may_have_been_called_is_not_called_again_and_its_news_find_it),
        TEST_APP(a_call_of_which_nothing_is_heard_has_failed),
        TEST_APP(an_end_that_was_never_told_is_asked_for),
        TEST_APP(a_call_is_ended_by_the_agent),
        TEST_APP(the_agent_whose_phone_picked_up_is_known_by_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
