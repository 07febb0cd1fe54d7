/* Slices of bytes and the growing text builder. Not: Unicode (utf8.c) nor encodings (encode.c).
 * Thread: pure; the hash seed is drawn once per process. */
#include "base/str.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/limits.h"

str str_from(const char *z)
{
    return z == NULL ? (str){0} : (str){z, (ptrdiff_t)strlen(z)};
}

str str_of(const void *at, ptrdiff_t len)
{
    assert(len >= 0);
    return (str){at, len};
}

bool str_eq(str a, str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, (size_t)a.len) == 0);
}

static char lower_ascii(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool str_eq_nocase(str a, str b)
{
    if (a.len != b.len)
        return false;
    for (ptrdiff_t i = 0; i < a.len; i++)
        if (lower_ascii(a.at[i]) != lower_ascii(b.at[i]))
            return false;
    return true;
}

int str_cmp(str a, str b)
{
    ptrdiff_t least = a.len < b.len ? a.len : b.len;
    int order = least > 0 ? memcmp(a.at, b.at, (size_t)least) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_starts(str s, str prefix)
{
    return s.len >= prefix.len && str_eq((str){s.at, prefix.len}, prefix);
}

bool str_ends(str s, str suffix)
{
    return s.len >= suffix.len && str_eq(str_skip(s, s.len - suffix.len), suffix);
}

ptrdiff_t str_find(str s, str needle)
{
    if (needle.len == 0)
        return 0;
    if (needle.len > s.len)
        return -1;
    const char *at = memmem(s.at, (size_t)s.len, needle.at, (size_t)needle.len);
    return at == NULL ? -1 : at - s.at;
}

ptrdiff_t str_find_byte(str s, char c)
{
    const char *at = s.len > 0 ? memchr(s.at, c, (size_t)s.len) : NULL;
    return at == NULL ? -1 : at - s.at;
}

str str_skip(str s, ptrdiff_t n)
{
    if (n <= 0)
        return s;
    if (n > s.len)
        n = s.len;
    return (str){n > 0 ? s.at + n : s.at, s.len - n};
}

str str_sub(str s, ptrdiff_t from, ptrdiff_t len)
{
    if (from < 0) {
        len = len > -from ? len + from : 0;
        from = 0;
    }
    s = str_skip(s, from);
    if (len < 0)
        len = 0;
    return (str){s.at, len < s.len ? len : s.len};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

str str_trim(str s)
{
    while (s.len > 0 && is_blank(s.at[0]))
        s = str_skip(s, 1);
    while (s.len > 0 && is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

bool str_cut(str s, char sep, str *head, str *rest)
{
    ptrdiff_t i = str_find_byte(s, sep);
    if (i < 0) {
        *head = s;
        *rest = (str){0};
        return false;
    }
    *head = (str){s.at, i};
    *rest = str_skip(s, i + 1);
    return true;
}

int str_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool str_is_ascii_token(str s)
{
    /* RFC 9110 tchar as two 64-bit sets. */
    static const uint64_t set[2] = {0x03FF6CFA00000000u, 0x57FFFFFFC7FFFFFEu};
    for (ptrdiff_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c >= 128 || (set[c >> 6] >> (c & 63) & 1) == 0)
            return false;
    }
    return s.len > 0;
}

/* SipHash-1-3 (Aumasson, Bernstein 2012): keyed, so that nobody outside can aim for collisions. */
static struct {
    pthread_once_t once;
    uint64_t k[2];
} seed = {.once = PTHREAD_ONCE_INIT};

static void seed_draw(void)
{
    if (getrandom(seed.k, sizeof seed.k, 0) != (ssize_t)sizeof seed.k)
        abort();
}

static uint64_t rotl(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}

uint64_t str_hash(str s)
{
    (void)pthread_once(&seed.once, seed_draw); /* cannot fail with a valid once */
    uint64_t v[4] = {seed.k[0] ^ 0x736f6d6570736575u, seed.k[1] ^ 0x646f72616e646f6du,
        seed.k[0] ^ 0x6c7967656e657261u, seed.k[1] ^ 0x7465646279746573u};
    ptrdiff_t whole = s.len & ~(ptrdiff_t)7;
    uint64_t word;
    for (ptrdiff_t i = 0; i < whole; i += 8) {
        memcpy(&word, s.at + i, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    word = (uint64_t)s.len << 56;
    for (ptrdiff_t i = whole; i < s.len; i++)
        word |= (uint64_t)(unsigned char)s.at[i] << (8 * (i - whole));
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

char *str_z(struct arena *a, str s)
{
    char *z = arena_alloc(a, s.len + 1, 1);
    if (s.len > 0)
        memcpy(z, s.at, (size_t)s.len);
    return z;
}

str str_copy(struct arena *a, str s)
{
    return (str){str_z(a, s), s.len};
}

str str_cat(struct arena *a, str x, str y)
{
    char *z = arena_alloc(a, x.len + y.len + 1, 1);
    if (x.len > 0)
        memcpy(z, x.at, (size_t)x.len);
    if (y.len > 0)
        memcpy(z + x.len, y.at, (size_t)y.len);
    return (str){z, x.len + y.len};
}

str str_lower_ascii(struct arena *a, str s)
{
    char *z = str_z(a, s);
    for (ptrdiff_t i = 0; i < s.len; i++)
        z[i] = lower_ascii(z[i]);
    return (str){z, s.len};
}

str str_vprint(struct arena *a, const char *format, va_list args)
{
    char small[256];
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(small, sizeof small, format, args);
    assert(len >= 0);
    char *z = arena_alloc(a, (ptrdiff_t)len + 1, 1);
    if ((size_t)len < sizeof small)
        memcpy(z, small, (size_t)len);
    else
        (void)vsnprintf(z, (size_t)len + 1, format, again); /* same length as before */
    va_end(again);
    return (str){z, len};
}

str str_print(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    str s = str_vprint(a, format, args);
    va_end(args);
    return s;
}

err str_int(str s, int64_t min, int64_t max, int64_t *value)
{
    bool is_negative = min < 0 && str_starts(s, S("-"));
    if (is_negative)
        s = str_skip(s, 1);
    if (s.len == 0 || s.len > 19)
        return E_INVALID;
    uint64_t sum = 0; /* 19 digits fit */
    for (ptrdiff_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return E_INVALID;
        sum = sum * 10 + (uint64_t)(s.at[i] - '0');
    }
    if (sum > (uint64_t)INT64_MAX + (is_negative ? 1 : 0))
        return E_INVALID;
    int64_t v = is_negative ? (int64_t)(0 - sum) : (int64_t)sum;
    if (v < min || v > max)
        return E_INVALID;
    *value = v;
    return OK;
}

struct sb sb_make(struct arena *a, ptrdiff_t max)
{
    return (struct sb){.a = a, .max = max > 0 ? max : LIMIT_ARENA_BYTES};
}

/* Makes room for n more bytes; false (and failed) when there is none. */
static bool sb_room(struct sb *b, ptrdiff_t n)
{
    if (b->failed)
        return false;
    if (n <= b->cap - b->len)
        return true;
    if (n > b->max - b->len) {
        b->failed = true;
        return false;
    }
    ptrdiff_t cap = b->cap < 128 ? 256 : b->cap * 2;
    if (cap < b->len + n)
        cap = b->len + n;
    if (cap > b->max)
        cap = b->max;
    char *at = arena_grow(b->a, b->at, b->cap, cap, 1);
    if (at == NULL && b->a->escape != NULL && !b->stays)
        arena_give_up(b->a); /* failed would read as: too long */
    if (at == NULL) {
        b->failed = true;
        return false;
    }
    b->at = at;
    b->cap = cap;
    return true;
}

char *sb_space(struct sb *b, ptrdiff_t n)
{
    return sb_room(b, n) ? b->at + b->len : NULL;
}

void sb_add(struct sb *b, str s)
{
    if (s.len > 0 && sb_room(b, s.len)) {
        memcpy(b->at + b->len, s.at, (size_t)s.len);
        b->len += s.len;
    }
}

void sb_byte(struct sb *b, char c)
{
    if (sb_room(b, 1))
        b->at[b->len++] = c;
}

str str_int_to(char to[STR_INT_BYTES], int64_t v)
{
    char *at = to + STR_INT_BYTES;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        *--at = (char)('0' + u % 10);
        u /= 10;
    } while (u > 0);
    if (v < 0)
        *--at = '-';
    return (str){at, to + STR_INT_BYTES - at};
}

void sb_int(struct sb *b, int64_t v)
{
    char digits[STR_INT_BYTES];
    sb_add(b, str_int_to(digits, v));
}

void sb_print(struct sb *b, const char *format, ...)
{
    char small[256];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    assert(len >= 0);
    if ((size_t)len < sizeof small) {
        sb_add(b, (str){small, len});
    } else if (sb_room(b, (ptrdiff_t)len + 1)) {
        (void)vsnprintf(b->at + b->len, (size_t)len + 1, format, again); /* same length as before */
        b->len += len;
    }
    va_end(again);
}

str sb_str(const struct sb *b)
{
    return (str){b->at, b->len};
}

str str_one_line(struct arena *a, str s)
{
    struct sb b = sb_make(a, 0);
    bool is_space = false;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool was_space = is_space;
        is_space = c <= ' ' || c == 0x7f;
        if (!is_space)
            sb_byte(&b, s.at[i]);
        else if (!was_space)
            sb_byte(&b, ' ');
    }
    return sb_str(&b);
}
