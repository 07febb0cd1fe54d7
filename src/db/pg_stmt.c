/* Statements on PostgreSQL. Connections stay in libpq's pipeline mode: BEGIN,
 * the scope, savepoints and the statement itself leave in one flight and are
 * answered in one round trip. Not: pools. Thread: the connection's holder.
 *
 * A flight of a transaction that the server has not begun yet is flown again on
 * a new connection when the old one turns out to be dead: nothing of it can
 * have been committed. */
#include "db/pg_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { MAX_SQL_BYTES = 32 * 1024, NAME_BYTES = 16 };

struct pg_stmt {
    struct stmt head;
    char name[NAME_BYTES];
    int n_params, n_columns;
    Oid param_types[LIMIT_DB_COLUMNS];
    Oid column_types[LIMIT_DB_COLUMNS];
};

/* ── errors ── */

err pg_err(struct pg *pg, const PGresult *r, str sql, bool is_read)
{
    static const struct {
        const char *prefix; /* of the SQLSTATE */
        err code;
    } codes[] = {
        {"23505", E_CONFLICT}, /* unique_violation */
        {"40",    E_BUSY    }, /* serialization_failure, deadlock_detected */
        {"55P03", E_BUSY    }, /* lock_not_available */
        {"57014", E_BUSY    }, /* query_canceled: statement_timeout */
        {"57P",   E_BUSY    }, /* shutdown, cannot_connect_now */
        {"53",    E_BUSY    }, /* out of disk, memory, connections */
        {"58",    E_BUSY    }, /* system_error: input and output */
        {"08",    E_BUSY    }, /* connection */
        {"25P03", E_BUSY    }, /* idle_in_transaction_session_timeout */
        {"25006", E_BUSY    }, /* read_only_sql_transaction: it has become a standby */
        {"0A000", E_BUSY    }, /* cached plan: the schema changed; it is prepared anew */
    };
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    err e = E_INTERNAL;
    for (size_t i = 0; state != NULL && i < sizeof codes / sizeof codes[0]; i++) {
        if (strncmp(state, codes[i].prefix, strlen(codes[i].prefix)) == 0) {
            e = codes[i].code;
            break;
        }
    }
    /* A write where only reading was meant is our bug, not a server that has become a standby. */
    if (is_read && state != NULL && strcmp(state, "25006") == 0)
        e = E_INTERNAL;
    /* data_corrupted, index_corrupted */
    bool is_damage = state != NULL && (strcmp(state, "XX001") == 0 || strcmp(state, "XX002") == 0);
    if (is_damage)
        db_count(&pg->db.counted.damaged, 1);
    if (e != E_CONFLICT)
        log_line(e == E_BUSY ? LOG_WARN : LOG_ERROR,
            is_damage ? "a part of the database is damaged: run `seva doctor`" : "database error",
            LOG_Z("words", PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY)),
            LOG_Z("state", state != NULL ? state : ""), LOG_S("sql", sql));
    return e;
}

static err lost(struct pg_conn *c)
{
    c->is_lost = true;
    log_line(LOG_WARN, "the connection to the database was lost",
        LOG_Z("words", PQerrorMessage(c->handle)));
    return E_BUSY;
}

/* ── flights ── */

/* name: prepared when the connection is made, for every transaction says them. */
static const struct {
    const char *name, *sql;
} prelude_texts[] = {
    [PRELUDE_BEGIN_READ] = {"begin_read",  "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"},
    [PRELUDE_BEGIN_WRITE] = {"begin_write", "BEGIN"                                          },
    [PRELUDE_SCOPE] = {"scope",       "SELECT set_config('seva.account', $1, true)"    },
    [PRELUDE_SAVEPOINT] = {NULL,          "SAVEPOINT inner_one"                            },
    [PRELUDE_UNDO] = {NULL,          "ROLLBACK TO inner_one"                          },
    [PRELUDE_RELEASE] = {NULL,          "RELEASE inner_one"                              },
};
static const char commit_name[] = "commit";

bool pg_prepare_usual(PGconn *handle)
{
    bool is_good = true;
    for (size_t i = 0; is_good && i <= sizeof prelude_texts / sizeof prelude_texts[0]; i++) {
        bool is_commit = i == sizeof prelude_texts / sizeof prelude_texts[0];
        const char *name = is_commit ? commit_name : prelude_texts[i].name;
        if (name == NULL)
            continue;
        PGresult *r = PQprepare(handle, name, is_commit ? "COMMIT" : prelude_texts[i].sql, 0, NULL);
        is_good = PQresultStatus(r) == PGRES_COMMAND_OK;
        PQclear(r);
    }
    return is_good;
}

