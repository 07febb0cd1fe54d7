/* Unit tests of text/quote, HTML: mails as mail programs write them. */
#include "test.h"

#include "text/html_scan.h"
#include "text/quote.h"

struct row {
    const char *html;
    enum quote_html_kind kind;
    const char *at; /* how the HTML goes on where the fold begins */
    int marks;
};

static int count_marks(str html)
{
    int n = 0;
    for (ptrdiff_t at; (at = str_find(html, S("data-seva-quote="))) >= 0; n++)
        html = str_skip(html, at + 1);
    return n;
}

/* The HTML without our marks is the HTML given. */
static bool is_same_but_marks(str html, str given)
{
    static const str marks[] = {S_INIT("<span data-seva-quote=rest></span>"),
        S_INIT(" data-seva-quote=rest"), S_INIT(" data-seva-quote=element")};
    struct sb b = sb_make(test_arena(), 0);
    for (ptrdiff_t i = 0; i < html.len; i++) {
        bool is_mark = false;
        for (int m = 0; m < 3 && !is_mark; m++) {
            is_mark = str_starts(str_skip(html, i), marks[m]);
            i += is_mark ? marks[m].len - 1 : 0;
        }
        if (!is_mark)
            sb_byte(&b, html.at[i]);
    }
    return str_eq(sb_str(&b), given);
}

static void hold_to(const struct row *rows, size_t n)
{
    bool is_good = true;
    for (size_t i = 0; i < n; i++) {
        struct quote_html q;
        str html = str_from(rows[i].html);
        quote_split_html(test_arena(), html, &q);
        str at = q.at < 0 ? S("") : str_skip(html, q.at);
        bool is_as = q.kind == rows[i].kind && str_starts(at, str_from(rows[i].at)) &&
                     (q.kind == QUOTE_HTML_NONE) == (q.at < 0) &&
                     count_marks(q.html) == rows[i].marks && is_same_but_marks(q.html, html);
        if (!is_as)
            print_error(
                "row %d %s\n: kind %d: %.*s\n", (int)i, rows[i].html, (int)q.kind, SARG(q.html));
        is_good &= is_as;
    }
    assert_true(is_good);
}
#define HOLD(rows) hold_to(rows, sizeof rows / sizeof rows[0])
#define NONE       QUOTE_HTML_NONE
#define ELEMENT    QUOTE_HTML_ELEMENT
#define REST       QUOTE_HTML_REST
#define WROTE                                                                                      \
    "On Thu, Jan 1, 2026 at 10:00 AM Care &lt;<a href=\"mailto:c@example.com\">c@example.com</a>&gt; wrote:"

