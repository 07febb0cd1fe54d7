/* Files that a message of the API channel names by address: the message is there at once, the file
 * follows or the agent reads why not; through the guard, within limits, never twice, also when the
 * process ends in the middle. */
#include "engine_world.h"
#include "files_world.h"
#include "media_peer.h"

#include "db/db.h"
#include "job/inner.h"

#define OK_PNG "HTTP/1.1 200 OK\r\nContent-Type: image/png"
enum { SMALL_LIMIT = 64 * 1024, DAY_MS = 24 * 3600 * 1000 };

struct story {
    struct world w;
    struct test_app *app;
    struct media_peer *peer;
};

static void story_open(struct story *s, void **state)
{
    s->app = *state;
    s->peer = media_peer_open();
    world_open(&s->w, s->app);
}

static void story_close(struct story *s)
{
    world_close(&s->w);
    media_peer_close(s->peer);
}

static char *text(struct story *s, str words)
{
    return str_z(&s->app->arena, words);
}

/* One message of ann with files at these addresses (JSON objects). */
static void message_comes(struct story *s, const char *id, const char *words, str files)
{
    str json = str_print(&s->app->arena,
        "{\"messages\":[{\"id\":\"%s\",\"contact\":{\"id\":\"ann\",\"name\":\"Ann\"},"
        "\"text\":\"%s\",\"attachments\":[%.*s]}]}",
        id, words, SARG(files));
    assert_int_equal(hook_post(&s->w, text(s, json)), 200);
}

static str file_at(struct story *s, str url)
{
    return str_print(&s->app->arena, "{\"url\":\"%.*s\"}", SARG(url));
}

static str file_of(struct story *s, const char *path)
{
    return file_at(s, media_peer_url(s->peer, path));
}

/* The inbox is worked through, jobs are not. */
static void receive_only(struct story *s)
{
    bool more = true;
    while (more)
        assert_ok(receive_turn(s->w.engine, &s->w.engine->receiver, &more));
}

/* Leaves the newest conversation's messages in the last answer. */
static str look(struct story *s)
{
    str conversation = conversation_newest(&s->w);
    str path = str_print(&s->app->arena, "/api/v1/conversations/%.*s/messages", SARG(conversation));
    assert_int_equal(test_request(s->app, "GET", text(s, path), NULL), 200);
    return conversation;
}

#define FIRST "items.0.attachments.0."

static str first_id(struct story *s)
{
    (void)look(s);
    return test_text(s->app, FIRST "id");
}

static int64_t count_rows(struct story *s, str sql)
{
    struct number {
        int64_t n;
    } number = {0};
    static const struct db_col cols[] = {COL(struct number, n)};
    struct ctx *cx = test_begin(s->app);
    assert_ok(db_one(cx->db, sql, NO_ARGS, COLS(cols), &number));
    test_commit(s->app, cx);
    return number.n;
}

static int64_t jobs(struct story *s)
{
    return count_rows(s, S("SELECT /* test */ COUNT(*) AS n FROM job WHERE kind = 'fetch'"));
}

