/* calendar: see calendar.h. One pass over the lines; times are worked out at the end, as a
 * VTIMEZONE may stand below its event. */
#include "text/calendar.h"

#include "base/utf8.h"
#include "text/calendar_inner.h"

enum component { CALENDAR, EVENT, ZONE, OBSERVANCE, OTHER };

struct reading {
    struct arena *a;
    struct calendar_event *out;
    const str *own;
    int n_own;
    enum component open[CALENDAR_DEPTH];
    int depth;
    bool is_deep;
    struct calendar_zone *zones;
    int n_zones;
    str default_zone; /* X-WR-TIMEZONE */
    struct calendar_clock start, end, until;
    str start_zone, end_zone, duration;
    bool has_replier;
};

static bool is_name(const struct calendar_line *line, const char *name)
{
    return str_eq_nocase(line->name, str_from(name));
}

static enum component here(const struct reading *r)
{
    return r->depth > 0 ? r->open[r->depth - 1] : OTHER;
}

static enum component component_of(const struct reading *r, str name)
{
    bool is_top = r->depth == 0, is_in_calendar = here(r) == CALENDAR;
    if (is_top && str_eq_nocase(name, S("VCALENDAR")))
        return CALENDAR;
    if (is_in_calendar && str_eq_nocase(name, S("VEVENT")))
        return EVENT;
    if (is_in_calendar && str_eq_nocase(name, S("VTIMEZONE")))
        return ZONE;
    bool is_observance = str_eq_nocase(name, S("STANDARD")) || str_eq_nocase(name, S("DAYLIGHT"));
    return here(r) == ZONE && is_observance ? OBSERVANCE : OTHER;
}

static void begin(struct reading *r, str name)
{
    enum component c = component_of(r, name);
    if (r->depth >= CALENDAR_DEPTH) {
        r->is_deep = true;
        return;
    }
    r->open[r->depth++] = c;
    if (c == EVENT) {
        r->out->events++;
    } else if (c == ZONE && r->n_zones < CALENDAR_ZONES) {
        r->n_zones++;
    } else if (c == OBSERVANCE && r->n_zones > 0 &&
               r->zones[r->n_zones - 1].n < CALENDAR_OBSERVANCES) {
        r->zones[r->n_zones - 1].n++;
    }
}

static struct mime_address person_of(struct reading *r, const struct calendar_line *line)
{
    str value = str_trim(line->value);
    bool is_mail = str_eq_nocase(str_sub(value, 0, 7), S("mailto:"));
    str address = is_mail ? str_skip(value, 7) : calendar_param(r->a, line->params, "EMAIL");
    address = utf8_prefix_bytes(str_trim(address), 320);
    bool is_address = str_find_byte(address, '@') > 0 && !utf8_has_control(address) &&
                      str_find_byte(address, ' ') < 0;
    str name = calendar_param(r->a, line->params, "CN");
    return (struct mime_address){calendar_text(r->a, name, CALENDAR_TEXT_BYTES, true),
        is_address ? utf8_fold(r->a, address) : S("")};
}

static bool is_own(const struct reading *r, str address)
{
    for (int i = 0; i < r->n_own && address.len > 0; i++)
        if (str_eq_nocase(r->own[i], address))
            return true;
    return false;
}

static str status_of(struct reading *r, const struct calendar_line *line)
{
    static const char *const known[] = {
        "needs-action", "accepted", "declined", "tentative", "delegated", NULL};
    str said = calendar_param(r->a, line->params, "PARTSTAT");
    for (int i = 0; known[i] != NULL; i++)
        if (str_eq_nocase(said, str_from(known[i])))
            return str_from(known[i]);
    return S("needs-action");
}

static void take_attendee(struct reading *r, const struct calendar_line *line)
{
    struct calendar_event *out = r->out;
    if (out->attendees >= CALENDAR_ATTENDEES)
        return;
    out->attendees++;
    if (!r->has_replier) { /* kept when the method says so; it may stand below */
        r->has_replier = true;
        out->replier = person_of(r, line);
        out->reply = status_of(r, line);
    }
    if (out->own_status.len > 0 || r->n_own == 0)
        return;
    if (is_own(r, person_of(r, line).address)) {
        out->own_status = status_of(r, line);
        out->wants_answer = str_eq_nocase(calendar_param(r->a, line->params, "RSVP"), S("TRUE"));
    }
}

static bool is_freq(str s)
{
    static const char *const known[] = {
        "daily", "weekly", "monthly", "yearly", "hourly", "minutely", "secondly", NULL};
    for (int i = 0; known[i] != NULL; i++)
        if (str_eq_nocase(s, str_from(known[i])))
            return true;
    return false;
}

static bool is_day_list(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ',' || c == '-' || c == '+'))
            return false;
    }
    return s.len <= 100;
}

