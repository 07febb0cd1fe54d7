/* A mailbox as it is listened to: what is stored before what is marked, where the cursors stand,
 * which mails count. Against scripted IMAP servers (tests/support/mail_peer.h); against a real one:
 * tests/system/test_mail_reading.py. */
#include "base/crypto.h"
#include "mailbox_peer.h"

#include <string.h>

#define OPEN(validity, next) LOGIN, "< SELECT \"INBOX\"", OPENED(validity, next)
#define KNOWN(n, uid)                                                                              \
    "> * " n " FETCH (UID " uid                                                                    \
    " FLAGS () INTERNALDATE \"05-Jan-2026 10:00:00 +0000\" RFC822.SIZE 21)"
#define MAIL(n, uid)                                                                               \
    "> * " n " FETCH (UID " uid " BODY[] {21}", ">>From: a@b.example\r\n\r\n", "> )"

static struct connector_polled listen_to(
    struct mail_peer *p, const char *settings, const char *cursors, struct taken *t)
{
    return mailbox_listen(
        p, settings, cursors, t, (struct connector_listen){.born_ms = TEST_NOW_MS - 60 * 1000});
}

static void new_mails_are_stored_together_and_then_marked(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("7", "11"), "< UID SEARCH UID 9:*", FOUND("9 10"),
        "< UID FETCH 9:10 (UID FLAGS INTERNALDATE RFC822.SIZE)", KNOWN("1", "9"), KNOWN("2", "10"),
        "> $ OK done", "< UID FETCH 9:10 (UID BODY.PEEK[])", MAIL("1", "9"), MAIL("2", "10"),
        "> $ OK done", "< UID SEARCH UID 9:10", FOUND("9 10"),
        "< UID STORE 9:10 +FLAGS.SILENT (\\Seen)", "> $ OK done");
    struct connector_polled out =
        listen_to(p, "", "{\"uidvalidity\":7,\"uid\":8,\"told\":8,\"last_ms\":5}", &t);
    mail_peer_close(p);
    assert_int_equal(t.groups, 1);
    assert_int_equal(t.mails, 2);
    assert_str(t.bodies[0], "From: a@b.example\r\n\r\n");
    assert_true(str_starts(
        t.stored_cursors, S("{\"uidvalidity\":7,\"uid\":10,\"told\":8,\"last_ms\":17676")));
    assert_true(str_starts(
        t.sign_cursors, S("{\"uidvalidity\":7,\"uid\":10,\"told\":10,\"last_ms\":17676")));
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
}

/* The database was busy: nothing may stand in the cursors that is not stored. */
static void what_could_not_be_stored_is_read_again(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 9, .refuses = true};
    struct mail_peer *p = MAIL_PEER(OPEN("7", "11"), "< UID SEARCH UID 9:*", FOUND("9 10"),
        "< UID FETCH 9:10 (UID FLAGS INTERNALDATE RFC822.SIZE)", KNOWN("1", "9"), KNOWN("2", "10"),
        "> $ OK done", "< UID FETCH 9:10 (UID BODY.PEEK[])", MAIL("1", "9"), MAIL("2", "10"),
        "> $ OK done");
    (void)listen_to(p, "", "{\"uidvalidity\":7,\"uid\":8,\"told\":8,\"last_ms\":5}", &t);
    mail_peer_close(p);
    assert_int_equal(t.groups, 1);
    assert_int_equal(t.signs, 0);
}

/* from_days: what is older stays as it is, and what comes next is looked for without a date. */
static void old_mails_are_neither_read_nor_marked(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("7", "11"), "< UID SEARCH UID 1:10 SINCE", FOUND("9"),
        "< UID FETCH 9 (UID FLAGS INTERNALDATE RFC822.SIZE)", KNOWN("1", "9"), "> $ OK done",
        "< UID FETCH 9 (UID BODY.PEEK[])", MAIL("1", "9"), "> $ OK done", "< UID SEARCH UID 11:*",
        FOUND("10"), "< UID SEARCH UID 1:10 SINCE", FOUND("9"),
        "< UID STORE 9 +FLAGS.SILENT (\\Seen)", "> $ OK done");
    (void)listen_to(p, ",\"from_days\":\"7\"", "{}", &t);
    mail_peer_close(p);
    assert_int_equal(t.mails, 1);
    assert_true(str_starts(t.sign_cursors, S("{\"uidvalidity\":7,\"uid\":10,\"told\":10,")));
    assert_true(str_find(t.sign_cursors, S("\"old_uid\":10,")) > 0);
}

