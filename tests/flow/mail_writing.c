/* Mails that agents write: what stands in them beside their words; new ones, passed on, and later;
 * texts and drafts that are kept. */
#include "files_world.h"
#include "mailbox_world.h"

#include "base/clock.h"
#include "store/conversation.h"

#include <string.h>

#define HOUR_MS (INT64_C(3600) * 1000)

struct mail_world {
    struct world w;
    struct test_app *app;
    struct mailbox box;
    str channel;
};

static void open_world(struct mail_world *mw, struct test_app *app)
{
    str settings = S("{\"receivers\":\"" BY_US "\",\"address\":\"" MAILBOX "\","
                     "\"from_name\":\"{{agent.first_name}} of {{channel.name}}\","
                     "\"signature\":\"{{agent.name}}\\n{{channel.name}} <24/7>\"}");
    *mw = (struct mail_world){.app = app};
    mailbox_add(&mw->box, app, settings);
    mw->channel = str_print(&app->arena, "%lld", (long long)mw->box.channel.v);
    world_open(&mw->w, app);
    assert_int_equal(test_request(app, "PATCH", "/api/v1/me", "{\"name\":\"Neha Rao\"}"), 200);
}

static void arrives(struct mail_world *mw, const char *id, const char *type, const char *body)
{
    struct arena *a = &mw->app->arena;
    str mail = str_print(a,
        "Authentication-Results: " BY_US "; dmarc=pass header.from=example.net\r\n"
        "From: Asha <asha@example.net>\r\nTo: " MAILBOX
        "\r\nCc: Ben <ben@example.net>\r\nSubject: Where is it?\r\nMessage-ID: <%s@example.net>\r\n"
        "Content-Type: %s\r\n\r\n%s\r\n",
        id, type, body);
    mailbox_takes(&mw->w, &mw->box, mail);
}

#define PICTURE_MAIL                                                                               \
    "--b\r\nContent-Type: text/html\r\n\r\n<p>It is <b>broken</b>: <img src=\"cid:x@y\"></p>"      \
    "<script>bad()</script>\r\n--b\r\nContent-Type: image/gif; name=\"a.gif\"\r\n"                 \
    "Content-ID: <x@y>\r\nContent-Disposition: inline; filename=\"a.gif\"\r\n"                     \
    "Content-Transfer-Encoding: base64\r\n\r\n"                                                    \
    "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7\r\n--b--\r\n"

static int ask(struct mail_world *mw, const char *method, str target, const char *json)
{
    return test_request(mw->app, method, str_z(&mw->app->arena, target), json);
}

/* Of the last answer, or of the one to this path. */
static str told(struct mail_world *mw, str target, const char *path)
{
    struct arena *a = &mw->app->arena;
    if (target.len && ask(mw, "GET", target, NULL) != 200)
        fail_msg("%.*s: %d %.*s", SARG(target), mw->app->status, SARG(mw->app->body));
    return str_copy(a, json_text(json_path(mw->app->json, str_from(path)), S("")));
}

static str of_conversation(struct mail_world *mw, str id, const char *more)
{
    return str_print(&mw->app->arena, "/api/v1/conversations/%.*s%s", SARG(id), more);
}

static str of_message(struct mail_world *mw, str id, const char *more)
{
    return str_print(&mw->app->arena, "/api/v1/messages/%.*s%s", SARG(id), more);
}

static str newest(struct mail_world *mw)
{
    return str_copy(&mw->app->arena, conversation_newest(&mw->w));
}

/* more: members of the body beside what every reply has; the status. */
static int write_reply(struct mail_world *mw, str conversation, const char *more)
{
    static int64_t number;
    struct arena *a = &mw->app->arena;
    str seen = told(mw, of_conversation(mw, conversation, ""), "last_message_id");
    str json = str_print(a,
        "{\"kind\":\"reply\",\"seen_message_id\":\"%.*s\",\"client_id\":\"w-%lld\",%s}", SARG(seen),
        (long long)++number, more);
    return ask(mw, "POST", of_conversation(mw, conversation, "/messages"), str_z(a, json));
}

