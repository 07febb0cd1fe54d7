/* split: the text as pieces that are never cut; each part takes as many as fit and then gives back
 * those behind the best place to cut. Thread: any. */
#include "text/split.h"

#include <assert.h>
#include <string.h>
#include <unicode/uchar.h>

#include "base/utf8.h"
#include "text/facets.h"
#include "text/grapheme.h"

/* What may be cut after a piece, from worst to best. */
enum cut { CUT_PIECE, CUT_WORD, CUT_SENTENCE, CUT_LINE, CUT_PARAGRAPH };
enum { CUTS = CUT_PARAGRAPH + 1 };

/* A grapheme, a run of white space or an address. */
struct piece {
    ptrdiff_t end;
    bool is_space;
    enum cut cut; /* of the place behind it */
};

struct splitter {
    struct arena *a;
    str text;
    const struct split_limit *limits;
    ptrdiff_t n_limits;
    struct piece *pieces;
    ptrdiff_t n;
};

static bool is_space_at(str s, ptrdiff_t at, ptrdiff_t end)
{
    uint32_t c = 0;
    return at < end && utf8_decode(s, at, &c) > 0 &&
           (c == '\r' || u_isUWhiteSpace((UChar32)c) || c == '\n');
}

/* How good a place behind this white space is. */
static enum cut cut_of_space(str space)
{
    int lines = 0;
    for (ptrdiff_t i = 0; i < space.len; i++)
        lines += space.at[i] == '\n' ||
                 (space.at[i] == '\r' && i + 1 < space.len && space.at[i + 1] != '\n');
    return lines > 1 ? CUT_PARAGRAPH : lines == 1 ? CUT_LINE : CUT_WORD;
}

static bool ends_sentence(str s)
{
    static const str ends[] = {S_INIT("."), S_INIT("!"), S_INIT("?"), S_INIT("…"), S_INIT("।"),
        S_INIT("॥"), S_INIT("؟"), S_INIT("۔"), S_INIT("。"), S_INIT("！"), S_INIT("？"),
        S_INIT(".\""), S_INIT(".)"), S_INIT("!)"), S_INIT("?)"), S_INIT(".”"), S_INIT("!”"),
        S_INIT("?”"), S_INIT("。」"), S_INIT("。）")};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (str_ends(s, ends[i]))
            return true;
    return false;
}

/* East Asian sentences end without a space behind them. */
static bool ends_wide_sentence(str s)
{
    return str_ends(s, S("。")) || str_ends(s, S("！")) || str_ends(s, S("？"));
}

static void mark_cuts(struct splitter *sp)
{
    ptrdiff_t start = 0;
    for (ptrdiff_t i = 0; i < sp->n; i++) {
        struct piece *p = &sp->pieces[i];
        str before = str_sub(sp->text, 0, start), own = str_sub(sp->text, start, p->end - start);
        if (p->is_space) {
            p->cut = cut_of_space(own);
            if (p->cut == CUT_WORD && ends_sentence(before))
                p->cut = CUT_SENTENCE;
        } else if (ends_wide_sentence(own)) {
            p->cut = CUT_SENTENCE;
        }
        start = p->end;
    }
}

static void find_pieces(struct splitter *sp)
{
    str s = sp->text;
    struct facet_list facets = facets_find(sp->a, s);
    struct grapheme_walk w = grapheme_walk_open(s);
    ptrdiff_t at = 0, link = 0;
    sp->pieces = NEW(sp->a, struct piece, s.len + 1);
    while (at < s.len) {
        while (link < facets.n && (facets.at[link].kind != FACET_LINK || facets.at[link].end <= at))
            link++;
        /* A grapheme may begin before an address and end in it: both are one piece then. */
        ptrdiff_t end = grapheme_next(&w);
        bool is_space = is_space_at(s, at, end);
        bool is_link = link < facets.n && facets.at[link].start < end;
        ptrdiff_t whole = is_link ? facets.at[link].end : end;
        while (end < whole)
            end = grapheme_next(&w);
        struct piece *last = sp->n > 0 ? &sp->pieces[sp->n - 1] : NULL;
        if (is_space && !is_link && last && last->is_space)
            last->end = end;
        else
            sp->pieces[sp->n++] = (struct piece){.end = end, .is_space = is_space && !is_link};
        at = end;
    }
    grapheme_walk_close(&w);
    mark_cuts(sp);
}

static ptrdiff_t start_of(const struct splitter *sp, ptrdiff_t piece)
{
    return piece > 0 ? sp->pieces[piece - 1].end : 0;
}

/* Pieces [from, to) without white space at the end. */
static str slice(const struct splitter *sp, ptrdiff_t from, ptrdiff_t to)
{
    while (to > from && sp->pieces[to - 1].is_space)
        to--;
    ptrdiff_t start = start_of(sp, from);
    return str_sub(sp->text, start, start_of(sp, to) - start);
}

static bool fits(const struct splitter *sp, str part)
{
    for (ptrdiff_t i = 0; i < sp->n_limits; i++)
        if (length_of(sp->limits[i].unit, part) > sp->limits[i].max)
            return false;
    return true;
}

