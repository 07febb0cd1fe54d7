/* call: the rows of telephone calls. Every read but phone_call_find_* obeys who may see a call:
 * everything with sees_all; else one that the agent takes or made, of one of its channels, or of a
 * conversation that it may see. Not here: what a call may become (care/call.h).
 * Thread: the transaction's. */
#pragma once
#include "model/call.h"
#include "model/ctx.h"

/* E_NOT_FOUND with words, also when the actor may not see it. */
err phone_call_get(struct ctx *cx, call_id id, struct phone_call *c);
/* As phone_call_get, and holds the row until the transaction ends. */
err phone_call_lock(struct ctx *cx, call_id id, struct phone_call *c);
/* By the network's name of it, held until the end; E_NOT_FOUND (no words). */
err phone_call_find_external(
    struct ctx *cx, channel_id channel, str external_id, struct phone_call *c);
/* By the client's own id; E_NOT_FOUND (no words). */
err phone_call_find_client(struct ctx *cx, str client_id, struct phone_call *c);
/* Sets version. E_CONFLICT (no words): the network's name, or the client's id, is taken. */
err phone_call_add(struct ctx *cx, struct phone_call *c);
/* Writes everything that can change, and raises version in the row and in *c. */
err phone_call_write(struct ctx *cx, struct phone_call *c);

enum { CALL_WALK = 4000 }; /* rows that filters may leave out before a page ends */

/* Empty and {0} = any. */
struct phone_call_filter {
    channel_id channel;
    contact_id contact;
    conversation_id conversation;
    agent_id agent;
    str state, outcome, direction;
};
/* Newest first, ids below `before` ({0} = from the newest). *edge: {0}, or where this walk ended
 * because so many rows were left out; with fewer than `limit` rows the next page begins there. */
err phone_call_list(struct ctx *cx, const struct phone_call_filter *f, call_id before,
    ptrdiff_t limit, struct phone_call **rows, ptrdiff_t *n, call_id *edge);
