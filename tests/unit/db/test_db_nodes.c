/* What only PostgreSQL has: row-level security, other nodes, connections that break. */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "db/pg_driver.h"
#include "test_db.h"

static const struct migration table = {
    .version = 1,
    .name = "0001_card",
    .text = S_INIT(
        "CREATE TABLE card (id @pk, account_id @int NOT NULL, words TEXT NOT NULL);\n"
        "-- @postgres\n"
        "ALTER TABLE card ENABLE ROW LEVEL SECURITY;\n"
        "ALTER TABLE card FORCE ROW LEVEL SECURITY;\n"
        "CREATE POLICY scope ON card USING (account_id = current_setting('seva.account')::bigint);\n"
        "-- @end\n"),
};

static struct test_db *open_cards(void)
{
    struct test_db *t = test_db_open_empty(DB_POSTGRES);
    str why = S("");
    if (t == NULL)
        skip();
    assert_ok(db_migrate(t->db, &t->arena, &table, 1, NULL, &why));
    return t;
}

static struct db_tx *begin(struct db *db, enum db_mode mode, int64_t account)
{
    struct db_tx *tx = NULL;
    assert_ok(db_begin(db, mode, test_arena(), &tx));
    if (account != 0)
        assert_ok(db_scope(tx, (account_id){account}));
    return tx;
}

static err add(struct db_tx *tx, int64_t id, int64_t account)
{
    return db_run(tx, S("INSERT INTO card (id, account_id, words) VALUES (?1, ?2, 'words')"),
        ARGS(A_INT(id), A_INT(account)), NULL);
}

struct count_row {
    int64_t n;
};
static const struct db_col count_cols[] = {COL(struct count_row, n)};

static err count(struct db_tx *tx, int64_t *n)
{
    struct count_row row = {0};
    TRY(db_one(tx, S("SELECT COUNT(*) AS n FROM card"), NO_ARGS, COLS(count_cols), &row));
    *n = row.n;
    return OK;
}

static int64_t cards_of(struct db *db, int64_t account)
{
    int64_t n = -1;
    struct db_tx *tx = begin(db, DB_READ, account);
    assert_ok(count(tx, &n));
    assert_ok(db_commit(tx));
    return n;
}

static void add_card(struct db *db, int64_t id, int64_t account)
{
    struct db_tx *tx = begin(db, DB_WRITE, account);
    assert_ok(add(tx, id, account));
    assert_ok(db_commit(tx));
}

/* ── row-level security ── */

static void a_scope_sees_its_own_accounts_rows_only(void **state)
{
    (void)state;
    struct test_db *t = open_cards();
    add_card(t->db, 1, 100);
    add_card(t->db, 2, 100);
    add_card(t->db, 3, 200);
    for (int i = 0; i < 3; i++) { /* on connections that had another scope before */
        assert_int_equal(cards_of(t->db, 100), 2);
        assert_int_equal(cards_of(t->db, 200), 1);
        assert_int_equal(cards_of(t->db, 300), 0);
    }
    test_db_close(t);
}

static void a_scope_cannot_write_for_another_account(void **state)
{
    (void)state;
    struct test_db *t = open_cards();
    struct db_tx *tx = begin(t->db, DB_WRITE, 100);
    assert_err(add(tx, 1, 200), E_INTERNAL);
    assert_ok(db_rollback(tx));
    test_log_had(LOG_ERROR, "row-level security");
    assert_int_equal(cards_of(t->db, 200), 0);
    test_db_close(t);
}

static void without_a_scope_nothing_is_seen(void **state)
{
    (void)state;
    struct test_db *t = open_cards();
    int64_t n = -1;
    add_card(t->db, 1, 100);
    struct db_tx *tx = begin(t->db, DB_WRITE, 0); /* the connection that had the scope */
    assert_err(count(tx, &n), E_INTERNAL);
    assert_ok(db_rollback(tx));
    assert_int_equal(n, -1);
    test_log_had(LOG_ERROR, "database error");
    test_db_close(t);
}

static void a_scope_may_come_after_the_first_statement_and_change(void **state)
{
    (void)state;
    struct test_db *t = open_cards();
    int64_t n = -1;
    add_card(t->db, 1, 100);
    struct db_tx *tx = begin(t->db, DB_WRITE, 0);
    assert_ok(db_run(tx, S("SELECT 1"), NO_ARGS, NULL));
    assert_ok(db_scope(tx, (account_id){200}));
    assert_ok(count(tx, &n));
    assert_int_equal(n, 0);
    assert_ok(db_scope(tx, (account_id){100}));
    assert_ok(count(tx, &n));
    assert_int_equal(n, 1);
    assert_ok(db_commit(tx));
    test_db_close(t);
}

