/* id.c: unique, sorting by time, with the time inside. */
#include "test.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/id.h"
#include "base/thread.h"

static void an_id_holds_its_time_and_node(void **state)
{
    (void)state;
    id_node_set(1023);
    int64_t id = id_make(TEST_NOW_MS);
    assert_true(id > 0);
    assert_true(id_time_ms(id) == TEST_NOW_MS);
    assert_int_equal(id >> 11 & 1023, 1023);
    id_node_set(0);
    assert_int_equal(id_make(TEST_NOW_MS) >> 11 & 1023, 0);
}

static void the_least_id_of_a_time_is_below_all_of_it_and_above_all_before(void **state)
{
    (void)state;
    assert_true(id_least(TEST_NOW_MS) <= id_make(TEST_NOW_MS));
    assert_true(id_least(TEST_NOW_MS) > id_make(TEST_NOW_MS - 1));
    assert_int_equal(id_least(-1), 0);
    assert_true(id_least(INT64_MAX) > id_least(TEST_NOW_MS));
}

static int compare(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return (a > b) - (a < b);
}

static void assert_all_differ(int64_t *ids, size_t n)
{
    qsort(ids, n, sizeof *ids, compare);
    for (size_t i = 1; i < n; i++)
        assert_true(ids[i] != ids[i - 1]);
}

static void assert_rising_ids_at(int64_t ms)
{
    int64_t last = 0;
    for (int i = 0; i < 10240; i++) { /* ten milliseconds' worth */
        int64_t id = id_make(ms);
        assert_true(id > last);
        last = id;
    }
    assert_in_range(id_time_ms(last) - ms, 9, 20);
}

static void ids_of_one_moment_rise_in_the_order_they_were_made(void **state)
{
    (void)state;
    assert_rising_ids_at(TEST_NOW_MS + 1000);
    assert_rising_ids_at(TEST_NOW_MS - INT64_C(86400000) * 100);
}

static void a_clock_set_back_gives_no_id_twice(void **state)
{
    (void)state;
    enum { N = 5000 };
    int64_t *ids = NEW(test_arena(), int64_t, 2 * N);
    for (int round = 0, n = 0; round < 2; round++) {
        for (int i = 0; i < N; i++) {
            ids[n++] = id_make(clock_now_ms());
            clock_advance(i % 10 == 0);
        }
        if (round == 0)
            clock_advance(-N / 10);
        clock_advance(round == 0 ? 0 : 1);
    }
    assert_all_differ(ids, 2 * N);
    int64_t before = id_make(clock_now_ms());
    clock_advance(-3600 * 1000);
    for (int i = 0; i < N; i++) {
        int64_t id = id_make(clock_now_ms());
        assert_true(id > before);
        before = id;
    }
}

static void ids_of_the_past_never_meet_those_made_when_it_was_present(void **state)
{
    (void)state;
    enum { N = 3000 };
    int64_t *ids = NEW(test_arena(), int64_t, 2 * N), present = clock_now_ms() + 60000;
    clock_fix(present);
    for (int i = 0; i < N; i++)
        ids[i] = id_make(present + i / 30);
    clock_advance(86400000);
    for (int i = 0; i < N; i++)
        ids[N + i] = id_make(present + i / 30);
    assert_all_differ(ids, 2 * N);
    assert_true(id_time_ms(ids[0]) == present);
}

/* A message that came in just before a kill is processed just after it, under ids of its own time.
 */
static void what_was_present_before_the_process_began_is_past(void **state)
{
    (void)state;
    enum { HALF = 1024 };
    const int64_t at = clock_now_ms();
    int64_t earlier = id_make(at);
    assert_int_equal(earlier & HALF, 0);
    clock_advance(2000);
    id_node_set(0); /* as the next process does */
    assert_int_not_equal(id_make(at) & HALF, 0);
    assert_int_equal(id_time_ms(id_make(at)), at);
    assert_int_equal(id_make(clock_now_ms()) & HALF, 0);
}

static void a_later_time_gives_a_greater_id(void **state)
{
    (void)state;
    int64_t last = 0, from = TEST_NOW_MS - INT64_C(86400000) * 50;
    for (int i = 0; i < 20000; i++) {
        int64_t id = id_make(from + i);
        assert_true(id > last);
        assert_true(id_time_ms(id) == from + i);
        last = id;
    }
}

static void an_import_in_any_order_of_times_gets_distinct_ids(void **state)
{
    (void)state;
    enum { N = 60000 };
    int64_t *ids = NEW(test_arena(), int64_t, N);
    uint32_t random = 1;
    for (int i = 0; i < N; i++) {
        random = random * 1664525 + 1013904223;
        /* Whole seconds of one day, so that many come back again and again. */
        ids[i] = id_make(TEST_NOW_MS - INT64_C(86400000) * 300 + (random >> 12) % 10000 * 1000);
    }
    assert_all_differ(ids, N);
}

static void many_rows_of_one_day_without_time_are_no_burden(void **state)
{
    (void)state;
    enum { N = 100000 };
    int64_t *ids = NEW(test_arena(), int64_t, N), day = TEST_NOW_MS - INT64_C(86400000) * 30;
    for (int i = 0; i < N; i++)
        ids[i] = id_make(day);
    assert_in_range(id_time_ms(ids[N - 1]) - day, 97, 200);
    assert_all_differ(ids, N);
}

static void a_time_outside_the_range_is_brought_into_it(void **state)
{
    (void)state;
    assert_true(id_make(-5) > 0);
    assert_true(id_make(0) > 0);
    assert_true(id_make(INT64_MAX) > 0);
    assert_true(id_time_ms(id_make(INT64_MAX)) == (INT64_C(1) << 42) - 1);
}

enum { THREADS = 4, EACH = 50000 };

static void *make_many(void *arg)
{
    int64_t *ids = arg;
    for (int i = 0; i < EACH; i++)
        ids[i] = id_make(TEST_NOW_MS + 2000 + i / 100);
    return NULL;
}

static void threads_never_get_the_same_id(void **state)
{
    (void)state;
    int64_t *ids = NEW(test_arena(), int64_t, THREADS * EACH);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_ok(thread_start(&threads[i], "ids", 0, make_many, ids + i * EACH));
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_all_differ(ids, THREADS * EACH);
}

static void an_id_has_one_spelling(void **state)
{
    (void)state;
    int64_t id = 5;
    assert_ok(id_parse(S("9223372036854775807"), &id));
    assert_true(id == INT64_MAX);
    assert_ok(id_parse(S("1"), &id));
    assert_int_equal(id, 1);
    const char *bad[] = {"", "0", "-1", "01", "+1", " 1", "1 ", "9223372036854775808", "1a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_err(id_parse(str_from(bad[i]), &id), E_INVALID);
    assert_int_equal(id, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_id_holds_its_time_and_node),
        TEST(the_least_id_of_a_time_is_below_all_of_it_and_above_all_before),
        TEST(ids_of_one_moment_rise_in_the_order_they_were_made),
        TEST(a_clock_set_back_gives_no_id_twice),
        TEST(ids_of_the_past_never_meet_those_made_when_it_was_present),
        TEST(what_was_present_before_the_process_began_is_past),
        TEST(a_later_time_gives_a_greater_id),
        TEST(an_import_in_any_order_of_times_gets_distinct_ids),
        TEST(many_rows_of_one_day_without_time_are_no_burden),
        TEST(a_time_outside_the_range_is_brought_into_it),
        TEST(threads_never_get_the_same_id),
        TEST(an_id_has_one_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
