/* idempotency: the answers of POSTs that carried an Idempotency-Key, unique per (account, actor,
 * route), kept for 24 hours. The claim and the answer are written in the request's own transaction,
 * so of two equal requests at once one waits for the other. Answers are sealed at rest: they may
 * hold a secret that is shown once. */
#pragma once
#include "model/ctx.h"

struct idempotent_answer {
    int64_t status; /* 0 = this request is the first: do the work, then idempotency_keep */
    str answer;
};
/* E_CONFLICT (detail idempotency) when the key was used with another body. */
err idempotency_claim(
    struct ctx *cx, str route, str key, str request_hash, struct idempotent_answer *before);
err idempotency_keep(struct ctx *cx, str route, str key, int64_t status, str answer);
err idempotency_sweep(struct ctx *cx); /* older than 24 h; all accounts; by upkeep */
