/* statistics: keeps PostgreSQL's planner informed while tables are young. A plan made for an empty
 * table is kept by its connection until the table is analysed, and autovacuum looks once a minute:
 * measured, 2,560 messages into a fresh database read 3.2 million rows for their look-ups without
 * this, and 5,000 with it. SQLite plans by the schema alone and needs none.
 * It takes up to half a second of reading a large table, so a job does it, not who has grown the
 * table. Thread: the transaction's. */
#pragma once
#include "model/ctx.h"

/* Queues the job "statistics"; once in about a thousand rows. */
err statistics_plan(struct ctx *cx);
/* The tables that have changed by a quarter since they were analysed last. */
err statistics_stale(struct ctx *cx, const str **tables, ptrdiff_t *n);
/* Analyses one of them, without waiting for a lock. Each in a WRITE transaction of its own: for as
 * long as one lasts that has written statistics, no reader of the change feed sees what is newer.
 */
err statistics_refresh(struct ctx *cx, str table);
