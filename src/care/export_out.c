/* export_out: see export_out.h. The tar is POSIX ustar (IEEE Std 1003.1, pax, "ustar Interchange
 * Format"), so that every tar reads it; a size of 8 GiB and more is written in base 256 as GNU and
 * BSD tar do. */
#include "care/export_out.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024, BLOCK = 512, NAME_MAX_BYTES = 100, OCTAL_DIGITS = 11 };
enum { MEGABYTE = 1000 * 1000 };
static const int64_t octal_max = (int64_t)1 << 33;

static err trouble(struct export_out *o, const char *what, str path)
{
    o->why = file_words(o->a, str_from(what), path);
    return E_BUSY;
}

static err refuse(struct export_out *o, str why, err e)
{
    o->why = why;
    return e;
}

static err room_check(struct export_out *o)
{
    int64_t room = 0;
    if (!o->room_bytes || file_room(o->spool, &room) != OK || room >= o->room_bytes)
        return OK; /* where the room is not told, the disk itself says that it is full */
    return refuse(o,
        str_print(o->a,
            "The disk of the server is nearly full: %lld MB are free, and %lld MB stay so.",
            (long long)(room / MEGABYTE), (long long)(o->room_bytes / MEGABYTE)),
        E_BUSY);
}

/* What is written lies in memory until it is on the disk: much at once would hold up the syncs of
 * the database on the same disk, and the room that is left would not be known. */
static err look_around(struct export_out *o, int fd)
{
    if (o->is_pipe)
        return OK;
    if (file_pace_sync(&o->pace, fd) != OK)
        return trouble(o, "write to", o->part);
    return room_check(o);
}

static err put(struct export_out *o, int fd, str bytes, str name)
{
    if (file_write_on(fd, bytes) != OK)
        return trouble(o, "write to", name);
    o->bytes += bytes.len;
    return file_pace_add(&o->pace, bytes.len) ? look_around(o, fd) : OK;
}

/* ── tar ── */

static void put_octal(char *at, int digits, int64_t v)
{
    for (int i = digits - 1; i >= 0; i--, v /= 8)
        at[i] = (char)('0' + v % 8);
}

static void put_size(char *at, int64_t size)
{
    if (size < octal_max) {
        put_octal(at, OCTAL_DIGITS, size);
        return;
    }
    memset(at, 0, OCTAL_DIGITS + 1);
    at[0] = (char)0x80;
    for (int i = OCTAL_DIGITS; size; i--, size /= 256)
        at[i] = (char)(size % 256);
}

static err tar_head(struct export_out *o, str name, int64_t size)
{
    char head[BLOCK] = {0};
    int64_t sum = 0;
    if (name.len > NAME_MAX_BYTES) {
        o->why = str_print(o->a, "the name %.*s is too long for a tar", SARG(name));
        return E_LIMIT;
    }
    memcpy(head, name.at, (size_t)name.len);
    put_octal(head + 100, 7, 0600);
    put_octal(head + 108, 7, 0);
    put_octal(head + 116, 7, 0);
    put_size(head + 124, size);
    put_octal(head + 136, OCTAL_DIGITS, o->now_ms / 1000);
    memset(head + 148, ' ', 8); /* the sum is made as if it were blank */
    head[156] = '0';            /* a file */
    memcpy(head + 257, "ustar\00000", 8);
    memcpy(head + 345, "seva-export", 11); /* the folder that all is in */
    for (int i = 0; i < BLOCK; i++)
        sum += (unsigned char)head[i];
    put_octal(head + 148, 6, sum);
    head[154] = 0;
    return put(o, o->fd, str_of(head, BLOCK), o->part);
}

static err tar_fill(struct export_out *o, int64_t size)
{
    static const char zeros[2 * BLOCK];
    ptrdiff_t rest = (ptrdiff_t)(size % BLOCK);
    return rest ? put(o, o->fd, str_of(zeros, BLOCK - rest), o->part) : OK;
}

static err tar_end(struct export_out *o)
{
    static const char zeros[2 * BLOCK];
    return put(o, o->fd, str_of(zeros, sizeof zeros), o->part);
}

/* ── opening ── */

