/* The durable job table. A job is work without a request: added in the transaction of its cause,
 * claimed by the runner of any node, retried with back-off, dead and visible after its last try. */
#pragma once
#include "db/db.h"
#include "model/ctx.h"
#include "model/job.h"

struct job_new {
    str kind; /* "receive", "send", "webhook", "wake", "thumbnail", … : job/kinds.c has the table */
    str key;        /* unique per kind among live jobs: adding again is no error and adds nothing */
    str order_key;  /* one in flight per order key; empty = free */
    int64_t run_ms; /* not before; 0 = now */
    str payload;    /* JSON, ≤ 64 KiB */
    channel_id channel; /* whose pace it obeys (store/pace.h); {0} = none */
};
/* Sets cx->effects.jobs. A dead job of the same kind and key is raised again instead. */
err job_add(struct ctx *cx, const struct job_new *j);
err job_add_many(struct ctx *cx, const struct job_new *j, ptrdiff_t n);
/* Moves a waiting job's time, or removes it while nobody has claimed it; E_NOT_FOUND otherwise. */
err job_move(struct ctx *cx, str kind, str key, int64_t run_ms);
err job_cancel(struct ctx *cx, str kind, str key);
/* Whether such a job is claimed; nobody can end that claim before this transaction has ended. */
err job_hold(struct ctx *cx, str kind, str key, bool *is_running);
/* Whether such a job waits for another try, or for its channel's turn. Reads only. */
err job_is_waiting(struct ctx *cx, str kind, str key, bool *is_waiting);
/* Whether a job of this kind and channel runs that was first tried until then. */
err job_is_running(struct ctx *cx, channel_id channel, str kind, int64_t upto_ms, bool *is_running);

/* ── for the runner ── */

/* Claims in a row that ended with the process: a job with so many is not worked on again. Its next
 * claim only sets it aside, and tells people (job/runner.c); should even that end the process, it
 * is dead without a word. A job spends its time waiting for a peer, so whoever ends the process
 * often hits innocent ones: with one such end they go on at once; with two they wait, each for
 * another time, until whatever keeps ending the process has had its third and the rest has got on,
 * and a process takes them only when it has lived for JOB_CALM_MS, the database there all the
 * while: in a series of kills from outside (a machine that restarts them again and again) innocent
 * ones would come to three by chance. */
enum {
    JOB_KILLS = 3,
    JOB_SUSPECT_MS = 120 * 1000,
    JOB_SUSPECT_SPREAD_MS = 60 * 1000,
    JOB_CALM_MS = 2000
};

#define JOB_KILLED "The server ended while it worked on this, three times in a row."

struct job_row {
    job_id id;
    account_id account_id; /* 0 = the installation's own (upkeep) */
    str kind;
    str key;
    str order_key;
    str payload;
    channel_id channel_id;
    int64_t attempts; /* with this one */
    int64_t kills;    /* claims before this one, in a row, that ended with the process */
    int64_t first_ms; /* when it was first tried */
    int64_t created_ms;
    int64_t node; /* with lease_ms the proof of the claim */
    int64_t lease_ms;
};
/* SQL of the rooms that share the table: nothing earlier of its order key lives before job j. Only
 * an earlier id can block, and it stays until it is finished, so two claimers cannot take two jobs
 * of one order_key. */
#define JOB_FOREMOST                                                                               \
    "NOT EXISTS (SELECT 1 FROM job e "                                                             \
    "WHERE e.account_id = j.account_id AND e.order_key = j.order_key AND e.id < j.id "             \
    "AND e.state IN ('queued', 'running', 'parked')) "

struct job_room {
    int64_t jobs;    /* so many in all */
    int64_t fetches; /* so many of them may be files: kinds "fetch" and "export" */
    bool is_young;   /* the process is: what two others ended with stays (JOB_CALM_MS) */
};
struct job_abreast {
    int64_t channel, network; /* so many jobs of one may run at a time; at least 1 */
};
/* Claims what is due, oldest first, as far as there is room: each is one attempt more and ours
 * until its lease_ms (by its kind, limits.h). A job waits while an earlier live one has its
 * order_key, while its channel's pace is closed, and while as many jobs of its channel or its
 * network run as may run abreast. The commit of this must be durable before the work begins. */
