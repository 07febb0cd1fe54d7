/* bulk: one change for many conversations, and its undo. Each conversation is a savepoint: what one
 * of them refuses does not touch the others. Not here: what a change may be (lifecycle.h).
 * Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "care/lifecycle.h"

enum { BULK_UNDO_MS = 10 * 60 * 1000 }; /* the token is good so long, once, for who did it */

struct bulk_failure {
    conversation_id id;
    err code;
    str words;
};
struct bulk_result {
    ptrdiff_t changed;
    struct bulk_failure *failed;
    ptrdiff_t n_failed;
    int64_t undo_token; /* 0 = nothing to undo */
};
/* ids: at most LIMIT_BULK_IDS; repeated ones count once. */
err bulk_change(struct ctx *cx, const int64_t *ids, ptrdiff_t n,
    const struct conversation_change *change, struct bulk_result *result);
/* Puts back what has not changed since; the others are in failed. E_NOT_FOUND: used or too old. */
err bulk_undo(struct ctx *cx, int64_t token, struct bulk_result *result);
