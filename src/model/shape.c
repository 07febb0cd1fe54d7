/* shape: see shape.h. */
#include "model/shape.h"

static const struct shape_field *own_field(const struct shape *shape, str name)
{
    for (ptrdiff_t i = 0; i < shape->n; i++)
        if (str_eq(str_from(shape->fields[i].name), name))
            return &shape->fields[i];
    return NULL;
}

const struct shape_field *shape_field_find(const struct shape *shape, str name)
{
    for (; shape; shape = shape->base) {
        const struct shape_field *field = own_field(shape, name);
        if (field)
            return field;
    }
    return NULL;
}

static bool is_new_in(const struct shape *shape, const struct shape_field *field)
{
    return !shape->base || !shape_field_find(shape->base, str_from(field->name));
}

ptrdiff_t shape_count(const struct shape *shape)
{
    ptrdiff_t n = shape->base ? shape_count(shape->base) : 0;
    for (ptrdiff_t i = 0; i < shape->n; i++)
        n += is_new_in(shape, &shape->fields[i]);
    return n;
}

const struct shape_field *shape_at(const struct shape *shape, ptrdiff_t i)
{
    ptrdiff_t inherited = shape->base ? shape_count(shape->base) : 0;
    if (i < inherited) {
        const struct shape_field *field = shape_at(shape->base, i);
        const struct shape_field *own = own_field(shape, str_from(field->name));
        return own ? own : field;
    }
    for (ptrdiff_t k = 0; k < shape->n; k++)
        if (is_new_in(shape, &shape->fields[k]) && i-- == inherited)
            return &shape->fields[k];
    return NULL;
}
