/* What is in a message beside text and files, as JSON. */
#include "connector/part.h"

#include "base/limits.h"
#include "test.h"

static void without_parts_there_is_no_array(void **state)
{
    (void)state;
    struct parts p = parts_make(test_arena());
    assert_int_equal(parts_str(&p).len, 0);
}

static void the_common_parts_are_written_without_what_they_lack(void **state)
{
    (void)state;
    struct parts p = parts_make(test_arena());
    part_location(&p, 23.81, 90.41, S("Shop"), S(""));
    part_link(&p, S("https://a.example"), S(""), S("two"));
    part_choice(&p, S("y"), S("Yes"));
    part_unsupported(&p, S("poll"));
    assert_str(parts_str(&p),
        "[{\"type\":\"location\",\"latitude\":23.81,\"longitude\":90.41,\"name\":\"Shop\"},{\"type\":"
        "\"link\",\"url\":\"https://a.example\",\"text\":\"two\"},{\"type\":\"choice\",\"id\":\"y\","
        "\"title\":\"Yes\"},{\"type\":\"unsupported\",\"name\":\"poll\"}]");
}

static void a_part_of_its_own_is_built_member_by_member(void **state)
{
    (void)state;
    struct parts p = parts_make(test_arena());
    part_begin(&p, S("rating"));
    json_kv_int(&p.j, S("value"), 4);
    part_text(&p, "note", S(""));
    part_end(&p);
    assert_str(parts_str(&p), "[{\"type\":\"rating\",\"value\":4}]");
}

static void an_album_without_a_name_is_none(void **state)
{
    (void)state;
    struct parts p = parts_make(test_arena());
    part_album(&p, S(""));
    assert_int_equal(parts_str(&p).len, 0);
    part_album(&p, S("S1"));
    assert_str(parts_str(&p), "[{\"type\":\"album\",\"id\":\"S1\"}]");
}

static void words_cannot_leave_their_place(void **state)
{
    (void)state;
    struct parts p = parts_make(test_arena());
    part_choice(&p, S("\"},{\"type\":\"x"), S("</script>"));
    str text = parts_str(&p), why;
    const struct json *root = NULL;
    assert_ok(json_parse(test_arena(), text, &root, &why));
    assert_int_equal(root->count, 1);
    assert_str(json_text(json_path(root, S("0.id")), S("")), "\"},{\"type\":\"x");
    assert_int_equal(str_find(text, S("<")), -1);
}

static void parts_beyond_a_messages_size_are_none(void **state)
{
    (void)state;
    struct parts p = parts_make(test_arena());
    char *text = NEW(test_arena(), char, LIMIT_TEXT_BYTES);
    for (int i = 0; i < LIMIT_TEXT_BYTES; i++)
        text[i] = 'x';
    part_choice(&p, S("1"), S("fits"));
    part_choice(&p, S("2"), str_of(text, LIMIT_TEXT_BYTES));
    assert_int_equal(parts_str(&p).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_parts_there_is_no_array),
        TEST(the_common_parts_are_written_without_what_they_lack),
        TEST(a_part_of_its_own_is_built_member_by_member),
        TEST(an_album_without_a_name_is_none),
        TEST(words_cannot_leave_their_place),
        TEST(parts_beyond_a_messages_size_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
