/* The simulated Mastodon and our connector: what customers write comes by asking and by the stream,
 * answers are taken once, files and limits are the instance's. */
#include "sim_channel.h"

#include <stdio.h>

static struct sim_channel open_channel(void)
{
    clock_fix(TEST_NOW_MS);
    struct sim_channel ch =
        sim_channel_open("mastodon", "", "{}", "{\"access_token\":\"mastodon-token\"}",
            &(struct sim_options){.is_clock_manual = true, .clock_ms = TEST_NOW_MS});
    ch.setup.external_id = S("14715");
    return ch;
}

static struct connector_polled poll_from(struct sim_channel *ch, str cursors)
{
    struct connector_polled out = sim_channel_poll(ch, cursors);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    return out;
}

static struct connector_sent answer(
    struct sim_channel *ch, const struct connector_item *it, const char *delivery)
{
    struct connector_sent sent;
    const struct connector_outgoing out = {.setup = &ch->setup,
        .delivery_id = str_from(delivery),
        .to = it->contact_external_id,
        .to_handle = it->contact_handle,
        .reply_to = it->external_id,
        .token = it->token,
        .is_public = it->is_public,
        .text = S("Sorry"),
        .now_ms = TEST_NOW_MS,
        .first_try_ms = TEST_NOW_MS};
    assert_ok(ch->c->send(ch->client, test_arena(), &out, &sent));
    return sent;
}

static void a_customer_is_answered_and_answers_in_the_same_thread(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    (void)poll_from(&ch, S("{}"));
    str first = sim_channel_say(&ch, (struct sim_say){.text = S("@seva where is it?")});
    struct connector_polled p = poll_from(&ch, S("{}"));
    assert_int_equal(p.n, 1);
    struct connector_item it = sim_channel_item(&ch, &p.deliveries[0]);
    assert_true(str_eq(it.external_id, first) && it.is_public);
    struct connector_sent sent = answer(&ch, &it, "m1");
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    str thread = it.thread_key;
    (void)sim_channel_say(&ch, (struct sim_say){.text = S("thanks"), .reply_to = sent.external_id});
    p = poll_from(&ch, p.cursors);
    assert_int_equal(p.n, 2); /* the customer, and our own answer as an echo */
    it = sim_channel_item(&ch, &p.deliveries[0]);
    assert_true(str_eq(it.thread_key, thread));
    assert_int_equal(poll_from(&ch, p.cursors).n, 0);
    sim_channel_close(&ch);
}

static void a_private_post_is_answered_in_private(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    (void)sim_channel_say(&ch, (struct sim_say){.kind = S("direct"), .text = S("secret")});
    struct connector_polled p = poll_from(&ch, S("{}"));
    struct connector_item it = sim_channel_item(&ch, &p.deliveries[0]);
    assert_false(it.is_public);
    assert_int_equal(answer(&ch, &it, "m1").outcome, CONNECTOR_SENT);
    struct sim_entry *entries = NULL;
    assert_int_equal(sim_ledger_read(world_sim(), test_arena(),
                         &(struct sim_query){.has_kind = true, .kind = SIM_KIND_MESSAGE}, &entries),
        1);
    assert_str(entries[0].detail, "direct");
    assert_str(entries[0].text, "@asha@example.social Sorry");
    sim_channel_close(&ch);
}

