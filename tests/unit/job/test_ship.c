/* A shipped copy: nothing is missed however often the log begins anew; what cannot be shipped lets
 * the log go on; what is no longer kept goes. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "db/driver.h"
#include "db/sqlite_copy.h"
#include "db/sqlite_ship.h"
#include "job/ship.h"
#include "job/ship_file.h"
#include "test_db.h"

enum {
    HOUR_MS = 3600 * 1000,
    LONG = 60000,
    LOOKS_MOST = 60000,
    COPY_MOST = 1 << 27,
    TRIES_MOST = 10
};
static char letters[LONG];

struct world {
    struct test_db *t;
    struct ship *ship;
    str folder;
};

static void ship_to(struct world *w, int64_t keep_ms, int64_t base_ms)
{
    str why = {0}, data = str_from(w->t->folder);
    struct ship_options o = {
        .db = w->t->db,
        .database = str_skip(w->t->url, S("sqlite:").len),
        .data_dir = data,
        .blobs_dir = str_cat(test_arena(), data, S("/blobs")),
        .folder = w->folder,
        .keep_ms = keep_ms,
        .base_ms = base_ms,
    };
    sqlite_ship_keep_log(w->t->db);
    assert_ok(ship_open(test_arena(), &o, &w->ship, &why));
}

static struct world world_open(int64_t keep_ms, int64_t base_ms)
{
    struct world w = {.t = test_db_open(DB_SQLITE), .folder = test_path("shipped")};
    memset(letters, 'l', sizeof letters);
    ship_to(&w, keep_ms, base_ms);
    assert_ok(ship_start(w.ship));
    return w;
}

static void db_again(struct world *w)
{
    struct db_options o = {.url = w->t->url};
    str why = {0};
    db_close(w->t->db);
    assert_ok(db_open(test_arena(), &o, &w->t->db, &why));
}

/* What is committed between is not shipped, as when the run before was killed. */
static void restart(struct world *w, void (*between)(struct world *w))
{
    ship_close(w->ship);
    w->ship = NULL;
    between(w);
    db_again(w);
    ship_to(w, HOUR_MS, 0);
}

static void world_close(struct world *w)
{
    ship_close(w->ship);
    test_db_close(w->t);
}

static void put(struct world *w, int number, ptrdiff_t len)
{
    struct arena a = arena_make(0);
    struct db_tx *tx;
    err e = E_BUSY;
    for (int tries = 0; e == E_BUSY && tries < TRIES_MOST; tries++) /* as whoever is told so */
        e = db_begin(w->t->db, DB_WRITE, &a, &tx);
    assert_ok(e);
    assert_ok(db_run(tx,
        S("INSERT INTO installation (name, value) VALUES (?1, ?2)"
          " ON CONFLICT (name) DO UPDATE SET value = excluded.value"),
        ARGS(A_TEXT(str_print(&a, "row%d", number)), A_TEXT(str_of(letters, len))), NULL));
    assert_ok(db_commit(tx));
    arena_free(&a);
}

/* The clock that is fixed goes on by so much with each look. */
static void wait_for_bases(struct world *w, int64_t n, int64_t step_ms)
{
    for (int looks = 0; ship_stats_of(w->ship).bases < n; looks++) {
        if (looks == LOOKS_MOST)
            fail_msg("no base is made");
        clock_advance(step_ms);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); /* early is no harm */
    }
}

struct sum_row {
    int64_t n, bytes;
};
static const struct db_col sum_cols[] = {COL(struct sum_row, n), COL(struct sum_row, bytes)};

static struct sum_row sum_of(struct db *db)
{
    struct sum_row row;
    struct db_tx *tx;
    assert_ok(db_begin(db, DB_READ, test_arena(), &tx));
    assert_ok(db_one(tx,
        S("SELECT COUNT(*) AS n, SUM(LENGTH(value)) AS bytes FROM installation"
          " WHERE name LIKE 'row%'"),
        NO_ARGS, COLS(sum_cols), &row));
    (void)db_rollback(tx); /* it has read only */
    return row;
}

static str generation(const struct world *w, ptrdiff_t *n)
{
    struct str_list names;
    assert_ok(ship_generations(test_arena(), w->folder, &names));
    *n = names.len;
    return str_print(test_arena(), "%.*s/%.*s", SARG(w->folder), SARG(names.at[names.len - 1]));
}

