/* TikTok's connector: signature, what events say, messages, comments and their errors, what is
 * polled. */
#include "channel.h"

#include "base/file.h"
#include "vectors.h"

static const char secrets[] = "{\"access_token\":\"act.x\",\"refresh_token\":\"rft.x\","
                              "\"client_secret\":\"seva-tiktok-app-secret\"}";
static const char settings[] = "{\"client_id\":\"7000000000000000001\"}";

static struct channel open_it(void)
{
    return channel_open("tiktok", "biz-123", settings, secrets);
}

#define OK_OF(data) "{\"code\":0,\"message\":\"OK\",\"request_id\":\"r\",\"data\":" data "}"

/* ── webhook ── */

static void only_what_tiktok_signed_lately_is_taken(void **state)
{
    (void)state;
    const struct connector *c = connector_find(S("tiktok"));
    int n = 0;
    for (const struct json *v = vectors(); v; v = v->next) {
        if (!str_eq(vector_text(v, "scheme"), S("tiktok")))
            continue;
        struct channel_hook h;
        str why = {0}, value = vector_text(v, "value"), body = vector_text(v, "body");
        const struct connector_setup setup = {.secrets = str_from(secrets)};
        str flipped = str_cat(test_arena(), str_sub(value, 0, value.len - 1), S("0"));
        (void)channel_hook(&h, &setup, "tiktok-signature", value, body);
        assert_ok(c->verify(test_arena(), &h.hook, &why));
        h.hook.now_ms = TEST_NOW_MS + 301 * 1000;
        assert_err(c->verify(test_arena(), &h.hook, &why), E_UNAUTHENTICATED);
        (void)channel_hook(&h, &setup, "tiktok-signature", flipped, body);
        assert_err(c->verify(test_arena(), &h.hook, &why), E_UNAUTHENTICATED);
        (void)channel_hook(&h, &setup, "tiktok-signature", value, S("{}"));
        assert_err(c->verify(test_arena(), &h.hook, &why), E_UNAUTHENTICATED);
        n++;
    }
    assert_true(n > 0);
}

