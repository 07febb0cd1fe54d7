/* machine: what a node needs of the machine before it serves: open files enough for its
 * connections, and, where several nodes share one database, one folder of files that is really the
 * same. Thread: main, at the start. */
#pragma once
#include "app/blobs.h"
#include "db/db.h"

/* Raises the soft limit of open files so that this many connections fit (with
 * LIMIT_HTTP_SPARE_FILES more), as far as the hard limit lets it. How many fit now; fewer are
 * warned of. */
int64_t machine_make_room(int64_t connections);

/* The folder's marker file (blobs/installation, made when there is none) says the same as the
 * database: every node has the same folder. For PostgreSQL, and for a store on both
 * databases: another one would be without its attachments. E_CONFLICT with *why: it is
 * another folder; E_BUSY: it cannot be looked at just now. */
err machine_check_blobs(
    struct arena *a, struct db *db, const struct files *files, struct blob_store *store, str *why);
