/* shape_check: see shape_check.h. */
#include "shape_check.h"

#include "api/describe.h"
#include "api/events.h"
#include "api/server.h"
#include "base/clock.h"
#include "base/id.h"
#include "store/event.h"

#include <assert.h>

enum { FIELDS_MAX = 2048, TIME_LEN = 24 };

static const struct shape_field *seen[FIELDS_MAX];
static ptrdiff_t n_seen;

bool shape_was_seen(const struct shape_field *field)
{
    for (ptrdiff_t i = 0; i < n_seen; i++)
        if (seen[i] == field)
            return true;
    return false;
}

static void note(const struct shape_field *field)
{
    if (shape_was_seen(field))
        return;
    assert(n_seen < FIELDS_MAX);
    seen[n_seen++] = field;
}

static bool is_word(const char *const *words, str text)
{
    for (const char *const *word = words; *word; word++)
        if (str_eq(text, str_from(*word)))
            return true;
    return false;
}

static bool is_scalar(const struct shape_field *f, const struct json *v)
{
    int64_t number;
    switch (f->type) {
    case SHAPE_TEXT:
        return v->kind == JSON_STRING && (!f->words || is_word(f->words, v->text));
    case SHAPE_ID:
        return v->kind == JSON_STRING && id_parse(v->text, &number) == OK;
    case SHAPE_TIME:
        return v->kind == JSON_STRING && v->text.len == TIME_LEN && str_ends(v->text, S("Z")) &&
               time_parse(v->text, &number) == OK;
    case SHAPE_INT:
        return v->kind == JSON_NUMBER && v->is_int;
    case SHAPE_BOOL:
        return v->kind == JSON_BOOL;
    case SHAPE_FREE:
        return v->kind == JSON_OBJECT;
    case SHAPE_OBJECT:
        break;
    }
    return false;
}

static str wrong(struct arena *a, str path, const struct json *v, const char *words)
{
    struct json_out j = json_out_make(a, 0);
    json_put_tree(&j, v);
    return str_print(a, "%.*s %s: %.*s", SARG(path), words, SARG(json_str(&j)));
}

static str object_fault(struct arena *a, const struct shape *shape, const struct json *v, str path);

static str value_fault(struct arena *a, const struct shape_field *f, const struct json *v, str path)
{
    if (f->type == SHAPE_OBJECT)
        return object_fault(a, f->of, v, path);
    return is_scalar(f, v) ? (str){0} : wrong(a, path, v, "is not of the declared type or words");
}

static str field_fault(struct arena *a, const struct shape_field *f, const struct json *v, str path)
{
    if (v->kind == JSON_NULL)
        return f->flags & SHAPE_NULL ? (str){0} : wrong(a, path, v, "may not be null");
    note(f);
    if (!(f->flags & (SHAPE_LIST | SHAPE_MAP)))
        return value_fault(a, f, v, path);
    if (v->kind != (f->flags & SHAPE_LIST ? JSON_ARRAY : JSON_OBJECT))
        return wrong(a, path, v, "is not a list or map");
    ptrdiff_t i = 0;
    for (const struct json *item = v->first; item; item = item->next, i++) {
        str fault = value_fault(a, f, item, str_print(a, "%.*s.%td", SARG(path), i));
        if (fault.len)
            return fault;
    }
    return (str){0};
}

static str object_fault(struct arena *a, const struct shape *shape, const struct json *v, str path)
{
    if (!v || v->kind != JSON_OBJECT)
        return str_print(a, "%.*s is no object (%s)", SARG(path), shape->name);
    for (const struct json *member = v->first; member; member = member->next) {
        const struct shape_field *f = shape_field_find(shape, member->key);
        str at = str_print(a, "%.*s.%.*s", SARG(path), SARG(member->key));
        if (!f && shape->is_open)
            continue;
        if (!f)
            return str_print(a, "%.*s is not declared in %s", SARG(at), shape->name);
        str fault = field_fault(a, f, member, at);
        if (fault.len)
            return fault;
    }
    for (ptrdiff_t i = 0; i < shape_count(shape); i++) {
        const struct shape_field *f = shape_at(shape, i);
        if (!(f->flags & SHAPE_OPTIONAL) && !json_get(v, str_from(f->name)))
            return str_print(a, "%.*s.%s is missing (%s)", SARG(path), f->name, shape->name);
    }
    return (str){0};
}

str shape_fault(struct arena *a, const struct shape *shape, const struct json *v)
{
    return object_fault(a, shape, v, str_from(shape->name));
}

static str list_fault(struct arena *a, const struct shape *of, const struct json *v)
{
    const struct json *items = json_get(v, S("items")), *next = json_get(v, S("next"));
    if (!items || items->kind != JSON_ARRAY || v->count != 2 || !next ||
        (next->kind != JSON_NULL && next->kind != JSON_STRING))
        return S("is not {items, next}");
    for (const struct json *item = items->first; item; item = item->next) {
        str fault = shape_fault(a, of, item);
        if (fault.len)
            return fault;
    }
    return (str){0};
}

str answer_fault_of(
    struct arena *a, const struct route *route, int status, str body, const struct json *json)
{
    if (!describe_shows(route))
        return (str){0};
    if (status >= 400)
        return route_refuses(route, status) ? shape_fault(a, &error_shape, json)
                                            : str_print(a, "does not declare %d", status);
    if ((status == 206 || status == 304) && (route->flags & ROUTE_PARTS))
        return (str){0};
    if (status != route_status(route) && !(status == 200 && (route->flags & ROUTE_REPEATS)))
        return str_print(a, "declares %d, not %d", route_status(route), status);
    if (status == 204)
        return body.len ? S("has a body with 204") : (str){0};
    if (!route->answer)
        return (str){0};
    return route->flags & ROUTE_LIST ? list_fault(a, route->answer, json)
                                     : shape_fault(a, route->answer, json);
}

str event_fault(struct arena *a, const struct event_row *row)
{
    const struct json *data;
    str why;
    int to = row->audience == EVENT_FOR_VISITOR ? EVENT_TO_VISITORS : EVENT_TO_CONSOLES;
    const struct event_kind *kind = event_kind_find(row->type, to);
    if (!kind || !kind->data)
        return str_print(a, "event %.*s is not declared", SARG(row->type));
    if (json_parse(a, row->data, &data, &why) != OK)
        return str_print(a, "event %.*s: %.*s", SARG(row->type), SARG(why));
    return shape_fault(a, kind->data, data);
}
