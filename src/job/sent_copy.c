/* sent_copy: a mail that has gone out is put among those that were sent, in the mailbox itself (job
 * "sent_copy", key = message id): a job of its own, so that its failure never touches the message;
 * the channel's health shows it. Where and whether: connector.copy. Thread: job threads. */
#include "base/id.h"
#include "care/blob_file.h"
#include "care/channel_setup.h"
#include "care/delivery.h"
#include "connector/connector.h"
#include "job/inner.h"
#include "store/channel.h"

struct copying {
    message_id message;
    channel_id channel;
    const struct connector *connector;
    struct connector_setup setup;
    struct connector_outgoing out;
    struct connector_sent sent;
};

/* *is_ready: there is something to copy. */
static err load(struct job_run *run, struct copying *c, bool *is_ready)
{
    struct ctx *cx = &run->desk.cx;
    struct delivery_work w = {0};
    struct channel channel = {0};
    struct connector_file *files = NULL;
    struct attachment *rows = NULL;
    TRY(desk_begin(&run->desk, DB_READ));
    TRY(desk_scope(&run->desk, run->job->account_id));
    err e = delivery_load_again(cx, c->message, &w);
    if (e == E_NOT_FOUND || e == E_CONFLICT || (e == OK && !w.letter))
        return OK; /* gone */
    TRY(e);
    TRY(channel_get(cx, w.message.channel_id, &channel));
    TRY(channel_setup(cx, &channel, &c->setup));
    c->channel = channel.id;
    c->connector = connector_find(channel.kind);
    c->out = (struct connector_outgoing){.setup = &c->setup,
        .delivery_id = run->job->key,
        .letter = w.letter,
        .text = w.message.text,
        .is_by_person = str_eq(w.message.author_kind, S("agent")),
        .now_ms = run->now_ms,
        .first_try_ms = run->job->first_ms};
    TRY(deliver_files(cx, c->message, &rows, &files, &c->out.n_files));
    c->out.files = files;
    *is_ready = c->connector && c->connector->copy && c->connector->copies(cx->arena, &c->setup);
    return OK;
}

/* Refused credentials are made new once, as for a send. */
static err copy(struct job_run *run, struct copying *c)
{
    struct arena *a = run->desk.arena;
    bool is_fresh = false, is_again = run->job->attempts > 1;
    TRY(credentials_ready(run, c->connector, c->channel, &c->setup, false, &is_fresh));
    TRY(blob_files_here(&run->desk.cx, &c->out.files, c->out.n_files));
    TRY(c->connector->copy(run->client, a, &c->out, is_again, &c->sent));
    if (c->sent.outcome != CONNECTOR_REAUTH || is_fresh || !c->connector->refresh)
        return OK;
    TRY(credentials_ready(run, c->connector, c->channel, &c->setup, true, &is_fresh));
    return is_fresh ? c->connector->copy(run->client, a, &c->out, is_again, &c->sent) : OK;
}

static err write_end(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    const struct copying *c = arg;
    (void)is_dead; /* words in any case */
    (void)next_ms;
    if (c->sent.outcome == CONNECTOR_SENT)
        return OK;
    TRY(channel_seen_out(cx, c->channel, cx->now_ms, c->sent.why));
    return channel_tell(cx, c->channel);
}

err sent_copy_work(struct job_run *run, struct job_verdict *v)
{
    struct copying *c = NEW(run->desk.arena, struct copying, 1);
    bool is_ready = false;
    if (id_parse(run->job->key, &c->message.v) != OK) {
        *v = (struct job_verdict){.end = JOB_FINAL, .error = S("The key is no message.")};
        return OK;
    }
    *v = (struct job_verdict){.end = JOB_DONE};
    err loaded = load(run, c, &is_ready);
    desk_rollback(&run->desk);
    if (loaded != OK || !is_ready)
        return loaded;
    TRY(copy(run, c));
    *v = (struct job_verdict){.end = job_end_repeated(c->sent.outcome),
        .at_ms = c->sent.wait_until_ms,
        .error = c->sent.why,
        .write = write_end,
        .arg = c};
    return OK;
}
