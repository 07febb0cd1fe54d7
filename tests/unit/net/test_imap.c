/* IMAP against scripted servers: what we say, what we make of what they say, and how it ends when
 * they are broken, hostile or gone. Against a real one: test_imap_dovecot.c. */
#include "mail_peer.h"
#include "test.h"

#include <pthread.h>
#include <string.h>

#include "base/limits.h"
#include "net/imap.h"

#define CAN   "IMAP4rev1 AUTH=PLAIN SASL-IR IDLE MOVE UIDPLUS"
#define GREET "> * OK ready", "< CAPABILITY", "> * CAPABILITY " CAN, "> $ OK done"
#define LOGIN                                                                                      \
    GREET, "< AUTHENTICATE PLAIN AGNhcmVAZXhhbXBsZS5jb20AczNjcmV0IHBhc3M=", "> $ OK in",           \
        "< CAPABILITY", "> * CAPABILITY " CAN, "> $ OK done"
#define OPEN                                                                                       \
    LOGIN, "< SELECT \"INBOX\"", "> * 3 EXISTS", "> * OK [UIDVALIDITY 7] kept",                    \
        "> * OK [UIDNEXT 11] next", "> $ OK [READ-WRITE] open"

static struct mail_server server_at(int port)
{
    const struct egress_rules *rules;
    str why;
    assert_ok(egress_rules_parse(test_arena(), S("mail=127.0.0.0/8"), &rules, &why));
    return (struct mail_server){.host = S("127.0.0.1"),
        .port = port,
        .security = MAIL_PLAIN,
        .user = S("care@example.com"),
        .secret = S("s3cret pass"),
        .rules = rules};
}

static void assert_end(const struct imap *imap, enum mail_end_kind kind, const char *words)
{
    struct mail_end end = imap_end(imap, test_arena());
    if (end.kind != kind || str_find(end.why, str_from(words)) < 0)
        fail_msg("%s: %.*s (expected: %s)", mail_end_kind_name(end.kind), SARG(end.why), words);
}

static struct imap *open_at(struct mail_peer *p)
{
    struct mail_server s = server_at(mail_peer_port(p));
    struct imap *imap = imap_make();
    if (imap_open(imap, &s, 60000) != OK) {
        struct mail_end end = imap_end(imap, test_arena());
        fail_msg("%.*s", SARG(end.why));
    }
    return imap;
}

static struct imap *inbox_at(struct mail_peer *p, struct imap_folder *folder)
{
    struct imap *imap = open_at(p);
    assert_ok(imap_select(imap, S("INBOX"), folder));
    return imap;
}

static void done(struct imap *imap, struct mail_peer *p)
{
    imap_close(imap);
    mail_peer_close(p);
}

/* A login that must end so. */
static void refuse_login(
    struct mail_peer *p, struct mail_server s, enum mail_end_kind kind, const char *words)
{
    struct imap *imap = imap_make();
    s.port = mail_peer_port(p);
    assert_err(imap_open(imap, &s, 60000), E_UPSTREAM);
    assert_false(imap_is_open(imap));
    assert_end(imap, kind, words);
    struct mail_end end = imap_end(imap, test_arena());
    assert_true(str_find(end.why, s.secret) < 0); /* no secrets in words */
    done(imap, p);
}

static void a_password_is_said_by_plain_in_one_line(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(LOGIN, "< LOGOUT");
    struct imap *imap = open_at(p);
    assert_true(imap_can(imap, S("idle")));
    assert_true(imap_can(imap, S("AUTH=PLAIN")));
    assert_false(imap_can(imap, S("PLAIN")));
    done(imap, p);
}

static void a_server_without_initial_answers_is_asked_first(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER("> * OK ready", "< CAPABILITY",
        "> * CAPABILITY IMAP4rev1 AUTH=PLAIN", "> $ OK done", "< AUTHENTICATE PLAIN", "> + ",
        "< AGNhcmVAZXhhbXBsZS5jb20AczNjcmV0IHBhc3M=", "> 2 OK in", "< CAPABILITY",
        "> * CAPABILITY IMAP4rev1", "> $ OK done", "< LOGOUT");
    done(open_at(p), p);
}

static void an_old_server_gets_login_with_quotes(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER("> * OK ready", "< CAPABILITY", "> * CAPABILITY IMAP4",
        "> $ OK done", "< LOGIN \"care@example.com\" \"a\\\"b\\\\c\"", "> $ OK in", "< CAPABILITY",
        "> * CAPABILITY IMAP4", "> $ OK done", "< LOGOUT");
    struct mail_server s = server_at(mail_peer_port(p));
    s.secret = S("a\"b\\c");
    struct imap *imap = imap_make();
    assert_ok(imap_open(imap, &s, 60000));
    done(imap, p);
}

static void a_refused_login_says_what_the_server_said(void **state)
{
    (void)state;
    struct mail_server s = server_at(0);
    refuse_login(MAIL_PEER(GREET, "< AUTHENTICATE",
                     "> $ NO [AUTHENTICATIONFAILED] Wrong\x01 password \xff!", "hang"),
        s, MAIL_BAD_LOGIN, "Wrong  password \xef\xbf\xbd!");
    refuse_login(MAIL_PEER(GREET, "< AUTHENTICATE", "> $ NO [UNAVAILABLE] Backend away", "hang"), s,
        MAIL_LATER, "Backend away");
    refuse_login(MAIL_PEER(GREET, "< AUTHENTICATE",
                     "> $ NO [ALERT] Too many simultaneous connections. (Failure)", "hang"),
        s, MAIL_LATER, "simultaneous");
    refuse_login(MAIL_PEER(GREET, "< AUTHENTICATE", "> $ BAD Request is throttled.", "hang"), s,
        MAIL_LATER, "throttled");
    refuse_login(MAIL_PEER(GREET, "< AUTHENTICATE", "> $ BAD no", "hang"), s, MAIL_BAD_LOGIN, "no");
    refuse_login(MAIL_PEER(GREET, "< AUTHENTICATE", "> * BYE [ALERT] Too many", "hang"), s,
        MAIL_LATER, "Too many");
    refuse_login(MAIL_PEER("> * OK ready", "< CAPABILITY", "> * CAPABILITY IMAP4rev1 LOGINDISABLED",
                     "> $ OK done", "hang"),
        s, MAIL_BAD_LOGIN, "takes no password");
}

