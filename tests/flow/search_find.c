/* Searching over the API, on both databases: every pair of search_pairs.h, fields, order, pages,
 * and that nobody finds what they may not see. */
#include "engine_world.h"
#include "growth_world.h"

#include <stdio.h>

#include "search_pairs.h"

static str percent(struct arena *a, const char *text)
{
    struct sb b = sb_make(a, 0);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        sb_print(&b, "%%%02X", *c);
    return sb_str(&b);
}

static int search_as(struct test_app *app, str token, const char *q, const char *more)
{
    str target =
        str_print(&app->arena, "/api/v1/search?q=%.*s%s", SARG(percent(&app->arena, q)), more);
    return test_request_as(app, token, "GET", str_z(&app->arena, target), NULL);
}

static ptrdiff_t found(struct test_app *app, const char *q, const char *more)
{
    assert_int_equal(search_as(app, app->owner_token, q, more), 200);
    return json_get(app->json, S("items"))->count;
}

/* What was found, by the first words of its conversation's contact: "asha bo". */
static str who(struct test_app *app, const char *q, const char *more)
{
    struct sb b = sb_make(&app->arena, 0);
    ptrdiff_t n = found(app, q, more);
    for (ptrdiff_t i = 0; i < n; i++)
        sb_print(&b, "%s%.*s", i ? " " : "",
            SARG(
                test_text(app, str_z(&app->arena, str_print(&app->arena,
                                                      "items.%td.conversation.contact.name", i)))));
    return sb_str(&b);
}

static void assert_pairs(struct test_app *app, bool is_building)
{
    bool is_good = true;
    for (int i = 0; i < SEARCH_PAIRS; i++) {
        const struct search_pair *p = &search_pairs[i];
        char query[1024];
        (void)snprintf(query, sizeof query, "%s zzrow%d", p->query, i);
        bool is_found = found(app, query, "&kind=messages") == 1;
        assert_int_equal(
            json_bool(json_get(app->json, S("is_building")), !is_building), is_building);
        if (is_found == p->is_found)
            continue;
        print_error("%s: \"%s\" %s \"%s\"\n", p->language, p->query,
            p->is_found ? "does not find" : "finds", p->text);
        is_good = false;
    }
    assert_true(is_good);
}

/* Also while the index is made anew: PostgreSQL is asked otherwise then. */
static void every_pair_is_found_or_not(void **state)
{
    struct test_app *app = *state;
    struct world w;
    world_open(&w, app);
    for (int i = 0; i < SEARCH_PAIRS; i++) {
        char id[32], text[1024];
        (void)snprintf(id, sizeof id, "m-%d", i);
        (void)snprintf(text, sizeof text, "zzrow%d | %s", i, search_pairs[i].text);
        assert_int_equal(hook_message(&w, id, id, text), 200);
    }
    world_run(&w);
    assert_pairs(app, false);
    struct ctx *cx = test_begin(app);
    assert_ok(db_run(cx->db, S("DELETE FROM search_build"), NO_ARGS, NULL));
    test_commit(app, cx);
    assert_pairs(app, true);
    world_close(&w);
}

static void say(struct world *w, const char *id, const char *who, const char *text)
{
    str json = str_print(&w->app->arena,
        "{\"messages\":[{\"id\":\"%s\",\"contact\":{\"id\":\"%s\",\"name\":\"%s\"},\"text\":\"%s\"}]}",
        id, who, who, text);
    assert_int_equal(hook_post(w, str_z(&w->app->arena, json)), 200);
    world_run(w);
    clock_advance(60 * 1000);
}

static void say_teas(struct world *w)
{
    say(w, "1", "asha", "green tea");
    say(w, "2", "bo", "tea that is not at all as green as I thought it would be");
    say(w, "3", "chen", "no leaves");
    say(w, "4", "dee", "tea, green");
}

