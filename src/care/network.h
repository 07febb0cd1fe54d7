/* network: what a network tells besides messages: what became of ours, edits, deletions, reactions,
 * news about people and about our account there. Everything may come twice or late: then nothing
 * happens. What is told about a message that is not here yet is kept for a day and applied when it
 * comes (store/early.h). Rules: docs/product.md CH-4, CH-9. Not here:
 * messages (inbound.h), parsing (connector/). Thread: the caller's; inside its WRITE transaction,
 * as the system. */
#pragma once
#include "connector/item.h"
#include "model/ctx.h"

/* The channel that an item belongs to: the one it came in on, or the account's own of that kind
 * whose id on the network the item names. E_NOT_FOUND with words: the account has no such channel.
 */
err network_channel(
    struct ctx *cx, channel_id came_on, str kind, const struct connector_item *it, channel_id *id);
/* Before a message goes to inbound_take_many. *is_done: there is nothing left to take: an echo of a
 * message that it names by our own id, or one of ours of which nobody can say whom it concerns.
 * *is_early: it may be the echo of a send of this channel that is under way and began before it was
 * received: to be asked again when that has ended; after five minutes it is taken as it is.
 * Fills in whom an answer of ours concerns from the message that it answers. */
err network_before(struct ctx *cx, channel_id channel, struct connector_item *it,
    int64_t received_ms, bool *is_done, bool *is_early);
/* Before somebody else than the receiver gives a message of ours these ids: what the network tells
 * about them at the same moment is then either applied by the teller or found by network_catch_up.
 */
err network_lock(
    struct ctx *cx, channel_id channel, str external_id, const str *aliases, ptrdiff_t n);
/* After messages have got their ids: what was told about them before is applied. Of the item only
 * external_id and aliases are looked at. */
struct network_known {
    channel_id channel;
    const struct connector_item *item;
};
err network_catch_up(struct ctx *cx, const struct network_known *known, ptrdiff_t n);
/* A message that was stored without what its delivery left out, looked up since: what is missing is
 * filled in. n files of it are planned by the caller; files: their views; empty = none. */
err network_complete(
    struct ctx *cx, message_id id, const struct connector_item *it, str files, bool *takes_files);
/* Any other item. */
err network_apply(struct ctx *cx, channel_id channel, const struct connector_item *it);
