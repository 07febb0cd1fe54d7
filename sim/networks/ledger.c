/* The ledger: a ring of the newest entries, each with its texts in one block, and an index of what
 * was accepted by reference and by idempotency key. Every call costs the same however much is kept.
 * See sim.h. */
#include <stdlib.h>
#include <string.h>

#include "inner.h"

static const char *const kind_names[] = {"call", "message", "said", "webhook"};
static const char *const count_names[SIM_COUNTS] = {
    [SIM_COUNT_CALLS] = "calls",
    [SIM_COUNT_FAULTS] = "faults",
    [SIM_COUNT_ACCEPTED] = "accepted",
    [SIM_COUNT_DOUBLES] = "doubles",
    [SIM_COUNT_REPEATS] = "repeats",
    [SIM_COUNT_SAID] = "said",
    [SIM_COUNT_WEBHOOKS] = "webhooks",
    [SIM_COUNT_TRIES] = "tries",
    [SIM_COUNT_ACKNOWLEDGED] = "acknowledged",
    [SIM_COUNT_GIVEN_UP] = "given_up",
    [SIM_COUNT_DROPPED] = "dropped",
    [SIM_COUNT_STREAMED] = "streamed",
};

const char *sim_kind_name(enum sim_kind k)
{
    return kind_names[k];
}

const char *sim_count_name(enum sim_count c)
{
    return count_names[c];
}

void ledger_open(struct ledger *l, ptrdiff_t entries, ptrdiff_t bytes)
{
    pthread_mutex_init(&l->lock, NULL);
    l->slots = sim_alloc((ptrdiff_t)sizeof *l->slots * entries);
    l->cap = entries;
    l->bytes_max = bytes;
}

static void forget(struct map *m, str key, int64_t seq)
{
    if (key.len > 0 && map_get(m, key) == (void *)(uintptr_t)seq)
        (void)map_take(m, key);
}

static void drop_oldest(struct ledger *l)
{
    struct ledger_slot *slot = &l->slots[l->first];
    forget(&l->refs, slot->ref_key, slot->entry.seq);
    forget(&l->keys, slot->key_key, slot->entry.seq);
    l->bytes -= slot->bytes;
    free(slot->block);
    *slot = (struct ledger_slot){0};
    l->first = (l->first + 1) % l->cap;
    l->count--;
}

void ledger_clear(struct ledger *l)
{
    pthread_mutex_lock(&l->lock);
    while (l->count > 0)
        drop_oldest(l);
    pthread_mutex_unlock(&l->lock);
}

void ledger_close(struct ledger *l)
{
    ledger_clear(l);
    map_free(&l->refs);
    map_free(&l->keys);
    free(l->slots);
    pthread_mutex_destroy(&l->lock);
}

/* The texts of an entry, for copying them in turn. */
enum { TEXTS = 15 };
static void texts_of(struct sim_entry *e, str *at[TEXTS])
{
    str *all[TEXTS] = {&e->network, &e->account, &e->method, &e->path, &e->token, &e->key, &e->ref,
        &e->conversation, &e->id, &e->text, &e->media, &e->body_hash, &e->outcome, &e->detail};
    memcpy(at, all, sizeof all);
}

static void texts_copy(struct ledger_slot *slot)
{
    struct sim_entry *e = &slot->entry;
    str *texts[TEXTS];
    texts_of(e, texts);
    ptrdiff_t bytes = 2 * e->network.len + e->ref.len + e->key.len + 2;
    for (int i = 0; i < TEXTS && texts[i]; i++)
        bytes += texts[i]->len;
    slot->bytes = bytes;
    slot->block = sim_alloc(bytes + 1);
    char *at = slot->block;
    for (int i = 0; i < TEXTS && texts[i]; i++) {
        if (texts[i]->len > 0)
            memcpy(at, texts[i]->at, (size_t)texts[i]->len);
        texts[i]->at = at;
        at += texts[i]->len;
    }
    str *index[2] = {&slot->ref_key, &slot->key_key};
    const str what[2] = {e->ref, e->key};
    for (int i = 0; i < 2 && e->kind == SIM_KIND_MESSAGE; i++) {
        if (what[i].len == 0)
            continue;
        *index[i] = str_of(at, e->network.len + 1 + what[i].len);
        memcpy(at, e->network.at, (size_t)e->network.len);
        memcpy(at + e->network.len + 1, what[i].at, (size_t)what[i].len);
        at += index[i]->len;
    }
}

/* True: it was there before. */
static bool index_add(struct map *m, str key, int64_t seq)
{
    if (key.len == 0)
        return false;
    if (map_get(m, key))
        return true;
    if (map_put(m, key, (void *)(uintptr_t)seq) != OK)
        abort();
    return false;
}

