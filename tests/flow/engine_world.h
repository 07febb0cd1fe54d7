/* For stories of the engine: the in-process server of test_app.h with an engine that works on the
 * test's thread, signed posts to the API channel, and a scripted peer with a ledger of what came.
 */
#pragma once
#include "test_app.h"

#include "job/engine.h"

struct world {
    struct test_app *app;
    struct engine *engine;
    int64_t fetch_ms, fetch_bytes; /* of a file by address; 0 = as in production */
};
void world_open(struct world *w, struct test_app *app);
/* Ends the engine as a kill would: what it had claimed stays claimed; the next one takes over. */
void world_engine_again(struct world *w);
void world_close(struct world *w);
void world_run(struct world *w); /* everything that is due */

/* A signed post to the API channel; the status of the answer. */
int hook_post(struct world *w, const char *json);
int hook_post_as(struct world *w, str key, str secret, int64_t at_ms, const char *json);
int hook_status(struct world *w, const char *json);
/* "t-1" by contact "c": one message. */
int hook_message(struct world *w, const char *id, const char *contact, const char *text);
/* The only conversation, or the newest; its id as text. */
str conversation_newest(struct world *w);
/* The owner answers it; the message's id. */
str reply(struct world *w, str conversation, const char *text);
/* The state of a message of that conversation. */
str message_state(struct world *w, str conversation, str message);

/* ── the peer ── */

enum { PEER_POSTS = 4096 };
struct posted {
    str path, body, event, delivery, signature;
};
struct receiver_peer;
struct receiver_peer *receiver_open(void);
void receiver_close(struct receiver_peer *p);
str receiver_url(struct receiver_peer *p, const char *path);
/* How the next posts are answered, until said otherwise. retry_after "" = none. */
void receiver_answers(
    struct receiver_peer *p, int status, const char *body, const char *retry_after);
ptrdiff_t receiver_count(struct receiver_peer *p);
struct posted receiver_post(struct receiver_peer *p, ptrdiff_t nth);
