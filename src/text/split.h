/* split: a text that is over a network's limit, in parts that are not. Cuts after a paragraph, else
 * a line, else a sentence, else a word, else between two graphemes; never inside a grapheme or an
 * address (text/facets.h). White space at a cut belongs to neither part. Not: whether parts are
 * wanted (the agent decides) and how they hang together (the connector). Source: the networks' own
 * advice is none; X and Mastodon users number parts "(1/3)". The composer counts with a twin,
 * web/shared/split.ts, held to tests/data/splits.json as this is. Thread: any. */
#pragma once
#include "base/str.h"
#include "text/length.h"

struct split_limit {
    enum length_unit unit;
    int64_t max; /* of one part, its number included; ≥ 1 */
};

enum {
    SPLIT_LIMITS = 4,      /* limits at once: Bluesky has graphemes and bytes */
    SPLIT_PARTS_MAX = 999, /* parts: three digits; LIMIT_TEXT_BYTES at 70 units and more */
};

/* The parts of text, in order, none empty, each within every limit. One part, the trimmed text,
 * when it fits. is_numbered puts " (1/3)" behind each of several parts, and is left out when the
 * limits are too small for it. A text of white space has no parts. E_LIMIT: a single grapheme or
 * address is longer than a limit, or there were more than SPLIT_PARTS_MAX parts. Parts live in the
 * arena. n: 1 to SPLIT_LIMITS. */
err text_split(struct arena *a, str text, const struct split_limit *limits, ptrdiff_t n,
    bool is_numbered, struct str_list *parts);
