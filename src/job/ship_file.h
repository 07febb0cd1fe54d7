/* ship_file: the files of a folder that a database is shipped to (docs/operations.md, "Shipping"):
 *   seva-ship                              the mark of such a folder; locked by who ships to it
 *   blobs/…                                attachments, as in the folder of files
 *   <generation>/s-<number>-<ms>           a segment: pages as they were at that moment
 *   <generation>/b-<from>-<to>-<sha256>    a base: a database; with the segments after `from` up to
 *                                          `to` or any later one it is the database at that one
 * Everything is written under another name, synced and renamed. Not here: when (ship.h).
 * Thread: any; blocks on the disk. A failed sync is told. */
#pragma once
#include "base/crypto.h"
#include "db/sqlite_ship.h"

enum { SHIP_FILES_MAX = 4 * 1000 * 1000, SHIP_COPY_BYTES = 1024 * 1024 };

struct ship_segment {
    int64_t number, at_ms;
    str name;
};
struct ship_base {
    int64_t from, to;
    str name, hash;
};
/* What a generation has, in the order of numbers; what has another form of name is left out. */
struct ship_files {
    struct ship_segment *segments;
    struct ship_base *bases;
    ptrdiff_t n_segments, n_bases;
};
err ship_files_list(struct arena *a, str folder, struct ship_files *files);
/* The folder's generations, oldest first. */
err ship_generations(struct arena *a, str folder, struct str_list *names);
/* The first segment from `number` on, by place in files->segments; n_segments when there is none.
 */
ptrdiff_t ship_segment_from(const struct ship_files *files, int64_t number);

/* The newest base whose segments are all there, as far as there are any: from it on the
 * generation's end can be restored. −1: there is none. */
ptrdiff_t ship_base_of_end(const struct ship_files *files);

str ship_base_name(struct arena *a, int64_t from, int64_t to, struct sha256 hash);
/* *bytes: how long the file is. */
err ship_segment_write(
    struct arena *a, str folder, int64_t number, const struct ship_pages *pages, int64_t *bytes);
/* E_INVALID: it is not whole. *place: of the database's log after it; one that an older Seva wrote
 * does not tell. */
err ship_segment_look(
    struct arena *a, str path, int64_t number, struct ship_place *place, bool *has_place);
/* Puts its pages into the open database file, when its sum is right. E_INVALID: it is not whole. */
err ship_segment_apply(struct arena *a, str path, int64_t number, int fd);
/* The open file's bytes into a new file; E_CONFLICT: `wanted` (hex; empty: any) is not their
 * SHA-256, and there is no file. `goes_on` (or NULL) is asked now and then; false: E_BUSY. */
typedef bool ship_goes_on(void *arg);
err ship_copy(struct arena *a, int from, str to, str wanted, ship_goes_on *goes_on, void *arg,
    struct sha256 *sum);
