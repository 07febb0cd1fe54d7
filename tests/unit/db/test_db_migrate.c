/* Migrations on both databases: the dialect, the order, and what is refused. */
#include "test.h"

#include <pthread.h>

#include "db/driver.h"
#include "test_db.h"

#define ONE "CREATE TABLE one (id @pk, account_id @int NOT NULL, body @blob, at@int TEXT);\n"
#define TWO                                                                                        \
    "-- @sqlite\n"                                                                                 \
    "CREATE TABLE two (id INTEGER PRIMARY KEY);\n"                                                 \
    "-- @end\n"                                                                                    \
    "  -- @postgres\n"                                                                             \
    "CREATE TABLE two (id BIGINT PRIMARY KEY);\n"                                                  \
    "-- @end\n"                                                                                    \
    "INSERT INTO two (id) VALUES (2); -- @integer stays"

static const struct migration list[] = {
    {.version = 1,
     .name = "0001_one",
     .text = S_INIT("CREATE TABLE one (id @pk, account_id @int NOT NULL, body @blob);\n")        },
    {.version = 2, .name = "0002_two",  .text = S_INIT(TWO)                                      },
    {.version = 3,
     .name = "0003_three",
     .text = S_INIT(
            "CREATE TABLE three (id @int PRIMARY KEY);\nINSERT INTO three SELECT id FROM two;\n")},
    {.version = 4, .name = "0004_four", .text = S_INIT("CREATE TABLE four (id @int);\n")         },
};

static struct test_db *open_empty(enum db_kind kind)
{
    struct test_db *t = test_db_open_empty(kind);
    if (t == NULL)
        skip();
    return t;
}

static err migrate(
    struct test_db *t, const struct migration *from, ptrdiff_t n, ptrdiff_t *applied, str *why)
{
    return db_migrate(t->db, &t->arena, from, n, applied, why);
}

struct count_row {
    int64_t n;
};
static const struct db_col count_cols[] = {COL(struct count_row, n)};

/* −1 when the table is not there. */
static int64_t count(struct test_db *t, str sql)
{
    struct db_tx *tx = NULL;
    struct count_row row = {0};
    assert_ok(db_begin(t->db, DB_READ, &t->arena, &tx));
    err e = db_one(tx, sql, NO_ARGS, COLS(count_cols), &row);
    (void)db_rollback(tx); /* it only read */
    return e == OK ? row.n : -1;
}

static void tokens_become_the_databases_types(void **state)
{
    (void)state;
    str sql;
    assert_ok(migration_text(test_arena(), S(ONE), DB_SQLITE, &sql));
    assert_str(sql, "CREATE TABLE one (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL, "
                    "body BLOB, atINTEGER TEXT);\n");
    assert_ok(migration_text(test_arena(), S(ONE), DB_POSTGRES, &sql));
    assert_str(sql, "CREATE TABLE one (id BIGINT NOT NULL, PRIMARY KEY (account_id, id), "
                    "account_id BIGINT NOT NULL, body BYTEA, atBIGINT TEXT);\n");
}

static void blocks_are_for_one_database(void **state)
{
    (void)state;
    str sql;
    assert_ok(migration_text(test_arena(), S(TWO), DB_SQLITE, &sql));
    assert_str(sql, "CREATE TABLE two (id INTEGER PRIMARY KEY);\n"
                    "INSERT INTO two (id) VALUES (2); -- @integer stays\n");
    assert_ok(migration_text(test_arena(), S(TWO), DB_POSTGRES, &sql));
    assert_str(sql, "CREATE TABLE two (id BIGINT PRIMARY KEY);\n"
                    "INSERT INTO two (id) VALUES (2); -- @integer stays\n");
    assert_err(migration_text(test_arena(), S("-- @sqlite\n"), DB_SQLITE, &sql), E_INVALID);
    assert_err(migration_text(test_arena(), S("-- @end\n"), DB_SQLITE, &sql), E_INVALID);
    assert_err(
        migration_text(test_arena(), S("-- @sqlite\n-- @postgres\n-- @end\n"), DB_SQLITE, &sql),
        E_INVALID);
}

static void each_migration_is_applied_once_and_in_order(enum db_kind kind)
{
    struct test_db *t = open_empty(kind);
    ptrdiff_t applied = -1;
    str why = S("");
    assert_ok(migrate(t, list, 1, &applied, &why));
    assert_int_equal(applied, 1);
    assert_ok(migrate(t, list, 3, &applied, &why));
    assert_int_equal(applied, 2);
    assert_ok(migrate(t, list, 3, &applied, &why));
    assert_int_equal(applied, 0);
    assert_int_equal(count(t, S("SELECT COUNT(*) AS n FROM three")), 1);
    assert_int_equal(count(t, S("SELECT COUNT(*) AS n FROM schema_migration")), 3);
    test_db_close(t);
}

static void an_edited_migration_is_refused(enum db_kind kind)
{
    struct test_db *t = open_empty(kind);
    struct migration edited[2] = {list[0], list[1]};
    str why = S("");
    assert_ok(migrate(t, list, 2, NULL, &why));
    edited[0].text = S("CREATE TABLE one (id @pk, account_id @int NOT NULL);\n");
    assert_err(migrate(t, edited, 2, NULL, &why), E_CONFLICT);
    assert_true(str_find(why, S("0001_one")) >= 0);
    test_db_close(t);
}