/* It is told only once, and the marks of the first ask the server too. */
static void a_mail_that_is_told_while_another_is_read_is_not_forgotten(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 2};
    struct mail_peer *p = MAIL_PEER(OPEN("7", "10"), "< UID SEARCH UID 9:*", FOUND("9"),
        "< UID FETCH 9 (UID FLAGS INTERNALDATE RFC822.SIZE)", KNOWN("1", "9"), "> $ OK done",
        "< UID FETCH 9 (UID BODY.PEEK[])", MAIL("1", "9"), "> * 2 EXISTS", "> $ OK done",
        "< UID SEARCH UID 9:9", FOUND("9"), "< UID STORE 9 +FLAGS.SILENT (\\Seen)", "> $ OK done",
        "< UID SEARCH UID 10:*", FOUND("10"), "< UID FETCH 10 (UID FLAGS INTERNALDATE RFC822.SIZE)",
        KNOWN("2", "10"), "> $ OK done", "< UID FETCH 10 (UID BODY.PEEK[])", MAIL("2", "10"),
        "> $ OK done", "< UID SEARCH UID 10:10", FOUND("10"),
        "< UID STORE 10 +FLAGS.SILENT (\\Seen)", "> $ OK done");
    (void)listen_to(p, "", "{\"uidvalidity\":7,\"uid\":8,\"told\":8,\"last_ms\":5}", &t);
    mail_peer_close(p);
    assert_int_equal(t.mails, 2);
}

/* Most of what once came is gone, as in a mailbox whose mails are moved elsewhere: what counts lies
 * far apart. */
static void a_large_folder_with_few_mails_is_read_to_its_end(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("7", "30001"), "< UID SEARCH UID 1:10000 SINCE",
        FOUND("9"), "< UID FETCH 9 (UID FLAGS INTERNALDATE RFC822.SIZE)", KNOWN("1", "9"),
        "> $ OK done", "< UID FETCH 9 (UID BODY.PEEK[])", MAIL("1", "9"), "> $ OK done",
        "< UID SEARCH UID 10001:20000 SINCE", NOTHING, "< UID SEARCH UID 20001:30000 SINCE",
        FOUND("30000"), "< UID FETCH 30000 (UID FLAGS INTERNALDATE RFC822.SIZE)",
        KNOWN("2", "30000"), "> $ OK done", "< UID FETCH 30000 (UID BODY.PEEK[])",
        MAIL("2", "30000"), "> $ OK done", "< UID SEARCH UID 30001:*", FOUND("30000"));
    (void)listen_to(p, ",\"from_days\":\"7\",\"after\":\"leave\"", "{}", &t);
    mail_peer_close(p);
    assert_int_equal(t.mails, 2);
    assert_true(str_starts(t.sign_cursors, S("{\"uidvalidity\":7,\"uid\":30000,")));
}

/* Nothing new enough is there: the old ones do not come with the next one either. */
static void without_a_mail_since_then_the_old_ones_are_passed_over(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("7", "11"), "< UID SEARCH UID 1:10 SINCE", NOTHING,
        "< UID SEARCH UID 11:*", NOTHING, "< UID SEARCH UID 1:10 SINCE", NOTHING);
    (void)listen_to(p, ",\"from_days\":\"7\"", "{}", &t);
    mail_peer_close(p);
    assert_int_equal(t.mails, 0);
    assert_true(str_starts(t.sign_cursors, S("{\"uidvalidity\":7,\"uid\":10,\"told\":10,")));
}

