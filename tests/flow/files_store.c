/* Attachments in a store that speaks S3, in a process of its own that verifies signatures and fails
 * when it is told to: what is answered is there, the folder here is only a cache. */
#include "files_world.h"
#undef SECRET

#include <fcntl.h>
#include <sys/stat.h>

#include "care/blob_file.h"
#include "care/blob_store.h"
#include "s3_peer.h"

enum { MOST_BYTES = 100 * 1024 * 1024 };

static struct blob_store *use_as(struct test_app *app, int64_t most_bytes)
{
    struct s3 *s3 = s3_peer_open(S("desk"), S("s3cret/of+tests"));
    s3_peer_clear();
    app->config.blob_store = blob_store_open(s3, app->config.blobs_dir, most_bytes);
    assert_non_null(app->config.blob_store);
    return app->config.blob_store;
}

static struct blob_store *use(struct test_app *app)
{
    return use_as(app, MOST_BYTES);
}

static void unuse(struct test_app *app)
{
    blob_store_close(app->config.blob_store);
    app->config.blob_store = NULL;
}

static void forget_all(struct test_app *app)
{
    assert_ok(file_tree_remove(str_print(
        &app->arena, "%.*s/%lld", SARG(app->config.blobs_dir), (long long)app->account.v)));
}

static str only_object(void)
{
    str first, rest;
    assert_true(str_cut(s3_peer_objects(), '\n', &first, &rest));
    assert_int_equal(rest.len, 0);
    return first;
}

static void a_file_is_in_the_store_and_comes_back_from_it(void **state)
{
    struct test_app *app = *state;
    use(app);
    str bytes = noise(app, 700 * 1024);
    str id = upload_whole(app, app->owner_token, "/api/v1", "a.bin", bytes);
    str key = only_object();
    assert_true(str_starts(key, str_print(&app->arena, "desk/%lld/", (long long)app->account.v)));
    (void)s3_peer_requests();
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 200);
    assert_true(str_eq(s3_peer_requests(), S(""))); /* it is here */
    forget_all(app);
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 200);
    assert_true(str_eq(app->body, bytes));
    assert_true(str_starts(s3_peer_requests(), S("GET /attachments/desk/")));
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 200);
    assert_true(str_eq(s3_peer_requests(), S("")));
    unuse(app);
}

static void no_transaction_waits_for_the_store(void **state)
{
    struct test_app *app = *state;
    use(app);
    str bytes = noise(app, 1000), path;
    (void)upload_whole(app, app->owner_token, "/api/v1", "a.bin", bytes);
    str key = only_object(), name = str_sub(key, key.len - 64, 64);
    struct ctx cx = {.arena = &app->arena, .account = app->account, .config = &app->config};
    forget_all(app);
    (void)s3_peer_requests();
    assert_ok(db_begin(app->db, DB_WRITE, &app->arena, &cx.db));
    assert_int_equal(blob_here(&cx, name, &path), E_BUSY);
    assert_true(blob_is_wanted(&cx));
    assert_ok(db_rollback(cx.db));
    assert_true(str_eq(s3_peer_requests(), S("")));
    cx.db = NULL;
    assert_ok(blob_bring(&cx));
    assert_false(blob_is_wanted(&cx));
    assert_ok(blob_here(&cx, name, &path));
    str gone = str_cat(&app->arena, S("00000000"), str_skip(name, 8));
    assert_ok(db_begin(app->db, DB_READ, &app->arena, &cx.db));
    assert_int_equal(blob_here(&cx, gone, &path), E_BUSY);
    assert_ok(db_rollback(cx.db));
    cx.db = NULL;
    assert_int_equal(blob_bring(&cx), E_NOT_FOUND);
    assert_ok(db_begin(app->db, DB_READ, &app->arena, &cx.db));
    assert_int_equal(blob_here(&cx, gone, &path), E_NOT_FOUND); /* it is known now */
    assert_false(blob_is_wanted(&cx));
    assert_ok(db_rollback(cx.db));
    unuse(app);
}

static void nothing_is_acknowledged_that_the_store_has_not(void **state)
{
    struct test_app *app = *state;
    use(app);
    str id = upload_begin(app, app->owner_token, "/api/v1", "a.txt", 5);
    s3_peer_fail("503", 3);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 0, S("bytes")), 503);
    test_log_had(LOG_WARN, "request failed");
    test_log_had(LOG_WARN, "the store of attachments gave no good answer");
    assert_true(str_eq(s3_peer_objects(), S("")));
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 0, S("bytes")), 200);
    assert_true(only_object().len > 0);
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 200);
    assert_str(app->body, "bytes");
    unuse(app);
}

static void bytes_that_came_damaged_are_never_served(void **state)
{
    struct test_app *app = *state;
    use(app);
    str id = upload_whole(app, app->owner_token, "/api/v1", "a.txt", S("the right bytes"));
    forget_all(app);
    s3_peer_fail("wrong", 1); /* on its way only */
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 200);
    assert_str(app->body, "the right bytes");
    forget_all(app);
    s3_peer_damage(only_object());
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 503);
    test_log_had(LOG_WARN, "request failed");
    test_log_had(LOG_ERROR, "an attachment in the store is damaged");
    unuse(app);
}

