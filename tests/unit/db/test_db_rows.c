/* Statements, rows, errors and savepoints, the same on both databases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "db/sqlite_driver.h"
#include "test_db.h"

struct thing {
    message_id id;
    int64_t amount;
    bool is_open;
    double share;
    str name;
    blob bytes;
    message_id parent_id;
};
static const struct db_col thing_cols[] = {
    COL(struct thing, id),
    COL(struct thing, amount),
    COL(struct thing, is_open),
    COL(struct thing, share),
    COL(struct thing, name),
    COL(struct thing, bytes),
    COL(struct thing, parent_id),
};
#define SELECT_THINGS "SELECT id, name, amount, is_open, share, bytes, parent_id FROM thing "

static const struct migration table = {
    .version = 1,
    .name = "0001_thing",
    .text = S_INIT("CREATE TABLE thing (\n"
                   "    id @int PRIMARY KEY,\n"
                   "    amount @int NOT NULL,\n"
                   "    is_open @int NOT NULL,\n"
                   "    share DOUBLE PRECISION NOT NULL,\n"
                   "    name TEXT,\n"
                   "    bytes @blob,\n"
                   "    parent_id @int);\n"
                   "CREATE UNIQUE INDEX thing_name ON thing (name);\n"
                   "CREATE INDEX thing_few ON thing (share) WHERE amount = 10;\n"),
};

struct fixture {
    struct test_db *t;
    struct db *db;
    struct arena a;
    int logged;
};

static void count_line(enum log_level level, str line, void *arg)
{
    (void)line;
    struct fixture *f = arg;
    f->logged += level >= LOG_ERROR ? 1 : 0;
}

static int set_up(void **state, enum db_kind kind)
{
    static struct fixture f;
    f = (struct fixture){.a = arena_make(0)};
    *state = NULL;
    f.t = test_db_open_empty(kind);
    if (f.t == NULL)
        return 0;
    f.db = f.t->db;
    str why = S("");
    if (db_migrate(f.db, &f.a, &table, 1, NULL, &why) != OK)
        return 1;
    log_capture(count_line, &f);
    *state = &f;
    return 0;
}

static int set_up_sqlite(void **state)
{
    return set_up(state, DB_SQLITE);
}

static int set_up_postgres(void **state)
{
    return set_up(state, DB_POSTGRES);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    log_capture(NULL, NULL);
    if (f != NULL) {
        test_db_close(f->t);
        arena_free(&f->a);
    }
    return 0;
}

/* Skips on PostgreSQL without a server. */
static struct fixture *fixture_of(void **state)
{
    if (*state == NULL)
        skip();
    return *state;
}

static struct db_tx *begin(struct fixture *f, enum db_mode mode)
{
    struct db_tx *tx = NULL;
    assert_int_equal(db_begin(f->db, mode, &f->a, &tx), OK);
    return tx;
}

static err add(struct db_tx *tx, int64_t id, str name)
{
    return db_run(tx,
        S("INSERT INTO thing (id, amount, is_open, share, name, bytes, parent_id) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
        ARGS(A_INT(id), A_INT(id * 10), A_BOOL(true), A_REAL(0.5), A_TEXT_OR_NULL(name),
            A_BLOB(S("\x00\xff'\\")), A_ID((message_id){0})),
        NULL);
}

static struct thing get(struct db_tx *tx, int64_t id)
{
    struct thing row;
    memset(&row, 0x7e, sizeof row);
    assert_int_equal(
        db_one(tx, S(SELECT_THINGS "WHERE id = ?1"), ARGS(A_INT(id)), COLS(thing_cols), &row), OK);
    return row;
}

static void a_row_is_read_back_as_it_was_written(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_WRITE);
    str odd = S("আমার 'quoted' \"double\" \\back\\ {brace},NULL 😀");
    assert_int_equal(add(tx, 7, odd), OK);
    struct thing row = get(tx, 7);
    assert_int_equal(row.id.v, 7);
    assert_int_equal(row.amount, 70);
    assert_true(row.is_open);
    assert_true(row.share > 0.49 && row.share < 0.51);
    assert_true(str_eq(row.name, odd));
    assert_true(str_eq(row.bytes.bytes, S("\x00\xff'\\")));
    assert_int_equal(row.parent_id.v, 0);
    assert_int_equal(db_commit(tx), OK);
    tx = begin(f, DB_READ);
    assert_true(str_eq(get(tx, 7).name, odd));
    assert_int_equal(db_commit(tx), OK);
}

