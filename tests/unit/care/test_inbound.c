/* What customers write becomes messages of conversations: once, in order, where it belongs. */
#include "world.h"

#include "store/conversation.h"
#include "store/message.h"
#include "store/statistics.h"

#define DAY_MS INT64_C(86400000)

static void take_many(
    struct world *w, const struct inbound_item *items, ptrdiff_t n, struct inbound_result *results)
{
    assert_ok(inbound_take_many(as_system(w), items, n, results, NULL));
    done(w);
}

static void change_status(struct world *w, int64_t id, const char *sql_status)
{
    (void)as_system(w); /* the same ctx */
    assert_ok(db_run(w->cx.db,
        S("UPDATE conversation SET status = ?1, resolved_ms = ?2, waiting_since_ms = 0"
          " WHERE account_id = 1 AND id = ?3"),
        ARGS(A_TEXT(str_from(sql_status)), A_INT(clock_now_ms()), A_INT(id)), NULL));
    done(w);
}

static void a_first_message_makes_contact_and_conversation(struct world *w)
{
    struct inbound_item item = said(API, "rina", "Where is my order?");
    item.contact_email = S("Rina@Shop.Example");
    struct inbound_result r;
    take_many(w, &item, 1, &r);
    assert_ok(r.result);
    assert_true(r.is_new_conversation);
    struct conversation c = look(w, r.conversation.v);
    assert_int_equal(c.number, 1);
    assert_str(c.status, "open");
    assert_str(c.contact_name, "rina");
    assert_str(c.channel_name, "App");
    assert_str(c.preview, "Where is my order?");
    assert_int_equal(c.last_message_id.v, r.message.v);
    assert_int_equal(c.waiting_since_ms, TEST_NOW_MS);
    assert_int_equal(c.version, 1);
    assert_int_equal(
        count(w, S("SELECT COUNT(*) AS n FROM contact WHERE email = 'rina@shop.example'")), 1);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM event WHERE audience = 1")), 2);
}
ON_BOTH(a_first_message_makes_contact_and_conversation)

static void a_repeated_message_is_a_conflict_and_changes_nothing(struct world *w)
{
    struct inbound_item item = said(API, "rina", "Hello");
    struct inbound_result first, again[2];
    take_many(w, &item, 1, &first);
    struct inbound_item batch[2] = {item, said(API, "rina", "Are you there?")};
    take_many(w, batch, 2, again);
    assert_err(again[0].result, E_CONFLICT);
    assert_int_equal(again[0].message.v, first.message.v);
    assert_int_equal(again[0].conversation.v, first.conversation.v);
    assert_ok(again[1].result);
    assert_int_equal(again[1].conversation.v, first.conversation.v);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM message")), 2);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM conversation")), 1);
}
ON_BOTH(a_repeated_message_is_a_conflict_and_changes_nothing)

static void a_repetition_inside_one_batch_is_stored_once(struct world *w)
{
    struct inbound_item item = said(API, "rina", "Hello");
    struct inbound_item batch[3] = {item, item, said(API, "omar", "Hi")};
    struct inbound_result r[3];
    take_many(w, batch, 3, r);
    assert_ok(r[0].result);
    assert_err(r[1].result, E_CONFLICT);
    assert_int_equal(r[1].message.v, r[0].message.v);
    assert_ok(r[2].result);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM message")), 2);
}
ON_BOTH(a_repetition_inside_one_batch_is_stored_once)

static void a_wrong_item_does_not_touch_the_others(struct world *w)
{
    struct inbound_item batch[4] = {
        said(API, "rina", ""),
        said(API, "rina", "fine"),
        said(API, "", "nobody"),
        said(OTHER_CHANNEL, "rina", "the channel of another account"),
    };
    struct inbound_result r[4];
    take_many(w, batch, 4, r);
    assert_err(r[0].result, E_INVALID);
    assert_non_null(r[0].why);
    assert_ok(r[1].result);
    assert_err(r[2].result, E_INVALID);
    assert_err(r[3].result, E_INVALID);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM message")), 1);
}
ON_BOTH(a_wrong_item_does_not_touch_the_others)

