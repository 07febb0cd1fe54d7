/* A mail's way out: when it is tried again, what its end means, the relay's name for it, whether a
 * copy is kept. */
#include "base/clock.h"
#include "connector/email.h"
#include "connector/mail.h"
#include "test.h"

enum { MINUTE_MS = 60 * 1000 };

static void a_server_that_asks_for_patience_is_asked_after_1_5_15_60_minutes_then_hourly(
    void **state)
{
    static const int waits[] = {1, 5, 15, 60, 60, 60};
    struct connector_letter letter = {0};
    struct connector_outgoing out = {.letter = &letter, .now_ms = TEST_NOW_MS};
    (void)state;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        int64_t next_ms = email_next_try_ms(&out);
        assert_int_equal(next_ms - out.now_ms, (int64_t)waits[i] * MINUTE_MS);
        letter.first_try_ms = TEST_NOW_MS;
        out.now_ms = next_ms;
    }
}

static void the_relays_name_is_read_from_its_yes(void **state)
{
    static const struct {
        const char *host, *words, *id;
    } rows[] = {
        {"smtp.office365.com",                 "OK <AM0.1@eur.prod.outlook.com> [Hostname=AM0]",
         "AM0.1@eur.prod.outlook.com"                                                              },
        {"email-smtp.us-east-1.amazonaws.com", "Ok 0100018c1234abcd-12345678-0000-000000",
         "0100018c1234abcd-12345678-0000-000000@email.amazonses.com"                               },
        {"email-smtp.eu-west-1.amazonaws.com", "Ok 0102018c1234abcd-12345678-0000-000000",
         "0102018c1234abcd-12345678-0000-000000@eu-west-1.amazonses.com"                           },
        {"email-smtp.eu-west-1.amazonaws.com", "Ok queued",                                      ""},
        {"mx.example.com",                     "queued as 4Rabc",                                ""},
        {"mx.example.com",                     "<>",                                             ""},
        {"mx.example.com",                     "< a@b > <a b@c> <a@b",                           ""},
        {"mx.example.com",                     "",                                               ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_str(email_relay_id(test_arena(), str_from(rows[i].host), str_from(rows[i].words)),
            rows[i].id);
}

struct ending {
    struct smtp_sent got;
    struct smtp_answer to[2];
    bool is_late; /* 48 hours after the first try */
    const char *states;
    enum connector_outcome outcome;
    bool is_channel_wide, waits;
};

static void each_end_means_one_thing_for_the_mail_and_each_recipient(void **state)
{
    static const str people[] = {S_INIT("a@example.net"), S_INIT("b@example.net")};
    static const struct ending rows[] = {
        {.got = {.kind = MAIL_DONE, .code = 250, .n_taken = 2},
         .to = {{.kind = MAIL_DONE}, {.kind = MAIL_DONE}},
         .states = "taken taken",
         .outcome = CONNECTOR_SENT                                                     },
        {.got = {.kind = MAIL_DONE, .code = 250, .n_taken = 1},
         .to = {{.kind = MAIL_DONE}, {.kind = MAIL_LATER, .code = 452}},
         .states = "taken later",
         .outcome = CONNECTOR_SENT,
         .waits = true},
        {.got = {.kind = MAIL_DONE, .code = 250, .n_taken = 1},
         .to = {{.kind = MAIL_DONE}, {.kind = MAIL_LATER, .code = 452}},
         .is_late = true,
         .states = "taken refused",
         .outcome = CONNECTOR_SENT},
        {.got = {.kind = MAIL_LATER, .code = 450},
         .to = {{.kind = MAIL_LATER, .code = 450}, {.kind = MAIL_REFUSED, .code = 550}},
         .states = "later refused",
         .outcome = CONNECTOR_WAIT,
         .waits = true},
        {.got = {.kind = MAIL_LATER, .code = 450},
         .to = {{.kind = MAIL_LATER, .code = 450}, {.kind = MAIL_LATER, .code = 450}},
         .is_late = true,
         .states = "refused refused",
         .outcome = CONNECTOR_FINAL},
        {.got = {.kind = MAIL_LATER, .code = 454, .is_before_mail = true},
         .states = "",
         .outcome = CONNECTOR_RETRY,
         .is_channel_wide = true                                                  },
        {.got = {.kind = MAIL_LATER, .code = 421},
         .states = "",
         .outcome = CONNECTOR_RETRY,
         .is_channel_wide = true   },
        {.got = {.kind = MAIL_LOST},
         .states = "",
         .outcome = CONNECTOR_RETRY,
         .is_channel_wide = true                                                  },
        {.got = {.kind = MAIL_UNKNOWN},
         .to = {{.kind = MAIL_UNKNOWN}, {.kind = MAIL_REFUSED, .code = 550}},
         .states = "unknown refused",
         .outcome = CONNECTOR_UNKNOWN   },
        {.got = {.kind = MAIL_REFUSED, .code = 554},
         .to = {{.kind = MAIL_REFUSED, .code = 554}, {.kind = MAIL_REFUSED, .code = 554}},
         .states = "refused refused",
         .outcome = CONNECTOR_FINAL                                             },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct connector_setup setup = {.settings = S("{}"), .secrets = S("{}")};
        struct connector_letter letter = {.internet_id = S("x@example.com")};
        struct smtp_sent got = rows[i].got;
        struct smtp_answer to[2] = {rows[i].to[0], rows[i].to[1]};
        struct connector_outgoing out = {.setup = &setup, .letter = &letter, .now_ms = TEST_NOW_MS};
        const struct smtp_mail mail = {.to = people, .n_to = 2};
        struct connector_sent sent = {0};
        letter.first_try_ms = rows[i].is_late ? TEST_NOW_MS - EMAIL_TRIES_MS : 0;
        got.to = to;
        email_judge(test_arena(), &out, &mail, &got, &sent);
        struct sb b = sb_make(test_arena(), 200);
        for (ptrdiff_t k = 0; k < sent.n_reached; k++)
            sb_print(&b, "%s%.*s", k ? " " : "", SARG(sent.reached[k].state));
        assert_str(sb_str(&b), rows[i].states);
        assert_int_equal(sent.outcome, rows[i].outcome);
        assert_int_equal(sent.is_channel_wide, rows[i].is_channel_wide);
        assert_int_equal(sent.again_ms > 0, rows[i].waits);
    }
}

static void a_copy_is_kept_where_the_server_does_not_keep_one(void **state)
{
    static const struct {
        const char *settings;
        bool copies;
    } rows[] = {
        {"{\"imap_host\":\"imap.example.com\",\"smtp_host\":\"mx.example.com\"}",                       true },
        {"{\"imap_host\":\"imap.example.com\",\"sent_folder\":\"off\"}",                                false},
        {"{\"smtp_host\":\"mx.example.com\"}",                                                          false},
        {"{\"imap_host\":\"imap.gmail.com\",\"smtp_host\":\"smtp.gmail.com\"}",                         false},
        {"{\"imap_host\":\"i.example.com\",\"smtp_host\":\"s.example.com\",\"sign_in\":\"microsoft\"}",
         false                                                                                               },
        {"{\"imap_host\":\"imap.gmail.com\",\"smtp_host\":\"smtp.gmail.com\",\"sent_folder\":\"Out\"}",
         true                                                                                                },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct connector_setup setup = {
            .settings = str_from(rows[i].settings), .secrets = S("{}")};
        assert_int_equal(email_copies(test_arena(), &setup), rows[i].copies);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_server_that_asks_for_patience_is_asked_after_1_5_15_60_minutes_then_hourly),
        TEST(the_relays_name_is_read_from_its_yes),
        TEST(each_end_means_one_thing_for_the_mail_and_each_recipient),
        TEST(a_copy_is_kept_where_the_server_does_not_keep_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
