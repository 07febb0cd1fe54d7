/* Unit tests of text/mail_fields: Postmark's JSON without the raw mail becomes the mail that it was
 * made from. */
#include "mail_written.h"

#include "text/mail_auth.h"
#include "text/mail_fields.h"
#include "text/robot.h"

/* As Postmark's page shows it, with what its customers' mails have. */
#define PEOPLE                                                                                     \
    "\"FromName\":\"Asha Rao\",\"MessageStream\":\"inbound\",\"From\":\"asha@example.net\","       \
    "\"FromFull\":{\"Email\":\"Asha@example.net\",\"Name\":\"Asha R\\u00e3o\",\"MailboxHash\":"    \
    "\"\"},\"To\":\"not <this@example.com>\",\"ToFull\":[{\"Email\":\"care+c12@example.com\","     \
    "\"Name\":\"Care, Ltd\",\"MailboxHash\":\"c12\"},{\"Email\":\"\",\"Name\":\"nobody\"}],"       \
    "\"CcFull\":[{\"Email\":\"ravi@example.org\",\"Name\":\"\"}],\"BccFull\":[],"                  \
    "\"OriginalRecipient\":\"hash+c12@inbound.postmarkapp.com\",\"ReplyTo\":\"Asha "               \
    "<home@example.net>\","
#define WORDS                                                                                      \
    "\"Subject\":\"Re: Your parcel \\ud83d\\udce6\",\"MessageID\":"                                \
    "\"73e6d360-66eb-11e1-8e72-a8904824019b\",\"Date\":\"Fri, 1 Aug 2014 16:45:32 -04:00\","       \
    "\"TextBody\":\"Where is it?\\r\\n.\\r\\nAsha\\n\",\"StrippedTextReply\":\"no\",\"Tag\":\"\","
#define LINES                                                                                      \
    "\"Headers\":[{\"Name\":\"Return-Path\",\"Value\":\"<asha@example.net>\"},"                    \
    "{\"Name\":\"Received\",\"Value\":\"by p.example via SMTP;\\r\\n Fri, 1 Aug 2014\"},"          \
    "{\"Name\":\"Message-ID\",\"Value\":\"<abc.1@mail.example.net>\"},"                            \
    "{\"Name\":\"In-Reply-To\",\"Value\":\"<seva.1.2@example.com>\"},"                             \
    "{\"Name\":\"References\",\"Value\":\"<seva.1.1@example.com>\\n <seva.1.2@example.com>\"},"    \
    "{\"Name\":\"From\",\"Value\":\"ceo@example.com\"},"                                           \
    "{\"Name\":\"Content-Type\",\"Value\":\"text/html\"},"                                         \
    "{\"Name\":\"X-Evil\\r\\nX-More\",\"Value\":\"x\"},"                                           \
    "{\"Name\":\"X-Note\",\"Value\":\"one\\r\\nBcc: two\"}],"

static str whole(const char *object)
{
    struct mail_fields *fields = NULL;
    struct got got = {.b = sb_make(test_arena(), 0)};
    str why = {0};
    if (mail_fields_read(test_arena(), str_from(object), &fields, &why) != OK)
        return str_cat(test_arena(), S("refused: "), why);
    err e = mail_fields_write(test_arena(), fields, take, &got, &why);
    if (e != OK)
        return str_cat(test_arena(), S("refused: "), why);
    str once = sb_str(&got.b);
    if (once.len > 1 << 20)
        return once;
    struct got again = {.b = sb_make(test_arena(), 0)};
    assert_ok(mail_fields_write(test_arena(), fields, take, &again, &why));
    assert_true(str_eq(once, sb_str(&again.b)));
    return once;
}

static struct mime_mail put_together(const char *object)
{
    struct mime_mail mail, inner;
    bool has_inner;
    str why = {0}, bytes = whole(object);
    if (mime_read(test_arena(), bytes, &mail, &inner, &has_inner, &why) != OK)
        fail_msg("%.*s: %.*s", SARG(why), SARG(bytes));
    assert_str(mail.degraded, "");
    return mail;
}

static void fields_become_the_mail_that_they_were(void **state)
{
    (void)state;
    struct mime_mail m = put_together("{" PEOPLE WORDS LINES "\"Attachments\":[]}");
    assert_str(m.from_name, "Asha R\xc3\xa3o");
    assert_str(m.from_address, "asha@example.net");
    assert_int_equal(m.n_to, 1);
    assert_str(m.to[0].name, "Care, Ltd");
    assert_str(m.to[0].address, "care+c12@example.com");
    assert_int_equal(m.n_cc, 1);
    assert_str(m.cc[0].address, "ravi@example.org");
    assert_str(m.reply_to[0].address, "home@example.net");
    assert_int_equal(m.n_delivered_to, 1);
    assert_str(m.delivered_to[0], "hash+c12@inbound.postmarkapp.com");
    assert_str(m.return_path.address, "asha@example.net");
    assert_str(m.subject, "Re: Your parcel \xf0\x9f\x93\xa6");
    assert_str(m.message_id, "abc.1@mail.example.net");
    assert_str(m.in_reply_to, "seva.1.2@example.com");
    assert_int_equal(m.n_references, 2);
    assert_true(m.date_ms == INT64_C(1406925932000));
    assert_str(m.text, "Where is it?\n.\nAsha");
    assert_int_equal(m.html.len, 0);
    assert_int_equal(m.n_parts, 0);
    assert_str(mime_header(&m, "X-Note"), "one Bcc: two");
    assert_str(mime_header(&m, "X-More"), "");
    assert_str(mime_header(&m, "Bcc"), "");
}

