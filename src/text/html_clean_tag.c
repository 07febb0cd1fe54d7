/* html_clean: one start tag; see html_clean_inner.h. Attributes go out in one order, values in one
 * spelling, so that a cleaned tag cleans to itself. Thread: pure. */
#include "text/html_clean_inner.h"

#include "base/utf8.h"

/* Sorted by name: looked up by halves. */
static const struct html_element elements[] = {
    {"a",          "a",          HTML_INLINE },
    {"address",    "div",        HTML_FLOW   },
    {"applet",     "",           HTML_HIDDEN },
    {"article",    "div",        HTML_FLOW   },
    {"aside",      "div",        HTML_FLOW   },
    {"audio",      "",           HTML_HIDDEN },
    {"b",          "b",          HTML_INLINE },
    {"blockquote", "blockquote", HTML_FLOW   },
    {"br",         "br",         HTML_BREAK  },
    {"canvas",     "",           HTML_HIDDEN },
    {"center",     "div",        HTML_FLOW   },
    {"code",       "code",       HTML_INLINE },
    {"dd",         "div",        HTML_FLOW   },
    {"del",        "s",          HTML_INLINE },
    {"details",    "div",        HTML_FLOW   },
    {"dir",        "ul",         HTML_LIST   },
    {"div",        "div",        HTML_FLOW   },
    {"dl",         "div",        HTML_FLOW   },
    {"dt",         "div",        HTML_FLOW   },
    {"em",         "em",         HTML_INLINE },
    {"embed",      "",           HTML_HIDDEN },
    {"fieldset",   "div",        HTML_FLOW   },
    {"figcaption", "div",        HTML_FLOW   },
    {"figure",     "div",        HTML_FLOW   },
    {"font",       "span",       HTML_INLINE },
    {"footer",     "div",        HTML_FLOW   },
    {"form",       "div",        HTML_FLOW   },
    {"frameset",   "",           HTML_HIDDEN },
    {"h1",         "h1",         HTML_WORDS  },
    {"h2",         "h2",         HTML_WORDS  },
    {"h3",         "h3",         HTML_WORDS  },
    {"h4",         "h4",         HTML_WORDS  },
    {"h5",         "h4",         HTML_WORDS  },
    {"h6",         "h4",         HTML_WORDS  },
    {"head",       "",           HTML_HIDDEN },
    {"header",     "div",        HTML_FLOW   },
    {"hr",         "hr",         HTML_RULE   },
    {"i",          "i",          HTML_INLINE },
    {"iframe",     "",           HTML_HIDDEN },
    {"img",        "img",        HTML_PICTURE},
    {"ins",        "u",          HTML_INLINE },
    {"kbd",        "code",       HTML_INLINE },
    {"li",         "li",         HTML_ITEM   },
    {"main",       "div",        HTML_FLOW   },
    {"math",       "",           HTML_HIDDEN },
    {"menu",       "ul",         HTML_LIST   },
    {"nav",        "div",        HTML_FLOW   },
    {"noembed",    "",           HTML_HIDDEN },
    {"noframes",   "",           HTML_HIDDEN },
    {"noscript",   "",           HTML_HIDDEN },
    {"object",     "",           HTML_HIDDEN },
    {"ol",         "ol",         HTML_LIST   },
    {"p",          "p",          HTML_WORDS  },
    {"plaintext",  "",           HTML_HIDDEN },
    {"pre",        "pre",        HTML_PRE    },
    {"s",          "s",          HTML_INLINE },
    {"script",     "",           HTML_HIDDEN },
    {"section",    "div",        HTML_FLOW   },
    {"select",     "",           HTML_HIDDEN },
    {"small",      "small",      HTML_INLINE },
    {"span",       "span",       HTML_INLINE },
    {"strike",     "s",          HTML_INLINE },
    {"strong",     "strong",     HTML_INLINE },
    {"style",      "",           HTML_HIDDEN },
    {"sub",        "sub",        HTML_INLINE },
    {"summary",    "div",        HTML_FLOW   },
    {"sup",        "sup",        HTML_INLINE },
    {"svg",        "",           HTML_HIDDEN },
    {"table",      "table",      HTML_TABLE  },
    {"tbody",      "tbody",      HTML_GROUP  },
    {"td",         "td",         HTML_CELL   },
    {"template",   "",           HTML_HIDDEN },
    {"textarea",   "",           HTML_HIDDEN },
    {"tfoot",      "tfoot",      HTML_GROUP  },
    {"th",         "th",         HTML_CELL   },
    {"thead",      "thead",      HTML_GROUP  },
    {"title",      "",           HTML_HIDDEN },
    {"tr",         "tr",         HTML_ROW    },
    {"tt",         "code",       HTML_INLINE },
    {"u",          "u",          HTML_INLINE },
    {"ul",         "ul",         HTML_LIST   },
    {"video",      "",           HTML_HIDDEN },
    {"xmp",        "",           HTML_HIDDEN },
};

