/* What servers and mail programs say about mails of ours: which message it comes back to, what it
 * says of the address, and what is not sent there any more. */
#include "mail_way_world.h"

#include "base/id.h"
#include "care/mail_address.h"
#include "care/mail_report.h"
#include "care/mail_thread.h"
#include "connector/mail.h"
#include "text/report.h"

#define PASSWORD "{\"password\":\"s3cret\"}"

struct story {
    struct mail_world mw;
    struct smtp_peer *p;
    str id; /* the conversation */
};

static void open_story(struct story *s, struct test_app *app)
{
    s->p = smtp_peer_open(NULL, 0, false);
    mails_open(&s->mw, app, s->p, "\"plus\":\"yes\"", PASSWORD);
    s->id = mails_arrive(&s->mw, NULL, "1@example.net", "");
}

static void close_story(struct story *s)
{
    world_close(&s->mw.w);
    smtp_peer_close(s->p);
}

static str sent(struct story *s)
{
    str message = mails_answer(&s->mw, s->id, "It comes today.");
    assert_str(mails_state(&s->mw, s->id, message), "sent");
    return message;
}

static void bounces(struct story *s, str message, const char *name)
{
    str about = mails_shown(&s->mw, message, "message_id");
    mails_post(&s->mw, mails_report(&s->mw, "failed", "asha@example.net", MAILBOX, about, name));
}

static struct mail_address known(struct story *s, const char *address)
{
    struct mail_address row = {0};
    struct ctx *cx = test_begin(s->mw.app);
    err e = mail_address_get(cx, str_from(address), &row);
    assert_true(e == OK || e == E_NOT_FOUND);
    row.words = str_copy(&s->mw.app->arena, row.words);
    test_commit(s->mw.app, cx);
    return row;
}

static void a_bounce_comes_back_to_its_message_with_its_words(void **state)
{
    struct story s;
    open_story(&s, *state);
    str message = sent(&s);
    bounces(&s, message, "r1");
    assert_str(mails_state(&s.mw, s.id, message), "failed");
    assert_str(mails_recipients(&s.mw, message), "asha@example.net bounced");
    assert_true(str_find(mails_shown(&s.mw, message, "recipients.0.words"), S("User unknown")) > 0);
    close_story(&s);
}

static void the_envelope_names_the_mail(void **state)
{
    struct story s;
    open_story(&s, *state);
    str message = sent(&s);
    message_id id;
    assert_ok(id_parse(message, &id.v));
    struct ctx *cx = test_begin(s.mw.app);
    char *verp = str_z(&s.mw.app->arena, mail_thread_bounces(cx, S(MAILBOX), id));
    test_commit(s.mw.app, cx);
    /* Even where the mail was forwarded from. */
    mails_post(
        &s.mw, mails_report(&s.mw, "failed", "asha@elsewhere.example", verp, (str){0}, "r2"));
    assert_str(mails_state(&s.mw, s.id, message), "failed");
    assert_int_equal(known(&s, "asha@example.net").bounces, 1);
    close_story(&s);
}

static void a_report_without_a_name_marks_the_message_but_says_nothing_of_the_address(void **state)
{
    struct story s;
    open_story(&s, *state);
    str message = sent(&s);
    mails_post(
        &s.mw, mails_report(&s.mw, "failed", "mallory@example.org", MAILBOX, (str){0}, "r3"));
    assert_str(mails_state(&s.mw, s.id, message), "sent");
    mails_post(&s.mw, mails_report(&s.mw, "failed", "asha@example.net", MAILBOX, (str){0}, "r4"));
    assert_str(mails_state(&s.mw, s.id, message), "failed");
    assert_int_equal(known(&s, "asha@example.net").bounces, 0);
    close_story(&s);
}

static void a_programs_answer_to_the_envelope_belongs_to_the_conversation(void **state)
{
    struct story s;
    open_story(&s, *state);
    message_id id;
    assert_ok(id_parse(sent(&s), &id.v));
    struct ctx *cx = test_begin(s.mw.app);
    str verp = str_copy(&s.mw.app->arena, mail_thread_bounces(cx, S(MAILBOX), id));
    test_commit(s.mw.app, cx);
    mails_post(&s.mw,
        str_print(&s.mw.app->arena,
            "Authentication-Results: " BY_US "; dmarc=pass header.from=example.net\r\n"
            "From: asha@example.net\r\nTo: %.*s\r\nSubject: Away\r\nMessage-ID: <away@example.net>\r\n"
            "Auto-Submitted: auto-replied\r\n\r\nI am away.\r\n",
            SARG(verp)));
    assert_true(str_eq(conversation_newest(&s.mw.w), s.id));
    char *list = str_z(&s.mw.app->arena,
        str_print(&s.mw.app->arena, "/api/v1/conversations/%.*s/messages", SARG(s.id)));
    assert_int_equal(test_request(s.mw.app, "GET", list, NULL), 200);
    assert_true(str_find(s.mw.app->body, S("I am away.")) > 0);
    close_story(&s);
}