static bool send_prelude(struct pg_conn *c)
{
    char account[24];
    (void)snprintf(account, sizeof account, "%lld", (long long)c->tx.account.v);
    const char *values[1] = {account};
    for (int i = 0; i < c->n_prelude; i++) {
        int n = c->prelude[i] == PRELUDE_SCOPE ? 1 : 0;
        const char *name = prelude_texts[c->prelude[i]].name;
        const char *sql = prelude_texts[c->prelude[i]].sql;
        int sent = name != NULL ? PQsendQueryPrepared(c->handle, name, n, values, NULL, NULL, 1)
                                : PQsendQueryParams(c->handle, sql, n, NULL, values, NULL, NULL, 1);
        if (sent != 1)
            return false;
    }
    return true;
}

/* The answer of one command: a result and the NULL that ends it. NULL = the
 * connection is gone. */
static PGresult *next_result(struct pg_conn *c)
{
    PGresult *r = PQgetResult(c->handle);
    if (r == NULL)
        return NULL;
    PGresult *end = PQgetResult(c->handle);
    if (end == NULL)
        return r;
    PQclear(end);
    PQclear(r);
    return NULL; /* one command has one result: the protocol is out of step */
}

static bool is_good(const PGresult *r)
{
    ExecStatusType s = PQresultStatus(r);
    return s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK;
}

static void note_prelude(struct pg_conn *c, enum prelude done)
{
    if (done == PRELUDE_BEGIN_READ || done == PRELUDE_BEGIN_WRITE)
        c->is_begun = true;
    if (done == PRELUDE_SCOPE)
        c->scoped = c->tx.account;
    if (done == PRELUDE_UNDO)
        c->scoped = (account_id){0}; /* it may have been said inside */
}

/* The answer of a statement that flew ahead stays with it. */
static bool keep_ahead(struct pg_conn *c, PGresult *r)
{
    int at = pg_ahead_unsent(c);
    if (at == c->n_ahead)
        return false;
    c->ahead[at].answer = r;
    return true;
}

/* Reads the answers of the prelude, of what flew ahead and of n commands; the last good one is the
 * caller's (PQclear). What of the prelude was done is taken off. */
static err read_flight(struct pg_conn *c, int n_ahead, int n, str sql, PGresult **last)
{
    err e = OK;
    int n_prelude = c->n_prelude, done = 0;
    PGresult *kept = NULL;
    for (int i = 0; i < n_prelude + n_ahead + n; i++) {
        PGresult *r = next_result(c);
        if (r == NULL || PQstatus(c->handle) == CONNECTION_BAD) {
            PQclear(r);
            PQclear(kept);
            return lost(c);
        }
        if (is_good(r) && i < n_prelude)
            note_prelude(c, c->prelude[done++]);
        else if (is_good(r) && i < n_prelude + n_ahead && keep_ahead(c, r))
            continue;
        else if (!is_good(r) && e == OK && PQresultStatus(r) != PGRES_PIPELINE_ABORTED)
            e = pg_err(c->pg, r, sql, c->tx.mode == DB_READ);
        PQclear(kept);
        kept = r;
    }
    memmove(c->prelude, c->prelude + done, (size_t)(n_prelude - done) * sizeof c->prelude[0]);
    c->n_prelude = n_prelude - done;
    PGresult *sync = PQgetResult(c->handle);
    bool is_sync = sync != NULL && PQresultStatus(sync) == PGRES_PIPELINE_SYNC;
    PQclear(sync);
    if (!is_sync || e != OK) {
        PQclear(kept);
        return is_sync ? e : lost(c);
    }
    *last = kept;
    return OK;
}

err pg_settle(struct pg_conn *c)
{
    if (!c->owes)
        return OK;
    PGresult *r = NULL;
    c->owes = false;
    err e = read_flight(c, 0, 1, S("COMMIT"), &r);
    bool is_undone = e == OK && strcmp(PQcmdStatus(r), "COMMIT") != 0;
    PQclear(r);
    return is_undone ? E_INTERNAL : e;
}

/* What a reading transaction's COMMIT was answered stands before this flight's answers: nobody
 * waits for it, and it decides nothing. */
