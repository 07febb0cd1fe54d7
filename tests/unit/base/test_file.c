/* file.c: whole files or none, clear results, and the failing and crashing seam. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/file.h"

static int mode_of(str path)
{
    struct stat st;
    if (stat(str_z(test_arena(), path), &st) != 0)
        return -1;
    return (int)(st.st_mode & 0777);
}

static bool exists(str path)
{
    return mode_of(path) >= 0;
}

/* How many entries the test's folder has. */
static int entries(void)
{
    int n = 0;
    DIR *d = opendir(str_z(test_arena(), test_folder()));
    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    (void)closedir(d);
    return n;
}

static void a_file_is_read_as_it_was_written(void **state)
{
    (void)state;
    str path = test_path("a"), content;
    assert_ok(file_write(path, S("hello\0world"), 0600));
    assert_int_equal(mode_of(path), 0600);
    assert_ok(file_read(test_arena(), path, 100, &content));
    assert_true(str_eq(content, S("hello\0world")));
    assert_ok(file_write(path, S(""), 0600));
    assert_ok(file_read(test_arena(), path, 100, &content));
    assert_int_equal(content.len, 0);
}

static void a_file_longer_than_the_maximum_is_refused(void **state)
{
    (void)state;
    str path = test_path("a"), content = S("untouched");
    assert_ok(file_write(path, S("12345"), 0600));
    assert_ok(file_read(test_arena(), path, 5, &content));
    assert_str(content, "12345");
    assert_err(file_read(test_arena(), path, 4, &content), E_LIMIT);
    assert_ok(file_read(test_arena(), S("/proc/self/stat"), 4096, &content)); /* size says 0 */
    assert_true(content.len > 10);
    assert_err(file_read(test_arena(), S("/proc/self/stat"), 10, &content), E_LIMIT);
}

static void results_name_what_is_wrong(void **state)
{
    (void)state;
    str content;
    int fd;
    int64_t size;
    assert_err(file_read(test_arena(), test_path("none"), 10, &content), E_NOT_FOUND);
    assert_err(file_size(test_path("none/x"), &size), E_NOT_FOUND);
    assert_err(file_read(test_arena(), test_folder(), 10, &content), E_INVALID);
    assert_err(file_read(test_arena(), S(""), 10, &content), E_INVALID);
    assert_err(file_read(test_arena(), S("a\0b"), 10, &content), E_INVALID);
    assert_err(
        file_read(test_arena(), str_print(test_arena(), "%09999d", 1), 10, &content), E_INVALID);
    assert_ok(file_write(test_path("a"), S("x"), 0600));
    assert_err(file_open_write(test_path("a"), 0600, true, &fd), E_CONFLICT);
    assert_ok(file_size(test_path("a"), &size));
    assert_int_equal(size, 1);
}

static void a_link_is_not_followed_when_writing(void **state)
{
    (void)state;
    int fd;
    assert_ok(file_write(test_path("real"), S("x"), 0600));
    char *link = str_z(test_arena(), test_path("link"));
    assert_int_equal(symlink(str_z(test_arena(), test_path("real")), link), 0);
    assert_err(file_open_write(str_from(link), 0600, false, &fd), E_INTERNAL);
    /* Replacing by rename replaces the link, not what it points to. */
    assert_ok(file_write(str_from(link), S("new"), 0600));
    str content;
    assert_ok(file_read(test_arena(), test_path("real"), 10, &content));
    assert_str(content, "x");
}

static void a_fifo_does_not_hold_the_reader(void **state)
{
    (void)state;
    str content;
    assert_int_equal(mkfifo(str_z(test_arena(), test_path("fifo")), 0600), 0);
    assert_err(file_read(test_arena(), test_path("fifo"), 10, &content), E_INVALID);
}

static void parts_are_written_and_read_at_their_places(void **state)
{
    (void)state;
    int fd, reader;
    int64_t size;
    char bytes[10];
    ptrdiff_t got;
    assert_ok(file_open_write(test_path("a"), 0600, true, &fd));
    assert_ok(file_write_at(fd, 3, S("defg")));
    assert_ok(file_write_at(fd, 0, S("abc")));
    assert_ok(file_truncate(fd, 6));
    assert_ok(file_sync(fd));
    file_close(fd);
    file_close(-1);
    assert_ok(file_open_read(test_path("a"), &reader, &size));
    assert_int_equal(size, 6);
    assert_ok(file_read_at(reader, 2, bytes, 10, &got));
    assert_str(str_of(bytes, got), "cdef");
    assert_ok(file_read_at(reader, 6, bytes, 10, &got));
    assert_int_equal(got, 0);
    assert_true((fcntl(reader, F_GETFD) & FD_CLOEXEC) != 0);
    file_close(reader);
}

static void renaming_and_removing_are_repeatable(void **state)
{
    (void)state;
    assert_ok(file_write(test_path("a"), S("x"), 0600));
    assert_ok(file_folder_make(test_path("d/e"), 0700));
    assert_ok(file_rename(test_path("a"), test_path("d/e/b")));
    assert_false(exists(test_path("a")));
    assert_err(file_rename(test_path("a"), test_path("d/e/b")), E_NOT_FOUND);
    assert_ok(file_remove(test_path("d/e/b")));
    assert_ok(file_remove(test_path("d/e/b"))); /* gone already */
}

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    assert_ok(file_folder_make(test_path("x/y//z/"), 0700));
    assert_int_equal(mode_of(test_path("x/y/z")), 0700);
    assert_ok(file_folder_make(test_path("x/y/z"), 0700));
    assert_ok(file_write(test_path("file"), S(""), 0600));
    assert_err(file_folder_make(test_path("file"), 0700), E_CONFLICT);
    assert_err(file_folder_make(test_path("file/below"), 0700), E_NOT_FOUND);
}

