/* growth_world: see growth_world.h. */
#include "growth_world.h"

#include "care/history.h"
#include "db/driver.h"

#include <stdlib.h>

static struct {
    const struct db_tx *tx; /* looked at last, in a transaction of which `seen` was the work */
    int64_t seen, before_steps, work;
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
    if (!said->sql.len)
        counted.tx = NULL;
    if (!counted.is_on || tx->failed || !said->sql.len)
        return;
    /* The indexer's queue: rows that left it lie there until PostgreSQL tidies up, and a plan that
     * was kept from when it was empty reads them. */
    if (str_find(said->sql, S("FROM search_queue")) > 0) {
        counted.tx = NULL;
        return;
    }
    int64_t work = work_of(tx);
    if (!said->is_over && counted.tx == tx && db_tx_kind(tx) == DB_POSTGRES)
        counted.work += work - counted.seen; /* flew ahead with this look (db_ahead) */
    if (!said->is_over)
        counted.before_steps = work;
    else
        counted.work += work - counted.before_steps;
    counted.tx = said->is_over ? tx : NULL;
    counted.seen = work;
}

void growth_analyze(struct test_app *app)
{
    if (db_kind_of(app->db) != DB_POSTGRES)
        return;
    growth_make(app,
        S("ANALYZE conversation, message, contact, identity, conversation_read, conversation_tag, mention, audit,"
          " search_message, search_contact, letter, data_export"),
        NO_ARGS);
}

/* thread: one conversation for all, instead of one for each. */
static void import(struct test_app *app, int first, int last, bool is_thread)
{
    enum { BATCH = 500 };
    for (int at = first; at < last; at += BATCH) {
        struct ctx *cx = test_begin(app);
        struct history h;
        struct history_line *lines = NEW(cx->arena, struct history_line, BATCH);
        int n = last - at < BATCH ? last - at : BATCH;
        for (int i = 0; i < n; i++) {
            int k = at + i, minute = k % 60, hour = k / 60 % 24, day = 1 + k / 1440 % 28;
            int who = is_thread ? 0 : k;
            lines[i].text = str_print(cx->arena,
                "{\"channel\":\"api\",\"id\":\"m%d\",\"thread\":\"t%d\",\"direction\":\"in\","
                "\"at\":\"2025-12-%02dT%02d:%02d:00Z\",\"text\":\"Where is my order %d?\","
                "\"from\":{\"id\":\"p%d\",\"name\":\"P%d\"}}",
                k, who, day, hour, minute, k, who, who);
        }
        assert_ok(history_open(cx, &h));
        assert_ok(history_take_many(cx, &h, lines, n));
        for (int i = 0; i < n; i++)
            assert_int_equal(lines[i].fate, HISTORY_ADDED);
        test_commit(app, cx);
    }
    test_index(app);
    growth_analyze(app);
}

void growth_to(struct test_app *app, int first, int last)
{
    import(app, first, last, false);
}

void growth_thread(struct test_app *app, int first, int last)
{
    import(app, first, last, true);
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

static int get(struct test_app *app, str token, const char *path)
{
    return token.len ? test_request_as(app, token, "GET", path, NULL)
                     : test_request(app, "GET", path, NULL);
}

int64_t growth_cost(struct test_app *app, str token, const char *path)
{
    struct arena kept = app->arena; /* has a maximum: the answers are not kept */
    app->arena = arena_make(0);
    int status = get(app, token, path); /* prepares the statements */
    growth_begin();
    if (status == 200)
        status = get(app, token, path);
    int64_t work = growth_end();
    if (status != 200)
        fail_msg("GET %s: %d", path, status);
    arena_free(&app->arena);
    app->arena = kept;
    app->json = NULL;
    app->body = (str){0};
    return work;
}
