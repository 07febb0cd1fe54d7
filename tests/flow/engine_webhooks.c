/* Events go to outgoing webhooks: those that were asked for, signed, logged, tried again; a dead
 * address is switched off and its account is told. */
#include "engine_world.h"

#include "connector/signature.h"
#include "store/webhook.h"

struct hook {
    str id, secret;
};

static struct hook hook_make(struct world *w, str url, const char *events)
{
    struct arena *a = &w->app->arena;
    str json =
        str_print(a, "{\"name\":\"peer\",\"url\":\"%.*s\",\"events\":%s}", SARG(url), events);
    assert_int_equal(test_request(w->app, "POST", "/api/v1/webhooks", str_z(a, json)), 201);
    return (struct hook){.id = test_text(w->app, "id"), .secret = test_text(w->app, "secret")};
}

static int on_hook(
    struct world *w, const struct hook *h, const char *method, const char *more, const char *json)
{
    str target = str_print(&w->app->arena, "/api/v1/webhooks/%.*s%s", SARG(h->id), more);
    return test_request(w->app, method, str_z(&w->app->arena, target), json);
}

static void an_event_reaches_the_webhook_that_asked_for_it_once(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    str why;
    const struct json *v;
    world_open(&w, *state);
    struct hook h = hook_make(&w, receiver_url(p, "/feed"), "[\"message.created\"]");
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200);
    world_run(&w);
    world_run(&w);
    assert_int_equal(receiver_count(p), 1); /* conversation.created was not asked for */
    struct posted post = receiver_post(p, 0);
    assert_str(post.event, "message.created");
    assert_ok(signature_check(post.signature, h.secret, S(""), clock_now_ms(), post.body, &why));
    assert_ok(json_parse(&w.app->arena, post.body, &v, &why));
    assert_str(json_text(json_path(v, S("data.message.text")), S("")), "hello");
    assert_int_equal(on_hook(&w, &h, "GET", "/deliveries", NULL), 200);
    assert_str(test_text(w.app, "items.0.state"), "delivered");
    assert_int_equal(test_int(w.app, "items.0.last_status"), 200);
    assert_true(str_eq(test_text(w.app, "items.0.id"), post.delivery));
    assert_true(str_eq(test_text(w.app, "items.0.request"), post.body));
    assert_true(
        str_eq(test_text(w.app, "items.0.event_id"), json_text(json_get(v, S("id")), S(""))));
    world_close(&w);
    receiver_close(p);
}

static void a_webhook_hears_nothing_of_another_account(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    account_id other;
    world_open(&w, *state);
    str stranger = test_account_add(w.app, "Other", &other);
    str json = str_print(&w.app->arena, "{\"name\":\"x\",\"url\":\"%.*s\",\"events\":[\"*\"]}",
        SARG(receiver_url(p, "/theirs")));
    assert_int_equal(
        test_request_as(w.app, stranger, "POST", "/api/v1/webhooks", str_z(&w.app->arena, json)),
        201);
    str at = str_print(&w.app->arena, "/api/v1/webhooks/%.*s", SARG(test_text(w.app, "id")));
    world_run(&w);
    ptrdiff_t before = receiver_count(p); /* its own webhook.updated */
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200);
    world_run(&w);
    assert_int_equal(receiver_count(p), before);
    assert_int_equal(test_request(w.app, "GET", str_z(&w.app->arena, at), NULL), 404);
    assert_int_equal(test_request(w.app, "DELETE", str_z(&w.app->arena, at), NULL), 404);
    world_close(&w);
    receiver_close(p);
}

static void a_failed_delivery_is_tried_again_and_its_log_says_why(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    world_open(&w, *state);
    receiver_answers(p, 500, "broken \\u0986 here", "");
    struct hook h = hook_make(&w, receiver_url(p, "/feed"), "[\"message.created\"]");
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200);
    world_run(&w);
    assert_int_equal(on_hook(&w, &h, "GET", "/deliveries", NULL), 200);
    assert_str(test_text(w.app, "items.0.state"), "failed");
    assert_str(test_text(w.app, "items.0.last_error"), "The address answered 500.");
    assert_str(test_text(w.app, "items.0.response"), "broken \\u0986 here");
    receiver_answers(p, 200, "", "");
    clock_advance(1001);
    world_run(&w);
    assert_int_equal(receiver_count(p), 2);
    assert_true(str_eq(receiver_post(p, 0).delivery, receiver_post(p, 1).delivery));
    assert_true(str_eq(receiver_post(p, 0).body, receiver_post(p, 1).body));
    assert_int_equal(on_hook(&w, &h, "GET", "/deliveries", NULL), 200);
    assert_str(test_text(w.app, "items.0.state"), "delivered");
    assert_int_equal(test_int(w.app, "items.0.attempts"), 2);
    world_close(&w);
    receiver_close(p);
}

static void a_dead_delivery_can_be_sent_again(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    world_open(&w, *state);
    receiver_answers(p, 410, "", "");
    struct hook h = hook_make(&w, receiver_url(p, "/feed"), "[\"message.created\"]");
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200);
    world_run(&w);
    assert_int_equal(on_hook(&w, &h, "GET", "/deliveries", NULL), 200);
    assert_str(test_text(w.app, "items.0.state"), "dead");
    receiver_answers(p, 200, "", "");
    str target = str_print(
        &w.app->arena, "/api/v1/deliveries/%.*s/retry", SARG(test_text(w.app, "items.0.id")));
    assert_int_equal(test_request(w.app, "POST", str_z(&w.app->arena, target), NULL), 200);
    assert_str(test_text(w.app, "state"), "queued");
    world_run(&w);
    assert_int_equal(receiver_count(p), 2);
    assert_int_equal(on_hook(&w, &h, "GET", "/deliveries", NULL), 200);
    assert_str(test_text(w.app, "items.0.state"), "delivered");
    world_close(&w);
    receiver_close(p);
}

