/* Mastodon: golden events, pages and their cursors, the stream and its bell, what goes to the
 * instance and what its answers mean, files, the instance's limits, the application there. */
#include "connector/mastodon.h"

#include "channel.h"

static struct channel open_it(const char *settings)
{
    struct channel ch =
        channel_open("mastodon", "14715", "{}", "{\"access_token\":\"T0ken\",\"other\":[1]}");
    ch.setup.hosts = (str){0};
    ch.setup.settings = str_print(test_arena(), "{\"server\":\"%.*s\"%s%s}",
        SARG(peer_url(ch.peer)), *settings ? "," : "", settings);
    return ch;
}

static struct peer_heard heard(struct channel *ch, int nth, const char *method, const char *target)
{
    struct peer_heard h = peer_heard(ch->peer, nth);
    assert_str(h.method, method);
    assert_str(h.target, target);
    assert_str(peer_header(&h, "Authorization"), "Bearer T0ken");
    return h;
}

/* ── receiving ── */

static void every_event_is_read_as_its_golden_file_says(void **state)
{
    (void)state;
    golden_check_all_as("mastodon", "poll 14715");
}

static void an_event_is_the_same_by_stream_and_by_asking(void **state)
{
    (void)state;
    golden_check("mastodon", "direct", "stream 14715");
    golden_check("mastodon", "delete", "stream 14715");
}

#define STATUS(id, visibility, above)                                                              \
    "{\"id\":\"" id "\",\"uri\":\"https://e.x/" id                                                 \
    "\",\"created_at\":\"2026-01-01T00:00:00.000Z\","                                              \
    "\"visibility\":\"" visibility "\",\"in_reply_to_id\":" above                                  \
    ",\"account\":{\"id\":\"971724\",\"acct\":\"asha@e.x\"},\"content\":\"<p>Hi</p>\","            \
    "\"mentions\":[{\"id\":\"14715\",\"acct\":\"seva\"}]}"
#define MENTION(id, at, status)                                                                    \
    "{\"id\":\"" id "\",\"type\":\"mention\",\"created_at\":\"" at                                 \
    "\",\"account\":{\"id\":\"971724\"},\"status\":" status "}"
#define NOW_TEXT "2026-01-01T00:00:00.000Z"
#define NOTIFICATIONS                                                                              \
    "/api/v1/notifications?types%5B%5D=mention&types%5B%5D=quote&types%5B%5D=update&limit=80"
#define OWN "/api/v1/accounts/14715/statuses?exclude_reblogs=true&limit=40"

static void asking_goes_on_behind_the_last_notification_and_brings_the_oldest_first(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    peer_answers(ch.peer, 200, "",
        "[" MENTION("102", NOW_TEXT, STATUS("12", "public", "null")) "," MENTION(
            "101", NOW_TEXT, STATUS("11", "direct", "\"9\"")) ",7,{\"id\":\"x/y\"}]");
    peer_answers(ch.peer, 200, "", "[]");
    struct connector_polled p =
        channel_polls(&ch, S("{\"notification\":\"99\",\"own\":\"98\"}"), 0);
    heard(&ch, 0, "GET", NOTIFICATIONS "&min_id=99");
    heard(&ch, 1, "GET", OWN "&min_id=98");
    assert_int_equal(p.end.outcome, CONNECTOR_SENT);
    assert_int_equal(p.n, 2);
    assert_str(p.deliveries[0].key, "n:101");
    assert_str(p.deliveries[1].key, "n:102");
    assert_str(p.deliveries[0].origin, "poll 14715");
    assert_str(p.cursors, "{\"notification\":\"102\",\"own\":\"98\"}");
    assert_false(p.has_more);
    channel_close(&ch);
}

