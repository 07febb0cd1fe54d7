/* YouTube's connector: what comments say, what is polled and when, replies and their errors. */
#include "channel.h"

#include "connector/google.h"

static const char secrets[] =
    "{\"access_token\":\"ya29.x\",\"refresh_token\":\"1//r\",\"client_secret\":\"cs\"}";
static const char settings[] = "{\"client_id\":\"cid\"}";

static struct channel open_it(void)
{
    return channel_open("youtube", "UCseva", settings, secrets);
}

static void what_a_comment_says_is_read(void **state)
{
    (void)state;
    static const char *const names[] = {"comment", "reply", "ours", "ours_to_nobody", "edited",
        "html", "plain_less_than", "community_post", "author_without_channel", "other_video",
        "held", "hostile", "no_comment"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        golden_check("youtube", names[i], "comment");
}

static void nothing_of_youtube_comes_by_webhook(void **state)
{
    (void)state;
    const struct connector *c = connector_find(S("youtube"));
    const struct connector_raw raw = {.body = S("{}"), .origin = S("hook")};
    struct connector_batch batch = {0};
    str why = {0};
    assert_null(c->verify);
    assert_err(c->parse(test_arena(), &raw, &batch, &why), E_INVALID);
}

/* ── the day ── */

static void the_quota_comes_back_at_midnight_pacific_time(void **state)
{
    (void)state;
    static const struct {
        const char *now, *ends;
    } rows[] = {
        {"2026-01-01T00:00:00Z", "2026-01-01T08:00:00Z"},
        {"2026-01-01T07:59:59Z", "2026-01-01T08:00:00Z"},
        {"2026-01-01T08:00:00Z", "2026-01-02T08:00:00Z"},
        {"2026-03-08T09:00:00Z", "2026-03-09T07:00:00Z"}, /* the day that has 23 hours */
        {"2026-03-08T07:30:00Z", "2026-03-08T08:00:00Z"},
        {"2026-07-01T12:00:00Z", "2026-07-02T07:00:00Z"},
        {"2026-11-01T08:30:00Z", "2026-11-02T08:00:00Z"}, /* the day that has 25 */
        {"2026-11-01T06:30:00Z", "2026-11-01T07:00:00Z"},
        {"2028-02-29T20:00:00Z", "2028-03-01T08:00:00Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t now_ms = 0, ends_ms = 0;
        assert_ok(time_parse(str_from(rows[i].now), &now_ms));
        assert_ok(time_parse(str_from(rows[i].ends), &ends_ms));
        assert_int_equal(google_day_ends_ms(now_ms), ends_ms);
    }
}

/* ── replies ── */

static struct connector_sent reply_as(
    struct channel *ch, const char *to, const char *text, int64_t first_try_ms)
{
    const struct connector_outgoing out = {
        .setup = &ch->setup,
        .delivery_id = S("d1"),
        .to = S("UCasha"),
        .to_handle = S("asha"),
        .thread_key = S("post:dQseva00001"),
        .reply_to = str_from(to),
        .post = S("dQseva00001"),
        .is_public = true,
        .text = str_from(text),
        .now_ms = TEST_NOW_MS,
        .first_try_ms = first_try_ms,
    };
    struct connector_sent sent = {0};
    assert_ok(ch->c->send(ch->client, test_arena(), &out, &sent));
    return sent;
}

static struct connector_sent reply(struct channel *ch, const char *to, const char *text)
{
    return reply_as(ch, to, text, TEST_NOW_MS);
}

static void a_reply_is_a_comment_below_the_thread(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", "{\"kind\":\"youtube#comment\",\"id\":\"UgxSEVA1.9new\"}");
    struct connector_sent sent = reply(&ch, "UgxSEVA1", "We can \"help\"");
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "UgxSEVA1.9new");
    struct peer_heard h = channel_heard(&ch, 0, "POST", "/youtube/api/comments?part=snippet");
    assert_str(peer_header(&h, "Authorization"), "Bearer ya29.x");
    assert_str(h.body,
        "{\"snippet\":{\"parentId\":\"UgxSEVA1\",\"textOriginal\":\"We can \\\"help\\\"\"}}");
    channel_close(&ch);
}

static void an_answer_to_an_answer_goes_below_its_thread_and_names_whom_it_is_for(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", "{\"id\":\"UgxSEVA1.9new\"}");
    peer_answers(ch.peer, 200, "", "{\"id\":\"UgxSEVA1.9ne2\"}");
    assert_int_equal(reply(&ch, "UgxSEVA1.9abc", "Yes").outcome, CONNECTOR_SENT);
    assert_int_equal(reply(&ch, "UgxSEVA1.9abc", "@asha yes").outcome, CONNECTOR_SENT);
    assert_str(peer_heard(ch.peer, 0).body,
        "{\"snippet\":{\"parentId\":\"UgxSEVA1\",\"textOriginal\":\"@asha Yes\"}}");
    assert_str(peer_heard(ch.peer, 1).body,
        "{\"snippet\":{\"parentId\":\"UgxSEVA1\",\"textOriginal\":\"@asha yes\"}}");
    channel_close(&ch);
}

#define ERROR_OF(code, reason)                                                                     \
    "{\"error\":{\"code\":" #code ",\"message\":\"In words\",\"errors\":[{\"message\":\"In words"  \
    "\",\"domain\":\"d\",\"reason\":\"" reason "\"}]}}"

static void each_error_of_the_table_has_its_outcome(void **state)
{
    (void)state;
    static const int64_t midnight = 8 * 3600 * 1000, minute = 60 * 1000;
    const struct channel_error rows[] = {
        {403,                  "",              ERROR_OF(403,            "quotaExceeded"),       CONNECTOR_WAIT,                                                          true,                                                                        midnight,"Pacific"},
        {403,                    "",                                 ERROR_OF(403,                                   "dailyLimitExceeded"),             CONNECTOR_WAIT,                             true,                                                                              midnight,"Pacific"},
        {403,           "",                          ERROR_OF(403,                                               "rateLimitExceeded"),                                                         CONNECTOR_WAIT,                                                                                           true,                                                                                                    minute,"In words"},
        {403,              "",                   ERROR_OF(403,                                          "userRateLimitExceeded"),                                                              CONNECTOR_WAIT,                                                                                                                      true,                                                                minute,"In words"},
        {429,                "",                         ERROR_OF(429,                                      "x"),                                                            CONNECTOR_WAIT,            true,       minute,"In words"},
        {429,      "Retry-After: 7\r\n",                 "",                                  CONNECTOR_WAIT,true,                                               7000,                                                                                                                  "429"},
        {403,      "",                 ERROR_OF(403,   "commentsDisabled"),                                  CONNECTOR_FINAL,                                                           false,                   0,"In words"},
        {403, "", ERROR_OF(403,                 "forbidden"),     CONNECTOR_FINAL,        false,                                                                 0,"In words"},
        {403,        "",           ERROR_OF(403,   "insufficientPermissions"),                CONNECTOR_FINAL,                                                                               false,                                                                                0,"In words"},
        {403,           "",    ERROR_OF(403,"ineligibleAccount"),CONNECTOR_FINAL,false,0,"In words"},
        {400,                  "",                     ERROR_OF(400,                             "commentTextTooLong"),                                 CONNECTOR_FINAL,                                                                                                   false,                                                                                                                                                                                               0,"In words"},
        {400,                    "",                                 ERROR_OF(400,                                     "processingFailure"),                           CONNECTOR_RETRY,                                                 false,                                                                             0,"In words"},
        {404,          "",                         ERROR_OF(404,                                              "parentCommentNotFound"),                                               CONNECTOR_FINAL,                                                                          false,                                                                                             0,"In words"},
        {401,                   "",                        ERROR_OF(401,                                               "authError"),                                                                   CONNECTOR_REAUTH,                                                                                                                               true,                                                                                          0,                                                "In words"},
        {503,               "",                             ERROR_OF(503,                                          "backendError"),                                                                CONNECTOR_RETRY,                                                            false,                       0,"In words"},
        {500,    "",               "<html>",                                     CONNECTOR_RETRY,false,0,"500"},
        {200,     "",     "<html>",CONNECTOR_UNKNOWN,false,0,"not JSON"},
        {200,            "","{}",CONNECTOR_UNKNOWN,                   false,                                                                                                                                                              0,                                                                                                                                                                                                                                                                                                                                  ""                                                                                                                                                                                                                                                                                                                                                                                                                                                                                       },
    };
    struct channel ch = open_it();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer_answers(ch.peer, rows[i].status, rows[i].headers, rows[i].body);
        struct connector_sent sent = reply(&ch, "UgxSEVA1", "We can help");
        channel_check_error(&rows[i], &sent);
    }
    channel_close(&ch);
}

