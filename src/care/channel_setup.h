/* channel_setup: a channel as its connector wants to see it: settings, opened secrets, addresses.
 * Not here: the row (store/channel.h), what a network does with it (connector/).
 * Thread: the caller's; inside its transaction. */
#pragma once
#include "connector/outgoing.h"
#include "model/channel.h"
#include "model/ctx.h"

/* Where a network reaches the channel with this key. */
str channel_hook_url(struct arena *a, const struct config *config, str kind, str key);
/* channel.updated {channel} for agents: its health or its credentials have changed. */
err channel_tell(struct ctx *cx, channel_id id);
/* E_INTERNAL with words when the secrets do not open. The texts live in the ctx's arena. */
err channel_setup(struct ctx *cx, const struct channel *channel, struct connector_setup *setup);
