/* html_clean: the walk: which element may stand where. See html_clean.h for what comes out.
 *
 * Three stacks. The parser's open elements, each with what it opened here; the blocks that are
 * written; the inline elements that wait or are written. Inline elements are written when words
 * come, inside the innermost block, and closed before any block begins or ends; so they never hold
 * a block and never stand empty. A block where it may not be gets what is missing around it (a list
 * an li, a table its row and cell), which nobody opened and whoever does not fit in closes; p, h1
 * and pre end where a block begins inside them.
 *
 * The parser's reading of the result must be the result: it is read once more, and again if it
 * changed; what does not settle becomes plain text. Thread: any; each call has a parser of its own.
 */
#include "text/html_clean_inner.h"

#include <libxml/HTMLparser.h>

#include "base/utf8.h"
#include "text/html_text.h"

enum {
    PASSES = 4,
    IMPLIED = 2, /* blocks that one element can have around it at most */
    BLOCKS = HTML_CLEAN_DEPTH * (IMPLIED + 1), /* all of them open at once */
};

struct block {
    const struct html_element *element;
    bool is_implied; /* nobody opened it */
    bool is_closed;  /* ended early: it is still open in the input */
};

enum opened { OPENED_NOTHING, OPENED_HIDDEN, OPENED_BLOCK, OPENED_INLINE };

struct walk {
    struct arena *a;
    const struct html_pictures *pictures;
    struct sb out;
    htmlParserCtxtPtr parser;
    bool is_too_deep;
    bool owes_space;                           /* white space was read after the last words */
    bool is_line_start;                        /* white space says nothing here */
    int hidden;                                /* open elements of which nothing stays */
    int depth, n_blocks, n_inlines, n_written; /* n_written: of the inlines, the first so many */
    struct {
        enum opened opened;
        int block; /* its place in blocks */
    } open[HTML_CLEAN_DEPTH];
    struct block blocks[BLOCKS];
    struct {
        str name;
        struct sb tag;
    } inlines[HTML_CLEAN_INLINES];
    struct sb tag; /* of the block or void element at hand */
};

/* The innermost block that is written; NULL = none. */
static struct block *inner_block(struct walk *w)
{
    for (int i = w->n_blocks - 1; i >= 0; i--)
        if (!w->blocks[i].is_closed)
            return &w->blocks[i];
    return NULL;
}

static enum html_kind inner_kind(struct walk *w)
{
    const struct block *block = inner_block(w);
    return block != NULL ? block->element->kind : HTML_FLOW;
}

static void put_end(struct walk *w, str name)
{
    sb_add(&w->out, S("</"));
    sb_add(&w->out, name);
    sb_byte(&w->out, '>');
}

static void close_inlines(struct walk *w, int keep)
{
    for (; w->n_written > keep; w->n_written--)
        put_end(w, w->inlines[w->n_written - 1].name);
}

/* Between blocks white space says nothing. */
static void end_line(struct walk *w)
{
    close_inlines(w, 0);
    w->owes_space = false;
    w->is_line_start = true;
}

static void close_block(struct walk *w, struct block *block)
{
    if (block->is_closed)
        return;
    end_line(w);
    put_end(w, str_from(block->element->as));
    block->is_closed = true;
}

static void close_blocks(struct walk *w, int keep)
{
    for (; w->n_blocks > keep; w->n_blocks--)
        close_block(w, &w->blocks[w->n_blocks - 1]);
}

static void open_block(struct walk *w, const struct html_element *element, str tag, bool is_implied)
{
    if (w->n_blocks == BLOCKS) { /* more than the depth allows: cannot be */
        w->is_too_deep = true;
        return;
    }
    end_line(w);
    sb_add(&w->out, tag);
    w->blocks[w->n_blocks++] = (struct block){.element = element, .is_implied = is_implied};
}

static void open_implied(struct walk *w, const char *name, str tag)
{
    open_block(w, html_element_of(str_from(name)), tag, true);
}

