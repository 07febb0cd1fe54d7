/* blob_file: see blob_file.h. */
#include "care/blob_file.h"

#include <assert.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/file_map.h"
#include "base/file_type.h"
#include "care/blob_store.h"
#include "connector/outgoing.h"

enum { FOLDER_MODE = 0700, READ_BYTES = 256 * 1024, HASH_DIGITS = 64, USED_MS = 60 * 1000 };

static bool is_hash(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if (!((s.at[i] >= '0' && s.at[i] <= '9') || (s.at[i] >= 'a' && s.at[i] <= 'f')))
            return false;
    return s.len == HASH_DIGITS;
}

bool blob_name_is_good(str name)
{
    str number, hash;
    int64_t agent;
    if (!str_starts(name, S("photos/")))
        return is_hash(name);
    return str_cut(str_skip(name, 7), '-', &number, &hash) &&
           str_int(number, 1, INT64_MAX, &agent) == OK && is_hash(hash);
}

static str account_folder(const struct ctx *cx)
{
    return str_print(cx->arena, "%.*s/%lld", SARG(cx->config->blobs_dir), (long long)cx->account.v);
}

str blob_tree_path(struct arena *a, str folder, account_id account, str name)
{
    if (str_starts(name, S("photos/")))
        return str_print(a, "%.*s/%.*s", SARG(folder), SARG(name));
    return str_print(a, "%.*s/%lld/%.*s/%.*s", SARG(folder), (long long)account.v,
        SARG(str_sub(name, 0, 2)), SARG(name));
}

static str path_of(const struct ctx *cx, str name)
{
    return blob_tree_path(cx->arena, cx->config->blobs_dir, cx->account, name);
}

str part_path(const struct ctx *cx, int64_t number, const char *ending)
{
    return str_print(
        cx->arena, "%.*s/parts/%lld%s", SARG(account_folder(cx)), (long long)number, ending);
}

/* The object's name in a store. */
static str key_of(const struct ctx *cx, str name)
{
    return str_skip(blob_tree_path(cx->arena, (str){0}, cx->account, name), 1);
}

/* ── parts ── */

static void close_later(void *fd)
{
    file_close(*(int *)fd);
}

/* The lock may have been waited for by nobody but taken on a file that has meanwhile been renamed
 * into place: writing to it would change a blob. */
