/* shape: what an object of the public JSON looks like, declared beside the code that writes it (a
 * view in view_*.c, or the handler of an answer that only it gives). OpenAPI, /docs and the
 * console's TypeScript types are printed from the declarations, and every answer that any test of
 * the server sees is held against its own: a field that is missing, unknown or of another type
 * fails that test (tests/support/shape_check.h). Not here: inputs (api/route.h).
 * Source: docs/api.md "What answers look like". Thread: constant data. */
#pragma once
#include "base/str.h"

enum shape_type {
    SHAPE_TEXT,   /* string */
    SHAPE_ID,     /* string of digits */
    SHAPE_TIME,   /* string, RFC 3339 in UTC with milliseconds */
    SHAPE_INT,    /* whole number */
    SHAPE_BOOL,   /* true or false */
    SHAPE_OBJECT, /* `of` says which */
    SHAPE_FREE,   /* an object whose fields are somebody else's: custom fields, own settings */
};
enum shape_flags {
    SHAPE_NULL = 1,     /* may be null */
    SHAPE_LIST = 2,     /* an array of the type */
    SHAPE_MAP = 4,      /* an object of any names, each value of the type */
    SHAPE_OPTIONAL = 8, /* may be left out; `help` says when */
};

struct shape;
struct shape_field {
    const char *name;
    enum shape_type type;
    int flags;
    const char *help;         /* one line; NULL where the name says it all */
    const char *const *words; /* TEXT: the only values, NULL-terminated; NULL = any text */
    const struct shape *of;   /* OBJECT */
};
struct shape {
    const char *name, *help;  /* name: of the schema and of the TypeScript type, unique */
    const struct shape *base; /* whose fields it has too, or NULL; its own win */
    const struct shape_field *fields;
    ptrdiff_t n;
    bool is_open; /* fields of somebody else's may stand beside these */
};

#define SHOWN(field, is, may, meaning)                                                             \
    {                                                                                              \
        .name = (field), .type = (is), .flags = (may), .help = (meaning)                           \
    }
#define SHOWN_WORD(field, may, list, meaning)                                                      \
    {                                                                                              \
        .name = (field), .type = SHAPE_TEXT, .flags = (may), .help = (meaning), .words = (list)    \
    }
#define SHOWN_OBJECT(field, may, shape, meaning)                                                   \
    {                                                                                              \
        .name = (field), .type = SHAPE_OBJECT, .flags = (may), .help = (meaning), .of = (shape)    \
    }
#define SHAPE(schema, parent, table, meaning)                                                      \
    {                                                                                              \
        .name = (schema), .help = (meaning), .base = (parent), .fields = (table),                  \
        .n = (ptrdiff_t)(sizeof(table) / sizeof((table)[0]))                                       \
    }

#define SHAPE_OPEN(schema, parent, table, meaning)                                                 \
    {                                                                                              \
        .name = (schema), .help = (meaning), .base = (parent), .fields = (table),                  \
        .n = (ptrdiff_t)(sizeof(table) / sizeof((table)[0])), .is_open = true                      \
    }

/* The field of this name, of the shape or of what it builds on; NULL when it has none. */
const struct shape_field *shape_field_find(const struct shape *shape, str name);
/* The number of fields with those of its bases, and the i-th of them: the base's first, one of the
 * same name in its place. */
ptrdiff_t shape_count(const struct shape *shape);
const struct shape_field *shape_at(const struct shape *shape, ptrdiff_t i);
