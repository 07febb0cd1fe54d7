/* token: API tokens. The text is shown once and stored hashed; a token can never do more than its
 * maker can at that moment. Door table: found by hash in store/door.h. */
#pragma once
#include "model/access.h"
#include "model/ctx.h"

err token_list(struct ctx *cx, struct token **rows, ptrdiff_t *n); /* live ones, newest first */
/* Fills id, prefix, created_ms; secret is the text to show once ("seva_…"). */
err token_add(struct ctx *cx, struct token *token, str *secret);
err token_revoke(struct ctx *cx, token_id id);
err token_touch(struct ctx *cx, token_id id);
