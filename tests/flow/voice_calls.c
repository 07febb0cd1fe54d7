/* The phone from the caller to the agents: signed requests of Twilio's to the channel's address,
 * what they are answered, and what becomes of a call: one message, a voicemail, an invitation by
 * SMS, a word to somebody who reached nobody. */
#include "engine_world.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "connector/signature.h"

#define ACCOUNT   "AC00000000000000000000000000000001"
#define CALL      "CA00000000000000000000000000000001"
#define RECORDING "RE00000000000000000000000000000003"
#define TOKEN     "sevaTwilioAuthToken0001"
#define CALLER                                                                                     \
    "AccountSid=" ACCOUNT "&CallSid=" CALL                                                         \
    "&Direction=inbound&From=%2B15557770001&To=%2B15550001111"
#define CREDENTIALS "\"account_sid\":\"" ACCOUNT "\",\"auth_token\":\"" TOKEN "\","

static str hook; /* path of the voice channel */
static str sms;  /* id of the SMS channel */

static str made(struct test_app *app, str body, const char *path)
{
    if (test_request(app, "POST", "/api/v1/channels", str_z(&app->arena, body)) != 201)
        fail_msg("%.*s", SARG(app->body));
    return str_copy(&app->arena, test_text(app, path));
}

/* missed: the channel by which a missed call is answered; "" = none, "sms" = the SMS channel. */
static void open_world(struct world *w, void **state, const char *missed)
{
    struct test_app *app = *state;
    world_open(w, app);
    sms = made(app,
        S("{\"kind\":\"sms\",\"name\":\"Texts\",\"settings\":{" CREDENTIALS
          "\"sender\":\"+15550001111\"}}"),
        "id");
    str by = str_eq(str_from(missed), S("sms")) ? sms : str_from(missed);
    str words = str_print(
        &app->arena, ",\"missed_call\":{\"channel_id\":\"%.*s\",\"text\":\"Sorry\"}", SARG(by));
    str url = made(app,
        str_print(&app->arena,
            "{\"kind\":\"voice\",\"name\":\"Desk\",\"settings\":{" CREDENTIALS
            "\"number\":\"+15550001111\",\"ivr\":{\"languages\":[{\"tag\":\"en\",\"greeting\":"
            "\"Hello\"}],\"menus\":{\"main\":{\"prompt\":{\"en\":\"Press 1 to write\"},\"entries\":[{"
            "\"digit\":\"1\",\"action\":\"continue_by_message\",\"channel_id\":\"%.*s\","
            "\"text\":{\"en\":\"Here we are\"},\"say\":{\"en\":\"Done\"}}]}}%.*s}}}",
            SARG(sms), SARG(by.len ? words : by)),
        "hook_url");
    hook = str_skip(url, str_find(url, S("/hooks/")));
}

/* Twilio posts; the names of every body here are sorted already. */
static str twilio(struct test_app *app, const char *query, const char *body, int expected)
{
    struct arena *a = &app->arena;
    str url = str_print(a, "%.*s%.*s%s", SARG(app->config.base_url), SARG(hook), query);
    struct sb b = sb_make(a, 0);
    str pair, name, value, rest = str_from(body);
    uint8_t mac[20];
    sb_add(&b, url);
    for (bool more = true; more;) {
        more = str_cut(rest, '&', &pair, &rest);
        (void)str_cut(pair, '=', &name, &value);
        char *decoded = NEW(a, char, value.len + 1);
        sb_add(&b, name);
        sb_add(&b, str_of(decoded, http_percent_decode_to(decoded, value, true)));
    }
    assert_ok(crypto_hmac_sha1(S(TOKEN), sb_str(&b), mac));
    struct http_header headers[] = {
        {S("Content-Type"), S("application/x-www-form-urlencoded")},
        { S("X-Twilio-Signature"), crypto_base64(a,                      str_of(mac, (ptrdiff_t)sizeof mac))}
    };
    str target = str_print(a, "%.*s%s", SARG(hook), query);
    int status = test_request_full(app, "POST", str_z(a, target), headers, 2, str_from(body));
    if (status != expected)
        fail_msg("%s: %d %.*s", query, status, SARG(app->body));
    return str_copy(a, app->body);
}

