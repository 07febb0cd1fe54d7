/* runner: due jobs are claimed in a commit of their own, done by one of the job threads, and ended
 * in a transaction that first proves the claim: done, put back with back-off, or dead and visible.
 * Back-off: full jitter over 1, 2, 4 … 300 s; an explicit time (Retry-After) is honoured; after 24
 * h of tries (or as the verdict says) a job is dead. Sources: docs/architecture.md "Jobs"; AWS
 * Architecture Blog, "Exponential Backoff And Jitter" (2015). Not here: what a job does. Threads:
 * dispatcher and job threads. */
#include <time.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/failpoint.h"
#include "base/limits.h"
#include "base/log.h"
#include "job/inner.h"
#include "store/pace.h"

/* One channel has at most this part of the job threads, all channels of a network that part, so
 * that a slow network holds up nobody else. */
enum { CHANNEL_SHARE = 3, NETWORK_SHARE = 2 };

static int64_t share_of(const struct engine *e, int64_t share)
{
    return e->n_threads > share ? e->n_threads / share : 1;
}

/* ── claiming ── */

err runner_pace(struct desk *desk, bool *has_more)
{
    int64_t released = 0, parked = 0;
    TRY(pace_release(desk->tx, desk->cx.now_ms, &released));
    TRY(pace_park(desk->tx, desk->cx.now_ms, &parked));
    *has_more = parked >= PACE_PARK_MOST;
    return OK;
}

static err note_claimed(struct desk *desk, const struct job_row *jobs, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        const struct job_kind *kind = job_kind_find(jobs[i].kind);
        if (!kind || !kind->claimed)
            continue;
        if (desk->cx.account.v != jobs[i].account_id.v)
            TRY(desk_scope(desk, jobs[i].account_id));
        TRY(kind->claimed(&desk->cx, &jobs[i]));
    }
    return OK;
}

static struct job_abreast abreast_of(const struct engine *e)
{
    return (struct job_abreast){
        .channel = share_of(e, CHANNEL_SHARE),
        .network = share_of(e, NETWORK_SHARE),
    };
}

/* 0 = it has lived long enough, with the database, for what two processes ended with. */
static int64_t young_ms(const struct engine *e)
{
    int64_t left_ms = atomic_load(&e->calm_ms) + JOB_CALM_MS - clock_mono_ms();
    return left_ms > 0 ? left_ms : 0;
}

err runner_claim(struct desk *desk, struct job_room room, const struct job_row **jobs, ptrdiff_t *n)
{
    const struct engine *e = desk->engine;
    room.is_young = young_ms(e) > 0;
    TRY(job_claim(desk->tx, e->holder, desk->cx.now_ms, room, abreast_of(e), jobs, n));
    return note_claimed(desk, *jobs, *n);
}

static err free_expired(struct desk *desk, void *arg)
{
    const bool *all = arg;
    int64_t freed = 0;
    TRY(desk_begin(desk, DB_WRITE));
    TRY(job_free_expired(desk->tx, desk->cx.now_ms, *all, desk->engine->holder, &freed));
    if (freed)
        log_line(LOG_INFO, "jobs taken up again whose worker had ended", LOG_I("jobs", freed));
    return desk_commit(desk);
}

err runner_free_expired(struct engine *e, bool all)
{
    struct desk desk = {.engine = e, .arena = &e->dispatch_arena};
    arena_reset(&e->dispatch_arena);
    return desk_guard(&desk, free_expired, &all);
}

static err clock_set_back(struct desk *desk, void *arg)
{
    const int64_t *back_ms = arg;
    int64_t moved = 0;
    bool is_back = true;
    TRY(desk_begin(desk, DB_WRITE));
    if (!*back_ms)
        TRY(job_clock_is_back(desk->tx, desk->cx.now_ms, &is_back));
    if (!is_back)
        return desk_commit(desk);
    TRY(job_clock_back(desk->tx, desk->cx.now_ms, *back_ms, LIMIT_JOB_BACKOFF_MS, &moved));
    log_line(LOG_WARN, "the clock was set back; what waits goes on by the new time",
        LOG_I("ms", *back_ms), LOG_I("moved", moved));
    return desk_commit(desk);
}