static void an_answer_that_never_comes_leaves_the_end_unknown(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_hangs_up(ch.peer);
    assert_int_equal(reply(&ch, "UgxSEVA1", "We can help").outcome, CONNECTOR_UNKNOWN);
    channel_close(&ch);
}

static void a_further_try_finds_what_an_earlier_one_wrote(void **state)
{
    (void)state;
    static const char listed[] =
        "{\"items\":[{\"id\":\"UgxSEVA1.old\",\"snippet\":{\"authorChannelId\":{\"value\":"
        "\"UCseva\"},\"textDisplay\":\"We can help\",\"publishedAt\":\"2025-12-01T00:00:00Z\"}},"
        "{\"id\":\"UgxSEVA1.other\",\"snippet\":{\"authorChannelId\":{\"value\":\"UCasha\"},"
        "\"textDisplay\":\"We can help\",\"publishedAt\":\"2026-01-01T00:00:00Z\"}},"
        "{\"id\":\"UgxSEVA1.mine\",\"snippet\":{\"authorChannelId\":{\"value\":\"UCseva\"},"
        "\"textDisplay\":\"We can help\",\"publishedAt\":\"2025-12-31T23:59:30Z\"}}]}";
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", listed);
    struct connector_sent sent = reply_as(&ch, "UgxSEVA1", "We can help", TEST_NOW_MS - 20000);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "UgxSEVA1.mine");
    assert_int_equal(peer_count(ch.peer), 1);
    (void)channel_heard(&ch, 0, "GET",
        "/youtube/api/comments?part=snippet&parentId=UgxSEVA1&maxResults=100&textFormat=plainText");
    channel_close(&ch);
}

