/* The folders of a mailbox, where taken mails go, what was missed, shared mailboxes and tokens that
 * have ended. Against a scripted server; a real one: tests/system/test_mail_folders.py. */
#include "base/crypto.h"
#include "mailbox_peer.h"

#define MAIL_10                                                                                    \
    "< UID FETCH 10 (UID FLAGS INTERNALDATE RFC822.SIZE)",                                         \
        "> * 1 FETCH (UID 10 FLAGS () RFC822.SIZE 20)", "> $ OK done",                             \
        "< UID FETCH 10 (UID BODY.PEEK[])",                                                        \
        "> * 1 FETCH (UID 10 BODY[] \"From: asha@a.example\")", "> $ OK done"

/* Knows the mail of this name and no other. */
static bool knows(void *arg, const str *ids, ptrdiff_t n, bool *known)
{
    struct taken *t = arg;
    t->comparisons += n == 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        t->asked[t->n_asked++] = str_copy(test_arena(), ids[i]);
        known[i] = str_eq(ids[i], S("known@a.example"));
    }
    return true;
}

static bool compared(void *arg, int64_t from_ms, int64_t until_ms, int64_t seen)
{
    struct taken *t = arg;
    assert_true(from_ms < until_ms);
    t->seen = seen;
    return false;
}

/* Not when it signs in, but when it is woken. */
static bool asked(void *arg)
{
    struct taken *t = arg;
    return t->n_wishes++ == 1;
}

static struct connector_polled listen_to(
    struct mail_peer *p, const char *settings, const char *cursors, struct taken *t)
{
    char *all = str_z(test_arena(), str_print(test_arena(), ",\"from_days\":\"1\"%s", settings));
    return mailbox_listen(p, all, cursors, t,
        (struct connector_listen){.knows = knows, .compared = compared, .asked = asked});
}

static void every_folder_is_read_with_a_place_of_its_own(void **state)
{
    (void)state;
    struct taken t = {.calls_most = 5};
    struct mail_peer *p = MAIL_PEER(LOGIN, "< SELECT \"INBOX\"", OPENED("7", "11"),
        "< UID SEARCH UID 1:10", FOUND("10"), MAIL_10, "< UID SEARCH UID 11:*", NOTHING,
        "< UID SEARCH UID 1:10", FOUND("10"), "< UID STORE 10 +FLAGS.SILENT (\\Seen)",
        "> $ OK done", "< SELECT \"Billing\"", OPENED("9", "4"), "< UID SEARCH UID 1:3", FOUND("3"),
        "< UID FETCH 3 (UID FLAGS", "> * 1 FETCH (UID 3 FLAGS () RFC822.SIZE 20)", "> $ OK done",
        "< UID FETCH 3 (UID BODY.PEEK[])", "> * 1 FETCH (UID 3 BODY[] \"From: b@b.example\")",
        "> $ OK done", "< UID SEARCH UID 4:*", NOTHING, "< UID SEARCH UID 1:3", FOUND("3"),
        "< UID STORE 3", "> $ OK done", "< SELECT \"INBOX\"", OPENED("7", "11"),
        "< UID SEARCH UID 11:*", NOTHING, "< LOGOUT");
    struct connector_polled out = listen_to(p, ",\"folders\":\" Billing, INBOX,,\"", "{}", &t);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_int_equal(t.mails, 2);
    assert_str(t.bodies[0], "From: asha@a.example");
    assert_str(t.bodies[1], "From: b@b.example");
    assert_true(str_starts(t.cursors,
        S("{\"uidvalidity\":7,\"uid\":10,\"told\":10,\"last_ms\":0,\"since_ms\":1767139200000,"
          "\"old_uid\":10,\"folder\":\"INBOX\",\"compared_ms\":0,\"more\":[{\"uidvalidity\":9,"
          "\"uid\":3,\"told\":3,\"last_ms\":0,\"since_ms\":1767139200000,\"old_uid\":3,"
          "\"folder\":\"Billing\"}],\"mailbox\":\"")));
    mail_peer_close(p);
    /* Whichever is first in the settings, each goes on where it was. */
    struct taken again = {.calls_most = 3};
    p = MAIL_PEER(LOGIN, "< SELECT \"Billing\"", OPENED("9", "4"), "< UID SEARCH UID 4:*", NOTHING,
        "< SELECT \"INBOX\"", OPENED("7", "11"), "< UID SEARCH UID 11:*", NOTHING,
        "< SELECT \"Billing\"", OPENED("9", "4"), "< UID SEARCH UID 4:*", NOTHING, "< LOGOUT");
    (void)listen_to(
        p, ",\"folder\":\"Billing\",\"folders\":\"INBOX\"", str_z(test_arena(), t.cursors), &again);
    assert_int_equal(again.mails, 0);
    mail_peer_close(p);
}