static void the_first_look_goes_back_a_day_and_no_further(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    peer_answers(ch.peer, 200, "",
        "[" MENTION("102", NOW_TEXT, STATUS("12", "public", "null")) "," MENTION(
            "101", "2025-12-30T00:00:00.000Z", STATUS("11", "public", "null")) "]");
    peer_answers(ch.peer, 200, "", "[" STATUS("55", "public", "null") "]");
    struct connector_polled p = channel_polls(&ch, S("{}"), 0);
    assert_int_equal(p.n, 2); /* and our own status of this very moment */
    assert_str(p.deliveries[0].key, "n:102");
    assert_str(p.cursors, "{\"notification\":\"102\",\"own\":\"55\"}");
    channel_close(&ch);
}

static void full_pages_are_read_on(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    struct sb page = sb_make(test_arena(), 0);
    for (int i = 180; i > 100; i--)
        sb_print(&page, "%s{\"id\":\"%d\",\"type\":\"follow\",\"created_at\":\"" NOW_TEXT "\"}",
            page.len ? "," : "[", i);
    sb_byte(&page, ']');
    peer_answers(ch.peer, 200, "", str_z(test_arena(), sb_str(&page)));
    peer_answers(
        ch.peer, 200, "", "[" MENTION("181", NOW_TEXT, STATUS("12", "public", "null")) "]");
    peer_answers(ch.peer, 200, "", "[]");
    struct connector_polled p =
        channel_polls(&ch, S("{\"notification\":\"100\",\"own\":\"1\"}"), 0);
    heard(&ch, 1, "GET", NOTIFICATIONS "&min_id=180");
    assert_int_equal(p.n, 81);
    assert_str(p.deliveries[0].key, "n:101");
    assert_str(p.deliveries[80].key, "n:181");
    channel_close(&ch);
}

static void comparing_goes_back_to_the_time_asked_for(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    struct sb page = sb_make(test_arena(), 0);
    for (int i = 180; i > 100; i--)
        sb_print(&page, "%s{\"id\":\"%d\",\"type\":\"mention\",\"created_at\":\"" NOW_TEXT "\"}",
            page.len ? "," : "[", i);
    sb_byte(&page, ']');
    peer_answers(ch.peer, 200, "", str_z(test_arena(), sb_str(&page)));
    peer_answers(ch.peer, 200, "", "[" MENTION("100", "2025-12-01T00:00:00.000Z", "{}") "]");
    peer_answers(ch.peer, 200, "", "[]");
    struct connector_polled p = channel_polls(
        &ch, S("{\"notification\":\"500\",\"own\":\"1\"}"), TEST_NOW_MS - 3600 * 1000);
    heard(&ch, 0, "GET", NOTIFICATIONS);
    heard(&ch, 1, "GET", NOTIFICATIONS "&max_id=101");
    assert_int_equal(p.n, 80);
    assert_str(p.cursors, "{\"notification\":\"500\",\"own\":\"1\"}");
    channel_close(&ch);
}

static void an_answer_is_put_under_the_first_status_of_its_thread(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    peer_answers(
        ch.peer, 200, "", "[" MENTION("102", NOW_TEXT, STATUS("12", "public", "\"9\"")) "]");
    peer_answers(ch.peer, 200, "",
        "{\"ancestors\":[" STATUS("7", "public", "null") "," STATUS(
            "9", "public", "\"7\"") "],\"descendants\":[]}");
    peer_answers(ch.peer, 200, "", "[]");
    struct connector_polled p = channel_polls(&ch, S("{\"notification\":\"99\",\"own\":\"1\"}"), 0);
    heard(&ch, 1, "GET", "/api/v1/statuses/12/context");
    const struct connector_raw raw = {
        .body = p.deliveries[0].body, .origin = p.deliveries[0].origin, .received_ms = TEST_NOW_MS};
    struct connector_batch batch;
    str why;
    assert_ok(connector_mastodon.parse(test_arena(), &raw, &batch, &why));
    assert_str(batch.items[0].thread_key, "post:7");
    assert_str(batch.items[0].post.text, "Hi");
    channel_close(&ch);
}

