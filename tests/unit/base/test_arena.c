/* arena.c: zeroed, aligned, bounded, reusable memory and the failing seam. */
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

static bool is_zero(const unsigned char *at, ptrdiff_t len)
{
    for (ptrdiff_t i = 0; i < len; i++)
        if (at[i] != 0)
            return false;
    return true;
}

static void memory_is_zeroed_also_after_a_reset(void **state)
{
    (void)state;
    struct arena a = arena_make(0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++) {
            unsigned char *at = arena_alloc(&a, 1000, 1);
            assert_true(is_zero(at, 1000));
            memset(at, 0xff, 1000);
        }
        arena_reset(&a);
        assert_int_equal(a.used_bytes, 0);
    }
    arena_free(&a);
}

static void memory_has_the_alignment_asked_for(void **state)
{
    (void)state;
    for (ptrdiff_t align = 1; align <= 256; align *= 2)
        for (ptrdiff_t size = 0; size < 70; size++) {
            (void)arena_alloc(test_arena(), size, 1);
            assert_int_equal((uintptr_t)arena_alloc(test_arena(), 8, align) % (uintptr_t)align, 0);
        }
}

static void objects_do_not_overlap(void **state)
{
    (void)state;
    enum { N = 400 };
    unsigned char *at[N];
    for (int i = 0; i < N; i++) {
        ptrdiff_t size = (i * 7919) % 9000 + 1;
        at[i] = arena_alloc(test_arena(), size, 8);
        memset(at[i], i & 0xff, (size_t)size);
    }
    for (int i = 0; i < N; i++) {
        ptrdiff_t size = (i * 7919) % 9000 + 1;
        for (ptrdiff_t k = 0; k < size; k++)
            assert_int_equal(at[i][k], i & 0xff);
    }
}

static void try_gives_null_at_the_maximum_and_the_arena_stays_usable(void **state)
{
    (void)state;
    struct arena a = arena_make(10000);
    assert_non_null(arena_try(&a, 9000, 1));
    assert_null(arena_try(&a, 2000, 1));
    assert_null(arena_try(&a, PTRDIFF_MAX, 1));
    assert_null(arena_try(&a, -1, 1));
    assert_non_null(arena_try(&a, 1000, 1));
    arena_free(&a);
}

static void the_default_maximum_is_the_named_limit(void **state)
{
    (void)state;
    struct arena a = arena_make(0);
    assert_null(arena_try(&a, (ptrdiff_t)LIMIT_ARENA_BYTES + 1, 1));
    assert_non_null(arena_try(&a, LIMIT_ARENA_BYTES, 1));
    assert_null(arena_try(&a, 1, 1));
    arena_free(&a);
}

static void running_out_jumps_to_the_escape(void **state)
{
    (void)state;
    struct arena a = arena_make(100);
    jmp_buf escape;
    volatile bool has_jumped = false;
    if (setjmp(escape) == 0) {
        a.escape = &escape;
        (void)arena_alloc(&a, 101, 1);
        fail_msg("came back");
    } else {
        has_jumped = true;
    }
    assert_true(has_jumped);
    arena_free(&a);
}

static void exhaust_without_escape(void *arg)
{
    (void)arg;
    struct arena a = arena_make(100);
    (void)arena_alloc(&a, 101, 1);
}

static void running_out_without_an_escape_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(test_child(exhaust_without_escape, NULL), SIGABRT);
}

static int order[3];
static int order_count;

static void note(void *what)
{
    order[order_count++] = *(int *)what;
}

static void cleanups_run_once_newest_first(void **state)
{
    (void)state;
    int one = 1, two = 2, three = 3;
    struct arena a = arena_make(0);
    order_count = 0;
    arena_defer(&a, note, &one);
    arena_defer(&a, note, &two);
    arena_reset(&a);
    assert_int_equal(order_count, 2);
    assert_int_equal(order[0], 2);
    assert_int_equal(order[1], 1);
    arena_defer(&a, note, &three);
    arena_free(&a);
    assert_int_equal(order_count, 3);
    assert_int_equal(order[2], 3);
}

