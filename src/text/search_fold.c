/* search_fold: see search_fold.h. */
#include "text/search_fold.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/utf16.h>

#include "base/arena.h"
#include "base/thread.h"
#include "base/utf8.h"

enum {
    CLUSTER_BYTES = 64, /* a character and its marks, folded together; further marks stand alone */
    BASE_STAYS = -1,
    KNOWN = 8192,    /* characters; a power of two */
    KNOWN_SIGNS = 3, /* of one that is kept */
    ALWAYS_CAREFUL = 255,
};

/* What a character comes to for itself. */
struct known_one {
    uint32_t c; /* 0: none is kept here */
    int16_t base;
    uint8_t n;
    bool joins; /* what stands before it: the two are folded together */
    struct search_sign signs[KNOWN_SIGNS];
};
struct search_known {
    struct known_one at[KNOWN];
};

static _Thread_local struct search_known *my_known;
static _Thread_local struct thread_exit my_exit;

static void forget(void *known)
{
    free(known);
    my_known = NULL;
}

static struct search_known *known_mine(void)
{
    if (my_known)
        return my_known;
    struct search_known *known = alloc_zero((ptrdiff_t)sizeof *known);
    if (known && !thread_at_exit(&my_exit, forget, known)) {
        free(known);
        return NULL;
    }
    my_known = known;
    return known;
}

static const UNormalizer2 *fold_rules(void)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *rules = unorm2_getNFKCCasefoldInstance(&status);
    assert(U_SUCCESS(status)); /* a constant of ICU's */
    return rules;
}

/* ── what a letter is ───────────────────────────────────────────────────────────────────────────
 */

static bool is_connector(uint32_t c)
{
    return c == '.' || c == '@' || c == '_' || c == '-' || c == '/' || c == ':' || c == '\'' ||
           c == 0x2019 || c == '#' || c == '+' || c == '&';
}

enum search_kind search_kind_ascii(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? SEARCH_LETTER
           : is_connector(c)                                ? SEARCH_CONNECTOR
                                                            : SEARCH_SPACE;
}

/* Scripts whose marks only colour a letter; in all others they are letters of their own. */
static bool sheds_marks(UScriptCode script)
{
    return script == USCRIPT_LATIN || script == USCRIPT_GREEK || script == USCRIPT_CYRILLIC ||
           script == USCRIPT_ARABIC || script == USCRIPT_HEBREW;
}

static bool is_paired(UScriptCode script)
{
    return script == USCRIPT_HAN || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA ||
           script == USCRIPT_HANGUL || script == USCRIPT_BOPOMOFO;
}

static bool is_spelled(UScriptCode script)
{
    return script == USCRIPT_THAI || script == USCRIPT_LAO || script == USCRIPT_KHMER ||
           script == USCRIPT_MYANMAR;
}

/* Letters that are others with a stroke or two written as one; what Arabic and Persian write in two
 * ways; Bengali and Malayalam letters that older texts write with a virama. */
static const struct {
    uint16_t is, plain, then;
} plain_letters[] = {
    {0x00e6, 'a',    'e'   },
    {0x00f0, 'd',    0     },
    {0x00f8, 'o',    0     },
    {0x00fe, 't',    'h'   },
    {0x0111, 'd',    0     },
    {0x0127, 'h',    0     },
    {0x0131, 'i',    0     },
    {0x0142, 'l',    0     },
    {0x0153, 'o',    'e'   },
    {0x0167, 't',    0     },
    {0x0629, 0x0647, 0     },
    {0x0649, 0x064a, 0     },
    {0x0671, 0x0627, 0     },
    {0x06a9, 0x0643, 0     },
    {0x06be, 0x0647, 0     },
    {0x06c0, 0x0647, 0     },
    {0x06c1, 0x0647, 0     },
    {0x06c3, 0x0647, 0     },
    {0x06cc, 0x064a, 0     },
    {0x06d2, 0x064a, 0     },
    {0x06d5, 0x0647, 0     },
    {0x09ce, 0x09a4, 0x09cd},
    {0x0d7a, 0x0d23, 0x0d4d},
    {0x0d7b, 0x0d28, 0x0d4d},
    {0x0d7c, 0x0d30, 0x0d4d},
    {0x0d7d, 0x0d32, 0x0d4d},
    {0x0d7e, 0x0d33, 0x0d4d},
    {0x0d7f, 0x0d15, 0x0d4d},
};

/* The letters that are sought and stored for c; *then: 0 = only one. */
static uint32_t plain_letter(uint32_t c, uint32_t *then)
{
    *then = 0;
    for (size_t i = 0; i < sizeof plain_letters / sizeof plain_letters[0]; i++)
        if (plain_letters[i].is == c) {
            *then = plain_letters[i].then;
            return plain_letters[i].plain;
        }
    return c;
}

