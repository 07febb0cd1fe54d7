/* A thin door to two databases: SQLite (sqlite.c, with group commit) and PostgreSQL (postgres.c).
 *
 * What it is: transactions, statements with `?N` parameters, rows read into structs by column name.
 * What it is not: a query builder; SQL text lives in store/, report/ and migrations/.
 *
 * SQL is a literal: prepared statements are cached per connection by the address of the text, so
 * the text must live for ever. The common subset of SQLite ≥ 3.40 and PostgreSQL ≥ 13 is used;
 * where the two differ, db_pick(tx, sqlite_text, postgres_text).
 *
 * NULL reads as 0, false or the empty str; A_TEXT_OR_NULL and A_ID write empty and 0 as NULL. In
 * db_many an id member of 0 is NULL; for other members say NULLIF(?3, 0) or NULLIF(?4, '').
 * Sums and counts fit an int64 member on both (a PostgreSQL numeric without fraction is taken);
 * an average needs a double member. Alias every computed column: AS name, in small letters.
 *
 * Thread: `struct db` any; a `struct db_tx` belongs to one thread until it ends.
 * Errors: unique violation E_CONFLICT; locked, full, out of memory, connection lost, deadlock
 * E_BUSY; a wrong statement or column is our bug (logged, E_INTERNAL). A failed fsync ends the
 * process. After any error the transaction can only be rolled back, or undone to a savepoint: every
 * later statement is E_INTERNAL and db_end(keep) undoes (E_NOT_FOUND of db_one is no error). So
 * where a duplicate is ordinary, write ON CONFLICT DO NOTHING and look at `changed` or RETURNING.
 * DB_READ sees one snapshot and may not write. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "model/ids.h"

#include <stddef.h>

struct db;
struct db_tx;

enum db_kind { DB_SQLITE, DB_POSTGRES };
/* PATIENT writes for nobody who waits for an answer: a few others may go first. */
enum db_mode { DB_READ, DB_WRITE, DB_WRITE_PATIENT };

struct db_options {
    str url;     /* "sqlite:/path/seva.db" or "postgresql://…" */
    int readers; /* read connections; 0 = 4 */
    int writers; /* PostgreSQL write connections; 0 = 8; SQLite has one writer */
    /* How many WRITE requests wait elsewhere (the server's queue): the group stays open for them.
     */
    ptrdiff_t (*pending)(void *arg);
    void *pending_arg;
};

/* why: words for the operator. */
err db_open(struct arena *a, const struct db_options *o, struct db **db, str *why);
void db_close(struct db *db); /* commits the open group, checkpoints, closes */
enum db_kind db_kind_of(const struct db *db);
/* The `pending` hook can be set once the server exists. */
void db_pending_set(struct db *db, ptrdiff_t (*pending)(void *arg), void *arg);

/* ── transactions ── */

/* Waits at most 5 s for a connection or the write lock, else E_BUSY. Rows read live in `a`.
 * SQLite WRITE: the caller holds the one write lock from here to db_end, inside a SAVEPOINT of the
 * open group. */
err db_begin(struct db *db, enum db_mode mode, struct arena *a, struct db_tx **tx);
/* Row-level security on PostgreSQL: rows of this account only from here on; before any savepoint.
 * Without a scope a statement on a tenant table is refused there. Door tables need none. */
err db_scope(struct db_tx *tx, account_id account);

/* Called exactly once, on any thread: OK = what the transaction wrote *and read* is durable;
 * E_BUSY = the group was lost and nothing of it happened (PostgreSQL: a connection that breaks
 * during COMMIT leaves that open; unique keys make the repetition harmless). Must not block. */
typedef void db_done(void *arg, err result);
/* Ends the transaction and gives up the thread's hold on it at once. keep = false undoes its
 * writes; `done` still waits for the group, because an answer may rest on what another member
 * wrote. */
void db_end(struct db_tx *tx, bool keep, db_done *done, void *arg);
/* The same, blocking. */
err db_commit(struct db_tx *tx);
err db_rollback(struct db_tx *tx);