static void a_file_that_the_store_lost_is_told_from_one_that_waits(void **state)
{
    struct test_app *app = *state;
    use(app);
    str id = upload_whole(app, app->owner_token, "/api/v1", "a.txt", S("bytes"));
    forget_all(app);
    s3_peer_fail("403", 2);
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 503);
    test_log_had(LOG_WARN, "request failed");
    test_log_had(LOG_WARN, "the store of attachments gave no good answer");
    s3_peer_clear();
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 404);
    test_log_had(LOG_WARN, "a stored file is missing");
    unuse(app);
}

static void what_is_removed_goes_from_store_and_cache(void **state)
{
    struct test_app *app = *state;
    use(app);
    (void)upload_whole(app, app->owner_token, "/api/v1", "a.txt", S("bytes"));
    str key = only_object(), hash = str_sub(key, key.len - 64, 64), path;
    struct ctx cx = {.arena = &app->arena, .account = app->account, .config = &app->config};
    assert_ok(blob_here(&cx, hash, &path));
    s3_peer_fail("503", 3);
    assert_int_equal(blob_remove(&cx, hash), E_BUSY); /* its row stays, and it is tried again */
    test_log_had(LOG_WARN, "the store of attachments gave no good answer");
    assert_ok(blob_remove(&cx, hash));
    int64_t size;
    assert_true(str_eq(s3_peer_objects(), S("")));
    assert_int_equal(file_size(path, &size), E_NOT_FOUND);
    unuse(app);
}

static void the_cache_forgets_what_was_not_used(void **state)
{
    struct test_app *app = *state;
    struct blob_store *store = use(app);
    str id = upload_whole(app, app->owner_token, "/api/v1", "a.txt", S("bytes"));
    str waits = upload_begin(app, app->owner_token, "/api/v1", "b.txt", 10);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", waits, 0, S("begin")), 200);
    str key = only_object(), path;
    struct ctx cx = {.arena = &app->arena, .account = app->account, .config = &app->config};
    assert_ok(blob_here(&cx, str_sub(key, key.len - 64, 64), &path));
    int64_t size, changed_ms, before_ms = clock_now_ms();
    assert_ok(file_changed_ms(path, &changed_ms));
    clock_fix(changed_ms + BLOB_CACHE_YOUNG_MS / 2);
    blob_store_trim(store);
    assert_ok(file_size(path, &size));
    clock_fix(changed_ms + BLOB_CACHE_UNUSED_MS + BLOB_CACHE_YOUNG_MS);
    blob_store_trim(store);
    assert_int_equal(file_size(path, &size), E_NOT_FOUND);
    clock_fix(before_ms);
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 200);
    assert_str(app->body, "bytes");
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", waits, 5, S("there")), 200);
    unuse(app);
}

/* Where the copy of a file with these bytes is, last used so long ago. */
static str used(struct test_app *app, str bytes, int64_t hours)
{
    struct ctx cx = {.arena = &app->arena, .account = app->account, .config = &app->config};
    struct sha256 sum = crypto_sha256(bytes);
    str path, name = crypto_hex(&app->arena, str_of(sum.b, (ptrdiff_t)sizeof sum.b));
    assert_ok(blob_here(&cx, name, &path));
    time_t at = (time_t)(clock_now_ms() / 1000 - hours * 3600);
    const struct timespec times[2] = {{.tv_sec = at}, {.tv_sec = at}};
    assert_int_equal(utimensat(AT_FDCWD, str_z(&app->arena, path), times, 0), 0);
    return path;
}

static void a_cache_that_is_full_forgets_what_was_not_used_for_longest(void **state)
{
    struct test_app *app = *state;
    struct blob_store *store = use_as(app, 1500 * 1000);
    str bytes = noise(app, 700 * 1000 + 3), paths[4];
    int64_t size;
    for (int i = 0; i < 4; i++)
        (void)upload_whole(
            app, app->owner_token, "/api/v1", "a.bin", str_sub(bytes, i, 700 * 1000));
    const int64_t hours[4] = {3, 1, 2, 4};
    for (int i = 0; i < 4; i++)
        paths[i] = used(app, str_sub(bytes, i, 700 * 1000), hours[i]);
    blob_store_trim(store);
    const bool stays[4] = {false, true, true, false};
    for (int i = 0; i < 4; i++)
        assert_int_equal(file_size(paths[i], &size), stays[i] ? OK : E_NOT_FOUND);
    str line, rest = s3_peer_objects();
    for (int i = 0; i < 4; i++)
        assert_true(str_cut(rest, '\n', &line, &rest)); /* the store has all of them */
    unuse(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(a_file_is_in_the_store_and_comes_back_from_it),
        TEST_APP(no_transaction_waits_for_the_store),
        TEST_APP(nothing_is_acknowledged_that_the_store_has_not),
        TEST_APP(bytes_that_came_damaged_are_never_served),
        TEST_APP(a_file_that_the_store_lost_is_told_from_one_that_waits),
        TEST_APP(what_is_removed_goes_from_store_and_cache),
        TEST_APP(the_cache_forgets_what_was_not_used),
        TEST_APP(a_cache_that_is_full_forgets_what_was_not_used_for_longest),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
