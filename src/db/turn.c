/* A queue that is fair in the long run; see turn.h. Each waiter has its own condition variable, so
 * that only who may take a permit wakes. A waiter that was woken needs a while until it runs, and
 * for so long a permit that was handed to it would be of use to nobody: so it is left free, and a
 * thread that runs and asks may take it (the same as in Go's sync.Mutex, "normal mode"), until the
 * first in line has waited for TURN_STRICT_US: from then on the permit is handed over. */
#include "db/turn.h"

#include <errno.h>

#include "base/thread.h"
#include "db/driver.h"

struct turn_waiter {
    struct turn_waiter *next;
    pthread_cond_t cond;
    int64_t since_us;
    bool is_granted;
    bool is_woken; /* on its way to a free permit */
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
    if (w->is_woken)
        t->woken--;
}

/* The patient in front has been passed by as many as may. */
static bool is_passed_enough(const struct turn *t)
{
    return t->patient.first != NULL && t->passes >= TURN_PASSES;
}

/* Whose turn it is; NULL: nobody waits. */
static struct turn_line *next_line(struct turn *t)
{
    if (t->hurried.first != NULL && !is_passed_enough(t))
        return &t->hurried;
    return t->patient.first != NULL ? &t->patient : NULL;
}

static bool is_strict(const struct turn_waiter *w)
{
    return db_mono_us() - w->since_us >= TURN_STRICT_US;
}

static void count_pass(struct turn *t, bool is_patient)
{
    bool is_pass = !is_patient && t->patient.first != NULL;
    t->passes = is_pass ? t->passes + 1 : 0;
}

/* Somebody on the way for every free permit, as long as anybody waits. */
static void wake_next(struct turn *t)
{
    struct turn_line *line = next_line(t);
    if (line == NULL || t->woken >= t->free)
        return;
    struct turn_waiter *w = line->first;
    while (w != NULL && w->is_woken)
        w = w->next;
    if (w == NULL)
        return;
    w->is_woken = true;
    t->woken++;
    (void)pthread_cond_signal(&w->cond);
}

static bool take_free(struct turn *t, bool is_patient)
{
    if (t->free <= 0)
        return false;
    t->free--;
    count_pass(t, is_patient);
    return true;
}

/* With the mutex held. */
static bool wait_in_line(struct turn *t, bool is_patient, int64_t wait_ms)
{
    struct turn_line *line = is_patient ? &t->patient : &t->hurried;
    struct turn_waiter w = {.since_us = db_mono_us()};
    if (!thread_cond_make(&w.cond))
        return false;
    line_join(t, line, &w);
    struct timespec until = thread_deadline(wait_ms);
    bool is_late = false;
    while (!w.is_granted && !is_late) {
        is_late = pthread_cond_timedwait(&w.cond, &t->mutex, &until) == ETIMEDOUT;
        if (w.is_granted || !w.is_woken)
            continue;
        if (t->free > 0) {
            line_leave(t, line, &w);
            w.is_granted = take_free(t, is_patient);
            break;
        }
        w.is_woken = false; /* somebody was faster */
        t->woken--;
    }
    if (!w.is_granted) {
        line_leave(t, line, &w);
        wake_next(t);
    }
    (void)pthread_cond_destroy(&w.cond);
    return w.is_granted;
}

/* Whether one who asks now may take a free permit before those who wait. */
static bool may_pass(const struct turn *t, bool is_patient)
{
    if (t->waiting == 0)
        return true;
    bool is_first_strict = t->hurried.first != NULL && is_strict(t->hurried.first);
    return !is_patient && !is_first_strict && !is_passed_enough(t);
}

bool turn_take(struct turn *t, int64_t wait_ms, bool is_patient)
{
    (void)pthread_mutex_lock(&t->mutex);
    bool taken = (may_pass(t, is_patient) && take_free(t, is_patient)) ||
                 wait_in_line(t, is_patient, wait_ms);
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

/* With the mutex held, under which the waiter is told as well: afterwards it may end its condition
 * variable. */
static void grant(struct turn *t, struct turn_line *line)
{
    struct turn_waiter *w = line->first;
    line_leave(t, line, w);
    count_pass(t, line == &t->patient);
    w->is_granted = true;
    (void)pthread_cond_signal(&w->cond);
}

void turn_give(struct turn *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    struct turn_line *line = next_line(t);
    if (line != NULL && is_strict(line->first)) {
        grant(t, line);
    } else {
        t->free++;
        wake_next(t);
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
