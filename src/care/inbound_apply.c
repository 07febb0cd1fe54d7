/* inbound_apply: what each item does to its conversation: opens it, adds a message, or joins one
 * that is there: see inbound_inner.h. Not here: what an echo is known by (echo.h), writing the
 * result (inbound_write.c). Thread: the caller's; inside its WRITE transaction. */
#include "care/inbound_inner.h"

#include <stdlib.h>

#include "base/id.h"
#include "base/limits.h"
#include "care/activity.h"
#include "care/delivery.h"
#include "care/echo.h"
#include "care/news.h"
#include "care/preview.h"
#include "store/account.h"
#include "store/conversation.h"
#include "store/message.h"
#include "store/message_network.h"
#include "store/post.h"

enum { DAY_MS = 24 * 3600 * 1000 };

struct place {
    int64_t sent_ms;
    ptrdiff_t at;
};

static int64_t received_ms(const struct inbound_batch *b, const struct inbound_item *item)
{
    return item->received_ms ? item->received_ms : b->cx->now_ms;
}

static int64_t sent_ms(const struct inbound_batch *b, const struct inbound_item *item)
{
    int64_t received = received_ms(b, item);
    return item->sent_ms > 0 && item->sent_ms < received ? item->sent_ms : received;
}

static err may_reopen(struct inbound_batch *b, const struct conversation *c, bool *may)
{
    if (b->reopen_ms < 0) {
        struct account account;
        TRY(account_get(b->cx, &account));
        b->reopen_ms = account.reopen_days * DAY_MS;
    }
    *may = b->cx->now_ms - c->resolved_ms <= b->reopen_ms;
    return OK;
}

static void begin_conversation(struct inbound_batch *b, struct inbound_thread *t,
    const struct inbound_item *item, conversation_id previous)
{
    const struct person *p = t->person;
    int64_t at = received_ms(b, item);
    t->c = (struct conversation){
        .id = {id_make(at)},
        .channel_id = item->channel,
        .identity_id = p->identity,
        .contact_id = p->contact,
        /* What belonged to another one begins a thread of its own: that one's key is taken. */
        .thread_key = t->into.v ? item->thread_key : t->key,
        .status = item->is_ours || item->is_quiet ? S("pending") : S("open"),
        .priority = S("none"),
        .preview_kind = item->is_ours ? S("out") : S("in"),
        .visibility = item->is_public ? S("public") : S("private"),
        .language = item->language.len ? item->language : p->language,
        .previous_id = previous,
        .related_id = item->related,
        .subject = item->subject,
        .version = 1,
        .created_ms = at,
        .channel_kind = item->channel_kind,
        .channel_name = p->channel_name,
        .contact_name = p->name,
        .contact_email = item->contact_email,
        .contact_avatar_url = p->avatar_url,
    };
    t->is_new = true;
    t->is_known = true;
}

static void add_event(struct inbound_batch *b, struct event_new e)
{
    b->events[b->n_events++] = e;
}

/* The customer's message brings the conversation back to the team. */
static void open_again(struct inbound_batch *b, struct inbound_thread *t)
{
    struct conversation *c = &t->c;
    struct message *m = &b->messages[b->n_messages++];
    struct actor actor = b->cx->actor;
    b->cx->actor.kind = ACTOR_SYSTEM;
    b->cx->actor.name = c->contact_name;
    *m = activity_message(b->cx, c, activity_json(b->cx->arena, S("status"), c->status, S("open")));
    b->cx->actor = actor;
    c->status = S("open");
    c->outcome = (str){0};
    c->snoozed_until_ms = 0;
    c->resolved_ms = 0;
    struct event_new e;
    news_message_event(b->cx->arena, m, c, S("message.created"), &e);
    add_event(b, e);
}

static err ready_thread(
    struct inbound_batch *b, struct inbound_thread *t, const struct inbound_item *item)
{
    struct conversation *c = &t->c;
    bool was_opened = t->has_in, is_still = item->is_ours || item->is_quiet;
    t->has_in |= !is_still;
    if (t->is_touched && (was_opened || is_still))
        return OK;
    if (t->is_touched) { /* by what we wrote elsewhere, and now the customer answers */
        if (!str_eq(c->status, S("open")))
            open_again(b, t);
        return OK;
    }
    t->is_touched = true;
    bool is_resolved = t->is_known && str_eq(c->status, S("resolved"));
    bool may = is_still;
    if (is_resolved && !may)
        TRY(may_reopen(b, c, &may));
    if (!t->is_known || c->joined_id.v || (is_resolved && !may)) {
        begin_conversation(b, t, item, t->is_known ? c->id : (conversation_id){0});
        return OK;
    }
    t->was_waiting = str_eq(c->status, S("open")) && c->waiting_since_ms;
    t->recent_key = conversation_recent_key(c->last_message_ms);
    c->version++;
    if (!str_eq(c->status, S("open")) && !is_still)
        open_again(b, t);
    return OK;
}

