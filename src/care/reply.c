/* reply: see reply.h. */
#include "care/reply.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/lifecycle.h"
#include "care/mail_way.h"
#include "care/news.h"
#include "care/plan.h"
#include "care/preview.h"
#include "care/reply_check.h"
#include "model/view_message.h"
#include "store/account.h"
#include "store/agent.h"
#include "store/channel.h"
#include "store/conversation.h"
#include "store/desk.h"
#include "store/job.h"
#include "store/message.h"

enum { CLIENT_ID_BYTES = 64, STALE_BYTES = 2 * LIMIT_JSON_BODY_BYTES };

/* ── what may be written ── */

static err check_text(struct ctx *cx, const struct reply_new *r)
{
    if (!r->text.len && !r->attachments.len && !r->parts.len)
        return fail_field(cx, "text", "Write something or attach a file.");
    if (r->text.len > LIMIT_TEXT_BYTES)
        return fail_field(cx, "text", "The text is longer than 64 KiB.");
    if (!r->client_id.len || r->client_id.len > CLIENT_ID_BYTES)
        return fail_field(cx, "client_id", "Give the message a client_id of at most 64 bytes.");
    if (r->send_ms && r->is_note)
        return fail_field(cx, "send_at", "A note is there at once.");
    if (r->n_mentions && !r->is_note)
        return fail_field(cx, "mentions", "Only a note can mention colleagues.");
    if (r->then.len && r->is_note)
        return fail_field(cx, "then", "Only a reply can resolve the conversation.");
    if (!r->is_note && !r->seen.v)
        return fail_field(cx, "seen_message_id", "Say which message was the last one seen.");
    return OK;
}

static err check_rights(struct ctx *cx, const struct reply_new *r)
{
    enum capability cap = r->is_note ? CAP_CONVERSATION_NOTE : CAP_CONVERSATION_REPLY;
    if (cx->actor.kind != ACTOR_SYSTEM && !cx_can(cx, cap))
        return fail(
            cx, E_FORBIDDEN, r->is_note ? "You may not write notes." : "You may not reply.");
    return OK;
}

static err check_channel(struct ctx *cx, const struct conversation *c)
{
    struct channel channel;
    err e = channel_get(cx, c->channel_id, &channel);
    if (e == E_NOT_FOUND || (e == OK && !channel.is_enabled))
        return fail(cx, E_CONFLICT, "The channel of this conversation is switched off or gone.");
    return e;
}

/* By now its channel may have no way to the network any more. */
static err check_way(struct ctx *cx, const struct conversation *c)
{
    struct reply_view view;
    TRY(reply_room_of(cx, c, &view));
    return view.is_capture
               ? fail_detail(cx, E_CONFLICT, "capture", "Answer it on the network itself.")
               : OK;
}

/* Something public by somebody else came after what the writer saw. */
static err check_stale(struct ctx *cx, const struct conversation *c, const struct reply_new *r)
{
    if (r->force)
        return OK;
    struct message *unseen = NULL;
    ptrdiff_t n = 0;
    TRY(message_list_unseen(cx, c->id, r->seen, &unseen, &n));
    if (!n)
        return OK;
    struct json_out j = json_out_make(cx->arena, STALE_BYTES);
    json_obj(&j);
    json_key(&j, S("messages"));
    json_arr(&j);
    for (ptrdiff_t i = 0; i < n; i++)
        message_view(&j, &unseen[i]);
    json_arr_end(&j);
    json_obj_end(&j);
    err e = fail_detail(cx, E_CONFLICT, "stale",
        "Something new came in since you looked. Read it, then send again.");
    cx->fault.details_json = json_str(&j);
    return e;
}

/* ── writing ── */

static err author(struct ctx *cx, struct message *m)
{
    m->author_kind = S("system");
    m->author_name = cx->actor.name;
    if (cx->actor.kind == ACTOR_TOKEN) {
        m->author_kind = S("token");
        m->author_id = cx->actor.token.v;
    } else if (cx->actor.kind == ACTOR_AGENT) {
        struct agent agent;
        TRY(agent_get(cx, cx->actor.agent, &agent));
        m->author_kind = S("agent");
        m->author_id = cx->actor.agent.v;
        m->author_name = agent.name;
        m->author_photo_hash = agent.photo_hash;
    }
    return OK;
}