/* Somebody has renamed "Billing", and nothing may be moved out of INBOX. */
static void what_is_refused_in_one_folder_keeps_no_other_waiting(void **state)
{
    (void)state;
    struct taken t = {0};
    struct mail_peer *p = MAIL_PEER(LOGIN, "< SELECT \"INBOX\"", OPENED("7", "11"), "< UID SEARCH",
        FOUND("10"), MAIL_10, "< UID SEARCH UID 11:*", NOTHING, "< UID SEARCH", FOUND("10"),
        "< UID STORE 10", "> $ NO [NOPERM] you may not", "< SELECT \"Billing\"",
        "> $ NO [NONEXISTENT] no such folder", "< SELECT \"Orders\"", OPENED("9", "11"),
        "< UID SEARCH UID 1:10", FOUND("10"), MAIL_10, "< UID SEARCH UID 11:*", NOTHING,
        "< UID SEARCH UID 1:10", FOUND("10"), "< UID STORE 10", "> $ OK done", "< LOGOUT");
    struct connector_polled out = listen_to(p, ",\"folders\":\"Billing,Orders\"", "{}", &t);
    assert_int_equal(t.mails, 2);
    assert_true(str_starts(out.end.why, S("INBOX: marking mails as read: the server refuses")));
    assert_true(out.end.outcome != CONNECTOR_SENT);
    mail_peer_close(p);
    struct taken renamed = {0};
    p = MAIL_PEER(LOGIN, "< SELECT \"INBOX\"", OPENED("7", "11"), "< UID SEARCH UID 1:10", NOTHING,
        "< UID SEARCH UID 11:*", NOTHING, "< UID SEARCH UID 1:10", NOTHING, "< SELECT \"Billing\"",
        "> $ NO [NONEXISTENT] no such folder", "< LOGOUT");
    out = listen_to(p, ",\"folders\":\"Billing\"", "{}", &renamed);
    assert_true(str_starts(out.end.why, S("Billing: opening the folder: the server refuses")));
    assert_int_equal(out.next_ms, TEST_NOW_MS + 60 * 1000);
    mail_peer_close(p);
}

#define MOVES ",\"after\":\"move\",\"move_to\":\"Done\""

static void a_folder_for_taken_mails_is_made_where_it_is_missing(void **state)
{
    (void)state;
    struct taken t = {.calls_most = 2};
    struct mail_peer *p = MAIL_PEER(LOGIN, "< SELECT \"INBOX\"", OPENED("7", "11"), "< UID SEARCH",
        FOUND("10"), MAIL_10, "< UID SEARCH UID 11:*", NOTHING, "< UID SEARCH", FOUND("10"),
        "< UID MOVE 10 \"Done\"", "> $ NO [TRYCREATE] there is no such folder", "< CREATE \"Done\"",
        "> $ OK made", "< UID MOVE 10 \"Done\"", "> $ OK moved", "< LOGOUT");
    (void)listen_to(p, MOVES, "{}", &t);
    assert_int_equal(t.mails, 1);
    mail_peer_close(p);
    struct taken refused = {0};
    p = MAIL_PEER(LOGIN, "< SELECT \"INBOX\"", OPENED("7", "11"), "< UID SEARCH", FOUND("10"),
        MAIL_10, "< UID SEARCH UID 11:*", NOTHING, "< UID SEARCH", FOUND("10"),
        "< UID MOVE 10 \"Done\"", "> $ NO [TRYCREATE] no such folder", "< CREATE \"Done\"",
        "> $ NO [NOPERM] you may not", "< LOGOUT");
    struct connector_polled out = listen_to(p, MOVES, "{}", &refused);
    assert_int_equal(refused.mails, 1); /* it is stored in any case */
    assert_true(str_find(out.end.why, S("making the folder: the server refuses")) >= 0);
    mail_peer_close(p);
}

