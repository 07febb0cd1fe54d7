/* Exports that the server makes: asked for, made by a job, downloaded, and gone after their time;
 * what is in one and what never is; who may have which; what happens when the process ends in the
 * middle, the disk is full, or somebody changes their mind. */
#include "engine_world.h"
#include "files_world.h"

#include "base/json.h"
#include "care/data_export.h"
#include "care/export_make.h"
#include "store/data_export.h"

enum { BLOCK = 512, DAY_MS = 24 * 3600 * 1000 };

struct story {
    struct world w;
    struct test_app *app;
    str ann, bob; /* contacts */
    str token;    /* of whoever asks for parts */
};

static char *z(struct story *s, str text)
{
    return str_z(&s->app->arena, text);
}

static int ask(struct story *s, str token, const char *method, str path, const char *body)
{
    return token.len ? test_request_as(s->app, token, method, z(s, path), body)
                     : test_request(s->app, method, z(s, path), body);
}

static void writes(struct story *s, const char *who)
{
    str json = str_print(&s->app->arena,
        "{\"messages\":[{\"id\":\"m-%s\",\"contact\":{\"id\":\"%s\",\"name\":\"%s\"},"
        "\"text\":\"hello from %s\"}]}",
        who, who, who, who);
    assert_int_equal(hook_post(&s->w, z(s, json)), 200);
    world_run(&s->w);
}

/* Two people have written, the team has noted something about each, with a file. */
static void person_writes(struct story *s, const char *who, str *contact)
{
    struct test_app *app = s->app;
    writes(s, who);
    str conversation = conversation_newest(&s->w);
    str path = str_print(&app->arena, "/api/v1/conversations/%.*s", SARG(conversation));
    assert_int_equal(ask(s, (str){0}, "GET", path, NULL), 200);
    *contact = str_copy(&app->arena, test_text(app, "contact.id"));
    str file = upload_whole(
        app, app->owner_token, "/api/v1", "note.txt", str_print(&app->arena, "file of %s", who));
    str note = str_print(&app->arena,
        "{\"kind\":\"note\",\"client_id\":\"n-%s\",\"text\":\"about %s\","
        "\"attachment_ids\":[\"%.*s\"]}",
        who, who, SARG(file));
    path = str_cat(&app->arena, path, S("/messages"));
    int status = ask(s, (str){0}, "POST", path, z(s, note));
    if (status != 200 && status != 201)
        fail_msg("the note of %s: %d %.*s", who, status, SARG(app->body));
}

static void story_open(struct story *s, void **state)
{
    *s = (struct story){.app = *state};
    world_open(&s->w, s->app);
    person_writes(s, "ann", &s->ann);
    person_writes(s, "bob", &s->bob);
    world_run(&s->w);
}

static void story_close(struct story *s)
{
    world_close(&s->w);
}

static char *of_contact(struct story *s, str contact)
{
    return z(s,
        str_print(&s->app->arena, "{\"what\":\"contact\",\"contact_id\":\"%.*s\"}", SARG(contact)));
}
#define OF_ACCOUNT "{\"what\":\"account\"}"

/* The path of the new export. */
static str asked(struct story *s, const char *body)
{
    int status = ask(s, (str){0}, "POST", S("/api/v1/exports"), body);
    if (status != 201)
        fail_msg("asking for %s: %d %.*s", body, status, SARG(s->app->body));
    assert_str(test_text(s->app, "state"), "queued");
    return str_print(&s->app->arena, "/api/v1/exports/%.*s", SARG(test_text(s->app, "id")));
}

static str state_of(struct story *s, str path)
{
    assert_int_equal(ask(s, (str){0}, "GET", path, NULL), 200);
    return test_text(s->app, "state");
}

/* The bytes of a ready one. */
static str downloaded(struct story *s, str path)
{
    assert_str(state_of(s, path), "ready");
    int64_t bytes = test_int(s->app, "bytes");
    path = str_cat(&s->app->arena, path, S("/file"));
    assert_int_equal(ask(s, (str){0}, "GET", path, NULL), 200);
    assert_int_equal(s->app->body.len, bytes);
    assert_str(s->app->content_type, "application/x-tar");
    return s->app->body;
}

static int64_t octal(str digits)
{
    int64_t v = 0;
    for (ptrdiff_t i = 0; i < digits.len && digits.at[i] >= '0'; i++)
        v = v * 8 + (digits.at[i] - '0');
    return v;
}

