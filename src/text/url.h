/* url: where addresses stand in a text, as X finds them: http and https with a host under a known
 * top-level domain, and (when asked for) bare domains such as example.com. Not: fetching, or
 * whether the host exists. Behaviour of twitter-text 3 (github.com/twitter/twitter-text, read
 * 2026-11), which X and Mastodon count with:
 *   before it      no letter, digit, @, $ or # of ASCII, no full-width @ or #
 *   host           labels of anything but ASCII punctuation, spaces and direction marks, inside
 * also
 *                  - and (not in the last two) _; each at most 63 letters as IDNA has it; ends with
 *                  a top-level domain that no letter, digit, @, + or - of ASCII follows
 *   bare domain    of the found host only the stretches of ASCII and accented Latin letters: in
 *                  Japanese text nothing separates words, so "見てexample.comで" holds example.com;
 *                  not after - _ . or /
 *   port, path     digits; path letters of ASCII, accented Latin, Cyrillic and pairs of brackets,
 *                  without punctuation at its end; query of ASCII
 *   t.co           ends after its letters and digits, which are at most 40
 *   whole          at most 4,096 UTF-16 units
 * Top-level domains: text_tables.h. Takes any bytes; what is not UTF-8 separates. Linear in the
 * text. Thread: pure. */
#pragma once
#include "base/str.h"

struct url_range {
    ptrdiff_t start, end; /* bytes of the text */
    bool has_scheme;
};

/* A walk over one text. Only url_scan_* look inside. */
struct url_scan {
    str text;
    bool takes_bare;
    ptrdiff_t at;             /* looked at up to here */
    ptrdiff_t least;          /* nothing begins before this: a letter stands between two */
    ptrdiff_t dead;           /* no bare domain begins before this */
    ptrdiff_t bare, bare_end; /* a host whose Latin stretches are not all told */
    ptrdiff_t match_end;      /* of that host with port, path and query */
    ptrdiff_t path_end;       /* match_end if a path followed, else 0 */
};
struct url_scan url_scan_make(str text, bool takes_bare);
/* The next address, from left to right, never overlapping; false when there is none. */
bool url_scan_next(struct url_scan *u, struct url_range *found);

/* Bytes at the start of label that are a top-level domain (any case) which may end a host where
 * `label` goes on with more text; 0 for none. */
ptrdiff_t url_tld(str label);
