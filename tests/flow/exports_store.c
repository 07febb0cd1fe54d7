/* Exports with attachments in a store, in a process of its own: the file goes there in parts, is on
 * no node, and leaves nothing behind, whenever somebody ends it. */
#include "engine_world.h"
#include "s3_peer.h"

#include "base/file.h"
#include "base/limits.h"
#include "care/blob_store.h"
#include "care/data_export.h"

enum { MOST_BYTES = 100 * 1024 * 1024, DAY_MS = 24 * 3600 * 1000 };

struct story {
    struct world w;
    struct test_app *app;
};

static void story_open(struct story *s, void **state)
{
    *s = (struct story){.app = *state};
    struct s3 *s3 = s3_peer_open(S("desk"), S("s3cret/of+tests"));
    s3_peer_clear();
    s->app->config.blob_store = blob_store_open(s3, s->app->config.blobs_dir, MOST_BYTES);
    assert_non_null(s->app->config.blob_store);
    world_open(&s->w, s->app);
    assert_int_equal(
        hook_post(&s->w,
            "{\"messages\":[{\"id\":\"m1\",\"contact\":{\"id\":\"ann\",\"name\":\"Ann\"},"
            "\"text\":\"hello\"}]}"),
        200);
    world_run(&s->w);
}

static void story_close(struct story *s)
{
    world_close(&s->w);
    blob_store_close(s->app->config.blob_store);
    s->app->config.blob_store = NULL;
}

static str asked(struct story *s)
{
    assert_int_equal(
        test_request(s->app, "POST", "/api/v1/exports", "{\"what\":\"account\"}"), 201);
    return str_print(&s->app->arena, "/api/v1/exports/%.*s", SARG(test_text(s->app, "id")));
}

static int get(struct story *s, str path, const char *more)
{
    str whole = str_print(&s->app->arena, "%.*s%s", SARG(path), more);
    return test_request(s->app, "GET", str_z(&s->app->arena, whole), NULL);
}

static bool is_on_this_node(struct story *s, str path)
{
    struct ctx cx = {
        .arena = &s->app->arena, .account = s->app->account, .config = &s->app->config};
    int64_t number, size;
    assert_ok(str_int(str_skip(path, (ptrdiff_t)sizeof "/api/v1/exports"), 1, INT64_MAX, &number));
    return file_size(data_export_path(&cx, (data_export_id){number}), &size) == OK;
}

struct count {
    int64_t parts;
};
static const struct db_col count_cols[] = {COL(struct count, parts)};

static int64_t parts(struct story *s)
{
    struct count row = {0};
    struct ctx *cx = test_begin(s->app);
    assert_ok(db_one(cx->db, S("SELECT COUNT(*) AS parts FROM data_export_part /* test */"),
        NO_ARGS, COLS(count_cols), &row));
    test_rollback(s->app, cx);
    return row.parts;
}

static void one_is_in_the_store_and_goes_from_it_when_it_is_deleted(void **state)
{
    struct story s;
    story_open(&s, state);
    str path = asked(&s);
    world_run(&s.w);
    assert_int_equal(get(&s, path, ""), 200);
    assert_str(test_text(s.app, "state"), "ready");
    assert_int_equal(json_get(s.app->json, S("step"))->kind, JSON_NULL);
    int64_t bytes = test_int(s.app, "bytes");
    assert_false(is_on_this_node(&s, path));
    str part = str_print(&s.app->arena, "/exports/%.*s/0-",
        SARG(str_skip(path, (ptrdiff_t)sizeof "/api/v1/exports")));
    assert_true(str_find(s3_peer_objects(), part) > 0);
    assert_int_equal(parts(&s), 1);
    assert_int_equal(get(&s, path, "/file"), 200);
    assert_int_equal(s.app->body.len, bytes);
    assert_true(str_starts(s.app->body, S("account.jsonl")));
    assert_true(str_find(s.app->body, S("manifest.json")) > 0);
    assert_int_equal(test_request(s.app, "DELETE", str_z(&s.app->arena, path), NULL), 204);
    world_run(&s.w);
    assert_true(str_find(s3_peer_objects(), S("exports")) < 0);
    assert_int_equal(parts(&s), 0);
    assert_int_equal(get(&s, path, "/file"), 404);
    story_close(&s);
}

static void one_goes_from_the_store_when_its_time_is_over(void **state)
{
    struct story s;
    story_open(&s, state);
    (void)asked(&s);
    world_run(&s.w);
    assert_true(str_find(s3_peer_objects(), S("exports")) > 0);
    clock_advance((LIMIT_EXPORT_KEEP_DAYS - 1) * (int64_t)DAY_MS);
    world_run(&s.w);
    assert_true(str_find(s3_peer_objects(), S("exports")) > 0);
    clock_advance(2 * (int64_t)DAY_MS);
    world_run(&s.w);
    assert_true(str_find(s3_peer_objects(), S("exports")) < 0);
    assert_int_equal(parts(&s), 0);
    story_close(&s);
}

static void a_store_that_stumbles_is_waited_for(void **state)
{
    struct story s;
    story_open(&s, state);
    str path = asked(&s);
    s3_peer_fail("503", 3); /* as often as one call tries */
    world_run(&s.w);
    test_log_had(LOG_WARN, "the store of attachments gave no good answer");
    assert_int_equal(get(&s, path, ""), 200);
    assert_str(test_text(s.app, "state"), "ready");
    assert_int_equal(get(&s, path, "/file"), 200);
    story_close(&s);
}

static void a_part_that_came_damaged_is_not_handed_out(void **state)
{
    struct story s;
    story_open(&s, state);
    str path = asked(&s), rest, key;
    world_run(&s.w);
    rest = s3_peer_objects();
    do {
        (void)str_cut(rest, '\n', &key, &rest);
    } while (str_find(key, S("/exports/")) < 0 && rest.len);
    s3_peer_damage(key);
    assert_int_equal(get(&s, path, "/file"), 503);
    test_log_had(LOG_ERROR, "an attachment in the store is damaged");
    test_log_had(LOG_WARN, "request failed");
    story_close(&s);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(one_is_in_the_store_and_goes_from_it_when_it_is_deleted),
        TEST_APP(one_goes_from_the_store_when_its_time_is_over),
        TEST_APP(a_store_that_stumbles_is_waited_for),
        TEST_APP(a_part_that_came_damaged_is_not_handed_out),
    };
    return cmocka_run_group_tests_name("exports_store", tests, NULL, NULL);
}