static void what_events_say_is_read(void **state)
{
    (void)state;
    static const char *const names[] = {"text", "text_reply", "image", "share_post", "sticker",
        "other", "sent_echo", "read", "read_by_us", "referral", "eu", "eu_bare",
        "content_as_object", "content_broken", "unknown_event", "high_intent", "comment_insert",
        "comment_reply", "comment_delete", "comment_hidden", "comment_numbers", "hostile",
        "hostile_message"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        golden_check("tiktok", names[i], "hook");
}

static void what_was_polled_is_read(void **state)
{
    (void)state;
    static const char *const names[] = {"polled_comment", "polled_ours", "polled_ours_to_nobody",
        "polled_without_author", "looked_up_ours_to_nobody"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        golden_check("tiktok", names[i], "comment");
}

static void a_faulty_message_is_read_when_it_comes_again(void **state)
{
    (void)state;
    const struct connector *c = connector_find(S("tiktok"));
    struct connector_batch first = channel_parse(c, "hook", golden_read("tiktok", "eu_bare.json"));
    assert_true(first.items[0].fault.len > 0);
    struct connector_batch again = channel_parse(c, "hook", first.items[0].raw);
    assert_true(again.items[0].fault.len > 0);
    struct connector_batch comment =
        channel_parse(c, "hook", golden_read("tiktok", "comment_insert.json"));
    assert_true(comment.items[0].wants_author);
}

/* ── messages ── */

static struct connector_outgoing message(struct channel *ch, const char *text)
{
    return (struct connector_outgoing){
        .setup = &ch->setup,
        .delivery_id = S("d1"),
        .to = S("u-9"),
        .thread_key = S("tt-conv-1"),
        .text = str_from(text),
        .last_in_ms = TEST_NOW_MS - 1000,
        .now_ms = TEST_NOW_MS,
        .first_try_ms = TEST_NOW_MS,
    };
}

static struct connector_outgoing comment(struct channel *ch, const char *text)
{
    struct connector_outgoing out = message(ch, text);
    out.is_public = true;
    out.thread_key = S("post:7300");
    out.post = S("7300");
    out.reply_to = S("7300/7400");
    return out;
}

static void a_message_goes_into_its_conversation_and_names_what_it_answers(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_outgoing out = message(&ch, "Hello");
    out.reply_to = S("tt-msg-1");
    peer_answers(ch.peer, 200, "", OK_OF("{\"message\":{\"message_id\":\"tt-msg-2\"}}"));
    struct connector_sent sent = channel_sends(&ch, out);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "tt-msg-2");
    struct peer_heard h = channel_heard(&ch, 0, "POST", "/tiktok/api/business/message/send/");
    assert_str(peer_header(&h, "Access-Token"), "act.x");
    assert_str(peer_header(&h, "Authorization"), "");
    assert_str(h.body,
        "{\"business_id\":\"biz-123\",\"recipient_type\":\"CONVERSATION\",\"recipient\":"
        "\"tt-conv-1\",\"message_type\":\"TEXT\",\"text\":{\"body\":\"Hello\"},"
        "\"referenced_message_info\":{\"referenced_message_id\":\"tt-msg-1\"}}");
    channel_close(&ch);
}

static void a_picture_is_put_up_and_then_sent(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_outgoing out = message(&ch, "");
    str path = test_path("p.png");
    assert_ok(file_write(path, S("PNGPNG"), 0600));
    const struct connector_file file = {
        .name = S("p.png"), .type = S("image/png"), .size = 6, .path = path};
    out.files = &file;
    out.n_files = 1;
    peer_answers(ch.peer, 200, "", OK_OF("{\"media_id\":\"m-1\"}"));
    peer_answers(ch.peer, 200, "", OK_OF("{\"message\":{\"message_id\":\"tt-msg-2\"}}"));
    assert_int_equal(channel_sends(&ch, out).outcome, CONNECTOR_SENT);
    struct peer_heard h =
        channel_heard(&ch, 0, "POST", "/tiktok/api/business/message/media/upload/");
    assert_has(h.body, "name=\"business_id\"\r\n\r\nbiz-123\r\n");
    assert_has(h.body, "name=\"media_type\"\r\n\r\nIMAGE\r\n");
    assert_has(h.body, "PNGPNG");
    assert_has(
        peer_heard(ch.peer, 1).body, "\"message_type\":\"IMAGE\",\"image\":{\"media_id\":\"m-1\"}");
    peer_hangs_up(ch.peer);
    assert_int_equal(channel_sends(&ch, out).outcome, CONNECTOR_RETRY); /* nobody saw anything */
    peer_answers(ch.peer, 200, "", "{\"code\":40002,\"message\":\"Too large\"}");
    assert_int_equal(channel_sends(&ch, out).outcome, CONNECTOR_FINAL);
    channel_close(&ch);
}

static void each_error_of_the_table_has_its_outcome(void **state)
{
    (void)state;
    static const int64_t minutes = 5 * 60 * 1000, day = 24 * 3600 * 1000;
    const struct channel_error rows[] = {
        {200, "",                   "{\"code\":40001,\"message\":\"No permission\"}",                                 CONNECTOR_FINAL,   true,  0,
         "No permission"                                                                                                                                              },
        {200, "",                   "{\"code\":40002,\"message\":\"Bad text\"}",                                      CONNECTOR_FINAL,   false, 0,
         "Bad text"                                                                                                                                                   },
        {200, "",                   "{\"code\":40100,\"message\":\"Too many requests\"}",                             CONNECTOR_WAIT,    true,
         minutes,                                                                                                                                     "Too many"      },
        {200, "",                   "{\"code\":40100,\"message\":\"Daily limit reached\"}",                           CONNECTOR_WAIT,    true,  day,
         "Daily"                                                                                                                                                      },
        {200, "",                   "{\"code\":40105,\"message\":\"Access token is incorrect or has been revoked\"}",
         CONNECTOR_REAUTH,                                                                                                               true,  0,    "revoked"       },
        {200, "",                   "{\"code\":40102,\"message\":\"Expired\"}",                                       CONNECTOR_REAUTH,  true,  0,    "Expired"       },
        {200, "",                   "{\"code\":40104,\"message\":\"Missing\"}",                                       CONNECTOR_REAUTH,  true,  0,    "Missing"       },
        {200, "",                   "{\"code\":50000,\"message\":\"System error\"}",                                  CONNECTOR_RETRY,   false, 0,
         "System"                                                                                                                                                     },
        {200, "",                   "{\"code\":51000,\"message\":\"System error\"}",                                  CONNECTOR_RETRY,   false, 0,
         "System"                                                                                                                                                     },
        {200, "",                   "{\"code\":41234,\"message\":\"Not allowed now\"}",                               CONNECTOR_FINAL,   false, 0,
         "at most ten messages"                                                                                                                                       },
        {400, "",                   "{\"code\":40002,\"message\":\"Bad text\"}",                                      CONNECTOR_FINAL,   false, 0,
         "Bad text"                                                                                                                                                   },
        {401, "",                   "",                                                                               CONNECTOR_REAUTH,  true,  0,    "401"           },
        {429, "Retry-After: 9\r\n", "",                                                                               CONNECTOR_WAIT,    true,  9000, "429"           },
        {502, "",                   "<html>",                                                                         CONNECTOR_UNKNOWN, false, 0,    "does not say"  },
        {200, "",                   "<html>",                                                                         CONNECTOR_UNKNOWN, false, 0,    "does not say"  },
        {200, "",                   OK_OF("{}"),                                                                      CONNECTOR_UNKNOWN, false, 0,    "without naming"},
    };
    struct channel ch = open_it();
    struct connector_outgoing out = message(&ch, "Hello");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer_answers(ch.peer, rows[i].status, rows[i].headers, rows[i].body);
        struct connector_sent sent = channel_sends(&ch, out);
        channel_check_error(&rows[i], &sent);
    }
    peer_hangs_up(ch.peer);
    assert_int_equal(channel_sends(&ch, out).outcome, CONNECTOR_UNKNOWN);
    channel_close(&ch);
}

