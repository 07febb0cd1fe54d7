/* See test.h. Thread: the test's own, but log lines may come from any. */
#include "test.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/file.h"

enum { LINES_MOST = 256, LINE_BYTES = 2048 };

struct log_line {
    enum log_level level;
    bool is_expected;
    ptrdiff_t len;
    char text[LINE_BYTES];
};

static struct arena arena;
static char folder[128];
static pthread_mutex_t lines_lock = PTHREAD_MUTEX_INITIALIZER;
static struct log_line lines[LINES_MOST];
static ptrdiff_t line_count;

static void line_keep(enum log_level level, str text, void *arg)
{
    (void)arg;
    (void)pthread_mutex_lock(&lines_lock);
    if (line_count < LINES_MOST) {
        struct log_line *l = &lines[line_count++];
        l->level = level;
        l->is_expected = false;
        l->len = text.len < LINE_BYTES ? text.len : LINE_BYTES;
        memcpy(l->text, text.at, (size_t)l->len);
    }
    (void)pthread_mutex_unlock(&lines_lock);
}

int test_setup(void **state)
{
    (void)state;
    if (crypto_start() != OK)
        return -1;
    clock_fix(TEST_NOW_MS);
    crypto_random_fix(1);
    line_count = 0;
    log_level_set(LOG_DEBUG);
    log_capture(line_keep, NULL);
    arena = arena_make(0);
    folder[0] = '\0';
    return 0;
}

/* It says how long something took, and a test never does. */
static bool is_of_a_slow_machine(ptrdiff_t i)
{
    str line = str_of(lines[i].text, lines[i].len);
    return str_find(line, S("the write lock was held for long")) >= 0;
}

int test_teardown(void **state)
{
    (void)state;
    alloc_fail_at(0, 0);
    file_fail_at(0, 0, 0);
    log_capture(NULL, NULL);
    crypto_random_fix(0);
    clock_fix(0);
    bool is_clean = true;
    for (ptrdiff_t i = 0; i < line_count; i++) {
        if (lines[i].level < LOG_WARN || lines[i].is_expected || is_of_a_slow_machine(i))
            continue;
        print_error("unexpected log line: %.*s\n", (int)lines[i].len, lines[i].text);
        is_clean = false;
    }
    if (folder[0] != '\0' && file_tree_remove(str_from(folder)) != OK)
        is_clean = false;
    arena_free(&arena);
    return is_clean ? 0 : -1;
}

struct arena *test_arena(void)
{
    return &arena;
}

str test_folder(void)
{
    if (folder[0] == '\0') {
        const char *base = getenv("TMPDIR");
        (void)snprintf(folder, sizeof folder, "%s/seva-test-XXXXXX", base != NULL ? base : "/tmp");
        if (mkdtemp(folder) == NULL)
            fail_msg("no folder for the test at %s", folder);
    }
    return str_from(folder);
}

str test_path(const char *name)
{
    return str_print(&arena, "%.*s/%s", SARG(test_folder()), name);
}

static bool expect(enum log_level level, const char *part)
{
    bool is_found = false;
    (void)pthread_mutex_lock(&lines_lock);
    for (ptrdiff_t i = 0; i < line_count; i++) {
        struct log_line *l = &lines[i];
        if (l->level == level && str_find(str_of(l->text, l->len), str_from(part)) >= 0)
            is_found = l->is_expected = true;
    }
    (void)pthread_mutex_unlock(&lines_lock);
    return is_found;
}

void test_log_had(enum log_level level, const char *part)
{
    if (!expect(level, part))
        fail_msg("no log line of level %d holds: %s", (int)level, part);
}

void test_log_may(enum log_level level, const char *part)
{
    (void)expect(level, part);
}

ptrdiff_t test_log_count(void)
{
    (void)pthread_mutex_lock(&lines_lock);
    ptrdiff_t n = line_count;
    (void)pthread_mutex_unlock(&lines_lock);
    return n;
}

void test_assert_err(err actual, err expected, const char *what, const char *file, int line)
{
    if (actual == expected)
        return;
    print_error("%s: %s, expected %s\n", what, err_name(actual), err_name(expected));
    _fail(file, line);
}

void test_assert_str(str actual, const char *expected, const char *what, const char *file, int line)
{
    if (str_eq(actual, str_from(expected)))
        return;
    print_error("%s: \"%.*s\", expected \"%s\"\n", what, SARG(actual), expected);
    _fail(file, line);
}

/* One run at the boundary; the jump is the arena's escape. */
static err run_step(test_step *fn, void *arg)
{
    struct arena a = arena_make(0);
    jmp_buf escape;
    volatile err result = E_BUSY;
    if (setjmp(escape) == 0) {
        a.escape = &escape;
        result = fn(&a, arg);
    }
    a.escape = NULL;
    arena_free(&a);
    return result;
}

