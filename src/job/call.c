/* call: what agents do with telephone calls is done at the network (job "call", key
 * "<call>:<word>", care/phone.h), and after-call time ends by itself (job "wrap_up", key: call id).
 * A phone that could not be made to ring in a minute is not made to ring later. Thread: job
 * threads. */
#include "base/id.h"
#include "care/channel_setup.h"
#include "care/phone.h"
#include "job/inner.h"
#include "store/channel.h"

struct calling {
    call_id id;
    struct phone_work work;
    struct connector_called said;
};

static err end_here(struct job_run *run, struct job_verdict *v)
{
    TRY(job_finish(run->desk.tx, run->job));
    TRY(desk_commit(&run->desk));
    v->end = JOB_ENDED;
    return OK;
}

static err load(struct job_run *run, struct job_verdict *v, struct calling *c)
{
    str number, rest;
    (void)str_cut(run->job->key, ':', &number, &rest);
    TRY(desk_begin(&run->desk, DB_WRITE));
    TRY(desk_scope(&run->desk, run->job->account_id));
    if (id_parse(number, &c->id.v) != OK)
        return end_here(run, v);
    err e = phone_work_take(&run->desk.cx, c->id, run->job->payload, &c->work);
    if (e == E_NOT_FOUND || e == E_CONFLICT)
        return end_here(run, v);
    TRY(e);
    return desk_commit(&run->desk);
}

static err write_end(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    struct calling *c = arg;
    bool has_changed = false;
    (void)next_ms;
    if (c->said.end.outcome == CONNECTOR_REAUTH) {
        TRY(channel_set_auth(cx, c->work.channel, c->said.end.why, &has_changed));
        if (has_changed)
            TRY(channel_tell(cx, c->work.channel));
    }
    if (c->said.end.outcome == CONNECTOR_SENT || c->said.is_over ||
        c->said.end.outcome == CONNECTOR_UNKNOWN)
        return phone_work_done(cx, c->id, c->work.call.kind, &c->said);
    return is_dead ? phone_work_failed(cx, c->id, c->work.call.kind, c->said.end.why) : OK;
}

static enum job_end end_of(const struct job_run *run, const struct calling *c)
{
    enum connector_call_kind kind = c->work.call.kind;
    bool may_repeat = run->now_ms - run->job->created_ms < PHONE_PATIENCE_MS;
    if (c->said.is_over)
        return JOB_DONE;
    switch (c->said.end.outcome) {
    case CONNECTOR_SENT:
        return JOB_DONE;
    case CONNECTOR_UNKNOWN:
        return kind == CALL_HANG_UP && may_repeat ? JOB_RETRY : JOB_DONE;
    case CONNECTOR_WAIT:
        return may_repeat ? JOB_WAIT : JOB_FINAL;
    case CONNECTOR_RETRY:
        return may_repeat ? JOB_RETRY : JOB_FINAL;
    case CONNECTOR_REAUTH:
    case CONNECTOR_FINAL:
        break;
    }
    return JOB_FINAL;
}

err call_work(struct job_run *run, struct job_verdict *v)
{
    struct calling *c = NEW(run->desk.arena, struct calling, 1);
    v->end = JOB_DONE;
    TRY(load(run, v, c));
    if (v->end == JOB_ENDED)
        return OK;
    c->work.call.setup = &c->work.setup;
    c->work.call.now_ms = run->now_ms;
    TRY(c->work.connector->call(run->client, run->desk.arena, &c->work.call, &c->said));
    if (c->work.call.kind == CALL_LOOK && !c->said.is_over) {
        *v = (struct job_verdict){.end = JOB_REPEAT, .at_ms = run->now_ms + PHONE_LOOK_MS};
        return OK;
    }
    *v = (struct job_verdict){.end = end_of(run, c),
        .at_ms = c->said.end.wait_until_ms,
        .error = c->said.end.why,
        .write = write_end,
        .arg = c};
    return OK;
}

/* It ended the process: what kind it was does not matter, the agent sees that it was not done. */
err call_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms)
{
    const struct job_run *r = run;
    call_id id;
    str number, rest;
    (void)next_ms;
    (void)str_cut(r->job->key, ':', &number, &rest);
    if (!is_dead || id_parse(number, &id.v) != OK)
        return OK;
    return phone_work_failed(cx, id, CALL_HANG_UP, S(JOB_KILLED));
}

err wrap_up_work(struct job_run *run, struct job_verdict *v)
{
    call_id id;
    if (id_parse(run->job->key, &id.v) != OK) {
        *v = (struct job_verdict){.end = JOB_FINAL, .error = S("The key is no call.")};
        return OK;
    }
    TRY(desk_begin(&run->desk, DB_WRITE));
    TRY(job_finish(run->desk.tx, run->job));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(phone_wrap_over(&run->desk.cx, id));
    TRY(desk_commit(&run->desk));
    v->end = JOB_ENDED;
    return OK;
}