/* An entry's bytes; {0} when there is none. */
static str entry(str tar, const char *name)
{
    for (ptrdiff_t at = 0; at + BLOCK <= tar.len && tar.at[at];) {
        str head = str_sub(tar, at, BLOCK);
        ptrdiff_t size = (ptrdiff_t)octal(str_sub(head, 124, 12));
        if (str_eq(str_from(head.at), str_from(name)))
            return str_sub(tar, at + BLOCK, size);
        at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
    }
    return (str){0};
}

static ptrdiff_t lines(str text)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < text.len; i++)
        n += text.at[i] == '\n';
    return n;
}

static bool has(str text, const char *part)
{
    return str_find(text, str_from(part)) >= 0;
}

static ptrdiff_t audited(struct story *s, const char *action)
{
    str path = str_print(&s->app->arena, "/api/v1/audit?action=%s", action);
    assert_int_equal(ask(s, (str){0}, "GET", path, NULL), 200);
    return json_get(s->app->json, S("items"))->count;
}

static bool is_there(struct story *s, str path)
{
    int64_t size;
    struct ctx cx = {
        .arena = &s->app->arena, .account = s->app->account, .config = &s->app->config};
    int64_t number;
    assert_ok(str_int(str_skip(path, (ptrdiff_t)sizeof "/api/v1/exports"), 1, INT64_MAX, &number));
    return file_size(data_export_path(&cx, (data_export_id){number}), &size) == OK;
}

/* ── what is in one ── */

static void an_account_goes_into_one_file_without_secrets(void **state)
{
    struct story s;
    story_open(&s, state);
    str path = asked(&s, OF_ACCOUNT);
    assert_int_equal(audited(&s, "account.exported"), 1);
    world_run(&s.w);
    str tar = downloaded(&s, path);
    assert_int_equal(lines(entry(tar, "contacts.jsonl")), 2);
    assert_int_equal(lines(entry(tar, "messages.jsonl")), 2);
    assert_int_equal(lines(entry(tar, "notes.jsonl")), 2);
    assert_int_equal(lines(entry(tar, "attachments.jsonl")), 2);
    assert_int_equal(lines(entry(tar, "account.jsonl")), 1);
    assert_true(has(tar, "file of ann") && has(tar, "file of bob"));
    assert_true(has(entry(tar, "manifest.json"), "\"format\":\"seva-export\""));
    const str secrets[] = {s.app->owner_token, s.app->owner_session, s.app->source_secret,
        s.app->identity_secret, S("argon2"), S("sealed")};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        assert_true(str_find(tar, secrets[i]) < 0);
    assert_int_equal(audited(&s, "export.downloaded"), 1);
    story_close(&s);
}

/* A GET of the file with a Range and, unless it is empty, an If-Range. */
static int part_of(struct story *s, str path, str range, str if_range)
{
    const struct http_header headers[] = {
        {S("Authorization"), str_cat(&s->app->arena, S("Bearer "), s->token)},
        {S("Range"),         range                              },
        {S("If-Range"),     if_range},
    };
    return test_request_full(s->app, "GET", z(s, str_cat(&s->app->arena, path, S("/file"))),
        headers, if_range.len ? 3 : 2, (str){0});
}

static void a_download_that_broke_off_goes_on_where_it_was(void **state)
{
    struct story s;
    story_open(&s, state);
    str path = asked(&s, OF_ACCOUNT);
    world_run(&s.w);
    str all = downloaded(&s, path);
    str etag = test_answer_header(s.app, "ETag");
    assert_str(test_answer_header(s.app, "Accept-Ranges"), "bytes");
    assert_true(etag.len > 2);
    s.token = test_agent_add(s.app, "range@test.example", "admin", NULL);
    assert_int_equal(part_of(&s, path, S("bytes=1000-1999"), (str){0}), 206);
    assert_true(str_eq(s.app->body, str_sub(all, 1000, 1000)));
    str said = str_print(&s.app->arena, "bytes 1000-1999/%td", all.len);
    assert_true(str_eq(test_answer_header(s.app, "Content-Range"), said));
    assert_int_equal(part_of(&s, path, S("bytes=1500-"), etag), 206);
    assert_true(str_eq(s.app->body, str_skip(all, 1500)));
    assert_int_equal(part_of(&s, path, S("bytes=1500-"), S("\"another\"")), 200);
    assert_true(str_eq(s.app->body, all));
    assert_int_equal(part_of(&s, path, S("bytes=0-1,5-6"), (str){0}), 200);
    str behind = str_print(&s.app->arena, "bytes=%td-", all.len);
    assert_int_equal(part_of(&s, path, behind, (str){0}), 416);
    said = str_print(&s.app->arena, "bytes */%td", all.len);
    assert_true(str_eq(test_answer_header(s.app, "Content-Range"), said));
    assert_str(test_text(s.app, "error.code"), "range");
    story_close(&s);
}

