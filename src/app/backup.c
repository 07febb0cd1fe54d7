/* backup: see backup.h. The database is first copied beside itself, because a snapshot of it keeps
 * the server's log from beginning anew; attachments never change and are read where they lie. */
#include "app/backup.h"

#include "app/blobs.h"
#include "app/files.h"
#include "app/progress.h"
#include "app/restore.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/file_pace.h"
#include "care/blob_file.h"
#include "db/migrations.h"
#include "db/sqlite_copy.h"
#include "store/blob.h"
#include "store/door.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 1024 * 1024, KEYS_MAX = 16 * 1024, PAGE = 1000 };
static const int64_t list_bytes_max = (int64_t)1 << 36; /* of names: a hundred each */

struct item {
    account_id account;
    str name;
    int64_t size;
    struct item *next;
};

struct backup {
    struct arena *a;
    struct arena list, one; /* the attachments' names; what one of them needs */
    struct files files;
    struct blob_store *store;
    str key, target, part, copy;
    bool is_pipe, has_keys;
    int fd, lock_fd;
    int64_t written;
    struct file_pace pace;
    struct backup_writer *w;
    struct item *first, **last;
    int64_t blobs, bytes, missing, broken;
    struct progress progress;
    str why;
};

static err trouble(struct backup *b, str what, str path)
{
    return files_failed(b->a, what, path, &b->why);
}

/* ── the copy of the database ── */

static bool copied(void *arg, int64_t done, int64_t all)
{
    struct backup *b = arg;
    b->progress.all = all;
    progress_at(&b->progress, done);
    return true;
}

static err list_account(struct backup *b, struct ctx *cx, account_id account)
{
    str after = {0};
    struct blob_needed *rows;
    ptrdiff_t n = PAGE;
    TRY(door_account(cx, account));
    while (n == PAGE) {
        TRY(blob_needed_page(cx, after, PAGE, &rows, &n));
        for (ptrdiff_t i = 0; i < n; i++) {
            struct item *item = NEW(&b->list, struct item, 1);
            *item = (struct item){.account = account, .name = rows[i].name, .size = rows[i].size};
            *b->last = item;
            b->last = &item->next;
            b->bytes += rows[i].size;
            after = rows[i].name;
        }
    }
    return OK;
}

static err list_blobs(struct backup *b, struct db *db)
{
    struct ctx cx = {.arena = &b->list, .now_ms = clock_now_ms()};
    account_id *ids;
    ptrdiff_t n = 0;
    TRY(db_begin(db, DB_READ, &b->list, &cx.db));
    err e = db_migrations_known(cx.db, migrations, n_migrations, &b->why);
    if (e == OK)
        e = door_accounts(&cx, &ids, &n);
    for (ptrdiff_t i = 0; i < n && e == OK; i++)
        e = list_account(b, &cx, ids[i]);
    (void)db_rollback(cx.db); /* it has read only */
    if (e != OK && b->why.len == 0)
        b->why = S("the database cannot be asked for its attachments; see the log");
    return e;
}

static err copy_database(struct backup *b)
{
    struct db *db;
    str path = str_skip(b->files.db_url, S("sqlite:").len);
    if (file_remove(b->copy) != OK) /* of one that was killed */
        return trouble(b, S("remove"), b->copy);
    b->progress = progress_start("database", 0);
    err e = sqlite_copy(b->a, path, b->copy, copied, b, &b->why);
    if (e == OK)
        progress_end(&b->progress, b->progress.all);
    if (e == OK)
        e = sqlite_still_open(b->a, b->copy, &db, &b->why);
    if (e != OK)
        return e;
    e = list_blobs(b, db);
    if (e == OK)
        e = sqlite_still_check(b->a, db, false, &b->why);
    db_close(db);
    return e;
}

/* ── writing ── */

/* Now and then on the disk, so that the server's own syncs do not wait for all of it at once. */
static err put(void *arg, str bytes)
{
    struct backup *b = arg;
    str name = b->is_pipe ? S("standard output") : b->part;
    if (file_write_on(b->fd, bytes) != OK)
        return trouble(b, S("write to"), name);
    b->written += bytes.len;
    bool is_due = !b->is_pipe && file_pace_add(&b->pace, bytes.len);
    if (is_due && file_pace_sync(&b->pace, b->fd) != OK)
        return trouble(b, S("write to"), name);
    return OK;
}

static err small_piece(struct backup *b, enum backup_kind kind, str name, str content)
{
    TRY(backup_begin(b->w, kind, name, content.len));
    TRY(backup_add(b->w, content));
    return backup_end(b->w, NULL);
}

static err put_info(struct backup *b)
{
    return small_piece(b, BACKUP_INFO, (str){0},
        str_print(b->a, "seva %s\nmade_ms %lld\n", SEVA_VERSION, (long long)clock_now_ms()));
}

static err put_keys(struct backup *b)
{
    str text;
    if (!b->has_keys)
        return OK;
    if (file_read(b->a, b->files.keys_file, KEYS_MAX, &text) != OK)
        return trouble(b, S("read the key file"), b->files.keys_file);
    return small_piece(b, BACKUP_KEYS, (str){0}, text);
}

