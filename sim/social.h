/* The demo's networks: the simulated ones in this process, a channel for each that a form connects,
 * a mailbox (mailbox.h), and customers who write there now and then. Everything here is simulated
 * and says so in the channels' names. Thread: one (the simulator's own stand in networks/). */
#pragma once
#include "shop.h"

struct social;
/* NULL: no free port. The simulator runs from here on. folder: where the file of trusted
 * certificates goes. */
struct social *social_open(struct arena *a, str folder);
void social_close(struct social *s);
/* What `seva serve` is told: "*=http://127.0.0.1:PORT". */
str social_hosts(const struct social *s);
/* What it trusts (--ca-file): the system's certificates and that of the simulated mail server;
 * empty = there is no mail server. */
str social_ca_file(const struct social *s);
/* Makes the channels that are missing, tells the networks where to call, and lets the first
 * customers write when the channels are new. */
void social_connect(struct social *s, struct shop *shop, struct arena *scratch);
/* Now and then somebody writes; call often. */
void social_run(struct social *s, struct arena *scratch);
