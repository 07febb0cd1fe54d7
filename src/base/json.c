/* JSON in: three steps. 1. check: what json-c is lax about (it takes NaN, bare control characters,
 * lone surrogates, leading zeros in places) and where a fault is; 2. json-c parses; 3. copy: the
 * tree goes into the arena, numbers with their own text. Not: writing (json_out.c).
 * Thread: any; each keeps one json-c tokener. Rules: RFC 8259. No step recurses. */
#include "base/json.h"

#define json_bool json_c_bool /* json-c's name for a type is our name for a function */
#include <json-c/json.h>
#undef json_bool
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/thread.h"
#include "base/utf8.h"

static _Thread_local json_tokener *my_tokener;
static _Thread_local struct thread_exit my_exit;

/* What step 1 knows at the end, or where and why it stopped. */
struct check {
    str text;
    ptrdiff_t at;
    ptrdiff_t members; /* `:` seen; fewer in the tree = a key was repeated */
    const char *why;   /* NULL = fine so far */
    bool is_too_deep;
    bool holds_nul_escape; /* the string just passed has \u0000 */
};

static bool stop(struct check *c, ptrdiff_t at, const char *why)
{
    c->at = at;
    c->why = why;
    return false;
}

static char byte_at(const struct check *c, ptrdiff_t i)
{
    return i < c->text.len ? c->text.at[i] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The end of the number at `from`; `from` itself when it is none. */
static ptrdiff_t number_end(str text, ptrdiff_t from)
{
    struct check c = {.text = text};
    ptrdiff_t i = from + (byte_at(&c, from) == '-');
    if (!is_digit(byte_at(&c, i)))
        return from;
    if (byte_at(&c, i) == '0')
        i++;
    else
        while (is_digit(byte_at(&c, i)))
            i++;
    if (byte_at(&c, i) == '.') {
        if (!is_digit(byte_at(&c, ++i)))
            return from;
        while (is_digit(byte_at(&c, i)))
            i++;
    }
    if (byte_at(&c, i) == 'e' || byte_at(&c, i) == 'E') {
        i++;
        i += byte_at(&c, i) == '+' || byte_at(&c, i) == '-';
        if (!is_digit(byte_at(&c, i)))
            return from;
        while (is_digit(byte_at(&c, i)))
            i++;
    }
    return i;
}

/* The four hex digits at i, or -1. */
static int hex4(const struct check *c, ptrdiff_t i)
{
    int v = 0;
    for (ptrdiff_t end = i + 4; i < end; i++) {
        char d = byte_at(c, i), low = (char)(d | 0x20);
        if (is_digit(d))
            v = v * 16 + d - '0';
        else if (low >= 'a' && low <= 'f')
            v = v * 16 + low - 'a' + 10;
        else
            return -1;
    }
    return v;
}

/* c->at is on a backslash; moves behind the escape. */
static bool check_escape(struct check *c)
{
    ptrdiff_t i = c->at;
    char kind = byte_at(c, i + 1);
    if (kind != 'u') {
        if (kind == '\0' || strchr("\"\\/bfnrt", kind) == NULL)
            return stop(c, i, "there is no such escape");
        c->at = i + 2;
        return true;
    }
    int unit = hex4(c, i + 2);
    if (unit < 0)
        return stop(c, i, "\\u needs four hex digits");
    c->at = i + 6;
    if (unit >= 0xd800 && unit < 0xe000) {
        int low = byte_at(c, i + 6) == '\\' && byte_at(c, i + 7) == 'u' ? hex4(c, i + 8) : -1;
        if (unit >= 0xdc00 || low < 0xdc00 || low > 0xdfff)
            return stop(c, i, "half of a surrogate pair stands alone");
        c->at = i + 12;
    }
    c->holds_nul_escape = c->holds_nul_escape || unit == 0;
    return true;
}

/* c->at is on the opening quote; moves behind the closing one. */
static bool check_string(struct check *c)
{
    ptrdiff_t from = c->at++;
    c->holds_nul_escape = false;
    for (;;) {
        while (c->at < c->text.len && (unsigned char)c->text.at[c->at] >= 0x20 &&
               c->text.at[c->at] != '"' && c->text.at[c->at] != '\\')
            c->at++;
        if (c->at >= c->text.len)
            return stop(c, from, "the text has no end");
        if (c->text.at[c->at] == '"')
            break;
        if (c->text.at[c->at] != '\\')
            return stop(c, c->at, "a control character must be written as an escape");
        if (!check_escape(c))
            return false;
    }
    c->at++;
    return true;
}

static bool check_word(struct check *c, str word)
{
    if (!str_eq(str_sub(c->text, c->at, word.len), word))
        return stop(c, c->at, "a value is expected");
    c->at += word.len;
    return true;
}

/* One token at c->at that is no bracket. */
static bool check_token(struct check *c)
{
    switch (c->text.at[c->at]) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case ',':
        c->at++;
        return true;
    case ':':
        if (c->holds_nul_escape)
            return stop(c, c->at, "a key must not hold \\u0000");
        c->members++;
        c->at++;
        return true;
    case '"':
        return check_string(c);
    case 't':
        return check_word(c, S("true"));
    case 'f':
        return check_word(c, S("false"));
    case 'n':
        return check_word(c, S("null"));
    default:
        break;
    }
    ptrdiff_t end = number_end(c->text, c->at);
    if (end == c->at)
        return stop(c, c->at, "a value is expected");
    if (end < c->text.len && strchr(" \t\r\n,]}", c->text.at[end]) == NULL)
        return stop(c, end, "a number ends wrongly"); /* json-c takes 01 and 1-1 in places */
    c->at = end;
    return true;
}

