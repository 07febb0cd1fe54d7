/* Unit tests of text/html_text: what networks send as HTML, as a person would read it. */
#include "test.h"

#include "base/utf8.h"
#include "text/html_text.h"

static str plain(const char *html)
{
    str text;
    assert_ok(html_text(test_arena(), str_from(html), 4096, &text));
    return text;
}

static void a_status_keeps_its_lines_and_paragraphs(void **state)
{
    (void)state;
    assert_str(plain("<p>Hello<br />there</p><p>Bye</p>"), "Hello\nthere\n\nBye");
    assert_str(plain("a<br><br><br>b"), "a\n\nb");
    assert_str(plain("<ul><li>one</li><li>two</li></ul>end"), "- one\n- two\n\nend");
    assert_str(plain("<p>  a \n\t b&nbsp;c </p>"), "a b\u00a0"
                                                   "c");
}

static void mentions_and_tags_stay_as_written(void **state)
{
    (void)state;
    assert_str(plain("<p><span class=\"h-card\"><a href=\"https://care.example/@seva\">@<span>seva"
                     "</span></a></span> order late <a href=\"https://x.example/tags/help\" "
                     "class=\"mention hashtag\" rel=\"tag\">#<span>help</span></a></p>"),
        "@seva order late #help");
}

static void a_shortened_address_becomes_the_whole_one(void **state)
{
    (void)state;
    assert_str(plain("<p>see <a href=\"https://example.com/very/long/path\"><span "
                     "class=\"invisible\">https://</span><span "
                     "class=\"ellipsis\">example.com/very</span><span "
                     "class=\"invisible\">/long/path</span></a>!</p>"),
        "see https://example.com/very/long/path!");
    assert_str(
        plain("<a href=\"https://example.com/a/b\">example.com/a…</a>"), "https://example.com/a/b");
    assert_str(
        plain("<a href=\"https://example.com/a?b=1&amp;c=2\">https://example.com/a?b...</a>"),
        "https://example.com/a?b=1&c=2");
}

static void other_links_are_followed_by_their_address(void **state)
{
    (void)state;
    assert_str(
        plain("at <a href=\"https://www.youtube.com/watch?v=x&amp;t=62\">1:02</a> it breaks"),
        "at 1:02 (https://www.youtube.com/watch?v=x&t=62) it breaks");
    assert_str(
        plain("<a href='mailto:a@example.com'>a@example.com</a> <a href='mailto:b@x.org'>us</a>"),
        "a@example.com us (b@x.org)");
}

static void addresses_that_run_something_are_dropped(void **state)
{
    (void)state;
    assert_str(
        plain("<a href=\"javascript:alert(1)\">x</a><a href='data:text/html,x'>y</a><a href>z</a>"),
        "xyz");
    assert_str(plain("<a href=\" JaVaScRiPt:alert(1)\">x</a>"), "x");
}

static void what_nobody_sees_is_dropped(void **state)
{
    (void)state;
    assert_str(
        plain("a<script>alert('<p>')</script><style>p{}</style><!-- c --><img src=x onerror=y>b"),
        "ab");
    assert_str(plain("<html><head><title>t</title></head><body>b</body></html>"), "b");
}

static void entities_become_their_characters(void **state)
{
    (void)state;
    assert_str(plain("&lt;b&gt; &amp;amp; &quot;x&quot; &#39;y&#39; &#x1F600; &eacute; &unknown;"),
        "<b> &amp; \"x\" 'y' 😀 é &unknown;");
}

static void the_charset_that_a_page_names_is_not_applied_again(void **state)
{
    (void)state;
    assert_str(plain("<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; "
                     "charset=windows-1252\"></head><body><p>h\u00e9llo আ</p></body></html>"),
        "h\u00e9llo আ");
    assert_str(plain("<meta charset=\"iso-8859-1\"><p>আ</p>"), "আ");
}

static void broken_html_is_read_as_far_as_it_goes(void **state)
{
    (void)state;
    assert_str(plain("<p>a<b>c</p>d"), "a"
                                       "c\n\nd");
    assert_str(plain("no tags at all"), "no tags at all");
    assert_str(plain(""), "");
    assert_str(plain("a <"), "a");
    str text;
    assert_ok(html_text(test_arena(), str_of("a\0b\xff", 4), 100, &text));
    assert_str(text, "a\ufffd"
                     "b\ufffd");
}

static void the_result_is_bounded_and_whole_letters(void **state)
{
    (void)state;
    str text;
    assert_ok(html_text(test_arena(), S("<p>日本語</p>"), 7, &text));
    assert_str(text, "日本");
    assert_ok(html_text(test_arena(), S("<p>abc</p>"), 0, &text));
    assert_str(text, "");
    struct sb b = sb_make(test_arena(), 0);
    for (int i = 0; i < 100000; i++)
        sb_add(&b, S("<div>"));
    sb_add(&b, S("deep"));
    assert_ok(html_text(test_arena(), sb_str(&b), 100, &text));
    assert_true(text.len == 0 && utf8_valid(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_status_keeps_its_lines_and_paragraphs),
        TEST(mentions_and_tags_stay_as_written),
        TEST(a_shortened_address_becomes_the_whole_one),
        TEST(other_links_are_followed_by_their_address),
        TEST(addresses_that_run_something_are_dropped),
        TEST(what_nobody_sees_is_dropped),
        TEST(entities_become_their_characters),
        TEST(the_charset_that_a_page_names_is_not_applied_again),
        TEST(broken_html_is_read_as_far_as_it_goes),
        TEST(the_result_is_bounded_and_whole_letters),
    };
    return cmocka_run_group_tests_name("text_html_text", tests, NULL, NULL);
}
