/* hours: opening hours, as the settings of a channel say them: an object with "time_zone" (IANA),
 * "hours" ({"mon": ["09:00-13:00"], …}; a range may go across midnight) and "holidays"
 * ("2026-12-25" that year, "12-25" every year). What is wrong in them counts as absent.
 * Not here: what happens when it is closed (ivr.h). Thread: pure. */
#pragma once
#include "base/json.h"

/* True without hours, or in an unknown zone. settings may be NULL. */
bool hours_are_open(const struct json *settings, int64_t now_ms);
/* Words for the first thing in them that cannot be; empty = all well. */
str hours_fault(struct arena *a, const struct json *settings);
