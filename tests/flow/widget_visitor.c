/* Who a website chat's visitor is: sessions, resuming, the site's proof, the form before the first
 * message, limits. */
#include "files_world.h"

#include "base/crypto.h"

static char *text(struct test_app *app, str s)
{
    return str_z(&app->arena, s);
}

static int session(struct test_app *app, str body)
{
    struct http_header headers[] = {
        {S("Content-Type"), S("application/json")}
    };
    str path = str_print(&app->arena, "/widget/v1/%.*s/session", SARG(app->widget_key));
    return test_request_full(app, "POST", text(app, path), headers, 1, body);
}

static str proof(struct test_app *app, const char *user, const char *more)
{
    struct sha256 mac = crypto_hmac_sha256(app->identity_secret, str_from(user));
    return str_print(&app->arena, "{\"identity\":{\"id\":\"%s\",\"hash\":\"%.*s\"%s}}", user,
        SARG(crypto_hex(&app->arena, str_of(mac.b, sizeof mac.b))), more);
}

static str resume(struct test_app *app, str token)
{
    return str_print(&app->arena, "{\"resume_token\":\"%.*s\"}", SARG(token));
}

static void settings(struct test_app *app, const char *json)
{
    str path = str_print(&app->arena, "/api/v1/channels/%lld", (long long)app->widget.v);
    str body = str_print(&app->arena, "{\"settings\":%s}", json);
    assert_int_equal(test_request(app, "PATCH", text(app, path), text(app, body)), 200);
}

static int64_t rows(struct test_app *app, str sql)
{
    struct number {
        int64_t n;
    } row;
    static const struct db_col cols[] = {COL(struct number, n)};
    struct ctx *cx = test_begin(app);
    assert_ok(db_one(cx->db, sql, NO_ARGS, COLS(cols), &row));
    test_rollback(app, cx);
    return row.n;
}

static void who_only_looks_leaves_no_trace(void **state)
{
    struct test_app *app = *state;
    assert_int_equal(session(app, S("{\"page\":{\"url\":\"https://shop.example/\"}}")), 200);
    assert_int_equal(json_bool(json_get(app->json, S("is_new")), false), true);
    assert_int_equal(json_path(app->json, S("conversation"))->kind, JSON_NULL);
    str token = test_text(app, "token");
    assert_int_equal(visitor_get(app, token, "conversation"), 200);
    assert_int_equal(visitor_post(app, token, "page", "{\"url\":\"https://shop.example/a\"}"), 204);
    assert_int_equal(visitor_post(app, token, "typing", "{\"is_typing\":true}"), 204);
    assert_int_equal(rows(app, S("SELECT /* test */ COUNT(*) AS n FROM contact")), 0);
    assert_int_equal(rows(app, S("SELECT /* test */ COUNT(*) AS n FROM visitor")), 0);
}

static void a_browser_resumes_where_it_was(void **state)
{
    struct test_app *app = *state;
    str token = visitor_begin(app);
    str visitor = test_text(app, "visitor_id");
    (void)visitor_says(app, token, "c1", "hello");
    clock_advance(3600000);
    assert_int_equal(session(app, resume(app, token)), 200);
    assert_true(str_eq(visitor, test_text(app, "visitor_id")));
    assert_str(test_text(app, "conversation.status"), "open");
    assert_int_equal(json_bool(json_get(app->json, S("is_new")), true), false);
    assert_int_equal(visitor_get(app, test_text(app, "token"), "conversation"), 200);
    assert_str(test_text(app, "messages.0.text"), "hello");
}

static void a_bad_or_old_token_begins_anew(void **state)
{
    struct test_app *app = *state;
    str token = visitor_begin(app);
    str visitor = test_text(app, "visitor_id");
    char *forged = text(app, token);
    forged[20] = forged[20] == 'A' ? 'B' : 'A';
    assert_int_equal(visitor_get(app, str_from(forged), "conversation"), 401);
    assert_int_equal(session(app, resume(app, str_from(forged))), 200);
    assert_false(str_eq(visitor, test_text(app, "visitor_id")));
    clock_advance(INT64_C(366) * 24 * 3600 * 1000);
    assert_int_equal(visitor_get(app, token, "conversation"), 401);
    assert_int_equal(session(app, resume(app, token)), 200);
    assert_false(str_eq(visitor, test_text(app, "visitor_id")));
}