/* A correction of less than a second is an ordinary one and delays nothing that counts. */
err runner_clock_check(struct engine *e, bool is_start)
{
    enum { STEP_MS = 1000 };
    int64_t clock_ms = clock_now_ms() - clock_mono_ms();
    int64_t back_ms = is_start ? 0 : e->clock_ms - clock_ms;
    if (is_start || back_ms >= STEP_MS) {
        struct desk desk = {.engine = e, .arena = &e->dispatch_arena};
        arena_reset(&e->dispatch_arena);
        TRY(desk_guard(&desk, clock_set_back, &back_ms));
    }
    e->clock_ms = clock_ms;
    return OK;
}

/* ── one job ── */

static int64_t backoff_ms(int64_t attempts)
{
    int64_t cap_ms = LIMIT_JOB_BACKOFF_MS, random;
    if (attempts < 10)
        cap_ms = 1000LL << (attempts > 1 ? attempts - 1 : 0);
    if (cap_ms > LIMIT_JOB_BACKOFF_MS)
        cap_ms = LIMIT_JOB_BACKOFF_MS;
    crypto_random(&random, (ptrdiff_t)sizeof random);
    return (random & INT64_MAX) % cap_ms + 1;
}

/* What the verdict means for the row. */
struct fate {
    bool is_dead;
    int64_t next_ms; /* 0 = none */
};

/* A poll that a bad day has buried would bring nothing any more until somebody looks. */
static bool is_endless(const struct job_row *job)
{
    const struct job_kind *kind = job_kind_find(job->kind);
    return kind && kind->is_endless;
}

static struct fate fate_of(const struct job_row *job, const struct job_verdict *v, int64_t now_ms)
{
    if (v->end == JOB_FINAL)
        return (struct fate){.is_dead = true};
    if (v->end == JOB_REPEAT)
        return (struct fate){.next_ms = v->at_ms};
    if (v->end != JOB_RETRY && v->end != JOB_WAIT)
        return (struct fate){0};
    int64_t next_ms = now_ms + backoff_ms(job->attempts);
    if (v->end == JOB_WAIT && v->at_ms > next_ms)
        next_ms = v->at_ms;
    int64_t tries_ms = v->tries_ms ? v->tries_ms : LIMIT_JOB_RETRY_MS;
    if (now_ms - job->first_ms >= tries_ms && !is_endless(job))
        return (struct fate){.is_dead = true};
    return (struct fate){.next_ms = next_ms};
}

struct ending {
    const struct job_row *job;
    const struct job_verdict *verdict;
    struct fate fate;
    bool wants_next; /* the next job of the channel, in the same transaction */
    const struct job_row *next;
    ptrdiff_t n_next;
};

static err end_claim(struct desk *desk, const struct ending *ending)
{
    const struct job_row *job = ending->job;
    switch (ending->verdict->end) {
    case JOB_REPEAT:
        return job_repeat(desk->tx, job, ending->fate.next_ms);
    case JOB_FINAL:
    case JOB_RETRY:
    case JOB_WAIT:
        return ending->fate.is_dead
                   ? job_bury(desk->tx, job, ending->verdict->error)
                   : job_put_back(desk->tx, job, ending->fate.next_ms, ending->verdict->error);
    case JOB_DONE:
    case JOB_ENDED:
        break;
    }
    return job_finish(desk->tx, job);
}

/* A channel whose job has worked goes on with its next one: that spares the dispatcher a look and a
 * commit for each message of a busy channel. */
static err claim_next(struct desk *desk, struct ending *ending)
{
    ending->n_next = 0;
    if (!ending->wants_next || ending->verdict->end != JOB_DONE || !ending->job->channel_id.v)
        return OK;
    TRY(job_claim_next(desk->tx, desk->engine->holder, ending->job->channel_id, desk->cx.now_ms,
        young_ms(desk->engine) > 0, &ending->next, &ending->n_next));
    return note_claimed(desk, ending->next, ending->n_next);
}

static err end_job(struct desk *desk, void *arg)
{
    struct ending *ending = arg;
    const struct job_verdict *v = ending->verdict;
    TRY(desk_begin(desk, DB_WRITE));
    TRY(end_claim(desk, ending));
    if (ending->job->account_id.v)
        TRY(desk_scope(desk, ending->job->account_id));
    if (v->write)
        TRY(v->write(&desk->cx, v->arg, ending->fate.is_dead, ending->fate.next_ms));
    TRY(claim_next(desk, ending));
    FAILPOINT("job.before_commit");
    return desk_commit(desk);
}

