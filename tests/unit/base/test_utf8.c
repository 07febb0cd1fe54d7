/* utf8.c and utf8_icu.c: well-formedness, repair, counting, cutting, names, folding. */
#include "test.h"

#include <string.h>

#include "base/utf8.h"

/* A slice of a literal that may hold NUL. */
#define BYTES(literal) str_of((literal), (ptrdiff_t)sizeof(literal) - 1)

static void only_well_formed_text_is_valid(void **state)
{
    (void)state;
    const char *good[] = {"", "plain ascii text of more than eight bytes", "é", "আমার", "漢字", "😀",
        "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\x7f"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(utf8_valid(str_from(good[i])));
    const char *bad[] = {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\xaf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "abcdefg\xc3",
        "abcdefgh\x80", "\xc3(", "\xe2(\xa1", "12345678\xed\xa0\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(utf8_valid(str_from(bad[i])));
}

static void nul_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    char text[24];
    for (int at = 0; at < 24; at++) {
        memset(text, 'a', sizeof text);
        assert_true(utf8_valid(str_of(text, 24)));
        text[at] = '\0';
        assert_int_equal(utf8_valid_len(str_of(text, 24)), at);
    }
}

/* Against a definition by code points: encode every one, decode it, and try every 2-byte start. */
static void every_code_point_decodes_to_itself(void **state)
{
    (void)state;
    for (uint32_t c = 1; c < 0x110000; c++) {
        unsigned char b[4];
        int n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
        for (int i = n - 1; i > 0; i--)
            b[i] = (unsigned char)(0x80 | (c >> (6 * (n - 1 - i)) & 0x3f));
        b[0] = (unsigned char)(lead[n] | c >> (6 * (n - 1)));
        uint32_t got = 0;
        ptrdiff_t len = utf8_decode(str_of(b, n), 0, &got);
        bool is_surrogate = c >= 0xd800 && c < 0xe000;
        if (is_surrogate ? len >= 0 : (len != n || got != c))
            fail_msg("U+%04X decodes wrongly", (unsigned)c);
    }
}

static void repair_puts_one_mark_for_each_maximal_bad_part(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    str good = S("আমার 😀");
    assert_ptr_equal(utf8_repair(a, good).at, good.at);
    assert_str(utf8_repair(a, BYTES("a\x80z")), "a\xef\xbf\xbdz");
    assert_str(utf8_repair(a, BYTES("a\0z")), "a\xef\xbf\xbdz");
    /* Unicode 15, table 3-8: 61 F1 80 80 E1 80 C2 62 80 63 80 BF 64 */
    assert_str(utf8_repair(a, BYTES("a\xf1\x80\x80\xe1\x80\xc2"
                                    "b\x80"
                                    "c\x80\xbf"
                                    "d")),
        "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
        "b\xef\xbf\xbd"
        "c\xef\xbf\xbd\xef\xbf\xbd"
        "d");
    assert_str(utf8_repair(a, BYTES("\xed\xa0\x80")), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    assert_str(utf8_repair(a, BYTES("\xf0\x9f\x98")), "\xef\xbf\xbd");
}

static void whatever_comes_in_repaired_text_is_valid(void **state)
{
    (void)state;
    uint32_t random = 12345;
    for (int round = 0; round < 2000; round++) {
        unsigned char bytes[40];
        for (int i = 0; i < 40; i++) {
            random = random * 1664525 + 1013904223;
            bytes[i] = (unsigned char)(random >> 24);
        }
        struct arena a = arena_make(0);
        assert_true(utf8_valid(utf8_repair(&a, str_of(bytes, 40))));
        arena_free(&a);
    }
}

static void lengths_are_counted_in_each_unit(void **state)
{
    (void)state;
    str family = S("👨‍👩‍👧‍👦"); /* four people, three joiners: one grapheme */
    assert_int_equal(utf8_code_points(family), 7);
    assert_int_equal(utf8_utf16_units(family), 11);
    assert_int_equal(utf8_graphemes(family), 1);
    assert_int_equal(utf8_graphemes(S("e\u0301")), 1);
    assert_int_equal(utf8_graphemes(S("কি")), 1);
    assert_int_equal(utf8_graphemes(S("a\r\nb")), 3);
    assert_int_equal(utf8_graphemes(S("🇧🇩🇮🇳")), 2);
    assert_int_equal(utf8_graphemes(S("")), 0);
    assert_int_equal(utf8_graphemes(S("é\r\nb")), 3);
}

static void a_prefix_never_cuts_a_grapheme(void **state)
{
    (void)state;
    assert_str(utf8_prefix(S("hello"), 3), "hel");
    assert_str(utf8_prefix(S("hello"), 99), "hello");
    assert_str(utf8_prefix(S("hello"), 0), "");
    assert_str(utf8_prefix(S("hello"), -1), "");
    assert_str(utf8_prefix(S("ae\u0301x"), 2), "ae\u0301"); /* the mark stays with its letter */
    assert_str(utf8_prefix(S("a\r\nb"), 2), "a\r\n");
    assert_str(utf8_prefix(S("👨‍👩‍👧‍👦👨‍👩‍👧‍👦"), 1),
        "👨‍👩‍👧‍👦");
    assert_str(utf8_prefix(S("আমার নাম"), 3), "আমার");
}

static void a_prefix_by_bytes_never_cuts_a_code_point(void **state)
{
    (void)state;
    str s = S("aé漢😀");
    const ptrdiff_t len[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (ptrdiff_t max = 0; max < 12; max++)
        assert_int_equal(utf8_prefix_bytes(s, max).len, len[max]);
    assert_int_equal(utf8_prefix_bytes(s, -5).len, 0);
    assert_true(utf8_prefix_bytes(BYTES("\x80\x80\x80\x80\x80\x80"), 5).len >= 2);
}

static void a_preview_is_one_line(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    assert_str(utf8_preview(a, S("  hello\r\n\tworld\x01 !  "), 50), "hello world !");
    assert_str(utf8_preview(a, S("a\u00a0\u2003b\u2028c"), 50), "a b c");
    assert_str(utf8_preview(a, S("hello world"), 11), "hello world");
    assert_str(utf8_preview(a, S("hello world"), 10), "hello wor…");
    assert_str(utf8_preview(a, S("hello world"), 7), "hello…"); /* no space before the dots */
    assert_str(utf8_preview(a, S("আমার নাম"), 4), "আমার…");
    assert_str(utf8_preview(a, S(" \n "), 10), "");
    assert_str(utf8_preview(a, BYTES("a\xff"), 10), "a\xef\xbf\xbd");
    assert_str(
        utf8_preview(a, BYTES("\xff\xff\xff"), 1000), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    assert_str(utf8_preview(a, S("hello"), 0), "");
    assert_str(utf8_preview(a, S("hello"), -3), "");
    assert_str(utf8_preview(a, S("hello"), 1), "…");
    assert_str(utf8_preview(a, S("আমার"), 3), "আমার"); /* three graphemes */
}

static void a_preview_of_endless_marks_is_short(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    sb_byte(&b, 'a');
    for (int i = 0; i < 20000; i++)
        sb_add(&b, S("\u0301"));
    str preview = utf8_preview(test_arena(), sb_str(&b), 10);
    assert_true(preview.len < 1000);
    assert_true(utf8_valid(preview));
}

static void controls_and_direction_overrides_are_seen(void **state)
{
    (void)state;
    assert_false(utf8_has_control(S("Plain name\tand\nlines\r é আ 😀 \u200d")));
    const char *bad[] = {
        "\x01", "a\x1f", "\x7f", "\xc2\x85", "\u202e", "x\u2066", "\u2069", "\u202a", "\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_true(utf8_has_control(str_from(bad[i])));
    assert_true(utf8_has_control(BYTES("a\0b")));
    assert_false(utf8_has_control(S("\u2029\u2065"))); /* the neighbours */
    for (int at = 0; at < 20; at++) {                  /* looked at in words of 8 bytes */
        char text[] = " ~ ~ ~ ~ ~ ~ ~ ~ ~ ~";
        assert_false(utf8_has_control(str_from(text)));
        text[at] = '\x1f';
        assert_true(utf8_has_control(str_from(text)));
        text[at] = '\x7f';
        assert_true(utf8_has_control(str_from(text)));
        text[at] = '\t';
        assert_false(utf8_has_control(str_from(text)));
        text[at] = '\x80';
        assert_true(utf8_has_control(str_from(text)));
    }
}

static void a_file_name_is_fit_to_show_and_send(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    const struct {
        const char *from, *to;
    } rows[] = {
        {"report.pdf",              "report.pdf"         },
        {"../../etc/passwd",        "passwd"             },
        {"C:\\Users\\x\\a.doc",     "a.doc"              },
        {"a/",                      "file"               },
        {"",                        "file"               },
        {"..",                      "file"               },
        {" . . ",                   "file"               },
        {".htaccess",               "htaccess"           },
        {"a.php. ",                 "a.php"              },
        {"in\u202egpj.exe",         "ingpj.exe"          },
        {"a\u200b.p\u200dhp\ufeff", "a.php"              },
        {"a\nb\x01.txt",            "ab.txt"             },
        {"e\u0301.png",             "é.png"             },
        {"বাংলা.txt",     "বাংলা.txt"},
        {"\u200b/\u2066",           "file"               },
        {"\xff\xfe.bin",            "bin"                },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_str(utf8_file_name(a, str_from(rows[i].from)), rows[i].to);
    assert_str(utf8_file_name(a, BYTES("a\0.txt")), "a.txt");
}

static void a_long_file_name_keeps_its_ending(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    struct sb latin = sb_make(a, 0), wide = sb_make(a, 0), dots = sb_make(a, 0);
    for (int i = 0; i < 300; i++) {
        sb_add(&latin, S("x"));
        sb_add(&wide, S("👨‍👩‍👧‍👦"));
        sb_add(&dots, S("x"));
    }
    sb_add(&latin, S(".jpeg"));
    sb_add(&wide, S(".jpeg"));
    sb_add(&dots, S(".averyverylongendingthatisnone"));
    str name = utf8_file_name(a, sb_str(&latin));
    assert_int_equal(utf8_graphemes(name), 120);
    assert_true(str_ends(name, S("x.jpeg")));
    name = utf8_file_name(a, sb_str(&wide));
    assert_true(name.len <= 200 && utf8_valid(name));
    /* Joiners are zero-width and gone, so each person is a grapheme of four bytes. */
    assert_true(str_ends(name, S(".jpeg")) && name.len >= 196);
    name = utf8_file_name(a, sb_str(&dots));
    assert_int_equal(name.len, 120);
}

static void folding_makes_handles_comparable(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    assert_str(utf8_fold(a, S("Ann@Example.ORG")), "ann@example.org");
    assert_str(utf8_fold(a, S("STRASSE")), "strasse");
    assert_str(utf8_fold(a, S("Straße")), "strasse");
    assert_str(utf8_fold(a, S("Ａｎｎ")), "ann"); /* full width */
    assert_str(utf8_fold(a, S("ÉCOLE")), "école");
    assert_str(utf8_fold(a, S("E\u0301COLE")), "école");
    assert_str(utf8_fold(a, S("a\u200bb")), "ab");
    assert_str(utf8_fold(a, S("ﷺ")), "صلى الله عليه وسلم"); /* grows 18-fold */
}

static void names_sort_as_people_of_the_locale_expect(void **state)
{
    (void)state;
    assert_true(utf8_collate(S("de"), S("Ärger"), S("Zebra")) < 0);
    assert_true(utf8_collate(S("sv"), S("Ärger"), S("Zebra")) > 0);
    assert_true(utf8_collate(S(""), S("anna"), S("Bert")) < 0);
    assert_true(utf8_collate(S("no-such-locale"), S("anna"), S("Bert")) < 0);
    assert_int_equal(utf8_collate(S("de"), S("Anna"), S("Anna")), 0);
    assert_true(utf8_collate(S("de"), S("e\u0301"), S("é")) != 0); /* a total order */
}

static void validate_n(void *arg, ptrdiff_t n)
{
    volatile ptrdiff_t sink = 0;
    for (int i = 0; i < 20; i++)
        sink += utf8_valid_len(str_of(arg, n));
    (void)sink;
}

static void graphemes_n(void *arg, ptrdiff_t n)
{
    assert_true(utf8_graphemes(str_of(arg, n)) > 0);
}

static void preview_and_repair_n(void *arg, ptrdiff_t n)
{
    struct arena a = arena_make(0);
    assert_true(utf8_preview(&a, utf8_repair(&a, str_of(arg, n)), 100000000).len > 0);
    arena_free(&a);
}

static void the_work_grows_with_the_length(void **state)
{
    (void)state;
    enum { N = 1000, MOST = TEST_SLOPE_GROWTH * N };
    char *text = arena_alloc(test_arena(), MOST, 1);
    for (ptrdiff_t i = 0; i + 2 <= MOST; i += 2)
        memcpy(text + i, "\xcc\x81", 2); /* one endless grapheme */
    test_slope(validate_n, text, N);
    test_slope(graphemes_n, text, N);
    memset(text, 0x80, MOST);
    test_slope(preview_and_repair_n, text, N);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_well_formed_text_is_valid),
        TEST(nul_is_refused_wherever_it_stands),
        TEST(every_code_point_decodes_to_itself),
        TEST(repair_puts_one_mark_for_each_maximal_bad_part),
        TEST(whatever_comes_in_repaired_text_is_valid),
        TEST(lengths_are_counted_in_each_unit),
        TEST(a_prefix_never_cuts_a_grapheme),
        TEST(a_prefix_by_bytes_never_cuts_a_code_point),
        TEST(a_preview_is_one_line),
        TEST(a_preview_of_endless_marks_is_short),
        TEST(controls_and_direction_overrides_are_seen),
        TEST(a_file_name_is_fit_to_show_and_send),
        TEST(a_long_file_name_keeps_its_ending),
        TEST(folding_makes_handles_comparable),
        TEST(names_sort_as_people_of_the_locale_expect),
        TEST(the_work_grows_with_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
