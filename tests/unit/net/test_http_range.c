/* Which part of a file is asked for: RFC 9110, 13.1 and 14. */
#include "test.h"

#include "net/http_range.h"

static const str etag = S_INIT("\"abc\"");

static struct http_request asks(const struct http_header *headers, ptrdiff_t n)
{
    return (struct http_request){.method = HTTP_GET, .headers = headers, .header_count = n};
}

static void one_range_of_bytes_is_given(void **state)
{
    (void)state;
    static const struct {
        str range;
        int64_t size, from, length; /* length 0: nothing is there; −1: all of it */
    } rows[] = {
        {S_INIT("bytes=0-0"),                                               10, 0, 1 },
        {S_INIT("bytes=2-5"),                                               10, 2, 4 },
        {S_INIT("Bytes = 2-5 "),                                            10, 2, 4 },
        {S_INIT("bytes=4-"),                                                10, 4, 6 },
        {S_INIT("bytes=4-99"),                                              10, 4, 6 },
        {S_INIT("bytes=4-99999999999999999999999"),                         10, 4, 6 },
        {S_INIT("bytes=0000000000000000000000000004-00000000000000000005"), 10, 4, 2 },
        {S_INIT("bytes=-3"),                                                10, 7, 3 },
        {S_INIT("bytes=-99"),                                               10, 0, 10},
        {S_INIT("bytes=0-"),                                                10, 0, 10},
        {S_INIT("bytes=10-"),                                               10, 0, 0 },
        {S_INIT("bytes=99999999999999999999999-"),                          10, 0, 0 },
        {S_INIT("bytes=-0"),                                                10, 0, 0 },
        {S_INIT("bytes=0-"),                                                0,  0, 0 },
        {S_INIT("bytes=-5"),                                                0,  0, 0 },
        {S_INIT("bytes=5-4"),                                               10, 0, -1},
        {S_INIT("bytes=0-1,4-5"),                                           10, 0, -1},
        {S_INIT("bytes=0-1,"),                                              10, 0, -1},
        {S_INIT("bytes=-"),                                                 10, 0, -1},
        {S_INIT("bytes=a-5"),                                               10, 0, -1},
        {S_INIT("bytes=1-5x"),                                              10, 0, -1},
        {S_INIT("bytes=+1-5"),                                              10, 0, -1},
        {S_INIT("bytes=1 - 5"),                                             10, 0, -1},
        {S_INIT("bytes=5"),                                                 10, 0, -1},
        {S_INIT("bytes="),                                                  10, 0, -1},
        {S_INIT("bytes"),                                                   10, 0, -1},
        {S_INIT("lines=0-1"),                                               10, 0, -1},
        {S_INIT(""),                                                        10, 0, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct http_header header = {S("range"), rows[i].range};
        struct http_request req = asks(&header, 1);
        struct http_range is = http_range_of(&req, rows[i].size, etag);
        enum http_range_kind kind = rows[i].length > 0    ? HTTP_RANGE_PART
                                    : rows[i].length == 0 ? HTTP_RANGE_NONE
                                                          : HTTP_RANGE_ALL;
        int64_t length = rows[i].length < 0 ? rows[i].size : rows[i].length;
        if (is.kind != kind || is.from != rows[i].from || is.length != length)
            fail_msg("%.*s of %lld: %d %lld %lld", SARG(rows[i].range), (long long)rows[i].size,
                (int)is.kind, (long long)is.from, (long long)is.length);
    }
}

static void a_part_is_of_the_file_that_was_begun(void **state)
{
    (void)state;
    static const struct {
        str met;
        bool is_met;
    } rows[] = {
        {S_INIT("\"abc\""),                       true },
        {S_INIT("\"abd\""),                       false},
        {S_INIT("W/\"abc\""),                     false}, /* a weak one stands for no bytes */
        {S_INIT("Sat, 29 Oct 2026 19:43:31 GMT"), false},
        {S_INIT(""),                              false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct http_header headers[] = {
            {S("Range"),    S("bytes=2-")},
            {S("If-Range"), rows[i].met  }
        };
        struct http_request req = asks(headers, 2);
        struct http_range is = http_range_of(&req, 10, etag);
        assert_int_equal(is.kind, rows[i].is_met ? HTTP_RANGE_PART : HTTP_RANGE_ALL);
        assert_int_equal(http_range_of(&req, 10, S("")).kind, HTTP_RANGE_ALL);
    }
}

static void only_a_get_asks_for_a_part_and_once(void **state)
{
    (void)state;
    const struct http_header headers[] = {
        {S("Range"), S("bytes=2-3")},
        {S("Range"), S("bytes=4-5")}
    };
    struct http_request req = asks(headers, 2);
    assert_int_equal(http_range_of(&req, 10, etag).kind, HTTP_RANGE_ALL);
    req = asks(headers, 1);
    req.method = HTTP_HEAD;
    assert_int_equal(http_range_of(&req, 10, etag).kind, HTTP_RANGE_ALL);
    req = asks(NULL, 0);
    assert_int_equal(http_range_of(&req, 10, etag).length, 10);
}

static void who_has_it_is_known_by_its_etag(void **state)
{
    (void)state;
    static const struct {
        str known;
        bool is_known;
    } rows[] = {
        {S_INIT("\"abc\""),         true },
        {S_INIT("W/\"abc\""),       true },
        {S_INIT("\"x\" , \"abc\""), true },
        {S_INIT("*"),               true },
        {S_INIT("\"x\",\"y\""),     false},
        {S_INIT("abc"),             false},
        {S_INIT(""),                false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct http_header header = {S("If-None-Match"), rows[i].known};
        struct http_request req = asks(&header, 1);
        assert_int_equal(http_is_known(&req, etag), rows[i].is_known);
        assert_false(http_is_known(&req, S("")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_range_of_bytes_is_given),
        cmocka_unit_test(a_part_is_of_the_file_that_was_begun),
        cmocka_unit_test(only_a_get_asks_for_a_part_and_once),
        cmocka_unit_test(who_has_it_is_known_by_its_etag),
    };
    return cmocka_run_group_tests_name("net_http_range", tests, NULL, NULL);
}