/* Where the customer wrote last, and under what. */
static err place(struct inbound_batch *b, struct inbound_thread *t, const struct inbound_item *item)
{
    struct conversation *c = &t->c;
    str visibility = item->is_public ? S("public") : S("private");
    if (!item->is_ours && !str_eq(c->visibility, visibility)) {
        c->window_ms = item->is_public ? c->last_in_ms : 0;
        c->visibility = visibility;
        t->is_moved = true;
    }
    if (!item->post || !item->post->external_id.len)
        return OK;
    const struct connector_post *from = item->post;
    struct post post = {
        .channel_id = item->channel,
        .external_id = from->external_id,
        .kind = from->kind,
        .url = from->url,
        .text = from->text,
        .author_name = from->author_name,
        .author_handle = from->author_handle,
        .image_url = from->image_url,
        .is_ours = from->is_ours,
        .at_ms = from->at_ms,
    };
    TRY(post_ensure(b->cx, &post));
    t->is_moved |= c->post_id.v != post.id.v;
    c->post_id = post.id;
    return OK;
}

/* The message that it answers, of this batch or stored; {0} when it is not here. */
static err replied(struct inbound_batch *b, const struct inbound_item *item, message_id *id)
{
    *id = (message_id){0};
    if (!item->reply_to.len)
        return OK;
    str key = map_key(b->cx->arena, item->channel.v, item->reply_to);
    const struct inbound_result *of_batch = map_get(&b->by_external, key);
    struct message m;
    if (of_batch && of_batch->message.v) {
        *id = of_batch->message;
        return OK;
    }
    err e = message_by_any_external(b->cx, item->channel, item->reply_to, &m);
    if (e == OK)
        *id = m.id;
    return e == E_NOT_FOUND ? OK : e;
}

static void wait_no_more(struct inbound_thread *t)
{
    t->c.waiting_since_ms = 0;
    t->was_waiting = false;
    conversation_set_keys(&t->c);
}

static void show_ours(struct inbound_thread *t, const struct inbound_item *item, struct message *m)
{
    struct conversation *c = &t->c;
    m->kind = S("out");
    m->author_kind = S("system");
    m->author_id = 0;
    m->author_name = c->channel_name;
    if (item->agent.v) {
        m->author_kind = S("agent");
        m->author_id = item->agent.v;
        m->author_name = item->agent_name;
    }
    m->state = S("sent");
    c->preview_kind = item->is_quiet ? S("auto") : S("out");
    if (!item->is_quiet)
        wait_no_more(t);
}

static void put_message(
    struct inbound_batch *b, struct inbound_thread *t, ptrdiff_t i, struct message *m)
{
    const struct inbound_item *item = &b->items[i];
    const struct person *who = b->person_of[i];
    struct conversation *c = &t->c;
    int64_t at = received_ms(b, item);
    *m = (struct message){
        .id = message_next_id(c, at),
        .conversation_id = c->id,
        .channel_id = item->channel,
        .external_id = item->external_id,
        .kind = S("in"),
        .is_automatic = item->is_quiet,
        .author_kind = S("contact"),
        .author_id = who->contact.v,
        .author_name = who->name,
        .text = item->text,
        .state = S("received"),
        .client_id = item->client_id,
        .visibility = item->is_public ? S("public") : S("private"),
        .attachments = item->attachments,
        .parts = item->parts,
        .token = item->token,
        .window_ms = item->opens_nothing ? -1 : item->window_ms,
        .letter_id = item->letter,
        .sent_ms = sent_ms(b, item),
        .received_ms = at,
    };
    c->last_message_id = m->id;
    c->last_message_ms = c->updated_ms = at;
    c->preview =
        arrival_preview(b->cx->arena, item->text, item->subject, item->attachments, item->parts);
    if (item->is_ours) {
        show_ours(t, item, m);
        return;
    }
    c->preview_kind = item->is_quiet ? S("auto") : S("in");
    if (item->is_quiet)
        return;
    c->last_in_id = m->id;
    c->last_in_ms = at;
    c->in_count++;
    if (item->is_answered) {
        wait_no_more(t);
        return;
    }
    if (!c->waiting_since_ms)
        c->waiting_since_ms = m->sent_ms;
    c->is_contact_online = str_eq(item->channel_kind, S("widget"));
    if (!t->was_waiting)
        conversation_set_keys(c);
}

static void joined(struct inbound_batch *b, ptrdiff_t i, const struct message *m)
{
    b->results[i] = (struct inbound_result){
        .result = E_CONFLICT, .message = m->id, .conversation = m->conversation_id};
}

