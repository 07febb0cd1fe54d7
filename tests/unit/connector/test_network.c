/* Asking a network's API: what an answer means, limits and their headers, forms, and bodies in
 * parts with files that are read while they are sent. */
#include "connector/network.h"

#include "base/crypto.h"
#include "base/file.h"
#include "base/limits.h"
#include "peer.h"
#include "test.h"

#include <string.h>

static struct http_result answered(int status, const struct http_header *headers, ptrdiff_t n)
{
    return (struct http_result){
        .outcome = HTTP_CALL_ANSWERED, .status = status, .headers = headers, .header_count = n};
}

static struct connector_sent meaning(const struct http_result *res)
{
    struct connector_sent sent = {.why = S("old words"), .wait_until_ms = 9};
    network_answer(test_arena(), S("The network"), res, TEST_NOW_MS, &sent);
    return sent;
}

/* ── outcome ── */

static void every_status_has_its_outcome(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum connector_outcome outcome;
        bool is_channel_wide;
    } rows[] = {
        {200, CONNECTOR_SENT,   false},
        {201, CONNECTOR_SENT,   false},
        {204, CONNECTOR_SENT,   false},
        {299, CONNECTOR_SENT,   false},
        {301, CONNECTOR_FINAL,  false},
        {304, CONNECTOR_FINAL,  false},
        {400, CONNECTOR_FINAL,  false},
        {401, CONNECTOR_REAUTH, true },
        {403, CONNECTOR_FINAL,  false},
        {404, CONNECTOR_FINAL,  false},
        {408, CONNECTOR_RETRY,  false},
        {409, CONNECTOR_FINAL,  false},
        {410, CONNECTOR_FINAL,  false},
        {422, CONNECTOR_FINAL,  false},
        {425, CONNECTOR_RETRY,  false},
        {429, CONNECTOR_WAIT,   true },
        {500, CONNECTOR_RETRY,  false},
        {502, CONNECTOR_RETRY,  false},
        {503, CONNECTOR_RETRY,  false},
        {599, CONNECTOR_RETRY,  false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_result res = answered(rows[i].status, NULL, 0);
        struct connector_sent sent = meaning(&res);
        if (sent.outcome != rows[i].outcome || sent.is_channel_wide != rows[i].is_channel_wide)
            fail_msg("%d: %s, channel-wide %d", rows[i].status,
                connector_outcome_name(sent.outcome), sent.is_channel_wide);
        assert_int_equal(
            sent.wait_until_ms, sent.outcome == CONNECTOR_WAIT ? TEST_NOW_MS + 60 * 1000 : 0);
        if (sent.outcome == CONNECTOR_SENT)
            assert_int_equal(sent.why.len, 0);
        else
            assert_str(
                sent.why, str_z(test_arena(),
                              str_print(test_arena(), "The network answered %d.", rows[i].status)));
    }
}

static void what_was_never_written_may_be_repeated_and_what_perhaps_was_may_not(void **state)
{
    (void)state;
    static const struct {
        enum http_outcome http;
        int status;
        enum connector_outcome outcome;
    } rows[] = {
        {HTTP_CALL_REFUSED,   0,   CONNECTOR_FINAL  },
        {HTTP_CALL_NOT_SENT,  0,   CONNECTOR_RETRY  },
        {HTTP_CALL_UNKNOWN,   0,   CONNECTOR_UNKNOWN},
        {HTTP_CALL_UNKNOWN,   200, CONNECTOR_UNKNOWN},
        {HTTP_CALL_TOO_LARGE, 200, CONNECTOR_SENT   },
        {HTTP_CALL_TOO_LARGE, 500, CONNECTOR_RETRY  },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct http_result res = {
            .outcome = rows[i].http, .status = rows[i].status, .why = S("no route")};
        struct connector_sent sent = meaning(&res);
        assert_int_equal(sent.outcome, rows[i].outcome);
        assert_false(sent.is_channel_wide);
        if (!res.status)
            assert_str(sent.why, "The network did not answer: no route.");
    }
}

static void an_answer_that_says_when_to_come_again_is_waited_for(void **state)
{
    (void)state;
    const struct http_header after[] = {
        {S("retry-after"), S("30")}
    };
    const struct http_header none[] = {
        {S("retry-after"), S("Thu, 01 Jan 2026 00:00:00 GMT")}
    };
    struct http_result res = answered(429, after, 1);
    assert_int_equal(meaning(&res).wait_until_ms, TEST_NOW_MS + 30 * 1000);
    res = answered(503, after, 1);
    assert_int_equal(meaning(&res).outcome, CONNECTOR_WAIT);
    assert_int_equal(meaning(&res).wait_until_ms, TEST_NOW_MS + 30 * 1000);
    assert_false(meaning(&res).is_channel_wide);
    res = answered(503, none, 1);
    assert_int_equal(meaning(&res).outcome, CONNECTOR_RETRY);
    res = answered(400, after, 1); /* a refusal stays one */
    assert_int_equal(meaning(&res).outcome, CONNECTOR_FINAL);
    assert_int_equal(meaning(&res).wait_until_ms, 0);
}