void ledger_add(struct sim *sim, const struct sim_entry *entry, bool *is_double)
{
    struct ledger *l = &sim->ledger;
    pthread_mutex_lock(&l->lock);
    while (l->count == l->cap || (l->count > 0 && l->bytes > l->bytes_max))
        drop_oldest(l);
    struct ledger_slot *slot = &l->slots[(l->first + l->count++) % l->cap];
    slot->entry = *entry;
    slot->entry.seq = ++l->last_seq;
    if (slot->entry.at_ms == 0)
        slot->entry.at_ms = sim_now(sim);
    texts_copy(slot);
    l->bytes += slot->bytes;
    if (entry->kind == SIM_KIND_MESSAGE) {
        bool is_known = index_add(&l->refs, slot->ref_key, slot->entry.seq);
        is_known = index_add(&l->keys, slot->key_key, slot->entry.seq) || is_known;
        slot->entry.outcome = is_known ? S("double") : S("accepted");
        if (is_double)
            *is_double = is_known;
    }
    pthread_mutex_unlock(&l->lock);
}

static bool fits(str want, str have)
{
    return want.len == 0 || str_eq(want, have);
}

static bool entry_fits(const struct sim_query *q, const struct sim_entry *e)
{
    return e->seq > q->after_seq && (!q->has_kind || q->kind == e->kind) &&
           fits(q->network, e->network) && fits(q->account, e->account) &&
           fits(q->conversation, e->conversation) && fits(q->id, e->id) && fits(q->key, e->key) &&
           fits(q->ref, e->ref) && fits(q->outcome, e->outcome) && fits(q->path, e->path) &&
           (q->text.len == 0 || str_find(e->text, q->text) >= 0);
}

static void entry_copy(struct arena *a, struct sim_entry *to, const struct sim_entry *from)
{
    *to = *from;
    str *texts[TEXTS];
    texts_of(to, texts);
    for (int i = 0; i < TEXTS && texts[i]; i++)
        *texts[i] = str_copy(a, *texts[i]);
}

ptrdiff_t sim_ledger_count(struct sim *sim, const struct sim_query *query)
{
    struct ledger *l = &sim->ledger;
    ptrdiff_t n = 0;
    pthread_mutex_lock(&l->lock);
    for (ptrdiff_t i = 0; i < l->count; i++)
        n += entry_fits(query, &l->slots[(l->first + i) % l->cap].entry);
    pthread_mutex_unlock(&l->lock);
    return n;
}

ptrdiff_t sim_ledger_read(
    struct sim *sim, struct arena *a, const struct sim_query *query, struct sim_entry **entries)
{
    struct ledger *l = &sim->ledger;
    ptrdiff_t limit = query->limit > 0 ? query->limit : 1000, n = 0;
    pthread_mutex_lock(&l->lock);
    if (limit > l->count)
        limit = l->count;
    struct sim_entry *found = NEW(a, struct sim_entry, limit + 1);
    for (ptrdiff_t i = 0; i < l->count && n < limit; i++) {
        const struct sim_entry *e = &l->slots[(l->first + i) % l->cap].entry;
        if (entry_fits(query, e))
            entry_copy(a, &found[n++], e);
    }
    pthread_mutex_unlock(&l->lock);
    *entries = found;
    return n;
}

/* "[ref:abc]" → "abc": how a proof marks messages to a network that carries no reference. */
static str ref_in(str text)
{
    ptrdiff_t at = str_find(text, S("[ref:"));
    if (at < 0)
        return (str){0};
    str rest = str_skip(text, at + 5);
    ptrdiff_t end = str_find_byte(rest, ']');
    return end < 0 ? (str){0} : str_sub(rest, 0, end);
}

bool sim_accept(struct sim_call *c, const struct sim_message *m)
{
    bool is_double = false;
    struct sim_room *room = room_of(c->sim, c->network);
    str ref = m->ref.len > 0 ? m->ref : c->ref;
    ledger_add(c->sim,
        &(struct sim_entry){.kind = SIM_KIND_MESSAGE,
            .at_ms = sim_now(c->sim),
            .network = c->network->name,
            .account = c->account ? c->account->id : (str){0},
            .key = c->key,
            .ref = ref.len > 0 ? ref : ref_in(m->text),
            .conversation = m->conversation,
            .id = m->id,
            .text = m->text,
            .media = m->media,
            .detail = c->detail.len > 0 ? c->detail : m->kind},
        &is_double);
    count_up(room, SIM_COUNT_ACCEPTED, 1);
    count_up(room, SIM_COUNT_DOUBLES, is_double);
    return !is_double;
}
