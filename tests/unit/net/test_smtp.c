/* One mail over one connection, against scripted servers: what goes over the line, and what each
 * way to fail is told as. Logins, TLS and hostile servers: test_smtp_line.c; the pool:
 * test_smtp_pool.c; a real server: test_smtp_real.c. */
#include <pthread.h>
#include <string.h>

#include "base/limits.h"
#include "smtp_peer.h"

#define ROWS(steps) (steps), (int)(sizeof(steps) / sizeof *(steps))
#define TO_DATA                                                                                    \
    {"MAIL FROM:", "250 ok\r\n"}, {"RCPT TO:", "250 ok\r\n"},                                      \
    {                                                                                              \
        "DATA", "354 go\r\n"                                                                       \
    }

static const str asha = S_INIT("asha@example.net");

static bool write_text(void *arg, bool (*put)(void *to, str piece), void *to)
{
    return put(to, str_from(arg));
}

static struct smtp_mail mail_of(const char *text, const str *to, int n_to)
{
    return (struct smtp_mail){
        .from = S("care@example.com"),
        .to = to,
        .n_to = n_to,
        .source = write_text,
        .source_arg = (void *)(uintptr_t)text,
    };
}

/* Sends over a fresh connection; fails when none comes about. *is_open: it may serve again. */
static struct smtp_sent send_to(
    const struct smtp_options *options, const struct smtp_mail *mail, bool *is_open)
{
    struct smtp *s;
    struct smtp_sent sent;
    struct mail_end end = smtp_open(test_arena(), options, &s);
    if (end.kind != MAIL_DONE)
        fail_msg("%s: %.*s", mail_end_kind_name(end.kind), SARG(end.why));
    smtp_send(s, test_arena(), mail, &sent);
    if (is_open != NULL)
        *is_open = smtp_is_open(s);
    smtp_close(s);
    return sent;
}

/* The same to one recipient, through a script that is then over. */
static struct smtp_sent send_through(const struct smtp_step *steps, int n, bool *is_open)
{
    struct smtp_peer *p = smtp_peer_open(steps, n, false);
    struct smtp_options options = smtp_peer_options(p);
    struct smtp_mail mail = mail_of("Subject: hi\r\n\r\nhello\r\n", &asha, 1);
    struct smtp_sent sent = send_to(&options, &mail, is_open);
    smtp_peer_done(p);
    smtp_peer_close(p);
    return sent;
}

static bool has(str text, const char *part)
{
    return str_find(text, str_from(part)) >= 0;
}

static void a_mail_goes_out_with_dots_doubled_and_the_queue_id_comes_back(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        SMTP_PEER_HELLO,
        {"MAIL FROM:<care@example.com>\r\n", "250 2.1.0 ok\r\n"                                   },
        {"RCPT TO:<asha@example.net>\r\n",   "250 2.1.5 ok\r\n"                                   },
        {"DATA\r\n",                         "354 go\r\n"                                         },
        {".",                                "250-2.0.0 thank you\r\n250 2.0.0 queued as 4Xy7\r\n"},
    };
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options options = smtp_peer_options(p);
    struct smtp_mail mail = mail_of("Subject: dots\r\n\r\n.\r\n..\r\na.b\r\n.end", &asha, 1);
    bool is_open;
    struct smtp_sent sent = send_to(&options, &mail, &is_open);
    smtp_peer_done(p);
    assert_int_equal(sent.kind, MAIL_DONE);
    assert_int_equal(sent.code, 250);
    assert_str(sent.enhanced, "2.0.0");
    assert_str(sent.words, "thank you queued as 4Xy7");
    assert_str(sent.why, "");
    assert_int_equal(sent.n_taken, 1);
    assert_int_equal(sent.to[0].kind, MAIL_DONE);
    assert_str(sent.to[0].enhanced, "2.1.5");
    assert_true(is_open);
    str heard = smtp_peer_heard(p, 0);
    assert_true(has(heard, "EHLO seva.example.com\r\n"));
    assert_true(has(heard, "DATA\r\nSubject: dots\r\n\r\n..\r\n...\r\na.b\r\n..end\r\n.\r\n"));
    smtp_peer_close(p);
}

