/* What a request costs does not grow with the account: it is asked over n, 2 n, 4 n and 8 n
 * conversations (or messages of one), and counted (growth_world.h). What a screen shows costs the
 * same at every size. What walks past rows that a filter leaves out grows until its bound, and no
 * doubling more than doubles it. */
#include "engine_world.h"
#include "growth_world.h"
#include "store/call.h"
#include "store/conversation_cell.h"
#include "store/conversation_list.h"

#include <stdio.h>

enum { FIRST = 1000, SIZES = 4 };

enum slope {
    SLOPE_FLAT,    /* the same at every size */
    SLOPE_BOUNDED, /* grows up to 4 n at most, where the walk ends; on PostgreSQL the search too
                      looks through the newest rows before it asks the index
                      (store/search_postgres.c)
                    */
};
struct measure {
    const char *what;
    enum slope slope;
    bool is_narrow; /* asked by the agent who sees one team */
    int64_t at[SIZES];
};

/* PostgreSQL plans small tables in other ways than large ones, and a look into an index costs more
 * until its pages are known to be whole: there what walks is held to the same slope from the first
 * size to the last. */
static void judge(const struct test_app *app, const struct measure *m)
{
    enum { ADDED = 100 }; /* where a bound is reached, a statement may be added */
    const int64_t *at = m->at;
    int64_t last = at[SIZES - 1], before = at[SIZES - 2];
    print_message("# %s: %lld %lld %lld %lld\n", m->what, (long long)at[0], (long long)at[1],
        (long long)at[2], (long long)at[3]);
    bool is_pg = db_kind_of(app->db) == DB_POSTGRES;
    for (int i = 1; i < SIZES && !is_pg; i++)
        if (at[i] > at[i - 1] * 23 / 10 + ADDED)
            fail_msg("%s: %lld, and %lld at twice the size", m->what, (long long)at[i - 1],
                (long long)at[i]);
    if (is_pg && last > at[0] * 23 * 23 * 23 / 1000 + ADDED)
        fail_msg("%s: %lld, and %lld at eight times the size", m->what, (long long)at[0],
            (long long)last);
    int64_t from = is_pg || m->slope == SLOPE_BOUNDED ? before : at[0];
    /* PostgreSQL guesses from a sample of rows whether to walk, to sort or to ask an index: what is
     * bounded may cost what it cost at any size before, and a walk below its bound doubles. */
    if (is_pg && m->slope == SLOPE_BOUNDED) {
        for (int i = 0; i < SIZES - 1; i++)
            from = at[i] > from ? at[i] : from;
        if (last < LIST_WALK && last <= from * 23 / 10 + ADDED)
            return;
    }
    if (last > from + from / 2 + (m->slope == SLOPE_FLAT ? 20 : ADDED))
        fail_msg("%s grows: %lld to %lld", m->what, (long long)from, (long long)last);
}

/* ── screens ── */

/* The oldest sixty have a team, a priority, a channel, a language, a tag and the owner; all other
 * conversations have somebody and are read. */
static void set_apart(struct test_app *app, int first, int last)
{
    growth_make(app,
        S("UPDATE conversation SET status = 'open',"
          " team_id = CASE WHEN number <= 60 THEN 901 ELSE 0 END,"
          " priority = CASE WHEN number <= 60 THEN 'urgent' ELSE 'none' END,"
          " language = CASE WHEN number <= 60 THEN 'bn' ELSE 'en' END,"
          " channel_id = CASE WHEN number <= 60 THEN 904 ELSE channel_id END,"
          " assignee_id = CASE WHEN number <= 30 THEN ?1 WHEN number <= 60 THEN 0 ELSE 905 END"
          " WHERE number > ?2 AND number <= ?3 /* test */"),
        ARGS(A_INT(app->owner.v), A_INT(first), A_INT(last)));
    growth_make(app,
        S("INSERT INTO conversation_read (account_id, agent_id, conversation_id, message_id)"
          " SELECT account_id, ?1, id, last_in_id FROM conversation"
          " WHERE number > 60 AND number > ?2 AND number <= ?3 /* test */"),
        ARGS(A_INT(app->owner.v), A_INT(first), A_INT(last)));
    growth_make(app,
        S("INSERT INTO conversation_tag (account_id, conversation_id, tag_id)"
          " SELECT account_id, id, (SELECT id FROM tag LIMIT 1) FROM conversation"
          " WHERE number <= 60 AND number > ?1 AND number <= ?2 /* test */"),
        ARGS(A_INT(first), A_INT(last)));
    growth_make(app,
        S("INSERT INTO audit (id, account_id, at_ms, actor_kind, actor_id, actor_name, action,"
          " subject_type, subject_id, detail, ip)"
          " SELECT id, account_id, created_ms, 'agent', ?1, 'Owner', 'contact.update', 'contact',"
          " contact_id, '{}', '' FROM conversation WHERE number > ?2 AND number <= ?3 /* test */"),
        ARGS(A_INT(app->owner.v), A_INT(first), A_INT(last)));
}

