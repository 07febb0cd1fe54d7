/* The numbers beside the views are kept on write: whatever happens to a conversation, they are what
 * a recount finds and what the lists hold, for who sees all and for who sees some. Every other
 * story ends with the same recount (support/test_app.c). */
#include "engine_world.h"

#include "base/clock.h"
#include "care/importer.h"
#include "job/inner.h"
#include "store/conversation_cell.h"
#include "store/door.h"

#include <stdarg.h>
#include <stdio.h>

static str made(struct test_app *app, const char *target_and_body)
{
    assert_int_equal(test_ask(app, "POST", "%s", target_and_body), 201);
    return str_copy(&app->arena, test_text(app, "id"));
}

static int64_t wrong_cells(struct test_app *app)
{
    int64_t wrong = -1;
    struct ctx *cx = test_begin(app);
    assert_int_equal(conversation_cells_check(cx, &wrong), OK);
    test_rollback(app, cx);
    return wrong;
}

/* What the view says, which is exact. */
static int64_t total(struct test_app *app, str token, const char *view)
{
    assert_int_equal(test_request_as(app, token, "GET", "/api/v1/views/counts", NULL), 200);
    str at = str_print(&app->arena, "views.%s.total", view);
    const struct json *is_least =
        json_path(app->json, str_print(&app->arena, "views.%s.is_least", view));
    assert_non_null(is_least);
    assert_false(is_least->boolean);
    return test_int(app, str_z(&app->arena, at));
}

static int64_t listed(struct test_app *app, str token, const char *view)
{
    str target = str_print(&app->arena, "/api/v1/conversations?limit=100&view=%s", view);
    assert_int_equal(test_request_as(app, token, "GET", str_z(&app->arena, target), NULL), 200);
    return json_get(app->json, S("items"))->count;
}

/* Every view of the person says what its list holds. */
static void agree(struct test_app *app, str token)
{
    static const char *const views[] = {
        "mine", "unassigned", "all", "mentions", "snoozed", "resolved"};
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
        assert_int_equal(total(app, token, views[i]), listed(app, token, views[i]));
    assert_int_equal(wrong_cells(app), 0);
}

/* ── every kind of change ── */

struct changes {
    struct world w;
    str team, agent_token;
    agent_id agent;
    str ids[12];
};

static void comes_in(struct changes *c)
{
    for (int i = 0; i < 12; i++) {
        char id[16], person[16];
        (void)snprintf(id, sizeof id, "m%d", i);
        (void)snprintf(person, sizeof person, "p%d", i);
        assert_int_equal(hook_message(&c->w, id, person, "hello"), 200);
        if (i % 4 == 3) /* four of a set */
            world_run(&c->w);
    }
    assert_int_equal(test_ask(c->w.app, "GET", "/api/v1/conversations?limit=100"), 200);
    for (int i = 0; i < 12; i++) {
        char at[32];
        (void)snprintf(at, sizeof at, "items.%d.id", i);
        c->ids[i] = str_copy(&c->w.app->arena, test_text(c->w.app, at));
    }
    assert_int_equal(total(c->w.app, c->w.app->owner_token, "all"), 12);
}

static void patch(struct changes *c, int which, const char *json)
{
    assert_int_equal(
        test_ask(c->w.app, "PATCH", "/api/v1/conversations/%.*s %s", SARG(c->ids[which]), json),
        200);
    assert_int_equal(wrong_cells(c->w.app), 0);
}

static void one_by_one(struct changes *c)
{
    struct test_app *app = c->w.app;
    str mine = str_print(&app->arena, "{\"assignee_id\":\"%lld\"}", (long long)app->owner.v);
    str team = str_print(&app->arena, "{\"team_id\":\"%.*s\"}", SARG(c->team));
    patch(c, 0, str_z(&app->arena, mine));
    patch(c, 1, str_z(&app->arena, mine));
    patch(c, 2, str_z(&app->arena, team));
    patch(c, 3, "{\"priority\":\"urgent\"}");
    patch(c, 4, "{\"status\":\"resolved\"}");
    patch(c, 5, "{\"status\":\"snoozed\",\"snoozed_until\":\"2026-01-02T00:00:00Z\"}");
    patch(c, 6, "{\"status\":\"pending\"}");
    patch(c, 1, "{\"assignee_id\":null,\"priority\":\"low\"}");
    assert_int_equal(total(app, app->owner_token, "mine"), 1);
    assert_int_equal(total(app, app->owner_token, "unassigned"), 8);
    assert_int_equal(total(app, app->owner_token, "snoozed"), 2);
    assert_int_equal(total(app, app->owner_token, "resolved"), 1);
    patch(c, 4, "{\"status\":\"open\"}");
    assert_int_equal(total(app, app->owner_token, "resolved"), 0);
}

