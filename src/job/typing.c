/* typing: the customer sees on their network for some seconds that somebody writes an answer (job
 * "typing", key: conversation id). A courtesy: what comes too late is left out, what fails is
 * neither tried again nor told to anybody. Not here: who asks for it, and how often (api/desk.c).
 * Thread: job threads. */
#include "base/id.h"
#include "care/channel_form.h"
#include "care/channel_setup.h"
#include "job/inner.h"
#include "store/channel.h"
#include "store/conversation.h"
#include "store/identity.h"
#include "store/message.h"

enum { LATE_MS = 5000 };

struct typing {
    const struct connector *connector; /* NULL: there is nothing to do */
    channel_id channel;
    struct connector_setup setup;
    str to, thread_key, external_id, token; /* the last two: of the customer's last message */
};

static err fill(struct ctx *cx, const struct conversation *c, struct typing *t)
{
    struct channel channel;
    struct identity identity;
    struct message last = {0};
    TRY(channel_get(cx, c->channel_id, &channel));
    TRY(identity_get(cx, c->identity_id, &identity));
    if (c->last_in_id.v)
        TRY(message_get(cx, c->last_in_id, &last));
    if (!channel.is_enabled || channel_is_capture(cx->arena, channel.settings) ||
        str_eq(c->visibility, S("public")))
        return OK;
    t->channel = channel.id;
    t->to = identity.external_id;
    t->thread_key = c->thread_key;
    if (last.channel_id.v == channel.id.v && !str_eq(last.visibility, S("public"))) {
        t->external_id = last.external_id;
        t->token = last.token;
    }
    TRY(channel_setup(cx, &channel, &t->setup));
    t->connector = connector_find(channel.kind);
    return OK;
}

static err load(struct job_run *run, conversation_id id, struct typing *t)
{
    struct conversation c;
    TRY(desk_begin(&run->desk, DB_READ));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(conversation_get(&run->desk.cx, id, &c));
    TRY(fill(&run->desk.cx, &c, t));
    return desk_commit(&run->desk);
}

static err call(struct job_run *run, struct typing *t)
{
    const struct connector *c = t->connector;
    struct connector_sent sent = {0};
    bool is_fresh = false;
    bool has_message = c->read_shows_typing && t->external_id.len &&
                       channel_marks_read(run->desk.arena, t->setup.settings);
    if (!c->typing && !has_message)
        return OK;
    TRY(credentials_ready(run, c, t->channel, &t->setup, false, &is_fresh));
    if (c->typing)
        return c->typing(run->client, run->desk.arena, &t->setup, t->to, t->thread_key, &sent);
    const struct connector_act act = {.setup = &t->setup,
        .kind = ACT_READ,
        .external_id = t->external_id,
        .to = t->to,
        .thread_key = t->thread_key,
        .token = t->token,
        .delivery_id = run->job->key,
        .now_ms = run->now_ms,
        .is_typing = true};
    return c->act(run->client, run->desk.arena, &act, &sent);
}

err typing_work(struct job_run *run, struct job_verdict *v)
{
    struct typing t = {0};
    conversation_id id;
    v->end = JOB_DONE;
    if (id_parse(run->job->key, &id.v) != OK || run->now_ms - run->job->created_ms > LATE_MS)
        return OK;
    err e = load(run, id, &t);
    desk_rollback(&run->desk);
    if (e == OK && t.connector)
        e = call(run, &t);
    desk_rollback(&run->desk);
    (void)e; /* a courtesy */
    return OK;
}
