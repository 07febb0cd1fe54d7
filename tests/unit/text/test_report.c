/* Unit tests of text/report: bounces, complaints and receipts as servers really write them. Names
 * and addresses are ours. */
#include "test.h"

#include <stdio.h>

#include "base/utf8.h"
#include "text/report.h"

static struct mail_report read_mail(const struct mime_mail *mail)
{
    struct mail_report r;
    report_read(test_arena(), mail, &r);
    assert_true(utf8_valid(r.diagnostic) && utf8_valid(r.recipient) && utf8_valid(r.message_id));
    return r;
}

struct row {
    const char *report;
    enum report_kind kind;
    const char *says; /* recipient status permanent bad-address recipients */
    const char *words;
};

static str says_of(const struct mail_report *r)
{
    return str_print(test_arena(), "%.*s %.*s %s%s %d", SARG(r->recipient), SARG(r->status),
        r->is_permanent ? "permanent" : "", r->is_bad_address ? "+bad" : "", r->recipients);
}

static bool is_as(
    const struct mail_report *r, enum report_kind kind, const char *says, const char *words)
{
    str got = says_of(r);
    bool is_good =
        r->kind == kind && str_eq(got, str_from(says)) && str_eq(r->words, str_from(words));
    if (!is_good)
        print_error("kind %d, \"%.*s\", \"%.*s\", not \"%s\"\n", (int)r->kind, SARG(got),
            SARG(r->words), says);
    return is_good;
}

static void hold_to(const struct row *rows, size_t n)
{
    bool is_good = true;
    for (size_t i = 0; i < n; i++) {
        struct mime_mail mail = {
            .report_type = S("delivery-status"), .report = str_from(rows[i].report)};
        struct mail_report r = read_mail(&mail);
        if (!is_as(&r, rows[i].kind, rows[i].says, rows[i].words)) {
            print_error("row %d: %s\n", (int)i, rows[i].report);
            is_good = false;
        }
    }
    assert_true(is_good);
}
#define HOLD(rows) hold_to(rows, sizeof rows / sizeof rows[0])
#define MTA        "Reporting-MTA: dns; mx.example.net\nArrival-Date: Thu, 01 Jan 2026 00:00:00 +0000\n\n"
#define NO_MAILBOX "The mailbox does not exist."