static void a_ping_tries_the_address_even_while_the_webhook_is_off(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    world_open(&w, *state);
    struct hook h = hook_make(&w, receiver_url(p, "/feed"), "[\"message.created\"]");
    assert_int_equal(on_hook(&w, &h, "PATCH", "", "{\"is_enabled\":false}"), 200);
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200);
    world_run(&w);
    assert_int_equal(receiver_count(p), 0);
    assert_int_equal(on_hook(&w, &h, "POST", "/test", NULL), 200);
    assert_str(test_text(w.app, "event_type"), "ping");
    world_run(&w);
    assert_int_equal(receiver_count(p), 1);
    assert_str(receiver_post(p, 0).event, "ping");
    /* Enabled again it hears what happens from now on. */
    assert_int_equal(on_hook(&w, &h, "PATCH", "", "{\"is_enabled\":true}"), 200);
    assert_int_equal(hook_message(&w, "m2", "ann", "again"), 200);
    world_run(&w);
    assert_int_equal(receiver_count(p), 2);
    assert_true(str_find(receiver_post(p, 1).body, S("again")) > 0);
    world_close(&w);
    receiver_close(p);
}

static void after_a_rotation_both_secrets_sign_for_a_day(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    str why;
    world_open(&w, *state);
    struct hook h = hook_make(&w, receiver_url(p, "/feed"), "[\"message.created\"]");
    assert_int_equal(on_hook(&w, &h, "POST", "/rotate-secret", NULL), 200);
    str fresh = test_text(w.app, "secret");
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200);
    world_run(&w);
    struct posted post = receiver_post(p, 0);
    int64_t now_ms = clock_now_ms();
    assert_ok(signature_check(post.signature, fresh, S(""), now_ms, post.body, &why));
    assert_ok(signature_check(post.signature, h.secret, S(""), now_ms, post.body, &why));
    clock_advance(24 * 3600 * 1000 + 1);
    assert_int_equal(hook_message(&w, "m2", "ann", "next day"), 200);
    world_run(&w);
    post = receiver_post(p, 1);
    now_ms = clock_now_ms();
    assert_ok(signature_check(post.signature, fresh, S(""), now_ms, post.body, &why));
    assert_err(signature_check(post.signature, h.secret, S(""), now_ms, post.body, &why),
        E_UNAUTHENTICATED);
    world_close(&w);
    receiver_close(p);
}

static void a_private_address_is_never_called(void **state)
{
    struct world w;
    world_open(&w, *state);
    struct hook h = hook_make(&w, S("http://169.254.169.254/latest"), "[\"message.created\"]");
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200);
    world_run(&w);
    assert_int_equal(on_hook(&w, &h, "GET", "/deliveries", NULL), 200);
    assert_str(test_text(w.app, "items.0.state"), "dead");
    world_close(&w);
}

static void an_address_that_fails_for_days_is_switched_off_and_the_account_told(void **state)
{
    struct world w;
    struct receiver_peer *p = receiver_open();
    world_open(&w, *state);
    receiver_answers(p, 500, "", "");
    struct hook h = hook_make(&w, receiver_url(p, "/feed"), "[\"message.created\"]");
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200);
    world_run(&w);
    clock_advance(WEBHOOK_PATIENCE_MS + 1);
    world_run(&w);
    assert_int_equal(on_hook(&w, &h, "GET", "", NULL), 200);
    assert_false(json_bool(json_get(w.app->json, S("is_enabled")), true));
    assert_true(test_text(w.app, "disabled_reason").len > 0);
    assert_int_equal(
        test_request(w.app, "GET", "/api/v1/audit?action=webhook.disabled", NULL), 200);
    assert_str(test_text(w.app, "items.0.actor.kind"), "system");
    world_close(&w);
    receiver_close(p);
}

static void what_cannot_be_a_webhook_is_refused_by_name(void **state)
{
    struct world w;
    world_open(&w, *state);
    const char *const bad[][2] = {
        {"{\"name\":\"x\",\"url\":\"ftp://x\",\"events\":[\"*\"]}",            "url"   },
        {"{\"name\":\"x\",\"url\":\"https://u:p@x/\",\"events\":[\"*\"]}",     "url"   },
        {"{\"name\":\"x\",\"url\":\"https://\",\"events\":[\"*\"]}",           "url"   },
        {"{\"name\":\"x\",\"url\":\"https://x\",\"events\":[\"no.such\"]}",    "events"},
        {"{\"name\":\"x\",\"url\":\"https://x\",\"events\":[]}",               "events"},
        {"{\"name\":\"x\",\"url\":\"https://x\",\"events\":[\"*\"],\"id\":1}", "id"    },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(test_request(w.app, "POST", "/api/v1/webhooks", bad[i][0]), 400);
        assert_str(test_text(w.app, "error.field"), bad[i][1]);
    }
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(an_event_reaches_the_webhook_that_asked_for_it_once),
        TEST_APP(a_webhook_hears_nothing_of_another_account),
        TEST_APP(a_failed_delivery_is_tried_again_and_its_log_says_why),
        TEST_APP(a_dead_delivery_can_be_sent_again),
        TEST_APP(a_ping_tries_the_address_even_while_the_webhook_is_off),
        TEST_APP(after_a_rotation_both_secrets_sign_for_a_day),
        TEST_APP(a_private_address_is_never_called),
        TEST_APP(an_address_that_fails_for_days_is_switched_off_and_the_account_told),
        TEST_APP(what_cannot_be_a_webhook_is_refused_by_name),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
