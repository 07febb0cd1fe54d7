/* All cryptography, behind one door: OpenSSL (HMAC, SHA, AES-GCM, HKDF), libsodium (Argon2id,
 * constant-time compare, random). Thread: any. */
#pragma once
#include "base/str.h"

err crypto_start(void); /* once, before any thread */

void crypto_random(void *to, ptrdiff_t len);
/* 256 random bits as 43 characters of base64url. The only source of tokens. */
str crypto_token(struct arena *a);
void crypto_random_fix(uint64_t seed); /* test seam: a deterministic stream; 0 = real again */

struct sha256 {
    uint8_t b[32];
};
struct sha256 crypto_sha256(str data);
struct sha256 crypto_hmac_sha256(str key, str data);
struct crypto_sha256_stream;                           /* incremental, for blobs */
struct crypto_sha256_stream *crypto_sha256_open(void); /* NULL when out of memory */
void crypto_sha256_add(struct crypto_sha256_stream *s, str data);
struct sha256 crypto_sha256_close(struct crypto_sha256_stream *s);
/* HMAC over parts one after another (no concatenation). */
struct sha256 crypto_hmac_sha256_parts(str key, const str *parts, ptrdiff_t n);
err crypto_hmac_sha1(str key, str data, uint8_t out[20]); /* TOTP, Twilio, OAuth 1.0a */
/* SHA-1 only where a protocol of others asks for it; never for anything of ours. */
struct sha1 {
    uint8_t b[20];
};
struct sha1 crypto_sha1(str data); /* the accept key of WebSocket, RFC 6455 */
struct sha1 crypto_hmac_sha1_parts(str key, const str *parts, ptrdiff_t n);

/* RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2; "RS256" of RFC 7518). Keys of 2048 to 8192 bits.
 *
 * n, e: big-endian bytes, as a JWK holds them. E_INVALID: not such a key; E_UNAUTHENTICATED: the
 * signature is not of this key over these bytes; E_BUSY: out of memory. */
err crypto_rs256_verify(str n, str e, str data, str signature);
/* pem: an unencrypted private key (PKCS #8 or PKCS #1). E_INVALID: not such a key; E_BUSY. */
err crypto_rs256_sign(struct arena *a, str pem, str data, str *signature);
/* The public half of such a private key, as SubjectPublicKeyInfo in DER (what DNS holds for DKIM).
 */
err crypto_rsa_public(struct arena *a, str pem, str *der);
/* A new key of 2048 bits, PKCS #8 in PEM. Takes up to a second. E_BUSY: out of memory. */
err crypto_rsa_new(struct arena *a, str *pem);

bool crypto_equal(str a, str b); /* constant time in the content; false when lengths differ */

str crypto_hex(struct arena *a, str bytes);
void crypto_hex_to(char *to, str bytes); /* room for twice as many, and no end */
err crypto_unhex(struct arena *a, str hex, str *bytes);
str crypto_base64(struct arena *a, str bytes);
err crypto_unbase64(struct arena *a, str text, str *bytes); /* strict, padding needed */
str crypto_base64url(struct arena *a, str bytes);           /* no padding */
err crypto_unbase64url(struct arena *a, str text, str *bytes);
str crypto_base32(struct arena *a, str bytes); /* RFC 4648, for TOTP secrets */
err crypto_unbase32(struct arena *a, str text, str *bytes);

/* Argon2id 19 MiB, t = 2, p = 1, as an encoded string. At most two run at once in the process; a
 * third waits up to 5 s, then E_BUSY. */
err crypto_password_hash(struct arena *a, str password, str *encoded);
/* OK = match; E_UNAUTHENTICATED = no match; E_BUSY. An empty `encoded` does the same work and says
 * no. */
err crypto_password_check(str password, str encoded);

/* The key file: lines `id:base64 of 32 bytes`; the last line seals, every line opens. */
struct keyring;
err keyring_load(struct arena *a, str file_text, struct keyring **keys, str *why);
str keyring_new_line(struct arena *a); /* a fresh `k1:…\n` for init */
/* "v1:<key id>:<nonce>:<ciphertext>", AES-256-GCM; aad binds it to account/table/column/row. */
err keyring_seal(struct arena *a, const struct keyring *k, str aad, str plain, str *sealed);
err keyring_open(struct arena *a, const struct keyring *k, str aad, str sealed, str *plain);
/* HKDF-SHA256 of the newest key for a purpose ("session", "widget", …). */
struct sha256 keyring_derive(const struct keyring *k, str purpose);

/* RFC 6238, SHA-1, 30 s, 6 digits. Accepts the step before and after; *step is the step matched. */
bool crypto_totp_check(str secret, str code, int64_t now_ms, int64_t *step);
