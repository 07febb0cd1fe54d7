/* Lists, counts and the simple search: what belongs, in which order, page by page, for whom. */
#include "world.h"

#include "care/inbox.h"
#include "care/lifecycle.h"
#include "care/presence.h"
#include "care/search_index.h"
#include "store/desk.h"

static struct str_list one(const char *word)
{
    struct str_list l = {.at = NEW(test_arena(), str, 1), .len = 1};
    l.at[0] = str_from(word);
    return l;
}

/* All pages of a list as the contacts' names: "rina omar ". */
static str listed(
    struct ctx *cx, const struct inbox_query *q, enum conversation_sort sort, int limit)
{
    struct sb b = sb_make(test_arena(), 0);
    struct conversation_cursor at = {0}, next = {0};
    for (int pages = 0; pages < 100; pages++) {
        struct conversation *rows = NULL;
        ptrdiff_t n = 0;
        assert_ok(inbox_list(cx, q, sort, &at, limit, &rows, &n, &next));
        assert_true(n <= limit);
        for (ptrdiff_t i = 0; i < n; i++) {
            sb_add(&b, rows[i].contact_name);
            sb_byte(&b, ' ');
        }
        if (!next.is_set)
            return sb_str(&b);
        at = next;
    }
    fail_msg("a list without an end");
    return (str){0};
}

static void set(struct world *w, int64_t id, struct conversation_change to)
{
    struct conversation c;
    assert_ok(conversation_change(as_agent(w, ANNA), (conversation_id){id}, &to, &c));
    done(w);
}

/* Five people write one second after the other; the second is answered, the third urgent. */
static void five(struct world *w, int64_t ids[5])
{
    static const char *const people[] = {"ada", "ben", "cy", "dot", "eve"};
    for (int i = 0; i < 5; i++) {
        ids[i] = take(w, API, people[i], "help");
        world_later(1000);
    }
    reply_as(w, ANNA, ids[1], "answered");
    set(w, ids[2], (struct conversation_change){.has_priority = true, .priority = S("urgent")});
}

static void each_order_is_the_same_whatever_the_size_of_the_page(struct world *w)
{
    int64_t ids[5];
    five(w, ids);
    static const struct {
        enum conversation_sort sort;
        const char *names;
    } orders[] = {
        {SORT_NEWEST,  "ben eve dot cy ada "},
        {SORT_OLDEST,  "ada cy dot eve ben "},
        {SORT_DUE,     "cy ada dot eve ben "},
        {SORT_WAITING, "ada cy dot eve ben "},
    };
    struct inbox_query q = {0};
    struct ctx *cx = as_agent(w, ANNA);
    for (int i = 0; i < 4; i++)
        for (int limit = 1; limit < 7; limit++)
            assert_str(listed(cx, &q, orders[i].sort, limit), orders[i].names);
    done(w);
}
ON_BOTH(each_order_is_the_same_whatever_the_size_of_the_page)

static void statuses_are_merged_into_one_order(struct world *w)
{
    int64_t ids[5];
    five(w, ids);
    set(w, ids[0], (struct conversation_change){.has_status = true, .status = S("resolved")});
    set(w, ids[3], (struct conversation_change){.has_status = true, .status = S("pending")});
    str both[] = {S("open"), S("pending")}, all[] = {S("resolved"), S("open"), S("pending")};
    struct inbox_query open =
                           {
                               0
    },
                       two = {.status = {both, 2}}, three = {.status = {all, 3}};
    struct ctx *cx = as_agent(w, ANNA);
    assert_str(listed(cx, &open, SORT_OLDEST, 2), "cy eve ben ");
    assert_str(listed(cx, &two, SORT_OLDEST, 2), "cy dot eve ben ");
    assert_str(listed(cx, &three, SORT_OLDEST, 2), "ada cy dot eve ben ");
    done(w);
}
ON_BOTH(statuses_are_merged_into_one_order)