static void an_empty_budget_is_waited_for_until_it_is_full_again(void **state)
{
    (void)state;
    const struct http_header empty[] = {
        {S("x-rate-limit-limit"),     S("900")       },
        {S("x-rate-limit-remaining"), S("0")         },
        {S("x-rate-limit-reset"),     S("1767226500")}
    };
    const struct http_header left[] = {
        {S("x-rate-limit-limit"),     S("900")       },
        {S("x-rate-limit-remaining"), S("5")         },
        {S("x-rate-limit-reset"),     S("1767226500")}
    };
    struct http_result res = answered(429, empty, 3);
    assert_int_equal(meaning(&res).wait_until_ms, INT64_C(1767226500000));
    res = answered(429, left, 3); /* another limit was hit */
    assert_int_equal(meaning(&res).wait_until_ms, TEST_NOW_MS + 60 * 1000);
    res = answered(200, empty, 3); /* sent, and nothing is left of the budget */
    struct connector_sent sent = meaning(&res);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_int_equal(sent.rate.limit, 900);
    assert_int_equal(sent.rate.remaining, 0);
    assert_int_equal(sent.rate.reset_ms, INT64_C(1767226500000));
}

static void limits_are_read_from_every_family_of_headers(void **state)
{
    (void)state;
    static const struct {
        const char *family, *limit, *remaining, *reset;
        int64_t expected_limit, expected_reset_ms;
    } rows[] = {
        {"X-Rate-Limit-", "900", "12", "1767226500",               900, INT64_C(1767226500000)},
        {"x-ratelimit-",  "300", "12", "2026-01-01T00:05:00.000Z", 300, TEST_NOW_MS + 300000  },
        {"RateLimit-",    "100", "12", "50",                       100, TEST_NOW_MS + 50000   },
        {"ratelimit-",    "100", "12", "1767225650000",            100, TEST_NOW_MS + 50000   },
        {"ratelimit-",    "100", "12", "0",                        100, TEST_NOW_MS           },
        {"ratelimit-",    "100", "12", "soon",                     100, 0                     },
        {"ratelimit-",    "100", "12", "-1",                       100, 0                     },
        {"ratelimit-",    "0",   "12", "50",                       0,   0                     },
        {"ratelimit-",    "x",   "12", "50",                       0,   0                     },
        {"ratelimit-",    "100", "-1", "50",                       0,   0                     },
        {"ratelimit-",    "100", "",   "50",                       0,   0                     },
        {"some-limit-",   "100", "12", "50",                       0,   0                     },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct http_header headers[] = {
            {str_print(test_arena(), "%slimit",     rows[i].family), str_from(rows[i].limit)    },
            {str_print(test_arena(), "%sremaining", rows[i].family), str_from(rows[i].remaining)},
            {str_print(test_arena(), "%sreset",     rows[i].family), str_from(rows[i].reset)    },
        };
        struct http_result res = answered(200, headers, 3);
        struct connector_rate rate = network_rate(&res, TEST_NOW_MS);
        if (rate.limit != rows[i].expected_limit || rate.reset_ms != rows[i].expected_reset_ms)
            fail_msg("row %zu: limit %lld, reset %lld", i, (long long)rate.limit,
                (long long)rate.reset_ms);
        assert_int_equal(rate.remaining, rate.limit ? 12 : 0);
    }
}

static void the_networks_words_follow_ours_in_one_line(void **state)
{
    (void)state;
    struct connector_sent sent = {.why = S("The network answered 400.")};
    network_why(test_arena(), S("The network"), S("bad\nthing \x01 \xff"), &sent);
    assert_str(sent.why, "The network: bad thing \xef\xbf\xbd");
    network_why(test_arena(), S("The network"), S(" \n "), &sent);
    assert_str(sent.why, "The network: bad thing \xef\xbf\xbd"); /* no words: ours stay */
    char *text = NEW(test_arena(), char, 100000);
    memset(text, 'x', 100000);
    network_why(test_arena(), S("N"), str_of(text, 100000), &sent);
    assert_true(sent.why.len < 600);
}

