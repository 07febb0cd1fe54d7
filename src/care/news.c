/* news: see news.h. */
#include "care/news.h"

#include "base/id.h"
#include "base/limits.h"
#include "model/view_message.h"
#include "store/desk.h"

enum { NEWS_BYTES = 4 * LIMIT_JSON_BODY_BYTES };

static void about(struct event_new *e, const struct conversation *c)
{
    e->conversation = c->id;
    e->channel = c->channel_id;
    e->team = c->team_id;
    e->assignee = c->assignee_id;
    e->contact = c->contact_id;
}

void news_conversation_event(
    struct arena *a, const struct conversation *c, str type, struct event_new *e)
{
    struct json_out j = json_out_make(a, NEWS_BYTES);
    json_obj(&j);
    json_key(&j, S("conversation"));
    conversation_view(&j, c);
    json_obj_end(&j);
    *e = (struct event_new){
        .type = type,
        .subject_type = S("conversation"),
        .subject_id = c->id.v,
        .audience = EVENT_FOR_AGENTS,
        .data = json_str(&j),
    };
    about(e, c);
}

err news_conversation(struct ctx *cx, const struct conversation *c, str type)
{
    struct event_new e;
    news_conversation_event(cx->arena, c, type, &e);
    return event_add(cx, &e);
}

static bool is_widget(const struct conversation *c)
{
    return str_eq(c->channel_kind, S("widget"));
}

err news_conversation_visitor(struct ctx *cx, const struct conversation *c)
{
    if (!is_widget(c))
        return OK;
    struct json_out j = json_out_make(cx->arena, NEWS_BYTES);
    conversation_view_widget(&j, c);
    struct event_new e = {
        .type = S("conversation.updated"),
        .subject_type = S("conversation"),
        .subject_id = c->id.v,
        .audience = EVENT_FOR_VISITOR,
        .data = json_str(&j),
    };
    about(&e, c);
    return event_add(cx, &e);
}

void news_message_event(struct arena *a, const struct message *m, const struct conversation *c,
    str type, struct event_new *e)
{
    struct json_out j = json_out_make(a, NEWS_BYTES);
    json_obj(&j);
    json_key(&j, S("message"));
    message_view(&j, m);
    json_key(&j, S("conversation"));
    conversation_view(&j, c);
    json_obj_end(&j);
    *e = (struct event_new){
        .type = type,
        .subject_type = S("message"),
        .subject_id = m->id.v,
        .audience = EVENT_FOR_AGENTS,
        .data = json_str(&j),
    };
    about(e, c);
}

void news_visitor_event(struct arena *a, const struct message *m, const struct conversation *c,
    str type, struct event_new *e)
{
    struct json_out j = json_out_make(a, NEWS_BYTES);
    message_view_widget(&j, m);
    *e = (struct event_new){
        .type = type,
        .subject_type = S("message"),
        .subject_id = m->id.v,
        .audience = EVENT_FOR_VISITOR,
        .data = json_str(&j),
    };
    about(e, c);
}

err news_message(struct ctx *cx, const struct message *m, const struct conversation *c, str type)
{
    struct event_new e;
    news_message_event(cx->arena, m, c, type, &e);
    return event_add(cx, &e);
}

err news_message_visitor(
    struct ctx *cx, const struct message *m, const struct conversation *c, str type)
{
    if (!is_widget(c) || !message_is_for_visitor(m))
        return OK;
    struct event_new e;
    news_visitor_event(cx->arena, m, c, type, &e);
    return event_add(cx, &e);
}

err news_notify(struct ctx *cx, agent_id agent, str type, const struct conversation *c,
    message_id message, str preview)
{
    if (!agent.v || (cx->actor.kind == ACTOR_AGENT && agent.v == cx->actor.agent.v))
        return OK;
    struct notification n = {
        .id = {id_make(cx->now_ms)},
        .agent_id = agent,
        .type = type,
        .conversation_id = c->id,
        .message_id = message,
        .actor_name = cx->actor.name,
        .preview = preview,
        .at_ms = cx->now_ms,
    };
    TRY(notification_add(cx, &n));
    struct json_out j = json_out_make(cx->arena, NEWS_BYTES);
    json_obj(&j);
    json_key(&j, S("notification"));
    notification_view(&j, &n);
    json_obj_end(&j);
    if (j.b.failed)
        return E_BUSY; /* half a text is none */
    struct event_new e = {
        .type = S("notification.created"),
        .subject_type = S("notification"),
        .subject_id = n.id.v,
        .agent = agent,
        .audience = EVENT_FOR_AGENT,
        .data = json_str(&j),
    };
    return event_add(cx, &e);
}

err news_draft(struct ctx *cx, const struct draft *draft)
{
    struct json_out j = json_out_make(cx->arena, NEWS_BYTES);
    json_obj(&j);
    json_key(&j, S("draft"));
    draft_view(&j, draft);
    json_obj_end(&j);
    if (j.b.failed)
        return E_BUSY; /* half a text is none */
    struct event_new e = {
        .type = S("draft.updated"),
        .subject_type = S("conversation"),
        .subject_id = draft->conversation_id.v,
        .agent = cx->actor.agent,
        .audience = EVENT_FOR_AGENT,
        .data = json_str(&j),
    };
    return event_add(cx, &e);
}

static str wrapped(struct arena *a, str key, str view)
{
    struct json_out j = json_out_make(a, NEWS_BYTES);
    json_obj(&j);
    json_kv_raw(&j, key, view);
    json_obj_end(&j);
    return j.b.failed ? (str){0} : json_str(&j);
}

err news_contact(struct ctx *cx, contact_id contact, str json)
{
    str data = wrapped(cx->arena, S("contact"), json);
    if (data.len == 0)
        return E_BUSY;
    struct event_new e = {
        .type = S("contact.updated"),
        .subject_type = S("contact"),
        .subject_id = contact.v,
        .contact = contact,
        .audience = EVENT_FOR_AGENTS,
        .data = data,
    };
    return event_add(cx, &e);
}

err news_thing(struct ctx *cx, str type, str subject_type, int64_t id, agent_id only_for, str json)
{
    str data = wrapped(cx->arena, subject_type, json);
    if (data.len == 0)
        return E_BUSY;
    struct event_new e = {
        .type = type,
        .subject_type = subject_type,
        .subject_id = id,
        .agent = only_for,
        .audience = only_for.v ? EVENT_FOR_AGENT : EVENT_FOR_AGENTS,
        .data = data,
    };
    return event_add(cx, &e);
}
