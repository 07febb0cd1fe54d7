/* Pictures from elsewhere in mails come through this server: only those of the mail, only pictures,
 * only from where calls may go; once a week. */
#include "files_world.h"
#include "mailbox_world.h"
#include "media_peer.h"

#include "base/clock.h"
#include "net/egress.h"
#include "net/http.h"
#include "store/mail_picture.h"

#include <string.h>

struct picture_world {
    struct world w;
    struct test_app *app;
    struct media_peer *peer;
    struct mailbox box;
    str message;
};

static void open_world(struct picture_world *pw, struct test_app *app)
{
    *pw = (struct picture_world){.app = app, .peer = media_peer_open()};
    mailbox_add(&pw->box, app, S("{\"address\":\"" MAILBOX "\"}"));
    world_open(&pw->w, app);
}

static void close_world(struct picture_world *pw)
{
    world_close(&pw->w);
    media_peer_close(pw->peer);
}

/* A mail with this HTML arrives; its message is the one that is asked about. */
static void arrives(struct picture_world *pw, str html)
{
    struct arena *a = &pw->app->arena;
    static int n;
    str mail = str_print(a,
        "From: Asha <asha@example.net>\r\nTo: " MAILBOX "\r\nSubject: News\r\n"
        "Message-ID: <%d@example.net>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n%.*s\r\n",
        ++n, SARG(html));
    mailbox_takes(&pw->w, &pw->box, mail);
    str id = str_copy(a, conversation_newest(&pw->w));
    char *path = str_z(a, str_print(a, "/api/v1/conversations/%.*s", SARG(id)));
    assert_int_equal(test_request(pw->app, "GET", path, NULL), 200);
    pw->message = str_copy(a, test_text(pw->app, "last_message_id"));
}

static str img(struct picture_world *pw, str address)
{
    return str_print(&pw->app->arena, "<p>Hello <img width=300 src=\"%.*s\"></p>", SARG(address));
}

static str at(struct picture_world *pw, const char *path)
{
    return str_copy(&pw->app->arena, media_peer_url(pw->peer, path));
}

static char *target(struct picture_world *pw, str address)
{
    struct arena *a = &pw->app->arena;
    return str_z(a, str_print(a, "/api/v1/messages/%.*s/mail/picture?address=%.*s",
                        SARG(pw->message), SARG(http_percent_encode(a, address))));
}

static int ask(struct picture_world *pw, str address)
{
    return test_request(pw->app, "GET", target(pw, address), NULL);
}

/* The mail shows what stands at this path now. */
static int shown(struct picture_world *pw, const char *path)
{
    str address = at(pw, path);
    arrives(pw, img(pw, address));
    return ask(pw, address);
}

