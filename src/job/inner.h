/* What the files of the job layer share about the engine; nobody else includes it. See engine.h for
 * the threads. */
#pragma once
#include "care/audience.h"
#include "care/search_index.h"
#include "connector/connector.h"
#include "db/db.h"
#include "job/engine.h"
#include "model/ctx.h"
#include "net/http_client.h"
#include "store/event.h"
#include "store/inbox.h"
#include "store/job.h"

#include <pthread.h>
#include <stdatomic.h>

/* A thread sleeps here until somebody nudges it or a time comes. */
struct waker {
    pthread_mutex_t lock;
    pthread_cond_t cond; /* monotonic */
    bool is_nudged;
};
void waker_open(struct waker *w);
void waker_close(struct waker *w);
void waker_nudge(struct waker *w);
/* True when nudged (which is then forgotten), false when most_ms went by; < 0 = for ever. */
bool waker_wait(struct waker *w, int64_t most_ms);

/* Work on a thread: an arena with an escape for the end of memory, at most one open transaction and
 * the ctx that goes with it. */
struct desk {
    struct engine *engine;
    struct arena *arena;
    struct db_tx *tx; /* rolled back by desk_guard when it is left open */
    struct ctx cx;    /* fresh with every desk_begin, as the system */
};
/* fn's result; E_BUSY when memory ended in it. A transaction left open is rolled back. */
err desk_guard(struct desk *desk, err (*fn)(struct desk *desk, void *arg), void *arg);
/* Whoever waits for an answer writes first: DB_WRITE is DB_WRITE_PATIENT. */
err desk_begin(struct desk *desk, enum db_mode mode);
/* The rows of this account from here on, also for row-level security. */
err desk_scope(struct desk *desk, account_id account);
/* Nudges after a commit whose ctx asks for it. */
err desk_commit(struct desk *desk);
void desk_rollback(struct desk *desk);
/* A fault's words, or the code's name. */
str desk_words(const struct ctx *cx, err e);

/* A delivery that two processes ended with has its last try when this one has lived so long: in a
 * series of kills from outside, an innocent one would have had all three by chance. */
enum { RECEIVE_CALM_MS = 2000 };

/* ── receiver (receive.c) ── */

struct receive_batch {
    const struct inbox_row *rows;
    ptrdiff_t n;
    struct received *parsed; /* by row */
};
struct receiver {
    struct arena arenas[2]; /* the batch in hand lives in one, the next is claimed into the other */
    int current;
    struct receive_batch batch;
    bool owns_hand;        /* what the database says is in hand is `batch` */
    bool has_suspect;      /* the oldest delivery waits for RECEIVE_CALM_MS */
    int64_t channel_noted; /* when a channel's health was written last */
    channel_id channel_last;
};
/* One turn: finishes the batch in hand and claims the next, in one transaction. *more = there is a
 * batch in hand now. E_BUSY: try the same again a little later. */
err receive_turn(struct engine *e, struct receiver *r, bool *more);

/* ── jobs (runner.c, kinds.c) ── */

enum job_end {
    JOB_DONE,
    JOB_RETRY,  /* with back-off, until LIMIT_JOB_RETRY_MS after the first try */
    JOB_WAIT,   /* the same, not before at_ms */
    JOB_FINAL,  /* never again: dead, visible */
    JOB_REPEAT, /* periodic: again at at_ms with a clean record */
    JOB_ENDED,  /* the work has ended its claim in a transaction of its own */
};
/* Of what does no harm when it is done twice: what may have been done is done again. */
enum job_end job_end_repeated(enum connector_outcome outcome);
struct job_verdict {
    enum job_end end;
    int64_t at_ms;
    int64_t tries_ms; /* RETRY, WAIT: until so long after the first try; 0 = LIMIT_JOB_RETRY_MS */
    str error;
    /* Runs in the transaction that ends the claim; is_dead and next_ms (0 = none) are decided. NULL
     * = nothing to write. */
    err (*write)(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms);
    void *arg;
};
struct job_run {
    struct desk desk; /* first: arena and transaction */
    struct http_client *client;
    const struct job_row *job;
    int64_t now_ms;
};
struct job_kind {
    const char *name;
    /* Does the work, with transactions of its own that are ended before the network is touched. An
     * error counts as JOB_RETRY. */
    err (*work)(struct job_run *run, struct job_verdict *verdict);
    /* Notes in the transaction of the claim that the work has begun. NULL = nobody looks. */
    err (*claimed)(struct ctx *cx, const struct job_row *job);
    /* A job that ended the process JOB_KILLS times is not worked on again: written with its end, as
     * job_verdict.write, `run` is the job_run. Looks at nothing but the key. NULL = nobody waits.
     */
    err (*set_aside)(struct ctx *cx, void *run, bool is_dead, int64_t next_ms);
    bool is_endless; /* repeats itself for ever: no number of failed tries makes it dead */
};
/* Sleeps a moment; returns early when the engine stops. */
void engine_pause(struct engine *e, int64_t ms);
/* Credentials that end soon (or `now`, because the network has refused them) are made new and
 * stored, one worker at a time; *is_fresh: setup->secrets are new. Nothing happens where the
 * network has no such way, or it does not work: the call that follows says what is wrong. Outside a
 * transaction. */
