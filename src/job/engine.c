/* See engine.h. Here: the life of the threads, nudges, and the same work done step by step on one
 * thread. Shared between threads: the wakers (a mutex each), has_job of the job threads (the
 * engine's mutex), is_stopping and the counters (atomic). */
#include "base/clock.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "job/inner.h"
#include "job/listen.h"
#include "net/smtp.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS_DEFAULT = 4 };

static err find_head(struct desk *desk, void *arg)
{
    struct event_pos *head = arg;
    TRY(desk_begin(desk, DB_READ));
    TRY(event_head(desk->tx, head));
    return desk_commit(desk);
}

static err make(struct engine *e, str *why)
{
    struct desk desk = {.engine = e, .arena = &e->dispatch_arena};
    e->client_options.mails = e->mails = smtp_pool_open();
    e->receiver.arenas[0] = arena_make(0);
    e->receiver.arenas[1] = arena_make(0);
    e->publisher.arena = arena_make(0);
    e->dispatch_arena = arena_make(0);
    e->indexer = (struct search_indexer){.db = e->db, .config = e->config, .arena = arena_make(0)};
    pthread_mutex_init(&e->lock, NULL);
    waker_open(&e->receive_waker);
    waker_open(&e->dispatch_waker);
    waker_open(&e->publish_waker);
    waker_open(&e->index_waker);
    waker_open(&e->room_waker);
    for (int i = 0; i < e->n_threads; i++) {
        struct job_thread *t = &e->threads[i];
        t->engine = e;
        t->arena = arena_make(0);
        t->texts[0] = arena_make(0);
        t->texts[1] = arena_make(0);
        waker_open(&t->waker);
    }
    if (!e->mails) {
        *why = S("There is not enough memory.");
        return E_BUSY;
    }
    err result = runner_free_expired(e, db_kind_of(e->db) == DB_SQLITE);
    if (result == OK)
        result = runner_clock_check(e, true);
    if (result == OK)
        result = upkeep_ensure(e);
    if (result == OK)
        result = desk_guard(&desk, find_head, &e->publisher.at);
    if (result != OK)
        *why = S("The job tables cannot be read; is the database migrated?");
    return result;
}

err engine_open(struct arena *a, const struct engine_options *o, struct engine **engine, str *why)
{
    (void)a; /* words are literal */
    struct engine *e = alloc_zero((ptrdiff_t)sizeof *e);
    if (!e) {
        *why = S("There is not enough memory.");
        return E_BUSY;
    }
    e->db = o->db;
    atomic_store(&e->calm_ms, clock_mono_ms());
    atomic_store(&e->room, INT_MAX);
    e->hub = o->audience ? o->hub : NULL;
    e->audience = o->audience;
    e->elsewhere = o->elsewhere;
    e->config = o->config;
    e->client_options = (struct http_client_options){.rules = o->rules, .ca_file = o->ca_file};
    e->fetch_ms = o->fetch_ms ? o->fetch_ms : LIMIT_FETCH_MS;
    e->fetch_bytes = o->fetch_bytes ? o->fetch_bytes : LIMIT_UPLOAD_BYTES;
    e->n_threads = o->threads > 0 ? o->threads : THREADS_DEFAULT;
    if (e->n_threads > ENGINE_THREADS_MOST)
        e->n_threads = ENGINE_THREADS_MOST;
    crypto_random(&e->holder, (ptrdiff_t)sizeof e->holder);
    e->holder = (e->holder & INT64_MAX) | 1;
    err result = make(e, why);
    if (result != OK) {
        engine_close(e);
        return result;
    }
    *engine = e;
    return OK;
}

static err start_job_thread(struct engine *e, struct job_thread *t)
{
    if (!t->client)
        t->client = http_client_open(&e->client_options);
    if (!t->client)
        return E_BUSY;
    return thread_start(&t->thread, "seva-job", 0, job_main, t);
}

err engine_start(struct engine *e)
{
    for (int i = 0; i < e->n_threads; i++)
        TRY(start_job_thread(e, &e->threads[i]));
    TRY(thread_start(&e->receive_thread, "seva-receive", 0, receive_main, e));
    TRY(thread_start(&e->dispatch_thread, "seva-dispatch", 0, dispatch_main, e));
    TRY(thread_start(&e->publish_thread, "seva-publish", 0, publish_main, e));
    TRY(thread_start(&e->index_thread, "seva-index", 0, index_main, e));
    e->streams = streams_open(e);
    if (!e->streams)
        return E_BUSY;
    e->is_started = true;
    return OK;
}

static bool is_idle(struct engine *e)
{
    bool idle = true;
    pthread_mutex_lock(&e->lock);
    for (int i = 0; i < e->n_threads; i++)
        idle &= !e->threads[i].has_job;
    pthread_mutex_unlock(&e->lock);
    return idle;
}

