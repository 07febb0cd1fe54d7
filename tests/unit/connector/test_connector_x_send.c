/* X's connector, what goes out: posts, replies, direct messages, files, acts, and what every answer
 * means. Against a scripted peer. */
#include "base/crypto.h"
#include "base/file.h"
#include "x_world.h"

#include <stdio.h>
#include <string.h>

#define POSTED "{\"data\":{\"id\":\"2090000000000000001\",\"text\":\"x\"}}"

/* A reply to a post that calls on us. */
static struct connector_outgoing reply(const char *text)
{
    return (struct connector_outgoing){.setup = setup_with(""),
        .delivery_id = S("d1"),
        .to = S("2222"),
        .reply_to = S("2080765813578191303"),
        .post = S("2080765813578191303"),
        .thread_key = S("post:2080765813578191303"),
        .is_public = true,
        .text = str_from(text),
        .token = S(X_SUMMONED),
        .now_ms = TEST_NOW_MS,
        .first_try_ms = TEST_NOW_MS};
}

static struct connector_outgoing message(const char *text)
{
    return (struct connector_outgoing){.setup = setup_with(""),
        .delivery_id = S("d2"),
        .to = S("2222"),
        .text = str_from(text),
        .now_ms = TEST_NOW_MS,
        .first_try_ms = TEST_NOW_MS};
}

static struct connector_sent sent_of(const struct connector_outgoing *out)
{
    struct connector_sent sent = {0};
    assert_ok(x_send(client, test_arena(), out, &sent));
    return sent;
}

static void a_reply_goes_out_and_its_id_and_budget_come_back(void **state)
{
    (void)state;
    struct connector_outgoing out = reply("On its way \"today\"");
    peer_answers(peer, 201,
        "x-rate-limit-limit: 100\r\nx-rate-limit-remaining: 97\r\nx-rate-limit-reset: "
        "1767226500\r\n",
        POSTED);
    struct connector_sent sent = sent_of(&out);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "2090000000000000001");
    assert_int_equal(sent.rate.limit, 100);
    assert_int_equal(sent.rate.remaining, 97);
    assert_int_equal(sent.rate.reset_ms, INT64_C(1767226500000));
    assert_str(sent.rate_name, "posts");
    struct peer_heard h = heard_call(0, "POST", "/2/tweets", "user-token");
    assert_str(peer_header(&h, "Content-Type"), "application/json");
    assert_str(h.body, "{\"text\":\"On its way \\\"today\\\"\",\"reply\":{\"in_reply_to_tweet_id\":"
                       "\"2080765813578191303\",\"auto_populate_reply_metadata\":true}}");
    assert_int_equal(peer_count(peer), 1);
}

static void a_post_of_our_own_answers_nobody(void **state)
{
    (void)state;
    struct connector_outgoing out = reply("We ship every day.");
    out.reply_to = out.token = (str){0};
    peer_answers(peer, 201, "", POSTED);
    assert_int_equal(sent_of(&out).outcome, CONNECTOR_SENT);
    assert_str(peer_heard(peer, 0).body, "{\"text\":\"We ship every day.\"}");
}

static void with_four_keys_the_call_is_signed(void **state)
{
    (void)state;
    struct connector_outgoing out = reply("x");
    out.setup = setup_with("\"auth\":\"oauth1\"");
    peer_answers(peer, 201, "", POSTED);
    assert_int_equal(sent_of(&out).outcome, CONNECTOR_SENT);
    struct peer_heard h = peer_heard(peer, 0);
    str header = peer_header(&h, "Authorization");
    assert_true(str_starts(header, S("OAuth oauth_consumer_key=\"ck\"")));
    assert_true(holds(header, "oauth_token=\"t1\"") && holds(header, "oauth_signature=\""));
    assert_false(holds(header, "ts1"));
}