static void a_tree_is_removed_without_following_links(void **state)
{
    (void)state;
    assert_ok(file_folder_make(test_path("tree/a/b"), 0700));
    assert_ok(file_write(test_path("tree/a/b/file"), S("x"), 0600));
    assert_ok(file_folder_make(test_path("kept"), 0700));
    assert_ok(file_write(test_path("kept/file"), S("x"), 0600));
    assert_int_equal(symlink(str_z(test_arena(), test_path("kept")),
                         str_z(test_arena(), test_path("tree/link"))),
        0);
    assert_ok(file_tree_remove(test_path("tree")));
    assert_false(exists(test_path("tree")));
    assert_true(exists(test_path("kept/file")));
    assert_ok(file_tree_remove(test_path("tree")));
}

static void a_lock_has_one_holder(void **state)
{
    (void)state;
    int one, two;
    assert_ok(file_lock(test_path("lock"), &one));
    assert_err(file_lock(test_path("lock"), &two), E_CONFLICT);
    file_close(one);
    assert_ok(file_lock(test_path("lock"), &two));
    file_close(two);
}

static err write_step(struct arena *a, void *arg)
{
    (void)a;
    return file_write(*(str *)arg, S("new"), 0600);
}

/* An fsync that fails ends the process, so only what comes before it can be tried here. */
static void a_write_that_fails_leaves_the_old_file_and_no_rest(void **state)
{
    (void)state;
    str path = test_path("a"), content;
    const int errors[] = {ENOSPC, EDQUOT, EMFILE};
    assert_ok(file_write(path, S("old"), 0600));
    int before = entries();
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        for (long nth = 1; nth <= 2; nth++) { /* open, write */
            file_fail_at(nth, 1, errors[i]);
            assert_err(write_step(test_arena(), &path), E_BUSY);
            assert_ok(file_read(test_arena(), path, 10, &content));
            assert_str(content, "old");
            assert_int_equal(entries(), before);
        }
    file_fail_at(4, 1, EIO); /* the rename */
    assert_err(file_write(path, S("new"), 0600), E_INTERNAL);
    assert_ok(file_read(test_arena(), path, 10, &content));
    assert_str(content, "old");
}

static err read_step(struct arena *a, void *arg)
{
    str content;
    return file_read(a, *(str *)arg, 100, &content);
}

static void reading_survives_every_failure(void **state)
{
    (void)state;
    str path = test_path("a");
    assert_ok(file_write(path, S("hello"), 0600));
    for_each_file_failure(read_step, &path, EIO, E_INTERNAL);
    for_each_file_failure(read_step, &path, EMFILE, E_BUSY);
    for_each_allocation_failure(read_step, &path);
}

struct crash {
    str path;
    long at;
};

static void write_and_crash(void *arg)
{
    struct crash *c = arg;
    file_fail_at(c->at, 1, FILE_CRASH);
    if (file_write(c->path, S("the new content"), 0600) != OK)
        _exit(9);
}

static void a_crash_at_any_step_leaves_the_old_or_the_new_content(void **state)
{
    (void)state;
    bool has_seen_old = false, has_seen_new = false;
    crypto_random_fix(0); /* a killed writer's temp file stays: the next needs another name */
    for (long at = 1;; at++) {
        struct crash c = {.path = test_path("a"), .at = at};
        str content;
        assert_ok(file_write(c.path, S("the old content"), 0600));
        int end = test_child(write_and_crash, &c);
        assert_ok(file_read(test_arena(), c.path, 100, &content));
        bool is_new = str_eq(content, S("the new content"));
        assert_true(is_new || str_eq(content, S("the old content")));
        has_seen_old |= !is_new;
        has_seen_new |= is_new;
        if (end == 0)
            break;
        assert_int_equal(end, SIGKILL);
        assert_true(at < 20);
    }
    assert_true(has_seen_old && has_seen_new);
}

static void sync_with_failure(void *arg)
{
    int fd;
    if (file_open_write(*(str *)arg, 0600, false, &fd) != OK)
        _exit(9);
    file_fail_at(1, 1, EIO);
    (void)file_sync(fd); /* never comes back */
}

static void a_failing_sync_ends_the_process(void **state)
{
    (void)state;
    str path = test_path("a");
    assert_int_equal(test_child(sync_with_failure, &path), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_read_as_it_was_written),
        TEST(a_file_longer_than_the_maximum_is_refused),
        TEST(results_name_what_is_wrong),
        TEST(a_link_is_not_followed_when_writing),
        TEST(a_fifo_does_not_hold_the_reader),
        TEST(parts_are_written_and_read_at_their_places),
        TEST(renaming_and_removing_are_repeatable),
        TEST(folders_are_made_with_their_parents),
        TEST(a_tree_is_removed_without_following_links),
        TEST(a_lock_has_one_holder),
        TEST(a_write_that_fails_leaves_the_old_file_and_no_rest),
        TEST(reading_survives_every_failure),
        TEST(a_crash_at_any_step_leaves_the_old_or_the_new_content),
        TEST(a_failing_sync_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