static void delivery_reports_of_many_servers_are_read(void **state)
{
    (void)state;
    static const struct row rows[] = {
  /* The contract's example. */
        {MTA "Final-Recipient: rfc822; asha@example.net\n"
             "Original-Recipient: rfc822;asha@example.net\nAction: failed\nStatus: 5.1.1\n"
             "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n",                                      REPORT_BOUNCE, "asha@example.net 5.1.1 permanent+bad 1",                                 NO_MAILBOX                                },
 /* Postfix: the code in the words, an original recipient of its own. */
        {MTA "Final-Recipient: rfc822; asha@example.net\n"
             "Original-Recipient: rfc822;alias@example.net\nAction: failed\nStatus: 5.0.0\n"
             "Remote-MTA: dns; mx.example.net\nDiagnostic-Code: smtp; 550-5.2.1 The account\n"
             "    is disabled\n",                                                                    REPORT_BOUNCE, "asha@example.net 5.2.1 permanent+bad 1",                                 "The mailbox is disabled."                },
 /* Exchange: CRLF line ends. */
        {"Reporting-MTA: dns;EX01.example.net\r\n\r\nFinal-recipient: RFC822; Asha@Example.net\r\n"
         "Action: failed\r\nStatus: 5.2.2\r\nDiagnostic-Code: smtp;552 5.2.2 mailbox full\r\n\r\n",  REPORT_BOUNCE, "asha@example.net 5.2.2 permanent 1",                                     "The mailbox is full."                    },
 /* Gmail. */
        {"Reporting-MTA: dns; googlemail.com\nArrival-Date: Thu, 01 Jan 2026 00:00:00 -0800 "
         "(PST)\nX-Original-Message-ID: <seva.1.2.3@care.example.com>\n\n"
         "Final-Recipient: rfc822; asha@gmail.example\nAction: failed\nStatus: 5.1.1\n"
         "Remote-MTA: dns; smtp.example. (192.0.2.1, the server for the domain gmail.example.)\n"
         "Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not\n"
         " exist. Please try double-checking\n"
         "Last-Attempt-Date: Thu, 01 Jan 2026 00:00:00 -0800 (PST)\n",                               REPORT_BOUNCE, "asha@gmail.example 5.1.1 permanent+bad 1",                               NO_MAILBOX                                },
 /* Exim: no final newline, no diagnostic. */
        {"Reporting-MTA: dns; mx.example.net\n\nAction: failed\n"
         "Final-Recipient: rfc822;asha@example.net\nStatus: 5.0.0",                                  REPORT_BOUNCE, "asha@example.net 5.0.0 permanent 1",
         "The mail could not be delivered."                                                                                                                                                                                                      },
 /* Amazon SES: no status but in the words. */
        {MTA "Action: failed\nFinal-Recipient: rfc822; asha@example.net\n"
             "Diagnostic-Code: smtp; 550 4.4.7 Message expired: unable to deliver\nStatus: 4.4.7\n", REPORT_BOUNCE, "asha@example.net 4.4.7  1",                                              "The mail could not be delivered in time."},
 /* sendmail: a comment behind the action, none before it. */
        {MTA "Final-Recipient: RFC822; asha@example.net\nAction: failed\nStatus: 5.7.26\n"
             "Diagnostic-Code: SMTP; 550 5.7.26 unauthenticated\n",                                  REPORT_BOUNCE, "asha@example.net 5.7.26 permanent 1",
         "The mail is refused because it is not authenticated (SPF, DKIM, DMARC)."                                                                                                                                                               },
        {MTA "Final-Recipient: rfc822; asha@example.net\nAction: delayed\nStatus: 4.4.1\n"
             "Will-Retry-Until: Mon, 05 Jan 2026 00:00:00 +0000\n",                                  REPORT_DELAY,  "asha@example.net 4.4.1  1",
         "The mail is delayed; the server goes on trying."                                                                                                                                                                                       },
        {MTA "Final-Recipient: rfc822; asha@example.net\nAction: delivered\nStatus: 2.1.5\n",
         REPORT_DELIVERED,                                                                                                   "asha@example.net 2.1.5  1",                                              "The mail was delivered."                 },
        {MTA "Final-Recipient: rfc822; asha@example.net\nAction: relayed (to x)\nStatus: 2.0.0\n",
         REPORT_DELIVERED,                                                                                                   "asha@example.net 2.0.0  1",                                              "The mail was delivered."                 },
        {MTA "Final-Recipient: rfc822; list@example.net\nAction: expanded\nStatus: 2.0.0\n",
         REPORT_DELIVERED,                                                                                                   "list@example.net 2.0.0  1",                                              "The mail was delivered."                 },
        {MTA "Final-Recipient: rfc822; asha@example.net\nAction: failed\nStatus: 5.3.4\n",
         REPORT_BOUNCE,                                                                                                      "asha@example.net 5.3.4 permanent 1",
         "The mail is too big for the recipient's mail server."                                                                                                                                                                                  },
        {MTA
            "Final-Recipient: rfc822; asha@example.net\nAction: failed\nStatus: 5.4.4 (no route)\n", REPORT_BOUNCE, "asha@example.net 5.4.4 permanent 1",
         "There is no way to the recipient's mail server."                                                                                                                                                                                       },
        {MTA "Final-Recipient: rfc822; asha@example.net\nAction: failed\nStatus: 5.7.1\n",
         REPORT_BOUNCE,                                                                                                      "asha@example.net 5.7.1 permanent 1",
         "The recipient's mail server refuses the mail."                                                                                                                                                                                         },
        {MTA "Final-Recipient: rfc822; asha@example.net\nAction: failed\nStatus: 5.1.2\n",
         REPORT_BOUNCE,                                                                                                      "asha@example.net 5.1.2 permanent+bad 1",
         "The domain of the address does not exist."                                                                                                                                                                                             },
        {MTA "Final-Recipient: rfc822; asha@example.net\nAction: failed\nStatus: 5.9.9\n",
         REPORT_BOUNCE,                                                                                                      "asha@example.net 5.9.9 permanent 1",
         "The mail could not be delivered."                                                                                                                                                                                                      },
 /* RFC 6533: an internationalised address. */
        {MTA "Final-Recipient: utf-8; \xE0\xA6\x86\xE0\xA6\xB6\xE0\xA6\xBE@example.net\n"
             "Action: failed\nStatus: 5.1.1\n",                                                      REPORT_BOUNCE, "\xE0\xA6\x86\xE0\xA6\xB6\xE0\xA6\xBE@example.net 5.1.1 permanent+bad 1",
         NO_MAILBOX                                                                                                                                                                                                                              },
    };
    HOLD(rows);
}

