/* search_query: what a person types into a search box, read: words, "phrases", begin*, -without,
 * and fields (from: channel: tag: assignee: is: has: before: after:), whose values may stand in
 * quotes. Everything that is no field is words: plain typing is never wrong. A field whose value
 * cannot be (before:yesteryear, is:blue) is a fault that names it. Not here: SQL, who may see what.
 * Thread: pure. */
#pragma once
#include "text/search_words.h"

enum {
    SEARCH_QUERY_BYTES = 500, /* of what is typed */
    SEARCH_TERMS = 16,
    SEARCH_TERM_WORDS = 32, /* of a phrase */
    SEARCH_FIELDS = 16,
};

/* Words one behind the other; or, of a run of several parts, the run as one word; or the telephone
 * number that this run is a part of, within its country. */
struct search_term {
    const str *words;
    ptrdiff_t n;      /* at least 1 */
    str whole, phone; /* "": none */
    bool is_begin;    /* the last word (and the whole, and the number) may go on */
    bool is_excluded;
};
enum search_field {
    SEARCH_FROM,     /* part of a contact's name, handle, address */
    SEARCH_CHANNEL,  /* kind or part of the name */
    SEARCH_TAG,      /* name */
    SEARCH_ASSIGNEE, /* part of an agent's name, "me" or "nobody" */
    SEARCH_IS,       /* open pending snoozed resolved unassigned mine */
    SEARCH_HAS,      /* attachment */
    SEARCH_BEFORE,   /* at_ms: older than that */
    SEARCH_AFTER,    /* at_ms: as old or newer */
};
struct search_condition {
    enum search_field field;
    str value; /* as typed, without quotes */
    int64_t at_ms;
    bool is_excluded;
};
struct search_query {
    const struct search_term *terms;
    ptrdiff_t n_terms;
    const struct search_condition *conditions;
    ptrdiff_t n_conditions;
    struct search_firsts firsts; /* of the terms' words */
};
struct search_fault {
    str field;    /* "before" */
    str words;    /* "before: wants a day as 2026-01-31, or 7d, 2w, 3m, 1y." */
    ptrdiff_t at; /* byte of the query, from 0 */
};
struct search_typed {
    str text;       /* at most SEARCH_QUERY_BYTES; the rest is left out */
    bool is_typing; /* the last word may go on, when no space stands behind it */
    int64_t now_ms;
    int64_t zone_ms; /* of the reader's clock, east of UTC: days begin there */
};

/* False: *fault. Terms and conditions beyond the most are left out. Both live in the arena. */
bool search_query_read(struct arena *a, const struct search_typed *typed,
    struct search_query *query, struct search_fault *fault);