#define ARRIVED(n, uid, at)                                                                        \
    "> * " n " FETCH (UID " uid " FLAGS () INTERNALDATE \"" at "\" RFC822.SIZE 21)"
#define LOOKED_8_TO_10                                                                             \
    "< UID FETCH 8:10 (UID FLAGS INTERNALDATE RFC822.SIZE)",                                       \
        ARRIVED("1", "8", "31-Dec-2025 23:40:00 +0000"),                                           \
        ARRIVED("2", "9", "31-Dec-2025 23:58:30 +0000"),                                           \
        ARRIVED("3", "10", "01-Jan-2026 01:00:00 +0100"), "> $ OK done"

/* from_days 0: created at 23:59 by our clock, opened at 00:00. */
static void what_came_between_the_creation_and_the_first_opening_is_read(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("7", "11"), "< UID SEARCH UID 1:10 SINCE 30-Dec-2025",
        FOUND("8 9 10"), LOOKED_8_TO_10, "< UID FETCH 9:10 (UID FLAGS INTERNALDATE RFC822.SIZE)",
        ARRIVED("2", "9", "31-Dec-2025 23:58:30 +0000"),
        ARRIVED("3", "10", "01-Jan-2026 01:00:00 +0100"), "> $ OK done",
        "< UID FETCH 9:10 (UID BODY.PEEK[])", MAIL("2", "9"), MAIL("3", "10"), "> $ OK done",
        "< UID SEARCH UID 11:*", FOUND("10"), "< UID SEARCH UID 1:10 SINCE", FOUND("8 9 10"),
        LOOKED_8_TO_10, "< UID STORE 9:10 +FLAGS.SILENT (\\Seen)", "> $ OK done");
    (void)listen_to(p, "", "{}", &t);
    mail_peer_close(p);
    assert_int_equal(t.mails, 2);
    assert_true(str_starts(t.sign_cursors, S("{\"uidvalidity\":7,\"uid\":10,\"told\":10,")));
}

/* An Archive that somebody adds to the settings of a mailbox that has been read for long. */
static void a_folder_that_is_added_later_is_read_since_then(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("7", "11"), "< UID SEARCH UID 1:10 SINCE 30-Dec-2025",
        FOUND("8"), "< UID FETCH 8 (UID FLAGS INTERNALDATE RFC822.SIZE)",
        ARRIVED("1", "8", "31-Dec-2025 23:49:59 +0000"), "> $ OK done", "< UID SEARCH UID 11:*",
        NOTHING, "< UID SEARCH UID 1:10", NOTHING);
    (void)listen_to(
        p, "", "{\"folder\":\"Old\",\"uidvalidity\":3,\"uid\":5,\"compared_ms\":9}", &t);
    mail_peer_close(p);
    assert_int_equal(t.mails, 0);
    assert_true(str_find(t.sign_cursors, S("\"since_ms\":1767225000000,")) > 0);
}

static void a_mailbox_with_new_numbers_is_read_since_the_day_before_its_newest(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("8", "3"), "< UID SEARCH UID 1:2 SINCE 18-Dec-2025",
        FOUND("2"), "< UID FETCH 2 (UID FLAGS INTERNALDATE RFC822.SIZE)", KNOWN("1", "2"),
        "> $ OK done", "< UID FETCH 2 (UID BODY.PEEK[])", MAIL("1", "2"), "> $ OK done",
        "< UID SEARCH UID 3:*", FOUND("2"), "< UID SEARCH UID 1:2 SINCE 18-Dec-2025", FOUND("2"),
        "< UID STORE 2 +FLAGS.SILENT (\\Seen)", "> $ OK done");
    /* last_ms: 2025-12-20 10:00 */
    (void)listen_to(
        p, "", "{\"uidvalidity\":7,\"uid\":900,\"told\":900,\"last_ms\":1766224800000}", &t);
    mail_peer_close(p);
    assert_int_equal(t.mails, 1);
    assert_true(str_starts(t.sign_cursors, S("{\"uidvalidity\":8,\"uid\":2,\"told\":2,")));
}

