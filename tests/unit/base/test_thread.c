/* thread.c: names, blocked signals, and what runs when a thread ends. */
#include "test.h"

#include <signal.h>
#include <string.h>

#include "base/thread.h"

static int order[4];
static int order_count;

static void note(void *what)
{
    order[order_count++] = *(int *)what;
}

static void *register_two(void *arg)
{
    static _Thread_local struct thread_exit nodes[2];
    int *numbers = arg;
    bool are_kept = thread_at_exit(&nodes[0], note, &numbers[0]) &&
                    thread_at_exit(&nodes[1], note, &numbers[1]);
    return are_kept ? arg : NULL;
}

static void what_a_thread_keeps_is_freed_when_it_ends(void **state)
{
    (void)state;
    int numbers[] = {1, 2};
    pthread_t t;
    void *result;
    order_count = 0;
    assert_ok(thread_start(&t, "two", 0, register_two, numbers));
    assert_int_equal(pthread_join(t, &result), 0);
    assert_ptr_equal(result, numbers);
    assert_int_equal(order_count, 2);
    assert_int_equal(order[0], 2); /* newest first */
    assert_int_equal(order[1], 1);
}

static void *look_around(void *arg)
{
    sigset_t set;
    bool *is_blocked = arg;
    *is_blocked = pthread_sigmask(SIG_SETMASK, NULL, &set) == 0 && sigismember(&set, SIGTERM) &&
                  sigismember(&set, SIGPIPE);
    return NULL;
}

static void a_thread_starts_with_signals_blocked_and_the_caller_keeps_its_own(void **state)
{
    (void)state;
    bool is_blocked = false;
    pthread_t t;
    assert_ok(thread_start(&t, "look", 64 * 1024, look_around, &is_blocked));
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_true(is_blocked);
    look_around(&is_blocked);
    assert_false(is_blocked);
}

static pthread_barrier_t barrier;

static void *wait_at_barrier(void *arg)
{
    (void)pthread_barrier_wait(&barrier); /* says only who was last */
    return arg;
}

static void a_thread_has_its_name(void **state)
{
    (void)state;
    pthread_t t;
    char name[16];
    assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
    assert_ok(thread_start(&t, "seva-worker", 0, wait_at_barrier, NULL));
    assert_int_equal(pthread_getname_np(t, name, sizeof name), 0);
    assert_string_equal(name, "seva-worker");
    (void)pthread_barrier_wait(&barrier); /* says only who was last */
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_int_equal(pthread_barrier_destroy(&barrier), 0);
}

static void what_the_system_refuses_is_busy(void **state)
{
    (void)state;
    pthread_t t;
    assert_err(thread_start(&t, "tiny", 1, wait_at_barrier, NULL), E_BUSY);
}

static void a_condition_waits_by_a_clock_that_nobody_sets(void **state)
{
    (void)state;
    pthread_cond_t cond;
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct timespec from, to, end = thread_deadline(7);
    assert_true(thread_cond_make(&cond));
    assert_int_equal(pthread_mutex_lock(&lock), 0);
    while (pthread_cond_timedwait(&cond, &lock, &end) == 0)
        ;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &to), 0);
    assert_true(to.tv_sec > end.tv_sec || (to.tv_sec == end.tv_sec && to.tv_nsec >= end.tv_nsec));
    from = thread_deadline(0);
    end = thread_deadline(2999);
    int64_t ns = (int64_t)(end.tv_sec - from.tv_sec) * 1000000000 + end.tv_nsec - from.tv_nsec;
    assert_true(ns >= INT64_C(2999000000));
    assert_true(end.tv_nsec >= 0 && end.tv_nsec < 1000000000);
    assert_int_equal(pthread_mutex_unlock(&lock), 0);
    assert_int_equal(pthread_cond_destroy(&cond), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_thread_keeps_is_freed_when_it_ends),
        TEST(a_thread_starts_with_signals_blocked_and_the_caller_keeps_its_own),
        TEST(a_thread_has_its_name),
        TEST(what_the_system_refuses_is_busy),
        TEST(a_condition_waits_by_a_clock_that_nobody_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
