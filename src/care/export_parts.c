/* export_parts: see export_parts.h. */
#include "care/export_parts.h"

#include "base/crypto.h"
#include "base/file.h"
#include "care/blob_store.h"

enum { READ_BYTES = 256 * 1024 };

static str key_of(const struct ctx *at, data_export_id id, const struct export_part *part)
{
    return str_print(at->arena, "%lld/exports/%lld/%lld-%.*s", (long long)at->account.v,
        (long long)id.v, (long long)part->number, SARG(part->hash));
}

/* Without a store they are where a copy of one has them. */
static str path_of(const struct ctx *at, data_export_id id, const struct export_part *part)
{
    return str_print(
        at->arena, "%.*s/%.*s", SARG(at->config->blobs_dir), SARG(key_of(at, id, part)));
}

err export_part_sum(struct arena *a, int fd, int64_t size, int64_t number, struct export_part *part)
{
    int64_t from = number * EXPORT_PART_BYTES, bytes = size - from, read = 0;
    if (bytes > EXPORT_PART_BYTES)
        bytes = EXPORT_PART_BYTES;
    char *buffer = arena_try(a, READ_BYTES, 1);
    struct crypto_sha256_stream *stream = buffer ? crypto_sha256_open() : NULL;
    if (!stream)
        return E_BUSY;
    err e = OK;
    while (e == OK && read < bytes) {
        ptrdiff_t want = bytes - read < READ_BYTES ? (ptrdiff_t)(bytes - read) : READ_BYTES,
                  got = 0;
        e = file_read_at(fd, from + read, buffer, want, &got);
        if (e == OK && got == 0)
            e = E_BUSY; /* it is shorter than it was */
        if (e == OK)
            crypto_sha256_add(stream, str_of(buffer, got));
        read += got;
    }
    struct sha256 hash = crypto_sha256_close(stream);
    TRY(e);
    *part = (struct export_part){.number = number,
        .hash = crypto_hex(a, str_of(hash.b, (ptrdiff_t)sizeof hash.b)),
        .bytes = bytes};
    return OK;
}

err export_part_put(const struct ctx *at, data_export_id id, const struct export_part *part, int fd)
{
    return blob_store_put_part(at->config->blob_store, at->arena, key_of(at, id, part), fd,
        part->number * EXPORT_PART_BYTES, part->bytes);
}

err export_part_open(
    const struct ctx *at, data_export_id id, const struct export_part *part, int *fd)
{
    int64_t size = 0;
    int found = -1;
    struct blob_store *store = at->config->blob_store;
    TRY(store ? blob_store_take(store, at->arena, key_of(at, id, part), &found, &size)
              : file_open_read(path_of(at, id, part), &found, &size));
    if (size == part->bytes) {
        *fd = found;
        return OK;
    }
    file_close(found);
    return E_BUSY;
}

err export_part_remove(const struct ctx *at, data_export_id id, const struct export_part *part)
{
    struct blob_store *store = at->config->blob_store;
    return store ? blob_store_remove(store, at->arena, key_of(at, id, part))
                 : file_remove(path_of(at, id, part));
}
