/* call: what follows from a call that has become a message: a caller who chose to go on by message
 * is written to on the channel that the menu names, and so is one who reached nobody, when the
 * settings have words for that. Not here: the menu (text/ivr.h), the message itself (inbound.h).
 * Rules: docs/product.md CH-6. Thread: the caller's; inside its WRITE transaction, as the system.
 */
#pragma once
#include "care/inbound.h"

/* After a message of a voice channel was stored. The invitation goes once per call, in a
 * conversation on that channel that names the call's one as previous and begins with a note about
 * the call. When it cannot go, a note in the call's conversation says why, and all is OK. */
err call_follow(struct ctx *cx, const struct inbound_item *in, const struct inbound_result *stored);
