/* Group commit on SQLite: who shares a commit, when it happens, and what each member is told. */
#include "test.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "db/turn.h"
#include "test_db.h"

static const struct migration table = {
    .version = 1,
    .name = "0001_note",
    .text = S_INIT("CREATE TABLE note (id @int PRIMARY KEY, words TEXT NOT NULL);\n"
                   "CREATE UNIQUE INDEX note_words ON note (words);\n"),
};

static _Atomic ptrdiff_t queued; /* what the server would say: write requests waiting */

static ptrdiff_t pending(void *arg)
{
    (void)arg;
    return atomic_load(&queued);
}

static struct test_db *open_notes(void)
{
    struct test_db *t = test_db_open_empty(DB_SQLITE);
    str why = S("");
    assert_ok(db_migrate(t->db, &t->arena, &table, 1, NULL, &why));
    atomic_store(&queued, 0);
    db_pending_set(t->db, pending, NULL);
    return t;
}

static err add(struct db_tx *tx, int64_t id)
{
    return db_run(
        tx, S("INSERT INTO note (id, words) VALUES (?1, 'note ' || ?1)"), ARGS(A_INT(id)), NULL);
}

struct count_row {
    int64_t n;
};
static const struct db_col count_cols[] = {COL(struct count_row, n)};

static int64_t count_notes(struct db_tx *tx)
{
    struct count_row row;
    assert_ok(db_one(tx, S("SELECT COUNT(*) AS n FROM note"), NO_ARGS, COLS(count_cols), &row));
    return row.n;
}

static int64_t notes_on_disk(struct test_db *t)
{
    struct db_tx *tx = NULL;
    assert_ok(db_begin(t->db, DB_READ, &t->arena, &tx));
    int64_t n = count_notes(tx);
    assert_ok(db_commit(tx));
    return n;
}

/* Answers in the order in which they were given. */
struct answers {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    int n;
    int order[1024];
    err results[1024];
};
struct answer {
    struct answers *all;
    int number;
};
static struct answers answers = {
    .mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};

static void take_answer(void *arg, err result)
{
    struct answer *a = arg;
    (void)pthread_mutex_lock(&a->all->mutex);
    a->all->order[a->all->n] = a->number;
    a->all->results[a->all->n++] = result;
    (void)pthread_cond_broadcast(&a->all->cond);
    (void)pthread_mutex_unlock(&a->all->mutex);
}

static void wait_for_answers(int n)
{
    (void)pthread_mutex_lock(&answers.mutex);
    while (answers.n < n)
        (void)pthread_cond_wait(&answers.cond, &answers.mutex);
    (void)pthread_mutex_unlock(&answers.mutex);
}

static int answered(void)
{
    (void)pthread_mutex_lock(&answers.mutex);
    int n = answers.n;
    (void)pthread_mutex_unlock(&answers.mutex);
    return n;
}

/* One member: writes note `id` and ends. */
static void member(struct test_db *t, struct answer *a, int64_t id, bool keep)
{
    struct db_tx *tx = NULL;
    *a = (struct answer){.all = &answers, .number = (int)id};
    assert_ok(db_begin(t->db, DB_WRITE, &t->arena, &tx));
    assert_ok(add(tx, id));
    db_end(tx, keep, take_answer, a);
}

/* Ten members while writes are queued; how many commits that took. */
static int64_t commits_of_ten(struct test_db *t, int first)
{
    static struct answer a[10];
    int64_t before = db_stats_of(t->db).commits;
    answers.n = 0;
    atomic_store(&queued, 1);
    for (int i = 0; i < 9; i++)
        member(t, &a[i], first + i, true);
    atomic_store(&queued, 0);
    member(t, &a[9], first + 9, true);
    wait_for_answers(10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(answers.order[i], first + i);
        assert_ok(answers.results[i]);
    }
    assert_int_equal(notes_on_disk(t), first + 10);
    return db_stats_of(t->db).commits - before;
}

static void members_share_one_commit_while_writes_are_queued(void **state)
{
    (void)state;
    struct test_db *t = open_notes();
    int first = 0;
    /* On a busy machine a group grows 2 ms old in between and is committed early. */
    while (commits_of_ten(t, first) > 1 && first < 10000)
        first += 10;
    assert_true(first < 10000);
    test_db_close(t);
}

