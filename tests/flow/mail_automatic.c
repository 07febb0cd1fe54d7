/* Automatic mails of others and ours: what programs write is kept, marked and quiet; who begins a
 * conversation is told once that it has arrived, and nobody can make Seva send many mails. */
#include "mailbox_world.h"

#include "base/clock.h"
#include "care/automatic_mail.h"
#include "care/mail_address.h"
#include "store/automatic.h"
#include "store/conversation.h"

#include <string.h>

#define TEXTS                                                                                      \
    "[{\"language\":\"\",\"subject\":\"\",\"text\":\"Dear {{contact.name}}, we have it: "          \
    "#{{conversation.number}}.\"},"                                                                \
    "{\"language\":\"de\",\"subject\":\"Angekommen: {{conversation.number}}\",\"text\":\"Danke.\"}]"
#define SETTINGS(more)                                                                             \
    "{\"receivers\":\"" BY_US "\",\"address\":\"" MAILBOX                                          \
    "\",\"smtp_host\":\"127.0.0.1\",\"acknowledgement\":" TEXTS more "}"

enum { HOUR_MS = 3600 * 1000, MINUTE_MS = 60 * 1000, MANY = 1000, AT_ONCE = 50 };

struct mail_world {
    struct world w;
    struct test_app *app;
    struct mailbox box;
};

static void open_mailbox(struct mail_world *mw, struct test_app *app, const char *settings)
{
    *mw = (struct mail_world){.app = app};
    mailbox_add(&mw->box, app, str_from(settings));
    world_open(&mw->w, app);
}

static void open_proven(struct mail_world *mw, struct test_app *app)
{
    open_mailbox(mw, app, SETTINGS(",\"acknowledge\":\"proven\""));
}

/* ── mails ── */

struct letter {
    const char *from, *id, *text;
    const char *name;    /* NULL = "Asha" */
    const char *verdict; /* of dmarc, by us; NULL = nothing is said */
    const char *headers; /* more of them; NULL = none */
    str answers;         /* In-Reply-To; empty = none */
};

static void post(struct mail_world *mw, const struct letter *l)
{
    struct arena *a = &mw->app->arena;
    struct sb b = sb_make(a, 1 << 16);
    if (l->verdict)
        sb_print(&b, "Authentication-Results: " BY_US "; dmarc=%s header.from=%s\r\n", l->verdict,
            strchr(l->from, '@') + 1);
    sb_print(&b,
        "From: \"%s\" <%s>\r\nTo: " MAILBOX "\r\nSubject: My order\r\nMessage-ID: <%s>\r\n",
        l->name ? l->name : "Asha", l->from, l->id);
    if (l->answers.len)
        sb_print(&b, "In-Reply-To: <%.*s>\r\n", SARG(l->answers));
    sb_print(&b, "%s\r\n%s\r\n", l->headers ? l->headers : "", l->text);
    assert_int_equal(mailbox_post(mw->app, &mw->box, mw->box.secret, sb_str(&b)), 200);
}

static void arrives(struct mail_world *mw, const struct letter *l)
{
    post(mw, l);
    world_run(&mw->w);
}

static const struct letter first = {
    .from = "asha@example.net", .id = "1@example.net", .text = "Where is it?", .verdict = "pass"};

static char *name_of(struct mail_world *mw, ptrdiff_t n)
{
    return str_z(&mw->app->arena, str_print(&mw->app->arena, "n%td@example.net", n));
}

/* ── what is there ── */

static const struct json *get(struct mail_world *mw, str target)
{
    assert_int_equal(test_request(mw->app, "GET", str_z(&mw->app->arena, target), NULL), 200);
    return mw->app->json;
}

static str newest(struct mail_world *mw)
{
    (void)get(mw, S("/api/v1/conversations?sort=newest&status=open,pending,snoozed,resolved"));
    return str_copy(&mw->app->arena, test_text(mw->app, "items.0.id"));
}

static const struct json *items(struct mail_world *mw, str conversation)
{
    str target =
        str_print(&mw->app->arena, "/api/v1/conversations/%.*s/messages", SARG(conversation));
    return json_get(get(mw, target), S("items"));
}

