/* Golden deliveries of a network: tests/connector/<network>/<name>.json is parsed and must say
 * exactly what <name>.expected has, one line per member that is set. A new or changed one is
 * written by running the test with SEVA_GOLDEN_WRITE=1 and then read by a person.
 * Folder: environment SEVA_GOLDEN (meson sets it). Thread: the test's. */
#pragma once
#include "connector/connector.h"
#include "test.h"

/* Received at TEST_NOW_MS. */
void golden_check(const char *network, const char *name, const char *origin);
/* Every .json in the network's folder, as origin "hook"; fails when there is none. */
void golden_check_all(const char *network);
/* The same for what is polled or streamed. */
void golden_check_all_as(const char *network, const char *origin);
/* What a batch says. */
str golden_show(const struct connector_batch *batch);
/* A file below SEVA_GOLDEN. */
str golden_read(const char *network, const char *file);
