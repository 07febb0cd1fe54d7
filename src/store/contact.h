/* contact: the people outside, one row each. Not here: who they are on a channel (identity.h),
 * which of two is the same person (care/identity.h). Thread: the transaction's. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"

void contact_get_ahead(struct ctx *cx, contact_id id);             /* see db_ahead */
err contact_get(struct ctx *cx, contact_id id, struct contact *c); /* E_NOT_FOUND with words */
err contact_add_many(struct ctx *cx, const struct contact *rows, ptrdiff_t n);
/* Writes everything but created_ms and last_seen_ms. */
err contact_set(struct ctx *cx, const struct contact *c);
/* Only when nobody has given one. */
err contact_name_set(struct ctx *cx, contact_id id, str name);
/* Raises last_seen_ms of each to its time; one may stand there more than once. */
err contact_touch_many(struct ctx *cx, const contact_id *ids, const int64_t *at_ms, ptrdiff_t n);
/* Newest seen first, behind (last_seen_ms, id); id {0} = from the beginning. */
err contact_list(struct ctx *cx, int64_t before_ms, contact_id before, ptrdiff_t limit,
    struct contact **rows, ptrdiff_t *n);
/* The same of these contacts only. */
err contact_list_of(struct ctx *cx, const int64_t *ids, ptrdiff_t n_ids, int64_t before_ms,
    contact_id before, ptrdiff_t limit, struct contact **rows, ptrdiff_t *n);
/* Exact folded mail address or phone; at most 50. */
err contact_find(struct ctx *cx, str email_or_phone, struct contact **rows, ptrdiff_t *n);