/* Every kind of line end becomes CRLF: "\n.\n" and "\r.\r" in a mail never end it. */
static void lone_line_ends_cannot_hide_a_command(void **state)
{
    (void)state;
    static const char text[] = "a\n.\nb\r.\rc\r\n\n.\r\nMAIL FROM:<evil@example.com>\r\r\nd";
    static const struct smtp_step steps[] = {
        SMTP_PEER_HELLO, TO_DATA, {".", "250 ok\r\n"}
    };
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options options = smtp_peer_options(p);
    struct smtp_mail mail = mail_of(text, &asha, 1);
    assert_int_equal(send_to(&options, &mail, NULL).kind, MAIL_DONE);
    smtp_peer_done(p);
    assert_true(has(smtp_peer_heard(p, 0),
        "DATA\r\na\r\n..\r\nb\r\n..\r\nc\r\n\r\n..\r\nMAIL FROM:<evil@example.com>\r\n\r\nd\r\n.\r\n"));
    smtp_peer_close(p);
}

static void parameters_go_out_only_where_they_are_offered(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        {NULL,                                                                "220 mx\r\n"},
        {"EHLO ",
         "250-mx\r\n250-8BITMIME\r\n250-dsn\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 "
            "SIZE 1000\r\n"                                                               },
        {"MAIL FROM:<> SIZE=77 BODY=8BITMIME RET=HDRS ENVID=m+2B1+20+3D\r\n", "250 ok\r\n"},
        {"RCPT TO:<asha@example.net> NOTIFY=FAILURE,DELAY\r\n",               "250 ok\r\n"},
        {"DATA",                                                              "354 go\r\n"},
        {".",                                                                 "250 ok\r\n"},
        {"MAIL FROM:<r\xC3\xA9@example.com> SMTPUTF8 RET=FULL\r\n",           "250 ok\r\n"},
        {"RCPT TO:<asha@example.net> NOTIFY=NEVER\r\n",                       "250 ok\r\n"},
        {"DATA",                                                              "354 go\r\n"},
        {".",                                                                 "250 ok\r\n"},
        {"QUIT",                                                              NULL        },
        SMTP_PEER_NEXT,
        {NULL,                                                                "220 mx\r\n"},
        {"EHLO ",                                                             "250 mx\r\n"},
        {"MAIL FROM:<>\r\n",                                                  "250 ok\r\n"},
        {"RCPT TO:<asha@example.net>\r\n",                                    "250 ok\r\n"},
        {"DATA",                                                              "354 go\r\n"},
        {".",                                                                 "250 ok\r\n"},
    };
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options options = smtp_peer_options(p);
    struct smtp_mail mail = mail_of("x\r\n", &asha, 1);
    mail.from = (str){0};
    mail.size_bytes = 77;
    mail.is_8bit = true;
    mail.notify = SMTP_NOTIFY_FAILURE | SMTP_NOTIFY_DELAY;
    mail.envelope_id = S("m+1 =");
    struct smtp_mail other = mail_of("x\r\n", &asha, 1);
    other.from = S("r\xC3\xA9@example.com");
    other.notify = SMTP_NOTIFY_NEVER;
    other.returns_whole_mail = true;
    struct smtp *s;
    struct smtp_sent sent;
    assert_int_equal(smtp_open(test_arena(), &options, &s).kind, MAIL_DONE);
    assert_int_equal(smtp_size_max(s), 1000);
    assert_true(smtp_offers_dsn(s));
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_DONE);
    smtp_send(s, test_arena(), &other, &sent);
    assert_int_equal(sent.kind, MAIL_DONE);
    smtp_close(s);
    assert_int_equal(send_to(&options, &mail, NULL).kind, MAIL_DONE);
    smtp_peer_done(p);
    smtp_peer_close(p);
}

