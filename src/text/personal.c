/* personal: looks at each place where a word or number begins. Thread: pure. */
#include "text/personal.h"

#include <string.h>
#include <unicode/uchar.h>

#include "base/utf8.h"
#include "text/personal_words.h"
#include "text/url.h"

enum {
    GROUPS_MAX = 10,  /* groups of digits in one number: +49 (0) 30 12 34 56 78 has seven */
    DIGITS_MAX = 24,  /* digits: longer than any card or phone number */
    LOCAL_MAX = 64,   /* bytes of a mail address before @: RFC 5321 */
    HOST_MAX = 253,   /* bytes behind it */
    WORD_POINTS = 20, /* code points of the longest word of personal_words.h, with an ending */
    ID_MAX = 30,      /* bytes of an order's id */
};

#define COUNT(list) (ptrdiff_t)(sizeof(list) / sizeof((list)[0]))

static uint32_t point_at(str s, ptrdiff_t i, ptrdiff_t *len)
{
    uint32_t c = 0;
    *len = i < s.len ? utf8_decode(s, i, &c) : 1;
    if (*len < 0) {
        *len = -*len;
        c = 0;
    }
    return c;
}

static int digit_of(uint32_t c)
{
    if (c < 0x80)
        return c >= '0' && c <= '9' ? (int)(c - '0') : -1;
    return u_charDigitValue((UChar32)c);
}

static bool is_word(uint32_t c)
{
    uint32_t word = U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK | U_GC_PC_MASK;
    return (U_GET_GC_MASK((UChar32)c) & word) != 0;
}

/* East Asian words stand beside numbers without a space. */
static bool is_wide(uint32_t c)
{
    return (c >= 0x3040 && c <= 0x9fff) || (c >= 0xac00 && c <= 0xd7a3);
}

static bool is_gap(uint32_t c)
{
    return c == ' ' || c == 0xa0 || c == 0x2009 || c == 0x202f;
}

static bool is_dash(uint32_t c)
{
    return c == '-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212;
}

/* A number as people group it. */
struct number {
    ptrdiff_t start, end;
    ptrdiff_t group_end[GROUPS_MAX];
    int group_digits[GROUPS_MAX]; /* digits in each */
    char between[GROUPS_MAX];     /* behind each: ' ' '-' '.' '/' or ')' for what has a bracket */
    int groups, digits;
    char digit[DIGITS_MAX];
    bool has_plus, has_bracket; /* begins with + or ( */
};

/* What stands between two groups: one mark, or a bracket with a space beside it. 0: no group
 * follows. */
static char between_at(str s, ptrdiff_t *at)
{
    char kind = 0;
    ptrdiff_t i = *at, len;
    for (int n = 0; n < 3; n++) {
        uint32_t c = point_at(s, i, &len);
        char mark = is_gap(c) ? ' ' : is_dash(c) ? '-' : c == '.' || c == '/' ? (char)c : 0;
        if (c == '(' || c == ')')
            mark = ')';
        if (mark == 0)
            break;
        if (kind != 0 && kind != ')' && mark != ')' && !(kind == '.' && mark == ' '))
            return 0;
        kind = kind == ')' || mark == ')' ? ')' : mark;
        i += len;
    }
    *at = i;
    return kind;
}

/* Digits that begin at `at`, behind + or ( if they are there; false when there is no digit. */
static bool number_at(str s, ptrdiff_t at, struct number *n)
{
    ptrdiff_t i = at, len;
    uint32_t c = point_at(s, i, &len);
    *n = (struct number){.start = at};
    n->has_plus = c == '+' || c == 0xff0b;
    if (n->has_plus)
        i += len;
    c = point_at(s, i, &len);
    n->has_bracket = c == '(';
    if (n->has_bracket)
        i += len;
    while (n->groups < GROUPS_MAX) {
        int digits = 0;
        for (int d; (d = digit_of(point_at(s, i, &len))) >= 0 && n->digits < DIGITS_MAX; i += len) {
            n->digit[n->digits++] = (char)d;
            digits++;
        }
        if (digits == 0)
            break;
        n->group_digits[n->groups] = digits;
        n->group_end[n->groups] = n->end = i;
        n->between[n->groups++] = between_at(s, &i);
        if (n->between[n->groups - 1] == 0)
            break;
    }
    if (n->groups > 0)
        n->between[n->groups - 1] = 0;
    return n->groups > 0;
}

/* Nothing that belongs to the number follows: no letter, decimal, percent. */
static bool ends_at(str s, ptrdiff_t end)
{
    ptrdiff_t len, more;
    uint32_t c = point_at(s, end, &len), after = point_at(s, end + len, &more);
    if ((c == '.' || c == ',' || c == ':') && digit_of(after) >= 0)
        return false;
    return (!is_word(c) || is_wide(c)) && c != '%';
}

