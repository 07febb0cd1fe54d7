/* export_parts: the file of an export in a store of attachments, so that each node gives it out: in
 * parts of EXPORT_PART_BYTES, because a store takes no file of any length at once and a download
 * brings no more to its node than it sends next. A part is named by its number and what its bytes
 * are ("7/exports/12/0-<sha256>"), and is held against that when it comes back. Whoever copies a
 * store into a folder of attachments finds them there. Not here: rows of parts
 * (store/data_export.h), who may have one (care/data_export.h).
 * Thread: any; blocks: never on the loop, never inside a transaction. */
#pragma once
#include "model/ctx.h"
#include "model/export.h"

/* So many bytes have a file of so many parts at most: 3.3 TB. */
enum { EXPORT_PARTS_MAX = 400 * 1000 };

/* What part `number` of the open file is, of `size` bytes in all. E_BUSY: it cannot be read. */
err export_part_sum(
    struct arena *a, int fd, int64_t size, int64_t number, struct export_part *part);
/* OK: the store has it. E_BUSY: not now. */
err export_part_put(
    const struct ctx *at, data_export_id id, const struct export_part *part, int fd);
/* A file with its bytes; the descriptor is the caller's. E_NOT_FOUND; E_BUSY. */
err export_part_open(
    const struct ctx *at, data_export_id id, const struct export_part *part, int *fd);
err export_part_remove(
    const struct ctx *at, data_export_id id, const struct export_part *part); /* gone = OK */
