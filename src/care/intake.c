/* intake: see intake.h. The next batch gathers, and on SQLite gets in line for the write lock,
 * while the last one is being committed: two lanes take turns. Whose turn it is to gather has
 * `line` until it has the lock, so that batches are written in the order of putting. */
#include "care/intake.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>

#include "base/failpoint.h"
#include "base/limits.h"
#include "base/thread.h"

/* On PostgreSQL a second one could commit before the first. */
enum { LANES_SQLITE = 2, LANES_POSTGRES = 1, LANES_MOST = 2 };

struct lane {
    struct intake *in;
    struct arena arena; /* the thread's */
    pthread_t thread;
    bool has_line;
};
struct intake {
    struct intake_options options;
    struct lane lanes[LANES_MOST];
    int n_lanes;
    pthread_mutex_t line;  /* from gathering until the write lock is held */
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

static void give_line(struct lane *lane)
{
    if (lane->has_line)
        (void)pthread_mutex_unlock(&lane->in->line);
    lane->has_line = false;
}

/* The deliveries from `from` to `end`. */
static err add(struct lane *lane, struct batch *b, ptrdiff_t from, ptrdiff_t end, struct db_tx **tx)
{
    jmp_buf escape;
    if (setjmp(escape)) {
        lane->arena.escape = NULL;
        return E_BUSY;
    }
    lane->arena.escape = &escape;
    err e = db_begin(lane->in->options.db, DB_WRITE, &lane->arena, tx);
    give_line(lane);
    if (e == OK)
        e = inbox_add_many(*tx, b->deliveries + from, end - from, b->is_new + from);
    lane->arena.escape = NULL;
    return e;
}

static err write_down(struct lane *lane, struct batch *b, ptrdiff_t from, ptrdiff_t end)
{
    struct db_tx *tx = NULL;
    arena_reset(&lane->arena);
    err e = add(lane, b, from, end, &tx);
    give_line(lane);
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
static void take_in(struct lane *lane, struct batch *b)
{
    struct intake *in = lane->in;
    err result = write_down(lane, b, 0, b->n);
    if (result == OK || result == E_BUSY || b->n == 1) {
        answer(in, b, 0, b->n, result);
        return;
    }
    for (ptrdiff_t i = 0; i < b->n; i++)
        answer(in, b, i, i + 1, write_down(lane, b, i, i + 1));
}

/* Gathers with the line, which it keeps when there is something. */
static bool next_batch(struct lane *lane, struct batch *b)
{
    (void)pthread_mutex_lock(&lane->in->line);
    lane->has_line = true;
    bool has = gather(lane->in, b);
    if (!has)
        give_line(lane);
    return has;
}

static void *lane_main(void *arg)
{
    struct lane *lane = arg;
    struct batch b;
    while (next_batch(lane, &b))
        take_in(lane, &b);
    return NULL;
}

static bool start_lane(struct intake *in)
{
    struct lane *lane = &in->lanes[in->n_lanes];
    lane->in = in;
    lane->arena = arena_make(0);
    if (thread_start(&lane->thread, "seva-intake", 0, lane_main, lane) != OK)
        return false;
    in->n_lanes++;
    return true;
}

struct intake *intake_open(const struct intake_options *options)
{
    struct intake *in = alloc_zero((ptrdiff_t)sizeof *in);
    if (!in)
        return NULL;
    in->options = *options;
    in->last = &in->first;
    (void)pthread_mutex_init(&in->line, NULL); /* cannot fail with these attributes on Linux */
    (void)pthread_mutex_init(&in->mutex, NULL);
    (void)pthread_cond_init(&in->changed, NULL);
    int lanes = db_kind_of(options->db) == DB_SQLITE ? LANES_SQLITE : LANES_POSTGRES;
    while (in->n_lanes < lanes && start_lane(in))
        ;
    if (in->n_lanes > 0)
        return in; /* with fewer it only takes longer */
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
    for (int i = 0; is_running && i < in->n_lanes; i++)
        (void)pthread_join(in->lanes[i].thread, NULL); /* fails only for one that is not there */
}

void intake_close(struct intake *in)
{
    if (!in)
        return;
    intake_stop(in);
    (void)pthread_cond_destroy(&in->changed);
    (void)pthread_mutex_destroy(&in->mutex);
    (void)pthread_mutex_destroy(&in->line);
    for (int i = 0; i < in->n_lanes; i++)
        arena_free(&in->lanes[i].arena);
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
