/* ship_base: bases of a shipped copy, and what is no longer kept; see ship_inner.h.
 * Thread: ship_base_look and ship_base_cancel the ship thread (or who has ended it); the rest the
 * base thread. */
#include "job/ship_inner.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "care/blob_file.h"
#include "db/sqlite_copy.h"
#include "store/blob.h"

#include <errno.h>

enum { ROWS = 500, ACCOUNTS_MAX = 1000 * 1000 };

static bool is_stopped(struct ship *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    bool stopped = s->base.is_stopped || s->is_ending;
    (void)pthread_mutex_unlock(&s->mutex);
    return stopped;
}

static bool copied(void *arg, int64_t done_bytes, int64_t all_bytes)
{
    (void)done_bytes;
    (void)all_bytes;
    return !is_stopped(arg);
}

static bool goes_on(void *arg)
{
    return !is_stopped(arg);
}

/* ── making one ── */

/* The segments hold all that the copy may hold. */
static err wait_until_reached(struct ship *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    s->base.state = BASE_COPIED;
    while (s->base.state == BASE_COPIED && !s->base.is_stopped && !s->is_ending)
        (void)pthread_cond_wait(&s->changed, &s->mutex);
    bool is_reached = s->base.state == BASE_REACHED;
    (void)pthread_mutex_unlock(&s->mutex);
    return is_reached ? OK : E_BUSY;
}

/* What is needed still is younger than what may go. */
static err ship_or_touch(struct ship *s, struct arena *a, const struct blob_row *row)
{
    bool is_there;
    TRY(ship_blob(s, a, row, &is_there));
    if (blob_name_is_good(row->name))
        (void)file_touch(blob_tree_path(a, s->to_blobs, row->account_id,
            row->name)); /* not there: it has no file here either */
    return is_stopped(s) ? E_BUSY : OK;
}

static err ship_all_blobs(struct ship *s, struct db *db)
{
    struct blob_row *rows;
    int64_t after = 0;
    for (ptrdiff_t n = ROWS; n == ROWS;) {
        struct arena page = arena_make(0);
        struct db_tx *tx;
        err e = db_begin(db, DB_READ, &page, &tx);
        if (e == OK) {
            e = blob_after(tx, after, ROWS, &rows, &n);
            (void)db_rollback(tx); /* it has read only */
        }
        for (ptrdiff_t i = 0; i < n && e == OK; i++) {
            e = ship_or_touch(s, &page, &rows[i]);
            after = rows[i].place;
        }
        arena_free(&page);
        TRY(e);
    }
    return OK;
}

static err ship_blobs_of_copy(struct ship *s, struct arena *a)
{
    struct db *db;
    str why = {0};
    if (sqlite_still_open(a, s->copy, &db, &why) != OK) {
        log_line(LOG_WARN, "the base of the shipped copy cannot be read", LOG_S("why", why));
        return E_BUSY;
    }
    err e = sqlite_still_check(a, db, false, &why);
    if (e != OK)
        log_line(LOG_ERROR, "the database is damaged; no base is shipped", LOG_S("why", why));
    if (e == OK)
        e = ship_all_blobs(s, db);
    db_close(db);
    return e;
}

static err place_base(struct ship *s, struct arena *a)
{
    int fd = -1;
    int64_t size;
    struct sha256 sum;
    str folder = ship_generation_path(s, a), made = str_cat(a, folder, S("/base"));
    TRY(file_open_read(s->copy, &fd, &size));
    err e = ship_copy(a, fd, made, (str){0}, goes_on, s, &sum);
    file_close(fd);
    if (e == OK)
        e = file_rename_try(made, str_print(a, "%.*s/%.*s", SARG(folder),
                                      SARG(ship_base_name(a, s->base.from, s->base.to, sum))));
    return e;
}

static err make(struct ship *s, struct arena *a)
{
    str why = {0};
    (void)file_remove(s->copy); /* of one that was killed; what stays is told by the next line */
    if (sqlite_copy(a, s->database, s->copy, copied, s, &why) != OK) {
        if (!is_stopped(s))
            log_line(LOG_WARN, "no base of the shipped copy could be made", LOG_S("why", why));
        return E_BUSY;
    }
    TRY(wait_until_reached(s));
    err e = ship_blobs_of_copy(s, a);
    if (e == OK)
        e = place_base(s, a);
    if (e != OK && !is_stopped(s))
        ship_failed(s, "cannot write a base", ship_generation_path(s, a));
    return e;
}

/* ── what is no longer kept ── */

static void drop(struct arena *a, str folder, str name)
{
    (void)file_remove(
        str_print(a, "%.*s/%.*s", SARG(folder), SARG(name))); /* the next base's turn */
}

