/* Memory that ends in the middle of what people and machines write: of a request's arena, of the
 * program, of SQLite. The answer is 503 in words and not a byte is there, the same again works, and
 * what the story leaves is row for row what it leaves when nothing fails: nothing half, nothing
 * twice. SEVA_MEMORY_POINTS: at how many places each story fails (4; on PostgreSQL 1). */
#include "memory_world.h"

#include "care/importer.h"
#include "fault_lite.h"
#include "files_world.h"
#include "job/inner.h"

#include <stdlib.h>

enum { POINTS = 4 };

/* A job whose end cannot be written waits for the database, which costs real time here: of what the
 * program and SQLite ask the system for, a dozen in a row. */
static const struct shortage one_take = {MEMORY_TAKE, 1}, no_takes = {MEMORY_TAKE, 1000000},
                             one_chunk = {MEMORY_CHUNK, 1}, no_chunks = {MEMORY_CHUNK, 12},
                             one_lite = {MEMORY_LITE, 1}, no_lite = {MEMORY_LITE, 12};

#define UUID "00000000-0000-4000-8000-%012ld"

/* ── what customers and networks write ── */

static const char *named(struct scene *s, const char *prefix)
{
    return str_z(&s->app->arena, str_print(&s->app->arena, "%s-%ld", prefix, s->n));
}

static int a_message_comes(struct scene *s)
{
    const char *id = named(s, "in");
    return hook_message(&s->w, id, "ann", id);
}

static void message_waits(struct scene *s)
{
    assert_int_equal(a_message_comes(s), 200);
}

static int engine_works(struct scene *s)
{
    shortage_begin(s);
    err e = engine_run_due(s->w.engine);
    shortage_end(s);
    if (e != OK && e != E_BUSY)
        fail_msg("the engine said %s", err_name(e));
    return e == OK ? 200 : 503;
}

static int a_visitor_writes(struct scene *s)
{
    str json =
        str_print(&s->app->arena, "{\"client_id\":\"" UUID "\",\"text\":\"v-%ld\"}", s->n, s->n);
    return visitor_post(s->app, s->visitor, "messages", str_z(&s->app->arena, json));
}

/* Words in two shapes, a file, a picture in the words, names that are coded. */
static str mail_of(struct scene *s)
{
    return str_print(&s->app->arena,
        "Authentication-Results: " BY_US "; dmarc=pass header.from=example.net\r\n"
        "From: =?utf-8?B?4KaG4Ka24Ka+?= <asha@example.net>\r\nTo: " MAILBOX "\r\n"
        "Subject: =?utf-8?Q?Order_%ld?=\r\nMessage-ID: <m%ld@example.net>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=o\r\n\r\n"
        "--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
        "--i\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nWhere is order %ld?\r\n"
        "--i\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        "<p>Where is <b>order %ld</b>?<img src=\"https://x.example/p.gif\"></p>\r\n--i--\r\n"
        "--o\r\nContent-Type: text/plain; name=\"list.txt\"\r\nContent-Disposition: attachment\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\nnumber=3D%ld\r\n--o--\r\n",
        s->n, s->n, s->n, s->n, s->n);
}

static int a_mail_comes(struct scene *s)
{
    return mailbox_post(s->app, &s->box, s->box.secret, mail_of(s));
}

static void mail_waits(struct scene *s)
{
    assert_int_equal(a_mail_comes(s), 200);
}

/* ── what agents write ── */

static int reply_of(struct scene *s, const char *kind, str files)
{
    return ask(s, "POST",
        "/api/v1/conversations/%.*s/messages {\"kind\":\"%s\",\"text\":\"%s-%ld @Ben\","
        "\"client_id\":\"" UUID "\",\"seen_message_id\":\"%.*s\",\"attachment_ids\":[%.*s]}",
        SARG(s->api), kind, kind, s->n, s->n, SARG(s->seen), SARG(files));
}

static void conversation_is_read(struct scene *s)
{
    assert_int_equal(ask(s, "GET", "/api/v1/conversations/%.*s", SARG(s->api)), 200);
    s->seen = str_copy(&s->app->arena, test_text(s->app, "last_message_id"));
}

static int an_agent_replies(struct scene *s)
{
    return reply_of(s, "reply", S(""));
}

static int an_agent_notes(struct scene *s)
{
    return reply_of(s, "note", S(""));
}

