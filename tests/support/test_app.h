/* test_app: a whole server in the test's process without sockets: a fresh database with all
 * migrations, one account with an owner, a widget and an api channel, a fixed clock, and requests
 * through the real boundary, answered before the call returns. One app at a time per process. */
#pragma once
#include "test.h"

#include "api/server.h"
#include "base/json.h"
#include "store/channel.h"

enum { TEST_APP_NOW_S = 1767225600 }; /* 2026-01-01T00:00:00Z: where the clock stands at first */

struct test_app {
    struct arena arena; /* answers and look-ups live here until test_app_close */
    struct api api;
    struct config config;
    struct db *db;
    account_id account;
    agent_id owner;
    str owner_token;               /* API token with every capability */
    str owner_session, owner_csrf; /* the owner signed in: cookie value and CSRF token */
    channel_id widget, api_channel;
    str widget_key, identity_secret;
    str source_key, source_secret;
    /* What the last request returned. */
    int status;
    str body; /* also that of a file */
    str content_type;
    const struct json *json; /* NULL when the body is no JSON */
    const struct http_header *headers;
    ptrdiff_t header_count;
    int64_t woken_events, woken_jobs; /* how often a commit asked for it */
    /* Test seam: the allocation with this number fails inside the next request (0 = none);
     * allocations says how many the last request asked for. */
    long fail_allocation, fail_count, allocations;
    /* The same for other seams: called around what the program does of a request. */
    void (*fault_begin)(void *arg), (*fault_end)(void *arg);
    void *fault_arg;
    str db_url;            /* for a look from beside */
    ptrdiff_t arena_bytes; /* the most memory the next request may take; 0 = as in production */
};

/* kind: DB_SQLITE, or DB_POSTGRES (NULL when SEVA_TEST_PG is unset: skip the test). */
struct test_app *test_app_open(enum db_kind kind);
void test_app_close(struct test_app *app);

/* For the test table: *state is a fresh app on the database that SEVA_TEST_DB names (sqlite, the
 * default, or postgres), between test_setup and test_teardown. */
#define TEST_APP(fn) cmocka_unit_test_setup_teardown(fn, test_app_setup, test_app_teardown)
int test_app_setup(void **state);
int test_app_teardown(void **state);
/* True when SEVA_TEST_DB asks for PostgreSQL and there is none: main returns 77 (skipped). */
bool test_app_is_skipped(void);

/* A whole request: headers may be NULL. The answer is in app->status, app->json … */
int test_request_full(struct test_app *app, const char *method, const char *target,
    const struct http_header *headers, ptrdiff_t n_headers, str body);
/* As the owner, with the cookie, CSRF token and origin. json NULL = no body. */
int test_request(struct test_app *app, const char *method, const char *target, const char *json);
/* The same; "/api/v1/tags {\"name\":\"%s\"}": address and body are printed, the first blank parts
 * them, without one there is no body. */
[[gnu::format(printf, 3, 4)]] int test_ask(
    struct test_app *app, const char *method, const char *target_and_body, ...);
/* With "Authorization: Bearer <token>". */
int test_request_as(
    struct test_app *app, str token, const char *method, const char *target, const char *json);
/* A text of the last answer by path: test_text(app, "conversation.id"); fails the test when absent.
 */
str test_text(struct test_app *app, const char *path);
int64_t test_int(struct test_app *app, const char *path);
/* A header of the last answer, or empty. */
str test_answer_header(struct test_app *app, const char *name);

/* Fails the test unless every event so far is what its type declares; the teardown does it too. */
void test_events_check(struct test_app *app);

/* Another person of the account with this role; returns an API token of theirs with every
 * capability they have. */
str test_agent_add(struct test_app *app, const char *email, const char *role, agent_id *id);
/* A second account; returns its owner's token. */
str test_account_add(struct test_app *app, const char *name, account_id *id);

/* A ctx of the account as the system, in a WRITE transaction, for calling rooms directly; ended by
 * test_commit or test_rollback. */
struct ctx *test_begin(struct test_app *app);
struct ctx *test_begin_account(struct test_app *app, account_id account);
void test_commit(struct test_app *app, struct ctx *cx);
void test_rollback(struct test_app *app, struct ctx *cx);
/* What waits to be indexed is, now. */
void test_index(struct test_app *app);