static void the_worst_recipient_comes_first(void **state)
{
    (void)state;
#define R(address, action, status)                                                                 \
    "Final-Recipient: rfc822; " address "\nAction: " action "\nStatus: " status "\n\n"
    static const struct row rows[] = {
        {MTA R("a@example.net", "delivered",                   "2.0.0") R("b@example.net", "failed",    "5.1.1"),
         REPORT_BOUNCE,                                                                                                                          "b@example.net 5.1.1 permanent+bad 2", NO_MAILBOX},
        {MTA R("a@example.net", "delayed",                     "4.4.1") R("b@example.net", "delivered", "2.0.0"),
         REPORT_DELAY,                                                                                                                           "a@example.net 4.4.1  2",
         "The mail is delayed; the server goes on trying."                                                                                                                                        },
        {MTA R("a@example.net", "failed",                      "4.4.7") R("b@example.net", "failed",    "5.2.2")
                R("c@example.net", "failed", "5.1.1") R("d@example.net",            "failed",   "5.1.1"),
         REPORT_BOUNCE, "c@example.net 5.1.1 permanent+bad 4", NO_MAILBOX},
        {MTA R("a@example.net",         "failed", "5.2.2") R("b@example.net",                 "failed",                            "4.4.7"),
         REPORT_BOUNCE,                             "a@example.net 5.2.2 permanent 2",                                        "The mailbox is full."                         },
    };
    HOLD(rows);
}

static void broken_reports_say_what_can_be_read(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"nonsense\n\n\n",                                                           REPORT_NONE,   "   0",                                ""                                     },
        {MTA,                                                                        REPORT_NONE,   "   0",                                ""                                     },
 /* No empty line between message and recipient. */
        {"Reporting-MTA: dns; x\nFinal-Recipient: rfc822; a@example.net\nAction: failed\n"
         "Status: 5.1.1\n",                                                 REPORT_BOUNCE, "a@example.net 5.1.1 permanent+bad 1", NO_MAILBOX                             },
        {MTA "Final-Recipient: a@example.net\nAction: FAILED\nStatus: 5.1.1\n",      REPORT_BOUNCE,
         "a@example.net 5.1.1 permanent+bad 1",                                                                                            NO_MAILBOX                             },
        {MTA "Final-Recipient: rfc822;<a@example.net>\nStatus: 5.1.1\n",             REPORT_BOUNCE,
         "a@example.net 5.1.1 permanent+bad 1",                                                                                            NO_MAILBOX                             },
        {MTA "Final-Recipient: rfc822;a@example.net\nAction: failed\n"
             "Diagnostic-Code: smtp; 550 No such user here\n",              REPORT_BOUNCE, "a@example.net  permanent 1",          "The mail could not be delivered."     },
        {MTA "Final-Recipient: rfc822;a@example.net\nAction: failed\n",              REPORT_BOUNCE,
         "a@example.net   1",                                                                                                              "The mail could not be delivered."     },
        {MTA "Action: failed\nStatus: 9.9.9\n",                                      REPORT_BOUNCE, "   1",
         "The mail could not be delivered."                                                                                                                                       },
        {MTA "Final-Recipient: rfc822; no address\nAction: failed\nStatus: 5.1.3\n", REPORT_BOUNCE,
         " 5.1.3 permanent+bad 1",                                                                                                         "The address is not written correctly."},
        {MTA "Final-Recipient: rfc822; a@example.net\nAction: party\nStatus: 7\n",   REPORT_NONE,
         "   0",                                                                                                                           ""                                     },
        {MTA "Final-Recipient: rfc822; a@example.net\nX-Odd: yes\n folded\n\tmore\n: empty\n"
             "Action : failed\nStatus: 5.1.1\n",                            REPORT_BOUNCE, "a@example.net 5.1.1 permanent+bad 1", NO_MAILBOX                             },
    };
    HOLD(rows);
    struct mime_mail mail = {.report = S("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: \xFF\n"),
        .report_type = S("")};
    assert_true(utf8_valid(read_mail(&mail).diagnostic));
}

