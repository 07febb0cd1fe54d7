/* A route is a row: {method, path, who, capability, declared input, handler, flags}. api/server.c
 * is the only boundary and walks: match → authenticate → capability → input → prepare → begin →
 * handler → commit → effects → answer. OpenAPI and the generated access test come from the same
 * rows. */
#pragma once
#include "model/ctx.h"
#include "model/shape.h"
#include "net/http.h"

enum route_auth {
    AUTH_PUBLIC,  /* nobody in particular; the handler checks what it needs */
    AUTH_AGENT,   /* console cookie (+ CSRF when not GET) or API token */
    AUTH_VISITOR, /* a widget's visitor token */
    AUTH_HOOK,    /* a network's webhook: source key in the path, signature checked in prepare */
};

enum route_flags {
    ROUTE_READ = 1,        /* own read connection */
    ROUTE_WRITE = 2,       /* inside the group commit */
    ROUTE_NO_DB = 4,       /* static, hooks: no transaction */
    ROUTE_RAW_BODY = 8,    /* the body is bytes (uploads, hooks), not JSON */
    ROUTE_STREAM = 16,     /* hands the connection to the hub */
    ROUTE_IDEMPOTENT = 32, /* honours Idempotency-Key */
    /* What it answers when all is well. */
    ROUTE_LIST = 128,     /* a page: {items: [answer …], next} */
    ROUTE_BYTES = 256,    /* a file, page or script */
    ROUTE_PARTS = 65536,  /* with BYTES: a part of it (Range), too: 206, 416 */
    ROUTE_MADE = 512,     /* 201 */
    ROUTE_REPEATS = 1024, /* with MADE: 200 with the same when its client_id comes again */
    /* Refusals beyond those that every route of its kind may give (route_refuses). */
    ROUTE_401 = 2048,
    ROUTE_403 = 4096,
    ROUTE_404 = 8192,
    ROUTE_409 = 16384,
    ROUTE_429 = 32768,
};

enum input_type {
    IN_TEXT,
    IN_INT,
    IN_BOOL,
    IN_ID,
    IN_TIME, /* str, int64_t, bool, int64_t (id text), int64_t ms */
    IN_ENUM, /* str, one of `words` */
    IN_ID_LIST,
    IN_TEXT_LIST, /* struct id_list, struct str_list */
    IN_JSON,      /* const struct json *: an object or array checked by the handler */
};
struct id_list {
    int64_t *at;
    ptrdiff_t len;
};
enum input_flags { IN_REQUIRED = 1, IN_NULLABLE = 2, IN_MULTILINE = 4, IN_SECRET = 8 };

/* One declared field of a body or query. The value lands at `offset` of the route's input struct;
 * presence (for PATCH) in the bool at `seen_offset` when ≥ 0; JSON null of a NULLABLE field sets
 * presence and leaves the zero value. Texts are valid UTF-8, trimmed unless MULTILINE, without
 * control characters (MULTILINE allows TAB, LF). */
struct input_field {
    const char *name;
    enum input_type type;
    int flags;
    ptrdiff_t offset, seen_offset;
    int64_t min,
        max; /* TEXT: bytes; INT: value; lists: count. max 0 = LIMIT_NAME_BYTES / no bound */
    const char *const *words; /* ENUM, NULL-terminated */
    const char *help;         /* for OpenAPI */
};
#define NO_SEEN (-1)

struct input_spec {
    const char *name; /* schema name in OpenAPI */
    ptrdiff_t size;   /* sizeof the input struct */
    const struct input_field *fields;
    ptrdiff_t n;
};

struct api; /* the server's wiring: hub, pools, config; api/server.h */

struct call {
    struct ctx cx; /* first member: handlers may pass &call->cx */
    struct api *api;
    const struct route *route;
    const struct http_request *req;
    int64_t id;    /* {id} in the path, when it is a number */
    str params[3]; /* path parameters in order, decoded */
    void *body;    /* the route's body struct, filled; NULL when none declared */
    void *query;
    void *prepared;           /* what prepare leaves for the handler */
    struct http_response res; /* status 200; body set by the handler */
};

struct route {
    enum http_method method;
    const char *path; /* "/api/v1/conversations/{id}/messages" */
    enum route_auth auth;
    enum capability cap; /* required for AUTH_AGENT; CAP_SELF = any signed-in agent, no token */
    int flags;
    const struct input_spec *query, *body;
    err (*prepare)(struct call *call); /* before the lock: hashing, files, parsing; no database */
    err (*handle)(struct call *call);
    const char *summary;        /* one sentence for OpenAPI */
    const struct shape *answer; /* NULL: none (204), or bytes */
    ptrdiff_t max_body;         /* bytes; 0 = LIMIT_JSON_BODY_BYTES */
};

/* Says what the reading route with this handler will ask (db_ahead), for whom the credential named
 * before (store/door_guess.h). Called before anybody is authenticated: it answers nothing and asks
 * nothing. */
struct route_ahead {
    err (*handle)(struct call *call);
    void (*say)(struct call *call);
};

/* True when POSTs of the route honour an Idempotency-Key. */
bool route_is_idempotent(const struct route *route);
/* True when the route may answer with this refusal: 400, 401, 403, 404, 409, 413, 416, 429 by what
 * it takes and by its flags, and 500, 502 and 503 always. A route that the path does not know at
 * all, or not with this method, is not meant. */
bool route_refuses(const struct route *route, int status);
/* The status of its good answer: 200, 201 or 204. */
int route_status(const struct route *route);

/* A subject file ends in one table; api/routes.c lists the tables. */
struct route_table {
    const struct route *at;
    ptrdiff_t n;
};

/* Answers. JSON text comes from model/view_*.c or a json_out. */
err answer_json(struct call *call, int status, str json);
err answer_empty(struct call *call); /* 204 */