static str shown(struct world *w, const char *path)
{
    struct arena *a = &w->app->arena;
    str target = str_print(a, "/api/v1/conversations/%.*s/messages", SARG(conversation_newest(w)));
    assert_int_equal(test_request(w->app, "GET", str_z(a, target), NULL), 200);
    return test_text(w->app, path);
}

static int64_t conversations(struct world *w)
{
    assert_int_equal(test_request(w->app, "GET", "/api/v1/conversations", NULL), 200);
    return json_get(w->app->json, S("items"))->count;
}

static const char ended[] = "AccountSid=" ACCOUNT "&CallDuration=9&CallSid=" CALL
                            "&CallStatus=completed&CallbackSource=call-progress-events"
                            "&Direction=inbound&From=%2B15557770001&To=%2B15550001111";

static void a_caller_who_presses_the_key_is_written_to_and_the_call_is_the_beginning(void **state)
{
    struct world w;
    open_world(&w, state, "");
    str said = twilio(w.app, "", CALLER, 200);
    assert_true(str_find(said, S("Press 1 to write")) > 0);
    said = twilio(w.app, "?step=menu&language=en&menu=main",
        "AccountSid=" ACCOUNT "&CallSid=" CALL
        "&Digits=1&Direction=inbound&From=%2B15557770001&To=%2B15550001111",
        200);
    assert_true(str_find(said, S("step=continue")) > 0);
    said = twilio(w.app, "?step=continue&language=en&menu=main&key=1", CALLER, 200);
    assert_true(str_find(said, S(">Done</Say><Hangup/>")) > 0);
    (void)twilio(w.app, "?step=continue&language=en&menu=main&key=1", CALLER, 200);
    (void)twilio(w.app, "", ended, 200);
    world_run(&w);
    assert_int_equal(conversations(&w), 2);
    assert_str(shown(&w, "items.0.text"), "Here we are");
    assert_str(shown(&w, "items.1.kind"), "note");
    assert_str(shown(&w, "items.1.parts.0.outcome"), "message");
    str target =
        str_print(&w.app->arena, "/api/v1/conversations/%.*s", SARG(conversation_newest(&w)));
    assert_int_equal(test_request(w.app, "GET", str_z(&w.app->arena, target), NULL), 200);
    assert_str(test_text(w.app, "channel.kind"), "sms");
    assert_true(test_text(w.app, "previous_id").len > 0);
    world_close(&w);
}

static void a_voicemail_is_the_calls_message_and_gets_its_words(void **state)
{
    struct world w;
    open_world(&w, state, "");
    (void)twilio(w.app, "?step=voicemail&language=en",
        CALLER "&RecordingDuration=7&RecordingSid=" RECORDING "&To=", 401);
    const char *left =
        "AccountSid=" ACCOUNT "&CallSid=" CALL
        "&Direction=inbound&From=%2B15557770001&RecordingDuration=7&RecordingSid=" RECORDING
        "&To=%2B15550001111";
    str said = twilio(w.app, "?step=voicemail&language=en", left, 200);
    assert_true(str_find(said, S("<Hangup/>")) > 0);
    (void)twilio(w.app, "", ended, 200);
    (void)twilio(w.app, "?step=transcribed&language=en",
        "AccountSid=" ACCOUNT "&CallSid=" CALL "&RecordingSid=" RECORDING
        "&TranscriptionStatus=completed&TranscriptionText=Call+me",
        200);
    world_run(&w);
    assert_int_equal(conversations(&w), 1);
    assert_str(shown(&w, "items.0.parts.0.outcome"), "voicemail");
    assert_str(shown(&w, "items.0.text"), "Call me");
    assert_str(shown(&w, "items.0.attachments.0.name"), "voicemail.mp3");
    world_close(&w);
}

