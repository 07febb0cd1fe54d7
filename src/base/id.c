/* Ids that sort by time. Not: numbers shown to people (a per-account `number`) nor tokens.
 * Thread: any; slots are atomic.
 *
 * Counters live in a table of slots, one per recently used millisecond. A slot holds
 * (milliseconds << 11 | next counter). When a millisecond's 2,048 are used up, the next free
 * millisecond gives the id, so order within a burst is kept. */
#include "base/id.h"

#include <stdatomic.h>

#include "base/clock.h"

enum {
    COUNTER_BITS = 11,
    COUNTER_END = 1 << COUNTER_BITS,
    NODE_BITS = 10,
    SLOT_BITS = 14, /* 16,384 milliseconds are remembered: 128 KiB, touched as used */
    LIVE_MS = 10 * 1000,
};

static _Atomic uint64_t slots[1 << SLOT_BITS];
static _Atomic int node_id;

void id_node_set(int node)
{
    atomic_store(&node_id, node & ((1 << NODE_BITS) - 1));
}

/* Fibonacci hashing: import times are often whole seconds and would share low bits. */
static size_t slot_of(uint64_t ms)
{
    return (size_t)(ms * 0x9E3779B97F4A7C15u >> (64 - SLOT_BITS));
}

/* Where counting starts in a millisecond that has no slot: 0 for the present. For the past a place
 * in the lower half that differs by process, as ids of an earlier process may stand there. */
static uint64_t first_counter(uint64_t ms)
{
    if ((int64_t)ms > clock_now_ms() - LIVE_MS)
        return 0;
    uint64_t key = ms;
    return str_hash(str_of(&key, (ptrdiff_t)sizeof key)) % (COUNTER_END / 2);
}

/* Takes the next counter of a millisecond; false when all are used. */
static bool counter_take(uint64_t ms, uint64_t *counter)
{
    _Atomic uint64_t *slot = &slots[slot_of(ms)];
    uint64_t was = atomic_load_explicit(slot, memory_order_relaxed);
    for (;;) {
        uint64_t next = was & (2 * COUNTER_END - 1);
        if (was >> (COUNTER_BITS + 1) != ms)
            next = first_counter(ms);
        if (next >= COUNTER_END)
            return false;
        uint64_t now = ms << (COUNTER_BITS + 1) | (next + 1);
        if (atomic_compare_exchange_weak_explicit(
                slot, &was, now, memory_order_relaxed, memory_order_relaxed)) {
            *counter = next;
            return true;
        }
    }
}

int64_t id_make(int64_t time_ms)
{
    const int64_t most = ((int64_t)1 << 42) - 1;
    uint64_t ms = (uint64_t)(time_ms < 1 ? 1 : time_ms > most ? most : time_ms);
    uint64_t counter = 0;
    while (!counter_take(ms, &counter))
        ms = ms < (uint64_t)most ? ms + 1 : 1;
    uint64_t node = (uint64_t)atomic_load_explicit(&node_id, memory_order_relaxed);
    return (int64_t)(ms << (NODE_BITS + COUNTER_BITS) | node << COUNTER_BITS | counter);
}

int64_t id_time_ms(int64_t id)
{
    return id >> (NODE_BITS + COUNTER_BITS);
}

err id_parse(str s, int64_t *id)
{
    if (s.len > 0 && s.at[0] == '0')
        return E_INVALID; /* one id, one spelling */
    return str_int(s, 1, INT64_MAX, id);
}
