/* X's streams: rules, lines, signs of life, gaps, and when to come back. Against a scripted peer.
 */
#include "base/crypto.h"
#include "base/limits.h"
#include "x_world.h"

#include <string.h>

#define STREAM   "\"source\":\"stream\""
#define ACTIVITY "\"source\":\"activity\""
#define RULES                                                                                      \
    "{\"data\":[{\"id\":\"1\",\"value\":\"(@SevaCare OR to:SevaCare) -is:retweet\",\"tag\":"       \
    "\"mentions\"},{\"id\":\"2\",\"value\":\"from:SevaCare is:reply\",\"tag\":\"own\"}]}"
#define NOTHING  "{\"meta\":{\"result_count\":0}}"
#define LINE(id) "{\"data\":{\"id\":\"" id "\",\"author_id\":\"2222\",\"text\":\"hi\"}}\r\n"

struct taken {
    struct connector_delivery at[16];
    int n, lives;
    int most; /* then no more */
    str cursors;
};

static bool take(void *arg, const struct connector_delivery *d, str cursors)
{
    struct taken *t = arg;
    struct arena *a = test_arena();
    t->cursors = str_copy(a, cursors);
    if (!d) {
        t->lives++;
        return true;
    }
    assert_true(t->n < 16);
    t->at[t->n++] = (struct connector_delivery){.key = str_copy(a, d->key),
        .origin = str_copy(a, d->origin),
        .content_type = d->content_type,
        .body = str_copy(a, d->body)};
    return t->n < t->most;
}

static struct connector_polled listen_with(
    const char *settings, const char *cursors, struct taken *t)
{
    const struct connector_listen in = {.setup = setup_with(settings),
        .cursors = str_from(cursors),
        .take = take,
        .arg = t,
        .now_ms = TEST_NOW_MS};
    struct connector_polled out;
    t->most = t->most ? t->most : 16;
    assert_ok(x_listen(client, test_arena(), &in, &out));
    return out;
}

static void a_stream_begins_with_its_rules_and_the_gap_and_gives_line_after_line(void **state)
{
    (void)state;
    struct taken t = {0};
    peer_answers(peer, 200, "",
        "{\"data\":[{\"id\":\"9\",\"value\":\"cats\"},{\"id\":\"1\",\"value\":\"(@SevaCare OR "
        "to:SevaCare) -is:retweet\"}]}");
    peer_answers(peer, 200, "", "{\"meta\":{\"summary\":{\"deleted\":1}}}");
    peer_answers(
        peer, 201, "", "{\"data\":[{\"id\":\"2\"}],\"meta\":{\"summary\":{\"created\":1}}}");
    peer_answers(peer, 200, "", "{\"data\":[{\"id\":\"120\",\"author_id\":\"2\",\"text\":\"x\"}]}");
    peer_answers(peer, 200, "",
        "\r\n" LINE("130") "\r\nnot json\r\n" LINE("140") "{\"data\":{}}\r\n{\"data\":{\"id\":");
    struct connector_polled out = listen_with(STREAM, "{\"since\":\"100\"}", &t);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_int_equal(t.n, 3);
    assert_str(t.at[0].key, "mentions:120:120");
    assert_str(t.at[1].key, "post:130");
    assert_str(t.at[2].key, "post:140");
    assert_str(t.at[2].origin, "posts 1111");
    assert_str(t.at[2].body, "{\"data\":{\"id\":\"140\",\"author_id\":\"2222\",\"text\":\"hi\"}}");
    assert_int_equal(t.lives, 2);
    assert_str(t.cursors, "{\"since\":\"120\",\"kind\":\"\",\"fails\":0}");
    struct peer_heard h = heard_call(0, "GET", "/2/tweets/search/stream/rules", "app-token");
    h = heard_call(1, "POST", "/2/tweets/search/stream/rules", "app-token");
    assert_str(h.body, "{\"delete\":{\"ids\":[\"9\"]}}");
    h = heard_call(2, "POST", "/2/tweets/search/stream/rules", "app-token");
    assert_str(h.body, "{\"add\":[{\"value\":\"from:SevaCare is:reply\",\"tag\":\"own\"}]}");
    h = heard_call(3, "GET", "/2/users/1111/mentions?", "user-token");
    assert_true(holds(h.target, "&since_id=100"));
    h = heard_call(4, "GET", "/2/tweets/search/stream?tweet.fields=id,text", "app-token");
    assert_false(holds(h.target, "backfill_minutes"));
}

