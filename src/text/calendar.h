/* calendar: what an invitation in a mail says: the first event of a text/calendar part, as far as a
 * person wants to see it beside the mail. Not here: answering it, free and busy times, to-dos, the
 * days of a series (its rule is told, not counted out).
 * Times: a TZID is an IANA name, a Windows name (ICU's table), one of these behind a vendor's
 * prefix, or a VTIMEZONE of the calendar itself (X-LIC-LOCATION, else its offsets and yearly
 * rules); a time without any zone is floating: on the clock of whoever looks at it. Sources: RFC
 * 5545, 5546, 6868; what Outlook, Exchange, Google and Apple write (2026); ICU 72. Thread: any. */
#pragma once
#include "text/mime.h"

enum {
    CALENDAR_IN_BYTES = 1024 * 1024, /* looked at; the rest is cut */
    CALENDAR_LINES = 20 * 1000,      /* unfolded lines looked at */
    CALENDAR_DEPTH = 10,             /* components inside each other; deeper ends it */
    CALENDAR_ATTENDEES = 10 * 1000,  /* counted */
    CALENDAR_LINE_BYTES = 64 * 1024, /* of one unfolded line; the rest of it is left out */
    CALENDAR_TEXT_BYTES = 1000,      /* summary, location, names */
    CALENDAR_WORDS_BYTES = 8 * 1024, /* description */
    CALENDAR_ZONES = 20,             /* VTIMEZONE components read */
};

/* RRULE. */
struct calendar_repeat {
    str freq; /* "daily" "weekly" "monthly" "yearly" "hourly" "minutely" "secondly"; "" = once */
    int interval;     /* every so many; from 1 */
    int count;        /* so many times in all; 0 = not said */
    int64_t until_ms; /* the last one begins at or before; 0 = not said */
    str by_day; /* "MO,WE", "-1FR": weekdays, with their number in the month or year; "" = none */
    bool has_more; /* other parts narrow it further (BYMONTHDAY, BYSETPOS …, RDATE, EXDATE) */
};

struct calendar_event {
    str method;   /* upper case: REQUEST REPLY CANCEL COUNTER PUBLISH …; "" = none */
    str uid;      /* as written, at most CALENDAR_TEXT_BYTES */
    int sequence; /* of its changes, from 0 */
    str summary, location, description; /* valid UTF-8; line ends only in description */
    str status;                         /* lower case: confirmed tentative cancelled; "" = none */
    bool is_cancelled;                  /* by method or status */
    bool is_instance;                   /* one day of a series (RECURRENCE-ID) */
    int64_t start_ms; /* Unix ms UTC; floating and all-day: as if the clock showed UTC */
    int64_t end_ms;   /* at or after the start */
    bool has_time;    /* false: no start that can be read; start_ms and end_ms are 0 */
    str zone;         /* IANA name, "UTC", or "UTC+05:30"; "" = floating or all-day */
    bool is_floating, is_all_day;
    str first_day, last_day;       /* all-day: "2026-01-01", both inclusive; else "" */
    struct mime_address organizer; /* address lower case; either may be "" */
    int attendees;
    str own_status;    /* PARTSTAT of the first own address among them, lower case: needs-action
                        * accepted declined tentative delegated; "" = none of ours is invited */
    bool wants_answer; /* RSVP of that one */
    struct mime_address replier; /* REPLY, COUNTER: who answers … */
    str reply;                   /* … and how, as own_status */
    struct calendar_repeat repeat;
    int events; /* VEVENTs in the calendar; the first is told here */
};

/* own: addresses of the mailbox, in any case. False: there is no event in it; *out is then empty.
 */
bool calendar_read(
    struct arena *a, str text, const str *own, int n_own, struct calendar_event *out);
