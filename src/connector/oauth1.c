/* See oauth1.h. Thread: see there. */
#include "connector/oauth1.h"

#include <stdlib.h>

#include "base/crypto.h"
#include "connector/oauth_inner.h"

enum { NONCE_BYTES = 16, OWN_PARAMS = 6 };

/* Encoded name and value; as such they sort and are joined. */
struct param {
    str name, value;
};
struct params {
    struct param at[OAUTH1_PARAMS];
    ptrdiff_t n;
};

static int by_name_and_value(const void *x, const void *y)
{
    const struct param *a = x, *b = y;
    int by_name = str_cmp(a->name, b->name);
    return by_name ? by_name : str_cmp(a->value, b->value);
}

static err param_add(struct arena *a, struct params *p, str name, str value)
{
    if (p->n == OAUTH1_PARAMS)
        return E_INVALID;
    p->at[p->n++] = (struct param){http_percent_encode(a, name), http_percent_encode(a, value)};
    return OK;
}

static err params_add(struct arena *a, struct params *p, const struct http_pair *pairs, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(param_add(a, p, pairs[i].name, pairs[i].value));
    return OK;
}

static err query_add(struct arena *a, struct params *p, str query)
{
    while (query.len > 0) {
        str part, name, value;
        (void)str_cut(query, '&', &part, &query);
        if (part.len == 0)
            continue;
        (void)str_cut(part, '=', &name, &value);
        TRY(http_percent_decode(a, name, true, &name));
        TRY(http_percent_decode(a, value, true, &value));
        TRY(param_add(a, p, name, value));
    }
    return OK;
}

/* RFC 5849, 3.4.1.2: scheme and host in lower case, without default port, query and fragment. */
static err base_url(struct arena *a, str url, str *base, str *query)
{
    str unused, rest, scheme, host;
    (void)str_cut(url, '#', &url, &unused);
    (void)str_cut(url, '?', &url, query);
    ptrdiff_t at = str_find(url, S("://"));
    if (at < 0)
        return E_INVALID;
    scheme = str_lower_ascii(a, str_sub(url, 0, at));
    rest = str_skip(url, at + 3);
    ptrdiff_t slash = str_find_byte(rest, '/');
    host = str_lower_ascii(a, slash < 0 ? rest : str_sub(rest, 0, slash));
    str path = slash < 0 ? S("/") : str_skip(rest, slash);
    bool is_https = str_eq(scheme, S("https"));
    str port = is_https ? S(":443") : S(":80");
    if (host.len == 0 || (!is_https && !str_eq(scheme, S("http"))))
        return E_INVALID;
    if (str_ends(host, port))
        host.len -= port.len;
    *base = str_print(a, "%.*s://%.*s%.*s", SARG(scheme), SARG(host), SARG(path));
    return OK;
}

static str signature(struct arena *a, const struct oauth1_keys *keys, enum http_method method,
    str base, struct params *p)
{
    struct sb joined = sb_make(a, 0), text = sb_make(a, 0);
    qsort(p->at, (size_t)p->n, sizeof *p->at, by_name_and_value);
    for (ptrdiff_t i = 0; i < p->n; i++) {
        if (i > 0)
            sb_byte(&joined, '&');
        sb_add(&joined, p->at[i].name);
        sb_byte(&joined, '=');
        sb_add(&joined, p->at[i].value);
    }
    sb_add(&text, str_from(http_method_name(method)));
    sb_byte(&text, '&');
    sb_add(&text, http_percent_encode(a, base));
    sb_byte(&text, '&');
    sb_add(&text, http_percent_encode(a, sb_str(&joined)));
    str consumer = http_percent_encode(a, keys->consumer_secret);
    str token = http_percent_encode(a, keys->token_secret);
    str key = str_cat(a, str_cat(a, consumer, S("&")), token), signed_text = sb_str(&text);
    struct sha1 d = crypto_hmac_sha1_parts(key, &signed_text, 1);
    return crypto_base64(a, str_of(d.b, (ptrdiff_t)sizeof d.b));
}

static str nonce_make(struct arena *a)
{
    uint8_t bits[NONCE_BYTES];
    crypto_random(bits, NONCE_BYTES);
    return crypto_hex(a, str_of(bits, NONCE_BYTES));
}

