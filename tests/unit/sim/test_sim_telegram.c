/* The simulated Telegram, seen by our own HTTP client, as its Bot API is documented. */
#include "sim_world.h"

#include <pthread.h>
#include <string.h>

#include "base/crypto.h"

#define TOKEN "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11"

static const struct json *method(const char *name, const char *body)
{
    str path = str_print(test_arena(), "/telegram/bot" TOKEN "/%s", name);
    struct http_result r = world_call(HTTP_POST, str_z(test_arena(), path), body);
    return world_json(&r);
}

static void says_kind(const char *kind, const char *text, const char *reply_to)
{
    str id, why;
    assert_ok(sim_say(world_sim(), test_arena(), S("telegram"),
        &(struct sim_say){.from_id = S("7001"),
            .from_name = S("Asha"),
            .from_handle = S("asha_r"),
            .kind = str_from(kind),
            .reply_to = str_from(reply_to),
            .text = str_from(text)},
        &id, &why));
}

static void asha_says(const char *text)
{
    says_kind("", text, "");
}

static void special(const char *what, const char *input)
{
    const struct json *v;
    str answer = {0}, why;
    assert_ok(json_parse(test_arena(), str_from(input), &v, &why));
    assert_ok(sim_special(
        world_sim(), test_arena(), S("telegram"), (str){0}, str_from(what), v, &answer, &why));
}

static void open_world(void)
{
    world_open(&(struct sim_options){.is_clock_manual = true, .clock_ms = TEST_NOW_MS});
}

static str at(const struct json *v, const char *path)
{
    return json_text(json_path(v, str_from(path)), S("(none)"));
}

static void assert_fails(const struct json *v, int code, const char *part)
{
    assert_false(json_bool(json_get(v, S("ok")), true));
    assert_int_equal(json_int(json_get(v, S("error_code")), 0), code);
    assert_true(str_find(at(v, "description"), str_from(part)) >= 0);
}

static void a_bot_knows_itself_and_a_wrong_token_is_unauthorized(void **state)
{
    (void)state;
    open_world();
    assert_str(at(method("getMe", NULL), "result.id"), "123456");
    struct http_result r = world_call(HTTP_GET, "/telegram/bot1:x/getMe", NULL);
    assert_int_equal(r.status, 401);
    assert_fails(world_json(&r), 401, "Unauthorized");
    assert_fails(method("getNothing", NULL), 404, "Not Found");
    world_close();
}

static void updates_are_polled_in_order_and_confirmed_by_their_offset(void **state)
{
    (void)state;
    open_world();
    asha_says("/start order_1001");
    asha_says("Hi");
    const struct json *v = method("getUpdates", "{\"limit\":1}");
    assert_int_equal(json_get(v, S("result"))->count, 1);
    assert_str(at(v, "result.0.message.entities.0.type"), "bot_command");
    assert_str(at(v, "result.0.message.entities.0.length"), "6");
    assert_str(at(v, "result.0.message.from.username"), "asha_r");
    assert_str(at(v, "result.0.message.chat.type"), "private");
    assert_str(at(v, "result.0.message.date"), "1767225600");
    int64_t id = json_int(json_path(v, S("result.0.update_id")), 0);
    v = method("getUpdates",
        str_z(test_arena(), str_print(test_arena(), "{\"offset\":%lld}", (long long)id + 1)));
    assert_int_equal(json_get(v, S("result"))->count, 1);
    assert_str(at(v, "result.0.message.text"), "Hi");
    world_close();
}

static void updates_leave_after_a_day(void **state)
{
    (void)state;
    open_world();
    asha_says("Hi");
    sim_clock_advance(world_sim(), INT64_C(24) * 3600 * 1000);
    assert_int_equal(json_get(method("getUpdates", "{}"), S("result"))->count, 0);
    world_close();
}

static void *speaker_main(void *arg)
{
    _Atomic int *is_over = arg;
    str id, why;
    struct arena a = arena_make(0);
    while (!*is_over)
        if (sim_say(world_sim(), &a, S("telegram"),
                &(struct sim_say){.from_id = S("7001"), .text = S("late")}, &id, &why) != OK)
            break;
    arena_free(&a);
    return NULL;
}

static void a_long_poll_is_answered_when_a_message_comes(void **state)
{
    (void)state;
    open_world();
    pthread_t speaker;
    _Atomic int is_over = 0;
    assert_int_equal(pthread_create(&speaker, NULL, speaker_main, &is_over), 0);
    const struct json *v = method("getUpdates", "{\"timeout\":50,\"limit\":1}");
    is_over = 1;
    pthread_join(speaker, NULL);
    assert_str(at(v, "result.0.message.text"), "late");
    world_close();
}

