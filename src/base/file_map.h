/* file_map: files as bytes in memory that are not read before somebody looks at them: for long ones
 * that are read from the front to the end (mails). What has been passed is let go of, so that such
 * a file takes a few MB of memory, however long it is and however often it is read.
 * Not here: writing, and reading in pieces (file.h). Thread: any; may block on the disk. */
#pragma once
#include "base/str.h"

/* Between two looks at what may be let go of: about what stays of a file that is being read. */
enum { FILE_MAP_PASS_BYTES = 1024 * 1024 };

/* The whole file, mapped until the arena ends. For files that are never changed in place (blobs).
 * E_LIMIT when it has more than max bytes; errors as in file.h. */
err file_map(struct arena *a, str path, ptrdiff_t max, str *content);
/* The same of an open file, which may then be closed. */
err file_map_open(struct arena *a, int fd, int64_t size, str *content);

/* These bytes have been read, and will hardly be read again soon: their pages no longer count as
 * the process's own; who looks again gets them from the file. Bytes that are of no mapped file, and
 * less than a page, are left as they are. */
void file_map_passed(str bytes);
/* Of a walk from the front: passes what lies before `at`, once it is FILE_MAP_PASS_BYTES or more,
 * and moves *passed there. */
void file_map_walk(str bytes, ptrdiff_t at, ptrdiff_t *passed);
/* str_find and str_find_byte that let go of what they have searched. */
ptrdiff_t file_map_find(str s, str needle);
ptrdiff_t file_map_find_byte(str s, char c);
