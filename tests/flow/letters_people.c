/* Mails of Seva to the people who work with it: invitations, forgotten passwords. */
#include "letters_world.h"

#include "base/clock.h"
#include "care/letter.h"
#include "store/login.h"
#include "text/report.h"

static void mails_go_out(struct letters_world *lw)
{
    struct arena *a = &lw->app->arena;
    str body = str_print(a, "{\"mail_channel_id\":\"%lld\"}", (long long)lw->box.channel.v);
    assert_int_equal(test_request(lw->app, "PATCH", "/api/v1/account", str_z(a, body)), 200);
}

/* Argon2id would cost most of the test's time: that there is one is enough. */
static void has_a_password(struct letters_world *lw, const char *email)
{
    struct login login;
    struct ctx *cx = test_begin(lw->app);
    assert_ok(login_by_email(cx, str_from(email), &login));
    assert_ok(login_set_password(cx, login.id, S("x")));
    test_commit(lw->app, cx);
}

static int forgot(struct letters_world *lw, const char *email)
{
    struct arena *a = &lw->app->arena;
    const struct http_header headers[] = {
        {S("Content-Type"), S("application/json")}
    };
    str body = str_print(a, "{\"email\":\"%s\"}", email);
    int status = test_request_full(lw->app, "POST", "/api/v1/password-resets", headers, 1, body);
    world_run(&lw->w);
    return status;
}

/* Without the soft line ends of quoted-printable. */
static str unfolded(struct arena *a, str s)
{
    struct sb b = sb_make(a, s.len + 1);
    for (ptrdiff_t at = str_find(s, S("=\r\n")); at >= 0; at = str_find(s, S("=\r\n"))) {
        sb_add(&b, str_sub(s, 0, at));
        s = str_skip(s, at + 3);
    }
    sb_add(&b, s);
    return sb_str(&b);
}

/* The last part of the link in the newest mail. */
static str token_in_mail(struct letters_world *lw)
{
    str rest = unfolded(&lw->app->arena, letters_heard(lw)), mark = S("/app/link/");
    for (ptrdiff_t at = str_find(rest, mark); at >= 0; at = str_find(rest, mark))
        rest = str_skip(rest, at + mark.len);
    ptrdiff_t end = 0;
    while (end < rest.len && rest.at[end] != '<' && rest.at[end] != '"' && rest.at[end] != '\r' &&
           rest.at[end] != '\n')
        end++;
    return str_copy(&lw->app->arena, str_sub(rest, 0, end));
}

static int use(struct letters_world *lw, str token, const char *json)
{
    struct arena *a = &lw->app->arena;
    const struct http_header headers[] = {
        {S("Content-Type"), S("application/json")}
    };
    char *path = str_z(a, str_cat(a, S("/api/v1/links/"), token));
    return test_request_full(lw->app, "POST", path, headers, 1, str_from(json));
}

static void an_invitation_is_mailed_and_its_link_still_shown(void **state)
{
    struct letters_world lw;
    letters_open(&lw, *state, NULL, 0);
    assert_int_equal(test_request(lw.app, "POST", "/api/v1/agents",
                         "{\"email\":\"neha@example.net\",\"role\":\"agent\"}"),
        201);
    assert_false(json_bool(json_path(lw.app->json, S("link.is_mailed")), true));
    mails_go_out(&lw);
    assert_int_equal(test_request(lw.app, "POST", "/api/v1/agents",
                         "{\"email\":\"omar@example.net\",\"role\":\"agent\"}"),
        201);
    assert_true(json_bool(json_path(lw.app->json, S("link.is_mailed")), false));
    str url = str_copy(&lw.app->arena, test_text(lw.app, "link.url"));
    world_run(&lw.w);
    str heard = letters_heard(&lw);
    assert_true(str_find(heard, S("RCPT TO:<omar@example.net>")) >= 0);
    assert_true(str_find(unfolded(&lw.app->arena, heard), url) >= 0);
    assert_true(str_find(heard, S("Auto-Submitted: auto-generated")) >= 0);
    assert_int_equal(use(&lw, token_in_mail(&lw), "{\"password\":\"correct horse\"}"), 200);
    letters_close(&lw);
}

static void the_secret_of_a_letter_is_not_stored_in_the_clear(void **state)
{
    struct row {
        str text, html, link_sealed;
    } row;
    static const struct db_col cols[] = {
        COL(struct row, text), COL(struct row, html), COL(struct row, link_sealed)};
    struct letters_world lw;
    letters_open(&lw, *state, NULL, 0);
    mails_go_out(&lw);
    assert_int_equal(test_request(lw.app, "POST", "/api/v1/agents",
                         "{\"email\":\"omar@example.net\",\"role\":\"agent\"}"),
        201);
    str url = str_copy(&lw.app->arena, test_text(lw.app, "link.url"));
    for (int has_gone = 0; has_gone < 2; has_gone++) {
        struct ctx *cx = test_begin(lw.app);
        assert_ok(db_one(cx->db, S("SELECT /* test */ text, html, link_sealed FROM letter"),
            NO_ARGS, COLS(cols), &row));
        assert_true(str_find(row.text, url) < 0 && str_find(row.html, url) < 0 &&
                    str_find(row.link_sealed, url) < 0);
        assert_true(has_gone ? !row.text.len && !row.html.len && !row.link_sealed.len
                             : row.link_sealed.len > 0);
        test_rollback(lw.app, cx);
        world_run(&lw.w);
    }
    letters_close(&lw);
}