struct connector;
struct connector_setup;
err credentials_ready(struct job_run *run, const struct connector *c, channel_id channel,
    struct connector_setup *setup, bool now, bool *is_fresh);
/* Bytes that a job has brought or made become a blob of its account (made_file.c). Outside a
 * transaction. claim: the row, before they are put in place. keep: the whole way of a file at
 * `path`; fails as file_settle, blob_claim and blob_place do, *hash (the blob's name) untouched,
 * and the caller removes what is left at path. */
struct file_sum;
err made_file_claim(struct job_run *run, const struct file_sum *sum);
err made_file_keep(struct job_run *run, str path, str *hash);
/* Fills in preview_url of pictures that are JPEG or PNG, as far as there can be one (preview.c).
 * rows: the attachments of the files, one by one. Outside a transaction. */
struct attachment;
struct connector_file;
err previews_make(
    struct job_run *run, const struct attachment *rows, struct connector_file *files, ptrdiff_t n);
/* The claim of long work runs from now on again; `also` writes in the same transaction, as the
 * job's account. E_CONFLICT: the claim was lost to somebody else. */
err runner_prolong(struct job_run *run, err (*also)(struct ctx *cx, void *arg), void *arg);
const struct job_kind *job_kind_find(str name);
/* The files of a message for its connector (deliver.c); rows: the same, as they are stored. */
err deliver_files(struct ctx *cx, message_id id, struct attachment **rows,
    struct connector_file **files, ptrdiff_t *n);
err deliver_work(struct job_run *run, struct job_verdict *v);
err mail_again_work(struct job_run *run, struct job_verdict *v);
err sent_copy_work(struct job_run *run, struct job_verdict *v);
err deliver_claimed(struct ctx *cx, const struct job_row *job);
err deliver_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms);
/* How the channel fares, after a call: its limits, its failures, its credentials. In the
 * transaction that ends the claim. */
struct connector_sent;
err deliver_note_pace(struct ctx *cx, channel_id channel, const struct connector_sent *sent);
err letter_work(struct job_run *run, struct job_verdict *v);
err letter_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms);
err chat_mail_work(struct job_run *run, struct job_verdict *v);
err password_reset_work(struct job_run *run, struct job_verdict *v);
err webhook_work(struct job_run *run, struct job_verdict *v);
err webhook_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms);
err act_work(struct job_run *run, struct job_verdict *v);
err typing_work(struct job_run *run, struct job_verdict *v);
err call_work(struct job_run *run, struct job_verdict *v);
err call_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms);
err wrap_up_work(struct job_run *run, struct job_verdict *v);
err subscribe_work(struct job_run *run, struct job_verdict *v);
err templates_work(struct job_run *run, struct job_verdict *v);
err again_work(struct job_run *run, struct job_verdict *v);
err wake_work(struct job_run *run, struct job_verdict *v);
err statistics_work(struct job_run *run, struct job_verdict *v);
err upkeep_work(struct job_run *run, struct job_verdict *v);
err poll_work(struct job_run *run, struct job_verdict *v);
err reconcile_work(struct job_run *run, struct job_verdict *v);
err lookup_work(struct job_run *run, struct job_verdict *v);
err whose_work(struct job_run *run, struct job_verdict *v);
err whose_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms);
err person_work(struct job_run *run, struct job_verdict *v);
err thumbnail_work(struct job_run *run, struct job_verdict *v);
err thumbnail_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms);
err fetch_work(struct job_run *run, struct job_verdict *v);
err fetch_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms);
err export_work(struct job_run *run, struct job_verdict *v);
/* The parts of its file in the store go, and then their rows. Outside a transaction. E_BUSY. */
err export_parts_remove(struct desk *desk, account_id account, data_export_id id);
err export_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms);
/* Files of an account that nobody needs (sweep.c); part of upkeep. */
void sweep_files(struct engine *e, struct arena *a, account_id account);
err upkeep_ensure(struct engine *e);

