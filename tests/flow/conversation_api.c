/* Conversations over the API, as a console uses it: list, read, answer, change, many at once,
 * views, contacts, tags, drafts, notifications. The rules themselves are tested in tests/unit/care.
 */
#include "test_app.h"

#include "care/inbound.h"
#include "care/presence.h"

static int64_t counter;

static str said(struct test_app *app, const char *person, const char *text)
{
    struct ctx *cx = test_begin(app);
    struct inbound_item item = {
        .channel = app->api_channel,
        .channel_kind = S("api"),
        .external_id = str_print(&app->arena, "m%lld", (long long)++counter),
        .contact_external_id = str_from(person),
        .contact_name = str_from(person),
        .text = str_from(text),
    };
    struct inbound_result r;
    assert_int_equal(inbound_take_many(cx, &item, 1, &r, NULL), OK);
    assert_int_equal(r.result, OK);
    test_commit(app, cx);
    return str_print(&app->arena, "%lld", (long long)r.conversation.v);
}

static str z(struct test_app *app, const char *path)
{
    return test_text(app, path);
}

static ptrdiff_t items(struct test_app *app)
{
    const struct json *list = json_get(app->json, S("items"));
    assert_non_null(list);
    return list->count;
}

static const char *last_seen(struct test_app *app, str id)
{
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations/%.*s", SARG(id)), 200);
    return str_z(&app->arena, z(app, "last_message_id"));
}

static int reply(
    struct test_app *app, str id, const char *text, const char *client, const char *more)
{
    const char *seen = last_seen(app, id);
    return test_ask(app, "POST",
        "/api/v1/conversations/%.*s/messages {\"kind\":\"reply\",\"text\":\"%s\","
        "\"client_id\":\"%s\",\"seen_message_id\":\"%s\"%s}",
        SARG(id), text, client, seen, more);
}

static void an_agent_reads_answers_and_resolves(void **state)
{
    struct test_app *app = *state;
    str id = said(app, "rina", "Where is my order?");
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations"), 200);
    assert_int_equal(items(app), 1);
    assert_true(str_eq(z(app, "items.0.id"), id));
    assert_true(str_eq(z(app, "items.0.preview"), S("Where is my order?")));
    assert_int_equal(test_int(app, "items.0.unread_count"), 1);
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations/%.*s", SARG(id)), 200);
    assert_true(str_eq(z(app, "contact.name"), S("rina")));
    assert_true(str_eq(z(app, "contact.identities.0.external_id"), S("rina")));
    assert_int_equal(reply(app, id, "On its way.", "c1", ",\"then\":\"resolve\""), 201);
    assert_true(str_eq(z(app, "state"), S("held")));
    assert_int_equal(reply(app, id, "On its way.", "c1", ""), 200);
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations/%.*s/messages", SARG(id)), 200);
    assert_int_equal(items(app), 3); /* in, out, activity */
    assert_true(str_eq(z(app, "items.0.kind"), S("in")));
    assert_true(str_eq(z(app, "items.1.author.kind"), S("agent")));
    assert_true(str_eq(z(app, "items.2.activity.to"), S("resolved")));
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations?view=resolved"), 200);
    assert_int_equal(items(app), 1);
    assert_int_equal(test_int(app, "items.0.unread_count"), 0);
    assert_true(app->woken_events > 0);
}

static void a_stale_reply_shows_what_was_missed(void **state)
{
    struct test_app *app = *state;
    str id = said(app, "rina", "Where is my order?");
    const char *seen = last_seen(app, id);
    said(app, "rina", "Found it!");
    assert_int_equal(test_ask(app, "POST",
                         "/api/v1/conversations/%.*s/messages {\"kind\":\"reply\",\"text\":\"x\","
                         "\"client_id\":\"c1\",\"seen_message_id\":\"%s\"}",
                         SARG(id), seen),
        409);
    assert_true(str_eq(z(app, "error.code"), S("conflict.stale")));
    assert_true(str_eq(z(app, "error.details.messages.0.text"), S("Found it!")));
    assert_int_equal(test_ask(app, "POST",
                         "/api/v1/conversations/%.*s/messages {\"kind\":\"reply\",\"text\":\"x\","
                         "\"client_id\":\"c1\"}",
                         SARG(id)),
        400);
    assert_true(str_eq(z(app, "error.field"), S("seen_message_id")));
}

