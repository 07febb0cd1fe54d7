/* export_out: where an export goes: a folder, a .tar file, or a tar on standard output. Nothing has
 * its final name before all of it is there. Not here: what is exported (export_make.h). Thread: the
 * caller's. */
#pragma once
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/file_pace.h"
#include "base/str.h"

struct export_out {
    struct arena *a, *one;   /* one: paths and hashes of files; the caller resets it */
    str target, part, spool; /* spool: the folder of files without a name */
    bool is_pipe, is_tar;
    int fd; /* the tar; of a folder: its lock; -1 */
    int64_t now_ms, bytes;
    int64_t room_bytes; /* so much of the disk stays free */
    struct file_pace pace;
    char *space; /* for copying */
    str folder;  /* made last */
    str why;
};

/* A list on its way: in the folder, or (tar: the head says the size) in a file without a name. */
struct export_list {
    str name; /* "contacts.jsonl" */
    int fd;
    int64_t lines, bytes;
    struct crypto_sha256_stream *sum;
    str hash; /* hex, once it is closed */
};

/* target: "-" = standard output, a name that ends in .tar, else a folder. Refuses what is there
 * already, a terminal, and a target that another export writes. room_bytes: it ends before less
 * than that is free on the disk; 0 = when the disk is full. Errors of all of these: o->why has the
 * words. */
err export_out_open(struct arena *a, struct arena *one, str target, int64_t now_ms,
    int64_t room_bytes, struct export_out *o);
err export_list_open(struct export_out *o, const char *name, struct export_list *list);
err export_list_add(struct export_out *o, struct export_list *list, str text, int64_t lines);
err export_list_close(struct export_out *o, struct export_list *list);
/* path: "files/ab/…". hash (hex): what the bytes were. */
err export_out_file(struct export_out *o, str path, int fd, int64_t size, str *hash);
err export_out_text(struct export_out *o, str path, str text);
/* On the disk, and by its name. */
err export_out_finish(struct export_out *o);
/* Removes what is not finished. */
void export_out_drop(struct export_out *o);
