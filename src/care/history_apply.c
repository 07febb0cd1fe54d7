/* history_apply: makes messages of the lines that have a place, in the order of their times, and
 * writes everything set-wise: see history_inner.h. Thread: the caller's; inside its WRITE
 * transaction. */
#include "care/history_inner.h"

#include <stdlib.h>

#include "base/id.h"
#include "base/utf8.h"
#include "care/preview.h"
#include "store/account.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/history.h"
#include "store/identity.h"
#include "store/message.h"

/* last_seen_ms is for people to read: this is exact enough, and spares rows. */
static const int64_t SEEN_STEP_MS = 5 * 60 * 1000;

static int by_time(const void *x, const void *y)
{
    const struct history_item *p = *(struct history_item *const *)x,
                              *q = *(struct history_item *const *)y;
    if (p->sent_ms != q->sent_ms)
        return p->sent_ms < q->sent_ms ? -1 : 1;
    return p->at < q->at ? -1 : p->at > q->at;
}

static void begin(struct history_talk *t, const struct history_item *item)
{
    const struct history_person *p = t->person;
    t->c = (struct conversation){
        .id = {id_make(item->sent_ms)},
        .channel_id = item->channel->id,
        .identity_id = p->identity,
        .contact_id = p->contact,
        .thread_key = t->thread,
        .status = S("resolved"),
        .priority = S("none"),
        .preview_kind = S("in"),
        .visibility = item->is_public ? S("public") : S("private"),
        .version = 1,
        .created_ms = item->sent_ms,
    };
    t->is_known = true;
}

/* The customer's last word says where the conversation is. */
static void take_in(struct history_talk *t, const struct history_item *item, message_id id)
{
    struct conversation *c = &t->c;
    if (!t->since_ms)
        t->since_ms = item->sent_ms;
    c->in_count++;
    if (id.v <= c->last_in_id.v)
        return;
    str visibility = item->is_public ? S("public") : S("private");
    if (!str_eq(c->visibility, visibility))
        c->window_ms = item->is_public ? c->last_in_ms : 0;
    c->visibility = visibility;
    c->last_in_id = id;
    c->last_in_ms = item->sent_ms;
}

static void take_person(struct history_item *item)
{
    struct history_person *p = item->person;
    if (!p)
        return;
    p->is_used = true;
    if (!p->first_ms)
        p->first_ms = item->sent_ms; /* they come in the order of their times */
    if (item->is_in)
        p->seen_ms = item->sent_ms;
}

static void take_item(struct history_batch *b, struct history_item *item)
{
    struct history_talk *t = item->talk;
    struct conversation *c = &t->c;
    if (!t->is_known)
        begin(t, item);
    item->message = (message_id){id_make(item->sent_ms)};
    t->is_touched = true;
    t->has_older |= !t->is_new && item->message.v < t->found_last.v;
    take_person(item);
    if (item->is_in)
        take_in(t, item, item->message);
    else {
        t->since_ms = 0;
        t->has_out = true;
    }
    if (item->sent_ms < c->created_ms)
        c->created_ms = item->sent_ms;
    if (item->message.v <= c->last_message_id.v)
        return;
    t->has_newest = true;
    c->last_message_id = item->message;
    c->last_message_ms = item->sent_ms;
    c->updated_ms = item->sent_ms > c->updated_ms ? item->sent_ms : c->updated_ms;
    c->preview = arrival_preview(b->cx->arena, item->text, (str){0}, (str){0}, (str){0});
    c->preview_kind = item->is_in ? S("in") : S("out");
}

static struct message message_of(const struct history_item *item)
{
    const struct history_talk *t = item->talk;
    struct message m = {
        .id = item->message,
        .conversation_id = t->c.id,
        .channel_id = item->channel->id,
        .external_id = item->id,
        .text = item->text,
        .visibility = item->is_public ? S("public") : S("private"),
        .sent_ms = item->sent_ms,
        .received_ms = item->sent_ms,
    };
    if (item->is_in) {
        m.kind = S("in");
        m.author_kind = S("contact");
        m.author_id = item->person->contact.v;
        m.author_name = item->person->name;
        m.state = S("received");
    } else {
        m.kind = S("out");
        m.author_kind = item->agent ? S("agent") : S("system");
        m.author_id = item->agent ? item->agent->id.v : 0;
        m.author_name = item->agent             ? item->agent->name
                        : item->author_name.len ? item->author_name
                                                : item->channel->name;
        m.state = S("sent");
    }
    if (item->answers_stored)
        m.reply_to_id = item->answers_stored->id;
    else if (item->answers)
        m.reply_to_id = item->answers->message;
    return m;
}

/* ── writing ── */

static err write_new_people(struct history_batch *b)
{
    struct contact *contacts = NEW(b->cx->arena, struct contact, b->n_people + 1);
    struct identity *identities = NEW(b->cx->arena, struct identity, b->n_people + 1);
    ptrdiff_t n = 0;
    int64_t changed = 0;
    for (ptrdiff_t i = 0; i < b->n_people; i++) {
        const struct history_person *p = &b->people[i];
        if (!p->is_new || !p->is_used)
            continue;
        contacts[n] = (struct contact){
            .id = p->contact,
            .name = p->name,
            .email = utf8_fold(b->cx->arena, p->email),
            .location = p->location,
            .created_ms = p->first_ms,
            .last_seen_ms = p->seen_ms,
        };
        identities[n++] = (struct identity){
            .id = p->identity,
            .contact_id = p->contact,
            .channel_id = p->channel,
            .external_id = p->external_id,
            .handle = p->handle.len ? p->handle : p->name,
            .last_seen_ms = p->seen_ms,
        };
    }
    if (!n)
        return OK;
    TRY(contact_add_many(b->cx, contacts, n));
    TRY(identity_add_many(b->cx, identities, n, &changed));
    return changed == n ? OK : fail(b->cx, E_BUSY, "Another node met the same person; try again.");
}

