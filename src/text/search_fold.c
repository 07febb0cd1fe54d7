/* search_fold: see search_fold.h. */
#include "text/search_fold.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>

#include "base/utf8.h"

enum {
    CLUSTER_BYTES = 64, /* a character and its marks, folded together; further marks stand alone */
    KEPT = 2048,        /* clusters; a power of two */
    KEPT_BYTES = 16,    /* of a cluster that is kept */
    KEPT_SIGNS = 4,
    KEPT_CHARACTERS = 0x10000 /* of which it is kept whether they join the one before */
};

/* What a cluster gave. */
struct kept {
    char bytes[KEPT_BYTES]; /* filled up with 0 */
    UScriptCode script;     /* of its last letter; USCRIPT_INVALID_CODE: it has none */
    uint8_t len, n;         /* bytes; signs. len 0: nothing is kept here */
    struct search_sign signs[KEPT_SIGNS];
};

struct search_folder {
    struct kept kept[KEPT];
    uint8_t joins[KEPT_CHARACTERS]; /* 0 = not looked up, 1 = no, 2 = yes */
};

/* ── what is kept ───────────────────────────────────────────────────────────────────────────────
 */

static pthread_key_t folder_key;
static pthread_once_t folder_once = PTHREAD_ONCE_INIT;

static void folder_make_key(void)
{
    int failed = pthread_key_create(&folder_key, free);
    assert(!failed);
}

struct search_folder *search_folder(void)
{
    (void)pthread_once(&folder_once, folder_make_key);
    struct search_folder *mine = pthread_getspecific(folder_key);
    if (mine == NULL) {
        mine = calloc(1, sizeof *mine);
        if (mine != NULL && pthread_setspecific(folder_key, mine)) {
            free(mine);
            return NULL;
        }
    }
    return mine;
}

static struct kept *place_of(struct search_folder *f, const char bytes[KEPT_BYTES])
{
    uint64_t halves[2];
    memcpy(halves, bytes, sizeof halves);
    uint64_t mixed = (halves[0] ^ (halves[1] * 3)) * 0x9e3779b97f4a7c15u;
    return &f->kept[mixed >> 53]; /* 11 bits: KEPT */
}
static_assert(KEPT == 1 << 11, "place_of gives 11 bits");

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

enum search_kind_of_sign search_ascii(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? SIGN_LETTER
           : is_connector(c)                                ? SIGN_CONNECTOR
                                                            : SIGN_SPACE;
}

static enum search_kind_of_sign kind_of(uint32_t c, UScriptCode script)
{
    if (c < 0x80)
        return search_ascii((unsigned char)c);
    if (c == 0x2019)
        return SIGN_CONNECTOR;
    UChar32 u = (UChar32)c;
    uint32_t type = U_GET_GC_MASK(u);
    if (type & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK))
        return is_paired(script) ? SIGN_PAIRED : is_spelled(script) ? SIGN_SPELLED : SIGN_LETTER;
    bool is_picture = c > 0xff && (u_hasBinaryProperty(u, UCHAR_EXTENDED_PICTOGRAPHIC) ||
                                      u_hasBinaryProperty(u, UCHAR_REGIONAL_INDICATOR));
    return is_picture ? SIGN_PICTURE : SIGN_SPACE;
}

/* ── folding ────────────────────────────────────────────────────────────────────────────────────
 */

/* One cluster on its way. */
struct fold {
    UScriptCode *script;
    bool has_own_script; /* *script is of a letter of this cluster */
    bool is_kept;        /* what it gives depends on itself alone, and has room */
    struct kept *result;
    search_sign_fn *each;
    void *closure;
};

static void give(struct fold *f, uint32_t c, enum search_kind_of_sign kind, bool is_digit)
{
    struct search_sign sign = {c, kind, is_digit};
    f->is_kept = f->is_kept && f->result->n < KEPT_SIGNS;
    if (f->is_kept)
        f->result->signs[f->result->n++] = sign;
    f->each(f->closure, &sign);
}

static bool is_shed(struct fold *f, UScriptCode script)
{
    if (script != USCRIPT_INHERITED)
        return sheds_marks(script);
    f->is_kept = f->is_kept && f->has_own_script;
    return sheds_marks(*f->script);
}

