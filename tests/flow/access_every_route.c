/* Every route × every role × own and other account × own and other channel, through the real
 * boundary. The table says for each route of the program who may use it; it is written by hand, so
 * that a change of a capability is a change here too. A route that the table does not know, or that
 * is gone, fails the test. docs/security.md point 1. */
#include "test_app.h"

#include "api/routes.h"
#include "base/crypto.h"
#include "base/id.h"
#include "model/names.h"
#include "store/agent.h"
#include "store/call.h"
#include "store/inbox.h"
#include "store/letter.h"
#include "store/mail.h"
#include "store/mail_template.h"
#include "store/session.h"

enum kind {
    K_NONE, /* the path names nothing of an account */
    K_AGENT,
    K_TEAM,
    K_ROLE,
    K_TOKEN,
    K_CHANNEL,
    K_WEBHOOK,
    K_DELIVERY,
    K_JOB,
    K_QUARANTINE,
    K_CONVERSATION,
    K_MESSAGE,
    K_CONTACT,
    K_TAG,
    K_VIEW,
    K_SESSION,
    K_ATTACHMENT,
    K_UPLOAD,
    K_CALL,
    K_MAIL_TEMPLATE,
    K_LETTER,
    K_MAIL_KEY,
    K_EXPORT,
    KIND_COUNT,
};
/* Letters that a sample body may hold for the ids of its account: "$A" agent, "$T" team … */
static const char kind_letters[KIND_COUNT] = {[K_AGENT] = 'A',
    [K_TEAM] = 'T',
    [K_CHANNEL] = 'C',
    [K_CONVERSATION] = 'V',
    [K_MESSAGE] = 'M',
    [K_CONTACT] = 'P',
    [K_UPLOAD] = 'U'};

/* Of an authority that nobody knows. */
#define A_CERTIFICATE                                                                              \
    "{\"text\":\"-----BEGIN CERTIFICATE-----\\n"                                                   \
    "MIIBZjCCAQugAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IEF1\\n"                          \
    "dGhvcml0eTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG\\n"                          \
    "A1UEAwwOVGVzdCBBdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATl\\n"                          \
    "8itQuYEnVsLACYUVN08vXZ0PxmbSid9hEGjlPYDrT6n4ffCSedJi7PvUvApWYxiM\\n"                          \
    "9aISkQ/ZcbZhPKZV5SgBo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQE\\n"                          \
    "AwIBBjAdBgNVHQ4EFgQUKSe7Lt+LinXTiJeRUuovcJJsj5wwCgYIKoZIzj0EAwID\\n"                          \
    "SQAwRgIhAP/by/gMJWknBI8jc6TWs/JTWtDk+E340qIGZIfQhHBVAiEA7iHCLsuz\\n"                          \
    "jEytaKcr/ZVdt0iKe7/1iHOt7oDDble1QL4=\\n"                                                      \
    "-----END CERTIFICATE-----\\n"                                                                 \
    "\"}"

struct expected {
    const char *method, *path;
    const char *who;  /* a capability, "self", "public", "visitor" or "hook" */
    enum kind kind;   /* of {id} */
    const char *body; /* good input, so that only the id can be wrong; NULL = none */
    const char
        *foreign; /* input whose ids are the other account's: must not be taken; NULL = none */
};

static const struct expected table[] = {
#include "access_every_route_table.h"
};
enum { EXPECTED_COUNT = sizeof table / sizeof table[0] };

/* One account's things. */
struct world {
    str token;
    int64_t ids[KIND_COUNT];
};

/* ── making things ── */

static int64_t id_at(struct test_app *app, const char *path)
{
    int64_t id;
    assert_ok(str_int(test_text(app, path), 1, INT64_MAX, &id));
    return id;
}

static int64_t make(
    struct test_app *app, str token, const char *path, const char *body, const char *id_path)
{
    int status = test_request_as(app, token, "POST", path, body);
    if (status != 200 && status != 201)
        fail_msg("POST %s: %d %.*s", path, status, SARG(app->body));
    return id_at(app, id_path);
}

static int64_t conversation_make(struct test_app *app, str token, int64_t channel, const char *who)
{
    str body = str_print(&app->arena,
        "{\"channel_id\":\"%lld\",\"contact\":{\"name\":\"%s\",\"external_id\":\"%s\"},"
        "\"text\":\"hello\"}",
        (long long)channel, who, who);
    return make(app, token, "/api/v1/conversations", str_z(&app->arena, body), "id");
}

