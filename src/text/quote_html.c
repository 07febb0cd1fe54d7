/* quote_html: HTML. The tokens of the mail pass by once; what is open is known by counting tags of
 * one name, no tree is built. See quote.h. What decides:
 *   marks of mail programs (table below): an element that holds the quote, or one behind which
 *     everything is quoted
 *   the last lines before a quote, when they are "On … wrote:" outside of any mark
 *   our own line, and "-----Original Message-----", where they stand as a line of their own
 * A rule (<hr>) right above Outlook's block is part of the quote.
 * Text in signatures is nobody's words: it neither keeps a quote visible nor lets it be folded. */
#include <string.h>

#include "base/utf8.h"
#include "text/html_scan.h"
#include "text/quote_inner.h"

enum { LINES = 3, FOUND_MARKS = 2, ENTITY_BYTES = 10, CLASS_WORDS = 20 };

enum mark { NO_MARK, HOLDS, WROTE, REST, SIGNATURE, OUTLOOK /* if "From:" comes next */ };

static const struct {
    const char *attribute, *value; /* a word of class, or the whole id, type or name */
    enum mark mark;
} marks[] = {
    {"class", "gmail_quote",                             HOLDS    },
    {"class", "yahoo_quoted",                            HOLDS    },
    {"class", "protonmail_quote",                        HOLDS    },
    {"class", "tutanota_quote",                          HOLDS    },
    {"class", "zmail_extra",                             HOLDS    },
    {"class", "moz-forward-container",                   HOLDS    },
    {"class", "ntes-mailmaster-quote",                   HOLDS    },
    {"class", "ms-outlook-mobile-reference-message",     HOLDS    },
    {"id",    "mail-editor-reference-message-container", HOLDS    },
    {"id",    "ms-outlook-mobile-reference-message",     HOLDS    },
    {"id",    "isReplyContent",                          HOLDS    },
    {"id",    "yahoo_quoted",                            HOLDS    },
    {"name",  "messageReplySection",                     HOLDS    },
    {"type",  "cite",                                    HOLDS    },
    {"class", "gmail_attr",                              WROTE    },
    {"class", "moz-cite-prefix",                         WROTE    },
    {"id",    "reply-intro",                             WROTE    },
    {"id",    "divRplyFwdMsg",                           REST     },
    {"id",    "appendonsend",                            REST     },
    {"id",    "OLK_SRC_BODY_SECTION",                    REST     },
    {"class", "OutlookMessageHeader",                    REST     },
    {"class", "gmail_signature",                         SIGNATURE},
    {"class", "moz-signature",                           SIGNATURE},
    {"class", "protonmail_signature_block",              SIGNATURE},
    {"id",    "Signature",                               SIGNATURE},
    {"id",    "ms-outlook-mobile-signature",             SIGNATURE},
};

/* A line of the writer's words, decoded; only its first QUOTE_WROTE_BYTES. */
struct line {
    char text[QUOTE_WROTE_BYTES + 1];
    ptrdiff_t len, start; /* start: place of its first character in the HTML */
    int block;
    bool is_first; /* of its block */
    bool is_long;
};

struct open {
    str name;
    int depth; /* tags of that name inside each other; 0 = nothing is open */
};

struct walk {
    struct arena *a;
    struct html_scan scan;
    struct line lines[LINES]; /* the one being read first, then those before it */
    int n_lines;              /* whole lines kept behind the first */
    int block;                /* number of the block that began last */
    ptrdiff_t block_start;    /* of its tag; -1 = none */
    str block_name;
    bool block_is_open, block_has_text;
    bool outlook_waits;
    ptrdiff_t outlook_start;
    ptrdiff_t rule_start; /* of a rule behind which nothing was seen yet; -1 = none */

    struct open quote, signature, wrote;
    int cites;     /* blockquotes open inside a quote */
    bool had_cite; /* one of them has closed */

    /* Groups of quotes with the writer's words between. */
    int own_before;   /* lines or pictures before the first group */
    int own_since;    /* … since the last quote */
    bool has_group;   /* the marks below are of the last group */
    bool has_earlier; /* there was a group before it, with words between */
    bool is_mixed;    /* the writer's words stand inside of the last group */
    ptrdiff_t found[FOUND_MARKS];
    int n_found, elements; /* elements: of the group, in all */
    ptrdiff_t rest;        /* -1, or from where on everything is quoted */
    bool rest_is_text;     /* no tag stands there */
};

static bool is_one_of(str name, const char *const *list)
{
    for (; *list != NULL; list++)
        if (str_eq_nocase(name, str_from(*list)))
            return true;
    return false;
}

