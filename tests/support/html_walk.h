/* Reads HTML as text/html_clean promises to write it, by a grammar of its own that allows nothing
 * else: what passes cannot run or fetch anything, in whatever parser. For unit tests and fuzzing;
 * knows nothing of the code it judges. */
#pragma once
#include "base/str.h"

struct html_walk {
    str html;
    ptrdiff_t at;
    const str *pictures;
    int n_pictures;
    str open[1000];
    int depth;
    const char *why; /* NULL = nothing wrong so far */
};

static inline bool walk_in(str word, const char *list) /* " p div … " */
{
    ptrdiff_t n = (ptrdiff_t)__builtin_strlen(list);
    for (ptrdiff_t i = 0; i + word.len + 2 <= n && word.len > 0; i++)
        if (list[i] == ' ' && list[i + 1 + word.len] == ' ' &&
            str_eq(str_of(list + i + 1, word.len), word))
            return true;
    return false;
}

static const char walk_inlines[] = " a b i u s em strong code small sub sup span ";
static const char walk_blocks[] = " p div h1 h2 h3 h4 pre ul ol li blockquote table thead tbody "
                                  "tfoot tr th td ";
static const char walk_voids[] = " br hr img ";

static inline bool walk_fail(struct html_walk *w, const char *why)
{
    if (w->why == NULL)
        w->why = why;
    return false;
}

static inline str walk_name(struct html_walk *w)
{
    ptrdiff_t from = w->at;
    while (w->at < w->html.len && ((w->html.at[w->at] >= 'a' && w->html.at[w->at] <= 'z') ||
                                      (w->html.at[w->at] >= '0' && w->html.at[w->at] <= '9')))
        w->at++;
    return str_sub(w->html, from, w->at - from);
}