static err read_owed(struct pg_conn *c)
{
    int n_prelude = c->n_prelude;
    c->n_prelude = 0; /* is this flight's */
    err e = pg_settle(c);
    c->n_prelude = n_prelude;
    return c->is_lost ? e : OK;
}

static err fly(struct pg_conn *c, bool is_sent, int n_ahead, int n, str sql, PGresult **last)
{
    if (!is_sent || PQpipelineSync(c->handle) != 1)
        return lost(c);
    TRY(read_owed(c));
    return read_flight(c, n_ahead, n, sql, last);
}

err pg_command(struct pg_conn *c, const char *sql)
{
    PGresult *r = NULL;
    bool is_sent =
        send_prelude(c) && PQsendQueryParams(c->handle, sql, 0, NULL, NULL, NULL, NULL, 1) == 1;
    TRY(fly(c, is_sent, 0, 1, str_from(sql), &r));
    PQclear(r);
    return OK;
}

err pg_commit_later(struct pg_conn *c)
{
    if (!send_prelude(c) ||
        PQsendQueryPrepared(c->handle, commit_name, 0, NULL, NULL, NULL, 1) != 1 ||
        PQpipelineSync(c->handle) != 1)
        return lost(c);
    c->owes = true;
    return OK;
}

/* ── preparing ── */

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

/* Where the text, name or comment that begins at i ends; i when none does. */
static ptrdiff_t skip_quoted(str sql, ptrdiff_t i)
{
    char q = sql.at[i];
    bool is_comment = q == '-' && i + 1 < sql.len && sql.at[i + 1] == '-';
    if (q != '\'' && q != '"' && !is_comment)
        return i;
    ptrdiff_t end = str_find_byte(str_skip(sql, i + 1), is_comment ? '\n' : q);
    return end < 0 ? sql.len : i + 1 + end + 1;
}

err pg_dollars(str sql, char *to, ptrdiff_t cap, int *n_params)
{
    int most = 0;
    if (sql.len >= cap)
        return E_INTERNAL;
    for (ptrdiff_t i = 0; i < sql.len;) {
        ptrdiff_t end = skip_quoted(sql, i);
        if (end > i) {
            memcpy(to + i, sql.at + i, (size_t)(end - i));
            i = end;
            continue;
        }
        bool is_param = sql.at[i] == '?' && i + 1 < sql.len && is_digit(sql.at[i + 1]);
        to[i] = is_param ? '$' : sql.at[i];
        i++;
        int n = 0;
        for (; is_param && i < sql.len && is_digit(sql.at[i]) && n < 1000; i++) {
            to[i] = sql.at[i];
            n = n * 10 + (sql.at[i] - '0');
        }
        most = n > most ? n : most;
    }
    to[sql.len] = 0;
    *n_params = most;
    return OK;
}

static err evict(struct pg_conn *c)
{
    struct stmt *old = stmt_evict(&c->cache);
    if (old == NULL)
        return OK;
    char sql[NAME_BYTES + 16];
    (void)snprintf(sql, sizeof sql, "DEALLOCATE %s", ((struct pg_stmt *)old)->name);
    stmt_free(old);
    return pg_command(c, sql);
}

static err describe(struct pg_stmt *s, const PGresult *r)
{
    s->n_columns = PQnfields(r);
    if (PQnparams(r) != s->n_params || s->n_columns > LIMIT_DB_COLUMNS)
        return E_INTERNAL;
    for (int i = 0; i < s->n_params; i++)
        s->param_types[i] = PQparamtype(r, i);
    for (int i = 0; i < s->n_columns; i++)
        s->column_types[i] = PQftype(r, i);
    return OK;
}

static err prepare_in(struct pg_conn *c, struct pg_stmt *s, str sql, const struct pg_params *p)
{
    char text[MAX_SQL_BYTES];
    PGresult *r = NULL;
    err e = pg_dollars(sql, text, MAX_SQL_BYTES, &s->n_params);
    if (e != OK || s->n_params != p->n) {
        log_line(LOG_ERROR, "wrong number of parameters", LOG_I("given", p->n),
            LOG_I("wanted", s->n_params), LOG_S("sql", sql));
        return E_INTERNAL;
    }
    (void)snprintf(s->name, sizeof s->name, "s%u", c->next_name++);
    bool is_sent = send_prelude(c) &&
                   PQsendPrepare(c->handle, s->name, text, p->n, p->hints) == 1 &&
                   PQsendDescribePrepared(c->handle, s->name) == 1;
    TRY(fly(c, is_sent, 0, 2, sql, &r));
    e = describe(s, r);
    PQclear(r);
    return e == OK ? stmt_add(&c->cache, &s->head, sql) : e;
}

