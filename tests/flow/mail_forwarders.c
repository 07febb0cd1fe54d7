/* Mails that forwarders post as JSON without the raw mail: Postmark's fields, and what Amazon SNS
 * brings. They are mails like any other: threads, senders, files, and what is posted again. */
#include "mail_world.h"

#include "base/crypto.h"
#include "base/json.h"
#include "care/mail_subscription.h"

#include <stdio.h>

#define TOPIC "arn:aws:sns:us-east-1:012345678912:mails"
#define URL   "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=23ab"

static int post_as(struct mail_world *mw, const char *type, const char *sns, str body)
{
    struct arena *a = &mw->app->arena;
    const struct http_header headers[] = {
        {S("Content-Type"),  str_from(type)},
        {S("Authorization"), str_cat(a,      S("Bearer "), mw->box.secret)},
        {S("x-amz-sns-message-type"),   str_from(sns ? sns : "")                },
    };
    char *target = str_z(a, str_cat(a, S("/hooks/email/"), mw->box.key));
    int status = test_request_full(mw->app, "POST", target, headers, sns ? 3 : 2, body);
    if (status == 200)
        world_run(&mw->w);
    return status;
}

static int post_json(struct mail_world *mw, str body)
{
    return post_as(mw, "application/json", NULL, body);
}

static void line(struct json_out *j, const char *name, str value)
{
    if (!value.len)
        return;
    json_obj(j);
    json_kv_str(j, S("Name"), str_from(name));
    json_kv_str(j, S("Value"), value);
    json_obj_end(j);
}

/* As Postmark posts it. checked: what BY_US found out; "" = nothing is said. */
static str fields(
    struct mail_world *mw, const char *id, str answers, const char *checked, const char *text)
{
    struct arena *a = &mw->app->arena;
    struct json_out j = json_out_make(a, 1 << 20);
    json_obj(&j);
    json_kv_str(&j, S("FromName"), S("Asha"));
    json_key(&j, S("FromFull"));
    json_obj(&j);
    json_kv_str(&j, S("Email"), S("asha@example.net"));
    json_kv_str(&j, S("Name"), S("Asha"));
    json_obj_end(&j);
    json_key(&j, S("ToFull"));
    json_arr(&j);
    json_obj(&j);
    json_kv_str(&j, S("Email"), S(MAILBOX));
    json_obj_end(&j);
    json_arr_end(&j);
    json_kv_str(&j, S("OriginalRecipient"), S(MAILBOX));
    json_kv_str(&j, S("Subject"), S("Where is my order?"));
    json_kv_str(&j, S("MessageID"), S("73e6d360-66eb-11e1-8e72-a8904824019b"));
    json_kv_str(&j, S("Date"), S("Thu, 1 Jan 2026 00:00:00 +00:00"));
    json_kv_str(&j, S("TextBody"), str_from(text));
    json_kv_str(&j, S("StrippedTextReply"), S("not this"));
    json_key(&j, S("Headers"));
    json_arr(&j);
    if (*checked)
        line(&j, "Authentication-Results",
            str_print(a, BY_US "; dmarc=%s header.from=example.net", checked));
    line(&j, "Message-ID", str_print(a, "<%s>", id));
    line(&j, "In-Reply-To", answers.len ? str_print(a, "<%.*s>", SARG(answers)) : answers);
    json_arr_end(&j);
    json_obj_end(&j);
    return json_str(&j);
}

/* ── fields ── */

static void a_mail_in_fields_goes_where_it_belongs(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    str one = fields(&mw, "1@example.net", S(""), "pass", "It was to come on Monday.");
    assert_int_equal(post_json(&mw, one), 200);
    assert_int_equal(test_int(mw.app, "accepted"), 1);
    str id = newest(&mw);
    assert_str(timeline(&mw, id), "in:It was to come on Monday.");
    assert_str(shown(&mw, id, "subject"), "Where is my order?");
    look(&mw, shown(&mw, id, "last_message_id"));
    assert_str(test_text(mw.app, "from.address"), "asha@example.net");
    assert_str(test_text(mw.app, "auth.verdict"), "pass");
    assert_str(test_text(mw.app, "auth.by"), BY_US);
    /* Again, and once more by the way of a raw mail. */
    assert_int_equal(post_json(&mw, one), 200);
    assert_int_equal(test_int(mw.app, "duplicates"), 1);
    str ours = answered(&mw, id, "It comes today.");
    assert_int_equal(post_json(&mw, fields(&mw, "2@example.net", ours, "pass", "Thank you.")), 200);
    assert_str(newest(&mw), str_z(&mw.app->arena, id));
    assert_str(timeline(&mw, id), "in:It was to come on Monday.|out:It comes today.|in:Thank you.");
    world_close(&mw.w);
}

