/* tag: the account's tags and which conversation has which. Names differ by more than case.
 * Not here: who may make one (care/lifecycle.h). Thread: the transaction's. */
#pragma once
#include "model/ctx.h"
#include "model/view_conversation.h"

enum { TAGS_MAX = 2000 };
err tag_list(struct ctx *cx, struct tag **rows, ptrdiff_t *n); /* by name; at most TAGS_MAX */
err tag_get(struct ctx *cx, tag_id id, struct tag *tag);       /* E_NOT_FOUND with words */
err tag_by_name(struct ctx *cx, str name, struct tag *tag);    /* E_NOT_FOUND, no words */
/* Fills id and name_fold. E_CONFLICT when the name is taken, E_LIMIT above TAGS_MAX. */
err tag_add(struct ctx *cx, struct tag *tag);
err tag_set(struct ctx *cx, struct tag *tag);
/* With its places on conversations. */
err tag_remove(struct ctx *cx, tag_id id);
/* The tags of one conversation, by name. */
err tag_list_of(struct ctx *cx, conversation_id id, struct tag **rows, ptrdiff_t *n);
err tag_put(struct ctx *cx, conversation_id id, tag_id tag);
err tag_take(struct ctx *cx, conversation_id id, tag_id tag);
