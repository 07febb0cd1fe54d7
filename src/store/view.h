/* view: saved views of the inbox: an agent's own and the shared ones. Not here: what a filter may
 * hold (care/inbox.h). Thread: the transaction's. */
#pragma once
#include "model/ctx.h"
#include "model/view_conversation.h"

enum { VIEWS_MAX = 200 };
/* The acting agent's and the shared ones, by position, name. */
err view_list(struct ctx *cx, struct saved_view **rows, ptrdiff_t *n);
/* One of those; E_NOT_FOUND with words. */
err view_get(struct ctx *cx, view_id id, struct saved_view *view);
err view_add(struct ctx *cx, const struct saved_view *view);
err view_set(struct ctx *cx, const struct saved_view *view);
err view_remove(struct ctx *cx, view_id id);
