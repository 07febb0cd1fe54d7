/* activity: see activity.h. */
#include "care/activity.h"

#include "care/news.h"
#include "store/conversation.h"
#include "store/message.h"

str activity_json(struct arena *a, str type, str from, str to)
{
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    json_kv_str(&j, S("type"), type);
    json_kv_text(&j, S("from"), from);
    json_kv_text(&j, S("to"), to);
    json_obj_end(&j);
    return json_str(&j);
}

struct message activity_message(struct ctx *cx, struct conversation *c, str json)
{
    struct message m = {
        .id = message_next_id(c, cx->now_ms),
        .conversation_id = c->id,
        .channel_id = c->channel_id,
        .kind = S("activity"),
        .author_kind = S("system"),
        .author_name = cx->actor.name,
        .state = S("sent"),
        .visibility = S("private"),
        .activity = json,
        .sent_ms = cx->now_ms,
        .received_ms = cx->now_ms,
    };
    if (cx->actor.kind == ACTOR_AGENT) {
        m.author_kind = S("agent");
        m.author_id = cx->actor.agent.v;
    } else if (cx->actor.kind == ACTOR_TOKEN) {
        m.author_kind = S("token");
        m.author_id = cx->actor.token.v;
    }
    c->last_message_id = m.id;
    return m;
}

err activity_add(struct ctx *cx, conversation_id id, str json)
{
    struct conversation c;
    TRY(conversation_lock(cx, id, &c));
    str was = c.status;
    struct message entry = activity_message(cx, &c, json);
    TRY(message_add(cx, &entry));
    TRY(conversation_write(cx, &c, was));
    TRY(conversation_fill_tags(cx, &c, 1));
    return news_message(cx, &entry, &c, S("message.created"));
}
