/* Coming to a server: greeting, EHLO, STARTTLS, the ways to log in, and servers that say anything
 * but SMTP. */
#include <string.h>

#include "base/limits.h"
#include "smtp_peer.h"

#define ROWS(steps) (steps), (int)(sizeof(steps) / sizeof *(steps))

static bool has(str text, const char *part)
{
    return str_find(text, str_from(part)) >= 0;
}

/* Opens through a script that is then over, and closes again. */
static struct mail_end open_through(
    const struct smtp_step *steps, int n, struct smtp_options options, str *heard)
{
    struct smtp_peer *p = smtp_peer_open(steps, n, false);
    struct smtp *s;
    options.server.host = S("127.0.0.1");
    options.server.port = smtp_peer_port(p);
    options.server.rules = smtp_peer_rules();
    options.step_ms = options.step_ms > 0 ? options.step_ms : 20000;
    struct mail_end end = smtp_open(test_arena(), &options, &s);
    if (end.kind == MAIL_DONE)
        smtp_close(s);
    smtp_peer_done(p);
    if (heard != NULL)
        *heard = smtp_peer_heard(p, 0);
    smtp_peer_close(p);
    return end;
}

static struct smtp_options login_with(enum mail_login login, const char *secret)
{
    return (struct smtp_options){
        .server = {.security = MAIL_PLAIN,
                   .login = login,
                   .user = S("care@example.com"),
                   .secret = str_from(secret)}
    };
}

#define HELLO_WITH(auth)                                                                           \
    {NULL, "220 mx.example.com\r\n"},                                                              \
    {                                                                                              \
        "EHLO [127.0.0.1]\r\n", "250-mx\r\n250-" auth "\r\n250 HELP\r\n"                           \
    }

static void passwords_go_as_plain_where_it_is_offered(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        HELLO_WITH("AUTH LOGIN PLAIN XOAUTH2"),
        {"AUTH PLAIN AGNhcmVAZXhhbXBsZS5jb20AczNjcmV0IHBhc3M=\r\n", "235 2.7.0 welcome\r\n"}
    };
    struct mail_end end =
        open_through(ROWS(steps), login_with(MAIL_LOGIN_PASSWORD, "s3cret pass"), NULL);
    assert_int_equal(end.kind, MAIL_DONE);
}

static void passwords_go_as_login_where_plain_is_not_offered(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        HELLO_WITH("AUTH=LOGIN"), {"AUTH LOGIN\r\n",               "334 VXNlcm5hbWU6\r\n"},
        {"Y2FyZUBleGFtcGxlLmNvbQ==\r\n", "334 UGFzc3dvcmQ6\r\n"},
        {"czNjcmV0IHBhc3M=\r\n",         "235 ok\r\n"          }
    };
    struct mail_end end =
        open_through(ROWS(steps), login_with(MAIL_LOGIN_PASSWORD, "s3cret pass"), NULL);
    assert_int_equal(end.kind, MAIL_DONE);
}

static void a_token_goes_as_xoauth2(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        HELLO_WITH("AUTH PLAIN XOAUTH2"),
        {"AUTH XOAUTH2 dXNlcj1jYXJlQGV4YW1wbGUuY29tAWF1dGg9QmVhcmVyIHlhMjkuc2V2YUFjY2Vzc1Rva2VuAQE="
         "\r\n", "235 2.7.0 Accepted\r\n"}
    };
    struct mail_end end =
        open_through(ROWS(steps), login_with(MAIL_LOGIN_XOAUTH2, "ya29.sevaAccessToken"), NULL);
    assert_int_equal(end.kind, MAIL_DONE);
}

/* n,a=care@example.com,^Ahost=127.0.0.1^Aport=…^Aauth=Bearer …^A^A: the beginning is that of the
 * vector, the port differs each time. */
static void a_token_goes_as_oauthbearer(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        HELLO_WITH("AUTH OAUTHBEARER"),
        {"AUTH OAUTHBEARER bixhPWNhcmVAZXhhbXBsZS5jb20sAWhvc3Q9", "235 2.7.0 Accepted\r\n"}
    };
    struct mail_end end =
        open_through(ROWS(steps), login_with(MAIL_LOGIN_OAUTHBEARER, "ya29.sevaAccessToken"), NULL);
    assert_int_equal(end.kind, MAIL_DONE);
}

