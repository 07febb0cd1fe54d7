/* X's connector, what is asked: pages, look-ups, the test of a connection, subscriptions, rules,
 * streams, tokens, files. Against a scripted peer. */
#include "base/crypto.h"
#include "base/limits.h"
#include "x_world.h"

#define POLL     "\"source\":\"poll\""
#define POST(id) "{\"id\":\"" id "\",\"author_id\":\"2222\",\"text\":\"@SevaCare hi\"}"
#define NOTHING  "{\"meta\":{\"result_count\":0}}"

static struct connector_polled poll_of(
    const struct connector_setup *s, str cursors, int64_t since_ms, int64_t now_ms)
{
    const struct connector_poll in = {
        .setup = s, .cursors = cursors, .since_ms = since_ms, .now_ms = now_ms};
    struct connector_polled out = {0};
    assert_ok(x_poll(client, test_arena(), &in, &out));
    return out;
}

/* ── polls ── */

static void the_first_poll_reads_the_last_day_and_then_what_is_new(void **state)
{
    (void)state;
    const struct connector_setup *s = setup_with(POLL);
    peer_answers(peer, 200, "", "{\"data\":[" POST("2080765813578191303") "]}");
    struct connector_polled out = poll_of(s, S("{}"), 0, TEST_NOW_MS);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_int_equal(out.n, 1);
    assert_str(out.deliveries[0].origin, "posts 1111");
    assert_str(out.deliveries[0].key, "mentions:2080765813578191303:2080765813578191303");
    assert_true(out.has_more); /* messages are due as well */
    struct peer_heard h = heard_call(0, "GET",
        "/2/users/1111/mentions?max_results=50&tweet.fields="
        "id,text,author_id",
        "user-token");
    assert_true(holds(h.target, "&start_time=2025-12-31T00%3A00%3A00.000Z"));
    assert_true(holds(h.target, "&expansions=author_id,in_reply_to_user_id,referenced_tweets.id"));
    assert_true(holds(h.target, "note_tweet") && holds(h.target, "media.fields=media_key"));
    peer_answers(peer, 200, "", NOTHING); /* the messages */
    out = poll_of(s, out.cursors, 0, TEST_NOW_MS);
    (void)heard_call(1, "GET", "/2/dm_events?max_results=50&dm_event.fields=id,text", "user-token");
    assert_int_equal(out.n, 0);
    assert_false(out.has_more);
    assert_int_equal(out.next_ms, TEST_NOW_MS + 30000);
    peer_answers(peer, 200, "", NOTHING);
    out = poll_of(s, out.cursors, 0, out.next_ms);
    h = heard_call(2, "GET", "/2/users/1111/mentions?", "user-token");
    assert_true(holds(h.target, "&since_id=2080765813578191303"));
    assert_false(holds(h.target, "start_time"));
}

static void pages_are_read_to_the_last_before_the_cursor_moves(void **state)
{
    (void)state;
    const struct connector_setup *s = setup_with(POLL);
    str cursors = S("{\"mentions\":{\"since\":\"100\"},\"messages\":{\"due_ms\":9999999999999}}");
    peer_answers(peer, 200, "",
        "{\"data\":[" POST("140") "," POST("130") "],\"meta\":{\"next_token\":\"p2\"}}");
    struct connector_polled out = poll_of(s, cursors, 0, TEST_NOW_MS);
    assert_true(out.has_more);
    assert_true(holds(out.cursors, "\"since\":\"100\",\"top\":\"140\",\"page\":\"p2\""));
    peer_answers(peer, 503, "", "{}"); /* in the middle: nothing is lost */
    struct connector_polled failed = poll_of(s, out.cursors, 0, TEST_NOW_MS);
    assert_int_equal(failed.end.outcome, CONNECTOR_RETRY);
    assert_true(holds(failed.cursors, "\"since\":\"100\",\"top\":\"140\",\"page\":\"p2\""));
    assert_int_equal(failed.next_ms, TEST_NOW_MS + 30000);
    peer_answers(peer, 200, "", "{\"data\":[" POST("120") "]}");
    out = poll_of(s, out.cursors, 0, TEST_NOW_MS);
    struct peer_heard h = heard_call(2, "GET", "/2/users/1111/mentions?", "user-token");
    assert_true(holds(h.target, "&since_id=100&pagination_token=p2"));
    assert_true(holds(out.cursors, "\"since\":\"140\",\"top\":\"\",\"page\":\"\""));
    assert_false(out.has_more);
}

