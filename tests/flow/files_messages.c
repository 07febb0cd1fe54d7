/* Files in messages: who may take and see them, small pictures, drafts, photos, logos, the sweep.
 */
#include "engine_world.h"
#include "files_world.h"

#include "base/file_type.h"

enum { DAY = 24 * 3600 * 1000 };
#define HOUR_MS 3600000

static char *text(struct test_app *app, str s)
{
    return str_z(&app->arena, s);
}

/* The owner writes in a conversation; the status. */
static int answer(struct test_app *app, str conversation, const char *kind, const char *client,
    const char *words, str ids)
{
    str path = str_print(&app->arena, "/api/v1/conversations/%.*s/messages", SARG(conversation));
    str body = str_print(&app->arena,
        "{\"kind\":\"%s\",\"text\":\"%s\",\"client_id\":\"%s\",\"seen_message_id\":\"1\","
        "\"force\":true,\"attachment_ids\":[%.*s]}",
        kind, words, client, SARG(ids));
    return test_request_as(app, app->owner_token, "POST", text(app, path), text(app, body));
}

static str quoted(struct test_app *app, str id)
{
    return str_print(&app->arena, "\"%.*s\"", SARG(id));
}

static int visitor_sends(
    struct test_app *app, str visitor, const char *client, const char *words, str ids)
{
    str body =
        str_print(&app->arena, "{\"client_id\":\"%s\",\"text\":\"%s\",\"attachment_ids\":[%.*s]}",
            client, words, SARG(ids));
    return visitor_post(app, visitor, "messages", text(app, body));
}

static void run_engine(struct test_app *app)
{
    struct world w;
    world_open(&w, app);
    world_run(&w);
    world_close(&w);
}

static void a_visitor_and_an_agent_exchange_files(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    str photo = upload_whole(app, ann, "/widget/v1", "bill.png", png_bytes(app, 30, 20));
    assert_true(str_starts(test_text(app, "attachment.url"), S("/widget/v1/attachments/")));
    assert_int_equal(visitor_sends(app, ann, "c1", "", quoted(app, photo)), 201);
    assert_str(test_text(app, "attachments.0.name"), "bill.png");
    assert_true(str_starts(test_text(app, "attachments.0.url"), S("/widget/v1/attachments/")));
    assert_int_equal(visitor_sends(app, ann, "c1", "", quoted(app, photo)), 200);
    str conversation = conversation_of_owner(app);
    assert_str(test_text(app, "items.0.preview"), "📎 bill.png");
    assert_int_equal(download(app, app->owner_token, "/api/v1", photo, ""), 200);
    str pdf = upload_whole(app, app->owner_token, "/api/v1", "bill.pdf", S("%PDF-1.7\nhello"));
    assert_int_equal(answer(app, conversation, "reply", "a1", "", quoted(app, pdf)), 201);
    assert_true(str_starts(test_text(app, "attachments.0.url"), S("/api/v1/attachments/")));
    assert_int_equal(answer(app, conversation, "reply", "a1", "", quoted(app, pdf)), 200);
    assert_int_equal(download(app, ann, "/widget/v1", pdf, ""), 404); /* not sent yet */
    clock_advance(60000);
    run_engine(app);
    assert_int_equal(download(app, ann, "/widget/v1", pdf, ""), 200);
    assert_str(app->body, "%PDF-1.7\nhello");
    assert_int_equal(visitor_get(app, ann, "conversation"), 200);
    assert_str(test_text(app, "messages.1.attachments.0.type"), "application/pdf");
}

static int with_header(struct test_app *app, str id, str name, str value)
{
    const struct http_header headers[] = {
        {S("Authorization"), str_cat(&app->arena, S("Bearer "), app->owner_token)},
        {name, value                   },
    };
    str path = str_print(&app->arena, "/api/v1/attachments/%.*s", SARG(id));
    return test_request_full(app, "GET", str_z(&app->arena, path), headers, 2, (str){0});
}

static void a_part_of_a_file_is_given_and_none_to_who_has_it(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    str pdf = upload_whole(app, ann, "/widget/v1", "bill.pdf", S("%PDF-1.7\nhello"));
    assert_int_equal(visitor_sends(app, ann, "c1", "", quoted(app, pdf)), 201);
    assert_int_equal(with_header(app, pdf, S("Range"), S("bytes=9-")), 206);
    assert_str(app->body, "hello");
    assert_str(test_answer_header(app, "Content-Range"), "bytes 9-13/14");
    str etag = test_answer_header(app, "ETag");
    assert_int_equal(with_header(app, pdf, S("Range"), S("bytes=14-")), 416);
    assert_int_equal(with_header(app, pdf, S("If-None-Match"), etag), 304);
    assert_int_equal(app->body.len, 0);
}

