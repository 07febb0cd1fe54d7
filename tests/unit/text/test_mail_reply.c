/* Unit tests of text/mail_reply: subjects of answers, quotes. */
#include "test.h"

#include "text/html_clean.h"
#include "text/html_text.h"
#include "text/mail_reply.h"

static void an_answer_has_one_re(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } subjects[] = {
        {"Your parcel",                      "Re: Your parcel"     },
        {"Re: Your parcel",                  "Re: Your parcel"     },
        {"RE: re: Re:Your parcel",           "Re: Your parcel"     },
        {"AW: SV: Antw: Re[2]: Your parcel", "Re: Your parcel"     },
        {"Re(3): Re^4: RE*5: Re2 : x",       "Re: x"               },
        {"回复：你好",                  "Re: 你好"          },
        {"答复: 回覆: 你好",           "Re: 你好"          },
        {"返信：お知らせ",            "Re: お知らせ"    },
        {"회신: 안내",                   "Re: 안내"          },
        {"رد: مرحبا",                 "Re: مرحبا"      },
        {"Отв: привет",             "Re: привет"    },
        {"HA: Re: x",                        "Re: HA: Re: x"       }, /* Latin letters: somebody's words */
        {"НА: x",                          "Re: x"               }, /* Outlook in Russian */
        {"ΑΠ: καλημέρα",           "Re: καλημέρα"},
        {"תגובה: שלום",             "Re: שלום"        },
        {"Vá: szia",                        "Re: szia"            },
        {"VÁ: szia",                        "Re: szia"            },
        {"YNT: selam",                       "Re: selam"           },
        {"Odp: cześć",                     "Re: cześć"         },
        {"Fwd: x",                           "Re: Fwd: x"          },
        {"Re: Fwd: x",                       "Re: Fwd: x"          },
        {"Regarding: x",                     "Re: Regarding: x"    },
        {"Order 12: late",                   "Re: Order 12: late"  },
        {": x",                              "Re: : x"             },
        {"Re:",                              "Re:"                 },
        {"",                                 "Re:"                 },
        {"  Re:   x  ",                      "Re: x"               },
    };
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        str out = mail_reply_subject(test_arena(), str_from(subjects[i].in));
        assert_str(out, subjects[i].out);
        assert_str(mail_reply_subject(test_arena(), out), subjects[i].out);
    }
}

static void a_forward_has_one_fwd(void **state)
{
    (void)state;
    assert_str(mail_forward_subject(test_arena(), S("WG: x")), "Fwd: x");
    assert_str(mail_forward_subject(test_arena(), S("Fwd: FW: TR: x")), "Fwd: x");
    assert_str(mail_forward_subject(test_arena(), S("İLT: x")), "Fwd: x");
    assert_str(mail_forward_subject(test_arena(), S("轉寄：x")), "Fwd: x");
    assert_str(mail_forward_subject(test_arena(), S("Re: x")), "Fwd: Re: x");
}

static void the_bare_subject_has_none(void **state)
{
    (void)state;
    assert_str(mail_subject_bare(test_arena(), S("Re: AW: [x] Fwd: y")), "[x] Fwd: y");
    assert_str(mail_subject_bare(test_arena(), S("Re: Fwd: 转发: RE[12]: y")), "y");
    assert_str(mail_subject_bare(test_arena(), S("Re: Fwd:")), "");
}

static err quote_in(struct arena *a, void *arg)
{
    str text, html;
    return mail_quote_of(a, arg, &text, &html);
}

static void a_quote_is_marked_in_both_forms(void **state)
{
    (void)state;
    struct mail_quoted of = {.attribution = S("On 1 January 2026, Asha\r\n wrote:"),
        .text = S("Hello\r\n\n> older\nBye\n\n"),
        .html = S("<p>Hello</p><script>x</script><blockquote>older</blockquote>")};
    str text, html;
    assert_ok(mail_quote_of(test_arena(), &of, &text, &html));
    assert_str(text, "On 1 January 2026, Asha wrote:\n> Hello\n>\n>> older\n> Bye");
    assert_str(html, "<div>On 1 January 2026, Asha wrote:</div><blockquote type=\"cite\">"
                     "<p>Hello</p><blockquote>older</blockquote></blockquote>");
    for_each_allocation_failure(quote_in, &of);
}