static void a_token_of_a_page_that_is_refused_begins_again(void **state)
{
    (void)state;
    str cursors = S("{\"mentions\":{\"since\":\"100\",\"top\":\"140\",\"page\":\"old\"},"
                    "\"messages\":{\"due_ms\":9999999999999}}");
    peer_answers(peer, 400, "", "{\"title\":\"Invalid Request\"}");
    struct connector_polled out = poll_of(setup_with(POLL), cursors, 0, TEST_NOW_MS);
    assert_int_equal(out.end.outcome, CONNECTOR_RETRY);
    assert_true(holds(out.cursors, "\"since\":\"100\",\"top\":\"\",\"page\":\"\""));
}

#define LETTER(id) "{\"id\":\"" id "\",\"event_type\":\"MessageCreate\",\"sender_id\":\"2222\"}"

static void messages_are_read_until_a_known_one(void **state)
{
    (void)state;
    str cursors = S(
        "{\"mentions\":{\"due_ms\":9999999999999},\"messages\":{\"since\":\"2080765901528535099\"}}");
    peer_answers(peer, 200, "",
        "{\"data\":[" LETTER("2080765901528535101") "," LETTER(
            "2080765901528535099") "],\"meta\":{\"next_token\":\"p2\"}}");
    struct connector_polled out = poll_of(setup_with(POLL), cursors, 0, TEST_NOW_MS);
    assert_int_equal(out.n, 1);
    assert_str(out.deliveries[0].origin, "messages 1111");
    assert_false(out.has_more);
    assert_true(holds(out.cursors, "\"since\":\"2080765901528535101\",\"top\":\"\",\"page\":\"\""));
    peer_answers(peer, 200, "",
        "{\"data\":[" LETTER("2080765901528535101") "],\"meta\":{\"next_token\":\"p2\"}}");
    out = poll_of(setup_with(POLL), out.cursors, 0, TEST_NOW_MS + 120000);
    assert_int_equal(out.n, 0); /* nothing new */
    assert_int_equal(out.next_ms, TEST_NOW_MS + 240000);
}

static void beside_a_webhook_polls_are_rare(void **state)
{
    (void)state;
    peer_answers(peer, 200, "", NOTHING);
    struct connector_polled out =
        poll_of(setup_with(""), S("{\"messages\":{\"due_ms\":9999999999999}}"), 0, TEST_NOW_MS);
    assert_int_equal(out.next_ms, TEST_NOW_MS + 300000);
    peer_answers(peer, 200, "", NOTHING);
    out = poll_of(setup_with(""), S("{\"mentions\":{\"due_ms\":9999999999999}}"), 0, TEST_NOW_MS);
    assert_int_equal(out.next_ms, TEST_NOW_MS + 900000);
    assert_int_equal(
        poll_of(setup_with(""), out.cursors, 0, TEST_NOW_MS).n, 0); /* nothing is due */
    assert_int_equal(peer_count(peer), 2);
}

