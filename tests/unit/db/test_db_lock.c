/* The write lock is never held for the length of a copy or of a whole checkpoint, and whoever holds
 * it for long is named. */
#include "test.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "db/driver.h"
#include "db/sqlite_copy.h"
#include "fault_vfs.h"
#include "test_db.h"

enum {
    NEVER = 1 << 30, /* pages */
    LONG = 200 * 1000,
    LOOKS_MOST = 30000,
};

static const struct migration table = {
    .version = 1,
    .name = "0001_line",
    .text = S_INIT("CREATE TABLE line (id @int PRIMARY KEY, words TEXT NOT NULL);\n"),
};
static char letters[LONG];

static struct test_db *open_lines(void)
{
    str why = S("");
    fault_vfs_start();
    memset(letters, 'l', sizeof letters);
    struct test_db *t = test_db_open_empty(DB_SQLITE);
    assert_ok(db_migrate(t->db, &t->arena, &table, 1, NULL, &why));
    return t;
}

/* 50 pages each, 4 KB a page. */
static void write_lines(struct test_db *t, int n)
{
    static int64_t id = 1;
    struct arena a = arena_make(0);
    for (int i = 0; i < n; i++) {
        struct db_tx *tx = NULL;
        assert_ok(db_begin(t->db, DB_WRITE, &a, &tx));
        assert_ok(db_run(tx, S("INSERT INTO line (id, words) VALUES (?1, ?2)"),
            ARGS(A_INT(id++), A_TEXT(str_of(letters, LONG))), NULL));
        assert_ok(db_commit(tx));
    }
    arena_free(&a);
}

/* The keeper of the log works beside. */
static void wait_for_tries(struct test_db *t, int n)
{
    for (int looks = 0; sqlite_log_tries(t->db) < n; looks++) {
        if (looks == LOOKS_MOST)
            fail_msg("the log is not tried");
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); /* early is no harm */
    }
}

/* ── a reader that goes at the worst moment ── */

struct holding {
    sqlite3 *reader;
    _Atomic bool is_armed;
    _Atomic int syncs; /* of the keeper of the log */
};

/* Each pass ends with a sync. The reader goes in that of the second one, behind which nothing but
 * the rest comes. */
