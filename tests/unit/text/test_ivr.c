/* The menu that callers hear: what each request is answered, when the channel is open, and that
 * nothing foreign breaks the document. */
#include "text/ivr.h"

#include "base/clock.h"
#include "base/json.h"
#include "test.h"

#define HOOK "https://care.example.com/hooks/voice/k1"
#define OPEN "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>"

static const char settings[] =
    "{\"ivr\":{\"time_zone\":\"Asia/Dhaka\","
    "\"languages\":[{\"tag\":\"en\",\"voice\":\"Polly.Amy\",\"greeting\":\"Welcome\","
    "\"closed\":\"We are closed.\",\"choose\":\"For English press 1.\",\"goodbye\":\"Bye\","
    "\"not_understood\":\"Sorry?\",\"waiting\":\"About {minutes} minutes.\","
    "\"position\":\"You are number {position}.\",\"leave_message\":\"Speak now.\"},"
    "{\"tag\":\"bn\",\"speech\":\"bn-IN\",\"choose\":\"বাংলার জন্য ২।\",\"greeting\":\"স্বাগতম\"}],"
    "\"menus\":{\"main\":{\"prompt\":{\"en\":\"Press 1 < 2 & go\",\"bn\":\"১ চাপুন\"},\"entries\":["
    "{\"digit\":\"1\",\"action\":\"continue_by_message\",\"channel_id\":\"77\","
    "\"text\":{\"en\":\"Hello\",\"bn\":\"হ্যালো\"},\"say\":\"We write to you.\"},"
    "{\"digit\":\"2\",\"action\":\"voicemail\"},"
    "{\"digit\":\"3\",\"action\":\"forward\",\"to\":\"+15550002222\"},"
    "{\"digit\":\"4\",\"action\":\"forward\",\"to\":\"sip:desk@pbx.example\"},"
    "{\"digit\":\"5\",\"action\":\"menu\",\"menu\":\"more\"},"
    "{\"digit\":\"6\",\"action\":\"forward\",\"to\":\"not a number\"},"
    "{\"digit\":\"0\",\"action\":\"queue\"},"
    "{\"digit\":\"9\",\"action\":\"repeat\"},{\"digit\":\"*\",\"action\":\"hangup\"}]},"
    "\"more\":{\"prompt\":\"More\",\"entries\":[],\"otherwise\":{\"action\":\"voicemail\"}},"
    "\"wait\":{\"prompt\":{\"en\":\"Press 1 to write.\"},\"entries\":["
    "{\"digit\":\"1\",\"action\":\"continue_by_message\",\"channel_id\":\"77\"},"
    "{\"digit\":\"3\",\"action\":\"forward\",\"to\":\"+15550002222\"}]}},"
    "\"missed_call\":{\"channel_id\":\"78\",\"text\":{\"en\":\"Sorry we missed you\"}}}}";

static str answer_to(const char *query, struct ivr_request req)
{
    ivr_state_read(str_from(query), &req);
    req.address = S(HOOK);
    req.queue = S("q1");
    req.now_ms = TEST_NOW_MS;
    return ivr_answer(test_arena(), str_from(settings), &req);
}

static void body_is(str document, const char *expected)
{
    char *whole = str_z(test_arena(), str_print(test_arena(), OPEN "%s</Response>", expected));
    assert_str(document, whole);
}

#define GATHER(to)                                                                                 \
    "<Gather input=\"dtmf\" numDigits=\"1\" finishOnKey=\"\" timeout=\"6\" method=\"POST\" "       \
    "action=\"" HOOK "?" to "\">"
#define ENDED(to)  "</Gather><Redirect method=\"POST\">" HOOK "?" to "</Redirect>"
#define SAID(text) "<Say voice=\"Polly.Amy\" language=\"en\">" text "</Say>"
#define MAIN(more)                                                                                 \
    GATHER("step=menu&amp;language=en&amp;menu=main" more)                                         \
    SAID("Press 1 &lt; 2 &amp; go") ENDED("step=menu&amp;language=en&amp;menu=main" more)
#define VOICEMAIL                                                                                  \
    SAID("Speak now.")                                                                             \
    "<Record method=\"POST\" maxLength=\"300\" playBeep=\"true\" finishOnKey=\"#\" action=\"" HOOK \
    "?step=voicemail&amp;language=en\"/>" SAID("Bye") "<Hangup/>"

