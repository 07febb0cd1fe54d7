/* Unit tests of text/mail_write: parts, their codes, files. Header fields: test_mail_head.c. */
#include "mail_written.h"

#include <errno.h>
#include <string.h>

#include "base/crypto.h"
#include "base/file.h"

/* Line by line, whatever stands at a line's end (readers differ in what they keep there). */
static void check_same_lines(str got, str want)
{
    str one, other;
    while (want.len > 0) {
        (void)str_cut(want, '\n', &one, &want);
        (void)str_cut(got, '\n', &other, &got);
        assert_str(str_trim(other), str_z(test_arena(), str_trim(one)));
    }
    assert_int_equal(str_trim(got).len, 0);
}

/* ── shapes ── */

static void a_plain_mail_is_these_bytes(void **state)
{
    (void)state;
    struct mail_out mail = plain_mail();
    assert_str(written(&mail), "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
                               "From: Care <care@example.com>\r\n"
                               "To: Asha <asha@example.net>\r\n"
                               "Subject: Re: Your parcel\r\n"
                               "Message-ID: <seva.1.2.abc@care.example.com>\r\n"
                               "MIME-Version: 1.0\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Transfer-Encoding: 7bit\r\n"
                               "\r\n"
                               "Hello Asha,\r\n\r\nit is on its way.\r\n");
}

static void a_whole_mail_is_these_bytes(void **state)
{
    (void)state;
    struct mail_out mail = plain_mail();
    struct mail_out_file files[] = {
        {.name = S("logo.png"),
         .type = S("image/png"),
         .content_id = S("logo@care"),
         .bytes = S("PNG"),
         .is_inline = true},
        {.name = S("R\u00e9sum\u00e9 2026.pdf"),     .type = S("application/pdf"),    .bytes = S("%PDF")},
    };
    mail.html = S("<p>Hello <b>Asha</b> <img src=\"cid:logo@care\"/></p>");
    mail.text = S("");
    mail.files = files;
    mail.n_files = 2;
    mail.boundary_seed = S("seed");
    assert_str(written(&mail),
        "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
        "From: Care <care@example.com>\r\n"
        "To: Asha <asha@example.net>\r\n"
        "Subject: Re: Your parcel\r\n"
        "Message-ID: <seva.1.2.abc@care.example.com>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=\"=_b0943760c66211bf86782361\"\r\n"
        "\r\n"
        "\r\n--=_b0943760c66211bf86782361\r\n"
        "Content-Type: multipart/related; type=\"multipart/alternative\";\r\n"
        " boundary=\"=_8dd6c1357c97a0b7a016fe2d\"\r\n"
        "\r\n"
        "\r\n--=_8dd6c1357c97a0b7a016fe2d\r\n"
        "Content-Type: multipart/alternative; boundary=\"=_a3db10beeeb2e6094c930191\"\r\n"
        "\r\n"
        "\r\n--=_a3db10beeeb2e6094c930191\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "Hello Asha"
        "\r\n--=_a3db10beeeb2e6094c930191\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "<!DOCTYPE html>\r\n<html><head>\r\n"
        "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n"
        "</head><body>\r\n"
        "<p>Hello <b>Asha</b> <img src=\"cid:logo@care\"/></p>\r\n"
        "</body></html>"
        "\r\n--=_a3db10beeeb2e6094c930191--"
        "\r\n--=_8dd6c1357c97a0b7a016fe2d\r\n"
        "Content-Type: image/png; name=\"logo.png\"\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        "Content-ID: <logo@care>\r\n"
        "Content-Disposition: inline; filename=\"logo.png\"\r\n"
        "\r\n"
        "UE5H"
        "\r\n--=_8dd6c1357c97a0b7a016fe2d--"
        "\r\n--=_b0943760c66211bf86782361\r\n"
        "Content-Type: application/pdf;\r\n"
        " name=\"=?UTF-8?B?UsOpc3Vtw6kgMjAyNi5wZGY=?=\"\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment;\r\n filename*=UTF-8''R%C3%A9sum%C3%A9%202026.pdf\r\n"
        "\r\n"
        "JVBERg=="
        "\r\n--=_b0943760c66211bf86782361--\r\n");
}