/* "in:…|auto out:…|auto in:…|automatic_refused hour", oldest first. */
static str timeline(struct mail_world *mw, str conversation)
{
    struct sb b = sb_make(&mw->app->arena, 1 << 16);
    for (const struct json *m = items(mw, conversation)->first; m; m = m->next) {
        str kind = json_text(json_get(m, S("kind")), S(""));
        str type = json_text(json_path(m, S("activity.type")), S(""));
        sb_add(&b, b.len ? S("|") : S(""));
        if (type.len) {
            sb_print(&b, "%.*s %.*s", SARG(type),
                SARG(json_text(json_path(m, S("activity.from")), S(""))));
            continue;
        }
        sb_print(&b, "%s%.*s:%.*s", json_bool(json_get(m, S("is_automatic")), false) ? "auto " : "",
            SARG(kind), SARG(json_text(json_get(m, S("text")), S(""))));
    }
    return sb_str(&b);
}

static str shown(struct mail_world *mw, str conversation, const char *name)
{
    struct arena *a = &mw->app->arena;
    const struct json *c = get(mw, str_print(a, "/api/v1/conversations/%.*s", SARG(conversation)));
    return str_copy(a, json_text(json_path(c, str_from(name)), S("")));
}

static int64_t unread(struct mail_world *mw, str conversation)
{
    (void)shown(mw, conversation, "status");
    return test_int(mw->app, "unread_count");
}

static str message_of(struct mail_world *mw, str conversation, const char *kind, bool is_automatic)
{
    for (const struct json *m = items(mw, conversation)->first; m; m = m->next)
        if (str_eq(json_text(json_get(m, S("kind")), S("")), str_from(kind)) &&
            json_bool(json_get(m, S("is_automatic")), false) == is_automatic)
            return str_copy(&mw->app->arena, json_text(json_get(m, S("id")), S("")));
    return (str){0};
}

/* The mail of a message; in app->json. */
static void look(struct mail_world *mw, str message)
{
    (void)get(mw, str_print(&mw->app->arena, "/api/v1/messages/%.*s/mail", SARG(message)));
}

static void patch(struct mail_world *mw, str conversation, const char *json)
{
    char *target = str_z(&mw->app->arena,
        str_print(&mw->app->arena, "/api/v1/conversations/%.*s", SARG(conversation)));
    assert_int_equal(test_request(mw->app, "PATCH", target, json), 200);
}

static bool has_acknowledgement(struct mail_world *mw, str conversation)
{
    return message_of(mw, conversation, "out", true).len > 0;
}

/* ── acknowledgements ── */

static void who_begins_is_told_once_that_it_has_arrived(void **state)
{
    struct mail_world mw;
    struct letter more = first;
    open_proven(&mw, *state);
    arrives(&mw, &first);
    str id = newest(&mw);
    assert_str(timeline(&mw, id), "in:Where is it?|auto out:Dear Asha, we have it: #1.");
    look(&mw, message_of(&mw, id, "out", true));
    assert_str(test_text(mw.app, "subject"), "Re: My order");
    assert_str(test_text(mw.app, "to.0.address"), "asha@example.net");
    assert_str(test_text(mw.app, "from.address"), MAILBOX);
    str ours = str_copy(&mw.app->arena, test_text(mw.app, "message_id"));
    /* An answer to it, and another word: the conversation has had its one. */
    more.id = "2@example.net";
    more.answers = ours;
    more.text = "Hello?";
    arrives(&mw, &more);
    assert_str(timeline(&mw, id), "in:Where is it?|auto out:Dear Asha, we have it: #1.|in:Hello?");
    world_close(&mw.w);
}

/* It is nobody's answer: the customer waits, the list shows their words, an agent who has not seen
 * it may answer. */
