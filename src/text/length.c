/* length: one small counter a unit. Thread: any. */
#include "text/length.h"

#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/utf8.h"
#include "text/emoji.h"
#include "text/grapheme.h"
#include "text/url.h"

enum {
    LENGTH_ADDRESS = 23,       /* X: transformedURLLength; Mastodon: characters_reserved_per_url */
    LENGTH_FIRST_MARK = 0x300, /* below it nothing composes */
    SMS_GSM7_SINGLE = 160,     /* septets: 140 bytes */
    SMS_GSM7_JOINED = 153,     /* less the 6 bytes of the header that joins segments */
    SMS_UCS2_SINGLE = 70,
    SMS_UCS2_JOINED = 67,
};

static uint32_t point_at(str s, ptrdiff_t i, ptrdiff_t *len)
{
    uint32_t c = 0xfffd;
    *len = utf8_decode(s, i, &c);
    if (*len < 0) {
        *len = -*len;
        c = 0xfffd;
    }
    return c;
}

/* The text in NFC; the text itself when it is, or when there is no memory (it then counts as more).
 */
static str composed(struct arena *a, str s)
{
    bool may_change = false;
    ptrdiff_t len;
    for (ptrdiff_t i = 0; i < s.len && !may_change; i += len)
        may_change = point_at(s, i, &len) >= LENGTH_FIRST_MARK;
    if (!may_change || s.len > INT32_MAX / 8)
        return s;
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
    int32_t n = 0, room = (int32_t)s.len + 1, out = 0;
    UChar *units = arena_try(a, (ptrdiff_t)sizeof(UChar) * room, alignof(UChar));
    if (units == NULL || U_FAILURE(status))
        return s;
    u_strFromUTF8WithSub(units, room, &n, s.at, (int32_t)s.len, 0xfffd, NULL, &status);
    if (U_FAILURE(status) || unorm2_spanQuickCheckYes(nfc, units, n, &status) == n)
        return s;
    int32_t most = n * 3 + 1; /* NFC grows at most threefold in UTF-16 (UAX #15) */
    UChar *to = arena_try(a, (ptrdiff_t)sizeof(UChar) * most, alignof(UChar));
    char *utf8 = arena_try(a, (ptrdiff_t)most * 3, 1);
    if (to == NULL || utf8 == NULL)
        return s;
    n = unorm2_normalize(nfc, units, n, to, most, &status);
    u_strToUTF8WithSub(utf8, most * 3, &out, to, n, 0xfffd, NULL, &status);
    return U_SUCCESS(status) ? str_of(utf8, out) : s;
}

/* Weight of one code point: twitter-text's configuration v3, ranges of weight 100 of 200. */
static int64_t x_weight(uint32_t c)
{
    bool is_light = c <= 4351 || (c >= 8192 && c <= 8205) || (c >= 8208 && c <= 8223) ||
                    (c >= 8242 && c <= 8247);
    return is_light ? 1 : 2;
}

static int64_t x_weights(str s)
{
    int64_t n = 0;
    ptrdiff_t i = 0, len;
    while (i < s.len) {
        ptrdiff_t emoji = emoji_sequence(s, i);
        if (emoji > 0) {
            n += 2;
            i += emoji;
        } else {
            n += x_weight(point_at(s, i, &len));
            i += len;
        }
    }
    return n;
}

/* ASCII without a dot has neither addresses nor emoji: every byte is one. */
static bool is_plain(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] >= 0x80 || s.at[i] == '.')
            return false;
    return true;
}

static int64_t x_length(str text)
{
    if (is_plain(text))
        return text.len;
    struct arena a = arena_make(0);
    str s = composed(&a, text);
    struct url_scan scan = url_scan_make(s, true);
    struct url_range url;
    int64_t n = 0;
    ptrdiff_t at = 0;
    while (url_scan_next(&scan, &url)) {
        n += x_weights(str_sub(s, at, url.start - at)) + LENGTH_ADDRESS;
        at = url.end;
    }
    n += x_weights(str_skip(s, at));
    arena_free(&a);
    return n;
}

