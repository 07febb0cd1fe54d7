/* Mail through a real OpenSMTPD: TLS from the start and by STARTTLS, its logins, its refusals, and
 * what arrives in the mailbox. Skipped, with the reason, where it cannot run. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "opensmtpd.h"
#include "smtp_peer.h"

static struct opensmtpd *server;
static const char *off = "not started";

static int stop(void **state)
{
    (void)state;
    if (server != NULL)
        opensmtpd_stop(server);
    return 0;
}

/* One for all tests, started by the first. */
static void need_server(void)
{
    static bool was_tried;
    static char words[500];
    const char *why;
    if (!was_tried) {
        was_tried = true;
        server = opensmtpd_start(0, &why);
        if (server == NULL) {
            snprintf(words, sizeof words, "%s", why);
            off = words;
        }
    }
    if (server == NULL) {
        print_message("# SKIP %s\n", off);
        skip();
    }
}

static bool write_text(void *arg, bool (*put)(void *to, str piece), void *to)
{
    return put(to, str_from(arg));
}

static struct smtp_mail mail_of(const char *text, const str *to, int n_to)
{
    return (struct smtp_mail){.from = S("care@example.com"),
        .to = to,
        .n_to = n_to,
        .source = write_text,
        .source_arg = (void *)(uintptr_t)text,
        .size_bytes = (int64_t)strlen(text)};
}

static struct smtp *open_to(const struct smtp_options *o)
{
    struct smtp *s;
    struct mail_end end = smtp_open(test_arena(), o, &s);
    if (end.kind != MAIL_DONE)
        fail_msg("%s: %.*s", mail_end_kind_name(end.kind), SARG(end.why));
    return s;
}

static bool has(str text, const char *part)
{
    return str_find(text, str_from(part)) >= 0;
}

static void a_mail_arrives_byte_for_byte_with_either_kind_of_tls(void **state)
{
    (void)state;
    need_server();
    static const struct {
        enum mail_security security;
        const char *to;
    } cases[] = {
        {MAIL_TLS,      "tls@example.net"     },
        {MAIL_STARTTLS, "starttls@example.net"},
        {MAIL_PLAIN,    "plain@example.net"   }
    };
    static const char text[] =
        "From: care@example.com\r\nTo: asha@example.net\r\nDate: Thu, 01 Jan 2026 00:00:00 "
        "+0000\r\nMessage-ID: <seva.1.2.x@care.example.com>\r\nSubject: dots\r\n\r\n.\r\n..\r\n.a\r\n"
        "end.\r\n";
    for (int i = 0; i < 3; i++) {
        struct smtp_options o = opensmtpd_options(server, cases[i].security);
        struct smtp *s = open_to(&o);
        struct smtp_sent sent;
        str to = str_from(cases[i].to);
        struct smtp_mail mail = mail_of(text, &to, 1);
        assert_int_equal(smtp_size_max(s), 35 * 1024 * 1024);
        assert_true(smtp_offers_dsn(s));
        mail.notify = SMTP_NOTIFY_FAILURE | SMTP_NOTIFY_DELAY;
        mail.envelope_id = S("m.1+2");
        smtp_send(s, test_arena(), &mail, &sent);
        if (sent.kind != MAIL_DONE)
            fail_msg("%s: %.*s", mail_end_kind_name(sent.kind), SARG(sent.why));
        assert_str(sent.enhanced, "2.0.0");
        assert_true(has(sent.words, "Message accepted for delivery"));
        smtp_close(s);
        str arrived = opensmtpd_mails(server, cases[i].to, 1)[0];
        assert_true(has(arrived, "Subject: dots\n\n.\n..\n.a\nend.\n"));
        assert_true(has(arrived, "Message-ID: <seva.1.2.x@care.example.com>\n"));
        assert_true(has(arrived, "seva.example.com"));
    }
}