static void messages_of_a_batch_keep_the_order_in_which_they_were_sent(struct world *w)
{
    struct inbound_item batch[3] = {
        said(API, "rina", "third"), said(API, "rina", "first"), said(API, "rina", "second")};
    batch[0].sent_ms = TEST_NOW_MS - 1000;
    batch[1].sent_ms = TEST_NOW_MS - 3000;
    batch[2].sent_ms = TEST_NOW_MS - 2000;
    struct inbound_result r[3];
    take_many(w, batch, 3, r);
    assert_true(r[1].message.v < r[2].message.v && r[2].message.v < r[0].message.v);
    struct conversation c = look(w, r[0].conversation.v);
    assert_str(c.preview, "third");
    assert_int_equal(c.waiting_since_ms, TEST_NOW_MS - 3000);
    assert_int_equal(c.last_message_id.v, r[0].message.v);
}
ON_BOTH(messages_of_a_batch_keep_the_order_in_which_they_were_sent)

static void a_time_in_the_future_counts_as_received(struct world *w)
{
    struct inbound_item item = said(API, "rina", "from tomorrow");
    item.sent_ms = TEST_NOW_MS + DAY_MS;
    struct inbound_result r;
    take_many(w, &item, 1, &r);
    assert_int_equal(look_message(w, r.message.v).sent_ms, TEST_NOW_MS);
}
ON_BOTH(a_time_in_the_future_counts_as_received)

static void an_id_stays_above_those_of_the_conversation_when_the_clock_goes_back(struct world *w)
{
    int64_t id = take(w, API, "rina", "one");
    int64_t before = look(w, id).last_message_id.v;
    world_later(-60 * 1000);
    assert_int_equal(take(w, API, "rina", "two"), id);
    assert_true(look(w, id).last_message_id.v > before);
}
ON_BOTH(an_id_stays_above_those_of_the_conversation_when_the_clock_goes_back)

static void a_resolved_conversation_opens_again_within_seven_days(struct world *w)
{
    int64_t id = take(w, API, "rina", "one");
    change_status(w, id, "resolved");
    world_later(7 * DAY_MS - 1);
    assert_int_equal(take(w, API, "rina", "still broken"), id);
    struct conversation c = look(w, id);
    assert_str(c.status, "open");
    assert_int_equal(c.resolved_ms, 0);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM message WHERE kind = 'activity'")), 1);
}
ON_BOTH(a_resolved_conversation_opens_again_within_seven_days)

static void after_seven_days_a_new_linked_conversation_begins(struct world *w)
{
    int64_t id = take(w, API, "rina", "one");
    change_status(w, id, "resolved");
    world_later(7 * DAY_MS + 1);
    int64_t next = take(w, API, "rina", "something else");
    assert_int_not_equal(next, id);
    struct conversation c = look(w, next);
    assert_int_equal(c.previous_id.v, id);
    assert_int_equal(c.number, 2);
    assert_str(look(w, id).status, "resolved");
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM contact")), 1);
}
ON_BOTH(after_seven_days_a_new_linked_conversation_begins)

static void a_pending_and_a_snoozed_conversation_come_back_to_the_team(struct world *w)
{
    int64_t id = take(w, API, "rina", "one");
    change_status(w, id, "pending");
    assert_int_equal(take(w, API, "rina", "two"), id);
    assert_str(look(w, id).status, "open");
    change_status(w, id, "snoozed");
    assert_int_equal(take(w, API, "rina", "three"), id);
    struct conversation c = look(w, id);
    assert_str(c.status, "open");
    assert_int_equal(c.snoozed_until_ms, 0);
    assert_true(c.waiting_since_ms > 0);
}
ON_BOTH(a_pending_and_a_snoozed_conversation_come_back_to_the_team)

static void a_thread_of_the_channel_is_a_conversation_of_its_own(struct world *w)
{
    struct inbound_item batch[3] = {
        said(API, "rina", "a"), said(API, "rina", "b"), said(API, "rina", "a again")};
    batch[0].thread_key = batch[2].thread_key = S("post 1");
    batch[1].thread_key = S("post 2");
    struct inbound_result r[3];
    take_many(w, batch, 3, r);
    assert_int_not_equal(r[0].conversation.v, r[1].conversation.v);
    assert_int_equal(r[0].conversation.v, r[2].conversation.v);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM contact")), 1);
}
ON_BOTH(a_thread_of_the_channel_is_a_conversation_of_its_own)