static void parts_are_nested_only_as_far_as_needed(void **state)
{
    (void)state;
    struct mail_out_file picture = {.name = S("p"),
        .type = S("image/png"),
        .content_id = S("p@c"),
        .bytes = S("x"),
        .is_inline = true};
    struct mail_out_file file = {.name = S("f"), .type = S("image/png"), .bytes = S("y")};
    struct mail_out_file both[] = {picture, file};
    struct mail_out mail = plain_mail();
    mail.html = S("<p>x</p>");
    assert_true(str_starts(field(written(&mail), "Content-Type"), S("multipart/alternative;")));
    mail.files = &picture;
    mail.n_files = 1;
    assert_true(str_starts(field(written(&mail), "Content-Type"), S("multipart/related;")));
    mail.files = &file;
    assert_true(str_starts(field(written(&mail), "Content-Type"), S("multipart/mixed;")));
    assert_true(str_find(written(&mail), S("multipart/related")) < 0);
    mail.files = both;
    mail.n_files = 2;
    str all = written(&mail);
    assert_true(str_find(all, S("multipart/mixed")) < str_find(all, S("multipart/related")));
    assert_true(str_find(all, S("multipart/related")) < str_find(all, S("multipart/alternative")));
    assert_true(str_find(all, S("Content-ID: <p@c>")) > 0);
    /* Without HTML nothing shows the picture: it is a file. */
    mail.html = S("");
    assert_true(str_find(written(&mail), S("inline")) < 0);
    /* A file alone is the mail. */
    mail.text = S("");
    mail.files = &file;
    mail.n_files = 1;
    assert_str(field(written(&mail), "Content-Type"), "image/png; name=\"f\"");
    assert_str(body(written(&mail)), "eQ==\r\n");
    /* Nothing at all is an empty text. */
    mail.n_files = 0;
    assert_str(body(written(&mail)), "\r\n");
}

static void files_of_special_types_can_be_read_everywhere(void **state)
{
    (void)state;
    static const struct {
        const char *type, *written;
    } types[] = {
        {"message/rfc822",                                  "application/octet-stream"},
        {"multipart/mixed",                                 "application/octet-stream"},
        {"text/calendar; method=REPLY; x=\"\r\nBcc: a@b\"",
         "text/calendar; charset=utf-8; method=REPLY"                                 },
        {"Image/PNG; name=x",                               "image/png"               },
        {"nonsense",                                        "application/octet-stream"},
        {"a/b\r\nBcc: x@y.example",                         "application/octet-stream"},
        {"",                                                "application/octet-stream"},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct mail_out_file file = {
            .name = S("f"), .type = str_from(types[i].type), .bytes = S("y")};
        struct mail_out mail = plain_mail();
        mail.text = S("");
        mail.files = &file;
        mail.n_files = 1;
        str want = str_print(test_arena(), "%s; name=\"f\"", types[i].written);
        assert_str(field(written(&mail), "Content-Type"), str_z(test_arena(), want));
    }
}

/* ── bodies ── */

static str unquoted(str text)
{
    struct sb b = sb_make(test_arena(), 0);
    for (ptrdiff_t i = 0; i < text.len; i++) {
        if (text.at[i] != '=') {
            sb_byte(&b, text.at[i]);
            continue;
        }
        if (text.at[i + 1] != '\r')
            sb_byte(&b, (char)(str_hex_digit(text.at[i + 1]) << 4 | str_hex_digit(text.at[i + 2])));
        i += 2;
    }
    return sb_str(&b);
}

static str one_line_of(str text)
{
    struct sb b = sb_make(test_arena(), 0);
    for (ptrdiff_t i = 0; i < text.len; i++)
        if (text.at[i] != '\r' && text.at[i] != '\n')
            sb_byte(&b, text.at[i]);
    return sb_str(&b);
}

static str decoded(str bytes)
{
    str coding = field(bytes, "Content-Transfer-Encoding"), text = {0};
    if (str_eq(coding, S("7bit")))
        return body(bytes);
    if (str_eq(coding, S("quoted-printable")))
        return unquoted(body(bytes));
    assert_str(coding, "base64");
    assert_ok(crypto_unbase64(test_arena(), one_line_of(body(bytes)), &text));
    return str_cat(test_arena(), text, S("\r\n"));
}

