/* Careful reading of a network's JSON: what is wrong is absent, nothing is too long, times come in
 * every unit. */
#include "connector/reading.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "test.h"

#include <string.h>

static const struct json *read(const char *text)
{
    const struct json *root = NULL;
    str why;
    assert_ok(json_parse(test_arena(), str_from(text), &root, &why));
    return root;
}

/* {"k":"xx…"} of n bytes, ended by `end` */
static const struct json *long_text(ptrdiff_t n, const char *end)
{
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S("{\"k\":\""));
    for (ptrdiff_t i = 0; i < n; i++)
        sb_byte(&b, 'x');
    sb_print(&b, "%s\"}", end);
    return read(str_z(test_arena(), sb_str(&b)));
}

static void a_line_is_trimmed_cut_at_a_character_and_free_of_controls(void **state)
{
    (void)state;
    assert_str(take_line(read("{\"k\":\"  Asha \\n\"}"), "k", 100), "Asha");
    assert_str(take_line(read("{\"k\":\"aé\"}"), "k", 3), "aé");
    assert_str(take_line(read("{\"k\":\"aé\"}"), "k", 2), "a");
    assert_str(take_line(read("{\"k\":-12.50}"), "k", 100), "-12.50");
    assert_str(take_line(read("{\"k\":\"a\\u0001b\"}"), "k", 100), "");
    assert_str(take_line(read("{\"k\":\"a\\u202eb\"}"), "k", 100), "");
}

static void what_is_missing_or_of_another_kind_is_absent(void **state)
{
    (void)state;
    const char *const bad[] = {"{}", "{\"k\":null}", "{\"k\":{}}", "{\"k\":[\"a\"]}",
        "{\"k\":true}", "[\"k\"]", "7", "\"k\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct json *v = read(bad[i]);
        assert_int_equal(take_line(v, "k", 100).len, 0);
        assert_int_equal(take_id(v, "k").len, 0);
        assert_int_equal(take_text(v, "k").len, 0);
        assert_int_equal(take_url(v, "k").len, 0);
        assert_int_equal(take_time(v, "k"), 0);
        assert_int_equal(take_int(v, "k", -9), -9);
    }
    assert_int_equal(take_line(NULL, "k", 100).len, 0);
    assert_null(take_object(read("{\"k\":[]}"), "k"));
    assert_null(take_array(read("{\"k\":{}}"), "k"));
    assert_non_null(take_object(read("{\"k\":{}}"), "k"));
    assert_non_null(take_array(read("{\"k\":[]}"), "k"));
    assert_false(take_bool(read("{\"k\":1}"), "k"));
    assert_false(take_bool(read("{\"k\":\"true\"}"), "k"));
    assert_true(take_bool(read("{\"k\":true}"), "k"));
}

static void an_id_is_whole_or_nothing(void **state)
{
    (void)state;
    assert_str(take_id(read("{\"k\":\"m_1\"}"), "k"), "m_1");
    assert_str(take_id(read("{\"k\":9223372036854775807}"), "k"), "9223372036854775807");
    assert_str(take_id(read("{\"k\":92233720368547758079}"), "k"), "92233720368547758079");
    assert_int_equal(take_id(long_text(READING_ID_BYTES, ""), "k").len, READING_ID_BYTES);
    assert_int_equal(take_id(long_text(READING_ID_BYTES + 1, ""), "k").len, 0);
    assert_int_equal(take_id(read("{\"k\":\"a\\u0002\"}"), "k").len, 0);
}

static void a_text_keeps_its_lines_and_ends_at_the_limit(void **state)
{
    (void)state;
    assert_str(take_text(read("{\"k\":\" a\\nb \"}"), "k"), " a\nb ");
    assert_int_equal(take_text(read("{\"k\":7}"), "k").len, 0); /* a number is no text */
    assert_int_equal(take_text(long_text(LIMIT_TEXT_BYTES, ""), "k").len, LIMIT_TEXT_BYTES);
    str cut = take_text(long_text(LIMIT_TEXT_BYTES - 1, "é"), "k");
    assert_int_equal(cut.len, LIMIT_TEXT_BYTES - 1);
    assert_true(utf8_valid(cut));
}

static void an_address_is_of_the_web_and_whole_or_nothing(void **state)
{
    (void)state;
    assert_str(take_url(read("{\"k\":\" https://a.example/b?c \"}"), "k"), "https://a.example/b?c");
    assert_str(take_url(read("{\"k\":\"http://a.example\"}"), "k"), "http://a.example");
    const char *const bad[] = {"{\"k\":\"javascript:alert(1)\"}", "{\"k\":\"file:///etc/passwd\"}",
        "{\"k\":\"//a.example\"}", "{\"k\":\"HTTPS\"}", "{\"k\":\"https://a\\u0000b\\u0001\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(take_url(read(bad[i]), "k").len, 0);
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S("{\"k\":\"https://"));
    for (int i = 0; i < READING_URL_BYTES; i++)
        sb_byte(&b, 'x');
    sb_add(&b, S("\"}"));
    assert_int_equal(take_url(read(str_z(test_arena(), sb_str(&b))), "k").len, 0);
}

