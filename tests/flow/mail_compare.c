/* Comparing a mailbox when somebody asks: the wish, its reader, what the ledger says of it. */
#include "mail_way_world.h"

#include "job/listen.h"
#include "store/channel.h"

#include <poll.h>

#define PASSWORD "{\"password\":\"s3cret\"}"
#define CAN      "IMAP4rev1 AUTH=PLAIN SASL-IR IDLE"
#define GREETED  "> * OK ready", "< CAPABILITY", "> * CAPABILITY " CAN, "> $ OK done"
#define LOGIN                                                                                      \
    GREETED, "< AUTHENTICATE PLAIN", "> $ OK in", "< CAPABILITY", "> * CAPABILITY " CAN,           \
        "> $ OK done"
#define OPEN                                                                                       \
    "< SELECT \"INBOX\"", "> * 3 EXISTS", "> * OK [UIDVALIDITY 7] kept", "> * OK [UIDNEXT 11] x",  \
        "> $ OK open"
#define NOTHING "> * SEARCH", "> $ OK done"
#define HEAD(uid, text)                                                                            \
    "< UID FETCH " uid " (UID BODY.PEEK[HEADER]",                                                  \
        ">>* 1 FETCH (UID " uid " BODY[HEADER]<0> " text ")\r\n", "> $ OK done"
#define LEDGER "/api/v1/channels/%lld/reconciliations"

static struct mail_world mw;

static char *ledger_of(void)
{
    struct arena *a = &mw.app->arena;
    return str_z(a, str_print(a, LEDGER, (long long)mw.box.channel.v));
}

/* NULL: a mailbox that nobody reads. Everything up to UID 10 is read. */
static void open_mailbox(struct test_app *app, const struct mail_peer *p)
{
    str settings = str_print(&app->arena,
        "\"imap_host\":\"127.0.0.1\",\"imap_security\":\"none\",\"imap_port\":\"%d\"",
        p ? mail_peer_port(p) : 0);
    mails_open(&mw, app, NULL, p ? str_z(&app->arena, settings) : "", PASSWORD);
    struct ctx *cx = test_begin(app);
    assert_ok(channel_cursor_set(cx, mw.box.channel, S("listen"),
        S("{\"folder\":\"INBOX\",\"uidvalidity\":7,\"uid\":10,\"told\":10,\"last_ms\":5}")));
    test_commit(app, cx);
}

static bool is_running(void)
{
    return json_bool(json_path(mw.app->json, S("items.0.is_running")), false);
}

static int count(void)
{
    return (int)json_path(mw.app->json, S("items"))->count;
}

static void ask(void)
{
    assert_int_equal(test_request(mw.app, "POST", ledger_of(), NULL), 204);
    assert_int_equal(test_request(mw.app, "POST", ledger_of(), NULL), 204); /* it is one */
    assert_int_equal(test_request(mw.app, "GET", ledger_of(), NULL), 200);
    assert_true(is_running());
    assert_int_equal(count(), 1);
}

/* Reads the mailbox until the comparison is over; what the ledger says is the last answer. */
static void let_read(void)
{
    enum { MOST_MS = 60 * 1000, STEP_MS = 5 };
    struct streams *streams = streams_open(mw.w.engine);
    assert_non_null(streams);
    for (int ms = 0; ms < MOST_MS; ms += STEP_MS) {
        assert_int_equal(test_request(mw.app, "GET", ledger_of(), NULL), 200);
        if (!is_running())
            break;
        (void)poll(NULL, 0, STEP_MS); /* nothing to poll: a moment */
    }
    streams_close(streams);
    assert_int_equal(count(), 1);
}

