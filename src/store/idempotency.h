/* idempotency: the answers of POSTs that carried an Idempotency-Key, unique per (account, actor,
 * route), kept for 24 hours. The claim and the answer are written in the request's own transaction,
 * so of two equal requests at once one waits for the other. Answers are sealed at rest: they may
 * hold a secret that is shown once. */
#pragma once
#include "model/ctx.h"

enum { IDEMPOTENCY_KEEP_MS = 24 * 3600 * 1000 };

struct idempotent_answer {
    int64_t status; /* 0 = this request is the first: do the work, then idempotency_keep */
    str answer;
};
/* E_CONFLICT (detail idempotency) when the key was used with another body. */
err idempotency_claim(
    struct ctx *cx, str route, str key, str request_hash, struct idempotent_answer *before);
err idempotency_keep(struct ctx *cx, str route, str key, int64_t status, str answer);
/* Removes at most `max` older than IDEMPOTENCY_KEEP_MS, of all accounts; *removed says how many. By
 * upkeep. */
err idempotency_forget(struct ctx *cx, ptrdiff_t max, int64_t *removed);
