/* search_fold: see search_fold.h. Over 600 lines: what is kept of a character is read by all three
 * ways that go through a text. */
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
    uint8_t class;    /* canonical combining class */
    bool joins;       /* what stands before it: the two are folded together */
    bool composes;    /* with something behind it, perhaps */
    bool is_itself;   /* folded */
    bool is_lettered; /* nothing but letters, of words, pairs or spelled words */
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

/* ── what a letter is ── */

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

/* ── the careful way ── */

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

/* ── the quick way ── */

static bool is_letter(enum search_kind kind)
{
    return kind == SEARCH_LETTER || kind == SEARCH_PAIRED || kind == SEARCH_SPELLED;
}

static void learn(struct known_one *one, uint32_t c)
{
    UErrorCode status = U_ZERO_ERROR;
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
        .class = u_getCombiningClass((UChar32)c),
        .joins = !unorm2_hasBoundaryBefore(fold_rules(), (UChar32)c),
        .composes = !unorm2_hasBoundaryAfter(unorm2_getNFCInstance(&status), (UChar32)c),
        .is_itself = is_kept && f.n == 1 && f.signs[0].c == c && !stays_whole(c),
        .is_lettered = is_kept};
    for (int i = 0; is_kept && i < f.n; i++) {
        one->signs[i] = f.signs[i];
        one->is_lettered &= is_letter(f.signs[i].kind);
    }
}

static const struct known_one *known_of(struct search_folder *f, uint32_t c)
{
    struct known_one *one = &f->known->at[c % KNOWN];
    if (one->c != c)
        learn(one, c);
    return one;
}

/* NULL: bad bytes, or nothing is kept. */
static const struct known_one *known_at(
    struct search_folder *f, str text, ptrdiff_t at, ptrdiff_t *len)
{
    uint32_t c;
    *len = utf8_decode(text, at, &c);
    if (*len < 0 || !f->known || c == 0)
        return NULL;
    return known_of(f, c);
}

/* Whether `next`, which may join what stands before it, stays apart from this letter. A mark that
 * another one follows may change places with it. */
