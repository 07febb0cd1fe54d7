/* restore_store: `seva restore --blobs s3://…`: what was restored into a folder goes on into the
 * store that the options name, and is gone from the folder then. Not here: the restoring itself
 * (restore.h, restore_ship.h). Thread: the command's. */
#pragma once
#include "app/blobs.h"

struct restore_store {
    struct blob_store *store; /* NULL: attachments stay in the folder */
    int64_t files, damaged;   /* that went into it; in it as NAME.damaged */
};

/* With the options --db, --keys and --blobs: only a store is taken. E_INVALID or E_BUSY with *why.
 */
err restore_store_open(struct arena *a, const struct settings *s, const struct files *files,
    struct restore_store *to, str *why);
void restore_store_close(struct restore_store *to);
/* folder: a whole data folder that nobody uses. Killed anywhere, it may be begun again: the same
 * names have the same bytes. E_CONFLICT: the store has another installation's attachments. */
err restore_store_fill(struct arena *a, struct restore_store *to, str folder, str *why);
/* A line for people; empty without a store. */
str restore_store_words(struct arena *a, const struct restore_store *to, str place);