static void a_token_is_said_as_google_and_microsoft_want_it(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER("> * OK ready", "< CAPABILITY",
        "> * CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2", "> $ OK done",
        "< AUTHENTICATE XOAUTH2 dXNlcj1jYXJlQGV4YW1wbGUuY29tAWF1dGg9QmVhcmVyIHlhMjkuc2V2YUFjY2Vzc1Rv"
        "a2VuAQE=",
        "> * CAPABILITY IMAP4rev1 IDLE", "> $ OK in", "< CAPABILITY",
        "> * CAPABILITY IMAP4rev1 IDLE", "> $ OK done", "< LOGOUT");
    struct mail_server s = server_at(mail_peer_port(p));
    s.login = MAIL_LOGIN_XOAUTH2;
    s.secret = S("ya29.sevaAccessToken");
    struct imap *imap = imap_make();
    assert_ok(imap_open(imap, &s, 60000));
    done(imap, p);
}

static void a_token_by_oauthbearer_names_host_and_port(void **state)
{
    (void)state;
    struct mail_server s = server_at(0);
    s.login = MAIL_LOGIN_OAUTHBEARER;
    s.secret = S("t");
    struct mail_peer *p = MAIL_PEER("> * OK ready", "< CAPABILITY",
        "> * CAPABILITY IMAP4rev1 SASL-IR AUTH=OAUTHBEARER", "> $ OK done",
        "< AUTHENTICATE OAUTHBEARER bixhPWNhcmVAZXhhbXBsZS5jb20sAWhvc3Q9MTI3LjAuMC4xAXBvcnQ9",
        "> $ OK done", "< CAPABILITY", "> * CAPABILITY IMAP4rev1", "> $ OK done", "< LOGOUT");
    s.port = mail_peer_port(p);
    struct imap *imap = imap_make();
    assert_ok(imap_open(imap, &s, 60000));
    done(imap, p);
}

static void sign_in_with(enum mail_login login, const char *offers, const char *says)
{
    struct mail_server s = server_at(0);
    s.login = login;
    s.secret = S("ya29.sevaAccessToken");
    struct mail_peer *p = MAIL_PEER("> * OK ready", "< CAPABILITY", offers, "> $ OK done", says,
        "> $ OK done", "< CAPABILITY", "> * CAPABILITY IMAP4rev1", "> $ OK done", "< LOGOUT");
    s.port = mail_peer_port(p);
    struct imap *imap = imap_make();
    assert_ok(imap_open(imap, &s, 60000));
    done(imap, p);
}

static void a_token_goes_the_way_that_is_offered(void **state)
{
    static const char bearer[] =
        "< AUTHENTICATE OAUTHBEARER bixhPWNhcmVAZXhhbXBsZS5jb20sAWhvc3Q9MTI3LjAuMC4xAXBvcnQ9";
    static const char xoauth2[] =
        "< AUTHENTICATE XOAUTH2 dXNlcj1jYXJlQGV4YW1wbGUuY29tAWF1dGg9QmVhcmVyIHlhMjku";
    static const char both[] = "> * CAPABILITY IMAP4rev1 SASL-IR AUTH=OAUTHBEARER AUTH=XOAUTH2";
    (void)state;
    sign_in_with(
        MAIL_LOGIN_XOAUTH2, "> * CAPABILITY IMAP4rev1 SASL-IR AUTH=OAUTHBEARER AUTH=PLAIN", bearer);
    sign_in_with(MAIL_LOGIN_OAUTHBEARER, "> * CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2", xoauth2);
    sign_in_with(MAIL_LOGIN_XOAUTH2, both, xoauth2);
    sign_in_with(MAIL_LOGIN_OAUTHBEARER, both, bearer);
}

/* {"status":"400","schemes":"Bearer","scope":"mail"} */
#define CHALLENGE "eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJtYWlsIn0="

