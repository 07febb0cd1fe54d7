/* pace: how fast a channel may send. A channel is closed for a while by its network's limit, by
 * failing again and again (a circuit breaker: then one job goes ahead to see whether it works
 * again), or until its people mend its credentials. Jobs of a closed channel, and all but the first
 * of a crowd, are parked: the dispatcher does not come across them. Of a channel with a distance
 * between its sends, or one that fails, it releases some in the channel's turn; of any other it
 * takes them from where they are parked, one channel after the other, when there is a seat. So a
 * hundred thousand waiting sends cost nothing while they wait, and keep no other channel from its
 * turn.
 *
 * Functions with a ctx are one account's; those with a db_tx are the dispatcher's and see all.
 * Thread: the transaction's. */
#pragma once
#include "db/db.h"
#include "model/ctx.h"

enum {
    PACE_PARK_MOST = 10000,   /* jobs of a channel that one pass parks: it holds the write lock */
    PACE_READY = 16,          /* jobs of a channel that the dispatcher sees at once */
    PACE_TURN_MS = 250,       /* between releases of an open channel */
    PACE_FAILURES = 5,        /* in a row, then it is closed */
    PACE_PAUSE_MS = 5 * 1000, /* the first pause; doubled by each failing try */
    PACE_PAUSE_MOST_MS = 300 * 1000,
};
#define PACE_LIMIT   S("limit")
#define PACE_FAILING S("failing")
#define PACE_REFUSED S("refused")
#define PACE_GAP     S("gap") /* it has just sent */

struct pace {
    channel_id channel_id;
    int64_t open_ms;
    str reason; /* limit, failing, refused, gap; empty = open */
    int64_t failures;
    bool has_parked;
    int64_t budget_limit, budget_left, budget_reset_ms;
};
/* An open one when nothing was ever noted. */
err pace_get(struct ctx *cx, channel_id channel, struct pace *pace);
/* How many sends of the channel wait: queued and parked. */
err pace_waiting(struct ctx *cx, channel_id channel, int64_t *n);
/* At least so long between two sends of the channel: it is closed for that time after each, or
 * (below a turn's length) sends no more in a turn than fit. 0 = as fast as it goes. */
err pace_set_gap(struct ctx *cx, channel_id channel, int64_t gap_ms);
/* A send worked: what failed before is forgotten. limit 0 = the network said nothing. */
err pace_note_sent(
    struct ctx *cx, channel_id channel, int64_t limit, int64_t left, int64_t reset_ms);
/* The channel as a whole failed (no answer, 5xx). *closed: it is closed by that. */
err pace_note_failure(struct ctx *cx, channel_id channel, bool *closed);
/* Closed until then; a later end of a close that is there stays. */
err pace_close(struct ctx *cx, channel_id channel, str reason, int64_t until_ms);
/* Open at once, with a clean record. */
err pace_open(struct ctx *cx, channel_id channel);
/* The channel is removed: nothing holds back what still waits, which will be told so; with the last
 * of it its pace is forgotten. */
err pace_forget(struct ctx *cx, channel_id channel);

/* ── the dispatcher ── */
/* Parks due jobs of closed channels and of crowds, at most PACE_PARK_MOST of each; *parked says how
 * many in all: from that number on there may be more. */
err pace_park(struct db_tx *tx, int64_t now_ms, int64_t *parked);
/* Whether there is something to park that nothing else would lead to: due jobs of a closed channel,
 * or very many. */
err pace_is_crowded(struct db_tx *tx, int64_t now_ms, bool *is_crowded);
/* An open channel that goes as fast as it can and has parked jobs: which network's; empty = the
 * last of them has gone. */
struct pace_flowing {
    channel_id channel_id;
    str network;
};
/* Whether a channel is open and goes as fast as it can. */
err pace_is_flowing(struct db_tx *tx, channel_id channel, int64_t now_ms, bool *is_flowing);
/* Longest not served first, a few. */
err pace_flowing(struct db_tx *tx, int64_t now_ms, struct pace_flowing **rows, ptrdiff_t *n);
/* It was served now. */
err pace_served(struct db_tx *tx, channel_id channel, int64_t now_ms);
/* It has nothing parked any more. */
err pace_emptied(struct db_tx *tx, channel_id channel);
/* Releases what the other channels may send now. */
err pace_release(struct db_tx *tx, int64_t now_ms, int64_t *released);