static void nobody_sees_files_of_others(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app), bob = visitor_begin(app);
    str stranger = test_account_add(app, "other", NULL);
    str file = upload_whole(app, ann, "/widget/v1", "a.txt", S("private"));
    assert_int_equal(download(app, bob, "/widget/v1", file, ""), 404);
    assert_int_equal(download(app, app->owner_token, "/api/v1", file, ""), 404);
    assert_int_equal(visitor_sends(app, bob, "b1", "hi", quoted(app, file)), 400);
    assert_str(test_text(app, "error.field"), "attachment_ids");
    assert_int_equal(visitor_sends(app, ann, "a1", "hi", quoted(app, file)), 201);
    (void)visitor_says(app, bob, "b2", "hello");
    assert_int_equal(download(app, bob, "/widget/v1", file, ""), 404);
    assert_int_equal(download(app, stranger, "/api/v1", file, ""), 404);
    assert_int_equal(download(app, ann, "/widget/v1", file, ""), 200);
    assert_int_equal(download(app, app->owner_token, "/api/v1", file, ""), 200);
    assert_int_equal(download(app, ann, "/api/v1", file, ""), 401);
    assert_int_equal(download(app, app->owner_token, "/widget/v1", file, ""), 401);
}

static void a_file_of_a_note_is_not_for_the_visitor(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    (void)visitor_says(app, ann, "c1", "hello");
    str conversation = conversation_of_owner(app);
    str file = upload_whole(app, app->owner_token, "/api/v1", "a.txt", S("among us"));
    assert_int_equal(answer(app, conversation, "note", "n1", "look", quoted(app, file)), 201);
    assert_int_equal(download(app, ann, "/widget/v1", file, ""), 404);
    assert_int_equal(download(app, app->owner_token, "/api/v1", file, ""), 200);
}

static void a_file_goes_with_one_message_only(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    str file = upload_whole(app, ann, "/widget/v1", "a.txt", S("once"));
    assert_int_equal(visitor_sends(app, ann, "c1", "one", quoted(app, file)), 201);
    assert_int_equal(visitor_sends(app, ann, "c2", "two", quoted(app, file)), 400);
    str twice = str_print(&app->arena, "\"%.*s\",\"%.*s\"", SARG(file), SARG(file));
    assert_int_equal(visitor_sends(app, ann, "c3", "two", twice), 400);
    assert_int_equal(visitor_sends(app, ann, "c4", "two", S("\"123\"")), 400);
    assert_int_equal(visitor_sends(app, ann, "c5", "", S("")), 400);
    assert_int_equal(visitor_get(app, ann, "conversation"), 200);
    assert_int_equal(json_path(app->json, S("messages"))->count, 1);
}

static void a_chat_without_attachments_takes_none(void **state)
{
    struct test_app *app = *state;
    str path = str_print(&app->arena, "/api/v1/channels/%lld", (long long)app->widget.v);
    assert_int_equal(test_request(app, "PATCH", text(app, path),
                         "{\"settings\":{\"attachments_enabled\":false}}"),
        200);
    assert_int_equal(
        visitor_post(app, visitor_begin(app), "uploads", "{\"name\":\"a\",\"size\":1}"), 403);
}

static void a_picture_gets_a_small_copy_made_elsewhere(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    str file = upload_whole(app, ann, "/widget/v1", "big.png", png_whole(app, 1200, 900));
    assert_str(test_text(app, "attachment.state"), "processing");
    assert_int_equal(test_int(app, "attachment.width"), 1200);
    assert_int_equal(visitor_sends(app, ann, "c1", "", quoted(app, file)), 201);
    run_engine(app);
    assert_int_equal(visitor_get(app, ann, "conversation"), 200);
    assert_str(test_text(app, "messages.0.attachments.0.state"), "ready");
    assert_true(
        str_ends(test_text(app, "messages.0.attachments.0.thumbnail_url"), S("?thumbnail=1")));
    assert_int_equal(download(app, ann, "/widget/v1", file, "?thumbnail=1"), 200);
    assert_str(app->content_type, "image/webp");
    assert_true(str_starts(app->body, S("RIFF")) && app->body.len < 200 * 1024);
    assert_true(str_find(app->body, S(SECRET)) < 0); /* where it was taken is nobody's business */
    assert_int_equal(download(app, app->owner_token, "/api/v1", file, "?thumbnail=1"), 200);
    assert_int_equal(download(app, app->owner_token, "/api/v1", file, ""), 200);
    assert_str(app->content_type, "image/png");
}

