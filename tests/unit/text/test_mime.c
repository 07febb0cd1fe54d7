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

static void a_header_is_found_by_its_name(void **state)
{
    (void)state;
    assert_ok(read_mail(S("From: a@b.example\nx-One: first\n folded\nX-ONE: second\nEmpty:\n\n")));
    assert_str(mime_header(&mail, "X-One"), "first folded");
    assert_str(mime_header(&mail, "Empty"), "");
    assert_str(mime_header(&mail, "None"), "");
    assert_int_equal(mail.n_headers, 4);
    assert_str(mail.headers[1].name, "x-One");
}

static void what_stands_behind_the_kept_header_is_still_used(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    for (int i = 0; i < 400; i++)
        sb_print(&b, "X-%d: v\n", i);
    sb_add(&b, S("From: late@b.example\nContent-Type: text/html\n\n<p>x</p>\n"));
    assert_ok(read_mail(sb_str(&b)));
    assert_int_equal(mail.n_headers, MIME_HEADERS);
    assert_str(mail.from_address, "late@b.example");
    assert_str(mail.html, "<p>x</p>");
    assert_true(str_find(mail.degraded, S("larger than is kept")) >= 0);
}

static void the_newest_references_are_kept_once_each(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S("From: a@b.example\nReferences:"));
    for (int i = 0; i < 70; i++)
        sb_print(&b, " <%d@b.example> <%d@b.example>\n", i, i);
    assert_ok(read_mail(sb_str(&b)));
    assert_int_equal(mail.n_references, MIME_REFERENCES);
    assert_str(mail.references[0], "20@b.example");
    assert_str(mail.references[49], "69@b.example");
}

static void addresses_end_at_their_limit(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S("From: a@b.example\nTo: "));
    for (int i = 0; i < 300; i++)
        sb_print(&b, "p%d@b.example%s", i, i % 2 ? ",\n " : ", ");
    assert_ok(read_mail(sb_str(&b)));
    assert_int_equal(mail.n_to, MIME_ADDRESSES);
    assert_str(mail.to[199].address, "p199@b.example");
    assert_true(str_find(mail.degraded, S("more addresses")) >= 0);
}

static void a_long_text_is_cut_between_characters(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S("From: a@b.example\nContent-Type: text/plain; charset=utf-8\n\nx"));
    while (b.len < 2 * MIME_TEXT_BYTES + 100)
        sb_add(&b, S("\xE0\xA6\xA8"));
    assert_ok(read_mail(sb_str(&b)));
    assert_true(mail.text.len <= MIME_TEXT_BYTES && mail.text.len > MIME_TEXT_BYTES - 4);
    assert_true(utf8_valid(mail.text));
    assert_true(str_find(mail.degraded, S("longer than is kept")) >= 0);
}

struct written {
    struct sb b;
    int pieces, most;
};

static bool write_piece(void *arg, str piece)
{
    struct written *w = arg;
    if (w->pieces == w->most)
        return false;
    w->pieces++;
    assert_true(piece.len <= 64 * 1024);
    sb_add(&w->b, piece);
    return true;
}

static void a_part_is_written_in_pieces_by_its_number(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    str why = {0};
    sb_add(&b, S("From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nwords\n"
                 "--b\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\n"));
    for (int i = 0; i < 10000; i++)
        sb_add(&b, S("MDEyMzQ1Njc4OWFi\n"));
    sb_add(&b, S("--b--\n"));
    assert_ok(read_mail(sb_str(&b)));
    assert_int_equal(mail.n_parts, 1);
    assert_int_equal(mail.parts[0].number, 1);
    assert_int_equal(mail.parts[0].size, 120000);
    struct written w = {.b = sb_make(test_arena(), 0), .most = 1000};
    assert_ok(mime_part_write(test_arena(), sb_str(&b), 1, write_piece, &w, &why));
    assert_int_equal(w.b.len, 120000);
    assert_true(w.pieces > 1 && str_ends(sb_str(&w.b), S("0123456789ab")));
    w.most = w.pieces + 1;
    assert_err(mime_part_write(test_arena(), sb_str(&b), 1, write_piece, &w, &why), E_BUSY);
    assert_err(mime_part_write(test_arena(), sb_str(&b), 2, write_piece, &w, &why), E_NOT_FOUND);
    assert_err(mime_part_write(test_arena(), sb_str(&b), -1, write_piece, &w, &why), E_NOT_FOUND);
    assert_true(why.len > 0);
}

