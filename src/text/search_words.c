/* search_words: characters are folded one cluster after the other into a run, and a run that has
 * ended is cut into words. A text of ASCII never meets ICU. */
#include "text/search_words.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/utf16.h>
#include <unicode/uversion.h>

#include "base/utf8.h"
#include "text/search_phone.h"

enum {
    RULES = 2,         /* counted up when the rules of this file change */
    RUN_SIGNS = 1024,  /* characters of a run; a longer one is cut */
    WHOLE_PARTS = 12,  /* a run of more parts is no word as a whole */
    CLUSTER_BYTES = 64 /* a character and its marks, folded together; further marks stand alone */
};

enum kind { SPACE, LETTER, PAIRED, SPELLED, CONNECTOR, PICTURE };

struct sign {
    uint32_t c;
    int32_t from, to; /* bytes of the text */
    enum kind kind;
};

struct cutter {
    str text;
    enum search_mode mode;
    search_word_fn *each;
    void *closure;
    int32_t position, run;
    bool is_stopped;
    struct sign signs[RUN_SIGNS];
    int n;
    UScriptCode base;     /* of the letter before: whether marks on it are kept */
    ptrdiff_t phones_end; /* up to there numbers were looked for */
};

int32_t search_words_version(void)
{
    return RULES * 1000 + U_ICU_VERSION_MAJOR_NUM;
}

/* ── signs ──────────────────────────────────────────────────────────────────────────────────────
 */

static bool is_connector(uint32_t c)
{
    return c == '.' || c == '@' || c == '_' || c == '-' || c == '/' || c == ':' || c == '\'' ||
           c == 0x2019 || c == '#' || c == '+' || c == '&';
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

static enum kind kind_of(uint32_t c, UScriptCode script)
{
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? LETTER
               : is_connector(c)                                ? CONNECTOR
                                                                : SPACE;
    if (c == 0x2019)
        return CONNECTOR;
    UChar32 u = (UChar32)c;
    uint32_t type = U_GET_GC_MASK(u);
    if (type & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK))
        return is_paired(script) ? PAIRED : is_spelled(script) ? SPELLED : LETTER;
    bool is_picture = c > 0xff && (u_hasBinaryProperty(u, UCHAR_EXTENDED_PICTOGRAPHIC) ||
                                      u_hasBinaryProperty(u, UCHAR_REGIONAL_INDICATOR));
    return is_picture ? PICTURE : SPACE;
}

/* ── words ──────────────────────────────────────────────────────────────────────────────────────
 */

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

struct cut {
    int from, to; /* signs */
    bool is_whole, is_single, is_tail;
    bool has_signs; /* the whole is kept with its connectors */
};

static void give(struct cutter *k, const struct cut *cut, int32_t position)
{
    char bytes[SEARCH_WORD_BYTES];
    ptrdiff_t len = 0;
    for (int i = cut->from; i < cut->to && len + 4 <= SEARCH_WORD_BYTES; i++)
        if (k->signs[i].kind != CONNECTOR || cut->has_signs)
            len += encode(bytes + len, k->signs[i].c);
    if (k->is_stopped || len == 0 || position >= SEARCH_WORDS)
        return;
    struct search_word word = {
        .word = {bytes, len},
        .position = position,
        .run = k->run,
        .from = k->signs[cut->from].from,
        .to = k->signs[cut->to - 1].to,
        .is_whole = cut->is_whole,
        .is_single = cut->is_single,
        .is_tail = cut->is_tail
    };
    k->is_stopped = !k->each(k->closure, &word);
}

static void give_cut(struct cutter *k, const struct cut *cut)
{
    give(k, cut, k->position);
    k->position++;
}

static void give_part(struct cutter *k, int from, int to)
{
    give_cut(k, &(struct cut){.from = from, .to = to});
}

static void cut_pairs(struct cutter *k, int from, int to)
{
    bool is_single = to - from == 1;
    for (int i = from; i + 1 < to; i++)
        give_part(k, i, i + 2);
    give_cut(
        k, &(struct cut){.from = to - 1, .to = to, .is_single = is_single, .is_tail = !is_single});
}

static pthread_key_t breaker_key;
static pthread_once_t breaker_once = PTHREAD_ONCE_INIT;

