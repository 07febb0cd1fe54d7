/* voice: what the two files of the connector share: voice.c reads what Twilio says of calls,
 * voice_call.c asks it to do something with them. Thread: calls block. */
#pragma once
#include "connector/connector.h"

extern const struct connector connector_voice;

/* connector.call: see connector.h. A call is made by its agent's leg: Twilio rings the agent and,
 * once there, reads the document that dials the customer. A caller leaves the queue by a document
 * that dials the agent; when nobody answers, its next step puts the caller back. */
err voice_call(struct http_client *client, struct arena *a, const struct connector_call *call,
    struct connector_called *out);
