/* The data folder: one process, private keys. */
#include "test.h"

#include "app/files.h"
#include "base/file.h"

#include <sys/stat.h>

static struct files resolved(void)
{
    struct settings s = {0};
    struct files files;
    str why;
    s.values[SET_DATA] = test_path("data/");
    assert_ok(files_resolve(test_arena(), &s, &files, &why));
    return files;
}

static void making_it_twice_keeps_the_keys(void **state)
{
    (void)state;
    struct files files = resolved();
    str why = {0}, first, second;
    assert_ok(crypto_start());
    assert_ok(files_make(test_arena(), &files, &why));
    assert_ok(files_make_keys(test_arena(), &files, &why));
    assert_ok(file_read(test_arena(), files.keys_file, 1000, &first));
    assert_ok(files_make(test_arena(), &files, &why));
    assert_ok(files_make_keys(test_arena(), &files, &why));
    assert_ok(file_read(test_arena(), files.keys_file, 1000, &second));
    assert_true(str_eq(first, second));
    struct stat st;
    assert_int_equal(stat(str_z(test_arena(), files.keys_file), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(str_z(test_arena(), files.data_dir), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_true(str_starts(files.db_url, S("sqlite:/")));
}

static void a_key_file_that_others_read_is_refused(void **state)
{
    (void)state;
    struct files files = resolved();
    struct keyring *keys;
    str why = {0};
    assert_ok(crypto_start());
    assert_err(files_keys(test_arena(), &files, &keys, &why), E_INVALID);
    assert_ok(files_make(test_arena(), &files, &why));
    assert_ok(files_make_keys(test_arena(), &files, &why));
    assert_ok(files_keys(test_arena(), &files, &keys, &why));
    assert_int_equal(chmod(str_z(test_arena(), files.keys_file), 0644), 0);
    assert_err(files_keys(test_arena(), &files, &keys, &why), E_INVALID);
    assert_true(str_find(why, S("chmod 600")) > 0);
}

static void one_process_at_a_time_holds_the_folder(void **state)
{
    (void)state;
    struct files one = resolved(), two = resolved();
    str why = {0};
    assert_ok(crypto_start());
    assert_ok(files_make(test_arena(), &one, &why));
    assert_ok(files_lock(test_arena(), &one, &why));
    assert_err(files_lock(test_arena(), &two, &why), E_CONFLICT);
    assert_true(str_find(why, S("in use by another")) > 0);
    files_unlock(&one);
    assert_ok(files_lock(test_arena(), &two, &why));
    files_unlock(&two);
}

static void a_password_is_the_first_line_and_not_short(void **state)
{
    (void)state;
    str password, why;
    assert_ok(file_write(test_path("p"), S("correct horse\r\nsecond line\n"), 0600));
    assert_ok(files_password(test_arena(), test_path("p"), &password, &why));
    assert_str(password, "correct horse");
    assert_ok(file_write(test_path("p"), S("short\n"), 0600));
    assert_err(files_password(test_arena(), test_path("p"), &password, &why), E_INVALID);
    assert_err(files_password(test_arena(), test_path("none"), &password, &why), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(making_it_twice_keeps_the_keys),
        TEST(a_key_file_that_others_read_is_refused),
        TEST(one_process_at_a_time_holds_the_folder),
        TEST(a_password_is_the_first_line_and_not_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
