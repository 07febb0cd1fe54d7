/* See sign.h. A field that a scheme leaves out is the enum's first value: hex of HMAC-SHA256 over
 * the body, no time. Thread: pure. */
#include "connector/sign.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "connector/sign_inner.h"

const struct sign_scheme sign_meta = {
    .header = S_INIT("X-Hub-Signature-256"),
    .prefix = S_INIT("sha256="),
};
const struct sign_scheme sign_meta_sha1 = {
    .header = S_INIT("X-Hub-Signature"),
    .prefix = S_INIT("sha1="),
    .digest = SIGN_HMAC_SHA1,
};
const struct sign_scheme sign_websub = {
    .header = S_INIT("X-Hub-Signature"),
    .prefix = S_INIT("sha1="),
    .digest = SIGN_HMAC_SHA1,
};
const struct sign_scheme sign_x = {
    .header = S_INIT("x-twitter-webhooks-signature"),
    .prefix = S_INIT("sha256="),
    .encoding = SIGN_BASE64,
};
const struct sign_scheme sign_linkedin = {
    .header = S_INIT("X-LI-Signature"),
    .before = S_INIT("hmacsha256="),
};
const struct sign_scheme sign_tiktok = {
    .header = S_INIT("Tiktok-Signature"),
    .over = SIGN_TIME_BODY,
    .clock = SIGN_SECONDS,
    .between = S_INIT("."),
};
const struct sign_scheme sign_telegram = {
    .header = S_INIT("X-Telegram-Bot-Api-Secret-Token"),
    .digest = SIGN_SECRET,
};
const struct sign_scheme sign_line = {
    .header = S_INIT("x-line-signature"),
    .encoding = SIGN_BASE64,
};
const struct sign_scheme sign_viber = {
    .header = S_INIT("X-Viber-Content-Signature"),
    .query = S_INIT("sig"),
};
const struct sign_scheme sign_twilio = {
    .header = S_INIT("X-Twilio-Signature"),
    .digest = SIGN_HMAC_SHA1,
    .encoding = SIGN_BASE64,
    .over = SIGN_URL_FORM,
};
const struct sign_scheme sign_slack = {
    .header = S_INIT("X-Slack-Signature"),
    .prefix = S_INIT("v0="),
    .time_header = S_INIT("X-Slack-Request-Timestamp"),
    .over = SIGN_TIME_BODY,
    .clock = SIGN_SECONDS,
    .before = S_INIT("v0:"),
    .between = S_INIT(":"),
};
const struct sign_scheme sign_teams = {
    .header = S_INIT("Authorization"),
    .prefix = S_INIT("HMAC "),
    .encoding = SIGN_BASE64,
    .secret_is_base64 = true,
};
const struct sign_scheme sign_hubspot = {
    .header = S_INIT("X-HubSpot-Signature-v3"),
    .time_header = S_INIT("X-HubSpot-Request-Timestamp"),
    .encoding = SIGN_BASE64,
    .over = SIGN_METHOD_TO_TIME,
    .clock = SIGN_MILLISECONDS,
};
const struct sign_scheme sign_hubspot_v1 = {
    .header = S_INIT("X-HubSpot-Signature"),
    .digest = SIGN_SHA256,
};
const struct sign_scheme sign_shopify = {
    .header = S_INIT("X-Shopify-Hmac-SHA256"),
    .encoding = SIGN_BASE64,
};
const struct sign_scheme sign_woocommerce = {
    .header = S_INIT("X-WC-Webhook-Signature"),
    .encoding = SIGN_BASE64,
};
const struct sign_scheme sign_helpscout = {
    .header = S_INIT("X-HelpScout-Signature"),
    .digest = SIGN_HMAC_SHA1,
    .encoding = SIGN_BASE64,
};
const struct sign_scheme sign_zendesk = {
    .header = S_INIT("X-Zendesk-Webhook-Signature"),
    .time_header = S_INIT("X-Zendesk-Webhook-Signature-Timestamp"),
    .encoding = SIGN_BASE64,
    .over = SIGN_TIME_BODY,
    .clock = SIGN_RFC3339,
};
const struct sign_scheme sign_bot = {
    .header = S_INIT("X-Seva-Signature"),
    .prefix = S_INIT("sha256="),
};

