/* The simulated WhatsApp and our connector, each against the other. */
#include "connector/connector.h"
#include "peer.h"
#include "sim_world.h"

#include "base/crypto.h"
#include "base/file.h"

static struct {
    const struct connector *c;
    struct http_client *client;
    struct connector_setup setup;
    struct connector_outgoing out;
    ptrdiff_t read; /* hooks that were parsed */
} w;

static void set_account(const char *settings)
{
    str why;
    assert_ok(sim_account_set(world_sim(), S("whatsapp"),
        &(struct sim_account_set){.callback = world_callback(), .settings = str_from(settings)},
        &why));
}

static void open_world(void)
{
    world_open(
        &(struct sim_options){.is_clock_manual = true, .clock_ms = TEST_NOW_MS, .hold_ms = 300});
    w.client = peer_client();
    w.c = connector_find(S("whatsapp"));
    w.read = 0;
    w.setup = (struct connector_setup){
        .settings = S("{\"business_account_id\":\"88001\"}"),
        .secrets = S("{\"access_token\":\"EAAGsevaPageToken123\",\"app_secret\":"
                     "\"seva-meta-app-secret-0001\"}"),
        .external_id = S("99001"),
        .hook_url = world_callback(),
        .hosts = str_cat(test_arena(), S("*="), world_url("")),
        .secret = S("our token"),
    };
    w.out = (struct connector_outgoing){.setup = &w.setup,
        .delivery_id = S("m1-1"),
        .to = S("15557770001"),
        .text = S("Hello"),
        .now_ms = TEST_NOW_MS,
        .first_try_ms = TEST_NOW_MS};
    set_account("{}");
}

static void close_world(void)
{
    http_client_close(w.client);
    world_close();
}

static str says_with(const struct sim_say *say)
{
    str id = {0}, why;
    assert_ok(sim_say(world_sim(), test_arena(), S("whatsapp"), say, &id, &why));
    return id;
}

static str says(const char *kind, const char *text)
{
    return says_with(&(struct sim_say){.from_id = S("15557770001"),
        .from_name = S("Asha"),
        .kind = str_from(kind),
        .text = str_from(text),
        .reply_to = S("wamid.OLD")});
}

/* What the network posted since the last look, verified and parsed; the nth item must be there. */
static struct connector_item next_item(void)
{
    struct connector_batch batch = {0};
    str why = {0};
    assert_true(sim_settle(world_sim(), 10000));
    struct world_hook hook = world_hook(w.read++);
    const struct http_header header = {S("X-Hub-Signature-256"), hook.signature};
    const struct http_request req = {
        .method = hook.method, .headers = &header, .header_count = 1, .body = hook.body};
    const struct connector_hook in = {.req = &req, .setup = &w.setup, .now_ms = TEST_NOW_MS};
    const struct connector_raw raw = {
        .body = hook.body, .origin = S("hook"), .received_ms = TEST_NOW_MS};
    assert_ok(w.c->verify(test_arena(), &in, &why));
    assert_ok(w.c->parse(test_arena(), &raw, &batch, &why));
    assert_true(batch.n > 0);
    if (batch.items[0].fault.len)
        fail_msg("%.*s", SARG(batch.items[0].fault));
    return batch.items[0];
}

static struct connector_sent send(void)
{
    struct connector_sent sent = {0};
    assert_ok(w.c->send(w.client, test_arena(), &w.out, &sent));
    return sent;
}

static void what_customers_say_and_do_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *text;
        enum connector_item_kind expected;
    } rows[] = {
        {"",            "Hi",               ITEM_MESSAGE },
        {"button",      "Yes",              ITEM_MESSAGE },
        {"list",        "#1001",            ITEM_MESSAGE },
        {"form",        "{\"day\":\"Mo\"}", ITEM_MESSAGE },
        {"location",    "Market",           ITEM_MESSAGE },
        {"contacts",    "Ravi",             ITEM_MESSAGE },
        {"order",       "wrap it",          ITEM_MESSAGE },
        {"unsupported", "",                 ITEM_MESSAGE },
        {"echo",        "from the phone",   ITEM_MESSAGE },
        {"edit",        "Hi there",         ITEM_EDIT    },
        {"delete",      "",                 ITEM_DELETE  },
        {"reaction",    "👍",             ITEM_REACTION},
        {"welcome",     "",                 ITEM_PERSON  },
    };
    open_world();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        str id = says(rows[i].kind, rows[i].text);
        struct connector_item it = next_item();
        assert_int_equal(it.kind, rows[i].expected);
        assert_str(it.contact_external_id, "US.134915557770001");
        assert_str(it.contact_other_id, "15557770001");
        assert_int_equal(it.is_ours, str_eq(str_from(rows[i].kind), S("echo")));
        if (it.kind == ITEM_MESSAGE)
            assert_true(str_eq(it.external_id, id));
        if (it.kind == ITEM_EDIT || it.kind == ITEM_DELETE || it.kind == ITEM_REACTION)
            assert_str(it.external_id, "wamid.OLD");
    }
    close_world();
}

