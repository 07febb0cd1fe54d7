/* Telegram's connector: golden updates, the secret header, what goes to the Bot API and what its
 * answers mean, long polling, files. */
#include "connector/connector.h"

#include "base/crypto.h"
#include "base/file.h"
#include "base/limits.h"
#include "channel.h"
#include "connector/network.h"

#define TOKEN "123456:ABC-DEF_1"

static const struct connector *telegram(void)
{
    return connector_find(S("telegram"));
}

static struct channel open_it(const char *settings)
{
    return channel_open_bare("telegram", "", settings, "{\"bot_token\":\"" TOKEN "\"}");
}

static struct connector_sent send_one(struct channel *ch, struct connector_outgoing out)
{
    if (!out.to.len)
        out.to = S("7001");
    return channel_sends(ch, out);
}

static void heard(struct channel *ch, int nth, const char *method, const char *body)
{
    struct peer_heard h = peer_heard(ch->peer, nth);
    assert_str(h.method, "POST");
    assert_str(h.target, str_z(test_arena(), str_print(test_arena(), "/bot" TOKEN "/%s", method)));
    if (!body)
        return;
    assert_str(peer_header(&h, "Content-Type"), "application/json");
    assert_str(h.body, body);
}

#define OK_MESSAGE                                                                                 \
    "{\"ok\":true,\"result\":{\"message_id\":16,\"chat\":{\"id\":7001,\"type\":\"private\"},"      \
    "\"date\":1767225600,\"text\":\"Hi\"}}"
#define OK_TRUE "{\"ok\":true,\"result\":true}"

/* ── receiving ── */

static void every_update_is_read_as_its_golden_file_says(void **state)
{
    (void)state;
    golden_check_all("telegram");
}

static void a_delivery_is_the_same_by_webhook_and_by_polling(void **state)
{
    (void)state;
    golden_check("telegram", "text", "hook");
    golden_check("telegram", "text", "poll");
}

static err verify_with(const char *header, const char *secret, const char *old)
{
    const struct http_header headers[] = {
        {S("X-Telegram-Bot-Api-Secret-Token"), str_from(header)}
    };
    const struct http_request req = {
        .method = HTTP_POST, .headers = headers, .header_count = header ? 1 : 0};
    const struct connector_setup setup = {.secret = str_from(secret), .old_secret = str_from(old)};
    const struct connector_hook hook = {.req = &req, .setup = &setup, .now_ms = TEST_NOW_MS};
    str why = {0};
    err e = telegram()->verify(test_arena(), &hook, &why);
    assert_true(e == OK || why.len > 0);
    return e;
}

static void only_the_secret_header_of_this_channel_is_let_in(void **state)
{
    (void)state;
    assert_ok(verify_with("s3cret", "s3cret", ""));
    assert_ok(verify_with("s3cret", "new", "s3cret"));
    assert_err(verify_with("s3creT", "s3cret", ""), E_UNAUTHENTICATED);
    assert_err(verify_with("s3cret ", "s3cretx", ""), E_UNAUTHENTICATED);
    assert_err(verify_with(NULL, "s3cret", ""), E_UNAUTHENTICATED);
    assert_err(verify_with("", "", ""), E_UNAUTHENTICATED);
}

static void the_answer_to_a_press_stops_its_spinner(void **state)
{
    (void)state;
    struct http_request req = {.method = HTTP_POST, .body = golden_read("telegram", "press.json")};
    const struct connector_setup setup = {0};
    const struct connector_hook hook = {.req = &req, .setup = &setup, .now_ms = TEST_NOW_MS};
    struct connector_answer a = telegram()->answer(test_arena(), &hook);
    assert_int_equal(a.status, 200);
    assert_str(a.body, "{\"method\":\"answerCallbackQuery\",\"callback_query_id\":\"4382\"}");
    req.body = golden_read("telegram", "text.json");
    assert_int_equal(telegram()->answer(test_arena(), &hook).status, 0);
    req.body = S("{");
    assert_int_equal(telegram()->answer(test_arena(), &hook).status, 0);
}

/* ── sending ── */

static void a_text_goes_as_it_is_and_its_number_comes_back(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    peer_answers(ch.peer, 200, "", OK_MESSAGE);
    struct connector_sent sent = send_one(
        &ch, (struct connector_outgoing){.text = S("*Hi* _you_ [x]"), .reply_to = S("7001:15")});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "7001:16");
    heard(&ch, 0, "sendMessage",
        "{\"chat_id\":7001,\"reply_parameters\":{\"message_id\":15,\"allow_sending_without_reply\":"
        "true},\"text\":\"*Hi* _you_ [x]\"}");
    channel_close(&ch);
}