static void a_contact_goes_into_one_file_and_nobody_else(void **state)
{
    struct story s;
    story_open(&s, state);
    str path = asked(&s, of_contact(&s, s.ann));
    assert_str(test_text(s.app, "contact_name"), "ann");
    world_run(&s.w);
    str tar = downloaded(&s, path);
    assert_int_equal(lines(entry(tar, "contacts.jsonl")), 1);
    assert_int_equal(lines(entry(tar, "messages.jsonl")), 1);
    assert_true(has(tar, "about ann") && has(tar, "file of ann"));
    assert_false(has(tar, "bob"));
    assert_null(entry(tar, "agents.jsonl").at);
    assert_null(entry(tar, "audit.jsonl").at);
    assert_int_equal(audited(&s, "contact.exported"), 1);
    story_close(&s);
}

/* ── who may ── */

static void a_contacts_needs_its_permission_and_the_accounts_an_admin(void **state)
{
    struct story s;
    story_open(&s, state);
    str of_all = asked(&s, OF_ACCOUNT), of_ann = asked(&s, of_contact(&s, s.ann));
    world_run(&s.w);
    str supervisor = test_agent_add(s.app, "sue@test.example", "supervisor", &(agent_id){0});
    assert_int_equal(ask(&s, supervisor, "GET", S("/api/v1/exports"), NULL), 403);
    assert_int_equal(ask(&s, supervisor, "POST", S("/api/v1/exports"), of_contact(&s, s.bob)), 403);
    assert_int_equal(ask(&s, (str){0}, "POST", S("/api/v1/roles"),
                         "{\"name\":\"Privacy\",\"capabilities\":[\"contact.export\"]}"),
        201);
    str role = test_text(s.app, "key");
    str officer = test_agent_add(s.app, "olga@test.example", z(&s, role), &(agent_id){0});
    assert_int_equal(ask(&s, officer, "POST", S("/api/v1/exports"), OF_ACCOUNT), 403);
    assert_int_equal(ask(&s, officer, "POST", S("/api/v1/exports"), of_contact(&s, s.bob)), 201);
    assert_int_equal(ask(&s, officer, "GET", S("/api/v1/exports"), NULL), 200);
    assert_int_equal(json_get(s.app->json, S("items"))->count, 2);
    str file = str_cat(&s.app->arena, of_ann, S("/file"));
    assert_int_equal(ask(&s, officer, "GET", file, NULL), 200);
    file = str_cat(&s.app->arena, of_all, S("/file"));
    assert_int_equal(ask(&s, officer, "GET", file, NULL), 404);
    assert_int_equal(ask(&s, officer, "GET", of_all, NULL), 404);
    assert_int_equal(ask(&s, officer, "DELETE", of_all, NULL), 404);
    assert_str(state_of(&s, of_all), "ready");
    assert_int_equal(audited(&s, "export.downloaded"), 1);
    story_close(&s);
}

static void what_is_asked_for_wrongly_is_refused_by_name(void **state)
{
    struct story s;
    story_open(&s, state);
    static const char *const bodies[] = {"{\"what\":\"contact\"}",
        "{\"what\":\"contact\",\"contact_id\":\"77\"}",
        "{\"what\":\"account\",\"contact_id\":\"77\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(ask(&s, (str){0}, "POST", S("/api/v1/exports"), bodies[i]), 400);
        assert_str(test_text(s.app, "error.field"), "contact_id");
    }
    assert_int_equal(audited(&s, "contact.exported") + audited(&s, "account.exported"), 0);
    story_close(&s);
}

