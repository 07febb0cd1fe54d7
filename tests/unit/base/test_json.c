/* json.c: strict reading, positions of faults, exact numbers, limits. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"

static const struct json *parsed(const char *text)
{
    const struct json *root = NULL;
    str why = {0};
    err e = json_parse(test_arena(), str_from(text), &root, &why);
    if (e != OK)
        fail_msg("%s: %s (%.*s)", text, err_name(e), SARG(why));
    return root;
}

static void refused_by(str text, const char *why_starts)
{
    const struct json *root = NULL;
    str why = {0};
    err e = json_parse(test_arena(), text, &root, &why);
    if (e != E_INVALID || !str_starts(why, str_from(why_starts)))
        fail_msg("%.*s: %s (%.*s), expected (%s)", SARG(text), err_name(e), SARG(why), why_starts);
    assert_null(root);
}

static void every_kind_of_value_is_read(void **state)
{
    (void)state;
    const struct json *v = parsed(" {\"a\":[1,-2.5e3,true,false,null,\"x\"],\"b\":{}} ");
    assert_int_equal(v->kind, JSON_OBJECT);
    assert_int_equal(v->count, 2);
    const struct json *a = json_get(v, S("a"));
    assert_int_equal(a->count, 6);
    assert_str(a->key, "a");
    assert_int_equal(json_int(json_path(v, S("a.0")), 0), 1);
    assert_false(json_path(v, S("a.1"))->is_int);
    assert_true(json_path(v, S("a.1"))->number == -2500.0);
    assert_true(json_bool(json_path(v, S("a.2")), false));
    assert_false(json_bool(json_path(v, S("a.3")), true));
    assert_int_equal(json_path(v, S("a.4"))->kind, JSON_NULL);
    assert_str(json_text(json_path(v, S("a.5")), S("")), "x");
    assert_int_equal(json_get(v, S("b"))->kind, JSON_OBJECT);
    assert_null(json_get(v, S("b"))->first);
}

static void a_bare_value_is_json(void **state)
{
    (void)state;
    assert_int_equal(json_int(parsed("17"), 0), 17);
    assert_int_equal(json_int(parsed("0"), 1), 0);
    assert_int_equal(json_int(parsed(" 17 "), 0), 17);
    assert_true(json_bool(parsed("true"), false));
    assert_int_equal(parsed("null")->kind, JSON_NULL);
    assert_str(json_text(parsed("\"\""), S("?")), "");
    assert_int_equal(parsed("[]")->count, 0);
    assert_true(parsed("2.5")->number == 2.5);
}

static void look_ups_are_safe_on_what_is_not_there(void **state)
{
    (void)state;
    const struct json *v = parsed("{\"a\":[{\"b\":5}],\"\":1}");
    assert_null(json_get(NULL, S("a")));
    assert_null(json_get(v, S("x")));
    assert_null(json_get(json_get(v, S("a")), S("b")));
    assert_int_equal(json_int(json_path(v, S("a.0.b")), 0), 5);
    assert_int_equal(json_int(json_path(v, S("")), 0), 1);
    const char *missing[] = {"a.1.b", "a.-1", "a.x", "a.0.b.c", "x.y", "a.00000000000000000000"};
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++)
        assert_null(json_path(v, str_from(missing[i])));
    assert_int_equal(json_int(NULL, 7), 7);
    assert_str(json_text(v, S("no")), "no");
    assert_true(json_bool(json_get(v, S("a")), true));
}

static void numbers_keep_their_text_and_their_exact_value(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool is_int;
        int64_t integer;
    } rows[] = {
        {"0",                                true,  0        },
        {"-0",                               true,  0        },
        {"9223372036854775807",              true,  INT64_MAX},
        {"-9223372036854775808",             true,  INT64_MIN},
        {"9223372036854775808",              false, 0        },
        {"18446744073709551616",             false, 0        },
        {"1.0",                              false, 0        },
        {"1e3",                              false, 0        },
        {"1E-400",                           false, 0        },
        {"0.1",                              false, 0        },
        {"-0.0",                             false, 0        },
        {"123456789012345678901234567890.5", false, 0        },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        /* Between strings that look like numbers, so that texts and values cannot slip. */
        str text =
            str_print(test_arena(), "{\"1\":\"2\\\"3\",\"n\":[4,%s,5],\"m\":6}", rows[i].text);
        const struct json *root, *n;
        str why;
        assert_ok(json_parse(test_arena(), text, &root, &why));
        n = json_path(root, S("n.1"));
        assert_int_equal(n->kind, JSON_NUMBER);
        assert_str(n->text, rows[i].text);
        assert_int_equal(n->is_int, rows[i].is_int);
        assert_true(n->integer == rows[i].integer);
        assert_true(n->number == strtod(rows[i].text, NULL));
        assert_int_equal(json_int(json_get(root, S("m")), 0), 6);
        assert_int_equal(json_int(json_path(root, S("n.2")), 0), 5);
    }
}

