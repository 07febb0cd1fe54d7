/* crypto.c against published vectors: FIPS 180-4, RFC 4231, RFC 2202, RFC 6238. */
#include "test.h"

#include <time.h>

#include <pthread.h>
#include <string.h>

#include "base/crypto.h"
#include "base/thread.h"

static str hex_of(const void *bytes, ptrdiff_t len)
{
    return crypto_hex(test_arena(), str_of(bytes, len));
}

#define assert_sha(actual, expected)                                                               \
    do {                                                                                           \
        struct sha256 sha_ = (actual);                                                             \
        assert_str(hex_of(sha_.b, 32), expected);                                                  \
    } while (0)

static void sha256_gives_the_standards_digests(void **state)
{
    (void)state;
    assert_sha(
        crypto_sha256(S("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_sha(crypto_sha256(S("abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_sha(crypto_sha256((str){0}),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void a_stream_gives_the_digest_of_the_whole(void **state)
{
    (void)state;
    struct crypto_sha256_stream *s = crypto_sha256_open();
    assert_non_null(s);
    crypto_sha256_add(s, S("a"));
    (void)crypto_sha256(S("something else in between"));
    crypto_sha256_add(s, S(""));
    crypto_sha256_add(s, S("bc"));
    assert_sha(
        crypto_sha256_close(s), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    alloc_fail_at(1, 1);
    assert_null(crypto_sha256_open());
}

static void hmac_sha256_gives_the_digests_of_rfc_4231(void **state)
{
    (void)state;
    char key[131], data[50];
    memset(key, 0x0b, 20);
    assert_sha(crypto_hmac_sha256(str_of(key, 20), S("Hi There")),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_sha(crypto_hmac_sha256(S("Jefe"), S("what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(data, 0xdd, sizeof data);
    assert_sha(crypto_hmac_sha256(str_of(key, 20), str_of(data, 50)),
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    assert_sha(crypto_hmac_sha256(
                   str_of(key, 131), S("Test Using Larger Than Block-Size Key - Hash Key First")),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void an_empty_key_is_not_the_key_of_last_time(void **state)
{
    (void)state;
    (void)crypto_hmac_sha256(S("another key"), S("x"));
    assert_sha(crypto_hmac_sha256(S(""), S("")),
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    (void)crypto_hmac_sha256(S("another key"), S("x"));
    assert_sha(crypto_hmac_sha256((str){0}, (str){0}),
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void parts_count_as_their_concatenation(void **state)
{
    (void)state;
    str parts[] = {S("what do ya "), (str){0}, S("want for"), S(" nothing?")};
    assert_sha(crypto_hmac_sha256_parts(S("Jefe"), parts, 4),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void hmac_sha1_gives_the_digests_of_rfc_2202(void **state)
{
    (void)state;
    uint8_t out[20];
    assert_ok(crypto_hmac_sha1(S("Jefe"), S("what do ya want for nothing?"), out));
    assert_str(hex_of(out, 20), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

static void *hash_in_a_thread(void *arg)
{
    for (int i = 0; i < 200; i++) {
        struct sha256 mac = crypto_hmac_sha256(S("Jefe"), S("what do ya want for nothing?"));
        if (mac.b[0] != 0x5b || mac.b[31] != 0x43)
            *(bool *)arg = false;
    }
    return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
    (void)state;
    pthread_t threads[4];
    bool is_right[4] = {true, true, true, true};
    for (int i = 0; i < 4; i++)
        assert_ok(thread_start(&threads[i], "hash", 0, hash_in_a_thread, &is_right[i]));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(is_right[i]);
    }
}

static void comparison_is_by_length_and_content(void **state)
{
    (void)state;
    assert_true(crypto_equal(S("abc"), str_copy(test_arena(), S("abc"))));
    assert_false(crypto_equal(S("abc"), S("abd")));
    assert_false(crypto_equal(S("abc"), S("ab")));
    assert_true(crypto_equal((str){0}, S("")));
}

static void tokens_are_43_characters_and_never_alike(void **state)
{
    (void)state;
    crypto_random_fix(0);
    str a = crypto_token(test_arena()), b = crypto_token(test_arena());
    assert_int_equal(a.len, 43);
    assert_false(str_eq(a, b));
    for (ptrdiff_t i = 0; i < 43; i++)
        assert_non_null(
            strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", a.at[i]));
}

static void the_random_stream_can_be_fixed_for_tests(void **state)
{
    (void)state;
    crypto_random_fix(42);
    str a = crypto_token(test_arena()), b = crypto_token(test_arena());
    crypto_random_fix(42);
    assert_true(str_eq(crypto_token(test_arena()), a));
    assert_true(str_eq(crypto_token(test_arena()), b));
    assert_false(str_eq(a, b));
    crypto_random_fix(43);
    assert_false(str_eq(crypto_token(test_arena()), a));
}

static void a_password_matches_its_own_hash_only(void **state)
{
    (void)state;
    str encoded, again;
    assert_ok(crypto_password_hash(test_arena(), S("correct horse"), &encoded));
    assert_true(str_starts(encoded, S("$argon2id$v=19$m=19456,t=2,p=1$")));
    assert_ok(crypto_password_check(S("correct horse"), encoded));
    assert_err(crypto_password_check(S("correct horsE"), encoded), E_UNAUTHENTICATED);
    assert_err(crypto_password_check((str){0}, encoded), E_UNAUTHENTICATED);
    assert_ok(crypto_password_hash(test_arena(), S("correct horse"), &again));
    assert_false(str_eq(encoded, again)); /* salted */
}

static void a_foreign_or_empty_hash_matches_nothing(void **state)
{
    (void)state;
    assert_err(crypto_password_check(S(""), S("")), E_UNAUTHENTICATED);
    assert_err(crypto_password_check(S("x"), (str){0}), E_UNAUTHENTICATED);
    assert_err(crypto_password_check(S("x"), S("no hash at all")), E_UNAUTHENTICATED);
    str endless = str_print(test_arena(), "$argon2id$%0500d", 1);
    assert_err(crypto_password_check(S("x"), endless), E_UNAUTHENTICATED);
}

static int64_t check_ns(str encoded)
{
    struct timespec from, to;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from); /* exists on every Linux */
    assert_err(crypto_password_check(S("wrong"), encoded), E_UNAUTHENTICATED);
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    return (int64_t)(to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec;
}

/* By CPU time, the least of rounds taken in turn: other work on the machine only adds to it. */
static void a_person_without_a_password_takes_as_long_to_refuse(void **state)
{
    (void)state;
    str encoded;
    int64_t with = INT64_MAX, without = INT64_MAX;
    bool is_alike = false;
    assert_ok(crypto_password_hash(test_arena(), S("correct horse"), &encoded));
    for (int round = 0; round < 40 && !is_alike; round++) {
        int64_t one = check_ns(encoded), other = check_ns((str){0});
        with = one < with ? one : with;
        without = other < without ? other : without;
        is_alike = round >= 2 && without > with / 2 && without / 2 < with;
    }
    assert_true(is_alike);
}

static void *check_in_a_thread(void *arg)
{
    *(err *)arg = crypto_password_check(S("x"), S(""));
    return NULL;
}

static void more_than_two_passwords_at_once_wait_their_turn(void **state)
{
    (void)state;
    pthread_t threads[5];
    err results[5];
    for (int i = 0; i < 5; i++)
        assert_ok(thread_start(&threads[i], "check", 0, check_in_a_thread, &results[i]));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_err(results[i], E_UNAUTHENTICATED);
    }
}

static void totp_accepts_the_codes_of_rfc_6238_and_their_neighbours(void **state)
{
    (void)state;
    str secret = S("12345678901234567890");
    const struct {
        int64_t s;
        const char *code;
    } rows[] = {
        {59,          "287082"},
        {1111111109,  "081804"},
        {1111111111,  "050471"},
        {1234567890,  "005924"},
        {2000000000,  "279037"},
        {20000000000, "353130"}
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        str code = str_from(rows[i].code);
        int64_t step = -1;
        assert_true(crypto_totp_check(secret, code, rows[i].s * 1000, &step));
        assert_true(step == rows[i].s / 30);
        assert_true(crypto_totp_check(secret, code, (rows[i].s + 30) * 1000, &step));
        assert_true(step == rows[i].s / 30); /* the step matched, so that it can be burnt */
        assert_true(crypto_totp_check(secret, code, (rows[i].s - 30) * 1000, &step));
        assert_false(crypto_totp_check(secret, code, (rows[i].s + 61) * 1000, &step));
        assert_false(crypto_totp_check(S("another secret"), code, rows[i].s * 1000, &step));
    }
    int64_t step = -1;
    assert_false(crypto_totp_check(secret, S("81804"), INT64_C(1111111109000), &step));
    assert_false(crypto_totp_check(secret, S("0818040"), INT64_C(1111111109000), &step));
    assert_false(crypto_totp_check(secret, S(""), INT64_C(1111111109000), &step));
    assert_true(step == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sha256_gives_the_standards_digests),
        TEST(a_stream_gives_the_digest_of_the_whole),
        TEST(hmac_sha256_gives_the_digests_of_rfc_4231),
        TEST(an_empty_key_is_not_the_key_of_last_time),
        TEST(parts_count_as_their_concatenation),
        TEST(hmac_sha1_gives_the_digests_of_rfc_2202),
        TEST(threads_do_not_disturb_each_other),
        TEST(comparison_is_by_length_and_content),
        TEST(tokens_are_43_characters_and_never_alike),
        TEST(the_random_stream_can_be_fixed_for_tests),
        TEST(a_password_matches_its_own_hash_only),
        TEST(a_foreign_or_empty_hash_matches_nothing),
        TEST(a_person_without_a_password_takes_as_long_to_refuse),
        TEST(more_than_two_passwords_at_once_wait_their_turn),
        TEST(totp_accepts_the_codes_of_rfc_6238_and_their_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