static void refused_recipients_are_told_and_the_rest_gets_the_mail(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        SMTP_PEER_HELLO,
        {"MAIL FROM:",              "250 ok\r\n"                                           },
        {"RCPT TO:<a@example.net>", "250 2.1.5 ok\r\n"                                     },
        {"RCPT TO:<b@example.net>", "550-5.1.1 The account\r\n550 5.1.1 does not exist\r\n"},
        {"RCPT TO:<c@example.net>", "452 4.2.2 mailbox full\r\n"                           },
        {"RCPT TO:<d@example.net>", "552 too many recipients\r\n"                          },
        {"DATA",                    "354 go\r\n"                                           },
        {".",                       "250 2.0.0 ok\r\n"                                     },
    };
    static const str to[] = {S_INIT("a@example.net"), S_INIT("b@example.net"),
        S_INIT("evil@x>\r\nRCPT TO:<y"), S_INIT("c@example.net"), S_INIT("d@example.net"),
        S_INIT("r\xC3\xA9@example.net")};
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options options = smtp_peer_options(p);
    struct smtp_mail mail = mail_of("x\r\n", to, 6);
    struct smtp_sent sent = send_to(&options, &mail, NULL);
    smtp_peer_done(p);
    smtp_peer_close(p);
    assert_int_equal(sent.kind, MAIL_DONE);
    assert_int_equal(sent.n_taken, 1);
    assert_int_equal(sent.to[0].kind, MAIL_DONE);
    assert_int_equal(sent.to[1].kind, MAIL_REFUSED);
    assert_int_equal(sent.to[1].code, 550);
    assert_str(sent.to[1].enhanced, "5.1.1");
    assert_str(sent.to[1].words, "The account does not exist");
    assert_int_equal(sent.to[2].kind, MAIL_REFUSED); /* never went out */
    assert_int_equal(sent.to[2].code, 0);
    assert_str(sent.to[2].enhanced, "5.1.3");
    assert_int_equal(sent.to[3].kind, MAIL_LATER);
    assert_str(sent.to[3].enhanced, "4.2.2");
    assert_int_equal(sent.to[4].kind, MAIL_LATER); /* no verdict on the recipient */
    assert_int_equal(sent.to[5].kind, MAIL_REFUSED);
    assert_str(sent.to[5].enhanced, "5.6.7");
    assert_str(sent.why,
        "taken for 1 of 6 recipients; b@example.net was refused: 550 The account does not exist");
}

static void nobody_accepted_is_later_while_some_may_be_accepted_later(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        SMTP_PEER_HELLO,
        {"MAIL FROM:",              "250 ok\r\n"                          },
        {"RCPT TO:<a@example.net>", "550 5.1.1 no such user\r\n"          },
        {"RCPT TO:<b@example.net>", "451 4.7.1 greylisted, come again\r\n"},
        {"RSET",                    "250 ok\r\n"                          },
        {"MAIL FROM:",              "250 ok\r\n"                          },
        {"RCPT TO:<a@example.net>", "550 5.1.1 no such user\r\n"          },
        {"RCPT TO:<b@example.net>", "551 5.1.6 moved away\r\n"            },
        {"RSET",                    "250 ok\r\n"                          },
        {"MAIL FROM:",              "250 ok\r\n"                          },
        {"RCPT TO:<a@example.net>", "552 5.2.2 mailbox full\r\n"          },
        {"RCPT TO:<b@example.net>", "250 ok\r\n"                          },
        {"DATA",                    "354 go\r\n"                          },
        {".",                       "250 ok\r\n"                          },
    };
    static const str to[] = {S_INIT("a@example.net"), S_INIT("b@example.net")};
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options options = smtp_peer_options(p);
    struct smtp_mail mail = mail_of("x\r\n", to, 2);
    struct smtp *s;
    struct smtp_sent sent;
    assert_int_equal(smtp_open(test_arena(), &options, &s).kind, MAIL_DONE);
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_LATER);
    assert_int_equal(sent.code, 451);
    assert_str(sent.enhanced, "4.7.1");
    assert_str(sent.words, "greylisted, come again");
    assert_str(
        sent.why, "b@example.net was refused: 127.0.0.1 said 451 4.7.1: greylisted, come again");
    assert_int_equal(sent.to[0].kind, MAIL_REFUSED);
    assert_int_equal(sent.to[1].kind, MAIL_LATER);
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_REFUSED);
    assert_int_equal(sent.code, 550);
    assert_int_equal(sent.n_taken, 0);
    smtp_send(s, test_arena(), &mail, &sent); /* the connection is still good */
    assert_int_equal(sent.kind, MAIL_DONE);
    assert_int_equal(sent.to[0].kind, MAIL_REFUSED);
    smtp_close(s);
    smtp_peer_done(p);
    smtp_peer_close(p);
}

