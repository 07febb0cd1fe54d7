/* restore: see restore.h. A backup may come from anybody: each name is checked before it becomes a
 * path, each piece is written under its own, and the database is opened only when the whole backup
 * was read and found right. */
#include "app/restore.h"

#include "app/files.h"
#include "app/progress.h"
#include "app/restore_ship.h"
#include "app/restore_store.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "care/blob_file.h"
#include "db/migrations.h"
#include "db/sqlite_copy.h"
#include "store/blob.h"
#include "store/door.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    READ_BYTES = 1024 * 1024,
    SMALL_MAX = 16 * 1024, /* info and key file */
    KEY_LEAST = 12,
    PAGE = 1000,
};

struct taking {
    struct arena *a;
    struct arena one; /* what one attachment needs */
    int fd;
    str folder;    /* empty: read only */
    str file, key; /* of the command */
    str blobs_dir;
    struct backup_reader *reader;
    struct backup_found found;
    struct restore_store to;
    struct progress progress;
    str why;
};

static err trouble(struct taking *t, str what, str path)
{
    return files_failed(t->a, what, path, &t->why);
}

static err strange(struct taking *t, str what)
{
    t->why = str_print(t->a, "the backup is not as Seva writes it: %.*s", SARG(what));
    return E_INVALID;
}

/* ── pieces ── */

static err get(void *arg, void *to, ptrdiff_t room, ptrdiff_t *got)
{
    struct taking *t = arg;
    return file_read_on(t->fd, to, room, got);
}

/* The piece into an open file; −1: it is only read. */
static err pour(struct taking *t, int fd, str path)
{
    static char space[READ_BYTES];
    ptrdiff_t got = 0;
    do {
        TRY(backup_read(t->reader, space, READ_BYTES, &got));
        if (fd >= 0 && file_write_on(fd, str_of(space, got)) != OK)
            return trouble(t, S("write"), path);
        progress_at(&t->progress, backup_bytes(t->reader));
    } while (got > 0);
    return OK;
}

static err pour_into(struct taking *t, str path)
{
    int fd = -1;
    if (t->folder.len == 0)
        return pour(t, fd, path);
    err e = file_open_write(path, 0600, true, &fd);
    if (e == E_CONFLICT)
        return strange(t, S("something is in it twice"));
    if (e != OK)
        return trouble(t, S("write"), path);
    e = pour(t, fd, path);
    file_close(fd);
    return e;
}

static err take_info(struct taking *t, const struct backup_piece *piece)
{
    if (piece->size > SMALL_MAX)
        return strange(t, S("its first piece is too long"));
    char *at = NEW(t->a, char, piece->size + 1);
    ptrdiff_t n = 0, got = 0;
    do {
        TRY(backup_read(t->reader, at + n, piece->size - n + 1, &got));
        n += got;
    } while (got > 0);
    t->found.info = str_of(at, n);
    return OK;
}

static err take_keys(struct taking *t, const struct backup_piece *piece)
{
    if (piece->size > SMALL_MAX || t->found.has_keys)
        return strange(t, S("its key file"));
    t->found.has_keys = true;
    return pour_into(t, str_cat(t->a, t->folder, S("/keys")));
}

static err take_database(struct taking *t)
{
    if (t->found.has_database)
        return strange(t, S("it has two databases"));
    t->found.has_database = true;
    return pour_into(t, str_cat(t->a, t->folder, S("/seva.db")));
}

/* "<account>/<blob's name>" into its parts. */
static bool blob_of(str name, account_id *account, str *inner)
{
    str number;
    return str_cut(name, '/', &number, inner) && str_int(number, 1, INT64_MAX, &account->v) == OK &&
           blob_name_is_good(*inner);
}

static str folder_of(str path)
{
    while (path.len > 0 && path.at[path.len - 1] != '/')
        path.len--;
    return str_sub(path, 0, path.len - 1);
}

static err take_blob(struct taking *t, struct backup_piece *piece)
{
    account_id account;
    str name;
    arena_reset(&t->one);
    if (!blob_of(piece->name, &account, &name))
        return strange(t, S("the name of an attachment"));
    name = str_copy(&t->one, name);
    str path = t->folder.len > 0 ? blob_tree_path(&t->one, t->blobs_dir, account, name) : (str){0};
    if (path.len > 0 && file_folder_make(folder_of(path), 0700) != OK)
        return trouble(t, S("make the folder of"), path);
    TRY(pour_into(t, path));
    t->found.blobs++;
    str hash = crypto_hex(&t->one, str_of(piece->sum.b, (ptrdiff_t)sizeof piece->sum.b));
    t->found.broken += !str_ends(name, hash);
    return OK;
}

