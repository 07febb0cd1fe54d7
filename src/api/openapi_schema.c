/* openapi_schema: see openapi_schema.h. */
#include "api/openapi_schema.h"

#define DIGITS "^[0-9]+$"

void schema_put_ref(struct json_out *j, const char *name)
{
    json_obj(j);
    json_kv_str(j, S("$ref"), str_print(j->b.a, "#/components/schemas/%s", name));
    json_obj_end(j);
}

static void type_put(struct json_out *j, bool may_be_null, str type)
{
    json_key(j, S("type"));
    if (!may_be_null) {
        json_put_str(j, type);
        return;
    }
    json_arr(j);
    json_put_str(j, type);
    json_put_str(j, S("null"));
    json_arr_end(j);
}

static void words_put(struct json_out *j, const char *const *words, bool may_be_null)
{
    json_key(j, S("enum"));
    json_arr(j);
    for (const char *const *word = words; *word; word++)
        json_put_str(j, str_from(*word));
    if (may_be_null)
        json_put_null(j);
    json_arr_end(j);
}

/* ── inputs ── */

static bool is_nullable(const struct input_field *f)
{
    return f->flags & IN_NULLABLE;
}

static void list_put(struct json_out *j, const struct input_field *f)
{
    type_put(j, is_nullable(f), S("array"));
    json_key(j, S("items"));
    json_obj(j);
    json_kv_str(j, S("type"), S("string"));
    if (f->type == IN_ID_LIST)
        json_kv_str(j, S("pattern"), S(DIGITS));
    json_obj_end(j);
    if (f->max)
        json_kv_int(j, S("maxItems"), f->max);
}

static void int_put(struct json_out *j, const struct input_field *f)
{
    type_put(j, is_nullable(f), S("integer"));
    if (f->min || f->max)
        json_kv_int(j, S("minimum"), f->min);
    if (f->max)
        json_kv_int(j, S("maximum"), f->max);
}

static void text_put(struct json_out *j, const struct input_field *f)
{
    type_put(j, is_nullable(f), S("string"));
    if (f->min)
        json_kv_int(j, S("minLength"), 1);
    if (f->flags & IN_SECRET)
        json_kv_str(j, S("format"), S("password"));
}

void schema_put_input_field(struct json_out *j, const struct input_field *f)
{
    json_obj(j);
    switch (f->type) {
    case IN_TEXT:
        text_put(j, f);
        break;
    case IN_INT:
        int_put(j, f);
        break;
    case IN_BOOL:
        type_put(j, is_nullable(f), S("boolean"));
        break;
    case IN_ID:
        type_put(j, is_nullable(f), S("string"));
        json_kv_str(j, S("pattern"), S(DIGITS));
        break;
    case IN_TIME:
        type_put(j, is_nullable(f), S("string"));
        json_kv_str(j, S("format"), S("date-time"));
        break;
    case IN_ENUM:
        type_put(j, is_nullable(f), S("string"));
        words_put(j, f->words, is_nullable(f));
        break;
    case IN_ID_LIST:
    case IN_TEXT_LIST:
        list_put(j, f);
        break;
    case IN_JSON:
        json_kv_raw(j, S("type"), S("[\"object\",\"array\",\"null\"]"));
        break;
    }
    if (f->help)
        json_kv_str(j, S("description"), str_from(f->help));
    json_obj_end(j);
}

