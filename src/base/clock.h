/* Time. All times are int64 Unix milliseconds UTC; the API writes RFC 3339.
 * The process has one clock; tests fix it. Thread: any (the fixed clock is atomic). */
#pragma once
#include "base/str.h"

int64_t clock_now_ms(void);  /* wall clock, or the fixed one */
int64_t clock_mono_ms(void); /* never goes back; for deadlines; follows the fixed clock */
int64_t clock_mono_us(void);
void clock_fix(int64_t now_ms); /* test seam: the clock stands; 0 = let it run again */
void clock_advance(
    int64_t by_ms); /* test seam: moves a fixed clock; may be negative (clock jump) */

/* "2026-01-01T00:00:00.000Z" */
str time_rfc3339(struct arena *a, int64_t ms);
enum { TIME_RFC3339_LEN = 24 };
void time_rfc3339_to(char to[TIME_RFC3339_LEN], int64_t ms); /* not terminated */
/* RFC 3339 with any offset; E_INVALID. */
err time_parse(str s, int64_t *ms);
/* "Thu, 01 Jan 2026 00:00:00 GMT" (RFC 9110) */
str time_http(struct arena *a, int64_t ms);
enum { TIME_HTTP_BYTES = 40 };
str time_http_to(char to[TIME_HTTP_BYTES], int64_t ms); /* the same, in `to`; needs no memory */
bool time_zone_is_known(str zone);                      /* IANA name, by ICU */
/* What clocks and calendars show in a zone (IANA name), by ICU; false: there is no such zone. */
struct time_local {
    int year, month, day; /* month and day from 1 */
    int weekday;          /* 1 = Monday … 7 = Sunday */
    int minute;           /* of the day, as the clock shows it: 0 … 1439 */
};
bool time_local(str zone, int64_t ms, struct time_local *local);
