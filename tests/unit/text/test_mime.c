/* Mails, broken and whole. */
#include "test.h"

#include "base/utf8.h"
#include "text/mime.h"

static struct mime_mail mail, inner;
static bool has_inner;

static err read_mail(str bytes)
{
    str why = {0};
    return mime_read(test_arena(), bytes, &mail, &inner, &has_inner, &why);
}

static void headers_and_words_are_read_in_their_charsets(void **state)
{
    (void)state;
    assert_ok(
        read_mail(S("From: =?iso-8859-1?Q?Jos=E9?= <Jose@Shop.Example>\r\n"
                    "Subject: =?utf-8?B?4Kao4Kau4Ka44KeN4KaV4Ka+4Kaw?=\r\n"
                    "Message-ID: <1@shop.example>\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
                    "Content-Type: text/plain; charset=windows-1252\r\n"
                    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=80 5 =96 ok=\r\nay")));
    assert_str(mail.from_name, "Jos\xC3\xA9");
    assert_str(mail.from_address, "jose@shop.example");
    assert_str(mail.subject, "নমস্কার");
    assert_str(mail.message_id, "1@shop.example");
    assert_int_equal(mail.date_ms, 1767225600000);
    assert_str(mail.text, "€ 5 – okay");
    assert_false(has_inner);
}

static void what_a_mail_claims_wrongly_does_no_harm(void **state)
{
    (void)state;
    assert_ok(read_mail(S("From: a@b.example\nDate: yesterday\nSubject: a\x01"
                          "b\xFF\n"
                          "Content-Type: text/plain; charset=no-such\n\nx\xFFy")));
    assert_int_equal(mail.date_ms, 0);
    assert_true(utf8_valid(mail.subject) && utf8_valid(mail.text));
    assert_true(mail.text.len >= 2 && !utf8_has_control(mail.subject));
    assert_int_equal(read_mail(S("")), E_INVALID);
    assert_int_equal(read_mail(S("no mail at all")), E_INVALID);
}

static void attachments_are_not_the_words(void **state)
{
    (void)state;
    assert_ok(read_mail(S("From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
                          "Content-Type: text/plain\nContent-Disposition: attachment\n\nfile\n--b\n"
                          "Content-Type: text/plain\n\nwords\n--b\nContent-Type: text/plain\n\n"
                          "more\n--b--\n")));
    assert_str(mail.text, "words\n\nmore");
}

/* 2,000 parts side by side, and 300 inside each other. */
static void bombs_are_read_up_to_the_limits(void **state)
{
    (void)state;
    struct sb wide = sb_make(test_arena(), 0), deep = sb_make(test_arena(), 0);
    sb_add(&wide, S("From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n"));
    for (int i = 0; i < 2000; i++)
        sb_print(&wide, "--b\nContent-Type: image/png\n\n%d\n", i);
    sb_add(&wide, S("--b\nContent-Type: text/plain\n\nnever read\n--b--\n"));
    assert_ok(read_mail(sb_str(&wide)));
    assert_int_equal(mail.text.len, 0);
    sb_add(&deep, S("From: a@b.example\nContent-Type: multipart/mixed; boundary=b0\n\n"));
    for (int i = 0; i < 300; i++)
        sb_print(&deep, "--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i, i + 1);
    sb_add(&deep, S("--b300\nContent-Type: text/plain\n\nnever read\n"));
    assert_ok(read_mail(sb_str(&deep)));
    assert_int_equal(mail.text.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(headers_and_words_are_read_in_their_charsets),
        TEST(what_a_mail_claims_wrongly_does_no_harm),
        TEST(attachments_are_not_the_words),
        TEST(bombs_are_read_up_to_the_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
