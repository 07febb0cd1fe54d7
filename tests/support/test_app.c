/* test_app: see test_app.h. */
#include "test_app.h"

#include "api/live.h"
#include "api/match.h"
#include "api/rate.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "care/search_index.h"
#include "model/names.h"
#include "plan_watch.h"
#include "shape_check.h"
#include "store/account.h"
#include "store/agent.h"
#include "store/conversation_cell.h"
#include "store/door.h"
#include "store/event.h"
#include "store/login.h"
#include "store/session.h"
#include "store/token.h"
#include "test_db.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One request on its way; the answer may come from another thread (the group's committer). */
struct pending {
    struct http_exchange x; /* first */
    struct test_app *app;
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_finished;
};

struct whole {
    struct test_app app; /* first */
    struct test_db *tdb;
    struct ctx cx;
    struct arena cx_arena;
};

/* The server owns the descriptor from here on. */
static str file_bytes(struct arena *a, const struct http_file *file)
{
    struct http_file at = *file;
    char *to = arena_alloc(a, (ptrdiff_t)file->size + 1, 1);
    int64_t have = 0, here = file->more ? file->here : file->size;
    while (have < file->size) {
        ptrdiff_t got = 0, want = (ptrdiff_t)(here < file->size - have ? here : file->size - have);
        err e = file_read_at(at.fd, at.offset, to + have, want, &got);
        assert(e == OK && got == want);
        have += got;
        if (have == file->size)
            break;
        file_close(at.fd);
        e = at.more->next(at.more, &at.fd, &at.offset, &here);
        assert(e == OK);
    }
    http_file_close(&at);
    return str_of(to, (ptrdiff_t)have);
}

static void faults_end(struct test_app *app)
{
    alloc_fail_at(0, 0);
    if (app->fault_end)
        app->fault_end(app->fault_arg);
}

static void respond(struct http_exchange *x, const struct http_response *r)
{
    struct pending *p = (struct pending *)(void *)x;
    struct test_app *app = p->app;
    struct arena *a = &app->arena;
    faults_end(app); /* the test's own memory is not what is tried */
    app->status = r->status;
    app->content_type = str_copy(a, r->content_type);
    app->body = r->has_file ? file_bytes(a, &r->file) : str_copy(a, r->body);
    struct http_header *headers = NEW(a, struct http_header, r->header_count + 1);
    for (ptrdiff_t i = 0; i < r->header_count; i++)
        headers[i] =
            (struct http_header){str_copy(a, r->headers[i].name), str_copy(a, r->headers[i].value)};
    app->headers = headers;
    app->header_count = r->header_count;
}

static void finish(struct http_exchange *x)
{
    struct pending *p = (struct pending *)(void *)x;
    arena_free(&x->arena);
    pthread_mutex_lock(&p->lock);
    p->is_finished = true;
    pthread_cond_signal(&p->done);
    pthread_mutex_unlock(&p->lock);
}

static void wake(void *arg, bool events, bool jobs)
{
    struct test_app *app = arg;
    app->woken_events += events;
    app->woken_jobs += jobs;
}

static void target_split(struct arena *a, const char *target, struct http_request *req)
{
    str path, query;
    req->raw_target = str_from(target);
    (void)str_cut(req->raw_target, '?', &path, &query);
    err e = http_percent_decode(a, path, false, &req->path);
    assert(e == OK);
    e = http_pairs_parse(a, query, &req->query, &req->query_count);
    assert(e == OK);
}

/* Every answer of every test is what its route declares. */
static void answer_check(struct test_app *app, const struct http_request *req)
{
    const struct route *route = route_find(app->api.routes, req->method, req->path).route;
    if (!route || !app->status)
        return;
    str fault = answer_fault_of(&app->arena, route, app->status, app->body, app->json);
    if (fault.len)
        fail_msg("%s %s: %.*s", http_method_name(route->method), route->path, SARG(fault));
}

