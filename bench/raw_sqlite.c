/* The yardstick of the inbound figure: bare SQLite inserting the rows that a run left behind.
 *
 *   raw_sqlite SOURCE.db TARGET.db
 *
 * Takes the schema (tables and their indices) and the rows of inbox, contact, identity,
 * conversation, message and event out of SOURCE, and inserts them all into an empty TARGET with the
 * same pragmas (WAL, synchronous=FULL), prepared statements, one thread, 64 messages a commit. They
 * are read chunk by chunk, which is not timed. Prints {"messages":…,"rows":…,"per_second":…}. */
#include <sqlite3.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TABLES = 6, GROUP = 64, COLUMNS = 40, CHUNK = 64 * 256 };
static const char *const table_names[TABLES] = {
    "inbox", "contact", "identity", "conversation", "message", "event"};

struct table {
    const char *name;
    int columns;
    int64_t rows, next;    /* of SOURCE; to be inserted next */
    int64_t first, loaded; /* what is in memory */
    sqlite3_value **cells; /* loaded × columns */
    sqlite3_stmt *read, *insert;
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
            "SELECT sql FROM sqlite_master WHERE tbl_name = ?1 AND sql IS NOT NULL AND type IN ('table', 'index') ORDER BY type DESC",
            -1, &s, NULL),
        from, "schema");
    must(sqlite3_bind_text(s, 1, table, -1, SQLITE_STATIC), from, "schema");
    while (sqlite3_step(s) == SQLITE_ROW)
        must(
            sqlite3_exec(to, (const char *)sqlite3_column_text(s, 0), NULL, NULL, NULL), to, table);
    sqlite3_finalize(s);
}

static int64_t count_rows(sqlite3 *from, const char *table)
{
    sqlite3_stmt *s;
    char *sql = sqlite3_mprintf("SELECT COUNT(*) FROM %w", table);
    must(sqlite3_prepare_v2(from, sql, -1, &s, NULL), from, table);
    must(sqlite3_step(s), from, table);
    int64_t n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_free(sql);
    return n;
}

static void open_rows(sqlite3 *from, struct table *t)
{
    char *sql = sqlite3_mprintf("SELECT * FROM %w ORDER BY rowid", t->name);
    must(sqlite3_prepare_v2(from, sql, -1, &t->read, NULL), from, t->name);
    sqlite3_free(sql);
    t->columns = sqlite3_column_count(t->read);
    t->rows = count_rows(from, t->name);
}

/* The rows up to `end` into memory, in the place of those that were inserted. */
static void load_rows(sqlite3 *from, struct table *t, int64_t end)
{
    for (int64_t i = 0; i < t->loaded * t->columns; i++)
        sqlite3_value_free(t->cells[i]);
    free(t->cells);
    t->first += t->loaded;
    t->loaded = end - t->first;
    t->cells = calloc((size_t)(t->loaded * t->columns) + 1, sizeof(*t->cells));
    if (!t->cells)
        exit(1);
    for (int64_t row = 0; row < t->loaded; row++) {
        must(sqlite3_step(t->read), from, t->name);
        for (int c = 0; c < t->columns; c++)
            t->cells[row * t->columns + c] = sqlite3_value_dup(sqlite3_column_value(t->read, c));
    }
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
        sqlite3_bind_value(t->insert, c + 1, t->cells[(t->next - t->first) * t->columns + c]);
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

/* How many rows of a table stand beside so many messages. */
static int64_t share(const struct table *t, int64_t messages, int64_t all)
{
    return (t->rows * messages + all - 1) / all;
}

/* Rows of every table in step with the messages from `m` to `end`, 64 messages a commit. */
static int64_t insert_chunk(
    sqlite3 *to, struct table *tables, int64_t m, int64_t end, int64_t messages)
{
    int64_t rows = 0;
    for (; m < end; m++) {
        if (m % GROUP == 0)
            must(sqlite3_exec(to, "BEGIN IMMEDIATE", NULL, NULL, NULL), to, "begin");
        for (int t = 0; t < TABLES; t++)
            for (; tables[t].next < share(&tables[t], m + 1, messages); rows++)
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
    struct table tables[TABLES] = {0};
    for (int t = 0; t < TABLES; t++) {
        tables[t].name = table_names[t];
        copy_schema(from, to, table_names[t]);
        open_rows(from, &tables[t]);
        prepare_insert(to, &tables[t]);
    }
    int64_t messages = tables[4].rows, rows = 0;
    double took = 0;
    for (int64_t m = 0; m < messages; m += CHUNK) {
        int64_t end = m + CHUNK < messages ? m + CHUNK : messages;
        for (int t = 0; t < TABLES; t++)
            load_rows(from, &tables[t], share(&tables[t], end, messages));
        double started = seconds_now();
        rows += insert_chunk(to, tables, m, end, messages);
        took += seconds_now() - started;
    }
    printf("{\"messages\":%lld,\"rows\":%lld,\"per_second\":%.0f}\n", (long long)messages,
        (long long)rows, (double)messages / took);
    return 0;
}
