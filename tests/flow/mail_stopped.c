/* Agents give up on mails that wait: for patience, or for a server that cannot be reached. Who has
 * it keeps it, the others never get it; a try that is on its way ends as it ends. */
#include "mail_way_world.h"

#include "base/id.h"

#include <string.h>

#define ROWS(steps) (steps), (int)(sizeof(steps) / sizeof *(steps))
#define PASSWORD    "{\"password\":\"s3cret\"}"
#define BEGIN                                                                                      \
    {NULL, "220 mx\r\n"}, {"EHLO ", "250-mx\r\n250-AUTH PLAIN\r\n250 ENHANCEDSTATUSCODES\r\n"},    \
        {"AUTH PLAIN ", "235 ok\r\n"},                                                             \
    {                                                                                              \
        "MAIL FROM:<support@example.com>", "250 ok\r\n"                                            \
    }
#define GREYLISTED                                                                                 \
    {"RCPT TO:<asha@example.net>", "450 4.7.1 Greylisted\r\n"},                                    \
    {                                                                                              \
        "RSET", "250 ok\r\n"                                                                       \
    }
#define TAKEN(who)                                                                                 \
    {                                                                                              \
        "RCPT TO:<" who "@example.net>", "250 ok\r\n"                                              \
    }
#define DATA                                                                                       \
    {"DATA", "354 go\r\n"},                                                                        \
    {                                                                                              \
        ".", "250 2.0.0 ok\r\n"                                                                    \
    }

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };

struct story {
    struct mail_world mw;
    struct smtp_peer *p;
    str id;      /* the conversation */
    str message; /* the answer */
    int status;  /* of the last call */
};

static void open_story(
    struct story *s, struct test_app *app, const struct smtp_step *steps, int n_steps)
{
    *s = (struct story){.p = smtp_peer_open(steps, n_steps, false)};
    mails_open(&s->mw, app, s->p, "", PASSWORD);
    s->id = mails_arrive(&s->mw, NULL, "1@example.net", "");
}

static void close_story(struct story *s)
{
    smtp_peer_done(s->p);
    world_close(&s->mw.w);
    smtp_peer_close(s->p);
}

static void call(struct story *s, const char *verb)
{
    struct arena *a = &s->mw.app->arena;
    str target = str_print(a, "/api/v1/messages/%.*s/%s", SARG(s->message), verb);
    s->status = test_request(s->mw.app, "POST", str_z(a, target), NULL);
}

static void stop(void *story)
{
    call(story, "stop");
}

static void answer_to_ben_too(struct story *s)
{
    assert_int_equal(mails_answer_with(&s->mw, s->id,
                         "\"mail\":{\"cc\":[{\"name\":\"Ben\",\"address\":\"ben@example.net\"}]}"),
        201);
    s->message = str_copy(&s->mw.app->arena, test_text(s->mw.app, "id"));
    world_run(&s->mw.w);
}

static bool is_waiting(struct story *s)
{
    (void)mails_shown(&s->mw, s->message, "again_at");
    return json_bool(json_get(s->mw.app->json, S("is_waiting")), false);
}

struct counted {
    int64_t n;
};
static const struct db_col counted_cols[] = {COL(struct counted, n)};

static int64_t jobs(struct story *s)
{
    struct counted got = {0};
    struct ctx *cx = test_begin(s->mw.app);
    assert_ok(db_one(cx->db,
        S("SELECT /* test */ COUNT(*) AS n FROM job WHERE account_id = ?1 AND key = ?2 AND state <> 'dead'"),
        ARGS(A_ID(cx->account), A_TEXT(s->message)), COLS(counted_cols), &got));
    test_commit(s->mw.app, cx);
    return got.n;
}

/* Nothing goes out any more, however long one waits. */
static void assert_over(struct story *s, const char *state, const char *recipients)
{
    int before = smtp_peer_connections(s->p);
    assert_str(mails_state(&s->mw, s->id, s->message), state);
    assert_str(mails_recipients(&s->mw, s->message), recipients);
    assert_str(mails_shown(&s->mw, s->message, "again_at"), "");
    assert_false(is_waiting(s));
    assert_int_equal(jobs(s), 0);
    for (int i = 0; i < 3; i++)
        mails_wait(&s->mw, HOUR);
    assert_int_equal(smtp_peer_connections(s->p), before);
    assert_str(mails_state(&s->mw, s->id, s->message), state);
}