static void a_limit_of_one_list_holds_up_neither_the_other_nor_sending(void **state)
{
    (void)state;
    peer_answers(peer, 429, "x-rate-limit-reset: 1767226500\r\n", "{}");
    struct connector_polled out =
        poll_of(setup_with(POLL), S("{\"mentions\":{\"due_ms\":9999999999999}}"), 0, TEST_NOW_MS);
    assert_int_equal(out.end.outcome, CONNECTOR_RETRY);
    assert_false(out.end.is_channel_wide);
    assert_true(out.next_ms >= INT64_C(1767226500000));
    assert_int_equal(poll_of(setup_with(POLL), out.cursors, 0, TEST_NOW_MS + 1).n, 0);
    assert_int_equal(peer_count(peer), 1); /* not asked again before */
}

static void a_reconciliation_reads_all_pages_since_a_time(void **state)
{
    (void)state;
    peer_answers(peer, 200, "", "{\"data\":[" POST("140") "],\"meta\":{\"next_token\":\"p2\"}}");
    peer_answers(peer, 200, "", "{\"data\":[" POST("120") "]}");
    peer_answers(peer, 200, "",
        "{\"data\":[" LETTER("2080765901528535101") "],\"meta\":{\"next_token\":\"p2\"}}");
    peer_answers(peer, 200, "", "{\"data\":[" LETTER("1") "],\"meta\":{\"next_token\":\"p3\"}}");
    struct connector_polled out = poll_of(setup_with(POLL), S("{\"mentions\":{\"since\":\"130\"}}"),
        TEST_NOW_MS - 86400000, TEST_NOW_MS);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_int_equal(out.n, 3); /* the last page holds only what is older */
    assert_int_equal(out.cursors.len, 0);
    struct peer_heard h = heard_call(0, "GET", "/2/users/1111/mentions?", "user-token");
    assert_true(holds(h.target, "&start_time=2025-12-31") && !holds(h.target, "since_id"));
    assert_int_equal(peer_count(peer), 4);
}

static void a_page_beyond_what_we_read_is_asked_for_in_small(void **state)
{
    (void)state;
    char *big = NEW(test_arena(), char, 1200000);
    for (int i = 0; i < 1199999; i++)
        big[i] = ' ';
    peer_answers(peer, 200, "", big);
    peer_answers(peer, 200, "", "{\"data\":[" POST("140") "]}");
    struct connector_polled out =
        poll_of(setup_with(POLL), S("{\"messages\":{\"due_ms\":9999999999999}}"), 0, TEST_NOW_MS);
    assert_int_equal(out.n, 1);
    (void)heard_call(1, "GET", "/2/users/1111/mentions?max_results=5&", "user-token");
}

static void broken_answers_and_cursors_lose_nothing(void **state)
{
    (void)state;
    peer_answers(peer, 200, "", "{\"data\":[");
    struct connector_polled out = poll_of(setup_with(POLL), S("nonsense"), 0, TEST_NOW_MS);
    assert_int_equal(out.end.outcome, CONNECTOR_RETRY);
    assert_int_equal(out.n, 0);
    assert_true(holds(out.cursors, "\"since\":\"\""));
    struct connector_setup unknown = *setup_with(POLL);
    unknown.external_id = (str){0};
    assert_int_equal(poll_of(&unknown, S("{}"), 0, 1).end.outcome, CONNECTOR_FINAL);
}

/* ── look-ups ── */

static void a_look_up_brings_the_post_or_tells_that_it_is_gone(void **state)
{
    (void)state;
    struct connector_polled out;
    struct connector_batch batch;
    str why;
    peer_answers(peer, 200, "", "{\"data\":[" POST("2080765813578191303") "]}");
    peer_answers(peer, 200, "",
        "{\"errors\":[{\"value\":\"2080765813578191303\",\"resource_type\":\"tweet\",\"type\":"
        "\"https://api.x.com/2/problems/resource-not-found\"}]}");
    for (int i = 0; i < 2; i++) {
        assert_ok(x_lookup(
            client, test_arena(), setup_with(""), S("2080765813578191303"), TEST_NOW_MS, &out));
        assert_int_equal(out.end.outcome, CONNECTOR_SENT);
        assert_int_equal(out.n, 1);
        const struct connector_raw raw = {
            .body = out.deliveries[0].body, .origin = out.deliveries[0].origin};
        assert_ok(x_parse(test_arena(), &raw, &batch, &why));
        assert_int_equal(batch.items[0].kind, i ? ITEM_DELETE : ITEM_MESSAGE);
        assert_str(batch.items[0].external_id, "2080765813578191303");
    }
    (void)heard_call(0, "GET", "/2/tweets?ids=2080765813578191303&tweet.fields=", "user-token");
    assert_ok(x_lookup(client, test_arena(), setup_with(""), S("../x"), TEST_NOW_MS, &out));
    assert_int_equal(out.end.outcome, CONNECTOR_FINAL);
}

