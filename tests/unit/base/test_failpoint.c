/* failpoint.c, compiled into this test whatever the build says: passes are counted per name, each
 * in a child process that reads its own SEVA_FAILPOINT. */
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/failpoint.h"

static void pass_a_three_times(void *arg)
{
    if (setenv("SEVA_FAILPOINT", arg, 1) != 0)
        _exit(99);
    int hits = 0;
    for (int i = 0; i < 3; i++) {
        FAILPOINT("other.step");
        hits = hits * 10 + FAILPOINT_FAILS("room.a");
    }
    _exit(hits); /* 100 first, 10 second, 1 third pass */
}

static int run(char *value)
{
    return test_child(pass_a_three_times, value);
}

static void without_the_variable_nothing_happens(void **state)
{
    (void)state;
    assert_int_equal(run((char[]){""}), 0);
}

static void the_named_pass_fails_and_only_that(void **state)
{
    (void)state;
    assert_int_equal(run((char[]){"room.a:fail@1"}), -100);
    assert_int_equal(run((char[]){"room.a:fail@3"}), -1);
    assert_int_equal(run((char[]){"room.a:fail@4"}), 0);
    assert_int_equal(run((char[]){"room.a:fail@2+"}), -11);
    assert_int_equal(run((char[]){"room.b:fail@1,room.a:fail@2"}), -10);
}

static void the_named_pass_kills_the_process(void **state)
{
    (void)state;
    assert_int_equal(run((char[]){"room.a:crash@3"}), SIGKILL);
    assert_int_equal(run((char[]){"other.step:crash@1"}), SIGKILL);
    assert_int_equal(run((char[]){"room.a:crash@4"}), 0);
}

static void the_named_pass_stands_still_and_does_not_fail(void **state)
{
    (void)state;
    clock_fix(0);
    int64_t from = clock_mono_us();
    assert_int_equal(run((char[]){"room.a:wait@2"}), 0);
    assert_true(clock_mono_us() - from >= FAILPOINT_WAIT_MS * INT64_C(1000));
}

static void a_misspelt_variable_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(run((char[]){"room.a"}), SIGABRT);
    assert_int_equal(run((char[]){"room.a:explode@1"}), SIGABRT);
    assert_int_equal(run((char[]){"room.a:fail@0"}), SIGABRT);
    assert_int_equal(run((char[]){"room.a:fail@x"}), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_the_variable_nothing_happens),
        TEST(the_named_pass_fails_and_only_that),
        TEST(the_named_pass_kills_the_process),
        TEST(the_named_pass_stands_still_and_does_not_fail),
        TEST(a_misspelt_variable_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
