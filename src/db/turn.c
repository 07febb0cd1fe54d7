/* A fair queue; see turn.h. Each waiter has its own condition variable, so that a permit is handed
 * to exactly the thread that asked first and nobody else wakes. */
#include "db/turn.h"

#include <errno.h>

#include "base/thread.h"

struct turn_waiter {
    struct turn_waiter *next;
    pthread_cond_t cond;
    bool is_granted;
};

bool turn_make(struct turn *t, ptrdiff_t permits)
{
    *t = (struct turn){.free = permits};
    return pthread_mutex_init(&t->mutex, NULL) == 0;
}

void turn_unmake(struct turn *t)
{
    (void)pthread_mutex_destroy(&t->mutex); /* nobody uses it any more */
}

static void line_join(struct turn *t, struct turn_line *line, struct turn_waiter *w)
{
    if (line->last != NULL)
        line->last->next = w;
    else
        line->first = w;
    line->last = w;
    t->waiting++;
}

static void line_leave(struct turn *t, struct turn_line *line, struct turn_waiter *w)
{
    struct turn_waiter **at = &line->first;
    struct turn_waiter *before = NULL;
    while (*at != w) {
        before = *at;
        at = &(*at)->next;
    }
    *at = w->next;
    if (line->last == w)
        line->last = before;
    t->waiting--;
}

/* Whose turn it is; NULL: nobody waits. */
static struct turn_line *next_line(struct turn *t)
{
    bool may_pass = t->patient.first == NULL || t->passes < TURN_PASSES;
    if (t->hurried.first != NULL && may_pass)
        return &t->hurried;
    return t->patient.first != NULL ? &t->patient : NULL;
}

/* With the mutex held. */
static bool wait_in_line(struct turn *t, struct turn_line *line, int64_t wait_ms)
{
    struct turn_waiter w = {0};
    if (!thread_cond_make(&w.cond))
        return false;
    line_join(t, line, &w);
    struct timespec until = thread_deadline(wait_ms);
    while (!w.is_granted)
        if (pthread_cond_timedwait(&w.cond, &t->mutex, &until) == ETIMEDOUT)
            break;
    if (!w.is_granted)
        line_leave(t, line, &w);
    (void)pthread_cond_destroy(&w.cond);
    return w.is_granted;
}

bool turn_take(struct turn *t, int64_t wait_ms, bool is_patient)
{
    (void)pthread_mutex_lock(&t->mutex);
    bool taken = t->free > 0 && t->waiting == 0;
    if (taken)
        t->free--;
    else
        taken = wait_in_line(t, is_patient ? &t->patient : &t->hurried, wait_ms);
    (void)pthread_mutex_unlock(&t->mutex);
    return taken;
}

bool turn_try(struct turn *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    bool taken = t->free > 0 && t->waiting == 0;
    if (taken)
        t->free--;
    (void)pthread_mutex_unlock(&t->mutex);
    return taken;
}

void turn_give(struct turn *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    struct turn_line *line = next_line(t);
    if (line != NULL) {
        struct turn_waiter *w = line->first;
        line_leave(t, line, w);
        bool is_pass = line == &t->hurried && t->patient.first != NULL;
        t->passes = is_pass ? t->passes + 1 : 0;
        w->is_granted = true;
        /* Under the mutex: afterwards the waiter may end its condition variable. */
        (void)pthread_cond_signal(&w->cond);
    } else {
        t->free++;
    }
    (void)pthread_mutex_unlock(&t->mutex);
}

bool turn_is_wanted(struct turn *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    bool wanted = t->waiting > 0;
    (void)pthread_mutex_unlock(&t->mutex);
    return wanted;
}