static void null_reads_as_zero_and_the_empty_text(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_WRITE);
    assert_int_equal(
        db_run(tx, S("INSERT INTO thing (id, amount, is_open, share) VALUES (?1, ?2, 0, 0)"),
            ARGS(A_INT(1), A_INT(INT64_MIN)), NULL),
        OK);
    struct thing row = get(tx, 1);
    assert_int_equal(row.amount, INT64_MIN);
    assert_false(row.is_open);
    assert_int_equal(row.name.len, 0);
    assert_int_equal(row.bytes.bytes.len, 0);
    assert_int_equal(row.parent_id.v, 0);
    assert_int_equal(db_rollback(tx), OK);
}

static void an_empty_text_is_not_null(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_WRITE);
    assert_int_equal(add(tx, 1, S("")), OK);
    int64_t changed = -1;
    assert_int_equal(db_run(tx, S("UPDATE thing SET name = ?1 WHERE name IS NULL"),
                         ARGS(A_TEXT(((str){NULL, 0}))), &changed),
        OK);
    assert_int_equal(changed, 1);
    assert_int_equal(
        db_run(tx, S("UPDATE thing SET amount = 3 WHERE name = ''"), NO_ARGS, &changed), OK);
    assert_int_equal(changed, 1);
    assert_int_equal(db_rollback(tx), OK);
}

static void a_missing_row_is_not_found_and_no_failure(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_WRITE);
    struct thing row = {.amount = 42};
    assert_int_equal(
        db_one(tx, S(SELECT_THINGS "WHERE id = ?1"), ARGS(A_INT(5)), COLS(thing_cols), &row),
        E_NOT_FOUND);
    assert_int_equal(row.amount, 42);
    assert_int_equal(add(tx, 5, S("five")), OK);
    assert_int_equal(db_commit(tx), OK);
    assert_int_equal(f->logged, 0);
}

static void all_rows_come_in_order(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_WRITE);
    for (int64_t i = 1; i <= 100; i++)
        assert_int_equal(add(tx, i, str_print(&f->a, "n%d", (int)i)), OK);
    struct thing *rows = NULL;
    ptrdiff_t n = 0;
    assert_int_equal(db_all(tx, S(SELECT_THINGS "WHERE id > ?1 ORDER BY id"), ARGS(A_INT(10)),
                         COLS(thing_cols), (ptrdiff_t)sizeof *rows, &rows, &n),
        OK);
    assert_int_equal(n, 90);
    for (ptrdiff_t i = 0; i < n; i++) {
        assert_int_equal(rows[i].id.v, 11 + i);
        assert_true(str_eq(rows[i].name, str_print(&f->a, "n%d", (int)i + 11)));
    }
    assert_int_equal(db_rollback(tx), OK);
}

static void a_unique_violation_is_a_conflict_and_spoils_the_transaction(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_WRITE);
    assert_int_equal(add(tx, 1, S("one")), OK);
    assert_int_equal(add(tx, 2, S("one")), E_CONFLICT);
    assert_int_equal(f->logged, 0);
    assert_int_equal(add(tx, 3, S("three")), E_INTERNAL);
    assert_int_equal(db_commit(tx), E_INTERNAL);
    assert_int_equal(f->logged, 1);
    tx = begin(f, DB_READ);
    struct thing row;
    assert_int_equal(
        db_one(tx, S(SELECT_THINGS "WHERE id = ?1"), ARGS(A_INT(1)), COLS(thing_cols), &row),
        E_NOT_FOUND);
    assert_int_equal(db_commit(tx), OK);
}

static void a_savepoint_undoes_one_item_and_keeps_the_rest(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_WRITE);
    assert_int_equal(db_savepoint(tx), OK);
    assert_int_equal(add(tx, 1, S("one")), OK);
    assert_int_equal(db_savepoint_end(tx, true), OK);
    assert_int_equal(db_savepoint(tx), OK);
    assert_int_equal(add(tx, 2, S("two")), OK);
    assert_int_equal(add(tx, 3, S("one")), E_CONFLICT);
    assert_int_equal(db_savepoint_end(tx, false), OK);
    assert_int_equal(db_savepoint(tx), OK);
    assert_int_equal(db_savepoint_end(tx, false), OK);
    assert_int_equal(add(tx, 4, S("four")), OK);
    assert_int_equal(db_commit(tx), OK);
    tx = begin(f, DB_READ);
    struct thing *rows = NULL;
    ptrdiff_t n = 0;
    assert_int_equal(db_all(tx, S(SELECT_THINGS "ORDER BY id"), NO_ARGS, COLS(thing_cols),
                         (ptrdiff_t)sizeof *rows, &rows, &n),
        OK);
    assert_int_equal(n, 2);
    assert_int_equal(rows[1].id.v, 4);
    assert_int_equal(db_commit(tx), OK);
}