static void who_reached_nobody_is_written_to_once_when_there_are_words_for_it(void **state)
{
    struct world w;
    open_world(&w, state, "sms");
    (void)twilio(w.app, "", ended, 200);
    (void)twilio(w.app, "", ended, 200);
    world_run(&w);
    assert_int_equal(conversations(&w), 2);
    assert_str(shown(&w, "items.0.text"), "Sorry");
    assert_str(shown(&w, "items.1.parts.0.outcome"), "missed");
    world_close(&w);
}

static void a_missed_call_without_words_is_only_the_calls_message(void **state)
{
    struct world w;
    open_world(&w, state, "");
    (void)twilio(w.app, "", ended, 200);
    world_run(&w);
    assert_int_equal(conversations(&w), 1);
    assert_str(shown(&w, "items.0.parts.0.outcome"), "missed");
    world_close(&w);
}

static void an_invitation_that_cannot_go_is_a_note_at_the_call(void **state)
{
    struct world w;
    open_world(&w, state, "1");
    (void)twilio(w.app, "", ended, 200);
    world_run(&w);
    assert_int_equal(conversations(&w), 1);
    assert_str(shown(&w, "items.1.kind"), "note");
    assert_true(str_find(shown(&w, "items.1.text"), S("gone or switched off")) > 0);
    world_close(&w);
}

/* ── an existing phone system ── */

static int pbx(struct world *w, str target, str secret, const char *event)
{
    str body = str_from(event);
    const struct http_header headers[] = {
        {S("Content-Type"), S("application/json")},
        { S("Seva-Signature"),
         signature_make(&w->app->arena, secret, (str){0}, clock_now_ms(), body)}
    };
    return test_request_full(w->app, "POST", str_z(&w->app->arena, target), headers, 2, body);
}

static void an_existing_phone_system_tells_of_its_calls(void **state)
{
    struct test_app *app = *state;
    struct world w;
    world_open(&w, app);
    str url = made(app,
        S("{\"kind\":\"pbx\",\"name\":\"Switchboard\",\"settings\":{\"number\":\"+15550002222\"}}"),
        "hook_url");
    str secret = str_copy(&app->arena, test_text(app, "secret"));
    str target = str_skip(url, str_find(url, S("/hooks/")));
    assert_int_equal(test_request(app, "PATCH", "/api/v1/me", "{\"phone\":\"+15559990001\"}"), 200);
#define PBX_CALL "\"call_id\":\"1.2\",\"direction\":\"in\",\"number\":\"+15557770001\""
    assert_int_equal(pbx(&w, target, S("wrong"), "{\"event\":\"ring\"," PBX_CALL "}"), 401);
    assert_int_equal(pbx(&w, target, secret, "{\"event\":\"ring\"," PBX_CALL "}"), 200);
    assert_int_equal(
        pbx(&w, target, secret, "{\"event\":\"answer\",\"agent\":\"+15559990001\"," PBX_CALL "}"),
        200);
    world_run(&w);
    clock_advance(20 * 1000);
    assert_int_equal(
        pbx(&w, target, secret, "{\"event\":\"hangup\",\"cause\":16," PBX_CALL "}"), 200);
    world_run(&w);
    assert_str(shown(&w, "items.0.parts.0.outcome"), "answered");
    assert_int_equal(test_request(app, "GET", "/api/v1/calls", NULL), 200);
    assert_str(test_text(app, "items.0.outcome"), "answered");
    assert_int_equal(test_int(app, "items.0.talk_s"), 20);
    assert_true(test_text(app, "items.0.agent_name").len > 0);
    assert_true(test_text(app, "items.0.wrap_started_at").len > 0);
    world_close(&w);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_caller_who_presses_the_key_is_written_to_and_the_call_is_the_beginning),
        TEST_APP(a_voicemail_is_the_calls_message_and_gets_its_words),
        TEST_APP(who_reached_nobody_is_written_to_once_when_there_are_words_for_it),
        TEST_APP(a_missed_call_without_words_is_only_the_calls_message),
        TEST_APP(an_invitation_that_cannot_go_is_a_note_at_the_call),
        TEST_APP(an_existing_phone_system_tells_of_its_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
