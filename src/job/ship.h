/* ship: a folder elsewhere follows an SQLite database and its attachments, less than a second
 * behind (docs/operations.md, "Shipping"; the files: ship_file.h). A thread of its own takes what
 * was committed every SHIP_TURN_MS and writes it as a segment, attachments first. A generation is
 * an unbroken row of segments; another thread adds a base to it at its beginning and then now and
 * then, and removes what is older than is to be kept. A folder that is full, slow or gone holds
 * nobody up: when more than SHIP_HELD_BYTES wait, the generation ends, and another one begins when
 * the folder can be written to again. Not here: reading the folder (app/restore_ship.h).
 * Thread: open, start, stop and close one; ship_stats_of any. */
#pragma once
#include "db/db.h"

enum {
    SHIP_TURN_MS = 400,
    SHIP_RETRY_MS = 5000,  /* a folder that failed is tried again */
    SHIP_GENERATIONS = 24, /* older ones go, even before their time */
};

struct ship;
struct ship_options {
    struct db *db; /* SQLite */
    str database;  /* its path */
    str data_dir;  /* a base is first copied here */
    str blobs_dir;
    struct blob_store *blob_store; /* as in model/config.h */
    str folder;                    /* where to */
    int64_t keep_ms;               /* moments so long ago can be restored */
    int64_t base_ms;               /* between two bases; 0 = a day */
};
/* Makes or opens the folder. When the database's log goes on from the last segment, so does its
 * generation; thus it comes before anything is written to the database, and who closed that
 * before has kept the log (sqlite_ship_keep_log). E_INVALID with *why: it
 * cannot be written, holds something else, or another server ships to it. */
err ship_open(struct arena *a, const struct ship_options *o, struct ship **s, str *why);
err ship_start(struct ship *s);
/* Ships what was committed until now, when the folder takes it; ends the threads. */
void ship_stop(struct ship *s);
void ship_close(struct ship *s); /* NULL is allowed */

struct ship_stats {
    int64_t lag_ms; /* since when something that was committed could not be restored; 0 = nothing */
    bool is_failing;                             /* the folder does not take it */
    bool went_on;                                /* with the generation of an earlier run */
    int64_t segments, bytes, generations, bases; /* written since the start */
};
struct ship_stats ship_stats_of(struct ship *s);
