/* openapi: see openapi.h. Source: OpenAPI Specification 3.1.0. Only what machines use is in it
 * (/api, /widget/v1, /hooks), not the pages. */
#include "api/openapi.h"

#include "api/routes.h"
#include "base/json.h"
#include "base/map.h"

#include <stddef.h>

bool openapi_shows(const struct route *route)
{
    str path = str_from(route->path);
    return str_starts(path, S("/api/")) || str_starts(path, S("/widget/v1/")) ||
           str_starts(path, S("/hooks/"));
}

/* ── inputs ─────────────────────────────────────────────────────────────────────────────────────
 */

static void type_put(struct json_out *j, const struct input_field *f, str type)
{
    if (!(f->flags & IN_NULLABLE)) {
        json_kv_str(j, S("type"), type);
        return;
    }
    json_key(j, S("type"));
    json_arr(j);
    json_put_str(j, type);
    json_put_str(j, S("null"));
    json_arr_end(j);
}

static void items_put(struct json_out *j, bool is_id)
{
    json_key(j, S("items"));
    json_obj(j);
    json_kv_str(j, S("type"), S("string"));
    if (is_id)
        json_kv_str(j, S("pattern"), S("^[0-9]+$"));
    json_obj_end(j);
}

static void list_put(struct json_out *j, const struct input_field *f)
{
    type_put(j, f, S("array"));
    items_put(j, f->type == IN_ID_LIST);
    if (f->max)
        json_kv_int(j, S("maxItems"), f->max);
}

static void int_put(struct json_out *j, const struct input_field *f)
{
    type_put(j, f, S("integer"));
    if (f->min || f->max)
        json_kv_int(j, S("minimum"), f->min);
    if (f->max)
        json_kv_int(j, S("maximum"), f->max);
}

static void enum_put(struct json_out *j, const struct input_field *f)
{
    type_put(j, f, S("string"));
    json_key(j, S("enum"));
    json_arr(j);
    for (const char *const *word = f->words; *word; word++)
        json_put_str(j, str_from(*word));
    if (f->flags & IN_NULLABLE)
        json_put_null(j);
    json_arr_end(j);
}

static void text_put(struct json_out *j, const struct input_field *f)
{
    type_put(j, f, S("string"));
    if (f->min)
        json_kv_int(j, S("minLength"), 1);
    if (f->flags & IN_SECRET)
        json_kv_str(j, S("format"), S("password"));
}

static void field_put(struct json_out *j, const struct input_field *f)
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
        type_put(j, f, S("boolean"));
        break;
    case IN_ID:
        type_put(j, f, S("string"));
        json_kv_str(j, S("pattern"), S("^[0-9]+$"));
        break;
    case IN_TIME:
        type_put(j, f, S("string"));
        json_kv_str(j, S("format"), S("date-time"));
        break;
    case IN_ENUM:
        enum_put(j, f);
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