static void a_body_that_is_no_json_is_none(void **state)
{
    (void)state;
    struct http_result res = answered(200, NULL, 0);
    res.body = S("<html>");
    assert_null(network_json(test_arena(), &res));
    res.body = S("{\"a\":1}");
    assert_non_null(network_json(test_arena(), &res));
}

/* ── calls ── */

static void a_call_carries_its_credentials_and_says_what_its_body_is(void **state)
{
    (void)state;
    struct peer *p = peer_open();
    struct http_client *client = peer_client();
    struct http_result res = {0};
    struct network_call call = {.method = HTTP_POST,
        .url = str_cat(test_arena(), peer_url(p), S("/v1/x?a=b")),
        .authorization = S("Bearer t"),
        .body = S("{\"a\":1}")};
    call.extra[call.n_extra++] = (struct http_header){S("X-Version"), S("7")};
    peer_answers(p, 200, "", "{}");
    assert_ok(network_do(client, test_arena(), &call, &res));
    assert_int_equal(res.status, 200);
    struct peer_heard heard = peer_heard(p, 0);
    assert_str(heard.method, "POST");
    assert_str(heard.target, "/v1/x?a=b");
    assert_str(peer_header(&heard, "Authorization"), "Bearer t");
    assert_str(peer_header(&heard, "Content-Type"), "application/json");
    assert_str(peer_header(&heard, "X-Version"), "7");
    assert_str(heard.body, "{\"a\":1}");
    call.content_type = S("application/x-www-form-urlencoded");
    peer_answers(p, 200, "", "{}");
    assert_ok(network_do(client, test_arena(), &call, &res));
    heard = peer_heard(p, 1);
    assert_str(peer_header(&heard, "Content-Type"), "application/x-www-form-urlencoded");
    call = (struct network_call){.method = HTTP_GET, .url = call.url};
    peer_answers(p, 200, "", "{}");
    assert_ok(network_do(client, test_arena(), &call, &res));
    heard = peer_heard(p, 2);
    assert_int_equal(peer_header(&heard, "Authorization").len, 0);
    assert_int_equal(peer_header(&heard, "Content-Type").len, 0);
    http_client_close(client);
    peer_close(p);
}

static void an_answer_beyond_a_megabyte_is_not_read(void **state)
{
    (void)state;
    struct peer *p = peer_open();
    struct http_client *client = peer_client();
    struct http_result res = {0};
    char *body = NEW(test_arena(), char, 1024 * 1024 + 2);
    memset(body, 'x', 1024 * 1024 + 1);
    struct network_call call = {.method = HTTP_GET, .url = peer_url(p)};
    peer_answers(p, 200, "", body);
    assert_ok(network_do(client, test_arena(), &call, &res));
    assert_int_equal(res.outcome, HTTP_CALL_TOO_LARGE);
    call.max_bytes = 2 * 1024 * 1024;
    peer_answers(p, 200, "", body);
    assert_ok(network_do(client, test_arena(), &call, &res));
    assert_int_equal(res.outcome, HTTP_CALL_ANSWERED);
    http_client_close(client);
    peer_close(p);
}

static void a_form_is_encoded_in_the_order_of_its_fields(void **state)
{
    (void)state;
    struct form f = form_make(test_arena());
    assert_str(form_str(&f), "");
    form_add(&f, "To", S("+1 555"));
    form_add(&f, "Body", S("a&b=c é\n"));
    form_add(&f, "hub.mode", S(""));
    assert_str(form_str(&f), "To=%2B1%20555&Body=a%26b%3Dc%20%C3%A9%0A&hub.mode=");
}

/* ── bodies in parts ── */

static struct connector_file file(const char *name, str bytes)
{
    str path = test_path(name);
    assert_ok(file_write(path, bytes, 0600));
    return (struct connector_file){.name = str_from(name),
        .type = S("application/octet-stream"),
        .size = bytes.len,
        .path = path};
}

static str posted(struct multipart *m, str *boundary)
{
    struct peer *p = peer_open();
    struct http_client *client = peer_client();
    struct http_result res = {0};
    struct network_call call = {.method = HTTP_POST, .url = peer_url(p)};
    assert_true(multipart_set(m, &call));
    peer_answers(p, 200, "", "{}");
    assert_ok(network_do(client, test_arena(), &call, &res));
    assert_int_equal(res.status, 200);
    struct peer_heard heard = peer_heard(p, 0);
    str type = peer_header(&heard, "Content-Type");
    assert_true(str_starts(type, S("multipart/form-data; boundary=")));
    *boundary = str_copy(test_arena(), str_skip(type, S("multipart/form-data; boundary=").len));
    http_client_close(client);
    peer_close(p);
    return heard.body;
}

