/* Threads: start with a name and a stack of stated size, conditions with a time limit that no
 * change of the clock moves, and per-thread caches of library handles. Not: queues, pools or locks.
 * Thread: any. */
#pragma once
#include "base/str.h"

#include <pthread.h>
#include <time.h>

/* Starts fn(arg) with all signals blocked (signals are read from a signalfd). name: at most 15
 * bytes, shown by ps and gdb. stack_bytes 0 = 512 KiB. E_BUSY when the system refuses. */
err thread_start(
    pthread_t *thread, const char *name, ptrdiff_t stack_bytes, void *(*fn)(void *arg), void *arg);
/* A condition whose timed waits go by the monotonic clock; false: the system refuses (Linux never
 * does). */
bool thread_cond_make(pthread_cond_t *cond);
/* The end of such a wait, in_ms (≥ 0) from now. Real time, also where tests have fixed the clock.
 */
struct timespec thread_deadline(int64_t in_ms);
/* Calls fn(what) when the calling thread ends, newest first; on the main thread never (the process
 * ends with it). The node is the caller's, in thread-local storage, one per use. False when out of
 * memory: the caller keeps `what` for this one time. */
struct thread_exit {
    struct thread_exit *older;
    void (*fn)(void *what);
    void *what;
};
[[nodiscard]] bool thread_at_exit(struct thread_exit *node, void (*fn)(void *what), void *what);
