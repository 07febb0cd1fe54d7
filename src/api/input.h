/* input: decodes a body or query strictly by its declaration (route.h): unknown names, wrong types,
 * values out of range and repeated names are E_INVALID naming the field. Account, owner and role of
 * the caller can never come in this way: no declaration has them. Thread: pure. */
#pragma once
#include "api/route.h"

#include <stddef.h>

struct json;

/* A row of a declaration: the field's name is the member's. `hint` goes into OpenAPI. */
#define FIELD(T, member, in_type, in_flags, least, most, hint)                                     \
    {                                                                                              \
        .name = #member, .type = (in_type), .flags = (in_flags), .offset = offsetof(T, member),    \
        .seen_offset = NO_SEEN, .min = (least), .max = (most), .help = (hint)                      \
    }
/* The same with a `bool has_<member>` that says whether it was given (PATCH). */
#define FIELD_SEEN(T, member, in_type, in_flags, least, most, hint)                                \
    {                                                                                              \
        .name = #member, .type = (in_type), .flags = (in_flags), .offset = offsetof(T, member),    \
        .seen_offset = offsetof(T, has_##member), .min = (least), .max = (most), .help = (hint)    \
    }
/* One of the words of a NULL-terminated list. */
#define FIELD_ENUM(T, member, in_flags, list, hint)                                                \
    {                                                                                              \
        .name = #member, .type = IN_ENUM, .flags = (in_flags), .offset = offsetof(T, member),      \
        .seen_offset = NO_SEEN, .words = (list), .help = (hint)                                    \
    }
#define FIELD_ENUM_SEEN(T, member, in_flags, list, hint)                                           \
    {                                                                                              \
        .name = #member, .type = IN_ENUM, .flags = (in_flags), .offset = offsetof(T, member),      \
        .seen_offset = offsetof(T, has_##member), .words = (list), .help = (hint)                  \
    }
#define SPEC(schema, T, table)                                                                     \
    {                                                                                              \
        .name = (schema), .size = sizeof(T), .fields = (table),                                    \
        .n = (ptrdiff_t)(sizeof(table) / sizeof((table)[0]))                                       \
    }
#define ROUTES(table)                                                                              \
    {                                                                                              \
        .at = (table), .n = (ptrdiff_t)(sizeof(table) / sizeof((table)[0]))                        \
    }

/* Fills *to (spec->size zeroed bytes in the arena). */
err input_body(struct ctx *cx, const struct input_spec *spec, str body, void **to);
err input_query(struct ctx *cx, const struct input_spec *spec, const struct http_pair *pairs,
    ptrdiff_t n, void **to);
/* The same rules for one object inside an IN_JSON field; `prefix` leads the names in faults
 * ("settings."). */
err input_object(struct ctx *cx, const struct input_spec *spec, const struct json *object,
    const char *prefix, void **to);
/* The field "parts" of what is sent: a list, as JSON text; empty when it was left out. */
err input_parts(struct ctx *cx, const struct json *parts, str *text);
/* The body of one name per pair (application/x-www-form-urlencoded) has the rules of a query. */