static void what_is_left_out_is_made_up_for(void **state)
{
    (void)state;
    struct mime_mail m = put_together("{\"From\":\"\\\"Asha, R\\\" <asha@example.net>\","
                                      "\"To\":\"a@example.com, B <b@example.com>\",\"Cc\":null,"
                                      "\"MessageID\":\"73e6-d360\",\"HtmlBody\":\"\"}");
    assert_str(m.from_name, "Asha, R");
    assert_int_equal(m.n_to, 2);
    assert_str(m.to[1].address, "b@example.com");
    assert_str(m.message_id, "73e6-d360@inbound.postmarkapp.com");
    assert_int_equal(m.date_ms, 0);
    assert_str(m.text, "");
    m = put_together("{\"From\":\"asha@example.net\",\"TextBody\":\"Hi\"}");
    assert_true(str_ends(m.message_id, S("@seva.invalid")));
    assert_int_equal(m.message_id.len, 64 + 13);
    assert_int_equal(m.n_to, 0);
}

static bool collect(void *arg, str piece)
{
    sb_add(arg, piece);
    return true;
}

static void files_and_pictures_are_those_of_the_mail(void **state)
{
    (void)state;
    static const char object[] =
        "{\"From\":\"asha@example.net\",\"TextBody\":\"See \\u0985\",\"HtmlBody\":"
        "\"<html><body><p>See <img src=\\\"cid:pic.1@here\\\"></body></html>\",\"Attachments\":["
        "{\"Name\":\"box.png\",\"Content\":\"UE5H\",\"ContentType\":\"image/png\","
        "\"ContentLength\":3,\"ContentID\":\"<pic.1@here>\"},"
        "{\"Name\":\"r\\u00e9sum\\u00e9.pdf\",\"Content\":\"JVBERg==\",\"ContentType\":"
        "\"application/pdf; name=x\",\"ContentID\":\"unused\"},"
        "{\"Content\":\"RnJvbTogYUBiLmV4YW1wbGUNCg0KSGk=\",\"Name\":\"in.eml\","
        "\"ContentType\":\"message/rfc822\"}]}";
    struct mime_mail m = put_together(object);
    assert_str(m.text, "See \xe0\xa6\x85");
    assert_str(m.html, "<html><body><p>See <img src=\"cid:pic.1@here\"></body></html>");
    assert_int_equal(m.n_parts, 3);
    assert_int_equal(m.parts[0].kind, MIME_PART_INLINE);
    assert_str(m.parts[0].content_id, "pic.1@here");
    assert_int_equal(m.parts[0].size, 3);
    assert_str(m.parts[1].name, "r\xc3\xa9sum\xc3\xa9.pdf");
    assert_str(m.parts[1].type, "application/pdf");
    assert_int_equal(m.parts[2].kind, MIME_PART_MAIL);
    struct sb b = sb_make(test_arena(), 1000);
    str why;
    assert_ok(mime_part_write(test_arena(), whole(object), m.parts[1].number, collect, &b, &why));
    assert_str(sb_str(&b), "%PDF");
}

static void a_mail_of_html_alone_gets_no_second_text(void **state)
{
    (void)state;
    struct mime_mail m =
        put_together("{\"From\":\"a@example.net\",\"TextBody\":\"\",\"HtmlBody\":\"<b>Hi</b>\"}");
    assert_str(m.text, "");
    assert_str(m.html, "<b>Hi</b>");
    m = put_together(
        "{\"From\":\"a@example.net\",\"HtmlBody\":\"<b>Hi</b> <img src='cid:a@b'>\","
        "\"Attachments\":[{\"Name\":\"a.png\",\"Content\":\"UE5H\",\"ContentType\":"
        "\"image/png\",\"ContentID\":\"a@b\"},{\"Name\":\"b\",\"Content\":\"UE5H\"}]}");
    assert_str(m.text, "");
    assert_int_equal(m.n_parts, 2);
    assert_int_equal(m.parts[0].kind, MIME_PART_INLINE);
}