static void many_at_once(struct changes *c)
{
    struct test_app *app = c->w.app;
    assert_int_equal(
        test_ask(app, "POST",
            "/api/v1/conversations/bulk {\"ids\":[\"%.*s\",\"%.*s\",\"%.*s\",\"9\"],\"set\":"
            "{\"status\":\"resolved\",\"assignee_id\":\"%lld\",\"team_id\":\"%.*s\"}}",
            SARG(c->ids[7]), SARG(c->ids[8]), SARG(c->ids[9]), (long long)c->agent.v,
            SARG(c->team)),
        200);
    str undo = str_copy(&app->arena, test_text(app, "undo_token"));
    assert_int_equal(total(app, app->owner_token, "resolved"), 3);
    agree(app, app->owner_token);
    assert_int_equal(test_ask(app, "POST",
                         "/api/v1/conversations/bulk/undo {\"undo_token\":\"%.*s\"}", SARG(undo)),
        200);
    assert_int_equal(total(app, app->owner_token, "resolved"), 0);
    agree(app, app->owner_token);
}

static err import_within(struct desk *desk, void *arg)
{
    struct changes *c = arg;
    struct importer im;
    TRY(desk_begin(desk, DB_WRITE));
    TRY(desk_scope(desk, c->w.app->account));
    TRY(importer_open(&desk->cx, desk->arena, &im));
    static const str lines[] = {
        S_INIT("{\"type\":\"contact\",\"id\":\"past\",\"name\":\"Past\"}"),
        S_INIT(
            "{\"type\":\"conversation\",\"id\":\"then\",\"channel\":\"api\",\"contact\":\"past\","
            "\"status\":\"resolved\",\"resolved_at\":\"2025-01-06T08:30:00Z\",\"messages\":[{\"id\":\"pm\",\"kind\":\"in\",\"text\":\"then\","
            "\"at\":\"2025-01-05T08:30:00Z\"}]}"),
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (importer_line(&desk->cx, &im, lines[i]) != OK)
            fail_msg("the import said %.*s", SARG(desk->cx.fault.words));
    return desk_commit(desk);
}

static void is_imported(struct changes *c)
{
    struct arena a = arena_make(0);
    struct desk desk = {.engine = c->w.engine, .arena = &a};
    assert_int_equal(desk_guard(&desk, import_within, c), OK);
    arena_free(&a);
    assert_int_equal(total(c->w.app, c->w.app->owner_token, "resolved"), 1);
}

static void numbers_follow_every_kind_of_change(void **state)
{
    struct changes c = {0};
    struct test_app *app = *state;
    world_open(&c.w, app);
    c.agent_token = test_agent_add(app, "some@test.example", "agent", &c.agent);
    c.team = made(app, "/api/v1/teams {\"name\":\"North\"}");
    comes_in(&c);
    one_by_one(&c);
    agree(app, app->owner_token);
    many_at_once(&c);
    patch(&c, 10, "{\"status\":\"resolved\"}");
    assert_int_equal(
        hook_message(&c.w, "again", "p1", "hello again"), 200); /* reopens, or is new */
    world_run(&c.w);
    agree(app, app->owner_token);
    clock_advance(INT64_C(2) * 24 * 3600 * 1000); /* what sleeps wakes */
    world_run(&c.w);
    assert_int_equal(total(app, app->owner_token, "snoozed"), 1); /* the one that is pending */
    agree(app, app->owner_token);
    is_imported(&c);
    agree(app, app->owner_token);
    assert_int_equal(test_ask(app, "DELETE", "/api/v1/teams/%.*s", SARG(c.team)), 204);
    agree(app, app->owner_token);
    assert_int_equal(
        test_ask(app, "DELETE", "/api/v1/channels/%lld", (long long)app->api_channel.v), 204);
    agree(app, app->owner_token);
    world_close(&c.w);
}

/* ── who sees some ── */

static void mention(struct changes *c, int which)
{
    static int n;
    assert_int_equal(test_ask(c->w.app, "POST",
                         "/api/v1/conversations/%.*s/messages {\"kind\":\"note\",\"text\":\"look\","
                         "\"client_id\":\"22222222-2222-4222-8222-%012d\",\"mentions\":[\"%lld\"]}",
                         SARG(c->ids[which]), ++n, (long long)c->agent.v),
        201);
}

/* So many rows has the list as the agent sees it. */
[[gnu::format(printf, 2, 3)]] static int narrowed(struct changes *c, const char *query, ...)
{
    char narrow[100];
    va_list args;
    va_start(args, query);
    (void)vsnprintf(narrow, sizeof narrow, query, args);
    va_end(args);
    struct test_app *app = c->w.app;
    str target =
        str_print(&app->arena, "/api/v1/conversations?status=open,pending,resolved&%s", narrow);
    assert_int_equal(
        test_request_as(app, c->agent_token, "GET", str_z(&app->arena, target), NULL), 200);
    int n = 0;
    for (const struct json *v = json_get(app->json, S("items"))->first; v; v = v->next)
        n++;
    return n;
}

static void who_sees_some_is_told_what_its_lists_hold(void **state)
{
    struct changes c = {0};
    struct test_app *app = *state;
    world_open(&c.w, app);
    c.agent_token = test_agent_add(app, "some@test.example", "agent", &c.agent);
    c.team = made(app, "/api/v1/teams {\"name\":\"North\"}");
    comes_in(&c);
    assert_int_equal(test_ask(app, "PATCH",
                         "/api/v1/agents/%lld {\"grants\":[{\"scope\":\"team\",\"id\":\"%.*s\"}]}",
                         (long long)c.agent.v, SARG(c.team)),
        200);
    assert_int_equal(total(app, c.agent_token, "all"), 0);
    str team = str_print(&app->arena, "{\"team_id\":\"%.*s\"}", SARG(c.team));
    str theirs = str_print(&app->arena, "{\"assignee_id\":\"%lld\"}", (long long)c.agent.v);
    patch(&c, 0, str_z(&app->arena, team));
    patch(&c, 1, str_z(&app->arena, team));
    patch(&c, 1, str_z(&app->arena, theirs));
    patch(&c, 2, str_z(&app->arena, theirs));
    mention(&c, 2); /* seen anyway */
    mention(&c, 3); /* seen by this alone */
    mention(&c, 4);
    patch(&c, 4, "{\"status\":\"resolved\"}");
    assert_int_equal(total(app, c.agent_token, "all"), 4);
    assert_int_equal(total(app, c.agent_token, "mine"), 2);
    assert_int_equal(total(app, c.agent_token, "unassigned"), 2);
    assert_int_equal(total(app, c.agent_token, "resolved"), 1);
    agree(app, c.agent_token);
    agree(app, app->owner_token);
    str own = str_print(&app->arena, "{\"assignee_id\":\"%lld\"}", (long long)app->owner.v);
    str other = made(app, "/api/v1/teams {\"name\":\"South\"}");
    str elsewhere = str_print(&app->arena, "{\"team_id\":\"%.*s\"}", SARG(other));
    patch(&c, 5, str_z(&app->arena, own)); /* seen by neither */
    patch(&c, 5, str_z(&app->arena, elsewhere));
    patch(&c, 0, str_z(&app->arena, own)); /* of its team */
    assert_int_equal(narrowed(&c, "assignee=%lld", (long long)app->owner.v), 1);
    assert_int_equal(narrowed(&c, "assignee=%lld", (long long)c.agent.v), 2);
    assert_int_equal(narrowed(&c, "team=%.*s", SARG(other)), 0);
    assert_int_equal(narrowed(&c, "team=%.*s", SARG(c.team)), 2);
    assert_int_equal(narrowed(&c, "channel=%lld", (long long)app->api_channel.v), 5);
    world_close(&c.w);
}

/* A view that somebody has made, whose filter names only what cells know. */
static void made_views_are_sums_of_cells(void **state)
{
    struct changes c = {0};
    struct test_app *app = *state;
    world_open(&c.w, app);
    c.team = made(app, "/api/v1/teams {\"name\":\"North\"}");
    comes_in(&c);
    str team = str_print(&app->arena, "{\"team_id\":\"%.*s\",\"priority\":\"high\"}", SARG(c.team));
    patch(&c, 0, str_z(&app->arena, team));
    patch(&c, 1, str_z(&app->arena, team));
    patch(&c, 2, "{\"priority\":\"urgent\",\"status\":\"pending\"}");
    const struct {
        const char *filter;
        int64_t total;
    } views[] = {
        {"\"team\":\"%.*s\"",                                           2 },
        {"\"team\":\"none\",\"assignee\":\"none\"",                     9 },
        {"\"priority\":[\"high\",\"urgent\"]",                          2 },
        {"\"priority\":[\"urgent\"],\"status\":[\"open\",\"pending\"]", 1 },
        {"\"priority\":[\"none\"]",                                     9 },
        {"\"status\":[\"open\",\"pending\",\"snoozed\",\"resolved\"]",  12},
    };
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        str filter = i ? str_from(views[i].filter)
                       : str_print(&app->arena, "\"team\":\"%.*s\"", SARG(c.team));
        str view =
            made(app, str_z(&app->arena, str_print(&app->arena,
                                             "/api/v1/views {\"name\":\"v%zu\",\"filter\":{%.*s}}",
                                             i, SARG(filter))));
        assert_int_equal(total(app, app->owner_token, str_z(&app->arena, view)), views[i].total);
    }
    world_close(&c.w);
}

