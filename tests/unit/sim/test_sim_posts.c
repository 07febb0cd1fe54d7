/* The simulated networks with posts, seen by our own connectors: what a customer writes arrives,
 * what we answer is there once whatever goes wrong, and what becomes of it comes back. */
#include "connector/connector.h"
#include "golden.h"
#include "peer.h"
#include "sim_world.h"

#define REVIEWS "accounts/1/locations/2"

static struct {
    const struct connector *c;
    struct connector_setup setup;
    struct http_client *client;
    str cursors;
} at;

static void open_world(
    const char *network, const char *external_id, const char *settings, const char *secrets)
{
    static const char *const slash = "/";
    world_open(&(struct sim_options){.is_clock_manual = true, .clock_ms = TEST_NOW_MS});
    at.c = connector_find(str_from(network));
    at.client = peer_client();
    at.cursors = S("{}");
    at.setup = (struct connector_setup){
        .settings = str_from(settings),
        .secrets = str_from(secrets),
        .external_id = str_from(external_id),
        .hook_url = world_callback(),
        .hosts = str_cat(test_arena(), S("*="), world_url(slash)),
    };
}

static void close_world(void)
{
    http_client_close(at.client);
    world_close();
}

static void listen_to_webhooks(void)
{
    str why;
    assert_ok(sim_account_set(
        world_sim(), at.c->name, &(struct sim_account_set){.callback = world_callback()}, &why));
}

static str says(const char *kind, const char *text, str reply_to)
{
    str id = {0}, why = {0};
    assert_ok(sim_say(world_sim(), test_arena(), at.c->name,
        &(struct sim_say){.kind = str_from(kind), .text = str_from(text), .reply_to = reply_to},
        &id, &why));
    return id;
}

static str show(const struct connector_raw *raw, struct connector_batch *batch)
{
    str why = {0};
    assert_ok(at.c->parse(test_arena(), raw, batch, &why));
    return golden_show(batch);
}

