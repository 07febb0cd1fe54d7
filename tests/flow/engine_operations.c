/* Operations: health, readiness, figures; upkeep; the queue as people see it. */
#include "engine_world.h"

#include "base/limits.h"
#include "store/event.h"
#include "store/job.h"
#include "store/link.h"
#include "store/session.h"
#include "store/throttle.h"

static int get(struct test_app *app, const char *target, str token)
{
    const struct http_header headers[] = {
        {S("Authorization"), str_cat(&app->arena, S("Bearer "), token)},
    };
    return test_request_full(app, "GET", target, headers, token.len ? 1 : 0, S(""));
}

static void the_server_says_that_it_is_there_and_ready(void **state)
{
    struct test_app *app = *state;
    assert_int_equal(get(app, "/healthz", S("")), 200);
    assert_int_equal(get(app, "/readyz", S("")), 200);
}

static void figures_are_for_the_machine_itself_or_the_metrics_token(void **state)
{
    struct world w;
    world_open(&w, *state);
    struct test_app *app = w.app;
    assert_int_equal(get(app, "/metrics", S("")), 403); /* the tests' peer is 192.0.2.7 */
    assert_int_equal(get(app, "/metrics", app->owner_token), 403);
    app->config.metrics_token = S("scrape-me");
    assert_int_equal(get(app, "/metrics", S("scrape-m")), 403);
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200);
    clock_advance(2500);
    assert_int_equal(get(app, "/metrics", S("scrape-me")), 200);
    assert_true(str_find(app->body, S("\nseva_inbox_waiting 1\n")) > 0);
    assert_true(str_find(app->body, S("\nseva_inbox_lag_seconds 2.500\n")) > 0);
    assert_true(str_find(app->body, S("\nseva_messages_received_total 0\n")) > 0);
    world_run(&w);
    assert_int_equal(get(app, "/metrics", S("scrape-me")), 200);
    assert_true(str_find(app->body, S("\nseva_inbox_waiting 0\n")) > 0);
    assert_true(str_find(app->body, S("\nseva_messages_received_total 1\n")) > 0);
    world_close(&w);
}

static struct event_pos tail_of(struct test_app *app)
{
    struct event_pos tail;
    struct ctx *cx = test_begin(app);
    assert_ok(event_tail(cx->db, &tail));
    test_commit(app, cx);
    return tail;
}

static void upkeep_forgets_what_is_old_and_nothing_else(void **state)
{
    struct world w;
    world_open(&w, *state);
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200);
    world_run(&w);
    struct event_pos first = tail_of(w.app);
    clock_advance(INT64_C(20) * 24 * 3600 * 1000);
    world_run(&w);
    assert_int_equal(event_pos_cmp(tail_of(w.app), first), 0);
    assert_int_equal(hook_message(&w, "m2", "ann", "later"), 200);
    world_run(&w);
    clock_advance(INT64_C(11) * 24 * 3600 * 1000);
    world_run(&w);
    assert_true(event_pos_cmp(tail_of(w.app), first) > 0);
    /* The message is known for ever, although its delivery has been forgotten. */
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200);
    assert_int_equal(test_int(w.app, "accepted"), 1);
    world_run(&w);
    assert_int_equal(engine_stats(w.engine).receive_duplicates, 1);
    world_close(&w);
}

struct kept_rows {
    int64_t links, throttles, answers, sessions;
};
static const struct db_col kept_cols[] = {
    COL(struct kept_rows, links),
    COL(struct kept_rows, throttles),
    COL(struct kept_rows, answers),
    COL(struct kept_rows, sessions),
};

static struct kept_rows kept_rows(struct test_app *app)
{
    struct kept_rows kept = {0};
    struct ctx *cx = test_begin(app);
    assert_ok(db_one(cx->db,
        S("SELECT /* test */ (SELECT COUNT(*) FROM link) AS links, "
          "(SELECT COUNT(*) FROM throttle) AS throttles, "
          "(SELECT COUNT(*) FROM idempotency) AS answers, "
          "(SELECT COUNT(*) FROM session) AS sessions"),
        NO_ARGS, COLS(kept_cols), &kept));
    test_commit(app, cx);
    return kept;
}

/* Who guesses names and passwords leaves a row for each of them. */
static void upkeep_forgets_links_sessions_and_failed_sign_ins(void **state)
{
    enum { DAY_MS = 24 * 3600 * 1000, GUESSES = LIMIT_UPKEEP_ROWS + 1 };
    struct world w;
    world_open(&w, *state);
    const struct kept_rows before = kept_rows(w.app);
    struct ctx *cx = test_begin(w.app);
    str token;
    session_id session;
    int64_t expires_ms;
    for (int i = 0; i < GUESSES; i++)
        assert_ok(throttle_fail(cx, str_print(cx->arena, "mail%d@example.com", i), 3));
    assert_ok(link_add(cx, (login_id){7}, (agent_id){7}, S("reset"), &token, &expires_ms));
    assert_ok(session_open(
        cx, (login_id){7}, (agent_id){7}, S("192.0.2.7"), S("browser"), &session, &token));
    test_commit(w.app, cx);
    assert_int_equal(kept_rows(w.app).throttles, before.throttles + GUESSES);
    world_run(&w);
    assert_int_equal(kept_rows(w.app).throttles, before.throttles + GUESSES);
    clock_advance(2 * THROTTLE_FORGET_MS);
    world_run(&w);
    struct kept_rows after = kept_rows(w.app);
    assert_int_equal(after.throttles, 0);
    assert_int_equal(after.links, before.links + 1);
    assert_int_equal(after.sessions, before.sessions + 1);
    clock_advance(LINK_RESET_MS + LINK_KEEP_MS + DAY_MS);
    world_run(&w);
    after = kept_rows(w.app);
    assert_int_equal(after.links, before.links);
    assert_int_equal(after.sessions, before.sessions + 1);
    clock_advance(SESSION_IDLE_MS + DAY_MS);
    world_run(&w);
    assert_int_equal(kept_rows(w.app).sessions, 0); /* the owner's own, too */
    world_close(&w);
}

