/* The text a network signs; see sign_inner.h. Not: digests (sign.c). Thread: pure.
 * Rules: Twilio "Security" (form and bodySHA256), HubSpot "Validating requests" (version 3). */
#include <stdlib.h>

#include "base/crypto.h"
#include "base/limits.h"
#include "connector/sign_inner.h"

static err refuse(str words, str *why)
{
    *why = words;
    return E_UNAUTHENTICATED;
}

err sign_unhex(struct arena *a, str hex, str *bytes)
{
    for (ptrdiff_t i = 0; i < hex.len; i++)
        if (hex.at[i] >= 'A' && hex.at[i] <= 'F')
            return E_INVALID;
    return crypto_unhex(a, hex, bytes);
}

/* ── Twilio ── */

struct field {
    str name, value;
};

static int by_name_and_value(const void *x, const void *y)
{
    const struct field *a = x, *b = y;
    int by_name = str_cmp(a->name, b->name);
    return by_name ? by_name : str_cmp(a->value, b->value);
}

static bool decoded(struct arena *a, str s, str *out)
{
    char *to = arena_alloc(a, s.len + 1, 1);
    ptrdiff_t len = http_percent_decode_to(to, s, true);
    if (len < 0)
        return false;
    *out = str_of(to, len);
    return true;
}

/* Any bytes are fields: what they hold is judged after the check. */
static err fields_read(
    struct arena *a, str form, struct field fields[SIGN_FIELDS], ptrdiff_t *count, str *why)
{
    ptrdiff_t n = 0;
    while (form.len > 0) {
        str part, name, value;
        (void)str_cut(form, '&', &part, &form);
        if (part.len == 0)
            continue;
        if (n == SIGN_FIELDS)
            return refuse(S("The form has more fields than anybody signs."), why);
        (void)str_cut(part, '=', &name, &value);
        if (!decoded(a, name, &fields[n].name) || !decoded(a, value, &fields[n].value))
            return refuse(S("The form is not encoded as forms are."), why);
        n++;
    }
    *count = n;
    return OK;
}

/* Every name with its value, sorted, nothing between; a pair that comes twice counts once. */
static err form_text(struct arena *a, str form, str *text, str *why)
{
    struct field *fields = NEW(a, struct field, SIGN_FIELDS);
    ptrdiff_t n = 0;
    TRY(fields_read(a, form, fields, &n, why));
    qsort(fields, (size_t)n, sizeof *fields, by_name_and_value);
    struct sb b = sb_make(a, LIMIT_WEBHOOK_BODY_BYTES);
    for (ptrdiff_t i = 0; i < n; i++) {
        if (i > 0 && by_name_and_value(&fields[i - 1], &fields[i]) == 0)
            continue;
        sb_add(&b, fields[i].name);
        sb_add(&b, fields[i].value);
    }
    if (b.failed)
        return refuse(S("The form is too long."), why);
    *text = sb_str(&b);
    return OK;
}

/* The first bodySHA256 of the signed URL's query; empty when it has none. */
static str body_hash(str url)
{
    str unused, query, pair, name, value;
    for (bool more = str_cut(url, '?', &unused, &query); more;) {
        more = str_cut(query, '&', &pair, &query);
        if (str_cut(pair, '=', &name, &value) && str_eq(name, S("bodySHA256")))
            return value;
    }
    return (str){0};
}

/* A body that is no form is covered by its hash in the signed URL, or it is empty. */
static bool url_covers(struct arena *a, str url, str body)
{
    str hash = body_hash(url), wanted;
    if (hash.len == 0)
        return body.len == 0;
    struct sha256 is = crypto_sha256(body);
    return hash.len == 2 * (ptrdiff_t)sizeof is.b && sign_unhex(a, hash, &wanted) == OK &&
           crypto_equal(wanted, str_of(is.b, (ptrdiff_t)sizeof is.b));
}

static bool is_form(const struct http_request *req)
{
    str type = http_media_type(http_header_get(req, S("Content-Type")));
    return req->method != HTTP_GET && req->method != HTTP_HEAD &&
           str_eq_nocase(type, S("application/x-www-form-urlencoded"));
}

