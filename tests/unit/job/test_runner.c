/* The runner: tries again with back-off between its bounds, gives up after a day, does one job of
 * an order key at a time, drops what it did under a lost lease, and sets poison aside. The kind
 * "of-another-version" is known to no version: its work always fails, and nothing else happens. */
#include "job/inner.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "connector/connector.h"
#include "store/lease.h"
#include "support.h"

struct runner {
    struct bench *b;
    struct engine *engine;
    struct arena arena;
};

static void runner_open(struct runner *r, struct bench *b)
{
    str why;
    *r = (struct runner){.b = b, .arena = arena_make(0)};
    const struct engine_options o = {.db = b->t->db, .config = &b->config, .threads = 1};
    assert_ok(engine_open(&r->arena, &o, &r->engine, &why));
}

static void runner_close(struct runner *r)
{
    engine_close(r->engine);
    arena_free(&r->arena);
}

static void add(struct runner *r, const char *kind, str key, const char *order_key)
{
    struct ctx *cx = begin(r->b, DB_WRITE, 1);
    assert_ok(job_add(cx, &(struct job_new){.kind = str_from(kind),
                              .key = key,
                              .order_key = str_from(order_key),
                              .run_ms = cx->now_ms,
                              .payload = S("{}")}));
    commit(r->b);
    clock_advance(1);
}

/* Claims as the dispatcher does; upkeep, which every engine adds, is left out. */
static const struct job_row *claim(struct runner *r, ptrdiff_t max, ptrdiff_t *n)
{
    const struct job_row *rows = NULL;
    struct job_row *kept;
    struct desk desk = {.engine = r->engine, .arena = &r->arena};
    assert_ok(desk_begin(&desk, DB_WRITE));
    assert_ok(runner_claim(&desk, (struct job_room){max, max, false}, &rows, n));
    assert_ok(desk_commit(&desk));
    kept = NEW(&r->arena, struct job_row, *n);
    ptrdiff_t count = 0;
    for (ptrdiff_t i = 0; i < *n; i++)
        if (rows[i].account_id.v)
            kept[count++] = rows[i];
    *n = count;
    return kept;
}

static void do_one(struct runner *r, const struct job_row *job)
{
    assert_null(runner_do(r->engine, &r->arena, NULL, job, false));
}

static void end_the_process(struct runner *r)
{
    int64_t freed;
    begin(r->b, DB_WRITE, 0);
    assert_ok(job_free_expired(r->b->cx.db, clock_now_ms(), true, 0, &freed));
    commit(r->b);
}

static struct job_item only_item(struct runner *r, const char *state)
{
    const struct job_item *items = NULL;
    ptrdiff_t n = 0;
    struct ctx *cx = begin(r->b, DB_READ, 1);
    assert_ok(job_list(cx, str_from(state), (job_id){0}, 10, &items, &n));
    commit(r->b);
    assert_int_equal(n, 1);
    return items[0];
}

static void a_failed_try_is_repeated_after_a_random_part_of_a_growing_pause(struct bench *b)
{
    enum { TRIES = 14, JOBS = 12 };
    struct runner r;
    runner_open(&r, b);
    for (int i = 0; i < JOBS; i++)
        add(&r, "of-another-version", str_print(test_arena(), "%d", i), "");
    for (int attempt = 1; attempt <= TRIES; attempt++) {
        ptrdiff_t n;
        int64_t most_ms = attempt < 10 ? 1000LL << (attempt - 1) : LIMIT_JOB_BACKOFF_MS;
        int64_t least = INT64_MAX, greatest = 0;
        most_ms = most_ms > LIMIT_JOB_BACKOFF_MS ? LIMIT_JOB_BACKOFF_MS : most_ms;
        const struct job_row *rows = claim(&r, JOBS + 1, &n);
        assert_int_equal(n, JOBS);
        for (ptrdiff_t i = 0; i < n; i++) {
            assert_int_equal(rows[i].attempts, attempt);
            do_one(&r, &rows[i]);
        }
        const struct job_item *items = NULL;
        struct ctx *cx = begin(b, DB_READ, 1);
        assert_ok(job_list(cx, S("queued"), (job_id){0}, 100, &items, &n));
        commit(b);
        assert_int_equal(n, JOBS);
        for (ptrdiff_t i = 0; i < n; i++) {
            int64_t pause_ms = items[i].run_ms - clock_now_ms();
            assert_in_range(pause_ms, 1, most_ms);
            least = pause_ms < least ? pause_ms : least;
            greatest = pause_ms > greatest ? pause_ms : greatest;
        }
        /* A dozen peers are not asked again in step, and all of the pause is used. */
        assert_true(least < most_ms / 2 && greatest > most_ms / 2);
        clock_advance(most_ms);
    }
    assert_int_equal(engine_stats(r.engine).jobs_retried, JOBS * TRIES);
    runner_close(&r);
}
ON_BOTH(a_failed_try_is_repeated_after_a_random_part_of_a_growing_pause)