static void without_credentials_nothing_is_called(void **state)
{
    (void)state;
    struct connector_setup none = *setup_with("");
    struct connector_outgoing out = reply("x");
    none.secrets = S("{}");
    out.setup = &none;
    struct connector_sent sent = sent_of(&out);
    assert_int_equal(sent.outcome, CONNECTOR_REAUTH);
    assert_true(sent.is_channel_wide && holds(sent.why, "Press Connect"));
    none.settings = S("{\"auth\":\"oauth1\"}");
    assert_true(holds(sent_of(&out).why, "four keys"));
    assert_int_equal(peer_count(peer), 0);
}

/* ── only when summoned ── */

static const char not_called[] =
    "{\"data\":{\"id\":\"2080765813578191303\",\"author_id\":\"2222\",\"text\":\"SevaCare is "
    "slow\"}}";

static void a_post_that_does_not_call_on_us_is_not_answered_on_self_serve(void **state)
{
    (void)state;
    struct connector_outgoing out = reply("x");
    out.token = (str){0};
    peer_answers(peer, 200, "", not_called);
    struct connector_sent sent = sent_of(&out);
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_false(sent.is_channel_wide);
    assert_true(holds(sent.why, "has not mentioned or quoted us. It was not sent."));
    (void)heard_call(0, "GET", "/2/tweets/2080765813578191303?tweet.fields=", "user-token");
    assert_int_equal(peer_count(peer), 1);
}

static void enterprise_answers_without_a_look(void **state)
{
    (void)state;
    struct connector_outgoing out = reply("x");
    out.token = (str){0};
    out.setup = setup_with("\"access\":\"enterprise\"");
    peer_answers(peer, 201, "", POSTED);
    assert_int_equal(sent_of(&out).outcome, CONNECTOR_SENT);
    assert_int_equal(peer_count(peer), 1);
}

static void who_names_answers_or_quotes_us_is_answered(void **state)
{
    (void)state;
    static const char *const posts[] = {
        "{\"data\":{\"id\":\"1\",\"author_id\":\"2222\",\"entities\":{\"mentions\":[{\"id\":"
        "\"3\"},{\"id\":\"1111\"}]}}}",
        "{\"data\":{\"id\":\"1\",\"author_id\":\"2222\",\"in_reply_to_user_id\":\"1111\"}}",
        "{\"data\":{\"id\":\"1\",\"author_id\":\"2222\",\"referenced_tweets\":[{\"type\":"
        "\"quoted\",\"id\":\"7\"}]},\"includes\":{\"tweets\":[{\"id\":\"7\",\"author_id\":"
        "\"1111\"}]}}",
        "{\"data\":{\"id\":\"1\",\"author_id\":\"2222\",\"note_tweet\":{\"entities\":{"
        "\"mentions\":[{\"id\":\"1111\"}]}}}}",
        "{\"data\":{\"id\":\"1\",\"author_id\":\"1111\"}}", /* our own first part */
    };
    const int n = (int)(sizeof posts / sizeof *posts);
    for (int i = 0; i < n; i++) {
        struct connector_outgoing out = reply("x");
        out.token = (str){0};
        peer_answers(peer, 200, "", posts[i]);
        peer_answers(peer, 201, "", POSTED);
        assert_int_equal(sent_of(&out).outcome, CONNECTOR_SENT);
    }
    assert_int_equal(peer_count(peer), 2 * n);
}

static void a_post_that_is_gone_is_not_answered(void **state)
{
    (void)state;
    struct connector_outgoing out = reply("x");
    out.token = (str){0};
    peer_answers(peer, 200, "",
        "{\"errors\":[{\"resource_id\":\"1\",\"resource_type\":\"tweet\",\"detail\":\"Could not "
        "find tweet\",\"type\":\"https://api.x.com/2/problems/resource-not-found\"}]}");
    assert_int_equal(sent_of(&out).outcome, CONNECTOR_FINAL);
    peer_hangs_up(peer);
    assert_int_equal(sent_of(&out).outcome, CONNECTOR_RETRY); /* nothing was sent */
}