static bool is_audited(struct story *s)
{
    struct counted got = {0};
    struct ctx *cx = test_begin(s->mw.app);
    int64_t id = 0;
    assert_ok(id_parse(s->message, &id));
    assert_ok(db_one(cx->db,
        S("SELECT /* test */ COUNT(*) AS n FROM audit "
          "WHERE account_id = ?1 AND action = 'mail.stopped' AND subject_id = ?2"),
        ARGS(A_ID(cx->account), A_INT(id)), COLS(counted_cols), &got));
    test_commit(s->mw.app, cx);
    return got.n == 1;
}

static void a_mail_that_waits_is_given_up_with_the_words_who_did_it_and_when(void **state)
{
    static const struct smtp_step steps[] = {
        BEGIN, GREYLISTED, SMTP_PEER_NEXT, BEGIN, TAKEN("asha"), DATA};
    struct story s;
    open_story(&s, *state, ROWS(steps));
    s.message = mails_answer(&s.mw, s.id, "It comes today.");
    assert_true(is_waiting(&s));
    stop(&s);
    assert_int_equal(s.status, 200);
    assert_str(test_text(s.mw.app, "state"), "failed");
    str words = mails_shown(&s.mw, s.message, "recipients.0.words");
    assert_true(str_starts(words, S("Stopped by ")));
    assert_true(str_find(words, S(", 2026-01-01 00:00 UTC")) > S("Stopped by ").len);
    assert_str(mails_shown(&s.mw, s.message, "recipients.0.reason"), "stopped");
    assert_true(mails_shown(&s.mw, s.message, "recipients.0.by").len > 0);
    assert_str(mails_shown(&s.mw, s.message, "recipients.0.at"), "2026-01-01T00:00:00.000Z");
    assert_true(is_audited(&s));
    assert_over(&s, "failed", "asha@example.net stopped");
    stop(&s);
    assert_int_equal(s.status, 409);
    assert_str(test_text(s.mw.app, "error.code"), "conflict.too_late");
    call(&s, "retry"); /* what was given up may be sent after all */
    assert_int_equal(s.status, 200);
    world_run(&s.mw.w);
    assert_over(&s, "sent", "asha@example.net taken");
    close_story(&s);
}

static void who_has_it_keeps_it_and_who_waits_is_given_up(void **state)
{
    static const struct smtp_step steps[] = {
        BEGIN, TAKEN("asha"), {"RCPT TO:<ben@example.net>", "452 4.2.2 Mailbox full\r\n"},
          DATA
    };
    struct story s;
    open_story(&s, *state, ROWS(steps));
    answer_to_ben_too(&s);
    assert_true(is_waiting(&s));
    stop(&s);
    assert_int_equal(s.status, 200);
    assert_str(test_text(s.mw.app, "state"), "sent");
    assert_true(str_starts(test_text(s.mw.app, "error"), S("Not to ben@example.net: Stopped by ")));
    assert_over(&s, "sent", "asha@example.net taken, ben@example.net stopped");
    close_story(&s);
}

static void a_mail_whose_server_cannot_be_reached_is_given_up_too(void **state)
{
    static const struct smtp_step steps[] = {
        {NULL, "421 4.3.2 Come back later\r\n"}
    };
    struct story s;
    open_story(&s, *state, ROWS(steps));
    s.message = mails_answer(&s.mw, s.id, "It comes today.");
    assert_str(mails_state(&s.mw, s.id, s.message), "sending");
    assert_true(is_waiting(&s));
    stop(&s);
    assert_int_equal(s.status, 200);
    assert_over(&s, "failed", "asha@example.net stopped");
    close_story(&s);
}

static void a_try_on_its_way_that_is_taken_stays_taken(void **state)
{
    static const struct smtp_step steps[] = {BEGIN, TAKEN("asha"), DATA};
    struct story s;
    open_story(&s, *state, ROWS(steps));
    s.message = str_copy(&s.mw.app->arena, reply(&s.mw.w, s.id, "It comes today."));
    smtp_peer_meanwhile(s.p, ".", stop, &s);
    world_run(&s.mw.w);
    smtp_peer_done(s.p);
    assert_int_equal(s.status, 200);
    assert_over(&s, "sent", "asha@example.net taken");
    close_story(&s);
}

