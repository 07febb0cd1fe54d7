/* server: the one boundary between HTTP and the rooms. Every request of every kind walks the same
 * way (route.h): match → authenticate → capability → input → prepare → begin → handler → commit →
 * effects → answer. Here: the wiring that handlers may use, and helpers for handlers. Not here:
 * sockets (net/), rules (care/), the table of routes (routes.c).
 *
 * Order in detail. Input is decoded before the transaction (so that bad input never takes the write
 * lock), but a fault in it is only told to somebody who is authenticated and may use the route.
 * Who writes as an agent is authenticated in a READ transaction of its own, before prepare (which
 * may be costly) and before the write lock is waited for, so what is ended or revoked meanwhile
 * ends with the next request. A visitor's WRITE route with a `prepare` is authenticated twice, the
 * second time in its own transaction. Hooks and public routes prepare without one. A handler that
 * fails is rolled back. The answer, good or bad, leaves in db_end's callback: it may rest on what
 * another member of the group wrote.
 *
 * Thread: api_handle on any worker; struct api is fixed after the start. */
#pragma once
#include "api/route.h"
#include "db/db.h"
#include "net/http_server.h"

struct hub;
struct intake;       /* care/intake.h */
struct inbox_new;    /* store/inbox.h */
struct engine;       /* job/engine.h */
struct egress_rules; /* net/egress.h */
struct live;         /* api/stream.c */
struct source_cache; /* store/source.h */
struct route_tree;   /* match.h */

struct ship; /* job/ship.h */
struct api {
    const struct config *config;
    struct db *db;
    struct source_cache *sources;
    struct intake *intake;
    const struct route_tree *routes;
    struct http_server *server;        /* NULL in tests without sockets */
    struct hub *hub;                   /* NULL in tests without sockets */
    struct live *live;                 /* live_open (live.h) */
    struct engine *engine;             /* for its counters in /metrics; NULL in tests without it */
    struct ship *ship;                 /* for its figures; NULL = nothing is shipped */
    const struct egress_rules *egress; /* of calls to networks; NULL = as the configuration says */
    str ca_file;                       /* for the same; empty = the system's */
    /* After a commit that asked for it; must not block. */
    void (*wake)(void *arg, bool events, bool jobs);
    /* Holds the intake up for a moment when receiving is behind; NULL = never. */
    void (*make_room)(void *arg);
    void *wake_arg; /* of both */
    /* How answers leave: http_respond and http_finish, or a test's own. */
    void (*respond)(struct http_exchange *x, const struct http_response *r);
    void (*finish)(struct http_exchange *x);
};

/* Sets what must be set (routes, sources, respond, finish); config and db are given. E_BUSY. */
err api_open(struct arena *a, struct api *api);
/* Before the server's end: every delivery that is on its way in is stored and answered; later ones
 * are told to come again. */
void api_stop(struct api *api);
void api_close(struct api *api);
/* One request; answers and finishes x, now or later. */
void api_handle(struct api *api, struct http_exchange *x);
/* For http_server_options.body_limit: a table look-up. */
ptrdiff_t api_body_limit(const struct api *api, enum http_method method, str path);

/* ── for handlers ── */

/* Adds a header to the answer; name is a literal. */
void answer_header(struct call *call, const char *name, str value);
/* Bytes of any type. */
err answer_bytes(struct call *call, int status, str content_type, str bytes);
/* Ends a list answer: {"items":[…],"next":…}: the handler opened it with answer_list_begin, put the
 * items, and gives the cursor (empty = last page). */
struct json_out answer_list_begin(struct call *call);
err answer_list_end(struct call *call, struct json_out *j, str next);
/* A secret that was changed, with the time until which the old one is good; its shape. */
err answer_secret(struct call *call, str secret, int64_t kept_until_ms);
extern const struct shape secret_rotated_shape;
/* The shape of every refusal. */
extern const struct shape error_shape;
/* Answers the fault raised last but keeps what the transaction wrote (counted failures, audit). */
err answer_fault_and_keep(struct call *call);
/* Sets (or with an empty token clears) the session cookie. */
void answer_session_cookie(struct call *call, str token);

/* ROUTE_STREAM: the connection is now the handler's (hub_open); the boundary does not answer. */
struct http_handle call_take_over(struct call *call);
/* Runs fn(api, arg) after the commit, on an unknown thread; arg lives in the call's arena. Must not
 * block. Nothing runs when the transaction is undone. */
void call_after_commit(struct call *call, void (*fn)(struct api *api, void *arg), void *arg);
/* For a route without a transaction: the delivery goes to the intake, and the answer is one of the
 * two JSON texts once it is durable. The delivery's texts live as long as the call. */
err call_take_in(struct call *call, const struct inbox_new *delivery, str if_new, str if_repeated);
/* The same with one answer for both, as the network wants it. */
err call_take_in_as(
    struct call *call, const struct inbox_new *delivery, int status, str content_type, str body);
/* A READ transaction for a prepare function: opens call->cx.db; end it with prepare_read_end. */
err prepare_read_begin(struct call *call);
void prepare_read_end(struct call *call);
/* A short WRITE transaction of its own for a prepare function, within the caller's account: what
 * must be durable before a file is put in place. Blocks until it is committed. */
err prepare_write(struct call *call, err (*fn)(struct ctx *cx, void *arg), void *arg);