/* Of the generation that is being written: all before the newest base that is old enough. */
static void tidy_own(struct ship *s, struct arena *a, int64_t horizon_ms)
{
    struct ship_files files;
    str folder = ship_generation_path(s, a);
    ptrdiff_t first = 0;
    if (ship_files_list(a, folder, &files) != OK)
        return;
    for (ptrdiff_t i = 0; i < files.n_bases; i++) {
        ptrdiff_t at = ship_segment_from(&files, files.bases[i].to);
        if (at < files.n_segments && files.segments[at].at_ms <= horizon_ms)
            first = i;
    }
    for (ptrdiff_t i = 0; i < first; i++)
        drop(a, folder, files.bases[i].name);
    for (ptrdiff_t i = 0; i < files.n_segments; i++)
        if (files.n_bases > 0 && files.segments[i].number <= files.bases[first].from)
            drop(a, folder, files.segments[i].name);
}

/* An older generation ends with its last segment; without a base it is of no use. */
static bool is_over(struct arena *a, str folder, int64_t horizon_ms)
{
    struct ship_files files;
    if (ship_files_list(a, folder, &files) != OK)
        return false;
    int64_t end_ms = 0;
    if (files.n_segments > 0)
        end_ms = files.segments[files.n_segments - 1].at_ms;
    else if (file_changed_ms(folder, &end_ms) != OK)
        return false;
    return files.n_bases == 0 || end_ms < horizon_ms;
}

static void tidy_others(struct ship *s, struct arena *a, int64_t horizon_ms)
{
    struct str_list all;
    if (ship_generations(a, s->folder, &all) != OK)
        return;
    for (ptrdiff_t i = 0; i < all.len; i++) {
        str folder = str_print(a, "%.*s/%.*s", SARG(s->folder), SARG(all.at[i]));
        bool is_own = str_eq(all.at[i], str_from(s->generation));
        if (!is_own && (all.len - i > SHIP_GENERATIONS || is_over(a, folder, horizon_ms)))
            (void)file_tree_remove(folder); /* the next base's turn */
    }
}

static void tidy_blobs(struct arena *a, str folder, int64_t horizon_ms, int depth)
{
    struct str_list names;
    int64_t ms;
    if (file_folder_list(a, folder, SHIP_FILES_MAX, &names) != OK)
        return;
    for (ptrdiff_t i = 0; i < names.len; i++) {
        struct arena inner = arena_make(0);
        str path = str_print(&inner, "%.*s/%.*s", SARG(folder), SARG(names.at[i]));
        bool is_file = names.at[i].len >= 64;
        if (!is_file && depth < 2)
            tidy_blobs(&inner, path, horizon_ms, depth + 1);
        else if (is_file && file_changed_ms(path, &ms) == OK && ms < horizon_ms)
            (void)file_remove(path); /* the next base's turn */
        arena_free(&inner);
    }
}

static void tidy(struct ship *s, struct arena *a)
{
    int64_t horizon_ms = clock_now_ms() - s->keep_ms;
    tidy_own(s, a, horizon_ms);
    tidy_others(s, a, horizon_ms);
    tidy_blobs(a, s->to_blobs, horizon_ms - 2 * s->base_ms, 0);
}

/* ── its thread ── */

static void *base_main(void *arg)
{
    struct ship *s = arg;
    struct arena a = arena_make((ptrdiff_t)1 << 32);
    bool is_made = make(s, &a) == OK;
    (void)file_remove(s->copy); /* the next one removes it */
    if (is_made)
        tidy(s, &a);
    arena_free(&a);
    (void)pthread_mutex_lock(&s->mutex);
    s->base.state = BASE_DONE;
    s->base.is_placed = s->base.is_placed || is_made;
    s->stats.bases += is_made;
    (void)pthread_mutex_unlock(&s->mutex);
    return NULL;
}

static void begin(struct ship *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    bool was_placed = s->base.is_placed;
    s->base = (struct ship_base_making){
        .state = BASE_COPYING, .from = s->number, .is_placed = was_placed};
    (void)pthread_mutex_unlock(&s->mutex);
    s->base_began_ms = clock_mono_ms();
    s->base_due_ms = s->base_began_ms + SHIP_RETRY_MS;
    s->base.has_thread = thread_start(&s->base_thread, "ship-base", 0, base_main, s) == OK;
}

void ship_base_look(struct ship *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    bool is_done = s->base.state == BASE_DONE;
    int64_t bases = s->stats.bases;
    (void)pthread_mutex_unlock(&s->mutex);
    if (s->base.has_thread && !is_done)
        return;
    if (s->base.has_thread) {
        (void)pthread_join(s->base_thread, NULL); /* fails only for a thread that is not there */
        s->base.has_thread = false;
        if (bases > s->bases_seen)
            s->base_due_ms = s->base_began_ms + s->base_ms;
        s->bases_seen = bases;
    }
    if (clock_mono_ms() >= s->base_due_ms)
        begin(s);
}

void ship_base_cancel(struct ship *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    s->base.is_stopped = true;
    (void)pthread_cond_broadcast(&s->changed);
    (void)pthread_mutex_unlock(&s->mutex);
    if (s->base.has_thread)
        (void)pthread_join(s->base_thread, NULL); /* fails only for a thread that is not there */
    (void)pthread_mutex_lock(&s->mutex);
    s->base = (struct ship_base_making){0};
    s->bases_seen = s->stats.bases;
    (void)pthread_mutex_unlock(&s->mutex);
}
