/* typescript: see typescript.h. Every interface is of the route table's own names. */
#include "api/typescript.h"

#include "api/describe.h"
#include "api/events.h"

static void words_put(struct sb *b, const char *const *words)
{
    for (const char *const *word = words; *word; word++)
        sb_print(b, "%s'%s'", word == words ? "" : " | ", *word);
}

static void comment_put(struct sb *b, const char *indent, const char *words)
{
    if (words)
        sb_print(b, "%s/** %s */\n", indent, words);
}

/* ── shapes ── */

static void type_put(struct sb *b, const struct shape_field *f)
{
    switch (f->type) {
    case SHAPE_TEXT:
        if (f->words)
            words_put(b, f->words);
        else
            sb_add(b, S("string"));
        break;
    case SHAPE_ID:
        sb_add(b, S("Id"));
        break;
    case SHAPE_TIME:
        sb_add(b, S("Time"));
        break;
    case SHAPE_INT:
        sb_add(b, S("number"));
        break;
    case SHAPE_BOOL:
        sb_add(b, S("boolean"));
        break;
    case SHAPE_OBJECT:
        sb_add(b, str_from(f->of->name));
        break;
    case SHAPE_FREE:
        sb_add(b, S("Record<string, unknown>"));
        break;
    }
}

static void field_put(struct sb *b, const struct shape_field *f)
{
    comment_put(b, "  ", f->help);
    sb_print(b, "  %s%s: ", f->name, f->flags & SHAPE_OPTIONAL ? "?" : "");
    if (f->flags & SHAPE_LIST)
        sb_add(b, f->words ? S("(") : S(""));
    else if (f->flags & SHAPE_MAP)
        sb_add(b, S("Record<string, "));
    type_put(b, f);
    if (f->flags & SHAPE_LIST)
        sb_add(b, f->words ? S(")[]") : S("[]"));
    else if (f->flags & SHAPE_MAP)
        sb_add(b, S(">"));
    sb_print(b, "%s\n", f->flags & SHAPE_NULL ? " | null" : "");
}

static void shape_put(struct sb *b, const struct shape *shape)
{
    comment_put(b, "", shape->help);
    sb_print(b, "export interface %s", shape->name);
    if (shape->base)
        sb_print(b, " extends %s", shape->base->name);
    sb_add(b, S(" {\n"));
    for (ptrdiff_t i = 0; i < shape->n; i++)
        field_put(b, &shape->fields[i]);
    sb_add(b, S("}\n\n"));
}

/* ── inputs ── */

static void input_type_put(struct sb *b, const struct input_field *f)
{
    switch (f->type) {
    case IN_TEXT:
        sb_add(b, S("string"));
        break;
    case IN_INT:
        sb_add(b, S("number"));
        break;
    case IN_BOOL:
        sb_add(b, S("boolean"));
        break;
    case IN_ID:
        sb_add(b, S("Id"));
        break;
    case IN_TIME:
        sb_add(b, S("Time"));
        break;
    case IN_ENUM:
        words_put(b, f->words);
        break;
    case IN_ID_LIST:
        sb_add(b, S("Id[]"));
        break;
    case IN_TEXT_LIST:
        sb_add(b, S("string[]"));
        break;
    case IN_JSON:
        sb_add(b, S("object"));
        break;
    }
}

static void input_put(struct sb *b, const struct input_spec *spec)
{
    sb_print(b, "export interface %s {\n", spec->name);
    for (ptrdiff_t i = 0; i < spec->n; i++) {
        const struct input_field *f = &spec->fields[i];
        comment_put(b, "  ", f->help);
        sb_print(b, "  %s%s: ", f->name, f->flags & IN_REQUIRED ? "" : "?");
        input_type_put(b, f);
        sb_add(b, f->flags & IN_NULLABLE ? S(" | null\n") : S("\n"));
    }
    sb_add(b, S("}\n\n"));
}

/* ── events ── */

static void events_put(struct sb *b, const char *name, int to, const char *words)
{
    comment_put(b, "", words);
    sb_print(b, "export interface %s {\n", name);
    for (ptrdiff_t i = 0; i < n_event_kinds; i++) {
        const struct event_kind *kind = &event_kinds[i];
        if (!(kind->to & to))
            continue;
        comment_put(b, "  ", kind->help);
        sb_print(
            b, "  '%s': %s\n", kind->type, kind->data ? kind->data->name : "Record<string, never>");
    }
    sb_add(b, S("}\n\n"));
}

str typescript_text(struct arena *a)
{
    struct described d = describe_all(a);
    struct sb b = sb_make(a, 0);
    sb_add(&b, S("// The JSON API's types. Made from the server's route table by `seva routes "
                 "--typescript`; do not edit.\n\n"
                 "/** Digits. */\nexport type Id = string\n"
                 "/** RFC 3339, UTC, with milliseconds. */\nexport type Time = string\n\n"
                 "/** A list's answer; `next` is the `cursor` of the next page, null on the last. "
                 "*/\nexport interface Page<T> {\n  items: T[]\n  next: string | null\n}\n\n"));
    for (ptrdiff_t i = 0; i < d.n_shapes; i++)
        shape_put(&b, d.shapes[i]);
    sb_add(&b, S("// Bodies of requests.\n\n"));
    for (ptrdiff_t i = 0; i < d.n_inputs; i++)
        input_put(&b, d.inputs[i]);
    events_put(&b, "ConsoleEvents", EVENT_TO_CONSOLES, "The data of an agent's stream, by type.");
    events_put(&b, "VisitorEvents", EVENT_TO_VISITORS, "The data of a visitor's stream, by type.");
    return str_cat(a, str_trim(sb_str(&b)), S("\n"));
}
