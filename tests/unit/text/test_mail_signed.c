/* Which bytes of a mail are signed; what hostile signatures and keys come to. Real signatures:
 * tests/flow/mail_signatures.c. */
#include "test.h"

#include "base/crypto_cms.h"
#include "text/mail_signed.h"
#include "text/pgp.h"
#include "text/tnef_part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "From: a@example.net\r\nMIME-Version: 1.0\r\n"
#define SIGNED(protocol)                                                                           \
    "Content-Type: multipart/signed; protocol=\"" protocol "\"; boundary=s\r\n\r\n"
#define INNER                                                                                      \
    "Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain\r\n\r\n"     \
    "words\r\n--i--\r\n"
#define SIGNATURE "--s\r\nContent-Type: application/pkcs7-signature\r\n\r\nsignature\r\n--s--\r\n"

/* That of tests/data/mail_signed/asha.asc. */
#define A_KEY                                                                                      \
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"                                                       \
    "\n"                                                                                           \
    "mDMEZ3SFgBYJKwYBBAHaRw8BAQdAizjpZq0sbn6WPzuHcS9uYoPi/qKGM9niP5z1\n"                           \
    "OqfPuvm0G0FzaGEgUmFvIDxhc2hhQGV4YW1wbGUubmV0PoiQBBMWCAA4FiEE4ymX\n"                           \
    "FVsqX5IDhdoci8gTgijCbD0FAmd0hYACGwMFCwkIBwIGFQoJCAsCBBYCAwECHgEC\n"                           \
    "F4AACgkQi8gTgijCbD07DQD+PkXmvIrLD2Uufan51YkKQVxP/463QbLCXtyyvAOu\n"                           \
    "0r0A/AtODCE30BGoaoTaKCsX/DeCtkOEr6+yEyc5M/FIMA4I\n"                                           \
    "=54WT\n"                                                                                      \
    "-----END PGP PUBLIC KEY BLOCK-----\n"

static struct mail_signed read_guarded(const char *mail, enum mime_guard guard)
{
    struct mail_signed found;
    mail_signed_read(test_arena(), str_from(mail), guard, &found);
    return found;
}

static void what_is_signed_reaches_up_to_the_boundary_of_the_signature(void **state)
{
    (void)state;
    struct mail_signed found =
        read_guarded(HEAD SIGNED("application/pkcs7-signature") "--s\r\n" INNER "\r\n" SIGNATURE,
            MIME_SIGNED_SMIME);
    assert_int_equal(found.kind, MAIL_SIGNED_SMIME);
    assert_str(found.data, INNER);
    assert_str(found.signature, "signature");
}

static void line_ends_are_as_they_were_when_it_was_signed(void **state)
{
    (void)state;
    struct mail_signed found = read_guarded(
        "From: a@example.net\nContent-Type: multipart/signed; boundary=s\n\n--s\n"
        "Content-Type: text/plain\n\none\ntwo\n--s\nContent-Type: application/pgp-signature\n\nx\n--s--\n",
        MIME_SIGNED_PGP);
    assert_int_equal(found.kind, MAIL_SIGNED_PGP);
    assert_str(found.data, "Content-Type: text/plain\r\n\r\none\r\ntwo");
}

/* A third part, a list's footer around it, armour in the text, nothing at all. */
static void what_is_not_signed_as_a_whole_counts_as_partly(void **state)
{
    (void)state;
    static const char *const partly[] = {
        HEAD SIGNED("application/pkcs7-signature") "--s\r\n" INNER
                                                   "\r\n--s\r\n\r\nmore\r\n" SIGNATURE,
        HEAD "Content-Type: multipart/mixed; boundary=l\r\n\r\n--l\r\n" SIGNED(
            "application/pkcs7-signature") "--s\r\n" INNER "\r\n" SIGNATURE
                                           "--l\r\n\r\nfooter\r\n--l--\r\n",
        HEAD "\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n",
        HEAD SIGNED("application/pkcs7-signature") "--s\r\n\r\nno second part\r\n--s--\r\n",
    };
    for (size_t i = 0; i < sizeof partly / sizeof *partly; i++)
        assert_int_equal(read_guarded(partly[i], MIME_SIGNED_SMIME).kind, MAIL_SIGNED_PARTLY);
    assert_int_equal(read_guarded(partly[0], MIME_OPEN).kind, MAIL_SIGNED_NOT);
    assert_int_equal(read_guarded(partly[0], MIME_ENCRYPTED_SMIME).kind, MAIL_SIGNED_NOT);
}

static void mails_without_an_envelope_stay_as_they_are(void **state)
{
    (void)state;
    static const char *const mails[] = {
        HEAD "\r\nwords\r\n",
        HEAD "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\nnot DER\r\n",
        HEAD "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nsealed\r\n",
        "",
    };
    for (size_t i = 0; i < sizeof mails / sizeof *mails; i++)
        assert_true(mail_signed_open(test_arena(), str_from(mails[i])).at == mails[i]);
}

