/* Tokens of Google's kind, with keys made on the spot: what is taken and everything that is not. */
#include "connector/jwt.h"

#include "base/crypto.h"
#include "base/json.h"
#include "test.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#define AUDIENCE "https://care.example.com/hooks/google"
#define EMAIL    "push@seva.iam.gserviceaccount.com"

/* Made once: a key takes its time. */
static char pem_bytes[4096], n_bytes[512];
static str pem, modulus;

static bool keys_make(void)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    BIO *out = BIO_new(BIO_s_mem());
    BIGNUM *n = NULL;
    if (!key || !out || PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        EVP_PKEY_get_bn_param(key, "n", &n) != 1)
        return false;
    pem = str_of(pem_bytes, BIO_read(out, pem_bytes, (int)sizeof pem_bytes));
    modulus = str_of(n_bytes, BN_bn2bin(n, (unsigned char *)n_bytes));
    BN_free(n);
    BIO_free(out);
    EVP_PKEY_free(key);
    return true;
}

static str key_set(const char *kid, const char *more)
{
    str n = crypto_base64url(test_arena(), modulus);
    return str_print(test_arena(),
        "{\"keys\":[{\"kid\":\"other\",\"kty\":\"EC\"},7,{\"kid\":\"%s\",\"kty\":\"RSA\",%s"
        "\"e\":\"AQAB\",\"n\":\"%.*s\"}]}",
        kid, more, SARG(n));
}

static str signed_token(const char *header, const char *claims)
{
    str h = crypto_base64url(test_arena(), str_from(header));
    str c = crypto_base64url(test_arena(), str_from(claims));
    str text = str_print(test_arena(), "%.*s.%.*s", SARG(h), SARG(c)), signature = {0};
    assert_ok(crypto_rs256_sign(test_arena(), pem, text, &signature));
    signature = crypto_base64url(test_arena(), signature);
    return str_print(test_arena(), "%.*s.%.*s", SARG(text), SARG(signature));
}

#define HEADER "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}"
#define CLAIMS(iss, aud, email, verified, times)                                                   \
    "{\"iss\":" iss ",\"aud\":" aud ",\"sub\":\"113\",\"email\":" email                            \
    ",\"email_verified\":" verified "," times "}"
#define GOOGLE "\"https://accounts.google.com\""
#define TIMES  "\"iat\":1767225600,\"exp\":1767229200"
#define GOOD   CLAIMS(GOOGLE, "\"" AUDIENCE "\"", "\"" EMAIL "\"", "true", TIMES)

static err verify_at(str token, str jwks, int64_t now_ms, struct jwt_claims *claims)
{
    const struct jwt_rules rules = {jwt_google_issuers, S_INIT(AUDIENCE), S_INIT(EMAIL), now_ms};
    str why = {0};
    err e = jwt_verify(test_arena(), token, jwks, &rules, claims, &why);
    assert_int_equal(e == OK, why.len == 0);
    return e;
}

static err verify(str token)
{
    struct jwt_claims claims;
    return verify_at(token, key_set("k1", ""), TEST_NOW_MS, &claims);
}

static void a_token_of_google_for_us_is_taken(void **state)
{
    (void)state;
    struct jwt_claims claims = {0};
    assert_ok(verify_at(signed_token(HEADER, GOOD),
        key_set("k1", "\"use\":\"sig\",\"alg\":\"RS256\","), TEST_NOW_MS, &claims));
    assert_str(claims.issuer, "https://accounts.google.com");
    assert_str(claims.subject, "113");
    assert_str(claims.email, EMAIL);
    assert_int_equal(claims.issued_ms, TEST_NOW_MS);
    assert_int_equal(claims.expires_ms, TEST_NOW_MS + 3600 * 1000);
    assert_ok(
        verify(signed_token(HEADER, CLAIMS("\"accounts.google.com\"", "[\"x\",\"" AUDIENCE "\"]",
                                        "\"" EMAIL "\"", "true", TIMES))));
}