static void a_greylisted_mail_is_taken_when_it_comes_again(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        SMTP_PEER_HELLO,
        TO_DATA,
        {".", "451 4.7.1 try again in 5 minutes\r\n"},
        TO_DATA,
        {".", "250 2.0.0 ok\r\n"                    },
    };
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options options = smtp_peer_options(p);
    struct smtp_mail mail = mail_of("x\r\n", &asha, 1);
    struct smtp *s;
    struct smtp_sent sent;
    assert_int_equal(smtp_open(test_arena(), &options, &s).kind, MAIL_DONE);
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_LATER);
    assert_int_equal(sent.to[0].kind, MAIL_LATER);
    assert_int_equal(sent.to[0].code, 451);
    assert_int_equal(sent.n_taken, 0);
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_DONE);
    smtp_close(s);
    smtp_peer_done(p);
    smtp_peer_close(p);
}

/* What an answer to each step means, and whether the connection may go on. */
static void each_answer_ends_the_mail_in_its_own_way(void **state)
{
    (void)state;
    static const struct {
        const char *mail, *rcpt, *data, *dot;
        enum mail_end_kind kind;
        int code;
        bool is_open;
    } cases[] = {
        {"421 4.3.2 going down\r\n",                   NULL,               NULL,          NULL,                      MAIL_LATER,      421, false},
        {"451 4.3.0 later\r\n",                        NULL,               NULL,          NULL,                      MAIL_LATER,      451, true },
        {"550 5.7.60 may not send as this sender\r\n", NULL,               NULL,          NULL,                      MAIL_REFUSED,    550, true },
        {"530 5.7.0 STARTTLS first\r\n",               NULL,               NULL,          NULL,                      MAIL_NO_TLS,     530, true },
        {"354 what\r\n",                               NULL,               NULL,          NULL,                      MAIL_BAD_ANSWER, 354, false},
        {"250 ok\r\n",                                 "421 too much\r\n", NULL,          NULL,                      MAIL_LATER,      421, false},
        {"250 ok\r\n",                                 "354 go\r\n",       NULL,          NULL,                      MAIL_BAD_ANSWER, 354, false},
        {"250 ok\r\n",                                 "250 ok\r\n",       "250 ok\r\n",  NULL,                      MAIL_BAD_ANSWER, 250, false},
        {"250 ok\r\n",                                 "250 ok\r\n",       "421 bye\r\n", NULL,                      MAIL_LATER,      421, false},
        {"250 ok\r\n",                                 "250 ok\r\n",       "354 go\r\n",  "452 4.3.1 disk full\r\n", MAIL_LATER,      452,
         true                                                                                                                                   },
        {"250 ok\r\n",                                 "250 ok\r\n",       "354 go\r\n",  "452 4.2.2 full\r\n",      MAIL_LATER,      452, true },
        {"250 ok\r\n",                                 "250 ok\r\n",       "354 go\r\n",  "552 5.2.2 full\r\n",      MAIL_REFUSED,    552, true },
        {"250 ok\r\n",                                 "250 ok\r\n",       "354 go\r\n",  "554 5.7.1 spam\r\n",      MAIL_REFUSED,    554, true },
        {"250 ok\r\n",                                 "250 ok\r\n",       "354 go\r\n",  "421 4.3.2 bye\r\n",       MAIL_LATER,      421, false},
        {"250 ok\r\n",                                 "250 ok\r\n",       "354 go\r\n",  "354 again\r\n",           MAIL_UNKNOWN,    0,   false},
        {"250 ok\r\n",                                 "250 ok\r\n",       "354 go\r\n",  "hello\r\n",               MAIL_UNKNOWN,    0,   false},
        {"250 ok\r\n",                                 "250 ok\r\n",       "354 go\r\n",  "250\r\n",                 MAIL_DONE,       250, true },
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        struct smtp_step steps[6] = {
            SMTP_PEER_HELLO, {"MAIL FROM:", cases[i].mail}
        };
        int n = 3;
        if (cases[i].rcpt != NULL)
            steps[n++] = (struct smtp_step){"RCPT TO:", cases[i].rcpt};
        if (cases[i].data != NULL)
            steps[n++] = (struct smtp_step){"DATA", cases[i].data};
        if (cases[i].dot != NULL)
            steps[n++] = (struct smtp_step){".", cases[i].dot};
        bool is_open;
        struct smtp_sent sent = send_through(steps, n, &is_open);
        if (sent.kind != cases[i].kind || sent.code != cases[i].code || is_open != cases[i].is_open)
            fail_msg("case %d: %s %d %s: %.*s", i, mail_end_kind_name(sent.kind), sent.code,
                is_open ? "open" : "closed", SARG(sent.why));
        assert_int_equal(sent.to[0].kind, sent.kind);
        assert_int_equal(sent.n_taken, sent.kind == MAIL_DONE || sent.kind == MAIL_UNKNOWN);
        assert_true((sent.why.len == 0) == (sent.kind == MAIL_DONE));
    }
}

