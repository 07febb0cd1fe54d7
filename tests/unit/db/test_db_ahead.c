/* Statements that are sent ahead (db_ahead): on PostgreSQL they fly with the next one. */
#include "test.h"

#include "db/pg_driver.h"
#include "test_db.h"

static const struct migration table = {
    .version = 1,
    .name = "0001_card",
    .text = S_INIT("CREATE TABLE card (id @pk, account_id @int NOT NULL, words TEXT NOT NULL);\n"),
};

struct card {
    int64_t id;
    str words;
};
static const struct db_col card_cols[] = {
    COL(struct card, id),
    COL(struct card, words),
};
static const str get_sql = S_INIT("SELECT id, words FROM card WHERE id = ?1");

struct number {
    int64_t n;
};
static const struct db_col number_cols[] = {COL(struct number, n)};
static const str count_sql = S_INIT("SELECT COUNT(*) AS n FROM card");
static const str quotient_sql = S_INIT("SELECT 12 / CAST(?1 AS BIGINT) AS n");

static struct db_tx *begin(struct test_db *t, enum db_mode mode)
{
    struct db_tx *tx = NULL;
    assert_ok(db_begin(t->db, mode, test_arena(), &tx));
    return tx;
}

static void get(struct db_tx *tx, int64_t id, const char *words)
{
    struct card card = {0};
    assert_ok(db_one(tx, get_sql, ARGS(A_INT(id)), COLS(card_cols), &card));
    assert_int_equal(card.id, id);
    assert_true(str_eq(card.words, str_from(words)));
}

static err count(struct db_tx *tx, int64_t *n)
{
    struct number row = {0};
    TRY(db_one(tx, count_sql, NO_ARGS, COLS(number_cols), &row));
    *n = row.n;
    return OK;
}

static err quotient(struct db_tx *tx, int64_t by)
{
    struct number row;
    return db_one(tx, quotient_sql, ARGS(A_INT(by)), COLS(number_cols), &row);
}

/* Three cards; all statements are prepared on the connection that a reader gets next. */
static struct test_db *open_cards(enum db_kind kind)
{
    struct test_db *t = test_db_open_empty(kind);
    str why = S("");
    int64_t n = 0;
    if (t == NULL)
        skip();
    assert_ok(db_migrate(t->db, &t->arena, &table, 1, NULL, &why));
    struct db_tx *tx = begin(t, DB_WRITE);
    assert_ok(db_run(tx,
        S("INSERT INTO card (id, account_id, words) VALUES (1, 7, 'one'), (2, 7, 'two'), (3, 7, 'three')"),
        NO_ARGS, NULL));
    assert_ok(db_commit(tx));
    tx = begin(t, DB_READ);
    get(tx, 1, "one");
    assert_ok(count(tx, &n));
    assert_ok(quotient(tx, 1));
    assert_ok(db_commit(tx));
    return t;
}

static void ahead(struct db_tx *tx, int64_t id)
{
    db_ahead(tx, get_sql, ARGS(A_INT(id)));
}

static void answers_come_with_the_next_statement(void **state)
{
    (void)state;
    struct test_db *t = open_cards(DB_POSTGRES);
    struct db_tx *tx = begin(t, DB_READ);
    struct pg_conn *c = pg_conn_of(tx);
    int64_t n = 0;
    ahead(tx, 1);
    ahead(tx, 2);
    assert_int_equal(pg_ahead_unsent(c), 0);
    assert_ok(count(tx, &n));
    assert_int_equal(n, 3);
    assert_int_equal(c->n_ahead, 2);
    assert_int_equal(pg_ahead_unsent(c), 2);
    get(tx, 2, "two");
    get(tx, 3, "three"); /* nobody said it would come */
    get(tx, 1, "one");
    assert_int_equal(c->n_ahead, 0);
    assert_ok(db_commit(tx));
    test_db_close(t);
}

static void what_is_asked_for_itself_is_sent_once(void **state)
{
    (void)state;
    struct test_db *t = open_cards(DB_POSTGRES);
    struct db_tx *tx = begin(t, DB_READ);
    ahead(tx, 1);
    get(tx, 1, "one");
    assert_int_equal(pg_conn_of(tx)->n_ahead, 0);
    assert_ok(db_commit(tx));
    test_db_close(t);
}

static void what_is_said_twice_is_sent_once(void **state)
{
    (void)state;
    struct test_db *t = open_cards(DB_POSTGRES);
    struct db_tx *tx = begin(t, DB_READ);
    int64_t n = 0;
    ahead(tx, 1);
    ahead(tx, 1);
    assert_int_equal(pg_conn_of(tx)->n_ahead, 1);
    assert_ok(count(tx, &n));
    ahead(tx, 1); /* its answer is here */
    assert_int_equal(pg_conn_of(tx)->n_ahead, 1);
    get(tx, 1, "one");
    assert_ok(db_commit(tx));
    test_db_close(t);
}

static void what_was_said_for_another_account_is_not_its_answer(void **state)
{
    (void)state;
    struct test_db *t = open_cards(DB_POSTGRES);
    struct db_tx *tx = begin(t, DB_READ);
    struct pg_conn *c = pg_conn_of(tx);
    int64_t n = 0;
    assert_ok(db_scope(tx, (account_id){7}));
    ahead(tx, 1);
    assert_ok(count(tx, &n));
    assert_ok(db_scope(tx, (account_id){7})); /* the server has it */
    assert_int_equal(c->n_prelude, 0);
    assert_int_equal(c->n_ahead, 1);
    assert_ok(db_scope(tx, (account_id){8}));
    assert_int_equal(c->n_prelude, 1);
    assert_int_equal(c->n_ahead, 0);
    get(tx, 1, "one");
    assert_ok(db_commit(tx));
    test_db_close(t);
}

