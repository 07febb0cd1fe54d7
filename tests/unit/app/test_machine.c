/* What a node needs of the machine: open files for its connections; the one folder of files that
 * all nodes of a database share. */
#include "test.h"

#include "app/files.h"
#include "app/machine.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/limits.h"
#include "test_db.h"

#include <sys/resource.h>
#include <unistd.h>

/* ── open files ── */

struct room {
    rlim_t soft, hard;
    int64_t connections, expected;
    rlim_t soft_after;
};

/* In a child process, as a hard limit cannot be raised again. */
static void try_room(void *arg)
{
    const struct room *r = arg;
    struct rlimit files = {.rlim_cur = r->soft, .rlim_max = r->hard};
    bool is_right = setrlimit(RLIMIT_NOFILE, &files) == 0 &&
                    machine_make_room(r->connections) == r->expected &&
                    getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur == r->soft_after &&
                    files.rlim_max == r->hard;
    _exit(is_right ? 0 : 1);
}

static void the_soft_limit_is_raised_to_what_the_connections_need(void **state)
{
    (void)state;
    struct room enough = {200, 1000, 400, 400, 400 + LIMIT_HTTP_SPARE_FILES};
    assert_int_equal(test_child(try_room, &enough), 0);
    struct room plenty = {990, 1000, 400, 400, 990}; /* left as it is */
    assert_int_equal(test_child(try_room, &plenty), 0);
}

static void a_hard_limit_below_that_is_used_up_and_told(void **state)
{
    (void)state;
    struct room tight = {200, 800, 1000, 800 - LIMIT_HTTP_SPARE_FILES, 800};
    assert_int_equal(test_child(try_room, &tight), 0);
    struct rlimit files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    rlim_t before = files.rlim_cur;
    if (files.rlim_max == RLIM_INFINITY)
        return;
    (void)machine_make_room((int64_t)files.rlim_max); /* 512 more than there can be */
    test_log_had(LOG_WARN, "raise the hard limit of open files");
    files.rlim_cur = before;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
}

/* ── the folder of files ── */

static str folder(const char *name)
{
    str path = test_path(name);
    assert_ok(file_folder_make(path, 0700));
    return path;
}

static str mark_of(str blobs)
{
    str mark;
    assert_ok(
        file_read(test_arena(), str_cat(test_arena(), blobs, S("/installation")), 1000, &mark));
    return mark;
}

static err check_blobs(struct db *db, str blobs, str *why)
{
    struct files files = {.blobs_dir = blobs};
    return machine_check_blobs(test_arena(), db, &files, NULL, why);
}

static void nodes_with_the_same_folder_agree(struct test_db *t)
{
    str why = {0}, shared = folder("shared");
    struct db *other = test_db_again(t);
    assert_ok(check_blobs(t->db, shared, &why));
    str mark = mark_of(shared);
    assert_int_equal(mark.len, 32);
    assert_ok(check_blobs(other, shared, &why));
    assert_ok(check_blobs(t->db, shared, &why)); /* started again */
    assert_true(str_eq(mark, mark_of(shared)));
    db_close(other);
}

static void another_folder_is_refused_and_left_as_it_was(struct test_db *t)
{
    str why = {0}, first = folder("first"), second = folder("second"), third = folder("third"),
        mark;
    assert_ok(check_blobs(t->db, first, &why));
    assert_err(check_blobs(t->db, second, &why), E_CONFLICT);
    assert_true(str_find(why, S("--blobs")) > 0 && str_find(why, second) > 0);
    str path = str_cat(test_arena(), second, S("/installation"));
    assert_err(file_read(test_arena(), path, 1000, &mark), E_NOT_FOUND);
    path = str_cat(test_arena(), third, S("/installation")); /* of another installation */
    assert_ok(file_write(path, S("0123456789abcdef0123456789abcdef"), 0600));
    assert_err(check_blobs(t->db, third, &why), E_CONFLICT);
    assert_str(mark_of(third), "0123456789abcdef0123456789abcdef");
    assert_ok(check_blobs(t->db, first, &why));
}

static void a_folder_that_is_not_there_is_told(struct test_db *t)
{
    str why = {0};
    assert_err(check_blobs(t->db, test_path("nowhere"), &why), E_INVALID);
    assert_true(str_find(why, S("nowhere")) > 0);
}

static void a_mark_whose_writer_died_is_made_anew(struct test_db *t)
{
    str why = {0}, shared = folder("shared");
    assert_ok(file_write(str_cat(test_arena(), shared, S("/installation")), S("0123"), 0600));
    assert_ok(check_blobs(t->db, shared, &why));
    assert_int_equal(mark_of(shared).len, 32);
    assert_ok(check_blobs(t->db, shared, &why));
}

#define ON_POSTGRES(fn)                                                                            \
    static void fn##_postgres(void **state)                                                        \
    {                                                                                              \
        (void)state;                                                                               \
        struct test_db *t = test_db_open(DB_POSTGRES);                                             \
        if (!t)                                                                                    \
            skip();                                                                                \
        fn(t);                                                                                     \
        test_db_close(t);                                                                          \
    }
/* clang-format off */
ON_POSTGRES(nodes_with_the_same_folder_agree)
ON_POSTGRES(another_folder_is_refused_and_left_as_it_was)
ON_POSTGRES(a_folder_that_is_not_there_is_told)
ON_POSTGRES(a_mark_whose_writer_died_is_made_anew)
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_soft_limit_is_raised_to_what_the_connections_need),
        TEST(a_hard_limit_below_that_is_used_up_and_told),
        TEST(nodes_with_the_same_folder_agree_postgres),
        TEST(another_folder_is_refused_and_left_as_it_was_postgres),
        TEST(a_folder_that_is_not_there_is_told_postgres),
        TEST(a_mark_whose_writer_died_is_made_anew_postgres),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