static void an_acknowledgement_answers_nothing(void **state)
{
    struct mail_world mw;
    open_proven(&mw, *state);
    arrives(&mw, &first);
    str id = newest(&mw);
    assert_str(shown(&mw, id, "status"), "open");
    assert_true(shown(&mw, id, "waiting_since").len > 0);
    assert_str(shown(&mw, id, "preview"), "Where is it?");
    assert_str(shown(&mw, id, "preview_kind"), "in");
    assert_int_equal(unread(&mw, id), 1);
    str seen = message_of(&mw, id, "in", false);
    char *target = str_z(
        &mw.app->arena, str_print(&mw.app->arena, "/api/v1/conversations/%.*s/messages", SARG(id)));
    char *body = str_z(&mw.app->arena,
        str_print(&mw.app->arena,
            "{\"kind\":\"reply\",\"text\":\"Today.\",\"client_id\":\"c-1\",\"seen_message_id\":\"%.*s\"}",
            SARG(seen)));
    assert_int_equal(test_request(mw.app, "POST", target, body), 201);
    assert_str(shown(&mw, id, "waiting_since"), "");
    patch(&mw, id, "{\"status\":\"resolved\"}");
    patch(&mw, id, "{\"status\":\"open\"}");
    assert_str(shown(&mw, id, "waiting_since"), "");
    world_close(&mw.w);
}

static void none_goes_unless_the_mailbox_wants_it(void **state)
{
    struct mail_world mw;
    open_mailbox(&mw, *state, SETTINGS(""));
    arrives(&mw, &first);
    assert_str(timeline(&mw, newest(&mw)), "in:Where is it?");
    world_close(&mw.w);
}

static void a_spoofed_sender_gets_none(void **state)
{
    static const char *const verdicts[] = {"fail", NULL};
    struct mail_world mw;
    open_proven(&mw, *state);
    for (int i = 0; i < 2; i++) {
        struct letter spoofed = first;
        spoofed.verdict = verdicts[i];
        spoofed.id = name_of(&mw, i);
        arrives(&mw, &spoofed);
        assert_str(timeline(&mw, newest(&mw)), "in:Where is it?");
    }
    world_close(&mw.w);
}

/* Whoever writes may be somebody else: nothing of what they wrote goes on, and a check that failed
 * says that they are. */
static void who_is_not_proven_gets_nothing_of_their_own_words(void **state)
{
    struct mail_world mw;
    struct letter unknown = first;
    open_mailbox(&mw, *state, SETTINGS(",\"acknowledge\":\"any\""));
    unknown.verdict = NULL;
    unknown.name = "Win at www.evil.example";
    arrives(&mw, &unknown);
    str id = newest(&mw);
    assert_str(timeline(&mw, id), "in:Where is it?|auto out:Dear, we have it: #1.");
    look(&mw, message_of(&mw, id, "out", true));
    assert_str(test_text(mw.app, "subject"), "Support");
    unknown.verdict = "fail";
    unknown.id = "2@example.net";
    arrives(&mw, &unknown);
    assert_false(has_acknowledgement(&mw, newest(&mw)));
    world_close(&mw.w);
}

/* Else anybody with a domain could have us write to others. */
static void it_goes_to_who_wrote_and_not_where_answers_are_wanted(void **state)
{
    struct mail_world mw;
    struct letter elsewhere = first;
    open_proven(&mw, *state);
    elsewhere.headers =
        "Reply-To: victim@example.org\r\nCc: other@example.org\r\nSender: third@example.org\r\n";
    arrives(&mw, &elsewhere);
    look(&mw, message_of(&mw, newest(&mw), "out", true));
    assert_str(test_text(mw.app, "to.0.address"), "asha@example.net");
    assert_null(json_path(mw.app->json, S("to.1")));
    assert_null(json_path(mw.app->json, S("cc.0")));
    assert_null(json_path(mw.app->json, S("bcc.0")));
    world_close(&mw.w);
}

static void it_speaks_the_customers_language(void **state)
{
    struct mail_world mw;
    struct letter german = first;
    open_proven(&mw, *state);
    german.headers = "Content-Language: de-AT, en\r\n";
    arrives(&mw, &german);
    str id = newest(&mw);
    assert_str(timeline(&mw, id), "in:Where is it?|auto out:Danke.");
    look(&mw, message_of(&mw, id, "out", true));
    assert_str(test_text(mw.app, "subject"), "Angekommen: 1");
    world_close(&mw.w);
}

