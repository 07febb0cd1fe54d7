/* audit_read: the other half of store/audit.h: the list for people, and the hash chain. */
#pragma once
#include "model/access.h"
#include "model/ctx.h"

struct audit_filter {
    int64_t actor_id;       /* 0 = all */
    str action;             /* empty = all */
    int64_t from_ms, to_ms; /* 0 = open */
    int64_t before_id;      /* the cursor: rows older than this one; 0 = from the newest */
    int64_t limit;
};
err audit_list(
    struct ctx *cx, const struct audit_filter *filter, struct audit_row **rows, ptrdiff_t *n);
/* Chains the rows of the account that are not chained yet and are older than AUDIT_SETTLE_MS (a
 * slow transaction may still bring an older id), at most 1,000 a call; *more says whether to call
 * again. Run by one job per account, never in a request. */
enum { AUDIT_SETTLE_MS = 60 * 1000 };
err audit_chain(struct ctx *cx, bool *more);
/* Walks the chain: E_CONFLICT naming the first row that does not fit. */
err audit_verify(struct ctx *cx, int64_t *rows);
