/* docs_page: /openapi.json and /docs: the API for people to read, made from the route table. No
 * script; one small style sheet; strict CSP. */
#include "api/describe.h"
#include "api/events.h"
#include "api/input.h"
#include "api/openapi.h"
#include "api/routes.h"
#include "api/server.h"

static const str style = S_INIT(
    ":root{color-scheme:light dark}"
    "body{font:16px/1.6 system-ui,sans-serif;max-width:72ch;margin-inline:auto;padding:1.5rem}"
    "h2{margin-block:2.5rem .5rem;font-size:1.2rem}"
    "section{border-block-start:1px solid #8884;padding-block:.75rem}"
    "h3{margin:0;font:600 1rem ui-monospace,monospace;overflow-wrap:anywhere}"
    "h3 b{display:inline-block;min-inline-size:4.5rem}"
    "p{margin-block:.25rem}table{border-collapse:collapse;margin-block:.5rem;font-size:.9rem}"
    "caption{text-align:start}th,td{text-align:start;padding:.15rem .75rem .15rem 0;vertical-align:top}"
    "code{font-family:ui-monospace,monospace}small{opacity:.75}"
    "@media(max-width:45rem){tr{display:block;padding-block:.25rem}"
    "th,td,caption{display:block;padding-block:0;overflow-wrap:anywhere}}");

static void escape(struct sb *b, str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        switch (s.at[i]) {
        case '<':
            sb_add(b, S("&lt;"));
            break;
        case '>':
            sb_add(b, S("&gt;"));
            break;
        case '&':
            sb_add(b, S("&amp;"));
            break;
        case '"':
            sb_add(b, S("&quot;"));
            break;
        default:
            sb_byte(b, s.at[i]);
        }
}

static const char *type_words(enum input_type type)
{
    switch (type) {
    case IN_TEXT:
        return "text";
    case IN_INT:
        return "number";
    case IN_BOOL:
        return "true or false";
    case IN_ID:
        return "id";
    case IN_TIME:
        return "time (RFC 3339)";
    case IN_ENUM:
        return "one of";
    case IN_ID_LIST:
        return "list of ids";
    case IN_TEXT_LIST:
        return "list of texts";
    case IN_JSON:
        break;
    }
    return "JSON";
}

static void fields_put(struct sb *b, const char *title, const struct input_spec *spec)
{
    if (!spec || !spec->n)
        return;
    sb_print(b, "<table><caption><small>%s</small></caption>", title);
    for (ptrdiff_t i = 0; i < spec->n; i++) {
        const struct input_field *f = &spec->fields[i];
        sb_print(
            b, "<tr><th scope=\"row\"><code>%s</code></th><td>%s", f->name, type_words(f->type));
        for (const char *const *word = f->words; word && *word; word++)
            sb_print(b, " <code>%s</code>", *word);
        if (f->flags & IN_REQUIRED)
            sb_add(b, S(", required"));
        if (f->flags & IN_NULLABLE)
            sb_add(b, S(", null clears"));
        sb_add(b, S("</td><td>"));
        escape(b, str_from(f->help));
        sb_add(b, S("</td></tr>"));
    }
    sb_add(b, S("</table>"));
}

static const char *shape_type_words(const struct shape_field *f)
{
    switch (f->type) {
    case SHAPE_TEXT:
        return f->words ? "one of" : "text";
    case SHAPE_ID:
        return "id";
    case SHAPE_TIME:
        return "time";
    case SHAPE_INT:
        return "number";
    case SHAPE_BOOL:
        return "true or false";
    case SHAPE_FREE:
        return "object";
    case SHAPE_OBJECT:
        break;
    }
    return "";
}

static void shape_link_put(struct sb *b, const struct shape *shape)
{
    sb_print(b, "<a href=\"#%s\"><code>%s</code></a>", shape->name, shape->name);
}

