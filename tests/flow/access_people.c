/* People, roles, teams, channels and the audit log: who may change whom, and what is left behind.
 */
#include "test_app.h"

#include "base/crypto.h"
#include "store/audit_read.h"
#include "store/source.h"

static char *z(struct test_app *app, const char *format, str s)
{
    struct sb b = sb_make(&app->arena, 0);
    for (const char *at = format; *at; at++) {
        if (*at == '$')
            sb_add(&b, s);
        else
            sb_byte(&b, *at);
    }
    return str_z(&app->arena, sb_str(&b));
}

static str id_text(struct test_app *app, int64_t id)
{
    return str_print(&app->arena, "%lld", (long long)id);
}

static void the_last_owner_stays_an_active_owner(void **state)
{
    struct test_app *app = *state;
    char *me = z(app, "/api/v1/agents/$", id_text(app, app->owner.v));
    assert_int_equal(test_request(app, "PATCH", me, "{\"role\":\"admin\"}"), 409);
    assert_str(test_text(app, "error.code"), "conflict.last_owner");
    assert_int_equal(test_request(app, "PATCH", me, "{\"is_active\":false}"), 409);
    agent_id second;
    (void)test_agent_add(app, "second@test.example", "owner", &second);
    char *other = z(app, "/api/v1/agents/$", id_text(app, second.v));
    assert_int_equal(test_request(app, "PATCH", other, "{\"role\":\"admin\"}"), 200);
    assert_int_equal(test_request(app, "PATCH", me, "{\"role\":\"agent\"}"), 409);
}

static void an_admin_neither_makes_nor_changes_owners(void **state)
{
    struct test_app *app = *state;
    str admin = test_agent_add(app, "admin@test.example", "admin", NULL);
    char *owner = z(app, "/api/v1/agents/$", id_text(app, app->owner.v));
    assert_int_equal(test_request_as(app, admin, "PATCH", owner, "{\"is_active\":false}"), 403);
    char *link = z(app, "/api/v1/agents/$/reset-link", id_text(app, app->owner.v));
    assert_int_equal(test_request_as(app, admin, "POST", link, NULL), 403);
    char *out = z(app, "/api/v1/agents/$/sign-out", id_text(app, app->owner.v));
    assert_int_equal(test_request_as(app, admin, "POST", out, NULL), 403);
    assert_int_equal(test_request_as(app, admin, "POST", "/api/v1/agents",
                         "{\"email\":\"x@test.example\",\"role\":\"owner\"}"),
        403);
    assert_int_equal(test_request_as(app, admin, "POST", "/api/v1/agents",
                         "{\"email\":\"x@test.example\",\"role\":\"admin\"}"),
        201);
}

static void nobody_gives_away_more_than_they_have(void **state)
{
    struct test_app *app = *state;
    assert_int_equal(test_request(app, "POST", "/api/v1/roles",
                         "{\"name\":\"People\",\"capabilities\":[\"agent.read\",\"agent.manage\","
                         "\"role.manage\",\"token.manage\"]}"),
        201);
    char *key = str_z(&app->arena, test_text(app, "key"));
    str people = test_agent_add(app, "people@test.example", key, NULL);
    assert_int_equal(test_request_as(app, people, "POST", "/api/v1/agents",
                         "{\"email\":\"x@test.example\",\"role\":\"viewer\"}"),
        403);
    assert_int_equal(test_request_as(app, people, "POST", "/api/v1/roles",
                         "{\"name\":\"More\",\"capabilities\":[\"audit.read\"]}"),
        403);
    assert_int_equal(test_request_as(app, people, "POST", "/api/v1/tokens",
                         "{\"name\":\"t\",\"scopes\":[\"audit.read\"]}"),
        403);
    assert_str(test_text(app, "error.field"), "scopes");
    assert_int_equal(test_request_as(app, people, "POST", "/api/v1/agents",
                         z(app, "{\"email\":\"x@test.example\",\"role\":\"$\"}", str_from(key))),
        201);
}

/* An agent with these capabilities alone; their token. */
static str agent_who_can(struct test_app *app, const char *email, const char *capabilities)
{
    str role =
        str_print(&app->arena, "{\"name\":\"%s\",\"capabilities\":[%s]}", email, capabilities);
    assert_int_equal(test_request(app, "POST", "/api/v1/roles", str_z(&app->arena, role)), 201);
    return test_agent_add(app, email, str_z(&app->arena, test_text(app, "key")), NULL);
}