/* Nothing of it can be checked here: what no server that is trusted has checked proves nobody. */
static void a_mail_in_fields_proves_nobody_by_itself(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    assert_int_equal(
        post_json(&mw, fields(&mw, "1@example.net", S(""), "pass", "Where is it?")), 200);
    str id = str_copy(&mw.app->arena, newest(&mw));
    str ours = answered(&mw, id, "It comes today.");
    static const char *const checked[] = {"", "fail", "none"};
    for (int i = 0; i < 3; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "forged%d@example.net", i);
        assert_int_equal(
            post_json(&mw, fields(&mw, name, ours, checked[i], "Send it to me.")), 200);
        str other = newest(&mw);
        assert_false(str_eq(other, id));
        look(&mw, shown(&mw, other, "last_message_id"));
        assert_false(str_eq(test_text(mw.app, "auth.verdict"), S("pass")));
    }
    assert_str(timeline(&mw, id), "in:Where is it?|out:It comes today.");
    world_close(&mw.w);
}

/* So many bytes, other ones each. */
static str content(struct arena *a, ptrdiff_t size)
{
    char *to = arena_alloc(a, size, 1);
    for (ptrdiff_t i = 0; i < size; i++)
        to[i] = (char)(i * 7 + i / 251);
    return str_of(to, size);
}

static str with_file(struct mail_world *mw, ptrdiff_t size)
{
    struct arena *a = &mw->app->arena;
    struct sb b = sb_make(a, 16 << 20);
    str coded = crypto_base64(a, content(a, size));
    sb_print(&b,
        "{\"From\":\"asha@example.net\",\"To\":\"" MAILBOX "\",\"TextBody\":\"See below.\","
        "\"MessageID\":\"file-%td\",\"HtmlBody\":\"<p>See <i>below</i>.</p>\",\"Attachments\":["
        "{\"Name\":\"r\\u00e9port.bin\",\"Content\":\"",
        size);
    sb_add(&b, coded);
    sb_print(&b, "\",\"ContentType\":\"application/octet-stream\",\"ContentLength\":%td}]}", size);
    assert_false(b.failed);
    return sb_str(&b);
}

static void files_of_fields_are_those_of_the_mail(void **state)
{
    static const ptrdiff_t sizes[] = {1000, 3 << 20};
    struct mail_world mw;
    open_world(&mw, *state);
    struct arena *a = &mw.app->arena;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(post_json(&mw, with_file(&mw, sizes[i])), 200);
        str id = newest(&mw);
        assert_str(timeline(&mw, id), "in:See below.");
        str target = str_print(a, "/api/v1/conversations/%.*s/messages", SARG(id));
        assert_int_equal(get(&mw, target), 200);
        assert_str(test_text(mw.app, "items.0.attachments.0.name"), "r\xc3\xa9port.bin");
        assert_str(test_text(mw.app, "items.0.attachments.0.state"), "ready");
        assert_int_equal(test_int(mw.app, "items.0.attachments.0.size"), sizes[i]);
        look(&mw, shown(&mw, id, "last_message_id"));
        assert_true(str_find(test_text(mw.app, "html"), S("<i>below</i>")) >= 0);
        assert_int_equal(post_json(&mw, with_file(&mw, sizes[i])), 200);
        assert_int_equal(test_int(mw.app, "duplicates"), 1);
    }
    world_close(&mw.w);
}

static void what_is_no_mail_is_refused_by_its_field(void **state)
{
    static const struct {
        const char *body, *why;
    } rows[] = {
        {"{\"TextBody\":\"Hi\"}",                                                     "RawEmail"              },
        {"{\"From\":\"nobody\"}",                                                     "From names"            },
        {"{\"From\":\"a@b.example\",\"Headers\":{}}",                                 "Headers is"            },
        {"{\"From\":\"a@b.example\",\"Attachments\":[{\"Name\":\"x\"}]}",             "Attachments[0].Content"},
        {"{\"From\":\"a@b.example\",\"Attachments\":[{\"Content\":\"?\"}]}",
         "Attachments[0].Content"                                                                             },
        {"{\"From\":\"a@b.example\"",                                                 "breaks off"            },
        {"{\"notificationType\":\"Received\"}",                                       "content is missing"    },
        {"{\"Type\":\"Notification\",\"TopicArn\":\"" TOPIC "\",\"Message\":\"Hi\"}",
         "notificationType"                                                                                   },
        {"{\"Type\":\"SubscriptionConfirmation\",\"TopicArn\":\"" TOPIC "\","
         "\"SubscribeURL\":\"https://evil.example/\"}",                      "SubscribeURL"          },
        {"{\"notificationType\":\"Received\",\"content\":\"no mail\"}",               "sender"                },
    };
    struct mail_world mw;
    open_world(&mw, *state);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(post_json(&mw, str_from(rows[i].body)), 400);
        if (str_find(mw.app->body, str_from(rows[i].why)) < 0)
            fail_msg("%s: %.*s", rows[i].body, SARG(mw.app->body));
    }
    /* Also where that shows only behind the beginning. */
    str long_one = with_file(&mw, 3 << 20);
    char *broken = str_z(&mw.app->arena, long_one);
    broken[long_one.len - 100] = '*';
    assert_int_equal(post_json(&mw, str_from(broken)), 400);
    assert_true(str_find(mw.app->body, S("Attachments[0].Content is not base64")) >= 0);
    world_close(&mw.w);
}

