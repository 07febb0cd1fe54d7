/* What Meta's networks share: handshake, signature, what errors and usage headers mean. */
#include "connector/meta.h"

#include "base/crypto.h"
#include "meta_peer.h"

/* ── webhooks ── */

static const char *const networks[] = {"facebook", "instagram"};

static err verify(
    const char *network, const char *secrets, const struct http_header *headers, int n, str body)
{
    const struct http_request req = {
        .method = HTTP_POST, .headers = headers, .header_count = n, .body = body};
    const struct connector_setup setup = {.secrets = str_from(secrets)};
    const struct connector_hook hook = {.req = &req, .setup = &setup, .now_ms = TEST_NOW_MS};
    str why = {0};
    err e = connector_find(str_from(network))->verify(test_arena(), &hook, &why);
    assert_true(e == OK || why.len > 0);
    return e;
}

/* Keys and digests as in tests/data/signatures.json, meta_hub_sha256_*. */
static const struct {
    const char *body, *header;
} signed_bodies[] = {
    {"{\"object\":\"page\",\"entry\":[{\"id\":\"1029384756\",\"time\":1767225600000,\"messaging\":"
     "[{\"sender\":{\"id\":\"7001\"},\"recipient\":{\"id\":\"1029384756\"},\"timestamp\":"
     "1767225600000,\"message\":{\"mid\":\"m_seva_001\",\"text\":\"Hello\"}}]}]}", "sha256=ba1b8d8026da2bb82082be68dd6f5baf07579b3b5389e0196c9b1d8f77bcdd75"},
    {"{\"object\":\"page\",\"entry\":[{\"id\":\"1029384756\",\"time\":1767225601000,\"messaging\":"
     "[{\"sender\":{\"id\":\"7001\"},\"recipient\":{\"id\":\"1029384756\"},\"timestamp\":"
     "1767225601000,\"message\":{\"mid\":\"m_seva_002\",\"text\":\"Caf\\u00e9 \\ud83d\\ude00 "
     "a\\/b\"}}]}]}",                                                              "sha256=fbe6b9981f7442ee8840b219b198d50aad9c6e4ff9a7ea52153cb1ab14bb83cc"},
};

#define SECRETS "{\"app_secret\":\"" META_SECRET "\"}"

static void a_signature_of_the_app_secret_is_taken_over_the_raw_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 2; k++) {
            const struct http_header header = {
                S("X-Hub-Signature-256"), str_from(signed_bodies[k].header)};
            assert_ok(verify(networks[i], SECRETS, &header, 1, str_from(signed_bodies[k].body)));
        }
}

static void a_flipped_missing_or_doubled_signature_is_refused(void **state)
{
    (void)state;
    str body = str_from(signed_bodies[0].body), good = str_from(signed_bodies[0].header);
    const struct http_header header = {S("X-Hub-Signature-256"), good};
    for (ptrdiff_t i = 0; i < good.len; i++) {
        char *flipped = str_z(test_arena(), good);
        flipped[i] = (char)(flipped[i] ^ 1);
        const struct http_header bad = {header.name, str_of(flipped, good.len)};
        assert_err(verify("facebook", SECRETS, &bad, 1, body), E_UNAUTHENTICATED);
    }
    const struct http_header twice[] = {header, header};
    const struct http_header cut = {header.name, str_sub(good, 0, good.len - 2)};
    const struct http_header empty = {header.name, S("")};
    const struct http_header old = {S("X-Hub-Signature"), good};
    str longer = str_cat(test_arena(), body, S(" "));
    assert_err(verify("facebook", SECRETS, NULL, 0, body), E_UNAUTHENTICATED);
    assert_err(verify("facebook", SECRETS, twice, 2, body), E_UNAUTHENTICATED);
    assert_err(verify("facebook", SECRETS, &cut, 1, body), E_UNAUTHENTICATED);
    assert_err(verify("facebook", SECRETS, &empty, 1, body), E_UNAUTHENTICATED);
    assert_err(verify("facebook", SECRETS, &old, 1, body), E_UNAUTHENTICATED);
    assert_err(verify("facebook", SECRETS, &header, 1, longer), E_UNAUTHENTICATED);
    assert_err(
        verify("facebook", "{\"app_secret\":\"other\"}", &header, 1, body), E_UNAUTHENTICATED);
    assert_err(verify("facebook", "{}", &header, 1, body), E_UNAUTHENTICATED);
}

