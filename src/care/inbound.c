/* inbound: see inbound.h. A batch goes through fixed steps: check the items, find who wrote
 * (people), find where it belongs (threads), apply the items in the order of their time, write
 * everything set-wise. Nothing is kept between batches. */
#include "care/inbound.h"

#include <stdlib.h>

#include "base/id.h"
#include "base/limits.h"
#include "base/map.h"
#include "care/activity.h"
#include "care/delivery.h"
#include "care/echo.h"
#include "care/identity.h"
#include "care/news.h"
#include "care/preview.h"
#include "store/account.h"
#include "store/conversation.h"
#include "store/message.h"
#include "store/message_network.h"
#include "store/post.h"
#include "store/statistics.h"

enum { DAY_MS = 24 * 3600 * 1000, SAMPLE_EVERY = 1024 };

struct thread {
    struct person *person;
    str key;
    struct conversation c;
    int64_t recent_key; /* as it was found */
    bool is_known;      /* c was found */
    bool is_new;        /* c is made by this batch */
    bool is_touched;    /* c has a message of this batch */
    bool was_waiting;   /* c was open and waiting already */
    bool is_moved;      /* its place or visibility is another than was found */
    bool has_in;        /* a customer's message of this batch */
};

struct place {
    int64_t sent_ms;
    ptrdiff_t at;
};

struct batch {
    struct ctx *cx;
    const struct inbound_item *items;
    struct inbound_result *results;
    ptrdiff_t n;
    struct person **person_of; /* by item; NULL = refused */
    struct thread **thread_of;
    struct people people;
    struct thread *threads;
    ptrdiff_t n_threads;
    struct message *messages; /* to be stored: at most two per item (activity and message) */
    struct message **message_of;
    ptrdiff_t n_messages;
    struct event_new *events;
    ptrdiff_t n_events;
    int64_t reopen_ms;      /* −1 = not read yet */
    struct map by_external; /* channel and id → struct inbound_result */
    bool has_network;       /* items that only networks send */
};

static int64_t received_ms(const struct batch *b, const struct inbound_item *item)
{
    return item->received_ms ? item->received_ms : b->cx->now_ms;
}

static int64_t sent_ms(const struct batch *b, const struct inbound_item *item)
{
    int64_t received = received_ms(b, item);
    return item->sent_ms > 0 && item->sent_ms < received ? item->sent_ms : received;
}

/* ── step 1: wrong and repeated items ───────────────────────────────────────────────────────────
 */

static const char *what_is_wrong(const struct inbound_item *item)
{
    if (!item->external_id.len || item->external_id.len > LIMIT_NAME_BYTES)
        return "The message needs an id of 1 to 400 bytes.";
    if (!item->contact_external_id.len || item->contact_external_id.len > LIMIT_NAME_BYTES)
        return "The contact needs an id of 1 to 400 bytes.";
    if (item->thread_key.len > LIMIT_NAME_BYTES)
        return "The thread's id is longer than 400 bytes.";
    if (item->text.len > LIMIT_TEXT_BYTES)
        return "The text is longer than 64 KiB.";
    if (!item->text.len && !item->attachments.len && !item->parts.len)
        return "The message has neither text nor attachments.";
    if (!item->channel.v)
        return "The message names no channel.";
    return NULL;
}

static void mark(struct batch *b, const struct message *found, ptrdiff_t n_found)
{
    for (ptrdiff_t i = 0; i < n_found; i++) {
        str key = map_key(b->cx->arena, found[i].channel_id.v, found[i].external_id);
        struct inbound_result *r = map_get(&b->by_external, key);
        if (r)
            *r = (struct inbound_result){
                .result = E_CONFLICT,
                .message = found[i].id,
                .conversation = found[i].conversation_id,
            };
    }
}

static err mark_stored(struct batch *b, struct message *keys, ptrdiff_t n)
{
    struct message *found = NULL;
    ptrdiff_t n_found = 0;
    TRY(message_find_external(b->cx, keys, n, &found, &n_found));
    mark(b, found, n_found);
    if (!b->has_network)
        return OK;
    TRY(message_find_alias(b->cx, keys, n, &found, &n_found));
    mark(b, found, n_found);
    return OK;
}