static void after_a_day_of_tries_a_job_is_dead_and_says_why(struct bench *b)
{
    struct runner r;
    ptrdiff_t n;
    runner_open(&r, b);
    add(&r, "of-another-version", S("1"), "");
    do_one(&r, claim(&r, 2, &n));
    clock_advance(LIMIT_JOB_RETRY_MS - 1);
    do_one(&r, claim(&r, 2, &n));
    (void)only_item(&r, "queued"); /* a moment before the day is over */
    clock_advance(LIMIT_JOB_BACKOFF_MS);
    do_one(&r, claim(&r, 2, &n));
    struct job_item item = only_item(&r, "dead");
    assert_str(item.last_error, "This version does not know this kind of job.");
    assert_int_equal(engine_stats(r.engine).jobs_dead, 1);
    clock_advance(LIMIT_JOB_RETRY_MS);
    (void)claim(&r, 2, &n);
    assert_int_equal(n, 0);
    runner_close(&r);
}
ON_BOTH(after_a_day_of_tries_a_job_is_dead_and_says_why)

static void one_job_of_an_order_key_is_done_at_a_time_and_the_oldest_first(struct bench *b)
{
    struct runner r;
    ptrdiff_t n;
    runner_open(&r, b);
    add(&r, "of-another-version", S("first"), "conversation:1");
    add(&r, "of-another-version", S("second"), "conversation:1");
    add(&r, "of-another-version", S("other"), "conversation:2");
    const struct job_row *rows = claim(&r, 10, &n);
    assert_int_equal(n, 2);
    for (ptrdiff_t i = 0; i < n; i++)
        assert_false(str_eq(rows[i].key, S("second")));
    for (ptrdiff_t i = 0; i < n; i++)
        do_one(&r, &rows[i]); /* put back: it keeps its place */
    clock_advance(1000);
    rows = claim(&r, 10, &n);
    assert_int_equal(n, 2);
    for (ptrdiff_t i = 0; i < n; i++)
        assert_false(str_eq(rows[i].key, S("second")));
    runner_close(&r);
}
ON_BOTH(one_job_of_an_order_key_is_done_at_a_time_and_the_oldest_first)

static void what_was_done_under_a_lost_lease_is_dropped(struct bench *b)
{
    struct runner r;
    ptrdiff_t n;
    runner_open(&r, b);
    add(&r, "of-another-version", S("1"), "");
    const struct job_row slow = claim(&r, 2, &n)[0];
    assert_int_equal(n, 1);
    clock_advance(LIMIT_JOB_LEASE_MS);
    assert_ok(runner_free_expired(r.engine, false));
    (void)claim(&r, 2, &n);
    assert_int_equal(n, 0); /* to the millisecond it is still its claimer's */
    clock_advance(1);
    assert_ok(runner_free_expired(r.engine, false));
    const struct job_row next = claim(&r, 2, &n)[0];
    assert_int_equal(n, 1);
    do_one(&r, &slow);
    assert_int_equal(engine_stats(r.engine).jobs_lost_lease, 1);
    assert_int_equal(engine_stats(r.engine).jobs_retried, 0);
    assert_int_equal(only_item(&r, "running").attempts, 2);
    do_one(&r, &next);
    assert_int_equal(engine_stats(r.engine).jobs_retried, 1);
    runner_close(&r);
}
ON_BOTH(what_was_done_under_a_lost_lease_is_dropped)

/* A wake of a conversation that is not there is done at once when it is worked on; poison is not.
 */
static void poison_is_not_worked_on_again_but_set_aside(struct bench *b)
{
    struct runner r;
    ptrdiff_t n;
    runner_open(&r, b);
    add(&r, "wake", S("1"), "");
    for (int i = 0; i < JOB_KILLS; i++) {
        (void)claim(&r, 2, &n);
        assert_int_equal(n, 1);
        end_the_process(&r);
        clock_advance(JOB_SUSPECT_MS + JOB_SUSPECT_SPREAD_MS);
    }
    const struct job_row *row = claim(&r, 2, &n);
    assert_int_equal(n, 1);
    do_one(&r, row);
    assert_str(only_item(&r, "dead").last_error, JOB_KILLED);
    assert_int_equal(engine_stats(r.engine).jobs_dead, 1);
    test_log_had(LOG_ERROR, "a job is set aside");
    runner_close(&r);
}
ON_BOTH(poison_is_not_worked_on_again_but_set_aside)

/* As by a machine that ends the process again and again: by chance it would hit a job three times.
 */