static err challenge(enum http_method method, const char *mode, const char *token,
    const char *digits, struct connector_answer *answer)
{
    const struct http_pair query[] = {
        {S("hub.mode"),         str_from(mode)  },
        {S("hub.verify_token"), str_from(token) },
        {S("hub.challenge"),    str_from(digits)},
    };
    const struct http_request req = {.method = method, .query = query, .query_count = 3};
    const struct connector_setup setup = {.secret = S("ours"), .old_secret = S("before")};
    const struct connector_hook hook = {.req = &req, .setup = &setup, .now_ms = TEST_NOW_MS};
    str why = {0};
    return connector_find(S("instagram"))->challenge(test_arena(), &hook, answer, &why);
}

static void the_handshake_gives_back_the_challenge_for_our_token_only(void **state)
{
    (void)state;
    struct connector_answer answer = {0};
    assert_ok(challenge(HTTP_GET, "subscribe", "ours", "1158201444", &answer));
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.content_type, "text/plain");
    assert_str(answer.body, "1158201444");
    assert_ok(challenge(HTTP_GET, "subscribe", "before", "7", &answer));
    answer.status = 0;
    assert_err(challenge(HTTP_GET, "subscribe", "theirs", "7", &answer), E_UNAUTHENTICATED);
    assert_err(challenge(HTTP_GET, "subscribe", "", "7", &answer), E_UNAUTHENTICATED);
    assert_err(challenge(HTTP_GET, "unsubscribe", "ours", "7", &answer), E_UNAUTHENTICATED);
    assert_err(challenge(HTTP_POST, "subscribe", "ours", "7", &answer), E_NOT_FOUND);
    assert_int_equal(answer.status, 0);
}

/* ── errors ── */

enum { MINUTE = 60 * 1000 };
#define SENT_OK "{\"recipient_id\":\"7001\",\"message_id\":\"m_AbC\"}"