static void two_bounces_make_an_address_invalid_until_somebody_tries_again(void **state)
{
    struct story s;
    open_story(&s, *state);
    struct mail_world *mw = &s.mw;
    struct arena *a = &mw->app->arena;
    str message = sent(&s);
    bounces(&s, message, "r1");
    bounces(&s, message, "r1-again"); /* the same mail twice is one */
    assert_false(known(&s, "asha@example.net").is_invalid);
    bounces(&s, sent(&s), "r2");
    assert_true(known(&s, "asha@example.net").is_invalid);
    assert_int_equal(mails_answer_with(mw, s.id, ""), 409);
    assert_str(test_text(mw->app, "error.code"), "conflict.bad_address");
    char *list = str_z(a, str_print(a, "/api/v1/conversations/%.*s/mail-addresses", SARG(s.id)));
    assert_int_equal(test_request(mw->app, "GET", list, NULL), 200);
    assert_str(test_text(mw->app, "items.0.address"), "asha@example.net");
    assert_true(test_text(mw->app, "items.0.words").len > 0);
    assert_str(test_text(mw->app, "items.0.sentence"), "1.1");
    char *again = str_z(a, str_cat(a, str_from(list), S("/retry")));
    assert_int_equal(
        test_request(mw->app, "POST", again, "{\"address\":\"mallory@example.org\"}"), 409);
    assert_int_equal(
        test_request(mw->app, "POST", again, "{\"address\":\"Asha@Example.net\"}"), 204);
    assert_int_equal(test_request(mw->app, "GET", "/api/v1/audit", NULL), 200);
    assert_true(str_find(mw->app->body, S("mail.address_retried")) > 0);
    assert_int_equal(mails_answer_with(mw, s.id, ""), 201);
    close_story(&s);
}

static void a_proven_mail_clears_an_address_and_others_do_not(void **state)
{
    struct story s;
    open_story(&s, *state);
    bounces(&s, sent(&s), "r1");
    bounces(&s, sent(&s), "r2");
    mails_post(&s.mw, S("From: asha@example.net\r\nTo: " MAILBOX
                        "\r\nMessage-ID: <u@example.net>\r\n\r\nIt is me.\r\n"));
    assert_true(known(&s, "asha@example.net").is_invalid);
    (void)mails_arrive(&s.mw, NULL, "2@example.net", "");
    assert_false(known(&s, "asha@example.net").is_invalid);
    assert_int_equal(mails_answer_with(&s.mw, s.id, ""), 201);
    close_story(&s);
}

static void who_is_only_copied_does_not_make_the_mail_fail(void **state)
{
    struct story s;
    open_story(&s, *state);
    struct mail_world *mw = &s.mw;
    assert_int_equal(mails_answer_with(mw, s.id,
                         "\"mail\":{\"cc\":[{\"name\":\"Ben\",\"address\":\"ben@example.net\"}]}"),
        201);
    str message = str_copy(&mw->app->arena, test_text(mw->app, "id"));
    world_run(&mw->w);
    str about = mails_shown(mw, message, "message_id");
    mails_post(mw, mails_report(mw, "delayed", "ben@example.net", MAILBOX, about, "r0"));
    assert_str(mails_recipients(mw, message), "asha@example.net taken, ben@example.net delayed");
    assert_str(mails_state(mw, s.id, message), "sent");
    mails_post(mw, mails_report(mw, "failed", "ben@example.net", MAILBOX, about, "r1"));
    assert_str(mails_state(mw, s.id, message), "sent");
    assert_str(mails_recipients(mw, message), "asha@example.net taken, ben@example.net bounced");
    mails_post(mw, mails_report(mw, "delivered", "asha@example.net", MAILBOX, about, "r2"));
    assert_str(mails_state(mw, s.id, message), "delivered");
    close_story(&s);
}

static str complaint(struct story *s, str about)
{
    return str_print(&s->mw.app->arena,
        "From: abuse@provider.example\r\nTo: " MAILBOX "\r\nSubject: complaint\r\n"
        "Message-ID: <c1@provider.example>\r\nContent-Type: multipart/report; "
        "report-type=feedback-report; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSpam\r\n"
        "--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n"
        "User-Agent: x/1\r\nVersion: 1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        "Message-ID: <%.*s>\r\nSubject: Re: Where is it?\r\n\r\n--b--\r\n",
        SARG(about));
}

static void after_a_complaint_only_people_write(void **state)
{
    struct story s;
    open_story(&s, *state);
    str message = sent(&s);
    mails_post(&s.mw, complaint(&s, mails_shown(&s.mw, message, "message_id")));
    assert_true(known(&s, "asha@example.net").complained_ms > 0);
    assert_str(mails_recipients(&s.mw, message), "asha@example.net complained");
    assert_str(mails_state(&s.mw, s.id, message), "sent");
    struct ctx *cx = test_begin(s.mw.app);
    assert_err(mail_address_takes_automatic(cx, S("asha@example.net")), E_CONFLICT);
    assert_ok(mail_address_takes(cx, S("asha@example.net")));
    test_commit(s.mw.app, cx);
    assert_int_equal(mails_answer_with(&s.mw, s.id, ""), 201);
    close_story(&s);
}

