/* The pace of channels: closed ones and crowds wait apart, and are released in their own time. */
#include "store/pace.h"

#include "store/job.h"
#include "support.h"

enum { CHANNEL = 7, OTHER = 8 };

static void add_channel(struct bench *b, int64_t id)
{
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(db_run(cx->db,
        S("INSERT INTO source (id, account_id, channel_id, network, key) VALUES (?1, 1, ?1, 'x', ?2)"),
        ARGS(A_INT(id), A_TEXT(str_print(test_arena(), "k%lld", (long long)id))), NULL));
    commit(b);
}

static void add_jobs(struct bench *b, int64_t channel, int n)
{
    struct ctx *cx = begin(b, DB_WRITE, 1);
    for (int i = 0; i < n; i++)
        assert_ok(job_add(cx, &(struct job_new){.kind = S("send"),
                                  .key = str_print(test_arena(), "%lld:%d", (long long)channel, i),
                                  .channel = {channel}}));
    commit(b);
    clock_advance(1);
}

/* One job of a conversation, not before run_ms. */
static void add_one(struct bench *b, const char *key, int conversation, int64_t run_ms)
{
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(job_add(cx, &(struct job_new){.kind = S("send"),
                              .key = str_print(test_arena(), "%s:%d", key, conversation),
                              .order_key = str_print(test_arena(), "conv:%d", conversation),
                              .run_ms = run_ms,
                              .channel = {CHANNEL}}));
    commit(b);
}

