/* Mails on their way out, over a server with a script: over which connections, to whom, when again,
 * under which names. */
#include "mail_way_world.h"

#include "base/clock.h"

#include <string.h>

#define ROWS(steps) (steps), (int)(sizeof(steps) / sizeof *(steps))
#define PASSWORD    "{\"password\":\"s3cret\"}"
#define HELLO                                                                                      \
    {NULL, "220 mx\r\n"}, {"EHLO ", "250-mx\r\n250-AUTH PLAIN\r\n250 ENHANCEDSTATUSCODES\r\n"},    \
    {                                                                                              \
        "AUTH PLAIN ", "235 ok\r\n"                                                                \
    }
#define FROM                                                                                       \
    {                                                                                              \
        "MAIL FROM:<support@example.com>", "250 ok\r\n"                                            \
    }
#define DATA                                                                                       \
    {"DATA", "354 go\r\n"},                                                                        \
    {                                                                                              \
        ".", "250 2.0.0 ok\r\n"                                                                    \
    }
#define RESET                                                                                      \
    {                                                                                              \
        "RSET", "250 ok\r\n"                                                                       \
    }

enum { MINUTE = 60 * 1000 };

/* A mailbox that sends by this server, and the conversation of one mail that has come. */
static str sending_open(struct mail_world *mw, struct test_app *app, struct smtp_peer *p)
{
    mails_open(mw, app, p, "", PASSWORD);
    return mails_arrive(mw, NULL, "1@example.net", "");
}

static void sending_close(struct mail_world *mw, struct smtp_peer *p)
{
    world_close(&mw->w);
    smtp_peer_close(p);
}

static void several_mails_use_one_connection(void **state)
{
    struct mail_world mw;
    struct smtp_peer *p = smtp_peer_open(NULL, 0, false);
    str id = sending_open(&mw, *state, p);
    for (int i = 0; i < 3; i++)
        assert_str(mails_state(&mw, id, mails_answer(&mw, id, "It comes today.")), "sent");
    assert_int_equal(smtp_peer_mails(p), 3);
    assert_int_equal(smtp_peer_connections(p), 1);
    sending_close(&mw, p);
}

/* As a kill on the way leaves it: the claim has begun, and nobody knows how far it came. */
static void a_mail_that_a_kill_cut_short_is_unknown_until_an_agent_sends_it_again(void **state)
{
    struct mail_world mw;
    struct smtp_peer *p = smtp_peer_open(NULL, 0, false);
    int64_t changed = 0;
    str id = sending_open(&mw, *state, p);
    str message = str_copy(&mw.app->arena, reply(&mw.w, id, "It comes today."));
    struct ctx *cx = test_begin(mw.app);
    assert_ok(db_run(cx->db,
        S("UPDATE job SET kills = 1 WHERE account_id = ?1 AND kind = 'send' AND key = ?2"),
        ARGS(A_ID(cx->account), A_TEXT(message)), &changed));
    test_commit(mw.app, cx);
    assert_int_equal(changed, 1);
    world_run(&mw.w);
    assert_str(mails_state(&mw, id, message), "unknown");
    assert_int_equal(smtp_peer_connections(p), 0);
    str again = str_print(&mw.app->arena, "/api/v1/messages/%.*s/retry", SARG(message));
    assert_int_equal(test_request(mw.app, "POST", str_z(&mw.app->arena, again), NULL), 200);
    world_run(&mw.w);
    assert_str(mails_state(&mw, id, message), "sent");
    assert_int_equal(smtp_peer_mails(p), 1);
    sending_close(&mw, p);
}

