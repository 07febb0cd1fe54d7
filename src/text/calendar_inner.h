/* calendar_inner: what the files of calendar share. Thread: any. */
#pragma once
#include "text/calendar.h"

/* One unfolded content line. */
struct calendar_line {
    str name;   /* as written */
    str params; /* ";A=b;C=\"d\"", as written */
    str value;
};

/* A date or time as written. */
struct calendar_clock {
    int year, month, day, hour, minute, second;
    bool is_date, is_utc, is_valid;
};

/* An observance of a VTIMEZONE: from some moment of a year on, this offset. */
struct calendar_observance {
    int offset_s;             /* east of UTC */
    int month, week, weekday; /* week: -1 last, 1 first …; weekday: 0 = Sunday */
    struct calendar_clock start;
    bool is_yearly;
};
enum { CALENDAR_OBSERVANCES = 10 };
struct calendar_zone {
    str id, location; /* TZID; X-LIC-LOCATION */
    struct calendar_observance at[CALENDAR_OBSERVANCES];
    int n;
};

/* The next line of *rest that is one; false at the end. Its texts are valid UTF-8. *left counts
 * lines down. */
bool calendar_line_next(struct arena *a, str *rest, struct calendar_line *line, int *left);
/* The first value of a parameter, unquoted, RFC 6868 opened; "" when absent. */
str calendar_param(struct arena *a, str params, const char *name);
/* TEXT without its backslashes. is_line: line ends become spaces. */
str calendar_text(struct arena *a, str value, ptrdiff_t max, bool is_line);

struct calendar_clock calendar_clock_read(str value);
/* As if the clock showed UTC. */
int64_t calendar_clock_ms(const struct calendar_clock *clock);
/* In the zone that `id` names: IANA, Windows, behind a prefix, or one of zones. False: nobody knows
 * it. *name: what it is called. */
bool calendar_zone_ms(struct arena *a, str id, const struct calendar_zone *zones, int n_zones,
    const struct calendar_clock *clock, int64_t *ms, str *name);
/* RFC 5545 DURATION in ms; false: it is none, or longer than 10 years. */
bool calendar_duration_ms(str value, int64_t *ms);
/* "2026-01-01" of a moment as if it were UTC. */
str calendar_day(struct arena *a, int64_t ms);
/* A number within bounds, else `otherwise`. */
int calendar_int(str s, int min, int max, int otherwise);
/* The part `name` of a rule "A=b;C=d"; "" when absent. */
str calendar_rule_part(str rule, const char *name);