static void a_webhook_carries_the_secret_and_excludes_polling(void **state)
{
    (void)state;
    open_world();
    asha_says("before");
    str body = str_print(test_arena(),
        "{\"url\":\"%.*s\",\"secret_token\":\"s-1_A\",\"allowed_updates\":[\"message\"]}",
        SARG(world_callback()));
    const int answers[] = {200, 500};
    world_answers(answers, 2);
    assert_true(
        json_bool(json_get(method("setWebhook", str_z(test_arena(), body)), S("ok")), false));
    asha_says("after");
    says_kind("edit", "not asked for", "2");
    assert_true(sim_settle(world_sim(), 5000));
    assert_int_equal(world_hooks(), 2);
    assert_str(world_hook(0).signature, "s-1_A");
    assert_true(str_find(world_hook(0).body, S("\"text\":\"before\"")) > 0);
    assert_true(str_find(world_hook(1).body, S("\"text\":\"after\"")) > 0);
    assert_fails(method("getUpdates", "{}"), 409, "webhook is active");
    const struct json *v = method("getWebhookInfo", "{}");
    assert_str(at(v, "result.pending_update_count"), "1");
    assert_str(at(v, "result.last_error_message"), "Wrong response from the webhook: 500");
    sim_clock_advance(world_sim(), 1000);
    assert_true(sim_settle(world_sim(), 5000));
    assert_int_equal(world_hooks(), 3);
    method("deleteWebhook", "{}");
    asha_says("polled");
    assert_int_equal(json_get(method("getUpdates", "{}"), S("result"))->count, 1);
    assert_fails(method("setWebhook", "{\"url\":\"ftp://x\"}"), 400, "bad webhook");
    assert_fails(method("setWebhook", "{\"url\":\"https://x\",\"secret_token\":\"a b\"}"), 400,
        "unallowed characters");
    world_close();
}

static void a_message_reaches_its_chat_and_its_text_is_checked(void **state)
{
    (void)state;
    open_world();
    assert_fails(method("sendMessage", "{\"chat_id\":7001,\"text\":\"x\"}"), 400, "chat not found");
    asha_says("Hi");
    const struct json *v = method("sendMessage",
        "{\"chat_id\":7001,\"text\":\"<b>Hello</b> &amp; <i>bye</i>\",\"parse_mode\":\"HTML\","
        "\"reply_parameters\":{\"message_id\":1}}");
    assert_str(at(v, "result.text"), "Hello & bye");
    assert_str(at(v, "result.reply_to_message.message_id"), "1");
    assert_int_equal(
        sim_ledger_count(world_sim(), &(struct sim_query){.text = S("Hello & bye")}), 1);
    assert_fails(
        method("sendMessage", "{\"chat_id\":7001,\"text\":\"<b>x\",\"parse_mode\":\"HTML\"}"), 400,
        "can't parse entities");
    assert_fails(
        method("sendMessage", "{\"chat_id\":7001,\"text\":\"a.b\",\"parse_mode\":\"MarkdownV2\"}"),
        400, "can't parse entities");
    v = method(
        "sendMessage", "{\"chat_id\":7001,\"text\":\"a\\\\.b\",\"parse_mode\":\"MarkdownV2\"}");
    assert_str(at(v, "result.text"), "a.b");
    assert_fails(method("sendMessage", "{\"chat_id\":7001,\"text\":\" \"}"), 400, "text is empty");
    assert_fails(method("sendMessage",
                     "{\"chat_id\":7001,\"text\":\"x\",\"reply_parameters\":{\"message_id\":99}}"),
        400, "message to be replied not found");
    char *text = arena_alloc(test_arena(), 5000, 1);
    memset(text, 'x', 4097);
    str body = str_print(test_arena(), "{\"chat_id\":7001,\"text\":\"%s\"}", text);
    assert_fails(method("sendMessage", str_z(test_arena(), body)), 400, "message is too long");
    text[4096] = 0;
    body = str_print(test_arena(), "{\"chat_id\":7001,\"text\":\"%s\"}", text);
    assert_true(
        json_bool(json_get(method("sendMessage", str_z(test_arena(), body)), S("ok")), false));
    assert_int_equal(sim_count(world_sim(), S("telegram"), SIM_COUNT_ACCEPTED), 3);
    world_close();
}

