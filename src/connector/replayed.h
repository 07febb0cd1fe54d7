/* replayed: a message of the past that comes once more as if it arrived now (`seva replay`), as a
 * delivery like any other (connector_raw.origin REPLAY_ORIGIN). Its bytes are Seva's own for every
 * network: what a line of a file says is no network's form. Only the command line puts such
 * deliveries into the inbox; nothing that is posted to us gets this origin. Thread: pure. */
#pragma once
#include "connector/connector.h"

#define REPLAY_ORIGIN S("replay")

/* is_public, external_id, thread_key, reply_to, text and the contact's id, name, handle, mail
 * address and location count. */
str replayed_write(struct arena *a, const struct connector_item *message);
/* E_INVALID with words when it is not what replayed_write makes. */
err replayed_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
