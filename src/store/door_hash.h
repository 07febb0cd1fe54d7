/* door_hash: how a bearer secret (cookie, API token, link) is stored: SHA-256, hex. They are 256
 * random bits, so no salt and no slow hash is needed. */
#pragma once
#include "base/crypto.h"

static inline str door_hash(struct arena *a, str secret)
{
    struct sha256 sum = crypto_sha256(secret);
    return crypto_hex(a, str_of(sum.b, sizeof sum.b));
}
