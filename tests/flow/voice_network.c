/* The phone, played by the simulated Twilio over real sockets: callers hear the menu, wait, are
 * taken by an agent's phone, leave a voicemail or reach nobody; agents call. Nothing is doubled
 * when Twilio fails. */
#include "base/clock.h"

#include <stdio.h>

#include "network_rows.h"

#define AGENT  "+15559990001"
#define TWILIO "{\"auth_token\":\"sevaTwilioAuthToken0001\"}"

struct phone_world {
    struct network_world nw;
    str channel, sms;
};

static str settings_of(struct test_app *app, str sms)
{
    return str_print(&app->arena,
        "{\"account_sid\":\"AC00000000000000000000000000000001\",\"number\":\"+15550001111\","
        "\"wrap_up_s\":\"60\",\"ivr\":{\"transcribe\":true,\"languages\":[{\"tag\":\"en\","
        "\"greeting\":\"Welcome\",\"position\":\"You are number {position}\","
        "\"waiting\":\"about {minutes} minutes\",\"leave_message\":\"Speak\"}],\"menus\":{"
        "\"main\":{\"prompt\":\"Press\",\"entries\":[{\"digit\":\"1\",\"action\":\"queue\"},"
        "{\"digit\":\"2\",\"action\":\"voicemail\"},{\"digit\":\"3\",\"action\":"
        "\"continue_by_message\",\"channel_id\":\"%.*s\",\"text\":\"Write here\"}]},\"wait\":{"
        "\"prompt\":\"Or press 9\",\"entries\":[{\"digit\":\"9\",\"action\":"
        "\"continue_by_message\",\"channel_id\":\"%.*s\",\"text\":\"Instead of waiting\"}]}},"
        "\"missed_call\":{\"channel_id\":\"%.*s\",\"text\":\"Sorry, we missed you\"}}}",
        SARG(sms), SARG(sms), SARG(sms));
}

static void open_world(struct phone_world *p, void **state)
{
    struct test_app *app = *state;
    network_world_open(&p->nw, app, NULL);
    for (int i = 0; i < NETWORK_ROWS; i++)
        if (str_eq(str_from(network_rows[i].channel.kind), S("sms")))
            p->sms = str_print(&app->arena, "%lld",
                (long long)network_connect(&p->nw, &network_rows[i].channel).v);
    char *settings = str_z(&app->arena, settings_of(app, p->sms));
    const struct network_channel voice = {"voice", settings, TWILIO, "", ""};
    p->channel = str_print(&app->arena, "%lld", (long long)network_connect(&p->nw, &voice).v);
    assert_int_equal(test_request(app, "PATCH", "/api/v1/me", "{\"phone\":\"" AGENT "\"}"), 200);
}

static void close_world(struct phone_world *p)
{
    assert_int_equal(network_count(&p->nw, "voice", SIM_COUNT_DOUBLES), 0);
    network_world_close(&p->nw);
}

static str calls_in(struct phone_world *p, const char *text, const char *keys)
{
    const struct json *more = NULL;
    str why, json = str_print(&p->nw.app->arena, "{\"keys\":\"%s\"}", keys);
    assert_ok(json_parse(&p->nw.app->arena, json, &more, &why));
    return network_say(&p->nw, "voice",
        &(struct sim_say){.from_id = S("+15557770001"),
            .from_name = S("Asha"),
            .text = str_from(text),
            .more = more});
}

/* A special of the simulated telephone; its answer. */
static str does(struct phone_world *p, const char *what, const char *member, str value)
{
    struct arena *a = &p->nw.app->arena;
    const struct json *input = NULL;
    str answer = {0}, why;
    str json = str_print(a, "{\"%s\":\"%.*s\"}", member, SARG(value));
    assert_ok(json_parse(a, json, &input, &why));
    if (sim_special(p->nw.sim, a, S("voice"), (str){0}, str_from(what), input, &answer, &why) != OK)
        fail_msg("%s: %.*s", what, SARG(why));
    network_run(&p->nw);
    return answer;
}

static void at(struct phone_world *p, int64_t ms)
{
    clock_fix(clock_now_ms() + ms);
    network_run(&p->nw);
}

/* The newest call is the last answer. */
static str newest(struct phone_world *p)
{
    assert_int_equal(test_request(p->nw.app, "GET", "/api/v1/calls?limit=1", NULL), 200);
    return test_text(p->nw.app, "items.0.id");
}

static str shown(struct phone_world *p, const char *field)
{
    (void)newest(p);
    const struct json *call = json_get(p->nw.app->json, S("items"))->first;
    return json_text(json_get(call, str_from(field)), S("-"));
}