static void quotes_of_mail_programs_are_found(void **state)
{
    (void)state;
    static const struct row rows[] = {
  /* Gmail, of today and of before. */
        {"<div dir=\"ltr\">Thanks</div><br><div class=\"gmail_quote gmail_quote_container\"><div "
         "dir=\"ltr\" class=\"gmail_attr\">" WROTE "<br></div><blockquote class=\"gmail_quote\" "
         "style=\"x\"><div>q</div></blockquote></div>\n",                                                                ELEMENT, "<div class=\"gmail_quote gmail",  1},
        {"<div dir=ltr>Thanks</div><div class=gmail_extra><br><div class=gmail_quote>" WROTE
         "<br><blockquote class=gmail_quote>q</blockquote></div><br></div>",                                             ELEMENT, "<div class=gmail_quote>",         1},
        {"<DIV>Thanks</DIV><DIV CLASS='gmail_quote'>q</DIV>",                                                                     ELEMENT, "<DIV CLASS",                      1},
        {"<div>See below</div><div class=\"gmail_quote\"><div class=\"gmail_attr\">---------- "
         "Forwarded message ---------<br>From: x</div>q<div>q</div></div>",                                              ELEMENT, "<div class=\"gmail_quote\"",      1},
 /* Apple Mail: the introduction stands before the blockquote, in a block of its own. */
        {"<html><body>Thanks<br><div><br><blockquote type=\"cite\"><div>On 1 Jan 2026, at 10:00, "
         "Care wrote:</div><div>q</div></blockquote></div></body></html>",                                               ELEMENT, "<blockquote type=\"cite\">",      1},
        {"<div>Thanks</div><div>On 1 Jan 2026, at 10:00, Care &lt;c@example.com&gt; "
         "wrote:</div><br><blockquote type=cite>q</blockquote>",                                                         ELEMENT, "<div>On 1 Jan",                   2},
        {"<div>Thanks<br>On 1 Jan 2026, at 10:00, Care wrote:<br></div><blockquote "
         "type=cite>q</blockquote>",                                                                                     ELEMENT, "<blockquote",                     1},
 /* Seva. */
        {"<p>Thanks</p><div>On 2026-01-31 at 09:30 UTC, Asha wrote:</div><blockquote "
         "type=\"cite\">q</blockquote>",                                                                                 ELEMENT, "<div>On 2026",                    2},
        {"<p>Thanks</p><div>Asha wrote:</div><blockquote type=\"cite\">q</blockquote>",                                           ELEMENT,
         "<div>Asha",                                                                                                                                                         2},
        {"<p>ধন্যবাদ</p><div>২ মার্চ, ২০২৬, ৯:০০ AM তারিখে রহিমা লিখেছেন:</div><blockquote "
         "type=\"cite\">q</blockquote>",                                                                                 ELEMENT, "<div>২ মার্চ",        2},
        {"<p>ধন্যবাদ</p><div>রহিমা লিখেছেন:</div><blockquote type=\"cite\">q</blockquote>", ELEMENT,
         "<div>রহিমা",                                                                                                                                              2},
        {"<p>شكرا</p><div>في 02\u200f/03\u200f/2026، 9:00 ص كتب \u2068Asha\u2069:</div><blockquote "
         "type=\"cite\">q</blockquote>",                                                                                 ELEMENT, "<div>في",                       2},
        {"<p>شكرا</p><div>كتب \u2068Asha\u2069:</div><blockquote type=\"cite\">q</blockquote>",
         ELEMENT,                                                                                                                          "<div>كتب",                     2},
 /* Thunderbird. */
        {"<p>Thanks</p><div class=\"moz-cite-prefix\">On 1/1/26 10:00, Care wrote:<br></div>"
         "<blockquote type=\"cite\" cite=\"mid:1@x\"><p>q</p></blockquote><br>",                                         ELEMENT, "<div class=\"moz-cite-prefix\"",  2},
        {"<p>See</p><div class=\"moz-forward-container\"><br>-------- Forwarded Message "
         "--------<table><tr><td>q</td></tr></table></div>",                                                             ELEMENT, "<div class=\"moz-forward",        1},
 /* Outlook on the web and mobile. */
        {"<div>Thanks</div><div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\" "
         "dir=\"ltr\"><b>From:</b> Care</div><div>q</div>",                                                              REST,    "<div id=\"appendonsend\"",        1},
        {"<div>Thanks</div><hr tabindex=-1><div id=divRplyFwdMsg>From</div><div>q</div>",                                         REST,
         "<hr tabindex",                                                                                                                                                      1},
        {"<div>Thanks</div><hr><div>&nbsp;<br></div><div id=\"appendonsend\"></div>q",                                            REST,    "<hr>",
         1                                                                                                                                                                     },
        {"<div>Thanks<hr></div><div><hr><div id=\"x_divRplyFwdMsg\">From</div>q</div>",                                           REST,
         "<hr></div>",                                                                                                                                                        1},
        {"<div>Thanks</div><hr>Asha<div id=divRplyFwdMsg>From</div>q",                                                            REST,    "<div id=divRply",                 1},
        {"<div>Thanks</div><hr><img src=\"https://x.example/a\"><div id=divRplyFwdMsg>q</div>",
         REST,                                                                                                                             "<div id=divRply",                 1},
        {"<div>Thanks</div><hr><div id=Signature>Asha</div><div id=divRplyFwdMsg>q</div>",                                        REST,
         "<div id=divRply",                                                                                                                                                   1},
        {"<hr><div id=divRplyFwdMsg>From</div>q",                                                                                 NONE,    "",                                0},
        {"<div>Thanks</div><div id=\"x_divRplyFwdMsg\">From</div>q",                                                              REST,    "<div id=\"x_div",                 1},
        {"<div>Thanks</div><div id=\"mail-editor-reference-message-container\"><div>q</div></div>",
         ELEMENT,                                                                                                                          "<div id=\"mail-editor",           1},
        {"<div>Thanks</div><div id=\"ms-outlook-mobile-signature\">Get Outlook</div><div "
         "id=\"mail-editor-reference-message-container\">q</div>",                                                       ELEMENT, "<div id=\"mail-editor",           1},
 /* Outlook on a desk. */
        {"<div class=WordSection1><p class=MsoNormal>Thanks<o:p></o:p></p><div><div "
         "style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p "
         "class=MsoNormal><b>From:</b> Care<br><b>Sent:</b> x</p></div></div><p>q</p></div>",                            REST,    "<div style='border:none",         1},
        {"<p>Danke</p><div style=\"border: none; border-top: solid #B5C4DF 1.0pt; padding: 3.0pt "
         "0in\"><p><b>Von:</b> Care</p></div><p>q</p>",                                                                  REST,    "<div style=",                     1},
        {"<p>Look</p><div style='border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0'>a nice box</div>",
         NONE,                                                                                                                             "",                                0},
 /* Outlook for Mac. */
        {"<div>Thanks</div><span id=\"OLK_SRC_BODY_SECTION\"><div>From: Care</div>q</span>",                                      REST,
         "<span id=\"OLK",                                                                                                                                                    1},
        {"<p>Thanks</p><p class=OutlookMessageHeader>From: x</p>q",                                                               REST,    "<p class=Outlook",                1},
 /* Yahoo, Proton, Zoho, Tutanota, QQ and NetEase, Spark, Roundcube. */
        {"<div>Thanks</div><div id=\"ydp1yahoo_quoted_2\" class=\"ydp1 yahoo_quoted\">q</div>",
         ELEMENT,                                                                                                                          "<div id=\"ydp1",                  1},
        {"<div>Thanks</div><div class=\"protonmail_signature_block\">Sent with Proton Mail</div>"
         "<div class=\"protonmail_quote\">On Thursday wrote:<br><blockquote "
         "class=\"protonmail_quote\" type=\"cite\">q</blockquote><br></div>",                                            ELEMENT, "<div class=\"protonmail_quote\"", 1},
        {"<div>Thanks</div><div class=\"zmail_extra\" data-zbluepencil-ignore=\"true\"><div>---- On "
         "x wrote ----</div><blockquote>q</blockquote></div>",                                                           ELEMENT, "<div class=\"zmail_extra\"",      1},
        {"<div>Thanks</div><div class=\"tutanota_quote\">q</div>",                                                                ELEMENT, "<div class=\"tuta",               1},
        {"<div>Thanks</div><blockquote id=\"isReplyContent\">q</blockquote>",                                                     ELEMENT,
         "<blockquote id",                                                                                                                                                    1},
        {"<div>Thanks</div><div class=\"ntes-mailmaster-quote\">q</div>",                                                         ELEMENT, "<div class",                      1},
        {"<div>Thanks</div><div name=\"messageReplySection\">q</div>",                                                            ELEMENT, "<div name",                       1},
        {"<p>Thanks</p><p id=\"reply-intro\">On Thursday Care wrote:</p><blockquote "
         "type=\"cite\">q</blockquote>",                                                                                 ELEMENT, "<p id=\"reply-intro\"",           2},
 /* A blockquote that nothing marks, below "On … wrote:". */
        {"<p>Thanks</p><p>" WROTE "</p><blockquote style=\"x\">q</blockquote>",                                                   ELEMENT,
         "<p>On Thu",                                                                                                                                                         2},
        {"<p>Danke</p><p>Am 01.01.2026 um 10:00 schrieb Care:</p><blockquote>q</blockquote>",
         ELEMENT,                                                                                                                          "<p>Am 01",                        2},
        {"<p>Thanks</p><p>On Thu, Jan 1, 2026 at 10:00 AM Care<br>&lt;c@example.com&gt; "
         "wrote:</p><blockquote>q</blockquote>",                                                                         ELEMENT, "<p>On Thu",                       2},
        {"<p>As the poet wrote:</p><blockquote>to be or not</blockquote><p>Nice</p>",                                             NONE,    "",                                0},
        {"<p>He said:</p><blockquote>to be or not</blockquote><p>Nice</p>",                                                       NONE,    "",                                0},
    };
    HOLD(rows);
}