static void a_refused_token_is_answered_and_explained(void **state)
{
    (void)state;
    struct mail_server s = server_at(0);
    s.login = MAIL_LOGIN_XOAUTH2;
    s.secret = S("expired");
    struct mail_peer *p = MAIL_PEER("> * OK ready", "< CAPABILITY",
        "> * CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2", "> $ OK done", "< AUTHENTICATE XOAUTH2",
        "> + " CHALLENGE, "< ", "> 2 NO SASL authentication failed", "hang");
    refuse_login(p, s, MAIL_BAD_LOGIN, "\"status\":\"400\"");
    s.login = MAIL_LOGIN_OAUTHBEARER;
    p = MAIL_PEER("> * OK ready", "< CAPABILITY",
        "> * CAPABILITY IMAP4rev1 SASL-IR AUTH=OAUTHBEARER", "> $ OK done",
        "< AUTHENTICATE OAUTHBEARER", "> + " CHALLENGE, "< AQ==", "> 2 NO failed", "hang");
    refuse_login(p, s, MAIL_BAD_LOGIN, "sign in again");
    struct sb b = sb_make(test_arena(), 0); /* reasons without end */
    sb_add(&b, S("> + "));
    for (int i = 0; i < 500000; i++)
        sb_byte(&b, 'e');
    p = MAIL_PEER("> * OK ready", "< CAPABILITY",
        "> * CAPABILITY IMAP4rev1 SASL-IR AUTH=OAUTHBEARER", "> $ OK done",
        "< AUTHENTICATE OAUTHBEARER", str_z(test_arena(), sb_str(&b)), "< AQ==", "> 2 NO failed",
        "hang");
    refuse_login(p, s, MAIL_BAD_LOGIN, "");
    s.login = MAIL_LOGIN_XOAUTH2;
    p = MAIL_PEER("> * OK ready", "< CAPABILITY", "> * CAPABILITY IMAP4rev1 AUTH=PLAIN",
        "> $ OK done", "hang");
    refuse_login(p, s, MAIL_BAD_LOGIN, "takes no tokens");
}

static void a_secret_beyond_all_measure_is_refused_before_it_is_said(void **state)
{
    (void)state;
    static const enum mail_login logins[] = {
        MAIL_LOGIN_PASSWORD, MAIL_LOGIN_XOAUTH2, MAIL_LOGIN_OAUTHBEARER};
    char *secret = NEW(test_arena(), char, 4 << 20);
    memset(secret, 's', 4 << 20);
    struct mail_server s = server_at(0);
    s.secret = str_of(secret, 4 << 20);
    for (int i = 0; i < 3; i++) {
        s.login = logins[i];
        refuse_login(MAIL_PEER("> * OK ready", "hang"), s, MAIL_BAD_LOGIN, "too long");
    }
}

static void no_password_is_said_before_starttls(void **state)
{
    (void)state;
    struct mail_server s = server_at(0);
    s.security = MAIL_STARTTLS;
    refuse_login(MAIL_PEER("> * OK ready", "< CAPABILITY", "> * CAPABILITY IMAP4rev1 AUTH=PLAIN",
                     "> $ OK done", "hang"),
        s, MAIL_NO_TLS, "no STARTTLS");
    refuse_login(MAIL_PEER("> * PREAUTH come in", "hang"), s, MAIL_NO_TLS, "before TLS");
    refuse_login(MAIL_PEER("> * OK ready", "< CAPABILITY", "> * CAPABILITY IMAP4rev1 STARTTLS",
                     "> $ OK done", "< STARTTLS", "> $ NO not today", "hang"),
        s, MAIL_REFUSED, "not today");
    refuse_login(MAIL_PEER("> * OK ready", "< CAPABILITY", "> * CAPABILITY IMAP4rev1 STARTTLS",
                     "> $ OK done", "< STARTTLS",
                     ">>2 OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", "hang"),
        s, MAIL_NO_TLS, "in the clear");
}

static void after_starttls_what_was_said_before_counts_no_more(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER_TLS("IP:127.0.0.1", false,
        "> * OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=EVIL] ready", "< STARTTLS", "> $ OK go", "tls",
        "< CAPABILITY", "> * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR", "> $ OK done",
        "< AUTHENTICATE PLAIN", "> $ OK in", "< CAPABILITY", "> * CAPABILITY IMAP4rev1",
        "> $ OK done", "< LOGOUT");
    struct mail_server s = server_at(mail_peer_port(p));
    s.security = MAIL_STARTTLS;
    s.ca_file = mail_peer_ca(p);
    struct imap *imap = imap_make();
    assert_ok(imap_open(imap, &s, 60000));
    done(imap, p);
}

static void what_is_no_imap_server_is_said_to_be_none(void **state)
{
    (void)state;
    struct mail_server s = server_at(0);
    refuse_login(
        MAIL_PEER("> 220 mail.example ESMTP", "hang"), s, MAIL_BAD_ANSWER, "no IMAP server");
    refuse_login(MAIL_PEER("> * BYE overloaded"), s, MAIL_LATER, "overloaded");
    refuse_login(MAIL_PEER(">>* OK hal"), s, MAIL_LOST, "closed the connection");
}

static void a_folder_tells_its_uids_and_its_size(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER("> * OK ready", "< CAPABILITY",
        "> * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR CONDSTORE", "> $ OK done", "< AUTHENTICATE",
        "> $ OK done", "< CAPABILITY", "> * CAPABILITY IMAP4rev1 CONDSTORE", "> $ OK done",
        "< SELECT \"Entw&APw-rfe &- &2D3eAA-\" (CONDSTORE)", "> * FLAGS (\\Seen)", "> * 172 EXISTS",
        "> * 1 RECENT", "> * OK [UNSEEN 12] first", "> * OK [UIDVALIDITY 3857529045] valid",
        "> * OK [UIDNEXT 4392] next", "> * OK [HIGHESTMODSEQ 715194045007] high",
        "> $ OK [READ-ONLY] done", "< SELECT \"gone\"", "> $ NO Mailbox doesn't exist: gone",
        "< LOGOUT");
    struct imap *imap = open_at(p);
    struct imap_folder f;
    assert_ok(imap_select(imap, S("Entw\u00fcrfe & \U0001F600"), &f));
    assert_int_equal(f.uidvalidity, 3857529045U);
    assert_int_equal(f.uidnext, 4392);
    assert_int_equal(f.exists, 172);
    assert_int_equal(f.highest_modseq, 715194045007);
    assert_true(f.is_read_only);
    assert_err(imap_select(imap, S("gone"), &f), E_UPSTREAM);
    assert_end(imap, MAIL_BAD_FOLDER, "doesn't exist");
    assert_true(imap_is_open(imap));
    assert_err(imap_search(imap, test_arena(), 0, &(uint32_t){UINT32_MAX}, 0, 10, &(uint32_t *){0},
                   &(ptrdiff_t){0}),
        E_UPSTREAM);
    assert_end(imap, MAIL_BAD_FOLDER, "no folder is open");
    assert_err(imap_select(imap, S("a\xff"), &f), E_UPSTREAM);
    done(imap, p);
}