static int64_t number(struct phone_world *p, const char *field)
{
    char path[64];
    (void)snprintf(path, sizeof path, "items.0.%s", field);
    (void)newest(p);
    return test_int(p->nw.app, path);
}

static int act(struct phone_world *p, const char *what, const char *body)
{
    str target = str_print(&p->nw.app->arena, "/api/v1/calls/%.*s/%s", SARG(newest(p)), what);
    int status = test_request(p->nw.app, "POST", str_z(&p->nw.app->arena, target), body);
    network_run(&p->nw);
    return status;
}

static bool heard(struct phone_world *p, str call, const char *words)
{
    return str_find(does(p, "look", "call", call), str_from(words)) >= 0;
}

static void a_caller_waits_is_taken_and_the_agent_is_done_afterwards(void **state)
{
    struct phone_world p;
    open_world(&p, state);
    str call = calls_in(&p, "", "1");
    assert_true(heard(&p, call, "Welcome|Press|You are number 1|about 2 minutes|Or press 9"));
    assert_str(shown(&p, "state"), "queued");
    assert_int_equal(number(&p, "queue_position"), 1);
    assert_str(shown(&p, "contact_name"), "Asha");
    at(&p, 5000);
    assert_int_equal(act(&p, "take", NULL), 200);
    assert_str(shown(&p, "state"), "queued");
    at(&p, 5000);
    (void)does(&p, "answer", "phone", S(AGENT));
    assert_str(shown(&p, "state"), "answered");
    assert_int_equal(number(&p, "wait_s"), 10);
    str conversation = str_copy(&p.nw.app->arena, shown(&p, "conversation_id"));
    at(&p, 42 * 1000);
    (void)does(&p, "hang_up", "call", call);
    assert_str(shown(&p, "outcome"), "answered");
    assert_int_equal(number(&p, "talk_s"), 42);
    str target = str_print(&p.nw.app->arena, "/api/v1/conversations/%.*s", SARG(conversation));
    assert_int_equal(test_request(p.nw.app, "GET", str_z(&p.nw.app->arena, target), NULL), 200);
    assert_int_equal(json_get(p.nw.app->json, S("waiting_since"))->kind, JSON_NULL);
    assert_true(json_get(p.nw.app->json, S("assignee_id"))->kind == JSON_STRING);
    at(&p, 20 * 1000);
    assert_int_equal(act(&p, "wrap_up", "{\"note\":\"asked for the bill\"}"), 200);
    assert_int_equal(number(&p, "wrap_s"), 20);
    assert_str(network_timeline(&p.nw, conversation), "in:|note:asked for the bill");
    close_world(&p);
}

static void a_phone_that_is_not_picked_up_gives_the_caller_back_to_the_queue(void **state)
{
    struct phone_world p;
    open_world(&p, state);
    str call = calls_in(&p, "", "1");
    assert_int_equal(act(&p, "take", NULL), 200);
    (void)does(&p, "decline", "phone", S(AGENT));
    assert_str(shown(&p, "state"), "queued");
    assert_str(shown(&p, "agent_id"), "-");
    assert_true(str_find(does(&p, "look", "call", call), S("\"doing\":\"queued\"")) >= 0);
    assert_int_equal(act(&p, "take", NULL), 200);
    (void)does(&p, "answer", "phone", S(AGENT));
    assert_str(shown(&p, "state"), "answered");
    (void)does(&p, "hang_up", "call", call);
    at(&p, 61 * 1000);
    assert_int_equal(number(&p, "wrap_s"), 61); /* by itself */
    close_world(&p);
}

static void who_does_not_want_to_wait_goes_on_by_message(void **state)
{
    struct phone_world p;
    open_world(&p, state);
    str call = calls_in(&p, "", "19");
    assert_str(shown(&p, "outcome"), "message");
    assert_str(shown(&p, "state"), "ended");
    assert_true(str_find(does(&p, "look", "call", call), S("\"doing\":\"over\"")) >= 0);
    at(&p, 60 * 1000);
    assert_str(network_accepted(&p.nw, "sms"), "Instead of waiting");
    close_world(&p);
}

static void a_voicemail_comes_with_its_sound_and_its_words(void **state)
{
    struct phone_world p;
    open_world(&p, state);
    (void)calls_in(&p, "Please call me back", "2");
    assert_str(shown(&p, "outcome"), "voicemail");
    assert_str(shown(&p, "state"), "ended");
    str target = str_print(&p.nw.app->arena, "/api/v1/conversations/%.*s/messages",
        SARG(shown(&p, "conversation_id")));
    at(&p, 5000);
    assert_int_equal(test_request(p.nw.app, "GET", str_z(&p.nw.app->arena, target), NULL), 200);
    assert_str(test_text(p.nw.app, "items.0.text"), "Please call me back");
    assert_str(test_text(p.nw.app, "items.0.attachments.0.name"), "voicemail.mp3");
    assert_str(test_text(p.nw.app, "items.0.attachments.0.state"), "ready");
    assert_int_equal(test_int(p.nw.app, "items.0.attachments.0.size"), 38 * 104);
    close_world(&p);
}