static void take_rule(struct reading *r, str rule)
{
    static const char *const narrower[] = {"BYMONTHDAY", "BYMONTH", "BYYEARDAY", "BYWEEKNO",
        "BYSETPOS", "BYHOUR", "BYMINUTE", "BYSECOND", NULL};
    struct calendar_repeat *repeat = &r->out->repeat;
    str freq = calendar_rule_part(rule, "FREQ"), days = calendar_rule_part(rule, "BYDAY");
    if (repeat->freq.len > 0 || !is_freq(freq))
        return;
    repeat->freq = str_lower_ascii(r->a, freq);
    repeat->interval = calendar_int(calendar_rule_part(rule, "INTERVAL"), 1, 10000, 1);
    repeat->count = calendar_int(calendar_rule_part(rule, "COUNT"), 1, 1000000, 0);
    repeat->by_day = is_day_list(days) ? days : S("");
    repeat->has_more |= repeat->by_day.len != days.len;
    for (int i = 0; narrower[i] != NULL; i++)
        repeat->has_more |= calendar_rule_part(rule, narrower[i]).len > 0;
    r->until = calendar_clock_read(calendar_rule_part(rule, "UNTIL"));
}

static void take_words(struct reading *r, const struct calendar_line *line)
{
    struct calendar_event *out = r->out;
    if (is_name(line, "UID"))
        out->uid = calendar_text(r->a, line->value, CALENDAR_TEXT_BYTES, true);
    else if (is_name(line, "SUMMARY"))
        out->summary = calendar_text(r->a, line->value, CALENDAR_TEXT_BYTES, true);
    else if (is_name(line, "LOCATION"))
        out->location = calendar_text(r->a, line->value, CALENDAR_TEXT_BYTES, true);
    else if (is_name(line, "DESCRIPTION"))
        out->description = calendar_text(r->a, line->value, CALENDAR_WORDS_BYTES, false);
    else if (is_name(line, "STATUS"))
        out->status = str_lower_ascii(r->a, utf8_prefix_bytes(str_trim(line->value), 20));
    else if (is_name(line, "ORGANIZER"))
        out->organizer = person_of(r, line);
}

static void take_event(struct reading *r, const struct calendar_line *line)
{
    struct calendar_event *out = r->out;
    if (is_name(line, "SEQUENCE")) {
        out->sequence = calendar_int(str_trim(line->value), 0, INT32_MAX, 0);
    } else if (is_name(line, "RECURRENCE-ID")) {
        out->is_instance = true;
    } else if (is_name(line, "DTSTART")) {
        r->start = calendar_clock_read(line->value);
        r->start_zone = calendar_param(r->a, line->params, "TZID");
    } else if (is_name(line, "DTEND")) {
        r->end = calendar_clock_read(line->value);
        r->end_zone = calendar_param(r->a, line->params, "TZID");
    } else if (is_name(line, "DURATION")) {
        r->duration = line->value;
    } else if (is_name(line, "ATTENDEE")) {
        take_attendee(r, line);
    } else if (is_name(line, "RRULE")) {
        take_rule(r, line->value);
    } else if (is_name(line, "RDATE") || is_name(line, "EXDATE") || is_name(line, "EXRULE")) {
        out->repeat.has_more = true;
    } else {
        take_words(r, line);
    }
}

/* "+0530" → seconds. */
static int offset_of(str s)
{
    s = str_trim(s);
    if (s.len < 5 || (s.at[0] != '+' && s.at[0] != '-'))
        return 0;
    int v = calendar_int(str_sub(s, 1, 4), 0, 2400, 0);
    int seconds = (v / 100) * 3600 + (v % 100) * 60;
    return s.at[0] == '-' ? -seconds : seconds;
}

static void take_observance(struct calendar_observance *o, const struct calendar_line *line)
{
    static const char days[] = "SUMOTUWETHFRSA";
    if (is_name(line, "TZOFFSETTO")) {
        o->offset_s = offset_of(line->value);
    } else if (is_name(line, "DTSTART")) {
        o->start = calendar_clock_read(line->value);
        if (!o->start.is_valid)
            o->start = (struct calendar_clock){.year = 1970, .month = 1, .day = 1};
    } else if (is_name(line, "RRULE")) {
        str day = calendar_rule_part(line->value, "BYDAY");
        str month = calendar_rule_part(line->value, "BYMONTH");
        str week = day.len > 2 ? str_sub(day, 0, day.len - 2) : S("1");
        week = str_starts(week, S("+")) ? str_skip(week, 1) : week;
        str name = str_skip(day, day.len - 2);
        ptrdiff_t at = name.len == 2 ? str_find(str_from(days), name) : -1;
        o->month = calendar_int(month, 1, 12, 0);
        o->week = calendar_int(week, -5, 5, 0);
        o->weekday = (int)at / 2;
        o->is_yearly = at >= 0 && at % 2 == 0 && o->month > 0 && o->week != 0;
    }
}