static void a_picture_of_the_mail_is_fetched_once_and_harmless_by_its_headers(void **state)
{
    struct picture_world pw;
    open_world(&pw, *state);
    str png = png_bytes(pw.app, 300, 100);
    media_peer_says(pw.peer, "/a.png?x=1&y=2",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a=b", png);
    str address = at(&pw, "/a.png?x=1&y=2");
    arrives(&pw, img(&pw, str_print(&pw.app->arena, "%.*samp;y=2",
                              SARG(str_sub(address, 0, address.len - 3)))));
    assert_int_equal(ask(&pw, address), 200);
    assert_str(pw.app->content_type, "image/png");
    assert_true(str_eq(pw.app->body, png));
    assert_str(test_answer_header(pw.app, "X-Content-Type-Options"), "nosniff");
    assert_str(test_answer_header(pw.app, "Cache-Control"), "private, max-age=86400");
    assert_str(test_answer_header(pw.app, "Content-Security-Policy"),
        "default-src 'none'; sandbox; frame-ancestors 'none'");
    assert_int_equal(test_answer_header(pw.app, "Set-Cookie").len, 0);
    assert_int_equal(ask(&pw, address), 200);
    assert_int_equal(media_peer_asked(pw.peer, "/a.png?x=1&y=2"), 1);
    clock_advance(MAIL_PICTURE_KEEP_MS);
    assert_int_equal(ask(&pw, address), 200);
    assert_int_equal(media_peer_asked(pw.peer, "/a.png?x=1&y=2"), 2);
    close_world(&pw);
}

static void nothing_but_the_mails_own_pictures_is_fetched(void **state)
{
    struct picture_world pw;
    open_world(&pw, *state);
    media_peer_says(
        pw.peer, "/b.png", "HTTP/1.1 200 OK\r\nContent-Type: image/png", png_bytes(pw.app, 9, 9));
    str address = at(&pw, "/b.png");
    arrives(&pw, str_print(&pw.app->arena, "<a href=\"%.*s\">%.*s</a> <img src=\"/api/v1/me\">",
                     SARG(address), SARG(address)));
    assert_int_equal(ask(&pw, address), 409);
    assert_int_equal(ask(&pw, S("/api/v1/me")), 409);
    assert_int_equal(ask(&pw, S("")), 409);
    /* Nor for somebody of another account, or nobody. */
    arrives(&pw, img(&pw, address));
    account_id other;
    str token = test_account_add(pw.app, "Other", &other);
    assert_int_equal(test_request_as(pw.app, token, "GET", target(&pw, address), NULL), 404);
    assert_int_equal(test_request_full(pw.app, "GET", target(&pw, address), NULL, 0, S("")), 401);
    assert_int_equal(media_peer_asked(pw.peer, "/b.png"), 0);
    assert_int_equal(ask(&pw, address), 200);
    close_world(&pw);
}

static void what_is_no_picture_to_be_seen_is_not_shown(void **state)
{
    struct picture_world pw;
    open_world(&pw, *state);
    struct arena *a = &pw.app->arena;
    char *big = arena_alloc(a, 11 << 20, 1);
    str large = str_of(big, 11 << 20);
    memset(big, 0, 11 << 20);
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Type: image/png";
    const struct {
        const char *path, *head;
        str body;
    } rows[] = {
        {"/svg",            "HTTP/1.1 200 OK\r\nContent-Type: image/svg+xml",
         S("<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>")                                  },
        {"/html",           ok,                                               S("<html><script>alert(1)</script></html>")},
        {"/pixel",          ok,                                               png_bytes(pw.app,                            1, 1)},
        {"/empty",               ok,                                                               S("")                                                                                                  },
        {"/gone",            "HTTP/1.1 404 Not Found",png_bytes(pw.app,9, 9)},
        {"/large", ok,                                                   large                                                                                                                                                           },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        media_peer_says(pw.peer, rows[i].path, rows[i].head, rows[i].body);
        int status = shown(&pw, rows[i].path);
        if (status != 409)
            fail_msg("%s: %d", rows[i].path, status);
        /* And it is not asked for again and again. */
        assert_int_equal(ask(&pw, at(&pw, rows[i].path)), 409);
        assert_int_equal(media_peer_asked(pw.peer, rows[i].path), 1);
    }
    clock_advance(MAIL_PICTURE_AGAIN_MS);
    assert_int_equal(ask(&pw, at(&pw, "/large")), 409);
    assert_int_equal(media_peer_asked(pw.peer, "/large"), 2);
    close_world(&pw);
}

static void the_egress_guard_looks_at_each_redirect(void **state)
{
    struct picture_world pw;
    open_world(&pw, *state);
    struct arena *a = &pw.app->arena;
    media_peer_says(
        pw.peer, "/c.png", "HTTP/1.1 200 OK\r\nContent-Type: image/png", png_bytes(pw.app, 9, 9));
    str there = str_print(a, "HTTP/1.1 302 Found\r\nLocation: %.*s", SARG(at(&pw, "/c.png")));
    media_peer_says(pw.peer, "/moved", str_z(a, there), S(""));
    media_peer_says(
        pw.peer, "/inside", "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/admin.png", S(""));
    assert_int_equal(shown(&pw, "/moved"), 200);
    assert_int_equal(shown(&pw, "/inside"), 409);
    /* Without an exception for this machine it cannot even begin. */
    const struct egress_rules *rules = NULL, *loose = pw.app->api.egress;
    str why;
    assert_ok(egress_rules_parse(a, S(""), &rules, &why));
    pw.app->api.egress = rules;
    media_peer_says(
        pw.peer, "/d.png", "HTTP/1.1 200 OK\r\nContent-Type: image/png", png_bytes(pw.app, 9, 9));
    assert_int_equal(shown(&pw, "/d.png"), 409);
    assert_int_equal(media_peer_asked(pw.peer, "/d.png"), 0);
    pw.app->api.egress = loose;
    close_world(&pw);
}

static void old_pictures_are_forgotten(void **state)
{
    struct picture_world pw;
    open_world(&pw, *state);
    int64_t removed = 0;
    media_peer_says(
        pw.peer, "/e.png", "HTTP/1.1 200 OK\r\nContent-Type: image/png", png_bytes(pw.app, 9, 9));
    assert_int_equal(shown(&pw, "/e.png"), 200);
    struct ctx *cx = test_begin(pw.app);
    assert_ok(mail_picture_forget(cx, 100, &removed));
    assert_int_equal(removed, 0);
    test_commit(pw.app, cx);
    clock_advance(MAIL_PICTURE_KEEP_MS);
    cx = test_begin(pw.app);
    assert_ok(mail_picture_forget(cx, 100, &removed));
    assert_int_equal(removed, 1);
    test_commit(pw.app, cx);
    close_world(&pw);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_picture_of_the_mail_is_fetched_once_and_harmless_by_its_headers),
        TEST_APP(nothing_but_the_mails_own_pictures_is_fetched),
        TEST_APP(what_is_no_picture_to_be_seen_is_not_shown),
        TEST_APP(the_egress_guard_looks_at_each_redirect),
        TEST_APP(old_pictures_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
