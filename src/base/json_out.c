/* The JSON writer of json.h: appends, never looks back. Not: public views (model/view_*.c).
 * Thread: one builder per thread. Rules: RFC 8259; the extra escapes make the text safe in HTML and
 * in JavaScript before ES2019. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"

struct json_out json_out_make(struct arena *a, ptrdiff_t max)
{
    return (struct json_out){.b = sb_make(a, max)};
}

static void before_value(struct json_out *j)
{
    if (j->needs_comma)
        sb_byte(&j->b, ',');
    j->needs_comma = true;
}

static void open_with(struct json_out *j, char c)
{
    before_value(j);
    sb_byte(&j->b, c);
    j->needs_comma = false;
}

static void close_with(struct json_out *j, char c)
{
    sb_byte(&j->b, c);
    j->needs_comma = true;
}

void json_obj(struct json_out *j)
{
    open_with(j, '{');
}

void json_obj_end(struct json_out *j)
{
    close_with(j, '}');
}

void json_arr(struct json_out *j)
{
    open_with(j, '[');
}

void json_arr_end(struct json_out *j)
{
    close_with(j, ']');
}

/* 0: as it is; 'u': \u00XX; '2': the first byte of U+2028/9, perhaps; else the letter after '\'. */
static const char escape_of[256] = {[0x00] = 'u',
    [0x01] = 'u',
    [0x02] = 'u',
    [0x03] = 'u',
    [0x04] = 'u',
    [0x05] = 'u',
    [0x06] = 'u',
    [0x07] = 'u',
    ['\b'] = 'b',
    ['\t'] = 't',
    ['\n'] = 'n',
    [0x0b] = 'u',
    ['\f'] = 'f',
    ['\r'] = 'r',
    [0x0e] = 'u',
    [0x0f] = 'u',
    [0x10] = 'u',
    [0x11] = 'u',
    [0x12] = 'u',
    [0x13] = 'u',
    [0x14] = 'u',
    [0x15] = 'u',
    [0x16] = 'u',
    [0x17] = 'u',
    [0x18] = 'u',
    [0x19] = 'u',
    [0x1a] = 'u',
    [0x1b] = 'u',
    [0x1c] = 'u',
    [0x1d] = 'u',
    [0x1e] = 'u',
    [0x1f] = 'u',
    ['"'] = '"',
    ['\\'] = '\\',
    ['<'] = 'u',
    ['>'] = 'u',
    ['&'] = 'u',
    [0x7f] = 'u',
    [0xe2] = '2'};

static void put_escape(struct json_out *j, unsigned char c, char how)
{
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', how, '0', '0', hex[c >> 4], hex[c & 15]};
    sb_add(&j->b, str_of(text, how == 'u' ? 6 : 2));
}

/* The first byte that may need an escape; the length when none does. */
static ptrdiff_t plain_bytes(str s)
{
    ptrdiff_t i = 0;
    while (i < s.len && escape_of[(unsigned char)s.at[i]] == 0)
        i++;
    return i;
}

static void put_plain(struct json_out *j, str s)
{
    char *at = sb_space(&j->b, s.len + 2);
    if (at == NULL)
        return;
    at[0] = at[s.len + 1] = '"';
    if (s.len > 0)
        memcpy(at + 1, s.at, (size_t)s.len);
    j->b.len += s.len + 2;
}

static void put_quoted(struct json_out *j, str s)
{
    ptrdiff_t first = plain_bytes(s);
    if (first == s.len) {
        put_plain(j, s);
        return;
    }
    ptrdiff_t from = 0; /* start of the run that needs no escape */
    sb_byte(&j->b, '"');
    for (ptrdiff_t i = first; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        char how = escape_of[c];
        if (how == 0)
            continue;
        if (how == '2') {
            bool is_line_end = s.len - i >= 3 && (unsigned char)s.at[i + 1] == 0x80 &&
                               ((unsigned char)s.at[i + 2] & 0xfe) == 0xa8;
            if (!is_line_end)
                continue;
            sb_add(&j->b, str_of(s.at + from, i - from));
            sb_add(&j->b, (unsigned char)s.at[i + 2] == 0xa8 ? S("\\u2028") : S("\\u2029"));
            i += 2;
        } else {
            sb_add(&j->b, str_of(s.at + from, i - from));
            put_escape(j, c, how);
        }
        from = i + 1;
    }
    if (from < s.len)
        sb_add(&j->b, str_of(s.at + from, s.len - from));
    sb_byte(&j->b, '"');
}