const struct html_element *html_element_of(str name)
{
    static const struct html_element nothing = {"", "", HTML_NOTHING};
    ptrdiff_t from = 0, to = (ptrdiff_t)(sizeof elements / sizeof elements[0]);
    while (from < to) {
        ptrdiff_t middle = from + (to - from) / 2;
        int order = str_cmp(name, str_from(elements[middle].name));
        if (order == 0)
            return &elements[middle];
        *(order < 0 ? &to : &from) = order < 0 ? middle : middle + 1;
    }
    return &nothing;
}

/* What XML allows but as a character: the rest would end a parser, or be dropped by some. */
static bool is_dropped(str s, ptrdiff_t i)
{
    unsigned char c = (unsigned char)s.at[i];
    bool is_noncharacter = c == 0xef && i + 2 < s.len && (unsigned char)s.at[i + 1] == 0xbf &&
                           (unsigned char)s.at[i + 2] >= 0xbe;
    return is_noncharacter || (c < ' ' && c != '\t' && c != '\n') || c == 0x7f;
}

void html_escape(struct sb *b, str text)
{
    ptrdiff_t from = 0;
    for (ptrdiff_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool is_gone = is_dropped(text, i);
        if (!is_gone && c != '&' && c != '<' && c != '>' && c != '"')
            continue;
        sb_add(b, str_sub(text, from, i - from));
        if (!is_gone)
            sb_add(b, c == '&'   ? S("&amp;")
                      : c == '<' ? S("&lt;")
                      : c == '>' ? S("&gt;")
                                 : S("&quot;"));
        i += (unsigned char)c == 0xef ? 2 : 0; /* of a noncharacter, all three bytes */
        from = i + 1;
    }
    sb_add(b, str_skip(text, from));
}

str html_fit_text(struct arena *a, str text)
{
    char *to = arena_alloc(a, text.len + 1, 1);
    ptrdiff_t len = 0;
    for (ptrdiff_t i = 0; i < text.len; i++) {
        bool is_line_end = text.at[i] == '\r' && (i + 1 == text.len || text.at[i + 1] != '\n');
        if (is_line_end)
            to[len++] = '\n';
        else if (is_dropped(text, i))
            i += (unsigned char)text.at[i] == 0xef ? 2 : 0;
        else
            to[len++] = text.at[i];
    }
    return str_of(to, len);
}

static str attribute(const unsigned char **attributes, const char *name)
{
    for (; attributes != NULL && attributes[0] != NULL; attributes += 2)
        if (str_eq(str_from((const char *)attributes[0]), str_from(name)))
            return str_trim(str_from((const char *)attributes[1]));
    return (str){0};
}

str html_alt(const unsigned char **attributes)
{
    return utf8_prefix_bytes(attribute(attributes, "alt"), HTML_CLEAN_ALT_BYTES);
}

static void put(struct sb *b, const char *name, str value)
{
    sb_print(b, " %s=\"", name);
    html_escape(b, value);
    sb_byte(b, '"');
}

static void put_word(
    struct sb *b, const unsigned char **attributes, const char *name, const char *const *words)
{
    str value = attribute(attributes, name);
    for (; *words != NULL; words++)
        if (str_eq_nocase(value, str_from(*words)))
            put(b, name, str_from(*words));
}

