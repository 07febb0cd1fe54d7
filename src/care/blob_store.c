/* blob_store: see blob_store.h. */
#include "care/blob_store.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "care/blob_file.h"

enum {
    FOLDER_MODE = 0700,
    FILE_MODE = 0600,
    HASH_DIGITS = 64,
    TRIES = 2, /* for bytes that come damaged */
    MARK_MAX = 4096,
    NAMES_MAX = 1000 * 1000,                               /* in one folder of the cache */
    AGES = BLOB_CACHE_UNUSED_MS / BLOB_CACHE_YOUNG_MS + 1, /* steps of BLOB_CACHE_YOUNG_MS */
    HOUR_MS = 3600 * 1000,
    SHARE = 8, /* it is looked through when so much of its measure has come since */
};

struct blob_store {
    struct s3 *s3;
    char *folder;
    int64_t most_bytes;
    char *mark_name, *mark;  /* that are expected; NULL = none */
    _Atomic bool is_unknown; /* nobody has seen the mark yet */
    _Atomic int64_t grown_bytes;
    _Atomic int64_t trimmed_ms; /* by the clock that only goes on */
    _Atomic bool is_trimming;
};

/* With a zero after it; NULL: out of memory. */
static char *kept(str s)
{
    char *copy = alloc_zero(s.len + 1);
    if (copy && s.len > 0)
        memcpy(copy, s.at, (size_t)s.len);
    return copy;
}

struct blob_store *blob_store_open(struct s3 *s3, str folder, int64_t most_bytes)
{
    struct blob_store *store = alloc_zero((ptrdiff_t)sizeof *store);
    char *top = kept(folder);
    if (store == NULL || top == NULL) {
        free(store);
        free(top);
        s3_close(s3);
        return NULL;
    }
    *store = (struct blob_store){.s3 = s3, .folder = top, .most_bytes = most_bytes};
    atomic_store(&store->grown_bytes, most_bytes); /* nobody knows what is in it */
    return store;
}

void blob_store_close(struct blob_store *store)
{
    if (store == NULL)
        return;
    s3_close(store->s3);
    free(store->folder);
    free(store->mark_name);
    free(store->mark);
    free(store);
}

err blob_store_expect(struct blob_store *store, str name, str mark)
{
    store->mark_name = kept(name);
    store->mark = kept(mark);
    atomic_store(&store->is_unknown, true);
    return store->mark_name && store->mark ? OK : E_BUSY;
}

bool blob_store_is_away(struct blob_store *store)
{
    return s3_is_away(store->s3);
}

struct s3 *blob_store_s3(struct blob_store *store)
{
    return store->s3;
}

/* ── objects ── */

static str hash_of(str key)
{
    return str_sub(key, key.len - HASH_DIGITS, HASH_DIGITS);
}

/* A store that refuses is mended by people: until then it is as one that cannot be reached. */
static err for_later(err e)
{
    return e == OK || e == E_NOT_FOUND ? e : E_BUSY;
}

/* The cache may be in a folder that nobody has made yet. */
static err nameless(struct blob_store *store, int *fd)
{
    TRY(file_folder_make_try(str_from(store->folder), FOLDER_MODE));
    return file_open_nameless(str_from(store->folder), fd);
}

/* OK: it is ours. */
static err prove(struct blob_store *store, struct arena *a)
{
    int fd = -1;
    int64_t size = 0;
    ptrdiff_t got = 0;
    char *space = NEW(a, char, MARK_MAX);
    if (!atomic_load(&store->is_unknown))
        return OK;
    TRY(nameless(store, &fd));
    err e =
        s3_get(store->s3, a, str_from(store->mark_name), (struct s3_range){0}, MARK_MAX, fd, &size);
    if (e == OK)
        e = file_read_at(fd, 0, space, MARK_MAX, &got);
    file_close(fd);
    if (e != OK && e != E_NOT_FOUND)
        return E_BUSY;
    if (e == OK && str_eq(str_trim(str_of(space, got)), str_from(store->mark))) {
        atomic_store(&store->is_unknown, false);
        return OK;
    }
    log_line(LOG_ERROR,
        "the store is not the one with this installation's attachments: check "
        "--blobs and start again",
        LOG_Z("expected", store->mark));
    return E_BUSY;
}

