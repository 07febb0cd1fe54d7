/* Signing in: passwords, throttling, sessions, CSRF, second factor, links, tokens, idempotency. */
#include "test_app.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "store/agent.h"
#include "store/login.h"

#define PASSWORD "correct horse battery"

/* Gives the owner a password; Argon2id runs once per test that needs it. */
static void owner_password(struct test_app *app)
{
    struct ctx *cx = test_begin(app);
    struct agent owner;
    str hash;
    assert_ok(agent_get(cx, app->owner, &owner));
    assert_ok(crypto_password_hash(cx->arena, S(PASSWORD), &hash));
    assert_ok(login_set_password(cx, owner.login_id, hash));
    test_commit(app, cx);
}

static int sign_in(struct test_app *app, const char *password, const char *more)
{
    struct http_header headers[] = {
        {S("Content-Type"), S("application/json")}
    };
    str body = str_print(
        &app->arena, "{\"email\":\"Owner@Test.example\",\"password\":\"%s\"%s}", password, more);
    return test_request_full(app, "POST", "/api/v1/session", headers, 1, body);
}

/* The cookie value that the last answer set. */
static str cookie(struct test_app *app)
{
    str value, rest, set = test_answer_header(app, "Set-Cookie");
    assert_true(str_starts(set, S("seva_session=")));
    (void)str_cut(str_skip(set, 13), ';', &value, &rest);
    return value;
}

static void use_session(struct test_app *app)
{
    app->owner_session = cookie(app);
    app->owner_csrf = test_text(app, "csrf");
}

static void the_right_password_opens_a_session_with_a_safe_cookie(void **state)
{
    struct test_app *app = *state;
    owner_password(app);
    assert_int_equal(sign_in(app, PASSWORD, ""), 200);
    str set = test_answer_header(app, "Set-Cookie");
    assert_true(str_find(set, S("HttpOnly")) > 0 && str_find(set, S("SameSite=Lax")) > 0);
    assert_str(test_text(app, "agent.role"), "owner");
    use_session(app);
    assert_int_equal(test_request(app, "GET", "/api/v1/session", NULL), 200);
}

static void wrong_passwords_make_the_next_try_wait(void **state)
{
    struct test_app *app = *state;
    owner_password(app);
    for (int i = 0; i < 6; i++)
        assert_int_equal(sign_in(app, "wrong wrong", ""), 401);
    assert_int_equal(sign_in(app, PASSWORD, ""), 429);
    assert_str(test_text(app, "error.code"), "limit.throttled");
    assert_str(test_answer_header(app, "Retry-After"), "1");
    clock_advance(1001);
    assert_int_equal(sign_in(app, "wrong wrong", ""), 401);
    assert_int_equal(sign_in(app, PASSWORD, ""), 429);
    assert_str(test_answer_header(app, "Retry-After"), "2");
    clock_advance(2001);
    assert_int_equal(sign_in(app, PASSWORD, ""), 200);
    assert_int_equal(sign_in(app, "wrong wrong", ""), 401); /* success has cleared the count */
    assert_int_equal(sign_in(app, PASSWORD, ""), 200);
}

static void nobody_can_tell_an_unknown_mail_from_a_wrong_password(void **state)
{
    struct test_app *app = *state;
    struct http_header headers[] = {
        {S("Content-Type"), S("application/json")}
    };
    owner_password(app);
    assert_int_equal(sign_in(app, "wrong wrong", ""), 401);
    str known = test_text(app, "error.message");
    assert_int_equal(test_request_full(app, "POST", "/api/v1/session", headers, 1,
                         S("{\"email\":\"x@test.example\",\"password\":\"wrong wrong\"}")),
        401);
    assert_true(str_eq(known, test_text(app, "error.message")));
}

static void signing_in_from_a_foreign_origin_is_refused(void **state)
{
    struct test_app *app = *state;
    struct http_header headers[] = {
        {S("Content-Type"), S("application/json")    },
        {S("Origin"),       S("https://evil.example")}
    };
    str body = S("{\"email\":\"owner@test.example\",\"password\":\"" PASSWORD "\"}");
    assert_int_equal(test_request_full(app, "POST", "/api/v1/session", headers, 2, body), 403);
    assert_str(test_text(app, "error.code"), "forbidden.origin");
}

