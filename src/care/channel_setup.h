/* channel_setup: a channel as its connector wants to see it: settings, opened secrets, addresses.
 * Not here: the row (store/channel.h), what a network does with it (connector/).
 * Thread: the caller's; inside its transaction. */
#pragma once
#include "connector/connector.h"
#include "model/channel.h"
#include "model/ctx.h"

/* Where a network reaches the channel with this key. */
str channel_hook_url(struct arena *a, const struct config *config, str kind, str key);
/* What a channel's view shows beside its row: address, names of secrets, pace. */
err channel_fill(struct ctx *cx, struct channel *rows, ptrdiff_t n);
/* After it was made, switched on or off, or got other settings or credentials: jobs "subscribe"
 * (the network is told where to call, or not to), "poll" (where Seva asks or listens) and
 * "templates" are planned. Nothing for website chats, API channels and capture. */
err channel_plan(struct ctx *cx, const struct channel *channel);
/* Before it is removed: the network is told not to call any more; what that needs goes along with
 * the job, sealed. */
err channel_plan_end(struct ctx *cx, const struct channel *channel);
/* What a network says its templates are now. */
err channel_templates_store(
    struct ctx *cx, channel_id id, const struct connector_templates *templates);
/* The setup in such a job's payload. E_INVALID: it holds none; E_INTERNAL: it does not open. */
err channel_plan_read(struct ctx *cx, str payload, str *kind, struct connector_setup *setup);
/* channel.updated {channel} for agents: its health or its credentials have changed. */
err channel_tell(struct ctx *cx, channel_id id);
/* E_INTERNAL with words when the secrets do not open. The texts live in the ctx's arena. */
err channel_setup(struct ctx *cx, const struct channel *channel, struct connector_setup *setup);