/* The last base of the newest generation with all segments after it, as a database of its own. */
static struct sum_row sum_shipped(const struct world *w)
{
    struct ship_files files;
    struct sha256 sum;
    ptrdiff_t n;
    int64_t size;
    int from, to;
    str why = {0}, folder = generation(w, &n), made = test_path("made.db");
    assert_ok(ship_files_list(test_arena(), folder, &files));
    assert_true(files.n_bases > 0);
    const struct ship_base *b = &files.bases[files.n_bases - 1];
    str base = str_print(test_arena(), "%.*s/%.*s", SARG(folder), SARG(b->name));
    assert_ok(file_open_read(base, &from, &size));
    assert_ok(ship_copy(test_arena(), from, made, b->hash, NULL, NULL, &sum));
    file_close(from);
    assert_ok(file_open_write(made, 0600, false, &to));
    int64_t number = b->from + 1;
    for (ptrdiff_t i = ship_segment_from(&files, number); i < files.n_segments; i++, number++) {
        struct arena one = arena_make(0);
        assert_int_equal(files.segments[i].number, number);
        str path = str_print(&one, "%.*s/%.*s", SARG(folder), SARG(files.segments[i].name));
        assert_ok(ship_segment_apply(&one, path, number, to));
        arena_free(&one);
    }
    assert_true(number > b->to);
    assert_ok(file_write_at(to, 18, S("\1\1")));
    file_close(to);
    struct db *db;
    assert_ok(sqlite_still_open(test_arena(), made, &db, &why));
    assert_ok(sqlite_still_check(test_arena(), db, true, &why));
    struct sum_row row = sum_of(db);
    db_close(db);
    return row;
}

static void nothing_is_missed_however_often_the_log_begins_anew(void **state)
{
    (void)state;
    struct world w = world_open(HOUR_MS, 0);
    sqlite_checkpoint_at(w.t->db, 10, 30, 100);
    for (int i = 0; i < 1500; i++)
        put(&w, i % 200, 1 + i * 7919 % 9000);
    wait_for_bases(&w, 1, 0);
    /* A slow machine writes more while the log begins anew as often. */
    for (int i = 0; i < 1500 || (sqlite_log_tries(w.t->db) <= 10 && i < 100 * 1000); i++)
        put(&w, i % 300, 1 + i % 9000 * 7 % 9000);
    assert_true(sqlite_log_tries(w.t->db) > 10);
    ship_stop(w.ship);
    assert_int_equal(ship_stats_of(w.ship).generations, 1);
    test_log_may(LOG_WARN, "the write lock"); /* a slow machine moves a long log for seconds */
    struct sum_row is = sum_shipped(&w), should = sum_of(w.t->db);
    assert_int_equal(is.n, should.n);
    assert_int_equal(is.bytes, should.bytes);
    world_close(&w);
}

/* "Checkpoint sequence number" of the log's head. */
static unsigned times_anew(str log)
{
    unsigned char head[16] = {0};
    int64_t size;
    ptrdiff_t got;
    int fd;
    assert_ok(file_open_read(log, &fd, &size));
    assert_ok(file_read_at(fd, 0, head, sizeof head, &got));
    file_close(fd);
    return (unsigned)head[12] << 24 | (unsigned)head[13] << 16 | (unsigned)head[14] << 8 | head[15];
}

static void what_cannot_be_shipped_lets_the_log_go_on_and_a_generation_begins(void **state)
{
    (void)state;
    struct world w = world_open(HOUR_MS, 0);
    str away = test_path("away"),
        log = str_cat(test_arena(), str_skip(w.t->url, S("sqlite:").len), S("-wal"));
    wait_for_bases(&w, 1, 0);
    sqlite_checkpoint_at(w.t->db, 500, 1000, 2000);
    assert_int_equal(rename(str_z(test_arena(), w.folder), str_z(test_arena(), away)), 0);
    for (int i = 0; i < 2500; i++) /* 150 MB */
        put(&w, i, LONG);
    unsigned before = times_anew(log);
    for (int looks = 0; times_anew(log) == before; looks++) {
        if (looks == LOOKS_MOST)
            fail_msg("the log does not begin anew");
        put(&w, looks % 500, 1000 + looks % 977); /* what is the same already is not written */
    }
    assert_int_equal(rename(str_z(test_arena(), away), str_z(test_arena(), w.folder)), 0);
    wait_for_bases(&w, 2, 10);
    put(&w, 1, 5);
    ship_stop(w.ship);
    test_log_had(LOG_WARN, "too much waits to be shipped");
    test_log_may(LOG_WARN, "the shipped copy is behind");
    test_log_may(LOG_WARN, "the write lock"); /* a slow machine moves a long log for seconds */
    struct sum_row is = sum_shipped(&w), should = sum_of(w.t->db);
    assert_int_equal(is.n, should.n);
    assert_int_equal(is.bytes, should.bytes);
    world_close(&w);
}