static void a_refusal_after_48_hours_says_how_many_may_still_go(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_outgoing out = message(&ch, "Hello");
    out.last_in_ms = TEST_NOW_MS - INT64_C(49) * 3600 * 1000;
    peer_answers(ch.peer, 200, "", "{\"code\":41234,\"message\":\"Not allowed now\"}");
    struct connector_sent sent = channel_sends(&ch, out);
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_has(sent.why, "TikTok: Not allowed now");
    assert_has(sent.why, "at most three messages");
    channel_close(&ch);
}

static void what_tiktok_cannot_carry_is_refused_without_a_call(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_outgoing out = message(&ch, "Hello");
    out.thread_key = (str){0}; /* we may not begin */
    assert_int_equal(channel_sends(&ch, out).outcome, CONNECTOR_FINAL);
    out = message(&ch, " ");
    assert_int_equal(channel_sends(&ch, out).outcome, CONNECTOR_FINAL);
    out = comment(&ch, "Hello");
    out.reply_to = S("7400");
    assert_int_equal(channel_sends(&ch, out).outcome, CONNECTOR_FINAL);
    ch.setup.secrets = S("{}");
    out = message(&ch, "Hello");
    assert_int_equal(channel_sends(&ch, out).outcome, CONNECTOR_REAUTH);
    assert_int_equal(peer_count(ch.peer), 0);
    channel_close(&ch);
}

static void the_window_is_two_days_and_longer_for_a_persons_answer(void **state)
{
    (void)state;
    const struct connector_rules *r = &connector_find(S("tiktok"))->private_rules;
    assert_int_equal(r->reply_window_ms, INT64_C(48) * 3600 * 1000);
    assert_true(r->late_window_ms > r->reply_window_ms);
    assert_int_equal(connector_find(S("tiktok"))->able & ABLE_BEGIN, 0);
}

/* ── comments ── */

static void a_comment_is_answered_below_itself(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_outgoing out = comment(&ch, "It does!");
    peer_answers(ch.peer, 200, "", OK_OF("{\"comment_id\":7401}"));
    struct connector_sent sent = channel_sends(&ch, out);
    assert_str(sent.external_id, "7300/7401");
    struct peer_heard h =
        channel_heard(&ch, 0, "POST", "/tiktok/api/business/comment/reply/create/");
    assert_str(h.body, "{\"business_id\":\"biz-123\",\"video_id\":\"7300\",\"comment_id\":\"7400\","
                       "\"text\":\"It does!\"}");
    channel_close(&ch);
}

