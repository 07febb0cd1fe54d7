/* rate: how often one visitor, or one address, may do a thing: a token bucket per (what, who) in
 * memory of this node, in a table of fixed size. A crowded slot is shared and so stricter, never
 * laxer for long. Sign-in has its own, durable, throttle (store/throttle.h). Thread: any (one
 * mutex).
 */
#pragma once
#include "base/str.h"

enum rate_kind {
    RATE_VISITOR,  /* messages of a visitor: 40 at once, then 10 a second */
    RATE_UPLOAD,   /* uploads begun by a visitor: 20 at once, then one in 5 s */
    RATE_NEWCOMER, /* visitors of one address that write for the first time: 100 at once, 5 a second
                    */
    RATE_TYPING,   /* a conversation's "somebody writes" to its network: one in 4 s */
    RATE_FORM,     /* forms without script from one address: 10 at once, then one in 10 s */
    RATE_RESET,    /* forgotten passwords from one address: 10 at once, then one in 20 s */
    RATE_TRANSCRIPT, /* transcripts that a visitor has mailed: 3 at once, then one in 100 s */
};
bool rate_allows(int64_t who, enum rate_kind kind, int64_t now_ms);
/* By address: an IPv6 client counts by its /64. This machine itself is never held back: a proxy on
 * it that was not configured speaks for everybody. */
bool rate_allows_ip(str ip, enum rate_kind kind, int64_t now_ms);
void rate_reset(void); /* for tests */
