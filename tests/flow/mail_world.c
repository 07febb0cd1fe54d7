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
    struct channel channel = {.kind = S("email"),
        .name = S("Support"),
        .languages = S("[]"),
        .settings = settings,
        .external_id = S(MAILBOX)};
    *mw = (struct mail_world){.app = app};
    struct ctx *cx = test_begin(app);
    assert_ok(channel_add(cx, &channel, &mw->secret));
    mw->channel = channel.id;
    mw->key = str_copy(&app->arena, channel.public_key);
    mw->secret = str_copy(&app->arena, mw->secret);
    test_commit(app, cx);
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
    struct arena *a = &mw->app->arena;
    const struct http_header headers[] = {
        {S("Content-Type"), S("message/rfc822")},
        { S("Authorization"), str_cat(a,                 S("Bearer "), secret)},
    };
    char *target = str_z(a, str_cat(a, S("/hooks/email/"), mw->key));
    return test_request_full(mw->app, "POST", target, headers, 2, mail);
}

void arrives(struct mail_world *mw, const struct letter *l)
{
    assert_int_equal(post(mw, mw->secret, written(&mw->app->arena, l)), 200);
    world_run(&mw->w);
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
