/* test_slope (support/test.h) itself: what it must catch, and what it must let pass. Each function
 * is judged in a child process that aborts where a test would fail. */
#include "test.h"

#include <signal.h>
#include <stdlib.h>

static void steps(ptrdiff_t n)
{
    volatile ptrdiff_t sink = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        sink += i;
    (void)sink;
}

static void linear(void *arg, ptrdiff_t n)
{
    (void)arg;
    steps(200 * n);
}

static void linear_at_a_constant_price(void *arg, ptrdiff_t n)
{
    (void)arg;
    steps(2000 + 200 * n);
}

/* As sorting is. */
static void linear_times_a_logarithm(void *arg, ptrdiff_t n)
{
    (void)arg;
    for (ptrdiff_t size = n; size > 0; size /= 2)
        steps(20 * n);
}

static void quadratic(void *arg, ptrdiff_t n)
{
    (void)arg;
    steps(n * n);
}

/* A sixth of the work at n = 100, as a list that is searched from its front and usually short.
 */
static void quadratic_in_a_small_part(void *arg, ptrdiff_t n)
{
    (void)arg;
    steps(200 * n + n * n * 2 / 5);
}

struct judged {
    void (*fn)(void *arg, ptrdiff_t n);
    ptrdiff_t n;
};

static void judge(void *arg)
{
    const struct judged *j = arg;
    (void)setenv("CMOCKA_TEST_ABORT", "1", 1); /* the child's own: it has no test to jump out of */
    test_slope(j->fn, NULL, j->n);
}

static int verdict(void (*fn)(void *arg, ptrdiff_t n))
{
    struct judged j = {fn, 100};
    return test_child(judge, &j);
}

static void linear_work_passes(void **state)
{
    (void)state;
    assert_int_equal(verdict(linear), 0);
    assert_int_equal(verdict(linear_at_a_constant_price), 0);
    assert_int_equal(verdict(linear_times_a_logarithm), 0);
}

static void quadratic_work_is_caught(void **state)
{
    (void)state;
    const int caught = TEST_IS_SANITIZED ? 0 : SIGABRT; /* there nothing is judged */
    assert_int_equal(verdict(quadratic), caught);
    assert_int_equal(verdict(quadratic_in_a_small_part), caught);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(linear_work_passes),
        TEST(quadratic_work_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