static void a_person_is_looked_up_by_id(void **state)
{
    (void)state;
    struct connector_sent end;
    struct connector_item person;
    peer_answers(
        peer, 200, "", "{\"data\":{\"id\":\"2222\",\"name\":\"Asha\",\"username\":\"asha_r\"}}");
    assert_ok(connector_x.person(
        client, test_arena(), setup_with(""), S("2222"), (str){0}, &end, &person));
    assert_int_equal(end.outcome, CONNECTOR_SENT);
    assert_str(person.contact_name, "Asha");
    assert_str(person.contact_handle, "asha_r");
    (void)heard_call(0, "GET", "/2/users/2222?user.fields=", "user-token");
    peer_answers(peer, 200, "",
        "{\"errors\":[{\"detail\":\"User has been suspended\",\"title\":\"Forbidden\"}]}");
    assert_ok(connector_x.person(
        client, test_arena(), setup_with(""), S("2222"), (str){0}, &end, &person));
    assert_true(person.is_gone);
}

/* ── the test of a connection ── */

static struct connector_checked check_of(const struct connector_setup *s)
{
    struct connector_checked out;
    assert_ok(connector_x.check(client, test_arena(), s, TEST_NOW_MS, &out));
    return out;
}

static const char me[] = "{\"data\":{\"id\":\"1111\",\"name\":\"Seva Care\",\"username\":"
                         "\"SevaCare\",\"profile_image_url\":\"https://pbs.twimg.com/a_normal.jpg"
                         "\"}}";

static void a_check_says_who_we_are_and_what_is_missing(void **state)
{
    (void)state;
    peer_answers(peer, 200, "", me);
    peer_answers(peer, 401, "", "{\"title\":\"Unauthorized\"}");
    struct connector_checked out = check_of(setup_with(""));
    assert_int_equal(out.n, 1);
    assert_str(out.accounts[0].external_id, "1111");
    assert_str(out.accounts[0].handle, "@SevaCare");
    assert_str(out.accounts[0].name, "Seva Care");
    assert_str(out.accounts[0].avatar_url, "https://pbs.twimg.com/a.jpg");
    assert_true(holds(out.note, "X refuses the app's bearer token."));
    assert_true(holds(out.note, "only posts that mention or quote the account can be answered"));
    assert_true(holds(out.note, "X charges much more for a post with a link."));
    (void)heard_call(0, "GET", "/2/users/me?user.fields=", "user-token");
    (void)heard_call(1, "GET", "/2/webhooks", "app-token");
    peer_answers(peer, 200, "", me);
    out = check_of(setup_with(POLL ",\"access\":\"enterprise\",\"links\":\"refuse\""));
    assert_int_equal(out.note.len, 0);
    assert_int_equal(peer_count(peer), 3);
}

static void a_check_without_good_credentials_says_so(void **state)
{
    (void)state;
    peer_answers(peer, 401, "", "{}");
    assert_int_equal(check_of(setup_with("")).end.outcome, CONNECTOR_REAUTH);
    peer_answers(peer, 200, "", "{\"data\":{}}");
    assert_int_equal(check_of(setup_with("")).end.outcome, CONNECTOR_RETRY);
}

