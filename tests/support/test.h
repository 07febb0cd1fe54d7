/* What every test stands on: a fixed clock and random stream, a captured log in which an unexpected
 * warning fails the test, an arena and a folder that go away, and drivers that fail every
 * allocation or file operation in turn. Not: a server (test_app.h).
 * Include this instead of <cmocka.h>; name each test with TEST(fn) in the table. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail     /* model/ctx.h has a function of this name; tests say fail_msg */
#undef fail_msg /* cmocka's own is made of fail */
#define fail_msg(msg, ...)                                                                         \
    do {                                                                                           \
        print_error("ERROR: " msg "\n" __VA_OPT__(, ) __VA_ARGS__);                                \
        _fail(__FILE__, __LINE__);                                                                 \
    } while (0)

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

/* 2026-01-01T00:00:00Z, a Thursday: where the clock stands when a test begins. */
#define TEST_NOW_MS INT64_C(1767225600000)

/* A row of the test table: fn between test_setup and test_teardown. */
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, test_setup, test_teardown)
int test_setup(void **state);
/* Turns every seam off; fails the test on a WARN or ERROR line that test_log_had did not ask for.
 */
int test_teardown(void **state);

struct arena *test_arena(void);  /* until the end of the test */
str test_folder(void);           /* an empty folder, made at the first call, removed at the end */
str test_path(const char *name); /* a path in test_folder() */

/* A line of this level that holds `part` was logged; it is expected from now on. Fails otherwise.
 */
void test_log_had(enum log_level level, const char *part);
/* Such lines may have been logged: only the first few hundred lines of a test are captured. */
void test_log_may(enum log_level level, const char *part);
/* Lines captured so far, any level. */
ptrdiff_t test_log_count(void);

#define assert_ok(call)        test_assert_err((call), OK, #call, __FILE__, __LINE__)
#define assert_err(call, code) test_assert_err((call), (code), #call, __FILE__, __LINE__)
#define assert_str(actual, expected)                                                               \
    test_assert_str((actual), (expected), #actual, __FILE__, __LINE__)
void test_assert_err(err actual, err expected, const char *what, const char *file, int line);
/* expected: terminated; a str with NUL bytes goes through str_eq. */
void test_assert_str(
    str actual, const char *expected, const char *what, const char *file, int line);

/* Runs fn again and again, each time with the next allocation failing (one, then also that one and
 * all later ones), until a run needs no more allocations. Each run must end OK or E_BUSY: either as
 * fn's result or by a jump out of the arena it is handed. fn cleans up what is not in the arena. */
typedef err test_step(struct arena *a, void *arg);
void for_each_allocation_failure(test_step *fn, void *arg);
/* The same over file operations with this errno; each run must end OK or `expected`. */
void for_each_file_failure(test_step *fn, void *arg, int errno_value, err expected);

/* Fails when fn's CPU time grows more than 2.3-fold per doubling of n, over the six doublings from
 * n to 64 n: at most 148-fold, where a linear function takes 64 times as long and a quadratic one
 * 4,096 times. Over a single doubling, or three, one step (a table that grows, a cache that is
 * left) looks like a slope; over six the steps are a factor of at most two while every slope is far
 * beyond. Choose n so small that 64 n still fits into a core's own cache (some 200 KB). A loaded
 * machine makes it measure longer (1 s of CPU time), not fail.
 *
 * Under a sanitizer that keeps a shadow of the memory, time is the shadow's: fn runs at both sizes,
 * for what the sanitizer says of it, and nothing is judged. */
enum { TEST_SLOPE_GROWTH = 64 };
void test_slope(void (*fn)(void *arg, ptrdiff_t n), void *arg, ptrdiff_t n);

/* Whether this build runs under a sanitizer that makes time say nothing. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEST_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TEST_IS_SANITIZED 1
#endif
#endif
#ifndef TEST_IS_SANITIZED
#define TEST_IS_SANITIZED 0
#endif

/* How a child process that runs fn ends: the signal that killed it, or 0 - its exit status. Its
 * standard error is closed. For what ends the process on purpose. */
int test_child(void (*fn)(void *arg), void *arg);