static void count(struct engine *e, const struct ending *ending, err result)
{
    if (result == E_CONFLICT)
        atomic_fetch_add(&e->count.jobs_lost_lease, 1);
    else if (ending->fate.is_dead)
        atomic_fetch_add(&e->count.jobs_dead, 1);
    else if (ending->verdict->end == JOB_RETRY || ending->verdict->end == JOB_WAIT)
        atomic_fetch_add(&e->count.jobs_retried, 1);
    else
        atomic_fetch_add(&e->count.jobs_done, 1);
}

/* The database is away (another server takes over): whether it was waited for a little. Not what
 * else is called busy: memory that has ended comes back no sooner. */
static bool waited_for_database(struct engine *e, const struct job_row *job, int *waits)
{
    enum { PAUSE_MS = 200, WAITS_MOST = 300 }; /* a minute, and no longer than the claim */
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    struct arena a = arena_make(0);
    struct db_tx *tx = NULL;
    bool is_there = db_begin(e->db, DB_WRITE_PATIENT, &a, &tx) == OK;
    if (is_there)
        (void)db_rollback(tx); /* nothing was written */
    arena_free(&a);
    if (is_there || atomic_load(&e->is_stopping) || ++*waits > WAITS_MOST ||
        clock_now_ms() >= job->lease_ms)
        return false;
    (void)nanosleep(&pause, NULL); /* a short pause is as good */
    return true;
}

/* Ends the claim; a busy database is asked again while the lease lasts. When the ending's own
 * writing fails for another reason, the job is put back without it. True: the next one is ours. */
static bool end_for_good(struct engine *e, struct arena *arena, struct ending *ending)
{
    enum { TRIES = 5 };
    struct job_verdict plain = {.end = JOB_RETRY};
    int waits = 0;
    for (int i = 0; i < TRIES;) {
        struct desk desk = {.engine = e, .arena = arena};
        err result = desk_guard(&desk, end_job, ending);
        if (result == OK || result == E_CONFLICT) {
            count(e, ending, result);
            return result == OK && ending->n_next > 0;
        }
        ending->wants_next = false;
        if (result == E_BUSY && waited_for_database(e, ending->job, &waits))
            continue;
        i++;
        if (result == E_BUSY)
            continue;
        str words = desk_words(&desk.cx, result);
        log_line(LOG_ERROR, "a job's end could not be written", LOG_S("kind", ending->job->kind),
            LOG_I("job", ending->job->id.v), LOG_S("reason", words));
        plain.error = words;
        ending->verdict = &plain;
        ending->fate = fate_of(ending->job, &plain, clock_now_ms());
    }
    log_line(LOG_WARN, "a job is left to the end of its lease", LOG_S("kind", ending->job->kind),
        LOG_I("job", ending->job->id.v));
    return false;
}

struct doing {
    struct job_run run;
    struct job_verdict verdict;
    const struct job_kind *kind;
    struct job_row job; /* the claim as it stands: work may prolong it */
};

err runner_prolong(struct job_run *run, err (*also)(struct ctx *cx, void *arg), void *arg)
{
    struct doing *doing = (struct doing *)run; /* its first member */
    struct desk *desk = &run->desk;
    TRY(desk_begin(desk, DB_WRITE));
    int64_t lease_ms = desk->cx.now_ms + LIMIT_NETWORK_LEASE_MS;
    TRY(job_prolong(desk->tx, run->job, lease_ms));
    TRY(desk_scope(desk, run->job->account_id));
    TRY(also(&desk->cx, arg));
    TRY(desk_commit(desk));
    doing->job.lease_ms = lease_ms;
    return OK;
}

static err do_work(struct desk *desk, void *arg)
{
    struct doing *doing = arg;
    (void)desk; /* it is doing->run.desk, the first member */
    return doing->kind->work(&doing->run, &doing->verdict);
}

/* All calls of a job together end before its claim does, with time left to write what came of them:
 * else another worker would do it a second time while an upload crawls on. */
static void limit_calls(struct http_client *client, const struct job_row *job)
{
    int64_t left_ms = job->lease_ms - clock_now_ms();
    http_client_limit(client, left_ms > 8 ? left_ms - left_ms / 8 : 1);
}