/* What the dispatcher does before it claims; how many it may claim then, at most `most`. */
static ptrdiff_t turn(struct bench *b, ptrdiff_t most, int64_t abreast, int64_t *parked)
{
    const struct job_row *rows = NULL;
    ptrdiff_t n = 0;
    int64_t now_ms = clock_now_ms(), released = 0;
    begin(b, DB_WRITE, 0);
    assert_ok(pace_release(b->cx.db, now_ms, &released));
    assert_ok(pace_park(b->cx.db, now_ms, parked));
    assert_ok(job_claim(b->cx.db, 5, now_ms, (struct job_room){most, most, false},
        (struct job_abreast){abreast, 99}, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        assert_ok(job_finish(b->cx.db, &rows[i]));
    commit(b);
    return n;
}

static void a_crowd_waits_apart_and_comes_in_its_turn(struct bench *b)
{
    int64_t parked = 0, taken = 0;
    add_channel(b, CHANNEL);
    add_jobs(b, CHANNEL, 150);
    add_jobs(b, OTHER, 1);
    taken += turn(b, 4, 99, &parked);
    assert_int_equal(parked, 150 - PACE_READY);
    for (int i = 0; i < 400 && taken < 151; i++) {
        taken += turn(b, 4, 99, &parked);
        clock_advance(PACE_TURN_MS);
    }
    assert_int_equal(taken, 151);
}
ON_BOTH(a_crowd_waits_apart_and_comes_in_its_turn)

static void a_closed_channel_is_not_looked_at_until_it_opens(struct bench *b)
{
    int64_t parked = 0;
    struct job_times times = {0};
    bool is_crowded = false;
    add_channel(b, CHANNEL);
    add_jobs(b, CHANNEL, 3);
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(pace_is_crowded(cx->db, clock_now_ms(), &is_crowded));
    assert_false(is_crowded);
    assert_ok(pace_close(cx, (channel_id){CHANNEL}, PACE_LIMIT, clock_now_ms() + 60000));
    assert_ok(pace_is_crowded(cx->db, clock_now_ms(), &is_crowded));
    assert_true(is_crowded);
    commit(b);
    assert_int_equal(turn(b, 10, 99, &parked), 0);
    assert_int_equal(parked, 3);
    begin(b, DB_READ, 0);
    assert_ok(job_times(b->cx.db, clock_now_ms(), &times));
    commit(b);
    assert_int_equal(times.due_ms, 0);
    assert_true(times.turn_ms >= clock_now_ms() + 59000); /* nobody looks before */
    clock_advance(60001);
    assert_int_equal(turn(b, 10, 99, &parked), 3);
}
ON_BOTH(a_closed_channel_is_not_looked_at_until_it_opens)

static void five_failures_close_a_channel_and_one_job_goes_ahead(struct bench *b)
{
    bool closed = false;
    int64_t parked = 0;
    struct pace pace;
    add_channel(b, CHANNEL);
    struct ctx *cx = begin(b, DB_WRITE, 1);
    for (int i = 0; i < PACE_FAILURES; i++) {
        assert_false(closed);
        assert_ok(pace_note_failure(cx, (channel_id){CHANNEL}, &closed));
    }
    assert_true(closed);
    commit(b);
    add_jobs(b, CHANNEL, 10);
    assert_int_equal(turn(b, 10, 99, &parked), 0);
    clock_advance(PACE_PAUSE_MS + 1);
    assert_int_equal(turn(b, 10, 99, &parked), 1); /* to see whether it works again */
    cx = begin(b, DB_WRITE, 1);
    assert_ok(pace_note_sent(cx, (channel_id){CHANNEL}, 0, 0, 0));
    assert_ok(pace_get(cx, (channel_id){CHANNEL}, &pace));
    commit(b);
    assert_int_equal(pace.failures, 0);
    assert_int_equal(pace.reason.len, 0);
    clock_advance(PACE_TURN_MS);
    assert_int_equal(turn(b, 10, 99, &parked), 9);
}
ON_BOTH(five_failures_close_a_channel_and_one_job_goes_ahead)

static void an_empty_budget_closes_until_it_is_full_again(struct bench *b)
{
    struct pace pace;
    add_channel(b, CHANNEL);
    struct ctx *cx = begin(b, DB_WRITE, 1);
    int64_t reset_ms = cx->now_ms + 900000;
    assert_ok(pace_note_sent(cx, (channel_id){CHANNEL}, 100, 90, reset_ms));
    assert_ok(pace_get(cx, (channel_id){CHANNEL}, &pace));
    assert_int_equal(pace.budget_limit, 0); /* far from it: not worth a write */
    assert_ok(pace_note_sent(cx, (channel_id){CHANNEL}, 100, 0, reset_ms));
    assert_ok(pace_get(cx, (channel_id){CHANNEL}, &pace));
    assert_int_equal(pace.open_ms, reset_ms);
    assert_str(pace.reason, "limit");
    assert_ok(pace_open(cx, (channel_id){CHANNEL}));
    assert_ok(pace_get(cx, (channel_id){CHANNEL}, &pace));
    assert_int_equal(pace.open_ms, 0);
    commit(b);
}
ON_BOTH(an_empty_budget_closes_until_it_is_full_again)

static void what_waited_goes_at_once_when_a_channel_is_opened(struct bench *b)
{
    int64_t parked = 0;
    bool is_there = false;
    add_channel(b, CHANNEL);
    add_jobs(b, CHANNEL, 3);
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(pace_close(cx, (channel_id){CHANNEL}, PACE_REFUSED, clock_now_ms() + 900000));
    commit(b);
    assert_int_equal(turn(b, 10, 99, &parked), 0);
    cx = begin(b, DB_WRITE, 1);
    assert_ok(pace_open(cx, (channel_id){CHANNEL}));
    assert_true(cx->effects.jobs);
    assert_ok(job_is_claimable(cx->db, clock_now_ms(), (struct job_room){1, 1, false},
        (struct job_abreast){99, 99}, &is_there));
    commit(b);
    assert_true(is_there); /* the dispatcher looks, and claims */
    assert_int_equal(turn(b, 10, 99, &parked), 3);
}
ON_BOTH(what_waited_goes_at_once_when_a_channel_is_opened)

static void a_channel_has_only_so_many_jobs_at_once(struct bench *b)
{
    const struct job_row *rows = NULL;
    ptrdiff_t n = 0;
    int64_t now_ms = clock_now_ms() + 1;
    add_channel(b, CHANNEL);
    add_jobs(b, CHANNEL, 6);
    begin(b, DB_WRITE, 0);
    assert_ok(job_claim(b->cx.db, 5, now_ms, (struct job_room){2, 2, false},
        (struct job_abreast){2, 99}, &rows, &n));
    assert_int_equal(n, 2);
    assert_true(rows[0].lease_ms > now_ms + 30000); /* an upload may take longer */
    assert_ok(job_claim(b->cx.db, 5, now_ms, (struct job_room){2, 2, false},
        (struct job_abreast){2, 99}, &rows, &n));
    assert_int_equal(n, 0);
    commit(b);
}
ON_BOTH(a_channel_has_only_so_many_jobs_at_once)

/* A turn after the other until `wanted` have been taken, at most `turns`; how many were. */
static int64_t turns(struct bench *b, int64_t wanted, int most)
{
    int64_t parked = 0, taken = 0;
    for (int i = 0; i < most && taken < wanted; i++) {
        taken += turn(b, 4, 99, &parked);
        clock_advance(PACE_TURN_MS);
    }
    return taken;
}

/* Younger jobs of conversations whose elder ones are parked have no seat in front of them. */
static void what_waits_for_a_parked_one_does_not_keep_it_parked(struct bench *b)
{
    int64_t parked = 0;
    add_channel(b, CHANNEL);
    for (int i = 0; i < PACE_READY; i++)
        add_one(b, "elder", i, 0);
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(pace_close(cx, (channel_id){CHANNEL}, PACE_LIMIT, clock_now_ms() + 1000));
    commit(b);
    assert_int_equal(turn(b, 4, 99, &parked), 0);
    assert_int_equal(parked, PACE_READY);
    clock_advance(1001);
    for (int i = 0; i < PACE_READY; i++)
        add_one(b, "younger", i, 0);
    assert_int_equal(turns(b, 2 * PACE_READY, 100), 2 * PACE_READY);
}
ON_BOTH(what_waits_for_a_parked_one_does_not_keep_it_parked)

/* A conversation whose first job is tried again later holds up its own, and no other's. */
static void what_waits_for_a_later_one_keeps_nobody_elses_seat(struct bench *b)
{
    int64_t parked = 0, taken = 0;
    add_channel(b, CHANNEL);
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(pace_set_gap(cx, (channel_id){CHANNEL}, 500));
    commit(b);
    add_one(b, "first", 1, clock_now_ms() + 600000);
    const char *behind[] = {"second", "third", "fourth", "fifth"};
    for (int i = 0; i < 4; i++)
        add_one(b, behind[i], 1, 0);
    for (int i = 0; i < 5; i++)
        add_one(b, "another's", 2 + i, 0);
    for (int i = 0; i < 8; i++) {
        taken += turn(b, 4, 99, &parked);
        clock_advance(5000);
    }
    assert_int_equal(taken, 5);
}
ON_BOTH(what_waits_for_a_later_one_keeps_nobody_elses_seat)

/* Retries and held replies wait beside the crowd, not in front of it. */
static void what_runs_later_keeps_nothing_parked(struct bench *b)
{
    add_channel(b, CHANNEL);
    for (int i = 0; i < PACE_READY; i++)
        add_one(b, "later", i, clock_now_ms() + 3600000);
    for (int i = 0; i < 100; i++)
        add_one(b, "now", 1000 + i, 0);
    assert_int_equal(turns(b, 100, 60), 100);
}
ON_BOTH(what_runs_later_keeps_nothing_parked)

static void jobs_of_a_channel_that_has_gone_are_not_parked_for_ever(struct bench *b)
{
    add_jobs(b, CHANNEL, 100); /* no door, no row of its pace */
    assert_int_equal(turns(b, 100, 60), 100);
}
ON_BOTH(jobs_of_a_channel_that_has_gone_are_not_parked_for_ever)

static void the_pace_of_a_removed_channel_goes_with_the_last_that_waits(struct bench *b)
{
    struct number {
        int64_t n;
    } left = {0};
    static const struct db_col cols[] = {COL(struct number, n)};
    add_channel(b, CHANNEL);
    add_jobs(b, CHANNEL, 100);
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(pace_close(cx, (channel_id){CHANNEL}, PACE_REFUSED, clock_now_ms() + 3600 * 1000));
    commit(b);
    assert_int_equal(turns(b, 100, 3), 0);
    cx = begin(b, DB_WRITE, 1);
    assert_ok(db_run(cx->db, S("DELETE FROM source WHERE account_id = 1"), NO_ARGS, NULL));
    assert_ok(pace_forget(cx, (channel_id){CHANNEL}));
    commit(b);
    assert_int_equal(turns(b, 101, 60), 100); /* and once more, with nothing left */
    cx = begin(b, DB_READ, 1);
    assert_ok(db_one(cx->db, S("SELECT COUNT(*) AS n FROM pace"), NO_ARGS, COLS(cols), &left));
    commit(b);
    assert_int_equal(left.n, 0);
}
ON_BOTH(the_pace_of_a_removed_channel_goes_with_the_last_that_waits)

static void one_claim_takes_no_more_of_a_channel_than_may_run_abreast(struct bench *b)
{
    const struct job_row *rows = NULL;
    ptrdiff_t n = 0;
    add_channel(b, CHANNEL);
    add_jobs(b, CHANNEL, 6);
    add_jobs(b, OTHER, 6);
    int64_t now_ms = clock_now_ms() + 1;
    begin(b, DB_WRITE, 0);
    assert_ok(job_claim(b->cx.db, 5, now_ms, (struct job_room){1, 1, false},
        (struct job_abreast){2, 99}, &rows, &n));
    assert_int_equal(n, 1);
    assert_ok(job_claim(b->cx.db, 5, now_ms, (struct job_room){12, 12, false},
        (struct job_abreast){2, 99}, &rows, &n));
    assert_int_equal(n, 3); /* one more of the first, two of the other */
    int of_first = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        of_first += rows[i].channel_id.v == CHANNEL;
    assert_int_equal(of_first, 1);
    commit(b);
}
ON_BOTH(one_claim_takes_no_more_of_a_channel_than_may_run_abreast)

/* However many channels of it there are: what is left is for other networks. */
static void channels_of_one_network_leave_room_for_the_others(struct bench *b)
{
    const struct job_abreast abreast = {.channel = 2, .network = 3};
    const struct job_row *rows = NULL;
    ptrdiff_t n = 0;
    for (int64_t channel = 20; channel < 25; channel++) {
        add_channel(b, channel);
        add_jobs(b, channel, 4);
    }
    add_jobs(b, OTHER, 1); /* of no network */
    int64_t now_ms = clock_now_ms() + 1;
    begin(b, DB_WRITE, 0);
    assert_ok(job_claim(b->cx.db, 5, now_ms, (struct job_room){12, 12, false}, abreast, &rows, &n));
    assert_int_equal(n, 4);
    int of_network = 0, most = 0, of_channel[5] = {0};
    for (ptrdiff_t i = 0; i < n; i++)
        if (rows[i].channel_id.v != OTHER) {
            int of = ++of_channel[rows[i].channel_id.v - 20];
            of_network++;
            most = of > most ? of : most;
        }
    assert_int_equal(of_network, 3);
    assert_int_equal(most, 2);
    assert_ok(job_claim(b->cx.db, 5, now_ms, (struct job_room){12, 12, false}, abreast, &rows, &n));
    assert_int_equal(n, 0);
    commit(b);
}
ON_BOTH(channels_of_one_network_leave_room_for_the_others)

/* A long queue of one channel is taken from where it is parked, in its order, and beside another's.
 */
static void parked_jobs_of_open_channels_are_taken_in_turn(struct bench *b)
{
    const struct job_row *rows = NULL;
    ptrdiff_t n = 0;
    int64_t parked = 0, now_ms = clock_now_ms() + 1;
    int of[2] = {0};
    add_channel(b, CHANNEL);
    add_channel(b, OTHER);
    add_jobs(b, CHANNEL, 3 * PACE_READY);
    add_jobs(b, OTHER, 2 * PACE_READY);
    for (int taken = 0; taken < 5 * PACE_READY; taken += (int)n) {
        begin(b, DB_WRITE, 0);
        assert_ok(pace_park(b->cx.db, now_ms, &parked));
        assert_ok(job_claim(b->cx.db, 5, now_ms, (struct job_room){8, 8, false},
            (struct job_abreast){8, 8}, &rows, &n));
        assert_int_equal(n, 8); /* no seat stays empty */
        for (ptrdiff_t i = 0; i < n; i++) {
            int other = rows[i].channel_id.v == OTHER;
            assert_true(str_eq(rows[i].key,
                str_print(test_arena(), "%d:%d", other ? OTHER : CHANNEL, of[other]++)));
            assert_ok(job_finish(b->cx.db, &rows[i]));
        }
        commit(b);
        if (taken >= 2 * PACE_READY)
            assert_true(of[0] && of[1]);
    }
}
ON_BOTH(parked_jobs_of_open_channels_are_taken_in_turn)

/* ── one job after the other ── */

/* Claims one of the channel's jobs as the dispatcher does. */
static struct job_row claim_first(struct bench *b)
{
    const struct job_row *rows = NULL;
    ptrdiff_t n = 0;
    begin(b, DB_WRITE, 0);
    assert_ok(job_claim(b->cx.db, 5, clock_now_ms() + 1, (struct job_room){1, 1, false},
        (struct job_abreast){99, 99}, &rows, &n));
    assert_int_equal(n, 1);
    commit(b);
    return rows[0];
}

/* Ends it; its key's successor, or the empty text. */
static str next_key(struct bench *b, struct job_row *job)
{
    const struct job_row *row = NULL;
    ptrdiff_t n = 0;
    begin(b, DB_WRITE, 0);
    assert_ok(job_finish(b->cx.db, job));
    assert_ok(job_claim_next(b->cx.db, 5, job->channel_id, clock_now_ms() + 1, false, &row, &n));
    if (n)
        *job = *row;
    commit(b);
    return n ? job->key : (str){0};
}

static void a_job_is_followed_by_those_of_its_channel_parked_ones_too(struct bench *b)
{
    enum { JOBS = 3 * PACE_READY };
    int64_t parked = 0;
    int followed = 0;
    add_channel(b, CHANNEL);
    add_jobs(b, CHANNEL, JOBS);
    add_jobs(b, OTHER, 3);
    struct job_row job = claim_first(b);
    assert_int_equal(job.channel_id.v, CHANNEL);
    begin(b, DB_WRITE, 0);
    assert_ok(pace_park(b->cx.db, clock_now_ms() + 1, &parked));
    commit(b);
    assert_true(parked > 0);
    while (next_key(b, &job).len) {
        assert_int_equal(job.channel_id.v, CHANNEL);
        assert_int_equal(job.attempts, 1);
        assert_true(job.lease_ms > clock_now_ms());
        followed++;
    }
    assert_int_equal(followed, JOBS - 1);
}
ON_BOTH(a_job_is_followed_by_those_of_its_channel_parked_ones_too)

/* Fetches have threads of their own, and a conversation that waits stops no other one. */
static void what_follows_is_the_first_that_may_run(struct bench *b)
{
    add_channel(b, CHANNEL);
    add_one(b, "elder", 1, 0);
    add_one(b, "other", 2, 0);
    struct job_row job = claim_first(b);
    (void)claim_first(b);
    for (int i = 0; i < 3; i++)
        add_one(b, str_z(test_arena(), str_print(test_arena(), "waits%d", i)), 2, 0);
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(
        job_add(cx, &(struct job_new){.kind = S("fetch"), .key = S("file"), .channel = {CHANNEL}}));
    commit(b);
    add_one(b, "free", 3, 0);
    assert_str(next_key(b, &job), "free:3");
    assert_int_equal(next_key(b, &job).len, 0);
}
ON_BOTH(what_follows_is_the_first_that_may_run)

static void what_must_wait_does_not_follow(struct bench *b)
{
    bool closed = false;
    add_channel(b, CHANNEL);
    add_one(b, "elder", 1, 0);
    add_one(b, "other", 2, 0);
    add_one(b, "younger", 2, 0); /* waits for the other */
    add_one(b, "later", 3, clock_now_ms() + 60000);
    struct job_row job = claim_first(b), other = claim_first(b);
    assert_int_equal(next_key(b, &job).len, 0);
    assert_str(next_key(b, &other), "younger:2");
    assert_int_equal(next_key(b, &other).len, 0);
    /* A channel with a pace of its own, or one that fails, goes on by the dispatcher. */
    add_one(b, "a", 4, 0);
    add_one(b, "b", 5, 0);
    job = claim_first(b);
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(pace_set_gap(cx, (channel_id){CHANNEL}, 33));
    commit(b);
    assert_int_equal(next_key(b, &job).len, 0);
    job = claim_first(b);
    add_one(b, "c", 6, 0);
    cx = begin(b, DB_WRITE, 1);
    assert_ok(pace_set_gap(cx, (channel_id){CHANNEL}, 0));
    assert_ok(pace_note_failure(cx, (channel_id){CHANNEL}, &closed));
    commit(b);
    assert_int_equal(next_key(b, &job).len, 0);
}
ON_BOTH(what_must_wait_does_not_follow)

static void sent(struct bench *b)
{
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(pace_note_sent(cx, (channel_id){CHANNEL}, 0, 0, 0));
    commit(b);
}

static void set_gap(struct bench *b, int64_t gap_ms)
{
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(pace_set_gap(cx, (channel_id){CHANNEL}, gap_ms));
    commit(b);
}

static void sends_keep_their_distance(struct bench *b)
{
    int64_t parked = 0;
    add_channel(b, CHANNEL);
    set_gap(b, 6000);
    add_jobs(b, CHANNEL, 3);
    add_jobs(b, OTHER, 2);
    assert_int_equal(turn(b, 10, 99, &parked), 1 + 2);
    sent(b);
    for (int i = 0; i < 2; i++) {
        clock_advance(5900);
        assert_int_equal(turn(b, 10, 99, &parked), 0);
        clock_advance(200);
        assert_int_equal(turn(b, 10, 99, &parked), 1);
        sent(b);
    }
    add_jobs(b, CHANNEL, 1); /* alone, but too early */
    assert_int_equal(turn(b, 10, 99, &parked), 0);
    set_gap(b, 0);
    clock_advance(6000);
    assert_int_equal(turn(b, 10, 99, &parked), 1);
}
ON_BOTH(sends_keep_their_distance)

static void a_turn_has_no_more_than_fit_into_it(struct bench *b)
{
    int64_t parked = 0;
    add_channel(b, CHANNEL);
    set_gap(b, 50);
    add_jobs(b, CHANNEL, 20);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(turn(b, 99, 99, &parked), PACE_TURN_MS / 50);
        sent(b);
        clock_advance(PACE_TURN_MS);
    }
    assert_int_equal(turn(b, 99, 99, &parked), 0);
}
ON_BOTH(a_turn_has_no_more_than_fit_into_it)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_crowd_waits_apart_and_comes_in_its_turn),
        BOTH(a_closed_channel_is_not_looked_at_until_it_opens),
        BOTH(five_failures_close_a_channel_and_one_job_goes_ahead),
        BOTH(an_empty_budget_closes_until_it_is_full_again),
        BOTH(what_waited_goes_at_once_when_a_channel_is_opened),
        BOTH(a_channel_has_only_so_many_jobs_at_once),
        BOTH(one_claim_takes_no_more_of_a_channel_than_may_run_abreast),
        BOTH(channels_of_one_network_leave_room_for_the_others),
        BOTH(parked_jobs_of_open_channels_are_taken_in_turn),
        BOTH(a_job_is_followed_by_those_of_its_channel_parked_ones_too),
        BOTH(what_follows_is_the_first_that_may_run),
        BOTH(what_must_wait_does_not_follow),
        BOTH(what_waits_for_a_parked_one_does_not_keep_it_parked),
        BOTH(what_waits_for_a_later_one_keeps_nobody_elses_seat),
        BOTH(what_runs_later_keeps_nothing_parked),
        BOTH(jobs_of_a_channel_that_has_gone_are_not_parked_for_ever),
        BOTH(the_pace_of_a_removed_channel_goes_with_the_last_that_waits),
        BOTH(sends_keep_their_distance),
        BOTH(a_turn_has_no_more_than_fit_into_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