static bool check_tokens(struct check *c)
{
    ptrdiff_t valid = utf8_valid_len(c->text);
    if (valid < c->text.len)
        return stop(c, valid, "this is not UTF-8 text");
    int depth = 0;
    while (c->at < c->text.len) {
        char byte = c->text.at[c->at];
        if (byte == '{' || byte == '[') {
            if (++depth > LIMIT_JSON_DEPTH) {
                c->is_too_deep = true;
                return stop(c, c->at, "nested too deep");
            }
            c->at++;
        } else if (byte == '}' || byte == ']') {
            depth--;
            c->at++;
        } else if (!check_token(c)) {
            return false;
        }
    }
    return true;
}

static void tokener_free(void *what)
{
    json_tokener_free(what);
    my_tokener = NULL;
}

static json_tokener *tokener(void)
{
    if (my_tokener == NULL) {
        json_tokener *made = json_tokener_new_ex(LIMIT_JSON_DEPTH + 2);
        if (made == NULL || !thread_at_exit(&my_exit, tokener_free, made)) {
            if (made != NULL)
                json_tokener_free(made);
            return NULL;
        }
        json_tokener_set_flags(made, JSON_TOKENER_STRICT);
        my_tokener = made;
    }
    json_tokener_reset(my_tokener);
    return my_tokener;
}

/* Step 2. *is_valid false: c tells where. The object may be NULL, which is json-c's null. */
static err parse(struct check *c, json_object **object, bool *is_valid)
{
    json_tokener *t = tokener();
    if (t == NULL)
        return E_BUSY;
    json_object *o = json_tokener_parse_ex(t, c->text.at, (int)c->text.len);
    bool wants_more = json_tokener_get_error(t) == json_tokener_continue;
    if (wants_more)
        o = json_tokener_parse_ex(t, "", 1); /* the end, for a bare number at the top */
    *is_valid = json_tokener_get_error(t) == json_tokener_success;
    *object = o;
    if (!*is_valid && wants_more)
        (void)stop(c, c->text.len, "the JSON has no end");
    else if (!*is_valid)
        (void)stop(c, (ptrdiff_t)json_tokener_get_parse_end(t), "this is not JSON");
    return OK;
}

/* Step 3. One open container: `entry` or `index` is what comes next in it. */
struct open {
    struct json *node;
    struct json *last;
    json_object *object;
    struct lh_entry *entry;
    size_t index;
};

struct copy {
    struct arena *a;
    str text;
    ptrdiff_t at; /* behind the last number taken */
    ptrdiff_t members;
    struct open open[LIMIT_JSON_DEPTH + 2];
    int depth;
};

/* The text of the next number: those of the source come in the order of the tree. */
static str next_number(struct copy *c)
{
    while (c->at < c->text.len) {
        char byte = c->text.at[c->at];
        if (byte == '"') {
            for (c->at++; c->text.at[c->at] != '"'; c->at++)
                c->at += c->text.at[c->at] == '\\';
        } else if (byte == '-' || is_digit(byte)) {
            ptrdiff_t from = c->at;
            c->at = number_end(c->text, from);
            return str_of(c->text.at + from, c->at - from);
        }
        c->at++;
    }
    return (str){0};
}

/* NUL (from \u0000) becomes U+FFFD: no text of ours may hold it. */
static bool copy_text(struct copy *c, str s, str *to)
{
    ptrdiff_t nuls = 0;
    bool has_nul = s.len > 0 && memchr(s.at, 0, (size_t)s.len) != NULL;
    for (ptrdiff_t i = 0; has_nul && i < s.len; i++)
        nuls += s.at[i] == 0;
    char *z = arena_try(c->a, s.len + 2 * nuls + 1, 1);
    if (z == NULL)
        return false;
    if (s.len > 0 && !has_nul)
        memcpy(z, s.at, (size_t)s.len);
    for (ptrdiff_t i = 0, end = 0; has_nul && i < s.len; i++) {
        memcpy(z + end, s.at[i] == 0 ? "\xef\xbf\xbd" : s.at + i, s.at[i] == 0 ? 3 : 1);
        end += s.at[i] == 0 ? 3 : 1;
    }
    *to = str_of(z, s.len + 2 * nuls);
    return true;
}