static bool is_card(const char *digit, int n)
{
    int two = digit[0] * 10 + digit[1], four = two * 100 + digit[2] * 10 + digit[3], sum = 0;
    bool is_network = digit[0] == 4 || (two >= 50 && two <= 69) || two == 30 ||
                      (two >= 34 && two <= 39) || (four >= 2200 && four <= 2204) ||
                      (four >= 2221 && four <= 2720);
    for (int i = 0; i < n; i++) {
        int d = digit[n - 1 - i] << (i % 2);
        sum += d > 9 ? d - 9 : d;
    }
    return is_network && sum % 10 == 0;
}

static bool take_card(str s, const struct number *n, struct personal *p)
{
    int digits = 0, upto = 0, best = 0;
    for (; upto < n->groups; upto++) {
        digits += n->group_digits[upto];
        if (digits >= 13 && digits <= 19 && is_card(n->digit, digits) &&
            ends_at(s, n->group_end[upto]))
            best = upto + 1;
        if (n->group_digits[upto] < 2 || (n->between[upto] != ' ' && n->between[upto] != '-'))
            break;
    }
    if (best == 0 || n->has_plus || n->has_bracket)
        return false;
    *p = (struct personal){PERSONAL_CARD, n->start, n->group_end[best - 1]};
    return true;
}

/* The groups that are a date such as 01.02.2026 or 2026-02-01; 0 for none. */
static int date_groups(const struct number *n)
{
    if (n->groups < 3 || n->between[0] != n->between[1] || n->between[0] == ' ' ||
        n->between[0] == ')')
        return 0;
    const int *g = n->group_digits;
    bool is_day_first = g[0] <= 2 && g[1] <= 2 && (g[2] == 2 || g[2] == 4);
    return is_day_first || (g[0] == 4 && g[1] <= 2 && g[2] <= 2) ? 3 : 0;
}

static bool is_grouped(const struct number *n, int a, int b, int c, int d)
{
    const int *g = n->group_digits;
    if (d > 0)
        return n->groups == 4 && g[0] == a && g[1] == b && g[2] == c && g[3] == d;
    return n->groups == 3 && g[0] == a && g[1] == b && g[2] == c;
}

static bool is_local_phone(const struct number *n)
{
    const char *d = n->digit;
    bool has_one_mark = n->groups < 3 || n->between[0] == n->between[1] || n->between[0] == ')';
    if (d[0] == 0 && n->digits >= 9 && n->digits <= 12)
        return n->group_digits[0] > 1 || n->between[0] != '.';
    if (n->digits == 11 && d[0] == 1 && is_grouped(n, 1, 3, 3, 4))
        return true;
    if (n->digits != 10)
        return false;
    if (is_grouped(n, 3, 3, 4, 0) && d[0] > 1 && has_one_mark)
        return true;
    return d[0] >= 6 && (n->groups == 1 || (n->groups == 2 && n->group_digits[0] == 5));
}

static bool take_phone(str s, const struct number *n, bool is_named, struct personal *p)
{
    if (!ends_at(s, n->end) || date_groups(n) > 0)
        return false;
    bool is_long = n->digits > 1 && n->digit[0] == 0 && n->digit[1] == 0 && n->digits >= 10 &&
                   n->digits <= 17 && n->digit[2] != 0 && n->group_digits[0] > 1;
    bool is_phone = (n->has_plus && n->digits >= 8 && n->digits <= 15 && n->digit[0] != 0) ||
                    is_long || (!n->has_plus && is_local_phone(n)) ||
                    (is_named && n->digits >= 6 && n->digits <= 15);
    *p = (struct personal){PERSONAL_PHONE, n->start, n->end};
    return is_phone;
}

static bool is_local_letter(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           c >= 0x80 || (c > 0 && strchr("._%+-", c) != NULL);
}

/* A mail address whose local part begins at `at`. */
static bool take_mail(str s, ptrdiff_t at, struct personal *p)
{
    ptrdiff_t sign = at;
    while (sign < s.len && sign - at <= LOCAL_MAX && is_local_letter((unsigned char)s.at[sign]))
        sign++;
    if (sign == at || sign - at > LOCAL_MAX || sign >= s.len || s.at[sign] != '@')
        return false;
    ptrdiff_t label = sign + 1, end = 0;
    for (int labels = 0; label - sign <= HOST_MAX; labels++) {
        ptrdiff_t i = label;
        if (labels > 0 && url_tld(str_skip(s, label)) > 0)
            end = label + url_tld(str_skip(s, label));
        while (i < s.len && i - label < 64 && is_local_letter((unsigned char)s.at[i]) &&
               strchr("._%+", s.at[i]) == NULL)
            i++;
        if (i == label || i >= s.len || s.at[i] != '.')
            break;
        label = i + 1;
    }
    *p = (struct personal){PERSONAL_MAIL, at, end};
    return end > 0;
}

