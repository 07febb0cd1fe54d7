/* search_phone: see search_phone.h. */
#include "text/search_phone.h"

#include <string.h>
#include <unicode/uchar.h>

#include "base/utf8.h"

enum { PAUSE_MOST = 3, NATIONAL_LEAST = 6 };

struct group {
    ptrdiff_t from, to; /* bytes */
    int n;              /* digits up to its end */
};
struct scan {
    str text;
    char digits[SEARCH_PHONE_DIGITS];
    int n;
    struct group groups[SEARCH_PHONE_GROUPS];
    int n_groups;
    bool is_spread[SEARCH_PHONE_GROUPS]; /* what stands before this group, or one before it */
};

/* The value of the digit at `at`, with its length; -1: none. */
static int digit_at(str s, ptrdiff_t at, ptrdiff_t *len)
{
    uint32_t c;
    if (at >= s.len)
        return -1;
    unsigned char first = (unsigned char)s.at[at];
    *len = 1;
    if (first < 0x80)
        return first >= '0' && first <= '9' ? first - '0' : -1;
    *len = utf8_decode(s, at, &c);
    if (*len < 0 || u_charType((UChar32)c) != U_DECIMAL_DIGIT_NUMBER)
        return -1;
    return u_charDigitValue((UChar32)c);
}

/* Between groups: spaces, no-break spaces, hyphens, - . / ( ). */
static ptrdiff_t pause_at(str s, ptrdiff_t at)
{
    if (at >= s.len)
        return 0;
    if (s.at[at] != 0 && strchr(" -./()", s.at[at]))
        return 1;
    str rest = str_skip(s, at);
    if (str_starts(rest, S("\u00a0")))
        return 2;
    return str_starts(rest, S("\u202f")) || str_starts(rest, S("\u2011")) ? 3 : 0;
}

/* The end of the pause at `at` if digits follow it; else `at`. */
static ptrdiff_t pause_end(str s, ptrdiff_t at)
{
    ptrdiff_t end = at, len, n;
    for (int i = 0; i < PAUSE_MOST && (n = pause_at(s, end)) > 0; i++)
        end += n;
    return end > at && digit_at(s, end, &len) >= 0 ? end : at;
}

/* One group; false, and nothing of it is taken, when it is too long for a number. */
static bool take_group(struct scan *s, ptrdiff_t from)
{
    ptrdiff_t len, to = from;
    int digit, n = s->n;
    if (s->n_groups == SEARCH_PHONE_GROUPS)
        return false;
    for (; (digit = digit_at(s->text, to, &len)) >= 0; to += len) {
        if (n == SEARCH_PHONE_DIGITS)
            return false;
        s->digits[n++] = (char)('0' + digit);
    }
    if (to == from)
        return false;
    s->n = n;
    s->groups[s->n_groups++] = (struct group){from, to, n};
    return true;
}

/* Whether a run of search_words would end in this pause: only one connector joins. */
static bool is_gap(str pause)
{
    return pause.len != 1 || !strchr("-./", pause.at[0]);
}

static void take_groups(struct scan *s, ptrdiff_t at)
{
    bool is_spread = false;
    while (take_group(s, at)) {
        ptrdiff_t to = s->groups[s->n_groups - 1].to;
        s->is_spread[s->n_groups - 1] = is_spread;
        at = pause_end(s->text, to);
        if (at == to)
            return;
        is_spread |= is_gap(str_sub(s->text, to, at - to));
    }
}

static int country_len(const char *digits)
{
    static const int8_t two[] = {20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48,
        49, 51, 52, 53, 54, 55, 56, 57, 58, 60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92,
        93, 94, 95, 98};
    int code = (digits[0] - '0') * 10 + digits[1] - '0';
    if (digits[0] == '1' || digits[0] == '7')
        return 1;
    for (size_t i = 0; i < sizeof two / sizeof two[0]; i++)
        if (two[i] == code)
            return 2;
    return 3;
}

static int digits_of(const struct scan *s, int group)
{
    return s->groups[group].n - (group ? s->groups[group - 1].n : 0);
}

