/* The simulated Facebook and Instagram against our own connectors: a customer writes, the webhook
 * is verified and parsed, a reply goes out, and what comes back says what became of it. */
#include "peer.h"
#include "sim_world.h"

#include "base/crypto.h"
#include "base/file.h"
#include "connector/connector.h"
#include "connector/reading.h"

#include <string.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct scene {
    const struct connector *network;
    struct connector_setup setup;
    struct http_client *client;
    ptrdiff_t heard; /* hooks looked at */
};

static const char *const networks[] = {"facebook", "instagram"};

static struct scene open_scene(const char *name)
{
    str why;
    bool is_facebook = strcmp(name, "facebook") == 0;
    struct scene s = {.network = connector_find(str_from(name))};
    world_open(&(struct sim_options){.is_clock_manual = true, .clock_ms = TEST_NOW_MS});
    s.client = peer_client();
    s.setup = (struct connector_setup){.settings = S("{\"login\":\"instagram\"}"),
        .secrets = is_facebook ? S("{\"app_secret\":\"seva-meta-app-secret-0001\",\"access_token\":"
                                   "\"EAAGsevaPageToken123\"}")
                               : S("{\"app_secret\":\"seva-meta-app-secret-0001\",\"access_token\":"
                                   "\"IGAAsevaToken123\"}"),
        .external_id = is_facebook ? S("1029384756") : S("17841400000000001"),
        .secret = S("seva-verify"),
        .hosts = str_print(test_arena(), "*=%.*s", SARG(world_url("")))};
    assert_ok(sim_account_set(world_sim(), str_from(name),
        &(struct sim_account_set){.callback = world_callback()}, &why));
    return s;
}

static void close_scene(struct scene *s)
{
    http_client_close(s->client);
    world_close();
}

static str says(struct scene *s, struct sim_say say)
{
    str id = {0}, why = {0};
    say.from_id = S("7001");
    say.from_name = S("Asha Rao");
    say.from_handle = S("asha.r");
    err e = sim_say(world_sim(), test_arena(), s->network->name, &say, &id, &why);
    if (e != OK)
        fail_msg("%.*s", SARG(why));
    return id;
}

static void special(struct scene *s, const char *what, const char *input)
{
    const struct json *v;
    str answer = {0}, why = {0};
    assert_ok(json_parse(test_arena(), str_from(input), &v, &why));
    assert_ok(sim_special(
        world_sim(), test_arena(), s->network->name, (str){0}, str_from(what), v, &answer, &why));
}

/* The items of the next hook, verified. */
static struct connector_batch hears(struct scene *s)
{
    assert_true(sim_settle(world_sim(), 5000));
    struct world_hook hook = world_hook(s->heard++);
    const struct http_header header = {S("X-Hub-Signature-256"), hook.signature};
    const struct http_request req = {
        .method = hook.method, .headers = &header, .header_count = 1, .body = hook.body};
    const struct connector_hook in = {
        .req = &req, .setup = &s->setup, .now_ms = sim_now(world_sim())};
    const struct connector_raw raw = {
        .body = hook.body, .origin = S("hook"), .received_ms = sim_now(world_sim())};
    struct connector_batch batch = {0};
    str why = {0};
    assert_ok(s->network->verify(test_arena(), &in, &why));
    assert_ok(s->network->parse(test_arena(), &raw, &batch, &why));
    assert_true(batch.n >= 1 && !batch.items[0].fault.len);
    return batch;
}

static struct connector_sent sends(struct scene *s, struct connector_outgoing out)
{
    struct connector_sent sent = {0};
    out.setup = &s->setup;
    out.now_ms = out.first_try_ms = sim_now(world_sim());
    out.delivery_id = out.delivery_id.len ? out.delivery_id : S("42.1");
    assert_ok(s->network->send(s->client, test_arena(), &out, &sent));
    return sent;
}

static int64_t accepted(struct scene *s)
{
    return sim_count(world_sim(), s->network->name, SIM_COUNT_ACCEPTED);
}

