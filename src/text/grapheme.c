/* grapheme: ICU's boundaries, less those inside an Indic conjunct. Thread: any; each walk has an
 * iterator of its own. The browser's twin is in web/shared/length.ts. */
#include "text/grapheme.h"

#include <unicode/ubrk.h>
#include <unicode/utext.h>

#include "base/utf8.h"

/* Indic_Conjunct_Break=Consonant of Unicode 15.1 (DerivedCoreProperties.txt). */
static const struct {
    uint16_t low, high;
} consonants[] = {
    {0x0915, 0x0939},
    {0x0958, 0x095f},
    {0x0978, 0x097f},
    {0x0995, 0x09a8},
    {0x09aa, 0x09b0},
    {0x09b2, 0x09b2},
    {0x09b6, 0x09b9},
    {0x09dc, 0x09dd},
    {0x09df, 0x09df},
    {0x09f0, 0x09f1},
    {0x0a95, 0x0aa8},
    {0x0aaa, 0x0ab0},
    {0x0ab2, 0x0ab3},
    {0x0ab5, 0x0ab9},
    {0x0af9, 0x0af9},
    {0x0b15, 0x0b28},
    {0x0b2a, 0x0b30},
    {0x0b32, 0x0b33},
    {0x0b35, 0x0b39},
    {0x0b5c, 0x0b5d},
    {0x0b5f, 0x0b5f},
    {0x0b71, 0x0b71},
    {0x0c15, 0x0c28},
    {0x0c2a, 0x0c39},
    {0x0c58, 0x0c5a},
    {0x0d15, 0x0d3a},
};

static bool is_consonant(uint32_t c)
{
    if (c < 0x0915 || c > 0x0d3a)
        return false;
    for (size_t i = 0; i < sizeof consonants / sizeof consonants[0]; i++)
        if (c >= consonants[i].low && c <= consonants[i].high)
            return true;
    return false;
}

static bool is_linker(uint32_t c)
{
    return c == 0x094d || c == 0x09cd || c == 0x0acd || c == 0x0b4d || c == 0x0c4d || c == 0x0d4d;
}

/* What may stand between consonant and linker: ZWJ, nuktas, stress marks. */
static bool is_between(uint32_t c)
{
    return c == 0x200d || (c >= 0x300 && c <= 0x36f) || (c >= 0x951 && c <= 0x954) || c == 0x93c ||
           c == 0x9bc || c == 0xabc || c == 0xb3c || c == 0xc3c;
}

/* The text before `at` ends with consonant, linker (any marks beside it), and a consonant follows.
 * A run of marks is walked back once per boundary; ICU has no boundary inside it. */
static bool is_inside_conjunct(str s, ptrdiff_t from, ptrdiff_t at)
{
    uint32_t c;
    if ((unsigned char)s.at[at] != 0xe0 || utf8_decode(s, at, &c) < 0 || !is_consonant(c))
        return false;
    bool has_linker = false;
    for (ptrdiff_t i = at; i > from;) {
        do
            i--;
        while (i > from && ((unsigned char)s.at[i] & 0xc0) == 0x80);
        if (utf8_decode(s, i, &c) < 0)
            return false;
        if (is_linker(c))
            has_linker = true;
        else if (!is_between(c))
            return has_linker && is_consonant(c);
    }
    return false;
}

struct grapheme_walk grapheme_walk_open(str text)
{
    UErrorCode status = U_ZERO_ERROR;
    UText ut = UTEXT_INITIALIZER;
    struct grapheme_walk w = {.text = text};
    UBreakIterator *breaks = ubrk_open(UBRK_CHARACTER, "", NULL, 0, &status);
    utext_openUTF8(&ut, text.at, text.len, &status);
    if (U_SUCCESS(status))
        ubrk_setUText(breaks, &ut, &status); /* keeps a shallow copy */
    (void)utext_close(&ut);                  /* the text is on the stack: nothing to fail */
    if (U_SUCCESS(status))
        w.breaks = breaks;
    else
        ubrk_close(breaks);
    return w;
}

static ptrdiff_t next_boundary(struct grapheme_walk *w)
{
    uint32_t c;
    ptrdiff_t at = w->at;
    if (w->breaks != NULL) {
        int32_t next = ubrk_next(w->breaks);
        return next == UBRK_DONE || next > w->text.len ? w->text.len : next;
    }
    ptrdiff_t len = utf8_decode(w->text, at, &c);
    return at + (len < 0 ? -len : len);
}

ptrdiff_t grapheme_next(struct grapheme_walk *w)
{
    if (w->at >= w->text.len)
        return w->text.len;
    ptrdiff_t start = w->at;
    do {
        ptrdiff_t next = next_boundary(w);
        w->at = next > w->at ? next : w->text.len;
    } while (w->at < w->text.len && is_inside_conjunct(w->text, start, w->at));
    return w->at;
}

void grapheme_walk_close(struct grapheme_walk *w)
{
    if (w->breaks != NULL)
        ubrk_close(w->breaks);
    w->breaks = NULL;
}

int64_t grapheme_count(str text)
{
    int64_t n = 0;
    bool is_plain = true; /* ASCII without CR, of which CR LF is one */
    for (ptrdiff_t i = 0; i < text.len && is_plain; i++)
        is_plain = (unsigned char)text.at[i] < 0x80 && text.at[i] != '\r';
    if (is_plain)
        return text.len;
    struct grapheme_walk w = grapheme_walk_open(text);
    for (; w.at < text.len; n++)
        (void)grapheme_next(&w); /* the walk keeps the place */
    grapheme_walk_close(&w);
    return n;
}
