/* Golden mails: tests/data/mail/<name>.eml is read and must say exactly what <name>.expected has,
 * one line per member that is set, and one per leaf with the sum of its decoded bytes. The first
 * line of an .eml's name says whose shape it has; the mails were written by hand after what these
 * programs send. A new or changed one is written by running the test with SEVA_GOLDEN_WRITE=1 and
 * then read by a person. */
#include "test.h"

#include "base/crypto.h"
#include "base/file.h"
#include "base/utf8.h"
#include "text/mime.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAILS_AT_LEAST = 60 };

static const char *const kinds[] = {
    [MIME_PART_FILE] = "file",
    [MIME_PART_INLINE] = "inline",
    [MIME_PART_MAIL] = "mail",
    [MIME_PART_CALENDAR] = "calendar",
    [MIME_PART_TNEF] = "tnef",
    [MIME_PART_KEY] = "key",
};
static const char *const guards[] = {
    [MIME_OPEN] = "",
    [MIME_SIGNED_SMIME] = "signed_smime",
    [MIME_SIGNED_PGP] = "signed_pgp",
    [MIME_ENCRYPTED_SMIME] = "encrypted_smime",
    [MIME_ENCRYPTED_PGP] = "encrypted_pgp",
};

/* ── what a mail says ── */

static void put(struct sb *b, const char *name, str value)
{
    if (!value.len)
        return;
    assert_true(utf8_valid(value));
    sb_print(b, "  %s: ", name);
    for (ptrdiff_t i = 0; i < value.len; i++)
        if (value.at[i] == '\n')
            sb_add(b, S("\\n"));
        else if (value.at[i] == '\r')
            sb_add(b, S("\\r"));
        else
            sb_byte(b, value.at[i]);
    sb_byte(b, '\n');
}

static void put_people(struct sb *b, const char *name, const struct mime_address *at, int n)
{
    for (int i = 0; i < n; i++)
        put(b, name,
            str_print(test_arena(), "\"%.*s\" <%.*s>", SARG(at[i].name), SARG(at[i].address)));
}

static void put_ids(struct sb *b, const char *name, const str *at, int n)
{
    for (int i = 0; i < n; i++)
        put(b, name, at[i]);
}

static bool gather(void *arg, str piece)
{
    sb_add(arg, piece);
    return true;
}

static void put_parts(struct sb *b, const struct mime_mail *mail, str bytes)
{
    for (int i = 0; i < mail->n_parts; i++) {
        const struct mime_part *part = &mail->parts[i];
        struct sb whole = sb_make(test_arena(), 0);
        str why = {0};
        sb_print(b, "  part %d: %s %.*s \"%.*s\"", part->number, kinds[part->kind],
            SARG(part->type), SARG(part->name));
        if (part->content_id.len)
            sb_print(b, " <%.*s>", SARG(part->content_id));
        if (part->method.len)
            sb_print(b, " %.*s", SARG(part->method));
        assert_ok(mime_part_write(test_arena(), bytes, part->number, gather, &whole, &why));
        assert_int_equal(whole.len, part->size);
        struct sha256 sum = crypto_sha256(sb_str(&whole));
        str hex = crypto_hex(test_arena(), str_of(sum.b, 4));
        sb_print(b, " %lld %.*s\n", (long long)part->size, SARG(hex));
    }
}

/* Fields that every mail has differently are left to the other members. */
static void put_headers(struct sb *b, const struct mime_mail *mail)
{
    for (int i = 0; i < mail->n_headers; i++)
        if (str_starts(mail->headers[i].name, S("X-Seen")))
            put(b, "header", mail->headers[i].value);
    sb_print(b, "  headers: %d\n", mail->n_headers);
}