static void nobody_is_answered_before_the_commit(void **state)
{
    (void)state;
    struct test_db *t = open_notes();
    struct answer a;
    struct db_tx *tx = NULL;
    answers.n = 0;
    atomic_store(&queued, 1);
    for (int64_t tries = 0; tries < 1000; tries++) {
        member(t, &a, tries, true);
        bool was_open = answered() == tries;
        int64_t seen = notes_on_disk(t);
        /* A look at the disk between the member's end and its answer must not see it, unless the
         * 2 ms passed meanwhile. */
        if (was_open && answered() == tries) {
            assert_int_equal(seen, tries);
            break;
        }
        wait_for_answers((int)tries + 1);
    }
    assert_ok(db_begin(t->db, DB_WRITE, &t->arena, &tx));
    atomic_store(&queued, 0);
    assert_ok(db_commit(tx));
    assert_int_equal(notes_on_disk(t), answered());
    test_db_close(t);
}

static void a_full_group_commits_even_while_writes_are_queued(void **state)
{
    (void)state;
    struct test_db *t = open_notes();
    static struct answer a[LIMIT_GROUP_MEMBERS];
    answers.n = 0;
    atomic_store(&queued, 1000);
    for (int i = 0; i < LIMIT_GROUP_MEMBERS; i++)
        member(t, &a[i], i, true);
    wait_for_answers(LIMIT_GROUP_MEMBERS); /* nobody comes after the last */
    assert_int_equal(notes_on_disk(t), LIMIT_GROUP_MEMBERS);
    test_db_close(t);
}

static void a_group_that_is_left_alone_is_committed_by_the_keeper(void **state)
{
    (void)state;
    struct test_db *t = open_notes();
    struct answer a[2];
    answers.n = 0;
    atomic_store(&queued, 1);
    member(t, &a[0], 1, true);
    wait_for_answers(1);
    member(t, &a[1], 2, true);
    wait_for_answers(2);
    assert_ok(answers.results[0]);
    assert_ok(answers.results[1]);
    assert_int_equal(notes_on_disk(t), 2);
    test_db_close(t);
}

/* Longer than the group may grow old, between the decision and the lock. */
static void leave_a_group_slowly(void *arg)
{
    (void)arg;
    (void)setenv("SEVA_FAILPOINT", "db.leave_open:wait@1", 1);
    (void)alarm(20);
    struct test_db *t = open_notes();
    struct answer a;
    answers.n = 0;
    atomic_store(&queued, 1);
    member(t, &a, 1, true);
    wait_for_answers(1);
    test_db_close(t);
}

static void a_member_that_is_held_up_as_it_leaves_the_group_is_answered(void **state)
{
    (void)state;
    assert_int_equal(test_child(leave_a_group_slowly, NULL), 0);
}

static void *one_member(void *arg)
{
    static struct arena arena;
    static struct answer a;
    struct test_db *t = arg;
    struct db_tx *tx = NULL;
    arena = arena_make(0);
    a = (struct answer){.all = &answers, .number = 1};
    if (db_begin(t->db, DB_WRITE, &arena, &tx) == OK && add(tx, 1) == OK)
        db_end(tx, true, take_answer, &a);
    arena_free(&arena);
    return NULL;
}

/* The first commit is written and its sync stands still: it is not answered, the next member writes
 * meanwhile, and its group waits until that sync is over. */
static void write_beside_a_sync(void *arg)
{
    (void)arg;
    (void)setenv("SEVA_FAILPOINT", "db.before_sync:wait@2+", 1); /* the first is the table's */
    (void)alarm(60);
    for (int tries = 0; tries < 100; tries++) {
        struct test_db *t = open_notes();
        pthread_t thread;
        struct answer a;
        struct db_tx *tx = NULL;
        answers.n = 0;
        int64_t before = db_stats_of(t->db).commits, written = 0;
        assert_int_equal(pthread_create(&thread, NULL, one_member, t), 0);
        while (db_stats_of(t->db).commits == before)
            (void)sched_yield();
        assert_ok(db_begin(t->db, DB_WRITE, &t->arena, &tx));
        assert_ok(add(tx, 2));
        a = (struct answer){.all = &answers, .number = 2};
        db_end(tx, true, take_answer, &a);
        written = db_stats_of(t->db).commits - before;
        bool was_beside = answered() == 0;
        wait_for_answers(2);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(answers.order[0], 1);
        test_db_close(t);
        if (was_beside) {
            assert_int_equal(written, 1);
            return;
        }
    }
    fail_msg("the sync was always over first");
}