static void a_held_reply_is_cancelled(void **state)
{
    struct test_app *app = *state;
    str id = said(app, "rina", "Where is my order?");
    assert_int_equal(reply(app, id, "Oops", "c1", ""), 201);
    str message = z(app, "id");
    assert_int_equal(test_ask(app, "DELETE", "/api/v1/messages/%.*s", SARG(message)), 200);
    assert_true(str_eq(z(app, "state"), S("cancelled")));
    assert_int_equal(test_ask(app, "DELETE", "/api/v1/messages/%.*s", SARG(message)), 409);
    assert_true(str_eq(z(app, "error.code"), S("conflict.too_late")));
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations/%.*s", SARG(id)), 200);
    assert_true(str_eq(z(app, "preview"), S("Where is my order?")));
}

static void a_patch_changes_and_null_clears(void **state)
{
    struct test_app *app = *state;
    str id = said(app, "rina", "Where is my order?");
    assert_int_equal(
        test_ask(app, "PATCH",
            "/api/v1/conversations/%.*s {\"priority\":\"high\",\"assignee_id\":\"%lld\","
            "\"subject\":\"Order 7\"}",
            SARG(id), (long long)app->owner.v),
        200);
    assert_true(str_eq(z(app, "priority"), S("high")));
    assert_true(str_eq(z(app, "subject"), S("Order 7")));
    assert_int_equal(
        test_ask(app, "PATCH", "/api/v1/conversations/%.*s {\"assignee_id\":null}", SARG(id)), 200);
    assert_int_equal(json_get(app->json, S("assignee_id"))->kind, JSON_NULL);
    assert_int_equal(
        test_ask(app, "PATCH", "/api/v1/conversations/%.*s {\"status\":\"closed\"}", SARG(id)),
        400);
    assert_true(str_eq(z(app, "error.field"), S("status")));
    assert_int_equal(
        test_ask(app, "PATCH", "/api/v1/conversations/%.*s {\"number\":7}", SARG(id)), 400);
    assert_int_equal(
        test_ask(app, "PATCH",
            "/api/v1/conversations/%.*s {\"status\":\"open\",\"expected_version\":1}", SARG(id)),
        409);
    assert_int_equal(test_ask(app, "PUT",
                         "/api/v1/conversations/%.*s/tags {\"tags\":[\"late\",\"VIP\"]}", SARG(id)),
        200);
    assert_true(str_eq(z(app, "tags.1"), S("late")));
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations?tag=vip"), 200);
    assert_int_equal(items(app), 1);
    assert_int_equal(test_ask(app, "GET", "/api/v1/tags"), 200);
    assert_int_equal(items(app), 2);
}

static void another_account_finds_nothing_here(void **state)
{
    struct test_app *app = *state;
    str id = said(app, "rina", "Where is my order?");
    assert_int_equal(reply(app, id, "Soon", "c1", ""), 201);
    str message = z(app, "id");
    account_id other;
    str token = test_account_add(app, "Other", &other);
    static const char *const targets[][2] = {
        {"GET",    "/api/v1/conversations/%.*s"           },
        {"GET",    "/api/v1/conversations/%.*s/messages"  },
        {"GET",    "/api/v1/conversations/%.*s/transcript"},
        {"GET",    "/api/v1/conversations/%.*s/draft"     },
        {"POST",   "/api/v1/conversations/%.*s/unread"    },
        {"DELETE", "/api/v1/conversations/%.*s/draft"     },
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        str head, tail, pattern = str_from(targets[i][1]);
        ptrdiff_t at = str_find(pattern, S("%.*s"));
        head = str_sub(pattern, 0, at);
        tail = str_skip(pattern, at + 4);
        str target = str_cat(&app->arena, str_cat(&app->arena, head, id), tail);
        assert_int_equal(
            test_request_as(app, token, targets[i][0], str_z(&app->arena, target), NULL), 404);
    }
    str target = str_cat(&app->arena, S("/api/v1/messages/"), message);
    assert_int_equal(test_request_as(app, token, "DELETE", str_z(&app->arena, target), NULL), 404);
    assert_int_equal(test_request_as(app, token, "GET", "/api/v1/conversations", NULL), 200);
    assert_int_equal(items(app), 0);
}

