/* plan_watch: every statement that a test makes the program say is explained by the database at the
 * test's end, so that no query escapes. A test fails when one of them reads or sorts what grows
 * with the account: on SQLite by the plan alone (it plans without statistics, as in production), on
 * PostgreSQL by the plan over a schema with a crowd in every table (plan_postgres.c). What may, and
 * why, stands in plan_rules.h. */
#pragma once
#include "test_db.h"

enum { PLAN_PARAMS = 64 };
struct plan_statement {
    char *sql;
    int n_params;
    unsigned types[PLAN_PARAMS]; /* PostgreSQL's, 0 = it finds out */
    bool is_explained;
    struct plan_statement *next;
};

/* From here on; before the first transaction. */
void plan_watch(struct test_db *t);
/* Explains what is new since the last call in this process; prints each fault; how many. */
int plan_faults(struct test_db *t);

/* Between the two files. */
bool plan_is_explainable(str sql);
int plan_postgres_faults(struct arena *a, struct plan_statement *all);