#define HEAD(uid, text) "< UID FETCH " uid " (UID BODY.PEEK[HEADER]", text, "> $ OK done"

static void what_nobody_knows_of_the_last_days_is_fetched(void **state)
{
    (void)state;
    struct taken t = {0};
    struct mail_peer *p = MAIL_PEER(LOGIN, "< SELECT \"INBOX\"", OPENED("7", "11"),
        "< UID SEARCH UID 11:*", NOTHING, "< IDLE", "> + idling", "> * 4 EXISTS", "< DONE",
        "> $ OK idled", "< UID SEARCH UID 11:*", NOTHING, "< SELECT \"INBOX\"", OPENED("7", "11"),
        "< UID SEARCH UID 1:10 SINCE 29-Dec-2025", FOUND("8 9 10"),
        HEAD("8", ">>* 1 FETCH (UID 8 BODY[HEADER]<0> {50}\r\nFrom: a@a.example\r\n"
                  "Message-ID: <known@a.example>\r\n)\r\n"),
        HEAD("9", ">>* 2 FETCH (UID 9 BODY[HEADER]<0> {51}\r\nFrom: a@a.example\r\n"
                  "Message-ID: <missed@a.example>\r\n)\r\n"),
        HEAD("10", "> * 3 FETCH (UID 10 BODY[HEADER]<0> \"From: a@a.example\")"),
        "< UID FETCH 9:10 (UID FLAGS", "> * 2 FETCH (UID 9 FLAGS (\\Seen) RFC822.SIZE 20)",
        "> * 3 FETCH (UID 10 FLAGS () RFC822.SIZE 20)", "> $ OK done",
        "< UID FETCH 9:10 (UID BODY.PEEK[])", "> * 2 FETCH (UID 9 BODY[] \"From: nine@a.example\")",
        "> * 3 FETCH (UID 10 BODY[] \"From: ten@a.example\")", "> $ OK done", "< UID STORE 9:10",
        "> $ OK done", "< LOGOUT");
    struct connector_polled out = listen_to(p, "",
        "{\"folder\":\"INBOX\",\"uidvalidity\":7,\"uid\":10,\"told\":10,\"last_ms\":5,"
        "\"compared_ms\":1,\"more\":[]}",
        &t);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_int_equal(t.comparisons, 1);
    assert_int_equal(t.n_asked, 3);
    assert_str(t.asked[1], "missed@a.example");
    assert_str(t.asked[2], "");
    assert_int_equal(t.seen, 3); /* what is above the cursor comes by itself */
    assert_int_equal(t.mails, 2);
    assert_str(t.bodies[0], "From: nine@a.example");
    mail_peer_close(p);
    /* What was there before the channel was not missed. */
    struct taken fresh = {.seen = -1};
    p = MAIL_PEER(LOGIN, "< SELECT \"INBOX\"", OPENED("7", "11"), "< UID SEARCH UID 11:*", NOTHING,
        "< IDLE", "> + idling", "> * 4 EXISTS", "< DONE", "> $ OK idled", "< UID SEARCH UID 11:*",
        NOTHING, "< SELECT \"INBOX\"", OPENED("7", "11"), "< LOGOUT");
    (void)listen_to(p, "",
        "{\"uidvalidity\":7,\"uid\":10,\"told\":10,\"old_uid\":10,\"folder\":\"INBOX\","
        "\"compared_ms\":1}",
        &fresh);
    assert_int_equal(fresh.seen, 0);
    assert_int_equal(fresh.n_asked, 0);
    mail_peer_close(p);
}

