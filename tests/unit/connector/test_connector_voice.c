/* The phone through Twilio: golden requests, the signature over the address with its query, the
 * menu's answers, recordings, and where Twilio calls. */
#include "connector/voice.h"

#include "channel.h"

#define ACCOUNT   "AC00000000000000000000000000000001"
#define RECORDING "RE00000000000000000000000000000003"
#define TOKEN     "sevaTwilioAuthToken0001"
#define NUMBERS   "/2010-04-01/Accounts/" ACCOUNT "/IncomingPhoneNumbers"
#define HOOK      "https://care.example.com/hooks/voice/k1"

static struct channel open_it(void)
{
    return channel_open_bare("voice", "",
        "{\"account_sid\":\"" ACCOUNT "\",\"number\":\"+15550001111\"}",
        "{\"auth_token\":\"" TOKEN "\"}");
}

static void every_request_is_read_as_its_golden_file_says(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"ringing",                   "hook"                                          },
        {"end_missed",                "hook"                                          },
        {"end_busy",                  "hook"                                          },
        {"end_outbound",              "hook"                                          },
        {"end_child",                 "hook"                                          },
        {"end_new_word",              "hook"                                          },
        {"end_hidden",                "hook"                                          },
        {"end_sip",                   "hook"                                          },
        {"voicemail",                 "hook?step=voicemail&language=bn"               },
        {"voicemail_empty",           "hook?step=voicemail"                           },
        {"voicemail_hostile",         "hook?step=voicemail"                           },
        {"voicemail_hostile_seconds", "hook?step=voicemail"                           },
        {"transcribed",               "hook?step=transcribed"                         },
        {"transcribed_failed",        "hook?step=transcribed"                         },
        {"continued",                 "hook?step=continue&language=bn&menu=main&key=1"},
        {"answered",                  "hook?step=answered"                            },
        {"dialed",                    "hook?step=dialed"                              },
        {"dialed_nobody",             "hook?step=dialed"                              },
        {"menu",                      "hook?step=menu&menu=main"                      },
        {"menu_waiting",              "hook?step=menu&menu=wait"                      },
        {"waiting",                   "hook?step=wait&language=bn"                    },
        {"queue_full",                "hook?step=queued"                              },
        {"queue_redirected",          "hook?step=queued"                              },
        {"taken",                     "hook?step=taken"                               },
        {"taken_nobody",              "hook?step=taken"                               },
        {"placed",                    "hook?step=placed&call=77"                      },
        {"placed_busy",               "hook?step=placed&call=77"                      },
        {"placed_ringing",            "hook?step=placed&call=77"                      },
        {"reached",                   "hook?step=reached&call=77"                     },
        {"connected",                 "hook?step=connected&call=77"                   },
        {"connected_busy",            "hook?step=connected&call=77"                   },
        {"connected_failed",          "hook?step=connected&call=77"                   },
        {"hostile_name",              "hook"                                          },
        {"bad_call",                  "hook"                                          },
        {"no_form",                   "hook"                                          },
        {"empty",                     "hook"                                          },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        golden_check("voice", cases[i][0], cases[i][1]);
}

static struct connector_hook hook_at(
    struct connector_setup *setup, const char *target, str body, str signature)
{
    struct http_header *header = NEW(test_arena(), struct http_header, 2);
    struct http_request *req = NEW(test_arena(), struct http_request, 1);
    header[0] = (struct http_header){S("X-Twilio-Signature"), signature};
    header[1] = (struct http_header){S("Content-Type"), S("application/x-www-form-urlencoded")};
    *req = (struct http_request){.method = HTTP_POST,
        .raw_target = str_from(target),
        .headers = header,
        .header_count = 2,
        .body = body};
    return (struct connector_hook){.req = req, .setup = setup, .now_ms = TEST_NOW_MS};
}

