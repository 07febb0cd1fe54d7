/* Unit tests of text/split: where it cuts, and for thousands of random texts that nothing is lost
 * and every part is within its limit. */
#include "test.h"

#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "text/facets.h"
#include "text/grapheme.h"
#include "text/split.h"

/* The parts, joined by "|"; "E_LIMIT" when there are none. */
static str shown(str text, enum length_unit unit, int64_t max, bool is_numbered)
{
    struct split_limit limit = {.unit = unit, .max = max};
    struct str_list parts;
    struct sb b = sb_make(test_arena(), 0);
    if (text_split(test_arena(), text, &limit, 1, is_numbered, &parts) != OK)
        return S("E_LIMIT");
    for (ptrdiff_t i = 0; i < parts.len; i++)
        sb_print(&b, "%s%.*s", i > 0 ? "|" : "", SARG(parts.at[i]));
    return sb_str(&b);
}

static void a_text_within_the_limit_is_one_part_without_number(void **state)
{
    (void)state;
    assert_str(shown(S(" hello there \n"), LENGTH_CODE_POINTS, 11, true), "hello there");
    assert_str(shown(S(" \n "), LENGTH_CODE_POINTS, 1, true), "");
    assert_str(shown(S(""), LENGTH_X, 1, true), "");
}

static void it_cuts_after_a_paragraph_else_a_sentence_else_a_word(void **state)
{
    (void)state;
    assert_str(shown(S("One two.\n\nThree. Four five"), LENGTH_CODE_POINTS, 16, false),
        "One two.|Three. Four five");
    assert_str(shown(S("One two. Three four five"), LENGTH_CODE_POINTS, 14, false),
        "One two.|Three four|five");
    assert_str(shown(S("One\ntwo three"), LENGTH_CODE_POINTS, 7, false), "One|two|three");
    assert_str(shown(S("আমি ভালো। তুমি কেমন আছো"), LENGTH_CODE_POINTS, 14, false),
        "আমি ভালো।|তুমি কেমন আছো");
    assert_str(shown(S("今日は。明日も。"), LENGTH_X, 12, false), "今日は。|明日も。");
}

static void a_long_word_is_cut_between_graphemes(void **state)
{
    (void)state;
    assert_str(shown(S("abcdefg"), LENGTH_CODE_POINTS, 3, false), "abc|def|g");
    assert_str(shown(S("👍🏽👍🏽👍🏽"), LENGTH_CODE_POINTS, 5, false),
        "👍🏽👍🏽|👍🏽");
    assert_str(shown(S("স্ত্রীস্ত্রী"), LENGTH_GRAPHEMES, 1, false), "স্ত্রী|স্ত্রী");
}

static void an_address_is_never_cut(void **state)
{
    (void)state;
    assert_str(shown(S("see https://example.com/a/b now"), LENGTH_CODE_POINTS, 24, false),
        "see|https://example.com/a/b|now");
    assert_str(shown(S("see https://example.com/a/b"), LENGTH_CODE_POINTS, 20, false), "E_LIMIT");
    assert_str(shown(S("見てexample.comで"), LENGTH_X, 23, false), "見て|example.com|で");
}

static void numbers_count_towards_the_limit(void **state)
{
    (void)state;
    assert_str(shown(S("aaaa bbbb cccc"), LENGTH_CODE_POINTS, 10, true),
        "aaaa (1/3)|bbbb (2/3)|cccc (3/3)");
    assert_str(shown(S("aa bb cc dd ee ff gg hh ii jj"), LENGTH_CODE_POINTS, 10, true),
        "aa (1/10)|bb (2/10)|cc (3/10)|dd (4/10)|ee (5/10)|ff (6/10)|gg (7/10)|hh (8/10)|ii "
        "(9/10)|jj (10/10)");
}

static void numbers_are_left_out_where_the_limit_is_too_small_for_them(void **state)
{
    (void)state;
    assert_str(shown(S("abc"), LENGTH_CODE_POINTS, 1, true), "a|b|c");
    assert_str(shown(S("日本"), LENGTH_X, 1, true), "E_LIMIT");
}