static err take_piece(struct taking *t, struct backup_piece *piece)
{
    t->found.bytes += piece->size;
    switch (piece->kind) {
    case BACKUP_INFO:
        return take_info(t, piece);
    case BACKUP_KEYS:
        return take_keys(t, piece);
    case BACKUP_DATABASE:
        return take_database(t);
    case BACKUP_BLOB:
        return take_blob(t, piece);
    case BACKUP_MISSING:
        t->found.missing++;
        return OK;
    case BACKUP_END:
        break;
    }
    return t->found.has_database ? OK : strange(t, S("it has no database"));
}

static err take_all(struct taking *t, str key)
{
    struct backup_piece *piece = NULL;
    err e = backup_reader_open(t->a, get, t, key, &t->reader, &t->why);
    if (e != OK)
        return e;
    t->why = (str){0};
    do {
        e = backup_next(t->reader, &piece);
        if (e == OK)
            e = take_piece(t, piece);
    } while (e == OK && piece->kind != BACKUP_END);
    if (e != OK && t->why.len == 0)
        t->why = backup_fault(t->reader);
    return e;
}

static err open_source(struct taking *t, str file, int64_t *size)
{
    *size = 0;
    if (str_eq(file, S("-"))) {
        t->fd = STDIN_FILENO;
        return OK;
    }
    err e = file_open_read(file, &t->fd, size);
    return e == OK ? OK : trouble(t, S("read"), file);
}

err backup_take(
    struct arena *a, str file, str key, str folder, struct backup_found *found, str *why)
{
    int64_t size;
    struct taking t = {.a = a, .one = arena_make(0), .folder = folder};
    t.blobs_dir = str_cat(a, folder, S("/blobs"));
    err e = open_source(&t, file, &size);
    if (e == OK) {
        t.progress = progress_start(folder.len > 0 ? "restored" : "read again", size);
        t.why = (str){0};
        e = take_all(&t, key);
    }
    if (e == OK)
        progress_end(&t.progress, backup_bytes(t.reader));
    if (t.fd != STDIN_FILENO)
        file_close(t.fd);
    arena_free(&t.one);
    *found = t.found;
    *why = t.why;
    return e;
}

err backup_key(struct arena *a, const struct settings *s, str *key, str *why)
{
    str file = s->values[SET_ENCRYPT_KEY_FILE], line;
    if (!s->given[SET_ENCRYPT_KEY_FILE])
        return OK;
    *why = str_print(a, "cannot read the key of the backup from %.*s", SARG(file));
    if (files_first_line(a, file, &line) != OK)
        return E_INVALID;
    line = str_trim(line);
    *why =
        str_print(a, "the key of a backup is the first line of %.*s and has at least %d characters",
            SARG(file), (int)KEY_LEAST);
    if (line.len < KEY_LEAST)
        return E_INVALID;
    *key = line;
    return OK;
}

str backup_warning(struct arena *a, int64_t missing, int64_t broken)
{
    struct sb b = sb_make(a, 0);
    if (missing > 0)
        sb_print(&b, "ATTENTION: %lld attachments were not in the folder of files.\n",
            (long long)missing);
    if (broken > 0)
        sb_print(&b, "ATTENTION: %lld attachments were damaged in the folder of files.\n",
            (long long)broken);
    return sb_str(&b);
}

/* ── the folder ── */

struct look {
    struct arena *a;
    struct arena one; /* what one attachment needs */
    str blobs_dir;
    int64_t absent;
    str why;
};

static err look_for_blobs(struct look *l, struct ctx *cx, account_id account)
{
    str after = {0};
    struct blob_needed *rows;
    ptrdiff_t n = PAGE;
    TRY(door_account(cx, account));
    while (n == PAGE) {
        TRY(blob_needed_page(cx, after, PAGE, &rows, &n));
        for (ptrdiff_t i = 0; i < n; i++) {
            int64_t size;
            arena_reset(&l->one);
            l->absent += !blob_name_is_good(rows[i].name) ||
                         file_size(blob_tree_path(&l->one, l->blobs_dir, account, rows[i].name),
                             &size) != OK;
        }
        after = n > 0 ? rows[n - 1].name : after;
    }
    return OK;
}