/* Parks jobs of channels that may not send now, and releases those that may (store/pace.h).
 * *has_more: there may be more to park, soon. */
err runner_pace(struct desk *desk, bool *has_more);
/* Claims what is due, as far as there is room, and notes what has begun by it. */
err runner_claim(
    struct desk *desk, struct job_room room, const struct job_row **jobs, ptrdiff_t *n);
/* One job from claim to end. client: NULL for jobs that call nobody. wants_next: the next job of
 * the channel is claimed with that end; returned when there is one, in `arena`, else NULL. */
const struct job_row *runner_do(struct engine *e, struct arena *arena, struct http_client *client,
    const struct job_row *job, bool wants_next);
err runner_free_expired(struct engine *e, bool all);
/* Has the wall clock been set back since the last call? Then what waits by it is moved. At the
 * start (is_start) what is stored tells it. By the thread that claims. */
err runner_clock_check(struct engine *e, bool is_start);

/* ── publisher (publish.c) ── */

struct publisher {
    struct arena arena;
    struct event_pos at; /* everything up to here was handed to the hub */
    bool is_caught_up;   /* webhooks have been fed since the start */
};
/* One turn; *more = there may be more to do at once. */
err publish_turn(struct engine *e, struct publisher *p, bool *more);
/* Turns events into deliveries for every live webhook of the account (0 = of all). */
err publish_feed(struct engine *e, struct publisher *p, account_id account);

/* ── search index (index.c) ── */

/* One turn; *more = there is more to do at once. */
err index_run(struct engine *e, bool *more);

/* ── the engine ── */

enum { ENGINE_THREADS_MOST = 256 };

struct job_thread {
    struct engine *engine;
    pthread_t thread;
    struct waker waker;
    struct http_client *client;
    struct arena arena;
    struct job_row job; /* its texts live in the current of the two */
    struct arena texts[2];
    int current_texts;
    bool has_job; /* under the engine's lock, as `job` is while it changes */
};
struct engine {
    struct db *db;
    struct hub *hub;
    struct audience *audience;
    struct elsewhere *elsewhere;
    const struct config *config;
    struct http_client_options client_options;
    struct smtp_pool *mails; /* kept connections of all job threads */
    int64_t fetch_ms, fetch_bytes;
    int64_t holder; /* random per start: claims and leases are ours by it */
    _Atomic int64_t
        calm_ms; /* monotonic: opened then, or the database was away for the last time */
    int64_t
        clock_ms; /* by how much the wall clock was ahead of the monotonic one; the dispatcher's */
    atomic_bool is_stopping;
    bool is_started;

    struct waker receive_waker, dispatch_waker, publish_waker, index_waker;
    struct waker room_waker; /* the receiver has ended a turn (engine_make_room) */
    atomic_int room;         /* so many batches of new deliveries may come before its next one */
    pthread_t receive_thread, dispatch_thread, publish_thread, index_thread;
    struct streams *streams;
    struct receiver receiver;
    struct publisher publisher;
    struct search_indexer indexer;
    struct arena dispatch_arena;
    pthread_mutex_t lock; /* has_job of the threads */
    struct job_thread threads[ENGINE_THREADS_MOST];
    int n_threads;

    struct {
        atomic_llong received, receive_batches, receive_duplicates, quarantined;
        atomic_llong jobs_done, jobs_retried, jobs_dead, jobs_lost_lease;
        atomic_llong events_published, deliveries_queued;
    } count;
};
void *receive_main(void *engine);
void *dispatch_main(void *engine);
void *job_main(void *job_thread);
void *publish_main(void *engine);
void *index_main(void *engine);
