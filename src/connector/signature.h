/* Seva's own signature of webhooks, in both directions:
 *   Seva-Signature: t=<unix seconds>,v1=<hex of HMAC-SHA256(secret, "<t>." + body)>
 * Several v1 may stand there (secret rotation); one that fits is enough. The time keeps a recorded
 * request from being played again later. Thread: pure. */
#pragma once
#include "base/str.h"

struct connector_hook;

enum { SIGNATURE_TOLERANCE_S = 300 };

/* old may be empty. */
str signature_make(struct arena *a, str secret, str old, int64_t now_ms, str body);
/* E_UNAUTHENTICATED with words. Constant time in the digests. */
err signature_check(str header, str secret, str old, int64_t now_ms, str body, str *why);
/* The same as connector.verify, with the channel's secrets. */
err signature_verify(struct arena *a, const struct connector_hook *hook, str *why);