static void a_thread_says_which_chat_topic_and_connection(void **state)
{
    (void)state;
    static const struct {
        const char *thread, *reply_to, *body;
    } cases[] = {
        {"-4500",            "-4500:40",
         "{\"chat_id\":-4500,\"reply_parameters\":{\"message_id\":40,\"allow_sending_without_reply\":"
            "true},\"text\":\"Hi\"}"                                                                            },
        {"-1001500/9",       "",                "{\"chat_id\":-1001500,\"message_thread_id\":9,\"text\":\"Hi\"}"},
        {"post:-1001500",    "",                "{\"chat_id\":-1001500,\"text\":\"Hi\"}"                        },
        {"post:-1001500:50", "-1001500:51",
         "{\"chat_id\":-1001500,\"reply_parameters\":{\"message_id\":51,"
            "\"allow_sending_without_reply\":true},\"text\":\"Hi\"}"                                            },
        {"biz:BC1:7001",     "biz:BC1:7001:90",
         "{\"chat_id\":7001,\"business_connection_id\":\"BC1\",\"reply_parameters\":"
            "{\"message_id\":90,\"allow_sending_without_reply\":true},\"text\":\"Hi\"}"                         },
        {"",                 "-4500:40",        "{\"chat_id\":7001,\"text\":\"Hi\"}"                            },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct channel ch = open_it("{}");
        peer_answers(ch.peer, 200, "", OK_MESSAGE);
        struct connector_sent sent = send_one(&ch, (struct connector_outgoing){.text = S("Hi"),
                                                       .thread_key = str_from(cases[i].thread),
                                                       .reply_to = str_from(cases[i].reply_to)});
        assert_int_equal(sent.outcome, CONNECTOR_SENT);
        heard(&ch, 0, "sendMessage", cases[i].body);
        bool is_business = str_starts(str_from(cases[i].thread), S("biz:"));
        assert_str(sent.external_id, is_business ? "biz:BC1:7001:16" : "7001:16");
        channel_close(&ch);
    }
}

static void a_thread_that_is_none_is_refused_without_a_call(void **state)
{
    (void)state;
    const char *const bad[] = {"biz:", "biz:x", "post:", "post:x:1", "a", "12/x", "--3", "biz:a:b"};
    struct channel ch = open_it("{}");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct connector_sent sent = send_one(
            &ch, (struct connector_outgoing){.text = S("Hi"), .thread_key = str_from(bad[i])});
        assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    }
    assert_int_equal(peer_count(ch.peer), 0);
    channel_close(&ch);
}

static void buttons_become_an_inline_keyboard(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    peer_answers(ch.peer, 200, "", OK_MESSAGE);
    struct connector_outgoing out = {.text = S("How was it?"),
        .parts = S("[{\"type\":\"buttons\",\"buttons\":[{\"id\":\"csat:5\",\"title\":\"Good\"},"
                   "{\"title\":\"Track\",\"url\":\"https://shop.example/t\"}]}]")};
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_SENT);
    heard(&ch, 0, "sendMessage",
        "{\"chat_id\":7001,\"reply_markup\":{\"inline_keyboard\":[[{\"text\":\"Good\","
        "\"callback_data\":\"csat:5\"}],[{\"text\":\"Track\",\"url\":\"https://shop.example/t\"}]]},"
        "\"text\":\"How was it?\"}");
    out.parts = S("[{\"type\":\"buttons\",\"buttons\":[{\"id\":\"0123456789012345678901234567890123"
                  "45678901234567890123456789012345\",\"title\":\"x\"}]}]");
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_FINAL);
    out.text = (str){0};
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(ch.peer), 1);
    channel_close(&ch);
}

static void the_answer_to_a_press_also_stops_its_spinner(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    peer_answers(ch.peer, 400, "",
        "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: query is too old\"}");
    peer_answers(ch.peer, 200, "", OK_MESSAGE);
    struct connector_sent sent = send_one(
        &ch, (struct connector_outgoing){.text = S("Thanks"), .reply_to = S("cb:4382:7001:17")});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    heard(&ch, 0, "answerCallbackQuery", "{\"callback_query_id\":\"4382\"}");
    heard(&ch, 1, "sendMessage",
        "{\"chat_id\":7001,\"reply_parameters\":{\"message_id\":17,\"allow_sending_without_reply\":"
        "true},\"text\":\"Thanks\"}");
    channel_close(&ch);
}