static void who_reaches_nobody_is_written_to(void **state)
{
    struct phone_world p;
    open_world(&p, state);
    str call = calls_in(&p, "", "1");
    (void)does(&p, "hang_up", "call", call);
    assert_str(shown(&p, "outcome"), "missed");
    at(&p, 60 * 1000);
    assert_str(network_accepted(&p.nw, "sms"), "Sorry, we missed you");
    close_world(&p);
}

static int call_out(struct phone_world *p, const char *to)
{
    str body = str_print(
        &p->nw.app->arena, "{\"channel_id\":\"%.*s\",\"number\":\"%s\"}", SARG(p->channel), to);
    int status = test_request(p->nw.app, "POST", "/api/v1/calls", str_z(&p->nw.app->arena, body));
    network_run(&p->nw);
    return status;
}

static void an_agent_calls_and_the_customer_picks_up(void **state)
{
    struct phone_world p;
    open_world(&p, state);
    assert_int_equal(call_out(&p, "+15557770009"), 201);
    (void)does(&p, "answer", "phone", S(AGENT));
    assert_str(shown(&p, "state"), "ringing");
    (void)does(&p, "answer", "phone", S("+15557770009"));
    assert_str(shown(&p, "state"), "answered");
    at(&p, 30 * 1000);
    assert_int_equal(act(&p, "hang_up", NULL), 200);
    assert_str(shown(&p, "state"), "ended");
    assert_str(shown(&p, "outcome"), "answered");
    assert_int_equal(number(&p, "talk_s"), 30);
    assert_true(shown(&p, "wrap_started_at").len > 1);
    close_world(&p);
}

static void a_customer_who_does_not_pick_up_is_a_missed_call_of_ours(void **state)
{
    struct phone_world p;
    open_world(&p, state);
    assert_int_equal(call_out(&p, "+15557770009"), 201);
    (void)does(&p, "answer", "phone", S(AGENT));
    (void)does(&p, "decline", "phone", S("+15557770009"));
    assert_str(shown(&p, "state"), "ended");
    assert_str(shown(&p, "outcome"), "missed");
    assert_int_equal(call_out(&p, "+15557770008"), 201);
    (void)does(&p, "decline", "phone", S(AGENT));
    assert_str(shown(&p, "outcome"), "failed");
    assert_true(str_find(shown(&p, "error"), S("did not answer")) > 0);
    assert_int_equal(
        test_request(p.nw.app, "PATCH", "/api/v1/me", "{\"phone\":\"+15005550003\"}"), 200);
    assert_int_equal(call_out(&p, "+15557770009"), 201);
    assert_str(shown(&p, "outcome"), "failed");
    assert_true(str_find(shown(&p, "error"), S("switched off")) > 0);
    close_world(&p);
}

static void a_call_whose_answer_is_lost_is_not_made_twice(void **state)
{
    static const enum sim_fault_mode modes[] = {SIM_FAULT_RESET_AFTER, SIM_FAULT_RESET,
        SIM_FAULT_SERVER_ERROR, SIM_FAULT_RATE_LIMIT, SIM_FAULT_SERVER_ERROR_AFTER};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct phone_world p;
        open_world(&p, state);
        assert_ok(sim_fault_add(
            p.nw.sim, &(struct sim_fault){.network = S("voice"), .mode = modes[i], .count = 1}));
        str to = str_print(&p.nw.app->arena, "+155577700%02zu", i + 10);
        assert_int_equal(call_out(&p, str_z(&p.nw.app->arena, to)), 201);
        for (int k = 0; k < 6; k++)
            at(&p, 5 * 1000);
        (void)does(&p, "answer", "phone", S(AGENT));
        (void)does(&p, "answer", "phone", to);
        assert_str(shown(&p, "state"), "answered");
        close_world(&p);
    }
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_caller_waits_is_taken_and_the_agent_is_done_afterwards),
        TEST_APP(a_phone_that_is_not_picked_up_gives_the_caller_back_to_the_queue),
        TEST_APP(who_does_not_want_to_wait_goes_on_by_message),
        TEST_APP(a_voicemail_comes_with_its_sound_and_its_words),
        TEST_APP(who_reaches_nobody_is_written_to),
        TEST_APP(an_agent_calls_and_the_customer_picks_up),
        TEST_APP(a_customer_who_does_not_pick_up_is_a_missed_call_of_ours),
        TEST_APP(a_call_whose_answer_is_lost_is_not_made_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
