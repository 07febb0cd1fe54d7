/* Unit tests of text/fill. */
#include "test.h"

#include "text/fill.h"

static str filled(const char *text, const char *name)
{
    const struct fill_values values = {str_from(name), 1042};
    return fill(test_arena(), str_from(text), &values);
}

static void places_are_filled_in_once(void **state)
{
    (void)state;
    assert_str(
        filled("Dear {{contact.name}}, #{{ conversation.number }}.", "Asha"), "Dear Asha, #1042.");
    assert_str(filled("{{contact.name}}", "{{conversation.number}}"), "{{conversation.number}}");
    assert_str(filled("Dear {{contact.name}}, hello", ""), "Dear, hello");
    assert_str(filled("{{other}} {{ {{contact.name}}", "Asha"), "{{other}} {{ {{contact.name}}");
    assert_str(filled("{{contact.name", "Asha"), "{{contact.name");
    assert_str(filled("", "Asha"), "");
}

static void what_cannot_be_filled_in_is_told(void **state)
{
    str unknown = {0};
    (void)state;
    assert_true(fill_check(S("{{contact.name}} {{conversation.number}}"), &unknown));
    assert_true(fill_check(S("no place {{ here"), &unknown));
    assert_false(fill_check(S("{{contact.name}} {{ contact.phone }}"), &unknown));
    assert_str(unknown, "contact.phone");
}

static void a_strangers_name_carries_no_advertisement(void **state)
{
    static const char *const good[] = {
        "Asha", "J. R. Smith", "Åsa Öberg-Lind", "محمد علي", "Dr. Ben", "Ann (shop)", NULL};
    static const char *const bad[] = {"Win at https://evil.example", "www.evil.example",
        "buy-now.example", "mail me@evil.example", "a/b", "<b>Asha", "As\nha", NULL};
    (void)state;
    for (int i = 0; good[i]; i++)
        assert_str(fill_person(str_from(good[i])), good[i]);
    for (int i = 0; bad[i]; i++)
        assert_str(fill_person(str_from(bad[i])), "");
    assert_true(
        fill_person(S("AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDDEEEEEEEEEEFFFFFFFFFFGGGGGGGG"))
            .len <= FILL_NAME_BYTES);
}

static void the_nearest_language_is_chosen(void **state)
{
    const str some[] = {S("de"), S(""), S("pt-BR"), S("de-AT")};
    const str two[] = {S("fr"), S("de")};
    (void)state;
    assert_int_equal(fill_choose(some, 4, S("de-AT")), 3);
    assert_int_equal(fill_choose(some, 4, S("DE-ch")), 0);
    assert_int_equal(fill_choose(some, 4, S("pt")), 2);
    assert_int_equal(fill_choose(some, 4, S("ja")), 1);
    assert_int_equal(fill_choose(some, 4, S("")), 1);
    assert_int_equal(fill_choose(two, 2, S("ja")), 0);
    assert_int_equal(fill_choose(two, 0, S("de")), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(places_are_filled_in_once),
        TEST(what_cannot_be_filled_in_is_told),
        TEST(a_strangers_name_carries_no_advertisement),
        TEST(the_nearest_language_is_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
