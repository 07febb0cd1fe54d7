/* Unit tests of text/sns: what Amazon SNS posts, as its pages show it. */
#include "test.h"

#include "text/sns.h"

#define TOPIC "arn:aws:sns:us-east-1:012345678912:mails"
#define URL                                                                                        \
    "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" TOPIC "&Token=23ab"

static str read_as(const char *object, struct sns_post *post)
{
    str why = {0};
    return sns_read(test_arena(), str_from(object), post, &why) == OK ? S("ok") : why;
}

static void a_question_brings_its_link(void **state)
{
    (void)state;
    struct sns_post post;
    static const char object[] =
        "{\"Type\":\"SubscriptionConfirmation\",\"MessageId\":\"165545c9\",\"Token\":\"23ab\","
        "\"TopicArn\":\"" TOPIC "\",\"Message\":\"You have chosen to subscribe …\","
        "\"SubscribeURL\":\"" URL "\",\"Timestamp\":\"2012-04-26T20:45:04.751Z\","
        "\"SignatureVersion\":\"1\",\"Signature\":\"EXAMPLE=\",\"SigningCertURL\":\"https://x\"}";
    assert_true(sns_is(str_from(object)));
    assert_str(read_as(object, &post), "ok");
    assert_int_equal(post.kind, SNS_QUESTION);
    assert_str(post.topic, TOPIC);
    assert_str(post.url, URL);
}

static void a_link_to_elsewhere_is_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {"", "http://sns.us-east-1.amazonaws.com/?a",
        "https://sns.us-east-1.amazonaws.com.evil.example/?a", "https://sns.amazonaws.com/",
        "https://sns.us-east-1.amazonaws.com:8080/?a", "https://evil.example/sns.a.amazonaws.com/",
        "https://sns.a@evil.amazonaws.com/", "https://sns.evil.example/.amazonaws.com/",
        "https://sns.a.b.amazonaws.com/", "javascript:alert(1)",
        "https://sns.us-east-1.amazonaws.com/?a b", "https://sns.us-east-1.amazonaws.com"};
    struct sns_post post;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        str object = str_print(test_arena(),
            "{\"Type\":\"SubscriptionConfirmation\",\"TopicArn\":\"t\",\"SubscribeURL\":\"%s\"}",
            urls[i]);
        assert_str(read_as(str_z(test_arena(), object), &post),
            "SubscribeURL is no address of Amazon SNS.");
    }
    assert_str(read_as("{\"Type\":\"SubscriptionConfirmation\",\"TopicArn\":\"t\",\"SubscribeURL\":"
                       "\"https:\\/\\/sns.cn-north-1.amazonaws.com.cn\\/?a\"}",
                   &post),
        "ok");
}

#define RECEIVED(ENCODING, CONTENT)                                                                \
    "{\"notificationType\":\"Received\",\"receipt\":{\"timestamp\":\"2015-09-11T20:32:33.936Z\","  \
    "\"recipients\":[\"care@example.com\"],\"action\":{\"type\":\"SNS\"" ENCODING                  \
    ",\"topicArn\":\"t\"}},\"mail\":{\"content\":\"not this\"}" CONTENT "}"

static str in_message(const char *message)
{
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S("{\"Type\":\"Notification\",\"TopicArn\":\"" TOPIC "\",\"Message\":\""));
    for (const char *c = message; *c; c++) {
        if (*c == '"' || *c == '\\')
            sb_byte(&b, '\\');
        sb_byte(&b, *c);
    }
    sb_add(&b, S("\",\"Signature\":\"x\"}"));
    return sb_str(&b);
}

static void a_mail_comes_in_a_message_or_by_itself(void **state)
{
    (void)state;
    static const char plain[] =
        RECEIVED("", ",\"content\":\"From: a@b.example\\r\\n\\r\\nHi \\\"x\\\"\"");
    static const char coded[] = RECEIVED(
        ",\"encoding\":\"BASE64\"", ",\"content\":\"RnJvbTogYUBiLmV4YW1wbGUNCg0KSGkgIngi\"");
    static const char utf8[] = RECEIVED(
        ",\"encoding\":\"UTF-8\"", ",\"content\":\"From: a@b.example\\r\\n\\r\\nHi \\\"x\\\"\"");
    static const char *const objects[] = {plain, coded, utf8};
    struct sns_post post;
    for (int i = 0; i < 3; i++) {
        assert_true(sns_is(str_from(objects[i])));
        assert_str(read_as(objects[i], &post), "ok");
        assert_int_equal(post.kind, SNS_MAIL);
        assert_str(post.mail, "From: a@b.example\r\n\r\nHi \"x\"");
        str around = in_message(objects[i]);
        assert_true(sns_is(around));
        assert_str(read_as(str_z(test_arena(), around), &post), "ok");
        assert_str(post.mail, "From: a@b.example\r\n\r\nHi \"x\"");
        assert_str(post.topic, TOPIC);
    }
}

static void what_holds_no_mail_is_named(void **state)
{
    (void)state;
    struct sns_post post;
    str why = read_as(RECEIVED("", ""), &post);
    assert_true(str_starts(why, S("content is missing")));
    assert_str(read_as(RECEIVED(",\"encoding\":\"BASE64\"", ",\"content\":\"*\""), &post),
        "content is not base64.");
    assert_str(
        read_as(RECEIVED("", ",\"content\":\"\\x\""), &post), "content is not encoded as JSON is.");
    assert_true(str_starts(
        read_as(str_z(test_arena(), in_message("Successfully validated SNS topic")), &post),
        S("Message is no mail")));
    assert_true(
        str_starts(read_as("{\"notificationType\":\"Bounce\"}", &post), S("Message is no")));
    assert_str(
        read_as("{\"Type\":\"Other\",\"TopicArn\":\"t\"}", &post), "Type is none of Amazon SNS's.");
    assert_str(read_as("{\"Type\":\"UnsubscribeConfirmation\",\"TopicArn\":\"t\"}", &post), "ok");
    assert_int_equal(post.kind, SNS_END);
    assert_false(sns_is(S("{\"Type\":\"Notification\"}")));
    assert_false(sns_is(S("[]")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_question_brings_its_link),
        TEST(a_link_to_elsewhere_is_refused),
        TEST(a_mail_comes_in_a_message_or_by_itself),
        TEST(what_holds_no_mail_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
