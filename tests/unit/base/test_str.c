/* str.c: slices, numbers, hashing and the growing builder. */
#include "test.h"

#include <string.h>

static void equality_is_by_bytes_and_length(void **state)
{
    (void)state;
    assert_true(str_eq(S("abc"), str_from("abc")));
    assert_false(str_eq(S("abc"), S("abd")));
    assert_false(str_eq(S("abc"), S("ab")));
    assert_true(str_eq((str){0}, S("")));
    assert_true(str_eq(str_from(NULL), S("")));
    assert_true(str_eq_nocase(S("Content-Type"), S("content-tYPE")));
    assert_false(str_eq_nocase(S("É"), S("é"))); /* ASCII only */
    assert_false(str_eq_nocase(S("@"), S("`")));
}

static void order_is_by_bytes_then_length(void **state)
{
    (void)state;
    assert_true(str_cmp(S("a"), S("b")) < 0);
    assert_true(str_cmp(S("b"), S("a")) > 0);
    assert_true(str_cmp(S("a"), S("aa")) < 0);
    assert_true(str_cmp(S("\x7f"), S("\x80")) < 0);
    assert_int_equal(str_cmp(S(""), (str){0}), 0);
}

static void parts_are_found_and_clamped(void **state)
{
    (void)state;
    assert_true(str_starts(S("abc"), S("ab")) && str_starts(S("abc"), S("")));
    assert_false(str_starts(S("ab"), S("abc")));
    assert_true(str_ends(S("abc"), S("bc")) && str_ends(S("abc"), S("")));
    assert_false(str_ends(S("bc"), S("abc")));
    assert_int_equal(str_find(S("hello"), S("llo")), 2);
    assert_int_equal(str_find(S("hello"), S("x")), -1);
    assert_int_equal(str_find(S("hello"), S("")), 0);
    assert_int_equal(str_find_byte(S("hello"), 'l'), 2);
    assert_int_equal(str_find_byte((str){0}, 'l'), -1);
    assert_str(str_sub(S("hello"), 1, 3), "ell");
    assert_str(str_sub(S("hello"), 3, 99), "lo");
    assert_str(str_sub(S("hello"), -2, 4), "he");
    assert_str(str_sub(S("hello"), 9, 4), "");
    assert_str(str_sub(S("hello"), 1, -4), "");
    assert_str(str_skip(S("hello"), 4), "o");
    assert_str(str_skip(S("hello"), 40), "");
    assert_str(str_skip(S("hello"), -4), "hello");
    assert_str(str_trim(S(" \t\r\n a b \n")), "a b");
    assert_str(str_trim(S(" \t")), "");
}

static void cutting_splits_at_the_first_separator(void **state)
{
    (void)state;
    str head, rest;
    assert_true(str_cut(S("a=b=c"), '=', &head, &rest));
    assert_str(head, "a");
    assert_str(rest, "b=c");
    assert_true(str_cut(S("a="), '=', &head, &rest));
    assert_str(rest, "");
    assert_false(str_cut(S("abc"), '=', &head, &rest));
    assert_str(head, "abc");
    assert_str(rest, "");
    rest = S("x,y"); /* source and rest may be the same variable */
    assert_true(str_cut(rest, ',', &head, &rest));
    assert_str(head, "x");
    assert_str(rest, "y");
}

static void a_token_is_what_rfc_9110_says(void **state)
{
    (void)state;
    const char *good = "!#$%&'*+-.^_`|~0123456789azAZ";
    assert_true(str_is_ascii_token(str_from(good)));
    assert_false(str_is_ascii_token(S("")));
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        bool is_alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        bool is_good = is_alnum || (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
        assert_int_equal(str_is_ascii_token(str_of(&byte, 1)), is_good);
    }
}

