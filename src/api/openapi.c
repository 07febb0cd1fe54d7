/* openapi: see openapi.h. Source: OpenAPI Specification 3.1.0. Schemas: openapi_schema.c. */
#include "api/openapi.h"

#include "api/describe.h"
#include "api/events.h"
#include "api/openapi_schema.h"
#include "api/routes.h"

/* ── operations ── */

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
        json_kv_raw(j, S("schema"),
            str_eq(segment, S("{id}")) ? S("{\"type\":\"string\",\"pattern\":\"^[0-9]+$\"}")
                                       : S("{\"type\":\"string\"}"));
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
        schema_put_input_field(j, f);
        json_obj_end(j);
    }
    if (route_is_idempotent(route))
        json_put_raw(j, S("{\"$ref\":\"#/components/parameters/IdempotencyKey\"}"));
    if (route->flags & ROUTE_STREAM)
        json_put_raw(j, S("{\"$ref\":\"#/components/parameters/LastEventId\"}"));
    json_arr_end(j);
}

static void body_put(struct json_out *j, const struct route *route)
{
    bool is_raw = route->flags & ROUTE_RAW_BODY;
    if (!route->body && !is_raw)
        return;
    json_key(j, S("requestBody"));
    json_obj(j);
    json_kv_bool(j, S("required"), true);
    json_key(j, S("content"));
    json_obj(j);
    if (route->body) {
        json_key(j, S("application/json"));
        json_obj(j);
        json_key(j, S("schema"));
        schema_put_ref(j, route->body->name);
        json_obj_end(j);
    } else {
        json_kv_raw(j, S("application/octet-stream"), S("{}"));
    }
    json_obj_end(j);
    json_obj_end(j);
}

static void answer_put(struct json_out *j, const struct route *route)
{
    if (route->answer) {
        json_key(j, S("application/json"));
        json_obj(j);
        json_key(j, S("schema"));
        if (route->flags & ROUTE_LIST)
            schema_put_list(j, route->answer);
        else
            schema_put_ref(j, route->answer->name);
        json_obj_end(j);
    } else if (route->flags & ROUTE_STREAM) {
        json_kv_raw(j, S("text/event-stream"), S("{\"schema\":{\"type\":\"string\"}}"));
    } else {
        json_kv_raw(j, S("*/*"), S("{}"));
    }
}

static void good_put(struct json_out *j, const struct route *route, int status, const char *words)
{
    json_key(j, str_print(j->b.a, "%d", status));
    json_obj(j);
    json_kv_str(j, S("description"), str_from(words));
    if (status != 204) {
        json_key(j, S("content"));
        json_obj(j);
        answer_put(j, route);
        json_obj_end(j);
    }
    json_obj_end(j);
}

