/* export_make: an account, or what is held of one contact, in open formats (docs/export.md), to a
 * folder, a .tar file or a tar on standard output. All lists are read first, page by page by key;
 * files are copied when no snapshot of the database is open any more. Memory does not grow with the
 * account. Not here: who may have it, and the audit entry, which stands before the first row is
 * read. Thread: the caller's; blocks on the database and the disk, outside any transaction of the
 * caller's. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "model/export.h"

struct db;

struct export_order {
    str target; /* as export_out_open takes it */
    str blobs_dir;
    struct blob_store *blob_store; /* NULL: attachments are in blobs_dir */
    int64_t room_bytes; /* so much of the disk stays free; 0 = the disk may become full */
    /* A snapshot that is older is given up for a new one before the next page; 0 = never: then the
     * export is of one moment. */
    int64_t snapshot_ms;
    /* Called when the target is there to be written; sets the three below, and writes the audit
     * entry where that is still to be done. NULL = they are set. */
    err (*begin)(void *arg, struct export_order *order, str *why);
    struct db *db;
    account_id account;
    contact_id contact; /* {0} = all of the account */
    /* How far it is, between pages and files; an error ends the export. NULL = nobody looks. */
    err (*told)(void *arg, const struct export_progress *far);
    void *arg; /* of both */
};

struct export_made {
    int64_t lists, lines, files, bytes;
    int64_t missing, damaged; /* files; the manifest names the first ones */
};

/* The target has its name when all of it is on the disk; after an error nothing stands there. why:
 * words for the person who can act; empty = the error was `told`'s, or the database's own. */
err export_make(
    struct arena *a, const struct export_order *order, struct export_made *made, str *why);