/* Bytes of the word of the list that stands at `at`, with the ending of an inflected one; 0: none.
 */
static ptrdiff_t listed_word(str s, ptrdiff_t at, const str *list, ptrdiff_t n)
{
    char lower[WORD_POINTS * 4];
    ptrdiff_t ends[WORD_POINTS + 1], lens[WORD_POINTS + 1], best = 0;
    int points = 0;
    ptrdiff_t fill = 0, i = at, len;
    for (; points < WORD_POINTS; points++) {
        uint32_t c = point_at(s, i, &len);
        if (!is_word(c) || digit_of(c) >= 0)
            break;
        uint32_t low = (uint32_t)u_tolower((UChar32)c);
        U8_APPEND_UNSAFE((uint8_t *)lower, fill, low);
        i += len;
        ends[points] = i;
        lens[points] = fill;
    }
    for (ptrdiff_t w = 0; w < n && points > 0; w++) {
        for (int k = 0; k < points; k++) {
            bool is_latin = (unsigned char)list[w].at[0] < 0x80;
            if (lens[k] != list[w].len || memcmp(lower, list[w].at, (size_t)lens[k]) != 0)
                continue;
            if (!is_latin || k == points - 1)
                best = ends[k] - at > best ? ends[k] - at : best;
        }
    }
    return best;
}

/* Behind the word: spaces, marks and number words up to the number. *is_sure: one of them says that
 * a number follows. */
static ptrdiff_t skip_to_number(str s, ptrdiff_t at, bool is_latin, bool *is_sure)
{
    ptrdiff_t len;
    *is_sure = false;
    for (int ending = 0; !is_latin && ending < 6; ending++) {
        uint32_t c = point_at(s, at, &len);
        if (!is_word(c) || digit_of(c) >= 0)
            break;
        ptrdiff_t word = listed_word(s, at, number_words, COUNT(number_words));
        *is_sure = *is_sure || word > 0;
        at += word > 0 ? word : len;
    }
    for (int marks = 0; marks < 8; marks++) {
        uint32_t c = point_at(s, at, &len);
        ptrdiff_t word = listed_word(s, at, number_words, COUNT(number_words));
        bool is_mark = c == '#' || c == ':' || c == 0xff1a || c == 0x2116 || c == 0xb0 || c == 0xba;
        if (word > 0) {
            *is_sure = true;
            at += word;
        } else if (is_mark || is_gap(c) || c == '.' || is_dash(c) || c == '(') {
            *is_sure = *is_sure || is_mark;
            at += len;
        } else {
            break;
        }
    }
    return at;
}

static bool is_year(str s, ptrdiff_t at, ptrdiff_t end)
{
    struct number n;
    return number_at(s, at, &n) && n.end == end && n.digits == 4 &&
           (n.digit[0] * 10 + n.digit[1] == 19 || n.digit[0] * 10 + n.digit[1] == 20);
}

/* An id at `at`: letters of ASCII, digits, single dashes; *digits of them. 0: too long or none. */
static ptrdiff_t id_end(str s, ptrdiff_t at, int *digits, bool *has_letter)
{
    ptrdiff_t i = at, end = at, len;
    *digits = 0;
    *has_letter = false;
    while (i - at <= ID_MAX) {
        uint32_t c = point_at(s, i, &len);
        bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (digit_of(c) >= 0)
            (*digits)++;
        else if (!is_letter && ((c != '-' && c != '_' && c != '/') || end != i || i == at))
            break;
        *has_letter |= is_letter;
        i += len;
        if (c != '-' && c != '_' && c != '/')
            end = i;
    }
    return i - at > ID_MAX || !ends_at(s, end) ? 0 : end;
}

static bool take_order_id(str s, ptrdiff_t at, bool is_sure, struct personal *p)
{
    int digits;
    bool has_letter;
    ptrdiff_t end = id_end(s, at, &digits, &has_letter), least = is_sure ? 3 : has_letter ? 3 : 5;
    if (end == 0 || digits < least || (!is_sure && is_year(s, at, end)))
        return false;
    *p = (struct personal){PERSONAL_ORDER, at, end};
    return true;
}

