/* Full disks, failing writes, failing memory and power cuts on SQLite: what was answered stays,
 * what was not answered is whole or absent, and the program goes on. */
#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/driver.h"
#include "fault_vfs.h"
#include "test_db.h"

enum { ROWS = 3, MEMBERS = 20000, POWER_STATES = 200 };

static const struct migration table = {
    .version = 1,
    .name = "0001_line",
    .text = S_INIT("CREATE TABLE line (id @int PRIMARY KEY, member @int NOT NULL,\n"
                   "    words TEXT NOT NULL);\n"
                   "CREATE INDEX line_member ON line (member);\n"),
};

static _Atomic unsigned char acked[MEMBERS]; /* 1: its transaction was answered with OK */
static _Atomic unsigned char seen[MEMBERS];  /* 1: a reader that has ended saw it */
static _Atomic ptrdiff_t queued;
static char long_words[3000];

static ptrdiff_t pending(void *arg)
{
    (void)arg;
    return atomic_load(&queued);
}

static void forget_answers(void)
{
    for (int m = 0; m < MEMBERS; m++) {
        atomic_store_explicit(&acked[m], 0, memory_order_relaxed);
        atomic_store_explicit(&seen[m], 0, memory_order_relaxed);
    }
}

static struct test_db *open_lines(void)
{
    fault_vfs_start();
    forget_answers();
    memset(long_words, 'w', sizeof long_words);
    atomic_store(&queued, 0);
    struct test_db *t = test_db_open_empty(DB_SQLITE);
    str why = S("");
    assert_ok(db_migrate(t->db, &t->arena, &table, 1, NULL, &why));
    db_pending_set(t->db, pending, NULL);
    return t;
}

struct line {
    int64_t id, member;
    str words;
};
static const struct db_col line_cols[] = {
    COL(struct line, id), COL(struct line, member), COL(struct line, words)};
struct count_row {
    int64_t n;
};
static const struct db_col count_cols[] = {COL(struct count_row, n)};

static _Atomic int unanswered;
static void take_answer(void *arg, err result)
{
    _Atomic unsigned char *mark = arg;
    atomic_store(mark, result == OK);
    atomic_fetch_sub(&unanswered, 1);
}

static void take_refusal(void *arg, err result)
{
    (void)arg;
    (void)result; /* its statements failed: it is answered with that */
    atomic_fetch_sub(&unanswered, 1);
}

static void wait_for_answers(void)
{
    while (atomic_load(&unanswered) > 0)
        (void)sched_yield();
}

static err write_lines(struct db_tx *tx, int64_t member)
{
    for (int64_t i = 0; i < ROWS; i++) {
        ptrdiff_t len = (ptrdiff_t)((uint64_t)(member * 7919 + i * 104729) % sizeof long_words);
        TRY(db_run(tx, S("INSERT INTO line (id, member, words) VALUES (?1, ?2, ?3)"),
            ARGS(A_INT(member * ROWS + i), A_INT(member), A_TEXT(str_of(long_words, len))), NULL));
    }
    return OK;
}

/* OK or E_BUSY; the answer comes later. */
static err run_member(struct test_db *t, struct arena *a, int member)
{
    struct db_tx *tx = NULL;
    TRY(db_begin(t->db, DB_WRITE, a, &tx));
    err e = write_lines(tx, member);
    atomic_fetch_add(&unanswered, 1);
    db_end(tx, e == OK, e == OK ? take_answer : take_refusal, &acked[member]);
    return e;
}

static int64_t lines_of(struct db_tx *tx, int member)
{
    struct count_row row;
    assert_ok(db_one(tx, S("SELECT COUNT(*) AS n FROM line WHERE member = ?1"), ARGS(A_INT(member)),
        COLS(count_cols), &row));
    return row.n;
}

/* Exactly what was answered with OK is there. */
static void check_acked(struct test_db *t, int n_members)
{
    struct db_tx *tx = NULL;
    assert_ok(db_begin(t->db, DB_READ, &t->arena, &tx));
    for (int m = 0; m < n_members; m++)
        assert_int_equal(lines_of(tx, m), acked[m] ? ROWS : 0);
    assert_ok(db_commit(tx));
}

/* ── writes that fail ── */

