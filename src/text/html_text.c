/* html_text: a walk over the parser's events with one builder. Thread: any; each call has a parser
 * of its own. */
#include "text/html_text.h"

#include <assert.h>
#include <libxml/HTMLparser.h>
#include <string.h>

#include "base/utf8.h"

enum { LINK_MAX = 2048 /* bytes of an address; longer ones are left out */ };

struct walk {
    struct arena *a;
    htmlParserCtxtPtr parser;
    struct sb out;
    ptrdiff_t max;
    bool is_mail;
    int quotes, least_quotes; /* open blockquotes; the least since the last text */
    int lists;
    int64_t numbers[HTML_TEXT_DEPTH + 1]; /* the next item's number in each list; 0 = none */
    bool is_full;
    int depth;
    int hidden;      /* open script, style, head … */
    int pre;         /* open pre */
    int breaks_owed; /* line ends before the next text: 1 line, 2 paragraph */
    bool owes_space;
    bool is_in_link;
    str href;
    ptrdiff_t link_start; /* of its text in out */
};

static bool is_one_of(str name, const char *const *list)
{
    for (; *list != NULL; list++)
        if (str_eq_nocase(name, str_from(*list)))
            return true;
    return false;
}

static int breaks_of(str name)
{
    static const char *const paragraphs[] = {"p", "blockquote", "pre", "ul", "ol", "dl", "table",
        "h1", "h2", "h3", "h4", "h5", "h6", NULL};
    static const char *const lines[] = {
        "div", "li", "dt", "dd", "tr", "section", "article", "header", "footer", "hr", NULL};
    return is_one_of(name, paragraphs) ? 2 : is_one_of(name, lines) ? 1 : 0;
}

static bool is_hidden(str name)
{
    static const char *const names[] = {
        "script", "style", "head", "title", "template", "noscript", "iframe", "object", NULL};
    return is_one_of(name, names);
}

static void put(struct walk *w, str s)
{
    if (w->is_full)
        return;
    str fitting = utf8_prefix_bytes(s, w->max - w->out.len);
    sb_add(&w->out, fitting);
    w->is_full = fitting.len < s.len || w->out.failed;
}

/* The marks of a quoted line. */
static void put_quotes(struct walk *w, int quotes, bool is_empty)
{
    static const char marks[] = ">>>>>>>>>>>>>>>>>>>>";
    static_assert(sizeof marks - 1 == HTML_TEXT_QUOTES, "a mark a level");
    if (quotes > 0)
        put(w, str_of(marks, quotes < HTML_TEXT_QUOTES ? quotes : HTML_TEXT_QUOTES));
    if (quotes > 0 && !is_empty)
        put(w, S(" "));
}

/* Line ends and the space that wait for more text. */
static void put_owed(struct walk *w)
{
    if (w->out.len > 0 && w->breaks_owed > 0) {
        put(w, S("\n"));
        if (w->breaks_owed > 1) {
            put_quotes(w, w->least_quotes, true);
            put(w, S("\n"));
        }
        put_quotes(w, w->quotes, false);
    } else if (w->out.len == 0) {
        put_quotes(w, w->quotes, false);
    } else if (w->owes_space) {
        put(w, S(" "));
    }
    w->least_quotes = w->quotes;
    w->breaks_owed = 0;
    w->owes_space = false;
}

static void owe_breaks(struct walk *w, int n)
{
    if (n > w->breaks_owed)
        w->breaks_owed = n;
}

static bool is_html_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Words without line ends, but in pre. */
static void put_run(struct walk *w, str s)
{
    put_owed(w);
    ptrdiff_t end = 0;
    while (w->quotes > 0 && (end = str_find_byte(s, '\n')) >= 0) {
        put(w, str_sub(s, 0, end + 1));
        put_quotes(w, w->quotes, false);
        s = str_skip(s, end + 1);
    }
    put(w, s);
}

static void put_text(struct walk *w, str s)
{
    for (ptrdiff_t i = 0; i < s.len && !w->is_full;) {
        ptrdiff_t from = i;
        while (i < s.len && (w->pre > 0 || !is_html_space(s.at[i])) && s.at[i] != 0)
            i++;
        if (i > from)
            put_run(w, str_sub(s, from, i - from));
        if (i < s.len) {
            w->owes_space = true;
            i++;
        }
    }
}

static void on_text(void *arg, const xmlChar *at, int len)
{
    struct walk *w = arg;
    if (w->hidden == 0 && len > 0)
        put_text(w, str_of(at, len));
}

