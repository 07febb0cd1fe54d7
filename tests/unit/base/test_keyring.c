/* keyring.c: the key file, sealing and opening, rotation, derived keys. */
#include "test.h"

#include <string.h>

#include "base/crypto.h"
#include "base/limits.h"

#define KEY_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define KEY_B "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

static const struct keyring *loaded(const char *text)
{
    struct keyring *keys = NULL;
    str why = {0};
    if (keyring_load(test_arena(), str_from(text), &keys, &why) != OK)
        fail_msg("%.*s", SARG(why));
    return keys;
}

static void what_was_sealed_opens_with_the_same_words(void **state)
{
    (void)state;
    const struct keyring *k = loaded("k1:" KEY_A "\n");
    const char *plains[] = {"", "x", "a secret of some length, আমার"};
    for (int i = 0; i < 3; i++) {
        str sealed, plain;
        assert_ok(
            keyring_seal(test_arena(), k, S("1/channel/secret/7"), str_from(plains[i]), &sealed));
        assert_true(str_starts(sealed, S("v1:k1:")));
        assert_ok(keyring_open(test_arena(), k, S("1/channel/secret/7"), sealed, &plain));
        assert_str(plain, plains[i]);
    }
}

static void a_seal_shows_nothing_and_never_repeats(void **state)
{
    (void)state;
    crypto_random_fix(0);
    const struct keyring *k = loaded("k1:" KEY_A "\n");
    str one, two;
    assert_ok(keyring_seal(test_arena(), k, S("a"), S("password"), &one));
    assert_ok(keyring_seal(test_arena(), k, S("a"), S("password"), &two));
    assert_false(str_eq(one, two));
    assert_int_equal(str_find(one, S("password")), -1);
}

static void another_place_or_key_or_byte_does_not_open(void **state)
{
    (void)state;
    const struct keyring *k = loaded("k1:" KEY_A "\n");
    str sealed, plain = S("untouched");
    assert_ok(keyring_seal(test_arena(), k, S("1/channel/secret/7"), S("hello"), &sealed));
    assert_err(keyring_open(test_arena(), k, S("2/channel/secret/7"), sealed, &plain), E_INVALID);
    assert_err(
        keyring_open(test_arena(), loaded("k1:" KEY_B), S("1/channel/secret/7"), sealed, &plain),
        E_INVALID);
    assert_err(
        keyring_open(test_arena(), loaded("k2:" KEY_A), S("1/channel/secret/7"), sealed, &plain),
        E_NOT_FOUND);
    for (ptrdiff_t i = 0; i < sealed.len; i++) {
        char *changed = str_z(test_arena(), sealed);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        err e = keyring_open(
            test_arena(), k, S("1/channel/secret/7"), str_of(changed, sealed.len), &plain);
        assert_true(e == E_INVALID || e == E_NOT_FOUND);
        e = keyring_open(test_arena(), k, S("1/channel/secret/7"), str_of(sealed.at, i), &plain);
        assert_true(e == E_INVALID || e == E_NOT_FOUND);
    }
    assert_str(plain, "untouched");
}

static void the_last_line_seals_and_every_line_opens(void **state)
{
    (void)state;
    str old, sealed, plain;
    assert_ok(keyring_seal(test_arena(), loaded("k1:" KEY_A "\n"), S("a"), S("x"), &old));
    const struct keyring *k = loaded("# keys\n\nk1:" KEY_A "\r\n  k2:" KEY_B "  \n");
    assert_ok(keyring_seal(test_arena(), k, S("a"), S("y"), &sealed));
    assert_true(str_starts(sealed, S("v1:k2:")));
    assert_ok(keyring_open(test_arena(), k, S("a"), old, &plain));
    assert_str(plain, "x");
    assert_ok(keyring_open(test_arena(), k, S("a"), sealed, &plain));
    assert_str(plain, "y");
}