/* An echo of one piece of what we sent ourselves. */
static err join_piece(struct inbound_batch *b, struct inbound_thread *t, ptrdiff_t i, bool *is_here)
{
    const struct inbound_item *item = &b->items[i];
    struct echo_piece found;
    err e = echo_find_piece(
        b->cx, item->channel, t->c.id, item->text, sent_ms(b, item) - LIMIT_JOB_RETRY_MS, &found);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    TRY(message_alias_add(b->cx, item->channel, found.message.id, &item->external_id, 1));
    TRY(message_alias_add(b->cx, item->channel, found.message.id, item->aliases, item->n_aliases));
    if (found.is_last)
        TRY(message_set_state(
            b->cx, found.message.id, S("sent"), (str){0}, found.first_id, b->cx->now_ms));
    joined(b, i, &found.message);
    *is_here = true;
    return OK;
}

/* An echo of what we sent ourselves, whose id there we did not learn. */
static err join_ours(struct inbound_batch *b, struct inbound_thread *t, ptrdiff_t i, bool *is_here)
{
    const struct inbound_item *item = &b->items[i];
    struct message m;
    if (!t->is_known || t->is_new)
        return OK;
    err e = message_ours_without_id(
        b->cx, item->channel, t->c.id, item->text, sent_ms(b, item) - LIMIT_JOB_RETRY_MS, &m);
    if (e == E_NOT_FOUND)
        return join_piece(b, t, i, is_here);
    TRY(e);
    TRY(message_set_state(b->cx, m.id, S("sent"), (str){0}, item->external_id, b->cx->now_ms));
    TRY(message_set_external(b->cx, m.id, item->external_id)); /* of one that is sent already */
    joined(b, i, &m);
    *is_here = true;
    return OK;
}

static err apply_item(struct inbound_batch *b, ptrdiff_t i)
{
    const struct inbound_item *item = &b->items[i];
    struct inbound_thread *t = b->thread_of[i];
    bool was_touched = t->is_touched, is_here = false;
    if (item->is_ours)
        TRY(join_ours(b, t, i, &is_here));
    if (is_here)
        return OK;
    TRY(ready_thread(b, t, item));
    if (b->has_network)
        TRY(place(b, t, item));
    struct message *m = &b->messages[b->n_messages++];
    put_message(b, t, i, m);
    TRY(replied(b, item, &m->reply_to_id));
    b->message_of[i] = m;
    b->results[i] = (struct inbound_result){
        .result = OK,
        .message = m->id,
        .conversation = t->c.id,
        .contact = b->person_of[i]->contact,
        .is_new_conversation = t->is_new && !was_touched,
    };
    return OK;
}

/* Events show the number, which is known only when all new conversations are counted. */
static void tell_item(struct inbound_batch *b, ptrdiff_t i)
{
    struct arena *a = b->cx->arena;
    const struct conversation *c = &b->thread_of[i]->c;
    struct event_new e;
    if (b->results[i].is_new_conversation) {
        news_conversation_event(a, c, S("conversation.created"), &e);
        add_event(b, e);
    }
    news_message_event(a, b->message_of[i], c, S("message.created"), &e);
    add_event(b, e);
    if (!str_eq(c->channel_kind, S("widget")))
        return;
    news_visitor_event(a, b->message_of[i], c, S("message.created"), &e);
    add_event(b, e);
}

static int by_time(const void *x, const void *y)
{
    const struct place *p = x, *q = y;
    if (p->sent_ms != q->sent_ms)
        return p->sent_ms < q->sent_ms ? -1 : 1;
    return p->at < q->at ? -1 : p->at > q->at;
}

static err number_conversations(struct inbound_batch *b)
{
    int64_t n = 0, first = 0;
    for (ptrdiff_t i = 0; i < b->n_threads; i++)
        n += b->threads[i].is_new;
    if (!n)
        return OK;
    TRY(account_count_up(b->cx, S("conversation"), n, &first));
    for (ptrdiff_t i = 0; i < b->n_threads; i++)
        if (b->threads[i].is_new)
            b->threads[i].c.number = first++;
    return OK;
}

err inbound_apply_items(struct inbound_batch *b)
{
    struct place *order = NEW(b->cx->arena, struct place, b->n + 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < b->n; i++)
        if (b->thread_of[i])
            order[n++] = (struct place){sent_ms(b, &b->items[i]), i};
    qsort(order, (size_t)n, sizeof *order, by_time);
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(apply_item(b, order[i].at));
    TRY(number_conversations(b));
    for (ptrdiff_t i = 0; i < n; i++)
        if (b->message_of[order[i].at])
            tell_item(b, order[i].at);
    return OK;
}
