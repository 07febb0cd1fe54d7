/* Unit tests of text/html_clean: what agents write comes through, what runs or fetches does not. */
#include "test.h"

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "html_walk.h"
#include "text/html_clean.h"
#include "text/html_text.h"

static const str pictures[] = {S_INIT("known@care.example"), S_INIT("p2")};
enum { PICTURES = 2 };

static str clean_in(struct arena *a, str html)
{
    str out = {0}, why = {0};
    assert_ok(html_clean(a, html, pictures, PICTURES, &out, &why));
    return out;
}

static str clean(str html)
{
    return clean_in(test_arena(), html);
}

static str cleaned(const char *html)
{
    return clean(str_from(html));
}

static void what_agents_write_comes_through(void **state)
{
    (void)state;
    static const char *const same[] = {
        "<p>Hello <b>Asha</b>,</p><p>your <i>parcel</i> is on its way.<br/>Bye</p>",
        "<h1>a</h1><h2>b</h2><h3>c</h3><h4>d</h4><hr/><pre>  x\n  y</pre>",
        "<ul><li>one</li><li>two<ol start=\"3\"><li>three</li></ol></li></ul>",
        "<blockquote type=\"cite\"><p>quoted</p></blockquote>",
        "<a href=\"https://shop.example/a?b=1&amp;c=2\">here</a>",
        "<a href=\"mailto:a@b.example\">mail</a> <a href=\"tel:+8801\">call</a>",
        "<img src=\"cid:known@care.example\" alt=\"a &quot;b&quot;\" width=\"10\" height=\"20\"/>",
        "<p dir=\"rtl\" lang=\"ar\">\u0645\u0631\u062d\u0628\u0627</p>",
        "<div style=\"color: #0a0b0c; direction: rtl; text-align: center\">x</div>",
        "<span style=\"color: #ff0000\">red</span> <code>x</code><sub>1</sub><sup>2</sup>",
        "<table border=\"1\"><thead><tr><th>a</th></tr></thead></table>",
        "<table><tbody><tr><td colspan=\"2\">b</td></tr></tbody></table>",
        "plain words &amp; &lt;signs&gt; \u00a0\u2603",
        "",
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_str(cleaned(same[i]), same[i]);
}

static const struct {
    const char *in, *out;
} cases[] = {
    {"<strike>a</strike><ins>b</ins><tt>c</tt>",                                  "<s>a</s><u>b</u><code>c</code>"                 },
    {"<h6>a</h6>",                                                                "<h4>a</h4>"                                     },
    {"<font color=#f00>a</font>",                                                 "<span style=\"color: #ff0000\">a</span>"        },
    {"<span style=\"color: rgb(1, 20, 255)\">a</span>",                           "<span style=\"color: #0114ff\">a</span>"        },
    {"<span class=x>a</span>",                                                    "a"                                              },
    {"<section><center>a</center></section>",                                     "<div><div>a</div></div>"                        },
    {"<p>a<p>b",                                                                  "<p>a</p><p>b</p>"                               },
    {"a \n\t <b> b </b> c",                                                       "a <b>b</b> c"                                   },
    {"<b></b><i> </i>x<a href='http://a.example'></a>",                           "x"                                              },
    {"<b><b>a</b></b>",                                                           "<b>a</b>"                                       },
    {"<a href='http://a.example'><div>a</div></a>",
     "<div><a href=\"http://a.example\">a</a></div>"                                                                               },
    {"<a href='http://a.example/ \"<>'>a</a>",                                    "<a href=\"http://a.example/%20%22%3C%3E\">a</a>"},
    {"<ul>a<li>b</ul>",                                                           "<ul><li>a</li><li>b</li></ul>"                  },
    {"<ul><ul><li>a</ul></ul>",                                                   "<ul><li><ul><li>a</li></ul></li></ul>"          },
    {"<li>a</li>",                                                                "<div>a</div>"                                   },
    {"<table>a<tr>b<td>c</table>",
     "<table><tr><td>a</td></tr><tr><td>b</td><td>c</td></tr></table>"                                                             },
    {"<tr><td>a</td></tr>",                                                       "<div><div>a</div></div>"                        },
    {"<h1>a<div>b</div>c</h1>",                                                   "<h1>a</h1><div>b</div>c"                        },
    {"<img src=http://a.example/x.png alt='a chart'>",                            "a chart"                                        },
    {"<form><input value=x>a</form>",                                             "<div>a</div>"                                   },
    {"<html><head><title>t</title><style>x</style></head><body>a</body></html>b", "ab"                                             },
    {"a</body></html>b",                                                          "ab"                                             },
    {"<!--[if mso]>x<![endif]-->a<![if !mso]>b<![endif]>",                        "ab"                                             },
    {"<o:p>a</o:p><unknown>b</unknown>",                                          "ab"                                             },
    {"a\x01"
     "b\x7f\xef\xbf\xbf"
     "c",                                                                    "abc"                                            },
    {"&nbsp;&eacute;&#x1F600;&unknown;",                                          "\u00a0\u00e9\U0001F600&amp;unknown;"            },
};

static void the_rest_becomes_what_is_near_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_str(cleaned(cases[i].in), cases[i].out);
}