void test_events_check(struct test_app *app)
{
    enum { BATCH = 500 };
    struct arena a = arena_make(0), look = arena_make(0); /* of one event, for a night has many */
    struct db_tx *tx;
    struct event_pos at = {0};
    const struct event_row *rows;
    ptrdiff_t n = BATCH;
    str fault = {0};
    if (db_begin(app->db, DB_READ, &a, &tx) == OK) {
        while (n == BATCH && event_read(tx, at, BATCH, &rows, &n) == OK)
            for (ptrdiff_t i = 0; i < n && !fault.len; i++) {
                at = (struct event_pos){rows[i].major, rows[i].minor};
                arena_reset(&look);
                fault = str_copy(&app->arena, event_fault(&look, &rows[i]));
            }
        (void)db_rollback(tx); /* it only read */
    }
    arena_free(&look);
    arena_free(&a);
    if (fault.len)
        fail_msg("%.*s", SARG(fault));
}

#define ITS_INCOMING                                                                               \
    " FROM message m WHERE m.account_id = ?1 AND m.conversation_id = c.id AND m.kind = 'in'"       \
    " AND m.is_automatic = 0)"

/* What is kept on write is what a count says. */
static int false_counters(struct test_app *app)
{
    struct wrong {
        int64_t n;
    } wrong = {0};
    static const struct db_col cols[] = {COL(struct wrong, n)};
    struct arena a = arena_make(0);
    struct db_tx *tx;
    err e = db_begin(app->db, DB_READ, &a, &tx);
    if (e == OK) {
        e = db_scope(tx, app->account);
        if (e == OK)
            e = db_one(tx,
                S("/* test */ SELECT COUNT(*) AS n FROM conversation c WHERE c.account_id = ?1"
                  " AND (c.in_count <> (SELECT COUNT(*)" ITS_INCOMING
                  "  OR c.last_in_id <> (SELECT COALESCE(MAX(m.id), 0)" ITS_INCOMING ")"),
                ARGS(A_INT(app->account.v)), COLS(cols), &wrong);
        (void)db_rollback(tx); /* it only read */
    }
    arena_free(&a);
    return e == OK ? (int)wrong.n : 0; /* a test may have closed the database or broken it */
}

int test_request_full(struct test_app *app, const char *method, const char *target,
    const struct http_header *headers, ptrdiff_t n_headers, str body)
{
    struct arena a = arena_make(0); /* the request's bytes, as the server would hold them */
    struct pending p = {.app = app};
    pthread_mutex_init(&p.lock, NULL);
    pthread_cond_init(&p.done, NULL);
    p.x.arena = arena_make(app->arena_bytes);
    p.x.req = (struct http_request){
        .headers = headers,
        .header_count = n_headers,
        .body = body,
        .peer = S("192.0.2.7"),
        .received_ms = clock_now_ms(),
    };
    bool is_method = http_method_parse(str_from(method), &p.x.req.method);
    assert(is_method);
    target_split(&a, target, &p.x.req);
    app->status = 0;
    app->json = NULL;
    long calls = alloc_calls();
    if (app->fail_allocation)
        alloc_fail_at(app->fail_allocation, app->fail_count);
    if (app->fault_begin)
        app->fault_begin(app->fault_arg);
    api_handle(&app->api, &p.x);
    alloc_fail_at(0, 0);
    pthread_mutex_lock(&p.lock);
    while (!p.is_finished)
        pthread_cond_wait(&p.done, &p.lock);
    pthread_mutex_unlock(&p.lock);
    faults_end(app); /* a stream answers later */
    pthread_cond_destroy(&p.done);
    pthread_mutex_destroy(&p.lock);
    app->allocations = alloc_calls() - calls;
    str why;
    if (app->body.len && json_parse(&app->arena, app->body, &app->json, &why) != OK)
        app->json = NULL;
    answer_check(app, &p.x.req);
    arena_free(&a);
    return app->status;
}

