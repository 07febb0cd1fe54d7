/* The inbox: stored once per delivery, claimed in order, every attempt counted, ended once. */
#include "store/inbox.h"

#include "store/lease.h"
#include "support.h"

static bool add(struct bench *b, int64_t account, const char *key, const char *body)
{
    bool is_new = false;
    struct ctx *cx = begin(b, DB_WRITE, account);
    const struct inbox_new in = {.account = {account},
        .source = {7},
        .channel = {8},
        .network = S("api"),
        .delivery_key = str_from(key),
        .content_type = S("application/json"),
        .body = str_from(body),
        .received_ms = cx->now_ms};
    const struct inbox_new *list[] = {&in};
    assert_ok(inbox_add_many(cx->db, list, 1, &is_new));
    commit(b);
    clock_advance(1);
    return is_new;
}

static const struct inbox_row *waiting(struct bench *b, ptrdiff_t *n)
{
    const struct inbox_row *rows = NULL;
    assert_ok(inbox_waiting(b->cx.db, 10, &rows, n));
    return rows;
}

static void a_repeated_delivery_is_stored_once(struct bench *b)
{
    ptrdiff_t n;
    assert_true(add(b, 1, "one", "{}"));
    assert_false(add(b, 1, "one", "{\"other\":1}"));
    assert_true(add(b, 2, "one", "{}")); /* another account's delivery is another delivery */
    begin(b, DB_READ, 0);
    const struct inbox_row *rows = waiting(b, &n);
    assert_int_equal(n, 2);
    assert_str(rows[0].body.bytes, "{}");
    assert_str(rows[0].network, "api");
    assert_int_equal(rows[0].source_id.v, 7);
    commit(b);
}
ON_BOTH(a_repeated_delivery_is_stored_once)

static void what_was_in_hand_counts_an_attempt_when_somebody_else_begins(struct bench *b)
{
    ptrdiff_t n;
    add(b, 1, "one", "1");
    add(b, 1, "two", "2");
    add(b, 1, "three", "3");
    begin(b, DB_WRITE, 0);
    assert_ok(inbox_hand_take(b->cx.db)); /* nothing was in hand */
    const struct inbox_row *rows = waiting(b, &n);
    assert_int_equal(n, 3);
    assert_str(rows[0].delivery_key, "one");
    assert_int_equal(rows[0].attempts, 0);
    assert_ok(inbox_hand_set(b->cx.db, rows, 2));
    assert_ok(inbox_finish_many(b->cx.db, rows, 1));
    commit(b);
    for (int i = 0; i < 2; i++) { /* the second finds nothing in hand */
        begin(b, DB_WRITE, 0);
        assert_ok(inbox_hand_take(b->cx.db));
        rows = waiting(b, &n);
        assert_int_equal(n, 2);
        assert_str(rows[0].delivery_key, "two");
        assert_int_equal(rows[0].attempts, 1);
        assert_int_equal(rows[1].attempts, 0);
        commit(b);
    }
}
ON_BOTH(what_was_in_hand_counts_an_attempt_when_somebody_else_begins)

static void a_row_is_ended_once(struct bench *b)
{
    ptrdiff_t n;
    add(b, 1, "one", "1");
    begin(b, DB_WRITE, 0);
    const struct inbox_row *rows = waiting(b, &n);
    assert_ok(inbox_finish_many(b->cx.db, rows, 1));
    assert_err(inbox_finish_many(b->cx.db, rows, 1), E_CONFLICT);
    (void)waiting(b, &n);
    assert_int_equal(n, 0);
    commit(b);
    assert_false(add(b, 1, "one", "1")); /* a finished delivery still knows its repetition */
}
ON_BOTH(a_row_is_ended_once)

static void a_quarantined_row_is_seen_with_its_bytes_and_can_be_retried_or_discarded(
    struct bench *b)
{
    ptrdiff_t n;
    const struct inbox_item *items;
    blob body;
    str type;
    add(b, 1, "one", "raw bytes");
    begin(b, DB_WRITE, 0);
    assert_ok(inbox_quarantine(b->cx.db, &waiting(b, &n)[0], 1, S("it is broken")));
    commit(b);
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(inbox_quarantine_list(cx, (inbox_id){0}, 10, &items, &n));
    assert_int_equal(n, 1);
    assert_str(items[0].reason, "it is broken");
    assert_int_equal(items[0].size_bytes, 9);
    assert_ok(inbox_quarantine_raw(cx, items[0].id, &body, &type));
    assert_str(body.bytes, "raw bytes");
    assert_str(type, "application/json");
    assert_ok(inbox_quarantine_retry(cx, items[0].id));
    assert_err(inbox_quarantine_retry(cx, items[0].id), E_NOT_FOUND);
    assert_ok(inbox_quarantine(cx->db, &waiting(b, &n)[0], 1, S("again")));
    assert_ok(inbox_quarantine_discard(cx, items[0].id));
    assert_err(inbox_quarantine_raw(cx, items[0].id, &body, &type), E_NOT_FOUND);
    commit(b);
}
ON_BOTH(a_quarantined_row_is_seen_with_its_bytes_and_can_be_retried_or_discarded)