static int says(struct test_app *app, str token, str conversation, const char *kind)
{
    static int number;
    str path = str_print(&app->arena, "/api/v1/conversations/%.*s/messages", SARG(conversation));
    str body = str_print(&app->arena,
        "{\"kind\":\"%s\",\"text\":\"x\",\"client_id\":\"00000000-0000-4000-8000-%012d\","
        "\"seen_message_id\":\"1\",\"force\":true}",
        kind, ++number);
    return test_request_as(app, token, "POST", str_z(&app->arena, path), str_z(&app->arena, body));
}

static void notes_and_replies_are_two_capabilities(void **state)
{
    struct test_app *app = *state;
    str begin = str_print(&app->arena,
        "{\"channel_id\":\"%lld\",\"contact\":{\"name\":\"Ann\",\"external_id\":\"ann\"},"
        "\"text\":\"hello\"}",
        (long long)app->api_channel.v);
    assert_int_equal(
        test_request(app, "POST", "/api/v1/conversations", str_z(&app->arena, begin)), 201);
    str c = test_text(app, "id");
    const char *notes = "\"conversation.read\",\"conversation.note\"";
    const char *replies = "\"conversation.read\",\"conversation.reply\"";
    str advisor = agent_who_can(app, "advisor@test.example", notes);
    str replier = agent_who_can(app, "replier@test.example", replies);
    str viewer = test_agent_add(app, "viewer@test.example", "viewer", NULL);
    assert_int_equal(says(app, advisor, c, "note"), 201);
    assert_int_equal(says(app, advisor, c, "reply"), 403);
    assert_int_equal(says(app, replier, c, "note"), 403);
    assert_int_equal(says(app, replier, c, "reply"), 201);
    assert_int_equal(says(app, viewer, c, "note"), 403);
    assert_int_equal(says(app, viewer, c, "reply"), 403);
}

static void a_role_in_use_is_not_removed(void **state)
{
    struct test_app *app = *state;
    assert_int_equal(test_request(app, "POST", "/api/v1/roles",
                         "{\"name\":\"Reader\",\"capabilities\":[\"contact.read\"]}"),
        201);
    char *role = z(app, "/api/v1/roles/$", test_text(app, "id"));
    str key = test_text(app, "key");
    assert_int_equal(
        test_request(app, "POST", "/api/v1/roles", "{\"name\":\"Reader\",\"capabilities\":[]}"),
        409);
    agent_id who;
    str token = test_agent_add(app, "r@test.example", str_z(&app->arena, key), &who);
    assert_int_equal(test_request_as(app, token, "GET", "/api/v1/contacts", NULL), 200);
    assert_int_equal(test_request(app, "DELETE", role, NULL), 409);
    assert_int_equal(test_request(app, "PATCH", role, "{\"capabilities\":[]}"), 200);
    assert_int_equal(test_request_as(app, token, "GET", "/api/v1/contacts", NULL), 403);
    char *agent = z(app, "/api/v1/agents/$", id_text(app, who.v));
    assert_int_equal(test_request(app, "PATCH", agent, "{\"role\":\"viewer\"}"), 200);
    assert_int_equal(test_request(app, "DELETE", role, NULL), 204);
}

static void a_deactivated_agent_is_out_at_once(void **state)
{
    struct test_app *app = *state;
    agent_id who;
    str token = test_agent_add(app, "gone@test.example", "agent", &who);
    assert_int_equal(test_request_as(app, token, "GET", "/api/v1/agents", NULL), 200);
    char *agent = z(app, "/api/v1/agents/$", id_text(app, who.v));
    assert_int_equal(test_request(app, "PATCH", agent, "{\"is_active\":false}"), 200);
    assert_str(test_text(app, "state"), "inactive");
    assert_int_equal(test_request_as(app, token, "GET", "/api/v1/agents", NULL), 401);
    assert_int_equal(test_request(app, "PATCH", agent, "{\"is_active\":true}"), 200);
    assert_int_equal(test_request_as(app, token, "GET", "/api/v1/agents", NULL), 200);
}