static err look_inside(struct look *l, struct ctx *cx)
{
    account_id *ids;
    ptrdiff_t n;
    TRY(db_migrations_known(cx->db, migrations, n_migrations, &l->why));
    TRY(door_accounts(cx, &ids, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(look_for_blobs(l, cx, ids[i]));
    return OK;
}

err restore_check(struct arena *a, str folder, int64_t *absent, str *why)
{
    struct db *db;
    struct look l = {.a = a, .one = arena_make(0)};
    struct arena rows = arena_make((ptrdiff_t)1 << 36);
    struct ctx cx = {.arena = &rows, .now_ms = clock_now_ms()};
    l.blobs_dir = str_cat(a, folder, S("/blobs"));
    TRY(sqlite_still_open(a, str_cat(a, folder, S("/seva.db")), &db, why));
    err e = sqlite_still_check(a, db, true, &l.why);
    if (e == OK && (e = db_begin(db, DB_READ, &rows, &cx.db)) == OK) {
        e = look_inside(&l, &cx);
        l.why = str_copy(a, l.why);
        (void)db_rollback(cx.db); /* it has read only */
    }
    db_close(db);
    arena_free(&rows);
    arena_free(&l.one);
    *absent = l.absent;
    *why = e != OK && l.why.len == 0 ? S("the database in it cannot be asked; see the log") : l.why;
    return e;
}

static err fill(void *arg, str folder, str *why)
{
    struct taking *t = arg;
    int64_t absent;
    TRY(backup_take(t->a, t->file, t->key, folder, &t->found, why));
    TRY(restore_check(t->a, folder, &absent, why));
    if (absent <= t->found.missing)
        return restore_store_fill(t->a, &t->to, folder, why);
    *why = str_print(t->a, "%lld attachments that the database refers to are not in the backup",
        (long long)(absent - t->found.missing));
    return E_CONFLICT;
}

static err fill_new(struct arena *a, str folder, restore_fill *filler, void *arg, str *why)
{
    if (file_folder_make(str_cat(a, folder, S("/blobs")), 0700) != OK)
        return files_failed(a, S("make the folder"), folder, why);
    TRY(filler(arg, folder, why));
    return file_disk_sync(folder) == OK ? OK : files_failed(a, S("write into"), folder, why);
}

/* Under another name first: a folder that is there has everything. */
err restore_into(struct arena *a, str target, restore_fill *filler, void *arg, str *why)
{
    err e = file_folder_is_free(target);
    if (e != OK) {
        if (e != E_CONFLICT)
            return files_failed(a, S("look into"), target, why);
        *why = str_print(
            a, "%.*s has something in it; it is restored into a new folder", SARG(target));
        return e;
    }
    str folder = str_cat(a, target, S(".part"));
    int64_t size;
    if (file_size(folder, &size) != E_NOT_FOUND) {
        *why = str_print(
            a, "%.*s is there, of a restore that did not end: remove it first", SARG(folder));
        return E_CONFLICT;
    }
    e = fill_new(a, folder, filler, arg, why);
    if (e == OK && file_rename(folder, target) != OK)
        e = files_failed(a, S("rename"), folder, why);
    if (e != OK)
        (void)file_tree_remove(folder); /* what stays is named by the next one */
    return e;
}

static str summary(struct arena *a, const struct taking *t, str target, str place)
{
    str keys =
        t->found.has_keys
            ? S("")
            : S("The key file is not in the backup: put it into the folder as \"keys\" (mode "
                "0600) before you start, else what is sealed stays closed.\n");
    return str_print(a, "%.*s: the database and %lld attachments, all checked.\n%.*s%.*s%.*s",
        SARG(target), (long long)t->found.blobs, SARG(restore_store_words(a, &t->to, place)),
        SARG(keys), SARG(backup_warning(a, t->found.missing, t->found.broken)));
}

/* A backup is of one moment, and the shipped folder is not encrypted. */
static err options_are_apart(const struct settings *s, str *why)
{
    bool is_ship = s->given[SET_FROM_SHIP];
    if (is_ship && s->n_words > 1)
        *why = S("give the FILE of a backup or --from-ship DIR, not both");
    else if (is_ship && s->given[SET_ENCRYPT_KEY_FILE])
        *why = S("--encrypt-key-file is of a backup; what was shipped is not encrypted");
    else if (!is_ship && s->given[SET_AT])
        *why = S("--at needs --from-ship DIR: a backup's file holds one moment only");
    return why->len ? E_INVALID : OK;
}

int restore_command(struct arena *a, const struct settings *s, str *out)
{
    struct taking t = {.a = a, .one = arena_make(0)};
    struct files files;
    str why = {0};
    *out = S(
        "usage: seva restore --data NEWDIR FILE [--encrypt-key-file FILE] [--blobs s3://…]   (FILE \"-\": "
        "standard input)\n"
        "       seva restore --data NEWDIR --from-ship DIR [--at TIME]\n");
    if (s->n_words + s->given[SET_FROM_SHIP] < 2 || !s->given[SET_DATA])
        return 2;
    if (options_are_apart(s, &why) != OK) {
        *out = str_print(a, "seva: %.*s\n", SARG(why));
        return 2;
    }
    if (s->given[SET_FROM_SHIP])
        return restore_ship_command(a, s, out);
    t.file = s->words[1];
    err e = backup_key(a, s, &t.key, &t.why);
    if (e == OK)
        e = files_resolve(a, s, &files, &t.why);
    if (e == OK)
        e = restore_store_open(a, s, &files, &t.to, &t.why);
    if (e == OK)
        e = restore_into(a, files.data_dir, fill, &t, &t.why);
    restore_store_close(&t.to);
    why = str_print(a, "seva: not restored: %.*s\n", SARG(t.why));
    arena_free(&t.one);
    *out = e == OK ? summary(a, &t, files.data_dir, files.store) : why;
    return e == OK ? 0 : 1;
}
