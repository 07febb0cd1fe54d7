/* Unit tests of text/length (with url, emoji, grapheme): the vectors that the browser is held to as
 * well, and every emoji sequence of the installed Unicode data. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "text/emoji.h"
#include "text/grapheme.h"
#include "text/length.h"
#include "text/url.h"

#define EMOJI_FILE "/usr/share/unicode/emoji/emoji-test.txt" /* Debian's unicode-data */

static const struct json *vectors(const char *key)
{
    str text, why;
    const struct json *root;
    assert_ok(file_read(test_arena(), S(LENGTHS_FILE), 1024 * 1024, &text));
    assert_ok(json_parse(test_arena(), text, &root, &why));
    const struct json *list = json_get(root, str_from(key));
    assert_true(list && list->count > 0);
    return list->first;
}

/* True when they are the same; otherwise says where. */
static bool is_same(const char *what, str text, int64_t got, int64_t want)
{
    if (got != want)
        print_error("%s of \"%.*s\" is %lld, not %lld\n", what, SARG(text), (long long)got,
            (long long)want);
    return got == want;
}

static void hold_to(const char *key, enum length_unit unit)
{
    bool is_good = true;
    for (const struct json *v = vectors(key); v; v = v->next) {
        str text = json_text(json_get(v, S("text")), S(""));
        is_good &=
            is_same(key, text, length_of(unit, text), json_int(json_get(v, S("length")), -1));
    }
    assert_true(is_good);
}

static void every_vector_of_x_has_its_weight(void **state)
{
    (void)state;
    hold_to("x", LENGTH_X);
}

static void every_vector_of_mastodon_has_its_length(void **state)
{
    (void)state;
    hold_to("mastodon", LENGTH_MASTODON);
}

static void every_text_has_its_graphemes_points_units_and_bytes(void **state)
{
    (void)state;
    bool is_good = true;
    for (const struct json *v = vectors("texts"); v; v = v->next) {
        str text = json_text(json_get(v, S("text")), S(""));
        static const struct {
            const char *key;
            enum length_unit unit;
        } units[] = {
            {"graphemes",   LENGTH_GRAPHEMES  },
            {"code_points", LENGTH_CODE_POINTS},
            {"utf16",       LENGTH_UTF16      },
            {"bytes",       LENGTH_BYTES      },
        };
        for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
            is_good &= is_same(units[i].key, text, length_of(units[i].unit, text),
                json_int(json_get(v, str_from(units[i].key)), -1));
    }
    assert_true(is_good);
}

static void every_sms_has_its_alphabet_units_and_segments(void **state)
{
    (void)state;
    bool is_good = true;
    for (const struct json *v = vectors("sms"); v; v = v->next) {
        str text = json_text(json_get(v, S("text")), S(""));
        struct sms_length l = sms_length(text);
        str encoding = l.encoding == SMS_GSM7 ? S("GSM-7") : S("UCS-2");
        is_good &= str_eq(encoding, json_text(json_get(v, S("encoding")), S("")));
        is_good &= is_same("units", text, l.units, json_int(json_get(v, S("units")), -1));
        is_good &= is_same("segments", text, l.segments, json_int(json_get(v, S("segments")), -1));
        is_good &= length_of(LENGTH_SMS, text) == l.segments;
    }
    assert_true(is_good);
}

/* "1F468 200D 1F469 ; fully-qualified # …" → the text; empty for other lines. */
static str emoji_of_line(str line, bool *is_component)
{
    str points, rest, word;
    if (!str_cut(line, ';', &points, &rest) || points.len == 0 || points.at[0] == '#')
        return S("");
    *is_component = str_starts(str_trim(rest), S("component"));
    struct sb b = sb_make(test_arena(), 256);
    points = str_trim(points);
    for (bool is_more = true; is_more && points.len > 0;) {
        is_more = str_cut(points, ' ', &word, &points);
        uint32_t c = 0;
        for (ptrdiff_t i = 0; i < word.len; i++)
            c = c * 16 + (uint32_t)(word.at[i] <= '9' ? word.at[i] - '0' : word.at[i] - 'A' + 10);
        char utf8[4];
        int n = 0;
        if (c < 0x80) {
            utf8[n++] = (char)c;
        } else if (c < 0x800) {
            utf8[n++] = (char)(0xc0 | c >> 6);
            utf8[n++] = (char)(0x80 | (c & 63));
        } else if (c < 0x10000) {
            utf8[n++] = (char)(0xe0 | c >> 12);
            utf8[n++] = (char)(0x80 | (c >> 6 & 63));
            utf8[n++] = (char)(0x80 | (c & 63));
        } else {
            utf8[n++] = (char)(0xf0 | c >> 18);
            utf8[n++] = (char)(0x80 | (c >> 12 & 63));
            utf8[n++] = (char)(0x80 | (c >> 6 & 63));
            utf8[n++] = (char)(0x80 | (c & 63));
        }
        sb_add(&b, str_of(utf8, n));
    }
    return sb_str(&b);
}

