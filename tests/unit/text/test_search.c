/* Unit tests of text/search_words, search_query and search_match. */
#include "test.h"

#include <string.h>

#include "base/utf8.h"
#include "search_pairs.h"
#include "text/search_match.h"

static struct search_query query_of(const char *text, bool is_typing)
{
    struct search_query q;
    struct search_fault wrong;
    struct search_typed typed = {.text = str_from(text),
        .is_typing = is_typing,
        .now_ms = INT64_C(1767225600000), /* 2026-01-01T00:00:00Z */
        .zone_ms = INT64_C(6) * 60 * 60 * 1000};
    if (!search_query_read(test_arena(), &typed, &q, &wrong))
        fail_msg("\"%s\": %.*s", text, SARG(wrong.words));
    return q;
}

static bool finds(const char *query, const char *text, bool is_typing)
{
    struct search_query q = query_of(query, is_typing);
    int64_t score;
    ptrdiff_t best;
    return search_judge(
        test_arena(), &q, &(struct search_part){str_from(text), 1}, 1, 0, &score, &best);
}

static void every_pair_is_found_or_not(void **state)
{
    (void)state;
    bool is_good = true;
    for (size_t i = 0; i < SEARCH_PAIRS; i++) {
        const struct search_pair *p = &search_pairs[i];
        if (finds(p->query, p->text, false) == p->is_found)
            continue;
        print_error("%s: \"%s\" %s \"%s\"\n", p->language, p->query,
            p->is_found ? "does not find" : "finds", p->text);
        is_good = false;
    }
    assert_true(is_good);
}

static bool list_word(void *closure, const struct search_word *w)
{
    struct sb *b = closure;
    sb_print(b, "%s%.*s:%d%s", b->len ? " " : "", SARG(w->word), (int)w->position,
        w->is_whole ? "+" : "");
    return true;
}

static str words_of(const char *text, enum search_mode mode)
{
    struct sb b = sb_make(test_arena(), 0);
    assert_true(search_words_each(str_from(text), mode, list_word, &b));
    return sb_str(&b);
}

static void words_have_their_places(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"",                          ""                                                    },
        {" .-/ ",                     ""                                                    },
        {"Where's it?",               "wheres:0+ where:0 s:1 it:2"                          },
        {"INV-2024/001 x",            "inv2024001:0+ inv:0 2024:1 001:2 x:3"                },
        {"a@b.example",               "a@b.example:0+ a:0 b:1 example:2"                    },
        {"-x- a--b",                  "x:0 a:1 b:2"                                         },
        {"喝茶",                    "喝茶:0 茶:1"                                      },
        {"to <mailto:a.b@c.example>", "to:0 a.b@c.example:1+ mailto:1 a:2 b:3 c:4 example:5"},
        {"1,000.50 1,2",              "100050:0+ 1:0 000:1 50:2 1:3 2:4"                    },
        {"茶",                       "茶:0"                                               },
        {"a茶b",                     "a:0 茶:1 b:2"                                       },
        {"\xff\xfe"
         "a\xc3",            "a:0"                                                 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_str(words_of(rows[i].text, SEARCH_INDEX), rows[i].words);
    assert_str(words_of("+1 415 555", SEARCH_QUERY), "1:0 415:1 555:2");
}

static bool is_in_text(void *closure, const struct search_word *w)
{
    const str *text = closure;
    assert_true(w->from >= 0 && w->from < w->to && w->to <= text->len);
    assert_true(w->word.len > 0 && w->word.len <= SEARCH_WORD_BYTES && utf8_valid(w->word));
    return true;
}

static void long_texts_end_at_their_limits(void **state)
{
    (void)state;
    static char text[2 * SEARCH_TEXT_BYTES];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 3 == 2 ? ' ' : 'x';
    str all = str_of(text, sizeof text);
    assert_true(search_words_each(all, SEARCH_INDEX, is_in_text, &all));
    memset(text, 'x', sizeof text); /* one word without an end */
    assert_true(search_words_each(all, SEARCH_INDEX, is_in_text, &all));
    for (size_t i = 0; i + 3 <= sizeof text; i += 3)
        memcpy(text + i, "ก", 3); /* Thai without a space */
    assert_true(search_words_each(all, SEARCH_INDEX, is_in_text, &all));
    for (size_t i = 0; i + 2 <= sizeof text; i += 2)
        memcpy(text + i, i ? "\xcc\x81" : "xx", 2); /* marks without an end */
    assert_true(search_words_each(all, SEARCH_INDEX, is_in_text, &all));
}

