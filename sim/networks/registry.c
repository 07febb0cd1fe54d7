/* The networks of the simulator: one row each. */
#include "network.h"

extern const struct sim_network sim_telegram;

const struct sim_network *const sim_networks[] = {
    &sim_telegram,
    NULL,
};
