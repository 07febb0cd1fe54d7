/* delivery: see delivery.h. */
#include "care/delivery.h"

#include "care/mail_out.h"
#include "care/mail_way.h"
#include "care/news.h"
#include "care/reply_check.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/identity.h"
#include "store/message.h"
#include "store/message_network.h"
#include "store/post.h"

static bool was_shown(str state)
{
    int rank = message_state_rank(state);
    return rank >= message_state_rank(S("sent")) && rank <= message_state_rank(S("read"));
}

static err tell(struct ctx *cx, const struct message *m, bool is_first)
{
    struct conversation c;
    TRY(conversation_get(cx, m->conversation_id, &c));
    TRY(conversation_fill_tags(cx, &c, 1));
    TRY(news_message(cx, m, &c, S("message.updated")));
    return news_message_visitor(cx, m, &c, is_first ? S("message.created") : S("message.updated"));
}

/* A peer that gives two messages one id is at fault; ours must not stop for it. */
static err free_external_id(struct ctx *cx, const struct message *m, str *external_id)
{
    struct message other;
    err e = message_by_external(cx, m->channel_id, *external_id, &other);
    if (e == OK && other.id.v != m->id.v)
        *external_id = (str){0};
    return e == E_NOT_FOUND ? OK : e;
}

static err set_state(
    struct ctx *cx, message_id id, str state, str error, str external_id, int64_t at_ms)
{
    if (!message_state_rank(state) || message_state_rank(state) > message_state_rank(S("read")))
        return fail_field(cx, "state", "There is no such delivery state.");
    struct message m;
    TRY(message_get(cx, id, &m));
    bool had_id = m.external_id.len > 0, was_shown_before = was_shown(m.state), has_changed = false;
    if (external_id.len)
        TRY(free_external_id(cx, &m, &external_id));
    TRY(message_write_state(cx, &m, state, error, external_id, at_ms, &has_changed));
    if (!has_changed && external_id.len && !had_id)
        TRY(message_set_external(cx, id, external_id)); /* a later state was told already */
    if (!has_changed || str_eq(state, S("sending")))
        return OK;
    return tell(cx, &m, !was_shown_before);
}

/* The deliver job and a channel's reports act for nobody in particular, and see everything. */
struct system_hat {
    struct ctx *cx;
    struct actor actor;
};

static struct system_hat hat_on(struct ctx *cx)
{
    struct system_hat hat = {cx, cx->actor};
    cx->actor = (struct actor){.kind = ACTOR_SYSTEM, .sees_all = true};
    return hat;
}

static err hat_off(const struct system_hat *hat, err e)
{
    hat->cx->actor = hat->actor;
    return e;
}

err message_set_state(
    struct ctx *cx, message_id id, str state, str error, str external_id, int64_t at_ms)
{
    struct system_hat hat = hat_on(cx);
    return hat_off(&hat, set_state(cx, id, state, error, external_id, at_ms));
}

/* job/deliver.c notes the pieces of such a message before the first of them goes. */
static bool is_in_pieces(const struct message *m)
{
    return m->pieces.len && message_state_rank(m->state) <= message_state_rank(S("sending"));
}

static err report(struct ctx *cx, message_id id, str state, str external_id, int64_t at_ms)
{
    struct message m;
    TRY(message_get(cx, id, &m));
    if (is_in_pieces(&m))
        return message_alias_add(cx, m.channel_id, id, &external_id, 1);
    return set_state(cx, id, state, (str){0}, external_id, at_ms);
}

err message_report(struct ctx *cx, message_id id, str state, str external_id, int64_t at_ms)
{
    struct system_hat hat = hat_on(cx);
    return hat_off(&hat, report(cx, id, state, external_id, at_ms));
}

static err fail_late(struct ctx *cx, message_id id, str error)
{
    struct message m;
    TRY(message_get(cx, id, &m));
    if (!str_eq(m.state, S("sent")))
        return set_state(cx, id, S("failed"), error, (str){0}, cx->now_ms);
    TRY(message_change_state(cx, &m, S("failed"), error));
    TRY(message_get(cx, id, &m));
    return tell(cx, &m, false);
}

err message_fail(struct ctx *cx, message_id id, str error)
{
    struct system_hat hat = hat_on(cx);
    return hat_off(&hat, fail_late(cx, id, error));
}

static err explain(struct ctx *cx, message_id id, str words)
{
    struct message m;
    TRY(message_get(cx, id, &m));
    bool is_going = str_eq(m.state, S("sending")) || was_shown(m.state);
    if (is_going && !str_eq(m.error, words)) {
        TRY(message_change_state(cx, &m, m.state, words));
        m.error = words;
    }
    return tell(cx, &m, false);
}

err message_explain(struct ctx *cx, message_id id, str words)
{
    struct system_hat hat = hat_on(cx);
    return hat_off(&hat, explain(cx, id, words));
}

