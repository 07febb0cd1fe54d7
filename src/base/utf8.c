/* UTF-8 by bytes: validation, counting, repair. Not: anything that needs Unicode's tables
 * (utf8_icu.c). Thread: pure.
 * Rules: RFC 3629; Unicode 15 table 3-7 (well-formed sequences) and its advice to replace each
 * maximal part of a bad sequence by one U+FFFD. */
#include "base/utf8.h"

#include <string.h>

ptrdiff_t utf8_decode(str s, ptrdiff_t at, uint32_t *code_point)
{
    const unsigned char *c = (const unsigned char *)s.at + at;
    ptrdiff_t left = s.len - at;
    if (c[0] < 0x80) {
        *code_point = c[0];
        return 1;
    }
    ptrdiff_t len = c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2;
    if (c[0] < 0xc2 || c[0] > 0xf4)
        return -1;
    /* The second byte's range keeps out overlongs, surrogates and what lies beyond U+10FFFF. */
    unsigned least = c[0] == 0xe0 ? 0xa0 : c[0] == 0xf0 ? 0x90 : 0x80;
    unsigned most = c[0] == 0xed ? 0x9f : c[0] == 0xf4 ? 0x8f : 0xbf;
    if (left < 2 || c[1] < least || c[1] > most)
        return -1;
    uint32_t v = (c[0] & (0xffu >> (len + 1))) << 6 | (c[1] & 0x3f);
    for (ptrdiff_t i = 2; i < len; i++) {
        if (i >= left || (c[i] & 0xc0) != 0x80)
            return -i;
        v = v << 6 | (c[i] & 0x3f);
    }
    *code_point = v;
    return len;
}

/* Length of the run of ASCII without NUL at the start, counted in whole words of 8. */
static ptrdiff_t ascii_words(const char *at, ptrdiff_t len)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    ptrdiff_t i = 0;
    for (uint64_t w; i + 8 <= len; i += 8) {
        memcpy(&w, at + i, 8);
        if ((((w - ones) | w) & tops) != 0) /* a byte is 0 or ≥ 0x80 */
            break;
    }
    return i;
}

ptrdiff_t utf8_valid_len(str s)
{
    ptrdiff_t i = 0;
    while (i < s.len) {
        i += ascii_words(s.at + i, s.len - i);
        for (ptrdiff_t end = i + 8; i < s.len && i < end;) {
            uint32_t c;
            ptrdiff_t n = utf8_decode(s, i, &c);
            if (n < 0 || c == 0)
                return i;
            i += n;
        }
    }
    return s.len;
}

bool utf8_valid(str s)
{
    return utf8_valid_len(s) == s.len;
}

str utf8_repair(struct arena *a, str s)
{
    ptrdiff_t good = utf8_valid_len(s);
    if (good == s.len)
        return s;
    /* Every bad byte may become three; a maximum from outside, so a sticky builder would cut. */
    char *to = arena_alloc(a, good + (s.len - good) * 3 + 1, 1);
    ptrdiff_t len = 0, i = 0;
    while (i < s.len) {
        ptrdiff_t run = utf8_valid_len(str_skip(s, i));
        if (run > 0)
            memcpy(to + len, s.at + i, (size_t)run);
        len += run;
        i += run;
        if (i < s.len) {
            uint32_t c;
            ptrdiff_t n = utf8_decode(s, i, &c);
            memcpy(to + len, "\xef\xbf\xbd", 3);
            len += 3;
            i += n < 0 ? -n : n;
        }
    }
    return str_of(to, len);
}

ptrdiff_t utf8_code_points(str s)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.at[i] & 0xc0) != 0x80;
    return n;
}

ptrdiff_t utf8_utf16_units(str s)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        n += ((c & 0xc0) != 0x80) + (c >= 0xf0);
    }
    return n;
}

str utf8_prefix_bytes(str s, ptrdiff_t max_bytes)
{
    if (max_bytes >= s.len)
        return s;
    ptrdiff_t n = max_bytes > 0 ? max_bytes : 0;
    /* A code point has at most three bytes after its first: foreign bytes cannot make this long. */
    for (int back = 0; n > 0 && back < 3 && ((unsigned char)s.at[n] & 0xc0) == 0x80; back++)
        n--;
    return str_of(s.at, n);
}

static bool is_bidi_override(uint32_t c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Length of the run of printable ASCII at the start, counted in whole words of 8. */
static ptrdiff_t printable_words(const char *at, ptrdiff_t len)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    ptrdiff_t i = 0;
    for (uint64_t w; i + 8 <= len; i += 8) {
        memcpy(&w, at + i, 8);
        if ((((w - ones * 0x20) | (w + ones) | w) & tops) != 0) /* a byte is < 0x20 or ≥ 0x7f */
            break;
    }
    return i;
}

bool utf8_has_control(str s)
{
    for (ptrdiff_t i = 0; i < s.len;) {
        i += printable_words(s.at + i, s.len - i);
        for (ptrdiff_t end = i + 8; i < s.len && i < end;) {
            uint32_t c;
            ptrdiff_t n = utf8_decode(s, i, &c);
            if (n < 0)
                return true;
            bool is_control = c < 0x20 || (c >= 0x7f && c < 0xa0);
            if ((is_control && c != '\t' && c != '\n' && c != '\r') || is_bidi_override(c))
                return true;
            i += n;
        }
    }
    return false;
}
