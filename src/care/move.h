/* move: a conversation goes on elsewhere: on another channel of the same customer, with its
 * history. What the customer writes in the old place still comes to it. Rules: docs/product.md
 * CH-6. Not here: from public to private on the same network (a private reply, reply.h), threads
 * that the network moves (network.h). Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"

struct move_new {
    channel_id channel;
    str address; /* the person's id there (phone, mail, handle) when Seva does not know it yet */
};
/* Leaves the activity "moved" and tells it. E_INVALID: channel_id, or address (needed, or the
 * network does not let us write first); E_CONFLICT: it is there already, another conversation with
 * the person is in progress there, or somebody else has the address. *c is the new state. */
err conversation_move(
    struct ctx *cx, conversation_id id, const struct move_new *move, struct conversation *c);
