/* Lists that a filter narrows, over more conversations than a page walks past: page by page they
 * hold exactly what the database holds, in order, and end. */
#include "growth_world.h"

#include "store/conversation_list.h"

#include <stdlib.h>
#include <string.h>

enum { CONVERSATIONS = 6600 };

struct row {
    int64_t id, number, last_message_ms, due_key, wait_key;
};
static const struct db_col row_cols[] = {
    COL(struct row, id),
    COL(struct row, number),
    COL(struct row, last_message_ms),
    COL(struct row, due_key),
    COL(struct row, wait_key),
};

/* ── what each conversation is, by its number ── */

static bool is_open(int64_t n)
{
    return n % 3 != 0;
}
static bool is_small_team(int64_t n)
{
    return n % 500 == 0;
}
static bool is_large_team(int64_t n)
{
    return n % 2 == 1;
}
static bool has_no_team(int64_t n)
{
    return !is_small_team(n) && !is_large_team(n);
}
static bool is_urgent(int64_t n)
{
    return n % 700 == 1;
}
static bool is_high(int64_t n)
{
    return !is_urgent(n) && n % 701 == 2;
}
static bool is_pressing(int64_t n)
{
    return is_urgent(n) || is_high(n);
}
static bool is_ordinary(int64_t n)
{
    return !is_pressing(n);
}
static bool is_not_high(int64_t n)
{
    return !is_high(n);
}
static bool is_bengali(int64_t n)
{
    return n % 900 == 7;
}
static bool is_elsewhere(int64_t n)
{
    return n % 800 == 3;
}
static bool is_mine(int64_t n)
{
    return n % 110 != 0;
}
static bool is_nobodys(int64_t n)
{
    return !is_mine(n);
}
static bool is_large_team_high(int64_t n)
{
    return is_large_team(n) && is_high(n);
}
static bool is_unread(int64_t n)
{
    return n % 600 == 5;
}
static bool is_there(int64_t n)
{
    return n > 0;
}

static bool is_tagged_bengali(int64_t n)
{
    return n % 50 != 0 && is_bengali(n);
}
static bool is_mentioned_unread(int64_t n)
{
    return n % 70 != 0 && is_unread(n);
}
static bool is_mentioned_tagged_pressing(int64_t n)
{
    return n % 70 != 0 && n % 50 != 0 && is_pressing(n);
}
static bool is_of_bot(int64_t n)
{
    return n % 2 == 0;
}
static bool is_french_of_bot(int64_t n)
{
    return is_of_bot(n) && n % 70 != 0 && n % 600 == 4;
}

static const struct {
    const char *query;
    bool (*holds)(int64_t number);
    bool is_walked; /* its few rows stand among more than LIST_WALK of its way in */
} narrowed[] = {
    {"team=901",                                    is_small_team,                false},
    {"team=902",                                    is_large_team,                false},
    {"team=none",                                   has_no_team,                  false},
    {"priority=urgent,high",                        is_pressing,                  false},
    {"priority=none",                               is_ordinary,                  false},
    {"priority=none,urgent",                        is_not_high,                  false},
    {"language=bn",                                 is_bengali,                   false},
    {"channel=904",                                 is_elsewhere,                 false},
    {"assignee=me",                                 is_mine,                      false},
    {"assignee=none",                               is_nobodys,                   false},
    {"team=902&priority=high",                      is_large_team_high,           false},
    {"unread=true",                                 is_unread,                    false},
    {"tag=wide&language=bn",                        is_tagged_bengali,            true },
    {"view=mentions&unread=true",                   is_mentioned_unread,          true },
    {"view=mentions&tag=wide&priority=urgent,high", is_mentioned_tagged_pressing, true },
    {"contact=911",                                 is_of_bot,                    false},
    {"contact=911&view=mentions&language=fr",       is_french_of_bot,             true },
    {"",                                            is_there,                     false},
};
enum { NARROWED = sizeof narrowed / sizeof narrowed[0] };

static void make(struct test_app *app)
{
    growth_to(app, 0, CONVERSATIONS);
    growth_make(app,
        S("UPDATE conversation SET"
          " status = CASE WHEN number % 3 = 0 THEN 'resolved' ELSE 'open' END,"
          " team_id = CASE WHEN number % 500 = 0 THEN 901 WHEN number % 2 = 1 THEN 902"
          "  ELSE 0 END,"
          " priority = CASE WHEN number % 700 = 1 THEN 'urgent' WHEN number % 701 = 2"
          "  THEN 'high' ELSE 'none' END,"
          " language = CASE WHEN number % 900 = 7 THEN 'bn' WHEN number % 600 = 4 THEN 'fr'"
          "  ELSE 'en' END,"
          " assignee_id = CASE WHEN number % 110 = 0 THEN 0 ELSE ?1 END,"
          " channel_id = CASE WHEN number % 800 = 3 THEN 904 ELSE channel_id END,"
          " contact_id = CASE WHEN number % 2 = 0 THEN 911 ELSE contact_id END,"
          " due_key = number * 7919 % 100003, wait_key = number * 7 % 6607 /* test */"),
        ARGS(A_INT(app->owner.v)));
    growth_make(app,
        S("INSERT INTO conversation_read (account_id, agent_id, conversation_id, message_id)"
          " SELECT account_id, ?1, id, last_in_id FROM conversation"
          " WHERE number % 600 <> 5 /* test */"),
        ARGS(A_INT(app->owner.v)));
}

