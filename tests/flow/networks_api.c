/* Channels of networks as the API makes, checks and authorises them: sealed secrets, forms, checks,
 * OAuth there and back, templates, where networks are told to call. */
#include "networks_world.h"

#include "api/origin.h"
#include "store/agent.h"
#include "store/authorization.h"
#include "store/session.h"

static struct networks n;

/* ── forms ── */

static void secrets_of_a_form_are_sealed_and_never_shown(void **state)
{
    static const char *const looks[] = {"/api/v1/channels", "/api/v1/audit",
        "/api/v1/jobs?state=queued", "/api/v1/jobs?state=dead"};
    networks_open(&n, *state);
    channel_connect(&n);
    assert_int_equal(ask(&n, "GET", path(&n, "/api/v1/channels/%.*s", SARG(n.channel)), NULL), 200);
    assert_str(test_text(n.app, "settings.client_id"), "cid");
    assert_str(test_text(n.app, "handle"), "@shop");
    assert_str(test_text(n.app, "handle_role"), "brand");
    assert_str(test_text(n.app, "auth.state"), "ok");
    assert_str(test_text(n.app, "pace.state"), "open");
    assert_true(str_ends(test_text(n.app, "hook_url"), path(&n, "/hooks/x/%.*s", SARG(n.key))));
    assert_true(json_bool(json_path(n.app->json, S("secrets.access_token")), false));
    assert_true(json_bool(json_path(n.app->json, S("secrets.client_secret")), false));
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        assert_int_equal(ask(&n, "GET", str_from(looks[i]), NULL), 200);
        assert_false(body_has(&n, "tok-1") || body_has(&n, "app-secret"));
    }
    networks_close(&n);
}

static void what_a_form_does_not_know_or_lacks_is_refused_by_name(void **state)
{
    static const struct {
        const char *settings, *field;
    } cases[] = {
        {"{\"access_token\":\"t\",\"colour\":\"red\"}",          "settings.colour"      },
        {"{}",                                                   "settings.access_token"},
        {"{\"access_token\":\"\"}",                              "settings.access_token"},
        {"{\"access_token\":7}",                                 "settings.access_token"},
        {"{\"access_token\":\"t\",\"auth\":\"magic\"}",          "settings.auth"        },
        {"{\"access_token\":\"t\",\"server\":\"ftp://x\"}",      "settings.server"      },
        {"{\"access_token\":\"t\",\"most\":\"many\"}",           "settings.most"        },
        {"{\"access_token\":\"t\",\"words\":\"one\"}",           "settings.words"       },
        {"{\"access_token\":\"t\",\"client_id\":\"a\\u0001b\"}", "settings.client_id"   },
        {"[]",                                                   "settings"             },
    };
    networks_open(&n, *state);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = ask(&n, "POST", S("/api/v1/channels"),
            "{\"kind\":\"x\",\"name\":\"P\",\"settings\":%s}", cases[i].settings);
        if (status != 400 || !str_eq(test_text(n.app, "error.field"), str_from(cases[i].field)))
            fail_msg("%s: %d %.*s", cases[i].settings, status, SARG(n.app->body));
    }
    assert_int_equal(ask(&n, "POST", S("/api/v1/channels"),
                         "{\"kind\":\"viber\",\"name\":\"P\",\"settings\":{}}"),
        400);
    assert_int_equal(ask(&n, "POST", S("/api/v1/channels"),
                         "{\"kind\":\"api\",\"name\":\"P\",\"handle\":\"@x\"}"),
        400);
    networks_close(&n);
}

static void a_change_merges_and_null_takes_away(void **state)
{
    networks_open(&n, *state);
    channel_connect(&n);
    str channel = path(&n, "/api/v1/channels/%.*s", SARG(n.channel));
    assert_int_equal(ask(&n, "PATCH", channel,
                         "{\"settings\":{\"most\":80,\"words\":[\"a\"],\"client_secret\":null}}"),
        200);
    assert_int_equal(test_int(n.app, "settings.most"), 80);
    assert_str(test_text(n.app, "settings.client_id"), "cid");
    assert_null(json_path(n.app->json, S("secrets.client_secret")));
    assert_non_null(json_path(n.app->json, S("secrets.access_token")));
    assert_int_equal(
        ask(&n, "PATCH", channel, "{\"handle\":\"@help\",\"handle_role\":\"support\"}"), 200);
    assert_str(test_text(n.app, "handle_role"), "support");
    networks_close(&n);
}

