/* What agents and the clock change about a conversation, one by one and in bulk. */
#include "world.h"

#include "care/bulk.h"
#include "care/lifecycle.h"
#include "store/conversation.h"
#include "store/message.h"

#define DAY_MS INT64_C(86400000)

static err change(
    struct world *w, int64_t agent, int64_t id, const struct conversation_change *what)
{
    struct conversation c;
    err e = conversation_change(as_agent(w, agent), (conversation_id){id}, what, &c);
    if (e == OK)
        done(w);
    else
        undone(w);
    return e;
}

static err set_status(struct world *w, int64_t id, const char *status)
{
    struct conversation_change to = {.has_status = true, .status = str_from(status)};
    return change(w, ANNA, id, &to);
}

static int64_t activities(struct world *w)
{
    return count(w, S("SELECT COUNT(*) AS n FROM message WHERE kind = 'activity'"));
}

static void resolving_records_an_outcome_and_an_activity(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct conversation_change to = {.has_status = true,
        .status = S("resolved"),
        .has_outcome = true,
        .outcome = S("duplicate")};
    assert_ok(change(w, ANNA, id, &to));
    struct conversation c = look(w, id);
    assert_str(c.status, "resolved");
    assert_str(c.outcome, "duplicate");
    assert_int_equal(c.resolved_ms, TEST_NOW_MS);
    assert_int_equal(c.waiting_since_ms, 0);
    assert_int_equal(c.version, 2);
    assert_int_equal(activities(w), 1);
    assert_ok(set_status(w, id, "open"));
    c = look(w, id);
    assert_str(c.outcome, "");
    assert_int_equal(c.waiting_since_ms, TEST_NOW_MS);
}
ON_BOTH(resolving_records_an_outcome_and_an_activity)

static void a_change_to_what_it_is_already_changes_nothing(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    assert_ok(set_status(w, id, "open"));
    assert_int_equal(look(w, id).version, 1);
    assert_int_equal(activities(w), 0);
}
ON_BOTH(a_change_to_what_it_is_already_changes_nothing)

static void a_change_of_an_old_version_is_stale(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct conversation_change to = {
        .has_priority = true, .priority = S("high"), .expected_version = 1};
    assert_ok(change(w, ANNA, id, &to));
    to.priority = S("low");
    assert_err(change(w, ANNA, id, &to), E_CONFLICT);
    assert_str(w->cx.fault.detail, "stale");
    assert_str(look(w, id).priority, "high");
}
ON_BOTH(a_change_of_an_old_version_is_stale)

static void a_snoozed_conversation_wakes_when_its_time_has_come(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct conversation_change to = {.has_snoozed_until = true,
        .snoozed_until_ms = TEST_NOW_MS + DAY_MS,
        .has_status = true,
        .status = S("snoozed")};
    assert_ok(change(w, ANNA, id, &to));
    assert_int_equal(
        count(w, S("SELECT run_ms AS n FROM job WHERE kind = 'wake'")), TEST_NOW_MS + DAY_MS);
    world_later(DAY_MS - 1);
    assert_ok(lifecycle_wake(as_system(w), (conversation_id){id}));
    done(w);
    assert_str(look(w, id).status, "snoozed");
    world_later(1);
    assert_ok(lifecycle_wake_due(as_system(w)));
    done(w);
    assert_str(look(w, id).status, "open");
}
ON_BOTH(a_snoozed_conversation_wakes_when_its_time_has_come)

static void a_snooze_into_the_past_is_refused(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct conversation_change to = {
        .has_snoozed_until = true, .snoozed_until_ms = TEST_NOW_MS - 1};
    assert_err(change(w, ANNA, id, &to), E_INVALID);
    assert_str(w->cx.fault.field, "snoozed_until");
}
ON_BOTH(a_snooze_into_the_past_is_refused)

static void an_old_conversation_stays_closed_while_a_newer_one_is_in_progress(struct world *w)
{
    int64_t id = take(w, API, "rina", "one");
    assert_ok(set_status(w, id, "resolved"));
    world_later(8 * DAY_MS);
    take(w, API, "rina", "two");
    assert_err(set_status(w, id, "open"), E_CONFLICT);
    assert_str(look(w, id).status, "resolved");
}
ON_BOTH(an_old_conversation_stays_closed_while_a_newer_one_is_in_progress)

static void assigning_makes_it_visible_and_tells_the_agent(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct conversation_change to = {.has_assignee = true, .assignee = {CLEO}};
    assert_err(change(w, CLEO, id, &to), E_NOT_FOUND);
    assert_ok(change(w, ANNA, id, &to));
    struct conversation c;
    assert_ok(conversation_get(as_agent(w, CLEO), (conversation_id){id}, &c));
    done(w);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM notification WHERE agent_id = 13")), 1);
    to.assignee.v = GONE;
    assert_err(change(w, ANNA, id, &to), E_INVALID);
    assert_str(w->cx.fault.field, "assignee_id");
}
ON_BOTH(assigning_makes_it_visible_and_tells_the_agent)

