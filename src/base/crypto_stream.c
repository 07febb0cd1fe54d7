/* crypto_stream: see crypto_stream.h. Sources: libsodium's "Encrypted streams" and "The pwhash*
 * API" (its MODERATE costs with 64 MiB, so that a small machine can restore). */
#include "base/crypto_stream.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"

enum { SALT_BYTES = 16, KEY_OPS = 3, KEY_MEMORY_BYTES = 64 * 1024 * 1024 };

_Static_assert(SALT_BYTES == crypto_pwhash_SALTBYTES, "the head holds the salt");
_Static_assert(
    SALT_BYTES + crypto_secretstream_xchacha20poly1305_HEADERBYTES == CRYPTO_STREAM_HEAD, "head");
_Static_assert(crypto_secretstream_xchacha20poly1305_ABYTES == CRYPTO_STREAM_MORE, "piece");

struct crypto_stream {
    crypto_secretstream_xchacha20poly1305_state state;
};

static err key_of(str passphrase, const uint8_t *salt, uint8_t *key)
{
    return crypto_pwhash(key, crypto_secretstream_xchacha20poly1305_KEYBYTES,
               passphrase.len > 0 ? passphrase.at : "", (unsigned long long)passphrase.len, salt,
               KEY_OPS, KEY_MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13) == 0
               ? OK
               : E_BUSY; /* no memory */
}

static err start(str passphrase, const uint8_t *salt, uint8_t *key, struct crypto_stream **s)
{
    TRY(crypto_start());
    TRY(key_of(passphrase, salt, key));
    *s = alloc_zero((ptrdiff_t)sizeof **s);
    return *s == NULL ? E_BUSY : OK;
}

err crypto_stream_new(str passphrase, uint8_t head[CRYPTO_STREAM_HEAD], struct crypto_stream **s)
{
    uint8_t key[crypto_secretstream_xchacha20poly1305_KEYBYTES];
    struct crypto_stream *made;
    crypto_random(head, SALT_BYTES);
    TRY(start(passphrase, head, key, &made));
    (void)crypto_secretstream_xchacha20poly1305_init_push(
        &made->state, head + SALT_BYTES, key); /* cannot fail */
    sodium_memzero(key, sizeof key);
    *s = made;
    return OK;
}

err crypto_stream_open(
    str passphrase, const uint8_t head[CRYPTO_STREAM_HEAD], struct crypto_stream **s)
{
    uint8_t key[crypto_secretstream_xchacha20poly1305_KEYBYTES];
    struct crypto_stream *made;
    TRY(start(passphrase, head, key, &made));
    int code =
        crypto_secretstream_xchacha20poly1305_init_pull(&made->state, head + SALT_BYTES, key);
    sodium_memzero(key, sizeof key);
    if (code != 0) {
        crypto_stream_close(made);
        return E_UNAUTHENTICATED;
    }
    *s = made;
    return OK;
}

err crypto_stream_seal(struct crypto_stream *s, str plain, bool is_last, void *to)
{
    unsigned char tag = is_last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0;
    return crypto_secretstream_xchacha20poly1305_push(&s->state, to, NULL,
               (const unsigned char *)plain.at, (unsigned long long)plain.len, NULL, 0, tag) == 0
               ? OK
               : E_INTERNAL;
}

err crypto_stream_unseal(struct crypto_stream *s, str sealed, void *to, bool *is_last)
{
    unsigned char tag = 0;
    if (sealed.len < CRYPTO_STREAM_MORE ||
        crypto_secretstream_xchacha20poly1305_pull(&s->state, to, NULL, &tag,
            (const unsigned char *)sealed.at, (unsigned long long)sealed.len, NULL, 0) != 0)
        return E_UNAUTHENTICATED;
    *is_last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    return OK;
}

void crypto_stream_close(struct crypto_stream *s)
{
    if (s == NULL)
        return;
    sodium_memzero(s, sizeof *s);
    free(s);
}