int test_request(struct test_app *app, const char *method, const char *target, const char *json)
{
    struct http_header headers[] = {
        {S("Cookie"),           str_cat(&app->arena, S("seva_session="), app->owner_session)},
        {S("X-Seva-CSRF"),  app->owner_csrf                    },
        {S("Origin"),     app->config.base_url   },
        {S("Content-Type"),S("application/json")            },
    };
    return test_request_full(app, method, target, headers, 4, str_from(json));
}

int test_ask(struct test_app *app, const char *method, const char *target_and_body, ...)
{
    va_list args;
    va_start(args, target_and_body);
    str all = str_vprint(&app->arena, target_and_body, args), target, body;
    va_end(args);
    bool has_body = str_cut(all, ' ', &target, &body);
    return test_request(
        app, method, str_z(&app->arena, target), has_body ? str_z(&app->arena, body) : NULL);
}

int test_request_as(
    struct test_app *app, str token, const char *method, const char *target, const char *json)
{
    struct http_header headers[] = {
        {S("Authorization"), str_cat(&app->arena, S("Bearer "), token)},
        {S("Content-Type"),            S("application/json")                              },
    };
    return test_request_full(app, method, target, headers, 2, str_from(json));
}

static const struct json *answer_at(struct test_app *app, const char *path)
{
    const struct json *v = json_path(app->json, str_from(path));
    if (!v) {
        fprintf(stderr, "no %s in answer %d: %.*s\n", path, app->status, SARG(app->body));
        abort();
    }
    return v;
}

str test_text(struct test_app *app, const char *path)
{
    return json_text(answer_at(app, path), S(""));
}

int64_t test_int(struct test_app *app, const char *path)
{
    return json_int(answer_at(app, path), 0);
}

str test_answer_header(struct test_app *app, const char *name)
{
    for (ptrdiff_t i = 0; i < app->header_count; i++)
        if (str_eq_nocase(app->headers[i].name, str_from(name)))
            return app->headers[i].value;
    return (str){0};
}

/* ── rooms called directly ── */

static struct ctx *test_begin_plain(struct test_app *app)
{
    struct whole *w = (struct whole *)(void *)app;
    w->cx_arena = arena_make(0);
    w->cx = (struct ctx){.arena = &w->cx_arena,
        .now_ms = clock_now_ms(),
        .config = &app->config,
        .trace = S("test")};
    err e = db_begin(app->db, DB_WRITE, &w->cx_arena, &w->cx.db);
    assert(e == OK);
    return &w->cx;
}

struct ctx *test_begin_account(struct test_app *app, account_id account)
{
    struct ctx *cx = test_begin_plain(app);
    err e = door_account(cx, account);
    assert(e == OK);
    return cx;
}

struct ctx *test_begin(struct test_app *app)
{
    return test_begin_account(app, app->account);
}

void test_commit(struct test_app *app, struct ctx *cx)
{
    err e = db_commit(cx->db);
    assert(e == OK);
    if (cx->effects.events || cx->effects.jobs)
        wake(app, cx->effects.events, cx->effects.jobs);
    arena_free(cx->arena);
}

void test_rollback(struct test_app *app, struct ctx *cx)
{
    (void)app;
    err e = db_rollback(cx->db);
    assert(e == OK);
    arena_free(cx->arena);
}

void test_index(struct test_app *app)
{
    struct search_indexer x = {.db = app->db, .config = &app->config, .arena = arena_make(0)};
    bool more = true;
    for (int64_t n; more;) {
        assert_int_equal(search_index_turn(&x, &n, &more), OK);
        if (!more)
            assert_int_equal(search_index_renew(&x, &more), OK);
    }
    arena_free(&x.arena);
}

/* ── making people ── */

/* Without a password: Argon2id would cost most of the tests' time; they sign in by token. */
static err agent_make(struct ctx *cx, str email, str role, agent_id *id)
{
    struct login login;
    TRY(login_ensure(cx, email, &login));
    struct agent agent = {
        .id = {id_make(cx->now_ms)},
        .login_id = login.id,
        .name = email,
        .email = email,
        .role = role,
        .locale = S("en"),
        .time_zone = S("UTC"),
        .availability = S("online"),
        .settings = S("{}"),
        .is_active = true,
        .joined_ms = cx->now_ms,
        .created_ms = cx->now_ms,
    };
    TRY(agent_add(cx, &agent));
    TRY(login_join(cx, login.id, agent.id));
    *id = agent.id;
    return OK;
}