static void a_place_and_a_card_have_methods_of_their_own(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    for (int i = 0; i < 3; i++)
        peer_answers(ch.peer, 200, "", OK_MESSAGE);
    (void)send_one(
        &ch, (struct connector_outgoing){
                 .parts = S("[{\"type\":\"location\",\"latitude\":23.81,\"longitude\":90.41}]")});
    (void)send_one(&ch, (struct connector_outgoing){
                            .parts = S("[{\"type\":\"location\",\"latitude\":1.5,\"longitude\":2.5,"
                                       "\"name\":\"Shop\",\"address\":\"1 Road\"}]")});
    (void)send_one(
        &ch, (struct connector_outgoing){.parts = S("[{\"type\":\"contact\",\"name\":\"Help\","
                                                    "\"phones\":[\"+15550001111\"]}]")});
    heard(&ch, 0, "sendLocation", "{\"chat_id\":7001,\"latitude\":23.81,\"longitude\":90.41}");
    heard(&ch, 1, "sendVenue",
        "{\"chat_id\":7001,\"latitude\":1.5,\"longitude\":2.5,\"title\":\"Shop\",\"address\":\"1 "
        "Road\"}");
    heard(&ch, 2, "sendContact",
        "{\"chat_id\":7001,\"phone_number\":\"+15550001111\",\"first_name\":\"Help\"}");
    channel_close(&ch);
}

static void a_file_goes_by_the_method_of_its_type(void **state)
{
    (void)state;
    static const struct {
        const char *type, *method, *field;
    } cases[] = {
        {"image/jpeg",      "sendPhoto",     "photo"    },
        {"image/png",       "sendPhoto",     "photo"    },
        {"image/gif",       "sendAnimation", "animation"},
        {"video/mp4",       "sendVideo",     "video"    },
        {"audio/mpeg",      "sendAudio",     "audio"    },
        {"audio/ogg",       "sendVoice",     "voice"    },
        {"application/pdf", "sendDocument",  "document" },
        {"image/svg+xml",   "sendDocument",  "document" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct channel ch = open_it("{}");
        struct connector_file f = channel_file("a \"b\".bin", cases[i].type, "BYTES");
        peer_answers(ch.peer, 200, "", OK_MESSAGE);
        struct connector_sent sent = send_one(
            &ch, (struct connector_outgoing){.text = S("Look"), .files = &f, .n_files = 1});
        assert_int_equal(sent.outcome, CONNECTOR_SENT);
        heard(&ch, 0, cases[i].method, NULL);
        struct peer_heard h = peer_heard(ch.peer, 0);
        str field = str_print(test_arena(),
            "name=\"%s\"; filename=\"a %%22b%%22.bin\"\r\nContent-Type: %s\r\n\r\nBYTES\r\n",
            cases[i].field, cases[i].type);
        assert_true(
            str_starts(peer_header(&h, "Content-Type"), S("multipart/form-data; boundary=")));
        assert_true(str_find(h.body, field) >= 0);
        assert_true(str_find(h.body, S("name=\"chat_id\"\r\n\r\n7001\r\n")) >= 0);
        assert_true(str_find(h.body, S("name=\"caption\"\r\n\r\nLook\r\n")) >= 0);
        channel_close(&ch);
    }
}

static void a_large_picture_and_a_refused_photo_go_as_documents(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    struct connector_file f = channel_file("a.jpg", "image/jpeg", "BYTES");
    peer_answers(ch.peer, 400, "",
        "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: PHOTO_INVALID_DIMENSIONS\"}");
    peer_answers(ch.peer, 200, "", OK_MESSAGE);
    peer_answers(ch.peer, 200, "", OK_MESSAGE);
    struct connector_outgoing out = {.files = &f, .n_files = 1};
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_SENT);
    heard(&ch, 0, "sendPhoto", NULL);
    heard(&ch, 1, "sendDocument", NULL);
    f.size = 10 * 1024 * 1024 + 1;
    f.path = (str){0};
    f.url = S("https://seva.example/f/1");
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_SENT);
    heard(&ch, 2, "sendDocument", "{\"chat_id\":7001,\"document\":\"https://seva.example/f/1\"}");
    channel_close(&ch);
}

static void a_file_that_is_gone_is_final_without_a_call(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    const struct connector_file f = {
        .name = S("x"), .type = S("text/plain"), .size = 1, .path = test_path("missing")};
    struct connector_sent sent =
        send_one(&ch, (struct connector_outgoing){.files = &f, .n_files = 1});
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(ch.peer), 0);
    channel_close(&ch);
}