static void the_last_mail_is_not_new_because_a_search_names_it(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(OPEN, "< UID SEARCH UID 11:*", "> * SEARCH 10", "> $ OK done",
        "< UID SEARCH UID 8:*", "> * SEARCH 10 9 9 3", "> * SEARCH 12 8", "> $ OK done",
        "< UID SEARCH UID 1:* SINCE 31-Dec-2025", "> * SEARCH", "> $ OK done", "< LOGOUT");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    uint32_t *uids;
    ptrdiff_t n = 5;
    assert_ok(imap_search(imap, test_arena(), 10, &(uint32_t){UINT32_MAX}, 0, 100, &uids, &n));
    assert_int_equal(n, 0);
    assert_ok(imap_search(imap, test_arena(), 7, &(uint32_t){UINT32_MAX}, 0, 3, &uids, &n));
    assert_int_equal(n, 3);
    assert_int_equal(uids[0], 8);
    assert_int_equal(uids[1], 9);
    assert_int_equal(uids[2], 10);
    assert_ok(
        imap_search(imap, test_arena(), 0, &(uint32_t){UINT32_MAX}, TEST_NOW_MS, 100, &uids, &n));
    assert_int_equal(n, 0);
    assert_ok(imap_search(imap, test_arena(), UINT32_MAX, &(uint32_t){UINT32_MAX}, 0, 100, &uids,
        &n)); /* asks nobody */
    done(imap, p);
}

static void a_large_folder_is_searched_in_stretches(void **state)
{
    (void)state;
    struct mail_peer *p =
        MAIL_PEER(LOGIN, "< SELECT", "> * 90000 EXISTS", "> * OK [UIDVALIDITY 7] kept",
            "> * OK [UIDNEXT 90001] next", "> $ OK done", "< UID SEARCH UID 1:10000", "> * SEARCH",
            "> $ OK done", "< UID SEARCH UID 10001:30000", "> * SEARCH 10005", "> $ OK done",
            "< UID SEARCH UID 89991:*", "> * SEARCH 90000", "> $ OK done", "< LOGOUT");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    uint32_t *uids;
    ptrdiff_t n = 0;
    assert_ok(imap_search(imap, test_arena(), 0, &(uint32_t){UINT32_MAX}, 0, 100, &uids, &n));
    assert_int_equal(n, 1);
    assert_ok(imap_search(imap, test_arena(), 89990, &(uint32_t){UINT32_MAX}, 0, 100, &uids, &n));
    assert_int_equal(uids[0], 90000);
    done(imap, p);
}

static void a_mails_data_may_come_in_any_order_and_in_parts(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(OPEN, "< UID FETCH 4:6,9 (UID FLAGS INTERNALDATE RFC822.SIZE)",
        "> * 2 FETCH (RFC822.SIZE 77 INTERNALDATE \"01-Jan-2026 02:00:00 +0200\" FLAGS (\\Seen "
        "\\Answered $Label custom) UID 5)",
        "> * 5 EXISTS", "> * 1 FETCH (UID 4 RFC822.SIZE 12)", "> * 9 FETCH (UID 99 RFC822.SIZE 1)",
        "> * 1 FETCH (FLAGS (\\Deleted) UID 4)", "> * 3 FETCH (FLAGS ())", "> $ OK done",
        "< LOGOUT");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    const uint32_t uids[] = {9, 5, 4, 6, 5};
    struct imap_mail *mails;
    ptrdiff_t n = 0;
    assert_ok(imap_look(imap, test_arena(), uids, 5, &mails, &n));
    assert_int_equal(n, 2); /* 6 and 9 are gone, 99 was not asked for */
    assert_int_equal(mails[0].uid, 4);
    assert_true(mails[0].is_deleted);
    assert_false(mails[0].is_seen);
    assert_int_equal(mails[0].arrived_ms, 0);
    assert_int_equal(mails[1].uid, 5);
    assert_int_equal(mails[1].size, 77);
    assert_int_equal(mails[1].arrived_ms, TEST_NOW_MS);
    assert_true(mails[1].is_seen && mails[1].is_answered);
    done(imap, p);
}

/* What a sink was given. */
struct got {
    struct sb text;
    int calls, most; /* most: the call that is answered with no; 0 = none */
};

static bool keep(void *arg, uint32_t uid, str bytes, enum imap_piece piece)
{
    struct got *g = arg;
    static const char *const names[] = {"+", ".", "!"};
    sb_print(&g->text, "%u:%.*s%s ", uid, SARG(bytes), names[piece]);
    return ++g->calls != g->most;
}

