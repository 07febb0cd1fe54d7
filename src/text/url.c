/* url: a hand-written walk instead of a backtracking expression, so that no text makes it slow.
 * Thread: pure. The browser's twin is web/shared/length_url.ts: whoever changes one changes both.
 */
#include "text/url.h"

#include <string.h>
#include <unicode/uchar.h>

#include "base/utf8.h"
#include "text/text_tables.h"

enum {
    URL_TLD_POINTS = 18,  /* code points: northwesternmutual */
    URL_LABEL_MAX = 63,   /* letters of a host label in ASCII form: RFC 1035 */
    URL_UNITS_MAX = 4096, /* UTF-16 units: twitter-text, extractUrlsWithIndices */
    URL_TCO_MAX = 40,     /* letters after t.co/: the same */
};

/* The code point at i; U+FFFE, which ends everything, for bytes that are none and at the end. */
static uint32_t point_at(str s, ptrdiff_t i, ptrdiff_t *len)
{
    uint32_t c = 0xfffe;
    *len = i < s.len ? utf8_decode(s, i, &c) : 1;
    if (*len < 0) {
        *len = -*len;
        c = 0xfffe;
    }
    return c;
}

static uint32_t point_before(str s, ptrdiff_t i)
{
    ptrdiff_t from = i, len;
    while (from > 0 && i - from < 4 && ((unsigned char)s.at[--from] & 0xc0) == 0x80)
        ;
    return point_at(s, from, &len);
}