static void our_own_mailboxes_get_none(void **state)
{
    struct mail_world mw;
    str secret;
    struct channel other = {.kind = S("email"),
        .name = S("Sales"),
        .languages = S("[]"),
        .settings = S("{\"address\":\"Sales+eu@example.com\"}")};
    static const char *const ours[] = {"sales@example.com", "sales+x@example.com"};
    open_proven(&mw, *state);
    struct ctx *cx = test_begin(mw.app);
    assert_ok(channel_add(cx, &other, &secret));
    test_commit(mw.app, cx);
    for (int i = 0; i < 2; i++) {
        struct letter letter = first;
        letter.from = ours[i];
        letter.id = name_of(&mw, i);
        arrives(&mw, &letter);
        assert_str(timeline(&mw, newest(&mw)), "in:Where is it?|automatic_refused ours");
    }
    world_close(&mw.w);
}

static void what_cannot_be_filled_in_is_refused_when_it_is_entered(void **state)
{
    static const struct {
        const char *texts;
        int status;
    } cases[] = {
        {"[{\"language\":\"\",\"subject\":\"\",\"text\":\"Hi {{contact.name}}\\n\"}]", 201},
        {"[{\"language\":\"\",\"subject\":\"\",\"text\":\"Hi {{contact.phone}}\"}]",   400},
        {"[{\"language\":\"\",\"subject\":\"a\\nBcc: b\",\"text\":\"Hi\"}]",           400},
        {"[{\"language\":\"d e\",\"subject\":\"\",\"text\":\"Hi\"}]",                  400},
        {"[{\"language\":\"de\",\"subject\":\"\",\"text\":\" \"}]",                    400},
        {"{\"text\":\"Hi\"}",                                                          400},
        {"[\"Hi\"]",                                                                   400},
    };
    struct test_app *app = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *body = str_z(&app->arena,
            str_print(&app->arena,
                "{\"kind\":\"email\",\"name\":\"M%zu\",\"settings\":{\"address\":\"m%zu@example.com\","
                "\"acknowledgement\":%s}}",
                i, i, cases[i].texts));
        assert_int_equal(test_request(app, "POST", "/api/v1/channels", body), cases[i].status);
    }
}

/* ── programs ── */

static void programs_are_kept_marked_and_quiet(void **state)
{
    static const struct {
        const char *from, *headers, *is;
    } cases[] = {
        {"list@example.net",          "List-Id: <news.example.net>\r\n",                               "list"   },
        {"shop@example.net",          "Precedence: bulk\r\n",                                          "list"   },
        {"robot@example.net",         "Auto-Submitted: auto-generated\r\n",                            "machine"},
        {"null@example.net",          "Return-Path: <>\r\n",                                           "machine"},
        {"x@example.net",             "X-Auto-Response-Suppress: All\r\n",                             "machine"},
        {"y@example.net",             "X-Autoreply: yes\r\n",                                          "machine"},
        {"no-reply@example.net",      "",                                                              "machine"},
        {"MAILER-DAEMON@example.net", "",                                                              "machine"},
        {"report@example.net",        "Content-Type: multipart/report; report-type=x; boundary=b\r\n",
         "machine"                                                                                              },
        {"away@example.net",          "Auto-Submitted: auto-replied (vacation)\r\n",                   "away"   },
    };
    struct mail_world mw;
    open_mailbox(&mw, *state, SETTINGS(",\"acknowledge\":\"any\""));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct letter letter = {.from = cases[i].from,
            .id = name_of(&mw, (ptrdiff_t)i),
            .text = "Dear customer",
            .verdict = "pass",
            .headers = cases[i].headers};
        arrives(&mw, &letter);
        str id = newest(&mw);
        assert_false(has_acknowledgement(&mw, id));
        assert_str(shown(&mw, id, "status"), "pending");
        assert_str(shown(&mw, id, "preview_kind"), "auto");
        assert_str(shown(&mw, id, "waiting_since"), "");
        assert_int_equal(unread(&mw, id), 0);
        look(&mw, message_of(&mw, id, "in", true));
        assert_str(test_text(mw.app, "automatic"), cases[i].is);
        assert_true(test_text(mw.app, "automatic_why").len > 0);
    }
    world_close(&mw.w);
}