static void a_scope_that_was_undone_is_said_again(void **state)
{
    (void)state;
    struct test_db *t = open_cards(DB_POSTGRES);
    struct db_tx *tx = begin(t, DB_WRITE);
    struct pg_conn *c = pg_conn_of(tx);
    get(tx, 1, "one");
    assert_ok(db_savepoint(tx));
    assert_ok(db_scope(tx, (account_id){7}));
    get(tx, 1, "one");
    assert_int_equal(c->scoped.v, 7);
    assert_ok(db_savepoint_end(tx, false));
    get(tx, 1, "one");
    assert_int_equal(c->scoped.v, 0);
    assert_ok(db_rollback(tx));
    test_db_close(t);
}

static void what_nobody_asks_for_is_gone_with_the_transaction(void **state)
{
    (void)state;
    struct test_db *t = open_cards(DB_POSTGRES);
    struct db_tx *tx = begin(t, DB_READ);
    struct pg_conn *c = pg_conn_of(tx);
    int64_t n = 0;
    for (int i = 0; i < AHEAD_MOST + 2; i++)
        ahead(tx, 1 + i);
    assert_int_equal(c->n_ahead, AHEAD_MOST);
    assert_ok(count(tx, &n));
    ahead(tx, 2);
    assert_ok(db_commit(tx));
    assert_int_equal(c->n_ahead, 0);
    test_db_close(t);
}

static void a_transaction_that_writes_sends_nothing_ahead(void **state)
{
    (void)state;
    for (enum db_kind kind = DB_SQLITE; kind <= DB_POSTGRES; kind++) {
        struct test_db *t = open_cards(kind);
        struct db_tx *tx = begin(t, DB_WRITE);
        get(tx, 1, "one");
        ahead(tx, 1);
        assert_ok(db_run(tx, S("UPDATE card SET words = 'new' WHERE id = 1"), NO_ARGS, NULL));
        get(tx, 1, "new");
        assert_ok(db_commit(tx));
        test_db_close(t);
    }
}

static void an_error_is_told_by_the_statement_it_flew_with(void **state)
{
    (void)state;
    struct test_db *t = open_cards(DB_POSTGRES);
    struct db_tx *tx = begin(t, DB_READ);
    int64_t n = 0;
    ahead(tx, 1);
    db_ahead(tx, quotient_sql, ARGS(A_INT(0)));
    ahead(tx, 2);
    assert_err(count(tx, &n), E_INTERNAL);
    test_log_had(LOG_ERROR, "division by zero");
    assert_ok(db_rollback(tx));
    tx = begin(t, DB_READ);
    get(tx, 2, "two");
    assert_ok(db_commit(tx));
    test_db_close(t);
}

static void a_connection_lost_before_is_not_noticed(void **state)
{
    (void)state;
    struct test_db *t = open_cards(DB_POSTGRES);
    struct db_tx *tx = begin(t, DB_WRITE);
    assert_ok(db_run(tx,
        S("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
          " WHERE application_name = current_setting('application_name')"
          " AND pid <> pg_backend_pid()"),
        NO_ARGS, NULL));
    assert_ok(db_commit(tx));
    int64_t n = 0;
    tx = begin(t, DB_READ);
    ahead(tx, 1);
    assert_ok(count(tx, &n));
    assert_int_equal(n, 3);
    get(tx, 1, "one");
    assert_ok(db_commit(tx));
    test_log_had(LOG_WARN, "connection");
    test_db_close(t);
}

static void what_flew_ahead_is_prepared_anew_when_a_table_changed(void **state)
{
    (void)state;
    struct test_db *t = open_cards(DB_POSTGRES);
    struct db_tx *tx = begin(t, DB_WRITE);
    assert_ok(db_run(tx, S("ALTER TABLE card ALTER words TYPE VARCHAR(9)"), NO_ARGS, NULL));
    assert_ok(db_commit(tx));
    int64_t n = 0;
    tx = begin(t, DB_READ);
    ahead(tx, 1);
    assert_err(count(tx, &n), E_BUSY); /* the cached plan must not change its type */
    test_log_had(LOG_WARN, "cached plan");
    (void)db_rollback(tx);
    tx = begin(t, DB_READ);
    ahead(tx, 1);
    assert_ok(count(tx, &n));
    get(tx, 1, "one");
    assert_ok(db_commit(tx));
    test_db_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_come_with_the_next_statement),
        TEST(what_is_asked_for_itself_is_sent_once),
        TEST(what_is_said_twice_is_sent_once),
        TEST(what_was_said_for_another_account_is_not_its_answer),
        TEST(a_scope_that_was_undone_is_said_again),
        TEST(what_nobody_asks_for_is_gone_with_the_transaction),
        TEST(a_transaction_that_writes_sends_nothing_ahead),
        TEST(an_error_is_told_by_the_statement_it_flew_with),
        TEST(a_connection_lost_before_is_not_noticed),
        TEST(what_flew_ahead_is_prepared_anew_when_a_table_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