static void a_token_goes_the_way_that_is_offered(void **state)
{
    (void)state;
    static const struct smtp_step bearer[] = {
        HELLO_WITH("AUTH PLAIN OAUTHBEARER"),
        {"AUTH OAUTHBEARER bixhPWNhcmVAZXhhbXBsZS5jb20sAWhvc3Q9", "235 ok\r\n"}
    };
    static const struct smtp_step xoauth2[] = {
        HELLO_WITH("AUTH PLAIN XOAUTH2"),
        {"AUTH XOAUTH2 dXNlcj1jYXJlQGV4YW1wbGUuY29tAWF1dGg9", "235 ok\r\n"}
    };
    static const struct smtp_step both[] = {
        HELLO_WITH("AUTH OAUTHBEARER XOAUTH2"),
        {"AUTH XOAUTH2 dXNlcj1jYXJlQGV4YW1wbGUuY29tAWF1dGg9", "235 ok\r\n"}
    };
    static const struct smtp_step both_ways[] = {
        HELLO_WITH("AUTH OAUTHBEARER XOAUTH2"),
        {"AUTH OAUTHBEARER bixhPWNhcmVAZXhhbXBsZS5jb20sAWhvc3Q9", "235 ok\r\n"}
    };
    const struct smtp_options google = login_with(MAIL_LOGIN_XOAUTH2, "ya29.sevaAccessToken");
    const struct smtp_options rfc = login_with(MAIL_LOGIN_OAUTHBEARER, "ya29.sevaAccessToken");
    assert_int_equal(open_through(ROWS(bearer), google, NULL).kind, MAIL_DONE);
    assert_int_equal(open_through(ROWS(xoauth2), rfc, NULL).kind, MAIL_DONE);
    assert_int_equal(open_through(ROWS(both), google, NULL).kind, MAIL_DONE);
    assert_int_equal(open_through(ROWS(both_ways), rfc, NULL).kind, MAIL_DONE);
}

/* RFC 4954: with its first response a command has at most 512 bytes. */
static void a_long_token_waits_to_be_asked(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        HELLO_WITH("AUTH XOAUTH2"), {"AUTH XOAUTH2\r\n",                                 "334 \r\n"              },
        {"dXNlcj1jYXJlQGV4YW1wbGUuY29tAWF1dGg9QmVhcmVyIHh4", "235 2.7.0 Accepted\r\n"}
    };
    char token[2001];
    memset(token, 'x', 2000);
    token[2000] = 0;
    struct mail_end end = open_through(ROWS(steps), login_with(MAIL_LOGIN_XOAUTH2, token), NULL);
    assert_int_equal(end.kind, MAIL_DONE);
}

static void an_expired_token_is_a_bad_login_after_its_challenge_is_answered(void **state)
{
    (void)state;
    /* {"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"} */
#define CHALLENGE                                                                                   \
    "334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvb" \
    "S8ifQ==\r\n"
    static const struct smtp_step google[] = {
        HELLO_WITH("AUTH XOAUTH2"), {"AUTH XOAUTH2 ", CHALLENGE                                         },
        {"\r\n",          "535 5.7.8 Username and Password not accepted\r\n"}
    };
    static const struct smtp_step bearer[] = {
        HELLO_WITH("AUTH OAUTHBEARER"), {"AUTH OAUTHBEARER ", CHALLENGE         },
        {"AQ==\r\n",          "535 5.7.8 no\r\n"}
    };
    static const struct smtp_step endless[] = {
        HELLO_WITH("AUTH XOAUTH2"), {"AUTH XOAUTH2 ", "334 x\r\n"},
         {"\r\n",          "334 x\r\n"},
        {"*\r\n",         "334 x\r\n"},
         {"*\r\n",         "334 x\r\n"},
         {"*\r\n",         "334 x\r\n"}
    };
    struct mail_end end =
        open_through(ROWS(google), login_with(MAIL_LOGIN_XOAUTH2, "ya29.x"), NULL);
    assert_int_equal(end.kind, MAIL_BAD_LOGIN);
    assert_int_equal(end.code, 535);
    assert_str(end.enhanced, "5.7.8");
    assert_str(end.why,
        "logging in: 127.0.0.1 said 535 5.7.8: Username and Password not accepted. The access token "
        "has expired, or it does not allow sending mail (status 400)");
    end = open_through(ROWS(bearer), login_with(MAIL_LOGIN_OAUTHBEARER, "ya29.x"), NULL);
    assert_int_equal(end.kind, MAIL_BAD_LOGIN);
    end = open_through(ROWS(endless), login_with(MAIL_LOGIN_XOAUTH2, "ya29.x"), NULL);
    assert_int_equal(end.kind, MAIL_BAD_ANSWER);
}

