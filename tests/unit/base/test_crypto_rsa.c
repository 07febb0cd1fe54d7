/* crypto_rsa.c and SHA-1 against published vectors (RFC 7515 A.2, FIPS 180-4, RFC 6455) and against
 * keys that OpenSSL makes on the spot. */
#include "test.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/crypto.h"

/* RFC 7515, A.2. */
#define RFC_N                                                                                      \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4" \
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re" \
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX" \
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RFC_SIGNED                                                                                 \
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"  \
    "NvbS9pc19yb290Ijp0cnVlfQ"
#define RFC_SIGNATURE                                                                              \
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5" \
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb" \
    "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO" \
    "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"

static str bytes(const char *base64url)
{
    str out = {0};
    assert_ok(crypto_unbase64url(test_arena(), str_from(base64url), &out));
    return out;
}

static str changed(str s, ptrdiff_t at)
{
    char *to = NEW(test_arena(), char, s.len + 1);
    memcpy(to, s.at, (size_t)s.len);
    to[at] ^= 1;
    return str_of(to, s.len);
}

static void the_signature_of_rfc_7515_is_good(void **state)
{
    (void)state;
    assert_ok(
        crypto_rs256_verify(bytes(RFC_N), bytes("AQAB"), S(RFC_SIGNED), bytes(RFC_SIGNATURE)));
    /* Leading zeros are allowed in numbers. */
    str n = str_cat(test_arena(), str_of("\0", 1), bytes(RFC_N));
    assert_ok(crypto_rs256_verify(n, bytes("AAEAAQ"), S(RFC_SIGNED), bytes(RFC_SIGNATURE)));
}

static void any_other_signature_is_refused(void **state)
{
    (void)state;
    str n = bytes(RFC_N), e = bytes("AQAB"), good = bytes(RFC_SIGNATURE);
    assert_err(crypto_rs256_verify(n, e, S(RFC_SIGNED "."), good), E_UNAUTHENTICATED);
    assert_err(crypto_rs256_verify(n, e, S(""), good), E_UNAUTHENTICATED);
    for (ptrdiff_t i = 0; i < good.len; i += 51)
        assert_err(crypto_rs256_verify(n, e, S(RFC_SIGNED), changed(good, i)), E_UNAUTHENTICATED);
    assert_err(crypto_rs256_verify(n, e, S(RFC_SIGNED), str_sub(good, 0, 255)), E_UNAUTHENTICATED);
    assert_err(crypto_rs256_verify(n, e, S(RFC_SIGNED), str_cat(test_arena(), good, S("x"))),
        E_UNAUTHENTICATED);
    assert_err(crypto_rs256_verify(n, e, S(RFC_SIGNED), (str){0}), E_UNAUTHENTICATED);
}

static void weak_and_senseless_keys_are_refused(void **state)
{
    (void)state;
    str n = bytes(RFC_N), e = bytes("AQAB"), good = bytes(RFC_SIGNATURE), data = S(RFC_SIGNED);
    char *ones = NEW(test_arena(), char, 2048);
    memset(ones, 0xff, 2048);
    assert_err(crypto_rs256_verify((str){0}, e, data, good), E_INVALID);
    assert_err(crypto_rs256_verify(n, (str){0}, data, good), E_INVALID);
    assert_err(crypto_rs256_verify(n, S("\x01"), data, good), E_INVALID);
    assert_err(crypto_rs256_verify(n, S("\x02"), data, good), E_INVALID);
    assert_err(crypto_rs256_verify(n, S("\x01\x01\x01\x01\x01"), data, good), E_INVALID);
    assert_err(crypto_rs256_verify(str_of(ones, 128), e, data, good), E_INVALID); /* 1024 bits */
    assert_err(crypto_rs256_verify(str_of(ones, 2048), e, data, good), E_INVALID);
}

/* The private key as PEM; n and e of its public half. bits < 0: elliptic instead. */
static str make_key(int bits, const char *passphrase, str *n)
{
    EVP_PKEY *key = bits > 0 ? EVP_RSA_gen((unsigned)bits) : EVP_EC_gen("P-256");
    BIO *out = BIO_new(BIO_s_mem());
    assert_non_null(key);
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(out, key, passphrase ? EVP_aes_256_cbc() : NULL,
                         NULL, 0, NULL, (void *)(uintptr_t)passphrase),
        1);
    char *at;
    long len = BIO_get_mem_data(out, &at);
    str pem = str_copy(test_arena(), str_of(at, len));
    BIGNUM *modulus = NULL;
    if (n != NULL && EVP_PKEY_get_bn_param(key, "n", &modulus) == 1) {
        unsigned char *to = NEW(test_arena(), unsigned char, BN_num_bytes(modulus));
        *n = str_of(to, BN_bn2bin(modulus, to));
    }
    BN_free(modulus);
    BIO_free(out);
    EVP_PKEY_free(key);
    return pem;
}

