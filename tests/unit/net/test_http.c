/* Small text work over HTTP values: escapes, pairs, cookies, media types, names. */
#include "test.h"

#include <string.h>

#include "base/limits.h"
#include "net/http.h"

static void every_method_has_a_name_that_leads_back_to_it(void **state)
{
    (void)state;
    for (int i = 0; i < HTTP_METHOD_COUNT; i++) {
        enum http_method m;
        assert_true(http_method_parse(str_from(http_method_name((enum http_method)i)), &m));
        assert_int_equal(m, i);
    }
    enum http_method m;
    assert_false(http_method_parse(S("get"), &m));
    assert_false(http_method_parse(S(""), &m));
    assert_string_equal(http_status_phrase(404), "Not Found");
    assert_string_equal(http_status_phrase(299), "Unknown");
}

static void escapes_are_decoded_exactly(void **state)
{
    (void)state;
    static const struct {
        str in;
        bool plus_is_space;
        const char *out; /* NULL = invalid */
    } rows[] = {
        {S_INIT("a%20b"),     false, "a b"         },
        {S_INIT("a+b"),       false, "a+b"         },
        {S_INIT("a+b%2B"),    true,  "a b+"        },
        {S_INIT("%e2%82%AC"), false, "\xE2\x82\xAC"},
        {S_INIT(""),          true,  ""            },
        {S_INIT("%"),         true,  NULL          },
        {S_INIT("%4"),        true,  NULL          },
        {S_INIT("%g0"),       true,  NULL          },
        {S_INIT("%00"),       true,  NULL          },
        {S_INIT("%ed%a0%80"), true,  NULL          },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        str out = S("untouched");
        err e = http_percent_decode(test_arena(), rows[i].in, rows[i].plus_is_space, &out);
        assert_err(e, rows[i].out != NULL ? OK : E_INVALID);
        assert_str(out, rows[i].out != NULL ? rows[i].out : "untouched");
    }
}

static void what_is_encoded_decodes_to_itself(void **state)
{
    (void)state;
    assert_str(http_percent_encode(test_arena(), S("a-b_c.d~e f/%\xE2\x82\xAC&+")),
        "a-b_c.d~e%20f%2F%25%E2%82%AC%26%2B");
    char bytes[127];
    for (int i = 0; i < 127; i++)
        bytes[i] = (char)(i + 1);
    str all = str_of(bytes, sizeof bytes), back;
    assert_ok(
        http_percent_decode(test_arena(), http_percent_encode(test_arena(), all), true, &back));
    assert_true(str_eq(back, all));
}

static void pairs_keep_their_order_and_have_a_limit(void **state)
{
    (void)state;
    const struct http_pair *pairs;
    ptrdiff_t n;
    assert_ok(http_pairs_parse(test_arena(), S("&a=1&&b=x%3Dy=z&a=&c&"), &pairs, &n));
    assert_int_equal(n, 4);
    assert_str(pairs[0].name, "a");
    assert_str(pairs[1].value, "x=y=z");
    assert_str(pairs[2].name, "a");
    assert_str(pairs[2].value, "");
    assert_str(pairs[3].name, "c");
    assert_ok(http_pairs_parse(test_arena(), S(""), &pairs, &n));
    assert_int_equal(n, 0);
    struct sb b = sb_make(test_arena(), 4096);
    for (int i = 1; i < LIMIT_HTTP_QUERY_PAIRS; i++)
        sb_add(&b, S("a&"));
    sb_add(&b, S("a"));
    assert_ok(http_pairs_parse(test_arena(), sb_str(&b), &pairs, &n));
    assert_int_equal(n, LIMIT_HTTP_QUERY_PAIRS);
    sb_add(&b, S("&a"));
    assert_err(http_pairs_parse(test_arena(), sb_str(&b), &pairs, &n), E_LIMIT);
    assert_err(http_pairs_parse(test_arena(), S("a=%"), &pairs, &n), E_INVALID);
}

static void a_cookie_is_found_by_its_whole_name(void **state)
{
    (void)state;
    const struct http_header headers[] = {
        {S("Cookie"), S("xs=no; s=one; t; =u; s=two")},
        {S("cookie"), S("late=yes")                  }
    };
    const struct http_request req = {.headers = headers, .header_count = 2};
    assert_str(http_cookie_get(&req, S("s")), "one");
    assert_str(http_cookie_get(&req, S("late")), "yes");
    assert_null(http_cookie_get(&req, S("t")).at);
    assert_null(http_cookie_get(&req, S("x")).at);
}

static void a_media_type_stands_without_its_parameters(void **state)
{
    (void)state;
    assert_str(http_media_type(S(" text/plain ; charset=utf-8")), "text/plain");
    assert_str(http_media_type(S("application/json")), "application/json");
    assert_str(http_media_type(S("")), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_method_has_a_name_that_leads_back_to_it),
        TEST(escapes_are_decoded_exactly),
        TEST(what_is_encoded_decodes_to_itself),
        TEST(pairs_keep_their_order_and_have_a_limit),
        TEST(a_cookie_is_found_by_its_whole_name),
        TEST(a_media_type_stands_without_its_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
