/* restore_ship: see restore_ship.h. Of the generations that reach the moment the newest is taken,
 * of its bases the newest before the moment; then its segments one after the other, until the
 * moment, or until one is missing or not whole: what comes after it is left out and counted. */
#include "app/restore_ship.h"

#include "app/files.h"
#include "app/restore.h"
#include "app/restore_store.h"
#include "base/clock.h"
#include "base/file.h"
#include "care/blob_file.h"
#include "db/sqlite_copy.h"
#include "job/ship_file.h"
#include "store/blob.h"

#include <stdio.h>
#include <unistd.h>

enum { ROWS = 500, VERSIONS_AT = 18 };

struct shipped {
    struct arena *a;
    str from;
    int64_t at_ms;   /* not after this */
    int64_t last_ms; /* of the last segment that was taken */
    int64_t segments, left_out, blobs, damaged, absent;
    str generation;
    struct restore_store to;
};

/* ── what there is to take ── */

/* Are all its segments up to `to` there, and made before the moment? */
static bool reaches(
    const struct shipped *t, const struct ship_files *files, const struct ship_base *b)
{
    ptrdiff_t at = ship_segment_from(files, b->from + 1);
    for (int64_t number = b->from + 1; number <= b->to; number++, at++)
        if (at >= files->n_segments || files->segments[at].number != number ||
            files->segments[at].at_ms > t->at_ms)
            return false;
    return true;
}

/* A base that no segment follows is of the moment at which it was written. */
static bool is_before(const struct shipped *t, const struct ship_base *b, str path)
{
    int64_t ms;
    return b->to > b->from || (file_changed_ms(path, &ms) == OK && ms <= t->at_ms);
}

static err base_into(struct shipped *t, str path, const struct ship_base *b, str to)
{
    int fd;
    int64_t size;
    struct sha256 sum;
    TRY(file_open_read(path, &fd, &size));
    err e = ship_copy(t->a, fd, to, b->hash, NULL, NULL, &sum);
    file_close(fd);
    return e;
}

/* ── the database ── */

/* After `upto` a segment that cannot be taken ends the row; before, the base is of no use. */
static err take_segments(struct shipped *t, const struct ship_files *files,
    const struct ship_base *b, str folder, int fd)
{
    ptrdiff_t at = ship_segment_from(files, b->from + 1);
    int64_t number = b->from + 1;
    struct arena one = arena_make(0);
    err e = OK;
    t->segments = t->left_out = 0;
    for (; at < files->n_segments && files->segments[at].at_ms <= t->at_ms; at++, number++) {
        const struct ship_segment *s = &files->segments[at];
        arena_reset(&one);
        str path = str_print(&one, "%.*s/%.*s", SARG(folder), SARG(s->name));
        e = s->number == number ? ship_segment_apply(&one, path, number, fd) : E_INVALID;
        if (e != OK)
            break;
        t->segments++;
        t->last_ms = s->at_ms;
    }
    if (e == E_INVALID || e == E_NOT_FOUND) {
        t->left_out = files->n_segments - at;
        e = number > b->to ? OK : E_CONFLICT;
    }
    arena_free(&one);
    return e;
}

/* The file says that it has a log; it has none. */
static err take_base(struct shipped *t, const struct ship_files *files, const struct ship_base *b,
    str folder, str to)
{
    int fd = -1;
    str path = str_print(t->a, "%.*s/%.*s", SARG(folder), SARG(b->name));
    if (!reaches(t, files, b) || !is_before(t, b, path))
        return E_NOT_FOUND;
    (void)file_remove(to); /* of a base that was of no use */
    TRY(base_into(t, path, b, to));
    if (file_changed_ms(path, &t->last_ms) != OK)
        return E_NOT_FOUND;
    TRY(file_open_write(to, 0600, false, &fd));
    err e = take_segments(t, files, b, folder, fd);
    if (e == OK)
        e = file_write_at(fd, VERSIONS_AT, S("\1\1"));
    file_close(fd);
    return e;
}

static err take_database(struct shipped *t, str to, str *why)
{
    struct str_list all;
    if (ship_generations(t->a, t->from, &all) != OK)
        return files_failed(t->a, S("read"), t->from, why);
    for (ptrdiff_t i = all.len - 1; i >= 0; i--) {
        struct ship_files files;
        str folder = str_print(t->a, "%.*s/%.*s", SARG(t->from), SARG(all.at[i]));
        err listed = ship_files_list(t->a, folder, &files);
        if (listed == E_NOT_FOUND)
            continue;     /* it went meanwhile */
        if (listed != OK) /* an older one would be taken for the newest */
            return files_failed(t->a, S("read"), folder, why);
        for (ptrdiff_t k = files.n_bases - 1; k >= 0; k--) {
            err e = take_base(t, &files, &files.bases[k], folder, to);
            t->generation = all.at[i];
            if (e == OK)
                return OK;
            if (e != E_NOT_FOUND && e != E_CONFLICT && e != E_INVALID)
                return files_failed(t->a, S("restore from"), folder, why);
        }
    }
    *why = t->at_ms == INT64_MAX
               ? str_print(t->a, "%.*s holds no whole database", SARG(t->from))
               : str_print(t->a, "%.*s does not reach back to that moment", SARG(t->from));
    return E_NOT_FOUND;
}

