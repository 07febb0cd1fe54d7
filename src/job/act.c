/* act: an agent's act upon a message that is on the network (job "act", key "<message>:<number>",
 * care/act.h) is done there, and noted when it is. Thread: job threads. */
#include "care/act.h"
#include "base/id.h"
#include "care/channel_setup.h"
#include "job/inner.h"
#include "store/channel.h"
#include "store/pace.h"

enum { REFUSED_MS = 15 * 60 * 1000 };

struct acting {
    message_id message;
    struct act_work work;
    struct connector_sent sent;
    str payload;
};

static err end_here(struct job_run *run, struct job_verdict *v)
{
    TRY(job_finish(run->desk.tx, run->job));
    TRY(desk_commit(&run->desk));
    v->end = JOB_ENDED;
    return OK;
}

static err load(struct job_run *run, struct job_verdict *v, struct acting *a)
{
    str number, rest;
    (void)str_cut(run->job->key, ':', &number, &rest); /* no number: no message */
    TRY(desk_begin(&run->desk, DB_WRITE));
    TRY(desk_scope(&run->desk, run->job->account_id));
    if (id_parse(number, &a->message.v) != OK)
        return end_here(run, v);
    err e = act_take(&run->desk.cx, a->message, run->job->payload, &a->work);
    if (e == E_NOT_FOUND || e == E_CONFLICT)
        return end_here(run, v);
    TRY(e);
    return desk_commit(&run->desk);
}

static err note_refused(struct ctx *cx, const struct acting *a)
{
    bool has_changed = false;
    TRY(channel_set_auth(cx, a->work.channel, a->sent.why, &has_changed));
    if (has_changed)
        TRY(channel_tell(cx, a->work.channel));
    return pace_close(cx, a->work.channel, PACE_REFUSED, cx->now_ms + REFUSED_MS);
}

static err write_end(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    struct acting *a = arg;
    (void)next_ms; /* nobody is told of a try */
    if (a->work.act.kind == ACT_READ)
        return OK;
    if (a->sent.outcome == CONNECTOR_SENT)
        return act_done(cx, a->message, a->payload, a->sent.external_id);
    if (a->sent.outcome == CONNECTOR_REAUTH)
        TRY(note_refused(cx, a));
    if (a->sent.outcome == CONNECTOR_WAIT && a->sent.is_channel_wide)
        TRY(pace_close(cx, a->work.channel, PACE_LIMIT, a->sent.wait_until_ms));
    return is_dead ? act_failed(cx, a->message, a->payload, a->sent.why) : OK;
}

enum job_end job_end_repeated(enum connector_outcome outcome)
{
    switch (outcome) {
    case CONNECTOR_SENT:
        return JOB_DONE;
    case CONNECTOR_FINAL:
        return JOB_FINAL;
    case CONNECTOR_WAIT:
        return JOB_WAIT;
    case CONNECTOR_RETRY:
    case CONNECTOR_REAUTH:
    case CONNECTOR_UNKNOWN:
        break;
    }
    return JOB_RETRY;
}

static err call(struct job_run *run, struct acting *a)
{
    const struct connector *c = a->work.connector;
    bool is_fresh = false;
    TRY(credentials_ready(run, c, a->work.channel, &a->work.setup, false, &is_fresh));
    TRY(c->act(run->client, run->desk.arena, &a->work.act, &a->sent));
    if (a->sent.outcome != CONNECTOR_REAUTH || is_fresh || !c->refresh)
        return OK;
    TRY(credentials_ready(run, c, a->work.channel, &a->work.setup, true, &is_fresh));
    return is_fresh ? c->act(run->client, run->desk.arena, &a->work.act, &a->sent) : OK;
}

err act_work(struct job_run *run, struct job_verdict *v)
{
    struct acting *a = NEW(run->desk.arena, struct acting, 1);
    a->payload = run->job->payload;
    v->end = JOB_DONE;
    TRY(load(run, v, a));
    if (v->end == JOB_ENDED)
        return OK;
    a->work.act.setup = &a->work.setup;
    a->work.act.delivery_id = run->job->key;
    a->work.act.now_ms = run->now_ms;
    TRY(call(run, a));
    *v = (struct job_verdict){
        .end = a->work.act.kind == ACT_READ ? JOB_DONE : job_end_repeated(a->sent.outcome),
        .at_ms = a->sent.wait_until_ms,
        .error = a->sent.why,
        .write = write_end,
        .arg = a,
    };
    return OK;
}
