/* encode.c: RFC 4648 vectors, strictness, and every length both ways. */
#include "test.h"

#include "base/crypto.h"

typedef str encoder(struct arena *a, str bytes);
typedef err decoder(struct arena *a, str text, str *bytes);

struct pair {
    encoder *encode;
    decoder *decode;
};
static const struct pair pairs[] = {
    {crypto_hex,       crypto_unhex      },
    {crypto_base64,    crypto_unbase64   },
    {crypto_base64url, crypto_unbase64url},
    {crypto_base32,    crypto_unbase32   }
};

static void the_vectors_of_rfc_4648_are_met(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    const char *plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    const char *b64[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    const char *b32[] = {"", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"};
    for (int i = 0; i < 7; i++) {
        assert_str(crypto_base64(a, str_from(plain[i])), b64[i]);
        assert_str(crypto_base32(a, str_from(plain[i])), b32[i]);
    }
    assert_str(crypto_base64url(a, S("\xfb\xff\xfe")), "-__-");
    assert_str(crypto_base64(a, S("\xfb\xff\xfe")), "+//+");
    assert_str(crypto_base64url(a, S("f")), "Zg");
    assert_str(crypto_hex(a, S("\x00\xab\xff")), "00abff");
}

static void every_length_comes_back_as_it_went(void **state)
{
    (void)state;
    unsigned char bytes[100];
    for (int i = 0; i < 100; i++)
        bytes[i] = (unsigned char)(i * 37 + 11);
    for (size_t p = 0; p < sizeof pairs / sizeof pairs[0]; p++)
        for (ptrdiff_t len = 0; len <= 100; len++) {
            str back, text = pairs[p].encode(test_arena(), str_of(bytes, len));
            assert_ok(pairs[p].decode(test_arena(), text, &back));
            assert_true(str_eq(back, str_of(bytes, len)));
        }
}

static void refused(decoder *decode, const char *text)
{
    str bytes = S("untouched");
    if (decode(test_arena(), str_from(text), &bytes) != E_INVALID)
        fail_msg("%s was taken", text);
    assert_str(bytes, "untouched");
}

static void what_is_not_exactly_encoded_is_refused(void **state)
{
    (void)state;
    const char *hex[] = {"a", "0g", "0x", " 00", "00 "};
    const char *b64[] = {"Zg",
        "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zm9vYg==Zg==", "Zm9v\n", " Zm9v", "Zm-_",
        "Zm9v=", "=Zm9", "Z=m9"};
    const char *b64url[] = {"Zg==", "Z", "Zh", "Zm9", "Zm+/", "Zm9v ", "Zm9vY"};
    const char *b32[] = {"M", "MZX", "MZ", "my", "MY======", "M1", "MZXW6Y", "MY "};
    for (size_t i = 0; i < sizeof hex / sizeof hex[0]; i++)
        refused(crypto_unhex, hex[i]);
    for (size_t i = 0; i < sizeof b64 / sizeof b64[0]; i++)
        refused(crypto_unbase64, b64[i]);
    for (size_t i = 0; i < sizeof b64url / sizeof b64url[0]; i++)
        refused(crypto_unbase64url, b64url[i]);
    for (size_t i = 0; i < sizeof b32 / sizeof b32[0]; i++)
        refused(crypto_unbase32, b32[i]);
    str bytes;
    assert_err(crypto_unbase64(test_arena(), str_of("Zm9\0", 4), &bytes), E_INVALID);
    assert_ok(crypto_unhex(test_arena(), S("aBCdeF"), &bytes));
    assert_true(str_eq(bytes, S("\xab\xcd\xef")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_vectors_of_rfc_4648_are_met),
        TEST(every_length_comes_back_as_it_went),
        TEST(what_is_not_exactly_encoded_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
