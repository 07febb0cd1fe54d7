/* backup_file: the format of a backup: one stream of pieces, written and read from its beginning to
 * its end (docs/operations.md describes it). Not here: what the pieces hold, and files (backup.c,
 * restore.c). Thread: one at a time. */
#pragma once
#include "base/crypto.h"

enum backup_kind {
    BACKUP_INFO,     /* first: which program, when */
    BACKUP_KEYS,     /* the key file */
    BACKUP_DATABASE, /* one SQLite file */
    BACKUP_BLOB,     /* an attachment; its name: "<account>/<name of the blob>" */
    BACKUP_MISSING,  /* the name of an attachment that was not there; nothing inside */
    BACKUP_END,      /* how much it was */
};
enum { BACKUP_NAME_MAX = 128, BACKUP_CHUNK = 64 * 1024, BACKUP_MAGIC = 16 };

/* ── writing ── */

/* Takes all of it or fails; the error is passed on. */
typedef err backup_put(void *arg, str bytes);
struct backup_writer;
/* key: a passphrase seals it; empty: plain. */
err backup_writer_open(
    struct arena *a, backup_put *put, void *arg, str key, struct backup_writer **w);
/* A piece of exactly `size` bytes: begin, add …, end. *sum (or NULL): what it was. */
err backup_begin(struct backup_writer *w, enum backup_kind kind, str name, int64_t size);
err backup_add(struct backup_writer *w, str part);
err backup_end(struct backup_writer *w, struct sha256 *sum);
/* After the last piece. */
err backup_finish(struct backup_writer *w);

/* ── reading ── */

/* As much as there is, at most `room`; less only at the end. */
typedef err backup_get(void *arg, void *to, ptrdiff_t room, ptrdiff_t *got);
struct backup_reader;
struct backup_piece {
    enum backup_kind kind;
    str name; /* until the next piece; only for blobs */
    int64_t size;
    struct sha256 sum; /* when it was read to its end */
};
/* E_INVALID with words in *why: this is no backup, is sealed and there is no key, or the reverse.
 */
err backup_reader_open(
    struct arena *a, backup_get *get, void *arg, str key, struct backup_reader **r, str *why);
/* The next piece; what is left of the one before is read over and checked. BACKUP_END is given once
 * all has been found right. After any failure backup_fault has the words; E_INVALID: cut, altered
 * or another key. Errors of `get` are passed on. */
err backup_next(struct backup_reader *r, struct backup_piece **piece);
/* The piece's bytes; *got 0 = the end, and the bytes were those that were written. */
err backup_read(struct backup_reader *r, void *to, ptrdiff_t room, ptrdiff_t *got);
str backup_fault(const struct backup_reader *r);
int64_t backup_bytes(const struct backup_reader *r); /* of the stream, read until now */