static void a_further_try_of_a_comment_finds_what_an_earlier_one_wrote(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_outgoing out = comment(&ch, "It does!");
    out.first_try_ms = TEST_NOW_MS - 20000;
    peer_answers(ch.peer, 200, "",
        OK_OF("{\"comments\":[{\"comment_id\":\"7409\",\"owner\":true,\"text\":\"It does!\","
              "\"create_time\":1767225590}]}"));
    struct connector_sent sent = channel_sends(&ch, out);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "7300/7409");
    assert_int_equal(peer_count(ch.peer), 1);
    channel_close(&ch);
}

static enum connector_outcome act(struct channel *ch, enum connector_act_kind kind, bool is_public)
{
    const struct connector_act what = {
        .kind = kind, .external_id = S("7300/7400"), .is_public = is_public};
    return channel_acts(ch, what).outcome;
}

static void comments_are_hidden_shown_liked_and_deleted(void **state)
{
    (void)state;
    struct channel ch = open_it();
    for (int i = 0; i < 4; i++)
        peer_answers(ch.peer, 200, "", OK_OF("{}"));
    assert_int_equal(act(&ch, ACT_HIDE, true), CONNECTOR_SENT);
    assert_int_equal(act(&ch, ACT_UNHIDE, true), CONNECTOR_SENT);
    assert_int_equal(act(&ch, ACT_LIKE, true), CONNECTOR_SENT);
    assert_int_equal(act(&ch, ACT_DELETE, true), CONNECTOR_SENT);
    assert_int_equal(act(&ch, ACT_DELETE, false), CONNECTOR_FINAL);
    assert_int_equal(act(&ch, ACT_EDIT, true), CONNECTOR_FINAL);
#define NAMED "{\"business_id\":\"biz-123\",\"video_id\":\"7300\",\"comment_id\":\"7400\""
    struct peer_heard h = channel_heard(&ch, 0, "POST", "/tiktok/api/business/comment/hide/");
    assert_str(h.body, NAMED ",\"action\":\"HIDE\"}");
    assert_has(peer_heard(ch.peer, 1).body, "UNHIDE");
    (void)channel_heard(&ch, 2, "POST", "/tiktok/api/business/comment/like/");
    h = channel_heard(&ch, 3, "POST", "/tiktok/api/business/comment/delete/");
    assert_str(h.body, NAMED "}");
    channel_close(&ch);
}

/* ── poll ── */

#define VIDEO(id) "{\"item_id\":\"" id "\",\"caption\":\"C " id "\",\"create_time\":1767000000}"
#define ONE(id, at, more)                                                                          \
    "{\"comment_id\":\"" id "\",\"video_id\":\"v1\",\"unique_identifier\":\"u-" id                 \
    "\",\"create_time\":" #at ",\"text\":\"T " id "\"" more "}"
#define QUERY(video, cursor)                                                                       \
    "?business_id=biz-123&video_id=" video "&include_replies=true&sort_field=create_time&"         \
    "sort_order=desc&max_count=30&cursor=" cursor

static void comments_of_the_newest_videos_are_read_until_they_are_old(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", OK_OF("{\"videos\":[" VIDEO("v1") "," VIDEO("v2") "]}"));
    peer_answers(ch.peer, 200, "",
        OK_OF("{\"comments\":[" ONE("1", 1767225000,
            ",\"replies\":2,\"reply_list\":[" ONE("2", 1767225100,
                ",\"owner\":true,\"parent_comment_id\":\"1\"") "]") "],\"cursor\":30,"
                                                                    "\"has_more\":true}"));
    peer_answers(ch.peer, 200, "", OK_OF("{\"comments\":[" ONE("3", 1767225200, "") "]}"));
    peer_answers(ch.peer, 200, "",
        OK_OF("{\"comments\":[" ONE("4", 1766000000, "") "],\"cursor\":60,\"has_more\":true}"));
    peer_answers(ch.peer, 200, "", OK_OF("{\"comments\":[],\"has_more\":false}"));
    struct connector_polled got = channel_polls(&ch, S("{\"mark_ms\":1767220000000}"), 0);
    assert_int_equal(got.end.outcome, CONNECTOR_SENT);
    (void)channel_heard(&ch, 0, "GET",
        "/tiktok/api/business/video/list/?business_id=biz-123&fields=%5B%22item_id%22%2C%22caption"
        "%22%2C%22share_url%22%2C%22create_time%22%5D");
    (void)channel_heard(&ch, 1, "GET", "/tiktok/api/business/comment/list/" QUERY("v1", "0"));
    (void)channel_heard(&ch, 3, "GET", "/tiktok/api/business/comment/list/" QUERY("v1", "30"));
    (void)channel_heard(&ch, 4, "GET", "/tiktok/api/business/comment/list/" QUERY("v2", "0"));
    assert_int_equal(peer_count(ch.peer), 5);
    assert_int_equal(got.n, 3);
    str shown = channel_show(ch.c, &got);
    assert_has(shown, "comment:1:\n");
    assert_has(shown, "is_ours");
    assert_has(shown, "post.text: C v1");
    assert_has(got.cursors, "\"mark_ms\":1767225600000");
    channel_close(&ch);
}

