/* What needs Unicode's tables: graphemes, previews, file names, folding, collation (ICU 72).
 * Declared in utf8.h. Not: word breaking and search tokens (text/). Thread: any; break iterators
 * and collators are expensive to open, so each thread keeps one of each. */
#include <assert.h>
#include <limits.h>
#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/ucol.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utext.h>

#include "base/thread.h"
#include "base/utf8.h"

enum { LOCALE_BYTES = 64, COLLATE_BYTES = 4096 };

static _Thread_local UBreakIterator *my_breaks;
static _Thread_local struct thread_exit my_breaks_exit;
static _Thread_local struct {
    UCollator *collator;
    char locale[LOCALE_BYTES];
    bool will_close;
    struct thread_exit exit;
} my_order;

static void breaks_close(void *what)
{
    ubrk_close(what);
    my_breaks = NULL;
}

static bool is_ascii(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] >= 0x80)
            return false;
    return true;
}

/* The end of grapheme number `max` (or of s), of the one before it, and how many were passed. */
struct walk {
    ptrdiff_t end, before, passed;
};

static struct walk walk_graphemes(str s, ptrdiff_t max)
{
    UErrorCode status = U_ZERO_ERROR;
    UText text = UTEXT_INITIALIZER;
    UBreakIterator *breaks = my_breaks;
    if (breaks == NULL) {
        breaks = ubrk_open(UBRK_CHARACTER, "", NULL, 0, &status);
        if (U_SUCCESS(status) && thread_at_exit(&my_breaks_exit, breaks_close, breaks))
            my_breaks = breaks;
    }
    utext_openUTF8(&text, s.at, s.len, &status);
    if (U_SUCCESS(status))
        ubrk_setUText(breaks, &text, &status);
    struct walk w = {0};
    while (w.passed < max && w.end < s.len) {
        uint32_t c;
        ptrdiff_t len = utf8_decode(s, w.end, &c), next = w.end + (len < 0 ? -len : len);
        if (U_SUCCESS(status)) /* else no memory: code points are the next best */
            next = ubrk_next(breaks);
        if (next <= w.end)
            break;
        w.before = w.end;
        w.end = next;
        w.passed++;
    }
    (void)utext_close(&text); /* the text is on the stack: nothing to fail */
    if (breaks != my_breaks)
        ubrk_close(breaks);
    return w;
}

/* ASCII: one byte is one grapheme, but CR LF are one together. */
static ptrdiff_t ascii_graphemes(str s)
{
    ptrdiff_t n = s.len;
    for (ptrdiff_t i = 1; i < s.len; i++)
        n -= s.at[i] == '\n' && s.at[i - 1] == '\r';
    return n;
}

ptrdiff_t utf8_graphemes(str s)
{
    if (is_ascii(s))
        return ascii_graphemes(s);
    return walk_graphemes(s, PTRDIFF_MAX).passed;
}

str utf8_prefix(str s, ptrdiff_t max_graphemes)
{
    if (max_graphemes <= 0)
        return str_of(s.at, 0);
    if (s.len <= max_graphemes)
        return s;
    str head = str_of(s.at, max_graphemes);
    /* One byte more: a mark after the last letter would belong to it. */
    if (is_ascii(str_of(s.at, max_graphemes + 1)) && memchr(s.at, '\r', (size_t)head.len) == NULL)
        return head;
    return str_of(s.at, walk_graphemes(s, max_graphemes).end);
}

static bool is_space(uint32_t c)
{
    return c <= ' ' || (c >= 0x7f && c <= 0xa0) || (c > 0xff && u_isUWhiteSpace((UChar32)c));
}

/* White space and controls become single spaces; stops after `most` bytes. to has room for them
 * and one code point. False when it stopped. s is valid. */
static bool one_line(str s, char *to, ptrdiff_t most, ptrdiff_t *len)
{
    bool owes_space = false;
    *len = 0;
    for (ptrdiff_t i = 0; i < s.len;) {
        uint32_t c;
        ptrdiff_t n = utf8_decode(s, i, &c);
        if (is_space(c)) {
            owes_space = *len > 0;
        } else {
            if (*len + owes_space > most)
                return false;
            if (owes_space)
                to[(*len)++] = ' ';
            owes_space = false;
            memcpy(to + *len, s.at + i, (size_t)n);
            *len += n;
        }
        i += n;
    }
    return true;
}