static void reader_goes(void *arg)
{
    struct holding *h = arg;
    char thread[16] = "";
    (void)pthread_getname_np(pthread_self(), thread, sizeof thread); /* else it has no name */
    if (atomic_load(&h->is_armed) && strcmp(thread, "db-log") == 0 &&
        atomic_fetch_add(&h->syncs, 1) + 1 == 2)
        assert_int_equal(sqlite3_exec(h->reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
}

enum { PASS = 50, ANEW = 200, REST = 4 * PASS };

/* 4,000 pages are held back by a reader that goes before the log is tried. The most that was moved
 * under the write lock. */
static int held_back(int force_pages)
{
    enum { LINES = 80 };
    struct holding h = {.reader = NULL};
    struct test_db *t = open_lines();
    str path = str_print(&t->arena, "%s/seva.db", t->folder);
    assert_int_equal(
        sqlite3_open_v2(str_z(&t->arena, path), &h.reader, SQLITE_OPEN_READWRITE, "unix"),
        SQLITE_OK);
    write_lines(t, 1);
    assert_int_equal(
        sqlite3_exec(h.reader, "BEGIN; SELECT count(*) FROM line", NULL, NULL, NULL), SQLITE_OK);
    sqlite_checkpoint_at(t->db, PASS, PASS, NEVER);
    write_lines(t, 4);
    wait_for_tries(t, 1); /* what stands before the reader is moved */
    sqlite_checkpoint_at(t->db, NEVER, NEVER, NEVER);
    write_lines(t, LINES);
    fault_vfs_watch(reader_goes, &h);
    int before = sqlite_log_tries(t->db);
    atomic_store(&h.is_armed, true);
    sqlite_checkpoint_at(t->db, PASS, ANEW, force_pages);
    write_lines(t, 1);
    wait_for_tries(t, before + 1);
    assert_true(atomic_load(&h.syncs) >= 2);
    write_lines(t, LINES); /* it goes on by passes */
    int most = sqlite_log_most_rest(t->db);
    assert_int_equal(sqlite3_close(h.reader), SQLITE_OK);
    test_db_close(t);
    fault_vfs_watch(NULL, NULL);
    return most;
}

static void what_a_reader_held_back_is_not_moved_under_the_write_lock(void **state)
{
    (void)state;
    assert_in_range(held_back(NEVER), 0, REST);
}

static void a_log_that_has_grown_beyond_all_bounds_is_moved_whatever_it_takes(void **state)
{
    (void)state;
    enum { FORCE = 500 }; /* the log has more than four times as many */
    assert_in_range(held_back(FORCE), REST + 1, NEVER);
}

/* ── a slow disk ── */

static void a_log_does_not_begin_anew_while_the_disk_is_slow(void **state)
{
    (void)state;
    enum { SLOW_MS = 300, LINES_MOST = 2000 };
    struct test_db *t = open_lines();
    sqlite_checkpoint_at(t->db, PASS, ANEW / 2, NEVER);
    fault_vfs_slow_sync(SLOW_MS);
    write_lines(t, 8); /* each waits for a sync: there is time to try */
    assert_int_equal(sqlite_log_tries(t->db), 0);
    fault_vfs_slow_sync(0);
    for (int i = 0; sqlite_log_tries(t->db) == 0 && i < LINES_MOST; i++) {
        write_lines(t, 1);
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL); /* early is no harm */
    }
    assert_true(sqlite_log_tries(t->db) > 0);
    test_db_close(t);
}

/* ── a copy beside ── */

static bool goes_on(void *arg, int64_t done_bytes, int64_t all_bytes)
{
    (void)arg;
    (void)done_bytes;
    (void)all_bytes;
    return true;
}

static void a_copy_is_brought_to_the_disk_piece_by_piece(void **state)
{
    (void)state;
    enum { LINES = 400, PIECES = 4 }; /* 80 MB, 16 MB each */
    struct test_db *t = open_lines();
    str why = S(""), from = str_print(&t->arena, "%s/seva.db", t->folder);
    sqlite_checkpoint_at(t->db, NEVER, NEVER, NEVER);
    write_lines(t, LINES);
    /* Whoever was answered is synced, and nobody writes now: what syncs is the copy. */
    long before = fault_vfs_calls(FAULT_SYNC);
    assert_ok(sqlite_copy(&t->arena, from, test_path("copy.db"), goes_on, NULL, &why));
    assert_true(fault_vfs_calls(FAULT_SYNC) - before >= PIECES);
    test_db_close(t);
}

/* ── who holds it ── */

static void who_holds_the_write_lock_for_long_is_named(void **state)
{
    (void)state;
    struct test_db *t = open_lines();
    sqlite_lock_told_at(t->db, 0, 5000);
    write_lines(t, 1);
    sqlite_lock_told_at(t->db, NEVER, 5000);
    test_log_had(LOG_WARN, "\"the write lock was held for long\",\"holder\":\"a write\"");
    test_log_may(LOG_WARN, "the write lock was held for long");
    test_db_close(t);
}

static void *ask(void *arg)
{
    struct test_db *t = arg;
    struct arena a = arena_make(0);
    struct db_tx *tx = NULL;
    assert_err(db_begin(t->db, DB_WRITE, &a, &tx), E_BUSY);
    arena_free(&a);
    return NULL;
}

static void who_waits_for_the_write_lock_in_vain_says_who_has_it(void **state)
{
    (void)state;
    pthread_t other;
    struct db_tx *tx = NULL;
    struct test_db *t = open_lines();
    sqlite_lock_told_at(t->db, NEVER, 10);
    assert_ok(db_begin(t->db, DB_WRITE, &t->arena, &tx));
    assert_int_equal(pthread_create(&other, NULL, ask, t), 0);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_ok(db_commit(tx));
    test_log_had(LOG_WARN, "told to try again\",\"waited_ms\":10,\"holder\":\"a write\"");
    write_lines(t, 1);
    test_db_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_reader_held_back_is_not_moved_under_the_write_lock),
        TEST(a_log_that_has_grown_beyond_all_bounds_is_moved_whatever_it_takes),
        TEST(a_log_does_not_begin_anew_while_the_disk_is_slow),
        TEST(a_copy_is_brought_to_the_disk_piece_by_piece),
        TEST(who_holds_the_write_lock_for_long_is_named),
        TEST(who_waits_for_the_write_lock_in_vain_says_who_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