static void a_proved_user_is_the_same_person_on_every_device(void **state)
{
    struct test_app *app = *state;
    const char *more = ",\"name\":\"Ann\",\"email\":\"ann@shop.example\"";
    assert_int_equal(session(app, proof(app, "user-7", more)), 200);
    assert_str(test_text(app, "contact.name"), "Ann");
    str phone = test_text(app, "token"), first = test_text(app, "visitor_id");
    (void)visitor_says(app, phone, "c1", "from the phone");
    assert_int_equal(session(app, proof(app, "user-7", "")), 200);
    assert_false(str_eq(first, test_text(app, "visitor_id")));
    str desk = test_text(app, "token");
    assert_int_equal(visitor_get(app, desk, "conversation"), 200);
    assert_str(test_text(app, "messages.0.text"), "from the phone");
    (void)visitor_says(app, desk, "c2", "from the desk");
    assert_int_equal(rows(app, S("SELECT /* test */ COUNT(*) AS n FROM contact")), 1);
    assert_int_equal(rows(app, S("SELECT /* test */ COUNT(*) AS n FROM conversation")), 1);
    assert_int_equal(session(app, proof(app, "user-8", "")), 200);
    assert_int_equal(visitor_get(app, test_text(app, "token"), "conversation"), 200);
    assert_int_equal(json_path(app->json, S("messages"))->count, 0);
}

static void what_was_written_before_signing_in_goes_along(void **state)
{
    struct test_app *app = *state;
    str token = visitor_begin(app);
    (void)visitor_says(app, token, "c1", "before");
    str body = proof(app, "user-7", "");
    body = str_print(&app->arena, "%.*s,\"resume_token\":\"%.*s\"}",
        SARG(str_sub(body, 0, body.len - 1)), SARG(token));
    assert_int_equal(session(app, body), 200);
    str proved = test_text(app, "token");
    /* Its answer was lost: the browser sends it again as the person it is now. */
    assert_int_equal(
        visitor_post(app, proved, "messages", "{\"client_id\":\"c1\",\"text\":\"before\"}"), 200);
    assert_int_equal(visitor_get(app, proved, "conversation"), 200);
    assert_int_equal(json_path(app->json, S("messages"))->count, 1);
    assert_str(test_text(app, "messages.0.text"), "before");
    assert_int_equal(rows(app, S("SELECT /* test */ COUNT(*) AS n FROM contact")), 1);
}

static void a_wrong_proof_is_refused(void **state)
{
    struct test_app *app = *state;
    str right = proof(app, "user-7", "");
    str other = str_print(&app->arena, "{\"identity\":{\"id\":\"user-8\",%.*s",
        SARG(str_skip(right, str_find(right, S("\"hash\"")))));
    assert_int_equal(session(app, other), 401);
    assert_str(test_text(app, "error.code"), "unauthenticated.identity");
    assert_int_equal(session(app, S("{\"identity\":{\"id\":\"user-7\",\"hash\":\"00\"}}")), 400);
    assert_int_equal(session(app, S("{\"identity\":{\"id\":\"user-7\"}}")), 400);
    assert_int_equal(session(app, S("{\"identity\":{\"id\":\"user-7\",\"hash\":\"0000000000000000"
                                    "000000000000000000000000000000000000000000000000\"}}")),
        401);
    assert_int_equal(rows(app, S("SELECT /* test */ COUNT(*) AS n FROM contact")), 0);
}

static void a_chat_for_signed_in_users_asks_for_the_proof(void **state)
{
    struct test_app *app = *state;
    settings(app, "{\"require_identity\":true}");
    assert_int_equal(session(app, S("{}")), 403);
    assert_str(test_text(app, "error.code"), "forbidden.identity_required");
    assert_int_equal(session(app, proof(app, "user-7", "")), 200);
}

static void an_unknown_key_or_a_switched_off_chat_is_not_found(void **state)
{
    struct test_app *app = *state;
    struct http_header headers[] = {
        {S("Content-Type"), S("application/json")}
    };
    const char *paths[] = {"/widget/v1/nobody/config", "/widget/v1/nobody/launcher.js"};
    for (int i = 0; i < 2; i++)
        assert_int_equal(test_request_full(app, "GET", paths[i], NULL, 0, S("")), 404);
    assert_int_equal(
        test_request_full(app, "POST", "/widget/v1/nobody/session", headers, 1, S("{}")), 404);
    str token = visitor_begin(app);
    str path = str_print(&app->arena, "/api/v1/channels/%lld", (long long)app->widget.v);
    assert_int_equal(test_request(app, "PATCH", text(app, path), "{\"is_enabled\":false}"), 200);
    assert_int_equal(session(app, S("{}")), 404);
    assert_int_equal(visitor_get(app, token, "conversation"), 401);
}

static void the_config_shows_looks_and_no_secrets(void **state)
{
    struct test_app *app = *state;
    settings(app, "{\"greeting\":\"Hi\",\"color\":\"#1a6b4f\",\"allowed_origins\":"
                  "[\"https://shop.example\"],\"launcher_text\":\"</script>\"}");
    str path = str_print(&app->arena, "/widget/v1/%.*s/config", SARG(app->widget_key));
    assert_int_equal(test_request_full(app, "GET", text(app, path), NULL, 0, S("")), 200);
    assert_str(test_text(app, "settings.greeting"), "Hi");
    assert_null(json_path(app->json, S("settings.allowed_origins")));
    assert_true(str_find(app->body, app->identity_secret) < 0);
    path = str_print(&app->arena, "/widget/v1/%.*s/launcher.js", SARG(app->widget_key));
    assert_int_equal(test_request_full(app, "GET", text(app, path), NULL, 0, S("")), 200);
    assert_true(str_starts(app->body, S("Seva.configure({")));
    assert_true(str_find(app->body, S("#1a6b4f")) > 0 && str_find(app->body, S("</")) < 0);
    assert_str(test_answer_header(app, "Cross-Origin-Resource-Policy"), "cross-origin");
}