static str file_content(struct scene *s)
{
    return str_print(&s->app->arena, "the words of file %09ld", s->n);
}

/* A night leaves more files behind than one person may. */
static void left_files_are_nobodys(struct scene *s)
{
    static const str sql[] = {S_INIT("UPDATE /* test */ upload SET owner_id = 0"),
        S_INIT("UPDATE /* test */ attachment SET owner_id = 0 WHERE message_id = 0")};
    struct ctx *cx = test_begin(s->app);
    for (int i = 0; i < 2; i++)
        assert_int_equal(db_run(cx->db, sql[i], NO_ARGS, NULL), OK);
    test_commit(s->app, cx);
}

static int an_upload_begins(struct scene *s)
{
    return ask(s, "POST",
        "/api/v1/uploads {\"name\":\"f.txt\",\"size\":%td,\"type\":\"text/plain\"}",
        file_content(s).len);
}

static void upload_has_begun(struct scene *s)
{
    left_files_are_nobodys(s);
    assert_int_equal(an_upload_begins(s), 201);
    s->file = str_copy(&s->app->arena, test_text(s->app, "id"));
}

static int a_part_comes(struct scene *s)
{
    return put_part(s->app, s->app->owner_token, "/api/v1", s->file, 0, file_content(s));
}

static void file_is_there(struct scene *s)
{
    conversation_is_read(s);
    upload_has_begun(s);
    assert_int_equal(a_part_comes(s), 200);
    s->file = str_copy(&s->app->arena, test_text(s->app, "attachment.id"));
}

static int an_agent_sends_a_file(struct scene *s)
{
    return reply_of(s, "reply", str_print(&s->app->arena, "\"%.*s\"", SARG(s->file)));
}

static int a_conversation_is_assigned(struct scene *s)
{
    return ask(s, "PATCH", "/api/v1/conversations/%.*s {\"assignee_id\":\"%.*s\"}", SARG(s->api),
        SARG(s->agents[s->n & 1]));
}

static int a_conversation_is_tagged(struct scene *s)
{
    return ask(s, "PUT", "/api/v1/conversations/%.*s/tags {\"tags\":[\"t%ld\",\"vip\"]}",
        SARG(s->api), s->n);
}

static int a_conversation_is_closed_or_opened(struct scene *s)
{
    return ask(s, "PATCH", "/api/v1/conversations/%.*s {\"status\":\"%s\"}", SARG(s->chat),
        s->n & 1 ? "resolved" : "open");
}

static int a_conversation_is_put_off_or_woken(struct scene *s)
{
    return ask(s, "PATCH", "/api/v1/conversations/%.*s %s", SARG(s->chat),
        s->n & 1 ? "{\"status\":\"snoozed\",\"snoozed_until\":\"2026-11-01T00:00:00Z\"}"
                 : "{\"status\":\"open\"}");
}

static int many_are_changed_at_once(struct scene *s)
{
    return ask(s, "POST",
        "/api/v1/conversations/bulk {\"ids\":[\"%.*s\",\"%.*s\"],\"set\":{\"priority\":\"%s\","
        "\"add_tags\":[\"vip\"]}}",
        SARG(s->api), SARG(s->chat), s->n & 1 ? "high" : "low");
}

static int a_draft_is_kept(struct scene *s)
{
    return ask(s, "PUT", "/api/v1/conversations/%.*s/draft {\"kind\":\"reply\",\"text\":\"d %ld\"}",
        SARG(s->api), s->n);
}

static int a_conversation_is_begun(struct scene *s)
{
    return ask(s, "POST",
        "/api/v1/conversations {\"channel_id\":\"%lld\",\"text\":\"good day\","
        "\"contact\":{\"name\":\"New %ld\",\"external_id\":\"new-%ld\"}}",
        (long long)s->app->api_channel.v, s->n, s->n);
}

static int a_contact_is_made(struct scene *s)
{
    return ask(s, "POST",
        "/api/v1/contacts {\"name\":\"Contact %ld\",\"email\":\"c%ld@example.net\"}", s->n, s->n);
}

static int a_contact_is_changed(struct scene *s)
{
    return ask(s, "PATCH", "/api/v1/contacts/%.*s {\"name\":\"Ann %ld\",\"company\":\"C %ld\"}",
        SARG(s->contact), s->n, s->n);
}

/* ── what administrators save ── */

