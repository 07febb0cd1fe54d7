/* The line to mail servers: whom it trusts, how it ends, in time and from another thread. Names are
 * answered by the test: mail.example is 127.0.0.1. */
#include "mail_peer.h"
#include "test.h"

#include <libetpan/mailstream.h>
#include <pthread.h>
#include <string.h>

#include "net/mail_line.h"

static int lookup(void *arg, str host, struct ip_address *out, int max)
{
    (void)arg;
    (void)max;
    if (str_eq(host, S("mail.example")))
        return ip_parse(S("127.0.0.1"), out);
    if (str_eq(host, S("inside.example")))
        return ip_parse(S("10.0.0.1"), out);
    return -1;
}

static struct mail_server server_at(int port, enum mail_security security, str ca_file)
{
    const struct egress_rules *rules;
    str why;
    assert_ok(egress_rules_parse(test_arena(), S("mail=127.0.0.0/8"), &rules, &why));
    return (struct mail_server){.host = S("mail.example"),
        .port = port,
        .security = security,
        .rules = egress_rules_with_lookup(test_arena(), rules, lookup, NULL),
        .ca_file = ca_file};
}

static void assert_end(const struct mail_line *l, enum mail_end_kind kind, const char *words)
{
    struct mail_end end = mail_line_end(l, test_arena());
    if (end.kind != kind)
        fail_msg("%s: %.*s", mail_end_kind_name(end.kind), SARG(end.why));
    if (str_find(end.why, str_from(words)) < 0)
        fail_msg("\"%s\" is not in: %.*s", words, SARG(end.why));
}

/* One try to connect; the line is closed. */
static void try_tls(const char *certificate_name, bool is_self_signed, bool trusts,
    enum mail_end_kind kind, const char *words)
{
    struct mail_peer *p = MAIL_PEER_TLS(certificate_name, is_self_signed, "tls", "> hello");
    mail_peer_may_stop(p);
    struct mail_server s =
        server_at(mail_peer_port(p), MAIL_TLS, trusts ? mail_peer_ca(p) : (str){0});
    struct mail_line *l = mail_line_make();
    err e = mail_line_connect(l, &s, 60000);
    char text[16];
    ptrdiff_t got = 0;
    if (kind == MAIL_DONE) {
        assert_ok(e);
        assert_ok(mail_line_read(l, text, sizeof text, &got));
        assert_str(str_sub(str_of(text, got), 0, 5), "hello");
        assert_true(mail_line_is_secure(l));
    } else {
        assert_err(e, E_UPSTREAM);
    }
    assert_end(l, kind, words);
    mail_line_close(l);
    mail_peer_close(p);
}

static void a_trusted_certificate_of_the_host_is_taken(void **state)
{
    (void)state;
    try_tls("DNS:mail.example", false, true, MAIL_DONE, "");
    try_tls("DNS:other.example,DNS:mail.example", false, true, MAIL_DONE, "");
}

static void a_certificate_that_nobody_vouches_for_is_refused(void **state)
{
    (void)state;
    try_tls("DNS:mail.example", true, true, MAIL_BAD_CERTIFICATE, "self-signed");
    try_tls("DNS:mail.example", false, false, MAIL_BAD_CERTIFICATE, "certificate");
}

static void a_certificate_for_another_name_is_refused_and_its_names_are_said(void **state)
{
    (void)state;
    try_tls("DNS:other.example,DNS:third.example", false, true, MAIL_BAD_CERTIFICATE,
        "mail.example port");
    try_tls("DNS:other.example,DNS:third.example", false, true, MAIL_BAD_CERTIFICATE,
        "other.example, third.example");
    try_tls("IP:127.0.0.1", false, true, MAIL_BAD_CERTIFICATE, "not for this name");
    try_tls("DNS:m*.example", false, true, MAIL_BAD_CERTIFICATE, "not for this name");
}

static void a_server_without_tls_is_told_from_a_bad_certificate(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER("> * OK in the clear", "hang");
    struct mail_server s = server_at(mail_peer_port(p), MAIL_TLS, (str){0});
    struct mail_line *l = mail_line_make();
    assert_err(mail_line_connect(l, &s, 60000), E_UPSTREAM);
    assert_end(l, MAIL_NO_TLS, "does not speak TLS");
    mail_line_close(l);
    mail_peer_close(p);
}