/* Repetitions inside the batch are settled at the end, when the first one's fate is known. */
static err check_items(struct batch *b, struct inbound_result **first_of)
{
    struct arena *a = b->cx->arena;
    struct message *keys = NEW(a, struct message, b->n + 1);
    ptrdiff_t n_keys = 0;
    for (ptrdiff_t i = 0; i < b->n; i++) {
        const struct inbound_item *item = &b->items[i];
        b->results[i] = (struct inbound_result){.why = what_is_wrong(item)};
        if (b->results[i].why) {
            b->results[i].result = E_INVALID;
            continue;
        }
        str key = map_key(a, item->channel.v, item->external_id);
        first_of[i] = map_get(&b->by_external, key);
        if (first_of[i]) {
            b->results[i].result = E_CONFLICT;
            continue;
        }
        TRY(map_put(&b->by_external, key, &b->results[i]));
        keys[n_keys].channel_id = item->channel;
        keys[n_keys++].external_id = item->external_id;
    }
    return n_keys ? mark_stored(b, keys, n_keys) : OK;
}

static void settle_repetitions(struct batch *b, struct inbound_result **first_of)
{
    for (ptrdiff_t i = 0; i < b->n; i++)
        if (first_of[i]) {
            b->results[i] = *first_of[i];
            if (first_of[i]->result == OK)
                b->results[i].result = E_CONFLICT;
        }
}

/* ── steps 2 and 3: who wrote, and where it belongs ─────────────────────────────────────────────
 */

static err find_people(struct batch *b)
{
    for (ptrdiff_t i = 0; i < b->n; i++) {
        if (b->results[i].result != OK)
            continue;
        const struct inbound_item *item = &b->items[i];
        TRY(people_want(&b->people, b->cx, item, &b->person_of[i]));
    }
    TRY(people_resolve(&b->people, b->cx));
    for (ptrdiff_t i = 0; i < b->n; i++) {
        if (!b->person_of[i] || !b->person_of[i]->why)
            continue;
        b->results[i].result = b->person_of[i]->refusal;
        b->results[i].why = b->person_of[i]->why;
        b->person_of[i] = NULL;
    }
    return OK;
}

static err collect_threads(struct batch *b)
{
    struct map known = {.a = b->cx->arena};
    for (ptrdiff_t i = 0; i < b->n; i++) {
        struct person *p = b->person_of[i];
        if (!p)
            continue;
        str key = map_key(b->cx->arena, p->identity.v, b->items[i].thread_key);
        struct thread *t = map_get(&known, key);
        if (!t) {
            t = &b->threads[b->n_threads++];
            *t = (struct thread){.person = p, .key = b->items[i].thread_key};
            TRY(map_put(&known, key, t));
        }
        b->thread_of[i] = t;
    }
    return OK;
}

/* A thread without a conversation in progress may go on in one that was moved from there. */
static err find_place(struct batch *b, struct thread *t)
{
    struct conversation c;
    bool is_live = t->is_known && !str_eq(t->c.status, S("resolved"));
    if (t->person->is_new || is_live)
        return OK;
    err e = conversation_by_place(b->cx, t->person->identity, t->key, &c);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    for (ptrdiff_t i = 0; i < b->n_threads; i++)
        if (b->threads[i].is_known && b->threads[i].c.id.v == c.id.v)
            return OK; /* it has messages from its own place in this batch; next time */
    TRY(conversation_fill_tags(b->cx, &c, 1));
    TRY(conversation_place_add(b->cx, c.identity_id, c.thread_key, c.id));
    c.channel_id = t->person->channel;
    c.channel_kind = t->person->first->channel_kind;
    c.channel_name = t->person->channel_name;
    c.identity_id = t->person->identity;
    c.thread_key = t->key;
    t->c = c;
    t->is_known = t->is_moved = true;
    return OK;
}