static void another_account_sees_nothing_of_the_quarantine(struct bench *b)
{
    ptrdiff_t n;
    const struct inbox_item *items;
    blob body;
    str type;
    add(b, 1, "one", "raw");
    begin(b, DB_WRITE, 0);
    const struct inbox_row row = waiting(b, &n)[0];
    assert_ok(inbox_quarantine(b->cx.db, &row, 1, S("broken")));
    commit(b);
    struct ctx *cx = begin(b, DB_WRITE, 2);
    assert_ok(inbox_quarantine_list(cx, (inbox_id){0}, 10, &items, &n));
    assert_int_equal(n, 0);
    assert_err(inbox_quarantine_raw(cx, row.id, &body, &type), E_NOT_FOUND);
    assert_err(inbox_quarantine_retry(cx, row.id), E_NOT_FOUND);
    assert_err(inbox_quarantine_discard(cx, row.id), E_NOT_FOUND);
    commit(b);
}
ON_BOTH(another_account_sees_nothing_of_the_quarantine)

static void old_finished_rows_are_forgotten_and_others_kept(struct bench *b)
{
    ptrdiff_t n;
    int64_t removed = 0, gone, quarantined;
    add(b, 1, "done", "1");
    add(b, 1, "waits", "2");
    begin(b, DB_WRITE, 1);
    assert_ok(inbox_finish_many(b->cx.db, waiting(b, &n), 1));
    assert_ok(inbox_forget(&b->cx, clock_now_ms() - 1000, 10, &removed));
    assert_int_equal(removed, 0);
    assert_ok(inbox_forget(&b->cx, clock_now_ms() + 1, 10, &removed));
    assert_int_equal(removed, 1);
    assert_ok(inbox_counts(b->cx.db, &gone, &quarantined));
    assert_int_equal(gone, 1);
    commit(b);
}
ON_BOTH(old_finished_rows_are_forgotten_and_others_kept)

static void what_stays_in_quarantine_keeps_nothing_else_from_being_forgotten(struct bench *b)
{
    ptrdiff_t n;
    int64_t removed = 0;
    add(b, 1, "broken", "1");
    add(b, 1, "broken too", "2");
    add(b, 1, "done", "3");
    begin(b, DB_WRITE, 1);
    const struct inbox_row *rows = waiting(b, &n);
    assert_int_equal(n, 3);
    assert_ok(inbox_quarantine(b->cx.db, &rows[0], 1, S("broken")));
    assert_ok(inbox_quarantine(b->cx.db, &rows[1], 1, S("broken")));
    assert_ok(inbox_finish_many(b->cx.db, &rows[2], 1));
    assert_ok(inbox_forget(&b->cx, clock_now_ms() + 1, 2, &removed));
    assert_int_equal(removed, 1);
    commit(b);
}
ON_BOTH(what_stays_in_quarantine_keeps_nothing_else_from_being_forgotten)

/* While nodes are exchanged one by one, those of the version before write as they always did. */
static void what_an_old_node_puts_in_waits_here_too(struct bench *b)
{
    ptrdiff_t n;
    begin(b, DB_WRITE, 0);
    if (db_tx_kind(b->cx.db) == DB_SQLITE) { /* one process only */
        commit(b);
        return;
    }
    for (int i = 0; i < 2; i++) /* the second time it is there already */
        assert_ok(db_run(b->cx.db,
            S("INSERT INTO inbox (id, account_id, source_id, channel_id, delivery_key, "
              "received_ms, network, body) VALUES (5, 1, 7, 8, 'old', 1, 'api', '') "
              "ON CONFLICT (account_id, source_id, delivery_key) DO NOTHING"),
            NO_ARGS, NULL));
    const struct inbox_row *rows = waiting(b, &n);
    assert_int_equal(n, 1);
    assert_str(rows[0].delivery_key, "old");
    assert_ok(inbox_quarantine(b->cx.db, &rows[0], 1, S("broken")));
    assert_ok(db_run(b->cx.db, S("UPDATE inbox SET state = 'wait' WHERE account_id = 1 AND id = 5"),
        NO_ARGS, NULL));
    (void)waiting(b, &n);
    assert_int_equal(n, 1);
    commit(b);
}
ON_BOTH(what_an_old_node_puts_in_waits_here_too)

static void a_lease_is_held_by_one_until_it_runs_out_or_is_given_up(struct bench *b)
{
    bool held = false;
    begin(b, DB_WRITE, 0);
    assert_ok(lease_hold(b->cx.db, S("receive"), 11, 1000, 4000, &held));
    assert_true(held);
    assert_ok(lease_hold(b->cx.db, S("receive"), 22, 2000, 5000, &held));
    assert_false(held);
    assert_ok(lease_hold(b->cx.db, S("receive"), 11, 2000, 5000, &held));
    assert_true(held);
    assert_ok(lease_hold(b->cx.db, S("receive"), 22, 5001, 9000, &held));
    assert_true(held);
    assert_ok(lease_give_up(b->cx.db, S("receive"), 11)); /* not his any more */
    assert_ok(lease_hold(b->cx.db, S("receive"), 11, 6000, 9000, &held));
    assert_false(held);
    assert_ok(lease_give_up(b->cx.db, S("receive"), 22));
    assert_ok(lease_hold(b->cx.db, S("receive"), 11, 6000, 9000, &held));
    assert_true(held);
    commit(b);
}
ON_BOTH(a_lease_is_held_by_one_until_it_runs_out_or_is_given_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_repeated_delivery_is_stored_once),
        BOTH(what_was_in_hand_counts_an_attempt_when_somebody_else_begins),
        BOTH(a_row_is_ended_once),
        BOTH(a_quarantined_row_is_seen_with_its_bytes_and_can_be_retried_or_discarded),
        BOTH(another_account_sees_nothing_of_the_quarantine),
        BOTH(old_finished_rows_are_forgotten_and_others_kept),
        BOTH(what_stays_in_quarantine_keeps_nothing_else_from_being_forgotten),
        BOTH(what_an_old_node_puts_in_waits_here_too),
        BOTH(a_lease_is_held_by_one_until_it_runs_out_or_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
