/* server: see server.h. docs/security.md points 1 and 2 are closed here: nothing reaches a handler
 * that was not matched, authenticated, allowed and decoded.
 *
 * Memory: everything of a call, this file's `struct boundary` too, lives in the exchange's arena,
 * which api->finish gives back; after db_end the callback owns the call. When the arena's memory
 * ends anywhere in the walk, it leaves by the escape and the answer is 503. */
#include "api/boundary.h"
#include "api/input.h"
#include "api/match.h"
#include "api/routes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "care/blob_file.h"
#include "store/agent.h"
#include "store/idempotency.h"
#include "store/job.h"
#include "store/session.h"
#include "store/source.h"
#include "store/token.h"

#include <assert.h>
#include <string.h>

enum { IDEMPOTENCY_KEY_MAX = 200 };

/* ── wiring ── */

static void respond_http(struct http_exchange *x, const struct http_response *r)
{
    http_respond(x->server, x->handle, r);
}

static void wake_receiver(void *arg)
{
    const struct api *api = arg;
    if (api->wake)
        api->wake(api->wake_arg, false, true);
}

static void make_room(void *arg)
{
    const struct api *api = arg;
    if (api->make_room)
        api->make_room(api->wake_arg);
}

err api_open(struct arena *a, struct api *api)
{
    assert(api->db && api->config);
    api->routes = route_tree_make(a, route_tables, n_route_tables);
    api->sources = source_cache_open(api->db, api->config);
    api->intake = intake_open(&(struct intake_options){
        .db = api->db, .wake = wake_receiver, .make_room = make_room, .arg = api});
    if (!api->sources || !api->intake)
        return E_BUSY;
    if (!api->respond)
        api->respond = respond_http;
    if (!api->finish)
        api->finish = http_finish;
    return OK;
}

void api_stop(struct api *api)
{
    intake_stop(api->intake);
}

void api_close(struct api *api)
{
    intake_close(api->intake);
    source_cache_close(api->sources);
    api->intake = NULL;
    api->sources = NULL;
}

ptrdiff_t api_body_limit(const struct api *api, enum http_method method, str path)
{
    struct route_match match = route_find(api->routes, method, path);
    if (!match.route)
        return 0;
    if (match.route->max_body)
        return match.route->max_body;
    return match.route->body || (match.route->flags & ROUTE_RAW_BODY) ? LIMIT_JSON_BODY_BYTES : 0;
}

struct http_handle call_take_over(struct call *call)
{
    struct boundary *b = boundary_of(call);
    assert(call->route->flags & ROUTE_STREAM);
    b->is_taken = true;
    return b->x->handle;
}

void call_after_commit(struct call *call, void (*fn)(struct api *api, void *arg), void *arg)
{
    struct boundary *b = boundary_of(call);
    struct after_commit *after = NEW(call->cx.arena, struct after_commit, 1);
    *after = (struct after_commit){.fn = fn, .arg = arg};
    *b->after_end = after;
    b->after_end = &after->next;
}

/* ── transactions ── */

static err begin(struct boundary *b, enum db_mode mode)
{
    struct ctx *cx = &b->call.cx;
    struct db_tx *tx;
    b->damaged = db_stats_of(b->call.api->db).damaged;
    err e = db_begin(b->call.api->db, mode, cx->arena, &tx);
    if (e != OK)
        return fail(cx, e, "the database is busy; please try again");
    cx->db = tx;
    b->is_writing = mode != DB_READ;
    return OK;
}

static void end_read(struct boundary *b)
{
    struct db_tx *tx = b->call.cx.db;
    b->call.cx.db = NULL;
    (void)db_rollback(tx); /* nothing was written */
}

err prepare_read_begin(struct call *call)
{
    return begin(boundary_of(call), DB_READ);
}

void prepare_read_end(struct call *call)
{
    end_read(boundary_of(call));
}

err prepare_write(struct call *call, err (*fn)(struct ctx *cx, void *arg), void *arg)
{
    struct boundary *b = boundary_of(call);
    struct ctx *cx = &call->cx;
    TRY(begin(b, DB_WRITE));
    err e = db_scope(cx->db, cx->account);
    if (e == OK)
        e = fn(cx, arg);
    struct db_tx *tx = cx->db;
    cx->db = NULL;
    b->is_writing = false;
    if (e != OK) {
        (void)db_rollback(tx); /* the fault is the answer */
        return e;
    }
    return db_commit(tx) == OK ? OK : fail(cx, E_BUSY, "the database is busy; please try again");
}

/* ── the walk ── */