static bool is_still_there(int fd, const char *path, int64_t *size)
{
    struct stat here, there;
    if (fstat(fd, &here) != 0 || stat(path, &there) != 0)
        return false;
    *size = here.st_size;
    return here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

err part_open(struct ctx *cx, int64_t number, int *fd, int64_t *size)
{
    str folder = str_cat(cx->arena, account_folder(cx), S("/parts"));
    str path = part_path(cx, number, "");
    int *kept = NEW(cx->arena, int, 1);
    *kept = -1;
    err e = file_lock(path, kept);
    if (e == E_NOT_FOUND) {
        TRY(file_folder_make(folder, FOLDER_MODE));
        e = file_lock(path, kept);
    }
    TRY(e);
    arena_defer(cx->arena, close_later, kept);
    if (!is_still_there(*kept, str_z(cx->arena, path), size))
        return E_CONFLICT;
    *fd = *kept;
    return OK;
}

err file_sum(struct arena *a, int fd, struct file_sum *sum)
{
    char *buffer = arena_try(a, READ_BYTES, 1);
    char *head = arena_try(a, FILE_TYPE_HEAD_BYTES, 1);
    struct crypto_sha256_stream *stream = buffer && head ? crypto_sha256_open() : NULL;
    if (!stream)
        return E_BUSY;
    int64_t size = 0;
    ptrdiff_t head_len = 0, got = 0;
    err e = file_read_at(fd, 0, head, FILE_TYPE_HEAD_BYTES, &head_len);
    while (e == OK && (e = file_read_at(fd, size, buffer, READ_BYTES, &got)) == OK && got > 0) {
        crypto_sha256_add(stream, str_of(buffer, got));
        size += got;
    }
    struct sha256 hash = crypto_sha256_close(stream);
    TRY(e);
    *sum = (struct file_sum){.hash = crypto_hex(a, str_of(hash.b, (ptrdiff_t)sizeof hash.b)),
        .head = str_of(head, head_len),
        .size = size};
    return OK;
}

static void close_at(const int *fd)
{
    file_close(*fd);
}

err file_settle(struct arena *a, str path, struct file_sum *sum)
{
    [[gnu::cleanup(close_at)]] int fd = -1;
    int64_t size;
    TRY(file_open_read(path, &fd, &size));
    TRY(file_sync(fd));
    return file_sum(a, fd, sum);
}

/* ── blobs ── */

static str folder_of(str path)
{
    while (path.len && path.at[path.len - 1] != '/')
        path.len--;
    return str_sub(path, 0, path.len - 1);
}

err blob_place(struct ctx *cx, str path, str name)
{
    str to = path_of(cx, name);
    int64_t size = 0;
    if (cx->config->blob_store) {
        TRY(file_size(path, &size));
        TRY(blob_store_put(cx->config->blob_store, cx->arena, key_of(cx, name), path));
        blob_store_grown(cx->config->blob_store, size);
    }
    err e = file_rename(path, to);
    if (e != E_NOT_FOUND)
        return e;
    TRY(file_folder_make(folder_of(to), FOLDER_MODE));
    return file_rename(path, to);
}

/* No transaction waits for a store. */
static err want(struct ctx *cx, str name)
{
    struct blobs_asked *b = &cx->blobs;
    for (int i = 0; i < b->n; i++)
        if (str_eq(b->name[i], name))
            return b->result[i];
    if (b->n < BLOBS_BROUGHT) {
        b->wanted = name;
        b->of = cx->account;
    }
    return E_BUSY;
}

bool blob_is_wanted(const struct ctx *cx)
{
    return cx->blobs.wanted.len > 0;
}

err blob_bring(struct ctx *cx)
{
    struct blobs_asked *b = &cx->blobs;
    str name = b->wanted, path;
    assert(!cx->db && b->n < BLOBS_BROUGHT);
    struct ctx of = {.arena = cx->arena, .config = cx->config, .account = b->of};
    err e = blob_here(&of, name, &path);
    b->wanted = (str){0};
    b->name[b->n] = name;
    b->result[b->n++] = e == OK ? E_BUSY : e; /* it is here; should it go at once, it is too late */
    return e;
}

/* That it was used is seen by its time, to the minute. */
static err fetch_unless_here(struct ctx *cx, str name, str path)
{
    int64_t changed_ms, now_ms = clock_now_ms();
    err e = file_changed_ms(path, &changed_ms);
    if (e == OK && now_ms - changed_ms > USED_MS)
        e = file_touch(path);
    if (e != E_NOT_FOUND)
        return e;
    if (cx->db)
        return want(cx, name);
    return blob_store_fetch(cx->config->blob_store, cx->arena, key_of(cx, name), path);
}

err blob_here(struct ctx *cx, str name, str *path)
{
    if (!blob_name_is_good(name))
        return E_NOT_FOUND;
    *path = path_of(cx, name);
    return cx->config->blob_store ? fetch_unless_here(cx, name, *path) : OK;
}

err blob_open(struct ctx *cx, str name, int *fd, int64_t *size)
{
    str path;
    TRY(blob_here(cx, name, &path));
    return file_open_read(path, fd, size);
}

err blob_remove(const struct ctx *cx, str name)
{
    if (!blob_name_is_good(name))
        return OK;
    if (cx->config->blob_store)
        TRY(blob_store_remove(cx->config->blob_store, cx->arena, key_of(cx, name)));
    return file_remove(path_of(cx, name));
}

err blob_open_once(struct ctx *cx, str name, int *fd, int64_t *size)
{
    struct blob_store *store = cx->config->blob_store;
    if (!store || !blob_name_is_good(name))
        return blob_open(cx, name, fd, size);
    err e = file_open_read(path_of(cx, name), fd, size);
    return e == E_NOT_FOUND ? blob_store_take(store, cx->arena, key_of(cx, name), fd, size) : e;
}

void blob_forget(const struct ctx *cx, str name)
{
    if (cx->config->blob_store && blob_name_is_good(name))
        (void)file_remove(path_of(cx, name)); /* one that stays is told as before */
}

err blob_look(struct ctx *cx, str name, int64_t *size)
{
    if (!blob_name_is_good(name))
        return E_NOT_FOUND;
    if (!cx->config->blob_store)
        return file_size(path_of(cx, name), size);
    return blob_store_size(cx->config->blob_store, cx->arena, key_of(cx, name), size);
}

err blob_sum(struct ctx *cx, str name, struct file_sum *sum)
{
    int64_t size;
    [[gnu::cleanup(close_at)]] int fd = -1;
    if (!blob_name_is_good(name))
        return E_NOT_FOUND;
    if (cx->config->blob_store)
        return blob_store_sum(cx->config->blob_store, cx->arena, key_of(cx, name), sum);
    TRY(file_open_read(path_of(cx, name), &fd, &size));
    return file_sum(cx->arena, fd, sum);
}

err blob_put_aside(struct ctx *cx, str name)
{
    if (!blob_name_is_good(name))
        return E_NOT_FOUND;
    str path = path_of(cx, name);
    if (!cx->config->blob_store)
        return file_rename(path, str_cat(cx->arena, path, S(".damaged")));
    TRY(blob_store_put_aside(cx->config->blob_store, cx->arena, key_of(cx, name)));
    blob_forget(cx, name);
    return OK;
}

err blob_map(struct ctx *cx, str name, ptrdiff_t max, str *bytes)
{
    str path;
    TRY(blob_here(cx, name, &path));
    return file_map(cx->arena, path, max, bytes);
}

err blob_here_inside(struct ctx *cx, str hash, str *folder, str *inner)
{
    str path;
    TRY(blob_here(cx, hash, &path));
    *folder = account_folder(cx);
    *inner = str_skip(path, folder->len + 1);
    return OK;
}

err blob_files_here(struct ctx *cx, const struct connector_file **files, ptrdiff_t n)
{
    struct connector_file *found = NEW(cx->arena, struct connector_file, n + 1);
    for (ptrdiff_t i = 0; i < n; i++) {
        found[i] = (*files)[i];
        err e = blob_here(cx, found[i].blob_name, &found[i].path);
        if (e != OK && e != E_NOT_FOUND) /* whoever sends it finds that it is not there */
            return e;
    }
    *files = found;
    return OK;
}

err blob_scratch(const struct ctx *cx, int *fd)
{
    return file_open_nameless(cx->config->blobs_dir, fd);
}