/* A quiet mailbox that has moved to another server: nothing has come since the channel began. */
static void what_was_there_before_the_channel_stays_so_with_new_numbers(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("8", "3"), "< UID SEARCH UID 1:2 SINCE 30-Dec-2025",
        FOUND("1 2"), "< UID FETCH 1:2 (UID FLAGS INTERNALDATE RFC822.SIZE)",
        ARRIVED("1", "1", "31-Dec-2025 08:00:00 +0000"),
        ARRIVED("2", "2", "31-Dec-2025 20:00:00 +0000"), "> $ OK done",
        "< UID FETCH 2 (UID FLAGS INTERNALDATE RFC822.SIZE)",
        ARRIVED("2", "2", "31-Dec-2025 20:00:00 +0000"), "> $ OK done",
        "< UID FETCH 2 (UID BODY.PEEK[])", MAIL("2", "2"), "> $ OK done", "< UID SEARCH UID 3:*",
        NOTHING);
    /* since_ms: 2025-12-31 12:00 */
    (void)listen_to(p, ",\"after\":\"leave\"",
        "{\"uidvalidity\":7,\"uid\":5,\"told\":5,\"last_ms\":0,\"since_ms\":1767182400000,"
        "\"old_uid\":5,\"exact\":1}",
        &t);
    mail_peer_close(p);
    assert_int_equal(t.mails, 1);
    assert_true(str_find(t.sign_cursors, S("\"since_ms\":1767182400000,")) > 0);
}

/* last_ms of a mail that somebody has put there with a date of its own. */
static void a_date_that_lies_ahead_hides_no_mail_with_new_numbers(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("8", "3"), "< UID SEARCH UID 1:2 SINCE 30-Dec-2025",
        NOTHING, "< UID SEARCH UID 3:*", NOTHING);
    /* last_ms: 2100-01-01 */
    (void)listen_to(p, ",\"after\":\"leave\"",
        "{\"uidvalidity\":7,\"uid\":5,\"told\":5,\"last_ms\":4102444800000}", &t);
    mail_peer_close(p);
    assert_int_equal(t.signs, 1);
}

/* The channel reads another server from now on, which happens to number its folder alike. */
static void another_mailbox_is_not_taken_for_the_one_before(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1}, again = {.signs_most = 1}, other = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("7", "6"), "< UID SEARCH UID 6:*", NOTHING);
    (void)listen_to(p, ",\"after\":\"leave\"",
        "{\"uidvalidity\":7,\"uid\":5,\"told\":5,\"last_ms\":1767225600000}", &t);
    mail_peer_close(p);
    char *before = str_z(test_arena(), t.sign_cursors);
    p = MAIL_PEER(OPEN("7", "6"), "< UID SEARCH UID 6:*", NOTHING);
    (void)listen_to(p, ",\"after\":\"leave\"", before, &again);
    mail_peer_close(p);
    p = MAIL_PEER(OPEN("7", "3"), "< UID SEARCH UID 1:2 SINCE 30-Dec-2025", FOUND("2"),
        "< UID FETCH 2 (UID FLAGS INTERNALDATE RFC822.SIZE)", KNOWN("1", "2"), "> $ OK done",
        "< UID FETCH 2 (UID BODY.PEEK[])", MAIL("1", "2"), "> $ OK done", "< UID SEARCH UID 3:*",
        NOTHING);
    (void)listen_to(p, ",\"after\":\"leave\",\"mailbox\":\"other@example.com\"", before, &other);
    mail_peer_close(p);
    assert_int_equal(other.mails, 1);
}