static err match(struct boundary *b)
{
    struct call *call = &b->call;
    struct route_match found = route_find(call->api->routes, call->req->method, call->req->path);
    if (!found.route && found.is_path_known)
        return fail_detail(&call->cx, E_NOT_FOUND, "method", "this address does not know %s",
            http_method_name(call->req->method));
    if (!found.route)
        return fail(&call->cx, E_NOT_FOUND, "there is nothing at this address");
    call->route = found.route;
    memcpy(call->params, found.params, sizeof call->params);
    (void)str_int(call->params[0], 1, INT64_MAX, &call->id); /* stays 0 when it is no number */
    return OK;
}

static err input(struct boundary *b)
{
    struct call *call = &b->call;
    const struct route *route = call->route;
    const struct http_request *req = call->req;
    bool is_api = str_starts(req->path, S("/api/")) || str_starts(req->path, S("/widget/v1/"));
    if (route->query)
        TRY(input_query(&call->cx, route->query, req->query, req->query_count, &call->query));
    else if (is_api && req->query_count && !(route->flags & ROUTE_RAW_BODY))
        return fail_field(
            &call->cx, str_z(call->cx.arena, req->query[0].name), "this address takes no query");
    if (route->flags & ROUTE_RAW_BODY)
        return OK;
    if (!route->body && req->body.len)
        return fail(&call->cx, E_INVALID, "this address takes no body");
    if (!route->body)
        return OK;
    str type = http_media_type(http_header_get(req, S("Content-Type")));
    if (req->body.len && !str_eq_nocase(type, S("application/json")))
        return fail(&call->cx, E_INVALID, "the body must be application/json");
    return input_body(&call->cx, route->body, req->body, &call->body);
}

/* A path like …/{id} whose id is no number names nothing. */
static err id_check(struct boundary *b)
{
    struct call *call = &b->call;
    if (!call->id && strstr(call->route->path, "{id}"))
        return fail(&call->cx, E_NOT_FOUND, "there is no such thing here");
    return OK;
}

/* What must hold before anything costly, and before the write lock is waited for. */
static err authenticate_early(struct boundary *b)
{
    TRY(begin(b, DB_READ));
    authenticate_ahead(b, NULL);
    err e = authenticate(b);
    end_read(b);
    return e;
}

static err input_told(struct boundary *b)
{
    b->call.cx.fault = b->input_fault;
    return b->input_result;
}

/* Who writes as an agent is known before the transaction begins; the lock is not held for it. */
static bool enters_known(const struct route *route)
{
    return route->auth == AUTH_AGENT && (route->flags & ROUTE_WRITE);
}

static err ready(struct boundary *b)
{
    struct call *call = &b->call;
    bool is_private = call->route->auth == AUTH_AGENT || call->route->auth == AUTH_VISITOR;
    TRY(credential_check(b));
    b->input_result = input(b);
    if (b->input_result == OK)
        b->input_result = id_check(b);
    b->input_fault = call->cx.fault;
    bool needs_early = b->input_result != OK || call->route->prepare || enters_known(call->route);
    if (is_private && needs_early)
        TRY(authenticate_early(b));
    if (b->input_result != OK)
        return input_told(b);
    return call->route->prepare ? call->route->prepare(call) : OK;
}

static err idempotency_key(struct boundary *b, str *key)
{
    struct call *call = &b->call;
    *key = (str){0};
    if (!route_is_idempotent(call->route))
        return OK;
    str value = http_header_get(call->req, S("Idempotency-Key"));
    if (!value.at)
        return OK;
    if (!value.len || value.len > IDEMPOTENCY_KEY_MAX)
        return fail(
            &call->cx, E_INVALID, "an Idempotency-Key has 1 to %d characters", IDEMPOTENCY_KEY_MAX);
    for (ptrdiff_t i = 0; i < value.len; i++)
        if (value.at[i] < '!' || value.at[i] > '~')
            return fail(&call->cx, E_INVALID, "an Idempotency-Key is visible ASCII");
    *key = value;
    return OK;
}

/* Runs the handler, or gives the answer that the same request got before. */
static err handle(struct boundary *b)
{
    struct call *call = &b->call;
    struct ctx *cx = &call->cx;
    str key;
    TRY(idempotency_key(b, &key));
    if (!key.len)
        return call->route->handle(call);
    str route =
        str_print(cx->arena, "%s %.*s", http_method_name(call->req->method), SARG(call->req->path));
    struct sha256 sum = crypto_sha256(call->req->body);
    struct idempotent_answer before;
    TRY(idempotency_claim(
        cx, route, key, crypto_hex(cx->arena, str_of(sum.b, sizeof sum.b)), &before));
    if (before.status) {
        answer_header(call, "Idempotency-Replayed", S("true"));
        return before.status == 204 ? answer_empty(call)
                                    : answer_json(call, (int)before.status, before.answer);
    }
    TRY(call->route->handle(call));
    if (!b->keeps_writes)
        TRY(idempotency_keep(cx, route, key, call->res.status, call->res.body));
    return OK;
}

