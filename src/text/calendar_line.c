/* calendar_line: content lines of RFC 5545: unfolding, parameters, escapes, dates and durations. */
#include "base/clock.h"
#include "base/utf8.h"
#include "text/calendar_inner.h"

enum { MAX_YEARS_MS_DAYS = 3660 };
#define DAY_MS INT64_C(86400000)

/* One line as it stands with what is folded below it. */
static str unfold(struct arena *a, str *rest)
{
    str line;
    (void)str_cut(*rest, '\n', &line, rest);
    if (rest->len == 0 || (rest->at[0] != ' ' && rest->at[0] != '\t'))
        return str_sub(line, 0, CALENDAR_LINE_BYTES);
    struct sb b = sb_make(a, 0);
    for (;;) {
        if (str_ends(line, S("\r")))
            line.len--;
        sb_add(&b, str_sub(line, 0, CALENDAR_LINE_BYTES - b.len));
        if (rest->len == 0 || (rest->at[0] != ' ' && rest->at[0] != '\t'))
            return sb_str(&b);
        (void)str_cut(str_skip(*rest, 1), '\n', &line, rest);
    }
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

bool calendar_line_next(struct arena *a, str *rest, struct calendar_line *line, int *left)
{
    while (rest->len > 0 && *left > 0) {
        --*left;
        str s = str_trim(utf8_repair(a, unfold(a, rest)));
        ptrdiff_t name = 0;
        while (name < s.len && is_name_byte(s.at[name]))
            name++;
        ptrdiff_t colon = name;
        for (bool is_quoted = false; colon < s.len && (is_quoted || s.at[colon] != ':'); colon++)
            is_quoted ^= s.at[colon] == '"';
        /* Exchange does not quote the colons of TZID=tzone://Microsoft/Utc; dates have none. */
        if (str_eq_nocase(str_sub(s, 0, 2), S("DT")) && colon < s.len)
            for (ptrdiff_t i = colon; i < s.len; i++)
                colon = s.at[i] == ':' ? i : colon;
        if (name == 0 || colon >= s.len || (s.at[name] != ';' && s.at[name] != ':'))
            continue;
        *line = (struct calendar_line){
            str_sub(s, 0, name), str_sub(s, name, colon - name), str_skip(s, colon + 1)};
        return true;
    }
    return false;
}

/* RFC 6868: ^n ^^ ^' */
static str open_carets(struct arena *a, str s)
{
    if (str_find_byte(s, '^') < 0)
        return s;
    struct sb b = sb_make(a, 0);
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char next = i + 1 < s.len ? s.at[i + 1] : 0;
        bool is_pair = s.at[i] == '^' && (next == 'n' || next == '^' || next == '\'');
        sb_byte(&b, !is_pair ? s.at[i] : next == 'n' ? ' ' : next == '\'' ? '"' : '^');
        i += is_pair;
    }
    return sb_str(&b);
}

str calendar_param(struct arena *a, str params, const char *name)
{
    for (ptrdiff_t at = 0; at < params.len;) {
        ptrdiff_t equals = ++at; /* behind the ; */
        while (equals < params.len && params.at[equals] != '=' && params.at[equals] != ';')
            equals++;
        if (equals >= params.len || params.at[equals] == ';') {
            at = equals;
            continue;
        }
        str key = str_trim(str_sub(params, at, equals - at));
        ptrdiff_t end = equals + 1;
        for (bool is_quoted = false; end < params.len && (is_quoted || params.at[end] != ';');
             end++)
            is_quoted ^= params.at[end] == '"';
        str value = str_sub(params, equals + 1, end - equals - 1);
        at = end;
        if (!str_eq_nocase(key, str_from(name)))
            continue;
        if (str_starts(value, S("\""))) {
            value = str_skip(value, 1);
            ptrdiff_t close = str_find_byte(value, '"');
            value.len = close >= 0 ? close : value.len;
        } else {
            str more;
            (void)str_cut(value, ',', &value, &more);
        }
        return str_trim(open_carets(a, value));
    }
    return S("");
}