static void a_thread_that_cannot_be_looked_up_now_is_left_for_the_next_time(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    peer_answers(ch.peer, 200, "",
        "[" MENTION("103", NOW_TEXT, STATUS("13", "public", "\"9\"")) "," MENTION(
            "102", NOW_TEXT, STATUS("12", "public", "null")) "]");
    peer_answers(ch.peer, 429,
        "X-RateLimit-Limit: 300\r\nX-RateLimit-Remaining: 0\r\n"
        "X-RateLimit-Reset: 2026-01-01T00:03:00.000000Z\r\n",
        "{\"error\":\"Too many requests\"}");
    struct connector_polled p = channel_polls(&ch, S("{\"notification\":\"99\",\"own\":\"1\"}"), 0);
    assert_int_equal(p.end.outcome, CONNECTOR_WAIT);
    assert_int_equal(p.end.wait_until_ms, TEST_NOW_MS + 180 * 1000);
    assert_int_equal(p.n, 1);
    assert_str(p.cursors, "{\"notification\":\"102\",\"own\":\"1\"}");
    channel_close(&ch);
}

/* ── the stream ── */

struct taken {
    str keys[16], cursors;
    int n, signs, most;
};

static bool take(void *arg, const struct connector_delivery *d, str cursors)
{
    struct taken *t = arg;
    if (!d) {
        t->signs++;
        return true;
    }
    t->keys[t->n++] = str_copy(test_arena(), d->key);
    t->cursors = str_copy(test_arena(), cursors);
    return t->n < t->most;
}

static struct connector_polled listen_to(struct channel *ch, struct taken *t)
{
    struct connector_polled out;
    const struct connector_listen in = {.setup = &ch->setup,
        .cursors = S("{\"notification\":\"99\",\"own\":\"1\"}"),
        .take = take,
        .arg = t,
        .now_ms = TEST_NOW_MS};
    assert_ok(connector_mastodon.listen(ch->client, test_arena(), &in, &out));
    return out;
}

static void the_stream_begins_with_what_was_missed_and_hands_over_what_comes(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    struct taken t = {.most = 16};
    peer_answers(
        ch.peer, 200, "", "[" MENTION("101", NOW_TEXT, STATUS("11", "direct", "null")) "]");
    peer_answers(ch.peer, 200, "", "[]");
    peer_answers(ch.peer, 200, "Content-Type: text/event-stream\r\n",
        ":)\n:thump\nevent: notification\ndata: " MENTION("102", NOW_TEXT,
            STATUS("12", "public",
                "null")) "\n\n"
                         "event: status.update\r\ndata: " STATUS("12", "public",
                             "null") "\r\n\r\n"
                                     "event: delete\ndata: 12\n\n"
                                     "event: delete\ndata: ../x\n\n"
                                     "event: update\ndata: " STATUS("77", "public",
                                         "null") "\n\n"
                                                 "event: notification\ndata: {broken\n\n"
                                                 "event: notification\ndata: {\"id\":\"9\",\"type\":\"follow\"}\n\n"
                                                 "event: filters_changed\n\ndata: 1\n\nevent: notification\ndata: {\"id\":");
    struct connector_polled out = listen_to(&ch, &t);
    struct peer_heard h = heard(&ch, 2, "GET", "/api/v1/streaming/user");
    assert_str(peer_header(&h, "Accept"), "text/event-stream");
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_int_equal(t.n, 4);
    assert_str(t.keys[0], "n:101");
    assert_str(t.keys[1], "n:102");
    assert_str(t.keys[2], "e:12:0");
    assert_str(t.keys[3], "d:12");
    assert_int_equal(t.signs, 2);
    assert_str(out.cursors, "{\"notification\":\"101\",\"own\":\"1\",\"fails\":1}");
    channel_close(&ch);
}