static void a_server_that_asks_for_patience_is_asked_again_on_the_schedule(void **state)
{
    static const struct smtp_step steps[] = {
        HELLO,
        FROM,
        {"RCPT TO:<asha@example.net>", "450 4.7.1 Greylisted\r\n"},
        RESET,
        FROM, /* another conversation: nothing holds it up */
        {"RCPT TO:<ben@example.net>",  "250 ok\r\n"              },
        DATA,
        SMTP_PEER_NEXT,
        HELLO,
        FROM,
        {"RCPT TO:<asha@example.net>", "450 4.7.1 Greylisted\r\n"},
        RESET,
        SMTP_PEER_NEXT,
        HELLO,
        FROM,
        {"RCPT TO:<asha@example.net>", "250 ok\r\n"              },
        DATA,
    };
    struct mail_world mw;
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    str id = sending_open(&mw, *state, p);
    str other = mails_arrive(&mw, "ben@example.net", "2@example.net", "");
    str message = mails_answer(&mw, id, "It comes today.");
    assert_str(mails_state(&mw, id, message), "sending");
    assert_str(mails_recipients(&mw, message), "asha@example.net later");
    assert_str(mails_shown(&mw, message, "recipients.0.words"), "450 4.7.1 Greylisted");
    str at = time_rfc3339(&mw.app->arena, clock_now_ms() + MINUTE);
    assert_true(str_eq(mails_shown(&mw, message, "again_at"), at));
    assert_str(mails_state(&mw, other, mails_answer(&mw, other, "Yours too.")), "sent");
    mails_wait(&mw, MINUTE - 1);
    assert_int_equal(smtp_peer_connections(p), 1);
    mails_wait(&mw, 1);
    assert_int_equal(smtp_peer_connections(p), 2);
    mails_wait(&mw, 5 * MINUTE - 1);
    assert_int_equal(smtp_peer_connections(p), 2);
    mails_wait(&mw, 1);
    assert_str(mails_state(&mw, id, message), "sent");
    assert_str(mails_recipients(&mw, message), "asha@example.net taken");
    assert_str(mails_shown(&mw, message, "again_at"), "");
    smtp_peer_done(p);
    sending_close(&mw, p);
}

/* The first answer of that server, then hour by hour. */
static void after_48_hours_a_mail_has_failed_with_the_words_of_the_server(void **state)
{
    enum { TRIES = 5 + 47, EACH = 7 };
    static const struct smtp_step one[EACH] = {
        HELLO, FROM, {"RCPT TO:", "452 4.2.2 Mailbox full\r\n"},
          RESET, SMTP_PEER_NEXT
    };
    static struct smtp_step steps[TRIES * EACH];
    struct mail_world mw;
    for (int i = 0; i < TRIES; i++)
        memcpy(steps + i * EACH, one, sizeof one);
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    str id = sending_open(&mw, *state, p);
    str message = mails_answer(&mw, id, "It comes today.");
    static const int first[] = {1, 5, 15, 60};
    for (int i = 0; i < 4; i++)
        mails_wait(&mw, (int64_t)first[i] * MINUTE);
    assert_int_equal(smtp_peer_connections(p), 5);
    for (int i = 0; i < 46; i++)
        mails_wait(&mw, 60 * MINUTE);
    assert_int_equal(smtp_peer_connections(p), 51);
    assert_str(mails_state(&mw, id, message), "sending");
    mails_wait(&mw, 60 * MINUTE); /* the 49th hour */
    assert_str(mails_state(&mw, id, message), "failed");
    assert_str(mails_recipients(&mw, message), "asha@example.net refused");
    assert_str(mails_shown(&mw, message, "recipients.0.words"), "452 4.2.2 Mailbox full");
    mails_wait(&mw, 120 * MINUTE);
    assert_int_equal(smtp_peer_connections(p), 52);
    sending_close(&mw, p);
}

