/* blob_store: attachments in a store that speaks S3 (net/s3.h), with a folder of this machine as a
 * cache before it. Objects are named as the files of a folder of attachments are (blob_file.h), so
 * that a folder and a store can be copied into each other. What is put is kept by the store when
 * blob_store_put says OK; what is fetched is held against its hash before it gets its name.
 *
 * The cache forgets what was not used for longest when it holds more than its measure, and what was
 * not used for a week; never what was used within the last ten minutes, since somebody may open it
 * by name. It may be emptied at any time. Not here: rows, and who may see a file.
 * Thread: any; blocks: never on the loop, never inside a write transaction. */
#pragma once
#include "model/ctx.h"
#include "net/s3.h"

enum { BLOB_CACHE_YOUNG_MS = 10 * 60 * 1000, BLOB_CACHE_UNUSED_MS = 7 * 24 * 3600 * 1000 };

struct blob_store;

/* It owns s3 from here on. NULL: out of memory, and s3 is closed. folder: of the cache. */
struct blob_store *blob_store_open(struct s3 *s3, str folder, int64_t most_bytes);
void blob_store_close(struct blob_store *store); /* NULL is allowed */
/* It could not be asked at the start whose it is: nothing is put, fetched or removed before its
 * object `name` says `mark`. Before any thread. E_BUSY: out of memory. */
err blob_store_expect(struct blob_store *store, str name, str mark);

/* key: "7/ab/<sha256>", "photos/3-<sha256>". E_BUSY: it is not sure that the store has it. */
err blob_store_put(struct blob_store *store, struct arena *a, str key, str path);
/* The same with bytes of an open file; the key ends with what they are. */
err blob_store_put_part(
    struct blob_store *store, struct arena *a, str key, int fd, int64_t from, int64_t size);
/* Makes the file there. E_NOT_FOUND; E_BUSY: not now, or what came is damaged. */
err blob_store_fetch(struct blob_store *store, struct arena *a, str key, str path);
/* Into a file without a name instead, past the cache; the descriptor is the caller's. For whoever
 * reads very many of them once. */
err blob_store_take(struct blob_store *store, struct arena *a, str key, int *fd, int64_t *size);
/* Of the object, without its bytes. */
err blob_store_size(struct blob_store *store, struct arena *a, str key, int64_t *size);
/* What its bytes are now, whatever its name says. */
struct file_sum;
err blob_store_sum(struct blob_store *store, struct arena *a, str key, struct file_sum *sum);
/* It is named key.damaged from now on. */
err blob_store_put_aside(struct blob_store *store, struct arena *a, str key);
err blob_store_remove(struct blob_store *store, struct arena *a, str key); /* gone already = OK */
/* So many bytes have been added to the cache, which is looked through when it is time. */
void blob_store_grown(struct blob_store *store, int64_t bytes);
/* Looks the cache through now. */
void blob_store_trim(struct blob_store *store);
/* The same when that was an hour ago. */
void blob_store_trim_hourly(struct blob_store *store);
/* It did not answer when it was asked last. */
bool blob_store_is_away(struct blob_store *store);
/* For whoever marks a store as an installation's own. */
struct s3 *blob_store_s3(struct blob_store *store);