static void an_answer_in_a_thread_rings_and_the_pages_bring_it(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    struct taken t = {.most = 1};
    peer_answers(ch.peer, 200, "", "[]");
    peer_answers(ch.peer, 200, "", "[]");
    peer_answers(ch.peer, 200, "Content-Type: text/event-stream\r\n",
        "event: notification\ndata: " MENTION(
            "102", NOW_TEXT, STATUS("12", "public", "\"9\"")) "\n\n");
    peer_answers(
        ch.peer, 200, "", "[" MENTION("102", NOW_TEXT, STATUS("12", "public", "\"9\"")) "]");
    peer_answers(ch.peer, 200, "", "{\"ancestors\":[" STATUS("7", "public", "null") "]}");
    peer_answers(ch.peer, 200, "", "[]");
    struct connector_polled out = listen_to(&ch, &t);
    assert_int_equal(t.n, 1);
    assert_str(t.keys[0], "n:102");
    assert_str(t.cursors, "{\"notification\":\"102\",\"own\":\"1\"}");
    assert_int_equal(peer_count(ch.peer), 6);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    channel_close(&ch);
}

static void a_refused_stream_is_tried_again_later_and_later(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    struct taken t = {.most = 1};
    peer_answers(ch.peer, 200, "", "[]");
    peer_answers(ch.peer, 200, "", "[]");
    peer_answers(ch.peer, 503, "", "");
    struct connector_polled out = listen_to(&ch, &t);
    assert_int_equal(out.end.outcome, CONNECTOR_RETRY);
    assert_str(out.cursors, "{\"notification\":\"99\",\"own\":\"1\",\"fails\":1}");
    peer_answers(ch.peer, 401, "", "{\"error\":\"The access token is invalid\"}");
    out = listen_to(&ch, &t);
    assert_int_equal(out.end.outcome, CONNECTOR_REAUTH);
    channel_close(&ch);
}

/* ── sending ── */

#define TOKEN_OF(v) "{\"id\":\"12\",\"v\":\"" v "\",\"to\":[\"asha@e.x\",\"bob\"]}"
#define POSTED      "{\"id\":\"300\",\"uri\":\"https://care.example/users/seva/statuses/300\"}"

static struct connector_sent send_one(struct channel *ch, struct connector_outgoing out)
{
    out.delivery_id = S("m1");
    out.to = S("971724");
    return channel_sends(ch, out);
}

static struct connector_outgoing answer_to(const char *token)
{
    return (struct connector_outgoing){
        .text = S("Sorry"), .reply_to = S("12"), .is_public = true, .token = str_from(token)};
}

static void an_answer_names_everybody_and_is_known_by_its_key(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    peer_answers(ch.peer, 200, "", POSTED);
    struct connector_sent sent = send_one(&ch, answer_to(TOKEN_OF("unlisted")));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "300");
    assert_str(sent.aliases[0], "https://care.example/users/seva/statuses/300");
    struct peer_heard h = heard(&ch, 0, "POST", "/api/v1/statuses");
    assert_str(peer_header(&h, "Idempotency-Key"), "seva-m1");
    assert_str(h.body, "{\"status\":\"@asha@e.x @bob Sorry\",\"in_reply_to_id\":\"12\","
                       "\"visibility\":\"unlisted\"}");
    assert_true(connector_mastodon.repeats_safely);
    channel_close(&ch);
}

