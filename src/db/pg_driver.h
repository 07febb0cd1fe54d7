/* The parts of the PostgreSQL driver among themselves: postgres.c (pools,
 * transactions, migrations), pg_stmt.c (flights and statements), pg_ahead.c
 * (answers that are there before they are asked for), pg_finish.c (commits
 * under way), pg_wire.c (values), pg_listen.c (other nodes).
 */
#pragma once
#include "db/row.h"
#include "db/turn.h"

#include <libpq-fe.h>

enum {
    PG_INT8 = 20,
    PG_TEXT = 25,
    PG_FLOAT8 = 701,
    PG_BYTEA = 17,
    PG_INT8_ARRAY = 1016,
    PG_TEXT_ARRAY = 1009,
    PG_FLOAT8_ARRAY = 1022,
    PG_BYTEA_ARRAY = 1001,
};

/* What is sent before the next statement, in one flight with it. */
enum prelude {
    PRELUDE_BEGIN_READ,
    PRELUDE_BEGIN_WRITE,
    PRELUDE_SCOPE,
    PRELUDE_SAVEPOINT,
    PRELUDE_UNDO,
    PRELUDE_RELEASE,
};
enum { PRELUDES = 8 };

/* A statement that flies with the next one. */
struct pg_ahead {
    str sql;
    const struct db_arg *args; /* in the transaction's arena */
    ptrdiff_t n_args;
    PGresult *answer; /* NULL: not sent yet */
};
enum { AHEAD_MOST = 12 };

struct pg;
struct pg_pool;
struct pg_conn {
    struct db_tx tx; /* first: a transaction is its connection */
    struct pg *pg;
    struct pg_pool *pool;
    PGconn *handle; /* NULL = not connected; else in pipeline mode */
    struct stmt_cache cache;
    unsigned next_name; /* of prepared statements */
    struct pg_conn *next_free;
    db_done *done; /* of the commit under way */
    void *done_arg;
    enum prelude prelude[PRELUDES];
    int n_prelude;
    struct pg_ahead ahead[AHEAD_MOST]; /* those that are answered first */
    int n_ahead;
    account_id scoped; /* that the server's transaction has; 0: none, or not known any more */
    bool is_begun;     /* the server has a transaction of ours */
    bool is_lost;      /* the connection broke in this transaction */
    bool owes; /* the end of the transaction was sent; its answer is not read yet (after a read
                * it comes with the next flight's) */
    bool is_script;
};

struct pg_pool {
    struct turn turn;
    pthread_mutex_t mutex; /* guards free */
    struct pg_conn *free;
    struct pg_conn *conns;
    int n;
};

struct listener;
struct finisher;
struct pg {
    struct db db; /* first */
    char *url;
    struct pg_pool readers, writers;
    struct finisher *finisher;
    struct listener *_Atomic listener; /* NULL until db_listen */
};

static inline struct pg_conn *pg_conn_of(struct db_tx *tx)
{
    return (struct pg_conn *)tx;
}

struct pg_params {
    int n;
    const char *values[LIMIT_DB_COLUMNS];
    int lengths[LIMIT_DB_COLUMNS];
    int formats[LIMIT_DB_COLUMNS];
    Oid hints[LIMIT_DB_COLUMNS]; /* types to prepare with; 0 = the server finds
                                    out */
    unsigned char scratch[LIMIT_DB_COLUMNS][8];
};

/* ── postgres.c ── */
/* E_BUSY when the server is not there. why may be NULL. */
err pg_connect(struct pg *pg, PGconn **handle, struct arena *a, str *why);

void pg_give(struct pg_conn *c); /* back to its pool */
void pg_disconnect(struct pg_conn *c);
void pg_queue(struct pg_conn *c, enum prelude what);

/* ── pg_stmt.c ── */
err pg_exec(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args,
    struct row_sink *sink, int64_t *changed);
err pg_many(struct db_tx *tx, str row_sql, str set_sql, const struct db_rows_in *in,
    struct row_sink *sink, int64_t *changed);
/* One command without parameters and whatever stands before it, in one flight.
 */
err pg_command(struct pg_conn *c, const char *sql);
/* COMMIT, in the same way, without waiting for the answer; pg_settle reads it. */
err pg_commit_later(struct pg_conn *c);
/* On a new connection, not yet in pipeline mode: prepares what every transaction says. */
[[nodiscard]] bool pg_prepare_usual(PGconn *handle);
err pg_settle(struct pg_conn *c);
/* Logs and maps by SQLSTATE. */
err pg_err(struct pg *pg, const PGresult *r, str sql, bool is_read);
/* ?N becomes $N; texts, names and comments stay. n_params: the largest N.
 * E_INTERNAL: no room. */
err pg_dollars(str sql, char *to, ptrdiff_t cap, int *n_params);
void pg_forget_statements(struct pg_conn *c); /* on the client only: the connection is gone */

/* ── pg_ahead.c ── */
void pg_ahead(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args);
struct pg_ahead *pg_ahead_find(
    struct pg_conn *c, str sql, const struct db_arg *args, ptrdiff_t n_args);
int pg_ahead_unsent(const struct pg_conn *c); /* the number of the first one; n_ahead: none */
void pg_ahead_remove(struct pg_conn *c, struct pg_ahead *one);
void pg_ahead_drop(struct pg_conn *c); /* all of them */

/* ── pg_wire.c ── */
Oid pg_hint(enum db_type type);
/* The argument in the form of the parameter's type; false when memory ends or
 * it does not fit. */
[[nodiscard]] bool pg_bind(
    struct pg_params *p, int i, const struct db_arg *arg, Oid type, struct arena *a);
/* One column of all rows as an array. */
[[nodiscard]] bool pg_bind_array(
    struct pg_params *p, int i, const struct db_rows_in *in, ptrdiff_t col, struct arena *a);
/* One binary value into its member; E_INTERNAL when the type does not fit. */
err pg_read(
    const struct db_col *col, void *row, struct arena *a, Oid type, const char *at, int len);

/* ── pg_finish.c ── */
err pg_finish_start(int n_conns, struct finisher **started);
void pg_finish_stop(struct finisher *f); /* after every commit under way; f may be NULL */
/* c owes the answer to its COMMIT. */
void pg_finish_later(struct finisher *f, struct pg_conn *c);

/* ── pg_listen.c ── */
void pg_wake(struct db *db, const char *topic);
void pg_tell(struct db *db, str payload);
err pg_listen(struct db *db, db_heard *heard, void *arg);
void pg_listen_stop(struct pg *pg);
