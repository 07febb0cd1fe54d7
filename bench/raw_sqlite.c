/* The yardstick of the inbound figure: bare SQLite inserting the rows that a run left behind.
 *
 *   raw_sqlite SOURCE.db TARGET.db [most messages]
 *
 * Takes the schema (tables and their indices) and the rows of inbox, contact, identity,
 * conversation, message and event out of SOURCE, and inserts them into an empty TARGET with the
 * same pragmas (WAL, synchronous=FULL), prepared statements, one thread, 64 messages a commit.
 * Reading is not timed. Prints {"messages":…,"rows":…,"per_second":…}. */
#include <sqlite3.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TABLES = 6, GROUP = 64, COLUMNS = 40 };
static const char *const table_names[TABLES] = {
    "inbox", "contact", "identity", "conversation", "message", "event"};

struct table {
    const char *name;
    int columns;
    int64_t rows, next;
    sqlite3_value **cells; /* rows × columns */
    sqlite3_stmt *insert;
};

static void must(int rc, sqlite3 *db, const char *what)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
        return;
    fprintf(stderr, "raw_sqlite: %s: %s\n", what, sqlite3_errmsg(db));
    exit(1);
}

static void copy_schema(sqlite3 *from, sqlite3 *to, const char *table)
{
    sqlite3_stmt *s;
    must(
        sqlite3_prepare_v2(from,
            "SELECT sql FROM sqlite_master WHERE tbl_name = ?1 AND sql IS NOT NULL ORDER BY type DESC",
            -1, &s, NULL),
        from, "schema");
    must(sqlite3_bind_text(s, 1, table, -1, SQLITE_STATIC), from, "schema");
    while (sqlite3_step(s) == SQLITE_ROW)
        must(
            sqlite3_exec(to, (const char *)sqlite3_column_text(s, 0), NULL, NULL, NULL), to, table);
    sqlite3_finalize(s);
}

static void load_rows(sqlite3 *from, struct table *t, int64_t most)
{
    sqlite3_stmt *s;
    char *sql =
        sqlite3_mprintf("SELECT * FROM %w ORDER BY rowid LIMIT %lld", t->name, (long long)most);
    must(sqlite3_prepare_v2(from, sql, -1, &s, NULL), from, t->name);
    sqlite3_free(sql);
    t->columns = sqlite3_column_count(s);
    int64_t cap = 0;
    while (sqlite3_step(s) == SQLITE_ROW) {
        if (t->rows == cap) {
            cap = cap ? cap * 2 : 1024;
            t->cells = realloc(t->cells, sizeof(*t->cells) * (size_t)cap * (size_t)t->columns);
            if (!t->cells)
                exit(1);
        }
        for (int c = 0; c < t->columns; c++)
            t->cells[t->rows * t->columns + c] = sqlite3_value_dup(sqlite3_column_value(s, c));
        t->rows++;
    }
    sqlite3_finalize(s);
}

static void prepare_insert(sqlite3 *to, struct table *t)
{
    char marks[COLUMNS * 2 + 1] = "?";
    for (int c = 1; c < t->columns && c < COLUMNS; c++)
        memcpy(marks + c * 2 - 1, ",?", 3);
    char *sql = sqlite3_mprintf("INSERT INTO %w VALUES (%s)", t->name, marks);
    must(sqlite3_prepare_v2(to, sql, -1, &t->insert, NULL), to, sql);
    sqlite3_free(sql);
}

static void insert_next(sqlite3 *to, struct table *t)
{
    for (int c = 0; c < t->columns; c++)
        sqlite3_bind_value(t->insert, c + 1, t->cells[t->next * t->columns + c]);
    must(sqlite3_step(t->insert), to, t->name);
    sqlite3_reset(t->insert);
    t->next++;
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Rows of every table in step with the messages, 64 messages a commit. */
static int64_t insert_all(sqlite3 *to, struct table *tables, int64_t messages)
{
    int64_t rows = 0;
    for (int64_t m = 0; m < messages; m++) {
        if (m % GROUP == 0)
            must(sqlite3_exec(to, "BEGIN IMMEDIATE", NULL, NULL, NULL), to, "begin");
        for (int t = 0; t < TABLES; t++)
            for (; tables[t].next * messages < (m + 1) * tables[t].rows; rows++)
                insert_next(to, &tables[t]);
        if (m % GROUP == GROUP - 1 || m == messages - 1)
            must(sqlite3_exec(to, "COMMIT", NULL, NULL, NULL), to, "commit");
    }
    return rows;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    sqlite3 *from = NULL, *to = NULL;
    must(sqlite3_open_v2(argv[1], &from, SQLITE_OPEN_READONLY, NULL), from, argv[1]);
    must(sqlite3_open(argv[2], &to), to, argv[2]);
    must(sqlite3_exec(to,
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=16000",
             NULL, NULL, NULL),
        to, "pragma");
    int64_t most = argc > 3 ? strtoll(argv[3], NULL, 10) : 100000;
    struct table tables[TABLES] = {0};
    for (int t = 0; t < TABLES; t++) {
        tables[t].name = table_names[t];
        copy_schema(from, to, table_names[t]);
        load_rows(from, &tables[t], most);
        prepare_insert(to, &tables[t]);
    }
    int64_t messages = tables[4].rows;
    double started = seconds_now();
    int64_t rows = insert_all(to, tables, messages);
    double took = seconds_now() - started;
    printf("{\"messages\":%lld,\"rows\":%lld,\"per_second\":%.0f}\n", (long long)messages,
        (long long)rows, (double)messages / took);
    return 0;
}
