/* Options: flag, then environment, then file, then default. */
#include "test.h"

#include "app/config.h"
#include "base/file.h"

static err read_options(struct settings *s, char **argv, char **environment, str *why)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    return settings_read(test_arena(), argc, argv, environment, s, why);
}
#define WORDS(...) ((char *[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void the_default_stands_when_nobody_says_otherwise(void **state)
{
    (void)state;
    struct settings s;
    str why;
    assert_ok(read_options(&s, WORDS("seva", "serve"), WORDS(), &why));
    assert_str(s.values[SET_LISTEN], "127.0.0.1:8700");
    assert_str(s.words[0], "serve");
    assert_false(s.given[SET_LISTEN]);
}

static void flag_wins_over_environment_over_file(void **state)
{
    (void)state;
    struct settings s;
    str why;
    assert_ok(file_write(test_path("c"),
        S("# a comment\nlisten = :1\nworkers=1\n\nnode = 1\nmetrics-token = geheim\n"), 0600));
    char *file = str_z(test_arena(), test_path("c"));
    assert_ok(read_options(&s, WORDS("seva", "--listen", ":3", "serve", "--config", file),
        WORDS("SEVA_LISTEN=:2", "SEVA_WORKERS=2", "OTHER=x"), &why));
    assert_str(s.values[SET_LISTEN], ":3");
    assert_str(s.values[SET_WORKERS], "2");
    assert_str(s.values[SET_NODE], "1");
    assert_str(s.values[SET_METRICS_TOKEN], "geheim");
    assert_ok(read_options(
        &s, WORDS("seva", "serve", "--demo"), WORDS("SEVA_BASE_URL=https://x.example"), &why));
    assert_str(s.values[SET_BASE_URL], "https://x.example");
    assert_true(settings_flag(&s, SET_DEMO));
}

static void a_secret_is_not_taken_from_a_flag(void **state)
{
    (void)state;
    struct settings s;
    str why;
    assert_err(read_options(&s, WORDS("seva", "--metrics-token", "x"), WORDS(), &why), E_INVALID);
    assert_true(str_find(why, S("environment")) > 0);
    assert_ok(read_options(&s, WORDS("seva"), WORDS("SEVA_METRICS_TOKEN=x"), &why));
    assert_str(s.values[SET_METRICS_TOKEN], "x");
}

static void what_is_not_an_option_is_refused_with_its_line(void **state)
{
    (void)state;
    struct settings s;
    str why;
    assert_err(read_options(&s, WORDS("seva", "--bogus"), WORDS(), &why), E_INVALID);
    assert_err(read_options(&s, WORDS("seva", "--listen"), WORDS(), &why), E_INVALID);
    char *file = str_z(test_arena(), test_path("c"));
    static const char *const bad[] = {"listen\n", "bogus = 1\n", "owner = x\n", "config = x\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        str text = str_cat(test_arena(), S("\n"), str_from(bad[i]));
        assert_ok(file_write(test_path("c"), text, 0600));
        assert_err(read_options(&s, WORDS("seva", "--config", file), WORDS(), &why), E_INVALID);
        assert_true(str_find(why, S("line 2")) > 0);
    }
    assert_err(read_options(&s, WORDS("seva", "--config", "/nowhere"), WORDS(), &why), E_INVALID);
}

static void numbers_are_checked_with_their_range(void **state)
{
    (void)state;
    struct settings s;
    str why;
    int64_t node;
    assert_ok(read_options(&s, WORDS("seva", "--node=1024"), WORDS(), &why));
    assert_err(settings_int(test_arena(), &s, SET_NODE, 0, 1023, &node, &why), E_INVALID);
    assert_str(why, "node must be a number from 0 to 1023");
}

static void help_names_every_option(void **state)
{
    (void)state;
    str help = settings_help(test_arena());
    assert_true(str_find(help, S("--base-url URL")) > 0);
    assert_true(str_find(help, S("SEVA_METRICS_TOKEN")) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_default_stands_when_nobody_says_otherwise),
        TEST(flag_wins_over_environment_over_file),
        TEST(a_secret_is_not_taken_from_a_flag),
        TEST(what_is_not_an_option_is_refused_with_its_line),
        TEST(numbers_are_checked_with_their_range),
        TEST(help_names_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