static void the_best_come_first_or_the_newest(void **state)
{
    struct test_app *app = *state;
    struct world w;
    world_open(&w, app);
    say_teas(&w);
    assert_str(who(app, "green tea", "&kind=messages"), "asha dee bo");
    assert_str(who(app, "green tea", "&kind=messages&order=time"), "dee bo asha");
    assert_str(who(app, "gre", "&kind=messages&order=time&typing=true"), "dee bo asha");
    assert_str(who(app, "-green", "&kind=messages"), "chen");
    /* Page by page the same, in both orders. */
    static const char *const orders[] = {"relevance", "time"},
                             *all[] = {"asha dee bo", "dee bo asha"};
    for (int o = 0; o < 2; o++) {
        struct sb b = sb_make(&app->arena, 0);
        str next = S("");
        for (int page = 0; page < 4; page++) {
            str more = str_print(&app->arena, "&kind=messages&limit=1&order=%s%s%.*s", orders[o],
                next.len ? "&cursor=" : "", SARG(next));
            sb_print(&b, "%s%.*s", page ? " " : "",
                SARG(who(app, "green tea", str_z(&app->arena, more))));
            next = json_text(json_get(app->json, S("next")), S(""));
            if (!next.len)
                break;
            next = str_copy(&app->arena, next);
        }
        assert_str(sb_str(&b), all[o]);
    }
    world_close(&w);
}