static void a_further_try_writes_when_no_earlier_one_arrived(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", "{\"items\":[],\"nextPageToken\":\"P2\"}");
    peer_answers(ch.peer, 200, "", "{\"items\":[]}");
    peer_answers(ch.peer, 200, "", "{\"id\":\"UgxSEVA1.9new\"}");
    peer_answers(ch.peer, 500, "", "{}");
    struct connector_sent sent = reply_as(&ch, "UgxSEVA1", "We can help", TEST_NOW_MS - 20000);
    assert_str(sent.external_id, "UgxSEVA1.9new");
    assert_int_equal(peer_count(ch.peer), 3);
    sent = reply_as(&ch, "UgxSEVA1", "We can help", TEST_NOW_MS - 20000);
    assert_int_equal(sent.outcome, CONNECTOR_RETRY); /* it could not look: it does not write */
    assert_int_equal(peer_count(ch.peer), 4);
    channel_close(&ch);
}

static void what_youtube_cannot_carry_is_refused_without_a_call(void **state)
{
    (void)state;
    struct channel ch = open_it();
    assert_int_equal(reply(&ch, "", "We can help").outcome, CONNECTOR_FINAL);
    assert_int_equal(reply(&ch, "UgxSEVA1", " \n").outcome, CONNECTOR_FINAL);
    ch.setup.secrets = S("{}");
    assert_int_equal(reply(&ch, "UgxSEVA1", "We can help").outcome, CONNECTOR_REAUTH);
    assert_int_equal(peer_count(ch.peer), 0);
    channel_close(&ch);
}

