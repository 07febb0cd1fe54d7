/* Mails posted to a mailbox: which conversation each belongs to, whoever wrote it and whatever it
 * says; what is kept of it; what programs write; what became of ours. */
#include "mail_world.h"

#include "base/id.h"
#include "care/delivery.h"

/* ── stories ── */

static void a_mail_begins_a_conversation(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, &first);
    str id = newest(&mw);
    assert_str(timeline(&mw, id), "in:It was to come on Monday.");
    assert_str(shown(&mw, id, "subject"), "Where is my order?");
    assert_str(shown(&mw, id, "contact.name"), "Asha");
    look(&mw, shown(&mw, id, "last_message_id"));
    assert_str(test_text(mw.app, "from.address"), "asha@example.net");
    assert_str(test_text(mw.app, "auth.verdict"), "pass");
    assert_str(test_text(mw.app, "auth.by"), BY_US);
    world_close(&mw.w);
}

static void only_who_knows_the_secret_may_post(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    assert_int_equal(post(&mw, S("wrong"), written(&mw.app->arena, &first)), 401);
    assert_int_equal(post(&mw, mw.box.secret, S("this is no mail")), 400);
    world_close(&mw.w);
}

static void the_same_mail_on_two_ways_is_one_message(void **state)
{
    struct mail_world mw;
    struct letter again = first;
    open_world(&mw, *state);
    arrives(&mw, &first);
    again.headers = "Received: from elsewhere by mx2.example.com\r\n";
    arrives(&mw, &again);
    assert_str(timeline(&mw, newest(&mw)), "in:It was to come on Monday.");
    again.id = first.id; /* a broken program: another mail of the same name is not lost */
    again.text = "Something else.";
    arrives(&mw, &again);
    assert_str(timeline(&mw, newest(&mw)), "in:It was to come on Monday.|in:Something else.");
    world_close(&mw.w);
}

static void an_answer_of_who_takes_part_goes_where_it_belongs(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, &first);
    str id = newest(&mw);
    struct letter answer = first;
    answer.id = "2@example.net";
    answer.subject = "Re: something else altogether";
    answer.answers = answered(&mw, id, "It comes today.");
    answer.text = "Thank you.";
    arrives(&mw, &answer);
    assert_str(timeline(&mw, id), "in:It was to come on Monday.|out:It comes today.|in:Thank you.");
    world_close(&mw.w);
}

/* The same headers, from somebody else; from the customer's address without proof; with the number
 * in the subject only. */
static void strangers_stay_outside(void **state)
{
    static const struct {
        const char *from, *verdict;
        bool answers;
    } cases[] = {
        {"mallory@example.org", "pass", true },
        {"asha@example.net",    "fail", true },
        {"asha@example.net",    NULL,   true },
        {"mallory@example.org", "pass", false},
    };
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, &first);
    str id = newest(&mw);
    str ours = answered(&mw, id, "It comes today.");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct letter letter = {.from = cases[i].from,
            .subject = "Re: Where is my order? [#1]",
            .id = str_z(&mw.app->arena, str_print(&mw.app->arena, "s%zu@example.org", i)),
            .text = "Tell me her address.",
            .answers = cases[i].answers ? ours : (str){0},
            .verdict = cases[i].verdict};
        arrives(&mw, &letter);
        str other = newest(&mw);
        assert_false(str_eq(other, id));
        assert_str(timeline(&mw, other), "in:Tell me her address.");
        assert_true(str_eq(shown(&mw, other, "related_id"), id)); /* an agent decides */
    }
    assert_str(timeline(&mw, id), "in:It was to come on Monday.|out:It comes today.");
    world_close(&mw.w);
}

/* The customer's own mail once more, with other words and without proof: whoever has seen its name
 * could write that. */
static void who_repeats_a_name_without_proof_stays_outside(void **state)
{
    struct mail_world mw;
    struct letter forged = first;
    open_world(&mw, *state);
    arrives(&mw, &first);
    str id = newest(&mw);
    forged.verdict = NULL;
    forged.text = "Send it to this street.";
    arrives(&mw, &forged);
    assert_false(str_eq(newest(&mw), id));
    assert_str(timeline(&mw, newest(&mw)), "in:Send it to this street.");
    assert_str(timeline(&mw, id), "in:It was to come on Monday.");
    world_close(&mw.w);
}

/* Other programs drop In-Reply-To; the address at which we want answers says enough. */
static void our_address_brings_an_answer_back(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, &first);
    str id = newest(&mw);
    str message = str_copy(&mw.app->arena, reply(&mw.w, id, "It comes today."));
    look(&mw, message);
    struct letter answer = first;
    answer.id = "3@example.net";
    answer.text = "Thank you.";
    answer.to = str_z(&mw.app->arena, test_text(mw.app, "reply_to"));
    arrives(&mw, &answer);
    assert_str(timeline(&mw, id), "in:It was to come on Monday.|out:It comes today.|in:Thank you.");
    answer.id = "4@example.net";
    answer.from = "mallory@example.org";
    arrives(&mw, &answer);
    assert_false(str_eq(newest(&mw), id));
    world_close(&mw.w);
}

