/* throttle: failed sign-ins, durable and the same on all nodes. A key names what is counted ("mail
 * and address", "mail", "address"); it is stored hashed. After `free` failures each further one
 * doubles the wait: 1, 2, 4 … s up to THROTTLE_MOST_MS. A quiet hour forgets. */
#pragma once
#include "model/ctx.h"

enum { THROTTLE_MOST_MS = 15 * 60 * 1000, THROTTLE_FORGET_MS = 60 * 60 * 1000 };

/* How long until this key may try again; 0 = now. */
err throttle_wait(struct ctx *cx, str key, int64_t *wait_ms);
err throttle_fail(struct ctx *cx, str key, int64_t free);
err throttle_clear(struct ctx *cx, str key);
/* Removes at most `max` that a quiet hour has forgotten; *removed says how many. By upkeep. */
err throttle_forget(struct ctx *cx, ptrdiff_t max, int64_t *removed);