static void each_recipient_gets_it_once_and_who_waits_is_asked_alone(void **state)
{
    static const struct smtp_step steps[] = {
        HELLO,
        FROM,
        {"RCPT TO:<asha@example.net>", "250 ok\r\n"                },
        {"RCPT TO:<ben@example.net>",  "452 4.2.2 Mailbox full\r\n"},
        {"RCPT TO:<cy@example.net>",   "550 5.7.1 Not here\r\n"    },
        DATA,
        FROM, /* the next mail of the conversation does not wait for Ben */
        {"RCPT TO:<asha@example.net>", "250 ok\r\n"                },
        DATA,
        SMTP_PEER_NEXT,
        HELLO,
        FROM,
        {"RCPT TO:<ben@example.net>",  "250 ok\r\n"                },
        DATA,
    };
    struct mail_world mw;
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    str id = sending_open(&mw, *state, p);
    assert_int_equal(mails_answer_with(&mw, id,
                         "\"mail\":{\"cc\":[{\"name\":\"Ben\",\"address\":\"ben@example.net\"},"
                         "{\"name\":\"Cy\",\"address\":\"cy@example.net\"}]}"),
        201);
    str message = str_copy(&mw.app->arena, test_text(mw.app, "id"));
    world_run(&mw.w);
    assert_str(mails_state(&mw, id, message), "sent");
    assert_str(mails_recipients(&mw, message),
        "asha@example.net taken, ben@example.net later, cy@example.net refused");
    assert_int_equal(mails_answer_with(&mw, id, "\"mail\":{\"cc\":[]}"), 201);
    world_run(&mw.w);
    mails_wait(&mw, MINUTE);
    assert_str(mails_recipients(&mw, message),
        "asha@example.net taken, ben@example.net taken, cy@example.net refused");
    smtp_peer_done(p);
    mails_wait(&mw, 60 * MINUTE);
    assert_int_equal(smtp_peer_connections(p), 2);
    sending_close(&mw, p);
}

/* Asha has it, Ben waits; what happens to his next try is one of two ends that a kill makes. */
static void kill_the_next_try(struct test_app *app, int64_t kills, const char *message_state)
{
    static const struct smtp_step steps[] = {
        HELLO,
        FROM,
        {"RCPT TO:<asha@example.net>", "250 ok\r\n"                },
        {"RCPT TO:<ben@example.net>",  "452 4.2.2 Mailbox full\r\n"},
        DATA,
    };
    struct mail_world mw;
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    int64_t changed = 0;
    mails_open(&mw, app, p, "", PASSWORD);
    str id = mails_arrive(&mw, NULL, "1@example.net", "");
    assert_int_equal(mails_answer_with(&mw, id,
                         "\"mail\":{\"cc\":[{\"name\":\"Ben\",\"address\":\"ben@example.net\"}]}"),
        201);
    str message = str_copy(&app->arena, test_text(app, "id"));
    world_run(&mw.w);
    assert_true(mails_shown(&mw, message, "again_at").len > 0);
    struct ctx *cx = test_begin(app);
    assert_ok(db_run(cx->db,
        S("UPDATE job SET kills = ?3 WHERE account_id = ?1 AND kind = 'mail_again' AND key = ?2"),
        ARGS(A_ID(cx->account), A_TEXT(message), A_INT(kills)), &changed));
    test_commit(app, cx);
    assert_int_equal(changed, 1);
    mails_wait(&mw, MINUTE);
    assert_str(mails_state(&mw, id, message), message_state);
    assert_str(mails_recipients(&mw, message), "asha@example.net taken, ben@example.net unknown");
    assert_str(mails_shown(&mw, message, "again_at"), "");
    mails_wait(&mw, 120 * MINUTE);
    assert_int_equal(smtp_peer_connections(p), 1);
    sending_close(&mw, p);
}

static void a_further_try_that_a_kill_cut_short_is_not_announced_any_more(void **state)
{
    kill_the_next_try(*state, 1, "sent");
}

static void a_further_try_that_is_set_aside_is_not_announced_any_more(void **state)
{
    kill_the_next_try(*state, 3, "sent");
    test_log_had(LOG_ERROR, "a job is set aside that ended the server each time");
}

/* The server is away just then: that is no answer about the recipient. */
static void who_waits_goes_on_waiting_when_the_server_is_away_at_the_next_try(void **state)
{
    static const struct smtp_step steps[] = {
        HELLO,
        FROM,
        {"RCPT TO:<asha@example.net>", "450 4.7.1 Greylisted\r\n"},
        RESET,
        SMTP_PEER_NEXT,
        {NULL,                         SMTP_PEER_RESET           },
        SMTP_PEER_NEXT,
        HELLO,
        FROM,
        {"RCPT TO:<asha@example.net>", "250 ok\r\n"              },
        DATA,
    };
    struct mail_world mw;
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    str id = sending_open(&mw, *state, p);
    str message = mails_answer(&mw, id, "It comes today.");
    mails_wait(&mw, MINUTE);
    assert_int_equal(smtp_peer_connections(p), 2);
    assert_str(mails_state(&mw, id, message), "sending");
    assert_true(mails_shown(&mw, message, "again_at").len > 0);
    for (int i = 0; i < 3; i++)
        mails_wait(&mw, 5 * MINUTE);
    assert_str(mails_state(&mw, id, message), "sent");
    assert_str(mails_shown(&mw, message, "again_at"), "");
    smtp_peer_done(p);
    sending_close(&mw, p);
}