/* ── many nodes, folding, mending ── */

static void run(struct test_app *app, str sql, const struct db_arg *args, ptrdiff_t n)
{
    struct ctx *cx = test_begin(app);
    assert_int_equal(db_run(cx->db, sql, args, n, NULL), OK);
    test_commit(app, cx);
}

struct number_row {
    int64_t value;
};
static const struct db_col number_cols[] = {COL(struct number_row, value)};

/* How many changes wait to be folded; SQLite has none. */
static int64_t waiting(struct test_app *app)
{
    struct number_row row = {0};
    struct ctx *cx = test_begin(app);
    if (db_tx_kind(cx->db) == DB_POSTGRES)
        assert_int_equal(db_one(cx->db,
                             S("SELECT COUNT(*) AS value FROM conversation_cell_change"
                               " WHERE account_id = ?1 /* test */"),
                             ARGS(A_ID(cx->account)), COLS(number_cols), &row),
            OK);
    test_rollback(app, cx);
    return row.value;
}

static struct ctx begin_beside(struct test_app *app, struct arena *a)
{
    struct ctx cx = {.arena = a, .now_ms = clock_now_ms(), .config = &app->config};
    assert_int_equal(db_begin(app->db, DB_WRITE, a, &cx.db), OK);
    assert_int_equal(door_account(&cx, app->account), OK);
    return cx;
}