static void small_mails_come_many_to_a_command_and_whole(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(OPEN, "< UID FETCH 4:7 (UID BODY.PEEK[])",
        ">>* 2 FETCH (BODY[] {5}\r\na\r\nb) UID 5)\r\n", "> * 1 FETCH (UID 4 BODY[] \"q\\\"uo\")",
        "> * 3 FETCH (UID 6 BODY[] NIL)", ">>* 2 FETCH (UID 5 BODY[] {3}\r\nxyz)\r\n",
        ">>* 4 FETCH (UID 7 BODY[] {11}\r\n0123456789a)\r\n", "> $ OK done", "< LOGOUT");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    const struct imap_mail mails[] = {
        {.uid = 4, .size = 5},
        {.uid = 5, .size = 4},
        {.uid = 6, .size = 1},
        {.uid = 7, .size = 9}
    };
    struct got g = {.text = sb_make(test_arena(), 0)};
    assert_ok(imap_fetch(imap, mails, 4, 10, keep, &g));
    assert_str(sb_str(&g.text), "5:a\r\nb). 4:q\"uo. 7:! ");
    done(imap, p);
}

static void a_big_mail_comes_in_pieces_until_one_is_short(void **state)
{
    (void)state;
    char *piece = NEW(test_arena(), char, LIMIT_IMAP_PIECE_BYTES + 1);
    memset(piece, 'x', LIMIT_IMAP_PIECE_BYTES);
    char *first =
        str_z(test_arena(), str_print(test_arena(), ">>* 1 FETCH (UID 4 BODY[]<0> {%d}\r\n%s)\r\n",
                                LIMIT_IMAP_PIECE_BYTES, piece));
    struct mail_peer *p = MAIL_PEER(OPEN, "< UID FETCH 4 (UID BODY.PEEK[]<0.524288>)", first,
        "> $ OK done", "< UID FETCH 4 (UID BODY.PEEK[]<524288.524288>)",
        "> * 1 FETCH (UID 4 BODY[]<524288> \"end\")", "> $ OK done",
        "< UID FETCH 4 (UID BODY.PEEK[]<0.524288>)", first, "> $ OK done",
        "< UID FETCH 9 (UID BODY.PEEK[]<0.524288>)", "> $ OK nothing", "< LOGOUT");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    const struct imap_mail big = {.uid = 4, .size = LIMIT_IMAP_PIECE_BYTES + 3};
    struct got g = {.text = sb_make(test_arena(), 0)};
    assert_ok(imap_fetch(imap, &big, 1, 1 << 20, keep, &g));
    assert_int_equal(g.calls, 2);
    assert_true(str_ends(sb_str(&g.text), S("x+ 4:end. ")));
    g = (struct got){.text = sb_make(test_arena(), 0)};
    assert_ok(imap_fetch(imap, &big, 1, 1000, keep, &g));
    assert_str(sb_str(&g.text), "4:! ");
    const struct imap_mail gone = {.uid = 9}; /* of unknown size */
    assert_ok(imap_fetch(imap, &gone, 1, 1 << 20, keep, &g));
    assert_int_equal(g.calls, 1);
    done(imap, p);
}

static void who_takes_no_more_ends_the_connection(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(OPEN, "< UID FETCH 4:5", "> * 1 FETCH (UID 4 BODY[] \"a\")",
        "> * 2 FETCH (UID 5 BODY[] \"b\")", "> $ OK done", "hang");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    const struct imap_mail mails[] = {
        {.uid = 4, .size = 1},
        {.uid = 5, .size = 1}
    };
    struct got g = {.text = sb_make(test_arena(), 0), .most = 1};
    assert_err(imap_fetch(imap, mails, 2, 100, keep, &g), E_UPSTREAM);
    assert_end(imap, MAIL_CANCELLED, "");
    assert_false(imap_is_open(imap));
    done(imap, p);
}

static void a_header_comes_alone(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(OPEN, "< UID FETCH 4 (UID BODY.PEEK[HEADER]<0.262144>)",
        ">>* 1 FETCH (UID 4 BODY[HEADER]<0> {10}\r\nA: b\r\n\r\n\r\n)\r\n", "> $ OK done",
        "< LOGOUT");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    str header;
    assert_ok(imap_fetch_header(imap, test_arena(), 4, &header));
    assert_str(header, "A: b\r\n\r\n\r\n");
    done(imap, p);
}

static void mails_are_marked_and_moved(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(OPEN, "< UID STORE 4:5 +FLAGS.SILENT (\\Seen)", "> $ OK done",
        "< UID MOVE 4:5 \"Done \\\"2026\\\"\"", "> * OK [COPYUID 9 4:5 1:2] moved", "> * 1 EXPUNGE",
        "> $ OK done", "< UID MOVE 4 \"None\"", "> $ NO [TRYCREATE] no such folder", "< LOGOUT");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    const uint32_t uids[] = {4, 5};
    assert_ok(imap_mark_seen(imap, uids, 2));
    assert_ok(imap_mark_seen(imap, uids, 0)); /* asks nobody */
    assert_ok(imap_move(imap, uids, 2, S("Done \"2026\"")));
    assert_err(imap_move(imap, uids, 1, S("None")), E_UPSTREAM);
    assert_end(imap, MAIL_BAD_FOLDER, "no such folder");
    done(imap, p);
}

static void a_server_without_move_copies_and_removes_only_these(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(GREET, "< AUTHENTICATE", "> $ OK done", "< CAPABILITY",
        "> * CAPABILITY IMAP4rev1 UIDPLUS", "> $ OK done", "< SELECT", "> $ OK done",
        "< UID COPY 4:5 \"Done\"", "> $ OK done", "< UID STORE 4:5 +FLAGS.SILENT (\\Deleted)",
        "> $ OK done", "< UID EXPUNGE 4:5", "> $ OK done", "< LOGOUT");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    const uint32_t uids[] = {4, 5};
    assert_ok(imap_move(imap, uids, 2, S("Done")));
    done(imap, p);
    p = MAIL_PEER(GREET, "< AUTHENTICATE", "> $ OK done", "< CAPABILITY",
        "> * CAPABILITY IMAP4rev1", "> $ OK done", "< SELECT", "> $ OK done",
        "< UID COPY 4 \"Done\"", "> $ OK done", "< UID STORE 4 +FLAGS.SILENT (\\Deleted)",
        "> $ OK done", "< LOGOUT");
    imap = inbox_at(p, &f);
    assert_ok(imap_move(imap, uids, 1, S("Done")));
    done(imap, p);
}

