/* Between sign.c (schemes, digests, comparison) and sign_text.c (what exactly is signed).
 * Thread: pure. */
#pragma once
#include "connector/sign.h"

enum {
    SIGN_PARTS = 5,    /* of one text */
    SIGN_READINGS = 3, /* of one request: its URL as given, without and with the default port */
};

struct sign_text {
    str parts[SIGN_PARTS];
    ptrdiff_t n;
};

/* Every text that the network may have signed for this request, the likeliest first. `time` as it
 * was sent. E_UNAUTHENTICATED with words when there is none: a form that cannot be read, a body
 * that nothing in the text covers. */
err sign_texts(struct arena *a, const struct sign_scheme *scheme, const struct sign_request *given,
    str time, struct sign_text texts[SIGN_READINGS], ptrdiff_t *n, str *why);
/* Lower-case hex only. */
err sign_unhex(struct arena *a, str hex, str *bytes);
