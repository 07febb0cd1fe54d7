/* hours: see hours.h. */
#include "text/hours.h"

#include "base/clock.h"

enum {
    DAY_MINUTES = 24 * 60,
    WEEKDAYS = 7,
    RANGES_MOST = 8, /* of a day */
    HOLIDAYS_MOST = 400,
};

static str text_at(const struct json *object, str key)
{
    const struct json *v = json_get(object, key);
    return v && v->kind == JSON_STRING ? v->text : (str){0};
}

static const char *const days[WEEKDAYS] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* "09:30"; "24:00" is the end of the day. */
static bool clock_read(str s, int *minute)
{
    int64_t h, m;
    if (s.len != 5 || s.at[2] != ':' || str_int(str_sub(s, 0, 2), 0, 24, &h) != OK ||
        str_int(str_sub(s, 3, 2), 0, 59, &m) != OK || h * 60 + m > DAY_MINUTES)
        return false;
    *minute = (int)(h * 60 + m);
    return true;
}

static bool range_read(str s, int *from, int *to)
{
    str begin, end;
    return str_cut(s, '-', &begin, &end) && clock_read(str_trim(begin), from) &&
           clock_read(str_trim(end), to);
}

/* Does a range of this day hold the minute? Minutes beyond the day are the next day's. */
static bool day_holds(const struct json *hours, int weekday, int minute)
{
    const struct json *ranges = json_get(hours, str_from(days[weekday - 1]));
    const struct json *v = ranges && ranges->kind == JSON_ARRAY ? ranges->first : NULL;
    int from, to;
    for (int i = 0; v && i < RANGES_MOST; v = v->next, i++) {
        if (v->kind != JSON_STRING || !range_read(v->text, &from, &to))
            continue;
        if (to <= from)
            to += DAY_MINUTES; /* across midnight */
        if (minute >= from && minute < to)
            return true;
    }
    return false;
}

/* "2026-12-25" that year, "12-25" each year. */
static bool is_holiday(const struct json *ivr, const struct time_local *at)
{
    const struct json *list = json_get(ivr, S("holidays"));
    const struct json *v = list && list->kind == JSON_ARRAY ? list->first : NULL;
    int64_t year, month, day;
    for (int i = 0; v && i < HOLIDAYS_MOST; v = v->next, i++) {
        str s = v->kind == JSON_STRING ? v->text : (str){0};
        bool has_year = s.len == 10 && str_int(str_sub(s, 0, 4), 1, 9999, &year) == OK;
        str rest = has_year ? str_skip(s, 5) : s;
        if (rest.len == 5 && str_int(str_sub(rest, 0, 2), 1, 12, &month) == OK &&
            str_int(str_sub(rest, 3, 2), 1, 31, &day) == OK && month == at->month &&
            day == at->day && (!has_year || year == at->year))
            return true;
    }
    return false;
}

bool hours_are_open(const struct json *ivr, int64_t now_ms)
{
    const struct json *hours = json_get(ivr, S("hours"));
    struct time_local at, before;
    if (!time_local(text_at(ivr, S("time_zone")), now_ms, &at))
        return true;
    /* What began yesterday ends although today is a holiday; noon is in every day, whatever the
     * clocks were set to in the night. */
    int64_t noon_before_ms = now_ms - (int64_t)(at.minute + DAY_MINUTES / 2) * 60 * 1000;
    (void)time_local(text_at(ivr, S("time_zone")), noon_before_ms, &before);
    bool has_hours = hours && hours->kind == JSON_OBJECT;
    int yesterday = at.weekday == 1 ? WEEKDAYS : at.weekday - 1;
    if (has_hours && !is_holiday(ivr, &before) &&
        day_holds(hours, yesterday, at.minute + DAY_MINUTES))
        return true;
    return !is_holiday(ivr, &at) && (!has_hours || day_holds(hours, at.weekday, at.minute));
}

str hours_fault(struct arena *a, const struct json *ivr)
{
    const struct json *hours = json_get(ivr, S("hours"));
    int from, to;
    if (hours && !time_zone_is_known(text_at(ivr, S("time_zone"))))
        return S("Hours need a time zone, like Asia/Dhaka.");
    for (int day = 0; day < WEEKDAYS; day++) {
        const struct json *list = json_get(hours, str_from(days[day]));
        for (const struct json *v = list ? list->first : NULL; v; v = v->next)
            if (v->kind != JSON_STRING || !range_read(v->text, &from, &to))
                return str_print(a, "Hours of %s are written 09:00-18:00.", days[day]);
    }
    return (str){0};
}
