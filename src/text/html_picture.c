/* html_picture: see html_picture.h. */
#include "text/html_picture.h"

#include "text/html_scan.h"

enum { REFERENCE_BYTES = 12 };

/* "&…" at the beginning of s: how many bytes it takes, and the ASCII character that it stands for;
 * 0 = nothing. */
static ptrdiff_t reference(str s, char *c)
{
    static const struct {
        const char *name;
        char c;
    } names[] = {
        {"amp",  '&' },
        {"lt",   '<' },
        {"gt",   '>' },
        {"quot", '"' },
        {"apos", '\''},
    };
    ptrdiff_t end = str_find_byte(str_sub(s, 0, REFERENCE_BYTES), ';');
    if (end < 0)
        return 0;
    str name = str_sub(s, 1, end - 1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_eq(name, str_from(names[i].name))) {
            *c = names[i].c;
            return end + 1;
        }
    if (!str_starts(name, S("#")))
        return 0;
    bool is_hex = name.len > 1 && (name.at[1] == 'x' || name.at[1] == 'X');
    int n = 0;
    str digits = str_skip(name, is_hex ? 2 : 1);
    for (ptrdiff_t i = 0; i < digits.len && n < 0x80; i++) {
        int d = str_hex_digit(digits.at[i]);
        if (d < 0 || (!is_hex && d > 9))
            return 0;
        n = n * (is_hex ? 16 : 10) + d;
    }
    *c = (char)n;
    return digits.len && n > 0 && n < 0x80 ? end + 1 : 0;
}

static str decoded(struct arena *a, str value)
{
    struct sb b = sb_make(a, 4 * value.len + 8);
    for (ptrdiff_t at = 0; at < value.len;) {
        char c = value.at[at];
        ptrdiff_t n = c == '&' ? reference(str_skip(value, at), &c) : 0;
        sb_byte(&b, n ? c : value.at[at]);
        at += n ? n : 1;
    }
    return str_trim(sb_str(&b));
}

bool html_has_picture(struct arena *a, str html, str address)
{
    struct html_scan scan = {.html = html};
    struct html_token t;
    if (!address.len || address.len > HTML_PICTURE_BYTES)
        return false;
    while (html_scan_next(&scan, &t)) {
        bool is_picture = t.kind == HTML_START &&
                          (str_eq_nocase(t.name, S("img")) || str_eq_nocase(t.name, S("image")));
        str src = is_picture ? html_scan_attribute(t.attributes, "src") : (str){0};
        bool may_be = src.len >= address.len && src.len <= 6 * HTML_PICTURE_BYTES;
        if (may_be && str_eq(decoded(a, src), address))
            return true;
    }
    return false;
}

static bool is_plain(unsigned char c)
{
    return c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\' && c != '^' &&
           c != '`' && c != '{' && c != '|' && c != '}';
}

str html_picture_url(struct arena *a, str address)
{
    struct sb b = sb_make(a, 3 * HTML_PICTURE_BYTES);
    for (ptrdiff_t i = 0; i < address.len; i++) {
        unsigned char c = (unsigned char)address.at[i];
        if (c == '\t' || c == '\n' || c == '\r')
            continue;
        if (is_plain(c))
            sb_byte(&b, (char)c);
        else
            sb_print(&b, "%%%02X", c);
    }
    str url = b.failed ? (str){0} : sb_str(&b);
    str scheme = str_lower_ascii(a, str_sub(url, 0, 8));
    bool is_url = str_starts(scheme, S("https://")) || str_starts(scheme, S("http://"));
    return is_url ? url : (str){0};
}