str calendar_text(struct arena *a, str value, ptrdiff_t max, bool is_line)
{
    struct sb b = sb_make(a, 0);
    value = str_sub(value, 0, 2 * max + 4);
    for (ptrdiff_t i = 0; i < value.len; i++) {
        char c = value.at[i];
        if (c == '\\' && i + 1 < value.len) {
            c = value.at[++i];
            c = c == 'n' || c == 'N' ? '\n' : c;
        }
        bool is_kept = c == '\n' && !is_line;
        sb_byte(&b, (unsigned char)c < ' ' && !is_kept ? ' ' : c);
    }
    return str_trim(utf8_prefix_bytes(utf8_repair(a, sb_str(&b)), max));
}

int calendar_int(str s, int min, int max, int otherwise)
{
    int64_t v;
    return str_int(s, min, max, &v) == OK ? (int)v : otherwise;
}

/* n digits at `at`, or -1. */
static int digits(str s, ptrdiff_t at, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++, at++) {
        if (at >= s.len || s.at[at] < '0' || s.at[at] > '9')
            return -1;
        v = v * 10 + (s.at[at] - '0');
    }
    return v;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

struct calendar_clock calendar_clock_read(str value)
{
    value = str_trim(value);
    struct calendar_clock c = {
        .year = digits(value, 0, 4), .month = digits(value, 4, 2), .day = digits(value, 6, 2)};
    bool is_day = c.year >= 1601 && c.month >= 1 && c.month <= 12 && c.day >= 1 &&
                  c.day <= days_of(c.year, c.month);
    if (!is_day)
        return (struct calendar_clock){0};
    c.is_date = value.len == 8;
    c.is_valid = c.is_date;
    if (value.len >= 15 && (value.at[8] == 'T' || value.at[8] == 't')) {
        c.hour = digits(value, 9, 2);
        c.minute = digits(value, 11, 2);
        c.second = digits(value, 13, 2);
        c.second = c.second == 60 ? 59 : c.second; /* a leap second */
        c.is_utc = value.len == 16 && (value.at[15] == 'Z' || value.at[15] == 'z');
        c.is_valid = c.hour >= 0 && c.hour < 24 && c.minute >= 0 && c.minute < 60 &&
                     c.second >= 0 && c.second < 60 && (value.len == 15 || c.is_utc);
    }
    return c.is_valid ? c : (struct calendar_clock){0};
}

/* Days since 1970-01-01 (Howard Hinnant's days_from_civil). */
static int64_t days_from(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t calendar_clock_ms(const struct calendar_clock *c)
{
    int64_t s =
        days_from(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->minute * 60 + c->second;
    return s * 1000;
}

str calendar_day(struct arena *a, int64_t ms)
{
    return str_sub(time_rfc3339(a, ms), 0, 10);
}

bool calendar_duration_ms(str s, int64_t *ms)
{
    s = str_trim(s);
    if (str_starts(s, S("+")))
        s = str_skip(s, 1);
    if (!str_starts(s, S("P")) || s.len < 3)
        return false;
    int64_t total = 0, number = -1;
    bool is_time = false;
    for (ptrdiff_t i = 1; i < s.len; i++) {
        char c = s.at[i];
        if (c >= '0' && c <= '9' && number < 1000 * 1000 * 1000) {
            number = (number < 0 ? 0 : number) * 10 + (c - '0');
            continue;
        }
        int64_t unit = c == 'W' ? 7 * DAY_MS : c == 'D' ? DAY_MS : 0;
        if (is_time)
            unit = c == 'H' ? 3600000 : c == 'M' ? 60000 : c == 'S' ? 1000 : 0;
        if (c == 'T' && !is_time && number < 0) {
            is_time = true;
            continue;
        }
        if (unit == 0 || number < 0)
            return false;
        total += number * unit;
        number = -1;
        if (total > MAX_YEARS_MS_DAYS * DAY_MS)
            return false;
    }
    if (number >= 0)
        return false;
    *ms = total;
    return true;
}

str calendar_rule_part(str rule, const char *name)
{
    str part, key, value;
    while (rule.len > 0) {
        (void)str_cut(rule, ';', &part, &rule);
        if (str_cut(part, '=', &key, &value) && str_eq_nocase(str_trim(key), str_from(name)))
            return str_trim(value);
    }
    return S("");
}