static bool is_ascii_letter(uint32_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_ascii_alnum(uint32_t c)
{
    return is_ascii_letter(c) || (c >= '0' && c <= '9');
}

static bool is_space(uint32_t c)
{
    return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           c == 0x180e || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
           c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool is_direction(uint32_t c)
{
    return (c >= 0x202a && c <= 0x202e) || c == 0x061c || c == 0x200e || c == 0x200f ||
           (c >= 0x2066 && c <= 0x2069);
}

static bool is_invalid(uint32_t c)
{
    return c == 0xfffe || c == 0xfeff || c == 0xffff;
}

/* Also the two signs that twitter-text's list of punctuation forgot: they decide what is one host.
 */
static bool is_domain_letter(uint32_t c)
{
    if (c < 0x80)
        return is_ascii_alnum(c) || c == '"' || c == '`';
    return !is_space(c) && !is_direction(c) && !is_invalid(c);
}

static bool is_latin(uint32_t c)
{
    if (c < 0x80)
        return is_ascii_alnum(c);
    return (c >= 0xc0 && c <= 0x24f && c != 0xd7 && c != 0xf7) ||
           (c >= 0x253 && c <= 0x2bb &&
               (c == 0x253 || c == 0x254 || c == 0x256 || c == 0x257 || c == 0x259 || c == 0x25b ||
                   c == 0x263 || c == 0x268 || c == 0x26f || c == 0x272 || c == 0x289 ||
                   c == 0x28b || c == 0x2bb)) ||
           (c >= 0x300 && c <= 0x36f) || (c >= 0x1e00 && c <= 0x1eff);
}

static bool may_precede(uint32_t c)
{
    return !is_ascii_alnum(c) && c != '@' && c != '$' && c != '#' && c != 0xff20 && c != 0xff03 &&
           !is_invalid(c);
}

static bool may_follow_tld(uint32_t c)
{
    return !is_ascii_alnum(c) && c != '@' && c != '+' && c != '-';
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
    while (n < s.len && (is_ascii_alnum((unsigned char)s.at[n]) || s.at[n] == '-'))
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
    uint32_t c = point_at(label, 0, &len);
    for (int n = 0; n < URL_TLD_POINTS && (is_domain_letter(c) || c == '-'); n++) {
        /* Not İ: its lower case is i in C alone. */
        uint32_t low = c == 0x130 ? c : (uint32_t)u_tolower((UChar32)c);
        UBool is_over = false;
        int32_t fill = (int32_t)lower_len;
        U8_APPEND((uint8_t *)lower, fill, (int32_t)sizeof lower, low, is_over);
        if (is_over)
            break;
        lower_len = fill;
        at += len;
        c = point_at(label, at, &len);
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
        uint32_t c = point_at(label, i, &step);
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

static bool are_labels_short(str host)
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
        uint32_t c = point_at(s, l.end, &len);
        if (!is_domain_letter(c) && c != '-' && c != '_')
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

/* The end of the longest host that begins at `at`, or 0; then *dead is where the next bare one may
 * begin: up to there every other beginning would fail for the same reason. */
static ptrdiff_t host_end(str s, ptrdiff_t at, ptrdiff_t *dead)
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

/* The end of the first domain in s[from, end) of Latin labels alone, its start in *start; 0 for
 * none. */
static ptrdiff_t latin_domain(str s, ptrdiff_t from, ptrdiff_t end, ptrdiff_t *start)
{
    ptrdiff_t at = from;
    while (at < end) {
        ptrdiff_t found = 0, label = at, pos = at, len;
        for (;;) {
            uint32_t c = point_at(s, pos, &len);
            while (pos < end && (is_latin(c) || c == '-')) {
                pos += len;
                c = point_at(s, pos, &len);
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
        (void)point_at(s, pos, &len); /* its length is wanted */
        at = pos > at ? pos : at + len;
    }
    return 0;
}

static bool is_path_letter(uint32_t c)
{
    if (c < 0x80)
        return is_ascii_alnum(c) || (c > 0 && strchr("!*';:=+,.$/%#[]-_~@|&", (int)c) != NULL);
    return c == 0x2013 || (c >= 0x400 && c <= 0x4ff) || is_latin(c);
}

static bool may_end_path(uint32_t c)
{
    if (c < 0x80)
        return is_ascii_alnum(c) || (c > 0 && strchr("+-=_#/", (int)c) != NULL);
    return (c >= 0x400 && c <= 0x4ff) || is_latin(c);
}

static ptrdiff_t path_run(str s, ptrdiff_t at)
{
    ptrdiff_t len;
    while (is_path_letter(point_at(s, at, &len)))
        at += len;
    return at;
}

/* Behind the bracket that closes the one at `at`, with at most one more pair inside; 0 for none. */
static ptrdiff_t bracket_end(str s, ptrdiff_t at)
{
    ptrdiff_t in = path_run(s, at + 1);
    if (in < s.len && s.at[in] == ')')
        return in > at + 1 ? in + 1 : 0;
    if (in >= s.len || s.at[in] != '(')
        return 0;
    ptrdiff_t deep = path_run(s, in + 1);
    if (deep == in + 1 || deep >= s.len || s.at[deep] != ')')
        return 0;
    ptrdiff_t end = path_run(s, deep + 1);
    return end < s.len && s.at[end] == ')' ? end + 1 : 0;
}

static ptrdiff_t path_end(str s, ptrdiff_t at)
{
    ptrdiff_t end = at + 1, pos = at + 1, len; /* the slash itself */
    for (;;) {
        uint32_t c = point_at(s, pos, &len);
        if (is_path_letter(c)) {
            pos += len;
            if (may_end_path(c))
                end = pos;
        } else if (c == '(') {
            ptrdiff_t close = bracket_end(s, pos);
            if (close == 0)
                return end;
            end = pos = close;
        } else {
            return end;
        }
    }
}

static ptrdiff_t query_end(str s, ptrdiff_t at)
{
    ptrdiff_t end = at; /* a question mark alone does not belong to it */
    for (ptrdiff_t i = at + 1; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool is_ending = is_ascii_alnum(c) || (c > 0 && strchr("-_&=#/", c) != NULL);
        if (is_ending)
            end = i + 1;
        else if (c == 0 || strchr("!?*'@();:+$%[].,~|", c) == NULL)
            break;
    }
    return end;
}

/* Port, path and query behind a host; *has_path tells of a path. */
static ptrdiff_t rest_end(str s, ptrdiff_t at, bool *has_path)
{
    if (at < s.len && s.at[at] == ':') {
        ptrdiff_t digits = at + 1;
        while (digits < s.len && s.at[digits] >= '0' && s.at[digits] <= '9')
            digits++;
        at = digits > at + 1 ? digits : at;
    }
    *has_path = at < s.len && s.at[at] == '/';
    if (*has_path)
        at = path_end(s, at);
    if (at < s.len && s.at[at] == '?')
        at = query_end(s, at);
    return at;
}

static ptrdiff_t scheme_len(str s)
{
    if (str_eq_nocase(str_sub(s, 0, 7), S("http://")))
        return 7;
    return str_eq_nocase(str_sub(s, 0, 8), S("https://")) ? 8 : 0;
}

/* Where an address at t.co ends, 0 when its letters are too many; otherwise `end` as it was. */
static ptrdiff_t tco_end(str s, ptrdiff_t host, ptrdiff_t end)
{
    str rest = str_of(s.at + host, end - host);
    if (rest.len < 6 || !str_eq_nocase(str_sub(rest, 0, 5), S("t.co/")) ||
        !is_ascii_alnum((unsigned char)rest.at[5]))
        return end;
    ptrdiff_t n = 5;
    while (n < rest.len && is_ascii_alnum((unsigned char)rest.at[n]))
        n++;
    if (n - 5 > URL_TCO_MAX)
        return 0;
    if (n < rest.len && rest.at[n] == '?')
        n = query_end(rest, n);
    return host + n;
}

static bool is_short(str s, ptrdiff_t from, ptrdiff_t to)
{
    return utf8_utf16_units(str_of(s.at + from, to - from)) <= URL_UNITS_MAX;
}

/* An address with a scheme at u->at; false leaves u->at where the walk goes on. */
static bool take_scheme(struct url_scan *u, ptrdiff_t scheme, struct url_range *found)
{
    str s = u->text;
    bool has_path;
    ptrdiff_t start = u->at, host = start + scheme, dead, end = host_end(s, host, &dead);
    if (end == 0)
        return false;
    str name = str_of(s.at + host, end - host);
    ptrdiff_t match = rest_end(s, end, &has_path);
    u->at = u->least = match;
    if (!are_labels_short(name) || !is_short(s, start, match))
        return false;
    end = tco_end(s, host, match);
    *found = (struct url_range){.start = start, .end = end, .has_scheme = true};
    return end > 0;
}

/* A bare host at u->at: its Latin stretches wait to be told. False: there is none. */
static bool take_bare(struct url_scan *u, uint32_t before)
{
    str s = u->text;
    ptrdiff_t start = u->at, end = host_end(s, start, &u->dead);
    if (end == 0)
        return false;
    bool has_path;
    ptrdiff_t match = rest_end(s, end, &has_path);
    bool is_address = before != '-' && before != '_' && before != '.' && before != '/' &&
                      are_labels_short(str_of(s.at + start, end - start)) &&
                      is_short(s, start, match);
    u->at = u->least = match;
    if (is_address) {
        u->bare = start;
        u->bare_end = end;
        u->path_end = has_path ? match : 0;
    }
    return true;
}

/* The next Latin stretch of the waiting host. */
static bool tell_bare(struct url_scan *u, struct url_range *found)
{
    ptrdiff_t start, next_start;
    ptrdiff_t end = latin_domain(u->text, u->bare, u->bare_end, &start);
    u->bare = end > 0 ? end : u->bare_end;
    if (end == 0)
        return false;
    *found = (struct url_range){.start = start, .end = end};
    if (u->path_end > 0 && latin_domain(u->text, end, u->bare_end, &next_start) == 0) {
        found->end = u->path_end;
        u->bare = u->bare_end;
    }
    return true;
}

struct url_scan url_scan_make(str text, bool takes_bare)
{
    return (struct url_scan){.text = text, .takes_bare = takes_bare, .least = -1};
}

/* At the very start twitter-text takes a letter beyond ASCII for what stands before the host, when
 * the rest is a host as well: "école.fr" is é and cole.fr. */
static bool gives_first_away(str s, ptrdiff_t from, uint32_t c, ptrdiff_t len)
{
    ptrdiff_t dead, next_len;
    return from == 0 && c >= 0x80 && may_precede(c) &&
           is_domain_letter(point_at(s, len, &next_len)) && host_end(s, len, &dead) > 0;
}

bool url_scan_next(struct url_scan *u, struct url_range *found)
{
    str s = u->text;
    while (u->bare < u->bare_end)
        if (tell_bare(u, found))
            return true;
    uint32_t before = u->at > 0 ? point_before(s, u->at) : ' ';
    while (u->at < s.len) {
        ptrdiff_t len, from = u->at;
        uint32_t c = point_at(s, from, &len);
        if (from > u->least && may_precede(before) && is_domain_letter(c) &&
            !gives_first_away(s, from, c, len)) {
            ptrdiff_t scheme = (c | 0x20) == 'h' ? scheme_len(str_skip(s, from)) : 0;
            if (scheme > 0 && take_scheme(u, scheme, found))
                return true;
            if (u->at == from && u->takes_bare && from >= u->dead && take_bare(u, before)) {
                while (u->bare < u->bare_end)
                    if (tell_bare(u, found))
                        return true;
            }
        }
        if (u->at == from)
            u->at += len;
        before = u->at == from + len ? c : point_before(s, u->at);
    }
    return false;
}
