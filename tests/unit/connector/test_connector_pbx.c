/* The existing phone system: golden events, the signature, and what agents ask of it. */
#include "base/clock.h"
#include "connector/connector.h"
#include "connector/signature.h"

#include "golden.h"
#include "peer.h"

#define SECRET "seva-pbx-secret-0001"

extern const struct connector connector_pbx;

struct world {
    struct peer *peer;
    struct http_client *client;
    struct connector_setup setup;
};

static struct world world_open(void)
{
    struct world w = {.peer = peer_open(), .client = peer_client()};
    clock_fix(TEST_NOW_MS);
    w.setup = (struct connector_setup){
        .settings =
            str_print(test_arena(), "{\"control_url\":\"%.*s/calls\"}", SARG(peer_url(w.peer))),
        .secrets = S("{}"),
        .secret = S(SECRET)};
    return w;
}

static void world_close(struct world *w)
{
    http_client_close(w->client);
    peer_close(w->peer);
}

static void every_event_is_read_as_its_golden_file_says(void **state)
{
    (void)state;
    golden_check_all("pbx");
}

static void events_are_taken_with_the_channels_signature_only(void **state)
{
    (void)state;
    str why = {0}, body = S("{\"event\":\"ring\",\"call_id\":\"1\"}");
    struct connector_setup setup = {.settings = S("{}"), .secret = S(SECRET)};
    struct http_header header = {
        S("Seva-Signature"), signature_make(test_arena(), S(SECRET), (str){0}, TEST_NOW_MS, body)};
    struct http_request req = {
        .method = HTTP_POST, .headers = &header, .header_count = 1, .body = body};
    const struct connector_hook hook = {.req = &req, .setup = &setup, .now_ms = TEST_NOW_MS};
    assert_ok(connector_pbx.verify(test_arena(), &hook, &why));
    req.body = S("{\"event\":\"ring\",\"call_id\":\"2\"}");
    assert_err(connector_pbx.verify(test_arena(), &hook, &why), E_UNAUTHENTICATED);
    req.body = body;
    setup.secret = S("another");
    assert_err(connector_pbx.verify(test_arena(), &hook, &why), E_UNAUTHENTICATED);
    setup.old_secret = S(SECRET);
    assert_ok(connector_pbx.verify(test_arena(), &hook, &why));
}

static struct connector_called asks(struct world *w, enum connector_call_kind kind)
{
    const struct connector_call call = {.setup = &w->setup,
        .kind = kind,
        .external_id = kind == CALL_DIAL ? (str){0} : S("1699.12"),
        .ref = S("77"),
        .phone = S("sip:101@pbx.example"),
        .to = S("+15557770001"),
        .now_ms = TEST_NOW_MS};
    struct connector_called said;
    assert_ok(connector_pbx.call(w->client, test_arena(), &call, &said));
    return said;
}

static void agents_acts_are_posted_with_our_signature(void **state)
{
    (void)state;
    struct world w = world_open();
    str why = {0};
    peer_answers(w.peer, 200, "", "{\"call_id\":\"1699.13\"}");
    struct connector_called said = asks(&w, CALL_DIAL);
    assert_int_equal(said.end.outcome, CONNECTOR_SENT);
    assert_str(said.end.external_id, "1699.13");
    struct peer_heard heard = peer_heard(w.peer, 0);
    assert_str(heard.target, "/calls");
    assert_str(heard.body, "{\"action\":\"dial\",\"call_id\":\"\",\"ref\":\"77\",\"phone\":"
                           "\"sip:101@pbx.example\",\"to\":\"+15557770001\"}");
    assert_ok(signature_check(
        peer_header(&heard, "Seva-Signature"), S(SECRET), (str){0}, TEST_NOW_MS, heard.body, &why));
    peer_answers(w.peer, 204, "", "");
    assert_int_equal(asks(&w, CALL_TAKE).end.outcome, CONNECTOR_SENT);
    world_close(&w);
}

static void what_the_system_answers_decides(void **state)
{
    static const struct {
        int status;
        enum connector_outcome outcome;
    } cases[] = {
        {200, CONNECTOR_SENT  },
        {202, CONNECTOR_SENT  },
        {400, CONNECTOR_FINAL },
        {401, CONNECTOR_REAUTH},
        {404, CONNECTOR_FINAL },
        {429, CONNECTOR_WAIT  },
        {503, CONNECTOR_RETRY },
    };
    (void)state;
    struct world w = world_open();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        peer_answers(w.peer, cases[i].status, "", "{\"error\":\"no line\"}");
        struct connector_called said = asks(&w, CALL_HANG_UP);
        assert_int_equal(said.end.outcome, cases[i].outcome);
        assert_int_equal(said.is_over, cases[i].status == 404);
        if (cases[i].status == 400)
            assert_true(str_find(said.end.why, S("no line")) > 0);
    }
    peer_hangs_up(w.peer);
    assert_int_equal(asks(&w, CALL_DIAL).end.outcome, CONNECTOR_UNKNOWN);
    world_close(&w);
}

static void without_an_address_calls_are_only_shown(void **state)
{
    (void)state;
    struct world w = world_open();
    struct connector_checked checked;
    w.setup.settings = S("{\"number\":\"+15550001111\"}");
    assert_int_equal(asks(&w, CALL_DIAL).end.outcome, CONNECTOR_FINAL);
    assert_ok(connector_pbx.check(w.client, test_arena(), &w.setup, TEST_NOW_MS, &checked));
    assert_int_equal(checked.n, 1);
    assert_str(checked.accounts[0].handle, "+15550001111");
    assert_true(str_find(checked.note, S("address")) > 0);
    assert_int_equal(peer_count(w.peer), 0);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_event_is_read_as_its_golden_file_says),
        TEST(events_are_taken_with_the_channels_signature_only),
        TEST(agents_acts_are_posted_with_our_signature),
        TEST(what_the_system_answers_decides),
        TEST(without_an_address_calls_are_only_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
