/* What an exchange of credentials with a network came to, the same for OAuth 1.0a and 2.0. The
 * words are for people who run a channel and for logs: they never hold a token, code, secret or
 * address with such a thing in it. Thread: values. */
#pragma once
#include "base/str.h"

enum oauth_outcome {
    OAUTH_OK,
    OAUTH_REFUSED, /* for ever: a person must authorise again */
    OAUTH_SETUP, /* our application's own settings or addresses are refused: its operator must act;
                  * the tokens may still be good */
    OAUTH_LATER, /* nothing is decided: try again with back-off, not before wait_until_ms */
};

struct oauth_end {
    enum oauth_outcome outcome;
    str why;                /* words unless OK */
    int64_t wait_until_ms;  /* LATER: the network named a time; 0 = it did not */
    bool may_have_happened; /* LATER after the request was written: a code or a rotating refresh
                             * token may be used up, and the next try be refused */
};
