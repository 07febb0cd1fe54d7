/* WhatsApp's message templates: listed as the console needs them, and sent as the composer filled
 * them. Each variable is named by where it stands: "{{1}}" or "{{order}}" in the body,
 * "{{header.1}}", "{{header.image}}" (a file of the message), "{{button.0.url}}" (also copy_code;
 * quick_reply sets what the network tells back).
 * Source: Meta, WhatsApp Business Management API, "Message templates" (v25.0, 2026). */
#include "connector/whatsapp.h"

#include "base/clock.h"
#include "base/limits.h"
#include "connector/reading.h"

enum {
    TEMPLATES_MOST = 2000,
    LIST_CALLS = 20,
    WORD_BYTES = 512, /* names have at most 512 characters */
    BUTTONS_MOST = 10,
    VARIABLES_MOST = 100,
};

/* ── the list ── */

struct listed {
    struct arena *a;
    struct connector_template *at;
    str seen[VARIABLES_MOST]; /* names of variables */
    int n_seen;
    struct json_out buttons;
    int n_buttons;
};

static void see(struct listed *t, str name)
{
    for (int i = 0; i < t->n_seen; i++)
        if (str_eq(t->seen[i], name))
            return;
    if (t->n_seen < VARIABLES_MOST)
        t->seen[t->n_seen++] = name;
}

/* The text with "place" before each variable's name; counts them. */
static str named(struct listed *t, str text, str place)
{
    struct sb b = sb_make(t->a, LIMIT_TEXT_BYTES);
    for (;;) {
        ptrdiff_t from = str_find(text, S("{{"));
        ptrdiff_t len = from < 0 ? -1 : str_find(str_skip(text, from), S("}}"));
        if (len < 0)
            break;
        str name = str_cat(t->a, place, str_trim(str_sub(text, from + 2, len - 2)));
        see(t, name);
        sb_add(&b, str_sub(text, 0, from));
        sb_print(&b, "{{%.*s}}", SARG(name));
        text = str_skip(text, from + len + 2);
    }
    sb_add(&b, text);
    return sb_str(&b);
}

static void read_header(struct listed *t, const struct json *component)
{
    str format = str_lower_ascii(t->a, take_line(component, "format", WORD_BYTES));
    if (!format.len || str_eq(format, S("text")))
        t->at->header = named(t, take_text(component, "text"), S("header."));
    else
        t->at->header = str_print(t->a, "{{header.%.*s}}", SARG(format));
}

/* "Track {{button.0.url}}": only what is to be filled in stands there. */
static void read_button(struct listed *t, const struct json *button)
{
    str type = str_lower_ascii(t->a, take_line(button, "type", WORD_BYTES));
    str title = take_line(button, "text", WORD_BYTES), variable = {0};
    bool is_url = str_eq(type, S("url")) && str_find(take_text(button, "url"), S("{{")) >= 0;
    if (is_url || str_eq(type, S("copy_code")))
        variable = str_print(t->a, "button.%d.%.*s", t->n_buttons, SARG(type));
    if (variable.len)
        see(t, variable);
    json_put_str(&t->buttons,
        variable.len ? str_print(t->a, "%.*s {{%.*s}}", SARG(title), SARG(variable)) : title);
    t->n_buttons++;
}

static void read_component(struct listed *t, const struct json *component)
{
    str type = str_lower_ascii(t->a, take_line(component, "type", WORD_BYTES));
    const struct json *buttons = take_array(component, "buttons");
    if (str_eq(type, S("header")))
        read_header(t, component);
    else if (str_eq(type, S("body")))
        t->at->body = named(t, take_text(component, "text"), (str){0});
    else if (str_eq(type, S("footer")))
        t->at->footer = take_text(component, "text");
    else if (str_eq(type, S("buttons")))
        for (const struct json *v = buttons ? buttons->first : NULL;
             v && t->n_buttons < BUTTONS_MOST; v = v->next)
            read_button(t, v);
}