static err prepare(struct pg_conn *c, str sql, const struct pg_params *p, struct pg_stmt **made)
{
    TRY(evict(c));
    struct pg_stmt *s = alloc_zero((ptrdiff_t)sizeof *s);
    if (s == NULL)
        return E_BUSY;
    err e = prepare_in(c, s, sql, p);
    if (e != OK) {
        stmt_free(&s->head);
        return e;
    }
    *made = s;
    return OK;
}

void pg_forget_statements(struct pg_conn *c)
{
    for (ptrdiff_t i = 0; i < c->cache.cap; i++) {
        if (c->cache.slots[i] != NULL)
            stmt_free(c->cache.slots[i]);
        c->cache.slots[i] = NULL;
    }
    c->cache.count = 0;
}

/* ── executing ── */

struct call {
    str sql;
    const struct db_arg *args; /* NULL: `in` */
    const struct db_rows_in *in;
    struct row_sink *sink;
    int64_t *changed;
};

static const char *column_name(void *arg, int i)
{
    return PQfname(arg, i);
}

static err read_rows(struct pg_conn *c, struct pg_stmt *s, struct row_sink *sink, PGresult *r)
{
    int n = PQntuples(r);
    TRY(stmt_match(&s->head, sink, PQnfields(r), column_name, r));
    for (int i = 0; i < n && (i == 0 || !sink->is_one); i++) {
        char *row = sink_row(sink, c->tx.arena);
        if (row == NULL)
            return E_BUSY;
        for (int k = 0; k < s->n_columns; k++) {
            const struct db_col *col = &sink->cols[s->head.map[k]];
            if (PQgetisnull(r, i, k)) {
                member_put_null(col, row);
                continue;
            }
            err e = pg_read(col, row, c->tx.arena, s->column_types[k], PQgetvalue(r, i, k),
                PQgetlength(r, i, k));
            if (e == E_INTERNAL)
                log_line(LOG_ERROR, "a column's type does not fit its member",
                    LOG_Z("column", PQfname(r, k)), LOG_I("type", s->column_types[k]),
                    LOG_S("sql", s->head.sql));
            TRY(e);
        }
    }
    return OK;
}

static int64_t changed_rows(PGresult *r)
{
    int64_t n = 0;
    if (strncmp(PQcmdStatus(r), "SELECT", 6) == 0)
        return 0;
    return str_int(str_from(PQcmdTuples(r)), 0, INT64_MAX, &n) == OK ? n : 0;
}

static err bind_all(
    struct pg_conn *c, const struct call *call, const struct pg_stmt *s, struct pg_params *p)
{
    for (int i = 0; call->args != NULL && i < p->n; i++) {
        if (pg_bind(p, i, &call->args[i], s->param_types[i], c->tx.arena))
            continue;
        log_line(LOG_ERROR, "a parameter does not fit its type", LOG_I("number", i + 1),
            LOG_I("type", s->param_types[i]), LOG_S("sql", call->sql));
        return E_INTERNAL;
    }
    return OK;
}

static bool send(struct pg_conn *c, const struct pg_stmt *s, const struct pg_params *p)
{
    return PQsendQueryPrepared(c->handle, s->name, p->n, p->values, p->lengths, p->formats, 1) == 1;
}

/* What was said to come and is prepared; the rest goes by itself when it is asked for. */
static bool send_ahead(struct pg_conn *c, int *n_sent)
{
    for (int i = pg_ahead_unsent(c); i < c->n_ahead;) {
        struct pg_ahead *one = &c->ahead[i];
        struct pg_params p = {.n = (int)one->n_args};
        struct call call = {.sql = one->sql, .args = one->args};
        struct stmt *found = NULL;
        bool is_ready = stmt_find(&c->cache, one->sql, &found) == OK && found != NULL;
        const struct pg_stmt *s = (struct pg_stmt *)found;
        if (!is_ready || s->n_params != p.n || bind_all(c, &call, s, &p) != OK) {
            pg_ahead_remove(c, one);
            continue;
        }
        if (!send(c, s, &p))
            return false;
        i++;
        ++*n_sent;
    }
    return true;
}