static void another_server_does_not_get_the_secrets_of_the_one_before(void **state)
{
    networks_open(&n, *state);
    channel_connect(&n);
    str channel = path(&n, "/api/v1/channels/%.*s", SARG(n.channel));
    assert_int_equal(
        ask(&n, "PATCH", channel, "{\"settings\":{\"server\":\"https://evil.example\"}}"), 200);
    assert_null(json_path(n.app->json, S("secrets.access_token")));
    networks_close(&n);
}

static void one_account_of_a_network_is_one_channel(void **state)
{
    networks_open(&n, *state);
    const char *body = "{\"kind\":\"x\",\"name\":\"P\",\"external_id\":\"77\",\"settings\":{"
                       "\"access_token\":\"t\"}}";
    assert_int_equal(ask(&n, "POST", S("/api/v1/channels"), "%s", body), 201);
    assert_int_equal(ask(&n, "POST", S("/api/v1/channels"), "%s", body), 409);
    assert_str(test_text(n.app, "error.code"), "conflict.taken");
    networks_close(&n);
}

/* ── where networks call ── */

static void a_network_is_told_where_to_call_and_when_not_to_any_more(void **state)
{
    networks_open(&n, *state);
    channel_connect(&n);
    struct peer_heard heard = peer_heard(n.peer, 0);
    assert_str(heard.target, "/x/api/hooks");
    assert_true(str_find(heard.body, S("\"on\":true")) > 0);
    assert_true(str_find(heard.body, n.key) > 0);
    str channel = path(&n, "/api/v1/channels/%.*s", SARG(n.channel));
    peer_answers(n.peer, 200, "", "{}");
    assert_int_equal(ask(&n, "PATCH", channel, "{\"is_enabled\":false}"), 200);
    world_run(&n.w);
    assert_true(str_find(heard_last(&n).body, S("\"on\":false")) > 0);
    peer_answers(n.peer, 200, "", "{}");
    peer_answers(n.peer, 200, "", "{\"templates\":[]}");
    assert_int_equal(ask(&n, "PATCH", channel, "{\"is_enabled\":true}"), 200);
    world_run(&n.w);
    peer_answers(n.peer, 200, "", "{}");
    assert_int_equal(ask(&n, "DELETE", channel, NULL), 204);
    assert_int_equal(ask(&n, "GET", S("/api/v1/jobs?state=queued"), NULL), 200);
    assert_false(body_has(&n, "tok-1"));
    world_run(&n.w);
    heard = heard_last(&n);
    assert_str(heard.target, "/x/api/hooks");
    assert_true(str_find(heard.body, S("\"on\":false")) > 0);
    assert_str(peer_header(&heard, "Authorization"), "Bearer tok-1"); /* it went along, sealed */
    networks_close(&n);
}

static void a_channel_that_goes_over_to_capture_is_left_by_its_network(void **state)
{
    networks_open(&n, *state);
    channel_connect(&n);
    str channel = path(&n, "/api/v1/channels/%.*s", SARG(n.channel));
    peer_answers(n.peer, 200, "", "{}");
    assert_int_equal(ask(&n, "PATCH", channel, "{\"settings\":{\"way\":\"capture\"}}"), 200);
    assert_int_equal(json_path(n.app->json, S("hook_url"))->kind, JSON_NULL);
    world_run(&n.w);
    assert_true(str_find(heard_last(&n).body, S("\"on\":false")) > 0);
    int heard = peer_count(n.peer);
    assert_int_equal(ask(&n, "DELETE", channel, NULL), 204);
    world_run(&n.w);
    assert_int_equal(peer_count(n.peer), heard);
    networks_close(&n);
}