static int the_account_is_saved(struct scene *s)
{
    return ask(s, "PATCH", "/api/v1/account {\"name\":\"Shop %ld\",\"reopen_days\":%ld}", s->n,
        1 + s->n % 300);
}

static int a_channel_is_saved(struct scene *s)
{
    return ask(s, "PATCH", "/api/v1/channels/%lld {\"name\":\"Chat %ld\"}",
        (long long)s->app->widget.v, s->n);
}

static int a_webhook_is_made(struct scene *s)
{
    return ask(s, "POST",
        "/api/v1/webhooks {\"name\":\"w%ld\",\"url\":\"%.*s\",\"events\":[\"channel.updated\"]}",
        s->n, SARG(receiver_url(s->peer, "/other")));
}

static int a_person_is_invited(struct scene *s)
{
    return ask(
        s, "POST", "/api/v1/agents {\"email\":\"p%ld@test.example\",\"role\":\"agent\"}", s->n);
}

static int a_team_is_made(struct scene *s)
{
    return ask(s, "POST", "/api/v1/teams {\"name\":\"Team %ld\",\"agent_ids\":[\"%.*s\"]}", s->n,
        SARG(s->agents[0]));
}

static int a_view_is_made(struct scene *s)
{
    return ask(
        s, "POST", "/api/v1/views {\"name\":\"v%ld\",\"filter\":{\"status\":[\"open\"]}}", s->n);
}

static int a_token_is_made(struct scene *s)
{
    return ask(s, "POST", "/api/v1/tokens {\"name\":\"k%ld\",\"scopes\":[\"agent.read\"]}", s->n);
}

/* ── what comes of a past, and what is read ── */

static err import_within(struct desk *desk, void *arg)
{
    struct scene *s = arg;
    struct arena *a = desk->arena;
    struct importer im;
    str person = str_print(a, "{\"type\":\"contact\",\"id\":\"p-%ld\",\"name\":\"Past\"}", s->n);
    str talk = str_print(a,
        "{\"type\":\"conversation\",\"id\":\"t-%ld\",\"channel\":\"api\",\"contact\":\"p-%ld\","
        "\"status\":\"open\",\"tags\":[\"past\"],\"messages\":["
        "{\"id\":\"pm-%ld\",\"kind\":\"in\",\"text\":\"then\",\"at\":\"2025-01-05T08:30:00Z\"}]}",
        s->n, s->n, s->n);
    TRY(desk_begin(desk, DB_WRITE));
    TRY(desk_scope(desk, s->app->account));
    TRY(importer_open(&desk->cx, a, &im));
    err e = importer_line(&desk->cx, &im, person);
    if (e == OK)
        e = importer_line(&desk->cx, &im, talk);
    if (e == E_INVALID)
        fail_msg("the import said %.*s", SARG(desk->cx.fault.words));
    TRY(e);
    return desk_commit(desk);
}

static int lines_are_imported(struct scene *s)
{
    struct arena a = arena_make(0);
    struct desk desk = {.engine = s->w.engine, .arena = &a};
    shortage_begin(s);
    err e = desk_guard(&desk, import_within, s);
    shortage_end(s);
    arena_free(&a);
    if (e != OK && e != E_BUSY)
        fail_msg("the import said %s", err_name(e));
    return e == OK ? 200 : 503;
}

static int words_are_sought(struct scene *s)
{
    return ask(s, "GET", "/api/v1/search?q=order%%20hel");
}

static int an_inbox_is_read(struct scene *s)
{
    return ask(s, "GET", "/api/v1/conversations?status=open");
}

