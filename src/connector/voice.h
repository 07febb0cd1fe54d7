/* voice: what the files of the connector share: voice.c answers callers and keeps the number,
 * voice_parse.c reads what Twilio says of calls, voice_call.c asks it to do something with them.
 * Thread: calls block. */
#pragma once
#include "connector/connector.h"
#include "connector/twilio.h"

extern const struct connector connector_voice;

/* connector.call: see connector.h. A call is made by its agent's leg: Twilio rings the agent and,
 * once there, reads the document that dials the customer. A caller leaves the queue by a document
 * that dials the agent; when nobody answers, its next step puts the caller back. */
err voice_call(struct http_client *client, struct arena *a, const struct connector_call *call,
    struct connector_called *out);

/* connector.parse: see connector.h. */
err voice_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
/* A number of the form, at most a week in seconds; nonsense is 0, as is what is not there. */
int64_t voice_number(const struct twilio_form *form, const char *name);