static void fields_narrow_what_words_find(void **state)
{
    struct test_app *app = *state;
    struct world w;
    world_open(&w, app);
    say(&w, "1", "asha", "my kettle leaks");
    str asha = str_copy(&app->arena, conversation_newest(&w));
    say(&w, "2", "bo", "my kettle whistles");
    str target = str_print(&app->arena, "/api/v1/conversations/%.*s/tags", SARG(asha));
    assert_int_equal(
        test_request(app, "PUT", str_z(&app->arena, target), "{\"tags\":[\"Very late\"]}"), 200);
    static const struct {
        const char *q, *who;
    } rows[] = {
        {"kettle from:asha",          "asha"   },
        {"kettle -from:asha",         "bo"     },
        {"kettle tag:\"very LATE\"",  "asha"   },
        {"kettle -tag:\"very late\"", "bo"     },
        {"tag:\"very late\"",         "asha"   },
        {"kettle is:open",            "bo asha"},
        {"kettle is:resolved",        ""       },
        {"kettle is:unassigned",      "bo asha"},
        {"kettle is:mine",            ""       },
        {"kettle assignee:nobody",    "bo asha"},
        {"kettle channel:api",        "bo asha"},
        {"kettle channel:telegram",   ""       },
        {"kettle has:attachment",     ""       },
        {"kettle -has:attachment",    "bo asha"},
        {"kettle before:2026-01-01",  ""       },
        {"kettle after:2026-01-01",   "bo asha"},
        {"kettle after:2026-01-02",   ""       },
        {"kettle after:1d",           "bo asha"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        str is = who(app, rows[i].q, "&kind=messages&order=time");
        if (!str_eq(is, str_from(rows[i].who)))
            fail_msg("%s: \"%.*s\" and not \"%s\"", rows[i].q, SARG(is), rows[i].who);
    }
    /* Days begin where the reader is. */
    assert_str(who(app, "kettle before:2026-01-01", "&kind=messages&zone=600"), "");
    assert_str(
        who(app, "kettle before:2026-01-01", "&kind=messages&zone=-600&order=time"), "bo asha");
    world_close(&w);
}

static void contacts_and_tags_are_found_by_name(void **state)
{
    struct test_app *app = *state;
    struct world w;
    world_open(&w, app);
    say(&w, "1", "Zoë Ångström", "hello");
    assert_int_equal(
        test_request(app, "POST", "/api/v1/tags", "{\"name\":\"Zoë's friends\"}"), 201);
    assert_int_equal(found(app, "zoe", ""), 2);
    assert_str(test_text(app, "items.0.kind"), "contact");
    assert_str(test_text(app, "items.0.contact.name"), "Zoë Ångström");
    assert_str(test_text(app, "items.0.pieces.0.text"), "Zoë");
    assert_str(test_text(app, "items.1.tag.name"), "Zoë's friends");
    assert_int_equal(found(app, "angstr", "&kind=contacts&typing=true"), 1);
    assert_int_equal(found(app, "friends", "&kind=tags"), 1);
    assert_int_equal(found(app, "friends", "&kind=messages"), 0);
    assert_int_equal(found(app, "  ... ", ""), 0);
    world_close(&w);
}

/* Beside messages a few contacts are enough, and they are read a few at a time: those that are
 * called otherwise since they were indexed hide no older one. */
static void contacts_with_another_name_since_hide_no_older_one(void **state)
{
    enum { OLD = 5, RENAMED = 70 };
    struct test_app *app = *state;
    struct world w;
    world_open(&w, app);
    for (int i = 0; i < OLD + RENAMED; i++)
        say(&w, str_z(&app->arena, str_print(&app->arena, "%d", i)),
            str_z(&app->arena, str_print(&app->arena, "walrus %d", i)), "hello");
    struct ctx *cx = test_begin(app);
    for (int i = OLD; i < OLD + RENAMED; i++) {
        const struct db_arg args[] = {
            A_INT(cx->account.v), A_TEXT(str_print(&app->arena, "walrus %d", i))};
        assert_ok(db_run(cx->db,
            S("/* test */ UPDATE contact SET name = 'seal' WHERE account_id = ?1 AND name = ?2"),
            args, 2, NULL));
        assert_ok(db_run(cx->db,
            S("/* test */ UPDATE identity SET handle = 'seal' WHERE account_id = ?1 AND handle = ?2"),
            args, 2, NULL));
    }
    test_commit(app, cx);
    assert_int_equal(found(app, "walrus", ""), OLD);
    assert_str(test_text(app, "items.0.contact.name"), "walrus 4");
    assert_int_equal(found(app, "walrus", "&kind=contacts"), OLD);
    world_close(&w);
}

static void nobody_finds_what_they_may_not_see(void **state)
{
    struct test_app *app = *state;
    struct world w;
    world_open(&w, app);
    say(&w, "1", "asha", "a secret recipe");
    account_id other;
    agent_id agent;
    str stranger = test_account_add(app, "Others", &other);
    assert_int_equal(search_as(app, stranger, "secret", ""), 200);
    assert_int_equal(json_get(app->json, S("items"))->count, 0);
    assert_int_equal(search_as(app, stranger, "asha", ""), 200);
    assert_int_equal(json_get(app->json, S("items"))->count, 0);
    assert_int_equal(search_as(app, S("seva_nobody"), "secret", ""), 401);
    /* An agent who sees only what is theirs. */
    str narrow = test_agent_add(app, "narrow@test.example", "agent", &agent);
    assert_int_equal(search_as(app, narrow, "secret", "&kind=messages"), 200);
    ptrdiff_t seen = json_get(app->json, S("items"))->count;
    assert_int_equal(test_request_as(app, narrow, "GET", "/api/v1/conversations", NULL), 200);
    assert_int_equal(seen, json_get(app->json, S("items"))->count); /* as the lists say */
    world_close(&w);
}

/* What a list finds, in its order: "asha bo", page by page. */
static str listed(struct test_app *app, const char *path, const char *name, const char *q,
    const char *more, int limit)
{
    struct sb b = sb_make(&app->arena, 0);
    str next = S("");
    do {
        str target = str_print(&app->arena, "%s?q=%.*s%s&limit=%d%s%.*s", path,
            SARG(percent(&app->arena, q)), more, limit, next.len ? "&cursor=" : "", SARG(next));
        assert_int_equal(test_request(app, "GET", str_z(&app->arena, target), NULL), 200);
        for (ptrdiff_t i = 0; i < json_get(app->json, S("items"))->count; i++)
            sb_print(&b, "%s%.*s", b.len ? " " : "",
                SARG(test_text(
                    app, str_z(&app->arena, str_print(&app->arena, "items.%td.%s", i, name)))));
        next = str_copy(&app->arena, json_text(json_get(app->json, S("next")), S("")));
    } while (next.len);
    return sb_str(&b);
}

static void assert_listed(struct test_app *app, const char *q, const char *more, const char *whom)
{
    for (int limit = 1; limit <= 50; limit += 49)
        assert_str(listed(app, "/api/v1/conversations", "contact.name", q, more, limit), whom);
}

static void a_list_finds_as_the_search_does_in_its_own_order(void **state)
{
    struct test_app *app = *state;
    struct world w;
    world_open(&w, app);
    say_teas(&w);
    say(&w, "5", "asha", "and now something else");
    assert_listed(app, "green te", "", "asha dee bo");
    assert_listed(app, "GRE", "&sort=oldest", "bo dee asha");
    assert_listed(app, "green", "&sort=waiting", "asha bo dee");
    assert_listed(app, "green", "&sort=due", "asha bo dee");
    assert_listed(app, "\"tea green\"", "", "dee");
    assert_listed(app, "tea -thought", "", "asha dee");
    assert_listed(app, "from:bo green", "", "bo");
    assert_listed(app, "ash", "", "asha");
    assert_listed(app, "#2", "", "bo");
    assert_listed(app, "...", "", "");
    assert_listed(app, "green", "&status=resolved", "");
    assert_int_equal(test_request(app, "GET", "/api/v1/conversations?q=chen", NULL), 200);
    str chen =
        str_print(&app->arena, "/api/v1/conversations/%.*s", SARG(test_text(app, "items.0.id")));
    assert_int_equal(test_request(app, "PATCH", str_z(&app->arena, chen),
                         "{\"status\":\"resolved\",\"priority\":\"high\"}"),
        200);
    assert_listed(app, "leaves", "", "");
    assert_listed(app, "leaves", "&status=open,resolved&priority=high", "chen");
    assert_listed(app, "leaves", "&status=open,resolved&priority=low", "");
    assert_int_equal(test_request(app, "GET", "/api/v1/conversations?q=is:blue+tea", NULL), 400);
    assert_str(test_text(app, "error.field"), "q");
    world_close(&w);
}

static void a_list_of_people_finds_as_the_search_does(void **state)
{
    struct test_app *app = *state;
    struct world w;
    world_open(&w, app);
    static const char *const names[] = {"Zoë Ångström", "Zoran", "Chen", "Zoë"};
    for (int i = 0; i < 4; i++)
        say(&w, str_z(&app->arena, str_print(&app->arena, "%d", i)), names[i], "hello");
    clock_advance(24 * 60 * 60 * 1000);
    say(&w, "9", "Zoran", "once more"); /* seen last */
    for (int limit = 1; limit <= 50; limit += 49) {
        assert_str(
            listed(app, "/api/v1/contacts", "name", "zo", "", limit), "Zoran Zoë Zoë Ångström");
        assert_str(listed(app, "/api/v1/contacts", "name", "zoe -angstrom", "", limit), "Zoë");
        assert_str(listed(app, "/api/v1/contacts", "name", "hello", "", limit), "");
    }
    world_close(&w);
}

static void assert_reader_finds(struct test_app *app, str reader, ptrdiff_t conversations)
{
    static const char *const lists[] = {"/api/v1/conversations", "/api/v1/conversations?q=secret",
        "/api/v1/conversations?q=asha", "/api/v1/conversations?q=1"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        assert_int_equal(test_request_as(app, reader, "GET", lists[i], NULL), 200);
        assert_int_equal(json_get(app->json, S("items"))->count, conversations);
    }
}

static void a_list_finds_nothing_that_its_reader_may_not_see(void **state)
{
    struct test_app *app = *state;
    struct world w;
    world_open(&w, app);
    say(&w, "1", "asha", "a secret recipe");
    account_id other;
    agent_id agent;
    str stranger = test_account_add(app, "Others", &other);
    str narrow = test_agent_add(app, "narrow@test.example", "agent", &agent);
    assert_int_equal(test_request(app, "POST", "/api/v1/teams", "{\"name\":\"North\"}"), 201);
    str team = test_text(app, "id");
    str who = str_print(&app->arena, "/api/v1/agents/%lld", (long long)agent.v);
    str grant =
        str_print(&app->arena, "{\"grants\":[{\"scope\":\"team\",\"id\":\"%.*s\"}]}", SARG(team));
    assert_int_equal(
        test_request(app, "PATCH", str_z(&app->arena, who), str_z(&app->arena, grant)), 200);
    assert_reader_finds(app, stranger, 0);
    assert_reader_finds(app, narrow, 0);
    assert_int_equal(test_request_as(app, stranger, "GET", "/api/v1/contacts?q=asha", NULL), 200);
    assert_int_equal(json_get(app->json, S("items"))->count, 0);
    assert_int_equal(test_request(app, "GET", "/api/v1/conversations?q=secret", NULL), 200);
    str one =
        str_print(&app->arena, "/api/v1/conversations/%.*s", SARG(test_text(app, "items.0.id")));
    str to_team = str_print(&app->arena, "{\"team_id\":\"%.*s\"}", SARG(team));
    assert_int_equal(
        test_request(app, "PATCH", str_z(&app->arena, one), str_z(&app->arena, to_team)), 200);
    assert_reader_finds(app, narrow, 1);
    world_close(&w);
}

static void a_question_that_cannot_be_is_refused_by_name(void **state)
{
    struct test_app *app = *state;
    static const char *const bad[] = {"tea before:yesterday", "is:blue", "has:patience"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(search_as(app, app->owner_token, bad[i], ""), 400);
        assert_str(test_text(app, "error.field"), "q");
    }
    assert_true(str_find(app->body, S("has: wants attachment. It stands at character 1.")) > 0);
    static const char *const more[] = {
        "&kind=x", "&order=x", "&limit=51", "&zone=900", "&cursor=x", "&x=1"};
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        assert_int_equal(search_as(app, app->owner_token, "tea", more[i]), 400);
    assert_int_equal(test_request(app, "GET", "/api/v1/search", NULL), 400);
    assert_str(test_text(app, "error.field"), "q");
}

/* More things begin with its first three letters than SQLite's windows hold (search_find.c). */
static void a_beginning_that_is_rare_among_its_first_letters_is_found(void **state)
{
    struct test_app *app = *state;
    struct world w;
    world_open(&w, app);
    assert_int_equal(hook_message(&w, "m-1", "asha", "an ordeal, twice an ordeal-like"), 200);
    world_run(&w);
    growth_to(app, 0, 2500); /* "Where is my order N?" */
    assert_int_equal(hook_message(&w, "m-2", "bo", "ordealsome"), 200);
    world_run(&w);
    assert_int_equal(found(app, "ordeal*", "&kind=messages"), 2);
    assert_int_equal(found(app, "ordeal* twice", "&kind=messages"), 1);
    assert_int_equal(found(app, "ordeals*", "&kind=messages&order=time"), 1);
    assert_int_equal(found(app, "ordinary*", "&kind=messages"), 0);
    assert_int_equal(found(app, "orde*", "&kind=messages&limit=50"), 50);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(every_pair_is_found_or_not),
        TEST_APP(the_best_come_first_or_the_newest),
        TEST_APP(fields_narrow_what_words_find),
        TEST_APP(contacts_and_tags_are_found_by_name),
        TEST_APP(contacts_with_another_name_since_hide_no_older_one),
        TEST_APP(nobody_finds_what_they_may_not_see),
        TEST_APP(a_beginning_that_is_rare_among_its_first_letters_is_found),
        TEST_APP(a_list_finds_as_the_search_does_in_its_own_order),
        TEST_APP(a_list_of_people_finds_as_the_search_does),
        TEST_APP(a_list_finds_nothing_that_its_reader_may_not_see),
        TEST_APP(a_question_that_cannot_be_is_refused_by_name),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests_name("search_find", tests, NULL, NULL);
}
