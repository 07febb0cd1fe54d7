/* What ends before libetpan's parser sees it, and what is noted wherever the bytes are cut. */
#include "test.h"

#include <string.h>

#include "net/imap_guard.h"

/* The verdict must not depend on where the bytes are cut. */
static bool look(struct imap_guard *g, str bytes, int64_t literal_max)
{
    struct imap_guard by_one;
    memset(g, 0, sizeof *g);
    memset(&by_one, 0, sizeof by_one);
    imap_guard_begin(g, literal_max, 4 * literal_max);
    imap_guard_begin(&by_one, literal_max, 4 * literal_max);
    bool whole = imap_guard_look(g, bytes), pieces = true;
    for (ptrdiff_t i = 0; i < bytes.len && pieces; i++)
        pieces = imap_guard_look(&by_one, str_sub(bytes, i, 1));
    assert_int_equal(whole, pieces);
    assert_int_equal(g->is_bye, by_one.is_bye);
    assert_int_equal(g->has_news, by_one.has_news);
    assert_ptr_equal(g->why, by_one.why);
    return whole;
}

static void ordinary_answers_pass(void **state)
{
    (void)state;
    static const char *const good[] = {
        "* OK [CAPABILITY IMAP4rev1 SASL-IR] ready (a (b {c}))\r\n",
        "* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent ((\"\r\n* LIST () \"/\" {4}\r\nabcd\r\n1 OK done\r\n",
        "* 1 FETCH (UID 5 FLAGS (\\Seen) BODY[] {10}\r\n* BYE (((\n)\r\n1 OK\r\n",
        "+ idling\r\n* 3 FETCH (FLAGS (\\Recent))\r\n",
        "* SEARCH 1 2 3\r\n* SEARCH\r\n",
        "1 OK The body (2 parts) was read\r\n2 NO Unknown flags (\"x\")\r\n* OK Envelope ()\r\n",
    };
    struct imap_guard g;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!look(&g, str_from(good[i]), 100))
            fail_msg("%s: %s", good[i], g.why);
        assert_false(g.has_news);
    }
}

static void a_literal_longer_than_asked_for_is_refused_wherever_it_is_announced(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "* 1 FETCH (BODY[] {101}\r\n",
        "* 1 FETCH (BODY[] {4294967295}\r\n",
        "* 1 FETCH (BODY[] {99999999999999999999999999999999}\r\n",
        "* 1 FETCH (BODY[] {101+}\r\n",
        "* 1 FETCH (BODY[] {0000000000101}\r\n",
        "* 1 FETCH (BODY[] {101} a",
        "* OK [BADCHARSET ({4294967295}",
        "1 OK {101}\r\n",
    };
    struct imap_guard g;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (look(&g, str_from(bad[i]), 100))
            fail_msg("%s", bad[i]);
        assert_string_equal(g.why, "it announces a longer piece of data than was asked for");
    }
}

static void literals_together_have_a_limit(void **state)
{
    (void)state;
    struct imap_guard g;
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S("* 1 FETCH ("));
    for (int i = 0; i < 5; i++)
        sb_add(&b, S("BODY[] {100}\r\n0123456789012345678901234567890123456789012345678901234567890"
                     "123456789012345678901234567890123456789 "));
    assert_false(look(&g, sb_str(&b), 100));
    assert_string_equal(g.why, "it sends more data than was asked for");
}

static void nesting_lines_and_length_have_limits(void **state)
{
    (void)state;
    struct imap_guard g;
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S("* 1 FETCH (X "));
    for (int i = 0; i < LIMIT_IMAP_PARENS; i++)
        sb_byte(&b, '(');
    assert_false(look(&g, sb_str(&b), 100));
    assert_string_equal(g.why, "too many parentheses in a line");

    b = sb_make(test_arena(), 0); /* a literal between them does not begin anew */
    sb_add(&b, S("* 1 FETCH ("));
    for (int i = 0; i < LIMIT_IMAP_PARENS; i++)
        sb_add(&b, S("({0}\r\n"));
    assert_false(look(&g, sb_str(&b), 100));

    b = sb_make(test_arena(), 0);
    for (int i = 0; i <= LIMIT_IMAP_LINES; i++)
        sb_add(&b, S("* 1 EXPUNGE\r\n"));
    assert_false(look(&g, sb_str(&b), 100));
    assert_string_equal(g.why, "its answer has too many lines");

    b = sb_make(test_arena(), 0);
    for (int i = 0; i <= LIMIT_IMAP_LINE_BYTES; i++)
        sb_byte(&b, 'a');
    assert_false(look(&g, sb_str(&b), 100));
    assert_string_equal(g.why, "a line is too long");
    assert_false(look(&g, str_of("* OK a\0b\r\n", 10), 100));
    assert_string_equal(g.why, "a line holds a zero byte");
}