const struct job_row *runner_do(struct engine *e, struct arena *arena, struct http_client *client,
    const struct job_row *job, bool wants_next)
{
    struct doing doing = {
        .run = {.desk = {.engine = e, .arena = arena}, .client = client, .now_ms = clock_now_ms()},
        .kind = job_kind_find(job->kind),
        .job = *job,
    };
    doing.run.job = &doing.job;
    if (!doing.kind) {
        /* A newer node may know it. */
        doing.verdict = (struct job_verdict){
            .end = JOB_RETRY, .error = S("This version does not know this kind of job.")};
    } else if (job->kills >= JOB_KILLS) {
        log_line(LOG_ERROR, "a job is set aside that ended the server each time",
            LOG_S("kind", job->kind), LOG_I("job", job->id.v));
        doing.verdict = (struct job_verdict){.end = JOB_FINAL,
            .error = S(JOB_KILLED),
            .write = doing.kind->set_aside,
            .arg = &doing.run};
    } else {
        if (client)
            limit_calls(client, job);
        err result = desk_guard(&doing.run.desk, do_work, &doing);
        if (result == OK && doing.verdict.end == JOB_ENDED) {
            atomic_fetch_add(&e->count.jobs_done, 1);
            return NULL;
        }
        if (result != OK)
            doing.verdict = (struct job_verdict){
                .end = JOB_RETRY, .error = desk_words(&doing.run.desk.cx, result)};
    }
    struct ending ending = {.job = &doing.job, .verdict = &doing.verdict, .wants_next = wants_next};
    ending.fate = fate_of(&doing.job, &doing.verdict, clock_now_ms());
    return end_for_good(e, arena, &ending) ? ending.next : NULL;
}

/* ── threads ── */

/* The job outlives the arena that its row came in. */
static void take_on(struct job_thread *t, const struct job_row *job)
{
    struct arena *texts = &t->texts[t->current_texts ^= 1];
    arena_reset(texts);
    t->job = *job;
    t->job.kind = str_copy(texts, job->kind);
    t->job.key = str_copy(texts, job->key);
    t->job.order_key = str_copy(texts, job->order_key);
    t->job.payload = str_copy(texts, job->payload);
}

/* The job in hand, and a few of its channel that follow; then others of its network may be first.
 */
static void do_in_a_row(struct job_thread *t)
{
    enum { ROW = 8 };
    struct engine *e = t->engine;
    const struct job_row *next = &t->job;
    for (int i = 1; next; i++) {
        bool wants_next = i < ROW && !atomic_load(&e->is_stopping);
        next = runner_do(e, &t->arena, t->client, &t->job, wants_next);
        pthread_mutex_lock(&e->lock);
        if (next)
            take_on(t, next);
        else
            t->has_job = false;
        pthread_mutex_unlock(&e->lock);
        arena_reset(&t->arena);
    }
}

void *job_main(void *job_thread)
{
    struct job_thread *t = job_thread;
    struct engine *e = t->engine;
    for (;;) {
        waker_wait(&t->waker, -1);
        pthread_mutex_lock(&e->lock);
        bool has_job = t->has_job;
        pthread_mutex_unlock(&e->lock);
        if (has_job) {
            do_in_a_row(t);
            waker_nudge(&e->dispatch_waker); /* a thread is free, and an order_key perhaps too */
        } else if (atomic_load(&e->is_stopping)) {
            return NULL;
        }
    }
}

static bool is_of_files(str kind)
{
    return str_eq(kind, S("fetch")) || str_eq(kind, S("export"));
}

/* What may be claimed. Files by address, and exports, come on at most half of the threads, so that
 * slow ones never hold up what is to be sent. */
static struct job_room room_of(struct engine *e)
{
    struct job_room room = {
        .fetches = e->n_threads > 1 ? e->n_threads / 2 : 1, .is_young = young_ms(e) > 0};
    pthread_mutex_lock(&e->lock);
    for (int i = 0; i < e->n_threads; i++) {
        const struct job_thread *t = &e->threads[i];
        room.jobs += !t->has_job;
        room.fetches -= t->has_job && is_of_files(t->job.kind);
    }
    pthread_mutex_unlock(&e->lock);
    return room;
}

static void hand_over(struct engine *e, const struct job_row *job)
{
    struct job_thread *t = NULL;
    pthread_mutex_lock(&e->lock);
    for (int i = 0; i < e->n_threads && !t; i++)
        if (!e->threads[i].has_job)
            t = &e->threads[i];
    if (t) {
        take_on(t, job);
        t->has_job = true;
    }
    pthread_mutex_unlock(&e->lock);
    if (t)
        waker_nudge(&t->waker);
}

struct dispatch {
    struct job_room room;
    struct job_times times; /* as of the last look */
    bool must_claim;
    const struct job_row *jobs;
    ptrdiff_t n;
    int64_t again_ms; /* when to look again; 0 = when nudged */
};