err blob_store_put(struct blob_store *store, struct arena *a, str key, str path)
{
    int fd;
    int64_t size;
    TRY(prove(store, a));
    TRY(file_open_read(path, &fd, &size));
    err e = s3_put(store->s3, a, key, fd, 0, size, hash_of(key));
    file_close(fd);
    return for_later(e);
}

err blob_store_put_part(
    struct blob_store *store, struct arena *a, str key, int fd, int64_t from, int64_t size)
{
    TRY(prove(store, a));
    return for_later(s3_put(store->s3, a, key, fd, from, size, hash_of(key)));
}

err blob_store_remove(struct blob_store *store, struct arena *a, str key)
{
    TRY(prove(store, a));
    return for_later(s3_remove(store->s3, a, key));
}

static err fetch_once(
    struct blob_store *store, struct arena *a, str key, int fd, struct file_sum *sum)
{
    int64_t size;
    TRY(prove(store, a));
    TRY(for_later(s3_get(store->s3, a, key, (struct s3_range){0}, LIMIT_UPLOAD_BYTES, fd, &size)));
    return file_sum(a, fd, sum);
}

/* Into the open file, until its bytes are those of the key. */
static err fetch_into(struct blob_store *store, struct arena *a, str key, int fd, int64_t *size)
{
    for (int i = 0; i < TRIES; i++) {
        struct file_sum sum;
        TRY(fetch_once(store, a, key, fd, &sum));
        *size = sum.size;
        if (str_eq(sum.hash, hash_of(key)))
            return file_sync_try(fd);
    }
    log_line(LOG_ERROR, "an attachment in the store is damaged", LOG_S("key", key));
    return E_BUSY;
}

static str folder_of(str path)
{
    while (path.len && path.at[path.len - 1] != '/')
        path.len--;
    return str_sub(path, 0, path.len - 1);
}

err blob_store_fetch(struct blob_store *store, struct arena *a, str key, str path)
{
    int fd;
    int64_t size = 0;
    str folder = str_cat(a, str_from(store->folder), S("/fetching"));
    str made = str_print(a, "%.*s/%.*s", SARG(folder), SARG(crypto_token(a)));
    err e = file_open_write(made, FILE_MODE, true, &fd);
    if (e == E_NOT_FOUND) {
        TRY(file_folder_make_try(folder, FOLDER_MODE));
        e = file_open_write(made, FILE_MODE, true, &fd);
    }
    TRY(e);
    e = fetch_into(store, a, key, fd, &size);
    file_close(fd);
    if (e == OK)
        e = file_folder_make_try(folder_of(path), FOLDER_MODE);
    if (e == OK)
        e = file_rename_try(made, path);
    if (e != OK)
        (void)file_remove(made); /* what stays goes when the cache is looked through */
    else
        blob_store_grown(store, size);
    return e;
}

err blob_store_take(struct blob_store *store, struct arena *a, str key, int *fd, int64_t *size)
{
    int made = -1;
    TRY(nameless(store, &made));
    err e = fetch_into(store, a, key, made, size);
    if (e == OK)
        *fd = made;
    else
        file_close(made);
    return e;
}

err blob_store_size(struct blob_store *store, struct arena *a, str key, int64_t *size)
{
    TRY(prove(store, a));
    return for_later(s3_size(store->s3, a, key, size));
}

err blob_store_sum(struct blob_store *store, struct arena *a, str key, struct file_sum *sum)
{
    int fd = -1;
    TRY(nameless(store, &fd));
    err e = fetch_once(store, a, key, fd, sum);
    file_close(fd);
    return e;
}

err blob_store_put_aside(struct blob_store *store, struct arena *a, str key)
{
    struct file_sum sum;
    int fd = -1;
    TRY(nameless(store, &fd));
    err e = fetch_once(store, a, key, fd, &sum);
    if (e == OK)
        e = for_later(
            s3_put(store->s3, a, str_cat(a, key, S(".damaged")), fd, 0, sum.size, sum.hash));
    file_close(fd);
    return e == OK ? blob_store_remove(store, a, key) : e;
}

/* ── the cache ── */

struct trim {
    struct arena one; /* what one folder needs */
    int64_t now_ms;
    int64_t bytes[AGES]; /* by age */
    ptrdiff_t from;      /* what is as old goes; AGES = nothing is removed, only counted */
};

