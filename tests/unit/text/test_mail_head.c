/* Unit tests of text/mail_write: header fields and addresses. */
#include "mail_written.h"

#include <string.h>

#include "base/crypto.h"
#include "base/utf8.h"

/* ── values ── */

static void machine_mail_says_so(void **state)
{
    (void)state;
    struct mail_out mail = plain_mail();
    assert_true(field(written(&mail), "Auto-Submitted").len == 0);
    mail.is_automatic = true;
    mail.loop = S("seva-1");
    str bytes = written(&mail);
    assert_str(field(bytes, "Auto-Submitted"), "auto-generated");
    assert_str(field(bytes, "X-Auto-Response-Suppress"), "All");
    assert_str(field(bytes, "X-Seva-Loop"), "seva-1");
    assert_true(field(bytes, "Precedence").len == 0);
    mail.in_reply_to = S("1@x");
    assert_str(field(written(&mail), "Auto-Submitted"), "auto-replied");
}

static void bulk_mail_can_be_left_by_one_click(void **state)
{
    (void)state;
    struct mail_out mail = plain_mail();
    mail.unsubscribe_url = S("https://care.example.com/leave/abc");
    assert_true(field(written(&mail), "List-Unsubscribe").len == 0); /* bulk only */
    mail.is_bulk = true;
    str bytes = written(&mail);
    assert_str(field(bytes, "Precedence"), "bulk");
    assert_str(field(bytes, "List-Unsubscribe"), "<https://care.example.com/leave/abc>");
    assert_str(field(bytes, "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    mail.unsubscribe_url = S("mailto:leave@care.example.com");
    assert_true(field(written(&mail), "List-Unsubscribe-Post").len == 0);
    str why = {0};
    mail.unsubscribe_url = S("http://care.example.com/");
    assert_err(write_to(&mail, &bytes, &why), E_INVALID);
    assert_true(why.len > 0);
}

static void references_are_the_first_and_the_last_twenty(void **state)
{
    (void)state;
    str ids[60];
    for (int i = 0; i < 60; i++)
        ids[i] = str_print(test_arena(), "%d@x", i);
    ids[59] = S("bad id\r\nBcc: a@b.example");
    struct mail_out mail = plain_mail();
    mail.references = ids;
    mail.n_references = 60;
    mail.in_reply_to = S("last@x");
    struct sb want = sb_make(test_arena(), 0);
    sb_add(&want, S("<0@x>"));
    for (int i = 40; i < 59; i++)
        sb_print(&want, " <%d@x>", i);
    sb_add(&want, S(" <last@x>"));
    str folded = field(written(&mail), "References");
    struct sb flat = sb_make(test_arena(), 0);
    for (ptrdiff_t i = 0; i < folded.len; i++)
        if (folded.at[i] != '\r' && folded.at[i] != '\n')
            sb_byte(&flat, folded.at[i]);
    assert_str(sb_str(&flat), str_z(test_arena(), sb_str(&want)));
    assert_str(field(written(&mail), "In-Reply-To"), "<last@x>");
    mail.references = &mail.in_reply_to; /* it ends them already */
    mail.n_references = 1;
    assert_str(field(written(&mail), "References"), "<last@x>");
}

static void names_of_people_are_atoms_quotes_or_words(void **state)
{
    (void)state;
    static const struct {
        const char *name, *written;
    } names[] = {
        {"Asha Rahman",           "Asha Rahman <a@b.example>"             },
        {"Rahman, Asha (Care)",   "\"Rahman, Asha (Care)\" <a@b.example>" },
        {"O\"Neil \\ Co.",        "\"O\\\"Neil \\\\ Co.\" <a@b.example>"  },
        {"Jos\u00e9",             "=?UTF-8?B?Sm9zw6k=?= <a@b.example>"    },
        {"\u0986\u09b6\u09be",    "=?UTF-8?B?4KaG4Ka24Ka+?= <a@b.example>"},
        {"=?x?q?y?=",             "=?UTF-8?B?PT94P3E/eT89?= <a@b.example>"},
        {"two  spaces",           "=?UTF-8?Q?two__spaces?= <a@b.example>" },
        {"",                      "a@b.example"                           },
        {"\r\n",                  "a@b.example"                           },
        {"a\r\nBcc: x@y.example", "\"a  Bcc: x@y.example\""               },
    };
    for (size_t i = 0; i + 1 < sizeof names / sizeof names[0]; i++) {
        struct mail_out mail = plain_mail();
        mail.from_name = str_from(names[i].name);
        mail.from_address = S("A@B.example");
        str want = str_print(test_arena(), "%s", names[i].written);
        str got = field(written(&mail), "From");
        assert_int_equal(got.len, want.len); /* the local part keeps its case */
        assert_true(str_eq_nocase(got, want));
    }
}

static void domains_of_other_scripts_are_ascii_on_the_wire(void **state)
{
    (void)state;
    str wire = {0}, why = {0};
    assert_ok(mail_address_wire(test_arena(), S("care@b\u00fccher.example"), false, &wire, &why));
    assert_str(wire, "care@xn--bcher-kva.example");
    assert_ok(mail_address_wire(test_arena(), S("care@fa\u00df.example"), false, &wire, &why));
    assert_str(wire, "care@xn--fa-hia.example"); /* not fass: UTS #46, nontransitional */
    assert_ok(mail_address_wire(test_arena(), S("care@b\u00fccher.example"), true, &wire, &why));
    assert_str(wire, "care@b\u00fccher.example");
    assert_err(
        mail_address_wire(test_arena(), S("\u0986@x.example"), false, &wire, &why), E_INVALID);
    assert_true(str_find(why, S("SMTPUTF8")) > 0);
    assert_ok(mail_address_wire(test_arena(), S("\u0986@x.example"), true, &wire, &why));
    struct mail_out mail = plain_mail();
    assert_false(mail_needs_utf8(&mail));
    mail.reply_to = S("\u0986@x.example");
    assert_true(mail_needs_utf8(&mail));
}

static void what_is_no_address_is_refused_with_words(void **state)
{
    (void)state;
    static const char *const good[] = {"a@b", "a.b+c=d'e@x-y.example", "\"a b\"@x.example",
        "\"a\\\"b\"@x.example", "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]", "  a@b.example "};
    static const char *const bad[] = {"", "a", "@b", "a@", "a@b@c d", "a b@c", ".a@b", "a.@b",
        "a..b@c", "a@-b", "a@b-", "a@b..c", "a@b.", "a@b c", "<a@b>", "a@b>", "a@b,c@d",
        "a@b\r\nBcc: x@y", "a\r\n@b", "a@b\xff", "\"a@b", "\"a\"b\"@c", "\"a\\\"@c", "\"\r\n\"@c",
        "a@[x y]", "a@[]", "a@\u2028.example", "a@xn--\u00fc.example",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b",
        "a@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    str wire, why = {0};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_ok(mail_address_wire(test_arena(), str_from(good[i]), false, &wire, &why));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        why = (str){0};
        if (mail_address_wire(test_arena(), str_from(bad[i]), true, &wire, &why) != E_INVALID)
            fail_msg("taken: %s", bad[i]);
        assert_true(why.len > 0 && !utf8_has_control(why));
    }
    assert_err(mail_address_wire(test_arena(), str_of("a@b\0c", 5), false, &wire, &why), E_INVALID);
}

/* Each word decodes alone to whole code points; together they are the text. */
static void check_words(str value, str text)
{
    struct sb all = sb_make(test_arena(), 0);
    str rest = value;
    while (rest.len > 0) {
        ptrdiff_t from = str_find(rest, S("=?UTF-8?"));
        assert_true(from == 0 || (from > 0 && str_trim(str_sub(rest, 0, from)).len == 0));
        rest = str_skip(rest, from);
        ptrdiff_t end = str_find(str_skip(rest, 10), S("?="));
        str code = str_sub(rest, 10, end), one = {0};
        assert_true(end + 12 <= 75);
        if (rest.at[8] == 'B') {
            assert_ok(crypto_unbase64(test_arena(), code, &one));
        } else {
            struct sb b = sb_make(test_arena(), 0);
            for (ptrdiff_t i = 0; i < code.len; i++) {
                bool is_hex = code.at[i] == '=';
                sb_byte(&b, is_hex              ? (char)(str_hex_digit(code.at[i + 1]) << 4 |
                                            str_hex_digit(code.at[i + 2]))
                            : code.at[i] == '_' ? ' '
                                                : code.at[i]);
                i += is_hex ? 2 : 0;
            }
            one = sb_str(&b);
        }
        assert_true(one.len > 0 && utf8_valid(one));
        sb_add(&all, one);
        rest = str_skip(rest, 10 + end + 2);
    }
    assert_true(str_eq(sb_str(&all), text));
}

static void encoded_words_split_no_letter(void **state)
{
    (void)state;
    static const char *const letters[] = {"\u00e9", "\u0986\u09b6\u09be", "\U0001F600",
        "x\u00e9y z", "\u65e5\u672c\u8a9e",
        "\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5a",
        "\u00e9\U0001F600\u0986"};
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        for (int times = 1; times < 120; times += 7) {
            struct sb b = sb_make(test_arena(), 0);
            for (int k = 0; k < times; k++)
                sb_add(&b, str_from(letters[i]));
            struct mail_out mail = plain_mail();
            mail.subject = utf8_prefix_bytes(sb_str(&b), MAIL_OUT_SUBJECT_BYTES);
            str bytes = written(&mail);
            check_lines(bytes, 76);
            check_words(field(bytes, "Subject"), str_trim(mail.subject));
            assert_str(read_back(bytes).subject, str_z(test_arena(), str_trim(mail.subject)));
        }
    }
}

static void long_plain_subjects_fold_at_their_spaces(void **state)
{
    (void)state;
    struct mail_out mail = plain_mail();
    mail.subject = S("one two three four five six seven eight nine ten eleven twelve thirteen "
                     "fourteen fifteen sixteen seventeen");
    str bytes = written(&mail);
    check_lines(bytes, 76);
    assert_str(field(bytes, "Subject"),
        "one two three four five six seven eight nine ten eleven twelve\r\n"
        " thirteen fourteen fifteen sixteen seventeen");
    assert_str(read_back(bytes).subject, str_z(test_arena(), mail.subject));
}

static void file_names_come_back_whole(void **state)
{
    (void)state;
    static const char *const names[] = {"a.pdf", "R\u00e9sum\u00e9.pdf", "a \"b\" c.txt", "50%.txt",
        "\u0986\u09ae\u09be\u09b0 \u09ab\u09be\u0987\u09b2 "
        "\u0986\u09ae\u09be\u09b0 \u09ab\u09be\u0987\u09b2 "
        "\u0986\u09ae\u09be\u09b0.pdf",
        "a-very-long-name-of-a-file-that-somebody-made-with-a-scanner-2026-01-01-at-noon.pdf"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct mail_out_file file = {
            .name = str_from(names[i]), .type = S("application/pdf"), .bytes = S("x")};
        struct mail_out mail = plain_mail();
        mail.text = S("");
        mail.files = &file;
        mail.n_files = 1;
        str bytes = written(&mail);
        check_lines(bytes, 76);
        str shown = field(bytes, "Content-Type");
        ptrdiff_t at = str_find(shown, S("name=\""));
        str words = str_sub(shown, at + 6, shown.len - at - 7);
        if (str_starts(words, S("=?")))
            check_words(words, file.name);
        /* RFC 2231, read by hand: sections in order, then percent codes. */
        str rest = field(bytes, "Content-Disposition");
        if (str_find(rest, S("filename=")) > 0)
            continue;
        struct sb b = sb_make(test_arena(), 0);
        ptrdiff_t quote = str_find(rest, S("''"));
        assert_true(quote > 0);
        rest = str_skip(rest, quote + 2);
        while (rest.len > 0) {
            if (rest.at[0] == ';') {
                rest = str_skip(rest, str_find_byte(rest, '=') + 1);
            } else if (rest.at[0] == '%') {
                sb_byte(&b, (char)(str_hex_digit(rest.at[1]) << 4 | str_hex_digit(rest.at[2])));
                rest = str_skip(rest, 3);
            } else {
                sb_byte(&b, rest.at[0]);
                rest = str_skip(rest, 1);
            }
        }
        assert_true(str_eq(sb_str(&b), file.name));
    }
}

/* ── nothing makes a header line ── */

static void check_header_names(str bytes)
{
    static const char *const known[] = {"Date", "From", "Sender", "Reply-To", "To", "Cc", "Subject",
        "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "X-Auto-Response-Suppress",
        "Precedence", "List-Unsubscribe", "List-Unsubscribe-Post", "X-Seva-Loop", "MIME-Version",
        "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", NULL};
    str head = str_sub(bytes, 0, str_find(bytes, S("\r\n\r\n"))), line, name, value;
    while (head.len > 0) {
        (void)str_cut(head, '\n', &line, &head);
        if (str_starts(line, S(" "))) {
            assert_true(str_trim(line).len > 0);
            continue;
        }
        assert_true(str_cut(line, ':', &name, &value));
        bool is_known = false;
        for (int i = 0; known[i] != NULL; i++)
            is_known = is_known || str_eq(name, str_from(known[i]));
        if (!is_known)
            fail_msg("a field of its own: %.*s", SARG(line));
    }
}

static void no_value_begins_a_header_line(void **state)
{
    (void)state;
    static const char ends[][4] = {"\r\n", "\n", "\r", "\n\n", "\r\r\n", "\v", "\f", "\x85", "\0"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        ptrdiff_t n = ends[i][0] == '\0' ? 1 : (ptrdiff_t)strlen(ends[i]);
        str end = str_of(ends[i], n);
        str evil = str_cat(
            test_arena(), str_cat(test_arena(), S("a@b.example"), end), S("Bcc: x@y.example"));
        for (int place = 0; place < 14; place++) {
            struct mail_out mail = plain_mail();
            struct mime_address person = asha;
            struct mail_out_file file = {.name = S("f"), .type = S("a/b"), .bytes = S("x")};
            mail.text = S("");
            mail.is_bulk = true;
            str *places[] = {&mail.from_name, &mail.from_address, &mail.sender, &mail.reply_to,
                &mail.subject, &mail.message_id, &mail.in_reply_to, &mail.loop,
                &mail.unsubscribe_url, &person.name, &person.address, &file.name, &file.type,
                &file.content_id};
            *places[place] = evil;
            mail.to = mail.cc = &person;
            mail.n_cc = 1;
            mail.references = &evil;
            mail.n_references = 1;
            mail.files = &file;
            mail.n_files = 1;
            str bytes = {0}, why = {0};
            err e = write_to(&mail, &bytes, &why);
            assert_true(e == OK || (e == E_INVALID && bytes.len == 0 && why.len > 0));
            if (e != OK)
                continue;
            check_lines(bytes, 998);
            check_header_names(bytes);
        }
    }
}

static void too_many_and_too_long_are_refused(void **state)
{
    (void)state;
    struct mime_address *many = NEW(test_arena(), struct mime_address, 201);
    for (int i = 0; i < 201; i++)
        many[i] = asha;
    struct mail_out mail = plain_mail();
    str bytes = {0}, why = {0};
    mail.to = many;
    mail.n_to = 201;
    assert_err(write_to(&mail, &bytes, &why), E_LIMIT);
    mail.n_to = 200;
    check_lines(written(&mail), 76);
    mail.n_to = 0;
    assert_str(field(written(&mail), "To"), "undisclosed-recipients:;");
    mail.n_files = 51;
    assert_err(write_to(&mail, &bytes, &why), E_LIMIT);
    mail.n_files = 0;
    mail.message_id = S("");
    assert_err(write_to(&mail, &bytes, &why), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(machine_mail_says_so),
        TEST(bulk_mail_can_be_left_by_one_click),
        TEST(references_are_the_first_and_the_last_twenty),
        TEST(names_of_people_are_atoms_quotes_or_words),
        TEST(domains_of_other_scripts_are_ascii_on_the_wire),
        TEST(what_is_no_address_is_refused_with_words),
        TEST(encoded_words_split_no_letter),
        TEST(long_plain_subjects_fold_at_their_spaces),
        TEST(file_names_come_back_whole),
        TEST(no_value_begins_a_header_line),
        TEST(too_many_and_too_long_are_refused),
    };
    return cmocka_run_group_tests_name("text_mail_head", tests, NULL, NULL);
}
