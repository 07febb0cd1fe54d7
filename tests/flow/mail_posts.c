/* Mails posted to a mailbox in every form that forwarders have: as they came, in a form's field,
 * long ones as files. What is posted again is known. */
#include "mailbox_world.h"

#include "base/crypto.h"
#include "care/blob_file.h"

#include <string.h>
#include <unistd.h>

struct post_world {
    struct world w;
    struct test_app *app;
    struct mailbox box;
};

static void open_world(struct post_world *pw, struct test_app *app)
{
    *pw = (struct post_world){.app = app};
    mailbox_add(&pw->box, app, S("{\"address\":\"" MAILBOX "\"}"));
    world_open(&pw->w, app);
}

static int post(struct post_world *pw, const char *type, str body)
{
    int status = mailbox_post_as(
        pw->app, &pw->box, str_cat(&pw->app->arena, S("Bearer "), pw->box.secret), type, body);
    if (status == 200)
        world_run(&pw->w);
    return status;
}

/* A mail whose text is followed by a file of so many bytes. */
static str mail(struct post_world *pw, const char *name, ptrdiff_t size)
{
    struct arena *a = &pw->app->arena;
    struct sb b = sb_make(a, 8 << 20);
    sb_print(&b,
        "From: Asha <asha@example.net>\r\nTo: " MAILBOX "\r\nSubject: Report %s\r\n"
        "Message-ID: <%s@example.net>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nHere is %s.\r\n--b\r\n"
        "Content-Type: application/octet-stream\r\n"
        "Content-Disposition: attachment; filename=report.bin\r\n\r\n",
        name, name, name);
    for (ptrdiff_t i = 0; i < size; i += 64)
        sb_print(&b, "%062td\r\n", i);
    sb_add(&b, S("--b--\r\n"));
    assert_false(b.failed);
    return sb_str(&b);
}

/* "in:…|in:…" of the newest conversation. */
static str messages(struct post_world *pw)
{
    struct arena *a = &pw->app->arena;
    struct sb b = sb_make(a, 1 << 16);
    str id = str_copy(a, conversation_newest(&pw->w));
    char *target = str_z(a, str_print(a, "/api/v1/conversations/%.*s/messages", SARG(id)));
    assert_int_equal(test_request(pw->app, "GET", target, NULL), 200);
    for (const struct json *m = json_get(pw->app->json, S("items"))->first; m; m = m->next)
        if (str_eq(json_text(json_get(m, S("kind")), S("")), S("in")))
            sb_print(&b, b.len ? "|%.*s" : "%.*s", SARG(json_text(json_get(m, S("text")), S(""))));
    return sb_str(&b);
}

static int64_t count(struct post_world *pw)
{
    assert_int_equal(
        test_request(pw->app, "GET", "/api/v1/conversations?status=open&limit=200", NULL), 200);
    int64_t n = 0;
    for (const struct json *c = json_get(pw->app->json, S("items"))->first; c; c = c->next)
        n++;
    return n;
}

static void a_long_mail_is_a_file_of_the_account_and_one_message(void **state)
{
    struct post_world pw;
    open_world(&pw, *state);
    str long_mail = mail(&pw, "long", 3 << 20);
    assert_int_equal(post(&pw, "message/rfc822", long_mail), 200);
    assert_int_equal(test_int(pw.app, "accepted"), 1);
    assert_str(messages(&pw), "Here is long.");
    /* Posted again: by who was not answered, and by a forwarder that adds a line above. */
    assert_int_equal(post(&pw, "message/rfc822", long_mail), 200);
    assert_int_equal(test_int(pw.app, "duplicates"), 1);
    str copy = str_cat(&pw.app->arena, S("Received: from elsewhere by us\r\n"), long_mail);
    assert_int_equal(post(&pw, "message/rfc822", copy), 200);
    assert_str(messages(&pw), "Here is long.");
    assert_int_equal(count(&pw), 1);
    /* The bytes are there, under their hash. */
    struct ctx cx = {
        .arena = &pw.app->arena, .config = &pw.app->config, .account = pw.app->account};
    struct sha256 sum = crypto_sha256(long_mail);
    int fd = -1;
    int64_t size = 0;
    assert_ok(
        blob_open(&cx, crypto_hex(cx.arena, str_of(sum.b, (ptrdiff_t)sizeof sum.b)), &fd, &size));
    assert_int_equal(size, long_mail.len);
    close(fd);
    world_close(&pw.w);
}

static str encoded(struct arena *a, str s)
{
    return str_cat(a, S("recipient=support%40example.com&body-mime="), http_percent_encode(a, s));
}

static str in_form(struct arena *a, const char *field, str bytes)
{
    str head = str_print(a,
        "--q\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\n" MAILBOX
        "\r\n--q\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n",
        field);
    return str_cat(a, str_cat(a, head, bytes), S("\r\n--q--\r\n"));
}

