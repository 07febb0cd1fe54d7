/* Who hears what: by scope, assignment and mention; and who is here, counted by streams. */
#include "care/audience.h"

#include "test.h"

static const int64_t teams[] = {10, 11}, channels[] = {20}, mentions[] = {30};

static struct listener *join(struct audience *audience, const struct actor *actor)
{
    struct listener *l = NULL;
    assert_ok(audience_join(audience, (account_id){1}, actor, mentions, 1, &l));
    return l;
}

static const struct actor narrow = {.kind = ACTOR_AGENT,
    .agent = {5},
    .team_ids = teams,
    .n_teams = 2,
    .channel_ids = channels,
    .n_channels = 1};
static const struct actor wide = {.kind = ACTOR_AGENT, .agent = {6}, .sees_all = true};
static const struct actor visitor = {.kind = ACTOR_VISITOR, .contact = {7}};

static bool hears(const struct listener *l, struct audience_news news)
{
    if (news.audience == 0)
        news.audience = EVENT_FOR_AGENTS;
    return audience_match(l, &news);
}

static void an_agent_of_narrow_scope_hears_what_is_in_it_assigned_or_mentions_him(void **state)
{
    (void)state;
    struct audience *audience = audience_open();
    struct listener *l = join(audience, &narrow), *all = join(audience, &wide);
    const struct audience_news elsewhere = {.conversation = {99}, .team = {12}, .channel = {21}};
    assert_false(hears(l, elsewhere));
    assert_true(hears(all, elsewhere));
    assert_true(hears(l, (struct audience_news){.conversation = {99}, .team = {11}}));
    assert_true(hears(l, (struct audience_news){.conversation = {99}, .channel = {20}}));
    assert_false(hears(l, (struct audience_news){.conversation = {99}, .channel = {10}}));
    assert_false(hears(l, (struct audience_news){.conversation = {99}, .team = {20}}));
    assert_true(hears(l, (struct audience_news){.conversation = {99}, .assignee = {5}}));
    assert_false(hears(l, (struct audience_news){.conversation = {99}, .assignee = {6}}));
    assert_true(hears(l, (struct audience_news){.conversation = {30}}));
    assert_true(hears(l, (struct audience_news){0})); /* not about a conversation */
    audience_leave(l);
    audience_leave(all);
    audience_close(audience);
}

static void what_is_for_one_agent_or_one_visitor_reaches_nobody_else(void **state)
{
    (void)state;
    struct audience *audience = audience_open();
    struct listener *l = join(audience, &narrow), *all = join(audience, &wide),
                    *v = join(audience, &visitor);
    const struct audience_news mine = {.audience = EVENT_FOR_AGENT, .agent = {5}};
    const struct audience_news his = {.audience = EVENT_FOR_VISITOR, .contact = {7}};
    const struct audience_news other = {.audience = EVENT_FOR_VISITOR, .contact = {8}};
    const struct audience_news nobodys = {.audience = EVENT_FOR_AGENT};
    assert_true(hears(l, mine) && !hears(all, mine) && !hears(v, mine));
    assert_true(hears(v, his) && !hears(l, his) && !hears(all, his));
    assert_false(hears(v, other));
    assert_false(hears(v, (struct audience_news){.conversation = {30}}));
    assert_false(hears(v, nobodys) || hears(l, nobodys));
    assert_false(hears(all, (struct audience_news){.audience = 99}));
    audience_leave(l);
    audience_leave(all);
    audience_leave(v);
    audience_close(audience);
}

