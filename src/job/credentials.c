/* credentials: tokens of networks that end are made new before they do. One worker at a time per
 * channel, over all nodes: a refresh token that rotates is spoilt by being used twice. The new ones
 * are stored before they are used. Source: docs/architecture.md "Tokens". Thread: job threads. */
#include "base/crypto.h"
#include "base/log.h"
#include "care/channel_setup.h"
#include "connector/connector.h"
#include "job/inner.h"
#include "store/channel.h"
#include "store/lease.h"

#include <poll.h>

enum {
    EARLY_MS = 5 * 60 * 1000, /* before they end; connector.renew_early_ms */
    LEASE_MS = 60 * 1000,     /* longer than the call */
    TRIES = 40,
    PAUSE_MS = 500, /* while another worker makes them new */
};

void engine_pause(struct engine *e, int64_t ms)
{
    enum { STEP_MS = 20 };
    for (int64_t slept = 0; slept < ms && !atomic_load(&e->is_stopping); slept += STEP_MS)
        (void)poll(NULL, 0, STEP_MS); /* nothing to poll: a sleep that a signal may end */
}

struct refreshing {
    const struct connector *connector;
    struct connector_setup *setup;
    struct channel channel;
    channel_id id;
    str lease;
    int64_t worker; /* random: the lease tells the threads of one node apart too */
    bool now, is_needed, is_held;
};

/* Reads what stands there now; with `takes`, takes the lease when it must be made new. */
static err look(struct job_run *run, struct refreshing *r, bool takes)
{
    struct ctx *cx = &run->desk.cx;
    str before = r->setup->secrets;
    TRY(desk_begin(&run->desk, takes ? DB_WRITE : DB_READ));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(channel_get(cx, r->id, &r->channel));
    TRY(channel_setup(cx, &r->channel, r->setup));
    bool is_changed = !str_eq(before, r->setup->secrets);
    int64_t early_ms = r->connector->renew_early_ms ? r->connector->renew_early_ms : EARLY_MS;
    bool ends_soon =
        r->channel.secrets_expire_ms && r->channel.secrets_expire_ms - run->now_ms < early_ms;
    r->is_needed = ends_soon || (r->now && !is_changed);
    if (r->is_needed && takes)
        TRY(lease_hold(
            run->desk.tx, r->lease, r->worker, run->now_ms, run->now_ms + LEASE_MS, &r->is_held));
    return desk_commit(&run->desk);
}

static err store(
    struct job_run *run, const struct refreshing *r, const struct connector_refreshed *fresh)
{
    struct ctx *cx = &run->desk.cx;
    bool has_changed = false;
    TRY(desk_begin(&run->desk, DB_WRITE));
    TRY(desk_scope(&run->desk, run->job->account_id));
    if (fresh->end.outcome == CONNECTOR_SENT)
        TRY(channel_set_network_secrets(cx, r->id, fresh->secrets, fresh->expires_ms));
    else if (fresh->end.outcome == CONNECTOR_REAUTH || fresh->end.outcome == CONNECTOR_FINAL)
        TRY(channel_set_auth(cx, r->id, fresh->end.why, &has_changed));
    if (has_changed)
        TRY(channel_tell(cx, r->id));
    TRY(lease_give_up(run->desk.tx, r->lease, r->worker));
    return desk_commit(&run->desk);
}

static err refresh(struct job_run *run, struct refreshing *r, bool *is_fresh)
{
    struct connector_refreshed fresh = {0};
    TRY(r->connector->refresh(run->client, run->desk.arena, r->setup, run->now_ms, &fresh));
    TRY(store(run, r, &fresh));
    *is_fresh = fresh.end.outcome == CONNECTOR_SENT;
    if (*is_fresh)
        r->setup->secrets = fresh.secrets;
    else
        log_line(LOG_WARN, "a network's credentials could not be made new",
            LOG_S("network", r->connector->name), LOG_I("channel", r->id.v),
            LOG_S("reason", fresh.end.why));
    return OK;
}

err credentials_ready(struct job_run *run, const struct connector *c, channel_id channel,
    struct connector_setup *setup, bool now, bool *is_fresh)
{
    struct refreshing r = {.connector = c, .setup = setup, .id = channel, .now = now};
    str before = setup->secrets;
    *is_fresh = false;
    if (!c->refresh)
        return OK;
    crypto_random(&r.worker, (ptrdiff_t)sizeof r.worker);
    r.worker = (r.worker & INT64_MAX) | 1;
    r.lease = str_print(run->desk.arena, "refresh:%lld", (long long)channel.v);
    for (int i = 0; i < TRIES; i++) {
        TRY(look(run, &r, false)); /* nearly always enough, and without the write lock */
        if (r.is_needed)
            TRY(look(run, &r, true));
        if (!r.is_needed) {
            *is_fresh = !str_eq(before, setup->secrets); /* another worker was here */
            return OK;
        }
        if (r.is_held)
            return refresh(run, &r, is_fresh);
        engine_pause(run->desk.engine, PAUSE_MS);
    }
    return E_BUSY;
}