static void a_narrowed_role_loses_what_concerns_the_whole_account(void **state)
{
    struct test_app *app = *state;
    agent_id who;
    str token = test_agent_add(app, "narrow@test.example", "admin", &who);
    assert_int_equal(test_request(app, "POST", "/api/v1/teams", "{\"name\":\"North\"}"), 201);
    str team = test_text(app, "id");
    char *agent = z(app, "/api/v1/agents/$", id_text(app, who.v));
    assert_int_equal(test_request_as(app, token, "GET", "/api/v1/tokens", NULL), 200);
    assert_int_equal(test_request(app, "PATCH", agent,
                         z(app, "{\"grants\":[{\"scope\":\"team\",\"id\":\"$\"}]}", team)),
        200);
    assert_str(test_text(app, "grants.0.scope"), "team");
    assert_int_equal(test_request_as(app, token, "GET", "/api/v1/tokens", NULL), 403);
    assert_int_equal(test_request_as(app, token, "GET", "/api/v1/conversations", NULL), 200);
    char *path = z(app, "/api/v1/teams/$", team);
    assert_int_equal(test_request(app, "DELETE", path, NULL), 409);
    assert_int_equal(test_request(app, "PATCH", agent, "{\"grants\":[]}"), 200);
    assert_int_equal(test_request(app, "DELETE", path, NULL), 204);
    char *owner = z(app, "/api/v1/agents/$", id_text(app, app->owner.v));
    assert_int_equal(test_request(app, "PATCH", owner,
                         z(app, "{\"grants\":[{\"scope\":\"channel\",\"id\":\"$\"}]}",
                             id_text(app, app->widget.v))),
        400);
}

static void teams_hold_agents_of_the_account(void **state)
{
    struct test_app *app = *state;
    agent_id who;
    (void)test_agent_add(app, "t@test.example", "agent", &who);
    assert_int_equal(test_request(app, "POST", "/api/v1/teams",
                         z(app, "{\"name\":\"North\",\"agent_ids\":[\"$\"]}", id_text(app, who.v))),
        201);
    assert_true(str_eq(test_text(app, "agent_ids.0"), id_text(app, who.v)));
    assert_int_equal(test_request(app, "POST", "/api/v1/teams", "{\"name\":\"North\"}"), 409);
    assert_int_equal(
        test_request(app, "POST", "/api/v1/teams", "{\"name\":\"South\",\"agent_ids\":[\"999\"]}"),
        400);
    assert_int_equal(test_request(app, "GET", "/api/v1/teams", NULL), 200);
    assert_int_equal(json_path(app->json, S("items"))->count, 1);
}

static void every_change_of_access_is_in_the_audit_log(void **state)
{
    struct test_app *app = *state;
    assert_int_equal(test_request(app, "POST", "/api/v1/agents",
                         "{\"email\":\"x@test.example\",\"role\":\"agent\"}"),
        201);
    str id = test_text(app, "agent.id");
    assert_int_equal(
        test_request(app, "POST", "/api/v1/tokens", "{\"name\":\"t\",\"scopes\":[\"agent.read\"]}"),
        201);
    str secret = test_text(app, "secret");
    assert_int_equal(test_request(app, "GET", "/api/v1/audit?action=agent.invited", NULL), 200);
    assert_int_equal(json_path(app->json, S("items"))->count, 1);
    assert_true(str_eq(test_text(app, "items.0.subject.id"), id));
    assert_true(str_eq(test_text(app, "items.0.actor.id"), id_text(app, app->owner.v)));
    assert_str(test_text(app, "items.0.ip"), "192.0.2.7");
    assert_int_equal(test_request(app, "GET", "/api/v1/audit?limit=1", NULL), 200);
    assert_str(test_text(app, "items.0.action"), "token.created");
    assert_int_equal(str_find(app->body, secret), -1);
    char *next = z(app, "/api/v1/audit?limit=1&cursor=$", test_text(app, "next"));
    assert_int_equal(test_request(app, "GET", next, NULL), 200);
    assert_str(test_text(app, "items.0.action"), "agent.invited");
}

