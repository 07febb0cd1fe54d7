/* Base addresses, settings and secrets of a channel as its connector asks for them. */
#include "connector/connector.h"
#include "test.h"

static const struct connector_host hosts[] = {
    {"api",                            "https://api.network.example"},
    {"files",                                "https://files.network.example"},
    {0},
};
static const struct connector_setting settings[] = {
    {.name = "version", .kind = "text", .help = "x", .standard = "v1"},
    {.name = "label",      .kind = "text", .help = "x"},
    {0                },
};
static const struct connector network = {
    .name = S_INIT("net"), .hosts = hosts, .settings = settings};

static str url(const char *overrides, const char *name)
{
    return connector_host_url(test_arena(), &network, str_from(overrides), str_from(name));
}

static void an_address_is_the_networks_own_unless_the_operator_gave_another(void **state)
{
    (void)state;
    assert_str(url("", "api"), "https://api.network.example");
    assert_str(url("other.api=http://x", "api"), "https://api.network.example");
    assert_str(url("net.api=http://x", "api"), "http://x");
    assert_str(url("net.api=http://x", "files"), "https://files.network.example");
    assert_str(url("net.api=http://x/y///", "api"), "http://x/y");
    assert_str(url(" net.api = http://x/?a=b ;", "api"), "http://x/?a=b");
    assert_str(url("net.apis=http://x;;=;net.api", "api"), "https://api.network.example");
}

static void one_address_for_all_gets_the_networks_and_the_hosts_name(void **state)
{
    (void)state;
    assert_str(url("*=http://127.0.0.1:9000/", "api"), "http://127.0.0.1:9000/net/api");
    assert_str(
        url("*=http://127.0.0.1:9000;net.files=http://f", "api"), "http://127.0.0.1:9000/net/api");
    assert_str(url("*=http://127.0.0.1:9000;net.files=http://f", "files"), "http://f");
}

static void an_address_that_nobody_gave_is_empty(void **state)
{
    (void)state;
    static const struct connector bare = {.name = S_INIT("net")};
    assert_int_equal(url("", "upload").len, 0);
    assert_int_equal(connector_host_url(test_arena(), &bare, S(""), S("api")).len, 0);
}

static str setting(const char *json, const char *name)
{
    const struct connector_setup s = {.settings = str_from(json)};
    return setup_setting(test_arena(), &network, &s, name);
}

static void a_setting_left_out_has_its_standard(void **state)
{
    (void)state;
    assert_str(setting("{\"version\":\"v9\"}", "version"), "v9");
    assert_str(setting("{\"version\":\"\"}", "version"), "v1");
    assert_str(setting("{\"version\":7}", "version"), "7");
    const char *const without[] = {"{}", "", "{", "[]", "{\"version\":null}", "{\"version\":{}}"};
    for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
        assert_str(setting(without[i], "version"), "v1");
        assert_int_equal(setting(without[i], "label").len, 0);
        assert_int_equal(setting(without[i], "unknown").len, 0);
    }
}

static void a_secret_has_no_standard_and_is_not_a_setting(void **state)
{
    (void)state;
    const struct connector_setup s = {
        .settings = S("{\"token\":\"public\"}"), .secrets = S("{\"access_token\":\"t\"}")};
    assert_str(setup_secret(test_arena(), &s, "access_token"), "t");
    assert_int_equal(setup_secret(test_arena(), &s, "token").len, 0);
    assert_int_equal(setup_setting(test_arena(), &network, &s, "access_token").len, 0);
    const struct connector_setup none = {0};
    assert_int_equal(setup_secret(test_arena(), &none, "access_token").len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_address_is_the_networks_own_unless_the_operator_gave_another),
        TEST(one_address_for_all_gets_the_networks_and_the_hosts_name),
        TEST(an_address_that_nobody_gave_is_empty),
        TEST(a_setting_left_out_has_its_standard),
        TEST(a_secret_has_no_standard_and_is_not_a_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