static void responses_put(struct json_out *j, const struct route *route)
{
    int status = route_status(route);
    json_key(j, S("responses"));
    json_obj(j);
    if (route->flags & ROUTE_REPEATS)
        good_put(j, route, 200, "this client_id was here before: the same again");
    good_put(j, route, status, status == 201 ? "made" : "done");
    if (route->flags & ROUTE_PARTS) {
        good_put(j, route, 206, "the part that Range asks for");
        json_kv_raw(
            j, S("304"), S("{\"description\":\"If-None-Match has the ETag of what is there\"}"));
    }
    for (const int *refusal = described_refusals; *refusal; refusal++)
        if (route_refuses(route, *refusal))
            json_kv_raw(j, str_print(j->b.a, "%d", *refusal),
                str_print(j->b.a, "{\"$ref\":\"#/components/responses/%d\"}", *refusal));
    json_kv_raw(j, S("default"), S("{\"$ref\":\"#/components/responses/default\"}"));
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

/* "get_conversations_id_messages": the method and what tells its path from others. */
static str operation_id(struct arena *a, const struct route *route)
{
    struct sb b = sb_make(a, 0);
    sb_add(&b, str_lower_ascii(a, str_from(http_method_name(route->method))));
    str segment, rest = str_skip(str_from(route->path), 1);
    for (bool more = true; more;) {
        more = str_cut(rest, '/', &segment, &rest);
        if (str_eq(segment, S("api")) || str_eq(segment, S("v1")))
            continue;
        sb_byte(&b, '_');
        for (ptrdiff_t i = 0; i < segment.len; i++)
            if (segment.at[i] != '{' && segment.at[i] != '}')
                sb_byte(&b, segment.at[i] == '-' || segment.at[i] == '.' ? '_' : segment.at[i]);
    }
    return sb_str(&b);
}

static void stream_events_put(struct json_out *j, const struct route *route)
{
    int to = route->auth == AUTH_VISITOR ? EVENT_TO_VISITORS : EVENT_TO_CONSOLES;
    json_key(j, S("x-events"));
    json_obj(j);
    for (ptrdiff_t i = 0; i < n_event_kinds; i++) {
        const struct event_kind *kind = &event_kinds[i];
        if (!(kind->to & to))
            continue;
        json_key(j, str_from(kind->type));
        json_obj(j);
        json_kv_str(j, S("description"), str_from(kind->help));
        json_kv_bool(j, S("is_event_object"), !(kind->to & EVENT_IS_FLEETING));
        if (kind->data) {
            json_key(j, S("data"));
            schema_put_ref(j, kind->data->name);
        }
        json_obj_end(j);
    }
    json_obj_end(j);
}

static void operation_put(struct json_out *j, const struct route *route)
{
    json_key(j, str_lower_ascii(j->b.a, str_from(http_method_name(route->method))));
    json_obj(j);
    json_kv_str(j, S("operationId"), operation_id(j->b.a, route));
    json_kv_str(j, S("summary"), str_from(route->summary));
    security_put(j, route);
    parameters_put(j, route);
    body_put(j, route);
    responses_put(j, route);
    if (route->flags & ROUTE_STREAM)
        stream_events_put(j, route);
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
            if (!describe_shows(route) || !is_first_of_path(t, i))
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

/* What is posted to the addresses of others: events to webhooks and replies to reply addresses. */
static void webhook_put(struct json_out *j, const struct event_kind *kind)
{
    json_key(j, str_from(kind->type));
    json_obj(j);
    json_key(j, S("post"));
    json_obj(j);
    json_kv_str(j, S("summary"), str_from(kind->help));
    json_kv_raw(j, S("security"), S("[{\"signature\":[]}]"));
    json_key(j, S("requestBody"));
    json_obj(j);
    json_kv_raw(j, S("required"), S("true"));
    json_key(j, S("content"));
    json_obj(j);
    json_key(j, S("application/json"));
    json_obj(j);
    json_key(j, S("schema"));
    json_obj(j);
    json_key(j, S("allOf"));
    json_arr(j);
    schema_put_ref(j, "Event");
    json_put_raw(j, kind->data
                        ? str_print(j->b.a,
                              "{\"type\":\"object\",\"properties\":{\"type\":{\"const\":\"%s\"},"
                              "\"data\":{\"$ref\":\"#/components/schemas/%s\"}}}",
                              kind->type, kind->data->name)
                        : str_print(j->b.a,
                              "{\"type\":\"object\",\"properties\":{\"type\":{\"const\":\"%s\"}}}",
                              kind->type));
    json_arr_end(j);
    for (int i = 0; i < 4; i++) /* schema, application/json, content, requestBody */
        json_obj_end(j);
    json_kv_raw(j, S("responses"),
        S("{\"2XX\":{\"description\":\"taken\"},\"default\":{\"description\":\"tried again later\"}}"));
    json_obj_end(j);
    json_obj_end(j);
}

static void webhooks_put(struct json_out *j)
{
    json_key(j, S("webhooks"));
    json_obj(j);
    for (ptrdiff_t i = 0; i < n_event_kinds; i++)
        if (event_kinds[i].to & (EVENT_TO_WEBHOOKS | EVENT_TO_REPLY_ADDRESS))
            webhook_put(j, &event_kinds[i]);
    json_obj_end(j);
}

/* ── components ── */

static void schemas_put(struct json_out *j)
{
    struct described d = describe_all(j->b.a);
    json_key(j, S("schemas"));
    json_obj(j);
    for (ptrdiff_t i = 0; i < d.n_shapes; i++) {
        json_key(j, str_from(d.shapes[i]->name));
        schema_put_shape(j, d.shapes[i]);
    }
    for (ptrdiff_t i = 0; i < d.n_inputs; i++) {
        json_key(j, str_from(d.inputs[i]->name));
        schema_put_input(j, d.inputs[i]);
    }
    json_obj_end(j);
}

static void refusal_put(struct json_out *j, str name, const char *words)
{
    json_key(j, name);
    json_obj(j);
    json_kv_str(j, S("description"), str_from(words));
    json_kv_raw(j, S("content"),
        S("{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Error\"}}}"));
    json_obj_end(j);
}

static void refusals_put(struct json_out *j)
{
    json_key(j, S("responses"));
    json_obj(j);
    for (const int *refusal = described_refusals; *refusal; refusal++)
        refusal_put(j, str_print(j->b.a, "%d", *refusal), describe_refusal(*refusal));
    refusal_put(j, S("default"), describe_refusal(0));
    json_obj_end(j);
}

static const str parameters =
    S_INIT("{\"IdempotencyKey\":{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"required\":false,"
           "\"description\":\"The same key with the same body gets the same answer for 24 hours.\","
           "\"schema\":{\"type\":\"string\"}},"
           "\"LastEventId\":{\"name\":\"Last-Event-ID\",\"in\":\"header\",\"required\":false,"
           "\"description\":\"Goes on after this event.\",\"schema\":{\"type\":\"string\"}}}");
static const str security_schemes =
    S_INIT("{\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"seva_session\"},"
           "\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
           "\"visitor\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
           "\"signature\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"Seva-Signature\"}}");

str openapi_text(struct arena *a)
{
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    json_kv_str(&j, S("openapi"), S("3.1.0"));
    json_kv_raw(&j, S("info"),
        S("{\"title\":\"Seva\",\"version\":\"" SEVA_VERSION
          "\",\"license\":{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}}"));
    paths_put(&j);
    webhooks_put(&j);
    json_key(&j, S("components"));
    json_obj(&j);
    schemas_put(&j);
    refusals_put(&j);
    json_kv_raw(&j, S("parameters"), parameters);
    json_kv_raw(&j, S("securitySchemes"), security_schemes);
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
