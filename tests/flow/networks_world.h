/* For stories of networks: the in-process server with an engine (engine_world.h), the network of
 * parrot.h and its scripted peer. */
#pragma once
#include "engine_world.h"
#include "peer.h"

struct networks {
    struct world w;
    struct peer *peer;
    struct test_app *app;
    str channel, key, secret; /* of channel_connect */
};
void networks_open(struct networks *n, struct test_app *app);
void networks_close(struct networks *n);
/* printf-like targets and bodies. The status. */
[[gnu::format(printf, 4, 5)]] int ask(
    struct networks *n, const char *method, str target, const char *body, ...);
[[gnu::format(printf, 2, 3)]] str path(struct networks *n, const char *format, ...);
/* A channel of the network with token "tok-1" that marks nothing as read; its subscription is
 * answered and done. */
void channel_connect(struct networks *n);
/* The network posts this; it is processed. */
void hook(struct networks *n, const char *items);
/* A message by "ann" came; the conversation. */
str conversation_of(struct networks *n, const char *items);
/* Replies to what is there; the status. more: ",\"visibility\":…" or "". */
int answer(struct networks *n, str conversation, const char *text, const char *more);
/* What the peer heard last. */
struct peer_heard heard_last(struct networks *n);
bool body_has(struct networks *n, const char *text);