static err write_people(struct history_batch *b)
{
    contact_id *contacts = NEW(b->cx->arena, contact_id, b->n_people + 1);
    identity_id *identities = NEW(b->cx->arena, identity_id, b->n_people + 1);
    int64_t *at_ms = NEW(b->cx->arena, int64_t, b->n_people + 1);
    ptrdiff_t n = 0;
    TRY(write_new_people(b));
    for (ptrdiff_t i = 0; i < b->n_people; i++) {
        const struct history_person *p = &b->people[i];
        if (p->is_new || !p->is_used)
            continue;
        if (p->seen_ms > p->known_seen_ms + SEEN_STEP_MS) {
            contacts[n] = p->contact;
            identities[n] = p->identity;
            at_ms[n++] = p->seen_ms;
        }
        if (p->is_named)
            TRY(contact_name_set(b->cx, p->contact, p->name));
    }
    if (!n)
        return OK;
    TRY(contact_touch_many(b->cx, contacts, at_ms, n));
    return identity_touch_many(b->cx, identities, at_ms, n);
}

/* One on which nobody has worked ends with its last message: ours, or one that is old, leaves
 * nothing to do. What the team has touched stays as it is. */
static void end(struct history_batch *b, struct history_talk *t)
{
    struct conversation *c = &t->c;
    if (!t->has_newest || c->version > 1 || c->assignee_id.v || str_eq(c->status, S("snoozed")))
        return;
    bool is_in = str_eq(c->preview_kind, S("in"));
    bool is_open =
        is_in && (!str_eq(c->status, S("resolved")) || c->last_message_ms > b->h->open_since_ms);
    c->status = is_open ? S("open") : S("resolved");
    c->resolved_ms = is_open ? 0 : c->last_message_ms;
}

/* Since when the customer waits: by the batch when it holds all that counts, else by what is
 * stored. */
static err find_waiting(struct history_batch *b, struct history_talk *t)
{
    struct conversation *c = &t->c;
    bool still_waits = t->was_waiting && !t->has_older && !t->has_out;
    if (!str_eq(c->status, S("open")))
        c->waiting_since_ms = 0;
    else if (t->is_new)
        c->waiting_since_ms = t->since_ms;
    else if (!still_waits)
        TRY(message_waiting_since(b->cx, c->id, &c->waiting_since_ms));
    conversation_set_keys(c);
    return OK;
}

static err add_conversations(struct history_batch *b)
{
    struct conversation *rows = NEW(b->cx->arena, struct conversation, b->n_talks + 1);
    struct history_talk **of = NEW(b->cx->arena, struct history_talk *, b->n_talks + 1);
    ptrdiff_t n = 0;
    int64_t first = 0, changed = 0;
    for (ptrdiff_t i = 0; i < b->n_talks; i++)
        if (b->talks[i].is_new && b->talks[i].is_touched)
            of[n++] = &b->talks[i];
    if (!n)
        return OK;
    TRY(account_count_up(b->cx, S("conversation"), n, &first));
    for (ptrdiff_t i = 0; i < n; i++) {
        of[i]->c.number = first + i;
        TRY(find_waiting(b, of[i]));
        rows[i] = of[i]->c;
    }
    TRY(conversation_add_many(b->cx, rows, n, &changed));
    return changed == n
               ? OK
               : fail(b->cx, E_BUSY, "Another node began the same conversation; try again.");
}

/* New ones that are open say everything when they are added. */
static err write_conversations(struct history_batch *b)
{
    struct conversation *rows = NEW(b->cx->arena, struct conversation, b->n_talks + 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < b->n_talks; i++) {
        struct history_talk *t = &b->talks[i];
        if (!t->is_touched || (t->is_new && !t->c.resolved_ms && !t->c.window_ms))
            continue;
        if (!t->is_new)
            TRY(find_waiting(b, t));
        rows[n++] = t->c;
    }
    return n ? history_write_many(b->cx, rows, n) : OK;
}

err history_apply_all(struct history_batch *b)
{
    struct arena *a = b->cx->arena;
    struct history_item **order = NEW(a, struct history_item *, b->n + 1);
    struct message *messages = NEW(a, struct message, b->n + 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < b->n; i++)
        if (history_is_going(&b->items[i]))
            order[n++] = &b->items[i];
    if (!n)
        return OK;
    qsort(order, (size_t)n, sizeof *order, by_time);
    for (ptrdiff_t i = 0; i < n; i++)
        take_item(b, order[i]);
    for (ptrdiff_t i = 0; i < n; i++)
        messages[i] = message_of(order[i]);
    for (ptrdiff_t i = 0; i < b->n_talks; i++)
        end(b, &b->talks[i]);
    TRY(write_people(b));
    TRY(add_conversations(b));
    TRY(message_add_many(b->cx, messages, n));
    return write_conversations(b);
}