static void a_form_brings_the_mail_in_a_field(void **state)
{
    struct post_world pw;
    open_world(&pw, *state);
    struct arena *a = &pw.app->arena;
    static const char form[] = "multipart/form-data; boundary=q";
    assert_int_equal(post(&pw, form, in_form(a, "email", mail(&pw, "one", 100))), 200);
    assert_str(messages(&pw), "Here is one.");
    assert_int_equal(post(&pw, form, in_form(a, "body-mime", mail(&pw, "two", 2 << 20))), 200);
    assert_str(messages(&pw), "Here is two.");
    static const char type[] = "application/x-www-form-urlencoded";
    assert_int_equal(post(&pw, type, encoded(a, mail(&pw, "three", 100))), 200);
    assert_str(messages(&pw), "Here is three.");
    assert_int_equal(post(&pw, type, encoded(a, mail(&pw, "four", 1 << 20))), 200);
    assert_str(messages(&pw), "Here is four.");
    /* On all ways it is the same mail. */
    assert_int_equal(post(&pw, "message/rfc822", mail(&pw, "four", 1 << 20)), 200);
    assert_int_equal(test_int(pw.app, "duplicates"), 1);
    assert_int_equal(count(&pw), 4);
    world_close(&pw.w);
}

/* As Postmark posts it. */
static str in_json(struct arena *a, str bytes)
{
    struct json_out j = json_out_make(a, 16 << 20);
    json_obj(&j);
    json_kv_str(&j, S("FromName"), S("Asha \"RawEmail\":"));
    json_key(&j, S("ToFull"));
    json_arr(&j);
    json_obj(&j);
    json_kv_str(&j, S("Email"), S(MAILBOX));
    json_obj_end(&j);
    json_arr_end(&j);
    json_kv_str(&j, S("RawEmail"), bytes);
    json_kv_str(&j, S("TextBody"), S("not this"));
    json_obj_end(&j);
    return json_str(&j);
}

static void json_brings_the_mail_as_a_text(void **state)
{
    struct post_world pw;
    open_world(&pw, *state);
    struct arena *a = &pw.app->arena;
    static const char type[] = "application/json; charset=utf-8";
    assert_int_equal(post(&pw, type, in_json(a, mail(&pw, "one", 100))), 200);
    assert_str(messages(&pw), "Here is one.");
    assert_int_equal(post(&pw, type, in_json(a, mail(&pw, "two", 3 << 20))), 200);
    assert_str(messages(&pw), "Here is two.");
    /* It is the same mail as when it comes by itself. */
    assert_int_equal(post(&pw, "message/rfc822", mail(&pw, "two", 3 << 20)), 200);
    assert_int_equal(test_int(pw.app, "duplicates"), 1);
    assert_int_equal(post(&pw, type, S("{\"TextBody\":\"Hi\"}")), 400);
    assert_true(str_find(pw.app->body, S("RawEmail")) > 0);
    assert_int_equal(post(&pw, type, S("{\"RawEmail\":\"From: a@b.example\\x\"}")), 400);
    assert_int_equal(count(&pw), 2);
    world_close(&pw.w);
}

static void what_holds_no_mail_is_refused_for_ever(void **state)
{
    struct post_world pw;
    open_world(&pw, *state);
    struct arena *a = &pw.app->arena;
    static const char form[] = "multipart/form-data; boundary=q";
    assert_int_equal(post(&pw, form, in_form(a, "html", S("<p>Hi"))), 400);
    assert_int_equal(post(&pw, form, S("--q")), 400);
    assert_int_equal(post(&pw, "application/x-www-form-urlencoded", S("body-mime=%zz")), 400);
    assert_int_equal(post(&pw, "message/rfc822", (str){0}), 400);
    char *zeros = arena_alloc(a, 2 << 20, 1);
    memset(zeros, 0, 2 << 20);
    assert_int_equal(post(&pw, "message/rfc822", str_of(zeros, 2 << 20)), 400);
    world_close(&pw.w);
}

static void a_forwarder_without_headers_of_its_own_signs_in_by_the_address(void **state)
{
    struct post_world pw;
    open_world(&pw, *state);
    struct arena *a = &pw.app->arena;
    str one = mail(&pw, "one", 100);
    str user = str_cat(a, S("seva:"), pw.box.secret);
    str basic = str_cat(a, S("Basic "), crypto_base64(a, user));
    assert_int_equal(mailbox_post_as(pw.app, &pw.box, basic, "message/rfc822", one), 200);
    str wrong = str_cat(a, S("Basic "), crypto_base64(a, S("seva:wrong")));
    assert_int_equal(mailbox_post_as(pw.app, &pw.box, wrong, "message/rfc822", one), 401);
    assert_int_equal(mailbox_post_as(pw.app, &pw.box, S("Basic ???"), "message/rfc822", one), 401);
    assert_int_equal(
        mailbox_post_as(pw.app, &pw.box, S("Basic c2V2YTo="), "message/rfc822", one), 401);
    world_run(&pw.w);
    world_close(&pw.w);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_long_mail_is_a_file_of_the_account_and_one_message),
        TEST_APP(a_form_brings_the_mail_in_a_field),
        TEST_APP(json_brings_the_mail_as_a_text),
        TEST_APP(what_holds_no_mail_is_refused_for_ever),
        TEST_APP(a_forwarder_without_headers_of_its_own_signs_in_by_the_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