static void lost_before_the_final_dot_is_surely_not_taken(void **state)
{
    (void)state;
    static const struct smtp_step after_mail[] = {
        SMTP_PEER_HELLO, {"MAIL FROM:", NULL}
    };
    static const struct smtp_step after_rcpt[] = {
        SMTP_PEER_HELLO, {"MAIL FROM:", "250 ok\r\n"   },
         {"RCPT TO:",   SMTP_PEER_RESET}
    };
    static const struct smtp_step after_data[] = {
        SMTP_PEER_HELLO, {"MAIL FROM:", "250 ok\r\n"   },
         {"RCPT TO:",   "250 ok\r\n"   },
        {"DATA",       SMTP_PEER_RESET}
    };
    bool is_open;
    struct smtp_sent sent = send_through(ROWS(after_mail), &is_open);
    assert_int_equal(sent.kind, MAIL_LOST);
    assert_true(sent.is_before_mail);
    assert_false(is_open);
    sent = send_through(ROWS(after_rcpt), &is_open);
    assert_int_equal(sent.kind, MAIL_LOST);
    assert_false(sent.is_before_mail);
    sent = send_through(ROWS(after_data), &is_open);
    assert_int_equal(sent.kind, MAIL_LOST);
    assert_int_equal(sent.to[0].kind, MAIL_LOST);
    assert_int_equal(sent.n_taken, 0);
}

/* Makes `megabytes` of lines. */
static bool write_much(void *arg, bool (*put)(void *to, str piece), void *to)
{
    static const char line[] =
        "0123456789012345678901234567890123456789012345678901234567890123\r\n";
    char piece[66 * 100];
    for (int i = 0; i < 100; i++)
        memcpy(piece + (ptrdiff_t)i * 66, line, 66);
    for (int64_t left = *(const int *)arg * INT64_C(1000000); left > 0; left -= 6600)
        if (!put(to, str_of(piece, 6600)))
            return false;
    return true;
}