/* clang-format off */
static const struct channel_error rows[] = {
    {200, "", SENT_OK, CONNECTOR_SENT, false, 0, NULL},
    {400, "", META_ERROR(1), CONNECTOR_RETRY, false, 0, NULL},
    {400, "", META_ERROR(2), CONNECTOR_RETRY, false, 0, NULL},
    {500, "", META_ERROR(1), CONNECTOR_UNKNOWN, false, 0, NULL},
    {500, "", "{\"error\":{\"code\":2,\"is_transient\":true}}", CONNECTOR_RETRY, false, 0, NULL},
    {400, "", META_ERROR(4), CONNECTOR_WAIT, true, MINUTE, NULL},
    {400, "", META_ERROR2(4, 2018022), CONNECTOR_WAIT, true, MINUTE, NULL},
    {400, "X-App-Usage: {\"call_count\":100,\"estimated_time_to_regain_access\":7}\r\n", META_ERROR(4),
     CONNECTOR_WAIT, true, 7 * MINUTE, NULL},
    {403, "Retry-After: 120\r\n", META_ERROR(32), CONNECTOR_WAIT, true, 2 * MINUTE, NULL},
    {400, "", META_ERROR(80006), CONNECTOR_WAIT, true, MINUTE, NULL},
    {400, "", META_ERROR(80002), CONNECTOR_WAIT, true, MINUTE, NULL},
    {400, "", META_ERROR(9), CONNECTOR_WAIT, true, MINUTE, NULL},
    {400, "", META_ERROR(613), CONNECTOR_WAIT, true, MINUTE, NULL},
    {400, "", META_ERROR(1200), CONNECTOR_RETRY, false, 0, NULL},
    {400, "", META_ERROR2(10, 2018278), CONNECTOR_FINAL, false, 0, NULL},
    {400, "", META_ERROR2(10, 2018065), CONNECTOR_FINAL, false, 0, NULL},
    {400, "", META_ERROR2(10, 2018108), CONNECTOR_FINAL, false, 0, NULL},
    {403, "", META_ERROR2(10, 1893063), CONNECTOR_REAUTH, true, 0, NULL},
    {403, "", META_ERROR(10), CONNECTOR_FINAL, true, 0, NULL},
    {403, "", META_ERROR2(10, 999), CONNECTOR_FINAL, false, 0, NULL},
    {403, "", META_ERROR(200), CONNECTOR_FINAL, true, 0, NULL},
    {403, "", META_ERROR(299), CONNECTOR_FINAL, true, 0, NULL},
    {400, "", META_ERROR2(100, 2018001), CONNECTOR_FINAL, false, 0, NULL},
    {400, "", META_ERROR2(100, 2018109), CONNECTOR_FINAL, false, 0, NULL},
    {400, "", META_ERROR(100), CONNECTOR_FINAL, false, 0, NULL},
    {401, "", META_ERROR2(190, 458), CONNECTOR_REAUTH, true, 0, NULL},
    {400, "", META_ERROR2(190, 460), CONNECTOR_REAUTH, true, 0, NULL},
    {400, "", META_ERROR2(190, 463), CONNECTOR_REAUTH, true, 0, NULL},
    {400, "", META_ERROR2(190, 467), CONNECTOR_REAUTH, true, 0, NULL},
    {400, "", META_ERROR(190), CONNECTOR_REAUTH, true, 0, NULL},
    {403, "", META_ERROR(199), CONNECTOR_FINAL, true, 0, NULL},
    {403, "", META_ERROR(368), CONNECTOR_REAUTH, true, 0, NULL},
    {400, "", META_ERROR(551), CONNECTOR_FINAL, false, 0, NULL},
    {400, "", META_ERROR2(551, 1545041), CONNECTOR_FINAL, false, 0, NULL},
    {400, "", META_ERROR(987654), CONNECTOR_FINAL, false, 0, NULL},
    {400, "", META_ERROR(99999999999999), CONNECTOR_FINAL, false, 0, NULL},
    {401, "", META_ERROR(987654), CONNECTOR_REAUTH, true, 0, NULL},
    {401, "", "", CONNECTOR_REAUTH, true, 0, NULL},
    {429, "Retry-After: 30\r\n", "", CONNECTOR_WAIT, true, MINUTE / 2, NULL},
    {500, "", META_ERROR(987654), CONNECTOR_UNKNOWN, false, 0, NULL},
    {500, "", "", CONNECTOR_UNKNOWN, false, 0, NULL},
    {502, "", "<html>", CONNECTOR_UNKNOWN, false, 0, NULL},
    {503, "Retry-After: 30\r\n", "", CONNECTOR_UNKNOWN, false, 0, NULL},
    {408, "", "", CONNECTOR_UNKNOWN, false, 0, NULL},
    {404, "", "<html>", CONNECTOR_FINAL, false, 0, NULL},
    {200, "", "{\"message_id\":\"m_", CONNECTOR_UNKNOWN, false, 0, NULL},
    {200, "", "{}", CONNECTOR_UNKNOWN, false, 0, NULL},
    {200, "", META_ERROR(551), CONNECTOR_FINAL, false, 0, NULL},
    {200, "", META_ERROR(987654), CONNECTOR_FINAL, false, 0, NULL},
    {400, "", "{\"error\":{\"code\":\"551\",\"message\":[1]}}", CONNECTOR_FINAL, false, 0, NULL},
    {400, "", "{\"error\":\"no\"}", CONNECTOR_FINAL, false, 0, NULL},
};
/* clang-format on */

static void every_row_of_the_error_table_comes_to_its_outcome(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct channel s = meta_channel("facebook", "1029384756", "{}");
        peer_answers(s.peer, rows[i].status, rows[i].headers, rows[i].body);
        struct connector_sent sent = channel_sends(
            &s, (struct connector_outgoing){.to = S("7001"), .text = S("We are checking")});
        channel_check_error(&rows[i], &sent);
        assert_int_equal(peer_count(s.peer), 1);
        channel_close(&s);
    }
}

static void a_hang_up_after_the_request_is_unknown_and_a_closed_port_is_tried_again(void **state)
{
    (void)state;
    const struct connector_outgoing out = {.to = S("7001"), .text = S("x")};
    struct channel s = meta_channel("facebook", "1029384756", "{}");
    peer_hangs_up(s.peer);
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_UNKNOWN);
    s.setup.hosts = S("*=http://127.0.0.1:1");
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_RETRY);
    channel_close(&s);
}

static void a_vague_fault_is_given_up_after_a_minute_unless_it_is_called_passing(void **state)
{
    (void)state;
    const struct connector_outgoing out = {
        .to = S("7001"), .text = S("x"), .first_try_ms = TEST_NOW_MS - 61 * 1000};
    struct channel s = meta_channel("facebook", "1029384756", "{}");
    peer_answers(s.peer, 400, "", META_ERROR(2));
    peer_answers(s.peer, 400, "", "{\"error\":{\"code\":2,\"is_transient\":true}}");
    peer_answers(s.peer, 400, "", "{\"error\":{\"code\":77,\"is_transient\":true}}");
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_FINAL);
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_RETRY);
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_RETRY);
    channel_close(&s);
}