static void a_broken_picture_is_ready_without_a_small_copy(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    str file = upload_whole(app, ann, "/widget/v1", "bad.png", png_bytes(app, 2000, 2000));
    assert_str(test_text(app, "attachment.state"), "processing");
    run_engine(app);
    assert_int_equal(visitor_sends(app, ann, "c1", "", quoted(app, file)), 201);
    assert_str(test_text(app, "attachments.0.state"), "ready");
    assert_int_equal(json_path(app->json, S("attachments.0.thumbnail_url"))->kind, JSON_NULL);
}

static void a_missing_program_leaves_pictures_without_small_copies(void **state)
{
    struct test_app *app = *state;
    app->config.thumbnail_program = S("no-such-program-here");
    str ann = visitor_begin(app);
    str file = upload_whole(app, ann, "/widget/v1", "a.png", png_whole(app, 1000, 1000));
    run_engine(app);
    test_log_had(LOG_WARN, "no thumbnail was made");
    assert_int_equal(visitor_sends(app, ann, "c1", "", quoted(app, file)), 201);
    assert_str(test_text(app, "attachments.0.state"), "ready");
}

static void a_draft_keeps_its_files(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    (void)visitor_says(app, ann, "c1", "hello");
    str conversation = conversation_of_owner(app);
    str file = upload_whole(app, app->owner_token, "/api/v1", "a.txt", S("later"));
    str path = str_print(&app->arena, "/api/v1/conversations/%.*s/draft", SARG(conversation));
    str body = str_print(&app->arena,
        "{\"kind\":\"reply\",\"text\":\"see\",\"attachment_ids\":[\"%.*s\"]}", SARG(file));
    assert_int_equal(
        test_request_as(app, app->owner_token, "PUT", text(app, path), text(app, body)), 200);
    clock_advance(2 * DAY);
    run_engine(app);
    assert_int_equal(test_request_as(app, app->owner_token, "GET", text(app, path), NULL), 200);
    assert_str(test_text(app, "attachments.0.name"), "a.txt");
    assert_int_equal(download(app, app->owner_token, "/api/v1", file, ""), 200);
}

static int photo_set(struct test_app *app, str upload)
{
    str body = str_print(&app->arena, "{\"upload_id\":\"%.*s\"}", SARG(upload));
    return test_request(app, "PUT", "/api/v1/me/photo", text(app, body));
}

static void an_agents_photo_is_square_and_for_everybody(void **state)
{
    struct test_app *app = *state;
    str file = upload_whole(app, app->owner_token, "/api/v1", "me.png", png_whole(app, 400, 300));
    assert_int_equal(photo_set(app, file), 200);
    str url = test_text(app, "photo_url");
    assert_true(str_starts(url, S("/photos/")));
    assert_int_equal(test_request_full(app, "GET", text(app, url), NULL, 0, S("")), 200);
    assert_str(app->content_type, "image/webp");
    assert_true(str_find(test_answer_header(app, "Cache-Control"), S("immutable")) > 0);
    assert_true(str_find(app->body, S(SECRET)) < 0);
    struct file_type type;
    assert_ok(file_type_of(&app->arena, app->body, &type));
    assert_int_equal(type.width, 256);
    assert_int_equal(type.height, 256);
    assert_int_equal(test_request(app, "DELETE", "/api/v1/me/photo", NULL), 200);
    assert_int_equal(json_path(app->json, S("photo_url"))->kind, JSON_NULL);
    clock_advance(2 * DAY);
    run_engine(app);
    assert_int_equal(test_request_full(app, "GET", text(app, url), NULL, 0, S("")), 404);
    test_log_had(LOG_WARN, "a stored file is missing");
}

