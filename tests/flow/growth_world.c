/* growth_world: see growth_world.h. */
#include "growth_world.h"

#include "care/history.h"
#include "db/driver.h"

#include <stdlib.h>

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

void growth_to(struct test_app *app, int first, int last)
{
    enum { BATCH = 500 };
    for (int at = first; at < last; at += BATCH) {
        struct ctx *cx = test_begin(app);
        struct history h;
        struct history_line *lines = NEW(cx->arena, struct history_line, BATCH);
        int n = last - at < BATCH ? last - at : BATCH;
        for (int i = 0; i < n; i++) {
            int k = at + i, minute = k % 60, hour = k / 60 % 24, day = 1 + k / 1440 % 28;
            lines[i].text = str_print(cx->arena,
                "{\"channel\":\"api\",\"id\":\"m%d\",\"thread\":\"t%d\",\"direction\":\"in\","
                "\"at\":\"2025-12-%02dT%02d:%02d:00Z\",\"text\":\"Where is my order %d?\","
                "\"from\":{\"id\":\"p%d\",\"name\":\"P%d\"}}",
                k, k, day, hour, minute, k, k, k);
        }
        assert_ok(history_open(cx, &h));
        assert_ok(history_take_many(cx, &h, lines, n));
        for (int i = 0; i < n; i++)
            assert_int_equal(lines[i].fate, HISTORY_ADDED);
        test_commit(app, cx);
    }
    test_index(app);
    if (db_kind_of(app->db) == DB_POSTGRES) {
        struct ctx *cx = test_begin(app);
        assert_ok(
            db_run(cx->db, S("ANALYZE conversation, message, contact, identity"), NO_ARGS, NULL));
        test_commit(app, cx);
    }
}

void growth_make(struct test_app *app, str sql, const struct db_arg *args, ptrdiff_t n)
{
    struct ctx *cx = test_begin(app);
    assert_ok(db_run(cx->db, sql, args, n, NULL));
    test_commit(app, cx);
}

void growth_watch(struct test_app *app)
{
    db_watch(app->db, hear, NULL);
}

void growth_begin(void)
{
    counted.work = 0;
    counted.is_on = true;
}

int64_t growth_end(void)
{
    counted.is_on = false;
    return counted.work;
}

int64_t growth_cost(struct test_app *app, str token, const char *path)
{
    assert_int_equal(test_request_as(app, token, "GET", path, NULL), 200); /* prepares statements */
    growth_begin();
    assert_int_equal(test_request_as(app, token, "GET", path, NULL), 200);
    return growth_end();
}