/* The tag's and the mentions' rows follow their conversations. */
static void make_ways(struct test_app *app)
{
    assert_int_equal(test_request(app, "POST", "/api/v1/tags", "{\"name\":\"wide\"}"), 201);
    growth_make(app,
        S("INSERT INTO conversation_tag (account_id, conversation_id, tag_id)"
          " SELECT account_id, id, (SELECT id FROM tag LIMIT 1) FROM conversation"
          " WHERE number % 50 <> 0 /* test */"),
        NO_ARGS);
    growth_make(app,
        S("INSERT INTO mention (account_id, agent_id, conversation_id, message_id)"
          " SELECT account_id, ?1, id, last_in_id FROM conversation"
          " WHERE number % 70 <> 0 /* test */"),
        ARGS(A_INT(app->owner.v)));
}

/* ── the lists ── */

static int by_key(int64_t kx, int64_t x, int64_t ky, int64_t y)
{
    return kx != ky ? (kx > ky) - (kx < ky) : (x > y) - (x < y);
}
static int oldest(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    return by_key(x->last_message_ms, x->id, y->last_message_ms, y->id);
}
static int newest(const void *a, const void *b)
{
    return oldest(b, a);
}
static int due(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    return by_key(x->due_key, x->id, y->due_key, y->id);
}
static int waiting(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    return by_key(x->wait_key, x->id, y->wait_key, y->id);
}
static const struct {
    const char *sort;
    int (*order)(const void *, const void *);
} orders[] = {
    {"newest",  newest },
    {"oldest",  oldest },
    {"due",     due    },
    {"waiting", waiting},
};
enum { ORDERS = sizeof orders / sizeof orders[0] };

/* The whole list, page by page; the number of its rows. */
static ptrdiff_t walk(struct test_app *app, const char *status, int narrow, int order, int64_t *ids)
{
    ptrdiff_t n = 0;
    str next = S("");
    for (int page = 0;; page++) {
        str target =
            str_print(&app->arena, "/api/v1/conversations?status=%s%s%s&sort=%s&limit=100%s%.*s",
                status, narrowed[narrow].query[0] ? "&" : "", narrowed[narrow].query,
                orders[order].sort, next.len ? "&cursor=" : "", SARG(next));
        assert_int_equal(test_request(app, "GET", str_z(&app->arena, target), NULL), 200);
        const struct json *items = json_get(app->json, S("items"));
        for (const struct json *v = items->first; v && n < CONVERSATIONS; v = v->next)
            assert_ok(str_int(json_text(json_get(v, S("id")), S("")), 1, INT64_MAX, &ids[n++]));
        if (json_get(app->json, S("next"))->kind != JSON_STRING) {
            if (narrowed[narrow].is_walked && page == 0)
                fail_msg("%s: one page walked past all", narrowed[narrow].query);
            return n;
        }
        next = str_copy(&app->arena, json_text(json_get(app->json, S("next")), S("")));
        assert_true(page < CONVERSATIONS / 100 + 2 * (CONVERSATIONS / LIST_WALK + 1));
    }
}

static bool is_wide(int narrow)
{
    int n = 0;
    for (int64_t number = 1; number <= CONVERSATIONS; number++)
        n += narrowed[narrow].holds(number);
    return n > CONVERSATIONS / 4;
}