err message_place(struct ctx *cx, const struct message *m, const struct conversation *c,
    struct identity *identity, str *thread_key)
{
    identity_id id = c->identity_id;
    *thread_key = c->thread_key;
    if (m->channel_id.v == c->channel_id.v)
        return identity_get(cx, id, identity);
    err e = conversation_place_on(cx, c->id, m->channel_id, &id, thread_key);
    if (e != E_NOT_FOUND)
        return e == OK ? identity_get(cx, id, identity) : e;
    *thread_key = (str){0};
    return identity_on_channel(cx, c->contact_id, m->channel_id, identity);
}

/* Where the message goes, and how the customer wrote there last. */
static err placed(struct ctx *cx, struct delivery_work *w, bool *is_thread_public)
{
    struct identity identity;
    struct message last;
    TRY(message_place(cx, &w->message, &w->conversation, &identity, &w->thread_key));
    w->identity = identity.id;
    w->contact_external_id = identity.external_id;
    w->contact_handle = identity.handle;
    w->contact_other_id = identity.other_id;
    *is_thread_public = str_eq(w->conversation.visibility, S("public"));
    if (w->message.channel_id.v == w->conversation.channel_id.v)
        return reply_window_of(cx, &w->conversation, &w->window);
    TRY(message_window(cx, w->conversation.id, w->message.channel_id, &w->window));
    TRY(message_last_public(cx, w->conversation.id, &last));
    *is_thread_public = !w->window.opened_ms && last.channel_id.v == w->message.channel_id.v;
    return OK;
}

/* What stands on another channel is not answered here: the conversation has moved. */
static void forget_elsewhere(const struct delivery_work *w, struct message *to)
{
    if (to->channel_id.v != w->message.channel_id.v)
        *to = (struct message){0};
}

/* What a message answers on the network. */
static err answered(struct ctx *cx, struct delivery_work *w, bool is_thread_public)
{
    bool is_public = str_eq(w->message.visibility, S("public"));
    struct message to = {0};
    struct post post = {0};
    w->is_private_reply = !is_public && is_thread_public;
    err e = w->message.reply_to_id.v ? message_get(cx, w->message.reply_to_id, &to) : OK;
    if (e != OK && e != E_NOT_FOUND)
        return e;
    forget_elsewhere(w, &to);
    if (!to.external_id.len && (is_public || is_thread_public))
        TRY(message_last_public(cx, w->conversation.id, &to));
    forget_elsewhere(w, &to);
    w->reply_to = to.external_id;
    if (!to.id.v && w->conversation.last_in_id.v)
        e = message_get(cx, w->conversation.last_in_id, &to);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    forget_elsewhere(w, &to);
    w->reply_to_parts = to.parts;
    w->token = to.token;
    if (is_public && w->conversation.post_id.v)
        TRY(post_get(cx, w->conversation.post_id, &post));
    w->post = post.external_id;
    cx->fault = (struct fault){0};
    return OK;
}

static err load(struct ctx *cx, message_id id, bool is_again, struct delivery_work *work)
{
    struct delivery_work w = {0};
    TRY(message_get(cx, id, &w.message));
    int rank = message_state_rank(w.message.state);
    if (!str_eq(w.message.kind, S("out")) || (rank > message_state_rank(S("sending")) && !is_again))
        return fail(
            cx, E_CONFLICT, "The message is not to be sent (it is %.*s).", SARG(w.message.state));
    TRY(conversation_get(cx, w.message.conversation_id, &w.conversation));
    TRY(contact_get(cx, w.conversation.contact_id, &w.contact));
    bool is_thread_public = false;
    TRY(placed(cx, &w, &is_thread_public));
    TRY(answered(cx, &w, is_thread_public));
    if (str_eq(w.conversation.channel_kind, S("email"))) {
        w.letter = NEW(cx->arena, struct connector_letter, 1);
        TRY(mail_out_letter(cx, &w.message, w.letter));
        TRY(mail_way_letter(cx, &w.message, w.letter));
    }
    *work = w;
    return OK;
}

err delivery_load(struct ctx *cx, message_id id, struct delivery_work *work)
{
    struct system_hat hat = hat_on(cx);
    return hat_off(&hat, load(cx, id, false, work));
}

err delivery_load_again(struct ctx *cx, message_id id, struct delivery_work *work)
{
    struct system_hat hat = hat_on(cx);
    return hat_off(&hat, load(cx, id, true, work));
}

static err read_upto(struct ctx *cx, conversation_id conversation, message_id upto)
{
    struct message *changed = NULL;
    ptrdiff_t n = 0;
    TRY(message_mark_read(cx, conversation, upto, cx->now_ms, &changed, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(tell(cx, &changed[i], false));
    return OK;
}

err delivery_read_upto(struct ctx *cx, conversation_id conversation, message_id upto)
{
    struct conversation c;
    TRY(conversation_get(cx, conversation, &c)); /* the visitor's own, or E_NOT_FOUND */
    struct system_hat hat = hat_on(cx);
    return hat_off(&hat, read_upto(cx, conversation, upto));
}