/* "#12345", "#AB-12345". */
static bool take_hash(str s, ptrdiff_t at, ptrdiff_t sign, struct personal *p)
{
    int digits;
    bool has_letter;
    ptrdiff_t end = id_end(s, at + sign, &digits, &has_letter);
    if (end == 0 || digits < 4 || digits > 12 || is_year(s, at + sign, end))
        return false;
    if (has_letter && str_find_byte(str_sub(s, at, end - at), '-') < 0)
        return false; /* a hashtag */
    *p = (struct personal){PERSONAL_ORDER, at, end};
    return true;
}

/* "ABC-12345". */
static bool take_code(str s, ptrdiff_t at, struct personal *p)
{
    static const str standards[] = {S_INIT("ISO"), S_INIT("IEC"), S_INIT("DIN"), S_INIT("EN"),
        S_INIT("RFC"), S_INIT("CVE"), S_INIT("UTF"), S_INIT("SHA"), S_INIT("ISBN"), S_INIT("EAN")};
    ptrdiff_t i = at;
    while (i < s.len && i - at < 6 && s.at[i] >= 'A' && s.at[i] <= 'Z')
        i++;
    str letters = str_sub(s, at, i - at);
    if (letters.len < 2 || letters.len > 5 || i >= s.len || s.at[i] != '-')
        return false;
    for (ptrdiff_t k = 0; k < COUNT(standards); k++)
        if (str_eq(letters, standards[k]))
            return false;
    struct number n;
    if (!number_at(s, i + 1, &n) || n.has_plus || n.has_bracket || n.group_digits[0] < 5 ||
        n.group_digits[0] > 12 || !ends_at(s, n.group_end[0]))
        return false;
    *p = (struct personal){PERSONAL_ORDER, at, n.group_end[0]};
    return true;
}

/* A number behind a word that tells what it is. */
static bool take_named(str s, ptrdiff_t at, struct personal *p)
{
    bool is_latin = (unsigned char)s.at[at] < 0x80, is_sure;
    struct number n;
    ptrdiff_t word = listed_word(s, at, order_words, COUNT(order_words));
    if (word > 0) {
        ptrdiff_t id = skip_to_number(s, at + word, is_latin, &is_sure);
        if (take_order_id(s, id, is_sure, p))
            return true;
    }
    word = listed_word(s, at, phone_words, COUNT(phone_words));
    if (word == 0)
        return false;
    ptrdiff_t from = skip_to_number(s, at + word, is_latin, &is_sure);
    return number_at(s, from, &n) && take_phone(s, &n, true, p);
}

static bool may_begin_number(uint32_t before)
{
    return (!is_word(before) || is_wide(before)) && before != '#' && before != '.' &&
           before != ',' && before != '/' && before != '$' && before != 0x20ac && before != 0xa3 &&
           before != 0xa5 && before != '+' && !is_dash(before);
}

/* The finding that begins at `at`; else *next is where to look next. */
static bool take(str s, ptrdiff_t at, uint32_t before, struct personal *p, ptrdiff_t *next)
{
    ptrdiff_t len;
    uint32_t c = point_at(s, at, &len);
    *next = at + len;
    bool is_ascii_start = !is_word(before) && before != '@' && before != '/';
    if (is_ascii_start && !(before > 0 && before < 0x80 && strchr("._%+-", (int)before)) &&
        is_word(c) && take_mail(s, at, p))
        return true;
    if ((c == '#' || c == 0xff03 || c == 0x2116) && is_ascii_start && before != '&')
        return take_hash(s, at, len, p);
    struct number n;
    if ((digit_of(c) >= 0 || c == '+' || c == 0xff0b || c == '(') && may_begin_number(before) &&
        number_at(s, at, &n)) {
        if (take_card(s, &n, p) || take_phone(s, &n, false, p))
            return true;
        int date = date_groups(&n);
        *next = n.group_end[date > 0 ? date - 1 : 0];
        return false;
    }
    if (c >= 0x80 ? is_word(c) : is_ascii_start && is_word(c))
        return take_named(s, at, p) || (is_ascii_start && take_code(s, at, p));
    return false;
}

void personal_find(str text, struct personal_list *found)
{
    struct url_scan scan = url_scan_make(text, true);
    struct url_range url;
    bool has_url = url_scan_next(&scan, &url);
    uint32_t before = ' ';
    found->n = 0;
    for (ptrdiff_t at = 0, next, len; at < text.len && found->n < PERSONAL_MAX;) {
        struct personal p = {0};
        while (has_url && url.end <= at)
            has_url = url_scan_next(&scan, &url);
        if (has_url && url.start <= at) {
            next = url.end;
        } else if (take(text, at, before, &p, &next)) {
            found->at[found->n++] = p;
            next = p.end;
        }
        ptrdiff_t last = next;
        while (last > at && ((unsigned char)text.at[--last] & 0xc0) == 0x80)
            ;
        before = point_at(text, last, &len);
        at = next;
    }
}
