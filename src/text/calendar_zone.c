/* calendar_zone: a clock somewhere as a moment. ICU knows IANA's and Windows' zones; of others the
 * VTIMEZONE that came with the event is read: yearly rules of one month and weekday, as calendars
 * write them. Everything else of VTIMEZONE (RDATE, several rules in history) is not. */
#include <unicode/ucal.h>
#include <unicode/ustring.h>

#include "base/clock.h"
#include "text/calendar_inner.h"

enum { ZONE_CHARS = 100 };

static bool to_utf16(str s, UChar to[ZONE_CHARS])
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t n;
    u_strFromUTF8(to, ZONE_CHARS, &n, s.at, (int32_t)s.len, &status);
    return U_SUCCESS(status) && n < ZONE_CHARS;
}

/* "W. Europe Standard Time" → "Europe/Berlin"; "" when Windows has no such zone. */
static str of_windows(struct arena *a, str id)
{
    UChar wide[ZONE_CHARS], found[ZONE_CHARS];
    UErrorCode status = U_ZERO_ERROR;
    if (id.len == 0 || id.len >= ZONE_CHARS || !to_utf16(id, wide))
        return S("");
    int32_t n = ucal_getTimeZoneIDForWindowsID(wide, -1, NULL, found, ZONE_CHARS, &status);
    if (U_FAILURE(status) || n <= 0 || n >= ZONE_CHARS)
        return S("");
    char *to = arena_alloc(a, ZONE_CHARS, 1);
    for (int32_t i = 0; i < n; i++)
        to[i] = (char)found[i]; /* ASCII: IANA's names are */
    return str_of(to, n);
}

static bool is_utc(str id)
{
    static const str names[] = {S_INIT("utc"), S_INIT("gmt"), S_INIT("z"), S_INIT("etc/utc"),
        S_INIT("etc/gmt"), S_INIT("coordinated universal time"), S_INIT("tzone://microsoft/utc")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_eq_nocase(id, names[i]))
            return true;
    return false;
}

/* What IANA calls it; "" = unknown. A vendor puts its name before:
 * "/mozilla.org/2005/Europe/Berlin". */
static str iana_name(struct arena *a, str id)
{
    id = str_trim(id);
    if (id.len == 0 || id.len > 2 * ZONE_CHARS)
        return S("");
    if (is_utc(id))
        return S("UTC");
    str rest = id, head;
    for (bool goes_on = true; goes_on && rest.len > 0;) {
        /* One letter names (Z …) and plain offsets are not what people mean by the end of a path.
         */
        bool is_whole = rest.at == id.at;
        if ((is_whole || str_find_byte(rest, '/') > 0) && time_zone_is_known(rest))
            return rest;
        goes_on = str_cut(rest, '/', &head, &rest);
    }
    return of_windows(a, id);
}

static bool icu_ms(str zone, const struct calendar_clock *c, int64_t *ms)
{
    UChar wide[ZONE_CHARS];
    UErrorCode status = U_ZERO_ERROR;
    if (zone.len >= ZONE_CHARS || !to_utf16(zone, wide))
        return false;
    UCalendar *calendar = ucal_open(wide, -1, "en_US", UCAL_GREGORIAN, &status);
    ucal_clear(calendar);
    ucal_setDateTime(
        calendar, c->year, c->month - 1, c->day, c->hour, c->minute, c->second, &status);
    double found = ucal_getMillis(calendar, &status);
    if (calendar != NULL)
        ucal_close(calendar);
    if (U_FAILURE(status))
        return false;
    *ms = (int64_t)found;
    return true;
}

/* The moment in `year` when the observance begins, as its clock shows it. */
static int64_t begins_ms(const struct calendar_observance *o, int year)
{
    struct calendar_clock c = o->start;
    if (!o->is_yearly)
        return calendar_clock_ms(&c);
    c.year = year;
    c.month = o->month;
    c.day = 1;
    int64_t day_ms = 86400000, first = calendar_clock_ms(&c);
    /* 1970-01-01 was a Thursday (4). */
    int64_t days = first >= 0 ? first / day_ms : (first - day_ms + 1) / day_ms;
    int weekday = (int)(((days + 4) % 7 + 7) % 7);
    int64_t offset = (o->weekday - weekday + 7) % 7;
    if (o->week > 0)
        return first + (offset + 7 * (o->week - 1)) * day_ms;
    /* From the end: from the first of the next month back. */
    c.month = o->month == 12 ? 1 : o->month + 1;
    c.year = o->month == 12 ? year + 1 : year;
    int64_t next = calendar_clock_ms(&c);
    int64_t last_weekday = (weekday + (next - first) / day_ms) % 7;
    int64_t back = (last_weekday - o->weekday + 7) % 7;
    return next - (back == 0 ? 7 : back) * day_ms + 7 * (o->week + 1) * day_ms;
}

/* The offset of the observance that began last before the clock showed this; the earliest one when
 * none did. */
static int offset_at(const struct calendar_zone *zone, const struct calendar_clock *clock)
{
    int64_t at = calendar_clock_ms(clock), latest = INT64_MIN;
    int offset = zone->at[0].offset_s;
    for (int i = 0; i < zone->n; i++) {
        for (int year = clock->year - 1; year <= clock->year; year++) {
            int64_t from = begins_ms(&zone->at[i], year);
            if (from > at || from < latest)
                continue;
            latest = from;
            offset = zone->at[i].offset_s;
        }
    }
    return offset;
}

bool calendar_zone_ms(struct arena *a, str id, const struct calendar_zone *zones, int n_zones,
    const struct calendar_clock *clock, int64_t *ms, str *name)
{
    str known = iana_name(a, id);
    for (int i = 0; i < n_zones && known.len == 0; i++) {
        if (!str_eq_nocase(str_trim(zones[i].id), str_trim(id)))
            continue;
        known = iana_name(a, zones[i].location);
        if (known.len > 0 || zones[i].n == 0)
            break;
        int offset = offset_at(&zones[i], clock), minutes = (offset < 0 ? -offset : offset) / 60;
        *ms = calendar_clock_ms(clock) - offset * INT64_C(1000);
        *name = str_print(a, "UTC%c%02d:%02d", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
        return true;
    }
    if (known.len == 0)
        return false;
    if (str_eq(known, S("UTC")))
        *ms = calendar_clock_ms(clock);
    else if (!icu_ms(known, clock, ms))
        return false;
    *name = known;
    return true;
}
