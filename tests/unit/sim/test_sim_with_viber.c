/* Our Viber connector with the simulated Viber. */
#include "base/crypto.h"
#include "sim_channel.h"

static struct sim_channel open_channel(void)
{
    struct sim_channel ch = sim_channel_open("viber", "X-Viber-Content-Signature",
        "{\"sender_name\":\"Seva\",\"welcome\":\"Hello there\"}",
        "{\"token\":\"4453b6ac12345678-a1b2c3d4e5f60718-9a8b7c6d5e4f3021\"}",
        &(struct sim_options){.is_clock_manual = true, .clock_ms = TEST_NOW_MS, .hold_ms = 200});
    sim_channel_subscribe(&ch);
    return ch;
}

static const struct connector_item *asha(struct sim_channel *ch, const char *text)
{
    (void)sim_channel_say(ch, (struct sim_say){.from_name = S("Asha"), .text = str_from(text)});
    return sim_channel_newest(ch);
}

/* Lets the status events of a message come. */
static void later(void)
{
    sim_clock_advance(world_sim(), 1000);
    assert_true(sim_settle(world_sim(), 10000));
}

static void a_message_is_answered_delivered_and_seen(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    assert_int_equal(sim_channel_hook(&ch, 0).n, 0); /* the handshake */
    const struct connector_item *it = asha(&ch, "Where is my order?");
    assert_str(it->text, "Where is my order?");
    assert_str(it->contact_name, "Asha");
    struct connector_sent sent =
        sim_channel_answer(&ch, it, (struct connector_outgoing){.text = S("On its way")});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    struct sim_entry taken = sim_channel_taken(&ch, 0);
    assert_str(taken.text, "On its way");
    assert_str(taken.ref, "d1");
    assert_true(str_eq(taken.id, sent.external_id));
    later();
    ptrdiff_t n = world_hooks();
    struct connector_item delivered = sim_channel_hook(&ch, n - 2).items[0];
    struct connector_item seen = sim_channel_hook(&ch, n - 1).items[0];
    assert_str(delivered.state, "delivered");
    assert_str(seen.state, "read");
    assert_true(str_eq(seen.external_id, sent.external_id));
    sim_channel_close(&ch);
}

static void a_failed_message_says_so(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    const struct connector_item *it = asha(&ch, "Hi");
    const struct json *input = NULL;
    str answer, why;
    assert_ok(json_parse(test_arena(), S("{\"user\":\"01234567890A=\"}"), &input, &why));
    assert_ok(sim_special(
        world_sim(), test_arena(), ch.network, (str){0}, S("fail"), input, &answer, &why));
    (void)sim_channel_answer(&ch, it, (struct connector_outgoing){.text = S("Hello")});
    later();
    it = sim_channel_newest(&ch);
    assert_str(it->state, "failed");
    assert_true(it->error.len > 0);
    sim_channel_close(&ch);
}

static void a_button_comes_back_with_its_id(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    const struct connector_item *it = asha(&ch, "Hi");
    (void)sim_channel_answer(&ch, it,
        (struct connector_outgoing){.text = S("How was it?"),
            .parts = S(
                "[{\"type\":\"buttons\",\"buttons\":[{\"id\":\"csat:5\",\"title\":\"Good\"}]}]")});
    it = asha(&ch, "Good");
    assert_str(it->parts, "[{\"type\":\"choice\",\"id\":\"csat:5\",\"title\":\"Good\"}]");
    sim_channel_close(&ch);
}

static str welcome(struct arena *a, const struct http_request *req)
{
    struct connector_setup setup = {
        .settings = S("{\"sender_name\":\"Seva\",\"welcome\":\"Hello there\"}")};
    const struct connector_hook hook = {.req = req, .setup = &setup};
    struct connector_answer answer = connector_find(S("viber"))->answer(a, &hook);
    return answer.status ? answer.body : S("{}");
}