static void the_same_is_not_made_twice_at_once_and_twenty_are_kept(void **state)
{
    struct story s;
    story_open(&s, state);
    str first = asked(&s, OF_ACCOUNT);
    assert_int_equal(ask(&s, (str){0}, "POST", S("/api/v1/exports"), OF_ACCOUNT), 409);
    assert_str(test_text(s.app, "error.code"), "conflict.under_way");
    str file = str_cat(&s.app->arena, first, S("/file"));
    assert_int_equal(ask(&s, (str){0}, "GET", file, NULL), 409);
    assert_int_equal(audited(&s, "export.downloaded"), 0);
    for (int i = 1; i < LIMIT_EXPORTS; i++) {
        world_run(&s.w);
        (void)asked(&s, OF_ACCOUNT);
    }
    world_run(&s.w);
    assert_int_equal(ask(&s, (str){0}, "POST", S("/api/v1/exports"), OF_ACCOUNT), 409);
    assert_str(test_text(s.app, "error.code"), "conflict.full");
    assert_int_equal(ask(&s, (str){0}, "DELETE", first, NULL), 204);
    world_run(&s.w);
    (void)asked(&s, OF_ACCOUNT);
    story_close(&s);
}

/* ── ends ── */

static void one_that_is_deleted_goes_with_its_file(void **state)
{
    struct story s;
    story_open(&s, state);
    str path = asked(&s, OF_ACCOUNT);
    world_run(&s.w);
    assert_true(is_there(&s, path));
    assert_int_equal(ask(&s, (str){0}, "DELETE", path, NULL), 204);
    assert_int_equal(ask(&s, (str){0}, "GET", path, NULL), 404);
    world_run(&s.w);
    assert_false(is_there(&s, path));
    path = asked(&s, OF_ACCOUNT); /* and before it was begun */
    assert_int_equal(ask(&s, (str){0}, "DELETE", path, NULL), 204);
    world_run(&s.w);
    assert_false(is_there(&s, path));
    assert_int_equal(ask(&s, (str){0}, "GET", S("/api/v1/exports"), NULL), 200);
    assert_int_equal(json_get(s.app->json, S("items"))->count, 0);
    assert_int_equal(audited(&s, "export.deleted"), 2);
    story_close(&s);
}

static void one_goes_with_its_file_when_its_time_is_over(void **state)
{
    struct story s;
    story_open(&s, state);
    str path = asked(&s, OF_ACCOUNT);
    world_run(&s.w);
    clock_advance((int64_t)LIMIT_EXPORT_KEEP_DAYS * DAY_MS - 1000);
    world_run(&s.w);
    assert_true(is_there(&s, path));
    clock_advance(2 * 60 * 1000); /* upkeep comes every minute */
    world_run(&s.w);
    assert_false(is_there(&s, path));
    assert_int_equal(ask(&s, (str){0}, "GET", path, NULL), 404);
    story_close(&s);
}

static void what_a_killed_process_has_left_is_made_anew(void **state)
{
    struct story s;
    story_open(&s, state);
    str path = asked(&s, OF_ACCOUNT);
    struct ctx *cx = test_begin(s.app);
    struct data_export *rows = NULL;
    ptrdiff_t n = 0;
    bool is_so = false;
    assert_ok(data_export_list(cx, true, (data_export_id){0}, 2, &rows, &n));
    assert_int_equal(n, 1);
    assert_ok(data_export_start(cx, rows[0].id, &is_so)); /* it was being made, */
    assert_true(is_so);
    str file = str_copy(&s.app->arena, data_export_path(cx, rows[0].id));
    str folder = str_copy(&s.app->arena, data_export_folder(cx));
    test_commit(s.app, cx);
    assert_ok(file_folder_make(folder, 0700));
    assert_ok(file_write(file, S("whole, but nobody said so"), 0600)); /* and at its very end */
    assert_ok(file_write(str_cat(&s.app->arena, file, S(".part")), S("half"), 0600));
    world_run(&s.w);
    str tar = downloaded(&s, path);
    assert_int_equal(lines(entry(tar, "contacts.jsonl")), 2);
    struct str_list names;
    assert_ok(file_folder_list(&s.app->arena, folder, 10, &names));
    assert_int_equal(names.len, 1);
    story_close(&s);
}

static void a_full_disk_is_told_and_tried_again(void **state)
{
    struct story s;
    story_open(&s, state);
    str path = asked(&s, OF_ACCOUNT);
    file_fail_at(8, 1000, ENOSPC);
    world_run(&s.w);
    file_fail_at(0, 0, 0);
    assert_str(state_of(&s, path), "queued");
    assert_true(has(test_text(s.app, "error"), "No space left on device"));
    test_log_had(LOG_WARN, "an export was not made");
    assert_false(is_there(&s, path));
    clock_advance(10 * 60 * 1000);
    world_run(&s.w);
    (void)downloaded(&s, path);
    story_close(&s);
}