/* ── subscriptions ── */

static struct connector_sent subscribe(const struct connector_setup *s, bool on)
{
    struct connector_sent sent;
    assert_ok(x_subscribe(client, test_arena(), s, on, &sent));
    return sent;
}

static void a_webhook_is_registered_and_everything_subscribed(void **state)
{
    (void)state;
    peer_answers(peer, 200, "", "{\"data\":[{\"id\":\"5\",\"url\":\"https://other.example/\"}]}");
    peer_answers(peer, 200, "", "{\"data\":{\"id\":\"77\",\"valid\":true}}");
    peer_answers(peer, 404, "", "{}"); /* UNSURE: no list of subscriptions */
    for (int i = 0; i < 9; i++)
        peer_answers(peer, i == 1 ? 409 : 201, "",
            i == 1 ? "{\"title\":\"DuplicateSubscription\"}" : "{\"data\":{}}");
    assert_int_equal(subscribe(setup_with(""), true).outcome, CONNECTOR_SENT);
    struct peer_heard h = heard_call(1, "POST", "/2/webhooks", "app-token");
    assert_str(h.body, "{\"url\":\"https://care.example.com/hooks/x/k1\"}");
    h = heard_call(3, "POST", "/2/activity/subscriptions", "user-token");
    assert_str(h.body, "{\"event_type\":\"post.mention.create\",\"filter\":{\"user_id\":\"1111\"},"
                       "\"tag\":\"mentions\",\"webhook_id\":\"77\"}");
    h = heard_call(6, "POST", "/2/activity/subscriptions", "user-token");
    assert_true(holds(h.body, "dm.received"));
    h = heard_call(10, "POST", "/2/activity/subscriptions", "app-token");
    assert_true(holds(h.body, "post.delete"));
    h = heard_call(11, "POST", "/2/activity/subscriptions", "app-token");
    assert_str(
        h.body, "{\"event_type\":\"oauth.revoke\",\"tag\":\"account\",\"webhook_id\":\"77\"}");
    assert_int_equal(peer_count(peer), 12);
}

static const char subscribed[] =
    "{\"data\":[{\"subscription_id\":\"s1\",\"event_type\":\"post.mention.create\",\"filter\":{"
    "\"user_id\":\"1111\"},\"webhook_id\":\"77\"},"
    "{\"subscription_id\":\"s2\",\"event_type\":\"post.reply.create\",\"filter\":{\"user_id\":"
    "\"1111\"},\"webhook_id\":\"77\"},{\"id\":\"s3\",\"event_type\":\"post.quote.create\","
    "\"filter\":{\"user_id\":\"1111\"},\"webhook_id\":\"77\"},{\"id\":\"s4\",\"event_type\":"
    "\"dm.received\",\"filter\":{\"user_id\":\"1111\"},\"webhook_id\":\"77\"},{\"id\":\"s5\","
    "\"event_type\":\"dm.sent\",\"filter\":{\"user_id\":\"1111\"},\"webhook_id\":\"77\"},{\"id\":"
    "\"s6\",\"event_type\":\"dm.read\",\"filter\":{\"user_id\":\"1111\"}},{\"id\":\"s7\",\"event_"
    "type\":\"post.create\",\"filter\":{\"user_id\":\"1111\"}},{\"id\":\"s8\",\"event_type\":"
    "\"post.delete\",\"filter\":{\"user_id\":\"1111\"}},{\"id\":\"s9\",\"event_type\":\"oauth."
    "revoke\"},{\"id\":\"s10\",\"event_type\":\"dm.received\",\"filter\":{\"user_id\":\"9\"}}]}";