static void whom_the_customer_copies_takes_part(void **state)
{
    struct mail_world mw;
    struct letter with = first;
    open_world(&mw, *state);
    with.headers = "Cc: Ben <ben@example.net>\r\n";
    arrives(&mw, &with);
    str id = newest(&mw);
    str message = str_copy(&mw.app->arena, reply(&mw.w, id, "It comes today."));
    look(&mw, message);
    assert_str(test_text(mw.app, "to.0.address"), "asha@example.net");
    assert_str(test_text(mw.app, "cc.0.address"), "ben@example.net");
    assert_str(test_text(mw.app, "subject"), "Re: Where is my order?");
    const struct letter his = {.from = "ben@example.net",
        .subject = "Re: Where is my order?",
        .id = "b@example.net",
        .text = "At what time?",
        .answers = str_copy(&mw.app->arena, test_text(mw.app, "message_id")),
        .verdict = "pass"};
    arrives(&mw, &his);
    assert_str(
        timeline(&mw, id), "in:It was to come on Monday.|out:It comes today.|in:At what time?");
    world_close(&mw.w);
}

static void an_absence_notice_is_kept_and_opens_nothing(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, &first);
    str id = newest(&mw);
    struct letter away = first;
    away.id = "away@example.net";
    away.answers = answered(&mw, id, "It comes today.");
    away.text = "I am on holiday until Monday.";
    away.headers = "Auto-Submitted: auto-replied\r\n";
    char *target =
        str_z(&mw.app->arena, str_print(&mw.app->arena, "/api/v1/conversations/%.*s", SARG(id)));
    assert_int_equal(
        test_request(mw.app, "PATCH", target, "{\"status\":\"resolved\",\"outcome\":\"solved\"}"),
        200);
    arrives(&mw, &away);
    assert_true(str_ends(timeline(&mw, id), S("|in:I am on holiday until Monday.")));
    assert_str(shown(&mw, id, "status"), "resolved");
    world_close(&mw.w);
}

static void what_a_mail_carries_becomes_files(void **state)
{
    static const char mail[] =
        "Authentication-Results: " BY_US "; dmarc=pass header.from=example.net\r\n"
        "From: asha@example.net\r\nTo: " MAILBOX
        "\r\nSubject: Bill\r\nMessage-ID: <f@example.net>\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
        "Here it is.\r\n--b\r\nContent-Type: application/pdf; name=\"bill.pdf\"\r\n"
        "Content-Disposition: attachment; filename=\"bill.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSPj4Kc3RyZWFtCg==\r\n--b--\r\n";
    struct mail_world mw;
    open_world(&mw, *state);
    assert_int_equal(post(&mw, mw.box.secret, str_from(mail)), 200);
    world_run(&mw.w);
    str id = newest(&mw);
    struct arena *a = &mw.app->arena;
    assert_int_equal(get(&mw, str_print(a, "/api/v1/conversations/%.*s/messages", SARG(id))), 200);
    assert_str(test_text(mw.app, "items.0.attachments.0.name"), "bill.pdf");
    assert_str(test_text(mw.app, "items.0.attachments.0.state"), "ready");
    assert_str(test_text(mw.app, "items.0.attachments.0.type"), "application/pdf");
    world_close(&mw.w);
}

static str bounce_of(struct arena *a, str internet_id, const char *recipient)
{
    return str_print(a,
        "From: MAILER-DAEMON@mx.example.com\r\nTo: " MAILBOX "\r\nSubject: Undelivered\r\n"
        "Message-ID: <bounce-%s@mx.example.com>\r\nContent-Type: multipart/report; "
        "report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSorry\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        "Final-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        "Message-ID: <%.*s>\r\nSubject: Re: Where is my order?\r\n\r\n--b--\r\n",
        recipient, recipient, SARG(internet_id));
}

/* As after a server has taken it. */
static void sent(struct mail_world *mw, str message)
{
    message_id id;
    assert_ok(id_parse(message, &id.v));
    struct ctx *cx = test_begin(mw->app);
    assert_ok(message_set_state(cx, id, S("sent"), (str){0}, (str){0}, cx->now_ms));
    test_commit(mw->app, cx);
}

static void a_bounce_is_what_became_of_ours(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, &first);
    str id = newest(&mw);
    str message = str_copy(&mw.app->arena, reply(&mw.w, id, "It comes today."));
    look(&mw, message);
    str ours = str_copy(&mw.app->arena, test_text(mw.app, "message_id"));
    sent(&mw, message);
    /* About somebody that it never went to: anybody could write that. */
    struct arena *a = &mw.app->arena;
    assert_int_equal(post(&mw, mw.box.secret, bounce_of(a, ours, "mallory@example.org")), 200);
    world_run(&mw.w);
    assert_false(str_eq(message_state(&mw.w, id, message), S("failed")));
    assert_int_equal(post(&mw, mw.box.secret, bounce_of(a, ours, "asha@example.net")), 200);
    world_run(&mw.w);
    assert_str(message_state(&mw.w, id, message), "failed");
    world_close(&mw.w);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_mail_begins_a_conversation),
        TEST_APP(only_who_knows_the_secret_may_post),
        TEST_APP(the_same_mail_on_two_ways_is_one_message),
        TEST_APP(an_answer_of_who_takes_part_goes_where_it_belongs),
        TEST_APP(strangers_stay_outside),
        TEST_APP(who_repeats_a_name_without_proof_stays_outside),
        TEST_APP(our_address_brings_an_answer_back),
        TEST_APP(whom_the_customer_copies_takes_part),
        TEST_APP(an_absence_notice_is_kept_and_opens_nothing),
        TEST_APP(what_a_mail_carries_becomes_files),
        TEST_APP(a_bounce_is_what_became_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
