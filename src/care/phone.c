/* phone: see phone.h. Here: what a network's news make of a call. */
#include "care/phone.h"

#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/identity.h"
#include "care/inbound.h"
#include "care/lifecycle.h"
#include "care/news.h"
#include "connector/part.h"
#include "model/view_access.h"
#include "model/view_call.h"
#include "store/agent.h"
#include "store/call.h"
#include "store/channel.h"
#include "store/conversation.h"
#include "store/event.h"
#include "store/identity.h"
#include "store/job.h"
#include "store/message.h"
#include "store/message_network.h"

enum {
    SIGN_BYTES = 64 * 1024,
    ERROR_BYTES = 500,
    RING_MS = 45 * 1000, /* an agent's phone rings no longer than that */
    TALK_MOST_S = 7 * 24 * 3600,
    WRAP_MOST_S = 24 * 3600,
};

/* ── telling ── */

err phone_tell(struct ctx *cx, const struct phone_call *c, str type)
{
    struct json_out j = json_out_make(cx->arena, SIGN_BYTES);
    json_obj(&j);
    json_key(&j, S("call"));
    phone_call_view(&j, c);
    json_obj_end(&j);
    return event_add(cx, &(struct event_new){
                             .type = type,
                             .subject_type = S("call"),
                             .subject_id = c->id.v,
                             .conversation = {c->conversation_id},
                             .channel = c->channel_id,
                             .assignee = {c->agent_id},
                             .contact = c->contact_id,
                             .audience = EVENT_FOR_AGENTS,
                             .data = json_str(&j),
                         });
}

err phone_write(struct ctx *cx, struct phone_call *c)
{
    TRY(phone_call_write(cx, c));
    return phone_tell(cx, c, S("call.updated"));
}

/* The agent is in after-call time, or no more: consoles show it. */
static err tell_agent(struct ctx *cx, int64_t id)
{
    struct agent agent;
    struct agent_scope scope;
    err e = agent_get(cx, (agent_id){id}, &agent);
    if (e == E_NOT_FOUND) {
        cx->fault = (struct fault){0};
        return OK;
    }
    TRY(e);
    TRY(agent_scope_get(cx, agent.id, &scope));
    struct json_out j = json_out_make(cx->arena, SIGN_BYTES);
    json_obj(&j);
    json_key(&j, S("agent"));
    agent_view(&j, &agent, &scope, cx->now_ms, false);
    json_obj_end(&j);
    return event_add(cx, &(struct event_new){
                             .type = S("agent.updated"),
                             .subject_type = S("agent"),
                             .subject_id = id,
                             .audience = EVENT_FOR_AGENTS,
                             .data = json_str(&j),
                         });
}

/* ── who and where ── */

static struct inbound_item inbound_of(channel_id channel, str kind, const struct connector_item *it)
{
    return (struct inbound_item){.channel = channel,
        .channel_kind = kind,
        .external_id = it->external_id,
        .contact_external_id = it->contact_external_id,
        .contact_name = it->contact_name,
        .contact_phone = it->contact_phone,
        .language = it->contact_language,
        .is_verified = true,
        .is_network = true};
}

/* The person as a message's; *why set: nobody of whom we keep anything (blocked). */
static err find_person(struct ctx *cx, const struct channel *channel,
    const struct connector_item *it, struct person **person)
{
    struct inbound_item *in = NEW(cx->arena, struct inbound_item, 1);
    struct people people = people_make(cx->arena, 1);
    *in = inbound_of(channel->id, channel->kind, it);
    TRY(people_want(&people, cx, in, person));
    TRY(people_resolve(&people, cx));
    return people_write(&people, cx);
}

static str number_of(const struct connector_item *it)
{
    if (it->contact_phone.len)
        return it->contact_phone;
    return str_starts(it->contact_external_id, S("sip:")) ? it->contact_external_id : (str){0};
}

