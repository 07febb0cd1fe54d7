/* The parts of shipping among themselves: ship.c (turns, generations), ship_base.c (bases, what is
 * no longer kept). */
#pragma once
#include "base/thread.h"
#include "job/ship.h"
#include "job/ship_file.h"
#include "model/config.h"

/* A base is copied beside the database first, since the reader of its snapshot keeps the log from
 * beginning anew; then it waits until the segments have reached what it may hold; then it is
 * written into the folder, after all attachments that it knows. */
enum base_state { BASE_NONE, BASE_COPYING, BASE_COPIED, BASE_REACHED, BASE_DONE };

struct ship_base_making {
    enum base_state state;
    bool has_thread; /* ship thread only */
    bool is_stopped, is_placed;
    int64_t from, to; /* segments */
};

struct ship {
    struct db *db;
    str folder, database, copy; /* with a zero after them */
    struct config from;         /* only blobs_dir */
    str to_blobs;
    int64_t keep_ms, base_ms;
    int lock_fd;
    bool has_thread;
    pthread_t thread, base_thread;

    /* the ship thread's */
    char generation[40]; /* not changed while there is a base thread */
    bool has_generation;
    struct ship_pages held; /* taken and not written yet */
    int64_t blob_place;
    int64_t retry_ms, base_due_ms, base_began_ms; /* monotonic */
    int64_t bases_seen;

    pthread_mutex_t mutex; /* guards the rest */
    pthread_cond_t changed;
    bool is_ending, is_failing, is_taking;
    int64_t number;   /* the last segment that was written */
    int64_t whole_ms; /* what was committed before is in the folder */
    int64_t since_ms; /* since when something is not; 0 = all is */
    struct ship_base_making base;
    struct ship_stats stats;
};

/* So long after its row an attachment's file is waited for. */
enum { SHIP_LATE_MS = 3600 * 1000 };

struct blob_row;

/* Logs it, once until it goes on; errno says why. */
void ship_failed(struct ship *s, const char *what, str path);
str ship_generation_path(const struct ship *s, struct arena *a);
/* One attachment into the folder, when it is not there yet; *is_there false: it has no file. */
err ship_blob(struct ship *s, struct arena *a, const struct blob_row *row, bool *is_there);
/* New attachments are those whose rows came since, or not long before. */
err ship_blobs_since(struct ship *s, struct arena *a, int64_t at_ms);
/* ship_go_on.c: takes up the newest generation that the folder has, if the log goes on from its
 * last segment; false: another one is to begin. Before anything is written to the database. */
bool ship_go_on(struct ship *s, struct arena *a);
/* Takes a base that is done, begins one that is due. The ship thread. */
void ship_base_look(struct ship *s);
void ship_base_cancel(struct ship *s); /* ends its thread */
