/* See test_db.h. The PostgreSQL part speaks libpq itself, so that a fault in the driver under test
 * does not hide here. */
#include "test_db.h"

#include <assert.h>
#include <ftw.h>
#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/migrations.h"

static _Atomic int opened;
/* A migrated schema that the next test of this program may have; from one thread. */
static char kept_schema[64];
static bool kept_is_free;

static void die(const char *what, const char *words)
{
    (void)fprintf(stderr, "test_db: %s: %s\n", what, words);
    abort();
}

static const char *server_url(void)
{
    const char *url = getenv("SEVA_TEST_PG");
    return url == NULL || *url == 0 || strcmp(url, "off") == 0 ? NULL : url;
}

static void admin(const char *sql)
{
    PGconn *c = PQconnectdb(server_url());
    if (PQstatus(c) != CONNECTION_OK)
        die("SEVA_TEST_PG", PQerrorMessage(c));
    PGresult *r = PQexec(c, sql);
    if (PQresultStatus(r) != PGRES_COMMAND_OK)
        die(sql, PQerrorMessage(c));
    PQclear(r);
    PQfinish(c);
}

static void make_folder(struct test_db *t)
{
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(t->folder, sizeof t->folder, "%s/seva-db-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(t->folder) == NULL)
        die("mkdtemp", t->folder);
    t->url = str_print(&t->arena, "sqlite:%s/seva.db", t->folder);
}

static void make_schema(struct test_db *t)
{
    char sql[128];
    (void)snprintf(
        t->schema, sizeof t->schema, "t%ld_%d", (long)getpid(), atomic_fetch_add(&opened, 1));
    (void)snprintf(sql, sizeof sql, "CREATE SCHEMA %s", t->schema);
    admin(sql);
}

static str url_of(struct test_db *t)
{
    const char *url = server_url();
    return str_print(&t->arena, "%s%coptions=-csearch_path%%3D%s&application_name=%s", url,
        strchr(url, '?') != NULL ? '&' : '?', t->schema, t->schema);
}

struct db *test_db_again(struct test_db *t)
{
    struct db *db = NULL;
    str why = S("");
    struct db_options o = {.url = t->url};
    if (db_open(&t->arena, &o, &db, &why) != OK)
        die("db_open", str_z(&t->arena, why));
    return db;
}

static struct test_db *open_in(enum db_kind kind, const char *schema)
{
    if (kind == DB_POSTGRES && server_url() == NULL)
        return NULL;
    struct test_db *t = calloc(1, sizeof *t);
    if (t == NULL)
        die("test_db_open", "out of memory");
    t->kind = kind;
    t->arena = arena_make(0);
    if (kind == DB_SQLITE) {
        make_folder(t);
    } else {
        if (schema == NULL)
            make_schema(t);
        else
            (void)snprintf(t->schema, sizeof t->schema, "%s", schema);
        t->url = url_of(t);
    }
    t->db = test_db_again(t);
    return t;
}

struct test_db *test_db_open_empty(enum db_kind kind)
{
    return open_in(kind, NULL);
}

struct test_db *test_db_open(enum db_kind kind)
{
    bool is_kept = kind == DB_POSTGRES && kept_is_free && kept_schema[0] != 0;
    struct test_db *t = open_in(kind, is_kept ? kept_schema : NULL);
    str why = S("");
    if (t == NULL)
        return NULL;
    if (is_kept)
        kept_is_free = false;
    else if (db_migrate(t->db, &t->arena, migrations, n_migrations, NULL, &why) != OK)
        die("db_migrate", str_z(&t->arena, why));
    t->is_migrated = true;
    return t;
}

/* Empties the tables that hold something: making and dropping forty tables takes seconds. What a
 * migration has put into installation stays. */
static void keep_schema(struct test_db *t)
{
    char sql[800];
    (void)snprintf(sql, sizeof sql,
        "DO $$ DECLARE list text; BEGIN "
        "SELECT string_agg(format('%%I.%%I', schemaname, tablename), ', ') INTO list "
        "FROM pg_tables WHERE schemaname = '%s' AND tablename NOT IN ('schema_migration', 'installation') "
        "AND pg_relation_size(format('%%I.%%I', schemaname, tablename)::regclass) > 0; "
        "IF list IS NOT NULL THEN EXECUTE 'TRUNCATE ' || list; END IF; "
        "DELETE FROM \"%s\".installation WHERE name <> 'mail'; END $$",
        t->schema, t->schema);
    admin(sql);
    (void)snprintf(kept_schema, sizeof kept_schema, "%s", t->schema);
    kept_is_free = true;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void test_db_close(struct test_db *t)
{
    if (t == NULL)
        return;
    db_close(t->db);
    if (t->folder[0] != 0)
        (void)nftw(t->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    if (t->schema[0] != 0 && t->is_migrated)
        keep_schema(t);
    arena_free(&t->arena);
    free(t);
}
