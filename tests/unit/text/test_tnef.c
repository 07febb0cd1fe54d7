/* winmail.dat, made here byte for byte after MS-OXTNEF. */
#include "test.h"

#include "base/utf8.h"
#include "text/tnef.h"

static struct sb made;
static struct tnef tnef;

static void put_number(struct sb *b, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        sb_byte(b, (char)(v >> (8 * i) & 0xff));
}

static void begin(void)
{
    made = sb_make(test_arena(), 0);
    put_number(&made, 0x223e9f78, 4);
    put_number(&made, 1, 2);
}

static void put_attribute(int level, uint32_t id, str data)
{
    unsigned sum = 0;
    for (ptrdiff_t i = 0; i < data.len; i++)
        sum += (unsigned char)data.at[i];
    put_number(&made, (uint64_t)level, 1);
    put_number(&made, id, 4);
    put_number(&made, (uint64_t)data.len, 4);
    sb_add(&made, data);
    put_number(&made, sum & 0xffff, 2);
}

static void put_value(struct sb *b, unsigned kind, unsigned tag, str value)
{
    put_number(b, kind, 2);
    put_number(b, tag, 2);
    put_number(b, 1, 4);
    put_number(b, (uint64_t)value.len, 4);
    sb_add(b, value);
    for (ptrdiff_t i = value.len; i % 4; i++)
        sb_byte(b, 0);
}

static str utf16(str ascii)
{
    struct sb b = sb_make(test_arena(), 0);
    for (ptrdiff_t i = 0; i <= ascii.len; i++)
        put_number(&b, i < ascii.len ? (unsigned char)ascii.at[i] : 0, 2);
    return sb_str(&b);
}

static void put_file(str short_name, str data)
{
    put_attribute(2, 0x00069002, str_of("\x01\x00\xff\xff\xff\xff\x20\x00\x20\x00\0\0\0\0", 14));
    put_attribute(2, 0x00018010, str_cat(test_arena(), short_name, str_of("", 1)));
    put_attribute(2, 0x0006800f, data);
}

static void read_made(void)
{
    str why = {0};
    assert_ok(tnef_read(test_arena(), sb_str(&made), &tnef, &why));
}

static void files_come_out_with_their_long_names(void **state)
{
    (void)state;
    struct sb props = sb_make(test_arena(), 0);
    put_number(&props, 5, 4);
    put_number(&props, 0x0003, 2); /* a long */
    put_number(&props, 0x3705, 2);
    put_number(&props, 1, 4);
    put_value(&props, 0x1f, 0x3707, utf16(S("Quarterly report.pdf")));
    put_value(&props, 0x1e, 0x370e, S("Application/PDF"));
    put_value(&props, 0x1f, 0x3712, utf16(S("part1@contoso.example")));
    put_number(&props, 0x000b, 2); /* a boolean with a name */
    put_number(&props, 0x8001, 2);
    sb_add(&props, S("0123456789abcdef"));
    put_number(&props, 1, 4);
    put_number(&props, 6, 4);
    sb_add(&props, str_of("a\0b\0\0\0\0\0", 8));
    put_number(&props, 1, 4);
    begin();
    put_file(S("QUARTE~1.PDF"), S("%PDF-1.4"));
    put_attribute(2, 0x00069005, sb_str(&props));
    put_file(S("second.txt"), S("two"));
    read_made();
    assert_int_equal(tnef.n_files, 2);
    assert_str(tnef.files[0].name, "Quarterly report.pdf");
    assert_str(tnef.files[0].type, "application/pdf");
    assert_str(tnef.files[0].content_id, "part1@contoso.example");
    assert_str(tnef.files[0].bytes, "%PDF-1.4");
    assert_str(tnef.files[1].name, "second.txt");
    assert_str(tnef.files[1].bytes, "two");
    assert_false(tnef.is_cut);
}

static void names_are_in_the_code_page_and_without_paths(void **state)
{
    (void)state;
    begin();
    put_attribute(1, 0x00069007, str_of("\xe3\x04\0\0\0\0\0\0", 8)); /* 1251 */
    put_file(S("..\\\xd1\xf7\xb8\xf2.txt"), S("x"));
    put_file(S(""), S("y"));
    read_made();
    assert_str(tnef.files[0].name, "Счёт.txt");
    assert_str(tnef.files[1].name, "file");
}

