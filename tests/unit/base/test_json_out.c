/* json_out.c: commas, escapes, numbers, and that what is written reads back. */
#include "test.h"

#include <float.h>
#include <math.h>

#include "base/json.h"
#include "base/limits.h"

static void commas_stand_between_and_only_between(void **state)
{
    (void)state;
    struct json_out j = json_out_make(test_arena(), 0);
    json_obj(&j);
    json_kv_int(&j, S("a"), 1);
    json_key(&j, S("b"));
    json_arr(&j);
    json_put_int(&j, -2);
    json_arr(&j);
    json_arr_end(&j);
    json_obj(&j);
    json_obj_end(&j);
    json_put_null(&j);
    json_arr_end(&j);
    json_kv_bool(&j, S("c"), true);
    json_kv_raw(&j, S("d"), S("{\"x\":1}"));
    json_kv_raw(&j, S("e"), (str){0});
    json_obj_end(&j);
    assert_str(
        json_str(&j), "{\"a\":1,\"b\":[-2,[],{},null],\"c\":true,\"d\":{\"x\":1},\"e\":null}");
}

static void values_have_their_forms(void **state)
{
    (void)state;
    struct json_out j = json_out_make(test_arena(), 0);
    json_arr(&j);
    json_put_id(&j, INT64_MAX);
    json_put_id(&j, 0);
    json_put_time(&j, TEST_NOW_MS);
    json_put_time(&j, 0);
    json_put_bool(&j, false);
    json_put_str(&j, (str){0});
    json_arr_end(&j);
    assert_str(json_str(&j), "[\"9223372036854775807\",null,\"2026-01-01T00:00:00.000Z\",null,"
                             "false,\"\"]");
    j = json_out_make(test_arena(), 0);
    json_obj(&j);
    json_kv_str(&j, S("a"), S(""));
    json_kv_text(&j, S("b"), S(""));
    json_kv_text(&j, S("c"), S("x"));
    json_kv_id(&j, S("d"), 5);
    json_kv_time(&j, S("e"), 0);
    json_obj_end(&j);
    assert_str(json_str(&j), "{\"a\":\"\",\"b\":null,\"c\":\"x\",\"d\":\"5\",\"e\":null}");
}

static void texts_are_safe_inside_html_and_script(void **state)
{
    (void)state;
    struct json_out j = json_out_make(test_arena(), 0);
    json_put_str(
        &j, S("</script>&\"\\\n\t\b\f\r\x01\x7f é \xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa 漢"));
    assert_str(json_str(&j),
        "\"\\u003c/script\\u003e\\u0026\\\"\\\\\\n\\t\\b\\f\\r\\u0001\\u007f é "
        "\\u2028\\u2029\xe2\x80\xaa 漢\"");
    j = json_out_make(test_arena(), 0);
    json_obj(&j);
    json_kv_int(&j, S("a\"<"), 1); /* keys too */
    json_obj_end(&j);
    assert_str(json_str(&j), "{\"a\\\"\\u003c\":1}");
}

static void every_text_reads_back(void **state)
{
    (void)state;
    for (uint32_t c = 1; c < 0x3000; c++) {
        struct arena a = arena_make(0);
        char text[4] = "";
        ptrdiff_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
        text[0] = (char)(n == 1 ? c : n == 2 ? 0xc0 | c >> 6 : 0xe0 | c >> 12);
        text[1] = (char)(n == 2 ? 0x80 | (c & 0x3f) : 0x80 | (c >> 6 & 0x3f));
        text[2] = (char)(0x80 | (c & 0x3f));
        struct json_out j = json_out_make(&a, 0);
        json_put_str(&j, str_of(text, n));
        const struct json *v;
        str why;
        assert_ok(json_parse(&a, json_str(&j), &v, &why));
        assert_true(str_eq(v->text, str_of(text, n)));
        arena_free(&a);
    }
}

static void numbers_are_short_and_read_back(void **state)
{
    (void)state;
    const struct {
        double value;
        const char *text;
    } rows[] = {
        {0.1,                 "0.1"                    },
        {1,                   "1"                      },
        {-2.5,                "-2.5"                   },
        {1.0 / 3,             "0.3333333333333333"     },
        {1e300,               "1e+300"                 },
        {0.30000000000000004, "0.30000000000000004"    },
        {NAN,                 "null"                   },
        {INFINITY,            "null"                   },
        {-INFINITY,           "null"                   },
        {5e-324,              "4.94065645841247e-324"  },
        {DBL_MAX,             "1.7976931348623157e+308"},
        {123456789,           "123456789"              },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct json_out j = json_out_make(test_arena(), 0);
        json_put_double(&j, rows[i].value);
        assert_str(json_str(&j), rows[i].text);
    }
}

static void a_tree_is_written_as_it_was_read(void **state)
{
    (void)state;
    const char *texts[] = {
        "{\"a\":[1,-2.50e3,true,false,null,\"x\\u003cy\"],\"b\":{},\"c\":[[],[{}]],\"\":0}", "[]",
        "{}", "12345678901234567890", "\"s\"", "null", "[[[[1],2],3],4]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct json *v;
        str why;
        assert_ok(json_parse(test_arena(), str_from(texts[i]), &v, &why));
        struct json_out j = json_out_make(test_arena(), 0);
        json_put_tree(&j, v);
        assert_str(json_str(&j), texts[i]);
    }
    struct json_out j = json_out_make(test_arena(), 0);
    json_put_tree(&j, NULL);
    assert_str(json_str(&j), "null");
}

static void a_branch_is_written_without_its_neighbours(void **state)
{
    (void)state;
    const struct json *v;
    str why;
    assert_ok(json_parse(test_arena(), S("{\"a\":{\"b\":[1]},\"c\":2}"), &v, &why));
    struct json_out j = json_out_make(test_arena(), 0);
    json_obj(&j);
    json_key(&j, S("only"));
    json_put_tree(&j, json_get(v, S("a")));
    json_obj_end(&j);
    assert_str(json_str(&j), "{\"only\":{\"b\":[1]}}");
}

static void the_deepest_tree_that_is_read_can_be_written(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    for (int i = 0; i < LIMIT_JSON_DEPTH; i++)
        sb_add(&b, S("["));
    for (int i = 0; i < LIMIT_JSON_DEPTH; i++)
        sb_add(&b, S("]"));
    const struct json *v;
    str why;
    assert_ok(json_parse(test_arena(), sb_str(&b), &v, &why));
    struct json_out j = json_out_make(test_arena(), 0);
    json_put_tree(&j, v);
    assert_true(str_eq(json_str(&j), sb_str(&b)));
}

static void the_maximum_sticks_as_failure(void **state)
{
    (void)state;
    struct json_out j = json_out_make(test_arena(), 10);
    json_arr(&j);
    json_put_str(&j, S("12345678901234567890"));
    json_arr_end(&j);
    assert_true(j.b.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(commas_stand_between_and_only_between),
        TEST(values_have_their_forms),
        TEST(texts_are_safe_inside_html_and_script),
        TEST(every_text_reads_back),
        TEST(numbers_are_short_and_read_back),
        TEST(a_tree_is_written_as_it_was_read),
        TEST(a_branch_is_written_without_its_neighbours),
        TEST(the_deepest_tree_that_is_read_can_be_written),
        TEST(the_maximum_sticks_as_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