static void each_refusal_of_a_login_says_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum mail_end_kind kind;
    } cases[] = {
        {"535 5.7.8 no\r\n",                          MAIL_BAD_LOGIN },
        {"534 5.7.9 application password needed\r\n", MAIL_BAD_LOGIN },
        {"504 5.5.4 unknown mechanism\r\n",           MAIL_BAD_LOGIN },
        {"432 4.7.12 password change needed\r\n",     MAIL_BAD_LOGIN },
        {"454 4.7.0 try again later\r\n",             MAIL_LATER     },
        {"421 4.7.0 too many logins\r\n",             MAIL_LATER     },
        {"250 ok\r\n",                                MAIL_BAD_ANSWER},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        const struct smtp_step steps[] = {
            HELLO_WITH("AUTH PLAIN"), {"AUTH PLAIN ", cases[i].answer}
        };
        struct mail_end end =
            open_through(ROWS(steps), login_with(MAIL_LOGIN_PASSWORD, "pw"), NULL);
        if (end.kind != cases[i].kind)
            fail_msg("case %d: %s: %.*s", i, mail_end_kind_name(end.kind), SARG(end.why));
        assert_true(has(end.why, "app password") == (end.kind == MAIL_BAD_LOGIN));
    }
}

static void a_login_that_is_not_offered_is_not_tried(void **state)
{
    (void)state;
    static const struct smtp_step none[] = {
        {NULL,    "220 mx\r\n"},
        {"EHLO ", "250 mx\r\n"},
        {"QUIT",  NULL        }
    };
    static const struct smtp_step passwords[] = {
        HELLO_WITH("AUTH PLAIN LOGIN"), {"QUIT", NULL}
    };
    static const struct smtp_step other[] = {
        HELLO_WITH("AUTH CRAM-MD5 XOAUTH2"), {"QUIT", NULL}
    };
    str heard;
    struct mail_end end = open_through(ROWS(none), login_with(MAIL_LOGIN_PASSWORD, "pw"), &heard);
    assert_int_equal(end.kind, MAIL_BAD_LOGIN);
    assert_true(has(end.why, "takes no logins on this port"));
    assert_false(has(heard, "AUTH"));
    end = open_through(ROWS(other), login_with(MAIL_LOGIN_PASSWORD, "pw"), &heard);
    assert_int_equal(end.kind, MAIL_BAD_LOGIN);
    assert_true(has(end.why, "the server offers: CRAM-MD5 XOAUTH2"));
    end = open_through(ROWS(passwords), login_with(MAIL_LOGIN_OAUTHBEARER, "pw"), &heard);
    assert_int_equal(end.kind, MAIL_BAD_LOGIN);
    assert_true(has(end.why, "the server offers: PLAIN LOGIN"));
    end = open_through(ROWS(other), login_with(MAIL_LOGIN_XOAUTH2, "a\1auth=Bearer b"), &heard);
    assert_int_equal(end.kind, MAIL_BAD_LOGIN);
    assert_true(has(end.why, "control character"));
    assert_false(has(heard, "AUTH"));
}

