/* sqlite_ship: what commits change in an SQLite database, page by page, for a copy that follows it
 * (job/ship.h). The pages come from the write-ahead log: whoever keeps it short (sqlite_wal.c) has
 * them collected first, so the log never waits for the copy. Not here: where they go.
 * Thread: any; one user at a time. */
#pragma once
#include "db/db.h"

/* What is held for who does not take it; then collecting ends by itself. */
enum { SHIP_HELD_BYTES = 64 * 1024 * 1024 };

/* Between two commits of a log. The sum goes over all before it, so what has the same place has the
 * same content. */
struct ship_place {
    uint32_t salts[2], frames, sums[2];
};

/* The newest content of each page that some commits changed. */
struct ship_pages {
    struct ship_place place; /* after the last of the commits */
    int64_t at_ms;           /* when the last of the commits was made */
    int64_t oldest_ms;       /* a moment before the first was; 0 = there is nothing */
    uint32_t page_bytes;     /* 512 to 65536 */
    uint32_t db_pages;       /* the database's length after the last commit */
    uint32_t n;
    uint32_t *numbers; /* from 1; in no order */
    char *content;     /* n pages in the order of the numbers */
    uint32_t room, table_room;
    uint32_t *table; /* by number: 1 + the place; 0 = free */
};

/* Collects from now on what is committed. Makes a small commit of its own, so that the place in the
 * log is known. With `from` (or NULL), a place of an earlier run: what was committed since is
 * collected, too; *missed: so many frames of it. E_CONFLICT: the log does not go on from there, and
 * nothing is collected. E_BUSY: the database is busy, or memory has ended. SQLite only. */
err sqlite_ship_begin(struct db *db, const struct ship_place *from, int64_t *missed);
/* The log stays when the database is closed, moved into the file, so that a later run may go on. */
void sqlite_ship_keep_log(struct db *db);
/* All that was committed before the call and after the one before; the caller's, for
 * ship_pages_free. E_CONFLICT: something was missed, or was too much to hold (logged); collecting
 * has ended. */
err sqlite_ship_take(struct db *db, struct ship_pages *pages);
/* When the oldest commit that was not taken was made; 0 = all were. */
int64_t sqlite_ship_waiting_ms(struct db *db);
void sqlite_ship_end(struct db *db);
void ship_pages_free(struct ship_pages *pages); /* may be empty */
