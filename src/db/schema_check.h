/* schema_check: is the schema in the database the one that the migrations make, and is its inside
 * sound? For `seva doctor`. What there should be is read out of the migrations' own texts: tables
 * and indexes by name, and on PostgreSQL which tables have row-level security. Not here: applying
 * them (migrate.c). Thread: the transaction's; a DB_READ one is enough. */
#pragma once
#include "db/db.h"

enum { SCHEMA_PARTS_MOST = 1000, SCHEMA_WORDS_MOST = 100 };

enum schema_fault {
    SCHEMA_TABLE_MISSING,
    SCHEMA_INDEX_MISSING, /* name: what db_index_make takes */
    SCHEMA_INDEX_INVALID, /* PostgreSQL: db_reindex mends it */
    SCHEMA_UNGUARDED,     /* PostgreSQL: no row-level security on this table */
};
struct schema_finding {
    enum schema_fault fault;
    str name;
    str sql; /* of a missing index: what makes it */
};
/* Only for a database to which all of them are applied. */
err schema_check(struct db_tx *tx, const struct migration *list, ptrdiff_t n,
    const struct schema_finding **found, ptrdiff_t *n_found);
/* Runs a statement that schema_check has given, in a transaction of its own. */
err schema_mend(struct db *db, struct arena *a, str sql, str *why);

/* What the database itself says about its pages: at most SCHEMA_WORDS_MOST lines; none in a sound
 * one. SQLite: quick_check, is_deep: integrity_check, which compares indexes with their tables.
 * PostgreSQL: with is_deep and the extension amcheck, its B-tree indexes; *is_done: it could be
 * looked at. */
struct schema_words {
    str words;
    str index; /* not empty: making this index anew mends it */
};
err schema_pages(
    struct db_tx *tx, bool is_deep, const struct schema_words **rows, ptrdiff_t *n, bool *is_done);
/* SQLite: tables with rows whose counterpart is missing. */
err schema_orphans(struct db_tx *tx, const struct schema_words **rows, ptrdiff_t *n);