static void visibility_is_that_of_the_question_or_stricter(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *token;
        bool is_public, is_private_reply;
        const char *visibility, *text;
    } cases[] = {
        {"",                         TOKEN_OF("public"),  true,  false, "public",   "@asha@e.x @bob Sorry"},
        {"\"replies\":\"unlisted\"", TOKEN_OF("public"),  true,  false, "unlisted",
         "@asha@e.x @bob Sorry"                                                                           },
        {"",                         TOKEN_OF("private"), false, false, "direct",   "@asha@e.x @bob Sorry"},
        {"",                         TOKEN_OF("direct"),  false, false, "direct",   "@asha@e.x @bob Sorry"},
        {"",                         TOKEN_OF("direct"),  true,  false, "direct",   "@asha@e.x @bob Sorry"},
        {"",                         TOKEN_OF("public"),  false, true,  "direct",   "@asha@e.x Sorry"     },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct channel ch = open_it(cases[i].settings);
        struct connector_outgoing out = answer_to(cases[i].token);
        out.is_public = cases[i].is_public;
        out.is_private_reply = cases[i].is_private_reply;
        peer_answers(ch.peer, 200, "", POSTED);
        assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_SENT);
        str body = str_print(test_arena(),
            "{\"status\":\"%s\",\"in_reply_to_id\":\"12\",\"visibility\":\"%s\"}", cases[i].text,
            cases[i].visibility);
        assert_str(peer_heard(ch.peer, 0).body, str_z(test_arena(), body));
        channel_close(&ch);
    }
}

static void people_who_stand_in_the_text_are_not_named_twice(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    struct connector_outgoing out = answer_to(TOKEN_OF("public"));
    out.text = S("Hi @Bob, @asha@e.xyz");
    peer_answers(ch.peer, 200, "", POSTED);
    (void)send_one(&ch, out);
    assert_true(str_find(peer_heard(ch.peer, 0).body,
                    S("\"status\":\"@asha@e.x Hi @Bob, @asha@e.xyz\"")) >= 0);
    channel_close(&ch);
}

static void without_a_token_the_instance_is_asked_whom_it_concerns(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    peer_answers(ch.peer, 200, "", STATUS("12", "unlisted", "null"));
    peer_answers(ch.peer, 200, "", POSTED);
    assert_int_equal(send_one(&ch, answer_to("")).outcome, CONNECTOR_SENT);
    heard(&ch, 0, "GET", "/api/v1/statuses/12");
    assert_str(peer_heard(ch.peer, 1).body, "{\"status\":\"@asha@e.x Sorry\",\"in_reply_to_id\":"
                                            "\"12\",\"visibility\":\"unlisted\"}");
    channel_close(&ch);
    ch = open_it("");
    peer_answers(ch.peer, 200, "", "{\"id\":\"971724\",\"acct\":\"asha@e.x\"}");
    peer_answers(ch.peer, 200, "", POSTED);
    assert_int_equal(
        send_one(&ch, (struct connector_outgoing){.text = S("Hello")}).outcome, CONNECTOR_SENT);
    heard(&ch, 0, "GET", "/api/v1/accounts/971724");
    assert_str(
        peer_heard(ch.peer, 1).body, "{\"status\":\"@asha@e.x Hello\",\"visibility\":\"direct\"}");
    channel_close(&ch);
}

static void every_refusal_has_its_outcome(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum connector_outcome outcome;
        bool is_wide;
    } rows[] = {
        {401, "{\"error\":\"The access token is invalid\"}",                                      CONNECTOR_REAUTH,  true },
        {403, "{\"error\":\"This action is not allowed\"}",                                       CONNECTOR_FINAL,   false},
        {404, "{\"error\":\"Record not found\"}",                                                 CONNECTOR_FINAL,   false},
        {410, "",                                                                                 CONNECTOR_FINAL,   false},
        {422, "{\"error\":\"Validation failed: Text character limit\"}",                          CONNECTOR_FINAL,   false},
        {422, "{\"error\":\"Cannot attach files that have not finished processing. Try again\"}",
         CONNECTOR_RETRY,                                                                                            false},
        {429, "{\"error\":\"Too many requests\"}",                                                CONNECTOR_WAIT,    true },
        {500, "",                                                                                 CONNECTOR_RETRY,   false},
        {502, "",                                                                                 CONNECTOR_RETRY,   false},
        {503, "<html>",                                                                           CONNECTOR_RETRY,   false},
        {200, "{\"id\":",                                                                         CONNECTOR_UNKNOWN, false},
        {200, "{}",                                                                               CONNECTOR_UNKNOWN, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct channel ch = open_it("");
        peer_answers(ch.peer, rows[i].status, "", rows[i].body);
        struct connector_sent sent = send_one(&ch, answer_to(TOKEN_OF("public")));
        assert_int_equal(sent.outcome, rows[i].outcome);
        assert_int_equal(sent.is_channel_wide, rows[i].is_wide);
        channel_close(&ch);
    }
    struct channel ch = open_it("");
    peer_hangs_up(ch.peer);
    assert_int_equal(send_one(&ch, answer_to(TOKEN_OF("public"))).outcome, CONNECTOR_UNKNOWN);
    channel_close(&ch);
}