static void a_text_that_is_too_long_is_a_file_too(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 8 << 20);
    sb_add(&b, S("{\"From\":\"a@example.net\",\"TextBody\":\""));
    for (int i = 0; i < 100 * 1024; i++)
        sb_add(&b, S("A line of forty-six bytes, again and again.\\r\\n"));
    sb_add(&b, S("\"}"));
    struct mime_mail m, inner;
    bool has_inner;
    str why;
    str bytes = whole(str_z(test_arena(), sb_str(&b)));
    assert_ok(mime_read(test_arena(), bytes, &m, &inner, &has_inner, &why));
    assert_int_equal(m.n_parts, 1);
    assert_str(m.parts[0].name, "mail.txt");
    assert_int_equal(m.parts[0].size, 100 * 1024 * 45);
}

/* Its own server's word counts where it counts in any mail; what else stands there proves nothing.
 */
static void checks_count_as_in_any_mail(void **state)
{
    (void)state;
    static const char object[] =
        "{\"From\":\"asha@example.net\",\"TextBody\":\"Hi\",\"Headers\":["
        "{\"Name\":\"Authentication-Results\",\"Value\":\"mx.example.com; spf=pass "
        "smtp.mailfrom=asha@example.net;\\r\\n\\tdkim=pass "
        "header.d=example.net; dmarc=pass header.from=example.net\"},"
        "{\"Name\":\"Received\",\"Value\":\"from a by b\"},"
        "{\"Name\":\"Authentication-Results\",\"Value\":\"forged.example; dmarc=pass\"},"
        "{\"Name\":\"DKIM-Signature\",\"Value\":\"v=1; d=example.net; b=abcdefghijklmnopqrstuvwxyz"
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789\"},"
        "{\"Name\":\"Auto-Submitted\",\"Value\":\"auto-replied\"},"
        "{\"Name\":\"List-Id\",\"Value\":\"<a.list.example.net>\"}]}";
    struct mime_mail m = put_together(object);
    struct mail_auth_result r;
    mail_auth_read(test_arena(), &m, S(""), &r);
    assert_int_equal(r.verdict, MAIL_AUTH_NONE);
    mail_auth_read(test_arena(), &m, S("mx.example.com"), &r);
    assert_int_equal(r.verdict, MAIL_AUTH_PASS);
    mail_auth_read(test_arena(), &m, S("forged.example"), &r);
    assert_str(r.domain, "example.net");
    mail_auth_read(test_arena(), &m, S("other.example"), &r);
    assert_int_equal(r.verdict, MAIL_AUTH_NONE);
    struct robot_verdict robot = {0};
    robot_read(&m, &robot);
    assert_true(robot.is_robot);
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *object, *why;
    } rows[] = {
        {"[]",                                                                                      "This is no JSON object."                },
        {"{\"From\":\"asha\"}",                                                                     "From names no mail address."            },
        {"{\"From\":null,\"TextBody\":\"x\"}",                                                      "From names no mail address."            },
        {"{\"FromFull\":{\"Email\":\"\"},\"From\":\"a@b.example\"}",
         "FromFull.Email names no mail address."                                                                                             },
        {"{\"From\":[]}",                                                                           "From is of the wrong kind."             },
        {"{\"From\":\"a@b.example\",\"ToFull\":{}}",                                                "ToFull is of the wrong kind."           },
        {"{\"From\":\"a@b.example\",\"ToFull\":[1]}",                                               "ToFull has something that is no object."},
        {"{\"From\":\"a@b.example\",\"Headers\":[{\"Name\"}]}",
         "Headers has an object that breaks off."                                                                                            },
        {"{\"From\":\"a@b.example\",\"Headers\":[{} {}]}",                                          "Headers breaks off."                    },
        {"{\"From\":\"a@b.example\",\"TextBody\":\"\\x\"}",                                         "TextBody is not encoded as JSON is."    },
        {"{\"From\":\"a@b.example\",\"TextBody\":\"open",
         "The JSON object breaks off, or is none."                                                                                           },
        {"{\"From\":\"a@b.example\",\"Attachments\":[{}]}",                                         "Attachments[0].Content is no text."     },
        {"{\"From\":\"a@b.example\",\"Attachments\":[{\"Content\":\"UE5H\"},{\"Content\":\"*\"}]}",
         "Attachments[1].Content is not base64."                                                                                             },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_str(whole(rows[i].object),
            str_z(test_arena(), str_cat(test_arena(), S("refused: "), str_from(rows[i].why))));
    assert_true(mail_fields_are(S("{\"a\":1,\"From\":\"x\"}")));
    assert_true(mail_fields_are(S("{\"FromFull\":{}}")));
    assert_false(mail_fields_are(S("{\"a\":{\"From\":\"x\"}}")));
    assert_false(mail_fields_are(S("[\"From\"]")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fields_become_the_mail_that_they_were),
        TEST(what_is_left_out_is_made_up_for),
        TEST(files_and_pictures_are_those_of_the_mail),
        TEST(a_mail_of_html_alone_gets_no_second_text),
        TEST(a_text_that_is_too_long_is_a_file_too),
        TEST(checks_count_as_in_any_mail),
        TEST(what_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