static str replied(struct mail_world *mw, str conversation, const char *more)
{
    if (write_reply(mw, conversation, more) != 201)
        fail_msg("%d %.*s", mw->app->status, SARG(mw->app->body));
    return str_copy(&mw->app->arena, test_text(mw->app, "id"));
}

static bool has(str s, const char *what)
{
    return str_find(s, str_from(what)) >= 0;
}

static char *print(struct mail_world *mw, const char *format, str x)
{
    const char *at = strstr(format, "$");
    struct arena *a = &mw->app->arena;
    return str_z(a, str_print(a, "%.*s%.*s%s", (int)(at - format), format, SARG(x), at + 1));
}

/* ── what stands in it ── */

static void a_mail_has_its_words_a_signature_and_what_it_answers(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, "1", "multipart/related; boundary=b", PICTURE_MAIL);
    str id = newest(&mw), last = told(&mw, of_conversation(&mw, id, ""), "last_message_id");
    str message = replied(&mw, id,
        print(&mw,
            "\"text\":\"Sorry!\",\"mail\":{\"html\":\"<p>So<b>rr</b>y!</p><script>x</script>\","
            "\"quote_id\":\"$\",\"attribution\":\"Asha wrote:\"}",
            last));
    str html = told(&mw, of_message(&mw, message, "/mail"), "html");
    str text = told(&mw, S(""), "text");
    assert_true(has(html, "<p>So<b>rr</b>y!</p>"));
    assert_true(has(html, "Support &lt;24/7&gt;"));
    assert_true(has(html, "<b>broken</b>"));
    assert_false(has(html, "bad()") || has(html, "<script") || has(html, "cid:x@y"));
    assert_true(str_starts(text, S("Sorry!\n\n-- \nNeha Rao\nSupport <24/7>\n\nAsha wrote:\n> ")));
    assert_str(told(&mw, S(""), "from.name"), "Neha of Support");
    assert_str(told(&mw, S(""), "written.quote_id"), str_z(&mw.app->arena, last));
    assert_str(told(&mw, of_conversation(&mw, id, "/messages"), "items.1.text"), "Sorry!");
    world_close(&mw.w);
}

static void a_plain_mail_has_them_too(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, "1", "text/plain", "It was to come on Monday.");
    str id = newest(&mw), last = told(&mw, of_conversation(&mw, id, ""), "last_message_id");
    str message =
        replied(&mw, id, print(&mw, "\"text\":\"Today.\",\"mail\":{\"quote_id\":\"$\"}", last));
    str text = told(&mw, of_message(&mw, message, "/mail"), "text");
    assert_true(str_starts(text, S("Today.\n\n-- \nNeha Rao\n")));
    assert_true(str_ends(text, S(" UTC, Asha wrote:\n> It was to come on Monday.")));
    assert_str(told(&mw, S(""), "html"), "");
    world_close(&mw.w);
}

static void what_a_program_writes_has_no_signature(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, "1", "text/plain", "Hello?");
    str id = newest(&mw);
    char *target = str_z(&mw.app->arena, of_conversation(&mw, id, "/messages"));
    assert_int_equal(test_request_as(mw.app, mw.app->owner_token, "POST", target,
                         "{\"kind\":\"reply\",\"text\":\"We have your mail.\",\"client_id\":\"p\","
                         "\"seen_message_id\":\"1\",\"force\":true}"),
        201);
    str message = str_copy(&mw.app->arena, test_text(mw.app, "id"));
    assert_str(told(&mw, of_message(&mw, message, "/mail"), "text"), "We have your mail.");
    assert_str(told(&mw, S(""), "from.name"), "Support of Support");
    world_close(&mw.w);
}