static void many_are_changed_and_taken_back(void **state)
{
    struct test_app *app = *state;
    str a = said(app, "rina", "one"), b = said(app, "omar", "two");
    assert_int_equal(test_ask(app, "POST",
                         "/api/v1/conversations/bulk {\"ids\":[\"%.*s\",\"%.*s\",\"9\"],\"set\":"
                         "{\"status\":\"resolved\",\"add_tags\":[\"done\"]}}",
                         SARG(a), SARG(b)),
        200);
    assert_int_equal(test_int(app, "changed"), 2);
    assert_true(str_eq(z(app, "failed.0.code"), S("not_found")));
    str token = z(app, "undo_token");
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations"), 200);
    assert_int_equal(items(app), 0);
    assert_int_equal(test_ask(app, "POST",
                         "/api/v1/conversations/bulk/undo {\"undo_token\":\"%.*s\"}", SARG(token)),
        200);
    assert_int_equal(test_int(app, "changed"), 2);
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations"), 200);
    assert_int_equal(items(app), 2);
    assert_int_equal(test_ask(app, "POST",
                         "/api/v1/conversations/bulk {\"ids\":[\"1\"],\"set\":"
                         "{\"account_id\":\"1\"}}"),
        400);
}

static void a_list_is_read_page_by_page(void **state)
{
    struct test_app *app = *state;
    for (int i = 0; i < 5; i++) {
        said(app, str_z(&app->arena, str_print(&app->arena, "p%d", i)), "hi");
        clock_advance(1000);
    }
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations?limit=2&sort=newest"), 200);
    assert_int_equal(items(app), 2);
    assert_true(str_eq(z(app, "items.0.contact.name"), S("p4")));
    str next = z(app, "next");
    assert_int_equal(
        test_ask(app, "GET", "/api/v1/conversations?limit=3&sort=newest&cursor=%.*s", SARG(next)),
        200);
    assert_int_equal(items(app), 3);
    assert_true(str_eq(z(app, "items.0.contact.name"), S("p2")));
    assert_int_equal(json_get(app->json, S("next"))->kind, JSON_NULL);
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations?cursor=nonsense"), 400);
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations?limit=201"), 400);
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations?status=open&status=snoozed"), 200);
    assert_int_equal(items(app), 5);
}

static void views_are_saved_counted_and_shared_by_who_may(void **state)
{
    struct test_app *app = *state;
    said(app, "rina", "one");
    assert_int_equal(test_ask(app, "POST",
                         "/api/v1/views {\"name\":\"Waiting\",\"filter\":{\"status\":[\"open\"],"
                         "\"assignee\":\"none\"},\"sort\":\"waiting\",\"is_shared\":true}"),
        201);
    str view = z(app, "id");
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations?view=%.*s", SARG(view)), 200);
    assert_int_equal(items(app), 1);
    assert_int_equal(test_ask(app, "GET", "/api/v1/views/counts"), 200);
    assert_int_equal(test_int(app, "views.unassigned.total"), 1);
    assert_int_equal(test_int(app, "views.unassigned.unread"), 1);
    str path = str_print(&app->arena, "views.%.*s.total", SARG(view));
    assert_int_equal(test_int(app, str_z(&app->arena, path)), 1);
    agent_id ben;
    str token = test_agent_add(app, "ben@test.example", "agent", &ben);
    str target = str_cat(&app->arena, S("/api/v1/views/"), view);
    assert_int_equal(test_request_as(app, token, "DELETE", str_z(&app->arena, target), NULL), 403);
    assert_int_equal(
        test_request_as(app, token, "POST", "/api/v1/views", "{\"name\":\"Own\"}"), 201);
    assert_int_equal(test_request_as(app, token, "GET", "/api/v1/views", NULL), 200);
    assert_int_equal(items(app), 8); /* six built in, a shared and an own one */
    assert_int_equal(test_ask(app, "GET", "/api/v1/views"), 200);
    assert_int_equal(items(app), 7);
    assert_int_equal(test_ask(app, "DELETE", "/api/v1/views/%.*s", SARG(view)), 204);
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations?view=%.*s", SARG(view)), 404);
}