static void no_answer_brings_a_secret_to_light(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "535 5.7.8 bad password \"correct horse\" for care@example.com\r\n",
        "501-syntax error in\r\n501 AUTH PLAIN AGNhcmVAZXhhbXBsZS5jb20AY29ycmVjdCBob3JzZQ==\r\n",
        "501 cannot read AGNhcmVAZXhhbXBsZS5jb20AY29ycmVj (cut)\r\n",
        "501 AUTH=AY29ycmVjdC\r\n",
    };
    for (int i = 0; i < 4; i++) {
        const struct smtp_step steps[] = {
            HELLO_WITH("AUTH PLAIN"), {"AUTH PLAIN ", answers[i]}
        };
        struct mail_end end =
            open_through(ROWS(steps), login_with(MAIL_LOGIN_PASSWORD, "correct horse"), NULL);
        assert_int_equal(end.kind, MAIL_BAD_LOGIN);
        if (!has(end.why, "(left out: the answer repeats the login)") || has(end.why, "horse") ||
            has(end.why, "AGNh") || has(end.why, "AY29"))
            fail_msg("case %d: %.*s", i, SARG(end.why));
    }
}

static struct smtp_options with_starttls(void)
{
    struct smtp_options o = login_with(MAIL_LOGIN_PASSWORD, "s3cret pass");
    o.server.security = MAIL_STARTTLS;
    return o;
}

static void stripped_starttls_is_refused_and_nothing_is_told(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        HELLO_WITH("AUTH PLAIN"), {"QUIT", NULL}
    };
    static const struct smtp_step no[] = {
        HELLO_WITH("STARTTLS"), {"STARTTLS", "502 no\r\n"}
    };
    static const struct smtp_step later[] = {
        HELLO_WITH("STARTTLS"), {"STARTTLS", "454 4.7.0 not now\r\n"}
    };
    str heard;
    struct mail_end end = open_through(ROWS(steps), with_starttls(), &heard);
    assert_int_equal(end.kind, MAIL_NO_TLS);
    assert_true(has(end.why, "offers no STARTTLS"));
    assert_str(heard, "EHLO [127.0.0.1]\r\nQUIT\r\n");
    end = open_through(ROWS(no), with_starttls(), &heard);
    assert_int_equal(end.kind, MAIL_NO_TLS);
    assert_false(has(heard, "AUTH"));
    end = open_through(ROWS(later), with_starttls(), &heard);
    assert_int_equal(end.kind, MAIL_LATER);
    assert_false(has(heard, "AUTH"));
}

/* A line that somebody put behind the 220 would otherwise be read as said in TLS. */
static void words_in_the_clear_behind_starttls_end_the_connection(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        HELLO_WITH("STARTTLS"), {"STARTTLS", SMTP_PEER_INJECT}
    };
    str heard;
    struct mail_end end = open_through(ROWS(steps), with_starttls(), &heard);
    assert_int_equal(end.kind, MAIL_NO_TLS);
    assert_true(has(end.why, "bytes came in the clear"));
    assert_false(has(heard, "AUTH"));
}

static void what_was_offered_in_the_clear_is_forgotten_with_tls(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        {NULL,                                                      "220 mx\r\n"                                                           },
        {"EHLO ",                                                   "250-mx\r\n250-STARTTLS\r\n250-DSN\r\n250-SIZE 5\r\n250 AUTH LOGIN\r\n"},
        {"STARTTLS\r\n",                                            SMTP_PEER_TLS                                                          },
        {"EHLO ",                                                   "250-mx\r\n250 AUTH PLAIN\r\n"                                         },
        {"AUTH PLAIN AGNhcmVAZXhhbXBsZS5jb20AczNjcmV0IHBhc3M=\r\n", "235 ok\r\n"                                                           },
        {"QUIT",                                                    NULL                                                                   },
    };
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options o = smtp_peer_options(p), login = with_starttls();
    struct smtp *s;
    o.server.security = MAIL_STARTTLS;
    o.server.user = login.server.user;
    o.server.secret = login.server.secret;
    o.server.ca_file = smtp_peer_ca(p);
    struct mail_end end = smtp_open(test_arena(), &o, &s);
    if (end.kind != MAIL_DONE)
        fail_msg("%s: %.*s", mail_end_kind_name(end.kind), SARG(end.why));
    assert_false(smtp_offers_dsn(s));
    assert_int_equal(smtp_size_max(s), 0);
    smtp_close(s);
    smtp_peer_done(p);
    smtp_peer_close(p);
}

static int lookup(void *arg, str host, struct ip_address *out, int max)
{
    (void)arg;
    (void)host;
    (void)max;
    return ip_parse(S("127.0.0.1"), out);
}

