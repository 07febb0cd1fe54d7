/* SQLite statements: preparing, binding, stepping, rows, error codes. See db.h for the rules.
 * Thread: the connection's holder; connections are opened without SQLite's own mutex. */
#include "db/sqlite_driver.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct lite_stmt {
    struct stmt head;
    sqlite3_stmt *st;
    int n_params;
    int n_columns;
    bool is_readonly;
};

static const str control_sql[CONTROL_COUNT] = {
    [CONTROL_BEGIN_READ] = S_INIT("BEGIN"),
    [CONTROL_BEGIN_WRITE] = S_INIT("BEGIN IMMEDIATE"),
    [CONTROL_COMMIT] = S_INIT("COMMIT"),
    [CONTROL_ROLLBACK] = S_INIT("ROLLBACK"),
    [CONTROL_MEMBER_SET] = S_INIT("SAVEPOINT member"),
    [CONTROL_MEMBER_KEEP] = S_INIT("RELEASE member"),
    [CONTROL_MEMBER_UNDO] = S_INIT("ROLLBACK TO member"),
    [CONTROL_SAVEPOINT_SET] = S_INIT("SAVEPOINT inner"),
    [CONTROL_SAVEPOINT_KEEP] = S_INIT("RELEASE inner"),
    [CONTROL_SAVEPOINT_UNDO] = S_INIT("ROLLBACK TO inner"),
};

static err err_of_constraint(int extended)
{
    bool is_unique = extended == SQLITE_CONSTRAINT_UNIQUE ||
                     extended == SQLITE_CONSTRAINT_PRIMARYKEY ||
                     extended == SQLITE_CONSTRAINT_ROWID;
    return is_unique ? E_CONFLICT : E_INTERNAL;
}

static err err_of(int code, int extended)
{
    switch (code) {
    case SQLITE_CONSTRAINT:
        return err_of_constraint(extended);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_INTERRUPT:
    case SQLITE_PROTOCOL:
        return E_BUSY;
    default:
        return E_INTERNAL;
    }
}