static void a_mention_notifies_and_reading_clears_it(void **state)
{
    struct test_app *app = *state;
    str id = said(app, "rina", "one");
    agent_id ben;
    str token = test_agent_add(app, "ben@test.example", "agent", &ben);
    assert_int_equal(
        test_ask(app, "POST",
            "/api/v1/conversations/%.*s/messages {\"kind\":\"note\",\"text\":\"@Ben?\","
            "\"client_id\":\"n1\",\"mentions\":[\"%lld\"]}",
            SARG(id), (long long)ben.v),
        201);
    assert_int_equal(
        test_request_as(app, token, "GET", "/api/v1/conversations?view=mentions", NULL), 200);
    assert_int_equal(items(app), 1);
    assert_int_equal(test_request_as(app, token, "GET", "/api/v1/notifications", NULL), 403);
    assert_int_equal(test_ask(app, "GET", "/api/v1/notifications?unread=true"), 200);
    assert_int_equal(items(app), 0);
}

static void a_draft_is_kept_for_its_agent_until_the_reply(void **state)
{
    struct test_app *app = *state;
    str id = said(app, "rina", "one");
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations/%.*s/draft", SARG(id)), 200);
    assert_true(str_eq(z(app, "text"), S("")));
    assert_int_equal(
        test_ask(app, "PUT",
            "/api/v1/conversations/%.*s/draft {\"kind\":\"reply\",\"text\":\"Dear\"}", SARG(id)),
        200);
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations/%.*s", SARG(id)), 200);
    assert_true(json_bool(json_get(app->json, S("draft")), false));
    agent_id ben;
    str token = test_agent_add(app, "ben@test.example", "agent", &ben);
    str target = str_print(&app->arena, "/api/v1/conversations/%.*s/draft", SARG(id));
    assert_int_equal(test_request_as(app, token, "GET", str_z(&app->arena, target), NULL), 200);
    assert_true(str_eq(z(app, "text"), S("")));
    assert_int_equal(reply(app, id, "Dear Rina", "c1", ""), 201);
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations/%.*s/draft", SARG(id)), 200);
    assert_true(str_eq(z(app, "text"), S("")));
}

static void a_contact_is_found_changed_and_blocked(void **state)
{
    struct test_app *app = *state;
    said(app, "rina", "one");
    test_index(app);
    assert_int_equal(test_ask(app, "GET", "/api/v1/contacts?q=RIN"), 200);
    assert_int_equal(items(app), 1);
    assert_true(str_eq(z(app, "items.0.identities.0.external_id"), S("rina")));
    str id = z(app, "items.0.id");
    assert_int_equal(test_ask(app, "PATCH",
                         "/api/v1/contacts/%.*s {\"email\":\"Rina@Shop.Example\",\"custom\":"
                         "{\"tier\":\"gold\"},\"note\":null}",
                         SARG(id)),
        200);
    assert_true(str_eq(z(app, "email"), S("rina@shop.example")));
    assert_true(str_eq(z(app, "custom.tier"), S("gold")));
    assert_int_equal(test_int(app, "conversations_count"), 1);
    test_index(app);
    assert_int_equal(test_ask(app, "GET", "/api/v1/contacts?q=rina@shop.example"), 200);
    assert_int_equal(items(app), 1);
    assert_int_equal(
        test_ask(app, "PATCH", "/api/v1/contacts/%.*s {\"email\":\"no\"}", SARG(id)), 400);
    assert_int_equal(test_ask(app, "GET", "/api/v1/contacts/%.*s/conversations", SARG(id)), 200);
    assert_int_equal(items(app), 1);
    assert_int_equal(test_ask(app, "POST", "/api/v1/contacts {\"name\":\"Omar\"}"), 201);
    assert_int_equal(test_ask(app, "POST", "/api/v1/contacts {}"), 400);
}

static void viewers_are_shown_while_they_look(void **state)
{
    struct test_app *app = *state;
    presence_reset();
    str id = said(app, "rina", "one");
    assert_int_equal(test_ask(app, "POST",
                         "/api/v1/conversations/%.*s/presence {\"state\":\"typing\"}", SARG(id)),
        204);
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations/%.*s", SARG(id)), 200);
    assert_true(json_bool(json_path(app->json, S("viewers.0.is_typing")), false));
    clock_advance(PRESENCE_MS);
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations/%.*s", SARG(id)), 200);
    assert_int_equal(json_get(app->json, S("viewers"))->count, 0);
}