static int64_t notifications(struct mail_world *mw)
{
    return json_get(get(mw, S("/api/v1/notifications")), S("items"))->count;
}

static void an_absence_notice_is_kept_in_its_conversation_and_wakes_nobody(void **state)
{
    struct mail_world mw;
    struct letter away = first;
    open_mailbox(&mw, *state, SETTINGS(""));
    arrives(&mw, &first);
    str id = newest(&mw);
    str message = str_copy(&mw.app->arena, reply(&mw.w, id, "It comes today."));
    look(&mw, message);
    away.answers = str_copy(&mw.app->arena, test_text(mw.app, "message_id"));
    away.text = "I am away.";
    away.headers = "Auto-Submitted: auto-replied\r\nSubject: Automatic reply: My order\r\n";
    static const char *const states[] = {
        "{\"status\":\"snoozed\",\"snoozed_until\":\"2026-02-01T00:00:00Z\"}",
        "{\"status\":\"pending\"}", "{\"status\":\"resolved\",\"outcome\":\"solved\"}"};
    static const char *const words[] = {"snoozed", "pending", "resolved"};
    patch(&mw, id,
        str_z(&mw.app->arena,
            str_print(&mw.app->arena, "{\"assignee_id\":\"%lld\"}", (long long)mw.app->owner.v)));
    int64_t before = notifications(&mw);
    for (int i = 0; i < 3; i++) {
        patch(&mw, id, states[i]);
        away.id = name_of(&mw, i);
        arrives(&mw, &away);
        assert_true(str_eq(newest(&mw), id));
        assert_str(shown(&mw, id, "status"), words[i]);
        assert_str(shown(&mw, id, "waiting_since"), "");
        assert_int_equal(unread(&mw, id), 0);
        assert_int_equal(notifications(&mw), before);
    }
    /* Who comes back writes: that counts, and only that is unread. */
    away.id = "back@example.net";
    away.text = "I am back.";
    away.headers = NULL;
    arrives(&mw, &away);
    assert_str(shown(&mw, id, "status"), "open");
    assert_true(shown(&mw, id, "waiting_since").len > 0);
    assert_int_equal(unread(&mw, id), 1);
    assert_int_equal(notifications(&mw), before + 1);
    world_close(&mw.w);
}

/* The next answer goes to the customer, not to whoever's program wrote last, and a program names
 * nobody who takes part. */
static void an_answer_goes_to_a_person(void **state)
{
    struct mail_world mw;
    struct letter with = first, robot = first;
    open_mailbox(&mw, *state, SETTINGS(""));
    with.headers = "Cc: ben@example.net\r\n";
    arrives(&mw, &with);
    str id = newest(&mw);
    robot.from = "ben@example.net";
    robot.id = "away@example.net";
    robot.answers = S("1@example.net");
    robot.headers = "Auto-Submitted: auto-replied\r\nCc: all@example.net\r\n";
    arrives(&mw, &robot);
    assert_str(timeline(&mw, id), "in:Where is it?|auto in:Where is it?");
    look(&mw, str_copy(&mw.app->arena, reply(&mw.w, id, "Today.")));
    assert_str(test_text(mw.app, "to.0.address"), "asha@example.net");
    assert_str(test_text(mw.app, "cc.0.address"), "ben@example.net");
    assert_null(json_path(mw.app->json, S("cc.1")));
    world_close(&mw.w);
}

static void a_mailbox_may_want_forms_to_wait_like_people(void **state)
{
    struct mail_world mw;
    struct letter form = first;
    open_mailbox(&mw, *state, SETTINGS(",\"acknowledge\":\"any\",\"programs\":\"open\""));
    form.headers = "Auto-Submitted: auto-generated\r\n";
    arrives(&mw, &form);
    str id = newest(&mw);
    assert_str(timeline(&mw, id), "in:Where is it?"); /* and no acknowledgement */
    assert_str(shown(&mw, id, "status"), "open");
    assert_true(shown(&mw, id, "waiting_since").len > 0);
    form.id = "away@example.net";
    form.headers = "Auto-Submitted: auto-replied (vacation)\r\n";
    arrives(&mw, &form);
    assert_str(shown(&mw, newest(&mw), "status"), "pending");
    world_close(&mw.w);
}