static void a_cleanup_that_finds_no_memory_runs_at_once(void **state)
{
    (void)state;
    int one = 1;
    struct arena a = arena_make(0);
    jmp_buf escape;
    order_count = 0;
    if (setjmp(escape) == 0) {
        a.escape = &escape;
        alloc_fail_at(1, 1);
        arena_defer(&a, note, &one);
        fail_msg("came back");
    }
    assert_int_equal(order_count, 1);
    arena_free(&a);
}

static void a_reset_asks_the_system_for_nothing_in_ordinary_requests(void **state)
{
    (void)state;
    struct arena a = arena_make(0);
    (void)arena_alloc(&a, 20000, 8);
    arena_reset(&a);
    long before = alloc_calls();
    for (int i = 0; i < 1000; i++) {
        (void)arena_alloc(&a, 20000, 8);
        arena_reset(&a);
    }
    assert_int_equal(alloc_calls(), before);
    arena_free(&a);
}

static void the_newest_object_grows_where_it_stands(void **state)
{
    (void)state;
    char *at = arena_alloc(test_arena(), 10, 1);
    memcpy(at, "0123456789", 10);
    assert_ptr_equal(arena_grow(test_arena(), at, 10, 100, 1), at);
    assert_memory_equal(at, "0123456789\0\0", 12);
    (void)arena_alloc(test_arena(), 1, 1);
    char *moved = arena_grow(test_arena(), at, 100, 200, 1);
    assert_ptr_not_equal(moved, at);
    assert_memory_equal(moved, "0123456789\0\0", 12);
    assert_true(is_zero((unsigned char *)moved + 10, 190));
}

static void growing_stops_at_the_maximum(void **state)
{
    (void)state;
    struct arena a = arena_make(100);
    char *at = arena_alloc(&a, 60, 1);
    at[0] = 'x';
    assert_null(arena_grow(&a, at, 60, 101, 1));
    assert_int_equal(at[0], 'x');
    assert_ptr_equal(arena_grow(&a, at, 60, 100, 1), at);
    arena_free(&a);
}

static void the_seam_fails_exactly_the_allocations_named(void **state)
{
    (void)state;
    alloc_fail_at(2, 2);
    void *one = alloc_zero(8), *two = alloc_zero(8), *three = alloc_resize(NULL, 8);
    void *four = alloc_zero(0);
    assert_non_null(one);
    assert_null(two);
    assert_null(three);
    assert_non_null(four);
    alloc_fail_at(1, 1);
    alloc_fail_at(0, 0);
    void *five = alloc_zero(8);
    assert_non_null(five);
    free(one);
    free(four);
    free(five);
}

static err allocate_much(struct arena *a, void *arg)
{
    (void)arg;
    for (int i = 0; i < 20; i++)
        (void)arena_alloc(a, 30000, 1);
    void *other = alloc_zero(10);
    if (other == NULL)
        return E_BUSY;
    free(other);
    return OK;
}

static void the_driver_reaches_every_allocation(void **state)
{
    (void)state;
    for_each_allocation_failure(allocate_much, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_is_zeroed_also_after_a_reset),
        TEST(memory_has_the_alignment_asked_for),
        TEST(objects_do_not_overlap),
        TEST(try_gives_null_at_the_maximum_and_the_arena_stays_usable),
        TEST(the_default_maximum_is_the_named_limit),
        TEST(running_out_jumps_to_the_escape),
        TEST(running_out_without_an_escape_ends_the_process),
        TEST(cleanups_run_once_newest_first),
        TEST(a_cleanup_that_finds_no_memory_runs_at_once),
        TEST(a_reset_asks_the_system_for_nothing_in_ordinary_requests),
        TEST(the_newest_object_grows_where_it_stands),
        TEST(growing_stops_at_the_maximum),
        TEST(the_seam_fails_exactly_the_allocations_named),
        TEST(the_driver_reaches_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