static void a_photo_must_be_a_picture_of_ones_own(void **state)
{
    struct test_app *app = *state;
    str words = upload_whole(app, app->owner_token, "/api/v1", "me.png", S("no picture"));
    assert_int_equal(photo_set(app, words), 400);
    assert_str(test_text(app, "error.field"), "upload_id");
    str bad = upload_whole(app, app->owner_token, "/api/v1", "me.png", png_bytes(app, 300, 300));
    assert_int_equal(photo_set(app, bad), 400);
    str ann = visitor_begin(app);
    str theirs = upload_whole(app, ann, "/widget/v1", "me.png", png_whole(app, 30, 30));
    assert_int_equal(photo_set(app, theirs), 404);
    const char *paths[] = {"/photos/1/x", "/photos/..%2f..%2fkeys/x", "/photos/1/../../keys"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_int_equal(test_request_full(app, "GET", paths[i], NULL, 0, S("")), 404);
}

static void a_channels_logo_is_for_everybody(void **state)
{
    struct test_app *app = *state;
    str logo = upload_whole(app, app->owner_token, "/api/v1", "logo.png", png_whole(app, 64, 32));
    str path = str_print(&app->arena, "/api/v1/channels/%lld", (long long)app->widget.v);
    str body = str_print(&app->arena, "{\"settings\":{\"logo_upload_id\":\"%.*s\"}}", SARG(logo));
    assert_int_equal(
        test_request_as(app, app->owner_token, "PATCH", text(app, path), text(app, body)), 200);
    clock_advance(2 * DAY);
    run_engine(app);
    str config = str_print(&app->arena, "/widget/v1/%.*s/config", SARG(app->widget_key));
    assert_int_equal(test_request_full(app, "GET", text(app, config), NULL, 0, S("")), 200);
    str url = test_text(app, "settings.logo_url");
    assert_int_equal(test_request_full(app, "GET", text(app, url), NULL, 0, S("")), 200);
    assert_str(app->content_type, "image/png");
    str other = upload_whole(app, app->owner_token, "/api/v1", "b.png", png_whole(app, 64, 32));
    str guess =
        str_print(&app->arena, "/widget/v1/%.*s/logo/%.*s", SARG(app->widget_key), SARG(other));
    assert_int_equal(test_request_full(app, "GET", text(app, guess), NULL, 0, S("")), 404);
    str words = upload_whole(app, app->owner_token, "/api/v1", "b.svg", S("<svg></svg>"));
    body = str_print(&app->arena, "{\"settings\":{\"logo_upload_id\":\"%.*s\"}}", SARG(words));
    assert_int_equal(
        test_request_as(app, app->owner_token, "PATCH", text(app, path), text(app, body)), 400);
}

static int64_t rows(struct test_app *app, str sql)
{
    struct number {
        int64_t n;
    } row;
    static const struct db_col cols[] = {COL(struct number, n)};
    struct ctx *cx = test_begin(app);
    assert_ok(db_one(cx->db, sql, NO_ARGS, COLS(cols), &row));
    test_rollback(app, cx);
    return row.n;
}

static void what_nobody_sent_is_gone_after_a_day(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    str half = upload_begin(app, ann, "/widget/v1", "half.txt", 8);
    assert_int_equal(put_part(app, ann, "/widget/v1", half, 0, S("half")), 200);
    str loose = upload_whole(app, ann, "/widget/v1", "loose.txt", S("loose"));
    str kept = upload_whole(app, ann, "/widget/v1", "kept.txt", S("kept"));
    assert_int_equal(visitor_sends(app, ann, "c1", "", quoted(app, kept)), 201);
    clock_advance(DAY - HOUR_MS);
    run_engine(app);
    assert_int_equal(download(app, ann, "/widget/v1", loose, ""), 200);
    clock_advance(2 * HOUR_MS);
    run_engine(app);
    assert_int_equal(download(app, ann, "/widget/v1", loose, ""), 404);
    assert_int_equal(put_part(app, ann, "/widget/v1", half, 4, S("more")), 404);
    assert_int_equal(rows(app, S("SELECT /* test */ COUNT(*) AS n FROM upload")), 0);
    clock_advance(8 * (int64_t)DAY);
    run_engine(app);
    assert_int_equal(rows(app, S("SELECT /* test */ COUNT(*) AS n FROM blob")), 1);
    assert_int_equal(download(app, ann, "/widget/v1", kept, ""), 200);
    assert_str(app->body, "kept");
    /* The same bytes again, after their first copy has gone. */
    loose = upload_whole(app, ann, "/widget/v1", "loose.txt", S("loose"));
    assert_int_equal(download(app, ann, "/widget/v1", loose, ""), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(a_visitor_and_an_agent_exchange_files),
        TEST_APP(a_part_of_a_file_is_given_and_none_to_who_has_it),
        TEST_APP(nobody_sees_files_of_others),
        TEST_APP(a_file_of_a_note_is_not_for_the_visitor),
        TEST_APP(a_file_goes_with_one_message_only),
        TEST_APP(a_chat_without_attachments_takes_none),
        TEST_APP(a_picture_gets_a_small_copy_made_elsewhere),
        TEST_APP(a_broken_picture_is_ready_without_a_small_copy),
        TEST_APP(a_missing_program_leaves_pictures_without_small_copies),
        TEST_APP(a_draft_keeps_its_files),
        TEST_APP(an_agents_photo_is_square_and_for_everybody),
        TEST_APP(a_photo_must_be_a_picture_of_ones_own),
        TEST_APP(a_channels_logo_is_for_everybody),
        TEST_APP(what_nobody_sent_is_gone_after_a_day),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
