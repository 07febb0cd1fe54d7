/* Messages come in on the API channel: verified, stored once, processed once, in order; what cannot
 * be processed is kept for people and holds nobody up. */
#include "engine_world.h"

#include "job/inner.h"

#include <stdio.h>

static void a_signed_message_becomes_a_conversation(void **state)
{
    struct world w;
    world_open(&w, *state);
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200);
    assert_int_equal(test_int(w.app, "accepted"), 1);
    assert_int_equal(w.app->woken_jobs, 1);
    world_run(&w);
    (void)conversation_newest(&w);
    assert_str(test_text(w.app, "items.0.preview"), "hello");
    assert_str(test_text(w.app, "items.0.contact.name"), "Ann");
    world_close(&w);
}

static void a_repetition_is_a_duplicate_whether_by_delivery_or_by_message(void **state)
{
    struct world w;
    world_open(&w, *state);
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200);
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200); /* the same bytes */
    assert_int_equal(test_int(w.app, "accepted"), 0);
    assert_int_equal(test_int(w.app, "duplicates"), 1);
    world_run(&w);
    assert_int_equal(
        hook_message(&w, "m1", "ann", "hello!"), 200); /* other bytes, the same message */
    assert_int_equal(test_int(w.app, "duplicates"), 1);
    assert_int_equal(
        hook_post(&w, "{\"messages\":[" /* among others */
                      "{\"id\":\"m1\",\"contact\":{\"id\":\"ann\"},\"text\":\"hello!\"},"
                      "{\"id\":\"m1\",\"contact\":{\"id\":\"ann\"},\"text\":\"hello?\"}]}"),
        200);
    assert_int_equal(test_int(w.app, "accepted"), 2);
    world_run(&w);
    struct engine_stats stats = engine_stats(w.engine);
    assert_int_equal(stats.received, 1);
    assert_int_equal(stats.receive_duplicates, 2);
    (void)conversation_newest(&w);
    assert_str(test_text(w.app, "items.0.preview"), "hello");
    assert_null(json_path(w.app->json, S("items.1")));
    world_close(&w);
}

static void what_is_not_signed_by_the_channels_secret_just_now_is_refused(void **state)
{
    struct world w;
    struct test_app *app = *state;
    const char *json = "{\"messages\":[{\"id\":\"1\",\"contact\":{\"id\":\"c\"},\"text\":\"x\"}]}";
    world_open(&w, app);
    int64_t now_ms = clock_now_ms();
    assert_int_equal(hook_post_as(&w, app->source_key, S("wrong"), now_ms, json), 401);
    assert_int_equal(
        hook_post_as(&w, app->source_key, app->source_secret, now_ms - 301000, json), 401);
    assert_int_equal(
        hook_post_as(&w, app->source_key, app->source_secret, now_ms + 301000, json), 401);
    assert_int_equal(hook_post_as(&w, S("nobody"), app->source_secret, now_ms, json), 404);
    assert_int_equal(hook_post_as(&w, app->widget_key, app->source_secret, now_ms, json), 404);
    assert_int_equal(
        hook_post_as(&w, app->source_key, app->source_secret, now_ms - 299000, json), 200);
    world_close(&w);
}

static void a_body_that_is_not_ours_is_refused_and_not_kept(void **state)
{
    struct world w;
    world_open(&w, *state);
    assert_int_equal(hook_post(&w, "{\"messages\":["), 400);
    assert_int_equal(hook_post(&w, "{\"messages\":[]}"), 400);
    assert_int_equal(hook_post(&w, "[]"), 400);
    assert_int_equal(hook_post(&w, ""), 400);
    assert_int_equal(test_request(w.app, "GET", "/api/v1/quarantine", NULL), 200);
    assert_null(json_path(w.app->json, S("items.0")));
    world_run(&w);
    assert_int_equal(engine_stats(w.engine).received, 0);
    world_close(&w);
}

