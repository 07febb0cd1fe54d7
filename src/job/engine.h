/* The engine: everything that works without a request. It owns these threads:
 *   receiver    inbox rows → conversations (receive.c)
 *   dispatcher  claims due jobs and hands them to the job threads (runner.c)
 *   job 1…N     deliveries, webhooks, clock work (runner.c, kinds.c)
 *   publisher   committed events → hub and outgoing webhooks (publish.c)
 * Not here: what a job does (its own file), who may hear an event (care/audience.h).
 *
 * Nobody polls: the boundary nudges after a commit, other nodes through db_listen, time through the
 * next due row. On PostgreSQL a lost notification is covered by a look every second.
 * Thread: every function any, unless it says otherwise. */
#pragma once
#include "db/db.h"
#include "model/config.h"
#include "model/shape.h"
#include "net/egress.h"
#include "net/hub.h"

struct engine;
struct audience;  /* care/audience.h */
struct elsewhere; /* care/elsewhere.h */

struct engine_options {
    struct db *db;
    struct hub *hub;             /* NULL: nobody listens (tests, command line) */
    struct audience *audience;   /* who listens to the hub; NULL with it */
    struct elsewhere *elsewhere; /* who listens on other nodes; NULL: nobody is known to */
    const struct config *config;
    const struct egress_rules *rules;
    str ca_file;                   /* PEM for outgoing calls; empty = the system's */
    int threads;                   /* job threads; 0 = 4 */
    int64_t fetch_ms, fetch_bytes; /* of one file by address; 0 = as in limits.h */
};

/* Makes the engine without starting threads. On SQLite everything a killed process had claimed is
 * free again after this call. E_BUSY: out of memory or database; *why in words. */
err engine_open(struct arena *a, const struct engine_options *o, struct engine **engine, str *why);
err engine_start(struct engine *engine);
/* Lets running work end (outgoing calls are cancelled after grace_ms), joins the threads. The
 * engine can be closed then. What was not finished is taken up at the next start. */
void engine_stop(struct engine *engine, int64_t grace_ms);
void engine_close(struct engine *engine);

/* After a commit whose cx->effects ask for it; wakes the other nodes too. */
void engine_nudge_jobs(struct engine *engine);
void engine_nudge_events(struct engine *engine);
/* For who brings new deliveries, before each batch: waits for the receiver's next turn, at most
 * 100 ms, when it found more in the inbox than it can take at once, or when a turn lasts while some
 * batches have come. On PostgreSQL deliveries are written faster than they are taken up, and would
 * pile up; on SQLite both take turns at the write lock anyhow. */
void engine_make_room(struct engine *engine);
/* From db_listen: topics "job" and "event" of other nodes; others are ignored. */
void engine_heard(struct engine *engine, str topic);

/* For tests and the command line, without threads: does on the calling thread everything that is
 * due now (inbox, jobs, events), until nothing is. */
err engine_run_due(struct engine *engine);

struct engine_stats {
    int64_t received, receive_batches, receive_duplicates, quarantined;
    int64_t jobs_done, jobs_retried, jobs_dead, jobs_lost_lease;
    int64_t events_published, deliveries_queued;
};
struct engine_stats engine_stats(const struct engine *engine);

/* The data of message.outgoing, which goes to a reply address (deliver.c). */
extern const struct shape outgoing_shape;