/* ── connections that break ── */

/* Ends every session of this test but its own. */
static void cut_all(struct test_db *t)
{
    struct db *killer = test_db_again(t);
    struct db_tx *tx = begin(killer, DB_WRITE, 0);
    assert_ok(db_run(tx,
        S("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
          "WHERE application_name = ?1 AND pid <> pg_backend_pid()"),
        ARGS(A_TEXT(str_from(t->schema))), NULL));
    assert_ok(db_commit(tx));
    db_close(killer);
}

static void a_connection_lost_between_transactions_is_not_noticed(void **state)
{
    (void)state;
    struct test_db *t = open_cards();
    add_card(t->db, 1, 100);
    assert_int_equal(cards_of(t->db, 100), 1);
    cut_all(t);
    assert_int_equal(cards_of(t->db, 100), 1);
    add_card(t->db, 2, 100);
    assert_int_equal(cards_of(t->db, 100), 2);
    test_log_had(LOG_WARN, "connection");
    test_db_close(t);
}

static void a_connection_lost_within_a_transaction_is_busy_and_undone(void **state)
{
    (void)state;
    struct test_db *t = open_cards();
    struct db_tx *tx = begin(t->db, DB_WRITE, 100);
    assert_ok(add(tx, 1, 100));
    cut_all(t);
    assert_err(add(tx, 2, 100), E_BUSY);
    assert_ok(db_rollback(tx));
    tx = begin(t->db, DB_WRITE, 100);
    assert_ok(add(tx, 3, 100));
    cut_all(t);
    assert_err(db_commit(tx), E_BUSY);
    assert_int_equal(cards_of(t->db, 100), 0);
    test_log_had(LOG_WARN, "connection");
    test_db_close(t);
}

/* ── commits under way ── */

struct answers {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    int good, bad;
    pthread_t by;
};

static void take_answer(void *arg, err result)
{
    struct answers *a = arg;
    (void)pthread_mutex_lock(&a->mutex);
    a->good += result == OK;
    a->bad += result != OK;
    a->by = pthread_self();
    (void)pthread_cond_broadcast(&a->cond);
    (void)pthread_mutex_unlock(&a->mutex);
}

static void end_cards(struct test_db *t, struct answers *a, int from, int n)
{
    for (int i = 0; i < n; i++) {
        struct db_tx *tx = begin(t->db, DB_WRITE, 100);
        assert_ok(add(tx, from + i, 100));
        db_end(tx, true, take_answer, a);
    }
}