static void only_the_grammar_of_rfc_8259_is_json(void **state)
{
    (void)state;
    const char *bad[] = {"", " ", "{", "[", "\"", "{\"a\"", "{\"a\":", "{\"a\":1", "[1", "[1,",
        "[1,]", "[,1]", "[1,,2]", "{\"a\":1,}", "{,}", "{\"a\"}", "{\"a\" 1}", "{1:2}", "{a:1}",
        "{'a':1}", "'a'", "nul", "nulll", "True", "NULL", "NaN", "nan", "Infinity", "-Infinity",
        "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1.e1", "0x10", "1_0", "--1", "1 2",
        "[1 2]", "{} {}", "[]]", "]", "}", "[}", "{]", "1,", ",", ":", "[1:2]", "{\"a\",1}",
        "// x\n1", "/* x */ 1", "1 // x", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"",
        "\"a\tb\"", "\"\x01\"", "\xef\xbb\xbf{}", "[\"a\" \"b\"]", "{\"a\":1 \"b\":2}", "\v1",
        "1\f", "truefalse", "[true false]", "\"\\", "\"\\u", "{\"a\":}", "{:1}", "[1}", "{\"a\":1]",
        "{\"a\"::1}", "{\"a\":1:2}", "tru", "1a", "1-1", "[1-1]", "\"a\"\"b\"", "\"a\"1", "null1",
        "{\"a\":nullx}", "[[]", "{\"a\":{}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refused_by(str_from(bad[i]), "at byte ");
    refused_by(str_of("1\0", 2), "at byte 1: this is not UTF-8");
    refused_by(str_of("{}\0", 3), "at byte 2: ");
}

static void a_fault_says_where_it_is(void **state)
{
    (void)state;
    refused_by(S("{\"a\": tru}"), "at byte 6: a value is expected");
    refused_by(S("{\"a\": \"x"), "at byte 6: the text has no end");
    refused_by(S("[\"ab\xff\"]"), "at byte 4: this is not UTF-8");
    refused_by(S("[\"\\q\"]"), "at byte 2: there is no such escape");
    refused_by(S("[1"), "at byte 2: the JSON has no end");
    refused_by(S("{} x"), "at byte 3: ");
    refused_by(S("[\"\x02\"]"), "at byte 2: a control character");
}

static void escapes_are_decoded(void **state)
{
    (void)state;
    assert_str(json_text(parsed("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), S("")), "\"\\/\b\f\n\r\t");
    assert_str(json_text(parsed("\"\\u00e9\\u09AE\\ud83d\\uDE00x\""), S("")), "éম😀x");
    assert_str(json_text(parsed("\"é😀\""), S("")), "é😀");
    assert_str(parsed("{\"\\u0061\\n\":1}")->first->key, "a\n");
    assert_str(json_text(parsed("\"\\uffff\\ufffe\""), S("")), "\xef\xbf\xbf\xef\xbf\xbe");
}

static void half_a_surrogate_pair_is_refused(void **state)
{
    (void)state;
    const char *bad[] = {"\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83dx\"", "\"\\ud83d\\n\"",
        "\"\\ud83d\\u0041\"", "\"\\ud83d\\ud83d\"", "\"\\ude00\\ud83d\"", "{\"\\ud83d\":1}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refused_by(str_from(bad[i]), "at byte ");
}

static void a_nul_escape_becomes_a_mark_in_texts_and_is_refused_in_keys(void **state)
{
    (void)state;
    assert_str(json_text(parsed("\"a\\u0000b\""), S("")), "a\xef\xbf\xbd"
                                                          "b");
    assert_str(json_text(parsed("[\"\\u0000\\u0000\"]")->first, S("")), "\xef\xbf\xbd\xef\xbf\xbd");
    refused_by(S("{\"a\\u0000\":1}"), "at byte 10: a key must not hold");
    /* A text before a key does not make the key bad. */
    assert_int_equal(parsed("{\"a\":\"\\u0000\",\"b\":1}")->count, 2);
}

static void a_repeated_key_is_refused(void **state)
{
    (void)state;
    refused_by(S("{\"a\":1,\"a\":2}"), "an object names the same key twice");
    refused_by(S("{\"a\":1,\"\\u0061\":2}"), "an object names the same key twice");
    refused_by(S("[{\"x\":{\"a\":[1,2],\"b\":3,\"a\":{\"c\":4}}}]"), "an object names");
    refused_by(S("{\"a\":{\"b\":1,\"b\":1},\"c\":1}"), "an object names");
    refused_by(S("{\"\":1,\"\":2}"), "an object names");
    assert_int_equal(parsed("[{\"a\":1},{\"a\":2},{\"A\":{\"a\":3}}]")->count, 3);
}

static str object_of(int keys, const char *last)
{
    struct sb b = sb_make(test_arena(), 0);
    for (int i = 0; i < keys; i++)
        sb_print(&b, "%s\"k%d\":%d", i > 0 ? "," : "{", i, i);
    sb_add(&b, str_from(last));
    sb_byte(&b, '}');
    return sb_str(&b);
}

static void a_repeated_key_is_refused_in_objects_of_any_size(void **state)
{
    (void)state;
    for (int keys = 2; keys < 60; keys++) {
        const struct json *root = NULL;
        str why;
        assert_ok(json_parse(test_arena(), object_of(keys, ",\"K1\":0"), &root, &why));
        assert_int_equal(root->count, keys + 1);
        refused_by(object_of(keys, ",\"k1\":0"), "an object names the same key twice");
        refused_by(object_of(keys, ",\"\\u006b0\":0"), "an object names the same key twice");
    }
}

/* Texts are looked at in words of 8 bytes: no place in a word may be overlooked. */
static void every_place_of_a_text_is_looked_at(void **state)
{
    (void)state;
    for (int len = 1; len < 40; len++) {
        for (int at = 0; at < len; at++) {
            char text[64] = {'['}, why[32];
            memset(text + 2, at % 2 ? '~' : ' ', (size_t)len);
            text[1] = text[2 + len] = '"';
            text[3 + len] = ']';
            assert_int_equal(json_text(parsed(text)->first, S("")).len, len);
            text[2 + at] = '\x1f';
            (void)snprintf(why, sizeof why, "at byte %d: a control", 2 + at);
            refused_by(str_from(text), why);
            text[2 + at] = '\xff';
            (void)snprintf(why, sizeof why, "at byte %d: this is not UTF-8", 2 + at);
            refused_by(str_from(text), why);
            text[2 + at] = '"'; /* what comes behind it is no JSON, unless nothing does */
            refused_by(str_from(text), "at byte ");
            text[2 + at] = '\\';
            refused_by(str_from(text), "at byte ");
        }
    }
}

static str nested(ptrdiff_t depth, const char *open, const char *inner, const char *close)
{
    struct sb b = sb_make(test_arena(), 0);
    for (ptrdiff_t i = 0; i < depth; i++)
        sb_add(&b, str_from(open));
    sb_add(&b, str_from(inner));
    for (ptrdiff_t i = 0; i < depth; i++)
        sb_add(&b, str_from(close));
    return sb_str(&b);
}

static void depth_is_limited_exactly(void **state)
{
    (void)state;
    const struct json *root = NULL;
    str why;
    assert_ok(json_parse(test_arena(), nested(LIMIT_JSON_DEPTH, "[", "1", "]"), &root, &why));
    assert_ok(json_parse(test_arena(), nested(LIMIT_JSON_DEPTH, "{\"a\":", "1", "}"), &root, &why));
    assert_ok(json_parse(test_arena(), nested(LIMIT_JSON_DEPTH, "[", "", "]"), &root, &why));
    root = NULL;
    assert_err(
        json_parse(test_arena(), nested(LIMIT_JSON_DEPTH + 1, "[", "", "]"), &root, &why), E_LIMIT);
    assert_str(why, "at byte 32: nested too deep");
    assert_err(json_parse(test_arena(), nested(1000000, "[", "", ""), &root, &why), E_LIMIT);
    assert_err(json_parse(test_arena(), nested(1000000, "{\"a\":", "", ""), &root, &why), E_LIMIT);
    assert_null(root);
    /* Many containers side by side are not deep. */
    assert_int_equal(parsed("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
                            "[],[],[],[],[],[],[],[],[],[],[]]")
                         ->count,
        34);
}

static void a_fault_does_not_spoil_the_next_text(void **state)
{
    (void)state;
    refused_by(S("{\"a\":[1,2"), "at byte ");
    assert_int_equal(parsed("{\"a\":1}")->count, 1);
    refused_by(S("12 13"), "at byte ");
    assert_int_equal(json_int(parsed("14"), 0), 14);
}

static void the_tree_owns_its_texts(void **state)
{
    (void)state;
    char text[] = "{\"key\":\"value\",\"n\":12}";
    const struct json *root;
    str why;
    assert_ok(json_parse(test_arena(), str_from(text), &root, &why));
    memset(text, 'x', sizeof text - 1);
    assert_str(json_text(json_get(root, S("key")), S("")), "value");
    assert_str(json_text(json_get(root, S("n")), S("")), "12");
}

static err parse_step(struct arena *a, void *arg)
{
    const struct json *root;
    str why;
    return json_parse(a, *(str *)arg, &root, &why);
}

static void running_out_of_memory_is_busy(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    sb_byte(&b, '[');
    for (int i = 0; i < 3000; i++)
        sb_print(&b, "{\"k%d\":\"v\\u0000\",\"n\":%d.5},", i, i);
    sb_add(&b, S("0]"));
    str text = sb_str(&b);
    for_each_allocation_failure(parse_step, &text);
    struct arena small = arena_make(1000);
    assert_err(parse_step(&small, &text), E_BUSY);
    arena_free(&small);
}

static void parse_n(void *arg, ptrdiff_t n)
{
    const char *const *part = arg; /* opening, repeated, closing */
    struct arena a = arena_make(PTRDIFF_MAX / 2);
    struct sb b = sb_make(&a, PTRDIFF_MAX / 4);
    sb_add(&b, str_from(part[0]));
    for (ptrdiff_t i = 0; i < n; i++) {
        if (part[1][0] == '#')
            sb_print(&b, "\"k%td\":1,", i);
        else
            sb_add(&b, str_from(part[1]));
    }
    sb_add(&b, str_from(part[2]));
    const struct json *root;
    str why;
    (void)json_parse(&a, sb_str(&b), &root, &why); /* refused or not: only the time counts */
    arena_free(&a);
}

static void reading_is_linear_in_the_length(void **state)
{
    (void)state;
    const char *shapes[][3] = {
        {"[",  "1,",              "1]"      },
        {"\"", "\\u00e9",         "\""      },
        {"{",  "#",               "\"z\":1}"},
        {"[",  "\"a\",[],{},",    "1]"      },
        {"1",  "0",               ""        },
        {"\"", "\\ud83d\\ude00a", ""        },
        {"",   " ",               "1"       },
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        test_slope(parse_n, shapes[i], 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_value_is_read),
        TEST(a_bare_value_is_json),
        TEST(look_ups_are_safe_on_what_is_not_there),
        TEST(numbers_keep_their_text_and_their_exact_value),
        TEST(only_the_grammar_of_rfc_8259_is_json),
        TEST(a_fault_says_where_it_is),
        TEST(escapes_are_decoded),
        TEST(half_a_surrogate_pair_is_refused),
        TEST(a_nul_escape_becomes_a_mark_in_texts_and_is_refused_in_keys),
        TEST(a_repeated_key_is_refused),
        TEST(a_repeated_key_is_refused_in_objects_of_any_size),
        TEST(every_place_of_a_text_is_looked_at),
        TEST(depth_is_limited_exactly),
        TEST(a_fault_does_not_spoil_the_next_text),
        TEST(the_tree_owns_its_texts),
        TEST(running_out_of_memory_is_busy),
        TEST(reading_is_linear_in_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