static void pictures_stand_among_the_words(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, "1", "text/plain", "What does it look like?");
    str id = newest(&mw);
    str file =
        upload_whole(mw.app, mw.app->owner_token, "/api/v1", "a.png", png_bytes(mw.app, 20, 20));
    file = str_copy(&mw.app->arena, file);
    char *more = print(&mw,
        print(&mw,
            "\"text\":\"So.\",\"attachment_ids\":[\"$\"],\"mail\":{\"html\":\"<p>So."
            "<img src='cid:$@seva.invalid'><img src='cid:1@seva.invalid' alt='other'></p>\"}",
            file),
        file);
    str message = replied(&mw, id, more);
    str html = told(&mw, of_message(&mw, message, "/mail"), "html");
    assert_true(has(html, print(&mw, "cid:$@seva.invalid", file)));
    assert_false(has(html, "cid:1@"));
    assert_true(has(mw.app->body, print(&mw, "\"inline\":{\"$@seva.invalid\":", file)));
    world_close(&mw.w);
}

static void only_what_stands_in_the_conversation_is_quoted(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, "1", "text/plain", "First.");
    str other = told(&mw, of_conversation(&mw, newest(&mw), ""), "last_message_id");
    arrives(&mw, "2", "text/plain", "Second.");
    str id = newest(&mw);
    assert_int_equal(
        write_reply(&mw, id, print(&mw, "\"text\":\"x\",\"mail\":{\"quote_id\":\"$\"}", other)),
        400);
    assert_int_equal(write_reply(&mw, id, "\"text\":\"x\",\"mail\":{\"to\":[]}"), 400);
    assert_int_equal(write_reply(&mw, id, "\"text\":\"x\",\"mail\":{\"quote_id\":\"x\"}"), 400);
    assert_int_equal(write_reply(&mw, id, "\"text\":\"x\",\"mail\":{\"quote_id\":\"7\"}"), 404);
    world_close(&mw.w);
}

static void who_writes_is_told_what_the_mail_begins_with(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, "1", "text/plain", "Hello?");
    str id = newest(&mw), last = told(&mw, of_conversation(&mw, id, ""), "last_message_id");
    assert_str(told(&mw, of_conversation(&mw, id, "/mail"), "to.address"), "asha@example.net");
    assert_str(told(&mw, S(""), "cc.0.address"), "ben@example.net");
    assert_str(told(&mw, S(""), "subject"), "Re: Where is it?");
    assert_true(str_eq(told(&mw, S(""), "quote_id"), last));
    assert_true(has(told(&mw, S(""), "signature"), "Neha Rao"));
    assert_true(has(mw.app->body, "\"contact.first_name\":\"Asha\""));
    str channel = str_print(&mw.app->arena, "/api/v1/channels/%.*s/mail", SARG(mw.channel));
    assert_str(told(&mw, channel, "from.name"), "Neha of Support");
    assert_str(told(&mw, S(""), "subject"), "");
    world_close(&mw.w);
}

/* ── new ones ── */

static int begin(struct mail_world *mw, const char *more)
{
    char *json = print(mw, "{\"channel_id\":\"$\",", mw->channel);
    struct arena *a = &mw->app->arena;
    return ask(mw, "POST", S("/api/v1/conversations"), str_z(a, str_print(a, "%s%s}", json, more)));
}

static void a_new_mail_is_a_conversation_of_its_own(void **state)
{
    static const char mail[] = "\"contact\":{\"name\":\"Asha\",\"email\":\"Asha@Example.net\"},"
                               "\"mail\":{\"subject\":\"Your order\",\"html\":\"<p>It came.</p>\","
                               "\"cc\":[{\"address\":\"ben@example.net\"}]}";
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, "1", "text/plain", "Hello?");
    str before = newest(&mw);
    if (begin(&mw, mail) != 201)
        fail_msg("%.*s", SARG(mw.app->body));
    str id = told(&mw, S(""), "id"), contact = told(&mw, S(""), "contact.id");
    assert_false(str_eq(id, before));
    assert_str(told(&mw, S(""), "subject"), "Your order");
    assert_true(str_eq(told(&mw, of_conversation(&mw, before, ""), "contact.id"), contact));
    str message = told(&mw, of_conversation(&mw, id, "/messages"), "items.0.id");
    assert_str(told(&mw, S(""), "items.0.text"), "It came.");
    assert_str(told(&mw, of_message(&mw, message, "/mail"), "to.0.address"), "asha@example.net");
    assert_str(told(&mw, S(""), "cc.0.address"), "ben@example.net");
    assert_int_equal(begin(&mw, mail), 201); /* another one, beside it */
    assert_false(str_eq(told(&mw, S(""), "id"), id));
    world_close(&mw.w);
}