str utf8_preview(struct arena *a, str s, ptrdiff_t max_graphemes)
{
    if (max_graphemes < 1)
        return (str){0};
    s = utf8_repair(a, s);
    /* Nobody's grapheme is longer than 64 bytes but a joker's; his preview is shorter. */
    ptrdiff_t most = max_graphemes < s.len / 64 ? max_graphemes * 64 : s.len, len;
    char *to = arena_alloc(a, most + 8, 1);
    bool is_whole = one_line(s, to, most, &len);
    str line = str_of(to, len);
    if (is_whole && len <= max_graphemes)
        return line;
    /* In ASCII every byte is a grapheme (CR LF is gone), and there are more of them than wanted. */
    struct walk w = {.end = max_graphemes, .before = max_graphemes - 1};
    if (!is_ascii(line))
        w = walk_graphemes(line, max_graphemes);
    if (is_whole && w.end == len)
        return line;
    return str_cat(a, str_trim(str_of(to, w.before)), S("…"));
}

struct utf16 {
    UChar *at;
    int32_t len;
};

static struct utf16 to_utf16(struct arena *a, str s)
{
    UErrorCode status = U_ZERO_ERROR;
    struct utf16 w = {.at = NEW(a, UChar, s.len + 1)};
    u_strFromUTF8WithSub(
        w.at, (int32_t)(s.len + 1), &w.len, s.at, (int32_t)s.len, 0xfffd, NULL, &status);
    assert(U_SUCCESS(status)); /* UTF-16 never has more units than UTF-8 bytes */
    return w;
}

static str from_utf16(struct arena *a, struct utf16 w)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t len = 0;
    char *to = arena_alloc(a, (ptrdiff_t)w.len * 3 + 1, 1);
    u_strToUTF8WithSub(to, w.len * 3 + 1, &len, w.at, w.len, 0xfffd, NULL, &status);
    assert(U_SUCCESS(status)); /* three bytes a unit always suffice */
    return str_of(to, len);
}

/* Texts longer than 128 MiB do not come here: they are beyond every limit of the program. */
static str normalized(struct arena *a, const UNormalizer2 *form, str s)
{
    struct utf16 from = to_utf16(a, s), to = {0};
    UErrorCode status = U_ZERO_ERROR;
    int32_t room = from.len + from.len / 2 + 32;
    to.at = NEW(a, UChar, room);
    to.len = unorm2_normalize(form, from.at, from.len, to.at, room, &status);
    if (status == U_BUFFER_OVERFLOW_ERROR) {
        status = U_ZERO_ERROR;
        room = to.len + 1;
        to.at = NEW(a, UChar, room);
        to.len = unorm2_normalize(form, from.at, from.len, to.at, room, &status);
    }
    return U_SUCCESS(status) ? from_utf16(a, to) : str_copy(a, s);
}

str utf8_fold(struct arena *a, str s)
{
    if (is_ascii(s))
        return str_lower_ascii(a, s);
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *form = unorm2_getNFKCCasefoldInstance(&status);
    return U_SUCCESS(status) ? normalized(a, form, s) : str_lower_ascii(a, s);
}

/* What has no place in a file name: controls, formats (bidi, zero-width), line ends, private use.
 */
static bool is_unfit_for_name(uint32_t c)
{
    uint32_t unfit = U_GC_C_MASK | U_GC_ZL_MASK | U_GC_ZP_MASK;
    return (U_GET_GC_MASK((UChar32)c) & unfit) != 0;
}

static str name_stripped(struct arena *a, str s)
{
    struct sb b = sb_make(a, 0);
    for (ptrdiff_t i = 0; i < s.len;) {
        uint32_t c;
        ptrdiff_t n = utf8_decode(s, i, &c);
        if (n > 0 && (c == '/' || c == '\\'))
            b.len = 0; /* only what follows the last separator is the name */
        else if (n > 0 && !is_unfit_for_name(c))
            sb_add(&b, str_of(s.at + i, n));
        i += n < 0 ? -n : n;
    }
    return sb_str(&b);
}