static void a_commit_is_answered_while_its_worker_goes_on(void **state)
{
    (void)state;
    enum { N = 60 };
    struct test_db *t = open_cards();
    struct answers a = {.mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    end_cards(t, &a, 0, N);
    (void)pthread_mutex_lock(&a.mutex);
    while (a.good + a.bad < N)
        (void)pthread_cond_wait(&a.cond, &a.mutex);
    (void)pthread_mutex_unlock(&a.mutex);
    assert_int_equal(a.bad, 0);
    assert_false(pthread_equal(a.by, pthread_self()));
    assert_int_equal(cards_of(t->db, 100), N);
    end_cards(t, &a, N, 5);
    db_close(t->db); /* answers what is under way */
    assert_int_equal(a.good, N + 5);
    t->db = test_db_again(t);
    assert_int_equal(cards_of(t->db, 100), N + 5);
    test_db_close(t);
}

static void a_commit_that_fails_is_answered_busy(void **state)
{
    (void)state;
    struct test_db *t = open_cards();
    struct answers a = {.mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    struct db_tx *tx = begin(t->db, DB_WRITE, 100);
    assert_ok(add(tx, 1, 100));
    cut_all(t);
    db_end(tx, true, take_answer, &a);
    db_close(t->db);
    assert_int_equal(a.good, 0);
    assert_int_equal(a.bad, 1);
    t->db = test_db_again(t);
    assert_int_equal(cards_of(t->db, 100), 0);
    test_log_had(LOG_WARN, "connection");
    test_db_close(t);
}

/* ── the role ── */

/* The ordinary role is not warned of: in every other test the line would be an unexpected one. */
static void a_role_that_bypasses_row_level_security_is_warned_of(void **state)
{
    (void)state;
    struct test_db *t = open_cards();
    ptrdiff_t at = str_find(t->url, S("//seva@")); /* tests/support/pg.py */
    struct db *db = NULL;
    str why = {0};
    if (at < 0) {
        test_db_close(t);
        skip();
    }
    const struct db_options o = {.url = str_print(&t->arena, "%.*s//postgres@%.*s",
                                     SARG(str_sub(t->url, 0, at)), SARG(str_skip(t->url, at + 7)))};
    assert_ok(db_open(&t->arena, &o, &db, &why));
    test_log_had(LOG_WARN, "the database role bypasses row-level security");
    db_close(db);
    test_db_close(t);
}

/* ── other nodes ── */

struct ear {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    int events, jobs, tells;
    str last; /* in the test's arena */
};

static void hear(void *arg, str topic, str payload)
{
    struct ear *e = arg;
    (void)pthread_mutex_lock(&e->mutex);
    e->events += str_eq(topic, S("event"));
    e->jobs += str_eq(topic, S("job"));
    if (str_eq(topic, S("tell"))) {
        e->tells++;
        e->last = str_copy(test_arena(), payload);
    }
    (void)pthread_cond_broadcast(&e->cond);
    (void)pthread_mutex_unlock(&e->mutex);
}

static void wait_for(struct ear *e, const int *counter, int n)
{
    (void)pthread_mutex_lock(&e->mutex);
    while (*counter < n)
        (void)pthread_cond_wait(&e->cond, &e->mutex);
    (void)pthread_mutex_unlock(&e->mutex);
}

static struct ear ear_make(void)
{
    return (struct ear){.mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
}

static void a_wake_reaches_the_other_node(void **state)
{
    (void)state;
    struct test_db *t = open_cards();
    struct db *second = test_db_again(t);
    struct ear here = ear_make(), there = ear_make();
    assert_ok(db_listen(t->db, hear, &here));
    assert_ok(db_listen(second, hear, &there));
    wait_for(&here, &here.jobs, 1); /* each reports every topic once when it begins */
    wait_for(&there, &there.jobs, 1);
    for (int i = 0; i < 100; i++)
        db_wake(t->db, "event");
    wait_for(&there, &there.events, 2);
    db_wake(second, "job");
    wait_for(&here, &here.jobs, 2);
    db_close(second);
    assert_int_equal(here.events, 1); /* nobody hears himself */
    assert_in_range(there.events, 2, 50);
    test_db_close(t);
}

static void a_message_reaches_the_other_node_whole(void **state)
{
    (void)state;
    struct test_db *t = open_cards();
    struct db *second = test_db_again(t);
    struct ear there = ear_make();
    assert_ok(db_listen(t->db, hear, &there)); /* its own ear: nothing is told to it */
    struct ear ear = ear_make();
    assert_ok(db_listen(second, hear, &ear));
    wait_for(&there, &there.jobs, 1);
    wait_for(&ear, &ear.jobs, 1);
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S("{\"a\":\"it's \\\\ 😀\"}"));
    while (b.len < LIMIT_TELL_BYTES)
        sb_byte(&b, 'x');
    db_tell(t->db, sb_str(&b));
    wait_for(&ear, &ear.tells, 1);
    assert_true(str_eq(ear.last, sb_str(&b)));
    db_close(second);
    test_db_close(t);
}

static void a_listener_that_lost_its_connection_reports_every_topic(void **state)
{
    (void)state;
    struct test_db *t = open_cards();
    struct ear ear = ear_make();
    assert_ok(db_listen(t->db, hear, &ear));
    wait_for(&ear, &ear.jobs, 1);
    cut_all(t);
    wait_for(&ear, &ear.events, 2);
    wait_for(&ear, &ear.jobs, 2);
    test_log_had(LOG_WARN, "listener");
    test_db_close(t);
}

/* ── the dialect ── */

static void question_marks_become_dollars_outside_of_texts(void **state)
{
    (void)state;
    char to[128];
    int n = 0;
    assert_ok(pg_dollars(
        S("a = ?1 AND b = '?2 it''s' -- ?9\n OR \"c?3\" = ?12::int"), to, sizeof to, &n));
    assert_string_equal(to, "a = $1 AND b = '?2 it''s' -- ?9\n OR \"c?3\" = $12::int");
    assert_int_equal(n, 12);
    assert_err(pg_dollars(S("0123456789"), to, 10, &n), E_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_scope_sees_its_own_accounts_rows_only),
        TEST(a_scope_cannot_write_for_another_account),
        TEST(without_a_scope_nothing_is_seen),
        TEST(a_scope_may_come_after_the_first_statement_and_change),
        TEST(a_connection_lost_between_transactions_is_not_noticed),
        TEST(a_connection_lost_within_a_transaction_is_busy_and_undone),
        TEST(a_commit_is_answered_while_its_worker_goes_on),
        TEST(a_commit_that_fails_is_answered_busy),
        TEST(a_role_that_bypasses_row_level_security_is_warned_of),
        TEST(a_wake_reaches_the_other_node),
        TEST(a_message_reaches_the_other_node_whole),
        TEST(a_listener_that_lost_its_connection_reports_every_topic),
        TEST(question_marks_become_dollars_outside_of_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