static void after_an_hour_what_was_posted_is_looked_for_first(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    struct connector_outgoing out = answer_to(TOKEN_OF("public"));
    out.first_try_ms = TEST_NOW_MS - 2 * 3600 * 1000;
    peer_answers(ch.peer, 200, "",
        "[{\"id\":\"299\",\"in_reply_to_id\":\"12\",\"created_at\":\"2025-12-31T22:00:01.000Z\","
        "\"content\":\"<p>@asha @bob Sorry</p>\",\"media_attachments\":[]}]");
    struct connector_sent sent = send_one(&ch, out);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "299");
    peer_answers(ch.peer, 200, "", "[]");
    peer_answers(ch.peer, 200, "", POSTED);
    assert_str(send_one(&ch, out).external_id, "300");
    assert_int_equal(peer_count(ch.peer), 3);
    channel_close(&ch);
}

static struct connector_file file_of(const char *name, const char *bytes)
{
    return channel_file(name, "image/png", bytes);
}

static void a_file_goes_first_and_is_waited_for(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    struct connector_file f[] = {file_of("a.png", "PNG1"), file_of("b.png", "PNG2")};
    struct connector_outgoing out = answer_to(TOKEN_OF("public"));
    out.files = f;
    out.n_files = 2;
    peer_answers(ch.peer, 200, "", "{\"id\":\"22\",\"url\":\"x\"}");
    peer_answers(ch.peer, 202, "", "{\"id\":\"23\",\"url\":null}");
    peer_answers(ch.peer, 206, "", "{\"id\":\"23\",\"url\":null}");
    peer_answers(ch.peer, 200, "", "{\"id\":\"23\",\"url\":\"x\"}");
    peer_answers(ch.peer, 200, "", POSTED);
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_SENT);
    struct peer_heard h = heard(&ch, 0, "POST", "/api/v2/media");
    assert_true(str_find(h.body, S("name=\"file\"; filename=\"a.png\"")) >= 0);
    heard(&ch, 3, "GET", "/api/v1/media/23");
    assert_true(str_find(peer_heard(ch.peer, 4).body, S("\"media_ids\":[\"22\",\"23\"]")) >= 0);
    channel_close(&ch);
    ch = open_it("\"max_files\":\"1\",\"image_bytes\":\"3\"");
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_FINAL);
    out.n_files = 1;
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(ch.peer), 0);
    channel_close(&ch);
}

/* ── acts ── */

static struct connector_sent act(struct channel *ch, enum connector_act_kind kind, const char *id)
{
    struct connector_sent sent;
    const struct connector_act a = {.setup = &ch->setup,
        .kind = kind,
        .external_id = str_from(id),
        .text = S("Better"),
        .now_ms = TEST_NOW_MS};
    assert_ok(connector_mastodon.act(ch->client, test_arena(), &a, &sent));
    return sent;
}

