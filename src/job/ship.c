/* ship: see ship.h; what the base thread does is in ship_base.c. */
#include "job/ship_inner.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "care/blob_file.h"
#include "store/blob.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const str mark_text = S_INIT("seva ship 1\n");
enum { ROWS = 500, DAY_MS = 24 * 3600 * 1000 };

static void wait_turn(struct ship *s)
{
    struct timespec end = thread_deadline(SHIP_TURN_MS);
    if (!s->is_ending)
        (void)pthread_cond_timedwait(&s->changed, &s->mutex, &end); /* early is no harm */
}

void ship_failed(struct ship *s, const char *what, str path)
{
    (void)pthread_mutex_lock(&s->mutex);
    bool is_new = !s->is_failing;
    s->is_failing = true;
    (void)pthread_mutex_unlock(&s->mutex);
    if (is_new)
        log_line(LOG_WARN, "the shipped copy is behind: its folder does not take it",
            LOG_Z("what", what), LOG_S("path", path), LOG_Z("why", strerrordesc_np(errno)));
}

static void went_well(struct ship *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    bool was_failing = s->is_failing;
    s->is_failing = false;
    (void)pthread_mutex_unlock(&s->mutex);
    if (was_failing)
        log_line(LOG_INFO, "the folder of the shipped copy takes it again");
}

/* ── attachments ── */

static str folder_of(str path)
{
    while (path.len > 0 && path.at[path.len - 1] != '/')
        path.len--;
    return str_sub(path, 0, path.len - 1);
}

err ship_blob(struct ship *s, struct arena *a, const struct blob_row *row, bool *is_there)
{
    struct ctx from = {.arena = a, .account = row->account_id, .config = &s->from};
    int fd = -1;
    int64_t size;
    struct sha256 sum;
    *is_there = true;
    if (!blob_name_is_good(row->name))
        return OK;
    str path = blob_tree_path(a, s->to_blobs, row->account_id, row->name);
    if (file_size(path, &size) == OK)
        return OK;
    err e = blob_open_once(&from, row->name, &fd, &size);
    *is_there = e == OK;
    if (e != OK)
        return e == E_NOT_FOUND ? OK : e;
    str hash = str_sub(row->name, row->name.len - 64, 64);
    e = file_folder_make_try(folder_of(path), 0700);
    if (e == OK)
        e = ship_copy(a, fd, path, hash, NULL, NULL, &sum);
    file_close(fd);
    if (e == E_CONFLICT) { /* it was damaged before: doctor tells more */
        log_line(
            LOG_WARN, "an attachment is damaged and was not shipped", LOG_S("name", row->name));
        return OK;
    }
    return e;
}

/* The attachments whose rows have come since. A row that is there before its file is looked at
 * again in the next turn: what refers to it comes after the file. */
static err ship_new_blobs(struct ship *s, struct arena *a)
{
    struct blob_row *rows;
    ptrdiff_t n = ROWS;
    int64_t after = s->blob_place, late = clock_now_ms() - SHIP_LATE_MS;
    bool keeps = true; /* nothing before this one is waited for */
    while (n == ROWS) {
        struct db_tx *tx;
        TRY(db_begin(s->db, DB_READ, a, &tx));
        err e = blob_after(tx, after, ROWS, &rows, &n);
        (void)db_rollback(tx); /* it has read only */
        TRY(e);
        for (ptrdiff_t i = 0; i < n; i++) {
            bool is_there;
            TRY(ship_blob(s, a, &rows[i], &is_there));
            after = rows[i].place;
            keeps = keeps && (is_there || rows[i].created_ms < late);
            if (keeps)
                s->blob_place = after;
        }
    }
    return OK;
}

/* ── generations ── */

static void generation_end(struct ship *s)
{
    sqlite_ship_end(s->db);
    ship_pages_free(&s->held);
    ship_base_cancel(s);
    (void)pthread_mutex_lock(&s->mutex);
    s->has_generation = false;
    s->retry_ms = clock_mono_ms() + SHIP_RETRY_MS;
    if (s->since_ms == 0)
        s->since_ms = s->whole_ms;
    (void)pthread_mutex_unlock(&s->mutex);
}

/* After all that are there, also when the clock was put back: the newest is by name the last. */
static int64_t generation_ms(struct ship *s, struct arena *a)
{
    struct str_list all;
    int64_t now_ms = clock_now_ms(), last_ms;
    str ms, rest;
    if (ship_generations(a, s->folder, &all) != OK || all.len == 0)
        return now_ms;
    (void)str_cut(str_skip(all.at[all.len - 1], 2), '-', &ms, &rest); /* it has one */
    return str_int(ms, 0, INT64_MAX - 1, &last_ms) == OK && last_ms >= now_ms ? last_ms + 1
                                                                              : now_ms;
}