static void what_two_processes_ended_with_waits_until_this_one_has_lived(struct bench *b)
{
    struct runner r;
    ptrdiff_t n;
    runner_open(&r, b);
    add(&r, "wake", S("1"), "");
    for (int i = 0; i < JOB_KILLS - 1; i++) {
        atomic_store(&r.engine->calm_ms, clock_mono_ms());
        (void)claim(&r, 2, &n);
        assert_int_equal(n, 1);
        end_the_process(&r);
    }
    clock_advance(JOB_SUSPECT_MS + JOB_SUSPECT_SPREAD_MS);
    atomic_store(&r.engine->calm_ms, clock_mono_ms());
    clock_advance(JOB_CALM_MS - 1);
    (void)claim(&r, 2, &n);
    assert_int_equal(n, 0);
    clock_advance(1);
    assert_int_equal(claim(&r, 2, &n)->kills, JOB_KILLS - 1);
    assert_int_equal(n, 1);
    runner_close(&r);
}
ON_BOTH(what_two_processes_ended_with_waits_until_this_one_has_lived)

/* The server lives: PostgreSQL was killed, and nobody knows whether the claim or its end was
 * written. */
static void a_lease_of_its_own_that_runs_out_is_no_end_of_the_process(struct bench *b)
{
    struct runner r;
    ptrdiff_t n;
    runner_open(&r, b);
    add(&r, "wake", S("1"), "");
    for (int i = 0; i < 2 * JOB_KILLS; i++) {
        assert_int_equal(claim(&r, 2, &n)->kills, 0);
        assert_int_equal(n, 1);
        clock_advance(LIMIT_JOB_LEASE_MS + 1);
        assert_ok(runner_free_expired(r.engine, false));
    }
    assert_int_equal(only_item(&r, "queued").attempts, 2 * JOB_KILLS);
    runner_close(&r);
}
ON_BOTH(a_lease_of_its_own_that_runs_out_is_no_end_of_the_process)

/* However many ends there were before: no word of one, no pause, not set aside. */
static void after_ends_of_the_process_a_lease_of_its_own_is_none_either(struct bench *b)
{
    struct runner r;
    ptrdiff_t n;
    runner_open(&r, b);
    add(&r, "wake", S("1"), "");
    for (int kills = 0; kills <= JOB_KILLS; kills++) {
        assert_int_equal(claim(&r, 2, &n)->kills, kills);
        assert_int_equal(n, 1);
        clock_advance(LIMIT_JOB_LEASE_MS + 1);
        assert_ok(runner_free_expired(r.engine, false));
        assert_str(only_item(&r, "queued").last_error, kills < JOB_KILLS ? "" : JOB_KILLED);
        assert_int_equal(claim(&r, 2, &n)->kills, kills);
        assert_int_equal(n, 1);
        end_the_process(&r);
        clock_advance(JOB_SUSPECT_MS + JOB_SUSPECT_SPREAD_MS);
    }
    runner_close(&r);
}
ON_BOTH(after_ends_of_the_process_a_lease_of_its_own_is_none_either)

/* ── networks ── */

enum { CHANNEL = 7 };

/* Of a network that is polled; its secrets open with no key. */
static void add_channel(struct bench *b, const char *sealed)
{
    struct ctx *cx = begin(b, DB_WRITE, 1);
    assert_ok(db_run(cx->db,
        S("INSERT INTO channel (id, account_id, kind, name, is_enabled, public_key, languages, "
          "    settings, secrets_sealed, created_ms, updated_ms) "
          "VALUES (?1, 1, 'mastodon', 'M', 1, 'k', '[]', '{}', ?2, 1, 1)"),
        ARGS(A_INT(CHANNEL), A_TEXT_OR_NULL(str_from(sealed))), NULL));
    assert_ok(db_run(cx->db,
        S("INSERT INTO source (id, account_id, channel_id, network, key) "
          "VALUES (?1, 1, ?1, 'mastodon', 'k')"),
        ARGS(A_INT(CHANNEL)), NULL));
    commit(b);
}

static void what_is_done_for_ever_does_not_die_of_a_bad_day(struct bench *b)
{
    struct runner r;
    ptrdiff_t n;
    runner_open(&r, b);
    add_channel(b, "nonsense");
    add(&r, "poll", S("7"), "");
    for (int day = 0; day < 3; day++) {
        const struct job_row *row = claim(&r, 2, &n);
        assert_int_equal(n, 1);
        do_one(&r, row);
        struct job_item item = only_item(&r, "queued");
        assert_true(item.last_error.len > 0);
        assert_in_range(item.run_ms - clock_now_ms(), 1, LIMIT_JOB_BACKOFF_MS);
        clock_advance(LIMIT_JOB_RETRY_MS);
    }
    runner_close(&r);
}
ON_BOTH(what_is_done_for_ever_does_not_die_of_a_bad_day)

