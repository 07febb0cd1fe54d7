/* inbound_write: writes what a batch has made, set-wise, and tells assignees of answers: see
 * inbound_inner.h. Not here: deciding what it is (inbound_apply.c). Thread: the caller's; inside
 * its WRITE transaction. */
#include "care/inbound_inner.h"

#include "care/news.h"
#include "care/plan.h"
#include "store/conversation.h"
#include "store/message.h"
#include "store/message_network.h"
#include "store/statistics.h"

enum { SAMPLE_EVERY = 1024 };

/* Was waiting and keeps its place in every list: the narrow write is enough. */
static bool is_lively(const struct inbound_thread *t)
{
    return t->was_waiting && !t->is_moved &&
           conversation_recent_key(t->c.last_message_ms) == t->recent_key;
}

/* Only what we wrote elsewhere: nothing is opened. */
static err write_ours(struct ctx *cx, const struct inbound_thread *t)
{
    struct conversation c = t->c;
    if (t->is_moved)
        TRY(conversation_set_place(cx, &c));
    c.version--; /* the write counts it */
    return conversation_write(cx, &c, c.status);
}

static err write_aliases(struct inbound_batch *b)
{
    for (ptrdiff_t i = 0; i < b->n; i++)
        if (b->message_of[i] && b->items[i].n_aliases)
            TRY(message_alias_add(b->cx, b->items[i].channel, b->message_of[i]->id,
                b->items[i].aliases, b->items[i].n_aliases));
    return OK;
}

static err write_conversations(struct inbound_batch *b)
{
    struct conversation *new = NEW(b->cx->arena, struct conversation, b->n_threads + 1);
    struct conversation *lively = NEW(b->cx->arena, struct conversation, b->n_threads + 1);
    struct conversation *others = NEW(b->cx->arena, struct conversation, b->n_threads + 1);
    ptrdiff_t n_new = 0, n_lively = 0, n_others = 0;
    for (ptrdiff_t i = 0; i < b->n_threads; i++) {
        const struct inbound_thread *t = &b->threads[i];
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
static err notify_assignees(struct inbound_batch *b)
{
    str name = b->cx->actor.name;
    err e = OK;
    for (ptrdiff_t i = 0; i < b->n_threads && e == OK; i++) {
        const struct inbound_thread *t = &b->threads[i];
        if (!t->has_in || t->is_new || t->was_waiting || !t->c.assignee_id.v)
            continue;
        b->cx->actor.name = t->c.contact_name;
        e = news_notify(b->cx, t->c.assignee_id, S("reply"), &t->c, t->c.last_in_id, t->c.preview);
    }
    b->cx->actor.name = name;
    return e;
}

/* Where nobody waited we had answered, or mean to: what is planned there waits for its writer. */
static err hold_back_planned(struct inbound_batch *b)
{
    const struct conversation **rows =
        NEW(b->cx->arena, const struct conversation *, b->n_threads + 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < b->n_threads; i++) {
        const struct inbound_thread *t = &b->threads[i];
        if (t->has_in && !t->is_new && !t->was_waiting)
            rows[n++] = &t->c;
    }
    return n ? plan_hold_back(b->cx, rows, n) : OK;
}

/* About one message in SAMPLE_EVERY, chosen by its id: no counter to share between threads. */
static bool is_sampled(const struct inbound_batch *b)
{
    for (ptrdiff_t i = 0; i < b->n_messages; i++)
        if ((uint64_t)b->messages[i].id.v * UINT64_C(0x9E3779B97F4A7C15) <
            UINT64_MAX / SAMPLE_EVERY)
            return true;
    return false;
}

err inbound_write_all(struct inbound_batch *b)
{
    TRY(people_write(&b->people, b->cx));
    TRY(write_conversations(b));
    TRY(message_add_many(b->cx, b->messages, b->n_messages));
    if (b->has_network)
        TRY(write_aliases(b));
    TRY(event_add_many(b->cx, b->events, b->n_events));
    TRY(notify_assignees(b));
    TRY(hold_back_planned(b));
    return is_sampled(b) ? statistics_plan(b->cx) : OK;
}
