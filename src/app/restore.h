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

/* For who fills a folder in another way (restore_ship.h). `fill` writes into `folder`, which is
 * there and new; it gets its name when that was OK, and is removed else. */
typedef err restore_fill(void *arg, str folder, str *why);
err restore_into(struct arena *a, str target, restore_fill *fill, void *arg, str *why);
/* The database in `folder`: is it whole, of a schema that is known, and are its attachments there?
 * *absent: how many are not. E_CONFLICT with *why: it is damaged. */
err restore_check(struct arena *a, str folder, int64_t *absent, str *why);

int restore_command(struct arena *a, const struct settings *s, str *out);