static void posts_are_edited_deleted_and_liked(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    peer_answers(ch.peer, 200, "",
        "{\"id\":\"300\",\"spoiler_text\":\"CW\",\"sensitive\":true,\"language\":\"en\",\"mentions\":["
        "{\"acct\":\"asha@e.x\"}],\"media_attachments\":[{\"id\":\"22\"}]}");
    peer_answers(ch.peer, 200, "", POSTED);
    assert_int_equal(act(&ch, ACT_EDIT, "300").outcome, CONNECTOR_SENT);
    struct peer_heard h = heard(&ch, 1, "PUT", "/api/v1/statuses/300");
    assert_str(h.body,
        "{\"status\":\"@asha@e.x Better\",\"spoiler_text\":\"CW\",\"sensitive\":true,"
        "\"language\":\"en\",\"media_ids\":[\"22\"]}");
    peer_answers(ch.peer, 200, "", POSTED);
    assert_int_equal(act(&ch, ACT_DELETE, "300").outcome, CONNECTOR_SENT);
    heard(&ch, 2, "DELETE", "/api/v1/statuses/300");
    peer_answers(ch.peer, 404, "", "{\"error\":\"Record not found\"}");
    assert_int_equal(act(&ch, ACT_DELETE, "300").outcome, CONNECTOR_SENT);
    peer_answers(ch.peer, 200, "", STATUS("12", "public", "null"));
    assert_int_equal(act(&ch, ACT_LIKE, "12").outcome, CONNECTOR_SENT);
    heard(&ch, 4, "POST", "/api/v1/statuses/12/favourite");
    assert_int_equal(act(&ch, ACT_HIDE, "12").outcome, CONNECTOR_FINAL);
    assert_int_equal(act(&ch, ACT_DELETE, "../x").outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(ch.peer), 5);
    channel_close(&ch);
}

/* ── the instance ── */

static void the_instances_own_limits_are_read(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    struct connector_checked c;
    peer_answers(ch.peer, 200, "",
        "{\"id\":\"14715\",\"acct\":\"seva\",\"display_name\":\"Seva Care\",\"avatar\":\"https://c.e/a\"}");
    peer_answers(ch.peer, 200, "",
        "{\"configuration\":{\"urls\":{\"streaming\":\"wss://stream.e.x\"},\"statuses\":{"
        "\"max_characters\":1000,\"max_media_attachments\":4},\"media_attachments\":{"
        "\"image_size_limit\":16777216,\"video_size_limit\":103809024}}}");
    assert_ok(connector_mastodon.check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &c));
    assert_int_equal(c.n, 1);
    assert_str(c.accounts[0].external_id, "14715");
    assert_str(c.accounts[0].handle, "@seva");
    assert_str(c.accounts[0].settings,
        "{\"max_length\":\"948\",\"max_files\":\"4\",\"image_bytes\":\"16777216\",\"video_bytes\":"
        "\"103809024\",\"streaming_url\":\"wss://stream.e.x\"}");
    heard(&ch, 1, "GET", "/api/v2/instance");
    ch.setup.settings = S("{\"server\":\"x\",\"max_length\":\"948\"}");
    assert_int_equal(
        connector_rules_for(test_arena(), &connector_mastodon, &ch.setup, true).max_length, 948);
    channel_close(&ch);
}

static void an_old_instance_and_a_stranger_are_told_apart(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    struct connector_checked c;
    peer_answers(ch.peer, 200, "", "{\"id\":\"14715\",\"acct\":\"seva\"}");
    peer_answers(ch.peer, 404, "", "");
    peer_answers(ch.peer, 200, "", "{\"urls\":{\"streaming_api\":\"wss://s.e.x\"}}");
    assert_ok(connector_mastodon.check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &c));
    assert_str(c.accounts[0].settings, "{\"streaming_url\":\"wss://s.e.x\"}");
    heard(&ch, 2, "GET", "/api/v1/instance");
    peer_answers(ch.peer, 200, "", "{\"hello\":1}");
    peer_answers(ch.peer, 200, "", "{}");
    assert_ok(connector_mastodon.check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &c));
    assert_int_equal(c.end.outcome, CONNECTOR_FINAL);
    channel_close(&ch);
}