static void a_new_mail_needs_an_address_and_a_subject(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    assert_int_equal(begin(&mw, "\"contact\":{\"name\":\"Asha\"},\"text\":\"x\","
                                "\"mail\":{\"subject\":\"s\"}"),
        400);
    assert_str(told(&mw, S(""), "error.field"), "contact.email");
    assert_int_equal(begin(&mw, "\"contact\":{\"email\":\"a@example.net\"},\"text\":\"x\""), 400);
    assert_str(told(&mw, S(""), "error.field"), "mail.subject");
    world_close(&mw.w);
}

static void a_mail_is_passed_on_with_its_files(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, "1", "multipart/related; boundary=b", PICTURE_MAIL);
    str from = newest(&mw), original = told(&mw, of_conversation(&mw, from, ""), "last_message_id");
    str file = told(&mw, of_conversation(&mw, from, "/messages"), "items.0.attachments.0.id");
    int status = ask(&mw, "POST", of_message(&mw, original, "/forward"),
        "{\"text\":\"Please look.\",\"client_id\":\"f\","
        "\"mail\":{\"to\":[{\"name\":\"Shop\",\"address\":\"shop@example.org\"},"
        "{\"address\":\"b@example.org\"}]}}");
    if (status != 201)
        fail_msg("%d %.*s", status, SARG(mw.app->body));
    str id = told(&mw, S(""), "id");
    assert_str(told(&mw, S(""), "subject"), "Fwd: Where is it?");
    assert_true(str_eq(told(&mw, S(""), "previous_id"), from));
    assert_str(told(&mw, of_conversation(&mw, id, ""), "contact.name"), "Shop");
    str message = told(&mw, of_conversation(&mw, id, "/messages"), "items.0.id");
    str copy = told(&mw, S(""), "items.0.attachments.0.id");
    assert_str(told(&mw, S(""), "items.0.attachments.0.name"), "a.gif");
    assert_false(str_eq(copy, file));
    str html = told(&mw, of_message(&mw, message, "/mail"), "html");
    assert_true(has(html, print(&mw, "cid:$@seva.invalid", copy)));
    assert_true(has(html, "Please look.") && has(html, "asha@example.net"));
    assert_str(told(&mw, S(""), "to.1.address"), "b@example.org");
    assert_int_equal(download(mw.app, mw.app->owner_token, "/api/v1", copy, ""), 200);
    assert_str(
        told(&mw, of_conversation(&mw, from, "/messages"), "items.1.activity.type"), "forwarded");
    assert_str(told(&mw, S(""), "items.1.activity.to"), "shop@example.org");
    world_close(&mw.w);
}

/* ── later ── */

static char *planned(struct mail_world *mw, int64_t in_ms)
{
    struct arena *a = &mw->app->arena;
    return str_z(a, str_print(a, "\"text\":\"Later.\",\"send_at\":\"%.*s\"",
                        SARG(time_rfc3339(a, clock_now_ms() + in_ms))));
}

static str state_of(struct mail_world *mw, str conversation, str message)
{
    return str_copy(&mw->app->arena, message_state(&mw->w, conversation, message));
}

