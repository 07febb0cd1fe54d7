/* ask: what is asked of networks that do not tell everything by themselves: new messages (job
 * "poll", one per channel, for ever), what a delivery left out of a message (job "lookup"), whether
 * we wrote it ourselves (job "whose"), and who somebody is (job "person"). Answers with messages
 * are stored raw, with the cursors after them, in one transaction with the end of the job, and go
 * the way of every delivery from there (receive.c). Not here: streams (listen.c), comparing
 * (reconcile.c). Thread: job threads. */
#include "job/ask.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "care/channel_form.h"
#include "care/network.h"
#include "connector/reading.h"
#include "store/conversation.h"
#include "store/identity.h"
#include "store/message.h"

enum {
    POLL_MS = 60 * 1000,         /* where the connector names no pace */
    REFUSED_MS = 15 * 60 * 1000, /* until credentials are tried again */
    FAILED_MS = 30 * 1000,
};

/* ── the channel of a job ── */

err asked_load(struct ctx *cx, channel_id id, struct asked *q)
{
    struct channel channel;
    err e = channel_get(cx, id, &channel);
    if (e == E_NOT_FOUND ||
        (e == OK && (!channel.is_enabled || channel_is_capture(cx->arena, channel.settings)))) {
        cx->fault = (struct fault){0};
        return E_NOT_FOUND;
    }
    TRY(e);
    q->channel = id;
    q->account = cx->account;
    q->kind = channel.kind;
    q->created_ms = channel.created_ms;
    q->connector = connector_find(channel.kind);
    if (!q->connector)
        return E_NOT_FOUND;
    TRY(channel_source(cx, id, &q->source));
    return channel_setup(cx, &channel, &q->setup);
}

err asked_store(struct ctx *cx, const struct asked *q, const struct connector_delivery *deliveries,
    ptrdiff_t n, bool *is_new)
{
    struct inbox_new *rows = NEW(cx->arena, struct inbox_new, n + 1);
    const struct inbox_new **list = NEW(cx->arena, const struct inbox_new *, n + 1);
    is_new = is_new ? is_new : NEW(cx->arena, bool, n + 1);
    for (ptrdiff_t i = 0; i < n; i++) {
        rows[i] = (struct inbox_new){
            .account = q->account,
            .source = q->source,
            .channel = q->channel,
            .network = q->kind,
            .delivery_key =
                inbox_delivery_key(cx->arena, deliveries[i].key, (str){0}, deliveries[i].body),
            .content_type = deliveries[i].content_type,
            .origin = deliveries[i].origin,
            .body = deliveries[i].body,
            .received_ms = cx->now_ms,
        };
        list[i] = &rows[i];
    }
    if (!n)
        return OK;
    TRY(inbox_add_many(cx->db, list, n, is_new));
    cx->effects.jobs = true;
    return OK;
}

err asked_note(struct ctx *cx, const struct asked *q, const struct connector_sent *end)
{
    bool has_changed = false;
    if (end->outcome == CONNECTOR_REAUTH) {
        TRY(channel_set_auth(cx, q->channel, end->why, &has_changed));
        if (has_changed)
            TRY(channel_tell(cx, q->channel));
    }
    return channel_note_error(cx, q->channel, end->outcome == CONNECTOR_SENT ? (str){0} : end->why);
}

/* ── poll ── */

struct polling {
    struct asked q;
    str cursors;
    struct connector_polled out;
};

static err poll_load(struct job_run *run, channel_id id, struct polling *p)
{
    struct ctx *cx = &run->desk.cx;
    TRY(desk_begin(&run->desk, DB_READ));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(asked_load(cx, id, &p->q));
    TRY(channel_cursor_get(cx, id, S("poll"), &p->cursors));
    return desk_commit(&run->desk);
}

static err poll_write(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    const struct polling *p = arg;
    (void)is_dead;
    (void)next_ms;
    TRY(asked_store(cx, &p->q, p->out.deliveries, p->out.n, NULL));
    if (p->out.cursors.len)
        TRY(channel_cursor_set(cx, p->q.channel, S("poll"), p->out.cursors));
    return asked_note(cx, &p->q, &p->out.end);
}

static err ask(struct job_run *run, struct polling *p)
{
    const struct connector *c = p->q.connector;
    const struct connector_poll in = {
        .setup = &p->q.setup, .cursors = p->cursors, .now_ms = run->now_ms};
    bool is_fresh = false;
    TRY(credentials_ready(run, c, p->q.channel, &p->q.setup, false, &is_fresh));
    TRY(c->poll(run->client, run->desk.arena, &in, &p->out));
    if (p->out.end.outcome != CONNECTOR_REAUTH || is_fresh || !c->refresh)
        return OK;
    TRY(credentials_ready(run, c, p->q.channel, &p->q.setup, true, &is_fresh));
    return is_fresh ? c->poll(run->client, run->desk.arena, &in, &p->out) : OK;
}