static void the_next_group_grows_while_a_commit_is_synced(void **state)
{
    (void)state;
    assert_int_equal(test_child(write_beside_a_sync, NULL), 0);
}

/* The first member has no savepoint of its own: what it undoes is the whole transaction so far. */
static void one_members_rollback_leaves_the_others_writes(void **state)
{
    (void)state;
    for (int undone = 0; undone < 3; undone++) {
        struct test_db *t = open_notes();
        struct answer a[3];
        answers.n = 0;
        for (int i = 0; i < 3; i++) {
            atomic_store(&queued, i < 2);
            member(t, &a[i], i, i != undone);
        }
        wait_for_answers(3);
        for (int i = 0; i < 3; i++)
            assert_ok(answers.results[i]); /* the rollback happened as asked */
        assert_int_equal(notes_on_disk(t), 2);
        assert_int_equal(db_stats_of(t->db).group_lost, 0);
        test_db_close(t);
    }
}

static void a_member_with_an_error_does_not_spoil_the_others(void **state)
{
    (void)state;
    for (int spoilt = 0; spoilt < 3; spoilt++) {
        struct test_db *t = open_notes();
        struct answer a[4];
        struct db_tx *tx = NULL;
        answers.n = 0;
        member(t, &a[3], 100, true); /* stored before */
        for (int i = 0; i < 3; i++) {
            atomic_store(&queued, i < 2);
            if (i != spoilt) {
                member(t, &a[i], i, true);
                continue;
            }
            assert_ok(db_begin(t->db, DB_WRITE, &t->arena, &tx));
            assert_ok(add(tx, i));
            assert_err(add(tx, 100), E_CONFLICT);
            a[i] = (struct answer){.all = &answers, .number = i};
            db_end(tx, i == 1, take_answer, &a[i]); /* kept or not: it is undone */
        }
        wait_for_answers(4);
        for (int i = 0; i < 4; i++)
            assert_err(answers.results[i], answers.order[i] == 1 && spoilt == 1 ? E_INTERNAL : OK);
        assert_int_equal(notes_on_disk(t), 3);
        test_db_close(t);
    }
}

static void a_member_that_only_read_waits_for_what_it_read(void **state)
{
    (void)state;
    struct test_db *t = open_notes();
    struct answer a[2];
    struct db_tx *tx = NULL;
    answers.n = 0;
    atomic_store(&queued, 1);
    member(t, &a[0], 1, true);
    assert_ok(db_begin(t->db, DB_WRITE, &t->arena, &tx));
    assert_int_equal(count_notes(tx), 1);
    a[1] = (struct answer){.all = &answers, .number = 2};
    atomic_store(&queued, 0);
    db_end(tx, true, take_answer, &a[1]);
    wait_for_answers(2);
    assert_int_equal(answers.order[0], 1);
    assert_int_equal(answers.order[1], 2);
    assert_int_equal(notes_on_disk(t), 1);
    test_db_close(t);
}

/* ── many threads ── */

enum { THREADS = 8, PER_THREAD = 100 };

struct crowd {
    struct test_db *t;
    _Atomic int next; /* counted with the lock held: the order of the members */
    struct answer a[THREADS * PER_THREAD];
    int first;
};

static void *crowd_main(void *arg)
{
    struct crowd *c = arg;
    struct arena arena = arena_make(0);
    for (int i = 0; i < PER_THREAD; i++) {
        struct db_tx *tx = NULL;
        if (db_begin(c->t->db, DB_WRITE, &arena, &tx) != OK)
            return c;
        int number = atomic_fetch_add(&c->next, 1);
        c->a[number] = (struct answer){.all = &answers, .number = number};
        if (add(tx, number) != OK)
            return c;
        db_end(tx, true, take_answer, &c->a[number]);
    }
    arena_free(&arena);
    return NULL;
}

static void answers_come_in_the_order_of_the_members(void **state)
{
    (void)state;
    static struct crowd c;
    c = (struct crowd){.t = open_notes()};
    pthread_t threads[THREADS];
    answers.n = 0;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_main, &c), 0);
    for (int i = 0; i < THREADS; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    wait_for_answers(THREADS * PER_THREAD);
    for (int i = 0; i < THREADS * PER_THREAD; i++) {
        assert_int_equal(answers.order[i], i);
        assert_ok(answers.results[i]);
    }
    assert_int_equal(notes_on_disk(c.t), THREADS * PER_THREAD);
    test_db_close(c.t);
}