static void file_of(str path, int64_t ms)
{
    struct timespec at = {.tv_sec = (time_t)(ms / 1000)};
    const struct timespec both[] = {at, at};
    assert_ok(file_write(path, S("x"), 0600));
    assert_int_equal(utimensat(AT_FDCWD, str_z(test_arena(), path), both, 0), 0);
}

static void what_is_no_longer_kept_goes(void **state)
{
    (void)state;
    struct world w = world_open(2 * HOUR_MS, HOUR_MS);
    struct ship_files files;
    ptrdiff_t n;
    int64_t size;
    wait_for_bases(&w, 1, 0);
    str useless = str_cat(test_arena(), w.folder, S("/g-0000000000001-00000000"));
    str blobs = str_cat(test_arena(), w.folder, S("/blobs/1/00"));
    char name[] = "0000000000000000000000000000000000000000000000000000000000000000";
    str old = str_print(test_arena(), "%.*s/%s", SARG(blobs), name);
    name[1] = '1';
    str young = str_print(test_arena(), "%.*s/%s", SARG(blobs), name);
    assert_ok(file_folder_make(useless, 0700));
    assert_ok(file_folder_make(blobs, 0700));
    file_of(old, TEST_NOW_MS - 2 * HOUR_MS);
    file_of(young, TEST_NOW_MS + 4 * HOUR_MS);
    for (int i = 0; i < 5; i++) {
        int64_t before = ship_stats_of(w.ship).bases;
        put(&w, i, 100);
        clock_advance(HOUR_MS);
        wait_for_bases(&w, before + 1, 0);
    }
    ship_stop(w.ship);
    assert_ok(ship_files_list(test_arena(), generation(&w, &n), &files));
    assert_int_equal(n, 1);
    assert_true(files.n_bases <= 3);
    assert_true(files.bases[0].from > 0);
    assert_int_equal(files.segments[0].number, files.bases[0].from + 1);
    assert_err(file_size(old, &size), E_NOT_FOUND);
    assert_ok(file_size(young, &size));
    assert_int_equal(sum_shipped(&w).n, 5);
    world_close(&w);
}

static void assert_shipped(struct world *w, ptrdiff_t generations)
{
    ptrdiff_t n;
    struct sum_row is = sum_shipped(w), should = sum_of(w->t->db);
    (void)generation(w, &n);
    assert_int_equal(n, generations);
    assert_int_equal(is.n, should.n);
    assert_int_equal(is.bytes, should.bytes);
}

static void nothing_happens(struct world *w)
{
    (void)w;
}

static void some_are_committed(struct world *w)
{
    for (int i = 500; i < 520; i++)
        put(w, i, 1000 + i);
}

static void a_restart_goes_on_where_the_last_segment_ended(void **state)
{
    (void)state;
    struct world w = world_open(HOUR_MS, 0);
    for (int i = 0; i < 50; i++)
        put(&w, i, 3000);
    wait_for_bases(&w, 1, 0);
    put(&w, 50, 100);
    for (int i = 0; i < 3; i++) {
        clock_advance(60 * 1000);
        restart(&w, i == 1 ? some_are_committed : nothing_happens);
        assert_true(ship_stats_of(w.ship).went_on);
        assert_int_equal(ship_stats_of(w.ship).lag_ms >= 60 * 1000, i == 1);
        assert_ok(ship_start(w.ship));
        put(&w, 100 + i, 200);
    }
    ship_stop(w.ship);
    assert_int_equal(ship_stats_of(w.ship).generations + ship_stats_of(w.ship).bases, 0);
    assert_shipped(&w, 1);
    world_close(&w);
}

