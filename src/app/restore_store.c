/* restore_store: see restore_store.h. Attachments go into the store several at once; the command's
 * thread looks for them and hands one to each thread that is free. Shared: struct filling. */
#include "app/restore_store.h"

#include "app/progress.h"
#include "base/file.h"
#include "base/thread.h"
#include "care/blob_file.h"
#include "db/sqlite_copy.h"
#include "store/installation.h"

enum {
    NAMES_MAX = 1000 * 1000, /* in one folder */
    AT_ONCE = 8,             /* a store far away answers a single one in 20 to 100 ms */
};

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

/* ── whose store it is ── */

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

/* ── files ── */

/* A thread that puts one file after the other. */
struct putter {
    struct filling *f;
    pthread_t thread;
    struct arena one; /* what one file needs */
    str folder, name; /* of the file; in the arena */
    bool has_file;
    str why; /* of the first error, the putter's whose it is */
};

struct filling {
    struct arena *a;
    struct restore_store *to;
    str top;
    struct progress progress;
    str looking_why; /* of who looks for files */
    struct putter putters[AT_ONCE];
    int n_putters;

    pthread_mutex_t mutex; /* guards the rest, has_file, and the numbers in `to` */
    pthread_cond_t changed;
    bool is_over;
    int64_t bytes;
    err e; /* the first error: nothing more is begun, and the words in its putter's arena stay */
    str why;
};

static err put_damaged(struct putter *p, str key, int fd, const struct file_sum *sum)
{
    struct filling *f = p->f;
    (void)pthread_mutex_lock(&f->mutex);
    f->to->damaged++;
    (void)pthread_mutex_unlock(&f->mutex);
    return s3_put(blob_store_s3(f->to->store), &p->one, str_cat(&p->one, key, S(".damaged")), fd, 0,
        sum->size, sum->hash);
}

static err put_open(struct putter *p, str path, str key, int fd)
{
    struct file_sum sum;
    struct filling *f = p->f;
    err e = file_sum(&p->one, fd, &sum);
    if (e == OK && str_ends(p->name, sum.hash))
        e = blob_store_put(f->to->store, &p->one, key, path);
    else if (e == OK)
        e = put_damaged(p, key, fd, &sum);
    if (e != OK)
        p->why = str_print(&p->one, "%.*s cannot be put into the store: %.*s; begin again",
            SARG(key), SARG(s3_words(blob_store_s3(f->to->store), &p->one)));
    return e;
}

static err put_one(struct putter *p)
{
    int fd = -1;
    int64_t size;
    struct filling *f = p->f;
    str path = str_print(&p->one, "%.*s/%.*s", SARG(p->folder), SARG(p->name));
    str key = str_skip(path, f->top.len + 1);
    if (!blob_name_is_good(str_starts(key, S("photos/")) ? key : p->name))
        return OK; /* nothing that was restored */
    if (file_open_read(path, &fd, &size) != OK)
        return files_failed(&p->one, S("read"), path, &p->why);
    err e = put_open(p, path, key, fd);
    file_close(fd);
    TRY(e);
    (void)pthread_mutex_lock(&f->mutex);
    f->to->files++;
    f->bytes += size;
    (void)pthread_mutex_unlock(&f->mutex);
    return OK;
}

static void *putter_main(void *arg)
{
    struct putter *p = arg;
    struct filling *f = p->f;
    (void)pthread_mutex_lock(&f->mutex);
    while (p->has_file || !f->is_over) {
        if (!p->has_file) {
            (void)pthread_cond_wait(&f->changed, &f->mutex);
            continue;
        }
        (void)pthread_mutex_unlock(&f->mutex);
        err e = put_one(p);
        (void)pthread_mutex_lock(&f->mutex);
        if (e != OK && f->e == OK) {
            f->e = e;
            f->why = p->why;
        }
        p->has_file = false;
        (void)pthread_cond_broadcast(&f->changed);
    }
    (void)pthread_mutex_unlock(&f->mutex);
    return NULL;
}

