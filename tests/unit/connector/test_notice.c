/* Notification mails of networks, as deliveries. The mails are made up after what such mails look
 * like in 2026; networks promise nothing about them. */
#include "test.h"

#include "connector/notice.h"

#include <string.h>

static err read_mail(const char *network, const char *mail, struct connector_item *it, str *why)
{
    struct connector_batch batch = {0};
    const struct connector_raw raw = {.body = str_from(mail), .origin = NOTICE_ORIGIN};
    *why = (str){0};
    err e = notice_parse(test_arena(), connector_find(str_from(network)), &raw, &batch, why);
    if (e == OK)
        *it = batch.items[0];
    return e;
}

static struct connector_item taken(const char *network, const char *mail)
{
    struct connector_item it = {0};
    str why;
    assert_ok(read_mail(network, mail, &it, &why));
    return it;
}

static const char comment[] =
    "From: Facebook <notification@facebookmail.com>\r\n"
    "Subject: Asha Rao commented on your post\r\n"
    "Message-ID: <abc@facebookmail.com>\r\n"
    "Date: Thu, 01 Jan 2026 10:00:00 +0530\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    /* "Asha Rao commented:\n\"কোথায়?\"\nhttps://www.facebook.com/settings?x\n
     * https://www.facebook.com/shop/posts/12?aref=1\n\nUnsubscribe here\nFacebook, Inc." */
    "QXNoYSBSYW8gY29tbWVudGVkOgoi4KaV4KeL4Kal4Ka+4Kav4Ka8PyIKaHR0cHM6Ly93d3cuZmFjZWJvb2suY29tL3Nl\r\n"
    "dHRpbmdzP3gKaHR0cHM6Ly93d3cuZmFjZWJvb2suY29tL3Nob3AvcG9zdHMvMTI/YXJlZj0xCgpVbnN1YnNjcmliZSBo\r\n"
    "ZXJlCkZhY2Vib29rLCBJbmMu\r\n"
    "--b\r\nContent-Type: text/html\r\n\r\n<p>not this</p>\r\n--b--\r\n";

static void a_comment_is_read_with_its_author_and_post(void **state)
{
    (void)state;
    struct connector_item it = taken("facebook", comment);
    assert_str(it.contact_name, "Asha Rao");
    assert_str(it.contact_external_id, "name:asha rao");
    assert_str(it.post.url, "https://www.facebook.com/shop/posts/12?aref=1");
    assert_str(it.thread_key, "post:https://www.facebook.com/shop/posts/12?aref=1");
    assert_true(str_starts(it.text, S("Asha Rao commented on your post\n\nAsha Rao commented:\n")));
    assert_true(str_find(it.text, S("http")) < 0 && str_find(it.text, S("Inc.")) < 0);
    assert_true(it.is_public && !it.is_ours && it.sent_ms == 1767241800000);
}

static void a_message_is_private_and_html_is_read_where_there_is_no_text(void **state)
{
    (void)state;
    struct connector_item it = taken("linkedin",
        "From: Asha via LinkedIn <messages-noreply@linkedin.com>\nSubject: You have 1 new message\n"
        "Message-ID: <1@linkedin.com>\nContent-Type: text/html; charset=iso-8859-1\n\n"
        "<p>Caf\xE9 open?</p><a href=\"https://www.linkedin.com/help/1\">Help</a>"
        "<a href=\"https://www.linkedin.com/messaging/thread/2\">View</a><script>x()</script>");
    assert_str(it.contact_name, "Asha");
    assert_false(it.is_public);
    assert_int_equal(it.thread_key.len, 0);
    assert_str(it.post.url, "https://www.linkedin.com/messaging/thread/2");
    assert_true(str_find(it.text, S("Caf\xC3\xA9 open?")) > 0);
    assert_true(str_find(it.text, S("x()")) < 0);
}

static void who_is_not_named_is_the_network_for_this_one_mail(void **state)
{
    (void)state;
    struct connector_item it = taken("youtube",
        "From: YouTube <noreply@youtube.com>\nSubject: New comment\nMessage-ID: <9@y>\n\nNice");
    assert_str(it.contact_name, "YouTube");
    assert_true(str_starts(it.contact_external_id, S("notice:")));
    assert_str(it.external_id, it.contact_external_id.at);
    it = taken("google_reviews", "From: Google <businessprofile-noreply@google.com>\n"
                                 "Subject: New review from Asha Rao\n\nFive stars");
    assert_str(it.contact_name, "Asha Rao");
}

static void a_mail_that_was_forwarded_whole_counts_as_the_one_inside(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S("From: me@shop.example\nSubject: Fwd\nMIME-Version: 1.0\n"
                 "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: text/plain\n\n"
                 "see below\n--o\nContent-Type: message/rfc822\n\n"));
    sb_add(&b, str_from(comment));
    sb_add(&b, S("\n--o--\n"));
    struct connector_item it = taken("facebook", str_z(test_arena(), sb_str(&b)));
    assert_str(it.contact_name, "Asha Rao");
    assert_true(str_find(it.text, S("see below")) < 0);
    assert_str(it.external_id, taken("facebook", comment).external_id.at); /* the same mail */
}

static void what_is_no_mail_of_this_network_is_refused(void **state)
{
    static const char *const mails[] = {"", "\n\n", "{}", "Subject: x\n\ny",
        "From: a@shop.example\nSubject: Asha commented\n\nhi",
        "From: a@facebookmail.com.evil.example\n\nhi", "From: a@notfacebookmail.com\n\nhi",
        "From: \"notification@facebookmail.com\" <a@evil.example>\n\nhi"};
    (void)state;
    for (size_t i = 0; i < sizeof mails / sizeof *mails; i++) {
        struct connector_item it;
        str why;
        assert_int_equal(read_mail("facebook", mails[i], &it, &why), E_INVALID);
        assert_true(why.len > 0);
    }
}

static void control_characters_are_taken_out_of_names(void **state)
{
    (void)state;
    struct connector_item it = taken("x", "From: \"A\xE2\x80\xAE"
                                          "B via X\" <notify@x.com>\n"
                                          "Subject: post\nMessage-ID: <1@x>\n\nhi");
    assert_str(it.contact_name, "AB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_comment_is_read_with_its_author_and_post),
        TEST(a_message_is_private_and_html_is_read_where_there_is_no_text),
        TEST(who_is_not_named_is_the_network_for_this_one_mail),
        TEST(a_mail_that_was_forwarded_whole_counts_as_the_one_inside),
        TEST(what_is_no_mail_of_this_network_is_refused),
        TEST(control_characters_are_taken_out_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
