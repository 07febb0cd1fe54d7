/* form_json: see form_json.h. */
#include "text/form_json.h"

#include "base/file_map.h"
#include "base/utf8.h"

bool form_json_is(str content_type)
{
    str type, rest;
    (void)str_cut(content_type, ';', &type, &rest);
    return str_eq_nocase(str_trim(type), S("application/json"));
}

/* ── finding ── */

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
    ptrdiff_t passed = at;
    for (ptrdiff_t i = at + 1; i < s.len; i++) {
        if (i - passed >= FILE_MAP_PASS_BYTES)
            file_map_walk(s, i, &passed);
        if (s.at[i] == '\\')
            i++;
        else if (s.at[i] == '"')
            return i;
    }
    return -1;
}

/* Behind any value: its last bracket, or the comma or bracket of what is around it; -1 = nowhere.
 */
static ptrdiff_t value_end(str s, ptrdiff_t at)
{
    ptrdiff_t depth = 0, passed = at;
    for (; at < s.len; at++) {
        char c = s.at[at];
        if (at - passed >= FILE_MAP_PASS_BYTES)
            file_map_walk(s, at, &passed);
        if (c == '"') {
            at = text_end(s, at);
            if (at < 0)
                return -1;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (!depth && (c == ',' || c == '}' || c == ']')) {
            return at;
        } else if ((c == '}' || c == ']') && !--depth) {
            return at + 1;
        }
    }
    return -1;
}

err form_json_open(str body, struct form_json_walk *walk)
{
    ptrdiff_t at = skip_space(body, 0);
    if (at >= body.len || (body.at[at] != '{' && body.at[at] != '['))
        return E_INVALID;
    *walk = (struct form_json_walk){.body = body, .at = at, .is_list = body.at[at] == '['};
    return OK;
}

/* The name and the colon behind it. */
static err name_read(struct form_json_walk *walk, str *name)
{
    str body = walk->body;
    ptrdiff_t at = walk->at;
    ptrdiff_t end = at < body.len && body.at[at] == '"' ? text_end(body, at) : -1;
    if (end < 0)
        return E_INVALID;
    *name = str_sub(body, at + 1, end - at - 1);
    at = skip_space(body, end + 1);
    if (at >= body.len || body.at[at] != ':')
        return E_INVALID;
    walk->at = skip_space(body, at + 1);
    return OK;
}

static err value_read(struct form_json_walk *walk, struct form_json_item *item)
{
    str body = walk->body;
    ptrdiff_t at = walk->at;
    char c = at < body.len ? body.at[at] : 0;
    ptrdiff_t end = c == '"' ? text_end(body, at) : value_end(body, at);
    if (end < 0)
        return E_INVALID;
    item->kind = c == '"'   ? FORM_JSON_TEXT
                 : c == '{' ? FORM_JSON_OBJECT
                 : c == '[' ? FORM_JSON_LIST
                            : FORM_JSON_OTHER;
    item->value =
        c == '"' ? str_sub(body, at + 1, end - at - 1) : str_trim(str_sub(body, at, end - at));
    walk->at = skip_space(body, c == '"' ? end + 1 : end);
    return OK;
}

err form_json_next(struct form_json_walk *walk, struct form_json_item *item)
{
    str body = walk->body;
    char end = walk->is_list ? ']' : '}';
    char before = walk->at < body.len ? body.at[walk->at] : 0;
    if (before == end)
        return E_NOT_FOUND;
    if (walk->has_begun && before != ',')
        return E_INVALID;
    walk->at = skip_space(body, walk->at + 1);
    if (!walk->has_begun && walk->at < body.len && body.at[walk->at] == end)
        return E_NOT_FOUND;
    walk->has_begun = true;
    *item = (struct form_json_item){0};
    if (!walk->is_list)
        TRY(name_read(walk, &item->name));
    return value_read(walk, item);
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
    struct form_json_walk walk;
    struct form_json_item item;
    if (form_json_open(body, &walk) != OK || walk.is_list)
        return E_NOT_FOUND;
    while (form_json_next(&walk, &item) == OK)
        if (item.kind == FORM_JSON_TEXT && is_one_of(item.name, names)) {
            *value = item.value;
            return OK;
        }
    return E_NOT_FOUND;
}

/* ── decoding ── */

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

err form_json_text(struct arena *a, str value, ptrdiff_t max, str *text, bool *is_cut)
{
    ptrdiff_t room = (value.len < max ? value.len : max) + FORM_JSON_LETTER_BYTES, taken = 0, n = 0;
    char *to = arena_alloc(a, room, 1);
    TRY(form_json_decode(value, to, room, &taken, &n));
    *is_cut = n > max || taken < value.len;
    *text = utf8_prefix_bytes(utf8_repair(a, str_of(to, n)), max);
    return OK;
}

/* ── as a stream of bytes ── */

void form_json_stream(struct form_json_stream *s, str value, bool is_base64)
{
    *s = (struct form_json_stream){.value = value, .rest = value, .is_base64 = is_base64};
}

/* The six bits of a letter of base64 or base64url; -1: of neither. */
static int bits_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Letters of base64 in place: *n of them become *n bytes. */
static err unbase64(struct form_json_stream *s, char *at, ptrdiff_t *n)
{
    ptrdiff_t put = 0;
    for (ptrdiff_t i = 0; i < *n; i++) {
        char c = at[i];
        if (c == ' ' || c == '\r' || c == '\n' || c == '\t')
            continue;
        int bits = bits_of(c);
        if (c == '=' ? s->n_bits == 6 || s->n_bits == 0 : bits < 0 || s->is_padded)
            return E_INVALID;
        s->is_padded |= c == '=';
        if (c == '=')
            continue;
        s->bits = (s->bits << 6 | (unsigned)bits) & 0xffffff;
        s->n_bits += 6;
        if (s->n_bits >= 8) {
            s->n_bits -= 8;
            at[put++] = (char)(s->bits >> s->n_bits & 0xff);
        }
    }
    *n = put;
    return OK;
}

err form_json_read(struct form_json_stream *s, char *to, ptrdiff_t room, ptrdiff_t *got)
{
    *got = 0;
    while (s->rest.len && room - *got >= FORM_JSON_LETTER_BYTES) {
        ptrdiff_t taken = 0, n = 0;
        TRY(form_json_decode(s->rest, to + *got, room - *got, &taken, &n));
        s->rest = str_skip(s->rest, taken);
        file_map_walk(s->value, s->value.len - s->rest.len, &s->passed);
        if (s->is_base64)
            TRY(unbase64(s, to + *got, &n));
        *got += n;
    }
    return s->rest.len || !s->is_base64 || s->n_bits != 6 ? OK : E_INVALID;
}