static bool stop(void *closure, const struct search_word *w)
{
    (void)w;
    return --*(int *)closure > 0;
}

static void it_stops_when_it_is_told(void **state)
{
    (void)state;
    int left = 2;
    assert_false(search_words_each(S("a b c d"), SEARCH_INDEX, stop, &left));
    assert_int_equal(left, 0);
}

static void the_last_word_may_go_on_while_one_types(void **state)
{
    (void)state;
    assert_true(finds("ord", "my order", true));
    assert_false(finds("ord ", "my order", true));
    assert_false(finds("ord", "my order", false));
    assert_true(finds("my ord", "my order", true));
    assert_false(finds("or my", "my order", true));
    assert_true(finds("\"my ord", "my order", true));
    assert_true(finds("INV-20", "INV-2024/001", true));
    assert_true(finds("asha.r", "asha.rao@example.net", true));
    assert_true(finds("before:2026-0", "anything", true)); /* half a day is no condition yet */
    assert_true(finds("is:", "anything", true));
}

static void fields_are_read(void **state)
{
    (void)state;
    struct search_query q =
        query_of("refund from:asha channel:\"Brand Help\" -tag:vip IS:Open has:attachment "
                 "assignee:me before:2026-01-31 after:7d foo:bar",
            false);
    static const struct {
        enum search_field field;
        const char *value;
        bool is_excluded;
    } rows[] = {
        {SEARCH_FROM,     "asha",       false},
        {SEARCH_CHANNEL,  "Brand Help", false},
        {SEARCH_TAG,      "vip",        true },
        {SEARCH_IS,       "Open",       false},
        {SEARCH_HAS,      "attachment", false},
        {SEARCH_ASSIGNEE, "me",         false},
        {SEARCH_BEFORE,   "2026-01-31", false},
        {SEARCH_AFTER,    "7d",         false},
    };
    assert_int_equal(q.n_conditions, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(q.conditions[i].field, rows[i].field);
        assert_str(q.conditions[i].value, rows[i].value);
        assert_int_equal(q.conditions[i].is_excluded, rows[i].is_excluded);
    }
    /* Days begin where the reader is: six hours earlier in Dhaka. */
    assert_true(q.conditions[6].at_ms == INT64_C(1769796000000));
    assert_true(q.conditions[7].at_ms == INT64_C(1767225600000) - INT64_C(7) * 86400000);
    assert_int_equal(q.n_terms, 2); /* refund, and foo:bar as words */
    assert_int_equal(q.terms[1].n, 2);
    assert_str(q.terms[1].whole, "foobar");
}

static void a_value_that_cannot_be_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *query, *field;
        int at;
    } rows[] = {
        {"tea before:yesterday", "before", 4},
        {"after:2026-02-30",     "after",  0},
        {"is:blue tea",          "is",     0},
        {"tea -has:patience x",  "has",    5},
        {"before: x",            "before", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct search_query q;
        struct search_fault wrong;
        struct search_typed typed = {.text = str_from(rows[i].query)};
        assert_false(search_query_read(test_arena(), &typed, &q, &wrong));
        assert_str(wrong.field, rows[i].field);
        assert_int_equal(wrong.at, rows[i].at);
        assert_true(wrong.words.len > 0);
    }
}

static void what_is_beyond_the_limits_is_left_out(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    for (int i = 0; i < 400; i++)
        sb_print(&b, "w%d ", i);
    struct search_query q = query_of(str_z(test_arena(), sb_str(&b)), false);
    assert_int_equal(q.n_terms, SEARCH_TERMS);
    b = sb_make(test_arena(), 0);
    for (int i = 0; i < 60; i++)
        sb_print(&b, "is:open ");
    q = query_of(str_z(test_arena(), sb_str(&b)), false);
    assert_int_equal(q.n_conditions, SEARCH_FIELDS);
}