static void lost_in_the_middle_of_the_mail_is_surely_not_taken(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        SMTP_PEER_HELLO, TO_DATA, {"0123", SMTP_PEER_RESET}
    };
    int megabytes = 20; /* more than the sockets hold */
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options options = smtp_peer_options(p);
    struct smtp_mail mail = mail_of(NULL, &asha, 1);
    mail.source = write_much;
    mail.source_arg = &megabytes;
    struct smtp_sent sent = send_to(&options, &mail, NULL);
    smtp_peer_done(p);
    smtp_peer_close(p);
    assert_int_equal(sent.kind, MAIL_LOST);
    assert_false(sent.is_source_broken);
    assert_int_equal(sent.n_taken, 0);
}

static void a_no_in_the_middle_of_the_mail_is_heard(void **state)
{
    (void)state;
    /* Reads a line, says no, and reads on, as large providers do. */
    static const struct smtp_step steps[] = {
        SMTP_PEER_HELLO, TO_DATA, {"0123", "552 5.3.4 too large\r\n"},
          {NULL,   SMTP_PEER_HANG           }
    };
    int megabytes = 20;
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options options = smtp_peer_options(p);
    struct smtp_mail mail = mail_of(NULL, &asha, 1);
    mail.source = write_much;
    mail.source_arg = &megabytes;
    bool is_open;
    struct smtp_sent sent = send_to(&options, &mail, &is_open);
    smtp_peer_done(p);
    assert_false(has(smtp_peer_heard(p, 0), "\r\n.\r\n"));
    smtp_peer_close(p);
    assert_int_equal(sent.kind, MAIL_REFUSED);
    assert_int_equal(sent.code, 552);
    assert_str(sent.enhanced, "5.3.4");
    assert_false(is_open);
}

static void lost_after_the_final_dot_is_unknown(void **state)
{
    (void)state;
    static const struct smtp_step closed[] = {
        SMTP_PEER_HELLO, TO_DATA, {".", NULL}
    };
    static const struct smtp_step reset[] = {
        SMTP_PEER_HELLO, TO_DATA, {".", SMTP_PEER_RESET}
    };
    static const struct smtp_step half[] = {
        SMTP_PEER_HELLO, TO_DATA, {".", "250-2.0.0 o"}
    };
    bool is_open;
    struct smtp_sent sent = send_through(ROWS(closed), &is_open);
    assert_int_equal(sent.kind, MAIL_UNKNOWN);
    assert_int_equal(sent.to[0].kind, MAIL_UNKNOWN);
    assert_int_equal(sent.n_taken, 1);
    assert_false(is_open);
    assert_true(str_starts(sent.why, S("the mail was sent whole, but no answer came")));
    assert_int_equal(send_through(ROWS(reset), &is_open).kind, MAIL_UNKNOWN);
    assert_int_equal(send_through(ROWS(half), &is_open).kind, MAIL_UNKNOWN);
}

static void silence_after_the_final_dot_is_unknown_and_before_it_lost(void **state)
{
    (void)state;
    static const struct smtp_step late[] = {
        SMTP_PEER_HELLO, TO_DATA, {".", SMTP_PEER_HANG}
    };
    static const struct smtp_step early[] = {
        SMTP_PEER_HELLO, {"MAIL FROM:", SMTP_PEER_HANG}
    };
    struct smtp_mail mail = mail_of("x\r\n", &asha, 1);
    struct smtp_peer *p = smtp_peer_open(ROWS(late), false);
    struct smtp_options options = smtp_peer_options(p);
    options.final_ms = 50;
    assert_int_equal(send_to(&options, &mail, NULL).kind, MAIL_UNKNOWN);
    smtp_peer_close(p);
    p = smtp_peer_open(ROWS(early), false);
    options = smtp_peer_options(p);
    options.step_ms = 1500; /* a busy machine still connects */
    struct smtp_sent sent = send_to(&options, &mail, NULL);
    assert_int_equal(sent.kind, MAIL_LOST);
    assert_true(has(sent.why, "naming the sender"));
    smtp_peer_close(p);
}