static void give_folded(struct fold *f, UChar32 u)
{
    UErrorCode status = U_ZERO_ERROR;
    UScriptCode script = uscript_getScript(u, &status);
    int8_t type = u_charType(u);
    if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK) {
        if (is_shed(f, script))
            return;
    } else if (script != USCRIPT_COMMON && script != USCRIPT_INHERITED) {
        *f->script = script;
        f->has_own_script = true;
    }
    if (u == 0x0640 || (u >= 0x1f3fb && u <= 0x1f3ff)) /* tatweel; skin tones */
        return;
    bool is_digit = type == U_DECIMAL_DIGIT_NUMBER;
    if (is_digit)
        u = '0' + u_charDigitValue(u);
    /* Han's marks of repetition and Kana's long sign are common, and belong to the run. */
    bool is_long = u == 0x30fc || u == 0x3005 || u == 0x3006;
    enum search_kind_of_sign kind = is_long ? SIGN_PAIRED : kind_of((uint32_t)u, script);
    uint32_t then, plain = plain_letter((uint32_t)u, &then);
    give(f, plain, kind, is_digit);
    if (then)
        give(f, then, kind, false);
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
static void give_parts(struct fold *f, UChar32 u)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar parts[32];
    UScriptCode script = u < 0xc0 ? USCRIPT_COMMON : uscript_getScript(u, &status);
    const UNormalizer2 *nfd =
        sheds_marks(script) && !is_own_letter(u) ? unorm2_getNFDInstance(&status) : NULL;
    int32_t n = nfd ? unorm2_getDecomposition(nfd, u, parts, 32, &status) : -1;
    if (n < 0 || U_FAILURE(status)) {
        give_folded(f, u);
        return;
    }
    for (int32_t i = 0; i < n;)
        give_folded(f, next_of(parts, &i, n));
}

static const UNormalizer2 *folding(void)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfkc = unorm2_getNFKCCasefoldInstance(&status);
    assert(U_SUCCESS(status));
    return nfkc;
}

static void fold(struct fold *f, str cluster)
{
    UChar source[CLUSTER_BYTES], folded[CLUSTER_BYTES * 18]; /* the longest folding is 18 units */
    int32_t n = 0;
    UErrorCode status = U_ZERO_ERROR;
    for (ptrdiff_t i = 0; i < cluster.len;) {
        uint32_t c;
        i += utf8_decode(cluster, i, &c);
        U16_APPEND_UNSAFE(source, n, (UChar32)c);
    }
    /* NFKC takes these vowels apart, and the dictionaries do not know the parts. */
    bool stays = n == 1 && (source[0] == 0x0e33 || source[0] == 0x0eb3);
    int32_t m = stays ? 0
                      : unorm2_normalize(folding(), source, n, folded,
                            (int32_t)(sizeof folded / sizeof folded[0]), &status);
    if (stays || U_FAILURE(status)) {
        memcpy(folded, source, (size_t)n * sizeof source[0]);
        m = n;
    }
    for (int32_t i = 0; i < m;) {
        UChar32 c = next_of(folded, &i, m);
        if (c == ' ')
            give(f, ' ', SIGN_SPACE, false);
        else
            give_parts(f, c);
    }
}

void search_fold(struct search_folder *folder, str cluster, UScriptCode *script,
    search_sign_fn *each, void *closure)
{
    struct kept result = {.script = USCRIPT_INVALID_CODE}, *place = NULL;
    if (folder && cluster.len <= KEPT_BYTES) {
        memcpy(result.bytes, cluster.at, (size_t)cluster.len);
        result.len = (uint8_t)cluster.len;
        place = place_of(folder, result.bytes);
        if (place->len == result.len && memcmp(place->bytes, result.bytes, KEPT_BYTES) == 0) {
            for (int i = 0; i < place->n; i++)
                each(closure, &place->signs[i]);
            *script = place->script == USCRIPT_INVALID_CODE ? *script : place->script;
            return;
        }
    }
    struct fold f = {.script = script,
        .is_kept = place != NULL,
        .result = &result,
        .each = each,
        .closure = closure};
    fold(&f, cluster);
    if (!f.is_kept)
        return;
    if (f.has_own_script)
        result.script = *script;
    *place = result;
}

static bool joins(struct search_folder *f, uint32_t c)
{
    if (c < 0x80)
        return false;
    uint8_t *known = f && c < KEPT_CHARACTERS ? &f->joins[c] : NULL;
    if (known && *known)
        return *known == 2;
    bool is_joined = !unorm2_hasBoundaryBefore(folding(), (UChar32)c);
    if (known)
        *known = is_joined ? 2 : 1;
    return is_joined;
}

ptrdiff_t search_cluster(struct search_folder *f, str text, ptrdiff_t at)
{
    uint32_t c;
    ptrdiff_t end = at;
    do {
        ptrdiff_t step = utf8_decode(text, end, &c);
        if (step < 0)
            break;
        end += step;
    } while (end < text.len && end - at < CLUSTER_BYTES - 4 && utf8_decode(text, end, &c) > 0 &&
             joins(f, c));
    return end - at;
}