static void breaker_free(void *breaker)
{
    ubrk_close(breaker);
}

static void breaker_make_key(void)
{
    int failed = pthread_key_create(&breaker_key, breaker_free);
    assert(!failed);
}

static UBreakIterator *breaker(void)
{
    (void)pthread_once(&breaker_once, breaker_make_key);
    UBreakIterator *mine = pthread_getspecific(breaker_key);
    if (mine == NULL) {
        UErrorCode status = U_ZERO_ERROR;
        mine = ubrk_open(UBRK_WORD, "", NULL, 0, &status);
        if (U_FAILURE(status) || pthread_setspecific(breaker_key, mine))
            return NULL;
    }
    return mine;
}

/* Scripts without spaces: by ICU's dictionary. All of them lie in the first plane. */
static void cut_spelled(struct cutter *k, int from, int to)
{
    UChar units[RUN_SIGNS];
    UErrorCode status = U_ZERO_ERROR;
    UBreakIterator *words = breaker();
    for (int i = from; i < to; i++)
        units[i - from] = (UChar)k->signs[i].c;
    if (words)
        ubrk_setText(words, units, to - from, &status);
    if (!words || U_FAILURE(status)) {
        give_part(k, from, to);
        return;
    }
    int32_t at = 0;
    for (int32_t end = ubrk_next(words); end != UBRK_DONE && !k->is_stopped;
         end = ubrk_next(words)) {
        give_part(k, from + at, from + end);
        at = end;
    }
}

/* One part: letters without a connector. */
static void cut_part(struct cutter *k, int from, int to)
{
    for (int i = from; i < to && !k->is_stopped;) {
        int end = i + 1;
        while (end < to && k->signs[end].kind == k->signs[i].kind && k->signs[i].kind != PICTURE)
            end++;
        switch (k->signs[i].kind) {
        case PAIRED:
            cut_pairs(k, i, end);
            break;
        case SPELLED:
            cut_spelled(k, i, end);
            break;
        case LETTER:
            give_part(k, i, end);
            break;
        case PICTURE: { /* two regional indicators are a flag */
            bool is_flag = end < to && k->signs[i].c >= 0x1f1e6 && k->signs[i].c <= 0x1f1ff &&
                           k->signs[end].c >= 0x1f1e6 && k->signs[end].c <= 0x1f1ff;
            end += is_flag;
            give_part(k, i, end);
            break;
        }
        case SPACE:
        case CONNECTOR:
            break;
        }
        i = end;
    }
}

/* Of the signs in [*from, *to): the mail address around the last @, without "mailto:" before and a
 * path behind it; all of them without an @. */
static bool find_address(const struct cutter *k, int *from, int *to)
{
    int at = *to - 1;
    while (at > *from && (k->signs[at].kind != CONNECTOR || k->signs[at].c != '@'))
        at--;
    if (at == *from)
        return false;
    int first = at, end = at + 1;
    for (; first > *from; first--) {
        uint32_t c = k->signs[first - 1].c;
        if (k->signs[first - 1].kind == CONNECTOR && (c == ':' || c == '/' || c == '#'))
            break;
    }
    for (; end < *to; end++) {
        uint32_t c = k->signs[end].c;
        if (k->signs[end].kind == CONNECTOR && c != '.' && c != '-')
            break;
    }
    *from = first;
    *to = end;
    return true;
}

static void give_whole(struct cutter *k)
{
    int parts = 1;
    struct cut whole = {.to = k->n, .is_whole = true};
    whole.has_signs = find_address(k, &whole.from, &whole.to);
    for (int i = whole.from; i < whole.to; i++)
        parts += k->signs[i].kind == CONNECTOR;
    if (parts > 1 && parts <= WHOLE_PARTS)
        give(k, &whole, k->position);
}

static void end_run(struct cutter *k)
{
    while (k->n && k->signs[k->n - 1].kind == CONNECTOR)
        k->n--;
    if (k->n == 0)
        return;
    give_whole(k);
    int from = 0;
    for (int i = 0; i <= k->n; i++) {
        if (i < k->n && k->signs[i].kind != CONNECTOR)
            continue;
        cut_part(k, from, i);
        from = i + 1;
    }
    k->run++;
    k->n = 0;
}

