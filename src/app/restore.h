/* restore: `seva restore`: a data folder from a backup, and reading a backup to check it. The
 * folder gets its name when everything in it was found right and is on the disk. Thread: main. */
#pragma once
#include "app/backup_file.h"
#include "app/config.h"

/* What a backup was found to hold. */
struct backup_found {
    str info; /* its first piece */
    bool has_keys, has_database;
    int64_t blobs, bytes;    /* attachments, bytes inside all pieces */
    int64_t missing, broken; /* attachments that were not there, or were damaged, at its making */
};
/* The backup in `file` ("-": standard input), read to its end and checked; written into `folder`,
 * which is there and empty, unless that is empty. *why: words. */
err backup_take(
    struct arena *a, str file, str key, str folder, struct backup_found *found, str *why);
/* The first line of --encrypt-key-file; empty without one. */
err backup_key(struct arena *a, const struct settings *s, str *key, str *why);
/* "3 attachments …\n" when not all were there. */
str backup_warning(struct arena *a, int64_t missing, int64_t broken);

int restore_command(struct arena *a, const struct settings *s, str *out);
