/* log.c: one JSON line per event, no secrets, no broken lines. */
#include "test.h"

#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"

static char last[LIMIT_LOG_LINE_BYTES];
static ptrdiff_t last_len, line_count;

static void keep(enum log_level level, str line, void *arg)
{
    (void)level;
    (void)arg;
    memcpy(last, line.at, (size_t)line.len);
    last_len = line.len;
    line_count++;
}

static int setup(void **state)
{
    int result = test_setup(state);
    line_count = 0;
    log_capture(keep, NULL);
    return result;
}

#define ROW(fn) cmocka_unit_test_setup_teardown(fn, setup, test_teardown)

/* The last line as JSON: every line must be. */
static const struct json *last_line(void)
{
    const struct json *root;
    str why = {0};
    if (json_parse(test_arena(), str_of(last, last_len), &root, &why) != OK)
        fail_msg("%.*s: %.*s", SARG(why), (int)last_len, last);
    return root;
}

static void a_line_has_time_level_message_and_fields_in_order(void **state)
{
    (void)state;
    log_line(LOG_WARN, "webhook refused", LOG_Z("host", "a.example"), LOG_I("status", -503),
        LOG_S("trace", S("t1")));
    assert_str(str_of(last, last_len),
        "{\"at\":\"2026-01-01T00:00:00.000Z\",\"level\":\"warn\",\"msg\":\"webhook refused\","
        "\"host\":\"a.example\",\"status\":-503,\"trace\":\"t1\"}");
    log_line(LOG_INFO, "ready");
    assert_str(json_text(json_get(last_line(), S("msg")), S("")), "ready");
}

static void lines_below_the_level_are_left_out(void **state)
{
    (void)state;
    log_level_set(LOG_WARN);
    log_line(LOG_INFO, "no");
    log_line(LOG_DEBUG, "no");
    assert_int_equal(line_count, 0);
    log_line(LOG_WARN, "yes");
    log_line(LOG_ERROR, "yes");
    assert_int_equal(line_count, 2);
}

static void foreign_text_cannot_break_the_line(void **state)
{
    (void)state;
    str nasty = S("a\"b\\c\nd\re\x01\x7f é \xff\xfe z");
    log_line(LOG_INFO, "x", LOG_S("v", nasty));
    const struct json *line = last_line();
    assert_non_null(json_get(line, S("v")));
    assert_null(memchr(last, '\n', (size_t)last_len));
    log_line(LOG_INFO, "x", LOG_S("v", S("é \"q\"\n")));
    assert_str(json_text(json_get(last_line(), S("v")), S("")), "é \"q\"\n");
}

static void secrets_in_texts_are_hidden(void **state)
{
    (void)state;
    const struct {
        const char *text, *shown;
    } rows[] = {
        {"Authorization: Bearer abc.def-123",  "Authorization: Bearer [hidden]"},
        {"GET /x?token=abc123&b=1",            "GET /x?token=[hidden]&b=1"     },
        {"access_token=s3cr3t",                "access_token=[hidden]"         },
        {"password: hunter2, user: ann",       "password: [hidden], user: ann" },
        {"{\"password\":\"hunter2\"}",         "{\"password\":\"[hidden]\"}"   },
        {"client_secret=xyz",                  "client_secret=[hidden]"        },
        {"a token was used",                   "a token was used"              },
        {"the password is wrong",              "the password is wrong"         },
        {"basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "basic [hidden]"                },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        log_line(LOG_INFO, "x", LOG_Z("v", rows[i].text));
        assert_str(json_text(json_get(last_line(), S("v")), S("")), rows[i].shown);
    }
}

static void fields_named_after_secrets_are_hidden(void **state)
{
    (void)state;
    log_line(LOG_INFO, "x", LOG_Z("password", "hunter2"), LOG_Z("set_cookie", "sid=1"),
        LOG_Z("api_key", "k"), LOG_Z("token", ""));
    const struct json *line = last_line();
    assert_str(json_text(json_get(line, S("password")), S("")), "[hidden]");
    assert_str(json_text(json_get(line, S("set_cookie")), S("")), "[hidden]");
    assert_str(json_text(json_get(line, S("api_key")), S("")), "[hidden]");
    assert_str(json_text(json_get(line, S("token")), S("?")), "");
}

static void a_line_is_bounded_and_still_json(void **state)
{
    (void)state;
    char *long_text = str_z(test_arena(), str_print(test_arena(), "%05000d", 0));
    char *controls = arena_alloc(test_arena(), 5001, 1);
    memset(controls, 1, 5000);
    struct log_field fields[20];
    for (int n = 1; n <= 20; n++) {
        fields[n - 1] = LOG_Z("v", n % 2 ? controls : long_text);
        fields[n - 1].key = str_z(test_arena(), str_print(test_arena(), "v%d", n));
        log_write(LOG_INFO, "x", fields, n);
        assert_in_range(last_len, 1, LIMIT_LOG_LINE_BYTES);
        assert_non_null(json_get(last_line(), S("v1")));
    }
    log_write(LOG_INFO, long_text, NULL, 0);
    assert_non_null(json_get(last_line(), S("msg")));
}

static void a_line_goes_to_standard_error_in_one_piece(void **state)
{
    (void)state;
    int ends[2], before = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    log_capture(NULL, NULL);
    log_line(LOG_WARN, "hello");
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    char text[200];
    ssize_t n = read(ends[0], text, sizeof text);
    (void)close(ends[0]);
    (void)close(ends[1]);
    (void)close(before);
    assert_true(n > 0);
    assert_str(str_of(text, n),
        "{\"at\":\"2026-01-01T00:00:00.000Z\",\"level\":\"warn\",\"msg\":\"hello\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(a_line_has_time_level_message_and_fields_in_order),
        ROW(lines_below_the_level_are_left_out),
        ROW(foreign_text_cannot_break_the_line),
        ROW(secrets_in_texts_are_hidden),
        ROW(fields_named_after_secrets_are_hidden),
        ROW(a_line_is_bounded_and_still_json),
        ROW(a_line_goes_to_standard_error_in_one_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