static bool fits_numbered(struct splitter *sp, str part, str number)
{
    return fits(sp, number.len > 0 ? str_cat(sp->a, part, number) : part);
}

/* The most pieces from `from` that fit, found by doubling and halving. Longer is nearly always
 * longer; where a cut makes an address of a half word, the caller's last look finds it. */
static ptrdiff_t most_fitting(struct splitter *sp, ptrdiff_t from, str number)
{
    ptrdiff_t good = from, step = 16, bad = sp->n + 1;
    while (good < sp->n && bad > sp->n) {
        ptrdiff_t to = sp->n - good < step ? sp->n : good + step;
        if (fits_numbered(sp, slice(sp, from, to), number))
            good = to;
        else
            bad = to;
        step *= 2;
    }
    while (good + 1 < bad && bad <= sp->n) {
        ptrdiff_t middle = good + (bad - good) / 2;
        if (fits_numbered(sp, slice(sp, from, middle), number))
            good = middle;
        else
            bad = middle;
    }
    return good;
}

/* The best place to cut in (from, to]: a better kind counts when the part stays half as long as it
 * could be (a word: a quarter). */
static ptrdiff_t best_cut(const struct splitter *sp, ptrdiff_t from, ptrdiff_t to)
{
    if (to == sp->n || sp->pieces[to].is_space)
        to += to < sp->n;
    ptrdiff_t last[CUTS] = {0};
    for (ptrdiff_t i = from; i < to; i++)
        for (enum cut c = CUT_PIECE; c <= sp->pieces[i].cut; c++)
            last[c] = i + 1;
    if (to >= sp->n)
        return sp->n;
    ptrdiff_t begin = start_of(sp, from), room = start_of(sp, to) - begin;
    for (int c = CUT_PARAGRAPH; c > CUT_PIECE; c--) {
        ptrdiff_t least = c == CUT_WORD ? room / 4 : room / 2;
        if (last[c] > 0 && start_of(sp, last[c]) - begin >= least)
            return last[c];
    }
    return to;
}

/* One part from *from on; moves it behind the part and the white space after it. */
static err next_part(struct splitter *sp, ptrdiff_t *from, str number, str *part)
{
    ptrdiff_t to = most_fitting(sp, *from, number);
    if (to < sp->n && to > *from)
        to = best_cut(sp, *from, to);
    while (to > *from) {
        *part = slice(sp, *from, to);
        if (fits_numbered(sp, *part, number))
            break;
        to--;
    }
    if (to == *from)
        return E_LIMIT;
    while (to < sp->n && sp->pieces[to].is_space)
        to++;
    *from = to;
    return OK;
}

static str number_of(struct arena *a, int64_t part, int64_t parts)
{
    return str_print(a, " (%lld/%lld)", (long long)part, (long long)parts);
}

/* All parts with room for numbers of this many digits (0: without). */
static err split_with(struct splitter *sp, int digits, struct str_list *parts)
{
    static const int64_t widest[] = {0, 9, 99, 999};
    str *at = NEW(sp->a, str, sp->n < SPLIT_PARTS_MAX ? sp->n + 1 : SPLIT_PARTS_MAX);
    ptrdiff_t n = 0, from = sp->n > 0 && sp->pieces[0].is_space;
    while (from < sp->n) {
        str number = digits > 0 ? number_of(sp->a, widest[digits], widest[digits]) : S("");
        if (n == SPLIT_PARTS_MAX || (digits > 0 && n == widest[digits]))
            return E_LIMIT;
        TRY(next_part(sp, &from, number, &at[n]));
        n++;
    }
    *parts = (struct str_list){.at = at, .len = n};
    return OK;
}

static err split_numbered(struct splitter *sp, struct str_list *parts)
{
    struct str_list found;
    for (int digits = 1; digits <= 3; digits++) {
        if (split_with(sp, digits, &found) != OK)
            continue;
        for (ptrdiff_t i = 0; i < found.len; i++) {
            found.at[i] = str_cat(sp->a, found.at[i], number_of(sp->a, i + 1, found.len));
            if (!fits(sp, found.at[i]))
                return E_LIMIT;
        }
        *parts = found;
        return OK;
    }
    return E_LIMIT;
}

err text_split(struct arena *a, str text, const struct split_limit *limits, ptrdiff_t n,
    bool is_numbered, struct str_list *parts)
{
    assert(n >= 1 && n <= SPLIT_LIMITS);
    struct splitter sp = {.a = a, .text = text, .limits = limits, .n_limits = n};
    find_pieces(&sp);
    ptrdiff_t first = sp.n > 0 && sp.pieces[0].is_space;
    str whole = slice(&sp, first, sp.n);
    if (whole.len > 0 && fits(&sp, whole)) {
        *parts = (struct str_list){.at = NEW(a, str, 1), .len = 1};
        parts->at[0] = whole;
        return OK;
    }
    if (is_numbered && whole.len > 0 && split_numbered(&sp, parts) == OK)
        return OK;
    return split_with(&sp, 0, parts);
}