static void the_query_of_the_address_is_signed_too(void **state)
{
    (void)state;
    str why = {0};
    struct connector_setup setup = {.settings = S("{}"),
        .secrets = S("{\"auth_token\":\"12345\"}"),
        .hook_url = S("https://mycompany.com/myapp.php")};
    str body = S("Digits=1234&To=%2B18005551212&From=%2B12349013030&Caller=%2B12349013030&CallSid="
                 "CA1234567890ABCDE");
    str value = S("0/KCTR6DLpKmkAf8muzZqo1nDgQ=");
    struct connector_hook hook = hook_at(&setup, "/myapp.php?foo=1&bar=2", body, value);
    assert_ok(connector_voice.verify(test_arena(), &hook, &why));
    hook = hook_at(&setup, "/myapp.php?foo=1&bar=3", body, value);
    assert_err(connector_voice.verify(test_arena(), &hook, &why), E_UNAUTHENTICATED);
    hook = hook_at(&setup, "/myapp.php", body, value);
    assert_err(connector_voice.verify(test_arena(), &hook, &why), E_UNAUTHENTICATED);
}

static void a_call_is_answered_by_the_menu_and_a_report_by_an_empty_document(void **state)
{
    (void)state;
    struct connector_setup setup = {
        .settings = S("{\"ivr\":{\"menus\":{\"main\":{\"prompt\":\"Press 2\",\"entries\":["
                      "{\"digit\":\"2\",\"action\":\"forward\",\"to\":\"+15550002222\"}]}}}}"),
        .secrets = S("{}"),
        .hook_url = S(HOOK)};
    struct connector_hook hook = hook_at(&setup, "/hooks/voice/k1", S("CallSid=CA1"), (str){0});
    struct connector_answer a = connector_voice.answer(test_arena(), &hook);
    assert_int_equal(a.status, 200);
    assert_str(str_from(a.content_type), "text/xml");
    assert_true(str_find(a.body, S("<Say>Press 2</Say>")) > 0);
    hook =
        hook_at(&setup, "/hooks/voice/k1?step=menu&menu=main", S("CallSid=CA1&Digits=2"), (str){0});
    a = connector_voice.answer(test_arena(), &hook);
    assert_true(str_find(a.body, S(">+15550002222</Number></Dial>")) > 0);
    hook = hook_at(&setup, "/hooks/voice/k1", S("CallbackSource=call-progress-events"), (str){0});
    assert_int_equal(connector_voice.answer(test_arena(), &hook).status, 0);
    hook = hook_at(&setup, "/hooks/voice/k1", S("%zz"), (str){0});
    assert_int_equal(connector_voice.answer(test_arena(), &hook).status, 0);
}

static void a_recording_is_fetched_when_twilio_has_finished_it(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum connector_outcome outcome;
    } cases[] = {
        {200, "{\"status\":\"completed\"}",      CONNECTOR_SENT  },
        {200, "{\"status\":\"processing\"}",     CONNECTOR_RETRY },
        {200, "{\"status\":\"absent\"}",         CONNECTOR_FINAL },
        {404, "{\"code\":20404,\"status\":404}", CONNECTOR_RETRY },
        {401, "{\"code\":20003,\"status\":401}", CONNECTOR_REAUTH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct channel ch = open_it();
        struct connector_source out;
        const struct connector_attachment at = {.media_id = S(ACCOUNT "/" RECORDING)};
        peer_answers(ch.peer, cases[i].status, "", cases[i].body);
        assert_ok(connector_voice.media(ch.client, test_arena(), &ch.setup, &at, &out));
        assert_int_equal(out.end.outcome, cases[i].outcome);
        if (cases[i].outcome == CONNECTOR_SENT) {
            assert_true(str_ends(
                out.url, S("/2010-04-01/Accounts/" ACCOUNT "/Recordings/" RECORDING ".mp3")));
            assert_true(str_starts(out.headers[0].value, S("Basic ")));
        } else {
            assert_true(out.end.why.len > 0);
        }
        channel_close(&ch);
    }
}

static void a_recording_of_another_account_or_name_is_not_asked_for(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "AC1/RE1", ACCOUNT "/../x", ("AC00000000000000000000000000000002/" RECORDING)};
    struct channel ch = open_it();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct connector_source out;
        const struct connector_attachment at = {.media_id = str_from(bad[i])};
        assert_ok(connector_voice.media(ch.client, test_arena(), &ch.setup, &at, &out));
        assert_int_equal(out.end.outcome, CONNECTOR_FINAL);
    }
    assert_int_equal(peer_count(ch.peer), 0);
    channel_close(&ch);
}

