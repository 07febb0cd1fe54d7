/* url_host: where a host ends, and what its top-level domain is: see url.h and url_inner.h. Not
 * here: what may stand before one (url.c). The browser's twin is web/shared/length_url.ts: whoever
 * changes one changes both. Thread: pure. */
#include "text/url_inner.h"

#include <unicode/uchar.h>

#include "text/text_tables.h"

enum {
    URL_TLD_POINTS = 18, /* code points: northwesternmutual */
    URL_LABEL_MAX = 63,  /* letters of a host label in ASCII form: RFC 1035 */
};

static bool may_follow_tld(uint32_t c)
{
    return !url_is_alnum(c) && c != '@' && c != '+' && c != '-';
}

static bool is_known_tld(str tld)
{
    ptrdiff_t low = 0, high = text_tld_count;
    while (low < high) {
        ptrdiff_t middle = low + (high - low) / 2;
        int order = str_cmp(tld, text_tlds[middle]);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* "xn--" and what follows of letters, digits and -; 0 for none. */
static ptrdiff_t punycode_run(str s)
{
    if (s.len < 5 || !str_eq_nocase(str_sub(s, 0, 4), S("xn--")))
        return 0;
    ptrdiff_t n = 4;
    while (n < s.len && (url_is_alnum((unsigned char)s.at[n]) || s.at[n] == '-'))
        n++;
    return n > 4 ? n : 0;
}

ptrdiff_t url_tld(str label)
{
    ptrdiff_t best = punycode_run(label), at = 0, len;
    if (best > 0)
        return best;
    char lower[URL_TLD_POINTS * 4];
    ptrdiff_t lower_len = 0;
    uint32_t c = url_point_at(label, 0, &len);
    for (int n = 0; n < URL_TLD_POINTS && (url_is_domain_letter(c) || c == '-'); n++) {
        /* Not İ: its lower case is i in C alone. */
        uint32_t low = c == 0x130 ? c : (uint32_t)u_tolower((UChar32)c);
        UBool is_over = false;
        int32_t fill = (int32_t)lower_len;
        U8_APPEND((uint8_t *)lower, fill, (int32_t)sizeof lower, low, is_over);
        if (is_over)
            break;
        lower_len = fill;
        at += len;
        c = url_point_at(label, at, &len);
        if (may_follow_tld(c) && is_known_tld(str_of(lower, lower_len)))
            best = at;
    }
    return best;
}

/* RFC 3492 section 6.1. */
static int64_t punycode_adapt(int64_t delta, int64_t points, bool is_first)
{
    delta = is_first ? delta / 700 : delta / 2;
    delta += delta / points;
    int64_t k = 0;
    for (; delta > 455; k += 36)
        delta /= 35;
    return k + 36 * delta / (delta + 38);
}

/* Letters that one delta takes: RFC 3492 section 6.3. */
static int64_t punycode_digits(int64_t delta, int64_t bias)
{
    int64_t n = 1;
    for (int64_t k = 36;; k += 36, n++) {
        int64_t t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
        if (delta < t)
            return n;
        delta = (delta - t) / (36 - t);
    }
}

/* Letters of a label in its ASCII form; beyond URL_LABEL_MAX any larger number. */
static int64_t ascii_form_len(str label)
{
    uint32_t points[URL_LABEL_MAX + 1];
    int64_t n = 0, basic = 0, len;
    for (ptrdiff_t i = 0, step; i < label.len; i += step) {
        uint32_t c = url_point_at(label, i, &step);
        if (n == URL_LABEL_MAX)
            return URL_LABEL_MAX + 1;
        points[n++] = c;
        basic += c < 0x80;
    }
    if (basic == n)
        return n;
    len = 4 + basic + (basic > 0);
    int64_t code = 0x80, delta = 0, bias = 72;
    for (int64_t done = basic; done < n; delta++, code++) {
        int64_t next = INT32_MAX;
        for (int64_t i = 0; i < n; i++)
            if (points[i] >= code && points[i] < next)
                next = points[i];
        delta += (next - code) * (done + 1);
        code = next;
        for (int64_t i = 0; i < n; i++) {
            delta += points[i] < code;
            if (points[i] == code) {
                len += punycode_digits(delta, bias);
                bias = punycode_adapt(delta, done + 1, done == basic);
                delta = 0;
                done++;
            }
        }
    }
    return len;
}

bool url_labels_are_short(str host)
{
    str label, rest = host;
    bool is_more = true;
    while (is_more) {
        is_more = str_cut(rest, '.', &label, &rest);
        if (ascii_form_len(label) > URL_LABEL_MAX)
            return false;
    }
    return true;
}

struct label {
    ptrdiff_t end;        /* of the run of letters, - and _ */
    ptrdiff_t after_line; /* behind its last _, 0 for none */
    bool is_good;         /* does not begin or end with - or _ */
};

static struct label label_at(str s, ptrdiff_t at)
{
    struct label l = {.end = at};
    uint32_t first = 0, last = 0;
    for (;;) {
        ptrdiff_t len;
        uint32_t c = url_point_at(s, l.end, &len);
        if (!url_is_domain_letter(c) && c != '-' && c != '_')
            break;
        if (l.end == at)
            first = c;
        last = c;
        l.end += len;
        if (c == '_')
            l.after_line = l.end;
    }
    l.is_good = l.end > at && first != '-' && first != '_' && last != '-' && last != '_';
    return l;
}

ptrdiff_t url_host_end(str s, ptrdiff_t at, ptrdiff_t *dead)
{
    ptrdiff_t found = 0, from = at, first_line = 0;
    bool is_first = true, may_end = false;
    for (;;) {
        struct label l = label_at(s, from);
        if (may_end) {
            ptrdiff_t tld = url_tld(str_skip(s, from));
            if (tld > 0)
                found = from + tld;
        }
        if (is_first)
            first_line = l.after_line;
        bool goes_on = l.is_good && l.end < s.len && s.at[l.end] == '.';
        if (!goes_on) {
            bool begins_badly = l.end > from && (s.at[from] == '-' || s.at[from] == '_');
            *dead = !is_first && first_line > 0 ? first_line : begins_badly ? from : l.end;
            return found;
        }
        may_end = l.after_line == 0;
        is_first = false;
        from = l.end + 1;
    }
}

ptrdiff_t url_latin_domain(str s, ptrdiff_t from, ptrdiff_t end, ptrdiff_t *start)
{
    ptrdiff_t at = from;
    while (at < end) {
        ptrdiff_t found = 0, label = at, pos = at, len;
        for (;;) {
            uint32_t c = url_point_at(s, pos, &len);
            while (pos < end && (url_is_latin(c) || c == '-')) {
                pos += len;
                c = url_point_at(s, pos, &len);
            }
            if (pos == label || pos >= end || s.at[pos] != '.')
                break;
            label = ++pos;
            ptrdiff_t tld = url_tld(str_skip(s, label));
            if (tld > 0 && label + tld <= end)
                found = label + tld;
        }
        if (found > 0) {
            *start = at;
            return found;
        }
        (void)url_point_at(s, pos, &len); /* its length is wanted */
        at = pos > at ? pos : at + len;
    }
    return 0;
}
