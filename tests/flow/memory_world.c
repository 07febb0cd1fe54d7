/* See memory_world.h. */
#include "memory_world.h"

#include "base/limits.h"
#include "fault_lite.h"
#include "files_world.h"
#include "job/inner.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { ROUNDS_MOST = 30, TRIES_MOST = 5, SLACK = 3 };

/* ── memory that fails ── */

static void fail_at(struct scene *s, long nth)
{
    long count = nth ? s->shortage->count : 0;
    switch (s->shortage->of) {
    case MEMORY_TAKE:
        arena_fail_at(nth, count);
        break;
    case MEMORY_CHUNK:
        alloc_fail_at(nth, count);
        break;
    case MEMORY_LITE:
        fault_lite_fail(nth, count);
        break;
    }
}

static long asked_for(const struct scene *s)
{
    switch (s->shortage->of) {
    case MEMORY_TAKE:
        return arena_takes();
    case MEMORY_CHUNK:
        return alloc_calls() - s->before;
    case MEMORY_LITE:
        return fault_lite_calls();
    }
    return 0;
}

void shortage_begin(void *scene)
{
    struct scene *s = scene;
    if (!s->nth)
        return;
    s->before = alloc_calls();
    s->is_short = true;
    fail_at(s, s->nth);
}

/* On any thread: the one that answers. */
void shortage_end(void *scene)
{
    struct scene *s = scene;
    if (!s->is_short)
        return;
    s->reached = asked_for(s);
    s->is_short = false;
    fail_at(s, 0);
}

static void busy_is_expected(void)
{
    static const char *const warnings[] = {"database error", "a group of writes was lost",
        "a job is left to the end of its lease", "request not done", "request failed"};
    for (size_t i = 0; i < sizeof warnings / sizeof *warnings; i++)
        test_log_may(LOG_WARN, warnings[i]);
    test_log_may(LOG_ERROR, "a job's end could not be written");
}

/* ── the scene ── */

int ask(struct scene *s, const char *method, const char *words, ...)
{
    struct arena *a = &s->app->arena;
    va_list args;
    str target, body;
    va_start(args, words);
    str all = str_vprint(a, words, args);
    va_end(args);
    bool has_body = str_cut(all, ' ', &target, &body);
    return test_request_as(
        s->app, s->app->owner_token, method, str_z(a, target), has_body ? str_z(a, body) : NULL);
}

static str id_of(struct scene *s, const char *path)
{
    return str_copy(&s->app->arena, test_text(s->app, path));
}

static str agent_add(struct scene *s, const char *email)
{
    agent_id id;
    (void)test_agent_add(s->app, email, "agent", &id);
    return str_print(&s->app->arena, "%lld", (long long)id.v);
}

static void channels_open(struct scene *s)
{
    assert_int_equal(ask(s, "PATCH", "/api/v1/account {\"undo_seconds\":0}"), 200);
    assert_int_equal(
        ask(s, "PATCH", "/api/v1/channels/%lld {\"settings\":{\"reply_url\":\"%.*s\"}}",
            (long long)s->app->api_channel.v, SARG(receiver_url(s->peer, "/replies"))),
        200);
    assert_int_equal(ask(s, "POST",
                         "/api/v1/webhooks {\"name\":\"feed\",\"url\":\"%.*s\","
                         "\"events\":[\"message.created\"]}",
                         SARG(receiver_url(s->peer, "/feed"))),
        201);
}

void scene_open(struct scene *s, struct test_app *app, const struct shortage *shortage)
{
    *s = (struct scene){.app = app, .peer = receiver_open(), .shortage = shortage};
    log_level_set(LOG_WARN); /* or the lines that are wrong would find no room */
    mailbox_add(&s->box, app,
        S("{\"receivers\":\"" BY_US "\",\"address\":\"" MAILBOX "\",\"plus\":\"yes\"}"));
    world_open(&s->w, app);
    channels_open(s);
    s->agents[0] = agent_add(s, "ben@test.example");
    s->agents[1] = agent_add(s, "cat@test.example");
    assert_int_equal(hook_message(&s->w, "first", "ann", "hello"), 200);
    world_run(&s->w);
    s->api = str_copy(&app->arena, conversation_newest(&s->w));
    assert_int_equal(ask(s, "GET", "/api/v1/conversations/%.*s", SARG(s->api)), 200);
    s->contact = id_of(s, "contact.id");
    s->visitor = str_copy(&app->arena, visitor_begin(app));
    (void)visitor_says(app, s->visitor, "00000000-0000-4000-9000-000000000000", "hello");
    s->chat = str_copy(&app->arena, conversation_of_owner(app));
    world_run(&s->w);
    s->looker = looker_open(db_kind_of(app->db), app->db_url, app->account);
    app->fault_begin = shortage_begin;
    app->fault_end = shortage_end;
    app->fault_arg = s;
}

void scene_close(struct scene *s)
{
    s->app->fault_begin = s->app->fault_end = NULL;
    looker_close(s->looker);
    world_close(&s->w);
    receiver_close(s->peer);
}

/* ── one run ── */