static struct putter *free_putter(struct filling *f)
{
    for (int i = 0; i < f->n_putters; i++)
        if (!f->putters[i].has_file)
            return &f->putters[i];
    return NULL;
}

/* To the next putter that is free; the first error of any of them ends it. */
static err hand_over(struct filling *f, str folder, str name)
{
    struct putter *p = NULL;
    (void)pthread_mutex_lock(&f->mutex);
    while (f->e == OK && (p = free_putter(f)) == NULL)
        (void)pthread_cond_wait(&f->changed, &f->mutex);
    err e = f->e;
    int64_t bytes = f->bytes;
    if (e == OK) {
        arena_reset(&p->one);
        p->folder = str_copy(&p->one, folder);
        p->name = str_copy(&p->one, name);
        p->has_file = true;
        (void)pthread_cond_broadcast(&f->changed);
    }
    (void)pthread_mutex_unlock(&f->mutex);
    progress_at(&f->progress, bytes);
    return e;
}

static err putters_start(struct filling *f)
{
    if (pthread_mutex_init(&f->mutex, NULL) != 0 || pthread_cond_init(&f->changed, NULL) != 0)
        return E_BUSY;
    for (int i = 0; i < AT_ONCE; i++) {
        struct putter *p = &f->putters[f->n_putters];
        *p = (struct putter){.f = f, .one = arena_make(0)};
        if (thread_start(&p->thread, "restore-put", 0, putter_main, p) != OK)
            break;
        f->n_putters++;
    }
    return f->n_putters > 0 ? OK : E_BUSY;
}

/* What was begun is brought to its end. */
static err putters_end(struct filling *f)
{
    (void)pthread_mutex_lock(&f->mutex);
    f->is_over = true;
    (void)pthread_cond_broadcast(&f->changed);
    (void)pthread_mutex_unlock(&f->mutex);
    for (int i = 0; i < f->n_putters; i++)
        (void)pthread_join(f->putters[i].thread, NULL); /* it is there */
    if (f->e != OK)
        f->why = str_copy(f->a, f->why);
    for (int i = 0; i < f->n_putters; i++)
        arena_free(&f->putters[i].one);
    return f->e;
}

static err put_folder(struct filling *f, str folder)
{
    struct str_list names;
    if (file_folder_list(f->a, folder, NAMES_MAX, &names) != OK)
        return files_failed(f->a, S("read"), folder, &f->looking_why);
    for (ptrdiff_t i = 0; i < names.len; i++)
        TRY(hand_over(f, folder, names.at[i]));
    return OK;
}

static err put_account(struct filling *f, str folder)
{
    struct str_list subs;
    if (file_folder_list(f->a, folder, NAMES_MAX, &subs) != OK)
        return files_failed(f->a, S("read"), folder, &f->looking_why);
    for (ptrdiff_t i = 0; i < subs.len; i++)
        if (subs.at[i].len == 2)
            TRY(put_folder(f, str_print(f->a, "%.*s/%.*s", SARG(folder), SARG(subs.at[i]))));
    return OK;
}

static err put_all(struct filling *f)
{
    struct str_list tops;
    if (file_folder_list(f->a, f->top, NAMES_MAX, &tops) != OK)
        return files_failed(f->a, S("read"), f->top, &f->looking_why);
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
    struct filling f = {.a = a, .to = to, .top = str_cat(a, folder, S("/blobs"))};
    TRY(mark_check(a, to->store, folder, why));
    *why = S("no thread can be started that puts attachments into the store");
    TRY(putters_start(&f));
    f.progress = progress_start("attachments into the store", 0);
    err e = put_all(&f), put = putters_end(&f);
    if (put != OK)
        e = put;
    if (e == OK)
        progress_end(&f.progress, f.bytes);
    if (e == OK && file_tree_remove(f.top) != OK)
        e = files_failed(a, S("remove"), f.top, &f.looking_why);
    *why = put != OK ? f.why : f.looking_why;
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