/* Three groups or more of two to four digits: "415 555 2671". */
static bool is_grouped(const struct scan *s, int n_groups)
{
    enum { DIGITS_MOST = 11 };
    for (int i = 0; i < n_groups; i++)
        if (digits_of(s, i) < 2 || digits_of(s, i) > 4)
            return false;
    return n_groups >= 3 && s->groups[n_groups - 1].n <= DIGITS_MOST;
}

/* Dates and times begin with 0 too: "01.02.2024 12". Numbers have three digits before or behind the
 * first pause, or five groups of two (France). */
static bool is_grouped_like_one(const struct scan *s, int n_groups)
{
    if (digits_of(s, 0) >= 3 || (digits_of(s, 0) == 2 && n_groups > 1 && digits_of(s, 1) >= 3))
        return true;
    for (int i = 0; i < n_groups; i++)
        if (digits_of(s, i) != 2)
            return false;
    return n_groups == 5;
}

static void drop_digits(struct search_phone *p, int at, int n)
{
    memmove(p->digits + at, p->digits + at + n, (size_t)(p->n - at - n));
    p->n -= n;
}

/* "+49 (0)30": the trunk 0 in brackets is not dialled. */
static void drop_trunk(struct search_phone *p, const struct scan *s, int n_groups)
{
    if (p->n <= p->skip || p->digits[p->skip] != '0')
        return;
    for (int i = 1; i < n_groups; i++)
        if (s->text.at[s->groups[i].from - 1] == '(') {
            drop_digits(p, p->skip, 1);
            return;
        }
}

/* A number of the first n_groups. False: it is none. */
static bool read_number(
    const struct scan *s, int n_groups, enum search_phone_in in, struct search_phone *phone)
{
    const struct group *last = &s->groups[n_groups - 1];
    struct search_phone p = {
        .n = last->n, .end = last->to, .is_spread = s->is_spread[n_groups - 1]};
    memcpy(p.digits, s->digits, (size_t)p.n);
    ptrdiff_t first = s->groups[0].from;
    char before = first > 0 ? s->text.at[first - 1] : ' ';
    bool has_zeros = p.digits[0] == '0' && p.digits[1] == '0' && p.digits[2] != '0';
    if (before == '+' || has_zeros) {
        if (before != '+') {
            drop_digits(&p, 0, 2);
            p.is_spread = true; /* its run has the zeros */
        }
        p.skip = country_len(p.digits);
        drop_trunk(&p, s, n_groups);
    } else if (p.digits[0] == '0' || before == '(') {
        p.skip = p.digits[0] == '0';
        if (!is_grouped_like_one(s, n_groups) && in == SEARCH_PHONE_TEXT)
            return false;
    } else if (in == SEARCH_PHONE_TEXT && !is_grouped(s, n_groups))
        return false;
    if (p.n - p.skip < NATIONAL_LEAST)
        return false;
    *phone = p;
    return true;
}

/* "0123456789-AB" is another number; "01711-234567" does not end at its hyphen. */
static bool goes_on(str text, ptrdiff_t end)
{
    ptrdiff_t at = end + (end < text.len && text.at[end] && strchr("-_/@", text.at[end]));
    uint32_t c;
    return at < text.len && utf8_decode(text, at, &c) > 0 && u_isalnum((UChar32)c);
}

int search_phones_at(str text, ptrdiff_t at, enum search_phone_in in,
    struct search_phone phones[SEARCH_PHONE_GROUPS])
{
    struct scan s = {.text = text};
    int n = 0;
    take_groups(&s, at);
    for (int i = 0; i < s.n_groups; i++) {
        if (s.groups[i].n < SEARCH_PHONE_LEAST || goes_on(text, s.groups[i].to))
            continue;
        n += read_number(&s, i + 1, in, &phones[n]);
    }
    return n;
}

str search_phone_national(const struct search_phone *phone)
{
    return str_of(phone->digits + phone->skip, phone->n - phone->skip);
}