static void claims_that_are_not_for_us_are_refused(void **state)
{
    (void)state;
    const char *const bad[] = {
        CLAIMS("\"https://evil.example\"", "\"" AUDIENCE "\"", "\"" EMAIL "\"", "true", TIMES),
        CLAIMS("7", "\"" AUDIENCE "\"", "\"" EMAIL "\"", "true", TIMES),
        CLAIMS("\"\"", "\"" AUDIENCE "\"", "\"" EMAIL "\"", "true", TIMES),
        CLAIMS(GOOGLE, "\"https://other.example\"", "\"" EMAIL "\"", "true", TIMES),
        CLAIMS(GOOGLE, "\"" AUDIENCE "/\"", "\"" EMAIL "\"", "true", TIMES),
        CLAIMS(GOOGLE, "[]", "\"" EMAIL "\"", "true", TIMES),
        CLAIMS(GOOGLE, "{\"a\":\"" AUDIENCE "\"}", "\"" EMAIL "\"", "true", TIMES),
        CLAIMS(GOOGLE, "\"" AUDIENCE "\"", "\"x@evil.example\"", "true", TIMES),
        CLAIMS(GOOGLE, "\"" AUDIENCE "\"", "null", "true", TIMES),
        CLAIMS(GOOGLE, "\"" AUDIENCE "\"", "\"" EMAIL "\"", "false", TIMES),
        CLAIMS(GOOGLE, "\"" AUDIENCE "\"", "\"" EMAIL "\"", "\"true\"", TIMES),
        CLAIMS(GOOGLE, "\"" AUDIENCE "\"", "\"" EMAIL "\"", "true", "\"iat\":1767225600"),
        CLAIMS(GOOGLE, "\"" AUDIENCE "\"", "\"" EMAIL "\"", "true", "\"exp\":\"1767229200\""),
        CLAIMS(GOOGLE, "\"" AUDIENCE "\"", "\"" EMAIL "\"", "true", "\"exp\":-1"),
        CLAIMS(GOOGLE, "\"" AUDIENCE "\"", "\"" EMAIL "\"", "true", "\"exp\":1e300"),
        CLAIMS(GOOGLE, "\"" AUDIENCE "\"", "\"" EMAIL "\"", "true", "\"exp\":1800000000"),
        CLAIMS(GOOGLE, "\"" AUDIENCE "\"", "\"" EMAIL "\"", "true",
            "\"exp\":1767229200,\"iat\":1767225700"),
        CLAIMS(GOOGLE, "\"" AUDIENCE "\"", "\"" EMAIL "\"", "true",
            "\"exp\":1767229200,\"nbf\":1767225700"),
        CLAIMS(GOOGLE, "\"" AUDIENCE "\"", "\"" EMAIL "\"", "true",
            "\"exp\":1767229200,\"nbf\":\"soon\""),
        "[]", "7", "{}", "", "{"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (verify(signed_token(HEADER, bad[i])) != E_UNAUTHENTICATED)
            fail_msg("taken: %s", bad[i]);
}

static void a_token_holds_until_its_end_and_a_minute(void **state)
{
    (void)state;
    struct jwt_claims claims;
    str token = signed_token(HEADER, GOOD), set = key_set("k1", "");
    const int64_t end_ms = TEST_NOW_MS + INT64_C(3600) * 1000;
    assert_ok(verify_at(token, set, end_ms + 59999, &claims));
    assert_err(verify_at(token, set, end_ms + 60000, &claims), E_UNAUTHENTICATED);
    assert_ok(verify_at(token, set, TEST_NOW_MS - 60000, &claims));
    assert_err(verify_at(token, set, TEST_NOW_MS - 60001, &claims), E_UNAUTHENTICATED);
}

static void a_header_that_asks_for_anything_else_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"{\"alg\":\"none\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS256\",\"kid\":\"k1\"}", "{\"alg\":\"rs256\",\"kid\":\"k1\"}",
        "{\"alg\":[\"RS256\"],\"kid\":\"k1\"}", "{\"kid\":\"k1\"}", "{\"alg\":\"RS256\"}",
        "{\"alg\":\"RS256\",\"kid\":7}", "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"x\"]}",
        "[]", "{"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_err(verify(signed_token(bad[i], GOOD)), E_UNAUTHENTICATED);
}

static void a_token_that_is_changed_anywhere_is_refused(void **state)
{
    (void)state;
    str token = signed_token(HEADER, GOOD);
    assert_ok(verify(token));
    for (ptrdiff_t i = 0; i < token.len; i += 3) {
        char *other = str_z(test_arena(), token);
        other[i] = other[i] == 'A' ? 'B' : 'A';
        err e = verify(str_of(other, token.len));
        if (e != E_UNAUTHENTICATED && e != E_NOT_FOUND) /* its key's name may be what changed */
            fail_msg("byte %td", i);
        if (verify(str_sub(token, 0, i)) == OK)
            fail_msg("cut at %td", i);
    }
    assert_err(verify(str_cat(test_arena(), token, S("."))), E_UNAUTHENTICATED);
    assert_err(verify(str_cat(test_arena(), token, S("=="))), E_UNAUTHENTICATED);
    assert_err(verify(S("")), E_UNAUTHENTICATED);
    assert_err(verify(S("..")), E_UNAUTHENTICATED);
}