static bool is_block(str name)
{
    static const char *const names[] = {"div", "p", "blockquote", "table", "tr", "td", "ul", "ol",
        "li", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "section", "article", "header", "footer",
        "pre", "center", "body", "form", NULL};
    return is_one_of(name, names);
}

/* Outlook writes its classes and ids with x_ before them when it quotes them. */
static str bare(str word)
{
    while (str_starts(word, S("x_")))
        word = str_skip(word, 2);
    return word;
}

static bool has_word(str list, str word)
{
    str one, rest = list;
    for (int i = 0; i < CLASS_WORDS && rest.len > 0; i++) {
        (void)str_cut(str_trim(rest), ' ', &one, &rest);
        if (str_eq_nocase(bare(one), word))
            return true;
    }
    return false;
}

/* "border:none; border-top:solid #E1E1E1 1.0pt; padding:3.0pt 0cm 0cm 0cm": above Outlook's block.
 */
static bool is_outlook_line(str style)
{
    char flat[200];
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < style.len && n < (ptrdiff_t)sizeof flat; i++) {
        char c = style.at[i];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            flat[n++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    str s = str_of(flat, n);
    return str_find(s, S("border-top:solid")) >= 0 &&
           (str_find(s, S("padding:3.0pt")) >= 0 || str_find(s, S("padding:3pt")) >= 0);
}

static enum mark mark_of(const struct html_token *t)
{
    if (t->attributes.len < 4 || str_eq_nocase(t->name, S("body")))
        return NO_MARK;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        str value = html_scan_attribute(t->attributes, marks[i].attribute), is;
        is = str_from(marks[i].value);
        bool is_class = strcmp(marks[i].attribute, "class") == 0;
        bool holds = is_class ? has_word(value, is) : str_eq_nocase(bare(value), is);
        /* type=cite is a blockquote's. */
        if (holds &&
            (strcmp(marks[i].attribute, "type") != 0 || str_eq_nocase(t->name, S("blockquote"))))
            return marks[i].mark;
    }
    bool is_div = str_eq_nocase(t->name, S("div"));
    return is_div && is_outlook_line(html_scan_attribute(t->attributes, "style")) ? OUTLOOK
                                                                                  : NO_MARK;
}

/* The character of an entity at `at`, its length in *len; 0 = none that matters here. */
static uint32_t entity_at(str s, ptrdiff_t at, ptrdiff_t *len)
{
    static const struct {
        str name;
        uint32_t c;
    } known[] = {
        {S_INIT("lt"),   '<'},
        {S_INIT("gt"),   '>'},
        {S_INIT("amp"),  '&'},
        {S_INIT("quot"), '"'},
        {S_INIT("nbsp"), ' '},
        {S_INIT("zwnj"), ' '},
        {S_INIT("shy"),  ' '}
    };
    str head = str_sub(s, at + 1, ENTITY_BYTES);
    ptrdiff_t end = str_find_byte(head, ';');
    if (end < 1)
        return 0;
    head.len = end;
    *len = end + 2;
    if (head.at[0] != '#') {
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (str_eq(head, known[i].name))
                return known[i].c;
        return 0;
    }
    bool is_hex = end > 1 && (head.at[1] == 'x' || head.at[1] == 'X');
    uint32_t c = 0;
    for (ptrdiff_t i = is_hex ? 2 : 1; i < end; i++) {
        int digit = str_hex_digit(head.at[i]);
        if (digit < 0 || (!is_hex && digit > 9) || c > 0xFFFF)
            return 0;
        c = c * (is_hex ? 16 : 10) + (uint32_t)digit;
    }
    return c;
}

static bool is_unseen(uint32_t c)
{
    return c <= ' ' || c == 0xA0 || c == 0xAD || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2069) || c == 0xFEFF ||
           c == 0x34F;
}

static void add_character(struct line *l, uint32_t c, str written, ptrdiff_t at)
{
    bool is_space = is_unseen(c);
    if (l->len == 0 && is_space)
        return;
    if (l->len == 0)
        l->start = at;
    /* A named or numeric character that is not ASCII decides nothing. */
    str put = is_space ? S(" ") : written.at[0] == '&' && c > 0 ? S("") : written;
    char ascii = (char)c;
    if (!is_space && written.at[0] == '&' && c > 0 && c < 0x80)
        put = str_of(&ascii, 1);
    if (is_space && l->text[l->len - 1] == ' ')
        return;
    if (l->len + put.len > QUOTE_WROTE_BYTES) {
        l->is_long = true;
        return;
    }
    memcpy(l->text + l->len, put.at, (size_t)put.len);
    l->len += put.len;
}

