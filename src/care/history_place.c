/* history_place: who stands on the other side of each line, and to which conversation it belongs:
 * see history_inner.h. One conversation per person and thread, as the live path keeps it, however
 * long it was silent. Not here: what the lines do to it (history_apply.c). Thread: the caller's;
 * inside its WRITE transaction. */
#include "care/history_inner.h"

#include "base/id.h"
#include "base/utf8.h"
#include "store/conversation.h"
#include "store/history.h"
#include "store/identity.h"

/* ── people ── */

static void take_text(str *kept, str given)
{
    if (!kept->len)
        *kept = given;
}

static err want_person(struct history_batch *b, struct history_item *item)
{
    str key = map_key(b->cx->arena, item->channel->id.v, item->who_id);
    struct history_person *p = map_get(&b->by_person, key);
    if (!p) {
        p = &b->people[b->n_people++];
        *p = (struct history_person){.channel = item->channel->id, .external_id = item->who_id};
        TRY(map_put(&b->by_person, key, p));
    }
    take_text(&p->name, item->who_name);
    take_text(&p->handle, item->who_handle);
    take_text(&p->email, item->who_email);
    take_text(&p->location, item->who_location);
    item->person = p;
    return OK;
}

static void take_known(
    struct history_batch *b, const struct identity_known *found, ptrdiff_t n_found)
{
    for (ptrdiff_t i = 0; i < n_found; i++) {
        const struct identity_known *k = &found[i];
        struct history_person *p =
            map_get(&b->by_person, map_key(b->cx->arena, k->channel_id.v, k->external_id));
        if (!p || p->identity.v)
            continue;
        p->identity = k->id;
        p->contact = k->contact_id;
        p->is_named = !k->contact_name.len && p->name.len;
        if (k->contact_name.len)
            p->name = k->contact_name;
        p->known_seen_ms = k->seen_ms < k->contact_seen_ms ? k->seen_ms : k->contact_seen_ms;
    }
}

static ptrdiff_t unknown_people(const struct history_batch *b, struct identity *keys)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < b->n_people; i++)
        if (!b->people[i].identity.v) {
            keys[n].channel_id = b->people[i].channel;
            keys[n++].external_id = b->people[i].external_id;
        }
    return n;
}

static err find_people(struct history_batch *b)
{
    struct ctx *cx = b->cx;
    struct identity *keys = NEW(cx->arena, struct identity, b->n + 1);
    struct identity_known *found = NULL;
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < b->n; i++)
        if (history_is_going(&b->items[i]) && b->items[i].who_id.len)
            TRY(want_person(b, &b->items[i]));
    if (!b->n_people)
        return OK;
    TRY(identity_find_many(cx, keys, unknown_people(b, keys), &found, &n));
    take_known(b, found, n);
    ptrdiff_t n_unknown = unknown_people(b, keys);
    if (n_unknown) {
        TRY(identity_find_other_many(cx, keys, n_unknown, &found, &n));
        take_known(b, found, n);
    }
    for (ptrdiff_t i = 0; i < b->n_people; i++) {
        struct history_person *p = &b->people[i];
        if (p->identity.v)
            continue;
        p->is_new = true;
        p->identity = (identity_id){id_make(cx->now_ms)};
        p->contact = (contact_id){id_make(cx->now_ms)};
    }
    return OK;
}

/* ── conversations that are named ── */

static str talk_key(struct history_batch *b, conversation_id id)
{
    return map_key(b->cx->arena, id.v, S(""));
}

static err take_found(struct history_batch *b, const struct conversation *rows, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        str key = talk_key(b, rows[i].id);
        if (map_get(&b->by_talk, key))
            continue;
        struct history_talk *t = &b->talks[b->n_talks++];
        *t = (struct history_talk){
            .c = rows[i], .is_known = true, .found_last = rows[i].last_message_id};
        t->was_waiting = str_eq(t->c.status, S("open")) && t->c.waiting_since_ms;
        TRY(map_put(&b->by_talk, key, t));
    }
    return OK;
}

static str thread_key(struct history_batch *b, const struct history_item *item)
{
    return map_key(b->cx->arena, item->channel->id.v, item->thread);
}

/* Threads of which only our own side is in this batch. */
static err find_threads(struct history_batch *b, struct history_thread **found, ptrdiff_t *n)
{
    struct history_thread *keys = NEW(b->cx->arena, struct history_thread, b->n + 1);
    struct map seen = {.a = b->cx->arena};
    ptrdiff_t n_keys = 0;
    *n = 0;
    for (ptrdiff_t i = 0; i < b->n; i++) {
        struct history_item *item = &b->items[i];
        if (history_is_going(item) && item->person && item->thread.len)
            TRY(map_put(&b->by_thread, thread_key(b, item), item));
    }
    for (ptrdiff_t i = 0; i < b->n; i++) {
        struct history_item *item = &b->items[i];
        if (!history_is_going(item) || item->person || !item->thread.len || item->answers_stored)
            continue;
        str key = thread_key(b, item);
        if (map_get(&b->by_thread, key) || map_get(&seen, key))
            continue;
        TRY(map_put(&seen, key, item));
        keys[n_keys].channel_id = item->channel->id;
        keys[n_keys++].thread_key = item->thread;
    }
    return n_keys ? history_find_threads(b->cx, keys, n_keys, found, n) : OK;
}

