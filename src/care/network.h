/* network: what a network tells besides messages: what became of ours, edits, deletions, reactions,
 * news about people and about our account there. Everything may come twice, late, or about
 * something that is not here: then nothing happens. Rules: docs/product.md CH-4, CH-9. Not here:
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
 * Fills in whom an answer of ours concerns from the message that it answers. */
err network_before(struct ctx *cx, channel_id channel, struct connector_item *it, bool *is_done);
/* A message that was stored without what its delivery left out, looked up since: what is missing is
 * filled in. n files of it are planned by the caller; files: their views; empty = none. */
err network_complete(
    struct ctx *cx, message_id id, const struct connector_item *it, str files, bool *takes_files);
/* Any other item. */
err network_apply(struct ctx *cx, channel_id channel, const struct connector_item *it);