/* Lets the nth write fail (and two after it), then goes on as if space had come back. */
static void try_failing_write(long nth, int code)
{
    struct arena a = arena_make(0);
    struct test_db *t = open_lines();
    sqlite_checkpoint_at(t->db, 10, 20, 60);
    fault_vfs_fail(FAULT_WRITE, nth, 3, code);
    int m = 0;
    for (; m < 12; m++) {
        atomic_store(&queued, m % 4 != 3);
        err e = run_member(t, &a, m);
        assert_true(e == OK || e == E_BUSY);
    }
    wait_for_answers();
    fault_vfs_fail(FAULT_WRITE, 0, 0, 0);
    atomic_store(&queued, 0);
    assert_ok(run_member(t, &a, m));
    wait_for_answers();
    assert_true(acked[m]);
    check_acked(t, m + 1);
    test_db_close(t);
    arena_free(&a);
}

static void a_full_disk_is_busy_loses_nothing_and_passes(void **state)
{
    (void)state;
    for (long nth = 1; nth <= 60; nth++)
        try_failing_write(nth, SQLITE_FULL);
    test_log_had(LOG_WARN, "database error");
    test_log_had(LOG_WARN, "a group of writes was lost");
}

static void a_failing_write_is_busy_loses_nothing_and_passes(void **state)
{
    (void)state;
    for (long nth = 1; nth <= 60; nth += 3)
        try_failing_write(nth, SQLITE_IOERR_WRITE);
    test_log_had(LOG_WARN, "database error");
    test_log_had(LOG_WARN, "a group of writes was lost");
}

static void a_lost_group_is_busy_for_all_its_members(void **state)
{
    (void)state;
    struct arena a = arena_make(0);
    struct test_db *t = open_lines();
    struct db_tx *tx = NULL;
    for (bool is_shared = false; !is_shared;) { /* 2 ms may pass between the two */
        atomic_store(&acked[0], 1);
        atomic_store(&acked[1], 1);
        atomic_store(&queued, 1);
        int64_t commits = db_stats_of(t->db).commits;
        assert_ok(db_begin(t->db, DB_WRITE, &a, &tx));
        atomic_fetch_add(&unanswered, 1);
        db_end(tx, true, take_answer, &acked[0]);
        assert_ok(db_begin(t->db, DB_WRITE, &a, &tx));
        is_shared = db_stats_of(t->db).commits == commits;
        assert_ok(write_lines(tx, 1));
        atomic_store(&queued, 0);
        if (is_shared)
            fault_vfs_fail(FAULT_WRITE, 1, 1000, SQLITE_FULL);
        atomic_fetch_add(&unanswered, 1);
        db_end(tx, is_shared, take_answer, &acked[1]);
        wait_for_answers();
        fault_vfs_fail(FAULT_WRITE, 0, 0, 0);
    }
    assert_false(acked[0]);
    assert_false(acked[1]);
    assert_int_equal(db_stats_of(t->db).group_lost, 1);
    assert_ok(run_member(t, &a, 2)); /* the next is as good as ever */
    wait_for_answers();
    assert_true(acked[2]);
    check_acked(t, 3);
    test_log_had(LOG_WARN, "database error");
    test_log_had(LOG_WARN, "a group of writes was lost");
    test_db_close(t);
    arena_free(&a);
}

static void write_with_a_failing_sync(void *arg)
{
    (void)arg;
    struct arena a = arena_make(0);
    log_capture(NULL, NULL);
    struct test_db *t = open_lines();
    fault_vfs_fail(FAULT_SYNC, 1, 1000, SQLITE_IOERR_FSYNC);
    (void)run_member(t, &a, 0); /* does not come back */
    _exit(7);
}

static void a_failed_fsync_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(test_child(write_with_a_failing_sync, NULL), SIGABRT);
}

/* ── checkpoints ── */

/* The salt in the log's head (https://www.sqlite.org/fileformat2.html, 4.1): another whenever the
 * log begins anew; 0 = there is no log. */