static void a_reply_is_taken_once_and_its_statuses_carry_our_reference(void **state)
{
    (void)state;
    open_world();
    says("", "Hi");
    (void)next_item();
    struct connector_sent sent = send();
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    struct connector_item it = next_item();
    assert_int_equal(it.kind, ITEM_STATUS);
    assert_str(it.state, "sent");
    assert_str(it.ours_ref, "m1-1");
    assert_true(str_eq(it.external_id, sent.external_id));
    sim_clock_advance(world_sim(), 1000);
    assert_str(next_item().state, "delivered");
    const struct json *input;
    str answer = {0}, why;
    str text = str_print(test_arena(), "{\"id\":\"%.*s\"}", SARG(sent.external_id));
    assert_ok(json_parse(test_arena(), text, &input, &why));
    assert_ok(sim_special(
        world_sim(), test_arena(), S("whatsapp"), (str){0}, S("read"), input, &answer, &why));
    assert_str(next_item().state, "read");
    assert_int_equal(sim_count(world_sim(), S("whatsapp"), SIM_COUNT_DOUBLES), 0);
    close_world();
}

static void a_person_with_a_user_name_only_is_answered_by_user_id(void **state)
{
    (void)state;
    open_world();
    says_with(&(struct sim_say){
        .from_id = S("US.13491208655302741918"), .from_handle = S("asha_r"), .text = S("Hi")});
    struct connector_item it = next_item();
    assert_str(it.contact_handle, "asha_r");
    assert_int_equal(it.contact_phone.len, 0);
    w.out.to = it.contact_external_id;
    assert_int_equal(send().outcome, CONNECTOR_SENT);
    close_world();
}

static void after_24_hours_text_fails_and_a_template_goes(void **state)
{
    (void)state;
    open_world();
    says("", "Hi");
    (void)next_item();
    sim_clock_advance(world_sim(), INT64_C(24) * 3600 * 1000);
    assert_int_equal(send().outcome, CONNECTOR_SENT); /* taken; the status says the rest */
    struct connector_item it = next_item();
    assert_str(it.state, "failed");
    assert_true(str_find(it.error, S("131047")) >= 0);
    set_account("{\"window\":\"at_once\"}");
    assert_int_equal(send().outcome, CONNECTOR_FINAL);
    w.out.parts = S("[{\"type\":\"template\",\"name\":\"order_update\",\"language\":\"en_US\","
                    "\"variables\":{\"1\":\"Asha\",\"2\":\"#1001\"}}]");
    assert_int_equal(send().outcome, CONNECTOR_SENT);
    assert_str(next_item().state, "sent");
    const char *const bad[] = {
        "[{\"type\":\"template\",\"name\":\"order_update\",\"language\":\"en_US\"}]",
        "[{\"type\":\"template\",\"name\":\"gone\",\"language\":\"en_US\"}]",
        "[{\"type\":\"template\",\"name\":\"sale\",\"language\":\"en_US\"}]"};
    for (int i = 0; i < 3; i++) {
        w.out.parts = str_from(bad[i]);
        assert_int_equal(send().outcome, CONNECTOR_FINAL);
    }
    close_world();
}

static struct http_result fetch(const struct connector_source *source)
{
    struct http_result r;
    const struct http_call call = {.method = HTTP_GET,
        .url = source->url,
        .purpose = EGRESS_NETWORK,
        .headers = source->headers,
        .header_count = source->n_headers};
    assert_ok(http_client_call(w.client, test_arena(), &call, &r));
    return r;
}

static void a_file_of_a_customer_is_fetched_with_the_token_while_its_address_holds(void **state)
{
    (void)state;
    open_world();
    const struct sim_file f = {S("image/png"), S("a.png"), S("bytes of a picture")};
    struct connector_source source = {0};
    says_with(&(struct sim_say){.from_id = S("15557770001"), .files = &f, .n_files = 1});
    struct connector_item it = next_item();
    assert_int_equal(it.n_attachments, 1);
    assert_ok(w.c->media(w.client, test_arena(), &w.setup, &it.attachments[0], &source));
    assert_int_equal(source.end.outcome, CONNECTOR_SENT);
    assert_int_equal(source.size, 18);
    struct http_result r = fetch(&source);
    assert_str(r.body, "bytes of a picture");
    struct sha256 hash = crypto_sha256(r.body);
    assert_true(str_eq(source.sha256, crypto_hex(test_arena(), str_of(hash.b, 32))));
    source.n_headers = 0;
    assert_true(fetch(&source).status >= 400);
    source.n_headers = 1;
    sim_clock_advance(world_sim(), INT64_C(5) * 60 * 1000 + 1);
    assert_true(fetch(&source).status >= 400);
    assert_ok(w.c->media(w.client, test_arena(), &w.setup, &it.attachments[0], &source));
    assert_int_equal(fetch(&source).status, 200);
    close_world();
}