static err transact(struct boundary *b)
{
    TRY(begin(b, b->call.route->flags & ROUTE_WRITE ? DB_WRITE : DB_READ));
    authenticate_ahead(b, route_ahead_of(b->call.route));
    TRY(enters_known(b->call.route) ? authenticated_enter(b) : authenticate(b));
    return handle(b);
}

/* As `before`, when nothing of the transaction had been done. */
static void undo(struct boundary *b, const struct boundary *before)
{
    struct blobs_asked blobs = b->call.cx.blobs;
    struct db_tx *tx = b->call.cx.db;
    if (b->call.res.has_file)
        http_file_close(&b->call.res.file);
    *b = *before;
    b->call.cx.blobs = blobs;
    (void)db_rollback(tx); /* what it wrote is written again */
}

/* A file in a store is fetched between two transactions, never in one (care/blob_file.h). */
static err transact_with_files(struct boundary *b)
{
    const struct boundary before = *b;
    err e = transact(b);
    while (b->call.cx.db && blob_is_wanted(&b->call.cx)) {
        assert(!b->is_taken);
        undo(b, &before);
        (void)blob_bring(&b->call.cx); /* what came of it is asked for again */
        e = transact(b);
    }
    return e;
}

static err walk(struct boundary *b)
{
    struct call *call = &b->call;
    TRY(match(b));
    TRY(ready(b));
    if (call->route->flags & ROUTE_NO_DB) {
        bool is_private = call->route->auth == AUTH_AGENT || call->route->auth == AUTH_VISITOR;
        if (is_private && !call->cx.account.v)
            TRY(authenticate_early(b));
        return call->route->handle(call);
    }
    return transact_with_files(b);
}

/* Everything that allocates, under the arena's escape. */
static void walk_and_answer(struct boundary *b)
{
    struct arena *arena = &b->x->arena;
    jmp_buf escape;
    arena->escape = &escape;
    if (setjmp(escape) == 0) {
        b->result = walk(b);
        if (b->result != OK && !b->is_taken)
            answer_fault(b, b->result);
        answer_finish_headers(b);
    } else {
        b->result = E_BUSY;
        b->after = NULL;
        answer_busy(b);
    }
    arena->escape = NULL;
}

/* ── after the commit ── */

static void effects_run(struct boundary *b)
{
    struct api *api = b->call.api;
    const struct effects *effects = &b->call.cx.effects;
    if ((effects->events || effects->jobs) && api->wake)
        api->wake(api->wake_arg, effects->events, effects->jobs);
    for (const struct after_commit *after = b->after; after; after = after->next)
        after->fn(api, after->arg);
}

static void access_log(const struct boundary *b)
{
    log_line(LOG_DEBUG, "request", LOG_S("trace", ((str){b->trace, TRACE_LEN})),
        LOG_Z("method", http_method_name(b->x->req.method)), LOG_S("path", b->x->req.path),
        LOG_I("status", b->call.res.status), LOG_I("ms", clock_now_ms() - b->call.cx.now_ms),
        LOG_I("account", b->call.cx.account.v));
}

/* db_end's callback: on any thread, must not block. */
static void answered(void *arg, err result)
{
    struct boundary *b = arg;
    struct api *api = b->call.api;
    struct http_exchange *x = b->x;
    if (result != OK) /* the group was lost: nothing of it happened */
        answer_busy(b);
    else if (b->result == OK)
        effects_run(b);
    access_log(b);
    if (!b->is_taken)
        api->respond(x, &b->call.res);
    api->finish(x);
}

/* The intake has stored the delivery, or not; on its thread. */
static void taken_in(void *arg, err result, bool is_new)
{
    struct boundary *b = arg;
    if (!is_new)
        b->call.res.body = b->if_repeated;
    answered(b, result);
}

err call_take_in(struct call *call, const struct inbox_new *delivery, str if_new, str if_repeated)
{
    struct boundary *b = boundary_of(call);
    assert(!call->cx.db);
    b->intake = (struct intake_item){.delivery = *delivery, .done = taken_in, .arg = b};
    b->if_repeated = if_repeated;
    b->is_deferred = true;
    return answer_bytes(call, 200, S("application/json"), if_new);
}