static bool is_address(str href)
{
    static const str schemes[] = {S_INIT("http://"), S_INIT("https://"), S_INIT("mailto:")};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (str_eq_nocase(str_sub(href, 0, schemes[i].len), schemes[i]))
            return href.len > schemes[i].len && href.len <= LINK_MAX && !utf8_has_control(href);
    return false;
}

static void open_link(struct walk *w, const xmlChar **attributes)
{
    w->is_in_link = true;
    w->href = S("");
    put_owed(w);
    w->link_start = w->out.len;
    for (int i = 0; attributes != NULL && attributes[i] != NULL; i += 2) {
        str name = str_from((const char *)attributes[i]);
        str value = str_from((const char *)attributes[i + 1]);
        if (str_eq_nocase(name, S("href")) && is_address(str_trim(value)))
            w->href = str_copy(w->a, str_trim(value));
    }
}

/* Whether what is shown is the address, whole or in part: "example.com/very…". */
static bool is_part_of(str shown, str href)
{
    if (str_ends(shown, S("…")))
        shown.len -= 3;
    else if (str_ends(shown, S("...")))
        shown.len -= 3;
    bool has_space = str_find_byte(shown, ' ') >= 0;
    return shown.len > 3 && !has_space && str_find_byte(shown, '.') >= 0 &&
           str_find(href, shown) >= 0;
}

static void close_link(struct walk *w)
{
    w->is_in_link = false;
    str shown = str_trim(str_sub(sb_str(&w->out), w->link_start, w->out.len));
    if (w->href.len == 0 || w->is_full)
        return;
    if (str_starts(shown, S("@")) || str_starts(shown, S("#")))
        return;
    bool is_mail = str_eq_nocase(str_sub(w->href, 0, 7), S("mailto:"));
    str href = is_mail ? str_skip(w->href, 7) : w->href;
    if (shown.len == 0 || is_part_of(shown, href) || str_eq(shown, href)) {
        w->out.len = w->link_start;
        put(w, href);
    } else {
        put(w, S(" ("));
        put(w, href);
        put(w, S(")"));
    }
}

static str attribute(const xmlChar **attributes, const char *name)
{
    for (int i = 0; attributes != NULL && attributes[i] != NULL; i += 2)
        if (str_eq(str_from((const char *)attributes[i]), str_from(name)))
            return str_trim(str_from((const char *)attributes[i + 1]));
    return (str){0};
}

static void start_item(struct walk *w)
{
    put_owed(w);
    int64_t *number = &w->numbers[w->lists];
    for (int i = 1; w->is_mail && i < w->lists; i++)
        put(w, S("  "));
    if (!w->is_mail || *number == 0) {
        put(w, S("- "));
        return;
    }
    char digits[STR_INT_BYTES];
    put(w, str_int_to(digits, (*number)++));
    put(w, S(". "));
}

/* What only mails have; their depth is at most HTML_TEXT_DEPTH, so are their lists. */
static void start_of_mail(struct walk *w, str name, const xmlChar **attributes)
{
    if (str_eq(name, S("blockquote"))) {
        w->quotes++;
    } else if (str_eq(name, S("ol"))) {
        int64_t first = 1;
        (void)str_int(attribute(attributes, "start"), 1, 999999, &first); /* else from 1 */
        w->numbers[++w->lists] = first;
    } else if (str_eq(name, S("ul"))) {
        w->numbers[++w->lists] = 0;
    } else if (str_eq(name, S("hr"))) {
        put_owed(w);
        put(w, S("---"));
    } else if (str_eq(name, S("img"))) {
        str alt = attribute(attributes, "alt");
        if (alt.len > 0) {
            put_text(w, S("["));
            put_text(w, alt);
            put_text(w, S("]"));
        }
    }
}

static void end_of_mail(struct walk *w, str name)
{
    if (str_eq(name, S("blockquote")) && w->quotes > 0) {
        w->quotes--;
        if (w->quotes < w->least_quotes)
            w->least_quotes = w->quotes;
    } else if ((str_eq(name, S("ol")) || str_eq(name, S("ul"))) && w->lists > 0) {
        w->lists--;
    }
}

