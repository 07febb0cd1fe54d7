/* The exchange of a website chat as its visitor has it: writing once, reading, transcript, the
 * page, the form without script; nothing of other visitors. */
#include "files_world.h"

#include "engine_world.h"

static char *text(struct test_app *app, str s)
{
    return str_z(&app->arena, s);
}

static int owner_get(struct test_app *app, const char *path, str id, const char *more)
{
    return test_request_as(app, app->owner_token, "GET",
        text(app, str_print(&app->arena, "%s%.*s%s", path, SARG(id), more)), NULL);
}

/* The owner's answer, sent; its id. */
static str answer(struct test_app *app, str conversation, const char *client, const char *words)
{
    str path = str_print(&app->arena, "/api/v1/conversations/%.*s/messages", SARG(conversation));
    str body = str_print(&app->arena,
        "{\"kind\":\"reply\",\"text\":\"%s\",\"client_id\":\"%s\",\"seen_message_id\":\"1\","
        "\"force\":true}",
        words, client);
    assert_int_equal(
        test_request_as(app, app->owner_token, "POST", text(app, path), text(app, body)), 201);
    str id = test_text(app, "id");
    struct world w;
    clock_advance(60000);
    world_open(&w, app);
    world_run(&w);
    world_close(&w);
    return id;
}

static void a_message_sent_twice_is_stored_once(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    const char *body = "{\"client_id\":\"5f0c\",\"text\":\"hello\\nthere\"}";
    assert_int_equal(visitor_post(app, ann, "messages", body), 201);
    str id = test_text(app, "id");
    assert_str(test_text(app, "from"), "me");
    assert_str(test_text(app, "client_id"), "5f0c");
    assert_int_equal(visitor_post(app, ann, "messages", body), 200);
    assert_true(str_eq(id, test_text(app, "id")));
    assert_int_equal(visitor_get(app, ann, "conversation"), 200);
    assert_int_equal(json_path(app->json, S("messages"))->count, 1);
}

static void a_channel_tells_when_its_last_message_came(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app),
        channel = str_print(&app->arena, "%lld", (long long)app->widget.v);
    assert_int_equal(owner_get(app, "/api/v1/channels/", channel, ""), 200);
    assert_int_equal(json_path(app->json, S("health.last_in_at"))->kind, JSON_NULL);
    (void)visitor_says(app, ann, "c1", "hello");
    assert_int_equal(owner_get(app, "/api/v1/channels/", channel, ""), 200);
    assert_int_equal(json_path(app->json, S("health.last_in_at"))->kind, JSON_STRING);
}

static void one_visitors_client_id_says_nothing_of_anothers_message(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app), bob = visitor_begin(app);
    (void)visitor_says(app, ann, "same-id", "the secret of Ann");
    int status =
        visitor_post(app, bob, "messages", "{\"client_id\":\"same-id\",\"text\":\"hi from Bob\"}");
    assert_int_equal(status, 201);
    assert_str(test_text(app, "text"), "hi from Bob");
    assert_int_equal(visitor_get(app, bob, "conversation"), 200);
    assert_true(str_find(app->body, S("secret")) < 0);
}

static void malformed_messages_are_refused(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    const char *bad[] = {"{\"client_id\":\"c\",\"text\":\"\"}", "{\"text\":\"no id\"}",
        "{\"client_id\":\"\",\"text\":\"x\"}", "{\"client_id\":\"c\",\"text\":7}",
        "{\"client_id\":\"c\",\"text\":\"x\",\"conversation_id\":\"1\"}",
        "{\"client_id\":\"c\",\"text\":\"x\",\"kind\":\"out\"}", "[]", "{", "",
        "{\"client_id\":\"c\",\"text\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (visitor_post(app, ann, "messages", bad[i]) != 400)
            fail_msg("%s: %d", bad[i], app->status);
}

static void the_visitor_sees_replies_but_no_notes(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    (void)visitor_says(app, ann, "c1", "hello");
    str conversation = conversation_of_owner(app);
    str path = str_print(&app->arena, "/api/v1/conversations/%.*s/messages", SARG(conversation));
    assert_int_equal(test_request_as(app, app->owner_token, "POST", text(app, path),
                         "{\"kind\":\"note\",\"text\":\"she is difficult\",\"client_id\":\"n\"}"),
        201);
    (void)answer(app, conversation, "a1", "how can I help?");
    assert_int_equal(visitor_get(app, ann, "conversation"), 200);
    assert_int_equal(json_path(app->json, S("messages"))->count, 2);
    assert_str(test_text(app, "messages.1.from"), "agent");
    assert_str(test_text(app, "messages.1.text"), "how can I help?");
    assert_true(str_find(app->body, S("difficult")) < 0);
    assert_int_equal(visitor_get(app, ann, "transcript"), 200);
    assert_true(str_find(app->body, S("difficult")) < 0);
}

static void reading_tells_the_agent_that_it_was_read(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app), bob = visitor_begin(app);
    (void)visitor_says(app, ann, "c1", "hello");
    str conversation = conversation_of_owner(app);
    str id = answer(app, conversation, "a1", "how can I help?");
    str body = str_print(&app->arena, "{\"message_id\":\"%.*s\"}", SARG(id));
    assert_int_equal(visitor_post(app, bob, "read", text(app, body)), 204);
    assert_int_equal(owner_get(app, "/api/v1/conversations/", conversation, "/messages"), 200);
    assert_int_equal(json_path(app->json, S("items.1.read_by_contact_at"))->kind, JSON_NULL);
    assert_int_equal(visitor_post(app, ann, "read", text(app, body)), 204);
    assert_int_equal(owner_get(app, "/api/v1/conversations/", conversation, "/messages"), 200);
    assert_str(test_text(app, "items.1.state"), "read");
    assert_int_equal(json_path(app->json, S("items.1.read_by_contact_at"))->kind, JSON_STRING);
}