static void nothing_is_taken_from_a_blocked_contact(struct world *w)
{
    int64_t id = take(w, API, "rina", "one");
    (void)as_system(w); /* the same ctx */
    assert_ok(db_run(
        w->cx.db, S("UPDATE contact SET is_blocked = 1 WHERE account_id = 1"), NO_ARGS, NULL));
    done(w);
    struct inbound_item item = said(API, "rina", "two");
    struct inbound_result r;
    take_many(w, &item, 1, &r);
    assert_err(r.result, E_FORBIDDEN);
    assert_str(look(w, id).preview, "one");
}
ON_BOTH(nothing_is_taken_from_a_blocked_contact)

static void only_a_proved_address_joins_two_identities(struct world *w)
{
    struct inbound_item batch[4] = {said(API, "rina-app", "a"), said(WIDGET, "rina-web", "b"),
        said(API, "rina-2", "c"), said(API, "mallory", "d")};
    for (int i = 0; i < 4; i++)
        batch[i].contact_email = S("rina@shop.example");
    batch[0].is_verified = batch[1].is_verified = true;
    struct inbound_result r[4];
    for (int i = 0; i < 4; i++)
        take_many(w, &batch[i], 1, &r[i]);
    assert_int_equal(r[0].contact.v, r[1].contact.v);
    assert_int_not_equal(r[0].contact.v, r[2].contact.v);
    assert_int_not_equal(r[0].contact.v, r[3].contact.v);
}
ON_BOTH(only_a_proved_address_joins_two_identities)

static void a_widget_message_is_told_to_its_visitor_too(struct world *w)
{
    take(w, WIDGET, "visitor", "Hello");
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM event WHERE audience = 2")), 1);
    take(w, API, "rina", "Hello");
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM event WHERE audience = 2")), 1);
}
ON_BOTH(a_widget_message_is_told_to_its_visitor_too)

static void a_batch_of_many_people_is_numbered_without_gaps(struct world *w)
{
    struct inbound_item batch[64];
    struct inbound_result r[64];
    for (int i = 0; i < 64; i++)
        batch[i] = said(API, str_z(test_arena(), str_print(test_arena(), "p%d", i % 40)), "hi");
    take_many(w, batch, 64, r);
    for (int i = 0; i < 64; i++)
        assert_ok(r[i].result);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM conversation")), 40);
    assert_int_equal(count(w, S("SELECT MAX(number) AS n FROM conversation")), 40);
    take_many(w, (struct inbound_item[]){said(API, "p41", "hi")}, 1, r);
    assert_int_equal(look(w, r[0].conversation.v).number, 41);
}
ON_BOTH(a_batch_of_many_people_is_numbered_without_gaps)

static void the_assignee_is_told_of_an_answer_once_per_wait(struct world *w)
{
    int64_t id = take(w, API, "rina", "one");
    (void)as_system(w); /* the same ctx */
    assert_ok(db_run(w->cx.db, S("UPDATE conversation SET assignee_id = 11 WHERE account_id = 1"),
        NO_ARGS, NULL));
    done(w);
    take(w, API, "rina", "it waits already");
    str notes = S("SELECT COUNT(*) AS n FROM notification WHERE agent_id = 11 AND type = 'reply'");
    assert_int_equal(count(w, notes), 0);
    reply_as(w, ANNA, id, "answered");
    take(w, API, "rina", "thanks");
    take(w, API, "rina", "bye");
    assert_int_equal(count(w, notes), 1);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM event WHERE agent_id = 11"
                                " AND type = 'notification.created'")),
        1);
}
ON_BOTH(the_assignee_is_told_of_an_answer_once_per_wait)