static void a_malformed_item_goes_to_quarantine_and_the_rest_goes_on(void **state)
{
    struct world w;
    world_open(&w, *state);
    assert_int_equal(
        hook_post(&w, "{\"messages\":["
                      "{\"id\":\"1\",\"contact\":{\"id\":\"c\"},\"text\":\"good\"},"
                      "{\"id\":\"2\",\"contact\":{},\"text\":\"bad\",\"note\":\"\\u0986\"},"
                      "{\"id\":\"3\",\"contact\":{\"id\":\"c\"},\"text\":\"also good\"}]}"),
        200);
    world_run(&w);
    assert_int_equal(engine_stats(w.engine).received, 2);
    assert_int_equal(test_request(w.app, "GET", "/api/v1/quarantine", NULL), 200);
    assert_str(test_text(w.app, "items.0.reason"), "contact.id is missing.");
    assert_null(json_path(w.app->json, S("items.1")));
    str at =
        str_print(&w.app->arena, "/api/v1/quarantine/%.*s", SARG(test_text(w.app, "items.0.id")));
    const char *raw = str_z(&w.app->arena, str_cat(&w.app->arena, at, S("/raw")));
    assert_int_equal(test_request(w.app, "GET", raw, NULL), 200);
    assert_true(str_find(w.app->body, S("\"bad\"")) > 0);
    assert_true(str_starts(test_answer_header(w.app, "Content-Disposition"), S("attachment")));
    const char *again = str_z(&w.app->arena, str_cat(&w.app->arena, at, S("/retry")));
    assert_int_equal(test_request(w.app, "POST", again, NULL), 204);
    world_run(&w); /* it is no better now */
    assert_int_equal(test_request(w.app, "DELETE", str_z(&w.app->arena, at), NULL), 204);
    assert_int_equal(test_request(w.app, "DELETE", str_z(&w.app->arena, at), NULL), 404);
    world_close(&w);
}

static void a_mended_message_is_taken_under_the_id_of_its_refused_form(void **state)
{
    struct world w;
    world_open(&w, *state);
    assert_int_equal(
        hook_post(&w, "{\"messages\":[{\"id\":\"7\",\"contact\":{},\"text\":\"x\"}]}"), 200);
    world_run(&w);
    assert_int_equal(engine_stats(w.engine).quarantined, 1);
    assert_int_equal(hook_message(&w, "7", "ann", "x"), 200);
    assert_int_equal(test_int(w.app, "accepted"), 1);
    world_run(&w);
    assert_int_equal(engine_stats(w.engine).received, 1);
    world_close(&w);
}

static void messages_of_one_person_keep_their_order(void **state)
{
    struct world w;
    char id[16], text[16];
    world_open(&w, *state);
    for (int i = 0; i < 70; i++) { /* more than one batch */
        (void)snprintf(id, sizeof id, "m%d", i);
        (void)snprintf(text, sizeof text, "n%d", i);
        assert_int_equal(hook_message(&w, id, "ann", text), 200);
    }
    world_run(&w);
    str c = conversation_newest(&w);
    str target = str_print(&w.app->arena, "/api/v1/conversations/%.*s/messages?limit=200", SARG(c));
    assert_int_equal(test_request(w.app, "GET", str_z(&w.app->arena, target), NULL), 200);
    int n = 0;
    for (const struct json *m = json_get(w.app->json, S("items"))->first; m; m = m->next) {
        (void)snprintf(text, sizeof text, "n%d", n++);
        assert_str(json_text(json_get(m, S("text")), S("")), text);
    }
    assert_int_equal(n, 70);
    world_close(&w);
}

/* "n3 n4 | next" of a page of the timeline. */
static str page_of(struct world *w, str conversation, const char *query)
{
    struct test_app *app = w->app;
    struct sb b = sb_make(&app->arena, 0);
    str target =
        str_print(&app->arena, "/api/v1/conversations/%.*s/messages?%s", SARG(conversation), query);
    assert_int_equal(test_request(app, "GET", str_z(&app->arena, target), NULL), 200);
    for (const struct json *m = json_get(app->json, S("items"))->first; m; m = m->next)
        sb_print(&b, "%.*s ", SARG(json_text(json_get(m, S("text")), S(""))));
    sb_add(&b, json_text(json_get(app->json, S("next")), S("")).len ? S("| more") : S("|"));
    return sb_str(&b);
}