static void typing_is_shown_to_the_agent_for_a_while(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    (void)visitor_says(app, ann, "c1", "hello");
    assert_int_equal(visitor_post(app, ann, "typing", "{\"is_typing\":true}"), 204);
    assert_int_equal(visitor_post(app, ann, "typing", "{\"is_typing\":false}"), 204);
    assert_int_equal(visitor_post(app, ann, "typing", "{}"), 400);
    assert_int_equal(visitor_post(app, ann, "typing", "{\"is_typing\":\"yes\"}"), 400);
}

static void the_agent_sees_the_page_that_the_visitor_reads(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    assert_int_equal(visitor_post(app, ann, "messages",
                         "{\"client_id\":\"c\",\"text\":\"hi\",\"page\":{\"url\":"
                         "\"https://shop.example/1\",\"title\":\"One\"}}"),
        201);
    str conversation = conversation_of_owner(app);
    assert_int_equal(owner_get(app, "/api/v1/conversations/", conversation, ""), 200);
    assert_str(test_text(app, "contact.current_page.url"), "https://shop.example/1");
    str contact = test_text(app, "contact.id");
    assert_int_equal(visitor_post(app, ann, "page",
                         "{\"url\":\"https://shop.example/2\",\"title\":\"Two <b>\"}"),
        204);
    assert_int_equal(owner_get(app, "/api/v1/contacts/", contact, ""), 200);
    assert_str(test_text(app, "current_page.title"), "Two <b>");
    assert_int_equal(visitor_post(app, ann, "page", "{\"url\":\"javascript:alert(1)\"}"), 204);
    assert_int_equal(owner_get(app, "/api/v1/contacts/", contact, ""), 200);
    assert_str(test_text(app, "current_page.url"), "https://shop.example/2");
    clock_advance(3600000);
    assert_int_equal(owner_get(app, "/api/v1/contacts/", contact, ""), 200);
    assert_null(json_get(app->json, S("current_page")));
}

static void the_transcript_is_a_page_without_active_content(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    (void)visitor_says(app, ann, "c1", "<script>alert(\\\"1\\\")</script> & more");
    str file = upload_whole(app, ann, "/widget/v1", "a<b>.txt", S("x"));
    str body = str_print(&app->arena,
        "{\"client_id\":\"c2\",\"text\":\"\",\"attachment_ids\":[\"%.*s\"]}", SARG(file));
    assert_int_equal(visitor_post(app, ann, "messages", text(app, body)), 201);
    assert_int_equal(visitor_get(app, ann, "transcript"), 200);
    assert_str(app->content_type, "text/html; charset=utf-8");
    assert_true(str_find(app->body, S("<script")) < 0 && str_find(app->body, S("<b>")) < 0);
    assert_true(
        str_find(app->body, S("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; more")) > 0);
    assert_true(str_find(app->body, S("a&lt;b&gt;.txt")) > 0);
    assert_true(str_find(test_answer_header(app, "Content-Security-Policy"), S("sandbox")) > 0);
    assert_true(str_starts(test_answer_header(app, "Content-Disposition"), S("attachment")));
    str path = str_print(&app->arena, "/api/v1/channels/%lld", (long long)app->widget.v);
    assert_int_equal(test_request(app, "PATCH", text(app, path),
                         "{\"settings\":{\"transcript_enabled\":false}}"),
        200);
    assert_int_equal(visitor_get(app, ann, "transcript"), 403);
}