static void a_flag_that_is_a_string_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"* FLAGS (\"a\"", "* 1 FETCH (UID 3 flags  (\\Seen {1}",
        "* OK [PERMANENTFLAGS (\\Seen \"", "* FLAGS(\""};
    static const char *const bad_first[] = {
        "%", "*", "(", "\x11", " \t\x01", "\n", "\r", "\\)", "\\\\", "\\%", "\\ \n"};
    struct imap_guard g;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(look(&g, str_from(bad[i]), 100));
        assert_string_equal(g.why, "a flag is no word");
    }
    for (size_t i = 0; i < sizeof bad_first / sizeof bad_first[0]; i++) {
        str line = str_print(test_arena(), "* OK [PERMANENTFLAGS (%s", bad_first[i]);
        assert_false(look(&g, line, 100));
        assert_string_equal(g.why, "a flag is no word");
    }
    assert_true(look(&g,
        S("* OK [PERMANENTFLAGS ()] a\r\n* NO [PERMANENTFLAGS ( \\* %)] (%)\r\n"
          "* OK [PERMANENTFLAGS (\\Seen % * $Label1)] (*\r\n* OK [PERMANENTFLAGS (a\n"),
        100));
    assert_true(
        look(&g, S("* FLAGS (\\Seen FLAGS)\r\n* 1 FETCH (FLAGS () INTERNALDATE \"1\")\r\n"), 100));
}

static void a_list_in_the_greeting_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "* OK [PERMANENTFLAGS (\\Seen", "* preauth [badcharset\t(a", "*OK [PERMANENTFLAGS("};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct imap_guard g = {0};
        imap_guard_begin(&g, 100, 100);
        g.is_greeting = true;
        assert_false(imap_guard_look(&g, str_from(bad[i])));
        assert_string_equal(g.why, "its greeting holds a list");
        assert_true(look(&g, str_from(bad[i]), 100));
    }
    struct imap_guard g = {0};
    imap_guard_begin(&g, 100, 100);
    g.is_greeting = true;
    assert_true(imap_guard_look(&g, S("* OK [CAPABILITY IMAP4rev1 ID] ready (for all)\r\n")));
}

static void what_nobody_asked_for_is_refused_where_its_parser_would_begin(void **state)
{
    (void)state;
    static const char *const bad[] = {"* 1 FETCH (BODYSTRUCTURE (", "* 1 fetch (uid 3 body(",
        "* 1 FETCH (ENVELOPE  (", " * 1 FETCH (FLAGS () BODY ("};
    struct imap_guard g;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(look(&g, str_from(bad[i]), 100));
        assert_string_equal(g.why, "it tells what nobody asked for");
    }
    assert_true(look(&g, S("* LIST () \"/\" \"Body (old)\"\r\n* 1 FETCH (BODY[] \"\")\r\n"), 100));
}

static void a_goodbye_is_seen_in_any_dress_and_not_inside_a_mail(void **state)
{
    (void)state;
    static const char *const byes[] = {"* BYE\r\n", "* bye later\r\n", " *   \t BYE x\n",
        "*BYE x\r\n", "* OK a\r\n* BYE later\r\n", "* OK {3}\r\n* BYE x\r\n"};
    static const char *const others[] = {"* 1 FETCH (BODY[] {9}\r\n* BYE x\r\n)\r\n",
        "1 OK BYE\r\n", "* OK BYE\r\n", "* BYEBYE\r\n"};
    struct imap_guard g;
    for (size_t i = 0; i < sizeof byes / sizeof byes[0]; i++) {
        assert_false(look(&g, str_from(byes[i]), 100));
        assert_true(g.is_bye);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_true(look(&g, str_from(others[i]), 100));
        assert_false(g.is_bye);
    }
    assert_false(look(&g, S("* BYE Too many connections\r\n"), 100));
    assert_str(str_of(g.bye, g.bye_len), "Too many connections");
}

static void growth_is_noted_between_any_other_lines(void **state)
{
    (void)state;
    struct imap_guard g;
    assert_true(
        look(&g, S("* 1 FETCH (BODY[] {15}\r\n* 77 EXISTS\r\nab)\r\n* 23  exists\r\n"), 100));
    assert_true(g.has_news);
    assert_int_equal(g.exists, 23);
    assert_true(
        look(&g, S("* EXISTS\r\n* -1 EXISTS\r\n* 99999999999 EXISTS\r\n1 OK 5 EXISTS\r\n"), 100));
    assert_false(g.has_news);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ordinary_answers_pass),
        TEST(a_literal_longer_than_asked_for_is_refused_wherever_it_is_announced),
        TEST(literals_together_have_a_limit),
        TEST(nesting_lines_and_length_have_limits),
        TEST(a_flag_that_is_a_string_is_refused),
        TEST(a_list_in_the_greeting_is_refused),
        TEST(what_nobody_asked_for_is_refused_where_its_parser_would_begin),
        TEST(a_goodbye_is_seen_in_any_dress_and_not_inside_a_mail),
        TEST(growth_is_noted_between_any_other_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
