/* Jobs: once per key, in order per order_key, a claim is proven, poison dies. */
#include "store/job.h"

#include "base/limits.h"
#include "support.h"

static const struct job_row *claim(struct bench *b, int64_t node, ptrdiff_t max, ptrdiff_t *n)
{
    const struct job_row *rows = NULL;
    int64_t now_ms = clock_now_ms();
    begin(b, DB_WRITE, 0);
    assert_ok(job_claim(b->cx.db, node, now_ms, (struct job_room){max, max, false},
        (struct job_abreast){99, 99}, &rows, n));
    commit(b);
    return rows;
}

static void add_kind(struct bench *b, const char *kind, const char *key)
{
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(job_add(cx, &(struct job_new){.kind = str_from(kind), .key = str_from(key)}));
    commit(b);
    clock_advance(1);
}

static void add(struct bench *b, const char *key, const char *order_key, int64_t in_ms)
{
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(job_add(cx, &(struct job_new){.kind = S("send"),
                              .key = str_from(key),
                              .order_key = str_from(order_key),
                              .run_ms = cx->now_ms + in_ms,
                              .payload = S("{\"a\":1}")}));
    assert_true(cx->effects.jobs);
    commit(b);
    clock_advance(1);
}

static void adding_a_live_job_again_adds_nothing(struct bench *b)
{
    ptrdiff_t n;
    add(b, "1", "", 0);
    add(b, "1", "", 0);
    const struct job_row *rows = claim(b, 5, 10, &n);
    assert_int_equal(n, 1);
    assert_str(rows[0].key, "1");
    assert_str(rows[0].payload, "{\"a\":1}");
    assert_int_equal(rows[0].attempts, 1);
    assert_int_equal(rows[0].account_id.v, 1);
}
ON_BOTH(adding_a_live_job_again_adds_nothing)

static void a_job_is_not_claimed_before_its_time_and_not_twice(struct bench *b)
{
    ptrdiff_t n;
    struct job_times times = {0};
    add(b, "1", "", 5000);
    (void)claim(b, 5, 10, &n);
    assert_int_equal(n, 0);
    begin(b, DB_READ, 0);
    assert_ok(job_times(b->cx.db, clock_now_ms(), &times));
    assert_int_equal(times.due_ms, TEST_NOW_MS + 5000);
    assert_int_equal(times.run_ms, TEST_NOW_MS + 5000);
    commit(b);
    clock_advance(5000);
    (void)claim(b, 5, 10, &n);
    assert_int_equal(n, 1);
    (void)claim(b, 6, 10, &n);
    assert_int_equal(n, 0);
}
ON_BOTH(a_job_is_not_claimed_before_its_time_and_not_twice)

static void files_have_no_more_than_their_own_room(struct bench *b)
{
    const struct job_abreast abreast = {99, 99};
    const struct job_row *rows = NULL;
    ptrdiff_t n = 0;
    bool is_there = true;
    for (int i = 0; i < 3; i++)
        add_kind(b, "fetch", str_z(test_arena(), str_print(test_arena(), "%d", i)));
    add(b, "4", "", 0);
    struct ctx *cx = begin(b, DB_WRITE, 0);
    assert_ok(
        job_claim(cx->db, 5, clock_now_ms(), (struct job_room){10, 2, false}, abreast, &rows, &n));
    assert_int_equal(n, 3);
    assert_str(rows[0].kind, "fetch");
    assert_str(rows[1].kind, "fetch");
    assert_str(rows[2].kind, "send");
    assert_ok(job_is_claimable(
        cx->db, clock_now_ms(), (struct job_room){10, 0, false}, abreast, &is_there));
    assert_false(is_there);
    assert_ok(
        job_claim(cx->db, 5, clock_now_ms(), (struct job_room){10, 0, false}, abreast, &rows, &n));
    assert_int_equal(n, 0);
    assert_ok(job_is_claimable(
        cx->db, clock_now_ms(), (struct job_room){10, 1, false}, abreast, &is_there));
    assert_true(is_there);
    commit(b);
}
ON_BOTH(files_have_no_more_than_their_own_room)

static void a_later_job_of_an_order_key_waits_for_the_earlier_one(struct bench *b)
{
    ptrdiff_t n;
    add(b, "1", "conv:1", 0);
    add(b, "2", "conv:1", 0);
    add(b, "3", "conv:2", 0);
    const struct job_row *rows = claim(b, 5, 10, &n);
    assert_int_equal(n, 2);
    const struct job_row first = str_eq(rows[0].key, S("1")) ? rows[0] : rows[1];
    assert_str(first.key, "1");
    begin(b, DB_WRITE, 0);
    assert_ok(job_put_back(b->cx.db, &first, clock_now_ms() + 1000, S("later")));
    commit(b);
    (void)claim(b, 5, 10, &n);
    assert_int_equal(n, 0); /* its first try failed: the second still waits behind it */
    clock_advance(1000);
    rows = claim(b, 5, 10, &n);
    assert_int_equal(n, 1);
    assert_str(rows[0].key, "1");
    assert_int_equal(rows[0].attempts, 2);
    begin(b, DB_WRITE, 0);
    assert_ok(job_bury(b->cx.db, &rows[0], S("never")));
    commit(b);
    rows = claim(b, 5, 10, &n);
    assert_int_equal(n, 1);
    assert_str(rows[0].key, "2");
}
ON_BOTH(a_later_job_of_an_order_key_waits_for_the_earlier_one)