static void a_schema_of_the_next_version_is_taken_and_a_later_one_is_not(enum db_kind kind)
{
    struct test_db *t = open_empty(kind);
    str why = S("");
    assert_ok(migrate(t, list, 3, NULL, &why));
    assert_ok(migrate(t, list, 2, NULL, &why));
    assert_ok(migrate(t, list, 4, NULL, &why));
    assert_err(migrate(t, list, 2, NULL, &why), E_CONFLICT);
    assert_true(str_find(why, S("0004_four")) >= 0);
    test_db_close(t);
}

static void a_migration_that_fails_leaves_nothing(enum db_kind kind)
{
    struct test_db *t = open_empty(kind);
    struct migration broken[2] = {list[0], list[1]};
    str why = S("");
    broken[1].text = S("CREATE TABLE half (id @int);\nINSERT INTO nowhere VALUES (1);\n");
    err e = migrate(t, broken, 2, NULL, &why);
    assert_true(e != OK);
    assert_true(str_find(why, S("0002_two")) >= 0);
    assert_true(str_find(why, S("nowhere")) >= 0);
    assert_int_equal(count(t, S("SELECT COUNT(*) AS n FROM half")), -1);
    assert_int_equal(count(t, S("SELECT COUNT(*) AS n FROM schema_migration")), 1);
    assert_ok(migrate(t, list, 2, NULL, &why));
    test_log_had(LOG_ERROR, "nowhere");
    test_log_had(LOG_ERROR, "half");
    test_db_close(t);
}

struct racer {
    struct db *db;
    err result;
    ptrdiff_t applied;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    struct arena a = arena_make(0);
    str why = S("");
    r->result = db_migrate(r->db, &a, list, 4, &r->applied, &why);
    arena_free(&a);
    return NULL;
}

static void nodes_that_start_together_apply_each_migration_once(enum db_kind kind)
{
    enum { NODES = 3 };
    struct test_db *t = open_empty(kind);
    struct racer racers[NODES];
    pthread_t threads[NODES];
    ptrdiff_t applied = 0;
    for (int i = 0; i < NODES; i++) {
        racers[i] = (struct racer){.db = kind == DB_POSTGRES ? test_db_again(t) : t->db};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < NODES; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_ok(racers[i].result);
        applied += racers[i].applied;
        if (kind == DB_POSTGRES)
            db_close(racers[i].db);
    }
    assert_int_equal(applied, 4);
    test_db_close(t);
}

#define BOTH(test)                                                                                 \
    static void test##_sqlite(void **state)                                                        \
    {                                                                                              \
        (void)state;                                                                               \
        test(DB_SQLITE);                                                                           \
    }                                                                                              \
    static void test##_postgres(void **state)                                                      \
    {                                                                                              \
        (void)state;                                                                               \
        test(DB_POSTGRES);                                                                         \
    }
BOTH(each_migration_is_applied_once_and_in_order)
BOTH(an_edited_migration_is_refused)
BOTH(a_schema_of_the_next_version_is_taken_and_a_later_one_is_not)
BOTH(a_migration_that_fails_leaves_nothing)
BOTH(nodes_that_start_together_apply_each_migration_once)

static void the_programs_own_migrations_apply(enum db_kind kind)
{
    struct test_db *t = test_db_open(kind);
    if (t == NULL)
        skip();
    assert_true(count(t, S("SELECT COUNT(*) AS n FROM schema_migration")) >= 3);
    test_db_close(t);
}
BOTH(the_programs_own_migrations_apply)

static void a_script_is_cut_where_its_statements_end(void **state)
{
    (void)state;
    static const char *const wanted[] = {"CREATE TABLE a (x INTEGER, -- one; two\n y TEXT)",
        "CREATE TRIGGER t BEFORE DELETE ON a\nBEGIN\n    SELECT RAISE(ABORT, 'no; kept');\nEND;",
        "INSERT INTO a VALUES (1, 'it''s; \"so\"')",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN NULL;\nEND $$",
        "DROP INDEX b"};
    str rest =
        S("-- first; what it is for\n\n"
          "CREATE TABLE a (x INTEGER, -- one; two\n y TEXT);\n"
          "CREATE TRIGGER t BEFORE DELETE ON a\nBEGIN\n    SELECT RAISE(ABORT, 'no; kept');\n"
          "END;\n-- it's a comment\n"
          "INSERT INTO a VALUES (1, 'it''s; \"so\"');\n"
          "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN NULL;\n"
          "END $$;\nDROP INDEX b;\n-- the end;\n");
    str statement;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assert_true(migration_statement(rest, &statement, &rest));
        assert_str(statement, wanted[i]);
    }
    assert_false(migration_statement(rest, &statement, &rest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tokens_become_the_databases_types),
        TEST(blocks_are_for_one_database),
        TEST(a_script_is_cut_where_its_statements_end),
        TEST(each_migration_is_applied_once_and_in_order_sqlite),
        TEST(each_migration_is_applied_once_and_in_order_postgres),
        TEST(an_edited_migration_is_refused_sqlite),
        TEST(an_edited_migration_is_refused_postgres),
        TEST(a_schema_of_the_next_version_is_taken_and_a_later_one_is_not_sqlite),
        TEST(a_schema_of_the_next_version_is_taken_and_a_later_one_is_not_postgres),
        TEST(a_migration_that_fails_leaves_nothing_sqlite),
        TEST(a_migration_that_fails_leaves_nothing_postgres),
        TEST(nodes_that_start_together_apply_each_migration_once_sqlite),
        TEST(nodes_that_start_together_apply_each_migration_once_postgres),
        TEST(the_programs_own_migrations_apply_sqlite),
        TEST(the_programs_own_migrations_apply_postgres),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