static int64_t again_ms(const struct job_run *run, const struct polling *p)
{
    const struct connector_polled *out = &p->out;
    int64_t every_ms = p->q.connector->poll_ms ? p->q.connector->poll_ms : POLL_MS;
    switch (out->end.outcome) {
    case CONNECTOR_SENT:
        return out->has_more ? run->now_ms : out->next_ms ? out->next_ms : run->now_ms + every_ms;
    case CONNECTOR_WAIT:
        return out->end.wait_until_ms;
    case CONNECTOR_REAUTH:
    case CONNECTOR_FINAL:
        return run->now_ms + REFUSED_MS;
    case CONNECTOR_RETRY:
    case CONNECTOR_UNKNOWN:
        break;
    }
    return run->now_ms + (every_ms > FAILED_MS ? every_ms : FAILED_MS);
}

err poll_work(struct job_run *run, struct job_verdict *v)
{
    struct polling *p = NEW(run->desk.arena, struct polling, 1);
    channel_id id;
    *v = (struct job_verdict){.end = JOB_DONE};
    if (id_parse(run->job->key, &id.v) != OK)
        return OK;
    err e = poll_load(run, id, p);
    desk_rollback(&run->desk);
    if (e == E_NOT_FOUND || (e == OK && !p->q.connector->poll))
        return OK; /* the channel has gone or is off; enabling it plans the job anew */
    TRY(e);
    TRY(ask(run, p));
    FAILPOINT("poll.after_answer");
    *v = (struct job_verdict){
        .end = JOB_REPEAT, .at_ms = again_ms(run, p), .write = poll_write, .arg = p};
    return OK;
}

/* ── lookup and person ── */

struct question {
    struct asked q;
    struct message message; /* lookup */
    struct conversation conversation;
    struct identity identity;    /* person */
    struct connector_polled out; /* lookup */
    struct connector_item person;
    struct connector_sent end;
};

static enum job_end end_of(const struct connector_sent *end)
{
    switch (end->outcome) {
    case CONNECTOR_WAIT:
        return JOB_WAIT;
    case CONNECTOR_RETRY:
    case CONNECTOR_UNKNOWN:
    case CONNECTOR_REAUTH:
        return JOB_RETRY;
    case CONNECTOR_SENT:
    case CONNECTOR_FINAL:
        break;
    }
    return JOB_DONE; /* what the network does not say stays unknown */
}

static err lookup_load(struct job_run *run, message_id id, struct question *q)
{
    struct ctx *cx = &run->desk.cx;
    TRY(desk_begin(&run->desk, DB_READ));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(message_get(cx, id, &q->message));
    TRY(asked_load(cx, q->message.channel_id, &q->q));
    return desk_commit(&run->desk);
}

static err lookup_write(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    struct question *q = arg;
    (void)is_dead;
    (void)next_ms;
    struct connector_delivery *named = NEW(cx->arena, struct connector_delivery, q->out.n + 1);
    for (ptrdiff_t i = 0; i < q->out.n; i++) {
        named[i] = q->out.deliveries[i];
        named[i].key = str_print(cx->arena, LOOKUP_KEY "%lld:%td:%lld", (long long)q->message.id.v,
            i, (long long)cx->now_ms);
    }
    return asked_store(cx, &q->q, named, q->out.n, NULL);
}

err lookup_work(struct job_run *run, struct job_verdict *v)
{
    struct question *q = NEW(run->desk.arena, struct question, 1);
    message_id id;
    bool is_fresh = false;
    *v = (struct job_verdict){.end = JOB_DONE};
    if (id_parse(run->job->key, &id.v) != OK)
        return OK;
    err e = lookup_load(run, id, q);
    desk_rollback(&run->desk);
    if (e == E_NOT_FOUND || (e == OK && !q->q.connector->lookup))
        return OK;
    TRY(e);
    TRY(credentials_ready(run, q->q.connector, q->q.channel, &q->q.setup, false, &is_fresh));
    TRY(q->q.connector->lookup(
        run->client, run->desk.arena, &q->q.setup, q->message.external_id, run->now_ms, &q->out));
    *v = (struct job_verdict){.end = end_of(&q->out.end),
        .at_ms = q->out.end.wait_until_ms,
        .error = q->out.end.why,
        .write = lookup_write,
        .arg = q};
    return OK;
}

/* ── whose it is ── */

/* A delivery of which nobody can say whether we wrote it. */
struct unowned {
    struct asked q;
    str id, content_type, body;
    struct connector_polled out;
};