/* Text of the writer's: into the line that is being read. */
static void add_text(struct walk *w, str s, ptrdiff_t place)
{
    struct line *l = &w->lines[0];
    for (ptrdiff_t i = 0; i < s.len;) {
        uint32_t c = 0;
        ptrdiff_t n = 0;
        if (s.at[i] == '&')
            c = entity_at(s, i, &n);
        if (n == 0) {
            n = utf8_decode(s, i, &c);
            c = n < 0 ? 0xFFFD : c;
            n = n < 0 ? -n : n;
        }
        add_character(l, c, str_sub(s, i, n), place + i);
        i += n;
    }
}

static bool has_text(str s)
{
    for (ptrdiff_t i = 0; i < s.len;) {
        uint32_t c = 0;
        ptrdiff_t n = 0;
        if (s.at[i] == '&')
            c = entity_at(s, i, &n);
        if (n == 0) {
            n = utf8_decode(s, i, &c);
            c = n < 0 ? 0xFFFD : c;
            n = n < 0 ? -n : n;
        }
        if (!is_unseen(c))
            return true;
        i += n;
    }
    return false;
}

static str line_str(const struct line *l)
{
    return str_of(l->text, l->len);
}

static void set_rest(struct walk *w, ptrdiff_t at, bool is_text)
{
    /* Quotes right above it are part of it. */
    bool continues = w->has_group && w->own_since == 0 && !w->is_mixed && w->n_found > 0;
    w->rest = continues ? w->found[0] : at;
    w->rest_is_text = continues ? false : is_text;
}

/* The writer said something: the next quote begins another group. */
static void count_own(struct walk *w)
{
    w->rule_start = -1;
    if (w->has_group)
        w->own_since++;
    else
        w->own_before++;
}

/* The line being read is at its end. */
static void end_line(struct walk *w)
{
    struct line *l = &w->lines[0];
    if (l->len == 0)
        return;
    if (w->outlook_waits) {
        w->outlook_waits = false;
        if (quote_label_of(line_str(l)) == QUOTE_FROM) {
            set_rest(w, w->outlook_start, false);
            return;
        }
    }
    if (!l->is_long && (quote_is_our_line(line_str(l)) || quote_is_separator(line_str(l)))) {
        set_rest(w, l->start, true);
        return;
    }
    l->block = w->block;
    l->is_first = !w->block_has_text;
    w->block_has_text = true;
    count_own(w);
    memmove(&w->lines[1], &w->lines[0], sizeof w->lines[0] * (LINES - 1));
    w->n_lines += w->n_lines < LINES - 1;
    w->lines[0].len = 0;
    w->lines[0].is_long = false;
}

static void forget_lines(struct walk *w)
{
    w->n_lines = 0;
    w->lines[0].len = 0;
    w->lines[0].is_long = false;
}

/* How many of the lines just passed are an "On … wrote:"; 0 = none. is_marked: what comes next is a
 * quote for sure. */
static int wrote_lines(struct walk *w, bool is_marked)
{
    char joined[LINES * (QUOTE_WROTE_BYTES + 1)];
    for (int n = 1; n <= w->n_lines; n++) {
        ptrdiff_t len = 0;
        for (int i = n; i >= 1; i--) {
            const struct line *l = &w->lines[i];
            if (l->is_long)
                return 0;
            memcpy(joined + len, l->text, (size_t)l->len);
            len += l->len;
            joined[len++] = ' ';
        }
        if (!quote_is_wrote(str_of(joined, len), is_marked))
            continue;
        /* A wrapped beginning above. */
        for (int above = n + 1; above <= w->n_lines; above++)
            if (!w->lines[above].is_long && quote_is_wrote_begin(line_str(&w->lines[above])))
                n = above;
        return n;
    }
    return 0;
}

static void add_element(struct walk *w, ptrdiff_t start)
{
    if (!w->has_group || w->own_since > 0) {
        w->has_earlier |= w->has_group;
        w->has_group = true;
        w->n_found = w->elements = 0;
        w->is_mixed = false;
    }
    w->own_since = 0;
    w->rule_start = -1;
    w->elements++;
    if (w->n_found < FOUND_MARKS)
        w->found[w->n_found++] = start;
}

/* A quote begins at `start`. Lines before it that introduce it are no words of the writer's; their
 * block is folded too when it holds nothing else. */
