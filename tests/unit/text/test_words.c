/* Unit tests of text/words: which language a reader gets, and sentences put together from parts. */
#include "test.h"

#include "text/words.h"
#include "text/words_table.h"

static void the_reader_gets_the_language_with_the_highest_weight(void **state)
{
    (void)state;
    assert_str(words_locale(S("bn")), "bn");
    assert_str(words_locale(S("bn-BD,bn;q=0.9,en;q=0.8")), "bn");
    assert_str(words_locale(S("en;q=0.3, ar-EG;q=0.7")), "ar");
    assert_str(words_locale(S("fr-CH, fr;q=0.9, AR;q=0.5, *;q=0.1")), "ar");
}

static void an_unknown_refused_or_malformed_language_means_english(void **state)
{
    (void)state;
    assert_str(words_locale(S("")), "en");
    assert_str(words_locale(S("xx, yy-ZZ")), "en");
    assert_str(words_locale(S("bn;q=0")), "en");
    assert_str(words_locale(S("bn;q=2, ar;q=x, bn;q=1.5, ar;level=1")), "en");
    assert_str(words_locale(S(",,;;=,-,--")), "en");
}

static void only_right_to_left_locales_say_so(void **state)
{
    (void)state;
    assert_true(words_is_rtl(S("ar")));
    assert_false(words_is_rtl(S("bn")));
    assert_false(words_is_rtl(S("none")));
}

static void a_sentence_takes_text_and_dates_of_its_locale(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    struct words_arg name = {.name = "name", .text = S("Ann")};
    struct words_arg at = {.name = "at", .number = TEST_NOW_MS};
    assert_str(words(a, S("en"), "transcript.title", &name, 1), "Conversation with Ann");
    assert_str(words(a, S("en"), "transcript.made", &at, 1), "Saved on January 1, 2026");
    assert_true(str_find(words(a, S("bn"), "transcript.made", &at, 1), S("২০২৬")) > 0);
}

static void names_are_isolated_in_right_to_left_sentences(void **state)
{
    (void)state;
    struct words_arg name = {.name = "name", .text = S("Ann")};
    str text = words(test_arena(), S("ar"), "transcript.title", &name, 1);
    assert_true(str_find(text, S("\u2068Ann\u2069")) > 0);
}

static void every_key_has_words_in_every_locale(void **state)
{
    (void)state;
    assert_true(words_table_count >= 3);
    for (ptrdiff_t i = 0; i < words_table_count; i++) {
        for (ptrdiff_t k = 0; k < words_row_count; k++) {
            const struct words_row *row = &words_tables[i].rows[k];
            assert_true(str_eq(row->key, words_tables[0].rows[k].key));
            assert_true(row->count > 0 && words_tables[i].parts[row->first].text.len > 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_reader_gets_the_language_with_the_highest_weight),
        TEST(an_unknown_refused_or_malformed_language_means_english),
        TEST(only_right_to_left_locales_say_so),
        TEST(a_sentence_takes_text_and_dates_of_its_locale),
        TEST(names_are_isolated_in_right_to_left_sentences),
        TEST(every_key_has_words_in_every_locale),
    };
    return cmocka_run_group_tests_name("text_words", tests, NULL, NULL);
}