static void a_planned_reply_goes_out_then(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    struct receiver_peer *peer = receiver_open();
    assert_int_equal(hook_message(&mw.w, "t-1", "c", "When?"), 200);
    world_run(&mw.w);
    str id = newest(&mw), message = replied(&mw, id, planned(&mw, 2 * HOUR_MS));
    assert_str(told(&mw, S(""), "state"), "held");
    assert_true(told(&mw, S(""), "planned_at").len > 0);
    clock_advance(HOUR_MS);
    world_run(&mw.w);
    assert_str(state_of(&mw, id, message), "held");
    str now = replied(&mw, id, "\"text\":\"In between.\""); /* is not in its way */
    clock_advance(60 * 1000);
    world_engine_again(&mw.w);
    world_run(&mw.w);
    assert_false(str_eq(state_of(&mw, id, now), S("held")));
    assert_str(state_of(&mw, id, message), "held");
    clock_advance(HOUR_MS);
    world_run(&mw.w);
    assert_false(str_eq(state_of(&mw, id, message), S("held")));
    receiver_close(peer);
    world_close(&mw.w);
}

static void a_planned_reply_waits_when_the_customer_writes(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    assert_int_equal(hook_message(&mw.w, "t-1", "c", "When?"), 200);
    world_run(&mw.w);
    str id = newest(&mw), message = replied(&mw, id, planned(&mw, HOUR_MS));
    assert_int_equal(hook_message(&mw.w, "t-2", "c", "It is solved."), 200);
    world_run(&mw.w);
    clock_advance(3 * HOUR_MS);
    world_run(&mw.w);
    assert_str(state_of(&mw, id, message), "held");
    assert_str(told(&mw, of_conversation(&mw, id, "/messages"), "items.1.held_until"), "");
    assert_true(has(mw.app->body, "\"held_until\":null,\"planned_at\":\"2026"));
    assert_str(told(&mw, S("/api/v1/notifications"), "items.0.type"), "held_back");
    assert_str(told(&mw, S(""), "items.0.preview"), "Later.");
    assert_int_equal(ask(&mw, "POST", of_message(&mw, message, "/send"), NULL), 409);
    assert_str(told(&mw, S(""), "error.code"), "conflict.held_back");
    assert_int_equal(ask(&mw, "DELETE", of_message(&mw, message, ""), NULL), 200);
    assert_str(state_of(&mw, id, message), "cancelled");
    assert_true(told(&mw, of_conversation(&mw, id, ""), "waiting_since").len > 0);
    world_close(&mw.w);
}

static void an_absence_notice_holds_nothing_back(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, "1", "text/plain", "Hello?");
    str id = newest(&mw), message = replied(&mw, id, planned(&mw, HOUR_MS));
    str ours = told(&mw, of_message(&mw, message, "/mail"), "message_id");
    struct arena *a = &mw.app->arena;
    arrives(&mw, "2",
        str_z(a, str_print(a, "text/plain\r\nAuto-Submitted: auto-replied\r\nIn-Reply-To: <%.*s>",
                     SARG(ours))),
        "I am away.");
    assert_str(told(&mw, of_conversation(&mw, id, "/messages"), "items.2.text"), "I am away.");
    assert_true(told(&mw, S(""), "items.1.held_until").len > 0);
    world_close(&mw.w);
}

static void a_planned_reply_may_go_out_now(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    assert_int_equal(hook_message(&mw.w, "t-1", "c", "When?"), 200);
    world_run(&mw.w);
    str id = newest(&mw), message = replied(&mw, id, planned(&mw, HOUR_MS));
    assert_int_equal(ask(&mw, "POST", of_message(&mw, message, "/send"), NULL), 200);
    assert_str(told(&mw, S(""), "state"), "queued");
    world_run(&mw.w);
    assert_false(str_eq(state_of(&mw, id, message), S("queued")));
    assert_int_equal(ask(&mw, "POST", of_message(&mw, message, "/send"), NULL), 409);
    world_close(&mw.w);
}