/* ── the lock ── */

struct queue_test {
    struct turn turn;
    _Atomic int served;
    int order[8];
    _Atomic bool may_go;
};
struct queue_place {
    struct queue_test *q;
    int number;
    bool is_patient;
};

static void *stand_in_line(void *arg)
{
    struct queue_place *p = arg;
    if (!turn_take(&p->q->turn, 10000, p->is_patient))
        return p;
    p->q->order[atomic_fetch_add(&p->q->served, 1)] = p->number;
    turn_give(&p->q->turn);
    return NULL;
}

static void *take_and_wait(void *arg)
{
    struct queue_place *p = arg;
    if (!turn_take(&p->q->turn, 10000, false))
        return p;
    while (!atomic_load(&p->q->may_go))
        (void)sched_yield();
    turn_give(&p->q->turn);
    return NULL;
}

/* Eight stand in line, those of the mask patiently; they are served as `wanted` says. */
static void stand_and_be_served(unsigned patient, const int *wanted)
{
    struct queue_test q = {.served = 0};
    struct queue_place places[8];
    pthread_t threads[8];
    assert_true(turn_make(&q.turn, 1));
    assert_true(turn_take(&q.turn, 0, false));
    for (int i = 0; i < 8; i++) {
        places[i] = (struct queue_place){&q, i, (patient >> i & 1) != 0};
        assert_int_equal(pthread_create(&threads[i], NULL, stand_in_line, &places[i]), 0);
        for (ptrdiff_t waiting = 0; waiting <= i;) { /* until it stands in line */
            (void)pthread_mutex_lock(&q.turn.mutex);
            waiting = q.turn.waiting;
            (void)pthread_mutex_unlock(&q.turn.mutex);
        }
    }
    turn_give(&q.turn);
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < 8; i++)
        assert_int_equal(q.order[i], wanted[i]);
    turn_unmake(&q.turn);
}

static void the_lock_is_given_in_the_order_of_asking(void **state)
{
    (void)state;
    const int wanted[] = {0, 1, 2, 3, 4, 5, 6, 7};
    stand_and_be_served(0, wanted);
    stand_and_be_served(0xff, wanted);
}

static void only_so_many_pass_a_patient_one(void **state)
{
    (void)state;
    static_assert(TURN_PASSES == 4, "as the order below");
    const int first_two[] = {2, 3, 4, 5, 0, 6, 7, 1}, last_two[] = {0, 1, 2, 3, 6, 4, 5, 7};
    stand_and_be_served(0x03, first_two);
    stand_and_be_served(0xc0, last_two);
}