/* The mark is looked for: what is mounted there may have gone. */
static err generation_folder(struct ship *s, struct arena *a)
{
    int64_t size;
    uint32_t random;
    if (file_size(str_cat(a, s->folder, S("/seva-ship")), &size) != OK) {
        ship_failed(s, "the folder has lost its mark; is it mounted?", s->folder);
        return E_BUSY;
    }
    crypto_random(&random, (ptrdiff_t)sizeof random);
    int len = snprintf(s->generation, sizeof s->generation, "g-%013lld-%08x",
        (long long)generation_ms(s, a), random);
    str path = str_print(a, "%.*s/%.*s", SARG(s->folder), len, s->generation);
    if (file_folder_make_try(path, 0700) == OK)
        return OK;
    ship_failed(s, "cannot make the folder", path);
    return E_BUSY;
}

err ship_blobs_since(struct ship *s, struct arena *a, int64_t at_ms)
{
    struct db_tx *tx;
    TRY(db_begin(s->db, DB_READ, a, &tx));
    err e = blob_place_before(tx, at_ms - SHIP_LATE_MS, &s->blob_place);
    (void)db_rollback(tx); /* it has read only */
    return e;
}

static void generation_begin(struct ship *s, struct arena *a)
{
    s->retry_ms = clock_mono_ms() + SHIP_RETRY_MS;
    if (generation_folder(s, a) != OK)
        return;
    int64_t missed;
    if (sqlite_ship_begin(s->db, NULL, &missed) != OK ||
        ship_blobs_since(s, a, clock_now_ms()) != OK) {
        sqlite_ship_end(s->db); /* logged; the empty folder goes with the next base */
        return;
    }
    (void)pthread_mutex_lock(&s->mutex);
    s->has_generation = true;
    s->number = 0;
    s->stats.generations++;
    if (s->since_ms == 0)
        s->since_ms = s->whole_ms;
    (void)pthread_mutex_unlock(&s->mutex);
    s->base_due_ms = 0;
    log_line(LOG_INFO, "shipping begins a generation", LOG_Z("name", s->generation));
}

/* ── turns ── */

static err write_held(struct ship *s, struct arena *a)
{
    int64_t bytes = 0;
    str folder = ship_generation_path(s, a);
    if (ship_new_blobs(s, a) != OK) {
        ship_failed(s, "cannot write attachments", s->folder);
        return E_BUSY;
    }
    if (ship_segment_write(a, folder, s->number + 1, &s->held, &bytes) != OK) {
        ship_failed(s, "cannot write a segment", folder);
        return E_BUSY;
    }
    (void)pthread_mutex_lock(&s->mutex);
    s->number++;
    s->stats.segments++;
    s->stats.bytes += bytes;
    (void)pthread_mutex_unlock(&s->mutex);
    ship_pages_free(&s->held);
    went_well(s);
    return OK;
}

/* Everything that was committed before the turn is in the folder. */
static void turn_is_whole(struct ship *s, int64_t began_ms, bool is_copied)
{
    (void)pthread_mutex_lock(&s->mutex);
    s->whole_ms = began_ms;
    if (is_copied && s->base.state == BASE_COPIED) {
        s->base.to = s->number;
        s->base.state = BASE_REACHED;
        (void)pthread_cond_broadcast(&s->changed);
    }
    if (s->base.is_placed)
        s->since_ms = 0;
    (void)pthread_mutex_unlock(&s->mutex);
}

static void note_taking(struct ship *s, bool is_taking)
{
    (void)pthread_mutex_lock(&s->mutex);
    s->is_taking = is_taking;
    if (!is_taking && s->held.n > 0 && s->since_ms == 0)
        s->since_ms = s->held.oldest_ms;
    (void)pthread_mutex_unlock(&s->mutex);
}

/* What is taken waits nowhere else any more: until it is noted here, nobody is told that all of it
 * is in the folder. */
static err take(struct ship *s)
{
    note_taking(s, true);
    err e = sqlite_ship_take(s->db, &s->held);
    note_taking(s, false);
    return e;
}

static err ship_once(struct ship *s, struct arena *a)
{
    int64_t began_ms = clock_now_ms();
    (void)pthread_mutex_lock(&s->mutex);
    bool is_copied = s->base.state == BASE_COPIED; /* before what is taken now */
    (void)pthread_mutex_unlock(&s->mutex);
    if (s->held.n > 0) /* of a turn that failed */
        TRY(write_held(s, a));
    if (take(s) != OK) {
        generation_end(s);
        return E_CONFLICT;
    }
    if (s->held.n > 0)
        TRY(write_held(s, a));
    turn_is_whole(s, began_ms, is_copied);
    return OK;
}

static void turn(struct ship *s, struct arena *a)
{
    arena_reset(a);
    if (!s->has_generation && clock_mono_ms() >= s->retry_ms)
        generation_begin(s, a);
    if (!s->has_generation || ship_once(s, a) != OK)
        return;
    ship_base_look(s);
}