enum { CALLBACK_PAIRS = 64 }; /* of a call-back's query; Shopify sends six */

static err refuse(str words, str *why)
{
    *why = words;
    return E_UNAUTHENTICATED;
}

static str digest_of(struct arena *a, enum sign_digest kind, str secret, const struct sign_text *t)
{
    struct sha256 d = {0};
    struct sha1 short_d;
    struct sb b;
    switch (kind) {
    case SIGN_HMAC_SHA256:
        d = crypto_hmac_sha256_parts(secret, t->parts, t->n);
        break;
    case SIGN_HMAC_SHA1:
        short_d = crypto_hmac_sha1_parts(secret, t->parts, t->n);
        return str_copy(a, str_of(short_d.b, (ptrdiff_t)sizeof short_d.b));
    case SIGN_SHA256:
        b = sb_make(a, 0);
        sb_add(&b, secret);
        for (ptrdiff_t i = 0; i < t->n; i++)
            sb_add(&b, t->parts[i]);
        d = crypto_sha256(sb_str(&b));
        break;
    case SIGN_SECRET:
        return secret;
    }
    return str_copy(a, str_of(d.b, (ptrdiff_t)sizeof d.b));
}

/* False: this candidate can fit nothing. */
static bool secret_ready(struct arena *a, const struct sign_scheme *scheme, str secret, str *key)
{
    if (scheme->secret_is_base64 && crypto_unbase64(a, secret, &secret) != OK)
        return false;
    *key = secret;
    return secret.len > 0;
}

/* Looks at every candidate and every reading, whatever fitted before. */
static bool fits(struct arena *a, const struct sign_scheme *scheme,
    const struct sign_request *given, const struct sign_text *texts, ptrdiff_t n, str signature)
{
    bool any = false;
    for (ptrdiff_t i = 0; i < given->secret_count && i < SIGN_SECRETS; i++) {
        str key;
        if (!secret_ready(a, scheme, given->secrets[i], &key))
            continue;
        for (ptrdiff_t k = 0; k < n; k++)
            any |= crypto_equal(digest_of(a, scheme->digest, key, &texts[k]), signature);
    }
    return any;
}

/* "t=<time>,s=<digest>", in any order; other names are for later versions. */
static bool pairs_read(str header, str *time, str *text)
{
    str part, name, value;
    for (bool more = true; more;) {
        more = str_cut(header, ',', &part, &header);
        if (!str_cut(str_trim(part), '=', &name, &value))
            continue;
        str *to = str_eq(name, S("t")) ? time : str_eq(name, S("s")) ? text : NULL;
        if (to != NULL && to->len > 0)
            return false;
        if (to != NULL)
            *to = value;
    }
    return time->len > 0 && text->len > 0;
}

static ptrdiff_t query_count(const struct http_request *req, str name)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < req->query_count; i++)
        n += str_eq(req->query[i].name, name);
    return n;
}

/* The signature as text without its prefix, and the time that belongs to it. */
static bool signature_find(
    const struct sign_scheme *scheme, const struct http_request *req, str *time, str *text)
{
    str value = {0};
    ptrdiff_t headers = http_header_count(req, scheme->header);
    if (headers == 1)
        value = http_header_get(req, scheme->header);
    else if (headers == 0 && scheme->query.len > 0 && query_count(req, scheme->query) == 1)
        value = http_query_get(req, scheme->query);
    if (value.len == 0 || !str_starts(value, scheme->prefix))
        return false;
    *text = str_skip(value, scheme->prefix.len);
    if (scheme->clock == SIGN_NO_CLOCK)
        return text->len > 0;
    if (scheme->time_header.len == 0) {
        *text = (str){0};
        return pairs_read(value, time, text);
    }
    *time = http_header_get(req, scheme->time_header);
    return text->len > 0 && http_header_count(req, scheme->time_header) == 1;
}