static void a_receipt_shows_that_it_was_read(void **state)
{
    struct story s;
    open_story(&s, *state);
    str message = sent(&s);
    str about = mails_shown(&s.mw, message, "message_id");
    mails_post(&s.mw,
        str_print(&s.mw.app->arena,
            "From: asha@example.net\r\nTo: " MAILBOX "\r\nSubject: Read\r\n"
            "Message-ID: <d1@example.net>\r\nContent-Type: multipart/report; "
            "report-type=disposition-notification; boundary=b\r\n\r\n--b\r\nContent-Type: "
            "text/plain\r\n\r\nRead\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
            "Final-Recipient: rfc822; asha@example.net\r\nOriginal-Message-ID: <%.*s>\r\n"
            "Disposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n",
            SARG(about)));
    assert_str(mails_state(&s.mw, s.id, message), "read");
    close_story(&s);
}

/* ── reports that come before our own "sent" is written ── */

struct early {
    struct story *s;
    str about, recipient;
    err result;
    bool is_taken;
};

/* While the server has the mail and its answer is on the way. */
static void report_early(void *early)
{
    struct early *e = early;
    const struct mail_report report = {.kind = REPORT_BOUNCE,
        .message_id = e->about,
        .recipient = e->recipient,
        .status = S("5.1.1"),
        .words = S("The mailbox does not exist."),
        .is_permanent = true};
    struct connector_mail mail = {.report = &report};
    const struct connector_item it = {.mail = &mail};
    struct ctx *cx = test_begin(e->s->mw.app);
    e->result = mail_report_take(cx, e->s->mw.box.channel, &it, &e->is_taken);
    test_commit(e->s->mw.app, cx);
}

static str sent_after_a_report(struct story *s, const char *copy, const char *recipient)
{
    struct early early = {.s = s, .recipient = str_from(recipient)};
    struct arena *a = &s->mw.app->arena;
    str cc = str_print(a, "\"mail\":{\"cc\":[%s]}", copy);
    assert_int_equal(mails_answer_with(&s->mw, s->id, str_z(a, cc)), 201);
    str message = str_copy(a, test_text(s->mw.app, "id"));
    early.about = mails_shown(&s->mw, message, "message_id");
    smtp_peer_meanwhile(s->p, ".", report_early, &early);
    world_run(&s->mw.w);
    assert_int_equal(smtp_peer_mails(s->p), 1);
    assert_ok(early.result);
    assert_true(early.is_taken);
    return message;
}

#define BEN "{\"name\":\"Ben\",\"address\":\"ben@example.net\"}"

static void a_bounce_before_our_own_sent_is_not_undone_by_it(void **state)
{
    struct story s;
    open_story(&s, *state);
    str message = sent_after_a_report(&s, "", "asha@example.net");
    assert_str(mails_state(&s.mw, s.id, message), "failed");
    assert_str(mails_recipients(&s.mw, message), "asha@example.net bounced");
    /* The server has taken it: an answer to it is known all the same. */
    str about = mails_shown(&s.mw, message, "message_id");
    char *answers = str_z(
        &s.mw.app->arena, str_print(&s.mw.app->arena, "In-Reply-To: <%.*s>\r\n", SARG(about)));
    assert_true(str_eq(mails_arrive(&s.mw, NULL, "2@example.net", answers), s.id));
    close_story(&s);
}

static void so_it_is_when_others_have_it(void **state)
{
    struct story s;
    open_story(&s, *state);
    str message = sent_after_a_report(&s, BEN, "asha@example.net");
    assert_str(mails_state(&s.mw, s.id, message), "failed");
    assert_str(mails_recipients(&s.mw, message), "asha@example.net bounced, ben@example.net taken");
    close_story(&s);
}

static void a_copy_that_bounces_before_our_own_sent_leaves_the_mail_sent(void **state)
{
    struct story s;
    open_story(&s, *state);
    str message = sent_after_a_report(&s, BEN, "ben@example.net");
    assert_str(mails_state(&s.mw, s.id, message), "sent");
    assert_str(mails_recipients(&s.mw, message), "ben@example.net bounced, asha@example.net taken");
    close_story(&s);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_bounce_comes_back_to_its_message_with_its_words),
        TEST_APP(the_envelope_names_the_mail),
        TEST_APP(a_report_without_a_name_marks_the_message_but_says_nothing_of_the_address),
        TEST_APP(a_programs_answer_to_the_envelope_belongs_to_the_conversation),
        TEST_APP(two_bounces_make_an_address_invalid_until_somebody_tries_again),
        TEST_APP(a_proven_mail_clears_an_address_and_others_do_not),
        TEST_APP(who_is_only_copied_does_not_make_the_mail_fail),
        TEST_APP(after_a_complaint_only_people_write),
        TEST_APP(a_receipt_shows_that_it_was_read),
        TEST_APP(a_bounce_before_our_own_sent_is_not_undone_by_it),
        TEST_APP(so_it_is_when_others_have_it),
        TEST_APP(a_copy_that_bounces_before_our_own_sent_leaves_the_mail_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
