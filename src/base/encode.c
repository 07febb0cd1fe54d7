/* Hex, base64, base64url and base32 (RFC 4648), declared in crypto.h. Strict: no white space, no
 * foreign characters, and the unused last bits must be zero, so that a value has one spelling.
 * Not for secrets longer than their use: nothing is wiped. Thread: pure. */
#include <string.h>

#include "base/crypto.h"

void crypto_hex_to(char *to, str bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (ptrdiff_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.at[i];
        to[2 * i] = digits[c >> 4];
        to[2 * i + 1] = digits[c & 15];
    }
}

str crypto_hex(struct arena *a, str bytes)
{
    char *to = arena_alloc(a, bytes.len * 2 + 1, 1);
    crypto_hex_to(to, bytes);
    return str_of(to, bytes.len * 2);
}

err crypto_unhex(struct arena *a, str hex, str *bytes)
{
    if (hex.len % 2 != 0)
        return E_INVALID;
    char *to = arena_alloc(a, hex.len / 2 + 1, 1);
    for (ptrdiff_t i = 0; i < hex.len; i += 2) {
        int high = str_hex_digit(hex.at[i]), low = str_hex_digit(hex.at[i + 1]);
        if (high < 0 || low < 0)
            return E_INVALID;
        to[i / 2] = (char)(high << 4 | low);
    }
    *bytes = str_of(to, hex.len / 2);
    return OK;
}

struct alphabet {
    char digits[65];
    int bits;  /* per digit */
    int group; /* digits a padded group has */
    bool pads;
};
static const struct alphabet base64 = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6, 4, true};
static const struct alphabet base64url = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 6, 4, false};
static const struct alphabet base32 = {"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5, 8, false};

static str encode(struct arena *a, const struct alphabet *alphabet, str bytes)
{
    ptrdiff_t most = (bytes.len * 8 + alphabet->bits - 1) / alphabet->bits + alphabet->group;
    char *to = arena_alloc(a, most + 1, 1);
    ptrdiff_t len = 0;
    uint32_t held = 0;
    int held_bits = 0;
    uint32_t mask = (1u << alphabet->bits) - 1;
    for (ptrdiff_t i = 0; i < bytes.len; i++) {
        held = held << 8 | (unsigned char)bytes.at[i];
        for (held_bits += 8; held_bits >= alphabet->bits;) {
            held_bits -= alphabet->bits;
            to[len++] = alphabet->digits[held >> held_bits & mask];
        }
    }
    if (held_bits > 0)
        to[len++] = alphabet->digits[held << (alphabet->bits - held_bits) & mask];
    while (alphabet->pads && len % alphabet->group != 0)
        to[len++] = '=';
    return str_of(to, len);
}

static int digit_value(const struct alphabet *alphabet, char c)
{
    const char *at = c != '\0' ? strchr(alphabet->digits, c) : NULL;
    return at != NULL ? (int)(at - alphabet->digits) : -1;
}

/* Takes the padding away; false when it is not exactly what the length asks for. */
static bool strip_padding(const struct alphabet *alphabet, str *text)
{
    if (!alphabet->pads)
        return true;
    if (text->len % alphabet->group != 0)
        return false;
    for (int i = 0; i < 2 && str_ends(*text, S("=")); i++)
        text->len--;
    return true;
}

static err decode(struct arena *a, const struct alphabet *alphabet, str text, str *bytes)
{
    if (!strip_padding(alphabet, &text))
        return E_INVALID;
    ptrdiff_t len = text.len * alphabet->bits / 8;
    if ((len * 8 + alphabet->bits - 1) / alphabet->bits != text.len)
        return E_INVALID; /* a length that no encoder writes */
    unsigned char *to = arena_alloc(a, len + 1, 1);
    unsigned char *end = to;
    uint32_t held = 0;
    int held_bits = 0;
    for (ptrdiff_t i = 0; i < text.len; i++) {
        int value = digit_value(alphabet, text.at[i]);
        if (value < 0)
            return E_INVALID;
        held = held << alphabet->bits | (uint32_t)value;
        held_bits += alphabet->bits;
        if (held_bits >= 8) {
            held_bits -= 8;
            *end++ = (unsigned char)(held >> held_bits);
        }
    }
    if ((held & ((1u << held_bits) - 1)) != 0)
        return E_INVALID;
    *bytes = str_of(to, len);
    return OK;
}

str crypto_base64(struct arena *a, str bytes)
{
    return encode(a, &base64, bytes);
}

err crypto_unbase64(struct arena *a, str text, str *bytes)
{
    return decode(a, &base64, text, bytes);
}

str crypto_base64url(struct arena *a, str bytes)
{
    return encode(a, &base64url, bytes);
}

err crypto_unbase64url(struct arena *a, str text, str *bytes)
{
    return decode(a, &base64url, text, bytes);
}

str crypto_base32(struct arena *a, str bytes)
{
    return encode(a, &base32, bytes);
}

err crypto_unbase32(struct arena *a, str text, str *bytes)
{
    return decode(a, &base32, text, bytes);
}
