/* A message in the pieces that a network takes: by length, by files, by types. */
#include "care/pieces.h"

#include "test.h"

static struct piece *pieces;
static ptrdiff_t n;

static str parts;

static err plan(const struct connector_rules *rules, const char *text,
    const struct connector_file *files, ptrdiff_t n_files)
{
    str why = {0};
    err e =
        pieces_plan(test_arena(), rules, str_from(text), files, n_files, parts, &pieces, &n, &why);
    assert_true(e == OK || why.len > 0);
    return e;
}

static const struct connector_file photos[] = {
    {.name = S_INIT("1.jpg"), .type = S_INIT("image/jpeg")},
    {.name = S_INIT("2.jpg"), .type = S_INIT("image/jpeg")},
    {.name = S_INIT("3.jpg"), .type = S_INIT("image/jpeg")},
};
static const struct connector_file voice = {.name = S_INIT("v.ogg"), .type = S_INIT("audio/ogg")};

static void what_fits_is_one_piece(void **state)
{
    (void)state;
    const struct connector_rules rules = {.unit = LENGTH_BYTES, .max_length = 10};
    assert_ok(plan(&rules, "0123456789", NULL, 0));
    assert_int_equal(n, 1);
    assert_str(pieces[0].text, "0123456789");
    assert_ok(plan(&rules, "", NULL, 0)); /* parts alone */
    assert_int_equal(n, 1);
}

static void a_long_text_is_split_where_that_is_usual_and_refused_elsewhere(void **state)
{
    (void)state;
    struct connector_rules rules = {.unit = LENGTH_BYTES, .max_length = 10};
    assert_err(plan(&rules, "one two three", NULL, 0), E_INVALID);
    rules.may_split = true;
    assert_ok(plan(&rules, "one two three", NULL, 0));
    assert_int_equal(n, 2);
    assert_str(pieces[0].text, "one two");
    assert_str(pieces[1].text, "three");
}

static void a_second_limit_in_bytes_counts_too(void **state)
{
    (void)state;
    const struct connector_rules rules = {
        .unit = LENGTH_GRAPHEMES, .max_length = 300, .max_bytes = 12, .may_split = true};
    assert_ok(plan(&rules, "আমার টাকা", NULL, 0)); /* 9 characters, 25 bytes */
    assert_true(n >= 2);
    for (ptrdiff_t i = 0; i < n; i++)
        assert_true(pieces[i].text.len <= 12);
}

static void files_go_along_or_one_after_the_other(void **state)
{
    (void)state;
    struct connector_rules rules = {.unit = LENGTH_BYTES, .max_length = 100, .files_per_piece = 2};
    assert_ok(plan(&rules, "look", photos, 3)); /* text and files apart */
    assert_int_equal(n, 3);
    assert_int_equal(pieces[0].n_files, 0);
    assert_int_equal(pieces[1].n_files, 2);
    assert_int_equal(pieces[2].first_file, 2);
    rules.max_length_with_file = 10;
    assert_ok(plan(&rules, "look", photos, 3));
    assert_int_equal(n, 2);
    assert_str(pieces[0].text, "look");
    assert_int_equal(pieces[0].n_files, 2);
    assert_int_equal(pieces[1].text.len, 0);
    assert_ok(plan(&rules, "this caption is too long", photos, 1)); /* for a caption: apart */
    assert_int_equal(n, 2);
    assert_int_equal(pieces[0].n_files, 0);
}

static void files_of_some_types_take_no_text_along(void **state)
{
    (void)state;
    const struct connector_rules rules = {.unit = LENGTH_BYTES,
        .max_length = 100,
        .max_length_with_file = 100,
        .files_per_piece = 1,
        .alone_types = "audio/ image/webp"};
    assert_ok(plan(&rules, "listen", &voice, 1));
    assert_int_equal(n, 2);
    assert_ok(plan(&rules, "look", photos, 1));
    assert_int_equal(n, 1);
}

static void a_network_without_files_says_so(void **state)
{
    (void)state;
    const struct connector_rules rules = {.unit = LENGTH_BYTES, .max_length = 10};
    assert_err(plan(&rules, "x", photos, 1), E_INVALID);
}

static void a_place_goes_after_its_text_where_it_takes_none_along(void **state)
{
    (void)state;
    struct connector_rules rules = {.unit = LENGTH_BYTES, .max_length = 10};
    parts = S("[{\"type\":\"location\",\"latitude\":1,\"longitude\":2}]");
    assert_ok(plan(&rules, "here", NULL, 0));
    assert_true(n == 1 && pieces[0].has_parts);
    rules.alone_parts = "location contact";
    assert_ok(plan(&rules, "here", NULL, 0));
    assert_int_equal(n, 2);
    assert_str(pieces[0].text, "here");
    assert_true(!pieces[0].has_parts && pieces[1].has_parts && !pieces[1].text.len);
    assert_ok(plan(&rules, "", NULL, 0));
    assert_true(n == 1 && pieces[0].has_parts);
    parts = S("[{\"type\":\"buttons\"}]");
    assert_ok(plan(&rules, "here", NULL, 0));
    assert_true(n == 1 && pieces[0].has_parts);
    parts = (str){0};
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_fits_is_one_piece),
        TEST(a_long_text_is_split_where_that_is_usual_and_refused_elsewhere),
        TEST(a_second_limit_in_bytes_counts_too),
        TEST(files_go_along_or_one_after_the_other),
        TEST(files_of_some_types_take_no_text_along),
        TEST(a_network_without_files_says_so),
        TEST(a_place_goes_after_its_text_where_it_takes_none_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