static void a_team_sees_what_is_given_to_it(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct conversation c;
    assert_err(conversation_get(as_agent(w, BEN), (conversation_id){id}, &c), E_NOT_FOUND);
    undone(w);
    struct conversation_change to = {.has_team = true, .team = {TEAM}};
    assert_ok(change(w, ANNA, id, &to));
    assert_ok(conversation_get(as_agent(w, BEN), (conversation_id){id}, &c));
    done(w);
    to.team.v = 999;
    assert_err(change(w, ANNA, id, &to), E_INVALID);
}
ON_BOTH(a_team_sees_what_is_given_to_it)

static void another_account_sees_nothing(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct conversation c;
    assert_err(
        conversation_get(in_account(w, OTHER_ACCOUNT), (conversation_id){id}, &c), E_NOT_FOUND);
    undone(w);
}
ON_BOTH(another_account_sees_nothing)

static struct str_list names(const char *a, const char *b)
{
    struct str_list l = {.at = NEW(test_arena(), str, 2)};
    if (a)
        l.at[l.len++] = str_from(a);
    if (b)
        l.at[l.len++] = str_from(b);
    return l;
}

static void tags_are_one_whatever_their_case(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct conversation_change to = {.has_tags = true, .tags = names("VIP", "late")};
    assert_ok(change(w, ANNA, id, &to));
    to.tags = names("vip", "lost");
    assert_ok(change(w, ANNA, id, &to));
    struct conversation c = look(w, id);
    assert_int_equal(c.tags.len, 2);
    assert_str(c.tags.at[0], "VIP");
    assert_str(c.tags.at[1], "lost");
    struct conversation_change add = {
        .add_tags = names("late", NULL), .remove_tags = names("vip", NULL)};
    assert_ok(change(w, ANNA, id, &add));
    c = look(w, id);
    assert_int_equal(c.tag_count, 2);
    assert_str(c.tags.at[0], "late");
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM tag")), 3);
}
ON_BOTH(tags_are_one_whatever_their_case)

static void who_may_not_make_tags_uses_known_ones(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct conversation_change to = {.has_tags = true, .tags = names("VIP", NULL)};
    struct conversation c;
    struct ctx *cx = as_agent(w, ANNA);
    cx->actor.caps &= ~(uint64_t)CAP_TAG_MANAGE;
    assert_err(conversation_change(cx, (conversation_id){id}, &to, &c), E_INVALID);
    undone(w);
    assert_ok(change(w, ANNA, id, &to));
    to.tags = names("vip", NULL);
    cx = as_agent(w, ANNA);
    cx->actor.caps &= ~(uint64_t)CAP_TAG_MANAGE;
    assert_ok(conversation_change(cx, (conversation_id){id}, &to, &c));
    done(w);
}
ON_BOTH(who_may_not_make_tags_uses_known_ones)

static void a_bulk_change_reports_each_refusal_and_can_be_taken_back(struct world *w)
{
    int64_t ids[3] = {take(w, API, "rina", "a"), take(w, API, "omar", "b"), 12345};
    struct conversation_change to = {.has_status = true,
        .status = S("resolved"),
        .add_tags = names("bulk", NULL),
        .has_assignee = true,
        .assignee = {BEN}};
    struct bulk_result r;
    assert_ok(bulk_change(as_agent(w, ANNA), ids, 3, &to, &r));
    done(w);
    assert_int_equal(r.changed, 2);
    assert_int_equal(r.n_failed, 1);
    assert_int_equal(r.failed[0].id.v, 12345);
    assert_err(r.failed[0].code, E_NOT_FOUND);
    assert_str(look(w, ids[0]).status, "resolved");
    struct conversation_change later = {.has_priority = true, .priority = S("high")};
    assert_ok(change(w, ANNA, ids[1], &later));
    int64_t token = r.undo_token;
    assert_err(bulk_undo(as_agent(w, BEN), token, &r), E_NOT_FOUND);
    undone(w);
    assert_ok(bulk_undo(as_agent(w, ANNA), token, &r));
    done(w);
    assert_int_equal(r.changed, 1);
    assert_int_equal(r.n_failed, 1);
    struct conversation c = look(w, ids[0]);
    assert_str(c.status, "open");
    assert_int_equal(c.assignee_id.v, 0);
    assert_int_equal(c.tags.len, 0);
    assert_str(look(w, ids[1]).status, "resolved");
    assert_err(bulk_undo(as_agent(w, ANNA), token, &r), E_NOT_FOUND);
    undone(w);
}
ON_BOTH(a_bulk_change_reports_each_refusal_and_can_be_taken_back)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(resolving_records_an_outcome_and_an_activity),
        BOTH(a_change_to_what_it_is_already_changes_nothing),
        BOTH(a_change_of_an_old_version_is_stale),
        BOTH(a_snoozed_conversation_wakes_when_its_time_has_come),
        BOTH(a_snooze_into_the_past_is_refused),
        BOTH(an_old_conversation_stays_closed_while_a_newer_one_is_in_progress),
        BOTH(assigning_makes_it_visible_and_tells_the_agent),
        BOTH(a_team_sees_what_is_given_to_it),
        BOTH(another_account_sees_nothing),
        BOTH(tags_are_one_whatever_their_case),
        BOTH(who_may_not_make_tags_uses_known_ones),
        BOTH(a_bulk_change_reports_each_refusal_and_can_be_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