static void a_conversation_is_started_and_told_as_text(void **state)
{
    struct test_app *app = *state;
    assert_int_equal(test_ask(app, "POST",
                         "/api/v1/conversations {\"channel_id\":\"%lld\",\"contact\":{\"name\":"
                         "\"Omar\",\"email\":\"omar@shop.example\"},\"text\":\"Your_parcel\"}",
                         (long long)app->api_channel.v),
        201);
    str id = z(app, "id");
    assert_int_equal(test_ask(app, "GET", "/api/v1/conversations/%.*s/transcript", SARG(id)), 200);
    assert_true(str_find(app->body, S("Your_parcel")) > 0);
    assert_int_equal(test_ask(app, "POST",
                         "/api/v1/conversations {\"channel_id\":\"%lld\",\"contact\":{\"name\":"
                         "\"Omar\"},\"text\":\"x\"}",
                         (long long)app->widget.v),
        400);
}

/* Often enough that every connection knows the statements: what is read is said ahead then. */
static void all_answer(struct test_app *app, str token, str id, int status)
{
    static const char *const behind[] = {"", "/messages"};
    for (int i = 0; i < 8; i++)
        for (int k = 0; k < 2; k++) {
            str path = str_print(&app->arena, "/api/v1/conversations/%.*s%s", SARG(id), behind[k]);
            assert_int_equal(
                test_request_as(app, token, "GET", str_z(&app->arena, path), NULL), status);
            assert_int_equal(str_find(app->body, S("Where is my order?")) >= 0, status == 200);
        }
}

static void listed(struct test_app *app, str token, ptrdiff_t n)
{
    for (int i = 0; i < 8; i++) {
        assert_int_equal(test_request_as(app, token, "GET", "/api/v1/conversations", NULL), 200);
        assert_int_equal(items(app), n);
    }
}

static void what_is_taken_from_somebody_ends_with_the_next_request(void **state)
{
    struct test_app *app = *state;
    str id = said(app, "rina", "Where is my order?");
    agent_id who;
    str token = test_agent_add(app, "reads@test.example", "agent", &who);
    all_answer(app, token, id, 200);
    listed(app, token, 1);
    assert_int_equal(
        test_ask(app, "PATCH",
            "/api/v1/agents/%lld {\"grants\":[{\"scope\":\"channel\",\"id\":\"%lld\"}]}",
            (long long)who.v, (long long)app->widget.v),
        200);
    all_answer(app, token, id, 404);
    listed(app, token, 0);
    assert_int_equal(
        test_ask(app, "PATCH", "/api/v1/agents/%lld {\"grants\":[]}", (long long)who.v), 200);
    all_answer(app, token, id, 200);
    listed(app, token, 1);
    assert_int_equal(
        test_ask(app, "PATCH", "/api/v1/agents/%lld {\"is_active\":false}", (long long)who.v), 200);
    all_answer(app, token, id, 401);
    assert_int_equal(
        test_ask(app, "PATCH", "/api/v1/agents/%lld {\"is_active\":true}", (long long)who.v), 200);
    all_answer(app, token, id, 200);
    struct ctx *cx = test_begin(app);
    assert_int_equal(
        db_run(cx->db, S("UPDATE token SET revoked_ms = 1 WHERE account_id = ?1 AND agent_id = ?2"),
            ARGS(A_ID(app->account), A_ID(who)), NULL),
        OK);
    test_commit(app, cx);
    all_answer(app, token, id, 401);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(an_agent_reads_answers_and_resolves),
        TEST_APP(a_stale_reply_shows_what_was_missed),
        TEST_APP(a_held_reply_is_cancelled),
        TEST_APP(a_patch_changes_and_null_clears),
        TEST_APP(another_account_finds_nothing_here),
        TEST_APP(many_are_changed_and_taken_back),
        TEST_APP(a_list_is_read_page_by_page),
        TEST_APP(views_are_saved_counted_and_shared_by_who_may),
        TEST_APP(a_mention_notifies_and_reading_clears_it),
        TEST_APP(a_draft_is_kept_for_its_agent_until_the_reply),
        TEST_APP(a_contact_is_found_changed_and_blocked),
        TEST_APP(viewers_are_shown_while_they_look),
        TEST_APP(a_conversation_is_started_and_told_as_text),
        TEST_APP(what_is_taken_from_somebody_ends_with_the_next_request),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
