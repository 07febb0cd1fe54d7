/* clock.c: the fixed clock, and times as text. */
#include "test.h"

static void a_fixed_clock_stands_and_moves_only_when_told(void **state)
{
    (void)state;
    assert_true(clock_now_ms() == TEST_NOW_MS);
    int64_t mono = clock_mono_ms();
    clock_advance(1500);
    assert_true(clock_now_ms() == TEST_NOW_MS + 1500);
    assert_true(clock_mono_ms() == mono + 1500);
    clock_fix(5);
    assert_true(clock_now_ms() == 5);
}

static void monotonic_time_never_goes_back(void **state)
{
    (void)state;
    int64_t mono = clock_mono_us();
    clock_advance(-3600 * 1000);
    assert_true(clock_now_ms() == TEST_NOW_MS - 3600 * 1000);
    assert_true(clock_mono_us() == mono);
    clock_advance(1000);
    assert_true(clock_mono_us() == mono + 1000000);
    clock_advance(24 * 3600 * 1000);
    int64_t far = clock_mono_us();
    clock_fix(0);
    assert_true(clock_mono_us() >= far); /* also when the clock runs again */
    assert_true(clock_now_ms() != TEST_NOW_MS);
}

static void a_running_clock_runs(void **state)
{
    (void)state;
    clock_fix(0);
    int64_t from = clock_mono_us();
    clock_advance(1000000000); /* no effect: it is not fixed */
    while (clock_mono_us() == from)
        continue;
    assert_true(clock_mono_us() - from < 1000000000);
}

static void times_are_written_as_rfc_3339(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    assert_str(time_rfc3339(a, TEST_NOW_MS), "2026-01-01T00:00:00.000Z");
    assert_str(time_rfc3339(a, 0), "1970-01-01T00:00:00.000Z");
    assert_str(time_rfc3339(a, -1), "1969-12-31T23:59:59.999Z");
    assert_str(time_rfc3339(a, 951782400007), "2000-02-29T00:00:00.007Z");
    assert_str(time_rfc3339(a, INT64_C(4107542399999)), "2100-02-28T23:59:59.999Z");
    assert_str(time_rfc3339(a, INT64_MAX), "9999-12-31T23:59:59.999Z");
    assert_str(time_rfc3339(a, INT64_MIN), "0000-01-01T00:00:00.000Z");
}

static void times_are_read_with_any_offset_and_fraction(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"2026-01-01T00:00:00Z",           TEST_NOW_MS             },
        {"2026-01-01t00:00:00z",           TEST_NOW_MS             },
        {"2026-01-01 00:00:00Z",           TEST_NOW_MS             },
        {"2026-01-01T00:00:00.5Z",         TEST_NOW_MS + 500       },
        {"2026-01-01T00:00:00.123456789Z", TEST_NOW_MS + 123       },
        {"2026-01-01T06:00:00.000+06:00",  TEST_NOW_MS             },
        {"2025-12-31T18:30:00-05:30",      TEST_NOW_MS             },
        {"2025-12-31T23:59:60Z",           TEST_NOW_MS - 1         },
        {"1969-12-31T23:59:59.999Z",       -1                      },
        {"2000-02-29T00:00:00Z",           951782400000            },
        {"0000-01-01T00:00:00Z",           INT64_C(-62167219200000)},
        {"9999-12-31T23:59:59.999Z",       INT64_C(253402300799999)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = 0;
        assert_ok(time_parse(str_from(rows[i].text), &ms));
        assert_true(ms == rows[i].ms);
    }
}

static void what_is_no_rfc_3339_time_is_refused(void **state)
{
    (void)state;
    const char *bad[] = {"", "2026", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+0600", "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+00:60", "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00.5",
        "2026/01/01T00:00:00Z", "-026-01-01T00:00:00Z", "2026-1-01T00:00:00.0Z",
        "2026-01-01X00:00:00Z", " 2026-01-01T00:00:00Z", "+2026-01-01T0:00:00Z"};
    int64_t ms = 7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_err(time_parse(str_from(bad[i]), &ms), E_INVALID);
    assert_int_equal(ms, 7);
}

static void writing_and_reading_agree_on_every_day(void **state)
{
    (void)state;
    for (int64_t day = -719528; day < 2932897; day += 13) {
        int64_t ms = day * 86400000 + (day & 0xfffff), back = 0;
        struct arena a = arena_make(0);
        assert_ok(time_parse(time_rfc3339(&a, ms), &back));
        assert_true(back == ms);
        arena_free(&a);
    }
}

static void http_dates_are_those_of_rfc_9110(void **state)
{
    (void)state;
    assert_str(time_http(test_arena(), TEST_NOW_MS), "Thu, 01 Jan 2026 00:00:00 GMT");
    assert_str(time_http(test_arena(), 784111777000), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_str(time_http(test_arena(), -1), "Wed, 31 Dec 1969 23:59:59 GMT");
}

static void only_zones_of_the_database_are_known(void **state)
{
    (void)state;
    assert_true(time_zone_is_known(S("Asia/Dhaka")));
    assert_true(time_zone_is_known(S("UTC")));
    assert_true(time_zone_is_known(S("America/Argentina/ComodRivadavia")));
    const char *bad[] = {"", "Nowhere/City", "GMT+03:30", "Etc/Unknown", "Asia/ঢাকা", "../etc",
        "a-name-that-is-longer-than-any-time-zone-of-the-database-could-ever-be"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(time_zone_is_known(str_from(bad[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_fixed_clock_stands_and_moves_only_when_told),
        TEST(monotonic_time_never_goes_back),
        TEST(a_running_clock_runs),
        TEST(times_are_written_as_rfc_3339),
        TEST(times_are_read_with_any_offset_and_fraction),
        TEST(what_is_no_rfc_3339_time_is_refused),
        TEST(writing_and_reading_agree_on_every_day),
        TEST(http_dates_are_those_of_rfc_9110),
        TEST(only_zones_of_the_database_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