static ptrdiff_t digest_bytes(enum sign_digest kind)
{
    return kind == SIGN_HMAC_SHA1 ? (ptrdiff_t)sizeof(struct sha1)
                                  : (ptrdiff_t)sizeof(struct sha256);
}

static bool signature_decode(
    struct arena *a, const struct sign_scheme *scheme, str text, str *signature)
{
    if (scheme->digest == SIGN_SECRET) {
        *signature = text;
        return true;
    }
    if (text.len > 2 * digest_bytes(scheme->digest))
        return false;
    err e = scheme->encoding == SIGN_HEX ? sign_unhex(a, text, signature)
                                         : crypto_unbase64(a, text, signature);
    return e == OK && signature->len == digest_bytes(scheme->digest);
}

static bool time_is_near(enum sign_clock clock, str time, int64_t now_ms)
{
    int64_t at_ms = 0;
    switch (clock) {
    case SIGN_NO_CLOCK:
        return true;
    case SIGN_SECONDS:
        if (str_int(time, 0, INT64_MAX / 1000, &at_ms) != OK)
            return false;
        at_ms *= 1000;
        break;
    case SIGN_MILLISECONDS:
        if (str_int(time, 0, INT64_MAX, &at_ms) != OK)
            return false;
        break;
    case SIGN_RFC3339:
        if (time_parse(time, &at_ms) != OK)
            return false;
        break;
    }
    const int64_t most_ms = SIGN_TOLERANCE_S * INT64_C(1000);
    return at_ms >= now_ms - most_ms && at_ms <= now_ms + most_ms;
}

err sign_check(
    struct arena *a, const struct sign_scheme *scheme, const struct sign_request *given, str *why)
{
    struct sign_text texts[SIGN_READINGS] = {0};
    ptrdiff_t n = 0;
    str time = {0}, text = {0}, signature = {0};
    if (!signature_find(scheme, given->req, &time, &text) ||
        !signature_decode(a, scheme, text, &signature))
        return refuse(str_print(a, "The header %.*s is missing or not of the network's form.",
                          SARG(scheme->header)),
            why);
    TRY(sign_texts(a, scheme, given, time, texts, &n, why));
    if (!fits(a, scheme, given, texts, n, signature))
        return refuse(S("The signature does not fit the request and the channel's secret."), why);
    if (!time_is_near(scheme->clock, time, given->now_ms))
        return refuse(S("The signature's time is more than five minutes away from ours."), why);
    return OK;
}

static str time_text(
    struct arena *a, const struct sign_scheme *scheme, const struct sign_request *s)
{
    str sent = http_header_get(s->req, scheme->time_header);
    if (scheme->time_header.len > 0 && sent.len > 0)
        return sent;
    switch (scheme->clock) {
    case SIGN_NO_CLOCK:
        break;
    case SIGN_SECONDS:
        return str_print(a, "%lld", (long long)(s->now_ms / 1000));
    case SIGN_MILLISECONDS:
        return str_print(a, "%lld", (long long)s->now_ms);
    case SIGN_RFC3339:
        return time_rfc3339(a, s->now_ms);
    }
    return (str){0};
}

err sign_value(
    struct arena *a, const struct sign_scheme *scheme, const struct sign_request *ours, str *value)
{
    struct sign_text texts[SIGN_READINGS] = {0};
    ptrdiff_t n = 0;
    str why, key, time = time_text(a, scheme, ours);
    if (ours->secret_count < 1 || !secret_ready(a, scheme, ours->secrets[0], &key) ||
        sign_texts(a, scheme, ours, time, texts, &n, &why) != OK)
        return E_INVALID;
    str digest = digest_of(a, scheme->digest, key, &texts[0]);
    if (scheme->digest != SIGN_SECRET)
        digest = scheme->encoding == SIGN_HEX ? crypto_hex(a, digest) : crypto_base64(a, digest);
    *value = scheme->clock != SIGN_NO_CLOCK && scheme->time_header.len == 0
                 ? str_print(a, "t=%.*s,s=%.*s", SARG(time), SARG(digest))
                 : str_cat(a, scheme->prefix, digest);
    return OK;
}