static void folders_are_listed_with_their_use_and_real_names(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(GREET, "< AUTHENTICATE", "> $ OK done", "< CAPABILITY",
        "> * CAPABILITY IMAP4rev1 SPECIAL-USE LIST-EXTENDED", "> $ OK done",
        "< LIST \"\" \"*\" RETURN (SPECIAL-USE)", "> * LIST (\\HasNoChildren) \".\" inbox",
        "> * LIST (\\HasNoChildren \\Sent) \"/\" \"Gesendet &- &2D3eAA-\"",
        "> * LIST (\\Noselect) NIL \"[Gmail]\"",
        "> * LIST (\\NonExistent \\Trash) \"/\" \"B &ACYAK-in\"",
        ">>* LIST () \"/\" {3}\r\nlit\r\n", "> * LIST () \"/\" \"a\xff\"", "> $ OK done",
        "< LOGOUT");
    struct imap *imap = open_at(p);
    struct imap_place *places;
    ptrdiff_t n = 0;
    assert_ok(imap_list(imap, test_arena(), &places, &n));
    assert_int_equal(n, 5);
    assert_str(places[0].name, "INBOX");
    assert_str(places[0].use, "Inbox");
    assert_int_equal(places[0].delimiter, '.');
    assert_str(places[1].name, "Gesendet & \U0001F600");
    assert_str(places[1].use, "Sent");
    assert_true(places[1].can_select);
    assert_false(places[2].can_select);
    assert_str(places[3].name, "B &ACYAK-in"); /* no modified UTF-7: as it stands */
    assert_false(places[3].can_select);
    assert_str(places[4].name, "lit");
    done(imap, p);
}

static bool from_text(void *arg, bool (*put)(void *to, str piece), void *to)
{
    str rest = *(const str *)arg;
    while (rest.len && put(to, str_sub(rest, 0, 3))) /* in small bites */
        rest = str_skip(rest, 3);
    return !rest.len;
}

static void a_copy_is_stored_byte_by_byte(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(LOGIN,
        "< APPEND \"Sent\" (\\Seen) \"01-Jan-2026 00:00:00 +0000\" {9}", "> * 4 EXISTS",
        "> + ready", "< A: b", "< c", "< ", "> 4 OK [APPENDUID 7 4711] done", "< APPEND \"None\"",
        "> $ NO [TRYCREATE] none", "< APPEND \"Sent\"", "> + ready", "<!3", "hang");
    struct imap *imap = open_at(p);
    str text = S("A: b\r\nc\r\n");
    uint32_t uid = 0;
    assert_ok(imap_append(imap, S("Sent"), TEST_NOW_MS, text.len, from_text, &text, &uid));
    assert_int_equal(uid, 4711);
    assert_err(imap_append(imap, S("None"), TEST_NOW_MS, 9, from_text, &text, NULL), E_UPSTREAM);
    assert_end(imap, MAIL_BAD_FOLDER, "none");
    assert_true(imap_is_open(imap));
    text = S("abc"); /* shorter than said */
    assert_err(imap_append(imap, S("Sent"), TEST_NOW_MS, 9, from_text, &text, NULL), E_UPSTREAM);
    assert_end(imap, MAIL_CANCELLED, "shorter");
    assert_false(imap_is_open(imap));
    mail_peer_may_stop(p);
    done(imap, p);
}

static void a_wait_ends_when_the_folder_grows(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(OPEN, "< UID SEARCH", "> * SEARCH", "> $ OK done", "< IDLE",
        "> + idling", "> * OK Still here", "> * 1 FETCH (FLAGS (\\Seen))", "> * 4 EXISTS", "< DONE",
        "> $ OK idled", "< UID SEARCH", "> * SEARCH 11", "> $ OK done", "< IDLE", "> * 5 EXISTS",
        "> + idling", "< DONE", "> $ OK done", "< UID SEARCH", "> * SEARCH 11 12", "> * 6 EXISTS",
        "> $ OK done", "< LOGOUT");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    uint32_t *uids;
    ptrdiff_t n = 0;
    enum imap_news news = IMAP_NO_NEWS;
    assert_ok(imap_idle(imap, 60000, &news)); /* the mails that were there from the start */
    assert_int_equal(news, IMAP_NEWS);
    assert_ok(imap_search(imap, test_arena(), 10, &(uint32_t){UINT32_MAX}, 0, 10, &uids, &n));
    assert_ok(imap_idle(imap, 60000, &news));
    assert_int_equal(news, IMAP_NEWS);
    assert_ok(imap_search(imap, test_arena(), 10, &(uint32_t){UINT32_MAX}, 0, 10, &uids, &n));
    assert_int_equal(n, 1);
    assert_ok(imap_idle(imap, 60000, &news)); /* told before IDLE had begun */
    assert_int_equal(news, IMAP_NEWS);
    assert_ok(imap_search(imap, test_arena(), 10, &(uint32_t){UINT32_MAX}, 0, 10, &uids, &n));
    assert_ok(imap_idle(imap, 60000, &news)); /* told while the search was answered */
    assert_int_equal(news, IMAP_NEWS);
    done(imap, p);
}

static void *wake_main(void *arg)
{
    imap_wake(arg);
    return NULL;
}