err lite_err(struct lite_conn *c, int code, str sql)
{
    sqlite3 *handle = c->handle;
    int extended = sqlite3_extended_errcode(handle);
    if ((extended & 0xff) != (code & 0xff))
        extended = code;
    err e = err_of(code & 0xff, extended);
    bool is_sync = extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC;
    bool is_damage = (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
    if (e == E_CONFLICT)
        return e;
    struct db *db = c->lite != NULL ? &c->lite->db : c->tx.db;
    if (is_damage && db != NULL)
        db_count(&db->counted.damaged, 1);
    log_line(e == E_BUSY && !is_sync ? LOG_WARN : LOG_ERROR,
        is_sync     ? "the disk lost writes (fsync failed): ending"
        : is_damage ? "a part of the database is damaged: run `seva doctor`"
                    : "database error",
        LOG_Z("words", sqlite3_errmsg(handle)), LOG_I("code", extended),
        LOG_I("errno", sqlite3_system_errno(handle)), LOG_S("sql", sql));
    if (is_sync)
        abort(); /* the kernel has dropped the pages: only a restart reads what is on the disk */
    return e;
}

int lite_controls_make(struct lite_conn *c)
{
    int code = SQLITE_OK;
    for (int i = 0; i < CONTROL_COUNT && code == SQLITE_OK; i++)
        code = sqlite3_prepare_v3(c->handle, control_sql[i].at, (int)control_sql[i].len,
            SQLITE_PREPARE_PERSISTENT, &c->controls[i], NULL);
    return code;
}

err lite_control(struct lite_conn *c, enum control which)
{
    sqlite3_stmt *st = c->controls[which];
    str sql = control_sql[which];
    int code = sqlite3_step(st);
    int again = sqlite3_reset(st);
    code = code == SQLITE_DONE ? SQLITE_OK : (again != SQLITE_OK ? again : code);
    return code == SQLITE_OK ? OK : lite_err(c, code, sql);
}

err lite_begin_fresh(struct lite_conn *c, enum control begin)
{
    if (sqlite3_get_autocommit(c->handle) == 0)
        TRY(lite_control(c, CONTROL_ROLLBACK));
    return lite_control(c, begin);
}

err lite_member_set(struct lite_conn *c)
{
    if (c->is_member || c->is_first || c->is_script || c->tx.mode == DB_READ)
        return OK;
    TRY(lite_control(c, CONTROL_MEMBER_SET));
    c->is_member = true;
    return OK;
}

static void statement_end(struct stmt *st)
{
    struct lite_stmt *s = (struct lite_stmt *)st;
    (void)sqlite3_finalize(s->st); /* repeats the last step's error, which was handled */
    stmt_free(st);
}

void lite_forget_statements(struct lite_conn *c)
{
    for (ptrdiff_t i = 0; i < c->cache.cap; i++)
        if (c->cache.slots[i] != NULL)
            statement_end(c->cache.slots[i]);
    free(c->cache.slots);
    c->cache = (struct stmt_cache){0};
    for (int i = 0; i < CONTROL_COUNT; i++) {
        (void)sqlite3_finalize(c->controls[i]);
        c->controls[i] = NULL;
    }
}

static err prepare(struct lite_conn *c, str sql, struct lite_stmt **made)
{
    struct stmt *old = stmt_evict(&c->cache);
    if (old != NULL)
        statement_end(old);
    struct lite_stmt *s = alloc_zero((ptrdiff_t)sizeof *s);
    if (s == NULL)
        return E_BUSY;
    const char *tail = NULL;
    int code = sqlite3_prepare_v3(
        c->handle, sql.at, (int)sql.len, SQLITE_PREPARE_PERSISTENT, &s->st, &tail);
    err e = code == SQLITE_OK ? OK : lite_err(c, code, sql);
    if (e == OK && (s->st == NULL || str_trim(str_skip(sql, tail - sql.at)).len > 0)) {
        log_line(LOG_ERROR, "not one statement", LOG_S("sql", sql));
        e = E_INTERNAL;
    }
    if (e == OK)
        e = stmt_add(&c->cache, &s->head, sql);
    if (e != OK) {
        statement_end(&s->head);
        return e;
    }
    s->n_params = sqlite3_bind_parameter_count(s->st);
    s->n_columns = sqlite3_column_count(s->st);
    s->is_readonly = sqlite3_stmt_readonly(s->st) != 0;
    *made = s;
    return OK;
}

static const char *column_name(void *arg, int i)
{
    return sqlite3_column_name(arg, i);
}

/* The prepared statement, its parameters counted and its columns matched. */
static err statement(struct lite_conn *c, str sql, ptrdiff_t n_args, const struct row_sink *sink,
    struct lite_stmt **found)
{
    struct stmt *st = NULL;
    TRY(stmt_find(&c->cache, sql, &st));
    struct lite_stmt *s = (struct lite_stmt *)st;
    if (s == NULL)
        TRY(prepare(c, sql, &s));
    if (s->n_params != n_args) {
        log_line(LOG_ERROR, "wrong number of parameters", LOG_I("given", n_args),
            LOG_I("wanted", s->n_params), LOG_S("sql", sql));
        return E_INTERNAL;
    }
    if (sink != NULL)
        TRY(stmt_match(&s->head, sink, s->n_columns, column_name, s->st));
    if (!s->is_readonly)
        TRY(lite_member_set(c));
    *found = s;
    return OK;
}

static int bind_one(sqlite3_stmt *st, int i, const struct db_arg *arg)
{
    const char *at = arg->s.len > 0 ? arg->s.at : ""; /* a null pointer would be NULL */
    switch (arg->type) {
    case DB_NULL:
        return sqlite3_bind_null(st, i);
    case DB_INT:
    case DB_BOOL:
        return sqlite3_bind_int64(st, i, arg->i);
    case DB_ID:
        return arg->i != 0 ? sqlite3_bind_int64(st, i, arg->i) : sqlite3_bind_null(st, i);
    case DB_REAL:
        return sqlite3_bind_double(st, i, arg->d);
    case DB_TEXT: /* the bytes live until the step is over */
        return sqlite3_bind_text64(
            st, i, at, (sqlite3_uint64)arg->s.len, SQLITE_STATIC, SQLITE_UTF8);
    case DB_BLOB:
        return sqlite3_bind_blob64(st, i, at, (sqlite3_uint64)arg->s.len, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

static err wrong_type(const struct lite_stmt *s, int i)
{
    log_line(LOG_ERROR, "a column's type does not fit its member",
        LOG_Z("column", sqlite3_column_name(s->st, i)), LOG_S("sql", s->head.sql));
    return E_INTERNAL;
}

static err read_value(
    const struct lite_stmt *s, int i, const struct db_col *col, void *row, struct arena *a)
{
    err e = E_INTERNAL;
    switch (sqlite3_column_type(s->st, i)) {
    case SQLITE_NULL:
        member_put_null(col, row);
        return OK;
    case SQLITE_INTEGER:
        e = member_put_int(col, row, sqlite3_column_int64(s->st, i)) ? OK : E_INTERNAL;
        break;
    case SQLITE_FLOAT:
        e = member_put_real(col, row, sqlite3_column_double(s->st, i)) ? OK : E_INTERNAL;
        break;
    case SQLITE_TEXT: {
        const unsigned char *at = sqlite3_column_text(s->st, i);
        e = at == NULL ? E_BUSY
                       : member_put_bytes(col, row, a, false, at, sqlite3_column_bytes(s->st, i));
        break;
    }
    case SQLITE_BLOB: {
        const void *at = sqlite3_column_blob(s->st, i);
        e = member_put_bytes(col, row, a, true, at, sqlite3_column_bytes(s->st, i));
        break;
    }
    }
    return e == E_INTERNAL ? wrong_type(s, i) : e;
}

static err read_row(const struct lite_stmt *s, struct row_sink *sink, struct arena *a)
{
    void *row = sink_row(sink, a);
    if (row == NULL)
        return E_BUSY;
    for (int i = 0; i < s->n_columns; i++)
        TRY(read_value(s, i, &sink->cols[s->head.map[i]], row, a));
    return OK;
}

static err step_all(struct lite_conn *c, struct lite_stmt *s, struct row_sink *sink)
{
    for (;;) {
        int code = sqlite3_step(s->st);
        if (code == SQLITE_DONE)
            return OK;
        if (code != SQLITE_ROW)
            return lite_err(c, code, s->head.sql);
        if (sink == NULL)
            continue;
        TRY(read_row(s, sink, c->tx.arena));
        if (sink->is_one)
            return OK;
    }
}

static err run_bound(
    struct lite_conn *c, struct lite_stmt *s, struct row_sink *sink, int64_t *changed)
{
    err e = step_all(c, s, sink);
    (void)sqlite3_reset(s->st); /* repeats the step's error */
    c->steps += sqlite3_stmt_status(s->st, SQLITE_STMTSTATUS_VM_STEP, 1);
    if (e == OK && !s->is_readonly)
        *changed += sqlite3_changes64(c->handle);
    return e;
}

err lite_exec(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args,
    struct row_sink *sink, int64_t *changed)
{
    struct lite_conn *c = conn_of(tx);
    struct lite_stmt *s = NULL;
    TRY(statement(c, sql, n_args, sink, &s));
    for (ptrdiff_t i = 0; i < n_args; i++) {
        int code = bind_one(s->st, (int)i + 1, &args[i]);
        if (code != SQLITE_OK)
            return lite_err(c, code, sql);
    }
    return run_bound(c, s, sink, changed);
}

err lite_many(struct db_tx *tx, str row_sql, str set_sql, const struct db_rows_in *in,
    struct row_sink *sink, int64_t *changed)
{
    (void)set_sql; /* PostgreSQL's form */
    struct lite_conn *c = conn_of(tx);
    struct lite_stmt *s = NULL;
    TRY(statement(c, row_sql, in->n_cols, sink, &s));
    for (ptrdiff_t r = 0; r < in->count; r++) {
        const char *row = (const char *)in->rows + r * in->row_size;
        for (ptrdiff_t i = 0; i < in->n_cols; i++) {
            struct db_arg arg = member_arg(&in->cols[i], row);
            int code = bind_one(s->st, (int)i + 1, &arg);
            if (code != SQLITE_OK)
                return lite_err(c, code, row_sql);
        }
        TRY(run_bound(c, s, sink, changed));
    }
    return OK;
}

void sqlite_work(struct db_tx *tx, int64_t *steps, int64_t *pages)
{
    struct lite_conn *c = conn_of(tx);
    int hits = 0, misses = 0, most = 0;
    (void)sqlite3_db_status(c->handle, SQLITE_DBSTATUS_CACHE_HIT, &hits, &most, 0);
    (void)sqlite3_db_status(c->handle, SQLITE_DBSTATUS_CACHE_MISS, &misses, &most, 0);
    *steps = c->steps;
    *pages = (int64_t)hits + misses;
}
