/* See test_db.h. The PostgreSQL part speaks libpq itself, so that a fault in the driver under test
 * does not hide here. */
#include "test_db.h"

#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/migrations.h"

static _Atomic int opened;
/* A migrated schema that the next test of this program may have; from one thread. */
static char kept_schema[64];
static bool kept_is_free;
/* A migrated database file that every test's is a copy of; and its folder when it is ours. */
static char kept_file[128], kept_folder[64];

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

static void make_temporary(char *folder, size_t size)
{
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(folder, size, "%s/seva-db-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(folder) == NULL)
        die("mkdtemp", folder);
}

static void make_folder(struct test_db *t)
{
    make_temporary(t->folder, sizeof t->folder);
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

/* Its place; nothing is opened. */
static struct test_db *prepare(enum db_kind kind, const char *schema)
{
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
    return t;
}

static struct test_db *open_in(enum db_kind kind, const char *schema)
{
    if (kind == DB_POSTGRES && server_url() == NULL)
        return NULL;
    struct test_db *t = prepare(kind, schema);
    t->db = test_db_again(t);
    return t;
}

struct test_db *test_db_open_empty(enum db_kind kind)
{
    return open_in(kind, NULL);
}

static void migrate(struct test_db *t)
{
    str why = S("");
    if (db_migrate(t->db, &t->arena, migrations, n_migrations, NULL, &why) != OK)
        die("db_migrate", str_z(&t->arena, why));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_folder(const char *folder)
{
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void forget_kept_file(void)
{
    if (kept_folder[0] != 0)
        remove_folder(kept_folder);
}

/* SEVA_TEST_MIGRATED names a file that the programs of one build share; the first one makes it. */
static void name_kept_file(void)
{
    const char *shared = getenv("SEVA_TEST_MIGRATED");
    if (shared == NULL) {
        make_temporary(kept_folder, sizeof kept_folder);
        (void)atexit(forget_kept_file);
    }
    (void)snprintf(kept_file, sizeof kept_file, "%s%s", shared != NULL ? shared : kept_folder,
        shared != NULL ? "" : "/kept.db");
}

/* Its log is in it once the last connection is closed. */
static void make_kept_file(void)
{
    struct test_db *t = open_in(DB_SQLITE, NULL);
    char made[96];
    migrate(t);
    db_close(t->db);
    (void)snprintf(made, sizeof made, "%s/seva.db", t->folder);
    if (rename(made, kept_file) != 0)
        die("rename", kept_file);
    remove_folder(t->folder);
    arena_free(&t->arena);
    free(t);
}

static void copy_kept_file(const struct test_db *t)
{
    char path[96];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/seva.db", t->folder);
    int from = open(kept_file, O_RDONLY | O_CLOEXEC);
    int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (from < 0 || to < 0 || fstat(from, &st) != 0 ||
        sendfile(to, from, NULL, (size_t)st.st_size) != st.st_size)
        die("copy", kept_file);
    (void)close(from);
    (void)close(to);
}

/* Fifty tables are made once for all tests: that takes longer than most of them. */
static struct test_db *open_migrated_lite(void)
{
    if (kept_file[0] == 0)
        name_kept_file();
    if (access(kept_file, R_OK) != 0)
        make_kept_file();
    struct test_db *t = prepare(DB_SQLITE, NULL);
    copy_kept_file(t);
    t->db = test_db_again(t);
    return t;
}

struct test_db *test_db_open(enum db_kind kind)
{
    bool is_kept = kind == DB_POSTGRES && kept_is_free && kept_schema[0] != 0;
    struct test_db *t =
        kind == DB_SQLITE ? open_migrated_lite() : open_in(kind, is_kept ? kept_schema : NULL);
    if (t == NULL)
        return NULL;
    if (is_kept)
        kept_is_free = false;
    else if (kind == DB_POSTGRES)
        migrate(t);
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

void test_db_close(struct test_db *t)
{
    if (t == NULL)
        return;
    db_close(t->db);
    if (t->folder[0] != 0)
        remove_folder(t->folder);
    if (t->schema[0] != 0 && t->is_migrated)
        keep_schema(t);
    arena_free(&t->arena);
    free(t);
}