void json_key(struct json_out *j, str key)
{
    before_value(j);
    put_quoted(j, key);
    sb_byte(&j->b, ':');
    j->needs_comma = false;
}

void json_put_str(struct json_out *j, str s)
{
    before_value(j);
    put_quoted(j, s);
}

void json_put_int(struct json_out *j, int64_t v)
{
    before_value(j);
    sb_int(&j->b, v);
}

void json_put_null(struct json_out *j)
{
    before_value(j);
    sb_add(&j->b, S("null"));
}

void json_put_id(struct json_out *j, int64_t v)
{
    if (v == 0) {
        json_put_null(j);
        return;
    }
    before_value(j);
    sb_byte(&j->b, '"');
    sb_int(&j->b, v);
    sb_byte(&j->b, '"');
}

void json_put_bool(struct json_out *j, bool v)
{
    before_value(j);
    sb_add(&j->b, v ? S("true") : S("false"));
}

void json_put_double(struct json_out *j, double v)
{
    if (!isfinite(v)) {
        json_put_null(j);
        return;
    }
    char text[32];
    int len = 0;
    for (int digits = 15; digits <= 17; digits++) {
        len = snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    before_value(j);
    sb_add(&j->b, str_of(text, len));
}

void json_put_time(struct json_out *j, int64_t ms)
{
    if (ms == 0) {
        json_put_null(j);
        return;
    }
    char text[TIME_RFC3339_LEN + 2];
    text[0] = '"';
    time_rfc3339_to(text + 1, ms);
    text[TIME_RFC3339_LEN + 1] = '"';
    before_value(j);
    sb_add(&j->b, str_of(text, TIME_RFC3339_LEN + 2));
}

void json_put_raw(struct json_out *j, str json)
{
    if (json.len == 0) {
        json_put_null(j);
        return;
    }
    before_value(j);
    sb_add(&j->b, json);
}

static void put_scalar(struct json_out *j, const struct json *v)
{
    switch (v->kind) {
    case JSON_NULL:
        json_put_null(j);
        break;
    case JSON_BOOL:
        json_put_bool(j, v->boolean);
        break;
    case JSON_NUMBER:
        json_put_raw(j, v->text);
        break;
    case JSON_STRING:
        json_put_str(j, v->text);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
}

void json_put_tree(struct json_out *j, const struct json *v)
{
    if (v == NULL) {
        json_put_null(j);
        return;
    }
    const struct json *open[LIMIT_JSON_DEPTH + 1]; /* a parsed tree is never deeper */
    int depth = 0;
    for (;;) {
        if (depth > 0 && open[depth - 1]->kind == JSON_OBJECT)
            json_key(j, v->key);
        if ((v->kind == JSON_ARRAY || v->kind == JSON_OBJECT) && depth <= LIMIT_JSON_DEPTH) {
            open_with(j, v->kind == JSON_ARRAY ? '[' : '{');
            if (v->first != NULL) {
                open[depth++] = v;
                v = v->first;
                continue;
            }
            close_with(j, v->kind == JSON_ARRAY ? ']' : '}');
        } else {
            put_scalar(j, v);
        }
        while (depth > 0 && v->next == NULL) {
            v = open[--depth];
            close_with(j, v->kind == JSON_ARRAY ? ']' : '}');
        }
        if (depth == 0)
            return;
        v = v->next;
    }
}

void json_kv_str(struct json_out *j, str key, str v)
{
    json_key(j, key);
    json_put_str(j, v);
}

void json_kv_text(struct json_out *j, str key, str v)
{
    json_key(j, key);
    if (v.len > 0)
        json_put_str(j, v);
    else
        json_put_null(j);
}

void json_kv_int(struct json_out *j, str key, int64_t v)
{
    json_key(j, key);
    json_put_int(j, v);
}

void json_kv_id(struct json_out *j, str key, int64_t v)
{
    json_key(j, key);
    json_put_id(j, v);
}

void json_kv_bool(struct json_out *j, str key, bool v)
{
    json_key(j, key);
    json_put_bool(j, v);
}

void json_kv_time(struct json_out *j, str key, int64_t ms)
{
    json_key(j, key);
    json_put_time(j, ms);
}

void json_kv_raw(struct json_out *j, str key, str json)
{
    json_key(j, key);
    json_put_raw(j, json);
}

str json_str(const struct json_out *j)
{
    return j->b.failed ? (str){0} : sb_str(&j->b);
}