static void shape_field_put(struct sb *b, const struct shape_field *f)
{
    sb_print(b, "<tr><th scope=\"row\"><code>%s</code></th><td>", f->name);
    if (f->flags & SHAPE_LIST)
        sb_add(b, S("list of "));
    else if (f->flags & SHAPE_MAP)
        sb_add(b, S("by name: "));
    sb_add(b, str_from(shape_type_words(f)));
    if (f->of)
        shape_link_put(b, f->of);
    for (const char *const *word = f->words; word && *word; word++)
        if (**word)
            sb_print(b, " <code>%s</code>", *word);
    if (f->flags & SHAPE_NULL)
        sb_add(b, S(", or null"));
    if (f->flags & SHAPE_OPTIONAL)
        sb_add(b, S(", may be left out"));
    sb_add(b, S("</td><td>"));
    escape(b, str_from(f->help));
    sb_add(b, S("</td></tr>"));
}

static void shapes_put(struct sb *b)
{
    struct described d = describe_all(b->a);
    sb_add(b, S("<h2 id=\"objects\">Objects</h2>"));
    for (ptrdiff_t i = 0; i < d.n_shapes; i++) {
        const struct shape *shape = d.shapes[i];
        sb_print(b, "<section id=\"%s\"><h3>%s</h3><p>", shape->name, shape->name);
        escape(b, str_from(shape->help));
        if (shape->base) {
            sb_add(b, S(" Like "));
            shape_link_put(b, shape->base);
            sb_add(b, S(", and:"));
        }
        sb_add(b, S("</p><table>"));
        for (ptrdiff_t k = 0; k < shape->n; k++)
            shape_field_put(b, &shape->fields[k]);
        sb_add(b, S("</table></section>\n"));
    }
}

static void events_put(struct sb *b)
{
    static const struct {
        int to;
        const char *words;
    } receivers[] = {
        {EVENT_TO_CONSOLES,      "agents’ streams"  },
        {EVENT_TO_VISITORS,      "visitors’ streams"},
        {EVENT_TO_WEBHOOKS,      "webhooks"           },
        {EVENT_TO_REPLY_ADDRESS, "reply addresses"    },
    };
    sb_add(b, S("<h2 id=\"events\">Events</h2><table>"));
    for (ptrdiff_t i = 0; i < n_event_kinds; i++) {
        const struct event_kind *kind = &event_kinds[i];
        sb_print(b, "<tr><th scope=\"row\"><code>%s</code></th><td>", kind->type);
        escape(b, str_from(kind->help));
        sb_add(b, S("</td><td>"));
        if (kind->data)
            shape_link_put(b, kind->data);
        sb_add(b, S("</td><td><small>to"));
        const char *comma = " ";
        for (size_t k = 0; k < sizeof receivers / sizeof receivers[0]; k++)
            if (kind->to & receivers[k].to) {
                sb_print(b, "%s%s", comma, receivers[k].words);
                comma = ", ";
            }
        sb_add(b, kind->to & EVENT_IS_FLEETING ? S("; not kept</small></td></tr>")
                                               : S("</small></td></tr>"));
    }
    sb_add(b, S("</table>"));
}

static void who_put(struct sb *b, const struct route *route)
{
    switch (route->auth) {
    case AUTH_PUBLIC:
        sb_add(b, S("public"));
        break;
    case AUTH_VISITOR:
        sb_add(b, S("visitor token"));
        break;
    case AUTH_HOOK:
        sb_add(b, S("signed"));
        break;
    case AUTH_AGENT:
        if (route->cap == CAP_SELF)
            sb_add(b, S("signed in"));
        else
            sb_print(
                b, "signed in, or API token: <code>%.*s</code>", SARG(capability_name(route->cap)));
        break;
    }
}

static void answers_put(struct sb *b, const struct route *route)
{
    sb_print(b, " · answers %d", route_status(route));
    if (route->flags & ROUTE_REPEATS)
        sb_add(b, S(" (200 when repeated)"));
    if (route->flags & ROUTE_PARTS)
        sb_add(b, S(", 206 with Range, 304 with If-None-Match"));
    if (route->answer) {
        sb_add(b, route->flags & ROUTE_LIST ? S(", a page of ") : S(" "));
        shape_link_put(b, route->answer);
    }
    sb_add(b, S(" · refuses"));
    for (const int *refusal = described_refusals; *refusal; refusal++)
        if (route_refuses(route, *refusal))
            sb_print(b, " %d", *refusal);
}

