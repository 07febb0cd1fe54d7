/* What is seen of HTML and MarkdownV2, and its length as Telegram counts it. See telegram.h. */
#include "telegram.h"

#include <string.h>

/* ── texts ── */

ptrdiff_t telegram_utf16_units(str s)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        unsigned char x = (unsigned char)s.at[i];
        n += (x & 0xc0) != 0x80;
        n += x >= 0xf0;
    }
    return n;
}

static bool tag_is_known(str tag)
{
    static const str known[] = {S_INIT("b"), S_INIT("strong"), S_INIT("i"), S_INIT("em"),
        S_INIT("u"), S_INIT("ins"), S_INIT("s"), S_INIT("strike"), S_INIT("del"), S_INIT("a"),
        S_INIT("code"), S_INIT("pre"), S_INIT("blockquote"), S_INIT("span"), S_INIT("tg-spoiler"),
        S_INIT("tg-emoji")};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq_nocase(tag, known[i]))
            return true;
    return false;
}

/* What is seen of HTML; false: it does not parse. */
bool telegram_html_read(struct arena *a, str s, str *seen)
{
    static const struct {
        str name, text;
    } entities[] = {
        {S_INIT("&lt;"),   S_INIT("<") },
        {S_INIT("&gt;"),   S_INIT(">") },
        {S_INIT("&amp;"),  S_INIT("&") },
        {S_INIT("&quot;"), S_INIT("\"")}
    };
    str open[64];
    int depth = 0;
    struct sb b = sb_make(a, 0);
    while (s.len > 0) {
        if (s.at[0] != '<') {
            size_t i = 0;
            while (i < 4 && !str_starts(s, entities[i].name))
                i++;
            sb_add(&b, i < 4 ? entities[i].text : str_sub(s, 0, 1));
            s = str_skip(s, i < 4 ? entities[i].name.len : 1);
            continue;
        }
        str tag, rest, name, attributes;
        if (!str_cut(str_skip(s, 1), '>', &tag, &rest))
            return false;
        bool is_end = str_starts(tag, S("/"));
        (void)str_cut(str_skip(tag, is_end), ' ', &name, &attributes);
        if (!tag_is_known(name) || (!is_end && depth == 64) ||
            (is_end && (depth == 0 || !str_eq_nocase(open[depth - 1], name))))
            return false;
        if (is_end)
            depth--;
        else
            open[depth++] = name;
        s = rest;
    }
    *seen = sb_str(&b);
    return depth == 0;
}

/* MarkdownV2: escapes go, marks stay counted; an unescaped reserved character outside code and
 * links does not parse. */
bool telegram_markdown_read(struct arena *a, str s, str *seen)
{
    struct sb b = sb_make(a, 0);
    bool is_code = false, is_link = false;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char x = s.at[i];
        if (x == '\\' && i + 1 < s.len)
            x = s.at[++i];
        else if (x == '`')
            is_code = !is_code;
        else if (!is_code && x == '(' && i > 0 && s.at[i - 1] == ']')
            is_link = true;
        else if (!is_code && is_link && x == ')')
            is_link = false;
        else if (!is_code && !is_link && x && strchr("#+-=|{}.!()", x) != NULL)
            return false;
        sb_byte(&b, x);
    }
    *seen = sb_str(&b);
    return !is_code;
}

/* The text as it is seen; false: answered with the fault. */