static const struct story stories[] = {
    {"a message comes",       200, BY_REQUEST, NULL,                   a_message_comes                   },
    {"a message is taken in", 200, BY_ENGINE,  message_waits,          engine_works                      },
    {"a visitor writes",      201, BY_REQUEST, NULL,                   a_visitor_writes                  },
    {"a mail comes",          200, BY_REQUEST, NULL,                   a_mail_comes                      },
    {"a mail is taken in",    200, BY_ENGINE,  mail_waits,             engine_works                      },
    {"an agent replies",      201, BY_REQUEST, conversation_is_read,   an_agent_replies                  },
    {"an agent notes",        201, BY_REQUEST, conversation_is_read,   an_agent_notes                    },
    {"an upload begins",      201, BY_REQUEST, left_files_are_nobodys, an_upload_begins                  },
    {"a part comes",          200, BY_STEPS,   upload_has_begun,       a_part_comes                      },
    {"a file is sent",        201, BY_REQUEST, file_is_there,          an_agent_sends_a_file             },
    {"assigned",              200, BY_REQUEST, NULL,                   a_conversation_is_assigned        },
    {"tagged",                200, BY_REQUEST, NULL,                   a_conversation_is_tagged          },
    {"closed or opened",      200, BY_REQUEST, NULL,                   a_conversation_is_closed_or_opened},
    {"put off or woken",      200, BY_REQUEST, NULL,                   a_conversation_is_put_off_or_woken},
    {"many changed",          200, BY_REQUEST, NULL,                   many_are_changed_at_once          },
    {"a draft",               200, BY_REQUEST, NULL,                   a_draft_is_kept                   },
    {"a conversation begins", 201, BY_REQUEST, NULL,                   a_conversation_is_begun           },
    {"a contact is made",     201, BY_REQUEST, NULL,                   a_contact_is_made                 },
    {"a contact is changed",  200, BY_REQUEST, NULL,                   a_contact_is_changed              },
    {"the account is saved",  200, BY_REQUEST, NULL,                   the_account_is_saved              },
    {"a channel is saved",    200, BY_REQUEST, NULL,                   a_channel_is_saved                },
    {"a webhook is made",     201, BY_REQUEST, NULL,                   a_webhook_is_made                 },
    {"a person is invited",   201, BY_REQUEST, NULL,                   a_person_is_invited               },
    {"a team is made",        201, BY_REQUEST, NULL,                   a_team_is_made                    },
    {"a view is made",        201, BY_REQUEST, NULL,                   a_view_is_made                    },
    {"a token is made",       201, BY_REQUEST, NULL,                   a_token_is_made                   },
    {"lines are imported",    200, BY_HAND,    NULL,                   lines_are_imported                },
    {"words are sought",      200, BY_REQUEST, NULL,                   words_are_sought                  },
    {"an inbox is read",      200, BY_REQUEST, NULL,                   an_inbox_is_read                  },
};

static bool is_sqlite(struct test_app *app)
{
    return db_kind_of(app->db) == DB_SQLITE;
}

static void try_all(struct test_app *app, const struct shortage *shortage)
{
    struct scene s;
    const char *wanted = getenv("SEVA_MEMORY_POINTS"), *only = getenv("SEVA_MEMORY_ONLY");
    int64_t points = is_sqlite(app) ? POINTS : 1;
    if (wanted)
        assert_ok(str_int(str_from(wanted), 1, 1000000, &points));
    scene_open(&s, app, shortage);
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++)
        if (!only || str_find(str_from(stories[i].name), str_from(only)) >= 0)
            try_story(&s, &stories[i], (long)points);
    scene_close(&s);
}

/* On PostgreSQL a story takes long, and most of it is the same: one test of these, and more when
 * points are given. */
static bool is_worth_it(struct test_app *app)
{
    return is_sqlite(app) || getenv("SEVA_MEMORY_POINTS");
}

static void a_request_or_job_that_gets_no_memory_once(void **state)
{
    if (is_worth_it(*state))
        try_all(*state, &one_take);
}

static void a_request_or_job_that_gets_no_more_memory(void **state)
{
    try_all(*state, &no_takes);
}

static void a_program_that_gets_no_memory_once(void **state)
{
    if (is_worth_it(*state))
        try_all(*state, &one_chunk);
}

static void a_program_that_gets_no_more_memory(void **state)
{
    if (is_worth_it(*state))
        try_all(*state, &no_chunks);
}

static void a_database_that_gets_no_memory_once(void **state)
{
    if (is_sqlite(*state))
        try_all(*state, &one_lite);
}

static void a_database_that_gets_no_more_memory(void **state)
{
    if (is_sqlite(*state))
        try_all(*state, &no_lite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(a_request_or_job_that_gets_no_memory_once),
        TEST_APP(a_request_or_job_that_gets_no_more_memory),
        TEST_APP(a_program_that_gets_no_memory_once),
        TEST_APP(a_program_that_gets_no_more_memory),
        TEST_APP(a_database_that_gets_no_memory_once),
        TEST_APP(a_database_that_gets_no_more_memory),
    };
    if (test_app_is_skipped())
        return 77;
    fault_lite_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    long left = fault_lite_end();
    if (left)
        print_error("SQLite has lost %ld blocks of memory\n", left);
    return failed + (left != 0);
}
