/* act: see act.h. */
#include "care/act.h"

#include "base/id.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/activity.h"
#include "care/channel_form.h"
#include "care/channel_setup.h"
#include "care/delivery.h"
#include "care/network.h"
#include "care/news.h"
#include "care/reply_rules.h"
#include "store/audit.h"
#include "store/channel.h"
#include "store/conversation.h"
#include "store/job.h"
#include "store/message.h"
#include "store/message_network.h"
#include "store/post.h"

enum { REACTION_BYTES = 64, WHY_BYTES = 500 };

const char *const act_words[] = {
    [ACT_DELETE] = "delete",
    [ACT_EDIT] = "edit",
    [ACT_REACT] = "react",
    [ACT_HIDE] = "hide",
    [ACT_UNHIDE] = "unhide",
    [ACT_LIKE] = "like",
    [ACT_READ] = "read",
    [ACT_KINDS] = NULL,
};

/* ── asking for it ── */

static bool is_public(const struct message *m)
{
    return str_eq(m->visibility, S("public"));
}

static err check_message(
    struct ctx *cx, const struct connector *c, const struct message *m, const struct act_new *act)
{
    uint32_t acts = is_public(m) ? c->acts_public : c->acts_private;
    bool is_ours = str_eq(m->kind, S("out"));
    if (!c->act || !(acts & UINT32_C(1) << act->kind))
        return fail_detail(
            cx, E_CONFLICT, "kind", "%.*s does not know this for such a message.", SARG(c->title));
    if (!is_ours && !str_eq(m->kind, S("in")))
        return fail_detail(
            cx, E_CONFLICT, "kind", "Only what is on the network can be acted upon.");
    if (act->kind == ACT_EDIT && !is_ours)
        return fail_detail(cx, E_CONFLICT, "kind", "Only our own messages can be corrected.");
    if (act->kind == ACT_DELETE && !is_ours && !is_public(m))
        return fail_detail(cx, E_CONFLICT, "kind", "Only our own messages can be taken back.");
    if (m->deleted_ms)
        return fail(cx, E_CONFLICT, "The message is gone on the network.");
    if (!m->external_id.len)
        return fail(cx, E_CONFLICT, "The message is not on the network (yet).");
    return OK;
}

static err check_words(struct ctx *cx, const struct connector *c, const struct channel *channel,
    const struct message *m, const struct act_new *act)
{
    const struct connector_setup setup = {.settings = channel->settings};
    const struct connector_rules rules = connector_rules_for(cx->arena, c, &setup, is_public(m));
    int64_t length;
    if (act->kind != ACT_EDIT && act->text.len)
        return fail_field(cx, "text", "Only a correction has a text.");
    if (act->kind != ACT_REACT && act->reaction.len)
        return fail_field(cx, "reaction", "Only a reaction has this.");
    if (act->reaction.len > REACTION_BYTES)
        return fail_field(cx, "reaction", "A reaction is one emoji.");
    if (act->kind == ACT_EDIT && !act->text.len)
        return fail_field(cx, "text", "Write what it says from now on.");
    if (act->kind == ACT_EDIT && reply_rules_is_too_long(&rules, act->text, &length))
        return fail_field(cx, "text", "The text has %lld of at most %lld.", (long long)length,
            (long long)rules.max_length);
    return OK;
}

static err plan(struct ctx *cx, const struct message *m, const struct act_new *act)
{
    struct json_out j = json_out_make(cx->arena, LIMIT_JOB_PAYLOAD_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("kind"), str_from(act_words[act->kind]));
    json_kv_str(&j, S("text"), act->text);
    json_kv_str(&j, S("reaction"), act->reaction);
    json_obj_end(&j);
    if (j.b.failed)
        return fail_field(cx, "text", "The text is too long.");
    const struct job_new job = {
        .kind = S("act"),
        .key =
            str_print(cx->arena, "%lld:%lld", (long long)m->id.v, (long long)id_make(cx->now_ms)),
        .order_key = str_print(cx->arena, "conv:%lld", (long long)m->conversation_id.v),
        .payload = json_str(&j),
        .channel = m->channel_id,
    };
    return job_add(cx, &job);
}

static err note_audit(struct ctx *cx, message_id id, const struct act_new *act)
{
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("kind"), str_from(act_words[act->kind]));
    json_obj_end(&j);
    return audit_add(cx, S("message.act"), S("message"), id.v, json_str(&j));
}

err act_add(struct ctx *cx, message_id id, const struct act_new *act, struct message *m)
{
    struct message found;
    struct channel channel;
    TRY(message_get(cx, id, &found));
    err e = channel_get(cx, found.channel_id, &channel);
    const struct connector *c = e == OK ? connector_find(channel.kind) : NULL;
    if (e != OK && e != E_NOT_FOUND)
        return e;
    if (!c || !channel.is_enabled || channel_is_capture(cx->arena, channel.settings))
        return fail(cx, E_CONFLICT, "The channel of this message is switched off or gone.");
    TRY(check_message(cx, c, &found, act));
    TRY(check_words(cx, c, &channel, &found, act));
    TRY(plan(cx, &found, act));
    TRY(note_audit(cx, id, act));
    *m = found;
    return OK;
}