static err resolve(struct ctx *cx, str id)
{
    int64_t number = 0;
    assert_int_equal(str_int(id, 1, INT64_MAX, &number), OK);
    return db_run(cx->db,
        S("UPDATE conversation SET status = 'resolved' WHERE account_id = ?1 AND id = ?2 /* test */"),
        ARGS(A_ID(cx->account), A_INT(number)), NULL);
}

/* On PostgreSQL two nodes write at once: neither waits for the other, in whatever order they end.
 */
static void two_that_move_the_same_cells_do_not_wait_for_each_other(void **state)
{
    struct changes c = {0};
    struct test_app *app = *state;
    struct arena a = arena_make(0), b = arena_make(0);
    world_open(&c.w, app);
    comes_in(&c);
    struct ctx one = begin_beside(app, &a);
    if (db_tx_kind(one.db) == DB_POSTGRES) {
        struct ctx two = begin_beside(app, &b);
        assert_int_equal(resolve(&one, c.ids[0]), OK);
        assert_int_equal(resolve(&two, c.ids[1]), OK); /* who waits is refused after 5 s */
        assert_int_equal(resolve(&one, c.ids[2]), OK);
        int64_t folded = 0;
        struct ctx three = begin_beside(app, &app->arena);
        assert_int_equal(conversation_cells_fold(&three, 1000, &folded), OK); /* nor does upkeep */
        assert_int_equal(db_commit(three.db), OK);
        assert_int_equal(db_commit(two.db), OK);
        assert_int_equal(wrong_cells(app), 0);
    }
    assert_int_equal(resolve(&one, c.ids[3]), OK);
    assert_int_equal(db_commit(one.db), OK);
    agree(app, app->owner_token);
    arena_free(&a);
    arena_free(&b);
    world_close(&c.w);
}