static void lines_of_text_cut_where_no_element_marks(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"<p>Thanks</p><p>##- Please type your reply above this line -##</p><p>q</p>",    REST,    "##-",
         1                                                                                                                       },
        {"Thanks<br>##- Please type your reply above this line -##<br>q",                 REST,    "##-",                       1},
        {"<p>Thanks</p><p>-----Original Message-----<br>From: x</p><p>q</p>",             REST,    "-----Orig",                 1},
        {"<p>Danke</p><p>&nbsp; -----Urspr\xC3\xBCngliche Nachricht-----</p>q",           REST,    "-----Ur",                   1},
        {"<div>Thanks</div><div class=gmail_quote>##- a reply above this -##<br>q</div>", ELEMENT,
         "<div class",                                                                                                          1},
 /* Introduced by a quote's head: that is folded as well. */
        {"<p>Thanks</p><div class=\"gmail_attr\">On Thursday Care wrote:</div><p>##- reply above "
         "-##</p>q",                                                             REST,    "<div class=\"gmail_attr\"", 1},
    };
    HOLD(rows);
}

static void own_words_are_never_folded(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"",                                                                                           NONE,    "",                        0},
        {"plain",                                                                                      NONE,    "",                        0},
        {"<p>Hello</p>",                                                                               NONE,    "",                        0},
 /* Nothing would be left. */
        {"<div class=gmail_quote>q</div>",                                                             NONE,    "",                        0},
        {"<p>&nbsp; &#8203; &#x200b;</p><div class=gmail_quote>q</div>",                               NONE,    "",                        0},
        {"<div id=appendonsend></div><p>q</p>",                                                        NONE,    "",                        0},
        {"<p>On 1 Jan 2026, at 10:00, Care wrote:</p><blockquote type=cite>q</blockquote>",            NONE,
         "",                                                                                                                               0},
        {"<div class=gmail_signature>Asha</div><div class=gmail_quote>q</div>",                        NONE,    "",                        0},
        {"<style>p{}</style><title>t</title><div class=gmail_quote>q</div>",                           NONE,    "",                        0},
 /* A picture is an answer. */
        {"<div><img src=\"cid:1@x\"></div><div class=gmail_quote>q</div>",                             ELEMENT, "<div class",
         1                                                                                                                                  },
        {"<div><img src=\"https://x.example/track\"></div><div class=gmail_quote>q</div>",             NONE,    "",
         0                                                                                                                                  },
 /* Below the quote. */
        {"<div class=moz-cite-prefix>x wrote:</div><blockquote type=cite>q</blockquote><p>Thanks</p>",
         ELEMENT,                                                                                               "<div class=moz",          2},
        {"<blockquote type=cite>q</blockquote>Thanks",                                                 ELEMENT, "<blockquote",             1},
 /* Between quotes, and on both sides. */
        {"<blockquote type=cite>a</blockquote>yes<blockquote type=cite>b</blockquote>no",              NONE,    "",
         0                                                                                                                                  },
        {"<p>Hi</p><blockquote type=cite>a</blockquote><p>yes</p>",                                    NONE,    "",                        0},
        {"<p>Hi</p><blockquote type=cite>a</blockquote><p>yes</p><blockquote "
         "type=cite>b</blockquote>",                                                          ELEMENT, "<blockquote type=cite>b", 1},
 /* Inside of Gmail's element. */
        {"<div>Hi</div><div class=gmail_quote><div class=gmail_attr>x</div><blockquote "
         "class=gmail_quote>a</blockquote><div>my answer</div><blockquote "
         "class=gmail_quote>b</blockquote></div>",                                            NONE,    "",                        0},
        {"<div>Hi</div><div class=gmail_quote><blockquote>a</blockquote>&nbsp;<br></div>",             ELEMENT,
         "<div class",                                                                                                                     1},
 /* Signatures do not count as words below. */
        {"<p>Hi</p><blockquote type=cite>a</blockquote><div class=moz-signature>Asha</div>",
         ELEMENT,                                                                                               "<blockquote",             1},
 /* A word that only looks like a mark. */
        {"<p>Hi</p><div class=\"not_gmail_quote gmail_quotes\">text</div>",                            NONE,    "",                        0},
        {"<p>Hi</p><q type=cite>text</q>",                                                             NONE,    "",                        0},
        {"<p title='class=gmail_quote'>Hi</p><p>there</p>",                                            NONE,    "",                        0},
        {"<p>Hi</p><!-- <div class=gmail_quote> --><p>there</p>",                                      NONE,    "",                        0},
        {"<p>Hi</p><script>'<div class=gmail_quote>'</script><p>there</p>",                            NONE,    "",                        0},
        {"<body class=gmail_quote><p>Hi</p></body>",                                                   NONE,    "",                        0},
    };
    HOLD(rows);
}