/* What the next poll brings. */
static str polled(void)
{
    struct connector_polled got = {0};
    struct sb b = sb_make(test_arena(), 1 << 20);
    const struct connector_poll in = {
        .setup = &at.setup, .cursors = at.cursors, .now_ms = sim_now(world_sim())};
    assert_ok(at.c->poll(at.client, test_arena(), &in, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_SENT);
    at.cursors = got.cursors.len ? got.cursors : at.cursors;
    for (ptrdiff_t i = 0; i < got.n; i++) {
        struct connector_batch batch;
        sb_add(&b, show(&(struct connector_raw){.body = got.deliveries[i].body,
                            .origin = got.deliveries[i].origin,
                            .received_ms = in.now_ms},
                       &batch));
    }
    return sb_str(&b);
}

/* What the nth webhook says; it must be proven. */
static str heard(ptrdiff_t n, const char *header, struct connector_batch *batch)
{
    str why = {0};
    assert_true(sim_settle(world_sim(), 5000));
    assert_true(world_hooks() > n);
    struct world_hook h = world_hook(n);
    const struct http_header proof = {str_from(header), h.signature};
    const struct http_request req = {
        .method = h.method, .headers = &proof, .header_count = 1, .body = h.body};
    const struct connector_hook hook = {&req, &at.setup, sim_now(world_sim())};
    assert_ok(at.c->verify(test_arena(), &hook, &why));
    return show(
        &(struct connector_raw){
            .body = h.body, .origin = S("hook"), .received_ms = sim_now(world_sim())},
        batch);
}

static struct connector_sent reply(str to, const char *post, const char *text, int64_t first_ms)
{
    struct connector_sent sent = {0};
    int64_t now_ms = sim_now(world_sim());
    const struct connector_outgoing out = {
        .setup = &at.setup,
        .delivery_id = S("d1"),
        .reply_to = to,
        .post = str_from(post),
        .is_public = true,
        .text = str_from(text),
        .now_ms = now_ms,
        .first_try_ms = first_ms ? first_ms : now_ms,
    };
    assert_ok(at.c->send(at.client, test_arena(), &out, &sent));
    return sent;
}

static void fault(enum sim_fault_mode mode, const char *path)
{
    assert_ok(sim_fault_add(
        world_sim(), &(struct sim_fault){
                         .network = at.c->name, .path = str_from(path), .mode = mode, .count = 1}));
}

static void assert_has(str text, const char *part)
{
    if (str_find(text, str_from(part)) < 0)
        fail_msg("\"%s\" is not in \"%.*s\"", part, SARG(text));
}

static int64_t count(enum sim_count what)
{
    return sim_count(world_sim(), at.c->name, what);
}

/* ── YouTube ── */

static void open_youtube(void)
{
    open_world("youtube", "UCseva", "{\"client_id\":\"cid\"}",
        "{\"access_token\":\"ya29.sim-youtube\",\"refresh_token\":\"1//UCseva\","
        "\"client_secret\":\"cs\"}");
}

static void a_comment_on_youtube_is_polled_and_answered(void **state)
{
    (void)state;
    open_youtube();
    str id = says("", "It broke", S(""));
    assert_has(polled(), "text: It broke");
    sim_clock_advance(world_sim(), 1000);
    struct connector_sent sent = reply(id, "dQseva00001", "We can help", 0);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    (void)says("", "Thanks", sent.external_id);
    str shown = polled();
    assert_has(shown, "text: We can help");
    assert_has(shown, "is_ours");
    assert_has(shown, "text: Thanks");
    assert_has(shown, "post.text: Video dQseva00001");
    close_world();
}

static void a_reply_on_youtube_stands_once_whatever_goes_wrong(void **state)
{
    (void)state;
    static const enum sim_fault_mode modes[] = {SIM_FAULT_SERVER_ERROR_AFTER, SIM_FAULT_WRONG_JSON,
        SIM_FAULT_HALF_BODY, SIM_FAULT_RESET_AFTER, SIM_FAULT_SERVER_ERROR, SIM_FAULT_RESET};
    open_youtube();
    str id = says("", "It broke", S(""));
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        str text = str_print(test_arena(), "Answer %zu", i);
        int64_t first_ms = sim_now(world_sim());
        fault(modes[i], "/api/comments");
        struct connector_sent sent = reply(id, "v", str_z(test_arena(), text), first_ms);
        assert_true(sent.outcome == CONNECTOR_RETRY || sent.outcome == CONNECTOR_UNKNOWN);
        sim_clock_advance(world_sim(), 5000);
        sent = reply(id, "v", str_z(test_arena(), text), first_ms);
        assert_int_equal(sent.outcome, CONNECTOR_SENT);
        assert_true(sent.external_id.len > 0);
        assert_int_equal(count(SIM_COUNT_ACCEPTED), (int64_t)i + 1);
        sim_clock_advance(world_sim(), 120000);
    }
    close_world();
}

static void youtubes_quota_and_tokens_are_told_apart(void **state)
{
    (void)state;
    str why;
    struct connector_refreshed fresh = {0};
    open_youtube();
    str id = says("", "It broke", S(""));
    assert_ok(sim_account_set(world_sim(), S("youtube"),
        &(struct sim_account_set){.settings = S("{\"units\":\"40\"}")}, &why));
    struct connector_sent sent = reply(id, "v", "We can help", 0);
    assert_int_equal(sent.outcome, CONNECTOR_WAIT);
    assert_int_equal(sent.wait_until_ms, TEST_NOW_MS + 8 * 3600 * 1000);
    assert_ok(at.c->refresh(at.client, test_arena(), &at.setup, TEST_NOW_MS, &fresh));
    assert_int_equal(fresh.end.outcome, CONNECTOR_SENT);
    assert_int_equal(reply(id, "v", "x", 0).outcome, CONNECTOR_REAUTH); /* the old token is dead */
    at.setup.secrets = fresh.secrets;
    assert_int_equal(reply(id, "v", "x", 0).outcome, CONNECTOR_WAIT);
    close_world();
}