static void fields_and_files_go_in_their_order(void **state)
{
    (void)state;
    struct multipart m = multipart_make(test_arena());
    struct connector_file f = file("a.bin", S("bytes\0and more"));
    str boundary;
    multipart_field(&m, "one", S("1"));
    multipart_file(&m, "file", &f);
    multipart_field(&m, "two", S("line\r\nline"));
    str body = posted(&m, &boundary);
    multipart_close(&m);
    str expected = str_print(test_arena(),
        "--%.*s\r\nContent-Disposition: form-data; name=\"one\"\r\n\r\n1\r\n--%.*s\r\n"
        "Content-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\nContent-Type: "
        "application/octet-stream\r\n\r\n",
        SARG(boundary), SARG(boundary));
    expected = str_cat(test_arena(), expected, S("bytes\0and more"));
    expected = str_cat(test_arena(), expected,
        str_print(test_arena(),
            "\r\n--%.*s\r\nContent-Disposition: form-data; name=\"two\"\r\n\r\nline\r\nline\r\n"
            "--%.*s--\r\n",
            SARG(boundary), SARG(boundary)));
    assert_true(str_eq(body, expected));
}

static void a_large_file_is_read_while_it_is_sent(void **state)
{
    (void)state;
    enum { BYTES = 3 * 1024 * 1024 };
    struct multipart m = multipart_make(test_arena());
    char *bytes = arena_alloc(test_arena(), BYTES, 1);
    for (int i = 0; i < BYTES; i++)
        bytes[i] = (char)('a' + i % 23);
    struct connector_file f = file("big", str_of(bytes, BYTES));
    str boundary;
    multipart_file(&m, "file", &f);
    str body = posted(&m, &boundary);
    multipart_close(&m);
    ptrdiff_t at = str_find(body, S("\r\n\r\n")) + 4;
    assert_true(str_eq(str_sub(body, at, BYTES), str_of(bytes, BYTES)));
}

static void a_file_name_cannot_leave_its_header(void **state)
{
    (void)state;
    struct multipart m = multipart_make(test_arena());
    struct connector_file f = file("x", S("b"));
    str boundary;
    f.name = S("a\"b\r\nX-Evil: 1\x01é");
    multipart_file(&m, "file", &f);
    str body = posted(&m, &boundary);
    multipart_close(&m);
    assert_true(str_find(body, S("filename=\"a%22b%0D%0AX-Evil: 1%01é\"\r\n")) >= 0);
}

static void boundaries_differ_between_bodies(void **state)
{
    (void)state;
    struct multipart one = multipart_make(test_arena()), two = multipart_make(test_arena());
    assert_true(one.boundary.len > 20 && one.boundary.len <= 70);
    assert_false(str_eq(one.boundary, two.boundary));
}

static void a_file_that_is_gone_or_one_too_many_spoils_the_body(void **state)
{
    (void)state;
    struct multipart m = multipart_make(test_arena());
    struct connector_file f = file("x", S("b")), gone = {.path = test_path("gone")};
    struct network_call call = {0};
    multipart_file(&m, "file", &gone);
    assert_false(multipart_set(&m, &call));
    multipart_close(&m);
    m = multipart_make(test_arena());
    for (int i = 0; i < MULTIPART_FILES; i++)
        multipart_file(&m, "file", &f);
    assert_true(multipart_set(&m, &call));
    multipart_close(&m);
    multipart_close(&m); /* again does no harm */
    m = multipart_make(test_arena());
    for (int i = 0; i <= MULTIPART_FILES; i++)
        multipart_file(&m, "file", &f);
    assert_false(multipart_set(&m, &call));
    multipart_close(&m);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(every_status_has_its_outcome),
        TEST(what_was_never_written_may_be_repeated_and_what_perhaps_was_may_not),
        TEST(an_answer_that_says_when_to_come_again_is_waited_for),
        TEST(an_empty_budget_is_waited_for_until_it_is_full_again),
        TEST(limits_are_read_from_every_family_of_headers),
        TEST(the_networks_words_follow_ours_in_one_line),
        TEST(a_body_that_is_no_json_is_none),
        TEST(a_call_carries_its_credentials_and_says_what_its_body_is),
        TEST(an_answer_beyond_a_megabyte_is_not_read),
        TEST(a_form_is_encoded_in_the_order_of_its_fields),
        TEST(fields_and_files_go_in_their_order),
        TEST(a_large_file_is_read_while_it_is_sent),
        TEST(a_file_name_cannot_leave_its_header),
        TEST(boundaries_differ_between_bodies),
        TEST(a_file_that_is_gone_or_one_too_many_spoils_the_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