static int64_t message_of(struct test_app *app, str token, int64_t conversation)
{
    str path =
        str_print(&app->arena, "/api/v1/conversations/%lld/messages", (long long)conversation);
    assert_int_equal(test_request_as(app, token, "GET", str_z(&app->arena, path), NULL), 200);
    return id_at(app, "items.0.id");
}

static int64_t first_of(struct test_app *app, str token, str path)
{
    assert_int_equal(test_request_as(app, token, "GET", str_z(&app->arena, path), NULL), 200);
    return id_at(app, "items.0.id");
}

/* The message is a mail as well. */
static void mail_make(
    struct test_app *app, account_id account, int64_t conversation, int64_t message)
{
    struct ctx *cx = test_begin_account(app, account);
    const struct mail mail = {.message_id = {message},
        .conversation_id = {conversation},
        .channel_id = {1},
        .internet_id = str_print(&app->arena, "%lld@example.net", (long long)message),
        .people = S("{\"from\":{\"name\":\"Ada\",\"address\":\"ada@example.net\"}}"),
        .verdict = S("pass")};
    assert_ok(mail_add(cx, &mail));
    test_commit(app, cx);
}

/* An item in quarantine and a session, which no API call makes. */
static void rows_make(struct test_app *app, account_id account, struct world *w)
{
    struct ctx *cx = test_begin_account(app, account);
    str token;
    session_id session;
    struct agent *agents;
    struct agent_scope *scopes;
    ptrdiff_t n;
    struct inbox_new in = {.account = account,
        .source = {7},
        .channel = {w->ids[K_CHANNEL]},
        .network = S("api"),
        .delivery_key = S("bad"),
        .content_type = S("application/json"),
        .body = S("{}"),
        .received_ms = cx->now_ms};
    assert_ok(inbox_add_quarantined(cx->db, &in, S("test")));
    assert_ok(agent_list(cx, &agents, &scopes, &n));
    struct phone_call row = {.id = {id_make(cx->now_ms)},
        .channel_id = {w->ids[K_CHANNEL]},
        .external_id = S("k1"),
        .contact_id = {w->ids[K_CONTACT]},
        .identity_id = {1},
        .direction = S("in"),
        .state = S("queued"),
        .started_ms = cx->now_ms};
    assert_ok(phone_call_add(cx, &row));
    w->ids[K_CALL] = row.id.v;
    struct mail_template template = {
        .channel_id = {w->ids[K_CHANNEL]}, .name = S("t"), .html = S("<p>x</p>")};
    assert_ok(mail_template_add(cx, &template));
    w->ids[K_MAIL_TEMPLATE] = template.id.v;
    const struct letter letter = {.id = {id_make(cx->now_ms)},
        .channel_id = {w->ids[K_CHANNEL]},
        .kind = S("chat"),
        .from_address = S("care@example.com"),
        .to_address = S("ada@example.net"),
        .subject = S("Hello"),
        .text = S("Hello"),
        .internet_id = str_print(&app->arena, "l%lld@example.com", (long long)row.id.v),
        .state = S("failed"),
        .created_ms = cx->now_ms};
    assert_ok(letter_insert(cx, &letter));
    w->ids[K_LETTER] = letter.id.v;
    assert_ok(session_open(
        cx, agents[0].login_id, agents[0].id, S("192.0.2.1"), S("test"), &session, &token));
    w->ids[K_SESSION] = session.v;
    test_commit(app, cx);
}

/* An upload of two bytes that waits for them, or is whole and so an attachment. */
static int64_t upload_make(struct test_app *app, str token, bool is_whole)
{
    int64_t id = make(app, token, "/api/v1/uploads",
        "{\"name\":\"a.txt\",\"size\":2,\"type\":\"text/plain\"}", "id");
    if (!is_whole)
        return id;
    struct http_header headers[] = {
        {S("Authorization"), str_cat(&app->arena, S("Bearer "), token)},
        {S("Content-Type"),            S("application/octet-stream")                              },
    };
    str path = str_print(&app->arena, "/api/v1/uploads/%lld?offset=0", (long long)id);
    int status = test_request_full(app, "PUT", str_z(&app->arena, path), headers, 2, S("hi"));
    if (status != 200)
        fail_msg("PUT %.*s: %d %.*s", SARG(path), status, SARG(app->body));
    return id_at(app, "attachment.id");
}

