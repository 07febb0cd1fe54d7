/* input: see input.h. docs/security.md point 2. */
#include "api/input.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"

enum { LIST_MOST = LIMIT_BULK_IDS, FIELDS_MAX = 64 };

/* A value on its way in: from JSON, or a text from a query. */
struct raw {
    const struct json *json; /* NULL: from a query */
    str text;
};

static err bad(struct ctx *cx, const char *prefix, const struct input_field *f, const char *words)
{
    err e = fail(cx, E_INVALID, "%s%s %s", prefix, f->name, words);
    cx->fault.field = str_print(cx->arena, "%s%s", prefix, f->name);
    return e;
}

static void *slot(void *to, const struct input_field *f)
{
    return (char *)to + f->offset;
}

static err text_check(struct ctx *cx, const char *prefix, const struct input_field *f, str *s)
{
    if (!(f->flags & (IN_MULTILINE | IN_SECRET)))
        *s = str_trim(*s);
    if (!utf8_valid(*s))
        return bad(cx, prefix, f, "must be UTF-8 without NUL");
    if (!(f->flags & IN_SECRET)) {
        if (utf8_has_control(*s))
            return bad(cx, prefix, f, "must not hold control characters");
        if (!(f->flags & IN_MULTILINE) &&
            (str_find_byte(*s, '\n') >= 0 || str_find_byte(*s, '\t') >= 0 ||
                str_find_byte(*s, '\r') >= 0))
            return bad(cx, prefix, f, "must be one line");
    }
    int64_t most = f->max ? f->max : LIMIT_NAME_BYTES;
    if (s->len < f->min)
        return bad(cx, prefix, f, f->min == 1 ? "must not be empty" : "is too short");
    if (s->len > most) {
        str words = str_print(cx->arena, "is longer than %lld bytes", (long long)most);
        return bad(cx, prefix, f, str_z(cx->arena, words));
    }
    return OK;
}

static err put_text(
    struct ctx *cx, const char *prefix, const struct input_field *f, struct raw raw, void *to)
{
    if (raw.json && raw.json->kind != JSON_STRING)
        return bad(cx, prefix, f, "must be a text");
    str s = raw.json ? raw.json->text : raw.text;
    TRY(text_check(cx, prefix, f, &s));
    *(str *)slot(to, f) = s;
    return OK;
}

static err put_int(
    struct ctx *cx, const char *prefix, const struct input_field *f, struct raw raw, void *to)
{
    int64_t v = 0;
    if (raw.json) {
        if (raw.json->kind != JSON_NUMBER || !raw.json->is_int)
            return bad(cx, prefix, f, "must be a whole number");
        v = raw.json->integer;
    } else if (str_int(raw.text, INT64_MIN, INT64_MAX, &v) != OK) {
        return bad(cx, prefix, f, "must be a whole number");
    }
    bool is_bound = f->min || f->max;
    if (is_bound && (v < f->min || (f->max && v > f->max))) {
        str words = str_print(cx->arena, "must be from %lld to %lld", (long long)f->min,
            (long long)(f->max ? f->max : INT64_MAX));
        return bad(cx, prefix, f, str_z(cx->arena, words));
    }
    *(int64_t *)slot(to, f) = v;
    return OK;
}

static err put_bool(
    struct ctx *cx, const char *prefix, const struct input_field *f, struct raw raw, void *to)
{
    bool v = false;
    if (raw.json) {
        if (raw.json->kind != JSON_BOOL)
            return bad(cx, prefix, f, "must be true or false");
        v = raw.json->boolean;
    } else if (str_eq(raw.text, S("true"))) {
        v = true;
    } else if (!str_eq(raw.text, S("false"))) {
        return bad(cx, prefix, f, "must be true or false");
    }
    *(bool *)slot(to, f) = v;
    return OK;
}

static bool id_of(struct raw raw, int64_t *id)
{
    if (raw.json && raw.json->kind == JSON_NUMBER && raw.json->is_int) {
        *id = raw.json->integer;
        return *id > 0;
    }
    if (raw.json && raw.json->kind != JSON_STRING)
        return false;
    return id_parse(raw.json ? raw.json->text : raw.text, id) == OK;
}

static err put_id(
    struct ctx *cx, const char *prefix, const struct input_field *f, struct raw raw, void *to)
{
    int64_t id;
    if (!id_of(raw, &id))
        return bad(cx, prefix, f, "must be an id");
    *(int64_t *)slot(to, f) = id;
    return OK;
}