err act_add_read(struct ctx *cx, const struct message *m)
{
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("kind"), str_from(act_words[ACT_READ]));
    json_obj_end(&j);
    return job_add(cx, &(struct job_new){.kind = S("act"),
                           .key = str_print(cx->arena, "%lld:read", (long long)m->id.v),
                           .payload = json_str(&j),
                           .channel = m->channel_id});
}

/* ── the job ── */

static err read_payload(struct ctx *cx, str payload, struct act_new *act)
{
    const struct json *root = NULL;
    str why;
    if (json_parse(cx->arena, payload, &root, &why) != OK)
        return E_NOT_FOUND;
    str kind = json_text(json_get(root, S("kind")), S(""));
    int i = 0;
    while (i < ACT_KINDS && !str_eq(str_from(act_words[i]), kind))
        i++;
    if (i == ACT_KINDS)
        return E_NOT_FOUND;
    *act = (struct act_new){.kind = (enum connector_act_kind)i,
        .text = json_text(json_get(root, S("text")), S("")),
        .reaction = json_text(json_get(root, S("reaction")), S(""))};
    return OK;
}

static err fill_whom(struct ctx *cx, const struct message *m, struct connector_act *act)
{
    struct conversation c;
    struct identity identity;
    struct post post = {0};
    TRY(conversation_get(cx, m->conversation_id, &c));
    TRY(message_place(cx, m, &c, &identity, &act->thread_key));
    act->to = identity.external_id;
    err e = c.post_id.v ? post_get(cx, c.post_id, &post) : OK;
    act->post = post.external_id;
    return e == E_NOT_FOUND ? OK : e;
}

err act_take(struct ctx *cx, message_id id, str payload, struct act_work *work)
{
    struct message m;
    struct channel channel;
    struct act_new act;
    TRY(read_payload(cx, payload, &act));
    TRY(message_get(cx, id, &m));
    TRY(channel_get(cx, m.channel_id, &channel));
    const struct connector *c = connector_find(channel.kind);
    if (!c || !c->act || !channel.is_enabled || m.deleted_ms)
        return E_CONFLICT;
    *work = (struct act_work){
        .connector = c,
        .channel = channel.id,
        .act = {.kind = act.kind,
                .external_id = m.external_id,
                .text = act.text,
                .reaction = act.reaction,
                .token = m.token,
                .is_public = is_public(&m),
                .is_ours = str_eq(m.kind, S("out"))}
    };
    TRY(fill_whom(cx, &m, &work->act));
    return channel_setup(cx, &channel, &work->setup);
}

/* An entry of the timeline: who sees the conversation sees it. */
static err note(struct ctx *cx, message_id id, str type, str from, str to)
{
    struct message m;
    TRY(message_get(cx, id, &m));
    return activity_add(cx, m.conversation_id, activity_json(cx->arena, type, from, to));
}

err act_done(struct ctx *cx, message_id id, str payload, str external_id)
{
    struct message m;
    struct act_new act;
    TRY(read_payload(cx, payload, &act));
    TRY(message_get(cx, id, &m));
    if (act.kind == ACT_EDIT && external_id.len && !str_eq(external_id, m.external_id))
        TRY(message_alias_add(cx, m.channel_id, id, &external_id, 1));
    struct connector_item it = {.external_id = m.external_id,
        .is_ours = true,
        .text = act.text,
        .reaction = act.kind == ACT_LIKE ? S("\xF0\x9F\x91\x8D") : act.reaction};
    switch (act.kind) {
    case ACT_DELETE:
        it.kind = ITEM_DELETE;
        return network_apply(cx, m.channel_id, &it);
    case ACT_EDIT:
        it.kind = ITEM_EDIT;
        return network_apply(cx, m.channel_id, &it);
    case ACT_REACT:
    case ACT_LIKE:
        it.kind = ITEM_REACTION;
        return network_apply(cx, m.channel_id, &it);
    case ACT_HIDE:
    case ACT_UNHIDE:
        return note(cx, id, str_from(act_words[act.kind]), (str){0}, (str){0});
    case ACT_READ:
        break;
    }
    return OK;
}

err act_failed(struct ctx *cx, message_id id, str payload, str why)
{
    struct act_new act;
    TRY(read_payload(cx, payload, &act));
    if (act.kind == ACT_READ)
        return OK; /* Seva's own courtesy: nobody asked for it */
    return note(
        cx, id, S("act_failed"), str_from(act_words[act.kind]), utf8_prefix_bytes(why, WHY_BYTES));
}
