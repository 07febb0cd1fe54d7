/* url_rest: port, path and query of an address: see url.h. The browser's twin is
 * web/shared/length_url.ts: whoever changes one changes both. Thread: pure. */
#include "text/url_inner.h"

#include <string.h>

static bool is_path_letter(uint32_t c)
{
    if (c < 0x80)
        return url_is_alnum(c) || (c > 0 && strchr("!*';:=+,.$/%#[]-_~@|&", (int)c) != NULL);
    return c == 0x2013 || (c >= 0x400 && c <= 0x4ff) || url_is_latin(c);
}

static bool may_end_path(uint32_t c)
{
    if (c < 0x80)
        return url_is_alnum(c) || (c > 0 && strchr("+-=_#/", (int)c) != NULL);
    return (c >= 0x400 && c <= 0x4ff) || url_is_latin(c);
}

static ptrdiff_t path_run(str s, ptrdiff_t at)
{
    ptrdiff_t len;
    while (is_path_letter(url_point_at(s, at, &len)))
        at += len;
    return at;
}

/* Behind the bracket that closes the one at `at`, with at most one more pair inside; 0 for none. */
static ptrdiff_t bracket_end(str s, ptrdiff_t at)
{
    ptrdiff_t in = path_run(s, at + 1);
    if (in < s.len && s.at[in] == ')')
        return in > at + 1 ? in + 1 : 0;
    if (in >= s.len || s.at[in] != '(')
        return 0;
    ptrdiff_t deep = path_run(s, in + 1);
    if (deep == in + 1 || deep >= s.len || s.at[deep] != ')')
        return 0;
    ptrdiff_t end = path_run(s, deep + 1);
    return end < s.len && s.at[end] == ')' ? end + 1 : 0;
}

static ptrdiff_t path_end(str s, ptrdiff_t at)
{
    ptrdiff_t end = at + 1, pos = at + 1, len; /* the slash itself */
    for (;;) {
        uint32_t c = url_point_at(s, pos, &len);
        if (is_path_letter(c)) {
            pos += len;
            if (may_end_path(c))
                end = pos;
        } else if (c == '(') {
            ptrdiff_t close = bracket_end(s, pos);
            if (close == 0)
                return end;
            end = pos = close;
        } else {
            return end;
        }
    }
}

ptrdiff_t url_query_end(str s, ptrdiff_t at)
{
    ptrdiff_t end = at; /* a question mark alone does not belong to it */
    for (ptrdiff_t i = at + 1; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool is_ending = url_is_alnum(c) || (c > 0 && strchr("-_&=#/", c) != NULL);
        if (is_ending)
            end = i + 1;
        else if (c == 0 || strchr("!?*'@();:+$%[].,~|", c) == NULL)
            break;
    }
    return end;
}

ptrdiff_t url_rest_end(str s, ptrdiff_t at, bool *has_path)
{
    if (at < s.len && s.at[at] == ':') {
        ptrdiff_t digits = at + 1;
        while (digits < s.len && s.at[digits] >= '0' && s.at[digits] <= '9')
            digits++;
        at = digits > at + 1 ? digits : at;
    }
    *has_path = at < s.len && s.at[at] == '/';
    if (*has_path)
        at = path_end(s, at);
    if (at < s.len && s.at[at] == '?')
        at = url_query_end(s, at);
    return at;
}
