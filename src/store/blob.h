/* blob: the files of an account on disk, by name; see migrations/0005_files.sql. The row is
 * committed before the file is put in place, and goes after it. Not here: the bytes
 * (care/blob_file.h). Thread: the transaction's. */
#pragma once
#include "model/ctx.h"

enum { BLOB_KEEP_MS = 24 * 3600 * 1000, BLOB_LOOK_MS = 7 * 24 * 3600 * 1000 };

/* The name will be used within BLOB_KEEP_MS: makes or renews the row. E_BUSY: the sweep is removing
 * a file of this name just now. */
err blob_claim(struct ctx *cx, str name, int64_t size);
/* The sweep: marks what nobody refers to and whose time has come as `removing`, puts off the rest;
 * gives all that are `removing`, at most limit. */
struct blob_name {
    str name;
};
err blob_sweep_begin(struct ctx *cx, ptrdiff_t limit, struct blob_name **rows, ptrdiff_t *n);
/* Their files are gone. */
err blob_sweep_end(struct ctx *cx, const struct blob_name *rows, ptrdiff_t n);

/* For a backup: the files that somebody refers to, by name, those after `after`. */
struct blob_needed {
    str name;
    int64_t size;
};
err blob_needed_page(
    struct ctx *cx, str after, ptrdiff_t limit, struct blob_needed **rows, ptrdiff_t *n);

/* For a shipped copy, SQLite only: files of all accounts in the order in which their rows came,
 * those after `after`. */
struct blob_row {
    int64_t place;
    account_id account_id;
    str name;
    int64_t created_ms;
};
err blob_after(
    struct db_tx *tx, int64_t after, ptrdiff_t limit, struct blob_row **rows, ptrdiff_t *n);
/* The place before the first of those that were made at `since_ms` or later. */
err blob_place_before(struct db_tx *tx, int64_t since_ms, int64_t *place);
/* SQL of the rooms that share the table: somebody refers to the file of row `blob`, of account ?1.
 */
#define BLOB_IS_NEEDED                                                                             \
    "(EXISTS (SELECT 1 FROM attachment a WHERE a.account_id = ?1 AND a.blob_name = blob.name)"     \
    " OR EXISTS (SELECT 1 FROM attachment a WHERE a.account_id = ?1"                               \
    "  AND a.thumbnail_name = blob.name)"                                                          \
    " OR EXISTS (SELECT 1 FROM mail_file f WHERE f.account_id = ?1 AND f.name = blob.name)"        \
    " OR EXISTS (SELECT 1 FROM mail_picture p WHERE p.account_id = ?1"                             \
    "  AND p.blob_name = blob.name)"                                                               \
    " OR EXISTS (SELECT 1 FROM agent g WHERE g.account_id = ?1 AND g.photo_hash <> ''"             \
    "  AND 'photos/' || g.id || '-' || g.photo_hash = blob.name))"