static void every_filter_narrows_the_list(struct world *w)
{
    int64_t ids[5];
    five(w, ids);
    set(w, ids[0], (struct conversation_change){.has_assignee = true, .assignee = {BEN}});
    set(w, ids[1], (struct conversation_change){.has_team = true, .team = {TEAM}});
    set(w, ids[3], (struct conversation_change){.add_tags = one("late")});
    set(w, ids[4], (struct conversation_change){.has_language = true, .language = S("bn")});
    take(w, WIDGET, "fay", "from the site");
    const struct {
        struct inbox_query q;
        const char *names;
    } cases[] = {
        {{.assignee = S("none")},              "fay ben eve dot cy "},
        {{.assignee = S("12")},                "ada "               },
        {{.assignee = S("me")},                ""                   },
        {{.team = S("21")},                    "ben "               },
        {{.channel = S("31")},                 "fay "               },
        {{.tag = one("LATE")},                 "dot "               },
        {{.tag = one("unheard of")},           ""                   },
        {{.priority = one("urgent")},          "cy "                },
        {{.language = S("bn")},                "eve "               },
        {{.unread = true},                     "fay eve dot cy ada "},
        {{.mentions = true},                   ""                   },
        {{.tag = one("late"), .unread = true}, "dot "               },
    };
    struct ctx *cx = as_agent(w, ANNA);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_str(listed(cx, &cases[i].q, SORT_NEWEST, 2), cases[i].names);
    done(w);
}
ON_BOTH(every_filter_narrows_the_list)

static void a_list_shows_only_what_the_agent_may_see(struct world *w)
{
    int64_t ids[5];
    five(w, ids);
    set(w, ids[0], (struct conversation_change){.has_assignee = true, .assignee = {CLEO}});
    set(w, ids[1], (struct conversation_change){.has_team = true, .team = {TEAM}});
    struct inbox_query q = {0};
    assert_str(listed(as_agent(w, CLEO), &q, SORT_NEWEST, 50), "ada ");
    done(w);
    assert_str(listed(as_agent(w, BEN), &q, SORT_NEWEST, 50), "ben ");
    struct conversation_counted counted;
    assert_ok(inbox_count(&w->cx, &q, &counted));
    assert_int_equal(counted.total, 1);
    done(w);
    assert_str(listed(in_account(w, OTHER_ACCOUNT), &q, SORT_NEWEST, 50), "");
    done(w);
}
ON_BOTH(a_list_shows_only_what_the_agent_may_see)

static void reading_and_answering_make_it_read(struct world *w)
{
    int64_t ids[5];
    five(w, ids);
    struct inbox_query q = {0};
    struct conversation_counted counted;
    assert_ok(inbox_count(as_agent(w, ANNA), &q, &counted));
    assert_int_equal(counted.total, 5);
    assert_int_equal(counted.unread, 4); /* ben was answered */
    done(w);
    struct conversation c = look(w, ids[0]);
    assert_ok(read_set(as_agent(w, ANNA), c.id, c.last_message_id));
    assert_ok(inbox_count(&w->cx, &q, &counted));
    assert_int_equal(counted.unread, 3);
    done(w);
    world_later(1000);
    take(w, API, "ada", "again");
    take(w, API, "ada", "and again");
    struct conversation *rows = NULL;
    ptrdiff_t n = 0;
    struct conversation_cursor at = {0}, next;
    assert_ok(inbox_list(as_agent(w, ANNA), &q, SORT_NEWEST, &at, 1, &rows, &n, &next));
    assert_int_equal(rows[0].unread_count, 2);
    done(w);
}
ON_BOTH(reading_and_answering_make_it_read)

static void index_all(struct world *w)
{
    struct search_indexer x = {.db = w->t->db, .config = w->cx.config, .arena = arena_make(0)};
    bool more = true;
    for (int64_t n; more;)
        assert_ok(search_index_turn(&x, &n, &more));
    arena_free(&x.arena);
}

static void the_search_finds_number_name_text_and_address(struct world *w)
{
    struct inbound_item item = said(API, "ada", "Der Gürtel ist zu KURZ");
    item.contact_email = S("Ada@Shop.Example");
    struct inbound_result r;
    assert_ok(inbound_take_many(as_system(w), &item, 1, &r, NULL));
    done(w);
    world_later(1000);
    int64_t id = take(w, API, "Berta", "the first words");
    world_later(1000);
    assert_int_equal(take(w, API, "Berta", "other words"), id);
    static const struct {
        const char *q, *names;
    } cases[] = {
        {"GÜRTEL",          "ada "  },
        {"kurz",             "ada "  },
        {"berta",            "Berta "},
        {"#1",               "ada "  },
        {"2",                "Berta "},
        {"ada@shop.example", "ada "  },
        {"first words",      "Berta "},
        {"words",            "Berta "},
        {"nothing of it",    ""      }
    };
    index_all(w);
    struct ctx *cx = as_agent(w, ANNA);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct inbox_query q = {.q = str_from(cases[i].q)};
        assert_str(listed(cx, &q, SORT_NEWEST, 1), cases[i].names);
    }
    done(w);
}
ON_BOTH(the_search_finds_number_name_text_and_address)