static void every_limit_holds_at_once(void **state)
{
    (void)state;
    struct split_limit limits[] = {
        {LENGTH_GRAPHEMES, 6 },
        {LENGTH_BYTES,     10},
    };
    struct str_list parts;
    assert_ok(text_split(test_arena(), S("abcd日本語日本語"), limits, 2, false, &parts));
    assert_int_equal(parts.len, 3);
    assert_str(parts.at[0], "abcd日本");
    assert_str(parts.at[1], "語日本");
}

static void more_parts_than_the_maximum_are_refused(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    for (int i = 0; i <= SPLIT_PARTS_MAX; i++)
        sb_byte(&b, 'a');
    assert_str(shown(sb_str(&b), LENGTH_BYTES, 1, false), "E_LIMIT");
    b.len--;
    assert_true(shown(sb_str(&b), LENGTH_BYTES, 1, false).len == 2 * SPLIT_PARTS_MAX - 1);
}

static enum length_unit unit_of(str word)
{
    static const char *const words[LENGTH_UNITS] = {
        [LENGTH_CODE_POINTS] = "code_points",
        [LENGTH_GRAPHEMES] = "graphemes",
        [LENGTH_UTF16] = "utf16",
        [LENGTH_BYTES] = "bytes",
        [LENGTH_X] = "x",
        [LENGTH_MASTODON] = "mastodon",
        [LENGTH_SMS] = "sms",
    };
    for (int i = 0; i < LENGTH_UNITS; i++)
        if (str_eq(word, str_from(words[i])))
            return (enum length_unit)i;
    fail_msg("no unit \"%.*s\"", SARG(word));
    return LENGTH_BYTES;
}

/* "parts" of a vector is null where a piece is longer than a limit. */
static bool is_as_said(const struct json *v, err e, const struct str_list *parts)
{
    const struct json *said = json_get(v, S("parts"));
    if (said->kind == JSON_NULL)
        return e == E_LIMIT;
    ptrdiff_t i = 0;
    bool is_same = e == OK && parts->len == said->count;
    for (const struct json *one = said->first; one && is_same; one = one->next)
        is_same = str_eq(json_text(one, S("")), parts->at[i++]);
    return is_same;
}