static err put_time(
    struct ctx *cx, const char *prefix, const struct input_field *f, struct raw raw, void *to)
{
    int64_t ms;
    if ((raw.json && raw.json->kind != JSON_STRING) ||
        time_parse(raw.json ? raw.json->text : raw.text, &ms) != OK)
        return bad(cx, prefix, f, "must be a time like 2026-01-01T00:00:00.000Z");
    *(int64_t *)slot(to, f) = ms;
    return OK;
}

static err put_enum(
    struct ctx *cx, const char *prefix, const struct input_field *f, struct raw raw, void *to)
{
    if (raw.json && raw.json->kind != JSON_STRING)
        return bad(cx, prefix, f, "must be a text");
    str s = raw.json ? raw.json->text : raw.text;
    struct sb words = sb_make(cx->arena, 0);
    sb_add(&words, S("must be one of"));
    for (const char *const *word = f->words; *word; word++) {
        if (str_eq(s, str_from(*word))) {
            *(str *)slot(to, f) = str_from(*word);
            return OK;
        }
        sb_print(&words, " %s", *word);
    }
    return bad(cx, prefix, f, str_z(cx->arena, sb_str(&words)));
}

/* The items of a list: JSON children, or the comma-separated parts of a query value. */
static err list_items(struct ctx *cx, const char *prefix, const struct input_field *f,
    struct raw raw, struct raw **items, ptrdiff_t *n)
{
    int64_t most = f->max ? f->max : LIST_MOST;
    ptrdiff_t count = 0;
    if (raw.json) {
        if (raw.json->kind != JSON_ARRAY)
            return bad(cx, prefix, f, "must be a list");
        count = raw.json->count;
    } else {
        count = 1;
        for (ptrdiff_t i = 0; i < raw.text.len; i++)
            count += raw.text.at[i] == ',';
    }
    if (count > most) {
        str words = str_print(cx->arena, "has more than %lld items", (long long)most);
        return bad(cx, prefix, f, str_z(cx->arena, words));
    }
    if (count < f->min)
        return bad(cx, prefix, f, "has too few items");
    struct raw *list = NEW(cx->arena, struct raw, count + 1);
    ptrdiff_t at = 0;
    if (raw.json) {
        for (const struct json *v = raw.json->first; v; v = v->next)
            list[at++].json = v;
    } else {
        str rest = raw.text;
        for (bool more = true; more; at++)
            more = str_cut(rest, ',', &list[at].text, &rest);
    }
    *items = list;
    *n = at;
    return OK;
}

static err put_id_list(
    struct ctx *cx, const char *prefix, const struct input_field *f, struct raw raw, void *to)
{
    struct raw *items;
    ptrdiff_t n;
    TRY(list_items(cx, prefix, f, raw, &items, &n));
    struct id_list list = {.at = NEW(cx->arena, int64_t, n + 1), .len = n};
    for (ptrdiff_t i = 0; i < n; i++)
        if (!id_of(items[i], &list.at[i]))
            return bad(cx, prefix, f, "must be a list of ids");
    *(struct id_list *)slot(to, f) = list;
    return OK;
}

static err put_text_list(
    struct ctx *cx, const char *prefix, const struct input_field *f, struct raw raw, void *to)
{
    struct raw *items;
    ptrdiff_t n;
    TRY(list_items(cx, prefix, f, raw, &items, &n));
    struct str_list list = {.at = NEW(cx->arena, str, n + 1), .len = n};
    struct input_field item = *f;
    item.min = item.max = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (items[i].json && items[i].json->kind != JSON_STRING)
            return bad(cx, prefix, f, "must be a list of texts");
        str s = items[i].json ? items[i].json->text : items[i].text;
        TRY(text_check(cx, prefix, &item, &s));
        list.at[i] = s;
    }
    *(struct str_list *)slot(to, f) = list;
    return OK;
}

static err put_json(
    struct ctx *cx, const char *prefix, const struct input_field *f, struct raw raw, void *to)
{
    if (!raw.json || (raw.json->kind != JSON_OBJECT && raw.json->kind != JSON_ARRAY))
        return bad(cx, prefix, f, "must be an object or a list");
    *(const struct json **)slot(to, f) = raw.json;
    return OK;
}

static err put(
    struct ctx *cx, const char *prefix, const struct input_field *f, struct raw raw, void *to)
{
    if (f->seen_offset >= 0)
        *(bool *)((char *)to + f->seen_offset) = true;
    if (raw.json && raw.json->kind == JSON_NULL) {
        if (f->flags & IN_NULLABLE)
            return OK;
        return bad(cx, prefix, f, "must not be null");
    }
    switch (f->type) {
    case IN_TEXT:
        return put_text(cx, prefix, f, raw, to);
    case IN_INT:
        return put_int(cx, prefix, f, raw, to);
    case IN_BOOL:
        return put_bool(cx, prefix, f, raw, to);
    case IN_ID:
        return put_id(cx, prefix, f, raw, to);
    case IN_TIME:
        return put_time(cx, prefix, f, raw, to);
    case IN_ENUM:
        return put_enum(cx, prefix, f, raw, to);
    case IN_ID_LIST:
        return put_id_list(cx, prefix, f, raw, to);
    case IN_TEXT_LIST:
        return put_text_list(cx, prefix, f, raw, to);
    case IN_JSON:
        break;
    }
    return put_json(cx, prefix, f, raw, to);
}