static err hold(struct ctx *cx, struct message *m)
{
    m->state = S("queued");
    if (cx->actor.kind != ACTOR_AGENT)
        return OK;
    struct account account;
    TRY(account_get(cx, &account));
    if (account.undo_seconds > 0) {
        m->state = S("held");
        m->held_until_ms = cx->now_ms + account.undo_seconds * 1000;
    }
    return OK;
}

static err mention_all(struct ctx *cx, const struct reply_new *r, const struct conversation *c,
    const struct message *m)
{
    for (ptrdiff_t i = 0; i < r->n_mentions; i++) {
        agent_id who = {r->mentions[i]};
        struct agent agent;
        err e = agent_get(cx, who, &agent);
        if (e == E_NOT_FOUND || (e == OK && !agent.is_active))
            return fail_field(cx, "mentions", "There is no such active agent.");
        TRY(e);
        TRY(mention_add(cx, who, c->id, m->id));
        TRY(news_notify(cx, who, S("mention"), c, m->id, c->preview));
    }
    return OK;
}

/* The writer has read what is there, and needs the draft no more. */
static err tidy_desk(struct ctx *cx, const struct conversation *c, message_id upto)
{
    if (cx->actor.kind != ACTOR_AGENT)
        return OK;
    TRY(read_set(cx, c->id, upto));
    TRY(notification_read_conversation(cx, c->id));
    struct draft draft;
    err e = draft_get(cx, c->id, &draft);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    TRY(draft_remove(cx, c->id));
    draft.text = draft.attachment_ids = draft.mail = (str){0};
    draft.updated_ms = cx->now_ms;
    return news_draft(cx, &draft);
}

static err make_message(
    struct ctx *cx, const struct reply_new *r, struct conversation *c, struct message *m)
{
    *m = (struct message){
        .id = message_next_id(c, cx->now_ms),
        .conversation_id = c->id,
        .channel_id = c->channel_id,
        .kind = r->is_note ? S("note") : S("out"),
        .text = r->text,
        .state = S("sent"),
        .client_id = r->client_id,
        .visibility = r->visibility.len ? r->visibility : S("private"),
        .attachments = r->attachments,
        .parts = r->parts,
        .mentions = id_text(cx->arena, r->mentions, r->n_mentions),
        .reply_to_id = r->reply_to,
        .sent_ms = cx->now_ms,
        .received_ms = cx->now_ms,
    };
    TRY(author(cx, m));
    if (!r->is_note)
        TRY(hold(cx, m));
    if (!r->is_note && r->send_ms)
        TRY(plan_hold(cx, r->send_ms, m));
    if (r->then.len)
        m->then_from = c->status;
    c->last_message_id = m->id;
    c->last_message_ms = cx->now_ms;
    c->preview = message_preview(cx->arena, r->text, r->attachments, r->parts);
    c->preview_kind = m->kind;
    if (!r->is_note)
        c->waiting_since_ms = 0;
    return OK;
}

static err write_reply(
    struct ctx *cx, const struct reply_new *r, struct conversation *c, struct message *m)
{
    static const struct mail_new as_usual = {0};
    TRY(make_message(cx, r, c, m));
    if (!r->is_note && str_eq(c->channel_kind, S("email")))
        TRY(mail_out_add(cx, c, r->mail ? r->mail : &as_usual, m));
    TRY(message_add(cx, m));
    struct conversation_change change = {
        .is_reply = true,
        .has_status = r->then.len > 0,
        .status = str_eq(r->then, S("resolve")) ? S("resolved") : S("pending"),
    };
    TRY(conversation_apply(cx, c, &change));
    TRY(news_message(cx, m, c, S("message.created")));
    if (!r->is_note)
        TRY(plan_send(cx, m, c->channel_kind));
    TRY(mention_all(cx, r, c, m));
    return tidy_desk(cx, c, c->last_message_id);
}

