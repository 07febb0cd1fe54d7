/* Memory that ends in the middle of a request: the answer is 503, nothing is half done, and the
 * next request works. */
#include "test_app.h"

struct attempt {
    const char *method, *path, *body;
    int good; /* status when all goes well */
};

static int ask(struct test_app *app, const struct attempt *t)
{
    return test_request_as(app, app->owner_token, t->method, t->path, t->body);
}

/* So many are in the list that the attempt adds to; −1: it adds to none. */
static ptrdiff_t listed(struct test_app *app, const struct attempt *t)
{
    if (!str_eq(str_from(t->method), S("POST")) || t->good != 201)
        return -1;
    struct attempt list = {"GET", t->path, NULL, 200};
    assert_int_equal(ask(app, &list), 200);
    return json_path(app->json, S("items"))->count;
}

static void busy_is_expected(void)
{
    log_line(LOG_WARN, "request not done"); /* so that there is one of each */
    log_line(LOG_WARN, "request failed");
    test_log_had(LOG_WARN, "request not done");
    test_log_had(LOG_WARN, "request failed");
}

/* Whatever the status: good, or 503 and nothing has changed. */
static void check(struct test_app *app, const struct attempt *t, int status, ptrdiff_t before)
{
    if (status != t->good && status != 503)
        fail_msg("%s %s: %d %.*s", t->method, t->path, status, SARG(app->body));
    assert_int_equal(listed(app, t), before + (status == 201));
}

static const struct attempt *attempt_at(struct test_app *app, int i, int round)
{
    static const struct attempt attempts[] = {
        {"GET",   "/api/v1/agents",                    NULL,                                           200},
        {"GET",   "/api/v1/audit",                     NULL,                                           200},
        {"GET",   "/openapi.json",                     NULL,                                           200},
        {"GET",   "/docs",                             NULL,                                           200},
        {"PATCH", "/api/v1/account",                   "{\"name\":\"Other\"}",                         200},
        {"POST",  "/api/v1/tokens",                    "{\"name\":\"t\",\"scopes\":[\"agent.read\"]}", 201},
        {"GET",   "/nothing",                          NULL,                                           404},
        {"POST",  "/api/v1/teams",                     NULL,                                           201},
        {"POST",  "/api/v1/contacts",                  NULL,                                           201},
        {"POST",  "/api/v1/views",                     NULL,                                           201},
        {"GET",   "/api/v1/account",                   NULL,                                           200},
        {"GET",   "/api/v1/tags",                      NULL,                                           200},
        {"GET",   "/api/v1/roles",                     NULL,                                           200},
        {"GET",   "/api/v1/channels",                  NULL,                                           200},
        {"GET",   "/api/v1/conversations?status=open", NULL,                                           200},
        {"GET",   "/api/v1/webhooks",                  NULL,                                           200},
        {"GET",   "/api/v1/conversations",             NULL,                                           200},
        {"GET",   "/api/v1/contacts",                  NULL,                                           200},
        {"GET",   "/api/v1/jobs?state=queued",         NULL,                                           200},
        {"GET",   "/api/v1/quarantine",                NULL,                                           200},
    };
    if (i == (int)(sizeof attempts / sizeof attempts[0]))
        return NULL;
    struct attempt *t = NEW(&app->arena, struct attempt, 1);
    *t = attempts[i];
    if (!t->body && str_eq(str_from(t->method), S("POST")))
        t->body = str_z(&app->arena, str_print(&app->arena, "{\"name\":\"team %d\"}", round));
    return t;
}

static void a_failing_allocation_is_answered_with_503(void **state)
{
    struct test_app *app = *state;
    const struct attempt *t;
    int busy = 0;
    for (int i = 0; (t = attempt_at(app, i, 0)); i++)
        for (int nth = 1; nth <= 12; nth++) {
            ptrdiff_t before = listed(app, t);
            app->fail_allocation = 1 + nth / 2;
            app->fail_count = nth & 1 ? 1 : 1000;
            int status = ask(app, attempt_at(app, i, nth));
            app->fail_allocation = 0;
            busy += status == 503;
            check(app, t, status, before);
        }
    assert_true(busy > 0);
    busy_is_expected();
}

/* The arena's maximum stands for all memory: each step ends a little later in the walk. The steps
 * grow with it, so that a long walk (a printed document) has some hundred of them too. */
static void memory_that_ends_anywhere_leaves_nothing_half_done(void **state)
{
    struct test_app *app = *state;
    const struct attempt *t;
    for (int i = 0; (t = attempt_at(app, i, 0)); i++) {
        int status = 503;
        for (int bytes = 600; status == 503; bytes += 96 + bytes / 64) {
            ptrdiff_t before = listed(app, t);
            app->arena_bytes = bytes;
            status = ask(app, attempt_at(app, i, bytes));
            app->arena_bytes = 0;
            check(app, t, status, before);
            assert_true(bytes < 4000000);
        }
    }
    busy_is_expected();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(a_failing_allocation_is_answered_with_503),
        TEST_APP(memory_that_ends_anywhere_leaves_nothing_half_done),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