static const struct input_field *field_find(const struct input_spec *spec, str name, ptrdiff_t *at)
{
    for (ptrdiff_t i = 0; i < spec->n; i++)
        if (str_eq(str_from(spec->fields[i].name), name)) {
            *at = i;
            return &spec->fields[i];
        }
    return NULL;
}

static err unknown(struct ctx *cx, const char *prefix, str name)
{
    err e = fail(
        cx, E_INVALID, "there is no field %s%.*s", prefix, SARG(utf8_preview(cx->arena, name, 60)));
    cx->fault.field =
        str_print(cx->arena, "%s%.*s", prefix, SARG(utf8_preview(cx->arena, name, 60)));
    return e;
}

static err all_there(
    struct ctx *cx, const char *prefix, const struct input_spec *spec, const bool *seen)
{
    for (ptrdiff_t i = 0; i < spec->n; i++)
        if ((spec->fields[i].flags & IN_REQUIRED) && !seen[i])
            return bad(cx, prefix, &spec->fields[i], "is missing");
    return OK;
}

err input_object(struct ctx *cx, const struct input_spec *spec, const struct json *object,
    const char *prefix, void **to)
{
    bool seen[FIELDS_MAX] = {0};
    void *made = arena_alloc(cx->arena, spec->size, alignof(max_align_t));
    if (object && object->kind != JSON_OBJECT)
        return fail(cx, E_INVALID, "%s must be a JSON object", prefix[0] ? prefix : "the body");
    for (const struct json *v = object ? object->first : NULL; v; v = v->next) {
        ptrdiff_t at = 0;
        const struct input_field *f = field_find(spec, v->key, &at);
        if (!f)
            return unknown(cx, prefix, v->key);
        seen[at] = true;
        TRY(put(cx, prefix, f, (struct raw){.json = v}, made));
    }
    TRY(all_there(cx, prefix, spec, seen));
    *to = made;
    return OK;
}

err input_body(struct ctx *cx, const struct input_spec *spec, str body, void **to)
{
    const struct json *root = NULL;
    str why = {0};
    if (body.len) {
        err e = json_parse(cx->arena, body, &root, &why);
        if (e == E_INVALID || e == E_LIMIT)
            return fail(cx, E_INVALID, "the body is not good JSON: %.*s", SARG(why));
        TRY(e);
        if (root->kind != JSON_OBJECT)
            return fail(cx, E_INVALID, "the body must be a JSON object");
    }
    return input_object(cx, spec, root, "", to);
}

err input_query(struct ctx *cx, const struct input_spec *spec, const struct http_pair *pairs,
    ptrdiff_t n, void **to)
{
    bool seen[FIELDS_MAX] = {0};
    void *made = arena_alloc(cx->arena, spec->size, alignof(max_align_t));
    for (ptrdiff_t i = 0; i < n; i++) {
        ptrdiff_t at = 0;
        const struct input_field *f = field_find(spec, pairs[i].name, &at);
        if (!f)
            return unknown(cx, "", pairs[i].name);
        str value = pairs[i].value;
        bool is_list = f->type == IN_ID_LIST || f->type == IN_TEXT_LIST;
        if (seen[at] && is_list)
            continue; /* taken along with the first one */
        if (seen[at])
            return bad(cx, "", f, "is given twice");
        for (ptrdiff_t k = i + 1; is_list && k < n; k++)
            if (str_eq(pairs[k].name, pairs[i].name))
                value = str_print(cx->arena, "%.*s,%.*s", SARG(value), SARG(pairs[k].value));
        seen[at] = true;
        TRY(put(cx, "", f, (struct raw){.text = value}, made));
    }
    TRY(all_there(cx, "", spec, seen));
    *to = made;
    return OK;
}

err input_parts(struct ctx *cx, const struct json *parts, str *text)
{
    *text = (str){0};
    if (!parts || parts->kind == JSON_NULL)
        return OK;
    if (parts->kind != JSON_ARRAY)
        return fail_field(cx, "parts", "parts is a list.");
    if (!parts->count)
        return OK;
    struct json_out j = json_out_make(cx->arena, LIMIT_JSON_BODY_BYTES);
    json_put_tree(&j, parts);
    *text = json_str(&j);
    return OK;
}