/* ── acts ── */

static enum connector_outcome act(
    struct channel *ch, enum connector_act_kind kind, bool is_ours, const char *text)
{
    const struct connector_act what = {.kind = kind,
        .external_id = S("UgxSEVA1.9abc"),
        .text = str_from(text),
        .is_public = true,
        .is_ours = is_ours};
    return channel_acts(ch, what).outcome;
}

static void comments_are_held_published_rejected_edited_and_deleted(void **state)
{
    (void)state;
    struct channel ch = open_it();
    for (int i = 0; i < 4; i++)
        peer_answers(ch.peer, 204, "", "");
    peer_answers(ch.peer, 200, "", "{\"id\":\"UgxSEVA1.9abc\"}");
    peer_answers(ch.peer, 404, "", "{}");
    assert_int_equal(act(&ch, ACT_HIDE, false, ""), CONNECTOR_SENT);
    assert_int_equal(act(&ch, ACT_UNHIDE, false, ""), CONNECTOR_SENT);
    assert_int_equal(act(&ch, ACT_DELETE, false, ""), CONNECTOR_SENT);
    assert_int_equal(act(&ch, ACT_DELETE, true, ""), CONNECTOR_SENT);
    assert_int_equal(act(&ch, ACT_EDIT, true, "Better"), CONNECTOR_SENT);
    assert_int_equal(act(&ch, ACT_DELETE, true, ""), CONNECTOR_SENT); /* it was gone */
    assert_int_equal(act(&ch, ACT_LIKE, false, ""), CONNECTOR_FINAL);
#define MODERATE "/youtube/api/comments/setModerationStatus?id=UgxSEVA1.9abc&moderationStatus="
    (void)channel_heard(&ch, 0, "POST", MODERATE "heldForReview");
    (void)channel_heard(&ch, 1, "POST", MODERATE "published");
    (void)channel_heard(&ch, 2, "POST", MODERATE "rejected");
    (void)channel_heard(&ch, 3, "DELETE", "/youtube/api/comments?id=UgxSEVA1.9abc");
    struct peer_heard h = channel_heard(&ch, 4, "PUT", "/youtube/api/comments?part=snippet");
    assert_str(h.body, "{\"id\":\"UgxSEVA1.9abc\",\"snippet\":{\"textOriginal\":\"Better\"}}");
    assert_int_equal(peer_count(ch.peer), 6);
    channel_close(&ch);
}

/* ── poll ── */

static struct connector_polled poll(
    struct channel *ch, str cursors, int64_t since_ms, int64_t now_ms)
{
    const struct connector_poll in = {
        .setup = &ch->setup, .cursors = cursors, .since_ms = since_ms, .now_ms = now_ms};
    struct connector_polled got = {0};
    assert_ok(ch->c->poll(ch->client, test_arena(), &in, &got));
    return got;
}

#define COMMENT(id, author, at)                                                                    \
    "{\"id\":\"" id "\",\"snippet\":{\"textOriginal\":\"T " id                                     \
    "\",\"authorDisplayName\":\"@" author "\",\"authorChannelId\":{\"value\":\"UC" author          \
    "\"},\"publishedAt\":\"" at "\",\"updatedAt\":\"" at "\"}}"
#define THREAD(id, author, at, total, replies)                                                     \
    "{\"id\":\"" id "\",\"snippet\":{\"videoId\":\"v1\",\"channelId\":\"UCseva\","                 \
    "\"totalReplyCount\":" #total                                                                  \
    ",\"topLevelComment\":" COMMENT(id, author, at) "},"                                           \
                                                    "\"replies\":{\"comments\":[" replies "]}}"