static void world_make(struct test_app *app, account_id account, const char *name, struct world *w)
{
    struct arena *a = &app->arena;
    str t = w->token;
    char *mail = str_z(a, str_print(a, "{\"email\":\"p@%s.example\",\"role\":\"agent\"}", name));
    w->ids[K_AGENT] = make(app, t, "/api/v1/agents", mail, "agent.id");
    w->ids[K_TEAM] = make(app, t, "/api/v1/teams", "{\"name\":\"First\"}", "id");
    w->ids[K_ROLE] = make(
        app, t, "/api/v1/roles", "{\"name\":\"Reader\",\"capabilities\":[\"contact.read\"]}", "id");
    w->ids[K_TOKEN] =
        make(app, t, "/api/v1/tokens", "{\"name\":\"t\",\"scopes\":[\"agent.read\"]}", "id");
    w->ids[K_CHANNEL] = make(app, t, "/api/v1/channels",
        "{\"kind\":\"api\",\"name\":\"Shop\",\"settings\":{\"reply_url\":\"https://x.example/\"}}",
        "id");
    w->ids[K_WEBHOOK] = make(app, t, "/api/v1/webhooks",
        "{\"name\":\"w\",\"url\":\"https://x.example/\",\"events\":[\"*\"]}", "id");
    w->ids[K_CONVERSATION] = conversation_make(app, t, w->ids[K_CHANNEL], "ada");
    w->ids[K_MESSAGE] = message_of(app, t, w->ids[K_CONVERSATION]);
    w->ids[K_CONTACT] = make(app, t, "/api/v1/contacts", "{\"name\":\"Bo\"}", "id");
    w->ids[K_MAIL_KEY] = make(app, t, "/api/v1/mail-keys", A_CERTIFICATE, "id");
    w->ids[K_EXPORT] = make(app, t, "/api/v1/exports", "{\"what\":\"account\"}", "id");
    w->ids[K_TAG] = make(app, t, "/api/v1/tags", "{\"name\":\"late\"}", "id");
    w->ids[K_VIEW] =
        make(app, t, "/api/v1/views", "{\"name\":\"v\",\"filter\":{},\"is_shared\":true}", "id");
    str test = str_print(a, "/api/v1/webhooks/%lld/test", (long long)w->ids[K_WEBHOOK]);
    (void)test_request_as(app, t, "POST", str_z(a, test), NULL); /* makes a delivery */
    w->ids[K_DELIVERY] = first_of(
        app, t, str_print(a, "/api/v1/webhooks/%lld/deliveries", (long long)w->ids[K_WEBHOOK]));
    w->ids[K_JOB] = first_of(app, t, S("/api/v1/jobs?state=queued"));
    rows_make(app, account, w);
    mail_make(app, account, w->ids[K_CONVERSATION], w->ids[K_MESSAGE]);
    w->ids[K_QUARANTINE] = first_of(app, t, S("/api/v1/quarantine"));
    w->ids[K_UPLOAD] = upload_make(app, t, false);
    w->ids[K_ATTACHMENT] = upload_make(app, t, true);
}

/* ── asking ── */

static char *path_of(struct test_app *app, const struct expected *e, int64_t id)
{
    struct sb b = sb_make(&app->arena, 0);
    str rest = str_skip(str_from(e->path), 1), segment;
    for (bool more = true; more;) {
        more = str_cut(rest, '/', &segment, &rest);
        sb_byte(&b, '/');
        if (str_eq(segment, S("{id}")))
            sb_int(&b, id);
        else
            sb_add(&b, str_starts(segment, S("{")) ? S("x") : segment);
    }
    return str_z(&app->arena, sb_str(&b));
}

/* "$A" becomes the agent's id … */
static char *body_of(struct test_app *app, const char *sample, const struct world *w)
{
    struct sb b = sb_make(&app->arena, 0);
    if (!sample)
        return NULL;
    for (const char *at = sample; *at; at++) {
        int kind = 0;
        for (int k = 1; *at == '$' && k < KIND_COUNT; k++)
            if (kind_letters[k] && kind_letters[k] == at[1])
                kind = k;
        if (kind) {
            sb_int(&b, w->ids[kind]);
            at++;
        } else {
            sb_byte(&b, *at);
        }
    }
    return str_z(&app->arena, sb_str(&b));
}

static bool is(const struct expected *e, const char *who)
{
    return str_eq(str_from(e->who), str_from(who));
}

static bool is_for_people(const struct expected *e)
{
    return !is(e, "public") && !is(e, "visitor") && !is(e, "hook");
}

/* Hands its connection to the hub, which a test without sockets does not have. */
static bool is_stream(const struct expected *e)
{
    return str_ends(str_from(e->path), S("/stream"));
}