/* ── Google reviews ── */

static void a_review_is_pushed_read_and_answered_once(void **state)
{
    (void)state;
    struct connector_checked checked = {0};
    struct connector_batch batch;
    open_world("google_reviews", REVIEWS, "{\"push_email\":\"push@seva.iam.gserviceaccount.com\"}",
        "{\"access_token\":\"ya29.sim-reviews\"}");
    listen_to_webhooks();
    assert_ok(at.c->check(at.client, test_arena(), &at.setup, TEST_NOW_MS, &checked));
    assert_int_equal(checked.n, 1);
    assert_str(checked.accounts[0].external_id, REVIEWS);
    str id = says("", "Slow service", S(""));
    str polling = at.setup.secrets;
    at.setup.secrets = checked.accounts[0].secrets; /* Google's keys */
    (void)heard(0, "Authorization", &batch);
    assert_true(batch.wants_poll);
    at.setup.secrets = polling;
    assert_has(polled(), "text: Slow service");
    fault(SIM_FAULT_SERVER_ERROR_AFTER, "/reply");
    assert_int_equal(reply(id, "", "Sorry", 0).outcome, CONNECTOR_RETRY);
    assert_int_equal(reply(id, "", "Sorry", 0).outcome, CONNECTOR_SENT);
    assert_int_equal(count(SIM_COUNT_ACCEPTED), 1);
    sim_clock_advance(world_sim(), 60000);
    (void)says("edit", "Still slow", id);
    str shown = polled();
    assert_has(shown, "edit\n");
    assert_has(shown, "is_ours");
    assert_has(shown, "@1767225660000"); /* said again: the case opens */
    (void)says("delete", "", id);
    assert_has(polled(), "delete\n");
    close_world();
}

static void notices_of_reviews_are_pulled_when_nobody_can_call_us(void **state)
{
    (void)state;
    open_world("google_reviews", REVIEWS, "{\"subscription\":\"projects/p/subscriptions/s\"}",
        "{\"access_token\":\"ya29.sim-reviews\"}");
    (void)says("", "Good", S(""));
    assert_has(polled(), "text: Good");
    int64_t calls = count(SIM_COUNT_CALLS);
    assert_str(polled(), "");
    assert_int_equal(count(SIM_COUNT_CALLS), calls + 1); /* it only pulled */
    close_world();
}

/* ── LinkedIn ── */

static void open_linkedin(void)
{
    open_world("linkedin", "urn:li:organization:5566",
        "{\"version\":\"202512\",\"app_id\":\"777\",\"member\":\"urn:li:person:XyZ\"}",
        "{\"access_token\":\"AQ-sim-linkedin\",\"client_secret\":\"sim-linkedin-secret\"}");
}

static void a_comment_on_linkedin_arrives_is_answered_and_comes_back(void **state)
{
    (void)state;
    struct connector_batch batch;
    open_linkedin();
    listen_to_webhooks();
    str id = says("", "Open today?", S(""));
    str shown = heard(0, "X-LI-Signature", &batch);
    assert_has(shown, "text: Open today?");
    assert_true(str_eq(batch.items[0].external_id, id));
    fault(SIM_FAULT_SERVER_ERROR_AFTER, "/comments");
    int64_t first_ms = sim_now(world_sim());
    assert_int_equal(reply(id, "", "Until six", first_ms).outcome, CONNECTOR_RETRY);
    sim_clock_advance(world_sim(), 5000);
    struct connector_sent sent = reply(id, "", "Until six", first_ms);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_int_equal(count(SIM_COUNT_ACCEPTED), 1);
    (void)heard(1, "X-LI-Signature", &batch); /* ours, without whom it answers: poll tells */
    assert_int_equal(batch.items[0].kind, ITEM_NAMED);
    shown = polled();
    assert_has(shown, "is_ours");
    assert_has(shown, "contact: urn:li:person:AbC");
    assert_has(shown, "post.text: A post of the page");
    (void)says("delete", "", id);
    assert_has(heard(2, "X-LI-Signature", &batch), "delete\n");
    close_world();
}