static void a_claim_that_was_lost_ends_nothing(struct bench *b)
{
    ptrdiff_t n;
    int64_t freed = 0;
    add(b, "1", "", 0);
    const struct job_row old = claim(b, 5, 10, &n)[0];
    clock_advance(LIMIT_JOB_LEASE_MS + 1);
    begin(b, DB_WRITE, 0);
    assert_ok(job_free_expired(b->cx.db, clock_now_ms(), false, 0, &freed));
    assert_int_equal(freed, 1);
    commit(b);
    const struct job_row now = claim(b, 6, 10, &n)[0];
    begin(b, DB_WRITE, 0);
    assert_err(job_finish(b->cx.db, &old), E_CONFLICT);
    assert_err(job_put_back(b->cx.db, &old, 1, S("x")), E_CONFLICT);
    assert_err(job_bury(b->cx.db, &old, S("x")), E_CONFLICT);
    assert_ok(job_finish(b->cx.db, &now));
    commit(b);
}
ON_BOTH(a_claim_that_was_lost_ends_nothing)

static void end_the_process(struct bench *b, int64_t freed_wanted)
{
    int64_t freed = 0;
    begin(b, DB_WRITE, 0);
    assert_ok(job_free_expired(b->cx.db, clock_now_ms(), true, 0, &freed));
    assert_int_equal(freed, freed_wanted);
    commit(b);
}

/* Whether a process that has just begun finds anything, and takes it. */
static bool young_claims(struct bench *b)
{
    const struct job_room room = {.jobs = 10, .fetches = 10, .is_young = true};
    const struct job_abreast abreast = {99, 99};
    const struct job_row *rows;
    ptrdiff_t n;
    bool is_there;
    begin(b, DB_WRITE, 0);
    assert_ok(job_is_claimable(b->cx.db, clock_now_ms(), room, abreast, &is_there));
    assert_ok(job_claim(b->cx.db, 5, clock_now_ms(), room, abreast, &rows, &n));
    assert_int_equal(is_there, n > 0);
    commit(b);
    return n > 0;
}

static void a_job_that_ends_the_process_each_time_dies(struct bench *b)
{
    ptrdiff_t n;
    struct job_item item;
    add(b, "1", "", 0);
    assert_int_equal(claim(b, 5, 10, &n)->kills, 0);
    end_the_process(b, 1);
    assert_int_equal(claim(b, 5, 10, &n)->kills, 1); /* at once: most are innocent */
    end_the_process(b, 1);
    clock_advance(JOB_SUSPECT_MS - 1);
    (void)claim(b, 5, 10, &n);
    assert_int_equal(n, 0);
    clock_advance(JOB_SUSPECT_SPREAD_MS + 1);
    assert_false(young_claims(b));
    assert_int_equal(claim(b, 5, 10, &n)->kills, 2);
    end_the_process(b, 1);
    assert_int_equal(claim(b, 5, 10, &n)->kills, JOB_KILLS); /* to be set aside in sight */
    end_the_process(b, 1);
    clock_advance(JOB_SUSPECT_MS + JOB_SUSPECT_SPREAD_MS);
    (void)claim(b, 5, 10, &n);
    assert_int_equal(n, 0);
    const struct job_item *items;
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(job_list(cx, S("dead"), (job_id){0}, 10, &items, &n));
    assert_int_equal(n, 1);
    assert_str(items[0].last_error, JOB_KILLED);
    assert_ok(job_retry(cx, items[0].id));
    assert_ok(job_get(cx, items[0].id, &item));
    assert_str(item.state, "queued");
    assert_int_equal(item.attempts, 0);
    commit(b);
}
ON_BOTH(a_job_that_ends_the_process_each_time_dies)

static void jobs_that_were_hit_together_twice_try_again_apart(struct bench *b)
{
    enum { JOBS = 8 };
    ptrdiff_t n;
    int64_t last_ms = 0;
    struct job_times times = {0};
    for (int i = 0; i < JOBS; i++)
        add(b, str_z(test_arena(), str_print(test_arena(), "%d", i)), "", 0);
    for (int i = 0; i < 2; i++) {
        (void)claim(b, 5, 10, &n);
        assert_int_equal(n, JOBS);
        end_the_process(b, JOBS);
    }
    for (int i = 0; i < JOBS; i++) {
        begin(b, DB_READ, 0);
        assert_ok(job_times(b->cx.db, clock_now_ms(), &times));
        commit(b);
        assert_true(times.run_ms > last_ms); /* one at a time */
        clock_advance(times.run_ms - clock_now_ms());
        const struct job_row *row = claim(b, 5, 10, &n);
        assert_int_equal(n, 1);
        last_ms = times.run_ms;
        begin(b, DB_WRITE, 0);
        assert_ok(job_finish(b->cx.db, row));
        commit(b);
    }
}
ON_BOTH(jobs_that_were_hit_together_twice_try_again_apart)