/* A question about nobody is answered at once. */
static void add_question(struct runner *r, const char *key)
{
    struct ctx *cx = begin(r->b, DB_WRITE, 1);
    assert_ok(job_add(
        cx, &(struct job_new){.kind = S("person"), .key = str_from(key), .channel = {CHANNEL}}));
    commit(r->b);
    clock_advance(1);
}

static void a_job_that_worked_is_followed_by_the_next_of_its_channel(struct bench *b)
{
    struct runner r;
    ptrdiff_t n;
    runner_open(&r, b);
    add_channel(b, "nonsense");
    add_question(&r, "nobody 1");
    add_question(&r, "nobody 2");
    add_question(&r, "nobody 3");
    add(&r, "poll", S("7"), "");
    const struct job_row *row = claim(&r, 1, &n);
    while (n == 0) /* upkeep may be first */
        row = claim(&r, 1, &n);
    for (int i = 2; i <= 3; i++) {
        const struct job_row job = *row;
        row = runner_do(r.engine, &r.arena, NULL, &job, true);
        assert_non_null(row);
        assert_true(str_eq(row->key, str_print(test_arena(), "nobody %d", i)));
        assert_int_equal(row->attempts, 1);
    }
    const struct job_row last = *row;
    assert_null(runner_do(r.engine, &r.arena, NULL, &last, true)); /* the poll has no channel */
    assert_int_equal(engine_stats(r.engine).jobs_done, 3);
    runner_close(&r);
}
ON_BOTH(a_job_that_worked_is_followed_by_the_next_of_its_channel)

static int refreshed;

static err refresh(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_refreshed *out)
{
    (void)client, (void)a, (void)setup, (void)now_ms;
    refreshed++;
    *out = (struct connector_refreshed){
        .end = {.outcome = CONNECTOR_RETRY, .why = S("later")}
    };
    return OK;
}

static void credentials_are_made_new_by_one_worker_of_a_node_at_a_time(struct bench *b)
{
    static const struct connector network = {.name = S_INIT("mastodon"), .refresh = refresh};
    const struct job_row job = {.account_id = {1}};
    struct connector_setup setup = {.secrets = S("{}")};
    struct runner r;
    bool is_fresh = false;
    runner_open(&r, b);
    add_channel(b, NULL);
    atomic_store(&r.engine->is_stopping, true); /* nobody waits for the other worker */
    refreshed = 0;
    struct job_run run = {
        .desk = {.engine = r.engine, .arena = &r.arena},
          .job = &job, .now_ms = clock_now_ms()
    };
    begin(b, DB_WRITE, 0);
    assert_ok(lease_hold(b->cx.db, S("refresh:7"), r.engine->holder, run.now_ms, run.now_ms + 60000,
        &is_fresh)); /* another thread of this node */
    commit(b);
    assert_int_equal(
        credentials_ready(&run, &network, (channel_id){CHANNEL}, &setup, true, &is_fresh), E_BUSY);
    assert_int_equal(refreshed, 0);
    begin(b, DB_WRITE, 0);
    assert_ok(lease_give_up(b->cx.db, S("refresh:7"), r.engine->holder));
    commit(b);
    assert_ok(credentials_ready(&run, &network, (channel_id){CHANNEL}, &setup, true, &is_fresh));
    assert_int_equal(refreshed, 1);
    assert_ok(credentials_ready(&run, &network, (channel_id){CHANNEL}, &setup, true, &is_fresh));
    assert_int_equal(refreshed, 2); /* the first one gave the lease up */
    test_log_had(LOG_WARN, "could not be made new");
    test_log_had(LOG_WARN, "could not be made new");
    runner_close(&r);
}
ON_BOTH(credentials_are_made_new_by_one_worker_of_a_node_at_a_time)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_failed_try_is_repeated_after_a_random_part_of_a_growing_pause),
        BOTH(after_a_day_of_tries_a_job_is_dead_and_says_why),
        BOTH(one_job_of_an_order_key_is_done_at_a_time_and_the_oldest_first),
        BOTH(what_was_done_under_a_lost_lease_is_dropped),
        BOTH(poison_is_not_worked_on_again_but_set_aside),
        BOTH(what_two_processes_ended_with_waits_until_this_one_has_lived),
        BOTH(a_lease_of_its_own_that_runs_out_is_no_end_of_the_process),
        BOTH(after_ends_of_the_process_a_lease_of_its_own_is_none_either),
        BOTH(a_job_that_worked_is_followed_by_the_next_of_its_channel),
        BOTH(what_is_done_for_ever_does_not_die_of_a_bad_day),
        BOTH(credentials_are_made_new_by_one_worker_of_a_node_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
