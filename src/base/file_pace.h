/* How much of a long file may lie unsynced while it is written beside a database: others' syncs on
 * that disk wait for it, and some of a database's run under its write lock (db/sqlite_wal.c). It is
 * what the disk takes in about an eighth of a second, between LIMIT_UNSYNCED_LEAST_BYTES and
 * LIMIT_UNSYNCED_BYTES. Not: who writes the file.
 * Thread: one owner. */
#pragma once
#include "base/str.h"

struct file_pace { /* all 0: a new one */
    int64_t unsynced_bytes;
    int64_t most_bytes; /* 0: nothing is known of the disk yet */
};

/* So many bytes more were written; true: now they are to be synced. */
bool file_pace_add(struct file_pace *pace, int64_t bytes);
/* Syncs the file and learns from how long that took; E_…: as file_sync_try. */
err file_pace_sync(struct file_pace *pace, int fd);
/* The same for who syncs by another way: it took so long. */
void file_pace_took(struct file_pace *pace, int64_t us);