static void one_that_does_not_come_about_says_why_after_a_quarter_of_an_hour(void **state)
{
    struct story s;
    story_open(&s, state);
    str path = asked(&s, OF_ACCOUNT);
    for (int i = 0; i < 8; i++) {
        file_fail_at(8, 1000, EIO);
        world_run(&s.w);
        file_fail_at(0, 0, 0);
        clock_advance(6 * 60 * 1000);
    }
    test_log_may(LOG_WARN, "an export was not made");
    test_log_may(LOG_WARN, "job");
    assert_str(state_of(&s, path), "failed");
    if (!has(test_text(s.app, "error"), "Input/output error"))
        fail_msg("it says: %.*s", SARG(test_text(s.app, "error")));
    assert_int_equal(ask(&s, (str){0}, "DELETE", path, NULL), 204);
    path = asked(&s, OF_ACCOUNT);
    world_run(&s.w);
    (void)downloaded(&s, path);
    story_close(&s);
}

/* ── long ones ── */

struct watch {
    struct story *s;
    int told, ends_at;
    int64_t contact;                      /* 0 = all of the account */
    struct export_progress far, messages; /* last; when the last message was read */
};

/* Somebody reads slowly, and a third person writes meanwhile. */
static err slow(void *arg, const struct export_progress *far)
{
    struct watch *w = arg;
    bool is_other = w->far.step && !str_eq(str_from(far->step), str_from(w->far.step));
    assert_true(far->done <= far->total);
    assert_true(far->bytes >= w->far.bytes && (is_other || far->done >= w->far.done));
    if (is_other)
        w->messages = w->far;
    w->far = *far;
    clock_advance(31 * 1000);
    if (++w->told == w->ends_at)
        return E_CONFLICT;
    if (w->told == 1) {
        writes(w->s, "cem");
    }
    return OK;
}

static err made(struct story *s, struct watch *w, const char *name, int64_t snapshot_ms,
    int64_t room_bytes, str *why)
{
    struct export_made made;
    struct export_order order = {.target = test_path(name),
        .blobs_dir = s->app->config.blobs_dir,
        .room_bytes = room_bytes,
        .snapshot_ms = snapshot_ms,
        .db = s->app->db,
        .account = s->app->account,
        .contact = {w->contact},
        .told = slow,
        .arg = w};
    return export_make(&s->app->arena, &order, &made, why);
}

static str content_of(struct story *s, const char *name)
{
    str content = {0};
    assert_ok(file_read(&s->app->arena, test_path(name), 1 << 24, &content));
    return content;
}

static void a_snapshot_is_not_held_for_longer_than_is_said(void **state)
{
    struct story s;
    str why = {0};
    story_open(&s, state);
    struct watch w = {.s = &s};
    assert_ok(made(&s, &w, "long.tar", 30 * 1000, 0, &why));
    str tar = content_of(&s, "long.tar");
    assert_true(has(entry(tar, "contacts.jsonl"), "cem"));
    assert_true(has(entry(tar, "manifest.json"), "read_until_at"));
    story_close(&s);
}

static void how_far_it_is_is_what_was_done_of_what_there_is(void **state)
{
    struct story s;
    str why = {0};
    story_open(&s, state);
    for (int i = 0; i < 2; i++) { /* of the account, then of one of two people */
        struct watch w = {.s = &s, .told = 1};
        if (i)
            assert_ok(str_int(s.ann, 1, INT64_MAX, &w.contact));
        assert_ok(made(&s, &w, i ? "far-ann.tar" : "far.tar", 0, 0, &why));
        str tar = content_of(&s, i ? "far-ann.tar" : "far.tar");
        ptrdiff_t rows = lines(entry(tar, "messages.jsonl")) + lines(entry(tar, "notes.jsonl")) +
                         lines(entry(tar, "other_messages.jsonl")) +
                         lines(entry(tar, "activities.jsonl"));
        assert_string_equal(w.messages.step, "messages");
        assert_true(rows >= 2);
        assert_int_equal(w.messages.done, rows);
        assert_int_equal(w.messages.total, rows);
        assert_string_equal(w.far.step, "files");
        assert_int_equal(w.far.done, i ? 1 : 2);
        assert_int_equal(w.far.total, i ? 1 : 2);
    }
    story_close(&s);
}

