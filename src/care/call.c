/* call: see call.h. */
#include "care/call.h"

#include "base/json.h"
#include "care/reply.h"
#include "connector/connector.h"
#include "store/channel.h"
#include "store/identity.h"
#include "text/ivr.h"

struct following {
    struct ctx *cx;
    const struct inbound_item *in;
    const struct inbound_result *stored;
    struct channel channel; /* where it goes on */
    str address;            /* of the caller there */
    struct ivr_choice choice;
};

static struct ivr_choice wanted(struct arena *a, str settings, const struct inbound_item *in)
{
    const struct json *parts = NULL;
    str why;
    if (in->is_ours || json_parse(a, in->parts, &parts, &why) != OK)
        return (struct ivr_choice){0};
    const struct json *part = parts->first;
    str outcome = json_text(json_get(part, S("outcome")), S(""));
    if (str_eq(outcome, S("missed")))
        return ivr_missed(a, settings, in->language);
    const struct ivr_request req = {.step = S("continue"),
        .language = in->language,
        .menu = json_text(json_get(part, S("menu")), S("")),
        .key = json_text(json_get(part, S("key")), S(""))};
    return str_eq(outcome, S("message")) ? ivr_choose(a, settings, &req) : (struct ivr_choice){0};
}

static err note(const struct following *f, conversation_id conversation, str text, str parts)
{
    const struct reply_new n = {.is_note = true,
        .text = text,
        .parts = parts,
        .client_id = str_print(f->cx->arena, "call-note:%lld", (long long)f->stored->message.v)};
    struct conversation c;
    struct message m;
    bool is_repeat = false;
    return reply_add(f->cx, conversation, &n, &m, &c, &is_repeat);
}

/* The words for what stands in the way; NULL = nothing. */
static err find_obstacle(struct following *f, const char **why)
{
    int64_t id = 0;
    *why = "the channel that the menu names is gone or switched off";
    (void)str_int(f->choice.channel_id, 1, INT64_MAX, &id); /* 0 is no channel */
    err e = channel_get(f->cx, (channel_id){id}, &f->channel);
    if (e == E_NOT_FOUND)
        f->cx->fault = (struct fault){0};
    if (e != OK || !f->channel.is_enabled)
        return e == E_NOT_FOUND ? OK : e;
    const struct connector *network = connector_find(f->channel.kind);
    if (!network || !(network->able & ABLE_BEGIN))
        *why = "nobody can be written to first on the channel that the menu names";
    else if (!f->in->contact_phone.len)
        *why = "the caller hides the number";
    else if (!(f->address = start_address(f->cx->arena, network, f->in->contact_phone)).len)
        *why = "the network does not go by phone numbers";
    else if (network->private_rules.needs_template_after && !f->choice.parts.len)
        *why = "the network wants a template for a first message, and the menu names none";
    else
        *why = f->choice.text.len || f->choice.parts.len ? NULL : "the menu has no text for it";
    return OK;
}

static err invite(struct following *f)
{
    struct ctx *cx = f->cx;
    const struct identity key = {.channel_id = f->channel.id, .external_id = f->address};
    struct identity_known *known = NULL;
    struct conversation c;
    struct message m;
    ptrdiff_t n = 0;
    TRY(identity_find_many(cx, &key, 1, &known, &n));
    const struct start_new start = {.channel = f->channel.id,
        .contact = n ? known[0].contact_id : f->stored->contact,
        .external_id = key.external_id,
        .text = f->choice.parts.len ? (str){0} : f->choice.text,
        .parts = f->choice.parts,
        .client_id = str_print(cx->arena, "call:%lld", (long long)f->stored->message.v),
        .previous = f->stored->conversation};
    TRY(reply_start(cx, &start, &c, &m));
    return note(f, c.id, S("Goes on from a phone call."), f->in->parts);
}

err call_follow(struct ctx *cx, const struct inbound_item *in, const struct inbound_result *stored)
{
    struct following f = {.cx = cx, .in = in, .stored = stored};
    struct channel voice;
    const char *why = NULL;
    TRY(channel_get(cx, in->channel, &voice));
    f.choice = wanted(cx->arena, voice.settings, in);
    if (f.choice.action != IVR_CONTINUE_BY_MESSAGE)
        return OK;
    TRY(find_obstacle(&f, &why));
    if (!why) {
        err e = invite(&f);
        if (e == OK || e == E_BUSY || e == E_INTERNAL)
            return e;
        why = cx->fault.words.len ? str_z(cx->arena, cx->fault.words) : err_name(e);
        cx->fault = (struct fault){0};
    }
    return note(&f, stored->conversation,
        str_print(cx->arena, "The caller could not be written to: %s.", why), (str){0});
}
