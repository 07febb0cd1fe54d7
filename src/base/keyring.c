/* The key file and what is sealed with it; declared in crypto.h. Not: where the file lies or its
 * mode (app). Thread: any; a keyring does not change after loading.
 * Rules: AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D: at most 2^32 seals per key), HKDF
 * RFC 5869. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/crypto.h"
#include "base/limits.h"

enum { KEY_BYTES = 32, KEY_ID_BYTES = 32, NONCE_BYTES = 12, TAG_BYTES = 16 };

struct key {
    str id;
    unsigned char bytes[KEY_BYTES];
};
struct keyring {
    struct key keys[LIMIT_KEYS];
    ptrdiff_t count; /* at least 1; the last one seals */
};

static bool id_is_fit(str id)
{
    for (ptrdiff_t i = 0; i < id.len; i++) {
        char c = id.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return id.len > 0 && id.len <= KEY_ID_BYTES;
}

static const struct key *key_find(const struct keyring *k, str id)
{
    for (ptrdiff_t i = 0; i < k->count; i++)
        if (str_eq(k->keys[i].id, id))
            return &k->keys[i];
    return NULL;
}

static const char *line_fault(struct arena *a, struct keyring *k, str line)
{
    str id, text, bytes;
    if (!str_cut(line, ':', &id, &text) || !id_is_fit(id))
        return "is not `id:base64` with an id of a-z, 0-9, - and _";
    if (crypto_unbase64(a, text, &bytes) != OK || bytes.len != KEY_BYTES)
        return "does not hold 32 bytes in base64";
    if (key_find(k, id) != NULL)
        return "repeats a key id";
    if (k->count == LIMIT_KEYS)
        return "is one key too many";
    struct key *key = &k->keys[k->count++];
    key->id = str_copy(a, id);
    memcpy(key->bytes, bytes.at, KEY_BYTES);
    return NULL;
}

err keyring_load(struct arena *a, str file_text, struct keyring **keys, str *why)
{
    struct keyring *k = NEW(a, struct keyring, 1);
    str rest = file_text, line;
    for (int number = 1; rest.len > 0; number++) {
        (void)str_cut(rest, '\n', &line, &rest); /* the last line may lack its end */
        line = str_trim(line);
        if (line.len == 0 || line.at[0] == '#')
            continue;
        const char *fault = line_fault(a, k, line);
        if (fault != NULL) {
            *why = str_print(a, "line %d of the key file %s", number, fault);
            return E_INVALID;
        }
    }
    if (k->count == 0) {
        *why = S("the key file holds no key");
        return E_INVALID;
    }
    *keys = k;
    return OK;
}

str keyring_new_line(struct arena *a)
{
    unsigned char bytes[KEY_BYTES];
    crypto_random(bytes, KEY_BYTES);
    str line = str_print(a, "k1:%.*s\n", SARG(crypto_base64(a, str_of(bytes, KEY_BYTES))));
    OPENSSL_cleanse(bytes, sizeof bytes);
    return line;
}

static const unsigned char *bytes_of(str s)
{
    return (const unsigned char *)(s.at != NULL ? s.at : "");
}

/* to: plain.len + TAG_BYTES bytes. */
static bool gcm_seal(EVP_CIPHER_CTX *c, const struct key *key, const unsigned char *nonce, str aad,
    str plain, unsigned char *to)
{
    int len = 0;
    return EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key->bytes, nonce) == 1 &&
           EVP_EncryptUpdate(c, NULL, &len, bytes_of(aad), (int)aad.len) == 1 &&
           EVP_EncryptUpdate(c, to, &len, bytes_of(plain), (int)plain.len) == 1 &&
           EVP_EncryptFinal_ex(c, to + plain.len, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, to + plain.len) == 1;
}

err keyring_seal(struct arena *a, const struct keyring *k, str aad, str plain, str *sealed)
{
    if (plain.len > LIMIT_SEALED_BYTES || aad.len > LIMIT_SEALED_BYTES)
        return E_LIMIT;
    const struct key *key = &k->keys[k->count - 1];
    unsigned char nonce[NONCE_BYTES];
    crypto_random(nonce, NONCE_BYTES);
    unsigned char *to = arena_alloc(a, plain.len + TAG_BYTES, 1);
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    bool is_sealed = c != NULL && gcm_seal(c, key, nonce, aad, plain, to);
    EVP_CIPHER_CTX_free(c);
    if (!is_sealed)
        return E_INTERNAL;
    *sealed = str_print(a, "v1:%.*s:%.*s:%.*s", SARG(key->id),
        SARG(crypto_base64url(a, str_of(nonce, NONCE_BYTES))),
        SARG(crypto_base64url(a, str_of(to, plain.len + TAG_BYTES))));
    return OK;
}

static bool gcm_open(
    EVP_CIPHER_CTX *c, const struct key *key, str nonce, str aad, str box, unsigned char *to)
{
    int len = 0;
    unsigned char tag[TAG_BYTES];
    ptrdiff_t plain_len = box.len - TAG_BYTES;
    memcpy(tag, box.at + plain_len, TAG_BYTES);
    return EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key->bytes, bytes_of(nonce)) == 1 &&
           EVP_DecryptUpdate(c, NULL, &len, bytes_of(aad), (int)aad.len) == 1 &&
           EVP_DecryptUpdate(c, to, &len, bytes_of(box), (int)plain_len) == 1 &&
           EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1 &&
           EVP_DecryptFinal_ex(c, to + plain_len, &len) == 1;
}

err keyring_open(struct arena *a, const struct keyring *k, str aad, str sealed, str *plain)
{
    str version, id, nonce, box;
    if (sealed.len > 2 * LIMIT_SEALED_BYTES || aad.len > LIMIT_SEALED_BYTES)
        return E_LIMIT;
    if (!str_cut(sealed, ':', &version, &sealed) || !str_eq(version, S("v1")) ||
        !str_cut(sealed, ':', &id, &sealed) || !str_cut(sealed, ':', &nonce, &box))
        return E_INVALID;
    const struct key *key = key_find(k, id);
    if (key == NULL)
        return E_NOT_FOUND;
    TRY(crypto_unbase64url(a, nonce, &nonce));
    TRY(crypto_unbase64url(a, box, &box));
    if (nonce.len != NONCE_BYTES || box.len < TAG_BYTES)
        return E_INVALID;
    unsigned char *to = arena_alloc(a, box.len, 1);
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    bool is_open = c != NULL && gcm_open(c, key, nonce, aad, box, to);
    EVP_CIPHER_CTX_free(c);
    if (!is_open)
        return E_INVALID;
    *plain = str_of(to, box.len - TAG_BYTES);
    return OK;
}

struct sha256 keyring_derive(const struct keyring *k, str purpose)
{
    /* HKDF with an empty salt, written out over our HMAC: extract, then one block of expand. */
    static const unsigned char zero[32];
    static const unsigned char one = 1;
    const struct key *key = &k->keys[k->count - 1];
    struct sha256 prk = crypto_hmac_sha256(str_of(zero, 32), str_of(key->bytes, KEY_BYTES));
    str parts[] = {purpose, str_of(&one, 1)};
    return crypto_hmac_sha256_parts(str_of(prk.b, 32), parts, 2);
}