static void what_the_server_refuses_twice_for_the_address_is_not_sent_a_third_time(void **state)
{
    static const struct smtp_step steps[] = {
        HELLO,
        FROM,
        {"RCPT TO:", "550 5.1.1 No such user\r\n"},
        RESET,
        FROM,
        {"RCPT TO:", "550 5.1.1 No such user\r\n"},
        RESET,
    };
    struct mail_world mw;
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    str id = sending_open(&mw, *state, p);
    str message = mails_answer(&mw, id, "It comes today.");
    assert_str(mails_state(&mw, id, message), "failed");
    assert_str(mails_state(&mw, id, mails_answer(&mw, id, "It comes today.")), "failed");
    assert_int_equal(mails_answer_with(&mw, id, ""), 409);
    struct arena *a = &mw.app->arena;
    char *retry = str_z(a, str_print(a, "/api/v1/messages/%.*s/retry", SARG(message)));
    assert_int_equal(test_request(mw.app, "POST", retry, NULL), 409);
    assert_str(test_text(mw.app, "error.code"), "conflict.bad_address");
    smtp_peer_done(p);
    sending_close(&mw, p);
}

static void a_relays_own_name_leads_answers_back_too(void **state)
{
    static const struct smtp_step steps[] = {
        HELLO,
        FROM,
        {"RCPT TO:", "250 ok\r\n"                                                  },
        {"DATA",     "354 go\r\n"                                                  },
        {".",        "250 2.0.0 OK <AM0.1@eur.prod.outlook.com> [Hostname=AM0]\r\n"},
    };
    struct mail_world mw;
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    str id = sending_open(&mw, *state, p);
    str message = mails_answer(&mw, id, "It comes today.");
    assert_str(mails_state(&mw, id, message), "sent");
    assert_true(str_eq(
        mails_arrive(&mw, NULL, "2@example.net", "In-Reply-To: <AM0.1@eur.prod.outlook.com>\r\n"),
        id));
    mails_post(&mw, mails_report(&mw, "failed", "asha@example.net", MAILBOX,
                        S("AM0.1@eur.prod.outlook.com"), "r1"));
    assert_str(mails_state(&mw, id, message), "failed");
    sending_close(&mw, p);
}

static void servers_are_asked_for_reports_that_name_the_mail(void **state)
{
    static const struct smtp_step steps[] = {
        {NULL,                                                      "220 mx\r\n"                                         },
        {"EHLO ",                                                   "250-mx\r\n250-AUTH PLAIN\r\n250 DSN\r\n"            },
        {"AUTH PLAIN ",                                             "235 ok\r\n"                                         },
        {"MAIL FROM:<support+m",                                    "250 ok\r\n"                                         },
        {"RCPT TO:<asha@example.net> NOTIFY=FAILURE,DELAY,SUCCESS", "250 ok\r\n"                                         },
        DATA,
        {"MAIL FROM:<support+m",                                    "550 5.7.60 You may not write under this address\r\n"},
        {"MAIL FROM:<support@example.com>",                         "250 ok\r\n"                                         },
        {"RCPT TO:",                                                "250 ok\r\n"                                         },
        DATA,
    };
    struct mail_world mw;
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    mails_open(&mw, *state, p, "\"plus\":\"yes\",\"receipts\":\"yes\"", PASSWORD);
    str id = mails_arrive(&mw, NULL, "1@example.net", "");
    str message = mails_answer(&mw, id, "It comes today.");
    assert_str(mails_state(&mw, id, message), "sent");
    assert_str(mails_state(&mw, id, mails_answer(&mw, id, "It comes today.")), "sent");
    smtp_peer_done(p);
    str heard = smtp_peer_heard(p, 0);
    str ask = str_print(&mw.app->arena, " RET=HDRS ENVID=%.*s\r\n", SARG(message));
    assert_true(str_find(heard, ask) > 0);
    sending_close(&mw, p);
}