/* As `seva doctor --repair` or sqlite3 do: who closes it last moves the log into the file. */
static void another_program_closes_it(struct world *w)
{
    db_again(w);
    db_again(w);
}

/* The closed database with its log, to the copy or back. */
static void copy_closed(struct world *w, bool is_back)
{
    const char *ends[] = {"", "-wal"};
    struct db_options o = {.url = w->t->url};
    str why = {0};
    db_close(w->t->db);
    for (int i = 0; i < 2; i++) {
        str bytes, at = str_print(test_arena(), "%s/seva.db%s", w->t->folder, ends[i]);
        str kept = str_print(test_arena(), "%.*s.kept%s", SARG(w->folder), ends[i]);
        assert_ok(file_read(test_arena(), is_back ? kept : at, COPY_MOST, &bytes));
        assert_ok(file_write(is_back ? at : kept, bytes, 0600));
    }
    assert_ok(db_open(test_arena(), &o, &w->t->db, &why));
    sqlite_ship_keep_log(w->t->db);
}

static void a_copy_is_kept(struct world *w)
{
    copy_closed(w, false);
}

/* Others are committed than were shipped, and as many. */
static void an_older_one_is_put_back(struct world *w)
{
    copy_closed(w, true);
    for (int i = 700; i < 712; i++)
        put(w, i, 1000);
}

static void what_does_not_go_on_begins_a_generation(void **state)
{
    (void)state;
    void (*const cases[])(struct world * w) = {another_program_closes_it, an_older_one_is_put_back};
    for (int i = 0; i < 2; i++) {
        struct world w = world_open(HOUR_MS, 0);
        wait_for_bases(&w, 1, 0);
        put(&w, 1, 3000);
        restart(&w, a_copy_is_kept);
        assert_ok(ship_start(w.ship));
        for (int k = 600; k < 610; k++)
            put(&w, k, 1000);
        restart(&w, cases[i]);
        assert_false(ship_stats_of(w.ship).went_on);
        struct sum_row before = sum_shipped(&w); /* until the next base is whole, and after it */
        assert_int_equal(before.n, 11);
        assert_ok(ship_start(w.ship));
        wait_for_bases(&w, 1, 0);
        put(&w, 2, 100);
        ptrdiff_t n;
        (void)generation(&w, &n);
        assert_int_equal(n, 2);
        clock_advance(25 * (int64_t)HOUR_MS); /* the old one ended before what is kept */
        wait_for_bases(&w, 2, 0);
        ship_stop(w.ship);
        assert_shipped(&w, 1);
        world_close(&w);
        (void)file_tree_remove(w.folder);
    }
}

/* As after a crash of the machine: the last one is not whole, or one is gone. */
static void a_generation_that_cannot_be_restored_to_its_end_is_not_gone_on_with(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world w = world_open(HOUR_MS, 0);
        struct ship_files files;
        ptrdiff_t n;
        wait_for_bases(&w, 1, 0);
        for (int k = 0; k < 3; k++) {
            put(&w, k, 100);
            restart(&w, nothing_happens);
            assert_ok(ship_start(w.ship));
        }
        ship_close(w.ship);
        w.ship = NULL;
        str folder = generation(&w, &n);
        assert_ok(ship_files_list(test_arena(), folder, &files));
        assert_true(files.n_segments >= 3);
        str last = str_print(test_arena(), "%.*s/%.*s", SARG(folder),
            SARG(files.segments[files.n_segments - 1 - i].name));
        assert_ok(i == 0 ? file_write(last, S("seva ship 2 "), 0600) : file_remove(last));
        db_again(&w);
        ship_to(&w, HOUR_MS, 0);
        assert_false(ship_stats_of(w.ship).went_on);
        world_close(&w);
        (void)file_tree_remove(w.folder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_missed_however_often_the_log_begins_anew),
        TEST(what_cannot_be_shipped_lets_the_log_go_on_and_a_generation_begins),
        TEST(what_is_no_longer_kept_goes),
        TEST(a_restart_goes_on_where_the_last_segment_ended),
        TEST(what_does_not_go_on_begins_a_generation),
        TEST(a_generation_that_cannot_be_restored_to_its_end_is_not_gone_on_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