static void a_message_is_signed_answered_and_told_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene s = open_scene(networks[i]);
        bool is_facebook = i == 0;
        str id = says(&s, (struct sim_say){.text = S("Où est-ce 😀 a/b?")});
        struct connector_item in = hears(&s).items[0];
        assert_true(str_eq(in.external_id, id));
        assert_str(in.text, "Où est-ce 😀 a/b?");
        struct connector_sent sent = sends(&s,
            (struct connector_outgoing){
                .to = in.contact_external_id, .text = S("On its way"), .last_in_ms = in.sent_ms});
        assert_int_equal(sent.outcome, CONNECTOR_SENT);
        struct connector_item echo = hears(&s).items[0];
        assert_true(echo.is_ours && str_eq(echo.external_id, sent.external_id));
        assert_str(echo.ours_ref, is_facebook ? "42.1" : "");
        if (is_facebook) {
            sim_clock_advance(world_sim(), 1000);
            struct connector_batch marks = hears(&s);
            assert_int_equal(marks.items[0].kind, ITEM_STATUS);
            assert_str(marks.items[0].state, "delivered");
            assert_true(str_eq(marks.items[0].external_id, sent.external_id));
            assert_int_equal(marks.items[1].kind, ITEM_READ);
        }
        (void)says(&s, (struct sim_say){.kind = S("read")});
        struct connector_item read = hears(&s).items[0];
        assert_int_equal(read.kind, is_facebook ? ITEM_READ : ITEM_STATUS);
        assert_str(read.state, "read");
        assert_int_equal(accepted(&s), 1);
        close_scene(&s);
    }
}

static void what_a_customer_does_to_messages_is_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene s = open_scene(networks[i]);
        str id = says(&s, (struct sim_say){.text = S("x")});
        (void)hears(&s);
        (void)says(&s, (struct sim_say){.kind = S("edit"), .reply_to = id, .text = S("y")});
        assert_int_equal(hears(&s).items[0].kind, ITEM_EDIT);
        (void)says(&s, (struct sim_say){.kind = S("reaction"), .reply_to = id, .text = S("❤")});
        assert_str(hears(&s).items[0].reaction, "❤");
        (void)says(&s, (struct sim_say){.kind = S("delete"), .reply_to = id});
        assert_int_equal(hears(&s).items[0].kind, ITEM_DELETE);
        (void)says(&s, (struct sim_say){.kind = S("button"), .text = S("HUMAN")});
        assert_true(str_find(hears(&s).items[0].parts, S("\"choice\"")) > 0);
        (void)says(&s, (struct sim_say){.kind = S("referral"), .text = S("summer")});
        assert_true(str_find(hears(&s).items[0].parts, S("\"ref\":\"summer\"")) > 0);
        (void)says(&s, (struct sim_say){.kind = S("story"), .text = S("nice")});
        (void)hears(&s);
        close_scene(&s);
    }
}