static void an_unknown_key_is_told_apart_so_that_the_set_can_be_fetched(void **state)
{
    (void)state;
    struct jwt_claims claims;
    str token = signed_token(HEADER, GOOD);
    assert_err(verify_at(token, key_set("k2", ""), TEST_NOW_MS, &claims), E_NOT_FOUND);
    assert_err(
        verify_at(token, key_set("k1", "\"use\":\"enc\","), TEST_NOW_MS, &claims), E_NOT_FOUND);
    assert_err(
        verify_at(token, key_set("k1", "\"alg\":\"RS512\","), TEST_NOW_MS, &claims), E_NOT_FOUND);
    assert_err(verify_at(token, S("{\"keys\":[]}"), TEST_NOW_MS, &claims), E_NOT_FOUND);
    str weak = S("{\"keys\":[{\"kid\":\"k1\",\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}");
    assert_err(verify_at(token, weak, TEST_NOW_MS, &claims), E_UNAUTHENTICATED);
    const char *const bad[] = {"", "{}", "[]", "{\"keys\":{}}", "{\"keys\":7}", "<html>"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_err(verify_at(token, str_from(bad[i]), TEST_NOW_MS, &claims), E_INVALID);
}

static void without_an_audience_of_ours_nothing_is_taken(void **state)
{
    (void)state;
    const struct jwt_rules rules = {jwt_google_issuers, {0}, {0}, TEST_NOW_MS};
    struct jwt_claims claims;
    str why, token = signed_token(HEADER, CLAIMS(GOOGLE, "\"\"", "\"\"", "true", TIMES));
    assert_err(jwt_verify(test_arena(), token, key_set("k1", ""), &rules, &claims, &why),
        E_UNAUTHENTICATED);
}

static void the_token_stands_behind_the_word_bearer(void **state)
{
    (void)state;
    assert_str(jwt_of_header(S("Bearer a.b.c")), "a.b.c");
    assert_str(jwt_of_header(S("bearer  a.b.c ")), "a.b.c");
    assert_str(jwt_of_header(S("Basic a.b.c")), "");
    assert_str(jwt_of_header(S("Bearer")), "");
    assert_str(jwt_of_header(S("")), "");
}

static void the_end_of_our_own_token_is_read_without_its_key(void **state)
{
    (void)state;
    int64_t ms = 7;
    str c = crypto_base64url(test_arena(), S("{\"exp\":1767232800,\"scope\":\"app\"}"));
    str token = str_print(test_arena(), "e30.%.*s.AA", SARG(c));
    assert_ok(jwt_expires_unverified(test_arena(), token, &ms));
    assert_int_equal(ms, INT64_C(1767232800000));
    const char *const bad[] = {"", "a", "a.b", "e30.e30.", "e30.%.AA", "e30.W10.AA"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_err(jwt_expires_unverified(test_arena(), str_from(bad[i]), &ms), E_INVALID);
    assert_int_equal(ms, INT64_C(1767232800000));
}

static void an_assertion_says_who_asks_whom_for_what_and_for_how_long(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    struct jwt_assertion what = {.issuer = S("bot@p.example"),
        .audience = S("https://oauth2.example/token"),
        .scope = S("https://scope.example"),
        .key_id = S("kid7"),
        .now_ms = TEST_NOW_MS,
        .life_s = 3600};
    str token = {0}, header, claims, signature, bytes = {0};
    assert_ok(jwt_sign(a, &what, pem, &token));
    assert_true(str_cut(token, '.', &header, &claims) && str_cut(claims, '.', &claims, &signature));
    str text = str_sub(token, 0, token.len - signature.len - 1);
    assert_ok(crypto_unbase64url(a, signature, &bytes));
    assert_ok(crypto_rs256_verify(modulus, S("\x01\x00\x01"), text, bytes));
    assert_ok(crypto_unbase64url(a, header, &bytes));
    assert_str(bytes, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"kid7\"}");
    assert_ok(crypto_unbase64url(a, claims, &bytes));
    assert_str(bytes, "{\"iss\":\"bot@p.example\",\"aud\":\"https://oauth2.example/token\","
                      "\"scope\":\"https://scope.example\",\"iat\":1767225600,\"exp\":1767229200}");
    assert_err(jwt_sign(a, &what, S("no key"), &token), E_INVALID);
}

static void a_service_accounts_key_file_is_read(void **state)
{
    (void)state;
    struct jwt_account account = {0};
    str why = {0};
    assert_ok(jwt_account_parse(test_arena(),
        S("{\"type\":\"service_account\",\"client_email\":\"b@p\",\"private_key\":\"-----B\\n\","
          "\"private_key_id\":\"k\",\"token_uri\":\"https://t\",\"project_id\":\"p\"}"),
        &account, &why));
    assert_str(account.email, "b@p");
    assert_str(account.private_key, "-----B\n");
    assert_str(account.key_id, "k");
    assert_str(account.token_url, "https://t");
    const char *const bad[] = {"", "[]", "{}", "{\"type\":\"authorized_user\"}",
        "{\"type\":\"service_account\",\"client_email\":\"b\"}",
        "{\"type\":\"service_account\",\"client_email\":7,\"private_key\":\"k\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_err(jwt_account_parse(test_arena(), str_from(bad[i]), &account, &why), E_INVALID);
    assert_str(account.email, "b@p");
}

int main(void)
{
    if (crypto_start() != OK || !keys_make())
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(a_token_of_google_for_us_is_taken),
        TEST(claims_that_are_not_for_us_are_refused),
        TEST(a_token_holds_until_its_end_and_a_minute),
        TEST(a_header_that_asks_for_anything_else_is_refused),
        TEST(a_token_that_is_changed_anywhere_is_refused),
        TEST(an_unknown_key_is_told_apart_so_that_the_set_can_be_fetched),
        TEST(without_an_audience_of_ours_nothing_is_taken),
        TEST(the_token_stands_behind_the_word_bearer),
        TEST(the_end_of_our_own_token_is_read_without_its_key),
        TEST(an_assertion_says_who_asks_whom_for_what_and_for_how_long),
        TEST(a_service_accounts_key_file_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