/* Implied blocks that end where a `kind` begins: an implied cell before a row, and so on. */
static void close_implied(struct walk *w, enum html_kind kind)
{
    while (w->n_blocks > 0 && w->blocks[w->n_blocks - 1].is_implied) {
        enum html_kind top = w->blocks[w->n_blocks - 1].element->kind;
        bool ends =
            (top == HTML_ITEM && kind == HTML_ITEM) ||
            (top == HTML_CELL && (kind == HTML_CELL || kind == HTML_ROW || kind == HTML_GROUP)) ||
            (top == HTML_ROW && (kind == HTML_ROW || kind == HTML_GROUP));
        if (!ends)
            break;
        close_blocks(w, w->n_blocks - 1);
    }
}

/* Makes a place for a block of this kind, or for words (HTML_NOTHING). */
static void make_place(struct walk *w, enum html_kind kind)
{
    for (int i = 0; i <= IMPLIED + 1; i++) {
        struct block *block = inner_block(w);
        enum html_kind inner = block != NULL ? block->element->kind : HTML_FLOW;
        bool is_words = inner == HTML_WORDS || inner == HTML_PRE;
        if (block != NULL && is_words && kind != HTML_NOTHING)
            close_block(w, block);
        else if (inner == HTML_LIST && kind != HTML_ITEM)
            open_implied(w, "li", S("<li>"));
        else if ((inner == HTML_TABLE && kind != HTML_GROUP && kind != HTML_ROW) ||
                 (inner == HTML_GROUP && kind != HTML_ROW))
            open_implied(w, "tr", S("<tr>"));
        else if (inner == HTML_ROW && kind != HTML_CELL)
            open_implied(w, "td", S("<td>"));
        else
            return;
    }
}

/* What is written for an element where it stands: items and parts of tables outside of theirs are
 * ordinary blocks. */
static const struct html_element *placed(struct walk *w, const struct html_element *element)
{
    enum html_kind inner = inner_kind(w), kind = element->kind;
    bool is_in_table = inner == HTML_TABLE || inner == HTML_GROUP || inner == HTML_ROW;
    bool is_at_home = (kind == HTML_ITEM && inner == HTML_LIST) ||
                      (kind == HTML_GROUP && inner == HTML_TABLE) ||
                      (kind == HTML_ROW && (inner == HTML_TABLE || inner == HTML_GROUP)) ||
                      (kind == HTML_CELL && is_in_table);
    bool needs_home =
        kind == HTML_ITEM || kind == HTML_GROUP || kind == HTML_ROW || kind == HTML_CELL;
    return needs_home && !is_at_home ? html_element_of(S("div")) : element;
}

static void start_block(
    struct walk *w, const struct html_element *element, const xmlChar **attributes)
{
    close_implied(w, element->kind);
    element = placed(w, element);
    make_place(w, element->kind);
    w->open[w->depth - 1].opened = OPENED_BLOCK;
    w->open[w->depth - 1].block = w->n_blocks;
    (void)html_tag(&w->tag, element, attributes, w->pictures); /* no block asks for an attribute */
    open_block(w, element, sb_str(&w->tag), false);
}

/* ── words ── */

/* A place for words, the space owed before them, and the inline elements around them. */
static void begin_words(struct walk *w)
{
    make_place(w, HTML_NOTHING);
    if (w->owes_space && !w->is_line_start)
        sb_byte(&w->out, ' ');
    w->owes_space = w->is_line_start = false;
    for (; w->n_written < w->n_inlines; w->n_written++)
        sb_add(&w->out, sb_str(&w->inlines[w->n_written].tag));
}

static bool is_html_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void put_kept(struct walk *w, str s)
{
    begin_words(w);
    html_escape(&w->out, s);
}

static void put_words(struct walk *w, str s)
{
    if (inner_kind(w) == HTML_PRE) {
        put_kept(w, s);
        return;
    }
    for (ptrdiff_t i = 0; i < s.len;) {
        ptrdiff_t from = i;
        while (i < s.len && !is_html_space(s.at[i]))
            i++;
        if (i > from)
            put_kept(w, str_sub(s, from, i - from));
        for (; i < s.len && is_html_space(s.at[i]); i++)
            w->owes_space = true;
    }
}

