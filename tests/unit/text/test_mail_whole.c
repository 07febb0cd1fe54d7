/* Unit tests of the readers around a mail (mail_auth, robot, report, quote, calendar) over whole
 * mails as they come from a mailbox: what text/mime makes of the bytes is what they are handed. */
#include "test.h"

#include "text/calendar.h"
#include "text/html_text.h"
#include "text/mail_auth.h"
#include "text/quote.h"
#include "text/report.h"
#include "text/robot.h"

static struct mime_mail mail;

static void read_mail(const char *bytes)
{
    struct mime_mail inner;
    bool has_inner;
    str why = {0};
    assert_ok(mime_read(test_arena(), str_from(bytes), &mail, &inner, &has_inner, &why));
}

static enum mail_auth verdict_of(const char *bytes)
{
    struct mail_auth_result r;
    read_mail(bytes);
    mail_auth_read(test_arena(), &mail, S("mx.example.com"), &r);
    return r.verdict;
}

#define TRUSTED "Authentication-Results: mx.example.com;\r\n\t"
#define REST    "\r\nSubject: x\r\n\r\nx\r\n"

static void a_sender_is_believed_by_the_header_of_the_receiving_server(void **state)
{
    (void)state;
    assert_int_equal(verdict_of("Received: by mx.example.com\r\n" TRUSTED
                                "dmarc=pass (p=none (x)) header.from=example.net\r\n"
                                "Received: from x\r\nFrom: =?utf-8?Q?=C3=89va=2C_A?= "
                                "<Eva@Example.net>" REST),
        MAIL_AUTH_PASS);
    assert_int_equal(
        verdict_of(TRUSTED "spf=fail smtp.mailfrom=example.net\r\nReceived: from x\r\n" TRUSTED
                           "dmarc=pass\r\nFrom: eva@example.net" REST),
        MAIL_AUTH_FAIL);
}

static void hostile_senders_are_not_believed(void **state)
{
    (void)state;
    static const char *const mails[] = {
        /* A sender's address with encoded words that would speak in the server's name. */
        TRUSTED "spf=pass smtp.mailfrom==?utf-8?q?x;_dmarc=3Dpass_header.from=3Dbank.example;?="
                "@evil.example\r\nFrom: a@bank.example" REST,
        TRUSTED "spf=pass smtp.mailfrom= =?utf-8?q?x;_dmarc=3Dpass;?= "
                "@evil.example\r\nFrom: a@bank.example" REST,
        /* Two addresses, two headers, a name that is an address, a sender that is not in From. */
        TRUSTED "dmarc=pass header.from=evil.example\r\nFrom: a@bank.example, a@evil.example" REST,
        TRUSTED "dmarc=pass header.from=evil.example\r\nFrom: a@bank.example\r\nFrom: "
                "a@evil.example" REST,
        TRUSTED "dmarc=pass header.from=evil.example\r\nFrom: a@evil.example\r\nFrom: "
                "a@bank.example" REST,
        TRUSTED "dmarc=pass header.from=evil.example\r\nFrom: \"a@bank.example\" <a@bank.example> "
                "<a@evil.example>" REST,
        TRUSTED "dmarc=pass\r\nSender: a@bank.example" REST,
        TRUSTED "dmarc=pass header.from=evil.example\r\nFrom: =?utf-8?q?a=40evil=2Eexample=2C?= "
                "<a@bank.example>" REST,
        ("Authentication-Results: mx.evil.example; dmarc=pass\r\nFrom: a@bank.example" REST),
    };
    for (size_t i = 0; i < sizeof mails / sizeof mails[0]; i++)
        if (verdict_of(mails[i]) == MAIL_AUTH_PASS)
            fail_msg("mail %d is believed: %s", (int)i, mails[i]);
}

static void a_bounce_is_a_robots_and_names_the_message(void **state)
{
    (void)state;
    read_mail(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.net (Mail Delivery System)\r\n"
        "To: bounce+m5.0123456789abcdef@shop.example\r\nSubject: Undelivered\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n"
        "\tboundary=\"b\"\r\n\r\n--b\r\n\r\nI'm sorry\r\n--b\r\n"
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n"
        "\r\nFinal-Recipient: rfc822; asha@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User\r\n    unknown\r\n\r\n--b\r\n"
        "Content-Type: text/rfc822-headers\r\n\r\nFrom: care@shop.example\r\n"
        "Message-ID: <seva.5.6.abc@care.shop.example>\r\n\r\n--b--\r\n");
    struct mail_report r;
    report_read(test_arena(), &mail, &r);
    assert_int_equal(r.kind, REPORT_BOUNCE);
    assert_true(r.is_permanent && r.is_bad_address);
    assert_str(r.recipient, "asha@example.net");
    assert_str(r.message_id, "seva.5.6.abc@care.shop.example");
    assert_str(r.verp, "bounce+m5.0123456789abcdef@shop.example");
    assert_str(r.words, "The mailbox does not exist.");
    assert_str(r.diagnostic, "550 5.1.1 User unknown");
    struct robot_verdict v;
    robot_read(&mail, &v);
    assert_true(v.is_robot && !v.is_away && !v.is_bulk);
}