static void add(struct cutter *k, uint32_t c, enum kind kind, ptrdiff_t from, ptrdiff_t to)
{
    bool is_joined =
        k->n && k->signs[k->n - 1].kind != CONNECTOR && k->signs[k->n - 1].kind != PICTURE;
    bool parts = kind == SPACE || (kind == CONNECTOR && !is_joined);
    /* A picture is a run of its own; two connectors in a row part. */
    bool is_other = k->n && (kind == PICTURE) != (k->signs[k->n - 1].kind == PICTURE);
    if (parts || is_other || k->n == RUN_SIGNS)
        end_run(k);
    if (!parts && !(kind == CONNECTOR && k->n == 0))
        k->signs[k->n++] = (struct sign){c, (int32_t)from, (int32_t)to, kind};
}

/* ── telephone numbers ──────────────────────────────────────────────────────────────────────────
 */

static void give_digits(struct cutter *k, str digits, ptrdiff_t from, ptrdiff_t to)
{
    if (k->is_stopped || k->position >= SEARCH_WORDS)
        return;
    struct search_word word = {.word = digits,
        .position = k->position,
        .run = k->run,
        .from = from,
        .to = to,
        .is_whole = true};
    k->is_stopped = !k->each(k->closure, &word);
}

/* A number begins where a run does, or behind the colon of "tel:". */
static void give_phones(struct cutter *k, ptrdiff_t at)
{
    if (k->mode != SEARCH_INDEX || at < k->phones_end || (k->n && k->signs[k->n - 1].c != ':'))
        return;
    struct search_phone phones[SEARCH_PHONE_GROUPS];
    int n = search_phones_at(k->text, at, SEARCH_PHONE_TEXT, phones);
    for (int i = 0; i < n; i++) {
        str all = str_of(phones[i].digits, phones[i].n);
        if (phones[i].is_spread)
            give_digits(k, all, at, phones[i].end);
        if (phones[i].skip)
            give_digits(k, search_phone_national(&phones[i]), at, phones[i].end);
    }
    k->phones_end = n ? phones[0].end : at;
}

/* ── folding ────────────────────────────────────────────────────────────────────────────────────
 */

static void add_folded(struct cutter *k, UChar32 u, ptrdiff_t from, ptrdiff_t to)
{
    UErrorCode status = U_ZERO_ERROR;
    UScriptCode script = uscript_getScript(u, &status);
    int8_t type = u_charType(u);
    if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK) {
        bool is_shed = script == USCRIPT_INHERITED ? sheds_marks(k->base) : sheds_marks(script);
        if (is_shed)
            return;
    } else if (script != USCRIPT_COMMON && script != USCRIPT_INHERITED)
        k->base = script;
    if (u == 0x0640 || (u >= 0x1f3fb && u <= 0x1f3ff)) /* tatweel; skin tones */
        return;
    if (type == U_DECIMAL_DIGIT_NUMBER) {
        give_phones(k, from);
        u = '0' + u_charDigitValue(u);
    }
    /* Han's marks of repetition and Kana's long sign are common, and belong to the run. */
    bool is_long = u == 0x30fc || u == 0x3005 || u == 0x3006;
    enum kind kind = is_long ? PAIRED : kind_of((uint32_t)u, script);
    uint32_t then, plain = plain_letter((uint32_t)u, &then);
    add(k, plain, kind, from, to);
    if (then)
        add(k, then, kind, from, to);
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
static void add_parts(struct cutter *k, UChar32 u, ptrdiff_t from, ptrdiff_t to)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar parts[32];
    UScriptCode script = u < 0xc0 ? USCRIPT_COMMON : uscript_getScript(u, &status);
    const UNormalizer2 *nfd =
        sheds_marks(script) && !is_own_letter(u) ? unorm2_getNFDInstance(&status) : NULL;
    int32_t n = nfd ? unorm2_getDecomposition(nfd, u, parts, 32, &status) : -1;
    if (n < 0 || U_FAILURE(status)) {
        add_folded(k, u, from, to);
        return;
    }
    for (int32_t i = 0; i < n;) {
        add_folded(k, next_of(parts, &i, n), from, to);
    }
}