static void a_mailbox_with_a_key_signs(void **state)
{
    struct mail_world mw;
    struct smtp_peer *p = smtp_peer_open(NULL, 0, false);
    mails_open(&mw, *state, p, "", PASSWORD);
    struct arena *a = &mw.app->arena;
    char *target =
        str_z(a, str_print(a, "/api/v1/channels/%lld/mail-key", (long long)mw.box.channel.v));
    assert_int_equal(test_request(mw.app, "POST", target,
                         "{\"domain\":\"example.com\",\"selector\":\"Seva 1\"}"),
        400);
    assert_int_equal(
        test_request(mw.app, "POST", target, "{\"domain\":\"example.com\",\"selector\":\"seva1\"}"),
        200);
    assert_str(test_text(mw.app, "name"), "seva1._domainkey.example.com");
    assert_true(str_starts(test_text(mw.app, "value"), S("v=DKIM1; k=rsa; p=MII")));
    str id = mails_arrive(&mw, NULL, "1@example.net", "");
    assert_str(mails_state(&mw, id, mails_answer(&mw, id, "It comes today.")), "sent");
    world_close(&mw.w);
    str heard = smtp_peer_heard(p, 0);
    assert_true(str_find(heard, S("DATA\r\nDKIM-Signature: v=1; a=rsa-sha256")) > 0);
    assert_true(str_find(heard, S("d=example.com")) > 0);
    smtp_peer_close(p);
}

#define SIGNED_IN                                                                                  \
    "> * OK ready", "< CAPABILITY", "> * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR", "> $ OK done",  \
        "< AUTHENTICATE PLAIN ", "> $ OK in", "< CAPABILITY", "> * CAPABILITY IMAP4rev1",          \
        "> $ OK done"

static str copy_settings(struct test_app *app, const struct mail_peer *imap)
{
    return str_print(&app->arena,
        "\"imap_host\":\"127.0.0.1\",\"imap_security\":\"none\",\"sent_folder\":\"Gone out\","
        "\"imap_port\":\"%d\"",
        mail_peer_port(imap));
}

/* The first try is lost when the mailbox wants the mail; the second finds that it is there. */
static void what_was_sent_is_kept_once_in_the_folder_for_it(void **state)
{
    struct mail_world mw;
    struct test_app *app = *state;
    struct smtp_peer *p = smtp_peer_open(NULL, 0, false);
    struct mail_peer *first = MAIL_PEER(SIGNED_IN, "< APPEND \"Gone out\" (\\Seen)", "> + ready");
    mail_peer_may_stop(first);
    mails_open(&mw, app, p, str_z(&app->arena, copy_settings(app, first)), PASSWORD);
    str id = mails_arrive(&mw, NULL, "1@example.net", "");
    str message = mails_answer(&mw, id, "It comes today.");
    assert_str(mails_state(&mw, id, message), "sent");
    char *channel = str_z(
        &app->arena, str_print(&app->arena, "/api/v1/channels/%lld", (long long)mw.box.channel.v));
    assert_int_equal(test_request(app, "GET", channel, NULL), 200);
    assert_true(str_find(app->body, S("The copy in the folder of sent mails: ")) > 0);
    mail_peer_close(first);
    struct mail_peer *second = MAIL_PEER(SIGNED_IN, "< SELECT \"Gone out\"", "> * 3 EXISTS",
        "> * OK [UIDVALIDITY 7] kept", "> * OK [UIDNEXT 11] next", "> $ OK [READ-WRITE] open",
        "< UID SEARCH HEADER Message-ID \"<seva.", "> * SEARCH 10", "> $ OK done", "< LOGOUT");
    str change = str_print(&app->arena, "{\"settings\":{%.*s}}", SARG(copy_settings(app, second)));
    assert_int_equal(test_request(app, "PATCH", channel, str_z(&app->arena, change)), 200);
    mails_wait(&mw, 2000); /* the first pause is at most one second */
    mails_wait(&mw, MINUTE);
    assert_str(mails_state(&mw, id, message), "sent");
    assert_int_equal(smtp_peer_mails(p), 1);
    mail_peer_close(second);
    sending_close(&mw, p);
}

