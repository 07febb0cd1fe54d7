/* s3_sign: see s3_sign.h. */
#include "net/s3_sign.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

str s3_stamp(struct arena *a, int64_t now_ms)
{
    str t = time_rfc3339(a, now_ms); /* 2015-08-30T12:36:00.000Z */
    return str_print(a, "%.*s%.*s%.*s%.*s%.*sZ", SARG(str_sub(t, 0, 4)), SARG(str_sub(t, 5, 2)),
        SARG(str_sub(t, 8, 5)), SARG(str_sub(t, 14, 2)), SARG(str_sub(t, 17, 2)));
}

static int by_bytes(str x, str y)
{
    ptrdiff_t n = x.len < y.len ? x.len : y.len;
    int order = n > 0 ? memcmp(x.at, y.at, (size_t)n) : 0;
    return order != 0 ? order : (x.len > y.len) - (x.len < y.len);
}

static int by_name(const void *x, const void *y)
{
    return by_bytes(((const struct http_header *)x)->name, ((const struct http_header *)y)->name);
}

static int by_name_and_value(const void *x, const void *y)
{
    const struct http_header *one = x, *other = y;
    int order = by_name(x, y);
    return order != 0 ? order : by_bytes(one->value, other->value);
}

/* Runs of spaces count as one. */
static void add_value(struct sb *b, str value)
{
    value = str_trim(value);
    for (ptrdiff_t i = 0; i < value.len; i++)
        if (value.at[i] != ' ' || value.at[i - 1] != ' ')
            sb_byte(b, value.at[i]);
}

static err add_query(struct sb *b, str query)
{
    struct http_header pairs[S3_QUERY_PAIRS];
    size_t n = 0;
    str pair;
    for (bool more = query.len > 0; more; n++) {
        if (n == S3_QUERY_PAIRS)
            return E_INVALID;
        more = str_cut(query, '&', &pair, &query);
        (void)str_cut(pair, '=', &pairs[n].name, &pairs[n].value); /* without a value: empty */
    }
    qsort(pairs, n, sizeof *pairs, by_name_and_value);
    for (size_t i = 0; i < n; i++)
        sb_print(b, "%s%.*s=%.*s", i > 0 ? "&" : "", SARG(pairs[i].name), SARG(pairs[i].value));
    return OK;
}

/* The request as both sides write it; *names: of the signed headers. */
static err canonical(struct arena *a, const struct s3_signing *r, str *text, str *names)
{
    struct http_header headers[S3_SIGNED_HEADERS];
    struct sb b = sb_make(a, 0), list = sb_make(a, 0);
    if (r->header_count > S3_SIGNED_HEADERS)
        return E_INVALID;
    for (ptrdiff_t i = 0; i < r->header_count; i++)
        headers[i] =
            (struct http_header){str_lower_ascii(a, r->headers[i].name), r->headers[i].value};
    qsort(headers, (size_t)r->header_count, sizeof *headers, by_name);
    sb_print(&b, "%s\n%.*s\n", r->method, SARG(r->path));
    TRY(add_query(&b, r->query));
    sb_byte(&b, '\n');
    for (ptrdiff_t i = 0; i < r->header_count; i++) {
        sb_print(&b, "%.*s:", SARG(headers[i].name));
        add_value(&b, headers[i].value);
        sb_byte(&b, '\n');
        sb_print(&list, "%s%.*s", i > 0 ? ";" : "", SARG(headers[i].name));
    }
    *names = sb_str(&list);
    sb_print(&b, "\n%.*s\n%.*s", SARG(*names), SARG(r->body_hash));
    *text = sb_str(&b);
    return OK;
}

static struct sha256 chain(const struct sha256 *key, str text)
{
    return crypto_hmac_sha256(str_of(key->b, (ptrdiff_t)sizeof key->b), text);
}

err s3_sign(
    struct arena *a, const struct s3_keys *keys, const struct s3_signing *r, str *authorization)
{
    str text, names, day = str_sub(r->stamp, 0, 8);
    TRY(canonical(a, r, &text, &names));
    struct sha256 sum = crypto_sha256(text);
    str scope =
        str_print(a, "%.*s/%.*s/%.*s/aws4_request", SARG(day), SARG(r->region), SARG(r->service));
    str to_sign = str_print(a, ALGORITHM "\n%.*s\n%.*s\n%.*s", SARG(r->stamp), SARG(scope),
        SARG(crypto_hex(a, str_of(sum.b, (ptrdiff_t)sizeof sum.b))));
    struct sha256 key = crypto_hmac_sha256(str_cat(a, S("AWS4"), keys->secret), day);
    key = chain(&key, r->region);
    key = chain(&key, r->service);
    key = chain(&key, S("aws4_request"));
    struct sha256 signature = chain(&key, to_sign);
    *authorization =
        str_print(a, ALGORITHM " Credential=%.*s/%.*s, SignedHeaders=%.*s, Signature=%.*s",
            SARG(keys->id), SARG(scope), SARG(names),
            SARG(crypto_hex(a, str_of(signature.b, (ptrdiff_t)sizeof signature.b))));
    return OK;
}
