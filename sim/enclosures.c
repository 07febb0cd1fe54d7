/* See enclosures.h. PNG as its specification says it (W3C, second edition), with stored blocks in
 * place of compression (RFC 1950, 1951); PDF 1.4 (ISO 32000-1, 7.5). */
#include "enclosures.h"

#include <assert.h>

enum { WIDTH = 240, HEIGHT = 160, COLORS = 4, LINES_MAX = 20, OBJECTS = 5 };
enum { TABLE, POT, SHADE, CRACK };

static const unsigned char palette[COLORS][3] = {
    {0xee, 0xe7, 0xdb},
    {0x1f, 0x7a, 0x6d},
    {0x15, 0x5a, 0x51},
    {0xf7, 0xf4, 0xee},
};

/* ── picture ── */

static bool is_in(int x, int y, int cx, int cy, int rx, int ry)
{
    int dx = (x - cx) * ry, dy = (y - cy) * rx;
    return dx * dx + dy * dy <= rx * rx * ry * ry;
}

static int color_at(int x, int y)
{
    bool is_body = is_in(x, y, 118, 98, 56, 42);
    bool is_lid = is_in(x, y, 118, 58, 30, 9) || is_in(x, y, 118, 46, 6, 6);
    bool is_handle = is_in(x, y, 62, 96, 28, 28) && !is_in(x, y, 62, 96, 19, 19);
    bool is_spout = x > 160 && x < 212 && y > 118 - (x - 160) && y < 134 - (x - 160);
    int bend = (y / 9 % 2 ? y % 9 : 9 - y % 9) + 126; /* a line to and fro */
    if (is_body && y > 60 && y < 132 && (x == bend || x == bend + 1))
        return CRACK;
    if (is_body)
        return is_in(x, y, 108, 90, 52, 40) ? POT : SHADE;
    return is_lid || is_spout ? POT : is_handle || is_in(x, y, 118, 140, 70, 7) ? SHADE : TABLE;
}

static void put_u32(struct sb *b, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        sb_byte(b, (char)(v >> shift & 0xff));
}

static uint32_t crc32_of(str s)
{
    uint32_t crc = UINT32_MAX;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        crc ^= (unsigned char)s.at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
    }
    return ~crc;
}

static uint32_t adler32_of(str s)
{
    uint32_t low = 1, high = 0;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        low = (low + (unsigned char)s.at[i]) % 65521;
        high = (high + low) % 65521;
    }
    return high << 16 | low;
}

static void put_chunk(struct arena *a, struct sb *b, str type, str data)
{
    str both = str_cat(a, type, data);
    put_u32(b, (uint32_t)data.len);
    sb_add(b, both);
    put_u32(b, crc32_of(both));
}

/* One stored block: the whole picture is shorter than 65,535 bytes. */
static str stored(struct arena *a, str s)
{
    static_assert((WIDTH + 1) * HEIGHT < 65536);
    struct sb b = sb_make(a, 0);
    uint32_t n = (uint32_t)s.len;
    sb_add(&b, S("\x78\x01\x01"));
    sb_byte(&b, (char)(n & 0xff));
    sb_byte(&b, (char)(n >> 8));
    sb_byte(&b, (char)(~n & 0xff));
    sb_byte(&b, (char)(~n >> 8 & 0xff));
    sb_add(&b, s);
    put_u32(&b, adler32_of(s));
    return sb_str(&b);
}

str enclosure_teapot(struct arena *a)
{
    struct sb head = sb_make(a, 0), rows = sb_make(a, 0), b = sb_make(a, 0);
    put_u32(&head, WIDTH);
    put_u32(&head, HEIGHT);
    sb_add(&head, str_of("\x08\x03\0\0\0", 5)); /* a byte a pixel, by the palette */
    for (int y = 0; y < HEIGHT; y++) {
        sb_byte(&rows, 0); /* no filter */
        for (int x = 0; x < WIDTH; x++)
            sb_byte(&rows, (char)color_at(x, y));
    }
    sb_add(&b, S("\x89PNG\r\n\x1a\n"));
    put_chunk(a, &b, S("IHDR"), sb_str(&head));
    put_chunk(a, &b, S("PLTE"), str_of(palette, sizeof palette));
    put_chunk(a, &b, S("IDAT"), stored(a, sb_str(&rows)));
    put_chunk(a, &b, S("IEND"), S(""));
    return sb_str(&b);
}

/* ── paper ── */

static void put_text(struct sb *b, str line)
{
    for (ptrdiff_t i = 0; i < line.len; i++) {
        if (str_find_byte(S("()\\"), line.at[i]) >= 0)
            sb_byte(b, '\\');
        sb_byte(b, line.at[i]);
    }
}

str enclosure_paper(struct arena *a, const str *lines, int n)
{
    struct sb page = sb_make(a, 0), b = sb_make(a, 0);
    ptrdiff_t at[OBJECTS];
    sb_add(&page, S("BT /F1 14 Tf 60 780 Td 22 TL\n"));
    for (int i = 0; i < n && i < LINES_MAX; i++) {
        sb_byte(&page, '(');
        put_text(&page, lines[i]);
        sb_add(&page, S(") Tj T*\n"));
    }
    sb_add(&page, S("ET"));
    const str objects[OBJECTS] = {
        S("<< /Type /Catalog /Pages 2 0 R >>"),
        S("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
        S("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources "
          "<< /Font << /F1 5 0 R >> >> >>"),
        str_print(a, "<< /Length %td >>\nstream\n%.*s\nendstream", page.len, SARG(sb_str(&page))),
        S("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"),
    };
    sb_add(&b, S("%PDF-1.4\n"));
    for (int i = 0; i < OBJECTS; i++) {
        at[i] = b.len;
        sb_print(&b, "%d 0 obj\n%.*s\nendobj\n", i + 1, SARG(objects[i]));
    }
    ptrdiff_t table = b.len;
    sb_print(&b, "xref\n0 %d\n0000000000 65535 f \n", OBJECTS + 1);
    for (int i = 0; i < OBJECTS; i++)
        sb_print(&b, "%010td 00000 n \n", at[i]);
    sb_print(
        &b, "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%td\n%%%%EOF\n", OBJECTS + 1, table);
    return sb_str(&b);
}