static void the_message_concerned_is_named(void **state)
{
    (void)state;
    str report = S(MTA R("asha@example.net", "failed", "5.1.1"));
    struct mime_mail mail = {.report = report,
        .in_reply_to = S("from-header@x"),
        .report_headers = S("Received: x\nSubject: Re: your order\n"
                            "message-id:\n <seva.1.2.3@care.example.com>\nTo: asha@example.net\n")};
    assert_str(read_mail(&mail).message_id, "seva.1.2.3@care.example.com");
    mail.report_headers = S("Subject: none\n\nMessage-ID: <in-the-body@x>\n");
    assert_str(read_mail(&mail).message_id, "from-header@x");
    mail.in_reply_to = S("");
    assert_str(read_mail(&mail).message_id, "");
    mail.report = S("X-Original-Message-ID: <a@b>\n\n" R("asha@example.net", "failed", "5.1.1"));
    assert_str(read_mail(&mail).message_id, "a@b");
    assert_str(read_mail(&mail).verp, "");
    struct mime_address to[] = {
        {S(""), S("care@example.com")                      },
        {S(""), S("bounce+m7.0123456789abcdef@example.com")}
    };
    mail.to = to;
    mail.n_to = 2;
    assert_str(read_mail(&mail).verp, "bounce+m7.0123456789abcdef@example.com");
    str delivered[] = {S("Bounce+m8.0123456789abcdef@example.com")};
    mail.delivered_to = delivered;
    mail.n_delivered_to = 1;
    assert_str(read_mail(&mail).verp, "Bounce+m8.0123456789abcdef@example.com");
}

static void complaints_are_told_by_their_type(void **state)
{
    (void)state;
#define ARF(type)                                                                                  \
    "Feedback-Type: " type "\nUser-Agent: SomeGenerator/1.0\nVersion: 1\n"                         \
    "Original-Mail-From: <bounce+m1.00@example.com>\nOriginal-Rcpt-To: <Asha@example.net>\n"       \
    "Received-Date: Thu, 1 Jan 2026 00:00:00 +0000\nSource-IP: 192.0.2.1\n"
    static const struct row rows[] = {
        {ARF("abuse"),                                                        REPORT_COMPLAINT, "asha@example.net   0",
         "The recipient called the mail spam."                                                                                                               },
        {ARF("fraud"),                                                        REPORT_COMPLAINT, "asha@example.net   0",
         "The recipient called the mail fraud."                                                                                                              },
        {ARF("opt-out"),                                                      REPORT_COMPLAINT, "asha@example.net   0",
         "The recipient wants no more mails of this kind."                                                                                                   },
        {ARF("other"),                                                        REPORT_COMPLAINT, "asha@example.net   0",
         "The recipient complained about the mail."                                                                                                          },
        {"\n\nFeedback-Type: Abuse\n\n\nRemoval-Recipient: asha@example.net", REPORT_COMPLAINT,
         "asha@example.net   0",                                                                                        "The recipient called the mail spam."},
 /* The opposite of a complaint, and DMARC's failure reports. */
        {ARF("not-spam"),                                                     REPORT_NONE,      "   0",                 ""                                   },
        {ARF("auth-failure"),                                                 REPORT_NONE,      "   0",                 ""                                   },
    };
    HOLD(rows);
    struct mime_mail mail = {.report = S(ARF("abuse")), .report_type = S("feedback-report")};
    assert_str(read_mail(&mail).action, "abuse");
}

static void receipts_say_whether_it_was_read(void **state)
{
    (void)state;
#define MDN(disposition)                                                                           \
    "Reporting-UA: example.net; Mailer\nFinal-Recipient: rfc822;asha@example.net\n"                \
    "Original-Message-ID: <seva.1.2.3@care.example.com>\nDisposition: " disposition "\n"
    static const struct row rows[] = {
        {MDN("manual-action/MDN-sent-manually; displayed"),               REPORT_READ,   "asha@example.net   0",
         "The mail was read."                                                                                                                              },
        {MDN("automatic-action/MDN-sent-automatically; displayed/error"), REPORT_READ,
         "asha@example.net   0",                                                                                 "The mail was read."                      },
        {MDN("manual-action/MDN-sent-automatically;Deleted"),             REPORT_UNREAD, "asha@example.net   0",
         "The mail was deleted without being read."                                                                                                        },
        {MDN("automatic-action/MDN-sent-automatically; processed"),       REPORT_UNREAD,
         "asha@example.net   0",                                                                                 "The mail was handled without being read."},
        {MDN("displayed"),                                                REPORT_READ,   "asha@example.net   0", "The mail was read."                      },
        {MDN(""),                                                         REPORT_NONE,   "   0",                 ""                                        },
    };
    HOLD(rows);
    struct mime_mail mail = {.report = S(MDN("a/b; displayed"))};
    assert_str(read_mail(&mail).message_id, "seva.1.2.3@care.example.com");
    assert_str(read_mail(&mail).action, "displayed");
}

