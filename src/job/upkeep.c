/* upkeep: what must be done now and then, in small transactions: old rows are removed, sleeping
 * conversations whose own job was lost are woken, counts are folded, the audit log is chained. One
 * job of account 0 that queues itself again, so one node at a time does it. A step that fails is
 * logged and tried again next time; it does not keep the others from their turn. Thread: job
 * threads. */
#include "base/limits.h"
#include "base/log.h"
#include "care/blob_store.h"
#include "care/lifecycle.h"
#include "job/inner.h"
#include "store/audit_read.h"
#include "store/authorization.h"
#include "store/automatic.h"
#include "store/conversation_cell.h"
#include "store/delivery.h"
#include "store/door.h"
#include "store/early.h"
#include "store/idempotency.h"
#include "store/letter.h"
#include "store/link.h"
#include "store/mail_picture.h"
#include "store/reconciliation.h"
#include "store/session.h"
#include "store/throttle.h"

enum { EVERY_MS = 60 * 1000, ROUNDS_MOST = 200 };

static int64_t event_cutoff_ms(const struct ctx *cx)
{
    return cx->now_ms - (int64_t)LIMIT_EVENT_KEEP_DAYS * 24 * 3600 * 1000;
}

/* Each step does one bite in the open transaction and says whether there is more. */
static err forget_events(struct ctx *cx, bool *more)
{
    int64_t removed = 0;
    TRY(event_forget(cx->db, event_cutoff_ms(cx), LIMIT_UPKEEP_ROWS, &removed));
    *more = removed > 0;
    return OK;
}

static err forget_inbox(struct ctx *cx, bool *more)
{
    int64_t removed = 0;
    TRY(inbox_forget(cx, cx->now_ms - LIMIT_INBOX_KEEP_MS, LIMIT_UPKEEP_ROWS, &removed));
    *more = removed > 0;
    return OK;
}

static err forget_deliveries(struct ctx *cx, bool *more)
{
    int64_t removed = 0;
    TRY(delivery_forget(cx, event_cutoff_ms(cx), LIMIT_UPKEEP_ROWS, &removed));
    *more = removed > 0;
    return OK;
}

/* A year of nights. */
static err forget_reconciliations(struct ctx *cx, bool *more)
{
    const int64_t year_ms = INT64_C(365) * 24 * 3600 * 1000;
    int64_t removed = 0;
    TRY(reconciliation_forget(cx, cx->now_ms - year_ms, LIMIT_UPKEEP_ROWS, &removed));
    *more = removed > 0;
    return OK;
}

static err forget_early(struct ctx *cx, bool *more)
{
    int64_t removed = 0;
    TRY(early_forget(cx, cx->now_ms - EARLY_KEEP_MS, LIMIT_UPKEEP_ROWS, &removed));
    *more = removed > 0;
    return OK;
}

static err forget_automatic(struct ctx *cx, bool *more)
{
    const int64_t day_ms = 24 * 3600 * 1000;
    int64_t removed = 0;
    TRY(automatic_forget(cx, cx->now_ms - day_ms, LIMIT_UPKEEP_ROWS, &removed));
    *more = removed > 0;
    return OK;
}

/* Their names lead answers into chats for as long. */
static err forget_letters(struct ctx *cx, bool *more)
{
    const int64_t year_ms = INT64_C(365) * 24 * 3600 * 1000;
    int64_t removed = 0;
    TRY(letter_forget(cx, cx->now_ms - year_ms, LIMIT_UPKEEP_ROWS, &removed));
    *more = removed > 0;
    return OK;
}

static err fold_counts(struct ctx *cx, bool *more)
{
    int64_t folded = 0;
    TRY(conversation_cells_fold(cx, LIMIT_UPKEEP_COUNTS, &folded));
    *more = folded == LIMIT_UPKEEP_COUNTS;
    return OK;
}

static err wake_due(struct ctx *cx, bool *more)
{
    *more = false;
    return lifecycle_wake_due(cx);
}

/* One bite a minute: what fails again is back in quarantine at once. */
static err retry_away(struct ctx *cx, bool *more)
{
    *more = false;
    return cx->config->blob_store ? inbox_away_retry(cx, LIMIT_UPKEEP_ROWS) : OK;
}

