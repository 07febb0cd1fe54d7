/* setup: `seva init`: data folder, keys, database, first account. */
#pragma once
#include "app/config.h"

int setup_init(struct arena *a, const struct settings *s, str *out);
