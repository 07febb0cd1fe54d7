/* What a file is, by its first bytes. */
#include "test.h"

#include "base/file_type.h"

static struct file_type of(str head)
{
    struct file_type t;
    assert_ok(file_type_of(test_arena(), head, &t));
    return t;
}

static void pictures_say_their_size_in_the_header(void **state)
{
    (void)state;
    const str pictures[] = {
        S("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\x2c\0\0\0\xc8\x08\0\0\0\0"),
        S("GIF89a\x2c\x01\xc8\0\0\0\0"),
        S("\xff\xd8\xff\xe0\0\x04zz\xff\xff\xc0\0\x0b\x08\0\xc8\x01\x2c\x01"),
        S("RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x2c\x01\xc8\0"),
        S("RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x2b\x01\0\xc7\0\0"),
        S("RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x2b\xc1\x31\0"),
    };
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
        struct file_type t = of(pictures[i]);
        assert_true(t.is_picture && str_starts(t.type, S("image/")));
        assert_int_equal(t.width, 300);
        assert_int_equal(t.height, 200);
    }
}

static void a_cut_header_has_no_size_and_does_no_harm(void **state)
{
    (void)state;
    const str jpeg = S("\xff\xd8\xff\xe0\0\x04zz\xff\xff\xc0\0\x0b\x08\0\xc8\x01\x2c\x01");
    const str webp = S("RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x2b\x01\0\xc7\0\0");
    const str png = S("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\x2c\0\0\0\xc8\x08\0\0\0\0");
    for (ptrdiff_t n = 0; n < jpeg.len; n++)
        (void)of(str_copy(test_arena(), str_sub(jpeg, 0, n)));
    for (ptrdiff_t n = 0; n < webp.len; n++)
        (void)of(str_copy(test_arena(), str_sub(webp, 0, n)));
    for (ptrdiff_t n = 0; n < png.len; n++)
        (void)of(str_copy(test_arena(), str_sub(png, 0, n)));
    assert_int_equal(of(str_sub(webp, 0, 29)).width, 0);
    assert_int_equal(of(S("\xff\xd8\xff\xe0\0\0zzzzzz")).width, 0); /* a segment of no length */
}

static void active_content_is_a_download_whatever_it_looks_like(void **state)
{
    (void)state;
    const str active[] = {S("<svg xmlns='http://www.w3.org/2000/svg'/>"), S("<html></html>"),
        S("<?xml version='1.0'?><a/>"), S("   \n\t<!DOCTYPE html><p>"),
        S("words <script>x()</script>"), S("#!/usr/bin/python3\nprint(1)\n"),
        S("MZ\x90\0\x03\0\0\0"),
        S("\x7f"
          "ELF\x02\x01\x01\0"),
        S("\0\x01\x02\x03\x04\x05\x06\x07")};
    for (size_t i = 0; i < sizeof active / sizeof *active; i++) {
        struct file_type t = of(active[i]);
        assert_str(t.type, "application/octet-stream");
        assert_false(t.is_picture);
    }
}

static void plain_words_and_documents_keep_their_kind(void **state)
{
    (void)state;
    assert_str(of(S("Only words, 1 < 2.\n")).type, "text/plain");
    assert_str(of(S("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")).type, "application/pdf");
    assert_false(of(S("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")).is_picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pictures_say_their_size_in_the_header),
        TEST(a_cut_header_has_no_size_and_does_no_harm),
        TEST(active_content_is_a_download_whatever_it_looks_like),
        TEST(plain_words_and_documents_keep_their_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