static void each_request_is_answered_as_the_settings_say(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        struct ivr_request req;
        const char *expected;
    } cases[] = {
        {"",                                          {.attempt = 0},
         GATHER("step=language")
                SAID("For English press 1.") "<Say language=\"bn-IN\">বাংলার জন্য "
                                             "২।</Say>" ENDED("step=language")                                             },
        {"step=language",                             {.digits = S_INIT("1")},                SAID("Welcome") MAIN("")         },
        {"step=language&try=3",                       {.digits = S_INIT("7")},                SAID("Welcome") MAIN("")         },
        {"step=menu&language=en&menu=main",           {.digits = S_INIT("1")},
         "<Redirect method=\"POST\">" HOOK
            "?step=continue&amp;language=en&amp;menu=main&amp;key=1</Redirect>"                                                },
        {"step=continue&language=en&menu=main&key=1", {.attempt = 0},
         SAID("We write to you.") "<Hangup/>"                                                                                  },
        {"step=continue&language=en&menu=main&key=2", {.attempt = 0},                         SAID("Bye") "<Hangup/>"          },
        {"step=menu&language=en&menu=main",           {.digits = S_INIT("2")},                VOICEMAIL                        },
        {"step=menu&language=en&menu=main",           {.digits = S_INIT("3")},
         "<Dial method=\"POST\" answerOnBridge=\"true\" timeout=\"30\" action=\"" HOOK
            "?step=dialed&amp;language=en\"><Number statusCallbackEvent=\"answered\" statusCallback=\"" HOOK
            "?step=answered&amp;language=en\">+15550002222</Number></Dial>"                                                    },
        {"step=menu&language=en&menu=main",           {.digits = S_INIT("4")},
         "<Dial method=\"POST\" answerOnBridge=\"true\" timeout=\"30\" action=\"" HOOK
            "?step=dialed&amp;language=en\"><Sip statusCallbackEvent=\"answered\" statusCallback=\"" HOOK
            "?step=answered&amp;language=en\">sip:desk@pbx.example</Sip></Dial>"                                               },
        {"step=menu&language=en&menu=main",           {.digits = S_INIT("9")},                MAIN("")                         },
        {"step=menu&language=en&menu=main",           {.digits = S_INIT("*")},                SAID("Bye") "<Hangup/>"          },
        {"step=menu&language=en&menu=main",           {.digits = S_INIT("6")},
         SAID("Sorry?") MAIN("&amp;try=2")                                                                                     },
        {"step=menu&language=en&menu=main",           {.attempt = 0},                         SAID("Sorry?") MAIN("&amp;try=2")},
        {"step=menu&language=en&menu=main&try=3",     {.attempt = 0},                         SAID("Bye") "<Hangup/>"          },
        {"step=menu&language=en&menu=more&try=3",     {.attempt = 0},                         VOICEMAIL                        },
        {"step=menu&language=en&menu=gone",           {.digits = S_INIT("1")},
         SAID("Sorry?") SAID("Bye") "<Hangup/>"                                                                                },
        {"step=menu&language=en&menu=main",           {.digits = S_INIT("0")},
         "<Enqueue method=\"POST\" waitUrlMethod=\"POST\" waitUrl=\"" HOOK
            "?step=wait&amp;language=en\" action=\"" HOOK
            "?step=queued&amp;language=en\">q1</Enqueue>"                                                                      },
        {"step=dialed&language=en",                   {.dial_status = S_INIT("completed")},   "<Hangup/>"                      },
        {"step=dialed&language=en",                   {.dial_status = S_INIT("no-answer")},   VOICEMAIL                        },
        {"step=voicemail&language=en",                {.attempt = 0},                         SAID("Bye") "<Hangup/>"          },
        {"step=queued&language=en",                   {.queue_result = S_INIT("leave")},      "<Hangup/>"                      },
        {"step=queued&language=en",                   {.queue_result = S_INIT("queue-full")}, VOICEMAIL                        },
        {"step=transcribed",                          {.attempt = 0},                         ""                               },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        body_is(answer_to(cases[i].query, cases[i].req), cases[i].expected);
}

static void a_waiting_time_is_said_when_it_is_known_and_left_out_when_not(void **state)
{
    (void)state;
    const char *menu = GATHER("step=menu&amp;language=en&amp;menu=wait")
        SAID("Press 1 to write.") "</Gather><Pause length=\"20\"/>";
    struct ivr_request known = {.average_s = 61, .position = 3};
    body_is(answer_to("step=wait&language=en", known),
        str_z(test_arena(), str_print(test_arena(), "%s%s%s", SAID("You are number 3."),
                                SAID("About 2 minutes."), menu)));
    body_is(answer_to("step=wait&language=en", (struct ivr_request){0}), menu);
    body_is(answer_to("step=menu&language=en&menu=wait", (struct ivr_request){.digits = S("3")}),
        menu); /* a call cannot be forwarded out of the queue */
    body_is(answer_to("step=menu&language=en&menu=wait", (struct ivr_request){.digits = S("1")}),
        "<Redirect method=\"POST\">" HOOK
        "?step=continue&amp;language=en&amp;menu=wait&amp;key=1</Redirect>");
    body_is(answer_to("step=continue&language=en&menu=wait&key=1", (struct ivr_request){0}),
        "<Leave/>");
}

