/* tnef_rtf: compressed RTF (MS-OXRTFCP): runs of literal bytes and references into a ring of 4,096
 * bytes that begins with words every RTF has. Declared in tnef.h. Thread: pure. */
#include "text/tnef.h"

#include <string.h>

enum {
    HEADER_BYTES = 16,
    RING_BYTES = 4096,
    LZFU = 0x75465a4c,
    MELA = 0x414c454d, /* stored as it is */
};

static const char first_words[] =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    "\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    "\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

static uint32_t u32(str s, ptrdiff_t at)
{
    uint32_t v = 0;
    for (int i = 3; i >= 0; i--)
        v = v << 8 | (unsigned char)s.at[at + i];
    return v;
}

struct ring {
    char at[RING_BYTES];
    size_t end;
    struct sb out;
};

static void put(struct ring *ring, char c)
{
    ring->at[ring->end] = c;
    ring->end = (ring->end + 1) % RING_BYTES;
    sb_byte(&ring->out, c);
}

/* False at the end mark: a reference to the place that is written next. */
static bool copy(struct ring *ring, unsigned high, unsigned low)
{
    size_t from = high << 4 | low >> 4, n = (low & 15) + 2;
    if (from == ring->end)
        return false;
    for (size_t i = 0; i < n; i++)
        put(ring, ring->at[(from + i) % RING_BYTES]);
    return true;
}

static void unpack(struct ring *ring, str s)
{
    for (ptrdiff_t i = 0; i < s.len && !ring->out.failed;) {
        unsigned control = (unsigned char)s.at[i++];
        for (int bit = 0; bit < 8 && i < s.len; bit++) {
            if (!(control >> bit & 1)) {
                put(ring, s.at[i++]);
                continue;
            }
            if (i + 2 > s.len || !copy(ring, (unsigned char)s.at[i], (unsigned char)s.at[i + 1]))
                return;
            i += 2;
        }
    }
}

str tnef_rtf(struct arena *a, str compressed, ptrdiff_t max)
{
    if (compressed.len < HEADER_BYTES)
        return (str){0};
    uint32_t kind = u32(compressed, 8);
    ptrdiff_t raw = (ptrdiff_t)u32(compressed, 4);
    str s = str_skip(compressed, HEADER_BYTES);
    if (kind == MELA)
        return str_sub(str_sub(s, 0, raw), 0, max);
    if (kind != LZFU)
        return (str){0};
    struct ring *ring = NEW(a, struct ring, 1);
    ring->end = sizeof first_words - 1;
    memcpy(ring->at, first_words, ring->end);
    ring->out = sb_make(a, raw < max ? raw : max);
    unpack(ring, s);
    return sb_str(&ring->out);
}
