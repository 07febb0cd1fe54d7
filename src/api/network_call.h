/* network_call: a request's own call to a network: check, authorisation, templates. Blocks its
 * worker for at most NETWORK_CALL_MS, with a client of its own, outside any transaction (prepare).
 * Through the egress guard like every call. Thread: workers; shared: how many are under way
 * (atomics). */
#pragma once
#include "api/server.h"
#include "connector/connector.h"

enum { NETWORK_CALL_MS = 10 * 1000 };

/* So many at once: the other workers go on with everything else. */
enum { NETWORK_CALLS_AT_ONCE = 2 };

/* Pictures of mails likewise (api/mail_picture.c): they hold up no check of a channel. */
enum { PICTURE_CALLS_AT_ONCE = 2 };

/* fn's result; E_BUSY with words when memory ended or NETWORK_CALLS_AT_ONCE are under way. */
err network_call_do(struct call *call,
    err (*fn)(struct call *call, struct http_client *client, void *arg), void *arg);
/* The same for pictures, with a client that does not say whose it is. */
err picture_call_do(struct call *call,
    err (*fn)(struct call *call, struct http_client *client, void *arg), void *arg);