static void links_can_be_switched_off(void **state)
{
    (void)state;
    struct connector_outgoing out = reply("see https://example.com");
    out.setup = setup_with("\"links\":\"refuse\"");
    struct connector_sent sent = sent_of(&out);
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_true(holds(sent.why, "charges much more"));
    out.text = S("see example.com/help");
    assert_int_equal(sent_of(&out).outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(peer), 0);
    out.text = S("It goes on.Soon.");
    peer_answers(peer, 201, "", POSTED);
    assert_int_equal(sent_of(&out).outcome, CONNECTOR_SENT);
}

/* ── the table of errors ── */

static void every_answer_means_what_the_table_says(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *headers, *body;
        enum connector_outcome outcome;
        bool is_wide;
        const char *why;
    } rows[] = {
        {400, "",
         "{\"title\":\"Invalid Request\",\"detail\":\"One or more parameters was "
            "invalid.\",\"type\":\"https://api.x.com/2/problems/invalid-request\"}",                CONNECTOR_FINAL,   false, "X: One or more parameters was invalid."},
        {401, "", "{\"title\":\"Unauthorized\"}",                                                   CONNECTOR_REAUTH,  true,
         "Connect the account again"                                                                                                                                  },
        {402, "", "{\"title\":\"CreditsDepleted\",\"detail\":\"x\"}",                               CONNECTOR_REAUTH,  true,
         "credits are used up"                                                                                                                                        },
        {403, "",
         "{\"detail\":\"Reply to this conversation is not allowed because you have not been "
            "mentioned or otherwise engaged by the author.\",\"title\":\"Forbidden\"}",             CONNECTOR_FINAL,   false, "has not mentioned or quoted us"        },
        {403, "", "{\"detail\":\"You are not allowed to create a Tweet with duplicate content.\"}",
         CONNECTOR_FINAL,                                                                                              false, "Change the words a little"             },
        {403, "", "{\"errors\":[{\"code\":187,\"message\":\"Status is a repetition.\"}]}",
         CONNECTOR_FINAL,                                                                                              false, "Change the words a little"             },
        {403, "", "{\"errors\":[{\"code\":349,\"message\":\"You cannot do this.\"}]}",
         CONNECTOR_FINAL,                                                                                              false, "takes no direct messages"              },
        {403, "", "{\"detail\":\"Your account is suspended\"}",                                     CONNECTOR_FINAL,   false,
         "suspended"                                                                                                                                                  },
        {403, "",
         "{\"title\":\"Client Forbidden\",\"detail\":\"x\",\"reason\":\"client-not-enrolled\","
            "\"type\":\"https://api.x.com/2/problems/client-forbidden\"}",                          CONNECTOR_FINAL,   true,  "developer console"                     },
        {403, "", "{\"detail\":\"Something new\"}",                                                 CONNECTOR_FINAL,   false, "X: Something new"                      },
        {403, "", "<html>",                                                                         CONNECTOR_FINAL,   false, "X answered 403."                       },
        {404, "", "{\"title\":\"Not Found\"}",                                                      CONNECTOR_FINAL,   false, "not there any more"                    },
        {409, "", "{\"title\":\"DuplicateRule\"}",                                                  CONNECTOR_FINAL,   false, "already"                               },
        {429, "", "{\"title\":\"Too Many Requests\",\"type\":\"about:blank\"}",                     CONNECTOR_WAIT,
         true,                                                                                                                "limit is reached"                      },
        {429, "",
         "{\"title\":\"UsageCapExceeded\",\"detail\":\"Usage cap exceeded: Monthly product "
            "cap\",\"type\":\"https://api.x.com/2/problems/usage-capped\"}",                        CONNECTOR_REAUTH,  true,  "usage cap"                             },
        {500, "", "",                                                                               CONNECTOR_RETRY,   false, "X answered 500."                       },
        {503, "", "{\"detail\":\"Service Unavailable\"}",                                           CONNECTOR_RETRY,   false,
         "Service Unavailable"                                                                                                                                        },
        {200, "", "{\"errors\":[{\"message\":\"no\"}]}",                                            CONNECTOR_FINAL,   false, "X: no"                                 },
        {201, "", "{\"data\":",                                                                     CONNECTOR_UNKNOWN, false, "did not say its id"                    },
        {201, "", "{\"data\":{}}",                                                                  CONNECTOR_UNKNOWN, false, "did not say its id"                    },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct connector_outgoing out = reply("x");
        peer_answers(peer, rows[i].status, rows[i].headers, rows[i].body);
        struct connector_sent sent = sent_of(&out);
        if (sent.outcome != rows[i].outcome || sent.is_channel_wide != rows[i].is_wide ||
            !holds(sent.why, rows[i].why) || holds(sent.why, "user-token"))
            fail_msg("row %zu: %s, wide %d, %.*s", i, connector_outcome_name(sent.outcome),
                sent.is_channel_wide, SARG(sent.why));
    }
}

