/* credentials: tokens of networks that end are made new before they do. One worker at a time per
 * channel, over all nodes: a refresh token that rotates is spoilt by being used twice. The new ones
 * are stored before they are used, and do not undo what somebody has entered meanwhile. Source:
 * docs/architecture.md "Tokens". Thread: job threads. */
#include "base/crypto.h"
#include "base/json.h"
#include "base/limits.h"
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
    STORES = 3,     /* against people who replace the credentials at the same moment */
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

static bool is_same(const struct json *root, const struct json *other, str key)
{
    const struct json *x = json_get(root, key), *y = json_get(other, key);
    return x && y ? x->kind == JSON_STRING && y->kind == JSON_STRING && str_eq(x->text, y->text)
                  : x == y;
}

static void put_member(struct json_out *j, const struct json *v)
{
    json_key(j, v->key);
    json_put_tree(j, v);
}

/* Somebody has replaced what the new ones were made from. What they have changed stays theirs; of
 * the rest the new ones count, since a refresh token may be good only once. */
static str merged(struct arena *a, str before, str now, str fresh)
{
    const struct json *was = NULL, *is = NULL, *made = NULL;
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    str why;
    if (json_parse(a, before, &was, &why) != OK || json_parse(a, now, &is, &why) != OK ||
        json_parse(a, fresh, &made, &why) != OK)
        return now;
    json_obj(&j);
    for (const struct json *v = is->first; v; v = v->next) {
        const struct json *of_refresh = json_get(made, v->key);
        bool is_theirs = !is_same(was, is, v->key) || !of_refresh;
        put_member(&j, is_theirs ? v : of_refresh);
    }
    for (const struct json *v = made->first; v; v = v->next)
        if (!json_get(is, v->key) && !json_get(was, v->key))
            put_member(&j, v);
    json_obj_end(&j);
    return j.b.failed ? now : json_str(&j);
}

/* *secrets: what stands there in the end. */
static err renew(struct ctx *cx, const struct refreshing *r,
    const struct connector_refreshed *fresh, str before, str *secrets)
{
    struct channel now = r->channel;
    int64_t expires_ms = fresh->expires_ms;
    *secrets = fresh->secrets;
    for (int i = 0; i < STORES; i++) {
        err e = channel_renew_network_secrets(cx, &now, *secrets, expires_ms);
        if (e != E_CONFLICT)
            return e;
        str theirs;
        TRY(channel_get(cx, r->id, &now));
        TRY(channel_network_secrets(cx, &now, &theirs));
        *secrets = merged(cx->arena, before, theirs, fresh->secrets);
        if (now.secrets_expire_ms != r->channel.secrets_expire_ms)
            expires_ms = now.secrets_expire_ms;
    }
    return E_BUSY;
}

/* The network refuses to make them new: unless there are others by now. */
static err refused(struct ctx *cx, const struct refreshing *r, str why)
{
    struct channel now;
    bool has_changed = false;
    TRY(channel_get(cx, r->id, &now));
    if (str_eq(now.secrets_sealed, r->channel.secrets_sealed))
        TRY(channel_set_auth(cx, r->id, why, &has_changed));
    return has_changed ? channel_tell(cx, r->id) : OK;
}

static err store(struct job_run *run, const struct refreshing *r,
    const struct connector_refreshed *fresh, str *secrets)
{
    struct ctx *cx = &run->desk.cx;
    TRY(desk_begin(&run->desk, DB_WRITE));
    TRY(desk_scope(&run->desk, run->job->account_id));
    if (fresh->end.outcome == CONNECTOR_SENT)
        TRY(renew(cx, r, fresh, r->setup->secrets, secrets));
    else if (fresh->end.outcome == CONNECTOR_REAUTH || fresh->end.outcome == CONNECTOR_FINAL)
        TRY(refused(cx, r, fresh->end.why));
    TRY(lease_give_up(run->desk.tx, r->lease, r->worker));
    return desk_commit(&run->desk);
}

static err refresh(struct job_run *run, struct refreshing *r, bool *is_fresh)
{
    struct connector_refreshed fresh = {0};
    TRY(r->connector->refresh(run->client, run->desk.arena, r->setup, run->now_ms, &fresh));
    str secrets = {0};
    TRY(store(run, r, &fresh, &secrets));
    *is_fresh = fresh.end.outcome == CONNECTOR_SENT;
    if (*is_fresh)
        r->setup->secrets = secrets;
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
