/* route: what follows from a row of the route table, for the boundary and for those who describe it
 * (openapi.c, docs_page.c, the tests). Thread: pure. */
#include "api/route.h"

bool route_is_idempotent(const struct route *route)
{
    bool is_post = route->method == HTTP_POST && route->auth == AUTH_AGENT &&
                   (route->flags & ROUTE_WRITE) && !(route->flags & ROUTE_RAW_BODY);
    return is_post || (route->flags & ROUTE_IDEMPOTENT);
}

static bool names_ids(const struct input_spec *spec)
{
    for (ptrdiff_t i = 0; spec && i < spec->n; i++)
        if (spec->fields[i].type == IN_ID || spec->fields[i].type == IN_ID_LIST)
            return true;
    return false;
}

bool route_refuses(const struct route *route, int status)
{
    bool takes_body = route->body || (route->flags & ROUTE_RAW_BODY);
    bool is_private = route->auth == AUTH_AGENT || route->auth == AUTH_VISITOR;
    switch (status) {
    case 400:
        return true; /* a query or body that the route does not take */
    case 401:
        return is_private || route->auth == AUTH_HOOK || (route->flags & ROUTE_401);
    case 403:
        return is_private || (route->flags & ROUTE_403);
    case 404:
        return str_find(str_from(route->path), S("{")) >= 0 || names_ids(route->body) ||
               names_ids(route->query) || (route->flags & ROUTE_404);
    case 409:
        return route_is_idempotent(route) || (route->flags & ROUTE_409);
    case 413:
        return takes_body;
    case 416:
        return route->flags & ROUTE_PARTS;
    case 429:
        return route->flags & ROUTE_429;
    default:
        return status == 500 || status == 502 || status == 503;
    }
}

int route_status(const struct route *route)
{
    if (!route->answer && !(route->flags & (ROUTE_BYTES | ROUTE_STREAM)))
        return 204;
    return route->flags & ROUTE_MADE ? 201 : 200;
}
