/* Capabilities and built-in roles: the texts are the contract. */
#include "test.h"

#include "model/names.h"

static void every_capability_has_a_name_that_leads_back(void **state)
{
    (void)state;
    for (int i = 0; i < CAP_COUNT; i++) {
        enum capability c = (enum capability)(1 << i);
        assert_true(capability_name(c).len > 0);
        assert_int_equal(capability_by_name(capability_name(c)), c);
    }
    assert_int_equal(capability_by_name(S("conversation.rea")), CAP_NONE);
    assert_int_equal(capability_by_name(S("")), CAP_NONE);
}

static void each_built_in_role_is_within_the_one_before(void **state)
{
    (void)state;
    for (int i = 1; i < BUILTIN_ROLE_COUNT; i++)
        assert_int_equal(builtin_roles[i].caps & ~builtin_roles[i - 1].caps, 0);
    assert_null(builtin_role_find(S("root")));
    assert_int_equal(builtin_role_find(S("viewer"))->caps &
                         (CAP_CONVERSATION_REPLY | CAP_CONTACT_UPDATE | CAP_AUDIT_READ),
        0);
}

static void a_set_survives_the_way_through_its_text(void **state)
{
    (void)state;
    uint64_t set = CAP_CONTACT_READ | CAP_TAG_MANAGE | CAP_SELF;
    str text = capabilities_json(test_arena(), set);
    assert_str(text, "[\"contact.read\",\"tag.manage\"]"); /* self is nobody's to give */
    assert_int_equal(capabilities_read(text), CAP_CONTACT_READ | CAP_TAG_MANAGE);
}

static void unknown_names_and_bad_texts_give_nothing(void **state)
{
    (void)state;
    assert_int_equal(capabilities_read(S("[\"newer.thing\",\"tag.manage\"]")), CAP_TAG_MANAGE);
    assert_int_equal(capabilities_read(S("[\"tag.manage")), 0);
    assert_int_equal(capabilities_read(S("")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_capability_has_a_name_that_leads_back),
        TEST(each_built_in_role_is_within_the_one_before),
        TEST(a_set_survives_the_way_through_its_text),
        TEST(unknown_names_and_bad_texts_give_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
