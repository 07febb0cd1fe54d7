/* JSON in: one pass that checks and makes the tree. Every text is decoded once, into one piece of
 * the arena as long as the source: no JSON is shorter than what it says. Not: writing (json_out.c).
 * Why not a library: docs/architecture.md. Thread: any. Rules: RFC 8259. Nothing recurses. */
#include "base/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/utf8.h"

enum {
    KEYS_COMPARED = 24, /* members of an object compared pair by pair; more go into a map */
    NUL_STANDS_FOR = 0xfffd,
    PAIR_FIRST = 0xd800,
    PAIR_SECOND = 0xdc00,
    PAIR_END = 0xe000,
};

/* One open container. */
struct open {
    struct json *node;
    struct json *last; /* its newest child */
};

struct reader {
    struct arena *a;
    str text;
    ptrdiff_t at;
    char *copy;     /* decoded texts one behind the other, each ended by a zero byte */
    ptrdiff_t used; /* of copy, which has text.len + 1 bytes */
    err code;       /* OK = fine so far, else why it stopped at `at` */
    const char *why;
    bool is_repeated;      /* what is wrong is a key, and nobody knows where */
    bool holds_nul_escape; /* the text just read has \u0000 */
    struct open open[LIMIT_JSON_DEPTH];
    int depth;
};

static bool stop(struct reader *r, ptrdiff_t at, const char *why)
{
    r->at = at;
    r->why = why;
    r->code = E_INVALID;
    return false;
}

/* Something else must stand here; at the end of the text, that is what is wrong. */
static bool stop_here(struct reader *r, const char *why)
{
    return stop(r, r->at, r->at < r->text.len ? why : "the JSON has no end");
}

static bool stop_busy(struct reader *r)
{
    r->code = E_BUSY;
    return false;
}

