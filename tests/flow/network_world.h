/* For stories of networks: the in-process server with an engine on the test's thread
 * (engine_world.h), and the simulated networks beside it, over real sockets both ways: calls of
 * ours go to the simulator, its webhooks come in by a door that hands each request to the test's
 * thread. */
#pragma once
#include "engine_world.h"
#include "sim.h"

struct network_world {
    struct world w;
    struct test_app *app;
    struct sim *sim;
};
/* options: of the simulator; NULL = as it comes. */
void network_world_open(
    struct network_world *nw, struct test_app *app, const struct sim_options *options);
void network_world_close(struct network_world *nw);

/* A channel of this network as a person would connect it, known to the simulator by its callback.
 */
struct network_channel {
    const char *kind;
    const char *settings, *secrets; /* JSON objects */
    const char *external_id;  /* of the simulator's first account; "" = the network has none */
    const char *verify_token; /* the word of the handshake that the simulator knows; "" */
};
channel_id network_connect(struct network_world *nw, const struct network_channel *channel);

/* Everything that is due on both sides, until nothing moves any more. */
void network_run(struct network_world *nw);
/* A customer writes on the network and it arrives; the id there. */
str network_say(struct network_world *nw, const char *kind, const struct sim_say *say);
/* The two halves of it: many can write before it arrives. */
str network_tell(struct network_world *nw, const char *kind, const struct sim_say *say);
void network_hear(struct network_world *nw, const char *kind);
int64_t network_count(struct network_world *nw, const char *kind, enum sim_count count);
/* The texts that the network took from us, joined by "|". */
str network_accepted(struct network_world *nw, const char *kind);
/* The messages of a conversation as "in:text|out:text", oldest first, activities left out. */
str network_timeline(struct network_world *nw, str conversation);
