/* How often one visitor or address may do a thing. */
#include "test.h"

#include "api/rate.h"

static int taken(int64_t who, enum rate_kind kind, int tries)
{
    int n = 0;
    for (int i = 0; i < tries; i++)
        n += rate_allows(who, kind, clock_now_ms());
    return n;
}

static void a_burst_is_taken_then_a_steady_rate(void **state)
{
    (void)state;
    rate_reset();
    assert_int_equal(taken(1, RATE_VISITOR, 100), 40);
    clock_advance(100);
    assert_int_equal(taken(1, RATE_VISITOR, 100), 1);
    clock_advance(1000);
    assert_int_equal(taken(1, RATE_VISITOR, 100), 10);
    clock_advance(3600 * 1000);
    assert_int_equal(taken(1, RATE_VISITOR, 100), 40);
}

static void one_visitor_does_not_hold_another_back(void **state)
{
    (void)state;
    rate_reset();
    assert_int_equal(taken(INT64_MAX, RATE_VISITOR, 100), 40);
    assert_int_equal(taken(INT64_MAX - 1, RATE_VISITOR, 40), 40);
    assert_int_equal(taken(INT64_MAX, RATE_UPLOAD, 100), 20);
}

static void slow_refills_are_not_lost_between_tries(void **state)
{
    (void)state;
    rate_reset();
    assert_int_equal(taken(1, RATE_UPLOAD, 30), 20);
    int n = 0;
    for (int i = 0; i < 100; i++) { /* 10 s in tenths: one in 5 s */
        clock_advance(100);
        n += taken(1, RATE_UPLOAD, 1);
    }
    assert_int_equal(n, 2);
}

static void a_clock_that_goes_back_gives_nothing(void **state)
{
    (void)state;
    rate_reset();
    assert_int_equal(taken(1, RATE_VISITOR, 100), 40);
    clock_advance(-3600 * 1000);
    assert_int_equal(taken(1, RATE_VISITOR, 100), 0);
}

static void an_ipv6_network_counts_as_one(void **state)
{
    (void)state;
    rate_reset();
    int n = 0;
    for (int i = 0; i < 30; i++)
        n += rate_allows_ip(
            str_print(test_arena(), "2001:db8:1:2:%x:0:0:1", i), RATE_FORM, clock_now_ms());
    assert_int_equal(n, 10);
    assert_true(rate_allows_ip(S("2001:db8:1:3:0:0:0:1"), RATE_FORM, clock_now_ms()));
    assert_true(rate_allows_ip(S("192.0.2.1"), RATE_FORM, clock_now_ms()));
}

static void this_machine_is_never_held_back(void **state)
{
    (void)state;
    rate_reset();
    for (int i = 0; i < 1000; i++)
        assert_true(rate_allows_ip(S("127.0.0.1"), RATE_FORM, clock_now_ms()) &&
                    rate_allows_ip(S("::1"), RATE_FORM, clock_now_ms()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_burst_is_taken_then_a_steady_rate),
        TEST(one_visitor_does_not_hold_another_back),
        TEST(slow_refills_are_not_lost_between_tries),
        TEST(a_clock_that_goes_back_gives_nothing),
        TEST(an_ipv6_network_counts_as_one),
        TEST(this_machine_is_never_held_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