static void one_file(struct trim *t, str path)
{
    int64_t changed_ms, size;
    if (file_changed_ms(path, &changed_ms) != OK || file_size(path, &size) != OK)
        return; /* gone meanwhile */
    int64_t age = (t->now_ms - changed_ms) / BLOB_CACHE_YOUNG_MS;
    age = age < 0 ? 0 : age >= AGES ? AGES - 1 : age;
    if (t->from == AGES)
        t->bytes[age] += size;
    else if (age >= t->from)
        (void)file_remove(path); /* one that stays is found again */
}

static void one_folder(struct trim *t, str folder)
{
    struct str_list names;
    arena_reset(&t->one);
    if (file_folder_list(&t->one, folder, NAMES_MAX, &names) != OK)
        return;
    for (ptrdiff_t i = 0; i < names.len; i++)
        one_file(t, str_print(&t->one, "%.*s/%.*s", SARG(folder), SARG(names.at[i])));
}

/* What exports left here whose process ended: one that is written is locked, and no node has one
 * that is whole for longer than it is kept. */
static void exports_folder(struct trim *t, str folder)
{
    const int64_t day_ms = 24 * HOUR_MS;
    struct str_list names;
    arena_reset(&t->one);
    if (file_folder_list(&t->one, folder, NAMES_MAX, &names) != OK)
        return;
    for (ptrdiff_t i = 0; i < names.len; i++) {
        str path = str_print(&t->one, "%.*s/%.*s", SARG(folder), SARG(names.at[i]));
        int64_t changed_ms;
        int fd = -1;
        if (str_ends(path, S(".tar.part")) && file_lock(path, &fd) == OK) {
            (void)file_remove(path); /* one that stays is found again */
            file_close(fd);
        } else if (str_ends(path, S(".tar")) && file_changed_ms(path, &changed_ms) == OK &&
                   t->now_ms - changed_ms > (LIMIT_EXPORT_KEEP_DAYS + 1) * day_ms) {
            (void)file_remove(path);
        }
    }
}

/* Uploads on their way ("parts") are no cache. */
static void look(struct blob_store *store, struct trim *t)
{
    struct arena a = arena_make(0);
    struct str_list tops, subs;
    str top = str_from(store->folder);
    if (file_folder_list(&a, top, NAMES_MAX, &tops) != OK)
        tops.len = 0;
    for (ptrdiff_t i = 0; i < tops.len; i++) {
        int64_t account;
        str folder = str_print(&a, "%.*s/%.*s", SARG(top), SARG(tops.at[i]));
        if (str_eq(tops.at[i], S("photos")) || str_eq(tops.at[i], S("fetching")))
            one_folder(t, folder);
        if (str_int(tops.at[i], 1, INT64_MAX, &account) != OK ||
            file_folder_list(&a, folder, NAMES_MAX, &subs) != OK)
            continue;
        for (ptrdiff_t j = 0; j < subs.len; j++)
            if (str_eq(subs.at[j], S("exports")))
                exports_folder(t, str_cat(&a, folder, S("/exports")));
            else if (subs.at[j].len == 2)
                one_folder(t, str_print(&a, "%.*s/%.*s", SARG(folder), SARG(subs.at[j])));
    }
    arena_free(&a);
}

void blob_store_trim(struct blob_store *store)
{
    if (atomic_exchange(&store->is_trimming, true))
        return;
    atomic_store(&store->grown_bytes, 0);
    atomic_store(&store->trimmed_ms, clock_mono_ms());
    struct trim t = {.one = arena_make(0), .now_ms = clock_now_ms(), .from = AGES};
    look(store, &t);
    int64_t kept = t.bytes[0];
    ptrdiff_t from = 1;
    while (from < AGES - 1 && kept + t.bytes[from] <= store->most_bytes)
        kept += t.bytes[from++];
    int64_t goes = 0;
    for (ptrdiff_t i = from; i < AGES; i++)
        goes += t.bytes[i];
    t.from = from;
    if (goes > 0)
        look(store, &t);
    arena_free(&t.one);
    atomic_store(&store->is_trimming, false);
}

void blob_store_trim_hourly(struct blob_store *store)
{
    if (clock_mono_ms() - atomic_load(&store->trimmed_ms) >= HOUR_MS)
        blob_store_trim(store);
}

void blob_store_grown(struct blob_store *store, int64_t bytes)
{
    if (atomic_fetch_add(&store->grown_bytes, bytes) + bytes >= store->most_bytes / SHARE)
        blob_store_trim(store);
}