static void a_person_is_seen_where_they_write_in_steps_of_five_minutes(struct world *w)
{
    str seen = S("SELECT MIN(i.last_seen_ms) AS n FROM identity i"
                 " JOIN contact k ON k.account_id = i.account_id AND k.id = i.contact_id"
                 " WHERE k.last_seen_ms = i.last_seen_ms");
    take(w, API, "rina", "one");
    int64_t first = count(w, seen);
    clock_advance(60 * 1000);
    take(w, API, "rina", "two");
    assert_int_equal(count(w, seen), first);
    clock_advance(5 * 60 * 1000);
    take(w, API, "rina", "three");
    assert_int_equal(count(w, seen), first + 6 * 60 * 1000);
}
ON_BOTH(a_person_is_seen_where_they_write_in_steps_of_five_minutes)

/* SQLite shows it: on PostgreSQL a trigger mends what an old node leaves behind. */
static void a_lively_conversation_moves_on_in_the_lists_with_every_step(struct world *w)
{
    str astray = S("SELECT COUNT(*) AS n FROM conversation"
                   " WHERE recent_key <> last_message_ms / 10000 OR recent_key = 0");
    for (int i = 0; i < 4; i++) { /* inside a step and over its end */
        take(w, API, "rina", i % 2 ? "more" : "hello");
        assert_int_equal(count(w, astray), 0);
        clock_advance(6000);
    }
}
ON_BOTH(a_lively_conversation_moves_on_in_the_lists_with_every_step)

static bool is_stale(struct world *w, str table)
{
    const str *tables = NULL;
    ptrdiff_t n = 0;
    bool is_there = false;
    assert_ok(statistics_stale(as_system(w), &tables, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        is_there |= str_eq(tables[i], table);
    return is_there;
}

/* Other tests may have analysed the tables of this schema: only growth counts. */
static void a_young_table_is_analysed_for_the_planner(struct world *w)
{
    struct inbound_item batch[64];
    struct inbound_result r[64];
    for (int round = 0; round < 8; round++) {
        for (int i = 0; i < 64; i++)
            batch[i] = said(API, "rina", "hi");
        take_many(w, batch, 64, r);
    }
    if (db_kind_of(w->t->db) != DB_POSTGRES) {
        assert_false(is_stale(w, S("message")));
        done(w);
        return;
    }
    str flush = S("SELECT COUNT(pg_stat_force_next_flush()) AS n");
    (void)as_system(w);
    assert_int_equal(count(w, flush), 1);
    done(w);
    assert_true(is_stale(w, S("message")));
    done(w);
    assert_ok(statistics_refresh(as_system(w), S("message")));
    assert_int_equal(count(w, flush), 1);
    done(w);
    assert_false(is_stale(w, S("message")));
    done(w);
}
ON_BOTH(a_young_table_is_analysed_for_the_planner)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_first_message_makes_contact_and_conversation),
        BOTH(a_repeated_message_is_a_conflict_and_changes_nothing),
        BOTH(a_repetition_inside_one_batch_is_stored_once),
        BOTH(a_wrong_item_does_not_touch_the_others),
        BOTH(messages_of_a_batch_keep_the_order_in_which_they_were_sent),
        BOTH(a_time_in_the_future_counts_as_received),
        BOTH(an_id_stays_above_those_of_the_conversation_when_the_clock_goes_back),
        BOTH(a_resolved_conversation_opens_again_within_seven_days),
        BOTH(after_seven_days_a_new_linked_conversation_begins),
        BOTH(a_pending_and_a_snoozed_conversation_come_back_to_the_team),
        BOTH(a_thread_of_the_channel_is_a_conversation_of_its_own),
        BOTH(nothing_is_taken_from_a_blocked_contact),
        BOTH(only_a_proved_address_joins_two_identities),
        BOTH(a_widget_message_is_told_to_its_visitor_too),
        BOTH(the_assignee_is_told_of_an_answer_once_per_wait),
        BOTH(a_lively_conversation_moves_on_in_the_lists_with_every_step),
        BOTH(a_person_is_seen_where_they_write_in_steps_of_five_minutes),
        BOTH(a_young_table_is_analysed_for_the_planner),
        BOTH(a_batch_of_many_people_is_numbered_without_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