static void the_message_is_there_at_once_and_its_file_follows(void **state)
{
    struct story s;
    story_open(&s, state);
    media_peer_says(s.peer, "/a/bill%20no.%201.pdf?x=1", "HTTP/1.1 200 OK", S("%PDF-1.7\nhello"));
    message_comes(&s, "m1", "", file_of(&s, "/a/bill%20no.%201.pdf?x=1"));
    receive_only(&s);
    str conversation = look(&s);
    assert_str(test_text(s.app, FIRST "state"), "fetching");
    assert_str(test_text(s.app, FIRST "name"), "bill no. 1.pdf");
    assert_true(str_ends(test_text(s.app, FIRST "source_url"), S("1.pdf?x=1")));
    assert_int_equal(json_path(s.app->json, S(FIRST "url"))->kind, JSON_NULL);
    assert_int_equal(
        download(s.app, s.app->owner_token, "/api/v1", test_text(s.app, FIRST "id"), ""), 404);
    (void)conversation_newest(&s.w);
    assert_str(test_text(s.app, "items.0.preview"), "📎 bill no. 1.pdf");
    world_run(&s.w);
    str id = first_id(&s);
    assert_str(test_text(s.app, FIRST "state"), "ready");
    assert_str(test_text(s.app, FIRST "type"), "application/pdf");
    assert_int_equal(test_int(s.app, FIRST "size"), 14);
    assert_null(json_path(s.app->json, S(FIRST "source_url")));
    assert_int_equal(download(s.app, s.app->owner_token, "/api/v1", id, ""), 200);
    assert_str(s.app->body, "%PDF-1.7\nhello");
    assert_int_equal(count_rows(&s, S("SELECT /* test */ COUNT(*) AS n FROM event"
                                      " WHERE type = 'message.updated'")),
        1);
    assert_int_equal(jobs(&s), 0);
    assert_true(str_eq(conversation, conversation_newest(&s.w)));
    story_close(&s);
}

static void a_picture_gets_its_small_copy_as_an_upload_does(void **state)
{
    struct story s;
    story_open(&s, state);
    media_peer_says(s.peer, "/photo", OK_PNG, png_whole(s.app, 1200, 900));
    message_comes(&s, "m1", "look",
        str_print(&s.app->arena, "{\"url\":\"%.*s\",\"name\":\"../my\\u202ephoto.png\"}",
            SARG(media_peer_url(s.peer, "/photo"))));
    world_run(&s.w);
    str id = first_id(&s);
    assert_str(test_text(s.app, FIRST "state"), "ready");
    assert_str(test_text(s.app, FIRST "name"), "myphoto.png");
    assert_int_equal(test_int(s.app, FIRST "width"), 1200);
    assert_true(str_ends(test_text(s.app, FIRST "thumbnail_url"), S("?thumbnail=1")));
    assert_int_equal(download(s.app, s.app->owner_token, "/api/v1", id, "?thumbnail=1"), 200);
    assert_str(s.app->content_type, "image/webp");
    story_close(&s);
}

static void ten_files_come_and_the_same_one_twice_is_one_on_disk(void **state)
{
    struct story s;
    story_open(&s, state);
    struct sb files = sb_make(&s.app->arena, 0);
    for (int i = 0; i < LIMIT_ATTACHMENTS; i++) {
        char *path = text(&s, str_print(&s.app->arena, "/f%d", i / 2));
        if (i % 2 == 0)
            media_peer_says(s.peer, path, "HTTP/1.1 200 OK", str_from(path));
        if (i)
            sb_byte(&files, ',');
        sb_add(&files, file_of(&s, path));
    }
    message_comes(&s, "m1", "ten", sb_str(&files));
    message_comes(&s, "m1", "ten", sb_str(&files)); /* the network tells it twice */
    world_run(&s.w);
    (void)look(&s);
    assert_int_equal(json_path(s.app->json, S("items.0.attachments"))->count, LIMIT_ATTACHMENTS);
    for (int i = 0; i < LIMIT_ATTACHMENTS; i++) {
        char *path = text(&s, str_print(&s.app->arena, "items.0.attachments.%d.state", i));
        assert_str(test_text(s.app, path), "ready");
        path = text(&s, str_print(&s.app->arena, "items.0.attachments.%d.name", i));
        str name = str_print(&s.app->arena, "f%d", i / 2); /* in the order of the message */
        assert_str(test_text(s.app, path), text(&s, name));
    }
    assert_int_equal(
        count_rows(&s, S("SELECT /* test */ COUNT(*) AS n FROM attachment")), LIMIT_ATTACHMENTS);
    assert_int_equal(
        count_rows(&s, S("SELECT /* test */ COUNT(*) AS n FROM blob")), LIMIT_ATTACHMENTS / 2);
    story_close(&s);
}

