/* deliver: a stored reply goes to its network (job "send", key = message id). On a website chat a
 * stored reply has been sent. Elsewhere: take the message and its channel in one transaction, call
 * the connector outside of any, write the outcome with the end of the claim.
 *
 * A try of unknown end is repeated only where the network knows repetitions by our delivery id;
 * elsewhere the agent is shown that it may have been sent. Refused credentials are tried again
 * while the channel shows its error: people mend them and nothing is lost. Not here: when a reply
 * may go (care/reply.h), states and their order (care/delivery.h). Thread: job threads. */
#include "base/failpoint.h"
#include "base/id.h"
#include "base/limits.h"
#include "care/delivery.h"
#include "connector/connector.h"
#include "job/inner.h"
#include "model/view_contact.h"
#include "model/view_conversation.h"
#include "model/view_event.h"
#include "model/view_message.h"
#include "store/channel.h"

struct delivering {
    message_id message;
    channel_id channel;
    const struct connector *connector;
    struct connector_setup setup;
    struct connector_outgoing out;
    struct connector_sent sent;
};

static const struct shape_field outgoing_contact_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("external_id", SHAPE_TEXT, 0, "the channel's own id of the person"),
    SHOWN("name", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("email", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("phone", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("language", SHAPE_TEXT, SHAPE_NULL, "language tag"),
};
static const struct shape outgoing_contact_shape =
    SHAPE("OutgoingContact", NULL, outgoing_contact_fields, "To whom it goes.");
static const struct shape_field outgoing_fields[] = {
    SHOWN_OBJECT("message", 0, &message_shape, NULL),
    SHOWN_OBJECT("conversation", 0, &conversation_news_shape, NULL),
    SHOWN_OBJECT("contact", 0, &outgoing_contact_shape, NULL),
    SHOWN("thread", SHAPE_TEXT, SHAPE_NULL, "the channel's own thread"),
};
const struct shape outgoing_shape =
    SHAPE("OutgoingData", NULL, outgoing_fields, "A reply on its way to a reply address.");

/* {message, conversation, contact} as the event message.outgoing. */
static str outgoing_json(struct arena *a, const struct delivery_work *w, account_id account,
    str delivery, int64_t now_ms)
{
    struct json_out data = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&data);
    json_key(&data, S("message"));
    message_view(&data, &w->message);
    json_key(&data, S("conversation"));
    conversation_view(&data, &w->conversation);
    json_key(&data, S("contact"));
    json_obj(&data);
    json_kv_id(&data, S("id"), w->contact.id.v);
    json_kv_str(&data, S("external_id"), w->contact_external_id);
    json_kv_text(&data, S("name"), w->contact.name);
    json_kv_text(&data, S("email"), w->contact.email);
    json_kv_text(&data, S("phone"), w->contact.phone);
    json_kv_text(&data, S("language"), w->contact.language);
    json_obj_end(&data);
    json_kv_text(&data, S("thread"), w->conversation.thread_key);
    json_obj_end(&data);
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    event_view(&j, &(struct event_shown){.id = delivery,
                       .type = S("message.outgoing"),
                       .account = account,
                       .subject_type = S("message"),
                       .subject_id = w->message.id.v,
                       .at_ms = now_ms,
                       .data = json_str(&data)});
    return json_str(&j);
}

static err write_sent(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    struct delivering *d = arg;
    (void)next_ms;
    bool is_sent = d->sent.outcome == CONNECTOR_SENT;
    if (is_sent)
        TRY(message_set_state(
            cx, d->message, S("sent"), (str){0}, d->sent.external_id, cx->now_ms));
    else if (is_dead && d->sent.outcome == CONNECTOR_UNKNOWN)
        TRY(message_set_state(
            cx, d->message, S("unknown"), S("It may have been sent."), (str){0}, cx->now_ms));
    else if (is_dead)
        TRY(message_set_state(cx, d->message, S("failed"), d->sent.why, (str){0}, cx->now_ms));
    return channel_seen_out(cx, d->channel, cx->now_ms, is_sent ? (str){0} : d->sent.why);
}

/* Nobody knows how far it came. */
err deliver_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms)
{
    const struct job_run *r = run;
    message_id id;
    (void)is_dead; /* it always is, */
    (void)next_ms; /* and never runs again by itself */
    TRY(id_parse(r->job->key, &id.v));
    err e =
        message_set_state(cx, id, S("unknown"), S("It may have been sent."), (str){0}, cx->now_ms);
    return e == E_NOT_FOUND ? OK : e;
}