static void what_is_undone_moves_nothing(void **state)
{
    struct changes c = {0};
    struct test_app *app = *state;
    world_open(&c.w, app);
    comes_in(&c);
    struct ctx *cx = test_begin(app);
    assert_int_equal(resolve(cx, c.ids[0]), OK);
    test_rollback(app, cx);
    assert_int_equal(total(app, app->owner_token, "all"), 12);
    agree(app, app->owner_token);
    world_close(&c.w);
}

static void folding_changes_no_number_and_ends(void **state)
{
    struct changes c = {0};
    struct test_app *app = *state;
    world_open(&c.w, app);
    comes_in(&c);
    for (int i = 0; i < 6; i++)
        patch(&c, i, i % 2 ? "{\"status\":\"resolved\"}" : "{\"priority\":\"high\"}");
    int64_t had = waiting(app), folded = 3;
    for (int64_t all = 0; folded == 3; all += folded) {
        struct ctx *cx = test_begin(app);
        assert_int_equal(conversation_cells_fold(cx, 3, &folded), OK);
        test_commit(app, cx);
        assert_int_equal(waiting(app), had - all - folded);
        agree(app, app->owner_token);
        assert_int_equal(total(app, app->owner_token, "resolved"), 3);
        if (!had)
            break;
    }
    patch(&c, 6, "{\"priority\":\"low\"}");
    patch(&c, 6, "{\"priority\":\"none\"}");
    clock_advance(2 * 60 * 1000);
    world_run(&c.w); /* upkeep does the same */
    assert_int_equal(waiting(app), 0);
    agree(app, app->owner_token);
    struct number_row empty = {1};
    struct ctx *cx = test_begin(app);
    assert_int_equal(db_one(cx->db,
                         S("SELECT COUNT(*) AS value FROM conversation_cell"
                           " WHERE account_id = ?1 AND number = 0 /* test */"),
                         ARGS(A_ID(cx->account)), COLS(number_cols), &empty),
        OK);
    test_rollback(app, cx);
    assert_int_equal(empty.value, 0); /* cells that count nobody go */
    world_close(&c.w);
}

static void numbers_that_are_wrong_are_seen_and_mended(void **state)
{
    struct changes c = {0};
    struct test_app *app = *state;
    world_open(&c.w, app);
    comes_in(&c);
    patch(&c, 0, "{\"status\":\"resolved\"}");
    struct ctx *cx = test_begin(app);
    int64_t folded = 0;
    assert_int_equal(conversation_cells_fold(cx, 1000, &folded), OK);
    test_commit(app, cx);
    run(app, S("UPDATE conversation_cell SET number = number + 5 WHERE status = 'open' /* test */"),
        NO_ARGS);
    run(app, S("DELETE FROM conversation_cell WHERE status = 'resolved' /* test */"), NO_ARGS);
    assert_int_equal(total(app, app->owner_token, "all"), 16);
    assert_int_equal(wrong_cells(app), 2);
    cx = test_begin(app);
    assert_int_equal(conversation_cells_mend(cx), OK);
    test_commit(app, cx);
    agree(app, app->owner_token);
    world_close(&c.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(numbers_follow_every_kind_of_change),
        TEST_APP(who_sees_some_is_told_what_its_lists_hold),
        TEST_APP(made_views_are_sums_of_cells),
        TEST_APP(two_that_move_the_same_cells_do_not_wait_for_each_other),
        TEST_APP(what_is_undone_moves_nothing),
        TEST_APP(folding_changes_no_number_and_ends),
        TEST_APP(numbers_that_are_wrong_are_seen_and_mended),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests_name("view counts", tests, NULL, NULL);
}