static void a_qmail_bounce_is_read_from_its_words(void **state)
{
    (void)state;
    read_mail("Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net\nTo: care@shop.example\n"
              "Subject: failure notice\n\nHi. This is the qmail-send program at mx.example.net.\n"
              "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
              "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
              "<asha@example.net>:\n192.0.2.1 does not like recipient.\n"
              "Remote host said: 550 5.2.1 disabled\nGiving up on 192.0.2.1.\n\n"
              "--- Below this line is a copy of the message.\n\nReturn-Path: <care@shop.example>\n"
              "Message-ID: <seva.5.6.abc@care.shop.example>\nTo: asha@example.net\n\nhello\n");
    struct mail_report r;
    report_read(test_arena(), &mail, &r);
    assert_int_equal(r.kind, REPORT_BOUNCE);
    assert_str(r.recipient, "asha@example.net");
    assert_str(r.status, "5.2.1");
    assert_str(r.message_id, "seva.5.6.abc@care.shop.example");
    assert_true(r.is_bad_address);
}

static void a_reply_is_split_in_both_of_its_forms(void **state)
{
    (void)state;
    read_mail(
        "From: asha@example.net\nSubject: Re: order\nMIME-Version: 1.0\n"
        "Content-Type: multipart/alternative; boundary=b\n\n--b\n"
        "Content-Type: text/plain; charset=utf-8; format=flowed\n\nYes, the blue one please. \n"
        "Thanks!\n\nOn Thu, Jan 1, 2026 at 3:30 PM Shop Care <care@shop.example> wrote:\n\n"
        "> Which colour?\n\n--b\nContent-Type: text/html; charset=utf-8\n\n"
        "<div dir=\"ltr\">Yes, the blue one please.</div><br><div class=\"gmail_quote\">"
        "<blockquote class=\"gmail_quote\">Which colour?</blockquote></div>\n--b--\n");
    struct quote_parts p;
    quote_split(mail.text, &p);
    assert_str(p.own, "Yes, the blue one please. Thanks!");
    assert_true(str_ends(p.quoted, S("> Which colour?")));
    struct quote_html q;
    quote_split_html(test_arena(), mail.html, &q);
    assert_int_equal(q.kind, QUOTE_HTML_ELEMENT);
    assert_true(str_find(q.html, S("<div data-seva-quote=element class=\"gmail_quote\">")) > 0);
}

/* Outlook writes HTML with the charset that it was in; what html_text makes of it is split too. */
static void an_html_mail_is_split_as_text(void **state)
{
    (void)state;
    read_mail(
        "From: asha@example.net\nSubject: AW: Bestellung\nMIME-Version: 1.0\n"
        "Content-Type: text/html; charset=windows-1252\nContent-Transfer-Encoding: 8bit\n\n"
        "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; "
        "charset=windows-1252\"></head><body><p>Sch\xF6n, danke</p><div style='border:none;"
        "border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p><b>Von:</b> Care<br>"
        "<b>Gesendet:</b> Donnerstag<br><b>An:</b> Asha<br><b>Betreff:</b> Bestellung</p></div>"
        "<p>ist unterwegs</p></body></html>\n");
    str text;
    assert_ok(html_text(test_arena(), mail.html, 10000, &text));
    struct quote_parts p;
    quote_split(text, &p);
    assert_str(p.own, "Sch\xC3\xB6n, danke");
    assert_true(str_starts(p.quoted, S("Von: Care")));
    struct quote_html q;
    quote_split_html(test_arena(), mail.html, &q);
    assert_int_equal(q.kind, QUOTE_HTML_REST);
    assert_true(str_starts(str_skip(mail.html, q.at), S("<div style='border:none")));
}

static void an_invitation_and_an_away_notice_are_told(void **state)
{
    (void)state;
    read_mail(
        "From: org@example.net\nSubject: Visit\nMIME-Version: 1.0\n"
        "Content-Type: text/calendar; charset=utf-8; method=REQUEST\n\nBEGIN:VCALENDAR\n"
        "METHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Visit\nDTSTART;TZID=Asia/Dhaka:20260102T090000\n"
        "END:VEVENT\nEND:VCALENDAR\n");
    struct calendar_event e;
    assert_true(calendar_read(test_arena(), mail.calendar, NULL, 0, &e));
    assert_str(e.summary, "Visit");
    assert_str(e.zone, "Asia/Dhaka");
    struct robot_verdict v;
    robot_read(&mail, &v);
    assert_false(v.is_robot);
    read_mail("Return-Path: <>\nAuto-Submitted: auto-replied\nFrom: asha@example.net\n"
              "Subject: =?utf-8?B?UsOpcG9uc2UgYXV0b21hdGlxdWUgOiBjb21tYW5kZQ==?=\n\nx\n");
    robot_read(&mail, &v);
    assert_true(v.is_robot && v.is_away);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sender_is_believed_by_the_header_of_the_receiving_server),
        TEST(hostile_senders_are_not_believed),
        TEST(a_bounce_is_a_robots_and_names_the_message),
        TEST(a_qmail_bounce_is_read_from_its_words),
        TEST(a_reply_is_split_in_both_of_its_forms),
        TEST(an_html_mail_is_split_as_text),
        TEST(an_invitation_and_an_away_notice_are_told),
    };
    return cmocka_run_group_tests_name("text_mail_whole", tests, NULL, NULL);
}