/* Where no time is left to wait for its answer, the dot is not written. */
static void a_mail_that_takes_too_long_is_given_up_before_its_end(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        SMTP_PEER_HELLO, TO_DATA, {".", SMTP_PEER_HANG}
    };
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options options = smtp_peer_options(p);
    struct smtp_mail mail = mail_of("x\r\n", &asha, 1);
    options.most_ms = 9000;
    struct smtp_sent sent = send_to(&options, &mail, NULL);
    smtp_peer_done(p);
    assert_int_equal(sent.kind, MAIL_LATER);
    assert_false(has(smtp_peer_heard(p, 0), "\r\n.\r\n"));
    smtp_peer_close(p);
}

static bool write_half(void *arg, bool (*put)(void *to, str piece), void *to)
{
    (void)arg;
    (void)put(to, S("Subject: half\r\n\r\n"));
    return false;
}

static void a_mail_that_cannot_be_made_is_not_ended_with_a_dot(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        SMTP_PEER_HELLO, TO_DATA, {".", "250 ok\r\n"}
    };
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options options = smtp_peer_options(p);
    struct smtp_mail mail = mail_of(NULL, &asha, 1);
    mail.source = write_half;
    bool is_open;
    struct smtp_sent sent = send_to(&options, &mail, &is_open);
    smtp_peer_done(p);
    assert_int_equal(sent.kind, MAIL_LOST);
    assert_true(sent.is_source_broken);
    assert_false(is_open);
    assert_int_equal(smtp_peer_mails(p), 0);
    assert_false(has(smtp_peer_heard(p, 0), "QUIT")); /* it would be part of the mail */
    smtp_peer_close(p);
}

static void what_the_server_cannot_take_is_refused_before_it_is_sent(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        SMTP_PEER_HELLO, TO_DATA, {".", "250 ok\r\n"}
    };
    static const str bad[] = {S_INIT("a@b.example\r\nDATA"), S_INIT("a b@c.example"), S_INIT("@x"),
        S_INIT("a@"), S_INIT("nobody"), S_INIT(""), S_INIT("a@b\xFF"), S_INIT("<a@b>")};
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options options = smtp_peer_options(p);
    struct smtp *s;
    struct smtp_sent sent;
    assert_int_equal(smtp_open(test_arena(), &options, &s).kind, MAIL_DONE);

    struct smtp_mail mail = mail_of("x\r\n", &asha, 1);
    mail.size_bytes = 1000001;
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_REFUSED);
    assert_str(sent.enhanced, "5.3.4");
    assert_str(
        sent.why, "the mail has 1.0 MB with its attachments; 127.0.0.1 takes at most 1.0 MB");
    mail.size_bytes = 10;
    mail.is_utf8 = true;
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_REFUSED);
    assert_str(sent.enhanced, "5.6.7");
    mail = mail_of("x\r\n", &asha, 1);
    mail.from = S("care@example.com> BODY=8BITMIME");
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_REFUSED);
    assert_str(sent.enhanced, "5.1.7");
    mail = mail_of("x\r\n", bad, (int)(sizeof bad / sizeof *bad));
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_REFUSED);
    assert_str(sent.enhanced, "5.1.3");
    assert_int_equal(sent.code, 0);

    mail = mail_of("x\r\n", &asha, 1); /* nothing of all that went out */
    smtp_send(s, test_arena(), &mail, &sent);
    assert_int_equal(sent.kind, MAIL_DONE);
    smtp_close(s);
    smtp_peer_done(p);
    smtp_peer_close(p);
}

static void a_large_mail_never_stands_in_memory(void **state)
{
    (void)state;
    int megabytes = 25;
    struct smtp_peer *p = smtp_peer_open(NULL, 0, false);
    struct smtp_options options = smtp_peer_options(p);
    struct smtp_mail mail = mail_of(NULL, &asha, 1);
    struct arena a = arena_make(256 * 1024);
    struct smtp *s;
    struct smtp_sent sent;
    mail.source = write_much;
    mail.source_arg = &megabytes;
    assert_int_equal(smtp_open(&a, &options, &s).kind, MAIL_DONE);
    smtp_send(s, &a, &mail, &sent);
    assert_int_equal(sent.kind, MAIL_DONE);
    smtp_close(s);
    arena_free(&a);
    smtp_peer_close(p);
}

