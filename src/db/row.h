/* Prepared statements by the address of their text, and rows into structs by column name; shared by
 * both drivers. Not: SQL or wire formats. Thread: the connection's. */
#pragma once
#include "db/driver.h"

/* The first member of a driver's statement. */
struct stmt {
    str sql;                   /* the caller's literal: address and length are the key */
    char *copy;                /* its bytes when it was prepared */
    uint64_t used;             /* the cache's tick at the last use */
    const struct db_col *cols; /* the table the map below was made for */
    ptrdiff_t n_cols;
    uint8_t map[LIMIT_DB_COLUMNS]; /* result column → index in cols */
};

struct stmt_cache {
    struct stmt **slots; /* open addressing; a power of two, never more than half full */
    ptrdiff_t count, cap;
    uint64_t tick;
};

err stmt_cache_make(struct stmt_cache *c);
/* NULL when it is not there. E_INTERNAL when the text under this address has changed. */
err stmt_find(struct stmt_cache *c, str sql, struct stmt **st);
/* Makes room: the statement that the caller must finish and free, or NULL when there is room. */
struct stmt *stmt_evict(struct stmt_cache *c);
/* Room was made before. E_BUSY when out of memory. */
err stmt_add(struct stmt_cache *c, struct stmt *st, str sql);
void stmt_remove(struct stmt_cache *c, struct stmt *st);
void stmt_free(struct stmt *st); /* the shared part; the driver ends its own first */

/* Makes the map unless it was made for this table: every column needs a member and the reverse. */
err stmt_match(struct stmt *st, const struct row_sink *sink, int n_columns,
    const char *(*name_of)(void *arg, int i), void *arg);

/* The next row's struct; NULL when memory ends. */
void *sink_row(struct row_sink *sink, struct arena *a);
/* One value; false when the column's type does not fit the member. */
[[nodiscard]] bool member_put_int(const struct db_col *c, void *row, int64_t v);
[[nodiscard]] bool member_put_real(const struct db_col *c, void *row, double v);
void member_put_null(const struct db_col *c, void *row);
/* Copies the bytes; E_INTERNAL when the type does not fit, E_BUSY when memory ends. */
err member_put_bytes(const struct db_col *c, void *row, struct arena *a, bool is_blob,
    const void *at, ptrdiff_t len);
/* A member as an argument, for db_many. */
struct db_arg member_arg(const struct db_col *c, const void *row);