struct text_row {
    const char *text;
    enum report_kind kind;
    const char *says, *words;
};

static void hold_texts(const struct text_row *rows, size_t n, const struct mime_mail *like)
{
    bool is_good = true;
    for (size_t i = 0; i < n; i++) {
        struct mime_mail mail = *like;
        mail.text = str_from(rows[i].text);
        struct mail_report r = read_mail(&mail);
        if (!is_as(&r, rows[i].kind, rows[i].says, rows[i].words)) {
            print_error("text %d: %s\n", (int)i, rows[i].text);
            is_good = false;
        }
    }
    assert_true(is_good);
}

static const struct mime_address ours[] = {
    {S_INIT(""), S_INIT("care@example.com")}
};
#define MAILER                                                                                     \
    (struct mime_mail)                                                                             \
    {                                                                                              \
        .from_address = S("mailer-daemon@mx.example.net"), .to = ours, .n_to = 1                   \
    }

static void reports_without_structure_are_read_by_their_sentences(void **state)
{
    (void)state;
    static const struct text_row rows[] = {
        {"Hi. This is the qmail-send program at mx.example.net.\nI'm afraid I wasn't able to "
         "deliver your message to the following addresses.\nThis is a permanent error; I've given "
         "up. Sorry it didn't work out.\n\n<asha@example.org>:\nSorry, no mailbox here by that "
         "name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\nTo: other@x.example", REPORT_BOUNCE, "asha@example.org 5.1.1 permanent+bad 0",  NO_MAILBOX                        },
        {"   ----- The following addresses had permanent fatal errors -----\n<asha@example.org>\n"
         "    (reason: 550 5.1.1 <asha@example.org>... User unknown)\n\n   ----- Transcript of "
         "session follows -----\n... while talking to mx.example.org.:\n",                         REPORT_BOUNCE, "asha@example.org 5.1.1 permanent+bad 0",  NO_MAILBOX                        },
        {"This is the mail system at host mx.example.net.\n\nI'm sorry to have to inform you that "
         "your message could not\nbe delivered to one or more recipients. It's attached below.\n\n"
         "For further assistance, please send mail to postmaster.\n\n<asha@example.org>: host "
         "mx.example.org[192.0.2.7] said: 552 5.2.2 Mailbox\n    full (in reply to RCPT TO "
         "command)\n",                                                                             REPORT_BOUNCE, "asha@example.org 5.2.2 permanent 0",      "The mailbox is full."            },
        {"This message was created automatically by mail delivery software.\n\nA message that you "
         "sent could not be delivered to one or more of its\nrecipients. This is a permanent "
         "error. The following address(es) failed:\n\n  asha@example.org\n    Unrouteable "
         "address\n",                                                                              REPORT_BOUNCE, "asha@example.org 5.1.2 permanent+bad 0",
         "The domain of the address does not exist."                                                                                                                                                    },
        {"Your message did not reach some or all of the intended recipients.\n\n      Subject:\t"
         "order\n      Sent:\t01/01/2026 10:00\n\nThe following recipient(s) cannot be reached:\n"
         "\n      asha@example.org on 01/01/2026 10:00\n            <mx.example.org #5.1.1 smtp;550 "
         "5.1.1 unknown>\n",                                                                       REPORT_BOUNCE, "asha@example.org 5.1.1 permanent+bad 0",  NO_MAILBOX                        },
        {"Delivery has failed to these recipients or groups:\n\nasha@example.org\nThe email "
         "address you entered couldn't be found. Please check it.\n\nDiagnostic information for "
         "administrators:\nGenerating server: EX\nRemote Server returned '550 5.1.10 "
         "RESOLVER.ADR.RecipientNotFound'",                                                        REPORT_BOUNCE, "asha@example.org 5.1.10 permanent+bad 0",
         "The domain of the address accepts no mail."                                                                                                                                                   },
        {"** Address not found **\n\nYour message wasn\xE2\x80\x99t delivered to asha@example.org "
         "because the address couldn't be found, or is unable to receive mail.\n",                 REPORT_BOUNCE, "asha@example.org 5.1.1 permanent+bad 0",  NO_MAILBOX                        },
        {"Delivery to the following recipient failed permanently:\n\n     asha@example.org\n\n"
         "Technical details of permanent failure:\nGoogle tried to deliver your message, but it "
         "was rejected. The error that the other server returned was:\n550 5.7.1 Blocked\n",       REPORT_BOUNCE, "asha@example.org 5.7.1 permanent 0",
         "The recipient's mail server refuses the mail."                                                                                                                                                },
        {"** Delivery incomplete **\n\nThere was a temporary problem delivering your message to "
         "asha@example.org. Gmail will retry for 47 more hours.\n",                                REPORT_DELAY,  "asha@example.org   0",
         "The mail is delayed; the server goes on trying."                                                                                                                                              },
        {"    **********************************************\n    **      THIS IS A WARNING "
         "MESSAGE ONLY      **\n    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n\nThe original "
         "message was received at Thu, 1 Jan 2026\n\n<asha@example.org>... Deferred: 4.4.1 "
         "Connection timed out\n",                                                                 REPORT_DELAY,  "asha@example.org 4.4.1  0",
         "The mail is delayed; the server goes on trying."                                                                                                                                              },
        {"Sorry, we were unable to deliver your message to the following address.\n\n"
         "<asha@example.org>:\n554: delivery error: dd This user doesn't have a yahoo account\n",  REPORT_BOUNCE, "asha@example.org 5.1.1 permanent+bad 0",  NO_MAILBOX                        },
        {"Your message\n\n  Subject: order\n\nwas not delivered to:\n\n  asha@example.org\n\n"
         "because:\n\n  User asha (asha@example.org) not listed in Domino Directory\n",            REPORT_BOUNCE, "asha@example.org 5.1.1 permanent+bad 0",  NO_MAILBOX                        },
        {"Delivery to the following recipients failed.\n\n       asha@example.org\n",                       REPORT_BOUNCE,
         "asha@example.org   0",                                                                                                                                      "The mail could not be delivered."},
        {"Die Nachricht konnte nicht an folgende Empfänger zugestellt werden:\nasha@example.org\n"
         "550 5.1.1 unbekannt\n",                                                                  REPORT_BOUNCE, "asha@example.org 5.1.1 permanent+bad 0",  NO_MAILBOX                        },
        {"The following addresses had transient non-fatal errors\n<asha@example.org>\n",
         REPORT_DELAY,                                                                                                     "asha@example.org   0",
         "The mail is delayed; the server goes on trying."                                                                                                                                              },
    };
    hold_texts(rows, sizeof rows / sizeof rows[0], &MAILER);
}

