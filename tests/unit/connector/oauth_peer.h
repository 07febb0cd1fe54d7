/* A network's authorisation server as a scripted peer: for tests of OAuth 1.0a and 2.0. Thread: the
 * test's. */
#pragma once
#include "peer.h"
#include "test.h"

struct oauth_peer {
    struct peer *peer;
    struct http_client *client;
    str base; /* "http://127.0.0.1:<port>" */
};

static inline struct oauth_peer oauth_peer_open(void)
{
    struct oauth_peer s = {.peer = peer_open(), .client = peer_client()};
    s.base = peer_url(s.peer);
    return s;
}

static inline void oauth_peer_close(struct oauth_peer *s)
{
    http_client_close(s->client);
    peer_close(s->peer);
}

/* The body of the nth call. */
static inline str oauth_body(struct oauth_peer *s, int nth)
{
    return peer_heard(s->peer, nth).body;
}

/* In the nth call's first line or headers. */
static inline bool oauth_heard(struct oauth_peer *s, int nth, const char *part)
{
    return str_find(peer_heard(s->peer, nth).head, str_from(part)) >= 0;
}

static inline void assert_heard(struct oauth_peer *s, int nth, const char *part)
{
    if (!oauth_heard(s, nth, part))
        fail_msg("\"%s\" is not in \"%.*s\"", part, SARG(peer_heard(s->peer, nth).head));
}

static inline void assert_not_heard(struct oauth_peer *s, int nth, const char *part)
{
    assert_false(oauth_heard(s, nth, part));
}