static void a_page_stands_around_a_message_and_goes_on_both_ways(void **state)
{
    struct world w;
    char id[16], text[16];
    world_open(&w, *state);
    struct test_app *app = w.app;
    for (int i = 0; i < 12; i++) {
        (void)snprintf(id, sizeof id, "m%d", i);
        (void)snprintf(text, sizeof text, "n%d", i);
        assert_int_equal(hook_message(&w, id, "ann", text), 200);
    }
    assert_int_equal(hook_message(&w, "other", "bo", "elsewhere"), 200);
    world_run(&w);
    str other = conversation_newest(&w);
    assert_str(page_of(&w, other, "limit=1"), "elsewhere |");
    str foreign = str_copy(&app->arena, test_text(app, "items.0.id"));
    assert_int_equal(test_request(app, "GET", "/api/v1/conversations?sort=oldest", NULL), 200);
    str c = str_copy(&app->arena, test_text(app, "items.0.id"));
    assert_str(page_of(&w, c, "limit=12"), "n0 n1 n2 n3 n4 n5 n6 n7 n8 n9 n10 n11 |");
    str ids[12];
    for (int i = 0; i < 12; i++)
        ids[i] = str_copy(&app->arena,
            test_text(app, str_z(&app->arena, str_print(&app->arena, "items.%d.id", i))));
    static const struct {
        const char *query;
        int message;
        const char *page;
    } rows[] = {
        {"limit=5&around=", 5,  "n3 n4 n5 n6 n7 | more"},
        {"limit=4&around=", 5,  "n4 n5 n6 n7 | more"   },
        {"limit=1&around=", 5,  "n5 | more"            },
        {"limit=5&around=", 0,  "n0 n1 n2 |"           },
        {"limit=5&around=", 11, "n9 n10 n11 | more"    },
        {"limit=3&after=",  7,  "n8 n9 n10 | more"     },
        {"limit=3&after=",  8,  "n9 n10 n11 |"         },
        {"limit=3&after=",  11, "|"                    },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        str query = str_cat(&app->arena, str_from(rows[i].query), ids[rows[i].message]);
        assert_str(page_of(&w, c, str_z(&app->arena, query)), rows[i].page);
    }
    /* `next` leads on: to older ones from the middle, to newer ones from a page after one. */
    str query = str_cat(&app->arena, S("limit=4&around="), ids[5]);
    assert_str(page_of(&w, c, str_z(&app->arena, query)), "n4 n5 n6 n7 | more");
    query = str_cat(&app->arena, S("limit=3&cursor="), test_text(app, "next"));
    assert_str(page_of(&w, c, str_z(&app->arena, query)), "n1 n2 n3 | more");
    query = str_cat(&app->arena, S("limit=3&after="), ids[5]);
    assert_str(page_of(&w, c, str_z(&app->arena, query)), "n6 n7 n8 | more");
    assert_str(test_text(app, "next"), str_z(&app->arena, ids[8]));
    static const char *const second[] = {"&after=1", "&cursor=x"};
    for (int i = 0; i < 2; i++) {
        str target = str_print(&app->arena, "/api/v1/conversations/%.*s/messages?%s=%.*s%s",
            SARG(c), i ? "after" : "around", SARG(ids[1]), second[i]);
        assert_int_equal(test_request(app, "GET", str_z(&app->arena, target), NULL), 400);
        assert_str(test_text(app, "error.field"), i ? "after" : "around");
    }
    str target = str_print(
        &app->arena, "/api/v1/conversations/%.*s/messages?around=%.*s", SARG(c), SARG(foreign));
    assert_int_equal(test_request(app, "GET", str_z(&app->arena, target), NULL), 404);
    world_close(&w);
}

/* One turn that claims and dies before it ends anything. */
static void die_in_processing(struct world *w)
{
    bool more = false;
    assert_ok(receive_turn(w->engine, &w->engine->receiver, &more));
    assert_true(more);
    clock_advance(10000); /* PostgreSQL: the dead node's lease runs out */
    world_engine_again(w);
}

