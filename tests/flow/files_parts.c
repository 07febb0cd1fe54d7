/* Files on their way up: parts, wrong offsets, repetition, whose they are, what they are by
 * content. */
#include "files_world.h"

static void a_file_comes_in_parts_and_goes_out_whole(void **state)
{
    struct test_app *app = *state;
    ptrdiff_t size = 3 * 512 * 1024 + 77;
    str bytes = noise(app, size);
    str id = upload_begin(app, app->owner_token, "/api/v1", "report.bin", size);
    for (ptrdiff_t at = 0; at < size; at += PART_BYTES) {
        str part = str_sub(bytes, at, PART_BYTES);
        assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, at, part), 200);
        assert_int_equal(test_int(app, "received"), at + part.len);
    }
    assert_str(test_text(app, "attachment.type"), "application/octet-stream");
    assert_str(test_text(app, "attachment.state"), "ready");
    assert_int_equal(test_int(app, "attachment.size"), size);
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 200);
    assert_true(str_eq(app->body, bytes));
    assert_str(app->content_type, "application/octet-stream");
    assert_str(test_answer_header(app, "X-Content-Type-Options"), "nosniff");
    assert_true(str_starts(test_answer_header(app, "Cache-Control"), S("private")));
    assert_true(str_find(test_answer_header(app, "Content-Security-Policy"), S("sandbox")) >= 0);
    assert_true(str_starts(test_answer_header(app, "Content-Disposition"), S("attachment;")));
}

static void a_part_sent_again_changes_nothing(void **state)
{
    struct test_app *app = *state;
    str id = upload_begin(app, app->owner_token, "/api/v1", "a.txt", 8);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 0, S("four")), 200);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 0, S("four")), 200);
    assert_int_equal(test_int(app, "received"), 4);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 4, S("more")), 200);
    str first = test_text(app, "attachment.id");
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 4, S("more")), 200);
    assert_true(str_eq(first, test_text(app, "attachment.id")));
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 200);
    assert_str(app->body, "fourmore");
}

static void a_wrong_offset_is_told_where_the_upload_stands(void **state)
{
    struct test_app *app = *state;
    str id = upload_begin(app, app->owner_token, "/api/v1", "a.txt", 10);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 4, S("late")), 409);
    assert_int_equal(test_int(app, "error.details.received"), 0);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 0, S("begin")), 200);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 2, S("xx")), 409);
    assert_str(test_text(app, "error.code"), "conflict.offset");
    assert_int_equal(test_int(app, "error.details.received"), 5);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 5, S("toomuch")), 400);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 5, S("")), 400);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 5, S("there")), 200);
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 200);
    assert_str(app->body, "beginthere");
}

static void an_upload_whose_bytes_are_lost_begins_again(void **state)
{
    struct test_app *app = *state;
    str id = upload_begin(app, app->owner_token, "/api/v1", "a.txt", 10);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 0, S("begin")), 200);
    str path = str_print(&app->arena, "%.*s/%lld/parts/%.*s", SARG(app->config.blobs_dir),
        (long long)app->account.v, SARG(id));
    assert_ok(file_remove(path)); /* as when the process ended between disk and commit */
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 5, S("there")), 409);
    assert_int_equal(test_int(app, "error.details.received"), 0);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 0, S("begin")), 200);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 5, S("there")), 200);
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 200);
    assert_str(app->body, "beginthere");
}