static void words_say_what_to_do_with_the_networks_own_and_its_numbers(void **state)
{
    (void)state;
    struct channel s = meta_channel("facebook", "1029384756", "{}");
    peer_answers(s.peer, 400, "",
        "{\"error\":{\"message\":\"(#551) x\",\"error_user_msg\":\"This person isn't available.\","
        "\"code\":551,\"error_subcode\":1545041}}");
    struct connector_sent sent =
        channel_sends(&s, (struct connector_outgoing){.to = S("7001"), .text = S("x")});
    assert_str(sent.why, "The person cannot be reached or has turned messages off. Facebook says: "
                         "This person isn't available. (551/1545041)");
    channel_close(&s);
}

/* ── usage ── */

static struct connector_rate usage(const char *name, const char *value)
{
    const struct http_header header = {str_from(name), str_from(value)};
    const struct http_result res = {.headers = &header, .header_count = 1};
    return meta_usage(test_arena(), &res, TEST_NOW_MS);
}

static void usage_counts_above_80_percent_the_worst_figure_of_all(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        int64_t limit, remaining, reset_ms;
    } cases[] = {
        {"X-App-Usage",               "{\"call_count\":28,\"total_time\":25,\"total_cputime\":25}", 0,   0, 0               },
        {"x-app-usage",               "{\"call_count\":80}",                                        0,   0, 0               },
        {"X-App-Usage",               "{\"call_count\":28,\"total_time\":91,\"total_cputime\":85}", 100, 9,
         MINUTE                                                                                                             },
        {"X-Page-Usage",              "{\"call_count\":100}",                                       100, 0, MINUTE          },
        {"X-Page-Usage",              "{\"call_count\":250}",                                       100, 0, MINUTE          },
        {"X-Business-Use-Case-Usage",
         "{\"17\":[{\"type\":\"messenger\",\"call_count\":10},{\"type\":\"pages\",\"call_count\":99,"
            "\"estimated_time_to_regain_access\":19}],\"18\":[{\"call_count\":1}]}",                100, 0, 19 * MINUTE     },
        {"X-App-Usage",               "{\"estimated_time_to_regain_access\":999999}",               100, 0, 24 * 60 * MINUTE},
        {"X-App-Usage",               "not JSON",                                                   0,   0, 0               },
        {"X-App-Usage",               "[]",                                                         0,   0, 0               },
        {"X-App-Usage",               "{\"call_count\":\"many\",\"x\":[7,[],{\"call_count\":{}}]}", 0,   0, 0               },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct connector_rate rate = usage(cases[i].name, cases[i].value);
        assert_int_equal(rate.limit, cases[i].limit);
        assert_int_equal(rate.remaining, cases[i].remaining);
        assert_int_equal(rate.reset_ms, cases[i].limit ? TEST_NOW_MS + cases[i].reset_ms : 0);
    }
}

static void every_call_bears_the_token_and_its_proof(void **state)
{
    (void)state;
    struct channel s = meta_channel("facebook", "1029384756", "{\"api_version\":\"v27.0\"}");
    peer_answers(s.peer, 200, "X-App-Usage: {\"call_count\":90}\r\n", SENT_OK);
    struct connector_sent sent =
        channel_sends(&s, (struct connector_outgoing){.to = S("7001"), .text = S("x")});
    struct peer_heard heard = peer_heard(s.peer, 0);
    assert_str(
        heard.target, "/facebook/graph/v27.0/1029384756/messages?appsecret_proof=" META_PROOF);
    assert_str(peer_header(&heard, "Authorization"), "Bearer " META_TOKEN);
    assert_int_equal(sent.rate.remaining, 10);
    channel_close(&s);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(a_signature_of_the_app_secret_is_taken_over_the_raw_bytes),
        TEST(a_flipped_missing_or_doubled_signature_is_refused),
        TEST(the_handshake_gives_back_the_challenge_for_our_token_only),
        TEST(every_row_of_the_error_table_comes_to_its_outcome),
        TEST(a_hang_up_after_the_request_is_unknown_and_a_closed_port_is_tried_again),
        TEST(a_vague_fault_is_given_up_after_a_minute_unless_it_is_called_passing),
        TEST(words_say_what_to_do_with_the_networks_own_and_its_numbers),
        TEST(usage_counts_above_80_percent_the_worst_figure_of_all),
        TEST(every_call_bears_the_token_and_its_proof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