static void *cancel_main(void *arg)
{
    imap_cancel(arg);
    return NULL;
}

static void a_wait_ends_by_time_by_a_wake_and_by_a_cancel(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(LOGIN, "< SELECT", "> $ OK done", "< IDLE", "> + ", "< DONE",
        "> $ OK done", "< IDLE", "> + ", "< DONE", "> $ OK done", "< IDLE", "> + ", "hang");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    enum imap_news news = IMAP_NEWS;
    pthread_t thread;
    assert_ok(imap_idle(imap, 20, &news));
    assert_int_equal(news, IMAP_NO_NEWS);
    assert_int_equal(pthread_create(&thread, NULL, wake_main, imap), 0);
    assert_ok(imap_idle(imap, 60000, &news));
    assert_int_equal(news, IMAP_WOKEN);
    pthread_join(thread, NULL);
    assert_int_equal(pthread_create(&thread, NULL, cancel_main, imap), 0);
    assert_err(imap_idle(imap, 60000, &news), E_UPSTREAM);
    assert_end(imap, MAIL_CANCELLED, "");
    pthread_join(thread, NULL);
    mail_peer_may_stop(p);
    done(imap, p);
}

static void a_server_that_ends_idle_itself_is_asked_again(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(LOGIN, "< SELECT", "> $ OK done", "< IDLE", "> + ",
        "> $ OK timed out", "< IDLE", "> + ", "> * 9 EXISTS", "< DONE", "> $ OK done", "< LOGOUT");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    enum imap_news news = IMAP_NO_NEWS;
    assert_ok(imap_idle(imap, 60000, &news));
    assert_int_equal(news, IMAP_NEWS);
    done(imap, p);
}

static void without_idle_the_server_is_asked(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(GREET, "< AUTHENTICATE", "> $ OK done", "< CAPABILITY",
        "> * CAPABILITY IMAP4rev1", "> $ OK done", "< SELECT", "> $ OK done", "< NOOP",
        "> * 7 EXISTS", "> $ OK done", "< LOGOUT");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    enum imap_news news = IMAP_NO_NEWS;
    assert_ok(imap_idle(imap, 10, &news));
    assert_int_equal(news, IMAP_NEWS);
    done(imap, p);
}

/* The server answers a look at mails like this; the connection must end so. */
static void hostile(const char *answer, enum mail_end_kind kind, const char *words)
{
    struct mail_peer *p = MAIL_PEER(OPEN, "< UID FETCH", answer, "hang");
    mail_peer_may_stop(p);
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    const struct imap_mail mails[] = {
        {.uid = 4, .size = 50}
    };
    struct got g = {.text = sb_make(test_arena(), 0)};
    imap_limit(imap, kind == MAIL_DONE ? 200 : 60000, 60000);
    assert_err(imap_fetch(imap, mails, 1, 100, keep, &g), E_UPSTREAM);
    if (kind != MAIL_DONE)
        assert_end(imap, kind, words);
    assert_false(imap_is_open(imap));
    done(imap, p);
}

static void hostile_lengths_end_the_connection_before_memory_is_taken(void **state)
{
    (void)state;
    hostile(">>* 1 FETCH (UID 4 BODY[] {4294967295}\r\n", MAIL_BAD_ANSWER, "longer piece");
    hostile(">>* 1 FETCH (UID 4 BODY[] {4294967296}\r\n", MAIL_BAD_ANSWER, "longer piece");
    hostile(
        ">>* 1 FETCH (UID 4 BODY[] {99999999999999999999}\r\n", MAIL_BAD_ANSWER, "longer piece");
    hostile(">>* 1 FETCH (UID 4 BODY[] {1048577}\r\n", MAIL_BAD_ANSWER, "longer piece");
    hostile(">>* 1 FETCH (UID 4 BODY[] {-5}\r\n)\r\n4 OK done\r\n", MAIL_DONE, "");
    hostile(">>* 1 FETCH (UID 4 BODY[] {}\r\n)\r\n", MAIL_BAD_ANSWER, "");
    hostile(">>* 1 FETCH (UID 4 BODY[] {12a}\r\n)\r\n", MAIL_BAD_ANSWER, "");
}

static void broken_answers_end_the_connection(void **state)
{
    (void)state;
    static const char *const answers[] = {"> * 1 FETCH (UID 4 BODY[] \"never ends)",
        "> * 1 FETCH UID 4", "> * 1 FETCH (UID x)", "> * FETCH", "> *", "> nothing", "> 4",
        ">>\x01\x02\x03\r\n", "> * 1 FETCH (BODY (((((\"a\" \"b\") \"c\") \"d\")) UID 4)",
        "> * LIST (\\a", "> * SEARCH 1 x", "> * 4294967296 EXISTS", "> * 1 FETCH (UID 4294967296)",
        "> * STATUS a (MESSAGES", "> * OK [UIDNEXT",
        "> * 1 FETCH (INTERNALDATE \"99-Foo-99 99:99:99 +9999\")",
        "> * 1 FETCH (ENVELOPE (NIL NIL NIL", "> + more", "> 999 OK somebody else's"};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        hostile(answers[i], MAIL_DONE, "");
}

static void nesting_ends_the_connection(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S("> * 1 FETCH (X-NESTED "));
    for (int i = 0; i < 50000; i++)
        sb_byte(&b, '(');
    hostile(str_z(test_arena(), sb_str(&b)), MAIL_BAD_ANSWER, "parentheses");
}