static void what_people_write_about_bounces_is_no_bounce(void **state)
{
    (void)state;
    static const struct text_row rows[] = {
        {"The following addresses had permanent fatal errors: <asha@example.org> - what does "
         "that mean?",                                                           REPORT_NONE, "   0", ""},
        {"Delivery has failed to these recipients or groups: asha@example.org 550 5.1.1",
         REPORT_NONE,                                                                                  "   0", ""},
    };
    struct mime_mail person = {.from_address = S("asha@example.net")};
    hold_texts(rows, 2, &person);
    static const struct text_row other[] = {
        {"Your mailbox is almost full. Clean it up at https://example.net", REPORT_NONE, "   0",
         ""                                                                                        },
        {"Welcome to our server",                                           REPORT_NONE, "   0", ""},
        {"",                                                                REPORT_NONE, "   0", ""},
    };
    hold_texts(other, 3, &MAILER);
}

static void an_empty_return_path_and_the_failed_header_make_a_mailer(void **state)
{
    (void)state;
    struct mime_header headers[] = {
        {S("Return-Path"),         S("<>")              },
        {S("X-Failed-Recipients"), S("Asha@example.org")}
    };
    struct mime_mail mail = {.from_address = S("mta@example.net"),
        .headers = headers,
        .n_headers = 2,
        .text = S("SMTP error from remote server: 550 5.1.1 unknown user\n\nMessage-ID: <a@b>\n")};
    struct mail_report r = read_mail(&mail);
    assert_true(is_as(&r, REPORT_BOUNCE, "asha@example.org 5.1.1 permanent+bad 0", NO_MAILBOX));
    assert_str(r.message_id, "a@b");
    assert_str(r.diagnostic, "SMTP error from remote server: 550 5.1.1 unknown user");
    headers[0].value = S("<mta@example.net>");
    assert_int_equal(read_mail(&mail).kind, REPORT_NONE);
}

