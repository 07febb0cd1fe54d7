/* restore_ship: `seva restore --from-ship`: a data folder from what a server has shipped, at the
 * last moment or at one before. Thread: main. */
#pragma once
#include "app/config.h"

int restore_ship_command(struct arena *a, const struct settings *s, str *out);