static void floods_end_the_connection(void **state)
{
    (void)state;
    hostile("many 30000 * 1 EXPUNGE", MAIL_BAD_ANSWER, "too many lines");
    hostile("many 30000 * OK [ALERT] pay attention", MAIL_BAD_ANSWER, "too many lines");
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S(">>* SEARCH"));
    for (int i = 0; i < 600000; i++)
        sb_add(&b, S(" 1"));
    hostile(str_z(test_arena(), sb_str(&b)), MAIL_BAD_ANSWER, "too long");
    hostile("> * FLAGS (\"a\" \"b\")", MAIL_BAD_ANSWER, "a flag is no word");
}

static void a_server_that_stops_inside_a_literal_is_given_up(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(OPEN, "< UID FETCH", ">>* 1 FETCH (UID 4 BODY[] {100}\r\nabc");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    const struct imap_mail mails[] = {
        {.uid = 4, .size = 50}
    };
    struct got g = {.text = sb_make(test_arena(), 0)};
    assert_err(imap_fetch(imap, mails, 1, 100, keep, &g), E_UPSTREAM);
    assert_end(imap, MAIL_LOST, "closed the connection");
    assert_int_equal(g.calls, 0); /* half a mail is none */
    done(imap, p);
    p = MAIL_PEER(OPEN, "< UID FETCH", ">>* 1 FETCH (UID 4 BODY[] {100}\r\nabc", "hang");
    imap = inbox_at(p, &f);
    imap_limit(imap, 50, 60000);
    assert_err(imap_fetch(imap, mails, 1, 100, keep, &g), E_UPSTREAM);
    assert_end(imap, MAIL_LOST, "in time");
    done(imap, p);
}

static void a_goodbye_ends_any_command_with_its_words(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER(OPEN, "< NOOP", "> * BYE shutting down", "> 4 OK done", "hang");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    assert_err(imap_noop(imap), E_UPSTREAM);
    assert_end(imap, MAIL_LOST, "shutting down");
    assert_err(imap_noop(imap), E_UPSTREAM); /* and again: the reason stays */
    assert_end(imap, MAIL_LOST, "shutting down");
    done(imap, p);
    p = MAIL_PEER(OPEN, "< UID SEARCH", "> * SEARCH", "> $ OK done", "< IDLE", "> + ",
        "> * BYE Session expired", "hang");
    imap = inbox_at(p, &f);
    enum imap_news news;
    uint32_t *uids;
    ptrdiff_t n;
    assert_ok(imap_search(imap, test_arena(), 10, &(uint32_t){UINT32_MAX}, 0, 10, &uids, &n));
    assert_err(imap_idle(imap, 60000, &news), E_UPSTREAM);
    assert_end(imap, MAIL_LOST, "Session expired");
    done(imap, p);
}

static void a_message_id_is_searched_for(void **state)
{
    (void)state;
    struct mail_peer *p =
        MAIL_PEER(OPEN, "< UID SEARCH HEADER Message-ID \"<a.b@c>\"", "> * SEARCH 4", "> $ OK done",
            "< UID SEARCH HEADER Message-ID \"<d>\"", "> * SEARCH", "> $ OK done", "< LOGOUT");
    struct imap_folder f;
    struct imap *imap = inbox_at(p, &f);
    bool is_there = false;
    assert_ok(imap_has_message_id(imap, S("<a.b@c>"), &is_there));
    assert_true(is_there);
    assert_ok(imap_has_message_id(imap, S("<d>"), &is_there));
    assert_false(is_there);
    assert_err(imap_has_message_id(imap, S("<a\r\nb>"), &is_there), E_UPSTREAM);
    done(imap, p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_password_is_said_by_plain_in_one_line),
        TEST(a_server_without_initial_answers_is_asked_first),
        TEST(an_old_server_gets_login_with_quotes),
        TEST(a_refused_login_says_what_the_server_said),
        TEST(a_token_is_said_as_google_and_microsoft_want_it),
        TEST(a_token_by_oauthbearer_names_host_and_port),
        TEST(a_token_goes_the_way_that_is_offered),
        TEST(a_refused_token_is_answered_and_explained),
        TEST(a_secret_beyond_all_measure_is_refused_before_it_is_said),
        TEST(no_password_is_said_before_starttls),
        TEST(after_starttls_what_was_said_before_counts_no_more),
        TEST(what_is_no_imap_server_is_said_to_be_none),
        TEST(a_folder_tells_its_uids_and_its_size),
        TEST(the_last_mail_is_not_new_because_a_search_names_it),
        TEST(a_large_folder_is_searched_in_stretches),
        TEST(a_mails_data_may_come_in_any_order_and_in_parts),
        TEST(small_mails_come_many_to_a_command_and_whole),
        TEST(a_big_mail_comes_in_pieces_until_one_is_short),
        TEST(who_takes_no_more_ends_the_connection),
        TEST(a_header_comes_alone),
        TEST(mails_are_marked_and_moved),
        TEST(a_server_without_move_copies_and_removes_only_these),
        TEST(folders_are_listed_with_their_use_and_real_names),
        TEST(a_copy_is_stored_byte_by_byte),
        TEST(a_wait_ends_when_the_folder_grows),
        TEST(a_wait_ends_by_time_by_a_wake_and_by_a_cancel),
        TEST(a_server_that_ends_idle_itself_is_asked_again),
        TEST(without_idle_the_server_is_asked),
        TEST(hostile_lengths_end_the_connection_before_memory_is_taken),
        TEST(broken_answers_end_the_connection),
        TEST(nesting_ends_the_connection),
        TEST(floods_end_the_connection),
        TEST(a_server_that_stops_inside_a_literal_is_given_up),
        TEST(a_goodbye_ends_any_command_with_its_words),
        TEST(a_message_id_is_searched_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
