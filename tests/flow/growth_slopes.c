/* What a screen costs does not grow with the account: requests are counted in steps of the database
 * (SQLite: of its machine, and pages asked for; PostgreSQL: pages asked for), over accounts of n to
 * 8 n conversations. Never by the clock. */
#include "test_app.h"

#include "care/history.h"
#include "db/driver.h"

#include <stdlib.h>

enum { FIRST = 500, DOUBLINGS = 3 };

static struct {
    int64_t before_steps, work;
    bool is_on;
} counted;

struct number {
    int64_t value;
};
static const struct db_col number_cols[] = {COL(struct number, value)};

/* PostgreSQL: pages asked for by this transaction so far, of our own tables and indexes. */
static int64_t blocks(struct db_tx *tx)
{
    static const char sql[] =
        "SELECT CAST(COALESCE(SUM(pg_stat_get_xact_blocks_fetched(oid)), 0) AS BIGINT) AS value"
        " FROM pg_class WHERE relnamespace = current_schema()::regnamespace";
    struct number row = {0};
    int64_t changed = 0;
    struct row_sink sink = {.cols = number_cols, .n_cols = 1, .rows = (char *)&row, .is_one = true};
    static const struct db_arg none[1];
    if (tx->db->driver->exec(tx, str_of(sql, sizeof sql - 1), none, 0, &sink, &changed) != OK)
        abort();
    return row.value;
}

static int64_t work_of(struct db_tx *tx)
{
    int64_t steps = 0, pages = 0;
    if (tx->db->kind == DB_POSTGRES)
        return blocks(tx);
    sqlite_work(tx, &steps, &pages);
    return steps + pages;
}

static void hear(void *arg, struct db_tx *tx, const struct db_said *said)
{
    (void)arg;
    if (!counted.is_on || tx->failed || !said->sql.len)
        return;
    if (!said->is_over)
        counted.before_steps = work_of(tx);
    else
        counted.work += work_of(tx) - counted.before_steps;
}

/* Messages first … last, a minute apart: each in a conversation of its own, or all in one. */
static void grow(struct test_app *app, const char *thread, int first, int last)
{
    enum { BATCH = 500 };
    for (int at = first; at < last; at += BATCH) {
        struct ctx *cx = test_begin(app);
        struct history h;
        struct history_line *lines = NEW(cx->arena, struct history_line, BATCH);
        int n = last - at < BATCH ? last - at : BATCH;
        for (int i = 0; i < n; i++) {
            int k = at + i, p = *thread ? 0 : k, minute = k % 60, hour = k / 60 % 24,
                day = 1 + k / 1440 % 28;
            lines[i].text = str_print(cx->arena,
                "{\"channel\":\"api\",\"id\":\"%sm%d\",\"thread\":\"%st%d\",\"direction\":\"in\","
                "\"at\":\"2025-12-%02dT%02d:%02d:00Z\",\"text\":\"Where is my order %d?\","
                "\"from\":{\"id\":\"p%d\",\"name\":\"P%d\"}}",
                thread, k, thread, p, day, hour, minute, k, p, p);
        }
        assert_ok(history_open(cx, &h));
        assert_ok(history_take_many(cx, &h, lines, n));
        for (int i = 0; i < n; i++)
            assert_int_equal(lines[i].fate, HISTORY_ADDED);
        test_commit(app, cx);
    }
    if (db_kind_of(app->db) == DB_POSTGRES) {
        struct ctx *cx = test_begin(app);
        assert_ok(
            db_run(cx->db, S("ANALYZE conversation, message, contact, identity"), NO_ARGS, NULL));
        test_commit(app, cx);
    }
}

static int64_t cost(struct test_app *app, const char *path)
{
    assert_int_equal(test_request(app, "GET", path, NULL), 200); /* prepares the statements */
    counted.work = 0;
    counted.is_on = true;
    assert_int_equal(test_request(app, "GET", path, NULL), 200);
    counted.is_on = false;
    return counted.work;
}

static void assert_cost(struct test_app *app, const char *const *paths, int n, const int64_t *first)
{
    for (int i = 0; i < n; i++) {
        int64_t last = cost(app, paths[i]);
        print_message("# %s: %lld, %lld\n", paths[i], (long long)first[i], (long long)last);
        if (last > first[i] + first[i] / 2 + 20)
            fail_msg("%s costs %lld, and %lld of eight times the size", paths[i],
                (long long)first[i], (long long)last);
    }
}

static void a_screen_costs_as_much_in_an_account_of_eight_times_the_size(void **state)
{
    struct test_app *app = *state;
    grow(app, "", 0, FIRST);
    assert_int_equal(
        test_request(app, "GET", "/api/v1/conversations?status=open,resolved", NULL), 200);
    char *one = str_z(&app->arena,
        str_print(&app->arena, "/api/v1/conversations/%.*s", SARG(test_text(app, "items.0.id"))));
    const char *paths[] = {"/api/v1/conversations?status=open,resolved&limit=50",
        "/api/v1/conversations?status=open,resolved&sort=oldest&limit=50",
        "/api/v1/conversations?status=open,resolved&sort=due&limit=50",
        "/api/v1/conversations?status=open,resolved&sort=waiting&limit=50",
        "/api/v1/contacts?limit=50", one,
        str_z(&app->arena, str_cat(&app->arena, str_from(one), S("/messages?limit=50")))};
    enum { PATHS = sizeof paths / sizeof paths[0] };
    int64_t first[PATHS];
    db_watch(app->db, hear, NULL);
    for (int i = 0; i < PATHS; i++)
        first[i] = cost(app, paths[i]);
    for (int d = 0; d < DOUBLINGS; d++)
        grow(app, "", FIRST << d, FIRST << (d + 1));
    assert_cost(app, paths, PATHS, first);
}

static void a_page_costs_as_much_in_a_conversation_of_eight_times_the_length(void **state)
{
    struct test_app *app = *state;
    grow(app, "long", 0, FIRST);
    assert_int_equal(
        test_request(app, "GET", "/api/v1/conversations?status=open,resolved", NULL), 200);
    char *one = str_z(&app->arena, str_print(&app->arena, "/api/v1/conversations/%.*s/messages",
                                       SARG(test_text(app, "items.0.id"))));
    str newest = str_cat(&app->arena, str_from(one), S("?limit=50"));
    assert_int_equal(test_request(app, "GET", str_z(&app->arena, newest), NULL), 200);
    str id = str_copy(&app->arena, test_text(app, "items.0.id"));
    const char *paths[] = {str_z(&app->arena, newest),
        str_z(&app->arena, str_print(&app->arena, "%s?limit=20&around=%.*s", one, SARG(id))),
        str_z(&app->arena, str_print(&app->arena, "%s?limit=20&after=%.*s", one, SARG(id)))};
    enum { PATHS = sizeof paths / sizeof paths[0] };
    int64_t first[PATHS];
    db_watch(app->db, hear, NULL);
    for (int i = 0; i < PATHS; i++)
        first[i] = cost(app, paths[i]);
    for (int d = 0; d < DOUBLINGS; d++)
        grow(app, "long", FIRST << d, FIRST << (d + 1));
    assert_cost(app, paths, PATHS, first);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_screen_costs_as_much_in_an_account_of_eight_times_the_size),
        TEST_APP(a_page_costs_as_much_in_a_conversation_of_eight_times_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