static void on_start(void *arg, const xmlChar *at, const xmlChar **attributes)
{
    struct walk *w = arg;
    str name = str_from((const char *)at);
    if (++w->depth > HTML_TEXT_DEPTH) {
        /* The parser's own work would grow with the square of the depth. */
        w->is_full = true;
        xmlStopParser(w->parser);
        return;
    }
    w->hidden += is_hidden(name);
    if (w->hidden > 0)
        return;
    if (str_eq_nocase(name, S("br"))) {
        /* Two in a row leave a line empty; more do not leave more. */
        if (w->breaks_owed < 2)
            w->breaks_owed++;
    }
    owe_breaks(w, breaks_of(name));
    w->pre += str_eq_nocase(name, S("pre"));
    if (str_eq_nocase(name, S("li")))
        start_item(w);
    if (w->is_mail)
        start_of_mail(w, name, attributes);
    if (str_eq_nocase(name, S("td")) || str_eq_nocase(name, S("th")))
        w->owes_space = true;
    if (str_eq_nocase(name, S("a")) && !w->is_in_link)
        open_link(w, attributes);
}

static void on_end(void *arg, const xmlChar *at)
{
    struct walk *w = arg;
    str name = str_from((const char *)at);
    w->depth -= w->depth > 0;
    if (is_hidden(name)) {
        w->hidden -= w->hidden > 0;
        return;
    }
    if (w->hidden > 0)
        return;
    if (str_eq_nocase(name, S("a")) && w->is_in_link)
        close_link(w);
    if (w->is_mail)
        end_of_mail(w, name);
    owe_breaks(w, breaks_of(name));
    w->pre -= w->pre > 0 && str_eq_nocase(name, S("pre"));
}

/* The end of the comment or mark at the start of s, which begins with "<!". */
static ptrdiff_t mark_end(str s)
{
    str end = str_starts(s, S("<!--")) ? S("-->") : S(">");
    ptrdiff_t at = str_find(s, end);
    return at >= 0 ? at + end.len : s.len;
}

str html_without_marks(struct arena *a, str html)
{
    if (str_find(html, S("<![")) < 0)
        return html;
    struct sb b = sb_make(a, 0);
    while (html.len > 0) {
        ptrdiff_t at = str_find(html, S("<!"));
        sb_add(&b, str_sub(html, 0, at >= 0 ? at : html.len));
        html = str_skip(html, at >= 0 ? at : html.len);
        ptrdiff_t end = mark_end(html);
        if (!str_starts(html, S("<![")))
            sb_add(&b, str_sub(html, 0, end));
        html = str_skip(html, end);
    }
    return sb_str(&b);
}

static err text_of(struct arena *a, str html, bool is_mail, ptrdiff_t max_bytes, str *text)
{
    if (html.len > HTML_TEXT_IN_BYTES)
        html = utf8_prefix_bytes(html, HTML_TEXT_IN_BYTES);
    html = html_without_marks(a, utf8_repair(a, html)); /* the parser would end at a NUL */
    struct walk w = {
        .a = a, .is_mail = is_mail, .out = sb_make(a, 0), .max = max_bytes > 0 ? max_bytes : 0};
    xmlSAXHandler events = {0};
    events.startElement = on_start;
    events.endElement = on_end;
    events.characters = events.cdataBlock = events.ignorableWhitespace = on_text;
    if (html.len > 0) {
        /* cdataBlock: the insides of script and style, which are hidden. A push parser takes its
         * events from us and builds no tree. */
        htmlParserCtxtPtr parser =
            htmlCreatePushParserCtxt(&events, &w, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
        if (parser == NULL)
            return E_BUSY;
        w.parser = parser;
        (void)htmlCtxtUseOptions(parser,
            HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
                HTML_PARSE_NODEFDTD | HTML_PARSE_IGNORE_ENC); /* unknown options: none */
        /* IGNORE_ENC: these bytes are UTF-8 whatever a <meta charset> says of what they were.
         * Broken HTML is read as far as it goes: the result says nothing more. */
        (void)htmlParseChunk(parser, html.at, (int)html.len, 0);
        (void)htmlParseChunk(parser, "", 0, 1);
        htmlFreeParserCtxt(parser);
    }
    str found = utf8_repair(a, sb_str(&w.out));
    *text = str_trim(utf8_prefix_bytes(found, w.max));
    return OK;
}

err html_text(struct arena *a, str html, ptrdiff_t max_bytes, str *text)
{
    return text_of(a, html, false, max_bytes, text);
}

err html_text_mail(struct arena *a, str html, ptrdiff_t max_bytes, str *text)
{
    return text_of(a, html, true, max_bytes, text);
}
