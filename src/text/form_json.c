/* form_json: see form_json.h. */
#include "text/form_json.h"

bool form_json_is(str content_type)
{
    str type, rest;
    (void)str_cut(content_type, ';', &type, &rest);
    return str_eq_nocase(str_trim(type), S("application/json"));
}

/* ── finding ────────────────────────────────────────────────────────────────────────────────────
 */

static ptrdiff_t skip_space(str s, ptrdiff_t at)
{
    while (
        at < s.len && (s.at[at] == ' ' || s.at[at] == '\t' || s.at[at] == '\n' || s.at[at] == '\r'))
        at++;
    return at;
}

/* Of the text that begins behind the quote at `at`: where its closing quote is; -1 = nowhere. */
static ptrdiff_t text_end(str s, ptrdiff_t at)
{
    for (ptrdiff_t i = at + 1; i < s.len; i++)
        if (s.at[i] == '\\')
            i++;
        else if (s.at[i] == '"')
            return i;
    return -1;
}

/* Behind any value: the comma or brace of the object around it; -1 = nowhere. */
static ptrdiff_t value_end(str s, ptrdiff_t at)
{
    ptrdiff_t depth = 0;
    for (; at < s.len; at++) {
        char c = s.at[at];
        if (c == '"') {
            at = text_end(s, at);
            if (at < 0)
                return -1;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (!depth && (c == ',' || c == '}')) {
            return at;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return -1;
}

static bool is_one_of(str name, const char *const *names)
{
    for (; *names; names++)
        if (str_eq(name, str_from(*names)))
            return true;
    return false;
}

err form_json_find(str body, const char *const *names, str *value)
{
    ptrdiff_t at = skip_space(body, 0);
    if (at >= body.len || body.at[at] != '{')
        return E_NOT_FOUND;
    for (at++;; at++) {
        at = skip_space(body, at);
        ptrdiff_t end = at < body.len && body.at[at] == '"' ? text_end(body, at) : -1;
        if (end < 0)
            return E_NOT_FOUND;
        str name = str_sub(body, at + 1, end - at - 1);
        at = skip_space(body, end + 1);
        if (at >= body.len || body.at[at] != ':')
            return E_NOT_FOUND;
        at = skip_space(body, at + 1);
        if (at < body.len && body.at[at] == '"' && is_one_of(name, names)) {
            end = text_end(body, at);
            if (end < 0)
                return E_NOT_FOUND;
            *value = str_sub(body, at + 1, end - at - 1);
            return OK;
        }
        at = value_end(body, at);
        if (at < 0 || body.at[at] == '}')
            return E_NOT_FOUND;
    }
}

/* ── decoding ───────────────────────────────────────────────────────────────────────────────────
 */

enum { UNIT_CHARS = 6 }; /* \uXXXX */

/* The UTF-16 unit of \uXXXX at `at`; -1 = there is none. */
static int32_t unit_at(str s, ptrdiff_t at)
{
    int32_t unit = 0;
    if (at + UNIT_CHARS > s.len || s.at[at] != '\\' || s.at[at + 1] != 'u')
        return -1;
    for (ptrdiff_t i = at + 2; i < at + UNIT_CHARS; i++) {
        char c = s.at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static ptrdiff_t put_letter(char *to, int32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3f));
        to[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 0x3f));
    to[2] = (char)(0x80 | (c >> 6 & 0x3f));
    to[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* The escape at `at`, of *len bytes; -1 = none. Half of a pair is U+FFFD. */
static int32_t escape_at(str s, ptrdiff_t at, ptrdiff_t *len)
{
    static const char signs[] = "\"\\/bfnrt", letters[] = "\"\\/\b\f\n\r\t";
    *len = 2;
    if (at + 1 >= s.len)
        return -1;
    for (int i = 0; signs[i]; i++)
        if (s.at[at + 1] == signs[i])
            return letters[i];
    int32_t unit = unit_at(s, at);
    *len = UNIT_CHARS;
    if (unit < 0xd800 || unit > 0xdfff)
        return unit;
    int32_t low = unit < 0xdc00 ? unit_at(s, at + UNIT_CHARS) : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return 0xfffd;
    *len = 2 * UNIT_CHARS;
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

err form_json_decode(str value, char *to, ptrdiff_t room, ptrdiff_t *taken, ptrdiff_t *n)
{
    ptrdiff_t at = 0, put = 0;
    while (at < value.len && put + FORM_JSON_LETTER_BYTES <= room) {
        if (value.at[at] != '\\') {
            to[put++] = value.at[at++];
            continue;
        }
        ptrdiff_t len = 0;
        int32_t c = escape_at(value, at, &len);
        if (c < 0)
            return E_INVALID;
        put += put_letter(to + put, c);
        at += len;
    }
    *taken = at;
    *n = put;
    return OK;
}
