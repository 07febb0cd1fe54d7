/* A long stream sealed with a passphrase, piece by piece: libsodium's secretstream
 * (XChaCha20-Poly1305; pieces cannot be altered, left out, doubled or put in another order, and the
 * last one is marked), its key by Argon2id (64 MiB, t = 3). Thread: one at a time. */
#pragma once
#include "base/str.h"

enum {
    CRYPTO_STREAM_HEAD = 40, /* bytes before the first piece: 16 of salt, 24 of secretstream */
    CRYPTO_STREAM_MORE = 17, /* a sealed piece is so much longer */
};

struct crypto_stream;
/* A new stream with a fresh head. E_BUSY: out of memory. */
err crypto_stream_new(str passphrase, uint8_t head[CRYPTO_STREAM_HEAD], struct crypto_stream **s);
err crypto_stream_open(
    str passphrase, const uint8_t head[CRYPTO_STREAM_HEAD], struct crypto_stream **s);
/* `to` has room for plain.len + CRYPTO_STREAM_MORE. */
err crypto_stream_seal(struct crypto_stream *s, str plain, bool is_last, void *to);
/* `to` has room for sealed.len − CRYPTO_STREAM_MORE, which is also how much it gets.
 * E_UNAUTHENTICATED: another passphrase, or altered. */
err crypto_stream_unseal(struct crypto_stream *s, str sealed, void *to, bool *is_last);
void crypto_stream_close(struct crypto_stream *s); /* NULL is allowed */