err job_claim(struct db_tx *tx, int64_t node, int64_t now_ms, struct job_room room,
    struct job_abreast abreast, const struct job_row **rows, ptrdiff_t *count);
/* Whether job_claim would find anything; reads only. */
err job_is_claimable(struct db_tx *tx, int64_t now_ms, struct job_room room,
    struct job_abreast abreast, bool *is_there);
/* Claims the next job of a channel that has a seat for it (one of its jobs has just ended in this
 * transaction), parked ones too: for a channel without a pace of its own that works. *n = 0: there
 * is none. Not files (kind "fetch"). */
err job_claim_next(struct db_tx *tx, int64_t node, channel_id channel, int64_t now_ms,
    bool is_young, const struct job_row **row, ptrdiff_t *n);
/* The ways a claim ends; E_CONFLICT when the lease was lost to somebody else: then nothing of the
 * work may be kept. */
err job_finish(struct db_tx *tx, const struct job_row *job);
err job_put_back(struct db_tx *tx, const struct job_row *job, int64_t run_ms, str error);
/* The same with a clean record: periodic work. */
err job_repeat(struct db_tx *tx, const struct job_row *job, int64_t run_ms);
err job_bury(struct db_tx *tx, const struct job_row *job, str error);
/* The claim is ours until then: job->lease_ms of what follows, once it is committed. */
err job_prolong(struct db_tx *tx, const struct job_row *job, int64_t lease_ms);
/* Claims whose lease has run out are queued again, see JOB_KILLS. all = every claim (SQLite at
 * start: the claimer was this data folder's last process). Those of the node `own` (0 = none) do
 * not count: it lives, and has only lost the answer to a claim or could not write an end, as when
 * PostgreSQL was killed. */
err job_free_expired(struct db_tx *tx, int64_t now_ms, bool all, int64_t own, int64_t *freed);
/* Is the newest event later than now, by more than nodes' clocks differ? Then the clock was set
 * back while nobody ran. */
err job_clock_is_back(struct db_tx *tx, int64_t now_ms, bool *is_back);
/* The wall clock was set back by back_ms (0: not known; then what was made or first tried later
 * than now says so): pauses end as long after now as they would have, and what repeats itself is
 * due. pause_ms: the longest one of a job that was not tried yet. moved: jobs and channels. */
err job_clock_back(
    struct db_tx *tx, int64_t now_ms, int64_t back_ms, int64_t pause_ms, int64_t *moved);
/* When there is something to do; 0 = never. */
struct job_times {
    int64_t due_ms;   /* the first queued job, which may be due and held back */
    int64_t run_ms;   /* the first that is to run later than now */
    int64_t lease_ms; /* the first claim that runs out */
    int64_t turn_ms;  /* the first channel with parked jobs that may go on in its turn */
    int64_t flowing;  /* how many channels have parked jobs that may go on at once */
};
err job_times(struct db_tx *tx, int64_t now_ms, struct job_times *times);

struct job_count {
    str kind, state;
    int64_t count;
};
err job_counts(struct db_tx *tx, const struct job_count **counts, ptrdiff_t *n);

/* ── for people ── */
/* Newest first, ids below `before` (0 = from the newest). */
err job_list(struct ctx *cx, str state, job_id before, ptrdiff_t limit,
    const struct job_item **items, ptrdiff_t *count);
err job_get(struct ctx *cx, job_id id, struct job_item *item);
/* A dead or waiting job runs now with a clean record; E_NOT_FOUND, E_CONFLICT while it runs. */
err job_retry(struct ctx *cx, job_id id);
err job_remove(struct ctx *cx, job_id id);