static void a_limit_is_waited_for_until_its_reset_and_at_least_a_minute(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        int64_t after_ms;
    } rows[] = {
        {"x-rate-limit-limit: 100\r\nx-rate-limit-remaining: 0\r\nx-rate-limit-reset: "
         "1767226500\r\n",                900000      },
        {"x-rate-limit-reset: 1767226500\r\n",     900000      },
        {"x-rate-limit-reset: 1767225605\r\n",     60000       },
        {"",                                       60000       },
        {"x-rate-limit-reset: 99999999999999\r\n", 25 * 3600000},
        {"x-rate-limit-reset: 1767226500\r\nx-user-limit-24hour-remaining: 0\r\nx-user-limit-24hour-"
         "reset: 1767229200\r\nx-app-limit-24hour-remaining: 5\r\nx-app-limit-24hour-reset: "
         "1767304800\r\n",                3600000     },
        {"Retry-After: 300\r\n",                   300000      },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct connector_outgoing out = reply("x");
        peer_answers(peer, 429, rows[i].headers, "{}");
        struct connector_sent sent = sent_of(&out);
        assert_int_equal(sent.outcome, CONNECTOR_WAIT);
        int64_t after_ms = sent.wait_until_ms - TEST_NOW_MS;
        if (after_ms < rows[i].after_ms || after_ms > rows[i].after_ms + 5000)
            fail_msg("row %zu waits %lld ms", i, (long long)after_ms);
    }
}

static void a_call_that_was_written_and_not_answered_is_unknown(void **state)
{
    (void)state;
    struct connector_outgoing out = reply("x");
    peer_hangs_up(peer);
    assert_int_equal(sent_of(&out).outcome, CONNECTOR_UNKNOWN);
    struct connector_outgoing dm = message("x");
    peer_hangs_up(peer);
    assert_int_equal(sent_of(&dm).outcome, CONNECTOR_UNKNOWN);
}

/* ── a second try ── */

static void a_second_try_looks_first_whether_the_first_got_through(void **state)
{
    (void)state;
    struct connector_outgoing out = reply("Look at example.com/help, it  comes &\ntomorrow.");
    out.first_try_ms = TEST_NOW_MS - 60000;
    peer_answers(peer, 200, "",
        "{\"data\":[{\"id\":\"2090000000000000007\",\"text\":\"@asha_r Look at https://t.co/xx, "
        "it comes &amp; tomorrow.\",\"created_at\":\"2025-12-31T23:59:01.000Z\","
        "\"referenced_tweets\":[{\"type\":\"replied_to\",\"id\":\"2080765813578191303\"}]}]}");
    struct connector_sent sent = sent_of(&out);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "2090000000000000007");
    struct peer_heard h = heard_call(0, "GET",
        "/2/users/1111/tweets?max_results=100&start_time=2025-12-31T23%3A58%3A50", "user-token");
    assert_true(h.target.len > 0);
    assert_int_equal(peer_count(peer), 1);
}