static void take_zone(struct reading *r, const struct calendar_line *line)
{
    struct calendar_zone *zone = r->n_zones > 0 ? &r->zones[r->n_zones - 1] : NULL;
    if (zone == NULL)
        return;
    if (here(r) == OBSERVANCE && zone->n > 0)
        take_observance(&zone->at[zone->n - 1], line);
    else if (is_name(line, "TZID"))
        zone->id = str_trim(line->value);
    else if (is_name(line, "X-LIC-LOCATION"))
        zone->location = str_trim(line->value);
}

static void take(struct reading *r, const struct calendar_line *line)
{
    switch (here(r)) {
    case CALENDAR:
        if (is_name(line, "METHOD"))
            r->out->method = utf8_prefix_bytes(str_trim(line->value), 20);
        else if (is_name(line, "X-WR-TIMEZONE"))
            r->default_zone = str_trim(line->value);
        return;
    case EVENT:
        if (r->out->events == 1)
            take_event(r, line);
        return;
    case ZONE:
    case OBSERVANCE:
        take_zone(r, line);
        return;
    case OTHER:
        return;
    }
}

/* The moment of a clock, in its zone; *zone "" = floating. */
static int64_t moment_of(struct reading *r, const struct calendar_clock *c, str id, str *zone)
{
    int64_t ms;
    *zone = S("");
    if (c->is_utc) {
        *zone = S("UTC");
        return calendar_clock_ms(c);
    }
    id = id.len > 0 ? id : r->default_zone;
    if (!c->is_date && calendar_zone_ms(r->a, id, r->zones, r->n_zones, c, &ms, zone))
        return ms;
    return calendar_clock_ms(c);
}

/* A DURATION in days is counted in days of 24 hours, over a change of the clocks too. */
static void set_times(struct reading *r)
{
    struct calendar_event *out = r->out;
    str zone;
    int64_t length = r->start.is_date ? 86400000 : 0;
    if (r->until.is_valid)
        out->repeat.until_ms = moment_of(r, &r->until, r->start_zone, &zone);
    if (!r->start.is_valid)
        return;
    out->has_time = true;
    out->is_all_day = r->start.is_date;
    out->start_ms = moment_of(r, &r->start, r->start_zone, &out->zone);
    out->is_floating = !out->is_all_day && out->zone.len == 0;
    (void)calendar_duration_ms(r->duration, &length); /* none, or nonsense: what RFC 5545 says */
    out->end_ms =
        r->end.is_valid ? moment_of(r, &r->end, r->end_zone, &zone) : out->start_ms + length;
    if (out->end_ms < out->start_ms)
        out->end_ms = out->start_ms;
    if (out->is_all_day) {
        int64_t last = out->end_ms - 1 < out->start_ms ? out->start_ms : out->end_ms - 1;
        out->first_day = calendar_day(r->a, out->start_ms);
        out->last_day = calendar_day(r->a, last);
    }
}

static void finish(struct reading *r)
{
    struct calendar_event *out = r->out;
    char *method = arena_alloc(r->a, out->method.len + 1, 1);
    for (ptrdiff_t i = 0; i < out->method.len; i++) {
        char c = out->method.at[i];
        method[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    out->method = str_of(method, out->method.len);
    out->is_cancelled = str_eq(out->method, S("CANCEL")) || str_eq(out->status, S("cancelled"));
    if (!str_eq(out->method, S("REPLY")) && !str_eq(out->method, S("COUNTER"))) {
        out->replier = (struct mime_address){0};
        out->reply = S("");
    }
    set_times(r);
}

bool calendar_read(struct arena *a, str text, const str *own, int n_own, struct calendar_event *out)
{
    struct reading r = {.a = a, .out = out, .own = own, .n_own = n_own};
    struct calendar_line line;
    int left = CALENDAR_LINES;
    *out = (struct calendar_event){0};
    r.zones = NEW(a, struct calendar_zone, CALENDAR_ZONES);
    text = utf8_prefix_bytes(text, CALENDAR_IN_BYTES);
    if (str_starts(text, S("\xEF\xBB\xBF")))
        text = str_skip(text, 3);
    while (!r.is_deep && calendar_line_next(a, &text, &line, &left)) {
        if (is_name(&line, "BEGIN"))
            begin(&r, str_trim(line.value));
        else if (is_name(&line, "END"))
            r.depth -= r.depth > 0;
        else
            take(&r, &line);
    }
    if (out->events == 0) {
        *out = (struct calendar_event){0};
        return false;
    }
    finish(&r);
    return true;
}