static void one_that_is_being_made_says_how_far_it_is_and_no_other(void **state)
{
    struct story s;
    story_open(&s, state);
    str path = asked(&s, OF_ACCOUNT);
    data_export_id id;
    bool is_so = false;
    assert_ok(str_int(str_skip(path, (ptrdiff_t)sizeof "/api/v1/exports"), 1, INT64_MAX, &id.v));
    const struct export_progress far = {.step = "messages", .done = 3, .total = 7, .bytes = 1000};
    struct ctx *cx = test_begin(s.app);
    assert_ok(data_export_start(cx, id, &is_so));
    assert_ok(data_export_progress(cx, id, &far, &is_so));
    assert_true(is_so);
    test_commit(s.app, cx);
    assert_str(state_of(&s, path), "running");
    assert_str(test_text(s.app, "step"), "messages");
    assert_int_equal(test_int(s.app, "step_done"), 3);
    assert_int_equal(test_int(s.app, "step_total"), 7);
    world_run(&s.w);
    assert_str(state_of(&s, path), "ready");
    assert_int_equal(json_get(s.app->json, S("step"))->kind, JSON_NULL);
    assert_int_equal(test_int(s.app, "step_done"), 0);
    story_close(&s);
}

static void without_such_a_time_it_is_of_one_moment(void **state)
{
    struct story s;
    str why = {0};
    story_open(&s, state);
    struct watch w = {.s = &s};
    assert_ok(made(&s, &w, "one.tar", 0, 0, &why));
    str tar = content_of(&s, "one.tar");
    assert_false(has(entry(tar, "contacts.jsonl"), "cem"));
    assert_false(has(entry(tar, "manifest.json"), "read_until_at"));
    story_close(&s);
}

static void one_that_is_ended_in_the_middle_leaves_nothing(void **state)
{
    struct story s;
    str why = {0};
    int64_t size;
    story_open(&s, state);
    for (int i = 1; i < 40; i += 3) {
        struct watch w = {.s = &s, .told = 1, .ends_at = 1 + i};
        err e = made(&s, &w, "cut.tar", 0, 0, &why);
        assert_true(e == E_CONFLICT || (e == OK && w.told < w.ends_at));
        if (e == OK)
            assert_ok(file_remove(test_path("cut.tar")));
        assert_err(file_size(test_path("cut.tar"), &size), E_NOT_FOUND);
        assert_err(file_size(test_path("cut.tar.part"), &size), E_NOT_FOUND);
    }
    story_close(&s);
}

static void the_last_of_the_disk_is_left_to_others(void **state)
{
    struct story s;
    str why = {0};
    int64_t size;
    story_open(&s, state);
    struct watch w = {.s = &s, .told = 1};
    assert_err(made(&s, &w, "full.tar", 0, INT64_MAX, &why), E_BUSY);
    assert_true(has(why, "The disk of the server is nearly full"));
    assert_err(file_size(test_path("full.tar"), &size), E_NOT_FOUND);
    story_close(&s);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(an_account_goes_into_one_file_without_secrets),
        TEST_APP(a_download_that_broke_off_goes_on_where_it_was),
        TEST_APP(a_contact_goes_into_one_file_and_nobody_else),
        TEST_APP(a_contacts_needs_its_permission_and_the_accounts_an_admin),
        TEST_APP(what_is_asked_for_wrongly_is_refused_by_name),
        TEST_APP(the_same_is_not_made_twice_at_once_and_twenty_are_kept),
        TEST_APP(one_that_is_deleted_goes_with_its_file),
        TEST_APP(one_goes_with_its_file_when_its_time_is_over),
        TEST_APP(what_a_killed_process_has_left_is_made_anew),
        TEST_APP(a_full_disk_is_told_and_tried_again),
        TEST_APP(one_that_does_not_come_about_says_why_after_a_quarter_of_an_hour),
        TEST_APP(a_snapshot_is_not_held_for_longer_than_is_said),
        TEST_APP(how_far_it_is_is_what_was_done_of_what_there_is),
        TEST_APP(one_that_is_being_made_says_how_far_it_is_and_no_other),
        TEST_APP(without_such_a_time_it_is_of_one_moment),
        TEST_APP(one_that_is_ended_in_the_middle_leaves_nothing),
        TEST_APP(the_last_of_the_disk_is_left_to_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