static int64_t rows_of(struct scene *s, const struct look *look, const char *table)
{
    for (ptrdiff_t i = 0; i < looker_tables(s->looker); i++)
        if (strcmp(looker_table(s->looker, i), table) == 0)
            return look->rows[i];
    fail_msg("no table %s", table);
    return 0;
}

/* Beside those that wait for a date. */
static bool has_jobs(struct scene *s, const char *state)
{
    bool is_there = false;
    assert_int_equal(ask(s, "GET", "/api/v1/jobs?state=%s", state), 200);
    for (const struct json *v = json_get(s->app->json, S("items"))->first; v; v = v->next)
        is_there |= !str_eq(json_text(json_get(v, S("kind")), S("")), S("wake"));
    return is_there;
}

/* Leases run out and pauses go by, until nothing waits. */
static void settle(struct scene *s, struct look *look)
{
    for (int round = 0; round < ROUNDS_MOST; round++) {
        world_run(&s->w);
        if (!has_jobs(s, "queued") && !has_jobs(s, "running")) {
            looker_look(s->looker, look);
            if (!rows_of(s, look, "inbox_waiting"))
                return;
        }
        clock_advance(LIMIT_JOB_LEASE_MS + 1);
        assert_ok(runner_free_expired(s->w.engine, false));
        clock_advance(LIMIT_JOB_BACKOFF_MS);
    }
    (void)ask(s, "GET", "/api/v1/jobs?state=queued");
    fail_msg("it does not come to rest: %.*s", SARG(s->app->body));
}

/* What was refused says so in words, and not a byte of it is there. */
static void check_refused(
    struct scene *s, const struct story *story, const struct look *before, int status)
{
    struct look now;
    looker_look(s->looker, &now);
    bool has_words = story->kind == BY_HAND || json_path(s->app->json, S("error.message"));
    if (status != 503 || !has_words)
        fail_msg("%s failing at %ld: %d %.*s", story->name, s->nth, status, SARG(s->app->body));
    if (story->kind == BY_STEPS)
        return;
    for (ptrdiff_t i = 0; i < looker_tables(s->looker); i++)
        if (now.rows[i] != before->rows[i])
            fail_msg("%s refused at %ld has changed %s", story->name, s->nth,
                looker_table(s->looker, i));
    if (now.content != before->content)
        fail_msg("%s refused at %ld has written", story->name, s->nth);
}

/* Runs the story once and again until it is done; its rows by table. True: it was refused. */
static bool run_once(struct scene *s, const struct story *story, long nth, struct look *more)
{
    struct look before, after;
    bool is_refused = false;
    s->n++;
    clock_advance(2000); /* or visitors and mailboxes would have too much at once */
    if (story->prepare)
        story->prepare(s);
    looker_look(s->looker, &before);
    s->nth = nth;
    int status = story->attempt(s);
    if (status != story->good && story->kind != BY_ENGINE) {
        check_refused(s, story, &before, status);
        is_refused = true;
    }
    s->nth = 0;
    for (int i = 0; is_refused && status != story->good && i < TRIES_MOST; i++)
        status = story->attempt(s);
    if (status != story->good && story->kind != BY_ENGINE)
        fail_msg("%s does not work any more after %ld: %d %.*s", story->name, nth, status,
            SARG(s->app->body));
    settle(s, &after);
    busy_is_expected();
    for (ptrdiff_t i = 0; i < looker_tables(s->looker); i++)
        more->rows[i] = after.rows[i] - before.rows[i];
    return is_refused;
}

/* Upkeep folds the changes of counts, and removes cells that count nobody, when its minute comes.
 * What they say is held against a recount when the story ends. */
static bool is_of_upkeep(const char *table)
{
    return str_starts(str_from(table), S("conversation_cell"));
}

static void check_rows(struct scene *s, const struct story *story, long nth, const struct look *is,
    const struct look *wanted)
{
    for (ptrdiff_t i = 0; i < looker_tables(s->looker); i++)
        if (is->rows[i] != wanted->rows[i] && !is_of_upkeep(looker_table(s->looker, i)))
            fail_msg("%s failing at %ld leaves %lld more rows in %s instead of %lld", story->name,
                nth, (long long)is->rows[i], looker_table(s->looker, i),
                (long long)wanted->rows[i]);
}

void try_story(struct scene *s, const struct story *story, long points)
{
    struct look usual[2], more; /* some stories go to and fro */
    long refused = 0, tried = 0;
    for (int i = 0; i < 4; i++) /* the first ones fill caches and make what is made once */
        (void)run_once(s, story, LONG_MAX / 2, &usual[(s->n + 1) & 1]);
    long last = s->reached;
    long step = last > points ? last / points : 1;
    for (long nth = 1 + (step > 1 ? s->n % step : 0); nth <= last + SLACK; nth += step, tried++) {
        refused += run_once(s, story, nth, &more);
        check_rows(s, story, nth, &more, &usual[s->n & 1]);
    }
    print_message(
        "# %s: failed at %ld of %ld, refused %ld times\n", story->name, tried, last, refused);
}
