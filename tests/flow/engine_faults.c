/* Memory that ends and a disk that fails, at every point of what the engine does: receiving,
 * sending a reply, feeding and calling webhooks, trying again, upkeep. Whatever fails, the engine
 * says E_BUSY at most, and when memory and disk are back everything arrives: replies once per
 * message, events under one delivery id each. The disk fails below SQLite (support/fault_vfs.h). */
#include "engine_world.h"

#include "../support/fault_vfs.h"
#include "base/limits.h"
#include "job/inner.h"

#include <sqlite3.h>

enum { POINTS_MOST = 400, ROUNDS_MOST = 30 };

struct breakage {
    bool is_memory;
    enum fault_op op;
    long count; /* so many calls fail from the nth on */
    int code;
};
static const struct breakage one_allocation = {.is_memory = true, .count = 1};
static const struct breakage no_memory_left = {.is_memory = true, .count = 1000000};
static const struct breakage disk_full = {.op = FAULT_WRITE, .count = 3, .code = SQLITE_FULL};
static const struct breakage disk_bad = {.op = FAULT_WRITE, .count = 1, .code = SQLITE_IOERR_WRITE};
static const struct breakage unreadable = {.op = FAULT_READ, .count = 1, .code = SQLITE_IOERR_READ};

static long fault_calls(const struct breakage *f)
{
    return f->is_memory ? alloc_calls() : fault_vfs_calls(f->op);
}

static void fault_at(const struct breakage *f, long nth)
{
    if (f->is_memory)
        alloc_fail_at(nth, nth ? f->count : 0);
    else
        fault_vfs_fail(f->op, nth, nth ? f->count : 0, f->code);
}

/* What may be logged while things fail; anything else fails the test. */
static void failures_are_expected(void)
{
    static const char *const warnings[] = {
        "database error",
        "a group of writes was lost",
        "a job is left to the end of its lease",
        "request not done",
    };
    static const char *const errors[] = {"a job's end could not be written"};
    for (size_t i = 0; i < sizeof warnings / sizeof *warnings; i++) {
        log_line(LOG_WARN, warnings[i]); /* so that there is one of each */
        test_log_had(LOG_WARN, warnings[i]);
    }
    log_line(LOG_ERROR, errors[0]);
    test_log_had(LOG_ERROR, errors[0]);
}

struct scene {
    struct world w;
    struct receiver_peer *peer;
    str conversation;
    str message; /* the reply under way */
};

static void open_scene(struct scene *s, struct test_app *app)
{
    *s = (struct scene){.peer = receiver_open()};
    world_open(&s->w, app);
    struct arena *a = &app->arena;
    str target = str_print(a, "/api/v1/channels/%lld", (long long)app->api_channel.v);
    str json = str_print(
        a, "{\"settings\":{\"reply_url\":\"%.*s\"}}", SARG(receiver_url(s->peer, "/replies")));
    assert_int_equal(test_request(app, "PATCH", str_z(a, target), str_z(a, json)), 200);
    json = str_print(a,
        "{\"name\":\"feed\",\"url\":\"%.*s\",\"events\":[\"message.created\",\"message.updated\"]}",
        SARG(receiver_url(s->peer, "/feed")));
    assert_int_equal(test_request(app, "POST", "/api/v1/webhooks", str_z(a, json)), 201);
    assert_int_equal(hook_message(&s->w, "first", "ann", "hello"), 200);
    world_run(&s->w);
    s->conversation = conversation_newest(&s->w);
}

static void close_scene(struct scene *s)
{
    world_close(&s->w);
    receiver_close(s->peer);
}

/* A delivery that waits to be received, a reply that is due and events that wait to be told. */
static void set_the_scene(struct scene *s, long nth)
{
    struct arena *a = &s->w.app->arena;
    const char *id = str_z(a, str_print(a, "in-%ld", nth));
    s->message = reply(&s->w, s->conversation, id);
    clock_advance(6000);
    assert_int_equal(hook_message(&s->w, id, "ann", id), 200);
}

static ptrdiff_t posts_of(struct scene *s, str delivery)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < receiver_count(s->peer); i++)
        n += str_eq(receiver_post(s->peer, i).delivery, delivery);
    return n;
}

