/* What authorising finds in forms, under which addresses, and what it leaves among the secrets. */
#include "test.h"

#include "connector/authorize.h"

static struct oauth2_app app_of(const char *kind, const char *hosts, const char *settings)
{
    const struct connector *c = connector_find(str_from(kind));
    const struct connector_setup setup = {.settings = str_from(settings),
        .secrets = S("{\"client_secret\":\"s\"}"),
        .hosts = str_from(hosts)};
    assert_non_null(c);
    assert_non_null(c->oauth2);
    return authorize_app(test_arena(), c, &setup, S("https://care.example/oauth/callback"));
}

static void every_network_with_a_page_knows_where_it_is_and_whose_application(void **state)
{
    static const char *const ids[] = {"client_id", "app_id", "client_key", NULL};
    ptrdiff_t n = 0, with_page = 0;
    const struct connector *const *all = connector_all(&n);
    (void)state;
    for (ptrdiff_t i = 0; i < n; i++) {
        const struct connector *c = all[i];
        bool has_id = false;
        if (!c->oauth2 || c->oauth_base)
            continue;
        const struct oauth2_app app = app_of(str_z(test_arena(), c->name), "", "{}");
        if (!app.authorize_base.len || !app.token_base.len)
            fail_msg("%.*s has no address", SARG(c->name));
        for (const struct connector_setting *s = c->settings; s->name; s++)
            for (int k = 0; ids[k]; k++)
                has_id |= str_eq(str_from(s->name), str_from(ids[k]));
        if (!has_id)
            fail_msg("%.*s has no application's id", SARG(c->name));
        with_page++;
    }
    assert_true(with_page >= 5);
}

static void the_operators_addresses_count(void **state)
{
    (void)state;
    struct oauth2_app app = app_of("x", "*=http://sim", "{\"client_id\":\"me\"}");
    assert_str(app.client_id, "me");
    assert_str(app.client_secret, "s");
    assert_str(app.token_base, "http://sim/x/api");
    app = app_of("facebook", "facebook.graph=https://mirror.example/", "{\"app_id\":\"7\"}");
    assert_str(app.client_id, "7");
    assert_str(app.token_base, "https://mirror.example/v25.0"); /* with the provider's version */
    assert_str(app.authorize_base, "https://www.facebook.com/v25.0");
    app = app_of("facebook", "*=http://sim", "{}");
    assert_str(app.authorize_base, "http://sim/facebook/authorize");
}

static void instagram_behind_a_page_is_authorised_at_facebook(void **state)
{
    (void)state;
    struct oauth2_app app = app_of("instagram", "", "{\"app_id\":\"7\",\"login\":\"facebook\"}");
    str url;
    assert_str(app.authorize_base, "https://www.facebook.com/v25.0");
    assert_str(app.token_base, "https://graph.facebook.com/v25.0");
    assert_ok(oauth2_authorize_url(test_arena(), &app, S("st"), S(""), &url));
    assert_true(str_find(url, S("instagram_manage_messages")) > 0);
    app = app_of("instagram", "*=http://sim", "{\"app_id\":\"7\",\"login\":\"facebook\"}");
    assert_str(app.token_base, "http://sim/instagram/graph/v25.0");
    app = app_of("instagram", "", "{\"app_id\":\"7\"}");
    assert_str(app.authorize_base, "https://www.instagram.com");
}

static void tokens_take_the_place_of_older_ones(void **state)
{
    const struct connector *x = connector_find(S("x"));
    const struct oauth2_tokens tokens = {.access = S("new"), .scope = S("read")};
    str after = authorize_secrets(test_arena(), x,
        S("{\"client_secret\":\"s\",\"access_token\":\"old\",\"refresh_token\":\"old\","
          "\"expires_ms\":5}"),
        &tokens, 1000);
    (void)state;
    assert_str(after, "{\"client_secret\":\"s\",\"access_token\":\"new\",\"issued_ms\":1000,"
                      "\"scope\":\"read\"}");
    after = authorize_oauth1_secrets(test_arena(), S("{}"),
        &(struct oauth1_token){.token = S("t"), .secret = S("s"), .user_id = S("9")});
    assert_str(after, "{\"oauth1_token\":\"t\",\"oauth1_token_secret\":\"s\",\"subject\":\"9\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_network_with_a_page_knows_where_it_is_and_whose_application),
        TEST(the_operators_addresses_count),
        TEST(instagram_behind_a_page_is_authorised_at_facebook),
        TEST(tokens_take_the_place_of_older_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