static void each_form_is_made_from_the_other(void **state)
{
    (void)state;
    str text, html;
    struct mail_quoted plain = {.attribution = S("A & B:"), .text = S("a <b>\n  c")};
    assert_ok(mail_quote_of(test_arena(), &plain, &text, &html));
    assert_str(html, "<div>A &amp; B:</div><blockquote type=\"cite\"><div>a &lt;b&gt;<br/>"
                     "\u00a0\u00a0c</div></blockquote>");
    struct mail_quoted rich = {.html = S("<p>a</p><ol><li>b</ol>")};
    assert_ok(mail_quote_of(test_arena(), &rich, &text, &html));
    assert_str(text, "> a\n>\n> 1. b");
    struct mail_quoted none = {.attribution = S("A:")};
    assert_ok(mail_quote_of(test_arena(), &none, &text, &html));
    assert_true(text.len == 0 && html.len == 0);
}

static void a_quote_cannot_be_left(void **state)
{
    (void)state;
    str text, html;
    struct mail_quoted of = {.text = S("x"),
        .html = S("</blockquote></body></html><p>outside?</p><img src=http://x/y.png>")};
    assert_ok(mail_quote_of(test_arena(), &of, &text, &html));
    assert_true(str_starts(html, S("<blockquote type=\"cite\">")));
    assert_int_equal(str_find(html, S("</blockquote>")) + 13, html.len);
}

/* Too deep, and just so deep that one level more is too much. */
static void html_that_is_too_deep_is_quoted_as_text(void **state)
{
    (void)state;
    for (int depth = 190; depth < 210; depth++) {
        struct sb b = sb_make(test_arena(), 0);
        for (int i = 0; i < depth; i++)
            sb_add(&b, S("<div>"));
        sb_add(&b, S("x"));
        struct mail_quoted of = {.text = S("the words"), .html = sb_str(&b)};
        str text, html, again, why;
        assert_ok(mail_quote_of(test_arena(), &of, &text, &html));
        assert_true(html.len > 0 && (str_find(html, S("the words")) > 0) == (depth > 197));
        assert_ok(html_clean(test_arena(), html, NULL, 0, &again, &why));
        assert_true(str_eq(html, again));
    }
}

static void long_quotes_are_cut_between_letters(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    for (int i = 0; i < MAIL_QUOTE_BYTES; i++)
        sb_add(&b, S("\u00e9"));
    struct mail_quoted of = {.text = sb_str(&b)};
    str text, html;
    assert_ok(mail_quote_of(test_arena(), &of, &text, &html));
    assert_true(text.len <= MAIL_QUOTE_BYTES + 2 && str_ends(text, S("\u00e9")));
}

/* ── the plain form of formatted mail ── */

static void formatted_mail_has_a_plain_form(void **state)
{
    (void)state;
    static const struct {
        const char *html, *text;
    } mails[] = {
        {"<p>Hi <b>Asha</b></p><p>Bye<br/>Care</p>",                                            "Hi Asha\n\nBye\nCare"},
        {"<ol start=\"3\"><li>a</li><li>b<ul><li>c</li></ul></li></ol>",                        "3. a\n4. b\n\n  - c" },
        {"<p>me</p><blockquote type=\"cite\"><p>you</p><p>more</p></blockquote><p>me</p>",
         "me\n\n> you\n>\n> more\n\nme"                                                                               },
        {"<blockquote>a<blockquote>b</blockquote>c</blockquote>",                               "> a\n>\n>> b\n>\n> c"},
        {"<blockquote>a</blockquote><blockquote>b</blockquote>",                                "> a\n\n> b"          },
        {"<blockquote><pre>a\nb</pre></blockquote>",                                            "> a\n> b"            },
        {"<img src=\"cid:x\" alt=\"our shop\"/> <a href=\"https://a.example/\">here</a><hr/>x",
         "[our shop] here (https://a.example/)\n---\nx"                                                               },
        {"",                                                                                    ""                    },
    };
    for (size_t i = 0; i < sizeof mails / sizeof mails[0]; i++) {
        str text;
        assert_ok(html_text_mail(test_arena(), str_from(mails[i].html), 4096, &text));
        assert_str(text, mails[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_has_one_re),
        TEST(a_forward_has_one_fwd),
        TEST(the_bare_subject_has_none),
        TEST(a_quote_is_marked_in_both_forms),
        TEST(each_form_is_made_from_the_other),
        TEST(a_quote_cannot_be_left),
        TEST(html_that_is_too_deep_is_quoted_as_text),
        TEST(long_quotes_are_cut_between_letters),
        TEST(formatted_mail_has_a_plain_form),
    };
    return cmocka_run_group_tests_name("text_mail_reply", tests, NULL, NULL);
}