/* Savepoints inside a transaction, for batches in which one item may fail. No nesting. */
err db_savepoint(struct db_tx *tx);
err db_savepoint_end(struct db_tx *tx, bool keep);

/* ── statements ── */

/* DB_ID: like DB_INT, but db_many writes 0 as NULL. */
enum db_type { DB_NULL, DB_INT, DB_ID, DB_BOOL, DB_REAL, DB_TEXT, DB_BLOB };
typedef struct {
    str bytes;
} blob;

struct db_arg {
    enum db_type type;
    int64_t i;
    double d;
    str s;
};
#define A_INT(x) ((struct db_arg){.type = DB_INT, .i = (x)})
#define A_INT_OR_NULL(x)                                                                           \
    ((struct db_arg){.type = (x) ? DB_INT : DB_NULL, .i = (x)}) /* 0 = NULL                        \
                                                                 */
#define A_ID(x)           ((struct db_arg){.type = (x).v ? DB_INT : DB_NULL, .i = (x).v})
#define A_BOOL(x)         ((struct db_arg){.type = DB_INT, .i = (x) ? 1 : 0}) /* columns are @int 0/1 */
#define A_REAL(x)         ((struct db_arg){.type = DB_REAL, .d = (x)})
#define A_TEXT(x)         ((struct db_arg){.type = DB_TEXT, .s = (x)})
#define A_TEXT_OR_NULL(x) ((struct db_arg){.type = (x).len ? DB_TEXT : DB_NULL, .s = (x)})
#define A_BLOB(x)         ((struct db_arg){.type = DB_BLOB, .s = (x)})
#define A_NULL            ((struct db_arg){.type = DB_NULL})
/* Two parameters of the calls below: the array and its length. */
#define ARGS(...)                                                                                  \
    (const struct db_arg[]){__VA_ARGS__},                                                          \
        (ptrdiff_t)(sizeof((const struct db_arg[]){__VA_ARGS__}) / sizeof(struct db_arg))
#define NO_ARGS NULL, 0

/* One member of a row struct. Every selected column has a member of its name, and the reverse. */
struct db_col {
    const char *name;
    enum db_type type;
    ptrdiff_t offset;
};
#define DB_ID_CASE(name) name##_id : DB_ID,
/* COL(struct message_row, sent_ms): a member of a type that no column can have does not compile.
 * The table is static const: statements remember its address. */
#define COL(T, member)                                                                             \
    {                                                                                              \
        .name = #member,                                                                           \
        .type = _Generic(((T *)0)->member, ID_KINDS(DB_ID_CASE) int64_t                            \
                         : DB_INT, bool                                                            \
                         : DB_BOOL, double                                                         \
                         : DB_REAL, str                                                            \
                         : DB_TEXT, blob                                                           \
                         : DB_BLOB),                                                               \
        .offset = offsetof(T, member)                                                              \
    }
/* Two parameters: the table of columns and its length. */
#define COLS(table) (table), (ptrdiff_t)(sizeof(table) / sizeof((table)[0]))

/* `sql` is a literal: S("UPDATE …"). changed may be NULL. */
err db_run(
    struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args, int64_t *changed);
/* The first row; E_NOT_FOUND (no words, nothing logged) without one; *row untouched then. */
err db_one(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args,
    const struct db_col *cols, ptrdiff_t n_cols, void *row);
/* All rows into an array of row_size structs in the transaction's arena; rows is the address of a
 * `struct thing *`. The text has a LIMIT. */
err db_all(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args,
    const struct db_col *cols, ptrdiff_t n_cols, ptrdiff_t row_size, void *rows, ptrdiff_t *count);

/* A db_one or db_all of this text with these arguments comes soon: on PostgreSQL it is sent with
 * the next statement, and its answer is there when it is asked for, so that several cost one round
 * trip. In transactions that only read; elsewhere, and on SQLite, nothing happens. Never needed,
 * and no harm when nobody asks. What the texts of the arguments point to lives as long as the
 * transaction. An error of it is told by the statement that it flew with. */
