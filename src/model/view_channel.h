/* view_channel: the public JSON of a channel (API "Channels"). Secrets are never in it; the handler
 * that makes one adds it once. Thread: pure. */
#pragma once
#include "base/json.h"
#include "model/channel.h"
#include "model/shape.h"

extern const struct shape channel_shape, channel_looks_shape;
extern const char *const channel_kind_words[];
extern const char *const channel_handle_roles[];

/* The fields without the braces. */
void channel_fields(struct json_out *j, const struct channel *channel);
void channel_view(struct json_out *j, const struct channel *channel);