/* E_NOT_FOUND (no words): nobody is known on the other end, or it is nobody's call. */
static err begin(
    struct ctx *cx, channel_id id, const struct connector_item *it, struct phone_call *c)
{
    struct channel channel;
    struct person *p = NULL;
    struct conversation talk;
    if (!it->contact_external_id.len || !it->external_id.len)
        return E_NOT_FOUND;
    TRY(channel_get(cx, id, &channel));
    TRY(find_person(cx, &channel, it, &p));
    if (p->why)
        return E_NOT_FOUND;
    *c = (struct phone_call){.id = {id_make(cx->now_ms)},
        .channel_id = id,
        .external_id = it->external_id,
        .contact_id = p->contact,
        .identity_id = p->identity,
        .direction = it->is_ours ? S("out") : S("in"),
        .state = S("ringing"),
        .number = number_of(it),
        .started_ms = it->sent_ms ? it->sent_ms : cx->now_ms,
        .contact_name = p->name};
    err e = conversation_newest_of(cx, p->identity, &talk);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    if (e == OK && !str_eq(talk.status, S("resolved")))
        c->conversation_id = talk.id.v;
    e = phone_call_add(cx, c);
    if (e == E_CONFLICT)
        return fail(cx, E_BUSY, "Another node met the same call; try again.");
    TRY(e);
    TRY(phone_tell(cx, c, S("call.created")));
    return phone_plan_look(cx, c, connector_find(channel.kind));
}

/* By the network's name of it, or by ours. */
static err find(
    struct ctx *cx, channel_id channel, const struct connector_item *it, struct phone_call *c)
{
    call_id id;
    err e = phone_call_find_external(cx, channel, it->external_id, c);
    if (e != E_NOT_FOUND || !it->call.ref.len || id_parse(it->call.ref, &id.v) != OK)
        return e;
    e = phone_call_lock(cx, id, c);
    if (e == E_NOT_FOUND)
        cx->fault = (struct fault){0};
    if (e == OK && (c->channel_id.v != channel.v || c->external_id.len))
        return E_NOT_FOUND;
    if (e == OK)
        c->external_id = it->external_id;
    return e;
}

/* The agent whose phone has picked up, when Seva did not make it ring. */
static err note_agent(struct ctx *cx, struct phone_call *c, str phone)
{
    struct agent *agents = NULL;
    struct agent_scope *scopes = NULL;
    ptrdiff_t n = 0;
    if (c->agent_id || !phone.len)
        return OK;
    TRY(agent_list(cx, &agents, &scopes, &n));
    for (ptrdiff_t i = 0; i < n && !c->agent_id; i++)
        if (agents[i].is_active && str_eq(agents[i].phone, phone)) {
            c->agent_id = agents[i].id.v;
            c->agent_phone = phone;
            c->agent_name = agents[i].name;
        }
    return OK;
}

/* ── its message ── */

static str parts_of(struct ctx *cx, const struct phone_call *c)
{
    struct parts parts = parts_make(cx->arena);
    part_call(&parts, &(struct part_call){
                          .direction = c->direction, .outcome = c->outcome, .seconds = c->talk_s});
    return parts_str(&parts);
}

/* Calls that we make have no message of the network's: this is it, once it is known how it went. */
static err add_message(struct ctx *cx, struct phone_call *c)
{
    struct channel channel;
    struct identity identity;
    struct inbound_result result;
    if (c->message_id || !str_eq(c->direction, S("out")) || !c->external_id.len)
        return OK;
    err e = identity_get(cx, c->identity_id, &identity);
    if (e == OK)
        e = channel_get(cx, c->channel_id, &channel);
    if (e != OK) {
        cx->fault = (struct fault){0};
        return e == E_NOT_FOUND ? OK : e;
    }
    const struct inbound_item in = {.channel = c->channel_id,
        .channel_kind = channel.kind,
        .external_id = c->external_id,
        .contact_external_id = identity.external_id,
        .is_network = true,
        .is_ours = true,
        .parts = parts_of(cx, c),
        .agent = {c->agent_id},
        .agent_name = c->agent_name};
    TRY(inbound_take_many(cx, &in, 1, &result, NULL));
    if (result.result != OK && result.result != E_CONFLICT)
        return OK; /* blocked meanwhile: the call is in the log all the same */
    c->message_id = result.message.v;
    c->conversation_id = result.conversation.v;
    return OK;
}