/* Nothing is told in IDLE (the wish that ends it here is none). */
static void what_ends_connections_is_not_compared(void **state)
{
    (void)state;
    struct taken t = {.is_woken = true, .seen = -1};
    struct mail_peer *p = MAIL_PEER(LOGIN, "< SELECT \"INBOX\"", OPENED("7", "11"),
        "< UID SEARCH UID 11:*", NOTHING, "< IDLE", "> + idling", "< DONE", "> $ OK idled",
        "< SELECT \"INBOX\"", OPENED("7", "11"), "< UID SEARCH UID 1:10 SINCE", FOUND("8 9"),
        HEAD("8", ">>* 1 FETCH (UID 8 BODY[HEADER]<0> {50}\r\nFrom: a@a.example\r\n"
                  "Message-ID: <known@a.example>\r\n)\r\n"),
        "< LOGOUT");
    (void)listen_to(p, "",
        "{\"uidvalidity\":7,\"uid\":10,\"told\":10,\"folder\":\"INBOX\",\"ended\":[9],"
        "\"compared_ms\":99999999999999}",
        &t);
    assert_int_equal(t.comparisons, 1);
    assert_int_equal(t.mails, 0);
    mail_peer_close(p);
}

static void a_server_that_tells_nothing_is_asked_now_and_then(void **state)
{
    (void)state;
    struct taken t = {.is_woken = true, .passes_ms = 600 * 1000, .signs_most = 3, .n_wishes = 2};
    struct mail_peer *p = MAIL_PEER(LOGIN, "< SELECT \"INBOX\"", OPENED("7", "11"),
        "< UID SEARCH UID 11:*", NOTHING, "< IDLE", "> + idling", "< DONE", "> $ OK idled",
        "< SELECT \"INBOX\"", OPENED("7", "11"), "< UID SEARCH UID 11:*", NOTHING, "< LOGOUT");
    (void)listen_to(p, "",
        "{\"uidvalidity\":7,\"uid\":10,\"told\":10,\"folder\":\"INBOX\","
        "\"compared_ms\":99999999999999}",
        &t);
    assert_int_equal(t.comparisons, 0);
    mail_peer_close(p);
}

static void who_is_woken_compares_at_once_when_somebody_asks(void **state)
{
    (void)state;
    struct taken t = {.is_woken = true, .seen = -1};
    struct mail_peer *p =
        MAIL_PEER(LOGIN, "< SELECT \"INBOX\"", OPENED("7", "11"), "< UID SEARCH UID 11:*", NOTHING,
            "< IDLE", "> + idling", "< DONE", "> $ OK idled", "< SELECT \"INBOX\"",
            OPENED("7", "11"), "< UID SEARCH UID 1:10 SINCE", NOTHING, "< LOGOUT");
    (void)listen_to(p, "",
        "{\"uidvalidity\":7,\"uid\":10,\"told\":10,\"folder\":\"INBOX\","
        "\"compared_ms\":99999999999999}",
        &t);
    assert_int_equal(t.n_wishes, 2);
    assert_int_equal(t.comparisons, 1);
    assert_int_equal(t.seen, 0);
    mail_peer_close(p);
}

