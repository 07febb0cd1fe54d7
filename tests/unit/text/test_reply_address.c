/* Unit tests of text/reply_address: whose answer it is, and that nobody can make one up. */
#include "test.h"

#include "text/reply_address.h"

static const str key = S_INIT("0123456789abcdef0123456789abcdef");

static str made(enum reply_kind kind, const char *address, int64_t id)
{
    str out = {0};
    assert_ok(reply_address_make(test_arena(), key, kind, str_from(address), id, &out));
    return out;
}

static struct reply_token read_it(const char *address)
{
    return reply_address_read(test_arena(), key, str_from(address));
}

/* Computed with Python's hmac. */
static void addresses_are_these(void **state)
{
    (void)state;
    assert_str(made(REPLY_CONVERSATION, "support@example.com", 123),
        "support+c123.7a2503ec36dd59be@example.com");
    assert_str(
        made(REPLY_BOUNCE, "bounce@example.com", 456), "bounce+m456.dc1208445097311b@example.com");
    assert_str(
        made(REPLY_CONVERSATION, "a@b", INT64_MAX), "a+c9223372036854775807.e8b98d985db6b210@b");
    assert_str(made(REPLY_CONVERSATION, "support+eu@example.com", 123),
        "support+eu+c123.7a2503ec36dd59be@example.com");
    assert_str(made(REPLY_CONVERSATION, "\u00fc@b\u00fccher.example", 123),
        "\u00fc+c123.7a2503ec36dd59be@b\u00fccher.example");
}

static void what_is_made_is_read(void **state)
{
    (void)state;
    static const int64_t ids[] = {1, 9, 10, 123, 4611686018427387904, INT64_MAX};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        for (enum reply_kind kind = REPLY_CONVERSATION; kind <= REPLY_BOUNCE; kind++) {
            struct reply_token token =
                reply_address_read(test_arena(), key, made(kind, "support+eu@example.com", ids[i]));
            assert_int_equal(token.kind, kind);
            assert_true(token.id == ids[i]);
            assert_str(token.address, "support+eu@example.com");
        }
    }
}

static void letter_case_does_not_count(void **state)
{
    (void)state;
    struct reply_token token = read_it("SUPPORT+C123.7A2503EC36DD59BE@EXAMPLE.COM");
    assert_int_equal(token.kind, REPLY_CONVERSATION);
    assert_int_equal(token.id, 123);
    assert_str(token.address, "SUPPORT@EXAMPLE.COM");
}

static void what_relays_put_in_front_does_not_hide_it(void **state)
{
    (void)state;
    assert_int_equal(
        read_it("prvs=1234567890=bounce+m456.dc1208445097311b@example.com").kind, REPLY_BOUNCE);
}

static void a_wrong_signature_is_no_token(void **state)
{
    (void)state;
    str good = S("support+c123.7a2503ec36dd59be@example.com");
    for (ptrdiff_t i = 13; i < 29; i++) { /* every digit of the signature */
        char *bad = str_z(test_arena(), good);
        bad[i] = bad[i] == '0' ? '1' : '0';
        assert_int_equal(read_it(bad).kind, REPLY_NOTHING);
    }
    str other = S("another key, another answer");
    assert_int_equal(reply_address_read(test_arena(), other, good).kind, REPLY_NOTHING);
    static const char *const bad[] = {
        "support+c124.7a2503ec36dd59be@example.com",  /* another conversation */
        "support+m123.7a2503ec36dd59be@example.com",  /* a conversation's for a mail */
        "support+c456.dc1208445097311b@example.com",  /* a mail's for a conversation */
        "support+c0123.7a2503ec36dd59be@example.com", /* one spelling only */
        "support+c-123.7a2503ec36dd59be@example.com",
        "support+c+123.7a2503ec36dd59be@example.com",
        "support+c 123.7a2503ec36dd59be@example.com",
        "support+c123.7a2503ec36dd59b@example.com",
        "support+c123.7a2503ec36dd59be0@example.com",
        "support+c123.7a2503ec36dd59be+x@example.com",
        "support+c123.@example.com",
        "support+c.7a2503ec36dd59be@example.com",
        "support+x123.7a2503ec36dd59be@example.com",
        "support+123.7a2503ec36dd59be@example.com",
        "+c123.7a2503ec36dd59be@example.com",
        "support+c123.7a2503ec36dd59be",
        "support+c123.7a2503ec36dd59be@",
        "support+c99999999999999999999.7a2503ec36dd59be@example.com",
        "support@example.com",
        "support+c123@example.com",
        "support+@example.com",
        "@",
        "",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (read_it(bad[i]).kind != REPLY_NOTHING)
            fail_msg("taken: %s", bad[i]);
}

static void long_local_parts_get_none(void **state)
{
    (void)state;
    str out = {0};
    str longest = S("abcdefghijklmnopqrstuvwxyz@example.com"); /* 26 */
    assert_ok(reply_address_make(test_arena(), key, REPLY_CONVERSATION, longest, INT64_MAX, &out));
    assert_int_equal(str_find_byte(out, '@'), REPLY_LOCAL_BYTES);
    str longer = S("abcdefghijklmnopqrstuvwxyz1@example.com");
    assert_err(reply_address_make(test_arena(), key, REPLY_CONVERSATION, longer, INT64_MAX, &out),
        E_LIMIT);
    assert_ok(reply_address_make(test_arena(), key, REPLY_CONVERSATION, longer, 1, &out));
}

static void what_is_no_plain_address_gets_none(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "a", "@b", "a@", "\"a b\"@c", "a b@c", "<a@b>", "a\r\nb@c"};
    str out = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_err(
            reply_address_make(test_arena(), key, REPLY_CONVERSATION, str_from(bad[i]), 1, &out),
            E_INVALID);
    assert_err(reply_address_make(test_arena(), key, REPLY_NOTHING, S("a@b"), 1, &out), E_INVALID);
    assert_err(reply_address_make(test_arena(), key, REPLY_BOUNCE, S("a@b"), 0, &out), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(addresses_are_these),
        TEST(what_is_made_is_read),
        TEST(letter_case_does_not_count),
        TEST(what_relays_put_in_front_does_not_hide_it),
        TEST(a_wrong_signature_is_no_token),
        TEST(long_local_parts_get_none),
        TEST(what_is_no_plain_address_gets_none),
    };
    return cmocka_run_group_tests_name("text_reply_address", tests, NULL, NULL);
}
