/* The demo shop; see shop.h. */
#include "shop.h"

#include "base/clock.h"
#include "base/crypto.h"

bool shop_open(struct arena *a, struct shop *s)
{
    const struct egress_rules *rules;
    str why;
    if (http_client_start() != OK || egress_rules_parse(a, S("*=127.0.0.0/8"), &rules, &why) != OK)
        return false;
    struct http_client_options o = {.rules = rules, .user_agent = S("seva-sim")};
    s->client = http_client_open(&o);
    return s->client != NULL;
}

static int call(struct shop *s, struct arena *a, struct http_call *c, const struct json **answer)
{
    struct http_result r = {0};
    bool is_answered =
        http_client_call(s->client, a, c, &r) == OK && r.outcome == HTTP_CALL_ANSWERED;
    s->why = r.why;
    if (!is_answered)
        return 0;
    const struct json *root = NULL;
    str why;
    if (r.body.len > 0 && json_parse(a, r.body, &root, &why) != OK)
        root = NULL;
    if (answer)
        *answer = root;
    return r.status;
}

int shop_call(struct shop *s, struct arena *a, enum http_method method, str path, str bearer,
    str body, const struct json **answer)
{
    struct http_header headers[2] = {
        {S("Content-Type"), S("application/json")},
        { S("Authorization"), str_cat(a,                   S("Bearer "), bearer)}
    };
    struct http_call c = {.method = method,
        .url = str_cat(a, s->base_url, path),
        .purpose = EGRESS_NETWORK,
        .headers = headers + (body.len ? 0 : 1),
        .header_count = (body.len ? 1 : 0) + (bearer.len ? 1 : 0),
        .body = body};
    if (!body.len && !bearer.len)
        c.headers = NULL;
    return call(s, a, &c, answer);
}

int shop_post(struct shop *s, struct arena *a, str body)
{
    str stamp = str_print(a, "%lld", (long long)(clock_now_ms() / 1000));
    str parts[] = {stamp, S("."), body};
    struct sha256 mac = crypto_hmac_sha256_parts(s->api_secret, parts, 3);
    str signature = str_print(
        a, "t=%.*s,v1=%.*s", SARG(stamp), SARG(crypto_hex(a, str_of(mac.b, sizeof mac.b))));
    struct http_header headers[2] = {
        {S("Content-Type"),   S("application/json")},
        {S("Seva-Signature"), signature            }
    };
    struct http_call c = {.method = HTTP_POST,
        .url = str_print(a, "%.*s/hooks/api/%.*s", SARG(s->base_url), SARG(s->api_key)),
        .purpose = EGRESS_NETWORK,
        .headers = headers,
        .header_count = 2,
        .body = body};
    return call(s, a, &c, NULL);
}