/* The one that was woken holds on until this has tried: success means that it came too late. */
static void who_runs_takes_a_free_lock_before_the_woken_one(void **state)
{
    (void)state;
    struct queue_test q = {.served = 0};
    struct queue_place place = {.q = &q};
    bool has_passed = false;
    assert_true(turn_make(&q.turn, 1));
    for (int i = 0; i < 2000 && !has_passed; i++) { /* it may be late itself */
        pthread_t thread;
        atomic_store(&q.may_go, false);
        assert_true(turn_take(&q.turn, 10000, false));
        assert_int_equal(pthread_create(&thread, NULL, take_and_wait, &place), 0);
        while (!turn_is_wanted(&q.turn))
            ;
        turn_give(&q.turn);
        has_passed = turn_take(&q.turn, 0, false);
        if (has_passed)
            turn_give(&q.turn);
        atomic_store(&q.may_go, true);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    assert_true(has_passed);
    turn_unmake(&q.turn);
}

static void who_has_waited_for_long_is_handed_the_lock(void **state)
{
    (void)state;
    struct queue_test q = {.served = 0};
    struct queue_place place = {.q = &q};
    pthread_t thread;
    assert_true(turn_make(&q.turn, 1));
    assert_true(turn_take(&q.turn, 0, false));
    assert_int_equal(pthread_create(&thread, NULL, take_and_wait, &place), 0);
    while (!turn_is_wanted(&q.turn))
        (void)sched_yield();
    (void)usleep(2 * TURN_STRICT_US);
    turn_give(&q.turn);
    assert_false(turn_try(&q.turn));
    assert_false(turn_take(&q.turn, 0, false)); /* nobody passes any more */
    atomic_store(&q.may_go, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(turn_try(&q.turn));
    turn_give(&q.turn);
    turn_unmake(&q.turn);
}

struct crowd_test {
    struct turn turn;
    _Atomic int inside, most_inside, failed;
};

static void *come_and_go(void *arg)
{
    struct crowd_test *c = arg;
    for (int i = 0; i < 2000; i++) {
        if (!turn_take(&c->turn, 10000, i % 7 == 0)) {
            atomic_fetch_add(&c->failed, 1);
            continue;
        }
        int inside = atomic_fetch_add(&c->inside, 1) + 1;
        if (inside > atomic_load(&c->most_inside))
            atomic_store(&c->most_inside, inside);
        if (i % 5 == 0)
            (void)sched_yield();
        atomic_fetch_sub(&c->inside, 1);
        turn_give(&c->turn);
    }
    return NULL;
}

static void never_more_are_inside_than_there_are_permits(void **state)
{
    (void)state;
    for (int permits = 1; permits <= 3; permits += 2) {
        struct crowd_test c = {.failed = 0};
        pthread_t threads[8];
        assert_true(turn_make(&c.turn, permits));
        for (int i = 0; i < 8; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &c), 0);
        for (int i = 0; i < 8; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(atomic_load(&c.failed), 0);
        assert_true(atomic_load(&c.most_inside) <= permits);
        assert_int_equal(c.turn.free, permits);
        assert_int_equal(c.turn.waiting + c.turn.woken, 0);
        turn_unmake(&c.turn);
    }
}

static void who_waits_too_long_leaves_the_line(void **state)
{
    (void)state;
    struct turn turn;
    assert_true(turn_make(&turn, 1));
    assert_true(turn_take(&turn, 0, false));
    assert_false(turn_try(&turn));
    assert_false(turn_take(&turn, 1, false));
    assert_false(turn_is_wanted(&turn));
    turn_give(&turn);
    assert_true(turn_try(&turn));
    turn_give(&turn);
    turn_unmake(&turn);
}

static void a_file_locked_by_another_program_is_busy_until_it_is_free(void **state)
{
    (void)state;
    struct test_db *t = open_notes();
    struct db_tx *tx = NULL;
    sqlite3 *other = NULL;
    const char *path = str_z(&t->arena, str_skip(t->url, S("sqlite:").len));
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_err(db_begin(t->db, DB_WRITE, &t->arena, &tx), E_BUSY);
    test_log_had(LOG_WARN, "locked");
    assert_int_equal(notes_on_disk(t), 0); /* reading goes on */
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    struct answer a;
    answers.n = 0;
    member(t, &a, 1, true);
    wait_for_answers(1);
    assert_int_equal(notes_on_disk(t), 1);
    test_db_close(t);
}

static void closing_commits_what_was_left_open(void **state)
{
    (void)state;
    struct test_db *t = open_notes();
    struct answer a;
    answers.n = 0;
    atomic_store(&queued, 1);
    member(t, &a, 1, true);
    db_close(t->db);
    assert_int_equal(answered(), 1);
    assert_ok(answers.results[0]);
    t->db = test_db_again(t);
    assert_int_equal(notes_on_disk(t), 1);
    test_db_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_member_that_is_held_up_as_it_leaves_the_group_is_answered), /* reads its failpoint */
        TEST(the_next_group_grows_while_a_commit_is_synced),               /* the same */
        TEST(members_share_one_commit_while_writes_are_queued),
        TEST(nobody_is_answered_before_the_commit),
        TEST(a_full_group_commits_even_while_writes_are_queued),
        TEST(a_group_that_is_left_alone_is_committed_by_the_keeper),
        TEST(one_members_rollback_leaves_the_others_writes),
        TEST(a_member_with_an_error_does_not_spoil_the_others),
        TEST(a_member_that_only_read_waits_for_what_it_read),
        TEST(answers_come_in_the_order_of_the_members),
        TEST(the_lock_is_given_in_the_order_of_asking),
        TEST(only_so_many_pass_a_patient_one),
        TEST(who_runs_takes_a_free_lock_before_the_woken_one),
        TEST(who_has_waited_for_long_is_handed_the_lock),
        TEST(never_more_are_inside_than_there_are_permits),
        TEST(who_waits_too_long_leaves_the_line),
        TEST(a_file_locked_by_another_program_is_busy_until_it_is_free),
        TEST(closing_commits_what_was_left_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