void engine_stop(struct engine *e, int64_t grace_ms)
{
    if (!e->is_started)
        return;
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    atomic_store(&e->is_stopping, true);
    waker_nudge(&e->receive_waker);
    waker_nudge(&e->dispatch_waker);
    waker_nudge(&e->publish_waker);
    waker_nudge(&e->index_waker);
    streams_close(e->streams);
    e->streams = NULL;
    (void)pthread_join(e->receive_thread, NULL);  /* fails only for a thread that is not there */
    (void)pthread_join(e->dispatch_thread, NULL); /* the same */
    (void)pthread_join(e->publish_thread, NULL);  /* the same */
    (void)pthread_join(e->index_thread, NULL);    /* the same */
    for (int64_t end = clock_mono_ms() + grace_ms; !is_idle(e) && clock_mono_ms() < end;)
        (void)nanosleep(&pause, NULL); /* a short pause is as good */
    smtp_pool_cancel(e->mails);
    for (int i = 0; i < e->n_threads; i++) {
        http_client_cancel(e->threads[i].client);
        waker_nudge(&e->threads[i].waker);
        (void)pthread_join(e->threads[i].thread, NULL); /* the same */
    }
    e->is_started = false;
}

void engine_close(struct engine *e)
{
    if (!e)
        return;
    for (int i = 0; i < e->n_threads; i++) {
        struct job_thread *t = &e->threads[i];
        if (t->client)
            http_client_close(t->client);
        arena_free(&t->arena);
        arena_free(&t->texts[0]);
        arena_free(&t->texts[1]);
        waker_close(&t->waker);
    }
    if (e->mails)
        smtp_pool_close(e->mails);
    waker_close(&e->receive_waker);
    waker_close(&e->dispatch_waker);
    waker_close(&e->publish_waker);
    waker_close(&e->index_waker);
    waker_close(&e->room_waker);
    pthread_mutex_destroy(&e->lock);
    arena_free(&e->receiver.arenas[0]);
    arena_free(&e->receiver.arenas[1]);
    arena_free(&e->publisher.arena);
    arena_free(&e->dispatch_arena);
    arena_free(&e->indexer.arena);
    free(e);
}

void engine_nudge_jobs(struct engine *e)
{
    waker_nudge(&e->receive_waker);
    waker_nudge(&e->dispatch_waker);
    db_wake(e->db, "job");
}

void engine_nudge_events(struct engine *e)
{
    waker_nudge(&e->publish_waker);
    waker_nudge(&e->index_waker);
    db_wake(e->db, "event");
}

void engine_make_room(struct engine *e)
{
    enum { ROOM_MS = 100 };
    if (db_kind_of(e->db) != DB_SQLITE && atomic_fetch_sub(&e->room, 1) <= 0)
        (void)waker_wait(&e->room_waker, ROOM_MS); /* late is as good as called */
}

void engine_heard(struct engine *e, str topic)
{
    /* The inbox of another node is received there, or by whoever holds the lease: receive.c. */
    if (str_eq(topic, S("job")))
        waker_nudge(&e->dispatch_waker);
    else if (str_eq(topic, S("event")))
        waker_nudge(&e->publish_waker);
}

/* ── without threads ── */

static err receive_all(struct engine *e)
{
    bool more = true;
    while (more)
        TRY(receive_turn(e, &e->receiver, &more));
    return OK;
}

struct one_claim {
    const struct job_row *jobs;
    ptrdiff_t n;
};

static err claim_one(struct desk *desk, void *arg)
{
    struct one_claim *c = arg;
    bool has_more = false;
    TRY(desk_begin(desk, DB_WRITE));
    TRY(runner_pace(desk, &has_more)); /* the next claim parks it */
    TRY(runner_claim(desk, (struct job_room){1, 1, false}, &c->jobs, &c->n));
    return desk_commit(desk);
}

static err do_jobs(struct engine *e, bool *did)
{
    struct job_thread *t = &e->threads[0];
    if (!t->client)
        t->client = http_client_open(&e->client_options);
    if (!t->client)
        return E_BUSY;
    for (;;) {
        struct one_claim c = {0};
        struct desk desk = {.engine = e, .arena = &e->dispatch_arena};
        arena_reset(&e->dispatch_arena);
        TRY(desk_guard(&desk, claim_one, &c));
        if (c.n == 0)
            return OK;
        *did = true;
        arena_reset(&t->arena);
        (void)runner_do(e, &t->arena, t->client, &c.jobs[0], false); /* the next is claimed above */
    }
}

err engine_run_due(struct engine *e)
{
    bool did = true;
    TRY(runner_clock_check(e, false));
    while (did) {
        bool more = true;
        did = false;
        TRY(receive_all(e));
        TRY(do_jobs(e, &did));
        struct event_pos before = e->publisher.at;
        while (more)
            TRY(publish_turn(e, &e->publisher, &more));
        did |= event_pos_cmp(before, e->publisher.at) != 0;
    }
    for (bool more = true; more;)
        TRY(index_run(e, &more));
    return OK;
}

struct engine_stats engine_stats(const struct engine *e)
{
    return (struct engine_stats){
        .received = atomic_load(&e->count.received),
        .receive_batches = atomic_load(&e->count.receive_batches),
        .receive_duplicates = atomic_load(&e->count.receive_duplicates),
        .quarantined = atomic_load(&e->count.quarantined),
        .jobs_done = atomic_load(&e->count.jobs_done),
        .jobs_retried = atomic_load(&e->count.jobs_retried),
        .jobs_dead = atomic_load(&e->count.jobs_dead),
        .jobs_lost_lease = atomic_load(&e->count.jobs_lost_lease),
        .events_published = atomic_load(&e->count.events_published),
        .deliveries_queued = atomic_load(&e->count.deliveries_queued),
    };
}