static void a_fault_is_told_apart_by_what_the_network_has_done(void **state)
{
    (void)state;
    static const struct {
        enum sim_fault_mode mode;
        enum connector_outcome outcome;
        int64_t accepted;
    } cases[] = {
        {SIM_FAULT_SERVER_ERROR,       CONNECTOR_RETRY,   0},
        {SIM_FAULT_RATE_LIMIT,         CONNECTOR_WAIT,    0},
        {SIM_FAULT_RATE_LIMIT_BARE,    CONNECTOR_WAIT,    0},
        {SIM_FAULT_UNAUTHORIZED,       CONNECTOR_REAUTH,  0},
        {SIM_FAULT_RESET,              CONNECTOR_UNKNOWN, 0},
        {SIM_FAULT_RESET_AFTER,        CONNECTOR_UNKNOWN, 1},
        {SIM_FAULT_SERVER_ERROR_AFTER, CONNECTOR_UNKNOWN, 1},
        {SIM_FAULT_HALF_BODY,          CONNECTOR_UNKNOWN, 1},
        {SIM_FAULT_WRONG_JSON,         CONNECTOR_UNKNOWN, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s = open_scene("facebook");
        (void)says(&s, (struct sim_say){.text = S("x")});
        (void)hears(&s);
        assert_ok(sim_fault_add(world_sim(),
            &(struct sim_fault){.network = S("facebook"), .mode = cases[i].mode, .count = 1}));
        struct connector_sent sent =
            sends(&s, (struct connector_outgoing){.to = S("7001"), .text = S("y")});
        if (sent.outcome != cases[i].outcome)
            fail_msg("%s came to %s: %.*s", sim_fault_name(cases[i].mode),
                connector_outcome_name(sent.outcome), SARG(sent.why));
        assert_int_equal(accepted(&s), cases[i].accepted);
        if (cases[i].accepted) /* the echo says that it was taken after all */
            assert_str(hears(&s).items[0].ours_ref, "42.1");
        close_scene(&s);
    }
}

static void the_window_closes_after_a_day_and_for_people_after_seven(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene s = open_scene(networks[i]);
        struct connector_outgoing out = {.to = S("7001"), .text = S("x")};
        assert_int_equal(sends(&s, out).outcome, CONNECTOR_FINAL); /* nobody wrote */
        (void)says(&s, (struct sim_say){.text = S("x")});
        out.last_in_ms = TEST_NOW_MS;
        sim_clock_advance(world_sim(), DAY_MS + 1);
        assert_int_equal(sends(&s, out).outcome, CONNECTOR_SENT); /* as a human agent */
        s.setup.settings = S("{\"login\":\"instagram\",\"human_agent\":\"off\"}");
        struct connector_sent late = sends(&s, out);
        assert_int_equal(late.outcome, CONNECTOR_FINAL);
        assert_true(str_starts(late.why, S("The time to answer is over.")));
        s.setup.settings = S("{\"login\":\"instagram\"}");
        sim_clock_advance(world_sim(), 6 * DAY_MS);
        assert_int_equal(sends(&s, out).outcome, CONNECTOR_FINAL);
        (void)says(&s, (struct sim_say){.text = S("still there?")});
        out.last_in_ms = sim_now(world_sim());
        special(&s, "block", "{\"person\":\"7001\"}");
        assert_int_equal(sends(&s, out).outcome, CONNECTOR_FINAL);
        special(&s, "unblock", "{\"person\":\"7001\"}");
        assert_int_equal(sends(&s, out).outcome, CONNECTOR_SENT);
        close_scene(&s);
    }
}

static void a_comment_is_answered_in_public_and_once_in_private(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene s = open_scene(networks[i]);
        (void)says(&s, (struct sim_say){.kind = S("comment"), .text = S("Price?")});
        struct connector_item in = hears(&s).items[0];
        struct connector_outgoing out = {.is_public = true,
            .reply_to = in.external_id,
            .post = in.post.external_id,
            .text = S("Twelve")};
        assert_true(in.is_public && in.thread_key.len > 0);
        struct connector_sent sent = sends(&s, out);
        assert_int_equal(sent.outcome, CONNECTOR_SENT);
        struct connector_item ours = hears(&s).items[0];
        assert_true(ours.is_ours && str_eq(ours.external_id, sent.external_id));
        assert_true(str_eq(ours.reply_to, in.external_id));
        out.is_public = false;
        out.is_private_reply = true;
        assert_int_equal(sends(&s, out).outcome, CONNECTOR_SENT);
        assert_int_equal(sends(&s, out).outcome, CONNECTOR_FINAL);
        assert_int_equal(accepted(&s), 2);
        close_scene(&s);
    }
}

static struct connector_sent acts(struct scene *s, enum connector_act_kind kind, str id)
{
    struct connector_sent sent = {0};
    const struct connector_act act = {.setup = &s->setup,
        .kind = kind,
        .external_id = id,
        .to = S("7001"),
        .reaction = S("❤"),
        .now_ms = sim_now(world_sim())};
    assert_ok(s->network->act(s->client, test_arena(), &act, &sent));
    return sent;
}

