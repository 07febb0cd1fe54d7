/* match: see match.h. A node has few children (at most about thirty), so they are a list. */
#include "api/match.h"

#include <assert.h>

enum segment_kind { SEGMENT_LITERAL, SEGMENT_PARAM, SEGMENT_REST };

struct route_tree {
    enum segment_kind kind;
    str text; /* LITERAL */
    struct route_tree *children, *next;
    const struct route *routes[HTTP_METHOD_COUNT];
    bool has_route;
};

static struct route_tree *child_ensure(struct arena *a, struct route_tree *node, str segment)
{
    enum segment_kind kind = SEGMENT_LITERAL;
    if (str_starts(segment, S("{")))
        kind = str_ends(segment, S("*}")) ? SEGMENT_REST : SEGMENT_PARAM;
    struct route_tree **at = &node->children;
    for (; *at; at = &(*at)->next) {
        struct route_tree *child = *at;
        if (child->kind == kind && (kind != SEGMENT_LITERAL || str_eq(child->text, segment)))
            return child;
        if (child->kind > kind)
            break; /* kept in the order of kinds: the first fit is the right one */
    }
    struct route_tree *made = NEW(a, struct route_tree, 1);
    made->kind = kind;
    made->text = segment;
    made->next = *at;
    *at = made;
    return made;
}

struct route_tree *route_tree_make(
    struct arena *a, const struct route_table *const *tables, ptrdiff_t n_tables)
{
    struct route_tree *root = NEW(a, struct route_tree, 1);
    for (ptrdiff_t t = 0; t < n_tables; t++)
        for (ptrdiff_t i = 0; i < tables[t]->n; i++) {
            const struct route *route = &tables[t]->at[i];
            struct route_tree *node = root;
            str rest = str_skip(str_from(route->path), 1), segment;
            bool has_more = true;
            while (has_more) {
                has_more = str_cut(rest, '/', &segment, &rest);
                node = child_ensure(a, node, segment);
            }
            assert(!node->routes[route->method]);
            node->routes[route->method] = route;
            node->has_route = true;
        }
    return root;
}

/* Depth is bounded by the longest path of the table, not by the request. */
static const struct route_tree *walk(
    const struct route_tree *node, str rest, bool has_more, str *params, int n_params)
{
    if (!has_more)
        return node->has_route ? node : NULL;
    str segment, after;
    bool more = str_cut(rest, '/', &segment, &after);
    for (const struct route_tree *child = node->children; child; child = child->next) {
        const struct route_tree *found = NULL;
        switch (child->kind) {
        case SEGMENT_LITERAL:
            if (str_eq(child->text, segment))
                found = walk(child, after, more, params, n_params);
            break;
        case SEGMENT_PARAM:
            if (segment.len && n_params < 3) {
                params[n_params] = segment;
                found = walk(child, after, more, params, n_params + 1);
            }
            break;
        case SEGMENT_REST:
            if (n_params < 3) {
                params[n_params] = rest;
                found = child;
            }
            break;
        }
        if (found)
            return found;
    }
    return NULL;
}

struct route_match route_find(const struct route_tree *tree, enum http_method method, str path)
{
    struct route_match match = {0};
    if (!str_starts(path, S("/")))
        return match; /* OPTIONS * */
    if (method == HTTP_HEAD)
        method = HTTP_GET;
    const struct route_tree *node = walk(tree, str_skip(path, 1), true, match.params, 0);
    if (!node)
        return match;
    match.is_path_known = true;
    match.route = node->routes[method];
    return match;
}
