/* facets: addresses, mentions and tags in a text we are about to publish, with byte offsets of
 * UTF-8, for networks that link nothing by themselves (Bluesky's app.bsky.richtext.facet) and for
 * our own views. Not: whether the mentioned account exists (the connector resolves it and leaves
 * out what does not). Rules: AT Protocol docs "Rich text" (read 2026-11), Mastodon's
 * Account::MENTION_RE, text/url.h. Takes any bytes. Linear in the text. Thread: pure. address
 * text/url.h; with http(s):// also other hosts (localhost, numbers) and, in the path, letters of
 * any script, without punctuation at its end mention  not after a letter, digit, _ / @ = or .;
 * @name, @user@host, or @handle.domain with a known top-level domain (Bluesky) tag      # or
 * full-width #, not after a letter, digit, _ & or /; letters, marks, digits, _ of any script, at
 * least one that is no digit, at most 64 graphemes
 */
#pragma once
#include "base/str.h"

enum facet_kind {
    FACET_LINK,           /* value: the address, "https://" put before a bare one */
    FACET_MENTION_NAME,   /* value: name */
    FACET_MENTION_DOMAIN, /* value: handle.domain */
    FACET_MENTION_REMOTE, /* value: user@host */
    FACET_TAG,            /* value: the tag without its sign */
};

struct facet {
    enum facet_kind kind;
    ptrdiff_t start, end; /* bytes, end behind; with the sign */
    str value;            /* points into the text, or into the arena */
};

struct facet_list {
    struct facet *at; /* by start, never overlapping */
    ptrdiff_t n;      /* at most FACETS_MAX: the rest is plain text */
};
enum { FACETS_MAX = 1000 };

struct facet_list facets_find(struct arena *a, str text);