static void put_number(
    struct sb *b, const unsigned char **attributes, const char *name, int64_t max)
{
    int64_t n = 0;
    if (str_int(attribute(attributes, name), 0, max, &n) == OK)
        sb_print(b, " %s=\"%lld\"", name, (long long)n);
}

static void put_lang(struct sb *b, str lang)
{
    enum { LANG_BYTES = 35 }; /* RFC 5646, 4.4.1 */
    bool is_fit = lang.len > 0 && lang.len <= LANG_BYTES;
    for (ptrdiff_t i = 0; i < lang.len && is_fit; i++) {
        char c = lang.at[i];
        is_fit = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-';
    }
    if (is_fit)
        put(b, "lang", lang);
}

/* ── style ── */

struct style {
    char color[8]; /* "#rrggbb"; empty = none */
    str direction, align;
};

static bool read_hex_color(str value, char to[8])
{
    if ((value.len != 4 && value.len != 7) || value.at[0] != '#')
        return false;
    ptrdiff_t step = value.len == 7 ? 2 : 1;
    char read[8] = "#";
    for (ptrdiff_t i = 0; i < 6; i++) {
        int digit = str_hex_digit(value.at[1 + (step == 2 ? i : i / 2)]);
        if (digit < 0)
            return false;
        read[1 + i] = "0123456789abcdef"[digit];
    }
    for (int i = 0; i < 8; i++)
        to[i] = read[i];
    return true;
}

/* "rgb(1, 2, 3)": so browsers tell a colour that was given as #010203. */
static bool read_rgb_color(str value, char to[8])
{
    if (!str_eq_nocase(str_sub(value, 0, 4), S("rgb(")) || !str_ends(value, S(")")))
        return false;
    str rest = str_sub(value, 4, value.len - 5), one = {0};
    char read[8] = "#";
    for (int i = 0; i < 3; i++) {
        int64_t n = 0;
        bool has_more = str_cut(rest, ',', &one, &rest);
        if (has_more != (i < 2) || str_int(str_trim(one), 0, 255, &n) != OK)
            return false;
        read[1 + 2 * i] = "0123456789abcdef"[n >> 4];
        read[2 + 2 * i] = "0123456789abcdef"[n & 15];
    }
    for (int i = 0; i < 8; i++)
        to[i] = read[i];
    return true;
}

static void read_word(str value, const char *const *words, str *to)
{
    for (; *words != NULL; words++)
        if (str_eq_nocase(value, str_from(*words)))
            *to = str_from(*words);
}

/* The last of each name counts, as in CSS. What is quoted or escaped is in no list. */
static struct style read_style(str text)
{
    static const char *const directions[] = {"ltr", "rtl", NULL};
    static const char *const aligns[] = {
        "left", "right", "center", "justify", "start", "end", NULL};
    struct style style = {0};
    while (text.len > 0) {
        str one, name, value;
        (void)str_cut(text, ';', &one, &text); /* without a ; it is the last */
        if (!str_cut(one, ':', &name, &value))
            continue;
        name = str_trim(name);
        value = str_trim(value);
        if (str_eq_nocase(name, S("color")) && !read_hex_color(value, style.color))
            (void)read_rgb_color(value, style.color); /* else no colour we know */
        else if (str_eq_nocase(name, S("direction")))
            read_word(value, directions, &style.direction);
        else if (str_eq_nocase(name, S("text-align")))
            read_word(value, aligns, &style.align);
    }
    return style;
}

static void put_style(
    struct sb *b, const struct html_element *element, const unsigned char **attributes)
{
    struct style style = read_style(attribute(attributes, "style"));
    if (style.color[0] == '\0' && str_eq(str_from(element->name), S("font")))
        (void)read_hex_color(attribute(attributes, "color"), style.color); /* else none */
    ptrdiff_t start = b->len;
    if (style.color[0] != '\0')
        sb_print(b, "; color: %s", style.color);
    if (style.direction.len > 0)
        sb_print(b, "; direction: %.*s", SARG(style.direction));
    if (style.align.len > 0)
        sb_print(b, "; text-align: %.*s", SARG(style.align));
    if (b->failed || b->len == start)
        return;
    str all = str_copy(b->a, str_skip(sb_str(b), start + 2));
    b->len = start;
    put(b, "style", all);
}

/* ── addresses ── */

