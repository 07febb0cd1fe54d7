/* See look.h. A fault of its own ends the test program. */
#include "look.h"

#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct looker {
    sqlite3 *lite;
    sqlite3_stmt *counts, *version;
    PGconn *pg;
    char *tables[LOOK_TABLES_MAX];
    ptrdiff_t n;
    char sql[LOOK_TABLES_MAX * 200]; /* one row: the counts of all tables, then PostgreSQL's sum */
};

static void die(const char *what, const char *words)
{
    (void)fprintf(stderr, "look: %s: %s\n", what, words);
    abort();
}

static void table_add(struct looker *l, const char *name)
{
    if (l->n == LOOK_TABLES_MAX)
        die("too many tables", name);
    l->tables[l->n] = strdup(name);
    if (l->tables[l->n++] == NULL)
        die("memory", name);
}

static void sql_add(struct looker *l, const char *before, const char *table, const char *after)
{
    size_t len = strlen(l->sql);
    (void)snprintf(l->sql + len, sizeof l->sql - len, "%s%s%s", before, table, after);
}

static void sql_make(struct looker *l)
{
    for (ptrdiff_t i = 0; i < l->n; i++)
        sql_add(
            l, i ? ", (SELECT count(*) FROM " : "SELECT (SELECT count(*) FROM ", l->tables[i], ")");
    for (ptrdiff_t i = 0; i < l->n && l->pg; i++)
        sql_add(l,
            i ? " + (SELECT coalesce(sum(hashtext(t::text)::bigint), 0) FROM "
              : ", (SELECT coalesce(sum(hashtext(t::text)::bigint), 0) FROM ",
            l->tables[i], " t)");
}

/* ── SQLite ── */

static sqlite3_stmt *lite_prepare(struct looker *l, const char *sql)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(l->lite, sql, -1, &st, NULL) != SQLITE_OK)
        die(sql, sqlite3_errmsg(l->lite));
    return st;
}

static void lite_open(struct looker *l, const char *path)
{
    if (sqlite3_open_v2(path, &l->lite, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(l->lite, 5000) != SQLITE_OK)
        die(path, "cannot be opened");
    sqlite3_stmt *names = lite_prepare(l,
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' "
        "AND name NOT LIKE 'search%' ORDER BY name");
    while (sqlite3_step(names) == SQLITE_ROW)
        table_add(l, (const char *)sqlite3_column_text(names, 0));
    (void)sqlite3_finalize(names);
    sql_make(l);
    l->counts = lite_prepare(l, l->sql);
    l->version = lite_prepare(l, "PRAGMA data_version");
}

static void lite_look(struct looker *l, struct look *look)
{
    if (sqlite3_step(l->counts) != SQLITE_ROW || sqlite3_step(l->version) != SQLITE_ROW)
        die("a look", sqlite3_errmsg(l->lite));
    for (ptrdiff_t i = 0; i < l->n; i++)
        look->rows[i] = sqlite3_column_int64(l->counts, (int)i);
    look->content = sqlite3_column_int64(l->version, 0);
    (void)sqlite3_reset(l->version);
    (void)sqlite3_reset(l->counts);
}

/* ── PostgreSQL ── */

static PGresult *pg_ask(struct looker *l, const char *sql)
{
    PGresult *r = PQexec(l->pg, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        die("a look", PQerrorMessage(l->pg));
    return r;
}

static void pg_open(struct looker *l, const char *url, account_id account)
{
    char scope[120];
    (void)snprintf(scope, sizeof scope, "SELECT set_config('seva.account', '%lld', false)",
        (long long)account.v);
    l->pg = PQconnectdb(url);
    if (PQstatus(l->pg) != CONNECTION_OK)
        die(url, PQerrorMessage(l->pg));
    PQclear(pg_ask(l, scope));
    PGresult *r = pg_ask(l, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() "
                            "AND tablename NOT LIKE 'search%' ORDER BY 1");
    for (int i = 0; i < PQntuples(r); i++)
        table_add(l, PQgetvalue(r, i, 0));
    PQclear(r);
    sql_make(l);
    r = PQprepare(l->pg, "look", l->sql, 0, NULL); /* planning it costs more than the look */
    if (PQresultStatus(r) != PGRES_COMMAND_OK)
        die(l->sql, PQerrorMessage(l->pg));
    PQclear(r);
}

static void pg_look(struct looker *l, struct look *look)
{
    PGresult *r = PQexecPrepared(l->pg, "look", 0, NULL, NULL, NULL, 0);
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        die("a look", PQerrorMessage(l->pg));
    for (ptrdiff_t i = 0; i < l->n; i++)
        look->rows[i] = strtoll(PQgetvalue(r, 0, (int)i), NULL, 10);
    look->content = strtoll(PQgetvalue(r, 0, (int)l->n), NULL, 10);
    PQclear(r);
}

/* ── both ── */

struct looker *looker_open(enum db_kind kind, str url, account_id account)
{
    struct looker *l = calloc(1, sizeof *l);
    char *z = strndup(url.at, (size_t)url.len);
    if (l == NULL || z == NULL)
        die("memory", "there is none");
    if (kind == DB_SQLITE)
        lite_open(l, z + strlen("sqlite:"));
    else
        pg_open(l, z, account);
    free(z);
    return l;
}

void looker_close(struct looker *l)
{
    (void)sqlite3_finalize(l->counts);
    (void)sqlite3_finalize(l->version);
    (void)sqlite3_close(l->lite);
    PQfinish(l->pg);
    for (ptrdiff_t i = 0; i < l->n; i++)
        free(l->tables[i]);
    free(l);
}

ptrdiff_t looker_tables(const struct looker *l)
{
    return l->n;
}

const char *looker_table(const struct looker *l, ptrdiff_t i)
{
    return l->tables[i];
}

void looker_look(struct looker *l, struct look *look)
{
    if (l->pg)
        pg_look(l, look);
    else
        lite_look(l, look);
}