static bool stays_apart(struct search_folder *f, const struct known_one *is,
    const struct known_one *next, str text, ptrdiff_t behind)
{
    UErrorCode status = U_ZERO_ERROR;
    ptrdiff_t len;
    UChar32 c = (UChar32)is->c, mark = (UChar32)next->c;
    if (!is->is_itself || !next->is_itself || is->class != 0 ||
        (is->composes && unorm2_composePair(unorm2_getNFCInstance(&status), c, mark) >= 0))
        return false;
    if (next->class == 0 || behind >= text.len)
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

static ptrdiff_t encode(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | (c >> 6));
        to[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | (c >> 12));
        to[1] = (char)(0x80 | ((c >> 6) & 0x3f));
        to[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | (c >> 18));
    to[1] = (char)(0x80 | ((c >> 12) & 0x3f));
    to[2] = (char)(0x80 | ((c >> 6) & 0x3f));
    to[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

void search_run_add(struct search_run *run, struct search_sign sign, ptrdiff_t from, ptrdiff_t to)
{
    run->signs[run->n++] = (struct search_run_sign){
        sign.c, (int32_t)from, (int32_t)to, (uint16_t)run->n_bytes, (uint8_t)sign.kind};
    run->n_bytes += (int)encode(run->bytes + run->n_bytes, sign.c);
    run->kinds |= 1u << sign.kind;
}

/* ── letters that are met one by one ── */

/* A small letter or digit as it is folded; 0: it is none. */
static unsigned char ascii_letter(unsigned char c)
{
    unsigned char low = c | 0x20;
    return low >= 'a' && low <= 'z' ? low : c >= '0' && c <= '9' ? c : 0;
}

static bool is_ascii_alone(str text, ptrdiff_t at)
{
    return (unsigned char)text.at[at] < 0x80 &&
           (at + 1 >= text.len || (unsigned char)text.at[at + 1] < 0x80);
}

/* utf8_decode, at once for the letters that are met most. */
static inline ptrdiff_t decode(str text, ptrdiff_t at, uint32_t *c)
{
    const unsigned char *b = (const unsigned char *)text.at + at;
    if (b[0] < 0xe0 || b[0] > 0xec || text.len - at < 3 || (b[1] & 0xc0) != 0x80 ||
        (b[2] & 0xc0) != 0x80)
        return utf8_decode(text, at, c);
    uint32_t is = (uint32_t)(b[0] & 0xf) << 12 | (uint32_t)(b[1] & 0x3f) << 6 | (b[2] & 0x3f);
    if (is < 0x800)
        return utf8_decode(text, at, c);
    *c = is;
    return 3;
}

/* A character that is folded for itself, and the one behind it. */
struct step {
    const struct known_one *one, *next; /* next: NULL when it is ASCII, or there is none */
    ptrdiff_t len;
    ptrdiff_t next_at, next_len;
    uint32_t c, next_c;
};

/* False: what is at this byte cannot be folded for itself. */
[[gnu::always_inline]] static inline bool step_on(
    struct search_folder *f, str text, ptrdiff_t at, struct step *s)
{
    if (s->next_at == at) {
        s->c = s->next_c;
        s->len = s->next_len;
    } else {
        s->len = decode(text, at, &s->c);
        s->next = NULL;
    }
    if (!f->known || s->len <= 0 || s->c == 0)
        return false;
    s->one = s->next && s->next->c == s->c ? s->next : known_of(f, s->c);
    s->next = NULL;
    s->next_at = at + s->len;
    if (s->next_at == text.len)
        return true;
    s->next_len = decode(text, s->next_at, &s->next_c);
    if (s->next_len < 0)
        return false;
    if (s->next_c < 0x80)
        return true;
    s->next = known_of(f, s->next_c);
    return s->one->c == s->c && /* or the next took its place */
           (!s->next->joins || (stays_apart(f, s->one, s->next, text, s->next_at + s->next_len) &&
                                   s->one->c == s->c));
}

/* Where a telephone number may begin (search_words.c). */
static bool begins_number(const struct search_run *run, uint32_t c)
{
    return c >= '0' && c <= '9' && (run->n == 0 || run->signs[run->n - 1].c == ':');
}

static ptrdiff_t fold_ascii(struct search_folder *f, str text, ptrdiff_t at, struct search_run *run)
{
    for (; at < text.len && run->n < SEARCH_RUN_SIGNS && is_ascii_alone(text, at); at++) {
        unsigned char c = ascii_letter((unsigned char)text.at[at]);
        if (c < '0' || begins_number(run, c))
            break;
        search_fold_ascii(f, c);
        search_run_add(run, (struct search_sign){.c = c, .kind = SEARCH_LETTER}, at, at + 1);
    }
    return at;
}

ptrdiff_t search_fold_letters(
    struct search_folder *f, str text, ptrdiff_t at, struct search_run *run)
{
    struct step s = {.next_at = -1};
    at = fold_ascii(f, text, at, run);
    while (at < text.len && run->n + KNOWN_SIGNS <= SEARCH_RUN_SIGNS && step_on(f, text, at, &s) &&
           s.one->is_lettered && !(s.one->n && begins_number(run, s.one->signs[0].c))) {
        for (int i = 0; i < s.one->n; i++)
            search_run_add(run, s.one->signs[i], at, at + s.len);
        f->base = s.one->base == BASE_STAYS ? f->base : s.one->base;
        at += s.len;
    }
    return at;
}

/* False: the word is of more than letters, or too long. */
static bool put_letter(struct search_one *w, const struct search_firsts *firsts, uint32_t c,
    ptrdiff_t from, ptrdiff_t to)
{
    if (w->n_signs == 0) {
        w->first = c;
        w->from = from;
        w->is_asked_for = search_firsts_hold(firsts, c);
    }
    w->n_signs++;
    w->to = to;
    if (!w->is_asked_for)
        return w->n_signs < SEARCH_RUN_SIGNS;
    w->n += encode(w->bytes + w->n, c);
    return w->n <= (ptrdiff_t)sizeof w->bytes - 4;
}

static bool put_known(
    struct search_one *w, const struct search_firsts *firsts, const struct step *s, ptrdiff_t at)
{
    const struct known_one *one = s->one;
    if (!one->is_lettered || (one->n == 0 && w->n_signs == 0))
        return false;
    for (int i = 0; i < one->n; i++)
        if (one->signs[i].kind != SEARCH_LETTER ||
            !put_letter(w, firsts, one->signs[i].c, at, at + s->len))
            return false;
    return true;
}

static bool is_space(const struct known_one *one)
{
    return one->n && one->n != ALWAYS_CAREFUL && one->signs[0].kind == SEARCH_SPACE;
}

/* Whether a word ends at this sign of ASCII, which no mark follows: nothing goes on behind it. */
static bool ends_word(str text, ptrdiff_t at)
{
    unsigned char c = (unsigned char)text.at[at];
    bool is_last = at + 1 == text.len;
    if (c == ',')
        return is_last || !ascii_letter((unsigned char)text.at[at + 1]);
    if (is_connector(c))
        return is_last ||
               (is_ascii_alone(text, at + 1) && !ascii_letter((unsigned char)text.at[at + 1]));
    return c != 0;
}

bool search_fold_word(struct search_folder *f, str text, ptrdiff_t at,
    const struct search_firsts *firsts, struct search_one *word)
{
    struct step s = {.next_at = -1};
    int base = f->base;
    word->n_signs = 0;
    word->n = 0;
    while (at < text.len) {
        if (is_ascii_alone(text, at)) {
            unsigned char c = ascii_letter((unsigned char)text.at[at]);
            if (!c && !ends_word(text, at))
                return false;
            if (!c)
                break;
            if (!put_letter(word, firsts, c, at, at + 1))
                return false;
            base = c >= 'a' ? USCRIPT_LATIN : base;
            at++;
        } else {
            if (!step_on(f, text, at, &s))
                return false;
            if (is_space(s.one))
                break;
            if (!put_known(word, firsts, &s, at))
                return false;
            base = s.one->base == BASE_STAYS ? base : s.one->base;
            at += s.len;
        }
    }
    f->base = base;
    word->end = at;
    return word->n_signs > 0;
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