static void a_narrowed_list_holds_all_of_its_own_in_order(void **state)
{
    struct test_app *app = *state;
    make(app);
    make_ways(app);
    growth_analyze(app);
    struct ctx *cx = test_begin(app);
    struct row *rows = NULL;
    ptrdiff_t n_rows = 0;
    assert_ok(db_all(cx->db,
        S("SELECT id, number, last_message_ms, due_key, wait_key FROM conversation"
          " WHERE account_id = ?1 /* test */"),
        ARGS(A_INT(app->account.v)), COLS(row_cols), (ptrdiff_t)sizeof *rows, &rows, &n_rows));
    assert_int_equal(n_rows, CONVERSATIONS);
    struct row *own = calloc(CONVERSATIONS, sizeof *own);
    memcpy(own, rows, CONVERSATIONS * sizeof *own);
    test_rollback(app, cx);
    int64_t *ids = calloc(CONVERSATIONS, sizeof *ids);
    for (int i = 0; i < NARROWED * ORDERS * 2; i++) { /* every order of one status, two of two */
        int narrow = i / ORDERS % NARROWED, order = i % ORDERS;
        bool both = i >= NARROWED * ORDERS;
        /* Of a narrowed list of most conversations one order is read: other lists try the other
         * orders. */
        if (narrowed[narrow].query[0] &&
            ((both && order % 2) || (is_wide(narrow) && order != narrow % ORDERS)))
            continue;
        qsort(own, CONVERSATIONS, sizeof *own, orders[order].order);
        struct arena kept = app->arena; /* has a maximum; the answers of one list are enough */
        app->arena = arena_make(0);
        ptrdiff_t n = walk(app, both ? "open,resolved" : "open", narrow, order, ids), at = 0;
        arena_free(&app->arena);
        app->arena = kept;
        app->json = NULL;
        for (int k = 0; k < CONVERSATIONS; k++) {
            if (!narrowed[narrow].holds(own[k].number) || !(both || is_open(own[k].number)))
                continue;
            if (at >= n || ids[at] != own[k].id)
                fail_msg(
                    "%s by %s: row %td of %td", narrowed[narrow].query, orders[order].sort, at, n);
            at++;
        }
        if (at != n)
            fail_msg("%s by %s: %td, not %td", narrowed[narrow].query, orders[order].sort, n, at);
    }
    free(ids);
    free(own);
}

struct kept_row {
    int64_t kept, planned_anew;
};
static const struct db_col kept_cols[] = {
    COL(struct kept_row, kept),
    COL(struct kept_row, planned_anew),
};

/* PostgreSQL keeps a plan after five that it made for the arguments, when it is not dearer. */
static void the_plan_of_a_plain_list_is_kept(void **state)
{
    enum { ASKED = 8, LISTS = 4 };
    static const char *const lists[LISTS] = {"status=open,resolved", "status=open&sort=due",
        "status=open&assignee=me", "status=open,resolved&assignee=me&sort=oldest"};
    struct test_app *app = *state;
    struct kept_row kept = {0};
    struct db_tx *tx = NULL;
    if (db_kind_of(app->db) == DB_SQLITE)
        return; /* has no statistics to plan by */
    make(app);
    growth_analyze(app);
    for (int i = 0; i < ASKED * LISTS; i++) {
        str target = str_print(&app->arena, "/api/v1/conversations?%s", lists[i % LISTS]);
        assert_int_equal(test_request(app, "GET", str_z(&app->arena, target), NULL), 200);
    }
    assert_ok(db_begin(app->db, DB_READ, &app->arena, &tx)); /* where lists were read */
    assert_ok(db_one(tx,
        S("SELECT COUNT(*) FILTER (WHERE generic_plans > 0) AS kept,"
          " COUNT(*) FILTER (WHERE generic_plans = 0) AS planned_anew"
          " FROM pg_prepared_statements WHERE statement LIKE '%FROM conversation c%'"
          " AND statement LIKE '%c.status = ''open''%' /* test */"),
        NO_ARGS, COLS(kept_cols), &kept));
    assert_ok(db_rollback(tx));
    assert_int_equal(kept.planned_anew, 0);
    assert_int_equal(kept.kept, LISTS);
}

static void the_plans_of_opening_a_conversation_are_kept(void **state)
{
    enum { ASKED = 8 };
    struct test_app *app = *state;
    struct kept_row kept = {0};
    struct db_tx *tx = NULL;
    if (db_kind_of(app->db) == DB_SQLITE)
        return;
    make(app);
    growth_analyze(app);
    assert_int_equal(test_request(app, "GET", "/api/v1/conversations?limit=1", NULL), 200);
    str id = test_text(app, "items.0.id");
    for (int i = 0; i < ASKED; i++) {
        assert_int_equal(test_ask(app, "GET", "/api/v1/conversations/%.*s", SARG(id)), 200);
        assert_int_equal(
            test_ask(app, "GET", "/api/v1/conversations/%.*s/messages", SARG(id)), 200);
    }
    assert_ok(db_begin(app->db, DB_READ, &app->arena, &tx)); /* where it was read */
    assert_ok(db_one(tx,
        S("SELECT COUNT(*) FILTER (WHERE generic_plans > 0) AS kept,"
          " COUNT(*) FILTER (WHERE generic_plans = 0 AND custom_plans > 5) AS planned_anew"
          " FROM pg_prepared_statements WHERE statement LIKE '%FROM%conversation c%'"),
        NO_ARGS, COLS(kept_cols), &kept));
    assert_ok(db_rollback(tx));
    assert_int_equal(kept.planned_anew, 0);
    assert_true(kept.kept >= 3); /* it with what is mine, it for its messages, its contact's */
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_narrowed_list_holds_all_of_its_own_in_order),
        TEST_APP(the_plan_of_a_plain_list_is_kept),
        TEST_APP(the_plans_of_opening_a_conversation_are_kept),
    };
    return cmocka_run_group_tests_name("growth_lists", tests, NULL, NULL);
}