static void text_goes_in_the_code_that_fits_it(void **state)
{
    (void)state;
    static const struct {
        const char *text, *coding;
    } texts[] = {
        {"plain",                                                               "7bit"            },
        {"-- \nCare",                                                           "7bit"            },
        {"\ttab",                                                               "7bit"            },
        {"Jos\u00e9 wrote that this is a line with one letter of another kind", "quoted-printable"},
        {"\u0986\u09ae\u09be\u09b0 \u09aa\u09be\u09b0\u09cd\u09b8\u09c7\u09b2", "base64"          },
        {"From here",                                                           "quoted-printable"},
        {"x\nFrom here\nFrom",                                                  "quoted-printable"},
        {".",                                                                   "quoted-printable"},
        {"a\n.b",                                                               "quoted-printable"},
        {"space \nat end",                                                      "quoted-printable"},
        {"--=_0123456789abcdef",                                                "quoted-printable"},
        {"\x01 control and more than five other letters",                       "quoted-printable"},
        {"a line that is longer than seventy-six letters has to be broken on its way through the "
         "relays, and to come out whole",                              "quoted-printable"},
        {"a\rb\r\nc\nd",                                                        "7bit"            },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct mail_out mail = plain_mail();
        mail.text = str_from(texts[i].text);
        str bytes = written(&mail);
        assert_str(field(bytes, "Content-Transfer-Encoding"), texts[i].coding);
        check_lines(bytes, 76);
        str want = i + 1 == sizeof texts / sizeof texts[0] ? S("a\r\nb\r\nc\r\nd\r\n") : S("");
        struct sb b = sb_make(test_arena(), 0);
        for (ptrdiff_t k = 0; k < mail.text.len && want.len == 0; k++)
            sb_add(&b, mail.text.at[k] == '\n' ? S("\r\n") : str_sub(mail.text, k, 1));
        sb_add(&b, S("\r\n"));
        assert_true(str_eq(decoded(bytes), want.len > 0 ? want : sb_str(&b)));
    }
}

static void any_text_comes_back_and_no_line_begins_with_a_dot(void **state)
{
    (void)state;
    uint64_t seed = 7;
    static const char letters[] = "ab .=_-\t\nF\n\x01\x7f~";
    for (int round = 0; round < 400; round++) {
        struct sb b = sb_make(test_arena(), 0);
        for (int i = 0; i < round; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            size_t pick = (size_t)(seed >> 33) % (sizeof letters + 1 + (size_t)round % 20);
            sb_add(&b, pick < sizeof letters - 1 ? str_of(letters + pick, 1) : S("\u00e9"));
        }
        sb_byte(&b, 'x');
        struct mail_out mail = plain_mail();
        mail.text = sb_str(&b);
        str bytes = written(&mail), coded = body(bytes);
        check_lines(bytes, 76);
        assert_true(!str_starts(coded, S(".")) && str_find(coded, S("\n.")) < 0);
        struct sb want = sb_make(test_arena(), 0);
        for (ptrdiff_t k = 0; k < mail.text.len; k++)
            sb_add(&want, mail.text.at[k] == '\n' ? S("\r\n") : str_sub(mail.text, k, 1));
        sb_add(&want, S("\r\n"));
        assert_true(str_eq(decoded(bytes), sb_str(&want)));
    }
}