static void put_void(struct walk *w, const struct html_element *element, str tag)
{
    if (element->kind == HTML_RULE) {
        make_place(w, HTML_FLOW);
        end_line(w);
        sb_add(&w->out, tag);
        return;
    }
    if (element->kind == HTML_BREAK)
        w->owes_space = false;
    begin_words(w);
    sb_add(&w->out, tag);
    w->is_line_start = element->kind == HTML_BREAK;
}

static void start_inline(
    struct walk *w, const struct html_element *element, const xmlChar **attributes)
{
    str name = str_from(element->as);
    if (w->n_inlines == HTML_CLEAN_INLINES)
        return;
    struct sb *tag = &w->inlines[w->n_inlines].tag;
    bool is_new = html_tag(tag, element, attributes, w->pictures);
    /* A link holds no link; bold in bold says nothing. */
    for (int i = 0; i < w->n_inlines && is_new; i++)
        is_new = !str_eq(sb_str(&w->inlines[i].tag), sb_str(tag)) &&
                 !(str_eq(name, S("a")) && str_eq(w->inlines[i].name, name));
    if (!is_new)
        return;
    w->inlines[w->n_inlines].name = name;
    w->n_inlines++;
    w->open[w->depth - 1].opened = OPENED_INLINE;
}

/* ── events ── */

static void on_text(void *arg, const xmlChar *at, int len)
{
    struct walk *w = arg;
    if (w->hidden == 0 && len > 0)
        put_words(w, str_of(at, len));
}

static void on_start(void *arg, const xmlChar *at, const xmlChar **attributes)
{
    struct walk *w = arg;
    if (w->depth == HTML_CLEAN_DEPTH || w->is_too_deep || w->out.failed) {
        /* The parser's own work would grow with the square of the depth. */
        w->is_too_deep = w->is_too_deep || w->depth == HTML_CLEAN_DEPTH;
        xmlStopParser(w->parser);
        return;
    }
    w->open[w->depth++].opened = OPENED_NOTHING;
    const struct html_element *element = html_element_of(str_from((const char *)at));
    if (w->hidden > 0 || element->kind == HTML_HIDDEN) {
        w->hidden++;
        w->open[w->depth - 1].opened = OPENED_HIDDEN;
        return;
    }
    switch (element->kind) {
    case HTML_NOTHING:
    case HTML_HIDDEN:
        break;
    case HTML_FLOW:
    case HTML_WORDS:
    case HTML_PRE:
    case HTML_LIST:
    case HTML_ITEM:
    case HTML_TABLE:
    case HTML_GROUP:
    case HTML_ROW:
    case HTML_CELL:
        start_block(w, element, attributes);
        break;
    case HTML_INLINE:
        start_inline(w, element, attributes);
        break;
    case HTML_RULE:
    case HTML_BREAK:
    case HTML_PICTURE:
        if (html_tag(&w->tag, element, attributes, w->pictures))
            put_void(w, element, sb_str(&w->tag));
        else
            put_words(w, html_alt(attributes));
        break;
    }
}

static void on_end(void *arg, const xmlChar *at)
{
    struct walk *w = arg;
    (void)at; /* events are well nested: it is the innermost */
    if (w->depth == 0 || w->is_too_deep)
        return;
    w->depth--;
    switch (w->open[w->depth].opened) {
    case OPENED_NOTHING:
        break;
    case OPENED_HIDDEN:
        w->hidden--;
        break;
    case OPENED_BLOCK:
        close_blocks(w, w->open[w->depth].block);
        break;
    case OPENED_INLINE:
        if (w->n_written == w->n_inlines)
            close_inlines(w, w->n_inlines - 1);
        w->n_inlines--;
        break;
    }
}

static void close_parser(void *what)
{
    struct walk *w = what;
    if (w->parser != NULL)
        htmlFreeParserCtxt(w->parser);
    w->parser = NULL;
}