static void what_was_taken_without_an_answer_is_posted_once(void **state)
{
    (void)state;
    static const enum sim_fault_mode modes[] = {SIM_FAULT_RESET_AFTER, SIM_FAULT_SERVER_ERROR_AFTER,
        SIM_FAULT_HALF_BODY, SIM_FAULT_WRONG_JSON};
    struct sim_channel ch = open_channel();
    (void)sim_channel_say(&ch, (struct sim_say){.text = S("hello")});
    struct connector_polled p = poll_from(&ch, S("{}"));
    struct connector_item it = sim_channel_item(&ch, &p.deliveries[0]);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        char delivery[8];
        (void)snprintf(delivery, sizeof delivery, "m%zu", i);
        const struct sim_fault fault = {.network = S("mastodon"), .mode = modes[i], .count = 1};
        assert_ok(sim_fault_add(world_sim(), &fault));
        enum connector_outcome first = answer(&ch, &it, delivery).outcome;
        assert_true(first == CONNECTOR_UNKNOWN || first == CONNECTOR_RETRY ||
                    first == CONNECTOR_SENT); /* the client may have repeated it by itself */
        assert_int_equal(answer(&ch, &it, delivery).outcome, CONNECTOR_SENT);
    }
    assert_int_equal(sim_count(world_sim(), S("mastodon"), SIM_COUNT_DOUBLES), 0);
    assert_int_equal(sim_count(world_sim(), S("mastodon"), SIM_COUNT_ACCEPTED), 4);
    const struct sim_fault limit = {
        .network = S("mastodon"), .mode = SIM_FAULT_RATE_LIMIT, .retry_after_ms = 9000, .count = 1};
    assert_ok(sim_fault_add(world_sim(), &limit));
    struct connector_sent sent = answer(&ch, &it, "m9");
    assert_int_equal(sent.outcome, CONNECTOR_WAIT);
    assert_int_equal(sent.wait_until_ms, TEST_NOW_MS + 9000);
    sim_channel_close(&ch);
}

struct heard {
    struct sim_channel *ch;
    str keys[8];
    int n, most;
    bool has_spoken;
};

static bool take(void *arg, const struct connector_delivery *d, str cursors)
{
    struct heard *h = arg;
    str id, why;
    (void)cursors;
    if (d) {
        h->keys[h->n++] = str_copy(test_arena(), d->key);
        return h->n < h->most;
    }
    if (h->has_spoken)
        return true;
    h->has_spoken = true; /* the stream is open */
    const struct sim_say first = {.kind = S("direct"), .text = S("live")};
    assert_ok(sim_say(world_sim(), test_arena(), S("mastodon"), &first, &id, &why));
    const struct sim_say gone = {.kind = S("delete"), .reply_to = id};
    assert_ok(sim_say(world_sim(), test_arena(), S("mastodon"), &gone, &id, &why));
    return true;
}

static void the_stream_brings_what_is_written_while_it_is_open(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    struct heard h = {.ch = &ch, .most = 3};
    str id = sim_channel_say(&ch, (struct sim_say){.text = S("before")});
    struct connector_polled out;
    const struct connector_listen in = {
        .setup = &ch.setup, .cursors = S("{}"), .take = take, .arg = &h, .now_ms = TEST_NOW_MS};
    assert_ok(ch.c->listen(ch.client, test_arena(), &in, &out));
    assert_int_equal(h.n, 3);
    assert_true(id.len && str_starts(h.keys[0], S("n:")) && str_starts(h.keys[1], S("n:")));
    assert_true(str_starts(h.keys[2], S("d:")));
    sim_channel_close(&ch);
}

static void the_instance_says_who_we_are_and_its_limits(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    struct connector_checked c;
    struct connector_refreshed r;
    assert_ok(ch.c->check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &c));
    assert_str(c.accounts[0].external_id, "14715");
    assert_true(str_find(c.accounts[0].settings, S("\"max_length\":\"458\"")) >= 0);
    assert_ok(ch.c->enroll(
        ch.client, test_arena(), &ch.setup, S("https://s.example/oauth"), TEST_NOW_MS, &r));
    assert_true(str_find(r.secrets, S("sim-client")) > 0);
    ch.setup.secrets = S("{\"access_token\":\"wrong\"}");
    assert_ok(ch.c->check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &c));
    assert_int_equal(c.end.outcome, CONNECTOR_REAUTH);
    sim_channel_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_customer_is_answered_and_answers_in_the_same_thread),
        TEST(a_private_post_is_answered_in_private),
        TEST(what_was_taken_without_an_answer_is_posted_once),
        TEST(the_stream_brings_what_is_written_while_it_is_open),
        TEST(the_instance_says_who_we_are_and_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