/* The conversations of threads and of stored messages that our own lines name. */
static err find_named(struct history_batch *b)
{
    struct history_thread *threads = NULL;
    struct conversation *rows = NULL;
    ptrdiff_t n_threads = 0, n = 0, n_rows = 0;
    TRY(find_threads(b, &threads, &n_threads));
    conversation_id *ids = NEW(b->cx->arena, conversation_id, b->n + n_threads + 1);
    struct map seen = {.a = b->cx->arena};
    for (ptrdiff_t i = 0; i < b->n + n_threads; i++) {
        const struct history_item *item = i < b->n ? &b->items[i] : NULL;
        if (item && (!history_is_going(item) || item->person || !item->answers_stored))
            continue;
        conversation_id id = item ? item->answers_stored->conversation_id : threads[i - b->n].id;
        if (map_get(&seen, talk_key(b, id)))
            continue;
        TRY(map_put(&seen, talk_key(b, id), b));
        ids[n++] = id;
    }
    if (!n)
        return OK;
    TRY(history_lock_many(b->cx, ids, n, &rows, &n_rows));
    TRY(take_found(b, rows, n_rows));
    for (ptrdiff_t i = 0; i < n_threads; i++) {
        struct history_talk *t = map_get(&b->by_talk, talk_key(b, threads[i].id));
        str key = map_key(b->cx->arena, threads[i].channel_id.v, threads[i].thread_key);
        if (t)
            TRY(map_put(&b->by_found, key, t));
    }
    return OK;
}

/* ── conversations of people ── */

static str place_key(struct history_batch *b, identity_id identity, str thread)
{
    return map_key(b->cx->arena, identity.v, thread);
}

static err find_newest(struct history_batch *b, const struct thread_key *keys, ptrdiff_t n)
{
    struct conversation *rows = NULL;
    ptrdiff_t n_rows = 0;
    if (!n)
        return OK;
    TRY(conversation_newest_of_threads(b->cx, keys, n, &rows, &n_rows));
    TRY(take_found(b, rows, n_rows));
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        struct history_talk *t = map_get(&b->by_talk, talk_key(b, rows[i].id));
        if (!t->c.joined_id.v) /* else its messages are elsewhere: a new one goes on */
            TRY(map_put(&b->by_place, place_key(b, t->c.identity_id, t->c.thread_key), t));
    }
    return OK;
}

static err place_people(struct history_batch *b)
{
    struct thread_key *keys = NEW(b->cx->arena, struct thread_key, b->n + 1);
    struct map seen = {.a = b->cx->arena};
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < b->n; i++) {
        struct history_item *item = &b->items[i];
        if (!history_is_going(item) || !item->person || item->person->is_new)
            continue;
        str key = place_key(b, item->person->identity, item->thread);
        if (map_get(&seen, key))
            continue;
        TRY(map_put(&seen, key, item));
        keys[n++] = (struct thread_key){item->person->identity, item->thread};
    }
    TRY(find_newest(b, keys, n));
    for (ptrdiff_t i = 0; i < b->n; i++) {
        struct history_item *item = &b->items[i];
        if (!history_is_going(item) || !item->person)
            continue;
        str key = place_key(b, item->person->identity, item->thread);
        item->talk = map_get(&b->by_place, key);
        if (item->talk)
            continue;
        item->talk = &b->talks[b->n_talks++];
        *item->talk =
            (struct history_talk){.is_new = true, .person = item->person, .thread = item->thread};
        TRY(map_put(&b->by_place, key, item->talk));
    }
    return OK;
}

/* ── our own lines ── */

/* Where what it answers is; else the thread's. */
static bool place_ours(struct history_batch *b, struct history_item *item)
{
    const struct history_item *of_thread =
        item->thread.len ? map_get(&b->by_thread, thread_key(b, item)) : NULL;
    if (item->answers_stored)
        item->talk = map_get(&b->by_talk, talk_key(b, item->answers_stored->conversation_id));
    else if (item->answers && history_is_going(item->answers))
        item->talk = item->answers->talk;
    if (!item->talk && of_thread && history_is_going(of_thread))
        item->talk = of_thread->talk;
    if (!item->talk && item->thread.len)
        item->talk = map_get(&b->by_found, thread_key(b, item));
    return item->talk != NULL;
}

static void leave(struct history_batch *b, struct history_item *item)
{
    struct history_line *line = item->line;
    bool has_thread = item->thread.len > 0;
    if (!line->is_last_call) {
        line->fate = HISTORY_WAITS;
        line->waits_for = history_key(b->cx->arena, has_thread ? 't' : 'm', item->channel,
            has_thread ? item->thread : item->reply_to);
        return;
    }
    line->fate = HISTORY_WRONG;
    line->field = has_thread ? S("thread") : S("reply_to");
    line->words = str_print(b->cx->arena,
        "No customer has written in %s \"%.*s\", here or in the lines around it: whom it went to is not known.",
        has_thread ? "the thread" : "the conversation of",
        SARG(has_thread ? item->thread : item->reply_to));
}

err history_place_all(struct history_batch *b)
{
    TRY(find_people(b));
    TRY(find_named(b));
    TRY(place_people(b));
    for (bool is_more = true; is_more;) {
        is_more = false;
        for (ptrdiff_t i = 0; i < b->n; i++) {
            struct history_item *item = &b->items[i];
            if (history_is_going(item) && !item->talk)
                is_more |= place_ours(b, item);
        }
    }
    for (ptrdiff_t i = 0; i < b->n; i++)
        if (history_is_going(&b->items[i]) && !b->items[i].talk)
            leave(b, &b->items[i]);
    return OK;
}
