/* What the two drivers and the shared parts of db/ know of each other.
 * Not: for anyone outside db/ (db.h is the door). Thread: as db.h says. */
#pragma once
#include "base/limits.h"
#include "db/db.h"

#include <stdatomic.h>

enum savepoint_step { SAVEPOINT_SET, SAVEPOINT_KEEP, SAVEPOINT_UNDO };

/* Where the rows of one statement go. */
struct row_sink {
    const struct db_col *cols;
    ptrdiff_t n_cols;
    ptrdiff_t row_size;
    char *rows; /* db_one: the caller's struct; else an array in the arena */
    ptrdiff_t count, cap;
    bool is_one; /* stop after the first row */
};

struct db_rows_in {
    const struct db_col *cols;
    ptrdiff_t n_cols;
    const void *rows;
    ptrdiff_t row_size, count;
};

struct db_driver {
    void (*close)(struct db *db);
    err (*begin)(struct db *db, enum db_mode mode, struct arena *a, struct db_tx **tx);
    void (*end)(struct db_tx *tx, bool keep, db_done *done, void *arg);
    err (*savepoint)(struct db_tx *tx, enum savepoint_step what);
    /* sink NULL: rows are not wanted. changed never NULL. */
    err (*exec)(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args,
        struct row_sink *sink, int64_t *changed);
    /* NULL: nothing is sent ahead. */
    void (*ahead)(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args);
    err (*many)(struct db_tx *tx, str row_sql, str set_sql, const struct db_rows_in *in,
        struct row_sink *sink, int64_t *changed);
    err (*scope)(struct db_tx *tx);
    void (*wake)(struct db *db, const char *topic);
    void (*tell)(struct db *db, str payload);
    err (*listen)(struct db *db, db_heard *heard, void *arg);
    /* Migrations: a transaction that nobody shares, under a lock over all nodes. */
    err (*script_begin)(struct db *db, struct arena *a, struct db_tx **tx, str *why);
    /* One statement without parameters; why: the database's words. */
    err (*script_run)(struct db_tx *tx, str text, str *why);
    err (*script_end)(struct db_tx *tx, bool keep, str *why);
    err (*reindex)(struct db *db, struct arena *a, str name, str *why);
};

struct db_counters {
    _Atomic int64_t commits, members, statements, busy, group_lost, damaged;
};

/* Test seam: what is said to the database, on the thread that says it: before a statement and after
 * it, and before the transaction's end (sql empty). The listener may ask the driver more. */
struct db_said {
    str sql; /* of this database's dialect; lives as long as the process */
    const struct db_arg *args;
    ptrdiff_t n_args;
    const struct db_rows_in *in; /* db_many: instead of args */
    bool is_over;
};
typedef void db_hear(void *arg, struct db_tx *tx, const struct db_said *said);
/* hear NULL: nobody. Before the first transaction. */
void db_watch(struct db *db, db_hear *hear, void *arg);

/* The first member of each driver's own struct. */
struct db {
    const struct db_driver *driver;
    enum db_kind kind;
    db_hear *hear;
    void *hear_arg;
    ptrdiff_t (*_Atomic pending)(void *arg);
    void *_Atomic pending_arg;
    struct db_counters counted;
};

/* The first member of each driver's connection: a connection has one transaction at a time. */
struct db_tx {
    struct db *db;
    struct arena *arena;
    enum db_mode mode;
    bool failed; /* after an error only an undo or the end is allowed */
    bool in_savepoint;
    bool waits;         /* the caller of the end does nothing until it is answered */
    account_id account; /* 0 = no scope */
};

ptrdiff_t db_pending(struct db *db);
void db_count(_Atomic int64_t *counter, int64_t by);
/* Real monotonic time: waits and group ages do not follow the tests' fixed clock. */
int64_t db_mono_us(void);

/* See db_look_open. */
err sqlite_look_open(struct arena *a, str path, struct db **db, str *why);
err sqlite_open(struct arena *a, const struct db_options *o, struct db **db, str *why);
err postgres_open(struct arena *a, const struct db_options *o, struct db **db, str *why);

/* The first statement of a script without its ";", and the rest: quoted texts, comments, $$ bodies
 * and the bodies of SQLite's triggers stay whole. False: there is none. */
bool migration_statement(str script, str *statement, str *rest);
/* One migration in this database's dialect; E_INVALID when its blocks do not match. */
err migration_text(struct arena *a, str text, enum db_kind kind, str *sql);

/* Test seam: checkpoints at other sizes of the log than the program's. SQLite only. */
void sqlite_checkpoint_at(struct db *db, int pass_pages, int anew_pages, int force_pages);
/* How often the log was to begin anew since the database was opened. */
int sqlite_log_tries(struct db *db);
/* How many pages were moved under the write lock at once, at most. */
int sqlite_log_most_rest(struct db *db);
/* Lines about the write lock are written from so long on, and a member waits for it so long. */
void sqlite_lock_told_at(struct db *db, int64_t long_ms, int64_t wait_ms);
/* What this connection has done so far: steps of SQLite's machine, pages asked for. SQLite only. */
void sqlite_work(struct db_tx *tx, int64_t *steps, int64_t *pages);