static void bytes_that_are_no_text_do_no_harm(void **state)
{
    (void)state;
    assert_str(clean(str_of("a\0<b\0>b\xff", 8)), "a\ufffd<b>b\ufffd</b>");
}

/* ── hostile input ── */

static const struct json *hostile(void)
{
    const struct json *root = NULL;
    str text = {0}, why = {0};
    assert_ok(file_read(test_arena(), str_from(HOSTILE_FILE), 1 << 20, &text));
    assert_ok(json_parse(test_arena(), text, &root, &why));
    assert_true(root->count >= 150);
    return root;
}

/* One element of a tree that a second parser made of the result. */
static void check_node(const xmlNode *node, str in)
{
    static const char *const elements[] = {"html", "body", "p", "div", "h1", "h2", "h3", "h4",
        "pre", "hr", "br", "ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tfoot", "tr",
        "th", "td", "b", "i", "u", "s", "em", "strong", "code", "small", "sub", "sup", "span", "a",
        "img", NULL};
    static const char *const attributes[] = {"href", "src", "alt", "width", "height", "dir", "lang",
        "style", "start", "type", "border", "colspan", "rowspan", NULL};
    if (node->type == XML_TEXT_NODE || node->type == XML_HTML_DOCUMENT_NODE ||
        node->type == XML_DTD_NODE)
        return;
    if (node->type != XML_ELEMENT_NODE)
        fail_msg("node of type %d in: %.*s", node->type, SARG(in));
    bool is_known = false;
    for (int i = 0; elements[i] != NULL; i++)
        is_known = is_known || strcmp((const char *)node->name, elements[i]) == 0;
    if (!is_known)
        fail_msg("element %s in: %.*s", (const char *)node->name, SARG(in));
    for (const xmlAttr *at = node->properties; at != NULL; at = at->next) {
        bool is_allowed = false;
        for (int i = 0; attributes[i] != NULL; i++)
            is_allowed = is_allowed || strcmp((const char *)at->name, attributes[i]) == 0;
        str value = at->children != NULL ? str_from((const char *)at->children->content) : S("");
        bool is_address = strcmp((const char *)at->name, "href") == 0;
        if (!is_allowed || (is_address && !walk_href(value)) || str_find(value, S("url(")) == 0)
            fail_msg("attribute %s in: %.*s", (const char *)at->name, SARG(in));
    }
}

static void check_tree(xmlDoc *doc, str in)
{
    const xmlNode *node = (const xmlNode *)doc;
    int depth = 0;
    while (node != NULL) {
        check_node(node, in);
        const xmlNode *next = node->type == XML_DTD_NODE ? NULL : node->children;
        depth += next != NULL;
        while (next == NULL && node != NULL && depth > 0) {
            next = node->next;
            if (next == NULL) {
                node = node->parent;
                depth--;
            }
        }
        node = next;
    }
    xmlFreeDoc(doc);
}

