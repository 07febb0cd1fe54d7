/* Replies go out: signed, once per delivery id, tried again, given up in sight of the agent. */
#include "engine_world.h"

#include "base/limits.h"
#include "connector/signature.h"
#include "store/job.h"

static void channel_settings(struct world *w, str url)
{
    struct arena *a = &w->app->arena;
    str target = str_print(a, "/api/v1/channels/%lld", (long long)w->app->api_channel.v);
    str json = str_print(a, "{\"settings\":{\"reply_url\":\"%.*s\"}}", SARG(url));
    int status = test_request(w->app, "PATCH", str_z(a, target), str_z(a, json));
    if (status != 200)
        fail_msg("channel answered %d %.*s", status, SARG(w->app->body));
}

/* A conversation of the API channel whose replies go to the peer, and an answer in it. */
static str answered(struct world *w, struct receiver_peer *p, str *conversation)
{
    channel_settings(w, receiver_url(p, "/replies"));
    assert_int_equal(hook_message(w, "m1", "ann", "hello"), 200);
    world_run(w);
    *conversation = conversation_newest(w);
    return reply(w, *conversation, "how can I help?");
}

static void a_reply_is_held_and_then_reaches_the_reply_address_signed(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    str c, why;
    world_open(&w, *state);
    receiver_answers(p, 200, "{\"id\":\"ext-9\"}", "");
    str m = answered(&w, p, &c);
    world_run(&w);
    assert_int_equal(receiver_count(p), 0);
    assert_str(message_state(&w, c, m), "held");
    clock_advance(6000);
    world_run(&w);
    world_run(&w);
    assert_int_equal(receiver_count(p), 1);
    struct posted post = receiver_post(p, 0);
    assert_str(post.path, "/replies");
    assert_str(post.event, "message.outgoing");
    assert_true(str_eq(post.delivery, m));
    assert_ok(signature_check(
        post.signature, w.app->source_secret, S(""), clock_now_ms(), post.body, &why));
    const struct json *v;
    assert_ok(json_parse(&w.app->arena, post.body, &v, &why));
    assert_str(json_text(json_path(v, S("data.message.text")), S("")), "how can I help?");
    assert_str(json_text(json_path(v, S("data.contact.external_id")), S("")), "ann");
    assert_str(message_state(&w, c, m), "sent");
    world_close(&w);
    receiver_close(p);
}

static void a_failing_address_is_tried_again_under_the_same_delivery_id(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    str c;
    world_open(&w, *state);
    receiver_answers(p, 500, "", "");
    str m = answered(&w, p, &c);
    clock_advance(6000);
    world_run(&w);
    assert_int_equal(receiver_count(p), 1);
    assert_str(message_state(&w, c, m), "sending");
    clock_advance(1001); /* the first pause is at most one second */
    world_run(&w);
    assert_int_equal(receiver_count(p), 2);
    receiver_answers(p, 204, "", "");
    clock_advance(2001);
    world_run(&w);
    assert_int_equal(receiver_count(p), 3);
    assert_true(str_eq(receiver_post(p, 0).delivery, receiver_post(p, 2).delivery));
    assert_str(message_state(&w, c, m), "sent");
    world_close(&w);
    receiver_close(p);
}

static void retry_after_is_honoured(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    str c;
    world_open(&w, *state);
    receiver_answers(p, 429, "", "120");
    (void)answered(&w, p, &c);
    clock_advance(6000);
    world_run(&w);
    clock_advance(119000);
    world_run(&w);
    assert_int_equal(receiver_count(p), 1);
    clock_advance(1000);
    world_run(&w);
    assert_int_equal(receiver_count(p), 2);
    world_close(&w);
    receiver_close(p);
}

static void after_a_day_of_tries_the_reply_has_failed_and_its_job_is_dead(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    str c;
    world_open(&w, *state);
    receiver_answers(p, 503, "", "");
    str m = answered(&w, p, &c);
    clock_advance(6000);
    world_run(&w);
    clock_advance(25 * 3600 * 1000);
    world_run(&w);
    assert_str(message_state(&w, c, m), "failed");
    assert_int_equal(test_request(w.app, "GET", "/api/v1/jobs?state=dead", NULL), 200);
    assert_str(test_text(w.app, "items.0.kind"), "send");
    assert_str(test_text(w.app, "items.0.last_error"), "The reply address answered 503.");
    str target =
        str_print(&w.app->arena, "/api/v1/jobs/%.*s", SARG(test_text(w.app, "items.0.id")));
    assert_int_equal(test_request(w.app, "DELETE", str_z(&w.app->arena, target), NULL), 204);
    world_close(&w);
    receiver_close(p);
}