static void only_a_trusted_certificate_for_this_host_will_do(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct smtp_peer *p = smtp_peer_open(NULL, 0, true);
        struct smtp_options o = smtp_peer_options(p);
        struct smtp *s;
        o.server.security = MAIL_TLS;
        o.server.user = S("care@example.com");
        o.server.secret = S("s3cret pass");
        if (i == 0) { /* signed by itself, trusted by nobody */
            assert_int_equal(smtp_open(test_arena(), &o, &s).kind, MAIL_BAD_CERTIFICATE);
        } else { /* trusted, but for another name */
            o.server.ca_file = smtp_peer_ca(p);
            o.server.host = S("mail.example.org");
            o.server.rules =
                egress_rules_with_lookup(test_arena(), smtp_peer_rules(), lookup, NULL);
            assert_int_equal(smtp_open(test_arena(), &o, &s).kind, MAIL_BAD_CERTIFICATE);
            o.server.host = S("localhost");
            assert_int_equal(smtp_open(test_arena(), &o, &s).kind, MAIL_DONE);
            smtp_close(s);
        }
        assert_false(has(smtp_peer_heard(p, 0), "AUTH"));
        smtp_peer_close(p);
    }
}

static void the_greeting_decides_whether_there_is_a_server(void **state)
{
    (void)state;
    static const struct {
        const char *says;
        enum mail_end_kind kind;
    } cases[] = {
        {"554 5.7.1 not you\r\n",    MAIL_REFUSED   },
        {"421 4.3.2 too busy\r\n",   MAIL_LATER     },
        {"250 hello\r\n",            MAIL_BAD_ANSWER},
        {"* OK IMAP4rev1 ready\r\n", MAIL_BAD_ANSWER},
        {"HTTP/1.1 400 no\r\n\r\n",  MAIL_BAD_ANSWER},
        {"220-a\r\n420 b\r\n",       MAIL_BAD_ANSWER},
        {"22\r\n",                   MAIL_BAD_ANSWER},
        {"220mx\r\n",                MAIL_BAD_ANSWER},
        {"620 mx\r\n",               MAIL_BAD_ANSWER},
        {"\r\n",                     MAIL_BAD_ANSWER},
        {"",                         MAIL_LOST      },
        {"220 half a li",            MAIL_LOST      },
        {SMTP_PEER_RESET,            MAIL_LOST      },
        {SMTP_PEER_STREAM,           MAIL_BAD_ANSWER},
        {SMTP_PEER_LINES,            MAIL_BAD_ANSWER},
    };
    const struct smtp_options o = {.server = {.security = MAIL_PLAIN}};
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        const struct smtp_step steps[] = {
            {NULL, cases[i].says}
        };
        struct mail_end end = open_through(ROWS(steps), o, NULL);
        bool is_early = !strcmp(cases[i].says, SMTP_PEER_RESET) && end.kind == MAIL_UNREACHABLE;
        if ((end.kind != cases[i].kind && !is_early) || end.why.len == 0)
            fail_msg("case %d: %s: %.*s", i, mail_end_kind_name(end.kind), SARG(end.why));
    }
}

static void ugly_answers_that_are_clear_are_understood(void **state)
{
    (void)state;
    const struct smtp_options o = {.server = {.security = MAIL_PLAIN}};
    static const struct smtp_step bare[] = {
        {NULL,    "220\n"             },
        {"EHLO ", "250-mx\n250 size\n"}
    };
    static const struct smtp_step old[] = {
        {NULL,    "220 mx\r\n"  },
        {"EHLO ", "502 what\r\n"},
        {"HELO ", "250 mx\r\n"  }
    };
    static const struct smtp_step last_code[] = {
        {NULL,    "220 mx\r\n"          },
        {"EHLO ", "251-mx\r\n250 ok\r\n"}
    };
    assert_int_equal(open_through(ROWS(bare), o, NULL).kind, MAIL_DONE);
    assert_int_equal(open_through(ROWS(old), o, NULL).kind, MAIL_DONE);
    assert_int_equal(open_through(ROWS(last_code), o, NULL).kind, MAIL_DONE);
}