static void a_mailbox_that_is_left_as_it_is_gets_no_marks(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("7", "11"), "< UID SEARCH UID 10:*", FOUND("10"),
        "< UID FETCH 10 (UID FLAGS INTERNALDATE RFC822.SIZE)", KNOWN("1", "10"), "> $ OK done",
        "< UID FETCH 10 (UID BODY.PEEK[])", MAIL("1", "10"), "> $ OK done");
    (void)listen_to(
        p, ",\"after\":\"leave\"", "{\"uidvalidity\":7,\"uid\":9,\"told\":9,\"last_ms\":5}", &t);
    mail_peer_close(p);
    assert_int_equal(t.mails, 1);
    assert_true(str_starts(t.sign_cursors, S("{\"uidvalidity\":7,\"uid\":10,\"told\":10,")));
}

/* A long mail is a file; the short one before it is stored before that begins. */
static void a_long_mail_takes_nothing_from_a_short_one(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("7", "12"), "< UID SEARCH UID 9:*", FOUND("9 10 11"),
        "< UID FETCH 9:11 (UID FLAGS INTERNALDATE RFC822.SIZE)", KNOWN("1", "9"),
        "> * 2 FETCH (UID 10 FLAGS () RFC822.SIZE 80021)", KNOWN("3", "11"), "> $ OK done",
        "< UID FETCH 9:11 (UID BODY.PEEK[])", MAIL("1", "9"), "> * 2 FETCH (UID 10 BODY[] {80021}",
        ">>From: a@b.example\r\n\r\n",
        "many 1000 123456789012345678901234567890123456789012345678901234567890123456789012345678",
        "> )", MAIL("3", "11"), "> $ OK done");
    (void)listen_to(
        p, ",\"after\":\"leave\"", "{\"uidvalidity\":7,\"uid\":8,\"told\":8,\"last_ms\":5}", &t);
    mail_peer_close(p);
    assert_int_equal(t.mails, 2);
    assert_int_equal(t.mails_before_file, 1);
    assert_int_equal(t.files, 1);
    assert_false(t.has_file_key); /* it is known by its bytes: numbers are of a server and folder */
    assert_true(str_find(t.sign_cursors, S("\"uid\":11,")) > 0);
}

/* A mail that is longer than the server says ends the connection; the next one asks for pieces. */
static void sizes_that_are_a_lie_do_not_stop_a_mailbox(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("7", "10"), "< UID SEARCH UID 9:*", FOUND("9"),
        "< UID FETCH 9 (UID FLAGS INTERNALDATE RFC822.SIZE)", KNOWN("1", "9"), "> $ OK done",
        "< UID FETCH 9 (UID BODY.PEEK[])", "> * 1 FETCH (UID 9 BODY[] {90000000}", "hang");
    struct connector_polled out =
        listen_to(p, "", "{\"uidvalidity\":7,\"uid\":8,\"told\":8,\"last_ms\":5}", &t);
    mail_peer_close(p);
    assert_int_equal(out.end.outcome, CONNECTOR_RETRY);
    assert_int_equal(t.mails + t.signs, 0);
    assert_true(str_find(out.cursors, S("\"uid\":8,\"told\":8,")) > 0);
    assert_true(str_find(out.cursors, S("\"careful\":1}")) > 0);

    p = MAIL_PEER(OPEN("7", "10"), "< UID SEARCH UID 9:*", FOUND("9"),
        "< UID FETCH 9 (UID FLAGS INTERNALDATE RFC822.SIZE)", KNOWN("1", "9"), "> $ OK done",
        "< UID FETCH 9 (UID BODY.PEEK[]<0.", "> * 1 FETCH (UID 9 BODY[]<0> {21}",
        ">>From: a@b.example\r\n\r\n", "> )", "> $ OK done", "< UID SEARCH UID 9:9", FOUND("9"),
        "< UID STORE 9 +FLAGS.SILENT (\\Seen)", "> $ OK done");
    str before = out.cursors;
    (void)listen_to(p, "", str_z(test_arena(), before), &t);
    mail_peer_close(p);
    assert_int_equal(t.mails, 1);
    assert_true(str_find(t.sign_cursors, S("\"careful\":0}")) > 0);
}

