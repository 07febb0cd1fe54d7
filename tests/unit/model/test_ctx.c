/* Faults: what a room raises is what the boundary tells. */
#include "test.h"

#include "model/ctx.h"

#include <string.h>

static void a_fault_holds_code_words_and_field(void **state)
{
    (void)state;
    struct ctx cx = {.arena = test_arena()};
    assert_err(fail_field(&cx, "name", "is longer than %d bytes", 400), E_INVALID);
    assert_int_equal(cx.fault.code, E_INVALID);
    assert_str(cx.fault.field, "name");
    assert_str(cx.fault.words, "is longer than 400 bytes");
    assert_err(fail_detail(&cx, E_CONFLICT, "stale", "new words"), E_CONFLICT);
    assert_str(cx.fault.detail, "stale");
    assert_int_equal(cx.fault.field.len, 0);
}

static void raising_again_replaces_the_fault_whole(void **state)
{
    (void)state;
    struct ctx cx = {.arena = test_arena()};
    (void)fail_detail(&cx, E_LIMIT, "throttled", "wait");
    cx.fault.retry_after_s = 7;
    cx.fault.details_json = S("{}");
    (void)fail(&cx, E_NOT_FOUND, "gone");
    assert_int_equal(cx.fault.retry_after_s, 0);
    assert_int_equal(cx.fault.details_json.len + cx.fault.detail.len, 0);
}

static void overlong_words_are_cut_not_overrun(void **state)
{
    (void)state;
    struct ctx cx = {.arena = test_arena()};
    char many[5000];
    memset(many, 'x', sizeof many);
    many[sizeof many - 1] = 0;
    (void)fail(&cx, E_INVALID, "%s", many);
    assert_true(cx.fault.words.len < 1000);
}

static void a_capability_is_had_only_whole(void **state)
{
    (void)state;
    struct ctx cx = {.actor.caps = CAP_CONVERSATION_READ};
    assert_true(cx_can(&cx, CAP_CONVERSATION_READ));
    assert_false(cx_can(&cx, CAP_CONVERSATION_READ | CAP_AUDIT_READ));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_fault_holds_code_words_and_field),
        TEST(raising_again_replaces_the_fault_whole),
        TEST(overlong_words_are_cut_not_overrun),
        TEST(a_capability_is_had_only_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
