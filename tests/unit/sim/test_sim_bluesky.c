/* The simulated Bluesky and our connector: sessions, posts and chat from the customer to the
 * answer, and what was taken without an answer is there once. */
#include "sim_channel.h"

#include <stdio.h>

static struct sim_channel open_channel(void)
{
    struct connector_checked c;
    clock_fix(TEST_NOW_MS);
    struct sim_channel ch = sim_channel_open("bluesky", "", "{\"identifier\":\"care.example.com\"}",
        "{\"app_password\":\"bluesky-app-password\"}",
        &(struct sim_options){.is_clock_manual = true, .clock_ms = TEST_NOW_MS});
    assert_ok(ch.c->check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &c));
    assert_int_equal(c.end.outcome, CONNECTOR_SENT);
    ch.setup.external_id = c.accounts[0].external_id;
    ch.setup.secrets = str_print(test_arena(), "{\"app_password\":\"bluesky-app-password\",%.*s",
        SARG(str_skip(c.accounts[0].secrets, 1)));
    return ch;
}

static struct connector_sent answer(struct sim_channel *ch, const struct connector_item *it,
    const char *delivery, int64_t waited_ms)
{
    struct connector_sent sent;
    const struct connector_outgoing out = {.setup = &ch->setup,
        .delivery_id = str_from(delivery),
        .to = it->contact_external_id,
        .thread_key = it->thread_key,
        .reply_to = it->external_id,
        .token = it->token,
        .is_public = it->is_public,
        .text = str_print(test_arena(), "Sorry (%s)", delivery),
        .now_ms = TEST_NOW_MS + waited_ms,
        .first_try_ms = TEST_NOW_MS};
    assert_ok(ch->c->send(ch->client, test_arena(), &out, &sent));
    return sent;
}

static void a_customer_is_answered_and_answers_in_the_same_thread(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    str first = sim_channel_say(&ch, (struct sim_say){.text = S("hey @care.example.com")});
    struct connector_polled p = sim_channel_poll(&ch, S("{}"));
    assert_int_equal(p.n, 1);
    struct connector_item it = sim_channel_item(&ch, &p.deliveries[0]);
    assert_true(str_eq(it.external_id, first));
    struct connector_sent sent = answer(&ch, &it, "m1", 0);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    str thread = it.thread_key;
    (void)sim_channel_say(&ch, (struct sim_say){.text = S("thanks"), .reply_to = sent.external_id});
    p = sim_channel_poll(&ch, p.cursors);
    assert_true(p.n >= 1);
    it = sim_channel_item(&ch, &p.deliveries[0]);
    assert_str(it.text, "thanks");
    assert_true(str_eq(it.thread_key, thread) && str_eq(it.reply_to, sent.external_id));
    assert_int_equal(sim_channel_poll(&ch, p.cursors).n, 0);
    sim_channel_close(&ch);
}

static void chat_is_accepted_and_answered(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    (void)sim_channel_say(&ch, (struct sim_say){.kind = S("request"), .text = S("psst")});
    struct connector_polled p = sim_channel_poll(&ch, S("{}"));
    assert_int_equal(p.n, 1);
    struct connector_item it = sim_channel_item(&ch, &p.deliveries[0]);
    assert_false(it.is_public);
    assert_str(it.contact_name, "Asha");
    assert_str(it.token, "request");
    struct connector_sent sent = answer(&ch, &it, "m1", 0);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_int_equal(sim_ledger_count(world_sim(),
                         &(struct sim_query){.path = S("/xrpc/chat.bsky.convo.acceptConvo")}),
        1);
    p = sim_channel_poll(&ch, p.cursors);
    assert_int_equal(p.n, 1); /* our own, as an echo */
    it = sim_channel_item(&ch, &p.deliveries[0]);
    assert_true(it.is_ours && str_eq(it.external_id, sent.external_id));
    const struct json *input = NULL;
    str why, out = {0};
    assert_ok(json_parse(test_arena(), S("{\"did\":\"did:plc:asha\"}"), &input, &why));
    assert_ok(sim_special(
        world_sim(), test_arena(), S("bluesky"), (str){0}, S("disable"), input, &out, &why));
    assert_int_equal(answer(&ch, &it, "m2", 0).outcome, CONNECTOR_FINAL);
    sim_channel_close(&ch);
}

static void what_was_taken_without_an_answer_is_there_once(void **state)
{
    (void)state;
    static const enum sim_fault_mode modes[] = {SIM_FAULT_RESET_AFTER, SIM_FAULT_SERVER_ERROR_AFTER,
        SIM_FAULT_HALF_BODY, SIM_FAULT_WRONG_JSON};
    struct sim_channel ch = open_channel();
    (void)sim_channel_say(&ch, (struct sim_say){.text = S("post")});
    (void)sim_channel_say(&ch, (struct sim_say){.kind = S("chat"), .text = S("chat")});
    struct connector_polled p = sim_channel_poll(&ch, S("{}"));
    assert_int_equal(p.n, 2);
    for (int k = 0; k < 2; k++) {
        struct connector_item it = sim_channel_item(&ch, &p.deliveries[k]);
        for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
            char delivery[16];
            (void)snprintf(delivery, sizeof delivery, "m%d-%zu", k, i);
            const struct sim_fault fault = {.network = S("bluesky"),
                .path = it.is_public ? S("createRecord") : S("sendMessage"),
                .mode = modes[i],
                .count = 1};
            assert_ok(sim_fault_add(world_sim(), &fault));
            (void)answer(&ch, &it, delivery, 0);
            assert_int_equal(answer(&ch, &it, delivery, 60000).outcome, CONNECTOR_SENT);
            sim_faults_clear(world_sim(), (str){0});
        }
    }
    assert_int_equal(sim_count(world_sim(), S("bluesky"), SIM_COUNT_ACCEPTED), 8);
    assert_int_equal(sim_count(world_sim(), S("bluesky"), SIM_COUNT_DOUBLES), 0);
    sim_channel_close(&ch);
}

static void an_ended_session_is_renewed_and_a_spent_one_signed_in_anew(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    struct connector_refreshed r;
    sim_clock_advance(world_sim(), 3 * 3600 * 1000);
    assert_int_equal(sim_channel_poll(&ch, S("{}")).end.outcome, CONNECTOR_REAUTH);
    str old = ch.setup.secrets;
    assert_ok(ch.c->refresh(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &r));
    assert_int_equal(r.end.outcome, CONNECTOR_SENT);
    ch.setup.secrets = r.secrets;
    assert_int_equal(sim_channel_poll(&ch, S("{}")).end.outcome, CONNECTOR_SENT);
    ch.setup.secrets = old; /* spent by the renewal */
    assert_ok(ch.c->refresh(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &r));
    assert_int_equal(r.end.outcome, CONNECTOR_SENT);
    assert_int_equal(sim_ledger_count(world_sim(),
                         &(struct sim_query){.path = S("/xrpc/com.atproto.server.createSession")}),
        2);
    sim_channel_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_customer_is_answered_and_answers_in_the_same_thread),
        TEST(chat_is_accepted_and_answered),
        TEST(what_was_taken_without_an_answer_is_there_once),
        TEST(an_ended_session_is_renewed_and_a_spent_one_signed_in_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