/* Characters up to `end`, entities of the four kinds, no control characters. */
static inline bool walk_text(struct html_walk *w, char end)
{
    for (; w->at < w->html.len && w->html.at[w->at] != end; w->at++) {
        unsigned char c = (unsigned char)w->html.at[w->at];
        if (c == '<' || c == '>' || c == '"' || (c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
            return walk_fail(w, "a character that should be escaped or gone");
        str rest = str_skip(w->html, w->at);
        if (c == '&' && !str_starts(rest, S("&amp;")) && !str_starts(rest, S("&lt;")) &&
            !str_starts(rest, S("&gt;")) && !str_starts(rest, S("&quot;")))
            return walk_fail(w, "a bare ampersand");
    }
    return true;
}

static inline bool walk_number(str s)
{
    bool is_number = s.len > 0 && s.len <= 6;
    for (ptrdiff_t i = 0; i < s.len; i++)
        is_number = is_number && s.at[i] >= '0' && s.at[i] <= '9';
    return is_number;
}

static inline bool walk_style(str style)
{
    str one, name, value;
    bool has_more = true;
    while (has_more) {
        has_more = str_cut(style, ';', &one, &style);
        if (!str_cut(str_trim(one), ':', &name, &value))
            return false;
        value = str_trim(value);
        bool is_hex = value.len == 7 && value.at[0] == '#';
        for (ptrdiff_t i = 1; i < value.len && is_hex; i++)
            is_hex = str_hex_digit(value.at[i]) >= 0;
        if (!(str_eq(name, S("color")) && is_hex) &&
            !(str_eq(name, S("direction")) && walk_in(value, " ltr rtl ")) &&
            !(str_eq(name, S("text-align")) &&
                walk_in(value, " left right center justify start end ")))
            return false;
    }
    return true;
}

static inline bool walk_href(str href)
{
    bool is_allowed = false;
    static const char *const schemes[] = {"http://", "https://", "mailto:", "tel:"};
    for (int i = 0; i < 4; i++) {
        str scheme = str_from(schemes[i]);
        is_allowed = is_allowed || str_eq_nocase(str_sub(href, 0, scheme.len), scheme);
    }
    for (ptrdiff_t i = 0; i < href.len; i++)
        is_allowed = is_allowed && (unsigned char)href.at[i] > ' ' && href.at[i] != '\\' &&
                     href.at[i] != '`';
    return is_allowed;
}

static inline bool walk_src(const struct html_walk *w, str src)
{
    for (int i = 0; i < w->n_pictures; i++)
        if (str_starts(src, S("cid:")) && str_eq(str_skip(src, 4), w->pictures[i]))
            return true;
    return false;
}

static inline bool walk_lang(str s)
{
    bool is_lang = s.len > 0 && s.len <= 35;
    for (ptrdiff_t i = 0; i < s.len; i++)
        is_lang = is_lang && (s.at[i] == '-' || (s.at[i] >= '0' && s.at[i] <= '9') ||
                                 ((s.at[i] | 32) >= 'a' && (s.at[i] | 32) <= 'z'));
    return is_lang;
}

static inline bool walk_value(const struct html_walk *w, str element, str name, str value)
{
    if (str_eq(name, S("dir")))
        return walk_in(value, " ltr rtl auto ");
    if (str_eq(name, S("lang")))
        return walk_lang(value);
    if (str_eq(name, S("style")))
        return walk_style(value);
    if (str_eq(name, S("href")))
        return str_eq(element, S("a")) && walk_href(value);
    if (str_eq(name, S("src")))
        return str_eq(element, S("img")) && walk_src(w, value);
    if (str_eq(name, S("alt")))
        return str_eq(element, S("img"));
    if (str_eq(name, S("width")) || str_eq(name, S("height")))
        return str_eq(element, S("img")) && walk_number(value);
    if (str_eq(name, S("start")))
        return str_eq(element, S("ol")) && walk_number(value);
    if (str_eq(name, S("type")))
        return str_eq(element, S("blockquote")) && str_eq(value, S("cite"));
    if (str_eq(name, S("border")))
        return str_eq(element, S("table")) && walk_number(value);
    if (str_eq(name, S("colspan")) || str_eq(name, S("rowspan")))
        return walk_in(element, " td th ") && walk_number(value);
    return false;
}

static inline bool walk_attributes(struct html_walk *w, str element)
{
    str seen[8];
    int n = 0;
    while (w->at < w->html.len && w->html.at[w->at] == ' ') {
        w->at++;
        str name = walk_name(w);
        if (!str_starts(str_skip(w->html, w->at), S("=\"")))
            return walk_fail(w, "an attribute without quotes");
        ptrdiff_t from = w->at += 2;
        if (!walk_text(w, '"'))
            return false;
        str value = str_sub(w->html, from, w->at - from);
        w->at++;
        if (!walk_value(w, element, name, value))
            return walk_fail(w, "an attribute or value that is not allowed");
        for (int i = 0; i < n; i++)
            if (str_eq(seen[i], name))
                return walk_fail(w, "an attribute twice");
        if (n == 8)
            return walk_fail(w, "too many attributes");
        seen[n++] = name;
    }
    return true;
}

/* Whether the element may stand directly in the innermost open one. */
static inline bool walk_may_stand(const struct html_walk *w, str name)
{
    str outer = w->depth > 0 ? w->open[w->depth - 1] : S("div");
    bool is_block = walk_in(name, walk_blocks) || str_eq(name, S("hr"));
    if (walk_in(outer, walk_inlines) || walk_in(outer, " p h1 h2 h3 h4 pre "))
        return !is_block;
    if (walk_in(outer, " ul ol "))
        return str_eq(name, S("li"));
    if (str_eq(outer, S("table")))
        return walk_in(name, " thead tbody tfoot tr ");
    if (walk_in(outer, " thead tbody tfoot "))
        return str_eq(name, S("tr"));
    if (str_eq(outer, S("tr")))
        return walk_in(name, " td th ");
    return !walk_in(name, " li thead tbody tfoot tr td th ");
}

static inline bool walk_tag(struct html_walk *w)
{
    w->at++;
    bool is_end = w->at < w->html.len && w->html.at[w->at] == '/';
    w->at += is_end;
    str name = walk_name(w);
    if (is_end) {
        if (!str_starts(str_skip(w->html, w->at), S(">")) || w->depth == 0 ||
            !str_eq(w->open[w->depth - 1], name))
            return walk_fail(w, "an end tag that ends nothing");
        w->depth--;
        w->at++;
        return true;
    }
    bool is_void = walk_in(name, walk_voids);
    if (!is_void && !walk_in(name, walk_inlines) && !walk_in(name, walk_blocks))
        return walk_fail(w, "an element that is not allowed");
    if (!walk_may_stand(w, name))
        return walk_fail(w, "an element where it may not stand");
    for (int i = 0; i < w->depth; i++)
        if (str_eq(name, S("a")) && str_eq(w->open[i], S("a")))
            return walk_fail(w, "a link in a link");
    if (!walk_attributes(w, name))
        return false;
    if (!str_starts(str_skip(w->html, w->at), is_void ? S("/>") : S(">")))
        return walk_fail(w, "a tag that does not end");
    w->at += is_void ? 2 : 1;
    if (!is_void && w->depth == 1000)
        return walk_fail(w, "too deep");
    if (!is_void)
        w->open[w->depth++] = name;
    return true;
}

/* NULL, or what is wrong. */
static inline const char *html_walk(str html, const str *pictures, int n_pictures)
{
    static struct html_walk w;
    w = (struct html_walk){.html = html, .pictures = pictures, .n_pictures = n_pictures};
    while (w.at < html.len) {
        bool is_tag = html.at[w.at] == '<';
        if (!(is_tag ? walk_tag(&w) : walk_text(&w, '<')))
            return w.why;
        str outer = w.depth > 0 ? w.open[w.depth - 1] : S("div");
        if (!is_tag && walk_in(outer, " ul ol table thead tbody tfoot tr "))
            return "words where none may stand";
    }
    return w.depth == 0 ? NULL : "an element without end";
}