static void the_body_is_read_in_every_form(void **state)
{
    (void)state;
    struct sb props = sb_make(test_arena(), 0);
    put_number(&props, 3, 4);
    put_value(&props, 0x1f, 0x1000, utf16(S("plain words")));
    put_value(&props, 0x102, 0x1013, S("<p>caf\xe9</p>"));
    /* The example of MS-OXRTFCP 4.1.1. */
    put_value(&props, 0x102, 0x1009,
        str_of("\x2d\x00\x00\x00\x2b\x00\x00\x00\x4c\x5a\x46\x75\xf1\xc5\xc7\xa7\x03\x00\x0a\x00"
               "\x72\x63\x70\x67\x31\x32\x35\x42\x32\x0a\xf3\x20\x68\x65\x6c\x09\x00\x20\x62\x77"
               "\x05\xb0\x6c\x64\x7d\x0a\x80\x0f\xa0",
            49));
    begin();
    put_attribute(1, 0x00069003, sb_str(&props));
    read_made();
    assert_str(tnef.text, "plain words");
    assert_str(tnef.html, "<p>café</p>");
    assert_str(tnef.rtf, "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
}

static void a_carried_mail_is_a_file_of_its_own(void **state)
{
    (void)state;
    struct sb props = sb_make(test_arena(), 0);
    put_number(&props, 1, 4);
    put_value(&props, 0x0d, 0x3701, S("0123456789abcdef\x78\x9f\x3e\x22rest"));
    begin();
    put_file(S("Fwd"), S(""));
    put_attribute(2, 0x00069005, sb_str(&props));
    read_made();
    assert_true(tnef.files[0].is_mail);
    assert_int_equal(tnef.files[0].bytes.len, 8);
}

static void broken_ones_give_what_stands_before(void **state)
{
    (void)state;
    str why = {0};
    begin();
    put_file(S("a.txt"), S("whole"));
    put_file(S("b.txt"), S("cut in the middle"));
    for (ptrdiff_t n = 0; n < made.len; n++) {
        err e = tnef_read(test_arena(), str_sub(sb_str(&made), 0, n), &tnef, &why);
        assert_int_equal(e, n < 6 ? E_INVALID : OK);
        for (int i = 0; e == OK && i < tnef.n_files; i++)
            assert_true(tnef.files[i].name.len > 0 && utf8_valid(tnef.files[i].name));
    }
    assert_true(tnef.n_files >= 1);
    assert_str(tnef.files[0].bytes, "whole");
    assert_true(tnef.is_cut);
    assert_err(tnef_read(test_arena(), S("PK\x03\x04 no tnef"), &tnef, &why), E_INVALID);
    assert_true(why.len > 0);
}

static void bombs_end_at_the_limits(void **state)
{
    (void)state;
    struct sb props = sb_make(test_arena(), 0);
    put_number(&props, 0xffffffff, 4);
    for (int i = 0; i < 100000; i++)
        put_value(&props, 0x1e, 0x3712, S("\x01"));
    begin();
    put_file(S("a"), S("x"));
    put_attribute(2, 0x00069005, sb_str(&props));
    read_made();
    assert_true(tnef.is_cut);
    begin();
    for (int i = 0; i < 1000; i++)
        put_file(S("f"), S("x"));
    read_made();
    assert_true(tnef.is_cut);
    assert_int_equal(tnef.n_files, TNEF_FILES);
}

static void rtf_that_claims_more_than_it_is_ends(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    put_number(&b, 0, 4);
    put_number(&b, 0xfffffff0, 4);
    put_number(&b, 0x75465a4c, 4);
    put_number(&b, 0, 4);
    for (int i = 0; i < 100000; i++)
        sb_add(&b, str_of("\xff\x00\x0f\x00\x0f\x00\x0f\x00\x0f", 9));
    assert_true(tnef_rtf(test_arena(), sb_str(&b), 1000).len <= 1000);
    assert_int_equal(tnef_rtf(test_arena(), S("short"), 1000).len, 0);
}

static void read_n(void *arg, ptrdiff_t n)
{
    (void)arg;
    struct arena a = arena_make(0);
    struct sb b = sb_make(&a, 0);
    str why = {0};
    put_number(&b, 0x223e9f78, 4);
    put_number(&b, 1, 2);
    for (ptrdiff_t i = 0; i < n; i++)
        sb_add(&b, str_of("\x02\x10\x80\x01\x00\x02\x00\x00\x00\x61\x00\x61\x00", 13));
    (void)tnef_read(&a, sb_str(&b), &tnef, &why); /* only its time counts */
    arena_free(&a);
}

static void reading_is_linear(void **state)
{
    (void)state;
    test_slope(read_n, NULL, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_come_out_with_their_long_names),
        TEST(names_are_in_the_code_page_and_without_paths),
        TEST(the_body_is_read_in_every_form),
        TEST(a_carried_mail_is_a_file_of_its_own),
        TEST(broken_ones_give_what_stands_before),
        TEST(bombs_end_at_the_limits),
        TEST(rtf_that_claims_more_than_it_is_ends),
        TEST(reading_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