static void a_commit_keeps_the_rest_when_the_last_item_was_undone(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_WRITE);
    assert_int_equal(add(tx, 1, S("one")), OK);
    assert_int_equal(db_savepoint(tx), OK);
    assert_int_equal(add(tx, 2, S("one")), E_CONFLICT);
    assert_int_equal(db_savepoint_end(tx, false), OK);
    assert_int_equal(db_commit(tx), OK);
    tx = begin(f, DB_READ);
    assert_true(str_eq(get(tx, 1).name, S("one")));
    assert_int_equal(db_commit(tx), OK);
}

static void a_rollback_leaves_nothing(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_WRITE);
    assert_int_equal(add(tx, 1, S("one")), OK);
    assert_int_equal(db_rollback(tx), OK);
    tx = begin(f, DB_WRITE);
    assert_int_equal(add(tx, 1, S("one")), OK);
    assert_int_equal(db_rollback(tx), OK);
}

static void a_read_transaction_may_not_write(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_READ);
    assert_int_equal(add(tx, 1, S("one")), E_INTERNAL);
    assert_int_equal(db_rollback(tx), OK);
    assert_int_equal(f->logged, 1);
}

static void a_column_without_a_member_is_our_bug(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_READ);
    struct thing row;
    assert_int_equal(
        db_one(tx, S("SELECT id, amount FROM thing"), NO_ARGS, COLS(thing_cols), &row), E_INTERNAL);
    assert_int_equal(db_rollback(tx), OK);
    tx = begin(f, DB_READ);
    assert_int_equal(
        db_one(tx, S("SELECT id, amount AS price FROM thing"), NO_ARGS, thing_cols, 2, &row),
        E_INTERNAL);
    assert_int_equal(db_rollback(tx), OK);
    assert_int_equal(f->logged, 2);
}

static void a_wrong_number_of_parameters_is_our_bug(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_WRITE);
    assert_int_equal(db_run(tx, S("DELETE FROM thing WHERE id = ?1"), NO_ARGS, NULL), E_INTERNAL);
    assert_int_equal(db_rollback(tx), OK);
    assert_int_equal(f->logged, 1);
}

struct sum {
    int64_t total, n;
    double mean;
};
static const struct db_col sum_cols[] = {
    COL(struct sum, total), COL(struct sum, n), COL(struct sum, mean)};

static void sums_counts_and_means_fit_their_members(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_WRITE);
    for (int64_t i = 1; i <= 4; i++)
        assert_int_equal(add(tx, i * 100000000000, S("")), OK);
    struct sum row;
    assert_int_equal(db_one(tx,
                         S("SELECT SUM(amount) AS total, COUNT(*) AS n, AVG(amount) AS mean "
                           "FROM thing"),
                         NO_ARGS, COLS(sum_cols), &row),
        OK);
    assert_int_equal(row.total, 10000000000000);
    assert_int_equal(row.n, 4);
    assert_true(row.mean > 2.49e12 && row.mean < 2.51e12);
    assert_int_equal(db_rollback(tx), OK);
}

/* ── many rows at once ── */

static const str insert_row = S_INIT("INSERT INTO thing (id, amount, is_open, share, name, bytes, "
                                     "parent_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
                                     "ON CONFLICT (id) DO NOTHING RETURNING id");
static const str insert_set =
    S_INIT("INSERT INTO thing (id, amount, is_open, share, name, bytes, parent_id) "
           "SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], "
           "?4::double precision[], ?5::text[], ?6::bytea[], ?7::bigint[]) "
           "ON CONFLICT (id) DO NOTHING RETURNING id");
struct id_row {
    message_id id;
};
static const struct db_col id_cols[] = {COL(struct id_row, id)};

/* Texts that a wrong quoting would break; chosen by a counter, so that a failure can be repeated.
 */