static void every_emoji_sequence_of_unicode_weighs_two_on_x_and_is_one_grapheme(void **state)
{
    (void)state;
    str text, line;
    if (file_read(test_arena(), S(EMOJI_FILE), 8 * 1024 * 1024, &text) != OK)
        skip();
    ptrdiff_t seen = 0, bad = 0;
    for (bool is_more = true; is_more;) {
        is_more = str_cut(text, '\n', &line, &text);
        bool is_component = false;
        str emoji = emoji_of_line(line, &is_component);
        if (emoji.len == 0 || is_component)
            continue;
        seen++;
        /* © and ® without U+FE0F are signs like any other. */
        bool is_sign = str_eq(emoji, S("©")) || str_eq(emoji, S("®"));
        bool is_many = utf8_code_points(emoji) > 1;
        str between = str_print(test_arena(), "a%.*sb", SARG(emoji));
        if (length_of(LENGTH_X, between) != (is_sign ? 3 : 4) || grapheme_count(emoji) != 1 ||
            (is_many && emoji_sequence(emoji, 0) != emoji.len)) {
            print_error("%.*s: %lld\n", SARG(emoji), (long long)length_of(LENGTH_X, between));
            bad++;
        }
    }
    assert_true(seen > 4000);
    assert_int_equal(bad, 0);
}

static void a_bare_domain_counts_under_every_top_level_domain(void **state)
{
    (void)state;
    assert_int_equal(
        length_of(LENGTH_X, S("see x.de, x.museum; x.みんな x.рф x.XN--P1AI")), 5 * 23 + 10);
    assert_int_equal(length_of(LENGTH_X, S("x.vermögensberatung")), 23);
    assert_int_equal(url_tld(S("com日本")), 3);
    assert_int_equal(url_tld(S("com1")), 0);
    assert_int_equal(url_tld(S("comx")), 0);
}

static void ranges_of_addresses_are_exact(void **state)
{
    (void)state;
    str text = S("a http://t.co/ab-c 見てexample.comで x.org/y, (z.net/(q))");
    static const char *want[] = {"http://t.co/ab", "example.com", "x.org/y", "z.net/(q)"};
    struct url_scan scan = url_scan_make(text, true);
    struct url_range r;
    for (size_t i = 0; i < 4; i++) {
        assert_true(url_scan_next(&scan, &r));
        assert_str(str_sub(text, r.start, r.end - r.start), want[i]);
        assert_int_equal(r.has_scheme, i == 0);
    }
    assert_false(url_scan_next(&scan, &r));
    assert_false(url_scan_next(&scan, &r));
}

static void bytes_that_are_no_text_are_counted_without_harm(void **state)
{
    (void)state;
    static const char bad[] =
        "\xff.com http://\xe0\xa4.com \xf0\x9f\x91 \xed\xa0\x80 a.com\xff@x@y\xff";
    for (int unit = 0; unit < LENGTH_UNITS; unit++)
        for (ptrdiff_t n = 0; n < (ptrdiff_t)sizeof bad; n++)
            assert_true(length_of((enum length_unit)unit, str_of(bad, n)) >= (n > 0));
}

static void fill(char *at, ptrdiff_t n, str piece)
{
    for (ptrdiff_t i = 0; i < n; i++)
        at[i] = piece.at[i % piece.len];
}

static void count_pieces(void *arg, ptrdiff_t n)
{
    static char text[64 * 4096];
    fill(text, n, *(const str *)arg);
    for (int unit = 0; unit < LENGTH_UNITS; unit++)
        (void)length_of((enum length_unit)unit, str_of(text, n)); /* only the time is looked at */
}

static void no_text_makes_counting_slower_than_its_length(void **state)
{
    (void)state;
    static const str pieces[] = {S_INIT("a."), S_INIT("日"), S_INIT("日."), S_INIT("日_"),
        S_INIT("http://"), S_INIT("x.com/("), S_INIT("@a@b"), S_INIT("日_a.com"),
        S_INIT("\U0001f468\u200d"), S_INIT("\u0995\u09cd")};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        str piece = pieces[i];
        test_slope(count_pieces, &piece, 4096 / 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_vector_of_x_has_its_weight),
        TEST(every_vector_of_mastodon_has_its_length),
        TEST(every_text_has_its_graphemes_points_units_and_bytes),
        TEST(every_sms_has_its_alphabet_units_and_segments),
        TEST(every_emoji_sequence_of_unicode_weighs_two_on_x_and_is_one_grapheme),
        TEST(a_bare_domain_counts_under_every_top_level_domain),
        TEST(ranges_of_addresses_are_exact),
        TEST(bytes_that_are_no_text_are_counted_without_harm),
        TEST(no_text_makes_counting_slower_than_its_length),
    };
    return cmocka_run_group_tests_name("text_length", tests, NULL, NULL);
}
