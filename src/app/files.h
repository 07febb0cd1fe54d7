/* files: the data folder: DATA/seva.db, DATA/keys (0600), DATA/blobs/, DATA/lock, DATA/admin.sock.
 * One process at a time holds the lock. Not here: what is inside the database or the blobs. */
#pragma once
#include "app/config.h"
#include "base/crypto.h"

struct files {
    str data_dir; /* absolute */
    str keys_file, blobs_dir, admin_socket;
    str store; /* "BUCKET/PREFIX" of a store that speaks S3; empty: attachments are in blobs_dir */
    str db_url;
    str ship_dir; /* absolute; empty = none */
    int lock_fd;  /* −1: not held */
};

/* Works the paths out; touches nothing. */
err files_resolve(struct arena *a, const struct settings *s, struct files *files, str *why);
/* Makes the folder and the folder of files where they are missing. */
err files_make(struct arena *a, const struct files *files, str *why);
/* Makes the key file where it is missing: only of an installation that has sealed nothing yet, else
 * what is sealed would never be opened again. */
err files_make_keys(struct arena *a, const struct files *files, str *why);
/* E_CONFLICT: another process holds it. */
err files_lock(struct arena *a, struct files *files, str *why);
void files_unlock(struct files *files);
/* E_NOT_FOUND, and *why: the SQLite file is not there. Only `seva init` makes one: an empty one
 * that answered in its place would turn away what senders then never send again. */
err files_database_is_there(struct arena *a, const struct files *files, str *why);
/* E_INVALID: no key file, or one that others can read. */
err files_keys(struct arena *a, const struct files *files, struct keyring **keys, str *why);
/* E_CONFLICT, and *why: what is written for elsewhere must not lie in the data folder or the folder
 * of files, and be lost, swept or copied with it. "-" lies nowhere. */
err files_elsewhere(struct arena *a, const struct files *files, str target, str *why);
/* E_BUSY, and *why "cannot <do> <path>: <errno's words>". */
err files_failed(struct arena *a, str what, str path, str *why);
/* Without its end. Errors as file_read. */
err files_first_line(struct arena *a, str file, str *line);
/* The password: the first line of the file ("-": standard input). */
err files_password(struct arena *a, str file, str *password, str *why);
