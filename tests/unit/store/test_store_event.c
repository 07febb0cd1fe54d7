/* The change feed: in order, scoped, resumable, forgotten but never renumbered; and the webhooks
 * that follow it. */
#include "store/event.h"

#include "store/delivery.h"
#include "store/job.h"
#include "store/webhook.h"
#include "support.h"

static void add(struct bench *b, int64_t account, const char *type, int audience, int64_t whose)
{
    struct ctx *cx = begin(b, DB_WRITE, account);
    assert_ok(event_add(cx, &(struct event_new){.type = str_from(type),
                                .subject_type = S("message"),
                                .subject_id = 9,
                                .conversation = {4},
                                .contact = {audience == EVENT_FOR_VISITOR ? whose : 0},
                                .agent = {audience == EVENT_FOR_AGENT ? whose : 0},
                                .audience = audience,
                                .data = S("{\"text\":\"it's \\\\ \\\"quoted\\\" \u0986\"}")}));
    assert_true(cx->effects.events);
    commit(b);
}

static void events_are_read_in_order_across_accounts(struct bench *b)
{
    const struct event_row *rows;
    ptrdiff_t n;
    struct event_pos head, none = {0};
    add(b, 1, "one", EVENT_FOR_AGENTS, 0);
    add(b, 2, "two", EVENT_FOR_AGENTS, 0);
    add(b, 1, "three", EVENT_FOR_AGENTS, 0);
    begin(b, DB_READ, 0);
    assert_ok(event_read(b->cx.db, none, 2, &rows, &n));
    assert_int_equal(n, 2);
    assert_str(rows[0].type, "one");
    assert_int_equal(rows[0].conversation_id.v, 4);
    assert_str(rows[0].data, "{\"text\":\"it's \\\\ \\\"quoted\\\" \u0986\"}");
    assert_int_equal(rows[0].at_ms, TEST_NOW_MS);
    assert_ok(
        event_read(b->cx.db, (struct event_pos){rows[1].major, rows[1].minor}, 10, &rows, &n));
    assert_int_equal(n, 1);
    assert_str(rows[0].type, "three");
    assert_ok(event_head(b->cx.db, &head));
    assert_int_equal(event_pos_cmp(head, (struct event_pos){rows[0].major, rows[0].minor}), 0);
    commit(b);
}
ON_BOTH(events_are_read_in_order_across_accounts)

static void a_replay_gives_each_listener_what_is_his(struct bench *b)
{
    const struct event_row *rows;
    ptrdiff_t n;
    struct event_pos none = {0};
    add(b, 1, "agents", EVENT_FOR_AGENTS, 0);
    add(b, 1, "mine", EVENT_FOR_AGENT, 50);
    add(b, 1, "his", EVENT_FOR_AGENT, 51);
    add(b, 1, "visitor", EVENT_FOR_VISITOR, 60);
    add(b, 2, "other", EVENT_FOR_AGENTS, 0);
    struct ctx *cx = begin(b, DB_READ, 1);
    assert_ok(event_replay(cx, none, (agent_id){50}, (contact_id){0}, 10, &rows, &n));
    assert_int_equal(n, 2);
    assert_str(rows[0].type, "agents");
    assert_str(rows[1].type, "mine");
    assert_ok(event_replay(cx, none, (agent_id){0}, (contact_id){60}, 10, &rows, &n));
    assert_int_equal(n, 1);
    assert_str(rows[0].type, "visitor");
    commit(b);
}
ON_BOTH(a_replay_gives_each_listener_what_is_his)

static void a_place_in_the_feed_survives_being_text(struct bench *b)
{
    struct event_pos pos;
    (void)b;
    assert_ok(event_pos_parse(event_pos_text(test_arena(), (struct event_pos){12, 34}), &pos));
    assert_int_equal(pos.major, 12);
    assert_int_equal(pos.minor, 34);
    assert_err(event_pos_parse(S("12"), &pos), E_INVALID);
    assert_err(event_pos_parse(S("-1-2"), &pos), E_INVALID);
    assert_err(event_pos_parse(S("1-2x"), &pos), E_INVALID);
    assert_err(event_pos_parse(S(""), &pos), E_INVALID);
}
ON_BOTH(a_place_in_the_feed_survives_being_text)

static void old_events_are_forgotten_but_the_newest_stays(struct bench *b)
{
    int64_t removed = 0;
    struct event_pos head, tail;
    add(b, 1, "one", EVENT_FOR_AGENTS, 0);
    add(b, 1, "two", EVENT_FOR_AGENTS, 0);
    clock_advance(1000);
    begin(b, DB_WRITE, 0);
    assert_ok(event_forget(b->cx.db, TEST_NOW_MS, 10, &removed));
    assert_int_equal(removed, 0);
    assert_ok(event_forget(b->cx.db, TEST_NOW_MS + 1, 10, &removed));
    assert_int_equal(removed, 1);
    commit(b);
    begin(b, DB_READ, 0);
    assert_ok(event_head(b->cx.db, &head));
    assert_ok(event_tail(b->cx.db, &tail));
    assert_int_equal(event_pos_cmp(head, tail), 0);
    commit(b);
}
ON_BOTH(old_events_are_forgotten_but_the_newest_stays)

static struct webhook make(struct bench *b, const char *events, str *secret)
{
    struct webhook w = {.name = S("peer"),
        .url = S("https://peer.example/hook"),
        .events = str_from(events),
        .is_enabled = true};
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(webhook_add(cx, &w, secret));
    commit(b);
    return w;
}

