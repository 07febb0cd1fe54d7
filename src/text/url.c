/* url: a hand-written walk instead of a backtracking expression, so that no text makes it slow.
 * Hosts are url_host.c, what follows them url_rest.c.
 * Thread: pure. The browser's twin is web/shared/length_url.ts: whoever changes one changes both.
 */
#include "text/url_inner.h"

enum {
    URL_UNITS_MAX = 4096, /* UTF-16 units: twitter-text, extractUrlsWithIndices */
    URL_TCO_MAX = 40,     /* letters after t.co/: the same */
};

static uint32_t point_before(str s, ptrdiff_t i)
{
    ptrdiff_t from = i, len;
    while (from > 0 && i - from < 4 && ((unsigned char)s.at[--from] & 0xc0) == 0x80)
        ;
    return url_point_at(s, from, &len);
}

static bool may_precede(uint32_t c)
{
    return !url_is_alnum(c) && c != '@' && c != '$' && c != '#' && c != 0xff20 && c != 0xff03 &&
           !url_is_invalid(c);
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
        !url_is_alnum((unsigned char)rest.at[5]))
        return end;
    ptrdiff_t n = 5;
    while (n < rest.len && url_is_alnum((unsigned char)rest.at[n]))
        n++;
    if (n - 5 > URL_TCO_MAX)
        return 0;
    if (n < rest.len && rest.at[n] == '?')
        n = url_query_end(rest, n);
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
    ptrdiff_t start = u->at, host = start + scheme, dead, end = url_host_end(s, host, &dead);
    if (end == 0)
        return false;
    str name = str_of(s.at + host, end - host);
    ptrdiff_t match = url_rest_end(s, end, &has_path);
    u->at = u->least = match;
    if (!url_labels_are_short(name) || !is_short(s, start, match))
        return false;
    end = tco_end(s, host, match);
    *found = (struct url_range){.start = start, .end = end, .has_scheme = true};
    return end > 0;
}

/* A bare host at u->at: its Latin stretches wait to be told. False: there is none. */
static bool take_bare(struct url_scan *u, uint32_t before)
{
    str s = u->text;
    ptrdiff_t start = u->at, end = url_host_end(s, start, &u->dead);
    if (end == 0)
        return false;
    bool has_path;
    ptrdiff_t match = url_rest_end(s, end, &has_path);
    bool is_address = before != '-' && before != '_' && before != '.' && before != '/' &&
                      url_labels_are_short(str_of(s.at + start, end - start)) &&
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
    ptrdiff_t end = url_latin_domain(u->text, u->bare, u->bare_end, &start);
    u->bare = end > 0 ? end : u->bare_end;
    if (end == 0)
        return false;
    *found = (struct url_range){.start = start, .end = end};
    if (u->path_end > 0 && url_latin_domain(u->text, end, u->bare_end, &next_start) == 0) {
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
           url_is_domain_letter(url_point_at(s, len, &next_len)) && url_host_end(s, len, &dead) > 0;
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
        uint32_t c = url_point_at(s, from, &len);
        if (from > u->least && may_precede(before) && url_is_domain_letter(c) &&
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
