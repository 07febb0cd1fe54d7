/* inbound_threads: who wrote, and to which conversation it belongs: see inbound_inner.h. Not here:
 * how people are known (identity.h), what a message does to its conversation (inbound_apply.c).
 * Thread: the caller's; inside its WRITE transaction. */
#include "care/inbound_inner.h"

#include "store/conversation.h"

static err find_people(struct inbound_batch *b)
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

static err collect_threads(struct inbound_batch *b)
{
    struct map known = {.a = b->cx->arena};
    for (ptrdiff_t i = 0; i < b->n; i++) {
        struct person *p = b->person_of[i];
        if (!p)
            continue;
        conversation_id into = b->items[i].into;
        str key = into.v ? map_key(b->cx->arena, into.v, S("into"))
                         : map_key(b->cx->arena, p->identity.v, b->items[i].thread_key);
        struct inbound_thread *t = map_get(&known, key);
        if (!t) {
            t = &b->threads[b->n_threads++];
            *t = (struct inbound_thread){.person = p, .key = b->items[i].thread_key, .into = into};
            TRY(map_put(&known, key, t));
        }
        b->thread_of[i] = t;
    }
    return OK;
}

/* A thread without a conversation in progress may go on in one that was moved from there. */
static err find_place(struct inbound_batch *b, struct inbound_thread *t)
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

static err find_named(struct inbound_batch *b, struct inbound_thread *t)
{
    TRY(conversation_lock(b->cx, t->into, &t->c));
    t->key = t->c.thread_key;
    t->is_known = true;
    return conversation_fill_tags(b->cx, &t->c, 1);
}

static err find_conversations(struct inbound_batch *b)
{
    for (ptrdiff_t i = 0; i < b->n_threads; i++)
        if (b->threads[i].into.v)
            TRY(find_named(b, &b->threads[i]));
    struct thread_key *keys = NEW(b->cx->arena, struct thread_key, b->n_threads + 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < b->n_threads; i++)
        if (!b->threads[i].person->is_new && !b->threads[i].into.v)
            keys[n++] = (struct thread_key){b->threads[i].person->identity, b->threads[i].key};
    if (!n)
        return OK;
    struct conversation *found = NULL;
    ptrdiff_t n_found = 0;
    TRY(conversation_newest_of_threads(b->cx, keys, n, &found, &n_found));
    TRY(conversation_fill_tags(b->cx, found, n_found));
    for (ptrdiff_t f = 0; f < n_found; f++)
        for (ptrdiff_t i = 0; i < b->n_threads; i++) {
            struct inbound_thread *t = &b->threads[i];
            if (!t->into.v && t->person->identity.v == found[f].identity_id.v &&
                str_eq(t->key, found[f].thread_key)) {
                t->c = found[f];
                t->is_known = true;
            }
        }
    for (ptrdiff_t i = 0; b->has_network && i < b->n_threads; i++)
        if (!b->threads[i].into.v)
            TRY(find_place(b, &b->threads[i]));
    return OK;
}

err inbound_find_threads(struct inbound_batch *b)
{
    TRY(find_people(b));
    TRY(collect_threads(b));
    return find_conversations(b);
}