static void the_activity_stream_needs_no_rules(void **state)
{
    (void)state;
    struct taken t = {0};
    peer_answers(peer, 200, "", NOTHING);
    peer_answers(peer, 200, "",
        "{\"data\":{\"event_uuid\":\"-7\",\"event_type\":\"dm.received\",\"filter\":{\"user_id\":"
        "\"1111\"},\"payload\":{}}}\r\n");
    (void)listen_with(ACTIVITY ",\"access\":\"enterprise\",\"backfill_minutes\":\"5\"", "{}", &t);
    assert_int_equal(t.n, 1);
    assert_str(t.at[0].key, "event:-7");
    assert_str(t.at[0].origin, "activity 1111");
    (void)heard_call(1, "GET", "/2/activity/stream?backfill_minutes=5", "app-token");
}

static void x_s_own_notice_ends_the_stream(void **state)
{
    (void)state;
    struct taken t = {0};
    peer_answers(peer, 200, "", RULES);
    peer_answers(peer, 200, "", NOTHING);
    peer_answers(peer, 200, "",
        LINE("130") "{\"errors\":[{\"title\":\"operational-disconnect\",\"disconnect_type\":"
                    "\"UpstreamOperationalDisconnect\",\"detail\":\"This stream has been "
                    "disconnected upstream\"}]}\r\n" LINE("140"));
    struct connector_polled out = listen_with(STREAM, "{}", &t);
    assert_int_equal(t.n, 1);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_true(holds(out.end.why, "disconnected upstream"));
}

static void who_takes_no_more_ends_the_stream(void **state)
{
    (void)state;
    struct taken t = {.most = 1};
    peer_answers(peer, 200, "", RULES);
    peer_answers(peer, 200, "", NOTHING);
    peer_answers(peer, 200, "", LINE("130") LINE("140"));
    struct connector_polled out = listen_with(STREAM, "{}", &t);
    assert_int_equal(t.n, 1);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_str(out.cursors, "{\"since\":\"\",\"kind\":\"\",\"fails\":0}");
}

static void a_line_beyond_a_mebibyte_is_left_out_and_the_next_is_read(void **state)
{
    (void)state;
    struct taken t = {0};
    const ptrdiff_t big = 1024 * 1024 + 10;
    char *body = NEW(test_arena(), char, big + 200);
    memset(body, 'x', (size_t)big);
    memcpy(body + big, "\r\n" LINE("140"), sizeof("\r\n" LINE("140")));
    peer_answers(peer, 200, "", RULES);
    peer_answers(peer, 200, "", NOTHING);
    peer_answers(peer, 200, "", body);
    (void)listen_with(STREAM, "{}", &t);
    assert_int_equal(t.n, 1);
    assert_str(t.at[0].key, "post:140");
}

/* The pause after a connection that ended so, when `before` stands in the cursors. */
static int64_t pause_after(int status, const char *headers, const char *body, const char *before,
    struct connector_polled *out)
{
    struct taken t = {0};
    peer_answers(peer, 200, "", NOTHING); /* no gap */
    if (status)
        peer_answers(peer, status, headers, body);
    else
        peer_hangs_up(peer);
    *out = listen_with(ACTIVITY, before, &t);
    return out->next_ms - TEST_NOW_MS;
}

#define CURSOR(kind, n) "{\"since\":\"5\",\"kind\":\"" kind "\",\"fails\":" n "}"

static void pauses_grow_as_x_wants_them(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *before;
        int64_t pause_ms;
        enum connector_outcome outcome;
        const char *after;
    } rows[] = {
        {0,   CURSOR("",        "0"),  0,      CONNECTOR_RETRY, CURSOR("network", "1")  },
        {0,   CURSOR("network", "1"),  250,    CONNECTOR_RETRY, CURSOR("network", "2")  },
        {0,   CURSOR("network", "4"),  1000,   CONNECTOR_RETRY, CURSOR("network", "5")  },
        {0,   CURSOR("network", "99"), 16000,  CONNECTOR_RETRY, CURSOR("network", "100")},
        {0,   CURSOR("http",    "9"),  0,      CONNECTOR_RETRY, CURSOR("network", "1")  },
        {503, CURSOR("",        "0"),  5000,   CONNECTOR_RETRY, CURSOR("http",    "1")  },
        {503, CURSOR("http",    "1"),  10000,  CONNECTOR_RETRY, CURSOR("http",    "2")  },
        {503, CURSOR("http",    "60"), 320000, CONNECTOR_RETRY, CURSOR("http",    "61") },
        {200, CURSOR("",        "0"),  0,      CONNECTOR_SENT,  CURSOR("short",   "1")  },
        {200, CURSOR("short",   "1"),  5000,   CONNECTOR_SENT,  CURSOR("short",   "2")  },
        {200, CURSOR("short",   "2"),  10000,  CONNECTOR_SENT,  CURSOR("short",   "3")  },
        {401, CURSOR("",        "0"),  5000,   CONNECTOR_FINAL, CURSOR("http",    "1")  },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct connector_polled out;
        int64_t ms = pause_after(rows[i].status, "", "\r\n", rows[i].before, &out);
        if (ms != rows[i].pause_ms || out.end.outcome != rows[i].outcome ||
            !str_eq(out.cursors, str_from(rows[i].after)))
            fail_msg("row %zu: %lld ms, %s, %.*s", i, (long long)ms,
                connector_outcome_name(out.end.outcome), SARG(out.cursors));
    }
}

