/* intake: see intake.h. The next batch gathers while the last one is being committed. */
#include "care/intake.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>

#include "base/failpoint.h"
#include "base/limits.h"
#include "base/thread.h"

struct intake {
    struct intake_options options;
    struct arena arena; /* the thread's */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards the rest */
    pthread_cond_t changed;
    struct intake_item *first, **last;
    ptrdiff_t waiting;
    bool is_closing;
};

struct batch {
    struct intake_item *items[LIMIT_INTAKE_BATCH];
    const struct inbox_new *deliveries[LIMIT_INTAKE_BATCH];
    bool is_new[LIMIT_INTAKE_BATCH];
    ptrdiff_t n;
};

/* Waits for at least one item; false when the intake closes and none is left. */
static bool gather(struct intake *in, struct batch *b)
{
    (void)pthread_mutex_lock(&in->mutex);
    while (!in->first && !in->is_closing)
        (void)pthread_cond_wait(&in->changed, &in->mutex);
    if (in->options.make_room && !in->is_closing) {
        (void)pthread_mutex_unlock(&in->mutex);
        in->options.make_room(in->options.arg);
        (void)pthread_mutex_lock(&in->mutex);
    }
    b->n = 0;
    while (in->first && b->n < LIMIT_INTAKE_BATCH) {
        b->items[b->n] = in->first;
        b->deliveries[b->n++] = &in->first->delivery;
        in->first = in->first->next;
    }
    if (!in->first)
        in->last = &in->first;
    in->waiting -= b->n;
    (void)pthread_mutex_unlock(&in->mutex);
    return b->n > 0;
}

/* The deliveries from `from` to `end`. */
static err add(struct intake *in, struct batch *b, ptrdiff_t from, ptrdiff_t end, struct db_tx **tx)
{
    jmp_buf escape;
    if (setjmp(escape)) {
        in->arena.escape = NULL;
        return E_BUSY;
    }
    in->arena.escape = &escape;
    err e = db_begin(in->options.db, DB_WRITE, &in->arena, tx);
    if (e == OK)
        e = inbox_add_many(*tx, b->deliveries + from, end - from, b->is_new + from);
    in->arena.escape = NULL;
    return e;
}

static err write_down(struct intake *in, struct batch *b, ptrdiff_t from, ptrdiff_t end)
{
    struct db_tx *tx = NULL;
    arena_reset(&in->arena);
    err e = add(in, b, from, end, &tx);
    FAILPOINT("intake.before_commit");
    if (tx && e == OK)
        return db_commit(tx);
    if (tx)
        (void)db_rollback(tx); /* it is being given up: nothing more can be done about it */
    return e;
}

static void answer(
    struct intake *in, const struct batch *b, ptrdiff_t from, ptrdiff_t end, err result)
{
    bool any = false;
    for (ptrdiff_t i = from; i < end; i++)
        any |= result == OK && b->is_new[i];
    if (any)
        in->options.wake(in->options.arg);
    for (ptrdiff_t i = from; i < end; i++)
        b->items[i]->done(
            b->items[i]->arg, result == OK ? OK : E_BUSY, result == OK && b->is_new[i]);
}

/* One that the database does not take must not take its neighbours along: then each goes alone. */
static void take_in(struct intake *in, struct batch *b)
{
    err result = write_down(in, b, 0, b->n);
    if (result == OK || result == E_BUSY || b->n == 1) {
        answer(in, b, 0, b->n, result);
        return;
    }
    for (ptrdiff_t i = 0; i < b->n; i++)
        answer(in, b, i, i + 1, write_down(in, b, i, i + 1));
}

static void *intake_main(void *intake)
{
    struct intake *in = intake;
    struct batch b;
    while (gather(in, &b))
        take_in(in, &b);
    return NULL;
}

struct intake *intake_open(const struct intake_options *options)
{
    struct intake *in = alloc_zero((ptrdiff_t)sizeof *in);
    if (!in)
        return NULL;
    in->options = *options;
    in->arena = arena_make(0);
    in->last = &in->first;
    (void)pthread_mutex_init(&in->mutex, NULL);  /* cannot fail with these attributes on Linux */
    (void)pthread_cond_init(&in->changed, NULL); /* the same */
    if (thread_start(&in->thread, "seva-intake", 0, intake_main, in) == OK)
        return in;
    free(in);
    return NULL;
}

void intake_stop(struct intake *in)
{
    if (!in)
        return;
    (void)pthread_mutex_lock(&in->mutex);
    bool is_running = !in->is_closing;
    in->is_closing = true;
    (void)pthread_cond_signal(&in->changed);
    (void)pthread_mutex_unlock(&in->mutex);
    if (is_running)
        (void)pthread_join(in->thread, NULL); /* fails only for a thread that is not there */
}

void intake_close(struct intake *in)
{
    if (!in)
        return;
    intake_stop(in);
    (void)pthread_cond_destroy(&in->changed);
    (void)pthread_mutex_destroy(&in->mutex);
    arena_free(&in->arena);
    free(in);
}

err intake_put(struct intake *in, struct intake_item *item)
{
    item->next = NULL;
    (void)pthread_mutex_lock(&in->mutex);
    bool is_refused = in->waiting >= LIMIT_INTAKE_WAITING || in->is_closing;
    if (!is_refused) {
        *in->last = item;
        in->last = &item->next;
        in->waiting++;
        (void)pthread_cond_signal(&in->changed);
    }
    (void)pthread_mutex_unlock(&in->mutex);
    return is_refused ? E_BUSY : OK;
}
