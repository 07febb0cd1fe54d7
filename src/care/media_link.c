/* media_link: see media_link.h. A token is base64url of account, attachment, end (8 bytes each, big
 * endian), of a preview (attachment 0) the 32 bytes of its name, and the first 16 bytes of
 * HMAC-SHA256 over them. */
#include "care/media_link.h"

#include "base/crypto.h"

#include <string.h>

enum { NUMBERS = 3, PLAIN_BYTES = NUMBERS * 8, NAME_BYTES = 32, MAC_BYTES = 16 };

static void put(char *to, int64_t v)
{
    for (int i = 0; i < 8; i++)
        to[i] = (char)((uint64_t)v >> (56 - 8 * i));
}

static int64_t get(const char *from)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | (unsigned char)from[i];
    return (int64_t)v;
}

static struct sha256 mac(const struct ctx *cx, str plain)
{
    struct sha256 key = keyring_derive(cx->config->keys, S("media"));
    return crypto_hmac_sha256(str_of(key.b, (ptrdiff_t)sizeof key.b), plain);
}

/* name: 32 bytes, or empty. */
static str make(const struct ctx *cx, attachment_id id, str name)
{
    char bytes[PLAIN_BYTES + NAME_BYTES + MAC_BYTES];
    if (!cx->config->base_is_https && !cx->config->network_hosts.len)
        return (str){0};
    ptrdiff_t plain = PLAIN_BYTES + name.len;
    put(bytes, cx->account.v);
    put(bytes + 8, id.v);
    put(bytes + 16, cx->now_ms + MEDIA_LINK_MS);
    if (name.len)
        memcpy(bytes + PLAIN_BYTES, name.at, (size_t)name.len);
    struct sha256 sum = mac(cx, str_of(bytes, plain));
    memcpy(bytes + plain, sum.b, MAC_BYTES);
    return str_print(cx->arena, "%.*s/media/%.*s", SARG(cx->config->base_url),
        SARG(crypto_base64url(cx->arena, str_of(bytes, plain + MAC_BYTES))));
}

str media_link_make(const struct ctx *cx, attachment_id id)
{
    return make(cx, id, (str){0});
}

str media_link_make_preview(const struct ctx *cx, str blob)
{
    str name;
    if (crypto_unhex(cx->arena, blob, &name) != OK || name.len != NAME_BYTES)
        return (str){0};
    return make(cx, (attachment_id){0}, name);
}

err media_link_read(
    const struct ctx *cx, str token, account_id *account, attachment_id *id, str *blob)
{
    str bytes;
    if (crypto_unbase64url(cx->arena, token, &bytes) != OK)
        return E_NOT_FOUND;
    ptrdiff_t plain = bytes.len - MAC_BYTES;
    if (plain != PLAIN_BYTES && plain != PLAIN_BYTES + NAME_BYTES)
        return E_NOT_FOUND;
    struct sha256 sum = mac(cx, str_sub(bytes, 0, plain));
    bool is_ours = crypto_equal(str_skip(bytes, plain), str_of(sum.b, MAC_BYTES));
    if (!is_ours || get(bytes.at + 16) < cx->now_ms)
        return E_NOT_FOUND;
    *account = (account_id){get(bytes.at)};
    *id = (attachment_id){get(bytes.at + 8)};
    *blob = plain == PLAIN_BYTES ? (str){0}
                                 : crypto_hex(cx->arena, str_sub(bytes, PLAIN_BYTES, NAME_BYTES));
    return OK;
}
