/* See letters_world.h. */
#include "letters_world.h"

#include "base/clock.h"
#include "store/channel.h"

#include <string.h>

void letters_open(
    struct letters_world *lw, struct test_app *app, const struct smtp_step *steps, int n)
{
    struct arena *a = &app->arena;
    *lw = (struct letters_world){.app = app, .smtp = smtp_peer_open(steps, n, false)};
    str settings = str_print(a,
        "{\"receivers\":\"" BY_US "\",\"address\":\"" MAILBOX "\",\"plus\":\"yes\","
        "\"from_name\":\"Seva Shop\",\"smtp_host\":\"127.0.0.1\",\"smtp_port\":\"%d\","
        "\"smtp_security\":\"none\"}",
        smtp_peer_port(lw->smtp));
    mailbox_add(&lw->box, app, settings);
    struct ctx *cx = test_begin(app);
    assert_ok(channel_set_network_secrets(cx, lw->box.channel, S("{\"password\":\"s3cret\"}"), 0));
    test_commit(app, cx);
    world_open(&lw->w, app);
    assert_int_equal(test_request(app, "PATCH", "/api/v1/account", "{\"undo_seconds\":0}"), 200);
}

void letters_close(struct letters_world *lw)
{
    world_close(&lw->w);
    smtp_peer_close(lw->smtp);
}

void letters_chat(struct letters_world *lw, const char *settings)
{
    struct arena *a = &lw->app->arena;
    str path = str_print(a, "/api/v1/channels/%lld", (long long)lw->app->widget.v);
    str body = str_print(a, "{\"settings\":%s}", settings);
    if (test_request(lw->app, "PATCH", str_z(a, path), str_z(a, body)) != 200)
        fail_msg("settings: %d %.*s", lw->app->status, SARG(lw->app->body));
}

str letters_answered(struct letters_world *lw, const char *email, const char *answer, str *token)
{
    struct arena *a = &lw->app->arena;
    *token = str_copy(a, visitor_begin(lw->app));
    str form = str_print(a, "{\"fields\":{\"name\":\"Ann\",\"email\":\"%s\"}}", email);
    if (email)
        assert_int_equal(visitor_post(lw->app, *token, "prechat", str_z(a, form)), 204);
    (void)visitor_says(lw->app, *token, "c1", "Where is my order?");
    str id = str_copy(a, conversation_newest(&lw->w));
    (void)reply(&lw->w, id, answer);
    world_run(&lw->w);
    return id;
}

void letters_wait(struct letters_world *lw, int minutes)
{
    clock_advance(minutes * 60000);
    world_run(&lw->w);
}

str letters_heard(struct letters_world *lw)
{
    struct sb b = sb_make(&lw->app->arena, 4 << 20);
    for (int i = 0; i < smtp_peer_connections(lw->smtp); i++)
        sb_add(&b, smtp_peer_heard(lw->smtp, i));
    return sb_str(&b);
}

str letters_newest(struct letters_world *lw, const char *name)
{
    struct arena *a = &lw->app->arena;
    assert_int_equal(test_request(lw->app, "GET", "/api/v1/letters", NULL), 200);
    str path = str_print(a, "items.0.%s", name);
    return str_copy(a, json_text(json_path(lw->app->json, path), S("")));
}

str letters_header(struct letters_world *lw, const char *name)
{
    struct arena *a = &lw->app->arena;
    str heard = letters_heard(lw), mark = str_print(a, "\r\n%s: ", name);
    ptrdiff_t at = -1;
    for (str rest = heard; str_find(rest, mark) >= 0;) {
        ptrdiff_t step = str_find(rest, mark) + mark.len;
        at = (at < 0 ? 0 : at) + step;
        rest = str_skip(rest, step);
    }
    if (at < 0)
        return S("");
    str rest = str_skip(heard, at);
    ptrdiff_t end = str_find(rest, S("\r\n"));
    while (
        end >= 0 && end + 2 < rest.len && (rest.at[end + 2] == ' ' || rest.at[end + 2] == '\t')) {
        ptrdiff_t more = str_find(str_skip(rest, end + 2), S("\r\n"));
        if (more < 0)
            break;
        end += 2 + more;
    }
    return str_copy(a, str_sub(rest, 0, end < 0 ? rest.len : end));
}

void letters_arrive(struct letters_world *lw, const struct letters_mail *m)
{
    struct arena *a = &lw->app->arena;
    struct sb b = sb_make(a, 1 << 20);
    if (m->verdict)
        sb_print(&b, "Authentication-Results: " BY_US "; dmarc=%s header.from=%s\r\n", m->verdict,
            strchr(m->from, '@') + 1);
    sb_print(&b,
        "From: Ann <%s>\r\nTo: %.*s\r\nSubject: Re: Your conversation\r\nMessage-ID: <%s>\r\n",
        m->from, SARG(m->to.len ? m->to : S(MAILBOX)), m->id);
    if (m->answers.len)
        sb_print(
            &b, "In-Reply-To: %.*s\r\nReferences: %.*s\r\n", SARG(m->answers), SARG(m->answers));
    sb_print(&b, "Content-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", m->text);
    mailbox_takes(&lw->w, &lw->box, sb_str(&b));
}

str letters_timeline(struct letters_world *lw, str conversation)
{
    struct arena *a = &lw->app->arena;
    struct sb b = sb_make(a, 1 << 20);
    str path = str_print(a, "/api/v1/conversations/%.*s/messages", SARG(conversation));
    assert_int_equal(test_request(lw->app, "GET", str_z(a, path), NULL), 200);
    for (const struct json *m = json_get(lw->app->json, S("items"))->first; m; m = m->next) {
        str kind = json_text(json_get(m, S("kind")), S(""));
        if (str_eq(kind, S("activity")))
            continue;
        sb_print(&b, "%s%s%.*s:%.*s", b.len ? "|" : "",
            json_bool(json_get(m, S("by_mail")), false) ? "*" : "", SARG(kind),
            SARG(json_text(json_get(m, S("text")), S(""))));
    }
    return sb_str(&b);
}
