/* See mail_way_world.h. */
#include "mail_way_world.h"

#include "base/clock.h"
#include "store/channel.h"

#include <string.h>

void mails_secrets(struct mail_world *mw, const char *secrets)
{
    struct ctx *cx = test_begin(mw->app);
    assert_ok(channel_set_network_secrets(cx, mw->box.channel, str_from(secrets), 0));
    test_commit(mw->app, cx);
}

void mails_open(struct mail_world *mw, struct test_app *app, const struct smtp_peer *smtp,
    const char *settings, const char *secrets)
{
    struct arena *a = &app->arena;
    str all = str_print(a,
        "{\"receivers\":\"" BY_US "\",\"address\":\"" MAILBOX "\",\"smtp_security\":\"none\"%s%s",
        *settings ? "," : "", settings);
    all = smtp ? str_print(a, "%.*s,\"smtp_host\":\"127.0.0.1\",\"smtp_port\":\"%d\"}", SARG(all),
                     smtp_peer_port(smtp))
               : str_cat(a, all, S("}"));
    *mw = (struct mail_world){.app = app};
    mailbox_add(&mw->box, app, all);
    mails_secrets(mw, secrets);
    world_open(&mw->w, app);
    assert_int_equal(test_request(app, "PATCH", "/api/v1/account", "{\"undo_seconds\":0}"), 200);
}

void mails_post(struct mail_world *mw, str mail)
{
    mailbox_takes(&mw->w, &mw->box, mail);
}

str mails_arrive(struct mail_world *mw, const char *from, const char *id, const char *headers)
{
    struct arena *a = &mw->app->arena;
    from = from ? from : "asha@example.net";
    mails_post(mw,
        str_print(a,
            "Authentication-Results: " BY_US "; dmarc=pass header.from=%s\r\n"
            "From: Asha <%s>\r\nTo: " MAILBOX "\r\nSubject: Where is it?\r\nMessage-ID: <%s>\r\n"
            "%sContent-Type: text/plain; charset=utf-8\r\n\r\nHello from %s\r\n",
            strchr(from, '@') + 1, from, id, headers, id));
    return str_copy(a, conversation_newest(&mw->w));
}

str mails_answer(struct mail_world *mw, str conversation, const char *text)
{
    str message = str_copy(&mw->app->arena, reply(&mw->w, conversation, text));
    world_run(&mw->w);
    return message;
}

int mails_answer_with(struct mail_world *mw, str conversation, const char *more)
{
    static int number;
    struct arena *a = &mw->app->arena;
    str get = str_print(a, "/api/v1/conversations/%.*s", SARG(conversation));
    assert_int_equal(test_request(mw->app, "GET", str_z(a, get), NULL), 200);
    str seen = test_text(mw->app, "last_message_id");
    str json = str_print(a,
        "{\"kind\":\"reply\",\"text\":\"Hello\",\"seen_message_id\":\"%.*s\","
        "\"client_id\":\"00000000-0000-4000-9000-%012d\"%s%s}",
        SARG(seen), ++number, *more ? "," : "", more);
    return test_request(mw->app, "POST", str_z(a, str_cat(a, get, S("/messages"))), str_z(a, json));
}

void mails_wait(struct mail_world *mw, int64_t ms)
{
    clock_advance(ms);
    world_run(&mw->w);
}

static void look(struct mail_world *mw, str message)
{
    struct arena *a = &mw->app->arena;
    str target = str_print(a, "/api/v1/messages/%.*s/mail", SARG(message));
    assert_int_equal(test_request(mw->app, "GET", str_z(a, target), NULL), 200);
}

str mails_shown(struct mail_world *mw, str message, const char *path)
{
    look(mw, message);
    return str_copy(&mw->app->arena, json_text(json_path(mw->app->json, str_from(path)), S("")));
}

str mails_state(struct mail_world *mw, str conversation, str message)
{
    return str_copy(&mw->app->arena, message_state(&mw->w, conversation, message));
}

str mails_recipients(struct mail_world *mw, str message)
{
    look(mw, message);
    struct sb b = sb_make(&mw->app->arena, 1 << 16);
    for (const struct json *v = json_get(mw->app->json, S("recipients"))->first; v; v = v->next)
        sb_print(&b, "%s%.*s %.*s", b.len ? ", " : "",
            SARG(json_text(json_get(v, S("address")), S(""))),
            SARG(json_text(json_get(v, S("state")), S(""))));
    return sb_str(&b);
}

str mails_report(struct mail_world *mw, const char *kind, const char *recipient, const char *to,
    str about, const char *name)
{
    bool is_failed = strcmp(kind, "failed") == 0, is_delayed = strcmp(kind, "delayed") == 0;
    return str_print(&mw->app->arena,
        "From: MAILER-DAEMON@mx.example.com\r\nTo: %s\r\nSubject: Report\r\n"
        "Message-ID: <%s@mx.example.com>\r\nContent-Type: multipart/report; "
        "report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSorry\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        "Final-Recipient: rfc822; %s\r\nAction: %s\r\nStatus: %s\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        "%s%.*s%sSubject: Re: Where is it?\r\n\r\n--b--\r\n",
        to, name, recipient, kind,
        is_failed    ? "5.1.1"
        : is_delayed ? "4.4.1"
                     : "2.0.0",
        about.len ? "Message-ID: <" : "", SARG(about), about.len ? ">\r\n" : "");
}