static void begin_group(struct walk *w, ptrdiff_t start)
{
    int n = wrote_lines(w, true);
    if (n > 0) {
        int *own = w->has_group ? &w->own_since : &w->own_before;
        const struct line *first = &w->lines[n];
        bool is_whole = first->is_first && first->block == w->lines[1].block &&
                        w->lines[1].block == w->block && !w->block_is_open && w->block_start >= 0;
        *own -= *own < n ? *own : n;
        if (is_whole)
            add_element(w, w->block_start);
    }
    forget_lines(w);
    add_element(w, start);
}

static void open_element(struct open *o, str name)
{
    *o = (struct open){name, 1};
}

/* Counts a tag of the open element's name. True: it has closed. */
static bool follow(struct open *o, const struct html_token *t)
{
    if (o->depth == 0 || !str_eq_nocase(o->name, t->name))
        return false;
    o->depth += t->kind == HTML_START ? 1 : -1;
    return o->depth == 0;
}

static void begin_block(struct walk *w, const struct html_token *t)
{
    w->block++;
    w->block_start = t->start;
    w->block_name = t->name;
    w->block_is_open = true;
    w->block_has_text = false;
}

static bool is_own_picture(const struct html_token *t)
{
    str src = str_trim(html_scan_attribute(t->attributes, "src"));
    return str_eq_nocase(t->name, S("img")) && (str_eq_nocase(str_sub(src, 0, 4), S("cid:")) ||
                                                   str_eq_nocase(str_sub(src, 0, 5), S("data:")));
}

static bool is_empty_element(str name)
{
    static const char *const names[] = {
        "br", "hr", "img", "input", "meta", "link", "area", "base", "col", "wbr", NULL};
    return is_one_of(name, names);
}

/* What is seen, but is no text, between a rule and what comes below it. */
static void note_rule(struct walk *w, const struct html_token *t, enum mark mark)
{
    if (str_eq_nocase(t->name, S("img")) || mark == SIGNATURE)
        w->rule_start = -1;
    else if (str_eq_nocase(t->name, S("hr")) && mark == NO_MARK && w->rule_start < 0)
        w->rule_start = t->start;
}

/* A tag while nothing is open. */
static void on_start(struct walk *w, const struct html_token *t)
{
    bool ends_line = is_block(t->name) || str_eq_nocase(t->name, S("br"));
    if (ends_line)
        end_line(w);
    if (w->rest >= 0)
        return;
    if (is_own_picture(t))
        count_own(w);
    enum mark mark = mark_of(t);
    note_rule(w, t, mark);
    /* A blockquote without any mark is a quote only below "On … wrote:". */
    if (mark == NO_MARK && str_eq_nocase(t->name, S("blockquote")) && wrote_lines(w, false) > 0)
        mark = HOLDS;
    if (mark == REST) {
        end_line(w);
        if (w->rest < 0)
            set_rest(w, w->rule_start < 0 ? t->start : w->rule_start, false);
        return;
    }
    if (mark == OUTLOOK) {
        w->outlook_waits = true;
        w->outlook_start = t->start;
    }
    if (mark == HOLDS || mark == WROTE || mark == SIGNATURE)
        end_line(w);
    if (w->rest >= 0 || is_empty_element(t->name))
        return;
    if (mark == HOLDS) {
        begin_group(w, t->start);
        open_element(&w->quote, t->name);
        w->cites = 0;
        w->had_cite = false;
    } else if (mark == WROTE) {
        forget_lines(w);
        add_element(w, t->start);
        open_element(&w->wrote, t->name);
    } else if (mark == SIGNATURE) {
        open_element(&w->signature, t->name);
    } else if (is_block(t->name)) {
        begin_block(w, t);
    }
}

static void on_end(struct walk *w, const struct html_token *t)
{
    if (!is_block(t->name))
        return;
    end_line(w);
    if (str_eq_nocase(t->name, w->block_name))
        w->block_is_open = false;
}

/* Inside a quote: the writer's words may stand between and below the blockquotes in it. */
static void in_quote(struct walk *w, const struct html_token *t)
{
    bool is_cite = str_eq_nocase(t->name, S("blockquote"));
    if (t->kind == HTML_TEXT) {
        if (w->had_cite && w->cites == 0 &&
            has_text(str_sub(w->scan.html, t->start, t->end - t->start)))
            w->is_mixed = true;
        return;
    }
    if (t->kind != HTML_START && t->kind != HTML_END)
        return;
    if (follow(&w->quote, t)) {
        forget_lines(w);
        w->block++;
        w->block_start = -1;
        return;
    }
    if (is_cite && t->kind == HTML_START && w->cites < QUOTE_HTML_DEPTH)
        w->cites++;
    if (is_cite && t->kind == HTML_END && w->cites > 0 && --w->cites == 0)
        w->had_cite = true;
}