static void forget(struct pg_conn *c, str sql)
{
    struct stmt *s = NULL;
    if (stmt_find(&c->cache, sql, &s) != OK || s == NULL)
        return;
    stmt_remove(&c->cache, s);
    stmt_free(s);
}

/* A plan may be of an older schema: all that flew is prepared anew. */
static void forget_flight(struct pg_conn *c, str sql)
{
    for (int i = 0; i < c->n_ahead; i++)
        forget(c, c->ahead[i].sql);
    forget(c, sql);
}

static err take_answer(
    struct pg_conn *c, const struct call *call, struct pg_stmt *s, PGresult *answer)
{
    err e = call->sink != NULL ? read_rows(c, s, call->sink, answer) : OK;
    *call->changed += changed_rows(answer);
    return e;
}

static err execute(struct pg_conn *c, const struct call *call, struct pg_params *p)
{
    struct stmt *found = NULL;
    TRY(stmt_find(&c->cache, call->sql, &found));
    struct pg_stmt *s = (struct pg_stmt *)found;
    struct pg_ahead *ahead = call->in ? NULL : pg_ahead_find(c, call->sql, call->args, p->n);
    if (ahead != NULL && ahead->answer != NULL && s != NULL) {
        err e = take_answer(c, call, s, ahead->answer);
        pg_ahead_remove(c, ahead);
        return e;
    }
    if (ahead != NULL)
        pg_ahead_remove(c, ahead);
    if (s == NULL)
        TRY(prepare(c, call->sql, p, &s));
    if (s->n_params != p->n) {
        log_line(LOG_ERROR, "wrong number of parameters", LOG_S("sql", call->sql));
        return E_INTERNAL;
    }
    TRY(bind_all(c, call, s, p));
    PGresult *r = NULL;
    int n_ahead = 0;
    bool is_sent = send_prelude(c) && send_ahead(c, &n_ahead) && send(c, s, p);
    err e = fly(c, is_sent, n_ahead, 1, call->sql, &r);
    if (e == E_BUSY && !c->is_lost)
        forget_flight(c, call->sql);
    if (e != OK) {
        pg_ahead_drop(c);
        return e;
    }
    e = take_answer(c, call, s, r);
    PQclear(r);
    return e;
}

/* Once more on a new connection when the old one was dead before the
 * transaction had begun. */
static err execute_or_reconnect(struct pg_conn *c, const struct call *call, struct pg_params *p)
{
    if (c->is_lost)
        return E_BUSY;
    bool is_fresh = !c->is_begun;
    enum prelude before[PRELUDES];
    int n_before = c->n_prelude;
    memcpy(before, c->prelude, sizeof before);
    err e = execute(c, call, p);
    if (!c->is_lost || !is_fresh)
        return e;
    PQfinish(c->handle);
    c->handle = NULL;
    pg_forget_statements(c);
    TRY(pg_connect(c->pg, &c->handle, NULL, NULL));
    c->is_lost = c->is_begun = c->owes = false;
    c->scoped = (account_id){0};
    memcpy(c->prelude, before, sizeof before);
    c->n_prelude = n_before;
    return execute(c, call, p);
}

err pg_exec(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args,
    struct row_sink *sink, int64_t *changed)
{
    struct pg_params p;
    if (n_args > LIMIT_DB_COLUMNS)
        return E_INTERNAL;
    p.n = (int)n_args;
    for (int i = 0; i < p.n; i++)
        p.hints[i] = pg_hint(args[i].type);
    static const struct db_arg none[1];
    struct call call = {
        .sql = sql, .args = n_args > 0 ? args : none, .sink = sink, .changed = changed};
    return execute_or_reconnect(pg_conn_of(tx), &call, &p);
}

err pg_many(struct db_tx *tx, str row_sql, str set_sql, const struct db_rows_in *in,
    struct row_sink *sink, int64_t *changed)
{
    (void)row_sql; /* SQLite's form */
    struct pg_params p;
    if (in->n_cols > LIMIT_DB_COLUMNS)
        return E_INTERNAL;
    p.n = (int)in->n_cols;
    for (int i = 0; i < p.n; i++)
        if (!pg_bind_array(&p, i, in, i, tx->arena))
            return E_BUSY;
    struct call call = {.sql = set_sql, .in = in, .sink = sink, .changed = changed};
    return execute_or_reconnect(pg_conn_of(tx), &call, &p);
}
