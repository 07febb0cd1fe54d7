/* post: what public messages of a network stand under. Thread: the transaction's. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"

/* Finds it by (channel_id, external_id) or makes it, and fills id; what the network says now
 * replaces what is stored, but nothing is emptied. */
err post_ensure(struct ctx *cx, struct post *post);
err post_get(struct ctx *cx, post_id id, struct post *post); /* E_NOT_FOUND (no words) */
