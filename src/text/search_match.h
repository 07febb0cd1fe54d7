/* search_match: how well texts fit a query, and the part of a text that shows why. Both databases
 * only find candidates; what is shown, and in which order, is decided here, so that it is the same.
 * Thread: pure. */
#pragma once
#include "text/search_query.h"

/* A text of a thing that is searched: its subject, a name, the message itself. */
struct search_text {
    str text;
    int weight; /* 1 to 8: what a word found here counts */
};

/* Each term that is not excluded stands in one of the texts, and no excluded one does. */
bool search_matches(struct arena *a, const struct search_query *query,
    const struct search_text *texts, ptrdiff_t n);

/* How good a match is: more is better. Counts, for each term, the heaviest text it stands in, how
 * often (to 4) and whether as a whole word; that the terms stand near each other; and how new it is
 * (age_ms: half of what newness gives is gone after a week, a quarter is left after a month …).
 * Integers only. *best: the text that counted most. */
int64_t search_score(struct arena *a, const struct search_query *query,
    const struct search_text *texts, ptrdiff_t n, int64_t age_ms, ptrdiff_t *best);

struct search_piece {
    str text;
    bool is_match;
};
/* About max_signs characters of a text around the place where most terms stand near each other, cut
 * between words, on one line, "…" where something is left out; the beginning when none stands
 * there. *n: how many pieces. In the arena. */
const struct search_piece *search_snippet(
    struct arena *a, const struct search_query *query, str text, ptrdiff_t max_signs, ptrdiff_t *n);