/* ── Amazon ── */

static str notification(struct mail_world *mw, str mail, bool is_coded)
{
    struct arena *a = &mw->app->arena;
    struct json_out m = json_out_make(a, 1 << 20), j = json_out_make(a, 1 << 20);
    json_obj(&m);
    json_kv_str(&m, S("notificationType"), S("Received"));
    json_key(&m, S("receipt"));
    json_put_raw(&m, is_coded ? S("{\"action\":{\"type\":\"SNS\",\"encoding\":\"BASE64\"}}")
                              : S("{\"action\":{\"type\":\"SNS\"}}"));
    json_kv_str(&m, S("content"), is_coded ? crypto_base64(a, mail) : mail);
    json_obj_end(&m);
    json_obj(&j);
    json_kv_str(&j, S("Type"), S("Notification"));
    json_kv_str(&j, S("TopicArn"), S(TOPIC));
    json_kv_str(&j, S("Message"), json_str(&m));
    json_obj_end(&j);
    return json_str(&j);
}

static void sns_brings_mails_as_they_came(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    struct arena *a = &mw.app->arena;
    struct letter two = first;
    two.id = "2@example.net";
    two.text = "Another one.";
    str body = notification(&mw, written(a, &first), false);
    assert_int_equal(post_as(&mw, "text/plain; charset=UTF-8", "Notification", body), 200);
    assert_str(timeline(&mw, newest(&mw)), "in:It was to come on Monday.");
    look(&mw, shown(&mw, newest(&mw), "last_message_id"));
    assert_str(test_text(mw.app, "auth.verdict"), "pass");
    assert_int_equal(post_json(&mw, notification(&mw, written(a, &two), true)), 200);
    assert_str(timeline(&mw, newest(&mw)), "in:Another one.");
    /* It is the same mail on every way. */
    assert_int_equal(post(&mw, mw.box.secret, written(a, &two)), 200);
    assert_int_equal(test_int(mw.app, "duplicates"), 1);
    world_close(&mw.w);
}

static str asked(struct mail_world *mw)
{
    str target = str_print(
        &mw->app->arena, "/api/v1/channels/%lld/mail-subscription", (long long)mw->box.channel.v);
    assert_int_equal(get(mw, target), 200);
    return json_text(json_get(mw->app->json, S("url")), S("nobody"));
}

static void asks(struct mail_world *mw)
{
    static const char question[] =
        "{\"Type\":\"SubscriptionConfirmation\",\"Token\":\"23ab\",\"TopicArn\":\"" TOPIC "\","
        "\"Message\":\"You have chosen …\",\"SubscribeURL\":\"" URL "\"}";
    assert_int_equal(
        post_as(mw, "text/plain", "SubscriptionConfirmation", str_from(question)), 200);
    assert_int_equal(test_int(mw->app, "accepted"), 0);
}

/* Nobody but people opens the link; it is shown until mails come, or somebody puts it aside. */
static void a_question_of_sns_waits_for_people(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    struct arena *a = &mw.app->arena;
    assert_str(asked(&mw), "nobody");
    asks(&mw);
    assert_str(asked(&mw), URL);
    assert_str(test_text(mw.app, "topic"), TOPIC);
    assert_int_equal(
        post_json(&mw, notification(&mw, written(&mw.app->arena, &first), false)), 200);
    assert_str(asked(&mw), "nobody");
    asks(&mw);
    char *target = str_z(
        a, str_print(a, "/api/v1/channels/%lld/mail-subscription", (long long)mw.box.channel.v));
    assert_int_equal(test_request(mw.app, "DELETE", target, NULL), 204);
    assert_str(asked(&mw), "nobody");
    assert_int_equal(get(&mw, S("/api/v1/audit?limit=5")), 200);
    assert_true(str_find(mw.app->body, S("channel.subscription_dismissed")) >= 0);
    asks(&mw);
    clock_fix(clock_now_ms() + MAIL_SUBSCRIPTION_MS);
    assert_str(asked(&mw), "nobody");
    world_close(&mw.w);
}

/* Who knows an address only shows the secret when it is asked for it. */
static void a_caller_without_the_secret_is_asked_for_it(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    assert_int_equal(post(&mw, S("wrong"), S("x")), 401);
    assert_str(test_answer_header(mw.app, "WWW-Authenticate"), "Basic realm=\"Seva\"");
    world_close(&mw.w);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_mail_in_fields_goes_where_it_belongs),
        TEST_APP(a_mail_in_fields_proves_nobody_by_itself),
        TEST_APP(files_of_fields_are_those_of_the_mail),
        TEST_APP(what_is_no_mail_is_refused_by_its_field),
        TEST_APP(sns_brings_mails_as_they_came),
        TEST_APP(a_question_of_sns_waits_for_people),
        TEST_APP(a_caller_without_the_secret_is_asked_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