static bool take_template(struct arena *a, const struct json *v, struct connector_template *at)
{
    struct listed *t = NEW(a, struct listed, 1);
    const struct json *components = take_array(v, "components");
    *t = (struct listed){.a = a, .at = at, .buttons = json_out_make(a, LIMIT_TEXT_BYTES)};
    *at = (struct connector_template){
        .name = take_line(v, "name", WORD_BYTES),
        .language = take_line(v, "language", WORD_BYTES),
        .category = str_lower_ascii(a, take_line(v, "category", WORD_BYTES)),
        .state = str_lower_ascii(a, take_line(v, "status", WORD_BYTES)),
    };
    json_arr(&t->buttons);
    for (const struct json *c = components ? components->first : NULL; c; c = c->next)
        read_component(t, c);
    json_arr_end(&t->buttons);
    at->buttons = t->n_buttons ? json_str(&t->buttons) : (str){0};
    at->n_variables = t->n_seen;
    return at->name.len && at->language.len;
}

err whatsapp_templates(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, struct connector_templates *out)
{
    const struct whatsapp_list list = {.edge = "message_templates",
        .fields = "name,language,status,category,components",
        .now_ms = clock_now_ms()};
    struct connector_template *at = NEW(a, struct connector_template, TEMPLATES_MOST);
    struct connector_templates got = {.at = at};
    str after = {0};
    for (int i = 0; i < LIST_CALLS; i++) {
        struct meta_answer answer = {0};
        TRY(whatsapp_list(client, a, setup, &list, &after, &answer));
        got.end = answer.sent;
        const struct json *data = take_array(answer.json, "data");
        for (const struct json *v = data ? data->first : NULL; v && got.n < TEMPLATES_MOST;
             v = v->next)
            got.n += take_template(a, v, &at[got.n]);
        if (!after.len)
            break;
    }
    *out = got;
    return OK;
}

/* ── sending one ── */

struct filled {
    struct json_out *j;
    const struct json *variables;
    const struct whatsapp_file *file;
    struct arena *a;
    str why;
};

static bool refuse(struct filled *f, str words)
{
    f->why = words;
    return false;
}

static bool is_number(str s)
{
    int64_t n;
    return str_int(s, 1, VARIABLES_MOST, &n) == OK;
}

static void put_parameter(struct filled *f, str name, str value)
{
    json_obj(f->j);
    json_kv_str(f->j, S("type"), S("text"));
    if (!is_number(name))
        json_kv_str(f->j, S("parameter_name"), name);
    json_kv_str(f->j, S("text"), value);
    json_obj_end(f->j);
}

static void component_begin(struct filled *f, str type)
{
    json_obj(f->j);
    json_kv_str(f->j, S("type"), type);
}

static void parameters_begin(struct filled *f)
{
    json_key(f->j, S("parameters"));
    json_arr(f->j);
}

static void component_end(struct filled *f)
{
    json_arr_end(f->j);
    json_obj_end(f->j);
}

/* Whether a variable stands in this place; *name is what it is called there: "1" of "header.1".
 * The body's place is empty. */
static bool is_in(str key, str place, str *name)
{
    bool is_here = place.len ? str_starts(key, place) : str_find_byte(key, '.') < 0;
    *name = str_skip(key, place.len);
    return is_here;
}

static bool put_numbered(struct filled *f, str place, int n)
{
    for (int i = 1; i <= n; i++) {
        str number = str_print(f->a, "%d", i);
        const struct json *v = json_get(f->variables, str_cat(f->a, place, number));
        if (!v)
            return refuse(
                f, str_print(f->a, "The template's variable %.*s is missing.", SARG(number)));
        put_parameter(f, number, json_text(v, S("")));
    }
    return true;
}