static void a_forgotten_password_is_reset_by_mail(void **state)
{
    struct letters_world lw;
    letters_open(&lw, *state, NULL, 0);
    has_a_password(&lw, "owner@test.example");
    assert_int_equal(test_request(lw.app, "GET", "/api/v1/password-resets", NULL), 200);
    assert_false(json_bool(json_get(lw.app->json, S("by_mail")), true));
    mails_go_out(&lw);
    assert_int_equal(test_request(lw.app, "GET", "/api/v1/password-resets", NULL), 200);
    assert_true(json_bool(json_get(lw.app->json, S("by_mail")), false));
    assert_int_equal(forgot(&lw, "nobody@example.net"), 204);
    assert_int_equal(smtp_peer_mails(lw.smtp), 0);
    assert_int_equal(forgot(&lw, "owner@test.example"), 204);
    assert_int_equal(smtp_peer_mails(lw.smtp), 1);
    assert_str(letters_newest(&lw, "kind"), "password_reset");
    str token = token_in_mail(&lw);
    assert_int_equal(use(&lw, token, "{\"password\":\"battery staple\"}"), 200);
    assert_int_equal(use(&lw, token, "{\"password\":\"battery staple\"}"), 404); /* once */
    letters_close(&lw);
}

/* By these words the letter is found in the log of the server that took it; by the relay's own name
 * its reports find the letter. */
static void what_the_server_said_stays_with_the_letter(void **state)
{
    static const struct smtp_step steps[] = {
        LETTERS_HELLO,
        {"MAIL FROM:", "250 ok\r\n"                                                  },
        {"RCPT TO:",   "250 ok\r\n"                                                  },
        {"DATA",       "354 go\r\n"                                                  },
        {".",          "250 2.0.0 OK <AM0.9@eur.prod.outlook.com> [Hostname=AM0]\r\n"},
    };
    struct letters_world lw;
    const struct mail_report report = {.kind = REPORT_BOUNCE,
        .message_id = S("AM0.9@eur.prod.outlook.com"),
        .recipient = S("owner@test.example"),
        .words = S("The mailbox does not exist.")};
    struct connector_mail mail = {.report = &report};
    const struct connector_item it = {.mail = &mail};
    bool is_ours = false;
    letters_open(&lw, *state, steps, sizeof steps / sizeof *steps);
    has_a_password(&lw, "owner@test.example");
    mails_go_out(&lw);
    assert_int_equal(forgot(&lw, "owner@test.example"), 204);
    assert_str(letters_newest(&lw, "state"), "sent");
    assert_str(
        letters_newest(&lw, "answer"), "250 2.0.0 OK <AM0.9@eur.prod.outlook.com> [Hostname=AM0]");
    assert_str(letters_newest(&lw, "relay_id"), "AM0.9@eur.prod.outlook.com");
    assert_true(letters_newest(&lw, "message_id").len > 0);
    struct ctx *cx = test_begin(lw.app);
    assert_ok(letter_takes(cx, &it, &is_ours));
    test_commit(lw.app, cx);
    assert_true(is_ours);
    assert_str(letters_newest(&lw, "state"), "failed");
    assert_str(letters_newest(&lw, "error"), "The mailbox does not exist.");
    letters_close(&lw);
}

static void a_reset_link_is_good_for_an_hour_and_ends_other_sessions(void **state)
{
    struct letters_world lw;
    letters_open(&lw, *state, NULL, 0);
    has_a_password(&lw, "owner@test.example");
    mails_go_out(&lw);
    assert_int_equal(forgot(&lw, "owner@test.example"), 204);
    str late = token_in_mail(&lw);
    clock_advance(61 * 60000);
    assert_int_equal(use(&lw, late, "{\"password\":\"battery staple\"}"), 404);
    assert_int_equal(forgot(&lw, "owner@test.example"), 204);
    assert_int_equal(test_request(lw.app, "GET", "/api/v1/session", NULL), 200);
    assert_int_equal(use(&lw, token_in_mail(&lw), "{\"password\":\"battery staple\"}"), 200);
    assert_int_equal(test_request(lw.app, "GET", "/api/v1/session", NULL), 401);
    letters_close(&lw);
}

static void nobody_is_flooded_with_resets(void **state)
{
    struct letters_world lw;
    letters_open(&lw, *state, NULL, 0);
    has_a_password(&lw, "owner@test.example");
    mails_go_out(&lw);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(forgot(&lw, "owner@test.example"), 204);
        clock_advance(60000);
    }
    assert_int_equal(smtp_peer_mails(lw.smtp), 3);
    letters_close(&lw);
}

static void only_a_mailbox_that_sends_may_be_chosen(void **state)
{
    struct letters_world lw;
    letters_open(&lw, *state, NULL, 0);
    str body = str_print(
        &lw.app->arena, "{\"mail_channel_id\":\"%lld\"}", (long long)lw.app->api_channel.v);
    assert_int_equal(
        test_request(lw.app, "PATCH", "/api/v1/account", str_z(&lw.app->arena, body)), 400);
    mails_go_out(&lw);
    assert_int_equal(
        test_request(lw.app, "PATCH", "/api/v1/account", "{\"mail_channel_id\":null}"), 200);
    assert_int_equal(json_get(lw.app->json, S("mail_channel_id"))->kind, JSON_NULL);
    letters_close(&lw);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(an_invitation_is_mailed_and_its_link_still_shown),
        TEST_APP(the_secret_of_a_letter_is_not_stored_in_the_clear),
        TEST_APP(a_forgotten_password_is_reset_by_mail),
        TEST_APP(what_the_server_said_stays_with_the_letter),
        TEST_APP(a_reset_link_is_good_for_an_hour_and_ends_other_sessions),
        TEST_APP(nobody_is_flooded_with_resets),
        TEST_APP(only_a_mailbox_that_sends_may_be_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
