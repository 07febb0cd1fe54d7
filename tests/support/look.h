/* look: what a database holds, seen from beside the program on a connection of its own: how many
 * rows each table has, and whether anything at all was written between two looks. */
#pragma once
#include "test_db.h"

enum { LOOK_TABLES_MAX = 200 };
struct look {
    int64_t rows[LOOK_TABLES_MAX];
    /* Other bytes in any table give another number: SQLite's data_version; on PostgreSQL a sum over
     * all rows' texts. */
    int64_t content;
};
struct looker;
/* url: test_db's. Without the tables of the search index, which SQLite fills and thins by itself.
 */
struct looker *looker_open(enum db_kind kind, str url, account_id account);
void looker_close(struct looker *l);
ptrdiff_t looker_tables(const struct looker *l);
const char *looker_table(const struct looker *l, ptrdiff_t i);
void looker_look(struct looker *l, struct look *look);