/* The bytes of a character and of the marks that may join it. */
static ptrdiff_t cluster_end(const UNormalizer2 *nfkc, str text, ptrdiff_t at)
{
    uint32_t c;
    ptrdiff_t end = at;
    do {
        ptrdiff_t step = utf8_decode(text, end, &c);
        if (step < 0)
            return end;
        end += step;
        if (end >= text.len || utf8_decode(text, end, &c) < 0)
            return end;
    } while (end - at < CLUSTER_BYTES - 4 && !unorm2_hasBoundaryBefore(nfkc, (UChar32)c));
    return end;
}

static void fold(struct cutter *k, const UNormalizer2 *nfkc, ptrdiff_t from, ptrdiff_t to)
{
    UChar source[CLUSTER_BYTES], folded[CLUSTER_BYTES * 18]; /* the longest folding is 18 units */
    int32_t n = 0;
    UErrorCode status = U_ZERO_ERROR;
    for (ptrdiff_t i = from; i < to;) {
        uint32_t c;
        i += utf8_decode(k->text, i, &c);
        U16_APPEND_UNSAFE(source, n, (UChar32)c);
    }
    /* NFKC takes these vowels apart, and the dictionaries do not know the parts. */
    bool stays = n == 1 && (source[0] == 0x0e33 || source[0] == 0x0eb3);
    int32_t m = stays ? 0
                      : unorm2_normalize(nfkc, source, n, folded,
                            (int32_t)(sizeof folded / sizeof folded[0]), &status);
    if (stays || U_FAILURE(status)) {
        memcpy(folded, source, (size_t)n * sizeof source[0]);
        m = n;
    }
    for (int32_t i = 0; i < m && !k->is_stopped;) {
        UChar32 c = next_of(folded, &i, m);
        if (c == ' ')
            add(k, ' ', SPACE, from, to);
        else
            add_parts(k, c, from, to);
    }
}

static bool is_digit(str text, ptrdiff_t at)
{
    return at >= 0 && at < text.len && text.at[at] >= '0' && text.at[at] <= '9';
}

/* Between digits, before two or three of them: "1,000.50", "1,00,000"; no list of numbers. */
static bool is_inside_number(str text, ptrdiff_t comma)
{
    ptrdiff_t n = 0;
    while (n < 4 && is_digit(text, comma + 1 + n))
        n++;
    return (n == 2 || n == 3) && is_digit(text, comma - 1);
}

static bool is_mark_next(str text, ptrdiff_t at)
{
    return at < text.len && (unsigned char)text.at[at] >= 0x80;
}

bool search_words_each(str text, enum search_mode mode, search_word_fn *each, void *closure)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfkc = unorm2_getNFKCCasefoldInstance(&status);
    assert(U_SUCCESS(status));
    struct cutter k;
    k.text = utf8_prefix_bytes(text, SEARCH_TEXT_BYTES);
    k.mode = mode;
    k.each = each;
    k.closure = closure;
    k.position = k.run = k.n = 0;
    k.is_stopped = false;
    k.phones_end = 0;
    k.base = USCRIPT_COMMON;
    for (ptrdiff_t at = 0; at < k.text.len && !k.is_stopped && k.position < SEARCH_WORDS;) {
        unsigned char c = (unsigned char)k.text.at[at];
        if (c < 0x80 && !is_mark_next(k.text, at + 1)) {
            c = c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
            enum kind kind =
                c == ',' && is_inside_number(k.text, at) ? CONNECTOR : kind_of(c, USCRIPT_COMMON);
            k.base = c >= 'a' && c <= 'z' ? USCRIPT_LATIN : k.base;
            if (c >= '0' && c <= '9')
                give_phones(&k, at);
            add(&k, c, kind, at, at + 1);
            at++;
            continue;
        }
        ptrdiff_t end = cluster_end(nfkc, k.text, at);
        if (end == at) { /* bad UTF-8 */
            uint32_t bad;
            add(&k, ' ', SPACE, at, at);
            at += -utf8_decode(k.text, at, &bad);
            continue;
        }
        fold(&k, nfkc, at, end);
        at = end;
    }
    if (!k.is_stopped)
        end_run(&k);
    return !k.is_stopped;
}