static void every_status_has_words(void **state)
{
    (void)state;
    assert_str(report_status_words(S("5.1.1")), NO_MAILBOX);
    assert_str(report_status_words(S("4.2.2")), "The mailbox is full.");
    assert_str(report_status_words(S("5.1.99")), "There is something wrong with the address.");
    assert_str(report_status_words(S("5.6.7")),
        "The recipient's mail server cannot handle the contents of the mail.");
    assert_str(report_status_words(S("2.0.0")), "The mail was delivered.");
    assert_str(report_status_words(S("4.9.9")), "The mail could not be delivered so far.");
    assert_str(report_status_words(S("")), "The mail could not be delivered.");
}

static void a_sentence_of_ours_is_known_by_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *words, *name, *said;
    } rows[] = {
        {NO_MAILBOX,                                                        "1.1",     ""                        },
        {NO_MAILBOX " (550 5.1.1 no (such) user)",                          "1.1",     "550 5.1.1 no (such) user"},
        {NO_MAILBOX " (550 cut off",                                        "1.1",     "550 cut off"             },
        {"The mail is refused because its signature (DKIM) does not hold.", "7.20",    ""                        },
        {"There is something wrong with the mailbox.",                      "2.0",     ""                        },
        {"The mail could not be delivered so far.",                         "later",   ""                        },
        {"The mail was deleted without being read.",                        "deleted", ""                        },
        {NO_MAILBOX "x",                                                    "",        NO_MAILBOX "x"            },
        {"550 5.1.1 unknown",                                               "",        "550 5.1.1 unknown"       },
        {"",                                                                "",        ""                        },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        str said;
        assert_str(report_words_name(str_from(rows[i].words), &said), rows[i].name);
        assert_str(said, rows[i].said);
    }
    for (int class = 2; class <= 5; class ++)
        for (int subject = 0; subject < 9; subject++)
            for (int detail = 0; detail < 30; detail++) {
                char status[16];
                str said;
                (void)snprintf(status, sizeof status, "%d.%d.%d", class, subject, detail);
                str words = report_status_words(str_from(status));
                assert_true(report_words_name(words, &said).len > 0 && said.len == 0);
            }
}

static void read_long(void *arg, ptrdiff_t n)
{
    (void)arg;
    struct arena a = arena_make(0);
    struct sb b = sb_make(&a, 0), text = sb_make(&a, 0);
    for (ptrdiff_t i = 0; i < n; i++) {
        sb_add(&b, S("Final-Recipient: rfc822; a@example.net\n folded\nX: y\n\n\n"));
        sb_add(&text, S("5.1.1.1 a@b@c@d 5.x <@> Message "));
    }
    struct mime_mail mail = {.from_address = S("mailer-daemon@x"),
        .report = sb_str(&b),
        .report_headers = sb_str(&b),
        .text = sb_str(&text)};
    struct mail_report r;
    report_read(&a, &mail, &r);
    arena_free(&a);
}

static void long_reports_take_time_in_proportion(void **state)
{
    (void)state;
    test_slope(read_long, NULL, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(delivery_reports_of_many_servers_are_read),
        TEST(the_worst_recipient_comes_first),
        TEST(broken_reports_say_what_can_be_read),
        TEST(the_message_concerned_is_named),
        TEST(complaints_are_told_by_their_type),
        TEST(receipts_say_whether_it_was_read),
        TEST(reports_without_structure_are_read_by_their_sentences),
        TEST(what_people_write_about_bounces_is_no_bounce),
        TEST(an_empty_return_path_and_the_failed_header_make_a_mailer),
        TEST(every_status_has_words),
        TEST(a_sentence_of_ours_is_known_by_its_name),
        TEST(long_reports_take_time_in_proportion),
    };
    return cmocka_run_group_tests_name("text_report", tests, NULL, NULL);
}