static void an_item_that_ends_the_process_each_time_is_set_aside_without_its_neighbours(
    void **state)
{
    struct world w;
    world_open(&w, *state);
    assert_int_equal(hook_message(&w, "poison", "bob", "boom"), 200);
    clock_advance(1);
    assert_int_equal(hook_message(&w, "m2", "ann", "two"), 200);
    clock_advance(1);
    assert_int_equal(hook_message(&w, "m3", "ann", "three"), 200);
    for (int i = 0; i < INBOX_ATTEMPTS; i++) {
        clock_advance(RECEIVE_CALM_MS);
        die_in_processing(&w);
    }
    world_run(&w);
    assert_int_equal(engine_stats(w.engine).received, 2);
    assert_int_equal(test_request(w.app, "GET", "/api/v1/quarantine", NULL), 200);
    assert_int_equal(test_int(w.app, "items.0.attempts"), INBOX_ATTEMPTS);
    assert_null(json_path(w.app->json, S("items.1")));
    test_log_had(LOG_ERROR, "quarantine");
    world_close(&w);
}

static void an_item_hit_by_a_series_of_kills_waits_for_calm_and_then_arrives(void **state)
{
    struct world w;
    bool more = true;
    world_open(&w, *state);
    assert_int_equal(hook_message(&w, "m1", "ann", "one"), 200);
    for (int i = 0; i < INBOX_ATTEMPTS - 1; i++)
        die_in_processing(&w);
    assert_int_equal(hook_message(&w, "m2", "ann", "two"), 200);
    for (int i = 0; i < 10; i++) { /* young processes do not touch it, so it does not count */
        clock_advance(RECEIVE_CALM_MS - 1);
        assert_ok(receive_turn(w.engine, &w.engine->receiver, &more));
        assert_false(more);
        assert_true(w.engine->receiver.has_suspect);
        world_engine_again(&w);
    }
    clock_advance(RECEIVE_CALM_MS);
    world_run(&w);
    assert_int_equal(engine_stats(w.engine).received, 2);
    assert_int_equal(engine_stats(w.engine).quarantined, 0);
    world_close(&w);
}

static void a_claim_that_died_is_taken_up_again_exactly_once(void **state)
{
    struct world w;
    world_open(&w, *state);
    assert_int_equal(hook_message(&w, "m1", "ann", "hello"), 200);
    die_in_processing(&w);
    world_run(&w);
    world_run(&w);
    assert_int_equal(engine_stats(w.engine).received, 1);
    assert_int_equal(engine_stats(w.engine).receive_duplicates, 0);
    world_close(&w);
}

static void a_token_brings_messages_with_an_idempotency_key(void **state)
{
    struct world w;
    struct test_app *app = *state;
    account_id other;
    const char *json = "{\"messages\":[{\"id\":\"1\",\"contact\":{\"id\":\"c\"},\"text\":\"x\"}]}";
    world_open(&w, app);
    str target =
        str_print(&app->arena, "/api/v1/channels/%lld/inbound", (long long)app->api_channel.v);
    const char *at = str_z(&app->arena, target);
    assert_int_equal(test_request_as(app, app->owner_token, "POST", at, json), 200);
    assert_int_equal(test_int(app, "accepted"), 1);
    assert_int_equal(test_request_as(app, app->owner_token, "POST", at, json), 200);
    assert_int_equal(test_int(app, "duplicates"), 1);
    str stranger = test_account_add(app, "Other", &other);
    assert_int_equal(test_request_as(app, stranger, "POST", at, json), 404);
    assert_int_equal(test_request_as(app, S("seva_x"), "POST", at, json), 401);
    target = str_print(&app->arena, "/api/v1/channels/%lld/inbound", (long long)app->widget.v);
    assert_int_equal(
        test_request_as(app, app->owner_token, "POST", str_z(&app->arena, target), json), 400);
    world_run(&w);
    assert_int_equal(engine_stats(w.engine).received, 1);
    world_close(&w);
}

static void two_accounts_in_one_batch_stay_apart(void **state)
{
    struct world w;
    struct test_app *app = *state;
    account_id other;
    const char *json = "{\"messages\":[{\"id\":\"1\",\"contact\":{\"id\":\"c\"},\"text\":\"x\"}]}";
    world_open(&w, app);
    str stranger = test_account_add(app, "Other", &other);
    assert_int_equal(test_request_as(app, stranger, "POST", "/api/v1/channels",
                         "{\"kind\":\"api\",\"name\":\"Theirs\"}"),
        201);
    str theirs =
        str_print(&app->arena, "/api/v1/channels/%.*s/inbound", SARG(test_text(app, "id")));
    assert_int_equal(hook_post(&w, json), 200);
    assert_int_equal(test_request_as(app, stranger, "POST", str_z(&app->arena, theirs), json), 200);
    assert_int_equal(hook_message(&w, "2", "c", "mine again"), 200);
    world_run(&w);
    assert_int_equal(engine_stats(w.engine).received, 3);
    assert_int_equal(test_request_as(app, stranger, "GET", "/api/v1/conversations", NULL), 200);
    assert_str(test_text(app, "items.0.preview"), "x");
    assert_null(json_path(app->json, S("items.1")));
    (void)conversation_newest(&w);
    assert_str(test_text(app, "items.0.preview"), "mine again");
    world_close(&w);
}