static void a_change_with_the_cookie_needs_csrf_token_and_our_origin(void **state)
{
    struct test_app *app = *state;
    const char *change = "{\"name\":\"Ada\"}";
    str good = app->owner_csrf;
    assert_int_equal(test_request(app, "PATCH", "/api/v1/me", change), 200);
    app->owner_csrf = S("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_int_equal(test_request(app, "PATCH", "/api/v1/me", change), 403);
    assert_str(test_text(app, "error.code"), "forbidden.csrf");
    str cookie_header = str_cat(&app->arena, S("seva_session="), app->owner_session);
    struct http_header headers[] = {
        {S("Cookie"),       cookie_header            },
        {S("X-Seva-CSRF"),  good                     },
        {S("Content-Type"), S("application/json")    },
        {S("Origin"),       S("https://evil.example")},
    };
    assert_int_equal(
        test_request_full(app, "PATCH", "/api/v1/me", headers, 4, str_from(change)), 403);
    assert_str(test_text(app, "error.code"), "forbidden.origin");
    assert_int_equal(
        test_request_full(app, "PATCH", "/api/v1/me", headers, 3, str_from(change)), 403);
    headers[3].value = S("http://127.0.0.1:8700"); /* the same machine by its other name */
    assert_int_equal(
        test_request_full(app, "PATCH", "/api/v1/me", headers, 4, str_from(change)), 200);
}

static void a_new_password_ends_the_other_sessions_and_renews_the_cookie(void **state)
{
    struct test_app *app = *state;
    owner_password(app);
    str other = app->owner_session, other_csrf = app->owner_csrf;
    assert_int_equal(sign_in(app, PASSWORD, ""), 200);
    use_session(app);
    str before = app->owner_session;
    assert_int_equal(test_request(app, "POST", "/api/v1/me/password",
                         "{\"current\":\"not it at all\",\"new\":\"another good one\"}"),
        401);
    assert_int_equal(test_request(app, "POST", "/api/v1/me/password",
                         "{\"current\":\"" PASSWORD "\",\"new\":\"short\"}"),
        400);
    assert_str(test_text(app, "error.field"), "new");
    assert_int_equal(test_request(app, "POST", "/api/v1/me/password",
                         "{\"current\":\"" PASSWORD "\",\"new\":\"another good one\"}"),
        200);
    use_session(app);
    assert_false(str_eq(before, app->owner_session));
    assert_int_equal(test_request(app, "GET", "/api/v1/session", NULL), 200);
    app->owner_session = before;
    assert_int_equal(test_request(app, "GET", "/api/v1/session", NULL), 401);
    app->owner_session = other;
    app->owner_csrf = other_csrf;
    assert_int_equal(test_request(app, "GET", "/api/v1/session", NULL), 401);
    assert_int_equal(sign_in(app, "another good one", ""), 200);
}

static void sessions_are_listed_and_revoked(void **state)
{
    struct test_app *app = *state;
    owner_password(app);
    str first = app->owner_session;
    assert_int_equal(sign_in(app, PASSWORD, ""), 200);
    use_session(app);
    assert_int_equal(test_request(app, "GET", "/api/v1/sessions", NULL), 200);
    assert_int_equal(json_path(app->json, S("items"))->count, 2);
    assert_int_equal(test_request(app, "POST", "/api/v1/sessions/revoke-others", NULL), 204);
    str mine = app->owner_session;
    app->owner_session = first;
    assert_int_equal(test_request(app, "GET", "/api/v1/session", NULL), 401);
    app->owner_session = mine;
    assert_int_equal(test_request(app, "DELETE", "/api/v1/session", NULL), 204);
    assert_int_equal(test_request(app, "GET", "/api/v1/session", NULL), 401);
}

static void a_session_ends_after_two_quiet_weeks(void **state)
{
    struct test_app *app = *state;
    clock_advance(INT64_C(13) * 24 * 3600 * 1000);
    assert_int_equal(test_request(app, "GET", "/api/v1/session", NULL), 200);
    clock_advance(INT64_C(13) * 24 * 3600 * 1000); /* the GET has moved the end on */
    assert_int_equal(test_request(app, "GET", "/api/v1/session", NULL), 200);
    clock_advance(INT64_C(15) * 24 * 3600 * 1000);
    assert_int_equal(test_request(app, "GET", "/api/v1/session", NULL), 401);
}

/* What an authenticator app shows now: HOTP of the 30 s step (RFC 4226, RFC 6238). */
static str totp_now(struct test_app *app, str secret32)
{
    str secret;
    uint8_t counter[8], sum[20];
    uint64_t step = (uint64_t)(clock_now_ms() / 30000);
    assert_ok(crypto_unbase32(&app->arena, secret32, &secret));
    for (int i = 7; i >= 0; i--, step >>= 8)
        counter[i] = (uint8_t)step;
    assert_ok(crypto_hmac_sha1(secret, str_of(counter, 8), sum));
    int at = sum[19] & 15;
    uint32_t v = (uint32_t)(sum[at] & 127) << 24 | (uint32_t)sum[at + 1] << 16 |
                 (uint32_t)sum[at + 2] << 8 | sum[at + 3];
    return str_print(&app->arena, "%06u", v % 1000000);
}

static void the_second_factor_is_asked_for_and_each_code_works_once(void **state)
{
    struct test_app *app = *state;
    owner_password(app);
    assert_int_equal(test_request(app, "POST", "/api/v1/me/totp", NULL), 200);
    str secret = test_text(app, "secret");
    str code = totp_now(app, secret);
    str body = str_print(&app->arena, "{\"code\":\"%.*s\"}", SARG(code));
    assert_int_equal(
        test_request(app, "POST", "/api/v1/me/totp/confirm", str_z(&app->arena, body)), 200);
    str recovery = test_text(app, "recovery_codes.0");
    assert_int_equal(json_path(app->json, S("recovery_codes"))->count, 10);
    assert_int_equal(sign_in(app, PASSWORD, ""), 401);
    assert_str(test_text(app, "error.code"), "unauthenticated.second_factor_required");
    char *replay = str_z(&app->arena, str_print(&app->arena, ",\"code\":\"%.*s\"", SARG(code)));
    assert_int_equal(sign_in(app, PASSWORD, replay), 401);
    assert_str(test_text(app, "error.code"), "unauthenticated.second_factor_wrong");
    clock_advance(60 * 1000);
    char *fresh = str_z(
        &app->arena, str_print(&app->arena, ",\"code\":\"%.*s\"", SARG(totp_now(app, secret))));
    assert_int_equal(sign_in(app, PASSWORD, fresh), 200);
    assert_int_equal(sign_in(app, PASSWORD, fresh), 401);
    char *spare = str_z(&app->arena, str_print(&app->arena, ",\"code\":\"%.*s\"", SARG(recovery)));
    assert_int_equal(sign_in(app, PASSWORD, spare), 200);
    use_session(app);
    assert_int_equal(sign_in(app, PASSWORD, spare), 401);
    assert_int_equal(
        test_request(app, "POST", "/api/v1/me/totp/disable", "{\"password\":\"wrong wrong\"}"),
        401);
    assert_int_equal(
        test_request(app, "POST", "/api/v1/me/totp/disable", "{\"password\":\"" PASSWORD "\"}"),
        204);
    assert_int_equal(sign_in(app, PASSWORD, ""), 200);
}

/* The last part of a link's address. */
static str link_token(struct test_app *app, const char *path)
{
    str url = test_text(app, path);
    return str_skip(url, str_find(url, S("/app/link/")) + 10);
}

static void an_invitation_is_taken_up_once(void **state)
{
    struct test_app *app = *state;
    assert_int_equal(test_request(app, "POST", "/api/v1/agents",
                         "{\"email\":\"New@Test.example\",\"role\":\"agent\"}"),
        201);
    assert_str(test_text(app, "agent.state"), "invited");
    str path = str_cat(&app->arena, S("/api/v1/links/"), link_token(app, "link.url"));
    char *address = str_z(&app->arena, path);
    struct http_header headers[] = {
        {S("Content-Type"), S("application/json")}
    };
    assert_int_equal(test_request_full(app, "GET", address, NULL, 0, S("")), 200);
    assert_str(test_text(app, "email"), "new@test.example");
    str body = S("{\"password\":\"quite a password\",\"name\":\"Neha\"}");
    assert_int_equal(
        test_request_full(app, "POST", address, headers, 1, S("{\"password\":\"x\"}")), 400);
    assert_int_equal(test_request_full(app, "POST", address, headers, 1, body), 200);
    assert_str(test_text(app, "agent.name"), "Neha");
    assert_str(test_text(app, "agent.state"), "active");
    assert_int_equal(test_request_full(app, "POST", address, headers, 1, body), 404);
    assert_int_equal(test_request_full(app, "GET", address, NULL, 0, S("")), 404);
}

static void a_link_expires_and_a_newer_one_replaces_it(void **state)
{
    struct test_app *app = *state;
    assert_int_equal(test_request(app, "POST", "/api/v1/agents",
                         "{\"email\":\"new@test.example\",\"role\":\"agent\"}"),
        201);
    str id = test_text(app, "agent.id");
    char *first =
        str_z(&app->arena, str_cat(&app->arena, S("/api/v1/links/"), link_token(app, "link.url")));
    char *reset =
        str_z(&app->arena, str_print(&app->arena, "/api/v1/agents/%.*s/reset-link", SARG(id)));
    assert_int_equal(test_request(app, "POST", reset, NULL), 200);
    char *second =
        str_z(&app->arena, str_cat(&app->arena, S("/api/v1/links/"), link_token(app, "url")));
    assert_int_equal(test_request_full(app, "GET", first, NULL, 0, S("")), 404);
    assert_int_equal(test_request_full(app, "GET", second, NULL, 0, S("")), 200);
    clock_advance(INT64_C(8) * 24 * 3600 * 1000);
    assert_int_equal(test_request_full(app, "GET", second, NULL, 0, S("")), 404);
}

static void an_invitation_does_not_set_the_password_of_somebody_who_has_one(void **state)
{
    struct test_app *app = *state;
    struct http_header headers[] = {
        {S("Content-Type"), S("application/json")}
    };
    owner_password(app);
    str other = test_account_add(app, "other", NULL);
    assert_int_equal(test_request_as(app, other, "POST", "/api/v1/agents",
                         "{\"email\":\"owner@test.example\",\"role\":\"agent\"}"),
        201);
    char *address =
        str_z(&app->arena, str_cat(&app->arena, S("/api/v1/links/"), link_token(app, "link.url")));
    assert_int_equal(
        test_request_full(app, "POST", address, headers, 1, S("{\"password\":\"taken over now\"}")),
        401);
    assert_int_equal(sign_in(app, "taken over now", ""), 401);
    assert_int_equal(
        test_request_full(app, "POST", address, headers, 1, S("{\"password\":\"" PASSWORD "\"}")),
        200);
    assert_int_equal(sign_in(app, PASSWORD, ""), 409);
    assert_str(test_text(app, "error.code"), "conflict.choose_account");
    assert_str(test_text(app, "error.choices.1.name"), "other");
    str choice = str_print(
        &app->arena, ",\"account_id\":\"%.*s\"", SARG(test_text(app, "error.choices.1.id")));
    assert_int_equal(sign_in(app, PASSWORD, str_z(&app->arena, choice)), 200);
    assert_str(test_text(app, "account.name"), "other");
}

static void a_reset_link_is_refused_for_somebody_of_two_accounts(void **state)
{
    struct test_app *app = *state;
    str other = test_account_add(app, "other", NULL);
    assert_int_equal(test_request_as(app, other, "POST", "/api/v1/agents",
                         "{\"email\":\"owner@test.example\",\"role\":\"agent\"}"),
        201);
    str path =
        str_print(&app->arena, "/api/v1/agents/%.*s/reset-link", SARG(test_text(app, "agent.id")));
    assert_int_equal(test_request_as(app, other, "POST", str_z(&app->arena, path), NULL), 403);
}

static void a_token_does_what_its_scopes_and_its_maker_may(void **state)
{
    struct test_app *app = *state;
    assert_int_equal(test_request(app, "POST", "/api/v1/tokens",
                         "{\"name\":\"reader\",\"scopes\":[\"agent.read\"]}"),
        201);
    str secret = test_text(app, "secret"), id = test_text(app, "id");
    assert_true(str_starts(secret, S("seva_")));
    assert_int_equal(test_request_as(app, secret, "GET", "/api/v1/agents", NULL), 200);
    assert_int_equal(test_request_as(app, secret, "GET", "/api/v1/audit", NULL), 403);
    assert_int_equal(test_request_as(app, secret, "GET", "/api/v1/sessions", NULL), 403);
    assert_int_equal(test_request(app, "GET", "/api/v1/tokens", NULL), 200);
    assert_int_equal(str_find(app->body, secret), -1);
    str path = str_cat(&app->arena, S("/api/v1/tokens/"), id);
    assert_int_equal(test_request(app, "DELETE", str_z(&app->arena, path), NULL), 204);
    assert_int_equal(test_request_as(app, secret, "GET", "/api/v1/agents", NULL), 401);
}

static void a_token_ends_at_its_time(void **state)
{
    struct test_app *app = *state;
    assert_int_equal(
        test_request(app, "POST", "/api/v1/tokens",
            "{\"name\":\"t\",\"scopes\":[\"agent.read\"],\"expires_at\":\"2026-01-02T00:00:00Z\"}"),
        201);
    str secret = test_text(app, "secret");
    assert_int_equal(test_request_as(app, secret, "GET", "/api/v1/agents", NULL), 200);
    clock_advance(INT64_C(25) * 3600 * 1000);
    assert_int_equal(test_request_as(app, secret, "GET", "/api/v1/agents", NULL), 401);
}

static int keyed(struct test_app *app, const char *key, const char *body)
{
    struct http_header headers[] = {
        {S("Authorization"),     str_cat(&app->arena, S("Bearer "), app->owner_token)},
        {S("Content-Type"),     S("application/json")                       },
        {S("Idempotency-Key"),str_from(key)},
    };
    return test_request_full(app, "POST", "/api/v1/tokens", headers, 3, str_from(body));
}

static void the_same_idempotency_key_gives_the_same_answer_once_done(void **state)
{
    struct test_app *app = *state;
    const char *body = "{\"name\":\"t\",\"scopes\":[\"agent.read\"]}";
    assert_int_equal(keyed(app, "k1", body), 201);
    str first = app->body;
    assert_int_equal(keyed(app, "k1", body), 201);
    assert_true(str_eq(first, app->body));
    assert_str(test_answer_header(app, "Idempotency-Replayed"), "true");
    assert_int_equal(keyed(app, "k1", "{\"name\":\"u\",\"scopes\":[\"agent.read\"]}"), 409);
    assert_str(test_text(app, "error.code"), "conflict.idempotency");
    assert_int_equal(keyed(app, "k2", body), 201);
    assert_int_equal(test_request(app, "GET", "/api/v1/tokens", NULL), 200);
    assert_int_equal(json_path(app->json, S("items"))->count, 3); /* the test's own, k1, k2 */
    assert_int_equal(keyed(app, "bad key", body), 400);
}

static void unknown_fields_and_bad_bodies_are_refused_by_name(void **state)
{
    struct test_app *app = *state;
    assert_int_equal(test_request(app, "PATCH", "/api/v1/me", "{\"role\":\"owner\"}"), 400);
    assert_str(test_text(app, "error.field"), "role");
    assert_int_equal(test_request(app, "PATCH", "/api/v1/me", "{\"name\":7}"), 400);
    assert_str(test_text(app, "error.field"), "name");
    assert_int_equal(test_request(app, "PATCH", "/api/v1/me", "{\"name\":"), 400);
    assert_int_equal(test_request(app, "GET", "/api/v1/agents?role=owner", NULL), 400);
    assert_int_equal(test_request(app, "DELETE", "/api/v1/agents", NULL), 405);
    assert_int_equal(test_request(app, "GET", "/api/v1/channels/x", NULL), 404);
}

/* Somebody else writes meanwhile, in this thread: who asked for the lock would wait in vain. */
static void who_may_not_write_never_waits_for_the_write_lock(void **state)
{
    struct test_app *app = *state;
    static const char tag[] = "{\"name\":\"urgent\",\"color\":\"#aa0000\"}";
    str viewer = test_agent_add(app, "viewer@example.com", "viewer", NULL);
    struct ctx *cx = test_begin(app);
    assert_int_equal(test_request_as(app, S("seva_nobody"), "POST", "/api/v1/tags", tag), 401);
    assert_int_equal(test_request_as(app, viewer, "POST", "/api/v1/tags", tag), 403);
    test_rollback(app, cx);
    assert_int_equal(test_request_as(app, app->owner_token, "POST", "/api/v1/tags", tag), 201);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(the_right_password_opens_a_session_with_a_safe_cookie),
        TEST_APP(wrong_passwords_make_the_next_try_wait),
        TEST_APP(nobody_can_tell_an_unknown_mail_from_a_wrong_password),
        TEST_APP(signing_in_from_a_foreign_origin_is_refused),
        TEST_APP(a_change_with_the_cookie_needs_csrf_token_and_our_origin),
        TEST_APP(a_new_password_ends_the_other_sessions_and_renews_the_cookie),
        TEST_APP(sessions_are_listed_and_revoked),
        TEST_APP(a_session_ends_after_two_quiet_weeks),
        TEST_APP(the_second_factor_is_asked_for_and_each_code_works_once),
        TEST_APP(an_invitation_is_taken_up_once),
        TEST_APP(a_link_expires_and_a_newer_one_replaces_it),
        TEST_APP(an_invitation_does_not_set_the_password_of_somebody_who_has_one),
        TEST_APP(a_reset_link_is_refused_for_somebody_of_two_accounts),
        TEST_APP(a_token_does_what_its_scopes_and_its_maker_may),
        TEST_APP(a_token_ends_at_its_time),
        TEST_APP(the_same_idempotency_key_gives_the_same_answer_once_done),
        TEST_APP(unknown_fields_and_bad_bodies_are_refused_by_name),
        TEST_APP(who_may_not_write_never_waits_for_the_write_lock),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