#define LOOKED(n, uid)                                                                             \
    "< UID FETCH " uid " (UID FLAGS INTERNALDATE RFC822.SIZE)", KNOWN(n, uid), "> $ OK done"
#define READ(n, uid) "< UID FETCH " uid " (UID BODY.PEEK[])", MAIL(n, uid), "> $ OK done"
#define CANNOT       "> $ NO Server error while fetching messages"

/* Yahoo's words. It is neither read nor marked, said once, and asked for again. */
static void a_mail_that_the_server_cannot_read_keeps_no_other_waiting(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1}, again = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("7", "12"), "< UID SEARCH UID 9:*", FOUND("9 10 11"),
        "< UID FETCH 9:11 (UID FLAGS INTERNALDATE RFC822.SIZE)", KNOWN("1", "9"), KNOWN("2", "10"),
        KNOWN("3", "11"), "> $ OK done", "< UID FETCH 9:11 (UID BODY.PEEK[])", CANNOT,
        READ("1", "9"), "< UID FETCH 10 (UID BODY.PEEK[])", CANNOT, READ("3", "11"),
        LOOKED("2", "10"), "< UID SEARCH UID 9:11", FOUND("9 10 11"),
        "< UID STORE 9,11 +FLAGS.SILENT (\\Seen)", "> $ OK done");
    (void)listen_to(p, "", "{\"uidvalidity\":7,\"uid\":8,\"told\":8,\"last_ms\":5}", &t);
    mail_peer_close(p);
    assert_int_equal(t.mails, 3);
    assert_true(str_starts(t.bodies[2], S("Subject: A mail that the mail server does not hand")));
    assert_true(str_find(t.bodies[2], S("number 10 of 7")) > 0);
    assert_true(str_find(t.sign_cursors, S("\"uid\":11,\"told\":11,")) > 0);
    assert_true(str_find(t.sign_cursors, S("\"left\":[10]")) > 0);
    p = MAIL_PEER(OPEN("7", "12"), LOOKED("2", "10"), READ("2", "10"), "< UID STORE 10 ",
        "> $ OK done", "< UID SEARCH UID 12:*", NOTHING);
    (void)listen_to(p, "", str_z(test_arena(), t.sign_cursors), &again);
    mail_peer_close(p);
    assert_int_equal(again.mails, 1);
    assert_true(str_find(again.sign_cursors, S("\"left\"")) < 0);
}

/* The server falls over it: the connection ends each time. */
static void a_mail_that_ends_each_connection_is_asked_for_no_more(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("7", "12"), "< UID SEARCH UID 9:*", FOUND("9 10"),
        "< UID FETCH 9:10 (UID FLAGS INTERNALDATE RFC822.SIZE)", KNOWN("1", "9"), KNOWN("2", "10"),
        "> $ OK done", "< UID FETCH 9:10 (UID BODY.PEEK[])");
    struct connector_polled out =
        listen_to(p, "", "{\"uidvalidity\":7,\"uid\":8,\"told\":8,\"last_ms\":5}", &t);
    mail_peer_close(p);
    assert_true(str_find(out.cursors, S("\"broke\":1,\"broke_uid\":0")) > 0);
    p = MAIL_PEER(OPEN("7", "12"), "< UID SEARCH UID 9:*", FOUND("9 10"),
        "< UID FETCH 9:10 (UID FLAGS INTERNALDATE RFC822.SIZE)", KNOWN("1", "9"), KNOWN("2", "10"),
        "> $ OK done", READ("1", "9"), "< UID FETCH 10 (UID BODY.PEEK[])");
    out = listen_to(p, "", str_z(test_arena(), out.cursors), &t);
    mail_peer_close(p);
    assert_int_equal(t.mails, 1);
    for (int i = 2; i <= 4; i++) {
        assert_true(str_find(out.cursors, S("\"uid\":9,\"told\":8,")) > 0);
        p = MAIL_PEER(OPEN("7", "12"), "< UID SEARCH UID 10:*", FOUND("10"), LOOKED("2", "10"),
            "< UID FETCH 10 (UID BODY.PEEK[])");
        out = listen_to(p, "", str_z(test_arena(), out.cursors), &t);
        mail_peer_close(p);
        assert_int_equal(t.mails, i < 4 ? 1 : 2);
    }
    assert_true(str_starts(t.bodies[1], S("Subject: A mail that the mail server does not hand")));
    assert_true(str_find(out.cursors, S("\"uid\":10,\"told\":8,")) > 0);
    assert_true(str_find(out.cursors, S("\"ended\":[10]")) > 0);
    assert_true(str_find(out.cursors, S("\"broke\"")) < 0);
    p = MAIL_PEER(OPEN("7", "12"), "< UID SEARCH UID 11:*", FOUND("11"), LOOKED("3", "11"),
        READ("3", "11"), "< UID SEARCH UID 9:11", FOUND("9 10 11"),
        "< UID STORE 9,11 +FLAGS.SILENT (\\Seen)", "> $ OK done");
    (void)listen_to(p, "", str_z(test_arena(), out.cursors), &t);
    mail_peer_close(p);
    assert_int_equal(t.mails, 3);
}

