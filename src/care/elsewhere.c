/* elsewhere: see elsewhere.h. An open hash table, at most half full, since thousands of visitors
 * are looked up for every list of conversations. Who has left, or was not told again in time, keeps
 * the slot until the table is full: then it is made anew of those who are there. */
#include "care/elsewhere.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"

enum {
    SLOTS_FIRST = 64,
    SLOTS_MOST = ELSEWHERE_MOST * 2,
    SWEEP_MS = 1000, /* between two looks for room in a table that cannot grow */
};

struct seen {
    int64_t node, account, id, until_ms;
    int32_t kind; /* enum audience_kind; 0 = free */
};
struct elsewhere {
    pthread_mutex_t lock;
    struct seen *slots; /* cap is a power of two */
    ptrdiff_t cap, used;
    int64_t swept_ms;
};

struct elsewhere *elsewhere_open(void)
{
    struct elsewhere *e = alloc_zero((ptrdiff_t)sizeof *e);
    if (!e)
        return NULL;
    e->cap = SLOTS_FIRST;
    e->slots = alloc_zero((ptrdiff_t)sizeof *e->slots * e->cap);
    if (!e->slots) {
        free(e);
        return NULL;
    }
    pthread_mutex_init(&e->lock, NULL);
    return e;
}

void elsewhere_close(struct elsewhere *e)
{
    if (!e)
        return;
    pthread_mutex_destroy(&e->lock);
    free(e->slots);
    free(e);
}

/* The same for all nodes: a question is not about a certain one. */
static ptrdiff_t home(ptrdiff_t cap, int64_t account, int32_t kind, int64_t id)
{
    uint64_t h = ((uint64_t)account * 31 + (uint64_t)id) * 0x9E3779B97F4A7C15u + (uint64_t)kind;
    return (ptrdiff_t)((h ^ h >> 29) & (uint64_t)(cap - 1));
}

static bool is_about(const struct seen *s, struct audience_one who)
{
    return s->id == who.id && s->kind == (int32_t)who.kind && s->account == who.account.v;
}

/* What node said of them, or the free slot where it belongs. */
static struct seen *find(struct seen *slots, ptrdiff_t cap, int64_t node, struct audience_one who)
{
    ptrdiff_t i = home(cap, who.account.v, (int32_t)who.kind, who.id);
    for (;; i = (i + 1) & (cap - 1)) {
        struct seen *s = &slots[i];
        if (s->kind == 0 || (s->node == node && is_about(s, who)))
            return s;
    }
}

/* A table of those who are there, at most a quarter full if it may be so large. */
static bool rebuild(struct elsewhere *e, int64_t now_ms)
{
    ptrdiff_t there = 0, cap = SLOTS_FIRST;
    for (ptrdiff_t i = 0; i < e->cap; i++)
        there += e->slots[i].until_ms > now_ms;
    while (cap < (there + 1) * 4 && cap < SLOTS_MOST)
        cap *= 2;
    struct seen *slots = alloc_zero((ptrdiff_t)sizeof *slots * cap);
    if (!slots)
        return false;
    for (ptrdiff_t i = 0; i < e->cap; i++) {
        const struct seen *s = &e->slots[i];
        const struct audience_one who = {{s->account}, (enum audience_kind)s->kind, s->id};
        if (s->until_ms > now_ms)
            *find(slots, cap, s->node, who) = *s;
    }
    free(e->slots);
    e->slots = slots;
    e->cap = cap;
    e->used = there;
    e->swept_ms = now_ms;
    return true;
}

static bool make_room(struct elsewhere *e, int64_t now_ms)
{
    if ((e->used + 1) * 2 <= e->cap)
        return true;
    if (e->cap == SLOTS_MOST && now_ms - e->swept_ms < SWEEP_MS)
        return false;
    return rebuild(e, now_ms) && (e->used + 1) * 2 <= e->cap;
}

void elsewhere_came(struct elsewhere *e, int64_t node, struct audience_one who, int64_t now_ms)
{
    pthread_mutex_lock(&e->lock);
    struct seen *s = find(e->slots, e->cap, node, who);
    if (s->kind == 0 && make_room(e, now_ms)) {
        s = find(e->slots, e->cap, node, who);
        *s = (struct seen){
            .node = node, .account = who.account.v, .id = who.id, .kind = (int32_t)who.kind};
        e->used++;
    }
    if (s->kind != 0)
        s->until_ms = now_ms + ELSEWHERE_MS;
    pthread_mutex_unlock(&e->lock);
}

void elsewhere_left(struct elsewhere *e, int64_t node, struct audience_one who)
{
    pthread_mutex_lock(&e->lock);
    struct seen *s = find(e->slots, e->cap, node, who);
    if (s->kind != 0)
        s->until_ms = 0;
    pthread_mutex_unlock(&e->lock);
}

bool elsewhere_has(struct elsewhere *e, struct audience_one who, int64_t now_ms)
{
    bool has = false;
    pthread_mutex_lock(&e->lock);
    ptrdiff_t i = home(e->cap, who.account.v, (int32_t)who.kind, who.id);
    for (; e->slots[i].kind != 0 && !has; i = (i + 1) & (e->cap - 1))
        has = is_about(&e->slots[i], who) && e->slots[i].until_ms > now_ms;
    pthread_mutex_unlock(&e->lock);
    return has;
}