static err token_make(struct ctx *cx, agent_id agent, str role, str *secret)
{
    const struct builtin_role *builtin = builtin_role_find(role);
    struct token token = {
        .agent_id = agent,
        .name = S("test"),
        .scopes = capabilities_json(cx->arena, builtin ? builtin->caps : UINT64_MAX),
    };
    return token_add(cx, &token, secret);
}

static err account_make(struct ctx *cx, str name)
{
    struct account account = {
        .name = name,
        .locale = S("en"),
        .time_zone = S("UTC"),
        .undo_seconds = 5,
        .reopen_days = 7,
        .settings = S("{}"),
    };
    return door_account_add(cx, &account);
}

str test_agent_add(struct test_app *app, const char *email, const char *role, agent_id *id)
{
    struct ctx *cx = test_begin(app);
    agent_id made;
    str secret;
    err e = agent_make(cx, str_copy(cx->arena, str_from(email)), str_from(role), &made);
    assert(e == OK);
    e = token_make(cx, made, str_from(role), &secret);
    assert(e == OK);
    secret = str_copy(&app->arena, secret);
    test_commit(app, cx);
    if (id)
        *id = made;
    return secret;
}

str test_account_add(struct test_app *app, const char *name, account_id *id)
{
    struct ctx *cx = test_begin_plain(app);
    agent_id owner;
    str secret;
    err e = account_make(cx, str_from(name));
    assert(e == OK);
    e = agent_make(cx, str_print(cx->arena, "owner@%s.example", name), S("owner"), &owner);
    assert(e == OK);
    e = token_make(cx, owner, S("owner"), &secret);
    assert(e == OK);
    secret = str_copy(&app->arena, secret);
    if (id)
        *id = cx->account;
    test_commit(app, cx);
    return secret;
}

static err first_account(struct test_app *app, struct ctx *cx)
{
    struct agent owner;
    session_id session;
    TRY(account_make(cx, S("Test")));
    app->account = cx->account;
    TRY(agent_make(cx, S("owner@test.example"), S("owner"), &app->owner));
    TRY(token_make(cx, app->owner, S("owner"), &app->owner_token));
    TRY(agent_get(cx, app->owner, &owner));
    TRY(session_open(
        cx, owner.login_id, app->owner, S("192.0.2.7"), S("test"), &session, &app->owner_session));
    struct channel widget = {
        .kind = S("widget"), .name = S("Chat"), .languages = S("[]"), .settings = S("{}")};
    struct channel api = {
        .kind = S("api"), .name = S("API"), .languages = S("[]"), .settings = S("{}")};
    TRY(channel_add(cx, &widget, &app->identity_secret));
    TRY(channel_add(cx, &api, &app->source_secret));
    app->widget = widget.id;
    app->widget_key = str_copy(&app->arena, widget.public_key);
    app->api_channel = api.id;
    app->source_key = str_copy(&app->arena, api.public_key);
    app->owner_token = str_copy(&app->arena, app->owner_token);
    app->owner_session = str_copy(&app->arena, app->owner_session);
    app->identity_secret = str_copy(&app->arena, app->identity_secret);
    app->source_secret = str_copy(&app->arena, app->source_secret);
    return OK;
}

static void config_make(struct test_app *app)
{
    struct keyring *keys;
    str why;
    err e = keyring_load(&app->arena, keyring_new_line(&app->arena), &keys, &why);
    assert(e == OK);
    const char *tmp = getenv("TMPDIR");
    char *made =
        str_z(&app->arena, str_print(&app->arena, "%s/seva-app-XXXXXX", tmp ? tmp : "/tmp"));
    if (!mkdtemp(made))
        abort();
    str folder = str_from(made);
    app->config = (struct config){
        .data_dir = folder,
        .blobs_dir = str_cat(&app->arena, folder, S("/blobs")),
        .base_url = S("http://localhost:8700"),
        .keys = keys,
        .thumbnail_program = S("vipsthumbnail"),
        .started_ms = clock_now_ms(),
    };
}

