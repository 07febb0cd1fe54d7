/* compare: somebody wants a channel that is streamed and compares itself with its network (a
 * mailbox) to do so now: the wish stands beside the channel's cursors until its reader, on
 * whichever node, has written the outcome into the ledger (store/reconciliation.h). Not here:
 * comparing (connectors), waking the reader (job/listen.c). Thread: the transaction's. */
#pragma once
#include "model/ctx.h"

enum { COMPARE_BACK_MS = 48 * 3600 * 1000 }; /* two nights: one that was missed is made good */

struct compare_wish {
    int64_t id; /* of the running comparison, for lists; 0 = nobody wants one */
    int64_t asked_ms;
};
/* One that stands already stays. */
err compare_ask(struct ctx *cx, channel_id channel);
err compare_asked(struct ctx *cx, channel_id channel, struct compare_wish *wish);
err compare_done(struct ctx *cx, channel_id channel);
