/* Posts that agents bring in by hand, as deliveries. */
#include "test.h"

#include "connector/capture.h"
#include "connector/reading.h"

static err read_back(str body, struct connector_batch *batch)
{
    str why = {0};
    const struct connector_raw raw = {.body = body, .origin = CAPTURE_ORIGIN};
    return capture_parse(test_arena(), &raw, batch, &why);
}

static void what_was_written_is_read_as_one_message(void **state)
{
    struct connector_batch batch = {0};
    const struct capture c = {.url = S("https://x.example/1"),
        .text = S("where?\nhere"),
        .author_name = S("Asha"),
        .author_handle = S("@Asha_R"),
        .is_public = true,
        .at_ms = 1700000000000};
    (void)state;
    assert_ok(read_back(capture_write(test_arena(), &c), &batch));
    assert_int_equal(batch.n, 1);
    const struct connector_item *it = &batch.items[0];
    assert_str(it->external_id, "https://x.example/1");
    assert_str(it->contact_external_id, "asha_r");
    assert_str(it->thread_key, "post:https://x.example/1");
    assert_str(it->post.url, "https://x.example/1");
    assert_str(it->text, "where?\nhere");
    assert_true(it->is_public && it->sent_ms == 1700000000000);
}

static void who_has_no_handle_is_known_by_name_and_long_addresses_by_their_hash(void **state)
{
    struct connector_batch batch = {0};
    struct sb url = sb_make(test_arena(), 0);
    (void)state;
    sb_add(&url, S("https://x.example/"));
    while (url.len < 600)
        sb_byte(&url, 'a');
    const struct capture c = {.url = sb_str(&url), .author_name = S("Bo B")};
    assert_ok(read_back(capture_write(test_arena(), &c), &batch));
    assert_str(batch.items[0].contact_external_id, "name:bo b");
    assert_int_equal(batch.items[0].external_id.len, 64);
    assert_int_equal(batch.items[0].thread_key.len, 0);
    assert_true(str_eq(batch.items[0].text, sb_str(&url))); /* a picture without words */
}

static void anything_else_is_refused(void **state)
{
    static const char *const bodies[] = {"", "[]", "{}", "{\"url\":\"https://x.example/1\"}",
        "{\"url\":\"javascript:1\",\"author_name\":\"A\"}", "{\"url\":7,\"author_name\":\"A\"}"};
    struct connector_batch batch = {0};
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_int_equal(read_back(str_from(bodies[i]), &batch), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_written_is_read_as_one_message),
        TEST(who_has_no_handle_is_known_by_name_and_long_addresses_by_their_hash),
        TEST(anything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
