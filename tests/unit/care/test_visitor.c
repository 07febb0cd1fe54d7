/* A visitor's token and the site's proof. */
#include "care/visitor.h"

#include "base/crypto.h"

#include "test.h" /* last: cmocka has a macro `fail` */

static const struct keyring *keys(void)
{
    struct keyring *k;
    str why;
    assert_ok(crypto_start());
    assert_ok(keyring_load(test_arena(), keyring_new_line(test_arena()), &k, &why));
    return k;
}

static struct visitor_pass sample(void)
{
    return (struct visitor_pass){.account = {INT64_MAX},
        .channel = {7},
        .visitor = {INT64_C(3706140701491200189)},
        .external_id = S("u:user \xe0\xa6\x95"),
        .issued_s = clock_now_ms() / 1000};
}

static void a_token_brings_back_what_it_was_made_of(void **state)
{
    (void)state;
    const struct keyring *k = keys();
    struct visitor_pass pass = sample(), read;
    str token = visitor_token(test_arena(), k, &pass);
    assert_ok(visitor_token_read(test_arena(), k, token, clock_now_ms(), &read));
    assert_true(read.account.v == pass.account.v && read.channel.v == 7);
    assert_true(read.visitor.v == pass.visitor.v && read.issued_s == pass.issued_s);
    assert_true(str_eq(read.external_id, pass.external_id));
}

static void every_changed_or_missing_letter_is_noticed(void **state)
{
    (void)state;
    const struct keyring *k = keys();
    struct visitor_pass pass = sample(), read;
    str token = visitor_token(test_arena(), k, &pass);
    for (ptrdiff_t i = 0; i < token.len; i++) {
        char *forged = str_z(test_arena(), token);
        forged[i] = forged[i] == 'A' ? 'Q' : 'A'; /* differ in a bit that counts at the end too */
        assert_err(visitor_token_read(test_arena(), k, str_from(forged), clock_now_ms(), &read),
            E_UNAUTHENTICATED);
        assert_err(visitor_token_read(test_arena(), k, str_sub(token, 0, i), clock_now_ms(), &read),
            E_UNAUTHENTICATED);
    }
    assert_err(visitor_token_read(
                   test_arena(), k, str_cat(test_arena(), token, S("A")), clock_now_ms(), &read),
        E_UNAUTHENTICATED);
}

static void another_installations_token_is_not_taken(void **state)
{
    (void)state;
    struct visitor_pass pass = sample(), read;
    str token = visitor_token(test_arena(), keys(), &pass);
    assert_err(
        visitor_token_read(test_arena(), keys(), token, clock_now_ms(), &read), E_UNAUTHENTICATED);
}

static void a_token_ends_after_a_year(void **state)
{
    (void)state;
    const struct keyring *k = keys();
    struct visitor_pass pass = sample(), read;
    str token = visitor_token(test_arena(), k, &pass);
    int64_t year_ms = VISITOR_TOKEN_DAYS * INT64_C(86400000);
    assert_ok(visitor_token_read(test_arena(), k, token, clock_now_ms() + year_ms, &read));
    assert_err(visitor_token_read(test_arena(), k, token, clock_now_ms() + year_ms + 1000, &read),
        E_UNAUTHENTICATED);
}

static void the_proof_is_the_hmac_of_the_users_id(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    struct sha256 mac = crypto_hmac_sha256(S("secret"), S("user-7"));
    str hash = crypto_hex(a, str_of(mac.b, (ptrdiff_t)sizeof mac.b));
    assert_true(visitor_proof_is_right(a, S("secret"), S("user-7"), hash));
    assert_false(visitor_proof_is_right(a, S("secret"), S("user-8"), hash));
    assert_false(visitor_proof_is_right(a, S("other"), S("user-7"), hash));
    assert_false(visitor_proof_is_right(a, S("secret"), S("user-7"), str_sub(hash, 0, 63)));
    assert_false(visitor_proof_is_right(a, S("secret"), S("user-7"), S("")));
    mac = crypto_hmac_sha256(S(""), S("user-7")); /* a channel without a secret proves nobody */
    hash = crypto_hex(a, str_of(mac.b, (ptrdiff_t)sizeof mac.b));
    assert_false(visitor_proof_is_right(a, S(""), S("user-7"), hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_brings_back_what_it_was_made_of),
        TEST(every_changed_or_missing_letter_is_noticed),
        TEST(another_installations_token_is_not_taken),
        TEST(a_token_ends_after_a_year),
        TEST(the_proof_is_the_hmac_of_the_users_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