static void a_budget_of_calls_is_kept_and_the_pass_goes_on_a_minute_later(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", OK_OF("{\"videos\":[" VIDEO("v1") "]}"));
    for (int i = 1; i <= 30; i++)
        peer_answers(ch.peer, 200, "",
            str_z(test_arena(), str_print(test_arena(),
                                    OK_OF("{\"comments\":[%s],\"cursor\":%d,\"has_more\":true}"),
                                    ONE("1", 1767225000, ""), i * 30)));
    struct connector_polled got = channel_polls(&ch, S("{\"mark_ms\":1767220000000}"), 0);
    assert_int_equal(peer_count(ch.peer), 31);
    assert_int_equal(got.next_ms, TEST_NOW_MS + 60000);
    assert_has(got.cursors, "\"mark_ms\":1767220000000");
    assert_has(got.cursors, "\"video\":\"v1\",\"cursor\":900");
    channel_close(&ch);
}

static void a_limit_ends_the_poll_without_losing_its_place(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", OK_OF("{\"videos\":[" VIDEO("v1") "]}"));
    peer_answers(ch.peer, 200, "", "{\"code\":40100,\"message\":\"Too many\"}");
    struct connector_polled got = channel_polls(&ch, S("{}"), 0);
    assert_int_equal(got.end.outcome, CONNECTOR_WAIT);
    assert_int_equal(got.next_ms, TEST_NOW_MS + 300000);
    assert_has(got.cursors, "\"mark_ms\":0");
    peer_answers(ch.peer, 200, "", "<html>");
    assert_int_equal(channel_polls(&ch, S("{}"), 0).end.outcome, CONNECTOR_RETRY);
    channel_close(&ch);
}

static void a_lookup_finds_whose_comment_it_is(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_polled got = {0};
    peer_answers(ch.peer, 200, "",
        OK_OF("{\"comments\":[" ONE("1", 1767225000, "") "],\"cursor\":30,\"has_more\":true}"));
    peer_answers(ch.peer, 200, "",
        OK_OF("{\"comments\":[" ONE("5", 1767225000,
            ",\"reply_list\":[" ONE("2", 1767225100, ",\"owner\":true") "]") "]}"));
    assert_ok(ch.c->lookup(ch.client, test_arena(), &ch.setup, S("v1/2"), TEST_NOW_MS, &got));
    assert_int_equal(got.n, 1);
    str shown = channel_show(ch.c, &got);
    assert_has(shown, "id: v1/2");
    assert_has(shown, "contact: u-5");
    assert_has(shown, "is_ours");
    peer_answers(ch.peer, 200, "", OK_OF("{\"comments\":[]}"));
    assert_ok(ch.c->lookup(ch.client, test_arena(), &ch.setup, S("v1/9"), TEST_NOW_MS, &got));
    assert_int_equal(got.n, 0);
    assert_int_equal(got.end.outcome, CONNECTOR_SENT);
    channel_close(&ch);
}

/* ── account and files ── */