static void what_was_chosen_is_known_without_the_answer(void **state)
{
    (void)state;
    struct ivr_request req = {0};
    ivr_state_read(S("step=continue&language=bn&menu=main&key=1"), &req);
    struct ivr_choice c = ivr_choose(test_arena(), str_from(settings), &req);
    assert_int_equal(c.action, IVR_CONTINUE_BY_MESSAGE);
    assert_str(c.channel_id, "77");
    assert_str(c.text, "হ্যালো");
    req.step = S("dialed");
    assert_int_equal(ivr_choose(test_arena(), str_from(settings), &req).action, IVR_NOTHING);
    c = ivr_missed(test_arena(), str_from(settings), S("en"));
    assert_int_equal(c.action, IVR_CONTINUE_BY_MESSAGE);
    assert_str(c.text, "Sorry we missed you");
    assert_str(ivr_missed(test_arena(), str_from(settings), S("bn")).text, "Sorry we missed you");
    str wants = S("{\"ivr\":{\"languages\":[{\"tag\":\"en\"}],\"missed_call\":{\"channel_id\":"
                  "\"5\",\"template\":{\"en\":{\"name\":\"missed\",\"language\":\"en_US\"}}}}}");
    assert_str(ivr_missed(test_arena(), wants, S("bn")).parts,
        "[{\"type\":\"template\",\"name\":\"missed\",\"language\":\"en_US\"}]");
    assert_int_equal(ivr_missed(test_arena(), S("{}"), S("en")).action, IVR_NOTHING);
}

static void hostile_digits_and_addresses_choose_nothing(void **state)
{
    (void)state;
    static const char *const digits[] = {
        "", "11", "1\"/>", "<", "\n", "#1", "999999999999999999999", "\xff", "১", "-1", "1 "};
    for (size_t i = 0; i < sizeof digits / sizeof *digits; i++)
        body_is(answer_to("step=menu&language=en&menu=main",
                    (struct ivr_request){.digits = str_from(digits[i])}),
            SAID("Sorry?") MAIN("&amp;try=2"));
    static const char *const queries[] = {
        "step=%22", "step=<x>", "menu=\"&step=", "try=99", "try=-1&step=", "&&&=", "step"};
    str first = answer_to("", (struct ivr_request){0});
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        assert_str(answer_to(queries[i], (struct ivr_request){0}), str_z(test_arena(), first));
}

static void without_a_menu_a_caller_may_leave_a_message(void **state)
{
    (void)state;
    static const char *const bare[] = {"{}", "", "[", "{\"ivr\":7}", "{\"ivr\":\"{\"}",
        "{\"ivr\":{\"menus\":[]}}", "{\"ivr\":{\"languages\":{\"a\":1}}}"};
    const struct ivr_request req = {.address = S(HOOK), .now_ms = TEST_NOW_MS, .attempt = 1};
    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++)
        assert_true(str_find(ivr_answer(test_arena(), str_from(bare[i]), &req), S("<Record ")) > 0);
    str as_text = ivr_answer(test_arena(),
        S("{\"ivr\":\"{\\\"menus\\\":{\\\"main\\\":{\\\"prompt\\\":\\\"Hi\\\"}}}\"}"), &req);
    assert_true(str_find(as_text, S("<Say>Hi</Say>")) > 0);
}

static void no_sentence_is_longer_than_the_network_takes(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S("{\"ivr\":{\"menus\":{\"main\":{\"prompt\":\""));
    for (int i = 0; i < 5000; i++)
        sb_add(&b, S("আ"));
    sb_add(&b, S("\"}}}}"));
    const struct ivr_request req = {.address = S(HOOK), .now_ms = TEST_NOW_MS, .attempt = 1};
    str document = ivr_answer(test_arena(), sb_str(&b), &req);
    ptrdiff_t from = str_find(document, S("<Say>")) + 5, to = str_find(document, S("</Say>"));
    assert_int_equal(to - from, 3 * IVR_SAY_CHARS);
}

static int64_t at(const char *time)
{
    int64_t ms = 0;
    assert_ok(time_parse(str_from(time), &ms));
    return ms;
}