static void a_refused_recipient_leaves_the_others_their_mail(void **state)
{
    (void)state;
    need_server();
    struct smtp_options o = opensmtpd_options(server, MAIL_STARTTLS);
    struct smtp *s = open_to(&o);
    struct smtp_sent sent;
    const str to[] = {S("nobody@example.net"), S("first@example.net"), S("second@example.net")};
    struct smtp_mail mail = mail_of("Subject: two\r\n\r\nof three\r\n", to, 3);
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_DONE);
    assert_int_equal(sent.n_taken, 2);
    assert_int_equal(sent.to[0].kind, MAIL_REFUSED);
    assert_int_equal(sent.to[0].code, 550);
    mail.n_to = 1;
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_REFUSED);
    mail.to = to + 1; /* after a refusal the connection goes on */
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_DONE);
    smtp_close(s);
    (void)opensmtpd_mails(server, "second@example.net", 1);
    (void)opensmtpd_mails(server, "first@example.net", 2);
}

static void a_wrong_password_is_a_bad_login(void **state)
{
    (void)state;
    need_server();
    struct smtp_options o = opensmtpd_options(server, MAIL_TLS);
    struct smtp *s;
    o.server.secret = S("wrong horse");
    struct mail_end end = smtp_open(test_arena(), &o, &s);
    assert_int_equal(end.kind, MAIL_BAD_LOGIN);
    assert_int_equal(end.code, 535);
    assert_false(has(end.why, "wrong horse"));
    o.server.login = MAIL_LOGIN_XOAUTH2;
    end = smtp_open(test_arena(), &o, &s);
    assert_int_equal(end.kind, MAIL_BAD_LOGIN);
    assert_true(has(end.why, "PLAIN LOGIN"));
}

static void without_a_login_or_tls_it_says_what_is_missing(void **state)
{
    (void)state;
    need_server();
    struct smtp_options o = opensmtpd_options(server, MAIL_STARTTLS);
    const str to = S("asha@example.net");
    struct smtp_mail mail = mail_of("x\r\n", &to, 1);
    struct smtp_sent sent;
    o.server.security = MAIL_PLAIN;
    o.server.user = (str){0};
    struct smtp *s = open_to(&o);
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_NO_TLS); /* 530 Must issue a STARTTLS command first */
    smtp_close(s);
    o = opensmtpd_options(server, MAIL_STARTTLS);
    o.server.user = (str){0};
    s = open_to(&o);
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_BAD_LOGIN); /* 530 Must authenticate first */
    smtp_close(s);
    o = opensmtpd_options(server, MAIL_PLAIN);
    o.server.security = MAIL_STARTTLS; /* that port has none */
    assert_int_equal(smtp_open(test_arena(), &o, &s).kind, MAIL_NO_TLS);
    o = opensmtpd_options(server, MAIL_TLS);
    o.server.ca_file = (str){0}; /* nobody vouches for it */
    assert_int_equal(smtp_open(test_arena(), &o, &s).kind, MAIL_BAD_CERTIFICATE);
}

static bool write_lines(void *arg, bool (*put)(void *to, str piece), void *to)
{
    static const char line[] =
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3ODk=\r\n";
    int64_t left = *(const int64_t *)arg;
    if (!put(to, S("Subject: large\r\n\r\n")))
        return false;
    for (; left > 0; left -= (int64_t)sizeof line - 1)
        if (!put(to, str_of(line, (ptrdiff_t)sizeof line - 1)))
            return false;
    return true;
}