err oauth1_header(struct arena *a, const struct oauth1_keys *keys,
    const struct oauth1_request *request, str *header)
{
    str base, query;
    struct params *all = NEW(a, struct params, 1), *own = NEW(a, struct params, 1);
    TRY(base_url(a, request->url, &base, &query));
    const struct http_pair ours[OWN_PARAMS] = {
        {S("oauth_consumer_key"),               keys->consumer_key                                 },
        {S("oauth_nonce"),                      request->nonce.len ? request->nonce : nonce_make(a)},
        {S("oauth_signature_method"),           S("HMAC-SHA1")                                     },
        {S("oauth_timestamp"),                  str_print(a,                                         "%lld", (long long)(request->now_ms / 1000))},
        {S("oauth_version"), S("1.0")                                                   },
        {S("oauth_token"),                             keys->token                            },
    };
    TRY(params_add(a, own, ours, keys->token.len ? OWN_PARAMS : OWN_PARAMS - 1));
    TRY(params_add(a, own, request->extra, request->extra_count));
    *all = *own;
    TRY(params_add(a, all, request->form, request->form_count));
    TRY(query_add(a, all, query));
    str signed_as = signature(a, keys, request->method, base, all);
    TRY(param_add(a, own, S("oauth_signature"), signed_as));
    qsort(own->at, (size_t)own->n, sizeof *own->at, by_name_and_value);
    struct sb b = sb_make(a, 0);
    sb_add(&b, S("OAuth "));
    for (ptrdiff_t i = 0; i < own->n; i++)
        sb_print(
            &b, "%s%.*s=\"%.*s\"", i ? ", " : "", SARG(own->at[i].name), SARG(own->at[i].value));
    *header = sb_str(&b);
    return OK;
}

/* ── the three steps ── */

static str pair_of(const struct http_pair *pairs, ptrdiff_t n, str name)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_eq(pairs[i].name, name))
            return pairs[i].value;
    return (str){0};
}

static struct oauth_end token_read(struct arena *a, const struct oauth_call *call,
    const struct oauth_answer *answer, bool is_first, struct oauth1_token *token)
{
    const struct http_pair *pairs = NULL;
    const struct json *root = NULL;
    ptrdiff_t n = 0;
    str unused;
    if (answer->status < 200 || answer->status > 299 ||
        http_pairs_parse(a, answer->body, &pairs, &n) != OK) {
        if (json_parse(a, answer->body, &root, &unused) != OK)
            root = NULL;
        return oauth_refusal(a, call, answer, root);
    }
    struct oauth1_token got = {
        .token = pair_of(pairs, n, S("oauth_token")),
        .secret = pair_of(pairs, n, S("oauth_token_secret")),
        .user_id = pair_of(pairs, n, S("user_id")),
        .screen_name = pair_of(pairs, n, S("screen_name")),
    };
    if (got.token.len == 0 || got.secret.len == 0)
        return oauth_refusal(a, call, answer, NULL);
    if (is_first && !str_eq(pair_of(pairs, n, S("oauth_callback_confirmed")), S("true")))
        return (struct oauth_end){
            .outcome = OAUTH_SETUP, .why = S("The network did not confirm the call-back address.")};
    *token = got;
    return (struct oauth_end){.outcome = OAUTH_OK};
}

static err step(struct http_client *client, struct arena *a, str url,
    const struct oauth1_keys *keys, struct http_pair extra, int64_t now_ms, bool is_first,
    struct oauth1_token *token, struct oauth_end *end)
{
    const struct oauth1_request request = {
        .method = HTTP_POST, .url = url, .extra = &extra, .extra_count = 1, .now_ms = now_ms};
    struct http_header header = {S("Authorization"), {0}};
    if (oauth1_header(a, keys, &request, &header.value) != OK) {
        *end = (struct oauth_end){
            .outcome = OAUTH_SETUP, .why = S("The network's address is not a valid one.")};
        return OK;
    }
    const struct oauth_call call = {
        .method = HTTP_POST,
        .url = url,
        .purpose = EGRESS_SIGN_IN,
        .headers = &header,
        .header_count = 1,
        .secrets = {keys->consumer_secret, keys->token, keys->token_secret, header.value,
                    is_first ? (str){0} : extra.value},
        .now_ms = now_ms,
    };
    struct oauth_answer answer;
    struct oauth_end got;
    TRY(oauth_call(client, a, &call, &answer, &got));
    *end = got.outcome == OAUTH_OK ? token_read(a, &call, &answer, is_first, token) : got;
    return OK;
}

err oauth1_request_token(struct http_client *client, struct arena *a, str base,
    const struct oauth1_keys *keys, str callback, int64_t now_ms, struct oauth1_token *token,
    struct oauth_end *end)
{
    const struct oauth1_keys ours = {keys->consumer_key, keys->consumer_secret, {0}, {0}};
    const struct http_pair extra = {S("oauth_callback"), callback};
    return step(client, a, oauth_address(a, base, S("/oauth/request_token")), &ours, extra, now_ms,
        true, token, end);
}

str oauth1_authorize_url(struct arena *a, str base, str token)
{
    str url = oauth_address(a, base, S("/oauth/authorize?oauth_token="));
    return str_cat(a, url, http_percent_encode(a, token));
}

err oauth1_access_token(struct http_client *client, struct arena *a, str base,
    const struct oauth1_keys *keys, str verifier, int64_t now_ms, struct oauth1_token *token,
    struct oauth_end *end)
{
    const struct http_pair extra = {S("oauth_verifier"), verifier};
    return step(client, a, oauth_address(a, base, S("/oauth/access_token")), keys, extra, now_ms,
        false, token, end);
}