static void a_network_that_refuses_to_call_is_shown_at_the_channel(void **state)
{
    networks_open(&n, *state);
    peer_answers(n.peer, 401, "", "{}");
    peer_answers(n.peer, 200, "", "{\"templates\":[]}");
    assert_int_equal(ask(&n, "POST", S("/api/v1/channels"),
                         "{\"kind\":\"x\",\"name\":\"P\",\"settings\":{\"access_token\":\"t\"}}"),
        201);
    str channel = path(&n, "/api/v1/channels/%.*s", SARG(test_text(n.app, "id")));
    world_run(&n.w);
    assert_int_equal(ask(&n, "GET", channel, NULL), 200);
    assert_str(test_text(n.app, "auth.state"), "refused");
    assert_true(test_text(n.app, "auth.error").len > 0);
    peer_answers(n.peer, 200, "", "{}");
    peer_answers(n.peer, 200, "", "{\"templates\":[]}");
    assert_int_equal(
        ask(&n, "PATCH", channel, "{\"settings\":{\"access_token\":\"better\"}}"), 200);
    assert_str(test_text(n.app, "auth.state"), "ok");
    networks_close(&n);
}

/* ── checks ── */

#define ONE                                                                                        \
    "{\"accounts\":[{\"id\":\"77\",\"handle\":\"@shop\",\"name\":\"Shop\",\"avatar\":"             \
    "\"https://parrot.example/a.png\"}],\"note\":\"Answers are slow.\"}"

static void a_form_is_checked_without_being_stored(void **state)
{
    networks_open(&n, *state);
    peer_answers(n.peer, 200, "", ONE);
    assert_int_equal(ask(&n, "POST", S("/api/v1/channels/check"),
                         "{\"kind\":\"x\",\"settings\":{\"access_token\":\"tok-9\"}}"),
        200);
    assert_str(test_text(n.app, "outcome"), "sent");
    assert_str(test_text(n.app, "accounts.0.external_id"), "77");
    assert_str(test_text(n.app, "note"), "Answers are slow.");
    struct peer_heard heard = peer_heard(n.peer, 0);
    assert_str(peer_header(&heard, "Authorization"), "Bearer tok-9");
    peer_answers(n.peer, 401, "", "{}");
    assert_int_equal(ask(&n, "POST", S("/api/v1/channels/check"),
                         "{\"kind\":\"x\",\"settings\":{\"access_token\":\"tok-9\"}}"),
        200);
    assert_str(test_text(n.app, "outcome"), "reauth");
    assert_false(body_has(&n, "tok-9"));
    assert_int_equal(ask(&n, "POST", S("/api/v1/channels/check"), "{\"kind\":\"widget\"}"), 400);
    networks_close(&n);
}

static void a_check_of_a_channel_tells_it_who_it_is_and_opens_it_again(void **state)
{
    networks_open(&n, *state);
    channel_connect(&n);
    peer_answers(n.peer, 200, "", ONE);
    str channel = path(&n, "/api/v1/channels/%.*s", SARG(n.channel));
    assert_int_equal(ask(&n, "POST", str_cat(&n.app->arena, channel, S("/check")), NULL), 200);
    assert_int_equal(ask(&n, "GET", channel, NULL), 200);
    assert_str(test_text(n.app, "external_id"), "77");
    assert_str(test_text(n.app, "avatar_url"), "https://parrot.example/a.png");
    peer_answers(n.peer, 401, "", "{}");
    assert_int_equal(ask(&n, "POST", str_cat(&n.app->arena, channel, S("/check")), NULL), 200);
    assert_int_equal(ask(&n, "GET", channel, NULL), 200);
    assert_str(test_text(n.app, "auth.state"), "refused");
    /* With the stored token, and one setting of the form. */
    peer_answers(n.peer, 200, "", ONE);
    assert_int_equal(
        ask(&n, "POST", S("/api/v1/channels/check"),
            "{\"kind\":\"x\",\"channel_id\":\"%.*s\",\"settings\":{\"most\":9}}", SARG(n.channel)),
        200);
    struct peer_heard heard = heard_last(&n);
    assert_str(peer_header(&heard, "Authorization"), "Bearer tok-1");
    networks_close(&n);
}

