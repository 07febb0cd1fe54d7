/* Digests, HMAC, random bytes, passwords, TOTP; see crypto.h. Not: encodings (encode.c), sealing
 * (keyring.c), TLS (net/tls). Thread: any.
 * Rules: RFC 2104, RFC 4226, RFC 6238; Argon2id parameters of OWASP (2023): 19 MiB, t = 2, p = 1.
 *
 * OpenSSL 3 looks algorithms up by name on every use, which costs more than hashing a short
 * message; so they are fetched once and each thread keeps its own contexts. */
#include "base/crypto.h"

#include <assert.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <semaphore.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file_map.h"
#include "base/thread.h"

enum {
    PASSWORD_OPS = 2,
    PASSWORD_MEMORY_BYTES = 19 * 1024 * 1024,
    PASSWORDS_AT_ONCE = 2,
    PASSWORD_WAIT_S = 5,
    SHA1_BYTES = 20,
    TOTP_STEP_MS = 30 * 1000,
};

/* Immutable after crypto_start, except the gate (a semaphore) and the seam's counter. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_ready;
static EVP_MD *sha256_md;
static EVP_MD *sha1_md;
static EVP_MAC *hmac;
static sem_t password_gate;
static _Atomic uint64_t fixed_seed; /* 0 = real random */
static _Atomic uint64_t fixed_calls;

/* One per thread, made at first use. */
struct contexts {
    EVP_MD_CTX *md;
    EVP_MAC_CTX *hmac256;
    EVP_MAC_CTX *hmac1;
    struct thread_exit exit;
    bool are_made;
};
static _Thread_local struct contexts mine;

static void start_once(void)
{
    sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
    sha1_md = EVP_MD_fetch(NULL, "SHA1", NULL);
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    is_ready = sodium_init() >= 0 && sha256_md != NULL && sha1_md != NULL && hmac != NULL &&
               sem_init(&password_gate, 0, PASSWORDS_AT_ONCE) == 0;
}

err crypto_start(void)
{
    return pthread_once(&once, start_once) == 0 && is_ready ? OK : E_INTERNAL;
}

static void contexts_free(void *what)
{
    struct contexts *c = what;
    EVP_MD_CTX_free(c->md);
    EVP_MAC_CTX_free(c->hmac256);
    EVP_MAC_CTX_free(c->hmac1);
    c->are_made = false;
}

static EVP_MAC_CTX *hmac_context(const char *digest)
{
    char name[8];
    (void)memccpy(name, digest, 0, sizeof name); /* both names fit */
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end()};
    EVP_MAC_CTX *c = EVP_MAC_CTX_new(hmac);
    if (c != NULL && EVP_MAC_CTX_set_params(c, params) == 1)
        return c;
    EVP_MAC_CTX_free(c);
    return NULL;
}

/* The thread's contexts. Without them no signature can be checked and no answer is right, so the
 * process ends (crash-only) when memory is gone at a thread's first use. */
static struct contexts *contexts(void)
{
    struct contexts *c = &mine;
    if (c->are_made)
        return c;
    if (crypto_start() != OK)
        abort();
    c->md = EVP_MD_CTX_new();
    c->hmac256 = hmac_context("SHA256");
    c->hmac1 = hmac_context("SHA1");
    c->are_made = c->md != NULL && c->hmac256 != NULL && c->hmac1 != NULL &&
                  thread_at_exit(&c->exit, contexts_free, c);
    if (!c->are_made)
        abort();
    return c;
}

void crypto_random(void *to, ptrdiff_t len)
{
    uint64_t fixed = atomic_load_explicit(&fixed_seed, memory_order_relaxed);
    if (fixed == 0) {
        randombytes_buf(to, (size_t)len);
        return;
    }
    unsigned char key[randombytes_SEEDBYTES] = {0};
    uint64_t call = atomic_fetch_add(&fixed_calls, 1);
    memcpy(key, &fixed, sizeof fixed);
    memcpy(key + sizeof fixed, &call, sizeof call);
    randombytes_buf_deterministic(to, (size_t)len, key);
}

void crypto_random_fix(uint64_t seed)
{
    atomic_store(&fixed_calls, 0);
    atomic_store(&fixed_seed, seed);
}

str crypto_token(struct arena *a)
{
    uint8_t bits[32];
    crypto_random(bits, (ptrdiff_t)sizeof bits);
    return crypto_base64url(a, str_of(bits, (ptrdiff_t)sizeof bits));
}

/* What follows can fail only by a broken library or no memory: never a wrong digest. */
static void must(int result)
{
    if (result != 1)
        abort();
}

struct sha256 crypto_sha256(str data)
{
    struct sha256 out;
    EVP_MD_CTX *md = contexts()->md;
    must(EVP_DigestInit_ex2(md, sha256_md, NULL));
    for (str rest = data, piece; rest.len > 0; rest = str_skip(rest, piece.len)) {
        piece = str_sub(rest, 0, FILE_MAP_PASS_BYTES);
        must(EVP_DigestUpdate(md, piece.at, (size_t)piece.len));
        if (piece.len == FILE_MAP_PASS_BYTES) /* a mapped file, perhaps */
            file_map_passed(piece);
    }
    must(EVP_DigestFinal_ex(md, out.b, NULL));
    return out;
}

struct sha1 crypto_sha1(str data)
{
    struct sha1 out;
    EVP_MD_CTX *md = contexts()->md;
    must(EVP_DigestInit_ex2(md, sha1_md, NULL));
    must(EVP_DigestUpdate(md, data.at, (size_t)data.len));
    must(EVP_DigestFinal_ex(md, out.b, NULL));
    return out;
}

struct crypto_sha256_stream {
    EVP_MD_CTX *md;
};