static void a_files_address_is_asked_for_with_its_message(void **state)
{
    (void)state;
    struct channel ch = open_it();
    const struct connector_attachment at = {.media_id = S("tt-conv-1 tt-msg-4 media-77")};
    const struct connector_attachment odd = {.media_id = S("media-77")};
    struct connector_source got = {0};
    peer_answers(ch.peer, 200, "", OK_OF("{\"download_url\":\"https://files.example/1?x=2\"}"));
    assert_ok(ch.c->media(ch.client, test_arena(), &ch.setup, &at, &got));
    assert_str(got.url, "https://files.example/1?x=2");
    assert_int_equal(got.n_headers, 1);
    assert_str(got.headers[0].name, "x-user");
    assert_str(got.headers[0].value, "act.x");
    assert_str(peer_heard(ch.peer, 0).body,
        "{\"business_id\":\"biz-123\",\"conversation_id\":\"tt-conv-1\",\"message_id\":"
        "\"tt-msg-4\",\"media_id\":\"media-77\",\"media_type\":\"IMAGE\"}");
    assert_ok(ch.c->media(ch.client, test_arena(), &ch.setup, &odd, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_FINAL);
    channel_close(&ch);
}

static void the_check_names_the_account(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_checked got = {0};
    ch.setup.external_id = (str){0};
    ch.setup.secrets = S("{\"access_token\":\"act.x\",\"open_id\":\"biz-123\"}");
    peer_answers(ch.peer, 200, "", OK_OF("{\"username\":\"sevacare\",\"display_name\":\"Seva\"}"));
    assert_ok(ch.c->check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &got));
    assert_int_equal(got.n, 1);
    assert_str(got.accounts[0].external_id, "biz-123");
    assert_str(got.accounts[0].handle, "@sevacare");
    ch.setup.secrets = S("{}");
    assert_ok(ch.c->check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_REAUTH);
    channel_close(&ch);
}

static void both_kinds_of_events_are_registered(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_sent sent = {0};
    for (int i = 0; i < 4; i++)
        peer_answers(ch.peer, 200, "", OK_OF("{}"));
    assert_ok(ch.c->subscribe(ch.client, test_arena(), &ch.setup, true, &sent));
    assert_ok(ch.c->subscribe(ch.client, test_arena(), &ch.setup, false, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    struct peer_heard h = channel_heard(&ch, 0, "POST", "/tiktok/api/business/webhook/update/");
    assert_str(h.body,
        "{\"app_id\":\"7000000000000000001\",\"secret\":\"seva-tiktok-app-secret\",\"event_type\":"
        "\"DIRECT_MESSAGE\",\"callback_url\":\"https://care.example.com/hooks/tiktok/k1\"}");
    assert_has(peer_heard(ch.peer, 1).body, "\"event_type\":\"COMMENT\"");
    (void)channel_heard(&ch, 3, "POST", "/tiktok/api/business/webhook/delete/");
    channel_close(&ch);
}

static void tokens_are_renewed(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_refreshed got = {0};
    peer_answers(ch.peer, 200, "",
        OK_OF("{\"open_id\":\"biz-123\",\"access_token\":\"act.y\",\"refresh_token\":\"rft.y\","
              "\"expires_in\":86400,\"refresh_token_expires_in\":31536000,\"scope\":\"x\"}"));
    assert_ok(ch.c->refresh(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_SENT);
    assert_has(got.secrets, "\"access_token\":\"act.y\",\"refresh_token\":\"rft.y\"");
    (void)channel_heard(&ch, 0, "POST", "/tiktok/api/tt_user/oauth2/refresh_token/");
    channel_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_what_tiktok_signed_lately_is_taken),
        TEST(what_events_say_is_read),
        TEST(what_was_polled_is_read),
        TEST(a_faulty_message_is_read_when_it_comes_again),
        TEST(a_message_goes_into_its_conversation_and_names_what_it_answers),
        TEST(a_picture_is_put_up_and_then_sent),
        TEST(each_error_of_the_table_has_its_outcome),
        TEST(a_refusal_after_48_hours_says_how_many_may_still_go),
        TEST(what_tiktok_cannot_carry_is_refused_without_a_call),
        TEST(the_window_is_two_days_and_longer_for_a_persons_answer),
        TEST(a_comment_is_answered_below_itself),
        TEST(a_further_try_of_a_comment_finds_what_an_earlier_one_wrote),
        TEST(comments_are_hidden_shown_liked_and_deleted),
        TEST(comments_of_the_newest_videos_are_read_until_they_are_old),
        TEST(a_budget_of_calls_is_kept_and_the_pass_goes_on_a_minute_later),
        TEST(a_limit_ends_the_poll_without_losing_its_place),
        TEST(a_lookup_finds_whose_comment_it_is),
        TEST(a_files_address_is_asked_for_with_its_message),
        TEST(the_check_names_the_account),
        TEST(both_kinds_of_events_are_registered),
        TEST(tokens_are_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
