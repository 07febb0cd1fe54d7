/* Viber's connector: golden events, signature, handshake, what goes to Viber and what its answers
 * mean. */
#include <string.h>

#include "base/crypto.h"
#include "channel.h"

#define TO "01234567890A="
#define HEAD                                                                                       \
    "{\"receiver\":\"" TO "\",\"min_api_version\":1,\"sender\":{\"name\":\"Seva\",\"avatar\":"     \
    "\"https://seva.example/a.png\"},\"tracking_data\":\"seva:d1\","
#define TAKEN                                                                                      \
    "{\"status\":0,\"status_message\":\"ok\",\"message_token\":5741311803571721087,"               \
    "\"chat_hostname\":\"x\",\"billing_status\":1}"

static struct channel open_world(void)
{
    return channel_open_bare("viber", "",
        "{\"sender_name\":\"Seva\",\"sender_avatar\":\"https://seva.example/a.png\",\"welcome\":"
        "\"Hello there\"}",
        "{\"token\":\"4453-a1b2\"}");
}

static struct connector_sent send_one(struct channel *w, struct connector_outgoing out)
{
    out.to = S(TO);
    return channel_sends(w, out);
}

static void every_event_is_read_as_its_golden_file_says(void **state)
{
    (void)state;
    golden_check_all("viber");
}

static void only_what_the_bots_token_signs_is_let_in(void **state)
{
    (void)state;
    channel_verify_vectors("viber", "token");
}

static struct connector_hook hook_of(struct http_request *req, struct channel *w, str body)
{
    *req = (struct http_request){.method = HTTP_POST, .body = body};
    return (struct connector_hook){.req = req, .setup = &w->setup, .now_ms = TEST_NOW_MS};
}

static void the_handshake_is_answered_and_nothing_else_is_one(void **state)
{
    (void)state;
    struct channel w = open_world();
    struct http_request req;
    struct connector_answer answer = {0};
    str why = {0};
    struct connector_hook hook = hook_of(&req, &w, golden_read("viber", "webhook.json"));
    assert_ok(w.c->challenge(test_arena(), &hook, &answer, &why));
    assert_int_equal(answer.status, 200);
    req.method = HTTP_GET;
    assert_err(w.c->challenge(test_arena(), &hook, &answer, &why), E_NOT_FOUND);
    const char *const others[] = {"text.json", "subscribed.json", "no_json.json", "no_event.json"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        hook = hook_of(&req, &w, golden_read("viber", others[i]));
        assert_err(w.c->challenge(test_arena(), &hook, &answer, &why), E_NOT_FOUND);
    }
    channel_close(&w);
}

static void who_opens_the_chat_is_welcomed_in_the_answer(void **state)
{
    (void)state;
    struct channel w = open_world();
    struct http_request req;
    struct connector_hook hook =
        hook_of(&req, &w, golden_read("viber", "conversation_started.json"));
    struct connector_answer answer = w.c->answer(test_arena(), &hook);
    assert_int_equal(answer.status, 200);
    assert_str(answer.body,
        "{\"sender\":{\"name\":\"Seva\",\"avatar\":\"https://seva.example/a.png\"},"
        "\"type\":\"text\",\"text\":\"Hello there\"}");
    w.setup.settings = S("{\"sender_name\":\"Seva\"}");
    assert_int_equal(w.c->answer(test_arena(), &hook).status, 0);
    hook = hook_of(&req, &w, golden_read("viber", "text.json"));
    assert_int_equal(w.c->answer(test_arena(), &hook).status, 0);
    channel_close(&w);
}

static void a_text_goes_with_its_sender_and_its_number_keeps_every_digit(void **state)
{
    (void)state;
    struct channel w = open_world();
    peer_answers(w.peer, 200, "", TAKEN);
    struct connector_sent sent = send_one(&w, (struct connector_outgoing){.text = S("Hello")});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "5741311803571721087");
    (void)channel_heard_body(
        &w, 0, "POST", "/send_message", HEAD "\"type\":\"text\",\"text\":\"Hello\"}");
    struct peer_heard h = peer_heard(w.peer, 0);
    assert_str(peer_header(&h, "X-Viber-Auth-Token"), "4453-a1b2");
    channel_close(&w);
}