static void a_limit_and_a_held_stream_are_waited_for(void **state)
{
    (void)state;
    struct connector_polled out;
    int64_t ms = pause_after(429, "", "{\"title\":\"Too Many Requests\"}", CURSOR("", "0"), &out);
    assert_true(ms >= 60000 && ms < 66000);
    assert_int_equal(out.end.outcome, CONNECTOR_WAIT);
    ms = pause_after(429, "", "{}", CURSOR("limit", "2"), &out);
    assert_int_equal(ms, 240000);
    ms = pause_after(429, "x-rate-limit-reset: 1767226500\r\n", "{}", CURSOR("", "0"), &out);
    assert_true(ms >= 900000);
    ms = pause_after(403, "",
        "{\"title\":\"ConnectionException\",\"connection_issue\":\"TooManyConnections\"}",
        CURSOR("", "0"), &out);
    assert_int_equal(ms, 60000);
    ms = pause_after(429, "", "{\"title\":\"UsageCapExceeded\"}", CURSOR("", "0"), &out);
    assert_int_equal(out.end.outcome, CONNECTOR_REAUTH);
    assert_true(ms >= 60000);
}

static void without_a_stream_there_is_nothing_to_listen_to(void **state)
{
    (void)state;
    struct taken t = {0};
    struct connector_polled out = listen_with("", "{}", &t);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_int_equal(out.next_ms, TEST_NOW_MS + 3600000);
    assert_int_equal(peer_count(peer), 0);
}

static void without_the_app_s_token_the_channel_still_answers(void **state)
{
    (void)state;
    struct taken t = {.most = 16};
    struct connector_setup s = *setup_with(ACTIVITY);
    s.secrets = S("{\"access_token\":\"user-token\"}");
    const struct connector_listen in = {
        .setup = &s, .cursors = S("{}"), .take = take, .arg = &t, .now_ms = TEST_NOW_MS};
    struct connector_polled out;
    peer_answers(peer, 200, "", NOTHING);
    assert_ok(x_listen(client, test_arena(), &in, &out));
    assert_int_equal(out.end.outcome, CONNECTOR_FINAL); /* not REAUTH: that stops sending, too */
    assert_false(out.end.is_channel_wide);
    assert_true(holds(out.end.why, "bearer token is missing"));
}

static void rules_that_are_refused_are_tried_again_later(void **state)
{
    (void)state;
    struct taken t = {0};
    peer_answers(peer, 500, "", "{}");
    struct connector_polled out = listen_with(STREAM, "{}", &t);
    assert_int_equal(out.end.outcome, CONNECTOR_RETRY);
    assert_int_equal(out.next_ms, TEST_NOW_MS + 5000);
    assert_int_equal(peer_count(peer), 1);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        X_TEST(a_stream_begins_with_its_rules_and_the_gap_and_gives_line_after_line),
        X_TEST(the_activity_stream_needs_no_rules),
        X_TEST(x_s_own_notice_ends_the_stream),
        X_TEST(who_takes_no_more_ends_the_stream),
        X_TEST(a_line_beyond_a_mebibyte_is_left_out_and_the_next_is_read),
        X_TEST(pauses_grow_as_x_wants_them),
        X_TEST(a_limit_and_a_held_stream_are_waited_for),
        X_TEST(without_a_stream_there_is_nothing_to_listen_to),
        X_TEST(without_the_app_s_token_the_channel_still_answers),
        X_TEST(rules_that_are_refused_are_tried_again_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