/* ── attachments ── */

static str folder_of(str path)
{
    while (path.len > 0 && path.at[path.len - 1] != '/')
        path.len--;
    return str_sub(path, 0, path.len - 1);
}

static err take_blob(struct shipped *t, struct arena *one, str folder, const struct blob_row *row)
{
    struct config from = {.blobs_dir = str_cat(one, t->from, S("/blobs"))};
    struct ctx from_cx = {.arena = one, .account = row->account_id, .config = &from};
    int fd;
    int64_t size;
    struct sha256 sum;
    if (blob_open(&from_cx, row->name, &fd, &size) != OK)
        return OK; /* counted when somebody refers to it */
    str path = blob_tree_path(one, str_cat(one, folder, S("/blobs")), row->account_id, row->name);
    err e = file_folder_make(folder_of(path), 0700);
    if (e == OK)
        e = ship_copy(one, fd, path, str_sub(row->name, row->name.len - 64, 64), NULL, NULL, &sum);
    file_close(fd);
    t->blobs += e == OK;
    t->damaged += e == E_CONFLICT;
    return e == E_CONFLICT ? OK : e;
}

static err take_blobs(struct shipped *t, str folder, str *why)
{
    struct db *db;
    int64_t after = 0;
    TRY(sqlite_still_open(t->a, str_cat(t->a, folder, S("/seva.db")), &db, why));
    err e = OK;
    for (ptrdiff_t n = ROWS; n == ROWS && e == OK;) {
        struct blob_row *rows;
        struct arena one = arena_make(0);
        struct db_tx *tx;
        n = 0;
        e = db_begin(db, DB_READ, &one, &tx);
        if (e == OK) {
            e = blob_after(tx, after, ROWS, &rows, &n);
            (void)db_rollback(tx); /* it has read only */
        }
        for (ptrdiff_t i = 0; i < n && e == OK; i++) {
            e = take_blob(t, &one, folder, &rows[i]);
            after = rows[i].place;
        }
        arena_free(&one);
    }
    db_close(db);
    return e == OK ? OK : files_failed(t->a, S("copy attachments into"), folder, why);
}

static err fill(void *arg, str folder, str *why)
{
    struct shipped *t = arg;
    TRY(take_database(t, str_cat(t->a, folder, S("/seva.db")), why));
    TRY(take_blobs(t, folder, why));
    TRY(restore_check(t->a, folder, &t->absent, why));
    return restore_store_fill(t->a, &t->to, folder, why);
}

/* ── the command ── */

static str summary(struct arena *a, const struct shipped *t, str target, str place)
{
    struct sb b = sb_make(a, 0);
    sb_print(&b,
        "%.*s: the database as it was at %.*s (generation %.*s, %lld segments) and %lld attachments, "
        "all checked.\n"
        "The key file is not shipped: put it into the folder as \"keys\" (mode 0600) before you start, "
        "else what is sealed stays closed.\n",
        SARG(target), SARG(time_rfc3339(a, t->last_ms)), SARG(t->generation),
        (long long)t->segments, (long long)t->blobs);
    sb_add(&b, restore_store_words(a, &t->to, place));
    if (t->left_out > 0)
        sb_print(&b, "ATTENTION: %lld segments at the end are not whole and were left out.\n",
            (long long)t->left_out);
    sb_add(
        &b, backup_warning(a, t->absent - t->damaged > 0 ? t->absent - t->damaged : 0, t->damaged));
    return sb_str(&b);
}

int restore_ship_command(struct arena *a, const struct settings *s, str *out)
{
    struct files files;
    struct shipped t = {.a = a, .from = s->values[SET_FROM_SHIP], .at_ms = INT64_MAX};
    str why = {0};
    err e = files_resolve(a, s, &files, &why);
    if (e == OK && s->given[SET_AT] && (e = time_parse(s->values[SET_AT], &t.at_ms)) != OK)
        why = S("--at is a moment such as 2026-11-29T02:10:00Z");
    if (e == OK)
        e = restore_store_open(a, s, &files, &t.to, &why);
    if (e == OK)
        e = restore_into(a, files.data_dir, fill, &t, &why);
    restore_store_close(&t.to);
    *out = e == OK ? summary(a, &t, files.data_dir, files.store)
                   : str_print(a, "seva: not restored: %.*s\n", SARG(why));
    return e == OK ? 0 : 1;
}
