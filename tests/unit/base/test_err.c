/* err.c: every code has its own stable name. */
#include "test.h"

#include <string.h>

static void every_code_has_its_own_name(void **state)
{
    (void)state;
    for (int i = OK; i <= E_INTERNAL; i++) {
        assert_true(strlen(err_name((err)i)) > 0);
        for (int j = OK; j < i; j++)
            assert_string_not_equal(err_name((err)i), err_name((err)j));
    }
    assert_string_equal(err_name(E_NOT_FOUND), "not_found");
}

static void a_value_outside_the_enum_is_named_internal(void **state)
{
    (void)state;
    assert_string_equal(err_name((err)99), "internal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_code_has_its_own_name),
        TEST(a_value_outside_the_enum_is_named_internal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