static void a_filter_with_a_meaningless_value_is_refused(struct world *w)
{
    static const char *const filters[] = {"[]", "{\"status\":\"open\"}", "{\"colour\":\"red\"}",
        "{\"unread\":1}", "{\"status\":[\"closed\"]}", "{\"assignee\":\"you\"}",
        "{\"priority\":[\"some\"]}"};
    struct ctx *cx = as_agent(w, ANNA);
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        const struct json *json;
        str why;
        struct inbox_query q = {0};
        assert_ok(json_parse(test_arena(), str_from(filters[i]), &json, &why));
        err e = inbox_query_read(cx, json, &q);
        assert_err(e == OK ? inbox_query_check(cx, &q) : e, E_INVALID);
    }
    done(w);
}
ON_BOTH(a_filter_with_a_meaningless_value_is_refused)

static void a_filter_reads_back_as_it_was_written(struct world *w)
{
    str text = S("{\"status\":[\"open\",\"pending\"],\"assignee\":\"me\",\"team\":\"none\","
                 "\"tag\":[\"late\"],\"priority\":[\"high\"],\"q\":\"x\",\"language\":\"bn\","
                 "\"unread\":true}");
    const struct json *json;
    str why;
    struct inbox_query q;
    assert_ok(json_parse(test_arena(), text, &json, &why));
    assert_ok(inbox_query_read(as_agent(w, ANNA), json, &q));
    done(w);
    assert_true(str_eq(inbox_query_json(test_arena(), &q), text));
}
ON_BOTH(a_filter_reads_back_as_it_was_written)

static bool say(int64_t account, int64_t agent, enum presence_state state, int64_t now_ms)
{
    const struct presence_place place = {.account = {account}, .conversation = {77}};
    return presence_set(&place, (agent_id){agent}, state, now_ms);
}

static void presence_is_forgotten_after_ten_seconds(void **state)
{
    (void)state;
    presence_reset();
    account_id account = {ACCOUNT};
    conversation_id c = {77};
    struct presence p;
    assert_true(say(ACCOUNT, ANNA, PRESENCE_VIEWING, 1000));
    assert_false(say(ACCOUNT, ANNA, PRESENCE_VIEWING, 2000));
    assert_true(say(ACCOUNT, BEN, PRESENCE_TYPING, 2000));
    presence_get(account, c, 11999, &p);
    assert_int_equal(p.n, 2);
    presence_get(account, c, 12000, &p);
    assert_int_equal(p.n, 0);
    presence_get((account_id){OTHER_ACCOUNT}, c, 3000, &p);
    assert_int_equal(p.n, 0);
    assert_true(say(ACCOUNT, BEN, PRESENCE_LEFT, 3000));
    presence_get(account, c, 3000, &p);
    assert_int_equal(p.n, 1);
    assert_int_equal(p.agents[0].agent.v, ANNA);
}

static void presence_of_very_many_forgets_the_oldest(void **state)
{
    (void)state;
    presence_reset();
    conversation_id c = {77};
    struct presence p;
    for (int i = 1; i <= 100; i++)
        assert_true(say(ACCOUNT, i, PRESENCE_VIEWING, i));
    presence_get((account_id){ACCOUNT}, c, 200, &p);
    assert_int_equal(p.n, 16);
    for (int i = 0; i < p.n; i++)
        assert_true(p.agents[i].agent.v > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(each_order_is_the_same_whatever_the_size_of_the_page),
        BOTH(statuses_are_merged_into_one_order),
        BOTH(every_filter_narrows_the_list),
        BOTH(a_list_shows_only_what_the_agent_may_see),
        BOTH(reading_and_answering_make_it_read),
        BOTH(the_search_finds_number_name_text_and_address),
        BOTH(a_filter_with_a_meaningless_value_is_refused),
        BOTH(a_filter_reads_back_as_it_was_written),
        TEST(presence_is_forgotten_after_ten_seconds),
        TEST(presence_of_very_many_forgets_the_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