static void every_answer_has_its_outcome(void **state)
{
    (void)state;
#define NO(code, words) "{\"ok\":false,\"error_code\":" code ",\"description\":\"" words "\"}"
    static const struct {
        int status;
        const char *body;
        enum connector_outcome outcome;
        bool is_channel_wide;
        const char *why; /* part of it */
    } cases[] = {
        {400,                                               NO("400",        "Bad Request: chat not found"),                                      CONNECTOR_FINAL,false,
         "does not know this chat"},
        {400,                                                 NO("400",                                                              "Bad Request: message to be replied not found"),                                                                         CONNECTOR_FINAL,false,
         "is gone"},
        {400,                                         NO("400",                                                        "Bad Request: message is too long"),                                                                                                                         CONNECTOR_FINAL,false,"longer"},
        {400,                                            NO("400",                                                   "Bad Request: wrong file identifier"),                                                                                                                      CONNECTOR_FINAL,                                            false,
         "wrong file identifier"},
        {400,                                  NO("400",                                            "Bad Request: PEER_ID_INVALID"),                                                                                                                 CONNECTOR_FINAL,false,"has not started"},
        {400,                  NO("400","Bad Request: can't parse entities"),CONNECTOR_FINAL,false,"parse"},
        {401,                        NO("401",                             "Unauthorized"),                                                                                                                                                             CONNECTOR_REAUTH,                                                                                                                                                                                                              true,                                                                                                                                                                                                                                                                                                                   "@BotFather"},
        {403,                                               NO("403",                               "Forbidden: bot was blocked by the user"),                                                       CONNECTOR_FINAL,false,
         "blocked the bot"},
        {403,                                                 NO("403",                                                              "Forbidden: user is deactivated"),                                                                           CONNECTOR_FINAL,false,"left Telegram"},
        {403,                                 NO("403",                                                "Forbidden: bot can't initiate conversation with a user"),                                                                                                                 CONNECTOR_FINAL,
         false,"not started"},
        {403,                                            NO("403",                                            "Forbidden: bot was kicked from the group chat"),                                                                                                               CONNECTOR_FINAL,                                                                                                          false,
         "removed"},
        {404,                                  NO("404",                                                              "Not Found"),                                                                                                                    CONNECTOR_REAUTH,true,                                                                                                                                                        "token"},
        {409, NO("409","Conflict: terminated by other getUpdates request"),CONNECTOR_RETRY,true,
         "Conflict"},
        {413,        NO("413","Request Entity Too Large"),CONNECTOR_FINAL,false,"50 MB"},
        {413,                                               "<html>too large</html>",                                                      CONNECTOR_FINAL,                                                                                                                 false,                                      "50 MB"},
        {500,                                                 NO("500",                                                              "Internal Server Error"),                                                                                                                  CONNECTOR_RETRY,false,                               "Internal"},
        {502,                                          "<html>bad gateway</html>",                                                         CONNECTOR_RETRY,                                                                                                                          false,"502"                                                                                                                                                                                                                                },
        {200,                                          NO("400",                                                         "Bad Request: something new"),                                                                                                                          CONNECTOR_FINAL,false,"something new"},
        {200,                                            "{\"ok\":tr",                                                 CONNECTOR_UNKNOWN,                                                                                                                    false,"cannot be read"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct channel ch = open_it("{}");
        peer_answers(ch.peer, cases[i].status, "", cases[i].body);
        struct connector_sent sent = send_one(&ch, (struct connector_outgoing){.text = S("Hi")});
        if (sent.outcome != cases[i].outcome || sent.is_channel_wide != cases[i].is_channel_wide ||
            str_find(sent.why, str_from(cases[i].why)) < 0)
            fail_msg("%d %s: %s, %.*s", cases[i].status, cases[i].body,
                connector_outcome_name(sent.outcome), SARG(sent.why));
        assert_true(str_find(sent.why, S("ABC-DEF")) < 0);
        channel_close(&ch);
    }
}

static void a_limit_waits_as_long_as_told_and_stops_only_its_chat(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    peer_answers(ch.peer, 429, "",
        "{\"ok\":false,\"error_code\":429,\"description\":\"Too Many Requests: retry after 5\","
        "\"parameters\":{\"retry_after\":5}}");
    peer_answers(ch.peer, 429, "Retry-After: 7\r\n", "");
    struct connector_sent sent = send_one(&ch, (struct connector_outgoing){.text = S("Hi")});
    assert_int_equal(sent.outcome, CONNECTOR_WAIT);
    assert_false(sent.is_channel_wide);
    assert_in_range(sent.wait_until_ms, TEST_NOW_MS + 5000, TEST_NOW_MS + 6000);
    sent = send_one(&ch, (struct connector_outgoing){.text = S("Hi")});
    assert_int_equal(sent.outcome, CONNECTOR_WAIT);
    assert_in_range(sent.wait_until_ms, TEST_NOW_MS + 7000, TEST_NOW_MS + 8000);
    channel_close(&ch);
}

static void a_call_without_an_answer_is_unknown_and_one_never_made_is_retried(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    peer_hangs_up(ch.peer);
    struct connector_sent sent = send_one(&ch, (struct connector_outgoing){.text = S("Hi")});
    assert_int_equal(sent.outcome, CONNECTOR_UNKNOWN);
    assert_true(str_find(sent.why, S("ABC-DEF")) < 0);
    ch.setup.hosts = S("telegram.api=http://127.0.0.1:1");
    sent = send_one(&ch, (struct connector_outgoing){.text = S("Hi")});
    assert_int_equal(sent.outcome, CONNECTOR_RETRY);
    assert_true(str_find(sent.why, S("ABC-DEF")) < 0);
    assert_false(telegram()->repeats_safely);
    channel_close(&ch);
}

static void a_channel_without_a_token_that_can_be_one_asks_for_it(void **state)
{
    (void)state;
    const char *const bad[] = {
        "{}", "{\"bot_token\":\"\"}", "{\"bot_token\":\"1:a/../x\"}", "{\"bot_token\":\"1:a b\"}"};
    struct channel ch = open_it("{}");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ch.setup.secrets = str_from(bad[i]);
        struct connector_sent sent = send_one(&ch, (struct connector_outgoing){.text = S("Hi")});
        assert_int_equal(sent.outcome, CONNECTOR_REAUTH);
        assert_true(sent.is_channel_wide);
    }
    assert_int_equal(peer_count(ch.peer), 0);
    channel_close(&ch);
}

