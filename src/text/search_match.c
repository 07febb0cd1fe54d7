/* search_match: see search_match.h. A text is cut into words once, and every term is looked for in
 * them. */
#include "text/search_match.h"

#include "base/utf8.h"

enum {
    HITS = 64,      /* of a text are looked at */
    NEAR_WORDS = 8, /* terms so near each other belong together */
    BEFORE_SIGNS = 40
};

/* ── the words of a text ── */

struct token {
    str word;
    int32_t position;
    ptrdiff_t from, to;
    bool is_whole;
};
struct tokens {
    struct arena *a;
    const struct search_query *query;
    struct token *at;
    ptrdiff_t n, cap;
    bool has_others; /* beside the words that are sought: without their letters */
};

static bool begins(str word, str sought)
{
    return sought.len && word.len >= sought.len && word.at[0] == sought.at[0] &&
           str_starts(word, sought);
}

/* Is it a word of a term, or does it go on behind one? */
static bool is_sought(const struct search_query *q, str word)
{
    for (ptrdiff_t i = 0; i < q->n_terms; i++) {
        const struct search_term *t = &q->terms[i];
        if (begins(word, t->whole) || begins(word, t->phone))
            return true;
        for (ptrdiff_t w = 0; w < t->n; w++)
            if (begins(word, t->words[w]))
                return true;
    }
    return false;
}

static bool keep(void *closure, const struct search_word *w)
{
    enum { FIRST = 8 };
    struct tokens *t = closure;
    bool is_one = is_sought(t->query, w->word);
    if (!is_one && !t->has_others)
        return true;
    if (t->n == t->cap) {
        ptrdiff_t cap = t->cap ? 2 * t->cap : FIRST;
        struct token *more = NEW(t->a, struct token, cap);
        for (ptrdiff_t i = 0; i < t->n; i++)
            more[i] = t->at[i];
        t->at = more;
        t->cap = cap;
    }
    t->at[t->n++] = (struct token){
        is_one ? str_copy(t->a, w->word) : S(""), w->position, w->from, w->to, w->is_whole};
    return true;
}

/* A word that nobody seeks parts a phrase as well when it is left out: its position stays empty. */
static struct tokens tokens_of(
    struct arena *a, const struct search_query *query, str text, bool has_others)
{
    struct tokens t = {.a = a, .query = query, .has_others = has_others};
    (void)search_words_some(text, SEARCH_INDEX, has_others ? NULL : &query->firsts, keep, &t);
    return t;
}

/* ── where terms stand ── */

struct hit {
    ptrdiff_t term, from, to; /* bytes */
    int32_t position;
    bool is_exact; /* no word goes on behind what is sought */
};

static bool fits(str word, str sought, bool is_begin, bool *is_exact)
{
    *is_exact = str_eq(word, sought);
    return *is_exact || (is_begin && str_starts(word, sought));
}

static bool fits_whole(str word, const struct search_term *term, bool *is_exact)
{
    return (term->whole.len && fits(word, term->whole, term->is_begin, is_exact)) ||
           (term->phone.len && fits(word, term->phone, term->is_begin, is_exact));
}

/* The words of the term from token i on; the last token, or -1. */
static ptrdiff_t phrase_at(
    const struct tokens *t, ptrdiff_t i, const struct search_term *term, bool *is_exact)
{
    ptrdiff_t last = i, w = 0;
    for (ptrdiff_t k = i; k < t->n && w < term->n; k++) {
        if (t->at[k].is_whole || t->at[k].position < t->at[i].position + w)
            continue;
        if (t->at[k].position > t->at[i].position + w ||
            !fits(t->at[k].word, term->words[w], term->is_begin && w == term->n - 1, is_exact))
            return -1;
        last = k;
        w++;
    }
    return w == term->n ? last : -1;
}

