/* mail_world: see mail_world.h. */
#include "mail_world.h"

#include <string.h>

const struct letter first = {.from = "asha@example.net",
    .subject = "Where is my order?",
    .id = "1@example.net",
    .text = "It was to come on Monday.",
    .verdict = "pass"};

void open_world(struct mail_world *mw, struct test_app *app)
{
    str settings = S("{\"receivers\":\"" BY_US "\",\"address\":\"" MAILBOX "\",\"plus\":\"yes\"}");
    open_world_with(mw, app, settings);
}

void open_world_with(struct mail_world *mw, struct test_app *app, str settings)
{
    *mw = (struct mail_world){.app = app};
    mailbox_add(&mw->box, app, settings);
    world_open(&mw->w, app);
}

str written(struct arena *a, const struct letter *l)
{
    struct sb b = sb_make(a, 1 << 20);
    if (l->verdict)
        sb_print(&b, "Authentication-Results: " BY_US "; dmarc=%s header.from=%s\r\n", l->verdict,
            strchr(l->from, '@') + 1);
    sb_print(&b, "From: Asha <%s>\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s>\r\n", l->from,
        l->to ? l->to : MAILBOX, l->subject, l->id);
    if (l->answers.len)
        sb_print(&b, "In-Reply-To: <%.*s>\r\nReferences: <%.*s>\r\n", SARG(l->answers),
            SARG(l->answers));
    sb_print(&b, "%sContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
        l->headers ? l->headers : "", l->text);
    return sb_str(&b);
}

int post(struct mail_world *mw, str secret, str mail)
{
    return mailbox_post(mw->app, &mw->box, secret, mail);
}

void arrives(struct mail_world *mw, const struct letter *l)
{
    mailbox_takes(&mw->w, &mw->box, written(&mw->app->arena, l));
}

int get(struct mail_world *mw, str target)
{
    return test_request(mw->app, "GET", str_z(&mw->app->arena, target), NULL);
}

str newest(struct mail_world *mw)
{
    return str_copy(&mw->app->arena, conversation_newest(&mw->w));
}

str timeline(struct mail_world *mw, str conversation)
{
    struct arena *a = &mw->app->arena;
    struct sb b = sb_make(a, 1 << 20);
    assert_int_equal(
        get(mw, str_print(a, "/api/v1/conversations/%.*s/messages", SARG(conversation))), 200);
    for (const struct json *m = json_get(mw->app->json, S("items"))->first; m; m = m->next) {
        str kind = json_text(json_get(m, S("kind")), S(""));
        if (!str_eq(kind, S("activity")))
            sb_print(&b, b.len ? "|%.*s:%.*s" : "%.*s:%.*s", SARG(kind),
                SARG(json_text(json_get(m, S("text")), S(""))));
    }
    return sb_str(&b);
}

str shown(struct mail_world *mw, str conversation, const char *name)
{
    struct arena *a = &mw->app->arena;
    assert_int_equal(get(mw, str_print(a, "/api/v1/conversations/%.*s", SARG(conversation))), 200);
    return str_copy(a, json_text(json_path(mw->app->json, str_from(name)), S("")));
}

void look(struct mail_world *mw, str message)
{
    struct arena *a = &mw->app->arena;
    assert_int_equal(get(mw, str_print(a, "/api/v1/messages/%.*s/mail", SARG(message))), 200);
}

str answered(struct mail_world *mw, str conversation, const char *text)
{
    str message = str_copy(&mw->app->arena, reply(&mw->w, conversation, text));
    look(mw, message);
    return str_copy(&mw->app->arena, test_text(mw->app, "message_id"));
}