/* ── loops ── */

static void our_own_automatic_mail_comes_back_and_nothing_follows(void **state)
{
    struct mail_world mw;
    struct letter back = first;
    str loop;
    open_proven(&mw, *state);
    struct ctx *cx = test_begin(mw.app);
    assert_ok(automatic_mail_loop(cx, &loop));
    assert_true(loop.len >= 32);
    loop = str_copy(&mw.app->arena, loop);
    test_commit(mw.app, cx);
    back.headers = str_z(&mw.app->arena,
        str_print(&mw.app->arena, "X-Seva-Loop: another\r\nX-Seva-Loop: %.*s\r\n", SARG(loop)));
    arrives(&mw, &back);
    str id = newest(&mw);
    assert_str(timeline(&mw, id), "auto in:Where is it?");
    look(&mw, message_of(&mw, id, "in", true));
    assert_str(test_text(mw.app, "automatic"), "loop");
    back.id = "own@example.com";
    back.from = MAILBOX; /* even in our own name it is no answer of ours */
    arrives(&mw, &back);
    assert_str(timeline(&mw, newest(&mw)), "auto in:Where is it?");
    back.id = "2@example.net";
    back.from = "asha@example.net";
    back.headers = "X-Seva-Loop: another\r\n"; /* of another Seva, and a person's by all else */
    arrives(&mw, &back);
    assert_true(has_acknowledgement(&mw, newest(&mw)));
    world_close(&mw.w);
}

/* The marks of two accounts of one installation are as different as those of two Sevas. */
static void another_accounts_automatic_mail_is_no_loop_here(void **state)
{
    struct mail_world mw;
    struct letter theirs = first;
    account_id other;
    str loop, own;
    open_proven(&mw, *state);
    (void)test_account_add(mw.app, "Other", &other);
    struct ctx *cx = test_begin_account(mw.app, other);
    assert_ok(automatic_mail_loop(cx, &loop));
    loop = str_copy(&mw.app->arena, loop);
    test_commit(mw.app, cx);
    cx = test_begin(mw.app);
    assert_ok(automatic_mail_loop(cx, &own));
    assert_false(str_eq(own, loop));
    test_commit(mw.app, cx);
    theirs.headers =
        str_z(&mw.app->arena, str_print(&mw.app->arena, "X-Seva-Loop: %.*s\r\n", SARG(loop)));
    arrives(&mw, &theirs); /* all other marks are lost: a person's, as far as anybody sees */
    assert_true(has_acknowledgement(&mw, newest(&mw)));
    theirs.id = "2@example.net";
    theirs.headers = str_z(
        &mw.app->arena, str_print(&mw.app->arena,
                            "X-Seva-Loop: %.*s\r\nAuto-Submitted: auto-replied\r\n", SARG(loop)));
    arrives(&mw, &theirs); /* as they go out: they come to rest */
    assert_str(timeline(&mw, newest(&mw)), "auto in:Where is it?");
    look(&mw, message_of(&mw, newest(&mw), "in", true));
    assert_str(test_text(mw.app, "automatic"), "machine");
    world_close(&mw.w);
}

static void three_mails_of_machines_stop_ours_for_a_day(void **state)
{
    struct mail_world mw;
    struct letter robot = first, person = first;
    open_proven(&mw, *state);
    robot.headers = "Auto-Submitted: auto-replied\r\n";
    for (int i = 0; i < 3; i++) {
        robot.id = name_of(&mw, i);
        arrives(&mw, &robot);
        clock_advance(MINUTE_MS);
    }
    assert_str(timeline(&mw, newest(&mw)), "auto in:Where is it?|automatic_stopped ");
    person.id = "p@example.net";
    person.from = "asha+tag@example.net";
    arrives(&mw, &person);
    assert_str(timeline(&mw, newest(&mw)), "in:Where is it?|automatic_refused stopped");
    clock_advance(AUTOMATIC_STOP_MS);
    person.id = "q@example.net";
    arrives(&mw, &person);
    assert_true(has_acknowledgement(&mw, newest(&mw)));
    world_close(&mw.w);
}