static err clean_once(
    struct arena *a, str html, const struct html_pictures *pictures, str *clean, str *why)
{
    /* Words at the start get no p of the parser. The second pair has no tags of its own, but a
     * stray
     * </html> then ends it instead of the reading. */
    static const char body[] = "<html><body><html><body>";
    struct walk *w = NEW(a, struct walk, 1);
    w->a = a;
    w->pictures = pictures;
    w->out = sb_make(a, HTML_CLEAN_BYTES);
    w->is_line_start = true;
    w->tag = sb_make(a, 0);
    for (int i = 0; i < HTML_CLEAN_INLINES; i++)
        w->inlines[i].tag = sb_make(a, 0);
    arena_defer(a, close_parser, w); /* the end of memory leaves from inside an event */
    xmlSAXHandler events = {0};
    events.startElement = on_start;
    events.endElement = on_end;
    events.characters = events.cdataBlock = events.ignorableWhitespace = on_text;
    w->parser = htmlCreatePushParserCtxt(&events, w, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
    if (w->parser == NULL)
        return E_BUSY;
    (void)htmlCtxtUseOptions(w->parser,
        HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
            HTML_PARSE_NODEFDTD | HTML_PARSE_IGNORE_ENC); /* unknown options: none */
    /* Broken HTML is read as far as it goes: the results say nothing more. */
    (void)htmlParseChunk(w->parser, body, (int)sizeof body - 1, 0);
    (void)htmlParseChunk(w->parser, html.at, (int)html.len, 0);
    (void)htmlParseChunk(w->parser, "", 0, 1);
    close_parser(w);
    close_inlines(w, 0);
    close_blocks(w, 0);
    if (w->is_too_deep || w->out.failed) {
        *why = w->is_too_deep ? S("The formatted text has elements more than 200 deep.")
                              : S("The formatted text is longer than 1 MiB.");
        return E_LIMIT;
    }
    *clean = sb_str(&w->out);
    return OK;
}

str html_clean_of_text(struct arena *a, str text)
{
    struct sb b = sb_make(a, 0);
    str rest = str_trim(html_fit_text(a, utf8_repair(a, text))), line;
    if (rest.len == 0)
        return (str){0};
    sb_add(&b, S("<div>"));
    while (rest.len > 0) {
        bool has_more = str_cut(rest, '\n', &line, &rest);
        while (line.len > 0 && (line.at[line.len - 1] == ' ' || line.at[line.len - 1] == '\t'))
            line.len--;
        for (ptrdiff_t i = 0; i < line.len; i++) {
            char c = line.at[i];
            bool is_alone = i > 0 && line.at[i - 1] != ' ' && line.at[i - 1] != '\t' &&
                            i + 1 < line.len && line.at[i + 1] != ' ' && line.at[i + 1] != '\t';
            if (c == '\t')
                sb_add(&b, S("\u00a0\u00a0\u00a0\u00a0"));
            else if (c == ' ')
                sb_add(&b, is_alone ? S(" ") : S("\u00a0"));
            else {
                ptrdiff_t from = i;
                while (i + 1 < line.len && line.at[i + 1] != ' ' && line.at[i + 1] != '\t')
                    i++;
                html_escape(&b, str_sub(line, from, i + 1 - from));
            }
        }
        if (has_more)
            sb_add(&b, S("<br/>"));
    }
    sb_add(&b, S("</div>"));
    return sb_str(&b);
}

/* libxml2 knows HTML 4: where it closes what the walk left open, a second reading differs. */
err html_clean(struct arena *a, str html, const str *pictures, int n_pictures, str *clean, str *why)
{
    struct html_pictures known = {.at = pictures, .n = n_pictures};
    if (html.len > HTML_CLEAN_BYTES) {
        *why = S("The formatted text is longer than 1 MiB.");
        return E_LIMIT;
    }
    str found = {0}, again = {0};
    html = html_without_marks(a, utf8_repair(a, html));
    TRY(clean_once(a, html, &known, &found, why));
    for (int i = 1; i < PASSES; i++) {
        TRY(clean_once(a, found, &known, &again, why));
        if (str_eq(found, again)) {
            *clean = found;
            return OK;
        }
        found = again;
    }
    str words;
    TRY(html_text(a, found, HTML_CLEAN_BYTES / 8, &words));
    *clean = html_clean_of_text(a, words);
    return OK;
}