static int64_t score(const char *query, const char *text, int weight, int64_t age_ms)
{
    struct search_query q = query_of(query, false);
    struct search_part part = {str_from(text), weight};
    int64_t score = 0;
    ptrdiff_t best;
    assert_true(search_judge(test_arena(), &q, &part, 1, age_ms, &score, &best));
    return score;
}

static void better_matches_score_more(void **state)
{
    (void)state;
    const int64_t day = 24 * 60 * 60 * 1000;
    assert_true(score("tea cup", "a tea cup", 3, 0) >
                score("tea cup", "a cup of hot and sweet milk with tea", 3, 0));
    assert_true(score("tea cup", "tea cup", 3, 0) > score("tea cup", "cup tea", 3, 0));
    assert_true(score("tea*", "tea", 3, 0) > score("tea*", "teapot", 3, 0));
    assert_true(score("tea", "tea and tea", 3, 0) > score("tea", "tea and milk", 3, 0));
    assert_true(score("tea", "tea", 8, 0) > score("tea", "tea", 3, 0));
    assert_true(score("tea", "tea", 3, day) > score("tea", "tea", 3, 30 * day));
    assert_true(score("tea", "tea", 3, -day) == score("tea", "tea", 3, 0));
    struct search_query q = query_of("tea", false);
    ptrdiff_t best;
    const struct search_part texts[] = {
        {S_INIT("milk"), 8},
        {S_INIT("tea"),  3},
        {S_INIT("tea"),  6}
    };
    int64_t all;
    assert_true(search_judge(test_arena(), &q, texts, 3, 0, &all, &best));
    assert_int_equal(best, 2);
}

static str snippet(const char *query, str text, ptrdiff_t max)
{
    struct search_query q = query_of(query, false);
    struct sb b = sb_make(test_arena(), 0);
    ptrdiff_t n;
    const struct search_piece *p = search_snippet(test_arena(), &q, text, max, &n);
    for (ptrdiff_t i = 0; i < n; i++)
        sb_print(&b, p[i].is_match ? "[%.*s]" : "%.*s", SARG(p[i].text));
    return sb_str(&b);
}

static void snippets_show_why(void **state)
{
    (void)state;
    assert_str(snippet("order", S("Where is my\n\n  Order?"), 160), "Where is my [Order]?");
    assert_str(snippet("nothing", S("Where is my order?"), 160), "Where is my order?");
    assert_str(
        snippet("\"my order\"", S("my order, not order my"), 160), "[my order], not order my");
    assert_str(snippet("A10023", S("It is #A-10023."), 160), "It is #[A-10023].");
    assert_str(snippet("টাকা", S("আমার টাকা কোথায়?"), 160), "আমার [টাকা] কোথায়?");
    assert_str(snippet("订单还", S("我的订单还没有到"), 160), "我的[订单还]没有到");
    assert_str(snippet("cafe", S("au Café!"), 160), "au [Café]!");
    struct sb b = sb_make(test_arena(), 0);
    for (int i = 0; i < 200; i++)
        sb_byte(&b, '-');
    sb_add(&b, S(" my order"));
    assert_str(snippet("order", sb_str(&b), 160), "…my [order]");
    b = sb_make(test_arena(), 0);
    for (int i = 0; i < 200; i++)
        sb_add(&b, i == 150   ? S("needle ")
                   : i == 152 ? S("thread ")
                   : i == 20  ? S("needle ")
                              : S("hay "));
    str cut = snippet("needle thread", sb_str(&b), 80);
    assert_true(str_find(cut, S("[needle] hay [thread]")) > 0);
    assert_true(str_starts(cut, S("…")) && str_ends(cut, S("…")));
    assert_true(utf8_code_points(cut) <= 80 + 4 + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_pair_is_found_or_not),
        TEST(words_have_their_places),
        TEST(long_texts_end_at_their_limits),
        TEST(it_stops_when_it_is_told),
        TEST(the_last_word_may_go_on_while_one_types),
        TEST(fields_are_read),
        TEST(a_value_that_cannot_be_is_named),
        TEST(what_is_beyond_the_limits_is_left_out),
        TEST(better_matches_score_more),
        TEST(snippets_show_why),
    };
    return cmocka_run_group_tests_name("text_search", tests, NULL, NULL);
}