static void slower_machines_stop_nothing(void **state)
{
    struct mail_world mw;
    struct letter robot = first, person = first;
    open_proven(&mw, *state);
    robot.headers = "Auto-Submitted: auto-replied\r\n";
    for (int i = 0; i < 4; i++) {
        robot.id = name_of(&mw, i);
        arrives(&mw, &robot);
        clock_advance(6 * MINUTE_MS);
    }
    person.id = "p@example.net";
    arrives(&mw, &person);
    assert_true(has_acknowledgement(&mw, newest(&mw)));
    world_close(&mw.w);
}

/* Three of different addresses in one conversation: nothing automatic goes in there. */
static void a_conversation_of_machines_gets_none(void **state)
{
    struct mail_world mw;
    struct letter with = first, robot = first;
    bool may = true;
    str why;
    open_mailbox(&mw, *state, SETTINGS(""));
    with.headers = "Cc: a@example.net, b@example.net, c@example.net\r\n";
    arrives(&mw, &with);
    str id = newest(&mw);
    static const char *const others[] = {"a@example.net", "b@example.net", "c@example.net"};
    robot.answers = S("1@example.net");
    robot.headers = "Auto-Submitted: auto-replied\r\n";
    for (int i = 0; i < 3; i++) {
        robot.from = others[i];
        robot.id = name_of(&mw, i);
        arrives(&mw, &robot);
    }
    int64_t number = 0;
    assert_ok(str_int(id, 1, INT64_MAX, &number));
    struct ctx *cx = test_begin(mw.app);
    assert_ok(
        automatic_mail_may_in(cx, (conversation_id){number}, S("asha@example.net"), &may, &why));
    assert_false(may);
    assert_ok(automatic_mail_may(cx, S("asha@example.net"), &may, &why));
    assert_true(may);
    test_commit(mw.app, cx);
    assert_true(str_ends(timeline(&mw, id), S("|automatic_stopped |automatic_refused stopped")));
    world_close(&mw.w);
}

/* ── limits ── */

static void a_thousand_mails_of_one_address_have_three_answers_an_hour(void **state)
{
    struct mail_world mw;
    open_proven(&mw, *state);
    int64_t sent = 0, refused = 0;
    for (ptrdiff_t i = 0; i < MANY; i++) {
        struct letter letter = first;
        letter.id = name_of(&mw, i);
        letter.from = i % 2 ? "asha@example.net" : "Asha+x@example.net";
        post(&mw, &letter);
        if (i % AT_ONCE == AT_ONCE - 1)
            world_run(&mw.w);
    }
    struct ctx *cx = test_begin(mw.app);
    assert_ok(automatic_count(
        cx, AUTOMATIC_OUT, S("asha@example.net"), (conversation_id){0}, 0, MANY, &sent));
    test_commit(mw.app, cx);
    assert_int_equal(sent, AUTOMATIC_HOUR_MOST);
    sent = 0;
    str cursor = S("");
    for (bool more = true; more;) {
        str target = str_print(&mw.app->arena,
            "/api/v1/conversations?status=open&sort=newest&limit=200%s%.*s",
            cursor.len ? "&cursor=" : "", SARG(cursor));
        const struct json *page = get(&mw, target);
        cursor = str_copy(&mw.app->arena, json_text(json_get(page, S("next")), S("")));
        more = cursor.len > 0;
        for (const struct json *c = json_get(page, S("items"))->first; c; c = c->next) {
            str words = timeline(&mw, json_text(json_get(c, S("id")), S("")));
            sent += str_find(words, S("auto out:")) >= 0;
            refused += str_find(words, S("automatic_refused hour")) >= 0;
        }
    }
    assert_int_equal(sent, AUTOMATIC_HOUR_MOST);
    assert_int_equal(refused, MANY - AUTOMATIC_HOUR_MOST);
    world_close(&mw.w);
}