err reply_add(struct ctx *cx, conversation_id id, const struct reply_new *reply, struct message *m,
    struct conversation *c, bool *is_repeat)
{
    TRY(check_rights(cx, reply));
    TRY(check_text(cx, reply));
    struct conversation held;
    TRY(conversation_lock(cx, id, &held));
    struct message known;
    err e = message_by_client(cx, id, reply->client_id, &known);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    *is_repeat = e == OK;
    if (*is_repeat) {
        TRY(conversation_fill_tags(cx, &held, 1));
        *m = known;
        *c = held;
        return OK;
    }
    TRY(conversation_is_here(cx, &held));
    struct reply_new checked = *reply;
    checked.visibility = S("private");
    if (!reply->is_note) {
        TRY(check_channel(cx, &held));
        TRY(check_stale(cx, &held, reply));
        TRY(reply_check(cx, &held, reply, &checked.visibility));
    }
    TRY(write_reply(cx, &checked, &held, m));
    *c = held;
    return OK;
}

/* ── undo and retry ── */

static err too_late(struct ctx *cx)
{
    return fail_detail(cx, E_CONFLICT, "too_late", "The reply is on its way already.");
}

/* The list shows what stood there before. */
static err show_last(struct ctx *cx, struct conversation *c)
{
    struct message last;
    err e = message_last_shown(cx, c->id, &last);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    c->preview = message_preview(cx->arena, last.text, last.attachments, last.parts);
    c->preview_kind = last.is_automatic ? S("auto") : last.kind;
    c->last_message_ms = last.received_ms;
    if (!str_eq(c->status, S("resolved")))
        return message_waiting_since(cx, c->id, &c->waiting_since_ms);
    return OK;
}

err reply_cancel(struct ctx *cx, message_id id, struct message *m)
{
    struct message held;
    TRY(message_get(cx, id, &held));
    struct conversation c;
    TRY(conversation_lock(cx, held.conversation_id, &c));
    TRY(message_get(cx, id, &held));
    if (!str_eq(held.state, S("held")))
        return too_late(cx);
    err e = message_change_state(cx, &held, S("cancelled"), (str){0});
    if (e == E_CONFLICT)
        return too_late(cx);
    TRY(e);
    e = job_cancel(cx, S("send"), str_print(cx->arena, "%lld", (long long)id.v));
    if (e != OK && e != E_NOT_FOUND) /* a job that runs finds the message cancelled; what was
                                      * held back has none */
        return e;
    held.state = S("cancelled");
    struct conversation_change change = {.is_reply = true};
    if (held.then_from.len && !str_eq(held.then_from, c.status) &&
        (str_eq(c.status, S("resolved")) || str_eq(c.status, S("pending")))) {
        change.has_status = true;
        change.status = str_eq(held.then_from, S("snoozed")) ? S("open") : held.then_from;
    }
    TRY(show_last(cx, &c));
    TRY(conversation_apply(cx, &c, &change));
    TRY(news_message(cx, &held, &c, S("message.updated")));
    *m = held;
    return OK;
}

err reply_retry(struct ctx *cx, message_id id, struct message *m)
{
    struct message failed;
    TRY(message_get(cx, id, &failed));
    struct conversation c;
    TRY(conversation_lock(cx, failed.conversation_id, &c));
    TRY(message_get(cx, id, &failed));
    if (!str_eq(failed.state, S("failed")) && !str_eq(failed.state, S("unknown")))
        return fail(cx, E_CONFLICT, "Only a reply that failed can be sent again.");
    TRY(check_channel(cx, &c));
    TRY(check_way(cx, &c));
    TRY(mail_way_retry(cx, id));
    if (message_change_state(cx, &failed, S("queued"), (str){0}) != OK)
        return fail(cx, E_CONFLICT, "The reply has changed by now.");
    failed.state = S("queued");
    failed.error = (str){0};
    failed.held_until_ms = 0;
    TRY(plan_send(cx, &failed, c.channel_kind));
    TRY(conversation_fill_tags(cx, &c, 1));
    TRY(news_message(cx, &failed, &c, S("message.updated")));
    *m = failed;
    return OK;
}