#define LIST                                                                                       \
    "/youtube/api/commentThreads?part=id,snippet,replies&allThreadsRelatedToChannelId="            \
    "UCseva&order=time&maxResults=100&textFormat=plainText"

static void a_poll_brings_threads_their_answers_and_their_videos_in_order(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "",
        "{\"items\":[" THREAD("B", "ravi", "2025-12-31T12:00:00Z", 0, "") "," THREAD("A", "asha",
            "2025-12-31T10:00:00Z", 3, COMMENT("A.1", "seva", "2025-12-31T11:00:00Z")) "]}");
    peer_answers(ch.peer, 200, "",
        "{\"items\":[" COMMENT("A.2", "ravi", "2025-12-31T11:30:00Z") "," COMMENT(
            "A.1", "seva", "2025-12-31T11:00:00Z") "]}");
    peer_answers(ch.peer, 200, "",
        "{\"items\":[{\"id\":\"v1\",\"snippet\":{\"title\":\"How to\",\"channelId\":\"UCseva\"}}]}");
    struct connector_polled got = poll(&ch, S("{}"), 0, TEST_NOW_MS);
    assert_int_equal(got.end.outcome, CONNECTOR_SENT);
    assert_false(got.has_more);
    (void)channel_heard(&ch, 0, "GET", LIST);
    (void)channel_heard(&ch, 1, "GET",
        "/youtube/api/comments?part=snippet&parentId=A&maxResults=100&textFormat=plainText");
    (void)channel_heard(&ch, 2, "GET", "/youtube/api/videos?part=snippet&id=v1");
    assert_int_equal(peer_count(ch.peer), 3);
    assert_int_equal(got.n, 5); /* A.1 twice, under one key */
    assert_str(got.deliveries[0].key, "A@2025-12-31T10:00:00Z");
    assert_str(got.deliveries[1].key, "A.1@2025-12-31T11:00:00Z");
    assert_str(got.deliveries[2].key, "A.1@2025-12-31T11:00:00Z");
    assert_str(got.deliveries[4].key, "B@2025-12-31T12:00:00Z");
    str shown = channel_show(ch.c, &got);
    assert_has(shown, "post.text: How to");
    assert_has(shown, "is_ours");
    channel_close(&ch);
}

static void an_old_thread_is_asked_again_only_when_it_has_more_answers(void **state)
{
    (void)state;
    struct channel ch = open_it();
    const int64_t half_hour = 30 * 60 * 1000;
    const char *answer = "{\"items\":[" THREAD("A", "asha", "2025-12-28T10:00:00Z", 2, "") "]}";
    peer_answers(ch.peer, 200, "", answer);
    peer_answers(
        ch.peer, 200, "", "{\"items\":[" COMMENT("A.1", "ravi", "2025-12-28T11:00:00Z") "]}");
    peer_answers(ch.peer, 200, "", "{\"items\":[]}"); /* the video is private */
    struct connector_polled first = poll(&ch, S("{}"), 0, TEST_NOW_MS);
    assert_int_equal(first.n, 2);
    peer_answers(ch.peer, 200, "", answer);
    struct connector_polled second = poll(&ch, first.cursors, 0, TEST_NOW_MS + half_hour);
    assert_int_equal(second.n, 0);
    assert_int_equal(peer_count(ch.peer), 4); /* no answers asked, nothing to name */
    peer_answers(
        ch.peer, 200, "", "{\"items\":[" THREAD("A", "asha", "2025-12-28T10:00:00Z", 3, "") "]}");
    peer_answers(
        ch.peer, 200, "", "{\"items\":[" COMMENT("A.2", "ravi", "2026-01-01T00:40:00Z") "]}");
    peer_answers(ch.peer, 200, "", "{\"items\":[]}");
    struct connector_polled third = poll(&ch, second.cursors, 0, TEST_NOW_MS + 2 * half_hour);
    assert_int_equal(third.n, 1);
    assert_str(third.deliveries[0].key, "A.2@2026-01-01T00:40:00Z");
    channel_close(&ch);
}