static void put_mail(struct sb *b, const struct mime_mail *mail, str bytes)
{
    put(b, "from",
        str_print(
            test_arena(), "\"%.*s\" <%.*s>", SARG(mail->from_name), SARG(mail->from_address)));
    if (mail->sender.address.len)
        put_people(b, "sender", &mail->sender, 1);
    put(b, "return_path", mail->return_path.address);
    put_people(b, "reply_to", mail->reply_to, mail->n_reply_to);
    put_people(b, "to", mail->to, mail->n_to);
    put_people(b, "cc", mail->cc, mail->n_cc);
    put_ids(b, "delivered_to", mail->delivered_to, mail->n_delivered_to);
    put(b, "subject", mail->subject);
    put(b, "message_id", mail->message_id);
    put(b, "in_reply_to", mail->in_reply_to);
    put_ids(b, "reference", mail->references, mail->n_references);
    if (mail->date_ms)
        sb_print(b, "  date_ms: %lld\n", (long long)mail->date_ms);
    put_headers(b, mail);
    put(b, "text", mail->text);
    put(b, "html", mail->html);
    if (mail->is_flowed)
        sb_print(b, "  is_flowed%s\n", mail->is_delsp ? " is_delsp" : "");
    put_parts(b, mail, bytes);
    put(b, "calendar", mail->calendar);
    put(b, "report_type", mail->report_type);
    put(b, "report", mail->report);
    put(b, "report_headers", mail->report_headers);
    put(b, "guard", str_from(guards[mail->guard]));
    put(b, "degraded", mail->degraded);
}

static int first_mail(const struct mime_mail *mail)
{
    for (int i = 0; i < mail->n_parts; i++)
        if (mail->parts[i].kind == MIME_PART_MAIL)
            return mail->parts[i].number;
    return -1;
}

static str show(str bytes)
{
    struct sb b = sb_make(test_arena(), 4 << 20), carried = sb_make(test_arena(), 0);
    struct mime_mail mail, inner;
    bool has_inner;
    str why = {0};
    if (mime_read(test_arena(), bytes, &mail, &inner, &has_inner, &why) != OK)
        return str_print(test_arena(), "refused: %.*s\n", SARG(why));
    sb_add(&b, S("mail\n"));
    put_mail(&b, &mail, bytes);
    if (!has_inner)
        return sb_str(&b);
    assert_ok(mime_part_write(test_arena(), bytes, first_mail(&mail), gather, &carried, &why));
    sb_add(&b, S("inner\n"));
    put_mail(&b, &inner, sb_str(&carried));
    return sb_str(&b);
}

/* ── the files ── */

static str path_of(const char *name, const char *ending)
{
    const char *folder = getenv("SEVA_MAILS");
    assert_non_null(folder);
    return str_print(test_arena(), "%s/%s%s", folder, name, ending);
}

static void write_expected(const char *name, str text)
{
    FILE *f = fopen(str_z(test_arena(), path_of(name, ".expected")), "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text.at, 1, (size_t)text.len, f), (size_t)text.len);
    assert_int_equal(fclose(f), 0);
}

static void check(const char *name)
{
    str bytes = {0}, wanted = {0};
    assert_ok(file_read(test_arena(), path_of(name, ".eml"), 1 << 20, &bytes));
    str shown = show(bytes);
    if (getenv("SEVA_GOLDEN_WRITE"))
        write_expected(name, shown);
    assert_ok(file_read(test_arena(), path_of(name, ".expected"), 1 << 20, &wanted));
    if (!str_eq(shown, wanted))
        fail_msg("%s says\n%.*s\ninstead of\n%.*s", name, SARG(shown), SARG(wanted));
}

static void every_mail_says_what_is_expected(void **state)
{
    (void)state;
    const char *folder = getenv("SEVA_MAILS");
    char name[128];
    int n = 0;
    assert_non_null(folder);
    DIR *mails = opendir(folder);
    assert_non_null(mails);
    for (struct dirent *e; (e = readdir(mails));) {
        str file = str_from(e->d_name);
        if (!str_ends(file, S(".eml")) || file.len >= (ptrdiff_t)sizeof name)
            continue;
        (void)snprintf(name, sizeof name, "%.*s", (int)file.len - 4, e->d_name);
        check(name);
        n++;
    }
    closedir(mails);
    assert_true(n >= MAILS_AT_LEAST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(every_mail_says_what_is_expected)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