static str odd_text(struct arena *a, uint64_t *seed)
{
    static const char *const pieces[] = {"'", "\"", "\\", ",", "{", "}", "NULL", "null", " ", "\t",
        "\n", "😀", "আ", "ü", "$1", "?1", "--", ";", "\\x", "a", ""};
    struct sb b = sb_make(a, 0);
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    uint64_t r = *seed;
    for (unsigned n = (unsigned)(r >> 60); n > 0; n--) {
        r = r * 6364136223846793005u + 1442695040888963407u;
        sb_add(&b, str_from(pieces[(r >> 33) % (sizeof pieces / sizeof pieces[0])]));
    }
    return sb_str(&b);
}

static void many_rows_keep_every_byte(void **state)
{
    enum { N = 500 };
    struct fixture *f = fixture_of(state);
    struct thing *in = NEW(&f->a, struct thing, N);
    uint64_t seed = 1;
    for (int i = 0; i < N; i++) {
        str text = odd_text(&f->a, &seed);
        in[i] = (struct thing){.id = {i + 1},
            .amount = -i,
            .is_open = i % 2 == 0,
            .share = i / 4.0,
            .name = str_print(&f->a, "%d%.*s", i, SARG(text)),
            .bytes = {odd_text(&f->a, &seed)},
            .parent_id = {i % 3}};
    }
    struct db_tx *tx = begin(f, DB_WRITE);
    struct id_row *ids = NULL;
    ptrdiff_t n = 0;
    assert_int_equal(db_many_all(tx, insert_row, insert_set, COLS(thing_cols), in,
                         (ptrdiff_t)sizeof *in, N, COLS(id_cols), (ptrdiff_t)sizeof *ids, &ids, &n),
        OK);
    assert_int_equal(n, N);
    for (int i = 0; i < N; i++) {
        struct thing row = get(tx, i + 1);
        assert_int_equal(row.amount, -i);
        assert_int_equal(row.is_open, i % 2 == 0);
        assert_true(row.share - i / 4.0 < 0.001 && i / 4.0 - row.share < 0.001);
        assert_true(str_eq(row.name, in[i].name));
        assert_true(str_eq(row.bytes.bytes, in[i].bytes.bytes));
        assert_int_equal(row.parent_id.v, i % 3);
    }
    int64_t changed = 0;
    assert_int_equal(db_run(tx, S("DELETE FROM thing WHERE parent_id IS NULL"), NO_ARGS, &changed),
        OK); /* an id of 0 was written as NULL */
    assert_int_equal(changed, 167);
    assert_int_equal(db_many_all(tx, insert_row, insert_set, COLS(thing_cols), in,
                         (ptrdiff_t)sizeof *in, N, COLS(id_cols), (ptrdiff_t)sizeof *ids, &ids, &n),
        OK);
    assert_int_equal(n, 167); /* only those that were missing */
    assert_int_equal(db_rollback(tx), OK);
}

static void no_rows_are_no_statement(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_WRITE);
    int64_t changed = -1;
    assert_int_equal(db_many(tx, insert_row, insert_set, COLS(thing_cols), NULL,
                         (ptrdiff_t)sizeof(struct thing), 0, &changed),
        OK);
    assert_int_equal(changed, 0);
    assert_int_equal(db_rollback(tx), OK);
}

static void a_composed_text_becomes_one_literal(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_WRITE);
    assert_int_equal(add(tx, 1, S("one")), OK);
    const char *first = NULL;
    for (int i = 0; i < 3; i++) {
        char built[64];
        memcpy(built, "DELETE FROM thing WHERE id = ?1", sizeof "DELETE FROM thing WHERE id = ?1");
        str sql;
        assert_int_equal(db_text(str_from(built), &sql), OK);
        assert_true(first == NULL || first == sql.at);
        first = sql.at;
        int64_t changed = 0;
        assert_int_equal(db_run(tx, sql, ARGS(A_INT(1)), &changed), OK);
        assert_int_equal(changed, i == 0);
    }
    assert_int_equal(db_rollback(tx), OK);
}

static void a_text_changed_under_its_address_is_our_bug(void **state)
{
    struct fixture *f = fixture_of(state);
    static char text[] = "DELETE FROM thing WHERE id = 1";
    struct db_tx *tx = begin(f, DB_WRITE);
    text[29] = '1';
    assert_int_equal(db_run(tx, str_from(text), NO_ARGS, NULL), OK);
    text[29] = '2';
    assert_int_equal(db_run(tx, str_from(text), NO_ARGS, NULL), E_INTERNAL);
    assert_int_equal(db_rollback(tx), OK);
    assert_int_equal(f->logged, 1);
}

