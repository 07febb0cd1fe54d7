/* Visitors of the demo shop that keep writing while it runs: on the chat and through the API
 * channel; they wait for the agent's answer, ask once more, say thanks and leave. When the server
 * is away they wait and try again. Thread: one. */
#pragma once
#include "replies.h"
#include "shop.h"

struct visits;
struct visits *visits_open(struct shop *s, struct replies *r, uint64_t seed);
/* Does what is due now and returns; call it about twice a second. */
void visits_run(struct visits *v);
void visits_close(struct visits *v);