static void pages_go_on_in_the_next_poll_and_a_dead_page_token_begins_anew(void **state)
{
    (void)state;
    struct channel ch = open_it();
    for (int i = 0; i < 5; i++)
        peer_answers(ch.peer, 200, "",
            "{\"items\":[" THREAD(
                "A", "asha", "2025-12-31T10:00:00Z", 0, "") "],"
                                                            "\"nextPageToken\":\"P/2\"}");
    peer_answers(ch.peer, 200, "", "{\"items\":[]}");
    struct connector_polled got = poll(&ch, S("{}"), 0, TEST_NOW_MS);
    assert_true(got.has_more);
    (void)channel_heard(&ch, 1, "GET", LIST "&pageToken=P%2F2");
    peer_answers(ch.peer, 400, "", ERROR_OF(400, "invalidPageToken"));
    got = poll(&ch, got.cursors, 0, TEST_NOW_MS);
    assert_int_equal(got.end.outcome, CONNECTOR_RETRY);
    peer_answers(ch.peer, 200, "", "{\"items\":[]}");
    got = poll(&ch, got.cursors, 0, TEST_NOW_MS);
    (void)channel_heard(&ch, 7, "GET", LIST);
    assert_false(got.has_more);
    channel_close(&ch);
}

static void between_scans_only_new_threads_are_read(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", "{\"items\":[]}");
    struct connector_polled got = poll(&ch, S("{}"), 0, TEST_NOW_MS);
    peer_answers(ch.peer, 200, "",
        "{\"items\":[" THREAD(
            "A", "asha", "2025-12-30T10:00:00Z", 0, "") "],"
                                                        "\"nextPageToken\":\"P2\"}");
    got = poll(&ch, got.cursors, 0, TEST_NOW_MS + 180000);
    assert_int_equal(peer_count(ch.peer), 2); /* the second page is older than the last pass */
    assert_false(got.has_more);
    channel_close(&ch);
}

static void everything_since_a_time_is_brought_whatever_the_cursors_say(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(
        ch.peer, 200, "", "{\"items\":[" THREAD("A", "asha", "2025-12-20T10:00:00Z", 0, "") "]}");
    peer_answers(ch.peer, 200, "", "{\"items\":[]}");
    struct connector_polled got =
        poll(&ch, S("{\"mark_ms\":1767225600000,\"scan_ms\":1767225600000}"),
            TEST_NOW_MS - INT64_C(20) * 24 * 3600 * 1000, TEST_NOW_MS);
    assert_int_equal(got.n, 1);
    channel_close(&ch);
}

static void a_used_up_quota_stops_polls_until_it_comes_back(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 403, "", ERROR_OF(403, "quotaExceeded"));
    struct connector_polled got = poll(&ch, S("{}"), 0, TEST_NOW_MS);
    assert_int_equal(got.end.outcome, CONNECTOR_WAIT);
    assert_int_equal(got.next_ms, TEST_NOW_MS + 8 * 3600 * 1000);
    got = poll(&ch, S("{\"units\":7000,\"day_ms\":1767254400000}"), 0, TEST_NOW_MS);
    assert_int_equal(got.end.outcome, CONNECTOR_SENT); /* the rest is for replies */
    assert_int_equal(got.next_ms, INT64_C(1767254400000));
    assert_int_equal(peer_count(ch.peer), 1);
    channel_close(&ch);
}

