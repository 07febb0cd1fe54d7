/* match: from method and path to a row of the route table, by a tree of path segments made once.
 * Literal segments win over "{name}", which wins over "{name*}" (the rest of the path, at the end
 * only). Thread: the tree is fixed after it was made. */
#pragma once
#include "api/route.h"

struct route_tree;
struct route_match {
    const struct route *route; /* NULL: no such path, or not with this method */
    bool is_path_known;        /* some other method would do */
    str params[3];
};
/* Asserts that no two rows are the same. */
struct route_tree *route_tree_make(
    struct arena *a, const struct route_table *const *tables, ptrdiff_t n_tables);
/* HEAD finds the row of GET. No allocation. */
struct route_match route_find(const struct route_tree *tree, enum http_method method, str path);