static void the_audit_chain_holds_and_rows_cannot_be_changed(void **state)
{
    struct test_app *app = *state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(test_request(app, "POST", "/api/v1/tokens",
                             "{\"name\":\"t\",\"scopes\":[\"agent.read\"]}"),
            201);
    struct ctx *cx = test_begin(app);
    bool more = true;
    int64_t rows = -1;
    assert_ok(audit_chain(cx, &more)); /* too fresh: a slow writer may still bring an older one */
    assert_ok(audit_verify(cx, &rows));
    assert_int_equal(rows, 0);
    test_commit(app, cx);
    clock_advance(AUDIT_SETTLE_MS + 1);
    cx = test_begin(app);
    assert_ok(audit_chain(cx, &more));
    assert_false(more);
    assert_ok(audit_verify(cx, &rows));
    assert_int_equal(rows, 3);
    test_commit(app, cx);
    cx = test_begin(app);
    assert_true(db_run(cx->db, S("UPDATE /* test */ audit SET action = 'x' WHERE chain_no = 2"),
                    NO_ARGS, NULL) != OK);
    test_rollback(app, cx);
    cx = test_begin(app);
    assert_true(
        db_run(cx->db, S("DELETE /* test */ FROM audit WHERE chain_no = 2"), NO_ARGS, NULL) != OK);
    test_rollback(app, cx);
    test_log_had(LOG_ERROR, "database error");
}

static void a_channel_shows_its_secret_once_and_rotates_it(void **state)
{
    struct test_app *app = *state;
    assert_int_equal(test_request(app, "POST", "/api/v1/channels",
                         "{\"kind\":\"api\",\"name\":\"Shop\",\"languages\":[\"bn\",\"en\"]}"),
        201);
    str first = test_text(app, "secret"), id = test_text(app, "id");
    str key = test_text(app, "public_key");
    char *path = z(app, "/api/v1/channels/$", id);
    assert_int_equal(test_request(app, "GET", path, NULL), 200);
    assert_int_equal(str_find(app->body, first), -1);
    assert_str(test_text(app, "languages.0"), "bn");
    struct source source;
    assert_ok(source_find(app->api.sources, &app->arena, S("api"), key, &source));
    assert_true(str_eq(source.secret, first) && !source.old_secret.len);
    assert_int_equal(
        test_request(app, "POST", z(app, "/api/v1/channels/$/rotate-secret", id), NULL), 200);
    str second = test_text(app, "secret");
    assert_ok(source_find(app->api.sources, &app->arena, S("api"), key, &source));
    assert_true(str_eq(source.secret, second) && str_eq(source.old_secret, first));
    clock_advance(CHANNEL_OLD_SECRET_MS + 1);
    assert_ok(source_find(app->api.sources, &app->arena, S("api"), key, &source));
    assert_int_equal(source.old_secret.len, 0);
    assert_int_equal(test_request(app, "PATCH", path, "{\"is_enabled\":false}"), 200);
    assert_ok(source_find(app->api.sources, &app->arena, S("api"), key, &source));
    assert_false(source.is_enabled);
    assert_int_equal(test_request(app, "DELETE", path, NULL), 204);
    assert_err(source_find(app->api.sources, &app->arena, S("api"), key, &source), E_NOT_FOUND);
}