static void what_is_not_found_is_sent_again(void **state)
{
    (void)state;
    static const char *const timelines[] = {"{\"meta\":{\"result_count\":0}}",
        /* another text; the same words under another post; before the first try; with a picture */
        "{\"data\":[{\"id\":\"2090000000000000003\",\"text\":\"no\",\"created_at\":\"2026-01-"
        "01T00:00:00.000Z\",\"referenced_tweets\":[{\"type\":\"replied_to\",\"id\":"
        "\"2080765813578191303\"}]},{\"id\":\"2090000000000000004\",\"text\":\"x\",\"created_"
        "at\":\"2026-01-01T00:00:00.000Z\",\"referenced_tweets\":[{\"type\":\"replied_to\",\"id\":"
        "\"5\"}]},{\"id\":\"2090000000000000005\",\"text\":\"x\",\"created_at\":\"2025-12-"
        "31T00:00:00.000Z\",\"referenced_tweets\":[{\"type\":\"replied_to\",\"id\":"
        "\"2080765813578191303\"}]},{\"id\":\"2090000000000000006\",\"text\":\"x\",\"created_"
        "at\":\"2026-01-01T00:00:00.000Z\",\"attachments\":{\"media_keys\":[\"1\"]},\"referenced_"
        "tweets\":[{\"type\":\"replied_to\",\"id\":\"2080765813578191303\"}]}]}"};
    for (int i = 0; i < 2; i++) {
        struct connector_outgoing out = reply("x");
        out.first_try_ms = TEST_NOW_MS - 1000;
        peer_answers(peer, 200, "", timelines[i]);
        peer_answers(peer, 201, "", POSTED);
        assert_str(sent_of(&out).external_id, "2090000000000000001");
    }
}

static void a_second_try_that_x_calls_a_duplicate_is_looked_for_once_more(void **state)
{
    (void)state;
    struct connector_outgoing out = reply("x");
    out.first_try_ms = TEST_NOW_MS - 1000;
    peer_answers(peer, 200, "", "{\"meta\":{\"result_count\":0}}");
    peer_answers(peer, 403, "", "{\"detail\":\"duplicate content\"}");
    peer_answers(peer, 200, "",
        "{\"data\":[{\"id\":\"2090000000000000007\",\"text\":\"x\",\"created_at\":\"2026-01-"
        "01T00:00:00.000Z\",\"referenced_tweets\":[{\"type\":\"replied_to\",\"id\":"
        "\"2080765813578191303\"}]}]}");
    struct connector_sent sent = sent_of(&out);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "2090000000000000007");
}

static void a_second_try_of_a_message_looks_into_the_talk(void **state)
{
    (void)state;
    struct connector_outgoing out = message("hello");
    out.first_try_ms = TEST_NOW_MS - 1000;
    peer_answers(peer, 200, "",
        "{\"data\":[{\"id\":\"2090000000000000008\",\"sender_id\":\"2222\",\"text\":\"hello\","
        "\"created_at\":\"2026-01-01T00:00:00.000Z\"},{\"id\":\"2090000000000000007\",\"sender_"
        "id\":\"1111\",\"text\":\"hello\",\"created_at\":\"2026-01-01T00:00:00.000Z\"}]}");
    assert_str(sent_of(&out).external_id, "2090000000000000007");
    (void)heard_call(0, "GET", "/2/dm_conversations/with/2222/dm_events?", "user-token");
}

/* ── direct messages ── */

static void a_message_goes_to_a_person_or_a_group(void **state)
{
    (void)state;
    struct connector_outgoing out = message("hello");
    peer_answers(peer, 201, "",
        "{\"data\":{\"dm_conversation_id\":\"1111-2222\",\"dm_event_id\":\"2090000000000000002\"}}");
    struct connector_sent sent = sent_of(&out);
    assert_str(sent.external_id, "2090000000000000002");
    assert_int_equal(sent.thread_key.len, 0); /* the person is the thread */
    assert_str(sent.rate_name, "messages");
    struct peer_heard h =
        heard_call(0, "POST", "/2/dm_conversations/with/2222/messages", "user-token");
    assert_str(h.body, "{\"text\":\"hello\"}");
    out.thread_key = S("1582103724607971328");
    peer_answers(peer, 201, "",
        "{\"data\":{\"dm_conversation_id\":\"1582103724607971328\",\"dm_event_id\":"
        "\"2090000000000000003\"}}");
    assert_str(sent_of(&out).thread_key, "1582103724607971328");
    (void)heard_call(1, "POST", "/2/dm_conversations/1582103724607971328/messages", "user-token");
}