static void *ship_main(void *arg)
{
    struct ship *s = arg;
    struct arena a = arena_make((ptrdiff_t)1 << 30);
    (void)pthread_mutex_lock(&s->mutex);
    while (!s->is_ending) {
        (void)pthread_mutex_unlock(&s->mutex);
        turn(s, &a);
        (void)pthread_mutex_lock(&s->mutex);
        wait_turn(s);
    }
    (void)pthread_mutex_unlock(&s->mutex);
    arena_reset(&a);
    if (s->has_generation)
        (void)ship_once(s, &a); /* logged when it fails */
    arena_free(&a);
    return NULL;
}

/* ── open and close ── */

static err mark(struct arena *a, str folder, int *fd, str *why)
{
    str path = str_cat(a, folder, S("/seva-ship")), text;
    err e = file_folder_make(folder, 0700), is_free = file_folder_is_free(folder);
    if (e == OK && file_read(a, path, 64, &text) != OK) {
        *why = str_print(
            a, "the folder %.*s has something in it and is not of a shipped copy", SARG(folder));
        if (is_free != OK)
            return E_INVALID;
        e = file_write(path, mark_text, 0600);
    }
    if (e == OK)
        e = file_lock(path, fd);
    *why = e == E_CONFLICT
               ? str_print(a, "another server ships to %.*s", SARG(folder))
               : str_print(a, "cannot ship to %.*s: %s", SARG(folder), strerrordesc_np(errno));
    return e == OK ? OK : E_INVALID;
}

static char *kept(str text)
{
    char *z = alloc_zero(text.len + 1);
    if (z != NULL)
        memcpy(z, text.at, (size_t)text.len);
    return z;
}

err ship_open(struct arena *a, const struct ship_options *o, struct ship **ship, str *why)
{
    int fd = -1;
    if (db_kind_of(o->db) != DB_SQLITE) {
        *why = S("--ship is for SQLite; PostgreSQL archives its own log, see docs/operations.md");
        return E_INVALID;
    }
    TRY(mark(a, o->folder, &fd, why));
    struct ship *s = alloc_zero((ptrdiff_t)sizeof *s);
    *why = S("out of memory");
    if (s == NULL || pthread_mutex_init(&s->mutex, NULL) != 0 || !thread_cond_make(&s->changed)) {
        free(s);
        file_close(fd);
        return E_BUSY;
    }
    s->db = o->db;
    s->lock_fd = fd;
    s->folder = str_from(kept(o->folder));
    s->database = str_from(kept(o->database));
    s->copy = str_from(kept(str_cat(a, o->data_dir, S("/ship.copy"))));
    s->from.blob_store = o->blob_store;
    s->from.blobs_dir = str_from(kept(o->blobs_dir));
    s->to_blobs = str_from(kept(str_cat(a, o->folder, S("/blobs"))));
    s->keep_ms = o->keep_ms;
    s->base_ms = o->base_ms > 0 ? o->base_ms : DAY_MS;
    s->whole_ms = s->since_ms = clock_now_ms();
    (void)ship_go_on(s, a); /* else the first turn begins a generation */
    *ship = s;
    return OK;
}

err ship_start(struct ship *s)
{
    TRY(thread_start(&s->thread, "ship", 0, ship_main, s));
    s->has_thread = true;
    return OK;
}

void ship_stop(struct ship *s)
{
    if (!s->has_thread)
        return;
    (void)pthread_mutex_lock(&s->mutex);
    s->is_ending = true;
    (void)pthread_cond_broadcast(&s->changed);
    (void)pthread_mutex_unlock(&s->mutex);
    (void)pthread_join(s->thread, NULL); /* fails only for a thread that is not there */
    s->has_thread = false;
    ship_base_cancel(s);
    sqlite_ship_end(s->db);
    ship_pages_free(&s->held);
}

void ship_close(struct ship *s)
{
    if (s == NULL)
        return;
    ship_stop(s);
    file_close(s->lock_fd);
    const str texts[] = {s->folder, s->database, s->copy, s->from.blobs_dir, s->to_blobs};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free((void *)(uintptr_t)texts[i].at);
    free(s);
}

str ship_generation_path(const struct ship *s, struct arena *a)
{
    return str_print(a, "%.*s/%s", SARG(s->folder), s->generation);
}

struct ship_stats ship_stats_of(struct ship *s)
{
    int64_t waiting_ms = sqlite_ship_waiting_ms(s->db), now = clock_now_ms();
    (void)pthread_mutex_lock(&s->mutex);
    struct ship_stats stats = s->stats;
    int64_t since = s->since_ms != 0 ? s->since_ms : waiting_ms;
    if (since == 0 && s->is_taking)
        since = s->whole_ms;
    stats.lag_ms = since != 0 && since < now ? now - since : 0;
    stats.is_failing = s->is_failing;
    (void)pthread_mutex_unlock(&s->mutex);
    return stats;
}