static void a_try_on_its_way_that_is_to_come_back_later_is_the_last(void **state)
{
    static const struct smtp_step steps[] = {BEGIN, GREYLISTED};
    struct story s;
    open_story(&s, *state, ROWS(steps));
    s.message = str_copy(&s.mw.app->arena, reply(&s.mw.w, s.id, "It comes today."));
    smtp_peer_meanwhile(s.p, "RCPT ", stop, &s);
    world_run(&s.mw.w);
    smtp_peer_done(s.p);
    assert_int_equal(s.status, 200);
    assert_over(&s, "failed", "asha@example.net stopped");
    close_story(&s);
}

static void so_it_is_with_a_later_try(void **state)
{
    static const struct smtp_step steps[] = {BEGIN, GREYLISTED, SMTP_PEER_NEXT, BEGIN, GREYLISTED};
    struct story s;
    open_story(&s, *state, ROWS(steps));
    s.message = mails_answer(&s.mw, s.id, "It comes today.");
    smtp_peer_meanwhile(s.p, "RCPT ", stop, &s);
    mails_wait(&s.mw, MINUTE);
    smtp_peer_done(s.p);
    assert_int_equal(s.status, 200);
    assert_over(&s, "failed", "asha@example.net stopped");
    close_story(&s);
}

static void a_try_that_a_kill_cut_short_after_it_was_stopped_is_unknown(void **state)
{
    static const struct smtp_step steps[] = {BEGIN, GREYLISTED};
    static const char *const kinds[] = {"send", "mail_again"};
    struct story s;
    open_story(&s, *state, ROWS(steps));
    s.message = mails_answer(&s.mw, s.id, "It comes today.");
    struct ctx *cx = test_begin(s.mw.app);
    int64_t changed = 0, n = 0;
    for (int i = 0; i < 2; i++) {
        assert_ok(db_run(cx->db,
            S("UPDATE job SET state = 'running', node = 1, lease_ms = 1 "
              "WHERE account_id = ?1 AND kind = ?2 AND key = ?3"),
            ARGS(A_ID(cx->account), A_TEXT(str_from(kinds[i])), A_TEXT(s.message)), &n));
        changed += n;
    }
    test_commit(s.mw.app, cx);
    assert_int_equal(changed, 1);
    stop(&s);
    assert_int_equal(s.status, 200);
    assert_str(test_text(s.mw.app, "state"), "sending");
    world_engine_again(&s.mw.w);
    mails_wait(&s.mw, HOUR);
    assert_over(&s, "unknown", "asha@example.net unknown");
    close_story(&s);
}

static void what_does_not_wait_is_not_stopped(void **state)
{
    static const struct smtp_step steps[] = {BEGIN, TAKEN("asha"), DATA};
    struct story s;
    struct test_app *app = *state;
    open_story(&s, app, ROWS(steps));
    s.message = mails_answer(&s.mw, s.id, "It comes today.");
    stop(&s);
    assert_int_equal(s.status, 409);
    assert_str(test_text(app, "error.code"), "conflict.too_late");
    assert_int_equal(test_request(app, "PATCH", "/api/v1/account", "{\"undo_seconds\":30}"), 200);
    s.message = str_copy(&app->arena, reply(&s.mw.w, s.id, "And this."));
    stop(&s);
    assert_int_equal(s.status, 409);
    assert_str(test_text(app, "error.code"), "conflict.held");
    char *list = str_z(
        &app->arena, str_print(&app->arena, "/api/v1/conversations/%.*s/messages", SARG(s.id)));
    assert_int_equal(test_request(app, "GET", list, NULL), 200);
    s.message = str_copy(&app->arena, test_text(app, "items.0.id")); /* the customer's */
    stop(&s);
    assert_int_equal(s.status, 404);
    close_story(&s);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_mail_that_waits_is_given_up_with_the_words_who_did_it_and_when),
        TEST_APP(who_has_it_keeps_it_and_who_waits_is_given_up),
        TEST_APP(a_mail_whose_server_cannot_be_reached_is_given_up_too),
        TEST_APP(a_try_on_its_way_that_is_taken_stays_taken),
        TEST_APP(a_try_on_its_way_that_is_to_come_back_later_is_the_last),
        TEST_APP(so_it_is_with_a_later_try),
        TEST_APP(a_try_that_a_kill_cut_short_after_it_was_stopped_is_unknown),
        TEST_APP(what_does_not_wait_is_not_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