static void a_private_reply_goes_to_the_author_of_the_post(void **state)
{
    (void)state;
    struct connector_outgoing out = message("hello");
    out.is_private_reply = true;
    out.thread_key = S("post:2080765813578191303");
    out.reply_to = S("2080765813578191303");
    peer_answers(peer, 403, "",
        "{\"detail\":\"You cannot send messages to this user.\",\"title\":\"Forbidden\"}");
    struct connector_sent sent = sent_of(&out);
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_true(holds(sent.why, "takes no direct messages from us"));
    (void)heard_call(0, "POST", "/2/dm_conversations/with/2222/messages", "user-token");
}

static void an_id_that_is_none_of_x_s_never_becomes_an_address(void **state)
{
    (void)state;
    struct connector_outgoing out = message("x");
    out.to = S("../tweets");
    assert_int_equal(sent_of(&out).outcome, CONNECTOR_FINAL);
    out.to = S("2222");
    out.thread_key = S("1/../../x");
    assert_int_equal(sent_of(&out).outcome, CONNECTOR_FINAL);
    struct connector_outgoing post = reply("x");
    post.reply_to = S("1?x=y");
    assert_int_equal(sent_of(&post).outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(peer), 0);
}

/* ── files ── */

static struct connector_file file_of(const char *type, ptrdiff_t size)
{
    static int number;
    char name[32];
    (void)snprintf(name, sizeof name, "file%d", number++);
    char *bytes = NEW(test_arena(), char, size);
    memset(bytes, 'p', (size_t)size);
    struct connector_file f = {
        .name = S("a.bin"), .type = str_from(type), .size = size, .path = test_path(name)};
    assert_ok(file_write(f.path, str_of(bytes, size), 0600));
    return f;
}

static void photos_go_up_first_and_then_with_the_post(void **state)
{
    (void)state;
    const struct connector_file files[] = {file_of("image/png", 9), file_of("image/jpeg", 7)};
    struct connector_outgoing out = reply("two");
    out.files = files;
    out.n_files = 2;
    peer_answers(peer, 200, "", "{\"data\":{\"id\":\"71\",\"media_key\":\"3_71\"}}");
    peer_answers(peer, 200, "", "{\"media_id_string\":\"72\"}"); /* the older form */
    peer_answers(peer, 201, "", POSTED);
    assert_int_equal(sent_of(&out).outcome, CONNECTOR_SENT);
    struct peer_heard h = heard_call(0, "POST", "/2/media/upload", "user-token");
    assert_true(str_starts(peer_header(&h, "Content-Type"), S("multipart/form-data; boundary=")));
    assert_true(holds(h.body, "name=\"media_category\"\r\n\r\ntweet_image\r\n"));
    assert_true(holds(h.body, "name=\"media\"; filename=\"a.bin\"\r\nContent-Type: image/png"));
    assert_true(holds(h.body, "ppppppppp"));
    assert_true(holds(peer_heard(peer, 2).body, "\"media\":{\"media_ids\":[\"71\",\"72\"]}"));
}