static void broken_html_is_cut_as_far_as_it_is_understood(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"<p>Hi<div class=gmail_quote>q",                             ELEMENT, "<div class",   1},
        {"<p>Hi</p><div class=gmail_quote",                           NONE,    "",             0},
        {"<p>Hi</p><div class=\"gmail_quote>q</div>",                 NONE,    "",             0},
        {"<p>Hi</p></div></div><div class=gmail_quote>q</div></div>", ELEMENT, "<div class=g", 1},
        {"<p>Hi</p><div/class=gmail_quote>q</div>",                   ELEMENT, "<div/class",   1},
        {"<p>Hi</p><div class = 'gmail_quote' >q</div>",              ELEMENT, "<div class =", 1},
        {"<p>1 < 2 <3 </p><div class=gmail_quote>q</div>",            ELEMENT, "<div class",   1},
        {"<p>Hi</p><!--><div class=gmail_quote>q</div>",              ELEMENT, "<div class",   1},
        {"<p>Hi</p><!-- never closed <div class=gmail_quote>q</div>", NONE,    "",             0},
        {"<p a=b\"c>Hi</p><div class=gmail_quote>q</div>",            ELEMENT, "<div class",   1},
        {"\xFF\xFE<p>Hi\xC3</p><div class=gmail_quote>q</div>",       ELEMENT, "<div class",   1},
        {"<p>Hi</p><br class=gmail_quote><p>there</p>",               NONE,    "",             0},
    };
    HOLD(rows);
}