/* Browsers take tabs and line ends out of an address before they look at it. */
static str without_line_ends(struct arena *a, str s)
{
    char *to = arena_alloc(a, s.len + 1, 1);
    ptrdiff_t len = 0;
    for (ptrdiff_t i = 0; i < s.len; i++)
        if (s.at[i] != '\t' && s.at[i] != '\n' && s.at[i] != '\r')
            to[len++] = s.at[i];
    return str_of(to, len);
}

static bool is_allowed_address(str href)
{
    static const str schemes[] = {
        S_INIT("http://"), S_INIT("https://"), S_INIT("mailto:"), S_INIT("tel:")};
    if (href.len > HTML_CLEAN_LINK_BYTES || utf8_has_control(href))
        return false;
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (str_eq_nocase(str_sub(href, 0, schemes[i].len), schemes[i]))
            return href.len > schemes[i].len;
    return false;
}

/* What has no place in an address stands there as %XX. */
static str encoded(struct arena *a, str href)
{
    struct sb b = sb_make(a, 0);
    for (ptrdiff_t i = 0; i < href.len; i++) {
        unsigned char c = (unsigned char)href.at[i];
        bool is_unfit = c <= ' ' || c == 0x7f || c == '"' || c == '<' || c == '>' || c == '\\' ||
                        c == '^' || c == '`' || c == '{' || c == '|' || c == '}';
        if (is_unfit)
            sb_print(&b, "%%%02X", c);
        else
            sb_byte(&b, href.at[i]);
    }
    return sb_str(&b);
}

static bool put_link(struct sb *b, const unsigned char **attributes)
{
    str raw = attribute(attributes, "href");
    if (raw.len > HTML_CLEAN_LINK_BYTES)
        return false;
    str href = encoded(b->a, without_line_ends(b->a, raw));
    if (!is_allowed_address(href))
        return false;
    put(b, "href", href);
    return true;
}

static bool put_picture(
    struct sb *b, const unsigned char **attributes, const struct html_pictures *pictures)
{
    str src = attribute(attributes, "src");
    if (!str_eq_nocase(str_sub(src, 0, 4), S("cid:")))
        return false;
    src = str_skip(src, 4);
    for (int i = 0; i < pictures->n; i++)
        if (src.len > 0 && str_eq(src, pictures->at[i])) {
            put(b, "src", str_cat(b->a, S("cid:"), src));
            str alt = html_alt(attributes);
            if (alt.len > 0)
                put(b, "alt", alt);
            put_number(b, attributes, "width", 9999);
            put_number(b, attributes, "height", 9999);
            return true;
        }
    return false;
}

bool html_tag(struct sb *b, const struct html_element *element, const unsigned char **attributes,
    const struct html_pictures *pictures)
{
    static const char *const directions[] = {"ltr", "rtl", "auto", NULL};
    static const char *const cite[] = {"cite", NULL};
    str name = str_from(element->as);
    bool is_fit = true;
    b->len = 0;
    sb_byte(b, '<');
    sb_add(b, name);
    ptrdiff_t bare = b->len;
    if (str_eq(name, S("a")))
        is_fit = put_link(b, attributes);
    else if (element->kind == HTML_PICTURE)
        is_fit = put_picture(b, attributes, pictures);
    else if (str_eq(name, S("ol")))
        put_number(b, attributes, "start", 999999);
    else if (str_eq(name, S("blockquote")))
        put_word(b, attributes, "type", cite);
    else if (str_eq(name, S("table")))
        put_number(b, attributes, "border", 9);
    if (element->kind == HTML_CELL) {
        put_number(b, attributes, "colspan", 100);
        put_number(b, attributes, "rowspan", 100);
    }
    if (element->kind != HTML_BREAK) {
        put_word(b, attributes, "dir", directions);
        put_lang(b, attribute(attributes, "lang"));
        put_style(b, element, attributes);
    }
    bool is_void =
        element->kind == HTML_PICTURE || element->kind == HTML_BREAK || element->kind == HTML_RULE;
    bool says_nothing = str_eq(name, S("span")) && b->len == bare;
    sb_add(b, is_void ? S("/>") : S(">"));
    return is_fit && !says_nothing;
}