static void a_check_of_a_channel_brings_what_belongs_to_its_account(void **state)
{
    networks_open(&n, *state);
    peer_answers(n.peer, 200, "", "{}"); /* it hears where to call */
    peer_answers(n.peer, 200, "", "{\"templates\":[]}");
    assert_int_equal(ask(&n, "POST", S("/api/v1/channels"),
                         "{\"kind\":\"x\",\"name\":\"Page\",\"external_id\":\"78\","
                         "\"settings\":{\"access_token\":\"mine\",\"client_id\":\"cid\"}}"),
        201);
    n.channel = test_text(n.app, "id");
    world_run(&n.w);
    for (int i = 0; i < 2; i++) { /* the second time nothing is new */
        peer_answers(n.peer, 200, "",
            "{\"accounts\":[{\"id\":\"77\",\"name\":\"A\",\"token\":\"page-77\"},"
            "{\"id\":\"78\",\"name\":\"B\",\"handle\":\"@b\",\"token\":\"page-78\"}]}");
        str check = path(&n, "/api/v1/channels/%.*s/check", SARG(n.channel));
        assert_int_equal(ask(&n, "POST", check, NULL), 200);
        int calls = peer_count(n.peer);
        peer_answers(n.peer, 200, "", "{}");
        peer_answers(n.peer, 200, "", "{\"templates\":[]}");
        world_run(&n.w);
        assert_int_equal(peer_count(n.peer) > calls, i == 0);
        struct peer_heard heard = heard_last(&n);
        assert_str(peer_header(&heard, "Authorization"), "Bearer page-78");
    }
    assert_int_equal(ask(&n, "GET", path(&n, "/api/v1/channels/%.*s", SARG(n.channel)), NULL), 200);
    assert_str(test_text(n.app, "handle"), "@b");
    networks_close(&n);
}

static void a_check_of_a_private_address_is_refused_by_the_egress_guard(void **state)
{
    networks_open(&n, *state);
    n.app->config.network_hosts = S("*=http://10.0.0.1:9");
    assert_int_equal(ask(&n, "POST", S("/api/v1/channels/check"),
                         "{\"kind\":\"x\",\"settings\":{\"access_token\":\"t\"}}"),
        200);
    assert_false(str_eq(test_text(n.app, "outcome"), S("sent")));
    assert_int_equal(peer_count(n.peer), 0);
    networks_close(&n);
}

/* ── authorising ── */

static str query_of(str url, const char *name)
{
    str head, rest, pair, key, value, decoded = {0};
    (void)str_cut(url, '?', &head, &rest);
    while (rest.len) {
        (void)str_cut(rest, '&', &pair, &rest);
        (void)str_cut(pair, '=', &key, &value);
        if (str_eq(key, str_from(name)) &&
            http_percent_decode(&n.app->arena, value, true, &decoded) == OK)
            return decoded;
    }
    return (str){0};
}

static str begin(const char *more)
{
    assert_int_equal(ask(&n, "POST", S("/api/v1/authorizations"),
                         "{\"kind\":\"x\",\"name\":\"Parrot\",\"settings\":{\"client_id\":\"cid\","
                         "\"client_secret\":\"app-secret\"}%s}",
                         more),
        201);
    return test_text(n.app, "url");
}

static str come_back(str state, const char *more)
{
    int status = ask(&n, "GET", path(&n, "/oauth/callback?state=%.*s%s", SARG(state), more), NULL);
    assert_int_equal(status, 303);
    str to = test_answer_header(n.app, "Location");
    assert_true(str_starts(to, S("/app/settings/channels")));
    return to;
}

#define TOKENS                                                                                     \
    "{\"access_token\":\"at-1\",\"refresh_token\":\"rt-1\",\"expires_in\":7200,\"token_type\":"    \
    "\"bearer\"}"

