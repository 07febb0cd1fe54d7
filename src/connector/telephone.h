/* telephone: what the connectors of telephone calls (voice, pbx) share: who calls without a number,
 * how a call stands in its conversation, and that nothing can be written into it. Not here: what a
 * system tells of a call (each connector's parse), where a call is (care/phone.h). Thread: pure. */
#pragma once
#include "connector/connector.h"
#include "connector/part.h"

/* The row of settings that both have; care/phone.h reads it. */
#define TELEPHONE_WRAP_UP                                                                          \
    {                                                                                              \
        .name = "wrap_up_s", .kind = "number", .standard = "120",                                  \
        .help = "After so many seconds an agent's time after a call ends by itself."               \
    }

/* contact_external_id of a caller who hides the number: somebody else with each call. At most
 * READING_ID_BYTES. call: the network's id of it. */
str telephone_hidden(struct arena *a, str call);

/* Makes an ITEM_MESSAGE that of a call: its part, and whether somebody has dealt with it. */
void telephone_message(struct arena *a, struct connector_item *it, const struct part_call *call);

/* connector.send: always FINAL, and says what to do instead. */
err telephone_send(struct http_client *client, struct arena *a,
    const struct connector_outgoing *out, struct connector_sent *sent);