static void an_address_that_is_not_public_is_not_called(void **state)
{
    (void)state;
    struct mail_server s = server_at(993, MAIL_TLS, (str){0});
    static const struct {
        const char *host;
        int port;
        enum mail_end_kind kind;
    } rows[] = {
        {"inside.example",  993,   MAIL_BAD_ADDRESS},
        {"192.168.1.1",     993,   MAIL_BAD_ADDRESS},
        {"no host",         993,   MAIL_BAD_ADDRESS},
        {"",                993,   MAIL_BAD_ADDRESS},
        {"mail.example",    0,     MAIL_BAD_ADDRESS},
        {"mail.example",    65536, MAIL_BAD_ADDRESS},
        {"nowhere.example", 993,   MAIL_UNREACHABLE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mail_line *l = mail_line_make();
        s.host = str_from(rows[i].host);
        s.port = rows[i].port;
        assert_err(mail_line_connect(l, &s, 60000), E_UPSTREAM);
        assert_end(l, rows[i].kind, "");
        mail_line_close(l);
    }
}

static void tls_begins_in_the_middle(void **state)
{
    (void)state;
    struct mail_peer *p =
        MAIL_PEER_TLS("DNS:mail.example", false, "> ready", "tls", "< secret", "> seen");
    struct mail_server s = server_at(mail_peer_port(p), MAIL_STARTTLS, mail_peer_ca(p));
    struct mail_line *l = mail_line_make();
    char text[16];
    ptrdiff_t got = 0;
    assert_ok(mail_line_connect(l, &s, 60000));
    assert_ok(mail_line_read(l, text, sizeof text, &got));
    assert_false(mail_line_is_secure(l));
    assert_ok(mail_line_secure(l));
    assert_ok(mail_line_write(l, S("secret\r\n")));
    assert_ok(mail_line_read(l, text, sizeof text, &got));
    assert_str(str_of(text, got), "seen\r\n");
    assert_err(mail_line_read(l, text, sizeof text, &got), E_UPSTREAM);
    assert_end(l, MAIL_LOST, "closed the connection");
    mail_line_close(l);
    mail_peer_close(p);
}

static void bytes_that_were_slipped_in_before_tls_end_the_line(void **state)
{
    (void)state;
    struct mail_peer *p =
        MAIL_PEER_TLS("DNS:mail.example", false, ">>ready\r\n* OK slipped in\r\n", "hang");
    struct mail_server s = server_at(mail_peer_port(p), MAIL_STARTTLS, mail_peer_ca(p));
    struct mail_line *l = mail_line_make();
    assert_ok(mail_line_connect(l, &s, 60000));
    struct _mailstream *stream = mail_line_stream(l);
    MMAPString *line = mmap_string_new("");
    assert_non_null(mailstream_read_line(stream, line));
    assert_err(mail_line_secure(l), E_UPSTREAM);
    assert_end(l, MAIL_NO_TLS, "in the clear");
    mmap_string_free(line);
    (void)mailstream_close(stream);
    mail_line_close(l);
    mail_peer_close(p);
}

static void silence_has_an_end(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER("hang");
    struct mail_server s = server_at(mail_peer_port(p), MAIL_PLAIN, (str){0});
    struct mail_line *l = mail_line_make();
    char text[16];
    ptrdiff_t got = 0;
    assert_ok(mail_line_connect(l, &s, 60000));
    mail_line_limit(l, 50, 0);
    assert_err(mail_line_read(l, text, sizeof text, &got), E_UPSTREAM);
    assert_end(l, MAIL_LOST, "in time");
    assert_err(mail_line_write(l, S("more")), E_UPSTREAM); /* an ended line does nothing */
    mail_line_close(l);
    mail_peer_close(p);
}

static void a_server_that_trickles_is_ended_as_a_whole(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER("many 100000 drop", "hang");
    mail_peer_may_stop(p);
    struct mail_server s = server_at(mail_peer_port(p), MAIL_PLAIN, (str){0});
    struct mail_line *l = mail_line_make();
    char text[1];
    ptrdiff_t got = 0;
    assert_ok(mail_line_connect(l, &s, 60000));
    mail_line_limit(l, 60000, 100);
    while (mail_line_read(l, text, 1, &got) == OK) {
    }
    assert_end(l, MAIL_LOST, "too long");
    mail_line_close(l);
    mail_peer_close(p);
}

static void *cancel_main(void *arg)
{
    mail_line_cancel(arg);
    return NULL;
}

static void *wake_main(void *arg)
{
    mail_line_wake(arg);
    return NULL;
}

static void another_thread_ends_a_read_and_a_wait(void **state)
{
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        struct mail_peer *p = MAIL_PEER_TLS("DNS:mail.example", false, "tls", "hang");
        struct mail_server s = server_at(mail_peer_port(p), MAIL_TLS, mail_peer_ca(p));
        struct mail_line *l = mail_line_make();
        pthread_t thread;
        char text[16];
        ptrdiff_t got = 0;
        assert_ok(mail_line_connect(l, &s, 60000));
        assert_int_equal(pthread_create(&thread, NULL, cancel_main, l), 0);
        enum mail_wait how = MAIL_WAIT_DATA;
        while (waits && how == MAIL_WAIT_DATA) /* tickets of TLS 1.3 may come first */
            how = mail_line_wait(l, 60000);
        if (waits)
            assert_int_equal(how, MAIL_WAIT_ENDED);
        else
            assert_err(mail_line_read(l, text, sizeof text, &got), E_UPSTREAM);
        assert_end(l, MAIL_CANCELLED, "from our side");
        pthread_join(thread, NULL);
        mail_line_close(l);
        mail_peer_close(p);
    }
}