static void a_group_that_has_moved_gets_the_message_and_names_its_new_thread(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    peer_answers(ch.peer, 400, "",
        "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: group chat was upgraded to "
        "a supergroup chat\",\"parameters\":{\"migrate_to_chat_id\":-1009876543210}}");
    peer_answers(ch.peer, 200, "",
        "{\"ok\":true,\"result\":{\"message_id\":2,\"chat\":{\"id\":-1009876543210}}}");
    struct connector_sent sent =
        send_one(&ch, (struct connector_outgoing){.text = S("Hi"), .thread_key = S("-4500")});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.thread_key, "-1009876543210");
    assert_str(sent.external_id, "-1009876543210:2");
    heard(&ch, 1, "sendMessage", "{\"chat_id\":-1009876543210,\"text\":\"Hi\"}");
    assert_int_equal(peer_count(ch.peer), 2); /* once, not for ever */
    channel_close(&ch);
}

/* ── acts ── */

static void messages_are_edited_deleted_and_reacted_to(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    for (int i = 0; i < 6; i++)
        peer_answers(ch.peer, 200, "", OK_TRUE);
    const struct connector_act acts[] = {
        {.kind = ACT_EDIT,                     .external_id = S("7001:16"), .text = S("Hello")},
        {.kind = ACT_DELETE,                                    .external_id = S("7001:16")                                             },
        {.kind = ACT_REACT,                                    .external_id = S("7001:15"),  .reaction = S("👍")},
        {.kind = ACT_REACT,               .external_id = S("7001:15")                                        },
        {.kind = ACT_EDIT,.external_id = S("biz:BC1:7001:91"),.text = S("Yes")},
        {.kind = ACT_DELETE,       .external_id = S("biz:BC1:7001:91")                                    },
    };
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        assert_int_equal(channel_acts(&ch, acts[i]).outcome, CONNECTOR_SENT);
    heard(&ch, 0, "editMessageText", "{\"chat_id\":7001,\"message_id\":16,\"text\":\"Hello\"}");
    heard(&ch, 1, "deleteMessage", "{\"chat_id\":7001,\"message_id\":16}");
    heard(&ch, 2, "setMessageReaction",
        "{\"chat_id\":7001,\"message_id\":15,\"reaction\":[{\"type\":\"emoji\",\"emoji\":\"👍\"}]}");
    heard(&ch, 3, "setMessageReaction", "{\"chat_id\":7001,\"message_id\":15,\"reaction\":[]}");
    heard(&ch, 4, "editMessageText",
        "{\"chat_id\":7001,\"message_id\":91,\"business_connection_id\":\"BC1\",\"text\":\"Yes\"}");
    heard(&ch, 5, "deleteBusinessMessages",
        "{\"business_connection_id\":\"BC1\",\"message_ids\":[91]}");
    assert_int_equal(channel_acts(&ch, (struct connector_act){.kind = ACT_REACT,
                                           .external_id = S("biz:BC1:7001:91")})
                         .outcome,
        CONNECTOR_FINAL);
    assert_int_equal(
        channel_acts(&ch, (struct connector_act){.kind = ACT_DELETE, .external_id = S("cb:1")})
            .outcome,
        CONNECTOR_FINAL);
    assert_int_equal(
        channel_acts(&ch, (struct connector_act){.kind = ACT_HIDE, .external_id = S("7001:16")})
            .outcome,
        CONNECTOR_FINAL);
    channel_close(&ch);
}