static void a_video_goes_in_pieces_and_is_waited_for(void **state)
{
    (void)state;
    const struct connector_file f = file_of("video/mp4", 2 * 1024 * 1024 + 5);
    struct connector_outgoing out = reply("see");
    out.files = &f;
    out.n_files = 1;
    peer_answers(peer, 200, "", "{\"data\":{\"id\":\"81\",\"expires_after_secs\":86400}}");
    peer_answers(peer, 200, "", "{\"data\":{\"expires_at\":1}}");
    peer_answers(peer, 200, "", "{\"data\":{\"expires_at\":1}}");
    peer_answers(peer, 200, "",
        "{\"data\":{\"id\":\"81\",\"processing_info\":{\"state\":\"pending\",\"check_after_secs\":"
        "0}}}");
    peer_answers(peer, 200, "",
        "{\"data\":{\"id\":\"81\",\"processing_info\":{\"state\":\"in_progress\",\"check_after_"
        "secs\":0,\"progress_percent\":50}}}");
    peer_answers(
        peer, 200, "", "{\"data\":{\"id\":\"81\",\"processing_info\":{\"state\":\"succeeded\"}}}");
    peer_answers(peer, 201, "", POSTED);
    assert_int_equal(sent_of(&out).outcome, CONNECTOR_SENT);
    struct peer_heard h = heard_call(0, "POST", "/2/media/upload/initialize", "user-token");
    assert_str(h.body, "{\"media_type\":\"video/mp4\",\"total_bytes\":2097157,\"media_category\":"
                       "\"tweet_video\"}");
    h = heard_call(1, "POST", "/2/media/upload/81/append", "user-token");
    assert_true(holds(h.body, "name=\"segment_index\"\r\n\r\n0\r\n"));
    h = heard_call(2, "POST", "/2/media/upload/81/append", "user-token");
    assert_true(holds(h.body, "name=\"segment_index\"\r\n\r\n1\r\n"));
    assert_true(holds(h.body, "octet-stream\r\n\r\nppppp\r\n--"));
    (void)heard_call(3, "POST", "/2/media/upload/81/finalize", "user-token");
    (void)heard_call(4, "GET", "/2/media/upload?media_id=81&command=STATUS", "user-token");
    assert_true(holds(peer_heard(peer, 6).body, "\"media_ids\":[\"81\"]"));
}

static void a_file_that_x_cannot_use_ends_the_message(void **state)
{
    (void)state;
    const struct connector_file f = file_of("image/gif", 3);
    struct connector_outgoing out = message("");
    out.files = &f;
    out.n_files = 1;
    peer_answers(peer, 200, "", "{\"data\":{\"id\":\"81\"}}");
    peer_answers(peer, 200, "", "");
    peer_answers(peer, 200, "",
        "{\"data\":{\"processing_info\":{\"state\":\"failed\",\"error\":{\"message\":\"Unsupported "
        "codec\"}}}}");
    struct connector_sent sent = sent_of(&out);
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_true(holds(sent.why, "Unsupported codec"));
    assert_true(holds(peer_heard(peer, 0).body, "dm_gif"));
    assert_int_equal(peer_count(peer), 3);
}

static void an_upload_that_breaks_off_has_sent_nothing(void **state)
{
    (void)state;
    const struct connector_file f = file_of("image/png", 3);
    struct connector_outgoing out = message("x");
    out.files = &f;
    out.n_files = 1;
    peer_hangs_up(peer);
    assert_int_equal(sent_of(&out).outcome, CONNECTOR_RETRY);
    peer_answers(peer, 200, "", "{\"data\":{\"id\":\"91\"}}");
    peer_answers(peer, 201, "", "{\"data\":{\"dm_event_id\":\"5\"}}");
    assert_int_equal(sent_of(&out).outcome, CONNECTOR_SENT);
    assert_str(
        peer_heard(peer, 2).body, "{\"text\":\"x\",\"attachments\":[{\"media_id\":\"91\"}]}");
    assert_true(holds(peer_heard(peer, 1).body, "dm_image"));
}

static void a_mix_of_files_is_refused_before_anything_is_sent(void **state)
{
    (void)state;
    const struct connector_file files[] = {
        {.type = S("image/png")}, {.type = S("video/mp4")}, {.type = S("image/png")}};
    struct connector_outgoing out = reply("x");
    out.files = files;
    out.n_files = 2;
    assert_true(holds(sent_of(&out).why, "four photos, or one video, or one GIF"));
    struct connector_outgoing dm = message("x");
    dm.files = files;
    dm.n_files = 2;
    assert_true(holds(sent_of(&dm).why, "one file with a direct message"));
    dm.n_files = 1; /* and this one is not on the disk */
    assert_true(holds(sent_of(&dm).why, "not there any more"));
    assert_int_equal(peer_count(peer), 0);
}

/* ── acts ── */

static struct connector_sent act(enum connector_act_kind kind, bool is_ours, const char *settings)
{
    const struct connector_act a = {.setup = setup_with(settings),
        .kind = kind,
        .external_id = S("2090000000000000001"),
        .is_public = true,
        .is_ours = is_ours,
        .now_ms = TEST_NOW_MS};
    struct connector_sent sent = {0};
    assert_ok(x_act(client, test_arena(), &a, &sent));
    return sent;
}

