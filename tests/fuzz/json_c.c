/* See json_c.h. Recursion is as deep as the tree, which json_parse has limited. */
#include "json_c.h"

#define json_bool json_c_bool /* json-c's name for a type is our name for a function */
#include <json-c/json.h>
#undef json_bool
#include <string.h>

#include "base/limits.h"

/* Ours has U+FFFD where theirs has NUL. */
static bool same_text(str ours, const char *theirs, ptrdiff_t len)
{
    const str mark = S("\xef\xbf\xbd");
    for (ptrdiff_t i = 0; i < len; i++) {
        str want = theirs[i] == '\0' ? mark : str_of(theirs + i, 1);
        if (!str_starts(ours, want))
            return false;
        ours = str_skip(ours, want.len);
    }
    return ours.len == 0;
}

static bool same_number(const struct json *v, json_object *o)
{
    if (v->kind != JSON_NUMBER)
        return false;
    if (json_object_is_type(o, json_type_double))
        return json_object_get_double(o) == v->number;
    return !v->is_int || json_object_get_int64(o) == v->integer;
}

static bool same(const struct json *v, json_object *o);

static bool same_object(const struct json *v, json_object *o)
{
    const struct json *child = v->first;
    if (v->kind != JSON_OBJECT || v->count != json_object_object_length(o))
        return false;
    for (struct lh_entry *e = json_object_get_object(o)->head; e; e = lh_entry_next(e)) {
        if (!str_eq(child->key, str_from(lh_entry_k(e))) || !same(child, lh_entry_v(e)))
            return false;
        child = child->next;
    }
    return true;
}

static bool same_array(const struct json *v, json_object *o)
{
    const struct json *child = v->first;
    size_t n = json_object_array_length(o);
    if (v->kind != JSON_ARRAY || (size_t)v->count != n)
        return false;
    for (size_t i = 0; i < n; i++, child = child->next)
        if (!same(child, json_object_array_get_idx(o, i)))
            return false;
    return true;
}

static bool same(const struct json *v, json_object *o)
{
    switch (json_object_get_type(o)) {
    case json_type_null:
        return v->kind == JSON_NULL;
    case json_type_boolean:
        return v->kind == JSON_BOOL && v->boolean == (json_object_get_boolean(o) != 0);
    case json_type_int:
    case json_type_double:
        return same_number(v, o);
    case json_type_string:
        return v->kind == JSON_STRING &&
               same_text(v->text, json_object_get_string(o), json_object_get_string_len(o));
    case json_type_object:
        return same_object(v, o);
    case json_type_array:
        return same_array(v, o);
    }
    return false;
}

bool json_c_agrees(str text, const struct json *root)
{
    json_tokener *t = json_tokener_new_ex(LIMIT_JSON_DEPTH + 2);
    if (!t)
        return false;
    json_tokener_set_flags(t, JSON_TOKENER_STRICT);
    json_object *o = json_tokener_parse_ex(t, text.at, (int)text.len);
    if (json_tokener_get_error(t) == json_tokener_continue)
        o = json_tokener_parse_ex(t, "", 1); /* the end, for a bare number at the top */
    bool agrees = json_tokener_get_error(t) == json_tokener_success && same(root, o);
    (void)json_object_put(o); /* 1: the last one */
    json_tokener_free(t);
    return agrees;
}
