/* The request parser: what it accepts, what it refuses and with which status, wherever the bytes
 * are cut; linear time; no memory. Rules: RFC 9112 and the list in http_parse.h. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "net/http_parse.h"

/* A verdict besides a status. */
enum { WAITS = 0, ACCEPTED = 200 };

static int push_all(struct http_parser *p, str input, ptrdiff_t cut, ptrdiff_t *left)
{
    for (;;) {
        ptrdiff_t used;
        str slice = str_sub(input, 0, cut);
        enum http_parse r = http_parser_push(p, slice, &used);
        input = str_skip(input, used);
        *left = input.len;
        if (r == HTTP_PARSE_DONE)
            return ACCEPTED;
        if (r == HTTP_PARSE_REFUSED)
            return p->status;
        if (r == HTTP_PARSE_HEAD && !http_parser_allow_body(p, LIMIT_HTTP_BODY_BYTES))
            return p->status;
        if (r == HTTP_PARSE_MORE && input.len == 0)
            return WAITS;
    }
}

static int verdict(str input, ptrdiff_t cut)
{
    struct http_parser p = http_parser_make();
    ptrdiff_t left;
    int v = push_all(&p, input, cut, &left);
    http_parser_free(&p);
    return v;
}

struct row {
    int expected;
    str input;
};

static void check_rows(const struct row *rows, size_t n)
{
    static const ptrdiff_t cuts[] = {1, 2, 3, 7, 64, 1 << 20};
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < sizeof cuts / sizeof cuts[0]; j++) {
            int got = verdict(rows[i].input, cuts[j]);
            if (got != rows[i].expected)
                fail_msg("row %zu cut %td: %d instead of %d:\n%.*s", i, cuts[j], got,
                    rows[i].expected, SARG(rows[i].input));
        }
    }
}

#define CHECK(...)                                                                                 \
    do {                                                                                           \
        static const struct row rows[] = {__VA_ARGS__};                                            \
        check_rows(rows, sizeof rows / sizeof rows[0]);                                            \
    } while (0)
#define H "Host: a\r\n"
#define ROW(status, text)                                                                          \
    {                                                                                              \
        (status), S_INIT(text)                                                                     \
    }

static void ordinary_requests_are_accepted(void **state)
{
    (void)state;
    CHECK(ROW(ACCEPTED, "GET / HTTP/1.1\r\n" H "\r\n"),
        ROW(ACCEPTED, "GET /a/b?c=d&e HTTP/1.1\r\n" H "Accept: */*\r\n\r\n"),
        ROW(ACCEPTED, "\r\nGET / HTTP/1.1\r\n" H "\r\n"), ROW(ACCEPTED, "GET / HTTP/1.0\r\n\r\n"),
        ROW(ACCEPTED, "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello"),
        ROW(ACCEPTED, "POST / HTTP/1.1\r\n" H "\r\n"),
        ROW(ACCEPTED, "POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"),
        ROW(ACCEPTED, "GET / HTTP/1.1\r\nhost:a\r\nX:\r\nY: \t z \t\r\n\r\n"),
        ROW(ACCEPTED, "GET / HTTP/1.1\r\n" H "X: caf\xc3\xa9 \xff\r\n\r\n"),
        ROW(ACCEPTED, "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"),
        ROW(ACCEPTED, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
                      "5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n"),
        ROW(ACCEPTED, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n"
                      "000\r\nX-Sum: 1\r\n\r\n"),
        ROW(WAITS, "GET / HTTP/1.1\r\n" H),
        ROW(WAITS, "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhell"),
        ROW(WAITS,
            "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"));
}

