/* move: see move.h. */
#include "care/move.h"

#include "base/id.h"
#include "care/access.h"
#include "care/activity.h"
#include "care/channel_form.h"
#include "care/lifecycle.h"
#include "care/news.h"
#include "connector/connector.h"
#include "store/audit.h"
#include "store/channel.h"
#include "store/conversation.h"
#include "store/identity.h"
#include "store/message.h"

struct moving {
    struct ctx *cx;
    const struct move_new *move;
    struct conversation c;
    struct channel channel; /* where to */
    const struct connector *connector;
    struct identity identity; /* there */
};

static err check_channel(struct moving *m)
{
    struct ctx *cx = m->cx;
    if (!access_sees_channel(cx, m->move->channel))
        return fail_field(cx, "channel_id", "There is no such channel.");
    err e = channel_get(cx, m->move->channel, &m->channel);
    if (e == E_NOT_FOUND)
        return fail_field(cx, "channel_id", "There is no such channel.");
    TRY(e);
    m->connector = connector_find(m->channel.kind);
    if (!m->channel.is_enabled || !m->connector ||
        channel_is_capture(cx->arena, m->channel.settings))
        return fail_field(cx, "channel_id", "Nothing can be sent on this channel.");
    return OK;
}

/* Somebody new there: only where we may write first. */
static err add_identity(struct moving *m)
{
    struct ctx *cx = m->cx;
    struct identity key = {.channel_id = m->channel.id, .external_id = m->move->address};
    struct identity_known *known = NULL;
    ptrdiff_t n = 0;
    int64_t changed = 0;
    if (!m->move->address.len)
        return fail_field(cx, "address", "Seva does not know this person there: give an address.");
    if (!(m->connector->able & ABLE_BEGIN))
        return fail_field(cx, "address", "On this channel the customer has to write first.");
    TRY(identity_find_many(cx, &key, 1, &known, &n));
    if (n && known[0].contact_id.v != m->c.contact_id.v)
        return fail(cx, E_CONFLICT, "Somebody else has this address.");
    if (n)
        return identity_get(cx, known[0].id, &m->identity);
    m->identity = (struct identity){
        .id = {id_make(cx->now_ms)},
        .contact_id = m->c.contact_id,
        .channel_id = m->channel.id,
        .external_id = m->move->address,
        .handle = m->c.contact_name,
    };
    TRY(identity_add_many(cx, &m->identity, 1, &changed));
    return changed ? OK : fail(cx, E_CONFLICT, "Somebody else has this address.");
}

static err find_identity(struct moving *m)
{
    struct ctx *cx = m->cx;
    if (m->move->address.len)
        return add_identity(m);
    err e = identity_on_channel(cx, m->c.contact_id, m->channel.id, &m->identity);
    return e == E_NOT_FOUND ? add_identity(m) : e;
}

static err check_place(struct moving *m)
{
    struct conversation there = m->c;
    bool has_rival = false;
    bool is_same = m->c.channel_id.v == m->channel.id.v && m->c.identity_id.v == m->identity.id.v &&
                   !m->c.thread_key.len;
    if (is_same)
        return fail(m->cx, E_CONFLICT, "The conversation is there already.");
    there.identity_id = m->identity.id;
    there.thread_key = (str){0};
    TRY(conversation_has_rival(m->cx, &there, &has_rival));
    if (has_rival)
        return fail(m->cx, E_CONFLICT,
            "This person has a conversation in progress there; go on in that one.");
    return OK;
}

static err put(struct moving *m)
{
    struct ctx *cx = m->cx;
    struct conversation *c = &m->c;
    str was = c->status, from = c->channel_name;
    TRY(conversation_place_add(cx, c->identity_id, c->thread_key, c->id));
    c->channel_id = m->channel.id;
    c->identity_id = m->identity.id;
    c->thread_key = (str){0};
    c->visibility = S("private");
    c->channel_kind = m->channel.kind;
    c->channel_name = m->channel.name;
    c->updated_ms = cx->now_ms;
    TRY(conversation_set_place(cx, c));
    struct message entry =
        activity_message(cx, c, activity_json(cx->arena, S("moved"), from, m->channel.name));
    TRY(message_add(cx, &entry));
    TRY(conversation_write(cx, c, was));
    TRY(conversation_fill_tags(cx, c, 1));
    TRY(news_message(cx, &entry, c, S("message.created")));
    return news_conversation(cx, c, S("conversation.updated"));
}

err conversation_move(
    struct ctx *cx, conversation_id id, const struct move_new *move, struct conversation *c)
{
    struct moving *m = NEW(cx->arena, struct moving, 1);
    m->cx = cx;
    m->move = move;
    TRY(conversation_lock(cx, id, &m->c));
    TRY(conversation_is_here(cx, &m->c));
    TRY(check_channel(m));
    TRY(find_identity(m));
    TRY(check_place(m));
    TRY(put(m));
    TRY(audit_add(cx, S("conversation.moved"), S("conversation"), id.v, (str){0}));
    *c = m->c;
    return OK;
}