/* The variables of header or body: numbered ones in their order, or named ones. */
static bool put_texts(struct filled *f, str type, str place)
{
    int n_numbered = 0, n_named = 0;
    str name;
    const struct json *first = f->variables ? f->variables->first : NULL;
    for (const struct json *v = first; v; v = v->next)
        if (is_in(v->key, place, &name)) {
            n_numbered += is_number(name);
            n_named += !is_number(name);
        }
    if (!n_numbered && !n_named)
        return true;
    if (n_numbered && n_named)
        return refuse(f, S("A template has either numbered or named variables, not both."));
    component_begin(f, type);
    parameters_begin(f);
    for (const struct json *v = first; v && n_named; v = v->next)
        if (is_in(v->key, place, &name))
            put_parameter(f, name, json_text(v, S("")));
    if (!put_numbered(f, place, n_numbered))
        return false;
    component_end(f);
    return true;
}

static bool put_header(struct filled *f)
{
    str kind = f->file->kind;
    if (!f->file->media_id.len)
        return put_texts(f, S("header"), S("header."));
    if (!whatsapp_may_be_header(kind))
        return refuse(f, S("This file cannot be the header of a template."));
    component_begin(f, S("header"));
    parameters_begin(f);
    json_obj(f->j);
    json_kv_str(f->j, S("type"), kind);
    json_key(f->j, kind);
    json_obj(f->j);
    json_kv_str(f->j, S("id"), f->file->media_id);
    if (str_eq(kind, S("document")))
        json_kv_str(f->j, S("filename"), f->file->name);
    json_obj_end(f->j);
    json_obj_end(f->j);
    component_end(f);
    return true;
}

/* "button.0.url": the kind of button says in what the value is wrapped. */
static void put_button(struct filled *f, str key, str value)
{
    static const struct {
        const char *kind, *type;
    } kinds[] = {
        {"url",         "text"       },
        {"quick_reply", "payload"    },
        {"copy_code",   "coupon_code"},
    };
    str index, kind, rest = str_skip(key, S("button.").len);
    if (!str_cut(rest, '.', &index, &kind))
        kind = S("url");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!str_eq(kind, str_from(kinds[i].kind)))
            continue;
        component_begin(f, S("button"));
        json_kv_str(f->j, S("sub_type"), kind);
        json_kv_str(f->j, S("index"), index);
        parameters_begin(f);
        json_obj(f->j);
        json_kv_str(f->j, S("type"), str_from(kinds[i].type));
        json_kv_str(f->j, str_from(kinds[i].type), value);
        json_obj_end(f->j);
        component_end(f);
    }
}

static bool put_template(struct filled *f, str name, str language)
{
    json_kv_str(f->j, S("type"), S("template"));
    json_key(f->j, S("template"));
    json_obj(f->j);
    json_kv_str(f->j, S("name"), name);
    json_key(f->j, S("language"));
    json_obj(f->j);
    json_kv_str(f->j, S("code"), language);
    json_obj_end(f->j);
    json_key(f->j, S("components"));
    json_arr(f->j);
    if (!put_header(f) || !put_texts(f, S("body"), (str){0}))
        return false;
    for (const struct json *v = f->variables ? f->variables->first : NULL; v; v = v->next)
        if (str_starts(v->key, S("button.")))
            put_button(f, v->key, json_text(v, S("")));
    json_arr_end(f->j);
    json_obj_end(f->j);
    return true;
}

bool whatsapp_put_template(struct arena *a, struct json_out *j, const struct json *part,
    const struct whatsapp_file *file, str *why)
{
    struct filled f = {.j = j, .variables = take_object(part, "variables"), .file = file, .a = a};
    str name = take_line(part, "name", WORD_BYTES);
    str language = take_line(part, "language", WORD_BYTES);
    bool is_good = false;
    if (!name.len || !language.len)
        f.why = S("The template has no name or no language.");
    else if (f.variables && f.variables->count > VARIABLES_MOST)
        f.why = S("The template has too many variables.");
    else
        is_good = put_template(&f, name, language);
    if (!is_good)
        *why = f.why;
    return is_good;
}
