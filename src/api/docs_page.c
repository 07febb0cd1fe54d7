/* docs_page: /openapi.json and /docs: the API for people to read, made from the route table. No
 * script; one small style sheet; strict CSP. */
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
    "th,td{text-align:start;padding:.15rem .75rem .15rem 0;vertical-align:top}"
    "code{font-family:ui-monospace,monospace}small{opacity:.75}");

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

static void route_put(struct sb *b, const struct route *route)
{
    sb_print(b, "<section><h3><b>%s</b> ", http_method_name(route->method));
    escape(b, str_from(route->path));
    sb_add(b, S("</h3><p>"));
    escape(b, str_from(route->summary));
    sb_add(b, S("</p><p><small>"));
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
    if (route->answer)
        sb_print(b, " · answers <code>%s</code>", route->answer);
    sb_add(b, S("</small></p>"));
    fields_put(b, "Query", route->query);
    fields_put(b, "Body", route->body);
    sb_add(b, S("</section>\n"));
}

static err page(struct call *call)
{
    struct sb b = sb_make(call->cx.arena, 0);
    sb_add(&b, S("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                 "<meta name=\"viewport\" content=\"width=device-width\"><title>Seva API</title>"
                 "<link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body><main>"
                 "<h1>Seva API</h1><p>JSON over HTTP below <code>/api/v1</code>. Ids are texts of "
                 "digits, times RFC 3339 UTC. Sign in with the console's cookie, or send "
                 "<code>Authorization: Bearer seva_…</code>. A POST with an "
                 "<code>Idempotency-Key</code> may be repeated for 24 hours. Errors are "
                 "<code>{\"error\":{\"code\",\"message\",\"field\",\"trace\"}}</code>. The same as "
                 "<a href=\"/openapi.json\">OpenAPI 3.1</a>.</p>"));
    for (ptrdiff_t t = 0; t < n_route_tables; t++)
        for (ptrdiff_t i = 0; i < route_tables[t]->n; i++)
            if (openapi_shows(&route_tables[t]->at[i]))
                route_put(&b, &route_tables[t]->at[i]);
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
    {HTTP_GET, "/openapi.json", AUTH_PUBLIC, CAP_NONE, ROUTE_NO_DB, NULL, NULL, NULL, openapi,
        "This description as OpenAPI 3.1.", NULL, 0},
    {HTTP_GET, "/docs", AUTH_PUBLIC, CAP_NONE, ROUTE_NO_DB, NULL, NULL, NULL, page,
        "The API for people to read.", NULL, 0},
    {HTTP_GET, "/docs/style.css", AUTH_PUBLIC, CAP_NONE, ROUTE_NO_DB, NULL, NULL, NULL, page_style,
        "Its style sheet.", NULL, 0},
};
/* clang-format on */
extern const struct route_table docs_routes;
const struct route_table docs_routes = ROUTES(routes);