static const struct expected *expected_of(const struct route *route)
{
    for (int i = 0; i < EXPECTED_COUNT; i++)
        if (str_eq(str_from(table[i].path), str_from(route->path)) &&
            str_eq(str_from(table[i].method), str_from(http_method_name(route->method))))
            return &table[i];
    return NULL;
}

static str who_of(const struct route *route)
{
    switch (route->auth) {
    case AUTH_PUBLIC:
        return S("public");
    case AUTH_VISITOR:
        return S("visitor");
    case AUTH_HOOK:
        return S("hook");
    case AUTH_AGENT:
        break;
    }
    return capability_name(route->cap);
}

static void the_table_knows_every_route_and_no_other(void **state)
{
    (void)state;
    int known = 0;
    for (ptrdiff_t t = 0; t < n_route_tables; t++)
        for (ptrdiff_t i = 0; i < route_tables[t]->n; i++) {
            const struct route *route = &route_tables[t]->at[i];
            const struct expected *e = expected_of(route);
            if (!e) {
                fail_msg("%s %s is not in access_every_route_table.h",
                    http_method_name(route->method), route->path);
                return;
            }
            if (!str_eq(who_of(route), str_from(e->who)))
                fail_msg("%s %s is for %.*s, not for %s", e->method, e->path, SARG(who_of(route)),
                    e->who);
            bool has_id = str_find(str_from(e->path), S("{id}")) >= 0;
            assert_int_equal(has_id, e->kind != K_NONE);
            known++;
        }
    assert_int_equal(known, EXPECTED_COUNT);
}

static void nobody_gets_in_without_a_credential(void **state)
{
    struct test_app *app = *state;
    for (int i = 0; i < EXPECTED_COUNT; i++) {
        const struct expected *e = &table[i];
        if (is(e, "public") || is(e, "hook"))
            continue;
        struct http_header headers[] = {
            {S("Content-Type"), S("application/json")}
        };
        int status =
            test_request_full(app, e->method, path_of(app, e, 1), headers, 1, str_from(e->body));
        if (status != 401)
            fail_msg("%s %s without a credential: %d", e->method, e->path, status);
        status = test_request_as(app, S("seva_not-a-token"), e->method, path_of(app, e, 1), NULL);
        if (status != 401)
            fail_msg("%s %s with a bad token: %d", e->method, e->path, status);
    }
}

static void each_role_reaches_what_its_capabilities_say_and_no_more(void **state)
{
    struct test_app *app = *state;
    for (int r = 0; r < BUILTIN_ROLE_COUNT; r++) {
        char *role = str_z(&app->arena, builtin_roles[r].key);
        str token = test_agent_add(app,
            str_z(&app->arena, str_cat(&app->arena, builtin_roles[r].key, S("@roles.example"))),
            role, NULL);
        for (int i = 0; i < EXPECTED_COUNT; i++) {
            const struct expected *e = &table[i];
            if (!is_for_people(e))
                continue;
            enum capability needed = capability_by_name(str_from(e->who));
            bool may = !is(e, "self") && (builtin_roles[r].caps & (uint64_t)needed);
            if (may && is_stream(e))
                continue;
            int status = test_request_as(app, token, e->method, path_of(app, e, 1), NULL);
            bool is_refused = status == 401 || status == 403;
            if (is_refused == may || status >= 500)
                fail_msg("%s: %s %s: %d %.*s", role, e->method, e->path, status, SARG(app->body));
        }
    }
}

static void ids_of_another_account_are_not_found(void **state)
{
    struct test_app *app = *state;
    struct world mine = {.token = app->owner_token}, other = {0};
    account_id account;
    other.token = test_account_add(app, "other", &account);
    world_make(app, app->account, "test", &mine);
    world_make(app, account, "other", &other);
    for (int i = 0; i < EXPECTED_COUNT; i++) {
        const struct expected *e = &table[i];
        if (!is_for_people(e) || e->kind == K_NONE || is_stream(e))
            continue;
        char *path = path_of(app, e, other.ids[e->kind]), *body = body_of(app, e->body, &mine);
        int status = is(e, "self") ? test_request(app, e->method, path, body)
                                   : test_request_as(app, mine.token, e->method, path, body);
        if (status != 404)
            fail_msg("%s %s with another account's id: %d %.*s", e->method, e->path, status,
                SARG(app->body));
        /* The same input with an id of one's own gets through: the refusal was about the id. */
        if (is(e, "self") || str_eq(str_from(e->method), S("DELETE")) || e->kind == K_UPLOAD)
            continue;
        path = path_of(app, e, mine.ids[e->kind]);
        status = test_request_as(app, mine.token, e->method, path, body);
        if (status == 400 || status == 401 || status == 403 || status == 404 || status >= 500)
            fail_msg("%s %s with an own id: %d %.*s", e->method, e->path, status, SARG(app->body));
    }
}