/* A message whose text is "boom" cannot be stored from here on; off again with is_on = false. */
static void break_boom(struct world *w, bool is_on)
{
    struct ctx *cx = test_begin(w->app);
    bool is_sqlite = db_kind_of(w->app->db) == DB_SQLITE;
    if (is_sqlite && is_on)
        assert_ok(db_run(cx->db,
            S("CREATE TRIGGER boom BEFORE INSERT ON message WHEN new.text = 'boom' "
              "BEGIN SELECT abs(-9223372036854775807 - 1); END"),
            NO_ARGS, NULL));
    else if (is_sqlite)
        assert_ok(db_run(cx->db, S("DROP TRIGGER boom"), NO_ARGS, NULL));
    else if (is_on)
        assert_ok(db_run(cx->db,
            S("ALTER TABLE message ADD CONSTRAINT boom CHECK (text <> 'boom') NOT VALID"), NO_ARGS,
            NULL));
    else
        assert_ok(db_run(cx->db, S("ALTER TABLE message DROP CONSTRAINT boom"), NO_ARGS, NULL));
    test_commit(w->app, cx);
}

static void a_batch_that_fails_is_taken_row_by_row_and_the_row_at_fault_set_aside(void **state)
{
    struct world w;
    world_open(&w, *state);
    assert_int_equal(hook_message(&w, "m1", "ann", "one"), 200);
    clock_advance(1);
    assert_int_equal(hook_message(&w, "m2", "bob", "boom"), 200);
    clock_advance(1);
    assert_int_equal(hook_message(&w, "m3", "ann", "three"), 200);
    break_boom(&w, true);
    world_run(&w);
    break_boom(&w, false);
    assert_int_equal(engine_stats(w.engine).received, 2);
    assert_int_equal(engine_stats(w.engine).quarantined, 1);
    test_log_had(LOG_ERROR, "database error");
    test_log_had(LOG_ERROR, "delivery put into quarantine");
    assert_int_equal(test_request(w.app, "GET", "/api/v1/quarantine", NULL), 200);
    str again = str_print(
        &w.app->arena, "/api/v1/quarantine/%.*s/retry", SARG(test_text(w.app, "items.0.id")));
    assert_int_equal(test_request(w.app, "POST", str_z(&w.app->arena, again), NULL), 204);
    world_run(&w);
    assert_int_equal(engine_stats(w.engine).received, 3); /* retried after the repair */
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(a_signed_message_becomes_a_conversation),
        TEST_APP(a_repetition_is_a_duplicate_whether_by_delivery_or_by_message),
        TEST_APP(what_is_not_signed_by_the_channels_secret_just_now_is_refused),
        TEST_APP(a_body_that_is_not_ours_is_refused_and_not_kept),
        TEST_APP(a_malformed_item_goes_to_quarantine_and_the_rest_goes_on),
        TEST_APP(a_mended_message_is_taken_under_the_id_of_its_refused_form),
        TEST_APP(messages_of_one_person_keep_their_order),
        TEST_APP(a_page_stands_around_a_message_and_goes_on_both_ways),
        TEST_APP(an_item_that_ends_the_process_each_time_is_set_aside_without_its_neighbours),
        TEST_APP(an_item_hit_by_a_series_of_kills_waits_for_calm_and_then_arrives),
        TEST_APP(a_claim_that_died_is_taken_up_again_exactly_once),
        TEST_APP(a_token_brings_messages_with_an_idempotency_key),
        TEST_APP(two_accounts_in_one_batch_stay_apart),
        TEST_APP(a_batch_that_fails_is_taken_row_by_row_and_the_row_at_fault_set_aside),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