static void a_chat_that_was_left_or_moved_says_so(void **state)
{
    (void)state;
    open_world();
    asha_says("Hi");
    special("block", "{\"chat\":\"7001\"}");
    assert_fails(method("sendMessage", "{\"chat_id\":7001,\"text\":\"x\"}"), 403,
        "bot was blocked by the user");
    const struct json *v = method("getUpdates", "{\"offset\":-1}");
    assert_str(at(v, "result.0.my_chat_member.new_chat_member.status"), "kicked");
    special("deactivate", "{\"chat\":\"7001\"}");
    assert_fails(
        method("sendMessage", "{\"chat_id\":7001,\"text\":\"x\"}"), 403, "user is deactivated");
    special("migrate", "{\"chat\":\"-5\",\"to\":\"-1005\"}");
    v = method("sendMessage", "{\"chat_id\":-5,\"text\":\"x\"}");
    assert_fails(v, 400, "upgraded to a supergroup");
    assert_str(at(v, "parameters.migrate_to_chat_id"), "-1005");
    v = method("sendMessage", "{\"chat_id\":-1005,\"text\":\"x\"}");
    assert_str(at(v, "result.chat.type"), "supergroup");
    world_close();
}

static void buttons_reactions_edits_and_deletions_work(void **state)
{
    (void)state;
    open_world();
    asha_says("Hi");
    const char *keyboard =
        "{\"chat_id\":7001,\"text\":\"How was it?\",\"reply_markup\":{\"inline_keyboard\":[[{"
        "\"text\":\"Good\",\"callback_data\":\"csat:5\"}]]}}";
    assert_str(at(method("sendMessage", keyboard), "result.message_id"), "2");
    says_kind("button", "csat:5", "2");
    const struct json *v = method("getUpdates", "{\"offset\":-1}");
    assert_str(at(v, "result.0.callback_query.data"), "csat:5");
    assert_str(at(v, "result.0.callback_query.message.message_id"), "2");
    assert_str(at(method("answerCallbackQuery", "{\"callback_query_id\":\"1\"}"), "result"),
        "(none)"); /* true has no text */
    assert_fails(method("answerCallbackQuery", "{\"callback_query_id\":\"9\"}"), 400, "too old");
    const char *edit = "{\"chat_id\":7001,\"message_id\":2,\"text\":\"Thank you\"}";
    assert_str(at(method("editMessageText", edit), "result.text"), "Thank you");
    assert_fails(method("editMessageText", edit), 400, "message is not modified");
    v = method("setMessageReaction",
        "{\"chat_id\":7001,\"message_id\":1,\"reaction\":[{\"type\":\"emoji\",\"emoji\":\"👍\"}]}");
    assert_true(json_bool(json_get(v, S("result")), false));
    v = method("deleteMessage", "{\"chat_id\":7001,\"message_id\":2}");
    assert_true(json_bool(json_get(v, S("result")), false));
    assert_fails(method("deleteMessage", "{\"chat_id\":7001,\"message_id\":2}"), 400, "not found");
    world_close();
}

