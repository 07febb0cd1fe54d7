/* restore_store: see restore_store.h. */
#include "app/restore_store.h"

#include "app/progress.h"
#include "base/file.h"
#include "care/blob_file.h"
#include "db/sqlite_copy.h"
#include "store/installation.h"

enum { NAMES_MAX = 1000 * 1000 }; /* in one folder */

err restore_store_open(struct arena *a, const struct settings *s, const struct files *files,
    struct restore_store *to, str *why)
{
    *to = (struct restore_store){0};
    if (s->given[SET_DB] || s->given[SET_KEYS] || (s->given[SET_BLOBS] && !files->store.len)) {
        *why = S("it is restored into one folder, without --db and --keys, and --blobs only with a "
                 "store (s3://…); move files and keys afterwards");
        return E_INVALID;
    }
    if (!files->store.len)
        return OK;
    TRY(blobs_open_alone(a, s, files, &to->store, why));
    if (blobs_answer(a, to->store))
        return OK;
    *why = blobs_refusal(a, to->store, files->store);
    restore_store_close(to);
    return E_BUSY;
}

void restore_store_close(struct restore_store *to)
{
    blob_store_close(to->store);
    to->store = NULL;
}

/* ── whose store it is ──────────────────────────────────────────────────────────────────────────
 */

/* What the restored database says of its files; empty: it has never been asked. */
static err known_mark(struct arena *a, str folder, str *mark, str *why)
{
    struct db *db;
    struct db_tx *tx;
    *mark = (str){0};
    TRY(sqlite_still_open(a, str_cat(a, folder, S("/seva.db")), &db, why));
    err e = db_begin(db, DB_READ, a, &tx);
    if (e == OK) {
        e = installation_get(tx, S("blobs"), mark);
        *mark = e == OK ? str_copy(a, *mark) : (str){0};
        (void)db_rollback(tx); /* it has read only */
    }
    db_close(db);
    if (e != OK && e != E_NOT_FOUND)
        *why = S("the restored database cannot be asked for its files");
    return e == E_NOT_FOUND ? OK : e;
}

static err mark_check(struct arena *a, struct blob_store *store, str folder, str *why)
{
    str known, mark = {0};
    bool is_ours = false;
    TRY(known_mark(a, folder, &known, why));
    int64_t size;
    err e = known.len ? blobs_mark(a, store, folder, known, &mark, &is_ours)
                      : s3_size(blob_store_s3(store), a, S("installation"), &size);
    if (e != OK && e != E_NOT_FOUND) {
        *why = str_print(a, "the store cannot be asked whose it is: %.*s",
            SARG(s3_words(blob_store_s3(store), a)));
        return e;
    }
    if (known.len ? str_eq(mark, known) : e == E_NOT_FOUND)
        return OK;
    *why = S("the store has the attachments of another installation: take another prefix");
    return E_CONFLICT;
}

/* ── files ──────────────────────────────────────────────────────────────────────────────────────
 */

struct filling {
    struct arena *a;
    struct arena one; /* what one file needs */
    struct restore_store *to;
    str top;
    struct progress progress;
    int64_t bytes;
    str why;
};

static err put_damaged(struct filling *f, str key, int fd, const struct file_sum *sum)
{
    f->to->damaged++;
    return s3_put(blob_store_s3(f->to->store), &f->one, str_cat(&f->one, key, S(".damaged")), fd, 0,
        sum->size, sum->hash);
}

static err put_one(struct filling *f, str folder, str name)
{
    int fd = -1;
    int64_t size;
    struct file_sum sum;
    arena_reset(&f->one);
    str path = str_print(&f->one, "%.*s/%.*s", SARG(folder), SARG(name));
    str key = str_skip(path, f->top.len + 1);
    if (!blob_name_is_good(str_starts(key, S("photos/")) ? key : name))
        return OK; /* nothing that was restored */
    if (file_open_read(path, &fd, &size) != OK)
        return files_failed(f->a, S("read"), path, &f->why);
    err e = file_sum(&f->one, fd, &sum);
    if (e == OK && str_ends(name, sum.hash))
        e = blob_store_put(f->to->store, &f->one, key, path);
    else if (e == OK)
        e = put_damaged(f, key, fd, &sum);
    file_close(fd);
    if (e != OK) {
        f->why = str_print(f->a, "%.*s cannot be put into the store: %.*s; begin again", SARG(key),
            SARG(s3_words(blob_store_s3(f->to->store), f->a)));
        return e;
    }
    f->to->files++;
    f->bytes += size;
    progress_at(&f->progress, f->bytes);
    return OK;
}

static err put_folder(struct filling *f, str folder)
{
    struct str_list names;
    if (file_folder_list(f->a, folder, NAMES_MAX, &names) != OK)
        return files_failed(f->a, S("read"), folder, &f->why);
    for (ptrdiff_t i = 0; i < names.len; i++)
        TRY(put_one(f, folder, names.at[i]));
    return OK;
}

static err put_account(struct filling *f, str folder)
{
    struct str_list subs;
    if (file_folder_list(f->a, folder, NAMES_MAX, &subs) != OK)
        return files_failed(f->a, S("read"), folder, &f->why);
    for (ptrdiff_t i = 0; i < subs.len; i++)
        if (subs.at[i].len == 2)
            TRY(put_folder(f, str_print(f->a, "%.*s/%.*s", SARG(folder), SARG(subs.at[i]))));
    return OK;
}

static err put_all(struct filling *f)
{
    struct str_list tops;
    if (file_folder_list(f->a, f->top, NAMES_MAX, &tops) != OK)
        return files_failed(f->a, S("read"), f->top, &f->why);
    for (ptrdiff_t i = 0; i < tops.len; i++) {
        int64_t account;
        str folder = str_print(f->a, "%.*s/%.*s", SARG(f->top), SARG(tops.at[i]));
        if (str_eq(tops.at[i], S("photos")))
            TRY(put_folder(f, folder));
        else if (str_int(tops.at[i], 1, INT64_MAX, &account) == OK)
            TRY(put_account(f, folder));
    }
    return OK;
}

err restore_store_fill(struct arena *a, struct restore_store *to, str folder, str *why)
{
    if (!to->store)
        return OK;
    struct filling f = {
        .a = a, .one = arena_make(0), .to = to, .top = str_cat(a, folder, S("/blobs"))};
    TRY(mark_check(a, to->store, folder, why));
    f.progress = progress_start("attachments into the store", 0);
    err e = put_all(&f);
    if (e == OK)
        progress_end(&f.progress, f.bytes);
    if (e == OK && file_tree_remove(f.top) != OK)
        e = files_failed(a, S("remove"), f.top, &f.why);
    arena_free(&f.one);
    *why = f.why;
    return e;
}

str restore_store_words(struct arena *a, const struct restore_store *to, str place)
{
    if (!to->files)
        return (str){0};
    str damaged =
        to->damaged ? str_print(a, ", %lld of them damaged (NAME.damaged)", (long long)to->damaged)
                    : (str){0};
    return str_print(a, "%lld attachments are in s3://%.*s%.*s: start with the same --blobs.\n",
        (long long)to->files, SARG(place), SARG(damaged));
}
