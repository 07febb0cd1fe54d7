/* The hash map of map.h: open addressing, linear probing, removal by shifting back (no tombstones).
 * At most three quarters full. Thread: one at a time. */
#include "base/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MAP_FIRST_CAP = 16 }; /* capacities are powers of two */

/* The slot of the key, or the empty slot where it would go. An empty slot has no value. */
static struct map_slot *slot_for(const struct map *m, str key)
{
    size_t mask = (size_t)m->cap - 1;
    size_t i = (size_t)str_hash(key) & mask;
    while (m->slots[i].value != NULL && !str_eq(m->slots[i].key, key))
        i = (i + 1) & mask;
    return &m->slots[i];
}

void *map_get(const struct map *m, str key)
{
    return m->count == 0 ? NULL : slot_for(m, key)->value;
}

static struct map_slot *slots_make(struct arena *a, ptrdiff_t cap)
{
    ptrdiff_t size = cap * (ptrdiff_t)sizeof(struct map_slot);
    return a != NULL ? arena_try(a, size, (ptrdiff_t)alignof(struct map_slot)) : alloc_zero(size);
}

static err map_grow(struct map *m)
{
    struct map bigger = {.a = m->a, .cap = m->cap > 0 ? m->cap * 2 : MAP_FIRST_CAP};
    bigger.slots = slots_make(m->a, bigger.cap);
    if (bigger.slots == NULL)
        return E_BUSY;
    for (ptrdiff_t i = 0; i < m->cap; i++)
        if (m->slots[i].value != NULL)
            *slot_for(&bigger, m->slots[i].key) = m->slots[i];
    bigger.count = m->count;
    if (m->a == NULL)
        free(m->slots);
    *m = bigger;
    return OK;
}

err map_put(struct map *m, str key, void *value)
{
    assert(value != NULL);
    if (m->count + 1 > m->cap / 4 * 3)
        TRY(map_grow(m));
    struct map_slot *slot = slot_for(m, key);
    if (slot->value == NULL) {
        slot->key = key;
        m->count++;
    }
    slot->value = value;
    return OK;
}

void *map_take(struct map *m, str key)
{
    if (m->count == 0)
        return NULL;
    struct map_slot *gone = slot_for(m, key);
    void *value = gone->value;
    if (value == NULL)
        return NULL;
    /* Move back every later member of the run that may stand in the gap. */
    size_t mask = (size_t)m->cap - 1;
    size_t gap = (size_t)(gone - m->slots);
    for (size_t i = (gap + 1) & mask; m->slots[i].value != NULL; i = (i + 1) & mask) {
        size_t home = (size_t)str_hash(m->slots[i].key) & mask;
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            m->slots[gap] = m->slots[i];
            gap = i;
        }
    }
    m->slots[gap] = (struct map_slot){0};
    m->count--;
    return value;
}

void map_free(struct map *m)
{
    if (m->a == NULL)
        free(m->slots);
    m->slots = NULL;
    m->count = m->cap = 0;
}

str map_key(struct arena *a, int64_t number, str text)
{
    char *at = arena_alloc(a, (ptrdiff_t)sizeof number + text.len, 1);
    memcpy(at, &number, sizeof number);
    if (text.len > 0)
        memcpy(at + sizeof number, text.at, (size_t)text.len);
    return str_of(at, (ptrdiff_t)sizeof number + text.len);
}
