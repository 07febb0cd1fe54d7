/* See mailbox_world.h. */
#include "mailbox_world.h"

#include "store/channel.h"

void mailbox_add(struct mailbox *box, struct test_app *app, str settings)
{
    struct channel channel = {.kind = S("email"),
        .name = S("Support"),
        .languages = S("[]"),
        .settings = settings,
        .external_id = S(MAILBOX)};
    struct ctx *cx = test_begin(app);
    str secret;
    assert_ok(channel_add(cx, &channel, &secret));
    *box = (struct mailbox){.channel = channel.id,
        .key = str_copy(&app->arena, channel.public_key),
        .secret = str_copy(&app->arena, secret)};
    test_commit(app, cx);
}

int mailbox_post_as(
    struct test_app *app, const struct mailbox *box, str authorization, const char *type, str body)
{
    struct arena *a = &app->arena;
    const struct http_header headers[] = {
        {S("Content-Type"),  str_from(type)},
        {S("Authorization"), authorization },
    };
    char *target = str_z(a, str_cat(a, S("/hooks/email/"), box->key));
    return test_request_full(app, "POST", target, headers, 2, body);
}

int mailbox_post(struct test_app *app, const struct mailbox *box, str secret, str mail)
{
    str authorization = str_cat(&app->arena, S("Bearer "), secret);
    return mailbox_post_as(app, box, authorization, "message/rfc822", mail);
}

void mailbox_takes(struct world *w, const struct mailbox *box, str mail)
{
    assert_int_equal(mailbox_post(w->app, box, box->secret, mail), 200);
    world_run(w);
}