static void a_number_may_be_written_as_digits(void **state)
{
    (void)state;
    assert_int_equal(take_int(read("{\"k\":42}"), "k", 0), 42);
    assert_int_equal(take_int(read("{\"k\":\"-42\"}"), "k", 0), -42);
    assert_int_equal(take_int(read("{\"k\":\"42x\"}"), "k", 7), 7);
    assert_int_equal(take_int(read("{\"k\":4.5}"), "k", 7), 7);
    assert_int_equal(take_int(read("{\"k\":99999999999999999999}"), "k", 7), 7);
}

static void a_time_comes_in_seconds_milliseconds_microseconds_or_words(void **state)
{
    (void)state;
    const char *const same[] = {"{\"k\":1767225600}", "{\"k\":\"1767225600\"}",
        "{\"k\":1767225600000}", "{\"k\":\"1767225600000\"}", "{\"k\":1767225600000000}",
        "{\"k\":\"2026-01-01T00:00:00Z\"}", "{\"k\":\"2026-01-01T05:30:00.000+05:30\"}"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_int_equal(take_time(read(same[i]), "k"), TEST_NOW_MS);
    const char *const bad[] = {"{\"k\":0}", "{\"k\":-5}", "{\"k\":\"yesterday\"}", "{\"k\":\"\"}",
        "{\"k\":\"1960-01-01T00:00:00Z\"}", "{\"k\":1.5}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(take_time(read(bad[i]), "k"), 0);
    assert_int_equal(time_of_number(99999999999), INT64_C(99999999999000));
    assert_int_equal(time_of_number(INT64_MAX), INT64_MAX / 1000);
    assert_int_equal(time_of_number(INT64_MIN), 0);
}

/* ── items ── */

static void a_list_grows_to_the_limit_and_no_further(void **state)
{
    (void)state;
    struct item_list list = {.a = test_arena()};
    for (int i = 0; i < LIMIT_HOOK_ITEMS; i++) {
        struct connector_item *it = item_add(&list, ITEM_STATUS);
        assert_non_null(it);
        assert_int_equal(it->kind, ITEM_STATUS);
        assert_true(it->opens_window);
        it->external_id = str_print(test_arena(), "%d", i);
    }
    assert_null(item_add(&list, ITEM_MESSAGE));
    item_fault(&list, S("words"), S("{}"));
    assert_int_equal(list.n, LIMIT_HOOK_ITEMS);
    assert_str(list.at[0].external_id, "0");
    assert_str(list.at[LIMIT_HOOK_ITEMS - 1].external_id, "999");
}

static void a_delivery_is_named_by_its_single_good_message(void **state)
{
    (void)state;
    struct item_list list = {.a = test_arena()};
    struct connector_batch batch;
    batch_of(&list, &batch);
    assert_int_equal(batch.n, 0);
    assert_int_equal(batch.delivery_id.len, 0);
    item_add(&list, ITEM_MESSAGE)->external_id = S("m1");
    batch_of(&list, &batch);
    assert_int_equal(batch.n, 1);
    assert_str(batch.delivery_id, "m1");
    item_add(&list, ITEM_MESSAGE)->external_id = S("m2");
    batch_of(&list, &batch);
    assert_int_equal(batch.delivery_id.len, 0);
    struct item_list status = {.a = test_arena()};
    item_add(&status, ITEM_STATUS)->external_id = S("m1"); /* it comes again in another state */
    batch_of(&status, &batch);
    assert_int_equal(batch.delivery_id.len, 0);
    struct item_list faulty = {.a = test_arena()};
    item_fault(&faulty, S("The message has no id."), S("{}"));
    batch_of(&faulty, &batch);
    assert_int_equal(batch.delivery_id.len, 0);
    assert_str(batch.items[0].fault, "The message has no id.");
    assert_str(batch.items[0].raw, "{}");
}

static void a_tree_is_written_as_it_was_read(void **state)
{
    (void)state;
    const char *text = "{\"a\":[1,2.50,\"x\\\"y\",null,true],\"b\":{\"c\":92233720368547758079}}";
    assert_str(json_text_of(test_arena(), read(text)), text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_is_trimmed_cut_at_a_character_and_free_of_controls),
        TEST(what_is_missing_or_of_another_kind_is_absent),
        TEST(an_id_is_whole_or_nothing),
        TEST(a_text_keeps_its_lines_and_ends_at_the_limit),
        TEST(an_address_is_of_the_web_and_whole_or_nothing),
        TEST(a_number_may_be_written_as_digits),
        TEST(a_time_comes_in_seconds_milliseconds_microseconds_or_words),
        TEST(a_list_grows_to_the_limit_and_no_further),
        TEST(a_delivery_is_named_by_its_single_good_message),
        TEST(a_tree_is_written_as_it_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