static str repeated(str unit, ptrdiff_t times)
{
    struct sb b = sb_make(test_arena(), 0);
    for (ptrdiff_t i = 0; i < times; i++)
        sb_add(&b, unit);
    return sb_str(&b);
}

/* What librnp thinks of these bytes is nobody's business; what others say is. */
static void nothing_is_printed_about_bad_signatures(void **state)
{
    (void)state;
    static const char bad[] = "-----BEGIN PGP SIGNATURE-----\n\niQEzBAABCAAdFiEE\n=abcd\n"
                              "-----END PGP SIGNATURE-----\n";
    struct signature s;
    struct pgp_key key;
    str why;
    char path[] = "/tmp/seva-said-XXXXXX", said[100] = "";
    int to = mkstemp(path), kept = dup(STDERR_FILENO);
    assert_true(to >= 0 && kept >= 0);
    (void)unlink(path);
    (void)fflush(stderr);
    assert_true(dup2(to, STDERR_FILENO) >= 0);
    pgp_verify(test_arena(), S("x"), str_from(bad), str_from(A_KEY), 0, &s);
    err read = pgp_key_read(test_arena(),
        S("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n"),
        &key, &why);
    (void)fputs("said\n", stderr);
    (void)fflush(stderr);
    (void)dup2(kept, STDERR_FILENO);
    ssize_t n = pread(to, said, sizeof said - 1, 0);
    (void)close(kept);
    (void)close(to);
    assert_int_equal(s.verdict, SIGNATURE_BROKEN);
    assert_err(read, E_INVALID);
    assert_string_equal(said, "said\n");
    assert_int_equal(n, 5);
}

static void hostile_signatures_are_broken(void **state)
{
    (void)state;
    struct signature s;
    str content;
    const str bad[] = {
        S(""),
        S("0"),
        repeated(str_of("\x30\x80", 2), 100000), /* nested without end */
        repeated(str_of("\xff", 1), 300000),
        str_of("\x30\x84\xff\xff\xff\xff\x06\x09", 8), /* 4 GB, it says */
        repeated(S("-----BEGIN PGP SIGNATURE-----\n\n"), 2000),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        crypto_cms_verify(
            test_arena(), bad[i], false, S("x"), &(struct cms_trusted){0}, 0, &s, &content);
        assert_int_equal(s.verdict, SIGNATURE_BROKEN);
        crypto_cms_verify(test_arena(), bad[i], true, S(""), &(struct cms_trusted){bad[i], bad[i]},
            0, &s, &content);
        assert_int_equal(s.verdict, SIGNATURE_BROKEN);
        pgp_verify(test_arena(), S("x"), bad[i], str_from(A_KEY), 0, &s);
        assert_int_equal(s.verdict, SIGNATURE_BROKEN);
        pgp_verify(test_arena(), S("x"), bad[i], bad[i], 0, &s); /* and as keys */
        assert_true(s.verdict == SIGNATURE_BROKEN || s.verdict == SIGNATURE_UNKNOWN);
    }
}

static void hostile_keys_are_none(void **state)
{
    (void)state;
    struct certificate certificate;
    struct pgp_key key;
    str why = {0};
    const str bad[] = {
        S(""),
        S("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        S("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"),
        S("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n"),
        S("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----\n"),
        repeated(S("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"), 5000),
        repeated(str_of("\x30\x80", 2), 100000),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(
            crypto_certificate_read(test_arena(), bad[i], &certificate, &why), E_INVALID);
        assert_true(why.len > 0);
        why = (str){0};
        assert_int_equal(
            crypto_revocations_read(test_arena(), bad[i], bad[i], &certificate, &why), E_INVALID);
        assert_true(why.len > 0);
        assert_int_equal(pgp_key_read(test_arena(), bad[i], &key, &why), E_INVALID);
        assert_true(why.len > 0);
    }
}

static void parts_have_names_that_are_read_back(void **state)
{
    (void)state;
    int number = 0, file = 0;
    assert_str(tnef_part_name(test_arena(), 3, -1), "part:3");
    assert_str(tnef_part_name(test_arena(), 3, 7), "part:3/7");
    assert_true(tnef_part_name_read(S("part:12/34"), &number, &file));
    assert_int_equal(number, 12);
    assert_int_equal(file, 34);
    assert_true(tnef_part_name_read(S("part:0"), &number, &file));
    assert_int_equal(file, -1);
    static const char *const bad[] = {"part:", "part:x", "part:1/", "part:1/x", "part:-1", "1", ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(tnef_part_name_read(str_from(bad[i]), &number, &file));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_signed_reaches_up_to_the_boundary_of_the_signature),
        TEST(line_ends_are_as_they_were_when_it_was_signed),
        TEST(what_is_not_signed_as_a_whole_counts_as_partly),
        TEST(mails_without_an_envelope_stay_as_they_are),
        TEST(nothing_is_printed_about_bad_signatures),
        TEST(hostile_signatures_are_broken),
        TEST(hostile_keys_are_none),
        TEST(parts_have_names_that_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