static int form(struct test_app *app, str key, const char *body)
{
    struct http_header headers[] = {
        {S("Content-Type"), S("application/x-www-form-urlencoded")}
    };
    str path = str_print(&app->arena, "/widget/link/%.*s", SARG(key));
    return test_request_full(app, "POST", text(app, path), headers, 1, str_from(body));
}

static void the_form_without_script_arrives_once(void **state)
{
    struct test_app *app = *state;
    const char *good = "name=Ann&email=ann%40shop.example&text=Where+is+it%3F&consent=true";
    assert_int_equal(form(app, app->widget_key, good), 303);
    str to = test_answer_header(app, "Location");
    assert_true(str_starts(to, S("/widget/link/")) && str_ends(to, S("?sent=1")));
    assert_int_equal(form(app, app->widget_key, good), 303);
    str conversation = conversation_of_owner(app);
    assert_int_equal(json_path(app->json, S("items"))->count, 1);
    assert_int_equal(owner_get(app, "/api/v1/conversations/", conversation, "/messages"), 200);
    assert_int_equal(json_path(app->json, S("items"))->count, 1);
    assert_str(test_text(app, "items.0.text"), "Where is it?");
}

static void a_bad_form_is_refused(void **state)
{
    struct test_app *app = *state;
    const char *bad[] = {"email=a%40b.example&consent=true", "text=x&consent=true",
        "email=a%40b.example&text=x", "email=nobody&text=x&consent=true",
        "email=a%40b.example&text=x&consent=true&account=1", "text=%ff", "text=%zz",
        "email=a%40b.example%0aBcc&text=x&consent=true"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (form(app, app->widget_key, bad[i]) != 400)
            fail_msg("%s: %d", bad[i], app->status);
    assert_int_equal(form(app, S("nobody"), "text=x"), 404);
    for (int i = 0; i < 2; i++)
        (void)form(app, app->widget_key, bad[0]);
    assert_int_equal(form(app, app->widget_key, bad[0]), 429);
}

static void a_token_of_one_account_opens_nothing_of_another(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    (void)visitor_says(app, ann, "c1", "hello");
    str conversation = conversation_of_owner(app);
    assert_int_equal(test_request_as(app, ann, "GET", "/api/v1/conversations", NULL), 401);
    assert_int_equal(test_request_as(app, ann, "GET", "/api/v1/stream", NULL), 401);
    assert_int_equal(test_request_as(app, app->owner_token, "GET", "/widget/v1/stream", NULL), 401);
    assert_int_equal(visitor_get(app, app->owner_token, "conversation"), 401);
    str stranger = test_account_add(app, "other", NULL);
    str path = str_print(&app->arena, "/api/v1/conversations/%.*s", SARG(conversation));
    assert_int_equal(test_request_as(app, stranger, "GET", text(app, path), NULL), 404);
}

static void somebody_blocked_cannot_write(void **state)
{
    struct test_app *app = *state;
    str ann = visitor_begin(app);
    (void)visitor_says(app, ann, "c1", "hello");
    assert_int_equal(test_request(app, "GET", "/api/v1/contacts", NULL), 200);
    str path = str_cat(&app->arena, S("/api/v1/contacts/"), test_text(app, "items.0.id"));
    assert_int_equal(test_request(app, "PATCH", text(app, path), "{\"is_blocked\":true}"), 200);
    assert_int_equal(
        visitor_post(app, ann, "messages", "{\"client_id\":\"c2\",\"text\":\"again\"}"), 403);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(a_message_sent_twice_is_stored_once),
        TEST_APP(a_channel_tells_when_its_last_message_came),
        TEST_APP(one_visitors_client_id_says_nothing_of_anothers_message),
        TEST_APP(malformed_messages_are_refused),
        TEST_APP(the_visitor_sees_replies_but_no_notes),
        TEST_APP(reading_tells_the_agent_that_it_was_read),
        TEST_APP(typing_is_shown_to_the_agent_for_a_while),
        TEST_APP(the_agent_sees_the_page_that_the_visitor_reads),
        TEST_APP(the_transcript_is_a_page_without_active_content),
        TEST_APP(the_form_without_script_arrives_once),
        TEST_APP(a_bad_form_is_refused),
        TEST_APP(a_token_of_one_account_opens_nothing_of_another),
        TEST_APP(somebody_blocked_cannot_write),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