static void what_is_there_is_left_and_an_invalid_webhook_is_tested_again(void **state)
{
    (void)state;
    peer_answers(peer, 200, "",
        "{\"data\":[{\"id\":\"77\",\"url\":\"https://care.example.com/hooks/x/k1\",\"valid\":"
        "false}]}");
    peer_answers(peer, 200, "", "{\"data\":{\"valid\":true}}");
    peer_answers(peer, 200, "", subscribed);
    assert_int_equal(subscribe(setup_with(""), true).outcome, CONNECTOR_SENT);
    (void)heard_call(1, "PUT", "/2/webhooks/77", "app-token");
    assert_int_equal(peer_count(peer), 3);
}

static void what_x_does_not_take_is_said_in_words(void **state)
{
    (void)state;
    peer_answers(peer, 200, "", "{\"data\":[]}");
    peer_answers(peer, 400, "", "{\"errors\":[{\"message\":\"CrcValidationFailed\"}]}");
    struct connector_sent sent = subscribe(setup_with(""), true);
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_true(holds(sent.why, "did not get the right answer"));
    peer_answers(peer, 200, "", "{\"data\":[]}");
    peer_answers(
        peer, 403, "", "{\"title\":\"WebhookLimitExceeded\",\"detail\":\"Too many webhooks\"}");
    sent = subscribe(setup_with(""), true);
    assert_true(holds(sent.why, "Too many webhooks"));
    peer_answers(peer, 200, "", "{\"data\":[]}");
    for (int i = 0; i < 9; i++)
        peer_answers(peer, i == 3 || i == 2 ? 403 : 201, "", "{\"detail\":\"No right\"}");
    sent = subscribe(setup_with("\"source\":\"activity\""), true);
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_str(sent.why, "X: No right (X did not take: post.quote.create, dm.received)");
}

static void signing_off_takes_back_only_what_is_ours(void **state)
{
    (void)state;
    peer_answers(peer, 200, "",
        "{\"data\":[{\"id\":\"77\",\"url\":\"https://care.example.com/hooks/x/k1\",\"valid\":"
        "true}]}");
    peer_answers(peer, 200, "", subscribed);
    for (int i = 0; i < 9; i++)
        peer_answers(peer, i == 2 ? 404 : 200, "", "{\"data\":{\"deleted\":true}}");
    peer_answers(peer, 200, "", "{\"data\":{\"deleted\":true}}");
    assert_int_equal(subscribe(setup_with(""), false).outcome, CONNECTOR_SENT);
    (void)heard_call(2, "DELETE", "/2/activity/subscriptions/s1", "app-token");
    (void)heard_call(10, "DELETE", "/2/activity/subscriptions/s9", "app-token");
    (void)heard_call(11, "DELETE", "/2/webhooks/77", "app-token");
    assert_int_equal(peer_count(peer), 12);
}

static void polling_needs_no_subscription(void **state)
{
    (void)state;
    assert_int_equal(subscribe(setup_with(POLL), true).outcome, CONNECTOR_SENT);
    assert_int_equal(peer_count(peer), 0);
}

/* ── tokens and files ── */

static struct connector_refreshed refresh_of(const struct connector_setup *s)
{
    struct connector_refreshed out;
    assert_ok(connector_x.refresh(client, test_arena(), s, TEST_NOW_MS, &out));
    return out;
}

static void a_refresh_rotates_the_token_and_keeps_the_other_secrets(void **state)
{
    (void)state;
    peer_answers(peer, 200, "",
        "{\"token_type\":\"bearer\",\"expires_in\":7200,\"access_token\":\"new-user\",\"scope\":"
        "\"tweet.read dm.read\",\"refresh_token\":\"r2\"}");
    struct connector_refreshed out = refresh_of(setup_with(""));
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_int_equal(out.expires_ms, TEST_NOW_MS + 7200000);
    struct connector_setup s = {.secrets = out.secrets};
    assert_str(setup_secret(test_arena(), &s, "access_token"), "new-user");
    assert_str(setup_secret(test_arena(), &s, "refresh_token"), "r2");
    assert_str(setup_secret(test_arena(), &s, "bearer_token"), "app-token");
    assert_true(holds(out.secrets, "\"mine\":[1,\"two\"]"));
    struct peer_heard h = peer_heard(peer, 0);
    assert_str(h.target, "/2/oauth2/token");
    assert_str(peer_header(&h, "Authorization"), "Basic Y2lkOmNzZWM=");
    assert_true(holds(h.body, "grant_type=refresh_token") && holds(h.body, "refresh_token=r1"));
}