static void a_file_goes_as_what_it_is_by_its_address(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        int64_t size;
        const char *content;
    } cases[] = {
        {"image/jpeg",      1000000,
         "\"type\":\"picture\",\"media\":\"https://f.example/1\",\"text\":\"\"}"                           },
        {"image/jpeg",      2000000,
         "\"type\":\"file\",\"media\":\"https://f.example/1\",\"size\":2000000,\"file_name\":\"a.bin\"}"   },
        {"video/mp4",       1000,     "\"type\":\"video\",\"media\":\"https://f.example/1\",\"size\":1000}"},
        {"video/mp4",       27262977,
         "\"type\":\"file\",\"media\":\"https://f.example/1\",\"size\":27262977,\"file_name\":\"a.bin\"}"  },
        {"application/pdf", 5,
         "\"type\":\"file\",\"media\":\"https://f.example/1\",\"size\":5,\"file_name\":\"a.bin\"}"         },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct channel w = open_world();
        const struct connector_file f = {.name = S("a.bin"),
            .type = str_from(cases[i].type),
            .size = cases[i].size,
            .url = S("https://f.example/1")};
        peer_answers(w.peer, 200, "", TAKEN);
        struct connector_sent sent =
            send_one(&w, (struct connector_outgoing){.files = &f, .n_files = 1});
        assert_int_equal(sent.outcome, CONNECTOR_SENT);
        (void)channel_heard_body(&w, 0, "POST", "/send_message",
            str_z(test_arena(), str_print(test_arena(), HEAD "%s", cases[i].content)));
        channel_close(&w);
    }
}

static void what_viber_cannot_take_is_refused_without_a_call(void **state)
{
    (void)state;
    struct channel w = open_world();
    char *angles = NEW(test_arena(), char, 7000);
    memset(angles, '<', 7000); /* 42,000 bytes as JSON */
    const struct connector_file hidden = {.name = S("a"), .type = S("text/plain"), .size = 1};
    const struct connector_file large = {.name = S("a"),
        .type = S("text/plain"),
        .size = 50 * 1024 * 1024 + 1,
        .url = S("https://f.example/1")};
    const struct connector_outgoing bad[] = {
        {0                    },
        {.text = str_of(angles, 7000)},
        {.files = &hidden,                     .n_files = 1},
        {.files = &large,.n_files = 1},
        {.text = S("x"),       .files = &large, .n_files = 1},
        {.parts = S("[{\"type\":\"buttons\",\"buttons\":[{\"id\":\"a\",\"title\":\"A\"}]}]")                    },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct connector_sent sent = send_one(&w, bad[i]);
        assert_int_equal(sent.outcome, CONNECTOR_FINAL);
        assert_true(sent.why.len > 0);
    }
    assert_int_equal(peer_count(w.peer), 0);
    channel_close(&w);
}

static void buttons_become_a_keyboard_and_come_back_by_tracking_data(void **state)
{
    (void)state;
    struct channel w = open_world();
    peer_answers(w.peer, 200, "", TAKEN);
    (void)send_one(&w, (struct connector_outgoing){.text = S("How was it?"),
                           .parts = S("[{\"type\":\"buttons\",\"buttons\":[{\"id\":\"csat:5\","
                                      "\"title\":\"Good\"},{\"title\":\"Shop\",\"url\":"
                                      "\"https://shop.example\"}]}]")});
    (void)channel_heard_body(&w, 0, "POST", "/send_message",
        "{\"receiver\":\"" TO "\",\"min_api_version\":1,\"sender\":{\"name\":\"Seva\",\"avatar\":"
        "\"https://seva.example/a.png\"},\"tracking_data\":\"{\\\"seva\\\":\\\"d1\\\","
        "\\\"buttons\\\":[[\\\"csat:5\\\",\\\"Good\\\"],[\\\"\\\",\\\"Shop\\\"]]}\",\"type\":"
        "\"text\",\"text\":\"How was it?\",\"keyboard\":{\"Type\":\"keyboard\",\"Buttons\":["
        "{\"ActionType\":\"reply\",\"ActionBody\":\"Good\",\"Text\":\"Good\"},{\"ActionType\":"
        "\"open-url\",\"ActionBody\":\"https://shop.example\",\"Text\":\"Shop\"}]}}");
    golden_check("viber", "text_choice", "hook");
    channel_close(&w);
}