static void a_mailbox_is_compared_when_somebody_asks_and_what_was_missed_is_told(void **state)
{
    struct mail_peer *p = MAIL_PEER(LOGIN, OPEN, "< UID SEARCH UID 11:*", NOTHING, OPEN,
        "< UID SEARCH UID 1:10 SINCE", "> * SEARCH 8 9", "> $ OK done",
        HEAD("8", "{59}\r\nFrom: asha@example.net\r\nMessage-ID: <known@example.net>\r\n\r\n"),
        HEAD("9", "{120}\r\nFrom: Ben <ben@example.net>\r\nSubject: Forgotten\r\n"
                  "Date: Thu, 01 Jan 2026 10:00:00 +0000\r\nMessage-ID: <m9@example.net>\r\n\r\n"),
        "< UID FETCH 9 (UID FLAGS", "> * 2 FETCH (UID 9 FLAGS () RFC822.SIZE 53)", "> $ OK done",
        "< UID FETCH 9 (UID BODY.PEEK[])", "> * 2 FETCH (UID 9 BODY[] {53}",
        ">>From: ben@example.net\r\nSubject: Forgotten\r\n\r\nHello?\r\n)\r\n", "> $ OK done",
        "< UID STORE 9 +FLAGS", "> $ OK done", OPEN, "< UID SEARCH UID 11:*", NOTHING, "< IDLE",
        "> + idling", "hang");
    open_mailbox(*state, p);
    (void)mails_arrive(&mw, NULL, "known@example.net", "");
    ask();
    let_read();
    mail_peer_may_stop(p);
    assert_int_equal(test_int(mw.app, "items.0.seen"), 2);
    assert_int_equal(test_int(mw.app, "items.0.missed"), 1);
    assert_str(test_text(mw.app, "items.0.details.0.external_id"), "m9@example.net");
    assert_str(test_text(mw.app, "items.0.details.0.from"), "Ben <ben@example.net>");
    assert_str(test_text(mw.app, "items.0.details.0.text"), "Forgotten");
    assert_str(test_text(mw.app, "items.0.details.0.at"), "2026-01-01T10:00:00.000Z");
    world_run(&mw.w);
    str missed = str_copy(&mw.app->arena, conversation_newest(&mw.w));
    char *path =
        str_z(&mw.app->arena, str_cat(&mw.app->arena, S("/api/v1/conversations/"), missed));
    assert_int_equal(test_request(mw.app, "GET", path, NULL), 200);
    assert_str(test_text(mw.app, "subject"), "Forgotten");
    assert_int_equal(
        test_request(mw.app, "GET", "/api/v1/audit?action=channel.reconciled", NULL), 200);
    assert_int_equal(count(), 2);
    world_close(&mw.w);
    mail_peer_close(p);
}

static void a_mailbox_that_cannot_be_read_says_why_it_was_not_compared(void **state)
{
    struct mail_peer *p =
        MAIL_PEER(GREETED, "< AUTHENTICATE PLAIN", "> $ NO [AUTHENTICATIONFAILED] wrong", "hang");
    open_mailbox(*state, p);
    ask();
    let_read();
    mail_peer_may_stop(p);
    assert_true(test_text(mw.app, "items.0.error").len > 0);
    test_log_had(LOG_WARN, "a network's credentials could not be made new");
    assert_int_equal(test_int(mw.app, "items.0.missed"), 0);
    world_close(&mw.w);
    mail_peer_close(p);
}

static void a_mailbox_to_which_mails_are_only_posted_has_nothing_to_compare(void **state)
{
    open_mailbox(*state, NULL);
    ask();
    let_read();
    assert_str(test_text(mw.app, "items.0.error"),
        "Nothing is read of this channel: there is nothing to compare.");
    world_close(&mw.w);
}

static void a_mailbox_that_is_switched_off_is_not_compared(void **state)
{
    open_mailbox(*state, NULL);
    struct arena *a = &mw.app->arena;
    char *path = str_z(a, str_print(a, "/api/v1/channels/%lld", (long long)mw.box.channel.v));
    assert_int_equal(test_request(mw.app, "PATCH", path, "{\"is_enabled\":false}"), 200);
    assert_int_equal(test_request(mw.app, "POST", ledger_of(), NULL), 409);
    assert_int_equal(test_request(mw.app, "GET", ledger_of(), NULL), 200);
    assert_int_equal(count(), 0);
    world_close(&mw.w);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_mailbox_is_compared_when_somebody_asks_and_what_was_missed_is_told),
        TEST_APP(a_mailbox_that_cannot_be_read_says_why_it_was_not_compared),
        TEST_APP(a_mailbox_to_which_mails_are_only_posted_has_nothing_to_compare),
        TEST_APP(a_mailbox_that_is_switched_off_is_not_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