/* The first of what lies ahead. */
static int64_t first_of(const struct job_times *t)
{
    int64_t first_ms = t->run_ms;
    if (t->lease_ms && (!first_ms || t->lease_ms < first_ms))
        first_ms = t->lease_ms;
    if (t->turn_ms && (!first_ms || t->turn_ms < first_ms))
        first_ms = t->turn_ms;
    return first_ms;
}

/* Most nudges are for the inbox, or for a channel that has its seats taken: a look through a read
 * connection spares the write lock. */
static err look(struct desk *desk, void *arg)
{
    struct dispatch *d = arg;
    const struct job_times *t = &d->times;
    TRY(desk_begin(desk, DB_READ));
    int64_t now_ms = desk->cx.now_ms;
    TRY(job_times(desk->tx, now_ms, &d->times));
    d->again_ms = first_of(t);
    d->must_claim = (t->lease_ms && t->lease_ms <= now_ms) || (t->turn_ms && t->turn_ms <= now_ms);
    bool is_due = (t->due_ms && t->due_ms <= now_ms) || t->flowing;
    if (is_due && !d->must_claim)
        TRY(pace_is_crowded(desk->tx, now_ms, &d->must_claim));
    if (is_due && !d->must_claim)
        TRY(job_is_claimable(desk->tx, now_ms, d->room, abreast_of(desk->engine), &d->must_claim));
    return OK;
}

static err claim(struct desk *desk, void *arg)
{
    enum { SOON_MS = 20 }; /* others have the write lock meanwhile */
    struct dispatch *d = arg;
    int64_t freed = 0;
    bool has_more = false;
    TRY(desk_begin(desk, DB_WRITE));
    if (d->times.lease_ms && d->times.lease_ms <= desk->cx.now_ms)
        TRY(job_free_expired(desk->tx, desk->cx.now_ms, false, desk->engine->holder, &freed));
    if (freed)
        log_line(LOG_INFO, "jobs taken up again whose worker had ended", LOG_I("jobs", freed));
    TRY(runner_pace(desk, &has_more));
    TRY(runner_claim(desk, d->room, &d->jobs, &d->n));
    TRY(job_times(desk->tx, desk->cx.now_ms, &d->times));
    d->again_ms = has_more ? desk->cx.now_ms + SOON_MS : first_of(&d->times);
    return desk_commit(desk);
}

/* How long the dispatcher may sleep; −1 = until nudged. */
static int64_t sleep_ms(struct engine *e, const struct dispatch *d)
{
    enum { LOOK_MS = 1000 };
    int64_t most_ms = db_kind_of(e->db) == DB_POSTGRES ? LOOK_MS : -1;
    if (d->room.is_young && most_ms < 0)
        most_ms = young_ms(e) + 1;
    if (d->again_ms == 0)
        return most_ms;
    int64_t ahead_ms = d->again_ms - clock_now_ms();
    if (ahead_ms < 1)
        ahead_ms = 1;
    return most_ms >= 0 && most_ms < ahead_ms ? most_ms : ahead_ms;
}

static err look_and_claim(struct engine *e, struct dispatch *d)
{
    struct desk desk = {.engine = e, .arena = &e->dispatch_arena};
    TRY(runner_clock_check(e, false));
    arena_reset(&e->dispatch_arena);
    TRY(desk_guard(&desk, look, d));
    return d->must_claim ? desk_guard(&desk, claim, d) : OK;
}

void *dispatch_main(void *engine)
{
    struct engine *e = engine;
    enum { PAUSE_MS = 100 };
    while (!atomic_load(&e->is_stopping)) {
        struct dispatch d = {.room = room_of(e)};
        if (d.room.jobs == 0) {
            waker_wait(&e->dispatch_waker, -1); /* a job thread nudges when it is free */
            continue;
        }
        err result = look_and_claim(e, &d);
        if (result != OK) {
            log_line(LOG_WARN, "claiming jobs waits", LOG_Z("error", err_name(result)));
            waker_wait(&e->dispatch_waker, PAUSE_MS);
            continue;
        }
        FAILPOINT("job.after_claim");
        for (ptrdiff_t i = 0; i < d.n; i++)
            hand_over(e, &d.jobs[i]);
        if (d.n < d.room.jobs)
            waker_wait(&e->dispatch_waker, sleep_ms(e, &d));
    }
    return NULL;
}
