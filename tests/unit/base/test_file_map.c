/* file_map: what was read of a mapped file is let go of, and nothing else is. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/file_map.h"

enum { LONG = 24 * 1024 * 1024, LITTLE = 6 * 1024 * 1024 };

static char room[LONG];

/* A file of x with these words so far from its front. */
static str long_file(str words, ptrdiff_t at)
{
    str path = test_path("long");
    memset(room, 'x', LONG);
    memcpy(room + at, words.at, (size_t)words.len);
    assert_ok(file_write(path, str_of(room, LONG), 0600));
    return path;
}

static str mapped(str path)
{
    str content = {0};
    assert_ok(file_map(test_arena(), path, LONG, &content));
    assert_int_equal(content.len, LONG);
    return content;
}

static int64_t status_bytes(str status, str what)
{
    str head, rest, line;
    ptrdiff_t at = str_find(status, what);
    assert_true(at > 0);
    (void)str_cut(str_skip(status, at + what.len), '\n', &line, &rest);
    (void)str_cut(str_trim(line), ' ', &head, &rest);
    int64_t kb = 0;
    assert_ok(str_int(head, 0, INT64_MAX, &kb));
    return kb * 1024;
}

/* Bytes of files that count as the process's, on a disk or in memory (tmpfs). */
static int64_t from_files(void)
{
    str status = {0};
    assert_ok(file_read(test_arena(), S("/proc/self/status"), 64 * 1024, &status));
    return status_bytes(status, S("RssFile:")) + status_bytes(status, S("RssShmem:"));
}

static void what_is_searched_is_found_wherever_it_stands(void **state)
{
    (void)state;
    static const ptrdiff_t at[] = {0, 1, FILE_MAP_PASS_BYTES - 3, FILE_MAP_PASS_BYTES - 1,
        FILE_MAP_PASS_BYTES, 7 * FILE_MAP_PASS_BYTES - 2, LONG - 5};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        str bytes = mapped(long_file(S("found"), at[i]));
        assert_int_equal(file_map_find(bytes, S("found")), at[i]);
        assert_int_equal(file_map_find_byte(bytes, 'f'), at[i]);
        assert_int_equal(file_map_find(bytes, S("foundx!")), -1);
        assert_int_equal(file_map_find_byte(bytes, 'n'), at[i] + 3);
    }
    assert_int_equal(file_map_find(S(""), S("a")), -1);
    assert_int_equal(file_map_find(S("aab"), S("ab")), 1);
}

static void a_long_file_that_is_read_through_takes_little_memory(void **state)
{
    (void)state;
    str path = long_file(S("end"), LONG - 3), bytes = mapped(path);
    int64_t before = from_files();
    assert_int_equal(file_map_find(bytes, S("end")), LONG - 3);
    assert_true(from_files() - before < LITTLE);
    struct sha256 once = crypto_sha256(bytes), again = crypto_sha256(bytes);
    assert_memory_equal(once.b, again.b, sizeof once.b);
    assert_true(from_files() - before < LITTLE);
    ptrdiff_t passed = 0, n = 0;
    for (ptrdiff_t i = 0; i < bytes.len; i++) {
        n += bytes.at[i] == 'x';
        file_map_walk(bytes, i, &passed);
    }
    assert_int_equal(n, LONG - 3);
    assert_true(from_files() - before < LITTLE);
    /* All of it is there as before. */
    for (ptrdiff_t i = 0; i < bytes.len; i += 4096)
        assert_int_equal(bytes.at[i], 'x');
    assert_true(from_files() - before > LONG / 2);
    file_map_passed(bytes);
    assert_true(from_files() - before < LITTLE);
}

/* What is of no file would be lost. */
static void other_memory_is_left_as_it_is(void **state)
{
    (void)state;
    str path = long_file(S(""), 0), bytes = mapped(path);
    struct arena a = arena_make(0);
    str other = {0};
    assert_ok(file_map(&a, path, LONG, &other));
    arena_free(&a);
    char *own = room;
    memset(own, 'y', LONG);
    file_map_passed(str_of(own, LONG));
    assert_int_equal(file_map_find_byte(str_of(own, LONG), 'z'), -1);
    (void)crypto_sha256(str_of(own, LONG));
    for (ptrdiff_t i = 0; i < LONG; i++)
        assert_int_equal(own[i], 'y');
    file_map_passed((str){0});
    file_map_passed(str_sub(bytes, 10, 20));
    assert_int_equal(bytes.at[15], 'x');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_searched_is_found_wherever_it_stands),
        TEST(a_long_file_that_is_read_through_takes_little_memory),
        TEST(other_memory_is_left_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
