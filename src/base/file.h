/* Files: the one way to disk for everything but the databases' own files. Every operation passes a
 * seam through which tests fail or crash the Nth one.
 *
 * Results: E_NOT_FOUND no such file or folder; E_CONFLICT already there, or locked by another
 * process; E_FORBIDDEN the system's permissions; E_LIMIT longer than the maximum; E_BUSY disk full,
 * quota, too many open files, out of memory; E_INTERNAL the rest (EIO …). errno stays set.
 * A failing file_sync ends the process: what the kernel dropped cannot be known afterwards.
 * Thread: any. Blocking: never on the loop, never inside a write transaction. */
#pragma once
#include "base/str.h"

/* The whole file into the arena; E_LIMIT when it has more than max bytes. */
err file_read(struct arena *a, str path, ptrdiff_t max, str *content);
/* Replaces or makes the file so that after a crash the old or the whole new content stands: temp
 * file beside it, fsync, rename, fsync of the folder. mode: 0600, 0644 … */
err file_write(str path, str content, int mode);

/* A file being written in parts (uploads, blobs). The descriptor is CLOEXEC. */
err file_open_write(str path, int mode, bool must_be_new, int *fd);
err file_open_read(str path, int *fd, int64_t *size_bytes);
/* A new file without a name, on the folder's disk: it is gone when the last descriptor is closed,
 * and after a crash. */
err file_open_nameless(str folder, int *fd);
err file_write_at(int fd, int64_t offset, str part);
err file_read_at(int fd, int64_t offset, void *to, ptrdiff_t len, ptrdiff_t *got); /* got 0 = end */
/* The same where the descriptor stands: pipes, too. */
err file_write_on(int fd, str part);
err file_read_on(int fd, void *to, ptrdiff_t len, ptrdiff_t *got);
err file_truncate(int fd, int64_t size_bytes);
err file_sync(int fd);
/* A sync whose failure is told: for a file that is thrown away then. */
err file_sync_try(int fd);
/* Everything on the disk that holds the folder, for folders of many new files. */
err file_disk_sync(str folder);
void file_close(int fd); /* -1 is allowed */
/* Renames inside one file system and makes it durable. The file itself was synced before. */
err file_rename(str from, str to);
/* The same; a failed sync is told, for a folder that may go away. */
err file_rename_try(str from, str to);
err file_remove(str path); /* gone already = OK */
err file_size(str path, int64_t *size_bytes);
/* Makes the folder and its parents with this mode; there already = OK. */
err file_folder_make(str path, int mode);
/* The same; a failed sync is told. */
err file_folder_make_try(str path, int mode);
/* The names in the folder but "." and "..", in byte order; E_LIMIT: more than max. */
err file_folder_list(struct arena *a, str path, ptrdiff_t max, struct str_list *names);
/* Now is when it was changed last. */
err file_touch(str path);
/* When it was changed last. */
err file_changed_ms(str path, int64_t *ms);
/* Nothing is in it, or it is not there; E_CONFLICT: something is, or it is no folder. */
err file_folder_is_free(str path);
/* How much the disk that holds the folder would still take from who is not root. */
err file_room(str folder, int64_t *bytes);
/* "cannot <do> <path>: <errno's words>", for who can act; after a failure of the above. */
str file_words(struct arena *a, str what, str path);
/* Holds an exclusive lock until the descriptor is closed or the process ends; E_CONFLICT when
 * another holds it. */
err file_lock(str path, int *fd);
/* Removes a folder with all it holds, not following links; gone already = OK. */
err file_tree_remove(str path);

/* Test seam: the operation with this number (1 = the next) and every one after it while `count`
 * lasts fails with errno_value; FILE_CRASH as errno_value kills the process there instead, as a
 * power cut would; nth 0 turns it off. */
enum { FILE_CRASH = -1 };
void file_fail_at(long nth, long count, int errno_value);
long file_calls(void); /* operations since the start of the process */