/* Beside each conversation one of all other things that a screen lists; of the oldest sixty they
 * are what the filters below ask for. */
static void set_records(struct test_app *app, int first, int last)
{
#define EACH                 " FROM conversation WHERE number > ?2 AND number <= ?3 /* test */"
#define OF_SIXTY(one, other) " CASE WHEN number <= 60 THEN " one " ELSE " other " END"
    static const str records[] = {
        S_INIT(
            "INSERT INTO call (id, account_id, channel_id, contact_id, identity_id, direction, state,"
            " outcome, agent_id, started_ms) SELECT id, account_id, channel_id, contact_id,"
            " identity_id, 'in', 'ended'," OF_SIXTY(
                "'voicemail'", "'answered'") ", ?1,"
                                             " created_ms" EACH),
        S_INIT("INSERT INTO notification (id, account_id, agent_id, type, conversation_id, at_ms,"
               " read_ms) SELECT id, account_id, ?1, 'mention', id, created_ms," OF_SIXTY("0", "1")
                   EACH),
        S_INIT(
            "INSERT INTO letter (id, account_id, channel_id, kind, from_address, to_address, subject,"
            " internet_id, state, created_ms) SELECT id, account_id, channel_id, 'chat',"
            " 'a@b.example', 'c@d.example', '', CAST(id AS TEXT) || '@b.example'," OF_SIXTY(
                "'failed'", "'sent'") ", created_ms + 0 * ?1" EACH),
        S_INIT("INSERT INTO job (id, account_id, kind, key, state, run_ms, created_ms)"
               " SELECT id, account_id, 'thumbnail', CAST(id AS TEXT), 'dead', created_ms,"
               " created_ms + 0 * ?1" EACH),
        S_INIT(
            "INSERT INTO inbox (id, account_id, source_id, channel_id, delivery_key, received_ms,"
            " state, network, reason, body) SELECT id, account_id, 907, channel_id,"
            " CAST(id AS TEXT), created_ms, 'quarantined', 'api', 'test', '{}'"
            " FROM conversation WHERE number > ?2 AND number <= ?3 AND ?1 > 0 /* test */"),
        S_INIT(
            "INSERT INTO delivery (id, account_id, webhook_id, event_major, event_minor, event_type,"
            " state, created_ms) SELECT id, account_id, 906, 0, 0, 'message.created', 'delivered',"
            " created_ms + 0 * ?1" EACH),
        S_INIT(
            "INSERT INTO data_export (id, account_id, what, state, agent_id, agent_name, created_ms,"
            " expires_ms) SELECT id, account_id, 'account', 'failed', ?1, 'Owner', created_ms,"
            " created_ms" EACH),
    };
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
        growth_make(app, records[i], ARGS(A_INT(app->owner.v), A_INT(first), A_INT(last)));
#undef EACH
#undef OF_SIXTY
}