static void ids_of_another_account_are_refused_in_bodies(void **state)
{
    struct test_app *app = *state;
    struct world mine = {.token = app->owner_token}, other = {0};
    account_id account;
    other.token = test_account_add(app, "other", &account);
    world_make(app, app->account, "test", &mine);
    world_make(app, account, "other", &other);
    for (int i = 0; i < EXPECTED_COUNT; i++) {
        const struct expected *e = &table[i];
        if (!e->foreign)
            continue;
        char *path = path_of(app, e, mine.ids[e->kind]), *body = body_of(app, e->foreign, &other);
        int status = test_request_as(app, mine.token, e->method, path, body);
        bool changed_nothing = status == 200 && str_find(app->body, S("\"changed\":0")) >= 0;
        if (status != 400 && status != 403 && status != 404 && status != 409 && !changed_nothing)
            fail_msg("%s %s with another account's id inside: %d %.*s", e->method, e->path, status,
                SARG(app->body));
    }
}

static void a_role_narrowed_to_a_channel_sees_nothing_of_another_channel(void **state)
{
    struct test_app *app = *state;
    struct world mine = {.token = app->owner_token};
    agent_id who;
    world_make(app, app->account, "test", &mine);
    str narrow = test_agent_add(app, "narrow@test.example", "agent", &who);
    str body = str_print(&app->arena, "{\"grants\":[{\"scope\":\"channel\",\"id\":\"%lld\"}]}",
        (long long)app->api_channel.v);
    str patch = str_print(&app->arena, "/api/v1/agents/%lld", (long long)who.v);
    assert_int_equal(
        test_request(app, "PATCH", str_z(&app->arena, patch), str_z(&app->arena, body)), 200);
    int64_t seen = conversation_make(app, mine.token, app->api_channel.v, "cy");
    int64_t seen_message = message_of(app, mine.token, seen);
    mail_make(app, app->account, seen, seen_message);
    for (int i = 0; i < EXPECTED_COUNT; i++) {
        const struct expected *e = &table[i];
        bool is_scoped = e->kind == K_CONVERSATION || e->kind == K_MESSAGE || e->kind == K_CHANNEL;
        if (!is_for_people(e) || !is_scoped ||
            !(builtin_roles[3].caps & (uint64_t)capability_by_name(str_from(e->who))))
            continue;
        char *sample = body_of(app, e->body, &mine);
        int status =
            test_request_as(app, narrow, e->method, path_of(app, e, mine.ids[e->kind]), sample);
        if (status != 404 && status != 403)
            fail_msg(
                "%s %s of another channel: %d %.*s", e->method, e->path, status, SARG(app->body));
        struct world own = mine;
        own.ids[K_CONVERSATION] = seen;
        own.ids[K_MESSAGE] = seen_message;
        own.ids[K_CHANNEL] = app->api_channel.v;
        if (str_eq(str_from(e->method), S("DELETE")) || is(e, "channel.manage"))
            continue;
        sample = body_of(app, e->body, &own);
        status = test_request_as(app, narrow, e->method, path_of(app, e, own.ids[e->kind]), sample);
        if (status == 403 || status == 404 || status >= 500)
            fail_msg(
                "%s %s of the own channel: %d %.*s", e->method, e->path, status, SARG(app->body));
    }
    assert_int_equal(test_request_as(app, narrow, "GET", "/api/v1/conversations", NULL), 200);
    assert_int_equal(json_path(app->json, S("items"))->count, 1);
    assert_int_equal(test_request_as(app, narrow, "GET", "/api/v1/channels", NULL), 200);
    assert_int_equal(json_path(app->json, S("items"))->count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(the_table_knows_every_route_and_no_other),
        TEST_APP(nobody_gets_in_without_a_credential),
        TEST_APP(each_role_reaches_what_its_capabilities_say_and_no_more),
        TEST_APP(ids_of_another_account_are_not_found),
        TEST_APP(ids_of_another_account_are_refused_in_bodies),
        TEST_APP(a_role_narrowed_to_a_channel_sees_nothing_of_another_channel),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