static bool is_name_letter(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_host_letter(unsigned char c)
{
    return is_name_letter(c) || c == '.' || c == '-' || c >= 0x80;
}

/* The host of a mention "@user@host" whose first @ stands at `at`: [*host, end) with its @; 0 for
 * none. User: letters, digits, _ and inside also . and -. */
static ptrdiff_t remote_host(str s, ptrdiff_t at, ptrdiff_t *host)
{
    ptrdiff_t i = at + 1;
    while (i < s.len && (is_name_letter((unsigned char)s.at[i]) ||
                            (i > at + 1 && (s.at[i] == '.' || s.at[i] == '-'))))
        i++;
    if (i == at + 1 || i >= s.len || s.at[i] != '@' || !is_name_letter((unsigned char)s.at[i - 1]))
        return 0;
    *host = i;
    ptrdiff_t end = i + 1;
    while (end < s.len && is_host_letter((unsigned char)s.at[end]))
        end++;
    while (end > i + 1 && (s.at[end - 1] == '.' || s.at[end - 1] == '-'))
        end--;
    bool begins_well = end > i + 1 && s.at[i + 1] != '.' && s.at[i + 1] != '-';
    return begins_well ? end : 0;
}

/* Graphemes of a stretch without addresses; hosts of mentions do not count. */
static int64_t mastodon_stretch(str s)
{
    int64_t n = 0;
    ptrdiff_t from = 0;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        ptrdiff_t host;
        if (s.at[i] != '@')
            continue;
        unsigned char before = i > 0 ? (unsigned char)s.at[i - 1] : ' ';
        if (is_name_letter(before) || before == '/' || before == '=' || before == '@')
            continue;
        ptrdiff_t end = remote_host(s, i, &host);
        if (end > 0) {
            n += grapheme_count(str_sub(s, from, host - from));
            from = end;
            i = end - 1;
        }
    }
    return n + grapheme_count(str_skip(s, from));
}

static int64_t mastodon_length(str s)
{
    struct url_scan scan = url_scan_make(s, false);
    struct url_range url;
    int64_t n = 0;
    ptrdiff_t at = 0;
    while (url_scan_next(&scan, &url)) {
        n += mastodon_stretch(str_sub(s, at, url.start - at)) + LENGTH_ADDRESS;
        at = url.end;
    }
    return n + mastodon_stretch(str_skip(s, at));
}

/* Septets of a code point in the GSM alphabet, 0 when it is not in it. 3GPP TS 23.038, 6.2.1. */
static int gsm7_septets(uint32_t c)
{
    static const uint16_t others[] = {0xa1, 0xa3, 0xa4, 0xa5, 0xa7, 0xbf, 0xc4, 0xc5, 0xc6, 0xc7,
        0xc9, 0xd1, 0xd6, 0xd8, 0xdc, 0xdf, 0xe0, 0xe4, 0xe5, 0xe6, 0xe8, 0xe9, 0xec, 0xf1, 0xf2,
        0xf6, 0xf8, 0xf9, 0xfc, 0x393, 0x394, 0x398, 0x39b, 0x39e, 0x3a0, 0x3a3, 0x3a6, 0x3a8,
        0x3a9};
    if (c == '\f' || c == '^' || c == '{' || c == '}' || c == '\\' || c == '[' || c == '~' ||
        c == ']' || c == '|' || c == 0x20ac)
        return 2;
    if (c < 0x80)
        return c == '\n' || c == '\r' || (c >= ' ' && c != '`' && c != 0x7f);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i] == c)
            return 1;
    return 0;
}

/* Segments of `most` units when none of them may hold a part of a letter. */
static int64_t sms_segments(str s, bool is_gsm7, int64_t most)
{
    int64_t segments = 1, used = 0;
    for (ptrdiff_t i = 0, len; i < s.len; i += len) {
        uint32_t c = point_at(s, i, &len);
        int64_t units = is_gsm7 ? gsm7_septets(c) : c > 0xffff ? 2 : 1;
        if (used + units > most) {
            segments++;
            used = 0;
        }
        used += units;
    }
    return segments;
}

struct sms_length sms_length(str text)
{
    int64_t septets = 0, units = 0;
    bool is_gsm7 = true;
    for (ptrdiff_t i = 0, len; i < text.len; i += len) {
        uint32_t c = point_at(text, i, &len);
        int n = gsm7_septets(c);
        is_gsm7 = is_gsm7 && n > 0;
        septets += n;
        units += c > 0xffff ? 2 : 1;
    }
    struct sms_length l = {.encoding = is_gsm7 ? SMS_GSM7 : SMS_UCS2};
    l.units = is_gsm7 ? septets : units;
    if (text.len > 0 && l.units <= (is_gsm7 ? SMS_GSM7_SINGLE : SMS_UCS2_SINGLE))
        l.segments = 1;
    else if (text.len > 0)
        l.segments = sms_segments(text, is_gsm7, is_gsm7 ? SMS_GSM7_JOINED : SMS_UCS2_JOINED);
    return l;
}

int64_t length_of(enum length_unit unit, str text)
{
    switch (unit) {
    case LENGTH_CODE_POINTS:
        return utf8_code_points(text);
    case LENGTH_GRAPHEMES:
        return grapheme_count(text);
    case LENGTH_UTF16:
        return utf8_utf16_units(text);
    case LENGTH_BYTES:
        return text.len;
    case LENGTH_X:
        return x_length(text);
    case LENGTH_MASTODON:
        return mastodon_length(text);
    case LENGTH_SMS:
        return sms_length(text).segments;
    }
    return text.len;
}