/* Everything is back: leases run out, pauses go by, until all has arrived. */
static void recover(struct scene *s)
{
    for (int round = 0; round < ROUNDS_MOST; round++) {
        clock_advance(LIMIT_JOB_LEASE_MS + 1);
        assert_ok(runner_free_expired(s->w.engine, false));
        world_run(&s->w);
        assert_int_equal(test_request(s->w.app, "GET", "/api/v1/jobs?state=dead", NULL), 200);
        assert_null(json_path(s->w.app->json, S("items.0")));
        assert_int_equal(test_request(s->w.app, "GET", "/api/v1/jobs?state=queued", NULL), 200);
        bool is_idle = json_path(s->w.app->json, S("items.0")) == NULL;
        if (is_idle && str_eq(message_state(&s->w, s->conversation, s->message), S("sent")))
            return;
        clock_advance(LIMIT_JOB_BACKOFF_MS);
    }
    assert_int_equal(test_request(s->w.app, "GET", "/api/v1/jobs?state=queued", NULL), 200);
    fail_msg("the reply did not go out (%.*s): %.*s",
        SARG(message_state(&s->w, s->conversation, s->message)), SARG(s->w.app->body));
}

/* One id for each event, and every message told. */
static void check_feed(struct scene *s, ptrdiff_t from, const char *text)
{
    str why;
    bool is_told = false;
    struct arena *a = &s->w.app->arena;
    ptrdiff_t n = receiver_count(s->peer);
    for (ptrdiff_t i = from; i < n; i++) {
        struct posted one = receiver_post(s->peer, i);
        const struct json *event = NULL;
        if (!str_eq(one.path, S("/feed")))
            continue;
        assert_ok(json_parse(a, one.body, &event, &why));
        is_told |=
            str_eq(json_text(json_path(event, S("data.message.text")), S("")), str_from(text));
        for (ptrdiff_t k = i + 1; k < n; k++) {
            struct posted other = receiver_post(s->peer, k);
            if (str_eq(other.path, S("/feed")) && str_eq(other.body, one.body))
                assert_true(str_eq(other.delivery, one.delivery));
        }
    }
    assert_true(is_told);
}

/* The nth call fails, for every n that one turn of everything has. first_status: what the peer
 * answers while things fail. */
static void fail_at_every_point(struct test_app *app, const struct breakage *f, int first_status)
{
    struct scene s;
    long nth = 0;
    int busy = 0;
    bool has_failed = true;
    open_scene(&s, app);
    while (has_failed && ++nth < POINTS_MOST) {
        ptrdiff_t from = receiver_count(s.peer);
        set_the_scene(&s, nth);
        receiver_answers(s.peer, first_status, "", "");
        long before = fault_calls(f);
        fault_at(f, nth);
        err e = engine_run_due(s.w.engine);
        fault_at(f, 0);
        has_failed = fault_calls(f) - before >= nth;
        busy += e == E_BUSY;
        if (e != OK && e != E_BUSY)
            fail_msg("failing at %ld gave %s", nth, err_name(e));
        failures_are_expected();
        receiver_answers(s.peer, 200, "", "");
        recover(&s);
        assert_true(posts_of(&s, s.message) >= 1);
        check_feed(&s, from, str_z(&app->arena, str_print(&app->arena, "in-%ld", nth)));
    }
    close_scene(&s);
    assert_true(nth > 4 && nth < POINTS_MOST);
    assert_true(busy > 0);
}

static void an_allocation_that_fails_anywhere_loses_nothing(void **state)
{
    fail_at_every_point(*state, &one_allocation, 200);
}

static void memory_that_ends_anywhere_loses_nothing(void **state)
{
    fail_at_every_point(*state, &no_memory_left, 200);
}

static void an_allocation_that_fails_while_a_peer_refuses_loses_nothing(void **state)
{
    fail_at_every_point(*state, &one_allocation, 500);
}

static bool is_sqlite(struct test_app *app)
{
    return db_kind_of(app->db) == DB_SQLITE;
}

static void a_disk_that_is_full_at_any_point_loses_nothing(void **state)
{
    if (is_sqlite(*state))
        fail_at_every_point(*state, &disk_full, 200);
}

static void a_write_that_fails_at_any_point_loses_nothing(void **state)
{
    if (is_sqlite(*state))
        fail_at_every_point(*state, &disk_bad, 500);
}

static void a_read_that_fails_at_any_point_loses_nothing(void **state)
{
    if (is_sqlite(*state))
        fail_at_every_point(*state, &unreadable, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(an_allocation_that_fails_anywhere_loses_nothing),
        TEST_APP(memory_that_ends_anywhere_loses_nothing),
        TEST_APP(an_allocation_that_fails_while_a_peer_refuses_loses_nothing),
        TEST_APP(a_disk_that_is_full_at_any_point_loses_nothing),
        TEST_APP(a_write_that_fails_at_any_point_loses_nothing),
        TEST_APP(a_read_that_fails_at_any_point_loses_nothing),
    };
    if (test_app_is_skipped())
        return 77;
    fault_vfs_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