static err find_conversations(struct batch *b)
{
    struct thread_key *keys = NEW(b->cx->arena, struct thread_key, b->n_threads + 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < b->n_threads; i++)
        if (!b->threads[i].person->is_new)
            keys[n++] = (struct thread_key){b->threads[i].person->identity, b->threads[i].key};
    if (!n)
        return OK;
    struct conversation *found = NULL;
    ptrdiff_t n_found = 0;
    TRY(conversation_newest_of_threads(b->cx, keys, n, &found, &n_found));
    TRY(conversation_fill_tags(b->cx, found, n_found));
    for (ptrdiff_t f = 0; f < n_found; f++)
        for (ptrdiff_t i = 0; i < b->n_threads; i++) {
            struct thread *t = &b->threads[i];
            if (t->person->identity.v == found[f].identity_id.v &&
                str_eq(t->key, found[f].thread_key)) {
                t->c = found[f];
                t->is_known = true;
            }
        }
    for (ptrdiff_t i = 0; b->has_network && i < b->n_threads; i++)
        TRY(find_place(b, &b->threads[i]));
    return OK;
}

/* ── step 4: apply the items ────────────────────────────────────────────────────────────────────
 */

static err may_reopen(struct batch *b, const struct conversation *c, bool *may)
{
    if (b->reopen_ms < 0) {
        struct account account;
        TRY(account_get(b->cx, &account));
        b->reopen_ms = account.reopen_days * DAY_MS;
    }
    *may = b->cx->now_ms - c->resolved_ms <= b->reopen_ms;
    return OK;
}

static void begin_conversation(
    struct batch *b, struct thread *t, const struct inbound_item *item, conversation_id previous)
{
    const struct person *p = t->person;
    int64_t at = received_ms(b, item);
    t->c = (struct conversation){
        .id = {id_make(at)},
        .channel_id = item->channel,
        .identity_id = p->identity,
        .contact_id = p->contact,
        .thread_key = t->key,
        .status = item->is_ours ? S("pending") : S("open"),
        .priority = S("none"),
        .preview_kind = item->is_ours ? S("out") : S("in"),
        .visibility = item->is_public ? S("public") : S("private"),
        .language = item->language.len ? item->language : p->language,
        .previous_id = previous,
        .version = 1,
        .created_ms = at,
        .channel_kind = item->channel_kind,
        .channel_name = p->channel_name,
        .contact_name = p->name,
        .contact_avatar_url = p->avatar_url,
    };
    t->is_new = true;
    t->is_known = true;
}

static void add_event(struct batch *b, struct event_new e)
{
    b->events[b->n_events++] = e;
}

/* The customer's message brings the conversation back to the team. */
static void open_again(struct batch *b, struct thread *t)
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

static err ready_thread(struct batch *b, struct thread *t, const struct inbound_item *item)
{
    struct conversation *c = &t->c;
    bool was_opened = t->has_in;
    t->has_in |= !item->is_ours;
    if (t->is_touched && (was_opened || item->is_ours))
        return OK;
    if (t->is_touched) { /* by what we wrote elsewhere, and now the customer answers */
        if (!str_eq(c->status, S("open")))
            open_again(b, t);
        return OK;
    }
    t->is_touched = true;
    bool is_resolved = t->is_known && str_eq(c->status, S("resolved"));
    bool may = item->is_ours;
    if (is_resolved && !may)
        TRY(may_reopen(b, c, &may));
    if (!t->is_known || (is_resolved && !may)) {
        begin_conversation(b, t, item, t->is_known ? c->id : (conversation_id){0});
        return OK;
    }
    t->was_waiting = str_eq(c->status, S("open")) && c->waiting_since_ms;
    t->recent_key = conversation_recent_key(c->last_message_ms);
    c->version++;
    if (!str_eq(c->status, S("open")) && !item->is_ours)
        open_again(b, t);
    return OK;
}

/* Where the customer wrote last, and under what. */
static err place(struct batch *b, struct thread *t, const struct inbound_item *item)
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
static err replied(struct batch *b, const struct inbound_item *item, message_id *id)
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

static void wait_no_more(struct thread *t)
{
    t->c.waiting_since_ms = 0;
    t->was_waiting = false;
    conversation_set_keys(&t->c);
}