static void posts_are_deleted_hidden_and_liked(void **state)
{
    (void)state;
    peer_answers(peer, 200, "", "{\"data\":{\"deleted\":true}}");
    peer_answers(peer, 404, "", "{\"title\":\"Not Found\"}"); /* gone already */
    peer_answers(peer, 200, "", "{\"data\":{\"hidden\":true}}");
    peer_answers(peer, 200, "", "{\"data\":{\"hidden\":false}}");
    peer_answers(peer, 200, "", "{\"data\":{\"liked\":true}}");
    assert_int_equal(act(ACT_DELETE, true, "").outcome, CONNECTOR_SENT);
    assert_int_equal(act(ACT_DELETE, true, "").outcome, CONNECTOR_SENT);
    assert_int_equal(act(ACT_HIDE, false, "").outcome, CONNECTOR_SENT);
    assert_int_equal(act(ACT_UNHIDE, false, "").outcome, CONNECTOR_SENT);
    assert_int_equal(act(ACT_LIKE, false, "\"access\":\"enterprise\"").outcome, CONNECTOR_SENT);
    (void)heard_call(0, "DELETE", "/2/tweets/2090000000000000001", "user-token");
    struct peer_heard h =
        heard_call(2, "PUT", "/2/tweets/2090000000000000001/hidden", "user-token");
    assert_str(h.body, "{\"hidden\":true}");
    assert_str(peer_heard(peer, 3).body, "{\"hidden\":false}");
    h = heard_call(4, "POST", "/2/users/1111/likes", "user-token");
    assert_str(h.body, "{\"tweet_id\":\"2090000000000000001\"}");
}

static void what_x_does_not_allow_is_not_tried(void **state)
{
    (void)state;
    assert_true(holds(act(ACT_LIKE, false, "").why, "enterprise"));
    assert_int_equal(act(ACT_DELETE, false, "").outcome, CONNECTOR_FINAL); /* theirs */
    assert_int_equal(act(ACT_EDIT, true, "").outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(peer), 0);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        X_TEST(a_reply_goes_out_and_its_id_and_budget_come_back),
        X_TEST(a_post_of_our_own_answers_nobody),
        X_TEST(with_four_keys_the_call_is_signed),
        X_TEST(without_credentials_nothing_is_called),
        X_TEST(a_post_that_does_not_call_on_us_is_not_answered_on_self_serve),
        X_TEST(enterprise_answers_without_a_look),
        X_TEST(who_names_answers_or_quotes_us_is_answered),
        X_TEST(a_post_that_is_gone_is_not_answered),
        X_TEST(links_can_be_switched_off),
        X_TEST(every_answer_means_what_the_table_says),
        X_TEST(a_limit_is_waited_for_until_its_reset_and_at_least_a_minute),
        X_TEST(a_call_that_was_written_and_not_answered_is_unknown),
        X_TEST(a_second_try_looks_first_whether_the_first_got_through),
        X_TEST(what_is_not_found_is_sent_again),
        X_TEST(a_second_try_that_x_calls_a_duplicate_is_looked_for_once_more),
        X_TEST(a_second_try_of_a_message_looks_into_the_talk),
        X_TEST(a_message_goes_to_a_person_or_a_group),
        X_TEST(a_private_reply_goes_to_the_author_of_the_post),
        X_TEST(an_id_that_is_none_of_x_s_never_becomes_an_address),
        X_TEST(photos_go_up_first_and_then_with_the_post),
        X_TEST(a_video_goes_in_pieces_and_is_waited_for),
        X_TEST(a_file_that_x_cannot_use_ends_the_message),
        X_TEST(an_upload_that_breaks_off_has_sent_nothing),
        X_TEST(a_mix_of_files_is_refused_before_anything_is_sent),
        X_TEST(posts_are_deleted_hidden_and_liked),
        X_TEST(what_x_does_not_allow_is_not_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