struct crypto_sha256_stream *crypto_sha256_open(void)
{
    if (crypto_start() != OK)
        return NULL;
    struct crypto_sha256_stream *s = alloc_zero((ptrdiff_t)sizeof *s);
    if (s == NULL)
        return NULL;
    s->md = EVP_MD_CTX_new();
    if (s->md != NULL && EVP_DigestInit_ex2(s->md, sha256_md, NULL) == 1)
        return s;
    EVP_MD_CTX_free(s->md);
    free(s);
    return NULL;
}

void crypto_sha256_add(struct crypto_sha256_stream *s, str data)
{
    must(EVP_DigestUpdate(s->md, data.at, (size_t)data.len));
}

struct sha256 crypto_sha256_close(struct crypto_sha256_stream *s)
{
    struct sha256 out;
    must(EVP_DigestFinal_ex(s->md, out.b, NULL));
    EVP_MD_CTX_free(s->md);
    free(s);
    return out;
}

static void hmac_parts(
    EVP_MAC_CTX *c, str key, const str *parts, ptrdiff_t n, uint8_t *out, size_t out_len)
{
    size_t written = 0;
    /* OpenSSL takes a NULL key for "the key of last time"; an empty key must stay an empty key. */
    const unsigned char *at = (const unsigned char *)(key.len > 0 ? key.at : "");
    must(EVP_MAC_init(c, at, (size_t)key.len, NULL));
    for (ptrdiff_t i = 0; i < n; i++)
        if (parts[i].len > 0)
            must(EVP_MAC_update(c, (const unsigned char *)parts[i].at, (size_t)parts[i].len));
    must(EVP_MAC_final(c, out, &written, out_len));
    assert(written == out_len);
}

struct sha256 crypto_hmac_sha256_parts(str key, const str *parts, ptrdiff_t n)
{
    struct sha256 out;
    hmac_parts(contexts()->hmac256, key, parts, n, out.b, sizeof out.b);
    return out;
}

struct sha256 crypto_hmac_sha256(str key, str data)
{
    return crypto_hmac_sha256_parts(key, &data, 1);
}

err crypto_hmac_sha1(str key, str data, uint8_t out[SHA1_BYTES])
{
    hmac_parts(contexts()->hmac1, key, &data, 1, out, SHA1_BYTES);
    return OK;
}

struct sha1 crypto_hmac_sha1_parts(str key, const str *parts, ptrdiff_t n)
{
    struct sha1 out;
    hmac_parts(contexts()->hmac1, key, parts, n, out.b, sizeof out.b);
    return out;
}

bool crypto_equal(str a, str b)
{
    return a.len == b.len && (a.len == 0 || sodium_memcmp(a.at, b.at, (size_t)a.len) == 0);
}

/* A place among the two that may hash at once. */
static err password_enter(void)
{
    TRY(crypto_start());
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* exists on every Linux */
    until.tv_sec += PASSWORD_WAIT_S;
    int got;
    do {
        got = sem_clockwait(&password_gate, CLOCK_MONOTONIC, &until);
    } while (got != 0 && errno == EINTR);
    return got == 0 ? OK : E_BUSY;
}

static void password_leave(void)
{
    (void)sem_post(&password_gate); /* cannot overflow: one post per wait */
}

err crypto_password_hash(struct arena *a, str password, str *encoded)
{
    char text[crypto_pwhash_STRBYTES];
    TRY(password_enter());
    int failed = crypto_pwhash_str(text, password.len > 0 ? password.at : "",
        (unsigned long long)password.len, PASSWORD_OPS, PASSWORD_MEMORY_BYTES);
    password_leave();
    if (failed != 0)
        return E_BUSY; /* no memory */
    *encoded = str_copy(a, str_from(text));
    return OK;
}

err crypto_password_check(str password, str encoded)
{
    /* The hash of a random value nobody knows, made with our parameters: stands in for an account
     * without a password, so that its answer takes as long as any other. */
    static const char nobody[] = "$argon2id$v=19$m=19456,t=2,p=1$c2V2YS1ub2JvZHktc2FsdA"
                                 "$0000000000000000000000000000000000000000000";
    char text[crypto_pwhash_STRBYTES] = {0};
    bool is_somebody = encoded.len > 0 && encoded.len < (ptrdiff_t)sizeof text;
    memcpy(
        text, is_somebody ? encoded.at : nobody, is_somebody ? (size_t)encoded.len : sizeof nobody);
    TRY(password_enter());
    int differs = crypto_pwhash_str_verify(
        text, password.len > 0 ? password.at : "", (unsigned long long)password.len);
    password_leave();
    return differs == 0 && is_somebody ? OK : E_UNAUTHENTICATED;
}

static int32_t totp_code(str secret, int64_t step)
{
    uint8_t counter[8], mac[SHA1_BYTES];
    for (int i = 0; i < 8; i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    if (crypto_hmac_sha1(secret, str_of(counter, 8), mac) != OK)
        return -1;
    const uint8_t *at = mac + (mac[SHA1_BYTES - 1] & 15);
    uint32_t bits = (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
                    (uint32_t)at[3];
    return (int32_t)(bits % 1000000);
}

bool crypto_totp_check(str secret, str code, int64_t now_ms, int64_t *step)
{
    int64_t now = now_ms / TOTP_STEP_MS;
    bool matches = false;
    for (int64_t s = now - 1; s <= now + 1; s++) {
        int32_t wanted = totp_code(secret, s);
        char digits[6];
        for (int i = 5; i >= 0; i--, wanted /= 10)
            digits[i] = (char)('0' + wanted % 10);
        if (crypto_equal(code, str_of(digits, 6))) {
            *step = s;
            matches = true;
        }
    }
    return matches;
}