static void who_opens_the_chat_by_a_link_is_welcomed_and_tells_of_it(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    const struct json *input = NULL;
    str answer, why;
    world_answers_with(welcome);
    (void)sim_channel_say(&ch, (struct sim_say){.kind = S("open"), .text = S("order_1001")});
    const struct connector_item *it = sim_channel_newest(&ch);
    assert_str(it->parts, "[{\"type\":\"referral\",\"source\":\"link\",\"ref\":\"order_1001\"}]");
    assert_ok(json_parse(test_arena(), S("{\"user\":\"01234567890A=\"}"), &input, &why));
    assert_ok(sim_special(
        world_sim(), test_arena(), ch.network, (str){0}, S("welcome"), input, &answer, &why));
    assert_str(answer, "{\"text\":\"Hello there\"}");
    struct connector_sent sent =
        sim_channel_answer(&ch, it, (struct connector_outgoing){.text = S("Hi")});
    assert_int_equal(sent.outcome, CONNECTOR_FINAL); /* opening is no subscription */
    sim_channel_close(&ch);
}

static void a_file_comes_by_address_for_an_hour(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    const struct sim_file f = {S("application/pdf"), S("invoice.pdf"), S("%PDF-1.4 bytes")};
    (void)sim_channel_say(&ch, (struct sim_say){.files = &f, .n_files = 1});
    const struct connector_item *it = sim_channel_newest(&ch);
    int status = 0;
    assert_int_equal(it->n_attachments, 1);
    assert_str(it->attachments[0].name, "invoice.pdf");
    assert_str(sim_channel_file(&ch, &it->attachments[0], &status), "%PDF-1.4 bytes");
    sim_clock_advance(world_sim(), 3600 * 1000 + 1);
    (void)sim_channel_file(&ch, &it->attachments[0], &status);
    assert_int_equal(status, 403);
    sim_channel_close(&ch);
}

static void people_leave_and_the_hour_fills_up(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    const struct connector_item *it = asha(&ch, "Hi");
    for (int i = 0; i < 100; i++)
        assert_int_equal(
            sim_channel_answer(&ch, it, (struct connector_outgoing){.text = S("x")}).outcome,
            CONNECTOR_SENT);
    struct connector_sent sent =
        sim_channel_answer(&ch, it, (struct connector_outgoing){.text = S("x")});
    assert_int_equal(sent.outcome, CONNECTOR_RETRY);
    (void)sim_channel_say(&ch, (struct sim_say){.kind = S("unsubscribe")});
    const struct connector_item *gone = sim_channel_newest(&ch);
    assert_int_equal(gone->kind, ITEM_PERSON);
    assert_true(gone->is_gone);
    sent = sim_channel_answer(&ch, it, (struct connector_outgoing){.text = S("x")});
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    sim_channel_close(&ch);
}

static void every_fault_is_met_as_what_it_is(void **state)
{
    (void)state;
    static const struct {
        enum sim_fault_mode mode;
        enum connector_outcome outcome;
    } cases[] = {
        {SIM_FAULT_SERVER_ERROR,   CONNECTOR_RETRY  },
        {SIM_FAULT_RATE_LIMIT,     CONNECTOR_RETRY  },
        {SIM_FAULT_UNAUTHORIZED,   CONNECTOR_REAUTH },
        {SIM_FAULT_TIMEOUT_BEFORE, CONNECTOR_UNKNOWN},
        {SIM_FAULT_TIMEOUT_AFTER,  CONNECTOR_UNKNOWN},
        {SIM_FAULT_HALF_BODY,      CONNECTOR_UNKNOWN},
        {SIM_FAULT_WRONG_JSON,     CONNECTOR_UNKNOWN},
        {SIM_FAULT_SLOW,           CONNECTOR_SENT   },
    };
    struct sim_channel ch = open_channel();
    const struct connector_item *it = asha(&ch, "Hi");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sim_channel_fault(&ch, cases[i].mode, "send_message", 1);
        struct connector_sent sent =
            sim_channel_answer(&ch, it, (struct connector_outgoing){.text = S("x")});
        if (sent.outcome != cases[i].outcome)
            fail_msg("%s: %s", sim_fault_name(cases[i].mode), connector_outcome_name(sent.outcome));
    }
    sim_channel_close(&ch);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(a_message_is_answered_delivered_and_seen),
        TEST(a_failed_message_says_so),
        TEST(a_button_comes_back_with_its_id),
        TEST(who_opens_the_chat_by_a_link_is_welcomed_and_tells_of_it),
        TEST(a_file_comes_by_address_for_an_hour),
        TEST(people_leave_and_the_hour_fills_up),
        TEST(every_fault_is_met_as_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