/* It says yes and gives nothing: no empty mail. */
static void a_mail_of_which_nothing_comes_is_none(void **state)
{
    (void)state;
    struct taken t = {.signs_most = 1}, gone = {.signs_most = 1};
    struct mail_peer *p = MAIL_PEER(OPEN("7", "10"), "< UID SEARCH UID 9:*", FOUND("9"),
        LOOKED("1", "9"), "< UID FETCH 9 (UID BODY.PEEK[])", "> * 1 FETCH (UID 9 BODY[] NIL)",
        "> $ OK done", LOOKED("1", "9"), "< UID SEARCH UID 9:9", FOUND("9"));
    (void)listen_to(p, "", "{\"uidvalidity\":7,\"uid\":8,\"told\":8,\"last_ms\":5}", &t);
    mail_peer_close(p);
    assert_int_equal(t.mails, 1);
    assert_true(str_starts(t.bodies[0], S("Subject: A mail that the mail server does not hand")));
    p = MAIL_PEER(OPEN("7", "10"), "< UID FETCH 9 (UID FLAGS INTERNALDATE RFC822.SIZE)",
        "> $ OK done", "< UID STORE 9 ", "> $ OK done", "< UID SEARCH UID 10:*", NOTHING);
    (void)listen_to(p, "", str_z(test_arena(), t.sign_cursors), &gone);
    mail_peer_close(p);
    assert_int_equal(gone.mails, 0);
    assert_true(str_find(gone.sign_cursors, S("\"left\"")) < 0);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(new_mails_are_stored_together_and_then_marked),
        TEST(what_could_not_be_stored_is_read_again),
        TEST(old_mails_are_neither_read_nor_marked),
        TEST(a_mail_that_is_told_while_another_is_read_is_not_forgotten),
        TEST(a_large_folder_with_few_mails_is_read_to_its_end),
        TEST(without_a_mail_since_then_the_old_ones_are_passed_over),
        TEST(what_came_between_the_creation_and_the_first_opening_is_read),
        TEST(a_folder_that_is_added_later_is_read_since_then),
        TEST(a_mailbox_with_new_numbers_is_read_since_the_day_before_its_newest),
        TEST(what_was_there_before_the_channel_stays_so_with_new_numbers),
        TEST(a_date_that_lies_ahead_hides_no_mail_with_new_numbers),
        TEST(another_mailbox_is_not_taken_for_the_one_before),
        TEST(a_mailbox_that_is_left_as_it_is_gets_no_marks),
        TEST(a_long_mail_takes_nothing_from_a_short_one),
        TEST(a_mail_that_the_server_cannot_read_keeps_no_other_waiting),
        TEST(a_mail_that_ends_each_connection_is_asked_for_no_more),
        TEST(a_mail_of_which_nothing_comes_is_none),
        TEST(sizes_that_are_a_lie_do_not_stop_a_mailbox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