/* The boundaries of a mail, and how often each stands in it. */
static void a_boundary_is_never_in_the_content(void **state)
{
    (void)state;
    struct mail_out mail = plain_mail();
    mail.boundary_seed = S("known");
    mail.html = S("<p>x</p>");
    mail.text = S("x");
    str type = field(written(&mail), "Content-Type");
    str mark = str_sub(type, str_find(type, S("\"")) + 1, 26);
    assert_true(str_starts(mark, S("=_")));
    /* Somebody who knows the seed writes it into everything. */
    str evil = str_print(test_arena(), "x\n--%.*s\nContent-Type: text/html\n\n<script>\n--%.*s--\n",
        SARG(mark), SARG(mark));
    struct mail_out_file file = {.name = evil, .type = S("text/plain"), .bytes = evil};
    mail.text = evil;
    mail.html = str_cat(test_arena(), S("<p>"), evil);
    mail.subject = evil;
    mail.from_name = evil;
    mail.files = &file;
    mail.n_files = 1;
    str bytes = written(&mail), rest = bytes;
    int lines = 0;
    for (ptrdiff_t at; (at = str_find(rest, str_cat(test_arena(), S("\n--"), mark))) >= 0; lines++)
        rest = str_skip(rest, at + 1);
    assert_int_equal(lines, 3); /* two parts and the end */
    check_same_lines(read_back(bytes).text, evil);
}

static void the_same_mail_is_the_same_bytes(void **state)
{
    (void)state;
    struct mail_out mail = plain_mail();
    mail.html = S("<p>x\u00e9</p>");
    assert_true(str_eq(written(&mail), written(&mail)));
    str before = written(&mail);
    mail.boundary_seed = S("other");
    assert_false(str_eq(written(&mail), before));
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    static const struct mime_address people[] = {
        {S_INIT("\u00c4rzte, GmbH"), S_INIT("a@b.example")},
        {S_INIT(""),                 S_INIT("c@d.example")}
    };
    struct mail_out mail = plain_mail();
    mail.from_name = S("Jos\u00e9 \u0986\u09b6\u09be");
    mail.to = people;
    mail.n_to = 2;
    mail.subject = S("\u20ac 5 \u2013 \u09a8\u09ae\u09b8\u09cd\u0995\u09be\u09b0");
    mail.text = S("Gr\u00fc\u00dfe\n\n> quoted\n-- \nCare");
    mail.html = S("<p>Gr\u00fc\u00dfe</p>");
    struct mime_mail back = read_back(written(&mail));
    assert_str(back.from_name, "Jos\u00e9 \u0986\u09b6\u09be");
    assert_str(back.from_address, "care@example.com");
    assert_str(back.subject, str_z(test_arena(), mail.subject));
    assert_str(back.message_id, "seva.1.2.abc@care.example.com");
    assert_true(back.date_ms == TEST_NOW_MS);
    check_same_lines(back.text, mail.text);
    assert_true(str_find(back.html, mail.html) > 0);
}

/* ── files ── */