static void an_address_that_will_never_take_it_fails_at_once(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    str c;
    world_open(&w, *state);
    receiver_answers(p, 422, "", "");
    str m = answered(&w, p, &c);
    clock_advance(6000);
    world_run(&w);
    assert_str(message_state(&w, c, m), "failed");
    clock_advance(3600 * 1000);
    world_run(&w);
    assert_int_equal(receiver_count(p), 1);
    world_close(&w);
    receiver_close(p);
}

static void a_private_address_is_refused_by_the_egress_guard(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    str c;
    world_open(&w, *state);
    (void)answered(&w, p, &c);
    channel_settings(&w, S("http://10.0.0.1:9/replies"));
    clock_advance(6000);
    world_run(&w);
    assert_int_equal(receiver_count(p), 0);
    assert_int_equal(test_request(w.app, "GET", "/api/v1/jobs?state=dead", NULL), 200);
    assert_str(test_text(w.app, "items.0.kind"), "send");
    world_close(&w);
    receiver_close(p);
}

static void replies_of_one_conversation_go_in_order(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    str c, why;
    const struct json *v;
    world_open(&w, *state);
    receiver_answers(p, 500, "", "");
    (void)answered(&w, p, &c);
    clock_advance(100);
    str second = reply(&w, c, "and also this");
    clock_advance(6000);
    world_run(&w);
    assert_int_equal(receiver_count(p), 1); /* the second waits behind the first */
    receiver_answers(p, 200, "", "");
    clock_advance(1001);
    world_run(&w);
    assert_int_equal(receiver_count(p), 3);
    assert_ok(json_parse(&w.app->arena, receiver_post(p, 2).body, &v, &why));
    assert_str(json_text(json_path(v, S("data.message.text")), S("")), "and also this");
    assert_str(message_state(&w, c, second), "sent");
    world_close(&w);
    receiver_close(p);
}

static void a_reply_that_was_under_way_when_the_process_ended_goes_again_under_its_id(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    str c;
    const struct job_row *jobs;
    ptrdiff_t n;
    world_open(&w, *state);
    str m = answered(&w, p, &c);
    clock_advance(6000);
    struct ctx *cx = test_begin(w.app); /* a claim whose claimer is no more */
    assert_ok(job_claim(cx->db, 1, cx->now_ms, (struct job_room){10, 10, false},
        (struct job_abreast){99, 99}, &jobs, &n));
    assert_true(n >= 1);
    test_commit(w.app, cx);
    clock_advance(LIMIT_NETWORK_LEASE_MS +
                  1000); /* PostgreSQL: its lease runs out; SQLite: nobody else can have it */
    world_engine_again(&w);
    if (db_kind_of(w.app->db) == DB_POSTGRES) {
        cx = test_begin(w.app);
        int64_t freed;
        assert_ok(job_free_expired(cx->db, cx->now_ms, false, 0, &freed));
        test_commit(w.app, cx);
    }
    world_run(&w);
    assert_int_equal(receiver_count(p), 1);
    assert_true(str_eq(receiver_post(p, 0).delivery, m));
    assert_str(message_state(&w, c, m), "sent");
    world_close(&w);
    receiver_close(p);
}

static void the_channel_reports_what_became_of_a_reply(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    str c;
    world_open(&w, *state);
    str m = answered(&w, p, &c);
    clock_advance(6000);
    world_run(&w);
    const char *read = str_z(&w.app->arena,
        str_print(&w.app->arena,
            "{\"statuses\":[{\"message_id\":\"%.*s\",\"state\":\"read\"},"
            "{\"message_id\":\"12345\",\"state\":\"read\"},{\"message_id\":\"x\",\"state\":1}]}",
            SARG(m)));
    assert_int_equal(hook_status(&w, read), 200);
    assert_int_equal(test_int(w.app, "accepted"), 1);
    assert_int_equal(test_int(w.app, "unknown"), 2);
    assert_str(message_state(&w, c, m), "read");
    const char *late = str_z(&w.app->arena,
        str_print(&w.app->arena,
            "{\"statuses\":[{\"message_id\":\"%.*s\",\"state\":\"delivered\"}]}", SARG(m)));
    assert_int_equal(hook_status(&w, late), 200);
    assert_str(message_state(&w, c, m), "read"); /* only forward */
    world_close(&w);
    receiver_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(a_reply_is_held_and_then_reaches_the_reply_address_signed),
        TEST_APP(a_failing_address_is_tried_again_under_the_same_delivery_id),
        TEST_APP(retry_after_is_honoured),
        TEST_APP(after_a_day_of_tries_the_reply_has_failed_and_its_job_is_dead),
        TEST_APP(an_address_that_will_never_take_it_fails_at_once),
        TEST_APP(a_private_address_is_refused_by_the_egress_guard),
        TEST_APP(replies_of_one_conversation_go_in_order),
        TEST_APP(a_reply_that_was_under_way_when_the_process_ended_goes_again_under_its_id),
        TEST_APP(the_channel_reports_what_became_of_a_reply),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