static void a_day_has_ten_whoever_makes_them(void **state)
{
    struct test_app *app = *state;
    int64_t gone = 0, n = 0;
    bool may = false;
    str why;
    for (int i = 0; i < 23 * 4; i++) {
        struct ctx *cx = test_begin(app);
        assert_ok(automatic_mail_may(cx, S("ben@example.net"), &may, &why));
        assert_true(may == (why.len == 0));
        gone += may;
        test_commit(app, cx);
        clock_advance(15 * MINUTE_MS);
    }
    assert_int_equal(gone, AUTOMATIC_DAY_MOST);
    struct ctx *cx = test_begin(app);
    assert_ok(automatic_mail_may(cx, S("other@example.net"), &may, &why));
    assert_true(may); /* others have their own count */
    test_commit(app, cx);
    account_id account;
    (void)test_account_add(app, "Other", &account);
    cx = test_begin_account(app, account);
    assert_ok(automatic_mail_may(cx, S("ben@example.net"), &may, &why));
    assert_true(may); /* and other accounts */
    test_commit(app, cx);
    clock_advance(25 * HOUR_MS);
    cx = test_begin(app);
    assert_ok(automatic_forget(cx, cx->now_ms - 24 * HOUR_MS, 1000, &n));
    assert_int_equal(n, AUTOMATIC_DAY_MOST + 1);
    assert_ok(automatic_mail_may(cx, S("ben@example.net"), &may, &why));
    assert_true(may);
    test_commit(app, cx);
}

static void no_automatic_mail_goes_to_what_nobody_reads(void **state)
{
    static const char *const addresses[] = {"", "<>", "asha", "@example.net", "asha@",
        "+x@example.net", "a b@example.net", "a\r\nBcc:b@example.net", "noreply@example.net",
        "MAILER-DAEMON@example.net", "bounce-12@example.net"};
    struct test_app *app = *state;
    bool may = true;
    str why;
    struct ctx *cx = test_begin(app);
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        assert_ok(automatic_mail_may(cx, str_from(addresses[i]), &may, &why));
        assert_false(may);
        assert_true(why.len > 0);
    }
    test_commit(app, cx);
}

static void none_goes_where_mails_came_back_or_are_called_spam(void **state)
{
    struct test_app *app = *state;
    bool may = true;
    str why;
    struct ctx *cx = test_begin(app);
    assert_ok(mail_address_complained(cx, S("asha@example.net"), S("abuse")));
    for (int i = 0; i < MAIL_BOUNCES_MOST; i++)
        assert_ok(mail_address_bounced(cx, S("gone@example.net"), S("550 no such user")));
    assert_ok(automatic_mail_may(cx, S("Asha@example.net"), &may, &why));
    assert_false(may);
    may = true;
    assert_ok(automatic_mail_may(cx, S("gone@example.net"), &may, &why));
    assert_false(may);
    assert_int_equal(cx->fault.code, OK);
    test_commit(app, cx);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(who_begins_is_told_once_that_it_has_arrived),
        TEST_APP(an_acknowledgement_answers_nothing),
        TEST_APP(none_goes_unless_the_mailbox_wants_it),
        TEST_APP(a_spoofed_sender_gets_none),
        TEST_APP(who_is_not_proven_gets_nothing_of_their_own_words),
        TEST_APP(it_goes_to_who_wrote_and_not_where_answers_are_wanted),
        TEST_APP(it_speaks_the_customers_language),
        TEST_APP(our_own_mailboxes_get_none),
        TEST_APP(what_cannot_be_filled_in_is_refused_when_it_is_entered),
        TEST_APP(programs_are_kept_marked_and_quiet),
        TEST_APP(an_absence_notice_is_kept_in_its_conversation_and_wakes_nobody),
        TEST_APP(an_answer_goes_to_a_person),
        TEST_APP(a_mailbox_may_want_forms_to_wait_like_people),
        TEST_APP(our_own_automatic_mail_comes_back_and_nothing_follows),
        TEST_APP(another_accounts_automatic_mail_is_no_loop_here),
        TEST_APP(three_mails_of_machines_stop_ours_for_a_day),
        TEST_APP(slower_machines_stop_nothing),
        TEST_APP(a_conversation_of_machines_gets_none),
        TEST_APP(a_thousand_mails_of_one_address_have_three_answers_an_hour),
        TEST_APP(a_day_has_ten_whoever_makes_them),
        TEST_APP(no_automatic_mail_goes_to_what_nobody_reads),
        TEST_APP(none_goes_where_mails_came_back_or_are_called_spam),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