static uint64_t log_salt(struct test_db *t)
{
    uint64_t salt = 0;
    str path = str_print(&t->arena, "%s/seva.db-wal", t->folder);
    int fd = open(str_z(&t->arena, path), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (pread(fd, &salt, sizeof salt, 16) != (ssize_t)sizeof salt)
        salt = 0;
    (void)close(fd);
    return salt;
}

static int first_value(void *arg, int n, char **values, char **names)
{
    (void)n;
    (void)names;
    char *to = arg;
    (void)snprintf(to, 64, "%s", values[0] != NULL ? values[0] : "");
    return 0;
}

static void assert_whole(sqlite3 *db)
{
    char words[64] = "";
    assert_int_equal(
        sqlite3_exec(db, "PRAGMA integrity_check", first_value, words, NULL), SQLITE_OK);
    assert_string_equal(words, "ok");
}

/* Seen by somebody who reads the files only now. */
static void assert_whole_in(struct test_db *t)
{
    sqlite3 *db = NULL;
    str path = str_print(&t->arena, "%s/seva.db", t->folder);
    assert_int_equal(
        sqlite3_open_v2(str_z(&t->arena, path), &db, SQLITE_OPEN_READONLY, "unix"), SQLITE_OK);
    assert_whole(db);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Not after so many members, for the keeper must get a turn of the machine first, but before the
 * last: without checkpoints it never begins anew. */
static void the_log_begins_anew_again_and_again_under_constant_writing(void **state)
{
    (void)state;
    enum { TIMES = 3, ROUND = 100 };
    struct arena a = arena_make(0);
    struct test_db *t = open_lines();
    int m = 0, times = 0;
    sqlite_checkpoint_at(t->db, 20, 50, 100);
    for (uint64_t salt = log_salt(t); times < TIMES && m < MEMBERS;) {
        atomic_store(&queued, m % 10 != 9); /* hardly ever a gap */
        assert_ok(run_member(t, &a, m++));
        if (m % ROUND != 0)
            continue;
        uint64_t now = log_salt(t);
        times += now != salt;
        salt = now;
        arena_reset(&a);
    }
    wait_for_answers();
    check_acked(t, m);
    assert_int_equal(times, TIMES);
    assert_whole_in(t);
    test_db_close(t);
    arena_free(&a);
}

static int64_t log_bytes(struct test_db *t)
{
    struct stat st;
    str path = str_print(&t->arena, "%s/seva.db-wal", t->folder);
    return stat(str_z(&t->arena, path), &st) == 0 ? st.st_size : 0;
}

/* As a backup reads: it would be tried with every few pages, hundreds of times. */
static void a_log_that_a_reader_holds_is_tried_more_and_more_seldom(void **state)
{
    (void)state;
    enum { PAGE = 4120, PAGES = 1500, TRIES_MOST = 30 };
    struct arena a = arena_make(0);
    struct test_db *t = open_lines();
    sqlite3 *reader = NULL;
    str path = str_print(&t->arena, "%s/seva.db", t->folder);
    int m = 0;
    atomic_store(&queued, 0);
    assert_ok(run_member(t, &a, m++));
    assert_int_equal(
        sqlite3_open_v2(str_z(&t->arena, path), &reader, SQLITE_OPEN_READWRITE, "unix"), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM line", NULL, NULL, NULL), SQLITE_OK);
    sqlite_checkpoint_at(t->db, 2, 10, 1000000);
    while (log_bytes(t) < (int64_t)PAGES * PAGE && m < MEMBERS) {
        assert_ok(run_member(t, &a, m++));
        wait_for_answers();
        arena_reset(&a);
    }
    assert_true(log_bytes(t) >= (int64_t)PAGES * PAGE);
    assert_in_range(sqlite_log_tries(t->db), 1, TRIES_MOST);
    assert_int_equal(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    check_acked(t, m);
    test_db_close(t);
    arena_free(&a);
}

/* ── memory that fails ── */

static err use_database(struct arena *a, void *arg)
{
    static int64_t id = 1000000;
    struct test_db *t = arg;
    struct db_tx *tx = NULL;
    struct line *rows = NULL;
    ptrdiff_t n = 0;
    TRY(db_begin(t->db, DB_WRITE, a, &tx));
    err e = db_run(tx, S("INSERT INTO line (id, member, words) VALUES (?1, 99999, ?2)"),
        ARGS(A_INT(id++), A_TEXT(S("words"))), NULL);
    if (e == OK)
        e = db_all(tx, S("SELECT id, member, words FROM line WHERE member = 99999 LIMIT 5"),
            NO_ARGS, COLS(line_cols), (ptrdiff_t)sizeof *rows, &rows, &n);
    err ended = e == OK ? db_commit(tx) : db_rollback(tx);
    return e != OK ? e : ended;
}

static void memory_that_ends_anywhere_is_busy(void **state)
{
    (void)state;
    struct test_db *t = open_lines();
    for_each_allocation_failure(use_database, t);
    struct arena a = arena_make(0);
    assert_ok(use_database(&a, t));
    arena_free(&a);
    test_db_close(t);
}

/* ── power cuts ── */

struct power {
    int wanted;
    _Atomic int made;
    uint64_t seed;
    char folder[128];
    pthread_mutex_t mutex; /* guards all of it */
};

static void remove_state(const char *folder)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[256];
    for (int i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/seva.db%s", folder, ends[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

/* Every member is whole or absent; every answered one is whole. */
static void check_members(sqlite3 *db, const unsigned char *was_acked)
{
    sqlite3_stmt *st = NULL;
    static unsigned char found[MEMBERS];
    memset(found, 0, sizeof found);
    int code =
        sqlite3_prepare_v2(db, "SELECT member, COUNT(*) FROM line GROUP BY member", -1, &st, NULL);
    while (code == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
        assert_int_equal(sqlite3_column_int(st, 1), ROWS);
        found[sqlite3_column_int(st, 0)] = 1;
    }
    (void)sqlite3_finalize(st);
    for (int m = 0; m < MEMBERS; m++)
        if (was_acked[m])
            assert_true(found[m]);
}

static void check_state(const char *folder, const unsigned char *was_acked)
{
    char path[256];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/seva.db", folder);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    assert_int_equal(sqlite3_open_v2(path, &db, flags, "unix"), SQLITE_OK);
    assert_whole(db);
    check_members(db, was_acked);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* One at a time: the writer and who keeps the log short write beside each other. */
static void cut_power_once(struct power *p)
{
    static unsigned char was_acked[MEMBERS];
    p->seed = p->seed * 6364136223846793005u + 1442695040888963407u;
    if (p->made >= p->wanted || (p->seed >> 61) != 0) /* one of eight */
        return;
    char folder[160];
    (void)snprintf(folder, sizeof folder, "%s/cut%d", p->folder, p->made++);
    assert_int_equal(mkdir(folder, 0700), 0);
    for (int m = 0; m < MEMBERS; m++)
        was_acked[m] = atomic_load_explicit(&acked[m], memory_order_relaxed) ||
                       atomic_load_explicit(&seen[m], memory_order_relaxed);
    fault_vfs_power_cut(folder, p->seed);
    check_state(folder, was_acked);
    remove_state(folder);
}

static void cut_power(void *arg)
{
    struct power *p = arg;
    (void)pthread_mutex_lock(&p->mutex);
    cut_power_once(p);
    (void)pthread_mutex_unlock(&p->mutex);
}

static int power_states(void)
{
    const char *wanted = getenv("SEVA_POWER");
    int64_t n = POWER_STATES;
    if (wanted == NULL || str_int(str_from(wanted), 1, 1000000, &n) != OK)
        n = POWER_STATES;
    return (int)n;
}

/* What runs beside the writer whose power is cut: so that a sync finds the next group growing. */
struct beside {
    struct test_db *t;
    _Atomic bool is_over;
};

static void *write_beside(void *arg)
{
    struct beside *b = arg;
    struct arena a = arena_make(0);
    for (int m = MEMBERS / 2; m < MEMBERS && !b->is_over; m++) {
        (void)run_member(b->t, &a, m); /* busy is an answer too */
        arena_reset(&a);
    }
    arena_free(&a);
    return NULL;
}

static bool read_once(struct test_db *t, struct arena *a)
{
    struct db_tx *tx = NULL;
    struct line *rows = NULL;
    ptrdiff_t n = 0;
    if (db_begin(t->db, DB_READ, a, &tx) != OK)
        return false;
    err e = db_all(tx, S("SELECT id, member, words FROM line ORDER BY id DESC LIMIT 30"), NO_ARGS,
        COLS(line_cols), (ptrdiff_t)sizeof *rows, &rows, &n);
    if (db_commit(tx) != OK || e != OK)
        return false;
    for (ptrdiff_t i = 0; i < n; i++)
        atomic_store(&seen[rows[i].member], 1);
    return true;
}

static void *read_beside(void *arg)
{
    struct beside *b = arg;
    struct arena a = arena_make(0);
    bool is_read = true;
    while (is_read && !b->is_over) {
        is_read = read_once(b->t, &a);
        arena_reset(&a);
        (void)usleep(5000); /* else hardly a commit would be synced for anybody else */
    }
    arena_free(&a);
    return is_read ? NULL : b;
}

static void write_until_cut(struct test_db *t, const struct power *p)
{
    struct arena a = arena_make(0);
    for (int m = 0; p->made < p->wanted && m < MEMBERS / 2; m++) {
        atomic_store(&queued, m % 5 != 4);
        err e =
            run_member(t, &a, m); /* busy: a look at many cuts took longer than the lock waits */
        assert_true(e == OK || e == E_BUSY);
        if (m % 5 == 4)
            wait_for_answers();
        if (m % 50 == 49)
            arena_reset(&a);
    }
    arena_free(&a);
}

static void a_power_cut_keeps_whole_what_was_answered_or_seen(void **state)
{
    (void)state;
    struct power p = {
        .wanted = power_states(), .seed = 20260101, .mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_t writer, reader;
    void *failed = NULL;
    (void)snprintf(p.folder, sizeof p.folder, "%.*s", SARG(test_folder()));
    fault_vfs_start();
    fault_vfs_remember();
    forget_answers();
    fault_vfs_watch(cut_power, &p);
    struct beside b = {.t = open_lines()};
    sqlite_checkpoint_at(b.t->db, 40, 100, 200);
    assert_int_equal(pthread_create(&writer, NULL, write_beside, &b), 0);
    assert_int_equal(pthread_create(&reader, NULL, read_beside, &b), 0);
    write_until_cut(b.t, &p);
    b.is_over = true;
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_int_equal(pthread_join(reader, &failed), 0);
    assert_null(failed);
    wait_for_answers();
    fault_vfs_watch(NULL, NULL);
    assert_int_equal(p.made, p.wanted);
    test_db_close(b.t);
    test_log_may(LOG_WARN, "the write lock did not come free"); /* the looks are under it */
    fault_vfs_reset();
}

static void *write_one(void *arg)
{
    struct arena a = arena_make(0);
    (void)run_member(arg, &a, 1);
    arena_free(&a);
    return NULL;
}

/* The power fails as soon as a reader has ended that saw a commit whose sync stands still. */
static void read_beside_a_sync(void *arg)
{
    enum { STATES = 16 };
    struct arena a = arena_make(0);
    pthread_t writer;
    static unsigned char was_seen[MEMBERS];
    char folder[128];
    (void)arg;
    was_seen[1] = 1;
    (void)setenv("SEVA_FAILPOINT", "db.before_sync:wait@2+", 1); /* the first is the table's */
    (void)alarm(60);
    fault_vfs_start();
    fault_vfs_remember();
    struct test_db *t = open_lines();
    assert_int_equal(pthread_create(&writer, NULL, write_one, t), 0);
    while (!atomic_load(&seen[1]))
        assert_true(read_once(t, &a));
    for (int i = 0; i < STATES; i++) {
        (void)snprintf(folder, sizeof folder, "%.*s/seen%d", SARG(test_folder()), i);
        assert_int_equal(mkdir(folder, 0700), 0);
        fault_vfs_power_cut(folder, (uint64_t)i);
        check_state(folder, was_seen);
        remove_state(folder);
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    wait_for_answers();
    test_db_close(t);
    arena_free(&a);
}

static void what_a_reader_saw_is_on_the_disk_when_it_ends(void **state)
{
    (void)state;
    assert_int_equal(test_child(read_beside_a_sync, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_reader_saw_is_on_the_disk_when_it_ends), /* reads its failpoint */
        TEST(a_full_disk_is_busy_loses_nothing_and_passes),
        TEST(a_failing_write_is_busy_loses_nothing_and_passes),
        TEST(a_lost_group_is_busy_for_all_its_members),
        TEST(a_failed_fsync_ends_the_process),
        TEST(the_log_begins_anew_again_and_again_under_constant_writing),
        TEST(a_log_that_a_reader_holds_is_tried_more_and_more_seldom),
        TEST(memory_that_ends_anywhere_is_busy),
        TEST(a_power_cut_keeps_whole_what_was_answered_or_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