static void an_edit_that_changes_nothing_is_done_and_a_caption_is_edited_as_one(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    peer_answers(ch.peer, 400, "", NO("400", "Bad Request: message is not modified: same"));
    peer_answers(
        ch.peer, 400, "", NO("400", "Bad Request: there is no text in the message to edit"));
    peer_answers(ch.peer, 200, "", OK_TRUE);
    peer_answers(ch.peer, 400, "", NO("400", "Bad Request: message to delete not found"));
    peer_answers(ch.peer, 400, "", NO("400", "Bad Request: message can't be deleted for everyone"));
    const struct connector_act edit = {
        .kind = ACT_EDIT, .external_id = S("7001:16"), .text = S("Hello")};
    const struct connector_act gone = {.kind = ACT_DELETE, .external_id = S("7001:16")};
    assert_int_equal(channel_acts(&ch, edit).outcome, CONNECTOR_SENT);
    assert_int_equal(channel_acts(&ch, edit).outcome, CONNECTOR_SENT);
    heard(
        &ch, 2, "editMessageCaption", "{\"chat_id\":7001,\"message_id\":16,\"caption\":\"Hello\"}");
    assert_int_equal(channel_acts(&ch, gone).outcome, CONNECTOR_SENT);
    assert_int_equal(channel_acts(&ch, gone).outcome, CONNECTOR_FINAL);
    channel_close(&ch);
}

static void typing_is_shown_where_the_answer_will_stand(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    struct connector_sent end;
    peer_answers(ch.peer, 200, "", OK_TRUE);
    assert_ok(
        telegram()->typing(ch.client, test_arena(), &ch.setup, S("7001"), S("-1001500/9"), &end));
    assert_int_equal(end.outcome, CONNECTOR_SENT);
    heard(&ch, 0, "sendChatAction",
        "{\"chat_id\":-1001500,\"message_thread_id\":9,\"action\":\"typing\"}");
    channel_close(&ch);
}

/* ── long polling ── */

struct taken {
    int n, signs, most;
    struct connector_delivery at[8];
    str cursors;
};

static bool take(void *arg, const struct connector_delivery *d, str cursors)
{
    struct taken *t = arg;
    if (!d) {
        t->signs++;
        return t->n + t->signs < t->most;
    }
    t->at[t->n++] = *d;
    t->cursors = cursors;
    return t->n + t->signs < t->most;
}

static struct connector_polled listen_with(struct channel *ch, const char *cursors, struct taken *t)
{
    struct connector_polled out = {0};
    const struct connector_listen in = {.setup = &ch->setup,
        .cursors = str_from(cursors),
        .take = take,
        .arg = t,
        .now_ms = TEST_NOW_MS};
    assert_ok(telegram()->listen(ch->client, test_arena(), &in, &out));
    return out;
}

#define POLL "{\"receive\":\"poll\"}"
#define ASKED                                                                                      \
    "\"limit\":20,\"timeout\":25,\"allowed_updates\":[\"message\",\"edited_message\","             \
    "\"callback_query\",\"my_chat_member\",\"message_reaction\"]}"

static void polling_goes_on_behind_the_last_update_that_was_taken(void **state)
{
    (void)state;
    struct channel ch = open_it(POLL);
    struct taken t = {.most = 4};
    peer_answers(ch.peer, 200, "",
        "{\"ok\":true,\"result\":[{\"update_id\":7,\"message\":{\"message_id\":1}},"
        "{\"update_id\":8,\"poll\":{\"id\":\"1\"}},{\"no\":1}]}");
    peer_answers(ch.peer, 200, "", "{\"ok\":true,\"result\":[]}");
    peer_answers(ch.peer, 200, "", "{\"ok\":true,\"result\":[{\"update_id\":9}]}");
    struct connector_polled out = listen_with(&ch, "{}", &t);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_int_equal(t.n, 3);
    assert_int_equal(t.signs, 1);
    assert_str(t.at[0].key, "7");
    assert_str(t.at[0].body, "{\"update_id\":7,\"message\":{\"message_id\":1}}");
    assert_str(t.cursors, "{\"offset\":10,\"last_ms\":1767225600000}");
    heard(&ch, 0, "getUpdates", "{" ASKED);
    heard(&ch, 1, "getUpdates", "{\"offset\":9," ASKED);
    heard(&ch, 2, "getUpdates", "{\"offset\":9," ASKED);
    channel_close(&ch);
}

static void an_update_that_is_not_taken_is_not_confirmed(void **state)
{
    (void)state;
    struct channel ch = open_it(POLL);
    struct taken t = {.most = 1};
    peer_answers(
        ch.peer, 200, "", "{\"ok\":true,\"result\":[{\"update_id\":7},{\"update_id\":8}]}");
    (void)listen_with(&ch, "{}", &t);
    assert_int_equal(t.n, 1);
    assert_str(t.cursors, "{\"offset\":8,\"last_ms\":1767225600000}");
    assert_int_equal(peer_count(ch.peer), 1);
    channel_close(&ch);
}

static void an_old_offset_is_forgotten_because_ids_begin_anew(void **state)
{
    (void)state;
    struct channel ch = open_it(POLL);
    struct taken t = {.most = 1};
    peer_answers(ch.peer, 200, "", "{\"ok\":true,\"result\":[]}");
    (void)listen_with(&ch, "{\"offset\":900,\"last_ms\":1766700000000}", &t);
    heard(&ch, 0, "getUpdates", "{" ASKED);
    channel_close(&ch);
}

