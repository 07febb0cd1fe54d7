/* intake: verified deliveries on their way into the inbox. All that wait are written by one
 * statement in one transaction, and each is answered when it is durable: a delivery costs no turn
 * of the write lock and no commit of its own. One that the database refuses fails alone. Order: as
 * they were put. Not here: verifying and parsing (the caller has done it), what becomes of a
 * delivery (job/receive.c).
 *
 * Thread: intake_put any; one thread of its own writes and answers. Shared: the queue (a mutex). */
#pragma once
#include "db/db.h"
#include "store/inbox.h"

struct intake;

/* Called exactly once per delivery that was put, on the intake's thread. OK: it is durable, or was
 * so before (is_new = false). E_BUSY: it is not here. Must not block. */
typedef void intake_done(void *arg, err result, bool is_new);

/* The caller's, with everything it points to, until `done` is called. */
struct intake_item {
    struct intake_item *next;
    struct inbox_new delivery;
    intake_done *done;
    void *arg;
};

struct intake_options {
    struct db *db;
    void (*wake)(void *arg); /* something new was committed; must not block */
    /* Called before each batch; may hold it up for a moment when what is in the inbox already is
     * not taken up fast enough. NULL = never. */
    void (*make_room)(void *arg);
    void *arg;
};

/* NULL: no memory or no thread. */
struct intake *intake_open(const struct intake_options *options);
/* Writes and answers what waits, then ends the thread; what is put from then on is refused. in may
 * be NULL in both. */
void intake_stop(struct intake *in);
/* Stops it and frees it: nobody else uses it any more. */
void intake_close(struct intake *in);
/* E_BUSY: LIMIT_INTAKE_WAITING wait already, or the intake has stopped; the item stays the caller's
 * and `done` is not called. */
err intake_put(struct intake *in, struct intake_item *item);
