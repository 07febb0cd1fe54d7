/* The simulated Twilio, met by our own connector: what a customer writes comes signed, what we send
 * is reported on, files come through the redirect, errors and faults are Twilio's. */
#include "peer.h"
#include "sim_world.h"

#include "connector/sms.h"

#define ACCOUNT "AC00000000000000000000000000000001"

static struct connector_setup setup(void)
{
    str hook_url, query;
    (void)str_cut(world_callback(), '?', &hook_url, &query);
    return (struct connector_setup){
        .settings = S("{\"account_sid\":\"" ACCOUNT "\",\"sender\":\"+15550001111\"}"),
        .secrets = S("{\"auth_token\":\"sevaTwilioAuthToken0001\"}"),
        .hook_url = hook_url,
        .hosts = str_print(test_arena(), "*=%.*s", SARG(world_url("")))};
}

static struct http_client *open_world(struct connector_setup *s)
{
    struct connector_sent sent;
    clock_fix(TEST_NOW_MS);
    world_open(&(struct sim_options){.is_clock_manual = true, .clock_ms = TEST_NOW_MS});
    *s = setup();
    struct http_client *client = peer_client();
    assert_ok(connector_sms.subscribe(client, test_arena(), s, true, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    return client;
}

static void close_world(struct http_client *client)
{
    http_client_close(client);
    world_close();
}

static str says(const struct sim_say *say)
{
    str id, why;
    assert_ok(sim_say(world_sim(), test_arena(), S("sms"), say, &id, &why));
    assert_true(sim_settle(world_sim(), 5000));
    return id;
}

/* The nth webhook, verified and read by the connector. */
static struct connector_batch hooked(const struct connector_setup *s, ptrdiff_t n)
{
    struct world_hook h = world_hook(n);
    const struct http_header headers[] = {
        {S("Content-Type"),       S("application/x-www-form-urlencoded")},
        {S("X-Twilio-Signature"), h.signature                           },
    };
    const struct http_request req = {.method = HTTP_POST,
        .raw_target = h.target,
        .headers = headers,
        .header_count = 2,
        .body = h.body};
    const struct connector_hook hook = {.req = &req, .setup = s, .now_ms = TEST_NOW_MS};
    const struct connector_raw raw = {
        .body = h.body, .origin = S("hook"), .received_ms = TEST_NOW_MS};
    struct connector_batch batch;
    str why = {0};
    assert_ok(connector_sms.verify(test_arena(), &hook, &why));
    assert_ok(connector_sms.parse(test_arena(), &raw, &batch, &why));
    return batch;
}

static struct connector_sent reply(
    struct http_client *client, const struct connector_setup *s, const char *to)
{
    struct connector_sent sent;
    const struct connector_outgoing out = {.setup = s,
        .delivery_id = S("m1"),
        .to = str_from(to),
        .text = S("On its way"),
        .now_ms = TEST_NOW_MS,
        .first_try_ms = TEST_NOW_MS};
    assert_ok(connector_sms.send(client, test_arena(), &out, &sent));
    return sent;
}

static void a_customer_writes_gets_an_answer_and_it_is_reported_on(void **state)
{
    (void)state;
    struct connector_setup s;
    struct http_client *client = open_world(&s);
    str id = says(&(struct sim_say){.from_id = S("+15557770001"), .text = S("Where? & why")});
    struct connector_batch in = hooked(&s, 0);
    assert_int_equal(in.n, 1);
    assert_true(str_eq(in.items[0].external_id, id));
    assert_str(in.items[0].text, "Where? & why");
    struct connector_sent sent = reply(client, &s, "+15557770001");
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_true(sim_settle(world_sim(), 5000));
    assert_int_equal(world_hooks(), 3);
    assert_str(hooked(&s, 1).items[0].state, "sent");
    assert_str(hooked(&s, 2).items[0].state, "delivered");
    assert_true(str_eq(hooked(&s, 2).items[0].external_id, sent.external_id));
    assert_int_equal(sim_count(world_sim(), S("sms"), SIM_COUNT_ACCEPTED), 1);
    close_world(client);
}

static void a_file_comes_through_the_redirect_without_our_credentials(void **state)
{
    (void)state;
    struct connector_setup s;
    struct http_client *client = open_world(&s);
    const struct sim_file file = {.content_type = S("image/jpeg"), .bytes = S("JPEG")};
    (void)says(&(struct sim_say){
        .from_id = S("+15557770001"), .text = S("Look"), .files = &file, .n_files = 1});
    struct connector_batch in = hooked(&s, 0);
    assert_int_equal(in.items[0].n_attachments, 1);
    struct connector_source source;
    assert_ok(connector_sms.media(client, test_arena(), &s, &in.items[0].attachments[0], &source));
    assert_int_equal(source.end.outcome, CONNECTOR_SENT);
    const struct http_call call = {.method = HTTP_GET,
        .url = source.url,
        .purpose = EGRESS_NETWORK,
        .headers = source.headers,
        .header_count = source.n_headers,
        .redirects = 3};
    struct http_result res;
    assert_ok(http_client_call(client, test_arena(), &call, &res));
    assert_int_equal(res.status, 200);
    assert_str(res.body, "JPEG");
    const struct http_call bare = {
        .method = HTTP_GET, .url = source.url, .purpose = EGRESS_NETWORK, .redirects = 3};
    assert_ok(http_client_call(client, test_arena(), &bare, &res));
    assert_int_equal(res.status, 401);
    close_world(client);
}

static void refusals_are_twilios(void **state)
{
    (void)state;
    struct connector_setup s;
    struct http_client *client = open_world(&s);
    assert_int_equal(reply(client, &s, "+15005550009").outcome, CONNECTOR_FINAL);
    (void)says(&(struct sim_say){.from_id = S("+15557770002"), .text = S("STOP")});
    assert_true(hooked(&s, 0).items[1].is_gone);
    assert_true(str_find(reply(client, &s, "+15557770002").why, S("STOP")) >= 0);
    (void)says(&(struct sim_say){.from_id = S("+15557770002"), .text = S("start")});
    assert_int_equal(reply(client, &s, "+15557770002").outcome, CONNECTOR_SENT);
    s.secrets = S("{\"auth_token\":\"wrong\"}");
    assert_int_equal(reply(client, &s, "+15557770001").outcome, CONNECTOR_REAUTH);
    close_world(client);
}

static void what_the_network_took_and_did_not_answer_is_found_and_not_sent_twice(void **state)
{
    (void)state;
    static const enum sim_fault_mode modes[] = {SIM_FAULT_RESET_AFTER, SIM_FAULT_SERVER_ERROR_AFTER,
        SIM_FAULT_HALF_BODY, SIM_FAULT_WRONG_JSON};
    struct connector_setup s;
    struct http_client *client = open_world(&s);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        str to = str_print(test_arena(), "+1555777100%zu", i);
        const struct sim_fault fault = {.network = S("sms"), .mode = modes[i], .count = 1};
        assert_ok(sim_fault_add(world_sim(), &fault));
        assert_int_equal(reply(client, &s, str_z(test_arena(), to)).outcome, CONNECTOR_SENT);
        assert_int_equal(sim_ledger_count(world_sim(),
                             &(struct sim_query){
                                 .has_kind = true, .kind = SIM_KIND_MESSAGE, .conversation = to}),
            1);
    }
    const struct sim_fault before = {
        .network = S("sms"), .mode = SIM_FAULT_SERVER_ERROR, .count = 1};
    assert_ok(sim_fault_add(world_sim(), &before));
    assert_int_equal(reply(client, &s, "+15557772000").outcome, CONNECTOR_RETRY);
    const struct sim_fault limit = {.network = S("sms"), .mode = SIM_FAULT_RATE_LIMIT, .count = 1};
    assert_ok(sim_fault_add(world_sim(), &limit));
    assert_int_equal(reply(client, &s, "+15557772000").outcome, CONNECTOR_WAIT);
    close_world(client);
}

static void later_reports_can_be_told(void **state)
{
    (void)state;
    struct connector_setup s;
    struct http_client *client = open_world(&s);
    struct connector_sent sent = reply(client, &s, "+15557770001");
    str answer = {0}, why,
        input = str_print(test_arena(),
            "{\"id\":\"%.*s\",\"status\":\"undelivered\",\"error_code\":\"30007\"}",
            SARG(sent.external_id));
    const struct json *v;
    assert_ok(json_parse(test_arena(), input, &v, &why));
    assert_ok(
        sim_special(world_sim(), test_arena(), S("sms"), (str){0}, S("status"), v, &answer, &why));
    assert_true(sim_settle(world_sim(), 5000));
    assert_str(hooked(&s, 2).items[0].state, "failed");
    assert_str(
        hooked(&s, 2).items[0].error, "The network has taken the message for spam. (Twilio 30007)");
    close_world(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_customer_writes_gets_an_answer_and_it_is_reported_on),
        TEST(a_file_comes_through_the_redirect_without_our_credentials),
        TEST(refusals_are_twilios),
        TEST(what_the_network_took_and_did_not_answer_is_found_and_not_sent_twice),
        TEST(later_reports_can_be_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