static void a_press_that_was_polled_is_answered_after_it_was_taken(void **state)
{
    (void)state;
    struct channel ch = open_it(POLL);
    struct taken t = {.most = 2};
    peer_answers(ch.peer, 200, "",
        "{\"ok\":true,\"result\":[{\"update_id\":7,\"callback_query\":{\"id\":\"4382\"}}]}");
    peer_answers(ch.peer, 200, "", OK_TRUE);
    peer_answers(ch.peer, 200, "", "{\"ok\":true,\"result\":[]}");
    (void)listen_with(&ch, "{}", &t);
    heard(&ch, 1, "answerCallbackQuery", "{\"callback_query_id\":\"4382\"}");
    channel_close(&ch);
}

static void a_webhook_left_over_is_removed_and_a_second_reader_is_named(void **state)
{
    (void)state;
    struct channel ch = open_it(POLL);
    struct taken t = {.most = 9};
    peer_answers(ch.peer, 409, "",
        NO("409",
            "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook"));
    peer_answers(ch.peer, 200, "", OK_TRUE);
    peer_answers(ch.peer, 409, "", NO("409", "Conflict: terminated by other getUpdates request"));
    struct connector_polled out = listen_with(&ch, "{}", &t);
    heard(&ch, 1, "deleteWebhook", "{}");
    heard(&ch, 2, "getUpdates", NULL);
    assert_int_equal(out.end.outcome, CONNECTOR_RETRY);
    assert_true(str_find(out.end.why, S("Another program")) >= 0);
    assert_int_equal(out.next_ms, TEST_NOW_MS + 60 * 1000);
    channel_close(&ch);
}

static void a_channel_with_a_webhook_does_not_poll(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    struct taken t = {.most = 9};
    struct connector_polled out = listen_with(&ch, "{}", &t);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_true(out.next_ms > TEST_NOW_MS);
    assert_int_equal(peer_count(ch.peer), 0);
    channel_close(&ch);
}

/* ── the bot ── */