static void fail_allocations(test_step *fn, void *arg, long count)
{
    for (long nth = 1;; nth++) {
        long before = alloc_calls();
        alloc_fail_at(nth, count);
        err result = run_step(fn, arg);
        alloc_fail_at(0, 0);
        if (alloc_calls() - before < nth) {
            assert_ok(result); /* nothing failed in this run */
            return;
        }
        if (result != OK && result != E_BUSY)
            fail_msg("allocation %ld failing gave %s", nth, err_name(result));
    }
}

void for_each_allocation_failure(test_step *fn, void *arg)
{
    assert_ok(run_step(fn, arg)); /* also fills the per-thread caches */
    fail_allocations(fn, arg, 1);
    fail_allocations(fn, arg, 1000000);
}

void for_each_file_failure(test_step *fn, void *arg, int errno_value, err expected)
{
    for (long nth = 1;; nth++) {
        long before = file_calls();
        file_fail_at(nth, 1, errno_value);
        err result = run_step(fn, arg);
        file_fail_at(0, 0, 0);
        if (file_calls() - before < nth) {
            assert_ok(result);
            return;
        }
        if (result != OK && result != expected)
            fail_msg("file operation %ld failing gave %s", nth, err_name(result));
    }
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* exists on every Linux */
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* CPU time of one call out of `times`. */
static double call_ns(void (*fn)(void *arg, ptrdiff_t n), void *arg, ptrdiff_t n, int times)
{
    int64_t from = cpu_ns();
    for (int i = 0; i < times; i++)
        fn(arg, n);
    int64_t took = cpu_ns() - from;
    return (double)(took > 0 ? took : 1) / times;
}

/* So many calls that the clock's own price does not count. */
static int calls_worth_timing(void (*fn)(void *arg, ptrdiff_t n), void *arg, ptrdiff_t n)
{
    const double least_ns = 300000;
    int times = 1;
    while (times < 4096 && call_ns(fn, arg, n, times) * times < least_ns)
        times *= 2;
    return times;
}

/* How many times as long the larger size takes: the first answer that is at most `most`, or the
 * one after all rounds. Other work on the machine only ever adds, to both alike, so the least of
 * many rounds taken in turn is the algorithm's own. The end is counted in this thread's CPU time: a
 * busy machine gets as many rounds as a calm one. */
static double growth(void (*fn)(void *arg, ptrdiff_t n), void *arg, ptrdiff_t n, double most)
{
    enum { ROUNDS_LEAST = 8 }; /* a small size that was disturbed would excuse a large one */
    const int64_t enough_ns = 1000000000;
    double small_ns = 1e18, large_ns = 1e18;
    int times = calls_worth_timing(fn, arg, n);
    int64_t from = cpu_ns();
    for (int round = 1;; round++) {
        double small = call_ns(fn, arg, n, times);
        double large = call_ns(fn, arg, TEST_SLOPE_GROWTH * n,
            times > TEST_SLOPE_GROWTH ? times / TEST_SLOPE_GROWTH : 1);
        small_ns = small < small_ns ? small : small_ns;
        large_ns = large < large_ns ? large : large_ns;
        if (round < ROUNDS_LEAST)
            continue;
        if (large_ns <= most * small_ns || cpu_ns() - from >= enough_ns)
            return large_ns / small_ns;
    }
}

void test_slope(void (*fn)(void *arg, ptrdiff_t n), void *arg, ptrdiff_t n)
{
    const double octave = 2.3 * 2.3 * 2.3, most = octave * octave; /* six doublings */
    if (TEST_IS_SANITIZED) {
        fn(arg, n);
        fn(arg, TEST_SLOPE_GROWTH * n);
        return;
    }
    /* The kernel's price for fresh pages is not the algorithm's: keep what was once touched. */
    (void)mallopt(M_MMAP_THRESHOLD, INT32_MAX);
    (void)mallopt(M_TRIM_THRESHOLD, INT32_MAX);
    double times = growth(fn, arg, n, most);
    if (times > most)
        fail_msg("%d times the size takes %.1f times as long (at most %.1f)", TEST_SLOPE_GROWTH,
            times, most);
}

int test_child(void (*fn)(void *arg), void *arg)
{
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        fail_msg("no child process");
    if (pid == 0) {
        struct rlimit no_core = {0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)close(STDERR_FILENO);
        log_capture(NULL, NULL);
        fn(arg);
        _exit(0);
    }
    int status = 0;
    if (waitpid(pid, &status, 0) != pid)
        fail_msg("the child process is lost");
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}