static void a_line_that_was_ended_before_it_began_calls_nobody(void **state)
{
    (void)state;
    struct mail_server s = server_at(993, MAIL_TLS, (str){0});
    struct mail_line *l = mail_line_make();
    mail_line_cancel(l);
    assert_err(mail_line_connect(l, &s, 60000), E_UPSTREAM);
    assert_end(l, MAIL_CANCELLED, "");
    mail_line_close(l);
}

static void a_wait_ends_by_data_by_time_and_by_a_wake_that_is_not_lost(void **state)
{
    (void)state;
    struct mail_peer *p =
        MAIL_PEER_TLS("DNS:mail.example", false, "tls", "< go", ">>abcdefgh", "hang");
    struct mail_server s = server_at(mail_peer_port(p), MAIL_TLS, mail_peer_ca(p));
    struct mail_line *l = mail_line_make();
    pthread_t thread;
    char text[4];
    ptrdiff_t got = 0;
    assert_ok(mail_line_connect(l, &s, 60000));
    mail_line_wake(l); /* before the wait */
    enum mail_wait how = mail_line_wait(l, 60000);
    assert_int_equal(how, MAIL_WAIT_WOKEN);
    assert_int_equal(pthread_create(&thread, NULL, wake_main, l), 0);
    do /* tickets of TLS 1.3 may come first */
        how = mail_line_wait(l, 60000);
    while (how == MAIL_WAIT_DATA);
    assert_int_equal(how, MAIL_WAIT_WOKEN);
    pthread_join(thread, NULL);
    assert_ok(mail_line_write(l, S("go\r\n")));
    assert_ok(mail_line_read(l, text, sizeof text, &got));
    assert_int_equal(got, 4);
    /* What is left stands inside TLS, where the socket shows nothing. */
    assert_int_equal(mail_line_wait(l, 60000), MAIL_WAIT_DATA);
    assert_ok(mail_line_read(l, text, sizeof text, &got));
    assert_int_equal(mail_line_wait(l, 10), MAIL_WAIT_TIME);
    mail_line_close(l);
    mail_peer_close(p);
}

static bool refuse_b(void *arg, str bytes)
{
    if (str_find_byte(bytes, 'b') < 0)
        return true;
    mail_line_fail(arg, MAIL_BAD_ANSWER, S("a b"));
    return false;
}

static void who_watches_ends_the_line_before_anybody_reads(void **state)
{
    (void)state;
    struct mail_peer *p = MAIL_PEER("> abc");
    mail_peer_may_stop(p);
    struct mail_server s = server_at(mail_peer_port(p), MAIL_PLAIN, (str){0});
    struct mail_line *l = mail_line_make();
    char text[16];
    ptrdiff_t got = 0;
    mail_line_watch(l, refuse_b, l);
    assert_ok(mail_line_connect(l, &s, 60000));
    assert_err(mail_line_read(l, text, sizeof text, &got), E_UPSTREAM);
    assert_end(l, MAIL_BAD_ANSWER, "a b");
    mail_line_close(l);
    mail_peer_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_trusted_certificate_of_the_host_is_taken),
        TEST(a_certificate_that_nobody_vouches_for_is_refused),
        TEST(a_certificate_for_another_name_is_refused_and_its_names_are_said),
        TEST(a_server_without_tls_is_told_from_a_bad_certificate),
        TEST(an_address_that_is_not_public_is_not_called),
        TEST(tls_begins_in_the_middle),
        TEST(bytes_that_were_slipped_in_before_tls_end_the_line),
        TEST(silence_has_an_end),
        TEST(a_server_that_trickles_is_ended_as_a_whole),
        TEST(another_thread_ends_a_read_and_a_wait),
        TEST(a_line_that_was_ended_before_it_began_calls_nobody),
        TEST(a_wait_ends_by_data_by_time_and_by_a_wake_that_is_not_lost),
        TEST(who_watches_ends_the_line_before_anybody_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
