/* search_match: how well texts fit a query, and the part of a text that shows why. Both databases
 * only find candidates; what is shown, and in which order, is decided here, so that it is the same.
 * Thread: pure. */
#pragma once
#include "text/search_query.h"

/* A text of a thing that is searched: its subject, a name, the message itself. */
struct search_part {
    str text;
    int weight; /* 1 to 8: what a word found here counts */
};

/* Does it match: each term that is not excluded stands in one of the parts, and no excluded one
 * does? *score: how good the match is, more is better. It counts, for each term, the heaviest part
 * it stands in, how often and whether as a whole word; that terms stand near each other; and how
 * new the thing is (age_ms: half of what newness gives is gone after a week). Integers only. *best:
 * the part that counted most. Both untouched when it does not match. */
bool search_judge(struct arena *a, const struct search_query *query,
    const struct search_part *parts, ptrdiff_t n, int64_t age_ms, int64_t *score, ptrdiff_t *best);

struct search_piece {
    str text;
    bool is_match;
};
/* About max_signs characters of a text around the place where most terms stand near each other, cut
 * between words, on one line, "…" where something is left out; the beginning when none stands
 * there. *n: how many pieces. In the arena. */
const struct search_piece *search_snippet(
    struct arena *a, const struct search_query *query, str text, ptrdiff_t max_signs, ptrdiff_t *n);