static void empty_nameless_and_oversize_files_are_refused(void **state)
{
    struct test_app *app = *state;
    const char *path = "/api/v1/uploads";
    assert_int_equal(test_request(app, "POST", path, "{\"name\":\"a\",\"size\":0}"), 400);
    assert_str(test_text(app, "error.field"), "size");
    assert_int_equal(test_request(app, "POST", path, "{\"name\":\"a\",\"size\":-1}"), 400);
    assert_int_equal(test_request(app, "POST", path, "{\"name\":\"\",\"size\":1}"), 400);
    assert_str(test_text(app, "error.field"), "name");
    assert_int_equal(test_request(app, "POST", path, "{\"size\":1}"), 400);
    assert_int_equal(test_request(app, "POST", path, "{\"name\":\"a\",\"size\":104857601}"), 413);
    assert_str(test_text(app, "error.code"), "limit.size");
    assert_int_equal(test_request(app, "POST", path, "{\"name\":\"a\",\"size\":104857600}"), 201);
    assert_int_equal(
        test_request(app, "POST", path, "{\"name\":\"a\",\"size\":1,\"owner_id\":\"1\"}"), 400);
}

static void an_upload_is_its_owners_alone(void **state)
{
    struct test_app *app = *state;
    str other = test_agent_add(app, "ben@test.example", "agent", NULL);
    str stranger = test_account_add(app, "other", NULL);
    str id = upload_begin(app, app->owner_token, "/api/v1", "a.txt", 4);
    assert_int_equal(put_part(app, other, "/api/v1", id, 0, S("mine")), 404);
    assert_int_equal(put_part(app, stranger, "/api/v1", id, 0, S("mine")), 404);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 0, S("mine")), 200);
    assert_int_equal(download(app, other, "/api/v1", id, ""), 404);
    assert_int_equal(download(app, stranger, "/api/v1", id, ""), 404);
    assert_int_equal(put_part(app, other, "/api/v1", id, 0, S("mine")), 404);
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 200);
}

static void one_person_keeps_a_bounded_number_of_loose_files(void **state)
{
    struct test_app *app = *state;
    for (int i = 0; i < LIMIT_UPLOADS_OPEN; i++)
        (void)upload_begin(app, app->owner_token, "/api/v1", "a.txt", 4);
    assert_int_equal(test_request_as(app, app->owner_token, "POST", "/api/v1/uploads",
                         "{\"name\":\"a\",\"size\":1}"),
        429);
}

struct sample {
    const char *name, *type;
    str bytes;
};

static void the_content_says_what_a_file_is_not_its_name(void **state)
{
    struct test_app *app = *state;
    /* clang-format off */
    const struct sample samples[] = {
        {"evil.png", "application/octet-stream",
         S("<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>")},
        {"evil.txt", "application/octet-stream", S("<!doctype html><script>alert(1)</script>")},
        {"evil.jpg", "application/octet-stream", S("<?xml version=\"1.0\"?><a/>")},
        {"evil.gif", "application/octet-stream", S("#!/bin/sh\nrm -rf /\n")},
        {"evil.pdf", "application/octet-stream", S("MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0")},
        {"note.exe", "text/plain", S("Only words.\n")},
        {"odd", "application/pdf", S("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< >>\nendobj\n")},
        {"photo.txt", "image/png", png_bytes(app, 20, 10)},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        str id = upload_whole(app, app->owner_token, "/api/v1", samples[i].name, samples[i].bytes);
        if (!str_eq(test_text(app, "attachment.type"), str_from(samples[i].type)))
            fail_msg("%s: %.*s", samples[i].name, SARG(test_text(app, "attachment.type")));
        bool is_png = str_eq(str_from(samples[i].type), S("image/png"));
        assert_int_equal(test_int(app, "attachment.width"), is_png ? 20 : 0);
        assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 200);
        assert_str(app->content_type, samples[i].type);
        assert_true(str_starts(test_answer_header(app, "Content-Disposition"), S("attachment;")));
    }
}

static void a_bomb_of_a_picture_is_a_file_like_any_other(void **state)
{
    struct test_app *app = *state;
    str id = upload_whole(app, app->owner_token, "/api/v1", "b.png", png_bytes(app, 60000, 60000));
    assert_str(test_text(app, "attachment.type"), "application/octet-stream");
    assert_str(test_text(app, "attachment.state"), "ready");
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, "?thumbnail=1"), 404);
    struct ctx *cx = test_begin(app);
    struct job_row_count {
        int64_t n;
    } row;
    static const struct db_col cols[] = {COL(struct job_row_count, n)};
    assert_ok(db_one(cx->db, S("SELECT /* test */ COUNT(*) AS n FROM job WHERE kind = 'thumbnail'"),
        NO_ARGS, COLS(cols), &row));
    test_rollback(app, cx);
    assert_int_equal(row.n, 0);
}

