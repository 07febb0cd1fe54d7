/* The loop: one thread that owns sockets, and an inbox through which every other thread speaks to
 * it. Wraps libevent's base; knows nothing of HTTP. Messages run in the order they were posted by
 * each thread. Nothing that runs here may block. */
#pragma once
#include "base/str.h"

struct loop;
struct event_base;

/* Part of the poster's own allocation; run owns it from loop_post on. */
struct loop_message {
    struct loop_message *next;
    void (*run)(struct loop_message *m);
};

enum { LOOP_TICK_MS = 100 };

struct loop *loop_open(void); /* NULL: out of memory or descriptors */
struct event_base *loop_base(struct loop *loop);
/* tick(arg) runs on the loop every LOOP_TICK_MS; wake(arg) after each round of messages. Before
 * start. */
void loop_callbacks(struct loop *loop, void (*tick)(void *arg), void (*wake)(void *arg), void *arg);
err loop_start(struct loop *loop);
void loop_post(struct loop *loop, struct loop_message *m); /* any thread; never fails */
void loop_nudge(struct loop *loop); /* any thread: makes wake run; needs no memory */
/* Runs what is in the inbox, ends the thread and waits for it. */
void loop_stop(struct loop *loop);
void loop_close(struct loop *loop); /* after stop; runs leftover messages on the caller's thread */