static void hours_hold_across_midnight_changes_of_the_clock_and_holidays(void **state)
{
    (void)state;
    static const char *const night =
        "\"time_zone\":\"Europe/Berlin\",\"hours\":{\"sat\":[\"22:00-06:00\"],\"mon\":[\"09:00-12:00\","
        "\"13:00-24:00\"],\"tue\":[\"nonsense\",\"25:00-26:00\",\"10:00-11:00\"]},"
        "\"holidays\":[\"2026-12-25\",\"05-01\",\"2026-04-06\"]";
    static const char *const none = "\"time_zone\":\"Asia/Dhaka\",\"holidays\":[\"12-16\"]";
    static const struct {
        const char *ivr, *time;
        bool is_open;
    } cases[] = {
        {night,                                      "2026-03-28T20:59:00Z", false}, /* Saturday 21:59 */
        {night,                                      "2026-03-28T21:00:00Z", true },
        {night,                                      "2026-03-29T00:59:00Z", true }, /* 01:59, then the clocks go to 03:00 */
        {night,                                      "2026-03-29T03:59:00Z", true }, /* 05:59 in summer time */
        {night,                                      "2026-03-29T04:00:00Z", false}, /* 06:00 */
        {night,                                      "2026-10-25T04:59:00Z", true }, /* 05:59 in winter time again */
        {night,                                      "2026-10-25T05:00:00Z", false},
        {night,                                      "2026-03-30T07:00:00Z", true }, /* Monday 09:00 */
        {night,                                      "2026-03-30T10:30:00Z", false}, /* lunch */
        {night,                                      "2026-03-30T21:59:00Z", true },
        {night,                                      "2026-03-30T22:00:00Z", false}, /* Tuesday 00:00 */
        {night,                                      "2026-03-31T08:30:00Z", true }, /* what is wrong spoils nothing */
        {night,                                      "2026-04-06T08:00:00Z", false}, /* a holiday of that year */
        {night,                                      "2027-05-01T21:00:00Z", false}, /* of every year, a Saturday */
        {night,                                      "2027-05-02T01:00:00Z", false}, /* and its night */
        {night,                                      "2026-12-20T02:00:00Z", true }, /* Sunday 03:00, Saturday's night */
        {none,                                       "2026-12-15T17:59:00Z", true },
        {none,                                       "2026-12-15T18:00:00Z", false}, /* the 16th there */
        {"\"time_zone\":\"Mars/Base\",\"hours\":{}", "2026-01-01T00:00:00Z", true },
        {"\"time_zone\":\"UTC\",\"hours\":{}",       "2026-01-01T00:00:00Z", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        str s = str_print(test_arena(), "{\"ivr\":{%s}}", cases[i].ivr);
        if (ivr_is_open(test_arena(), s, at(cases[i].time)) != cases[i].is_open)
            fail_msg("%s: %s", cases[i].time, cases[i].is_open ? "closed" : "open");
    }
}

static void what_a_menu_cannot_have_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *ivr, *words;
    } cases[] = {
        {"{}",                                                                              ""                 },
        {"7",                                                                               "not a JSON object"},
        {"{\"hours\":{}}",                                                                  "time zone"        },
        {"{\"time_zone\":\"UTC\",\"hours\":{\"mon\":[\"9-5\"]}}",                           "Hours of mon"     },
        {"{\"menus\":{\"a\":{\"entries\":[]}}}",                                            "called main"      },
        {"{\"menus\":{\"main\":{}}}",                                                       "list of at most"  },
        {"{\"menus\":{\"main\":{\"entries\":[{\"digit\":\"12\"}]}}}",                       "a key is"         },
        {"{\"menus\":{\"main\":{\"entries\":[{\"digit\":\"1\",\"action\":\"forward\"}]}}}",
         "key 1"                                                                                               },
        {"{\"menus\":{\"m n\":{\"entries\":[]}}}",                                          "name of a menu"   },
    };
    assert_int_equal(ivr_fault(test_arena(), str_from(settings)).len > 0, 1); /* key 6 */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        str s = str_print(test_arena(), "{\"ivr\":%s}", cases[i].ivr);
        str fault = ivr_fault(test_arena(), s);
        if (*cases[i].words ? str_find(fault, str_from(cases[i].words)) < 0 : fault.len > 0)
            fail_msg("%s: %.*s", cases[i].ivr, SARG(fault));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_request_is_answered_as_the_settings_say),
        TEST(a_waiting_time_is_said_when_it_is_known_and_left_out_when_not),
        TEST(what_was_chosen_is_known_without_the_answer),
        TEST(hostile_digits_and_addresses_choose_nothing),
        TEST(without_a_menu_a_caller_may_leave_a_message),
        TEST(no_sentence_is_longer_than_the_network_takes),
        TEST(hours_hold_across_midnight_changes_of_the_clock_and_holidays),
        TEST(what_a_menu_cannot_have_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
