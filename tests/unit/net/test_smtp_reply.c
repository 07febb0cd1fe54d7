/* One answer of an SMTP server from its lines, and a mail's form on the line. */
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "net/smtp_reply.h"
#include "test.h"

/* Lines parted by LF. */
static enum smtp_reply_step read_all(const char *lines, struct smtp_reply *reply)
{
    struct smtp_reply_reader r = {.a = test_arena()};
    enum smtp_reply_step step = SMTP_REPLY_MORE;
    str line, rest = str_from(lines);
    while (step == SMTP_REPLY_MORE && rest.len > 0) {
        (void)str_cut(rest, '\n', &line, &rest);
        step = smtp_reply_line(&r, line);
    }
    *reply = r.reply;
    return step;
}

static void an_answer_is_code_enhanced_code_and_words(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        int code;
        const char *enhanced, *text;
    } cases[] = {
        {"250 ok",                                  250, "",        "ok"                         },
        {"250",                                     250, "",        ""                           },
        {"250 ",                                    250, "",        ""                           },
        {"250-2.1.5 a\n250 2.1.5 b",                250, "2.1.5",   "a\nb"                       },
        {"250-mx.example.com\n250-DSN\n250 SIZE 5", 250, "",        "mx.example.com\nDSN\nSIZE 5"},
        {"550 5.7.123 no",                          550, "5.7.123", "no"                         },
        {"550 5.1.1",                               550, "5.1.1",   ""                           },
        {"550-line one\n550 5.1.1 two",             550, "5.1.1",   "line one\ntwo"              },
        {"550 4.1.1 other class",                   550, "",        "4.1.1 other class"          },
        {"550 5.1.1. dot",                          550, "",        "5.1.1. dot"                 },
        {"550 5.1 short",                           550, "",        "5.1 short"                  },
        {"550 5.1234.1 long",                       550, "",        "5.1234.1 long"              },
        {"550 15.1.1 class",                        550, "",        "15.1.1 class"               },
        {"451-first\n450 last code counts",         450, "",        "first\nlast code counts"    },
        {"250 tab\tand\x01 control\x7F",            250, "",        "tab and  control"           },
        {"550 \xFF\xC3\xA9",                        550, "",        "\xEF\xBF\xBD\xC3\xA9"       },
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        struct smtp_reply r;
        assert_int_equal(read_all(cases[i].lines, &r), SMTP_REPLY_WHOLE);
        assert_int_equal(r.code, cases[i].code);
        assert_str(r.enhanced, cases[i].enhanced);
        assert_str(r.text, cases[i].text);
    }
}

static void what_is_no_answer_is_broken(void **state)
{
    (void)state;
    static const char *const cases[] = {"25", "25x ok", "150 ok", "650 ok", "250ok", "250_ok",
        " 250 ok", "ok", "250-a\n350 b", "550-a\n250 b", "250-a\n\n"};
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        struct smtp_reply r;
        if (read_all(cases[i], &r) != SMTP_REPLY_BROKEN)
            fail_msg("\"%s\" was taken for an answer", cases[i]);
    }
}

static void an_answer_without_end_is_cut_off(void **state)
{
    (void)state;
    struct smtp_reply_reader r = {.a = test_arena()};
    char line[LIMIT_SMTP_LINE_BYTES + 1];
    memset(line, 'a', sizeof line);
    memcpy(line, "250-", 4);
    for (int i = 0; i < LIMIT_SMTP_LINES; i++)
        assert_int_equal(smtp_reply_line(&r, str_of(line, LIMIT_SMTP_LINE_BYTES)), SMTP_REPLY_MORE);
    assert_int_equal(smtp_reply_line(&r, S("250 end")), SMTP_REPLY_BROKEN);
    assert_true(r.text.len <= LIMIT_SMTP_REPLY_BYTES);
    r = (struct smtp_reply_reader){.a = test_arena()};
    assert_int_equal(
        smtp_reply_line(&r, str_of(line, LIMIT_SMTP_LINE_BYTES + 1)), SMTP_REPLY_BROKEN);
}

static void a_nul_in_an_answer_is_no_end(void **state)
{
    (void)state;
    struct smtp_reply_reader r = {.a = test_arena()};
    assert_int_equal(smtp_reply_line(&r, S("550 a\0b")), SMTP_REPLY_WHOLE);
    assert_str(r.reply.text, "a\xEF\xBF\xBD"
                             "b");
}

static void words_are_one_short_line(void **state)
{
    (void)state;
    struct smtp_reply r;
    assert_int_equal(read_all("550-one\n550-\n550 two", &r), SMTP_REPLY_WHOLE);
    assert_str(smtp_reply_words(test_arena(), &r), "one  two");
    char line[2000] = "550 ";
    for (int i = 4; i + 2 < 2000; i += 2)
        memcpy(line + i, "\xC3\xA9", 2);
    assert_int_equal(read_all(line, &r), SMTP_REPLY_WHOLE);
    str words = smtp_reply_words(test_arena(), &r);
    assert_true(words.len > 390 && words.len <= 400);
    assert_true(utf8_valid(words));
}

static str stuffed(const char *text, ptrdiff_t piece)
{
    struct smtp_stuff s = {0};
    struct sb b = sb_make(test_arena(), 0);
    char to[1000];
    for (str rest = str_from(text); rest.len > 0; rest = str_skip(rest, piece))
        sb_add(&b, str_of(to, smtp_stuff(&s, str_sub(rest, 0, piece), to)));
    return sb_str(&b);
}

static void a_mail_is_the_same_however_it_is_cut(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"a\r\nb\r\n",     "a\r\nb\r\n"             },
        {"a\nb\n",         "a\r\nb\r\n"             },
        {"a\rb\r",         "a\r\nb\r\n"             },
        {"\n\r\n\r\r\n\n", "\r\n\r\n\r\n\r\n\r\n"   },
        {".",              ".."                     },
        {".\r\n..\r\n.a",  "..\r\n...\r\n..a"       },
        {"a.\r\nb.c\r\n",  "a.\r\nb.c\r\n"          },
        {"a\n.\nb\r.\rc",  "a\r\n..\r\nb\r\n..\r\nc"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++)
        for (ptrdiff_t piece = 1; piece < 12; piece++)
            assert_str(stuffed(cases[i].text, piece), cases[i].line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_is_code_enhanced_code_and_words),
        TEST(what_is_no_answer_is_broken),
        TEST(an_answer_without_end_is_cut_off),
        TEST(a_nul_in_an_answer_is_no_end),
        TEST(words_are_one_short_line),
        TEST(a_mail_is_the_same_however_it_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