static void a_try_that_ended_otherwise_wipes_out_the_ends_before_it(struct bench *b)
{
    ptrdiff_t n;
    add(b, "1", "", 0);
    (void)claim(b, 5, 10, &n);
    end_the_process(b, 1);
    const struct job_row *row = claim(b, 5, 10, &n);
    assert_int_equal(row->kills, 1);
    begin(b, DB_WRITE, 0);
    assert_ok(job_put_back(b->cx.db, row, clock_now_ms(), S("no answer")));
    commit(b);
    assert_int_equal(claim(b, 5, 10, &n)->kills, 0);
}
ON_BOTH(a_try_that_ended_otherwise_wipes_out_the_ends_before_it)

static void a_dead_job_is_raised_by_adding_it_again(struct bench *b)
{
    ptrdiff_t n;
    add(b, "1", "", 0);
    const struct job_row row = claim(b, 5, 10, &n)[0];
    begin(b, DB_WRITE, 0);
    assert_ok(job_bury(b->cx.db, &row, S("no")));
    commit(b);
    add(b, "1", "", 0);
    const struct job_row *rows = claim(b, 5, 10, &n);
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].attempts, 1);
}
ON_BOTH(a_dead_job_is_raised_by_adding_it_again)

static void a_waiting_job_is_moved_or_cancelled_a_running_one_is_not(struct bench *b)
{
    ptrdiff_t n;
    add(b, "1", "", 5000);
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(job_move(cx, S("send"), S("1"), cx->now_ms));
    assert_err(job_move(cx, S("send"), S("2"), 1), E_NOT_FOUND);
    commit(b);
    (void)claim(b, 5, 10, &n);
    assert_int_equal(n, 1);
    cx = begin(b, DB_WRITE, 1);
    assert_err(job_cancel(cx, S("send"), S("1")), E_NOT_FOUND);
    commit(b);
    add(b, "2", "", 5000);
    cx = begin(b, DB_WRITE, 1);
    assert_ok(job_cancel(cx, S("send"), S("2")));
    commit(b);
}
ON_BOTH(a_waiting_job_is_moved_or_cancelled_a_running_one_is_not)

static void another_account_cannot_touch_a_job(struct bench *b)
{
    ptrdiff_t n;
    const struct job_item *items;
    add(b, "1", "", 0);
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(job_list(cx, S("queued"), (job_id){0}, 10, &items, &n));
    job_id id = items[0].id;
    commit(b);
    cx = begin(b, DB_WRITE, 2);
    assert_ok(job_list(cx, S("queued"), (job_id){0}, 10, &items, &n));
    assert_int_equal(n, 0);
    assert_err(job_retry(cx, id), E_NOT_FOUND);
    assert_err(job_remove(cx, id), E_NOT_FOUND);
    assert_err(job_cancel(cx, S("send"), S("1")), E_NOT_FOUND);
    commit(b);
}
ON_BOTH(another_account_cannot_touch_a_job)

static void the_installations_own_work_is_not_counted(struct bench *b)
{
    ptrdiff_t n;
    const struct job_count *counts;
    add(b, "1", "", 0);
    struct ctx *cx = begin(b, DB_WRITE, 0);
    assert_ok(job_add(cx, &(struct job_new){.kind = S("upkeep"), .key = S("all")}));
    assert_ok(job_counts(cx->db, &counts, &n));
    assert_int_equal(n, 1);
    assert_str(counts[0].kind, "send");
    assert_int_equal(counts[0].count, 1);
    commit(b);
}
ON_BOTH(the_installations_own_work_is_not_counted)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(adding_a_live_job_again_adds_nothing),
        BOTH(a_job_is_not_claimed_before_its_time_and_not_twice),
        BOTH(files_have_no_more_than_their_own_room),
        BOTH(a_later_job_of_an_order_key_waits_for_the_earlier_one),
        BOTH(a_claim_that_was_lost_ends_nothing),
        BOTH(a_job_that_ends_the_process_each_time_dies),
        BOTH(jobs_that_were_hit_together_twice_try_again_apart),
        BOTH(a_try_that_ended_otherwise_wipes_out_the_ends_before_it),
        BOTH(a_dead_job_is_raised_by_adding_it_again),
        BOTH(a_waiting_job_is_moved_or_cancelled_a_running_one_is_not),
        BOTH(another_account_cannot_touch_a_job),
        BOTH(the_installations_own_work_is_not_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