/* The message that the network's news made, or that we have made. */
static err link_message(struct ctx *cx, struct phone_call *c)
{
    struct message m;
    if (c->message_id || !c->external_id.len)
        return OK;
    err e = message_by_any_external(cx, c->channel_id, c->external_id, &m);
    if (e != OK)
        return e == E_NOT_FOUND ? OK : e;
    c->message_id = m.id.v;
    c->conversation_id = m.conversation_id.v;
    return OK;
}

/* How long they talked is known at the end. */
static err show_length(struct ctx *cx, const struct phone_call *c)
{
    struct message m;
    struct conversation talk;
    if (!c->message_id || !c->talk_s || !c->answered_ms)
        return OK;
    TRY(message_set_parts(cx, (message_id){c->message_id}, parts_of(cx, c)));
    TRY(message_get(cx, (message_id){c->message_id}, &m));
    TRY(conversation_get(cx, m.conversation_id, &talk));
    TRY(conversation_fill_tags(cx, &talk, 1));
    return news_message(cx, &m, &talk, S("message.updated"));
}

/* Who has answered a caller goes on with the conversation, unless it is somebody's. */
static err assign(struct ctx *cx, const struct phone_call *c)
{
    struct conversation talk;
    if (!c->agent_id || !c->conversation_id)
        return OK;
    TRY(conversation_get(cx, (conversation_id){c->conversation_id}, &talk));
    if (talk.assignee_id.v)
        return OK;
    const struct conversation_change change = {.has_assignee = true, .assignee = {c->agent_id}};
    err e = conversation_change(cx, talk.id, &change, &talk);
    if (e != E_INVALID && e != E_CONFLICT)
        return e;
    cx->fault = (struct fault){0}; /* the agent is gone by now */
    return OK;
}

/* ── states ── */

/* ringing, menu and queued may follow each other in any order. */
static int rank(str state)
{
    if (str_eq(state, S("ended")))
        return 3;
    return str_eq(state, S("answered")) ? 2 : 1;
}

static void return_to_queue(struct phone_call *c, str why)
{
    c->agent_id = 0;
    c->agent_name = c->agent_phone = (str){0};
    c->taken_ms = 0;
    c->error = why;
}

static err wrap_limit(struct ctx *cx, channel_id id, int64_t *seconds)
{
    struct channel channel;
    struct connector_setup setup = {0};
    *seconds = 0;
    err e = channel_get(cx, id, &channel);
    if (e != OK) {
        cx->fault = (struct fault){0};
        return e == E_NOT_FOUND ? OK : e;
    }
    const struct connector *network = connector_find(channel.kind);
    setup.settings = channel.settings;
    str text = network ? setup_setting(cx->arena, network, &setup, "wrap_up_s") : (str){0};
    (void)str_int(text, 0, WRAP_MOST_S, seconds); /* nonsense: none */
    return OK;
}

static err begin_wrap(struct ctx *cx, struct phone_call *c)
{
    int64_t seconds = 0;
    if (!c->agent_id || !c->answered_ms || c->wrap_started_ms)
        return OK;
    TRY(wrap_limit(cx, c->channel_id, &seconds));
    if (!seconds)
        return OK;
    c->wrap_started_ms = c->ended_ms;
    return job_add(cx, &(struct job_new){.kind = S("wrap_up"),
                           .key = str_print(cx->arena, "%lld", (long long)c->id.v),
                           .run_ms = c->ended_ms + seconds * 1000});
}

err phone_end(struct ctx *cx, struct phone_call *c, str outcome, str error)
{
    if (str_eq(c->state, S("ended")))
        return OK;
    c->state = S("ended");
    c->ended_ms = cx->now_ms;
    c->queue_position = 0;
    if (error.len)
        c->error = utf8_prefix_bytes(error, ERROR_BYTES);
    if (c->answered_ms) {
        c->outcome = S("answered");
        if (!c->talk_s)
            c->talk_s = (c->ended_ms - c->answered_ms) / 1000;
    } else if (!c->outcome.len) {
        c->outcome = outcome.len ? outcome : S("missed");
    }
    TRY(add_message(cx, c));
    TRY(link_message(cx, c));
    TRY(show_length(cx, c));
    TRY(begin_wrap(cx, c));
    TRY(phone_write(cx, c));
    return c->wrap_started_ms ? tell_agent(cx, c->agent_id) : OK;
}

