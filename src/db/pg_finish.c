/* The end of write transactions without a waiting worker: db_end sends COMMIT
 * and goes on; this thread hears the servers' answers, gives the connections
 * back and calls `done`. Not: db_commit, which waits on its own connection.
 * Thread: its own; callers any. Shared: struct finisher under its mutex. */
#include "db/pg_driver.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/thread.h"

struct finisher {
    int event_fd; /* wakes the thread */
    pthread_t thread;
    struct pg_conn **waiting; /* the thread's own: commits under way */
    struct pollfd *fds;       /* the same order, after the event */
    int n_waiting;

    pthread_mutex_t mutex; /* guards the rest */
    struct pg_conn *added; /* by next_free, newest first */
    bool is_ending;
};

static void ring(const struct finisher *f)
{
    uint64_t one = 1;
    if (write(f->event_fd, &one, sizeof one) < 0 && errno != EAGAIN)
        log_line(LOG_ERROR, "the finisher cannot be woken", LOG_I("errno", errno));
}

void pg_finish_later(struct finisher *f, struct pg_conn *c)
{
    (void)pthread_mutex_lock(&f->mutex);
    bool is_first = f->added == NULL;
    c->next_free = f->added;
    f->added = c;
    (void)pthread_mutex_unlock(&f->mutex);
    if (is_first)
        ring(f);
}

/* False when the thread is to end. */
static bool take_added(struct finisher *f)
{
    (void)pthread_mutex_lock(&f->mutex);
    struct pg_conn *c = f->added;
    f->added = NULL;
    bool is_ending = f->is_ending;
    (void)pthread_mutex_unlock(&f->mutex);
    while (c != NULL) {
        f->waiting[f->n_waiting] = c;
        f->fds[1 + f->n_waiting++] = (struct pollfd){.fd = PQsocket(c->handle), .events = POLLIN};
        c = c->next_free;
    }
    return !is_ending || f->n_waiting > 0;
}

/* The answer has begun to arrive: the rest follows at once. */
static void finish_one(struct pg_conn *c)
{
    db_done *done = c->done;
    void *arg = c->done_arg;
    err e = pg_settle(c);
    FAILPOINT("db.after_commit");
    if (e == OK)
        db_count(&c->pg->db.counted.commits, 1);
    pg_give(c);
    if (done != NULL)
        done(arg, e);
}

static void *finisher_main(void *arg)
{
    struct finisher *f = arg;
    while (take_added(f)) {
        if (poll(f->fds, (nfds_t)f->n_waiting + 1, -1) < 0)
            continue; /* a signal */
        if (f->fds[0].revents != 0) {
            uint64_t rung;
            ssize_t n = read(f->event_fd, &rung, sizeof rung);
            (void)n; /* the descriptor does not block: nothing there is no harm */
        }
        for (int i = f->n_waiting - 1; i >= 0; i--) {
            if (f->fds[1 + i].revents == 0)
                continue;
            struct pg_conn *c = f->waiting[i];
            f->n_waiting--;
            f->waiting[i] = f->waiting[f->n_waiting];
            f->fds[1 + i] = f->fds[1 + f->n_waiting];
            finish_one(c);
        }
    }
    return NULL;
}

void pg_finish_stop(struct finisher *f)
{
    if (f == NULL)
        return;
    (void)pthread_mutex_lock(&f->mutex);
    f->is_ending = true;
    (void)pthread_mutex_unlock(&f->mutex);
    ring(f);
    (void)pthread_join(f->thread, NULL);
    assert(f->n_waiting == 0);
    (void)close(f->event_fd);
    (void)pthread_mutex_destroy(&f->mutex);
    free(f->waiting);
    free(f->fds);
    free(f);
}

static void discard(struct finisher *f)
{
    if (f->event_fd >= 0)
        (void)close(f->event_fd);
    free(f->waiting);
    free(f->fds);
    free(f);
}

err pg_finish_start(int n_conns, struct finisher **started)
{
    struct finisher *f = alloc_zero((ptrdiff_t)sizeof *f);
    if (f == NULL)
        return E_BUSY;
    f->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    f->waiting = alloc_zero(n_conns * (ptrdiff_t)sizeof *f->waiting);
    f->fds = alloc_zero((n_conns + 1) * (ptrdiff_t)sizeof *f->fds);
    bool is_made = f->event_fd >= 0 && f->waiting != NULL && f->fds != NULL &&
                   pthread_mutex_init(&f->mutex, NULL) == 0;
    if (is_made) {
        f->fds[0] = (struct pollfd){.fd = f->event_fd, .events = POLLIN};
        is_made = thread_start(&f->thread, "db-finisher", 0, finisher_main, f) == OK;
    }
    if (!is_made) {
        discard(f);
        return E_BUSY;
    }
    *started = f;
    return OK;
}
