/* Whose pages may change something. */
#include "test.h"

#include "api/origin.h"
#include "base/crypto.h"

static void only_the_configured_origin_is_ours(void **state)
{
    (void)state;
    const struct config config = {.base_url = S("https://care.example"), .base_is_https = true};
    assert_true(origin_is_ours(&config, S("https://care.example")));
    static const char *const foreign[] = {"", "null", "http://care.example",
        "https://care.example.evil.example", "https://care.example:444", "https://care.example/",
        "https://evil.example", "http://localhost"};
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        assert_false(origin_is_ours(&config, str_from(foreign[i])));
    assert_str(session_cookie_name(&config), "__Host-seva_session");
}

static void the_names_of_one_machine_are_one_origin_with_the_same_port(void **state)
{
    (void)state;
    const struct config config = {.base_url = S("http://127.0.0.1:8700")};
    assert_true(origin_is_ours(&config, S("http://localhost:8700")));
    assert_true(origin_is_ours(&config, S("http://[::1]:8700")));
    assert_false(origin_is_ours(&config, S("http://localhost:8701")));
    assert_false(origin_is_ours(&config, S("http://localhost.evil.example:8700")));
    assert_false(origin_is_ours(&config, S("https://localhost:8700")));
    assert_str(session_cookie_name(&config), "seva_session");
}

static void the_csrf_token_belongs_to_one_session_and_key(void **state)
{
    (void)state;
    struct keyring *one, *two;
    str why;
    assert_ok(crypto_start());
    assert_ok(keyring_load(test_arena(), keyring_new_line(test_arena()), &one, &why));
    assert_ok(keyring_load(test_arena(), keyring_new_line(test_arena()), &two, &why));
    const struct config a = {.keys = one}, b = {.keys = two};
    struct ctx cx = {.arena = test_arena(), .config = &a}, other = cx;
    other.config = &b;
    str token = csrf_token(&cx, (session_id){7});
    assert_true(str_eq(token, csrf_token(&cx, (session_id){7})));
    assert_false(str_eq(token, csrf_token(&cx, (session_id){8})));
    assert_false(str_eq(token, csrf_token(&other, (session_id){7})));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_the_configured_origin_is_ours),
        TEST(the_names_of_one_machine_are_one_origin_with_the_same_port),
        TEST(the_csrf_token_belongs_to_one_session_and_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