static void a_request_line_that_is_not_exact_is_refused(void **state)
{
    (void)state;
    CHECK(ROW(400, "GET / HTTP/1.1\n" H "\r\n"), ROW(400, "GET  / HTTP/1.1\r\n" H "\r\n"),
        ROW(400, "GET /  HTTP/1.1\r\n" H "\r\n"), ROW(400, " GET / HTTP/1.1\r\n" H "\r\n"),
        ROW(400, "GET / HTTP/1.1 \r\n" H "\r\n"), ROW(400, "GET\t/\tHTTP/1.1\r\n" H "\r\n"),
        ROW(400, "GET /\r\n\r\n"), ROW(400, "GET / http/1.1\r\n" H "\r\n"),
        ROW(400, "G(T / HTTP/1.1\r\n" H "\r\n"), ROW(400, "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n"),
        ROW(400, "\x16\x03\x01\x02"), ROW(400, "GET / HTTP/1.1\r\r\n" H "\r\n"),
        ROW(400, "GET / HTTP/11\r\n" H "\r\n"), ROW(400, "GET / HTTP/1.10\r\n" H "\r\n"),
        ROW(501, "get / HTTP/1.1\r\n" H "\r\n"), ROW(501, "TRACE / HTTP/1.1\r\n" H "\r\n"),
        ROW(501, "CONNECT a:80 HTTP/1.1\r\n" H "\r\n"), ROW(505, "GET / HTTP/2.0\r\n" H "\r\n"),
        ROW(505, "GET / HTTP/1.2\r\n" H "\r\n"), ROW(505, "PRI * HTTP/2.0\r\n\r\n"));
}

static void a_target_that_could_be_read_two_ways_is_refused(void **state)
{
    (void)state;
    CHECK(ROW(400, "GET a HTTP/1.1\r\n" H "\r\n"), ROW(400, "GET http://a/ HTTP/1.1\r\n" H "\r\n"),
        ROW(400, "OPTIONS * HTTP/1.1\r\n" H "\r\n"), ROW(400, "GET /a#b HTTP/1.1\r\n" H "\r\n"),
        ROW(400, "GET /\xc3\xa9 HTTP/1.1\r\n" H "\r\n"),
        ROW(400, "GET /\x7f HTTP/1.1\r\n" H "\r\n"), ROW(400, "GET /%zz HTTP/1.1\r\n" H "\r\n"),
        ROW(400, "GET /% HTTP/1.1\r\n" H "\r\n"), ROW(400, "GET /%4 HTTP/1.1\r\n" H "\r\n"),
        ROW(400, "GET /%00 HTTP/1.1\r\n" H "\r\n"), ROW(400, "GET /%0a HTTP/1.1\r\n" H "\r\n"),
        ROW(400, "GET /%7F HTTP/1.1\r\n" H "\r\n"), ROW(400, "GET /a%2Fb HTTP/1.1\r\n" H "\r\n"),
        ROW(400, "GET /a%2fb HTTP/1.1\r\n" H "\r\n"), ROW(400, "GET /a\\b HTTP/1.1\r\n" H "\r\n"),
        ROW(400, "GET /a%5cb HTTP/1.1\r\n" H "\r\n"), ROW(400, "GET /../a HTTP/1.1\r\n" H "\r\n"),
        ROW(400, "GET /a/./b HTTP/1.1\r\n" H "\r\n"), ROW(400, "GET /a/.. HTTP/1.1\r\n" H "\r\n"),
        ROW(400, "GET /%2e%2E/a HTTP/1.1\r\n" H "\r\n"), ROW(400, "GET /%ff HTTP/1.1\r\n" H "\r\n"),
        ROW(400, "GET /%c0%af HTTP/1.1\r\n" H "\r\n"),
        ROW(ACCEPTED, "GET /a..b/...?../%2F HTTP/1.1\r\n" H "\r\n"),
        ROW(ACCEPTED, "GET /%E0%A6%86 HTTP/1.1\r\n" H "\r\n"));
}