err call_take_in_as(
    struct call *call, const struct inbox_new *delivery, int status, str content_type, str body)
{
    TRY(call_take_in(call, delivery, (str){0}, body));
    return answer_bytes(call, status, content_type, body);
}

/* A READ request cannot write that its session or token was just used, nor that a network is to
 * show that somebody writes; a small transaction of its own does, after the answer: the first at
 * most every five minutes. */
struct late_touch {
    account_id account;
    agent_id agent;
    struct door_pass pass;
    conversation_id typing;
    channel_id typing_on;
    int64_t now_ms;
};

static err touch_write(struct ctx *cx, const struct late_touch *touch)
{
    TRY(door_account(cx, touch->account));
    if (touch->typing.v)
        TRY(job_add(cx, &(struct job_new){.kind = S("typing"),
                            .key = str_print(cx->arena, "%lld", (long long)touch->typing.v),
                            .channel = touch->typing_on}));
    if (touch->now_ms - touch->pass.last_seen_ms < SESSION_TOUCH_MS)
        return OK;
    if (touch->pass.token.v)
        return token_touch(cx, touch->pass.token);
    TRY(session_touch(cx, touch->pass.session));
    return agent_touch(cx, touch->agent);
}

static void touch_late(const struct api *api, const struct late_touch *touch)
{
    bool was_touched = touch->now_ms - touch->pass.last_seen_ms < SESSION_TOUCH_MS;
    if (!touch->account.v || (was_touched && !touch->typing.v))
        return;
    struct arena arena = arena_make(0);
    struct ctx cx = {.arena = &arena, .now_ms = touch->now_ms, .config = api->config};
    if (db_begin(api->db, DB_WRITE, &arena, &cx.db) == OK) {
        /* Lost when the database is busy: the next request tries again. */
        bool is_kept = touch_write(&cx, touch) == OK;
        if (is_kept && db_commit(cx.db) == OK && cx.effects.jobs && api->wake)
            api->wake(api->wake_arg, false, true);
        else if (!is_kept)
            (void)db_rollback(cx.db);
    }
    arena_free(&arena);
}

static struct late_touch touch_of(const struct boundary *b)
{
    if (b->is_writing || b->result != OK || (!b->pass.session.v && !b->pass.token.v))
        return (struct late_touch){0};
    return (struct late_touch){
        .account = b->call.cx.account,
        .agent = b->call.cx.actor.agent,
        .pass = b->pass,
        .typing = b->call.cx.effects.typing,
        .typing_on = b->call.cx.effects.typing_on,
        .now_ms = b->call.cx.now_ms,
    };
}

static void trace_make(char trace[TRACE_LEN])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[TRACE_LEN / 2];
    crypto_random(bytes, sizeof bytes);
    for (int i = 0; i < TRACE_LEN / 2; i++) {
        trace[2 * i] = digits[bytes[i] >> 4];
        trace[2 * i + 1] = digits[bytes[i] & 15];
    }
}

void api_handle(struct api *api, struct http_exchange *x)
{
    struct boundary *b = arena_try(&x->arena, sizeof *b, alignof(struct boundary));
    if (!b) {
        static const struct http_response busy = {
            .status = 503,
            .content_type = S_INIT("application/json"),
            .body = S_INIT("{\"error\":{\"code\":\"busy\",\"message\":\"Seva is out of memory; "
                           "please try again\",\"field\":null,\"trace\":null}}"),
            .body_is_static = true,
        };
        api->respond(x, &busy);
        api->finish(x);
        return;
    }
    trace_make(b->trace);
    b->x = x;
    b->after_end = &b->after;
    b->call.api = api;
    b->call.req = &x->req;
    b->call.res.status = 200;
    b->call.cx = (struct ctx){
        .arena = &x->arena,
        .now_ms = clock_now_ms(),
        .trace = {b->trace, TRACE_LEN},
        .config = api->config,
        .actor = {.ip = x->req.peer       },
    };
    walk_and_answer(b);
    struct late_touch touch = touch_of(b);
    struct db_tx *tx = b->call.cx.db;
    b->call.cx.db = NULL;
    /* From here on a callback owns b and x. */
    if (tx)
        db_end(tx, b->result == OK && b->is_writing, answered, b);
    else if (!b->is_deferred || b->result != OK)
        answered(b, OK);
    else if (intake_put(api->intake, &b->intake) != OK)
        answered(b, E_BUSY);
    touch_late(api, &touch);
}