static void an_account_is_connected_by_the_networks_page_with_pkce(void **state)
{
    networks_open(&n, *state);
    str url = begin("");
    str given = query_of(url, "state");
    assert_true(given.len >= 43);
    assert_str(query_of(url, "client_id"), "cid");
    assert_str(query_of(url, "code_challenge_method"), "S256");
    assert_true(str_ends(query_of(url, "redirect_uri"), S("/oauth/callback")));
    assert_true(str_find(url, S("app-secret")) < 0);
    peer_answers(n.peer, 200, "", TOKENS);
    peer_answers(n.peer, 200, "", ONE);
    str to = come_back(given, "&code=c-1");
    assert_true(str_ends(to, S("?connected=1")));
    struct peer_heard heard = peer_heard(n.peer, 0);
    assert_str(heard.target, "/x/api/token");
    assert_true(str_find(heard.body, S("code=c-1")) >= 0);
    assert_true(str_find(heard.body, S("code_verifier=")) >= 0);
    assert_int_equal(ask(&n, "GET", S("/api/v1/channels"), NULL), 200);
    assert_true(body_has(&n, "\"external_id\":\"77\""));
    assert_true(body_has(&n, "\"refresh_token\":true"));
    assert_false(body_has(&n, "at-1") || body_has(&n, "rt-1"));
    assert_true(body_has(&n, "\"expires_at\":\"2026-01-01T02:00:00.000Z\""));
    /* Once. */
    assert_true(str_find(come_back(given, "&code=c-1"), S("authorization_error=")) > 0);
    assert_int_equal(peer_count(n.peer), 2);
    networks_close(&n);
}

static void somebody_elses_authorisation_opens_nothing_and_stays_good(void **state)
{
    networks_open(&n, *state);
    str given = query_of(begin(""), "state"), token;
    str target = path(&n, "/oauth/callback?state=%.*s&code=c", SARG(given));
    agent_id other;
    session_id session;
    struct agent agent;
    (void)test_agent_add(n.app, "zoe@test.example", "admin", &other);
    struct ctx *cx = test_begin(n.app);
    assert_ok(agent_get(cx, other, &agent));
    assert_ok(session_open(cx, agent.login_id, other, S("192.0.2.1"), S("t"), &session, &token));
    token = str_copy(&n.app->arena, token);
    test_commit(n.app, cx);
    const struct http_header headers[] = {
        {S("Cookie"),
         path(&n, "%.*s=%.*s", SARG(session_cookie_name(&n.app->config)), SARG(token))},
    };
    assert_int_equal(
        test_request_full(n.app, "GET", str_z(&n.app->arena, target), headers, 1, S("")), 303);
    assert_true(str_find(test_answer_header(n.app, "Location"), S("authorization_error=")) > 0);
    assert_int_equal(
        test_request_full(n.app, "GET", str_z(&n.app->arena, target), NULL, 0, S("")), 303);
    assert_true(str_find(test_answer_header(n.app, "Location"), S("authorization_error=")) > 0);
    assert_int_equal(peer_count(n.peer), 0);
    peer_answers(n.peer, 200, "", TOKENS);
    peer_answers(n.peer, 200, "", ONE);
    assert_true(str_ends(come_back(given, "&code=c"), S("connected=1")));
    networks_close(&n);
}

static void a_network_that_says_no_is_told_in_words_and_leads_nowhere_else(void **state)
{
    networks_open(&n, *state);
    str given = query_of(begin(""), "state");
    str to = come_back(given,
        "&error=access_denied&error_description=https%3A%2F%2Fevil.example%2F%0d%0aX%3A%20y");
    assert_true(str_starts(to, S("/app/settings/channels?authorization_error=")));
    assert_true(str_find(to, S("\r")) < 0 && str_find(to, S("://")) < 0);
    assert_int_equal(peer_count(n.peer), 0);
    /* And a code that it does not take. */
    given = query_of(begin(""), "state");
    peer_answers(n.peer, 400, "", "{\"error\":\"invalid_grant\"}");
    assert_true(str_find(come_back(given, "&code=bad-code"), S("authorization_error=")) > 0);
    assert_true(str_find(test_answer_header(n.app, "Location"), S("bad-code")) < 0);
    assert_true(str_find(come_back(S("nonsense"), "&code=c"), S("authorization_error=")) > 0);
    networks_close(&n);
}