static ptrdiff_t find_term(const struct tokens *t, const struct search_term *term, ptrdiff_t index,
    struct hit *hits, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < t->n && n < HITS; i++) {
        bool is_exact = false;
        ptrdiff_t last = i;
        if (t->at[i].is_whole) {
            /* Also a run typed as one word: "INV2024001". */
            if (!fits_whole(t->at[i].word, term, &is_exact) &&
                (term->n != 1 || !fits(t->at[i].word, term->words[0], term->is_begin, &is_exact)))
                continue;
        } else {
            last = phrase_at(t, i, term, &is_exact);
            if (last < 0 && fits_whole(t->at[i].word, term, &is_exact))
                last = i;
            if (last < 0)
                continue;
        }
        hits[n++] = (struct hit){index, t->at[i].from, t->at[last].to, t->at[i].position, is_exact};
    }
    return n;
}

static ptrdiff_t find_all(const struct tokens *t, const struct search_query *q, struct hit *hits)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < q->n_terms; i++)
        if (!q->terms[i].is_excluded)
            n = find_term(t, &q->terms[i], i, hits, n);
    return n;
}

/* ── how good it is ── */

static int64_t newness(int64_t age_ms)
{
    enum { HOUR_MS = 60 * 60 * 1000, WEEK_HOURS = 7 * 24, MOST = 400 };
    int64_t hours = age_ms > 0 ? age_ms / HOUR_MS : 0;
    return (int64_t)MOST * WEEK_HOURS / (WEEK_HOURS + hours);
}

/* Pairs of different terms that stand near each other. */
static int64_t nearness(const struct hit *hits, ptrdiff_t n)
{
    int64_t best = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t k = 0; k < n; k++) {
            int32_t apart = hits[k].position - hits[i].position;
            if (hits[i].term < hits[k].term && apart < NEAR_WORDS && apart > -NEAR_WORDS) {
                int64_t near =
                    60 * (NEAR_WORDS - (apart < 0 ? -apart + 1 : apart)); /* in order counts more */
                best = near > best ? near : best;
            }
        }
    return best;
}

/* What each term counts in one part, and all of them there. */
struct found {
    int64_t of_term[SEARCH_TERMS], near;
    bool is_there[SEARCH_TERMS];
};

static void look_at(const struct tokens *t, const struct search_query *q, struct found *f)
{
    *f = (struct found){0};
    if (!t->n)
        return;
    __attribute__((uninitialized)) struct hit hits[HITS]; /* written before it is read */
    ptrdiff_t n = find_all(t, q, hits);
    f->near = q->n_terms > 1 ? nearness(hits, n) : 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        int64_t *counted = &f->of_term[hits[i].term];
        if (*counted < 160)
            *counted += *counted ? 20 : hits[i].is_exact ? 100 : 60;
    }
    for (ptrdiff_t k = 0; k < q->n_terms; k++) /* not looked for yet, or behind too many hits */
        f->is_there[k] = f->of_term[k] > 0 || ((q->terms[k].is_excluded || n == HITS) &&
                                                  find_term(t, &q->terms[k], k, hits, 0) > 0);
}

bool search_judge(struct arena *a, const struct search_query *query,
    const struct search_part *parts, ptrdiff_t n, int64_t age_ms, int64_t *score, ptrdiff_t *best)
{
    int64_t most = -1, total = newness(age_ms), heaviest[SEARCH_TERMS] = {0};
    bool is_there[SEARCH_TERMS] = {false};
    ptrdiff_t best_part = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        struct found f;
        struct tokens t = tokens_of(a, query, parts[i].text, false);
        look_at(&t, query, &f);
        int64_t here = f.near;
        for (ptrdiff_t k = 0; k < query->n_terms; k++) {
            int64_t weighed = f.of_term[k] * parts[i].weight;
            heaviest[k] = weighed > heaviest[k] ? weighed : heaviest[k];
            is_there[k] = is_there[k] || f.is_there[k];
            here += weighed;
        }
        if (here > most) {
            most = here;
            best_part = i;
        }
        total += f.near;
    }
    for (ptrdiff_t k = 0; k < query->n_terms; k++) {
        if (is_there[k] == query->terms[k].is_excluded)
            return false;
        total += heaviest[k];
    }
    *score = total;
    *best = best_part;
    return true;
}

/* ── what is shown ── */