static enum search_kind kind_of(uint32_t c, UScriptCode script)
{
    if (c < 0x80)
        return search_kind_ascii((unsigned char)c);
    if (c == 0x2019)
        return SEARCH_CONNECTOR;
    UChar32 u = (UChar32)c;
    uint32_t type = U_GET_GC_MASK(u);
    if (type & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK))
        return is_paired(script)    ? SEARCH_PAIRED
               : is_spelled(script) ? SEARCH_SPELLED
                                    : SEARCH_LETTER;
    bool is_picture = c > 0xff && (u_hasBinaryProperty(u, UCHAR_EXTENDED_PICTOGRAPHIC) ||
                                      u_hasBinaryProperty(u, UCHAR_REGIONAL_INDICATOR));
    return is_picture ? SEARCH_PICTURE : SEARCH_SPACE;
}

/* ── the careful way ────────────────────────────────────────────────────────────────────────────
 */

/* The signs of a cluster as they come. */
struct folding {
    struct search_folder *f;
    bool has_base;    /* a letter of this cluster was met */
    bool asks_before; /* what it comes to depends on the letter before it */
};

static void add(struct folding *o, uint32_t c, enum search_kind kind)
{
    if (o->f->n < SEARCH_SIGNS_MOST)
        o->f->signs[o->f->n++] = (struct search_sign){.c = c & 0xffffff, .kind = kind};
}

/* A mark that is taken off the letter before it. */
static bool is_shed(struct folding *o, UScriptCode script)
{
    if (script != USCRIPT_INHERITED)
        return sheds_marks(script);
    o->asks_before |= !o->has_base;
    return sheds_marks((UScriptCode)o->f->base);
}

static void add_folded(struct folding *o, UChar32 u)
{
    UErrorCode status = U_ZERO_ERROR;
    UScriptCode script = uscript_getScript(u, &status);
    int8_t type = u_charType(u);
    if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK) {
        if (is_shed(o, script))
            return;
    } else if (script != USCRIPT_COMMON && script != USCRIPT_INHERITED) {
        o->f->base = script;
        o->has_base = true;
    }
    if (u == 0x0640 || (u >= 0x1f3fb && u <= 0x1f3ff)) /* tatweel; skin tones */
        return;
    if (type == U_DECIMAL_DIGIT_NUMBER)
        u = '0' + u_charDigitValue(u);
    /* Han's marks of repetition and Kana's long sign are common, and belong to the run. */
    bool is_long = u == 0x30fc || u == 0x3005 || u == 0x3006;
    enum search_kind kind = is_long ? SEARCH_PAIRED : kind_of((uint32_t)u, script);
    uint32_t then, plain = plain_letter((uint32_t)u, &then);
    add(o, plain, kind);
    if (then)
        add(o, then, kind);
}

static UChar32 next_of(const UChar *units, int32_t *at, int32_t n)
{
    UChar c = units[(*at)++];
    return U16_IS_LEAD(c) && *at < n ? U16_GET_SUPPLEMENTARY(c, units[(*at)++]) : c;
}

/* Letters of their own, whatever NFD says: й is not и. */
static bool is_own_letter(UChar32 u)
{
    return u == 0x0439 || u == 0x045e || u == 0x0457 || u == 0x0453 || u == 0x045c;
}

/* A folded letter of a script that sheds its marks is taken apart first. */
static void add_parts(struct folding *o, UChar32 u)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar parts[32];
    UScriptCode script = u < 0xc0 ? USCRIPT_COMMON : uscript_getScript(u, &status);
    const UNormalizer2 *nfd =
        sheds_marks(script) && !is_own_letter(u) ? unorm2_getNFDInstance(&status) : NULL;
    int32_t n = nfd ? unorm2_getDecomposition(nfd, u, parts, 32, &status) : -1;
    if (n < 0 || U_FAILURE(status)) {
        add_folded(o, u);
        return;
    }
    for (int32_t i = 0; i < n;)
        add_folded(o, next_of(parts, &i, n));
}

/* The bytes of a character and of the marks that may join it. */
static ptrdiff_t cluster_end(str text, ptrdiff_t at)
{
    const UNormalizer2 *rules = fold_rules();
    uint32_t c;
    ptrdiff_t end = at;
    do {
        ptrdiff_t step = utf8_decode(text, end, &c);
        if (step < 0)
            return end;
        end += step;
        if (end >= text.len || utf8_decode(text, end, &c) < 0)
            return end;
    } while (end - at < CLUSTER_BYTES - 4 && !unorm2_hasBoundaryBefore(rules, (UChar32)c));
    return end;
}

/* NFKC takes these vowels apart, and the dictionaries do not know the parts. */
static bool stays_whole(uint32_t c)
{
    return c == 0x0e33 || c == 0x0eb3;
}