static void a_refused_refresh_asks_for_people_and_a_broken_one_comes_again(void **state)
{
    (void)state;
    peer_answers(peer, 400, "", "{\"error\":\"invalid_grant\"}");
    assert_int_equal(refresh_of(setup_with("")).end.outcome, CONNECTOR_REAUTH);
    peer_answers(peer, 503, "", "");
    struct connector_refreshed out = refresh_of(setup_with(""));
    assert_int_equal(out.end.outcome, CONNECTOR_RETRY);
    assert_true(holds(out.secrets, "\"refresh_token\":\"r1\""));
    assert_int_equal(refresh_of(setup_with("\"auth\":\"oauth1\"")).end.outcome, CONNECTOR_SENT);
    assert_int_equal(peer_count(peer), 2);
}

static struct connector_source source_of(const char *media_id)
{
    const struct connector_attachment at = {.media_id = str_from(media_id)};
    struct connector_source out;
    assert_ok(connector_x.media(client, test_arena(), setup_with(""), &at, &out));
    return out;
}

static void files_of_messages_are_fetched_from_x_s_own_hosts_only(void **state)
{
    (void)state;
    struct connector_source out = source_of("ton:/1.1/ton/data/dm/1/2/x.jpg");
    assert_str(out.url, "https://ton.twitter.com/1.1/ton/data/dm/1/2/x.jpg");
    assert_int_equal(out.n_headers, 1);
    assert_str(out.headers[0].value, "Bearer user-token");
    assert_str(source_of("video:/dm_video/1.mp4").url, "https://video.twimg.com/dm_video/1.mp4");
    static const char *const bad[] = {
        "", "ton:", "ton:.evil.example/x", "ton:@evil.example/", "evil:/x", "ton:/@evil.example"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(source_of(bad[i]).end.outcome, CONNECTOR_FINAL);
        assert_int_equal(source_of(bad[i]).n_headers, 0);
    }
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        X_TEST(the_first_poll_reads_the_last_day_and_then_what_is_new),
        X_TEST(pages_are_read_to_the_last_before_the_cursor_moves),
        X_TEST(a_token_of_a_page_that_is_refused_begins_again),
        X_TEST(messages_are_read_until_a_known_one),
        X_TEST(beside_a_webhook_polls_are_rare),
        X_TEST(a_limit_of_one_list_holds_up_neither_the_other_nor_sending),
        X_TEST(a_reconciliation_reads_all_pages_since_a_time),
        X_TEST(a_page_beyond_what_we_read_is_asked_for_in_small),
        X_TEST(broken_answers_and_cursors_lose_nothing),
        X_TEST(a_look_up_brings_the_post_or_tells_that_it_is_gone),
        X_TEST(a_person_is_looked_up_by_id),
        X_TEST(a_check_says_who_we_are_and_what_is_missing),
        X_TEST(a_check_without_good_credentials_says_so),
        X_TEST(a_webhook_is_registered_and_everything_subscribed),
        X_TEST(what_is_there_is_left_and_an_invalid_webhook_is_tested_again),
        X_TEST(what_x_does_not_take_is_said_in_words),
        X_TEST(signing_off_takes_back_only_what_is_ours),
        X_TEST(polling_needs_no_subscription),
        X_TEST(a_refresh_rotates_the_token_and_keeps_the_other_secrets),
        X_TEST(a_refused_refresh_asks_for_people_and_a_broken_one_comes_again),
        X_TEST(files_of_messages_are_fetched_from_x_s_own_hosts_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
