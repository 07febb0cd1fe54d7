/* desk: what every thread of the engine stands at: an arena, a transaction and a ctx, with one way
 * to begin, end and survive the end of memory; and the wakers on which threads sleep. Not here: any
 * work. Thread: a desk belongs to one; a waker to one sleeper and any nudger. */
#include "base/clock.h"
#include "base/id.h"
#include "base/thread.h"
#include "job/inner.h"
#include "store/door.h"

#include <assert.h>

void waker_open(struct waker *w)
{
    pthread_mutex_init(&w->lock, NULL);
    (void)thread_cond_make(&w->cond); /* Linux never refuses */
    w->is_nudged = false;
}

void waker_close(struct waker *w)
{
    pthread_cond_destroy(&w->cond);
    pthread_mutex_destroy(&w->lock);
}

void waker_nudge(struct waker *w)
{
    pthread_mutex_lock(&w->lock);
    bool was = w->is_nudged;
    w->is_nudged = true;
    if (!was)
        pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
}

bool waker_wait(struct waker *w, int64_t most_ms)
{
    struct timespec end = thread_deadline(most_ms > 0 ? most_ms : 0);
    pthread_mutex_lock(&w->lock);
    int rc = 0;
    while (!w->is_nudged && rc == 0 && most_ms != 0)
        rc = most_ms < 0 ? pthread_cond_wait(&w->cond, &w->lock)
                         : pthread_cond_timedwait(&w->cond, &w->lock, &end);
    bool was = w->is_nudged;
    w->is_nudged = false;
    pthread_mutex_unlock(&w->lock);
    return was;
}

err desk_begin(struct desk *desk, enum db_mode mode)
{
    assert(!desk->tx);
    enum db_mode patient = mode == DB_WRITE ? DB_WRITE_PATIENT : mode;
    err e = db_begin(desk->engine->db, patient, desk->arena, &desk->tx);
    if (e == E_BUSY)
        atomic_store(&desk->engine->calm_ms, clock_mono_ms());
    TRY(e);
    int64_t now_ms = clock_now_ms();
    desk->cx = (struct ctx){
        .arena = desk->arena,
        .db = desk->tx,
        .actor = {.kind = ACTOR_SYSTEM, .sees_all = true, .name = S("Seva")},
        .now_ms = now_ms,
        .trace = str_print(desk->arena, "%016llx", (unsigned long long)id_make(now_ms)),
        .config = desk->engine->config,
    };
    return OK;
}

err desk_scope(struct desk *desk, account_id account)
{
    return door_account(&desk->cx, account);
}

err desk_commit(struct desk *desk)
{
    struct db_tx *tx = desk->tx;
    desk->tx = desk->cx.db = NULL;
    TRY(db_commit(tx));
    if (desk->cx.effects.events)
        engine_nudge_events(desk->engine);
    if (desk->cx.effects.jobs)
        engine_nudge_jobs(desk->engine);
    return OK;
}

void desk_rollback(struct desk *desk)
{
    struct db_tx *tx = desk->tx;
    desk->tx = desk->cx.db = NULL;
    if (tx)
        (void)db_rollback(tx); /* it is being given up: nothing more can be done about it */
}

static err run_to_the_end(struct desk *desk, err (*fn)(struct desk *desk, void *arg), void *arg)
{
    jmp_buf escape;
    if (setjmp(escape)) {
        desk->arena->escape = NULL;
        return E_BUSY;
    }
    desk->arena->escape = &escape;
    err e = fn(desk, arg);
    desk->arena->escape = NULL;
    return e;
}

err desk_guard(struct desk *desk, err (*fn)(struct desk *desk, void *arg), void *arg)
{
    err e = run_to_the_end(desk, fn, arg);
    desk_rollback(desk);
    return e;
}

str desk_words(const struct ctx *cx, err e)
{
    return cx->fault.words.len ? cx->fault.words : str_from(err_name(e));
}