#define HAS_NUMBER                                                                                   \
    "{\"incoming_phone_numbers\":[{\"sid\":\"PN00000000000000000000000000000001\",\"phone_number\":" \
    "\"+15550001111\",\"friendly_name\":\"Desk\",\"voice_url\":\"" HOOK                              \
    "\",\"capabilities\":{\"voice\":true}}]}"

static void the_number_is_found_and_its_menu_is_looked_over(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", HAS_NUMBER);
    struct connector_checked out = channel_checks(&ch);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_str(out.accounts[0].external_id, "+15550001111");
    assert_str(out.accounts[0].name, "Desk");
    assert_str(out.note, "");
    ch.setup.settings =
        S("{\"account_sid\":\"" ACCOUNT "\",\"number\":\"+15550001111\",\"ivr\":7}");
    peer_answers(ch.peer, 200, "", HAS_NUMBER);
    out = channel_checks(&ch);
    assert_str(out.note, "The menu is not a JSON object.");
    peer_answers(ch.peer, 200, "", "{\"incoming_phone_numbers\":[]}");
    out = channel_checks(&ch);
    assert_int_equal(out.end.outcome, CONNECTOR_FINAL);
    channel_close(&ch);
}

static void twilio_is_told_where_calls_and_their_ends_go(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_sent sent;
    peer_answers(ch.peer, 200, "", HAS_NUMBER);
    peer_answers(ch.peer, 200, "", "{}");
    assert_ok(connector_voice.subscribe(ch.client, test_arena(), &ch.setup, true, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    struct peer_heard h = peer_heard(ch.peer, 1);
    assert_str(h.target, NUMBERS "/PN00000000000000000000000000000001.json");
    assert_str(h.body,
        "VoiceUrl=https%3A%2F%2Fcare.example.com%2Fhooks%2Fvoice%2Fk1&VoiceMethod=POST"
        "&StatusCallback=https%3A%2F%2Fcare.example.com%2Fhooks%2Fvoice%2Fk1"
        "&StatusCallbackMethod=POST");
    ch.setup.hook_url = S("https://other.example/hooks/voice/k2");
    peer_answers(ch.peer, 200, "", HAS_NUMBER);
    assert_ok(connector_voice.subscribe(ch.client, test_arena(), &ch.setup, false, &sent));
    assert_int_equal(peer_count(ch.peer), 3); /* it belongs to somebody else: left alone */
    channel_close(&ch);
}

static void nothing_can_be_written_into_a_call(void **state)
{
    (void)state;
    struct connector_sent sent;
    const struct connector_outgoing out = {.text = S("Hi")};
    assert_ok(connector_voice.send(NULL, test_arena(), &out, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_int_equal(connector_voice.private_rules.max_length, 0);
}

#define CALLS "/2010-04-01/Accounts/" ACCOUNT "/Calls"
#define SID   "CA00000000000000000000000000000007"

static struct connector_called call_is(struct channel *ch, enum connector_call_kind kind)
{
    return channel_calls(ch, (struct connector_call){.kind = kind,
                                 .external_id = kind == CALL_DIAL ? (str){0} : S(SID),
                                 .ref = S("77"),
                                 .phone = S("+15559990001"),
                                 .to = S("+15557770001"),
                                 .language = S("bn")});
}

static str decoded_body(struct channel *ch, int nth)
{
    struct peer_heard heard = peer_heard(ch->peer, nth);
    char *to = NEW(test_arena(), char, heard.body.len + 1);
    return str_of(to, http_percent_decode_to(to, heard.body, true));
}

static void a_call_is_made_by_the_agents_leg_with_our_own_name_in_its_reports(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 201, "", "{\"sid\":\"" SID "\",\"status\":\"queued\"}");
    struct connector_called said = call_is(&ch, CALL_DIAL);
    assert_int_equal(said.end.outcome, CONNECTOR_SENT);
    assert_str(said.end.external_id, SID);
    assert_str(peer_heard(ch.peer, 0).target, CALLS ".json");
    str body = decoded_body(&ch, 0);
    assert_true(str_find(body, S("To=+15559990001&From=+15550001111&Twiml=<?xml")) == 0);
    assert_true(str_find(body, S("callerId=\"+15550001111\"")) > 0);
    assert_true(str_find(body, S(">+15557770001</Number>")) > 0);
    assert_true(str_find(body, S("StatusCallback=" HOOK "?step=placed&call=77")) > 0);
    channel_close(&ch);
}

static void a_call_that_may_have_been_made_is_looked_for(void **state)
{
    static const struct {
        int status; /* of the list */
        const char *list;
        enum connector_outcome outcome;
    } cases[] = {
        {200, "{\"calls\":[{\"sid\":\"" SID "\",\"to\":\"+15559990001\",\"status\":\"ringing\"}]}",
         CONNECTOR_SENT                                                                                              },
        {200,
         "{\"calls\":[{\"sid\":\"" SID "\",\"to\":\"+15559990001\",\"status\":\"completed\"}]}",
         CONNECTOR_RETRY                                                                                             },
        {200, "{\"calls\":[{\"sid\":7,\"to\":[],\"status\":{}},3]}",                                CONNECTOR_RETRY  },
        {503, "{}",                                                                                 CONNECTOR_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct channel ch = open_it();
        peer_hangs_up(ch.peer);
        peer_answers(ch.peer, cases[i].status, "", cases[i].list);
        assert_int_equal(call_is(&ch, CALL_DIAL).end.outcome, cases[i].outcome);
        assert_true(str_starts(peer_heard(ch.peer, 1).target, S(CALLS ".json?To=%2B15559990001")));
        channel_close(&ch);
    }
}

static void a_waiting_caller_is_put_through_by_a_document(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", "{\"sid\":\"" SID "\"}");
    assert_int_equal(call_is(&ch, CALL_TAKE).end.outcome, CONNECTOR_SENT);
    assert_str(peer_heard(ch.peer, 0).target, CALLS "/" SID ".json");
    str body = decoded_body(&ch, 0);
    assert_true(str_find(body, S(">+15559990001</Number>")) > 0);
    assert_true(str_find(body, S("step=taken")) > 0);
    assert_true(str_find(body, S("callerId")) < 0); /* the agent sees who calls */
    channel_close(&ch);
}

static void ending_and_looking_say_whether_a_call_is_over(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", "{\"status\":\"completed\"}");
    assert_false(call_is(&ch, CALL_HANG_UP).is_over);
    assert_str(decoded_body(&ch, 0), "Status=completed");
    peer_answers(ch.peer, 404, "", "{\"code\":20404}");
    assert_true(call_is(&ch, CALL_HANG_UP).is_over);
    peer_answers(ch.peer, 200, "", "{\"status\":\"in-progress\"}");
    assert_false(call_is(&ch, CALL_LOOK).is_over);
    peer_answers(ch.peer, 200, "", "{\"status\":\"no-answer\"}");
    assert_true(call_is(&ch, CALL_LOOK).is_over);
    peer_answers(ch.peer, 401, "", "{\"code\":20003}");
    assert_int_equal(call_is(&ch, CALL_LOOK).end.outcome, CONNECTOR_REAUTH);
    channel_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_request_is_read_as_its_golden_file_says),
        TEST(the_query_of_the_address_is_signed_too),
        TEST(a_call_is_answered_by_the_menu_and_a_report_by_an_empty_document),
        TEST(a_recording_is_fetched_when_twilio_has_finished_it),
        TEST(a_recording_of_another_account_or_name_is_not_asked_for),
        TEST(the_number_is_found_and_its_menu_is_looked_over),
        TEST(twilio_is_told_where_calls_and_their_ends_go),
        TEST(nothing_can_be_written_into_a_call),
        cmocka_unit_test(a_call_is_made_by_the_agents_leg_with_our_own_name_in_its_reports),
        cmocka_unit_test(a_call_that_may_have_been_made_is_looked_for),
        cmocka_unit_test(a_waiting_caller_is_put_through_by_a_document),
        cmocka_unit_test(ending_and_looking_say_whether_a_call_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