/* The whole open file as a piece. */
static err put_file(
    struct backup *b, enum backup_kind kind, str name, int fd, int64_t size, struct sha256 *sum)
{
    static char space[READ_BYTES];
    int64_t done = 0, before = b->written;
    TRY(backup_begin(b->w, kind, name, size));
    while (done < size) {
        ptrdiff_t got = 0, room = size - done < READ_BYTES ? (ptrdiff_t)(size - done) : READ_BYTES;
        if (file_read_at(fd, done, space, room, &got) != OK)
            return trouble(b, S("read"), name);
        if (got == 0) {
            b->why = str_print(b->a, "%.*s became shorter while it was read", SARG(name));
            return E_CONFLICT;
        }
        TRY(backup_add(b->w, str_of(space, got)));
        done += got;
        if (kind == BACKUP_DATABASE)
            progress_at(&b->progress, b->written - before);
    }
    return backup_end(b->w, sum);
}

static err put_database(struct backup *b, int fd, int64_t size)
{
    b->progress = progress_start("database written", size);
    TRY(put_file(b, BACKUP_DATABASE, (str){0}, fd, size, NULL));
    progress_end(&b->progress, size);
    return OK;
}

static void warn(const char *what, str name)
{
    (void)fprintf(stderr, "seva: the attachment %.*s %s\n", SARG(name), what);
}

static err put_blob(struct backup *b, const struct config *config, const struct item *item)
{
    arena_reset(&b->one);
    struct ctx cx = {.arena = &b->one, .account = item->account, .config = config};
    str name = str_print(&b->one, "%lld/%.*s", (long long)item->account.v, SARG(item->name));
    int fd = -1;
    int64_t size = 0;
    struct sha256 sum;
    err e = blob_open_once(&cx, item->name, &fd, &size);
    if (e == E_NOT_FOUND) {
        b->missing++;
        warn(b->store ? "is not in the store" : "is not in the folder of files", name);
        return small_piece(b, BACKUP_MISSING, name, (str){0});
    }
    if (e != OK)
        return blobs_failed(b->a, b->store, name, &b->why);
    e = put_file(b, BACKUP_BLOB, name, fd, size, &sum);
    file_close(fd);
    TRY(e);
    b->blobs++;
    if (!str_ends(item->name, crypto_hex(&b->one, str_of(sum.b, (ptrdiff_t)sizeof sum.b)))) {
        b->broken++;
        warn("is damaged", name);
    }
    return OK;
}

static err put_blobs(struct backup *b)
{
    struct config config = {.blobs_dir = b->files.blobs_dir, .blob_store = b->store};
    int64_t done = 0;
    if (!b->first)
        return OK;
    b->progress = progress_start("attachments", b->bytes);
    for (const struct item *item = b->first; item != NULL; item = item->next) {
        TRY(put_blob(b, &config, item));
        done += item->size;
        progress_at(&b->progress, done);
    }
    progress_end(&b->progress, done);
    return OK;
}

static err write_all(struct backup *b, int copy_fd, int64_t copy_size)
{
    TRY(backup_writer_open(b->a, put, b, b->key, &b->w));
    TRY(put_info(b));
    TRY(put_keys(b));
    TRY(put_database(b, copy_fd, copy_size));
    TRY(put_blobs(b));
    return backup_finish(b->w);
}

/* The copy is out of sight from here on: nothing of it stays when we are killed. */
static err write_from_copy(struct backup *b)
{
    int fd = -1;
    int64_t size = 0;
    if (file_open_read(b->copy, &fd, &size) != OK)
        return trouble(b, S("read"), b->copy);
    (void)file_remove(b->copy); /* the next backup removes it */
    err e = write_all(b, fd, size);
    file_close(fd);
    return e;
}

/* ── the file ── */

static err target_open(struct backup *b)
{
    if (b->is_pipe) {
        b->fd = STDOUT_FILENO;
        b->why = S("a backup is not for a terminal: send standard output to a file or a program");
        return isatty(STDOUT_FILENO) == 1 ? E_INVALID : OK;
    }
    int64_t size;
    b->why = str_print(b->a,
        "%.*s is already there, and no backup writes over anything: give another name",
        SARG(b->target));
    if (file_size(b->target, &size) != E_NOT_FOUND)
        return E_CONFLICT;
    err e = file_lock(b->part, &b->fd);
    if (e == E_CONFLICT)
        b->why = str_print(b->a, "another backup is writing %.*s", SARG(b->part));
    else if (e != OK || file_truncate(b->fd, 0) != OK)
        return trouble(b, S("write"), b->part);
    return e;
}

/* Read again from its beginning to its end; then it gets its name. */
static err target_finish(struct backup *b)
{
    struct backup_found found;
    if (b->is_pipe)
        return OK;
    if (file_sync_try(b->fd) != OK)
        return trouble(b, S("write to"), b->part);
    if (backup_take(b->a, b->part, b->key, (str){0}, &found, &b->why) != OK) {
        b->why = str_print(b->a, "what was written does not read back: %.*s", SARG(b->why));
        return E_CONFLICT;
    }
    return file_rename(b->part, b->target) == OK ? OK : trouble(b, S("rename"), b->part);
}