/* The user that is said to the server. */
static void signs_in(const char *settings, const char *mechanism, str message)
{
    struct taken t = {.calls_most = 1};
    struct arena *a = test_arena();
    str code = crypto_base64(a, message);
    char *said = str_z(a, str_print(a, "< AUTHENTICATE %s %.*s", mechanism, SARG(code)));
    struct mail_peer *p =
        MAIL_PEER(GREETED, said, IN, "< SELECT \"INBOX\"", OPENED("7", "11"), "< UID SEARCH",
            NOTHING, "< UID SEARCH UID 11:*", NOTHING, "< UID SEARCH", NOTHING, "< LOGOUT");
    (void)listen_to(p, settings, "{}", &t);
    mail_peer_close(p);
}

static void a_shared_mailbox_is_named_beside_the_user(void **state)
{
    (void)state;
    static const char plain[] = "\0ann@example.com\\shared@example.com\0s3cret pass";
    signs_in(",\"user\":\"ann@example.com\",\"mailbox\":\"shared@example.com\"", "PLAIN",
        str_of(plain, (ptrdiff_t)sizeof plain - 1));
    static const char alone[] = "\0ann@example.com\0s3cret pass";
    signs_in(",\"user\":\"ann@example.com\"", "PLAIN", str_of(alone, (ptrdiff_t)sizeof alone - 1));
    signs_in(",\"sign_in\":\"microsoft\",\"user\":\"ann@example.com\",\"mailbox\":"
             "\"shared@example.com\"",
        "XOAUTH2",
        S("user=shared@example.com\x01"
          "auth=Bearer old\x01\x01"));
}

/* {"status":"401"} */
#define CHALLENGE "eyJzdGF0dXMiOiI0MDEifQ=="

static void a_token_that_has_ended_asks_for_a_new_one(void **state)
{
    (void)state;
    struct taken t = {0};
    struct mail_peer *p = MAIL_PEER(GREETED, "< AUTHENTICATE XOAUTH2", "> + " CHALLENGE, "< ",
        "> 1 NO [AUTHENTICATIONFAILED] ended", "hang");
    struct connector_polled out = listen_to(p, ",\"sign_in\":\"google\"", "{}", &t);
    assert_int_equal(out.end.outcome, CONNECTOR_REAUTH);
    assert_true(out.end.is_channel_wide);
    assert_true(str_find(out.end.why, S("401")) >= 0);
    assert_true(str_find(out.end.why, S("old")) < 0);
    assert_int_equal(t.calls, 0);
    mail_peer_close(p);
}

static void more_folders_than_are_read_are_refused_by_the_check(void **state)
{
    (void)state;
    struct connector_setup setup = {
        .settings = S("{\"address\":\"care@example.com\",\"folders\":\"a,b,c,d,e,f,g,h,i\"}")};
    struct connector_checked out;
    struct http_client *client = http_client_open(&(struct http_client_options){0});
    assert_ok(connector_email.check(client, test_arena(), &setup, TEST_NOW_MS, &out));
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    setup.settings = S("{\"address\":\"care@example.com\",\"folders\":\"a,b,c,d,e,f,g,h, i,j\"}");
    assert_ok(connector_email.check(client, test_arena(), &setup, TEST_NOW_MS, &out));
    assert_int_equal(out.end.outcome, CONNECTOR_FINAL);
    assert_true(str_find(out.end.why, S("at most 9 folders")) > 0);
    http_client_close(client);
}

int main(void)
{
    if (http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(every_folder_is_read_with_a_place_of_its_own),
        TEST(what_is_refused_in_one_folder_keeps_no_other_waiting),
        TEST(a_folder_for_taken_mails_is_made_where_it_is_missing),
        TEST(what_nobody_knows_of_the_last_days_is_fetched),
        TEST(what_ends_connections_is_not_compared),
        TEST(a_server_that_tells_nothing_is_asked_now_and_then),
        TEST(who_is_woken_compares_at_once_when_somebody_asks),
        TEST(a_shared_mailbox_is_named_beside_the_user),
        TEST(more_folders_than_are_read_are_refused_by_the_check),
        TEST(a_token_that_has_ended_asks_for_a_new_one),
    };
    return cmocka_run_group_tests_name("connector_email_folders", tests, NULL, NULL);
}