static void more_quotes_than_marks_are_folded_as_the_rest(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"<p>Hi</p><blockquote type=cite>a</blockquote><blockquote type=cite>b</blockquote>"
         "<blockquote type=cite>c</blockquote>", REST, "<blockquote type=cite>a", 1},
        {"<blockquote type=cite>a</blockquote><blockquote type=cite>b</blockquote><blockquote "
         "type=cite>c</blockquote>Hi",           NONE, "",                        0},
    };
    HOLD(rows);
}

static void marks_that_the_mail_brings_are_without_effect(void **state)
{
    (void)state;
    struct quote_html q;
    quote_split_html(
        test_arena(), S("<p data-seva-quote=rest>Hi</p><b DATA-SEVA-QUOTE=element>x</b>"), &q);
    assert_str(q.html, "<p data-seva-quot_=rest>Hi</p><b DATA-SEVA-QUOT_=element>x</b>");
    assert_int_equal(q.kind, NONE);
    quote_split_html(test_arena(),
        S("<p data-seva-quote=rest>Hi</p><div class=gmail_quote data-seva-quote=x>q</div>"), &q);
    assert_str(q.html, "<p data-seva-quot_=rest>Hi</p><div data-seva-quote=element "
                       "class=gmail_quote data-seva-quot_=x>q</div>");
}

static void a_tag_and_its_attributes_are_found(void **state)
{
    (void)state;
    struct html_scan scan = {.html = S("a<B x='1>2' y=\"3\" z=4 w>b</B>")};
    struct html_token t;
    assert_true(html_scan_next(&scan, &t) && t.kind == HTML_TEXT);
    assert_true(html_scan_next(&scan, &t) && t.kind == HTML_START);
    assert_str(t.name, "B");
    assert_str(html_scan_attribute(t.attributes, "x"), "1>2");
    assert_str(html_scan_attribute(t.attributes, "y"), "3");
    assert_str(html_scan_attribute(t.attributes, "z"), "4");
    assert_str(html_scan_attribute(t.attributes, "w"), "");
    assert_str(html_scan_attribute(t.attributes, "v"), "");
    assert_true(html_scan_next(&scan, &t) && t.kind == HTML_TEXT);
    assert_true(html_scan_next(&scan, &t) && t.kind == HTML_END);
    assert_false(html_scan_next(&scan, &t));
}

static void split_long(void *arg, ptrdiff_t n)
{
    struct arena a = arena_make(0);
    struct sb b = sb_make(&a, 0);
    struct quote_html q;
    sb_add(&b, S("<p>Hi</p>"));
    for (ptrdiff_t i = 0; i < n; i++)
        sb_add(&b, str_from(arg));
    quote_split_html(&a, sb_str(&b), &q);
    arena_free(&a);
}

static void long_mails_take_time_in_proportion(void **state)
{
    (void)state;
    char nested[] = "<div><blockquote type=cite>", open[] = "<!-- <p \"";
    char wrote[] = "On 1/1/2026 at 10:00 we wrote:<br><blockquote>";
    char attributes[] = " a=b class=x", raw[] = "<script></scrip";
    test_slope(split_long, nested, 100);
    test_slope(split_long, open, 200);
    test_slope(split_long, wrote, 60);
    test_slope(split_long, attributes, 200);
    test_slope(split_long, raw, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(quotes_of_mail_programs_are_found),
        TEST(lines_of_text_cut_where_no_element_marks),
        TEST(own_words_are_never_folded),
        TEST(broken_html_is_cut_as_far_as_it_is_understood),
        TEST(more_quotes_than_marks_are_folded_as_the_rest),
        TEST(marks_that_the_mail_brings_are_without_effect),
        TEST(a_tag_and_its_attributes_are_found),
        TEST(long_mails_take_time_in_proportion),
    };
    return cmocka_run_group_tests_name("text_quote_html", tests, NULL, NULL);
}
