/* See jwt.h. Thread: pure. */
#include "connector/jwt.h"

#include "base/crypto.h"
#include "base/json.h"

const char *const jwt_google_issuers[] = {
    "https://accounts.google.com", "accounts.google.com", NULL};

struct parts {
    str signed_text; /* header and claims with the dot between */
    str header, claims, signature;
};

static err refuse(const char *words, str *why)
{
    *why = str_from(words);
    return E_UNAUTHENTICATED;
}

static bool parts_of(str token, struct parts *p)
{
    str rest, more;
    if (token.len > JWT_BYTES || !str_cut(token, '.', &p->header, &rest) ||
        !str_cut(rest, '.', &p->claims, &p->signature) || str_cut(p->signature, '.', &more, &rest))
        return false;
    p->signed_text = str_sub(token, 0, p->header.len + 1 + p->claims.len);
    return p->header.len > 0 && p->claims.len > 0;
}

/* base64url JSON object; NULL when it is none. */
static const struct json *object_of(struct arena *a, str text)
{
    const struct json *root = NULL;
    str bytes, why;
    if (crypto_unbase64url(a, text, &bytes) != OK || json_parse(a, bytes, &root, &why) != OK)
        return NULL;
    return root && root->kind == JSON_OBJECT ? root : NULL;
}

/* A member that is a text; empty otherwise. */
static str string_of(const struct json *object, str key)
{
    const struct json *v = json_get(object, key);
    return v && v->kind == JSON_STRING ? v->text : (str){0};
}

/* NumericDate in seconds, whole or with a fraction, up to the year 2286. */
static bool date_of(const struct json *object, str key, int64_t *ms)
{
    const struct json *v = json_get(object, key);
    if (!v || v->kind != JSON_NUMBER || !(v->number >= 0) || v->number > 9999999999.0)
        return false;
    *ms = (int64_t)(v->number * 1000.0);
    return true;
}

/* ── keys ── */

static bool key_is_fit(const struct json *key, str kid)
{
    str use = string_of(key, S("use")), alg = string_of(key, S("alg"));
    return str_eq(string_of(key, S("kid")), kid) && str_eq(string_of(key, S("kty")), S("RSA")) &&
           (use.len == 0 || str_eq(use, S("sig"))) && (alg.len == 0 || str_eq(alg, S("RS256")));
}

static err key_verify(struct arena *a, const struct json *key, const struct parts *p)
{
    str n, e, signature;
    if (crypto_unbase64url(a, string_of(key, S("n")), &n) != OK ||
        crypto_unbase64url(a, string_of(key, S("e")), &e) != OK ||
        crypto_unbase64url(a, p->signature, &signature) != OK)
        return E_UNAUTHENTICATED;
    return crypto_rs256_verify(n, e, p->signed_text, signature);
}

static err signature_check(
    struct arena *a, const struct parts *p, const struct json *keys, str kid, str *why)
{
    ptrdiff_t looked_at = 0;
    bool is_known = false;
    for (const struct json *key = keys->first; key && looked_at < JWT_KEYS;
         key = key->next, looked_at++) {
        if (!key_is_fit(key, kid))
            continue;
        is_known = true;
        err e = key_verify(a, key, p);
        if (e == OK || e == E_BUSY)
            return e;
    }
    if (is_known)
        return refuse("The token's signature does not fit.", why);
    *why = S("The key set holds no key with the token's id.");
    return E_NOT_FOUND;
}

/* ── claims ── */

static bool is_issuer(str issuer, const char *const *issuers)
{
    for (; issuer.len > 0 && *issuers; issuers++)
        if (str_eq(issuer, str_from(*issuers)))
            return true;
    return false;
}

static bool is_audience(const struct json *claims, str wanted)
{
    const struct json *aud = json_get(claims, S("aud"));
    if (wanted.len == 0 || !aud)
        return false;
    if (aud->kind == JSON_STRING)
        return str_eq(aud->text, wanted);
    if (aud->kind == JSON_ARRAY)
        for (const struct json *v = aud->first; v; v = v->next)
            if (v->kind == JSON_STRING && str_eq(v->text, wanted))
                return true;
    return false;
}

static err times_check(const struct json *claims, int64_t now_ms, struct jwt_claims *got, str *why)
{
    const int64_t leeway_ms = JWT_LEEWAY_S * INT64_C(1000);
    int64_t not_before_ms = 0;
    if (!date_of(claims, S("exp"), &got->expires_ms))
        return refuse("The token has no end.", why);
    if (now_ms >= got->expires_ms + leeway_ms)
        return refuse("The token has expired.", why);
    if (got->expires_ms > now_ms + JWT_LIFE_MOST_S * INT64_C(1000) + leeway_ms)
        return refuse("The token lives longer than any that we trust.", why);
    if (json_get(claims, S("iat")) && !date_of(claims, S("iat"), &got->issued_ms))
        return refuse("The token's times cannot be read.", why);
    if (json_get(claims, S("nbf")) && !date_of(claims, S("nbf"), &not_before_ms))
        return refuse("The token's times cannot be read.", why);
    if (got->issued_ms > now_ms + leeway_ms || not_before_ms > now_ms + leeway_ms)
        return refuse("The token is from the future.", why);
    return OK;
}