static void a_header_line_that_could_be_read_two_ways_is_refused(void **state)
{
    (void)state;
    CHECK(ROW(400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\n" H "X: a\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\n X: a\r\n" H "\r\n"),
        ROW(400, "GET / HTTP/1.1\r\n" H "X\r\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\n" H ": a\r\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\n" H "X Y: a\r\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\n" H "X: a\0b\r\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\n" H "X: a\rb\r\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\n" H "X\0: a\r\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\n" H "X: a\x01\r\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\n" H "\xc3\xa9: a\r\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\n" H "X: a\r\n\n"));
}

static void host_is_given_exactly_once(void **state)
{
    (void)state;
    CHECK(ROW(400, "GET / HTTP/1.1\r\n\r\n"), ROW(400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\n" H "Host: b\r\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\n" H H "\r\n"), ROW(400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
        ROW(400, "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"), ROW(400, "GET / HTTP/1.0\r\n" H H "\r\n"),
        ROW(400, "GET / HTTP/1.1\r\nHost: a..b\r\n\r\n"));
}

static void the_length_of_a_body_is_beyond_doubt(void **state)
{
    (void)state;
    CHECK(ROW(400, "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
        ROW(400, "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
        ROW(400, "POST / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\nhello"),
        ROW(400, "POST / HTTP/1.1\r\n" H "Content-Length:\t5\r\n\r\nhello"),
        ROW(400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\t\r\n\r\n"),
        ROW(400, "POST / HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\nhello"),
        ROW(400, "POST / HTTP/1.1\r\n" H "Content-Length: -5\r\n\r\nhello"),
        ROW(400, "POST / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\nhello"),
        ROW(400, "POST / HTTP/1.1\r\n" H "Content-Length: 5 5\r\n\r\nhello"),
        ROW(400, "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\nhello"),
        ROW(400, "POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\n"),
        ROW(400, "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ROW(400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
        ROW(400, "POST / HTTP/1.1\r\n" H
                 "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ROW(400, "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n"),
        ROW(501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n"),
        ROW(501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n"),
        ROW(501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n"),
        ROW(411, "POST / HTTP/1.0\r\n" H "\r\n"),
        ROW(413, "POST / HTTP/1.1\r\n" H "Content-Length: 1048577\r\n\r\n"),
        ROW(417, "POST / HTTP/1.1\r\n" H "Expect: a miracle\r\n\r\n"));
}

#define CHUNKED "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"

static void chunks_are_exact(void **state)
{
    (void)state;
    CHECK(ROW(400, CHUNKED "5;a=b\r\nhello\r\n0\r\n\r\n"), ROW(400, CHUNKED "\r\n"),
        ROW(400, CHUNKED "g\r\n"), ROW(400, CHUNKED "0x5\r\nhello\r\n"), ROW(400, CHUNKED "-1\r\n"),
        ROW(400, CHUNKED " 5\r\nhello\r\n"), ROW(400, CHUNKED "5 \r\nhello\r\n"),
        ROW(400, CHUNKED "5\nhello\r\n"), ROW(400, CHUNKED "5\rhello\r\n"),
        ROW(400, CHUNKED "5\r\nhelloX\r\n"), ROW(400, CHUNKED "5\r\nhello\n0\r\n\r\n"),
        ROW(400, CHUNKED "5\r\nhello0\r\n\r\n"), ROW(400, CHUNKED "000000005\r\nhello\r\n"),
        ROW(413, CHUNKED "FFFFFFFF\r\n"), ROW(413, CHUNKED "100001\r\n"),
        ROW(400, CHUNKED "0\r\nX : y\r\n\r\n"), ROW(400, CHUNKED "0\r\n\n"),
        ROW(400, CHUNKED "0\r\n X: y\r\n\r\n"));
}

static str repeated(const char *before, char c, ptrdiff_t n, const char *after)
{
    struct sb b = sb_make(test_arena(), 1 << 22);
    sb_add(&b, str_from(before));
    for (ptrdiff_t i = 0; i < n; i++)
        sb_byte(&b, c);
    sb_add(&b, str_from(after));
    return sb_str(&b);
}

static void sizes_beyond_the_limits_are_refused(void **state)
{
    (void)state;
    const char *end = " HTTP/1.1\r\n" H "\r\n";
    assert_int_equal(verdict(repeated("GET /", 'a', 8192 - 14, end), 4096), ACCEPTED);
    assert_int_equal(verdict(repeated("GET /", 'a', 8192, end), 4096), 414);
    assert_int_equal(verdict(repeated("GET /", 'a', 1 << 20, ""), 4096), 414);
    const char *head = "GET / HTTP/1.1\r\n" H "X: ";
    assert_int_equal(verdict(repeated(head, 'a', 32000, "\r\n\r\n"), 4096), ACCEPTED);
    assert_int_equal(verdict(repeated(head, 'a', 33000, "\r\n\r\n"), 4096), 431);
    assert_int_equal(verdict(repeated(head, 'a', 1 << 20, ""), 1), 431);
    struct sb b = sb_make(test_arena(), 1 << 20);
    sb_add(&b, S("GET / HTTP/1.1\r\n" H));
    for (int i = 1; i < LIMIT_HTTP_HEADERS; i++)
        sb_add(&b, S("X: y\r\n"));
    str full = str_copy(test_arena(), sb_str(&b));
    assert_int_equal(verdict(str_cat(test_arena(), full, S("\r\n")), 4096), ACCEPTED);
    assert_int_equal(verdict(str_cat(test_arena(), full, S("X: y\r\n\r\n")), 4096), 431);
    struct sb c = sb_make(test_arena(), 1 << 22);
    sb_add(&c, S(CHUNKED "0\r\n"));
    for (int i = 0; i < 90; i++)
        sb_add(&c, repeated("X: ", 'y', 1000, "\r\n"));
    assert_int_equal(verdict(sb_str(&c), 4096), 431);
}

static void the_route_decides_how_long_a_body_may_be(void **state)
{
    (void)state;
    struct http_parser p = http_parser_make();
    ptrdiff_t used;
    str head = S("POST /up HTTP/1.1\r\n" H "Content-Length: 11\r\n\r\n");
    assert_int_equal(http_parser_push(&p, head, &used), HTTP_PARSE_HEAD);
    assert_str(http_parser_path(&p), "/up");
    assert_false(http_parser_allow_body(&p, 10));
    assert_int_equal(p.status, 413);
    http_parser_free(&p);
    p = http_parser_make();
    str chunked = S(CHUNKED);
    assert_int_equal(http_parser_push(&p, chunked, &used), HTTP_PARSE_HEAD);
    assert_true(http_parser_allow_body(&p, 10));
    assert_int_equal(http_parser_push(&p, S("8\r\n12345678\r\n3\r\n"), &used), HTTP_PARSE_REFUSED);
    assert_int_equal(p.status, 413);
    http_parser_free(&p);
}

static void a_body_may_be_taken_away_while_it_comes(void **state)
{
    (void)state;
    static const str forms[] = {
        S_INIT("POST /up HTTP/1.1\r\n" H "Content-Length: 10\r\n\r\n0123456789GET"),
        S_INIT(CHUNKED "4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\nGET"),
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct http_parser p = http_parser_make();
        struct sb all = sb_make(test_arena(), 100);
        enum http_parse r = HTTP_PARSE_MORE;
        str rest = forms[i];
        while (r != HTTP_PARSE_DONE) {
            ptrdiff_t used, n;
            r = http_parser_push(&p, str_sub(rest, 0, 3), &used);
            rest = str_skip(rest, used);
            assert_int_not_equal(r, HTTP_PARSE_REFUSED);
            if (r == HTTP_PARSE_HEAD)
                assert_true(http_parser_allow_body(&p, 10));
            char *piece = http_parser_take_body(&p, &n);
            sb_add(&all, str_of(piece, n));
            free(piece);
        }
        assert_str(sb_str(&all), "0123456789");
        assert_str(rest, "GET");
        assert_int_equal(p.body_taken, 10);
        http_parser_free(&p);
    }
}

static void a_request_is_handed_over_with_all_its_parts(void **state)
{
    (void)state;
    struct http_parser p = http_parser_make();
    str input =
        S("POST /a%20b/%E2%82%AC?q=1+2&q=%26&empty=&bare HTTP/1.1\r\nHost: a\r\n"
          "X-One:  first \r\nCookie: s=1; t=\"2\"\r\nx-one: second\r\n"
          "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-One: t\r\n\r\nGET ");
    ptrdiff_t left;
    assert_int_equal(push_all(&p, input, 5, &left), ACCEPTED);
    struct http_request req;
    const char *why = "";
    assert_ok(http_parser_request(&p, test_arena(), &req, &why));
    assert_int_equal(req.method, HTTP_POST);
    assert_str(req.path, "/a b/\xE2\x82\xAC");
    assert_str(req.raw_target, "/a%20b/%E2%82%AC?q=1+2&q=%26&empty=&bare");
    assert_str(req.body, "abcde");
    assert_int_equal(req.query_count, 4);
    assert_str(http_query_get(&req, S("q")), "1 2");
    assert_str(req.query[1].value, "&");
    assert_non_null(http_query_get(&req, S("empty")).at);
    assert_null(http_query_get(&req, S("absent")).at);
    assert_int_equal(req.header_count, 5); /* no trailers */
    assert_str(http_header_get(&req, S("X-ONE")), "first");
    assert_int_equal(http_header_count(&req, S("X-One")), 2);
    assert_str(http_cookie_get(&req, S("t")), "\"2\"");
    assert_null(http_cookie_get(&req, S("u")).at);
    http_parser_free(&p);
}

static void a_query_that_is_not_text_is_refused(void **state)
{
    (void)state;
    static const str targets[] = {S_INIT("GET /?a=%f HTTP/1.1\r\n" H "\r\n"),
        S_INIT("GET /?a=%ff HTTP/1.1\r\n" H "\r\n"), S_INIT("GET /?%00=1 HTTP/1.1\r\n" H "\r\n")};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct http_parser p = http_parser_make();
        ptrdiff_t left;
        assert_int_equal(push_all(&p, targets[i], 100, &left), ACCEPTED);
        struct http_request req;
        const char *why = "";
        assert_err(http_parser_request(&p, test_arena(), &req, &why), E_INVALID);
        http_parser_free(&p);
    }
    struct http_parser p = http_parser_make();
    ptrdiff_t left;
    str many = repeated("GET /?", '&', 1000, " HTTP/1.1\r\n" H "\r\n");
    assert_int_equal(push_all(&p, many, 4096, &left), ACCEPTED);
    struct http_request req;
    const char *why = "";
    assert_err(http_parser_request(&p, test_arena(), &req, &why), E_LIMIT);
    http_parser_free(&p);
}

static void pipelined_bytes_stay_for_the_next_request(void **state)
{
    (void)state;
    struct http_parser p = http_parser_make();
    ptrdiff_t left;
    str two = S("POST / HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nokGET / HTTP/1.1\r\n" H "\r\n");
    assert_int_equal(push_all(&p, two, 1000, &left), ACCEPTED);
    assert_int_equal(left, (ptrdiff_t)sizeof("GET / HTTP/1.1\r\n" H "\r\n") - 1);
    http_parser_free(&p);
}

static void connection_wishes_are_understood(void **state)
{
    (void)state;
    static const struct {
        str input;
        bool wants_close, wants_continue;
    } rows[] = {
        {S_INIT("GET / HTTP/1.1\r\n" H "Connection: keep-alive, CLOSE\r\n\r\n"),               true,  false},
        {S_INIT("GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n"),                          false, false},
        {S_INIT("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),                           true,  false},
        {S_INIT("POST / HTTP/1.1\r\n" H "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx"),
         false,                                                                                       true },
        {S_INIT("POST / HTTP/1.1\r\n" H "Expect: 100-continue\r\n\r\n"),                       false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_parser p = http_parser_make();
        ptrdiff_t left;
        assert_int_equal(push_all(&p, rows[i].input, 1000, &left), ACCEPTED);
        assert_int_equal(p.wants_close, rows[i].wants_close);
        assert_int_equal(p.wants_continue, rows[i].wants_continue);
        http_parser_free(&p);
    }
}

static void parse_many_small_chunks(void *arg, ptrdiff_t n)
{
    (void)arg;
    struct http_parser p = http_parser_make();
    ptrdiff_t used;
    (void)http_parser_push(&p, S(CHUNKED), &used);
    for (ptrdiff_t i = 0; i < n; i++)
        (void)http_parser_push(&p, S("1\r\nx\r\n"), &used);
    http_parser_free(&p);
}

static void parse_heads_byte_by_byte(void *arg, ptrdiff_t n)
{
    str *head = arg;
    for (ptrdiff_t i = 0; i < n; i++)
        (void)verdict(str_sub(*head, 0, head->len), 1 + (i & 1));
}

static void parse_header_of_length(void *arg, ptrdiff_t n)
{
    const str *all = arg;
    for (int i = 0; i < 40; i++)
        (void)verdict(str_sub(*all, 0, n), 16);
}

static void time_is_linear_in_the_input(void **state)
{
    (void)state;
    test_slope(parse_many_small_chunks, NULL, 2500);
    str head =
        S("GET /some/path?with=query HTTP/1.1\r\n" H "Accept: */*\r\nX-Some: header\r\n\r\n");
    test_slope(parse_heads_byte_by_byte, &head, 12);
    struct sb b = sb_make(test_arena(), 1 << 20);
    sb_add(&b, S("GET / HTTP/1.1\r\n" H));
    for (int i = 0; i < 90; i++)
        sb_add(&b, repeated("X: ", 'y', 340, "\r\n"));
    str all = sb_str(&b);
    test_slope(parse_header_of_length, &all, all.len / TEST_SLOPE_GROWTH);
}

/* Its own inputs come from static memory, so that only the parser's allocations count. */
static err parse_a_body(struct arena *a, void *arg)
{
    (void)arg;
    static char body[9000];
    struct http_parser p = http_parser_make();
    ptrdiff_t left;
    int v =
        push_all(&p, S("POST /a?b=c HTTP/1.1\r\n" H "Content-Length: 9000\r\n\r\n"), 4096, &left);
    if (v == WAITS)
        v = push_all(&p, str_of(body, sizeof body), 4096, &left);
    (void)a;
    if (v == ACCEPTED)
        assert_int_equal(p.body_len, sizeof body);
    else
        assert_int_equal(v, 503);
    err e = v == ACCEPTED ? OK : E_BUSY;
    http_parser_free(&p);
    return e;
}

static void without_memory_the_answer_is_503(void **state)
{
    (void)state;
    for_each_allocation_failure(parse_a_body, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ordinary_requests_are_accepted),
        TEST(a_request_line_that_is_not_exact_is_refused),
        TEST(a_target_that_could_be_read_two_ways_is_refused),
        TEST(a_header_line_that_could_be_read_two_ways_is_refused),
        TEST(host_is_given_exactly_once),
        TEST(the_length_of_a_body_is_beyond_doubt),
        TEST(chunks_are_exact),
        TEST(sizes_beyond_the_limits_are_refused),
        TEST(the_route_decides_how_long_a_body_may_be),
        TEST(a_body_may_be_taken_away_while_it_comes),
        TEST(a_request_is_handed_over_with_all_its_parts),
        TEST(a_query_that_is_not_text_is_refused),
        TEST(pipelined_bytes_stay_for_the_next_request),
        TEST(connection_wishes_are_understood),
        TEST(time_is_linear_in_the_input),
        TEST(without_memory_the_answer_is_503),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