/* ".tar.gz" counts as one ending no more than ".gz": what programs look at is the last part. */
static str name_ending(str name)
{
    enum { ENDING_BYTES = 17 };
    for (ptrdiff_t i = name.len - 1; i > 0 && name.len - i <= ENDING_BYTES; i--)
        if (name.at[i] == '.')
            return str_skip(name, i);
    return (str){0};
}

str utf8_file_name(struct arena *a, str s)
{
    enum { NAME_GRAPHEMES = 120, NAME_BYTES = 200 };
    UErrorCode status = U_ZERO_ERROR;
    str name = name_stripped(a, utf8_prefix_bytes(s, 64 * 1024));
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
    if (U_SUCCESS(status) && !is_ascii(name))
        name = normalized(a, nfc, name);
    while (name.len > 0 && (name.at[0] == '.' || name.at[0] == ' '))
        name = str_skip(name, 1);
    while (name.len > 0 && (name.at[name.len - 1] == '.' || name.at[name.len - 1] == ' '))
        name.len--;
    if (name.len == 0)
        return S("file");
    if (name.len <= NAME_BYTES && utf8_graphemes(name) <= NAME_GRAPHEMES)
        return str_copy(a, name);
    str ending = name_ending(name);
    str stem = str_sub(name, 0, name.len - ending.len);
    stem = utf8_prefix(stem, NAME_GRAPHEMES - utf8_graphemes(ending));
    /* Cut by bytes, then back to the last whole grapheme. */
    str cut = utf8_prefix_bytes(stem, NAME_BYTES - ending.len);
    if (cut.len < stem.len) {
        ptrdiff_t n = utf8_graphemes(cut);
        str whole = utf8_prefix(stem, n);
        cut = whole.len == cut.len || n < 2 ? cut : utf8_prefix(cut, n - 1);
    }
    return str_cat(a, cut, ending);
}

static void order_close(void *what)
{
    (void)what;
    ucol_close(my_order.collator);
    my_order.collator = NULL;
}

/* The thread's collator for the locale; NULL when ICU has no memory. */
static const UCollator *collator_for(str locale)
{
    if (locale.len >= LOCALE_BYTES || (locale.len > 0 && memchr(locale.at, 0, (size_t)locale.len)))
        locale = (str){0};
    if (my_order.collator != NULL && str_eq(str_from(my_order.locale), locale))
        return my_order.collator;
    if (!my_order.will_close && !thread_at_exit(&my_order.exit, order_close, &my_order))
        return NULL;
    my_order.will_close = true;
    ucol_close(my_order.collator);
    memset(my_order.locale, 0, sizeof my_order.locale);
    if (locale.len > 0)
        memcpy(my_order.locale, locale.at, (size_t)locale.len);
    UErrorCode status = U_ZERO_ERROR;
    my_order.collator = ucol_open(my_order.locale, &status);
    if (U_FAILURE(status)) {
        ucol_close(my_order.collator);
        my_order.collator = NULL;
    }
    return my_order.collator;
}

int utf8_collate(str locale, str x, str y)
{
    /* Names are short; what goes beyond this never decides an order a person sees. */
    str x_head = utf8_prefix_bytes(x, COLLATE_BYTES), y_head = utf8_prefix_bytes(y, COLLATE_BYTES);
    UErrorCode status = U_ZERO_ERROR;
    const UCollator *collator = collator_for(locale);
    UCollationResult order = UCOL_EQUAL;
    if (collator != NULL)
        order = ucol_strcollUTF8(
            collator, x_head.at, (int32_t)x_head.len, y_head.at, (int32_t)y_head.len, &status);
    if (collator == NULL || U_FAILURE(status) || order == UCOL_EQUAL)
        return str_cmp(x, y); /* a total order, so that sorting is stable */
    return order == UCOL_LESS ? -1 : 1;
}