static void check_inert(str in)
{
    struct arena a = arena_make(0); /* thousands of them are more than one arena holds */
    str out = clean_in(&a, in);
    const char *why = html_walk(out, pictures, PICTURES);
    if (why != NULL)
        fail_msg("%s\nin:  %.*s\nout: %.*s", why, SARG(in), SARG(out));
    if (!str_eq(clean_in(&a, out), out))
        fail_msg("changes again\nin:  %.*s\nout: %.*s", SARG(in), SARG(out));
    int quiet = HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET;
    if (out.len > 0)
        check_tree(htmlReadMemory(out.at, (int)out.len, NULL, "UTF-8", quiet), in);
    str xml = str_print(&a, "<x>%.*s</x>", SARG(out));
    xmlDoc *doc =
        xmlReadMemory(xml.at, (int)xml.len, NULL, "UTF-8", XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (doc == NULL)
        fail_msg("not well formed: %.*s", SARG(out));
    xmlFreeDoc(doc);
    arena_free(&a);
}

static void hostile_input_comes_out_inert(void **state)
{
    (void)state;
    for (const struct json *one = hostile()->first; one != NULL; one = one->next)
        check_inert(json_text(one, S("")));
}

/* Inside other elements, unclosed, twice, cut anywhere. */
static void hostile_input_is_inert_in_any_surroundings(void **state)
{
    (void)state;
    static const char *const around[][2] = {
        {"<table><tr>",          "</table>"},
        {"<a href='http://x/'>", ""        },
        {"<svg>",                "</svg>"  },
        {"<p title=\"",          "\">x</p>"},
        {"<!--",                 "-->"     },
        {"<ul><p>",              "<li>x"   },
        {"<style>",              "</style>"},
        {"<pre>",                ""        }
    };
    for (const struct json *one = hostile()->first; one != NULL; one = one->next) {
        str in = json_text(one, S(""));
        for (size_t i = 0; i < sizeof around / sizeof around[0]; i++)
            check_inert(str_print(
                test_arena(), "%s%.*s%s%.*s", around[i][0], SARG(in), around[i][1], SARG(in)));
        check_inert(utf8_prefix_bytes(in, in.len / 2));
        check_inert(utf8_repair(test_arena(), str_skip(in, in.len / 2)));
    }
}

/* Pieces of the table above and of the hostile ones in random order, by a fixed stream. */
static void random_soup_is_inert_and_settles(void **state)
{
    (void)state;
    static const char *const pieces[] = {"<p>", "</p>", "<b>", "</b>", "<i>", "</i>", "<div>",
        "</div>", "<ul>", "<li>", "</ul>", "<table>", "<tr>", "<td>", "</table>", "</td>", "<pre>",
        "</pre>", "<a href=http://x/>", "</a>", "<br>", "<hr>", " ", "\n", "x", "&amp;", "<", ">",
        "\"", "<span style=color:#fff>", "</span>", "<h1>", "</h1>", "<blockquote>",
        "</blockquote>", "<script>", "</script>", "<svg>", "</svg>", "<!--", "-->", "<style>",
        "</style>", "</body>", "</html>", "<head>", "<title>", "</title>", "<img src=cid:p2>",
        "<tbody>", "</tr>", "<th>", "<ol>", "</ol>", "</li>", "<![", "]>", "<font color=#abc>",
        "</font>", "<center>", "<dl>", "<dt>", "<caption>", "<form>", "<select>", "<p dir=rtl>",
        "\x01", "\xef\xbf\xbe"};
    uint64_t seed = 1;
    for (int round = 0; round < 3000; round++) {
        struct sb b = sb_make(test_arena(), 0);
        for (int i = 0; i < 3 + round % 40; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            sb_add(&b, str_from(pieces[(seed >> 33) % (sizeof pieces / sizeof pieces[0])]));
        }
        check_inert(sb_str(&b));
    }
}

/* ── limits ── */

static void too_deep_and_too_long_are_said(void **state)
{
    (void)state;
    str out = {0}, why = {0};
    struct sb b = sb_make(test_arena(), 0);
    for (int i = 0; i < 250; i++)
        sb_add(&b, S("<div>"));
    assert_err(html_clean(test_arena(), sb_str(&b), NULL, 0, &out, &why), E_LIMIT);
    assert_true(why.len > 0 && out.at == NULL);
    char *many = arena_alloc(test_arena(), HTML_CLEAN_BYTES + 1, 1);
    memset(many, 'x', HTML_CLEAN_BYTES + 1);
    assert_err(
        html_clean(test_arena(), str_of(many, HTML_CLEAN_BYTES + 1), NULL, 0, &out, &why), E_LIMIT);
    memset(many, '"', HTML_CLEAN_BYTES); /* six times as long when escaped */
    assert_err(
        html_clean(test_arena(), str_of(many, HTML_CLEAN_BYTES), NULL, 0, &out, &why), E_LIMIT);
}

static void a_link_around_many_blocks_ends_at_the_limit(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S("<span><a href=\"http://x.example/"));
    for (int i = 0; i < 1900; i++)
        sb_byte(&b, 'a');
    sb_add(&b, S("\">"));
    for (int i = 0; i < 50000; i++)
        sb_add(&b, S("<h1>x</h1>"));
    str out = {0}, why = {0};
    assert_err(html_clean(test_arena(), sb_str(&b), NULL, 0, &out, &why), E_LIMIT);
}