static err unowned_load(struct ctx *cx, const struct job_row *job, struct unowned *u)
{
    const struct json *root = NULL;
    channel_id channel;
    str why;
    if (json_parse(cx->arena, job->payload, &root, &why) != OK)
        return E_NOT_FOUND;
    u->id = take_id(root, "id");
    u->content_type = take_line(root, "type", LIMIT_NAME_BYTES);
    u->body = take_text(root, "body");
    if (!u->id.len || id_parse(take_id(root, "channel"), &channel.v) != OK)
        return E_NOT_FOUND;
    return asked_load(cx, channel, &u->q);
}

static str whose_key(struct arena *a, const struct unowned *u, ptrdiff_t nth)
{
    return str_print(a, WHOSE_KEY "%.*s:%td", SARG(u->id), nth);
}

/* As it was delivered: then it counts as the customer's. */
static err take_unowned(struct ctx *cx, const struct unowned *u)
{
    const struct connector_delivery raw = {.key = whose_key(cx->arena, u, -1),
        .origin = S("hook"),
        .content_type = u->content_type,
        .body = u->body};
    return asked_store(cx, &u->q, &raw, 1, NULL);
}

static err whose_write(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    struct unowned *u = arg;
    bool is_said = u->out.end.outcome == CONNECTOR_SENT && u->out.n;
    bool is_over =
        is_dead || u->out.end.outcome == CONNECTOR_SENT || u->out.end.outcome == CONNECTOR_FINAL;
    (void)next_ms;
    struct connector_delivery *named = NEW(cx->arena, struct connector_delivery, u->out.n + 1);
    for (ptrdiff_t i = 0; i < u->out.n; i++) {
        named[i] = u->out.deliveries[i];
        named[i].key = whose_key(cx->arena, u, i);
    }
    if (is_said)
        return asked_store(cx, &u->q, named, u->out.n, NULL);
    return is_over ? take_unowned(cx, u) : OK;
}

err whose_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms)
{
    const struct job_run *r = run;
    struct unowned u = {0};
    (void)next_ms;
    if (!is_dead)
        return OK;
    err e = unowned_load(cx, r->job, &u);
    return e == E_NOT_FOUND ? OK : e == OK ? take_unowned(cx, &u) : e;
}

err whose_work(struct job_run *run, struct job_verdict *v)
{
    struct unowned *u = NEW(run->desk.arena, struct unowned, 1);
    bool is_fresh = false;
    *v = (struct job_verdict){.end = JOB_DONE};
    TRY(desk_begin(&run->desk, DB_READ));
    err e = desk_scope(&run->desk, run->job->account_id);
    if (e == OK)
        e = unowned_load(&run->desk.cx, run->job, u);
    desk_rollback(&run->desk);
    if (e == E_NOT_FOUND || (e == OK && !u->q.connector->lookup))
        return OK;
    TRY(e);
    TRY(credentials_ready(run, u->q.connector, u->q.channel, &u->q.setup, false, &is_fresh));
    TRY(u->q.connector->lookup(
        run->client, run->desk.arena, &u->q.setup, u->id, run->now_ms, &u->out));
    *v = (struct job_verdict){.end = end_of(&u->out.end),
        .at_ms = u->out.end.wait_until_ms,
        .error = u->out.end.why,
        .write = whose_write,
        .arg = u};
    return OK;
}

static err person_load(struct job_run *run, conversation_id id, struct question *q)
{
    struct ctx *cx = &run->desk.cx;
    TRY(desk_begin(&run->desk, DB_READ));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(conversation_get(cx, id, &q->conversation));
    TRY(identity_get(cx, q->conversation.identity_id, &q->identity));
    TRY(asked_load(cx, q->conversation.channel_id, &q->q));
    return desk_commit(&run->desk);
}

static err person_write(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    struct question *q = arg;
    (void)is_dead;
    (void)next_ms;
    if (q->end.outcome != CONNECTOR_SENT)
        return OK;
    q->person.kind = ITEM_PERSON;
    q->person.contact_external_id = q->identity.external_id;
    return network_apply(cx, q->q.channel, &q->person);
}

err person_work(struct job_run *run, struct job_verdict *v)
{
    struct question *q = NEW(run->desk.arena, struct question, 1);
    conversation_id id;
    bool is_fresh = false;
    *v = (struct job_verdict){.end = JOB_DONE};
    if (id_parse(run->job->key, &id.v) != OK)
        return OK;
    err e = person_load(run, id, q);
    desk_rollback(&run->desk);
    if (e == E_NOT_FOUND || (e == OK && !q->q.connector->person))
        return OK;
    TRY(e);
    TRY(credentials_ready(run, q->q.connector, q->q.channel, &q->q.setup, false, &is_fresh));
    TRY(q->q.connector->person(run->client, run->desk.arena, &q->q.setup, q->identity.external_id,
        q->conversation.thread_key, &q->end, &q->person));
    *v = (struct job_verdict){.end = end_of(&q->end),
        .at_ms = q->end.wait_until_ms,
        .error = q->end.why,
        .write = person_write,
        .arg = q};
    return OK;
}