static void a_webhook_begins_with_what_happens_after_it_was_made(struct bench *b)
{
    str secret;
    struct event_pos head;
    add(b, 1, "message.created", EVENT_FOR_AGENTS, 0);
    struct webhook w = make(b, "[\"message.created\"]", &secret);
    begin(b, DB_READ, 1);
    assert_ok(event_head(b->cx.db, &head));
    commit(b);
    struct event_pos from = {w.after_major, w.after_minor};
    assert_int_equal(event_pos_cmp(from, head), 0);
    assert_true(webhook_wants(test_arena(), &w, S("message.created")));
    assert_false(webhook_wants(test_arena(), &w, S("conversation.created")));
}
ON_BOTH(a_webhook_begins_with_what_happens_after_it_was_made)

static void two_nodes_cannot_move_a_webhooks_cursor_from_the_same_place(struct bench *b)
{
    str secret;
    struct webhook w = make(b, "[\"*\"]", &secret);
    struct event_pos from = {w.after_major, w.after_minor}, to = {from.major, from.minor + 5};
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(webhook_advance(cx, w.id, from, to));
    assert_err(webhook_advance(cx, w.id, from, to), E_CONFLICT);
    commit(b);
}
ON_BOTH(two_nodes_cannot_move_a_webhooks_cursor_from_the_same_place)

static void both_secrets_hold_for_a_day_after_a_rotation(struct bench *b)
{
    str first, second, secret, old;
    int64_t until_ms;
    struct webhook w = make(b, "[\"*\"]", &first);
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(webhook_rotate_secret(cx, &w, &second, &until_ms));
    assert_int_equal(until_ms, TEST_NOW_MS + WEBHOOK_OLD_SECRET_MS);
    assert_ok(webhook_get(cx, w.id, &w));
    assert_ok(webhook_secrets(cx, &w, &secret, &old));
    assert_true(str_eq(secret, second) && str_eq(old, first));
    commit(b);
    clock_advance(WEBHOOK_OLD_SECRET_MS + 1);
    cx = begin(b, DB_READ, 1);
    assert_ok(webhook_secrets(cx, &w, &secret, &old));
    assert_true(str_eq(secret, second) && old.len == 0);
    commit(b);
}
ON_BOTH(both_secrets_hold_for_a_day_after_a_rotation)

static void a_webhook_is_disabled_after_days_of_nothing_but_failures(struct bench *b)
{
    str secret;
    bool disabled = false;
    struct webhook w = make(b, "[\"*\"]", &secret);
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(webhook_went(cx, w.id, false, &disabled));
    assert_false(disabled);
    commit(b);
    clock_advance(WEBHOOK_PATIENCE_MS + 1);
    cx = begin(b, DB_WRITE, 1);
    assert_ok(webhook_went(cx, w.id, true, &disabled)); /* one success begins anew */
    assert_ok(webhook_went(cx, w.id, false, &disabled));
    assert_false(disabled);
    commit(b);
    clock_advance(WEBHOOK_PATIENCE_MS + 1);
    cx = begin(b, DB_WRITE, 1);
    assert_ok(webhook_went(cx, w.id, false, &disabled));
    assert_true(disabled);
    assert_ok(webhook_went(cx, w.id, false, &disabled));
    assert_false(disabled); /* told once */
    assert_ok(webhook_get(cx, w.id, &w));
    assert_false(w.is_enabled);
    assert_true(w.disabled_reason.len > 0);
    commit(b);
}
ON_BOTH(a_webhook_is_disabled_after_days_of_nothing_but_failures)

static void a_delivery_comes_with_its_job_and_its_log_is_the_accounts_own(struct bench *b)
{
    str secret;
    ptrdiff_t n;
    const struct delivery *rows;
    const struct job_row *jobs;
    struct delivery d[2] = {
        {.event_minor = 1,        .event_type = S("message.created")},
        {.event_type = S("ping"), .body = S("{}")                   }
    };
    struct webhook w = make(b, "[\"*\"]", &secret);
    d[0].webhook_id = d[1].webhook_id = w.id;
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(delivery_add_many(cx, d, 2));
    assert_true(cx->effects.jobs);
    commit(b);
    cx = begin(b, DB_WRITE, 1);
    assert_ok(delivery_list(cx, w.id, (delivery_id){0}, 10, &rows, &n));
    assert_int_equal(n, 2);
    assert_str(rows[0].event_type, "ping");
    assert_str(rows[0].body, "{}");
    assert_int_equal(rows[1].body.len, 0);
    assert_ok(job_claim(cx->db, 5, cx->now_ms, (struct job_room){10, 10, false},
        (struct job_abreast){99, 99}, &jobs, &n));
    assert_int_equal(n, 2);
    assert_str(jobs[0].kind, "webhook");
    commit(b);
    cx = begin(b, DB_WRITE, 2);
    assert_err(delivery_get(cx, d[0].id, &d[1]), E_NOT_FOUND);
    assert_ok(delivery_list(cx, w.id, (delivery_id){0}, 10, &rows, &n));
    assert_int_equal(n, 0);
    assert_err(webhook_get(cx, w.id, &w), E_NOT_FOUND);
    assert_err(webhook_remove(cx, w.id), E_NOT_FOUND);
    commit(b);
}
ON_BOTH(a_delivery_comes_with_its_job_and_its_log_is_the_accounts_own)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(events_are_read_in_order_across_accounts),
        BOTH(a_replay_gives_each_listener_what_is_his),
        BOTH(a_place_in_the_feed_survives_being_text),
        BOTH(old_events_are_forgotten_but_the_newest_stays),
        BOTH(a_webhook_begins_with_what_happens_after_it_was_made),
        BOTH(two_nodes_cannot_move_a_webhooks_cursor_from_the_same_place),
        BOTH(both_secrets_hold_for_a_day_after_a_rotation),
        BOTH(a_webhook_is_disabled_after_days_of_nothing_but_failures),
        BOTH(a_delivery_comes_with_its_job_and_its_log_is_the_accounts_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
