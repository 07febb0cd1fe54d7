/* view_webhook: the public JSON of outgoing webhooks and their delivery log (API "Webhooks, jobs,
 * quarantine"). Secrets are never in it; the handler that makes one adds it once. Thread: pure. */
#pragma once
#include "base/json.h"
#include "model/shape.h"
#include "model/webhook.h"

extern const struct shape webhook_shape, delivery_shape;

/* The fields without the braces. */
void webhook_fields(struct json_out *j, const struct webhook *w);
void webhook_view(struct json_out *j, const struct webhook *w);
/* event: its opaque id, empty for a ping; request: the body that was or will be sent, empty =
 * unknown.
 */
void delivery_view(struct json_out *j, const struct delivery *d, str event, str request);