static void large_mails_go_through_whole_and_too_large_ones_not_at_all(void **state)
{
    (void)state;
    need_server();
    int64_t size = 25 * 1000 * 1000;
    struct smtp_options o = opensmtpd_options(server, MAIL_TLS);
    struct smtp *s = open_to(&o);
    struct smtp_sent sent;
    const str to = S("large@example.net");
    struct smtp_mail mail = mail_of("", &to, 1);
    struct arena a = arena_make(256 * 1024);
    mail.source = write_lines;
    mail.source_arg = &size;
    mail.size_bytes = size;
    smtp_send(s, &a, &mail, &sent);
    if (sent.kind != MAIL_DONE)
        fail_msg("%s: %.*s", mail_end_kind_name(sent.kind), SARG(sent.why));
    mail.size_bytes = 36 * 1024 * 1024;
    smtp_send(s, &a, &mail, &sent);
    assert_int_equal(sent.kind, MAIL_REFUSED);
    assert_str(sent.enhanced, "5.3.4");
    arena_free(&a);
    smtp_close(s);
    assert_true(opensmtpd_mails(server, "large@example.net", 1)[0].len > 24 * 1000 * 1000);
}

struct sender {
    struct smtp_pool *pool;
    const struct smtp_options *options;
    int taken;
};

static void *sender_main(void *arg)
{
    struct sender *me = arg;
    struct arena a = arena_make(0);
    const str to = S("pool@example.net");
    const struct smtp_mail mail = mail_of("Subject: pool\r\n\r\nx\r\n", &to, 1);
    for (int i = 0; i < 10; i++) {
        struct smtp_sent sent;
        smtp_pool_send(me->pool, &a, me->options, &mail, &sent);
        me->taken += sent.kind == MAIL_DONE;
        arena_reset(&a);
    }
    arena_free(&a);
    return NULL;
}

static void many_threads_send_over_few_connections_and_nothing_doubles(void **state)
{
    (void)state;
    need_server();
    enum { THREADS = 4 };
    struct smtp_options o = opensmtpd_options(server, MAIL_STARTTLS);
    struct smtp_pool *pool = smtp_pool_open();
    struct sender senders[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){.pool = pool, .options = &o};
        assert_int_equal(pthread_create(&threads[i], NULL, sender_main, &senders[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(senders[i].taken, 10);
    }
    int kept = smtp_pool_kept(pool);
    assert_true(kept >= 1 && kept <= THREADS);
    smtp_pool_close(pool);
    (void)opensmtpd_mails(server, "pool@example.net", 40);
}

static void it_relays_where_the_test_listens(void **state)
{
    (void)state;
    need_server();
    static const struct smtp_step steps[] = {
        SMTP_PEER_HELLO, {"MAIL FROM:<care@example.com>", "250 ok\r\n"},
        {"RCPT TO:<asha@example.net>",   "250 ok\r\n"},
         {"DATA",                         "354 go\r\n"},
         {".",                            "250 ok\r\n"}
    };
    struct smtp_peer *p = smtp_peer_open(steps, 6, false);
    const char *why;
    struct opensmtpd *relay = opensmtpd_start(smtp_peer_port(p), &why);
    assert_non_null(relay);
    struct smtp_options o = opensmtpd_options(relay, MAIL_STARTTLS);
    struct smtp *s = open_to(&o);
    struct smtp_sent sent;
    const str to = S("asha@example.net");
    struct smtp_mail mail = mail_of("Subject: relayed\r\n\r\nx\r\n", &to, 1);
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_DONE);
    smtp_close(s);
    smtp_peer_done(p);
    assert_true(has(smtp_peer_heard(p, 0), "Subject: relayed\r\n"));
    opensmtpd_stop(relay);
    smtp_peer_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_mail_arrives_byte_for_byte_with_either_kind_of_tls),
        TEST(a_refused_recipient_leaves_the_others_their_mail),
        TEST(a_wrong_password_is_a_bad_login),
        TEST(without_a_login_or_tls_it_says_what_is_missing),
        TEST(large_mails_go_through_whole_and_too_large_ones_not_at_all),
        TEST(many_threads_send_over_few_connections_and_nothing_doubles),
        TEST(it_relays_where_the_test_listens),
    };
    return cmocka_run_group_tests(tests, NULL, stop);
}