static void comments_are_hidden_shown_and_deleted(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene s = open_scene(networks[i]);
        str id = says(&s, (struct sim_say){.kind = S("comment"), .text = S("x")});
        assert_int_equal(acts(&s, ACT_HIDE, id).outcome, CONNECTOR_SENT);
        assert_int_equal(acts(&s, ACT_UNHIDE, id).outcome, CONNECTOR_SENT);
        assert_int_equal(acts(&s, ACT_DELETE, id).outcome, CONNECTOR_SENT);
        assert_int_equal(acts(&s, ACT_DELETE, id).outcome, CONNECTOR_FINAL);
        str message = says(&s, (struct sim_say){.text = S("x")});
        assert_int_equal(acts(&s, i == 0 ? ACT_READ : ACT_REACT, message).outcome, CONNECTOR_SENT);
        close_scene(&s);
    }
}

static void a_mention_is_looked_up_and_answered(void **state)
{
    (void)state;
    struct scene s = open_scene("instagram");
    struct connector_polled found = {0};
    struct connector_batch batch = {0};
    str why = {0};
    (void)says(&s, (struct sim_say){.kind = S("mention"), .text = S("@seva.shop open?")});
    struct connector_item in = hears(&s).items[0];
    assert_true(in.wants_lookup);
    assert_ok(s.network->lookup(
        s.client, test_arena(), &s.setup, in.external_id, sim_now(world_sim()), &found));
    assert_int_equal(found.n, 1);
    const struct connector_raw raw = {.body = found.deliveries[0].body,
        .origin = found.deliveries[0].origin,
        .received_ms = sim_now(world_sim())};
    assert_ok(s.network->parse(test_arena(), &raw, &batch, &why));
    assert_str(batch.items[0].text, "@seva.shop open?");
    assert_true(str_eq(batch.items[0].external_id, in.external_id));
    struct connector_sent sent = sends(&s, (struct connector_outgoing){.is_public = true,
                                               .reply_to = in.external_id,
                                               .post = in.post.external_id,
                                               .text = S("Until six")});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    close_scene(&s);
}

static void files_come_by_addresses_that_end_and_go_by_upload(void **state)
{
    (void)state;
    struct scene s = open_scene("facebook");
    const struct sim_file picture = {S("image/png"), S("a.png"), S("picture")};
    const struct connector_file file = {
        .name = S("b.pdf"), .type = S("application/pdf"), .size = 5, .path = test_path("b.pdf")};
    struct sim_entry *entries;
    assert_ok(file_write(file.path, S("bytes"), 0600));
    (void)says(&s, (struct sim_say){.files = &picture, .n_files = 1});
    struct connector_item in = hears(&s).items[0];
    assert_int_equal(in.n_attachments, 1);
    const struct http_call call = {.url = in.attachments[0].url, .purpose = EGRESS_MEDIA};
    struct http_result got;
    assert_ok(http_client_call(s.client, test_arena(), &call, &got));
    assert_str(got.body, "picture");
    sim_clock_advance(world_sim(), DAY_MS / 2);
    assert_ok(http_client_call(s.client, test_arena(), &call, &got));
    assert_int_equal(got.status, 403);
    assert_int_equal(
        sends(&s, (struct connector_outgoing){.to = S("7001"), .files = &file, .n_files = 1})
            .outcome,
        CONNECTOR_SENT);
    assert_int_equal(sim_ledger_read(world_sim(), test_arena(),
                         &(struct sim_query){.has_kind = true, .kind = SIM_KIND_MESSAGE}, &entries),
        1);
    struct sha256 hash = crypto_sha256(S("bytes"));
    assert_true(str_eq(entries[0].media, crypto_hex(test_arena(), str_of(hash.b, sizeof hash.b))));
    assert_str(entries[0].ref, "seva:42.1");
    close_scene(&s);
}

static void what_a_webhook_lost_is_caught_up_with(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene s = open_scene(networks[i]);
        struct connector_polled out = {0};
        struct connector_batch batch = {0};
        str why = {0};
        assert_ok(sim_fault_add(
            world_sim(), &(struct sim_fault){.is_webhook = true, .mode = SIM_FAULT_DROP}));
        str id = says(&s, (struct sim_say){.text = S("lost")});
        const struct connector_poll in = {
            .setup = &s.setup, .cursors = S("{}"), .now_ms = sim_now(world_sim())};
        assert_ok(s.network->poll(s.client, test_arena(), &in, &out));
        assert_int_equal(out.n, 1);
        const struct connector_raw raw = {.body = out.deliveries[0].body,
            .origin = out.deliveries[0].origin,
            .received_ms = sim_now(world_sim())};
        assert_ok(s.network->parse(test_arena(), &raw, &batch, &why));
        assert_int_equal(batch.n, 1);
        assert_true(str_eq(batch.items[0].external_id, id));
        assert_str(batch.items[0].text, "lost");
        assert_str(batch.items[0].contact_external_id, "7001");
        close_scene(&s);
    }
}

