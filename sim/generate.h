/* Makes the demo account's past: teams, agents, tags, contacts and two months of conversations in
 * ten languages, as JSON Lines in the format of `seva import` (docs/import.md). Deterministic in
 * (seed, now). Thread: one. */
#pragma once
#include "base/str.h"

#include <stdio.h>

/* Writes to out; false when writing failed. now_ms: the end of the two months. */
bool generate(FILE *out, uint64_t seed, int64_t now_ms);