static void an_address_is_taken_in_every_way_people_write_it(void **state)
{
    (void)state;
    static const struct {
        const char *given, *base;
    } cases[] = {
        {"mastodon.social",            "https://mastodon.social"},
        {" https://mastodon.social/ ", "https://mastodon.social"},
        {"http://127.0.0.1:3000",      "http://127.0.0.1:3000"  },
        {"https://a.b/path",           ""                       },
        {"user@a.b",                   ""                       },
        {"",                           ""                       },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct connector_setup s = {
            .settings = str_print(test_arena(), "{\"server\":\"%s\"}", cases[i].given)};
        assert_str(mastodon_base(test_arena(), &s), cases[i].base);
        assert_str(connector_mastodon.oauth_base(test_arena(), &s), cases[i].base);
    }
    const struct connector_setup s = {
        .settings = S("{\"server\":\"a.b\",\"streaming_url\":\"wss://stream.a.b\"}")};
    assert_str(mastodon_streaming(test_arena(), &s), "https://stream.a.b");
}

static void an_application_is_made_at_the_instance(void **state)
{
    (void)state;
    struct channel ch = open_it("");
    struct connector_refreshed r;
    peer_answers(ch.peer, 200, "", "{\"client_id\":\"cid\",\"client_secret\":\"cs\",\"id\":\"1\"}");
    assert_ok(connector_mastodon.enroll(ch.client, test_arena(), &ch.setup,
        S("https://care.example.com/oauth/mastodon"), TEST_NOW_MS, &r));
    assert_int_equal(r.end.outcome, CONNECTOR_SENT);
    assert_str(r.secrets, "{\"access_token\":\"T0ken\",\"other\":[1],\"client_id\":\"cid\","
                          "\"client_secret\":\"cs\"}");
    struct peer_heard h = peer_heard(ch.peer, 0);
    assert_str(h.target, "/api/v1/apps");
    assert_str(h.body,
        "{\"client_name\":\"Seva\",\"redirect_uris\":\"https://care.example.com/oauth/"
        "mastodon\",\"scopes\":\"read write:statuses write:media write:notifications\","
        "\"website\":\"https://care.example.com\"}");
    peer_answers(ch.peer, 422, "", "{}");
    assert_ok(
        connector_mastodon.enroll(ch.client, test_arena(), &ch.setup, S("x"), TEST_NOW_MS, &r));
    assert_int_equal(r.end.outcome, CONNECTOR_FINAL);
    channel_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_event_is_read_as_its_golden_file_says),
        TEST(an_event_is_the_same_by_stream_and_by_asking),
        TEST(asking_goes_on_behind_the_last_notification_and_brings_the_oldest_first),
        TEST(the_first_look_goes_back_a_day_and_no_further),
        TEST(full_pages_are_read_on),
        TEST(comparing_goes_back_to_the_time_asked_for),
        TEST(an_answer_is_put_under_the_first_status_of_its_thread),
        TEST(a_thread_that_cannot_be_looked_up_now_is_left_for_the_next_time),
        TEST(the_stream_begins_with_what_was_missed_and_hands_over_what_comes),
        TEST(an_answer_in_a_thread_rings_and_the_pages_bring_it),
        TEST(a_refused_stream_is_tried_again_later_and_later),
        TEST(an_answer_names_everybody_and_is_known_by_its_key),
        TEST(visibility_is_that_of_the_question_or_stricter),
        TEST(people_who_stand_in_the_text_are_not_named_twice),
        TEST(without_a_token_the_instance_is_asked_whom_it_concerns),
        TEST(every_refusal_has_its_outcome),
        TEST(after_an_hour_what_was_posted_is_looked_for_first),
        TEST(a_file_goes_first_and_is_waited_for),
        TEST(posts_are_edited_deleted_and_liked),
        TEST(the_instances_own_limits_are_read),
        TEST(an_old_instance_and_a_stranger_are_told_apart),
        TEST(an_address_is_taken_in_every_way_people_write_it),
        TEST(an_application_is_made_at_the_instance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