static void take(struct walk *w, const struct html_token *t)
{
    if (w->quote.depth > 0) {
        in_quote(w, t);
        return;
    }
    bool is_tag = t->kind == HTML_START || t->kind == HTML_END;
    struct open *silent = w->wrote.depth > 0 ? &w->wrote : &w->signature;
    if (silent->depth > 0) {
        if (is_tag)
            (void)follow(silent, t); /* the next token is looked at again */
        return;
    }
    if (t->kind == HTML_TEXT)
        add_text(w, str_sub(w->scan.html, t->start, t->end - t->start), t->start);
    else if (t->kind == HTML_START)
        on_start(w, t);
    else if (t->kind == HTML_END)
        on_end(w, t);
}

/* What a mail brings under our attribute's name loses it. */
static str without_ours(struct arena *a, str html)
{
    static const str ours = S_INIT("data-seva-quote");
    char *to = NULL;
    for (ptrdiff_t at = 0; at < html.len; at++) {
        ptrdiff_t dash = str_find_byte(str_skip(html, at), '-');
        if (dash < 0)
            break;
        at += dash;
        ptrdiff_t from = at - 4; /* of "data" */
        if (from < 0 || !str_eq_nocase(str_sub(html, from, ours.len), ours))
            continue;
        if (to == NULL) {
            to = arena_alloc(a, html.len + 1, 1);
            memcpy(to, html.at, (size_t)html.len);
        }
        to[from + ours.len - 1] = '_';
    }
    return to == NULL ? html : str_of(to, html.len);
}

static void decide(const struct walk *w, struct quote_html *out)
{
    if (w->rest >= 0) {
        /* Own words above, between earlier quotes, or behind them. */
        if (w->own_before > 0 || w->has_earlier || w->own_since > 0)
            *out = (struct quote_html){QUOTE_HTML_REST, out->html, w->rest};
        return;
    }
    if (!w->has_group || w->is_mixed)
        return;
    bool is_before = w->own_before > 0 || w->has_earlier, is_after = w->own_since > 0;
    if (is_before == is_after)
        return;
    bool is_many = w->elements > w->n_found;
    if (is_many && is_after)
        return;
    *out =
        (struct quote_html){is_many ? QUOTE_HTML_REST : QUOTE_HTML_ELEMENT, out->html, w->found[0]};
}

static void mark_tag(struct sb *b, str html, ptrdiff_t *done, ptrdiff_t start, str attribute)
{
    ptrdiff_t at = start + 1;
    while (at < html.len && str_find_byte(S(" \t\n\r\f/>"), html.at[at]) < 0)
        at++;
    sb_add(b, str_sub(html, *done, at - *done));
    sb_add(b, attribute);
    *done = at;
}

static void put_marks(const struct walk *w, struct quote_html *out)
{
    struct sb b = sb_make(w->a, 0);
    ptrdiff_t done = 0;
    str html = w->scan.html;
    bool is_text = out->kind == QUOTE_HTML_REST && w->rest >= 0 && w->rest_is_text;
    if (is_text) {
        sb_add(&b, str_sub(html, 0, out->at));
        sb_add(&b, S("<span data-seva-quote=rest></span>"));
        done = out->at;
    } else if (out->kind == QUOTE_HTML_REST) {
        mark_tag(&b, html, &done, out->at, S(" data-seva-quote=rest"));
    } else {
        for (int i = 0; i < w->n_found; i++)
            mark_tag(&b, html, &done, w->found[i], S(" data-seva-quote=element"));
    }
    sb_add(&b, str_skip(html, done));
    out->html = sb_str(&b);
}

void quote_split_html(struct arena *a, str html, struct quote_html *out)
{
    html = without_ours(a, html);
    struct walk *w = NEW(a, struct walk, 1);
    w->a = a;
    w->scan.html = html;
    w->rest = w->block_start = w->rule_start = -1;
    struct html_token token;
    while (w->rest < 0 && w->scan.at < QUOTE_IN_BYTES && html_scan_next(&w->scan, &token))
        take(w, &token);
    if (w->rest < 0)
        end_line(w);
    *out = (struct quote_html){.kind = QUOTE_HTML_NONE, .html = html, .at = -1};
    decide(w, out);
    if (out->kind != QUOTE_HTML_NONE)
        put_marks(w, out);
}