static void a_place_and_a_card_go_as_messages_of_their_own(void **state)
{
    (void)state;
    struct channel w = open_world();
    peer_answers(w.peer, 200, "", TAKEN);
    peer_answers(w.peer, 200, "", TAKEN);
    (void)send_one(
        &w, (struct connector_outgoing){.parts = S("[{\"type\":\"location\",\"latitude\":"
                                                   "23.81,\"longitude\":90.41}]")});
    (void)send_one(
        &w, (struct connector_outgoing){.parts = S("[{\"type\":\"contact\",\"name\":"
                                                   "\"Help\",\"phones\":[\"+1555\"]}]")});
    (void)channel_heard_body(&w, 0, "POST", "/send_message",
        HEAD "\"type\":\"location\",\"location\":{\"lat\":23.81,\"lon\":90.41}}");
    (void)channel_heard_body(&w, 1, "POST", "/send_message",
        HEAD "\"type\":\"contact\",\"contact\":{\"name\":\"Help\",\"phone_number\":\"+1555\"}}");
    channel_close(&w);
}

static void every_status_has_its_outcome(void **state)
{
    (void)state;
    static const enum connector_outcome expected[] = {CONNECTOR_SENT, CONNECTOR_FINAL,
        CONNECTOR_REAUTH, CONNECTOR_FINAL, CONNECTOR_FINAL, CONNECTOR_FINAL, CONNECTOR_FINAL,
        CONNECTOR_REAUTH, CONNECTOR_REAUTH, CONNECTOR_REAUTH, CONNECTOR_REAUTH, CONNECTOR_FINAL,
        CONNECTOR_RETRY, CONNECTOR_FINAL, CONNECTOR_FINAL, CONNECTOR_REAUTH, CONNECTOR_FINAL,
        CONNECTOR_FINAL, CONNECTOR_FINAL, CONNECTOR_FINAL, CONNECTOR_FINAL, CONNECTOR_FINAL,
        CONNECTOR_FINAL, CONNECTOR_FINAL, CONNECTOR_FINAL, CONNECTOR_RETRY, CONNECTOR_RETRY};
    struct channel w = open_world();
    for (int i = 0; i < (int)(sizeof expected / sizeof *expected); i++) {
        peer_answers(w.peer, 200, "",
            str_z(test_arena(),
                str_print(test_arena(), "{\"status\":%d,\"status_message\":\"theWords\"}", i)));
        struct connector_sent sent = send_one(&w, (struct connector_outgoing){.text = S("Hi")});
        if (sent.outcome != expected[i])
            fail_msg("status %d: %s", i, connector_outcome_name(sent.outcome));
        assert_int_equal(sent.is_channel_wide, expected[i] == CONNECTOR_REAUTH);
        assert_int_equal(sent.why.len > 0, i > 0);
    }
    channel_close(&w);
}

static void answers_without_a_status_and_lost_ones_are_told_apart(void **state)
{
    (void)state;
    struct channel w = open_world();
    peer_answers(w.peer, 200, "", "{\"sta");
    peer_answers(w.peer, 200, "", "{}");
    peer_hangs_up(w.peer);
    peer_answers(w.peer, 500, "", "");
    peer_answers(w.peer, 429, "Retry-After: 9\r\n", "");
    const enum connector_outcome expected[] = {
        CONNECTOR_UNKNOWN, CONNECTOR_UNKNOWN, CONNECTOR_UNKNOWN, CONNECTOR_RETRY, CONNECTOR_WAIT};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_int_equal(
            send_one(&w, (struct connector_outgoing){.text = S("Hi")}).outcome, expected[i]);
    w.setup.hosts = S("viber.api=http://127.0.0.1:1");
    assert_int_equal(
        send_one(&w, (struct connector_outgoing){.text = S("Hi")}).outcome, CONNECTOR_RETRY);
    w.setup.secrets = S("{}");
    assert_int_equal(
        send_one(&w, (struct connector_outgoing){.text = S("Hi")}).outcome, CONNECTOR_REAUTH);
    assert_false(w.c->repeats_safely);
    channel_close(&w);
}