static void fold_units(struct folding *o, const UChar *source, int32_t n)
{
    UChar folded[CLUSTER_BYTES * 18]; /* the longest folding is 18 units */
    UErrorCode status = U_ZERO_ERROR;
    bool stays = n == 1 && stays_whole(source[0]);
    int32_t m = stays ? 0
                      : unorm2_normalize(fold_rules(), source, n, folded,
                            (int32_t)(sizeof folded / sizeof folded[0]), &status);
    if (stays || U_FAILURE(status)) {
        memcpy(folded, source, (size_t)n * sizeof source[0]);
        m = n;
    }
    for (int32_t i = 0; i < m;) {
        UChar32 c = next_of(folded, &i, m);
        if (c == ' ')
            add(o, ' ', SEARCH_SPACE);
        else
            add_parts(o, c);
    }
}

static void fold(struct folding *o, str text, ptrdiff_t from, ptrdiff_t to)
{
    UChar source[CLUSTER_BYTES];
    int32_t n = 0;
    for (ptrdiff_t i = from; i < to;) {
        uint32_t c;
        i += utf8_decode(text, i, &c);
        U16_APPEND_UNSAFE(source, n, (UChar32)c);
    }
    fold_units(o, source, n);
}

/* ── the quick way ──────────────────────────────────────────────────────────────────────────────
 */

static void learn(struct known_one *one, uint32_t c)
{
    struct search_folder f = {.base = BASE_STAYS};
    struct folding o = {.f = &f};
    UChar units[2];
    int32_t n = 0;
    U16_APPEND_UNSAFE(units, n, (UChar32)c);
    fold_units(&o, units, n);
    bool is_kept = !o.asks_before && f.n <= KNOWN_SIGNS;
    *one = (struct known_one){.c = c,
        .base = (int16_t)f.base,
        .n = is_kept ? (uint8_t)f.n : ALWAYS_CAREFUL,
        .joins = !unorm2_hasBoundaryBefore(fold_rules(), (UChar32)c)};
    for (int i = 0; is_kept && i < f.n; i++)
        one->signs[i] = f.signs[i];
}

/* NULL: bad bytes, or nothing is kept. */
static const struct known_one *known_at(
    struct search_folder *f, str text, ptrdiff_t at, ptrdiff_t *len)
{
    uint32_t c;
    *len = utf8_decode(text, at, &c);
    if (*len < 0 || !f->known || c == 0)
        return NULL;
    struct known_one *one = &f->known->at[c % KNOWN];
    if (one->c != c)
        learn(one, c);
    return one;
}

static bool folds_to_itself(const struct known_one *one)
{
    return one->n == 1 && one->signs[0].c == one->c && !stays_whole(one->c);
}

/* Whether `next`, which may join what stands before it, stays apart from this letter. A mark that
 * another one follows may change places with it. */
static bool stays_apart(struct search_folder *f, const struct known_one *is,
    const struct known_one *next, str text, ptrdiff_t behind)
{
    UErrorCode status = U_ZERO_ERROR;
    ptrdiff_t len;
    UChar32 c = (UChar32)is->c, mark = (UChar32)next->c;
    if (!folds_to_itself(is) || !folds_to_itself(next) || u_getCombiningClass(c) != 0 ||
        unorm2_composePair(unorm2_getNFCInstance(&status), c, mark) >= 0)
        return false;
    if (u_getCombiningClass(mark) == 0 || behind >= text.len)
        return true;
    const struct known_one *after = known_at(f, text, behind, &len);
    return after && !after->joins;
}

static bool fold_quickly(struct search_folder *f, str text, ptrdiff_t at, ptrdiff_t *end)
{
    ptrdiff_t len, next_len;
    const struct known_one *one = known_at(f, text, at, &len);
    if (!one || one->n == ALWAYS_CAREFUL)
        return false;
    struct known_one is = *one; /* the next may take its place */
    if (at + len < text.len && (unsigned char)text.at[at + len] >= 0x80) {
        const struct known_one *next = known_at(f, text, at + len, &next_len);
        if (!next || (next->joins && !stays_apart(f, &is, next, text, at + len + next_len)))
            return false;
    }
    for (int i = 0; i < is.n; i++)
        f->signs[i] = is.signs[i];
    f->n = is.n;
    f->base = is.base == BASE_STAYS ? f->base : is.base;
    *end = at + len;
    return true;
}

void search_folder_begin(struct search_folder *f, enum search_folding how)
{
    f->known = how == SEARCH_FOLD_QUICK ? known_mine() : NULL;
    f->base = USCRIPT_COMMON;
    f->n = 0;
}

void search_fold_ascii(struct search_folder *f, unsigned char c)
{
    f->base = c >= 'a' && c <= 'z' ? USCRIPT_LATIN : f->base;
}

ptrdiff_t search_fold_next(struct search_folder *f, str text, ptrdiff_t at)
{
    ptrdiff_t end;
    if (fold_quickly(f, text, at, &end))
        return end;
    struct folding o = {.f = f};
    f->n = 0;
    end = cluster_end(text, at);
    if (end > at) {
        fold(&o, text, at, end);
        return end;
    }
    uint32_t bad;
    add(&o, ' ', SEARCH_SPACE);
    return at - utf8_decode(text, at, &bad);
}