static str folder_of(str path)
{
    for (ptrdiff_t i = path.len - 1; i > 0; i--)
        if (path.at[i] == '/')
            return str_sub(path, 0, i);
    return path.len && path.at[0] == '/' ? S("/") : S(".");
}

static err pipe_open(struct export_out *o)
{
    const char *folder = getenv("TMPDIR");
    o->fd = STDOUT_FILENO;
    o->part = S("standard output");
    o->spool = str_from(folder && *folder ? folder : "/var/tmp");
    if (isatty(STDOUT_FILENO) == 1)
        return refuse(o,
            S("an export is not for a terminal: send standard output to a file or a program"),
            E_INVALID);
    return OK;
}

static err lock(struct export_out *o, str path)
{
    err e = file_lock(path, &o->fd);
    if (e == OK)
        return OK;
    o->fd = -1;
    return e == E_CONFLICT
               ? refuse(o, str_print(o->a, "another export is writing %.*s", SARG(o->part)), e)
               : trouble(o, "write", o->part);
}

/* What an export that was killed has left goes; the lock is the new folder's. */
static err folder_open(struct export_out *o)
{
    str path = str_cat(o->a, o->part, S("/.lock"));
    for (int i = 0; i < 2; i++) {
        if (file_folder_make_try(o->part, 0700) != OK)
            return trouble(o, "make the folder", o->part);
        TRY(lock(o, path));
        if (i == 1)
            break;
        err e = file_tree_remove(o->part);
        file_close(o->fd);
        o->fd = -1;
        if (e != OK)
            return trouble(o, "remove", o->part);
    }
    return OK;
}

static err is_free(struct export_out *o)
{
    int64_t size;
    err e = file_size(o->target, &size);
    if (e != OK)
        return e == E_NOT_FOUND ? OK : trouble(o, "look at", o->target);
    return refuse(o, str_print(o->a, "%.*s is already there", SARG(o->target)), E_CONFLICT);
}

err export_out_open(struct arena *a, struct arena *one, str target, int64_t now_ms,
    int64_t room_bytes, struct export_out *o)
{
    while (target.len > 1 && str_ends(target, S("/")))
        target.len--;
    *o = (struct export_out){.a = a,
        .one = one,
        .target = target,
        .fd = -1,
        .now_ms = now_ms,
        .room_bytes = room_bytes,
        .space = arena_try(a, READ_BYTES, 1)};
    if (!o->space)
        return refuse(o, S("out of memory"), E_BUSY);
    o->is_pipe = str_eq(target, S("-"));
    o->is_tar = o->is_pipe || str_ends(target, S(".tar"));
    if (o->is_pipe)
        return pipe_open(o);
    o->part = str_cat(a, target, S(".part"));
    o->spool = folder_of(target);
    TRY(is_free(o));
    TRY(room_check(o));
    if (!o->is_tar)
        return folder_open(o);
    TRY(lock(o, o->part));
    return file_truncate(o->fd, 0) == OK ? OK : trouble(o, "write", o->part);
}

/* ── lists ── */

static str path_in(const struct export_out *o, str name)
{
    return str_print(o->one, "%.*s/%.*s", SARG(o->part), SARG(name));
}

err export_list_open(struct export_out *o, const char *name, struct export_list *list)
{
    *list = (struct export_list){.name = str_print(o->a, "%s.jsonl", name), .fd = -1};
    list->sum = crypto_sha256_open();
    if (!list->sum)
        return refuse(o, S("out of memory"), E_BUSY);
    err e = o->is_tar ? file_open_nameless(o->spool, &list->fd)
                      : file_open_write(path_in(o, list->name), 0600, true, &list->fd);
    return e == OK ? OK : trouble(o, "write a file in", o->is_tar ? o->spool : o->part);
}

err export_list_add(struct export_out *o, struct export_list *list, str text, int64_t lines)
{
    TRY(put(o, list->fd, text, list->name));
    crypto_sha256_add(list->sum, text);
    list->bytes += text.len;
    list->lines += lines;
    return OK;
}

static str hash_end(struct export_out *o, struct crypto_sha256_stream *sum)
{
    struct sha256 s = crypto_sha256_close(sum);
    return crypto_hex(o->one, str_of(s.b, (ptrdiff_t)sizeof s.b));
}