static void of_several_accounts_one_is_chosen(void **state)
{
    networks_open(&n, *state);
    str given = query_of(begin(""), "state");
    peer_answers(n.peer, 200, "", TOKENS);
    peer_answers(n.peer, 200, "",
        "{\"accounts\":[{\"id\":\"1\",\"name\":\"North\",\"token\":\"page-1\"},{\"id\":\"2\","
        "\"name\":\"South\",\"handle\":\"@south\",\"token\":\"page-2\"}]}");
    str to = come_back(given, "&code=c");
    str chosen = query_of(to, "authorization");
    assert_true(chosen.len >= 43 && !str_eq(chosen, given));
    str target = path(&n, "/api/v1/authorizations/%.*s", SARG(chosen));
    assert_int_equal(ask(&n, "GET", target, NULL), 200);
    assert_str(test_text(n.app, "accounts.1.name"), "South");
    assert_false(body_has(&n, "page-2") || body_has(&n, "at-1"));
    assert_int_equal(ask(&n, "POST", target, "{\"external_id\":\"3\"}"), 400);
    assert_int_equal(ask(&n, "POST", target, "{\"external_id\":\"2\"}"), 201);
    assert_str(test_text(n.app, "handle"), "@south");
    assert_str(test_text(n.app, "name"), "Parrot");
    str channel = test_text(n.app, "id");
    assert_int_equal(ask(&n, "POST", target, "{\"external_id\":\"1\"}"), 404);
    peer_answers(n.peer, 200, "", "{}");
    peer_answers(n.peer, 200, "", "{\"templates\":[]}");
    world_run(&n.w);
    struct peer_heard heard = heard_last(&n);
    assert_str(peer_header(&heard, "Authorization"), "Bearer page-2"); /* the account's own */
    (void)channel;
    networks_close(&n);
}

static void a_channel_is_authorised_anew_for_its_own_account_only(void **state)
{
    networks_open(&n, *state);
    channel_connect(&n);
    peer_answers(n.peer, 200, "", ONE);
    str channel = path(&n, "/api/v1/channels/%.*s", SARG(n.channel));
    assert_int_equal(ask(&n, "POST", str_cat(&n.app->arena, channel, S("/check")), NULL), 200);
    char *more = str_z(&n.app->arena, path(&n, ",\"channel_id\":\"%.*s\"", SARG(n.channel)));
    str given = query_of(begin(more), "state");
    peer_answers(n.peer, 200, "", TOKENS);
    peer_answers(n.peer, 200, "", "{\"accounts\":[{\"id\":\"78\",\"name\":\"Other\"}]}");
    assert_true(str_find(come_back(given, "&code=c"), S("authorization_error=")) > 0);
    given = query_of(begin(more), "state");
    peer_answers(n.peer, 200, "", TOKENS);
    peer_answers(n.peer, 200, "", ONE);
    assert_true(
        str_ends(come_back(given, "&code=c"), path(&n, "/%.*s?connected=1", SARG(n.channel))));
    assert_int_equal(ask(&n, "GET", channel, NULL), 200);
    assert_non_null(json_path(n.app->json, S("secrets.refresh_token")));
    given = query_of(begin(more), "state"); /* of several it is the channel's, and nobody chooses */
    peer_answers(n.peer, 200, "", TOKENS);
    peer_answers(n.peer, 200, "",
        "{\"accounts\":[{\"id\":\"78\",\"name\":\"Other\"},{\"id\":\"77\",\"name\":\"Shop\"}]}");
    assert_true(str_find(come_back(given, "&code=c"), S("connected=1")) > 0);
    given = query_of(begin(more), "state");
    peer_answers(n.peer, 200, "", TOKENS);
    peer_answers(n.peer, 200, "",
        "{\"accounts\":[{\"id\":\"78\",\"name\":\"Other\"},{\"id\":\"79\",\"name\":\"Third\"}]}");
    assert_true(str_find(come_back(given, "&code=c"), S("authorization_error=")) > 0);
    networks_close(&n);
}