void schema_put_input(struct json_out *j, const struct input_spec *spec)
{
    json_obj(j);
    json_kv_str(j, S("type"), S("object"));
    json_kv_bool(j, S("additionalProperties"), false);
    json_key(j, S("properties"));
    json_obj(j);
    for (ptrdiff_t i = 0; i < spec->n; i++) {
        json_key(j, str_from(spec->fields[i].name));
        schema_put_input_field(j, &spec->fields[i]);
    }
    json_obj_end(j);
    json_key(j, S("required"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < spec->n; i++)
        if (spec->fields[i].flags & IN_REQUIRED)
            json_put_str(j, str_from(spec->fields[i].name));
    json_arr_end(j);
    json_obj_end(j);
}

/* ── shapes ── */

static void scalar_put(struct json_out *j, const struct shape_field *f, bool may_be_null)
{
    switch (f->type) {
    case SHAPE_TEXT:
        type_put(j, may_be_null, S("string"));
        if (f->words)
            words_put(j, f->words, may_be_null);
        break;
    case SHAPE_ID:
        type_put(j, may_be_null, S("string"));
        json_kv_str(j, S("pattern"), S(DIGITS));
        break;
    case SHAPE_TIME:
        type_put(j, may_be_null, S("string"));
        json_kv_str(j, S("format"), S("date-time"));
        break;
    case SHAPE_INT:
        type_put(j, may_be_null, S("integer"));
        break;
    case SHAPE_BOOL:
        type_put(j, may_be_null, S("boolean"));
        break;
    case SHAPE_FREE:
    case SHAPE_OBJECT:
        type_put(j, may_be_null, S("object"));
        break;
    }
}

static void object_put(struct json_out *j, const struct shape *of, bool may_be_null)
{
    if (!may_be_null) {
        json_kv_str(j, S("$ref"), str_print(j->b.a, "#/components/schemas/%s", of->name));
        return;
    }
    json_key(j, S("anyOf"));
    json_arr(j);
    schema_put_ref(j, of->name);
    json_put_raw(j, S("{\"type\":\"null\"}"));
    json_arr_end(j);
}

/* The members of one value's schema, without the braces. */
static void value_put(struct json_out *j, const struct shape_field *f, bool may_be_null)
{
    if (f->type == SHAPE_OBJECT)
        object_put(j, f->of, may_be_null);
    else
        scalar_put(j, f, may_be_null);
}

static void shape_field_put(struct json_out *j, const struct shape_field *f)
{
    bool may_be_null = f->flags & SHAPE_NULL;
    json_obj(j);
    if (f->flags & (SHAPE_LIST | SHAPE_MAP)) {
        bool is_list = f->flags & SHAPE_LIST;
        type_put(j, may_be_null, is_list ? S("array") : S("object"));
        json_key(j, is_list ? S("items") : S("additionalProperties"));
        json_obj(j);
        value_put(j, f, false);
        json_obj_end(j);
    } else {
        value_put(j, f, may_be_null);
    }
    if (f->help)
        json_kv_str(j, S("description"), str_from(f->help));
    json_obj_end(j);
}

void schema_put_shape(struct json_out *j, const struct shape *shape)
{
    ptrdiff_t n = shape_count(shape);
    json_obj(j);
    json_kv_str(j, S("type"), S("object"));
    json_kv_str(j, S("description"), str_from(shape->help));
    json_key(j, S("properties"));
    json_obj(j);
    for (ptrdiff_t i = 0; i < n; i++) {
        json_key(j, str_from(shape_at(shape, i)->name));
        shape_field_put(j, shape_at(shape, i));
    }
    json_obj_end(j);
    json_key(j, S("required"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < n; i++)
        if (!(shape_at(shape, i)->flags & SHAPE_OPTIONAL))
            json_put_str(j, str_from(shape_at(shape, i)->name));
    json_arr_end(j);
    if (shape->is_open)
        json_kv_bool(j, S("additionalProperties"), true);
    json_obj_end(j);
}

void schema_put_list(struct json_out *j, const struct shape *of)
{
    json_obj(j);
    json_kv_str(j, S("type"), S("object"));
    json_key(j, S("properties"));
    json_obj(j);
    json_key(j, S("items"));
    json_obj(j);
    json_kv_str(j, S("type"), S("array"));
    json_key(j, S("items"));
    schema_put_ref(j, of->name);
    json_obj_end(j);
    json_kv_raw(j, S("next"),
        S("{\"type\":[\"string\",\"null\"],\"description\":\"`cursor` of the next page; null: this "
          "is the last\"}"));
    json_obj_end(j);
    json_kv_raw(j, S("required"), S("[\"items\",\"next\"]"));
    json_obj_end(j);
}
