/* viber: what the two files of the Viber connector share. Thread: pure. */
#pragma once
#include "connector/connector.h"

err viber_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);

extern const struct connector connector_viber;