struct shape {
    const char *piece;
    str made;
};

static void clean_shape(void *arg, ptrdiff_t n)
{
    const struct shape *shape = arg;
    struct arena a = arena_make(0);
    str out, why;
    (void)html_clean(&a, str_sub(shape->made, 0, n), NULL, 0, &out, &why); /* time is what counts */
    arena_free(&a);
}

static void cleaning_is_linear(void **state)
{
    (void)state;
    static const char *const pieces[] = {"<p>a <b>b</b></p>", "<", "<a href=\"", "<!--", "&",
        "</p>", "<td>", "<i><p>x</i>", "<b>x", "<img alt=x>", "<![", "<p a=b ", "<!-- x"};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct shape shape = {.piece = pieces[i]};
        struct sb b = sb_make(test_arena(), 0);
        while (b.len < 2000 * TEST_SLOPE_GROWTH)
            sb_add(&b, str_from(pieces[i]));
        shape.made = sb_str(&b);
        test_slope(clean_shape, &shape, 2000);
    }
}

static err clean_step(struct arena *a, void *arg)
{
    str out, why;
    (void)arg;
    return html_clean(a,
        S("<p>a <b>b</b><img src=cid:p2><a href=http://x.example/>c</a><table>d</table>"), pictures,
        PICTURES, &out, &why);
}

static void memory_that_ends_is_survived(void **state)
{
    (void)state;
    for_each_allocation_failure(clean_step, NULL);
}

/* ── text ── */

static void text_becomes_html_that_looks_like_it(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } texts[] = {
        {"a <b> & \"c\"",                     "<div>a &lt;b&gt; &amp; &quot;c&quot;</div>"},
        {"a\nb\r\n\nc",                       "<div>a<br/>b<br/><br/>c</div>"             },
        {"a  b",                              "<div>a\u00a0\u00a0b</div>"                 },
        {"a \x01\rb\x0c\t\nc \xef\xbf\xbf d", "<div>a<br/>b<br/>c\u00a0\u00a0d</div>"     },
        {"x\n  y \n",                         "<div>x<br/>\u00a0\u00a0y</div>"            },
        {"",                                  ""                                          },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        str html = html_clean_of_text(test_arena(), str_from(texts[i].in));
        assert_str(html, texts[i].out);
        assert_true(str_eq(clean(html), html));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_agents_write_comes_through),
        TEST(the_rest_becomes_what_is_near_it),
        TEST(bytes_that_are_no_text_do_no_harm),
        TEST(hostile_input_comes_out_inert),
        TEST(hostile_input_is_inert_in_any_surroundings),
        TEST(random_soup_is_inert_and_settles),
        TEST(too_deep_and_too_long_are_said),
        TEST(a_link_around_many_blocks_ends_at_the_limit),
        TEST(cleaning_is_linear),
        TEST(memory_that_ends_is_survived),
        TEST(text_becomes_html_that_looks_like_it),
    };
    return cmocka_run_group_tests_name("text_html_clean", tests, NULL, NULL);
}