static struct connector_checked checks(struct scene *s)
{
    struct connector_checked out = {0};
    assert_ok(s->network->check(s->client, test_arena(), &s->setup, TEST_NOW_MS, &out));
    return out;
}

static void accounts_are_found_tokens_exchanged_and_a_revoked_one_refused(void **state)
{
    (void)state;
    struct scene s = open_scene("instagram");
    str why, account = s.setup.external_id;
    s.setup.external_id = S("");
    s.setup.secrets = S("{\"app_secret\":\"seva-meta-app-secret-0001\",\"access_token\":"
                        "\"hour:IGAAsevaToken123\"}");
    struct connector_checked out = checks(&s);
    assert_int_equal(out.n, 1);
    assert_true(str_eq(out.accounts[0].external_id, account));
    s.setup.secrets = out.accounts[0].secrets; /* the long-lived token, a week later */
    struct connector_refreshed fresh = {0};
    assert_ok(
        s.network->refresh(s.client, test_arena(), &s.setup, TEST_NOW_MS + 7 * DAY_MS, &fresh));
    assert_int_equal(fresh.end.outcome, CONNECTOR_SENT);
    assert_false(str_eq(fresh.secrets, s.setup.secrets));
    s.setup.secrets = fresh.secrets;
    assert_int_equal(checks(&s).end.outcome, CONNECTOR_SENT);
    close_scene(&s);
    s = open_scene("facebook");
    s.setup.external_id = S("");
    s.setup.secrets = S("{\"access_token\":\"user:EAAGsevaPageToken123\"}");
    out = checks(&s);
    assert_int_equal(out.n, 1);
    assert_str(out.accounts[0].secrets, "{\"access_token\":\"EAAGsevaPageToken123\"}");
    assert_ok(sim_account_set(
        world_sim(), S("facebook"), &(struct sim_account_set){.is_revoked = true}, &why));
    assert_int_equal(checks(&s).end.outcome, CONNECTOR_REAUTH);
    close_scene(&s);
}

static void the_networks_handshake_is_answered(void **state)
{
    (void)state;
    struct scene s = open_scene("facebook");
    struct connector_answer answer = {0};
    str why = {0}, path, query;
    struct http_request req = {.method = HTTP_GET};
    special(&s, "handshake", "{}");
    assert_true(sim_settle(world_sim(), 5000));
    struct world_hook hook = world_hook(0);
    assert_int_equal(hook.method, HTTP_GET);
    assert_true(str_cut(hook.target, '?', &path, &query));
    assert_ok(http_pairs_parse(test_arena(), query, &req.query, &req.query_count));
    const struct connector_hook in = {.req = &req, .setup = &s.setup, .now_ms = TEST_NOW_MS};
    assert_ok(s.network->challenge(test_arena(), &in, &answer, &why));
    assert_str(answer.body, "1158201444");
    close_scene(&s);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(a_message_is_signed_answered_and_told_back),
        TEST(what_a_customer_does_to_messages_is_understood),
        TEST(a_fault_is_told_apart_by_what_the_network_has_done),
        TEST(the_window_closes_after_a_day_and_for_people_after_seven),
        TEST(a_comment_is_answered_in_public_and_once_in_private),
        TEST(comments_are_hidden_shown_and_deleted),
        TEST(a_mention_is_looked_up_and_answered),
        TEST(files_come_by_addresses_that_end_and_go_by_upload),
        TEST(what_a_webhook_lost_is_caught_up_with),
        TEST(accounts_are_found_tokens_exchanged_and_a_revoked_one_refused),
        TEST(the_networks_handshake_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
