/* For stories of growth: accounts of many conversations, and what a request costs in steps of the
 * database (SQLite: of its machine, and pages asked for; PostgreSQL: pages asked for). Never by the
 * clock. */
#pragma once
#include "test_app.h"

/* Conversations first … last - 1, one message each, a minute apart; indexed. */
void growth_to(struct test_app *app, int first, int last);
/* Messages first … last - 1 of one conversation; indexed. */
void growth_thread(struct test_app *app, int first, int last);
/* PostgreSQL plans by what it knows of its tables; the two above end with it, as the server's
 * upkeep would. */
void growth_analyze(struct test_app *app);
/* A test's own statement, for making what would take too many requests. */
void growth_make(struct test_app *app, str sql, const struct db_arg *args, ptrdiff_t n);
/* Listens; once, instead of the watch over plans. */
void growth_watch(struct test_app *app);
void growth_begin(void);
int64_t growth_end(void);
/* Of one GET whose statements are prepared. token: empty = the owner, signed in. */
int64_t growth_cost(struct test_app *app, str token, const char *path);
