/* The existing phone system: golden events, the signature, and what agents ask of it. */
#include "channel.h"
#include "connector/signature.h"

#define SECRET "seva-pbx-secret-0001"

static struct channel open_it(void)
{
    struct channel ch = channel_open("pbx", "", "", "{}");
    ch.setup.settings =
        str_print(test_arena(), "{\"control_url\":\"%.*s/calls\"}", SARG(peer_url(ch.peer)));
    ch.setup.secret = S(SECRET);
    return ch;
}

static void every_event_is_read_as_its_golden_file_says(void **state)
{
    (void)state;
    golden_check_all("pbx");
}

static void events_are_taken_with_the_channels_signature_only(void **state)
{
    (void)state;
    const struct connector *c = connector_find(S("pbx"));
    str why = {0}, body = S("{\"event\":\"ring\",\"call_id\":\"1\"}");
    struct connector_setup setup = {.settings = S("{}"), .secret = S(SECRET)};
    struct channel_hook h;
    (void)channel_hook(&h, &setup, "Seva-Signature",
        signature_make(test_arena(), S(SECRET), (str){0}, TEST_NOW_MS, body), body);
    assert_ok(c->verify(test_arena(), &h.hook, &why));
    h.req.body = S("{\"event\":\"ring\",\"call_id\":\"2\"}");
    assert_err(c->verify(test_arena(), &h.hook, &why), E_UNAUTHENTICATED);
    h.req.body = body;
    setup.secret = S("another");
    assert_err(c->verify(test_arena(), &h.hook, &why), E_UNAUTHENTICATED);
    setup.old_secret = S(SECRET);
    assert_ok(c->verify(test_arena(), &h.hook, &why));
}

static struct connector_called asks(struct channel *ch, enum connector_call_kind kind)
{
    return channel_calls(ch, (struct connector_call){.kind = kind,
                                 .external_id = kind == CALL_DIAL ? (str){0} : S("1699.12"),
                                 .ref = S("77"),
                                 .phone = S("sip:101@pbx.example"),
                                 .to = S("+15557770001")});
}

static void agents_acts_are_posted_with_our_signature(void **state)
{
    (void)state;
    struct channel ch = open_it();
    str why = {0};
    peer_answers(ch.peer, 200, "", "{\"call_id\":\"1699.13\"}");
    struct connector_called said = asks(&ch, CALL_DIAL);
    assert_int_equal(said.end.outcome, CONNECTOR_SENT);
    assert_str(said.end.external_id, "1699.13");
    struct peer_heard heard = peer_heard(ch.peer, 0);
    assert_str(heard.target, "/calls");
    assert_str(heard.body, "{\"action\":\"dial\",\"call_id\":\"\",\"ref\":\"77\",\"phone\":"
                           "\"sip:101@pbx.example\",\"to\":\"+15557770001\"}");
    assert_ok(signature_check(
        peer_header(&heard, "Seva-Signature"), S(SECRET), (str){0}, TEST_NOW_MS, heard.body, &why));
    peer_answers(ch.peer, 204, "", "");
    assert_int_equal(asks(&ch, CALL_TAKE).end.outcome, CONNECTOR_SENT);
    channel_close(&ch);
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
    struct channel ch = open_it();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        peer_answers(ch.peer, cases[i].status, "", "{\"error\":\"no line\"}");
        struct connector_called said = asks(&ch, CALL_HANG_UP);
        assert_int_equal(said.end.outcome, cases[i].outcome);
        assert_int_equal(said.is_over, cases[i].status == 404);
        if (cases[i].status == 400)
            assert_true(str_find(said.end.why, S("no line")) > 0);
    }
    peer_hangs_up(ch.peer);
    assert_int_equal(asks(&ch, CALL_DIAL).end.outcome, CONNECTOR_UNKNOWN);
    channel_close(&ch);
}

static void without_an_address_calls_are_only_shown(void **state)
{
    (void)state;
    struct channel ch = open_it();
    ch.setup.settings = S("{\"number\":\"+15550001111\"}");
    assert_int_equal(asks(&ch, CALL_DIAL).end.outcome, CONNECTOR_FINAL);
    struct connector_checked checked = channel_checks(&ch);
    assert_int_equal(checked.n, 1);
    assert_str(checked.accounts[0].handle, "+15550001111");
    assert_true(str_find(checked.note, S("address")) > 0);
    assert_int_equal(peer_count(ch.peer), 0);
    channel_close(&ch);
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
