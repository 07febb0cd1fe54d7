/* Posts that agents bring in by hand, as messages. */
#include "test.h"

#include "connector/capture.h"
#include "connector/reading.h"

static void a_post_is_one_message_of_its_author(void **state)
{
    struct connector_item it;
    const struct capture c = {.url = S("https://x.example/1"),
        .text = S("where?\nhere"),
        .author_name = S("Asha"),
        .author_handle = S("@Asha_R"),
        .is_public = true,
        .at_ms = 1700000000000};
    (void)state;
    assert_ok(capture_item(test_arena(), &c, &it));
    assert_str(it.external_id, "https://x.example/1");
    assert_str(it.contact_external_id, "asha_r");
    assert_str(it.thread_key, "post:https://x.example/1");
    assert_str(it.post.url, "https://x.example/1");
    assert_str(it.text, "where?\nhere");
    assert_true(it.is_public && it.sent_ms == 1700000000000);
}

static void who_has_no_handle_is_known_by_name_and_long_addresses_by_their_hash(void **state)
{
    struct connector_item it;
    struct sb url = sb_make(test_arena(), 0);
    (void)state;
    sb_add(&url, S("https://x.example/"));
    while (url.len < 600)
        sb_byte(&url, 'a');
    const struct capture c = {.url = sb_str(&url), .author_name = S("Bo B")};
    assert_ok(capture_item(test_arena(), &c, &it));
    assert_str(it.contact_external_id, "name:bo b");
    assert_int_equal(it.external_id.len, 64);
    assert_int_equal(it.thread_key.len, 0);
    assert_true(str_eq(it.text, sb_str(&url))); /* a picture without words */
}

static void anything_else_is_refused(void **state)
{
    static const struct capture wrong[] = {
        {.author_name = S_INIT("A")},
        {                             .url = S_INIT("https://x.example/1")                         },
        { .url = S_INIT("javascript:1"),                          .author_name = S_INIT("A")},
        {                .url = S_INIT("https://x.example/\x01"),                          .author_name = S_INIT("A")},
    };
    struct connector_item it;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(capture_item(test_arena(), &wrong[i], &it), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_post_is_one_message_of_its_author),
        TEST(who_has_no_handle_is_known_by_name_and_long_addresses_by_their_hash),
        TEST(anything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
