/* letter: a mail of ours goes out by its mailbox (job "letter", key = letter id). That a try begins
 * is committed before the server is called: a try that did not come to an end, because the process
 * or its lease ended, may have sent it, and is not repeated. What a server has taken is never sent
 * again; of what was lost after its last byte nobody knows, and its people decide. Not here: what
 * it says (care/letter.h). Thread: job threads. */
#include "care/letter.h"
#include "base/failpoint.h"
#include "base/id.h"
#include "care/blob_file.h"
#include "care/channel_setup.h"
#include "connector/connector.h"
#include "job/inner.h"
#include "store/channel.h"
#include "store/letter.h"

#define MAY_HAVE_GONE "It may have been sent."

struct posting {
    struct letter letter;
    const struct connector *connector;
    struct connector_setup setup;
    struct connector_outgoing out;
    struct connector_sent sent;
};

/* ── after the call ── */

static err change(struct ctx *cx, const struct letter *l, str to, str error)
{
    err e = letter_change_state(cx, l, to, error);
    return e == E_CONFLICT ? OK : e;
}

static err write_sent(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    struct posting *p = arg;
    (void)next_ms;
    str why = p->sent.why;
    TRY(deliver_note_pace(cx, p->letter.channel_id, &p->sent));
    if (p->sent.outcome == CONNECTOR_SENT) {
        str relay = p->sent.n_aliases ? p->sent.aliases[0] : (str){0};
        TRY(change(cx, &p->letter, S("sent"), (str){0}));
        TRY(letter_set_answer(cx, p->letter.id, relay, p->sent.answer));
    } else if (p->sent.outcome == CONNECTOR_UNKNOWN)
        TRY(change(cx, &p->letter, S("unknown"), S(MAY_HAVE_GONE)));
    else
        TRY(change(cx, &p->letter, is_dead ? S("failed") : S("queued"), why));
    return channel_seen_out(
        cx, p->letter.channel_id, cx->now_ms, p->sent.outcome == CONNECTOR_SENT ? (str){0} : why);
}

/* Without a call: what it says is gone, its mailbox is, or an earlier try did not end. */
static err write_over(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    struct posting *p = arg;
    (void)is_dead; /* it is over in any case */
    (void)next_ms;
    return change(cx, &p->letter, p->sent.outcome == CONNECTOR_UNKNOWN ? S("unknown") : S("failed"),
        p->sent.why);
}

/* Nobody knows how far it came. */
err letter_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms)
{
    const struct job_run *r = run;
    struct letter l;
    letter_id id;
    (void)is_dead;
    (void)next_ms;
    TRY(id_parse(r->job->key, &id.v));
    err e = letter_get(cx, id, &l);
    if (e == E_NOT_FOUND || (e == OK && str_eq(l.state, S("sent"))))
        return OK;
    TRY(e);
    return change(cx, &l, S("unknown"), S(MAY_HAVE_GONE));
}

static enum job_end end_of(const struct connector_sent *sent)
{
    switch (sent->outcome) {
    case CONNECTOR_SENT:
        return JOB_DONE;
    case CONNECTOR_WAIT:
        return JOB_WAIT;
    case CONNECTOR_RETRY:
    case CONNECTOR_REAUTH:
        return JOB_RETRY;
    case CONNECTOR_FINAL:
    case CONNECTOR_UNKNOWN:
        break;
    }
    return JOB_FINAL;
}

/* ── before the call ── */

static err over(struct posting *p, struct job_verdict *v, enum connector_outcome outcome, str why)
{
    p->sent = (struct connector_sent){.outcome = outcome, .why = why};
    *v = (struct job_verdict){.end = JOB_DONE, .write = write_over, .arg = p};
    return OK;
}

/* *is_ready: that the try begins is committed; else the job ends as v says. */
static err begin(struct job_run *run, struct posting *p, struct job_verdict *v, bool *is_ready)
{
    struct ctx *cx = &run->desk.cx;
    struct channel mailbox;
    letter_id id;
    TRY(desk_begin(&run->desk, DB_WRITE));
    TRY(desk_scope(&run->desk, run->job->account_id));
    err e = id_parse(run->job->key, &id.v) == OK ? letter_get(cx, id, &p->letter) : E_NOT_FOUND;
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    if (str_eq(p->letter.state, S("sending")))
        return over(p, v, CONNECTOR_UNKNOWN, S(MAY_HAVE_GONE));
    if (!str_eq(p->letter.state, S("queued")))
        return OK;
    e = letter_mailbox(cx, p->letter.channel_id, &mailbox);
    if (e == OK)
        e = channel_setup(cx, &mailbox, &p->setup);
    if (e == OK)
        e = letter_outgoing(cx, &p->letter, &p->out);
    if (e == E_CONFLICT || e == E_INTERNAL || e == E_NOT_FOUND)
        return over(p, v, CONNECTOR_FINAL,
            cx->fault.words.len ? cx->fault.words : S("There is nothing to send any more."));
    TRY(e);
    TRY(letter_change_state(cx, &p->letter, S("sending"), (str){0}));
    p->letter.state = S("sending");
    p->connector = connector_find(mailbox.kind);
    p->out.setup = &p->setup;
    *is_ready = true;
    return desk_commit(&run->desk);
}

/* Refused credentials are made new once, when the provider gives new ones for the old. */
static err call(struct job_run *run, struct posting *p)
{
    struct arena *a = run->desk.arena;
    channel_id channel = p->letter.channel_id;
    bool is_fresh = false;
    TRY(credentials_ready(run, p->connector, channel, &p->setup, false, &is_fresh));
    TRY(blob_files_here(&run->desk.cx, &p->out.files, p->out.n_files));
    TRY(p->connector->send(run->client, a, &p->out, &p->sent));
    if (p->sent.outcome != CONNECTOR_REAUTH || is_fresh || !p->connector->refresh)
        return OK;
    TRY(credentials_ready(run, p->connector, channel, &p->setup, true, &is_fresh));
    return is_fresh ? p->connector->send(run->client, a, &p->out, &p->sent) : OK;
}

err letter_work(struct job_run *run, struct job_verdict *v)
{
    struct posting *p = NEW(run->desk.arena, struct posting, 1);
    bool is_ready = false;
    *v = (struct job_verdict){.end = JOB_DONE};
    err e = begin(run, p, v, &is_ready);
    desk_rollback(&run->desk);
    if (e != OK || !is_ready)
        return e;
    e = call(run, p);
    FAILPOINT("letter.after_send");
    if (e != OK) /* before a byte of it has gone: the connector tells what came after that */
        p->sent = (struct connector_sent){
            .outcome = CONNECTOR_RETRY, .why = S("The server is busy with other things.")};
    *v = (struct job_verdict){
        .end = end_of(&p->sent),
        .at_ms = p->sent.wait_until_ms,
        .error = p->sent.why,
        .write = write_sent,
        .arg = p,
    };
    return OK;
}
