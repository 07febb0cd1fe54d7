/* sqlite_copy: an SQLite database copied while another process uses it, and a copy that lies still
 * looked into. Not here: the server's own connections (sqlite.c). Thread: one at a time. */
#pragma once
#include "db/db.h"

/* The copy goes on while this gives true. */
typedef bool sqlite_copied(void *arg, int64_t done_bytes, int64_t all_bytes);

/* Copies the database at `from` into the new file `to` (0600): one snapshot of what is committed,
 * taken at the call's beginning. Writers go on meanwhile; the log of the server cannot begin anew
 * until it ends. *why: words. E_NOT_FOUND: there is no database; E_BUSY: disk full, or locked. */
err sqlite_copy(struct arena *a, str from, str to, sqlite_copied *copied, void *arg, str *why);

/* Opens a database file that nobody writes to, for reading alone: no lock, no log, no file beside
 * it. Of the door only transactions of DB_READ and their statements. */
err sqlite_still_open(struct arena *a, str path, struct db **db, str *why);
/* SQLite's own check of its pages (`is_deep`: of the indexes' content too) and of the foreign keys.
 * E_CONFLICT: damaged; *why says what was found first. */
err sqlite_still_check(struct arena *a, struct db *db, bool is_deep, str *why);
