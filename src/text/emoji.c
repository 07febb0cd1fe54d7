/* emoji: a walk over the parts of a sequence. Thread: pure. The browser's twin is in
 * web/shared/length_web.ts. */
#include "text/emoji.h"

#include <string.h>

#include "base/utf8.h"
#include "text/text_tables.h"

enum { VARIATION = 0xfe0f, KEYCAP = 0x20e3, JOINER = 0x200d, BLACK_FLAG = 0x1f3f4 };

static uint32_t point_at(str s, ptrdiff_t i, ptrdiff_t *len)
{
    uint32_t c = 0;
    *len = i < s.len ? utf8_decode(s, i, &c) : 0;
    if (*len < 0) {
        *len = -*len;
        c = 0;
    }
    return c;
}

static bool is_in(uint32_t c, const struct text_range *ranges, ptrdiff_t n)
{
    ptrdiff_t low = 0, high = n;
    while (low < high) {
        ptrdiff_t middle = low + (high - low) / 2;
        if (c < ranges[middle].low)
            high = middle;
        else if (c > ranges[middle].high)
            low = middle + 1;
        else
            return true;
    }
    return false;
}

static bool is_listed(str word, const str *words, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_eq(word, words[i]))
            return true;
    return false;
}

static bool is_joined(const uint32_t parts[TEXT_EMOJI_JOINED])
{
    ptrdiff_t low = 0, high = text_emoji_joined_count;
    while (low < high) {
        ptrdiff_t middle = low + (high - low) / 2;
        int order = 0;
        for (int i = 0; i < TEXT_EMOJI_JOINED && order == 0; i++) {
            uint32_t other = text_emoji_joined[middle][i];
            order = (parts[i] > other) - (parts[i] < other);
        }
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static bool is_indicator(uint32_t c)
{
    return c >= 0x1f1e6 && c <= 0x1f1ff;
}

static ptrdiff_t flag_end(str s, uint32_t first, ptrdiff_t next)
{
    ptrdiff_t len;
    uint32_t second = point_at(s, next, &len);
    if (!is_indicator(second))
        return 0;
    char letters[2] = {(char)('A' + (first - 0x1f1e6)), (char)('A' + (second - 0x1f1e6))};
    return is_listed(str_of(letters, 2), text_emoji_flags, text_emoji_flag_count) ? next + len : 0;
}

static ptrdiff_t tag_end(str s, ptrdiff_t next)
{
    char letters[8];
    ptrdiff_t n = 0, len;
    for (;; next += len) {
        uint32_t c = point_at(s, next, &len);
        if (c == 0xe007f)
            break;
        if (c < 0xe0061 || c > 0xe007a || n == (ptrdiff_t)sizeof letters)
            return 0;
        letters[n++] = (char)(c - 0xe0000);
    }
    return is_listed(str_of(letters, n), text_emoji_tags, text_emoji_tag_count) ? next + len : 0;
}

static ptrdiff_t keycap_end(str s, ptrdiff_t next)
{
    ptrdiff_t len;
    uint32_t c = point_at(s, next, &len);
    if (c == VARIATION) {
        next += len;
        c = point_at(s, next, &len);
    }
    return c == KEYCAP ? next + len : 0;
}

/* The end of a character with its U+FE0F and skin tone. */
static ptrdiff_t element_end(str s, uint32_t c, ptrdiff_t next)
{
    ptrdiff_t len;
    uint32_t after = point_at(s, next, &len);
    if (after == VARIATION && is_in(c, text_emoji_variation, text_emoji_variation_count)) {
        next += len;
        after = point_at(s, next, &len);
    }
    if (after >= 0x1f3fb && after <= 0x1f3ff && is_in(c, text_emoji_base, text_emoji_base_count))
        next += len;
    return next;
}

ptrdiff_t emoji_sequence(str s, ptrdiff_t at)
{
    ptrdiff_t len, end = 0;
    uint32_t c = point_at(s, at, &len), parts[TEXT_EMOJI_JOINED] = {c};
    if (c < 0xa9) {
        bool is_key = (c >= '0' && c <= '9') || c == '#' || c == '*';
        end = is_key ? keycap_end(s, at + len) : 0;
        return end > 0 ? end - at : 0;
    }
    if (is_indicator(c))
        end = flag_end(s, c, at + len);
    else if (c == BLACK_FLAG)
        end = tag_end(s, at + len);
    if (end > 0)
        return end - at;
    ptrdiff_t pos = element_end(s, c, at + len);
    end = pos > at + len ? pos : 0;
    for (int n = 1; n < TEXT_EMOJI_JOINED; n++) {
        if (point_at(s, pos, &len) != JOINER)
            break;
        pos += len;
        parts[n] = point_at(s, pos, &len);
        if (parts[n] == 0)
            break;
        pos = element_end(s, parts[n], pos + len);
        if (is_joined(parts))
            end = pos;
    }
    return end > 0 ? end - at : 0;
}
