/* subscribe: networks are told where to call, or not to call any more (job "subscribe", key
 * "<channel>:<number>"), as the channel stands when the job runs; of a channel that has been
 * removed the job brings what it needs (care/channel_setup.h). And the message templates of
 * networks are brought every night (job "templates", key: channel id). Thread: job threads. */
#include "base/crypto.h"
#include "base/id.h"
#include "care/channel_form.h"
#include "care/channel_setup.h"
#include "job/inner.h"
#include "store/channel.h"

enum {
    DAY_MS = 24 * 3600 * 1000,
    SPREAD_MS = 3600 * 1000, /* so that not all channels ask in the same minute */
    PAUSE_MS = 15 * 60 * 1000,
};

struct channel_run {
    channel_id id;
    const struct connector *connector; /* NULL: there is nothing to do */
    struct connector_setup setup;
    bool is_on, is_gone;
    struct connector_sent sent;
    struct connector_templates templates;
};

/* As the channel stands now; with a payload, as it stood when it was removed. */
static err load(struct job_run *run, struct channel_run *r)
{
    struct ctx *cx = &run->desk.cx;
    struct channel channel;
    str number, rest, kind;
    (void)str_cut(run->job->key, ':', &number, &rest); /* a key without it is the id alone */
    if (id_parse(number, &r->id.v) != OK)
        return OK;
    TRY(desk_begin(&run->desk, DB_READ));
    TRY(desk_scope(&run->desk, run->job->account_id));
    err e = channel_plan_read(cx, run->job->payload, &kind, &r->setup);
    if (e == OK) {
        r->is_gone = true;
        r->connector = connector_find(kind);
        return desk_commit(&run->desk);
    }
    if (e != E_INVALID)
        return e;
    e = channel_get(cx, r->id, &channel);
    if (e == E_NOT_FOUND)
        return desk_commit(&run->desk);
    TRY(e);
    r->is_on = channel.is_enabled;
    if (!channel_is_capture(cx->arena, channel.settings)) {
        r->connector = connector_find(channel.kind);
        TRY(channel_setup(cx, &channel, &r->setup));
    }
    return desk_commit(&run->desk);
}

static enum job_end end_of(const struct connector_sent *sent)
{
    switch (sent->outcome) {
    case CONNECTOR_SENT:
        return JOB_DONE;
    case CONNECTOR_FINAL:
    case CONNECTOR_REAUTH:
        return JOB_FINAL;
    case CONNECTOR_WAIT:
        return JOB_WAIT;
    case CONNECTOR_RETRY:
    case CONNECTOR_UNKNOWN: /* said twice it is said once */
        break;
    }
    return JOB_RETRY;
}

/* Not in order with others of the channel: it waits a day, and they must not wait for it. */
static err plan_again(struct ctx *cx, const struct channel_run *r)
{
    return job_add(cx, &(struct job_new){.kind = S("subscribe"),
                           .key = str_print(cx->arena, "%lld:again", (long long)r->id.v),
                           .run_ms = cx->now_ms + r->connector->resubscribe_ms,
                           .payload = S("{}")});
}

/* What it came to stands at the channel: a network that does not call brings no messages. */
static err write_end(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    struct channel_run *r = arg;
    bool has_changed = false;
    if (r->is_gone)
        return OK;
    if (r->is_on && r->connector->resubscribe_ms && (is_dead || !next_ms))
        TRY(plan_again(cx, r));
    if (r->sent.outcome == CONNECTOR_REAUTH)
        TRY(channel_set_auth(cx, r->id, r->sent.why, &has_changed));
    if (r->sent.outcome != CONNECTOR_SENT) {
        TRY(channel_note_error(cx, r->id, r->sent.why));
        has_changed = true;
    }
    err e = has_changed ? channel_tell(cx, r->id) : OK;
    if (e == E_NOT_FOUND)
        cx->fault = (struct fault){0};
    return e == E_NOT_FOUND ? OK : e; /* removed meanwhile */
}

err subscribe_work(struct job_run *run, struct job_verdict *v)
{
    struct channel_run *r = NEW(run->desk.arena, struct channel_run, 1);
    bool is_fresh = false;
    v->end = JOB_DONE;
    TRY(load(run, r));
    if (!r->connector || !r->connector->subscribe)
        return OK;
    if (!r->is_gone)
        TRY(credentials_ready(run, r->connector, r->id, &r->setup, false, &is_fresh));
    TRY(r->connector->subscribe(run->client, run->desk.arena, &r->setup, r->is_on, &r->sent));
    *v = (struct job_verdict){.end = end_of(&r->sent),
        .at_ms = r->sent.wait_until_ms,
        .error = r->sent.why,
        .write = write_end,
        .arg = r};
    return OK;
}

static err write_templates(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    struct channel_run *r = arg;
    (void)is_dead; /* periodic: it never is */
    (void)next_ms;
    if (r->templates.end.outcome != CONNECTOR_SENT)
        return channel_note_error(cx, r->id, r->templates.end.why);
    return channel_templates_store(cx, r->id, &r->templates);
}

static int64_t next_night(int64_t now_ms)
{
    uint32_t random;
    crypto_random(&random, sizeof random);
    return now_ms + DAY_MS + random % SPREAD_MS;
}

err templates_work(struct job_run *run, struct job_verdict *v)
{
    struct channel_run *r = NEW(run->desk.arena, struct channel_run, 1);
    bool is_fresh = false;
    v->end = JOB_DONE;
    TRY(load(run, r));
    if (!r->connector || !r->connector->templates || !r->is_on)
        return OK; /* switched on again it is planned again */
    TRY(credentials_ready(run, r->connector, r->id, &r->setup, false, &is_fresh));
    TRY(r->connector->templates(run->client, run->desk.arena, &r->setup, &r->templates));
    bool is_there = r->templates.end.outcome == CONNECTOR_SENT;
    *v = (struct job_verdict){.end = JOB_REPEAT,
        .at_ms = is_there ? next_night(run->now_ms) : run->now_ms + PAUSE_MS,
        .error = r->templates.end.why,
        .write = write_templates,
        .arg = r};
    return OK;
}
