/* boundary: what server.c keeps about a call beside what handlers see. Included by server.c,
 * answer.c and auth.c only. */
#pragma once
#include "api/server.h"
#include "care/intake.h"
#include "store/door.h"

enum { ANSWER_HEADERS = 24, TRACE_LEN = 16, BUSY_BODY_BYTES = 256 };

struct after_commit {
    struct after_commit *next;
    void (*fn)(struct api *api, void *arg);
    void *arg;
};

struct boundary {
    struct call call; /* first: a struct call * is one of these */
    struct http_exchange *x;
    struct http_header headers[ANSWER_HEADERS];
    ptrdiff_t n_headers;
    struct after_commit *after, **after_end;
    bool is_writing;   /* the open transaction is a WRITE one */
    bool is_taken;     /* the hub has the connection */
    bool keeps_writes; /* although the answer is a fault */
    bool is_deferred;  /* the intake answers (call_take_in) */
    struct intake_item intake;
    str if_repeated; /* the body when the delivery was here already */
    err result;
    err input_result; /* told only to somebody who may use the route */
    struct fault input_fault;
    struct door_pass pass;
    int64_t damaged; /* pages that had been found damaged when its transaction began */
    char trace[TRACE_LEN];
    char busy_body[BUSY_BODY_BYTES]; /* an answer that needs no memory */
};

static inline struct boundary *boundary_of(struct call *call)
{
    return (struct boundary *)(void *)call;
}

/* auth.c: fills account and actor by the route's kind, checks CSRF and capability. Needs an open
 * transaction when the route's kind does. */
err authenticate(struct boundary *b);
/* auth.c: says ahead what authenticating will read and, when the route is about to be handled, what
 * its handler will. */
void authenticate_ahead(struct boundary *b, const struct route_ahead *ahead);
/* auth.c: who was authenticated before goes on in the WRITE transaction that is open now. */
err authenticated_enter(struct boundary *b);
/* auth.c: without a database: is there a credential at all? */
err credential_check(struct boundary *b);

/* answer.c */
void answer_fault(struct boundary *b, err code);
void answer_busy(struct boundary *b);
void answer_finish_headers(struct boundary *b);
