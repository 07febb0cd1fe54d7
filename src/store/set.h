/* How set-wise statements on PostgreSQL name their account. All rows of a set belong to one
 * account, and ?1 holds it once per row. Said as a column of the unnest, row-level security makes
 * the planner believe that one row of the set is left, and it joins in the worst order (measured:
 * 220 pages read per person looked up); said as this constant, the set keeps its size. Keys are
 * looked up by LATERAL with OFFSET 0, one probe of the index per row of the set, whatever the
 * statistics say. */
#pragma once
#include "db/db.h"
#include "model/ctx.h"

#define SET_ACCOUNT "(?1::bigint[])[1]"

/* Ids as one argument that a statement takes apart: a JSON array for json_each(), an array of
 * PostgreSQL for unnest(?::bigint[]). */
str set_ids(struct ctx *cx, const int64_t *ids, ptrdiff_t n);
