/* map.c: put, get, take against a plain table, in arena and heap. */
#include "test.h"

#include <string.h>

#include "base/map.h"

static void what_was_put_is_found(void **state)
{
    (void)state;
    struct map m = {.a = test_arena()};
    int one = 1, two = 2;
    assert_null(map_get(&m, S("a")));
    assert_null(map_take(&m, S("a")));
    assert_ok(map_put(&m, S("a"), &one));
    assert_ok(map_put(&m, S(""), &two));
    assert_ptr_equal(map_get(&m, S("a")), &one);
    assert_ptr_equal(map_get(&m, (str){0}), &two);
    assert_ok(map_put(&m, S("a"), &two));
    assert_ptr_equal(map_get(&m, S("a")), &two);
    assert_int_equal(m.count, 2);
    assert_ptr_equal(map_take(&m, S("a")), &two);
    assert_null(map_get(&m, S("a")));
    assert_int_equal(m.count, 1);
}

/* Random puts and takes over 200 keys, checked against an array. */
static void churn(struct map *m)
{
    enum { KEYS = 200 };
    static int values[KEYS];
    str keys[KEYS];
    bool is_in[KEYS] = {0};
    uint32_t random = 7;
    for (int i = 0; i < KEYS; i++)
        keys[i] = str_print(test_arena(), "key-%d", i);
    for (int round = 0; round < 20000; round++) {
        random = random * 1664525 + 1013904223;
        int k = (int)((random >> 8) % KEYS);
        if (random >> 31) {
            assert_ok(map_put(m, keys[k], &values[k]));
            is_in[k] = true;
        } else {
            assert_ptr_equal(map_take(m, keys[k]), is_in[k] ? &values[k] : NULL);
            is_in[k] = false;
        }
        if (round % 500 != 0)
            continue;
        ptrdiff_t count = 0;
        for (int i = 0; i < KEYS; i++) {
            assert_ptr_equal(map_get(m, keys[i]), is_in[i] ? &values[i] : NULL);
            count += is_in[i];
        }
        assert_int_equal(m->count, count);
    }
}

static void removal_loses_no_other_key(void **state)
{
    (void)state;
    struct map in_arena = {.a = test_arena()}, on_heap = {0};
    churn(&in_arena);
    churn(&on_heap);
    map_free(&on_heap);
    assert_int_equal(on_heap.count, 0);
    map_free(&in_arena);
}

static void without_memory_the_map_stays_as_it_was(void **state)
{
    (void)state;
    struct map m = {0};
    int v = 1;
    alloc_fail_at(1, 1);
    assert_err(map_put(&m, S("a"), &v), E_BUSY);
    assert_null(map_get(&m, S("a")));
    for (int i = 0; i < 12; i++)
        assert_ok(map_put(&m, str_print(test_arena(), "%d", i), &v));
    alloc_fail_at(1, 1);
    assert_err(map_put(&m, S("one more"), &v), E_BUSY);
    assert_int_equal(m.count, 12);
    assert_ptr_equal(map_get(&m, S("7")), &v);
    assert_ok(map_put(&m, S("one more"), &v));
    map_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_put_is_found),
        TEST(removal_loses_no_other_key),
        TEST(without_memory_the_map_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