static void what_linkedins_webhooks_leave_out_is_asked_for(void **state)
{
    (void)state;
    str why;
    struct connector_batch batch;
    open_linkedin();
    assert_ok(sim_account_set(world_sim(), S("linkedin"),
        &(struct sim_account_set){
            .callback = world_callback(), .settings = S("{\"decorated\":\"no\"}")},
        &why));
    (void)says("", "Open today?", S(""));
    (void)heard(0, "X-LI-Signature", &batch);
    assert_int_equal(batch.n, 0);
    assert_true(batch.wants_poll);
    assert_has(polled(), "text: Open today?");
    close_world();
}

static void an_address_that_does_not_know_the_secret_gets_no_events(void **state)
{
    (void)state;
    struct connector_sent sent = {0};
    open_linkedin();
    assert_ok(at.c->subscribe(at.client, test_arena(), &at.setup, true, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_true(sim_settle(world_sim(), 5000));
    assert_int_equal(world_hooks(), 1); /* the challenge, which this world does not answer */
    assert_int_equal(world_hook(0).method, HTTP_GET);
    (void)says("", "Open today?", S(""));
    assert_true(sim_settle(world_sim(), 5000));
    assert_int_equal(world_hooks(), 1);
    close_world();
}

/* ── TikTok ── */

static void open_tiktok(void)
{
    open_world("tiktok", "biz-123", "{\"client_id\":\"7000000000000000001\"}",
        "{\"access_token\":\"act.sim-tiktok\",\"client_secret\":\"sim-tiktok-secret\"}");
}

static struct connector_sent message(const char *text)
{
    struct connector_sent sent = {0};
    int64_t now_ms = sim_now(world_sim());
    const struct connector_outgoing out = {
        .setup = &at.setup,
        .thread_key = S("tt-conv-7001"),
        .text = str_from(text),
        .now_ms = now_ms,
        .first_try_ms = now_ms,
        .last_in_ms = TEST_NOW_MS,
    };
    assert_ok(at.c->send(at.client, test_arena(), &out, &sent));
    return sent;
}

static void a_message_on_tiktok_arrives_and_its_answer_is_echoed(void **state)
{
    (void)state;
    struct connector_batch batch;
    struct connector_sent sent = {0};
    open_tiktok();
    assert_ok(at.c->subscribe(at.client, test_arena(), &at.setup, true, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    (void)says("", "Hi", S(""));
    assert_has(heard(0, "Tiktok-Signature", &batch), "thread: tt-conv-7001");
    sent = message("Hello");
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_has(heard(1, "Tiktok-Signature", &batch), "is_ours");
    assert_true(str_eq(batch.items[0].external_id, sent.external_id));
    (void)says("read", "", S(""));
    assert_has(heard(2, "Tiktok-Signature", &batch), "state: read");
    fault(SIM_FAULT_WRONG_JSON, "/send/");
    assert_int_equal(message("Still there?").outcome, CONNECTOR_UNKNOWN);
    assert_has(heard(3, "Tiktok-Signature", &batch), "text: Still there?"); /* the echo tells */
    close_world();
}

static void tiktoks_window_takes_ten_and_then_three(void **state)
{
    (void)state;
    open_tiktok();
    (void)says("", "Hi", S(""));
    for (int i = 0; i < 10; i++)
        assert_int_equal(message("Hello").outcome, CONNECTOR_SENT);
    struct connector_sent sent = message("Hello");
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_has(sent.why, "at most ten");
    sim_clock_advance(world_sim(), INT64_C(49) * 3600 * 1000);
    for (int i = 0; i < 3; i++)
        assert_int_equal(message("Hello").outcome, CONNECTOR_SENT);
    sent = message("Hello");
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_has(sent.why, "at most three");
    (void)says("", "Back", S(""));
    assert_int_equal(message("Hello").outcome, CONNECTOR_SENT);
    close_world();
}

static void a_picture_on_tiktok_is_loaded_with_our_token(void **state)
{
    (void)state;
    str id, why;
    struct connector_batch batch;
    struct connector_source source = {0};
    struct http_result res = {0};
    const struct sim_file file = {S("image/png"), S("p.png"), S("PNGPNG")};
    open_tiktok();
    listen_to_webhooks();
    assert_ok(sim_say(world_sim(), test_arena(), S("tiktok"),
        &(struct sim_say){.files = &file, .n_files = 1}, &id, &why));
    (void)heard(0, "Tiktok-Signature", &batch);
    assert_int_equal(batch.items[0].n_attachments, 1);
    assert_ok(
        at.c->media(at.client, test_arena(), &at.setup, &batch.items[0].attachments[0], &source));
    assert_int_equal(source.end.outcome, CONNECTOR_SENT);
    struct http_call call = {.url = source.url, .purpose = EGRESS_NETWORK};
    assert_ok(http_client_call(at.client, test_arena(), &call, &res));
    assert_int_equal(res.status, 401);
    call.headers = source.headers;
    call.header_count = source.n_headers;
    assert_ok(http_client_call(at.client, test_arena(), &call, &res));
    assert_int_equal(res.status, 200);
    assert_str(res.body, "PNGPNG");
    close_world();
}

static void a_comment_on_tiktok_is_looked_up_answered_and_polled(void **state)
{
    (void)state;
    struct connector_batch batch;
    struct connector_polled got = {0};
    open_tiktok();
    listen_to_webhooks();
    (void)says("comment", "Does it ship?", S(""));
    assert_has(heard(0, "Tiktok-Signature", &batch), "text: Does it ship?");
    assert_true(batch.items[0].wants_author);
    str name = batch.items[0].external_id;
    int64_t first_ms = sim_now(world_sim());
    fault(SIM_FAULT_WRONG_JSON, "/reply/create/");
    assert_int_equal(reply(name, "", "It does", first_ms).outcome, CONNECTOR_UNKNOWN);
    sim_clock_advance(world_sim(), 5000);
    struct connector_sent sent = reply(name, "", "It does", first_ms);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_int_equal(count(SIM_COUNT_ACCEPTED), 1);
    (void)heard(1, "Tiktok-Signature", &batch); /* ours, but TikTok does not say so */
    assert_true(str_eq(batch.items[0].external_id, sent.external_id));
    assert_false(batch.items[0].is_ours);
    assert_ok(at.c->lookup(
        at.client, test_arena(), &at.setup, sent.external_id, sim_now(world_sim()), &got));
    assert_int_equal(got.n, 1);
    assert_has(show(&(struct connector_raw){.body = got.deliveries[0].body,
                        .origin = got.deliveries[0].origin},
                   &batch),
        "is_ours");
    str shown = polled();
    assert_has(shown, "text: Does it ship?");
    assert_has(shown, "text: It does");
    close_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_comment_on_youtube_is_polled_and_answered),
        TEST(a_reply_on_youtube_stands_once_whatever_goes_wrong),
        TEST(youtubes_quota_and_tokens_are_told_apart),
        TEST(a_review_is_pushed_read_and_answered_once),
        TEST(notices_of_reviews_are_pulled_when_nobody_can_call_us),
        TEST(a_comment_on_linkedin_arrives_is_answered_and_comes_back),
        TEST(what_linkedins_webhooks_leave_out_is_asked_for),
        TEST(an_address_that_does_not_know_the_secret_gets_no_events),
        TEST(a_message_on_tiktok_arrives_and_its_answer_is_echoed),
        TEST(tiktoks_window_takes_ten_and_then_three),
        TEST(a_picture_on_tiktok_is_loaded_with_our_token),
        TEST(a_comment_on_tiktok_is_looked_up_answered_and_polled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