static void an_account_is_connected_by_oauth_1(void **state)
{
    networks_open(&n, *state);
    peer_answers(
        n.peer, 200, "", "oauth_token=rq-1&oauth_token_secret=rqs&oauth_callback_confirmed=true");
    assert_int_equal(ask(&n, "POST", S("/api/v1/authorizations"),
                         "{\"kind\":\"x\",\"settings\":{\"auth\":\"oauth1\",\"consumer_key\":"
                         "\"ck\",\"consumer_secret\":\"cs\"}}"),
        201);
    assert_str(query_of(test_text(n.app, "url"), "oauth_token"), "rq-1");
    peer_answers(
        n.peer, 200, "", "oauth_token=ot-1&oauth_token_secret=ots&user_id=77&screen_name=shop");
    peer_answers(n.peer, 200, "", ONE);
    int status = ask(&n, "GET", S("/oauth/callback?oauth_token=rq-1&oauth_verifier=v-1"), NULL);
    assert_int_equal(status, 303);
    assert_true(str_ends(test_answer_header(n.app, "Location"), S("connected=1")));
    assert_int_equal(ask(&n, "GET", S("/api/v1/channels"), NULL), 200);
    assert_true(body_has(&n, "\"oauth1_token_secret\":true"));
    assert_true(body_has(&n, "\"name\":\"Shop\"")); /* nobody named it: the account's */
    assert_false(body_has(&n, "ot-1"));
    networks_close(&n);
}

static void an_authorisation_ends_after_a_quarter_of_an_hour(void **state)
{
    networks_open(&n, *state);
    str given = query_of(begin(""), "state");
    clock_advance(AUTHORIZATION_MS + 1);
    assert_true(str_find(come_back(given, "&code=c"), S("authorization_error=")) > 0);
    assert_int_equal(peer_count(n.peer), 0);
    struct ctx *cx = test_begin(n.app);
    int64_t removed = 0;
    assert_ok(authorization_forget(cx, 10, &removed));
    assert_int_equal(removed, 1);
    test_commit(n.app, cx);
    networks_close(&n);
}

static void a_network_without_a_page_cannot_be_authorised(void **state)
{
    networks_open(&n, *state);
    assert_int_equal(ask(&n, "POST", S("/api/v1/authorizations"), "{\"kind\":\"telegram\"}"), 400);
    assert_int_equal(ask(&n, "POST", S("/api/v1/authorizations"),
                         "{\"kind\":\"x\",\"settings\":{\"auth\":\"oauth1\"}}"),
        400);
    assert_str(test_text(n.app, "error.field"), "settings.consumer_key");
    networks_close(&n);
}

static void seva_makes_itself_known_where_nobody_has_made_an_application(void **state)
{
    networks_open(&n, *state);
    peer_answers(n.peer, 200, "", "{\"id\":\"app-7\"}");
    assert_int_equal(
        ask(&n, "POST", S("/api/v1/authorizations"), "{\"kind\":\"x\",\"settings\":{}}"), 201);
    str url = test_text(n.app, "url");
    assert_str(query_of(url, "client_id"), "app-7");
    assert_true(str_find(peer_heard(n.peer, 0).body, S("/oauth/callback")) > 0);
    peer_answers(n.peer, 200, "", TOKENS);
    peer_answers(n.peer, 200, "", ONE);
    assert_true(str_ends(come_back(query_of(url, "state"), "&code=c"), S("connected=1")));
    assert_true(str_find(peer_heard(n.peer, 1).body, S("client_secret=made")) >= 0);
    assert_int_equal(ask(&n, "GET", S("/api/v1/channels"), NULL), 200);
    assert_true(body_has(&n, "\"client_secret\":true")); /* kept: tokens are renewed with it */
    peer_answers(n.peer, 500, "", "");
    assert_int_equal(
        ask(&n, "POST", S("/api/v1/authorizations"), "{\"kind\":\"x\",\"settings\":{}}"), 502);
    test_log_had(LOG_WARN, "request failed");
    networks_close(&n);
}

/* ── templates ── */