static void a_wrong_key_file_says_which_line(void **state)
{
    (void)state;
    const struct {
        const char *text, *why;
    } rows[] = {
        {"",                                               "the key file holds no key"                    },
        {"# only words\n",                                 "the key file holds no key"                    },
        {"k1:" KEY_A "\nnonsense\n",                       "line 2 of the key file is not"                },
        {"k1 :" KEY_A,                                     "line 1 of the key file is not"                },
        {"K1:" KEY_A,                                      "line 1 of the key file is not"                },
        {":" KEY_A,                                        "line 1 of the key file is not"                },
        {"k1:AAAA",                                        "line 1 of the key file does not hold 32 bytes"},
        {"k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "line 1 of the key file does not hold"         },
        {"k1:" KEY_A "\nk1:" KEY_B,                        "line 2 of the key file repeats"               },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct keyring *k = NULL;
        str why = {0};
        assert_err(keyring_load(test_arena(), str_from(rows[i].text), &k, &why), E_INVALID);
        if (!str_starts(why, str_from(rows[i].why)))
            fail_msg("%.*s", SARG(why));
        assert_null(k);
    }
}

static void more_keys_than_the_limit_are_refused(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    struct keyring *k = NULL;
    str why;
    for (int i = 0; i < LIMIT_KEYS; i++)
        sb_print(&b, "k%d:" KEY_A "\n", i);
    assert_ok(keyring_load(test_arena(), sb_str(&b), &k, &why));
    sb_print(&b, "more:" KEY_A "\n");
    assert_err(keyring_load(test_arena(), sb_str(&b), &k, &why), E_INVALID);
}

static void a_new_line_is_a_key_file(void **state)
{
    (void)state;
    str one = keyring_new_line(test_arena()), two = keyring_new_line(test_arena());
    assert_true(str_starts(one, S("k1:")) && str_ends(one, S("\n")));
    assert_false(str_eq(one, two));
    (void)loaded(str_z(test_arena(), one));
}

static void derived_keys_differ_by_purpose_and_key(void **state)
{
    (void)state;
    const struct keyring *a = loaded("k1:" KEY_A), *both = loaded("k1:" KEY_A "\nk2:" KEY_B);
    struct sha256 session = keyring_derive(a, S("session"));
    struct sha256 widget = keyring_derive(a, S("widget"));
    struct sha256 again = keyring_derive(loaded("other:" KEY_A), S("session"));
    struct sha256 newest = keyring_derive(both, S("session"));
    assert_memory_not_equal(session.b, widget.b, 32);
    assert_memory_not_equal(session.b, newest.b, 32);
    assert_memory_equal(session.b, again.b, 32);
}

static void derivation_is_hkdf(void **state)
{
    (void)state;
    /* HKDF-SHA256 of 32 zero bytes, no salt, info "session": computed with Python's hmac. */
    struct sha256 got = keyring_derive(loaded("k1:" KEY_A), S("session"));
    assert_str(crypto_hex(test_arena(), str_of(got.b, 32)),
        "4062f7cc16091b42dbfe74dce4014d68058ace04d7c6e7e75b04632864723f96");
}

static void texts_beyond_the_limit_are_refused(void **state)
{
    (void)state;
    const struct keyring *k = loaded("k1:" KEY_A);
    str long_text = str_print(test_arena(), "%0*d", LIMIT_SEALED_BYTES + 1, 1), out;
    assert_err(keyring_seal(test_arena(), k, S("a"), long_text, &out), E_LIMIT);
    assert_ok(keyring_seal(test_arena(), k, S("a"), str_skip(long_text, 1), &out));
    assert_ok(keyring_open(test_arena(), k, S("a"), out, &out));
    assert_true(str_eq(out, str_skip(long_text, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_sealed_opens_with_the_same_words),
        TEST(a_seal_shows_nothing_and_never_repeats),
        TEST(another_place_or_key_or_byte_does_not_open),
        TEST(the_last_line_seals_and_every_line_opens),
        TEST(a_wrong_key_file_says_which_line),
        TEST(more_keys_than_the_limit_are_refused),
        TEST(a_new_line_is_a_key_file),
        TEST(derived_keys_differ_by_purpose_and_key),
        TEST(derivation_is_hkdf),
        TEST(texts_beyond_the_limit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