#define LIST "/api/v1/conversations?limit=50&"
static struct measure screens[] = {
    {LIST "sort=newest",                            SLOPE_FLAT,    false, {0}},
    {LIST "sort=oldest",                            SLOPE_FLAT,    false, {0}},
    {LIST "sort=due",                               SLOPE_FLAT,    false, {0}},
    {LIST "sort=waiting",                           SLOPE_FLAT,    false, {0}},
    {LIST "status=open,pending,snoozed,resolved",   SLOPE_FLAT,    false, {0}},
    {LIST "view=mine",                              SLOPE_FLAT,    false, {0}},
    {LIST "assignee=me&sort=newest",                SLOPE_FLAT,    false, {0}},
    {LIST "team=901",                               SLOPE_FLAT,    false, {0}},
    {LIST "team=901&sort=due",                      SLOPE_FLAT,    false, {0}},
    {LIST "priority=urgent,high",                   SLOPE_FLAT,    false, {0}},
    {LIST "priority=urgent&sort=waiting",           SLOPE_FLAT,    false, {0}},
    {LIST "channel=904",                            SLOPE_FLAT,    false, {0}},
    {LIST "channel=904&sort=oldest",                SLOPE_FLAT,    false, {0}},
    {LIST "tag=few",                                SLOPE_FLAT,    false, {0}},
    {LIST "tag=few&sort=due",                       SLOPE_FLAT,    false, {0}},
    {LIST "team=901&language=bn&unread=true",       SLOPE_FLAT,    false, {0}},
    {LIST "language=bn",                            SLOPE_BOUNDED, false, {0}},
    {LIST "language=bn&sort=due",                   SLOPE_BOUNDED, false, {0}},
    {LIST "unread=true",                            SLOPE_BOUNDED, false, {0}},
    {LIST "view=unassigned",                        SLOPE_BOUNDED, false, {0}},
    {LIST "sort=newest",                            SLOPE_BOUNDED, true,  {0}},
    {LIST "sort=due",                               SLOPE_BOUNDED, true,  {0}},
    {LIST "q=order",                                SLOPE_BOUNDED, false, {0}},
    {LIST "q=%22order%2017%22",                     SLOPE_BOUNDED, false, {0}},
    {LIST "q=%22P17%22",                            SLOPE_BOUNDED, false, {0}},
    {"/api/v1/contacts?limit=50",                   SLOPE_FLAT,    false, {0}},
    {"/api/v1/contacts?limit=50&q=p",               SLOPE_BOUNDED, false, {0}},
    {"/api/v1/contacts?limit=50&q=%22P17%22",       SLOPE_BOUNDED, false, {0}},
    {"/api/v1/search?q=order",                      SLOPE_BOUNDED, false, {0}},
    {"/api/v1/search?q=order&order=time",           SLOPE_FLAT,    false, {0}},
    {"/api/v1/search?q=orde*&order=time",           SLOPE_BOUNDED, false, {0}},
    {"/api/v1/search?q=%22order%2017%22",           SLOPE_BOUNDED, false, {0}},
    {"/api/v1/views/counts",                        SLOPE_BOUNDED, false, {0}},
    {"/api/v1/views/counts",                        SLOPE_BOUNDED, true,  {0}},
    {"/api/v1/audit",                               SLOPE_FLAT,    false, {0}},
    {"/api/v1/audit?action=contact.update",         SLOPE_FLAT,    false, {0}},
    {"/api/v1/tags",                                SLOPE_FLAT,    false, {0}},
    {"/api/v1/channels",                            SLOPE_FLAT,    false, {0}},
    {"/api/v1/quarantine",                          SLOPE_FLAT,    false, {0}},
    {"/api/v1/calls",                               SLOPE_FLAT,    false, {0}},
    {"/api/v1/calls",                               SLOPE_BOUNDED, true,  {0}},
    {"/api/v1/calls?outcome=voicemail",             SLOPE_BOUNDED, false, {0}},
    {"/api/v1/calls?channel_id=904",                SLOPE_FLAT,    false, {0}},
    {"/api/v1/notifications",                       SLOPE_FLAT,    false, {0}},
    {"/api/v1/notifications?unread=true",           SLOPE_FLAT,    false, {0}},
    {"/api/v1/letters",                             SLOPE_FLAT,    false, {0}},
    {"/api/v1/letters?state=failed",                SLOPE_FLAT,    false, {0}},
    {"/api/v1/letters?channel_id=904",              SLOPE_FLAT,    false, {0}},
    {"/api/v1/letters?channel_id=904&state=failed", SLOPE_FLAT,    false, {0}},
    {"/api/v1/jobs?state=dead",                     SLOPE_FLAT,    false, {0}},
    {"/api/v1/webhooks/906/deliveries",             SLOPE_FLAT,    false, {0}},
    {"/api/v1/exports",                             SLOPE_FLAT,    false, {0}},
};
enum { SCREENS = sizeof screens / sizeof screens[0] };