/* All `size` bytes of `from`, which is not read past them; sum may be NULL. */
static err copy(struct export_out *o, int from, int to, int64_t size, str name,
    struct crypto_sha256_stream *sum)
{
    for (int64_t done = 0; done < size;) {
        ptrdiff_t got = 0, room = size - done < READ_BYTES ? (ptrdiff_t)(size - done) : READ_BYTES;
        if (file_read_at(from, done, o->space, room, &got) != OK)
            return trouble(o, "read", name);
        if (got == 0)
            return refuse(o, str_print(o->a, "%.*s became shorter while it was read", SARG(name)),
                E_CONFLICT);
        TRY(put(o, to, str_of(o->space, got), o->part));
        if (sum)
            crypto_sha256_add(sum, str_of(o->space, got));
        done += got;
    }
    return OK;
}

err export_list_close(struct export_out *o, struct export_list *list)
{
    err e = OK;
    if (list->sum)
        list->hash = str_copy(o->a, hash_end(o, list->sum));
    list->sum = NULL;
    if (o->is_tar && list->fd >= 0) {
        o->bytes -= list->bytes; /* they were counted on their way into the file without a name */
        e = tar_head(o, list->name, list->bytes);
        if (e == OK)
            e = copy(o, list->fd, o->fd, list->bytes, list->name, NULL);
        if (e == OK)
            e = tar_fill(o, list->bytes);
    }
    file_close(list->fd);
    list->fd = -1;
    return e;
}

/* ── files ── */

/* A file's bytes come in the order of their names: a folder is made once. */
static err folder_make(struct export_out *o, str path)
{
    str folder = folder_of(path);
    if (str_eq(folder, o->folder))
        return OK;
    if (file_folder_make_try(folder, 0700) != OK)
        return trouble(o, "make the folder", folder);
    o->folder = str_copy(o->a, folder);
    return OK;
}

static err file_put(
    struct export_out *o, str path, int fd, int64_t size, struct crypto_sha256_stream *sum)
{
    if (o->is_tar) {
        TRY(tar_head(o, path, size));
        TRY(copy(o, fd, o->fd, size, path, sum));
        return tar_fill(o, size);
    }
    int to = -1;
    str whole = path_in(o, path);
    TRY(folder_make(o, whole));
    if (file_open_write(whole, 0600, true, &to) != OK)
        return trouble(o, "write", whole);
    err e = copy(o, fd, to, size, path, sum);
    file_close(to);
    return e;
}

err export_out_file(struct export_out *o, str path, int fd, int64_t size, str *hash)
{
    struct crypto_sha256_stream *sum = crypto_sha256_open();
    if (!sum)
        return refuse(o, S("out of memory"), E_BUSY);
    err e = file_put(o, path, fd, size, sum);
    *hash = hash_end(o, sum); /* of a part when it failed: nobody looks at it */
    return e;
}

err export_out_text(struct export_out *o, str path, str text)
{
    if (o->is_tar) {
        TRY(tar_head(o, path, text.len));
        TRY(put(o, o->fd, text, o->part));
        return tar_fill(o, text.len);
    }
    int fd = -1;
    str whole = path_in(o, path);
    if (file_open_write(whole, 0600, true, &fd) != OK)
        return trouble(o, "write", whole);
    err e = put(o, fd, text, whole);
    file_close(fd);
    return e;
}

/* ── the end ── */

err export_out_finish(struct export_out *o)
{
    if (o->is_tar)
        TRY(tar_end(o));
    if (o->is_pipe)
        return OK;
    TRY(is_free(o));
    err e = o->is_tar ? file_sync_try(o->fd) : file_disk_sync(o->part);
    if (e != OK)
        return trouble(o, "write to", o->part);
    if (file_rename_try(o->part, o->target) != OK)
        return trouble(o, "rename", o->part);
    if (!o->is_tar)
        (void)file_remove(str_cat(o->a, o->target, S("/.lock"))); /* an empty file, at worst */
    file_close(o->fd);
    o->fd = -1;
    return OK;
}

void export_out_drop(struct export_out *o)
{
    if (o->is_pipe || o->fd < 0)
        return;
    int before = errno;
    /* What stays is removed by the next one. */
    (void)(o->is_tar ? file_remove(o->part) : file_tree_remove(o->part));
    file_close(o->fd);
    o->fd = -1;
    errno = before;
}