static void show_ours(struct thread *t, const struct inbound_item *item, struct message *m)
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
    c->preview_kind = S("out");
    wait_no_more(t);
}

static void put_message(
    struct batch *b, struct thread *t, const struct inbound_item *item, struct message *m)
{
    struct conversation *c = &t->c;
    int64_t at = received_ms(b, item);
    *m = (struct message){
        .id = message_next_id(c, at),
        .conversation_id = c->id,
        .channel_id = item->channel,
        .external_id = item->external_id,
        .kind = S("in"),
        .author_kind = S("contact"),
        .author_id = t->person->contact.v,
        .author_name = t->person->name,
        .text = item->text,
        .state = S("received"),
        .client_id = item->client_id,
        .visibility = item->is_public ? S("public") : S("private"),
        .attachments = item->attachments,
        .parts = item->parts,
        .token = item->token,
        .window_ms = item->opens_nothing ? -1 : item->window_ms,
        .sent_ms = sent_ms(b, item),
        .received_ms = at,
    };
    c->last_message_id = m->id;
    c->last_message_ms = c->updated_ms = at;
    c->preview = message_preview(b->cx->arena, item->text, item->attachments, item->parts);
    if (item->is_ours) {
        show_ours(t, item, m);
        return;
    }
    c->last_in_id = m->id;
    c->last_in_ms = at;
    c->preview_kind = S("in");
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

static void joined(struct batch *b, ptrdiff_t i, const struct message *m)
{
    b->results[i] = (struct inbound_result){
        .result = E_CONFLICT, .message = m->id, .conversation = m->conversation_id};
}

/* An echo of one piece of what we sent ourselves. */
static err join_piece(struct batch *b, struct thread *t, ptrdiff_t i, bool *is_here)
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
static err join_ours(struct batch *b, struct thread *t, ptrdiff_t i, bool *is_here)
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

static err apply_item(struct batch *b, ptrdiff_t i)
{
    const struct inbound_item *item = &b->items[i];
    struct thread *t = b->thread_of[i];
    bool was_touched = t->is_touched, is_here = false;
    if (item->is_ours)
        TRY(join_ours(b, t, i, &is_here));
    if (is_here)
        return OK;
    TRY(ready_thread(b, t, item));
    if (b->has_network)
        TRY(place(b, t, item));
    struct message *m = &b->messages[b->n_messages++];
    put_message(b, t, item, m);
    TRY(replied(b, item, &m->reply_to_id));
    b->message_of[i] = m;
    b->results[i] = (struct inbound_result){
        .result = OK,
        .message = m->id,
        .conversation = t->c.id,
        .contact = t->person->contact,
        .is_new_conversation = t->is_new && !was_touched,
    };
    return OK;
}

/* Events show the number, which is known only when all new conversations are counted. */
static void tell_item(struct batch *b, ptrdiff_t i)
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

static err number_conversations(struct batch *b)
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

static err apply_items(struct batch *b)
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

/* ── step 5: write ──────────────────────────────────────────────────────────────────────────────
 */

/* Was waiting and keeps its place in every list: the narrow write is enough. */
static bool is_lively(const struct thread *t)
{
    return t->was_waiting && !t->is_moved &&
           conversation_recent_key(t->c.last_message_ms) == t->recent_key;
}

/* Only what we wrote elsewhere: nothing is opened. */
static err write_ours(struct ctx *cx, const struct thread *t)
{
    struct conversation c = t->c;
    if (t->is_moved)
        TRY(conversation_set_place(cx, &c));
    c.version--; /* the write counts it */
    return conversation_write(cx, &c, c.status);
}

static err write_aliases(struct batch *b)
{
    for (ptrdiff_t i = 0; i < b->n; i++)
        if (b->message_of[i] && b->items[i].n_aliases)
            TRY(message_alias_add(b->cx, b->items[i].channel, b->message_of[i]->id,
                b->items[i].aliases, b->items[i].n_aliases));
    return OK;
}

static err write_conversations(struct batch *b)
{
    struct conversation *new = NEW(b->cx->arena, struct conversation, b->n_threads + 1);
    struct conversation *lively = NEW(b->cx->arena, struct conversation, b->n_threads + 1);
    struct conversation *others = NEW(b->cx->arena, struct conversation, b->n_threads + 1);
    ptrdiff_t n_new = 0, n_lively = 0, n_others = 0;
    for (ptrdiff_t i = 0; i < b->n_threads; i++) {
        const struct thread *t = &b->threads[i];
        if (!t->is_touched)
            continue;
        if (t->is_new)
            new[n_new++] = t->c;
        else if (!t->has_in)
            TRY(write_ours(b->cx, t));
        else if (is_lively(t))
            lively[n_lively++] = t->c;
        else
            others[n_others++] = t->c;
    }
    if (n_new) {
        int64_t changed = 0;
        TRY(conversation_add_many(b->cx, new, n_new, &changed));
        if (changed != n_new)
            return fail(b->cx, E_BUSY, "Another node began the same conversation; try again.");
    }
    if (n_lively)
        TRY(conversation_write_inbound(b->cx, lively, n_lively, true));
    if (n_others)
        TRY(conversation_write_inbound(b->cx, others, n_others, false));
    return OK;
}

/* The customer has answered the assignee: told once per wait, not per message. */
static err notify_assignees(struct batch *b)
{
    str name = b->cx->actor.name;
    err e = OK;
    for (ptrdiff_t i = 0; i < b->n_threads && e == OK; i++) {
        const struct thread *t = &b->threads[i];
        if (!t->has_in || t->is_new || t->was_waiting || !t->c.assignee_id.v)
            continue;
        b->cx->actor.name = t->c.contact_name;
        e = news_notify(b->cx, t->c.assignee_id, S("reply"), &t->c, t->c.last_in_id, t->c.preview);
    }
    b->cx->actor.name = name;
    return e;
}

/* About one message in SAMPLE_EVERY, chosen by its id: no counter to share between threads. */
static bool is_sampled(const struct batch *b)
{
    for (ptrdiff_t i = 0; i < b->n_messages; i++)
        if ((uint64_t)b->messages[i].id.v * UINT64_C(0x9E3779B97F4A7C15) <
            UINT64_MAX / SAMPLE_EVERY)
            return true;
    return false;
}

static err write_all(struct batch *b)
{
    TRY(people_write(&b->people, b->cx));
    TRY(write_conversations(b));
    TRY(message_add_many(b->cx, b->messages, b->n_messages));
    if (b->has_network)
        TRY(write_aliases(b));
    TRY(event_add_many(b->cx, b->events, b->n_events));
    TRY(notify_assignees(b));
    return is_sampled(b) ? statistics_plan(b->cx) : OK;
}

err inbound_take_many(struct ctx *cx, const struct inbound_item *items, ptrdiff_t n,
    struct inbound_result *results, struct message *messages)
{
    struct arena *a = cx->arena;
    struct batch b = {
        .cx = cx,
        .items = items,
        .results = results,
        .n = n,
        .person_of = NEW(a, struct person *, n + 1),
        .thread_of = NEW(a, struct thread *, n + 1),
        .people = people_make(a, n),
        .threads = NEW(a, struct thread, n + 1),
        .messages = NEW(a, struct message, 2 * n + 1),
        .message_of = NEW(a, struct message *, n + 1),
        .events = NEW(a, struct event_new, 4 * n + 1),
        .reopen_ms = -1,
        .by_external = {.a = a},
    };
    for (ptrdiff_t i = 0; i < n; i++)
        b.has_network |= items[i].is_network;
    struct inbound_result **first_of = NEW(a, struct inbound_result *, n + 1);
    TRY(check_items(&b, first_of));
    TRY(find_people(&b));
    TRY(collect_threads(&b));
    TRY(find_conversations(&b));
    TRY(apply_items(&b));
    if (b.n_messages)
        TRY(write_all(&b));
    settle_repetitions(&b, first_of);
    for (ptrdiff_t i = 0; messages && i < n; i++)
        messages[i] = b.message_of[i] ? *b.message_of[i] : (struct message){0};
    return OK;
}
