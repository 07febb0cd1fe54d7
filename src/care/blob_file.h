/* blob_file: bytes on disk below the blobs folder (shared by all nodes):
 *   <account>/ab/<sha256>        a file by its content, never changed once in place
 *   <account>/parts/<number>     an upload on its way; the work of making a thumbnail
 *   photos/<agent>-<sha256>      agents' photos, which everybody may see

 * With a store (blob_store.h; config.blob_store) the same names are objects there, and the files
 * here are a cache: whoever opens one gets it fetched.
 * No name of a person's ever becomes a path. A file is whole and synced before it is renamed into
 * place, and its row (store/blob.h) is committed before that. This is the one door to these bytes:
 * who needs them asks here and never makes a path. Not here: who may see a file.
 * Thread: any; blocks on the disk: never inside a write transaction, never on the loop. */
#pragma once
#include "base/crypto.h"
#include "model/ctx.h"

struct connector_file;

/* Where a blob (64 hex digits of the account, or "photos/…") lies in another folder of this layout:
 * a copy that is shipped or restored. */
str blob_tree_path(struct arena *a, str folder, account_id account, str name);
/* The whole path of "parts/<number><ending>" in the account's folder. */
str part_path(const struct ctx *cx, int64_t number, const char *ending);

/* Opens and locks an upload's file; it is closed with the arena. size: what is there. E_CONFLICT:
 * another request or node writes to it. */
err part_open(struct ctx *cx, int64_t number, int *fd, int64_t *size);
/* What a whole file is. */
struct file_sum {
    str hash; /* hex */
    str head; /* the first bytes, for file_type */
    int64_t size;
};
err file_sum(struct arena *a, int fd, struct file_sum *sum);
/* The same of a file that another process has written; it is on disk after this. E_NOT_FOUND. */
err file_settle(struct arena *a, str path, struct file_sum *sum);
/* Renames a whole, synced file to its blob's name. */
err blob_place(struct ctx *cx, str path, str name);
/* The descriptor is the caller's. E_NOT_FOUND (no words). */
err blob_open(struct ctx *cx, str name, int *fd, int64_t *size);
err blob_remove(const struct ctx *cx, str name);
/* The same as blob_open for whoever reads very many of them once: what is fetched is not kept. */
err blob_open_once(struct ctx *cx, str name, int *fd, int64_t *size);
/* With a store: the copy on this machine goes, since it is not right. */
void blob_forget(const struct ctx *cx, str name);

/* Where it is kept (the folder, or the store and not its cache), for the doctor: its length; what
 * its bytes are; it is named NAME.damaged from now on. */
err blob_look(struct ctx *cx, str name, int64_t *size);
err blob_sum(struct ctx *cx, str name, struct file_sum *sum);
err blob_put_aside(struct ctx *cx, str name);
/* The whole of it in memory, mapped until the arena ends. Errors of file_map. */
err blob_map(struct ctx *cx, str name, ptrdiff_t max, str *bytes);
/* With a store, inside a transaction (cx->db): a file that is not on this machine is not fetched
 * but noted, and blob_open, blob_map and blob_here say E_BUSY. Whoever owns the transaction asks
 * blob_is_wanted, whatever came out of it; if so he undoes it, calls blob_bring without one, and
 * does all of it again. What could not be brought has the error of blob_bring then: E_NOT_FOUND,
 * E_BUSY. */
bool blob_is_wanted(const struct ctx *cx);
err blob_bring(struct ctx *cx);
/* A path for whoever opens files by name: readable now and for the next minutes. A file that is not
 * there has one, too. */
err blob_here(struct ctx *cx, str name, str *path);
/* The same, as a folder and what follows it ("ab/<sha256>"), for a program that sees this folder.
 */
err blob_here_inside(struct ctx *cx, str hash, str *folder, str *inner);
/* Of files that go out: the same ones with their paths, by blob_name. */
err blob_files_here(struct ctx *cx, const struct connector_file **files, ptrdiff_t n);
/* A file without a name for bytes that are on their way; gone when it is closed. */
err blob_scratch(const struct ctx *cx, int *fd);
/* True for a name of the first or third kind above: what may become a path. */
bool blob_name_is_good(str name);