static void an_answer_that_nobody_asked_for_is_not_taken_for_one(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        {NULL,    "220 mx\r\n"                    },
        {"EHLO ", "250 mx\r\n250 ok\r\n250 ok\r\n"}
    };
    static const struct smtp_step bye[] = {
        {NULL,    "220 mx\r\n"                               },
        {"EHLO ", "250 mx\r\n421 4.4.2 idle for too long\r\n"}
    };
    for (int i = 0; i < 2; i++) {
        struct smtp_peer *p = smtp_peer_open(i == 0 ? steps : bye, 2, false);
        struct smtp_options o = smtp_peer_options(p);
        struct smtp *s;
        assert_int_equal(smtp_open(test_arena(), &o, &s).kind, MAIL_DONE);
        struct mail_end end = smtp_probe(s, test_arena(), S("care@example.com"));
        /* Unless it came so late that it was read as the answer, or the connection had gone. */
        if (end.kind != (i == 0 ? MAIL_BAD_ANSWER : MAIL_LATER) && end.kind != MAIL_LOST &&
            end.kind != MAIL_DONE)
            fail_msg("%d: %s: %.*s", i, mail_end_kind_name(end.kind), SARG(end.why));
        assert_false(i == 0 && end.kind == MAIL_DONE);
        smtp_close(s);
        smtp_peer_close(p);
    }
}

static void where_one_may_not_go_or_nobody_listens_nothing_is_said(void **state)
{
    (void)state;
    struct smtp_peer *p = smtp_peer_open(NULL, 0, false);
    struct smtp_options o = smtp_peer_options(p);
    const struct egress_rules *none;
    struct smtp *s;
    str why;
    assert_ok(egress_rules_parse(test_arena(), (str){0}, &none, &why));
    o.server.rules = none;
    struct mail_end end = smtp_open(test_arena(), &o, &s);
    assert_int_equal(end.kind, MAIL_BAD_ADDRESS);
    assert_true(str_starts(end.why, S("connecting: 127.0.0.1 port ")));
    o.server.rules = smtp_peer_rules();
    o.server.host = S("no host");
    assert_int_equal(smtp_open(test_arena(), &o, &s).kind, MAIL_BAD_ADDRESS);
    assert_int_equal(smtp_peer_connections(p), 0);
    smtp_peer_close(p);
    o.server.host = S("127.0.0.1"); /* its port is closed now */
    assert_int_equal(smtp_open(test_arena(), &o, &s).kind, MAIL_UNREACHABLE);
}

static err open_and_close(struct arena *a, void *arg)
{
    struct smtp *s;
    struct mail_end end = smtp_open(a, arg, &s);
    if (end.kind == MAIL_DONE)
        smtp_close(s);
    return end.kind == MAIL_DONE ? OK : E_BUSY;
}

static void memory_that_ends_leaves_no_connection_open(void **state)
{
    (void)state;
    struct smtp_peer *p = smtp_peer_open(NULL, 0, false);
    struct smtp_options o = smtp_peer_options(p);
    o.server.user = S("care@example.com");
    o.server.secret = S("s3cret pass");
    for_each_allocation_failure(open_and_close, &o);
    smtp_peer_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(passwords_go_as_plain_where_it_is_offered),
        TEST(passwords_go_as_login_where_plain_is_not_offered),
        TEST(a_token_goes_as_xoauth2),
        TEST(a_token_goes_as_oauthbearer),
        TEST(a_token_goes_the_way_that_is_offered),
        TEST(a_long_token_waits_to_be_asked),
        TEST(an_expired_token_is_a_bad_login_after_its_challenge_is_answered),
        TEST(each_refusal_of_a_login_says_what_to_do),
        TEST(a_login_that_is_not_offered_is_not_tried),
        TEST(no_answer_brings_a_secret_to_light),
        TEST(stripped_starttls_is_refused_and_nothing_is_told),
        TEST(words_in_the_clear_behind_starttls_end_the_connection),
        TEST(what_was_offered_in_the_clear_is_forgotten_with_tls),
        TEST(only_a_trusted_certificate_for_this_host_will_do),
        TEST(the_greeting_decides_whether_there_is_a_server),
        TEST(ugly_answers_that_are_clear_are_understood),
        TEST(an_answer_that_nobody_asked_for_is_not_taken_for_one),
        TEST(where_one_may_not_go_or_nobody_listens_nothing_is_said),
        TEST(memory_that_ends_leaves_no_connection_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