static void templates_are_brought_when_asked_and_every_night(void **state)
{
    networks_open(&n, *state);
    channel_connect(&n);
    str target = path(&n, "/api/v1/channels/%.*s/templates", SARG(n.channel));
    assert_int_equal(ask(&n, "GET", target, NULL), 200);
    assert_null(json_path(n.app->json, S("items.0")));
    peer_answers(n.peer, 200, "",
        "{\"templates\":[{\"name\":\"hello\",\"language\":\"en\",\"body\":\"Hi {{1}}\","
        "\"header\":\"Shop\",\"footer\":\"Bye\"},{\"name\":\"hello\",\"language\":\"en\"}]}");
    assert_int_equal(ask(&n, "POST", str_cat(&n.app->arena, target, S("/sync")), NULL), 200);
    assert_str(test_text(n.app, "items.0.body"), "Hi {{1}}");
    assert_null(json_path(n.app->json, S("items.1")));
    peer_answers(n.peer, 500, "", "");
    assert_int_equal(ask(&n, "POST", str_cat(&n.app->arena, target, S("/sync")), NULL), 502);
    test_log_had(LOG_WARN, "request failed");
    peer_answers(n.peer, 200, "",
        "{\"templates\":[{\"name\":\"night\",\"language\":\"en\",\"body\":\"x\"}]}");
    clock_advance(INT64_C(26) * 3600 * 1000);
    world_run(&n.w);
    assert_int_equal(ask(&n, "GET", target, NULL), 200);
    assert_str(test_text(n.app, "items.0.name"), "night");
    networks_close(&n);
}

/* ── subscriptions ── */

static int count_subscriptions(void)
{
    int count = 0;
    for (int i = 0; i < peer_count(n.peer); i++)
        count += str_eq(peer_heard(n.peer, i).target, S("/x/api/hooks"));
    return count;
}

static void a_month_later(void)
{
    for (int i = 0; i < 3; i++)
        peer_answers(n.peer, 200, "", "{\"templates\":[]}");
    clock_advance(INT64_C(30) * 24 * 3600 * 1000 + 1000);
    world_run(&n.w);
}

static void a_subscription_that_ends_by_itself_is_made_again_while_the_channel_is_on(void **state)
{
    networks_open(&n, *state);
    channel_connect(&n);
    assert_int_equal(count_subscriptions(), 1);
    a_month_later();
    assert_int_equal(count_subscriptions(), 2);
    a_month_later();
    assert_int_equal(count_subscriptions(), 3);
    char *channel = str_z(&n.app->arena, path(&n, "/api/v1/channels/%.*s", SARG(n.channel)));
    assert_int_equal(
        test_request_as(n.app, n.app->owner_token, "PATCH", channel, "{\"is_enabled\":false}"),
        200);
    a_month_later(); /* told to stop, and once more by the job that was planned */
    int stopped = count_subscriptions();
    a_month_later();
    assert_int_equal(count_subscriptions(), stopped);
    networks_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(secrets_of_a_form_are_sealed_and_never_shown),
        TEST_APP(what_a_form_does_not_know_or_lacks_is_refused_by_name),
        TEST_APP(a_change_merges_and_null_takes_away),
        TEST_APP(another_server_does_not_get_the_secrets_of_the_one_before),
        TEST_APP(one_account_of_a_network_is_one_channel),
        TEST_APP(a_network_is_told_where_to_call_and_when_not_to_any_more),
        TEST_APP(a_channel_that_goes_over_to_capture_is_left_by_its_network),
        TEST_APP(a_network_that_refuses_to_call_is_shown_at_the_channel),
        TEST_APP(a_form_is_checked_without_being_stored),
        TEST_APP(a_check_of_a_channel_tells_it_who_it_is_and_opens_it_again),
        TEST_APP(a_check_of_a_channel_brings_what_belongs_to_its_account),
        TEST_APP(a_check_of_a_private_address_is_refused_by_the_egress_guard),
        TEST_APP(an_account_is_connected_by_the_networks_page_with_pkce),
        TEST_APP(somebody_elses_authorisation_opens_nothing_and_stays_good),
        TEST_APP(a_network_that_says_no_is_told_in_words_and_leads_nowhere_else),
        TEST_APP(of_several_accounts_one_is_chosen),
        TEST_APP(a_channel_is_authorised_anew_for_its_own_account_only),
        TEST_APP(an_account_is_connected_by_oauth_1),
        TEST_APP(an_authorisation_ends_after_a_quarter_of_an_hour),
        TEST_APP(a_network_without_a_page_cannot_be_authorised),
        TEST_APP(seva_makes_itself_known_where_nobody_has_made_an_application),
        TEST_APP(a_subscription_that_ends_by_itself_is_made_again_while_the_channel_is_on),
        TEST_APP(templates_are_brought_when_asked_and_every_night),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
