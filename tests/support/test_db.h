/* A fresh database for a test: SQLite in a temporary folder, PostgreSQL in a schema of its own of
 * the server that SEVA_TEST_PG names (a role that is no superuser, or row-level security is not
 * tested). */
#pragma once
#include "db/db.h"

struct test_db {
    struct db *db;
    enum db_kind kind;
    struct arena arena; /* lives until test_db_close */
    str url;
    char folder[64]; /* SQLite: holds seva.db; else empty */
    char schema[64]; /* PostgreSQL; also the sessions' application_name */
    bool is_migrated;
};

/* With all migrations applied. NULL when this is PostgreSQL and SEVA_TEST_PG is unset, empty or
 * "off": then call skip(). Anything else that goes wrong ends the program. */
struct test_db *test_db_open(enum db_kind kind);
/* Without any table. */
struct test_db *test_db_open_empty(enum db_kind kind);
/* Another opened handle on the same database: on PostgreSQL a second node. Close it first. */
struct db *test_db_again(struct test_db *t);
/* Removes everything; t may be NULL. PostgreSQL: empties the tables, schemas stay until the test
 * run ends its server. */
void test_db_close(struct test_db *t);
