/* What lies unsynced of a long file follows the disk, within its bounds. */
#include "test.h"

#include "base/file.h"
#include "base/file_pace.h"
#include "base/limits.h"

enum { MB = 1024 * 1024, MS = 1000 };

/* How much is written until a sync is due. */
static int64_t until_due(struct file_pace *pace)
{
    int64_t bytes = 0;
    do
        bytes += MB / 2;
    while (!file_pace_add(pace, MB / 2));
    return bytes;
}

static void a_fast_disk_is_given_more_up_to_the_bound(void **state)
{
    (void)state;
    struct file_pace pace = {0};
    for (int64_t expected = LIMIT_UNSYNCED_FIRST_BYTES; expected < LIMIT_UNSYNCED_BYTES;
         expected *= 2) {
        assert_int_equal(until_due(&pace), expected);
        file_pace_took(&pace, 20 * MS);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(until_due(&pace), LIMIT_UNSYNCED_BYTES);
        file_pace_took(&pace, 20 * MS);
    }
}

static void a_slow_disk_is_given_less_down_to_the_bound(void **state)
{
    (void)state;
    struct file_pace pace = {0};
    for (int64_t expected = LIMIT_UNSYNCED_FIRST_BYTES; expected > LIMIT_UNSYNCED_LEAST_BYTES;
         expected /= 2) {
        assert_int_equal(until_due(&pace), expected);
        file_pace_took(&pace, 2000 * MS);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(until_due(&pace), LIMIT_UNSYNCED_LEAST_BYTES);
        file_pace_took(&pace, 2000 * MS);
    }
}

/* 16 MB/s: a quarter of a second for four, an eighth for two. */
static void a_steady_disk_is_given_what_it_takes_in_an_eighth_of_a_second(void **state)
{
    (void)state;
    struct file_pace pace = {0};
    int64_t bytes = 0;
    for (int i = 0; i < 10; i++) {
        bytes = until_due(&pace);
        file_pace_took(&pace, bytes * 1000 * MS / (16 * MB) + 1);
    }
    assert_int_equal(bytes, 2 * MB);
}

static void a_file_is_synced_and_begins_anew(void **state)
{
    (void)state;
    struct file_pace pace = {0};
    int fd = -1;
    assert_ok(file_open_write(test_path("long"), 0600, true, &fd));
    assert_true(file_pace_add(&pace, LIMIT_UNSYNCED_FIRST_BYTES));
    assert_ok(file_pace_sync(&pace, fd));
    assert_int_equal(pace.unsynced_bytes, 0);
    file_close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_fast_disk_is_given_more_up_to_the_bound),
        TEST(a_slow_disk_is_given_less_down_to_the_bound),
        TEST(a_steady_disk_is_given_what_it_takes_in_an_eighth_of_a_second),
        TEST(a_file_is_synced_and_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