static void route_put(struct sb *b, const struct route *route)
{
    sb_print(b, "<section><h3><b>%s</b> ", http_method_name(route->method));
    escape(b, str_from(route->path));
    sb_add(b, S("</h3><p>"));
    escape(b, str_from(route->summary));
    sb_add(b, S("</p><p><small>"));
    who_put(b, route);
    answers_put(b, route);
    sb_add(b, S("</small></p>"));
    fields_put(b, "Query", route->query);
    fields_put(b, "Body", route->body);
    sb_add(b, S("</section>\n"));
}

static void refusals_put(struct sb *b)
{
    sb_add(b, S("<h2 id=\"refusals\">Refusals</h2><table>"));
    for (const int *refusal = described_refusals; *refusal; refusal++)
        sb_print(b, "<tr><th scope=\"row\">%d</th><td>%s</td></tr>", *refusal,
            describe_refusal(*refusal));
    sb_print(b, "<tr><th scope=\"row\">5xx</th><td>%s</td></tr></table>", describe_refusal(0));
}

static err page(struct call *call)
{
    struct sb b = sb_make(call->cx.arena, 0);
    sb_add(
        &b, S("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
              "<meta name=\"viewport\" content=\"width=device-width\"><title>Seva API</title>"
              "<link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body><main>"
              "<h1>Seva API</h1><p>JSON over HTTP below <code>/api/v1</code>. Ids are texts of "
              "digits, times RFC 3339 UTC. Sign in with the console's cookie, or send "
              "<code>Authorization: Bearer seva_…</code>. A POST with an "
              "<code>Idempotency-Key</code> may be repeated for 24 hours. Errors are "
              "<a href=\"#Error\"><code>Error</code></a>. The same as "
              "<a href=\"/openapi.json\">OpenAPI 3.1</a>.</p><p><a href=\"#routes\">Routes</a> · "
              "<a href=\"#refusals\">Refusals</a> · <a href=\"#events\">Events</a> · "
              "<a href=\"#objects\">Objects</a></p><h2 id=\"routes\">Routes</h2>"));
    for (ptrdiff_t t = 0; t < n_route_tables; t++)
        for (ptrdiff_t i = 0; i < route_tables[t]->n; i++)
            if (describe_shows(&route_tables[t]->at[i]))
                route_put(&b, &route_tables[t]->at[i]);
    refusals_put(&b);
    events_put(&b);
    shapes_put(&b);
    sb_add(&b, S("</main></body></html>\n"));
    answer_header(call, "Content-Security-Policy",
        S("default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"));
    answer_header(call, "Cache-Control", S("no-cache"));
    return answer_bytes(call, 200, S("text/html; charset=utf-8"), sb_str(&b));
}

static err page_style(struct call *call)
{
    answer_header(call, "Cache-Control", S("public, max-age=3600"));
    call->res.body_is_static = true;
    return answer_bytes(call, 200, S("text/css; charset=utf-8"), style);
}

static err openapi(struct call *call)
{
    answer_header(call, "Cache-Control", S("no-cache"));
    return answer_bytes(call, 200, S("application/json"), openapi_text(call->cx.arena));
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/openapi.json", AUTH_PUBLIC, CAP_NONE,
     ROUTE_NO_DB, NULL, NULL, NULL, openapi,
     "This description as OpenAPI 3.1.", NULL, 0},
    {HTTP_GET, "/docs", AUTH_PUBLIC, CAP_NONE,
     ROUTE_NO_DB, NULL, NULL, NULL, page,
     "The API for people to read.", NULL, 0},
    {HTTP_GET, "/docs/style.css", AUTH_PUBLIC, CAP_NONE,
     ROUTE_NO_DB, NULL, NULL, NULL, page_style,
     "Its style sheet.", NULL, 0},
};
/* clang-format on */
extern const struct route_table docs_routes;
const struct route_table docs_routes = ROUTES(routes);
