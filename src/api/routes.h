/* routes: the one table of routes: every subject file's table, in the order of the documentation.
 */
#pragma once
#include "api/route.h"

extern const struct route_table *const route_tables[];
extern const ptrdiff_t n_route_tables;

/* NULL: nothing is said ahead for this route. */
const struct route_ahead *route_ahead_of(const struct route *route);
