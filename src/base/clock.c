/* The process's one clock, fixed by tests, and the text forms of a time.
 * Not: durations on a calendar or business hours (care). Thread: any.
 * Rules: RFC 3339 (2002), RFC 9110 section 5.6.7; days by H. Hinnant's civil-date arithmetic. */
#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

/* Shared by all threads; the mutex only orders the seams' writers. */
static pthread_mutex_t seam = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int64_t fixed_ms;      /* 0 = the clock runs */
static _Atomic int64_t fixed_mono_us; /* while fixed */
static _Atomic int64_t mono_skew_us;  /* so that releasing the clock does not turn it back */

static int64_t read_us(clockid_t which)
{
    struct timespec t;
    (void)clock_gettime(which, &t); /* both clocks exist on every Linux */
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_now_ms(void)
{
    int64_t fixed = atomic_load_explicit(&fixed_ms, memory_order_relaxed);
    return fixed != 0 ? fixed : read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_us(void)
{
    if (atomic_load_explicit(&fixed_ms, memory_order_relaxed) != 0)
        return atomic_load_explicit(&fixed_mono_us, memory_order_relaxed);
    return read_us(CLOCK_MONOTONIC) + atomic_load_explicit(&mono_skew_us, memory_order_relaxed);
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

/* Both seams in one: the clock stands at to_ms; monotonic time only goes forward. */
static void stand_at(int64_t to_ms)
{
    int64_t was = atomic_load(&fixed_ms);
    int64_t mono = clock_mono_us();
    if (was != 0 && to_ms > was)
        mono += (to_ms - was) * 1000;
    atomic_store(&fixed_mono_us, mono);
    atomic_store(&fixed_ms, to_ms);
}

void clock_fix(int64_t now_ms)
{
    (void)pthread_mutex_lock(&seam); /* a default mutex cannot fail here */
    if (now_ms != 0) {
        stand_at(now_ms);
    } else if (atomic_load(&fixed_ms) != 0) {
        int64_t skew = atomic_load(&fixed_mono_us) - read_us(CLOCK_MONOTONIC);
        if (skew > atomic_load(&mono_skew_us))
            atomic_store(&mono_skew_us, skew);
        atomic_store(&fixed_ms, 0);
    }
    (void)pthread_mutex_unlock(&seam);
}

void clock_advance(int64_t by_ms)
{
    (void)pthread_mutex_lock(&seam);
    int64_t was = atomic_load(&fixed_ms);
    if (was != 0)
        stand_at(was + by_ms);
    (void)pthread_mutex_unlock(&seam);
}

struct civil {
    int64_t year;
    int month, day, hour, minute, second, ms, weekday;
};

static int64_t days_from_civil(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static struct civil civil_from_ms(int64_t ms)
{
    enum { DAY_MS = 86400000 };
    int64_t days = ms / DAY_MS - (ms % DAY_MS < 0);
    int rest = (int)(ms - days * DAY_MS);
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    int weekday = (int)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    return (struct civil){
        .year = yoe + era * 400 + (month <= 2),
        .month = month,
        .day = (int)(doy - (153 * mp + 2) / 5 + 1),
        .hour = rest / 3600000,
        .minute = rest / 60000 % 60,
        .second = rest / 1000 % 60,
        .ms = rest % 1000,
        .weekday = weekday,
    };
}

static void put_digits(char *to, int64_t value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        to[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* RFC 3339 has four digits for the year: 0000-01-01 to 9999-12-31. */
static int64_t clamp_to_rfc3339(int64_t ms)
{
    const int64_t least = -62167219200000, most = 253402300799999;
    return ms < least ? least : ms > most ? most : ms;
}

void time_rfc3339_to(char to[TIME_RFC3339_LEN], int64_t ms)
{
    struct civil c = civil_from_ms(clamp_to_rfc3339(ms));
    static const char shape[] = "0000-00-00T00:00:00.000Z";
    for (int i = 0; i < TIME_RFC3339_LEN; i++)
        to[i] = shape[i];
    put_digits(to, c.year, 4);
    put_digits(to + 5, c.month, 2);
    put_digits(to + 8, c.day, 2);
    put_digits(to + 11, c.hour, 2);
    put_digits(to + 14, c.minute, 2);
    put_digits(to + 17, c.second, 2);
    put_digits(to + 20, c.ms, 3);
}

str time_rfc3339(struct arena *a, int64_t ms)
{
    char text[TIME_RFC3339_LEN];
    time_rfc3339_to(text, ms);
    return str_copy(a, str_of(text, TIME_RFC3339_LEN));
}

static bool digits(str s, ptrdiff_t at, ptrdiff_t width, int min, int max, int *value)
{
    int64_t v;
    if (at + width > s.len || str_int(str_sub(s, at, width), 0, max, &v) != OK || v < min)
        return false;
    *value = (int)v;
    return true;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

/* "Z" or "±hh:mm" and nothing after it. */
static err parse_offset(str s, int *minutes)
{
    if (s.len == 1 && (s.at[0] == 'Z' || s.at[0] == 'z')) {
        *minutes = 0;
        return OK;
    }
    int h, m;
    if (s.len != 6 || (s.at[0] != '+' && s.at[0] != '-') || s.at[3] != ':' ||
        !digits(s, 1, 2, 0, 23, &h) || !digits(s, 4, 2, 0, 59, &m))
        return E_INVALID;
    *minutes = (s.at[0] == '-' ? -1 : 1) * (h * 60 + m);
    return OK;
}

err time_parse(str s, int64_t *ms)
{
    int year, month, day, hour, minute, second, fraction = 0, offset;
    if (s.len < 20 || !digits(s, 0, 4, 0, 9999, &year) || s.at[4] != '-' ||
        !digits(s, 5, 2, 1, 12, &month) || s.at[7] != '-' ||
        !digits(s, 8, 2, 1, month_days(year, month), &day) ||
        (s.at[10] != 'T' && s.at[10] != 't' && s.at[10] != ' ') ||
        !digits(s, 11, 2, 0, 23, &hour) || s.at[13] != ':' || !digits(s, 14, 2, 0, 59, &minute) ||
        s.at[16] != ':' || !digits(s, 17, 2, 0, 60, &second))
        return E_INVALID;
    s = str_skip(s, 19);
    if (s.at[0] == '.') {
        ptrdiff_t n = 1;
        for (; n < s.len && s.at[n] >= '0' && s.at[n] <= '9'; n++)
            if (n <= 3)
                fraction = fraction * 10 + (s.at[n] - '0');
        if (n == 1)
            return E_INVALID;
        for (ptrdiff_t i = n; i <= 3; i++)
            fraction *= 10;
        s = str_skip(s, n);
    }
    TRY(parse_offset(s, &offset));
    if (second == 60) { /* a leap second is the last moment of its minute */
        second = 59;
        fraction = 999;
    }
    int64_t seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 +
                      (minute - (int64_t)offset) * 60 + second;
    *ms = seconds * 1000 + fraction;
    return OK;
}

str time_http_to(char to[TIME_HTTP_BYTES], int64_t ms)
{
    static const char *const weekday[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const month[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct civil c = civil_from_ms(clamp_to_rfc3339(ms));
    int len = snprintf(to, TIME_HTTP_BYTES, "%s, %02d %s %04d %02d:%02d:%02d GMT",
        weekday[c.weekday], c.day, month[c.month - 1], (int)c.year, c.hour, c.minute, c.second);
    return str_of(to, len);
}

str time_http(struct arena *a, int64_t ms)
{
    char to[TIME_HTTP_BYTES];
    return str_copy(a, time_http_to(to, ms));
}

bool time_zone_is_known(str zone)
{
    enum { ZONE_MOST = 64 }; /* the longest IANA name has 32 */
    UChar name[ZONE_MOST], canonical[ZONE_MOST];
    if (zone.len == 0 || zone.len >= ZONE_MOST)
        return false;
    for (ptrdiff_t i = 0; i < zone.len; i++) {
        if ((unsigned char)zone.at[i] >= 128)
            return false;
        name[i] = (UChar)zone.at[i];
    }
    UBool is_system = 0;
    UErrorCode status = U_ZERO_ERROR;
    (void)ucal_getCanonicalTimeZoneID(
        name, (int32_t)zone.len, canonical, ZONE_MOST, &is_system, &status);
    return U_SUCCESS(status) && is_system && !str_eq(zone, S("Etc/Unknown"));
}

bool time_local(str zone, int64_t ms, struct time_local *local)
{
    enum { ZONE_MOST = 64, SUNDAY = 7 };
    UChar name[ZONE_MOST];
    UErrorCode status = U_ZERO_ERROR;
    if (!time_zone_is_known(zone))
        return false;
    for (ptrdiff_t i = 0; i < zone.len; i++)
        name[i] = (UChar)zone.at[i];
    UCalendar *calendar = ucal_open(name, (int32_t)zone.len, "en", UCAL_GREGORIAN, &status);
    if (U_FAILURE(status))
        return false;
    ucal_setMillis(calendar, (UDate)ms, &status);
    int weekday = ucal_get(calendar, UCAL_DAY_OF_WEEK, &status); /* 1 = Sunday */
    struct time_local found = {
        .year = ucal_get(calendar, UCAL_YEAR, &status),
        .month = ucal_get(calendar, UCAL_MONTH, &status) + 1,
        .day = ucal_get(calendar, UCAL_DATE, &status),
        .weekday = weekday == 1 ? SUNDAY : weekday - 1,
        .minute = ucal_get(calendar, UCAL_HOUR_OF_DAY, &status) * 60 +
                  ucal_get(calendar, UCAL_MINUTE, &status),
    };
    ucal_close(calendar);
    if (U_FAILURE(status))
        return false;
    *local = found;
    return true;
}