/* In each of them the high bytes are letters, and none is guessed. */
static void every_charset_of_mails_is_known(void **state)
{
    (void)state;
    static const char *const charsets[] = {"ISO-8859-1", "iso-8859-2", "ISO_8859-3", "iso-8859-4",
        "iso-8859-5", "iso-8859-9", "iso-8859-10", "ISO-8859-13", "iso-8859-14", "iso-8859-15",
        "iso-8859-16", "latin1", "windows-1250", "cp1251", "WINDOWS-1252", "windows-1254",
        "windows-1257", "koi8-r", "koi8-u", "KOI8-RU", "tis-620", "windows-874", "ibm437", "cp850",
        "IBM852", "cp858", "cp866", "macintosh", "x-mac-cyrillic", "viscii", "x-mac-roman",
        "armscii-8", "PTCP154", "hp-roman8", "windows-1256", "iso-8859-1:1987"};
    for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++) {
        str bytes = str_print(test_arena(),
            "From: a@b.example\nContent-Type: text/plain; charset=\"%s\"\n\n\xC5\xE5\xB5\n",
            charsets[i]);
        assert_ok(read_mail(bytes));
        assert_str(mail.degraded, "");
        assert_true(utf8_code_points(mail.text) == 3);
    }
}

/* The names of charsets come from senders: nothing of them stays behind. */
static void unknown_charsets_are_named_and_guessed(void **state)
{
    (void)state;
    static const char *const charsets[] = {"x-klingon", "cp99999", "iso-8859-99", "../../etc",
        "UTF-8//TRANSLIT/x", "a-name-that-is-much-longer-than-any-charset-has"};
    for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++) {
        str bytes = str_print(test_arena(),
            "From: a@b.example\nContent-Type: text/plain; charset=\"%s\"\n\nna\xEFve\n",
            charsets[i]);
        assert_ok(read_mail(bytes));
        assert_str(mail.text, "naïve");
        assert_true(str_find(mail.degraded, str_sub(str_from(charsets[i]), 0, 40)) >= 0);
    }
}

static err read_with(struct arena *a, void *arg)
{
    (void)arg;
    str why = {0};
    (void)mime_read(a,
        S("From: =?koi8-r?B?4eI=?= <a@b.example>\nSubject: s\nDate: Thu, 1 Jan 2026 "
          "00:00:00 +0000\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
          "Content-Type: text/html; charset=gb18030\n\n\xC4\xE3\n--b\n"
          "Content-Type: text/plain\n\nplain\n--b--\n"),
        &mail, &inner, &has_inner, &why); /* only how it ends matters */
    return OK;
}

static void no_memory_ends_by_the_arena_and_leaks_nothing(void **state)
{
    (void)state;
    for_each_allocation_failure(read_with, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(headers_and_words_are_read_in_their_charsets),
        TEST(what_a_mail_claims_wrongly_does_no_harm),
        TEST(attachments_are_not_the_words),
        TEST(bombs_are_read_up_to_the_limits),
        TEST(a_header_is_found_by_its_name),
        TEST(what_stands_behind_the_kept_header_is_still_used),
        TEST(the_newest_references_are_kept_once_each),
        TEST(addresses_end_at_their_limit),
        TEST(a_long_text_is_cut_between_characters),
        TEST(a_part_is_written_in_pieces_by_its_number),
        TEST(every_charset_of_mails_is_known),
        TEST(unknown_charsets_are_named_and_guessed),
        TEST(no_memory_ends_by_the_arena_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
