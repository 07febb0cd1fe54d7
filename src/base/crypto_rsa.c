/* RS256: signatures of other people's tokens and of our own assertions; declared in crypto.h.
 * Not: what a token says (connector/jwt.c), keys of TLS (net/tls.c). Thread: any; contexts are made
 * per call, since a handful of calls a second is much.
 * Rules: RFC 8017, 8.2 (PKCS1-v1_5); RFC 7518, 3.3 (at least 2048 bits). */
#include "base/crypto.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

enum {
    KEY_BITS_MIN = 2048,
    KEY_BITS_MAX = 8192, /* larger ones only cost time: a key set is somebody else's text */
    EXPONENT_BYTES = 4,
    PEM_BYTES = 64 * 1024,
};

static str without_zeros(str number)
{
    while (number.len > 0 && number.at[0] == '\0')
        number = str_skip(number, 1);
    return number;
}

static const unsigned char *bytes_of(str s)
{
    return (const unsigned char *)(s.len > 0 ? s.at : "");
}

static bool is_fit(const EVP_PKEY *key)
{
    return key != NULL && EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= KEY_BITS_MIN &&
           EVP_PKEY_get_bits(key) <= KEY_BITS_MAX;
}

/* NULL when the numbers make no key, or out of memory. The caller frees it. */
static EVP_PKEY *public_key(str n, str e)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = NULL;
    BIGNUM *modulus = BN_bin2bn(bytes_of(n), (int)n.len, NULL);
    BIGNUM *exponent = BN_bin2bn(bytes_of(e), (int)e.len, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *cx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (modulus && exponent && build && cx &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        params = OSSL_PARAM_BLD_to_param(build);
    if (params && EVP_PKEY_fromdata_init(cx) == 1)
        (void)EVP_PKEY_fromdata(cx, &key, EVP_PKEY_PUBLIC_KEY, params); /* key stays NULL then */
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(cx);
    OSSL_PARAM_BLD_free(build);
    BN_free(exponent);
    BN_free(modulus);
    return key;
}

err crypto_rs256_verify(str n, str e, str data, str signature)
{
    n = without_zeros(n);
    e = without_zeros(e);
    bool is_odd = n.len > 0 && e.len > 0 && (n.at[n.len - 1] & 1) && (e.at[e.len - 1] & 1);
    if (!is_odd || n.len < KEY_BITS_MIN / 8 || n.len > KEY_BITS_MAX / 8 || e.len > EXPONENT_BYTES ||
        str_eq(e, S("\x01")))
        return E_INVALID;
    if (signature.len != n.len)
        return E_UNAUTHENTICATED;
    EVP_PKEY *key = public_key(n, e);
    EVP_MD_CTX *cx = EVP_MD_CTX_new();
    err result = E_INVALID;
    if (cx == NULL)
        result = E_BUSY;
    else if (is_fit(key) && EVP_DigestVerifyInit_ex(cx, NULL, "SHA256", NULL, NULL, key, NULL) == 1)
        result = EVP_DigestVerify(cx, bytes_of(signature), (size_t)signature.len, bytes_of(data),
                     (size_t)data.len) == 1
                     ? OK
                     : E_UNAUTHENTICATED;
    EVP_MD_CTX_free(cx);
    EVP_PKEY_free(key);
    ERR_clear_error(); /* a refused key must not stand in the next caller's queue */
    return result;
}

/* OpenSSL would ask the terminal for the passphrase of an encrypted key. */
static int no_passphrase(char *to, int size, int writing, void *arg)
{
    (void)to, (void)size, (void)writing, (void)arg;
    return -1;
}

/* to: KEY_BITS_MAX / 8 bytes. */
static err sign_with(EVP_PKEY *key, unsigned char *to, size_t *len, str data)
{
    if (!is_fit(key))
        return E_INVALID;
    EVP_MD_CTX *cx = EVP_MD_CTX_new();
    bool is_done = cx != NULL &&
                   EVP_DigestSignInit_ex(cx, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
                   EVP_DigestSign(cx, to, len, bytes_of(data), (size_t)data.len) == 1;
    EVP_MD_CTX_free(cx);
    return is_done ? OK : E_BUSY;
}

/* *key: NULL, or the caller frees it. Whether it is fit is asked by who uses it. */
static err read_private(str pem, EVP_PKEY **key)
{
    *key = NULL;
    if (pem.len == 0 || pem.len > PEM_BYTES)
        return E_INVALID;
    BIO *in = BIO_new_mem_buf(pem.at, (int)pem.len);
    if (in == NULL)
        return E_BUSY;
    *key = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL);
    BIO_free(in);
    return OK;
}

err crypto_rs256_sign(struct arena *a, str pem, str data, str *signature)
{
    size_t len = KEY_BITS_MAX / 8;
    /* Before the handles, which a jump out of the arena would lose. */
    unsigned char *to = arena_alloc(a, (ptrdiff_t)len, 1);
    EVP_PKEY *key;
    err result = read_private(pem, &key);
    if (result == OK)
        result = sign_with(key, to, &len, data);
    EVP_PKEY_free(key);
    ERR_clear_error();
    TRY(result);
    *signature = str_of(to, (ptrdiff_t)len);
    return OK;
}

err crypto_rsa_public(struct arena *a, str pem, str *der)
{
    enum { DER_BYTES = KEY_BITS_MAX / 8 + 64 };
    unsigned char *to = arena_alloc(a, DER_BYTES, 1), *end = to;
    EVP_PKEY *key;
    err result = read_private(pem, &key);
    int len = result == OK && is_fit(key) ? i2d_PUBKEY(key, NULL) : 0;
    if (len > 0 && len <= DER_BYTES)
        len = i2d_PUBKEY(key, &end);
    EVP_PKEY_free(key);
    ERR_clear_error();
    TRY(result);
    if (len <= 0 || len > DER_BYTES)
        return E_INVALID;
    *der = str_of(to, len);
    return OK;
}

err crypto_rsa_new(struct arena *a, str *pem)
{
    char *to = arena_alloc(a, PEM_BYTES, 1);
    EVP_PKEY *key = EVP_RSA_gen(KEY_BITS_MIN);
    BIO *out = BIO_new(BIO_s_mem());
    int len = -1;
    if (key != NULL && out != NULL &&
        PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1)
        len = BIO_read(out, to, PEM_BYTES);
    BIO_free(out);
    EVP_PKEY_free(key);
    ERR_clear_error();
    if (len <= 0)
        return E_BUSY;
    *pem = str_of(to, len);
    return OK;
}