static void the_webhook_is_set_and_taken_away(void **state)
{
    (void)state;
    struct channel w = open_world();
    struct connector_sent sent;
    peer_answers(w.peer, 200, "", "{\"status\":0,\"status_message\":\"ok\",\"event_types\":[]}");
    peer_answers(w.peer, 200, "", "{\"status\":0,\"status_message\":\"ok\"}");
    peer_answers(w.peer, 200, "", "{\"status\":1,\"status_message\":\"invalidUrl\"}");
    assert_ok(w.c->subscribe(w.client, test_arena(), &w.setup, true, &sent));
    (void)channel_heard_body(&w, 0, "POST", "/set_webhook",
        "{\"url\":\"https://care.example.com/hooks/viber/k1\",\"event_types\":[\"delivered\",\"seen\","
        "\"failed\",\"subscribed\",\"unsubscribed\",\"conversation_started\"],\"send_name\":true,"
        "\"send_photo\":true}");
    assert_ok(w.c->subscribe(w.client, test_arena(), &w.setup, false, &sent));
    (void)channel_heard_body(&w, 1, "POST", "/set_webhook", "{\"url\":\"\"}");
    assert_ok(w.c->subscribe(w.client, test_arena(), &w.setup, true, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    channel_close(&w);
}

static void the_test_says_who_the_bot_is(void **state)
{
    (void)state;
    struct channel w = open_world();
    struct connector_checked c = {0};
    peer_answers(w.peer, 200, "",
        "{\"status\":0,\"status_message\":\"ok\",\"id\":\"pa:5301\",\"name\":\"Seva\",\"uri\":"
        "\"sevahelp\",\"icon\":\"https://m.example/i.png\"}");
    peer_answers(w.peer, 200, "", "{\"status\":2,\"status_message\":\"invalidAuthToken\"}");
    assert_ok(w.c->check(w.client, test_arena(), &w.setup, TEST_NOW_MS, &c));
    assert_int_equal(c.n, 1);
    assert_str(c.accounts[0].external_id, "pa:5301");
    assert_str(c.accounts[0].handle, "sevahelp");
    assert_str(c.accounts[0].avatar_url, "https://m.example/i.png");
    (void)channel_heard_body(&w, 0, "POST", "/get_account_info", "{}");
    assert_ok(w.c->check(w.client, test_arena(), &w.setup, TEST_NOW_MS, &c));
    assert_int_equal(c.end.outcome, CONNECTOR_REAUTH);
    assert_int_equal(c.n, 0);
    channel_close(&w);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(every_event_is_read_as_its_golden_file_says),
        TEST(only_what_the_bots_token_signs_is_let_in),
        TEST(the_handshake_is_answered_and_nothing_else_is_one),
        TEST(who_opens_the_chat_is_welcomed_in_the_answer),
        TEST(a_text_goes_with_its_sender_and_its_number_keeps_every_digit),
        TEST(a_file_goes_as_what_it_is_by_its_address),
        TEST(what_viber_cannot_take_is_refused_without_a_call),
        TEST(buttons_become_a_keyboard_and_come_back_by_tracking_data),
        TEST(a_place_and_a_card_go_as_messages_of_their_own),
        TEST(every_status_has_its_outcome),
        TEST(answers_without_a_status_and_lost_ones_are_told_apart),
        TEST(the_webhook_is_set_and_taken_away),
        TEST(the_test_says_who_the_bot_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