static void memory_that_ends_is_busy_and_nothing_leaks_out_of_the_lock(void **state)
{
    struct fixture *f = fixture_of(state);
    struct db_tx *tx = begin(f, DB_WRITE);
    assert_int_equal(add(tx, 1, S("a name that needs some memory to be read back")), OK);
    assert_int_equal(db_commit(tx), OK);
    struct arena small = arena_make(64);
    struct thing *rows = NULL;
    ptrdiff_t n = 0;
    assert_int_equal(db_begin(f->db, DB_WRITE, &small, &tx), OK);
    assert_int_equal(db_all(tx, S(SELECT_THINGS "ORDER BY id"), NO_ARGS, COLS(thing_cols),
                         (ptrdiff_t)sizeof *rows, &rows, &n),
        E_BUSY);
    assert_int_equal(db_rollback(tx), OK);
    arena_free(&small);
    tx = begin(f, DB_WRITE);
    assert_int_equal(add(tx, 2, S("two")), OK);
    assert_int_equal(db_commit(tx), OK);
}

/* A plan may be worth more for one value than for another, here for what is in the partial index;
 * planning at each run costs more than that. */
static void a_statement_is_prepared_once_whatever_it_is_given(void **state)
{
    struct fixture *f = fixture_of(state);
    static const int64_t amounts[] = {10, 20, 10, 30};
    struct db_tx *tx = begin(f, DB_WRITE);
    assert_int_equal(add(tx, 1, S("few")), OK);
    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
        struct thing *rows = NULL;
        ptrdiff_t n = 0;
        assert_int_equal(db_all(tx, S(SELECT_THINGS "WHERE amount = ?1 AND share < ?2"),
                             ARGS(A_INT(amounts[i]), A_REAL(1)), COLS(thing_cols),
                             (ptrdiff_t)sizeof *rows, &rows, &n),
            OK);
        assert_int_equal(n, amounts[i] == 10);
    }
    sqlite3 *handle = ((struct lite_conn *)(void *)tx)->handle; /* the transaction is its first */
    sqlite3_stmt *asked = sqlite3_next_stmt(handle, NULL);
    while (asked && !strstr(sqlite3_sql(asked), "share < ?2"))
        asked = sqlite3_next_stmt(handle, asked);
    assert_non_null(asked);
    assert_int_equal(sqlite3_stmt_status(asked, SQLITE_STMTSTATUS_REPREPARE, 0), 0);
    assert_int_equal(sqlite3_stmt_status(asked, SQLITE_STMTSTATUS_RUN, 0), 4);
    assert_int_equal(db_rollback(tx), OK);
}

#define ON_BOTH(test)                                                                              \
    {#test " (SQLite)", test, set_up_sqlite, tear_down, NULL},                                     \
    {                                                                                              \
#test " (PostgreSQL)", test, set_up_postgres, tear_down, NULL                              \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(a_row_is_read_back_as_it_was_written),
        ON_BOTH(null_reads_as_zero_and_the_empty_text),
        ON_BOTH(an_empty_text_is_not_null),
        ON_BOTH(a_missing_row_is_not_found_and_no_failure),
        ON_BOTH(all_rows_come_in_order),
        ON_BOTH(a_unique_violation_is_a_conflict_and_spoils_the_transaction),
        ON_BOTH(a_savepoint_undoes_one_item_and_keeps_the_rest),
        ON_BOTH(a_commit_keeps_the_rest_when_the_last_item_was_undone),
        ON_BOTH(a_rollback_leaves_nothing),
        ON_BOTH(a_read_transaction_may_not_write),
        ON_BOTH(a_column_without_a_member_is_our_bug),
        ON_BOTH(a_wrong_number_of_parameters_is_our_bug),
        ON_BOTH(sums_counts_and_means_fit_their_members),
        ON_BOTH(many_rows_keep_every_byte),
        ON_BOTH(no_rows_are_no_statement),
        ON_BOTH(a_composed_text_becomes_one_literal),
        ON_BOTH(a_text_changed_under_its_address_is_our_bug),
        cmocka_unit_test_setup_teardown(
            a_statement_is_prepared_once_whatever_it_is_given, set_up_sqlite, tear_down),
        ON_BOTH(memory_that_ends_is_busy_and_nothing_leaks_out_of_the_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