static void a_probe_asks_for_the_sender_and_sends_nothing(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        SMTP_PEER_HELLO, {"MAIL FROM:<care@example.com>\r\n",  "250 ok\r\n"                    },
         {"RSET",                              "250 ok\r\n"                    },
        {"MAIL FROM:<other@example.com>\r\n", "553 5.7.1 not your address\r\n"}
    };
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options options = smtp_peer_options(p);
    struct smtp *s;
    assert_int_equal(smtp_open(test_arena(), &options, &s).kind, MAIL_DONE);
    assert_int_equal(smtp_probe(s, test_arena(), S("care@example.com")).kind, MAIL_DONE);
    struct mail_end end = smtp_probe(s, test_arena(), S("other@example.com"));
    assert_int_equal(end.kind, MAIL_REFUSED);
    assert_str(end.why, "naming the sender: 127.0.0.1 said 553 5.7.1: not your address");
    smtp_close(s);
    smtp_peer_done(p);
    smtp_peer_close(p);
}

static void *cancel_main(void *arg)
{
    smtp_cancel(arg);
    return NULL;
}

/* Cancels from another thread, once the server has heard what it waits for. */
static bool write_and_cancel(void *arg, bool (*put)(void *to, str piece), void *to)
{
    pthread_t thread;
    bool goes_on = put(to, S("x\r\n"));
    assert_int_equal(pthread_create(&thread, NULL, cancel_main, arg), 0);
    pthread_join(thread, NULL);
    return goes_on;
}

static void a_cancel_before_the_final_dot_takes_the_mail_back(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        SMTP_PEER_HELLO, TO_DATA, {".", "250 ok\r\n"}
    };
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options options = smtp_peer_options(p);
    struct smtp *s;
    struct smtp_sent sent;
    assert_int_equal(smtp_open(test_arena(), &options, &s).kind, MAIL_DONE);
    struct smtp_mail mail = mail_of(NULL, &asha, 1);
    mail.source = write_and_cancel;
    mail.source_arg = s;
    smtp_send(s, test_arena(), &mail, &sent);
    smtp_close(s);
    smtp_peer_done(p);
    assert_int_equal(sent.kind, MAIL_CANCELLED);
    assert_int_equal(smtp_peer_mails(p), 0);
    smtp_peer_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_mail_goes_out_with_dots_doubled_and_the_queue_id_comes_back),
        TEST(lone_line_ends_cannot_hide_a_command),
        TEST(parameters_go_out_only_where_they_are_offered),
        TEST(refused_recipients_are_told_and_the_rest_gets_the_mail),
        TEST(nobody_accepted_is_later_while_some_may_be_accepted_later),
        TEST(a_greylisted_mail_is_taken_when_it_comes_again),
        TEST(each_answer_ends_the_mail_in_its_own_way),
        TEST(lost_before_the_final_dot_is_surely_not_taken),
        TEST(lost_in_the_middle_of_the_mail_is_surely_not_taken),
        TEST(a_no_in_the_middle_of_the_mail_is_heard),
        TEST(lost_after_the_final_dot_is_unknown),
        TEST(silence_after_the_final_dot_is_unknown_and_before_it_lost),
        TEST(a_mail_that_takes_too_long_is_given_up_before_its_end),
        TEST(a_mail_that_cannot_be_made_is_not_ended_with_a_dot),
        TEST(what_the_server_cannot_take_is_refused_before_it_is_sent),
        TEST(a_large_mail_never_stands_in_memory),
        TEST(a_probe_asks_for_the_sender_and_sends_nothing),
        TEST(a_cancel_before_the_final_dot_takes_the_mail_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