#define XOAUTH2(token_answer)                                                                      \
    {NULL, "220 mx\r\n"}, {"EHLO ", "250-mx\r\n250 AUTH XOAUTH2\r\n"},                             \
    {                                                                                              \
        "AUTH XOAUTH2 ", token_answer                                                              \
    }
#define REFUSED                                                                                    \
    XOAUTH2("334 eyJzdGF0dXMiOiI0MDAifQ==\r\n"),                                                   \
    {                                                                                              \
        "\r\n", "535 5.7.8 no\r\n"                                                                 \
    }

static void an_ended_token_is_made_new_once_then_people_must_sign_in(void **state)
{
    static const struct smtp_step steps[] = {
        REFUSED,
        SMTP_PEER_NEXT,
        XOAUTH2("235 ok\r\n"),
        FROM,
        {"RCPT TO:", "250 ok\r\n"},
        DATA,
        SMTP_PEER_NEXT,
        REFUSED,
    };
    struct mail_world mw;
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct receiver_peer *provider = receiver_open();
    mails_open(&mw, *state, p, "\"sign_in\":\"google\",\"client_id\":\"app\"",
        "{\"client_secret\":\"cs\",\"access_token\":\"old\",\"refresh_token\":\"r1\"}");
    struct arena *a = &mw.app->arena;
    mw.app->config.network_hosts =
        str_print(a, "email.token=%.*s", SARG(receiver_url(provider, "")));
    receiver_answers(provider, 200,
        "{\"access_token\":\"fresh\",\"token_type\":\"Bearer\",\"expires_in\":3600}", "");
    str id = mails_arrive(&mw, NULL, "1@example.net", "");
    assert_str(mails_state(&mw, id, mails_answer(&mw, id, "It comes today.")), "sent");
    assert_int_equal(receiver_count(provider), 1);
    receiver_answers(provider, 400, "{\"error\":\"invalid_grant\"}", "");
    assert_str(mails_state(&mw, id, mails_answer(&mw, id, "It comes today.")), "sending");
    assert_int_equal(receiver_count(provider), 2);
    char *channel = str_z(a, str_print(a, "/api/v1/channels/%lld", (long long)mw.box.channel.v));
    assert_int_equal(test_request(mw.app, "GET", channel, NULL), 200);
    assert_true(str_find(mw.app->body, S("Sign in again in the channel's settings. ")) > 0);
    test_log_had(LOG_WARN, "a network's credentials could not be made new");
    smtp_peer_done(p);
    world_close(&mw.w);
    receiver_close(provider);
    smtp_peer_close(p);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(several_mails_use_one_connection),
        TEST_APP(a_mail_that_a_kill_cut_short_is_unknown_until_an_agent_sends_it_again),
        TEST_APP(a_server_that_asks_for_patience_is_asked_again_on_the_schedule),
        TEST_APP(after_48_hours_a_mail_has_failed_with_the_words_of_the_server),
        TEST_APP(each_recipient_gets_it_once_and_who_waits_is_asked_alone),
        TEST_APP(a_further_try_that_a_kill_cut_short_is_not_announced_any_more),
        TEST_APP(a_further_try_that_is_set_aside_is_not_announced_any_more),
        TEST_APP(who_waits_goes_on_waiting_when_the_server_is_away_at_the_next_try),
        TEST_APP(what_the_server_refuses_twice_for_the_address_is_not_sent_a_third_time),
        TEST_APP(a_relays_own_name_leads_answers_back_too),
        TEST_APP(servers_are_asked_for_reports_that_name_the_mail),
        TEST_APP(a_mailbox_with_a_key_signs),
        TEST_APP(what_was_sent_is_kept_once_in_the_folder_for_it),
        TEST_APP(an_ended_token_is_made_new_once_then_people_must_sign_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