/* '\0' at the end: the text itself has none, being valid UTF-8 of ours. */
static char byte_at(const struct reader *r, ptrdiff_t i)
{
    return i < r->text.len ? r->text.at[i] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_space(struct reader *r)
{
    for (char c = byte_at(r, r->at); c == ' ' || c == '\n' || c == '\r' || c == '\t';)
        c = byte_at(r, ++r->at);
}

/* ── texts ── */

static void put(struct reader *r, const char *bytes, ptrdiff_t len)
{
    assert(len <= r->text.len - r->used); /* the zero byte behind it fits as well */
    memcpy(r->copy + r->used, bytes, (size_t)len);
    r->used += len;
}

static void put_code_point(struct reader *r, uint32_t c)
{
    char b[4];
    ptrdiff_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (ptrdiff_t i = len - 1; i > 0; i--, c >>= 6)
        b[i] = (char)(0x80 | (c & 0x3f));
    b[0] = (char)(len == 1 ? c : (0xf00u >> len & 0xf0) | c);
    put(r, b, len);
}

/* What has been put since `start`. */
static str put_end(struct reader *r, ptrdiff_t start)
{
    str s = str_of(r->copy + start, r->used - start);
    r->used++; /* zeroed by the arena */
    return s;
}

/* The length of the run that stands for itself inside a text: no quote, backslash, control. */
static ptrdiff_t plain_run(const char *at, ptrdiff_t len)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    ptrdiff_t i = 0;
    for (uint64_t w; i + 8 <= len; i += 8) {
        memcpy(&w, at + i, 8);
        uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';
        if (((((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) &
                tops) != 0)
            break;
    }
    while (i < len && (unsigned char)at[i] >= 0x20 && at[i] != '"' && at[i] != '\\')
        i++;
    return i;
}

/* The four hex digits at i, or -1. */
static int hex4(const struct reader *r, ptrdiff_t i)
{
    int v = 0;
    for (ptrdiff_t end = i + 4; i < end; i++) {
        char d = byte_at(r, i), low = (char)(d | 0x20);
        if (is_digit(d))
            v = v * 16 + d - '0';
        else if (low >= 'a' && low <= 'f')
            v = v * 16 + low - 'a' + 10;
        else
            return -1;
    }
    return v;
}

/* r->at is on the backslash of \uXXXX; moves behind it, and behind the second of a pair. */
static bool read_unicode(struct reader *r)
{
    ptrdiff_t i = r->at;
    int unit = hex4(r, i + 2);
    if (unit < 0)
        return stop(r, i, "\\u needs four hex digits");
    r->at = i + 6;
    if (unit == 0) {
        r->holds_nul_escape = true;
        unit = NUL_STANDS_FOR;
    }
    if (unit >= PAIR_FIRST && unit < PAIR_END) {
        int low = byte_at(r, i + 6) == '\\' && byte_at(r, i + 7) == 'u' ? hex4(r, i + 8) : -1;
        if (unit >= PAIR_SECOND || low < PAIR_SECOND || low >= PAIR_END)
            return stop(r, i, "half of a surrogate pair stands alone");
        r->at = i + 12;
        unit = 0x10000 + ((unit - PAIR_FIRST) << 10) + (low - PAIR_SECOND);
    }
    put_code_point(r, (uint32_t)unit);
    return true;
}

/* r->at is on a backslash; moves behind the escape. */
static bool read_escape(struct reader *r)
{
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    char kind = byte_at(r, r->at + 1);
    if (kind == 'u')
        return read_unicode(r);
    const char *name = kind != '\0' ? strchr(names, kind) : NULL;
    if (name == NULL)
        return stop(r, r->at, "there is no such escape");
    put(r, bytes + (name - names), 1);
    r->at += 2;
    return true;
}

/* r->at is on the opening quote; moves behind the closing one. */
static bool read_text(struct reader *r, str *to)
{
    ptrdiff_t from = r->at++, start = r->used;
    r->holds_nul_escape = false;
    for (;;) {
        ptrdiff_t run = plain_run(r->text.at + r->at, r->text.len - r->at);
        put(r, r->text.at + r->at, run);
        r->at += run;
        if (r->at >= r->text.len)
            return stop(r, from, "the text has no end");
        if (r->text.at[r->at] == '"')
            break;
        if (r->text.at[r->at] != '\\')
            return stop(r, r->at, "a control character must be written as an escape");
        if (!read_escape(r))
            return false;
    }
    r->at++;
    *to = put_end(r, start);
    return true;
}

/* ── numbers and words ── */

static ptrdiff_t digits_end(const struct reader *r, ptrdiff_t i)
{
    while (is_digit(byte_at(r, i)))
        i++;
    return i;
}

/* The end of the number at `from`; `from` itself when it is none. */
static ptrdiff_t number_end(const struct reader *r, ptrdiff_t from)
{
    ptrdiff_t i = from + (byte_at(r, from) == '-');
    if (!is_digit(byte_at(r, i)))
        return from;
    i = byte_at(r, i) == '0' ? i + 1 : digits_end(r, i);
    if (byte_at(r, i) == '.') {
        if (!is_digit(byte_at(r, ++i)))
            return from;
        i = digits_end(r, i);
    }
    if (byte_at(r, i) == 'e' || byte_at(r, i) == 'E') {
        i++;
        i += byte_at(r, i) == '+' || byte_at(r, i) == '-';
        if (!is_digit(byte_at(r, i)))
            return from;
        i = digits_end(r, i);
    }
    return i;
}

static bool read_number(struct reader *r, struct json *node)
{
    ptrdiff_t end = number_end(r, r->at), start = r->used;
    if (end == r->at)
        return stop_here(r, "a value is expected");
    if (end < r->text.len && strchr(" \t\r\n,]}", r->text.at[end]) == NULL)
        return stop(r, end, "a number ends wrongly");
    put(r, r->text.at + r->at, end - r->at);
    r->at = end;
    node->kind = JSON_NUMBER;
    node->text = put_end(r, start);
    node->is_int = str_int(node->text, INT64_MIN, INT64_MAX, &node->integer) == OK;
    node->number = node->is_int ? (double)node->integer : strtod(node->text.at, NULL);
    return true;
}

static bool read_word(struct reader *r, str word)
{
    if (!str_eq(str_sub(r->text, r->at, word.len), word))
        return stop(r, r->at, "a value is expected");
    r->at += word.len;
    return true;
}

/* ── the tree ── */

static bool container_open(struct reader *r, struct json *node, enum json_kind kind)
{
    if (r->depth == LIMIT_JSON_DEPTH) {
        (void)stop(r, r->at, "nested too deep");
        r->code = E_LIMIT;
        return false;
    }
    node->kind = kind;
    r->open[r->depth++] = (struct open){.node = node};
    r->at++;
    return true;
}

static bool keys_differ_by_pairs(const struct json *object)
{
    for (const struct json *x = object->first; x != NULL; x = x->next)
        for (const struct json *y = x->next; y != NULL; y = y->next)
            if (x->key.len == y->key.len && str_eq(x->key, y->key))
                return false;
    return true;
}

static bool keys_differ(struct reader *r, const struct json *object)
{
    struct map seen = {0}; /* on the heap: nothing between here and map_free jumps */
    bool is_new = true;
    err e = OK;
    if (object->count <= KEYS_COMPARED) {
        is_new = keys_differ_by_pairs(object);
    } else {
        for (const struct json *x = object->first; x != NULL && e == OK; x = x->next)
            e = map_put(&seen, x->key, r); /* any value: only the keys count */
        is_new = seen.count == object->count;
        map_free(&seen);
    }
    if (e != OK)
        return stop_busy(r);
    r->is_repeated = !is_new;
    return is_new || stop(r, r->at, "an object names the same key twice");
}

static bool container_close(struct reader *r)
{
    const struct json *node = r->open[r->depth - 1].node;
    if (node->kind == JSON_OBJECT && !keys_differ(r, node))
        return false;
    r->depth--;
    r->at++;
    return true;
}

/* r->at is where a value must be. Fills in what the value itself says; containers are opened. */
static bool read_value(struct reader *r, struct json *node)
{
    switch (byte_at(r, r->at)) {
    case '"':
        node->kind = JSON_STRING;
        return read_text(r, &node->text);
    case '{':
        return container_open(r, node, JSON_OBJECT);
    case '[':
        return container_open(r, node, JSON_ARRAY);
    case 't':
        node->kind = JSON_BOOL;
        node->boolean = true;
        return read_word(r, S("true"));
    case 'f':
        node->kind = JSON_BOOL;
        return read_word(r, S("false"));
    case 'n':
        node->kind = JSON_NULL;
        return read_word(r, S("null"));
    default:
        return read_number(r, node);
    }
}

/* r->at is where a key must be; moves to where its value must be. */
static bool read_key(struct reader *r, str *key)
{
    if (byte_at(r, r->at) != '"')
        return stop_here(r, "a key in quotes is expected");
    if (!read_text(r, key))
        return false;
    skip_space(r);
    if (byte_at(r, r->at) != ':')
        return stop_here(r, "a colon is expected");
    if (r->holds_nul_escape)
        return stop(r, r->at, "a key must not hold \\u0000");
    r->at++;
    skip_space(r);
    return true;
}

/* The next child of the innermost open container, empty yet. */
static struct json *child_add(struct reader *r)
{
    struct open *in = &r->open[r->depth - 1];
    struct json *node = arena_try(r->a, (ptrdiff_t)sizeof *node, (ptrdiff_t)alignof(struct json));
    if (node == NULL) {
        (void)stop_busy(r);
        return NULL;
    }
    if (in->last == NULL)
        in->node->first = node;
    else
        in->last->next = node;
    in->last = node;
    in->node->count++;
    return node;
}

/* Behind a value or an opening bracket: closes what ends here and comes to the next child. NULL at
 * the end of the text, or when r->code says so. */
static struct json *next_child(struct reader *r)
{
    skip_space(r);
    while (r->depth > 0) {
        const struct json *in = r->open[r->depth - 1].node;
        bool is_object = in->kind == JSON_OBJECT;
        if (byte_at(r, r->at) == (is_object ? '}' : ']')) {
            if (!container_close(r))
                return NULL;
            skip_space(r);
            continue;
        }
        if (in->count > 0) {
            if (byte_at(r, r->at) != ',') {
                (void)stop_here(r, "a comma or the closing bracket is expected");
                return NULL;
            }
            r->at++;
            skip_space(r);
        }
        str key = {0};
        if (is_object && !read_key(r, &key))
            return NULL;
        struct json *node = child_add(r);
        if (node != NULL)
            node->key = key;
        return node;
    }
    if (r->at < r->text.len)
        (void)stop(r, r->at, "something follows the JSON");
    return NULL;
}

static const struct json *read_tree(struct reader *r)
{
    ptrdiff_t valid = utf8_valid_len(r->text);
    if (valid < r->text.len)
        (void)stop(r, valid, "this is not UTF-8 text");
    if (r->text.len == 0)
        (void)stop(r, 0, "there is no JSON");
    if (r->code != OK)
        return NULL;
    struct json *root = arena_try(r->a, (ptrdiff_t)sizeof *root, (ptrdiff_t)alignof(struct json));
    r->copy = arena_try(r->a, r->text.len + 1, 1);
    if (root == NULL || r->copy == NULL) {
        (void)stop_busy(r);
        return NULL;
    }
    skip_space(r);
    for (struct json *node = root; node != NULL; node = next_child(r))
        if (!read_value(r, node))
            break;
    return r->code == OK ? root : NULL;
}

err json_parse(struct arena *a, str text, const struct json **root, str *why)
{
    struct reader r = {.a = a, .text = text};
    if (text.len > LIMIT_ARENA_BYTES) {
        *why = S("the JSON is too long");
        return E_LIMIT;
    }
    const struct json *tree = read_tree(&r);
    if (r.code == E_BUSY && a->escape != NULL)
        arena_give_up(a); /* many a caller would say that the text is wrong */
    if (r.code == OK)
        *root = tree;
    else if (r.is_repeated)
        *why = str_from(r.why);
    else if (r.code == E_BUSY)
        *why = S("out of memory");
    else
        *why = str_print(a, "at byte %td: %s", r.at, r.why);
    return r.code;
}

const struct json *json_get(const struct json *v, str key)
{
    if (v == NULL || v->kind != JSON_OBJECT)
        return NULL;
    for (const struct json *child = v->first; child != NULL; child = child->next)
        if (str_eq(child->key, key))
            return child;
    return NULL;
}

static const struct json *array_at(const struct json *v, str step)
{
    int64_t index;
    if (str_int(step, 0, v->count - 1, &index) != OK)
        return NULL;
    const struct json *child = v->first;
    while (child != NULL && index-- > 0)
        child = child->next;
    return child;
}

const struct json *json_path(const struct json *v, str path)
{
    str step;
    for (bool has_more = true; has_more && v != NULL;) {
        has_more = str_cut(path, '.', &step, &path);
        v = v->kind == JSON_ARRAY ? array_at(v, step) : json_get(v, step);
    }
    return v;
}

str json_text(const struct json *v, str otherwise)
{
    bool has_text = v != NULL && (v->kind == JSON_STRING || v->kind == JSON_NUMBER);
    return has_text ? v->text : otherwise;
}

int64_t json_int(const struct json *v, int64_t otherwise)
{
    return v != NULL && v->kind == JSON_NUMBER && v->is_int ? v->integer : otherwise;
}

bool json_bool(const struct json *v, bool otherwise)
{
    return v != NULL && v->kind == JSON_BOOL ? v->boolean : otherwise;
}