static void new_rights_replace_the_old_ones_and_mentions_stay(void **state)
{
    (void)state;
    struct audience *audience = audience_open();
    struct listener *l = join(audience, &narrow);
    const int64_t fewer[] = {12};
    const struct actor now = {.agent = {5}, .team_ids = fewer, .n_teams = 1};
    assert_true(listener_set_scope(l, &now));
    assert_false(hears(l, (struct audience_news){.conversation = {99}, .team = {11}}));
    assert_true(hears(l, (struct audience_news){.conversation = {99}, .team = {12}}));
    assert_false(hears(l, (struct audience_news){.conversation = {99}, .channel = {20}}));
    assert_true(hears(l, (struct audience_news){.conversation = {30}}));
    assert_true(listener_add_mention(l, (conversation_id){31}));
    assert_true(listener_add_mention(l, (conversation_id){31}));
    assert_int_equal(l->n_mentions, 2);
    assert_true(hears(l, (struct audience_news){.conversation = {31}}));
    audience_leave(l);
    audience_close(audience);
}

static void who_is_here_is_counted_by_streams(void **state)
{
    (void)state;
    enum { MANY = 500 };
    struct audience *audience = audience_open();
    struct listener *l[MANY], *twice;
    for (int i = 0; i < MANY; i++) {
        struct actor actor = {.kind = ACTOR_VISITOR, .contact = {1000 + i}};
        l[i] = join(audience, &actor);
    }
    struct actor first = {.kind = ACTOR_VISITOR, .contact = {1000}};
    twice = join(audience, &first);
    assert_int_equal(audience_count(audience), MANY + 1);
    for (int i = 0; i < MANY; i += 2)
        audience_leave(l[i]);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(audience_has_contact(audience, (account_id){1}, (contact_id){1000 + i}),
            i % 2 == 1 || i == 0);
    assert_false(audience_has_contact(audience, (account_id){2}, (contact_id){1001}));
    assert_false(audience_has_agent(audience, (account_id){1}, (agent_id){1001}));
    audience_leave(twice);
    assert_false(audience_has_contact(audience, (account_id){1}, (contact_id){1000}));
    for (int i = 1; i < MANY; i += 2)
        audience_leave(l[i]);
    assert_int_equal(audience_count(audience), 0);
    audience_close(audience);
}

static void everybody_who_is_here_is_listed_once_and_in_order(void **state)
{
    (void)state;
    struct audience *audience = audience_open();
    const struct audience_one *people;
    assert_int_equal(audience_list(audience, test_arena(), &people), 0);
    struct listener *v = join(audience, &visitor), *w = join(audience, &wide),
                    *n = join(audience, &narrow), *again = join(audience, &visitor), *other;
    assert_ok(audience_join(audience, (account_id){2}, &narrow, mentions, 1, &other));
    const struct audience_one expected[] = {
        {{1}, AUDIENCE_AGENT,   5},
        {{1}, AUDIENCE_AGENT,   6},
        {{1}, AUDIENCE_CONTACT, 7},
        {{2}, AUDIENCE_AGENT,   5},
    };
    assert_int_equal(audience_list(audience, test_arena(), &people), 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(audience_order(people[i], expected[i]), 0);
    audience_leave(v);
    assert_int_equal(audience_list(audience, test_arena(), &people), 4);
    audience_leave(again);
    assert_int_equal(audience_list(audience, test_arena(), &people), 3);
    audience_leave(w);
    audience_leave(n);
    audience_leave(other);
    audience_close(audience);
}

static err join_and_leave(struct arena *a, void *arg)
{
    (void)a;
    (void)arg;
    struct audience *audience = audience_open();
    if (!audience)
        return E_BUSY;
    struct listener *l = NULL;
    err e = audience_join(audience, (account_id){1}, &narrow, mentions, 1, &l);
    if (e == OK)
        audience_leave(l);
    audience_close(audience);
    return e;
}

static void the_end_of_memory_is_busy_and_leaves_nothing_behind(void **state)
{
    (void)state;
    for_each_allocation_failure(join_and_leave, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_agent_of_narrow_scope_hears_what_is_in_it_assigned_or_mentions_him),
        TEST(what_is_for_one_agent_or_one_visitor_reaches_nobody_else),
        TEST(new_rights_replace_the_old_ones_and_mentions_stay),
        TEST(who_is_here_is_counted_by_streams),
        TEST(everybody_who_is_here_is_listed_once_and_in_order),
        TEST(the_end_of_memory_is_busy_and_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