void db_ahead(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args);

/* The same statement for many rows. SQLite runs `row_sql` once per row with ?1… = the columns in
 * order; PostgreSQL runs `set_sql` once with ?1… = one array per column:
 *   INSERT INTO t (a, b) SELECT * FROM unnest(?1::bigint[], ?2::text[])
 * changed (may be NULL): the sum. */
err db_many(struct db_tx *tx, str row_sql, str set_sql, const struct db_col *cols, ptrdiff_t n_cols,
    const void *rows, ptrdiff_t row_size, ptrdiff_t count, int64_t *changed);
/* The same with RETURNING: the returned rows of all, in no promised order. */
err db_many_all(struct db_tx *tx, str row_sql, str set_sql, const struct db_col *cols,
    ptrdiff_t n_cols, const void *rows, ptrdiff_t row_size, ptrdiff_t count,
    const struct db_col *out_cols, ptrdiff_t n_out_cols, ptrdiff_t out_size, void *out,
    ptrdiff_t *out_count);

/* A text composed at run time from fixed pieces (filters and sort orders that are enums; never from
 * values) becomes a literal that lives as long as the process. E_INTERNAL after LIMIT_DB_TEXTS. */
err db_text(str composed, str *literal);

enum db_kind db_tx_kind(const struct db_tx *tx);
struct arena *db_tx_arena(const struct db_tx *tx);
/* The text of this database's dialect. */
str db_pick(const struct db_tx *tx, str sqlite_sql, str postgres_sql);

/* ── waking other nodes ── */

/* After a commit: tells the other nodes (PostgreSQL: NOTIFY on its own connection, at most one per
 * topic per 5 ms; SQLite: nothing, there are none). topic: "event", "job"; other topics are not
 * known to a reopened connection and need a line in db/pg_listen.c. */
void db_wake(struct db *db, const char *topic);
/* A short message (≤ 7,000 bytes) for the other nodes, not stored: presence, typing. */
void db_tell(struct db *db, str payload);
/* Called on the listener thread: (topic, payload or empty); a db_tell of another node has the topic
 * "tell". Once per process. A lost connection is reopened; after that every topic but "tell" is
 * reported once. SQLite: nobody is ever heard. */
typedef void db_heard(void *arg, str topic, str payload);
err db_listen(struct db *db, db_heard *heard, void *arg);

/* ── migrations ── */

struct migration {
    int version;
    const char *name; /* "0001_access" */
    str text; /* tokens @pk @int @blob, blocks "-- @sqlite" / "-- @postgres" … "-- @end" */
};
/* Every migration not yet applied, each in a transaction, under one lock. An edited old file or a
 * schema newer than known + 1 is E_CONFLICT with words. applied may be NULL. */
err db_migrate(struct db *db, struct arena *a, const struct migration *list, ptrdiff_t n,
    ptrdiff_t *applied, str *why);

/* Would db_migrate take this database? Changes nothing. E_CONFLICT with words: it was used by a
 * newer version, or is none of Seva's. */
err db_migrations_known(struct db_tx *tx, const struct migration *list, ptrdiff_t n, str *why);

/* How many of them are not applied yet; the same transaction. */
err db_migrations_missing(
    struct db_tx *tx, const struct migration *list, ptrdiff_t n, ptrdiff_t *missing);

/* ── for metrics, doctor and tests ── */
/* A database that others may be using, for DB_READ alone. SQLite: takes no lock that anybody waits
 * for, never moves pages of the log, and opens what is damaged as far as it can be read. */
err db_look_open(struct arena *a, str url, struct db **db, str *why);
/* Makes an index anew from its table, which may be read meanwhile; PostgreSQL: written, too. */
err db_reindex(struct db *db, struct arena *a, str name, str *why);
struct db_stats {
    int64_t commits, members, statements, busy, group_lost;
    int64_t damaged; /* statements that met a damaged page */
};
struct db_stats db_stats_of(const struct db *db);