/* What cannot come ever is told at once, with the address, and not asked for again. */
static void what_will_never_come_is_told_with_its_reason(void **state)
{
    struct story s = {.w = {.fetch_bytes = SMALL_LIMIT}};
    story_open(&s, state);
    s.w.fetch_bytes = SMALL_LIMIT;
    world_engine_again(&s.w);
    str big = noise(s.app, SMALL_LIMIT + 1);
    str chunk = str_cat(&s.app->arena, S("10001\r\n"), big); /* not even its end is needed */
    const struct {
        const char *path, *head;
        str body;
        const char *error;
    } cases[] = {
        {"/gone",   "HTTP/1.1 410 Gone",                                             S("bye"),             "missing"  },
        {"/none",   "HTTP/1.1 404 Not Found",                                        S("no"),              "missing"  },
        {"/locked", "HTTP/1.1 403 Forbidden",                                        S("no"),              "denied"   },
        {"/odd",    "HTTP/1.1 418 I'm a teapot",                                     S(""),                "rejected" },
        {"/big",    "HTTP/1.1 200 OK",                                               big,                  "too_large"},
        {"/stream", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked",                 chunk,                "too_large"},
        {"/empty",  "HTTP/1.1 200 OK",                                               S(""),                "empty"    },
        {"/page",   "HTTP/1.1 200 OK\r\nContent-Type: image/png",
         S("<!doctype html><html>"
              "<body>Sign in</body>"
              "</html>"),
         "web_page"                                                                                                   },
        {"/said",   "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8",     S("Sign in, please"),
         "web_page"                                                                                                   },
        {"/inside", "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/x",             S(""),                "address"  },
        {"/meta",   "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest", S(""),
         "address"                                                                                                    },
        {"/file",   "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd",            S(""),                "address"  },
        {"/round",  "HTTP/1.1 302 Found\r\nLocation: /round",                        S(""),                "address"  },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *id = text(&s, str_print(&s.app->arena, "m%zu", i));
        media_peer_says(s.peer, cases[i].path, cases[i].head, cases[i].body);
        message_comes(&s, id, "x", file_of(&s, cases[i].path));
        clock_advance(1000);
        world_run(&s.w);
        (void)look(&s);
        str at = str_print(&s.app->arena, "items.%zu.attachments.0.", i);
        str state_now = test_text(s.app, text(&s, str_cat(&s.app->arena, at, S("state"))));
        str error = test_text(s.app, text(&s, str_cat(&s.app->arena, at, S("error"))));
        if (!str_eq(state_now, S("failed")) || !str_eq(error, str_from(cases[i].error)))
            fail_msg("%s: %.*s %.*s", cases[i].path, SARG(state_now), SARG(error));
        assert_true(
            str_ends(test_text(s.app, text(&s, str_cat(&s.app->arena, at, S("source_url")))),
                str_from(cases[i].path)));
    }
    clock_advance(DAY_MS);
    world_run(&s.w);
    assert_int_equal(media_peer_asked(s.peer, "/none"), 1);
    assert_int_equal(media_peer_asked(s.peer, "/round"), 1 + LIMIT_CALL_REDIRECTS);
    assert_int_equal(jobs(&s), 0);
    assert_int_equal(count_rows(&s, S("SELECT /* test */ COUNT(*) AS n FROM blob")), 0);
    story_close(&s);
}

static void an_address_inside_is_not_called_unless_allowed_for_media(void **state)
{
    struct story s;
    story_open(&s, state);
    message_comes(&s, "m1", "x", file_at(&s, S("http://[::1]:9/a")));
    world_run(&s.w);
    (void)look(&s);
    assert_str(test_text(s.app, FIRST "state"), "failed");
    assert_str(test_text(s.app, FIRST "error"), "address");
    story_close(&s);
}

static void a_picture_is_a_picture_whatever_the_server_calls_it(void **state)
{
    struct story s;
    story_open(&s, state);
    media_peer_says(
        s.peer, "/a.php", "HTTP/1.1 200 OK\r\nContent-Type: text/html", png_bytes(s.app, 30, 20));
    message_comes(&s, "m1", "x", file_of(&s, "/a.php"));
    world_run(&s.w);
    (void)look(&s);
    assert_str(test_text(s.app, FIRST "state"), "ready");
    assert_str(test_text(s.app, FIRST "type"), "image/png");
    story_close(&s);
}

static void a_redirect_within_the_rules_is_followed(void **state)
{
    struct story s;
    story_open(&s, state);
    media_peer_says(s.peer, "/short", "HTTP/1.1 302 Found\r\nLocation: /long", S("moved"));
    media_peer_says(s.peer, "/long", "HTTP/1.1 200 OK", S("the file"));
    message_comes(&s, "m1", "x", file_of(&s, "/short"));
    world_run(&s.w);
    str id = first_id(&s);
    assert_int_equal(download(s.app, s.app->owner_token, "/api/v1", id, ""), 200);
    assert_str(s.app->body, "the file");
    story_close(&s);
}

static void a_server_in_trouble_is_asked_again(void **state)
{
    struct story s;
    story_open(&s, state);
    media_peer_says(s.peer, "/a", "HTTP/1.1 500 Oh", S("<html>broken</html>"));
    media_peer_says(s.peer, "/a", "HTTP/1.1 200 OK\r\nContent-Length: 100", S("cut off"));
    media_peer_says(s.peer, "/a", "HTTP/1.1 200 OK", S("whole"));
    message_comes(&s, "m1", "x", file_of(&s, "/a"));
    for (int i = 0; i < 2; i++) {
        world_run(&s.w);
        (void)look(&s);
        assert_str(test_text(s.app, FIRST "state"), "fetching");
        assert_int_equal(media_peer_asked(s.peer, "/a"), i + 1);
        clock_advance(LIMIT_JOB_BACKOFF_MS);
    }
    world_run(&s.w);
    str id = first_id(&s);
    assert_str(test_text(s.app, FIRST "state"), "ready");
    assert_int_equal(download(s.app, s.app->owner_token, "/api/v1", id, ""), 200);
    assert_str(s.app->body, "whole");
    story_close(&s);
}

static void a_server_that_names_a_time_is_left_alone_until_then(void **state)
{
    struct story s;
    story_open(&s, state);
    media_peer_says(s.peer, "/a", "HTTP/1.1 429 Slow\r\nRetry-After: 600", S(""));
    media_peer_says(s.peer, "/a", "HTTP/1.1 200 OK", S("whole"));
    message_comes(&s, "m1", "x", file_of(&s, "/a"));
    world_run(&s.w);
    clock_advance(599000);
    world_run(&s.w);
    assert_int_equal(media_peer_asked(s.peer, "/a"), 1);
    clock_advance(2000);
    world_run(&s.w);
    assert_int_equal(media_peer_asked(s.peer, "/a"), 2);
    (void)look(&s);
    assert_str(test_text(s.app, FIRST "state"), "ready");
    story_close(&s);
}

static void a_server_that_stops_in_the_middle_is_given_up_and_asked_again(void **state)
{
    struct story s;
    story_open(&s, state);
    s.w.fetch_ms = 300; /* it passes in every case: the peer never says more */
    world_engine_again(&s.w);
    media_peer_hangs(s.peer, "/a", "HTTP/1.1 200 OK\r\nContent-Length: 9", S("half"));
    message_comes(&s, "m1", "x", file_of(&s, "/a"));
    world_run(&s.w);
    (void)look(&s);
    assert_str(test_text(s.app, FIRST "state"), "fetching");
    assert_int_equal(jobs(&s), 1);
    s.w.fetch_ms = 0;
    world_engine_again(&s.w);
    media_peer_says(s.peer, "/a", "HTTP/1.1 200 OK", S("all of it"));
    clock_advance(LIMIT_JOB_BACKOFF_MS);
    world_run(&s.w);
    str id = first_id(&s);
    assert_int_equal(download(s.app, s.app->owner_token, "/api/v1", id, ""), 200);
    assert_str(s.app->body, "all of it");
    story_close(&s);
}

static int retry(struct story *s, str token, str id)
{
    str path = str_print(&s->app->arena, "/api/v1/attachments/%.*s/retry", SARG(id));
    return test_request_as(s->app, token, "POST", text(s, path), NULL);
}

static void after_a_day_it_is_given_up_and_an_agent_may_ask_again(void **state)
{
    struct story s;
    story_open(&s, state);
    str viewer = test_agent_add(s.app, "v@test.example", "viewer", NULL);
    str agent = test_agent_add(s.app, "a@test.example", "agent", NULL);
    media_peer_says(s.peer, "/a", "HTTP/1.1 503 Later", S(""));
    message_comes(&s, "m1", "x", file_of(&s, "/a"));
    world_run(&s.w);
    clock_advance(LIMIT_JOB_RETRY_MS + LIMIT_JOB_BACKOFF_MS);
    world_run(&s.w);
    str id = first_id(&s);
    assert_str(test_text(s.app, FIRST "state"), "failed");
    assert_str(test_text(s.app, FIRST "error"), "no_answer");
    assert_int_equal(retry(&s, viewer, id), 403);
    assert_int_equal(retry(&s, agent, id), 200);
    assert_str(test_text(s.app, "state"), "fetching");
    media_peer_says(s.peer, "/a", "HTTP/1.1 200 OK", S("here"));
    world_run(&s.w);
    (void)look(&s);
    assert_str(test_text(s.app, FIRST "state"), "ready");
    assert_int_equal(retry(&s, agent, id), 409);
    assert_int_equal(test_request(s.app, "GET", "/api/v1/audit", NULL), 200);
    assert_str(test_text(s.app, "items.0.action"), "attachment.fetched_again");
    assert_int_equal(jobs(&s), 0);
    story_close(&s);
}

static void a_worker_that_ends_in_the_middle_leaves_nothing_doubled(void **state)
{
    struct story s;
    story_open(&s, state);
    media_peer_says(s.peer, "/a", "HTTP/1.1 200 OK", S("the file"));
    message_comes(&s, "m1", "x", file_of(&s, "/a"));
    receive_only(&s);
    /* Claimed, and the process ends. */
    struct arena a = arena_make(0);
    struct desk desk = {.engine = s.w.engine, .arena = &a};
    const struct job_row *claimed = NULL;
    ptrdiff_t n = 0;
    assert_ok(desk_begin(&desk, DB_WRITE));
    assert_ok(runner_claim(&desk, (struct job_room){5, 5, false}, &claimed, &n));
    assert_ok(desk_commit(&desk));
    assert_int_equal(n, 2);                     /* upkeep is due, too */
    clock_advance(LIMIT_FETCH_LEASE_MS + 1000); /* PostgreSQL: another node waits for the lease */
    world_engine_again(&s.w);
    assert_ok(runner_free_expired(s.w.engine, false));
    world_run(&s.w);
    world_run(&s.w);
    (void)look(&s);
    assert_str(test_text(s.app, FIRST "state"), "ready");
    assert_int_equal(media_peer_asked(s.peer, "/a"), 1);
    assert_int_equal(count_rows(&s, S("SELECT /* test */ COUNT(*) AS n FROM attachment")), 1);
    arena_free(&a);
    story_close(&s);
}

static void a_disk_that_takes_nothing_is_tried_again(void **state)
{
    struct story s;
    story_open(&s, state);
    media_peer_says(s.peer, "/a", "HTTP/1.1 200 OK", S("the file"));
    message_comes(&s, "m1", "x", file_of(&s, "/a"));
    receive_only(&s);
    for (long nth = 1; nth <= 5; nth++) { /* opening, locking, writing, syncing, placing */
        file_fail_at(nth, 1000000, ENOSPC);
        world_run(&s.w);
        file_fail_at(0, 0, 0);
        (void)look(&s);
        assert_str(test_text(s.app, FIRST "state"), "fetching");
        assert_int_equal(jobs(&s), 1);
        clock_advance(LIMIT_JOB_BACKOFF_MS);
    }
    world_run(&s.w);
    str id = first_id(&s);
    assert_str(test_text(s.app, FIRST "state"), "ready");
    assert_int_equal(download(s.app, s.app->owner_token, "/api/v1", id, ""), 200);
    assert_str(s.app->body, "the file");
    story_close(&s);
}

static void a_conversation_that_has_gone_meanwhile_takes_its_files_along(void **state)
{
    struct story s;
    story_open(&s, state);
    media_peer_says(s.peer, "/a", "HTTP/1.1 200 OK", S("the file"));
    media_peer_says(s.peer, "/b", "HTTP/1.1 404 Not Found", S(""));
    message_comes(&s, "m1", "x",
        str_print(&s.app->arena, "%.*s,%.*s", SARG(file_of(&s, "/a")), SARG(file_of(&s, "/b"))));
    receive_only(&s);
    struct ctx *cx = test_begin(s.app);
    assert_ok(db_run(cx->db, S("DELETE /* test */ FROM message"), NO_ARGS, NULL));
    assert_ok(db_run(cx->db, S("DELETE /* test */ FROM conversation"), NO_ARGS, NULL));
    test_commit(s.app, cx);
    world_run(&s.w);
    assert_int_equal(jobs(&s), 0);
    cx = test_begin(s.app);
    assert_ok(db_run(cx->db, S("DELETE /* test */ FROM attachment"), NO_ARGS, NULL));
    assert_ok(job_add(cx, &(struct job_new){.kind = S("fetch"), .key = S("77")}));
    test_commit(s.app, cx);
    world_run(&s.w);
    assert_int_equal(jobs(&s), 0);
    story_close(&s);
}

/* Two slow files may not hold up a reply: their lane is half of the threads. */
static void files_take_only_their_share_of_the_claims(void **state)
{
    struct story s;
    story_open(&s, state);
    struct ctx *cx = test_begin(s.app);
    const char *kinds[] = {"fetch", "fetch", "wake", "fetch"};
    for (int i = 0; i < 4; i++)
        assert_ok(job_add(cx, &(struct job_new){.kind = str_from(kinds[i]),
                                  .key = str_print(&s.app->arena, "%d", i)}));
    test_commit(s.app, cx);
    struct arena a = arena_make(0);
    struct desk desk = {.engine = s.w.engine, .arena = &a};
    const struct job_row *rows = NULL;
    ptrdiff_t n = 0;
    assert_ok(desk_begin(&desk, DB_WRITE));
    assert_ok(runner_claim(&desk, (struct job_room){10, 2, false}, &rows, &n));
    int files = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        files += str_eq(rows[i].kind, S("fetch"));
    assert_int_equal(files, 2);
    assert_true(n >= 3); /* with the other one, and perhaps upkeep */
    desk_rollback(&desk);
    arena_free(&a);
    story_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(the_message_is_there_at_once_and_its_file_follows),
        TEST_APP(a_picture_gets_its_small_copy_as_an_upload_does),
        TEST_APP(ten_files_come_and_the_same_one_twice_is_one_on_disk),
        TEST_APP(what_will_never_come_is_told_with_its_reason),
        TEST_APP(an_address_inside_is_not_called_unless_allowed_for_media),
        TEST_APP(a_picture_is_a_picture_whatever_the_server_calls_it),
        TEST_APP(a_redirect_within_the_rules_is_followed),
        TEST_APP(a_server_in_trouble_is_asked_again),
        TEST_APP(a_server_that_names_a_time_is_left_alone_until_then),
        TEST_APP(a_server_that_stops_in_the_middle_is_given_up_and_asked_again),
        TEST_APP(after_a_day_it_is_given_up_and_an_agent_may_ask_again),
        TEST_APP(a_worker_that_ends_in_the_middle_leaves_nothing_doubled),
        TEST_APP(a_disk_that_takes_nothing_is_tried_again),
        TEST_APP(a_conversation_that_has_gone_meanwhile_takes_its_files_along),
        TEST_APP(files_take_only_their_share_of_the_claims),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