static void comments_that_youtube_holds_back_come_when_they_are_wanted(void **state)
{
    (void)state;
    struct channel ch = open_it();
    ch.setup.settings = S("{\"client_id\":\"cid\",\"held\":\"yes\"}");
    peer_answers(ch.peer, 200, "", "{\"items\":[]}");
    peer_answers(
        ch.peer, 200, "", "{\"items\":[" THREAD("A", "asha", "2025-12-31T10:00:00Z", 0, "") "]}");
    peer_answers(ch.peer, 403, "", ERROR_OF(403, "forbidden"));
    peer_answers(ch.peer, 200, "", "{\"items\":[]}");
    struct connector_polled got = poll(&ch, S("{}"), 0, TEST_NOW_MS);
    assert_int_equal(got.end.outcome, CONNECTOR_SENT);
    (void)channel_heard(&ch, 1, "GET", LIST "&moderationStatus=heldForReview");
    (void)channel_heard(&ch, 2, "GET", LIST "&moderationStatus=likelySpam");
    assert_int_equal(got.n, 1);
    assert_str(got.deliveries[0].key, "A@2025-12-31T10:00:00Z/held");
    assert_has(channel_show(ch.c, &got), "{\"type\":\"held\",\"reason\":\"heldForReview\"}");
    channel_close(&ch);
}

/* ── account ── */

static void the_check_names_the_channel(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_checked got = {0};
    peer_answers(ch.peer, 200, "",
        "{\"items\":[{\"id\":\"UCseva\",\"snippet\":{\"title\":\"Seva\",\"customUrl\":\"@seva\","
        "\"thumbnails\":{\"default\":{\"url\":\"https://yt3.example/s.jpg\"}}}}]}");
    peer_answers(ch.peer, 200, "", "{\"items\":[]}");
    assert_ok(ch.c->check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &got));
    assert_int_equal(got.n, 1);
    assert_str(got.accounts[0].external_id, "UCseva");
    assert_str(got.accounts[0].handle, "@seva");
    (void)channel_heard(
        &ch, 0, "GET", "/youtube/api/channels?part=id,snippet,contentDetails&mine=true");
    assert_ok(ch.c->check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_FINAL);
    assert_int_equal(got.n, 0);
    channel_close(&ch);
}

static void tokens_are_renewed_and_other_secrets_stay(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_refreshed got = {0};
    peer_answers(ch.peer, 200, "", "{\"access_token\":\"ya29.y\",\"expires_in\":3600}");
    peer_answers(ch.peer, 400, "", "{\"error\":\"invalid_grant\"}");
    assert_ok(ch.c->refresh(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_SENT);
    assert_int_equal(got.expires_ms, TEST_NOW_MS + 3600 * 1000);
    assert_str(got.secrets, "{\"client_secret\":\"cs\",\"access_token\":\"ya29.y\","
                            "\"refresh_token\":\"1//r\",\"expires_ms\":1767229200000}");
    assert_has(peer_heard(ch.peer, 0).body, "grant_type=refresh_token");
    assert_ok(ch.c->refresh(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_REAUTH);
    channel_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_comment_says_is_read),
        TEST(nothing_of_youtube_comes_by_webhook),
        TEST(the_quota_comes_back_at_midnight_pacific_time),
        TEST(a_reply_is_a_comment_below_the_thread),
        TEST(an_answer_to_an_answer_goes_below_its_thread_and_names_whom_it_is_for),
        TEST(each_error_of_the_table_has_its_outcome),
        TEST(an_answer_that_never_comes_leaves_the_end_unknown),
        TEST(a_further_try_finds_what_an_earlier_one_wrote),
        TEST(a_further_try_writes_when_no_earlier_one_arrived),
        TEST(what_youtube_cannot_carry_is_refused_without_a_call),
        TEST(comments_are_held_published_rejected_edited_and_deleted),
        TEST(a_poll_brings_threads_their_answers_and_their_videos_in_order),
        TEST(an_old_thread_is_asked_again_only_when_it_has_more_answers),
        TEST(pages_go_on_in_the_next_poll_and_a_dead_page_token_begins_anew),
        TEST(between_scans_only_new_threads_are_read),
        TEST(everything_since_a_time_is_brought_whatever_the_cursors_say),
        TEST(a_used_up_quota_stops_polls_until_it_comes_back),
        TEST(comments_that_youtube_holds_back_come_when_they_are_wanted),
        TEST(the_check_names_the_channel),
        TEST(tokens_are_renewed_and_other_secrets_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