static err lock_folder(struct backup *b)
{
    err e = file_lock(str_cat(b->a, b->files.data_dir, S("/backup.lock")), &b->lock_fd);
    if (e == E_CONFLICT) {
        b->why = S("another backup of this data folder is running");
        return e;
    }
    return e == OK ? OK : trouble(b, S("use the data folder"), b->files.data_dir);
}

static err run(struct backup *b)
{
    TRY(lock_folder(b));
    TRY(target_open(b));
    b->why = (str){0};
    err e = copy_database(b);
    if (e == OK)
        e = write_from_copy(b);
    if (e == OK)
        e = target_finish(b);
    int before = errno;
    if (e != OK) {
        (void)file_remove(b->copy); /* what stays is removed by the next one */
        if (!b->is_pipe)
            (void)file_remove(b->part);
    }
    errno = before;
    return e;
}

/* ── the command ── */

static const char postgres_words[] =
    "seva: a database in PostgreSQL is backed up by PostgreSQL itself: pg_basebackup and an archive "
    "of its write-ahead log, and the folder of files after it; docs/operations.md, \"Backing up "
    "PostgreSQL\", has every step\n";
static const char usage[] = "usage: seva backup --data DIR FILE [--encrypt-key-file FILE] "
                            "[--with-keys]   (FILE \"-\": standard output)\n"
                            "       seva backup --verify FILE [--encrypt-key-file FILE]\n";

static int refused(struct arena *a, str why, str *out)
{
    *out = str_print(a, "seva: %.*s\n", SARG(why.len > 0 ? why : S("it did not work; see above")));
    return 1;
}

static int verify(struct arena *a, const struct settings *s, str key, str *out)
{
    struct backup_found found;
    str why = {0};
    if (backup_take(a, s->words[1], key, (str){0}, &found, &why) != OK)
        return refused(a,
            str_find(why, s->words[1]) >= 0
                ? why
                : str_print(a, "%.*s: %.*s", SARG(s->words[1]), SARG(why)),
            out);
    *out = str_print(a, "%.*s is whole: the database%s and %lld attachments, %.*s.\n%.*s",
        SARG(s->words[1]), found.has_keys ? ", the key file" : "", (long long)found.blobs,
        SARG(progress_size(a, found.bytes)), SARG(backup_warning(a, found.missing, found.broken)));
    return 0;
}

static str summary(struct arena *a, const struct backup *b)
{
    str checked = b->is_pipe ? S("not read again; `seva backup --verify` does that")
                             : S("read again and found right");
    str keys = b->has_keys ? S("")
                           : S("The key file is not in it: keep a copy of it elsewhere (with "
                               "--encrypt-key-file it is).\n");
    return str_print(a, "The database and %lld attachments, %.*s in %.*s; %.*s.\n%.*s%.*s",
        (long long)b->blobs, SARG(progress_size(a, b->written)),
        SARG(b->is_pipe ? S("standard output") : b->target), SARG(checked), SARG(keys),
        SARG(backup_warning(a, b->missing, b->broken)));
}

static int make(struct arena *a, const struct settings *s, str key, str *out)
{
    struct backup b = {.a = a, .key = key, .target = s->words[1], .fd = -1, .lock_fd = -1};
    if (files_resolve(a, s, &b.files, &b.why) != OK ||
        files_elsewhere(a, &b.files, b.target, &b.why) != OK)
        return refused(a, b.why, out);
    if (!str_starts(b.files.db_url, S("sqlite:"))) {
        *out = str_from(postgres_words);
        return 1;
    }
    if (blobs_open_alone(a, s, &b.files, &b.store, &b.why) != OK)
        return refused(a, b.why, out);
    b.is_pipe = str_eq(b.target, S("-"));
    b.has_keys = key.len > 0 || settings_flag(s, SET_WITH_KEYS);
    b.part = str_cat(a, b.target, S(".part"));
    b.copy = str_cat(a, b.files.data_dir, S("/backup.copy"));
    b.list = arena_make((ptrdiff_t)list_bytes_max);
    b.one = arena_make(0);
    b.last = &b.first;
    err e = run(&b);
    blob_store_close(b.store);
    arena_free(&b.one);
    arena_free(&b.list);
    if (!b.is_pipe)
        file_close(b.fd);
    file_close(b.lock_fd);
    if (e != OK)
        return refused(a, b.why, out);
    *out = summary(a, &b);
    if (b.is_pipe) {
        (void)fwrite(out->at, 1, (size_t)out->len, stderr); /* only words */
        *out = (str){0};
    }
    return 0;
}

int backup_command(struct arena *a, const struct settings *s, str *out)
{
    str key = {0}, why = {0};
    *out = str_from(usage);
    if (s->n_words != 2)
        return 2;
    if (backup_key(a, s, &key, &why) != OK)
        return refused(a, why, out);
    return settings_flag(s, SET_VERIFY) ? verify(a, s, key, out) : make(a, s, key, out);
}