struct test_app *test_app_open(enum db_kind kind)
{
    err e = crypto_start();
    assert(e == OK);
    struct test_db *tdb = test_db_open(kind);
    if (!tdb)
        return NULL;
    plan_watch(tdb);
    rate_reset();
    clock_fix((int64_t)TEST_APP_NOW_S * 1000);
    struct whole *w = alloc_zero(sizeof *w);
    assert(w);
    struct test_app *app = &w->app;
    w->tdb = tdb;
    app->arena = arena_make(0);
    app->db = tdb->db;
    app->db_url = tdb->url;
    config_make(app);
    app->api = (struct api){
        .config = &app->config,
        .db = app->db,
        .wake = wake,
        .wake_arg = app,
        .respond = respond,
        .finish = finish,
    };
    e = api_open(&app->arena, &app->api);
    assert(e == OK);
    e = live_open(&app->api);
    assert(e == OK);
    struct ctx *cx = test_begin_plain(app);
    e = first_account(app, cx);
    assert(e == OK);
    test_commit(app, cx);
    int status = test_request(app, "GET", "/api/v1/session", NULL);
    assert(status == 200);
    app->owner_csrf = test_text(app, "csrf");
    return app;
}

void test_app_close(struct test_app *app)
{
    if (!app)
        return;
    struct whole *w = (struct whole *)(void *)app;
    live_close(&app->api);
    err e = file_tree_remove(app->config.data_dir);
    assert(e == OK);
    api_close(&app->api);
    test_db_close(w->tdb);
    arena_free(&app->arena);
    free(w);
    clock_fix(0);
}

static enum db_kind kind_wanted(void)
{
    const char *name = getenv("SEVA_TEST_DB");
    return name && strcmp(name, "postgres") == 0 ? DB_POSTGRES : DB_SQLITE;
}

bool test_app_is_skipped(void)
{
    const char *url = getenv("SEVA_TEST_PG");
    return kind_wanted() == DB_POSTGRES && (!url || !*url || strcmp(url, "off") == 0);
}

int test_app_setup(void **state)
{
    int failed = test_setup(state);
    if (failed)
        return failed;
    *state = test_app_open(kind_wanted());
    return *state ? 0 : 1;
}

/* What is kept on write is true at the end of every story, whatever wrote in it. */
static void check_counts(struct test_app *app)
{
    struct arena a = arena_make(0);
    struct ctx cx = {.arena = &a, .now_ms = clock_now_ms(), .config = &app->config};
    account_id *accounts = NULL, account = {0};
    ptrdiff_t n = 0;
    int64_t wrong = 0;
    err e = db_begin(app->db, DB_READ, &a, &cx.db);
    if (e == OK)
        e = door_accounts(&cx, &accounts, &n);
    for (ptrdiff_t i = 0; e == OK && i < n && !wrong; i++) {
        account = accounts[i];
        e = door_account(&cx, account);
        if (e == OK)
            e = conversation_cells_check(&cx, &wrong);
    }
    if (cx.db)
        (void)db_rollback(cx.db); /* it has read only */
    arena_free(&a);
    if (wrong)
        fail_msg("%lld cells of account %lld do not count what is there", (long long)wrong,
            (long long)account.v);
    assert_int_equal(e, OK);
}

int test_app_teardown(void **state)
{
    test_events_check(*state);
    int wrong = false_counters(*state);
    int faults = plan_faults(((struct whole *)*state)->tdb);
    check_counts(*state); /* behind it, for it reads everything */
    test_app_close(*state);
    if (wrong)
        fail_msg("%d conversations do not have the incoming messages that they say", wrong);
    if (faults)
        fail_msg("%d statements read or sort what grows with the account", faults);
    return test_teardown(state);
}