/* Either runs, or forgets: then rows are removed until none is left. */
struct step {
    const char *name;
    bool per_account;
    err (*run)(struct ctx *cx, bool *more);
    err (*forget)(struct ctx *cx, ptrdiff_t max, int64_t *removed);
};
static const struct step steps[] = {
    {"events",     false, forget_events,          NULL                },
    {"inbox",      true,  forget_inbox,           NULL                },
    {"answers",    false, NULL,                   idempotency_forget  },
    {"sessions",   false, NULL,                   session_forget      },
    {"links",      false, NULL,                   link_forget         },
    {"throttles",  false, NULL,                   throttle_forget     },
    {"authorize",  false, NULL,                   authorization_forget},
    {"deliveries", true,  forget_deliveries,      NULL                },
    {"compared",   true,  forget_reconciliations, NULL                },
    {"early",      true,  forget_early,           NULL                },
    {"automatic",  true,  forget_automatic,       NULL                },
    {"letters",    true,  forget_letters,         NULL                },
    {"pictures",   true,  NULL,                   mail_picture_forget },
    {"counts",     true,  fold_counts,            NULL                },
    {"wake",       true,  wake_due,               NULL                },
    {"away",       true,  retry_away,             NULL                },
    {"audit",      true,  audit_chain,            NULL                },
};

struct bite {
    const struct step *step;
    account_id account;
    bool more;
};

static err take_bite(struct desk *desk, void *arg)
{
    struct bite *bite = arg;
    TRY(desk_begin(desk, DB_WRITE));
    if (bite->step->per_account)
        TRY(desk_scope(desk, bite->account));
    if (bite->step->run) {
        TRY(bite->step->run(&desk->cx, &bite->more));
    } else {
        int64_t removed = 0;
        TRY(bite->step->forget(&desk->cx, LIMIT_UPKEEP_ROWS, &removed));
        bite->more = removed > 0;
    }
    return desk_commit(desk);
}

static void run_step(struct engine *e, struct arena *a, const struct step *step, account_id account)
{
    struct bite bite = {.step = step, .account = account, .more = true};
    for (int i = 0; i < ROUNDS_MOST && bite.more && !atomic_load(&e->is_stopping); i++) {
        struct desk desk = {.engine = e, .arena = a};
        arena_reset(a);
        err result = desk_guard(&desk, take_bite, &bite);
        if (result == OK)
            continue;
        log_line(result == E_BUSY ? LOG_INFO : LOG_ERROR, "a step of upkeep failed",
            LOG_Z("step", step->name), LOG_S("reason", desk_words(&desk.cx, result)));
        return;
    }
}

static void run_steps(struct engine *e, const account_id *accounts, ptrdiff_t n)
{
    struct arena a = arena_make(0);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (!steps[i].per_account)
            run_step(e, &a, &steps[i], (account_id){0});
        for (ptrdiff_t k = 0; steps[i].per_account && k < n; k++)
            run_step(e, &a, &steps[i], accounts[k]);
    }
    for (ptrdiff_t k = 0; k < n; k++)
        sweep_files(e, &a, accounts[k]);
    if (e->config->blob_store)
        blob_store_trim_hourly(e->config->blob_store);
    arena_free(&a);
}

err upkeep_work(struct job_run *run, struct job_verdict *v)
{
    account_id *accounts = NULL;
    ptrdiff_t n = 0;
    TRY(desk_begin(&run->desk, DB_READ));
    TRY(door_accounts(&run->desk.cx, &accounts, &n));
    TRY(desk_commit(&run->desk));
    run_steps(run->desk.engine, accounts, n);
    *v = (struct job_verdict){.end = JOB_REPEAT, .at_ms = run->now_ms + EVERY_MS};
    return OK;
}

static err add_job(struct desk *desk, void *arg)
{
    (void)arg; /* nothing to be told */
    TRY(desk_begin(desk, DB_WRITE));
    TRY(job_add(&desk->cx, &(struct job_new){.kind = S("upkeep"), .key = S("all")}));
    desk->cx.effects.jobs = false; /* the dispatcher starts after this */
    return desk_commit(desk);
}

err upkeep_ensure(struct engine *e)
{
    struct desk desk = {.engine = e, .arena = &e->dispatch_arena};
    arena_reset(&e->dispatch_arena);
    return desk_guard(&desk, add_job, NULL);
}
