/* What may be written to a customer when: windows, visibility, lengths, files. */
#include "test.h"

#include "care/reply_rules.h"

enum { HOUR = 3600 * 1000 };
static const int64_t now = INT64_C(1767225600000);
static const struct connector_media media[] = {
    {"image/jpeg image/png", 10},
    {"video/",                      20},
    {0},
};
static const struct connector network = {
    .able = ABLE_PRIVATE_REPLY,
    .private_rules = {.unit = LENGTH_CODE_POINTS,
                      .max_length = 100,
                      .max_bytes = 12,
                      .media = media,
                      .reply_window_ms = 24 * HOUR,
                      .late_window_ms = INT64_C(168) * HOUR},
    .public_rules = {.unit = LENGTH_CODE_POINTS,             .max_length = 10},
};

static struct reply_room room(const struct connector *c, int64_t hours_ago, bool is_public)
{
    const struct reply_case in = {.is_public = is_public,
        .has_post = is_public,
        .window.opened_ms = hours_ago >= 0 ? now - hours_ago * HOUR : 0,
        .now_ms = now};
    return reply_rules_room(c, &in);
}

static void the_window_opens_with_the_customers_message_and_closes_by_steps(void **state)
{
    struct connector templates = network;
    (void)state;
    templates.private_rules.needs_template_after = true;
    assert_int_equal(room(&network, 23, false).window, REPLY_OPEN);
    assert_int_equal(room(&network, 23, false).window_until_ms, now + HOUR);
    assert_int_equal(room(&network, 24, false).window, REPLY_LATE);
    assert_int_equal(room(&network, 24, false).window_until_ms, 0);
    assert_int_equal(room(&network, 167, false).late_until_ms, now + HOUR);
    assert_int_equal(room(&network, 168, false).window, REPLY_CLOSED);
    assert_int_equal(room(&templates, 168, false).window, REPLY_TEMPLATE);
    assert_int_equal(reply_rules_program(&network, REPLY_LATE), REPLY_CLOSED);
    assert_int_equal(reply_rules_program(&templates, REPLY_LATE), REPLY_TEMPLATE);
    assert_int_equal(reply_rules_program(&network, REPLY_OPEN), REPLY_OPEN);
}

static void without_a_window_it_is_always_open(void **state)
{
    struct connector open = network;
    (void)state;
    open.private_rules.reply_window_ms = 0;
    assert_int_equal(room(&open, 9999, false).window, REPLY_OPEN);
    assert_int_equal(room(&open, 9999, false).late_until_ms, 0);
    assert_int_equal(room(NULL, 9999, false).window, REPLY_OPEN);
}

static void who_never_wrote_privately_is_written_to_only_where_we_may_begin(void **state)
{
    struct connector c = network;
    (void)state;
    assert_int_equal(room(&c, -1, false).window, REPLY_CLOSED);
    c.able = ABLE_BEGIN;
    assert_int_equal(room(&c, -1, false).window, REPLY_OPEN);
    c.private_rules.needs_template_after = true;
    assert_int_equal(room(&c, -1, false).window, REPLY_TEMPLATE);
}

static void a_public_message_is_answered_publicly_or_privately_where_the_network_has_it(
    void **state)
{
    struct connector c = network;
    (void)state;
    struct reply_room r = room(&c, -1, true);
    assert_true(r.may_public && r.may_private && r.is_public);
    assert_int_equal(r.window, REPLY_OPEN); /* a private reply to what stands in public */
    c.able = 0;
    r = room(&c, -1, true);
    assert_true(r.may_public && !r.may_private);
    c.public_rules.max_length = 0;
    c.able = ABLE_PRIVATE_REPLY;
    r = room(&c, -1, true);
    assert_true(!r.may_public && r.may_private && !r.is_public);
    r = room(&network, 1, false);
    assert_true(!r.may_public && r.may_private && !r.is_public);
}

static void texts_are_counted_in_the_unit_and_in_bytes(void **state)
{
    int64_t length = 0;
    (void)state;
    assert_false(reply_rules_is_too_long(&network.private_rules, S("123456789012"), &length));
    assert_true(reply_rules_is_too_long(&network.private_rules, S("ааааааа"), &length));
    assert_int_equal(length, 7); /* 14 bytes */
    assert_true(reply_rules_is_too_long(&network.public_rules, S("12345678901"), &length));
}

static void the_first_kind_of_file_that_fits_decides(void **state)
{
    int64_t most = 0;
    const struct connector_rules *rules = &network.private_rules;
    (void)state;
    assert_int_equal(reply_rules_file(rules, S("image/png"), 10, &most), REPLY_FILE_FITS);
    assert_int_equal(reply_rules_file(rules, S("IMAGE/PNG"), 11, &most), REPLY_FILE_SIZE);
    assert_int_equal(most, 10);
    assert_int_equal(reply_rules_file(rules, S("video/mp4"), 20, &most), REPLY_FILE_FITS);
    assert_int_equal(reply_rules_file(rules, S("image/gif"), 1, &most), REPLY_FILE_TYPE);
    assert_str(reply_rules_types(test_arena(), rules), "image/jpeg, image/png, video/…");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_window_opens_with_the_customers_message_and_closes_by_steps),
        TEST(without_a_window_it_is_always_open),
        TEST(who_never_wrote_privately_is_written_to_only_where_we_may_begin),
        TEST(a_public_message_is_answered_publicly_or_privately_where_the_network_has_it),
        TEST(texts_are_counted_in_the_unit_and_in_bytes),
        TEST(the_first_kind_of_file_that_fits_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