static void the_webhook_is_set_with_its_secret_and_the_wanted_updates(void **state)
{
    (void)state;
    struct channel ch = open_it("{\"business\":\"yes\"}");
    struct connector_sent sent;
    peer_answers(ch.peer, 200, "", OK_TRUE);
    peer_answers(ch.peer, 200, "", OK_TRUE);
    peer_answers(
        ch.peer, 400, "", NO("400", "Bad Request: bad webhook: HTTPS url must be provided"));
    assert_ok(telegram()->subscribe(ch.client, test_arena(), &ch.setup, true, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    heard(&ch, 0, "setWebhook",
        "{\"url\":\"https://care.example.com/hooks/telegram/k1\",\"secret_token\":\"channel-secret_1\","
        "\"allowed_updates\":[\"message\",\"edited_message\",\"callback_query\",\"my_chat_member\","
        "\"message_reaction\",\"business_connection\",\"business_message\","
        "\"edited_business_message\",\"deleted_business_messages\"]}");
    assert_ok(telegram()->subscribe(ch.client, test_arena(), &ch.setup, false, &sent));
    heard(&ch, 1, "deleteWebhook", "{}");
    assert_ok(telegram()->subscribe(ch.client, test_arena(), &ch.setup, true, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_true(str_find(sent.why, S("HTTPS url must be provided")) >= 0);
    channel_close(&ch);
}

static void the_test_says_who_the_bot_is_and_what_it_misses(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    struct connector_checked c = {0};
    peer_answers(ch.peer, 200, "",
        "{\"ok\":true,\"result\":{\"id\":123456,\"is_bot\":true,\"first_name\":\"Seva "
        "Help\",\"username\":\"SevaBot\",\"can_read_all_group_messages\":false}}");
    peer_answers(ch.peer, 200, "",
        "{\"ok\":true,\"result\":{\"url\":\"https://x\",\"pending_update_count\":3}}");
    assert_ok(telegram()->check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &c));
    assert_int_equal(c.end.outcome, CONNECTOR_SENT);
    assert_int_equal(c.n, 1);
    assert_str(c.accounts[0].external_id, "123456");
    assert_str(c.accounts[0].handle, "@SevaBot");
    assert_str(c.accounts[0].name, "Seva Help");
    assert_true(str_find(c.note, S("privacy mode")) >= 0);
    peer_answers(
        ch.peer, 200, "", "{\"ok\":true,\"result\":{\"id\":123456,\"username\":\"SevaBot\"}}");
    peer_answers(ch.peer, 200, "",
        "{\"ok\":true,\"result\":{\"url\":\"https://x\",\"last_error_date\":1767225000,"
        "\"last_error_message\":\"Wrong response from the webhook: 401 Unauthorized\"}}");
    assert_ok(telegram()->check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &c));
    assert_true(str_find(c.note, S("401 Unauthorized")) >= 0);
    peer_answers(ch.peer, 401, "", NO("401", "Unauthorized"));
    assert_ok(telegram()->check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &c));
    assert_int_equal(c.end.outcome, CONNECTOR_REAUTH);
    assert_int_equal(c.n, 0);
    channel_close(&ch);
}

static struct connector_source media_of(struct channel *ch)
{
    struct connector_source out;
    const struct connector_attachment at = {.media_id = S("AgA2")};
    assert_ok(telegram()->media(ch->client, test_arena(), &ch->setup, &at, &out));
    return out;
}

static void a_file_has_an_address_at_the_moment_of_fetching(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    peer_answers(ch.peer, 200, "",
        "{\"ok\":true,\"result\":{\"file_id\":\"AgA2\",\"file_unique_id\":\"u2\",\"file_size\":120000,"
        "\"file_path\":\"photos/file_2.jpg\"}}");
    struct connector_source from = media_of(&ch);
    assert_int_equal(from.end.outcome, CONNECTOR_SENT);
    assert_true(str_ends(from.url, S("/file/bot" TOKEN "/photos/file_2.jpg")));
    heard(&ch, 0, "getFile", "{\"file_id\":\"AgA2\"}");
    channel_close(&ch);
}

static void a_file_beyond_20_mb_and_a_path_that_is_none_have_no_address(void **state)
{
    (void)state;
    struct channel ch = open_it("{}");
    peer_answers(ch.peer, 400, "", NO("400", "Bad Request: file is too big"));
    peer_answers(ch.peer, 200, "",
        "{\"ok\":true,\"result\":{\"file_id\":\"A\",\"file_size\":20971521,\"file_path\":\"x\"}}");
    peer_answers(ch.peer, 200, "",
        "{\"ok\":true,\"result\":{\"file_id\":\"A\",\"file_path\":\"../../botX/getMe\"}}");
    peer_answers(ch.peer, 200, "", "{\"ok\":true,\"result\":{\"file_id\":\"A\"}}");
    for (int i = 0; i < 4; i++) {
        struct connector_source from = media_of(&ch);
        assert_int_equal(from.end.outcome, i < 2 ? CONNECTOR_FINAL : CONNECTOR_RETRY);
        assert_int_equal(from.url.len, 0);
        if (i < 2)
            assert_true(str_find(from.end.why, S("20 MB")) >= 0);
    }
    channel_close(&ch);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(every_update_is_read_as_its_golden_file_says),
        TEST(a_delivery_is_the_same_by_webhook_and_by_polling),
        TEST(only_the_secret_header_of_this_channel_is_let_in),
        TEST(the_answer_to_a_press_stops_its_spinner),
        TEST(a_text_goes_as_it_is_and_its_number_comes_back),
        TEST(a_thread_says_which_chat_topic_and_connection),
        TEST(a_thread_that_is_none_is_refused_without_a_call),
        TEST(buttons_become_an_inline_keyboard),
        TEST(the_answer_to_a_press_also_stops_its_spinner),
        TEST(a_place_and_a_card_have_methods_of_their_own),
        TEST(a_file_goes_by_the_method_of_its_type),
        TEST(a_large_picture_and_a_refused_photo_go_as_documents),
        TEST(a_file_that_is_gone_is_final_without_a_call),
        TEST(every_answer_has_its_outcome),
        TEST(a_limit_waits_as_long_as_told_and_stops_only_its_chat),
        TEST(a_call_without_an_answer_is_unknown_and_one_never_made_is_retried),
        TEST(a_channel_without_a_token_that_can_be_one_asks_for_it),
        TEST(a_group_that_has_moved_gets_the_message_and_names_its_new_thread),
        TEST(messages_are_edited_deleted_and_reacted_to),
        TEST(an_edit_that_changes_nothing_is_done_and_a_caption_is_edited_as_one),
        TEST(typing_is_shown_where_the_answer_will_stand),
        TEST(polling_goes_on_behind_the_last_update_that_was_taken),
        TEST(an_update_that_is_not_taken_is_not_confirmed),
        TEST(an_old_offset_is_forgotten_because_ids_begin_anew),
        TEST(a_press_that_was_polled_is_answered_after_it_was_taken),
        TEST(a_webhook_left_over_is_removed_and_a_second_reader_is_named),
        TEST(a_channel_with_a_webhook_does_not_poll),
        TEST(the_webhook_is_set_with_its_secret_and_the_wanted_updates),
        TEST(the_test_says_who_the_bot_is_and_what_it_misses),
        TEST(a_file_has_an_address_at_the_moment_of_fetching),
        TEST(a_file_beyond_20_mb_and_a_path_that_is_none_have_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
