/* What the files of addresses in texts (url.h) share: url.c (the walk), url_host.c (hosts and their
 * top-level domains), url_rest.c (port, path, query), and letters, which all of them look at in
 * every text. Positions are bytes of s. Thread: pure. */
#pragma once
#include "base/utf8.h"
#include "text/url.h"

/* ── letters ── */

/* The code point at i; U+FFFE, which ends everything, for bytes that are none and at the end. */
static inline uint32_t url_point_at(str s, ptrdiff_t i, ptrdiff_t *len)
{
    uint32_t c = 0xfffe;
    *len = i < s.len ? utf8_decode(s, i, &c) : 1;
    if (*len < 0) {
        *len = -*len;
        c = 0xfffe;
    }
    return c;
}

static inline bool url_is_letter(uint32_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static inline bool url_is_alnum(uint32_t c)
{
    return url_is_letter(c) || (c >= '0' && c <= '9');
}

static inline bool url_is_invalid(uint32_t c)
{
    return c == 0xfffe || c == 0xfeff || c == 0xffff;
}

static inline bool url_is_latin(uint32_t c)
{
    if (c < 0x80)
        return url_is_alnum(c);
    return (c >= 0xc0 && c <= 0x24f && c != 0xd7 && c != 0xf7) ||
           (c >= 0x253 && c <= 0x2bb &&
               (c == 0x253 || c == 0x254 || c == 0x256 || c == 0x257 || c == 0x259 || c == 0x25b ||
                   c == 0x263 || c == 0x268 || c == 0x26f || c == 0x272 || c == 0x289 ||
                   c == 0x28b || c == 0x2bb)) ||
           (c >= 0x300 && c <= 0x36f) || (c >= 0x1e00 && c <= 0x1eff);
}

static inline bool url_is_space(uint32_t c)
{
    return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           c == 0x180e || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
           c == 0x202f || c == 0x205f || c == 0x3000;
}

static inline bool url_is_direction(uint32_t c)
{
    return (c >= 0x202a && c <= 0x202e) || c == 0x061c || c == 0x200e || c == 0x200f ||
           (c >= 0x2066 && c <= 0x2069);
}

/* What may stand in a label of a host (with - and _). Also the two signs that twitter-text's list
 * of punctuation forgot: they decide what is one host.
 */
static inline bool url_is_domain_letter(uint32_t c)
{
    if (c < 0x80)
        return url_is_alnum(c) || c == '"' || c == '`';
    return !url_is_space(c) && !url_is_direction(c) && !url_is_invalid(c);
}

/* ── hosts (url_host.c) ── */

/* The end of the longest host that begins at `at`, or 0; then *dead is where the next bare one may
 * begin: up to there every other beginning would fail for the same reason. */
ptrdiff_t url_host_end(str s, ptrdiff_t at, ptrdiff_t *dead);
/* Each label at most 63 letters in its ASCII form. */
bool url_labels_are_short(str host);
/* The end of the first domain in s[from, end) of Latin labels alone, its start in *start; 0 for
 * none. */
ptrdiff_t url_latin_domain(str s, ptrdiff_t from, ptrdiff_t end, ptrdiff_t *start);

/* ── what follows a host (url_rest.c) ── */

/* The end of port, path and query behind a host; *has_path tells of a path. */
ptrdiff_t url_rest_end(str s, ptrdiff_t at, bool *has_path);
/* The end of the query whose question mark is at `at`. */
ptrdiff_t url_query_end(str s, ptrdiff_t at);