static void a_reply_is_planned_for_within_a_year(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    assert_int_equal(hook_message(&mw.w, "t-1", "c", "When?"), 200);
    world_run(&mw.w);
    str id = newest(&mw);
    assert_int_equal(write_reply(&mw, id, planned(&mw, 400 * 24 * HOUR_MS)), 400);
    assert_str(told(&mw, S(""), "error.field"), "send_at");
    (void)replied(&mw, id, planned(&mw, -HOUR_MS)); /* written offline: as any other */
    assert_str(told(&mw, S(""), "planned_at"), "");
    world_close(&mw.w);
}

/* ── what is kept ── */

static void a_draft_of_a_mail_keeps_everything(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    arrives(&mw, "1", "text/plain", "Hello?");
    str id = newest(&mw), draft = of_conversation(&mw, id, "/draft");
    assert_int_equal(ask(&mw, "PUT", draft,
                         "{\"kind\":\"reply\",\"text\":\"a\",\"mail\":{\"subject\":\"s\","
                         "\"html\":\"<p>a</p>\",\"bcc\":[{\"name\":\"\",\"address\":\"half@\"}]}}"),
        200);
    assert_str(told(&mw, draft, "mail.subject"), "s");
    assert_str(told(&mw, S(""), "mail.bcc.0.address"), "half@");
    assert_int_equal(
        ask(&mw, "PUT", draft, "{\"kind\":\"reply\",\"text\":\"a\",\"mail\":{\"x\":1}}"), 400);
    (void)replied(&mw, id, "\"text\":\"a\"");
    assert_str(told(&mw, draft, "mail.subject"), "");
    world_close(&mw.w);
}

static void texts_are_kept_for_a_mailbox(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    struct arena *a = &mw.app->arena;
    str list = str_print(a, "/api/v1/channels/%.*s/mail_templates", SARG(mw.channel));
    assert_int_equal(
        ask(&mw, "POST", list,
            "{\"name\":\"Welcome\",\"subject\":\"Hello\",\"html\":\"<p onclick='x'>Dear "
            "{{contact.name}}</p><script>y</script>\"}"),
        201);
    str one = str_print(a, "/api/v1/mail_templates/%.*s", SARG(told(&mw, S(""), "id")));
    assert_str(told(&mw, S(""), "html"), "<p>Dear {{contact.name}}</p>");
    assert_int_equal(
        ask(&mw, "POST", list, "{\"name\":\"x\",\"html\":\"<script>y</script>\"}"), 400);
    assert_int_equal(ask(&mw, "PATCH", one, "{\"name\":\"Warm welcome\"}"), 200);
    assert_str(told(&mw, list, "items.0.name"), "Warm welcome");
    assert_str(told(&mw, S(""), "items.0.subject"), "Hello");
    assert_int_equal(ask(&mw, "DELETE", one, NULL), 204);
    assert_str(told(&mw, list, "items.0.name"), "");
    str widget = str_print(a, "/api/v1/channels/%lld/mail_templates", (long long)mw.app->widget.v);
    assert_int_equal(ask(&mw, "GET", widget, NULL), 409);
    world_close(&mw.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(a_mail_has_its_words_a_signature_and_what_it_answers),
        TEST_APP(a_plain_mail_has_them_too),
        TEST_APP(what_a_program_writes_has_no_signature),
        TEST_APP(pictures_stand_among_the_words),
        TEST_APP(only_what_stands_in_the_conversation_is_quoted),
        TEST_APP(who_writes_is_told_what_the_mail_begins_with),
        TEST_APP(a_new_mail_is_a_conversation_of_its_own),
        TEST_APP(a_new_mail_needs_an_address_and_a_subject),
        TEST_APP(a_mail_is_passed_on_with_its_files),
        TEST_APP(a_planned_reply_goes_out_then),
        TEST_APP(a_planned_reply_waits_when_the_customer_writes),
        TEST_APP(an_absence_notice_holds_nothing_back),
        TEST_APP(a_planned_reply_may_go_out_now),
        TEST_APP(a_reply_is_planned_for_within_a_year),
        TEST_APP(a_draft_of_a_mail_keeps_everything),
        TEST_APP(texts_are_kept_for_a_mailbox),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