static str big_file(ptrdiff_t size)
{
    str path = test_path("big");
    char *bytes = arena_alloc(test_arena(), size, 1);
    for (ptrdiff_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    assert_ok(file_write(path, str_of(bytes, size), 0600));
    return path;
}

struct counted {
    int64_t bytes;
    struct crypto_sha256_stream *hash;
};

static bool count(void *arg, str piece)
{
    struct counted *c = arg;
    c->bytes += piece.len;
    crypto_sha256_add(c->hash, piece);
    return true;
}

static void a_large_file_passes_through_little_memory(void **state)
{
    (void)state;
    enum { SIZE = 3 * 1024 * 1024 + 5 };
    struct mail_out_file file = {.name = S("big.bin"), .path = big_file(SIZE), .size = SIZE};
    struct mail_out mail = plain_mail();
    mail.files = &file;
    mail.n_files = 1;
    struct arena a = arena_make(512 * 1024);
    struct counted c = {.hash = crypto_sha256_open()};
    str why = {0};
    assert_ok(mail_write(&a, &mail, count, &c, &why));
    assert_true(a.used_bytes < 256 * 1024);
    assert_true(c.bytes > (int64_t)SIZE * 4 / 3 && c.bytes < (int64_t)SIZE * 3 / 2);
    arena_free(&a);
    struct sha256 first = crypto_sha256_close(c.hash);
    str content = {0};
    assert_ok(file_read(test_arena(), file.path, SIZE, &content));
    file.path = S("");
    file.bytes = content;
    str bytes = written(&mail);
    struct sha256 second = crypto_sha256(bytes);
    assert_true(memcmp(&first, &second, sizeof first) == 0);
    check_lines(bytes, 76);
}

static void a_file_that_changed_or_went_is_said(void **state)
{
    (void)state;
    struct mail_out_file file = {.name = S("a.txt"), .path = big_file(100), .size = 101};
    struct mail_out mail = plain_mail();
    mail.files = &file;
    mail.n_files = 1;
    str bytes, why = {0};
    assert_err(write_to(&mail, &bytes, &why), E_CONFLICT);
    assert_str(why, "The file \"a.txt\" has changed since it was attached.");
    file.size = -1;
    assert_ok(write_to(&mail, &bytes, &why));
    file.path = test_path("none");
    assert_err(write_to(&mail, &bytes, &why), E_NOT_FOUND);
    assert_str(why, "The file \"a.txt\" is gone.");
}

static err file_step(struct arena *a, void *arg)
{
    struct got got = {.b = sb_make(test_arena(), 0)};
    str why;
    return mail_write(a, arg, take, &got, &why);
}

static void a_failing_disk_is_an_error_and_no_half_success(void **state)
{
    (void)state;
    struct mail_out_file file = {.name = S("a.txt"), .path = big_file(60000), .size = 60000};
    struct mail_out mail = plain_mail();
    mail.files = &file;
    mail.n_files = 1;
    for_each_file_failure(file_step, &mail, EIO, E_INTERNAL);
}

static void memory_that_ends_is_survived(void **state)
{
    (void)state;
    struct mail_out_file file = {.name = S("\u00e9.txt"), .path = big_file(2000), .size = 2000};
    struct mail_out mail = plain_mail();
    mail.html = S("<p>\u00e9</p>");
    mail.files = &file;
    mail.n_files = 1;
    for_each_allocation_failure(file_step, &mail);
}

static void who_takes_the_pieces_can_end_it(void **state)
{
    (void)state;
    struct mail_out_file file = {.name = S("a"), .path = big_file(200000), .size = 200000};
    struct mail_out mail = plain_mail();
    mail.files = &file;
    mail.n_files = 1;
    str why = {0};
    for (int at = 1; at < 4; at++) {
        struct got got = {.b = sb_make(test_arena(), 0), .stop_at = at};
        assert_err(mail_write(test_arena(), &mail, take, &got, &why), E_UPSTREAM);
        assert_int_equal(got.pieces, at);
    }
}

struct shape {
    str made;
};

static bool drop(void *arg, str piece)
{
    (void)arg, (void)piece;
    return true;
}

static void write_shape(void *arg, ptrdiff_t n)
{
    const struct shape *shape = arg;
    struct arena a = arena_make(0);
    struct mail_out mail = plain_mail();
    str why;
    mail.text = str_sub(shape->made, 0, n);
    assert_ok(mail_write(&a, &mail, drop, NULL, &why));
    arena_free(&a);
}

static void writing_is_linear(void **state)
{
    (void)state;
    static const char *const pieces[] = {"word \u00e9 words\n", "\u0986", "\n", " ", "From ", "."};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct sb b = sb_make(test_arena(), 0);
        while (b.len < 3000 * TEST_SLOPE_GROWTH)
            sb_add(&b, str_from(pieces[i]));
        struct shape shape = {.made = sb_str(&b)};
        test_slope(write_shape, &shape, 3000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plain_mail_is_these_bytes),
        TEST(a_whole_mail_is_these_bytes),
        TEST(parts_are_nested_only_as_far_as_needed),
        TEST(files_of_special_types_can_be_read_everywhere),
        TEST(text_goes_in_the_code_that_fits_it),
        TEST(any_text_comes_back_and_no_line_begins_with_a_dot),
        TEST(a_boundary_is_never_in_the_content),
        TEST(the_same_mail_is_the_same_bytes),
        TEST(what_is_written_is_read_back),
        TEST(a_large_file_passes_through_little_memory),
        TEST(a_file_that_changed_or_went_is_said),
        TEST(a_failing_disk_is_an_error_and_no_half_success),
        TEST(memory_that_ends_is_survived),
        TEST(who_takes_the_pieces_can_end_it),
        TEST(writing_is_linear),
    };
    return cmocka_run_group_tests_name("text_mail_write", tests, NULL, NULL);
}