static void a_hostile_name_cannot_leave_its_place(void **state)
{
    struct test_app *app = *state;
    const char *names[] = {"../../etc/passwd", "..\\\\..\\\\boot.ini", "a/b\\\"; rm -rf.txt",
        "\\u200bname\\u200d.txt", "নথি \\\"১\\\".txt", "..", "%2e%2e%2fx"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        str id = upload_whole(app, app->owner_token, "/api/v1", names[i], S("hello"));
        str name = test_text(app, "attachment.name");
        assert_true(name.len > 0 && str_find_byte(name, '/') < 0 && str_find_byte(name, '\\') < 0);
        assert_true(str_find(name, S("\xe2\x80\x8b")) < 0);
        assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 200);
        str said = test_answer_header(app, "Content-Disposition");
        str quoted = str_skip(said, str_find(said, S("filename=\"")) + 10), inside, rest;
        assert_true(str_cut(quoted, '"', &inside, &rest));
        assert_true(str_starts(rest, S("; filename*=UTF-8''")));
    }
    assert_int_equal(
        test_request(app, "POST", "/api/v1/uploads", "{\"name\":\"a\\u0007b\",\"size\":1}"), 400);
    assert_int_equal(
        test_request(app, "POST", "/api/v1/uploads", "{\"name\":\"a\\u202egnp.exe\",\"size\":1}"),
        400);
}

static void the_same_bytes_are_kept_once(void **state)
{
    struct test_app *app = *state;
    struct ctx *cx;
    struct blob_count {
        int64_t n;
    } row;
    static const struct db_col cols[] = {COL(struct blob_count, n)};
    (void)upload_whole(app, app->owner_token, "/api/v1", "a.txt", S("the same"));
    (void)upload_whole(app, app->owner_token, "/api/v1", "b.txt", S("the same"));
    cx = test_begin(app);
    assert_ok(
        db_one(cx->db, S("SELECT /* test */ COUNT(*) AS n FROM blob"), NO_ARGS, COLS(cols), &row));
    test_rollback(app, cx);
    assert_int_equal(row.n, 1);
}

static void a_full_disk_is_told_and_the_upload_goes_on_later(void **state)
{
    struct test_app *app = *state;
    str id = upload_begin(app, app->owner_token, "/api/v1", "a.txt", 8);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 0, S("four")), 200);
    file_fail_at(1, 100, ENOSPC);
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 4, S("more")), 503);
    file_fail_at(0, 0, 0);
    test_log_had(LOG_WARN, "request failed");
    assert_int_equal(put_part(app, app->owner_token, "/api/v1", id, 4, S("more")), 200);
    assert_int_equal(download(app, app->owner_token, "/api/v1", id, ""), 200);
    assert_str(app->body, "fourmore");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(a_file_comes_in_parts_and_goes_out_whole),
        TEST_APP(a_part_sent_again_changes_nothing),
        TEST_APP(a_wrong_offset_is_told_where_the_upload_stands),
        TEST_APP(an_upload_whose_bytes_are_lost_begins_again),
        TEST_APP(empty_nameless_and_oversize_files_are_refused),
        TEST_APP(an_upload_is_its_owners_alone),
        TEST_APP(one_person_keeps_a_bounded_number_of_loose_files),
        TEST_APP(the_content_says_what_a_file_is_not_its_name),
        TEST_APP(a_bomb_of_a_picture_is_a_file_like_any_other),
        TEST_APP(a_hostile_name_cannot_leave_its_place),
        TEST_APP(the_same_bytes_are_kept_once),
        TEST_APP(a_full_disk_is_told_and_the_upload_goes_on_later),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
