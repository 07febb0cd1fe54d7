/* inbound: see inbound.h. A batch goes through fixed steps: check the items, find who wrote
 * (people), find where it belongs (threads), apply the items in the order of their time, write
 * everything set-wise. Nothing is kept between batches. */
#include "care/inbound.h"

#include <stdlib.h>

#include "base/id.h"
#include "base/limits.h"
#include "base/map.h"
#include "care/activity.h"
#include "care/identity.h"
#include "care/news.h"
#include "care/preview.h"
#include "store/account.h"
#include "store/conversation.h"
#include "store/message.h"
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
    int64_t reopen_ms; /* −1 = not read yet */
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
    if (!item->text.len && !item->attachments.len)
        return "The message has neither text nor attachments.";
    if (!item->channel.v)
        return "The message names no channel.";
    return NULL;
}

static err mark_stored(struct batch *b, struct message *keys, ptrdiff_t n, struct map *firsts)
{
    struct message *found = NULL;
    ptrdiff_t n_found = 0;
    TRY(message_find_external(b->cx, keys, n, &found, &n_found));
    for (ptrdiff_t i = 0; i < n_found; i++) {
        str key = map_key(b->cx->arena, found[i].channel_id.v, found[i].external_id);
        struct inbound_result *r = map_get(firsts, key);
        if (r)
            *r = (struct inbound_result){
                .result = E_CONFLICT,
                .message = found[i].id,
                .conversation = found[i].conversation_id,
            };
    }
    return OK;
}

/* Repetitions inside the batch are settled at the end, when the first one's fate is known. */
static err check_items(struct batch *b, struct inbound_result **first_of)
{
    struct arena *a = b->cx->arena;
    struct map firsts = {.a = a};
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
        first_of[i] = map_get(&firsts, key);
        if (first_of[i]) {
            b->results[i].result = E_CONFLICT;
            continue;
        }
        TRY(map_put(&firsts, key, &b->results[i]));
        keys[n_keys].channel_id = item->channel;
        keys[n_keys++].external_id = item->external_id;
    }
    return n_keys ? mark_stored(b, keys, n_keys, &firsts) : OK;
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
        .status = S("open"),
        .priority = S("none"),
        .preview_kind = S("in"),
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
    if (t->is_touched)
        return OK;
    t->is_touched = true;
    bool is_resolved = t->is_known && str_eq(c->status, S("resolved"));
    bool may = false;
    if (is_resolved)
        TRY(may_reopen(b, c, &may));
    if (!t->is_known || (is_resolved && !may)) {
        begin_conversation(b, t, item, t->is_known ? c->id : (conversation_id){0});
        return OK;
    }
    t->was_waiting = str_eq(c->status, S("open")) && c->waiting_since_ms;
    t->recent_key = conversation_recent_key(c->last_message_ms);
    c->version++;
    if (!str_eq(c->status, S("open")))
        open_again(b, t);
    return OK;
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
        .visibility = S("private"),
        .attachments = item->attachments,
        .sent_ms = sent_ms(b, item),
        .received_ms = at,
    };
    c->last_message_id = c->last_in_id = m->id;
    c->last_message_ms = c->last_in_ms = at;
    c->updated_ms = at;
    c->preview = message_preview(b->cx->arena, item->text, item->attachments);
    c->preview_kind = S("in");
    if (!c->waiting_since_ms)
        c->waiting_since_ms = m->sent_ms;
    c->is_contact_online = str_eq(item->channel_kind, S("widget"));
    if (!t->was_waiting)
        conversation_set_keys(c);
}

static err apply_item(struct batch *b, ptrdiff_t i)
{
    const struct inbound_item *item = &b->items[i];
    struct thread *t = b->thread_of[i];
    bool was_touched = t->is_touched;
    TRY(ready_thread(b, t, item));
    struct message *m = &b->messages[b->n_messages++];
    put_message(b, t, item, m);
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
        tell_item(b, order[i].at);
    return OK;
}

/* ── step 5: write ──────────────────────────────────────────────────────────────────────────────
 */

/* Was waiting and keeps its place in every list: the narrow write is enough. */
static bool is_lively(const struct thread *t)
{
    return t->was_waiting && conversation_recent_key(t->c.last_message_ms) == t->recent_key;
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
        if (!t->is_touched || t->is_new || t->was_waiting || !t->c.assignee_id.v)
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
    };
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