static ptrdiff_t signs_between(str text, ptrdiff_t from, ptrdiff_t to)
{
    return utf8_code_points(str_sub(text, from, to - from));
}

/* The hit from which on most terms stand within max_signs. */
static ptrdiff_t densest(const struct hit *hits, ptrdiff_t n, str text, ptrdiff_t max_signs)
{
    ptrdiff_t best = 0, most = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        bool seen[SEARCH_TERMS] = {false};
        ptrdiff_t here = 0;
        for (ptrdiff_t k = i; k < n; k++) {
            if (k > i && signs_between(text, hits[i].from, hits[k].to) > max_signs - BEFORE_SIGNS)
                break;
            here += !seen[hits[k].term];
            seen[hits[k].term] = true;
        }
        if (here > most) {
            most = here;
            best = i;
        }
    }
    return best;
}

static void sort_hits(struct hit *hits, ptrdiff_t n)
{
    for (ptrdiff_t i = 1; i < n; i++)
        for (ptrdiff_t k = i; k > 0 && hits[k].from < hits[k - 1].from; k--) {
            struct hit other = hits[k];
            hits[k] = hits[k - 1];
            hits[k - 1] = other;
        }
}

struct window {
    ptrdiff_t from, to;
};

static struct window window_of(
    const struct tokens *t, str text, ptrdiff_t around, ptrdiff_t max_signs)
{
    struct window w = {0, 0};
    ptrdiff_t i = 0;
    while (i < t->n && signs_between(text, t->at[i].from, around) > BEFORE_SIGNS)
        i++;
    /* Also where a long rule of dashes stands before the first word. */
    bool is_cut = i < t->n && (i > 0 || signs_between(text, 0, t->at[i].from) > BEFORE_SIGNS);
    w.from = is_cut ? t->at[i].from : 0;
    w.to = w.from;
    for (; i < t->n && signs_between(text, w.from, t->at[i].to) <= max_signs; i++)
        w.to = t->at[i].to > w.to ? t->at[i].to : w.to;
    if (w.to == w.from) { /* no word, or one that is too long */
        str rest = utf8_prefix(str_skip(text, w.from), max_signs);
        w.to = w.from + rest.len;
    } else if (i == t->n && signs_between(text, w.to, text.len) < BEFORE_SIGNS)
        w.to = text.len; /* the full stop behind the last word */
    return w;
}

struct pieces {
    struct arena *a;
    struct search_piece *at;
    ptrdiff_t n;
};

static void add_piece(struct pieces *p, str text, bool is_match)
{
    str line = str_one_line(p->a, text);
    if (line.len)
        p->at[p->n++] = (struct search_piece){line, is_match};
}

const struct search_piece *search_snippet(
    struct arena *a, const struct search_query *query, str text, ptrdiff_t max_signs, ptrdiff_t *n)
{
    text = utf8_repair(a, utf8_prefix_bytes(text, SEARCH_TEXT_BYTES));
    struct tokens t = tokens_of(a, query, text, true);
    struct hit hits[HITS];
    ptrdiff_t n_hits = find_all(&t, query, hits);
    sort_hits(hits, n_hits);
    ptrdiff_t around = n_hits ? hits[densest(hits, n_hits, text, max_signs)].from : 0;
    struct window w = window_of(&t, text, around, max_signs);
    struct pieces p = {.a = a, .at = NEW(a, struct search_piece, 2 * HITS + 4)};
    if (w.from > 0)
        add_piece(&p, S("…"), false);
    ptrdiff_t at = w.from;
    for (ptrdiff_t i = 0; i < n_hits; i++) {
        ptrdiff_t from = hits[i].from > at ? hits[i].from : at;
        ptrdiff_t to = hits[i].to < w.to ? hits[i].to : w.to;
        if (hits[i].from < w.from || to <= from)
            continue;
        add_piece(&p, str_sub(text, at, from - at), false);
        add_piece(&p, str_sub(text, from, to - from), true);
        at = to;
    }
    add_piece(&p, str_sub(text, at, w.to - at), false);
    if (w.to < text.len)
        add_piece(&p, S("…"), false);
    *n = p.n;
    return p.at;
}