static void files_of_ours_arrive_whole(void **state)
{
    (void)state;
    open_world();
    says("", "Hi");
    str path = test_path("file"), body = S("bytes of a bill");
    assert_ok(file_write(path, body, 0600));
    const struct connector_file f = {
        .name = S("Bill.pdf"), .type = S("application/pdf"), .size = body.len, .path = path};
    w.out.files = &f;
    w.out.n_files = 1;
    assert_int_equal(send().outcome, CONNECTOR_SENT);
    struct sim_entry *entries;
    const struct sim_query query = {
        .network = S("whatsapp"), .has_kind = true, .kind = SIM_KIND_MESSAGE};
    assert_int_equal(sim_ledger_read(world_sim(), test_arena(), &query, &entries), 1);
    struct sha256 hash = crypto_sha256(body);
    assert_true(str_eq(entries[0].media, crypto_hex(test_arena(), str_of(hash.b, 32))));
    assert_str(entries[0].text, "Hello");
    assert_str(entries[0].ref, "seva:m1-1");
    close_world();
}

static void choices_and_places_are_taken(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "[{\"type\":\"buttons\",\"buttons\":[{\"title\":\"Yes\"},{\"title\":\"No\"}]}]",
        ("[{\"type\":\"buttons\",\"buttons\":[{\"title\":\"1\"},{\"title\":\"2\"},{\"title\":\"3\"},{"
         "\"title\":\"4\"}]}]"),
        "[{\"type\":\"buttons\",\"buttons\":[{\"title\":\"Go\",\"url\":\"https://x.example\"}]}]",
        "[{\"type\":\"location\",\"latitude\":1.5,\"longitude\":2}]",
        "[{\"type\":\"contact\",\"name\":\"Ravi\",\"phones\":[\"+15557770002\"]}]",
    };
    open_world();
    says("", "Hi");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        w.out.parts = str_from(parts[i]);
        w.out.text = i < 3 ? S("Hello") : S("");
        w.out.delivery_id = str_print(test_arena(), "m%zu", i);
        assert_int_equal(send().outcome, CONNECTOR_SENT);
    }
    assert_int_equal(sim_count(world_sim(), S("whatsapp"), SIM_COUNT_ACCEPTED), 5);
    close_world();
}

static void the_limit_per_person_is_met_and_waited_for(void **state)
{
    (void)state;
    open_world();
    set_account("{\"rates\":\"strict\",\"statuses\":\"none\"}");
    says("", "Hi");
    struct connector_sent sent = {0};
    int n = 0;
    while (n < 60 && (sent = send()).outcome == CONNECTOR_SENT)
        n++;
    assert_int_equal(n, 45);
    assert_int_equal(sent.outcome, CONNECTOR_WAIT);
    assert_false(sent.is_channel_wide);
    assert_int_equal(sent.wait_until_ms, TEST_NOW_MS + 1000);
    close_world();
}

static void strike(enum sim_fault_mode mode)
{
    sim_faults_clear(world_sim(), S("whatsapp"));
    assert_ok(sim_fault_add(world_sim(),
        &(struct sim_fault){.network = S("whatsapp"), .path = S("/messages"), .mode = mode}));
}

static void every_fault_has_its_outcome(void **state)
{
    (void)state;
    static const struct {
        enum sim_fault_mode mode;
        enum connector_outcome outcome;
    } rows[] = {
        {SIM_FAULT_SERVER_ERROR,    CONNECTOR_RETRY  },
        {SIM_FAULT_RATE_LIMIT,      CONNECTOR_WAIT   },
        {SIM_FAULT_RATE_LIMIT_BARE, CONNECTOR_WAIT   },
        {SIM_FAULT_UNAUTHORIZED,    CONNECTOR_REAUTH },
        {SIM_FAULT_RESET_AFTER,     CONNECTOR_UNKNOWN},
        {SIM_FAULT_HALF_BODY,       CONNECTOR_UNKNOWN},
        {SIM_FAULT_WRONG_JSON,      CONNECTOR_UNKNOWN},
        {SIM_FAULT_SLOW,            CONNECTOR_SENT   },
    };
    open_world();
    set_account("{\"statuses\":\"none\"}");
    says("", "Hi");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        strike(rows[i].mode);
        struct connector_sent sent = send();
        if (sent.outcome != rows[i].outcome)
            fail_msg("%s: %s (%.*s)", sim_fault_name(rows[i].mode),
                connector_outcome_name(sent.outcome), SARG(sent.why));
    }
    close_world();
}

