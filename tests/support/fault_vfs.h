/* A file system for SQLite that fails on demand and remembers what a power cut would leave: a VFS
 * in front of the ordinary one. Not: part of the program. Thread: any; one mutex over everything.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Becomes SQLite's default file system; before the first database is opened. */
void fault_vfs_start(void);
/* Nothing fails, nothing is remembered. */
void fault_vfs_reset(void);

enum fault_op { FAULT_WRITE, FAULT_SYNC, FAULT_READ, FAULT_OP_COUNT };
/* The nth call from now (1 = the next) and `count` − 1 after it return this SQLite code. Half of
 * the bytes of a failing write reach the file, as on a full disk. */
void fault_vfs_fail(enum fault_op op, long nth, long count, int code);
long fault_vfs_calls(enum fault_op op); /* since fault_vfs_reset */
/* From now on each sync takes at least so long, as on a disk that others write to. */
void fault_vfs_slow_sync(int64_t ms);

/* From now on remembers what was written since each file's last sync; for files opened later. */
void fault_vfs_remember(void);
/* Called before every write, truncation, sync and deletion; it may call fault_vfs_power_cut. */
void fault_vfs_watch(void (*fn)(void *arg), void *arg);
/* Writes into the folder the files as a power cut at this moment could leave them: what was synced,
 * and of the later writes any subset, some torn between sectors. The same seed makes the same
 * choices. */
void fault_vfs_power_cut(const char *folder, uint64_t seed);