/* An agent who sees what belongs to the team. */
static str narrow_agent(struct test_app *app)
{
    agent_id agent;
    str token = test_agent_add(app, "narrow@test.example", "agent", &agent);
    growth_make(app,
        S("INSERT INTO team (id, account_id, name, description, created_ms)"
          " VALUES (901, ?1, 'North', '', 1) /* test */"),
        ARGS(A_INT(app->account.v)));
    str path = str_print(&app->arena, "/api/v1/agents/%lld", (long long)agent.v);
    assert_int_equal(test_request(app, "PATCH", str_z(&app->arena, path),
                         "{\"grants\":[{\"scope\":\"team\",\"id\":\"901\"}]}"),
        200);
    return token;
}

/* How many a list has, to its last page; a page may end at a walk's edge with few rows or none. */
static int all_of(struct test_app *app, const char *list, int *pages)
{
    int n = 0;
    str next = {0};
    *pages = 0;
    do {
        str page = str_print(&app->arena, "%s&cursor=%.*s", list, SARG(next));
        assert_int_equal(
            test_request(app, "GET", str_z(&app->arena, next.len ? page : str_from(list)), NULL),
            200);
        n += (int)json_get(app->json, S("items"))->count;
        next = str_copy(&app->arena, json_text(json_get(app->json, S("next")), S("")));
        ++*pages;
    } while (next.len && *pages < 100);
    return n;
}

/* The numbers of all views are sums of as many cells at every size. What waits to be folded is
 * folded, and tidied up as PostgreSQL does it in the end. */
static int64_t cost_of_sums(struct test_app *app, int64_t conversations)
{
    static const struct conversation_filter all = {
        .statuses = {true, true, true, true}
    };
    int64_t folded = 0, total = 0;
    struct ctx *cx = test_begin(app);
    assert_int_equal(conversation_cells_fold(cx, INT64_MAX, &folded), OK);
    if (db_tx_kind(cx->db) == DB_POSTGRES)
        assert_int_equal(
            db_run(cx->db, S("TRUNCATE conversation_cell_change /* test */"), NO_ARGS, NULL), OK);
    test_commit(app, cx);
    growth_begin();
    cx = test_begin(app);
    assert_int_equal(conversation_cells_sum(cx, &all, &total), OK);
    test_rollback(app, cx);
    int64_t cost = growth_end();
    assert_int_equal(total, conversations);
    return cost;
}

static void a_screen_costs_the_same_in_an_account_of_any_size(void **state)
{
    struct test_app *app = *state;
    str narrow = narrow_agent(app);
    struct measure sums = {"the sum of cells", SLOPE_FLAT, false, {0}};
    assert_int_equal(test_request(app, "POST", "/api/v1/tags", "{\"name\":\"few\"}"), 201);
    growth_make(app,
        S("INSERT INTO webhook (id, account_id, name, url, events, is_enabled, secret_sealed,"
          " after_major, after_minor, created_ms, updated_ms)"
          " VALUES (906, ?1, 'Off', 'https://hooks.example/', '', 0, '', 0, 0, 1, 1) /* test */"),
        ARGS(A_INT(app->account.v)));
    growth_watch(app);
    for (int size = 0, had = 0; size < SIZES; size++) {
        growth_to(app, had, FIRST << size);
        set_apart(app, had, FIRST << size);
        set_records(app, had, FIRST << size);
        had = FIRST << size;
        growth_analyze(app);
        sums.at[size] = cost_of_sums(app, had);
        for (int i = 0; i < SCREENS; i++)
            screens[i].at[size] =
                growth_cost(app, screens[i].is_narrow ? narrow : (str){0}, screens[i].what);
    }
    for (int i = 0; i < SCREENS; i++)
        judge(app, &screens[i]);
    judge(app, &sums);
    int pages;
    assert_int_equal(all_of(app, "/api/v1/calls?outcome=voicemail&limit=50", &pages), 60);
    assert_true(pages >= (FIRST << (SIZES - 1)) / CALL_WALK);
    /* Numbers are exact, however old what they count is. */
    assert_int_equal(test_request(app, "GET", "/api/v1/views/counts", NULL), 200);
    assert_true(
        str_find(app->body, S("\"all\":{\"total\":8000,\"unread\":0,\"is_least\":false}")) > 0);
    assert_true(str_find(app->body,
                    S("\"unassigned\":{\"total\":30,\"unread\":0,\"is_least\":false}")) > 0);
}

/* ── one long conversation ── */