static void a_message_without_an_answer_is_found_by_its_status(void **state)
{
    (void)state;
    open_world();
    says("", "Hi");
    (void)next_item();
    strike(SIM_FAULT_RESET_AFTER);
    assert_int_equal(send().outcome, CONNECTOR_UNKNOWN);
    struct connector_item it = next_item();
    assert_int_equal(it.kind, ITEM_STATUS);
    assert_str(it.ours_ref, "m1-1");
    close_world();
}

static void the_account_is_found_and_a_wrong_token_is_said_so(void **state)
{
    (void)state;
    open_world();
    struct connector_checked got = {0};
    struct connector_templates templates = {0};
    assert_ok(w.c->check(w.client, test_arena(), &w.setup, TEST_NOW_MS, &got));
    assert_int_equal(got.n, 1);
    assert_str(got.accounts[0].external_id, "99001");
    assert_str(got.accounts[0].handle, "+15550001111");
    assert_ok(w.c->templates(w.client, test_arena(), &w.setup, &templates));
    assert_int_equal(templates.n, 3);
    assert_int_equal(templates.at[0].n_variables, 2);
    w.setup.secrets = S("{\"access_token\":\"wrong\"}");
    assert_ok(w.c->check(w.client, test_arena(), &w.setup, TEST_NOW_MS, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_REAUTH);
    close_world();
}

/* The test's server answers "seen", so the network must not take the address. */
static void a_new_address_is_asked_with_our_token_and_taken_only_with_the_challenge(void **state)
{
    (void)state;
    open_world();
    struct connector_sent sent = {0};
    str why;
    assert_ok(sim_account_set(world_sim(), S("whatsapp"),
        &(struct sim_account_set){.callback = S("http://127.0.0.1:1/")}, &why));
    assert_ok(w.c->subscribe(w.client, test_arena(), &w.setup, true, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_true(sim_settle(world_sim(), 10000));
    struct world_hook hook = world_hook(w.read++);
    assert_int_equal(hook.method, HTTP_GET);
    const struct http_pair *query;
    ptrdiff_t n = 0;
    str path, rest;
    (void)str_cut(hook.target, '?', &path, &rest);
    assert_ok(http_pairs_parse(test_arena(), rest, &query, &n));
    const struct http_request req = {.method = HTTP_GET, .query = query, .query_count = n};
    const struct connector_hook in = {.req = &req, .setup = &w.setup, .now_ms = TEST_NOW_MS};
    struct connector_answer answer = {0};
    assert_ok(w.c->challenge(test_arena(), &in, &answer, &why));
    assert_true(answer.body.len > 0);
    says("", "Hi");
    assert_true(sim_settle(world_sim(), 10000));
    assert_int_equal(world_hooks(), w.read);
    close_world();
}

static void news_of_account_template_and_number_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *what, *input, *state;
    } rows[] = {
        {"template",   "{\"name\":\"sale\",\"event\":\"PAUSED\"}",           "template"},
        {"account",    "{\"event\":\"ACCOUNT_RESTRICTION\"}",                "limited" },
        {"new_number", "{\"person\":\"15557770001\",\"phone\":\"1555777\"}", ""        },
    };
    open_world();
    says("", "Hi");
    (void)next_item();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct json *input;
        str answer = {0}, why;
        assert_ok(json_parse(test_arena(), str_from(rows[i].input), &input, &why));
        assert_ok(sim_special(world_sim(), test_arena(), S("whatsapp"), (str){0},
            str_from(rows[i].what), input, &answer, &why));
        assert_str(next_item().state, rows[i].state);
    }
    close_world();
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(what_customers_say_and_do_is_read),
        TEST(a_reply_is_taken_once_and_its_statuses_carry_our_reference),
        TEST(a_person_with_a_user_name_only_is_answered_by_user_id),
        TEST(after_24_hours_text_fails_and_a_template_goes),
        TEST(a_file_of_a_customer_is_fetched_with_the_token_while_its_address_holds),
        TEST(files_of_ours_arrive_whole),
        TEST(choices_and_places_are_taken),
        TEST(the_limit_per_person_is_met_and_waited_for),
        TEST(every_fault_has_its_outcome),
        TEST(a_message_without_an_answer_is_found_by_its_status),
        TEST(the_account_is_found_and_a_wrong_token_is_said_so),
        TEST(a_new_address_is_asked_with_our_token_and_taken_only_with_the_challenge),
        TEST(news_of_account_template_and_number_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
