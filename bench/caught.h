/* caught: webhooks as they come over the wire. A simulator of our own (sim/networks) plays the
 * networks, its customers write, and a server of ours keeps what is posted: so the load drivers
 * post bodies that no connector has had a hand in. What goes wrong ends the process with words.
 * Thread: one. */
#pragma once
#include "bench_networks.h"
#include "connector/connector.h"
#include "sim.h"

void caught_open(struct arena *a);
void caught_close(void);
struct sim *caught_sim(void);

/* The channel on our side and the callback on theirs, as after the form was filled in. What *setup
 * points to lives in the arena. */
void caught_connect(struct arena *a, const struct bench_network *n, const struct connector **c,
    struct connector_setup *setup);
/* One customer's message: the newest POST that holds `mark`, which is a part of the text. It lives
 * until the next call. id: what the network calls the message (in the arena). person: 0 … 999 */
const struct http_request *caught_say(
    struct arena *a, const struct bench_network *n, int person, str text, str mark, str *id);
/* Who writes: the network's id of a person. */
str caught_person(struct arena *a, const struct bench_network *n, int person);