/* The URL with its default port taken away or added; empty when it names another port. */
static str other_port(struct arena *a, str url)
{
    bool is_secure = str_starts(url, S("https://"));
    str port = is_secure ? S(":443") : S(":80");
    ptrdiff_t from = is_secure ? 8 : 7;
    if (!is_secure && !str_starts(url, S("http://")))
        return (str){0};
    ptrdiff_t end = from;
    while (end < url.len && url.at[end] != '/' && url.at[end] != '?' && url.at[end] != '#')
        end++;
    str host = str_sub(url, 0, end), rest = str_skip(url, end);
    if (str_ends(host, port))
        return str_cat(a, str_sub(host, 0, host.len - port.len), rest);
    str name = str_sub(host, from, host.len);
    ptrdiff_t bracket = str_find_byte(name, ']');
    if (str_find_byte(str_skip(name, bracket + 1), ':') >= 0)
        return (str){0};
    return str_cat(a, str_cat(a, host, port), rest);
}

static err url_texts(struct arena *a, const struct sign_request *given,
    struct sign_text texts[SIGN_READINGS], ptrdiff_t *n, str *why)
{
    str form = {0}, other = other_port(a, given->url);
    if (given->url.len == 0)
        return refuse(S("The public address of this server is not configured."), why);
    if (is_form(given->req))
        TRY(form_text(a, given->req->body, &form, why));
    else if (!url_covers(a, given->url, given->req->body))
        return refuse(S("The address's bodySHA256 does not fit the body."), why);
    texts[0] = (struct sign_text){
        {given->url, form},
        2
    };
    texts[1] = (struct sign_text){
        {other, form},
        2
    };
    *n = other.len > 0 ? 2 : 1;
    return OK;
}

/* ── HubSpot ── */

/* These escapes, and no others, are undone in the signed address. */
#define HUBSPOT_PLAIN ":/?@!$'()*,;"

static str hubspot_url(struct arena *a, str url)
{
    char *to = arena_alloc(a, url.len + 1, 1);
    ptrdiff_t len = 0;
    for (ptrdiff_t i = 0; i < url.len; i++) {
        char plain[3];
        bool is_escape = url.at[i] == '%' &&
                         http_percent_decode_to(plain, str_sub(url, i, 3), false) == 1 &&
                         plain[0] != '\0' && str_find_byte(S(HUBSPOT_PLAIN), plain[0]) >= 0;
        to[len++] = is_escape ? plain[0] : url.at[i];
        i += is_escape ? 2 : 0;
    }
    return str_of(to, len);
}

static err method_texts(struct arena *a, const struct sign_request *given, str time,
    struct sign_text texts[SIGN_READINGS], ptrdiff_t *n, str *why)
{
    if (given->url.len == 0)
        return refuse(S("The public address of this server is not configured."), why);
    str method = str_from(http_method_name(given->req->method));
    str plain = hubspot_url(a, given->url);
    texts[0] = (struct sign_text){
        {method, plain, given->req->body, time},
        4
    };
    texts[1] = (struct sign_text){
        {method, given->url, given->req->body, time},
        4
    };
    *n = str_eq(plain, given->url) ? 1 : 2;
    return OK;
}

err sign_texts(struct arena *a, const struct sign_scheme *scheme, const struct sign_request *given,
    str time, struct sign_text texts[SIGN_READINGS], ptrdiff_t *n, str *why)
{
    switch (scheme->over) {
    case SIGN_BODY:
        texts[0] = (struct sign_text){
            {scheme->before, given->req->body},
            2
        };
        break;
    case SIGN_TIME_BODY:
        texts[0] = (struct sign_text){
            {scheme->before, time, scheme->between, given->req->body},
            4
        };
        break;
    case SIGN_METHOD_TO_TIME:
        return method_texts(a, given, time, texts, n, why);
    case SIGN_URL_FORM:
        return url_texts(a, given, texts, n, why);
    }
    *n = 1;
    return OK;
}