/* What the outcome means for the job; the words go to its row and, at the end, to the agent. */
static enum job_end end_of(const struct delivering *d)
{
    switch (d->sent.outcome) {
    case CONNECTOR_SENT:
        return JOB_DONE;
    case CONNECTOR_FINAL:
        return JOB_FINAL;
    case CONNECTOR_WAIT:
        return JOB_WAIT;
    case CONNECTOR_RETRY:
    case CONNECTOR_REAUTH:
        return JOB_RETRY;
    case CONNECTOR_UNKNOWN:
        break;
    }
    return d->connector->repeats_safely ? JOB_RETRY : JOB_FINAL;
}

/* Nothing is to be sent: cancelled, sent already, gone; or the network is Seva itself. */
static err end_here(struct job_run *run, struct job_verdict *v)
{
    TRY(job_finish(run->desk.tx, run->job));
    TRY(desk_commit(&run->desk));
    v->end = JOB_ENDED;
    return OK;
}

/* OK with v->end set = it ends here; else d is ready for the call. */
static err prepare(struct job_run *run, struct job_verdict *v, struct delivering *d)
{
    struct delivery_work work = {0};
    struct channel channel = {0};
    struct ctx *cx = &run->desk.cx;
    TRY(desk_begin(&run->desk, DB_WRITE));
    TRY(desk_scope(&run->desk, run->job->account_id));
    err taken = delivery_take(cx, d->message, &work);
    if (taken == E_NOT_FOUND || taken == E_CONFLICT)
        return end_here(run, v);
    TRY(taken);
    TRY(channel_get(cx, work.message.channel_id, &channel));
    d->channel = channel.id;
    d->connector = connector_find(channel.kind);
    if (!d->connector || !d->connector->send) {
        TRY(message_set_state(cx, d->message, S("sent"), (str){0}, (str){0}, cx->now_ms));
        return end_here(run, v);
    }
    TRY(message_set_state(cx, d->message, S("sending"), (str){0}, (str){0}, cx->now_ms));
    str identity;
    TRY(channel_secrets(cx, &channel, &d->setup.secret, &d->setup.old_secret, &identity));
    d->setup.settings = channel.settings;
    d->out.setup = &d->setup;
    d->out.delivery_id = run->job->key;
    d->out.text = work.message.text;
    d->out.now_ms = run->now_ms;
    d->out.event_json =
        outgoing_json(run->desk.arena, &work, run->job->account_id, run->job->key, run->now_ms);
    return desk_commit(&run->desk);
}

err deliver_work(struct job_run *run, struct job_verdict *v)
{
    struct delivering *d = NEW(run->desk.arena, struct delivering, 1);
    if (id_parse(run->job->key, &d->message.v) != OK) {
        *v = (struct job_verdict){.end = JOB_FINAL, .error = S("The key is no message.")};
        return OK;
    }
    v->end = JOB_DONE;
    TRY(prepare(run, v, d));
    if (v->end == JOB_ENDED)
        return OK;
    TRY(d->connector->send(run->client, run->desk.arena, &d->out, &d->sent));
    FAILPOINT("deliver.after_send");
    *v = (struct job_verdict){
        .end = end_of(d),
        .at_ms = d->sent.wait_until_ms,
        .error = d->sent.why,
        .write = write_sent,
        .arg = d,
    };
    return OK;
}