static void a_job_of_a_kind_we_do_not_know_waits_for_somebody_who_does(void **state)
{
    struct world w;
    world_open(&w, *state);
    struct ctx *cx = test_begin(w.app);
    assert_ok(job_add(cx, &(struct job_new){.kind = S("from-the-future"), .key = S("1")}));
    test_commit(w.app, cx);
    world_run(&w);
    assert_int_equal(test_request(w.app, "GET", "/api/v1/jobs?state=queued", NULL), 200);
    assert_str(test_text(w.app, "items.0.kind"), "from-the-future");
    assert_int_equal(test_int(w.app, "items.0.attempts"), 1);
    str at = str_print(&w.app->arena, "/api/v1/jobs/%.*s", SARG(test_text(w.app, "items.0.id")));
    str again = str_cat(&w.app->arena, at, S("/retry"));
    assert_int_equal(test_request(w.app, "POST", str_z(&w.app->arena, again), NULL), 200);
    assert_int_equal(test_int(w.app, "attempts"), 0);
    assert_int_equal(test_request(w.app, "DELETE", str_z(&w.app->arena, at), NULL), 204);
    assert_int_equal(test_request(w.app, "DELETE", str_z(&w.app->arena, at), NULL), 404);
    assert_int_equal(test_request(w.app, "GET", "/api/v1/jobs?state=odd", NULL), 400);
    world_close(&w);
}

/* An answer whose try is to be repeated, one that nobody has tried yet, and upkeep. */
static void check_clock_set_back(struct test_app *app, bool is_between_runs)
{
    struct world w;
    struct receiver_peer *peer = receiver_open();
    world_open(&w, app);
    str target = str_print(&app->arena, "/api/v1/channels/%lld", (long long)app->api_channel.v);
    str json = str_print(&app->arena, "{\"settings\":{\"reply_url\":\"%.*s\"}}",
        SARG(receiver_url(peer, "/replies")));
    assert_int_equal(
        test_request(app, "PATCH", str_z(&app->arena, target), str_z(&app->arena, json)), 200);
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200);
    world_run(&w);
    int64_t before_ms = clock_now_ms();
    clock_fix(before_ms + INT64_C(24) * 3600 * 1000);
    world_run(&w);
    str conversation = conversation_newest(&w);
    receiver_answers(peer, 503, "", "");
    str tried = reply(&w, conversation, "tried");
    clock_advance(6000);
    world_run(&w);
    assert_string_equal(str_z(&app->arena, message_state(&w, conversation, tried)), "sending");
    str fresh = reply(&w, conversation, "fresh");
    receiver_answers(peer, 200, "", "");
    clock_fix(before_ms + 10000);
    if (!is_between_runs)
        world_engine_again(&w);
    world_run(&w);
    clock_advance(LIMIT_JOB_BACKOFF_MS); /* the pause that it had, at most */
    world_run(&w);
    clock_advance(LIMIT_JOB_BACKOFF_MS); /* the one after it waited for its turn */
    world_run(&w);
    assert_string_equal(str_z(&app->arena, message_state(&w, conversation, tried)), "sent");
    assert_string_equal(str_z(&app->arena, message_state(&w, conversation, fresh)), "sent");
    world_close(&w);
    receiver_close(peer);
}

static void a_clock_set_back_a_day_holds_up_no_answer(void **state)
{
    check_clock_set_back(*state, true);
    test_log_had(LOG_WARN, "the clock was set back; what waits goes on by the new time");
}

static void a_clock_set_back_while_the_server_was_away_holds_up_no_answer(void **state)
{
    check_clock_set_back(*state, false);
    test_log_had(LOG_WARN, "the clock was set back; what waits goes on by the new time");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(the_server_says_that_it_is_there_and_ready),
        TEST_APP(figures_are_for_the_machine_itself_or_the_metrics_token),
        TEST_APP(a_clock_set_back_a_day_holds_up_no_answer),
        TEST_APP(a_clock_set_back_while_the_server_was_away_holds_up_no_answer),
        TEST_APP(upkeep_forgets_what_is_old_and_nothing_else),
        TEST_APP(upkeep_forgets_links_sessions_and_failed_sign_ins),
        TEST_APP(a_job_of_a_kind_we_do_not_know_waits_for_somebody_who_does),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
