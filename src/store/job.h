/* The durable job table. A job is work without a request: added in the transaction of its cause,
 * claimed by the runner of any node, retried with back-off, dead and visible after its last try. */
#pragma once
#include "model/ctx.h"

struct job_new {
    str kind;        /* "receive", "send", "webhook", "wake", "thumbnail", … : job/kinds.c has the table */
    str key;         /* unique per kind among live jobs: adding again is no error and adds nothing */
    str order_key;   /* one in flight per order key; empty = free */
    int64_t run_ms;  /* not before; 0 = now */
    str payload;     /* JSON, ≤ 64 KiB */
};
/* Sets cx->effects.jobs when it is due now. */
err job_add(struct ctx *cx, const struct job_new *j);
err job_add_many(struct ctx *cx, const struct job_new *j, ptrdiff_t n);
/* Moves a waiting job's time, or removes it while nobody has claimed it; E_NOT_FOUND otherwise. */
err job_move(struct ctx *cx, str kind, str key, int64_t run_ms);
err job_cancel(struct ctx *cx, str kind, str key);