static err claims_check(
    const struct json *claims, const struct jwt_rules *rules, struct jwt_claims *got, str *why)
{
    got->issuer = string_of(claims, S("iss"));
    got->subject = string_of(claims, S("sub"));
    got->email = string_of(claims, S("email"));
    if (!is_issuer(got->issuer, rules->issuers))
        return refuse("The token is from another issuer.", why);
    if (!is_audience(claims, rules->audience))
        return refuse("The token is for another audience.", why);
    const struct json *is_verified = json_get(claims, S("email_verified"));
    if (rules->email.len > 0 && (!str_eq(got->email, rules->email) || !is_verified ||
                                    is_verified->kind != JSON_BOOL || !is_verified->boolean))
        return refuse("The token is of another account.", why);
    return times_check(claims, rules->now_ms, got, why);
}

err jwt_verify(struct arena *a, str token, str jwks, const struct jwt_rules *rules,
    struct jwt_claims *claims, str *why)
{
    struct parts p;
    const struct json *set = NULL;
    str unused;
    if (jwks.len > JWT_SET_BYTES || json_parse(a, jwks, &set, &unused) != OK ||
        !json_get(set, S("keys")) || json_get(set, S("keys"))->kind != JSON_ARRAY) {
        *why = S("The key set cannot be read.");
        return E_INVALID;
    }
    if (!parts_of(token, &p))
        return refuse("The token is missing or no signed token.", why);
    const struct json *header = object_of(a, p.header), *body = object_of(a, p.claims);
    if (!header || !body)
        return refuse("The token cannot be read.", why);
    if (!str_eq(string_of(header, S("alg")), S("RS256")) || json_get(header, S("crit")))
        return refuse("The token is signed in a way that we do not take.", why);
    str kid = string_of(header, S("kid"));
    if (kid.len == 0)
        return refuse("The token names no key.", why);
    TRY(signature_check(a, &p, json_get(set, S("keys")), kid, why));
    struct jwt_claims got = {0};
    TRY(claims_check(body, rules, &got, why));
    *claims = got;
    return OK;
}

str jwt_of_header(str authorization)
{
    str scheme, token;
    if (!str_cut(authorization, ' ', &scheme, &token) || !str_eq_nocase(scheme, S("Bearer")))
        return (str){0};
    return str_trim(token);
}

err jwt_expires_unverified(struct arena *a, str token, int64_t *expires_ms)
{
    struct parts p;
    if (!parts_of(token, &p))
        return E_INVALID;
    const struct json *claims = object_of(a, p.claims);
    return claims && date_of(claims, S("exp"), expires_ms) ? OK : E_INVALID;
}

/* ── assertions ── */

err jwt_account_parse(struct arena *a, str json, struct jwt_account *account, str *why)
{
    const struct json *root = NULL;
    str unused;
    if (json.len > JWT_SET_BYTES || json_parse(a, json, &root, &unused) != OK ||
        !str_eq(string_of(root, S("type")), S("service_account"))) {
        *why = S("This is not the key file of a service account.");
        return E_INVALID;
    }
    struct jwt_account got = {
        .email = string_of(root, S("client_email")),
        .key_id = string_of(root, S("private_key_id")),
        .private_key = string_of(root, S("private_key")),
        .token_url = string_of(root, S("token_uri")),
    };
    if (got.email.len == 0 || got.private_key.len == 0) {
        *why = S("The key file lacks client_email or private_key.");
        return E_INVALID;
    }
    *account = got;
    return OK;
}

err jwt_sign(struct arena *a, const struct jwt_assertion *what, str pem, str *token)
{
    struct json_out header = json_out_make(a, 0), claims = json_out_make(a, 0);
    json_obj(&header);
    json_kv_str(&header, S("alg"), S("RS256"));
    json_kv_str(&header, S("typ"), S("JWT"));
    if (what->key_id.len > 0)
        json_kv_str(&header, S("kid"), what->key_id);
    json_obj_end(&header);
    json_obj(&claims);
    json_kv_str(&claims, S("iss"), what->issuer);
    if (what->subject.len > 0)
        json_kv_str(&claims, S("sub"), what->subject);
    json_kv_str(&claims, S("aud"), what->audience);
    if (what->scope.len > 0)
        json_kv_str(&claims, S("scope"), what->scope);
    json_kv_int(&claims, S("iat"), what->now_ms / 1000);
    json_kv_int(&claims, S("exp"), what->now_ms / 1000 + what->life_s);
    json_obj_end(&claims);
    str head = crypto_base64url(a, json_str(&header)),
        body = crypto_base64url(a, json_str(&claims));
    str text = str_print(a, "%.*s.%.*s", SARG(head), SARG(body)), signature;
    TRY(crypto_rs256_sign(a, pem, text, &signature));
    signature = crypto_base64url(a, signature);
    *token = str_print(a, "%.*s.%.*s", SARG(text), SARG(signature));
    return OK;
}