static void every_vector_that_the_console_counts_by_has_its_parts(void **state)
{
    (void)state;
    str file, why;
    const struct json *root;
    assert_ok(file_read(test_arena(), S(SPLITS_FILE), 1024 * 1024, &file));
    assert_ok(json_parse(test_arena(), file, &root, &why));
    const struct json *list = json_get(root, S("splits"));
    assert_true(list && list->count > 100);
    for (const struct json *v = list->first; v; v = v->next) {
        struct split_limit limits[] = {
            {unit_of(json_text(json_get(v, S("unit")), S(""))), json_int(json_get(v, S("max")), 0)},
            {LENGTH_BYTES,                          json_int(json_get(v,                                    S("max_bytes")),                                0)      },
        };
        str text = json_text(json_get(v, S("text")), S(""));
        struct str_list parts = {0};
        err e = text_split(test_arena(), text, limits, limits[1].max ? 2 : 1,
            json_bool(json_get(v, S("is_numbered")), false), &parts);
        if (!is_as_said(v, e, &parts))
            fail_msg("other parts than said of \"%.*s\"", SARG(text));
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static str random_text(uint32_t *seed)
{
    static const str words[] = {S_INIT(" "), S_INIT(" "), S_INIT("\n"), S_INIT("\n\n"),
        S_INIT(". "), S_INIT("a"), S_INIT("word"), S_INIT("日本"), S_INIT("。"), S_INIT("e\u0301"),
        S_INIT("👨‍👩‍👧‍👦"), S_INIT("🇮🇳"), S_INIT("x.com"),
        S_INIT("https://a.org/b?c"), S_INIT("স্ত্রী"), S_INIT("مرحبا"), S_INIT("@a@b.de"),
        S_INIT("[€]"), S_INIT("\r\n"), S_INIT("."), S_INIT("com"), S_INIT("#x")};
    struct sb b = sb_make(test_arena(), 0);
    for (uint32_t n = next_random(seed) % 60; n > 0; n--)
        sb_add(&b, words[next_random(seed) % (sizeof words / sizeof words[0])]);
    return sb_str(&b);
}

static str without_space(str s)
{
    struct sb b = sb_make(test_arena(), 0);
    for (ptrdiff_t i = 0; i < s.len; i++)
        if (s.at[i] != ' ' && s.at[i] != '\n' && s.at[i] != '\r')
            sb_byte(&b, s.at[i]);
    return sb_str(&b);
}

/* No cut lies in a grapheme or an address: graphemes of the parts are those of the text. */
static void check_parts(
    str text, const struct str_list *parts, struct split_limit limit, bool is_numbered)
{
    struct sb joined = sb_make(test_arena(), 0);
    str rest = text;
    for (ptrdiff_t i = 0; i < parts->len; i++) {
        str part = parts->at[i], number = str_print(test_arena(), " (%td/%td)", i + 1, parts->len);
        assert_true(length_of(limit.unit, part) <= limit.max);
        if (is_numbered && parts->len > 1 && str_ends(part, number))
            part.len -= number.len;
        assert_true(part.len > 0 && utf8_valid(part));
        ptrdiff_t at = str_find(rest, part);
        assert_true(at >= 0 && without_space(str_sub(rest, 0, at)).len == 0);
        rest = str_skip(rest, at + part.len);
        sb_add(&joined, part);
    }
    assert_true(without_space(rest).len == 0);
    assert_true(str_eq(without_space(sb_str(&joined)), without_space(text)));
}

/* The length of the longest thing that is never cut. */
static int64_t longest_piece(str text, enum length_unit unit)
{
    int64_t most = 0;
    struct facet_list links = facets_find(test_arena(), text);
    for (ptrdiff_t i = 0; i < links.n; i++) {
        str link = str_sub(text, links.at[i].start, links.at[i].end - links.at[i].start);
        int64_t n = links.at[i].kind == FACET_LINK ? length_of(unit, link) : 0;
        most = n > most ? n : most;
    }
    struct grapheme_walk w = grapheme_walk_open(text);
    for (ptrdiff_t at = 0; at < text.len;) {
        ptrdiff_t end = grapheme_next(&w);
        int64_t n = length_of(unit, str_sub(text, at, end - at));
        most = n > most ? n : most;
        at = end;
    }
    grapheme_walk_close(&w);
    return most;
}

static void parts_of_any_text_join_to_it_and_keep_every_limit(void **state)
{
    (void)state;
    uint32_t seed = 20260101;
    int split = 0, refused = 0;
    for (int round = 0; round < 1500; round++) {
        str text = random_text(&seed);
        struct split_limit limit = {.unit = (enum length_unit)(round % LENGTH_UNITS)};
        limit.max = 1 + (int64_t)(next_random(&seed) % (limit.unit == LENGTH_SMS ? 3 : 90));
        bool is_numbered = next_random(&seed) % 2 == 0;
        struct str_list parts;
        if (text_split(test_arena(), text, &limit, 1, is_numbered, &parts) != OK) {
            refused++;
            assert_true(longest_piece(text, limit.unit) > limit.max);
        } else {
            check_parts(text, &parts, limit, is_numbered);
            split += parts.len > 1;
        }
    }
    assert_true(split > 500 && refused > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_text_within_the_limit_is_one_part_without_number),
        TEST(it_cuts_after_a_paragraph_else_a_sentence_else_a_word),
        TEST(a_long_word_is_cut_between_graphemes),
        TEST(an_address_is_never_cut),
        TEST(numbers_count_towards_the_limit),
        TEST(numbers_are_left_out_where_the_limit_is_too_small_for_them),
        TEST(every_limit_holds_at_once),
        TEST(more_parts_than_the_maximum_are_refused),
        TEST(every_vector_that_the_console_counts_by_has_its_parts),
        TEST(parts_of_any_text_join_to_it_and_keep_every_limit),
    };
    return cmocka_run_group_tests_name("text_split", tests, NULL, NULL);
}
