/* channels: what the files about channels share: making one, telling of a change. Thread: the
 * call's; inside its WRITE transaction. */
#pragma once
#include "api/server.h"
#include "care/channel_form.h"
#include "model/channel.h"

/* A channel that the caller sees; E_NOT_FOUND, also for one that is there. In any transaction. */
err channel_seen(struct ctx *cx, int64_t id, struct channel *channel);
/* No other enabled channel of this kind is this account of the network: E_CONFLICT "taken". */
err channel_is_free(struct ctx *cx, str kind, str external_id, channel_id but);
/* A channel of a network: kind, name, languages, external_id, handle, handle_role and avatar_url
 * are given; the rest is filled. Plans its jobs, tells everybody. secret: shown once. */
err channel_make(struct call *call, struct channel *channel, const struct channel_form *form,
    int64_t expires_ms, str *secret);
/* Reads the row again, writes the audit and the event; the key's cache forgets it. */
err channel_changed(struct call *call, struct channel *channel, str action);
void channel_forget(struct call *call);