#define FORM                                                                                       \
    "{\"prechat\":{\"enabled\":true,\"consent_text\":\"I agree\",\"fields\":["                     \
    "{\"key\":\"email\",\"label\":\"Mail\",\"type\":\"email\",\"required\":true},"                 \
    "{\"key\":\"order\",\"label\":\"Order\",\"type\":\"text\",\"required\":false}]}}"

static void the_form_before_the_first_message_makes_a_contact(void **state)
{
    struct test_app *app = *state;
    settings(app, FORM);
    str token = visitor_begin(app);
    const char *good = "{\"fields\":{\"email\":\"ann@shop.example\",\"name\":\"Ann\","
                       "\"order\":\" 1234 \"},\"consent\":true}";
    assert_int_equal(visitor_post(app, token, "prechat", good), 204);
    assert_int_equal(test_request(app, "GET", "/api/v1/contacts", NULL), 200);
    assert_str(test_text(app, "items.0.email"), "ann@shop.example");
    assert_str(test_text(app, "items.0.custom.order"), "1234");
    assert_int_equal(
        rows(app, S("SELECT /* test */ COUNT(*) AS n FROM visitor WHERE consent_ms > 0")), 1);
    (void)visitor_says(app, token, "c1", "hello");
    assert_int_equal(rows(app, S("SELECT /* test */ COUNT(*) AS n FROM contact")), 1);
}

static void the_form_takes_what_the_channel_asks_for_only(void **state)
{
    struct test_app *app = *state;
    settings(app, FORM);
    str token = visitor_begin(app);
    const char *bad[] = {
        "{\"fields\":{\"email\":\"a@b.example\",\"is_admin\":\"1\"},\"consent\":true}",
        "{\"fields\":{\"email\":\"a@b.example\",\"order\":5},\"consent\":true}",
        "{\"fields\":{\"order\":\"5\"},\"consent\":true}",
        "{\"fields\":{\"email\":\" \"},\"consent\":true}",
        "{\"fields\":{\"email\":\"a@b.example\"},\"consent\":false}",
        "{\"fields\":[],\"consent\":true}",
        "{\"fields\":{\"email\":\"a\\u0007@b.example\"},\"consent\":true}",
        "{\"fields\":{\"email\":\"a@b.example\"},\"consent\":true,\"account_id\":\"1\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (visitor_post(app, token, "prechat", bad[i]) != 400)
            fail_msg("%s: %d", bad[i], app->status);
    assert_int_equal(rows(app, S("SELECT /* test */ COUNT(*) AS n FROM contact")), 0);
}

static void a_flood_of_messages_is_held_back(void **state)
{
    struct test_app *app = *state;
    str token = visitor_begin(app), other = visitor_begin(app);
    for (int i = 0; i < 40; i++)
        (void)visitor_says(app, token, text(app, str_print(&app->arena, "c%d", i)), "again");
    assert_int_equal(
        visitor_post(app, token, "messages", "{\"client_id\":\"x\",\"text\":\"more\"}"), 429);
    assert_str(test_text(app, "error.code"), "limit.throttled");
    (void)visitor_says(app, other, "o1", "I am somebody else");
    clock_advance(1000);
    (void)visitor_says(app, token, "x", "more");
}

static void a_flood_of_visitors_of_one_address_is_held_back(void **state)
{
    struct test_app *app = *state;
    int taken = 0;
    for (int i = 0; i < 110; i++)
        taken +=
            visitor_post(app, visitor_begin(app), "messages",
                text(app, str_print(&app->arena, "{\"client_id\":\"n%d\",\"text\":\"x\"}", i))) ==
            201;
    assert_int_equal(taken, 100);
    assert_int_equal(rows(app, S("SELECT /* test */ COUNT(*) AS n FROM contact")), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(who_only_looks_leaves_no_trace),
        TEST_APP(a_browser_resumes_where_it_was),
        TEST_APP(a_bad_or_old_token_begins_anew),
        TEST_APP(a_proved_user_is_the_same_person_on_every_device),
        TEST_APP(what_was_written_before_signing_in_goes_along),
        TEST_APP(a_wrong_proof_is_refused),
        TEST_APP(a_chat_for_signed_in_users_asks_for_the_proof),
        TEST_APP(an_unknown_key_or_a_switched_off_chat_is_not_found),
        TEST_APP(the_config_shows_looks_and_no_secrets),
        TEST_APP(the_form_before_the_first_message_makes_a_contact),
        TEST_APP(the_form_takes_what_the_channel_asks_for_only),
        TEST_APP(a_flood_of_messages_is_held_back),
        TEST_APP(a_flood_of_visitors_of_one_address_is_held_back),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