static err answer(struct ctx *cx, struct phone_call *c, const struct connector_call_news *news)
{
    int64_t talk_s = news->talk_s < TALK_MOST_S ? news->talk_s : TALK_MOST_S;
    if (talk_s > 0)
        c->talk_s = talk_s;
    if (c->answered_ms)
        return OK;
    c->answered_ms = cx->now_ms - talk_s * 1000;
    if (c->answered_ms < c->started_ms)
        c->answered_ms = c->started_ms;
    c->state = S("answered");
    c->outcome = S("answered");
    c->queue_position = 0;
    c->error = (str){0};
    TRY(note_agent(cx, c, news->agent_phone));
    TRY(add_message(cx, c));
    TRY(link_message(cx, c));
    return assign(cx, c);
}

/* Only what was not known: late news and repetitions change nothing. */
static err move(struct ctx *cx, struct phone_call *c, const struct connector_call_news *news)
{
    int old = rank(c->state);
    if (str_eq(news->state, S("answered")) && old < 3)
        return answer(cx, c, news);
    if (!news->state.len || old > 1 || rank(news->state) > 1)
        return OK;
    c->state = news->state;
    c->queue_position = str_eq(news->state, S("queued")) ? news->position : 0;
    bool rings_too_long = c->taken_ms && cx->now_ms - c->taken_ms > RING_MS;
    if (news->is_returned || (rings_too_long && str_eq(news->state, S("queued"))))
        return_to_queue(c, S("The agent's phone did not answer."));
    else if (!str_eq(news->state, S("queued")) && c->taken_ms)
        return_to_queue(c, (str){0});
    return OK;
}

/* A voicemail or a wish to go on in writing is worth more than a missed call. */
static void note_outcome(struct phone_call *c, const struct connector_call_news *news)
{
    bool is_open = !c->outcome.len || (str_eq(c->outcome, S("missed")) && !c->answered_ms);
    if (news->outcome.len && is_open)
        c->outcome = news->outcome;
    if (news->error.len && !c->answered_ms)
        c->error = utf8_prefix_bytes(news->error, ERROR_BYTES);
}

err phone_news(struct ctx *cx, channel_id channel, const struct connector_item *it)
{
    struct phone_call c;
    err e = find(cx, channel, it, &c);
    if (e == E_NOT_FOUND)
        e = begin(cx, channel, it, &c);
    if (e != OK)
        return e == E_NOT_FOUND ? OK : e;
    if (it->contact_language.len)
        c.language = utf8_prefix_bytes(it->contact_language, LIMIT_NAME_BYTES);
    note_outcome(&c, &it->call);
    TRY(move(cx, &c, &it->call));
    TRY(link_message(cx, &c));
    /* The recording is told when it is complete, and it is the last that a caller does. */
    bool is_recorded = str_eq(it->call.outcome, S("voicemail")) && !c.answered_ms;
    bool is_over = is_recorded || str_eq(it->call.state, S("ended"));
    if (is_over && !str_eq(c.state, S("ended")))
        return phone_end(cx, &c, it->call.outcome, it->call.error);
    return phone_write(cx, &c);
}

/* ── after the call ── */

err phone_wrap_end(struct ctx *cx, struct phone_call *c)
{
    c->wrap_ended_ms = cx->now_ms > c->wrap_started_ms ? cx->now_ms : c->wrap_started_ms + 1;
    TRY(phone_write(cx, c));
    return tell_agent(cx, c->agent_id);
}

err phone_wrap_over(struct ctx *cx, call_id id)
{
    struct phone_call c;
    err e = phone_call_lock(cx, id, &c);
    if (e == E_NOT_FOUND) {
        cx->fault = (struct fault){0};
        return OK;
    }
    TRY(e);
    return c.wrap_started_ms && !c.wrap_ended_ms ? phone_wrap_end(cx, &c) : OK;
}