static void what_is_signed_verifies_under_the_public_half(void **state)
{
    (void)state;
    str n = {0}, other = {0}, signature = {0};
    str pem = make_key(2048, NULL, &n);
    (void)make_key(2048, NULL, &other);
    assert_ok(crypto_rs256_sign(test_arena(), pem, S("said"), &signature));
    assert_int_equal(signature.len, 256);
    assert_ok(crypto_rs256_verify(n, bytes("AQAB"), S("said"), signature));
    assert_err(crypto_rs256_verify(n, bytes("AQAB"), S("sa1d"), signature), E_UNAUTHENTICATED);
    assert_err(crypto_rs256_verify(other, bytes("AQAB"), S("said"), signature), E_UNAUTHENTICATED);
}

static void what_is_no_open_rsa_key_signs_nothing(void **state)
{
    (void)state;
    str signature = S("untouched");
    const str bad[] = {S(""), S("x"),
        S("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        make_key(2048, "a passphrase", NULL), make_key(1024, NULL, NULL), make_key(-1, NULL, NULL)};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_err(crypto_rs256_sign(test_arena(), bad[i], S("said"), &signature), E_INVALID);
    assert_str(signature, "untouched");
}

/* n of a SubjectPublicKeyInfo. */
static str modulus_of(str der)
{
    const unsigned char *at = (const unsigned char *)der.at;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, der.len);
    BIGNUM *modulus = NULL;
    assert_true(key != NULL && EVP_PKEY_get_bn_param(key, "n", &modulus) == 1);
    unsigned char *to = NEW(test_arena(), unsigned char, BN_num_bytes(modulus));
    str n = str_of(to, BN_bn2bin(modulus, to));
    BN_free(modulus);
    EVP_PKEY_free(key);
    return n;
}

static void a_new_key_signs_for_its_public_half(void **state)
{
    (void)state;
    str pem = {0}, other = {0}, der = {0}, signature = {0};
    assert_ok(crypto_rsa_new(test_arena(), &pem));
    assert_ok(crypto_rsa_new(test_arena(), &other));
    assert_false(str_eq(pem, other));
    assert_true(str_starts(pem, S("-----BEGIN PRIVATE KEY-----")));
    assert_ok(crypto_rsa_public(test_arena(), pem, &der));
    assert_ok(crypto_rs256_sign(test_arena(), pem, S("said"), &signature));
    assert_ok(crypto_rs256_verify(modulus_of(der), bytes("AQAB"), S("said"), signature));
    assert_err(crypto_rsa_public(test_arena(), S("x"), &der), E_INVALID);
    assert_err(crypto_rsa_public(test_arena(), make_key(1024, NULL, NULL), &der), E_INVALID);
    assert_err(crypto_rsa_public(test_arena(), make_key(-1, NULL, NULL), &der), E_INVALID);
}

static err sign_once(struct arena *a, void *arg)
{
    str signature;
    return crypto_rs256_sign(a, *(const str *)arg, S("said"), &signature);
}

static void signing_survives_the_end_of_memory(void **state)
{
    (void)state;
    str pem = make_key(2048, NULL, NULL);
    for_each_allocation_failure(sign_once, &pem);
}

static str hex_of(struct sha1 d)
{
    return crypto_hex(test_arena(), str_of(d.b, 20));
}

static void sha1_gives_the_standards_digests(void **state)
{
    (void)state;
    assert_str(hex_of(crypto_sha1(S("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_str(hex_of(crypto_sha1((str){0})), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    struct sha1 d = crypto_sha1(S("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    assert_str(crypto_base64(test_arena(), str_of(d.b, 20)), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void parts_of_hmac_sha1_count_as_their_concatenation(void **state)
{
    (void)state;
    const str parts[] = {S("what do ya "), S(""), S("want for nothing?")};
    struct sha1 whole;
    assert_ok(crypto_hmac_sha1(S("Jefe"), S("what do ya want for nothing?"), whole.b));
    assert_str(
        hex_of(crypto_hmac_sha1_parts(S("Jefe"), parts, 3)), str_z(test_arena(), hex_of(whole)));
    assert_str(hex_of(whole), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"); /* RFC 2202 */
}

int main(void)
{
    if (crypto_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(the_signature_of_rfc_7515_is_good),
        TEST(any_other_signature_is_refused),
        TEST(weak_and_senseless_keys_are_refused),
        TEST(what_is_signed_verifies_under_the_public_half),
        TEST(what_is_no_open_rsa_key_signs_nothing),
        TEST(a_new_key_signs_for_its_public_half),
        TEST(signing_survives_the_end_of_memory),
        TEST(sha1_gives_the_standards_digests),
        TEST(parts_of_hmac_sha1_count_as_their_concatenation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