static void a_conversation_opens_at_the_same_cost_however_long_it_is(void **state)
{
    struct test_app *app = *state;
    struct measure parts[] = {
        {"opening",               SLOPE_FLAT, false, {0}},
        {"its newest messages",   SLOPE_FLAT, false, {0}},
        {"older messages",        SLOPE_FLAT, false, {0}},
        {"the list it stands in", SLOPE_FLAT, false, {0}},
        {"its contact",           SLOPE_FLAT, false, {0}},
        {"around a message",      SLOPE_FLAT, false, {0}},
        {"after a message",       SLOPE_FLAT, false, {0}},
    };
    growth_watch(app);
    for (int size = 0, had = 0; size < SIZES; size++) {
        growth_thread(app, had, FIRST << size);
        had = FIRST << size;
        const char *list = "/api/v1/conversations?status=open,resolved";
        parts[3].at[size] = growth_cost(app, app->owner_token, list);
        assert_int_equal(test_request(app, "GET", list, NULL), 200);
        str one = str_print(
            &app->arena, "/api/v1/conversations/%.*s", SARG(test_text(app, "items.0.id")));
        str contact = str_print(
            &app->arena, "/api/v1/contacts/%.*s", SARG(test_text(app, "items.0.contact.id")));
        str messages = str_cat(&app->arena, one, S("/messages?limit=50"));
        parts[0].at[size] = growth_cost(app, app->owner_token, str_z(&app->arena, one));
        parts[1].at[size] = growth_cost(app, app->owner_token, str_z(&app->arena, messages));
        parts[4].at[size] = growth_cost(app, app->owner_token, str_z(&app->arena, contact));
        assert_int_equal(test_request(app, "GET", str_z(&app->arena, messages), NULL), 200);
        str older = str_print(
            &app->arena, "%.*s&cursor=%.*s", SARG(messages), SARG(test_text(app, "next")));
        str oldest = str_copy(&app->arena, test_text(app, "items.0.id"));
        parts[2].at[size] = growth_cost(app, app->owner_token, str_z(&app->arena, older));
        for (int k = 0; k < 2; k++) {
            str near = str_print(
                &app->arena, "%.*s&%s=%.*s", SARG(messages), k ? "after" : "around", SARG(oldest));
            parts[5 + k].at[size] = growth_cost(app, app->owner_token, str_z(&app->arena, near));
        }
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        judge(app, &parts[i]);
}

/* ── what comes in ── */

/* One message from the post to the conversation, by somebody new or known. */
static int64_t receive(struct world *w, const char *contact)
{
    static int number;
    char id[32];
    (void)snprintf(id, sizeof id, "in-%d", ++number);
    growth_begin();
    assert_int_equal(hook_message(w, id, contact, "Where is my order?"), 200);
    world_run(w);
    return growth_end();
}

static void least(int64_t *to, int64_t work)
{
    if (!*to || work < *to)
        *to = work;
}

static void a_message_comes_in_at_the_same_cost_however_many_there_are(void **state)
{
    struct test_app *app = *state;
    struct measure parts[] = {
        {"a message of somebody new",           SLOPE_FLAT, false, {0}},
        {"a message in an open conversation",   SLOPE_FLAT, false, {0}},
        {"a message of somebody from long ago", SLOPE_FLAT, false, {0}},
    };
    struct world w;
    world_open(&w, app);
    growth_watch(app);
    (void)receive(&w, "first"); /* prepares the statements */
    for (int size = 0, had = 0; size < SIZES; size++) {
        growth_to(app, had, FIRST << size);
        had = FIRST << size;
        char fresh[32], old[32];
        for (int try = 0; try < 3; try++) { /* what is tidied up on the way is not counted */
            (void)snprintf(fresh, sizeof fresh, "new-%d-%d", size, try);
            (void)snprintf(old, sizeof old, "p%d", size * 3 + try);
            least(&parts[0].at[size], receive(&w, fresh));
            least(&parts[1].at[size], receive(&w, fresh));
            least(&parts[2].at[size], receive(&w, old));
        }
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        judge(app, &parts[i]);
    world_close(&w);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_screen_costs_the_same_in_an_account_of_any_size),
        TEST_APP(a_conversation_opens_at_the_same_cost_however_long_it_is),
        TEST_APP(a_message_comes_in_at_the_same_cost_however_many_there_are),
    };
    return cmocka_run_group_tests_name("growth_slopes", tests, NULL, NULL);
}