static bool copy_string(struct copy *c, json_object *o, struct json *node)
{
    str s = str_of(json_object_get_string(o), json_object_get_string_len(o));
    return copy_text(c, s, &node->text);
}

static bool copy_number(struct copy *c, struct json *node)
{
    if (!copy_text(c, next_number(c), &node->text))
        return false;
    node->is_int = str_int(node->text, INT64_MIN, INT64_MAX, &node->integer) == OK;
    node->number = node->is_int ? (double)node->integer : strtod(node->text.at, NULL);
    return true;
}

/* Fills in what the value itself says; containers are opened. */
static bool copy_value(struct copy *c, json_object *o, struct json *node)
{
    switch (json_object_get_type(o)) {
    case json_type_null:
        node->kind = JSON_NULL;
        return true;
    case json_type_boolean:
        node->kind = JSON_BOOL;
        node->boolean = json_object_get_boolean(o);
        return true;
    case json_type_int:
    case json_type_double:
        node->kind = JSON_NUMBER;
        return copy_number(c, node);
    case json_type_string:
        node->kind = JSON_STRING;
        return copy_string(c, o, node);
    case json_type_object:
        node->kind = JSON_OBJECT;
        node->count = json_object_object_length(o);
        c->members += node->count;
        c->open[c->depth++] =
            (struct open){.node = node, .object = o, .entry = json_object_get_object(o)->head};
        return true;
    case json_type_array:
        node->kind = JSON_ARRAY;
        node->count = (ptrdiff_t)json_object_array_length(o);
        c->open[c->depth++] = (struct open){.node = node, .object = o};
        return true;
    }
    return false;
}

/* Takes the next child of the innermost container, or closes it. */
static bool copy_step(struct copy *c)
{
    struct open *in = &c->open[c->depth - 1];
    bool is_object = in->node->kind == JSON_OBJECT;
    if (is_object ? in->entry == NULL : in->index == (size_t)in->node->count) {
        c->depth--;
        return true;
    }
    struct json *node = arena_try(c->a, (ptrdiff_t)sizeof *node, (ptrdiff_t)alignof(struct json));
    if (node == NULL)
        return false;
    if (in->last == NULL)
        in->node->first = node;
    else
        in->last->next = node;
    in->last = node;
    json_object *value;
    if (is_object) {
        if (!copy_text(c, str_from(lh_entry_k(in->entry)), &node->key))
            return false;
        value = lh_entry_v(in->entry);
        in->entry = lh_entry_next(in->entry);
    } else {
        value = json_object_array_get_idx(in->object, in->index++);
    }
    return copy_value(c, value, node);
}

/* NULL when out of memory. */
static const struct json *copy_tree(struct copy *c, json_object *o)
{
    struct json *root = arena_try(c->a, (ptrdiff_t)sizeof *root, (ptrdiff_t)alignof(struct json));
    if (root == NULL || !copy_value(c, o, root))
        return NULL;
    while (c->depth > 0)
        if (!copy_step(c))
            return NULL;
    return root;
}

static err refuse(struct arena *a, const struct check *c, str *why)
{
    *why = str_print(a, "at byte %td: %s", c->at, c->why);
    return c->is_too_deep ? E_LIMIT : E_INVALID;
}

err json_parse(struct arena *a, str text, const struct json **root, str *why)
{
    struct check check = {.text = text};
    json_object *object = NULL;
    bool is_valid;
    if (text.len > LIMIT_ARENA_BYTES) {
        *why = S("the JSON is too long");
        return E_LIMIT;
    }
    if (text.len == 0) {
        (void)stop(&check, 0, "there is no JSON");
        return refuse(a, &check, why);
    }
    if (!check_tokens(&check))
        return refuse(a, &check, why);
    TRY(parse(&check, &object, &is_valid));
    if (!is_valid)
        return refuse(a, &check, why);
    /* No arena_alloc while json-c's tree is alive: its jump would lose the tree. */
    struct copy copy;
    copy.a = a;
    copy.text = text;
    copy.at = copy.members = 0;
    copy.depth = 0;
    const struct json *tree = copy_tree(&copy, object);
    (void)json_object_put(object); /* the answer only says whether others still hold it */
    if (tree == NULL)
        return E_BUSY;
    if (copy.members != check.members) {
        *why = S("an object names the same key twice");
        return E_INVALID;
    }
    *root = tree;
    return OK;
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