/* ── values with the same secrets ── */

bool sign_is_secret(str given, const str *secrets, ptrdiff_t n)
{
    bool any = false;
    for (ptrdiff_t i = 0; i < n && i < SIGN_SECRETS; i++)
        any |= secrets[i].len > 0 && crypto_equal(given, secrets[i]);
    return any;
}

static str hmac(str secret, str text, struct sha256 *d)
{
    *d = crypto_hmac_sha256(secret, text);
    return str_of(d->b, (ptrdiff_t)sizeof d->b);
}

str sign_appsecret_proof(struct arena *a, str app_secret, str access_token)
{
    struct sha256 d;
    return crypto_hex(a, hmac(app_secret, access_token, &d));
}

str sign_x_challenge(struct arena *a, str consumer_secret, str crc_token)
{
    struct sha256 d;
    return str_cat(a, S("sha256="), crypto_base64(a, hmac(consumer_secret, crc_token, &d)));
}

str sign_linkedin_challenge(struct arena *a, str client_secret, str code)
{
    struct sha256 d;
    return crypto_hex(a, hmac(client_secret, code, &d));
}

static int by_name(const void *x, const void *y)
{
    const struct http_pair *const *a = x, *const *b = y;
    return str_cmp((*a)->name, (*b)->name);
}

/* Older pages of Shopify escape only what would read as a separator, newer libraries encode
 * everything: both are the plain text where nothing needs it. */
static str shopify_part(struct arena *a, str s, bool is_encoded, const char *escaped)
{
    if (is_encoded)
        return http_percent_encode(a, s);
    struct sb b = sb_make(a, 3 * s.len + 1);
    for (ptrdiff_t i = 0; i < s.len; i++)
        if (str_find_byte(str_from(escaped), s.at[i]) >= 0)
            sb_print(&b, "%%%02X", (unsigned)(unsigned char)s.at[i]);
        else
            sb_byte(&b, s.at[i]);
    return sb_str(&b);
}

static str shopify_text(
    struct arena *a, const struct http_pair *const *pairs, ptrdiff_t n, bool is_encoded)
{
    struct sb b = sb_make(a, 0);
    for (ptrdiff_t i = 0; i < n; i++) {
        if (i > 0)
            sb_byte(&b, '&');
        sb_add(&b, shopify_part(a, pairs[i]->name, is_encoded, "%&="));
        sb_byte(&b, '=');
        sb_add(&b, shopify_part(a, pairs[i]->value, is_encoded, "%&"));
    }
    return sb_str(&b);
}

err sign_shopify_callback(struct arena *a, const struct http_pair *query, ptrdiff_t count,
    const str *secrets, ptrdiff_t secret_count, str *why)
{
    const struct http_pair *rest[CALLBACK_PAIRS];
    ptrdiff_t n = 0;
    str given = {0}, bytes = {0};
    bool is_twice = false, any = false;
    for (ptrdiff_t i = 0; i < count && n < CALLBACK_PAIRS; i++)
        if (str_eq(query[i].name, S("hmac"))) {
            is_twice |= given.len > 0;
            given = query[i].value;
        } else {
            rest[n++] = &query[i];
        }
    if (is_twice || given.len != 2 * (ptrdiff_t)sizeof(struct sha256) ||
        sign_unhex(a, given, &bytes) != OK || n == CALLBACK_PAIRS)
        return refuse(S("The address from Shopify carries no hmac."), why);
    qsort(rest, (size_t)n, sizeof *rest, by_name);
    const str texts[] = {shopify_text(a, rest, n, false), shopify_text(a, rest, n, true)};
    for (ptrdiff_t i = 0; i < secret_count && i < SIGN_SECRETS; i++)
        for (int k = 0; k < 2; k++) {
            struct sha256 d;
            any |= secrets[i].len > 0 && crypto_equal(hmac(secrets[i], texts[k], &d), bytes);
        }
    return any ? OK : refuse(S("The address from Shopify does not fit its hmac."), why);
}
