/* See signature.h. Thread: pure. */
#include "connector/signature.h"

#include "base/crypto.h"
#include "connector/connector.h"

enum { DIGEST_BYTES = 32, SIGNATURES_READ = 4 };

static struct sha256 digest(str secret, str seconds, str body)
{
    const str parts[] = {seconds, S("."), body};
    return crypto_hmac_sha256_parts(secret, parts, 3);
}

static str digest_hex(struct arena *a, str secret, str seconds, str body)
{
    struct sha256 d = digest(secret, seconds, body);
    return crypto_hex(a, str_of(d.b, DIGEST_BYTES));
}

str signature_make(struct arena *a, str secret, str old, int64_t now_ms, str body)
{
    str seconds = str_print(a, "%lld", (long long)(now_ms / 1000));
    str first = digest_hex(a, secret, seconds, body);
    if (old.len == 0)
        return str_print(a, "t=%.*s,v1=%.*s", SARG(seconds), SARG(first));
    str second = digest_hex(a, old, seconds, body);
    return str_print(a, "t=%.*s,v1=%.*s,v1=%.*s", SARG(seconds), SARG(first), SARG(second));
}

static bool unhex(str hex, uint8_t out[DIGEST_BYTES])
{
    if (hex.len != 2 * (ptrdiff_t)DIGEST_BYTES)
        return false;
    for (ptrdiff_t i = 0; i < DIGEST_BYTES; i++) {
        int high = str_hex_digit(hex.at[2 * i]), low = str_hex_digit(hex.at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool fits(struct sha256 wanted, const uint8_t given[][DIGEST_BYTES], ptrdiff_t n)
{
    bool any = false;
    for (ptrdiff_t i = 0; i < n; i++)
        any |= crypto_equal(str_of(wanted.b, DIGEST_BYTES), str_of(given[i], DIGEST_BYTES));
    return any;
}

err signature_check(str header, str secret, str old, int64_t now_ms, str body, str *why)
{
    uint8_t given[SIGNATURES_READ][DIGEST_BYTES];
    ptrdiff_t n = 0;
    str seconds = {0}, rest = header, part, name, value;
    bool more = header.len > 0;
    while (more) {
        more = str_cut(rest, ',', &part, &rest);
        if (!str_cut(str_trim(part), '=', &name, &value))
            continue;
        if (str_eq(name, S("t")))
            seconds = value;
        else if (str_eq(name, S("v1")) && n < SIGNATURES_READ && unhex(value, given[n]))
            n++;
    }
    int64_t at_s;
    if (n == 0 || str_int(seconds, 0, INT64_MAX / 1000, &at_s) != OK) {
        *why = S("The Seva-Signature header is missing or not of the form t=…,v1=….");
        return E_UNAUTHENTICATED;
    }
    bool is_ours = fits(digest(secret, seconds, body), given, n);
    if (old.len)
        is_ours |= fits(digest(old, seconds, body), given, n);
    if (!is_ours || secret.len == 0) {
        *why = S("The signature does not fit the body.");
        return E_UNAUTHENTICATED;
    }
    int64_t now_s = now_ms / 1000;
    if (at_s < now_s - SIGNATURE_TOLERANCE_S || at_s > now_s + SIGNATURE_TOLERANCE_S) {
        *why = S("The signature's time is more than five minutes away from ours.");
        return E_UNAUTHENTICATED;
    }
    return OK;
}

err signature_verify(struct arena *a, const struct connector_hook *hook, str *why)
{
    (void)a;
    str header = http_header_get(hook->req, S("Seva-Signature"));
    return signature_check(
        header, hook->setup->secret, hook->setup->old_secret, hook->now_ms, hook->req->body, why);
}