static void whole_decimal_numbers_in_range_are_read(void **state)
{
    (void)state;
    int64_t v = 7;
    assert_ok(str_int(S("0"), 0, 9, &v));
    assert_int_equal(v, 0);
    assert_ok(str_int(S("9223372036854775807"), 0, INT64_MAX, &v));
    assert_true(v == INT64_MAX);
    assert_ok(str_int(S("-9223372036854775808"), INT64_MIN, INT64_MAX, &v));
    assert_true(v == INT64_MIN);
    v = 7;
    const char *bad[] = {"", "-", "+1", " 1", "1 ", "0x1", "1.0", "-1", "10", "9223372036854775808",
        "99999999999999999999", "٣"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_err(str_int(str_from(bad[i]), 0, 9, &v), E_INVALID);
    assert_err(str_int(S("-9223372036854775809"), INT64_MIN, INT64_MAX, &v), E_INVALID);
    assert_int_equal(v, 7); /* untouched on failure */
}

static void a_hex_digit_has_its_value_in_either_case(void **state)
{
    (void)state;
    for (int i = 0; i < 16; i++) {
        assert_int_equal(str_hex_digit("0123456789abcdef"[i]), i);
        assert_int_equal(str_hex_digit("0123456789ABCDEF"[i]), i);
    }
    for (const char *c = "/:@G`g\x10\x11 "; *c; c++)
        assert_int_equal(str_hex_digit(*c), -1);
    assert_int_equal(str_hex_digit('\0'), -1);
}

static void copies_are_terminated_and_their_own(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    str s = S("Abc");
    char *z = str_z(a, str_sub(s, 0, 2));
    assert_string_equal(z, "Ab");
    str copy = str_copy(a, s);
    assert_str(copy, "Abc");
    assert_ptr_not_equal(copy.at, s.at);
    assert_str(str_cat(a, S("x"), S("yz")), "xyz");
    assert_str(str_cat(a, (str){0}, (str){0}), "");
    assert_str(str_lower_ascii(a, S("ÀBC[")), "Àbc[");
}

static void printing_takes_texts_of_any_length(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    assert_str(str_print(a, "%.*s-%d", SARG(S("ab")), 7), "ab-7");
    str thousand = str_print(a, "%01000d", 5);
    assert_int_equal(thousand.len, 1000);
    assert_int_equal(thousand.at[999], '5');
    for (int width = 250; width < 260; width++)
        assert_int_equal(str_print(a, "%0*d", width, 1).len, width);
}

static void equal_texts_hash_alike_and_others_spread(void **state)
{
    (void)state;
    assert_true(str_hash(S("abcdefgh1")) == str_hash(str_copy(test_arena(), S("abcdefgh1"))));
    assert_true(str_hash(S("abcdefgh1")) != str_hash(S("abcdefgh2")));
    assert_true(str_hash(S("")) != str_hash(S("\0")));
    enum { BUCKETS = 64, KEYS = 6400 };
    int count[BUCKETS] = {0};
    for (int i = 0; i < KEYS; i++)
        count[str_hash(str_print(test_arena(), "key%d", i)) % BUCKETS]++;
    for (int i = 0; i < BUCKETS; i++)
        assert_in_range(count[i], 40, 180); /* mean 100, deviation 10 */
}

static void the_builder_grows_and_keeps_what_was_added(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 100000);
    for (int i = 0; i < 1000; i++) {
        sb_int(&b, i);
        sb_byte(&b, ',');
        sb_add(&b, S("é"));
        sb_print(&b, "%s;", "x");
    }
    assert_false(b.failed);
    assert_true(str_starts(sb_str(&b), S("0,éx;1,éx;")));
    assert_true(str_ends(sb_str(&b), S("999,éx;")));
    assert_int_equal(b.len, 2890 + 5 * 1000);
}

static void the_builder_writes_every_integer(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    sb_int(&b, INT64_MIN);
    sb_byte(&b, ' ');
    sb_int(&b, INT64_MAX);
    sb_byte(&b, ' ');
    sb_int(&b, 0);
    assert_str(sb_str(&b), "-9223372036854775808 9223372036854775807 0");
}

static void failure_sticks_at_the_maximum(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 5);
    sb_add(&b, S("abc"));
    sb_add(&b, S("def")); /* too long: nothing of it stays */
    assert_true(b.failed);
    sb_byte(&b, 'x');
    assert_str(sb_str(&b), "abc");
    struct sb exact = sb_make(test_arena(), 5);
    sb_add(&exact, S("abcde"));
    assert_false(exact.failed);
    struct sb printed = sb_make(test_arena(), 5);
    sb_print(&printed, "%s", "abcde");
    assert_false(printed.failed);
    sb_print(&printed, "%300d", 1);
    assert_true(printed.failed);
    assert_null(sb_space(&printed, 1));
}

static void no_memory_fails_the_builder_not_the_process(void **state)
{
    (void)state;
    struct arena small = arena_make(300);
    struct sb b = sb_make(&small, 100000);
    for (int i = 0; i < 100; i++)
        sb_add(&b, S("0123456789"));
    assert_true(b.failed);
    assert_true(b.len >= 200 && b.len <= 300);
    arena_free(&small);
}

static void append_n(void *arg, ptrdiff_t n)
{
    (void)arg;
    struct arena a = arena_make(0);
    struct sb b = sb_make(&a, 0);
    for (ptrdiff_t i = 0; i < n; i++)
        sb_add(&b, S("0123456789abcdef"));
    assert_false(b.failed);
    arena_free(&a);
}

static void appending_is_linear(void **state)
{
    (void)state;
    test_slope(append_n, NULL, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equality_is_by_bytes_and_length),
        TEST(order_is_by_bytes_then_length),
        TEST(parts_are_found_and_clamped),
        TEST(cutting_splits_at_the_first_separator),
        TEST(a_token_is_what_rfc_9110_says),
        TEST(whole_decimal_numbers_in_range_are_read),
        TEST(a_hex_digit_has_its_value_in_either_case),
        TEST(copies_are_terminated_and_their_own),
        TEST(printing_takes_texts_of_any_length),
        TEST(equal_texts_hash_alike_and_others_spread),
        TEST(the_builder_grows_and_keeps_what_was_added),
        TEST(the_builder_writes_every_integer),
        TEST(failure_sticks_at_the_maximum),
        TEST(no_memory_fails_the_builder_not_the_process),
        TEST(appending_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