static void a_photo_is_uploaded_and_a_customer_s_file_is_loaded_for_an_hour(void **state)
{
    (void)state;
    open_world();
    str id, why;
    const struct sim_file files[] = {
        {S("image/jpeg"),      S("a.jpg"), S("\xff\xd8one")},
        {S("application/pdf"), S("b.pdf"), S("%PDF-two")   }
    };
    assert_ok(sim_say(world_sim(), test_arena(), S("telegram"),
        &(struct sim_say){.text = S("broken"), .files = files, .n_files = 2}, &id, &why));
    const struct json *v = method("getUpdates", "{}");
    assert_int_equal(json_get(v, S("result"))->count, 2);
    assert_str(at(v, "result.0.message.caption"), "broken");
    assert_str(at(v, "result.1.message.document.file_name"), "b.pdf");
    assert_true(
        str_eq(at(v, "result.0.message.media_group_id"), at(v, "result.1.message.media_group_id")));
    str file_id = at(v, "result.1.message.document.file_id");
    str body = str_print(test_arena(), "{\"file_id\":\"%.*s\"}", SARG(file_id));
    v = method("getFile", str_z(test_arena(), body));
    str path = str_print(
        test_arena(), "/telegram/file/bot" TOKEN "/%.*s", SARG(at(v, "result.file_path")));
    struct http_result r = world_call(HTTP_GET, str_z(test_arena(), path), NULL);
    assert_str(r.body, "%PDF-two");
    sim_clock_advance(world_sim(), 3600 * 1000);
    assert_int_equal(world_call(HTTP_GET, str_z(test_arena(), path), NULL).status, 404);
    r = world_call_as(HTTP_POST, "/telegram/bot" TOKEN "/sendPhoto",
        "multipart/form-data; boundary=B",
        S("--B\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n7001\r\n"
          "--B\r\nContent-Disposition: form-data; name=\"caption\"\r\n\r\nsee\r\n"
          "--B\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"p.jpg\"\r\n"
          "Content-Type: image/jpeg\r\n\r\n\xff\xd8photo\r\n--B--\r\n"),
        NULL);
    assert_int_equal(r.status, 200);
    struct sha256 h = crypto_sha256(S("\xff\xd8photo"));
    struct sim_entry *e;
    assert_int_equal(sim_ledger_read(world_sim(), test_arena(),
                         &(struct sim_query){.has_kind = true, .kind = SIM_KIND_MESSAGE}, &e),
        1);
    assert_true(str_eq(e[0].media, crypto_hex(test_arena(), str_of(h.b, sizeof h.b))));
    assert_str(e[0].text, "see");
    body = str_print(test_arena(),
        "{\"chat_id\":7001,\"media\":[{\"type\":\"document\",\"media\":\"%.*s\"},{\"type\":"
        "\"photo\",\"media\":\"https://x/y.jpg\",\"caption\":\"two\"}]}",
        SARG(file_id));
    v = method("sendMediaGroup", str_z(test_arena(), body));
    assert_int_equal(json_get(v, S("result"))->count, 2);
    assert_str(at(v, "result.1.caption"), "two");
    assert_fails(method("sendPhoto", "{\"chat_id\":7001,\"photo\":\"nothing\"}"), 400,
        "wrong file identifier");
    world_close();
}

static void too_many_messages_are_told_how_long_to_wait(void **state)
{
    (void)state;
    open_world();
    str why;
    asha_says("Hi");
    assert_ok(sim_account_set(world_sim(), S("telegram"),
        &(struct sim_account_set){.settings = S("{\"rates\":\"strict\"}")}, &why));
    const char *body = "{\"chat_id\":7001,\"text\":\"x\"}";
    assert_true(json_bool(json_get(method("sendMessage", body), S("ok")), false));
    const struct json *v = method("sendMessage", body);
    assert_fails(v, 429, "retry after 1");
    assert_str(at(v, "parameters.retry_after"), "1");
    sim_clock_advance(world_sim(), 1000);
    assert_true(json_bool(json_get(method("sendMessage", body), S("ok")), false));
    sim_clock_advance(world_sim(), 1000);
    assert_ok(sim_fault_add(
        world_sim(), &(struct sim_fault){.mode = SIM_FAULT_RATE_LIMIT, .retry_after_ms = 5000}));
    assert_str(at(method("sendMessage", body), "parameters.retry_after"), "5");
    world_close();
}

static void a_raw_update_gets_a_number_and_is_delivered(void **state)
{
    (void)state;
    open_world();
    str why;
    assert_ok(sim_event(world_sim(), test_arena(), S("telegram"), (str){0},
        S("{\"business_connection\":{\"id\":\"bc1\"}}"), &why));
    const struct json *v = method("getUpdates", "{}");
    assert_str(at(v, "result.0.business_connection.id"), "bc1");
    assert_str(at(v, "result.0.update_id"), "900000001");
    assert_err(
        sim_event(world_sim(), test_arena(), S("telegram"), (str){0}, S("[]"), &why), E_INVALID);
    world_close();
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(a_bot_knows_itself_and_a_wrong_token_is_unauthorized),
        TEST(updates_are_polled_in_order_and_confirmed_by_their_offset),
        TEST(updates_leave_after_a_day),
        TEST(a_long_poll_is_answered_when_a_message_comes),
        TEST(a_webhook_carries_the_secret_and_excludes_polling),
        TEST(a_message_reaches_its_chat_and_its_text_is_checked),
        TEST(a_chat_that_was_left_or_moved_says_so),
        TEST(buttons_reactions_edits_and_deletions_work),
        TEST(a_photo_is_uploaded_and_a_customer_s_file_is_loaded_for_an_hour),
        TEST(too_many_messages_are_told_how_long_to_wait),
        TEST(a_raw_update_gets_a_number_and_is_delivered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