static void channel_settings_are_checked_and_merged(void **state)
{
    struct test_app *app = *state;
    char *path = z(app, "/api/v1/channels/$", id_text(app, app->widget.v));
    assert_int_equal(test_request(app, "PATCH", path,
                         "{\"settings\":{\"color\":\"#aabbcc\",\"greeting\":\"Hi\"}}"),
        200);
    assert_int_equal(
        test_request(app, "PATCH", path, "{\"settings\":{\"greeting\":null,\"theme\":\"dark\"}}"),
        200);
    assert_str(test_text(app, "settings.color"), "#aabbcc");
    assert_str(test_text(app, "settings.theme"), "dark");
    assert_null(json_path(app->json, S("settings.greeting")));
    static const char *const bad[] = {
        "{\"settings\":{\"color\":\"red\"}}",
        "{\"settings\":{\"script\":\"x\"}}",
        "{\"settings\":{\"allowed_origins\":[\"https://a.example; script-src *\"]}}",
        "{\"settings\":{\"allowed_origins\":[\"javascript:x\"]}}",
        "{\"settings\":{\"prechat\":{\"fields\":[{\"key\":\"Name\",\"label\":\"l\",\"type\":\"text\"}]}}}",
        "{\"settings\":{\"prechat\":{\"privacy_url\":\"javascript:alert(1)\"}}}",
        "{\"settings\":[]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(test_request(app, "PATCH", path, bad[i]), 400);
    assert_int_equal(test_request(app, "GET",
                         z(app, "/api/v1/channels/$/snippet", id_text(app, app->widget.v)), NULL),
        200);
    assert_true(str_find(test_text(app, "html"), app->widget_key) > 0);
}

static void a_change_of_people_tells_the_consoles_once_committed(void **state)
{
    struct test_app *app = *state;
    int64_t before = app->woken_events;
    assert_int_equal(test_request(app, "PATCH", "/api/v1/me", "{\"availability\":\"away\"}"), 200);
    assert_int_equal(app->woken_events, before + 1);
    assert_int_equal(test_request(app, "PATCH", "/api/v1/me", "{\"time_zone\":\"Nowhere\"}"), 400);
    assert_int_equal(app->woken_events, before + 1);
}

static void the_sheet_of_a_mail_has_a_policy_that_runs_nothing(void **state)
{
    struct test_app *app = *state;
    const char *name = "Content-Security-Policy";
    const struct {
        const char *path;
        bool is_sheet;
    } pages[] = {
        {"/app/mail_sheet.html",   true },
        {"/app/inbox/all",         false},
        {"/app/x/mail_sheet.html", false}
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        int status = test_request_full(app, "GET", pages[i].path, NULL, 0, S(""));
        if (status == 404)
            skip(); /* built without the web pages */
        assert_int_equal(status, 200);
        str csp = test_answer_header(app, name);
        assert_int_equal(str_find(csp, S("sandbox allow-same-origin ")) == 0, pages[i].is_sheet);
        assert_int_equal(str_find(csp, S("style-src 'unsafe-inline'")) > 0, pages[i].is_sheet);
        assert_int_equal(str_find(csp, S("img-src 'self' data:;")) > 0, pages[i].is_sheet);
        assert_true(str_find(csp, S("http:")) < 0 && str_find(csp, S("https:")) < 0);
        assert_true(str_find(csp, S("default-src 'none'")) >= 0);
        assert_true(str_find(csp, S("allow-scripts")) < 0);
        assert_int_equal(str_find(csp, S("script-src")) >= 0, !pages[i].is_sheet);
        assert_int_equal(
            str_find(csp, S("trusted-types seva-worker dompurify")) > 0, !pages[i].is_sheet);
    }
}

static void pages_carry_their_policy_and_the_api_is_described(void **state)
{
    struct test_app *app = *state;
    assert_int_equal(test_request_full(app, "GET", "/", NULL, 0, S("")), 302);
    assert_str(test_answer_header(app, "Location"), "/app/");
    assert_int_equal(test_request_full(app, "GET", "/docs", NULL, 0, S("")), 200);
    assert_true(
        str_find(test_answer_header(app, "Content-Security-Policy"), S("default-src 'none'")) == 0);
    assert_true(str_find(app->body, S("/api/v1/conversations/{id}/messages")) > 0);
    assert_int_equal(test_request_full(app, "GET", "/openapi.json", NULL, 0, S("")), 200);
    assert_str(test_text(app, "openapi"), "3.1.0");
    assert_non_null(json_get(json_path(app->json, S("paths")), S("/api/v1/agents/{id}")));
    assert_int_equal(test_request_full(app, "GET", "/demo/shop", NULL, 0, S("")), 404);
    assert_int_equal(
        test_request_full(app, "GET", "/widget/frame?key=unknown", NULL, 0, S("")), 404);
    assert_int_equal(test_request_full(app, "GET", "/widget/assets/../x", NULL, 0, S("")), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(the_last_owner_stays_an_active_owner),
        TEST_APP(an_admin_neither_makes_nor_changes_owners),
        TEST_APP(nobody_gives_away_more_than_they_have),
        TEST_APP(notes_and_replies_are_two_capabilities),
        TEST_APP(a_role_in_use_is_not_removed),
        TEST_APP(a_deactivated_agent_is_out_at_once),
        TEST_APP(a_narrowed_role_loses_what_concerns_the_whole_account),
        TEST_APP(teams_hold_agents_of_the_account),
        TEST_APP(every_change_of_access_is_in_the_audit_log),
        TEST_APP(the_audit_chain_holds_and_rows_cannot_be_changed),
        TEST_APP(a_channel_shows_its_secret_once_and_rotates_it),
        TEST_APP(channel_settings_are_checked_and_merged),
        TEST_APP(a_change_of_people_tells_the_consoles_once_committed),
        TEST_APP(the_sheet_of_a_mail_has_a_policy_that_runs_nothing),
        TEST_APP(pages_carry_their_policy_and_the_api_is_described),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