static void schema_put(struct json_out *j, const struct input_spec *spec)
{
    json_obj(j);
    json_kv_str(j, S("type"), S("object"));
    json_kv_bool(j, S("additionalProperties"), false);
    json_key(j, S("properties"));
    json_obj(j);
    for (ptrdiff_t i = 0; i < spec->n; i++) {
        json_key(j, str_from(spec->fields[i].name));
        field_put(j, &spec->fields[i]);
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

/* ── operations ─────────────────────────────────────────────────────────────────────────────────
 */

static void path_parameters_put(struct json_out *j, str path)
{
    str segment, rest = path;
    for (bool more = true; more;) {
        more = str_cut(rest, '/', &segment, &rest);
        if (!str_starts(segment, S("{")))
            continue;
        json_obj(j);
        json_kv_str(j, S("name"), str_sub(segment, 1, segment.len - 2));
        json_kv_str(j, S("in"), S("path"));
        json_kv_bool(j, S("required"), true);
        json_kv_raw(j, S("schema"), S("{\"type\":\"string\"}"));
        json_obj_end(j);
    }
}

static void parameters_put(struct json_out *j, const struct route *route)
{
    json_key(j, S("parameters"));
    json_arr(j);
    path_parameters_put(j, str_from(route->path));
    for (ptrdiff_t i = 0; route->query && i < route->query->n; i++) {
        const struct input_field *f = &route->query->fields[i];
        json_obj(j);
        json_kv_str(j, S("name"), str_from(f->name));
        json_kv_str(j, S("in"), S("query"));
        json_kv_bool(j, S("required"), f->flags & IN_REQUIRED);
        json_key(j, S("schema"));
        field_put(j, f);
        json_obj_end(j);
    }
    json_arr_end(j);
}

static str reference(struct arena *a, const char *name)
{
    return str_print(a, "{\"$ref\":\"#/components/schemas/%s\"}", name);
}

static void content_put(struct json_out *j, str type, str schema)
{
    json_key(j, S("content"));
    json_obj(j);
    json_key(j, type);
    json_obj(j);
    json_kv_raw(j, S("schema"), schema);
    json_obj_end(j);
    json_obj_end(j);
}

static void body_put(struct json_out *j, const struct route *route)
{
    bool is_raw = route->flags & ROUTE_RAW_BODY;
    if (!route->body && !is_raw)
        return;
    json_key(j, S("requestBody"));
    json_obj(j);
    json_kv_bool(j, S("required"), true);
    if (route->body)
        content_put(j, S("application/json"), reference(j->b.a, route->body->name));
    else
        content_put(j, S("application/octet-stream"), S("{}"));
    json_obj_end(j);
}

static void responses_put(struct json_out *j, const struct route *route)
{
    json_key(j, S("responses"));
    json_obj(j);
    json_key(j, S("2XX"));
    json_obj(j);
    json_kv_str(j, S("description"), route->answer ? S("done") : S("done, or bytes"));
    if (route->answer)
        content_put(j, S("application/json"), reference(j->b.a, route->answer));
    json_obj_end(j);
    json_key(j, S("default"));
    json_obj(j);
    json_kv_str(j, S("description"), S("refused"));
    content_put(j, S("application/json"), reference(j->b.a, "Error"));
    json_obj_end(j);
    json_obj_end(j);
}

static void security_put(struct json_out *j, const struct route *route)
{
    switch (route->auth) {
    case AUTH_AGENT:
        json_kv_raw(j, S("security"),
            route->cap == CAP_SELF ? S("[{\"cookie\":[]}]")
                                   : S("[{\"cookie\":[]},{\"token\":[]}]"));
        break;
    case AUTH_VISITOR:
        json_kv_raw(j, S("security"), S("[{\"visitor\":[]}]"));
        break;
    case AUTH_HOOK:
        json_kv_raw(j, S("security"), S("[{\"signature\":[]}]"));
        break;
    case AUTH_PUBLIC:
        json_kv_raw(j, S("security"), S("[]"));
        break;
    }
    if (route->cap != CAP_NONE && route->cap != CAP_SELF)
        json_kv_str(j, S("x-capability"), capability_name(route->cap));
}

static void operation_put(struct json_out *j, const struct route *route)
{
    json_key(j, str_lower_ascii(j->b.a, str_from(http_method_name(route->method))));
    json_obj(j);
    json_kv_str(j, S("summary"), str_from(route->summary));
    security_put(j, route);
    parameters_put(j, route);
    body_put(j, route);
    responses_put(j, route);
    json_obj_end(j);
}

/* All methods of one path stand together, at the place of its first row. */
static bool is_first_of_path(ptrdiff_t table, ptrdiff_t row)
{
    str path = str_from(route_tables[table]->at[row].path);
    for (ptrdiff_t t = 0; t <= table; t++)
        for (ptrdiff_t i = 0; i < route_tables[t]->n; i++) {
            if (t == table && i == row)
                return true;
            if (str_eq(str_from(route_tables[t]->at[i].path), path))
                return false;
        }
    return true;
}

static void paths_put(struct json_out *j)
{
    json_key(j, S("paths"));
    json_obj(j);
    for (ptrdiff_t t = 0; t < n_route_tables; t++)
        for (ptrdiff_t i = 0; i < route_tables[t]->n; i++) {
            const struct route *route = &route_tables[t]->at[i];
            if (!openapi_shows(route) || !is_first_of_path(t, i))
                continue;
            json_key(j, str_from(route->path));
            json_obj(j);
            for (ptrdiff_t u = 0; u < n_route_tables; u++)
                for (ptrdiff_t k = 0; k < route_tables[u]->n; k++)
                    if (str_eq(str_from(route_tables[u]->at[k].path), str_from(route->path)))
                        operation_put(j, &route_tables[u]->at[k]);
            json_obj_end(j);
        }
    json_obj_end(j);
}

/* ── components ─────────────────────────────────────────────────────────────────────────────────
 */

static bool first_time(struct map *seen, const char *name)
{
    if (map_get(seen, str_from(name)))
        return false;
    return map_put(seen, str_from(name), seen) == OK;
}

static void answer_schema_put(struct json_out *j, const char *name)
{
    json_key(j, str_from(name));
    if (str_ends(str_from(name), S("List")))
        json_put_raw(
            j, S("{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{"
                 "\"type\":\"object\"}},\"next\":{\"type\":[\"string\",\"null\"]}},\"required\":["
                 "\"items\",\"next\"]}"));
    else
        json_put_raw(j, S("{\"type\":\"object\",\"description\":\"see the documentation; fields "
                          "are only ever added\"}"));
}

static void schemas_put(struct json_out *j)
{
    struct map seen = {.a = j->b.a};
    json_key(j, S("schemas"));
    json_obj(j);
    json_kv_raw(j, S("Error"),
        S("{\"type\":\"object\",\"properties\":{\"error\":{\"type\":\"object\",\"properties\":{"
          "\"code\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"},\"field\":{\"type\":["
          "\"string\",\"null\"]},\"trace\":{\"type\":[\"string\",\"null\"]}},\"required\":["
          "\"code\",\"message\"]}},\"required\":[\"error\"]}"));
    (void)first_time(&seen, "Error");
    for (ptrdiff_t t = 0; t < n_route_tables; t++)
        for (ptrdiff_t i = 0; i < route_tables[t]->n; i++) {
            const struct route *route = &route_tables[t]->at[i];
            if (!openapi_shows(route))
                continue;
            if (route->body && first_time(&seen, route->body->name)) {
                json_key(j, str_from(route->body->name));
                schema_put(j, route->body);
            }
            if (route->answer && first_time(&seen, route->answer))
                answer_schema_put(j, route->answer);
        }
    json_obj_end(j);
}

str openapi_text(struct arena *a)
{
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    json_kv_str(&j, S("openapi"), S("3.1.0"));
    json_kv_raw(&j, S("info"),
        S("{\"title\":\"Seva\",\"version\":\"" SEVA_VERSION
          "\",\"license\":{\"name\":\"Apache-2.0\"}}"));
    paths_put(&j);
    json_key(&j, S("components"));
    json_obj(&j);
    schemas_put(&j);
    json_kv_raw(&j, S("securitySchemes"),
        S("{\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"seva_session\"},"
          "\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
          "\"visitor\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
          "\"signature\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"Seva-Signature\"}}"));
    json_obj_end(&j);
    json_obj_end(&j);
    return str_cat(a, json_str(&j), S("\n"));
}

str openapi_list(struct arena *a)
{
    static const char *const who[] = {[AUTH_PUBLIC] = "public",
        [AUTH_AGENT] = "agent",
        [AUTH_VISITOR] = "visitor",
        [AUTH_HOOK] = "hook"};
    struct sb b = sb_make(a, 0);
    for (ptrdiff_t t = 0; t < n_route_tables; t++)
        for (ptrdiff_t i = 0; i < route_tables[t]->n; i++) {
            const struct route *route = &route_tables[t]->at[i];
            sb_print(&b, "%-7s %-52s %-8s %.*s\n", http_method_name(route->method), route->path,
                who[route->auth], SARG(capability_name(route->cap)));
        }
    return sb_str(&b);
}
